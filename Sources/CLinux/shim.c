#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t nanoseconds(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t roost_monotonic_now(void) { return nanoseconds(CLOCK_MONOTONIC); }
int64_t roost_wall_now(void) { return nanoseconds(CLOCK_REALTIME); }
int64_t roost_boot_now(void) { return nanoseconds(CLOCK_BOOTTIME); }

int roost_epoll_wait(int epoll, struct epoll_event *events, int capacity, int64_t timeout_ns) {
    int n;
    if (timeout_ns < 0) {
        n = epoll_wait(epoll, events, capacity, -1);
    } else {
        struct timespec t = {timeout_ns / 1000000000, timeout_ns % 1000000000};
        n = epoll_pwait2(epoll, events, capacity, &t, NULL);
    }
    return n < 0 ? -errno : n;
}

int roost_pipe(int fds[2]) { return pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0 ? -errno : 0; }

int roost_accept(int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

int roost_memfd(const char *name) {
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return fd < 0 ? -errno : fd;
}

int roost_seal(int memfd) {
    int seals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
    return fcntl(memfd, F_ADD_SEALS, seals) < 0 ? -errno : 0;
}

int roost_set_nonblocking(int fd, bool on) {
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0) return -errno;
    return fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK) < 0 ? -errno : 0;
}

int roost_set_cloexec(int fd, bool on) { return fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0) < 0 ? -errno : 0; }

int roost_set_pipe_size(int fd, int size) {
    int n = fcntl(fd, F_SETPIPE_SZ, size);
    return n < 0 ? -errno : n;
}

int roost_open(const char *path, int flags, unsigned mode) {
    int fd = open(path, flags | O_CLOEXEC, mode);
    return fd < 0 ? -errno : fd;
}

ssize_t roost_splice(int in, int out, size_t count) {
    ssize_t n = splice(in, NULL, out, NULL, count, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    return n < 0 ? -errno : n;
}

ssize_t roost_splice_at(int pipe, int file, int64_t offset, size_t count) {
    loff_t place = offset;
    ssize_t n = splice(pipe, NULL, file, &place, count, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    return n < 0 ? -errno : n;
}

int roost_lasting_memfd(const char *name) {
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0) return -errno;
    if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_SEAL) == 0) return fd;
    int error = errno;
    close(fd);
    return -error;
}

int roost_allocate(int fd, int64_t size) { return fallocate(fd, 0, 0, size) < 0 ? -errno : 0; }

int roost_punch_hole(int fd, int64_t offset, int64_t length) {
    return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length) < 0 ? -errno : 0;
}

void *roost_map_shared(int fd, size_t length, int *error) {
    void *address = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (address != MAP_FAILED) return address;
    *error = errno;
    return NULL;
}

int roost_peer_credentials(int fd, struct roost_credentials *out) {
    struct ucred c;
    socklen_t size = sizeof c;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &size) < 0) return -errno;
    out->pid = c.pid;
    out->uid = c.uid;
    out->gid = c.gid;
    return 0;
}

int roost_peer_groups(int fd, gid_t *groups, int capacity) {
    socklen_t size = (socklen_t)(sizeof(gid_t) * (size_t)capacity);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0) return -errno;
    return (int)(size / sizeof(gid_t));
}

enum { MAX_FDS = 253 };  // SCM_MAX_FD of the kernel, unix(7)

ssize_t roost_send_fds(int socket, const void *bytes, size_t length, const int *fds, int count) {
    if (count < 0 || count > MAX_FDS) return -EINVAL;
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * MAX_FDS)];
    struct iovec iov = {(void *)bytes, length};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
    if (count > 0) {
        m.msg_control = control;
        m.msg_controllen = CMSG_SPACE(sizeof(int) * count);
        memset(control, 0, m.msg_controllen);
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * count);
        memcpy(CMSG_DATA(c), fds, sizeof(int) * count);
    }
    ssize_t n = sendmsg(socket, &m, MSG_NOSIGNAL);
    return n < 0 ? -errno : n;
}

ssize_t roost_receive_fds(int socket, void *bytes, size_t length, int *fds, int *count) {
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * MAX_FDS)];
    struct iovec iov = {bytes, length};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    int capacity = *count, came = 0;
    bool truncated = false;
    *count = 0;
    ssize_t n = recvmsg(socket, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (n < 0) return -errno;
    truncated = (m.msg_flags & MSG_CTRUNC) != 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
        int here = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        for (int i = 0; i < here; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof fd);
            if (came < capacity) fds[came++] = fd;
            else { close(fd); truncated = true; }
        }
    }
    if (truncated) {
        while (came > 0) close(fds[--came]);
        return -EMSGSIZE;
    }
    *count = came;
    return n;
}

