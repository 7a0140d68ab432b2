//! docs/sql.md, made from the tables of `query`.

use flowproof::query::columns::Columns;
use flowproof::query::functions::FUNCTIONS;
use flowproof::query::tables::SMALL;

use super::{same, table};

#[test]
fn sql() {
    let mut page = HEAD.to_owned();
    page.push_str("## Tables\n\n### `flows`\n\n");
    page.push_str(FLOWS);
    let columns = Columns::new(&[]);
    let rows = columns.schema().fields().iter();
    let rows = rows.map(|field| {
        let kind = match field.data_type().to_string().as_str() {
            "Dictionary(Int32, Utf8)" | "Utf8" => "text".to_owned(),
            "Timestamp(s, \"+00:00\")" => "timestamp".to_owned(),
            kind => kind.to_lowercase(),
        };
        format!("| `{}` | {kind} |", field.name())
    });
    table(&mut page, &["column", "type"], rows);
    for info in SMALL {
        page.push_str(&format!(
            "### `{}`\n\nA row is {}.\n\n",
            info.name, info.means
        ));
        let rows = info
            .columns
            .iter()
            .map(|(name, kind, means)| format!("| `{name}` | {} | {means} |", kind.word()));
        table(&mut page, &["column", "type", "means"], rows);
    }
    page.push_str("## Functions\n\nBeside [DataFusion's own](https://datafusion.apache.org/user-guide/sql/scalar_functions.html); all but digests (`md5`, `sha256` …) are there.\n\n");
    let rows = FUNCTIONS
        .iter()
        .map(|one| format!("| `{}` | {} | {} |", one.call, one.gives, one.means));
    table(&mut page, &["call", "gives", "means"], rows);
    page.push_str(TAIL);
    same("sql.md", &page);
}

const HEAD: &str = "# Questions in SQL

Tables, columns and functions on this page are made from the code.

```sh
flowproof query logs/ --topology topology.json --sql 'SELECT path, count(*) AS flows, sum(bytes) AS bytes FROM flows GROUP BY path ORDER BY path'
flowproof query logs/ --topology topology.json --file question.sql --param service=s3 --output answer.csv
flowproof query --list                                   # queries that come with flowproof
flowproof query logs/ --topology topology.json           # ask as you go: \\d, \\l, \\?, \\q
```

