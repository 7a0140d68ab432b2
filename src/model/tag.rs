//! What the classifier says of one record.

use crate::model::address::Address;
use crate::model::path::{Exit, Initiator, Path, Realm, Vantage};
use crate::model::symbol::Sym;

/// Who named the service of the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceBy {
    /// Nobody: the peer is private, or no list has it.
    Nobody,
    /// The endpoint that it went through or to.
    Endpoint,
    /// An AWS prefix list of the topology.
    PrefixList,
    /// The record's `pkt-*-aws-service`.
    Record,
    /// ip-ranges.json.
    Ranges,
}

/// Doubts and findings about a record, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(pub u16);

impl Flags {
    /// Record and route table disagree; the record won.
    pub const DISAGREES: Flags = Flags(1);
    /// The far end is not in the record: some address that the claim is about may be behind it.
    pub const FAR_HIDDEN: Flags = Flags(1 << 1);
    /// The near end is not in the record: the outside of a NAT gateway or an appliance.
    pub const MASKED: Flags = Flags(1 << 2);
    /// The same packets are logged on the inside, unmasked, by the same interface: nothing is lost by the mask.
    pub const MASK_EXPLAINED: Flags = Flags(1 << 3);
    /// The route table alone decided, for a flow that leaves the VPC, because the log lacks `traffic-path` or it was empty.
    pub const ROUTE_ALONE: Flags = Flags(1 << 4);
    /// The logging interface is not in the topology.
    pub const INTERFACE_UNKNOWN: Flags = Flags(1 << 5);
    /// The VPC is not in the topology either, or the record does not say it.
    pub const VPC_UNKNOWN: Flags = Flags(1 << 6);
    /// The address is in this VPC and no interface of the topology has it: an endpoint may.
    pub const PEER_UNOWNED: Flags = Flags(1 << 7);
    /// Two snapshots around the record say different things.
    pub const SNAPSHOTS_DIFFER: Flags = Flags(1 << 8);
    /// The realm rests on nothing but ip-ranges.json, or on the address being in no list.
    pub const NAMED_BY_RANGES: Flags = Flags(1 << 9);
    /// Two snapshots around the record do not say the same of whose service the far end is.
    pub const SERVICE_UNSURE: Flags = Flags(1 << 10);
    /// Two snapshots around the record do not give the workload the same interface.
    pub const WORKLOAD_UNSURE: Flags = Flags(1 << 11);

    /// These and those.
    #[must_use]
    pub const fn with(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }

    /// These, but not those.
    #[must_use]
    pub const fn without(self, other: Flags) -> Flags {
        Flags(self.0 & !other.0)
    }

    /// Those of `other` that are set.
    #[must_use]
    pub const fn among(self, other: Flags) -> Flags {
        Flags(self.0 & other.0)
    }

    /// Whether any of `other` is set.
    pub const fn has(self, other: Flags) -> bool {
        self.0 & other.0 != 0
    }
}

/// One record, classified. Names are symbols of the world's table or of [`Tags::extra`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag {
    /// The way.
    pub path: Path,
    /// Name of the rule that decided.
    pub basis: &'static str,
    /// Endpoint, NAT or other gateway.
    pub via: Sym,
    /// Where it leaves in the end.
    pub exit: Exit,
    /// Whose address the peer's is; `None` where the peer is not known.
    pub realm: Option<Realm>,
    /// The service behind the peer, for showing.
    pub service: Sym,
    /// Every service that a list names for the peer: index into the world's label sets; 0 is the empty set.
    pub labels: u16,
    /// Who named the service.
    pub service_by: ServiceBy,
    /// The host whose traffic this is.
    pub workload: Option<Address>,
    /// Its interface.
    pub workload_interface: Sym,
    /// The VPC of the logging interface.
    pub vpc: Sym,
    /// The far end.
    pub peer: Option<Address>,
    /// Port at the workload's end.
    pub workload_port: Option<u16>,
    /// Port at the far end.
    pub peer_port: Option<u16>,
    /// Who logged it.
    pub vantage: Vantage,
    /// The interface that logged it.
    pub interface: Sym,
    /// Whether the workload is the source of the packets; `None` if not known.
    pub workload_sends: Option<bool>,
    /// Who opened the connection.
    pub initiator: Initiator,
    /// Doubts and findings.
    pub flags: Flags,
}

/// The tags of a batch: one a row, in row order; `None` for NODATA and SKIPDATA rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags {
    /// One a row.
    pub rows: Vec<Option<Tag>>,
    /// Names that stand in the records and not in the topology: symbol `world.symbols.len() + i`.
    pub extra: Vec<std::sync::Arc<str>>,
}
