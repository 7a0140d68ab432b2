//! Completions and the manual, from the same definition as the parser.

use std::io::{self, Write};

/// The completion script for `shell`.
pub fn completions(
    shell: clap_complete::Shell,
    mut command: clap::Command,
    out: &mut dyn Write,
) -> io::Result<()> {
    // clap_complete panics where writing fails, so it writes into memory.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "flowproof", &mut script);
    out.write_all(&script)
}

/// The manual: the page of the tool, then one of each command.
pub fn man(command: clap::Command, out: &mut dyn Write) -> io::Result<()> {
    // `flowproof help verify` works, and needs no page of its own.
    let mut command = command
        .disable_help_subcommand(true)
        .mut_subcommand("topology", |topology| {
            topology.disable_help_subcommand(true)
        });
    command.build();
    page(&command, "flowproof", out)
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
    use crate::cli::parse::command;

    #[test]
    fn every_shell_and_every_command_is_served() {
        for shell in clap_complete::Shell::value_variants() {
            let mut out = Vec::new();
            completions(*shell, command("2026-01-01"), &mut out).unwrap();
            assert!(
                String::from_utf8(out).unwrap().contains("classify"),
                "{shell}"
            );
        }
        let mut out = Vec::new();
        man(command("2026-01-01"), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
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
