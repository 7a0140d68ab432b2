"""The situations. Each function builds one world: what stands in the account, what flows, and what is told of it."""

from dataclasses import replace

from .aws import Gateway
from .flows import V2, V5, V8, V11, shuffled
from .world import DYNAMODB_PRIVATE, NO_INTERNET, S3_PRIVATE, World

# Addresses of AWS's services, each in a published range.
S3 = ["52.216.12.77", "52.217.88.140", "54.231.130.9", "3.5.11.24", "16.182.34.9", "52.216.205.3"]
S3_IRELAND = ["52.218.33.21", "52.218.101.8"]
S3_IPV6 = ["2600:1fa0:80d1:b4a8:34d8:4f21::", "2600:1fa0:8190:6e21:34d9:b0c1::"]
DYNAMODB = ["52.94.2.84", "52.119.228.10"]
# Documentation blocks stand for the internet.
MIRROR, WEBHOOK, SCANNER = "203.0.113.40", "198.51.100.23", "198.51.100.199"


def internet_gateway_only() -> World:
    w = World("internet-gateway-only", "S3 over the internet gateway", "2026-07-06T08:00:00Z")
    c, t = w.cloud, w.traffic
    vpc = c.vpc("legacy", "10.10.0.0/16")
    igw = c.internet_gateway(vpc)
    table = c.table(vpc, "public", main=True).to("0.0.0.0/0", igw)
    subnet = c.subnet(table, "public-a", "10.10.1.0/24")
    web = c.instance(subnet, "web-1", "10.10.1.11", public_ip="3.218.40.11")
    batch = c.instance(subnet, "batch-1", "10.10.1.12", public_ip="3.218.40.12")
    c.flow_log(vpc, V5)
    for minute, host in zip((1, 6, 12, 17, 23, 27), S3):
        t.client(batch, host, t.talk(minute), 8)
    for minute in (3, 14, 25):
        t.client(web, MIRROR, t.talk(minute), 8)
        t.inside(batch, web, t.talk(minute + 1, 8080))
    for minute in (4, 15, 22):
        t.server(web, SCANNER, t.refused(minute, 22), 8)
    return w.tell(
        shows="no endpoint at all: S3 goes out by the internet gateway",
        story="""
            A VPC from before anybody asked: one public subnet, a route to an internet gateway, public addresses on the
            instances, no endpoint. `batch-1` reads and writes S3; `web-1` fetches packages. AWS's own words for S3 flows here are
            `pkt-dst-aws-service` S3 and `traffic-path` 8: S3, through an internet gateway. The public addresses of the instances
            are nowhere in the log, since the gateway translates them behind it. Somebody knocks at port 22, and is rejected.""",
        picture="""
            10.10.1.0/24
            [ batch-1 .12 ]--+
            [ web-1   .11 ]--+-- 0.0.0.0/0 --> ( igw ) --> S3, internet""",
        because="Every S3 flow of `batch-1` is a witness: an accepted flow that leaves by the internet gateway. "
                "The package fetches of `web-1` are witnesses against `no-internet`; the scans are attempts.",
        remedy="Create a gateway endpoint for S3 and associate it with this route table: no charge, no new address. "
               "`internet-gateway-and-gateway-endpoint` shows the day after.",
        policy=[S3_PRIVATE, NO_INTERNET],
        claims={"s3-private": "violated", "no-internet": "violated"})


def _two_apps_behind_endpoints(w: World, fields: list[str], **log):
    """A VPC without any way out but gateway endpoints."""
    c = w.cloud
    vpc = c.vpc("payments", "10.20.0.0/16")
    table = c.table(vpc, "private", main=True)
    one, two = c.subnet(table, "private-a", "10.20.1.0/24"), c.subnet(table, "private-b", "10.20.2.0/24", "b")
    c.gateway_endpoint(vpc, "s3", [table])
    c.gateway_endpoint(vpc, "dynamodb", [table])
    apps = [c.instance(one, "app-1", "10.20.1.10", Environment="prod"),
            c.instance(two, "app-2", "10.20.2.10", Environment="prod")]
    c.flow_log(vpc, fields, **log)
    return apps


def _endpoint_traffic(w: World, apps) -> None:
    t = w.traffic
    for minute, host in zip((1, 5, 9, 13, 22, 28), S3):
        t.client(apps[0], host, t.talk(minute), 7)
    for minute, host in zip((2, 8, 15, 24), DYNAMODB * 2):
        t.client(apps[1], host, t.talk(minute, kilobytes=9), 7)
    for minute in (4, 11, 26):
        t.inside(apps[0], apps[1], t.talk(minute, 8443))


def _gateway_endpoint_only(w: World, fields: list[str], **log) -> World:
    apps = _two_apps_behind_endpoints(w, fields, **log)
    _endpoint_traffic(w, apps)
    t = w.traffic
    # One long download: SYN in its first record only, FIN in its last.
    long = t.talk(3, kilobytes=90_000, lasts=390, flags=(2, 18))
    t.client(apps[1], S3[4], long, 7)
    middle = replace(long, start=w.since + 601, end=w.since + 1195, flags=(0, 0), back=(101_300, 139_794_000))
    t.client(apps[1], S3[4], middle, 7)
    t.client(apps[1], S3[4], replace(middle, start=w.since + 1202, end=w.since + 1387, flags=(1, 1), back=(33_870, 46_740_600)), 7)
    return w


def gateway_endpoint_only() -> World:
    w = _gateway_endpoint_only(World("gateway-endpoint-only", "S3 and DynamoDB through gateway endpoints",
                                     "2026-08-01T12:00:00Z"), shuffled(V5, "gateway-endpoint-only"))
    return w.tell(
        shows="the whole record, no witness: the plain proof",
        story="""
            Two applications in two zones, one route table, gateway endpoints for S3 and DynamoDB, and no other way out. Flows to S3 have
            public destinations and yet are private: `traffic-path` 7 says that they take a gateway endpoint, and the route to
            the prefix list says which. A gateway endpoint has no interface, so only the applications log anything. One download
            lasts through all three intervals: only its first record has a SYN. Where an interface was idle there is a NODATA
            line, so each interface is heard of in every interval. The fields of this log stand in no usual order.""",
        picture="""
            10.20.1.0/24 [ app-1 .10 ]--+-- pl-63a5400a --> ( vpce s3 )       --> S3
            10.20.2.0/24 [ app-2 .10 ]--+-- pl-02cd2c6b --> ( vpce dynamodb ) --> DynamoDB""",
        because="No accepted flow takes another path, and nothing is missing that could hide one: "
                "each interface is logged and never silent, each object whole, each public address named.",
        remedy="Nothing. Run it again on a schedule, and keep the evidence file.",
        policy=[S3_PRIVATE, DYNAMODB_PRIVATE, NO_INTERNET],
        claims={"s3-private": "proven", "dynamodb-private": "proven", "no-internet": "proven"})


