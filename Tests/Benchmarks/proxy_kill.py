#!/usr/bin/env python3
"""SIGKILL of the proxy under load: which requests fail, and how long until requests are served again.

32 connections send one request after the other. A failure counts as in flight when its connection was begun before the
kill; nothing else may fail, and no connection may be refused. The proxy is started through programs/stamp.c, which
stamps its first instruction and becomes the proxy.
"""

import array
import random
import signal
import subprocess
import sys
import time

import harness

CONNECTIONS = 32
OUTCOMES = ["served", "refused", "reset", "status", "timeout", "other"]


def measure(options):
    with harness.scratch() as folder:
        load, stamp = harness.compiled(folder, "load"), harness.compiled(folder, "stamp")
        backend_port = harness.free_port()
        mark = folder / "mark"
        worker = (
            f"  proxy:\n    executable: {stamp}\n    healthy_after: 1s\n"
            "    intensity: { restarts: 1000, period: 1s }\n"
            f"    environment: {{ STAMP: {mark}, EXEC: {options.build_dir.resolve() / 'roost-proxy'} }}"
        )
        backend = subprocess.Popen([load, "serve", str(backend_port)])
        try:
            roostd, port = harness.proxied(options, folder, backend_port, worker)
            with roostd:
                kills = under_load(options, load, folder / "records", port, mark)
                restarts = roostd.worker("proxy")["restarts"]
            stop_status = roostd.status_at_end
        finally:
            harness.stop(backend)
        return judge(folder / "records", kills, restarts, stop_status)


def under_load(options, load, records, port, mark):
    """Kills the proxy again and again; gives (killed, stamped) instants."""
    driver = subprocess.Popen([load, "drive", str(port), str(CONNECTIONS), records], stdout=subprocess.DEVNULL)
    try:
        time.sleep(1)
        kills = []
        for _ in range(options.kills):
            before = harness.read_stamp(mark)
            killed = harness.kill(before[0])
            after = harness.next_stamp(mark, before, "a replacement of the proxy")
            kills.append((killed, after[1]))
            time.sleep(options.spacing + random.uniform(0, 0.3))
        return kills
    finally:
        driver.send_signal(signal.SIGTERM)
        driver.wait()


def judge(path, kills, restarts, stop_status):
    numbers = array.array("q")
    with open(path, "rb") as file:
        numbers.frombytes(file.read())
    served, counts, unexplained = [], dict.fromkeys(OUTCOMES, 0), []
    in_flight = 0
    for index in range(0, len(numbers), 5):
        outcome, opened, begun, ended, detail = numbers[index:index + 5]
        counts[OUTCOMES[outcome]] += 1
        if outcome == 0:
            served.append((opened, ended))
        elif outcome == 2 and any(opened <= killed <= ended for killed, _ in kills):
            in_flight += 1
        else:
            unexplained.append({"outcome": OUTCOMES[outcome], "detail": detail, "begun": begun, "ended": ended})
    spawned = [(stamped - killed) / 1e6 for killed, stamped in kills]
    served.sort()
    next_served = []
    for number, (killed, _) in enumerate(kills):
        until = kills[number + 1][0] if number + 1 < len(kills) else sys.maxsize
        answers = [ended for opened, ended in served if killed < opened < until]
        if answers:
            next_served.append((min(answers) - killed) / 1e6)
    broken = []
    if counts["refused"]:
        broken.append(f"{counts['refused']} connections were refused")
    if unexplained:
        broken.append(f"{len(unexplained)} requests failed that were not in flight at a kill: {unexplained[:3]}")
    if in_flight > CONNECTIONS * len(kills):
        broken.append(f"{in_flight} requests in flight at {len(kills)} kills with {CONNECTIONS} connections")
    if len(next_served) != len(kills):
        broken.append(f"after {len(kills) - len(next_served)} kills nothing was served")
    if restarts != len(kills):
        broken.append(f"{restarts} restarts for {len(kills)} kills")
    if stop_status != 0:
        broken.append(f"roostd ended with {stop_status}")
    return {
        "kills": len(kills),
        "counts": counts,
        "in_flight": in_flight,
        "kill_to_spawned_ms": harness.summary(spawned),
        "kill_to_next_served_ms": harness.summary(next_served),
        "broken": broken,
    }


def show(result):
    counts = ", ".join(f"{name} {count}" for name, count in result["counts"].items())
    print(f"{result['kills']} kills of the proxy under load: {counts}; in flight at a kill {result['in_flight']}")
    rows = [
        [name, *(result[key].get(each, "-") for each in ("n", "min", "median", "p95", "max"))]
        for name, key in (("kill to spawned", "kill_to_spawned_ms"), ("kill to next served", "kill_to_next_served_ms"))
    ]
    harness.table(["ms", "n", "min", "median", "p95", "max"], rows)


if __name__ == "__main__":
    sys.exit(harness.main(__doc__, measure, show, kills=20, spacing=1.2))
