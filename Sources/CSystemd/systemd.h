// What Roost calls of libsystemd: the notify protocol and journald's native protocol.
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>
