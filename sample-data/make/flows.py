"""Conversations, and what every interface on their way logs of them.

A conversation is a TCP connection between two ends. Each function of `Traffic` below is one thing that an interface can be in it:
the client's own, the server's own, a NAT gateway's, a transit gateway's, an appliance's. Worlds say which interfaces a conversation
crosses and what `traffic-path` AWS writes there; nothing is looked up in route tables here, so that check.py can compare the two.
"""

import ipaddress
import random
from dataclasses import dataclass

from .aws import Cloud, Eni, FlowLog, Nat

V2 = ("version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action "
      "log-status").split()
V5 = V2 + ("vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type sublocation-id "
           "pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path").split()
V8 = V5 + ["reject-reason"]
V11 = V5 + ("interface-type next-hop-interface-id next-hop-subnet-id next-hop-az-id next-hop-vpc-id "
            "next-hop-interface-type").split()
VERSION = {len(V2): "2", len(V5): "5", len(V8): "8", len(V11): "11"}

# What AWS's field pkt-*-aws-service says of the addresses that are used here.
SERVICES = {"S3": ["3.5.0.0/16", "16.182.0.0/16", "18.34.0.0/19", "52.216.0.0/15", "52.218.0.0/17", "54.231.0.0/16",
                   "2600:1fa0:8000::/39"],
            "DYNAMODB": ["52.94.0.0/22", "52.119.224.0/21"]}
SERVICE_NETS = [(ipaddress.ip_network(net), name) for name, nets in SERVICES.items() for net in nets]
# The types of interfaces that the fields interface-type and next-hop-interface-type name.
NAMED_TYPES = ("nat_gateway", "network_load_balancer", "transit_gateway", "vpc_endpoint")


def shuffled(fields: list[str], seed: str) -> list[str]:
    order = list(fields)
    random.Random(seed).shuffle(order)
    return order


def service_of(address: str) -> str:
    ip = ipaddress.ip_address(address)
    return next((name for net, name in SERVICE_NETS if ip.version == net.version and ip in net), "-")


@dataclass
class Talk:
    """A connection: ports, and packets and bytes of both directions; one record a direction and interface."""
    port: int
    server_port: int
    start: int
    end: int
    out: tuple[int, int]
    back: tuple[int, int]
    flags: tuple[int, int] = (3, 19)
    action: str = "ACCEPT"


