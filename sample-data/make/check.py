"""Reads a world's folder again, knowing nothing of how it was made, and complains about what AWS would not have written.

Of the records: fields, keys, own addresses, addresses of nobody, AWS's service names, traffic-path against the most specific route.
Of the whole: gaps in what each interface says; and, as a rough second opinion, whether the expected outcome is possible.
"""

import gzip
import ipaddress
import json
import re
import tomllib
from collections import defaultdict
from datetime import datetime
from pathlib import Path

RANGES = Path(__file__).resolve().parent.parent.parent / "assets" / "ip-ranges.json.gz"
KEY = re.compile(r"(?P<account>\d{12})_vpcflowlogs_(?P<region>[a-z0-9-]+)_(?P<log>fl-0[0-9a-f]{16})_"
                 r"(?P<stamp>\d{8}T\d{4})Z_[0-9a-f]{8}\.log\.(gz|parquet)$")
# What traffic-path may say where a route leads there (facts 1.2). An egress-only internet gateway: 8 is expected, not documented.
PATH_OF = {"local": {"1"}, "igw": {"8", "2"}, "eigw": {"8"}, "nat": {"1"}, "eni": {"1"}, "tgw": {"1"}, "pcx": {"4"}, "vgw": {"3"},
           "gateway endpoint": {"7", "2"}, "appliance endpoint": {"1"}}
_ranges = None


def ranges():
    global _ranges
    if _ranges is None and RANGES.exists():
        published = json.loads(gzip.decompress(RANGES.read_bytes()))
        _ranges = [(ipaddress.ip_network(entry.get("ip_prefix") or entry["ipv6_prefix"]), entry["service"], entry["region"])
                   for entry in published["prefixes"] + published["ipv6_prefixes"] if entry["service"] in ("S3", "DYNAMODB")]
    return _ranges or []


class Network:
    """A topology.json, looked up the slow way."""

    def __init__(self, path: Path):
        self.raw = raw = json.loads(path.read_text())
        self.enis = {eni["NetworkInterfaceId"]: eni for eni in raw["NetworkInterfaces"]}
        self.subnets = {subnet["SubnetId"]: subnet for subnet in raw["Subnets"]}
        self.lists = {one["PrefixListId"]: one["Cidrs"] for one in raw["PrefixLists"]}
        self.endpoints = {one["VpcEndpointId"]: one["VpcEndpointType"] for one in raw["VpcEndpoints"]}
        self.blocks = {vpc["VpcId"]: [ipaddress.ip_network(text) for text in [vpc["CidrBlock"]] + [
            six["Ipv6CidrBlock"] for six in vpc["Ipv6CidrBlockAssociationSet"]]] for vpc in raw["Vpcs"]}
        self.owners = {}
        for id, eni in self.enis.items():
            for address in self.addresses(eni):
                self.owners[eni["VpcId"], address] = id

    @staticmethod
    def addresses(eni: dict) -> list:
        return [ipaddress.ip_address(text) for text in [eni["PrivateIpAddress"]] + [
            six["Ipv6Address"] for six in eni["Ipv6Addresses"]]]

    def table(self, subnet: str) -> dict:
        vpc = self.subnets[subnet]["VpcId"]
        tables = [table for table in self.raw["RouteTables"] if table["VpcId"] == vpc]
        own = [table for table in tables if any(a.get("SubnetId") == subnet for a in table["Associations"])]
        return (own or [table for table in tables if any(a["Main"] for a in table["Associations"])])[0]

    def target(self, subnet: str, address) -> str | None:
        best, length = None, -1
        for route in self.table(subnet)["Routes"]:
            texts = self.lists[route["DestinationPrefixListId"]] if "DestinationPrefixListId" in route else [
                route.get("DestinationCidrBlock") or route["DestinationIpv6CidrBlock"]]
            for net in map(ipaddress.ip_network, texts):
                if net.version == address.version and address in net and net.prefixlen > length:
                    best, length = route, net.prefixlen
        if best is None:
            return None
        if "NetworkInterfaceId" in best:
            return "eni"
        id = next(best[key] for key in ("GatewayId", "NatGatewayId", "TransitGatewayId", "VpcPeeringConnectionId",
                                        "EgressOnlyInternetGatewayId") if key in best)
        if id.startswith("vpce-"):
            return "gateway endpoint" if self.endpoints[id] == "Gateway" else "appliance endpoint"
        return id.split("-")[0]

    def covered(self, eni: str) -> list[dict]:
        one = self.enis[eni]
        return [log for log in self.raw["FlowLogs"] if log["ResourceId"] in (eni, one["SubnetId"], one["VpcId"])]


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def read(path: Path):
    """Field names and records of one object."""
    if path.suffix == ".gz":
        data = path.read_bytes()
        assert data[3] == 0 and data[4:8] == bytes(4), f"{path}: the gzip header has a name or a time"
        head, *lines = gzip.decompress(data).decode().splitlines()
        return head.split(), [line.split(" ") for line in lines]
    import pyarrow.parquet
    table = pyarrow.parquet.read_table(path)
    rows = [["-" if value is None else str(value) for value in row.values()] for row in table.to_pylist()]
    return [name.replace("_", "-") for name in table.column_names], rows


