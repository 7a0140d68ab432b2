//! What keys tell, in tables.

use super::*;

/// 2018-06-20T00:00:00Z
const DAY_S: i64 = 1_529_452_800;
const PLAIN: &str = "AWSLogs/123456789012/vpcflowlogs/us-east-1/";
const HIVE: &str =
    "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1/";
const NAME: &str = "123456789012_vpcflowlogs_us-east-1_fl-1234abcd_20180620T1620Z_fe123456.log.gz";

fn dated(from_s: i64, len_s: i64, grain: Grain) -> Place {
    let to_s = from_s + len_s - 1;
    Place::Dated(Span { from_s, to_s }, grain)
}

#[test]
fn folders_of_the_four_layouts_have_a_time() {
    let service = HIVE.replace("aws-service", "service");
    let year_s = DAY_S - 170 * 86_400;
    let june_s = DAY_S - 19 * 86_400;
    #[rustfmt::skip]
    let cases = [
        // title,                   folder,                                           expected
        ("the year",                format!("{PLAIN}2018/"),                          dated(year_s, 365 * 86_400, Grain::Year)),
        ("the month",               format!("{PLAIN}2018/06/"),                       dated(june_s, 30 * 86_400, Grain::Month)),
        ("the day",                 format!("{PLAIN}2018/06/20/"),                    dated(DAY_S, 86_400, Grain::Day)),
        ("a key of the day",        format!("{PLAIN}2018/06/20/{NAME}"),              dated(DAY_S, 86_400, Grain::Day)),
        ("the hour",                format!("{PLAIN}2018/06/20/16/"),                 dated(DAY_S + 16 * 3_600, 3_600, Grain::Hour)),
        ("Hive's day",              format!("{HIVE}year=2018/month=06/day=20/"),      dated(DAY_S, 86_400, Grain::Day)),
        ("Hive's hour",             format!("{HIVE}year=2018/month=06/day=20/hour=00/"), dated(DAY_S, 3_600, Grain::Hour)),
        ("the other service key",   format!("{service}year=2018/"),                   dated(year_s, 365 * 86_400, Grain::Year)),
        ("an own prefix",           format!("team/a/{PLAIN}2018/06/20/"),             dated(DAY_S, 86_400, Grain::Day)),
        ("a copy below a copy",     format!("AWSLogs/backup/{PLAIN}2018/06/20/"),     dated(DAY_S, 86_400, Grain::Day)),
        ("another Region",          format!("{PLAIN}2018/").replace("us-east-1", "cn-north-1"), dated(year_s, 365 * 86_400, Grain::Year)),
        ("a leap day",              format!("{PLAIN}2024/02/29/"),                    dated(1_709_164_800, 86_400, Grain::Day)),
        ("below the Region",        PLAIN.to_owned(),                                 Place::Way),
        ("below the Region, Hive",  HIVE.to_owned(),                                  Place::Way),
        ("below the account",       "AWSLogs/123456789012/".to_owned(),               Place::Way),
        ("the root",                "p/AWSLogs/".to_owned(),                          Place::Way),
    ];
    for (title, folder, expected) in cases {
        assert_eq!(place(&folder), expected, "{title}: {folder}");
    }
}

#[test]
fn what_is_laid_out_otherwise_has_no_time() {
    #[rustfmt::skip]
    let cases = [
        // title,                        key
        ("no root",                      "2018/06/20/x.log.gz".to_owned()),
        ("a name that begins like it",   "AWSLogs2/123456789012/vpcflowlogs/us-east-1/2018/".to_owned()),
        ("the bucket",                   String::new()),
        ("an account that is none",      PLAIN.replace("123456789012", "123") + "2018/"),
        ("a service that nobody knows",  PLAIN.replace("vpcflowlogs", "flowlogs") + "2018/"),
        ("a month that is none",         format!("{PLAIN}2018/13/")),
        ("a day that is none",           format!("{PLAIN}2018/02/30/")),
        ("an hour that is none",         format!("{PLAIN}2018/06/20/24/")),
        ("one digit",                    format!("{PLAIN}2018/6/")),
        ("a sign",                       format!("{PLAIN}2018/+6/")),
        ("something below the day",      format!("{PLAIN}2018/06/20/merged/x.log")),
        ("something below the hour",     format!("{PLAIN}2018/06/20/16/00/x.log")),
        ("Hive's root, plain date",      format!("{HIVE}2018/06/20/")),
        ("plain root, Hive's date",      format!("{PLAIN}year=2018/")),
        ("Hive in another order",        format!("{HIVE}month=06/year=2018/")),
        ("the end of the calendar",      format!("{PLAIN}9999/12/31/")),
    ];
    for (title, key) in cases {
        assert_eq!(place(&key), Place::Unknown, "{title}: {key}");
        assert!(
            may_hold(
                &key,
                Window {
                    since: Some(0),
                    until: Some(1)
                }
            ),
            "{title}"
        );
    }
}

