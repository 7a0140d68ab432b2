//! The lines that an explanation shows, read a second time at their places.

use flowproof::diag::{Diagnostic, show};
use flowproof::explain::making::{Source, Values};
use flowproof::ingest::raw::{RawLine, raw_line};
use flowproof::ingest::{Input, ReadOptions};
use flowproof::model::explanation::Line;
use flowproof::model::format::Format;
use flowproof::verify::InputFacts;

/// The inputs of a run.
pub struct Lines<'a> {
    pub inputs: &'a [Input],
    pub options: &'a ReadOptions,
}

impl Lines<'_> {
    fn at(&self, index: u32) -> Option<&Input> {
        self.inputs.get(usize::try_from(index).ok()?)
    }

    /// Who says that a format is in force, if no header does.
    fn teller(&self, input: &Input, format: &str) -> String {
        let is = |known: &Format| known.to_string() == format;
        let of = |id: &str| {
            input
                .flow_log()
                .is_none_or(|log| log.split(',').any(|log| log == id))
        };
        let described = self.options.described.iter();
        let described = described
            .filter(|(id, known)| of(id) && is(known))
            .map(|(id, _)| id);
        if self.options.log_format.as_ref().is_some_and(is) {
            "--log-format".to_owned()
        } else if let Some(id) = described.min() {
            format!("DescribeFlowLogs of {}, in the topology", show(id))
        } else if is(&Format::vpc_default()) || is(&Format::transit_gateway_default()) {
            "AWS's default format, as nothing else says one".to_owned()
        } else {
            "the names in the input itself".to_owned()
        }
    }

    /// A line that is no record, with the header in force.
    pub fn bare(&self, input: &Input, line: u64, raw: &RawLine) -> Line {
        let header = raw.header.as_ref();
        Line {
            uri: input.uri().to_owned(),
            line,
            text: raw.text.clone(),
            raw: true,
            format: header.map_or_else(String::new, |(_, text)| text.clone()),
            format_from: header_words(header).unwrap_or_else(|| "no header".to_owned()),
            values: Vec::new(),
        }
    }
}

fn header_words(header: Option<&(u64, String)>) -> Option<String> {
    header.map(|(number, _)| format!("the header in line {number}"))
}

impl Source for Lines<'_> {
    fn input(&self, index: u32) -> (String, InputFacts) {
        let input = self.at(index);
        let facts = InputFacts {
            index,
            flow_log: input.and_then(Input::flow_log).map(str::to_owned),
        };
        (input.map_or("-", Input::uri).to_owned(), facts)
    }

    fn line(&self, index: u32, line: u64, values: Values) -> Line {
        let input = self.at(index);
        // What cannot be read a second time is shown by its values.
        let raw = input.and_then(|input| raw_line(input, line, self.options).ok().flatten());
        let texts: Vec<&str> = values
            .values
            .iter()
            .map(|(_, value)| value.as_str())
            .collect();
        let told = header_words(raw.as_ref().and_then(|raw| raw.header.as_ref()));
        Line {
            uri: input.map_or("-", Input::uri).to_owned(),
            line,
            format_from: told.unwrap_or_else(|| {
                input.map_or_else(String::new, |input| self.teller(input, &values.format))
            }),
            raw: raw.is_some(),
            text: raw.map_or_else(|| texts.join(" "), |raw| raw.text),
            format: values.format,
            values: values.values,
        }
    }
}

/// A complaint in one sentence.
pub fn sentence(diagnostic: &Diagnostic) -> String {
    let got = diagnostic
        .got
        .as_deref()
        .map_or(String::new(), |got| format!("; got {got}"));
    format!(
        "{}: {}{got}; {}",
        diagnostic.code, diagnostic.message, diagnostic.why
    )
}
