//! How to check this page: the commands that make it again, fit to be pasted.

use serde::Serialize;

use crate::model::evidence::Evidence;

/// Sources named one by one; more are named by the folder that holds them all.
const SOURCES_MAX: usize = 3;

/// The commands.
#[derive(Serialize)]
pub(super) struct Again {
    /// Is the evidence intact, and does it come out the same?
    check: String,
    /// The same verdict from the same sources.
    verify: String,
    /// Every flow, of which this page shows the worst.
    every_flow: String,
    /// Whether the sources are named by what they have in common, which may hold more than was read.
    by_folder: bool,
}

/// The commands for this evidence.
pub(super) fn view(evidence: &Evidence) -> Again {
    let (sources, by_folder) = sources(evidence);
    let topologies: Vec<String> = evidence
        .topologies
        .iter()
        .map(|topology| format!(" --topology {}", quoted(&topology.source)))
        .collect();
    let mut on = format!("{sources}{}", topologies.concat());
    if evidence.tool.ip_ranges.source != "built-in" {
        on.push_str(&format!(
            " --ip-ranges {}",
            quoted(&evidence.tool.ip_ranges.source)
        ));
    }
    let policy = match evidence.policy.source.as_str() {
        "built-in" => String::new(),
        file => format!(" --policy {}", quoted(file)),
    };
    let mut window = String::new();
    for (flag, time) in [
        ("--since", &evidence.window.since),
        ("--until", &evidence.window.until),
    ] {
        if let Some(time) = time {
            window.push_str(&format!(" {flag} {}", quoted(time)));
        }
    }
    Again {
        check: match evidence.parts.len() {
            0 => format!("flowproof check evidence.json {on}{policy}"),
            // What each part rests on is for it to be checked by.
            _ => "flowproof check evidence.json EVIDENCE-OF-EACH-PART.json…".to_owned(),
        },
        verify: format!("flowproof verify {on}{policy}{window} --evidence again.json"),
        every_flow: format!("flowproof classify {on}{window} --output flows.csv"),
        by_folder,
    }
}

/// The inputs as words of a command, and whether they are named by their common folder.
fn sources(evidence: &Evidence) -> (String, bool) {
    let uris: Vec<&str> = evidence
        .inputs
        .iter()
        .map(|input| input.uri.as_str())
        .collect();
    if uris.is_empty() {
        return ("SOURCE".to_owned(), false);
    }
    if uris.len() <= SOURCES_MAX {
        let words: Vec<String> = uris.iter().map(|uri| quoted(uri)).collect();
        return (words.join(" "), false);
    }
    match common_folder(&uris) {
        Some(folder) => (quoted(folder), true),
        None => ("SOURCE…".to_owned(), false),
    }
}

/// The deepest folder or prefix that holds them all, with its slash; `None` where it would be a bucket-less scheme or nothing.
fn common_folder<'a>(uris: &[&'a str]) -> Option<&'a str> {
    let mut common = *uris.first()?;
    for uri in uris {
        let same = common
            .char_indices()
            .zip(uri.chars())
            .find(|((_, a), b)| a != b);
        let end = same.map_or(common.len().min(uri.len()), |((at, _), _)| at);
        common = common.get(..end)?;
    }
    let folder = common.get(..=common.rfind('/')?)?;
    (!folder.ends_with("//") && folder != "/").then_some(folder)
}

/// A word of a command that no shell takes for more, and no program for an option.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    let word = match word {
        option if option.starts_with('-') && option != "-" => format!("./{option}"),
        word => word.to_owned(),
    };
    if !word.is_empty() && word.chars().all(plain) {
        return word;
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn no_shell_takes_a_name_for_more() {
        #[rustfmt::skip]
        let cases = [
            ("logs/a.log.gz",   "logs/a.log.gz"),
            ("a b",             "'a b'"),
            ("$(reboot)",       "'$(reboot)'"),
            ("it's",            "'it'\\''s'"),
            ("--policy",        "./--policy"),
            ("-",               "-"),
            ("",                "''"),
            ("~root",           "'~root'"),
        ];
        for (word, expected) in cases {
            assert_eq!(quoted(word), expected, "{word}");
        }
    }

    #[test]
    fn many_inputs_are_named_by_their_folder() {
        let folder = common_folder(&["s3://b/x/1/a", "s3://b/x/12/b", "s3://b/x/13"]);
        assert_eq!(folder, Some("s3://b/x/"));
        assert_eq!(common_folder(&["s3://b/x", "s3://c/x"]), None);
        assert_eq!(common_folder(&["a", "b"]), None);
    }

    #[test]
    fn the_commands_name_what_was_read() {
        let again = view(&fixture::proven());
        assert!(
            again
                .verify
                .starts_with("flowproof verify s3://acme-flow-logs/")
        );
        assert!(again.verify.contains(
            " --topology topology.json --policy policy.toml --since 2026-08-01T00:00:00Z "
        ));
        assert!(again.every_flow.ends_with(" --output flows.csv"));
        assert!(view(&fixture::empty()).check.contains("SOURCE"));
    }
}
