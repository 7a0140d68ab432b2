"""Runs commands in turns and tells what each used: seconds, CPU seconds of the whole process, peak memory."""

import json
import os
import statistics
import subprocess
import tempfile
import time


class Runner:
    """A command and how its answer is checked."""

    def __init__(self, name, command, check):
        self.name, self.command, self.check = name, [str(word) for word in command], check
        self.wall_s, self.cpu_s, self.peak_mib = [], [], []

    def run(self):
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            begin = time.perf_counter()
            child = subprocess.Popen(self.command, stdout=out, stderr=err)
            _, status, used = os.wait4(child.pid, 0)
            wall_s = time.perf_counter() - begin
            child.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0), err.seek(0)
            answer, said = out.read().decode(), err.read().decode()
        complaint = self.check(child.returncode, answer)
        if complaint:
            raise SystemExit(f"{self.name}: {complaint}\n{' '.join(self.command)}\n{said[-2000:]}")
        # A peer tells what it used without Python's own start.
        told = json.loads(answer) if answer.startswith("{") else {}
        self.wall_s.append(told.get("wall_s", wall_s))
        self.cpu_s.append(told.get("cpu_s", used.ru_utime + used.ru_stime))
        self.peak_mib.append(used.ru_maxrss / 1024)

    def median_cpu_s(self):
        return statistics.median(self.cpu_s)


def ratio(one, other, measure="cpu_s"):
    """The median of the ratios of paired rounds: what else the machine does hits both."""
    return statistics.median(b / a for a, b in zip(getattr(one, measure), getattr(other, measure)))


def race(title, runners, rounds, base):
    """Interleaved rounds after one to warm up; prints a table with ratios to the runner `base`."""
    for number in range(rounds + 1):
        for runner in runners:
            runner.run()
            if number == 0:
                runner.wall_s, runner.cpu_s, runner.peak_mib = [], [], []
    print(f"\n### {title}\n")
    print("| who | CPU s | seconds | peak MiB | CPU, times ours |" if base.name.startswith("flowproof") else "| who | CPU s | seconds | peak MiB | CPU, times the first |")
    print("| --- | --- | --- | --- | --- |")
    for runner in runners:
        print(
            f"| {runner.name} | {runner.median_cpu_s():.3f} ({min(runner.cpu_s):.3f} to {max(runner.cpu_s):.3f}) "
            f"| {statistics.median(runner.wall_s):.3f} | {max(runner.peak_mib):.0f} | {ratio(base, runner):.2f} |",
            flush=True,
        )
