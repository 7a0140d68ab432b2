//! The harness itself: what the other tests here rest on.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::proxy::{Action, Proxy};
use crate::run::{
    aws_cli, flowproof, make_bucket, put_events, put_objects, python, start_flowproof,
};
use crate::servers::servers;

/// Prints an object's bytes as hex: `ENDPOINT BUCKET KEY`.
const GET: &str = "
import boto3, sys
from botocore.config import Config
s3 = boto3.client('s3', endpoint_url=sys.argv[1], config=Config(retries={'total_max_attempts': 1}))
print(s3.get_object(Bucket=sys.argv[2], Key=sys.argv[3])['Body'].read().hex())
";

/// Every byte value, and more than one piece of anything.
fn some_bytes() -> Vec<u8> {
    (0..=u8::MAX).cycle().take(100_000).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Everything a server says to one request until it closes, as head and body.
fn ask(url: &str, request: &str) -> (String, String) {
    let mut server = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    server.write_all(request.as_bytes()).unwrap();
    let mut all = String::new();
    server.read_to_string(&mut all).unwrap();
    match all.split_once("\r\n\r\n") {
        Some((head, body)) => (head.to_owned(), body.to_owned()),
        None => (all, String::new()),
    }
}

fn get(url: &str, target: &str) -> (String, String) {
    ask(url, &format!("GET {target} HTTP/1.1\r\nHost: test\r\n\r\n"))
}

#[test]
fn an_object_comes_back_unchanged_with_and_without_the_proxy() {
    let Some(servers) = servers() else { return };
    let bytes = some_bytes();
    let proxy = Proxy::start(Some(&servers.s3), |_| Action::Pass);
    make_bucket(servers, "unchanged");
    put_objects(
        servers,
        "unchanged",
        &[("a/b c+ü.gz", &bytes[..]), ("empty", b"")],
    );
    for endpoint in [&servers.s3, &proxy.url()] {
        let read = |key| python(servers, GET, &[endpoint, "unchanged", key]);
        assert_eq!(read("a/b c+ü.gz").trim(), hex(&bytes));
        assert_eq!(read("empty").trim(), "");
    }
    let asked = proxy.requests();
    assert_eq!(asked[0].target, "/unchanged/a/b%20c%2B%C3%BC.gz");
    assert!(asked[0].header("AUTHORIZATION").is_some());
    assert_eq!((asked[1].number, asked[1].asked_before), (1, 0));
}

#[test]
fn an_object_goes_up_unchanged_through_the_proxy() {
    const PUT: &str = "
import boto3, sys
s3 = boto3.client('s3', endpoint_url=sys.argv[1])
s3.put_object(Bucket='upward', Key='k', Body=bytes(range(256)) * 1000)
";
    let Some(servers) = servers() else { return };
    let proxy = Proxy::start(Some(&servers.s3), |_| Action::Pass);
    make_bucket(servers, "upward");
    python(servers, PUT, &[&proxy.url()]);
    let whole: Vec<u8> = (0..=u8::MAX).cycle().take(256_000).collect();
    assert_eq!(
        python(servers, GET, &[&servers.s3, "upward", "k"]).trim(),
        hex(&whole)
    );
    assert!(proxy.requests()[0].body.len() >= whole.len());
}

#[test]
fn seaweedfs_refuses_strangers_and_keeps_readers_from_writing() {
    const TRY: &str = "
import boto3, sys
from botocore.exceptions import ClientError
def code(call, key, secret):
    s3 = boto3.client('s3', aws_access_key_id=key, aws_secret_access_key=secret)
    try:
        return call(s3)['ResponseMetadata']['HTTPStatusCode']
    except ClientError as error:
        return error.response['ResponseMetadata']['HTTPStatusCode'], error.response['Error']['Code']
read = lambda s3: s3.list_objects_v2(Bucket='guarded')
write = lambda s3: s3.put_object(Bucket='guarded', Key='k', Body=b'')
print(code(read, 'testkey', 'wrong'))
print(code(read, 'nobody', 'testsecret'))
print(code(read, 'rokey', 'rosecret'))
print(code(write, 'rokey', 'rosecret'))
";
    let Some(servers) = servers() else { return };
    make_bucket(servers, "guarded");
    assert_eq!(
        python(servers, TRY, &[]),
        "(403, 'SignatureDoesNotMatch')\n(403, 'InvalidAccessKeyId')\n200\n(403, 'AccessDenied')\n"
    );
}

#[test]
fn a_cut_body_is_cut_for_a_real_client() {
    const CUT: &str = "
import boto3, sys
from botocore.exceptions import IncompleteReadError, ResponseStreamingError
body = boto3.client('s3', endpoint_url=sys.argv[1]).get_object(Bucket='cut', Key='k')
got = 0
try:
    for piece in body['Body'].iter_chunks(100):
        got += len(piece)
except (IncompleteReadError, ResponseStreamingError) as error:
    print(body['ContentLength'], got <= 1000, 'cut')
";
    let Some(servers) = servers() else { return };
    make_bucket(servers, "cut");
    put_objects(servers, "cut", &[("k", some_bytes())]);
    let proxy = Proxy::start(Some(&servers.s3), |_| Action::CutBodyAfter(1000));
    assert_eq!(
        python(servers, CUT, &[&proxy.url()]).trim(),
        "100000 True cut"
    );
}

#[test]
fn a_thousand_objects_are_put_and_listed() {
    let Some(servers) = servers() else { return };
    let objects: Vec<(String, String)> = (0..1100)
        .map(|n| (format!("many/{n:04}"), n.to_string()))
        .collect();
    make_bucket(servers, "many");
    put_objects(servers, "many", &objects);
    let count = ["s3api", "list-objects-v2", "--bucket", "many"];
    let count = [&count[..], &["--query", "length(Contents)"]].concat();
    assert_eq!(aws_cli(servers, &count).trim(), "1100");
}

#[test]
fn events_come_back_from_moto() {
    const READ: &str = "
import boto3
for event in boto3.client('logs').filter_log_events(logGroupName='harness/events')['events']:
    print(event['logStreamName'], event['timestamp'], event['message'])
";
    let Some(servers) = servers() else { return };
    // Not of the past: moto takes events of the last 14 days only, as AWS does.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = i64::try_from(now.as_millis()).unwrap();
    put_events(
        servers,
        "harness/events",
        &[("a", &[(now, "one"), (now - 1000, "two")]), ("b", &[])],
    );
    // The group and the stream exist now.
    put_events(
        servers,
        "harness/events",
        &[("b", &[(now - 2000, "thrée")])],
    );
    let mut lines: Vec<String> = python(servers, READ, &[])
        .lines()
        .map(str::to_owned)
        .collect();
    lines.sort();
    assert_eq!(
        lines,
        [
            format!("a {} two", now - 1000),
            format!("a {now} one"),
            format!("b {} thrée", now - 2000)
        ]
    );
}

#[test]
fn moto_tells_endpoint_and_nat_interfaces_as_aws_does() {
    const WORLD: &str = "
import boto3, ipaddress
ec2 = boto3.client('ec2')
vpc = ec2.create_vpc(CidrBlock='10.9.0.0/16')['Vpc']['VpcId']
subnet = ec2.create_subnet(VpcId=vpc, CidrBlock='10.9.1.0/28')['Subnet']['SubnetId']
endpoint = ec2.create_vpc_endpoint(VpcId=vpc, VpcEndpointType='Interface', SubnetIds=[subnet],
    ServiceName='com.amazonaws.eu-west-1.logs')['VpcEndpoint']
public = ec2.allocate_address(Domain='vpc')
nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=public['AllocationId'])['NatGateway']['NatGatewayId']
def one(kind):
    found = ec2.describe_network_interfaces(Filters=[{'Name': 'vpc-id', 'Values': [vpc]}, {'Name': 'interface-type', 'Values': [kind]}])
    [interface] = found['NetworkInterfaces']
    inside = ipaddress.ip_address(interface['PrivateIpAddress']) in ipaddress.ip_network('10.9.1.0/28')
    return interface, inside
interface, inside = one('vpc_endpoint')
print(interface['InterfaceType'], interface['NetworkInterfaceId'] in endpoint['NetworkInterfaceIds'], inside,
    interface['Description'] == f\"VPC Endpoint Interface {endpoint['VpcEndpointId']}\")
interface, inside = one('nat_gateway')
[address] = ec2.describe_nat_gateways(NatGatewayIds=[nat])['NatGateways'][0]['NatGatewayAddresses']
print(interface['InterfaceType'], address['NetworkInterfaceId'] == interface['NetworkInterfaceId'], inside,
    address['PrivateIp'] == interface['PrivateIpAddress'], interface['Association']['PublicIp'] == public['PublicIp'])
";
    let Some(servers) = servers() else { return };
    assert_eq!(
        python(servers, WORLD, &[]),
        "vpc_endpoint True True True\nnat_gateway True True True True\n"
    );
}

#[test]
fn a_script_answers_without_an_upstream() {
    let server = Proxy::start(None, |request| match request.asked_before {
        0 => Action::Answer {
            status: 503,
            headers: vec![("Retry-After".to_owned(), "0".to_owned())],
            body: b"<Error><Code>SlowDown</Code></Error>".to_vec(),
        },
        _ => Action::answer(200, request.body.clone()),
    });
    let post = "POST /?list-type=2 HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhello";
    let (head, body) = ask(&server.url(), post);
    assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
    assert!(head.contains("\r\nRetry-After: 0\r\n"), "{head}");
    assert!(head.contains("\r\nConnection: close"), "{head}");
    assert_eq!(body, "<Error><Code>SlowDown</Code></Error>");
    let (head, body) = ask(&server.url(), post);
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert_eq!(body, "hello");
    // Another operation at the same address is another question.
    let describe = post.replacen("Host", "X-Amz-Target: Logs.Describe\r\nHost", 1);
    assert!(ask(&server.url(), &describe).0.contains(" 503 "));
    let asked = server.requests();
    assert_eq!(asked.len(), 3);
    assert_eq!((asked[1].number, asked[1].asked_before), (1, 1));
    assert_eq!(
        (&*asked[1].method, &*asked[1].target),
        ("POST", "/?list-type=2")
    );
    assert_eq!(asked[1].body, b"hello");
}

#[test]
fn each_fault_does_what_it_says() {
    let server = Proxy::start(None, |_| Action::answer(200, "0123456789"));
    let pause = Duration::from_millis(120);
    #[rustfmt::skip]
    let cases = [
        // title,                     action,                                  length,     body,         pauses
        ("unchanged",                 Action::Pass,                            Some("10"), "0123456789", 0),
        ("a short body",              Action::CutBodyAfter(4),                 Some("10"), "0123",       0),
        ("a cut after the end",       Action::CutBodyAfter(40),                Some("10"), "0123456789", 0),
        ("a trickle",                 Action::SlowBody { bytes: 4, pause },    Some("10"), "0123456789", 3),
        ("a stall",                   Action::StallAfter(4, pause),            Some("10"), "0123456789", 1),
        ("a length that is too much", Action::ContentLength(5),                Some("15"), "0123456789", 0),
        ("a length that is too few",  Action::ContentLength(-5),               Some("5"),  "0123456789", 0),
        ("no answer at all",          Action::Drop,                            None,       "",           0),
        ("a late answer",             Action::Delay(pause),                    Some("10"), "0123456789", 1),
    ];
    for (title, action, length, body, pauses) in cases {
        let proxy = Proxy::start(Some(&server.url()), move |_| action.clone());
        let started = Instant::now();
        let (head, got) = get(&proxy.url(), "/");
        let told = head
            .lines()
            .find_map(|l| l.strip_prefix("Content-Length: "));
        assert_eq!((told, &*got), (length, body), "{title}");
        assert!(started.elapsed() >= pause * pauses, "{title}");
    }
}

#[test]
fn a_chunked_answer_passes_whole() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let upstream = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let read = client.read(&mut request).unwrap();
        assert!(request[..read].starts_with(b"GET /chunks HTTP/1.1\r\nHost: test\r\n"));
        let chunks = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                      4;name=value\r\n0123\r\nA\r\n456789abcd\r\n0\r\nTrailer: x\r\n\r\n";
        client.write_all(chunks.as_bytes()).unwrap();
        // The connection stays open, as a server's that keeps it alive: the proxy must see the end by itself.
        drop(client.read(&mut request));
    });
    let proxy = Proxy::start(Some(&upstream), |_| Action::CutBodyAfter(12));
    let (head, body) = get(&proxy.url(), "/chunks");
    assert!(head.contains("Content-Length: 14"), "{head}");
    assert!(!head.contains("chunked"), "{head}");
    assert_eq!(body, "0123456789ab");
    server.join().unwrap();
}

#[test]
fn the_binary_runs_in_an_environment_of_its_own() {
    let ran = flowproof(&["--version"], &[("NO_COLOR", "1")]);
    assert_eq!((ran.code, &*ran.stderr), (0, ""));
    assert!(ran.stdout.starts_with("flowproof "), "{}", ran.stdout);
    // It waits for a pipe that nobody writes to.
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let mut running = start_flowproof(
        &["topology", "check", "--topology", pipe.to_str().unwrap()],
        &[],
    );
    std::thread::sleep(Duration::from_millis(300));
    assert!(running.is_running());
    running.signal("KILL");
    assert_eq!(running.wait().code, -1);
}
