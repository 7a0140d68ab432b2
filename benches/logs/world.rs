//! The world that the records come from: one VPC, four private subnets, an endpoint of each kind, a NAT gateway.

use serde_json::{Value, json};

/// The account that owns everything.
pub const ACCOUNT: &str = "111122223333";
/// Where 52.216.0.0/15 belongs to S3.
pub const REGION: &str = "us-east-1";
/// The flow log of the VPC.
pub const FLOW_LOG: &str = "fl-0be7c4a1d2e3f4a5b";
/// 2026-08-01T00:00:00Z.
pub const HOUR_START_UNIX_S: u64 = 1_785_542_400;

pub const VPC: &str = "vpc-0be7c0000000000a1";
const IGW: &str = "igw-0be7c0000000000b1";
const NAT: &str = "nat-0be7c0000000000c1";
const S3_ENDPOINT: &str = "vpce-0be7c000000000d1";
const PRIVATE_TABLE: &str = "rtb-0be7c0000000000e1";
const PUBLIC_TABLE: &str = "rtb-0be7c0000000000e2";
const S3_LIST: &str = "pl-63a5400a";
/// Interface endpoints: id, service, and the private subnet of the one interface.
const ENDPOINTS: [(&str, &str, u64); 2] = [
    ("vpce-0be7c000000000d2", "sts", 0),
    ("vpce-0be7c000000000d3", "kms", 1),
];
/// Private subnets 10.0.0.0/24 to 10.0.3.0/24; the NAT gateway's is 10.0.100.0/24.
const SUBNETS: [u64; 5] = [0, 1, 2, 3, 100];
const WORKLOADS_A_SUBNET: u64 = 50;
pub const WORKLOADS: u64 = 200;

/// An interface with everything that its records say of it.
pub struct Interface {
    pub id: String,
    pub octets: [u64; 4],
    pub subnet: String,
    pub az_id: &'static str,
    pub instance: String,
}

/// Digits that do not compress, as those of real ids do not.
fn digits(kind: u64, n: u64) -> u64 {
    super::random::scramble(kind << 32 | n)
}

fn subnet_id(third: u64) -> String {
    format!("subnet-0{:016x}", digits(1, third))
}

fn interface(n: u64, octets: [u64; 4], instance: String) -> Interface {
    Interface {
        id: format!("eni-0{:016x}", digits(2, n)),
        octets,
        subnet: subnet_id(octets[2]),
        az_id: if octets[2].is_multiple_of(2) {
            "use1-az1"
        } else {
            "use1-az2"
        },
        instance,
    }
}

/// The 200 workloads: 10.0.0.10 to 10.0.0.59, and so on in each private subnet.
pub fn workloads() -> Vec<Interface> {
    let workload = |n| {
        let octets = [10, 0, n / WORKLOADS_A_SUBNET, 10 + n % WORKLOADS_A_SUBNET];
        interface(n, octets, format!("i-0{:016x}", digits(3, n)))
    };
    (0..WORKLOADS).map(workload).collect()
}

/// The interfaces of the two interface endpoints.
pub fn endpoints() -> Vec<Interface> {
    let endpoint = |(n, (_, _, third)): (u64, (_, _, u64))| {
        interface(1000 + n, [10, 0, third, 200], "-".to_owned())
    };
    (0..).zip(ENDPOINTS).map(endpoint).collect()
}

/// The interface of the NAT gateway.
pub fn nat() -> Interface {
    interface(2000, [10, 0, 100, 5], "-".to_owned())
}

fn dotted(octets: [u64; 4]) -> String {
    octets.map(|octet| octet.to_string()).join(".")
}

fn described(eni: &Interface, kind: &str, description: &str) -> Value {
    let address = dotted(eni.octets);
    let requester_managed = kind != "interface";
    let instance = if requester_managed {
        json!({"InstanceOwnerId": "amazon-aws", "DeviceIndex": 1, "Status": "attached"})
    } else {
        json!({"InstanceId": eni.instance, "InstanceOwnerId": ACCOUNT, "DeviceIndex": 0, "Status": "attached"})
    };
    let mut described = json!({
        "NetworkInterfaceId": eni.id, "InterfaceType": kind, "Description": description, "VpcId": VPC,
        "SubnetId": eni.subnet, "AvailabilityZoneId": eni.az_id, "OwnerId": ACCOUNT, "Status": "in-use",
        "RequesterManaged": requester_managed, "SourceDestCheck": kind != "nat_gateway",
        "PrivateIpAddress": address, "PrivateIpAddresses": [{"Primary": true, "PrivateIpAddress": address}],
        "Ipv6Addresses": [], "Attachment": instance, "TagSet": [],
    });
    if kind == "nat_gateway" {
        described["Association"] = json!({"PublicIp": "198.51.100.7", "IpOwnerId": ACCOUNT});
    }
    described
}

fn interfaces() -> Vec<Value> {
    let plain = workloads().into_iter();
    let mut all: Vec<Value> = plain
        .map(|eni| described(&eni, "interface", "Primary network interface"))
        .collect();
    for (eni, (id, ..)) in endpoints().iter().zip(ENDPOINTS) {
        let description = format!("VPC Endpoint Interface {id}");
        all.push(described(eni, "vpc_endpoint", &description));
    }
    let description = format!("Interface for NAT Gateway {NAT}");
    all.push(described(&nat(), "nat_gateway", &description));
    all
}

fn subnets() -> Vec<Value> {
    let subnet = |third: u64| {
        json!({
            "SubnetId": subnet_id(third), "VpcId": VPC, "CidrBlock": format!("10.0.{third}.0/24"), "OwnerId": ACCOUNT,
            "AvailabilityZoneId": interface(0, [10, 0, third, 0], String::new()).az_id,
            "State": "available", "Ipv6CidrBlockAssociationSet": [], "MapPublicIpOnLaunch": third == 100, "Tags": [],
        })
    };
    SUBNETS.into_iter().map(subnet).collect()
}