def internet_gateway_and_gateway_endpoint() -> World:
    w = World("internet-gateway-and-gateway-endpoint", "Minutes after the endpoint was created", "2026-08-04T14:10:00Z", minutes=10)
    c, t = w.cloud, w.traffic
    vpc = c.vpc("legacy", "10.10.0.0/16")
    igw = c.internet_gateway(vpc)
    table = c.table(vpc, "public", main=True).to("0.0.0.0/0", igw)
    subnet = c.subnet(table, "public-a", "10.10.1.0/24")
    web = c.instance(subnet, "web-1", "10.10.1.11", public_ip="3.218.40.11")
    batch = c.instance(subnet, "batch-1", "10.10.1.12", public_ip="3.218.40.12")
    c.gateway_endpoint(vpc, "s3", [table], created="2026-08-04T14:06:31+00:00")
    c.flow_log(vpc, V5, interval=60)
    for minute, host in zip((-15, -13, -9, -6), S3):  # before the endpoint
        t.client(batch, host, t.talk(minute, lasts=20), 8)
    for minute, host in zip((0, 1, 3, 4, 6, 8), S3):
        t.client(batch, host, t.talk(minute, lasts=12 + minute), 7)
    for minute in (2, 7):
        t.client(web, MIRROR, t.talk(minute, lasts=15), 8)
    return w.tell(
        shows="a pipeline asks after a deployment: the old leak is before `--since`; the internet is excepted by name",
        story="""
            The VPC of `internet-gateway-only`, a month later. At 14:06:31 a pipeline created a gateway endpoint for S3 and
            associated it with the route table; the internet gateway stays, for the package mirror. Now the pipeline asks whether
            S3 really takes the endpoint. The route to the prefix list is longer than 0.0.0.0/0, so it wins. Interfaces on
            Nitro instances are aggregated by the minute, so ten minutes are enough. The log still has flows of before 14:06 with
            `traffic-path` 8: their keys are stamped before `--since`, and they are not even fetched.""",
        picture="""
            10.10.1.0/24                +-- pl-63a5400a --> ( vpce s3 ) --> S3
            [ batch-1 .12 ]--+----------+
            [ web-1   .11 ]--+          +-- 0.0.0.0/0 ----> ( igw ) ------> package mirror""",
        because="Within the window each S3 flow has `traffic-path` 7. The flows to the mirror are covered by "
                "an exception that has a reason, an owner and an end. Run without `--since`, the same data are `violated`.",
        remedy="Let the pipeline pass. Renew the exception, or mirror the packages into S3, before 2026-12-31.",
        policy=[S3_PRIVATE, NO_INTERNET, f"""
            [[exception]]
            claim = "no-internet"
            to = ["{MIRROR}/32"]
            reason = "operating system packages, until they are mirrored to S3"
            owner = "platform"
            expires = 2026-12-31
            """],
        claims={"s3-private": "proven", "no-internet": "proven"})


def cross_region_s3() -> World:
    w = World("cross-region-s3", "A bucket in another Region", "2026-08-14T23:45:00Z")
    c, t = w.cloud, w.traffic
    vpc = c.vpc("data", "10.30.0.0/16")
    igw = c.internet_gateway(vpc)
    public = c.table(vpc, "public").to("0.0.0.0/0", igw)
    private = c.table(vpc, "private", main=True)
    nat = c.nat(c.subnet(public, "public-a", "10.30.0.0/24"), "nat-a", "10.30.0.220", "3.219.77.5")
    private.to("0.0.0.0/0", nat)
    c.gateway_endpoint(vpc, "s3", [private])
    lake = c.instance(c.subnet(private, "private-a", "10.30.1.0/24"), "lake-1", "10.30.1.15")
    c.flow_log(vpc, shuffled(V5, w.name))
    for minute, host in zip((1, 7, 13, 19, 26), S3):
        t.client(lake, host, t.talk(minute), 7)
    for minute, host in zip((5, 16, 21), S3_IRELAND * 2):
        t.through_nat(lake, nat, host, t.talk(minute, up=700))
    return w.tell(
        shows="an endpoint is there and used, and the other Region's bucket does not take it",
        story="""
            `lake-1` works on buckets of us-east-1 through a gateway endpoint, and copies each night to a bucket in eu-west-1.
            A gateway endpoint serves its own Region only: the prefix list pl-63a5400a has no address of Ireland's. Those flows
            follow the default route to the NAT gateway and leave by the internet gateway, although `pkt-dst-aws-service` says S3
            for both. At the application they have `traffic-path` 1, "in the same VPC", as all that goes to a NAT gateway.
            The window spans midnight, so the keys do too.""",
        picture="""
            10.30.1.0/24      +-- pl-63a5400a --> ( vpce s3 ) ---------> S3 us-east-1
            [ lake-1 .15 ]----+
                              +-- 0.0.0.0/0 ----> [ nat 10.30.0.220 ] --> ( igw ) --> S3 eu-west-1""",
        because="52.218.0.0/17 is S3's in eu-west-1: the flows to it are S3, and go by the NAT gateway. "
                "They are seen at the application, and again on the NAT gateway's inside leg.",
        remedy="Replicate the bucket instead of copying, or use an interface endpoint with cross-Region access "
               "(`ServiceRegion`), or except 52.218.0.0/17 with a reason and an end.",
        policy=[S3_PRIVATE], claims={"s3-private": "violated"})


