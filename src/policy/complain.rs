//! The complaints about a policy, one function a code.

use crate::diag::{Diagnostic, Location, Severity, did_you_mean, show};

const WEAKER: &str = "a part of the policy that cannot be understood would leave it weaker than written, so there is no verdict (exit 2)";

/// What is wrong with a word, without its place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    /// One clause.
    pub(super) message: String,
    /// What should have stood there.
    pub(super) expected: String,
    /// One thing to do.
    pub(super) help: String,
}

impl Wrong {
    /// All three parts.
    pub(super) fn new(
        message: impl Into<String>,
        expected: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Wrong {
            message: message.into(),
            expected: expected.into(),
            help: help.into(),
        }
    }
}

fn error(code: &'static str, message: String, why: &str, help: String, at: Location) -> Diagnostic {
    Diagnostic::new(Severity::Error, code, message, why, help).at(at)
}

/// Not TOML; only the first error, for the rest would be guesswork.
pub(super) fn bad_toml(at: Location, message: &str) -> Diagnostic {
    let first = message.lines().collect::<Vec<_>>().join(", ");
    let message = format!("the policy is not TOML: {}", show(&first));
    let why = "what cannot be read cannot be claimed, so there is no verdict (exit 2)";
    let help = "mend the file at this place; https://toml.io has the syntax".to_owned();
    error("policy-bad-toml", message, why, help, at)
}

/// A key that is not there.
pub(super) fn missing_key(at: Location, key: &str, meaning: &str) -> Diagnostic {
    let message = format!("`{key}` is missing");
    let why = "without it, it is not said what is claimed, so there is no verdict (exit 2)";
    error("policy-missing-key", message, why, meaning.to_owned(), at)
}

/// A key that nobody reads. `home` is the table that has it, if one does.
pub(super) fn unknown_key(
    at: Location,
    key: &str,
    keys: &[&'static str],
    home: Option<&str>,
) -> Diagnostic {
    let guess = match (did_you_mean(key, keys.iter().copied()), home) {
        (_, Some(home)) => format!("`{key}` belongs {home}; "),
        (Some(near), None) => format!("did you mean `{near}`? "),
        (None, None) => String::new(),
    };
    let message = format!("unknown key `{}`", show(key));
    let why = "an ignored key would leave the policy weaker than written, so there is no verdict (exit 2)";
    let help = format!("{guess}the keys here are: {}", keys.join(", "));
    error("policy-unknown-key", message, why, help, at)
}

/// Another version: its keys may mean something else, so nothing else is read.
pub(super) fn version(at: Location, got: &str) -> Diagnostic {
    let message = "this version of the policy format is not known".to_owned();
    let why = "the same words may mean something else in another version, so there is no verdict (exit 2)";
    let help = "write `version = 1`, or use the flowproof that knows this version".to_owned();
    error("policy-version", message, why, help, at).got(format!("`{}`, expected 1", show(got)))
}

/// A value of the wrong type.
pub(super) fn wrong_type(at: Location, key: &str, got: &str, expected: &str) -> Diagnostic {
    let message = format!("`{}` has a value of the wrong type", show(key));
    let help = format!("write {expected}");
    error("policy-bad-value", message, WEAKER, help, at).got(format!("{got}, expected {expected}"))
}

/// A list without items where one is needed.
pub(super) fn empty(at: Location, key: &str) -> Diagnostic {
    let message = format!("`{key}` is empty");
    let why = "an empty list could mean everything or nothing, so there is no verdict (exit 2)";
    let help = format!("name at least one, or leave `{key}` out if it may be left out");
    error("policy-bad-value", message, why, help, at).got("nothing, expected at least one value")
}

/// A word that means nothing.
pub(super) fn bad_value(at: Location, got: &str, wrong: Wrong) -> Diagnostic {
    let got = format!("`{}`, expected {}", show(got), wrong.expected);
    error("policy-bad-value", wrong.message, WEAKER, wrong.help, at).got(got)
}

/// The same id twice.
pub(super) fn duplicate_id(at: Location, first: Location, id: &str) -> Diagnostic {
    let message = format!("two claims have the id `{}`", show(id));
    let why = "exceptions and reports name claims by id, so there is no verdict (exit 2)";
    let help = "give each claim an id of its own".to_owned();
    error("policy-duplicate-id", message, why, help, at).at(first)
}

/// A policy without claims.
pub(super) fn no_claims(at: Location) -> Diagnostic {
    let message = "the policy claims nothing".to_owned();
    let why = "where nothing is claimed nothing is proven, so there is no verdict (exit 2)";
    let help = "add a [[claim]] with id, to and allow, or leave --policy out for the built-in one";
    error("policy-no-claims", message, why, help.to_owned(), at)
}

/// An exception for nobody.
pub(super) fn unknown_claim(at: Location, id: &str, ids: &[&str]) -> Diagnostic {
    let guess = did_you_mean(id, ids.iter().copied()).map_or_else(String::new, |near| {
        format!("did you mean `{}`? ", show(near))
    });
    let known = ids.iter().map(|id| show(id)).collect::<Vec<_>>().join(", ");
    let message = format!(
        "an exception for the claim `{}`, which is not there",
        show(id)
    );
    let why = "it would except nothing, or not what was meant, so there is no verdict (exit 2)";
    let help = format!("{guess}the claims are: {known}");
    error("policy-unknown-claim", message, why, help, at)
}

/// A narrowing of what is allowed where nothing is.
pub(super) fn narrows_nothing(at: Location, key: &str) -> Diagnostic {
    let message = format!("`{key}` narrows what is allowed, but `allow` is empty");
    let why = "the claim allows nothing with or without it, so it changes no verdict";
    let help = format!("leave `{key}` out, or name the paths in `allow`");
    Diagnostic::new(
        Severity::Warning,
        "policy-claim-matches-nothing",
        message,
        why,
        help,
    )
    .at(at)
}
