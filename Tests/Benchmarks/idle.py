#!/usr/bin/env python3
"""Memory and wake-ups of idle supervisors, one worker each; roostd with a proxy worker.

RSS, PSS and USS of the supervisor's process, and its context switches a minute, voluntary and not, over all threads.
"""

import sys
import time

import harness
import peers


def measure(options):
    with harness.scratch() as folder:
        program = harness.compiled(folder, "stamp")
        watched, stops, skipped = {}, [], []
        try:
            for kind in peers.PEERS:
                try:
                    peer = kind(folder, program)
                    peer.start()
                    stops.append(peer.stop)
                    watched[peer.name] = peer.supervisor()
                except harness.Skipped as reason:
                    skipped.append(f"{kind.name}: {reason}")
            try:
                (folder / "roost").mkdir()
                roostd, _ = harness.proxied(options, folder / "roost", harness.free_port())
                roostd.__enter__()
                stops.append(roostd.__exit__)
                watched["roost"] = roostd.pid
                watched["roost-proxy"] = roostd.worker("proxy")["pid"]
            except harness.Skipped as reason:
                skipped.append(f"roost: {reason}")
            time.sleep(options.settle)
            before = {name: harness.context_switches(pid) for name, pid in watched.items()}
            time.sleep(options.seconds)
            figures = {
                name: {
                    **harness.memory(pid),
                    "threads": harness.threads(pid),
                    "switches_per_minute": (harness.context_switches(pid) - before[name]) * 60 / options.seconds,
                }
                for name, pid in watched.items()
            }
        finally:
            for stop in stops:
                stop()
    broken = []
    if "roost" in figures:
        if figures["roost"]["threads"] != 1:
            broken.append(f"roostd has {figures['roost']['threads']} threads")
        if figures["roost"]["rss"] > 10e6:
            broken.append(f"roostd has {figures['roost']['rss'] / 1e6:.1f} MB resident, aim 10")
        if figures["roost"]["switches_per_minute"] > 75:
            broken.append(f"roostd wakes {figures['roost']['switches_per_minute']:.0f} times a minute, aim 75")
    return {"idle": figures, "seconds": options.seconds, "skipped": skipped, "broken": broken}


def show(result):
    print(f"Idle, one worker each, over {result['seconds']} s")
    rows = [
        [name, *(harness.megabytes(each[key]) for key in ("rss", "pss", "uss")), each["threads"],
         round(each["switches_per_minute"])]
        for name, each in sorted(result["idle"].items(), key=lambda item: item[1]["rss"])
    ]
    harness.table(["process", "RSS MB", "PSS MB", "USS MB", "threads", "switches/min"], rows)
    for line in result["skipped"]:
        print("skipped:", line)


if __name__ == "__main__":
    sys.exit(harness.main(__doc__, measure, show, seconds=60, settle=5))
