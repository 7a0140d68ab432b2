"""What stands in an account, printed as `aws ec2 describe-*` prints it."""

import hashlib
import ipaddress
from dataclasses import dataclass, field

# AWS's own ids and names; the CIDRs are a part of what the lists hold in 2026.
PREFIX_LISTS = {
    "us-east-1": {
        "s3": ("pl-63a5400a", ["3.5.0.0/19", "16.182.0.0/16", "18.34.0.0/19", "18.34.232.0/21", "52.216.0.0/15", "54.231.0.0/16"]),
        "dynamodb": ("pl-02cd2c6b", ["3.218.180.0/22", "35.71.68.0/22", "52.94.0.0/22", "52.119.224.0/21", "52.119.232.0/21"]),
    },
    "eu-west-1": {
        "s3": ("pl-6da54004", ["3.5.64.0/21", "3.5.72.0/23", "52.92.0.0/17", "52.218.0.0/17"]),
        "dynamodb": ("pl-6fa54006", ["52.94.5.0/24", "52.94.24.0/23", "52.119.240.0/21"]),
    },
}
ZONES = {
    "us-east-1": {"a": "use1-az4", "b": "use1-az6"},
    "eu-west-1": {"a": "euw1-az1", "b": "euw1-az3"},
}


# What an endpoint has if nobody gave it a policy.
OPEN = '{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}'


def digest(*parts: object) -> str:
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()


@dataclass
class Vpc:
    id: str
    cidr: str
    ipv6: str | None
    name: str
    block_mode: str = "off"  # of VPC Block Public Access


@dataclass
class Table:
    id: str
    vpc: Vpc
    name: str
    main: bool
    routes: list[dict] = field(default_factory=list)
    subnets: list[str] = field(default_factory=list)
    gateways: list[str] = field(default_factory=list)
    propagating: list[str] = field(default_factory=list)

    def to(self, destination: str, target: object, **more: str) -> "Table":
        """Adds a route; the target is anything with an id."""
        key = "DestinationPrefixListId" if destination.startswith("pl-") else (
            "DestinationIpv6CidrBlock" if ":" in destination else "DestinationCidrBlock")
        route = {key: destination, **target.as_route(), "Origin": "CreateRoute", "State": "active", **more}
        self.routes.append(route)
        return self


@dataclass
class Gateway:
    """Internet, egress-only, virtual private, transit gateway, peering connection, gateway endpoint: known by its id."""
    id: str

    def as_route(self) -> dict:
        keys = {"eigw": "EgressOnlyInternetGatewayId", "tgw": "TransitGatewayId", "pcx": "VpcPeeringConnectionId",
                "nat": "NatGatewayId"}
        return {keys.get(self.id.split("-")[0], "GatewayId"): self.id}


@dataclass
class Subnet:
    id: str
    vpc: Vpc
    cidr: str
    ipv6: str | None
    zone: str
    zone_id: str
    name: str


@dataclass
class Eni:
    id: str
    subnet: Subnet
    ip: str
    kind: str
    name: str
    ipv6: str | None = None
    public_ip: str | None = None
    instance: str | None = None
    description: str = ""
    owner_words: str | None = None  # what the log's account-id says, if not the account
    more: dict = field(default_factory=dict)

    @property
    def vpc(self) -> Vpc:
        return self.subnet.vpc

    @property
    def addresses(self) -> list[str]:
        return [self.ip] + ([self.ipv6] if self.ipv6 else [])

    def as_route(self) -> dict:
        return {"InstanceId": self.instance, "InstanceOwnerId": self.more["owner"], "NetworkInterfaceId": self.id}


@dataclass
class Endpoint(Gateway):
    kind: str = "Interface"
    enis: list[Eni] = field(default_factory=list)


@dataclass
class Nat(Gateway):
    eni: Eni = None


@dataclass
class FlowLog:
    id: str
    resource: str
    fields: list[str]
    interval: int

    def covers(self, eni: Eni) -> bool:
        return self.resource in (eni.id, eni.subnet.id, eni.vpc.id)


