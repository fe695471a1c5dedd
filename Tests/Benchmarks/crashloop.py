#!/usr/bin/env python3
"""Five workers crash in a loop beside a proxy that serves: CPU of the whole, and whether anything is lost.

The whole is roostd and every child that it has waited for, the crashing ones included; the proxy, which serves, counts
for itself. Each crasher ends at once with status 1 and is quarantined by the shipped policy.
"""

import http.client
import subprocess
import sys
import time

import harness

CRASHERS = 5


def measure(options):
    with harness.scratch() as folder:
        load = harness.compiled(folder, "load")
        # Without arguments it ends at once with status 64; static, so that the crash itself costs little.
        crashers = "\n".join(
            f"  crash{number}:\n    command: [{load}]\n    intensity: {{ restarts: {options.restarts}, period: 60s }}"
            for number in range(CRASHERS)
        )
        backend_port = harness.free_port()
        backend = subprocess.Popen([load, "serve", str(backend_port)])
        try:
            roostd, port = harness.proxied(options, folder, backend_port, "  proxy: {}\n" + crashers)
            with roostd:
                begin, cpu = time.monotonic(), harness.cpu_seconds(roostd.pid)
                served, failed = ask(port, options.seconds)
                share = 100 * (harness.cpu_seconds(roostd.pid) - cpu) / (time.monotonic() - begin)
                status = roostd.status()
        finally:
            harness.stop(backend)
    states = {each["name"]: each["state"] for each in status["workers"]}
    restarts = {each["name"]: each["restarts"] for each in status["workers"]}
    broken = []
    if share >= 5:
        broken.append(f"the whole took {share:.1f} % of a core")
    if failed:
        broken.append(f"{failed} requests failed meanwhile")
    if restarts["proxy"]:
        broken.append(f"the proxy was restarted {restarts['proxy']} times")
    loose = [name for name, state in states.items() if name != "proxy" and state != "quarantined"]
    if loose:
        broken.append(f"not quarantined after {options.seconds} s: {', '.join(loose)}")
    return {
        "cpu_percent_of_a_core": share,
        "seconds": options.seconds,
        "served": served,
        "failed": failed,
        "states": states,
        "restarts": restarts,
        "broken": broken,
    }


def ask(port, seconds):
    """One request every 50 ms on one kept connection; gives how many were served and how many failed."""
    served = failed = 0
    end = time.monotonic() + seconds
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    while time.monotonic() < end:
        try:
            connection.request("GET", "/")
            answer = connection.getresponse()
            answer.read()
            served += answer.status == 200
            failed += answer.status != 200
        except OSError:
            failed += 1
            connection.close()
        time.sleep(0.05)
    connection.close()
    return served, failed


def show(result):
    print(
        f"{CRASHERS} workers in a crash loop for {result['seconds']} s: {result['cpu_percent_of_a_core']:.2f} % of a core, "
        f"{result['served']} requests served, {result['failed']} failed"
    )
    harness.table(["worker", "state", "restarts"], [[n, s, result["restarts"][n]] for n, s in result["states"].items()])


if __name__ == "__main__":
    sys.exit(harness.main(__doc__, measure, show, seconds=30, restarts=5))
