#!/usr/bin/env python3
"""Operator restarts by the hundred: descriptors, threads, memory, zombies and files of roostd stay as they were."""

import os
import sys
import time

import harness

WARM_UP = 60  # fills the rings below, so that what grows afterwards is a leak
RINGS = "supervisor: { log: { ring: 64KiB }, events: { ring: 100 } }"
GROWTH = 500_000  # bytes of RSS that the allocator's pools may still take


def measure(options):
    with harness.scratch() as folder:
        program = harness.compiled(folder, "stamp")
        mark = folder / "mark"
        worker = f"  stamp:\n    command: [{program}]\n    environment: {{ STAMP: {mark} }}"
        with harness.Roostd(options, folder, worker, RINGS) as roostd:
            restart(roostd, WARM_UP)
            before = figures(roostd)
            begin = time.monotonic()
            restart(roostd, options.restarts)
            seconds = time.monotonic() - begin
            after = figures(roostd)
            worker = roostd.worker("stamp")
    broken = [
        f"{name}: {before[name]} before, {after[name]} after"
        for name in ("descriptors", "threads", "zombies", "children", "files")
        if after[name] != before[name]
    ]
    if after["zombies"]:
        broken.append(f"{after['zombies']} zombies")
    if after["rss"] > before["rss"] + GROWTH:
        broken.append(f"rss: {before['rss']} before, {after['rss']} after")
    if worker["state"] != "running":
        broken.append(f"the worker is {worker['state']}")
    return {
        "restarts": options.restarts,
        "restart_ms": 1000 * seconds / options.restarts,
        "before": before,
        "after": after,
        "broken": broken,
    }


def restart(roostd, count):
    for _ in range(count):
        roostd.command("restart", "stamp")


def figures(roostd):
    return {
        "descriptors": harness.descriptors(roostd.pid),
        "threads": harness.threads(roostd.pid),
        "rss": harness.memory(roostd.pid)["rss"],
        "zombies": harness.zombies(roostd.pid),
        "children": len(harness.children(roostd.pid)),
        "files": sum(len(names) for place in (roostd.runtime, roostd.folder / "state") for *_, names in os.walk(place)),
    }


def show(result):
    print(f"{result['restarts']} restarts by `roost restart`, {result['restart_ms']:.1f} ms each")
    harness.table(["", "before", "after"], [[name, result["before"][name], result["after"][name]] for name in result["after"]])


if __name__ == "__main__":
    sys.exit(harness.main(__doc__, measure, show, restarts=300))
