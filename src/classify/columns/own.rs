//! The log's own columns beside the tags'.

use std::sync::Arc;

use arrow::datatypes::FieldRef;

use super::TAG_COLUMNS;

/// The log's fields under names that nothing else in the output has, whatever the case: SQL engines do not tell it.
pub fn own_fields(log: &[FieldRef]) -> Vec<FieldRef> {
    let mut taken: Vec<String> = TAG_COLUMNS.iter().map(|row| row.0.to_owned()).collect();
    let free = |name: &str, taken: &[String]| !taken.iter().any(|t| t.eq_ignore_ascii_case(name));
    let keeps: Vec<bool> = log
        .iter()
        .map(|field| {
            let keeps = free(field.name(), &taken);
            if keeps {
                taken.push(field.name().clone());
            }
            keeps
        })
        .collect();
    let mut named = |(field, keeps): (&FieldRef, bool)| {
        if keeps {
            return Arc::clone(field);
        }
        let mut name = format!("log_{}", field.name());
        while !free(&name, &taken) {
            name.insert_str(0, "log_");
        }
        taken.push(name.clone());
        Arc::new(field.as_ref().clone().with_name(name))
    };
    log.iter().zip(keeps).map(&mut named).collect()
}
