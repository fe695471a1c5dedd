// HTTP/1.1 load on loopback, and the backend for it.
//
//   load serve PORT                        answers every request with 1 KiB
//   load drive PORT CONNECTIONS RECORDS    one request after the other on each kept connection, until SIGTERM
//
// `drive` writes one record of five 64-bit numbers per request to the file RECORDS: the outcome, then when the connection
// was begun, when the request was begun, when it ended (CLOCK_MONOTONIC, ns), and the status or errno. It prints how
// many requests there were, and how many failed, when it ends. A connection that failed is opened again at once, after 1 ms if it was refused.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum outcome { SERVED, REFUSED, RESET, STATUS, TIMEOUT, OTHER };
enum { BODY = 1024, BUFFER = 1 << 16 };
static const int64_t DEADLINE = 10000000000, REFUSED_PAUSE = 1000000;

struct connection {
    int fd, port;
    int64_t opened, begun, retry_at;
    size_t have;
    char bytes[BUFFER];
};

static volatile sig_atomic_t stopping;
static int epoll;
static FILE *records;
static uint64_t count, failed;

static void stop(int signal) { (void)signal; stopping = 1; }

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void fail(const char *what) { perror(what); exit(70); }

static void watch(int operation, int fd, uint32_t events, void *data) {
    struct epoll_event event = {.events = events, .data.ptr = data};
    if (epoll_ctl(epoll, operation, fd, &event) < 0) fail("epoll_ctl");
}

static struct sockaddr_in loopback(int port) {
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int new_socket(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    if (fd < 0) fail("socket");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

// --- serve ----------------------------------------------------------------------------------------------------

static void serve(int port) {
    static char answer[BODY + 128];
    int head = sprintf(answer, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n", BODY), on = 1;
    memset(answer + head, 'x', BODY);
    struct sockaddr_in address = loopback(port);
    int listener = new_socket();
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 4096) < 0) fail("bind");
    watch(EPOLL_CTL_ADD, listener, EPOLLIN, NULL);
    while (!stopping) {
        struct epoll_event events[64];
        int ready = epoll_wait(epoll, events, 64, -1);
        for (int i = 0; i < ready; i++) {
            struct connection *c = events[i].data.ptr;
            if (!c) {
                int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
                if (fd < 0) continue;
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                c = calloc(1, sizeof *c);
                c->fd = fd;
                watch(EPOLL_CTL_ADD, fd, EPOLLIN, c);
                continue;
            }
            ssize_t n = read(c->fd, c->bytes + c->have, sizeof c->bytes - 1 - c->have);
            if (n < 0 && errno == EAGAIN) continue;
            if (n <= 0) {
                close(c->fd);
                free(c);
                continue;
            }
            c->have += (size_t)n;
            c->bytes[c->have] = 0;
            for (char *end; (end = strstr(c->bytes, "\r\n\r\n"));) {  // requests without a body only
                size_t used = (size_t)(end + 4 - c->bytes);
                if (write(c->fd, answer, (size_t)head + BODY) < 0) break;
                memmove(c->bytes, end + 4, c->have - used + 1);
                c->have -= used;
            }
        }
    }
}

// --- drive ----------------------------------------------------------------------------------------------------

static void record(struct connection *c, enum outcome outcome, int64_t detail) {
    int64_t row[5] = {outcome, c->opened, c->begun, now(), detail};
    fwrite(row, sizeof row, 1, records);
    count++;
    failed += outcome != SERVED;
}

static void begin_request(struct connection *c) {
    static const char request[] = "GET /bench HTTP/1.1\r\nHost: bench.test\r\n\r\n";
    c->begun = now();
    c->have = 0;
    // A failed write shows as a reset at the read that follows.
    if (write(c->fd, request, sizeof request - 1) < 0) return;
}

static void open_connection(struct connection *c) {
    struct sockaddr_in address = loopback(c->port);
    c->retry_at = 0;
    c->opened = c->begun = now();
    c->fd = new_socket();
    if (connect(c->fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) fail("connect");
    watch(EPOLL_CTL_ADD, c->fd, EPOLLOUT, c);
}

static void end_connection(struct connection *c, enum outcome outcome, int64_t detail) {
    record(c, outcome, detail);
    close(c->fd);
    c->fd = -1;
    c->retry_at = now() + (outcome == REFUSED ? REFUSED_PAUSE : 0);
}

// True when the answer is complete; `*status` is its status, `*closes` whether the connection ends with it.
static int complete(struct connection *c, int *status, int *closes) {
    c->bytes[c->have] = 0;
    char *end = strstr(c->bytes, "\r\n\r\n");
    if (!end) return 0;
    *status = atoi(c->bytes + 9);
    long length = 0;
    *closes = 0;
    for (char *line = strstr(c->bytes, "\r\n"); line && line < end; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, "content-length:", 15) == 0) length = atol(line + 17);
        if (strncasecmp(line + 2, "connection: close", 17) == 0) *closes = 1;
    }
    return c->have >= (size_t)(end + 4 - c->bytes) + (size_t)length;
}

static void handle(struct connection *c, uint32_t events) {
    if (events & EPOLLOUT) {
        int error = 0;
        socklen_t size = sizeof error;
        getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error) return end_connection(c, error == ECONNREFUSED ? REFUSED : OTHER, error);
        watch(EPOLL_CTL_MOD, c->fd, EPOLLIN, c);
        return begin_request(c);
    }
    ssize_t n = read(c->fd, c->bytes + c->have, sizeof c->bytes - 1 - c->have);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return end_connection(c, RESET, n < 0 ? errno : 0);
    c->have += (size_t)n;
    int status, closes;
    if (!complete(c, &status, &closes)) return;
    if (status != 200) return end_connection(c, STATUS, status);
    if (closes) return end_connection(c, SERVED, status);
    record(c, SERVED, status);
    begin_request(c);
}

static void drive(int port, int connections, const char *path) {
    records = fopen(path, "w");
    if (!records) fail(path);
    struct connection *all = calloc((size_t)connections, sizeof *all);
    for (int i = 0; i < connections; i++) {
        all[i].port = port;
        all[i].fd = -1;
        all[i].retry_at = 1;
    }
    while (!stopping) {
        int64_t instant = now();
        int waiting = 0;
        for (int i = 0; i < connections; i++) {
            struct connection *c = &all[i];
            if (c->fd >= 0 && instant - c->begun > DEADLINE) end_connection(c, TIMEOUT, 0);
            if (c->fd < 0 && c->retry_at <= instant) open_connection(c);
            waiting |= c->fd < 0;
        }
        struct epoll_event events[64];
        int ready = epoll_wait(epoll, events, 64, waiting ? 1 : 100);
        for (int i = 0; i < ready; i++) handle(events[i].data.ptr, events[i].events);
    }
    fclose(records);
    printf("%llu requests, %llu failed\n", (unsigned long long)count, (unsigned long long)failed);
}

int main(int argc, char **argv) {
    struct sigaction action = {.sa_handler = stop};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (argc == 3 && strcmp(argv[1], "serve") == 0) serve(atoi(argv[2]));
    else if (argc == 5 && strcmp(argv[1], "drive") == 0) drive(atoi(argv[2]), atoi(argv[3]), argv[4]);
    else return 64;
    return 0;
}
