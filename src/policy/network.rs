//! Addresses and ids of a policy.

use std::net::IpAddr;

use ipnet::IpNet;

use super::complain::Wrong;
use crate::model::address::Block;

/// Whether it was meant as an address, right or wrong.
pub(super) fn looks_like_an_address(word: &str) -> bool {
    let numeric = |c: char| c.is_ascii_hexdigit() || matches!(c, ':' | '.' | '/');
    word.contains('/')
        || word.starts_with(|c: char| c.is_ascii_digit())
        || (word.contains(':') && word.chars().all(numeric))
}

/// A CIDR, or an address as the CIDR that holds it alone.
pub(super) fn block(word: &str) -> Result<Block, Wrong> {
    let wrong = |message: &str, help: String| {
        Err(Wrong::new(
            message,
            "a CIDR such as 10.0.0.0/8 or 2001:db8::/32, or one address",
            help,
        ))
    };
    let (address, len) = match word.split_once('/') {
        Some((address, len)) => (address, Some(len)),
        None => (word, None),
    };
    let Ok(address) = address.parse::<IpAddr>() else {
        let help = "IPv4 takes four numbers from 0 to 255 without leading zeros";
        return wrong("this is no address", help.to_owned());
    };
    let len_max: u8 = if address.is_ipv4() { 32 } else { 128 };
    let Some(len) = len.map_or(Some(len_max), |text| prefix_len(text, len_max)) else {
        let help = format!("the number after the slash is from 0 to {len_max}");
        return wrong("this CIDR has no possible prefix length", help);
    };
    let Ok(net) = IpNet::new(address, len) else {
        return wrong("this is no CIDR", "write network/length".to_owned());
    };
    if net.trunc() != net {
        let help = format!(
            "write {} for the network, or {address} for the one address",
            net.trunc()
        );
        return wrong("this CIDR has bits set beyond its prefix", help);
    }
    if Block::is_disguised(&net) {
        let help = "write the IPv4 network, for example 10.0.0.0/8";
        return wrong(
            "this is IPv4 written as IPv6, which no flow log has",
            help.to_owned(),
        );
    }
    Ok(net.into())
}

fn prefix_len(text: &str, len_max: u8) -> Option<u8> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let len = text.parse::<u8>().ok().filter(|_| plain)?;
    (len <= len_max && (text.len() == 1 || !text.starts_with('0'))).then_some(len)
}

/// An id of AWS's that begins with `prefix`.
pub(super) fn id(prefix: &str, word: &str) -> Result<String, Wrong> {
    if word.strip_prefix(prefix).is_some_and(is_plain_id) {
        return Ok(word.to_owned());
    }
    Err(Wrong::new(
        format!("this is not an id that begins with `{prefix}`"),
        format!("an id such as {prefix}0a1b2c3d4e5f60718"),
        format!("copy the id from AWS; it is lower case and begins with `{prefix}`"),
    ))
}

/// The id of a gateway or endpoint, of whatever kind.
pub(super) fn gateway(word: &str) -> Result<String, Wrong> {
    if is_plain_id(word) {
        return Ok(word.to_owned());
    }
    Err(Wrong::new(
        "this is not the id of a gateway or endpoint",
        "an id such as vpce-0a1b2c3d4e5f60718 or nat-0a1b2c3d4e5f60718",
        "copy the id from AWS; it has lower-case letters, digits and `-` only",
    ))
}

fn is_plain_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(plain)
}
