#!/usr/bin/env python3
"""Races flowproof against the floor (decompression alone, a Parquet read alone) and against DuckDB, Polars and chdb on the same files.

    python3 benches/race/race.py                  everything, some 20 minutes
    python3 benches/race/race.py --quick          flowproof and the floor only
    python3 benches/race/race.py --only start     one part: text29, text14, parquet, classify, threads, sizes, start

Everybody's counts and bytes by path are compared with what the generator meant, so that a fast wrong answer shows. Rounds are interleaved;
a ratio is the median of the rounds' ratios; CPU seconds are user and system time of the whole process (of a peer without the start of Python).
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

from contest import Runner, race, ratio
from logs import Logs

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PEERS = ["duckdb==2.0.1", "polars==2.1.0", "chdb==4.4.0"]
PARTS = ["text29", "text14", "parquet", "classify", "threads", "sizes", "start"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="flowproof and the floor only")
    parser.add_argument("--only", action="append", choices=PARTS, help="one part, repeatable")
    parser.add_argument("--records", type=int, default=4_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--data", type=pathlib.Path, default=ROOT / "target/race-data", help="where the logs are kept")
    parser.add_argument("--flowproof", type=pathlib.Path, help="a release binary; default: builds one")
    parser.add_argument("--tools", type=pathlib.Path, help="folder with `generate` and `floor`; default: builds them")
    return parser.parse_args()


# What is read and not looked at.
FLOORS = {
    "gunzip": "libdeflate alone",
    "gunzip-fresh": "libdeflate alone, a new buffer a file",
    "parquet": "Parquet read alone",
}


class Race:
    """What all parts have in common."""

    def __init__(self, args):
        self.args = args
        self.flowproof, self.tools = args.flowproof, args.tools
        if not self.flowproof:
            subprocess.run(["cargo", "build", "--release", "--bin", "flowproof"], cwd=ROOT, check=True)
            self.flowproof = ROOT / "target/release/flowproof"
        if not self.tools:
            subprocess.run(["cargo", "build", "--release", "--manifest-path", HERE / "Cargo.toml", "--target-dir", ROOT / "target/race"], check=True)
            self.tools = ROOT / "target/race/release"
        self.scratch = args.data / f"scratch-{os.getpid()}"
        self.scratch.mkdir(parents=True, exist_ok=True)

    def logs(self, delivery, records=None):
        return Logs(self.args.data, self.tools / "generate", delivery, records or self.args.records)

    def verify(self, logs, threads=None):
        threads = threads or self.args.threads
        evidence = self.scratch / "evidence.json"
        command = [self.flowproof, "verify", "--quiet", "--threads", threads, logs.source]
        command += ["--topology", logs.topology, "--evidence", evidence]

        def check(code, _answer):
            # All of S3 takes the endpoint, and some of the rest goes to the internet.
            if code != 1:
                return f"exit code {code}"
            totals = json.loads(evidence.read_text())["totals"]
            by_answer = {
                f"{vantage} {path}": (sums["flows"], sums["bytes"])
                for vantage, paths in totals["by_vantage"].items()
                for path, sums in paths.items()
            }
            return logs.complaint(totals["records"], totals["nodata"], totals["rejected"], by_answer)

        return Runner(f"flowproof verify, {threads} threads", command, check)

    def floor(self, kind, logs, expected, threads=None):
        command = [self.tools / "floor", "--threads", threads or self.args.threads, kind, *logs.files]

        def check(code, answer):
            return None if code == 0 and int(answer) == expected else f"exit code {code}, {answer}"

        return Runner(FLOORS[kind], command, check)

    def peer(self, name, logs, copy=None):
        command = [self.python(), HERE / "peer.py", name, "--threads", self.args.threads, "--source", logs.source]
        command += ["--topology", logs.topology, "--ranges", ROOT / "assets/ip-ranges.json.gz"]
        command += ["--copy", copy] if copy else []

        def check(code, answer):
            if code != 0:
                return f"exit code {code}"
            told = json.loads(answer)
            return logs.complaint(told["records"], told["nodata"], told["rejected"], told["by_answer"])

        return Runner(name, command, check)

    def python(self):
        """An environment of the race's own, with the peers."""
        venv = ROOT / "target/race-venv"
        stamp, wanted = venv / "peers.txt", "\n".join(PEERS)
        if not stamp.exists() or stamp.read_text() != wanted:
            subprocess.run([sys.executable, "-m", "venv", venv], check=True)
            subprocess.run([venv / "bin/pip", "install", "--quiet", *PEERS], check=True)
            stamp.write_text(wanted)
        return venv / "bin/python"

    def peers(self, names, logs, copy=None):
        return [] if self.args.quick else [self.peer(name, logs, copy) for name in names]

    def text29(self):
        logs = self.logs("text29")
        self.against(f"29 fields, text.gz: {size_of(logs)}", self.verify(logs), self.unzipping(logs), self.peers(["duckdb", "polars"], logs))

    def text14(self):
        logs = self.logs("text14")
        self.against(f"14 fields, text.gz: {size_of(logs)}", self.verify(logs), self.unzipping(logs), [])

    def parquet(self):
        logs = self.logs("parquet29")
        floors = [self.floor("parquet", logs, logs.records)]
        self.against(f"29 fields, Parquet: {size_of(logs)}", self.verify(logs), floors, self.peers(["duckdb", "polars", "chdb"], logs))

    def unzipping(self, logs):
        return [self.floor(kind, logs, logs.text_bytes) for kind in ("gunzip", "gunzip-fresh")]

    def against(self, title, ours, floors, peers):
        race(title, [ours, *floors, *peers], self.args.rounds, ours)
        for floor in floors:
            print(f"\nflowproof uses {ratio(floor, ours):.2f} times the CPU of {floor.name}")

    def classify(self):
        logs = self.logs("text29")
        out = self.scratch / "classified.parquet"
        command = [self.flowproof, "classify", "--quiet", "--threads", self.args.threads, logs.source, "--topology", logs.topology, "--output", out]
        ours = Runner("flowproof classify to Parquet", command, lambda code, _: None if code == 0 else f"exit code {code}")
        self.against(f"classify, 29 fields, text.gz to Parquet (zstd): {size_of(logs)}", ours, self.unzipping(logs), self.peers(["duckdb"], logs, self.scratch / "copied.parquet"))
        for file in self.scratch.glob("*.parquet"):
            print(f"{file.name}: {file.stat().st_size / 1e6:.1f} MB")

    def threads(self):
        logs = self.logs("text29")
        one, two = self.verify(logs, 1), self.verify(logs, 2)
        race(f"1 to 2 threads: {size_of(logs)}", [one, two], self.args.rounds, one)
        print(f"\n2 threads are {1 / ratio(one, two, 'wall_s'):.2f} times as fast as one, for {ratio(one, two):.2f} times the CPU")

    def sizes(self):
        runners = [(records, self.verify(self.logs("text29", records))) for records in (1_000_000, 4_000_000, 16_000_000)]
        for records, runner in runners:
            runner.name = f"{records:,} records"
        race("1 M to 16 M records, 29 fields", [runner for _, runner in runners], self.args.rounds, runners[0][1])
        for records, runner in runners:
            print(f"\n{records:,}: {runner.median_cpu_s() / records * 1e9:.0f} ns of CPU a record, peak {max(runner.peak_mib):.0f} MiB")

    def start(self):
        ours = self.verify(self.logs("text29", 1_000))
        race("start to verdict, 1,000 records", [ours], max(self.args.rounds, 21), ours)
        print(f"\nmedian {statistics.median(ours.wall_s) * 1e3:.1f} ms, best {min(ours.wall_s) * 1e3:.1f} ms; CPU {ours.median_cpu_s() * 1e3:.1f} ms")


def size_of(logs):
    return f"{logs.records:,} records, {logs.text_bytes / 1e6:.0f} MB of text in {len(logs.files)} files of {logs.stored_bytes / 1e6:.0f} MB"


def main():
    args = arguments()
    contest = Race(args)
    try:
        for part in args.only or PARTS:
            getattr(contest, part)()
    finally:
        for file in contest.scratch.iterdir():
            file.unlink()
        contest.scratch.rmdir()


if __name__ == "__main__":
    main()
