//! Parameters of a query: `$name` in SQL, `--param name=value` on the command line. Values are bound to the plan as values; they
//! never become text of the query, whatever they hold.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use datafusion::common::{ParamValues, ScalarValue};
use ipnet::IpNet;

use crate::diag::{Diagnostic, Severity, did_you_mean, show};
use crate::query::allowed::Meant;
use crate::query::columns::UTC;
use crate::query::functions::seconds_of;
use crate::query::named::{Param, ParamType};
use crate::query::place::Place;

/// Values by name, of the declared types.
#[derive(Clone, Debug, Default)]
pub struct Values {
    by_name: BTreeMap<String, ScalarValue>,
    /// Those that may have no place in the query.
    spare: BTreeSet<String>,
}

const WHY: &str = "a query with another value than was meant answers another question";

impl Values {
    /// The given values, and the defaults of those that were not given. Without a declaration a value is text.
    ///
    /// `spare` values were given for whatever is asked: those that the query has no parameter for do nothing.
    ///
    /// # Errors
    /// A name twice, a value that is not of its type, a name that a query with declarations does not declare.
    pub fn new(
        declared: &[Param],
        given: &[(String, String)],
        spare: &[(String, String)],
        place: &Place,
    ) -> Result<Values, Vec<Diagnostic>> {
        let (mut values, mut problems) = (BTreeMap::new(), Vec::new());
        let fits = |name: &String| {
            let free = !given.iter().any(|(taken, _)| taken == name);
            free && (declared.is_empty() || declared.iter().any(|param| param.name == *name))
        };
        let spare: Vec<&(String, String)> = spare.iter().filter(|(name, _)| fits(name)).collect();
        for (name, text) in given.iter().chain(spare.iter().copied()) {
            let param = declared.iter().find(|param| param.name == *name);
            if param.is_none() && !declared.is_empty() {
                let names = declared.iter().map(|param| param.name.as_str());
                problems.push(unknown(name, names, place));
                continue;
            }
            let value = match param {
                Some(param) => param.value(text),
                None => value(ParamType::Text, text),
            };
            match value {
                Some(ScalarValue::Int64(Some(number)))
                    if param.is_some_and(|param| !param.allowed.takes(number)) =>
                {
                    let allowed = param.map(|param| &param.allowed);
                    problems.extend(allowed.map(|allowed| {
                        place
                            .at(allowed.beyond(name))
                            .got(format!("`{}`", show(text)))
                    }));
                }
                Some(value) if !values.contains_key(name) => _ = values.insert(name.clone(), value),
                Some(_) => problems.push(place.at(bad(
                    format!("the parameter `{}` is given twice", show(name)),
                    "give it once",
                ))),
                None => {
                    let kind = param.map_or(ParamType::Text, |param| param.kind);
                    let what = format!("the parameter `{}` must be {}", show(name), kind.means());
                    let problem = place.at(bad(what, kind.help()));
                    problems.push(problem.got(format!("`{}`", show(text))));
                }
            }
        }
        for param in declared.iter().filter(|param| param.default.is_some()) {
            if let Some(default) = param.default.as_deref().and_then(|text| param.value(text)) {
                values.entry(param.name.clone()).or_insert(default);
            }
        }
        if problems.is_empty() {
            Ok(Values {
                by_name: values,
                spare: spare.into_iter().map(|(name, _)| name.clone()).collect(),
            })
        } else {
            Err(problems)
        }
    }

