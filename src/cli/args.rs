//! What was asked. Help texts are the doc comments here; rules across options stand in `parse`.
//!
//! To add an option: a field here with its help, its rules in `parse`, a row in `parse_tests`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use flowproof::model::window::Window;

use super::args_evidence::{CheckEvidence, Report};
#[cfg(feature = "sql")]
use super::args_query::Query;
use super::console::Color;
use super::signing;
use super::values::{ReportTo, Target, Time, parse_duration, parse_size};

pub(super) const EXIT_CODES: &str = "\
Exit codes:
  0  all claims are proven (or: a command that judges nothing is done)
  1  a claim is violated: there is a flow that breaks it
  2  no verdict: wrong usage, a policy or input that cannot be read
  3  unproven: no flow breaks a claim, but the evidence has holes";

const EXAMPLES: &str = "\
Examples:
  flowproof verify logs/ --topology topology.json
  flowproof classify logs/ --topology topology.json --output flows.parquet
  flowproof query logs/ --topology topology.json --sql 'SELECT path, sum(bytes) FROM flows GROUP BY path'
  flowproof check evidence.json";

const VERIFY_EXAMPLES: &str = "\
Examples:
  Judge a folder of logs by the built-in policy:
    flowproof verify logs/ --topology topology.json
  Judge one day by your own policy, and keep the evidence:
    flowproof verify logs/ --topology topology/ --policy policy.toml \\
      --since 2026-08-01T00:00:00Z --until 2026-08-02T00:00:00Z --evidence evidence.json
  The same for an auditor: everything but the logs in one folder, signed
    flowproof verify logs/ --topology topology/ --policy policy.toml --since 24h \\
      --report html=report.html --bundle evidence-of-today --sign key.pem";

const CLASSIFY_EXAMPLES: &str = "\
Examples:
  Every record with its path, as Parquet:
    flowproof classify logs/ --topology topology.json --output flows.parquet
  The last day as CSV on stdout:
    flowproof classify logs/ --topology topology.json --since 24h --output - --output-format csv";

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  Why did this flow take that path, and what does the policy say of it?
    flowproof explain logs/ --topology topology.json --policy policy.toml --flow '10.40.2.10 3.5.11.24 443'
  The witness that a report names:
    flowproof explain logs/ --topology topology.json --record '…_20260811T0640Z_af1538f3.log.gz:7'";

const SNAPSHOT_EXAMPLES: &str = "\
Examples:
  One Region of the account that the environment names:
    flowproof topology snapshot --region eu-west-1 --output topology.json
  Two Regions of two accounts, one file each:
    flowproof topology snapshot --region eu-west-1 --region us-east-1 \\
      --profile prod --profile shared --output topologies
  One VPC, and what its routes permit:
    flowproof topology snapshot --vpc vpc-0a1b2c3d --output topology.json
    flowproof topology check --topology topology.json";

const CHECK_EXAMPLES: &str = "\
Examples:
  flowproof topology check --topology topology.json
  flowproof topology check --topology vpc-a.json --topology vpc-b.json --policy policy.toml
  flowproof topology check --topology topology.json --output-format json > topology-check.json";

/// Reads AWS VPC Flow Logs and proves, or refutes, that traffic stayed private
///
/// Every flow is given the network path that it took; a policy says which paths are allowed. A verdict is never better than
/// the evidence: a flow that breaks a claim makes it violated, any hole in the logs makes it unproven, and only a
/// complete record without such a flow makes it proven.
#[derive(Debug, Parser)]
#[command(name = "flowproof", after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"), subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Verify(Box<Verify>),
    Classify(Box<Classify>),
    Explain(Box<Explain>),
    #[cfg(feature = "sql")]
    Query(Box<Query>),
    Report(Report),
    Check(Box<CheckEvidence>),
    Topology(Topology),
    Completions(Completions),
    /// Write the manual page, of all commands, to stdout
    ///
    /// Read it with: flowproof man | man -l -
    Man,
}

