//! Queries as they are typed: a line editor with history and completion, and `\d` for what there is.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::datatypes::SchemaRef;
use flowproof::diag::{Diagnostic, Severity, did_you_mean, show};
use flowproof::query::Session;
use flowproof::query::functions::FUNCTIONS;
use flowproof::query::named::{NamedQuery, bundled};
use flowproof::query::tables::described;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Config, Context, Editor, Helper};

use super::args_query::Query;
use super::console::Console;
use super::exit::Outcome;
use super::query::{Question, answered, listed, read};
use super::query_complete::Completions;
use super::query_sources::Logs;
use super::shell;

const HELP: &str = "\
Write SQL, over as many lines as you like, and end it with `;`.
The name of a query, with its parameters behind it, runs that query: top-talkers least_bytes=1000
A value of --param stands for its $NAME in every query that has it.
  \\d           tables and functions        \\d TABLE     its columns
  \\l           the queries that come with flowproof
  \\?           this help                   \\q           the end
Tab completes tables, columns, functions and names of queries.
";

/// What the last lines of the history come from; beside other programs' states.
const HISTORY: &str = "flowproof-query-history";
const HISTORY_LINES_MAX: usize = 1_000;

/// The question that stdin has, if nobody sits there; nothing if somebody does, and wants to type.
///
/// # Errors
/// Neither a question nor a terminal.
pub fn of_stdin(sources: &[String]) -> Result<Option<Question>, Vec<Diagnostic>> {
    if sources.iter().any(|source| source == "-") {
        return Err(vec![no_question(
            "stdin has the logs, and no query was given",
        )]);
    }
    if io::stdin().is_terminal() {
        return Ok(None);
    }
    let mut sql = String::new();
    if let Err(why) = io::stdin().lock().read_to_string(&mut sql) {
        return Err(vec![no_question(&format!(
            "the query on stdin cannot be read: {why}"
        ))]);
    }
    if sql.trim().is_empty() {
        return Err(vec![no_question("no query was given, and stdin is empty")]);
    }
    read("stdin", &sql).map(Some)
}

fn no_question(what: &str) -> Diagnostic {
    Diagnostic::new(
        Severity::Error,
        "query-bad-file",
        what,
        "without a question there is no answer",
        "name a query that `flowproof query --list` shows, or add --sql or --file",
    )
}

/// Answers until the end is asked for. The worst answer is the run's own: one that failed, or rests on inputs that were not whole.
pub fn run(
    asked: &Query,
    session: &Session,
    stop: &Arc<AtomicBool>,
    console: Console,
    logs: &Logs,
) -> Outcome {
    let config = Config::builder().auto_add_history(true);
    let config = config
        .max_history_size(HISTORY_LINES_MAX)
        .map(|config| config.build());
    let editor = config.and_then(Editor::<Typing, DefaultHistory>::with_config);
    let mut editor = match editor {
        Ok(editor) => editor,
        Err(why) => {
            console.say(&no_question(&format!(
                "there is no terminal to type on: {why}"
            )));
            return Outcome::NoVerdict;
        }
    };
    let columns = session.columns();
    editor.set_helper(Some(Typing(Completions::new(
        &columns,
        session.functions(),
    ))));
    let history = history_file();
    if let Some(file) = &history {
        // There is none before the first run.
        let _ = editor.load_history(file);
    }
    console.note("\\? tells what can be asked, \\q ends");
    let mut outcome = Outcome::Done;
    loop {
        stop.store(false, Ordering::SeqCst);
        let line = match editor.readline("flowproof> ") {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => continue,
            Err(_) => break,
        };
        match Typed::of(&line) {
            Typed::Nothing => {}
            Typed::End => break,
            Typed::Show(text) => _ = shell::written(text(&columns).as_bytes()),
            Typed::Ask(mut question) => {
                question.spare.clone_from(&asked.params);
                if answered(asked, session, &question, stop, console, logs) != Outcome::Done {
                    outcome = Outcome::NoVerdict;
                }
            }
            Typed::Wrong(problems) => console.say_all(&problems),
        }
    }
    if let Some(file) = &history {
        // A home that cannot be written to loses the history and nothing else.
        let _ = editor.save_history(file);
    }
    outcome
}

/// `$XDG_STATE_HOME`, else `~/.local/state`; none where neither is.
fn history_file() -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    let folder = state.or_else(home)?;
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join(HISTORY))
}

type Columns = [(String, SchemaRef)];

/// What a line asks for.
enum Typed {
    Nothing,
    End,
    Show(Box<dyn Fn(&Columns) -> String>),
    Ask(Box<Question>),
    Wrong(Vec<Diagnostic>),
}