def hybrid_vpn_endpoint() -> World:
    w = World("hybrid-vpn-endpoint", "From on-premises through a VPN to an S3 interface endpoint", "2026-07-21T09:00:00Z",
              region="eu-west-1", account="444455556666", metrics=True)
    c, t = w.cloud, w.traffic
    vpc = c.vpc("hybrid", "10.0.0.0/16")
    vgw = c.vpn_gateway(vpc)
    table = c.table(vpc, "main", main=True)
    c.learn_route(table, "10.1.0.0/16", vgw)
    one, two = c.subnet(table, "endpoints-a", "10.0.1.0/24"), c.subnet(table, "endpoints-b", "10.0.2.0/24", "b")
    endpoint = c.interface_endpoint("s3-interface", "com.amazonaws.eu-west-1.s3", [(one, "10.0.1.100"), (two, "10.0.2.100")])
    c.security_group(vpc, "s3-interface", ["10.0.0.0/16", "10.1.0.0/16"])
    etl = c.instance(one, "etl-1", "10.0.1.20")
    c.flow_log(vpc, shuffled(V5, w.name))
    # The same interface, logged as of an unknown account at first: so AWS writes it for interfaces of its own.
    endpoint.enis[1].owner_words = "unknown"
    for minute, client in zip((1, 3, 6, 8), ("10.1.4.20", "10.1.4.21", "10.1.7.9", "10.1.4.20")):
        t.server(endpoint.enis[int(minute % 2)], client, t.talk(minute), 3)
    endpoint.enis[1].owner_words = None
    for minute, client in zip((12, 14, 17, 22, 25, 28), ("10.1.4.20", "10.1.7.9", "10.1.4.22") * 2):
        t.server(endpoint.enis[int(minute % 2)], client, t.talk(minute), 3)
    for minute, eni in zip((2, 15, 26), endpoint.enis * 2):
        t.inside(etl, eni, t.talk(minute))
    return w.tell(
        shows="clients that no topology knows; the endpoint's interfaces speak for them",
        story="""
            Machines in 10.1.0.0/16 reach S3 through a site-to-site VPN and an interface endpoint with an interface in each of two zones.
            On-premises machines have no interface in AWS, so only the endpoint's interfaces log them: the client is `srcaddr`, and the
            replies carry `traffic-path` 3, a virtual private gateway. `etl-1` in the VPC uses the same endpoint. A second claim
            names the on-premises range with `from`, since the first is about the interfaces of the topology. In the first minutes
            `account-id` is `unknown` for one endpoint interface, and the account later: AWS does so, and it means nothing.""",
        picture="""
            on-premises                        10.0.1.0/24 [ vpce-eni .100 ]--+
            10.1.0.0/16 ==VPN==> ( vgw ) ----<                                +--> S3
                                               10.0.2.0/24 [ vpce-eni .100 ]--+
                                               10.0.1.0/24 [ etl-1    .20 ]---^""",
        because="Every flow to S3, from within or from on-premises, was logged by the endpoint's own interfaces, "
                "and both were heard of in every interval.",
        remedy="Nothing. Note what it does not say: on-premises traffic that takes the public internet never comes near this VPC.",
        policy=[S3_PRIVATE, """
            [[claim]]
            id = "s3-private-on-premises"
            title = "On-premises reaches S3 through the interface endpoint only"
            from = ["10.1.0.0/16"]
            to = ["service:s3"]
            allow = ["via-endpoint-eni"]
            """],
        claims={"s3-private": "proven", "s3-private-on-premises": "proven"})


def forgotten_route_table() -> World:
    w = World("forgotten-route-table", "One route table was forgotten", "2026-08-11T06:30:00Z")
    c, t = w.cloud, w.traffic
    vpc = c.vpc("orders", "10.40.0.0/16")
    igw = c.internet_gateway(vpc)
    public = c.table(vpc, "public", main=True).to("0.0.0.0/0", igw)
    one, two = c.table(vpc, "private-a"), c.table(vpc, "private-b")
    nat = c.nat(c.subnet(public, "public-a", "10.40.0.0/24"), "nat-a", "10.40.0.10", "44.195.3.81")
    one.to("0.0.0.0/0", nat)
    two.to("0.0.0.0/0", nat)
    c.gateway_endpoint(vpc, "s3", [one])
    first = c.instance(c.subnet(one, "private-a", "10.40.1.0/24"), "orders-1", "10.40.1.10")
    second = c.instance(c.subnet(two, "private-b", "10.40.2.0/24", "b"), "orders-2", "10.40.2.10")
    c.flow_log(vpc, V5)
    for minute, host in zip((1, 6, 11, 16, 21, 27), S3):
        t.client(first, host, t.talk(minute), 7)
    for minute, host in zip((4, 13, 24), S3[2:]):
        t.through_nat(second, nat, host, t.talk(minute, kilobytes=2_400))
    t.through_nat(first, nat, WEBHOOK, t.talk(18, kilobytes=6))
    return w.tell(
        shows="the endpoint is associated with one of two private route tables",
        story="""
            Two zones, a private route table for each, one gateway endpoint for S3. Whoever created it ticked `private-a` and
            overlooked `private-b`. `orders-1` takes the endpoint; `orders-2` does the same work and pays for the NAT gateway:
            $0.045 a GB, both ways. Its own records look harmless: `traffic-path` 1, "in the same VPC". They become a finding through
            the route table of its subnet, and through the NAT gateway's inside leg, where `pkt-dstaddr` is S3.""",
        picture="""
            10.40.1.0/24 [ orders-1 .10 ]-- private-a --+-- pl-63a5400a --> ( vpce s3 ) --> S3
                                                        +-- 0.0.0.0/0 --+
            10.40.2.0/24 [ orders-2 .10 ]-- private-b ----- 0.0.0.0/0 --+--> [ nat .10 ] --> ( igw ) --> S3""",
        because="Each S3 flow of `orders-2` goes by the NAT gateway. "
                "The webhook of `orders-1` goes there too, and is not S3.",
        remedy="`aws ec2 modify-vpc-endpoint --vpc-endpoint-id vpce-… --add-route-table-ids rtb-…` with the table `private-b`. "
               "`flowproof topology check` finds this before any traffic.",
        policy=[S3_PRIVATE], claims={"s3-private": "violated"})


