//! The policy as written: keys known, types right, nothing missing; what the words mean is for `valid`.

use toml::de::{DeTable, DeValue};

use super::complain;
use super::place::Text;
use super::section::{Empty, Numbers, Reader, Section, Word, Words, Written, integer};
use crate::diag::{Diagnostic, Location};

const TOP: &[&str] = &[
    "version",
    "rejected",
    "scope",
    "coverage",
    "claim",
    "exception",
];
const SCOPE: &[&str] = &["vpcs", "subnets", "interfaces", "cidrs", "tags"];
const COVERAGE: &[&str] = &["max_silence"];
const CLAIM: &[&str] = &[
    "id", "title", "to", "from", "allow", "exits", "through", "ports",
];
const EXCEPTION: &[&str] = &["claim", "to", "from", "ports", "reason", "owner", "expires"];

const TO_MEANING: &str = "say what is reached, for example to = [\"service:s3\"]";
const ID_MEANING: &str = "give the claim a short name, for example id = \"s3-private\"";
const ALLOW_MEANING: &str = "list the paths that are allowed, for example allow = [\"via-endpoint-eni\"]; allow = [] allows none";

/// The policy as written. What is `None` was left out, or complained of.
#[derive(Default)]
pub(super) struct Policy {
    pub(super) rejected: Option<Word>,
    pub(super) scope: Scope,
    pub(super) max_silence: Option<Word>,
    pub(super) claims: Vec<Claim>,
    pub(super) exceptions: Vec<Exception>,
}

/// `[scope]`
#[derive(Default)]
pub(super) struct Scope {
    pub(super) vpcs: Option<Words>,
    pub(super) subnets: Option<Words>,
    pub(super) interfaces: Option<Words>,
    pub(super) cidrs: Option<Words>,
    pub(super) tags: Vec<(String, Vec<String>)>,
}

/// `[[claim]]`
pub(super) struct Claim {
    pub(super) at: Location,
    pub(super) id: Option<Word>,
    pub(super) title: Option<Word>,
    pub(super) to: Option<Words>,
    pub(super) from: Option<Words>,
    pub(super) allow: Option<Words>,
    pub(super) exits: Option<Words>,
    pub(super) through: Option<Words>,
    pub(super) ports: Option<Numbers>,
}

/// `[[exception]]`
pub(super) struct Exception {
    pub(super) at: Location,
    pub(super) claim: Option<Word>,
    pub(super) to: Option<Words>,
    pub(super) from: Option<Words>,
    pub(super) ports: Option<Numbers>,
    pub(super) reason: Option<Word>,
    pub(super) owner: Option<Word>,
    pub(super) expires: Option<Word>,
}

/// Reads the keys of `text`; all complaints in one go, but for syntax and version: there the rest would be guesswork.
pub(super) fn read(source: &str, text: &str) -> (Policy, Vec<Diagnostic>) {
    let places = Text::new(source, text);
    let root = match DeTable::parse(text) {
        Ok(root) => root,
        Err(error) => {
            let offset = error.span().map_or(0, |span| span.start);
            let problem = complain::bad_toml(places.at(offset), error.message());
            return (Policy::default(), vec![problem]);
        }
    };
    let mut reader = Reader {
        text: &places,
        problems: Vec::new(),
    };
    let top = Section {
        table: root.get_ref(),
        at: places.at(0),
        keys: TOP,
    };
    let known_version = reader.version(&top);
    if !known_version {
        return (Policy::default(), reader.problems);
    }
    reader.unknown_keys(&top, home);
    let policy = Policy {
        rejected: reader.word(&top, "rejected", None),
        scope: reader.scope(&top),
        max_silence: reader.coverage(&top),
        claims: reader.claims(&top),
        exceptions: reader.exceptions(&top),
    };
    (policy, reader.problems)
}

/// Where a key belongs that stands in the wrong table.
fn home(key: &str) -> Option<&'static str> {
    match key {
        "version" | "rejected" => Some("at the top of the file, before the first [table]"),
        "max_silence" => Some("in [coverage]"),
        "vpcs" | "subnets" | "interfaces" | "cidrs" | "tags" => Some("in [scope]"),
        "allow" | "exits" | "through" => Some("in a [[claim]]"),
        "reason" | "owner" | "expires" => Some("in an [[exception]]"),
        _ => None,
    }
}

impl<'a> Reader<'a> {
    /// Whether to read on.
    fn version(&mut self, top: &Section<'a>) -> bool {
        let Some(value) = self.value(top, "version", Some("begin the file with `version = 1`"))
        else {
            return true;
        };
        let at = self.text.at(value.span().start);
        match (integer(value.get_ref()), value.get_ref()) {
            (Some(1), _) => true,
            (_, DeValue::Integer(written)) => {
                self.problems
                    .push(complain::version(at, &written.to_string()));
                false
            }
            (_, other) => {
                let got = other.as_str().unwrap_or(other.type_str());
                self.problems.push(complain::version(at, got));
                true
            }
        }
    }

