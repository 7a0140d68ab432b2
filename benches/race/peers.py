"""What an engineer would write for each peer. All give rows of (vantage, path, service, action, status, records, bytes)."""

NAMES = (
    "version account_id interface_id srcaddr dstaddr srcport dstport protocol packets bytes start end action log_status vpc_id subnet_id "
    "instance_id tcp_flags type pkt_srcaddr pkt_dstaddr region az_id sublocation_type sublocation_id pkt_src_aws_service "
    "pkt_dst_aws_service flow_direction traffic_path"
).split()
SMALL = {"version", "srcport", "dstport", "protocol", "tcp_flags", "traffic_path"}
LARGE = {"packets", "bytes", "start", "end"}

PATH = """CASE WHEN log_status <> 'OK' THEN NULL
    WHEN i.kind = 'endpoint' THEN 'via-endpoint-eni'
    WHEN i.kind = 'nat' THEN 'via-nat'
    WHEN traffic_path = 7 THEN 'via-gateway-endpoint'
    WHEN traffic_path = 8 THEN 'internet-bound'
    ELSE coalesce(p.route, 'undetermined') END"""


def duckdb(files, interfaces, pieces, threads, copy):
    import duckdb

    db = duckdb.connect(config={"threads": threads, "preserve_insertion_order": copy is not None})
    db.execute("CREATE TABLE interfaces (id VARCHAR, kind VARCHAR, ip VARCHAR)")
    db.execute("CREATE TABLE pieces (high UINTEGER, first UINTEGER, last UINTEGER, route VARCHAR, service VARCHAR)")
    load(db, "interfaces", interfaces)
    load(db, "pieces", pieces)
    if files[0].endswith(".parquet"):
        source = f"read_parquet({files})"
        missing = "'-'"
    else:
        types = {name: "INTEGER" if name in SMALL else "BIGINT" if name in LARGE else "VARCHAR" for name in NAMES}
        source = f"read_csv({files}, delim=' ', quote='', escape='', header=true, auto_detect=false, nullstr='-', columns={types})"
        missing = "NULL"
    octet = lambda n: f"CAST(split_part(peer, '.', {n}) AS UINTEGER)"
    number = f"(({octet(1)} * 256 + {octet(2)}) * 256 + {octet(3)}) * 256 + {octet(4)}"
    tagged = f"""
        WITH r AS (
            SELECT r.*, i.kind, nullif(CASE WHEN srcaddr = i.ip THEN coalesce(nullif(pkt_dstaddr, {missing}), dstaddr)
                ELSE coalesce(nullif(pkt_srcaddr, {missing}), srcaddr) END, '-') AS peer
            FROM {source} r LEFT JOIN interfaces i ON r.interface_id = i.id),
        i AS (SELECT r.*, {number} AS n FROM r)
        SELECT {'i.* EXCLUDE (kind, peer, n), peer,' if copy else 'action, log_status, bytes,'} i.kind AS vantage, p.service, {PATH} AS path
        FROM i LEFT JOIN pieces p ON p.high = i.n >> 16 AND i.n BETWEEN p.first AND p.last"""
    if copy:
        db.execute(f"COPY ({tagged}) TO '{copy}' (FORMAT parquet, COMPRESSION zstd)")
        tagged = f"FROM read_parquet('{copy}')"
    return db.execute(
        f"SELECT vantage, path, service, action, log_status, count(*), sum(bytes) FROM ({tagged}) GROUP BY ALL"
    ).fetchall()


def load(db, table, rows):
    """A table from Python's rows, in one statement: the API's executemany takes a second for ten thousand."""
    import csv, tempfile

    with tempfile.NamedTemporaryFile("w", suffix=".csv", newline="") as file:
        csv.writer(file).writerows(rows)
        file.flush()
        db.execute(f"COPY {table} FROM '{file.name}' (HEADER false)")


