//! `metrics-agree`: counters beside records, each cause of failure alone, and what does not weigh.

use super::*;
use crate::model::evidence::{GatewayMetrics, Obligation};
use crate::model::metrics::Metrics;

const MINUTES: [i64; 6] = [0, 10, 20, 30, 40, 50];

/// Bytes of every ten minutes: the four legs of the NAT gateway, and what the endpoint's two interfaces log.
const LEGS: [u64; 4] = [100_000, 110_000, 900_000, 910_000];
const AT_ENDPOINT: u64 = 50_000 + 200_000 + 30_000;

struct Metered {
    case: Case,
    metrics: Json,
}

fn series(namespace: &str, name: &str, dimensions: &[(&str, &str)], bytes_10m: u64) -> Json {
    let minutes: Vec<i64> = (0..60).collect();
    let time = |minute: &i64| crate::model::window::rfc3339(T0 + minute * 60);
    let dimension = |(name, value): &(&str, &str)| json!({"Name": name, "Value": value});
    json!({"Namespace": namespace, "MetricName": name, "Dimensions": dimensions.iter().map(dimension).collect::<Vec<_>>(),
        "Period": 60, "Stat": "Sum", "Timestamps": minutes.iter().map(time).collect::<Vec<_>>(),
        "Values": minutes.iter().map(|_| bytes_10m / 10).collect::<Vec<_>>()})
}

fn endpoint_series(id: &str, bytes_10m: u64) -> Json {
    let dimensions = [
        ("Endpoint Type", "Interface"),
        ("Service Name", "com.amazonaws.us-east-1.sqs"),
        ("VPC Endpoint Id", id),
        ("VPC Id", "vpc-1"),
    ];
    series(
        "AWS/PrivateLinkEndpoints",
        "BytesProcessed",
        &dimensions,
        bytes_10m,
    )
}

fn push(list: &mut Json, more: Json) {
    list.as_array_mut().unwrap().push(more);
}

fn interface(id: &str, address: &str, kind: &str) -> Json {
    json!({"NetworkInterfaceId": id, "VpcId": "vpc-1", "SubnetId": "subnet-a", "PrivateIpAddress": address, "InterfaceType": kind})
}

impl Metered {
    fn new() -> Metered {
        let mut case = Case::new();
        let topology = &mut case.topology;
        topology["region"] = json!("us-east-1");
        topology["NatGateways"] = json!([{"NatGatewayId": "nat-1", "VpcId": "vpc-1", "SubnetId": "subnet-a", "State": "available",
            "NatGatewayAddresses": [{"NetworkInterfaceId": "eni-n", "PrivateIp": "10.0.1.220"}]}]);
        push(
            &mut topology["VpcEndpoints"],
            json!({"VpcEndpointId": "vpce-i", "VpcEndpointType": "Interface", "VpcId": "vpc-1",
            "ServiceName": "com.amazonaws.us-east-1.sqs", "NetworkInterfaceIds": ["eni-e1", "eni-e2"]}),
        );
        push(
            &mut topology["NetworkInterfaces"],
            interface("eni-n", "10.0.1.220", "nat_gateway"),
        );
        push(
            &mut topology["NetworkInterfaces"],
            interface("eni-e1", "10.0.1.20", "vpc_endpoint"),
        );
        push(
            &mut topology["NetworkInterfaces"],
            interface("eni-e2", "10.0.1.21", "vpc_endpoint"),
        );
        case.window.until = Some(T0 + 3_600);
        case.records = MINUTES.into_iter().flat_map(ten_minutes).collect();
        let mut counters: Vec<Json> = crate::model::metrics::NAT_COUNTERS
            .iter()
            .zip(LEGS)
            .map(|(name, bytes)| {
                series("AWS/NATGateway", name, &[("NatGatewayId", "nat-1")], bytes)
            })
            .collect();
        counters.push(endpoint_series("vpce-i", AT_ENDPOINT));
        let metrics = json!({"captured_at": "2026-08-01T14:00:00Z", "since": "2026-08-01T12:00:00Z", "until": "2026-08-01T13:00:00Z",
            "Metrics": counters});
        Metered { case, metrics }
    }

