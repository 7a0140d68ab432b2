#!/usr/bin/env python3
"""The same classification as an engineer would write it for DuckDB, Polars or chdb: prints counts and bytes by vantage and path as JSON.

The topology becomes two tables: interfaces (who logged it), and the IPv4 space in disjoint pieces, each with the target of the private
subnets' most specific route and the service that ip-ranges.json names. A path comes from the record where it tells, else from the pieces.
That is a part of what flowproof does: nobody here accounts for lines, coverage, witnesses or obligations.
"""

import argparse
import bisect
import gzip
import importlib
import ipaddress
import json
import os
import pathlib
import time

import peers


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("who", choices=["duckdb", "polars", "chdb"])
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--topology", type=pathlib.Path, required=True)
    parser.add_argument("--ranges", type=pathlib.Path, required=True)
    parser.add_argument("--copy", type=pathlib.Path, help="write every record with its path to this Parquet file")
    args = parser.parse_args()
    topology = json.loads(args.topology.read_text())
    cut = pieces(topology, json.loads(gzip.open(args.ranges).read()))
    tables = interfaces(topology), cut if args.who == "polars" else by_16_bits(cut)
    files = sorted(str(file) for file in args.source.rglob("*.log.*"))
    os.environ["POLARS_MAX_THREADS"] = str(args.threads)
    importlib.import_module(args.who)
    # Python's own start and the tables are not the peer's work.
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    rows = getattr(peers, args.who)(files, *tables, args.threads, args.copy)
    used = {"wall_s": time.perf_counter() - wall_s, "cpu_s": time.process_time() - cpu_s}
    print(json.dumps(summed(rows) | used))


def interfaces(topology):
    """(interface id, who it is, address)."""
    kinds = {"interface": "workload", "vpc_endpoint": "endpoint", "nat_gateway": "nat"}
    return [(eni["NetworkInterfaceId"], kinds[eni["InterfaceType"]], eni["PrivateIpAddress"]) for eni in topology["NetworkInterfaces"]]


def pieces(topology, ranges):
    """(first address, last address, route, service): disjoint, in order, the whole IPv4 space."""
    paths = {"local": "intra-vpc", "vpce-": "via-gateway-endpoint", "nat-": "via-nat", "igw-": "internet-bound"}
    lists = {one["PrefixListId"]: one["Cidrs"] for one in topology["PrefixLists"]}
    private = next(table for table in topology["RouteTables"] if any(one["Main"] for one in table["Associations"]))
    routes = []
    for route in private["Routes"]:
        target = route.get("NatGatewayId") or route["GatewayId"]
        path = next(path for start, path in paths.items() if target.startswith(start))
        for cidr in lists.get(route.get("DestinationPrefixListId")) or [route["DestinationCidrBlock"]]:
            routes.append((ipaddress.ip_network(cidr), path))
    endpoints = [(ipaddress.ip_network(address), "via-endpoint-eni") for _, kind, address in interfaces(topology) if kind == "endpoint"]
    services = [(ipaddress.ip_network(one["ip_prefix"]), one["service"]) for one in ranges["prefixes"]]
    # A service's own name says more than AMAZON and EC2 do.
    services.sort(key=lambda one: (one[0].prefixlen, {"AMAZON": 0, "EC2": 1}.get(one[1], 2)))
    routes = sorted(routes + endpoints, key=lambda one: one[0].prefixlen)
    borders = {0}
    for network, _ in routes + services:
        borders |= {int(network.network_address), int(network.broadcast_address) + 1}
    borders = sorted(border for border in borders if border < 1 << 32)
    cut = {border: place for place, border in enumerate(borders)}
    found = [[None, None] for _ in borders]
    for column, named in ((0, routes), (1, services)):
        for network, name in named:
            end = int(network.broadcast_address) + 1
            for place in range(cut[int(network.network_address)], cut.get(end, len(borders))):
                found[place][column] = name
    merged = []
    for first, last, (route, service) in zip(borders, borders[1:] + [1 << 32], found):
        if merged and merged[-1][2:] == [route, service]:
            merged[-1][1] = last - 1
        else:
            merged.append([first, last - 1, route, service])
    return merged


def by_16_bits(rows):
    """The pieces once for every /16 that they reach into, so that a hash join finds them."""
    firsts = [row[0] for row in rows]
    cut = []
    for high in range(1 << 16):
        place = bisect.bisect_right(firsts, high << 16) - 1
        while place < len(rows) and rows[place][0] < (high + 1) << 16:
            first, last, route, service = rows[place]
            cut.append((high, max(first, high << 16), min(last, ((high + 1) << 16) - 1), route, service))
            place += 1
    return cut


def summed(rows):
    """From (vantage, path, service, action, status, records, bytes)."""
    told = {"records": 0, "nodata": 0, "rejected": 0, "by_answer": {}}
    for vantage, path, _service, action, status, records, nbytes in rows:
        told["records"] += records
        told["nodata"] += records if status == "NODATA" else 0
        told["rejected"] += records if action == "REJECT" else 0
        if action == "ACCEPT":
            before = told["by_answer"].get(f"{vantage} {path}", (0, 0))
            told["by_answer"][f"{vantage} {path}"] = (before[0] + records, before[1] + int(nbytes))
    return told


if __name__ == "__main__":
    main()