def check(home: Path, world) -> list[str]:
    said: list[str] = []
    say = lambda *parts: said.append(f"{home.name}: " + " ".join(map(str, parts)))
    net, expect = Network(home / "topology.json"), tomllib.loads((home / "expect.toml").read_text())
    tomllib.loads((home / "policy.toml").read_text())
    since, until = seconds(expect["args"][1]), seconds(expect["args"][3])
    logs = {log["FlowLogId"]: log for log in net.raw["FlowLogs"]}
    heard, records, service_paths = defaultdict(list), 0, defaultdict(set)

    try:
        objects = [(path, *read(path)) for path in sorted((home / "logs").rglob("*.log.*"))]
    except ImportError:
        return said
    for path, fields, lines in objects:
        key = KEY.match(path.name)
        if not key or key["log"] not in logs or key["region"] != net.raw["region"] or key["account"] != net.raw["account_id"]:
            say(path.name, "is no key of these flow logs")
            continue
        log, stamp = logs[key["log"]], seconds(key["stamp"] + "+00:00")
        if " ".join(f"${{{name}}}" for name in fields) != log["LogFormat"]:
            say(path.name, "differs from LogFormat")
        day = path.parent.relative_to(home / "logs").as_posix()
        if re.sub(r"[a-z]+=", "", day).split("/")[4:7] != [key["stamp"][:4], key["stamp"][4:6], key["stamp"][6:8]]:
            say(day, "is not the day of", path.name)
        for line in lines:
            records += 1
            if len(line) != len(fields):
                say(path.name, len(line), "values for", len(fields), "fields")
                continue
            record = dict(zip(fields, line))
            start, end = int(record["start"]), int(record["end"])
            if not (start <= end and stamp <= end < stamp + 300 and end < until):
                say(path.name, "does not hold", start, end)
            eni = net.enis.get(record["interface-id"])
            if not eni or log not in net.covered(record["interface-id"]):
                say(record["interface-id"], "is not of this flow log")
                continue
            if since <= end:
                heard[record["interface-id"]].append(end)
            subnet = net.subnets[eni["SubnetId"]]
            for name, value in (("vpc-id", eni["VpcId"]), ("subnet-id", eni["SubnetId"]), ("region", net.raw["region"]),
                                ("az-id", subnet["AvailabilityZoneId"])):
                if record.get(name, value) != value:
                    say(name, record[name], "expected", value)
            if record["log-status"] != "OK":
                if any(record.get(name, "-") != "-" for name in ("srcaddr", "dstaddr", "action", "traffic-path", "instance-id")):
                    say(record["log-status"], "with values")
                continue
            if end < since:  # another time, other routes
                continue
            flow(net, record, eni, say)
            if record["action"] == "ACCEPT":
                witness(net, record, eni, service_paths)

    for id, eni in net.enis.items():
        for log in net.covered(id):
            times = [since, *sorted(heard[id]), until]
            gap, limit = max(b - a for a, b in zip(times, times[1:])), 2 * log["MaxAggregationInterval"]
            told = id in [eni.id for eni in world.silent]
            if (gap > limit) != told:
                say(id, "is silent for", gap, "of", limit, "seconds")
    for claim, verdict in expect["claims"].items():
        service = claim.split("-private")[0]
        if service in ("s3", "dynamodb", "kms") and claim.count("-") == 1:
            leaks = service_paths[service] & {"igw", "eigw", "nat", "eni"}
            if not service_paths[service]:
                say("no flow to", service)
            if bool(leaks) != (verdict == "violated"):
                say(claim, "is said to be", verdict, "and flows go by", sorted(service_paths[service]))
    for list_ in net.raw["PrefixLists"]:
        name = list_["PrefixListName"].split(".")[-1].upper()
        for text in list_["Cidrs"]:
            block = ipaddress.ip_network(text)
            if ranges() and not any(service == name and region == net.raw["region"] and block.version == of.version
                                    and block.subnet_of(of) for of, service, region in ranges()):
                say(text, "is not a published range of", name)
    if not 20 <= records <= 90:
        say(records, "records")
    return said