    fn evidence_in(&self, rows: usize) -> Evidence {
        let (world, policy) = (self.case.world(), self.case.policy());
        let bytes = serde_json::to_vec(&self.metrics).unwrap();
        let (metrics, _) = Metrics::parse("metrics.json", &bytes).unwrap();
        let plan = Plan::new(&world, &policy, self.case.window).metered(&metrics);
        let mut input = self.case.input.clone();
        let chunks = self.case.records.chunks(rows).rev();
        let batches: Vec<FlowBatch> = chunks
            .map(|records| batch(&self.case.format, records))
            .collect();
        for status in batches.iter().flat_map(FlowBatch::statuses) {
            match status {
                Status::Flow => input.flows += 1,
                Status::NoData => input.nodata += 1,
                Status::SkipData => input.skipdata += 1,
            }
        }
        let facts = InputFacts {
            index: 0,
            flow_log: input.flow_log.clone(),
        };
        let tallies = classes::weighed(&plan, &batches, &facts);
        input.rows = input.flows + input.nodata + input.skipdata;
        let run = Run {
            inputs: vec![input],
            ..Run::default()
        };
        let [evidence, slow] = tallies.map(|tally| conclude(&plan, tally, run.clone()).unwrap());
        assert_eq!(evidence, slow, "classes and records differ");
        evidence
    }

    fn evidence(&self) -> Evidence {
        self.evidence_in(usize::MAX)
    }

    fn counters(&mut self) -> &mut Vec<Json> {
        self.metrics["Metrics"].as_array_mut().unwrap()
    }

    /// Every value of a series, changed.
    fn scale(&mut self, index: usize, numerator: u64, denominator: u64) {
        for value in self.counters()[index]["Values"].as_array_mut().unwrap() {
            *value = json!(value.as_u64().unwrap() * numerator / denominator);
        }
    }

    fn only_workload_in_scope(&mut self) {
        self.case
            .policy
            .push_str("[scope]\ninterfaces = ['eni-w']\n");
    }

    fn record(&mut self, record: &str) {
        self.case.records.push(record.to_owned());
    }

    /// An endpoint that nobody uses.
    fn idle_endpoint(&mut self) {
        push(
            &mut self.case.topology["VpcEndpoints"],
            json!({"VpcEndpointId": "vpce-q", "VpcEndpointType": "Interface", "VpcId": "vpc-1",
            "ServiceName": "com.amazonaws.us-east-1.sns"}),
        );
    }
}

fn ten_minutes(minute: i64) -> Vec<String> {
    let time = format!("{} {}", T0 + minute * 60 + 5, T0 + minute * 60 + 595);
    let line = |eni: &str, hops: &str, ports: &str, bytes: u64, packets: &str, way: &str| {
        format!("{eni} {hops} {ports} 6 {bytes} {time} ACCEPT OK {packets} {way} vpc-1")
    };
    let (client, host, nat) = ("10.0.1.5", "198.51.100.9", "10.0.1.220");
    let to = |a: &str, b: &str| format!("{a} {b}");
    vec![
        line(
            "eni-w",
            &to(client, "52.216.0.9"),
            "40000 443",
            1_000,
            &to(client, "52.216.0.9"),
            "egress 7",
        ),
        format!("eni-v - - - - - - {time} - NODATA - - - - vpc-1"),
        line(
            "eni-n",
            &to(client, nat),
            "41000 443",
            LEGS[0],
            &to(client, host),
            "ingress -",
        ),
        line(
            "eni-n",
            &to(nat, host),
            "2000 443",
            LEGS[1],
            &to(nat, host),
            "egress 8",
        ),
        line(
            "eni-n",
            &to(host, nat),
            "443 2000",
            LEGS[2],
            &to(host, nat),
            "ingress -",
        ),
        line(
            "eni-n",
            &to(nat, client),
            "443 41000",
            LEGS[3],
            &to(host, client),
            "egress 1",
        ),
        line(
            "eni-e1",
            &to(client, "10.0.1.20"),
            "42000 443",
            50_000,
            &to(client, "10.0.1.20"),
            "ingress -",
        ),
        line(
            "eni-e1",
            &to("10.0.1.20", client),
            "443 42000",
            200_000,
            &to("10.0.1.20", client),
            "egress 1",
        ),
        line(
            "eni-e2",
            &to(client, "10.0.1.21"),
            "43000 443",
            30_000,
            &to(client, "10.0.1.21"),
            "ingress -",
        ),
    ]
}

