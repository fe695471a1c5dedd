#!/usr/bin/env python3
"""SIGKILL of roostd under load, without a service manager: nobody may notice.

32 connections send one request after the other through the proxy while roostd is killed at random instants and started
again. No request may fail, the proxy keeps its pid, and no process comes twice. The adoption is timed from the first
instruction of the new roostd to its log line that says so.
"""

import array
import json
import os
import random
import signal
import subprocess
import sys
import time

import harness

CONNECTIONS = 32


class Orphaned(harness.Roostd):
    """A roostd that nobody but this program starts again."""

    def __enter__(self):
        self.mark = self.folder / "roostd.mark"
        self.stamp = harness.compiled(self.folder, "stamp")
        self.environment = {**self.environment, "STAMP": str(self.mark), "EXEC": str(self.build / "roostd")}
        self.log = open(self.folder / "roostd.log", "ab")
        self.begin()
        harness.wait_for(self.answers, "roostd", 30)
        return self

    def begin(self):
        clean = {name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"}
        self.process = subprocess.Popen(
            [self.stamp, "--config", self.config / "roost.yaml", "--state", self.folder / "state", "--runtime",
             self.runtime],
            stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL, env={**clean, **self.environment},
        )

    def answers(self):
        try:
            return self.status()["supervisor"]["state"] == "running"
        except (RuntimeError, json.JSONDecodeError, subprocess.TimeoutExpired):
            return False

    def __exit__(self, *_):
        self.status_at_end = harness.stop(self.process, 40)
        self.log.close()

    def lines(self, text):
        return [json.loads(line) for line in (self.folder / "roostd.log").read_text(errors="replace").splitlines()
                if text in line and line.startswith("{")]


def measure(options):
    with harness.scratch() as folder:
        load = harness.compiled(folder, "load")
        backend_port = harness.free_port()
        backend = subprocess.Popen([load, "serve", str(backend_port)])
        try:
            port = harness.free_port()
            rule = ('name: bench\nmatch: { path: { prefix: / } }\n'
                    f'backends: [ {{ url: "http://127.0.0.1:{backend_port}" }} ]\n')
            roostd = Orphaned(options, folder, "  proxy: {}", f"proxy:\n  listen: 127.0.0.1:{port}", {"bench": rule})
            with roostd:
                result = under_load(options, load, folder / "records", port, roostd)
            result["broken"] += [] if roostd.status_at_end == 0 else [f"roostd ended with {roostd.status_at_end}"]
            left = [name for name in os.listdir(roostd.runtime) if name != "roostd.lock"]
            result["broken"] += [f"left behind: {left}"] if left else []
        finally:
            harness.stop(backend)
        return result


def under_load(options, load, records, port, roostd):
    before = roostd.worker("proxy")
    driver = subprocess.Popen([load, "drive", str(port), str(CONNECTIONS), records], stdout=subprocess.DEVNULL)
    adoptions, broken = [], []
    try:
        time.sleep(0.5)
        for number in range(options.kills):
            old = harness.read_stamp(roostd.mark)
            harness.kill(roostd.pid)
            roostd.process.wait()
            time.sleep(random.uniform(0, 0.1))
            roostd.begin()
            started = harness.next_stamp(roostd.mark, old, "the next roostd")
            line = harness.wait_for(
                lambda: next((each for each in roostd.lines("took over from") if each["pid"] == started[0]), None),
                "an adoption",
            )
            adoptions.append((line["metadata"]["monotonic_ns"] - started[1]) / 1e6)
            time.sleep(random.uniform(0, options.spacing))
        harness.wait_for(roostd.answers, "roostd", 30)
        after = roostd.worker("proxy")
    finally:
        driver.send_signal(signal.SIGTERM)
        driver.wait()
    if after["pid"] != before["pid"] or after["restarts"] != before["restarts"]:
        broken.append(f"the proxy was {before['pid']} and is {after['pid']} with {after['restarts']} restarts")
    numbers = array.array("q")
    with open(records, "rb") as file:
        numbers.frombytes(file.read())
    outcomes = [numbers[index] for index in range(0, len(numbers), 5)]
    failed = sum(1 for outcome in outcomes if outcome)
    if failed:
        broken.append(f"{failed} of {len(outcomes)} requests failed")
    if outcomes.count(0) < 100:
        broken.append("there was no load")
    return {"kills": options.kills, "served": outcomes.count(0), "failed": failed,
            "adoption_ms": harness.summary(adoptions), "broken": broken}


def show(result):
    print(f"{result['kills']} kills of roostd under load: served {result['served']}, failed {result['failed']}")
    row = [result["adoption_ms"].get(each, "-") for each in ("n", "min", "median", "p95", "p99", "max")]
    harness.table(["ms", "n", "min", "median", "p95", "p99", "max"], [["exec to adopted", *row]])


if __name__ == "__main__":
    sys.exit(harness.main(__doc__, measure, show, kills=20, spacing=0.5))
