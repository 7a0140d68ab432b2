//! `topology check`: what it says of every world, in both forms, and when it is 2.

use std::fs;

use serde_json::Value;

use crate::common::{Copied, Ran, bless, flowproof, root, world, worlds};

fn check(name: &str, more: &[&str]) -> Ran {
    let world = world(name);
    let (topology, policy) = (world.path("topology.json"), world.path("policy.toml"));
    let mut args = vec!["topology", "check", "--topology", &topology];
    args.extend(["--policy", &policy]);
    args.extend(more);
    flowproof(&args, b"")
}

fn same_as_golden(name: &str, got: &str) {
    let file = root().join("tests/golden-topology").join(name);
    if bless() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, got).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    pretty_assertions::assert_str_eq!(expected, got, "{name}; FLOWPROOF_BLESS=1 writes it");
}

fn survey(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn every_world_is_looked_over_as_expected() {
    let mut known = vec!["forgotten-route-table.json".to_owned()];
    for world in worlds() {
        let ran = check(&world.name, &[]);
        // It judges nothing: a world whose traffic breaks a claim is 0 too.
        assert_eq!(ran.code, 0, "{}: {}", world.name, ran.stderr);
        let wide = ran.stdout.lines().find(|line| line.chars().count() > 80);
        assert_eq!(wide, None, "{}", world.name);
        same_as_golden(&world.name, &ran.stdout);
        known.push(world.name);
    }
    let json = check("forgotten-route-table", &["--output-format", "json"]);
    same_as_golden("forgotten-route-table.json", &json.stdout);
    let there = fs::read_dir(root().join("tests/golden-topology")).unwrap();
    let mut there: Vec<String> = there
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    known.sort();
    there.sort();
    assert_eq!(known, there, "an expectation that no test reads");
}

/// Claims, by the worst that routes let happen to them in a subnet with workloads.
fn prospects(survey: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for claim in survey["vpcs"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|vpc| vpc["claims"].as_array().unwrap())
    {
        for table in claim["tables"].as_array().unwrap() {
            let busy = |subnet: &Value| subnet["workloads"].as_u64() > Some(0);
            if table["subnets"].as_array().unwrap().iter().any(busy) {
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                found.push((text(&claim["id"]), text(&table["prospect"])));
            }
        }
    }
    found
}

#[test]
fn a_claim_that_traffic_broke_is_one_that_routes_let_be_broken() {
    for world in worlds() {
        let found = prospects(&survey(&check(&world.name, &["--output-format", "json"])));
        for (claim, verdict) in &world.claims {
            let can = |(id, prospect): &(String, String)| {
                id == claim && matches!(prospect.as_str(), "can-be-broken" | "may-be-broken")
            };
            if verdict == "violated" {
                assert!(found.iter().any(can), "{} {claim}: {found:?}", world.name);
            }
        }
    }
}

#[test]
fn both_forms_tell_the_forgotten_table() {
    let found = survey(&check(
        "forgotten-route-table",
        &["--output-format", "json"],
    ));
    assert_eq!(found["schema"], "flowproof.topology-check/v1");
    let vpc = &found["vpcs"][0];
    let finding = &vpc["findings"][0];
    assert_eq!(finding["id"], "gateway-endpoint-not-associated");
    assert_eq!(finding["level"], "problem");
    // One table goes to S3 by the endpoint, the forgotten one by the NAT gateway.
    let s3 = |table: &Value| {
        let permits = table["permits"].as_array().unwrap();
        let permit = permits.iter().find(|permit| permit["to"] == "s3").unwrap();
        permit["path"].as_str().unwrap().to_owned()
    };
    let ways: Vec<String> = vpc["tables"].as_array().unwrap().iter().map(s3).collect();
    assert_eq!(ways, ["via-gateway-endpoint", "via-nat", "internet-bound"]);
    let text = check("forgotten-route-table", &[]).stdout;
    for part in [
        "--add-route-table-ids rtb-0bf4618aeef08e2c2",
        "would take via-nat nat-07d72e4dc575a2bf1",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn a_topology_with_a_hole_is_2_and_says_so_in_the_document() {
    let copied = Copied::of("forgotten-route-table");
    copied.edit("topology.json", |text| {
        text.replacen('{', "{\"NextToken\": \"x\",", 1)
    });
    let topology = copied.word("topology.json");
    let args = ["topology", "check", "--topology", &topology];
    let ran = flowproof(&args, b"");
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("error[topology-partial-page]"),
        "{}",
        ran.stderr
    );
    assert!(ran.stdout.contains("via-nat"), "{}", ran.stdout);
    let json = flowproof(&[&args[..], &["--output-format", "json"]].concat(), b"");
    assert_eq!(
        (json.code, &survey(&json)["whole"]),
        (2, &Value::Bool(false))
    );
}

#[test]
fn hostile_names_reach_neither_terminal_nor_command() {
    let copied = Copied::of("forgotten-route-table");
    copied.edit("topology.json", |text| {
        text.replace("\"private-b\"", "\"a\\u001b[2Jb\\u202ec\"")
            .replace("vpce-03678bfd90f6376a7", "vpce-$(reboot)")
    });
    let topology = copied.word("topology.json");
    let args = ["topology", "check", "--topology", &topology];
    let text = flowproof(&args, b"").stdout;
    let json = flowproof(&[&args[..], &["--output-format", "json"]].concat(), b"").stdout;
    for form in [&text, &json] {
        assert!(!form.contains(['\u{1b}', '\u{202e}']), "{form}");
        assert!(!form.contains("--vpc-endpoint-id vpce-$("), "{form}");
    }
}
