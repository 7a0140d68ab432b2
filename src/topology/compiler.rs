//! What every part of compiling shares: names to symbols, texts to addresses, and one voice for what cannot be read.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::diag::{Diagnostic, Location, Severity, show};
use crate::model::address::{Address, Block};
use crate::model::symbol::{Sym, Symbols};
use crate::topology::describe::{self, Answers};

/// Everything that compiling needs at hand.
pub(super) struct Compiler<'a> {
    pub(super) answers: &'a Answers,
    pub(super) source: &'a str,
    pub(super) region: Option<&'a str>,
    pub(super) symbols: &'a mut Symbols,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Compiler<'_> {
    pub(super) fn sym(&mut self, name: Option<&str>) -> Sym {
        name.filter(|name| !name.is_empty())
            .map_or(Sym::NONE, |name| self.symbols.intern(name))
    }

    /// Complains about a value of a resource.
    pub(super) fn complain(
        &mut self,
        code: &'static str,
        resource: &str,
        message: String,
        help: &str,
    ) {
        let why = "routes and addresses that cannot be read may hide a way out, so no claim can be proven on this topology";
        self.diagnostics.push(
            Diagnostic::new(Severity::Error, code, message, why, help)
                .at(Location::source(self.source).named(resource)),
        );
    }

    pub(super) fn bad_value(&mut self, resource: &str, key: &str, text: &str, wrong: &str) {
        let message = format!("`{key}` of {} is {wrong}: `{}`", show(resource), show(text));
        let help = "take the topology again with `aws ec2 describe-…`";
        self.complain("topology-bad-value", resource, message, help);
    }

    pub(super) fn block(&mut self, resource: &str, key: &str, text: &str) -> Option<Block> {
        // Of an address, `010` is refused: it may be 8 as well as 10.
        let address = text.split('/').next().map(str::parse::<IpAddr>);
        let net = text.parse::<IpNet>().ok();
        let net = net.filter(|_| matches!(address, Some(Ok(_))));
        let wrong = match &net {
            None => "not a CIDR",
            Some(net) if Block::is_disguised(net) => "IPv4 written as IPv6",
            Some(_) => return net.map(|net| net.trunc().into()),
        };
        self.bad_value(resource, key, text, wrong);
        None
    }

    pub(super) fn address(
        &mut self,
        resource: &str,
        key: &str,
        text: Option<&str>,
    ) -> Option<Address> {
        let text = text?;
        let address = Address::parse(text.as_bytes());
        let wrong = match address {
            None => "not an address",
            Some(address) if address.as_ipv4().is_some() && text.contains(':') => {
                "IPv4 written as IPv6"
            }
            Some(_) => return address,
        };
        self.bad_value(resource, key, text, wrong);
        None
    }

    pub(super) fn associations(
        &mut self,
        resource: &str,
        set: &[describe::CidrAssociation],
    ) -> Vec<Block> {
        let gone = |state: &Option<describe::State>| {
            state
                .as_ref()
                .and_then(|state| state.state.as_deref())
                .is_some_and(|state| state.starts_with("disassociated"))
        };
        let mut blocks = Vec::new();
        for association in set {
            if gone(&association.cidr_block_state) || gone(&association.ipv6_cidr_block_state) {
                continue;
            }
            if let Some(text) = &association.cidr_block {
                blocks.extend(self.block(resource, "CidrBlock", text));
            }
            if let Some(text) = &association.ipv6_cidr_block {
                blocks.extend(self.block(resource, "Ipv6CidrBlock", text));
            }
        }
        blocks
    }
}

/// A time as AWS's tools write it: RFC 3339, or Unix seconds.
pub(super) fn time_of(value: &serde_json::Value) -> Option<i64> {
    match value {
        serde_json::Value::String(text) => text
            .parse::<jiff::Timestamp>()
            .ok()
            .map(jiff::Timestamp::as_second),
        serde_json::Value::Number(number) => number
            .as_i64()
            .or_else(|| number.to_string().split('.').next()?.parse().ok()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_either_version_of_the_cli_prints_them() {
        for text in [
            "2024-01-01T00:00:00.000Z",
            "2024-01-01T00:00:00Z",
            "2024-01-01T00:00:00+00:00",
            "2024-01-01T00:00:00.120000+00:00",
        ] {
            assert_eq!(time_of(&text.into()), Some(1_704_067_200), "{text}");
        }
    }
}
