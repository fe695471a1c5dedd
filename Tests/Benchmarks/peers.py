"""The supervisors that Roost is measured against: one worker each, as plain processes of this one.

Nothing is enabled or installed here; each runs as its documentation has it for one service.
"""

import os
import pathlib
import shutil
import subprocess

import harness

UNPACKED = harness.TOP / ".build/peers"  # what .ci/packages has unpacked instead of installed


class Peer:
    """A supervisor with one worker, programs/stamp.c, that writes its stamp to `self.stamp`."""

    name = ""

    def __init__(self, folder, program):
        self.folder = folder / self.name.replace(" ", "-")
        self.folder.mkdir()
        self.program = program
        self.stamp = self.folder / "stamp"
        self.environment = {**os.environ, "STAMP": str(self.stamp)}

    def start(self):
        raise NotImplementedError

    def supervisor(self):
        """The process to measure when idle."""
        return self.process.pid

    def worker(self):
        """The worker's pid as this process sees it."""
        return harness.read_stamp(self.stamp)[0]

    def stop(self):
        harness.stop(self.process)

    def launch(self, *command, **more):
        log = open(self.folder / "log", "wb")
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment, **more
        )
        log.close()

    def await_worker(self):
        harness.wait_for(lambda: harness.read_stamp(self.stamp), f"{self.name}: the worker")


class Runit(Peer):
    """runsv, with the program itself as its run file."""

    name = "runit"

    def start(self):
        runsv = shutil.which("runsv") or shutil.which("runsv", path="/usr/sbin:/usr/bin")
        if not runsv:
            raise harness.Skipped("runsv is not installed (package runit)")
        os.symlink(self.program, self.folder / "run")
        self.launch(runsv, str(self.folder))
        self.await_worker()

    def stop(self):
        super().stop()  # on SIGTERM runsv stops the service and ends


class S6(Peer):
    """s6-supervise, with the program itself as its run file; it announces readiness on descriptor 3."""

    name = "s6"

    def start(self):
        supervise = shutil.which("s6-supervise") or shutil.which("s6-supervise", path="/command:/usr/lib/s6/bin")
        if not supervise:
            raise harness.Skipped("s6-supervise is not installed (package s6)")
        os.symlink(self.program, self.folder / "run")
        (self.folder / "notification-fd").write_text("3\n")
        self.environment["READY_FD"] = "3"
        self.launch(supervise, str(self.folder))
        self.await_worker()


class Supervisord(Peer):
    name = "supervisord"

    def start(self):
        program = shutil.which("supervisord")
        if not program and (UNPACKED / "usr/bin/supervisord").exists():
            program = str(UNPACKED / "usr/bin/supervisord")
            self.environment["PYTHONPATH"] = str(UNPACKED / "usr/lib/python3/dist-packages")
        if not program:
            raise harness.Skipped("supervisord is not installed (package supervisor)")
        config = self.folder / "supervisord.conf"
        config.write_text(
            f"[supervisord]\nnodaemon=true\nuser={os.environ.get('USER', 'root')}\nlogfile={self.folder}/supervisord.log\n"
            f"pidfile={self.folder}/pid\nchildlogdir={self.folder}\n"
            f"[program:stamp]\ncommand={self.program}\nautorestart=true\n"
        )
        self.launch("/usr/bin/python3", program, "-c", str(config))
        self.await_worker()


class Systemd(Peer):
    """The system manager of a booted systemd-box, RestartSec=0."""

    name = "systemd"
    box = harness.TOP / "Tests/Support/systemd-box"

    def start(self):
        if os.geteuid() != 0:
            raise harness.Skipped("systemd-box needs root")
        if not shutil.which("systemd-nspawn"):
            raise harness.Skipped("systemd-nspawn is not installed (package systemd-container)")
        self.box_name = f"bench-{os.getpid()}"
        self.tool("up", "--private-network", "--bind", f"{self.folder}:/stamps")
        unit = self.folder / "stamp.service"
        unit.write_text(
            "[Service]\nExecStart=/usr/local/bin/stamp\nEnvironment=STAMP=/stamps/stamp\nRestart=always\nRestartSec=0\n"
            "[Unit]\nStartLimitIntervalSec=0\n"
        )
        self.tool("copy", str(self.program), "/usr/local/bin/stamp")
        self.tool("copy", str(unit), "/etc/systemd/system/")
        self.tool("exec", "systemctl", "daemon-reload")
        self.tool("exec", "systemctl", "start", "stamp.service")
        self.await_worker()

    def tool(self, *words):
        environment = {**os.environ, "SYSTEMD_BOX": self.box_name}
        return subprocess.run(
            [self.box, *words], env=environment, check=True, capture_output=True, text=True
        ).stdout.strip()

    def supervisor(self):
        return int(self.tool("pid"))

    def worker(self):
        # The stamp has the number inside the box; its cgroup, seen from outside, has ours.
        pattern = f"systemd-box-{self.box_name}/payload/system.slice/stamp.service/cgroup.procs"
        for hierarchy in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified"):
            path = pathlib.Path(hierarchy) / pattern
            if path.exists():
                return int(harness.wait_for(path.read_text, "systemd: the worker").split()[0])
        raise FileNotFoundError(pattern)

    def stop(self):
        self.tool("down")


class Roost(Peer):
    """roostd with the same program as a plain worker."""

    name = "roost"

    def __init__(self, folder, program, options):
        super().__init__(folder, program)
        worker = (
            f"  stamp:\n    command: [{program}]\n    environment: {{ STAMP: {self.stamp} }}\n"
            "    healthy_after: 1s\n    intensity: { restarts: 1000, period: 1s }"
        )
        self.roostd = harness.Roostd(options, self.folder, worker)

    def start(self):
        self.roostd.__enter__()
        self.process = self.roostd.process
        self.await_worker()

    def stop(self):
        self.roostd.__exit__()


PEERS = [Runit, S6, Supervisord, Systemd]


def started(folder, program, options, only=None):
    """Starts all that can be started here; gives them, and a line for each that was skipped."""
    running, skipped = [], []
    for kind in [*PEERS, Roost]:
        try:
            peer = kind(folder, program, options) if kind is Roost else kind(folder, program)
            peer.start()
            running.append(peer)
        except harness.Skipped as reason:
            skipped.append(f"{kind.name}: {reason}")
        except Exception:
            stop_all(running)
            raise
    return running, skipped


def stop_all(running):
    for peer in running:
        peer.stop()
