//! IPv4 and IPv6 addresses as one ordered integer.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// `::ffff:0:0`, the block that holds IPv4 inside IPv6 (RFC 4291, 2.5.5.2).
const V4_MAPPED: u128 = 0xffff_0000_0000;

/// `64:ff9b::`, the block that hides IPv4 behind NAT64 (RFC 6052).
const NAT64: u128 = 0x0064_ff9b << 96;

/// An address: IPv6 as it is, IPv4 in the mapped block `::ffff:0:0/96`.
///
/// One integer for both families, so that prefixes are ranges and comparison is order. Sixteen big-endian bytes in Arrow,
/// readable text in every output.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(pub u128);

impl Address {
    /// The IPv4 address in it, if it is one.
    pub fn as_ipv4(self) -> Option<Ipv4Addr> {
        if self.0 >> 32 != V4_MAPPED >> 32 {
            return None;
        }
        u32::try_from(self.0 & 0xffff_ffff).ok().map(Ipv4Addr::from)
    }

    /// The address as the standard library has it.
    pub fn to_ip(self) -> IpAddr {
        match self.as_ipv4() {
            Some(v4) => IpAddr::V4(v4),
            None => IpAddr::V6(Ipv6Addr::from(self.0)),
        }
    }

    /// Reads an address as AWS writes it; `None` if it is none. IPv4 takes no leading zeros and no short forms.
    pub fn parse(text: &[u8]) -> Option<Address> {
        // Nearly all are IPv4: only what is none is looked at for colons.
        Address::parse_ipv4(text).or_else(|| {
            let text = std::str::from_utf8(text).ok()?;
            text.parse::<Ipv6Addr>().ok().map(Address::from)
        })
    }

    fn parse_ipv4(text: &[u8]) -> Option<Address> {
        let (mut value, mut part, mut digits, mut dots) = (0u32, 0u32, 0u32, 0u32);
        for &byte in text {
            match byte {
                b'0'..=b'9' if digits < 3 && !(digits > 0 && part == 0) => {
                    part = part * 10 + u32::from(byte - b'0');
                    digits += 1;
                }
                b'.' if digits > 0 && part < 256 && dots < 3 => {
                    value = value << 8 | part;
                    (part, digits, dots) = (0, 0, dots + 1);
                }
                _ => return None,
            }
        }
        let whole = dots == 3 && digits > 0 && part < 256;
        whole.then(|| Address::from(Ipv4Addr::from(value << 8 | part)))
    }

    /// The IPv4 address that NAT64 (`64:ff9b::/96`, RFC 6052) hides in an IPv6 one; else the address itself.
    ///
    /// What such an address *is* (service, realm) follows the embedded one; how it is *routed* follows the outer one.
    #[must_use]
    pub fn behind_nat64(self) -> Address {
        if self.0 & !0xffff_ffff == NAT64 {
            Address(V4_MAPPED | (self.0 & 0xffff_ffff))
        } else {
            self
        }
    }

    /// The inverse of [`Address::behind_nat64`]: where NAT64 shows this IPv4 address; `None` of an IPv6 one.
    pub fn in_nat64(self) -> Option<Address> {
        self.as_ipv4()
            .map(|v4| Address(NAT64 | u128::from(u32::from(v4))))
    }

    /// Whether no stranger on the internet can have it: private, shared, link-local, loopback, multicast or unspecified.
    ///
    /// RFC 1918, 6598, 3927, 1122, 5771; 4193, 4291. Documentation and benchmark blocks count as public: AWS's own examples use
    /// them for internet hosts.
    pub fn is_private(self) -> bool {
        match self.to_ip() {
            IpAddr::V4(v4) => {
                let [a, b, ..] = v4.octets();
                v4.is_private()
                    || v4.is_link_local()
                    || v4.is_loopback()
                    || a == 0
                    || a >= 224
                    || (a == 100 && (64..128).contains(&b))
            }
            IpAddr::V6(v6) => {
                let first = v6.segments()[0];
                v6.is_loopback()
                    || v6.is_unspecified()
                    || first & 0xfe00 == 0xfc00
                    || first & 0xffc0 == 0xfe80
                    || first >= 0xff00
            }
        }
    }
}

impl From<Ipv4Addr> for Address {
    fn from(v4: Ipv4Addr) -> Self {
        Address(V4_MAPPED | u128::from(u32::from(v4)))
    }
}

impl From<Ipv6Addr> for Address {
    fn from(v6: Ipv6Addr) -> Self {
        Address(u128::from(v6))
    }
}

impl From<IpAddr> for Address {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(v4) => v4.into(),
            IpAddr::V6(v6) => v6.into(),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_ip().fmt(f)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_ip().fmt(f)
    }
}

