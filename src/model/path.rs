//! The words of a classified flow: path, exit, realm, vantage, initiator. Their texts are the contract's.

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant,)* }

        impl $name {
            /// Every value, in the order of the contract.
            pub const ALL: &[$name] = &[$($name::$variant,)*];

            /// The word as it stands in outputs and policies.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }

            /// The value with this word.
            pub fn from_word(word: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|value| value.as_str() == word)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

words! {
    /// The way between workload and peer, as the first hop shows it.
    Path {
        /// Through the interface of an interface, resource or service-network endpoint.
        ViaEndpointEni = "via-endpoint-eni",
        /// Through a gateway endpoint (prefix-list route).
        ViaGatewayEndpoint = "via-gateway-endpoint",
        /// Through a NAT gateway, zonal or regional.
        ViaNat = "via-nat",
        /// Straight through an internet, egress-only internet or carrier gateway.
        InternetBound = "internet-bound",
        /// Through a Gateway Load Balancer or firewall endpoint, or an interface used as a route target.
        ViaAppliance = "via-appliance",
        /// Onto a transit gateway.
        ViaTransitGateway = "via-transit-gateway",
        /// Onto a peered VPC.
        ViaPeering = "via-peering",
        /// Onto a virtual private gateway.
        ViaVpn = "via-vpn",
        /// Onto an Outpost's local gateway.
        ViaLocalGateway = "via-local-gateway",
        /// Onto a Cloud WAN core network.
        ViaCloudWan = "via-cloud-wan",
        /// Stays in the VPC.
        IntraVpc = "intra-vpc",
        /// The evidence does not say; the basis tells why.
        Undetermined = "undetermined",
    }
}

words! {
    /// Where a flow leaves in the end, as far as the next hops' own route tables say.
    Exit {
        /// An internet, egress-only internet or carrier gateway.
        InternetGateway = "internet-gateway",
        /// A gateway endpoint.
        GatewayEndpoint = "gateway-endpoint",
        /// An endpoint's interface.
        Endpoint = "endpoint",
        /// A transit gateway, and what lies behind is not known.
        TransitGateway = "transit-gateway",
        /// A peering connection, and what lies behind is not known.
        Peering = "peering",
        /// A virtual private gateway.
        Vpn = "vpn",
        /// Nowhere: it stays in the VPC, or ends on an interface of a VPC that the topology knows.
        None = "none",
        /// The evidence does not say.
        Unknown = "unknown",
    }
}

words! {
    /// Whose address the peer's is.
    Realm {
        /// Of the same VPC.
        Vpc = "vpc",
        /// Of another private network.
        Private = "private",
        /// Of one of AWS's own services.
        Aws = "aws",
        /// Of anybody, other customers of AWS included.
        Internet = "internet",
    }
}

words! {
    /// Who logged the record.
    Vantage {
        /// The workload's own interface.
        Workload = "workload",
        /// An endpoint's interface.
        Endpoint = "endpoint",
        /// A NAT gateway.
        Nat = "nat",
        /// A transit gateway, a Gateway Load Balancer endpoint, or an appliance.
        Gateway = "gateway",
        /// An interface that the topology does not know and the record does not explain.
        Unknown = "unknown",
    }
}

words! {
    /// Who opened the connection, as far as TCP flags show it. A long connection shows it in its first interval only.
    Initiator {
        /// The workload.
        Workload = "workload",
        /// The peer.
        Peer = "peer",
        /// Not shown.
        Unknown = "unknown",
    }
}

/// Bits of `tcp-flags`.
pub const SYN: i64 = 2;
/// See [`SYN`].
pub const ACK: i64 = 16;

/// Whether the sender of a record opened the connection: a SYN without ACK comes from the opener, a SYN-ACK (18) from the other side
/// (facts 1.1); `None` without a SYN.
#[inline]
pub fn opening(protocol: Option<i64>, tcp_flags: Option<i64>) -> Option<bool> {
    let tcp = protocol.is_none_or(|protocol| protocol == 6);
    let flags = tcp_flags.filter(|flags| tcp && flags & SYN != 0)?;
    Some(flags & ACK == 0)
}

impl Initiator {
    /// By whether the sender of a record opened the connection, and whether the workload is that sender.
    pub fn new(sender_opened: Option<bool>, workload_sends: Option<bool>) -> Initiator {
        match sender_opened.zip(workload_sends) {
            None => Initiator::Unknown,
            Some((opened, sends)) if opened == sends => Initiator::Workload,
            Some(_) => Initiator::Peer,
        }
    }
}

words! {
    /// What is said of a claim, worst first. A run's verdict is that of its worst claim.
    Verdict {
        /// A witness breaks the claim.
        Violated = "violated",
        /// No witness, but something that must hold does not.
        Unproven = "unproven",
        /// A complete record, and no witness.
        Proven = "proven",
    }
}