/// Judge flow logs by a policy: proven, violated or unproven
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES, after_long_help = format!("{VERIFY_EXAMPLES}\n\n{EXIT_CODES}"))]
pub struct Verify {
    #[command(flatten)]
    pub input: Input,

    /// What must hold, in TOML [default: a built-in policy]
    ///
    /// The built-in policy claims that AWS services are reached through VPC endpoints only, and that nothing goes to the internet.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// Look again until the verdict is proven or violated, at most this long
    ///
    /// For the minutes after a deployment: logs arrive about 10 minutes after the traffic. Ends at once when a flow breaks a claim.
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub wait: Option<u64>,

    /// Go on from the last proven window, which this file remembers from run to run: no gap, and no overlap
    ///
    /// The first run needs --since; the next ones must not have it. Without --until the window ends an hour ago or more, where everything
    /// can have been delivered; of files, --until must be given. A run that is not proven leaves the file's window, and the next run
    /// covers its time again. docs/scheduled.md has all of it.
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,

    /// Write a report: text, json, markdown, html, junit, sarif, ocsf or csv; may be given several times [default: text on stdout]
    ///
    /// FILE `-`, or no FILE at all, means stdout. All formats tell the same verdict.
    #[arg(long = "report", value_name = "FORMAT=FILE", value_parser = ReportTo::parse)]
    reports: Vec<ReportTo>,

    /// Write the evidence here: the one JSON document from which every report is made
    ///
    /// `-` means stdout; then send the text report elsewhere with --report.
    #[arg(long, value_name = "FILE", value_parser = Target::parse)]
    pub evidence: Option<Target>,

    /// Compare the records with CloudWatch's byte counters: `live` to fetch them, or a file that has them
    ///
    /// NAT gateways, interface and Gateway Load Balancer endpoints; no other has counters. Needs --since and --until if live.
    /// docs/metrics.md has the file's format. Without it, `metrics-agree` is not asked.
    #[arg(long, value_name = "live|FILE", value_parser = MetricsFrom::parse)]
    pub metrics: Option<MetricsFrom>,

    /// Write the counters that --metrics live fetched here, for --metrics FILE
    #[arg(long, value_name = "FILE", value_parser = Target::parse)]
    pub save_metrics: Option<Target>,

    /// Keep the evidence in this folder, with topology, policy, ip-ranges, metrics and reports: `flowproof check DIR SOURCE…` needs no more
    ///
    /// The folder is made, or must be empty. Reports that were asked for are in it too.
    #[arg(long, value_name = "DIR")]
    pub bundle: Option<PathBuf>,

    /// Sign the evidence with this private Ed25519 key, in PEM: an in-toto statement in a DSSE envelope beside it
    ///
    /// It is written to the file of --evidence with `.dsse.json` appended, and to evidence.dsse.json of --bundle. docs/evidence.md says how to make a key.
    #[arg(long, value_name = "KEY")]
    pub sign: Option<PathBuf>,

    #[command(flatten)]
    pub speech: Speech,
}

impl Verify {
    /// Where the envelope beside the evidence goes, if it is signed.
    pub fn envelope(&self) -> Option<Target> {
        let file = self.evidence.as_ref()?.file()?;
        self.sign.as_ref()?;
        Some(Target::File(signing::envelope_of(file)))
    }

    /// The reports that were asked for; text on stdout if none was.
    pub fn reports(&self) -> Vec<ReportTo> {
        ReportTo::or_text(&self.reports)
    }
}

/// Where CloudWatch's counters come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetricsFrom {
    /// Fetched now.
    Live,
    /// A file.
    File(PathBuf),
}

impl MetricsFrom {
    /// Reads `live`, or the name of a file; one that is called `live` is `./live`.
    pub fn parse(text: &str) -> Result<MetricsFrom, std::convert::Infallible> {
        Ok(match text {
            "live" => MetricsFrom::Live,
            file => MetricsFrom::File(PathBuf::from(file)),
        })
    }
}