/// A CIDR as the closed range of addresses that it covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Block {
    /// First address.
    pub first: Address,
    /// Last address.
    pub last: Address,
    /// Prefix length in its own family: 0 to 32 or 0 to 128.
    pub prefix_len: u8,
}

impl Block {
    /// Whether the address is in it. `::/0` does not hold IPv4, although the mapped block lies inside.
    pub fn contains(&self, address: Address) -> bool {
        self.first <= address
            && address <= self.last
            && self.is_ipv4() == address.as_ipv4().is_some()
    }

    /// One address alone.
    pub fn single(address: Address) -> Block {
        Block {
            first: address,
            last: address,
            prefix_len: if address.as_ipv4().is_some() { 32 } else { 128 },
        }
    }

    /// Whether every address of `other` is in it.
    pub fn covers(&self, other: &Block) -> bool {
        self.is_ipv4() == other.is_ipv4() && self.first <= other.first && other.last <= self.last
    }

    /// The addresses behind which NAT64 hides those of this block; `None` of an IPv6 block.
    pub fn in_nat64(&self) -> Option<Block> {
        self.is_ipv4().then(|| Block {
            first: Address(NAT64 | (self.first.0 & 0xffff_ffff)),
            last: Address(NAT64 | (self.last.0 & 0xffff_ffff)),
            prefix_len: 96 + self.prefix_len,
        })
    }

    /// Where it begins, and where what comes after it does.
    pub fn borders(&self) -> impl Iterator<Item = Address> {
        let after = self.last.0.checked_add(1).map(Address);
        std::iter::once(self.first).chain(after)
    }

    /// Whether this is IPv4 written as IPv6 (`::ffff:0:0/96` and within): it would hold IPv4 addresses, which AWS means by no IPv6 CIDR.
    pub fn is_disguised(net: &IpNet) -> bool {
        matches!(net, IpNet::V6(_)) && Block::from(*net).is_ipv4()
    }

    /// Which family it is of.
    pub fn is_ipv4(&self) -> bool {
        self.first.as_ipv4().is_some() && self.last.as_ipv4().is_some()
    }
}

impl From<IpNet> for Block {
    fn from(net: IpNet) -> Self {
        Block {
            first: net.network().into(),
            last: net.broadcast().into(),
            prefix_len: net.prefix_len(),
        }
    }
}

impl From<Ipv4Net> for Block {
    fn from(net: Ipv4Net) -> Self {
        IpNet::V4(net).into()
    }
}

impl From<Ipv6Net> for Block {
    fn from(net: Ipv6Net) -> Self {
        IpNet::V6(net).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn what_is_written_is_read_back() {
        for text in [
            "0.0.0.0",
            "10.0.1.5",
            "255.255.255.255",
            "2001:db8::1",
            "::",
            "64:ff9b::a00:1",
        ] {
            assert_eq!(address(text).to_string(), text);
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "-",
            "10.0.0",
            "10.0.0.0.0",
            "10.0.0.256",
            "010.0.0.1",
            "1..2.3",
            "10.0.0.1 ",
            "::g",
            "1.2.3.4:",
            "+1.2.3.4",
        ] {
            assert_eq!(Address::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn strangers_cannot_have_private_addresses() {
        for text in [
            "10.1.2.3",
            "172.31.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "169.254.171.5",
            "fd00::1",
            "fe80::1",
            "224.0.0.1",
        ] {
            assert!(address(text).is_private(), "{text}");
        }
        for text in [
            "11.0.0.1",
            "172.32.0.1",
            "203.0.113.5",
            "100.128.0.1",
            "2001:db8::1",
            "2600::1",
        ] {
            assert!(!address(text).is_private(), "{text}");
        }
    }

    #[test]
    fn the_ipv6_default_route_does_not_hold_ipv4() {
        let all: Block = "::/0".parse::<IpNet>().unwrap().into();
        assert!(all.contains(address("2001:db8::1")));
        assert!(!all.contains(address("10.0.0.1")));
        for (text, disguised) in [
            ("::ffff:0:0/96", true),
            ("::ffff:10.0.0.0/104", true),
            ("::/0", false),
            ("::fffe:0:0/95", false),
            ("10.0.0.0/8", false),
        ] {
            assert_eq!(
                Block::is_disguised(&text.parse().unwrap()),
                disguised,
                "{text}"
            );
        }
        let all4: Block = "0.0.0.0/0".parse::<IpNet>().unwrap().into();
        assert!(all4.contains(address("10.0.0.1")));
        assert!(!all4.contains(address("::1")));
    }

    #[test]
    fn nat64_hides_an_ipv4_address() {
        assert_eq!(
            address("64:ff9b::3436:1").behind_nat64(),
            address("52.54.0.1")
        );
        assert_eq!(
            address("64:ff9c::3436:1").behind_nat64(),
            address("64:ff9c::3436:1")
        );
    }
}
