"""One folder of sample-data/: cloud, flows, policy, story; how they are written."""

import gzip
import io
import json
import shutil
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from textwrap import dedent, fill

from .aws import Cloud, digest
from .counters import counters
from .flows import Traffic

HOME = Path(__file__).resolve().parent.parent
EXIT_MEANS = {0: "proven", 1: "violated", 3: "unproven"}
TEXT_COLUMNS_OF_NUMBERS = {"version", "srcport", "dstport", "protocol", "tcp-flags", "traffic-path"}
LONG_COLUMNS = {"packets", "bytes", "start", "end"}

S3_PRIVATE = """
    [[claim]]
    id = "s3-private"
    title = "S3 is reached through endpoints only"
    to = ["service:s3"]
    allow = ["via-endpoint-eni", "via-gateway-endpoint"]
"""
DYNAMODB_PRIVATE = """
    [[claim]]
    id = "dynamodb-private"
    title = "DynamoDB is reached through endpoints only"
    to = ["service:dynamodb"]
    allow = ["via-endpoint-eni", "via-gateway-endpoint"]
"""
NO_INTERNET = """
    [[claim]]
    id = "no-internet"
    title = "Nothing goes to the internet"
    to = ["internet"]
    allow = []
"""


def rfc3339(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class World:
    """A situation. Its function in worlds.py fills it."""
    name: str
    title: str
    at: str
    minutes: int = 30
    account: str = "123456789012"
    region: str = "us-east-1"
    parquet: bool = False
    metrics: bool = False  # whether CloudWatch's counters are there too
    seed: str = ""  # another world's name, to have its ids and traffic
    silent: list = field(default_factory=list)
    # What is told of it; set at the end of its function.
    shows: str = ""
    story: str = ""
    picture: str = ""
    because: str = ""
    remedy: str = ""
    policy: list[str] = field(default_factory=list)
    claims: dict[str, str] = field(default_factory=dict)

    def __post_init__(self):
        self.since = int(datetime.fromisoformat(self.at).timestamp())
        self.until = self.since + 60 * self.minutes
        self.cloud = Cloud(self.seed or self.name, self.account, self.region)
        self.traffic = Traffic(self.cloud, self.since, self.minutes)

    def tell(self, *, shows: str, story: str, picture: str, because: str, remedy: str, policy: list[str],
             claims: dict[str, str]) -> "World":
        self.traffic.idle(self.silent)
        self.shows, self.because, self.remedy = shows, dedent(because).strip(), dedent(remedy).strip()
        self.story, self.picture = dedent(story).strip(), dedent(picture).strip("\n")
        self.policy, self.claims = policy, claims
        return self

    @property
    def exit(self) -> int:
        said = set(self.claims.values())
        return 1 if "violated" in said else 3 if "unproven" in said else 0

    @property
    def command(self) -> str:
        here = f"sample-data/{self.name}"
        return (f"flowproof verify {here}/logs --topology {here}/topology.json \\\n"
                f"  --policy {here}/policy.toml --since {rfc3339(self.since)} --until {rfc3339(self.until)}")

    # ---- writing ----

    def write(self) -> None:
        home = HOME / self.name
        home.mkdir(exist_ok=True)
        # Read from the describe calls a while after the window; snapshots hold for the day around them.
        topology = self.cloud.describe(rfc3339(self.until + 25 * 60))
        (home / "topology.json").write_text(json.dumps(topology, indent=1) + "\n")
        (home / "policy.toml").write_text("version = 1\n\n" + "\n".join(dedent(part).strip() + "\n" for part in self.policy))
        (home / "expect.toml").write_text(self._expect())
        if self.metrics:
            records = [values for _, values in self.traffic.records]
            (home / "metrics.json").write_text(counters(topology, records, self.since, self.until, rfc3339))
        (home / "README.md").write_text(self._readme())
        if self.parquet:
            self._write_parquet(home / "logs")
        else:
            shutil.rmtree(home / "logs", ignore_errors=True)
            for path, fields, records in self.objects():
                text = "".join(" ".join(str(record.get(name, "-")) for name in fields) + "\n" for record in records)
                write_bytes(home / "logs" / path, zipped(" ".join(fields) + "\n" + text))

    def objects(self):
        """Path, fields and records of every object: one flow log, five minutes of record ends; more than 14 records make two."""
        groups: dict = {}
        for log, values in self.traffic.records:
            groups.setdefault((log.id, values["end"] // 300 * 300), (log, []))[1].append(values)
        for (_, stamp), (log, records) in sorted(groups.items()):
            records.sort(key=lambda values: (values["end"], values["interface-id"], values.get("srcport", 0)))
            # AWS promises no order.
            self.traffic.random.shuffle(records)
            cut = len(records) if len(records) <= 14 else len(records) // 2
            for part, some in enumerate([records[:cut], records[cut:]]):
                if some:
                    yield self._path(log.id, stamp, part), log.fields, some

    def _path(self, log: str, stamp: int, part: int) -> str:
        when = datetime.fromtimestamp(stamp, timezone.utc)
        account, region = self.account, self.region
        mark = digest(self.name, log, stamp, part)[:8]
        stem = f"{account}_vpcflowlogs_{region}_{log}_{when:%Y%m%dT%H%M}Z_{mark}.log"
        if self.parquet:
            return (f"AWSLogs/aws-account-id={account}/aws-service=vpcflowlogs/aws-region={region}/"
                    f"year={when:%Y}/month={when:%m}/day={when:%d}/hour={when:%H}/{stem}.parquet")
        return f"AWSLogs/{account}/vpcflowlogs/{region}/{when:%Y/%m/%d}/{stem}.gz"

    def _write_parquet(self, logs: Path) -> None:
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError:
            print(f"{self.name}: no pyarrow, so its logs stay as they are")
            return
        def kind(name: str):
            number = pyarrow.int64() if name in LONG_COLUMNS else pyarrow.int32()
            return number if name in TEXT_COLUMNS_OF_NUMBERS | LONG_COLUMNS else pyarrow.string()
        shutil.rmtree(logs, ignore_errors=True)
        for path, fields, records in self.objects():
            columns = {}
            for name in fields:
                values = [record.get(name, "-") for record in records]
                if kind(name) != pyarrow.string():
                    values = [None if value == "-" else int(value) for value in values]
                columns[name.replace("-", "_")] = pyarrow.array(values, kind(name))
            buffer = io.BytesIO()
            pyarrow.parquet.write_table(pyarrow.table(columns), buffer, compression="gzip", store_schema=False)
            write_bytes(logs / path, buffer.getvalue())

    def _expect(self) -> str:
        claims = ", ".join(f'"{id}" = "{word}"' for id, word in self.claims.items())
        return (f'args = ["--since", "{rfc3339(self.since)}", "--until", "{rfc3339(self.until)}"]\n'
                f"exit = {self.exit}\nclaims = {{ {claims} }}\n")

    def _readme(self) -> str:
        outcomes = ", ".join(f"`{id}` {word}" for id, word in self.claims.items())
        wrap = lambda text: fill(text, 128, break_long_words=False, break_on_hyphens=False)
        outcome = wrap(f"**Exit {self.exit}: {EXIT_MEANS[self.exit]}** ({outcomes}). {self.because}")
        counted = wrap(f"`--metrics sample-data/{self.name}/metrics.json` compares CloudWatch's counters too: they agree.") + "\n\n"
        return (f"# {self.title}\n\n{self.story}\n\n```text\n{self.picture}\n```\n\n```sh\n{self.command}\n```\n\n"
                f"{outcome}\n\n{counted if self.metrics else ''}{wrap(f'**What to do:** {self.remedy}')}\n")


def zipped(text: str) -> bytes:
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, compresslevel=9, mtime=0) as file:
        file.write(text.encode())
    return buffer.getvalue()


def write_bytes(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def write_index(made: list[World]) -> None:
    rows = "".join(
        f"| [{world.name}]({world.name}/README.md) | {world.shows} | "
        f"{', '.join(f'`{id}` {word}' for id, word in world.claims.items())} | {world.exit} |\n" for world in made)
    text = f"""\
# Sample data: one small world per situation

Each folder is an account small enough to read: flow logs under `logs/` with the keys and gzip files that AWS delivers,
`topology.json` as `aws ec2 describe-*` prints it, a `policy.toml`, a `README.md` with the story, and `expect.toml` with what
`flowproof verify` has to say. Accounts, ids and traffic are invented; AWS's own addresses and prefix-list ids are real.

Every world runs with the same command; `--since` and `--until` stand in its `expect.toml` and, ready to copy, in its README:

```sh
{made[1].command}
```

| world | what it shows | outcome | exit |
| --- | --- | --- | --- |
{rows}
Exit codes: 0 proven, 1 violated, 3 unproven. All of it is written by [`make.py`](make.py), which also checks it:
`python3 sample-data/make.py`, Python 3.11, no packages. Only `parquet/logs` needs pyarrow 26; without it, the committed files stay.
A new world is one function in [`make/worlds.py`](make/worlds.py).
"""
    (HOME / "README.md").write_text(text)
