"""CloudWatch's byte counters of a world's NAT gateways and endpoints, by the minute, from the records of their own interfaces."""

import json
from collections import defaultdict

NAT_COUNTERS = {("ingress", True): "BytesInFromSource", ("egress", False): "BytesOutToDestination",
                ("ingress", False): "BytesInFromDestination", ("egress", True): "BytesOutToSource"}


def counters(topology: dict, records: list[dict], since: int, until: int, rfc3339) -> str:
    """The document that `--metrics FILE` reads, one series a line."""
    owners, sums = {}, defaultdict(lambda: defaultdict(int))
    for nat in topology["NatGateways"]:
        for address in nat["NatGatewayAddresses"]:
            owners[address["NetworkInterfaceId"]] = ("AWS/NATGateway", {"NatGatewayId": nat["NatGatewayId"]})
    for endpoint in topology["VpcEndpoints"]:
        if endpoint["VpcEndpointType"] in ("Interface", "GatewayLoadBalancer"):
            for interface in endpoint["NetworkInterfaceIds"]:
                owners[interface] = ("AWS/PrivateLinkEndpoints", {
                    "Endpoint Type": endpoint["VpcEndpointType"], "Service Name": endpoint["ServiceName"],
                    "VPC Endpoint Id": endpoint["VpcEndpointId"], "VPC Id": endpoint["VpcId"]})
    for record in records:
        owner = owners.get(record["interface-id"])
        if owner is None or record.get("action") != "ACCEPT":
            continue
        namespace, dimensions = owner
        name = "BytesProcessed"
        if namespace == "AWS/NATGateway":
            near = "dst" if record["flow-direction"] == "ingress" else "src"
            inside = record[f"pkt-{near}addr"] != record[f"{near}addr"]
            name = NAT_COUNTERS[record["flow-direction"], inside]
        start, seconds, total = int(record["start"]), int(record["end"]) - int(record["start"]) + 1, int(record["bytes"])
        before = 0
        for second in range(1, seconds + 1):
            passed = total * second // seconds
            minute = (start + second - 1) // 60 * 60
            sums[namespace, name, tuple(sorted(dimensions.items()))][minute] += passed - before
            before = passed
    lines = []
    for (namespace, name, dimensions), minutes in sorted(sums.items()):
        points = sorted((minute, value) for minute, value in minutes.items() if since <= minute < until)
        lines.append(json.dumps({
            "Namespace": namespace, "MetricName": name, "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions],
            "Period": 60, "Stat": "Sum", "Timestamps": [rfc3339(minute) for minute, _ in points], "Values": [value for _, value in points]}))
    head = {"captured_at": rfc3339(until + 1500), "since": rfc3339(since), "until": rfc3339(until)}
    return json.dumps(head)[:-1] + ', "Metrics": [\n' + ",\n".join(lines) + "\n]}\n"
