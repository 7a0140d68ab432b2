//! `flowproof query` as a user has it: tables, pushdown, parameters, outputs, errors, and what SQL may not do.

#![cfg(feature = "sql")]
mod common;
#[path = "query/depth.rs"]
mod depth;
#[path = "query/forbidden.rs"]
mod forbidden;
#[path = "query/inputs.rs"]
mod inputs;
#[path = "query/mistakes.rs"]
mod mistakes;
#[path = "query/outputs.rs"]
mod outputs;
#[path = "query/pushdown.rs"]
mod pushdown;
#[path = "query/sums.rs"]
mod sums;
#[path = "query/terminal.rs"]
mod terminal;
#[path = "query/values.rs"]
mod values;

use common::{Ran, World, flowproof, world, worlds};

/// `query` over a world's logs.
fn query(world: &World, more: &[&str]) -> Ran {
    query_of(&[&world.path("logs")], b"", world, more)
}

/// The same over these sources.
fn query_of(sources: &[&str], stdin: &[u8], world: &World, more: &[&str]) -> Ran {
    let (topology, policy) = (world.path("topology.json"), world.path("policy.toml"));
    let mut args = vec!["query"];
    args.extend(sources);
    args.extend(["--topology", &topology, "--policy", &policy, "--quiet"]);
    args.extend(more);
    flowproof(&args, stdin)
}

/// The rows of an answer as CSV, without its head.
fn rows(world: &World, sql: &str) -> Vec<String> {
    rows_with(world, sql, &[])
}

fn rows_with(world: &World, sql: &str, more: &[&str]) -> Vec<String> {
    let mut args = vec!["--sql", sql, "--output-format", "csv"];
    args.extend(more);
    let ran = query(world, &args);
    assert_eq!(ran.code, 0, "{}: {sql}: {}", world.name, ran.stderr);
    ran.stdout.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn every_table_can_be_read_in_every_world() {
    let tables = [
        "flows",
        "interfaces",
        "subnets",
        "routes",
        "prefixes",
        "endpoints",
        "nat_gateways",
        "gaps",
        "claims",
        "prices",
    ];
    for world in worlds() {
        let counts = tables.map(|table| format!("SELECT '{table}', count(*) AS n FROM {table}"));
        let counted = rows(&world, &counts.join(" UNION ALL "));
        assert_eq!(counted.len(), tables.len(), "{}", world.name);
        let empty = |table: &str| counted.contains(&format!("{table},0"));
        for table in [
            "flows",
            "interfaces",
            "subnets",
            "routes",
            "prefixes",
            "claims",
            "prices",
        ] {
            assert!(!empty(table), "{}: {table}", world.name);
        }
    }
    let world = world("privatelink-partner");
    for table in tables {
        let counted = rows(&world, &format!("SELECT count(*) FROM {table}"));
        let all = rows(&world, &format!("SELECT * FROM {table}"));
        assert_eq!(counted, [all.len().to_string()], "{table}");
    }
}

#[test]
fn flows_say_what_classify_says() {
    // Of every vantage, IPv6, a gateway's own log, Parquet, and the default format.
    for name in [
        "forgotten-route-table",
        "ipv6-past-endpoint",
        "shared-services-tgw-peering",
        "parquet",
        "lacking-fields",
    ] {
        let world = world(name);
        let file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
        let name = file.path().to_str().unwrap();
        let (logs, topology) = (world.path("logs"), world.path("topology.json"));
        let ran = flowproof(
            &["classify", &logs, "--topology", &topology, "--output", name],
            b"",
        );
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let mut reader = csv::Reader::from_path(file.path()).unwrap();
        let names: Vec<String> = reader
            .headers()
            .unwrap()
            .iter()
            .map(str::to_owned)
            .collect();
        let mut classified: Vec<String> = reader
            .records()
            .map(|row| row.unwrap().iter().collect::<Vec<_>>().join(","))
            .collect();
        let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
        let mut queried = rows(&world, &format!("SELECT {} FROM flows", quoted.join(",")));
        classified.sort();
        queried.sort();
        assert!(!classified.is_empty());
        pretty_assertions::assert_eq!(queried, classified, "{}", world.name);
    }
}

#[test]
fn tables_of_the_topology_hold_what_it_tells() {
    let world = world("forgotten-route-table");
    let told: serde_json::Value = serde_json::from_str(
        &std::fs::read_to_string(common::root().join(world.path("topology.json"))).unwrap(),
    )
    .unwrap();
    let ids = |key: &str, id: &str| {
        let mut ids: Vec<String> = told[key]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one[id].as_str().unwrap().to_owned())
            .collect();
        ids.sort();
        ids
    };
    #[rustfmt::skip]
    let cases = [
        ("interfaces",   "interface_id",   "NetworkInterfaces", "NetworkInterfaceId"),
        ("subnets",      "subnet_id",      "Subnets",           "SubnetId"),
        ("endpoints",    "endpoint_id",    "VpcEndpoints",      "VpcEndpointId"),
        ("nat_gateways", "nat_gateway_id", "NatGateways",       "NatGatewayId"),
    ];
    for (table, column, key, id) in cases {
        let found = rows(
            &world,
            &format!("SELECT {column} FROM {table} ORDER BY {column}"),
        );
        assert_eq!(found, ids(key, id), "{table}");
    }
    let routes = told["RouteTables"].as_array().unwrap();
    let routes: usize = routes
        .iter()
        .map(|table| table["Routes"].as_array().unwrap().len())
        .sum();
    assert_eq!(
        rows(&world, "SELECT count(*) FROM routes"),
        [routes.to_string()]
    );
    // Every subnet is of exactly the table that says so.
    let mismatched =
        "SELECT count(*) FROM subnets s JOIN routes r ON s.route_table_id = r.route_table_id
        WHERE strpos(r.subnets, s.subnet_id) = 0";
    assert_eq!(rows(&world, mismatched), ["0"]);
    let kinds = "SELECT DISTINCT target_kind FROM routes ORDER BY 1";
    assert_eq!(
        rows(&world, kinds),
        [
            "gateway-endpoint",
            "internet-gateway",
            "local",
            "nat-gateway"
        ]
    );
}

