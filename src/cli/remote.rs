//! The way to AWS, made only if something there was asked for.

use std::time::Duration;

use flowproof::aws::{Ask, Aws};
use flowproof::diag::Diagnostic;
use flowproof::ingest::{self, GroupLog, Remote};
use flowproof::topology::World;

use super::args::{AtAws, Input};

const WHY: &str = "what is there may decide the verdict, so there is none";

/// The way to AWS.
///
/// # Errors
/// A system without threads, or a bundle of certificates that cannot be read.
pub fn aws(asked: &AtAws) -> Result<Aws, Vec<Diagnostic>> {
    Aws::new(asked.max_requests, Duration::from_secs(asked.timeout))
        .map_err(|fault| vec![fault.diagnostic(WHY)])
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

/// What the sources need, if one of them is at AWS. Logs are read with the first profile, role and Region.
pub fn sources(
    input: &Input,
    aws: Option<&Aws>,
    world: &World,
    now_s: i64,
) -> Result<Option<Remote>, Vec<Diagnostic>> {
    if !input.sources.iter().any(|word| ingest::is_remote(word)) {
        return Ok(None);
    }
    let aws = match aws {
        Some(aws) => aws.clone(),
        None => self::aws(&input.aws)?,
    };
    let ask = asks(&input.aws).into_iter().next().unwrap_or_default();
    let logs = world.group_logs().into_iter();
    let flow_logs = logs.map(|(id, group, format)| GroupLog { id, group, format });
    Ok(Some(Remote {
        aws,
        ask,
        window: input.window(now_s),
        now_s,
        full_digest: input.aws.full_digest,
        requester_pays: input.aws.requester_pays,
        flow_logs: flow_logs.collect(),
    }))
}
