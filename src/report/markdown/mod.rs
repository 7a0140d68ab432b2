//! GitHub's job summary: the verdict first, one table of claims, then what failed and why; rows folded away.
//!
//! GitHub refuses a summary above 1,024 KiB, and a refused summary shows no verdict. So rows of the tables are cut until the
//! page fits, each cut table says "x of y shown", and never the verdict nor a claim's row is among what is cut.

mod claims;
mod escape;
mod tables;

use crate::model::evidence::Evidence;

use super::cited::Places;
use super::said::{mark, plain, records, sentence, verdict_word, window};
use super::units::plural;
use escape::{code, prose};

/// GitHub's limit for what one step writes, less a reserve for what else the step writes (docs.github.com, workflow commands,
/// "step isolation and limits": 1 MiB).
const BYTES_MAX: usize = 1000 * 1024;
/// Rows of each table, tried in this order until the page fits.
const ROWS: [usize; 5] = [1000, 100, 20, 5, 1];

const LIMITS: &str = "Flow logs never record Amazon DNS, IMDS, time sync, DHCP, ARP, Windows activation, mirrored sources, \
    the VPC router, and endpoint-to-load-balancer legs.";

/// The page.
pub(super) fn render(evidence: &Evidence) -> String {
    let head = head(evidence);
    for rows in ROWS {
        let page = format!("{head}{}{}", body(evidence, rows), foot(evidence));
        if page.len() <= BYTES_MAX {
            return page;
        }
    }
    format!(
        "{head}\nEverything else is left out: the page would be larger than GitHub shows. It stands in the evidence.\n\n{}",
        foot(evidence)
    )
}

/// The verdict, what it is about, and every claim.
fn head(evidence: &Evidence) -> String {
    let mut out = format!(
        "# {} {}: {}\n\n",
        mark(evidence.verdict),
        verdict_word(evidence.verdict),
        plain(&sentence(evidence))
    );
    let scope = format!(
        "{}: {}",
        plain(&plural(evidence.scope.interfaces, "interface")),
        prose(&evidence.scope.description)
    );
    let lines = [
        ("Window", prose(&window(evidence))),
        ("Scope", scope),
        ("Records", prose(&records(&evidence.totals))),
    ];
    for (label, text) in lines {
        out.push_str(&format!("- **{label}:** {text}\n"));
    }
    out.push('\n');
    out.push_str(&claims::table(evidence));
    out
}

fn body(evidence: &Evidence, rows: usize) -> String {
    let places = Places::of(evidence);
    let mut out = String::new();
    for claim in &evidence.claims {
        out.push_str(&claims::section(claim, &places, rows));
    }
    out.push_str(&tables::exceptions(evidence, rows));
    out.push_str(&tables::inputs_not_whole(evidence, rows));
    out.push_str(&tables::gaps(evidence, rows));
    out.push_str(&tables::complaints(evidence, rows));
    out
}

/// What it rests on: who wants to check it needs the digests.
fn foot(evidence: &Evidence) -> String {
    let ranges = &evidence.tool.ip_ranges;
    format!(
        "\n{} {}, policy {} {}, ip-ranges of {}. {LIMITS}\n",
        code(&evidence.tool.name),
        code(&evidence.tool.version),
        code(&evidence.policy.source),
        code(&format!("sha256:{}", evidence.policy.sha256)),
        code(&ranges.created)
    )
}