    /// Makes of each text that must be a word the word that it means. `words` gives those of a column of a table.
    ///
    /// # Errors
    /// A text that is no word; those of `words`.
    pub fn meant(
        &mut self,
        declared: &[Param],
        place: &Place,
        mut words: impl FnMut(&str, &str) -> Result<Vec<String>, Vec<Diagnostic>>,
    ) -> Result<(), Vec<Diagnostic>> {
        let mut problems = Vec::new();
        let closed = |param: &&Param| param.kind == ParamType::Text && param.allowed.is_closed();
        for param in declared.iter().filter(closed) {
            let Some(ScalarValue::Utf8(Some(text))) = self.by_name.get(&param.name).cloned() else {
                continue;
            };
            match param.allowed.meant(&text, &mut words)? {
                Meant::Word(word) => {
                    let word = ScalarValue::Utf8(Some(word));
                    _ = self.by_name.insert(param.name.clone(), word);
                }
                Meant::Nothing { near, words } => {
                    let refused = param.allowed.refused(&param.name, near.as_deref(), &words);
                    problems.push(place.at(refused).got(format!("`{}`", show(&text))));
                }
            }
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems)
        }
    }

    /// Whether every placeholder has a value, and every value a placeholder.
    ///
    /// # Errors
    /// Each that has not.
    pub fn check(&self, names: &HashSet<String>, place: &Place) -> Result<(), Vec<Diagnostic>> {
        let mut problems = Vec::new();
        let bare = |name: &str| name.trim_start_matches('$').to_owned();
        let mut missing: Vec<String> = names.iter().map(|name| bare(name)).collect();
        missing.sort();
        for name in missing
            .iter()
            .filter(|name| !self.by_name.contains_key(*name))
        {
            let what = format!("the parameter `{}` has no value", show(name));
            let help = format!("add --param {}=VALUE", show(name));
            let near = did_you_mean(name, self.by_name.keys().map(String::as_str));
            let help = near.map_or(help.clone(), |near| {
                format!("{help}; `{}` was given", show(near))
            });
            problems.push(place.named(bad(what, &help), &format!("${name}")));
        }
        // Defaults may be there for nothing; what somebody gave may not: it would not count, and he would not know.
        for name in self.by_name.keys() {
            if !missing.contains(name) && !self.spare.contains(name) {
                problems.push(unknown(name, missing.iter().map(String::as_str), place));
            }
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems)
        }
    }

    /// The values as DataFusion takes them.
    pub fn bound(&self, names: &HashSet<String>) -> ParamValues {
        let named: HashMap<String, ScalarValue> = self
            .by_name
            .iter()
            .filter(|(name, _)| names.contains(&format!("${name}")))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        ParamValues::from(named)
    }
}

fn bad(what: String, help: &str) -> Diagnostic {
    Diagnostic::new(Severity::Error, "query-bad-parameter", what, WHY, help)
}

fn unknown<'n>(
    name: &str,
    known: impl Iterator<Item = &'n str> + Clone,
    place: &Place,
) -> Diagnostic {
    let list: Vec<String> = known
        .clone()
        .map(|name| format!("`{}`", show(name)))
        .collect();
    let help = match (did_you_mean(name, known), list.is_empty()) {
        (Some(near), _) => format!("did you mean `{}`?", show(near)),
        (None, true) => "leave it out: the query has no parameters".to_owned(),
        (None, false) => format!("its parameters are {}", list.join(", ")),
    };
    let what = format!("the query has no parameter `{}`", show(name));
    place.at(bad(what, &help))
}