def nat_interface_only() -> World:
    w = World("nat-interface-only", "Only the NAT gateway's interface is logged", "2026-07-15T16:00:00Z", metrics=True)
    c, t = w.cloud, w.traffic
    vpc = c.vpc("reports", "10.50.0.0/16")
    igw = c.internet_gateway(vpc)
    public = c.table(vpc, "public", main=True).to("0.0.0.0/0", igw)
    nat = c.nat(c.subnet(public, "public-a", "10.50.0.0/24"), "nat-a", "10.50.0.220", "44.195.9.14")
    private = c.table(vpc, "private").to("0.0.0.0/0", nat)
    # A peering that was deleted on the other side.
    private.to("172.31.0.0/16", Gateway(c.id("pcx", "archive")), State="blackhole")
    subnet = c.subnet(private, "private-a", "10.50.1.0/24")
    apps = [c.instance(subnet, f"report-{n}", f"10.50.1.{n + 10}") for n in (1, 2, 3)]
    c.flow_log(nat.eni, shuffled(V5, w.name))
    for minute, host, app in zip((1, 5, 9, 14, 18, 23, 27), S3 + S3, apps + apps + apps):
        t.through_nat(app, nat, host, t.talk(minute))
    t.through_nat(apps[2], nat, WEBHOOK, t.talk(20, kilobytes=5))
    return w.tell(
        shows="a log of one interface is enough for a witness: its inside leg names the workload",
        story="""
            To save money, somebody turned the VPC's flow log off and left one on the NAT gateway's interface. The same packet crosses that
            interface twice, and the two legs do not share their addresses or ports. On the outside leg the workload is masked:
            10.50.0.220 talks to S3. On the inside leg `srcaddr` and `dstaddr` are the application and the NAT gateway, and
            `pkt-dstaddr` (or `pkt-srcaddr` of the reply) is S3: that leg says whose traffic it is.""",
        picture="""
            10.50.1.0/24
            [ report-1..3 ] -- 0.0.0.0/0 --> [ nat 10.50.0.220 ] --> ( igw ) --> S3
               not logged                     logged: inside leg   app -> nat, pkt-dst S3
                                                      outside leg  nat -> S3""",
        because="The inside legs are witnesses with their workloads. That the applications' own interfaces are not logged "
                "cannot undo a witness; it would forbid a proof.",
        remedy="Create a gateway endpoint for S3 in the table `private`; turn a flow log on for the whole VPC before claiming anything.",
        policy=[S3_PRIVATE], claims={"s3-private": "violated"})


def ipv6_past_endpoint() -> World:
    w = World("ipv6-past-endpoint", "IPv6 goes past the endpoint", "2026-09-02T10:00:00Z")
    c, t = w.cloud, w.traffic
    vpc = c.vpc("dual", "10.60.0.0/16", "2600:1f18:24e6:b900::/56")
    eigw = c.egress_only_gateway(vpc)
    table = c.table(vpc, "private", main=True).to("::/0", eigw)
    c.gateway_endpoint(vpc, "s3", [table])
    subnet = c.subnet(table, "private-a", "10.60.1.0/24", ipv6="2600:1f18:24e6:b901::/64")
    four = c.instance(subnet, "media-1", "10.60.1.10")
    six = c.instance(subnet, "media-2", "10.60.1.11", ipv6="2600:1f18:24e6:b901:a31:7c0e:52d1:11")
    c.flow_log(vpc, V5)
    for minute, host in zip((1, 7, 13, 19, 25), S3):
        t.client(four, host, t.talk(minute), 7)
        t.client(six, host, t.talk(minute + 2), 7)
    for minute, host in zip((5, 16, 28), S3_IPV6 * 2):
        t.client(six, host, t.talk(minute), 8)
    return w.tell(
        shows="the same bucket by IPv4 is private, and by IPv6 is not",
        story="""
            The S3 gateway endpoint here is IPv4 only. `media-2` got an IPv6 address and a new SDK setting, the dual-stack name of the
            bucket. Its IPv4 flows match the prefix list and take the endpoint; its IPv6 flows match `::/0` and take the
            egress-only internet gateway. Nobody changed a route for IPv4, and no dashboard of IPv4 shows anything.""",
        picture="""
            10.60.1.0/24, 2600:1f18:24e6:b901::/64
            [ media-1 .10      ]--+-- pl-63a5400a --> ( vpce s3, IPv4 ) --> S3
            [ media-2 .11, ::11 ]-+-- ::/0 ---------> ( eigw ) -----------> S3, IPv6""",
        because="Three connections of `media-2` go to S3's IPv6 ranges and leave by the egress-only internet gateway.",
        remedy="Recreate the endpoint as dual-stack where your Region offers it, or use the IPv4 name, or drop `::/0`.",
        policy=[S3_PRIVATE], claims={"s3-private": "violated"})


