//! AWS's own sample records, as far as they are written out (aws-facts 5.1 to 5.11): each parses to the meaning given there.

use crate::ingest::ReadOptions;
use crate::ingest::testing::{codes, input, read, read_bytes};
use crate::model::batch::{FlowBatch, Status};
use crate::model::field::Field;
use crate::model::format::Format;

#[rustfmt::skip]
const V2: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status";
#[rustfmt::skip]
const TCP_FLAGS: &str = "version vpc-id subnet-id instance-id interface-id account-id type srcaddr dstaddr srcport dstport pkt-srcaddr pkt-dstaddr protocol bytes packets start end action tcp-flags log-status";
#[rustfmt::skip]
const NAT: &str = "instance-id interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr";
#[rustfmt::skip]
const REGIONAL_NAT: &str = "resource-id instance-id interface-id subnet-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr";
#[rustfmt::skip]
const TRANSIT_ENI: &str = "version interface-id account-id vpc-id subnet-id instance-id srcaddr dstaddr srcport dstport protocol tcp-flags type pkt-srcaddr pkt-dstaddr action log-status";
#[rustfmt::skip]
const SERVICE: &str = "version srcaddr dstaddr srcport dstport protocol start end type packets bytes account-id vpc-id subnet-id instance-id interface-id region az-id sublocation-type sublocation-id action tcp-flags pkt-srcaddr pkt-dstaddr pkt-src-aws-service pkt-dst-aws-service traffic-path flow-direction log-status";
#[rustfmt::skip]
const V11: &str = "version srcaddr dstaddr srcport dstport protocol start end action log_status reject_reason resource_id encryption_status instance_tag instance_tag_2 interface_tag interface_tag_2 asg_tag asg_tag_2 interface_type next_hop_interface_id next_hop_subnet_id next_hop_az_id next_hop_vpc_id next_hop_interface_type";
#[rustfmt::skip]
const ECS: &str = "version srcaddr dstaddr srcport dstport protocol start end action log_status ecs-cluster-arn ecs-cluster-name ecs-container-instance-arn ecs-container-instance-id ecs-container-id ecs-second-container-id ecs-service-name ecs-task-definition-arn ecs-task-arn ecs-task-id";
#[rustfmt::skip]
const V3_HEADER: &str = "account-id bytes dstaddr dstport end instance-id packets pkt-dstaddr pkt-srcaddr protocol srcaddr srcport start subnet-id tcp-flags type version vpc-id";
#[rustfmt::skip]
const V4_HEADER: &str = "account-id bytes dstaddr dstport end instance-id packets pkt-dstaddr pkt-srcaddr protocol srcaddr srcport start subnet-id tcp-flags type version vpc-id region az-id sublocation-type sublocation-id";
#[rustfmt::skip]
const TGW_31: &str = "version resource-type account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id tgw-dst-vpc-account-id tgw-src-vpc-id tgw-dst-vpc-id tgw-src-subnet-id tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id tgw-dst-az-id tgw-pair-attachment-id srcaddr dstaddr srcport dstport protocol packets bytes start end log-status type packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded packets-lost-ttl-expired";

