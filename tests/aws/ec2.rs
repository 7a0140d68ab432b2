//! `topology snapshot` against moto: it says what AWS's own command line prints, and where it goes.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::Ran;
use crate::proxy::{Action, Proxy, Request};
use crate::run::{aws_cli, flowproof, python};
use crate::servers::servers;

/// Everything that a snapshot tells, in a Region of its own. Prints the id of the VPC.
const WORLD: &str = r#"
import boto3, sys
ec2 = boto3.client("ec2", region_name=sys.argv[1])
def vpc(cidr, **more):
    return ec2.create_vpc(CidrBlock=cidr, **more)["Vpc"]["VpcId"]
main, other = vpc("10.7.0.0/16", AmazonProvidedIpv6CidrBlock=True), vpc("10.8.0.0/16")
ec2.associate_vpc_cidr_block(VpcId=main, CidrBlock="10.9.0.0/16")
ec2.create_tags(Resources=[main], Tags=[{"Key": "Name", "Value": "a & b <c>"}])
a, b = (ec2.create_subnet(VpcId=main, CidrBlock=cidr)["Subnet"]["SubnetId"] for cidr in ("10.7.1.0/24", "10.7.2.0/24"))
table = ec2.create_route_table(VpcId=main)["RouteTable"]["RouteTableId"]
ec2.associate_route_table(RouteTableId=table, SubnetId=a)
igw = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
ec2.attach_internet_gateway(InternetGatewayId=igw, VpcId=main)
ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=igw)
nat = ec2.create_nat_gateway(SubnetId=a, AllocationId=ec2.allocate_address(Domain="vpc")["AllocationId"])["NatGateway"]["NatGatewayId"]
eigw = ec2.create_egress_only_internet_gateway(VpcId=main)["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"]
ec2.create_route(RouteTableId=table, DestinationIpv6CidrBlock="::/0", EgressOnlyInternetGatewayId=eigw)
vgw = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
ec2.attach_vpn_gateway(VpcId=main, VpnGatewayId=vgw)
ec2.create_vpc_endpoint(VpcId=main, ServiceName=f"com.amazonaws.{sys.argv[1]}.s3", VpcEndpointType="Gateway", RouteTableIds=[table])
ec2.create_vpc_endpoint(VpcId=main, ServiceName=f"com.amazonaws.{sys.argv[1]}.sts", VpcEndpointType="Interface", SubnetIds=[b])
pcx = ec2.create_vpc_peering_connection(VpcId=main, PeerVpcId=other)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=pcx)
tgw = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
ec2.create_transit_gateway_vpc_attachment(TransitGatewayId=tgw, VpcId=main, SubnetIds=[b])
ec2.create_managed_prefix_list(PrefixListName="own", MaxEntries=5, AddressFamily="IPv4", Entries=[{"Cidr": "192.0.2.0/24", "Description": "x"}, {"Cidr": "198.51.100.0/24"}])
ec2.create_network_interface(SubnetId=a, Description="w", PrivateIpAddress="10.7.1.50")
sg = ec2.create_security_group(GroupName="tls", Description="t", VpcId=main)["GroupId"]
ec2.authorize_security_group_ingress(GroupId=sg, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.7.0.0/16", "Description": "x"}], "UserIdGroupPairs": [{"GroupId": sg}]}])
boto3.client("logs", region_name=sys.argv[1]).create_log_group(logGroupName="flows")
ec2.create_flow_logs(ResourceIds=[main], ResourceType="VPC", TrafficType="ALL", LogGroupName="flows", DeliverLogsPermissionArn="arn:aws:iam::123456789012:role/r")
print(main)
"#;

/// Key of the snapshot, the CLI's command, its key, and by what it is sorted.
#[rustfmt::skip]
const CALLS: [(&str, &str, &str, &str); 15] = [
    ("Vpcs", "describe-vpcs", "Vpcs", "VpcId"),
    ("Subnets", "describe-subnets", "Subnets", "SubnetId"),
    ("RouteTables", "describe-route-tables", "RouteTables", "RouteTableId"),
    ("NetworkInterfaces", "describe-network-interfaces", "NetworkInterfaces", "NetworkInterfaceId"),
    ("VpcEndpoints", "describe-vpc-endpoints", "VpcEndpoints", "VpcEndpointId"),
    ("NatGateways", "describe-nat-gateways", "NatGateways", "NatGatewayId"),
    ("InternetGateways", "describe-internet-gateways", "InternetGateways", "InternetGatewayId"),
    ("EgressOnlyInternetGateways", "describe-egress-only-internet-gateways", "EgressOnlyInternetGateways", "EgressOnlyInternetGatewayId"),
    ("VpnGateways", "describe-vpn-gateways", "VpnGateways", "VpnGatewayId"),
    ("TransitGatewayVpcAttachments", "describe-transit-gateway-vpc-attachments", "TransitGatewayVpcAttachments", "TransitGatewayAttachmentId"),
    ("VpcPeeringConnections", "describe-vpc-peering-connections", "VpcPeeringConnections", "VpcPeeringConnectionId"),
    ("PrefixLists", "describe-prefix-lists", "PrefixLists", "PrefixListId"),
    ("ManagedPrefixLists", "describe-managed-prefix-lists", "PrefixLists", "PrefixListId"),
    ("FlowLogs", "describe-flow-logs", "FlowLogs", "FlowLogId"),
    ("SecurityGroups", "describe-security-groups", "SecurityGroups", "GroupId"),
];

/// A folder for a snapshot, and the name of the file in it.
pub fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("topology.json");
    (folder, file)
}

