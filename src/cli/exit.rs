//! How a run ends: one enum, the same in every output format.

use flowproof::model::path::Verdict;

/// The end of a run, and its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All claims are proven: 0.
    Proven,
    /// A claim is violated: 1.
    Violated,
    /// No verdict (usage, policy, access, unreadable input): 2, as clap has it.
    NoVerdict,
    /// No witness, but something is unproven: 3.
    Unproven,
    /// A command that judges nothing has done its work: 0.
    Done,
}

impl Outcome {
    /// The contract's number.
    pub const fn code(self) -> u8 {
        match self {
            Outcome::Proven | Outcome::Done => 0,
            Outcome::Violated => 1,
            Outcome::NoVerdict => 2,
            Outcome::Unproven => 3,
        }
    }
}

impl From<Verdict> for Outcome {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Proven => Outcome::Proven,
            Verdict::Violated => Outcome::Violated,
            Verdict::Unproven => Outcome::Unproven,
        }
    }
}

impl From<Outcome> for std::process::ExitCode {
    fn from(outcome: Outcome) -> Self {
        outcome.code().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_those_of_the_contract() {
        let cases = [
            (Outcome::Proven, 0),
            (Outcome::Violated, 1),
            (Outcome::NoVerdict, 2),
            (Outcome::Unproven, 3),
            (Outcome::Done, 0),
        ];
        for (outcome, code) in cases {
            assert_eq!(outcome.code(), code, "{outcome:?}");
        }
    }

    #[test]
    fn only_proven_is_zero_among_verdicts() {
        for verdict in Verdict::ALL.iter().copied() {
            let zero = Outcome::from(verdict).code() == 0;
            assert_eq!(zero, verdict == Verdict::Proven, "{verdict}");
        }
    }
}
