#!/usr/bin/env python3
"""An upgrade from another version to this one and back, under load and without a service manager.

The other version is a commit, which is built here, or a folder with its programs: `--origin`, or ROOST_UPGRADE_FROM.
Installed programs are replaced by rename and roostd gets SIGUSR2, while 32 connections send one request after the
other: first all but the proxy, which then keeps its pid, then all, which makes roostd roll the proxy. No request may
fail, roostd keeps its pid, what is known of the workers stays, and the causal record goes on.
"""

import array
import filecmp
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import harness
import supervisor_kill

PROGRAMS = ("roostd", "roost", "roost-proxy", "roost-config")
WORKERS = """\
  proxy: {}
  flaky: { command: [/bin/sleep, "1000"], backoff: { base: 1ms, max: 9ms } }
  broken: { command: [/bin/sh, -c, "exit 3"], backoff: { base: 1ms, max: 9ms }, intensity: { restarts: 1, period: 60s } }
  idle: { command: [/bin/sleep, "1000"] }"""


def measure(options):
    wanted = options.origin or os.environ.get("ROOST_UPGRADE_FROM", "")
    if not wanted:
        raise harness.Skipped("no version to come from is named (ROOST_UPGRADE_FROM: a commit or a folder of programs)")
    with harness.scratch() as folder:
        former = programs_of(wanted, folder)
        installed = folder / "bin"
        installed.mkdir()
        install(former, installed)
        load = harness.compiled(folder, "load")
        backend_port, port = harness.free_port(), harness.free_port()
        backend = subprocess.Popen([load, "serve", str(backend_port)])
        try:
            rule = ('name: bench\nmatch: { path: { prefix: / } }\n'
                    f'backends: [ {{ url: "http://127.0.0.1:{backend_port}" }} ]\n')
            options.build_dir, present = installed, options.build_dir.resolve()
            roostd = supervisor_kill.Orphaned(
                options, folder, WORKERS, f"proxy:\n  listen: 127.0.0.1:{port}", {"bench": rule}
            )
            with supervised(roostd):
                result = there_and_back(options, load, folder / "records", port, roostd, former, present, installed)
            result["broken"] += [] if roostd.status_at_end == 0 else [f"roostd ended with {roostd.status_at_end}"]
        finally:
            harness.stop(backend)
        return {"from": wanted, **result}


class supervised:
    """The roostd as it is while it is under load: degraded, since one of its workers does not run."""

    def __init__(self, roostd):
        self.roostd = roostd

    def __enter__(self):
        self.roostd.answers = lambda: answered(self.roostd)
        return self.roostd.__enter__()

    def __exit__(self, *more):
        self.roostd.__exit__(*more)


def answered(roostd):
    try:
        return roostd.status()["supervisor"]["state"] in ("running", "degraded")
    except (RuntimeError, json.JSONDecodeError, subprocess.TimeoutExpired):
        return False


def programs_of(wanted, folder):
    """The folder with another version's programs, built if it is a commit."""
    if all((pathlib.Path(wanted) / name).exists() for name in PROGRAMS):
        return pathlib.Path(wanted).resolve()
    tree = folder / "tree"
    subprocess.run(["git", "-C", harness.TOP, "worktree", "add", "--quiet", "--detach", tree, wanted], check=True)
    try:
        for name in PROGRAMS:
            subprocess.run(
                ["nice", "swift", "build", "-c", "release", "--static-swift-stdlib", "--product", name], cwd=tree,
                check=True, stdout=subprocess.DEVNULL, timeout=3600,
            )
        built = folder / "former"
        built.mkdir()
        install(tree / ".build/release", built)
        return built
    finally:
        subprocess.run(["git", "-C", harness.TOP, "worktree", "remove", "--force", tree], check=True)


def install(source, target, programs=PROGRAMS):
    """As a package does it: the new file beside the old one, then a rename over it."""
    for name in programs:
        shutil.copy2(source / name, target / f".{name}")
        os.rename(target / f".{name}", target / name)


def known(roostd):
    """What may not change."""
    def exit_of(worker):
        return json.dumps(worker["last_exit"])

    return {
        f"{each['name']}/{each['instance']}": (each["state"], each["pid"], each["restarts"], exit_of(each))
        for each in roostd.status()["workers"]
    }


