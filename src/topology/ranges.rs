//! AWS's published ip-ranges.json: which services a public address belongs to.
//!
//! In: the JSON. Out: for any address, a set of services, and whether strangers' hosts live there too.
//! Source: "AWS IP address ranges" in the VPC user guide: every service range is listed under AMAZON too; S3 ranges that are also
//! under EC2 belong to S3 alone.

use std::borrow::Cow;
use std::io::Read;

use ipnet::IpNet;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::diag::{Diagnostic, Location, Severity};
use crate::model::address::{Address, Block};
use crate::model::map::Map;
use crate::model::name::{hex, normal_service};
use crate::model::path::Realm;
use crate::model::symbol::{Sym, Symbols};
use crate::topology::intervals::Intervals;
use crate::topology::packed;

/// AWS's file, renewed by `assets/renew-ip-ranges`; the date stands in it.
const BUILT_IN: &[u8] = include_bytes!("../../assets/ip-ranges.json.gz");

/// The day of the built-in copy; a test compares it with the file.
pub const BUILT_IN_DATE: &str = "2026-08-22";

/// The built-in copy as AWS published it, unzipped.
///
/// # Errors
/// None that the tests would let pass.
pub fn built_in_json() -> std::io::Result<Vec<u8>> {
    let mut json = Vec::new();
    flate2::read::MultiGzDecoder::new(BUILT_IN).read_to_end(&mut json)?;
    Ok(json)
}

/// Services whose ranges hold strangers' hosts: instances, load balancers, distributions, builds of other customers.
const STRANGERS: &[&str] = &[
    "api-gateway",
    "cloud9",
    "cloudfront",
    "codebuild",
    "ec2",
    "globalaccelerator",
];

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "createDate")]
    create_date: String,
    prefixes: Vec<Prefix>,
    ipv6_prefixes: Vec<Prefix>,
}

#[derive(Deserialize)]
struct Prefix {
    #[serde(alias = "ip_prefix", alias = "ipv6_prefix")]
    prefix: IpNet,
    service: String,
}

/// A row of ip-ranges.json.
#[derive(Clone, Debug, Deserialize)]
pub struct Published {
    /// The CIDR.
    #[serde(alias = "ip_prefix", alias = "ipv6_prefix")]
    pub prefix: IpNet,
    /// The service in normal form.
    pub service: String,
    /// AWS's word: a Region, or `GLOBAL`.
    pub region: String,
    /// Where AWS announces it from.
    #[serde(default)]
    pub network_border_group: String,
}

/// The rows of an ip-ranges.json, gzip or plain, in AWS's order, IPv4 first; of the built-in one if none is given.
///
/// # Errors
/// As [`Ranges::parse`].
pub fn published(ranges: Option<(&str, &[u8])>) -> Result<Vec<Published>, Box<Diagnostic>> {
    #[derive(Deserialize)]
    struct Rows {
        prefixes: Vec<Published>,
        ipv6_prefixes: Vec<Published>,
    }
    let (source, bytes) = ranges.unwrap_or(("built-in", BUILT_IN));
    let json = unzipped(source, bytes)?;
    let rows: Rows = serde_json::from_slice(&json)
        .map_err(|error| bad(source, Some(&error), &error.to_string()))?;
    let rows = rows.prefixes.into_iter().chain(rows.ipv6_prefixes);
    Ok(rows
        .map(|row| Published {
            service: normal_service(&row.service),
            ..row
        })
        .collect())
}

fn unzipped<'b>(source: &str, bytes: &'b [u8]) -> Result<Cow<'b, [u8]>, Box<Diagnostic>> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(Cow::Borrowed(bytes));
    }
    let mut unzipped = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes)
        .read_to_end(&mut unzipped)
        .map_err(|error| bad(source, None, &error.to_string()))?;
    Ok(Cow::Owned(unzipped))
}

/// The services of one piece of the address space.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSet {
    /// Every service that lists it, in normal form, sorted.
    pub services: Vec<Sym>,
    /// The one to show: the most particular.
    pub shown: Option<Sym>,
    /// AWS's own, or a place for strangers too.
    pub realm: Option<Realm>,
}

/// The published ranges, compiled.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranges {
    /// `built-in` or the file.
    pub source: String,
    /// AWS's createDate in Unix seconds.
    pub created_s: i64,
    /// Of the JSON, unzipped.
    pub sha256: String,
    /// What [`Ranges::labels`] gives an index of; 0 is the empty set.
    pub sets: Vec<LabelSet>,
    pub(super) pieces: Intervals<u16>,
}

impl Ranges {
    /// The copy that is built in.
    ///
    /// # Errors
    /// None that the tests would let pass.
    pub fn built_in(symbols: &mut Symbols) -> Result<Ranges, Box<Diagnostic>> {
        if let Some(ranges) = packed::built_in(symbols) {
            return Ok(ranges);
        }
        Ranges::parse("built-in", BUILT_IN, symbols)
    }

