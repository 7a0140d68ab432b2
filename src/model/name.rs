//! Names and digests in the one form that is compared.

/// The form in which services are compared: lower case, hyphens for underscores. AWS writes `API_GATEWAY` in one list and
/// `api-gateway` in another.
pub fn normal_service(name: &str) -> String {
    name.to_lowercase().replace('_', "-")
}

/// Lower-case hexadecimal, as digests are written.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
