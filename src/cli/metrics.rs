//! `--metrics`: CloudWatch's counters, from a file or from AWS.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use flowproof::aws::metrics::{Span, Wanted, fetch};
use flowproof::aws::{Ask, Aws};
use flowproof::diag::{Diagnostic, Severity};
use flowproof::model::metrics::{FILE_BYTES_MAX, Metrics};
use flowproof::model::window::{Window, rfc3339};
use flowproof::topology::World;
use flowproof::verify::{Counted, counted};

use super::args::{MetricsFrom, Verify};
use super::load;
use super::output::{self, Output};
use super::remote;
use super::values::Target;

const WHY: &str =
    "a counter that is missing could be the one that shows lost records, so there is no verdict";

/// ListMetrics names only metrics that had data in the two weeks before.
const LISTED_S: i64 = 14 * 86_400;

/// Counters, and the document that they stand in.
pub struct Counters {
    pub metrics: Metrics,
    /// What is to be said of them.
    pub said: Vec<Diagnostic>,
    /// As the file has them, or would.
    pub document: Vec<u8>,
}

/// The counters that were asked for, if any were.
///
/// # Errors
/// A file that cannot be read; a window that CloudWatch cannot be asked about; a call that fails.
pub fn of(
    asked: &Verify,
    aws: Option<&Aws>,
    world: &World,
    window: Window,
    now_s: i64,
) -> Result<Option<Counters>, Vec<Diagnostic>> {
    match &asked.metrics {
        None => Ok(None),
        Some(MetricsFrom::File(file)) => {
            let document = read(file)?;
            let (metrics, said) = Metrics::parse(&file.display().to_string(), &document)?;
            Ok(Some(Counters {
                metrics,
                said,
                document,
            }))
        }
        Some(MetricsFrom::Live) => {
            let (metrics, said) = live(asked, aws, world, window, now_s)?;
            if let Some(target) = &asked.save_metrics {
                save(&metrics, target)?;
            }
            Ok(Some(Counters {
                document: metrics.to_json().into_bytes(),
                metrics,
                said,
            }))
        }
    }
}

/// Reads a file of counters.
///
/// # Errors
/// One that cannot be read.
pub fn read(file: &Path) -> Result<Vec<u8>, Vec<Diagnostic>> {
    let limit = u64::try_from(FILE_BYTES_MAX).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    // One byte more than is allowed shows that there is more, without reading it all.
    let whole = File::open(file)
        .and_then(|open| open.take(limit.saturating_add(1)).read_to_end(&mut bytes));
    match whole {
        Ok(_) => Ok(bytes),
        Err(error) => Err(vec![*load::unreadable(file, &error, WHY)]),
    }
}

fn live(
    asked: &Verify,
    aws: Option<&Aws>,
    world: &World,
    window: Window,
    now_s: i64,
) -> Result<(Metrics, Vec<Diagnostic>), Vec<Diagnostic>> {
    let gateways = counted(world);
    let (Some(since), Some(until)) = (window.since, window.until) else {
        // `parse` has refused it.
        return Err(vec![none(
            "there is no window to ask about",
            "give --since and --until",
        )]);
    };
    let Some(span) = Span::of(since, until, now_s) else {
        let message = format!(
            "CloudWatch has no counters from {} to {}: it keeps them for 455 days, and counts with some minutes' delay",
            rfc3339(since),
            rfc3339(until)
        );
        return Err(vec![none(
            &message,
            "give a window of some minutes ago, or leave --metrics out",
        )]);
    };
    let mut said = Vec::new();
    if gateways.is_empty() {
        said.push(Diagnostic {
            severity: Severity::Warning,
            ..none(
                "the topology has neither a NAT gateway nor an interface endpoint",
                "leave --metrics out, or add the answers of describe-nat-gateways and describe-vpc-endpoints",
            )
        });
    }
    if now_s.saturating_sub(since) > LISTED_S {
        said.push(old(since));
    }
    let fault = |fault: Box<flowproof::aws::Fault>| vec![fault.diagnostic(WHY)];
    let mut places = Vec::new();
    if !gateways.is_empty() {
        let aws = match aws {
            Some(aws) => aws.clone(),
            None => remote::aws(&asked.input.aws)?,
        };
        for (ask, wanted) in questions(&remote::asks(&asked.input.aws), &gateways) {
            places.push((aws.session(&ask).map_err(fault)?, wanted));
        }
    }
    let series = fetch(&places, span).map_err(fault)?;
    let metrics = Metrics::fetched("cloudwatch", now_s, (span.since_s, span.until_s), series);
    Ok((metrics, said))
}

