//! XML answers of the query APIs: text goes in, a tree of [`Element`]s comes out. They have no attributes that matter, no mixed
//! content and no DTD.

use quick_xml::Reader;
use quick_xml::events::Event;

/// An element: either it has children, or text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    /// Without its namespace.
    pub(super) name: String,
    /// Unescaped; empty if there are children.
    pub(super) text: String,
    /// In order.
    pub(super) children: Vec<Element>,
}

/// No answer of AWS's is deeper than a dozen; beyond this it is not one.
const DEPTH_MAX: usize = 64;

impl Element {
    /// The first child of that name.
    pub(super) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The first element of that name, at whatever depth.
    pub(super) fn find(&self, name: &str) -> Option<&Element> {
        let mut children = self.children.iter();
        self.child(name)
            .or_else(|| children.find_map(|child| child.find(name)))
    }

    /// The text of the first child of that name.
    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str())
    }
}

/// Reads a document.
///
/// # Errors
/// What is not XML, in words with the place; a document that ends early.
pub(super) fn parse(xml: &str) -> Result<Element, String> {
    let mut reader = Reader::from_str(xml);
    let mut open: Vec<Element> = vec![Element::default()];
    loop {
        let event = reader
            .read_event()
            .map_err(|why| format!("{why} at byte {}", reader.error_position()))?;
        match event {
            Event::Start(tag) => {
                if open.len() > DEPTH_MAX {
                    return Err(format!("more than {DEPTH_MAX} elements deep"));
                }
                open.push(named(tag.local_name().as_ref()));
            }
            Event::Empty(tag) => add(&mut open, named(tag.local_name().as_ref())),
            Event::End(_) => {
                let Some(mut done) = open.pop() else {
                    return Err("an end without a beginning".to_owned());
                };
                if !done.children.is_empty() {
                    done.text.clear();
                }
                add(&mut open, done);
            }
            Event::Text(text) => {
                let text = text.decode().map_err(|why| why.to_string())?;
                push(&mut open, &text);
            }
            Event::CData(text) => {
                let text = text.decode().map_err(|why| why.to_string())?;
                push(&mut open, &text);
            }
            Event::GeneralRef(name) => push(&mut open, &meant(&name)?),
            Event::Eof => break,
            Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Comment(_) => {}
        }
    }
    let mut document = open.pop().unwrap_or_default();
    match (open.is_empty(), document.children.pop()) {
        (true, Some(root)) => Ok(root),
        (true, None) => Err("there is no element in it".to_owned()),
        (false, _) => Err("it ends inside an element".to_owned()),
    }
}

fn named(name: &[u8]) -> Element {
    Element {
        name: String::from_utf8_lossy(name).into_owned(),
        ..Element::default()
    }
}

fn add(open: &mut [Element], child: Element) {
    if let Some(parent) = open.last_mut() {
        parent.children.push(child);
    }
}

fn push(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

/// `&amp;` and its like, and characters by number.
fn meant(reference: &quick_xml::events::BytesRef<'_>) -> Result<String, String> {
    if let Some(character) = reference
        .resolve_char_ref()
        .map_err(|why| why.to_string())?
    {
        return Ok(character.to_string());
    }
    let name = reference.decode().map_err(|why| why.to_string())?;
    quick_xml::escape::resolve_xml_entity(&name)
        .map(str::to_owned)
        .ok_or_else(|| format!("`&{name};` has no meaning here"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_becomes_a_tree() {
        let root = parse(
            "<?xml version=\"1.0\"?>\n<R xmlns=\"http://ec2\">\n  <set>\n <item><id>a&amp;&#x41;&lt;</id><none/></item>\n <item/></set><t> x </t></R>",
        )
        .unwrap();
        assert_eq!(root.name, "R");
        let set = root.child("set").unwrap();
        assert_eq!((set.text.as_str(), set.children.len()), ("", 2));
        assert_eq!(set.children[0].text_of("id"), Some("a&A<"));
        assert_eq!(set.children[0].text_of("none"), Some(""));
        assert_eq!(root.text_of("t"), Some(" x "));
        assert_eq!(root.find("id").map(|id| id.text.as_str()), Some("a&A<"));
        assert_eq!(root.find("absent"), None);
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        for bad in ["", "<a>", "<a></b>", "plain", "<a>&what;</a>"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(parse(&"<a>".repeat(10_000)).is_err());
    }
}