def flow(net: Network, record: dict, eni: dict, say) -> None:
    """What is wrong with one flow."""
    own = Network.addresses(eni)
    src, dst = ipaddress.ip_address(record["srcaddr"]), ipaddress.ip_address(record["dstaddr"])
    direction = record.get("flow-direction") or ("egress" if src in own else "ingress")
    if (src if direction == "egress" else dst) not in own:
        say(direction, "record with foreign address", src, dst)
    for name in ("srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr"):
        address = ipaddress.ip_address(record.get(name, record["srcaddr"]))
        inside = any(address in block for block in net.blocks[eni["VpcId"]] if block.version == address.version)
        if inside and (eni["VpcId"], address) not in net.owners:
            say(name, address, "is of the VPC and of no interface")
    for end in ("src", "dst"):
        address = ipaddress.ip_address(record.get(f"pkt-{end}addr", "0.0.0.0"))
        told = record.get(f"pkt-{end}-aws-service", "-")
        named = {service for block, service, _ in ranges() if block.version == address.version and address in block}
        if ranges() and "pkt-srcaddr" in record and (named or {"-"}) != {told}:
            say(f"pkt-{end}-aws-service", told, "of", address, "expected", named)
    if "traffic-path" in record:
        path = record["traffic-path"]
        target = net.target(eni["SubnetId"], ipaddress.ip_address(record["pkt-dstaddr"] if dst not in own else str(dst)))
        if direction == "ingress" and path != "-":
            say("ingress with traffic-path", path)
        if direction == "egress" and path not in PATH_OF.get(target, ()):
            say("traffic-path", path, "to", dst, "and the route leads to", target)


def witness(net: Network, record: dict, eni: dict, found) -> None:
    """Where the flows of hosts to AWS's services go, by route; interface endpoints by owner."""
    if eni["InterfaceType"] not in ("interface", "vpc_endpoint") and not (
            eni["InterfaceType"] == "nat_gateway" and record["srcaddr"] != record.get("pkt-srcaddr", record["srcaddr"])):
        return
    for end in ("src", "dst"):
        address = ipaddress.ip_address(record.get(f"pkt-{end}addr", record[f"{end}addr"]))
        for block, service, _ in ranges():
            if block.version == address.version and address in block:
                nat = eni["InterfaceType"] == "nat_gateway"
                found[service.lower()].add("nat" if nat else net.target(eni["SubnetId"], address))
    if eni["InterfaceType"] == "vpc_endpoint":
        name = next(one["ServiceName"] for one in net.raw["VpcEndpoints"] if eni["NetworkInterfaceId"] in one["NetworkInterfaceIds"])
        found[name.split(".")[-1]].add("endpoint")
