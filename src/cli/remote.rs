//! The way to AWS, made only if something there was asked for.

use std::path::Path;
use std::time::Duration;

use flowproof::aws::{Ask, Aws};
use flowproof::diag::Diagnostic;
use flowproof::ingest::{self, Destination, GroupLog, Remote};
use flowproof::model::window::Window;
use flowproof::topology::snapshot::{FlowLog, Snapshot};
use flowproof::topology::{Document, World};
use indicatif::{HumanBytes, HumanCount};

use super::args::{AtAws, Input};
use super::snapshot;

const WHY: &str = "what is there may decide the verdict, so there is none";

/// The way to AWS, if a source or topology there was named.
///
/// # Errors
/// A system without threads, or a bundle of certificates that cannot be read.
pub fn way(input: &Input) -> Result<Option<Aws>, Vec<Diagnostic>> {
    let sources = input.sources.iter().any(|word| ingest::is_remote(word));
    (sources || input.topologies.live())
        .then(|| aws(&input.aws))
        .transpose()
}

/// The way to AWS.
///
/// # Errors
/// As [`way`].
pub fn aws(asked: &AtAws) -> Result<Aws, Vec<Diagnostic>> {
    Aws::new(asked.max_requests, Duration::from_secs(asked.timeout))
        .map_err(|fault| vec![fault.diagnostic(WHY)])
}

/// What was asked of AWS, in one line.
pub fn summary(aws: &Aws) -> String {
    let meter = aws.meter();
    let (requests, bytes) = (meter.requests(), meter.received_bytes());
    let plural = if requests == 1 { "" } else { "s" };
    format!(
        "AWS: {} request{plural}, {} received",
        HumanCount(requests),
        HumanBytes(bytes)
    )
}

/// Topologies that the EC2 API told.
#[derive(Default)]
pub struct Live {
    /// As if they had been read from files.
    pub documents: Vec<Document>,
    /// What could not be asked.
    pub notes: Vec<Diagnostic>,
}

impl Live {
    /// All but the time at which it was told.
    pub fn shape(&self) -> Vec<String> {
        let text = |document: &Document| {
            let text = String::from_utf8_lossy(&document.bytes);
            let lines = text
                .lines()
                .filter(|line| !line.contains("\"captured_at\""));
            lines.collect::<Vec<_>>().join("\n")
        };
        self.documents.iter().map(text).collect()
    }
}

/// Asks the EC2 API, if `--topology live` was given, and keeps the answers if that was asked for.
///
/// # Errors
/// A call that failed otherwise than for a missing right; a file that cannot be written.
pub fn topologies(input: &Input, aws: Option<&Aws>, now_s: i64) -> Result<Live, Vec<Diagnostic>> {
    let Some(aws) = aws.filter(|_| input.topologies.live()) else {
        return Ok(Live::default());
    };
    live(&input.aws, input.save_topology.as_deref(), aws, now_s)
}

/// Asks the EC2 API, and keeps the answers in `save`.
///
/// # Errors
/// As [`topologies`].
pub fn live(
    asked: &AtAws,
    save: Option<&Path>,
    aws: &Aws,
    now_s: i64,
) -> Result<Live, Vec<Diagnostic>> {
    let snapshots = snapshot::take(&asks(asked), aws, &[], now_s)?;
    if let Some(path) = save {
        snapshot::save(path, &snapshots)?;
    }
    let mut live = Live::default();
    for snapshot in snapshots {
        let name = format!("live:{}/{}", snapshot.account_id, snapshot.region);
        live.notes.extend(snapshot.notes);
        live.documents.push(Document {
            group: name.clone(),
            source: name,
            bytes: snapshot.json,
        });
    }
    Ok(live)
}

/// Every pair of eyes that was asked for: each profile and role in each Region; the environment's, if none was named.
pub fn asks(asked: &AtAws) -> Vec<Ask> {
    let or_none = |words: &[String]| -> Vec<Option<String>> {
        if words.is_empty() {
            vec![None]
        } else {
            words.iter().cloned().map(Some).collect()
        }
    };
    let mut eyes = Vec::new();
    for profile in or_none(&asked.profiles) {
        for role_arn in or_none(&asked.role_arns) {
            for region in or_none(&asked.regions) {
                eyes.push(Ask {
                    region,
                    profile: profile.clone(),
                    role_arn: role_arn.clone(),
                    endpoint_url: asked.endpoint_url.clone(),
                });
            }
        }
    }
    eyes
}

/// What the sources need, if there is a way to AWS. Logs are read with the first profile, role and Region.
pub fn sources(
    input: &Input,
    aws: Option<&Aws>,
    world: &World,
    window: Window,
    now_s: i64,
) -> Option<Remote> {
    let aws = aws?;
    let ask = asks(&input.aws).into_iter().next().unwrap_or_default();
    let flow_logs = world.described_logs().map(|(snapshot, log)| GroupLog {
        id: log.id.clone(),
        destination: destination(snapshot, log),
        format: log.format.clone(),
    });
    Some(Remote {
        aws: aws.clone(),
        ask,
        window,
        now_s,
        full_digest: input.aws.full_digest,
        requester_pays: input.aws.requester_pays,
        flow_logs: flow_logs.collect(),
    })
}

/// Where a flow log writes to. A log group that is told by name alone is of the snapshot's own account and Region.
fn destination(snapshot: &Snapshot, log: &FlowLog) -> Destination {
    let Some(name) = &log.group else {
        return match &log.destination {
            Some(_) => Destination::Elsewhere,
            None => Destination::Untold,
        };
    };
    // arn:aws:logs:REGION:ACCOUNT:log-group:NAME
    let arn = log.destination.as_deref().unwrap_or_default();
    let part = |place: usize| {
        let part = arn.split(':').nth(place).filter(|part| !part.is_empty());
        part.map(str::to_owned)
    };
    Destination::Group {
        name: name.clone(),
        region: part(3).or_else(|| snapshot.report.region.clone()),
        account: part(4).or_else(|| snapshot.report.account_id.clone()),
    }
}
