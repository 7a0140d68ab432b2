//! STUB: replaced by the work on this format.

use crate::model::evidence::Evidence;

pub(super) fn render(evidence: &Evidence) -> Result<Vec<u8>, quick_junit::SerializeError> {
    Ok(format!("{:?}", evidence.verdict).into_bytes())
}