class Cloud:
    """One account in one Region."""

    def __init__(self, world: str, account: str, region: str):
        self.world, self.account, self.region = world, account, region
        self.vpcs: list[Vpc] = []
        self.subnets: list[Subnet] = []
        self.tables: list[Table] = []
        self.enis: list[Eni] = []
        self.flow_logs: list[FlowLog] = []
        self.raw: dict[str, list[dict]] = {key: [] for key in (
            "VpcEndpoints", "NatGateways", "InternetGateways", "EgressOnlyInternetGateways", "VpnGateways",
            "TransitGatewayVpcAttachments", "VpcPeeringConnections", "FlowLogs")}

    # ---- ids ----

    def id(self, kind: str, name: str) -> str:
        return f"{kind}-0{digest(self.world, kind, name)[:16]}"

    def tags(self, name: str, **more: str) -> list[dict]:
        return [{"Key": key, "Value": value} for key, value in {"Name": name, **more}.items()]

    # ---- networks ----

    def vpc(self, name: str, cidr: str, ipv6: str | None = None) -> Vpc:
        vpc = Vpc(self.id("vpc", name), cidr, ipv6, name)
        self.vpcs.append(vpc)
        return vpc

    def table(self, vpc: Vpc, name: str, main: bool = False) -> Table:
        table = Table(self.id("rtb", name), vpc, name, main)
        local = {"GatewayId": "local", "Origin": "CreateRouteTable", "State": "active"}
        table.routes.append({"DestinationCidrBlock": vpc.cidr, **local})
        if vpc.ipv6:
            table.routes.append({"DestinationIpv6CidrBlock": vpc.ipv6, **local})
        self.tables.append(table)
        return table

    def subnet(self, table: Table, name: str, cidr: str, zone: str = "a", ipv6: str | None = None) -> Subnet:
        """A subnet of the table's VPC; a main table is associated without being told."""
        subnet = Subnet(self.id("subnet", name), table.vpc, cidr, ipv6, self.region + zone, ZONES[self.region][zone], name)
        self.subnets.append(subnet)
        if not table.main:
            table.subnets.append(subnet.id)
        return subnet

    # ---- interfaces ----

    def _eni(self, subnet: Subnet, name: str, ip: str, kind: str, **more) -> Eni:
        assert ipaddress.ip_address(ip) in ipaddress.ip_network(subnet.cidr), (name, ip)
        eni = Eni(self.id("eni", name), subnet, ip, kind, name, **more)
        self.enis.append(eni)
        return eni

    def instance(self, subnet: Subnet, name: str, ip: str, *, ipv6: str | None = None, public_ip: str | None = None,
                 forwards: bool = False, **tags: str) -> Eni:
        return self._eni(subnet, name, ip, "interface", ipv6=ipv6, public_ip=public_ip, instance=self.id("i", name),
                         description="Primary network interface",
                         more={"owner": self.account, "managed": False, "check": not forwards, "tags": tags})

    def _managed(self, subnet: Subnet, name: str, ip: str, kind: str, description: str, *, managed=True, check=True,
                 public_ip: str | None = None) -> Eni:
        return self._eni(subnet, name, ip, kind, description=description, public_ip=public_ip,
                         more={"owner": "amazon-aws", "managed": managed, "check": check, "tags": {}})

    def nat(self, subnet: Subnet, name: str, ip: str, public_ip: str) -> Nat:
        nat = Nat(self.id("nat", name))
        nat.eni = self._managed(subnet, name, ip, "nat_gateway", f"Interface for NAT Gateway {nat.id}", check=False,
                                public_ip=public_ip)
        self.raw["NatGateways"].append({
            "CreateTime": "2026-03-02T09:14:51+00:00",
            "NatGatewayAddresses": [{
                "AllocationId": self.id("eipalloc", name), "AssociationId": self.id("eipassoc", name),
                "NetworkInterfaceId": nat.eni.id, "PrivateIp": ip, "PublicIp": public_ip, "IsPrimary": True,
                "Status": "succeeded"}],
            "NatGatewayId": nat.id, "State": "available", "SubnetId": subnet.id, "VpcId": subnet.vpc.id,
            "Tags": self.tags(name), "ConnectivityType": "public", "AvailabilityMode": "zonal"})
        return nat

    def load_balancer(self, name: str, places: list[tuple[Subnet, str]]) -> list[Eni]:
        words = f"ELB net/{name}/{digest(self.world, 'nlb', name)[:16]}"
        return [self._managed(subnet, f"{name}-{subnet.zone}", ip, "network_load_balancer", words) for subnet, ip in places]

    def attach_transit_gateway(self, gateway: Gateway, name: str, places: list[tuple[Subnet, str]]) -> list[Eni]:
        attachment = self.id("tgw-attach", name)
        vpc = places[0][0].vpc
        self.raw["TransitGatewayVpcAttachments"].append({
            "TransitGatewayAttachmentId": attachment, "TransitGatewayId": gateway.id, "TransitGatewayOwnerId": self.account,
            "VpcId": vpc.id, "VpcOwnerId": self.account, "State": "available", "SubnetIds": [place.id for place, _ in places],
            "CreationTime": "2026-02-11T08:00:12+00:00",
            "Options": {"DnsSupport": "enable", "SecurityGroupReferencingSupport": "enable", "Ipv6Support": "disable",
                        "ApplianceModeSupport": "disable"},
            "Tags": self.tags(name)})
        words = f"Network Interface for Transit Gateway Attachment {attachment}"
        return [self._managed(subnet, f"{name}-{subnet.zone}", ip, "transit_gateway", words, managed=False, check=False)
                for subnet, ip in places]

    # ---- gateways and endpoints ----

    def internet_gateway(self, vpc: Vpc) -> Gateway:
        gateway = Gateway(self.id("igw", vpc.name))
        self.raw["InternetGateways"].append({
            "Attachments": [{"State": "available", "VpcId": vpc.id}], "InternetGatewayId": gateway.id,
            "OwnerId": self.account, "Tags": self.tags(f"{vpc.name}-igw")})
        return gateway

    def egress_only_gateway(self, vpc: Vpc) -> Gateway:
        gateway = Gateway(self.id("eigw", vpc.name))
        self.raw["EgressOnlyInternetGateways"].append({
            "Attachments": [{"State": "attached", "VpcId": vpc.id}], "EgressOnlyInternetGatewayId": gateway.id,
            "Tags": self.tags(f"{vpc.name}-eigw")})
        return gateway

    def vpn_gateway(self, vpc: Vpc) -> Gateway:
        gateway = Gateway(self.id("vgw", vpc.name))
        self.raw["VpnGateways"].append({
            "AmazonSideAsn": 64512, "State": "available", "Type": "ipsec.1",
            "VpcAttachments": [{"State": "attached", "VpcId": vpc.id}], "VpnGatewayId": gateway.id,
            "Tags": self.tags(f"{vpc.name}-vgw")})
        return gateway

    def learn_route(self, table: Table, cidr: str, gateway: Gateway) -> None:
        """A route that a VPN gateway propagates."""
        table.propagating.append(gateway.id)
        table.to(cidr, gateway, Origin="EnableVgwRoutePropagation")

    def peer(self, name: str, one: Vpc, other: Vpc) -> Gateway:
        gateway = Gateway(self.id("pcx", name))
        side = lambda vpc: {"VpcId": vpc.id, "OwnerId": self.account, "Region": self.region, "CidrBlock": vpc.cidr,
                            "CidrBlockSet": [{"CidrBlock": vpc.cidr}],
                            "PeeringOptions": {"AllowDnsResolutionFromRemoteVpc": True}}
        self.raw["VpcPeeringConnections"].append({
            "RequesterVpcInfo": side(one), "AccepterVpcInfo": side(other),
            "Status": {"Code": "active", "Message": "Active"}, "Tags": self.tags(name),
            "VpcPeeringConnectionId": gateway.id})
        return gateway

    def _endpoint(self, vpc: Vpc, name: str, service: str, kind: str, created: str, **more) -> Endpoint:
        endpoint = Endpoint(self.id("vpce", name), kind)
        known = {"RouteTableIds": [], "SubnetIds": [], "Groups": [], "NetworkInterfaceIds": [], "DnsEntries": [],
                 "PrivateDnsEnabled": False, **more}
        self.raw["VpcEndpoints"].append({
            "VpcEndpointId": endpoint.id, "VpcEndpointType": kind, "VpcId": vpc.id, "ServiceName": service,
            "ServiceRegion": self.region, "State": "available", "IpAddressType": "ipv4", "RequesterManaged": False,
            **known, "CreationTimestamp": created, "OwnerId": self.account, "Tags": self.tags(name)})
        return endpoint

    def gateway_endpoint(self, vpc: Vpc, service: str, tables: list[Table], created="2026-03-02T09:20:05+00:00") -> Endpoint:
        """Also puts the route to the service's prefix list into the tables."""
        endpoint = self._endpoint(vpc, f"{vpc.name}-{service}", f"com.amazonaws.{self.region}.{service}", "Gateway", created,
                                  RouteTableIds=[table.id for table in tables],
                                  PolicyDocument=OPEN)
        for table in tables:
            table.to(PREFIX_LISTS[self.region][service][0], endpoint)
        return endpoint

    def interface_endpoint(self, name: str, service: str, places: list[tuple[Subnet, str]], private_dns=True) -> Endpoint:
        vpc = places[0][0].vpc
        partner = ".vpce-svc-" in service
        endpoint = self._endpoint(vpc, name, service, "Interface", "2026-03-03T10:02:44+00:00", PrivateDnsEnabled=private_dns and not partner,
                                  PolicyDocument=OPEN,
                                  Groups=[{"GroupId": self.id("sg", name), "GroupName": name}])
        stem = f"{endpoint.id}-{digest(self.world, name)[:8]}.{service.split('.')[-1]}.{self.region}.vpce.amazonaws.com"
        endpoint.enis = [self._managed(subnet, f"{name}-{subnet.zone}", ip, "vpc_endpoint",
                                       f"VPC Endpoint Interface {endpoint.id}") for subnet, ip in places]
        self.raw["VpcEndpoints"][-1].update(
            SubnetIds=[subnet.id for subnet, _ in places], NetworkInterfaceIds=[eni.id for eni in endpoint.enis],
            DnsEntries=[{"DnsName": stem, "HostedZoneId": "Z7HUB22UULQXV"}],
            DnsOptions={"DnsRecordIpType": "ipv4"})
        return endpoint

    def security_group(self, vpc: Vpc, name: str, admits: list[str]) -> None:
        """The group of what has that name: HTTPS from these CIDRs."""
        self.raw.setdefault("SecurityGroups", []).append({
            "GroupId": self.id("sg", name), "GroupName": name, "Description": name, "VpcId": vpc.id, "OwnerId": self.account,
            "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [], "Ipv6Ranges": [],
                               "PrefixListIds": [], "IpRanges": [{"CidrIp": cidr} for cidr in admits]}],
            "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [],
                                     "PrefixListIds": [], "UserIdGroupPairs": []}],
            "Tags": self.tags(name)})

    def firewall_endpoint(self, subnet: Subnet, name: str, ip: str) -> Endpoint:
        """A Gateway Load Balancer endpoint."""
        service = f"com.amazonaws.vpce.{self.region}.vpce-svc-0{digest(self.world, 'svc', name)[:16]}"
        endpoint = self._endpoint(subnet.vpc, name, service, "GatewayLoadBalancer", "2026-03-04T07:45:00+00:00")
        endpoint.enis = [self._managed(subnet, name, ip, "gateway_load_balancer_endpoint",
                                       f"VPC Endpoint Interface {endpoint.id}", check=False)]
        self.raw["VpcEndpoints"][-1].update(SubnetIds=[subnet.id], NetworkInterfaceIds=[endpoint.enis[0].id])
        return endpoint

    def flow_log(self, resource: object, fields: list[str], *, interval=600, parquet=False, hive=False,
                 created="2026-03-02T09:30:00+00:00") -> FlowLog:
        log = FlowLog(self.id("fl", resource.id), resource.id, fields, interval)
        self.flow_logs.append(log)
        self.raw["FlowLogs"].append({
            "CreationTime": created, "DeliverLogsStatus": "SUCCESS", "FlowLogId": log.id, "FlowLogStatus": "ACTIVE",
            "ResourceId": resource.id, "TrafficType": "ALL", "LogDestinationType": "s3",
            "LogDestination": f"arn:aws:s3:::flow-logs-{self.account}-{self.region}",
            "LogFormat": " ".join(f"${{{name}}}" for name in fields), "Tags": [], "MaxAggregationInterval": interval,
            "DestinationOptions": {"FileFormat": "parquet" if parquet else "plain-text",
                                   "HiveCompatiblePartitions": hive, "PerHourPartition": hive}})
        return log

    # ---- as AWS prints it ----

    def describe(self, captured_at: str) -> dict:
        lists = [{"Cidrs": cidrs, "PrefixListId": id, "PrefixListName": f"com.amazonaws.{self.region}.{service}"}
                 for service, (id, cidrs) in PREFIX_LISTS[self.region].items()]
        raw = self.raw
        return {
            "captured_at": captured_at, "account_id": self.account, "region": self.region,
            "Vpcs": [self._vpc(vpc) for vpc in self.vpcs],
            "Subnets": [self._subnet(subnet) for subnet in self.subnets],
            "RouteTables": [self._table(table) for table in self.tables],
            "NetworkInterfaces": [self._interface(eni) for eni in self.enis],
            **{key: raw[key] for key in raw if key not in ("FlowLogs", "SecurityGroups")},
            "PrefixLists": lists,
            "FlowLogs": raw["FlowLogs"],
            **{key: raw[key] for key in ("SecurityGroups",) if key in raw},
        }

    def _vpc(self, vpc: Vpc) -> dict:
        six = [{"AssociationId": self.id("vpc-cidr-assoc", vpc.name + "6"), "Ipv6CidrBlock": vpc.ipv6,
                "Ipv6CidrBlockState": {"State": "associated"}, "NetworkBorderGroup": self.region, "Ipv6Pool": "Amazon"}]
        return {
            "CidrBlock": vpc.cidr, "DhcpOptionsId": self.id("dopt", "default"), "State": "available", "VpcId": vpc.id,
            "OwnerId": self.account, "InstanceTenancy": "default",
            "Ipv6CidrBlockAssociationSet": six if vpc.ipv6 else [],
            "CidrBlockAssociationSet": [{"AssociationId": self.id("vpc-cidr-assoc", vpc.name), "CidrBlock": vpc.cidr,
                                         "CidrBlockState": {"State": "associated"}}],
            "IsDefault": False, "Tags": self.tags(vpc.name),
            "BlockPublicAccessStates": {"InternetGatewayBlockMode": vpc.block_mode}}

    def _subnet(self, subnet: Subnet) -> dict:
        six = [{"AssociationId": self.id("subnet-cidr-assoc", subnet.name), "Ipv6CidrBlock": subnet.ipv6,
                "Ipv6CidrBlockState": {"State": "associated"}}]
        return {
            "AvailabilityZone": subnet.zone, "AvailabilityZoneId": subnet.zone_id, "CidrBlock": subnet.cidr,
            "DefaultForAz": False, "MapPublicIpOnLaunch": False, "State": "available", "SubnetId": subnet.id,
            "VpcId": subnet.vpc.id, "OwnerId": self.account, "AssignIpv6AddressOnCreation": bool(subnet.ipv6),
            "Ipv6CidrBlockAssociationSet": six if subnet.ipv6 else [], "Tags": self.tags(subnet.name),
            "SubnetArn": f"arn:aws:ec2:{self.region}:{self.account}:subnet/{subnet.id}"}

    def _table(self, table: Table) -> dict:
        def association(name: str, **who) -> dict:
            return {"Main": False, "RouteTableAssociationId": self.id("rtbassoc", table.name + name),
                    "RouteTableId": table.id, **who, "AssociationState": {"State": "associated"}}
        associations = [association("main") | {"Main": True}] if table.main else []
        associations += [association(id, SubnetId=id) for id in table.subnets]
        associations += [association(id, GatewayId=id) for id in table.gateways]
        return {
            "Associations": associations, "PropagatingVgws": [{"GatewayId": id} for id in table.propagating],
            "RouteTableId": table.id, "Routes": table.routes, "Tags": self.tags(table.name), "VpcId": table.vpc.id,
            "OwnerId": self.account}

    def _interface(self, eni: Eni) -> dict:
        own = eni.more["owner"] != "amazon-aws"
        mac = digest(self.world, "mac", eni.name)
        dns = f"ip-{eni.ip.replace('.', '-')}.{'ec2' if self.region == 'us-east-1' else self.region + '.compute'}.internal"
        public = {"Association": {
            "AllocationId": self.id("eipalloc", eni.name), "AssociationId": self.id("eipassoc", eni.name),
            "IpOwnerId": self.account, "PublicIp": eni.public_ip}} if eni.public_ip else {}
        attachment = {"AttachTime": "2026-03-02T09:40:18+00:00", "AttachmentId": self.id("eni-attach", eni.name),
                      "DeleteOnTermination": True, "DeviceIndex": 0, "NetworkCardIndex": 0, "InstanceId": eni.instance,
                      "InstanceOwnerId": self.account, "Status": "attached"} if own else {
                      "AttachmentId": self.id("ela-attach", eni.name), "DeleteOnTermination": False, "DeviceIndex": 1,
                      "InstanceOwnerId": "amazon-aws", "Status": "attached"}
        return {
            **public, "Attachment": attachment, "AvailabilityZone": eni.subnet.zone,
            "AvailabilityZoneId": eni.subnet.zone_id, "Description": eni.description,
            "Groups": [{"GroupName": eni.name, "GroupId": self.id("sg", eni.name)}] if own else [],
            "InterfaceType": eni.kind,
            "Ipv6Addresses": [{"Ipv6Address": eni.ipv6, "IsPrimaryIpv6": False}] if eni.ipv6 else [],
            "MacAddress": ":".join(["0a"] + [mac[i:i + 2] for i in range(0, 10, 2)]),
            "NetworkInterfaceId": eni.id, "OwnerId": self.account, "PrivateDnsName": dns, "PrivateIpAddress": eni.ip,
            "PrivateIpAddresses": [{**public, "Primary": True, "PrivateDnsName": dns, "PrivateIpAddress": eni.ip}],
            "RequesterId": self.account, "RequesterManaged": eni.more["managed"], "SourceDestCheck": eni.more["check"],
            "Status": "in-use", "SubnetId": eni.subnet.id,
            "TagSet": self.tags(eni.name, **eni.more["tags"]) if own else [], "VpcId": eni.vpc.id}
