//! The table `prefixes`: AWS's published ranges, and the prefix lists of the topology.

use super::network::Network;
use super::{Facts, Judged};
use crate::query::small::Kind::Text;
use crate::query::small::{Cell, Rows, TableInfo};
use crate::topology::ranges::published;
use crate::topology::service::service_of_name;

#[rustfmt::skip]
pub const PREFIXES: TableInfo = TableInfo {
    name: "prefixes",
    means: "a CIDR of AWS's ip-ranges.json, or of a prefix list of the topology; AWS lists the ranges of its services under `amazon` too",
    columns: &[
        ("cidr", Text, ""),
        ("service", Text, "as in `flows`; null for a list of your own"),
        ("region", Text, "`GLOBAL` where AWS writes so"),
        ("source", Text, "`ip-ranges` or `prefix-list`"),
        ("prefix_list_id", Text, "`pl-…`"),
        ("prefix_list_name", Text, "`com.amazonaws.…`, or your own"),
        ("network_border_group", Text, "of ip-ranges.json: the zone or Region from which AWS announces it"),
    ],
};

/// The rows: the published ranges in AWS's order, then the lists by id.
pub fn rows(facts: &Facts, network: &Network) -> Judged<Rows> {
    let ranges = facts.ranges.as_ref();
    let ranges = ranges.map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    let published = published(ranges).map_err(|problem| vec![*problem])?;
    let mut rows: Rows = published
        .into_iter()
        .map(|prefix| {
            vec![
                prefix.prefix.to_string().into(),
                prefix.service.into(),
                prefix.region.into(),
                "ip-ranges".into(),
                Cell::Null,
                Cell::Null,
                prefix.network_border_group.into(),
            ]
        })
        .collect();
    for (region, list) in network.prefix_lists() {
        let name = list.name.as_deref().unwrap_or_default();
        let aws = name.starts_with("com.amazonaws.");
        let service = if aws { service_of_name(name) } else { None };
        for cidr in list.cidrs.iter().flatten() {
            rows.push(vec![
                cidr.into(),
                (&service).into(),
                region.into(),
                "prefix-list".into(),
                (&list.id).into(),
                (&list.name).into(),
                Cell::Null,
            ]);
        }
    }
    Ok(rows)
}