def polars(files, interfaces, pieces, _threads, _copy):
    import polars as pl

    if files[0].endswith(".parquet"):
        records = pl.scan_parquet(files)
    else:
        types = {name.replace("_", "-"): pl.Int32 if name in SMALL else pl.Int64 if name in LARGE else pl.String for name in NAMES}
        records = pl.scan_csv(files, separator=" ", quote_char=None, null_values="-", schema=types)
        records = records.rename({name: name.replace("-", "_") for name in types})
    found = pl.DataFrame(pieces, schema={"first": pl.UInt32, "last": pl.UInt32, "route": pl.String, "service": pl.String}, orient="row")
    firsts = found["first"]
    piece_of = lambda numbers: firsts.search_sorted(numbers, side="right") - 1
    known = pl.LazyFrame(interfaces, schema=["interface_id", "kind", "ip"], orient="row")
    there = lambda name: pl.when(pl.col(name) != "-").then(pl.col(name))
    peer = (
        pl.when(pl.col("srcaddr") == pl.col("ip"))
        .then(pl.coalesce(there("pkt_dstaddr"), there("dstaddr")))
        .otherwise(pl.coalesce(there("pkt_srcaddr"), there("srcaddr")))
    )
    octets = pl.col("peer").str.split_exact(".", 3)
    octet = lambda n: octets.struct.field(f"field_{n}").cast(pl.UInt32)
    number = ((octet(0) * 256 + octet(1)) * 256 + octet(2)) * 256 + octet(3)
    path = (
        pl.when(pl.col("log_status") != "OK").then(None)
        .when(pl.col("kind") == "endpoint").then(pl.lit("via-endpoint-eni"))
        .when(pl.col("kind") == "nat").then(pl.lit("via-nat"))
        .when(pl.col("traffic_path") == 7).then(pl.lit("via-gateway-endpoint"))
        .when(pl.col("traffic_path") == 8).then(pl.lit("internet-bound"))
        .otherwise(pl.coalesce(pl.col("route"), pl.lit("undetermined")))
    )
    by_piece = found.select("route", "service").with_row_index("piece").lazy()
    tagged = (
        records.join(known, on="interface_id", how="left")
        .with_columns(peer=peer)
        .with_columns(piece=number.map_batches(piece_of, return_dtype=pl.UInt32, is_elementwise=True))
        .join(by_piece, on="piece", how="left")
        .with_columns(path=path)
    )
    groups = tagged.group_by("kind", "path", "service", "action", "log_status").agg(pl.len(), pl.col("bytes").sum())
    return groups.collect(engine="streaming").rows()


def chdb(files, interfaces, pieces, threads, _copy):
    import json

    from chdb import session

    db = session.Session()
    quote = lambda value: "NULL" if value is None else f"'{value}'" if isinstance(value, str) else str(value)
    values = lambda rows: ",".join(f"({','.join(map(quote, row))})" for row in rows)
    db.query("CREATE DATABASE race; ")
    db.query("CREATE TABLE race.interfaces (id String, kind String, ip String) ENGINE = Memory")
    db.query("CREATE TABLE race.pieces (high UInt32, first UInt32, last UInt32, route Nullable(String), service Nullable(String)) ENGINE = Memory")
    db.query(f"INSERT INTO race.interfaces VALUES {values(interfaces)}")
    db.query(f"INSERT INTO race.pieces VALUES {values(pieces)}")
    # All lie in one folder.
    names = files[0].rsplit("/", 1)[0] + "/*.log.parquet"
    told = db.query(
        f"""
        WITH r AS (
            SELECT action, log_status, bytes, traffic_path, i.kind AS kind,
                IPv4StringToNumOrDefault(if(srcaddr = i.ip, if(pkt_dstaddr = '-', dstaddr, pkt_dstaddr),
                    if(pkt_srcaddr = '-', srcaddr, pkt_srcaddr))) AS n
            FROM file('{names}', Parquet) AS f LEFT JOIN race.interfaces i ON f.interface_id = i.id)
        SELECT kind, {PATH.replace('i.kind', 'kind')} AS path, p.service, action, log_status, count(), sum(bytes)
        FROM r ASOF LEFT JOIN race.pieces p ON intDiv(r.n, 65536) = p.high AND r.n >= p.first
        GROUP BY ALL SETTINGS max_threads = {threads}, join_use_nulls = 1, output_format_json_quote_64bit_integers = 0""",
        "JSONCompact",
    )
    return json.loads(str(told))["data"]