impl Typed {
    fn of(line: &str) -> Typed {
        let line = line.trim().trim_end_matches(';').trim();
        let mut words = line.split_whitespace();
        let (first, second) = (words.next().unwrap_or_default(), words.next());
        match (first, second) {
            ("", _) => Typed::Nothing,
            ("\\q" | "quit" | "exit", None) => Typed::End,
            ("\\?" | "help", None) => Typed::Show(Box::new(|_| HELP.to_owned())),
            ("\\l", None) => Typed::Show(Box::new(|_| listed())),
            ("\\d", None) => Typed::Show(Box::new(tables)),
            ("\\d", Some(table)) => {
                let table = table.to_owned();
                Typed::Show(Box::new(move |columns| columns_of(columns, &table)))
            }
            (command, _) if command.starts_with('\\') => Typed::Show(Box::new(|_| HELP.to_owned())),
            (name, _) => match bundled().into_iter().find(|query| query.name == name) {
                Some(query) => named(query, line),
                None => match read("query", line) {
                    Ok(question) => Typed::Ask(Box::new(question)),
                    Err(problems) => Typed::Wrong(problems),
                },
            },
        }
    }
}

/// A bundled query with `name=value` behind its name.
fn named(query: NamedQuery, line: &str) -> Typed {
    let mut params = Vec::new();
    for word in line.split_whitespace().skip(1) {
        let Some((name, value)) = word.split_once('=') else {
            let what = format!("`{}` is no parameter", show(word));
            return Typed::Wrong(vec![no_question(&what)]);
        };
        params.push((name.to_owned(), value.trim_matches('\'').to_owned()));
    }
    Typed::Ask(Box::new(Question {
        place: format!("query {}", query.name),
        query,
        params,
        spare: Vec::new(),
    }))
}

fn tables(columns: &Columns) -> String {
    let mut text = String::new();
    for (name, schema) in columns {
        let means = described(name).map_or("", |info| info.means);
        let count = schema.fields().len();
        text.push_str(&format!("{name:<14} {count:>3} columns  {means}\n"));
    }
    for function in FUNCTIONS {
        text.push_str(&format!(
            "{:<14}             {}\n",
            function.name, function.call
        ));
    }
    text
}

fn columns_of(columns: &Columns, table: &str) -> String {
    let Some((name, schema)) = columns.iter().find(|(name, _)| name == table) else {
        let near = did_you_mean(table, columns.iter().map(|(name, _)| name.as_str()));
        let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
        return format!("there is no table {}{near}\n", show(table));
    };
    let info = described(name);
    let mut text = String::new();
    for field in schema.fields() {
        let means = info.and_then(|info| info.columns.iter().find(|row| row.0 == field.name()));
        let (kind, means) = means.map_or_else(
            || (field.data_type().to_string(), ""),
            |(_, kind, means)| (kind.word().to_owned(), *means),
        );
        text.push_str(&format!("{:<28} {kind:<10} {means}\n", field.name()));
    }
    text
}

/// What the line editor asks while a line is typed.
struct Typing(Completions);

impl Completer for Typing {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(self.0.of(line, at))
    }
}

impl Validator for Typing {
    /// A query ends with `;`; a command and the name of a query end with their line.
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(if is_done(context.input()) {
            ValidationResult::Valid(None)
        } else {
            ValidationResult::Incomplete
        })
    }
}

fn is_done(text: &str) -> bool {
    let text = text.trim();
    let first = text.split_whitespace().next().unwrap_or_default();
    let command = text.starts_with('\\') || ["", "quit", "exit", "help"].contains(&first);
    command || text.ends_with(';') || bundled().iter().any(|query| query.name == first)
}

impl Hinter for Typing {
    type Hint = String;
}

impl Highlighter for Typing {
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        Cow::Borrowed(prompt)
    }
}

impl Helper for Typing {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_ends_with_a_semicolon_and_a_command_with_its_line() {
        #[rustfmt::skip]
        let cases = [("", true), ("\\d flows", true), ("SELECT 1", false), ("SELECT 1\n;", true), ("quit", true)];
        for (text, done) in cases {
            assert_eq!(is_done(text), done, "{text}");
        }
    }

    #[test]
    fn lines_are_understood() {
        assert!(matches!(Typed::of("  "), Typed::Nothing));
        assert!(matches!(Typed::of("\\q"), Typed::End));
        assert!(matches!(Typed::of("\\d flows;"), Typed::Show(_)));
        let Typed::Ask(question) = Typed::of("SELECT 1;") else {
            panic!("no question");
        };
        assert_eq!(question.query.sql, "SELECT 1");
        let Typed::Ask(question) = Typed::of("top-talkers rows=3;") else {
            panic!("no question");
        };
        assert_eq!(question.params, [("rows".to_owned(), "3".to_owned())]);
    }
}
