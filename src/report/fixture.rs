//! Evidence made by hand, for the tests of every format.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Location, Severity};
use crate::model::evidence::*;
use crate::model::path::{Exit, Initiator, Path, Realm, Vantage, Verdict};

const DAY: (&str, &str) = ("2026-08-01T00:00:00Z", "2026-08-02T00:00:00Z");
const NAT: &str = "nat-0c55a3b1e9d2f4768";
pub const KEY: &str = "s3://acme-flow-logs/AWSLogs/111122223333/vpcflowlogs/eu-west-1/2026/08/01/111122223333_vpcflowlogs_eu-west-1_fl-0123456789abcdef0_20260801T0310Z_9f2c1d3e.log.gz";
const IDS: [&str; 9] = [
    "no-unknown-path",
    "interfaces-logged",
    "no-silence",
    "no-skipdata",
    "inputs-whole",
    "fields-suffice",
    "services-known",
    "topology-fits",
    "metrics-agree",
];

/// Two claims, both proven.
pub fn proven() -> Evidence {
    let mut totals = Totals {
        records: 1_234_567,
        flows: 1_200_000,
        nodata: 34_567,
        bytes: 1_249_000_000_000,
        rejected: 1240,
        counted_at: Some(Vantage::Workload),
        ..Totals::default()
    };
    totals.by_path = BTreeMap::from([
        (Path::ViaGatewayEndpoint, share(900_000, 1_200_000_000_000)),
        (Path::ViaEndpointEni, share(200_000, 48_000_000_000)),
        (Path::IntraVpc, share(100_000, 1_000_000_000)),
    ]);
    totals.by_vantage = BTreeMap::from([
        (Vantage::Workload, totals.by_path.clone()),
        (
            Vantage::Endpoint,
            BTreeMap::from([(Path::ViaEndpointEni, share(199_000, 47_900_000_000))]),
        ),
    ]);
    Evidence {
        schema: SCHEMA.to_owned(),
        tool: Tool {
            name: "flowproof".to_owned(),
            version: "0.1.0".to_owned(),
            ip_ranges: RangesReport {
                source: "built-in".to_owned(),
                created: "2026-07-20T17:12:09Z".to_owned(),
                sha256: "7d1f".repeat(16),
            },
        },
        generated_at: "2026-08-02T01:00:00Z".to_owned(),
        window: WindowReport {
            since: Some(DAY.0.to_owned()),
            until: Some(DAY.1.to_owned()),
            since_from: "asked".to_owned(),
            until_from: "asked".to_owned(),
            due: None,
        },
        parts: Vec::new(),
        scope: ScopeReport {
            description: "every interface of vpc-0a1b2c3d4e5f60718".to_owned(),
            interfaces: 3,
        },
        verdict: Verdict::Proven,
        claims: vec![
            claim(
                "s3-private",
                "S3 is reached through endpoints only",
                812_345,
            ),
            claim("no-internet", "Nothing goes to the internet", 1_200_000),
        ],
        totals,
        coverage: (0u64..3).map(interface).collect(),
        metrics: None,
        inputs: vec![InputReport {
            uri: KEY.to_owned(),
            rows: 1_234_567,
            whole: true,
            ..InputReport::default()
        }],
        topologies: vec![TopologyReport {
            source: "topology.json".to_owned(),
            files: Vec::new(),
            captured_at: Some("2026-08-01T12:00:00Z".to_owned()),
            account_id: Some("111122223333".to_owned()),
            region: Some("eu-west-1".to_owned()),
        }],
        policy: PolicyReport {
            source: "policy.toml".to_owned(),
            sha256: "90ab".repeat(16),
            rejected: "attempt".to_owned(),
            max_silence_s: None,
        },
        diagnostics: Vec::new(),
    }
}

