//! The document: what is read, what is refused and where, and that what is written is read again.

use serde_json::{Value, json};

use super::*;

fn document() -> Value {
    json!({
        "captured_at": "2026-08-01T14:00:00Z", "since": "2026-08-01T12:00:00Z", "until": "2026-08-01T13:00:00Z",
        "Metrics": [{"Namespace": "AWS/NATGateway", "MetricName": "BytesInFromSource", "Dimensions": [{"Name": "NatGatewayId", "Value": "nat-1"}],
            "Period": 60, "Stat": "Sum", "Timestamps": ["2026-08-01T12:00:00Z", "2026-08-01T14:59:00+02:00"], "Values": [7, 1.5e3]}]
    })
}

fn parse(document: &Value) -> Result<(Metrics, Vec<Diagnostic>), Vec<Diagnostic>> {
    Metrics::parse("m.json", document.to_string().as_bytes())
}

#[test]
fn a_document_is_read_and_written_and_read_again() {
    let (metrics, said) = parse(&document()).unwrap();
    assert_eq!(said, []);
    let points: Vec<(i64, u64)> = metrics.series[0].points.clone().into_iter().collect();
    assert_eq!(points, [(1_785_585_600, 7), (1_785_589_140, 1_500)]);
    let fetched = Metrics::fetched(
        "m.json",
        metrics.captured_s.unwrap(),
        (metrics.since_s, metrics.until_s),
        metrics.series.clone(),
    );
    let (again, said) = Metrics::parse("m.json", fetched.to_json().as_bytes()).unwrap();
    assert_eq!((&again, said), (&fetched, vec![]));
    assert_eq!(
        (again.series, again.captured_s),
        (metrics.series, metrics.captured_s)
    );
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    type Change = fn(&mut Value);
    #[rustfmt::skip]
    let cases: Vec<(&str, &str, Change)> = vec![
        ("no window", "missing field `since`", |it| { it.as_object_mut().unwrap().remove("since"); }),
        ("no time", "`since`", |it| it["since"] = json!("yesterday")),
        ("an empty time", "about no time", |it| it["until"] = it["since"].clone()),
        ("more time than is kept", "about no time", |it| it["since"] = json!("1926-08-01T12:00:00Z")),
        ("another statistic", "`Metrics[0].Stat`", |it| it["Metrics"][0]["Stat"] = json!("Average")),
        ("no period", "`Metrics[0].Period`", |it| it["Metrics"][0]["Period"] = json!(0)),
        ("half a minute", "`Metrics[0].Period`", |it| it["Metrics"][0]["Period"] = json!(90)),
        ("more than a day", "`Metrics[0].Period`", |it| it["Metrics"][0]["Period"] = json!(172_800)),
        ("a value too few", "2 timestamps, 1 values", |it| { it["Metrics"][0]["Values"].as_array_mut().unwrap().pop(); }),
        ("a time within a minute", "`Metrics[0].Timestamps[0]`", |it| it["Metrics"][0]["Timestamps"][0] = json!("2026-08-01T12:00:30Z")),
        ("half a second", "`Metrics[0].Timestamps[0]`", |it| it["Metrics"][0]["Timestamps"][0] = json!("2026-08-01T12:00:00.5Z")),
        ("a time before the window", "`Metrics[0].Timestamps[0]`", |it| it["Metrics"][0]["Timestamps"][0] = json!("2026-08-01T11:59:00Z")),
        ("a time behind the window", "`Metrics[0].Timestamps[1]`", |it| it["Metrics"][0]["Timestamps"][1] = json!("2026-08-01T13:00:00Z")),
        ("a time twice", "a timestamp twice", |it| it["Metrics"][0]["Timestamps"][1] = json!("2026-08-01T12:00:00Z")),
        ("less than nothing", "`Metrics[0].Values[0]`", |it| it["Metrics"][0]["Values"][0] = json!(-1)),
        ("more than there is", "`Metrics[0].Values[0]`", |it| it["Metrics"][0]["Values"][0] = json!(1e19)),
        ("no number", "invalid type: string", |it| it["Metrics"][0]["Values"][0] = json!("7")),
        ("a dimension twice", "`Metrics[0].Dimensions`", |it| { let one = it["Metrics"][0]["Dimensions"][0].clone(); it["Metrics"][0]["Dimensions"].as_array_mut().unwrap().push(one); }),
        ("a metric twice", "`Metrics[1]`", |it| { let one = it["Metrics"][0].clone(); it["Metrics"].as_array_mut().unwrap().push(one); }),
        ("a list in its place", "m.json:1:", |it| *it = json!([])),
    ];
    for (title, words, change) in cases {
        let mut it = document();
        change(&mut it);
        let wrong = parse(&it).expect_err(title);
        let text: String = wrong.iter().map(ToString::to_string).collect();
        assert!(wrong.iter().all(|one| one.code == "metrics-bad"), "{title}");
        assert!(text.contains(words), "{title}: {text}");
    }
    assert!(Metrics::parse("m.json", b"{\n \"since\": \xff").is_err());
    assert!(Metrics::parse("m.json", &vec![b' '; FILE_BYTES_MAX + 1]).is_err());
}

#[test]
fn what_is_not_read_is_said() {
    let mut it = document();
    it["Until"] = json!("2026-08-01T13:00:00Z");
    it["Metrics"][0]["Unit"] = json!("Bytes");
    let mut packets = it["Metrics"][0].clone();
    packets["MetricName"] = json!("PacketsDropCount");
    it["Metrics"].as_array_mut().unwrap().push(packets);
    let (_, said) = parse(&it).unwrap();
    let messages: Vec<&str> = said.iter().map(|one| one.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "unknown key `Until`",
            "unknown key `Unit`",
            "unknown key `Unit`",
            "`PacketsDropCount` of `AWS/NATGateway` with these dimensions is not compared"
        ]
    );
}

#[test]
fn sums_are_whole_bytes() {
    #[rustfmt::skip]
    let cases = [
        ("0", Some(0)), ("0.0", Some(0)), ("-0.0", Some(0)), ("1234.0", Some(1_234)), ("1.2345E7", Some(12_345_000)), ("0.6", Some(1)),
        ("1e18", Some(1_000_000_000_000_000_000)), ("1000000000000000001", None), ("-1", None), ("-0.6", None), ("1e300", None),
    ];
    for (text, bytes) in cases {
        let number: Number = serde_json::from_str(text).unwrap();
        assert_eq!(bytes_of(&number), bytes, "{text}");
    }
}