ssize_t roost_receive_datagram(int socket, void *bytes, size_t length, pid_t *pid, int *fd) {
    union { char room[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } control;
    struct iovec iov = {bytes, length};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
    *pid = 0;
    *fd = -1;
    ssize_t n = recvmsg(socket, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (n < 0) return -errno;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
        if (c->cmsg_level != SOL_SOCKET) continue;
        if (c->cmsg_type == SCM_CREDENTIALS) {
            struct ucred sender;
            memcpy(&sender, CMSG_DATA(c), sizeof sender);
            *pid = sender.pid;
        } else if (c->cmsg_type == SCM_RIGHTS) {
            for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
                int number;
                memcpy(&number, CMSG_DATA(c) + i * sizeof(int), sizeof number);
                if (*fd < 0) *fd = number;
                else close(number);
            }
        }
    }
    return n;
}

int roost_pidfd_open(pid_t pid) {
    long fd = syscall(SYS_pidfd_open, pid, 0);
    return fd < 0 ? -errno : (int)fd;
}

int roost_pidfd_send_signal(int pidfd, int signal) {
    return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0 ? -errno : 0;
}

int roost_wait_pidfd(int pidfd, struct roost_exit *out) {
    siginfo_t info;
    memset(&info, 0, sizeof info);
    if (waitid((idtype_t)3 /* P_PIDFD */, (id_t)pidfd, &info, WEXITED | WNOHANG) < 0) return -errno;
    if (info.si_pid == 0) return 0;
    out->code = info.si_code;
    out->status = info.si_status;
    return 1;
}

// linux/pidfd.h of Linux 6.15; Debian's is older. The kernel takes the size from the request's number.
struct pidfd_info_v0 { uint64_t mask, cgroupid; uint32_t ids[11]; int32_t exit_code; };
enum { PIDFD_INFO_EXIT_BIT = 1 << 3, PIDFD_SIGNAL_GROUP_FLAG = 1 << 2 };

int roost_pidfd_exit(int pidfd, struct roost_exit *out) {
    struct pidfd_info_v0 info = {.mask = PIDFD_INFO_EXIT_BIT};
    if (ioctl(pidfd, _IOWR(0xFF, 11, struct pidfd_info_v0), &info) < 0) return -errno;
    if (!(info.mask & PIDFD_INFO_EXIT_BIT)) return 0;
    int is_exit = WIFEXITED(info.exit_code);
    out->code = is_exit ? CLD_EXITED : CLD_KILLED;
    out->status = is_exit ? WEXITSTATUS(info.exit_code) : WTERMSIG(info.exit_code);
    return 1;
}

int roost_pidfd_signal_group(int pidfd, int signal) {
    return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, PIDFD_SIGNAL_GROUP_FLAG) < 0 ? -errno : 0;
}

int roost_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 ? -errno : 0; }
int roost_nice(void) { return getpriority(PRIO_PROCESS, 0); }
int roost_set_nice(int value) { return setpriority(PRIO_PROCESS, 0, value) < 0 ? -errno : 0; }
int roost_set_process_name(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0) < 0 ? -errno : 0; }

static int release_segments(struct dl_phdr_info *info, size_t size, void *unused) {
    (void)size;
    (void)unused;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || segment->p_flags & PF_W) continue;  // never written, so never lost
        uintptr_t start = (info->dlpi_addr + segment->p_vaddr + page - 1) & ~(page - 1);
        uintptr_t end = (info->dlpi_addr + segment->p_vaddr + segment->p_memsz) & ~(page - 1);
        if (end > start) madvise((void *)start, end - start, MADV_DONTNEED);
    }
    return 0;
}

void roost_release_code(void) { dl_iterate_phdr(release_segments, NULL); }

extern char **environ;
char **roost_environment(void) { return environ; }

int roost_signalfd(const int *signals, int count) {
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < count; i++) sigaddset(&set, signals[i]);
    int error = pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (error) return -error;
    int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

const char *roost_signal_name(int signal) { return sigabbrev_np(signal); }
void roost_ignore_sigpipe(void) { signal(SIGPIPE, SIG_IGN); }

// --- spawn ----------------------------------------------------------------------------------------------------
// The child shares the parent's memory (CLONE_VM) and the parent sleeps until exec (CLONE_VFORK), so the child writes
// its failure straight into the result. All signals are blocked meanwhile, so no handler runs in the shared memory.

struct child {
    const struct roost_spawn_request *request;
    struct roost_spawn_result *result;
};

static void restore_dispositions(void) {
    // The kernel's struct, all zero: SIG_DFL. The raw call, because glibc refuses its own two signals, which may have
    // been inherited ignored.
    unsigned long action[8] = {0};
    for (int s = 1; s < NSIG; s++)
        if (s != SIGKILL && s != SIGSTOP) syscall(SYS_rt_sigaction, s, action, NULL, (size_t)(NSIG - 1) / 8);
}