#[test]
fn claims_and_gaps_are_what_verify_says() {
    for name in [
        "forgotten-route-table",
        "silent-interface",
        "gateway-endpoint-only",
    ] {
        let world = world(name);
        let verdicts = rows(&world, "SELECT claim, verdict FROM claims ORDER BY claim");
        let window: Vec<&str> = world.args.iter().map(String::as_str).collect();
        let windowed = rows_with(
            &world,
            "SELECT claim, verdict FROM claims ORDER BY claim",
            &window,
        );
        let expected: Vec<String> = world
            .claims
            .iter()
            .map(|(id, verdict)| format!("{id},{verdict}"))
            .collect();
        assert_eq!(windowed, expected, "{name}");
        assert_eq!(verdicts.len(), expected.len());
    }
    let silent = world("silent-interface");
    let window: Vec<&str> = silent.args.iter().map(String::as_str).collect();
    let gaps = rows_with(
        &silent,
        "SELECT count(DISTINCT interface_id), min(seconds) > 0 FROM gaps",
        &window,
    );
    assert_eq!(gaps.len(), 1);
    assert!(gaps[0].ends_with(",true"), "{gaps:?}");
}

#[test]
fn functions_know_addresses_services_protocols_and_steps_of_time() {
    let world = world("nat-interface-only");
    #[rustfmt::skip]
    let cases = [
        ("cidr_contains('10.0.0.0/8', '10.1.2.3')",            "true"),
        ("cidr_contains('10.0.0.0/8', '11.1.2.3')",            "false"),
        ("cidr_contains('::/0', '10.1.2.3')",                  "false"),
        ("cidr_contains('2001:db8::/32', '2001:db8::1')",      "true"),
        ("cidr_contains('10.0.0.0/8', NULL) IS NULL",          "true"),
        ("ip('10.0.0.9') < ip('10.0.0.10')",                   "true"),
        ("ip('255.255.255.255') < ip('2001:db8::')",           "true"),
        ("protocol_name(6)",                                   "tcp"),
        ("protocol_name(253)",                                 "253"),
        ("service_of('52.216.12.77')",                         "s3"),
        ("service_of('10.0.0.1') IS NULL",                     "true"),
        ("bucket('5m', TIMESTAMP '2026-08-01T00:07:31Z') = TIMESTAMP '2026-08-01T00:05:00Z'", "true"),
        ("bucket('1d', TIMESTAMP '1969-12-31T23:00:00Z') = TIMESTAMP '1969-12-31T00:00:00Z'", "true"),
    ];
    for (call, expected) in cases {
        assert_eq!(
            rows(&world, &format!("SELECT {call}")),
            [expected],
            "{call}"
        );
    }
    let of_rows = "SELECT DISTINCT protocol_name(protocol), cidr_contains('10.50.0.0/16', workload)
        FROM flows WHERE workload IS NOT NULL";
    assert_eq!(rows(&world, of_rows), ["tcp,true"]);
    for call in [
        "cidr_contains('ten', '10.0.0.1')",
        "ip('x')",
        "bucket('5', now())",
    ] {
        let ran = query(&world, &["--sql", &format!("SELECT {call}")]);
        assert_eq!(ran.code, 2, "{call}");
        assert!(ran.stderr.contains("error[query-failed]"), "{}", ran.stderr);
    }
}