/// The value of a text; `None` if it is none of the type.
pub fn value(kind: ParamType, text: &str) -> Option<ScalarValue> {
    match kind {
        ParamType::Text => Some(ScalarValue::Utf8(Some(text.to_owned()))),
        ParamType::Int => text.parse().ok().map(|n| ScalarValue::Int64(Some(n))),
        ParamType::Float => {
            let number = text.parse::<f64>().ok().filter(|n| n.is_finite());
            number.map(|n| ScalarValue::Float64(Some(n)))
        }
        ParamType::Timestamp => {
            let time = text.parse::<jiff::Timestamp>().ok()?;
            let second = (time.subsec_nanosecond() == 0).then(|| time.as_second())?;
            Some(ScalarValue::TimestampSecond(Some(second), Some(UTC.into())))
        }
        ParamType::Cidr => {
            let net = text.parse::<IpNet>().ok()?;
            Some(ScalarValue::Utf8(Some(net.trunc().to_string())))
        }
        ParamType::Duration => {
            seconds_of(text).ok()?;
            Some(ScalarValue::Utf8(Some(text.to_owned())))
        }
        ParamType::Ports => {
            let ports = text
                .split(',')
                .map(|port| port.trim().parse::<u16>().map(|port| port.to_string()));
            let ports = ports.collect::<Result<Vec<_>, _>>().ok()?;
            Some(ScalarValue::Utf8(Some(ports.join(","))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared() -> Vec<Param> {
        crate::query::named::parse(
            "-- q: title\n-- param service text 's3'  the service\n-- param least int 0  bytes\n-- param net cidr -  a net\n-- param since timestamp -  from\nSELECT 1",
        )
        .unwrap()
        .params
    }

    fn given(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let own = |pair: &(&str, &str)| (pair.0.to_owned(), pair.1.to_owned());
        pairs.iter().map(own).collect()
    }

    #[test]
    fn values_have_the_declared_types_and_defaults_stand_in() {
        let place = Place::new("q", "SELECT 1");
        let pairs = [("net", "10.0.0.9/8"), ("since", "2026-08-01T00:00:00Z")];
        let values = Values::new(&declared(), &given(&pairs), &[], &place).unwrap();
        let of = |name: &str| values.by_name[name].clone();
        assert_eq!(of("service"), ScalarValue::Utf8(Some("s3".to_owned())));
        assert_eq!(of("least"), ScalarValue::Int64(Some(0)));
        assert_eq!(of("net"), ScalarValue::Utf8(Some("10.0.0.0/8".to_owned())));
        assert_eq!(
            of("since"),
            ScalarValue::TimestampSecond(Some(1_785_542_400), Some(UTC.into()))
        );
    }

    #[test]
    fn what_is_not_of_its_type_is_said() {
        let place = Place::new("q", "SELECT 1");
        #[rustfmt::skip]
        let cases = [
            ("least",   "many",                  "whole number"),
            ("net",     "10.0.0.0",              "CIDR"),
            ("since",   "yesterday",             "time"),
            ("since",   "2026-08-01T00:00:00",   "time"),
            ("servise", "s3",                    "no parameter `servise`"),
        ];
        for (name, text, message) in cases {
            let problems =
                Values::new(&declared(), &given(&[(name, text)]), &[], &place).unwrap_err();
            assert!(problems[0].message.contains(message), "{}", problems[0]);
        }
        let twice = given(&[("least", "1"), ("least", "2")]);
        let problems = Values::new(&declared(), &twice, &[], &place).unwrap_err();
        assert!(problems[0].message.contains("twice"));
    }

    #[test]
    fn a_spare_value_stands_in_where_it_has_a_place() {
        let place = Place::new("q", "SELECT $a");
        let spare = given(&[("a", "1"), ("b", "2")]);
        let values = Values::new(&[], &[], &spare, &place).unwrap();
        let names = HashSet::from(["$a".to_owned()]);
        values.check(&names, &place).unwrap();
        let strict = Values::new(&[], &spare, &[], &place).unwrap();
        assert!(strict.check(&names, &place).is_err());
        // Of a declared query it is of the declared type; what was given for the query itself comes first.
        let spare = given(&[("least", "7"), ("service", "sts"), ("other", "x")]);
        let own = given(&[("service", "s3")]);
        let values = Values::new(&declared(), &own, &spare, &place).unwrap();
        assert_eq!(values.by_name["least"], ScalarValue::Int64(Some(7)));
        let service = ScalarValue::Utf8(Some("s3".to_owned()));
        assert_eq!(values.by_name["service"], service);
        assert!(!values.by_name.contains_key("other"));
        assert!(Values::new(&declared(), &[], &given(&[("least", "x")]), &place).is_err());
    }

    #[test]
    fn placeholders_without_values_and_values_without_placeholders_are_said() {
        let sql = "SELECT\n $servce";
        let place = Place::new("q", sql);
        let values = Values::new(&[], &given(&[("service", "s3")]), &[], &place).unwrap();
        let problems = values
            .check(&HashSet::from(["$servce".to_owned()]), &place)
            .unwrap_err();
        assert_eq!(problems.len(), 2);
        assert_eq!(
            (problems[0].at[0].line, problems[0].at[0].column),
            (Some(2), Some(2))
        );
        assert!(problems[0].help.contains("`service` was given"));
        assert!(
            problems[1].help.contains("`servce`"),
            "{}",
            problems[1].help
        );
    }
}
