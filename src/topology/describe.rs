//! What `aws ec2 describe-* --output json` prints, as far as it is read here.
//!
//! In: JSON text. Out: plain structs with AWS's names. Unknown keys and unknown values of open lists are kept out of the way,
//! never refused: AWS adds both. Names and shapes: the EC2 API model of August 2026.

use serde::Deserialize;

use crate::diag::show;

/// A fact that no verdict rests on: two answers that differ in it alone still say the same of the network.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Aside<T>(pub T);

impl<T> PartialEq for Aside<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

macro_rules! answers {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Default, PartialEq, Deserialize)]
            #[serde(rename_all = "PascalCase", default)]
            #[expect(missing_docs, reason = "the fields are AWS's, named and documented by AWS")]
            pub struct $name { $(pub $field: $type,)* }
        )*
    };
}

answers! {
    /// Every top-level key that is read, in one file or in several.
    Answers {
        vpcs: Vec<Vpc>,
        subnets: Vec<Subnet>,
        route_tables: Vec<RouteTable>,
        network_interfaces: Vec<NetworkInterface>,
        vpc_endpoints: Vec<VpcEndpoint>,
        nat_gateways: Vec<NatGateway>,
        internet_gateways: Vec<InternetGateway>,
        egress_only_internet_gateways: Vec<EgressOnlyInternetGateway>,
        vpn_gateways: Vec<VpnGateway>,
        transit_gateway_vpc_attachments: Vec<TransitGatewayVpcAttachment>,
        vpc_peering_connections: Vec<VpcPeeringConnection>,
        prefix_lists: Vec<PrefixList>,
        managed_prefix_lists: Vec<PrefixList>,
        flow_logs: Vec<FlowLog>,
        security_groups: Vec<SecurityGroup>,
        next_token: Option<String>,
        missing: Vec<MissingCall>,
    }
    /// A call that `topology snapshot` could not make, for want of a right.
    MissingCall {
        call: String,
        permission: String,
        error: Option<String>,
    }
    /// describe-vpcs
    Vpc {
        vpc_id: String,
        cidr_block: Option<String>,
        cidr_block_association_set: Vec<CidrAssociation>,
        ipv6_cidr_block_association_set: Vec<CidrAssociation>,
        owner_id: Option<String>,
        tags: Vec<Tag>,
    }
    /// A CIDR of a VPC or subnet, IPv4 or IPv6.
    CidrAssociation {
        cidr_block: Option<String>,
        ipv6_cidr_block: Option<String>,
        cidr_block_state: Option<State>,
        ipv6_cidr_block_state: Option<State>,
    }
    /// `{"State": "…"}`
    State { state: Option<String>, }
    /// describe-subnets
    Subnet {
        subnet_id: String,
        vpc_id: String,
        cidr_block: Option<String>,
        ipv6_cidr_block_association_set: Vec<CidrAssociation>,
        availability_zone: Option<String>,
        availability_zone_id: Option<String>,
        subnet_arn: Option<String>,
        tags: Vec<Tag>,
    }
    /// describe-route-tables
    RouteTable {
        route_table_id: String,
        vpc_id: String,
        associations: Vec<RouteTableAssociation>,
        routes: Vec<Route>,
        tags: Aside<Vec<Tag>>,
    }
    /// Which subnet or gateway uses a table.
    RouteTableAssociation {
        main: bool,
        subnet_id: Option<String>,
        gateway_id: Option<String>,
        association_state: Option<State>,
    }
    /// One destination, one target.
    Route {
        destination_cidr_block: Option<String>,
        destination_ipv6_cidr_block: Option<String>,
        destination_prefix_list_id: Option<String>,
        gateway_id: Option<String>,
        nat_gateway_id: Option<String>,
        transit_gateway_id: Option<String>,
        vpc_peering_connection_id: Option<String>,
        network_interface_id: Option<String>,
        instance_id: Option<String>,
        egress_only_internet_gateway_id: Option<String>,
        carrier_gateway_id: Option<String>,
        local_gateway_id: Option<String>,
        core_network_arn: Option<String>,
        odb_network_arn: Option<String>,
        origin: Option<String>,
        state: Option<String>,
    }
    /// describe-network-interfaces
    NetworkInterface {
        network_interface_id: String,
        interface_type: Option<String>,
        description: Option<String>,
        vpc_id: Option<String>,
        subnet_id: Option<String>,
        owner_id: Option<String>,
        status: Option<String>,
        private_ip_address: Option<String>,
        private_ip_addresses: Vec<PrivateIpAddress>,
        ipv6_addresses: Vec<Ipv6Address>,
        ipv4_prefixes: Vec<Ipv4Prefix>,
        ipv6_prefixes: Vec<Ipv6Prefix>,
        association: Option<Association>,
        tag_set: Vec<Tag>,
        deny_all_igw_traffic: Option<bool>,
        availability_zone: Aside<Option<String>>,
        availability_zone_id: Aside<Option<String>>,
        requester_managed: Aside<Option<bool>>,
        groups: Aside<Vec<GroupId>>,
        attachment: Aside<Option<NetworkInterfaceAttachment>>,
    }
    /// What an interface is attached to.
    NetworkInterfaceAttachment { instance_id: Option<String>, instance_owner_id: Option<String>, }
    /// A security group, by id.
    GroupId { group_id: Option<String>, group_name: Option<String>, }
    /// One IPv4 address of an interface.
    PrivateIpAddress { private_ip_address: Option<String>, association: Option<Association>, }
    /// A public address that stands for a private one.
    Association { public_ip: Option<String>, carrier_ip: Option<String>, }
    /// One IPv6 address of an interface.
    Ipv6Address { ipv6_address: Option<String>, }
    /// A block delegated to an interface.
    Ipv4Prefix { ipv4_prefix: Option<String>, }
    /// A block delegated to an interface.
    Ipv6Prefix { ipv6_prefix: Option<String>, }
    /// describe-vpc-endpoints
    VpcEndpoint {
        vpc_endpoint_id: String,
        vpc_endpoint_type: Option<String>,
        vpc_id: Option<String>,
        service_name: Option<String>,
        service_region: Option<String>,
        state: Option<String>,
        route_table_ids: Vec<String>,
        subnet_ids: Vec<String>,
        network_interface_ids: Vec<String>,
        ipv4_prefixes: Vec<SubnetIpPrefixes>,
        ipv6_prefixes: Vec<SubnetIpPrefixes>,
        groups: Aside<Vec<GroupId>>,
        private_dns_enabled: Aside<Option<bool>>,
        dns_options: Aside<Option<DnsOptions>>,
        ip_address_type: Aside<Option<String>>,
        policy_document: Aside<Option<String>>,
        creation_timestamp: Aside<Option<serde_json::Value>>,
        tags: Aside<Vec<Tag>>,
    }
    /// The blocks of a service-network endpoint in one subnet.
    SubnetIpPrefixes { subnet_id: Option<String>, ip_prefixes: Vec<String>, }
    /// For whom an endpoint's private name is answered.
    DnsOptions { private_dns_only_for_inbound_resolver_endpoint: Option<bool>, }
    /// describe-nat-gateways
    NatGateway {
        nat_gateway_id: String,
        state: Option<String>,
        connectivity_type: Option<String>,
        availability_mode: Option<String>,
        vpc_id: Option<String>,
        subnet_id: Option<String>,
        route_table_id: Option<String>,
        nat_gateway_addresses: Vec<NatGatewayAddress>,
        create_time: Aside<Option<serde_json::Value>>,
        failure_message: Aside<Option<String>>,
        tags: Aside<Vec<Tag>>,
    }
    /// One address of a NAT gateway.
    NatGatewayAddress {
        network_interface_id: Option<String>,
        private_ip: Option<String>,
        public_ip: Option<String>,
        availability_zone: Aside<Option<String>>,
        availability_zone_id: Aside<Option<String>>,
    }
    /// describe-internet-gateways
    InternetGateway { internet_gateway_id: String, attachments: Vec<Attachment>, }
    /// describe-egress-only-internet-gateways
    EgressOnlyInternetGateway { egress_only_internet_gateway_id: String, attachments: Vec<Attachment>, }
    /// A gateway's VPC.
    Attachment { vpc_id: Option<String>, state: Option<String>, }
    /// describe-vpn-gateways
    VpnGateway { vpn_gateway_id: String, vpc_attachments: Vec<Attachment>, }
    /// describe-transit-gateway-vpc-attachments
    TransitGatewayVpcAttachment {
        transit_gateway_attachment_id: String,
        transit_gateway_id: String,
        vpc_id: String,
        state: Option<String>,
        subnet_ids: Vec<String>,
    }
    /// describe-vpc-peering-connections
    VpcPeeringConnection {
        vpc_peering_connection_id: String,
        status: Option<PeeringStatus>,
        requester_vpc_info: PeeringSide,
        accepter_vpc_info: PeeringSide,
    }
    /// `active`, `deleted` …
    PeeringStatus { code: Option<String>, }
    /// One side of a peering.
    PeeringSide {
        vpc_id: Option<String>,
        cidr_block: Option<String>,
        cidr_block_set: Vec<CidrAssociation>,
        ipv6_cidr_block_set: Vec<CidrAssociation>,
        region: Option<String>,
    }
    /// describe-prefix-lists (`Cidrs`) and describe-managed-prefix-lists with `Entries` put in.
    PrefixList {
        prefix_list_id: String,
        prefix_list_name: Option<String>,
        prefix_list_arn: Option<String>,
        cidrs: Option<Vec<String>>,
        entries: Option<Vec<PrefixListEntry>>,
    }
    /// One entry of a managed prefix list.
    PrefixListEntry { cidr: String, }
    /// describe-flow-logs
    FlowLog {
        flow_log_id: String,
        resource_id: String,
        flow_log_status: Option<String>,
        deliver_logs_status: Option<String>,
        deliver_logs_error_message: Option<String>,
        traffic_type: Option<String>,
        log_group_name: Option<String>,
        log_destination: Option<String>,
        log_format: Option<String>,
        max_aggregation_interval: Option<i64>,
        creation_time: Option<serde_json::Value>,
    }
    /// describe-security-groups
    SecurityGroup {
        group_id: String,
        group_name: Option<String>,
        vpc_id: Option<String>,
        owner_id: Option<String>,
        ip_permissions: Vec<IpPermission>,
    }
    /// One rule of a security group.
    IpPermission {
        ip_protocol: Option<String>,
        from_port: Option<i64>,
        to_port: Option<i64>,
        ip_ranges: Vec<IpRange>,
        ipv6_ranges: Vec<Ipv6Range>,
        prefix_list_ids: Vec<PrefixListId>,
        user_id_group_pairs: Vec<GroupId>,
    }
    /// A CIDR that a rule admits.
    IpRange { cidr_ip: Option<String>, }
    /// A CIDR that a rule admits.
    Ipv6Range { cidr_ipv6: Option<String>, }
    /// A prefix list that a rule admits.
    PrefixListId { prefix_list_id: Option<String>, }
    /// A tag.
    Tag { key: String, value: String, }
}

