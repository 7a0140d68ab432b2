//! Completions and the manual, from the same definition as the parser.

use std::io::{self, Write};

use flowproof::topology::ranges::BUILT_IN_DATE;

use super::exit::Outcome;
use super::output::{self, Output};
use super::parse;
use super::values::Target;

/// Writes the completion script for `shell` to stdout.
pub fn completions(shell: clap_complete::Shell) -> Outcome {
    written(&script(shell))
}

/// Writes the manual to stdout: the page of the tool, then one of each command.
pub fn man() -> Outcome {
    match manual() {
        Ok(pages) => written(&pages),
        Err(error) => failed(&error),
    }
}

fn script(shell: clap_complete::Shell) -> Vec<u8> {
    // clap_complete panics where writing fails, so it writes into memory.
    let mut script = Vec::new();
    clap_complete::generate(
        shell,
        &mut parse::command(BUILT_IN_DATE),
        "flowproof",
        &mut script,
    );
    script
}

fn manual() -> io::Result<Vec<u8>> {
    // `flowproof help verify` works, and needs no page of its own.
    let mut command = parse::command(BUILT_IN_DATE)
        .disable_help_subcommand(true)
        .mut_subcommand("topology", |topology| {
            topology.disable_help_subcommand(true)
        });
    command.build();
    let mut pages = Vec::new();
    page(&command, "flowproof", &mut pages)?;
    Ok(pages)
}

/// Writes a result to stdout; a closed pipe is a quiet end.
pub fn written(bytes: &[u8]) -> Outcome {
    let result = Output::create(&Target::Stdout).and_then(|mut out| {
        out.write_all(bytes)?;
        out.commit()
    });
    match result {
        Err(error) if !output::is_broken_pipe(&error) => failed(&error),
        Ok(()) | Err(_) => Outcome::Done,
    }
}

/// Says that stdout cannot be written.
pub fn failed(error: &io::Error) -> Outcome {
    // Where stderr is closed too, the exit code says it.
    let _ = writeln!(io::stderr(), "{}", output::failed(&Target::Stdout, error));
    Outcome::NoVerdict
}

fn page(command: &clap::Command, name: &str, out: &mut dyn Write) -> io::Result<()> {
    let titled = command
        .clone()
        .display_name(name.to_owned().leak() as &'static str);
    clap_mangen::Man::new(titled).render(out)?;
    for inner in command.get_subcommands() {
        page(inner, &format!("{name}-{}", inner.get_name()), out)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn every_command_has_completions_and_a_page() {
        for shell in clap_complete::Shell::value_variants() {
            assert!(
                String::from_utf8(script(*shell))
                    .unwrap()
                    .contains("classify"),
                "{shell}"
            );
        }
        let text = String::from_utf8(manual().unwrap()).unwrap();
        for page in [
            ".TH flowproof 1",
            ".TH flowproof-verify 1",
            ".TH flowproof-topology-check 1",
        ] {
            assert!(text.contains(page), "{page}");
        }
        for missing in ["flowproof\\-help", "help\\-verify"] {
            assert!(!text.contains(missing), "{missing}");
        }
    }
}