pub fn take(url: &str, region: &str, file: &Path, more: &[&str]) -> Ran {
    let mut args = vec!["topology", "snapshot", "--region", region, "--output"];
    args.push(file.to_str().unwrap());
    args.extend(more);
    flowproof(&args, &[("AWS_ENDPOINT_URL", url)])
}

pub fn read(file: &Path) -> Value {
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

/// Whether this is a request of that call.
pub fn asks(request: &Request, call: &str) -> bool {
    String::from_utf8_lossy(&request.body).starts_with(&format!("Action={call}&"))
}

/// An error as EC2 writes it.
pub fn refusal(status: u16, code: &str) -> Action {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>{code}</Code><Message>no</Message></Error></Errors><RequestID>r-1</RequestID></Response>"
    );
    Action::answer(status, body)
}

/// Nothing is in the folder, not even hidden.
pub fn assert_empty(folder: &TempDir) {
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// The CLI of the tests prints times as they came; the CLI's second version, and we, print them in ISO form.
fn with_times(value: &mut Value) {
    match value {
        Value::String(text) if text.len() >= 20 => {
            if let Ok(time) = text.parse::<jiff::Timestamp>() {
                *text = time.to_string();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(with_times),
        Value::Object(members) => members.values_mut().for_each(with_times),
        _ => {}
    }
}

#[test]
fn a_snapshot_is_what_the_cli_prints() {
    let Some(servers) = servers() else { return };
    let region = "ap-south-1";
    let vpc = python(servers, WORLD, &[region]);
    let (_folder, file) = place();
    let ran = take(&servers.aws, region, &file, &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let mut taken = read(&file);
    with_times(&mut taken);
    for (key, command, answered, id) in CALLS {
        let printed = aws_cli(
            servers,
            &["ec2", command, "--region", region, "--output", "json"],
        );
        let mut printed: Value = serde_json::from_str(&printed).unwrap();
        with_times(&mut printed);
        let mut printed = printed[answered].as_array().unwrap().clone();
        assert!(!printed.is_empty(), "{key}");
        printed.sort_by_key(|one| one[id].as_str().unwrap().to_owned());
        if key == "ManagedPrefixLists" {
            for list in &mut printed {
                let id = list["PrefixListId"].as_str().unwrap();
                let told = taken["PrefixLists"].as_array().unwrap();
                if told.iter().any(|one| {
                    one["PrefixListId"] == id
                        && one["Cidrs"]
                            .as_array()
                            .is_some_and(|cidrs| !cidrs.is_empty())
                }) {
                    continue;
                }
                let entries = [
                    "ec2",
                    "get-managed-prefix-list-entries",
                    "--prefix-list-id",
                    id,
                ];
                let printed = aws_cli(
                    servers,
                    &[&entries[..], &["--region", region, "--output", "json"]].concat(),
                );
                list["Entries"] =
                    serde_json::from_str::<Value>(&printed).unwrap()["Entries"].clone();
            }
        }
        assert_eq!(taken[key], Value::Array(printed), "{key}");
    }
    assert_eq!(taken["account_id"], "123456789012");
    assert_eq!(taken["region"], region);
    let keys: Vec<&str> = taken
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let expected = ["captured_at", "account_id", "region"].into_iter();
    assert_eq!(
        keys,
        expected.chain(CALLS.map(|call| call.0)).collect::<Vec<_>>()
    );
    assert!(ran.stderr.contains("VpcEndpoints 2"), "{}", ran.stderr);
    assert!(ran.stderr.contains("requests"), "{}", ran.stderr);

    // The same again, but for the time: nothing depends on which call was answered first.
    let second = take(&servers.aws, region, Path::new("-"), &[]);
    let mut again: Value = serde_json::from_str(&second.stdout).unwrap();
    with_times(&mut again);
    again["captured_at"] = taken["captured_at"].clone();
    assert_eq!(again.to_string(), taken.to_string());

    let checked = flowproof(
        &["topology", "check", "--topology", file.to_str().unwrap()],
        &[],
    );
    assert!(
        !checked.stderr.contains("topology-unknown-key"),
        "{}",
        checked.stderr
    );
    assert!(
        checked.stdout.contains(vpc.trim()),
        "{}{}",
        checked.stdout,
        checked.stderr
    );
}

#[test]
fn a_vpc_narrows_the_calls_and_one_that_is_not_there_is_awss_error() {
    let Some(servers) = servers() else { return };
    let region = "ap-south-2";
    let vpc = python(servers, WORLD, &[region]);
    let proxy = Proxy::start(Some(&servers.aws), |_| Action::Pass);
    let (_folder, file) = place();
    let ran = take(&proxy.url(), region, &file, &["--vpc", vpc.trim()]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let taken = read(&file);
    assert_eq!(taken["Vpcs"].as_array().unwrap().len(), 1);
    for key in [
        "Subnets",
        "RouteTables",
        "NetworkInterfaces",
        "VpcEndpoints",
        "NatGateways",
    ] {
        let of = taken[key].as_array().unwrap();
        assert!(
            !of.is_empty() && of.iter().all(|one| one["VpcId"] == vpc.trim()),
            "{key}"
        );
    }
    let bodies: Vec<String> = proxy
        .requests()
        .iter()
        .map(|one| String::from_utf8_lossy(&one.body).into_owned())
        .collect();
    let of = |call: &str| {
        bodies
            .iter()
            .find(|body| body.starts_with(&format!("Action={call}&")))
            .unwrap()
    };
    assert!(of("DescribeVpnGateways").contains("Filter.1.Name=attachment.vpc-id"));
    assert!(of("DescribeNetworkInterfaces").contains("IncludeManagedResources=true"));
    assert!(of("DescribeRouteTables").contains("MaxResults=100"));
    assert!(!of("DescribeVpnGateways").contains("MaxResults"));
    assert!(!of("DescribeVpcs").contains("MaxResults"));

    let (folder, file) = place();
    let ran = take(
        &servers.aws,
        region,
        &file,
        &["--vpc", "vpc-0123456789abcdef0"],
    );
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("InvalidVpcID.NotFound"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("vpc-0123456789abcdef0"),
        "{}",
        ran.stderr
    );
    assert_empty(&folder);
}

#[test]
fn a_missing_right_is_recorded_and_fails_the_one_obligation_that_needs_it() {
    let Some(servers) = servers() else { return };
    let region = "eu-south-1";
    let vpc = python(servers, WORLD, &[region]);
    let proxy = Proxy::start(Some(&servers.aws), |request| {
        if asks(request, "DescribeFlowLogs") {
            refusal(403, "UnauthorizedOperation")
        } else {
            Action::Pass
        }
    });
    let (folder, file) = place();
    let ran = take(&proxy.url(), region, &file, &["--vpc", vpc.trim()]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("warning[aws-access-denied]"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("ec2:DescribeFlowLogs"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("interfaces-logged"), "{}", ran.stderr);
    let taken = read(&file);
    assert_eq!(taken.get("FlowLogs"), None);
    assert_eq!(
        taken["Missing"],
        json!([{"Call": "DescribeFlowLogs", "Permission": "ec2:DescribeFlowLogs", "Error": "UnauthorizedOperation"}])
    );

    let checked = flowproof(
        &["topology", "check", "--topology", file.to_str().unwrap()],
        &[],
    );
    assert!(
        checked.stderr.contains("warning[topology-missing-right]"),
        "{}",
        checked.stderr
    );

    // Every interface is heard of for half an hour, and none of anything that matters.
    let captured: jiff::Timestamp = taken["captured_at"].as_str().unwrap().parse().unwrap();
    let since = captured.as_second() / 600 * 600 - 7200;
    let mut log = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status pkt-srcaddr pkt-dstaddr flow-direction traffic-path vpc-id\n".to_owned();
    for interface in taken["NetworkInterfaces"].as_array().unwrap() {
        let id = interface["NetworkInterfaceId"].as_str().unwrap();
        for minute in [0, 10, 20] {
            let (start, end) = (since + minute * 60 + 5, since + minute * 60 + 595);
            log.push_str(&format!(
                "5 123456789012 {id} - - - - - - - {start} {end} - NODATA - - - - {}\n",
                vpc.trim()
            ));
        }
    }
    let logs = folder.path().join("a.log");
    fs::write(&logs, log).unwrap();
    let policy = folder.path().join("policy.toml");
    fs::write(&policy, format!("version = 1\n[scope]\nvpcs = ['{}']\n[[claim]]\nid = 'c'\nto = ['internet']\nallow = []\n", vpc.trim())).unwrap();
    let evidence = folder.path().join("evidence.json");
    let args = [
        logs.to_str().unwrap(),
        "--topology",
        file.to_str().unwrap(),
        "--policy",
        policy.to_str().unwrap(),
        "--evidence",
        evidence.to_str().unwrap(),
    ];
    let ran = flowproof(&[&["verify"], &args[..]].concat(), &[]);
    assert_eq!(ran.code, 3, "{}{}", ran.stdout, ran.stderr);
    let evidence = read(&evidence);
    let obligations = evidence["claims"][0]["obligations"].as_array().unwrap();
    let failed: Vec<&Value> = obligations
        .iter()
        .filter(|one| one["state"] == "failed")
        .collect();
    assert_eq!(failed.len(), 1, "{failed:#?}");
    assert_eq!(failed[0]["id"], "interfaces-logged");
    assert!(
        failed[0]["why"]
            .to_string()
            .contains("ec2:DescribeFlowLogs"),
        "{failed:#?}"
    );
}

#[test]
fn several_regions_make_a_file_each_in_a_folder() {
    let Some(servers) = servers() else { return };
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("new/topologies");
    let ran = take(
        &servers.aws,
        "eu-north-1",
        &into,
        &["--region", "eu-west-3"],
    );
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for region in ["eu-north-1", "eu-west-3"] {
        let taken = read(&into.join(format!("123456789012_{region}.json")));
        assert_eq!(taken["region"], region);
    }
    let checked = flowproof(
        &["topology", "check", "--topology", into.to_str().unwrap()],
        &[],
    );
    assert_eq!(checked.code, 0, "{}", checked.stderr);

    for output in ["-", "topology.json"] {
        let ran = take(
            &servers.aws,
            "eu-north-1",
            Path::new(output),
            &["--region", "eu-west-3"],
        );
        assert_eq!(ran.code, 2, "{output}");
        assert!(ran.stderr.contains("name a folder"), "{}", ran.stderr);
    }
    // Two pairs of eyes that turn out to look at one account.
    let (folder, _) = place();
    let ran = take(
        &servers.aws,
        "eu-north-1",
        folder.path(),
        &["--region", "eu-north-1"],
    );
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert_empty(&folder);
}

#[test]
fn the_services_own_variable_stands_before_the_general_one_and_the_option_before_all() {
    let Some(servers) = servers() else { return };
    let general = Proxy::start(Some(&servers.aws), |_| Action::Pass);
    let own = Proxy::start(Some(&servers.aws), |_| Action::Pass);
    let option = Proxy::start(Some(&servers.aws), |_| Action::Pass);
    let (general_url, own_url) = (general.url(), own.url());
    let env = [
        ("AWS_ENDPOINT_URL", general_url.as_str()),
        ("AWS_ENDPOINT_URL_EC2", own_url.as_str()),
    ];
    let args = ["topology", "snapshot", "--output", "-"];
    assert_eq!(flowproof(&args, &env).code, 0);
    let counts = || {
        [
            general.requests().len(),
            own.requests().len(),
            option.requests().len(),
        ]
    };
    let before = counts();
    // The account is asked of STS, all else of EC2.
    assert_eq!((before[0], before[2]), (1, 0));
    assert!(before[1] >= 15);
    assert_eq!(
        flowproof(
            &[&args[..], &["--endpoint-url", &option.url()]].concat(),
            &env
        )
        .code,
        0
    );
    assert_eq!(counts(), [before[0], before[1], before[0] + before[1]]);
}