class Traffic:
    """What the flow logs of a cloud hold."""

    def __init__(self, cloud: Cloud, since: int, minutes: int):
        self.cloud, self.since, self.until = cloud, since, since + 60 * minutes
        self.random = random.Random(cloud.world)
        self.records: list[tuple[FlowLog, dict]] = []

    # ---- conversations ----

    def talk(self, minute: float, port: int = 443, *, kilobytes: float = 0, up: float = 0, lasts: int = 0, **more) -> Talk:
        """A connection that begins at a minute of the window; sizes are made up where they are not told."""
        r = self.random
        start = self.since + int(minute * 60) + r.randrange(0, 9)
        down_bytes = int((kilobytes or r.uniform(4, 900)) * 1024) + r.randrange(0, 997)
        up_bytes = int((up or r.uniform(1, 4)) * 1024) + r.randrange(0, 331)
        down, out = max(6, down_bytes // 1380), max(7, up_bytes // 1380)
        out = max(out, down // 3)
        return Talk(r.randrange(32768, 60999), port, start, start + (lasts or r.randrange(2, 47)),
                    (out, up_bytes + 40 * out), (down, down_bytes + 40 * down), **more)

    def refused(self, minute: float, port: int = 443) -> Talk:
        """A connection that a security group or network ACL rejects: SYNs without an answer."""
        start = self.since + int(minute * 60) + self.random.randrange(0, 9)
        tries = self.random.randrange(2, 5)
        return Talk(self.random.randrange(32768, 60999), port, start, start + 2 ** tries, (tries, tries * 60), (0, 0), (2, 0),
                    "REJECT")

    # ---- what an interface logs ----

    def record(self, eni: Eni, direction: str, src: str, dst: str, ports: tuple[int, int], size: tuple[int, int], talk: Talk,
               flags: int, *, path: int | None = None, pkt: tuple[str, str] | None = None, hop: Eni | None = None,
               reason: str = "-") -> None:
        """One record, in every flow log that covers the interface."""
        pkt_src, pkt_dst = pkt or (src, dst)
        values = self._of_interface(eni) | {
            "srcaddr": src, "dstaddr": dst, "srcport": ports[0], "dstport": ports[1], "protocol": 6,
            "packets": size[0], "bytes": "-" if reason == "BPA" else size[1], "start": talk.start, "end": talk.end,
            "action": talk.action, "log-status": "OK", "instance-id": eni.instance or "-", "tcp-flags": flags,
            "type": "IPv6" if ":" in src else "IPv4", "pkt-srcaddr": pkt_src, "pkt-dstaddr": pkt_dst,
            "pkt-src-aws-service": service_of(pkt_src), "pkt-dst-aws-service": service_of(pkt_dst),
            "flow-direction": direction, "traffic-path": path if path is not None else "-", "reject-reason": reason,
            "interface-type": eni.kind if eni.kind in NAMED_TYPES else "-",
        }
        if hop:
            values |= {"next-hop-interface-id": hop.id, "next-hop-subnet-id": hop.subnet.id,
                       "next-hop-az-id": hop.subnet.zone_id, "next-hop-vpc-id": hop.vpc.id,
                       "next-hop-interface-type": hop.kind if hop.kind in NAMED_TYPES else "-"}
        self._emit(eni, values)

    def _of_interface(self, eni: Eni) -> dict:
        return {"account-id": eni.owner_words or self.cloud.account, "interface-id": eni.id, "vpc-id": eni.vpc.id,
                "subnet-id": eni.subnet.id, "region": self.cloud.region, "az-id": eni.subnet.zone_id}

    def _emit(self, eni: Eni, values: dict) -> None:
        for log in self.cloud.flow_logs:
            if log.covers(eni):
                self.records.append((log, values | {"version": VERSION[len(log.fields)]}))

    def client(self, eni: Eni, host: str, talk: Talk, path: int, hop: Eni | None = None, back_hop: Eni | None = None) -> None:
        """The interface that opens the connection; `path` is what traffic-path says of its packets."""
        own = eni.ipv6 if ":" in host else eni.ip
        self.record(eni, "egress", own, host, (talk.port, talk.server_port), talk.out, talk, talk.flags[0], path=path, hop=hop)
        if talk.action == "ACCEPT":
            self.record(eni, "ingress", host, own, (talk.server_port, talk.port), talk.back, talk, talk.flags[1],
                        hop=back_hop or (None if hop and hop.kind == "transit_gateway" else hop))

    def server(self, eni: Eni, peer: str, talk: Talk, path: int, hop: Eni | None = None, reason: str = "-") -> None:
        """The interface that the connection is opened to; `path` is what traffic-path says of its replies."""
        # Next hops are not computed for what comes in from a transit gateway or load balancer.
        told = None if hop and hop.kind in ("transit_gateway", "network_load_balancer") else hop
        self.record(eni, "ingress", peer, eni.ip, (talk.port, talk.server_port), talk.out, talk, talk.flags[0], hop=told,
                    reason=reason)
        if talk.action == "ACCEPT":
            self.record(eni, "egress", eni.ip, peer, (talk.server_port, talk.port), talk.back, talk, talk.flags[1], path=path,
                        hop=hop)

    def inside(self, client: Eni, server: Eni, talk: Talk) -> None:
        """Two interfaces of one VPC."""
        self.client(client, server.ip, talk, 1, hop=server)
        self.server(server, client.ip, talk, 1, hop=client)

    def through_nat(self, client: Eni, nat: Nat, host: str, talk: Talk) -> None:
        """Six records: two at the client, and both legs of both directions at the NAT gateway (facts 5.3, samples 16 to 21)."""
        eni = nat.eni
        self.client(client, host, talk, 1, hop=eni)
        ports, outside = (talk.port, talk.server_port), (self.random.randrange(1024, 65535), talk.server_port)
        self.record(eni, "ingress", client.ip, eni.ip, ports, talk.out, talk, talk.flags[0], pkt=(client.ip, host), hop=client)
        self.record(eni, "egress", eni.ip, host, outside, talk.out, talk, talk.flags[0], path=8)
        self.record(eni, "ingress", host, eni.ip, outside[::-1], talk.back, talk, talk.flags[1])
        self.record(eni, "egress", eni.ip, client.ip, ports[::-1], talk.back, talk, talk.flags[1], path=1,
                    pkt=(host, client.ip), hop=client)

    def through_transit_gateway(self, client: Eni, near: list[Eni], far: list[Eni], server: Eni, talk: Talk) -> None:
        """Eight records. The attachment's interface of the sender's zone takes the packets in, in both VPCs: requests and replies
        may use different ones (facts 5.5, samples 28 to 31)."""
        of_zone = lambda enis, eni: next((e for e in enis if e.subnet.zone_id == eni.subnet.zone_id), enis[0])
        ports, there, home = (talk.port, talk.server_port), (client.ip, server.ip), (server.ip, client.ip)
        near_out, far_out = of_zone(near, client), of_zone(far, client)
        far_back, near_back = of_zone(far, server), of_zone(near, server)
        self.client(client, server.ip, talk, 1, hop=near_out)
        self.record(near_out, "ingress", client.ip, near_out.ip, ports, talk.out, talk, talk.flags[0], pkt=there, hop=client)
        self.record(far_out, "egress", far_out.ip, server.ip, ports, talk.out, talk, talk.flags[0], path=1, pkt=there, hop=server)
        self.server(server, client.ip, talk, 1, hop=far_back)
        self.record(far_back, "ingress", server.ip, far_back.ip, ports[::-1], talk.back, talk, talk.flags[1], pkt=home,
                    hop=server)
        self.record(near_back, "egress", near_back.ip, client.ip, ports[::-1], talk.back, talk, talk.flags[1], path=1, pkt=home,
                    hop=client)

    def through_firewall(self, client: Eni, firewall: Eni, host: str, talk: Talk) -> None:
        """A Gateway Load Balancer endpoint: addresses stay, the interface prints its own where a packet is not for it."""
        ports, there, home = (talk.port, talk.server_port), (client.ip, host), (host, client.ip)
        self.client(client, host, talk, 1, hop=firewall)
        self.record(firewall, "ingress", client.ip, firewall.ip, ports, talk.out, talk, talk.flags[0], pkt=there, hop=client)
        self.record(firewall, "egress", firewall.ip, host, ports, talk.out, talk, talk.flags[0], path=8, pkt=there)
        self.record(firewall, "ingress", host, firewall.ip, ports[::-1], talk.back, talk, talk.flags[1], pkt=home)
        self.record(firewall, "egress", firewall.ip, client.ip, ports[::-1], talk.back, talk, talk.flags[1], path=1, pkt=home,
                    hop=client)

    def through_nat_instance(self, client: Eni, instance: Eni, host: str, talk: Talk) -> None:
        """An instance that forwards and masquerades (facts 7.10)."""
        ports, outside = (talk.port, talk.server_port), (self.random.randrange(32768, 60999), talk.server_port)
        self.client(client, host, talk, 1, hop=instance)
        self.record(instance, "ingress", client.ip, instance.ip, ports, talk.out, talk, talk.flags[0], pkt=(client.ip, host),
                    hop=client)
        self.record(instance, "egress", instance.ip, host, outside, talk.out, talk, talk.flags[0], path=8)
        self.record(instance, "ingress", host, instance.ip, outside[::-1], talk.back, talk, talk.flags[1])
        self.record(instance, "egress", instance.ip, client.ip, ports[::-1], talk.back, talk, talk.flags[1], path=1,
                    pkt=(host, client.ip), hop=client)

    # ---- records without flows ----

    def status(self, eni: Eni, word: str, start: int, end: int) -> None:
        """A NODATA or SKIPDATA line: the interface's own fields, and nothing else."""
        self._emit(eni, self._of_interface(eni) | {"start": start, "end": end, "log-status": word})

    def idle(self, silent: list[Eni]) -> None:
        """NODATA for every aggregation interval of the window in which a logged interface has no record."""
        for eni in self.cloud.enis:
            for log in self.cloud.flow_logs:
                if not log.covers(eni) or eni in silent:
                    continue
                ends = {(values["end"] - self.since) // log.interval
                        for of, values in self.records if of is log and values["interface-id"] == eni.id}
                for slot in range((self.until - self.since) // log.interval):
                    if slot not in ends:
                        start = self.since + slot * log.interval
                        slack = max(3, log.interval // 20)
                        self.status(eni, "NODATA", start + self.random.randrange(0, slack),
                                    start + log.interval - 1 - self.random.randrange(0, slack))
