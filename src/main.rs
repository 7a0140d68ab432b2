//! flowproof: parse, run, map to an exit code.

mod cli;

use std::process::ExitCode;

use cli::args::{Cli, Command, TopologyCommand};
use cli::exit::Outcome;
use cli::{check, classify, explain, interrupt, parse, report, shell, snapshot, topology, verify};

fn main() -> ExitCode {
    let now_s = jiff::Timestamp::now().as_second();
    match parse::parse(
        std::env::args_os(),
        flowproof::topology::ranges::BUILT_IN_DATE,
        now_s,
    ) {
        Ok(cli) => cli::guarded(|| run(cli, now_s)).into(),
        Err(error) => error.exit(),
    }
}

fn run(cli: Cli, now_s: i64) -> Outcome {
    let stop = interrupt::install();
    match cli.command {
        Command::Verify(asked) => {
            cli::pool(asked.input.work.threads);
            verify::run(&asked, now_s, &stop)
        }
        Command::Classify(asked) => {
            cli::pool(asked.input.work.threads);
            classify::run(&asked, now_s, &stop)
        }
        Command::Explain(asked) => {
            cli::pool(asked.input.work.threads);
            explain::run(&asked, now_s, &stop)
        }
        #[cfg(feature = "sql")]
        Command::Query(asked) => {
            cli::pool(asked.input.work.threads);
            cli::query::run(&asked, now_s, &stop)
        }
        Command::Report(asked) => report::run(&asked),
        Command::Check(asked) => {
            cli::pool(asked.work.threads);
            check::run(&asked, now_s, &stop)
        }
        Command::Topology(asked) => match asked.command {
            TopologyCommand::Snapshot(asked) => snapshot::run(&asked, now_s, &stop),
            TopologyCommand::Check(check) => topology::run(&check, now_s),
        },
        Command::Completions(asked) => shell::completions(asked.shell),
        Command::Man => shell::man(),
    }
}
