//! What a query reads, made from what was asked: inputs, world, policy, prices.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use flowproof::aws::Aws;
use flowproof::diag::Diagnostic;
use flowproof::ingest::{self, Input, ReadOptions, Remote};
use flowproof::model::evidence::{Evidence, InputReport};
use flowproof::model::window::{Window, rfc3339};
use flowproof::policy::Policy;
use flowproof::query::Sources;
use flowproof::query::tables::{Facts, Prices};
use flowproof::topology::World;
use flowproof::verify::Plan;
use tempfile::NamedTempFile;

use super::args;
use super::args_query::Query;
use super::console::Console;
use super::progress::Progress;
use super::query::text_of;
use super::{judge, load, pipeline, remote};

/// Everything that is there before the first query.
pub struct Opened {
    pub world: Arc<World>,
    pub logs: Arc<Logs>,
    pub threads: usize,
    ranges: Option<load::Named<Vec<u8>>>,
    aws: Option<Aws>,
}

impl Opened {
    /// Reads topology, ranges and policy. `sources`: without the name of a query among them.
    ///
    /// # Errors
    /// Everything that cannot be read.
    pub fn new(
        asked: &Query,
        sources: Vec<String>,
        now_s: i64,
        stop: &Arc<AtomicBool>,
        console: Console,
    ) -> Result<Opened, Vec<Diagnostic>> {
        let mut how = args::Input::again(
            &sources,
            asked.input.log_format.clone(),
            &asked.input.work,
            &asked.input.aws,
        );
        how.topologies
            .words
            .clone_from(&asked.input.topologies.words);
        let aws = remote::way(&how)?;
        how.save_topology.clone_from(&asked.input.save_topology);
        let live = remote::topologies(&how, aws.as_ref(), now_s)?;
        let (files, ranges) = load::both(
            load::documents(how.topologies.files()),
            load::ranges(asked.input.ranges.ip_ranges.as_deref()),
        )?;
        let documents = [live.documents.clone(), files].concat();
        let (world, (policy, warnings)) = load::both(
            load::world_of(&documents, ranges.as_ref()),
            load::policy(asked.policy.as_deref()),
        )?;
        let window = asked.input.window(now_s);
        let remote = remote::sources(&how, aws.as_ref(), &world, window, now_s);
        let options = pipeline::read_options(&how, &world, pipeline::Fate::Written, stop)?;
        console.say_all(live.notes.iter().chain(&warnings));
        let world = Arc::new(world);
        let logs = Logs {
            how,
            remote,
            window,
            now_s,
            world: Arc::clone(&world),
            policy,
            options,
            stop: Arc::clone(stop),
            console,
            quiet: asked.speech.quiet,
            local: OnceLock::new(),
            progress: Mutex::new(None),
            judged: Mutex::default(),
        };
        // What names nothing is said before anything is asked.
        logs.local()?;
        Ok(Opened {
            world,
            logs: Arc::new(logs),
            threads: rayon::current_num_threads(),
            ranges,
            aws,
        })
    }

    /// What the small tables are made of.
    ///
    /// # Errors
    /// A list of prices that cannot be read.
    pub fn facts(&self, asked: &Query) -> Result<Facts, Vec<Diagnostic>> {
        let prices = asked.prices.as_deref().map(text_of).transpose()?;
        let prices = prices
            .as_ref()
            .map(|(name, text)| (name.as_str(), text.as_str()));
        Ok(Facts {
            ranges: self.ranges.clone(),
            in_scope: self.logs.in_scope(),
            prices: Prices::read(prices)?,
        })
    }

    /// What AWS was asked, in one line.
    pub fn say_requests(&self, console: Console) {
        if let Some(aws) = &self.aws {
            console.note(&remote::summary(aws));
        }
    }
}

/// The sources of a run of `query`.
pub struct Logs {
    how: args::Input,
    remote: Option<Remote>,
    window: Window,
    now_s: i64,
    world: Arc<World>,
    policy: Policy,
    options: ReadOptions,
    stop: Arc<AtomicBool>,
    console: Console,
    quiet: bool,
    /// Inputs that are not at AWS, and the copies of those that give their bytes only once.
    local: OnceLock<(Vec<Input>, Vec<NamedTempFile>)>,
    progress: Mutex<Option<Progress>>,
    /// What became of inputs that a judgement read.
    judged: Mutex<Vec<InputReport>>,
}

impl Logs {
    /// Shows progress from now on.
    pub fn start(&self) {
        *self.shown() = Some(Progress::new(None, self.quiet));
    }

    /// Takes it off the screen.
    pub fn finish(&self) {
        if let Some(progress) = self.shown().take() {
            progress.finish();
        }
    }

    /// Only records of this window are there.
    pub fn window(&self) -> Window {
        self.window
    }

