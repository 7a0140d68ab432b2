//! The one table of all flow-log fields: VPC versions 2 to 11 and transit gateway logs.
//!
//! The Arrow schema, the parsers, the header reader and the outputs all come from it.
//! Source: "Flow log records" and "Transit gateway flow log records" in AWS's user guides, as of June 2026 (version 11).
//!
//! To add a field: 1. one row below, in AWS's order; 2. one row in the tests' count; 3. nothing else. A rule that
//! reads it names it in `classify::columns`.

use arrow::datatypes::DataType;

/// What a value is, and so how it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Text from a small set, a dictionary column.
    Text,
    /// An IP address, sixteen big-endian bytes (IPv4 mapped): ordered, so that a CIDR is a range.
    Address,
    /// A number that AWS keeps as INT_32; never negative.
    Int32,
    /// A number that AWS keeps as INT_64; never negative.
    Int64,
}

impl Kind {
    /// The Arrow type inside the tool. Outputs write addresses as text.
    pub fn arrow(self) -> DataType {
        match self {
            Kind::Text => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
            Kind::Address => DataType::FixedSizeBinary(16),
            Kind::Int32 => DataType::Int32,
            Kind::Int64 => DataType::Int64,
        }
    }
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldInfo {
    /// The field.
    pub field: Field,
    /// Name in headers and log formats, with hyphens.
    pub text: &'static str,
    /// Name in Parquet and in every output, with underscores.
    pub column: &'static str,
    /// What a value is.
    pub kind: Kind,
    /// Version that brought it to VPC flow logs; 0 if they do not have it.
    pub vpc: u8,
    /// Version that brought it to transit gateway flow logs; 0 if they do not have it.
    pub transit_gateway: u8,
    /// The largest number that makes sense, for `Int32` and `Int64`.
    pub max: i64,
}

macro_rules! fields {
    ($($field:ident $text:literal $column:literal $kind:ident $vpc:literal $tgw:literal $(max $max:literal)? ;)*) => {
        /// A field that AWS documents.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Field {
            $(#[doc = concat!("`", $text, "`")] $field,)*
        }

        /// The table, in AWS's order: VPC fields by version, then those of transit gateways alone.
        pub const FIELDS: &[FieldInfo] = &[
            $(FieldInfo {
                field: Field::$field, text: $text, column: $column, kind: Kind::$kind, vpc: $vpc, transit_gateway: $tgw,
                max: fields!(@max $kind $($max)?),
            },)*
        ];
    };
    (@max Int32) => { i32::MAX as i64 };
    (@max Int32 $max:literal) => { $max };
    (@max $kind:ident) => { i64::MAX };
}

#[rustfmt::skip]
fields! {
    // field                  text name                      column                         kind    VPC TGW
    Version                   "version"                      "version"                      Int32    2  2;
    AccountId                 "account-id"                   "account_id"                   Text     2  2;
    InterfaceId               "interface-id"                 "interface_id"                 Text     2  0;
    SrcAddr                   "srcaddr"                      "srcaddr"                      Address  2  2;
    DstAddr                   "dstaddr"                      "dstaddr"                      Address  2  2;
    SrcPort                   "srcport"                      "srcport"                      Int32    2  2 max 65_535;
    DstPort                   "dstport"                      "dstport"                      Int32    2  2 max 65_535;
    Protocol                  "protocol"                     "protocol"                     Int32    2  2 max 255;
    Packets                   "packets"                      "packets"                      Int64    2  2;
    Bytes                     "bytes"                        "bytes"                        Int64    2  2;
    Start                     "start"                        "start"                        Int64    2  2;
    End                       "end"                          "end"                          Int64    2  2;
    Action                    "action"                       "action"                       Text     2  0;
    LogStatus                 "log-status"                   "log_status"                   Text     2  2;
    VpcId                     "vpc-id"                       "vpc_id"                       Text     3  0;
    SubnetId                  "subnet-id"                    "subnet_id"                    Text     3  0;
    InstanceId                "instance-id"                  "instance_id"                  Text     3  0;
    TcpFlags                  "tcp-flags"                    "tcp_flags"                    Int32    3  3;
    Type                      "type"                         "type"                         Text     3  3;
    PktSrcAddr                "pkt-srcaddr"                  "pkt_srcaddr"                  Address  3  0;
    PktDstAddr                "pkt-dstaddr"                  "pkt_dstaddr"                  Address  3  0;
    Region                    "region"                       "region"                       Text     4  4;
    AzId                      "az-id"                        "az_id"                        Text     4  0;
    SublocationType           "sublocation-type"             "sublocation_type"             Text     4  0;
    SublocationId             "sublocation-id"               "sublocation_id"               Text     4  0;
    PktSrcAwsService          "pkt-src-aws-service"          "pkt_src_aws_service"          Text     5  5;
    PktDstAwsService          "pkt-dst-aws-service"          "pkt_dst_aws_service"          Text     5  5;
    FlowDirection             "flow-direction"               "flow_direction"               Text     5  5;
    TrafficPath               "traffic-path"                 "traffic_path"                 Int32    5  0;
    EcsClusterArn             "ecs-cluster-arn"              "ecs_cluster_arn"              Text     7  0;
    EcsClusterName            "ecs-cluster-name"             "ecs_cluster_name"             Text     7  0;
    EcsContainerInstanceArn   "ecs-container-instance-arn"   "ecs_container_instance_arn"   Text     7  0;
    EcsContainerInstanceId    "ecs-container-instance-id"    "ecs_container_instance_id"    Text     7  0;
    EcsContainerId            "ecs-container-id"             "ecs_container_id"             Text     7  0;
    EcsSecondContainerId      "ecs-second-container-id"      "ecs_second_container_id"      Text     7  0;
    EcsServiceName            "ecs-service-name"             "ecs_service_name"             Text     7  0;
    EcsTaskDefinitionArn      "ecs-task-definition-arn"      "ecs_task_definition_arn"      Text     7  0;
    EcsTaskArn                "ecs-task-arn"                 "ecs_task_arn"                 Text     7  0;
    EcsTaskId                 "ecs-task-id"                  "ecs_task_id"                  Text     7  0;
    RejectReason              "reject-reason"                "reject_reason"                Text     8  0;
    ResourceId                "resource-id"                  "resource_id"                  Text     9  0;
    EncryptionStatus          "encryption-status"            "encryption_status"            Int32   10  0;
    InstanceTag               "instance-tag"                 "instance_tag"                 Text    11  0;
    InstanceTag2              "instance-tag-2"               "instance_tag_2"               Text    11  0;
    InterfaceTag              "interface-tag"                "interface_tag"                Text    11  0;
    InterfaceTag2             "interface-tag-2"              "interface_tag_2"              Text    11  0;
    AsgTag                    "asg-tag"                      "asg_tag"                      Text    11  0;
    AsgTag2                   "asg-tag-2"                    "asg_tag_2"                    Text    11  0;
    InterfaceType             "interface-type"               "interface_type"               Text    11  0;
    NextHopInterfaceId        "next-hop-interface-id"        "next_hop_interface_id"        Text    11  0;
    NextHopSubnetId           "next-hop-subnet-id"           "next_hop_subnet_id"           Text    11  0;
    NextHopAzId               "next-hop-az-id"               "next_hop_az_id"               Text    11  0;
    NextHopVpcId              "next-hop-vpc-id"              "next_hop_vpc_id"              Text    11  0;
    NextHopInterfaceType      "next-hop-interface-type"      "next_hop_interface_type"      Text    11  0;
    ResourceType              "resource-type"                "resource_type"                Text     0  6;
    TgwId                     "tgw-id"                       "tgw_id"                       Text     0  6;
    TgwAttachmentId           "tgw-attachment-id"            "tgw_attachment_id"            Text     0  6;
    TgwSrcVpcAccountId        "tgw-src-vpc-account-id"       "tgw_src_vpc_account_id"       Text     0  6;
    TgwDstVpcAccountId        "tgw-dst-vpc-account-id"       "tgw_dst_vpc_account_id"       Text     0  6;
    TgwSrcVpcId               "tgw-src-vpc-id"               "tgw_src_vpc_id"               Text     0  6;
    TgwDstVpcId               "tgw-dst-vpc-id"               "tgw_dst_vpc_id"               Text     0  6;
    TgwSrcSubnetId            "tgw-src-subnet-id"            "tgw_src_subnet_id"            Text     0  6;
    TgwDstSubnetId            "tgw-dst-subnet-id"            "tgw_dst_subnet_id"            Text     0  6;
    TgwSrcEni                 "tgw-src-eni"                  "tgw_src_eni"                  Text     0  6;
    TgwDstEni                 "tgw-dst-eni"                  "tgw_dst_eni"                  Text     0  6;
    TgwSrcAzId                "tgw-src-az-id"                "tgw_src_az_id"                Text     0  6;
    TgwDstAzId                "tgw-dst-az-id"                "tgw_dst_az_id"                Text     0  6;
    TgwPairAttachmentId       "tgw-pair-attachment-id"       "tgw_pair_attachment_id"       Text     0  6;
    PacketsLostNoRoute        "packets-lost-no-route"        "packets_lost_no_route"        Int64    0  6;
    PacketsLostBlackhole      "packets-lost-blackhole"       "packets_lost_blackhole"       Int64    0  6;
    PacketsLostMtuExceeded    "packets-lost-mtu-exceeded"    "packets_lost_mtu_exceeded"    Int64    0  6;
    PacketsLostTtlExpired     "packets-lost-ttl-expired"     "packets_lost_ttl_expired"     Int64    0  6;
}

impl Field {
    /// How many fields there are.
    pub const COUNT: usize = FIELDS.len();

