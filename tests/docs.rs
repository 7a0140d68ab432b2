//! The reference pages are made from the tables in the code, so neither can say what the other does not.
//! `FLOWPROOF_BLESS=1 cargo test --test docs` writes them.

#![expect(
    clippy::unwrap_used,
    reason = "a test says best what failed by failing there"
)]

use std::fmt::{Display, Write};
use std::fs;
use std::path::Path;

use flowproof::classify::rules::BASES;
use flowproof::diag::CODES;
use flowproof::model::field::{FIELDS, Kind};
use flowproof::topology::health::FINDINGS;

#[cfg(feature = "sql")]
#[path = "docs/sql.rs"]
mod sql;

fn same(file: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(file);
    if std::env::var_os("FLOWPROOF_BLESS").is_some() {
        fs::write(&path, expected).unwrap();
    }
    pretty_assertions::assert_str_eq!(
        fs::read_to_string(&path).unwrap_or_default(),
        expected,
        "{file}"
    );
}

fn table<R: Display>(out: &mut String, heading: &[&str], rows: impl IntoIterator<Item = R>) {
    writeln!(
        out,
        "| {} |\n|{}",
        heading.join(" | "),
        " --- |".repeat(heading.len())
    )
    .unwrap();
    for row in rows {
        writeln!(out, "{row}").unwrap();
    }
    out.push('\n');
}

#[test]
fn fields() {
    let mut page = "# Fields\n\nMade from `src/model/field.rs`. Versions are those that brought the field; `-` where a log does not have it.\nOutputs write addresses as text.\n\n".to_owned();
    let version = |version: u8| {
        if version == 0 {
            "-".to_owned()
        } else {
            version.to_string()
        }
    };
    let rows = FIELDS.iter().map(|row| {
        let kind = match row.kind {
            Kind::Text => "text",
            Kind::Address => "address",
            Kind::Int32 => "INT32",
            Kind::Int64 => "INT64",
        };
        format!(
            "| `{}` | `{}` | {kind} | {} | {} |",
            row.text,
            row.column,
            version(row.vpc),
            version(row.transit_gateway)
        )
    });
    table(
        &mut page,
        &[
            "in text",
            "in Parquet and outputs",
            "type",
            "VPC",
            "transit gateway",
        ],
        rows,
    );
    same("fields.md", &page);
}

#[test]
fn paths() {
    let mut page = PATHS.to_owned();
    table(
        &mut page,
        &["`path_basis`", "means"],
        BASES
            .iter()
            .map(|(basis, meaning)| format!("| `{basis}` | {meaning} |")),
    );
    same("paths.md", &page);
}

#[test]
fn diagnostics() {
    let mut page = "# Diagnostics\n\nMade from `src/diag.rs`. Each is printed with what, where, got and expected, why it matters to the verdict, and what to do.\n\n".to_owned();
    table(
        &mut page,
        &["code", "means"],
        CODES
            .iter()
            .map(|(code, meaning)| format!("| `{code}` | {meaning} |")),
    );
    same("diagnostics.md", &page);
}

const PATHS: &str = "# Paths, and how they are told

`classify` writes these columns beside the log's own; NODATA and SKIPDATA rows have null in all of them.

| column | values |
| --- | --- |
| `path` | `via-endpoint-eni` interface, resource or service-network endpoint · `via-gateway-endpoint` · `via-nat` · `internet-bound` internet, egress-only or carrier gateway · `via-appliance` Gateway Load Balancer or firewall endpoint, or an interface that routes lead to · `via-transit-gateway` · `via-peering` · `via-vpn` · `via-local-gateway` · `via-cloud-wan` · `intra-vpc` · `undetermined` |
| `path_basis` | the rule that decided, below |
| `via` | id of the endpoint, NAT or other gateway, if known |
| `exit` | where it leaves in the end, as far as the next hops' own route tables say: `internet-gateway`, `gateway-endpoint`, `endpoint`, `transit-gateway`, `peering`, `vpn`, `none`, `unknown` |
| `realm` | whose address the peer's is: `vpc`, `private`, `aws` (AWS's own services), `internet` (anybody's, other customers of AWS included) |
| `service` | from the endpoint, the prefix list, `pkt-*-aws-service`, or ip-ranges.json |
| `workload`, `workload_interface` | the host whose traffic it is; null outside a NAT gateway, where it is masked |
| `peer` | the far end |
| `vantage` | who logged it: `workload`, `endpoint`, `nat`, `gateway`, `unknown` |
| `initiator` | who opened the connection, if TCP flags show it: `workload`, `peer`, `unknown` |

The same packet is logged at every interface that it crosses: never add bytes over vantages.

- A record on a NAT gateway's interface is `via-nat` on both legs: it is the way between the workload and the peer. Where a NAT
  gateway's own subnet routes S3 to a gateway endpoint, it is `via-nat` with exit `gateway-endpoint`.
- A reply takes the path of the flow that it answers: the route from the interface to the peer.
- On an endpoint's own interface the client is the workload, and the way to it is looked at as a host's would be. A client out on the
  internet, by `traffic-path` or by a route that lets it in (none does to an interface with `DenyAllIgwTraffic`), makes it
  `internet-bound` with exit `internet-gateway`, and `service` is the endpoint's. Where neither tells that a client with a public
  address is on a private network, it is `undetermined`. A client with a private address, or one of the VPC, is nobody's out there: a
  record or, of a reply, a route that leads out to it is counted as a disagreement.
- A record of a host or an endpoint that has the interface's own address at the end where its `flow-direction` has the other is
  `undetermined` (`direction-unknown`), and counted as a disagreement.
- Behind a peering the far end is looked up in the other VPC. A transit gateway's route tables are not part of a topology: behind
  one, the far end is known only if exactly one attached VPC of the topology has its address.
- An address in this VPC that no interface of the topology has may be an endpoint's: the path is `undetermined`, and a claim holds only if
  it holds both ways.
- A host's flow with a gateway's own address (NAT, transit gateway, Gateway Load Balancer endpoint, endpoint of a type not known) is
  `intra-vpc` so far; whoever the gateway speaks for may have come any way, so a claim about that address is not proven.
- Between two topologies that say different things, a flow is `undetermined`, and of the rest it has what both say. It keeps a claim only
  where both say that it stays in the VPC.

Rules are tried in order: who logged it, what is missing, what the record says of its next hop (`next-hop-interface-type`, `traffic-path`),
whose address the hop is, and last the most specific route.

";

#[test]
fn every_finding_has_its_row_and_the_example_is_what_is_printed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/topology-check.md")).unwrap();
    let row = |line: &str| Some(line.strip_prefix("| `")?.split_once("` |")?.0.to_owned());
    let findings = page.split("## Findings").nth(1).unwrap();
    let rows: Vec<String> = findings.lines().filter_map(row).collect();
    assert_eq!(rows, FINDINGS);
    let printed = root.join("tests/golden-topology/forgotten-route-table");
    let printed = fs::read_to_string(printed).unwrap();
    let example = page.split("```text\n").nth(1).unwrap();
    for line in example.split("```").next().unwrap().lines() {
        assert!(printed.lines().any(|printed| printed == line), "{line}");
    }
}