fn obligation(evidence: &Evidence) -> &Obligation {
    evidence.claims[0].obligations.last().unwrap()
}

fn gateway<'e>(evidence: &'e Evidence, id: &str) -> &'e GatewayMetrics {
    let gateways = &evidence.metrics.as_ref().unwrap().gateways;
    gateways.iter().find(|gateway| gateway.id == id).unwrap()
}

#[test]
fn counters_that_agree_keep_the_proof() {
    let evidence = Metered::new().evidence();
    assert_eq!(
        (evidence.verdict, failed(&evidence)),
        (Verdict::Proven, vec![])
    );
    assert_eq!(obligation(&evidence).state, ObligationState::Held);
    assert_eq!(
        obligation(&evidence).checked,
        "counters of nat-1, vpce-i, 2026-08-01T12:00:00Z to 2026-08-01T12:50:00Z (600 s of the window left out), within 1/10 or 65536 \
         bytes; none exist of gateway endpoints or to other Regions"
    );
    let nat = gateway(&evidence, "nat-1");
    let sums: Vec<(Option<&str>, u64, u64)> = nat
        .sums
        .iter()
        .map(|sum| (sum.name.as_deref(), sum.counter_bytes, sum.flow_bytes))
        .collect();
    let five = |bytes: u64| bytes * 5;
    assert_eq!(
        sums,
        [
            (None, five(2_020_000), five(2_020_000)),
            (Some("BytesInFromSource"), five(LEGS[0]), five(LEGS[0])),
            (Some("BytesOutToDestination"), five(LEGS[1]), five(LEGS[1])),
            (Some("BytesInFromDestination"), five(LEGS[2]), five(LEGS[2])),
            (Some("BytesOutToSource"), five(LEGS[3]), five(LEGS[3])),
        ]
    );
    let endpoint = gateway(&evidence, "vpce-i");
    assert_eq!(
        (endpoint.sums[0].flow_bytes, endpoint.outcome.as_str()),
        (five(AT_ENDPOINT), "agrees")
    );
}

#[test]
fn without_metrics_it_is_not_asked() {
    let evidence = Metered::new().case.evidence();
    assert_eq!(obligation(&evidence).state, ObligationState::NotAsked);
    assert_eq!(
        (evidence.verdict, evidence.metrics),
        (Verdict::Proven, None)
    );
}