/// Write every record with the path that it took
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES, after_long_help = format!("{CLASSIFY_EXAMPLES}\n\n{EXIT_CODES}"))]
pub struct Classify {
    #[command(flatten)]
    pub input: Input,

    /// Where to write: a file ending in .parquet, .csv, .jsonl or .arrow, or `-` for stdout
    #[arg(long, value_name = "FILE", value_parser = Target::parse)]
    pub output: Target,

    /// In what format [default: by the ending of --output]
    #[arg(long, value_name = "FORMAT")]
    output_format: Option<OutputFormat>,

    #[command(flatten)]
    pub speech: Speech,
}

impl Classify {
    /// The format that was asked for, or that the file's name tells.
    pub fn format(&self) -> Result<OutputFormat, String> {
        if let Some(format) = self.output_format {
            return Ok(format);
        }
        let help = "add --output-format parquet, csv, jsonl or arrow";
        let Some(file) = self.output.file() else {
            return Err(format!(
                "--output - does not tell the format\n\n  help: {help}"
            ));
        };
        file.extension()
            .and_then(|ending| OutputFormat::from_str(ending.to_str()?, true).ok())
            .ok_or_else(|| {
                let file = flowproof::diag::show(&file.display().to_string());
                format!("the name `{file}` does not tell the format\n\n  help: {help}")
            })
    }
}

/// Explain one flow: its records, its path and every reason for it, and what the claims say
///
/// Nothing is judged anew: each answer is that of the rule, route or claim that decides in classify and verify. What is inferred, as who is
/// behind a NAT gateway that does not say, is marked as an inference. Exit code 0: found; 2: not found, or not readable.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES, after_long_help = format!("{EXPLAIN_EXAMPLES}\n\n{EXIT_CODES}"))]
#[command(group = clap::ArgGroup::new("which").required(true).args(["flow", "record"]))]
pub struct Explain {
    #[command(flatten)]
    pub input: Input,

    /// The flow: two ends and perhaps a port at either, in both directions
    ///
    /// An end is an address, a CIDR, `eni-…`, `i-…`, `any`, or `ADDRESS:PORT` as reports print it.
    #[arg(long, value_name = "SRC DST [PORT]")]
    pub flow: Option<String>,

    /// One record, by its place: a name of an input, or the end of one, and a line or row
    #[arg(long, value_name = "INPUT:LINE")]
    pub record: Option<String>,

    /// What must hold, in TOML [default: a built-in policy]
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// How to print it; json has every kind of record in full
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = ExplainFormat::Text)]
    pub output_format: ExplainFormat,

    #[command(flatten)]
    pub speech: Speech,
}

/// How an explanation is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExplainFormat {
    /// For people
    Text,
    /// For programs
    Json,
}

/// In what format classified records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// Columns, compressed
    Parquet,
    /// Text with a header line
    Csv,
    /// One JSON object a line
    Jsonl,
    /// Arrow IPC: a file, or a stream where it goes to stdout
    Arrow,
}

/// In what format a topology check is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SurveyFormat {
    /// For people
    Text,
    /// One JSON document, flowproof.topology-check/v1
    Json,
}

/// Look at a topology without any traffic
#[derive(Debug, Args)]
pub struct Topology {
    #[command(subcommand)]
    pub command: TopologyCommand,
}

#[derive(Debug, Subcommand)]
pub enum TopologyCommand {
    Snapshot(Snapshot),
    Check(Check),
}

