//! One page for people who hand it over: self-contained, for screen and paper, with and without script.
//!
//! The evidence becomes a plain view (`claims`, `coverage`, `traffic`, `sources`, `remarks`), pictures are drawn as inline SVG
//! (`bar`, `sankey`, `columns`, over `svg`), and minijinja fills `page.html`. Text from outside comes in by one door: whatever a
//! template prints goes through `visible::visible` and is escaped; whatever a picture says goes through `visible::xml`.
//!
//! The page asks nobody for anything: a Content-Security-Policy forbids every request, and allows the two styles and the one
//! script in it by their digests. So there are no `style` attributes and no event attributes either.

mod again;
mod bar;
mod claims;
mod columns;
mod coverage;
mod flows;
mod palette;
mod policy;
mod remarks;
mod sankey;
mod sources;
mod svg;
#[cfg(test)]
mod tests;
mod traffic;
mod verdict;
mod visible;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};
use serde::Serialize;

use crate::model::evidence::Evidence;

use super::cited::Places;
use sources::Shelf;
use visible::visible;

const TEMPLATES: &[(&str, &str)] = &[
    ("page.html", include_str!("page.html")),
    ("parts.html", include_str!("parts.html")),
    ("claim.html", include_str!("claim.html")),
    ("coverage.html", include_str!("coverage.html")),
    ("traffic.html", include_str!("traffic.html")),
    ("sources.html", include_str!("sources.html")),
    ("remarks.html", include_str!("remarks.html")),
];
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Everything that the templates say.
#[derive(Serialize)]
struct Page {
    policy: String,
    style: Value,
    paper_style: Value,
    script: Value,
    defs: Value,
    digest: String,
    generated_at: String,
    head: verdict::Head,
    claims: Vec<claims::Claim>,
    coverage: coverage::Coverage,
    traffic: traffic::Traffic,
    sources: sources::Sources,
    steps: Vec<remarks::Step>,
    limits: remarks::Limits,
    complaints: remarks::Complaints,
    again: again::Again,
}

/// The whole page.
pub(super) fn render(evidence: &Evidence) -> Result<Vec<u8>, Error> {
    let json = evidence.to_json().map_err(|refused| {
        Error::new(ErrorKind::BadSerialization, "the evidence is not JSON").with_source(refused)
    })?;
    let digest = policy::hex(&json);
    let paper = policy::paper_style(&digest);
    let places = Places::of(evidence);
    let shelf = Shelf::of(evidence);
    let page = Page {
        policy: policy::content_security_policy(&[STYLE, &paper], SCRIPT),
        style: Value::from_safe_string(STYLE.to_owned()),
        paper_style: Value::from_safe_string(paper),
        script: Value::from_safe_string(SCRIPT.to_owned()),
        defs: Value::from_safe_string(palette::defs()),
        digest,
        generated_at: evidence.generated_at.clone(),
        head: verdict::head(evidence),
        claims: claims::views(evidence, &places, &shelf),
        coverage: coverage::view(evidence),
        traffic: traffic::view(evidence),
        sources: sources::view(evidence, &shelf),
        steps: remarks::steps(evidence),
        limits: remarks::limits(evidence),
        complaints: remarks::complaints(evidence),
        again: again::view(evidence),
    };
    Ok(environment()?
        .get_template("page.html")?
        .render(Value::from(Serde(page)))?
        .into_bytes())
}

/// Templates whose every word is made visible, cut and escaped, unless a picture or a style of ours.
fn environment() -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()?,
    );
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_formatter(|out, state, value| match value.as_str() {
        Some(text) if !value.is_safe() => {
            minijinja::escape_formatter(out, state, &Value::from(visible(text)))
        }
        _ => minijinja::escape_formatter(out, state, value),
    });
    for (name, source) in TEMPLATES {
        environment.add_template(name, source)?;
    }
    Ok(environment)
}
