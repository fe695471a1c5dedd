// A worker that says when it started: writes "PID NANOSECONDS" (CLOCK_MONOTONIC, taken first thing) to $STAMP by rename,
// then becomes $EXEC, or announces readiness on descriptor $READY_FD and waits for signals.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    (void)argc;
    const char *path = getenv("STAMP");
    if (!path) return 64;

    char temporary[4096], text[64];
    snprintf(temporary, sizeof temporary, "%s.%d", path, getpid());
    int length = snprintf(text, sizeof text, "%d %lld\n", getpid(), now.tv_sec * 1000000000LL + now.tv_nsec);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, text, (size_t)length) != length || close(fd) != 0) return 74;
    if (rename(temporary, path) != 0) return 74;

    const char *program = getenv("EXEC");
    if (program) {
        execv(program, argv);
        return 127;
    }
    const char *ready = getenv("READY_FD");
    if (ready && write(atoi(ready), "\n", 1) != 1) return 74;
    for (;;) pause();
}