    /// Reads AWS's JSON, gzip or plain.
    ///
    /// # Errors
    /// `ranges-bad` with the place of the mistake.
    pub fn parse(
        source: &str,
        bytes: &[u8],
        symbols: &mut Symbols,
    ) -> Result<Ranges, Box<Diagnostic>> {
        let json = &*unzipped(source, bytes)?;
        let document: Document = serde_json::from_slice(json)
            .map_err(|error| bad(source, Some(&error), &error.to_string()))?;
        let created = jiff::fmt::strtime::parse("%Y-%m-%d-%H-%M-%S", &document.create_date)
            .and_then(|time| time.to_datetime());
        let created_s = created
            .and_then(|time| time.to_zoned(jiff::tz::TimeZone::UTC))
            .map_err(|error| bad(source, None, &format!("createDate: {error}")))?
            .timestamp()
            .as_second();
        let prefixes: Vec<Prefix> = document
            .prefixes
            .into_iter()
            .chain(document.ipv6_prefixes)
            .collect();
        if let Some(wrong) = prefixes.iter().find(|one| Block::is_disguised(&one.prefix)) {
            let got = format!("{}, IPv4 written as IPv6", wrong.prefix);
            return Err(bad(source, None, &got));
        }
        // Records may name a service that this file does not: what it says of strangers must not get lost with the name.
        for name in STRANGERS.iter().chain(&["amazon"]) {
            symbols.intern(name);
        }
        let mut names: Map<String, Sym> = Map::default();
        let services: Vec<Sym> = prefixes
            .iter()
            .map(|prefix| {
                if let Some(sym) = names.get(&prefix.service) {
                    return *sym;
                }
                let sym = symbols.intern(&normal_service(&prefix.service));
                names.insert(prefix.service.clone(), sym);
                sym
            })
            .collect();
        let blocks: Vec<Block> = prefixes
            .iter()
            .map(|prefix| prefix.prefix.trunc().into())
            .collect();
        let mut sets = Sets::new(symbols);
        let pieces = Intervals::build(&blocks, |_, holding| {
            sets.index(holding.iter().map(|index| services[*index]))
        })
        .indexed();
        let sha256 = hex(&Sha256::digest(json));
        Ok(Ranges {
            source: source.to_owned(),
            created_s,
            sha256,
            sets: sets.sets,
            pieces,
        })
    }

    /// Index into [`Ranges::sets`] for an address. NAT64 addresses are what they hide.
    pub fn labels(&self, address: Address) -> u16 {
        self.pieces.get(address.behind_nat64())
    }

    /// Addresses at which what the list says changes, in order.
    pub fn borders(&self) -> impl Iterator<Item = Address> {
        self.pieces.starts()
    }

    /// The set at an index.
    pub fn set(&self, index: u16) -> &LabelSet {
        &self.sets[usize::from(index)]
    }
}

/// Label sets met so far, each once.
struct Sets<'a> {
    symbols: &'a Symbols,
    sets: Vec<LabelSet>,
    by_services: Map<Vec<Sym>, u16>,
}

impl<'a> Sets<'a> {
    fn new(symbols: &'a Symbols) -> Self {
        Sets {
            symbols,
            sets: vec![LabelSet::default()],
            by_services: Map::from_iter([(Vec::new(), 0)]),
        }
    }

    fn index(&mut self, services: impl Iterator<Item = Sym>) -> u16 {
        let mut services: Vec<Sym> = services.collect();
        services.sort_unstable_by_key(|sym| self.symbols.name(*sym).to_owned());
        services.dedup();
        if let Some(index) = self.by_services.get(&services) {
            return *index;
        }
        let set = label_set(services.clone(), self.symbols);
        let index = u16::try_from(self.sets.len()).unwrap_or(u16::MAX);
        self.sets.push(set);
        self.by_services.insert(services, index);
        index
    }
}

/// What these services, sorted by name, say together.
pub(super) fn label_set(services: Vec<Sym>, symbols: &Symbols) -> LabelSet {
    let names: Vec<&str> = services.iter().map(|sym| symbols.name(*sym)).collect();
    let (shown, realm) = judge(&names);
    LabelSet {
        shown: shown.and_then(|name| symbols.find(name)),
        realm,
        services,
    }
}

