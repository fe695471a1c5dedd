#!/usr/bin/env python3
"""Wall time of `roost status`, from fork to exit, beside a program that does nothing."""

import subprocess
import sys
import time

import harness


def measure(options):
    with harness.scratch() as folder:
        nothing = harness.compiled(folder, "load")  # ends at once without arguments
        roostd, _ = harness.proxied(options, folder, harness.free_port())
        with roostd:
            commands = {
                "roost status": [options.build_dir / "roost", "--runtime", roostd.runtime, "status"],
                "roost status --json": [options.build_dir / "roost", "--runtime", roostd.runtime, "status", "--json"],
                "nothing (static C)": [nothing],
            }
            samples = {name: [] for name in commands}
            for _ in range(options.rounds):
                for name, command in commands.items():
                    begin = time.monotonic_ns()
                    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                    samples[name].append((time.monotonic_ns() - begin) / 1e6)
    figures = {name: harness.summary(values) for name, values in samples.items()}
    median = figures["roost status"]["median"]
    return {"wall_ms": figures, "broken": [f"roost status takes {median:.1f} ms, aim 15"] if median >= 15 else []}


def show(result):
    rows = [[name, *each.values()] for name, each in result["wall_ms"].items()]
    harness.table(["wall time, ms", "n", "min", "median", "p95", "max"], rows)


if __name__ == "__main__":
    sys.exit(harness.main(__doc__, measure, show, rounds=50))
