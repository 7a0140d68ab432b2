//! Where two JSON documents differ, by path. In: two values. Out: the first places, in the order of the document.

use serde_json::Value;

use crate::diag::show;

/// One place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// For example `claims[0].witnesses.count`.
    pub path: String,
    /// What stands in the first document, shortened; `nothing` where it has no such place.
    pub first: String,
    /// What stands in the second.
    pub second: String,
}

/// All places, up to a limit.
pub fn differences(first: &Value, second: &Value, places_max: usize) -> Vec<Difference> {
    let mut found = Vec::new();
    walk(
        String::new(),
        Some(first),
        Some(second),
        places_max,
        &mut found,
    );
    found
}

fn walk(
    path: String,
    first: Option<&Value>,
    second: Option<&Value>,
    places_max: usize,
    found: &mut Vec<Difference>,
) {
    if found.len() >= places_max {
        return;
    }
    match (first, second) {
        (Some(first), Some(second)) if first == second => {}
        (Some(Value::Object(first)), Some(Value::Object(second))) => {
            let more = second.keys().filter(|key| !first.contains_key(*key));
            for key in first.keys().chain(more) {
                let path = if path.is_empty() {
                    show(key)
                } else {
                    format!("{path}.{}", show(key))
                };
                walk(path, first.get(key), second.get(key), places_max, found);
            }
        }
        (Some(Value::Array(first)), Some(Value::Array(second))) => {
            for index in 0..first.len().max(second.len()) {
                let path = format!("{path}[{index}]");
                walk(path, first.get(index), second.get(index), places_max, found);
            }
        }
        (first, second) => found.push(Difference {
            path: if path.is_empty() {
                "the document".to_owned()
            } else {
                path
            },
            first: told(first),
            second: told(second),
        }),
    }
}

fn told(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| show(&value.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_place_is_named_and_no_more_than_asked_for() {
        let first = json!({"a": [1, {"b": "x"}], "c": null, "d": 1});
        let second = json!({"a": [1, {"b": "y"}, 3], "c": null, "e": 1});
        let told = |places_max| -> Vec<String> {
            let all = differences(&first, &second, places_max).into_iter();
            all.map(|one| format!("{}: {} -> {}", one.path, one.first, one.second))
                .collect()
        };
        let all = [
            "a[1].b: \"x\" -> \"y\"",
            "a[2]: nothing -> 3",
            "d: 1 -> nothing",
            "e: nothing -> 1",
        ];
        assert_eq!(told(9), all);
        assert_eq!(told(2), all[..2]);
        assert!(differences(&first, &first, 9).is_empty());
        assert_eq!(
            differences(&json!(1), &json!("1"), 9)[0].path,
            "the document"
        );
    }
}