def shared_services_tgw_peering() -> World:
    w = World("shared-services-tgw-peering", "Endpoints in a shared-services VPC", "2026-08-18T11:00:00Z", account="111122223333")
    c, t = w.cloud, w.traffic
    shared, alpha, beta = c.vpc("shared", "10.0.0.0/16"), c.vpc("alpha", "10.1.0.0/16"), c.vpc("beta", "10.2.0.0/16")
    tgw = Gateway(c.id("tgw", "hub"))
    pcx = c.peer("beta-shared", beta, shared)
    home = c.table(shared, "shared", main=True).to("10.1.0.0/16", tgw).to("10.2.0.0/16", pcx)
    first = c.table(alpha, "alpha", main=True).to("10.0.0.0/8", tgw)
    second = c.table(beta, "beta", main=True).to("10.0.0.0/16", pcx)
    one, two = c.subnet(home, "shared-a", "10.0.1.0/24"), c.subnet(home, "shared-b", "10.0.2.0/24", "b")
    s3 = c.interface_endpoint("s3-interface", "com.amazonaws.us-east-1.s3", [(one, "10.0.1.100"), (two, "10.0.2.100")])
    kms = c.interface_endpoint("kms", "com.amazonaws.us-east-1.kms", [(one, "10.0.1.101")], private_dns=False)
    alpha_a, alpha_b = c.subnet(first, "alpha-a", "10.1.1.0/24"), c.subnet(first, "alpha-b", "10.1.2.0/24", "b")
    near = c.attach_transit_gateway(tgw, "alpha", [(alpha_a, "10.1.1.200"), (alpha_b, "10.1.2.200")])
    far = c.attach_transit_gateway(tgw, "shared", [(one, "10.0.1.200"), (two, "10.0.2.200")])
    app = c.instance(alpha_a, "alpha-app", "10.1.1.10")
    job = c.instance(c.subnet(second, "beta-a", "10.2.1.0/24"), "beta-job", "10.2.1.10")
    for vpc in (shared, alpha, beta):
        c.flow_log(vpc, V11)
    for minute, eni in zip((2, 9, 16, 24), s3.enis * 2):
        t.through_transit_gateway(app, near, far, eni, t.talk(minute))
    t.through_transit_gateway(app, near, far, kms.enis[0], t.talk(13, kilobytes=3))
    for minute, eni in zip((4, 12, 27), s3.enis * 2):
        talk = t.talk(minute)
        t.client(job, eni.ip, talk, 4)
        t.server(eni, job.ip, talk, 4)
    return w.tell(
        shows="private addresses in other VPCs: the exit is found behind a transit gateway and behind a peering",
        story="""
            Interface endpoints for S3 and KMS stand in a shared-services VPC. Spoke `alpha` reaches them by a transit gateway, spoke `beta`
            by a peering connection. The first hop of a spoke's flow is the transit gateway or the peering, so that is its path; its
            *exit* is the endpoint, found by whose address it is in the VPC behind. The same packet is logged at four
            interfaces on its way over the transit gateway, which print their own address and leave the ends to `pkt-*`;
            request and reply use the interfaces of different zones. The log is of version 11 and names the next hops.""",
        picture="""
            alpha 10.1.0.0/16                        shared 10.0.0.0/16
            [ alpha-app .1.10 ]-- [tgw] ==( tgw )== [tgw] --+--> [ vpce s3  .1.100, .2.100 ] --> S3
            beta 10.2.0.0/16                                +--> [ vpce kms .1.101         ] --> KMS
            [ beta-job .1.10 ]------- ( pcx ) --------------+""",
        because="Every S3 and KMS flow ends at an endpoint's interface, by whichever way. The policy allows the ways and fixes the "
                "`exits`: a transit gateway that led to somebody's NAT gateway would not do.",
        remedy="Nothing.",
        policy=["""
            [[claim]]
            id = "s3-private"
            title = "S3 is reached through the shared endpoints"
            to = ["service:s3"]
            allow = ["via-endpoint-eni", "via-transit-gateway", "via-peering"]
            exits = ["endpoint"]

            [[claim]]
            id = "kms-private"
            title = "KMS is reached through the shared endpoints"
            to = ["service:kms"]
            allow = ["via-endpoint-eni", "via-transit-gateway", "via-peering"]
            exits = ["endpoint"]
            """, NO_INTERNET],
        claims={"s3-private": "proven", "kms-private": "proven", "no-internet": "proven"})


def overlapping_vpcs() -> World:
    w = World("overlapping-vpcs", "Two VPCs with the same addresses", "2026-07-28T13:00:00Z")
    c, t = w.cloud, w.traffic
    prod, lab = c.vpc("prod", "10.0.0.0/16"), c.vpc("lab", "10.0.0.0/16")
    igw = c.internet_gateway(lab)
    private = c.table(prod, "prod-private", main=True)
    public = c.table(lab, "lab-public", main=True).to("0.0.0.0/0", igw)
    c.gateway_endpoint(prod, "s3", [private])
    good_net, bad_net = c.subnet(private, "prod-a", "10.0.1.0/24"), c.subnet(public, "lab-a", "10.0.1.0/24")
    good, bad = c.instance(good_net, "prod-app", "10.0.1.10"), c.instance(bad_net, "lab-app", "10.0.1.10", public_ip="3.218.61.7")
    peer = c.instance(good_net, "prod-db", "10.0.1.30")
    c.flow_log(prod, V5)
    c.flow_log(lab, shuffled(V5, w.name))
    for minute, host in zip((1, 6, 11, 16, 22, 28), S3):
        t.client(good, host, t.talk(minute), 7)
    for minute, host in zip((3, 8, 14, 23), S3):
        t.client(bad, host, t.talk(minute), 8)
    for minute in (4, 13, 25):
        t.inside(good, peer, t.talk(minute, 5432))
    return w.tell(
        shows="10.0.1.10 is two hosts: one private, one leaking; two formats under one prefix",
        story="""
            `prod` and `lab` were made from the same template, so both are 10.0.0.0/16 and both have an application at 10.0.1.10. Their flow
            logs go to one bucket, under one prefix. They differ in the order of their fields, too: the flow log's id in the file
            name tells them apart. An address alone names nobody here; the interface does. Who resolves by address puts the leak of
            `lab` on `prod`, or hides it behind the endpoint of `prod`. The claims name the subnets they are about.""",
        picture="""
            prod 10.0.0.0/16 [ prod-app 10.0.1.10 ]-- pl-63a5400a --> ( vpce s3 ) --> S3
            lab  10.0.0.0/16 [ lab-app  10.0.1.10 ]-- 0.0.0.0/0 ----> ( igw ) ------> S3""",
        because="The witnesses are of `lab-app` alone; of `prod` the record is complete and clean.",
        remedy="Give `lab` an endpoint as well. Judge each VPC by its own claim, as here, or by its own run with `[scope]`.",
        policy=[f"""
            [[claim]]
            id = "s3-private-prod"
            title = "S3 is reached from prod through endpoints only"
            from = ["{good_net.id}"]
            to = ["service:s3"]
            allow = ["via-endpoint-eni", "via-gateway-endpoint"]

            [[claim]]
            id = "s3-private-lab"
            title = "S3 is reached from lab through endpoints only"
            from = ["{bad_net.id}"]
            to = ["service:s3"]
            allow = ["via-endpoint-eni", "via-gateway-endpoint"]
            """],
        claims={"s3-private-prod": "proven", "s3-private-lab": "violated"})


