//! What an evidence rests on beside the logs: what is at hand of it, by digest, and under the names that the evidence has for it.

use std::collections::BTreeMap;
use std::path::Path;

use flowproof::diag::{Diagnostic, Location, Severity, show};
use flowproof::model::evidence::Evidence;
use flowproof::model::metrics::Metrics;
use flowproof::model::symbol::Symbols;
use flowproof::policy::{self, Policy};
use flowproof::seal::manifest::{Role, sha256};
use flowproof::seal::pairing::{Named, pair};
use flowproof::topology::ranges::{Ranges, built_in_json};
use flowproof::topology::{Document, World};

use super::args_evidence::CheckEvidence;
use super::check::Examined;
use super::unbundle::Bundle;
use super::{load, metrics};

/// What was given, or stands in the bundle.
pub struct AtHand {
    documents: Vec<Document>,
    policy: Option<load::Named<String>>,
    ranges: Option<load::Named<Vec<u8>>>,
    metrics: Option<load::Named<Vec<u8>>>,
}

/// Reads what was given; what was not is taken from the bundle.
///
/// # Errors
/// Each file that cannot be read.
pub fn at_hand(asked: &CheckEvidence, bundle: Option<&Bundle>) -> Result<AtHand, Vec<Diagnostic>> {
    let owned = |(name, bytes): (String, &[u8])| (name, bytes.to_vec());
    let kept = |role| bundle.and_then(|bundle| bundle.of(role).next().map(owned));
    let (mut documents, ranges) = load::both(
        load::documents(asked.topologies.iter()),
        load::ranges(asked.ranges.ip_ranges.as_deref()),
    )?;
    if asked.topologies.is_empty() {
        let files = bundle
            .into_iter()
            .flat_map(|bundle| bundle.of(Role::Topology));
        documents = files
            .map(|(name, bytes)| Document {
                group: name.clone(),
                source: name,
                bytes: bytes.to_vec(),
            })
            .collect();
    }
    let policy = match load::policy_text(asked.policy.as_deref())? {
        None => kept(Role::Policy)
            .map(|(name, bytes)| (name, String::from_utf8_lossy(&bytes).into_owned())),
        given => given,
    };
    let read = |file: &Path| Ok((file.display().to_string(), metrics::read(file)?));
    let given: Result<_, Vec<Diagnostic>> = asked.metrics.as_deref().map(read).transpose();
    Ok(AtHand {
        documents,
        policy,
        ranges: ranges.or_else(|| kept(Role::IpRanges)),
        metrics: given?.or_else(|| kept(Role::Metrics)),
    })
}

/// All that a verdict needs beside the logs.
pub struct Rests {
    pub world: World,
    pub policy: Policy,
    pub metrics: Option<Metrics>,
    /// Warnings of policy and metrics.
    pub said: Vec<Diagnostic>,
}

/// Compares digests, and makes what is at hand into what a verdict is made from. `needed`: what is missing is a failure, for there
/// are sources to judge. `None`: something is missing.
///
/// # Errors
/// What is at hand and cannot be understood.
pub fn settle(
    evidence: &Evidence,
    at_hand: AtHand,
    needed: bool,
    examined: &mut Examined,
) -> Result<Option<Rests>, Vec<Diagnostic>> {
    let mut by = Comparing { needed, examined };
    let documents = by.documents(evidence, at_hand.documents);
    let policy = by.policy(evidence, at_hand.policy);
    if let Some(text) = &policy {
        by.claims(evidence, text.as_ref());
    }
    let ranges = by.ranges(evidence, at_hand.ranges)?;
    let metrics = by.metrics(evidence, at_hand.metrics);
    let (true, Some(documents), Some(policy), Some(ranges), Some(metrics)) =
        (needed, documents, policy, ranges, metrics)
    else {
        return Ok(None);
    };
    let mut world = load::world_of(&documents, ranges.as_ref())?;
    world
        .ranges
        .source
        .clone_from(&evidence.tool.ip_ranges.source);
    let (policy, mut said) = load::policy_of(policy.as_ref())?;
    let metrics = match metrics {
        Some((name, bytes)) => {
            let (metrics, more) = Metrics::parse(&name, &bytes)?;
            said.extend(more);
            Some(metrics)
        }
        None => None,
    };
    Ok(Some(Rests {
        world,
        policy,
        metrics,
        said,
    }))
}

/// What is at hand is not what the evidence rests on.
pub fn differs(name: &str, message: String, digests: Option<(&str, &str)>) -> Diagnostic {
    let problem = Diagnostic::new(
        Severity::Error,
        "rests-differ",
        message,
        "a verdict on something else says nothing of this evidence",
        "give the very files that the verdict was made from; `verify --bundle` keeps them",
    )
    .at(Location::source(name));
    match digests {
        Some((now, then)) => problem.got(format!("SHA-256 {now}, and {then} in the evidence")),
        None => problem,
    }
}

