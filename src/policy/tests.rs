//! Whole policies: the contract's own example, every code with its place, several complaints in one run.

use pretty_assertions::assert_eq;

use super::*;
use crate::diag::show;

/// The example of the contract, section 6.
const EXAMPLE: &str = r#"version = 1
rejected = "attempt"            # a REJECTed flow is an attempt (reported), or "violation", or "ignore"

[scope]                         # whose traffic is judged
vpcs = ["vpc-0a1b"]
tags = { Environment = "prod", Team = ["a", "b"] }

[coverage]
max_silence = "20m"

[[claim]]
id = "s3-private"
title = "S3 is reached through endpoints only"
to = ["service:s3"]
from = ["10.1.0.0/16"]
allow = ["via-endpoint-eni", "via-gateway-endpoint"]
exits = ["endpoint", "gateway-endpoint"]
through = ["vpce-0b73"]
ports = [443]

[[exception]]
claim = "s3-private"
to = ["52.92.128.0/17"]
reason = "nightly copy to another Region"
owner = "data-platform"
expires = 2026-12-31
"#;

const CLAIM: &str = "version = 1\n[[claim]]\nid = \"a\"\nto = [\"internet\"]\nallow = []\n";

fn place(at: &Location) -> String {
    let (line, column) = (at.line.unwrap(), at.column.unwrap());
    format!("{line}:{column}")
}

fn complaints(text: &str) -> Vec<String> {
    let problems = match parse("p.toml", text) {
        Ok((_, warnings)) => warnings,
        Err(problems) => problems,
    };
    problems
        .iter()
        .map(|problem| format!("{} {}", problem.code, place(&problem.at[0])))
        .collect()
}

#[test]
fn the_contracts_example_is_read_whole() {
    let (policy, warnings) = parse("p.toml", EXAMPLE).unwrap();
    assert_eq!(warnings, []);
    let block = |text: &str| Block::from(text.parse::<ipnet::IpNet>().unwrap());
    assert_eq!(policy.rejected, Rejected::Attempt);
    assert_eq!(policy.max_silence_s, Some(1_200));
    assert_eq!(policy.scope.vpcs, ["vpc-0a1b"]);
    assert_eq!(
        policy.scope.tags,
        [
            ("Environment".to_owned(), vec!["prod".to_owned()]),
            ("Team".to_owned(), vec!["a".to_owned(), "b".to_owned()]),
        ]
    );
    assert!(!policy.scope.is_default());
    let claim = &policy.claims[0];
    assert_eq!(claim.id, "s3-private");
    assert_eq!(claim.at.to_string(), "p.toml:11:1, `[[claim]] s3-private`");
    assert_eq!(claim.to, [To::Service("s3".to_owned())]);
    assert_eq!(claim.from, [From::Cidr(block("10.1.0.0/16"))]);
    assert_eq!(
        claim.allow,
        [Path::ViaEndpointEni, Path::ViaGatewayEndpoint]
    );
    assert_eq!(
        claim.exits,
        Some(vec![Exit::Endpoint, Exit::GatewayEndpoint])
    );
    assert_eq!(claim.through, Some(vec!["vpce-0b73".to_owned()]));
    assert_eq!(claim.ports, Some(vec![443]));
    assert_eq!(claim.asserts["ports"], ["443"]);
    assert_eq!(claim.asserts["to"], ["service:s3"]);
    assert!(!claim.asserts.contains_key("title"));
    let exception = &policy.exceptions[0];
    assert_eq!(exception.claim, 0);
    assert_eq!(exception.to, [To::Cidr(block("52.92.128.0/17"))]);
    assert_eq!(exception.owner.as_deref(), Some("data-platform"));
    let expires = exception.expires.as_ref().unwrap();
    assert_eq!(
        (expires.text.as_str(), expires.last_s),
        ("2026-12-31", 1_798_761_599)
    );
}

#[test]
fn the_built_in_policy_makes_two_claims() {
    let policy = built_in();
    assert_eq!(policy.source, "built-in");
    assert_eq!(policy.sha256, hex(&Sha256::digest(BUILT_IN)));
    assert_eq!(policy.sha256.len(), 64);
    assert!(policy.scope.is_default());
    let ids: Vec<&str> = policy
        .claims
        .iter()
        .map(|claim| claim.id.as_str())
        .collect();
    assert_eq!(ids, ["aws-services-private", "no-internet"]);
    assert_eq!(policy.claims[0].to, [To::AnyService]);
    assert_eq!(
        policy.claims[0].allow,
        [Path::ViaEndpointEni, Path::ViaGatewayEndpoint]
    );
    assert_eq!(policy.claims[1].to, [To::Internet]);
    assert_eq!(policy.claims[1].allow, []);
}

