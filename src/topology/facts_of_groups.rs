//! Security groups, as far as what they let in.

use crate::topology::describe::{self, Answers};

/// A security group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecurityGroup {
    /// `sg-…`
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// `vpc-…`
    pub vpc_id: Option<String>,
    /// What it lets in, in AWS's order.
    pub ingress: Vec<Ingress>,
}

/// One rule of what comes in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ingress {
    /// `tcp`, `udp`, `icmp`, a number, or `-1` for all.
    pub protocol: String,
    /// First and last port; `None`: all.
    pub ports: Option<(i64, i64)>,
    /// IPv4 and IPv6.
    pub cidrs: Vec<String>,
    /// `pl-…`
    pub prefix_lists: Vec<String>,
    /// `sg-…` whose members may come in.
    pub groups: Vec<String>,
}

impl Ingress {
    /// Whether it is for TCP to this port.
    pub fn admits_tcp(&self, port: i64) -> bool {
        let all = self.protocol == "-1";
        let tcp = matches!(self.protocol.as_str(), "tcp" | "6");
        let in_range = self
            .ports
            .is_none_or(|(first, last)| (first..=last).contains(&port));
        all || (tcp && in_range)
    }
}

/// Every group, by id.
pub(super) fn security_groups(answers: &Answers) -> Vec<SecurityGroup> {
    let mut groups: Vec<SecurityGroup> = answers.security_groups.iter().map(group).collect();
    groups.sort_by(|a, b| a.id.cmp(&b.id));
    groups
}

fn group(raw: &describe::SecurityGroup) -> SecurityGroup {
    SecurityGroup {
        id: raw.group_id.clone(),
        name: raw.group_name.clone(),
        vpc_id: raw.vpc_id.clone(),
        ingress: raw.ip_permissions.iter().map(ingress).collect(),
    }
}

fn ingress(raw: &describe::IpPermission) -> Ingress {
    let v4 = raw
        .ip_ranges
        .iter()
        .filter_map(|range| range.cidr_ip.clone());
    let v6 = raw
        .ipv6_ranges
        .iter()
        .filter_map(|range| range.cidr_ipv6.clone());
    Ingress {
        protocol: raw.ip_protocol.clone().unwrap_or_default(),
        // `-1` stands for all in AWS's answers.
        ports: raw
            .from_port
            .zip(raw.to_port)
            .filter(|(first, _)| *first >= 0),
        cidrs: v4.chain(v6).collect(),
        prefix_lists: raw
            .prefix_list_ids
            .iter()
            .filter_map(|list| list.prefix_list_id.clone())
            .collect(),
        groups: raw
            .user_id_group_pairs
            .iter()
            .filter_map(|pair| pair.group_id.clone())
            .collect(),
    }
}