#[test]
fn parameters_are_bound_and_never_pasted() {
    let world = world("nat-interface-only");
    let count = |value: &str| {
        rows_with(
            &world,
            "SELECT count(*) FROM flows WHERE service = $service",
            &["--param", value],
        )
    };
    assert_ne!(count("service=s3"), ["0"]);
    for hostile in [
        "service=s3' OR '1'='1",
        "service='; DROP TABLE flows; --",
        "service=$service",
        "service=",
    ] {
        assert_eq!(count(hostile), ["0"], "{hostile}");
    }
    let declared = "-- q: ports\n-- param port int 443  the port\n-- param since timestamp 1970-01-01T00:00:00Z  from\n-- param net cidr 0.0.0.0/0  whom\nSELECT count(*) FROM flows WHERE (peer_port = $port OR workload_port = $port) AND ended_at >= $since AND cidr_contains($net, peer)";
    let all = rows(&world, declared);
    assert_ne!(all, ["0"]);
    assert_eq!(rows_with(&world, declared, &["--param", "port=443"]), all);
    assert_eq!(rows_with(&world, declared, &["--param", "port=1"]), ["0"]);
    assert_eq!(
        rows_with(&world, declared, &["--param", "since=2100-01-01T00:00:00Z"]),
        ["0"]
    );
    assert_eq!(
        rows_with(&world, declared, &["--param", "net=192.0.2.0/24"]),
        ["0"]
    );
    #[rustfmt::skip]
    let cases = [
        ("port=https",    "whole number"),
        ("prot=443",      "did you mean `port`?"),
        ("since=now",     "a time"),
        ("net=10.0.0.0",  "a CIDR"),
    ];
    for (param, said) in cases {
        let ran = query(&world, &["--sql", declared, "--param", param]);
        assert_eq!(ran.code, 2, "{param}");
        assert!(
            ran.stderr.contains("error[query-bad-parameter]"),
            "{}",
            ran.stderr
        );
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
    let ran = query(&world, &["--sql", "SELECT $a + 1"]);
    assert!(
        ran.stderr.contains("`a` has no value") && ran.stderr.contains("--sql:1:8"),
        "{}",
        ran.stderr
    );
}

#[test]
fn prices_can_be_replaced() {
    let world = world("nat-interface-only");
    let file = tempfile::NamedTempFile::new().unwrap();
    let list = "as_of = \"2030\"\n[[price]]\nitem = \"x\"\nregion = \"r\"\nunit = \"GB\"\nusd = 1.5\nsource = \"s\"\n";
    std::fs::write(file.path(), list).unwrap();
    let name = file.path().to_str().unwrap();
    let found = rows_with(
        &world,
        "SELECT item, usd, as_of FROM prices",
        &["--prices", name],
    );
    assert_eq!(found, ["x,1.5,2030"]);
    for option in ["--prices", "--file"] {
        let mut args = vec![option, "/no/such/file"];
        args.extend(["--sql", "SELECT 1"].iter().filter(|_| option != "--file"));
        let ran = query(&world, &args);
        assert_eq!(ran.code, 2, "{option}");
        let said = "error[file-unreadable]: there is no such file\n   at: /no/such/file\n";
        assert!(ran.stderr.starts_with(said), "{option}: {}", ran.stderr);
    }
    std::fs::write(file.path(), "as_of = 1").unwrap();
    let ran = query(&world, &["--sql", "SELECT 1", "--prices", name]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("error[query-bad-file]"),
        "{}",
        ran.stderr
    );
}