/// S3 through a NAT gateway: one claim broken, by IPv4 and by IPv6, the other proven.
pub fn violated() -> Evidence {
    let mut evidence = proven();
    evidence.verdict = Verdict::Violated;
    let claim = &mut evidence.claims[0];
    claim.verdict = Verdict::Violated;
    claim.witnesses = FlowGroup {
        count: 12,
        bytes: 1_240_000_000,
        counted_at: Some(Vantage::Workload),
        first: Some("2026-08-01T03:12:07Z".to_owned()),
        last: Some("2026-08-01T03:26:00Z".to_owned()),
        by: vec![
            by(Path::ViaNat, Some(NAT), Vantage::Workload, 8, 1_200_000_000),
            by(Path::ViaNat, Some(NAT), Vantage::Nat, 2, 1_190_000_000),
            by(Path::InternetBound, None, Vantage::Workload, 2, 40_000_000),
        ],
        sample: (0..7).map(witness).collect(),
    };
    claim.witnesses.sample[1].workload = Some("2001:db8:85a3:8d3:1319:8a2e:370:7348".to_owned());
    claim.witnesses.sample[1].peer = Some("2a05:d07a:a000:1111:2222:3333:4444:5555".to_owned());
    claim.witnesses.sample[2].vantage = Vantage::Nat;
    claim.witnesses.sample[2].workload = None;
    fail(
        claim,
        3,
        "AWS skipped records on 1 of 3 interfaces",
        1,
        &["eni-00000000000000001 from 03:12 to 03:26"],
    );
    claim.attempts = FlowGroup {
        count: 3,
        first: Some("2026-08-01T04:00:00Z".to_owned()),
        last: Some("2026-08-01T04:09:00Z".to_owned()),
        sample: vec![witness(9)],
        ..FlowGroup::default()
    };
    claim.exceptions = vec![
        exception(
            "52.92.128.0/17",
            "nightly copy to another Region",
            "2026-12-31",
            40,
            0,
        ),
        exception(
            "52.219.0.0/20",
            "migration of the old bucket",
            "2026-07-31",
            0,
            3,
        ),
    ];
    evidence.inputs[0].cited = (0..6).map(|index| cited("s3-private", index)).collect();
    let gap = Gap {
        since: "2026-08-01T03:12:00Z".to_owned(),
        until: "2026-08-01T03:26:00Z".to_owned(),
        cause: "skipdata".to_owned(),
    };
    let silent = &mut evidence.coverage[1];
    (silent.complete, silent.gap_count, silent.skipdata) = (false, 1, 14);
    silent.gaps = vec![gap];
    evidence.totals.skipdata = 14;
    evidence
        .totals
        .by_path
        .insert(Path::ViaNat, share(8, 1_240_000_000));
    evidence
}

/// No witness, but silence, an old ip-ranges and a record that did not parse.
pub fn unproven() -> Evidence {
    let mut evidence = proven();
    evidence.verdict = Verdict::Unproven;
    evidence.window.since_from = "records".to_owned();
    evidence.window.until_from = "records".to_owned();
    evidence.totals.set_aside = 67;
    evidence.totals.outside_window = 1000;
    let silence = [
        "eni-00000000000000001 is silent from 03:12 to 04:32",
        "eni-00000000000000002 has no record at all",
    ];
    for claim in &mut evidence.claims {
        claim.verdict = Verdict::Unproven;
        fail(
            claim,
            2,
            "2 of 3 interfaces have no record for longer than 20 min",
            2,
            &silence,
        );
        fail(
            claim,
            4,
            "1 of 24 inputs has records that were set aside",
            67,
            &["s3://acme-flow-logs/a.log.gz:17: `dstport` is not a port number"],
        );
    }
    evidence.claims.push(claim(
        "dynamodb-private",
        "DynamoDB is reached through its gateway endpoint",
        0,
    ));
    let spoiled = &mut evidence.coverage[1];
    (spoiled.complete, spoiled.gap_count, spoiled.gap_s) = (false, 1, 4800);
    spoiled.gaps = vec![Gap {
        since: "2026-08-01T03:12:00Z".to_owned(),
        until: "2026-08-01T04:32:00Z".to_owned(),
        cause: "silent".to_owned(),
    }];
    let never = &mut evidence.coverage[2];
    (never.complete, never.gap_count, never.gap_s, never.first) = (false, 1, 86_400, None);
    never.gaps = vec![Gap {
        since: DAY.0.to_owned(),
        until: DAY.1.to_owned(),
        cause: "silent".to_owned(),
    }];
    evidence.diagnostics = vec![Diagnostic::new(
        Severity::Warning,
        "ranges-old",
        "old",
        "why",
        "help",
    )];
    evidence.inputs[0].diagnostics = vec![Diagnostic::new(
        Severity::Error,
        "record-bad-number",
        "`dstport` is not a port number",
        "why",
        "help",
    )];
    evidence
}

/// Nothing was read.
pub fn empty() -> Evidence {
    let mut evidence = proven();
    evidence.verdict = Verdict::Unproven;
    evidence.window.since = None;
    evidence.window.until = None;
    evidence.totals = Totals::default();
    evidence.coverage.clear();
    evidence.inputs.clear();
    evidence.topologies.clear();
    for claim in &mut evidence.claims {
        claim.verdict = Verdict::Unproven;
        claim.flows_checked = 0;
        fail(claim, 2, "zero records were read", 3, &[]);
    }
    evidence
}

/// Far too much of everything.
pub fn huge() -> Evidence {
    let mut evidence = violated();
    let exception = evidence.claims[0].exceptions[0].clone();
    let claim = &mut evidence.claims[0];
    claim.witnesses.count = u64::MAX;
    claim.witnesses.bytes = u64::MAX;
    claim.witnesses.sample = (0..10_000).map(witness).collect();
    claim.witnesses.by = (0..10_000)
        .map(|n| {
            by(
                Path::ViaNat,
                Some(&format!("nat-{n}")),
                Vantage::Workload,
                n,
                n,
            )
        })
        .collect();
    claim.exceptions = vec![exception; 1000];
    claim.title = "a title without end ".repeat(1000);
    claim.id = "x".repeat(10_000);
    let other = &mut evidence.claims[1];
    other.verdict = Verdict::Unproven;
    let why = vec!["reason".repeat(100); 1000];
    let why: Vec<&str> = why.iter().map(String::as_str).collect();
    for at in 0..IDS.len() {
        fail(other, at, &"checked ".repeat(1000), u64::MAX, &why);
        other.obligations[at].help = Some(format!("help {at} ").repeat(1000));
    }
    evidence.coverage = (0..10_000).map(interface).collect();
    for interface in &mut evidence.coverage {
        (interface.complete, interface.gap_count, interface.gap_s) = (false, u64::MAX, u64::MAX);
        interface.interface.push_str(&"f".repeat(200));
    }
    evidence.topologies = vec![evidence.topologies[0].clone(); 1000];
    evidence
}

