//! Names and types of what EC2 answers: XML goes in, the JSON that `aws ec2 … --output json` prints comes out.
//!
//! The table is `assets/ec2-shapes.txt`, written by `assets/renew-ec2-shapes` from AWS's own model of the API. What the table does not
//! know, because AWS added it since, is kept by its form: nothing is dropped.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use serde_json::{Map, Number, Value};

use crate::aws::xml::Element;

const TABLE: &str = include_str!("../../assets/ec2-shapes.txt");

/// What an element holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type<'t> {
    Text,
    Boolean,
    Integer,
    Double,
    Timestamp,
    /// Of items of that type.
    List(&'t str),
    /// By its name in the table.
    Structure(&'t str),
}

impl<'t> Type<'t> {
    fn parse(word: &'t str) -> Type<'t> {
        match word {
            "string" => Type::Text,
            "boolean" => Type::Boolean,
            "integer" => Type::Integer,
            "double" => Type::Double,
            "timestamp" => Type::Timestamp,
            word => word
                .strip_prefix('[')
                .and_then(|word| word.strip_suffix(']'))
                .map_or(Type::Structure(word), Type::List),
        }
    }
}

/// A member of a structure.
struct Member {
    element: &'static str,
    /// As JSON has it; empty if it is the element's with a capital first letter.
    name: &'static str,
    kind: Type<'static>,
}

/// The table, parsed. Made once a snapshot.
pub(super) struct Shapes {
    structures: HashMap<&'static str, Vec<Member>>,
}

impl Shapes {
    /// Parses the table.
    pub(super) fn new() -> Shapes {
        let rows = TABLE.lines().filter(|line| !line.starts_with('#'));
        let structures = rows.filter_map(|row| {
            let mut words = row.split(' ');
            let name = words.next()?;
            let members = words.filter_map(|word| {
                let (names, kind) = word.split_once(':')?;
                let (element, name) = names.split_once('=').unwrap_or((names, ""));
                let kind = Type::parse(kind);
                Some(Member {
                    element,
                    name,
                    kind,
                })
            });
            Some((name, members.collect()))
        });
        Shapes {
            structures: structures.collect(),
        }
    }

    /// The answer to a call, without what only says how it went.
    ///
    /// # Errors
    /// An element that stands twice where it can stand once.
    pub(super) fn answer(&self, call: &str, root: &Element) -> Result<Map<String, Value>, String> {
        let mut object = self.structure(call, root)?;
        object.remove("RequestId");
        Ok(object)
    }

    fn value(&self, kind: Type<'_>, element: &Element) -> Result<Value, String> {
        let text = element.text.as_str();
        // A text that is not of its type is kept as it is: whoever reads it will say so.
        let kept = || Value::from(text);
        let bare = element.children.is_empty() && !text.trim().is_empty();
        Ok(match kind {
            Type::List(_) | Type::Structure(_) if bare => kept(),
            Type::List(item) => {
                let item = Type::parse(item);
                let items = element.children.iter().map(|child| self.value(item, child));
                Value::Array(items.collect::<Result<_, _>>()?)
            }
            Type::Structure(name) => Value::Object(self.structure(name, element)?),
            _ if !element.children.is_empty() => self.unknown(element)?,
            Type::Text => kept(),
            Type::Boolean => match text {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                _ => kept(),
            },
            Type::Integer => text.parse::<i64>().map_or_else(|_| kept(), Value::from),
            Type::Double => text
                .parse()
                .ok()
                .and_then(Number::from_f64)
                .map_or_else(kept, Value::Number),
            Type::Timestamp => text
                .parse::<Timestamp>()
                .map_or_else(|_| kept(), |time| Value::from(printed(time))),
        })
    }

    /// Members in the model's order, as the CLI prints them; then what the table does not know, in AWS's order.
    fn structure(&self, name: &str, element: &Element) -> Result<Map<String, Value>, String> {
        let mut seen = HashSet::new();
        for child in &element.children {
            if !seen.insert(child.name.as_str()) {
                return Err(format!(
                    "`{}` stands twice in one `{}`",
                    child.name, element.name
                ));
            }
        }
        let known = self.structures.get(name).map_or(&[][..], Vec::as_slice);
        let mut object = Map::new();
        for member in known {
            if let Some(child) = element.child(member.element) {
                let name = if member.name.is_empty() {
                    capital(member.element)
                } else {
                    member.name.to_owned()
                };
                object.insert(name, self.value(member.kind, child)?);
            }
        }
        for child in &element.children {
            if !known.iter().any(|member| member.element == child.name) {
                let name = capital(&child.name);
                if object.contains_key(&name) {
                    return Err(format!("`{}` and another mean the same", child.name));
                }
                object.insert(name, self.unknown(child)?);
            }
        }
        Ok(object)
    }

    /// By its form: items are a list, other children a structure, and all else is text.
    fn unknown(&self, element: &Element) -> Result<Value, String> {
        if element.children.is_empty() {
            return Ok(Value::from(element.text.as_str()));
        }
        if element.children.iter().all(|child| child.name == "item") {
            let items = element.children.iter().map(|child| self.unknown(child));
            return Ok(Value::Array(items.collect::<Result<_, _>>()?));
        }
        Ok(Value::Object(self.structure("", element)?))
    }
}

/// The first letter as a capital.
fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// `2024-01-01T00:00:00+00:00`, with microseconds if there are any.
fn printed(time: Timestamp) -> String {
    let seconds = time.strftime("%Y-%m-%dT%H:%M:%S");
    match time.subsec_nanosecond() / 1_000 {
        0 => format!("{seconds}+00:00"),
        micros => format!("{seconds}.{micros:06}+00:00"),
    }
}

#[cfg(test)]
#[path = "shapes_tests.rs"]
mod tests;
