//! What was asked of `query`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::args::{EXIT_CODES, Input, Speech};
use super::values::Target;

const EXAMPLES: &str = "\
Examples:
  What way did the traffic take?
    flowproof query logs/ --topology topology.json \\
      --sql 'SELECT path, count(*), sum(bytes) FROM flows GROUP BY path ORDER BY path'
  A question that comes with flowproof, and its parameters:
    flowproof query --list
    flowproof query logs/ --topology topology.json top-talkers --param least_bytes=1000000
  SQL of your own, as a file for a spreadsheet:
    flowproof query logs/ --topology topology.json --file question.sql --output answer.csv
  Ask as you go:
    flowproof query logs/ --topology topology.json";

/// Ask about flows in SQL, by the name of a query or as you go
///
/// SOURCE is followed by the NAME of a query that `--list` shows, unless --sql or --file has the query; with none of them queries are
/// read from the terminal. docs/sql.md has the tables, columns and functions. A query reads these tables and nothing else.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXIT_CODES, after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"), override_usage = "\
flowproof query <SOURCE>... --topology <DIR|FILE|live> [NAME | --sql <SQL> | --file <FILE>] [OPTIONS]
       flowproof query --list")]
pub struct Query {
    #[command(flatten)]
    pub input: Input,

    /// The query itself
    #[arg(
        long,
        value_name = "SQL",
        conflicts_with = "file",
        allow_hyphen_values = true
    )]
    pub sql: Option<String>,

    /// A file with the query
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// A value for `$NAME` in the query; may be given several times
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = param)]
    pub params: Vec<(String, String)>,

    /// Where to write the answer: a file ending in .csv, .jsonl, .parquet, .arrow or .txt [default: a table on stdout]
    #[arg(long, value_name = "FILE", value_parser = Target::parse)]
    pub output: Option<Target>,

    /// In what format [default: by the ending of --output, else table]
    #[arg(long, value_name = "FORMAT")]
    pub output_format: Option<QueryFormat>,

    /// The policy behind the tables `claims` and `gaps`, and `in_scope` of `interfaces`, in TOML [default: a built-in policy]
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// The prices of the table `prices`, in TOML [default: a built-in list, see `as_of`]
    #[arg(long, value_name = "FILE")]
    pub prices: Option<PathBuf>,

    /// List the queries that come with flowproof
    #[arg(long, exclusive = true)]
    pub list: bool,

    /// Let SQL read and write files: COPY, CREATE EXTERNAL TABLE, `FROM 'file.parquet'`
    #[arg(long)]
    pub allow_files: bool,

    #[command(flatten)]
    pub speech: Speech,
}

impl Query {
    /// The format that was asked for, or that the file's name tells.
    pub fn format(&self) -> Result<QueryFormat, String> {
        if let Some(format) = self.output_format {
            return Ok(format);
        }
        let Some(file) = self.output.as_ref().and_then(Target::file) else {
            return Ok(QueryFormat::Table);
        };
        let ending = file.extension().and_then(|ending| ending.to_str());
        if ending == Some("txt") {
            return Ok(QueryFormat::Table);
        }
        ending
            .and_then(|ending| QueryFormat::from_str(ending, true).ok())
            .ok_or_else(|| {
                let file = flowproof::diag::show(&file.display().to_string());
                format!("the name `{file}` does not tell the format\n\n  help: add --output-format table, csv, jsonl, parquet or arrow")
            })
    }
}

/// In what format an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum QueryFormat {
    /// Lines and columns for people
    Table,
    /// Text with a header line; cells that a spreadsheet would run are made text
    Csv,
    /// One JSON object a line
    Jsonl,
    /// Columns, compressed
    Parquet,
    /// Arrow IPC
    Arrow,
}

fn param(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or_else(|| "this is no parameter\n\n  help: write NAME=VALUE".to_owned())
}
