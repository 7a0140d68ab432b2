//! `flowproof query`: from a question to rows.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use flowproof::diag::{Diagnostic, Location, Severity, did_you_mean, show};
use flowproof::model::window::{Window, rfc3339};
use flowproof::query::named::{self, NamedQuery, bundled};
use flowproof::query::params::Values;
use flowproof::query::place::Place;
use flowproof::query::{Session, Setup};

use super::args_query::Query;
use super::console::Console;
use super::exit::Outcome;
use super::judge::interrupted;
use super::query_answer::{self, Stop};
use super::query_shell;
use super::query_sources::{Logs, Opened};
use super::verify::say_inputs;
use super::{output, shell};

/// Runs the command: 0, or 2 where there is no answer, or it rests on inputs that were not whole.
pub fn run(asked: &Query, now_s: i64, stop: &Arc<AtomicBool>) -> Outcome {
    if asked.list {
        return shell::written(listed().as_bytes());
    }
    let console = Console::new(asked.speech);
    let ended = question(asked).and_then(|(question, sources)| {
        let opened = Opened::new(asked, sources, now_s, stop, console)?;
        let session = session(asked, &opened)?;
        Ok((question, opened, session))
    });
    let (question, opened, session) = match ended {
        Ok(ready) => ready,
        Err(problems) => {
            console.say_all(&problems);
            return Outcome::NoVerdict;
        }
    };
    let outcome = match question {
        Some(mut question) => {
            question.params.clone_from(&asked.params);
            answered(asked, &session, &question, stop, console, &opened.logs)
        }
        None => query_shell::run(asked, &session, stop, console, &opened.logs),
    };
    opened.say_requests(console);
    outcome
}

/// A query and how it is called.
pub struct Question {
    pub place: String,
    pub query: NamedQuery,
    /// Values that were given for it: each must be one of its parameters.
    pub params: Vec<(String, String)>,
    /// Values that were given for whatever is asked: those that it has no parameter for do nothing.
    pub spare: Vec<(String, String)>,
}

/// Answers one question on stdout or into a file.
pub fn answered(
    asked: &Query,
    session: &Session,
    question: &Question,
    stop: &Arc<AtomicBool>,
    console: Console,
    logs: &Logs,
) -> Outcome {
    let ended = answer(asked, session, question, stop, logs);
    logs.finish();
    let inputs = session.inputs();
    let (none, judged) = (session.found_none(), logs.judged());
    match ended {
        Ok(()) => {
            say_inputs(&inputs, console);
            if none {
                console.say(&no_records(logs.window()));
            }
            let whole = inputs.iter().chain(&judged).all(|input| input.whole);
            if whole {
                Outcome::Done
            } else {
                Outcome::NoVerdict
            }
        }
        Err(Stop::Problems(problems)) => {
            console.say_all(&problems);
            Outcome::NoVerdict
        }
        Err(Stop::Output(error)) if error.is_closed_pipe() => Outcome::Done,
        Err(Stop::Output(error)) => {
            let error = std::io::Error::other(error.to_string());
            console.say(&output::failed(&query_answer::target(asked), &error));
            Outcome::NoVerdict
        }
    }
}

fn answer(
    asked: &Query,
    session: &Session,
    question: &Question,
    stop: &Arc<AtomicBool>,
    logs: &Logs,
) -> Result<(), Stop> {
    let place = Place::new(&question.place, &question.query.sql);
    let params = &question.query.params;
    let mut values = Values::new(params, &question.params, &question.spare, &place)?;
    session.meant(params, &mut values, &question.place, stop)?;
    let planned = session.plan(&question.query.sql, &question.place, &values)?;
    logs.start();
    let mut sink = query_answer::Sink::new(asked).map_err(Stop::Problems)?;
    session.run(planned, stop, |step| sink.take(step))?;
    if stop.load(Ordering::SeqCst) {
        return Err(vec![interrupted()].into());
    }
    logs.finish();
    sink.finish()
}

/// An answer over nothing must not look like one over traffic without finds.
fn no_records(window: Window) -> Diagnostic {
    let what = if window == Window::ALL {
        "there is no record in the logs"
    } else {
        "there is no record of the window in the logs"
    };
    let time = |second: Option<i64>| second.map_or_else(|| "-".to_owned(), rfc3339);
    let problem = Diagnostic::new(
        Severity::Warning,
        "query-no-records",
        what,
        "an answer over no records says nothing of the traffic",
        "check the sources, and --since and --until",
    );
    if window == Window::ALL {
        problem
    } else {
        problem.got(format!("{} to {}", time(window.since), time(window.until)))
    }
}

