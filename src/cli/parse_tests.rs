//! The command line as a whole: rules across options, defaults, help.

use super::*;
use crate::cli::args::OutputFormat;
use crate::cli::console::Color;

const NOW_S: i64 = 1_785_542_400;

fn asked(line: &str) -> Result<Cli, clap::Error> {
    let words = line.split(' ').map(OsString::from);
    parse(words, "2026-08-01", NOW_S)
}

fn refused(line: &str) -> String {
    let error = asked(line).expect_err(line);
    assert_eq!(error.exit_code(), 2, "{line}");
    error.render().to_string()
}

#[test]
fn the_definition_is_sound() {
    command("2026-08-01").debug_assert();
}

#[test]
fn verify_has_the_contracts_names_and_defaults() {
    let cli =
        asked("flowproof verify a.log b/ - --topology t.json --topology u --since 24h").unwrap();
    let Command::Verify(verify) = cli.command else {
        panic!("verify");
    };
    assert_eq!(verify.input.sources, ["a.log", "b/", "-"]);
    assert_eq!(verify.input.topologies.files().count(), 2);
    assert_eq!(
        verify.input.window(NOW_S),
        Window {
            since: Some(NOW_S - 86_400),
            until: None
        }
    );
    assert_eq!(verify.input.work.memory, 512 << 20);
    assert_eq!(verify.reports().len(), 1);
    assert_eq!(verify.reports()[0].target, Target::Stdout);
    assert_eq!(verify.speech.color, Color::Auto);
}

#[test]
fn classify_tells_the_format_by_the_ending_or_the_option() {
    #[rustfmt::skip]
    let cases = [
        ("a.parquet",               OutputFormat::Parquet),
        ("a.CSV",                   OutputFormat::Csv),
        ("a.jsonl",                 OutputFormat::Jsonl),
        ("- --output-format arrow", OutputFormat::Arrow),
        ("a.csv --output-format jsonl", OutputFormat::Jsonl),
    ];
    for (output, expected) in cases {
        let cli = asked(&format!(
            "flowproof classify x --topology t --output {output}"
        ))
        .unwrap();
        let Command::Classify(classify) = cli.command else {
            panic!("classify");
        };
        assert_eq!(classify.format(), Ok(expected), "{output}");
    }
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_to_do() {
    #[rustfmt::skip]
    let cases = [
        ("flowproof verify x",                                         "--topology"),
        ("flowproof verify --topology t",                              "SOURCE"),
        ("flowproof verify x --topology t --since 1h --until 2h",      "the window is empty: --since is 2026-07-31T23:00:00Z"),
        ("flowproof verify x --topology t --since 1h --until 1h",      "the window is empty"),
        ("flowproof verify x --topology t --since 2026-08-01",         "has no zone"),
        ("flowproof verify x --topology t --memory 512",               "512MiB or 2GiB"),
        ("flowproof verify x --topology t --threads 0",                "--threads"),
        ("flowproof verify x --topology t --report pdf=x",             "the formats are text, json, markdown"),
        ("flowproof verify x --topology t --report json --report csv", "both be written to stdout"),
        ("flowproof verify x --topology t --evidence -",               "text and --evidence would both"),
        ("flowproof verify x --topology t --report json=a --evidence a", "both be written to a"),
        ("flowproof verify - - --topology t",                          "only once"),
        ("flowproof classify x --topology t",                          "--output"),
        ("flowproof classify x --topology t --output -",               "add --output-format"),
        ("flowproof classify x --topology t --output a.txt",           "add --output-format"),
        ("flowproof topology check",                                   "--topology"),
        ("flowproof topology",                                         "check"),
        ("flowproof topology snapshot",                                "--output"),
        ("flowproof topology snapshot --region a --region b --output -", "--output is stdout"),
        ("flowproof topology snapshot --profile a --profile b --output t.json", "--output is the file t.json"),
        ("flowproof verify x --topology t --wait 1",                   "this is no duration"),
        ("flowproof explain x --topology t",                           "--flow"),
        ("flowproof exclaim x",                                        "unrecognized subcommand"),
    ];
    for (line, expected) in cases {
        let text = refused(line);
        assert!(text.contains(expected), "{line}:\n{text}");
    }
}

#[test]
fn devices_may_be_written_twice() {
    assert!(
        asked("flowproof verify x --topology t --report text=/dev/null --evidence /dev/null")
            .is_ok()
    );
}

#[test]
fn the_version_tells_the_date_of_the_ranges() {
    let error = asked("flowproof --version").expect_err("version");
    assert_eq!(error.exit_code(), 0);
    assert_eq!(
        error.to_string(),
        format!(
            "flowproof {} (ip-ranges of 2026-08-01)\n",
            env!("CARGO_PKG_VERSION")
        )
    );
}

#[test]
fn every_help_tells_exit_codes_and_every_option_has_one() {
    for line in [
        "flowproof --help",
        "flowproof verify --help",
        "flowproof classify --help",
        "flowproof topology check --help",
    ] {
        let text = asked(line).expect_err(line).to_string();
        assert!(text.contains("3  unproven"), "{line}:\n{text}");
    }
    let mut command = command("2026-08-01");
    command.build();
    for inner in command
        .get_subcommands()
        .filter(|inner| inner.get_name() != "help")
    {
        assert!(inner.get_about().is_some(), "{}", inner.get_name());
        for arg in inner.get_arguments() {
            assert!(
                arg.get_help().is_some(),
                "{} {}",
                inner.get_name(),
                arg.get_id()
            );
        }
    }
}

#[test]
fn report_takes_evidence_and_formats_in_any_order() {
    let cli = asked("flowproof report b.json html=x a.json text").unwrap();
    let Command::Report(report) = cli.command else {
        panic!("report");
    };
    let names: Vec<String> = report.evidences().iter().map(ToString::to_string).collect();
    assert_eq!(names, ["b.json", "a.json"]);
    assert_eq!(report.reports().len(), 2);
    assert!(refused("flowproof report html=x").contains("no evidence"));
    assert!(refused("flowproof report - a.json -").contains("only once"));
    assert!(refused("flowproof report a.json html=x json=x").contains("both be written"));
}

#[test]
fn a_state_has_a_file_of_its_own_and_keeps_its_evidence() {
    let line = "flowproof verify a --topology t --state s";
    assert!(asked(line).is_ok());
    assert!(refused(&format!("{line} --report text=r --evidence -")).contains("may be lost"));
    assert!(refused(&format!("{line} --evidence s")).contains("both be written"));
    assert!(asked(&format!("{line} --metrics live")).is_ok());
}
