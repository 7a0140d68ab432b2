//! The evidence document itself: nothing left out, nothing added.

use crate::model::evidence::Evidence;

/// Pretty-printed, with a newline at the end. Maps in it are sorted, so the same evidence gives the same bytes.
pub(super) fn render(evidence: &Evidence) -> Result<Vec<u8>, serde_json::Error> {
    let mut out = serde_json::to_vec_pretty(evidence)?;
    out.push(b'\n');
    Ok(out)
}
