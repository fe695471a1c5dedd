"""What the benchmarks share: programs compiled for them, a roostd of their own, figures of processes, tables."""

import argparse
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent


class Skipped(Exception):
    """A peer or a privilege that is missing here; the text says which."""


def arguments(description, **defaults):
    """The options that every benchmark has, and one `--NAME` of the default's type for each further keyword."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--build-dir", type=pathlib.Path, default=TOP / ".build/release", help="where roostd is")
    parser.add_argument("--json", type=pathlib.Path, help="write the result here as well")
    parser.add_argument("--assert", dest="strict", action="store_true", help="fail where a count is not as promised")
    for name, default in defaults.items():
        parser.add_argument("--" + name.replace("_", "-"), type=type(default), default=default)
    return parser


def main(description, measure, show, **defaults):
    """Runs one benchmark as a program of its own."""
    options = arguments(description, **defaults).parse_args()
    try:
        result = measure(options)
    except Skipped as reason:
        print(f"skipped: {reason}")
        return 0
    show(result)
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")
    broken = [text for text in result.get("broken", [])]
    for text in broken:
        print("BROKEN:", text)
    return 1 if options.strict and broken else 0


# --- programs -------------------------------------------------------------------------------------------------------


def compiled(folder, name):
    """Compiles programs/NAME.c statically, so that starting it costs as little as a program can."""
    if not shutil.which("gcc"):
        raise Skipped("gcc is not installed")
    program = pathlib.Path(folder) / name
    subprocess.run(
        ["gcc", "-O2", "-Wall", "-Werror", "-static", HERE / "programs" / f"{name}.c", "-o", program], check=True
    )
    return program


@contextlib.contextmanager
def scratch():
    """A folder for sockets and files, with a path short enough for sun_path."""
    folder = tempfile.mkdtemp(prefix="roost-bench-")
    try:
        yield pathlib.Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def stop(process, limit=15):
    """Ends a child that was started here: SIGTERM, then SIGKILL. Gives its exit status."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition, what, limit=20.0, pause=0.001):
    """Polls until `condition()` is true and returns its value."""
    deadline = time.monotonic() + limit
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {limit:g} s")
        time.sleep(pause)
    return value


def read_stamp(path):
    """(pid, nanoseconds) that programs/stamp.c wrote, or None."""
    try:
        pid, instant = path.read_text().split()
        return int(pid), int(instant)
    except (FileNotFoundError, ValueError):
        return None


def next_stamp(path, before, what, limit=20.0):
    """Waits until the stamp is another one than `before`, and gives it."""

    def changed():
        stamp = read_stamp(path)
        return stamp if stamp != before else None

    return wait_for(changed, what, limit)


# --- roostd ---------------------------------------------------------------------------------------------------------


class Roostd:
    """A roostd with a configuration of its own, told ready over the notify socket that systemd would give it.

    `workers` is the text below `workers:`, indented by two; `more` stands beside it; `rules` is name -> text.
    """

    def __init__(self, options, folder, workers, more="", rules=None, environment=None):
        self.build, self.folder = options.build_dir.resolve(), folder
        for name in ("roostd", "roost"):
            if not (self.build / name).exists():
                raise Skipped(f"{self.build / name} is not built (make build)")
        self.runtime = folder / "run"
        self.config = folder / "config"
        (self.config / "rules.d").mkdir(parents=True)
        (self.config / "roost.yaml").write_text(f"workers:\n{workers}\n{more}\n")
        for name, text in (rules or {}).items():
            (self.config / "rules.d" / f"{name}.yaml").write_text(text)
        self.environment = environment or {}

    def __enter__(self):
        # As under systemd, somebody reads the notify socket for the whole life of the service.
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        address = str(self.folder / "notify")
        self.notify.bind(address)
        ready = threading.Event()
        threading.Thread(target=self.read_notify, args=(ready,), daemon=True).start()
        with open(self.folder / "roostd.log", "wb") as log:
            self.process = subprocess.Popen(
                [self.build / "roostd", "--config", self.config / "roost.yaml", "--state", self.folder / "state",
                 "--runtime", self.runtime],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                env={**os.environ, **self.environment, "NOTIFY_SOCKET": address},
            )
        if not ready.wait(30):
            self.__exit__()
            raise TimeoutError("roostd did not become ready:\n" + self.tail())
        return self

    def read_notify(self, ready):
        while message := self.notify.recv(4096):
            if b"READY=1" in message.split(b"\n"):
                ready.set()

    def __exit__(self, *_):
        self.status_at_end = stop(self.process, 40)
        self.notify.shutdown(socket.SHUT_RDWR)
        self.notify.close()

    @property
    def pid(self):
        return self.process.pid

    def tail(self):
        return "\n".join((self.folder / "roostd.log").read_text(errors="replace").splitlines()[-30:])

    def command(self, *words, check=True):
        """Runs `roost WORDS` and gives what it prints."""
        result = subprocess.run(
            [self.build / "roost", "--runtime", self.runtime, *words], capture_output=True, text=True, timeout=120
        )
        if check and result.returncode:
            raise RuntimeError(f"roost {' '.join(words)}: {result.stderr.strip()}\n{self.tail()}")
        return result.stdout

    def status(self):
        return json.loads(self.command("status", "--json"))

    def worker(self, name):
        """The first instance of a worker, as `roost status --json` has it."""
        return next(each for each in self.status()["workers"] if each["name"] == name)


