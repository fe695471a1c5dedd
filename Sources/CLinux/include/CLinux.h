// What Swift cannot call by itself: variadic and GNU-only functions, macros, raw system calls, and the code that
// runs between clone and exec. Everything here is a thin cover; each function names its man page.
// Functions return -errno on failure, never set errno for the caller to read, unless stated otherwise.
#ifndef ROOST_CLINUX_H
#define ROOST_CLINUX_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

// --- time and waiting -----------------------------------------------------------------------------------------

/// clock_gettime(2), CLOCK_MONOTONIC, in nanoseconds.
int64_t roost_monotonic_now(void);
/// clock_gettime(2), CLOCK_REALTIME, in nanoseconds since the epoch.
int64_t roost_wall_now(void);
int64_t roost_boot_now(void);  // as monotonic, with the time that the machine has slept
/// epoll_pwait2(2): waits for at most `timeout_ns` nanoseconds, for ever if negative. Returns the count of events.
int roost_epoll_wait(int epoll, struct epoll_event *events, int capacity, int64_t timeout_ns);
/// Fills an epoll_event; its union is not visible from Swift in every toolchain.
static inline void roost_epoll_event_set(struct epoll_event *event, uint32_t mask, uint64_t data) {
    event->events = mask;
    event->data.u64 = data;
}
/// The data word of an epoll_event.
static inline uint64_t roost_epoll_event_data(const struct epoll_event *event) { return event->data.u64; }

// --- descriptors ----------------------------------------------------------------------------------------------

/// pipe2(2) with O_CLOEXEC | O_NONBLOCK on both ends; fds[0] reads.
int roost_pipe(int fds[2]);
/// accept4(2) with SOCK_CLOEXEC | SOCK_NONBLOCK; the peer's address is not asked for.
int roost_accept(int listener);
/// memfd_create(2) with MFD_CLOEXEC | MFD_ALLOW_SEALING.
int roost_memfd(const char *name);
/// fcntl(2) F_ADD_SEALS with every seal: nobody can change the memfd any more.
int roost_seal(int memfd);
/// fcntl(2) F_SETFL: sets or clears O_NONBLOCK.
int roost_set_nonblocking(int fd, bool on);
/// fcntl(2) F_SETFD: sets or clears FD_CLOEXEC.
int roost_set_cloexec(int fd, bool on);
/// fcntl(2) F_SETPIPE_SZ; returns the new size.
int roost_set_pipe_size(int fd, int size);
/// open(2) with O_CLOEXEC added.
int roost_open(const char *path, int flags, unsigned mode);
/// splice(2) without offsets, SPLICE_F_MOVE | SPLICE_F_NONBLOCK.
ssize_t roost_splice(int in, int out, size_t count);
/// splice(2) from a pipe to a place in a file, SPLICE_F_MOVE | SPLICE_F_NONBLOCK: what has left the pipe is in the file,
/// even if this process is killed meanwhile.
ssize_t roost_splice_at(int pipe, int file, int64_t offset, size_t count);

// --- memory that outlives its process ---------------------------------------------------------------------------