/// Number, format, record, status; then source, destination, their ports, packets, bytes, tcp-flags and action: `-` if missing,
/// `.` if the log has no such field.
type Row = (u32, &'static str, &'static str, Status, &'static str);

#[rustfmt::skip]
const SAMPLES: &[Row] = &[
    (1, V2, "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK", Status::Flow, "172.31.16.139 172.31.16.21 20641 22 20 4249 . ACCEPT"),
    (2, V2, "2 123456789010 eni-1235b8ca123456789 172.31.9.69 172.31.9.12 49761 3389 6 20 4249 1418530010 1418530070 REJECT OK", Status::Flow, "172.31.9.69 172.31.9.12 49761 3389 20 4249 . REJECT"),
    (3, V2, "2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA", Status::NoData, "- - - - - - . -"),
    (4, V2, "2 123456789010 eni-11111111aaaaaaaaa - - - - - - - 1431280876 1431280934 - SKIPDATA", Status::SkipData, "- - - - - - . -"),
    (5, V2, "2 123456789010 eni-1235b8ca123456789 203.0.113.12 172.31.16.139 0 0 1 4 336 1432917027 1432917142 ACCEPT OK", Status::Flow, "203.0.113.12 172.31.16.139 0 0 4 336 . ACCEPT"),
    (6, V2, "2 123456789010 eni-1235b8ca123456789 172.31.16.139 203.0.113.12 0 0 1 4 336 1432917094 1432917142 REJECT OK", Status::Flow, "172.31.16.139 203.0.113.12 0 0 4 336 . REJECT"),
    (7, V2, "2 123456789010 eni-1235b8ca123456789 2001:db8:1234:a100:8d6e:3477:df66:f105 2001:db8:1234:a102:3304:8879:34cf:4071 34892 22 6 54 8855 1477913708 1477913820 ACCEPT OK", Status::Flow, "2001:db8:1234:a100:8d6e:3477:df66:f105 2001:db8:1234:a102:3304:8879:34cf:4071 34892 22 54 8855 . ACCEPT"),
    (8, TCP_FLAGS, "3 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-01234567890123456 eni-1235b8ca123456789 123456789010 IPv4 52.213.180.42 10.0.0.62 43416 5001 52.213.180.42 10.0.0.62 6 568 8 1566848875 1566848933 ACCEPT 2 OK", Status::Flow, "52.213.180.42 10.0.0.62 43416 5001 8 568 2 ACCEPT"),
    (9, TCP_FLAGS, "3 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-01234567890123456 eni-1235b8ca123456789 123456789010 IPv4 10.0.0.62 52.213.180.42 5001 43416 10.0.0.62 52.213.180.42 6 376 7 1566848875 1566848933 ACCEPT 18 OK", Status::Flow, "10.0.0.62 52.213.180.42 5001 43416 7 376 18 ACCEPT"),
    (10, TCP_FLAGS, "3 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-01234567890123456 eni-1235b8ca123456789 123456789010 IPv4 52.213.180.42 10.0.0.62 43418 5001 52.213.180.42 10.0.0.62 6 100701 70 1566848875 1566848933 ACCEPT 2 OK", Status::Flow, "52.213.180.42 10.0.0.62 43418 5001 70 100701 2 ACCEPT"),
    (11, TCP_FLAGS, "3 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-01234567890123456 eni-1235b8ca123456789 123456789010 IPv4 10.0.0.62 52.213.180.42 5001 43418 10.0.0.62 52.213.180.42 6 632 12 1566848875 1566848933 ACCEPT 18 OK", Status::Flow, "10.0.0.62 52.213.180.42 5001 43418 12 632 18 ACCEPT"),
    (12, TCP_FLAGS, "3 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-01234567890123456 eni-1235b8ca123456789 123456789010 IPv4 10.0.0.62 52.213.180.42 5001 43418 10.0.0.62 52.213.180.42 6 63388 1219 1566848933 1566849113 ACCEPT 1 OK", Status::Flow, "10.0.0.62 52.213.180.42 5001 43418 1219 63388 1 ACCEPT"),
    (13, TCP_FLAGS, "3 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-01234567890123456 eni-1235b8ca123456789 123456789010 IPv4 52.213.180.42 10.0.0.62 43418 5001 52.213.180.42 10.0.0.62 6 23294588 15774 1566848933 1566849113 ACCEPT 1 OK", Status::Flow, "52.213.180.42 10.0.0.62 43418 5001 15774 23294588 1 ACCEPT"),
    (14, TCP_FLAGS, "3 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-01234567890123456 eni-1235b8ca123456789 123456789010 IPv4 52.213.180.42 10.0.0.62 43638 5001 52.213.180.42 10.0.0.62 6 1260 17 1566933133 1566933193 ACCEPT 3 OK", Status::Flow, "52.213.180.42 10.0.0.62 43638 5001 17 1260 3 ACCEPT"),
    (15, TCP_FLAGS, "3 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-01234567890123456 eni-1235b8ca123456789 123456789010 IPv4 10.0.0.62 52.213.180.42 5001 43638  10.0.0.62 52.213.180.42 6 967 14 1566933133 1566933193 ACCEPT 19 OK", Status::Flow, "10.0.0.62 52.213.180.42 5001 43638 14 967 19 ACCEPT"),
    (16, NAT, "- eni-1235b8ca123456789 10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5", Status::Flow, "10.0.1.5 10.0.0.220 . . . . . ."),
    (17, NAT, "- eni-1235b8ca123456789 10.0.0.220 203.0.113.5 10.0.0.220 203.0.113.5", Status::Flow, "10.0.0.220 203.0.113.5 . . . . . ."),
    (18, NAT, "- eni-1235b8ca123456789 203.0.113.5 10.0.0.220 203.0.113.5 10.0.0.220", Status::Flow, "203.0.113.5 10.0.0.220 . . . . . ."),
    (19, NAT, "- eni-1235b8ca123456789 10.0.0.220 10.0.1.5 203.0.113.5 10.0.1.5", Status::Flow, "10.0.0.220 10.0.1.5 . . . . . ."),
    (20, NAT, "i-01234567890123456 eni-1111aaaa2222bbbb3 10.0.1.5 203.0.113.5 10.0.1.5 203.0.113.5", Status::Flow, "10.0.1.5 203.0.113.5 . . . . . ."),
    (21, NAT, "i-01234567890123456 eni-1111aaaa2222bbbb3 203.0.113.5 10.0.1.5 203.0.113.5 10.0.1.5", Status::Flow, "203.0.113.5 10.0.1.5 . . . . . ."),
    (22, REGIONAL_NAT, "nat-1234567890abcdef - - - 10.0.1.5 203.0.113.5 10.0.1.5 203.0.113.5", Status::Flow, "10.0.1.5 203.0.113.5 . . . . . ."),
    (23, REGIONAL_NAT, "nat-1234567890abcdef - - - 107.22.182.139 203.0.113.5 107.22.182.139 203.0.113.5", Status::Flow, "107.22.182.139 203.0.113.5 . . . . . ."),
    (24, REGIONAL_NAT, "nat-1234567890abcdef - - - 203.0.113.5 107.22.182.139 203.0.113.5 107.22.182.139", Status::Flow, "203.0.113.5 107.22.182.139 . . . . . ."),
    (25, REGIONAL_NAT, "nat-1234567890abcdef - - - 203.0.113.5 10.0.1.5 203.0.113.5 10.0.1.5", Status::Flow, "203.0.113.5 10.0.1.5 . . . . . ."),
    (26, REGIONAL_NAT, "- i-01234567890123456 eni-1111aaaa2222bbbb3 subnet-aaaaaaaa012345678 10.0.1.5 203.0.113.5 10.0.1.5 203.0.113.5", Status::Flow, "10.0.1.5 203.0.113.5 . . . . . ."),
    (27, REGIONAL_NAT, "- i-01234567890123456 eni-1111aaaa2222bbbb3 subnet-aaaaaaaa012345678 203.0.113.5 10.0.1.5 203.0.113.5 10.0.1.5", Status::Flow, "203.0.113.5 10.0.1.5 . . . . . ."),
    (28, TRANSIT_ENI, "3 eni-33333333333333333 123456789010 vpc-abcdefab012345678 subnet-22222222bbbbbbbbb i-01234567890123456 10.20.33.164 10.40.2.236 39812 80 6 3 IPv4 10.20.33.164 10.40.2.236 ACCEPT OK", Status::Flow, "10.20.33.164 10.40.2.236 39812 80 . . 3 ACCEPT"),
    (29, TRANSIT_ENI, "3 eni-33333333333333333 123456789010 vpc-abcdefab012345678 subnet-22222222bbbbbbbbb i-01234567890123456 10.40.2.236 10.20.33.164 80 39812 6 19 IPv4 10.40.2.236 10.20.33.164 ACCEPT OK", Status::Flow, "10.40.2.236 10.20.33.164 80 39812 . . 19 ACCEPT"),
    (30, TRANSIT_ENI, "3 eni-11111111111111111 123456789010 vpc-abcdefab012345678 subnet-11111111aaaaaaaaa - 10.40.1.175 10.40.2.236 39812 80 6 3 IPv4 10.20.33.164 10.40.2.236 ACCEPT OK", Status::Flow, "10.40.1.175 10.40.2.236 39812 80 . . 3 ACCEPT"),
    (31, TRANSIT_ENI, "3 eni-22222222222222222 123456789010 vpc-abcdefab012345678 subnet-22222222bbbbbbbbb - 10.40.2.236 10.40.2.31 80 39812 6 19 IPv4 10.40.2.236 10.20.33.164 ACCEPT OK", Status::Flow, "10.40.2.236 10.40.2.31 80 39812 . . 19 ACCEPT"),
    (32, SERVICE, "5 52.95.128.179 10.0.0.71 80 34210 6 1616729292 1616729349 IPv4 14 15044 123456789012 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-0c50d5961bcb2d47b eni-1235b8ca123456789 ap-southeast-2 apse2-az3 - - ACCEPT 19 52.95.128.179 10.0.0.71 S3 - - ingress OK", Status::Flow, "52.95.128.179 10.0.0.71 80 34210 14 15044 19 ACCEPT"),
    (33, SERVICE, "5 10.0.0.71 52.95.128.179 34210 80 6 1616729292 1616729349 IPv4 7 471 123456789012 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-0c50d5961bcb2d47b eni-1235b8ca123456789 ap-southeast-2 apse2-az3 - - ACCEPT 3 10.0.0.71 52.95.128.179 - S3 8 egress OK", Status::Flow, "10.0.0.71 52.95.128.179 34210 80 7 471 3 ACCEPT"),
    (34, V2, "2 12345678910 eni-0eb1e4178af74336c - - - - - - - 1742569968 1742570020 - NODATA", Status::NoData, "- - - - - - . -"),
    (35, V2, "2 12345678910 eni-0eb1e4178af74336c - - - - - - - 1742570029 1742570081 - NODATA", Status::NoData, "- - - - - - . -"),
    (36, V11, "11 10.0.0.71 52.95.128.179 34210 80 6 1616729292 1616729349 REJECT OK BPA nat-0c50d5961bcb2d47b 1 web web-2 eth0 eth0-2 my-asg my-asg-2 nat_gateway eni-1111aaaa2222bbbb3 subnet-aaaaaaaa012345678 apse2-az3 vpc-abcdefab012345678 network_load_balancer", Status::Flow, "10.0.0.71 52.95.128.179 34210 80 . . . REJECT"),
    (37, V11, "11 10.0.0.71 52.95.128.179 34210 80 6 1616729292 1616729349 ACCEPT OK - - - - - - - - - - - - - - -", Status::Flow, "10.0.0.71 52.95.128.179 34210 80 . . . ACCEPT"),
    (38, ECS, "7 10.0.0.71 52.95.128.179 34210 80 6 1616729292 1616729349 ACCEPT OK arn:aws:ecs:us-east-1:123456789012:cluster/my-cluster my-cluster arn:aws:ecs:us-east-1:123456789012:container-instance/my-cluster/abcd i-0c50d5961bcb2d47b 1234567890abcdef - my-service arn:aws:ecs:us-east-1:123456789012:task-definition/my-task:1 arn:aws:ecs:us-east-1:123456789012:task/my-cluster/abcd abcd1234", Status::Flow, "10.0.0.71 52.95.128.179 34210 80 . . . ACCEPT"),
    (39, V3_HEADER, "000000000000 6392 172.18.160.93 47460 1568300425 i-06f9249b 10 172.18.160.93 192.168.0.1 6 172.18.160.68 443 1568300367 subnet-089e7569 19 IPv4 3 vpc-0461a061", Status::Flow, "172.18.160.68 172.18.160.93 443 47460 10 6392 19 ."),
    (40, V3_HEADER, "000000000000 1698 172.18.160.68 443 1568300425 i-06f9249b 10 192.168.0.1 172.18.160.9 6 172.18.160.93 8088 1568300367 subnet-089e7569 3 IPv4 3 vpc-0461a061", Status::Flow, "172.18.160.93 172.18.160.68 8088 443 10 1698 3 ."),
    (41, V4_HEADER, "000000000000 6392 172.18.160.93 47460 1568300425 i-06f9249b 10 172.18.160.93 192.168.0.1 6 172.18.160.68 443 1568300367 subnet-089e7569 19 IPv4 4 vpc-0461a061 us-east-1 use1-az4 wavelength wlid04", Status::Flow, "172.18.160.68 172.18.160.93 443 47460 10 6392 19 ."),
    (42, V4_HEADER, "000000000000 1698 172.18.160.68 443 1568300425 i-06f9249b 10 192.168.0.1 172.18.160.9 6 172.18.160.93 8088 1568300367 subnet-089e7569 3 IPv4 4 vpc-0461a061 us-east-1 use1-az4 outpost outpostid04", Status::Flow, "172.18.160.93 172.18.160.68 8088 443 10 1698 3 ."),
    (43, V2, "2 123456789010 eni-102010ab 198.51.100.1 192.0.2.1 443 49152 6 10 840 1439387263 1439387264 ACCEPT OK", Status::Flow, "198.51.100.1 192.0.2.1 443 49152 10 840 . ACCEPT"),
    (44, V2, "2 123456789010 eni-102010cd 192.0.2.1 198.51.100.1 49152 443 6 20 1680 1439387263 1439387266 REJECT OK", Status::Flow, "192.0.2.1 198.51.100.1 49152 443 20 1680 . REJECT"),
    (45, V2, "2 493859302102 eni-0b13344793d4fde67 92.55.146.245 172.31.77.31 48316 22 6 19 7119 1604266544 1604266560 ACCEPT OK", Status::Flow, "92.55.146.245 172.31.77.31 48316 22 19 7119 . ACCEPT"),
    (46, V2, "2 493859302102 eni-0b13344793d4fde67 172.31.77.31 92.55.146.245 22 48316 6 19 7119 1604266545 1604266560 ACCEPT OK", Status::Flow, "172.31.77.31 92.55.146.245 22 48316 19 7119 . ACCEPT"),
    (47, V2, "2 493859302102 eni-0b13344793d4fde67 172.31.77.31 172.31.77.1 443 48316 6 19 7119 1604266590 1604266591 REJECT OK", Status::Flow, "172.31.77.31 172.31.77.1 443 48316 19 7119 . REJECT"),
    (48, V2, "2 493859302102 eni-0b13344793d4fde67 52.216.229.53 172.31.77.31 58316 443 6 19 3048576 1604271590 1604271595 ACCEPT OK", Status::Flow, "52.216.229.53 172.31.77.31 58316 443 19 3048576 . ACCEPT"),
    (49, TGW_31, "5 TransitGateway 123456789012 tgw-12345678 tgw-attach-123 123456789012 123456789012 vpc-src vpc-dst subnet-src subnet-dst eni-src eni-dst az-src az-dst tgw-attach-pair 10.0.1.100 10.0.2.200 443 80 6 10 1024 1642248600 1642248660 OK IPv4 0 0 0 0", Status::Flow, "10.0.1.100 10.0.2.200 443 80 10 1024 . ."),
];

/// What a record says, in the order of [`Row`].
fn meaning(batch: &FlowBatch, row: usize) -> String {
    let address = |field| match batch.address(field) {
        Some(column) => column
            .get(row)
            .map_or("-".to_owned(), |address| address.to_string()),
        None => ".".to_owned(),
    };
    let number = |field| match batch.number(field) {
        Some(column) => column
            .get(row)
            .map_or("-".to_owned(), |number| number.to_string()),
        None => ".".to_owned(),
    };
    let action = match batch.text(Field::Action) {
        Some(column) => column.get(row).unwrap_or("-").to_owned(),
        None => ".".to_owned(),
    };
    let numbers = [
        Field::SrcPort,
        Field::DstPort,
        Field::Packets,
        Field::Bytes,
        Field::TcpFlags,
    ]
    .map(number);
    format!(
        "{} {} {} {action}",
        address(Field::SrcAddr),
        address(Field::DstAddr),
        numbers.join(" ")
    )
}

#[test]
fn every_sample_of_awss_means_what_aws_says() {
    for (id, names, line, status, expected) in SAMPLES {
        let with_header = read_bytes(format!("{names}\n{line}\n").as_bytes());
        let options = ReadOptions {
            log_format: Some(Format::from_names(names.split(' ')).unwrap()),
            ..ReadOptions::default()
        };
        let without_header = read(&input("a.log", line.as_bytes()), &options);
        for (batches, report) in [with_header, without_header] {
            assert_eq!(codes(&report), Vec::<String>::new(), "sample {id}");
            assert_eq!(batches.len(), 1, "sample {id}");
            assert_eq!(batches[0].statuses(), [*status], "sample {id}");
            assert_eq!(meaning(&batches[0], 0), *expected, "sample {id}");
        }
    }
    assert_eq!(SAMPLES.len(), 49);
}

#[test]
fn what_else_the_samples_say() {
    #[rustfmt::skip]
    let cases: &[(u32, Field, &str)] = &[
        (2, Field::Action, "REJECT"), (7, Field::InterfaceId, "eni-1235b8ca123456789"), (15, Field::PktSrcAddr, "10.0.0.62"),
        (16, Field::PktDstAddr, "203.0.113.5"), (22, Field::ResourceId, "nat-1234567890abcdef"), (23, Field::SrcAddr, "107.22.182.139"),
        (30, Field::PktSrcAddr, "10.20.33.164"), (32, Field::PktSrcAwsService, "S3"), (32, Field::FlowDirection, "ingress"),
        (33, Field::TrafficPath, "8"), (36, Field::RejectReason, "BPA"), (36, Field::EncryptionStatus, "1"),
        (36, Field::NextHopInterfaceType, "network_load_balancer"), (38, Field::EcsTaskId, "abcd1234"),
        (41, Field::SublocationType, "wavelength"), (43, Field::InterfaceId, "eni-102010ab"), (49, Field::TgwPairAttachmentId, "tgw-attach-pair"),
    ];
    for (id, field, expected) in cases {
        let (_, names, line, ..) = SAMPLES.iter().find(|row| row.0 == *id).unwrap();
        let (batches, _) = read_bytes(format!("{names}\n{line}").as_bytes());
        let number = batches[0]
            .number(*field)
            .and_then(|column| column.get(0))
            .map(|number| number.to_string());
        let text = batches[0]
            .text(*field)
            .and_then(|column| column.get(0))
            .map(str::to_owned);
        let address = batches[0]
            .address(*field)
            .and_then(|column| column.get(0))
            .map(|address| address.to_string());
        assert_eq!(
            number.or(text).or(address).as_deref(),
            Some(*expected),
            "sample {id}, {}",
            field.text()
        );
    }
}

#[test]
fn a_transit_gateway_record_made_by_hand_is_set_aside_unless_its_format_is_told() {
    let (_, _, line, ..) = SAMPLES.iter().find(|row| row.0 == 49).unwrap();
    let (_, report) = read_bytes(line.as_bytes());
    assert_eq!((report.rows, report.set_aside), (1, 1));
    assert_eq!(codes(&report), ["record-field-count"]);
    assert_eq!(
        report.diagnostics[0].got.as_deref(),
        Some("31 values, expected 36")
    );
}
