//! The words of a policy, one table a kind.

use ipnet::IpNet;

use super::*;
use crate::model::address::Block;
use crate::model::name::normal_service;

fn cidr(text: &str) -> Block {
    text.parse::<IpNet>().unwrap().into()
}

#[test]
fn targets_are_told_by_their_form() {
    #[rustfmt::skip]
    let cases = [
        ("internet",              To::Internet),
        ("any",                   To::Any),
        ("private",               To::Private),
        ("service:*",             To::AnyService),
        ("service:s3",            To::Service("s3".to_owned())),
        ("service:API_GATEWAY",   To::Service("api-gateway".to_owned())),
        ("service:ecr.api",       To::Service("ecr.api".to_owned())),
        ("pl-68a54001",           To::PrefixList("pl-68a54001".to_owned())),
        ("52.92.128.0/17",        To::Cidr(cidr("52.92.128.0/17"))),
        ("203.0.113.9",           To::Cidr(cidr("203.0.113.9/32"))),
        ("2001:db8::/32",         To::Cidr(cidr("2001:db8::/32"))),
        ("2001:db8::1",           To::Cidr(cidr("2001:db8::1/128"))),
        ("0.0.0.0/0",             To::Cidr(cidr("0.0.0.0/0"))),
        ("::/0",                  To::Cidr(cidr("::/0"))),
    ];
    for (word, expected) in cases {
        assert_eq!(to(word), Ok(expected), "{word}");
    }
}

#[test]
fn a_target_that_is_none_says_what_to_write() {
    #[rustfmt::skip]
    let cases = [
        ("internett",       "did you mean `internet`?"),
        ("privat",          "did you mean `private`?"),
        ("s3",              "the forms are: service:NAME"),
        ("",                "the forms are: service:NAME"),
        ("service:",        "service:s3"),
        ("service:s3*",     "service:s3"),
        ("service:a b",     "service:s3"),
        ("pl-",             "begins with `pl-`"),
        ("pl-A",            "begins with `pl-`"),
        ("10.0.0.1/8",      "write 10.0.0.0/8 for the network, or 10.0.0.1"),
        ("2001:db8::1/32",  "write 2001:db8::/32 for the network"),
        ("10.0.0.0/33",     "from 0 to 32"),
        ("10.0.0.0/",       "from 0 to 32"),
        ("10.0.0.0/+8",     "from 0 to 32"),
        ("10.0.0.0/08",     "from 0 to 32"),
        ("2001:db8::/129",  "from 0 to 128"),
        ("10.0.0/8",        "four numbers"),
        ("010.0.0.0/8",     "four numbers"),
        ("::ffff:10.0.0.0/104", "write the IPv4 network"),
    ];
    for (word, expected) in cases {
        let wrong = to(word).unwrap_err();
        assert!(wrong.help.contains(expected), "{word}: {wrong:?}");
    }
}

#[test]
fn sources_are_told_by_their_prefix() {
    assert_eq!(from("subnet-1a"), Ok(From::Subnet("subnet-1a".to_owned())));
    assert_eq!(from("eni-0b"), Ok(From::Interface("eni-0b".to_owned())));
    assert_eq!(from("10.1.0.0/16"), Ok(From::Cidr(cidr("10.1.0.0/16"))));
    for word in ["vpc-1", "subnet-", "eni-X", "10.1.0.1/16", "any", ""] {
        assert!(from(word).is_err(), "{word}");
    }
}

#[test]
fn durations_have_a_unit_and_are_above_zero() {
    for (word, expected) in [
        ("90s", 90),
        ("20m", 1_200),
        ("24h", 86_400),
        ("7d", 604_800),
    ] {
        assert_eq!(duration_s(word), Ok(expected), "{word}");
    }
    for word in [
        "",
        "m",
        "0m",
        "-5m",
        "+5m",
        "5",
        "5 m",
        "1.5h",
        "5min",
        "5é",
        "9223372036854775807d",
    ] {
        assert!(duration_s(word).is_err(), "{word}");
    }
}

#[test]
fn an_exception_holds_to_the_last_second_of_its_day() {
    assert_eq!(expiry("1970-01-01").unwrap().last_s, 86_399);
    assert_eq!(expiry("2026-12-31").unwrap().last_s, 1_798_761_599);
    assert_eq!(expiry("9999-12-31").unwrap().last_s, 253_402_300_799);
    for word in [
        "2026-02-30",
        "2026-12-31T10:00:00Z",
        "10:00:00",
        "26-12-31",
        "2026/12/31",
        "+026-12-31",
        "",
    ] {
        assert!(expiry(word).is_err(), "{word}");
    }
}

#[test]
fn ports_are_one_to_65535() {
    assert_eq!(port(1), Ok(1));
    assert_eq!(port(65_535), Ok(65_535));
    for number in [0, -1, 65_536, i64::MAX] {
        assert!(port(number).is_err(), "{number}");
    }
}

#[test]
fn service_names_compare_in_one_form() {
    assert_eq!(normal_service("API_GATEWAY"), "api-gateway");
    assert_eq!(normal_service("ECR.dkr"), "ecr.dkr");
}