impl Answers {
    /// The endpoint that names the interface as one of its own.
    pub fn endpoint_of(&self, interface: &str) -> Option<&VpcEndpoint> {
        let names = |endpoint: &&VpcEndpoint| {
            let mut own = endpoint.network_interface_ids.iter();
            own.any(|id| id == interface)
        };
        self.vpc_endpoints.iter().find(names)
    }
}

impl NetworkInterface {
    /// The CIDRs that are delegated to the interface, as AWS writes them.
    pub fn blocks(&self) -> impl Iterator<Item = &str> {
        let v4 = self.ipv4_prefixes.iter();
        let v4 = v4.filter_map(|one| one.ipv4_prefix.as_deref());
        let v6 = self.ipv6_prefixes.iter();
        v4.chain(v6.filter_map(|one| one.ipv6_prefix.as_deref()))
    }
}

impl VpcEndpoint {
    /// The CIDRs that an endpoint which answers by itself has in a subnet, as AWS writes them, as long as it is there: a service-network
    /// endpoint may say them where its interface does not (facts 7.17).
    pub fn blocks_in(&self, subnet: Option<&str>) -> impl Iterator<Item = &str> {
        let answers = matches!(
            self.vpc_endpoint_type.as_deref(),
            Some("Interface" | "Resource" | "ServiceNetwork")
        );
        let state = self.state.as_deref();
        let is_there = state.is_none_or(|state| state.eq_ignore_ascii_case("available"));
        let has = answers && is_there;
        let all = self.ipv4_prefixes.iter().chain(&self.ipv6_prefixes);
        all.filter(move |there| has && subnet.is_some() && there.subnet_id.as_deref() == subnet)
            .flat_map(|there| there.ip_prefixes.iter().map(String::as_str))
    }
}

