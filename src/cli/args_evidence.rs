//! What was asked of `report` and `check`.

use std::path::PathBuf;

use clap::Args;

use super::args::{AtAws, EXIT_CODES, Ranges, Speech, Work};
use super::values::{ReportTo, ReportWord, Target};

const REPORT_EXAMPLES: &str = "\
Examples:
  One page for people, and the test report of last night's run:
    flowproof report evidence.json html=report.html junit=report.xml
  The text report of a bundle, on stdout:
    flowproof report bundle/
  A month from its days, and the evidence of it:
    flowproof report evidence/2026-08-??.json html=2026-08.html json=2026-08.json";

const CHECK_EXAMPLES: &str = "\
Examples:
  Does this evidence agree with itself?
    flowproof check evidence.json
  Do the logs say so too?
    flowproof check evidence.json logs/ --topology topology.json --policy policy.toml
  All that a bundle rests on is in it but the logs; and who signed it?
    flowproof check bundle/ s3://YOUR-BUCKET/AWSLogs/ --public-key key.pub.pem";

const CHECK_CODES: &str = "\
Exit codes:
  0  what was checked is intact, and, if sources were given, reproduced
  2  it is not, or it cannot be checked";

/// Make reports from evidence, later; joins days to a month
///
/// Days that meet without a gap, and that asked the same, are a month: proven if all of them are, violated if one is. docs/scheduled.md
/// says what its numbers mean.
#[derive(Debug, Args)]
#[command(override_usage = "flowproof report [OPTIONS] <EVIDENCE>... [FORMAT=FILE]...", after_help = EXIT_CODES, after_long_help = format!("{REPORT_EXAMPLES}\n\n{EXIT_CODES}"))]
pub struct Report {
    /// What `verify --evidence` wrote, or folders of `verify --bundle` (`-` for stdin), and what to write: text, json, markdown, html,
    /// junit, sarif, ocsf or csv [default: text on stdout]
    ///
    /// A word `FORMAT` or `FORMAT=FILE` is a report; every other one is evidence. FILE `-`, or no FILE at all, means stdout. Of one evidence
    /// the bytes are those that `verify --report` would have written. Several are joined to one over all of their time; `json` keeps it.
    #[arg(value_name = "EVIDENCE|FORMAT=FILE", required = true, value_parser = ReportWord::parse)]
    words: Vec<ReportWord>,

    #[command(flatten)]
    pub speech: Speech,
}

impl Report {
    /// The evidences, in the order in which they were named.
    pub fn evidences(&self) -> Vec<&Target> {
        let mut found = Vec::new();
        for word in &self.words {
            if let ReportWord::Evidence(place) = word {
                found.push(place);
            }
        }
        found
    }

    /// The reports that were asked for; text on stdout if none was.
    pub fn reports(&self) -> Vec<ReportTo> {
        let report = |word: &ReportWord| match word {
            ReportWord::Report(to) => Some(to.clone()),
            ReportWord::Evidence(_) => None,
        };
        let asked: Vec<ReportTo> = self.words.iter().filter_map(report).collect();
        ReportTo::or_text(&asked)
    }
}

/// Check evidence: does it agree with itself, with its signature, and with the logs?
///
/// Always checked: sums, and that verdicts follow from witnesses and obligations. With topology, policy, ip-ranges and metrics:
/// their digests. With sources too: everything is judged again in the evidence's own window and compared. Stdout says what was checked and
/// what was not.
#[derive(Debug, Args)]
#[command(after_help = CHECK_CODES, after_long_help = format!("{CHECK_EXAMPLES}\n\n{CHECK_CODES}"))]
pub struct CheckEvidence {
    /// What `verify --evidence` wrote, or the folder of `verify --bundle`; `-` for stdin
    #[arg(value_name = "EVIDENCE")]
    pub evidence: Target,

    /// The flow logs that it rests on, as for verify; they may lie elsewhere now, and are told by their digests. Of a joined evidence: the
    /// evidences that were joined
    #[arg(value_name = "SOURCE")]
    pub sources: Vec<String>,

    /// The topology that it rests on [default: the bundle's]
    #[arg(long = "topology", value_name = "DIR|FILE")]
    pub topologies: Vec<PathBuf>,

    /// The policy that it rests on [default: the bundle's, or the built-in one]
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,

    #[command(flatten)]
    pub ranges: Ranges,

    /// The CloudWatch metrics that it rests on [default: the bundle's]
    #[arg(long, value_name = "FILE")]
    pub metrics: Option<PathBuf>,

    /// As it was given to verify [default: the bundle's]
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,

    /// Who must have signed it: a public Ed25519 key in PEM
    ///
    /// The envelope is the file with `.dsse.json` appended to the evidence's name, or evidence.dsse.json of a bundle.
    #[arg(long, value_name = "PEM")]
    pub public_key: Option<PathBuf>,

    #[command(flatten)]
    pub work: Work,

    #[command(flatten)]
    pub speech: Speech,

    #[command(flatten)]
    pub aws: AtAws,
}
