//! How a path looks: a colour by its CSS class, and a hatch, so that no path is told by colour alone.

use crate::model::path::Path;

use super::svg::{Area, Svg};

/// The hatches, drawn once a page: name and what its tile shows.
const HATCHES: &[(&str, &str)] = &[
    ("diagonal", "<path d=\"M-1 1L1 -1M0 6L6 0M5 7L7 5\"/>"),
    (
        "cross",
        "<path d=\"M-1 1L1 -1M0 6L6 0M5 7L7 5M-1 5L1 7M0 0L6 6M5 -1L7 1\"/>",
    ),
    (
        "dots",
        "<circle cx=\"1.5\" cy=\"1.5\" r=\"1\"/><circle cx=\"4.5\" cy=\"4.5\" r=\"1\"/>",
    ),
    ("rows", "<path d=\"M0 1.5H6M0 4.5H6\"/>"),
    ("posts", "<path d=\"M1.5 0V6M4.5 0V6\"/>"),
];

/// An empty picture that holds the hatches for all others.
pub(super) fn defs() -> String {
    let mut out = String::from(
        "<svg class=\"defs\" width=\"0\" height=\"0\" aria-hidden=\"true\" focusable=\"false\"><defs>",
    );
    for (name, tile) in HATCHES {
        out.push_str(&format!(
            "<pattern id=\"hatch-{name}\" class=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">{tile}</pattern>"
        ));
    }
    out + "</defs></svg>"
}

/// The hatch over a path's colour; paths of one family of colours differ by it.
fn hatch(path: Path) -> Option<&'static str> {
    match path {
        Path::ViaEndpointEni | Path::ViaNat | Path::ViaTransitGateway => None,
        Path::ViaGatewayEndpoint | Path::InternetBound | Path::ViaPeering => Some("diagonal"),
        Path::IntraVpc | Path::ViaVpn => Some("dots"),
        Path::ViaAppliance | Path::Undetermined => Some("cross"),
        Path::ViaLocalGateway => Some("rows"),
        Path::ViaCloudWan => Some("posts"),
    }
}

/// A rectangle that looks like the path.
pub(super) fn fill(svg: &mut Svg, area: Area, path: Path, tip: &str) {
    svg.rect(area, &format!("p-{path}"), Some(tip));
    if let Some(hatch) = hatch(path) {
        svg.rect(area, &format!("over h-{hatch}"), None);
    }
}

/// A shape that looks like the path.
pub(super) fn shape(svg: &mut Svg, outline: &str, path: Path, tip: &str) {
    svg.path(outline, &format!("flow p-{path}"), Some(tip));
    if let Some(hatch) = hatch(path) {
        svg.path(outline, &format!("over h-{hatch}"), None);
    }
}

/// The sign of a path in a legend. Its word stands beside it, so that it needs no name of its own.
pub(super) fn swatch(path: Path) -> String {
    let mut svg = Svg::new(14.0, 14.0, "swatch", path.as_str());
    let area = Area {
        x: 0.0,
        y: 0.0,
        width: 14.0,
        height: 14.0,
    };
    fill(&mut svg, area, path, path.as_str());
    svg.finish()
        .replace("role=\"img\" aria-label", "aria-hidden=\"true\" data-path")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_path_has_a_colour_and_no_two_look_the_same() {
        let css = include_str!("page.css");
        let mut looks = BTreeSet::new();
        for path in Path::ALL {
            let rule = css
                .split(&format!(".p-{path}{{fill:"))
                .nth(1)
                .unwrap_or_else(|| panic!("page.css has no colour for {path}"));
            looks.insert((rule.split('}').next(), hatch(*path)));
        }
        assert_eq!(looks.len(), Path::ALL.len());
        for (name, _) in HATCHES {
            assert!(css.contains(&format!(".h-{name}{{fill:url(#hatch-{name})}}")));
        }
    }
}
