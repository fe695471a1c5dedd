#!/usr/bin/env python3
"""Changing a proxy under load: Roost beside nginx and HAProxy, each with one worker and the same backend.

32 connections send one request after the other through each proxy in turn, in interleaved rounds, while it is changed:
a new configuration (`roost reload`, `nginx -s reload`, HAProxy's SIGUSR2 to its master), a new process (`roost restart
--rolling`, nginx's USR2 and QUIT), and for Roost a new supervisor (SIGUSR2, and kill -9 with a start). A new
configuration has a route of its own, which is asked for on new connections until it is there. Roost's failed requests
are judged; the others' and all times are reported.
"""

import array
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

import harness
import peers
import supervisor_kill

CONNECTIONS = 32
BEFORE, AFTER = 1.0, 1.0  # seconds of load that are looked at around a change


# --- the proxies ----------------------------------------------------------------------------------------------------


class Proxy:
    """A proxy in front of the backend; a change begins, and returns when the new generation has been seen."""

    def __init__(self, folder, backend_port):
        self.folder, self.backend_port = folder / self.name, backend_port
        self.folder.mkdir()
        self.port = harness.free_port()
        self.generation = 0

    @property
    def route(self):
        return f"/generation-{self.generation}"

    def await_route(self):
        """Until a new connection is answered by this generation; gives the instant (ns)."""
        harness.wait_for(lambda: status_of(self.port, self.route) == b"200", f"{self.name}: {self.route}", 30)
        return time.monotonic_ns()

    def launch(self, *command):
        with open(self.folder / "log", "ab") as log:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder)


def status_of(port, path):
    """The status of an answer on a new connection; empty if there is none."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: bench.test\r\nConnection: close\r\n\r\n".encode())
        text = b""
        while b"\r\n\r\n" not in text and (more := connection.recv(4096)):
            text += more
        return text[9:12]
    return b""


class Roost(Proxy):
    name = "roost"

    def __init__(self, options, folder, backend_port):
        super().__init__(folder, backend_port)
        self.supervisor = supervisor_kill.Orphaned(
            options, self.folder, "  proxy: {}", f"proxy:\n  listen: 127.0.0.1:{self.port}",
            {"bench": self.rule("bench", "/bench"), "generation": self.rule("generation", self.route)},
        )
        self.changes = {
            "roost reload": self.reload,
            "roost restart --rolling": self.roll,
            "roostd SIGUSR2": self.upgrade,
            "roostd kill -9, start": self.kill,
        }

    def rule(self, name, path):
        return (
            f"name: {name}\nmatch: {{ path: {{ prefix: {path} }} }}\n"
            f'backends: [ {{ url: "http://127.0.0.1:{self.backend_port}" }} ]\n'
        )

    def start(self):
        self.supervisor.__enter__()
        self.await_route()
        self.pid = self.supervisor.worker("proxy")["pid"]

    def stop(self):
        self.supervisor.__exit__()

    def reload(self):
        self.generation += 1
        (self.supervisor.config / "rules.d/generation.yaml").write_text(self.rule("generation", self.route))
        command = subprocess.Popen(
            [self.supervisor.build / "roost", "--runtime", self.supervisor.runtime, "reload"], stdout=subprocess.DEVNULL
        )
        seen = self.await_route()
        if command.wait():
            raise RuntimeError("roost reload failed")
        return seen

    def roll(self):
        """Nothing in an answer tells the process: the new one is seen in the status."""
        command = subprocess.Popen(
            [self.supervisor.build / "roost", "--runtime", self.supervisor.runtime, "restart", "proxy", "--rolling"],
            stdout=subprocess.DEVNULL,
        )
        harness.wait_for(lambda: self.supervisor.worker("proxy")["pid"] != self.pid, "a new proxy", 60)
        seen = time.monotonic_ns()
        if command.wait():
            raise RuntimeError("roost restart --rolling failed")
        self.pid = self.supervisor.worker("proxy")["pid"]
        return seen

    def adoption(self, act):
        """Runs `act` and waits for the log line that says that somebody has taken over; that line's instant."""
        number = len(self.supervisor.lines("took over from"))
        act()

        def lines():
            with contextlib.suppress(json.JSONDecodeError):  # its last line may be half written
                return self.supervisor.lines("took over from")[number:]

        line = harness.wait_for(lines, "an adoption")[0]
        harness.wait_for(self.supervisor.answers, "roostd", 30)
        if self.supervisor.worker("proxy")["pid"] != self.pid:
            raise RuntimeError("the proxy was replaced")
        return line["metadata"]["monotonic_ns"]

    def upgrade(self):
        return self.adoption(lambda: os.kill(self.supervisor.pid, signal.SIGUSR2))

    def kill(self):
        def act():
            harness.kill(self.supervisor.pid)
            self.supervisor.process.wait()
            self.supervisor.begin()

        return self.adoption(act)


