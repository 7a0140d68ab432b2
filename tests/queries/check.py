"""Checks the Athena versions of the queries: by two parsers, and by DuckDB, whose answers are compared with those that are kept.

check.py VENV FOLDER: makes the venv if it is missing. FOLDER has a folder for each world, with flows.parquet (as `classify` writes it)
and the small tables. Ends with 3 if this machine cannot have the packages, with 1 if a query is wrong.
"""

import csv
import fcntl
import os
import pathlib
import re
import subprocess
import sys

PACKAGES = ["sqlglot==30.30.0", "trino-sql-validator==0.23.0", "duckdb==2.0.1"]
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ATHENA = ROOT / "queries" / "athena"
# DuckDB has no type for a CIDR; both are parsed, and ours are run.
NOT_RUN = {"cross-region-service-traffic", "path-disagreements"}
TYPES = {"int": "INTEGER", "bigint": "BIGINT", "string": "VARCHAR"}


def venv(folder):
    marker = folder / "flowproof-ready"
    ready = "\n".join([str(folder), *PACKAGES])
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (marker.is_file() and marker.read_text() == ready):
            for command in (
                [sys.executable, "-m", "venv", "--clear", folder],
                [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES],
            ):
                if subprocess.run(command, stdout=sys.stderr).returncode != 0:
                    sys.exit(3)
            marker.write_text(ready)
    return folder / "bin" / "python"


def parse(wrong):
    import sqlglot
    import trino_sql_validator

    for text in ("SELECT a FROM t WHERE", "SELEC 1", "SELECT a b c FROM t"):
        if trino_sql_validator.validate(text).valid:
            wrong.append(f"the parser takes anything: {text}")
    for file in sorted(ATHENA.glob("*.sql")):
        text = file.read_text()
        table = "CREATE EXTERNAL TABLE" in text
        judged = trino_sql_validator.validate(text, dialect="hive" if table else "trino")
        if not judged.valid or judged.statement_count != 1:
            wrong.append(f"{file.name}: {judged}: {judged.error}")
        try:
            kinds = [type(tree).__name__ for tree in sqlglot.parse(text, dialect="athena")]
        except sqlglot.errors.SqlglotError as error:
            kinds = [str(error)]
        expected = ["Create"] if file.name.startswith("create-") else ["Select"]
        if kinds not in (expected, ["Union"]):
            wrong.append(f"{file.name}: {kinds}")


def opened(folder):
    """A database with the tables and the view as Athena would have them."""
    import duckdb
    import sqlglot

    db = duckdb.connect()
    db.sql("SET TimeZone = 'UTC'")
    db.sql(f"CREATE TABLE classified AS SELECT * FROM '{folder}/flows.parquet'")
    have = {row[0] for row in db.sql("DESCRIBE classified").fetchall()}
    columns = re.findall(r"^  `(\w+)` (\w+)", (ATHENA / "create-table-parquet.sql").read_text(), re.M)
    cells = []
    for name, kind in columns:
        # The logs' own columns; partition columns and fields that the log lacks are not in the file.
        value = "'2026/08/15'" if name == "day" else f'"{name}"' if name in have else "NULL"
        cells.append(f'CAST({value} AS {TYPES[kind]}) AS "{name}"')
    db.sql(f"CREATE TABLE vpc_flow_logs AS SELECT {', '.join(cells)} FROM classified")
    for file in folder.glob("*.parquet"):
        if file.stem != "flows":
            db.sql(f"CREATE TABLE flowproof_{file.stem} AS SELECT * FROM '{file}'")
    db.sql(sqlglot.transpile((ATHENA / "create-view.sql").read_text(), read="athena", write="duckdb")[0])
    answers = {}
    for file in ATHENA.glob("*.sql"):
        if not file.name.startswith("create-") and file.stem not in NOT_RUN:
            answer = db.sql(sqlglot.transpile(file.read_text(), read="athena", write="duckdb")[0])
            answers[file.stem] = [dict(zip(answer.columns, row)) for row in answer.fetchall()]
    return db, answers


def kept(query, world):
    with open(ROOT / "tests" / "golden-queries" / f"{query}.{world}.csv", newline="") as file:
        return list(csv.DictReader(file))