#[test]
fn each_cause_fails_it_and_nothing_else() {
    type Change = fn(&mut Metered);
    #[rustfmt::skip]
    let cases: Vec<(&str, &str, &str, &str, Change)> = vec![
        ("records that are lost", "nat-1", "traffic-without-records", "traffic without records", |it| (0..4).for_each(|one| it.scale(one, 3, 2))),
        ("records that are lost at an endpoint", "vpce-i", "traffic-without-records", "traffic without records", |it| it.scale(4, 3, 2)),
        ("records that are there twice", "nat-1", "records-without-traffic", "records without traffic", |it| (0..4).for_each(|one| it.scale(one, 1, 2))),
        ("counters of another time", "vpce-i", "records-without-traffic", "records without traffic", |it| it.scale(4, 0, 1)),
        ("legs that are exchanged, with the right sum", "nat-1", "traffic-without-records", "as BytesInFromSource", |it| {
            it.counters()[0]["MetricName"] = json!("BytesOutToSource");
            it.counters()[3]["MetricName"] = json!("BytesInFromSource");
        }),
        ("no counter of an endpoint", "vpce-i", "no-counter", "no counter of it in the metrics (BytesProcessed)", |it| { it.counters().pop(); }),
        ("no counter of one leg", "nat-1", "no-counter", "no counter of it in the metrics (BytesOutToSource)", |it| { it.counters().remove(3); }),
        ("counters by subnet only", "vpce-i", "no-counter", "no counter", |it| push(&mut it.counters()[4]["Dimensions"], json!({"Name": "Subnet Id", "Value": "subnet-a"}))),
        ("counters of another endpoint", "vpce-i", "no-counter", "no counter", |it| it.counters()[4] = endpoint_series("vpce-j", AT_ENDPOINT)),
        ("a record without a time", "vpce-i", "records-without-time", "1 record without a time", |it| {
            it.record("eni-e1 10.0.1.5 10.0.1.20 42000 443 6 1 - - ACCEPT OK 10.0.1.5 10.0.1.20 ingress - vpc-1");
        }),
        ("metrics of less than ten minutes", "vpce-i", "other-time", "of another time than the window, or of a part of it", |it| {
            it.metrics["since"] = json!("2026-08-01T12:55:00Z");
            it.counters().iter_mut().for_each(|one| { one["Timestamps"] = json!([]); one["Values"] = json!([]); });
        }),
        ("SKIPDATA without a time", "nat-1", "nothing-left", "nothing is left", |it| {
            it.only_workload_in_scope();
            it.record("eni-n - - - - - - - - - SKIPDATA - - - - vpc-1");
        }),
        ("an endpoint that may not have been listed", "vpce-q", "no-counter", "not taken after the window and within two weeks of it", |it| {
            it.idle_endpoint();
            it.metrics["captured_at"] = json!("2026-08-16T12:00:01Z");
        }),
        ("an endpoint of metrics that do not say when they were taken", "vpce-q", "no-counter", "not taken after the window and within two weeks of it", |it| {
            it.idle_endpoint();
            it.metrics.as_object_mut().unwrap().remove("captured_at");
        }),
        ("no gateway with a counter", "vpce-i", "idle", "nothing was compared", |it| {
            it.counters().clear();
            it.case.topology["NatGateways"] = json!([]);
            it.case.topology["NetworkInterfaces"].as_array_mut().unwrap().truncate(2);
            it.case.records.retain(|record| record.starts_with("eni-w") || record.starts_with("eni-v"));
        }),
    ];
    for (title, id, outcome, words, change) in cases {
        let mut it = Metered::new();
        change(&mut it);
        let evidence = it.evidence();
        assert_eq!(
            failed(&evidence),
            ["metrics-agree"],
            "{title}: {:?}",
            evidence.claims[0].obligations
        );
        assert_eq!(evidence.verdict, Verdict::Unproven, "{title}");
        assert_eq!(gateway(&evidence, id).outcome, outcome, "{title}");
        let why = obligation(&evidence).why.join("\n");
        assert!(why.contains(words), "{title}: {why}");
        assert!(obligation(&evidence).help.is_some(), "{title}");
    }
}