The dialect is that of [DataFusion](https://datafusion.apache.org/user-guide/sql/index.html), close to PostgreSQL. Names are in
lower case, unless they stand in double quotes; texts stand in single quotes. `start` and `end` are columns without quotes too, but not as a name without AS:
`max(end) \"end\"`. Without ORDER BY rows come in any order, and not in the same one each time.

- **What an answer rests on.** Exit code 0: every input that the query read was whole. 2: there is no answer, or it rests on inputs that could not be
  read to their end; the answer is written, and stderr says what is missing. Lines that were set aside are said on stderr too. What a LIMIT leaves
  unread is no defect. A query that does not read `flows`, `claims` or `gaps` reads no logs. If there is no record of the window at all, a warning says so.
- **Bytes.** The same packet is logged at every interface that it crosses: add `bytes` of one `vantage` only, as in
  `WHERE vantage = 'workload' AND action = 'ACCEPT'`. NODATA and SKIPDATA rows are in `flows`, with null `path`.
  `sum` of whole numbers never wraps: a sum that its type does not hold is an error, and `sum(CAST(bytes AS DECIMAL(38)))` holds it. `+`, `-` and `*` of whole numbers do wrap, beyond
  9223372036854775807.
- **Nulls.** What is not known is null, and neither `path <> 'via-nat'` nor `path = 'via-nat'` is true of it: say `path IS DISTINCT FROM 'via-nat'` to have it
  in. `= NULL` and `<> NULL` are never true, and refused. Mind that `IS DISTINCT FROM 'a' OR …` takes all that follows for its right side, here
  `'a' OR …`: put parentheses around it, `(path IS DISTINCT FROM 'a') OR …`.
- **Cost.** `flows` is read from the logs each time that a query names it. Only the columns that the query names are decoded; without a column of the
  classifier's nothing is classified. `WHERE` goes into the scan; bounds on `\"end\"`, `ended_at`, and lower bounds on `\"start\"` and `started_at` go into the
  listing of S3 and CloudWatch Logs, and `--since` and `--until` bound every query. `EXPLAIN` shows what was pushed down.
- **Memory.** `--memory` bounds it: sorts, groups and joins spill to temporary files where they can; a query that cannot ends with an error.
- **Length.** A query may have 10,000 operators and words (values and what parts them do not count): each may be one level of a tree, and beyond these it
  ends with an error, as with more than 500 open parentheses. A long `x = 1 OR x = 2 …` is better a list, `x IN (1, 2, …)`, of any length.
- **What SQL may do.** Ask: SELECT, WITH, VALUES, EXPLAIN, SHOW, DESCRIBE. Nothing but the tables on this page is read, and nothing is written but `--output`. With
  `--allow-files` SQL may also read and write files that you may: `FROM 'file.parquet'`, CREATE EXTERNAL TABLE, COPY.
- **Outputs.** A table for people; `--output-format csv`, `jsonl`, `parquet`, `arrow`, or by the ending of `--output`. In CSV, cells that a spreadsheet would
  run as a formula are made text by an apostrophe; the other formats have the values as they are.

## Parameters and heads of files

`$name` in SQL takes the value of `--param name=value`. Values are bound as values and never become text of the query. Without a declaration a value is text, which is
compared with numbers as a number. A file may begin with a head:

```sql
-- large-flows: flows of more than so many bytes
--
-- What the answer means and does not mean.
--
-- param least_bytes int 1000000     bytes of a flow
-- values least_bytes 0..
-- param service text '*'            '*' is every one
-- values service '*', endpoints.service, flows.service
-- param since timestamp -           a value must be given where the default is `-`
-- column workload text              address of the workload
-- column bytes int
SELECT workload, bytes FROM flows WHERE bytes >= $least_bytes AND ended_at >= $since AND ($service = '*' OR service = $service)
```

Types are `text`, `int`, `float`, `timestamp` (2026-08-01T00:00:00Z), `cidr`, `duration` (`30s`, `5m`, `1h`, `7d`) and `ports` (`443,8443`). A line
`values NAME …` behind a parameter says what of its type it takes, joined by commas: words in quotes, numbers as `FROM..TO`, `FROM..` or `..TO`, and
`TABLE.COLUMN`, whose values are words too; a later column is read only if the earlier ones do not have the value. What is none of them is refused: it would
match nothing, and the empty answer would look like one. A word may be given in any case. A quoted word is taken whatever the type, such as `'*'` for a `cidr`.

";

const FLOWS: &str = "Every record of the logs that is in the window: the log's own fields ([fields.md](fields.md)), null where the log lacks them, then fields that this version does
not know, then what the classifier says ([paths.md](paths.md)), then:

- `workload_port`, `peer_port`: the ports at the two ends;
- `started_at`, `ended_at`: `start` and `end` as times;
- `input`, `line`: where the record stands; line in text, row in Parquet, from 1.

Fields that this version does not know are columns if a local file or the topology's flow logs tell them; of logs at AWS alone they are not.

";

const TAIL: &str = "Time: `ended_at - INTERVAL '5 minutes'`, `date_trunc('hour', ended_at)`, `date_bin(INTERVAL '5 minutes', ended_at)`, `to_timestamp_seconds(\"end\")` are DataFusion's;
`bucket('5m', ended_at)` is ours, because its width may be a parameter.

## Prices

`--prices FILE` replaces the built-in list:

```toml
as_of = \"2026-11\"

[[price]]
item = \"nat-gateway-gb\"
region = \"us-east-1\"
unit = \"GB\"
usd = 0.045
source = \"https://aws.amazon.com/vpc/pricing/\"
```
";
