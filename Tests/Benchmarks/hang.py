#!/usr/bin/env python3
"""A stopped worker is replaced within its heartbeat deadline plus 100 ms; a starved one is left alone.

The proxy is stopped by SIGSTOP at random instants; the time runs until the replacement's first instruction, which
programs/stamp.c stamps. Then one busy loop per core, and one more, run for `--starve` seconds: no restart.
"""

import os
import random
import signal
import subprocess
import sys
import time

import harness


def measure(options):
    deadline = options.deadline_ms
    with harness.scratch() as folder:
        stamp = harness.compiled(folder, "stamp")
        mark = folder / "mark"
        worker = (
            f"  proxy:\n    executable: {stamp}\n    healthy_after: 1s\n    heartbeat: {{ deadline: {deadline}ms }}\n"
            "    intensity: { restarts: 1000, period: 1s }\n"
            f"    environment: {{ STAMP: {mark}, EXEC: {options.build_dir.resolve() / 'roost-proxy'} }}"
        )
        roostd, _ = harness.proxied(options, folder, harness.free_port(), worker)
        times, broken = [], []
        with roostd:
            for _ in range(options.rounds):
                time.sleep(1.5 + random.uniform(0, 1))
                before = harness.read_stamp(mark)
                stopped = harness.kill(before[0], signal.SIGSTOP)
                after = harness.next_stamp(mark, before, "a replacement", deadline / 1000 * 6 + 10)
                times.append((after[1] - stopped) / 1e6)
            calm = harness.wait_for(lambda: running(roostd), "the proxy", pause=0.05)
            starve(options.starve)
            starved = roostd.worker("proxy")
        late = [each for each in times if each > deadline + 100]
        if late:
            broken.append(f"{len(late)} of {len(times)} replacements came later than {deadline} ms + 100 ms")
        if calm["last_exit"]["reason"] != "hung":
            broken.append(f"the last exit's reason is {calm['last_exit']['reason']}, not hung")
        if (starved["restarts"], starved["pid"]) != (calm["restarts"], calm["pid"]):
            broken.append(f"{starved['restarts'] - calm['restarts']} restarts while the machine was busy")
    return {
        "deadline_ms": deadline,
        "stop_to_replacement_ms": harness.summary(times),
        "starved_seconds": options.starve,
        "starved_restarts": starved["restarts"] - calm["restarts"],
        "broken": broken,
    }


def running(roostd):
    worker = roostd.worker("proxy")
    return worker if worker["state"] == "running" and worker["ready"] else None


def starve(seconds):
    """Keeps every core busy with one process each, and one more."""
    loops = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range((os.cpu_count() or 1) + 1)
    ]
    try:
        time.sleep(seconds)
    finally:
        for loop in loops:
            harness.stop(loop)


def show(result):
    print(f"SIGSTOP to the replacement's first instruction, deadline {result['deadline_ms']} ms")
    each = result["stop_to_replacement_ms"]
    harness.table(["ms", *each], [["stopped", *each.values()]])
    print(f"false kills in {result['starved_seconds']} s with every core busy: {result['starved_restarts']}")


if __name__ == "__main__":
    sys.exit(harness.main(__doc__, measure, show, rounds=5, deadline_ms=2000, starve=30))