fn share(flows: u64, bytes: u64) -> Share {
    Share { flows, bytes }
}

fn claim(id: &str, title: &str, flows_checked: u64) -> ClaimReport {
    let obligation = |id: &str| Obligation {
        id: id.to_owned(),
        state: if id == "metrics-agree" {
            ObligationState::NotAsked
        } else {
            ObligationState::Held
        },
        checked: "checked".to_owned(),
        failures: 0,
        why: Vec::new(),
        help: None,
        sample: Vec::new(),
    };
    ClaimReport {
        id: id.to_owned(),
        title: title.to_owned(),
        verdict: Verdict::Proven,
        at: Some(Location::line("policy.toml", 9)),
        asserts: BTreeMap::from([("to".to_owned(), vec!["service:s3".to_owned()])]),
        flows_checked,
        witnesses: FlowGroup::default(),
        obligations: IDS.map(obligation).to_vec(),
        attempts: FlowGroup::default(),
        help: None,
        exceptions: Vec::new(),
    }
}

fn fail(claim: &mut ClaimReport, at: usize, checked: &str, failures: u64, why: &[&str]) {
    let failed = &mut claim.obligations[at];
    failed.state = ObligationState::Failed;
    failed.checked = checked.to_owned();
    failed.failures = failures;
    failed.why = why.iter().map(|why| (*why).to_owned()).collect();
    failed.help = Some(match failed.id.as_str() {
        "no-silence" => "give the logs of the whole window (--since/--until), or wait for their delivery with --wait 15m".to_owned(),
        "no-skipdata" => "claim over a window outside the gap: AWS cannot deliver what it skipped".to_owned(),
        _ => "look at the records that were set aside; if the field order differs, pass --log-format".to_owned(),
    });
}

fn by(path: Path, via: Option<&str>, vantage: Vantage, count: u64, bytes: u64) -> FlowsBy {
    FlowsBy {
        path,
        via: via.map(str::to_owned),
        exit: Exit::InternetGateway,
        service: Some("s3".to_owned()),
        vantage,
        count,
        bytes,
    }
}

fn witness(n: u16) -> FlowSample {
    FlowSample {
        bytes: Reverse(800_000_000 >> n.min(20)),
        start: Some(1_785_553_927 + i64::from(n) * 60),
        end: Some(1_785_553_987 + i64::from(n) * 60),
        interface: "eni-00000000000000001".to_owned(),
        workload: Some("10.1.2.5".to_owned()),
        workload_port: Some(48_122 + n),
        workload_interface: Some("eni-00000000000000001".to_owned()),
        peer: Some("52.92.17.4".to_owned()),
        peer_port: Some(443),
        protocol: Some(6),
        action: Some("ACCEPT".to_owned()),
        path: Path::ViaNat,
        path_basis: "next-hop-field".to_owned(),
        via: Some(NAT.to_owned()),
        exit: Exit::InternetGateway,
        realm: Some(Realm::Aws),
        service: Some("s3".to_owned()),
        vantage: Vantage::Workload,
        initiator: Initiator::Workload,
        packets: Some(1000),
        why: "the claim allows via-endpoint-eni and via-gateway-endpoint only".to_owned(),
    }
}

fn cited(claim: &str, index: u64) -> Citation {
    Citation {
        claim: claim.to_owned(),
        group: "witnesses".to_owned(),
        index,
        line: 1842 + index,
    }
}

fn exception(
    to: &str,
    reason: &str,
    expires: &str,
    flows: u64,
    expired_flows: u64,
) -> ExceptionReport {
    ExceptionReport {
        at: None,
        to: vec![to.to_owned()],
        reason: reason.to_owned(),
        owner: Some("data-platform".to_owned()),
        expires: Some(expires.to_owned()),
        flows,
        expired_flows,
    }
}

fn interface(n: u64) -> InterfaceCoverage {
    InterfaceCoverage {
        interface: format!("eni-{n:017}"),
        kind: "interface".to_owned(),
        vpc: "vpc-0a1b2c3d4e5f60718".to_owned(),
        subnet: "subnet-0a1b2c3d4e5f60718".to_owned(),
        flow_logs: vec!["fl-0123456789abcdef0".to_owned()],
        first: Some(DAY.0.to_owned()),
        last: Some(DAY.1.to_owned()),
        flows: 400_000,
        nodata: 10,
        skipdata: 0,
        complete: true,
        gap_count: 0,
        gap_s: 0,
        gaps: Vec::new(),
        heard: None,
    }
}