#[test]
fn the_stamp_holds_five_minutes() {
    let at_s = DAY_S + 16 * 3_600 + 20 * 60;
    let expected = Some(Span {
        from_s: at_s,
        to_s: at_s + 299,
    });
    #[rustfmt::skip]
    let cases = [
        // title,                    key,                                               expected
        ("alone",                    NAME.to_owned(),                                   expected),
        ("in its day",               format!("{PLAIN}2018/06/20/{NAME}"),               expected),
        ("in its hour",              format!("{PLAIN}2018/06/20/16/{NAME}"),            expected),
        ("in a folder of one's own", format!("copies/{NAME}"),                          expected),
        ("Parquet",                  NAME.replace(".gz", ".parquet"),                   expected),
        ("in another day: nobody knows", format!("{PLAIN}2018/06/21/{NAME}"),           None),
        ("in another hour",          format!("{PLAIN}2018/06/20/17/{NAME}"),            None),
        ("no stamp: its day",        format!("{PLAIN}2018/06/20/x.log"),                Some(Span { from_s: DAY_S, to_s: DAY_S + 86_399 })),
        ("another service's name",   NAME.replace("vpcflowlogs", "elb"),                None),
        ("a time that is none",      NAME.replace("T1620Z", "T2420Z"),                  None),
        ("a minute that is none",    NAME.replace("T1620Z", "T1660Z"),                  None),
        ("a date that is none",      NAME.replace("20180620", "20180631"),              None),
        ("letters",                  NAME.replace("20180620", "2018éé2"),               None),
        ("no hash",                  "123456789012_vpcflowlogs_r_fl-1_20180620T1620Z".to_owned(), None),
    ];
    for (title, key, expected) in cases {
        assert_eq!(span(&key), expected, "{title}: {key}");
    }
}

#[test]
fn late_records_are_looked_for_an_hour_to_both_sides() {
    let at_s = DAY_S + 16 * 3_600 + 20 * 60;
    let window = |since, until| Window { since, until };
    #[rustfmt::skip]
    let cases = [
        // title,                       window,                                             expected
        ("no window",                   Window::ALL,                                        true),
        ("in it",                       window(Some(at_s), Some(at_s + 1)),                 true),
        ("ends an hour before",         window(None, Some(at_s - LATE_S)),                  false),
        ("ends a second less before",   window(None, Some(at_s - LATE_S + 1)),              true),
        ("begins an hour after",        window(Some(at_s + 299 + LATE_S), None),            true),
        ("begins later than that",      window(Some(at_s + 300 + LATE_S), None),            false),
    ];
    for (title, window, expected) in cases {
        assert_eq!(may_hold(NAME, window), expected, "{title}");
    }
}

#[test]
fn what_is_no_flow_log_is_told_by_its_key() {
    #[rustfmt::skip]
    let cases = [
        // title,                        key,                                                       size, expected
        ("a flow log",                   format!("{PLAIN}2018/06/20/{NAME}"),                       9, Thing::Log),
        ("anything else",                "notes.txt".to_owned(),                                    9, Thing::Log),
        ("an empty object",              "x.log".to_owned(),                                        0, Thing::Log),
        ("CloudTrail",                   "AWSLogs/123456789012/CloudTrail/eu-west-1/2018/06/20/x.json.gz".to_owned(), 9, Thing::Foreign),
        ("an organisation's CloudTrail", "p/AWSLogs/o-abc/123456789012/CloudTrail/x.json.gz".to_owned(), 9, Thing::Foreign),
        ("a service nobody knows: read", "AWSLogs/123456789012/flows/x.log".to_owned(),             9, Thing::Log),
        ("CloudTrail outside the root",  "CloudTrail/x.json.gz".to_owned(),                         9, Thing::Log),
        ("a write test",                 "p/aws-logs-write-test".to_owned(),                        9, Thing::WriteTest),
        ("a folder mark",                "AWSLogs/".to_owned(),                                     0, Thing::FolderMark),
        ("a folder mark with bytes",     "AWSLogs/".to_owned(),                                     9, Thing::Log),
    ];
    for (title, key, size, expected) in cases {
        assert_eq!(thing(&key, size), expected, "{title}: {key}");
    }
}
