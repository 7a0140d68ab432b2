//! The policy as meant: from words to meaning. Past this door, types carry the proof.

use std::collections::BTreeMap;

use super::complain::{self, Wrong};
use super::section::{Numbers, Word, Words, Written};
use super::{Claim, Exception, Policy, Rejected, Scope, network, raw, words};
use crate::diag::{Diagnostic, Location};
use crate::model::path::{Exit, Path};

/// Turns words into meaning and gathers complaints. What comes out is whole only if none of them is an error.
#[derive(Default)]
pub(super) struct Meaning {
    pub(super) problems: Vec<Diagnostic>,
}

impl Meaning {
    /// The whole policy.
    pub(super) fn policy(&mut self, raw: raw::Policy, source: &str, sha256: String) -> Policy {
        self.unique_ids(&raw.claims);
        let ids: Vec<Option<String>> = raw
            .claims
            .iter()
            .map(|claim| claim.id.as_ref().map(|id| id.value.clone()))
            .collect();
        Policy {
            source: source.to_owned(),
            sha256,
            rejected: self
                .word(raw.rejected, |word| {
                    let all = [Rejected::Attempt, Rejected::Violation, Rejected::Ignore];
                    words::one_of(word, "word for rejected flows", &all, Rejected::as_str, "")
                })
                .unwrap_or_default(),
            scope: self.scope(raw.scope),
            max_silence_s: self.word(raw.max_silence, words::duration_s),
            claims: raw
                .claims
                .into_iter()
                .map(|claim| self.claim(claim))
                .collect(),
            exceptions: raw
                .exceptions
                .into_iter()
                .map(|exception| self.exception(exception, &ids))
                .collect(),
        }
    }

    fn kept<T>(&mut self, at: Location, got: &str, result: Result<T, Wrong>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(wrong) => {
                self.problems.push(complain::bad_value(at, got, wrong));
                None
            }
        }
    }

    fn word<T>(
        &mut self,
        word: Option<Word>,
        read: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Option<T> {
        let Written { value, at } = word?;
        self.kept(at, &value, read(&value))
    }

    fn words<T>(
        &mut self,
        words: Option<Words>,
        read: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Option<Vec<T>> {
        let words = words?.value;
        let values = words
            .into_iter()
            .filter_map(|Written { value, at }| self.kept(at, &value, read(&value)));
        Some(values.collect())
    }

    fn ports(&mut self, ports: Option<Numbers>) -> Option<Vec<u16>> {
        let ports = ports?.value;
        let values = ports.into_iter().filter_map(|Written { value, at }| {
            self.kept(at, &value.to_string(), words::port(value))
        });
        Some(values.collect())
    }

    fn unique_ids(&mut self, claims: &[raw::Claim]) {
        let mut seen: BTreeMap<&str, &Location> = BTreeMap::new();
        for id in claims.iter().filter_map(|claim| claim.id.as_ref()) {
            if let Some(first) = seen.get(id.value.as_str()).copied() {
                let problem = complain::duplicate_id(id.at.clone(), first.clone(), &id.value);
                self.problems.push(problem);
            } else {
                seen.insert(&id.value, &id.at);
            }
        }
    }

    fn scope(&mut self, scope: raw::Scope) -> Scope {
        let mut ids = |words, prefix: &str| {
            self.words(words, |word| network::id(prefix, word))
                .unwrap_or_default()
        };
        Scope {
            vpcs: ids(scope.vpcs, "vpc-"),
            subnets: ids(scope.subnets, "subnet-"),
            interfaces: ids(scope.interfaces, "eni-"),
            cidrs: self.words(scope.cidrs, network::block).unwrap_or_default(),
            tags: scope.tags,
        }
    }

    fn claim(&mut self, claim: raw::Claim) -> Claim {
        self.narrowings(&claim);
        let asserts = as_written(&claim);
        let title = self.word(claim.title, words::text);
        Claim {
            at: claim.at,
            title: title.unwrap_or_else(|| title_of(&asserts)),
            id: self.word(claim.id, words::claim_id).unwrap_or_default(),
            to: self.words(claim.to, words::to).unwrap_or_default(),
            from: self.words(claim.from, words::from).unwrap_or_default(),
            allow: self
                .words(claim.allow, |word| {
                    words::one_of(word, "path", Path::ALL, Path::as_str, "undetermined")
                })
                .unwrap_or_default(),
            exits: self.words(claim.exits, |word| {
                words::one_of(word, "exit", Exit::ALL, Exit::as_str, "unknown")
            }),
            through: self.words(claim.through, network::gateway),
            ports: self.ports(claim.ports),
            asserts,
        }
    }

    /// `exits` and `through` say which of the allowed flows are allowed; where none is, they do nothing.
    fn narrowings(&mut self, claim: &raw::Claim) {
        let allows_none = |allow: &Words| allow.value.is_empty();
        if !claim.allow.as_ref().is_some_and(allows_none) {
            return;
        }
        for (key, words) in [("exits", &claim.exits), ("through", &claim.through)] {
            if let Some(words) = words {
                self.problems
                    .push(complain::narrows_nothing(words.at.clone(), key));
            }
        }
    }

    fn exception(&mut self, exception: raw::Exception, ids: &[Option<String>]) -> Exception {
        let claim = exception.claim.and_then(|claim| {
            let index = ids
                .iter()
                .position(|id| id.as_deref() == Some(&claim.value));
            if index.is_none() {
                let known: Vec<&str> = ids.iter().flatten().map(String::as_str).collect();
                self.problems
                    .push(complain::unknown_claim(claim.at, &claim.value, &known));
            }
            index
        });
        Exception {
            // Missing only beside an error, so that it is never looked at.
            claim: claim.unwrap_or_default(),
            at: exception.at,
            to: self.words(exception.to, words::to).unwrap_or_default(),
            from: self.words(exception.from, words::from).unwrap_or_default(),
            ports: self.ports(exception.ports),
            reason: self.word(exception.reason, words::text).unwrap_or_default(),
            owner: self.word(exception.owner, words::text),
            expires: self.word(exception.expires, words::expiry),
        }
    }
}

/// What the claim says, as written, by key.
fn as_written(claim: &raw::Claim) -> BTreeMap<String, Vec<String>> {
    let lists = [
        ("to", &claim.to),
        ("from", &claim.from),
        ("allow", &claim.allow),
        ("exits", &claim.exits),
        ("through", &claim.through),
    ];
    let mut asserts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (key, words) in lists {
        if let Some(words) = words {
            let texts = words.value.iter().map(|word| word.value.clone());
            asserts.insert(key.to_owned(), texts.collect());
        }
    }
    if let Some(ports) = &claim.ports {
        let texts = ports.value.iter().map(|port| port.value.to_string());
        asserts.insert("ports".to_owned(), texts.collect());
    }
    asserts
}

/// A title for a claim that has none.
fn title_of(asserts: &BTreeMap<String, Vec<String>>) -> String {
    let list = |key: &str, before: &str, between: &str| match asserts.get(key) {
        Some(words) if !words.is_empty() => format!("{before}{}", words.join(between)),
        _ => String::new(),
    };
    let reach = [
        list("to", " to ", ", "),
        list("from", " from ", ", "),
        list("ports", " on port ", ", "),
    ]
    .concat();
    match list("allow", " only goes ", " or ") {
        allow if allow.is_empty() => format!("no traffic{reach}"),
        allow => [
            format!("traffic{reach}{allow}"),
            list("exits", ", leaving by ", " or "),
            list("through", ", through ", " or "),
        ]
        .concat(),
    }
}