    /// Its row in the table.
    pub fn info(self) -> &'static FieldInfo {
        &FIELDS[self as usize]
    }

    /// The address field that has the same address in most records: `srcaddr` of `pkt-srcaddr`.
    pub const fn twin(self) -> Option<Field> {
        match self {
            Field::PktSrcAddr => Some(Field::SrcAddr),
            Field::PktDstAddr => Some(Field::DstAddr),
            _ => None,
        }
    }

    /// Name in headers and log formats.
    pub fn text(self) -> &'static str {
        self.info().text
    }

    /// Name in Parquet and in outputs.
    pub fn column(self) -> &'static str {
        self.info().column
    }

    /// The field with this name, written with hyphens (text) or underscores (Parquet).
    pub fn by_name(name: &str) -> Option<Field> {
        FIELDS
            .iter()
            .find(|row| row.text == name || row.column == name)
            .map(|row| row.field)
    }
}

/// A set of fields: which columns a decoder builds. Values of other fields are checked and dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FieldSet(u128);

// INVARIANT: one bit a field, and one to spare that only `ALL` has.
const _: () = assert!(Field::COUNT < 128);

impl FieldSet {
    /// No field.
    pub const NONE: FieldSet = FieldSet(0);
    /// Every field, unknown ones too.
    pub const ALL: FieldSet = FieldSet(u128::MAX);