class Nginx(Proxy):
    """As its documentation has it for kept connections to the upstream; limits on requests a connection are lifted."""

    name = "nginx"

    def __init__(self, options, folder, backend_port):
        super().__init__(folder, backend_port)
        self.program = program("nginx")
        self.changes = {"nginx -s reload": self.reload, "nginx USR2, QUIT": self.upgrade}

    def configure(self):
        temporary = "".join(
            f"  {kind}_temp_path {self.folder}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        user = "user root;\n" if os.geteuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(
            f"{user}worker_processes 1;\npid {self.folder}/pid;\nerror_log {self.folder}/error.log;\n"
            "events { worker_connections 1024; }\n"
            f"http {{\n  access_log off;\n{temporary}"
            "  keepalive_requests 100000000;\n"
            f"  upstream backend {{ server 127.0.0.1:{self.backend_port}; keepalive 64;"
            " keepalive_requests 100000000; }\n"
            f"  server {{\n    listen 127.0.0.1:{self.port};\n    location ~ ^(/bench|{self.route})$ {{\n"
            '      proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection "";\n    }\n'
            "    location / { return 404; }\n  }\n}\n"
        )

    def command(self, *words):
        return [self.program, "-p", self.folder, "-c", self.folder / "nginx.conf", "-e", self.folder / "error.log", *words]

    def master(self):
        with contextlib.suppress(OSError, ValueError):
            return int((self.folder / "pid").read_text())

    def start(self):
        self.configure()
        subprocess.run(self.command(), check=True)  # in the foreground it takes no USR2
        self.await_route()

    def stop(self):
        if master := self.master():
            os.kill(master, signal.SIGTERM)
            harness.wait_for(lambda: is_gone(master), "the end of nginx")

    def reload(self):
        self.generation += 1
        self.configure()
        subprocess.run(self.command("-s", "reload"), check=True)
        return self.await_route()

    def upgrade(self):
        self.generation += 1
        self.configure()
        old = self.master()
        os.kill(old, signal.SIGUSR2)
        harness.wait_for(lambda: self.master() not in (None, old), "nginx: the new master")
        os.kill(old, signal.SIGQUIT)
        seen = self.await_route()
        harness.wait_for(lambda: is_gone(old), "the end of nginx's old master")
        return seen


class HAProxy(Proxy):
    """Master and worker; the new worker gets the listeners from the old one (`expose-fd listeners`)."""

    name = "haproxy"

    def __init__(self, options, folder, backend_port):
        super().__init__(folder, backend_port)
        self.program = program("haproxy")
        self.changes = {"haproxy -W SIGUSR2": self.reload}

    def configure(self):
        (self.folder / "haproxy.cfg").write_text(
            f"global\n  nbthread 1\n  stats socket {self.folder}/stats mode 600 level admin expose-fd listeners\n"
            "defaults\n  mode http\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n"
            "  http-reuse always\n"
            f"frontend front\n  bind 127.0.0.1:{self.port}\n"
            f"  http-request deny deny_status 404 unless {{ path /bench {self.route} }}\n  default_backend back\n"
            f"backend back\n  server one 127.0.0.1:{self.backend_port}\n"
        )

    def start(self):
        self.configure()
        self.process = self.launch(self.program, "-W", "-db", "-f", self.folder / "haproxy.cfg")
        self.await_route()

    def stop(self):
        harness.stop(self.process)

    def reload(self):
        self.generation += 1
        self.configure()
        os.kill(self.process.pid, signal.SIGUSR2)
        return self.await_route()