impl MissingCall {
    /// The obligation that rests on the call's answer, and fails without it; `None`: no verdict rests on it.
    pub fn obligation(&self) -> Option<&'static str> {
        Some(match self.call.as_str() {
            "DescribeSecurityGroups" => return None,
            "DescribeFlowLogs" => "interfaces-logged",
            "DescribePrefixLists"
            | "DescribeManagedPrefixLists"
            | "GetManagedPrefixListEntries" => "services-known",
            _ => "topology-fits",
        })
    }

    /// `DescribeFlowLogs lacked the right ec2:DescribeFlowLogs (UnauthorizedOperation)`
    pub fn told(&self) -> String {
        let error = self.error.as_deref().filter(|error| !error.is_empty());
        let error = error.map_or_else(String::new, |error| format!(" ({})", show(error)));
        let (call, permission) = (show(&self.call), show(&self.permission));
        format!("{call} lacked the right {permission}{error}")
    }
}

/// The top-level keys that are read, and those that may stand beside them.
pub const KEYS: &[&str] = &[
    "Vpcs",
    "Subnets",
    "RouteTables",
    "NetworkInterfaces",
    "VpcEndpoints",
    "NatGateways",
    "InternetGateways",
    "EgressOnlyInternetGateways",
    "VpnGateways",
    "TransitGatewayVpcAttachments",
    "VpcPeeringConnections",
    "PrefixLists",
    "ManagedPrefixLists",
    "FlowLogs",
    "SecurityGroups",
    "Missing",
    "NextToken",
    "captured_at",
    "account_id",
    "region",
    "ResponseMetadata",
];