    fn scope(&mut self, top: &Section<'a>) -> Scope {
        let Some(scope) = self.table(top, "scope", SCOPE, home) else {
            return Scope::default();
        };
        Scope {
            vpcs: self.words(&scope, "vpcs", None, Empty::Refused),
            subnets: self.words(&scope, "subnets", None, Empty::Refused),
            interfaces: self.words(&scope, "interfaces", None, Empty::Refused),
            cidrs: self.words(&scope, "cidrs", None, Empty::Refused),
            tags: self.tags(&scope),
        }
    }

    /// Tags by name: a value, or a list of values of which one must fit.
    fn tags(&mut self, scope: &Section<'a>) -> Vec<(String, Vec<String>)> {
        let Some(value) = self.value(scope, "tags", None) else {
            return Vec::new();
        };
        let at = self.at(value.span().start, scope);
        let Some(table) = value.get_ref().as_table() else {
            let expected = "a table of tags, for example { Environment = \"prod\" }";
            self.wrong_type(at, "tags", value.get_ref(), expected);
            return Vec::new();
        };
        if table.is_empty() {
            self.problems.push(complain::empty(at.clone(), "tags"));
        }
        let tags = Section {
            table,
            at,
            keys: &[],
        };
        let mut read = Vec::with_capacity(table.len());
        for (key, value) in table.iter() {
            let values = match value.get_ref() {
                DeValue::Array(_) => self
                    .words(&tags, key.get_ref(), None, Empty::Refused)
                    .map_or_else(Vec::new, |words| words.value),
                _ => self
                    .as_word(&tags, key.get_ref(), value)
                    .into_iter()
                    .collect(),
            };
            let values = values.into_iter().map(|word: Word| word.value).collect();
            read.push((key.get_ref().to_string(), values));
        }
        read
    }

    fn coverage(&mut self, top: &Section<'a>) -> Option<Word> {
        let coverage = self.table(top, "coverage", COVERAGE, home)?;
        self.word(&coverage, "max_silence", None)
    }

    fn claims(&mut self, top: &Section<'a>) -> Vec<Claim> {
        let sections = self.tables(top, "claim", "id", CLAIM, home);
        let written = top.table.get("claim").map(|value| value.get_ref());
        if written.is_none_or(|value| value.as_array().is_some_and(|items| items.is_empty())) {
            self.problems.push(complain::no_claims(top.at.clone()));
        }
        let mut claims = Vec::with_capacity(sections.len());
        for claim in &sections {
            claims.push(Claim {
                at: claim.at.clone(),
                id: self.word(claim, "id", Some(ID_MEANING)),
                title: self.word(claim, "title", None),
                to: self.words(claim, "to", Some(TO_MEANING), Empty::Refused),
                from: self.words(claim, "from", None, Empty::Refused),
                allow: self.words(claim, "allow", Some(ALLOW_MEANING), Empty::Fine),
                exits: self.words(claim, "exits", None, Empty::Refused),
                through: self.words(claim, "through", None, Empty::Refused),
                ports: self.numbers(claim, "ports"),
            });
        }
        claims
    }

    fn exceptions(&mut self, top: &Section<'a>) -> Vec<Exception> {
        let sections = self.tables(top, "exception", "claim", EXCEPTION, home);
        let mut exceptions = Vec::with_capacity(sections.len());
        for exception in &sections {
            let claim_meaning = "name the claim by its id";
            let reason_meaning = "say why, for whoever reads the report";
            exceptions.push(Exception {
                at: exception.at.clone(),
                claim: self.word(exception, "claim", Some(claim_meaning)),
                to: self.words(exception, "to", Some(TO_MEANING), Empty::Refused),
                from: self.words(exception, "from", None, Empty::Refused),
                ports: self.numbers(exception, "ports"),
                reason: self.word(exception, "reason", Some(reason_meaning)),
                owner: self.word(exception, "owner", None),
                expires: self.expires(exception),
            });
        }
        exceptions
    }

    /// A date, with or without quotes, as text.
    fn expires(&mut self, exception: &Section<'a>) -> Option<Word> {
        let value = self.value(exception, "expires", None)?;
        let at = self.at(value.span().start, exception);
        match value.get_ref() {
            DeValue::Datetime(date) => Some(Written {
                value: date.to_string(),
                at,
            }),
            DeValue::String(text) => Some(Written {
                value: text.to_string(),
                at,
            }),
            other => {
                let expected = "a date, for example 2026-12-31";
                self.wrong_type(at, "expires", other, expected);
                None
            }
        }
    }
}