#[test]
fn what_cannot_be_compared_is_said_and_does_not_fail() {
    type Change = fn(&mut Metered);
    #[rustfmt::skip]
    let cases: Vec<(&str, &str, Change)> = vec![
        ("an idle endpoint", "neither counted nor recorded: vpce-q", Metered::idle_endpoint),
        ("another Region's service", "vpce-x not compared: its service is in another Region", |it| push(&mut it.case.topology["VpcEndpoints"],
            json!({"VpcEndpointId": "vpce-x", "VpcEndpointType": "Interface", "VpcId": "vpc-1", "ServiceName": "com.amazonaws.eu-west-1.s3", "ServiceRegion": "eu-west-1"}))),
        ("a resource endpoint", "vpce-r not compared: CloudWatch counts nothing", |it| push(&mut it.case.topology["VpcEndpoints"],
            json!({"VpcEndpointId": "vpce-r", "VpcEndpointType": "Resource", "VpcId": "vpc-1"}))),
        ("a regional NAT gateway", "nat-r not compared: a regional NAT gateway", |it| push(&mut it.case.topology["NatGateways"],
            json!({"NatGatewayId": "nat-r", "VpcId": "vpc-1", "AvailabilityMode": "regional"}))),
        ("a scope that is narrower than the VPC", "though the claim is about a part", Metered::only_workload_in_scope),
        ("rejected flows", "nat-1, vpce-i", |it| it.record(&format!("eni-n 198.51.100.9 10.0.1.220 443 2000 6 9000000 {} {} REJECT OK 198.51.100.9 10.0.1.220 ingress - vpc-1", T0 + 60, T0 + 70))),
        ("flows in the last aggregation interval", "nat-1, vpce-i", |it| it.record(&format!("eni-n 198.51.100.9 10.0.1.220 443 2000 6 9000000 {} {} ACCEPT OK 198.51.100.9 10.0.1.220 ingress - vpc-1", T0 + 3_000, T0 + 3_500))),
    ];
    for (title, words, change) in cases {
        let mut it = Metered::new();
        change(&mut it);
        let evidence = it.evidence();
        assert_eq!(
            obligation(&evidence).state,
            ObligationState::Held,
            "{title}: {:?}",
            obligation(&evidence)
        );
        let checked = &obligation(&evidence).checked;
        assert!(checked.contains(words), "{title}: {checked}");
    }
}

#[test]
fn buckets_near_skipdata_are_left_out() {
    #[rustfmt::skip]
    let cases = [
        // seconds of the SKIPDATA,  left out beside the last bucket
        ((65, 120),                 600),
        // A minute before and behind it counts.
        ((600, 659),                1_200),
        ((660, 1_139),              600),
        ((660, 1_140),              1_200),
        ((661, 1_170),              1_200),
        // Up to a minute before the window.
        ((-120, -62),               0),
        ((-120, -60),               600),
        // In the last bucket, which is left out anyway.
        ((3_100, 3_200),            0),
    ];
    for ((start, end), more_s) in cases {
        let mut it = Metered::new();
        it.only_workload_in_scope();
        let (start, end) = (T0 + start, T0 + end);
        it.record(&format!(
            "eni-n - - - - - - {start} {end} - SKIPDATA - - - - vpc-1"
        ));
        let evidence = it.evidence();
        let gateways = ["nat-1", "vpce-i"].map(|id| gateway(&evidence, id).excluded_s);
        assert_eq!(gateways, [600 + more_s, 600], "{start} to {end}");
        assert_eq!(obligation(&evidence).state, ObligationState::Held);
    }
}

#[test]
fn what_aws_skipped_does_not_count_as_lost() {
    let mut it = Metered::new();
    it.only_workload_in_scope();
    // Records of 12:20 to 12:30 at the NAT gateway are gone, and AWS says so.
    let time = format!("{} {}", T0 + 20 * 60 + 5, T0 + 20 * 60 + 595);
    it.case
        .records
        .retain(|record| !(record.starts_with("eni-n") && record.contains(&time)));
    assert_eq!(failed(&it.evidence()), ["metrics-agree"]);
    it.record(&format!(
        "eni-n - - - - - - {} {} - SKIPDATA - - - - vpc-1",
        T0 + 1_300,
        T0 + 1_700
    ));
    let evidence = it.evidence();
    assert_eq!(
        (failed(&evidence), gateway(&evidence, "nat-1").excluded_s),
        (vec![], 1_200)
    );
}

#[test]
fn longer_periods_make_longer_buckets() {
    let mut it = Metered::new();
    for one in it.counters() {
        let ten: u64 = one["Values"][0].as_u64().unwrap() * 60;
        (one["Period"], one["Timestamps"], one["Values"]) =
            (json!(3_600), json!(["2026-08-01T12:00:00Z"]), json!([ten]));
    }
    let evidence = it.evidence();
    assert_eq!(gateway(&evidence, "nat-1").outcome, "nothing-left");
    assert_eq!(gateway(&evidence, "nat-1").bucket_s, 3_600);
    // With ten minutes behind the hour it can be compared.
    it.case.window.until = Some(T0 + 4_200);
    it.case.records.extend(ten_minutes(60));
    let evidence = it.evidence();
    assert_eq!(
        (failed(&evidence), gateway(&evidence, "nat-1").excluded_s),
        (vec![], 600)
    );
}

