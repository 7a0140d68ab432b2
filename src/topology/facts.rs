//! What the describe calls say beside what paths are made of: tags, security groups, policies, states, as written.
//!
//! In: the same [`Document`]s as [`World`](crate::topology::World). Out: each resource once, as the latest document that knows it has it.
//! Nothing here decides a path or weighs on a verdict, so nothing here complains: a document that cannot be read has been refused
//! by `World` already.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::Value;

use crate::topology::compiler::time_of;
use crate::topology::describe::{self, Tag};
use crate::topology::load::Document;

macro_rules! facts {
    ($($(#[$doc:meta])* $name:ident { $($(#[$attr:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Default, Deserialize)]
            #[serde(rename_all = "PascalCase", default)]
            #[expect(missing_docs, reason = "the fields are AWS's, named and documented by AWS")]
            pub struct $name { $($(#[$attr])* pub $field: $type,)* }
        )*
    };
}

facts! {
    /// An interface.
    Interface {
        #[serde(flatten)]
        known: describe::NetworkInterface,
        availability_zone: Option<String>,
        availability_zone_id: Option<String>,
        requester_managed: Option<bool>,
        groups: Vec<Group>,
        attachment: Option<Attachment>,
    }
    /// A security group.
    Group { group_id: String, }
    /// Where an interface is plugged in.
    Attachment { instance_id: Option<String>, }
    /// An endpoint.
    Endpoint {
        #[serde(flatten)]
        known: describe::VpcEndpoint,
        private_dns_enabled: Option<bool>,
        groups: Vec<Group>,
        policy_document: Option<String>,
        creation_timestamp: Option<Value>,
        tags: Vec<Tag>,
    }
    /// A NAT gateway.
    NatGateway {
        #[serde(flatten)]
        known: describe::NatGateway,
        tags: Vec<Tag>,
    }
    /// The answers that are looked at.
    Answers {
        subnets: Vec<describe::Subnet>,
        route_tables: Vec<describe::RouteTable>,
        network_interfaces: Vec<Interface>,
        vpc_endpoints: Vec<Endpoint>,
        nat_gateways: Vec<NatGateway>,
        prefix_lists: Vec<describe::PrefixList>,
        managed_prefix_lists: Vec<describe::PrefixList>,
    }
}

/// A resource and what its document says of itself.
#[derive(Clone, Debug)]
pub struct Told<T> {
    /// As AWS describes it.
    pub fact: T,
    /// When that was, in Unix seconds.
    pub captured_s: Option<i64>,
    /// The Region of the document, if it says so.
    pub region: Option<String>,
    /// The account of the document, if it says so.
    pub account_id: Option<String>,
}

/// Every resource once, by id.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// `eni-…`
    pub interfaces: BTreeMap<String, Told<Interface>>,
    /// `subnet-…`
    pub subnets: BTreeMap<String, Told<describe::Subnet>>,
    /// `rtb-…`
    pub route_tables: BTreeMap<String, Told<describe::RouteTable>>,
    /// `vpce-…`
    pub endpoints: BTreeMap<String, Told<Endpoint>>,
    /// `nat-…`
    pub nat_gateways: BTreeMap<String, Told<NatGateway>>,
    /// `pl-…` and the Region, for the same id is another list elsewhere.
    pub prefix_lists: BTreeMap<(String, Option<String>), Told<describe::PrefixList>>,
}

/// When, where and of whom a document is.
#[derive(Clone, Default)]
struct Stamp {
    captured_s: Option<i64>,
    region: Option<String>,
    account_id: Option<String>,
}

impl Facts {
    /// Reads the documents.
    pub fn read(documents: &[Document]) -> Facts {
        let parsed: Vec<(&str, Value)> = documents.iter().filter_map(parse).collect();
        // A file that only says when dates the others of its folder.
        let mut of_group: HashMap<&str, Stamp> = HashMap::new();
        for (group, value) in &parsed {
            let (own, known) = (stamp(value), of_group.entry(group).or_default());
            known.captured_s = known.captured_s.max(own.captured_s);
            known.region = known.region.take().or(own.region);
            known.account_id = known.account_id.take().or(own.account_id);
        }
        let mut answers: Vec<(Stamp, Answers)> = parsed
            .into_iter()
            .filter_map(|(group, value)| {
                let (own, rest) = (stamp(&value), of_group.get(group)?);
                let stamp = Stamp {
                    captured_s: own.captured_s.or(rest.captured_s),
                    region: own.region.or_else(|| rest.region.clone()),
                    account_id: own.account_id.or_else(|| rest.account_id.clone()),
                };
                Some((stamp, serde_json::from_value(value).ok()?))
            })
            .collect();
        // Stable: of two of one time the later one in the order of documents stands.
        answers.sort_by_key(|(stamp, _)| stamp.captured_s);
        let mut facts = Facts::default();
        for (stamp, answers) in answers {
            facts.add(&stamp, answers);
        }
        facts
    }

    fn add(&mut self, stamp: &Stamp, answers: Answers) {
        let lists = answers.prefix_lists.into_iter();
        for list in lists.chain(answers.managed_prefix_lists) {
            let key = (list.prefix_list_id.clone(), stamp.region.clone());
            let bare = list.cidrs.is_none() && list.entries.is_none();
            // describe-managed-prefix-lists knows the same list without its CIDRs.
            if !(bare && self.prefix_lists.contains_key(&key)) {
                self.prefix_lists.insert(key, told(stamp, list));
            }
        }
        for one in answers.network_interfaces {
            let id = one.known.network_interface_id.clone();
            self.interfaces.insert(id, told(stamp, one));
        }
        for one in answers.subnets {
            self.subnets.insert(one.subnet_id.clone(), told(stamp, one));
        }
        for one in answers.route_tables {
            let id = one.route_table_id.clone();
            self.route_tables.insert(id, told(stamp, one));
        }
        for one in answers.vpc_endpoints {
            let id = one.known.vpc_endpoint_id.clone();
            self.endpoints.insert(id, told(stamp, one));
        }
        for one in answers.nat_gateways {
            let id = one.known.nat_gateway_id.clone();
            self.nat_gateways.insert(id, told(stamp, one));
        }
    }

    /// The endpoint that an interface is of.
    pub fn endpoint_of(&self, interface: &str) -> Option<&str> {
        let of = |ids: &[String]| ids.iter().any(|id| id == interface);
        let mut endpoints = self.endpoints.values();
        endpoints
            .find(|one| of(&one.fact.known.network_interface_ids))
            .map(|one| one.fact.known.vpc_endpoint_id.as_str())
    }

    /// The NAT gateway that an interface is of.
    pub fn nat_gateway_of(&self, interface: &str) -> Option<&str> {
        let of = |one: &&Told<NatGateway>| {
            let mut addresses = one.fact.known.nat_gateway_addresses.iter();
            addresses.any(|address| address.network_interface_id.as_deref() == Some(interface))
        };
        let found = self.nat_gateways.values().find(of);
        found.map(|one| one.fact.known.nat_gateway_id.as_str())
    }

    /// The subnets that use a table: those that name it, and those of its VPC that name none, if it is the main one. Sorted.
    pub fn subnets_of(&self, table: &describe::RouteTable) -> Vec<&str> {
        let uses = |subnet: &&Told<describe::Subnet>| {
            self.table_of(&subnet.fact) == Some(table.route_table_id.as_str())
        };
        let subnets = self.subnets.values().filter(uses);
        subnets
            .map(|subnet| subnet.fact.subnet_id.as_str())
            .collect()
    }

    /// The table in force for a subnet: its own, else its VPC's main one.
    pub fn table_of(&self, subnet: &describe::Subnet) -> Option<&str> {
        let associated = |association: &&describe::RouteTableAssociation| {
            let state = association.association_state.as_ref();
            let state = state.and_then(|state| state.state.as_deref());
            state.is_none_or(|state| state == "associated" || state == "associating")
        };
        let by = |wanted: &dyn Fn(&describe::RouteTableAssociation) -> bool| {
            let mut tables = self.route_tables.values();
            tables.find(|table| {
                table.fact.vpc_id == subnet.vpc_id
                    && table
                        .fact
                        .associations
                        .iter()
                        .filter(associated)
                        .any(wanted)
            })
        };
        by(&|one| one.subnet_id.as_ref() == Some(&subnet.subnet_id))
            .or_else(|| by(&|one| one.main))
            .map(|table| table.fact.route_table_id.as_str())
    }
}

impl Endpoint {
    /// `full-access` for a policy that lets everybody do everything, `custom` for any other, nothing where none is told.
    pub fn policy_word(&self) -> Option<&'static str> {
        let document = self
            .policy_document
            .as_deref()
            .filter(|text| !text.is_empty())?;
        let open = |statement: &Value| {
            let star = |key: &str| match &statement[key] {
                Value::Array(all) => all.iter().any(|one| one == "*"),
                Value::Object(whom) => whom.get("AWS").is_some_and(|whom| whom == "*"),
                one => one == "*",
            };
            statement["Effect"] == "Allow"
                && star("Principal")
                && star("Action")
                && star("Resource")
                && statement.get("Condition").is_none()
        };
        let Ok(policy) = serde_json::from_str::<Value>(document) else {
            return Some("custom");
        };
        let full = match &policy["Statement"] {
            Value::Array(all) => !all.is_empty() && all.iter().all(open),
            one => open(one),
        };
        Some(if full { "full-access" } else { "custom" })
    }

    /// When it was made, in Unix seconds.
    pub fn created_s(&self) -> Option<i64> {
        self.creation_timestamp.as_ref().and_then(time_of)
    }
}

fn told<T>(stamp: &Stamp, fact: T) -> Told<T> {
    Told {
        fact,
        captured_s: stamp.captured_s,
        region: stamp.region.clone(),
        account_id: stamp.account_id.clone(),
    }
}

fn parse(document: &Document) -> Option<(&str, Value)> {
    let bytes = document.bytes.as_slice();
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    Some((document.group.as_str(), serde_json::from_slice(text).ok()?))
}

fn stamp(value: &Value) -> Stamp {
    let word = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    Stamp {
        captured_s: value.get("captured_at").and_then(time_of),
        region: word("region"),
        account_id: word("account_id"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(group: &str, json: &str) -> Document {
        Document {
            group: group.to_owned(),
            source: group.to_owned(),
            bytes: json.as_bytes().to_vec(),
        }
    }

    #[test]
    fn a_resource_is_there_once_as_the_latest_document_has_it() {
        let facts = Facts::read(&[
            document(
                "b",
                r#"{"captured_at": "2026-08-02T00:00:00Z", "region": "eu-west-1", "NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "Status": "in-use"}]}"#,
            ),
            document(
                "a",
                r#"{"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "Status": "available"}, {"NetworkInterfaceId": "eni-2"}]}"#,
            ),
            document(
                "a",
                r#"{"captured_at": "2026-08-01T00:00:00Z", "account_id": "111122223333"}"#,
            ),
        ]);
        assert_eq!(facts.interfaces.len(), 2);
        let one = &facts.interfaces["eni-1"];
        assert_eq!(one.fact.known.status.as_deref(), Some("in-use"));
        assert_eq!(one.region.as_deref(), Some("eu-west-1"));
        let two = &facts.interfaces["eni-2"];
        assert_eq!(two.account_id.as_deref(), Some("111122223333"));
        assert_eq!(two.captured_s, Some(1_785_542_400));
    }

    #[test]
    fn the_main_table_is_for_subnets_that_name_none() {
        let facts = Facts::read(&[document(
            "a",
            r#"{"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1"}, {"SubnetId": "subnet-2", "VpcId": "vpc-1"}, {"SubnetId": "subnet-3", "VpcId": "vpc-2"}],
                "RouteTables": [
                  {"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Associations": [{"Main": true}]},
                  {"RouteTableId": "rtb-2", "VpcId": "vpc-1", "Associations": [{"SubnetId": "subnet-2"}, {"SubnetId": "subnet-1", "AssociationState": {"State": "disassociated"}}]}]}"#,
        )]);
        let of = |table: &str| facts.subnets_of(&facts.route_tables[table].fact);
        assert_eq!(
            (of("rtb-1"), of("rtb-2")),
            (vec!["subnet-1"], vec!["subnet-2"])
        );
        assert_eq!(facts.table_of(&facts.subnets["subnet-3"].fact), None);
    }

    #[test]
    fn only_everybody_everything_everywhere_is_full_access() {
        let word = |policy: Option<&str>| {
            Endpoint {
                policy_document: policy.map(str::to_owned),
                ..Endpoint::default()
            }
            .policy_word()
        };
        #[rustfmt::skip]
        let cases = [
            ("AWS's default", Some(r#"{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}]}"#), Some("full-access")),
            ("an object",     Some(r#"{"Statement":{"Action":["*"],"Effect":"Allow","Principal":{"AWS":"*"},"Resource":"*"}}"#), Some("full-access")),
            ("one account",   Some(r#"{"Statement":[{"Action":"*","Effect":"Allow","Principal":{"AWS":"111122223333"},"Resource":"*"}]}"#), Some("custom")),
            ("a condition",   Some(r#"{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*","Condition":{}}]}"#), Some("custom")),
            ("a denial too",  Some(r#"{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"},{"Effect":"Deny"}]}"#), Some("custom")),
            ("not JSON",      Some("{"), Some("custom")),
            ("none",          None, None),
        ];
        for (title, policy, expected) in cases {
            assert_eq!(word(policy), expected, "{title}");
        }
    }
}
