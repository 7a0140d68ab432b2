//! Walks over listings in memory: what is asked for, what is found.

use std::collections::BTreeSet;

use super::*;

const ROOT: &str = "logs/AWSLogs/123456789012/vpcflowlogs/eu-west-1/";
/// 2024-03-01T00:00:00Z
const MARCH_S: i64 = 1_709_251_200;

fn key(folder: &str, stamp: &str) -> String {
    format!("{folder}123456789012_vpcflowlogs_eu-west-1_fl-1_{stamp}Z_abc.log.gz")
}

/// A month, one object an hour.
fn month(day: impl Fn(u32, u32) -> String) -> Vec<String> {
    let days = 1..=31;
    let keys = days.flat_map(|d| (0..24).map(move |h| (d, h)));
    keys.map(|(d, h)| key(&day(d, h), &format!("202403{d:02}T{h:02}00")))
        .collect()
}

fn answer(keys: &[String], step: &Step) -> Level {
    let (mut folders, mut objects) = (BTreeSet::new(), Vec::new());
    for key in keys.iter().filter(|key| key.starts_with(&step.prefix)) {
        let rest = &key[step.prefix.len()..];
        match rest.find('/').filter(|_| !step.flat) {
            Some(slash) => {
                folders.insert(key[..=step.prefix.len() + slash].to_owned());
            }
            None => objects.push(Entry {
                key: key.clone(),
                size: 7,
                etag: None,
            }),
        }
    }
    Level {
        folders: folders.into_iter().collect(),
        objects,
    }
}

/// Every step that was made, and what was found.
fn walked(keys: &[String], prefix: &str, window: Window) -> (Vec<Step>, Found) {
    let (mut found, mut todo) = (Found::default(), vec![first(prefix.to_owned(), window)]);
    let mut made = Vec::new();
    while let Some(step) = todo.pop() {
        made.push(step.clone());
        let level = answer(keys, &step);
        todo.extend(found.take(step, level, window));
    }
    (made, found)
}

fn hour(from_s: i64) -> Window {
    Window {
        since: Some(from_s),
        until: Some(from_s + 3_600),
    }
}

#[test]
fn an_hour_of_a_month_lists_one_day_or_two() {
    let plain = month(|d, _| format!("{ROOT}2024/03/{d:02}/"));
    let hourly = month(|d, h| format!("{ROOT}2024/03/{d:02}/{h:02}/"));
    let hive_root = "x/AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=r/";
    let hive = month(|d, _| format!("{hive_root}year=2024/month=03/day={d:02}/"));
    let noon = MARCH_S + 9 * 86_400 + 12 * 3_600;
    let midnight = MARCH_S + 10 * 86_400;
    #[rustfmt::skip]
    let cases = [
        // title,                        keys,    prefix,      from,     days, hours, objects
        ("plain, from the month",        &plain,  format!("{ROOT}2024/03/"), noon, 1, 0, 3),
        ("plain, from the bucket",       &plain,  String::new(),       noon,     1, 0, 3),
        ("from a cut prefix",            &plain,  format!("{ROOT}2024/0"),   noon, 1, 0, 3),
        ("plain, over midnight",         &plain,  format!("{ROOT}2024/03/"), midnight, 2, 0, 3),
        ("hourly",                       &hourly, format!("{ROOT}2024/03/"), noon, 1, 3, 3),
        ("Hive",                         &hive,   "x/".to_owned(),     noon,     1, 0, 3),
    ];
    for (title, keys, prefix, from_s, days, hours, objects) in cases {
        let (steps, found) = walked(keys, &prefix, hour(from_s));
        let grains = |wanted| {
            let place = |step: &&Step| matches!(place(&step.prefix), Place::Dated(_, grain) if grain == wanted);
            steps.iter().filter(place).count()
        };
        assert_eq!(
            (grains(Grain::Day), grains(Grain::Hour)),
            (days, hours),
            "{title}: {steps:?}"
        );
        assert_eq!(found.objects.len(), objects, "{title}");
        assert!(found.outside > 0, "{title}");
    }
}