    /// These fields.
    pub fn of(fields: &[Field]) -> FieldSet {
        fields
            .iter()
            .fold(FieldSet::NONE, |set, field| set.with(*field))
    }

    /// This set and one more field.
    #[must_use]
    pub const fn with(self, field: Field) -> FieldSet {
        FieldSet(self.0 | 1 << field as u8)
    }

    /// This set and another.
    #[must_use]
    pub const fn union(self, other: FieldSet) -> FieldSet {
        FieldSet(self.0 | other.0)
    }

    /// Whether the field is in it.
    pub const fn contains(self, field: Field) -> bool {
        self.0 & (1 << field as u8) != 0
    }

    /// Whether unknown fields are wanted too.
    pub const fn is_all(self) -> bool {
        self.0 == u128::MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counts_are_awss() {
        let up_to = |version| {
            FIELDS
                .iter()
                .filter(|row| (1..=version).contains(&row.vpc))
                .count()
        };
        for (version, count) in [
            (2, 14),
            (3, 21),
            (4, 25),
            (5, 29),
            (7, 39),
            (8, 40),
            (9, 41),
            (10, 42),
            (11, 54),
        ] {
            assert_eq!(up_to(version), count, "version {version}");
        }
        assert_eq!(
            FIELDS.iter().filter(|row| row.transit_gateway > 0).count(),
            36
        );
    }

    #[test]
    fn rows_stand_at_their_field_and_names_differ_only_in_hyphens() {
        for (index, row) in FIELDS.iter().enumerate() {
            assert_eq!(row.field as usize, index);
            assert_eq!(row.text.replace('-', "_"), row.column);
            assert_eq!(Field::by_name(row.text), Some(row.field));
            assert_eq!(Field::by_name(row.column), Some(row.field));
        }
    }
}