#[test]
fn the_digest_is_that_of_the_bytes() {
    assert_eq!(
        hex(&Sha256::digest("abc")),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

#[test]
fn every_complaint_has_its_code_and_place() {
    #[rustfmt::skip]
    let cases = [
        ("not TOML",              "version = 1\nclaim = [",                     "policy-bad-toml 2:10"),
        ("a key twice",           "version = 1\nversion = 1\n",                 "policy-bad-toml 2:1"),
        ("another version",       "# x\nversion = 2\nnew = 1\n",                "policy-version 2:11"),
        ("no version",            &CLAIM["version = 1\n".len()..],              "policy-missing-key 1:1"),
        ("version as text",       &CLAIM.replace("= 1", "= \"1\""),             "policy-version 1:11"),
        ("no claims",             "version = 1\n",                              "policy-no-claims 1:1"),
        ("an empty list",         "version = 1\nclaim = []\n",                  "policy-no-claims 1:1"),
        ("one table, not many",   "version = 1\n[claim]\nid = \"a\"\n",         "policy-bad-value 2:1"),
        ("a claim without id",    &CLAIM.replace("id = \"a\"\n", ""),           "policy-missing-key 2:1"),
        ("a claim without to",    &CLAIM.replace("to = [\"internet\"]\n", ""),  "policy-missing-key 2:1"),
        ("a claim without allow", &CLAIM.replace("allow = []\n", ""),           "policy-missing-key 2:1"),
        ("an empty to",           &CLAIM.replace("\"internet\"", ""),           "policy-bad-value 4:6"),
        ("to is no list",         &CLAIM.replace("[\"internet\"]", "\"any\""),  "policy-bad-value 4:6"),
        ("to is unknown",         &CLAIM.replace("\"internet\"", "\"any\", \"x\""), "policy-bad-value 4:14"),
        ("a bad id",              &CLAIM.replace("\"a\"", "\"a b\""),           "policy-bad-value 3:6"),
        ("unknown key",           &CLAIM.replace("allow", "alow"),              "policy-missing-key 2:1, policy-unknown-key 5:1"),
        ("unknown key on top",    &format!("x = 1\n{CLAIM}"),                   "policy-unknown-key 1:1"),
        ("unknown table",         &format!("{CLAIM}[scopes]\n"),                "policy-unknown-key 6:2"),
        ("unknown in scope",      &format!("{CLAIM}[scope]\nvpc = []\n"),       "policy-unknown-key 7:1"),
        ("unknown in coverage",   &format!("{CLAIM}[coverage]\nmax = 1\n"),     "policy-unknown-key 7:1"),
        ("unknown path",          &CLAIM.replace("[]", "[\"via-natt\"]"),       "policy-bad-value 5:10"),
        ("undetermined",          &CLAIM.replace("[]", "[\"undetermined\"]"),   "policy-bad-value 5:10"),
        ("unknown exit",          &CLAIM.replace("[]", "[\"via-nat\"]\nexits = [\"unknown\"]"), "policy-bad-value 6:10"),
        ("narrowing of nothing",  &format!("{CLAIM}exits = [\"vpn\"]\n"),       "policy-claim-matches-nothing 6:9"),
        ("an empty from",         &format!("{CLAIM}from = []\n"),               "policy-bad-value 6:8"),
        ("a bad from",            &format!("{CLAIM}from = [\"vpc-1\"]\n"),      "policy-bad-value 6:9"),
        ("a bad through",         &CLAIM.replace("[]", "[\"via-nat\"]\nthrough = [\"NAT\"]"), "policy-bad-value 6:12"),
        ("port 0",                &format!("{CLAIM}ports = [443, 0]\n"),        "policy-bad-value 6:15"),
        ("a port in quotes",      &format!("{CLAIM}ports = [\"443\"]\n"),       "policy-bad-value 6:10"),
        ("an empty title",        &format!("{CLAIM}title = \" \"\n"),           "policy-bad-value 6:9"),
        ("bad rejected",          &format!("rejected = \"x\"\n{CLAIM}"),        "policy-bad-value 1:12"),
        ("bad silence",           &format!("{CLAIM}[coverage]\nmax_silence = \"20\"\n"), "policy-bad-value 7:15"),
        ("a wrong prefix",        &format!("{CLAIM}[scope]\nvpcs = [\"subnet-1\"]\n"), "policy-bad-value 7:9"),
        ("host bits",             &format!("{CLAIM}[scope]\ncidrs = [\"10.0.0.1/8\"]\n"), "policy-bad-value 7:10"),
        ("a bad tag",             &format!("{CLAIM}[scope]\ntags = {{ A = 1 }}\n"), "policy-bad-value 7:14"),
        ("no tags",               &format!("{CLAIM}[scope]\ntags = {{}}\n"),    "policy-bad-value 7:8"),
        ("a tag without values",  &format!("{CLAIM}[scope]\ntags.A = []\n"),    "policy-bad-value 7:10"),
        ("the same id",           &format!("{CLAIM}{}", &CLAIM["version = 1\n".len()..]), "policy-duplicate-id 7:6"),
        ("an empty exception",    &format!("{CLAIM}[[exception]]\n"),           "policy-missing-key 6:1, policy-missing-key 6:1, policy-missing-key 6:1"),
        ("a bad date",            &format!("{CLAIM}[[exception]]\nclaim = \"a\"\nto = [\"any\"]\nreason = \"r\"\nexpires = 2026-12-31T10:00:00Z\n"), "policy-bad-value 10:11"),
        ("a claim not there",     &format!("{CLAIM}[[exception]]\nclaim = \"b\"\nto = [\"any\"]\nreason = \"r\"\n"), "policy-unknown-claim 7:9"),
        ("no reason in reason",   &format!("{CLAIM}[[exception]]\nclaim = \"a\"\nto = [\"any\"]\nreason = \"\"\n"), "policy-bad-value 9:10"),
    ];
    for (title, text, expected) in cases {
        assert_eq!(complaints(text).join(", "), expected, "{title}:\n{text}");
    }
}

#[test]
fn every_problem_is_told_in_one_run_in_the_order_of_the_text() {
    let text = r#"version = 1
rejectd = "ignore"
[scope]
rejected = "ignore"
[[claim]]
id = "s3-private"
to = ["servce:s3", "internet"]
allow = ["via-endpoint-en1"]
[[exception]]
claim = "s3-privat"
to = ["any"]
reason = "r"
"#;
    let problems = parse("p.toml", text).unwrap_err();
    let helps: Vec<&str> = problems
        .iter()
        .map(|problem| problem.help.as_str())
        .collect();
    assert_eq!(
        complaints(text),
        [
            "policy-unknown-key 2:1",
            "policy-unknown-key 4:1",
            "policy-bad-value 7:7",
            "policy-bad-value 8:10",
            "policy-unknown-claim 10:9",
        ]
    );
    for (help, begin) in helps.iter().zip([
        "did you mean `rejected`? the keys here are: version, rejected, scope",
        "`rejected` belongs at the top of the file, before the first [table]; the keys here are: vpcs",
        "did you mean `service:`? the forms are: service:NAME",
        "did you mean `via-endpoint-eni`? the words are: via-endpoint-eni",
        "did you mean `s3-private`? the claims are: s3-private",
    ]) {
        assert!(help.starts_with(begin), "{help}");
    }
}

#[test]
fn a_complaint_reads_like_the_others() {
    let text = CLAIM.replace("allow", "alow");
    let problems = parse("p.toml", &text).unwrap_err();
    assert_eq!(
        problems[1].to_string(),
        "error[policy-unknown-key]: unknown key `alow`
   at: p.toml:5:1, `[[claim]] a`
  why: an ignored key would leave the policy weaker than written, so there is no verdict (exit 2)
 help: did you mean `allow`? the keys here are: id, title, to, from, allow, exits, through, ports
"
    );
}

#[test]
fn a_date_may_stand_in_quotes() {
    let text = EXAMPLE.replace("2026-12-31", "\"2026-12-31\"");
    let (policy, _) = parse("p.toml", &text).unwrap();
    assert_eq!(
        policy.exceptions[0].expires.as_ref().unwrap().text,
        "2026-12-31"
    );
}

#[test]
fn a_title_is_made_from_the_claim() {
    #[rustfmt::skip]
    let cases = [
        ("allow = []", "no traffic to internet"),
        ("allow = []\nports = [22, 25]", "no traffic to internet on port 22, 25"),
        ("allow = [\"via-nat\", \"via-vpn\"]\nfrom = [\"subnet-1\"]\nthrough = [\"nat-1\"]",
         "traffic to internet from subnet-1 only goes via-nat or via-vpn, through nat-1"),
    ];
    for (keys, expected) in cases {
        let text = CLAIM.replace("allow = []", keys);
        let (policy, _) = parse("p.toml", &text).unwrap();
        assert_eq!(policy.claims[0].title, expected);
    }
}

#[test]
fn hostile_text_is_refused_and_never_panics() {
    let deep = format!("version = 1\nx = {}", "[".repeat(100_000));
    let wide = format!("version = 1\n\"\u{1b}[2J{}\" = 1\n", "x".repeat(1_000));
    for text in [
        "",
        "\0",
        "\u{feff}",
        "=",
        &deep,
        &wide,
        "version = 99999999999999999999\n",
    ] {
        let problems = parse("p.toml", text).unwrap_err();
        for problem in problems {
            assert!(!problem.to_string().contains('\u{1b}'), "{}", show(text));
        }
    }
}