def in_record(roostd):
    """How many entries the causal record has about the worker that was killed."""
    return len(json.loads(roostd.command("why", "flaky", "--history", "--json"))["history"])


def there_and_back(options, load, records, port, roostd, former, present, installed):
    harness.wait_for(lambda: known(roostd)["broken/0"][0] == "quarantined", "a quarantine", 30)
    os.kill(roostd.worker("flaky")["pid"], signal.SIGKILL)
    harness.wait_for(lambda: known(roostd)["flaky/0"][0::2][:2] == ("running", 1), "a replacement", 30)
    roostd.command("stop", "idle")
    entries = in_record(roostd)
    driver = subprocess.Popen([load, "drive", str(port), str(supervisor_kill.CONNECTIONS), records],
                              stdout=subprocess.DEVNULL)
    adoptions, broken = [], []
    try:
        time.sleep(0.5)
        for _ in range(options.rounds):
            for programs in (("roostd", "roost", "roost-config"), PROGRAMS):
                for name, source in (("forth", present), ("back", former)):
                    before = known(roostd)
                    install(source, installed, programs)
                    adoptions.append(upgraded(roostd, source, f"{name}, {len(programs)} programs", broken))
                    if programs is PROGRAMS:
                        before["proxy/0"] = rolled(roostd, before["proxy/0"])
                    time.sleep(options.spacing)
                    if (after := known(roostd)) != before:
                        broken.append(f"{name}: {before} became {after}")
                    if (now := in_record(roostd)) <= entries:
                        broken.append(f"{name}: the record had {entries} entries and has {now}")
                    entries = in_record(roostd)
    finally:
        driver.send_signal(signal.SIGTERM)
        driver.wait()
    numbers = array.array("q")
    with open(records, "rb") as file:
        numbers.frombytes(file.read())
    outcomes = [numbers[index] for index in range(0, len(numbers), 5)]
    failed = sum(1 for outcome in outcomes if outcome)
    broken += [f"{failed} of {len(outcomes)} requests failed"] if failed else []
    broken += ["there was no load"] if outcomes.count(0) < 100 else []
    return {"upgrades": len(adoptions), "served": outcomes.count(0), "failed": failed,
            "upgrade_ms": harness.summary(adoptions), "broken": broken}


def upgraded(roostd, source, what, broken):
    """SIGUSR2; the milliseconds until the new program has taken over."""
    seen = len(roostd.lines("took over from"))
    instant = time.monotonic_ns()
    os.kill(roostd.pid, signal.SIGUSR2)
    line = harness.wait_for(lambda: roostd.lines("took over from")[seen:], f"{what}: the adoption", 30)[0]
    harness.wait_for(roostd.answers, "roostd", 30)
    if line["pid"] != roostd.pid or not filecmp.cmp(f"/proc/{roostd.pid}/exe", source / "roostd", shallow=False):
        broken.append(f"{what}: roostd {roostd.pid} is not what was installed")
    return (line["metadata"]["monotonic_ns"] - instant) / 1e6


def rolled(roostd, before):
    """Waits until roostd has replaced the proxy, whose executable is another one now; what is known of it then."""
    harness.wait_for(lambda: roostd.worker("proxy")["restarts"] == before[2] + 1, "the proxy's replacement", 60)
    harness.wait_for(lambda: not roostd.worker("proxy").get("rolling"), "the end of the former proxy", 60)
    now = known(roostd)["proxy/0"]
    if now[1] == before[1] or json.loads(now[3])["reason"] != "upgrade":
        raise RuntimeError(f"the proxy was {before} and is {now}")
    return now


def show(result):
    print(f"{result['upgrades']} upgrades from {result['from']} and back: served {result['served']}, failed "
          f"{result['failed']}")
    row = [result["upgrade_ms"].get(each, "-") for each in ("n", "min", "median", "p95", "max")]
    harness.table(["ms", "n", "min", "median", "p95", "max"], [["SIGUSR2 to adopted", *row]])


if __name__ == "__main__":
    sys.exit(harness.main(__doc__, measure, show, origin="", rounds=1, spacing=0.5))
