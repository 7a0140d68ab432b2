//! `flowproof verify`: everything from sources to a verdict.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use flowproof::aws::Aws;
use flowproof::diag::{Diagnostic, Location, Severity};
use flowproof::ingest::{self, Input};
use flowproof::model::evidence::{Evidence, InputReport};
use flowproof::model::window::{Window, rfc3339};
use flowproof::seal::key::PrivateKey;
use flowproof::topology::Document;
use flowproof::verify::Delivery;

use super::args::{MetricsFrom, Verify};
use super::console::Console;
use super::exit::Outcome;
use super::state::{self, Remembered};
use super::{bundle, deliver, judge, load, metrics, remote, signing, wait};

/// Complaints about inputs that are printed; the evidence has them all.
const SAID_MAX: usize = 20;

/// Runs the command.
pub fn run(asked: &Verify, now_s: i64, stop: &Arc<AtomicBool>) -> Outcome {
    let console = Console::new(asked.speech);
    let judged = prepared(asked, console).and_then(|prepared| {
        let mut judge = Judge::new(asked, now_s, stop, prepared.remembered.as_ref())?;
        let evidence = match asked.wait {
            None => judge.look(now_s),
            Some(wait_s) => {
                wait::until_decided(Duration::from_secs(wait_s), unix_s, stop, console, || {
                    judge.look(unix_s())
                })
            }
        };
        judge.say_requests(console);
        let (evidence, rests) = (evidence?, judge.rests);
        Ok((evidence, rests, prepared))
    });
    match judged {
        Ok((evidence, rests, prepared)) => {
            console.say_all(&evidence.diagnostics);
            say_inputs(&evidence.inputs, console);
            write(asked, &evidence, &rests, &prepared, console)
        }
        Err(problems) => {
            console.say_all(&problems);
            Outcome::NoVerdict
        }
    }
}

/// What must be right before anything is read.
struct Prepared {
    key: Option<PrivateKey>,
    remembered: Option<Remembered>,
}

/// The key, the place of the bundle, and the state.
fn prepared(asked: &Verify, console: Console) -> Result<Prepared, Vec<Diagnostic>> {
    let one = |problem: Box<Diagnostic>| vec![*problem];
    if let Some(folder) = &asked.bundle {
        bundle::is_free(folder).map_err(one)?;
    }
    let key = asked.sign.as_deref();
    let key = key.map(|file| signing::private_key(file, console));
    Ok(Prepared {
        key: key.transpose().map_err(one)?,
        remembered: asked.state.as_deref().map(state::open).transpose()?,
    })
}

fn unix_s() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// What stays the same from look to look.
struct Judge<'a> {
    asked: &'a Verify,
    /// As it was asked for; with --state, that of this run once there is one.
    window: Window,
    remembered: Option<&'a Remembered>,
    aws: Option<Aws>,
    stop: &'a Arc<AtomicBool>,
    before: Option<Look>,
    rests: Rests,
    /// Whether --state has given the window: it stays, however often is looked.
    settled: bool,
}

/// What the last look rested on beside the logs, as it was read.
#[derive(Default)]
pub struct Rests {
    pub documents: Vec<Document>,
    pub ranges: Option<load::Named<Vec<u8>>>,
    pub policy: Option<load::Named<String>>,
    pub metrics: Option<Vec<u8>>,
}

/// What was seen, and what it was seen in.
struct Look {
    listing: Vec<(String, Option<u64>, Option<String>)>,
    /// Topologies that the EC2 API told, but for their time.
    live: Vec<String>,
    /// Those of files.
    files: Vec<Document>,
    evidence: Evidence,
}

