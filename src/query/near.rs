//! Names that may be meant where SQL has one that is not there.

use crate::diag::did_you_mean;

/// What people who know other tools call things here.
#[rustfmt::skip]
const SYNONYMS: &[(&str, &str)] = &[
    ("account", "account_id"),
    ("az", "az_id"),
    ("date", "ended_at"),
    ("day", "ended_at"),
    ("destinationaddress", "dstaddr"),
    ("destinationip", "dstaddr"),
    ("destinationport", "dstport"),
    ("destip", "dstaddr"),
    ("direction", "flow_direction"),
    ("dstip", "dstaddr"),
    ("dst", "dstaddr"),
    ("eni", "interface_id"),
    ("enis", "interfaces"),
    ("file", "input"),
    ("flowlogs", "flows"),
    ("gateway", "via"),
    ("instance", "instance_id"),
    ("key", "input"),
    ("logs", "flows"),
    ("natgateway", "nat_gateway_id"),
    ("networkinterfaces", "interfaces"),
    ("port", "peer_port"),
    ("prefixlists", "prefixes"),
    ("proto", "protocol"),
    ("records", "flows"),
    ("routetables", "routes"),
    ("sourceaddress", "srcaddr"),
    ("sourceip", "srcaddr"),
    ("sourceport", "srcport"),
    ("srcip", "srcaddr"),
    ("src", "srcaddr"),
    ("subnet", "subnet_id"),
    ("time", "ended_at"),
    ("timestamp", "ended_at"),
    ("verdict", "claims"),
    ("verdicts", "claims"),
    ("vpcendpoints", "endpoints"),
    ("vpcflowlogs", "flows"),
    ("vpc", "vpc_id"),
];

/// The shortest part of a name that stands for it.
const PART_CHARS: usize = 3;

/// The name of `known` that is most likely meant: the same but for case and dashes, a slip of the finger, another tool's name for it,
/// or one that begins with the word or has it as a part.
pub fn near<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let mut known: Vec<&str> = known.into_iter().collect();
    known.sort_unstable();
    known.dedup();
    let bare = |text: &str| text.to_lowercase().replace(['_', '-', ' '], "");
    let own = bare(word);
    if own.is_empty() {
        return None;
    }
    let same = known.iter().find(|one| bare(one) == own);
    let synonym = || {
        let meant = SYNONYMS.iter().find(|row| row.0 == own)?.1;
        known.iter().find(|one| **one == meant)
    };
    let slip = || {
        let lower = word.to_lowercase();
        let first = lower.chars().next();
        let last: String = lower.chars().rev().take(2).collect();
        // A slip leaves one end of the word as it is; what is as near otherwise is another word.
        let alike =
            |one: &&&str| one.chars().next() == first || one.chars().rev().take(2).eq(last.chars());
        let found = did_you_mean(&lower, known.iter().filter(alike).copied())?;
        known.iter().find(|one| **one == found)
    };
    let part = || {
        let long = own.chars().count() >= PART_CHARS;
        let begins = known.iter().find(|one| bare(one).starts_with(&own));
        let has = || {
            known
                .iter()
                .find(|one| one.split('_').any(|part| part == own))
        };
        begins.or_else(has).filter(|_| long)
    };
    same.or_else(synonym).or_else(slip).or_else(part).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_that_is_meant_is_found_and_no_other() {
        let known = [
            "bytes",
            "srcaddr",
            "resource_id",
            "interface_id",
            "flows",
            "nat_gateways",
            "path",
            "ended_at",
            "cidr_contains",
            "peer_port",
            "workload",
            "workload_interface",
        ];
        #[rustfmt::skip]
        let cases = [
            ("byts",          Some("bytes")),
            ("Bytes",         Some("bytes")),
            ("srcAddr",       Some("srcaddr")),
            ("src_addr",      Some("srcaddr")),
            ("source_ip",     Some("srcaddr")),
            ("interfaceId",   Some("interface_id")),
            ("eni",           Some("interface_id")),
            ("vpc_flow_logs", Some("flows")),
            ("flow",          Some("flows")),
            ("nat",           Some("nat_gateways")),
            ("timestamp",     Some("ended_at")),
            ("cidr_contain",  Some("cidr_contains")),
            ("wrkload",       Some("workload")),
            ("pth",           Some("path")),
            ("something",     None),
            ("abc",           None),
            ("",              None),
        ];
        for (word, expected) in cases {
            assert_eq!(near(word, known), expected, "{word}");
        }
    }
}