def cells(rows, *names):
    return sorted(tuple("" if row[name] is None else str(row[name]) for name in names) for row in rows)


def compare(folder, wrong):
    def same(title, one, other):
        if one != other or not one:
            wrong.append(f"{title}: {one} and {other}")

    db, told = opened(folder / "forgotten-route-table")
    ours = kept("leaks-by-workload", "forgotten-route-table")
    names = ("workload", "name", "instance_id", "vpc_id", "subnet_id", "service", "path", "via", "destinations")
    same("leaks", cells(ours, *names), cells(told["leaks-by-workload"], *names))
    # Counted without the engine of ours: at the workloads' interfaces, both ways.
    sql = "SELECT sum(bytes), count(*) FROM classified WHERE vantage = 'workload' AND path = 'via-nat' AND realm = 'aws'"
    same("leaked bytes", cells(ours, "bytes", "records"), [tuple(map(str, db.sql(sql).fetchall()[0]))])
    sql = "SELECT sum(bytes) FROM vpc_flow_logs WHERE interface_id = 'eni-061f38509c80fe23a' AND (srcport = 443 OR dstport = 443)"
    same("leaked bytes, of the log alone", cells(ours, "bytes"), [(str(db.sql(sql).fetchall()[0][0]),)])
    names = ("workload", "route_table_id", "nat_gateway_id", "service", "endpoint_id", "destinations")
    ours = kept("nat-to-aws-services", "forgotten-route-table")
    same("by NAT", cells(ours, *names), cells(told["nat-to-aws-services"], *names))
    ours = kept("new-destinations", "forgotten-route-table")
    names = ("peer", "port", "service")
    same("new", cells(ours, *names), cells(told["new-destinations"], *names))
    sql = """SELECT strftime(to_timestamp("end" - "end" % 300), '%Y-%m-%dT%H:%M:%SZ'), path, count(*), sum(bytes) FROM classified
             WHERE vantage = 'workload' AND service = 's3' GROUP BY 1, 2"""
    steps = sorted(tuple(map(str, row)) for row in db.sql(sql).fetchall())
    same("steps", cells(kept("path-over-time", "forgotten-route-table"), "step", "path", "records", "bytes"), steps)

    db, told = opened(folder / "hybrid-vpn-endpoint")
    ours = kept("on-premises-clients", "hybrid-vpn-endpoint")
    same("clients", cells(ours, "client", "endpoint_id", "service", "vpc_id"), cells(told["on-premises-clients"], "client", "endpoint_id", "service", "vpc_id"))
    sql = """SELECT interface_id, CASE WHEN flow_direction = 'ingress' THEN srcaddr ELSE dstaddr END AS client, count(*), sum(bytes) FROM classified
             WHERE vantage = 'endpoint' GROUP BY 1, 2"""
    used = sorted(tuple(map(str, row)) for row in db.sql(sql).fetchall())
    same("use", cells(kept("endpoint-usage", "hybrid-vpn-endpoint"), "interface_id", "client", "records", "bytes"), used)
    names = ("endpoint_id", "client_zone", "endpoint_zone", "workload")
    ours = kept("cross-zone-endpoint-traffic", "hybrid-vpn-endpoint")
    same("zones", cells(ours, *names), cells(told["cross-zone-endpoint-traffic"], *names))

    db, told = opened(folder / "rejected-attempts")
    ours = sum(int(row["records"]) for row in kept("rejected-attempts", "rejected-attempts"))
    same("rejected", ours, sum(row["records"] for row in told["rejected-attempts"]))
    same("rejected, of the log alone", ours, db.sql("SELECT count(*) FROM vpc_flow_logs WHERE action = 'REJECT'").fetchall()[0][0])


if __name__ == "__main__":
    place, folder = map(pathlib.Path, sys.argv[1:3])
    if "FLOWPROOF_IN_VENV" not in os.environ:
        python = str(venv(place))
        os.execve(python, [python, *sys.argv], {**os.environ, "FLOWPROOF_IN_VENV": "1"})
    found = []
    parse(found)
    compare(folder, found)
    print("\n".join(found[:40]), file=sys.stderr)
    sys.exit(1 if found else 0)