def privatelink_partner() -> World:
    w = World("privatelink-partner", "A partner's service over PrivateLink", "2026-08-25T15:00:00Z")
    c, t = w.cloud, w.traffic
    vpc = c.vpc("claims", "10.70.0.0/16")
    table = c.table(vpc, "private", main=True)
    apps, ends = c.subnet(table, "apps-a", "10.70.1.0/24"), c.subnet(table, "endpoints-a", "10.70.2.0/24")
    other = c.subnet(table, "endpoints-b", "10.70.3.0/24", "b")
    service = "vpce-svc-0d6a1be5c0a94f217"
    partner = c.interface_endpoint("partner", f"com.amazonaws.vpce.us-east-1.{service}",
                                   [(ends, "10.70.2.50"), (other, "10.70.3.50")])
    app = c.instance(apps, "claims-1", "10.70.1.10")
    second = c.instance(apps, "claims-2", "10.70.1.11")
    c.flow_log(vpc, V5)
    for minute, client, eni in zip((1, 5, 8, 12, 17, 22, 26), [app, second] * 4, partner.enis * 4):
        t.inside(client, eni, t.talk(minute, kilobytes=30))
    for minute in (3, 19):
        t.inside(app, second, t.talk(minute, 8443))
    return w.tell(
        shows="a service that is not AWS's, known by its endpoint only",
        story="""
            A partner offers an API as an endpoint service; here it is an interface endpoint with one interface a zone. Its flows are
            private addresses on both sides, and neither a prefix list nor a published range nor `pkt-dst-aws-service` says a
            word: whose interface it is tells all. The leg from the endpoint to the partner's load balancer is logged nowhere.
            Two claims: the partner's API is reached through this endpoint, and the applications talk to nothing else outside.""",
        picture="""
            10.70.1.0/24                 10.70.2.0/24 [ vpce-eni .50 ]--+
            [ claims-1 .10 ]--+-- 443 -->                               +--> partner's NLB
            [ claims-2 .11 ]--+          10.70.3.0/24 [ vpce-eni .50 ]--+""",
        because="All flows of the applications end at the partner's endpoint or stay between the two.",
        remedy="Nothing.",
        policy=[f"""
            [[claim]]
            id = "partner-private"
            title = "The partner's API is reached through its endpoint"
            to = ["service:{service}"]
            allow = ["via-endpoint-eni"]
            through = ["{partner.id}"]

            [[claim]]
            id = "partner-only"
            title = "The applications talk to the partner and to each other, and to nobody else"
            from = ["{apps.id}"]
            to = ["any"]
            allow = ["via-endpoint-eni", "intra-vpc"]
            """],
        claims={"partner-private": "proven", "partner-only": "proven"})


