//! The traps of FilterLogEvents and GetLogEvents, page by page.

use super::*;

fn event(id: &str, timestamp_ms: i64) -> Event {
    Event {
        id: Some(id.to_owned()),
        stream: Some("eni-1-all".to_owned()),
        timestamp_ms,
        ingested_ms: 9,
        message: id.to_owned(),
    }
}

/// An event without id, as GetLogEvents has it.
fn bare(message: &str, timestamp_ms: i64) -> Event {
    Event {
        id: None,
        stream: None,
        ..event(message, timestamp_ms)
    }
}

fn page(events: &[Event], token: Option<&str>) -> Page {
    Page {
        events: events.to_vec(),
        token: token.map(str::to_owned),
    }
}

/// Takes pages until one is the last or in trouble; the lines, and how it ended.
fn read(paging: &mut Paging, pages: &[Page]) -> (Vec<String>, Result<bool, Trouble>) {
    let (mut text, mut end) = (Vec::new(), Ok(true));
    for page in pages {
        assert_eq!(end, Ok(true), "asked for more than there is");
        end = paging.take(page.clone(), &mut text);
    }
    let text = String::from_utf8(text).unwrap();
    (text.lines().map(str::to_owned).collect(), end)
}

#[test]
fn a_slice_goes_on_through_empty_pages_and_ends_without_a_token() {
    let mut paging = Paging::slice(5, None);
    assert_eq!((paging.start_ms(), paging.token()), (5, None));
    let pages = [
        page(&[], Some("a")),
        page(&[event("1", 7)], Some("b")),
        page(&[], Some("c")),
        page(&[event("2", 6)], None),
    ];
    let (lines, end) = read(&mut paging, &pages);
    assert_eq!(
        (lines, end),
        (vec!["1".to_owned(), "2".to_owned()], Ok(false))
    );
}

#[test]
fn an_event_that_comes_twice_in_a_slice_is_one() {
    let mut paging = Paging::slice(0, None);
    let same_words = Event {
        message: "1".to_owned(),
        ..event("other", 7)
    };
    let pages = [
        page(&[event("1", 7), event("1", 7)], Some("a")),
        page(&[event("1", 7), same_words], None),
    ];
    let (lines, end) = read(&mut paging, &pages);
    assert_eq!((lines, end), (vec!["1".to_owned(); 2], Ok(false)));
}

#[test]
fn a_token_that_comes_again_in_a_slice_is_trouble() {
    for tokens in [vec!["a", "a"], vec!["a", "b", "a"]] {
        let pages: Vec<Page> = tokens.iter().map(|token| page(&[], Some(token))).collect();
        let (_, end) = read(&mut Paging::slice(0, None), &pages);
        assert!(end.is_err(), "{tokens:?}");
    }
}

#[test]
fn a_slice_whose_token_expired_begins_again_and_gives_nothing_twice() {
    let mut paging = Paging::slice(5, None);
    let (first, _) = read(
        &mut paging,
        &[page(&[event("2", 9), event("1", 7)], Some("a"))],
    );
    assert_eq!(first, ["2", "1"]);
    paging.restart().unwrap();
    assert_eq!((paging.start_ms(), paging.token()), (5, None));
    // A late event stands before those that were read; the token may be the same as before.
    let again = [
        page(&[event("late", 6), event("1", 7), event("2", 9)], Some("a")),
        page(&[event("3", 9)], None),
    ];
    let (lines, end) = read(&mut paging, &again);
    assert_eq!(
        (lines, end),
        (vec!["late".to_owned(), "3".to_owned()], Ok(false))
    );
}

#[test]
fn restarts_have_an_end() {
    let mut paging = Paging::slice(0, None);
    for _ in 0..RESTARTS_MAX {
        paging.restart().unwrap();
    }
    assert!(paging.restart().is_err());
    let mut paging = Paging::slice(0, None);
    assert_eq!(
        read(&mut paging, &[page(&[bare("x", 1)], Some("a"))]).1,
        Ok(true)
    );
    assert!(paging.restart().is_err(), "an event without an id");
}

#[test]
fn a_slice_keeps_to_its_prefix_whatever_the_server_gives() {
    let other = Event {
        stream: Some("eni-2-all".to_owned()),
        ..event("2", 7)
    };
    let mut paging = Paging::slice(0, Some("eni-1".to_owned()));
    let (lines, _) = read(&mut paging, &[page(&[event("1", 7), other], None)]);
    assert_eq!(lines, ["1"]);
}

#[test]
fn a_stream_ends_when_its_token_comes_back_and_not_before() {
    let mut paging = Paging::stream(0);
    let pages = [
        page(&[], Some("a")),
        page(&[bare("1", 7), bare("1", 7)], Some("b")),
        page(&[], Some("c")),
        // What comes with the last token counts.
        page(&[bare("2", 8)], Some("c")),
    ];
    let (lines, end) = read(&mut paging, &pages);
    let expected = ["1", "1", "2"].map(str::to_owned).to_vec();
    assert_eq!((lines, end), (expected, Ok(false)));
}

#[test]
fn a_stream_without_a_token_or_in_a_circle_is_trouble() {
    let circle = ["a", "b", "a"].map(|token| page(&[], Some(token)));
    assert!(read(&mut Paging::stream(0), &circle).1.is_err());
    assert!(read(&mut Paging::stream(0), &[page(&[], None)]).1.is_err());
}

#[test]
fn a_stream_whose_token_expired_goes_on_from_its_last_time() {
    let mut paging = Paging::stream(0);
    let begun = [page(
        &[bare("1", 7), bare("2", 8), bare("2", 8), bare("3", 8)],
        Some("a"),
    )];
    assert_eq!(read(&mut paging, &begun).0.len(), 4);
    paging.restart().unwrap();
    assert_eq!((paging.start_ms(), paging.token()), (8, None));
    let again = [
        bare("2", 8),
        bare("late", 8),
        bare("2", 8),
        bare("3", 8),
        bare("2", 8),
        bare("4", 9),
    ];
    let pages = [page(&again, Some("b")), page(&[], Some("b"))];
    let (lines, end) = read(&mut paging, &pages);
    let expected = ["late", "2", "4"].map(str::to_owned).to_vec();
    assert_eq!((lines, end), (expected, Ok(false)));
}

#[test]
fn a_stream_out_of_order_cannot_begin_again() {
    let mut paging = Paging::stream(0);
    let (lines, _) = read(
        &mut paging,
        &[page(&[bare("2", 8), bare("1", 7)], Some("a"))],
    );
    assert_eq!(lines, ["2", "1"]);
    assert!(paging.restart().is_err());
}