    /// What became of inputs that a judgement read.
    pub fn judged(&self) -> Vec<InputReport> {
        self.judged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn shown(&self) -> std::sync::MutexGuard<'_, Option<Progress>> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ids of the interfaces in the policy's scope.
    pub fn in_scope(&self) -> BTreeSet<String> {
        let plan = Plan::new(&self.world, &self.policy, self.window);
        plan.scope_interfaces()
            .map(|id| self.world.symbols.name(id).to_owned())
            .collect()
    }

    fn local(&self) -> Result<&[Input], Vec<Diagnostic>> {
        if let Some((inputs, _)) = self.local.get() {
            return Ok(inputs);
        }
        let words = self
            .how
            .sources
            .iter()
            .filter(|word| !ingest::is_remote(word));
        let words: Vec<String> = words.cloned().collect();
        let (mut inputs, mut copies) = (Vec::new(), Vec::new());
        for input in ingest::list(&words, None)?.inputs {
            if input.size().is_some() {
                inputs.push(input);
                continue;
            }
            // SQL may read a table more than once, and a pipe gives its bytes once.
            let copied = spooled(&input).and_then(|(copy, again)| Ok((again?, copy)));
            let (again, copy) = copied.map_err(|why| vec![unspooled(&input, &why)])?;
            inputs.push(again);
            copies.push(copy);
        }
        Ok(&self.local.get_or_init(|| (inputs, copies)).0)
    }

    fn listed(&self, window: Window) -> Result<Vec<Input>, Vec<Diagnostic>> {
        let mut inputs = self.local()?.to_vec();
        let words = self
            .how
            .sources
            .iter()
            .filter(|word| ingest::is_remote(word));
        let words: Vec<String> = words.cloned().collect();
        if !words.is_empty() {
            let remote = self
                .remote
                .clone()
                .map(|remote| Remote { window, ..remote });
            let listed = ingest::list(&words, remote.as_ref())?;
            self.console.say_all(&listed.notes);
            inputs.extend(listed.inputs);
        }
        Ok(inputs)
    }
}

type Again = io::Result<Input>;

/// A copy of what a pipe gives, and an input that reads it under the pipe's name.
fn spooled(input: &Input) -> io::Result<(NamedTempFile, Again)> {
    let mut copy = NamedTempFile::new()?;
    if input.uri() == "-" {
        io::copy(&mut io::stdin().lock(), &mut copy)?;
    } else {
        io::copy(&mut File::open(input.uri())?, &mut copy)?;
    }
    let word = copy.path().display().to_string();
    let again = ingest::list(&[word], None)
        .ok()
        .and_then(|listed| listed.inputs.into_iter().next())
        .map(|again| again.renamed(input.uri()))
        .ok_or_else(|| io::ErrorKind::NotFound.into());
    Ok((copy, again))
}

fn unspooled(input: &Input, why: &io::Error) -> Diagnostic {
    Diagnostic::new(
        flowproof::diag::Severity::Error,
        "input-unreadable",
        format!("it cannot be copied to a temporary file: {why}"),
        "a query may read its input more than once, and a pipe gives its bytes once",
        "write it to a file first, and name the file",
    )
    .at(flowproof::diag::Location::source(input.uri()))
}

impl Sources for Logs {
    fn inputs(&self, window: Window) -> Result<Vec<Input>, Vec<Diagnostic>> {
        self.listed(window)
    }

    fn samples(&self) -> Result<Vec<Input>, Vec<Diagnostic>> {
        // A flow log has one format for life: one file of each is enough, and every file that no flow log is known of.
        let mut seen = BTreeSet::new();
        let fresh = |input: &&Input| input.flow_log().is_none_or(|id| seen.insert(id.to_owned()));
        Ok(self.local()?.iter().filter(fresh).cloned().collect())
    }

    fn options(&self) -> &ReadOptions {
        &self.options
    }

    fn window(&self) -> Window {
        self.window
    }

    fn evidence(&self) -> Result<Evidence, Vec<Diagnostic>> {
        let inputs = self.listed(self.window)?;
        let case = judge::Case {
            how: &self.how,
            world: &self.world,
            policy: &self.policy,
            metrics: None,
            window: self.window,
            inputs: &inputs,
            said: Vec::new(),
            generated_at: rfc3339(self.now_s),
            quiet: true,
        };
        let evidence = judge::judge(case, |_| None, &self.stop)?;
        self.judged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone_from(&evidence.inputs);
        Ok(evidence)
    }

    fn say(&self, diagnostic: &Diagnostic) {
        self.console.say(diagnostic);
    }

    fn read(&self, records: u64, bytes: u64) {
        if let Some(progress) = self.shown().as_ref() {
            progress.add_records(records);
            progress.add_bytes(bytes);
        }
    }
}