/// Whom to ask for what: each pair of eyes in each gateway's own Region; where the topology does not tell it, in all that were
/// asked for.
fn questions(asks: &[Ask], gateways: &[Counted]) -> Vec<(Ask, Vec<Wanted>)> {
    let mut questions: Vec<(Ask, Vec<Wanted>)> = Vec::new();
    for ask in asks {
        for gateway in gateways {
            let region = gateway.region.clone().or_else(|| ask.region.clone());
            let ask = Ask {
                region,
                ..ask.clone()
            };
            let wanted = Wanted {
                id: gateway.id.clone(),
                namespace: gateway.namespace,
            };
            match questions.iter_mut().find(|question| question.0 == ask) {
                Some((_, known)) if known.contains(&wanted) => {}
                Some((_, known)) => known.push(wanted),
                None => questions.push((ask, vec![wanted])),
            }
        }
    }
    questions
}

fn save(metrics: &Metrics, target: &Target) -> Result<(), Vec<Diagnostic>> {
    let written = Output::create(target).and_then(|mut out| {
        out.write_all(metrics.to_json().as_bytes())?;
        out.commit()
    });
    match written {
        Err(error) if !output::is_broken_pipe(&error) => Err(vec![output::failed(target, &error)]),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn none(message: &str, help: &str) -> Diagnostic {
    let why = "`metrics-agree` has nothing to compare the records with";
    Diagnostic::new(Severity::Error, "metrics-none", message, why, help)
}

fn old(since_s: i64) -> Diagnostic {
    Diagnostic::new(
        Severity::Warning,
        "metrics-old",
        format!(
            "the window begins at {}, and CloudWatch lists only metrics that had data in the last two weeks",
            rfc3339(since_s)
        ),
        "a gateway that has gone, or was idle since, is not listed, and counts as one without counters",
        "fetch metrics within two weeks, and keep them: --save-metrics FILE",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_gateway_is_asked_for_in_its_own_region_by_each_pair_of_eyes() {
        let eyes = |region: &str, profile: &str| Ask {
            region: Some(region.to_owned()),
            profile: Some(profile.to_owned()),
            ..Ask::default()
        };
        let gateway = |id: &str, region: Option<&str>| Counted {
            id: id.to_owned(),
            namespace: "AWS/NATGateway",
            region: region.map(str::to_owned),
        };
        let asks = [
            eyes("eu-west-1", "a"),
            eyes("us-east-1", "a"),
            eyes("eu-west-1", "b"),
        ];
        let gateways = [gateway("nat-1", Some("eu-west-1")), gateway("nat-2", None)];
        let found: Vec<(String, String, Vec<String>)> = questions(&asks, &gateways)
            .into_iter()
            .map(|(ask, wanted)| {
                let ids = wanted.into_iter().map(|one| one.id).collect();
                (ask.region.unwrap(), ask.profile.unwrap(), ids)
            })
            .collect();
        let row = |region: &str, profile: &str, ids: &[&str]| {
            let ids = ids.iter().map(|id| (*id).to_owned()).collect();
            (region.to_owned(), profile.to_owned(), ids)
        };
        assert_eq!(
            found,
            [
                row("eu-west-1", "a", &["nat-1", "nat-2"]),
                row("us-east-1", "a", &["nat-2"]),
                row("eu-west-1", "b", &["nat-1", "nat-2"]),
            ]
        );
    }
}