/// Ask the EC2 API for the network's shape, and write it down for --topology
///
/// Makes the describe calls of docs/aws.md, page by page. The file holds what `aws ec2 describe-… --output json` prints, with the
/// time, the account and the Region. A call that the caller has no right to is recorded in it; any other failure leaves no file.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES, after_long_help = format!("{SNAPSHOT_EXAMPLES}\n\n{EXIT_CODES}"))]
pub struct Snapshot {
    /// Where to write: a file, or `-` for stdout; a folder, if several Regions, profiles or roles are asked
    ///
    /// A folder is made if it is missing, and holds one file each: ACCOUNT_REGION.json.
    #[arg(long, value_name = "FILE|DIR", value_parser = Target::parse)]
    pub output: Target,

    /// Only this VPC, where a call can be narrowed; may be given several times [default: all]
    #[arg(long = "vpc", value_name = "ID")]
    pub vpcs: Vec<String>,

    #[command(flatten)]
    pub speech: Speech,

    #[command(flatten)]
    pub aws: AtAws,
}

/// Say what a topology lacks, where its routes would lead, and which claims that lets be broken
///
/// Looks at configuration, before any traffic: endpoints and gateways that are not in order, where each route table would send every
/// sort of traffic, and for each claim "no route, cannot leak" or the way that would break it. It judges nothing: exit 0 or 2.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES, after_long_help = format!("{CHECK_EXAMPLES}\n\n{EXIT_CODES}"))]
pub struct Check {
    #[command(flatten)]
    pub topologies: Topologies,

    /// A policy to check against the topology, in TOML [default: a built-in policy]
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// What is written to stdout
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = SurveyFormat::Text)]
    pub output_format: SurveyFormat,

    #[command(flatten)]
    pub ranges: Ranges,

    #[command(flatten)]
    pub speech: Speech,

    #[command(flatten)]
    pub aws: AtAws,
}

/// Write a completion script for a shell to stdout
///
/// For bash: flowproof completions bash > ~/.local/share/bash-completion/completions/flowproof
#[derive(Debug, Args)]
pub struct Completions {
    /// Which shell
    pub shell: clap_complete::Shell,
}

/// What is read, and how.
#[derive(Clone, Debug, Args)]
pub struct Input {
    /// Flow logs: files, folders, globs, `-` for stdin, s3://BUCKET/PREFIX, cloudwatch:LOG-GROUP; several may be mixed
    ///
    /// Text or Parquet, plain or gzipped, told by content. A folder is read with all that is in it.
    #[arg(value_name = "SOURCE", required = true)]
    pub sources: Vec<String>,

    #[command(flatten)]
    pub topologies: Topologies,

    /// Keep what `--topology live` found, in this file; for several Regions or accounts in this folder
    #[arg(long, value_name = "FILE|DIR")]
    pub save_topology: Option<PathBuf>,

    /// Judge only records that end at this time or later [default: from the first record]
    ///
    /// RFC 3339 with a zone (2026-08-01T00:00:00Z), or how long ago (90m, 24h, 7d). With --since and --until, silence at the
    /// edges of that time counts as a hole; without, the records' own times are the window.
    #[arg(long, value_name = "TIME", value_parser = Time::parse)]
    since: Option<Time>,

    /// Judge only records that end before this time [default: to the last record]
    ///
    /// As --since.
    #[arg(long, value_name = "TIME", value_parser = Time::parse)]
    until: Option<Time>,

    /// The fields of logs that have no header line, as AWS writes a format: '${version} ${account-id} …'
    ///
    /// Default: the format that the topology's flow logs tell, else AWS's default format (version 2).
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,

    #[command(flatten)]
    pub ranges: Ranges,

    #[command(flatten)]
    pub work: Work,

    #[command(flatten)]
    pub aws: AtAws,
}

impl Input {
    /// Sources that are read again, in the window of an evidence.
    pub fn again(
        sources: &[String],
        log_format: Option<String>,
        work: &Work,
        aws: &AtAws,
    ) -> Input {
        Input {
            sources: sources.to_vec(),
            topologies: Topologies { words: Vec::new() },
            save_topology: None,
            since: None,
            until: None,
            log_format,
            ranges: Ranges { ip_ranges: None },
            work: work.clone(),
            aws: aws.clone(),
        }
    }