#[test]
fn where_legs_are_not_told_the_sum_is_compared() {
    let mut it = Metered::new();
    let without: Vec<&str> = FORMAT
        .split(' ')
        .filter(|field| *field != "${flow-direction}")
        .collect();
    it.case.format = without.join(" ");
    for record in &mut it.case.records {
        let mut words: Vec<&str> = record.split(' ').collect();
        words.remove(13);
        *record = words.join(" ");
    }
    let evidence = it.evidence();
    let nat = gateway(&evidence, "nat-1");
    assert_eq!((nat.sums.len(), nat.outcome.as_str()), (1, "agrees"));
}

#[test]
fn gateways_of_other_vpcs_are_not_the_claims() {
    let mut it = Metered::new();
    push(
        &mut it.case.topology["Vpcs"],
        json!({"VpcId": "vpc-2", "CidrBlock": "10.9.0.0/16"}),
    );
    push(
        &mut it.case.topology["VpcEndpoints"],
        json!({"VpcEndpointId": "vpce-o", "VpcEndpointType": "Interface", "VpcId": "vpc-2"}),
    );
    it.counters().push(endpoint_series("vpce-o", 1_000_000_000));
    let evidence = it.evidence();
    assert_eq!(failed(&evidence), Vec::<&str>::new());
    assert_eq!(evidence.metrics.unwrap().gateways.len(), 2);
}

#[test]
fn a_regional_gateway_is_compared_where_its_records_tell_it() {
    let mut it = Metered::new();
    push(
        &mut it.case.topology["NatGateways"],
        json!({"NatGatewayId": "nat-r", "VpcId": "vpc-1", "AvailabilityMode": "regional",
        "NatGatewayAddresses": [{"PublicIp": "107.22.182.139"}]}),
    );
    it.case.format.push_str(" ${resource-id}");
    it.case
        .records
        .iter_mut()
        .for_each(|record| record.push_str(" -"));
    for minute in MINUTES {
        let time = format!("{} {}", T0 + minute * 60 + 5, T0 + minute * 60 + 595);
        it.record(&format!("- 10.0.1.5 198.51.100.9 44000 443 6 600000 {time} ACCEPT OK 10.0.1.5 198.51.100.9 - - - nat-r"));
    }
    for (zone, bytes) in [("us-east-1a", 200_000), ("us-east-1b", 400_000)] {
        for (index, name) in crate::model::metrics::NAT_COUNTERS.iter().enumerate() {
            let dimensions = [("NatGatewayId", "nat-r"), ("AvailabilityZone", zone)];
            let bytes = if index == 0 { bytes } else { 0 };
            it.counters()
                .push(series("AWS/NATGateway", name, &dimensions, bytes));
        }
    }
    let evidence = it.evidence();
    let nat = gateway(&evidence, "nat-r");
    assert_eq!(
        (
            nat.outcome.as_str(),
            nat.sums[0].counter_bytes,
            nat.sums[0].flow_bytes
        ),
        ("agrees", 3_000_000, 3_000_000)
    );
}

#[test]
fn how_records_are_cut_and_merged_changes_nothing() {
    let mut it = Metered::new();
    it.only_workload_in_scope();
    it.record(&format!(
        "eni-n - - - - - - {} {} - SKIPDATA - - - - vpc-1",
        T0 + 1_190,
        T0 + 1_195
    ));
    it.record(&format!("eni-n 198.51.100.9 10.0.1.220 443 2000 6 1234567 {} {} ACCEPT OK 198.51.100.9 10.0.1.220 ingress - vpc-1", T0 + 100, T0 + 2_999));
    let whole = it.evidence();
    for rows in [1, 2, 3, 7, 20] {
        assert_eq!(it.evidence_in(rows), whole, "{rows} a batch");
    }
}