def program(name):
    found = shutil.which(name) or shutil.which(name, path=f"/usr/sbin:/usr/local/sbin:{peers.UNPACKED}/usr/sbin")
    if not found:
        raise harness.Skipped(f"{name} is not installed (package {name})")
    if subprocess.run([found, "-v"], capture_output=True).returncode:
        raise harness.Skipped(f"{found} does not run here; a library that it needs may be missing")
    return found


def is_gone(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


# --- the measurement ------------------------------------------------------------------------------------------------


def measure(options):
    with harness.scratch() as folder, contextlib.ExitStack() as ends:
        load = harness.compiled(folder, "load")
        backend_port = harness.free_port()
        backend = subprocess.Popen([load, "serve", str(backend_port)])
        ends.callback(harness.stop, backend)
        proxies, skipped = [], []
        for kind in (Roost, Nginx, HAProxy):
            try:
                proxy = kind(options, folder, backend_port)
            except harness.Skipped as reason:
                skipped.append(str(reason))
                continue
            ends.callback(proxy.stop)
            proxy.start()
            proxies.append(proxy)
        rows = {change: [] for proxy in proxies for change in proxy.changes}
        for _ in range(options.rounds):
            for proxy in proxies:
                for name, change in proxy.changes.items():
                    rows[name].append(one(load, folder / "records", proxy.port, change))
    result = judged(options.rounds, rows, skipped)
    status = proxies[0].supervisor.status_at_end
    result["broken"] += [] if status == 0 else [f"roostd ended with {status}"]
    return result


def one(load, path, port, change):
    """One change under load."""
    driver = subprocess.Popen([load, "drive", str(port), str(CONNECTIONS), path], stdout=subprocess.DEVNULL)
    try:
        time.sleep(0.5 + BEFORE)
        begun = time.monotonic_ns()
        seen = change()
        time.sleep(AFTER)
    finally:
        driver.send_signal(signal.SIGTERM)
        driver.wait()
    numbers = array.array("q")
    with open(path, "rb") as file:
        numbers.frombytes(file.read())
    before, during, served, failed = [], [], 0, 0
    until = seen + int(AFTER * 1e9 / 2)
    for index in range(0, len(numbers), 5):
        outcome, _, start, end, _ = numbers[index:index + 5]
        failed += outcome != 0
        served += outcome == 0
        if outcome == 0 and begun - BEFORE * 1e9 <= end < begun:
            before.append((end - start) / 1e6)
        elif outcome == 0 and end >= begun and start <= until:
            during.append((end - start) / 1e6)
    return {
        "served": served,
        "failed": failed,
        "until_new_ms": (seen - begun) / 1e6,
        "p99_before_ms": harness.summary(before).get("p99", 0.0),
        "p99_during_ms": harness.summary(during).get("p99", 0.0),
        "max_during_ms": harness.summary(during).get("max", 0.0),
    }


def judged(rounds, rows, skipped):
    changes, broken = {}, []
    for name, each in rows.items():
        middle = {
            key: harness.summary([row[key] for row in each]).get("median", 0.0)
            for key in ("until_new_ms", "p99_before_ms", "p99_during_ms", "max_during_ms")
        }
        counts = {key: sum(row[key] for row in each) for key in ("served", "failed")}
        changes[name] = {**counts, **middle, "rounds": each}
        if name.startswith("roost") and counts["failed"]:
            broken.append(f"{name}: {counts['failed']} of {counts['served'] + counts['failed']} requests failed")
        if name.startswith("roost") and counts["served"] < 100 * rounds:
            broken.append(f"{name}: there was no load")
    return {"rounds": rounds, "changes": changes, "skipped": skipped, "broken": broken}


def show(result):
    for reason in result["skipped"]:
        print(f"skipped: {reason}")
    print(f"{result['rounds']} rounds, {CONNECTIONS} kept connections; times are medians")
    unit = result["changes"]["roost reload"]["until_new_ms"]
    rows = [
        [name, row["served"], row["failed"], row["until_new_ms"], row["until_new_ms"] / unit, row["p99_before_ms"],
         row["p99_during_ms"], row["p99_during_ms"] / max(row["p99_before_ms"], 1e-6), row["max_during_ms"]]
        for name, row in result["changes"].items()
    ]
    harness.table(
        ["change", "served", "failed", "until new, ms", "x roost reload", "p99 before", "during", "ratio", "max"], rows
    )


if __name__ == "__main__":
    sys.exit(harness.main(__doc__, measure, show, rounds=3))