def proxy_fleet() -> World:
    w = World("proxy-fleet", "On-premises clients behind a proxy fleet", "2026-09-08T07:00:00Z")
    c, t = w.cloud, w.traffic
    vpc = c.vpc("egress", "10.80.0.0/16")
    vgw = c.vpn_gateway(vpc)
    front, back = c.table(vpc, "front"), c.table(vpc, "back", main=True)
    c.learn_route(front, "172.16.0.0/16", vgw)
    nlb_a, nlb_b = c.subnet(front, "front-a", "10.80.1.0/24"), c.subnet(front, "front-b", "10.80.2.0/24", "b")
    nlb = c.load_balancer("proxies", [(nlb_a, "10.80.1.20"), (nlb_b, "10.80.2.20")])
    proxies = [c.instance(c.subnet(back, "back-a", "10.80.11.0/24"), "proxy-1", "10.80.11.5"),
               c.instance(c.subnet(back, "back-b", "10.80.12.0/24", "b"), "proxy-2", "10.80.12.5")]
    c.gateway_endpoint(vpc, "s3", [back])
    c.flow_log(vpc, shuffled(V5, w.name))
    for n, minute in enumerate((1, 6, 11, 17, 22, 27)):
        front_talk, kilobytes = t.talk(minute, 3128), 300 + 70 * n
        t.server(nlb[n % 2], f"172.16.4.{20 + n}", front_talk, 3)
        t.inside(nlb[n % 2], proxies[n // 2 % 2], t.talk(minute, 3128, kilobytes=kilobytes))
        t.client(proxies[n // 2 % 2], S3[n], t.talk(minute, kilobytes=kilobytes), 7)
    return w.tell(
        shows="a gateway endpoint cannot be used from outside the VPC, a proxy in it can",
        story="""
            On-premises clients may not use a gateway endpoint: it serves its own VPC only. So they ask a proxy: VPN, Network Load Balancer,
            proxy instance, and from there a new connection through the gateway endpoint to S3. Three flows, one after the other,
            with nothing in the log to tie them together: the load balancer opens its own connection to the proxy, and the proxy to
            S3. Who fetched what stands in the proxies' own log.""",
        picture="""
            172.16.0.0/16 ==VPN==> ( vgw ) --> [ nlb 10.80.1.20, 10.80.2.20 ]:3128
                                                  +--> [ proxy-1 10.80.11.5 ]--+-- pl-63a5400a --> ( vpce s3 ) --> S3
                                                  +--> [ proxy-2 10.80.12.5 ]--+""",
        because="The only flows to S3 are the proxies', each through the gateway endpoint; "
                "load balancer and proxies were heard of in every interval.",
        remedy="Nothing. What the clients send around the proxies does not cross this VPC and is not judged here.",
        policy=[S3_PRIVATE, NO_INTERNET], claims={"s3-private": "proven", "no-internet": "proven"})


def appliances() -> World:
    w = World("appliances", "A firewall in one VPC, a NAT instance in another", "2026-08-20T18:00:00Z", account="111122223333")
    c, t = w.cloud, w.traffic
    shop, old = c.vpc("shop", "10.90.0.0/16"), c.vpc("old", "10.91.0.0/16")
    shop_igw, old_igw = c.internet_gateway(shop), c.internet_gateway(old)
    inspect = c.table(shop, "firewall").to("0.0.0.0/0", shop_igw)
    firewall = c.firewall_endpoint(c.subnet(inspect, "firewall-a", "10.90.0.0/24"), "firewall", "10.90.0.40")
    shop_table = c.table(shop, "apps", main=True).to("0.0.0.0/0", firewall)
    edge = c.table(shop, "edge").to("10.90.1.0/24", firewall)
    edge.gateways.append(shop_igw.id)
    app = c.instance(c.subnet(shop_table, "apps-a", "10.90.1.0/24"), "shop-1", "10.90.1.10", public_ip="3.222.14.90")
    c.gateway_endpoint(shop, "s3", [shop_table])
    public = c.table(old, "old-public").to("0.0.0.0/0", old_igw)
    nat = c.instance(c.subnet(public, "old-public-a", "10.91.0.0/24"), "nat-instance", "10.91.0.5", public_ip="3.222.14.91", forwards=True)
    old_table = c.table(old, "old-private", main=True).to("0.0.0.0/0", nat)
    c.gateway_endpoint(old, "s3", [old_table])
    legacy = c.instance(c.subnet(old_table, "old-private-a", "10.91.1.0/24"), "old-1", "10.91.1.10")
    c.flow_log(shop, V11)
    c.flow_log(old, V11)
    for minute, host in zip((1, 8, 15, 26), (MIRROR, WEBHOOK) * 2):
        t.through_firewall(app, firewall.enis[0], host, t.talk(minute))
    for minute, host in zip((3, 12, 23), S3):
        t.client(app, host, t.talk(minute), 7)
        t.client(legacy, host, t.talk(minute + 1), 7)
    for minute in (5, 17, 28):
        t.through_nat_instance(legacy, nat, MIRROR, t.talk(minute))
    return w.tell(
        shows="routes that lead to appliances: one is the firewall, one is not",
        story="""
            Policy: what goes to the internet is inspected by the firewall. In `shop` the default route leads to a Gateway Load Balancer
            endpoint, and an edge route table leads the answers back through it. In `old` the default route leads to the
            interface of a NAT instance that somebody set up years ago. To both, the first hop is an appliance; `through` says
            which one is meant. Forwarding interfaces print their own address for packets that are not for them: the ends stand in `pkt-*`.
            (How a Gateway Load Balancer endpoint is logged follows from AWS's rules for such packets; no published sample shows it.)""",
        picture="""
            shop 10.90.0.0/16  [ shop-1 10.90.1.10 ]-- 0.0.0.0/0 --> [ gwlbe 10.90.0.40 ] --> ( igw ) --> internet
            old  10.91.0.0/16  [ old-1  10.91.1.10 ]-- 0.0.0.0/0 --> [ nat-instance 10.91.0.5 ] --> ( igw ) --> internet
            both                                    -- pl-63a5400a --> ( vpce s3 ) --> S3""",
        because="The flows of `old-1` go through the NAT instance, not through the firewall: witnesses against "
                "`internet-inspected`. S3 is not affected: both VPCs have their endpoint.",
        remedy="Attach `old` to the firewall (an endpoint of the same service, and routes to it), then terminate the NAT instance.",
        policy=[S3_PRIVATE, f"""
            [[claim]]
            id = "internet-inspected"
            title = "What goes to the internet goes through the firewall"
            to = ["internet"]
            allow = ["via-appliance"]
            through = ["{firewall.id}"]
            """],
        claims={"s3-private": "proven", "internet-inspected": "violated"})


def rejected_attempts() -> World:
    w = World("rejected-attempts", "Nothing got out, though it was tried", "2026-08-27T20:00:00Z")
    c, t = w.cloud, w.traffic
    vpc = c.vpc("vault", "10.100.0.0/16")
    vpc.block_mode = "block-bidirectional"
    igw = c.internet_gateway(vpc)
    table = c.table(vpc, "public", main=True).to("0.0.0.0/0", igw)
    c.gateway_endpoint(vpc, "s3", [table])
    subnet = c.subnet(table, "public-a", "10.100.1.0/24")
    vault, agent = c.instance(subnet, "vault-1", "10.100.1.10"), c.instance(subnet, "agent-1", "10.100.1.11", public_ip="3.220.5.66")
    c.flow_log(vpc, shuffled(V8, w.name))
    for minute, host in zip((1, 7, 13, 19, 25), S3):
        t.client(vault, host, t.talk(minute), 7)
    for minute, host in zip((3, 9, 16, 22, 28), (MIRROR, WEBHOOK) * 3):
        t.client(agent, host, t.refused(minute), 8)
    for minute, port in zip((5, 12, 23), (22, 3389, 443)):
        t.server(agent, SCANNER, t.refused(minute, port), 8, reason="BPA")
    for minute in (2, 14, 26):
        t.inside(agent, vault, t.talk(minute, 8200))
    return w.tell(
        shows="REJECT is an attempt: it is reported, and breaks nothing",
        story="""
            `agent-1` keeps trying to reach its vendor's telemetry; its security group lets S3 and the VPC through and nothing else, so all
            of that is REJECT. From outside, somebody tries ports: VPC Block Public Access turns them away. The field `reject-reason`,
            of version 8, tells the two apart: `BPA`, with `-` for the bytes, which AWS does not count there; and `-` for
            security groups and network ACLs, which it does not tell apart.""",
        picture="""
            10.100.1.0/24
            [ vault-1 .10 ]---- pl-63a5400a --> ( vpce s3 ) --> S3
            [ agent-1 .11 ]--x  0.0.0.0/0   --> ( igw )     --> telemetry      REJECT, reason -
                             x-----------------  ( igw )    <-- scanner        REJECT, reason BPA""",
        because="No accepted flow went to or came from the internet. With `rejected = \"attempt\"` the rejected ones are "
                "listed as attempts; with `\"violation\"` the same data would be exit 1.",
        remedy="Nothing is open. Ask the owners of `agent-1` why it calls home; one wrong rule in its security group would let it.",
        policy=['rejected = "attempt"\n', S3_PRIVATE, NO_INTERNET],
        claims={"s3-private": "proven", "no-internet": "proven"})


def skipdata() -> World:
    w = World("skipdata", "AWS skipped some records", "2026-08-05T12:00:00Z")
    c, t = w.cloud, w.traffic
    apps = _two_apps_behind_endpoints(w, V5, interval=60)
    _endpoint_traffic(w, apps)
    t.status(apps[1], "SKIPDATA", w.since + 13 * 60 + 4, w.since + 14 * 60 + 1)
    return w.tell(
        shows="one SKIPDATA line may stand for any number of flows",
        story="""
            The world of `gateway-endpoint-only`, on a bad day: at 12:13 AWS's log service had no capacity, and wrote SKIPDATA for
            `app-2`. That line says that flows were seen and not recorded, not how many, or to whom. All other records are
            as they should be.""",
        picture="""
            10.20.1.0/24 [ app-1 .10 ]--+-- pl-63a5400a --> ( vpce s3 )       --> S3
            10.20.2.0/24 [ app-2 .10 ]--+-- pl-02cd2c6b --> ( vpce dynamodb ) --> DynamoDB
                           12:13:04 to 12:14:01: ? ? ?""",
        because="There is no witness, and `no-skipdata` fails: what happened in that minute nobody knows.",
        remedy="Judge windows that end before or begin after that minute; they can be proven. If it happens often, ask AWS support.",
        policy=[S3_PRIVATE], claims={"s3-private": "unproven"})


def silent_interface() -> World:
    w = World("silent-interface", "An interface that says nothing", "2026-08-06T12:00:00Z")
    apps = _two_apps_behind_endpoints(w, shuffled(V5, w.name))
    third = w.cloud.instance(apps[0].subnet, "app-3", "10.20.1.11", Environment="prod")
    w.silent.append(third)
    _endpoint_traffic(w, apps)
    return w.tell(
        shows="no record is not the same as no traffic",
        story="""
            The world of `gateway-endpoint-only`, and one more instance. `app-3` is in the topology, in use, in a subnet whose VPC is logged; and
            there is not one record of it, not even NODATA. Its files may be late, or deleted, or another flow log may have been meant;
            from here it cannot be told. Tools that look at flows only see nothing wrong.""",
        picture="""
            10.20.1.0/24 [ app-1 .10 ]--+-- pl-63a5400a --> ( vpce s3 )       --> S3
                         [ app-3 .11 ] no record at all
            10.20.2.0/24 [ app-2 .10 ]--+-- pl-02cd2c6b --> ( vpce dynamodb ) --> DynamoDB""",
        because="There is no witness, and `no-silence` fails: nothing was heard of `app-3` in the whole window.",
        remedy="Wait ten minutes and ask again, since delivery may be late; then look whether keys were deleted. If the instance is "
               "truly not to be judged, narrow `[scope]` and say so.",
        policy=[S3_PRIVATE], claims={"s3-private": "unproven"})


def lacking_fields() -> World:
    w = World("lacking-fields", "The default format hides the far end", "2026-07-09T17:00:00Z")
    c, t = w.cloud, w.traffic
    vpc = c.vpc("crm", "10.110.0.0/16")
    igw = c.internet_gateway(vpc)
    public = c.table(vpc, "public").to("0.0.0.0/0", igw)
    private = c.table(vpc, "private", main=True)
    nat = c.nat(c.subnet(public, "public-a", "10.110.0.0/24"), "nat-a", "10.110.0.220", "44.195.40.2")
    private.to("0.0.0.0/0", nat)
    c.gateway_endpoint(vpc, "s3", [private])
    subnet = c.subnet(private, "private-a", "10.110.1.0/24")
    crm, mail = c.instance(subnet, "crm-1", "10.110.1.10"), c.instance(subnet, "mail-1", "10.110.1.11")
    c.flow_log(vpc, V2)
    for minute, host in zip((1, 7, 13, 19, 25), S3):
        t.client(crm, host, t.talk(minute), 7)
    for minute in (4, 15, 23):
        t.through_nat(mail, nat, WEBHOOK, t.talk(minute, 587))
    return w.tell(
        shows="14 fields, a NAT gateway, and a proof that cannot be given",
        story="""
            Everything is built well: S3 by a gateway endpoint, the rest by a NAT gateway. But the flow log has AWS's default format of
            14 fields. It has no `traffic-path`, so only today's route table says that S3 took the endpoint. It has no `pkt-dstaddr`, so on
            the NAT gateway's inside leg the far end is the NAT gateway itself: 10.110.1.11 talked to 10.110.0.220, and beyond that
            to anybody.""",
        picture="""
            10.110.1.0/24     +-- pl-63a5400a --> ( vpce s3 ) --> S3            (says the route table)
            [ crm-1  .10 ]--+-+
            [ mail-1 .11 ]--+ +-- 0.0.0.0/0 --> [ nat 10.110.0.220 ] --> ( igw ) --> mail relay
                                   inside leg: mail-1 -> nat -> ?""",
        because="There is no witness. `fields-suffice` fails (`traffic-path` and `flow-direction` are missing) and so does "
                "`no-unknown-path`: the far end of the inside leg is hidden.",
        remedy="A flow log's format cannot be changed: create a second flow log with the fields of versions 3 to 5, check that it delivers, "
               "then delete this one.",
        policy=[S3_PRIVATE], claims={"s3-private": "unproven"})


def parquet() -> World:
    fields = shuffled(V5, "gateway-endpoint-only")
    w = World("parquet", "The same records as Parquet", "2026-08-01T12:00:00Z", parquet=True, seed="gateway-endpoint-only")
    _gateway_endpoint_only(w, fields, parquet=True, hive=True)
    return w.tell(
        shows="the records of `gateway-endpoint-only` as Parquet, under Hive keys, hour by hour",
        story="""
            The records of `gateway-endpoint-only`, one for one, as AWS delivers them in Parquet: names with underscores, ports and protocol as
            INT32, packets, bytes and times as INT64, all else as strings. Missing numbers are null, missing strings are `-`. The
            columns are compressed with gzip; the file is not, whatever the ending suggests. The keys are those of a flow log with
            Hive-compatible prefixes and a partition for each hour.""",
        picture="""
            10.20.1.0/24 [ app-1 .10 ]--+-- pl-63a5400a --> ( vpce s3 )       --> S3
            10.20.2.0/24 [ app-2 .10 ]--+-- pl-02cd2c6b --> ( vpce dynamodb ) --> DynamoDB""",
        because="The same verdict and the same counts as from the text files.",
        remedy="Nothing.",
        policy=[S3_PRIVATE, DYNAMODB_PRIVATE, NO_INTERNET],
        claims={"s3-private": "proven", "dynamodb-private": "proven", "no-internet": "proven"})


ALL = [
    internet_gateway_only, gateway_endpoint_only, internet_gateway_and_gateway_endpoint, cross_region_s3, hybrid_vpn_endpoint,
    forgotten_route_table, nat_interface_only, ipv6_past_endpoint, shared_services_tgw_peering, overlapping_vpcs,
    privatelink_partner, proxy_fleet, appliances, rejected_attempts, skipdata, silent_interface, lacking_fields, parquet,
]