impl<'a> Judge<'a> {
    fn new(
        asked: &'a Verify,
        now_s: i64,
        stop: &'a Arc<AtomicBool>,
        remembered: Option<&'a Remembered>,
    ) -> Result<Judge<'a>, Vec<Diagnostic>> {
        let metered = asked.metrics == Some(MetricsFrom::Live);
        let aws = match remote::way(&asked.input)? {
            None if metered => Some(remote::aws(&asked.input.aws)?),
            way => way,
        };
        Ok(Judge {
            asked,
            window: asked.input.window(now_s),
            remembered,
            aws,
            stop,
            before: None,
            rests: Rests::default(),
            settled: false,
        })
    }

    /// Everything from sources to a verdict. What has not changed since the last look is not read again.
    fn look(&mut self, now_s: i64) -> Result<Evidence, Vec<Diagnostic>> {
        let asked = self.asked;
        let text = load::policy_text(asked.policy.as_deref())?;
        let (policy, mut warnings) = load::policy_of(text.as_ref())?;
        let live = remote::topologies(&asked.input, self.aws.as_ref(), now_s)?;
        let (files, ranges) = load::both(
            load::documents(asked.input.topologies.files()),
            load::ranges(asked.input.ranges.ip_ranges.as_deref()),
        )?;
        let documents: Vec<_> = live.documents.iter().chain(&files).cloned().collect();
        let world = load::world_of(&documents, ranges.as_ref())?;
        if let Some(remembered) = self.remembered.filter(|_| !self.settled) {
            let rests = (&world, &policy);
            self.window = remembered.window(self.window, rests, &asked.input.sources, now_s)?;
            self.settled = true;
        }
        let remote = remote::sources(&asked.input, self.aws.as_ref(), &world, self.window, now_s);
        let listed = ingest::list(&asked.input.sources, remote.as_ref())?;
        let listing: Vec<_> = listed.inputs.iter().map(Input::identity).collect();
        let told =
            |(_, size, etag): &(_, Option<u64>, Option<String>)| size.is_some() && etag.is_some();
        let still = asked.metrics.is_none() && listing.iter().all(told);
        if let Some(before) = &self.before
            && still
            && before.listing == listing
            && before.live == live.shape()
            && before.files == files
            && (&self.rests.policy, &self.rests.ranges) == (&text, &ranges)
            && !waits_for_the_clock(&before.evidence)
            && before.evidence.inputs.iter().all(|input| input.whole)
        {
            return Ok(before.evidence.clone());
        }
        let counters = metrics::of(asked, self.aws.as_ref(), &world, self.window, now_s)?;
        if let Some(counters) = &counters {
            warnings.extend_from_slice(&counters.said);
        }
        let case = judge::Case {
            how: &asked.input,
            world: &world,
            policy: &policy,
            metrics: counters.as_ref().map(|counters| &counters.metrics),
            window: self.window,
            inputs: &listed.inputs,
            said: [warnings, live.notes.clone(), listed.notes].concat(),
            generated_at: rfc3339(now_s),
            quiet: asked.speech.quiet,
        };
        // Files can have no more than what AWS has delivered; a window that is not looked at again waits for that.
        let takes_s = listed
            .delivery_s
            .or(self.remembered.map(|_| ingest::LONGEST_DELIVERY_S));
        let delivery = takes_s.map(|takes_s| Delivery {
            listed_s: now_s,
            takes_s,
        });
        let evidence = judge::judge(case, |_| delivery, self.stop)?;
        self.rests = Rests {
            documents,
            ranges,
            policy: text,
            metrics: counters.map(|counters| counters.document),
        };
        self.before = Some(Look {
            listing,
            live: live.shape(),
            files,
            evidence: evidence.clone(),
        });
        Ok(evidence)
    }

    /// What AWS was asked, in one line.
    fn say_requests(&self, console: Console) {
        if let Some(aws) = &self.aws {
            console.note(&remote::summary(aws));
        }
    }
}

/// Whether time alone may change the verdict: records that were on their way when they were looked for.
fn waits_for_the_clock(evidence: &Evidence) -> bool {
    evidence.window.until_from == "delivery" || evidence.window.due.is_some()
}

/// Says what is wrong with inputs: the first few, and how many more.
pub fn say_inputs(inputs: &[InputReport], console: Console) {
    let all = inputs.iter().flat_map(|input| &input.diagnostics);
    console.say_all(all.clone().take(SAID_MAX));
    let more = all.count().saturating_sub(SAID_MAX);
    if more > 0 {
        console.say(
            &Diagnostic::new(
                Severity::Warning,
                "more-complaints",
                format!("{more} more complaints about inputs"),
                "each of them weighs on the verdict like those above",
                "see `inputs` in the evidence: --evidence FILE",
            )
            .at(Location::source("inputs")),
        );
    }
}

/// Writes everything that was asked for: all outputs are made before the first one appears.
fn write(
    asked: &Verify,
    evidence: &Evidence,
    rests: &Rests,
    prepared: &Prepared,
    console: Console,
) -> Outcome {
    let kept = asked.evidence.is_some() || asked.bundle.is_some();
    let after = prepared.remembered.as_ref();
    let after = after
        .map(|remembered| remembered.after(evidence, kept))
        .transpose();
    let written = after.and_then(|after| {
        let (state, said) = after.unzip();
        let (outputs, bundle) = outputs(asked, evidence, rests, prepared.key.as_ref())?;
        deliver::deliver(outputs, bundle, state).map(|()| said)
    });
    match written {
        Ok(said) => {
            console.say_all(said.iter().flatten());
            evidence.verdict.into()
        }
        Err(problem) => {
            console.say(&problem);
            Outcome::NoVerdict
        }
    }
}

fn outputs(
    asked: &Verify,
    evidence: &Evidence,
    rests: &Rests,
    key: Option<&PrivateKey>,
) -> Result<(Vec<deliver::Bytes>, Option<bundle::Staged>), Box<Diagnostic>> {
    let mut outputs = deliver::reports(evidence, &asked.reports(), asked.speech)?;
    if let Some(target) = &asked.evidence {
        outputs.push((target.clone(), deliver::evidence(evidence, target)?));
    }
    if let (Some(target), Some(key)) = (asked.envelope(), key) {
        let signed = signing::envelope(evidence, None, key, &target)?;
        outputs.push((target, signed));
    }
    let bundle = match &asked.bundle {
        Some(folder) => {
            let contents = bundle::Contents {
                evidence,
                rests,
                reports: &asked.reports(),
                log_format: asked.input.log_format.as_deref(),
                key,
            };
            Some(bundle::stage(folder, &contents)?)
        }
        None => None,
    };
    Ok((outputs, bundle))
}