/// memfd_create(2) with MFD_CLOEXEC, sealed against shrinking and against more seals: it only grows, so that a mapping
/// stays valid, and nobody who gets it can make it read-only.
int roost_lasting_memfd(const char *name);
/// fallocate(2): gives the file this size and the memory or disk for it, so that no store to a mapping can fail later.
int roost_allocate(int fd, int64_t size);
/// fallocate(2) with FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE.
int roost_punch_hole(int fd, int64_t offset, int64_t length);
/// mmap(2), readable and writable, MAP_SHARED. NULL with `*error` set on failure.
void *roost_map_shared(int fd, size_t length, int *error);
/// Reads an aligned word of shared memory, before anything that is read behind this call.
static inline uint64_t roost_load_word(const void *word) { return __atomic_load_n((const uint64_t *)word, __ATOMIC_ACQUIRE); }
/// Stores an aligned word in one piece, after everything that was written before this call and before everything that
/// is written behind it.
static inline void roost_store_word(void *word, uint64_t value) {
    __atomic_store_n((uint64_t *)word, value, __ATOMIC_SEQ_CST);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

// --- sockets --------------------------------------------------------------------------------------------------

/// The credentials of a Unix-domain peer as they were at connect time (unix(7), SO_PEERCRED).
struct roost_credentials { pid_t pid; uid_t uid; gid_t gid; };
/// getsockopt(2) SO_PEERCRED.
int roost_peer_credentials(int fd, struct roost_credentials *out);
/// getsockopt(2) SO_PEERGROUPS: the peer's supplementary groups. Returns how many there are; -ERANGE if more than `capacity`.
int roost_peer_groups(int fd, gid_t *groups, int capacity);
/// sendmsg(2) with MSG_NOSIGNAL: the bytes and, by SCM_RIGHTS, `count` descriptors (at most 253, unix(7)).
ssize_t roost_send_fds(int socket, const void *bytes, size_t length, const int *fds, int count);
/// recvmsg(2) with MSG_CMSG_CLOEXEC | MSG_DONTWAIT. `*count` holds the capacity of `fds` on entry and how many came
/// on return. Truncated control data closes what came and gives -EMSGSIZE.
ssize_t roost_receive_fds(int socket, void *bytes, size_t length, int *fds, int *count);

/// recvmsg(2) with MSG_DONTWAIT of one datagram and, by SCM_CREDENTIALS (SO_PASSCRED), its sender's pid, 0 if the kernel
/// names none. A datagram longer than `length` is cut. One descriptor (close-on-exec) is taken into `fd`, -1 for none; what
/// more comes with it is closed.
ssize_t roost_receive_datagram(int socket, void *bytes, size_t length, pid_t *pid, int *fd);

// --- processes ------------------------------------------------------------------------------------------------

/// pidfd_open(2).
int roost_pidfd_open(pid_t pid);
/// pidfd_send_signal(2): never reaches another process that got the number again.
int roost_pidfd_send_signal(int pidfd, int signal);
/// What waitid(2) tells about an ended child.
struct roost_exit { int code; int status; };
/// waitid(2) P_PIDFD, WEXITED | WNOHANG. 1: reaped, 0: still running, -ECHILD: not our child.
int roost_wait_pidfd(int pidfd, struct roost_exit *out);
/// ioctl(2) PIDFD_GET_INFO with PIDFD_INFO_EXIT (Linux 6.15): how a process ended that is not our child. 1: known, 0: its
/// parent has not reaped it yet, -errno: this kernel does not tell.
int roost_pidfd_exit(int pidfd, struct roost_exit *out);
/// pidfd_send_signal(2) with PIDFD_SIGNAL_PROCESS_GROUP (Linux 6.9), which reaches the group of a leader that is gone too.
int roost_pidfd_signal_group(int pidfd, int signal);
/// prctl(2) PR_SET_CHILD_SUBREAPER.
int roost_become_subreaper(void);
/// getpriority(2): the nice value of this process.
int roost_nice(void);
/// setpriority(2): sets the nice value of this process.
int roost_set_nice(int value);
/// prctl(2) PR_SET_NAME; at most 15 bytes are kept.
int roost_set_process_name(const char *name);
/// Gives back the pages of code and constants that have been used so far (dl_iterate_phdr(3), madvise(2)
/// MADV_DONTNEED on the segments that cannot be written): those still in use come back from the page cache, those of
/// the start-up do not.
void roost_release_code(void);
/// The environment of this process (environ(7)).
char **roost_environment(void);
/// signalfd(2) for `signals` (non-blocking, CLOEXEC), after blocking them for this thread.
int roost_signalfd(const int *signals, int count);
/// sigabbrev_np(3): `KILL` for SIGKILL, NULL for what is no signal.
const char *roost_signal_name(int signal);
/// Ignores SIGPIPE for this process; children get the default back from roost_spawn.
void roost_ignore_sigpipe(void);

/// Where roost_spawn failed, in the order of its steps.
enum roost_spawn_step {
    ROOST_SPAWN_CLONE = 1,
    ROOST_SPAWN_GROUP,
    ROOST_SPAWN_DESCRIPTORS,
    ROOST_SPAWN_LIMITS,
    ROOST_SPAWN_PRIORITY,
    ROOST_SPAWN_USER,
    ROOST_SPAWN_DIRECTORY,
    ROOST_SPAWN_EXEC,
};

/// Numbers of setrlimit(2) that Glibc's module does not show to Swift.
enum { ROOST_RLIMIT_NPROC = 6, ROOST_RLIMIT_MEMLOCK = 8 };

/// One resource limit (setrlimit(2)).
struct roost_limit { int resource; uint64_t soft; uint64_t hard; };

/// Where a process that is being started is noted, in memory that outlives its parent.
struct roost_spawn_cell { int32_t is_under_way; int32_t pid; int32_t instance; char name[256]; int64_t begun_ns; };

/// A 64-bit store that makes everything written before it visible first, also to who maps the memory later.
static inline void roost_store_release(void *word, uint64_t value) {
    __atomic_store_n((uint64_t *)word, value, __ATOMIC_RELEASE);
}

/// A program to start. Strings and arrays are only read; `environment` may hold one entry that begins with
/// "LISTEN_PID=" and has room for ten digits, which the child fills in.
struct roost_spawn_request {
    const char *path;
    char *const *arguments;
    char **environment;
    const char *directory;            // or NULL
    const int *fds;                   // descriptor fds[i] becomes number i in the child
    int fd_count;
    const struct roost_limit *limits;
    int limit_count;
    int nice;                         // INT32_MIN: as the parent
    int oom_score_adjust;             // INT32_MIN: as the parent (proc(5), oom_score_adj)
    bool change_user;
    uid_t uid;
    gid_t gid;
    const gid_t *groups;
    int group_count;
    bool no_new_privileges;
    struct roost_spawn_cell *cell;    // or NULL: gets the child's pid as the child's first act
};

/// What roost_spawn made, or where and why it failed.
struct roost_spawn_result { pid_t pid; int pidfd; int step; int error; };

/// Starts a program with an empty signal mask, default dispositions, its own process group and exactly the declared
/// descriptors, and returns its pidfd, race-free (clone(2) with CLONE_VM | CLONE_VFORK | CLONE_PIDFD, close_range(2)).
/// The child's code until exec is C only and async-signal-safe. 0 on success, -1 with `step` and `error` set.
int roost_spawn(const struct roost_spawn_request *request, struct roost_spawn_result *result);

#endif
