//! From an evidence to the outputs that were asked for: all are made before the first one appears.

use std::io::{self, IsTerminal, Write};

use flowproof::diag::Diagnostic;
use flowproof::model::evidence::Evidence;
use flowproof::report::{self, Format, Style};

use super::args::Speech;
use super::bundle;
use super::output::{self, Output};
use super::values::{ReportTo, Target};

/// An output and where it goes.
pub type Bytes = (Target, Vec<u8>);

/// The reports that were asked for.
///
/// # Errors
/// One that cannot be made.
pub fn reports(
    evidence: &Evidence,
    asked: &[ReportTo],
    speech: Speech,
) -> Result<Vec<Bytes>, Box<Diagnostic>> {
    let one = |to: &ReportTo| {
        let bytes = report::render(evidence, to.format, style_of(speech, &to.target));
        Ok((
            to.target.clone(),
            bytes.map_err(|error| no(&to.target, error))?,
        ))
    };
    asked.iter().map(one).collect()
}

/// The evidence as a file.
///
/// # Errors
/// JSON that cannot be made.
pub fn evidence(evidence: &Evidence, target: &Target) -> Result<Vec<u8>, Box<Diagnostic>> {
    report::render(evidence, Format::Json, Style::default()).map_err(|error| no(target, error))
}

fn no(target: &Target, error: report::Error) -> Box<Diagnostic> {
    Box::new(output::failed(target, &io::Error::other(error)))
}

/// Writes everything, then puts everything in its place.
///
/// # Errors
/// The first output that cannot be written.
pub fn deliver(
    mut outputs: Vec<Bytes>,
    bundle: Option<bundle::Staged>,
) -> Result<(), Box<Diagnostic>> {
    let failed = |target: &Target, error: &io::Error| Box::new(output::failed(target, error));
    // Stdout comes last: what is written there cannot be taken back if a file then fails.
    outputs.sort_by_key(|(target, _)| matches!(target, Target::Stdout));
    let mut ready = Vec::new();
    for (target, bytes) in outputs {
        let written =
            Output::create(&target).and_then(|mut out| out.write_all(&bytes).map(|()| out));
        match written {
            Ok(out) => ready.push((target, out)),
            Err(error) if output::is_broken_pipe(&error) => {}
            Err(error) => return Err(failed(&target, &error)),
        }
    }
    if let Some(bundle) = bundle {
        bundle.commit()?;
    }
    for (target, out) in ready {
        match out.commit() {
            Err(error) if !output::is_broken_pipe(&error) => return Err(failed(&target, &error)),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// How a text is laid out where it goes.
pub fn style_of(speech: Speech, target: &Target) -> Style {
    let terminal = matches!(target, Target::Stdout) && io::stdout().is_terminal();
    let width = match (
        terminal,
        std::env::var("COLUMNS")
            .ok()
            .and_then(|columns| columns.parse().ok()),
    ) {
        (true, Some(columns)) => columns,
        (true, None) | (false, _) => Style::default().width,
    };
    Style {
        width,
        color: speech.color.enabled(terminal),
    }
}
