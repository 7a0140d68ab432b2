//! The page as a whole: what it says, what it must not do, and that nothing from outside becomes markup.

use serde_json::Value;

use super::*;
use crate::report::fixture;

const HOSTILE: &str = "</script><script>alert(1)</script><img src=https://evil.example/x onerror=alert(1)>\"' onload=x =cmd()|\u{202e}\u{0}{{ 7 * 7 }}{% raw %}--><!--";

fn page(evidence: &Evidence) -> String {
    String::from_utf8(render(evidence).unwrap()).unwrap()
}

fn all() -> Vec<(&'static str, Evidence)> {
    vec![
        ("proven", fixture::proven()),
        ("violated", fixture::violated()),
        ("unproven", fixture::unproven()),
        ("empty", fixture::empty()),
        ("huge", fixture::huge()),
    ]
}

/// The markup alone: every tag with its attributes' names, no text.
fn tags(page: &str) -> Vec<String> {
    let body = page.split_once("</head>").unwrap().1;
    let body = body.split_once("<script>").unwrap().0;
    let parts = body.split('<').skip(1);
    parts
        .map(|part| part.split('>').next().unwrap().to_owned())
        .collect()
}

#[test]
fn the_verdict_stands_in_words_before_all_else() {
    for (title, evidence) in all() {
        let page = page(&evidence);
        let word = verdict::mark(evidence.verdict);
        let word = serde_json::to_value(word).unwrap()["word"]
            .as_str()
            .unwrap()
            .to_owned();
        let start = page
            .split_once("<h1")
            .unwrap()
            .1
            .split_once("</h1>")
            .unwrap()
            .0;
        assert!(start.contains(&word), "{title}: {start}");
        assert!(page.contains("<html lang=\"en\">") && page.contains("<meta charset=\"utf-8\">"));
        for claim in evidence.claims.iter().filter(|claim| claim.id.len() < 1000) {
            assert!(page.contains(&claim.id), "{title}: {}", claim.id);
        }
    }
}

#[test]
fn the_same_evidence_gives_the_same_bytes() {
    for (title, evidence) in all() {
        assert!(page(&evidence) == page(&evidence), "{title}");
    }
}

#[test]
fn the_page_asks_for_nothing() {
    for (title, evidence) in all() {
        let page = page(&evidence);
        let policy =
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src &#x27;none&#x27;; ";
        assert!(page.contains(policy), "{title}");
        assert!(page.find(policy) < page.find("<style"), "{title}");
        for tag in tags(&page) {
            for asks in [
                " src=",
                "href=\"http",
                "href=\"/",
                " style=",
                " on",
                "<link",
                "<img",
                "<iframe",
                "url(",
            ] {
                let named = format!("<{tag}");
                assert!(
                    !named.contains(asks) || named.contains(" only"),
                    "{title}: {named}"
                );
            }
        }
        assert!(!STYLE.contains("@import") && !STYLE.contains("http"));
    }
}

#[test]
fn every_anchor_is_there_and_stands_once() {
    for (title, evidence) in all() {
        let page = page(&evidence);
        let mut ids: Vec<&str> = page
            .split(" id=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap())
            .collect();
        ids.sort_unstable();
        let many = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), many, "{title}: an id twice");
        for target in page
            .split("href=\"#")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap())
        {
            assert!(
                ids.binary_search(&target).is_ok(),
                "{title}: #{target} leads nowhere"
            );
        }
    }
}

#[test]
fn a_witness_leads_to_its_line() {
    let page = page(&fixture::violated());
    assert!(page.contains("<a href=\"#input-1\""));
    assert!(page.contains("Z_<wbr>9f2c1d3e.log.gz</a>:1842"));
    assert!(page.contains("7 of 12 shown"));
}

#[test]
fn far_too_much_stays_usable_and_says_what_is_cut() {
    let page = page(&fixture::huge());
    assert!(page.len() < 8_000_000, "{} bytes", page.len());
    assert!(page.contains("1,000 of 18,446,744,073,709,551,615 shown"));
    assert!(page.contains("500 of 10,000 shown"));
    assert!(page.contains("id=\"every-flow\""));
}

/// Puts hostile text in place of every string of the document in turn, where the document stays one.
#[test]
fn nothing_from_outside_becomes_markup() {
    for (title, evidence) in [
        ("violated", fixture::violated()),
        ("unproven", fixture::unproven()),
    ] {
        let document = serde_json::to_value(&evidence).unwrap();
        let mut places = Vec::new();
        crate::report::tests::strings(&document, String::new(), &mut places);
        let mut tried = 0;
        for place in &places {
            let mut spoiled = document.clone();
            *spoiled.pointer_mut(place).unwrap() = Value::from(HOSTILE);
            let Ok(spoiled) = serde_json::from_value::<Evidence>(spoiled) else {
                continue;
            };
            tried += 1;
            let page = page(&spoiled);
            assert!(
                !page.contains('\u{202e}') && !page.contains('\u{0}'),
                "{title} {place}"
            );
            assert_eq!(page.matches("<script").count(), 1, "{title} {place}");
            assert_eq!(page.matches("</script").count(), 1, "{title} {place}");
            assert!(
                !page.contains("<img") && !page.contains("<!--"),
                "{title} {place}"
            );
            for tag in tags(&page) {
                let quotes = tag.matches('"').count();
                assert!(
                    quotes.is_multiple_of(2) && !tag.contains('\''),
                    "{title} {place}: {tag}"
                );
            }
        }
        assert!(tried > 100, "{title}: only {tried} of {}", places.len());
    }
}