fn session(asked: &Query, opened: &Opened) -> Result<Session, Vec<Diagnostic>> {
    Session::new(Setup {
        sources: Arc::clone(&opened.logs) as _,
        world: Arc::clone(&opened.world),
        facts: opened.facts(asked)?,
        threads: opened.threads,
        // Half of the memory is for batches on their way.
        memory: asked.input.work.memory / 2,
        files: asked.allow_files,
    })
}

/// The question, if there is one, and the sources: the last word may be the name of a query.
fn question(asked: &Query) -> Result<(Option<Question>, Vec<String>), Vec<Diagnostic>> {
    let mut sources = asked.input.sources.clone();
    if let Some(sql) = &asked.sql {
        return Ok((Some(read("--sql", sql)?), sources));
    }
    if let Some(file) = &asked.file {
        return Ok((Some(of_file(file)?), sources));
    }
    let Some(name) = sources.pop_if(|last| asked.input.sources.len() > 1 && is_name(last)) else {
        return query_shell::of_stdin(&sources).map(|question| (question, sources));
    };
    let known = bundled();
    match known.iter().position(|query| query.name == name) {
        Some(place) => {
            let query = known.into_iter().nth(place).unwrap_or_default();
            let place = format!("query {name}");
            Ok((Some(asked_of(place, query)), sources))
        }
        None => Err(vec![unknown(&name, &known)]),
    }
}

/// Whether the last word is the name of a query and not one more source.
fn is_name(word: &str) -> bool {
    if bundled().iter().any(|query| query.name == word) {
        return true;
    }
    let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    plain && word != "-" && !Path::new(word).exists()
}

fn unknown(name: &str, known: &[NamedQuery]) -> Diagnostic {
    let near = did_you_mean(name, known.iter().map(|query| query.name.as_str()));
    Diagnostic::new(
        Severity::Error,
        "query-unknown-name",
        format!("there is no query and no source `{}`", show(name)),
        "without a question there is no answer",
        near.map_or_else(
            || {
                "`flowproof query --list` shows the queries; --sql and --file take your own"
                    .to_owned()
            },
            |near| format!("did you mean `{near}`?"),
        ),
    )
}

fn of_file(file: &Path) -> Result<Question, Vec<Diagnostic>> {
    let (name, text) = text_of(file)?;
    read(&name, &text)
}

/// A file's name and text.
///
/// # Errors
/// One that cannot be read, or is not UTF-8.
pub fn text_of(file: &Path) -> Result<(String, String), Vec<Diagnostic>> {
    let name = file.display().to_string();
    match std::fs::read_to_string(file) {
        Ok(text) => Ok((name, text)),
        // A text of another encoding is there, and is no text.
        Err(why) if why.kind() == std::io::ErrorKind::InvalidData => {
            let what = "this file is not UTF-8".to_owned();
            Err(vec![bad_file(what).at(Location::source(name))])
        }
        Err(why) => {
            let lost = "without what it should hold there is no answer";
            Err(vec![*super::load::unreadable(file, &why, lost)])
        }
    }
}

/// A question with the header that its text may have.
pub fn read(place: &str, text: &str) -> Result<Question, Vec<Diagnostic>> {
    let query = named::parse(text).map_err(|error| {
        let what = format!(
            "the head of the query cannot be read: {}",
            show(&error.what)
        );
        vec![bad_file(what).at(Location::line(place, error.line))]
    })?;
    Ok(asked_of(place.to_owned(), query))
}

/// A question without values.
fn asked_of(place: String, query: NamedQuery) -> Question {
    Question {
        place,
        query,
        params: Vec::new(),
        spare: Vec::new(),
    }
}

fn bad_file(what: String) -> Diagnostic {
    Diagnostic::new(
        Severity::Error,
        "query-bad-file",
        what,
        "without what it should hold there is no answer",
        "docs/sql.md says how queries and prices are written; SQL alone needs no head",
    )
}

/// The bundled queries, each with its parameters.
pub fn listed() -> String {
    let mut text = String::new();
    for query in bundled() {
        text.push_str(&format!("{}\n    {}\n", query.name, query.title));
        for param in &query.params {
            let default = param.default.as_ref().map_or_else(
                || "must be given".to_owned(),
                |default| format!("default {default:?}"),
            );
            text.push_str(&format!(
                "    --param {}={}  {} ({default})\n",
                param.name,
                param.kind.word(),
                param.means
            ));
        }
    }
    text
}