fn route_tables() -> Value {
    let local = json!({"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "Origin": "CreateRouteTable", "State": "active"});
    let association = |table: &str, third: u64| {
        json!({
            "Main": false, "RouteTableAssociationId": format!("rtbassoc-0{:016x}", digits(4, third)),
            "RouteTableId": table, "SubnetId": subnet_id(third), "AssociationState": {"State": "associated"},
        })
    };
    let main = json!({
        "Main": true, "RouteTableAssociationId": "rtbassoc-0be7c0000000000f1", "RouteTableId": PRIVATE_TABLE,
        "AssociationState": {"State": "associated"},
    });
    let mut private: Vec<Value> = (0..4).map(|n| association(PRIVATE_TABLE, n)).collect();
    private.push(main);
    json!([
        {"RouteTableId": PRIVATE_TABLE, "VpcId": VPC, "OwnerId": ACCOUNT, "PropagatingVgws": [], "Tags": [],
         "Associations": private, "Routes": [
            local,
            {"DestinationPrefixListId": S3_LIST, "GatewayId": S3_ENDPOINT, "Origin": "CreateRoute", "State": "active"},
            {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": NAT, "Origin": "CreateRoute", "State": "active"},
        ]},
        {"RouteTableId": PUBLIC_TABLE, "VpcId": VPC, "OwnerId": ACCOUNT, "PropagatingVgws": [], "Tags": [],
         "Associations": [association(PUBLIC_TABLE, 100)], "Routes": [
            local,
            {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": IGW, "Origin": "CreateRoute", "State": "active"},
        ]},
    ])
}

fn vpc_endpoints() -> Vec<Value> {
    let common = |id: &str, kind: &str, service: &str| {
        json!({
            "VpcEndpointId": id, "VpcEndpointType": kind, "VpcId": VPC, "OwnerId": ACCOUNT, "State": "available",
            "ServiceName": format!("com.amazonaws.{REGION}.{service}"), "ServiceRegion": REGION, "RequesterManaged": false,
            "RouteTableIds": [], "SubnetIds": [], "NetworkInterfaceIds": [], "Groups": [], "DnsEntries": [],
            "PrivateDnsEnabled": kind == "Interface", "CreationTimestamp": "2026-01-15T09:00:00Z", "Tags": [],
        })
    };
    let mut gateway = common(S3_ENDPOINT, "Gateway", "s3");
    gateway["RouteTableIds"] = json!([PRIVATE_TABLE]);
    let mut all = vec![gateway];
    for (eni, (id, service, _)) in endpoints().iter().zip(ENDPOINTS) {
        let mut endpoint = common(id, "Interface", service);
        endpoint["SubnetIds"] = json!([eni.subnet]);
        endpoint["NetworkInterfaceIds"] = json!([eni.id]);
        all.push(endpoint);
    }
    all
}

/// The describe answers that fit the records, in one file, taken just before the hour.
pub fn topology_json(delivery: super::Delivery) -> String {
    let nat_eni = nat();
    let format: Vec<String> = delivery
        .header()
        .split(' ')
        .map(|name| format!("${{{name}}}"))
        .collect();
    let topology = json!({
        "captured_at": "2026-07-31T23:55:00Z", "account_id": ACCOUNT, "region": REGION,
        "Vpcs": [{
            "VpcId": VPC, "CidrBlock": "10.0.0.0/16", "OwnerId": ACCOUNT, "State": "available", "IsDefault": false, "Tags": [],
            "CidrBlockAssociationSet": [{"AssociationId": "vpc-cidr-assoc-0be7c00000000a2", "CidrBlock": "10.0.0.0/16",
                "CidrBlockState": {"State": "associated"}}],
        }],
        "Subnets": subnets(),
        "RouteTables": route_tables(),
        "NetworkInterfaces": interfaces(),
        "VpcEndpoints": vpc_endpoints(),
        "NatGateways": [{
            "NatGatewayId": NAT, "State": "available", "ConnectivityType": "public", "AvailabilityMode": "zonal", "VpcId": VPC,
            "SubnetId": nat_eni.subnet, "CreateTime": "2026-01-15T09:00:00Z", "Tags": [],
            "NatGatewayAddresses": [{"NetworkInterfaceId": nat_eni.id, "PrivateIp": dotted(nat_eni.octets),
                "PublicIp": "198.51.100.7", "IsPrimary": true, "Status": "succeeded"}],
        }],
        "InternetGateways": [{"InternetGatewayId": IGW, "OwnerId": ACCOUNT, "Tags": [],
            "Attachments": [{"VpcId": VPC, "State": "available"}]}],
        "PrefixLists": [{"PrefixListId": S3_LIST, "PrefixListName": format!("com.amazonaws.{REGION}.s3"),
            "Cidrs": ["52.216.0.0/15", "3.5.0.0/19", "54.231.0.0/16"]}],
        "FlowLogs": [{
            "FlowLogId": FLOW_LOG, "FlowLogStatus": "ACTIVE", "DeliverLogsStatus": "SUCCESS", "ResourceId": VPC,
            "TrafficType": "ALL", "LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::acme-flow-logs",
            "LogFormat": format.join(" "), "MaxAggregationInterval": 60, "CreationTime": "2026-01-15T09:00:00Z",
            "DestinationOptions": {"FileFormat": delivery.file_format(), "HiveCompatiblePartitions": false, "PerHourPartition": false},
        }],
    });
    format!("{topology:#}\n")
}
