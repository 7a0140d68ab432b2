//! Answers that no sample world has, in worlds that are changed a little.

use std::fs;

use crate::common::{Copied, gzip};
use crate::{answer_of, column};

#[test]
fn a_route_that_was_taken_away_since_disagrees_with_the_records() {
    let copied = Copied::of("forgotten-route-table");
    assert_eq!(
        answer_of("path-disagreements", &copied, &[])
            .lines()
            .count(),
        1
    );
    let mut removed = 0;
    copied.edit("topology.json", |text| {
        let mut topology: serde_json::Value = serde_json::from_str(&text).unwrap();
        for table in topology["RouteTables"].as_array_mut().unwrap() {
            let routes = table["Routes"].as_array_mut().unwrap();
            let before = routes.len();
            routes.retain(|route| route.get("DestinationPrefixListId").is_none());
            removed += before - routes.len();
        }
        topology.to_string()
    });
    assert_eq!(removed, 1, "one table has the endpoint's route");
    let got = answer_of("path-disagreements", &copied, &[]);
    assert_eq!(column(&got, "path"), ["via-gateway-endpoint"; 6]);
    assert_eq!(column(&got, "traffic_path"), ["7"; 6]);
    assert_eq!(column(&got, "route_destination"), ["0.0.0.0/0"; 6]);
    assert_eq!(column(&got, "route_path"), ["via-nat"; 6]);
    assert_eq!(column(&got, "bytes")[0], "10926");
}

/// Every line of the text logs that has one of these words, once more with the other word in its place.
fn doubled(copied: &Copied, word: &str, other: &str) -> usize {
    let mut added = 0;
    for index in 0.. {
        let Some(file) = fs::read_dir(copied.at("logs")).unwrap().nth(index) else {
            return added;
        };
        let file = file.unwrap().path();
        let mut text = String::new();
        let bytes = fs::File::open(&file).unwrap();
        std::io::Read::read_to_string(&mut flate2::read::MultiGzDecoder::new(bytes), &mut text)
            .unwrap();
        let more: Vec<String> = text
            .lines()
            .filter(|line| line.split(' ').any(|token| token == word))
            .map(|line| line.replace(word, other))
            .collect();
        added += more.len();
        let text = text
            + &more
                .iter()
                .map(|line| format!("{line}\n"))
                .collect::<String>();
        fs::write(&file, gzip(text.as_bytes())).unwrap();
    }
    added
}

#[test]
fn nobody_is_picked_behind_a_nat_gateway_where_two_fit() {
    let copied = Copied::of("nat-interface-only");
    assert!(doubled(&copied, "10.50.1.11", "10.50.1.12") > 0);
    let got = answer_of("behind-nat", &copied, &[]);
    let (candidates, picked) = (
        column(&got, "candidates"),
        column(&got, "inferred_workload"),
    );
    let (named, ranks) = (column(&got, "candidate"), column(&got, "rank"));
    assert!(candidates.iter().any(|count| count == "2"));
    for row in 0..candidates.len() {
        let alone = candidates[row] == "1";
        assert_eq!(picked[row] == named[row], alone, "line {row}: {got}");
        assert!(alone || picked[row].is_empty() && ["1", "2"].contains(&ranks[row].as_str()));
    }
}

#[test]
fn what_no_workload_side_record_fits_has_no_candidate() {
    let copied = Copied::of("nat-interface-only");
    for (index, file) in fs::read_dir(copied.at("logs")).unwrap().enumerate() {
        let file = file.unwrap().path();
        let mut text = String::new();
        let bytes = fs::File::open(&file).unwrap();
        std::io::Read::read_to_string(&mut flate2::read::MultiGzDecoder::new(bytes), &mut text)
            .unwrap();
        let outside = text.lines().filter(|line| !line.contains(" 10.50.1."));
        let outside: String = outside.map(|line| format!("{line}\n")).collect();
        assert_ne!(outside, text, "file {index} has no inside leg");
        fs::write(&file, gzip(outside.as_bytes())).unwrap();
    }
    let got = answer_of("behind-nat", &copied, &[]);
    assert_eq!(
        column(&got, "basis"),
        vec!["nobody fits"; got.lines().count() - 1]
    );
    let leaks = answer_of("leaks-by-workload", &copied, &[]);
    assert_eq!(
        column(&leaks, "workload"),
        [""],
        "masked, but not hidden: {leaks}"
    );
    assert_eq!(column(&leaks, "finding"), ["leak"]);
    assert_eq!(column(&leaks, "bytes"), ["2563902"]);
}