/// Moves fds[i] to number i: first out of the way above all targets, then down; both without CLOEXEC at the end.
static int place_descriptors(const int *fds, int count) {
    int moved[count > 0 ? count : 1];
    for (int i = 0; i < count; i++) {
        moved[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, count);
        if (moved[i] < 0) return errno;
    }
    for (int i = 0; i < count; i++)
        if (dup2(moved[i], i) < 0) return errno;
    if (syscall(SYS_close_range, (unsigned)count, ~0U, 0) < 0) return errno;
    return 0;
}

static int write_oom_score(int value) {
    char text[16];
    int length = snprintf(text, sizeof text, "%d", value);
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0) return errno;
    ssize_t n = write(fd, text, (size_t)length);
    int error = n < 0 ? errno : 0;
    close(fd);
    return error;
}

static void fill_listen_pid(char **environment) {
    static const char key[] = "LISTEN_PID=";
    for (char **e = environment; *e; e++) {
        if (strncmp(*e, key, sizeof key - 1) != 0) continue;
        char *digits = *e + sizeof key - 1;
        unsigned pid = (unsigned)getpid(), divisor = 1000000000;
        int n = 0;
        for (; divisor; divisor /= 10) {
            unsigned digit = pid / divisor % 10;
            if (digit || n || divisor == 1) digits[n++] = (char)('0' + digit);
        }
        digits[n] = 0;
    }
}

static int set_user(const struct roost_spawn_request *r) {
    // The raw calls act on this process only; glibc's wrappers would try to reach "all threads" of the shared memory.
    if (syscall(SYS_setgroups, (size_t)r->group_count, r->groups) < 0) return errno;
    if (syscall(SYS_setresgid, r->gid, r->gid, r->gid) < 0) return errno;
    if (syscall(SYS_setresuid, r->uid, r->uid, r->uid) < 0) return errno;
    return 0;
}

#define FAIL(at, code) do { c->result->step = (at); c->result->error = (code); _exit(127); } while (0)

static int child_main(void *argument) {
    struct child *c = argument;
    const struct roost_spawn_request *r = c->request;
    int error;
    if (r->cell) r->cell->pid = getpid();
    restore_dispositions();
    if (setpgid(0, 0) < 0) FAIL(ROOST_SPAWN_GROUP, errno);
    // Before the limits: its intermediate numbers lie beyond what the parent has open.
    if ((error = place_descriptors(r->fds, r->fd_count)) != 0) FAIL(ROOST_SPAWN_DESCRIPTORS, error);
    for (int i = 0; i < r->limit_count; i++) {
        struct rlimit limit = {r->limits[i].soft, r->limits[i].hard};
        if (setrlimit((enum __rlimit_resource)r->limits[i].resource, &limit) < 0) FAIL(ROOST_SPAWN_LIMITS, errno);
    }
    if (r->nice != INT32_MIN && setpriority(PRIO_PROCESS, 0, r->nice) < 0) FAIL(ROOST_SPAWN_PRIORITY, errno);
    if (r->oom_score_adjust != INT32_MIN && (error = write_oom_score(r->oom_score_adjust)) != 0)
        FAIL(ROOST_SPAWN_PRIORITY, error);
    if (r->change_user && (error = set_user(r)) != 0) FAIL(ROOST_SPAWN_USER, error);
    if (r->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) FAIL(ROOST_SPAWN_USER, errno);
    if (r->directory && chdir(r->directory) < 0) FAIL(ROOST_SPAWN_DIRECTORY, errno);
    fill_listen_pid(r->environment);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(r->path, r->arguments, r->environment);
    FAIL(ROOST_SPAWN_EXEC, errno);
}

int roost_spawn(const struct roost_spawn_request *request, struct roost_spawn_result *result) {
    enum { STACK = 64 * 1024 };
    static char stack[STACK] __attribute__((aligned(64)));
    static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;  // the stack is shared by all callers
    struct child c = {request, result};
    sigset_t all, old;
    result->pid = 0;
    result->pidfd = -1;
    result->step = 0;
    result->error = 0;
    sigfillset(&all);
    pthread_mutex_lock(&one_at_a_time);
    pthread_sigmask(SIG_BLOCK, &all, &old);
    int pidfd = -1;
    pid_t pid = clone(child_main, stack + STACK, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &c, &pidfd);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_mutex_unlock(&one_at_a_time);
    if (pid < 0) {
        result->step = ROOST_SPAWN_CLONE;
        result->error = error;
        return -1;
    }
    if (result->error != 0) {  // the child is gone: reap it here, nobody else knows it
        siginfo_t info;
        while (waitid((idtype_t)3, (id_t)pidfd, &info, WEXITED) < 0 && errno == EINTR) {}
        close(pidfd);
        return -1;
    }
    result->pid = pid;
    result->pidfd = pidfd;
    return 0;
}