#[test]
fn pruning_finds_what_a_full_listing_would_keep() {
    let mut keys = month(|d, h| format!("{ROOT}2024/03/{d:02}/{h:02}/"));
    keys.push("logs/of/somebody/else.log".to_owned());
    keys.push(format!("{ROOT}2024/03/05/merged/all.log"));
    keys.push(key(&format!("{ROOT}2024/03/05/"), "20240309T1200"));
    for window in [
        hour(MARCH_S),
        hour(MARCH_S + 5 * 86_400 - 1_800),
        Window {
            since: Some(MARCH_S + 86_400),
            until: None,
        },
        Window {
            since: None,
            until: Some(MARCH_S + 7 * 86_400 + 60),
        },
    ] {
        let (_, found) = walked(&keys, "", window);
        let mut got: Vec<&String> = found.objects.iter().map(|entry| &entry.key).collect();
        got.sort();
        // The misplaced object is seen only where its folder is; a full listing keeps it always, by its two times.
        let mut expected: Vec<&String> = keys
            .iter()
            .filter(|key| may_hold(key, window))
            .filter(|key| match place(key) {
                Place::Dated(span, _) => span.may_touch(window),
                Place::Unknown | Place::Way | Place::Foreign => true,
            })
            .collect();
        // What lies in an unknown folder of a day is seen only where the day is.
        let day = place(&format!("{ROOT}2024/03/05/"));
        let seen = matches!(day, Place::Dated(span, _) if span.may_touch(window));
        expected.retain(|key| seen || !key.contains("/merged/"));
        expected.sort();
        assert_eq!(got, expected, "{window:?}");
    }
}

#[test]
fn without_a_window_one_flat_listing_does() {
    let keys = month(|d, _| format!("{ROOT}2024/03/{d:02}/"));
    let (steps, found) = walked(&keys, "logs/", Window::ALL);
    assert_eq!((steps.len(), found.objects.len()), (1, 31 * 24));
    assert!(steps[0].flat && found.outside == 0);
}

#[test]
fn other_services_are_not_looked_into_and_many_unknown_folders_not_one_by_one() {
    let mut keys = vec![
        "AWSLogs/123456789012/CloudTrail/eu-west-1/2024/03/01/a.json.gz".to_owned(),
        "AWSLogs/123456789012/vpcflowlogs/aws-logs-write-test".to_owned(),
    ];
    let (steps, found) = walked(&keys, "", hour(MARCH_S));
    assert!(
        !steps.iter().any(|step| step.prefix.contains("CloudTrail")),
        "{steps:?}"
    );
    assert!(found.objects.is_empty() && found.outside == 0);
    assert_eq!(
        (found.passed.foreign_folders, found.passed.write_tests),
        (1, 1)
    );
    let (_, found) = walked(&keys, "", Window::ALL);
    assert_eq!((found.passed.foreign, found.passed.write_tests), (1, 1));

    keys.extend((0..500).map(|n| format!("mine/{n}/a.log")));
    let (steps, found) = walked(&keys, "mine/", hour(MARCH_S));
    assert_eq!((steps.len(), found.objects.len()), (2, 500));
}

#[test]
fn pages_that_lead_nowhere_are_errors() {
    let page = |truncated: Option<bool>, token: Option<&str>| {
        ListObjectsV2Output::builder()
            .set_is_truncated(truncated)
            .set_next_continuation_token(token.map(str::to_owned))
            .build()
    };
    let mut seen = HashSet::new();
    assert_eq!(
        next(&page(Some(true), Some("a")), &mut seen),
        Ok(Some("a".to_owned()))
    );
    assert_eq!(next(&page(Some(false), None), &mut seen), Ok(None));
    for bad in [
        page(None, None),
        page(None, Some("b")),
        page(Some(true), None),
        page(Some(true), Some("")),
        page(Some(true), Some("a")),
    ] {
        assert!(next(&bad, &mut seen).is_err());
    }
}

#[test]
fn a_page_with_fewer_keys_than_it_says_is_an_error() {
    use aws_sdk_s3::types::{CommonPrefix, Object};
    let page = |told: Option<i32>| {
        ListObjectsV2Output::builder()
            .contents(Object::builder().key("a").size(1).build())
            .common_prefixes(CommonPrefix::builder().prefix("b/").build())
            .set_key_count(told)
            .build()
    };
    assert!(Level::default().add(&page(Some(2))).is_ok());
    assert!(Level::default().add(&page(None)).is_ok());
    for told in [0, 1, 3] {
        assert!(Level::default().add(&page(Some(told))).is_err(), "{told}");
    }
}

#[test]
fn an_entry_without_key_or_size_is_an_error() {
    use aws_sdk_s3::types::Object;
    let page = |object: Object| ListObjectsV2Output::builder().contents(object).build();
    let whole = Object::builder().key("a").size(0).build();
    assert!(Level::default().add(&page(whole)).is_ok());
    for object in [
        Object::builder().key("a").build(),
        Object::builder().size(1).build(),
        Object::builder().key("a").size(-1).build(),
    ] {
        assert!(Level::default().add(&page(object)).is_err());
    }
}