def proxied(options, folder, backend_port, worker="  proxy: {}", environment=None):
    """A roostd with a proxy in front of one backend; gives it and the proxy's port."""
    port = free_port()
    rule = f'name: bench\nmatch: {{ path: {{ prefix: / }} }}\nbackends: [ {{ url: "http://127.0.0.1:{backend_port}" }} ]\n'
    roostd = Roostd(
        options, folder, worker, f"proxy:\n  listen: 127.0.0.1:{port}", {"bench": rule}, environment
    )
    return roostd, port


# --- figures of processes -------------------------------------------------------------------------------------------


def memory(pid):
    """RSS, PSS and USS in bytes (proc(5), smaps_rollup)."""
    fields = {}
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value = line.split(":")
        fields[name] = int(value.split()[0]) * 1024
    return {
        "rss": fields["Rss"],
        "pss": fields["Pss"],
        "uss": fields["Private_Clean"] + fields["Private_Dirty"],
    }


def context_switches(pid):
    """Voluntary and involuntary switches of all threads since their start."""
    total = 0
    for status in pathlib.Path(f"/proc/{pid}/task").glob("*/status"):
        for line in status.read_text().splitlines():
            if "ctxt_switches" in line:
                total += int(line.split()[1])
    return total


def cpu_seconds(pid):
    """CPU time of a process and of the children that it has waited for (proc(5), stat)."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def threads(pid):
    return len(os.listdir(f"/proc/{pid}/task"))


def children(pid):
    """The children of all threads of a process."""
    found = []
    for path in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(child) for child in path.read_text().split()]
    return found


def zombies(pid):
    """How many children of a process are dead and not waited for."""
    count = 0
    for child in children(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            state = pathlib.Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0]
            count += state == "Z"
    return count


def kill(pid, number=signal.SIGKILL):
    """Sends a signal and gives the instant just before (CLOCK_MONOTONIC, ns)."""
    instant = time.monotonic_ns()
    os.kill(pid, number)
    return instant


# --- numbers --------------------------------------------------------------------------------------------------------


def summary(values):
    """n, min, median, p95, p99 and max."""
    values = sorted(values)
    if not values:
        return {"n": 0}
    return {
        "n": len(values),
        "min": values[0],
        "median": statistics.median(values),
        "p95": values[min(len(values) - 1, round(0.95 * (len(values) - 1)))],
        "p99": values[min(len(values) - 1, round(0.99 * (len(values) - 1)))],
        "max": values[-1],
    }


def table(headings, rows):
    """Prints rows of text and numbers; the first column is left-aligned."""
    cells = [[f"{each:.2f}" if isinstance(each, float) else str(each) for each in row] for row in rows]
    widths = [max(len(row[i]) for row in [headings, *cells]) for i in range(len(headings))]
    for row in [headings, *cells]:
        print("  ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths))))


def megabytes(size):
    return size / 1e6
