//! From words to what was asked, rules across options included.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};
use flowproof::model::window::{Window, rfc3339};

use super::args::{Cli, Command, Input, MetricsFrom, Topology, TopologyCommand, Verify};
use super::args_evidence::{CheckEvidence, Report};
use super::snapshot;
use super::values::{ReportTo, Target};

/// The definition from which parser, completions and manual are made. `ranges_date`: of the built-in ip-ranges.json.
pub fn command(ranges_date: &str) -> clap::Command {
    // Once a run, and clap keeps the text for as long as the run.
    let version: &'static str =
        format!("{} (ip-ranges of {ranges_date})", env!("CARGO_PKG_VERSION")).leak();
    Cli::command().version(version)
}

/// What was asked, rules across options included. `now_s`: what relative times count from.
///
/// # Errors
/// Help and version too come as errors of clap's; `error.exit()` does what is right for each (0, or 2 on stderr).
pub fn parse(
    words: impl IntoIterator<Item = OsString>,
    ranges_date: &str,
    now_s: i64,
) -> Result<Cli, clap::Error> {
    let mut command = command(ranges_date);
    let matches = command.try_get_matches_from_mut(words)?;
    let cli = Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
    let (name, checked) = match &cli.command {
        Command::Verify(verify) => (
            "verify",
            check_input(&verify.input, now_s)
                .and_then(|()| check_targets(verify))
                .and_then(|()| check_metrics(verify, now_s))
                .and_then(|()| check_sign(verify)),
        ),
        Command::Classify(classify) => (
            "classify",
            check_input(&classify.input, now_s).and_then(|()| classify.format().map(|_| ())),
        ),
        Command::Explain(explain) => ("explain", check_input(&explain.input, now_s)),
        Command::Topology(Topology {
            command: TopologyCommand::Snapshot(asked),
        }) => ("topology", snapshot::check(asked)),
        Command::Report(report) => ("report", check_reports(report)),
        Command::Check(check) => ("check", check_check(check)),
        Command::Topology(_) | Command::Completions(_) | Command::Man => return Ok(cli),
    };
    let Err(message) = checked else {
        return Ok(cli);
    };
    Err(match command.find_subcommand_mut(name) {
        Some(command) => command.error(ErrorKind::ValueValidation, message),
        None => command.error(ErrorKind::ValueValidation, message),
    })
}

fn check_input(input: &Input, now_s: i64) -> Result<(), String> {
    if let Window {
        since: Some(since),
        until: Some(until),
    } = input.window(now_s)
        && since >= until
    {
        return Err(format!(
            "the window is empty: --since is {}, --until is {}\n\n  help: --until must be later than --since",
            rfc3339(since),
            rfc3339(until)
        ));
    }
    if input.sources.iter().filter(|source| *source == "-").count() > 1 {
        return Err("stdin (`-`) can be read only once".to_owned());
    }
    Ok(())
}

/// No output may be written twice: one would hide the other.
fn check_targets(verify: &Verify) -> Result<(), String> {
    let reports = verify.reports();
    let evidence = verify.evidence.iter().map(|target| ("--evidence", target));
    let envelope = verify.envelope();
    let envelope = envelope.iter().map(|target| ("--sign", target));
    let metrics = verify.save_metrics.iter();
    let metrics = metrics.map(|target| ("--save-metrics", target));
    apart(
        of_reports(&reports)
            .chain(evidence)
            .chain(envelope)
            .chain(metrics),
    )
}

fn of_reports(reports: &[ReportTo]) -> impl Iterator<Item = (&str, &Target)> {
    reports
        .iter()
        .map(|report| (report.format.as_str(), &report.target))
}

fn apart<'t>(outputs: impl Iterator<Item = (&'t str, &'t Target)>) -> Result<(), String> {
    let mut seen: Vec<(&str, &Target)> = Vec::new();
    for (what, target) in outputs {
        if let Some((first, _)) = seen.iter().find(|(_, other)| *other == target) {
            return Err(format!(
                "{first} and {what} would both be written to {}\n\n  help: give each a file of its own, for example --report text=report.txt",
                flowproof::diag::show(&target.to_string())
            ));
        }
        // A device such as /dev/null takes any number.
        if target.file().is_none_or(|file| !file.starts_with("/dev")) {
            seen.push((what, target));
        }
    }
    Ok(())
}

fn check_reports(report: &Report) -> Result<(), String> {
    apart(of_reports(&report.reports()))
}

/// What is signed must be in a file, for the envelope stands beside it.
fn check_sign(verify: &Verify) -> Result<(), String> {
    if verify.sign.is_some() && verify.envelope().is_none() && verify.bundle.is_none() {
        return Err("--sign writes an envelope beside the evidence\n\n  help: add --evidence FILE or --bundle DIR".to_owned());
    }
    Ok(())
}

fn check_check(check: &CheckEvidence) -> Result<(), String> {
    let stdin = check.sources.iter().filter(|source| *source == "-").count()
        + usize::from(check.evidence == Target::Stdout);
    if stdin > 1 {
        return Err("stdin (`-`) can be read only once".to_owned());
    }
    if check.public_key.is_some() && check.evidence == Target::Stdout {
        return Err("the envelope stands beside the evidence, and stdin has nothing beside it\n\n  help: name the file".to_owned());
    }
    if check
        .topologies
        .iter()
        .any(|word| word.as_os_str() == "live")
    {
        return Err("what the network is now is not what the evidence rests on\n\n  help: give the topology that `--save-topology` or `--bundle` kept; a file of that name is ./live".to_owned());
    }
    Ok(())
}

/// CloudWatch is asked about a time, and only what it answered can be saved.
fn check_metrics(verify: &Verify, now_s: i64) -> Result<(), String> {
    let live = verify.metrics == Some(MetricsFrom::Live);
    let window = verify.input.window(now_s);
    if live && (window.since.is_none() || window.until.is_none()) {
        return Err(
            "--metrics live needs a window to ask about\n\n  help: give --since and --until"
                .to_owned(),
        );
    }
    if verify.save_metrics.is_some() && !live {
        return Err("--save-metrics writes what --metrics live fetches\n\n  help: add --metrics live, or leave it out".to_owned());
    }
    Ok(())
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
