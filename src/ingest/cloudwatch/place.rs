//! Which log group a word means: `cloudwatch:…` goes in, a [`Place`] comes out.

use crate::diag::{Diagnostic, Location, Severity, show};

/// A log group, and the streams of it that are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The word up to the log group, for uris: `cloudwatch:/vpc/flow`.
    pub(super) uri: String,
    /// The log group's name.
    pub(super) group: String,
    /// The log group's ARN, if the word is one: only an ARN reaches a group of another account.
    pub(super) arn: Option<String>,
    /// The Region of the ARN.
    pub(super) region: Option<String>,
    /// The account of the ARN.
    pub(super) account: Option<String>,
    /// Streams whose names begin so.
    pub(super) prefix: Option<String>,
}

impl Place {
    /// Reads `cloudwatch:GROUP[:STREAM-PREFIX]`, or a log group's ARN in the place of GROUP. AWS allows no colon in either name.
    pub(super) fn parse(word: &str) -> Result<Place, Box<Diagnostic>> {
        let rest = word.strip_prefix("cloudwatch:").unwrap_or(word);
        let place = if rest.starts_with("arn:") {
            of_arn(rest)
        } else {
            of_name(rest)
        };
        place
            .filter(|place| is_group(&place.group) && place.prefix.as_deref().is_none_or(is_prefix))
            .ok_or_else(|| Box::new(no_place(word)))
    }

    /// The word that means it, as shown where no part of it is meant.
    pub(super) fn word(&self) -> String {
        match &self.prefix {
            Some(prefix) => format!("{}:{prefix}", self.uri),
            None => self.uri.clone(),
        }
    }
}

fn of_name(rest: &str) -> Option<Place> {
    let (group, prefix) = match rest.split_once(':') {
        Some((group, prefix)) => (group, Some(prefix.to_owned())),
        None => (rest, None),
    };
    Some(Place {
        uri: format!("cloudwatch:{group}"),
        group: group.to_owned(),
        arn: None,
        region: None,
        account: None,
        prefix,
    })
}

/// `arn:aws:logs:REGION:ACCOUNT:log-group:NAME`, and behind it `:*`, `:PREFIX` or `:log-stream:PREFIX`.
fn of_arn(rest: &str) -> Option<Place> {
    let parts: Vec<&str> = rest.split(':').collect();
    let [_, _, "logs", region, account, "log-group", group, tail @ ..] = parts.as_slice() else {
        return None;
    };
    let prefix = match tail {
        [] | ["*"] | ["log-stream", "" | "*"] => None,
        [prefix] | ["log-stream", prefix] => Some((*prefix).to_owned()),
        _ => return None,
    };
    let digits = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    if region.is_empty() || !digits {
        return None;
    }
    // AWS gives ARNs of groups with `:*` at their end, and takes them without it only.
    let arn = parts[..7].join(":");
    Some(Place {
        uri: format!("cloudwatch:{arn}"),
        group: (*group).to_owned(),
        arn: Some(arn),
        region: Some((*region).to_owned()),
        account: Some((*account).to_owned()),
        prefix,
    })
}

fn is_group(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_./#-".contains(&byte);
    (1..=512).contains(&name.len()) && name.bytes().all(fits)
}

fn is_prefix(prefix: &str) -> bool {
    (1..=512).contains(&prefix.len()) && !prefix.contains([':', '*'])
}

fn no_place(word: &str) -> Diagnostic {
    Diagnostic::new(
        Severity::Error,
        "input-not-found",
        format!("`{}` names no log group", show(word)),
        "logs that are not found may hide whole hours, so there is no verdict at all",
        "write cloudwatch:LOG-GROUP, cloudwatch:LOG-GROUP:STREAM-PREFIX or cloudwatch:arn:aws:logs:REGION:ACCOUNT:log-group:NAME",
    )
    .at(Location::source(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_a_group_and_perhaps_a_prefix() {
        let arn = "arn:aws-cn:logs:cn-north-1:123456789012:log-group:/vpc/flow";
        let words = |tail: &str| format!("cloudwatch:{arn}{tail}");
        #[rustfmt::skip]
        let cases = [
            // title,                word,                                 group,             prefix,          Region
            ("a name",               "cloudwatch:/vpc/flow.a_b#-9".into(), "/vpc/flow.a_b#-9", None,           None),
            ("a prefix",             "cloudwatch:flow:eni-1/x y".into(),   "flow",            Some("eni-1/x y"), None),
            ("an ARN",               words(""),                            "/vpc/flow",       None,            Some("cn-north-1")),
            ("an ARN as AWS has it", words(":*"),                          "/vpc/flow",       None,            Some("cn-north-1")),
            ("an ARN and a prefix",  words(":eni-1"),                      "/vpc/flow",       Some("eni-1"),   Some("cn-north-1")),
            ("a stream's ARN",       words(":log-stream:eni-1"),           "/vpc/flow",       Some("eni-1"),   Some("cn-north-1")),
            ("all streams' ARN",     words(":log-stream:*"),               "/vpc/flow",       None,            Some("cn-north-1")),
        ];
        for (title, word, group, prefix, region) in cases {
            let place = Place::parse(&word).unwrap();
            assert_eq!(place.group, group, "{title}");
            assert_eq!(place.prefix.as_deref(), prefix, "{title}");
            assert_eq!(place.region.as_deref(), region, "{title}");
            assert_eq!(place.arn.as_deref(), region.map(|_| arn), "{title}");
        }
    }

    #[test]
    fn what_names_no_group_is_refused() {
        for word in [
            "cloudwatch:",
            "cloudwatch:a b",
            "cloudwatch:a*",
            "cloudwatch:a:",
            "cloudwatch:a:b:c",
            "cloudwatch:a:b*",
            "cloudwatch:arn:aws:s3:::bucket",
            "cloudwatch:arn:aws:logs:eu-west-1:1:log-group:a",
            "cloudwatch:arn:aws:logs::123456789012:log-group:a",
            "cloudwatch:arn:aws:logs:eu-west-1:123456789012:log-group:a:b:c",
            "cloudwatch:arn:aws:logs:eu-west-1:123456789012:log-group:",
        ] {
            let why = Place::parse(word).unwrap_err();
            assert_eq!(why.code, "input-not-found", "{word}");
        }
        assert!(Place::parse(&format!("cloudwatch:{}", "a".repeat(513))).is_err());
    }
}
