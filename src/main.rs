//! flowproof: parse, run, map to an exit code. A demonstration until the pipeline is wired.

mod cli;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::atomic::Ordering;

use cli::args::{Cli, Command, TopologyCommand};
use cli::console::Console;
use cli::exit::Outcome;
use cli::output::{self, Output};
use cli::values::Target;
use cli::{interrupt, parse, progress::Progress, shell};
use flowproof::policy;

const RANGES_DATE: &str = "2026-08-01";

fn main() -> ExitCode {
    let now_s = jiff::Timestamp::now().as_second();
    match parse::parse(std::env::args_os(), RANGES_DATE, now_s) {
        Ok(cli) => run(cli).into(),
        Err(error) => error.exit(),
    }
}

fn run(cli: Cli) -> Outcome {
    let interrupted = interrupt::install();
    match cli.command {
        Command::Completions(asked) => {
            written(|out| shell::completions(asked.shell, parse::command(RANGES_DATE), out))
        }
        Command::Man => written(|out| shell::man(parse::command(RANGES_DATE), out)),
        Command::Topology(asked) => {
            let TopologyCommand::Check(check) = asked.command;
            policy_read(Console::new(check.speech), check.policy.as_deref())
        }
        Command::Verify(asked) => {
            let progress = Progress::new(None, asked.speech.quiet);
            progress.add_bytes(0);
            progress.add_records(0);
            if interrupted.load(Ordering::SeqCst) {
                return Outcome::NoVerdict;
            }
            progress.suspend(|| policy_read(Console::new(asked.speech), asked.policy.as_deref()))
        }
        Command::Classify(_) => Outcome::NoVerdict,
    }
}

fn policy_read(console: Console, file: Option<&std::path::Path>) -> Outcome {
    let Some(file) = file else {
        policy::built_in();
        return Outcome::Done;
    };
    let Ok(text) = std::fs::read_to_string(file) else {
        return Outcome::NoVerdict;
    };
    match policy::parse(&file.display().to_string(), &text) {
        Ok((_, warnings)) => {
            console.say_all(&warnings);
            Outcome::Done
        }
        Err(problems) => {
            console.say_all(&problems);
            Outcome::NoVerdict
        }
    }
}

fn written(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Outcome {
    let result = Output::create(&Target::Stdout).and_then(|mut out| {
        write(&mut out)?;
        out.commit()
    });
    match result {
        Err(error) if !output::is_broken_pipe(&error) => {
            let _ = writeln!(io::stderr(), "{}", output::failed(&Target::Stdout, &error));
            Outcome::NoVerdict
        }
        _ => Outcome::Done,
    }
}
