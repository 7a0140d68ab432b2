//! A picture, element by element. Only presentation attributes: the page's policy forbids `style`.

use std::fmt::Write;

use super::visible::xml;

/// Where a text's given point lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    fn word(self) -> &'static str {
        match self {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        }
    }
}

/// A rectangle's place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Area {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

/// An SVG under construction.
pub(super) struct Svg(String);

impl Svg {
    /// A picture that screen readers name by `label`; its numbers stand in a table beside it.
    pub(super) fn new(width: f64, height: f64, class: &str, label: &str) -> Svg {
        Svg(format!(
            "<svg class=\"{class}\" viewBox=\"0 0 {} {}\" width=\"{}\" height=\"{}\" role=\"img\" aria-label=\"{}\">",
            short(width),
            short(height),
            short(width),
            short(height),
            xml(label)
        ))
    }

    /// Filled by its class; `tip` shows under the mouse.
    pub(super) fn rect(&mut self, area: Area, class: &str, tip: Option<&str>) {
        self.add(format_args!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" class=\"{class}\"",
            short(area.x),
            short(area.y),
            short(area.width),
            short(area.height)
        ));
        self.close("rect", tip);
    }

    /// A shape by its outline.
    pub(super) fn path(&mut self, outline: &str, class: &str, tip: Option<&str>) {
        self.add(format_args!("<path d=\"{outline}\" class=\"{class}\""));
        self.close("path", tip);
    }

    /// A line.
    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), class: &str) {
        self.add(format_args!(
            "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" class=\"{class}\"/>",
            short(from.0),
            short(from.1),
            short(to.0),
            short(to.1)
        ));
    }

    /// Words, on their baseline.
    pub(super) fn text(&mut self, at: (f64, f64), anchor: Anchor, class: &str, words: &str) {
        self.add(format_args!(
            "<text x=\"{}\" y=\"{}\" text-anchor=\"{}\" class=\"{class}\">{}</text>",
            short(at.0),
            short(at.1),
            anchor.word(),
            xml(words)
        ));
    }

    /// The whole element.
    pub(super) fn finish(mut self) -> String {
        self.0.push_str("</svg>");
        self.0
    }

    fn close(&mut self, element: &str, tip: Option<&str>) {
        match tip {
            Some(tip) => self.add(format_args!("><title>{}</title></{element}>", xml(tip))),
            None => self.0.push_str("/>"),
        }
    }

    fn add(&mut self, element: std::fmt::Arguments<'_>) {
        // INVARIANT: writing to a String cannot fail.
        let _ = self.0.write_fmt(element);
    }
}

/// A length with at most one digit after the point: the same on every machine, and half a pixel is nothing.
pub(super) fn short(length: f64) -> String {
    let text = format!("{length:.1}");
    match text.strip_suffix(".0") {
        Some("-0") => "0".to_owned(),
        Some(whole) => whole.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_text_and_lengths_are_short() {
        let mut svg = Svg::new(10.0, 5.25, "c", "a \"b\"");
        svg.text((1.0, 2.04), Anchor::End, "t", "</text><script>");
        assert_eq!(
            svg.finish(),
            "<svg class=\"c\" viewBox=\"0 0 10 5.2\" width=\"10\" height=\"5.2\" role=\"img\" aria-label=\"a &quot;b&quot;\">\
             <text x=\"1\" y=\"2\" text-anchor=\"end\" class=\"t\">&lt;/text&gt;&lt;script&gt;</text></svg>"
        );
        assert_eq!(short(-0.01), "0");
    }
}
