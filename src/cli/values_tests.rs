//! Values of options, one table a kind.

use super::*;

fn parse_time(text: &str, now_s: i64) -> Result<i64, ValueError> {
    Time::parse(text).map(|time| time.unix_s(now_s))
}

#[test]
fn times_are_absolute_or_relative_to_now() {
    #[rustfmt::skip]
    let cases = [
        ("1970-01-01T00:01:00Z",      60),
        ("2026-08-01T00:00:00Z",      1_785_542_400),
        ("2026-08-01T02:00:00+02:00", 1_785_542_400),
        ("0s",                        1_000_000),
        ("90m",                       994_600),
        ("24h",                       913_600),
        ("7d",                        395_200),
    ];
    for (text, expected) in cases {
        assert_eq!(parse_time(text, 1_000_000), Ok(expected), "{text}");
    }
}

#[test]
fn a_time_that_is_none_says_what_to_write() {
    #[rustfmt::skip]
    let cases = [
        ("2026-08-01T00:00:00",    "2026-08-01T00:00:00Z for UTC"),
        ("2026-08-01",             "2026-08-01T00:00:00Z for UTC"),
        ("2026-08-01T00:00:00.5Z", "whole seconds"),
        ("",                       "24h or 7d"),
        ("yesterday",              "24h or 7d"),
        ("-5m",                    "24h or 7d"),
        ("+5m",                    "24h or 7d"),
        ("m",                      "24h or 7d"),
        ("5é",                     "24h or 7d"),
        ("9223372036854775807d",   "24h or 7d"),
    ];
    for (text, expected) in cases {
        let error = parse_time(text, 0).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn sizes_have_a_unit() {
    #[rustfmt::skip]
    let cases = [
        ("512MiB", 536_870_912),
        ("1GiB",   1_073_741_824),
        ("1gb",    1_000_000_000),
        ("64KiB",  65_536),
        ("100B",   100),
    ];
    for (text, expected) in cases {
        assert_eq!(parse_size(text), Ok(expected), "{text}");
    }
    for text in [
        "",
        "512",
        "MiB",
        "0GiB",
        "1.5GiB",
        "-1GiB",
        "1 GiB",
        "99999999999TiB",
    ] {
        assert_eq!(parse_size(text), Err(ValueError::Size), "{text}");
    }
}

#[test]
fn a_report_is_a_format_and_a_file() {
    let report = |format, target| Ok(ReportTo { format, target });
    let file = |name: &str| Target::File(PathBuf::from(name));
    #[rustfmt::skip]
    let cases = [
        ("text",         report(Format::Text, Target::Stdout)),
        ("json=-",       report(Format::Json, Target::Stdout)),
        ("csv=a=b.csv",  report(Format::Csv, file("a=b.csv"))),
        ("json=",        Err(ValueError::NoFile("json"))),
        ("jsn=x",        Err(ValueError::Format("jsn".to_owned(), "; did you mean `json`?".to_owned()))),
        ("pdf=x",        Err(ValueError::Format("pdf".to_owned(), String::new()))),
    ];
    for (text, expected) in cases {
        assert_eq!(ReportTo::parse(text), expected, "{text}");
    }
}

#[test]
fn a_word_of_report_is_a_format_or_evidence() {
    let evidence = |place: &str| Ok(ReportWord::Evidence(Target::from(place)));
    let report = |text: &str| ReportTo::parse(text).map(ReportWord::Report);
    #[rustfmt::skip]
    let cases = [
        ("evidence.json",    evidence("evidence.json")),
        ("-",                evidence("-")),
        ("text",             report("text")),
        ("html=a.html",      report("html=a.html")),
        ("json=-",           report("json=-")),
        ("./html=a.html",    evidence("./html=a.html")),
        ("nights/a=b.json",  evidence("nights/a=b.json")),
        ("2026-08=1.json",   evidence("2026-08=1.json")),
        ("htlm=a.html",      report("htlm=a.html")),
        ("html=",            report("html=")),
    ];
    for (text, expected) in cases {
        assert_eq!(ReportWord::parse(text), expected, "{text}");
    }
    assert!(ReportWord::parse("htlm=a.html").is_err());
}
