//! What is said on stderr: complaints, in colour where that helps.

use std::io::{self, IsTerminal, Write};

use flowproof::diag::{Diagnostic, Severity};

use super::args::Speech;

/// Whether to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, if NO_COLOR is not set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Color {
    /// Whether a stream gets colour. `terminal`: whether it is one. See <https://no-color.org>.
    pub fn enabled(self, terminal: bool) -> bool {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        self.decide(terminal, plain)
    }

    fn decide(self, terminal: bool, plain: bool) -> bool {
        match self {
            Color::Auto => terminal && !plain,
            Color::Always => true,
            Color::Never => false,
        }
    }
}

/// Prints complaints on stderr.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    color: bool,
    quiet: bool,
}

impl Console {
    /// As the options have it.
    pub fn new(speech: Speech) -> Self {
        Console {
            color: speech.color.enabled(io::stderr().is_terminal()),
            quiet: speech.quiet,
        }
    }

    /// Prints one complaint; with --quiet only an error. A stderr that cannot be written to is nobody's to tell.
    pub fn say(&self, diagnostic: &Diagnostic) {
        let _ = io::stderr()
            .lock()
            .write_all(self.text(diagnostic).as_bytes());
    }

    /// Prints a line that is no complaint; nothing with --quiet.
    pub fn note(&self, line: &str) {
        if !self.quiet {
            let _ = writeln!(io::stderr().lock(), "{line}");
        }
    }

    /// Prints them all, in their order.
    pub fn say_all<'d>(&self, diagnostics: impl IntoIterator<Item = &'d Diagnostic>) {
        diagnostics.into_iter().for_each(|one| self.say(one));
    }

    fn text(&self, diagnostic: &Diagnostic) -> String {
        if self.quiet && diagnostic.severity != Severity::Error {
            return String::new();
        }
        let text = diagnostic.to_string();
        let head = format!("{}[{}]", diagnostic.severity, diagnostic.code);
        match text.strip_prefix(&head) {
            Some(rest) if self.color => {
                let color = match diagnostic.severity {
                    Severity::Error => "31",
                    Severity::Warning => "33",
                    Severity::Note => "36",
                };
                format!("\u{1b}[1;{color}m{head}\u{1b}[0m{rest}")
            }
            _ => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(severity: Severity) -> Diagnostic {
        Diagnostic::new(severity, "output-failed", "m", "w", "h")
    }

    #[test]
    fn colour_is_for_terminals_unless_asked_for() {
        #[rustfmt::skip]
        let cases = [
            // option, terminal, NO_COLOR or dumb, expected
            (Color::Auto,   true,  false, true),
            (Color::Auto,   false, false, false),
            (Color::Auto,   true,  true,  false),
            (Color::Always, false, true,  true),
            (Color::Never,  true,  false, false),
        ];
        for (color, terminal, plain, expected) in cases {
            assert_eq!(color.decide(terminal, plain), expected, "{color:?}");
        }
    }

    #[test]
    fn quiet_keeps_errors_only() {
        let quiet = Console {
            color: false,
            quiet: true,
        };
        assert_eq!(quiet.text(&complaint(Severity::Warning)), "");
        assert_eq!(quiet.text(&complaint(Severity::Note)), "");
        assert!(
            quiet
                .text(&complaint(Severity::Error))
                .starts_with("error[output-failed]: m\n")
        );
    }

    #[test]
    fn only_the_head_is_coloured() {
        let loud = Console {
            color: true,
            quiet: false,
        };
        let text = loud.text(&complaint(Severity::Warning));
        assert!(
            text.starts_with("\u{1b}[1;33mwarning[output-failed]\u{1b}[0m: m\n"),
            "{text}"
        );
    }
}