fn missing(name: &str, what: &str, option: &str) -> Diagnostic {
    Diagnostic::new(
        Severity::Error,
        "rests-missing",
        format!("{what} that the evidence rests on was not given"),
        "without it the verdict cannot be made again",
        format!("give it with {option}"),
    )
    .at(Location::source(name))
}

fn unzipped(error: &std::io::Error) -> Diagnostic {
    Diagnostic::new(
        Severity::Error,
        "ranges-bad",
        format!("the built-in copy cannot be unzipped: {error}"),
        "without it the verdict cannot be made again",
        "give AWS's file with --ip-ranges",
    )
}

/// What the evidence rests on, under its name; `None` if that is built in, or nothing. (Outside it another `Option`: it is missing.)
type Kept<B> = Option<load::Named<B>>;

struct Comparing<'e> {
    needed: bool,
    examined: &'e mut Examined,
}

impl Comparing<'_> {
    /// What was not given: a failure if it is needed.
    fn absent(&mut self, name: &str, what: &str, option: &str) {
        if self.needed {
            let problem = missing(name, what, option);
            self.examined
                .bad(format!("{what}: not given"), vec![problem]);
        } else {
            self.examined.open(format!("{what}: not given"));
        }
    }

    fn digest(&mut self, what: &str, name: &str, now: &str, then: &str) {
        if now == then {
            self.examined.good(format!("{what}: the same digest"));
        } else {
            let message = format!("this is not the {what} that the evidence rests on");
            let problem = differs(name, message, Some((now, then)));
            self.examined
                .bad(format!("{what}: another digest"), vec![problem]);
        }
    }

    /// The documents that the evidence names, under its names and in its order.
    fn documents(&mut self, evidence: &Evidence, here: Vec<Document>) -> Option<Vec<Document>> {
        let reports = evidence.topologies.iter();
        let told: Vec<(&str, &str, &str)> = reports
            .flat_map(|report| {
                let files = report.files.iter();
                files.map(|file| {
                    (
                        report.source.as_str(),
                        file.source.as_str(),
                        file.sha256.as_str(),
                    )
                })
            })
            .collect();
        if here.is_empty() {
            self.absent(
                told.first().map_or("topology", |one| one.0),
                "topology",
                "--topology",
            );
            return None;
        }
        let digests: Vec<String> = here.iter().map(|one| sha256(&one.bytes)).collect();
        let named = |name: &str, digest: &str| Named {
            name: name.to_owned(),
            sha256: Some(digest.to_owned()),
        };
        let names: Vec<Named> = told.iter().map(|one| named(one.1, one.2)).collect();
        let found: Vec<Named> = here
            .iter()
            .zip(&digests)
            .map(|(one, digest)| named(&one.source, digest))
            .collect();
        let pairing = pair(&names, &found);
        let (mut documents, mut problems) = (Vec::new(), Vec::new());
        for (index, place) in &pairing.pairs {
            let ((group, source, then), now) = (told[*index], &digests[*place]);
            if now != then {
                let message = "this is not the topology file that the evidence rests on".to_owned();
                problems.push(differs(&here[*place].source, message, Some((now, then))));
            }
            documents.push(Document {
                group: group.to_owned(),
                source: source.to_owned(),
                bytes: here[*place].bytes.clone(),
            });
        }
        let gone = pairing.missing.iter().map(|index| told[*index].1);
        problems.extend(gone.map(|name| missing(name, "a topology file", "--topology")));
        for place in &pairing.left {
            let message =
                "the evidence does not rest on this topology file; it is left out".to_owned();
            problems.push(differs(&here[*place].source, message, None));
        }
        let count = told.len();
        let files = if count == 1 {
            "1 file".to_owned()
        } else {
            format!("{count} files")
        };
        if problems.is_empty() {
            self.examined
                .good(format!("topology: {files} with the same digests"));
        } else {
            self.examined.bad(
                format!("topology: not the {files} of the evidence"),
                problems,
            );
        }
        (!documents.is_empty()).then_some(documents)
    }

    /// The policy's text.
    fn policy(
        &mut self,
        evidence: &Evidence,
        here: Option<load::Named<String>>,
    ) -> Option<Kept<String>> {
        let told = &evidence.policy;
        let Some((name, text)) = here else {
            if policy::built_in().sha256 == told.sha256 {
                self.examined.good("policy: the built-in one".to_owned());
                return Some(Some((told.source.clone(), policy::BUILT_IN.to_owned())));
            }
            self.absent(&told.source, "policy", "--policy");
            return None;
        };
        self.digest("policy", &name, &sha256(text.as_bytes()), &told.sha256);
        Some(Some((told.source.clone(), text)))
    }

    /// Whether the evidence has the policy's claims, all of them and as they are written: nobody who looks at the verdict alone would miss
    /// one that was taken out.
    fn claims(&mut self, evidence: &Evidence, policy: Option<&load::Named<String>>) {
        let same = |text: &str| sha256(text.as_bytes()) == evidence.policy.sha256;
        let Some((name, _)) = policy.filter(|(_, text)| same(text)) else {
            return;
        };
        let Ok((policy, _)) = load::policy_of(policy) else {
            // Another version could read it, and this one compares nothing.
            self.examined
                .open("claims: this version cannot read the policy".to_owned());
            return;
        };
        let said = |id: &str, title: &str, asserts: &BTreeMap<String, Vec<String>>| {
            let asserts = asserts
                .iter()
                .map(|(key, values)| format!("{key} = {}", values.join(", ")));
            let asserts = asserts.collect::<Vec<_>>().join("; ");
            format!("{id} `{}` ({})", show(title), show(&asserts))
        };
        let policys = policy
            .claims
            .iter()
            .map(|one| said(&one.id, &one.title, &one.asserts));
        let evidences = evidence
            .claims
            .iter()
            .map(|one| said(&one.id, &one.title, &one.asserts));
        let (expected, got): (Vec<String>, Vec<String>) = (policys.collect(), evidences.collect());
        let place = expected.iter().zip(&got).position(|(a, b)| a != b);
        let place = place.unwrap_or_else(|| expected.len().min(got.len()));
        let mut problems = Vec::new();
        if expected != got {
            let none = "nothing".to_owned();
            let (expected, got) = (
                expected.get(place).unwrap_or(&none),
                got.get(place).unwrap_or(&none),
            );
            problems.push(
                Diagnostic::new(
                    Severity::Error,
                    "evidence-inconsistent",
                    format!("claim {} of the evidence is not the policy's", place + 1),
                    "a claim that was taken out or changed says nothing of what the policy claims, whatever the verdict",
                    "have the verdict made anew from the inputs, with `flowproof verify`",
                )
                .at(Location::source(name).named(format!("claims[{place}]")))
                .got(format!("{got}, and the policy has {expected}")),
            );
        }
        let good = format!(
            "claims: all {} of the policy, as it has them",
            policy.claims.len()
        );
        self.examined
            .either(problems, good, "claims: not those of the policy");
    }

    /// The ranges' JSON; `Some(None)` for the built-in copy.
    fn ranges(
        &mut self,
        evidence: &Evidence,
        here: Option<load::Named<Vec<u8>>>,
    ) -> Result<Option<Kept<Vec<u8>>>, Vec<Diagnostic>> {
        let told = &evidence.tool.ip_ranges;
        let Some((name, bytes)) = here else {
            let built_in = built_in_json().map_err(|error| vec![unzipped(&error)])?;
            if sha256(&built_in) == told.sha256 {
                self.examined
                    .good("ip-ranges: the built-in copy".to_owned());
                return Ok(Some(None));
            }
            self.absent(&told.source, "ip-ranges", "--ip-ranges");
            return Ok(None);
        };
        let ranges = Ranges::parse(&name, &bytes, &mut Symbols::default())
            .map_err(|problem| vec![*problem])?;
        self.digest("ip-ranges", &name, &ranges.sha256, &told.sha256);
        Ok(Some(Some((told.source.clone(), bytes))))
    }

    /// The metrics' document; `Some(None)` if the evidence rests on none.
    fn metrics(
        &mut self,
        evidence: &Evidence,
        here: Option<load::Named<Vec<u8>>>,
    ) -> Option<Kept<Vec<u8>>> {
        match (&evidence.metrics, here) {
            (None, None) => Some(None),
            (None, Some((name, _))) => {
                let message = format!(
                    "the evidence rests on no metrics; {} is left out",
                    show(&name)
                );
                let problem = differs(&name, message, None);
                self.examined.bad(
                    "metrics: the evidence rests on none".to_owned(),
                    vec![problem],
                );
                Some(None)
            }
            (Some(told), None) => {
                self.absent(&told.source, "metrics", "--metrics");
                None
            }
            (Some(told), Some((name, bytes))) => {
                self.digest("metrics", &name, &sha256(&bytes), &told.sha256);
                Some(Some((told.source.clone(), bytes)))
            }
        }
    }
}
