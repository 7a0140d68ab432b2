//! STUB: replaced by the work on this format.

use crate::model::evidence::Evidence;

pub(super) fn render(evidence: &Evidence) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&evidence.verdict)
}