    /// The window that was asked for.
    pub fn window(&self, now_s: i64) -> Window {
        Window {
            since: self.since.map(|time| time.unix_s(now_s)),
            until: self.until.map(|time| time.unix_s(now_s)),
        }
    }
}

/// What the work may take; the verdict does not depend on it.
#[derive(Clone, Debug, Args)]
pub struct Work {
    /// How many threads work [default: one a processor]; the verdict does not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,

    /// How much memory may be used, with its unit
    #[arg(long, value_name = "SIZE", default_value = "512MiB", value_parser = parse_size)]
    pub memory: u64,
}

/// How AWS is asked; nothing is, unless a SOURCE, topology or metrics there are named.
#[derive(Clone, Debug, Args)]
pub struct AtAws {
    /// The Region to ask; for live topologies and snapshots several may be given [default: as for the AWS CLI]
    #[arg(help_heading = "AWS options", long = "region", value_name = "REGION")]
    pub regions: Vec<String>,

    /// The profile to ask with; for live topologies and snapshots several may be given [default: as for the AWS CLI]
    ///
    /// Logs are read with the first profile, role and Region.
    #[arg(help_heading = "AWS options", long = "profile", value_name = "NAME")]
    pub profiles: Vec<String>,

    /// A role to assume, as `arn:aws:iam::…:role/…`; for live topologies and snapshots several may be given
    #[arg(help_heading = "AWS options", long = "role-arn", value_name = "ARN")]
    pub role_arns: Vec<String>,

    /// Ask this URL in place of AWS's own endpoints, for S3-compatible stores
    #[arg(help_heading = "AWS options", long, value_name = "URL")]
    pub endpoint_url: Option<String>,

    /// Make at most this many requests, retries included
    #[arg(help_heading = "AWS options", long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_requests: Option<u64>,

    /// How long an answer, or its next bytes, may take
    #[arg(help_heading = "AWS options", long, value_name = "TIME", default_value = "60s", value_parser = parse_duration)]
    pub timeout: u64,

    /// Pay for requests to a bucket whose owner wants the requester to pay
    #[arg(help_heading = "AWS options", long)]
    pub requester_pays: bool,

    /// Read Parquet objects whole, for the sha256 of each, and not only the columns that are needed
    #[arg(help_heading = "AWS options", long)]
    pub full_digest: bool,
}

/// Where the network's shape comes from.
#[derive(Clone, Debug, Args)]
pub struct Topologies {
    /// The network's shape: a folder of `aws ec2 describe-… --output json` answers, or one file with all of them
    ///
    /// `live` asks the EC2 API now, with the AWS options. May be given several times, for several accounts, Regions or times.
    #[arg(long = "topology", value_name = "DIR|FILE|live", required = true)]
    pub words: Vec<PathBuf>,
}

impl Topologies {
    /// Whether the EC2 API is to be asked; a file of that name is `./live`.
    pub fn live(&self) -> bool {
        self.words.iter().any(|word| word.as_os_str() == "live")
    }

    /// Files and folders.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.words.iter().filter(|word| word.as_os_str() != "live")
    }
}

/// Where the names of public addresses come from.
#[derive(Clone, Debug, Args)]
pub struct Ranges {
    /// AWS's ip-ranges.json, which names the service behind a public address [default: a built-in copy]
    ///
    /// `flowproof --version` tells the date of the built-in copy. Nothing is ever downloaded.
    #[arg(long, value_name = "FILE")]
    pub ip_ranges: Option<PathBuf>,
}

/// What is said on stderr, and how.
#[derive(Clone, Copy, Debug, Args)]
pub struct Speech {
    /// Say nothing on stderr but errors: no warnings, no progress
    #[arg(long)]
    pub quiet: bool,

    /// Whether to use colour; auto: on a terminal, if NO_COLOR is not set
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    pub color: Color,
}