/// The service to show for a set of names, and whether strangers live there.
///
/// AMAZON says nothing that another name does not say better, nor does EC2 beside a particular service. A place that is a
/// stranger's by any remaining name is the internet.
pub fn judge<'n>(names: &[&'n str]) -> (Option<&'n str>, Option<Realm>) {
    let mut rest: Vec<&str> = names
        .iter()
        .copied()
        .filter(|name| *name != "amazon")
        .collect();
    if rest.iter().any(|name| *name != "ec2") {
        rest.retain(|name| *name != "ec2");
    }
    match (
        rest.iter().find(|name| STRANGERS.contains(name)),
        rest.first(),
        names.first(),
    ) {
        (Some(stranger), ..) => (Some(stranger), Some(Realm::Internet)),
        (None, Some(own), _) => (Some(own), Some(Realm::Aws)),
        (None, None, Some(amazon)) => (Some(amazon), Some(Realm::Aws)),
        (None, None, None) => (None, None),
    }
}

fn bad(source: &str, error: Option<&serde_json::Error>, got: &str) -> Box<Diagnostic> {
    let mut place = Location::source(source);
    if let Some(error) = error {
        place.line = u64::try_from(error.line()).ok();
        place.column = u64::try_from(error.column()).ok();
    }
    Box::new(Diagnostic::new(
        Severity::Error,
        "ranges-bad",
        "this is not AWS's ip-ranges.json",
        "without it public addresses cannot be named, and no claim about a service can be judged",
        "download it again from AWS, or leave --ip-ranges out to use the built-in copy",
    )
    .at(place)
    .got(format!(
        "{got}; expected `createDate`, `prefixes` and `ipv6_prefixes`"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_copy_names_what_aws_names() {
        let mut symbols = Symbols::default();
        let ranges = Ranges::built_in(&mut symbols).unwrap();
        assert!(crate::model::window::rfc3339(ranges.created_s).starts_with(BUILT_IN_DATE));
        assert_eq!(
            crate::model::window::rfc3339(ranges.created_s),
            "2026-08-22T15:17:05Z"
        );
        #[rustfmt::skip]
        let cases = [
            ("S3, also under EC2",       "52.216.10.1",      Some("s3"),       Some(Realm::Aws)),
            ("S3 behind NAT64",          "64:ff9b::34d8:a01", Some("s3"),      Some(Realm::Aws)),
            ("DynamoDB",                 "52.94.0.10",       Some("dynamodb"), Some(Realm::Aws)),
            ("somebody's instance",      "3.239.232.29",     Some("ec2"),      Some(Realm::Internet)),
            ("nobody of AWS",            "8.8.8.8",          None,             None),
            ("private",                  "10.0.0.1",         None,             None),
        ];
        for (title, address, service, realm) in cases {
            let set = ranges.set(ranges.labels(Address::parse(address.as_bytes()).unwrap()));
            assert_eq!(set.shown.map(|sym| symbols.name(sym)), service, "{title}");
            assert_eq!(set.realm, realm, "{title}");
        }
    }

    #[test]
    fn a_strangers_place_is_the_internet_whatever_else_it_is_called() {
        #[rustfmt::skip]
        let cases: [(&[&str], Option<&str>, Option<Realm>); 6] = [
            (&["amazon"],                                Some("amazon"),     Some(Realm::Aws)),
            (&["amazon", "ec2"],                         Some("ec2"),        Some(Realm::Internet)),
            (&["amazon", "ec2", "s3"],                   Some("s3"),         Some(Realm::Aws)),
            (&["cloudfront", "cloudfront-origin-facing"], Some("cloudfront"), Some(Realm::Internet)),
            (&["api-gateway"],                           Some("api-gateway"), Some(Realm::Internet)),
            (&[],                                        None,               None),
        ];
        for (names, shown, realm) in cases {
            assert_eq!(judge(names), (shown, realm), "{names:?}");
        }
    }

    #[test]
    fn what_is_not_awss_file_is_refused_with_its_place() {
        let mut symbols = Symbols::default();
        let error = Ranges::parse("r.json", b"{\n \"prefixes\": 3}", &mut symbols).unwrap_err();
        assert_eq!(
            (error.code.as_str(), error.at[0].line),
            ("ranges-bad", Some(2))
        );
        assert!(Ranges::parse("r.json", &[0x1f, 0x8b, 1], &mut symbols).is_err());
        let with = |prefix: &str| {
            let row = format!(r#"{{"ipv6_prefix": "{prefix}", "service": "S3"}}"#);
            format!(
                r#"{{"createDate": "2026-08-01-00-00-00", "prefixes": [], "ipv6_prefixes": [{row}]}}"#
            )
        };
        Ranges::parse("r.json", with("2600::/32").as_bytes(), &mut symbols).unwrap();
        let disguised = with("::ffff:3.5.0.0/112");
        let error = Ranges::parse("r.json", disguised.as_bytes(), &mut symbols).unwrap_err();
        let got = error.got.as_deref().unwrap_or_default();
        assert!(got.contains("IPv4 written as IPv6"), "{got}");
    }
}
