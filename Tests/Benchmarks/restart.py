#!/usr/bin/env python3
"""SIGKILL of a worker to the first instruction of its replacement, side by side.

The worker stamps CLOCK_MONOTONIC itself, so polling for the stamp adds nothing. All supervisors run at the same time and
are hit in turn, in an order that is shuffled each round; between two kills of one lie more than two seconds and a random
part, because s6 and runit hold back within the first second, and nobody's poll loop shall be hit in step.
"""

import random
import sys
import time

import harness
import peers

SPACING = 2.2


def measure(options):
    with harness.scratch() as folder:
        program = harness.compiled(folder, "stamp")
        running, skipped = peers.started(folder, program, options)
        samples = {peer.name: [] for peer in running}
        last = {peer.name: time.monotonic() for peer in running}
        try:
            for _ in range(options.rounds):
                for peer in random.sample(running, len(running)):
                    pause = last[peer.name] + SPACING - time.monotonic()
                    time.sleep(max(0, pause) + random.uniform(0, 1.0 / len(running)))
                    samples[peer.name].append(one(peer) / 1e6)
                    last[peer.name] = time.monotonic()
        finally:
            peers.stop_all(running)
    figures = {name: {**harness.summary(values), "samples": values} for name, values in samples.items()}
    reference = figures.get("runit", {}).get("median")
    for each in figures.values():
        each["of_runit"] = each["median"] / reference if reference else None
    return {"kill_to_first_instruction_ms": figures, "skipped": skipped}


def one(peer):
    """Nanoseconds from one kill to the replacement's stamp."""
    before = harness.read_stamp(peer.stamp)
    pid = peer.worker()
    killed = harness.kill(pid)
    after = harness.next_stamp(peer.stamp, before, f"{peer.name}: a replacement")
    return after[1] - killed


def show(result):
    rows = []
    for name, each in sorted(result["kill_to_first_instruction_ms"].items(), key=lambda item: item[1]["median"]):
        ratio = f"{each['of_runit']:.2f}x" if each["of_runit"] else "-"
        rows.append([name, each["n"], each["min"], each["median"], each["p95"], each["max"], ratio])
    print("SIGKILL to the replacement's first instruction, ms")
    harness.table(["supervisor", "n", "min", "median", "p95", "max", "of runit"], rows)
    for line in result["skipped"]:
        print("skipped:", line)


if __name__ == "__main__":
    sys.exit(harness.main(__doc__, measure, show, rounds=25))
