use arrow::array::{Array, AsArray};

use super::*;
use crate::model::batch::{Status, Value};
use crate::model::tag::{Flags, ServiceBy};

fn address(text: &str) -> Address {
    Address::parse(text.as_bytes()).unwrap()
}

fn tag() -> Tag {
    Tag {
        path: Path::ViaNat,
        basis: "route",
        via: Sym(1),
        exit: Exit::InternetGateway,
        realm: Some(Realm::Internet),
        service: Sym::NONE,
        labels: 0,
        service_by: ServiceBy::Nobody,
        workload: Some(address("10.0.0.1")),
        workload_interface: Sym(2),
        vpc: Sym::NONE,
        peer: Some(address("2001:db8::1")),
        workload_port: Some(4000),
        peer_port: Some(443),
        vantage: Vantage::Workload,
        interface: Sym(2),
        workload_sends: Some(true),
        initiator: Initiator::Workload,
        flags: Flags::default(),
    }
}

/// The source is the workload of [`tag`], the destination its peer.
fn batch(names: &[&str], rows: usize) -> FlowBatch {
    let format = Format::from_names(names.iter().copied()).unwrap();
    let mut builder = BatchBuilder::new(&format, FieldSet::ALL);
    let value = |name: &&str| match *name {
        "srcaddr" => Value::Address(address("10.0.0.1")),
        "dstaddr" => Value::Address(address("2001:db8::1")),
        "bytes" => Value::Number(1),
        "tcp-flags" => Value::Number(2),
        _ => Value::Text("x"),
    };
    for row in 0..rows {
        let values: Vec<Value<'_>> = names.iter().map(value).collect();
        builder.push(&values, Status::Flow, row as u64).unwrap();
    }
    builder.finish().unwrap()
}

/// The columns of records that are each of a class of its own.
fn with_tags(batch: &FlowBatch, tags: &Tags, symbols: &Symbols) -> Result<RecordBatch, ArrowError> {
    with_classes(batch, &Classes::one_each(batch, tags), symbols)
}

fn world() -> Symbols {
    let mut symbols = Symbols::default();
    symbols.intern("igw-1");
    symbols.intern("nat-1");
    symbols
}

/// A cell as text; `None` for null.
fn cell(records: &RecordBatch, name: &str, row: usize) -> Option<String> {
    let column = records.column_by_name(name).unwrap();
    let text = arrow::compute::cast(column, &DataType::Utf8).unwrap();
    let text = text.as_string::<i32>();
    (!text.is_null(row)).then(|| text.value(row).to_owned())
}

fn names(records: &RecordBatch) -> Vec<String> {
    let schema = records.schema();
    schema.fields().iter().map(|f| f.name().clone()).collect()
}

#[test]
fn each_tag_stands_under_its_name_and_a_row_without_tag_is_null_in_all() {
    let tags = Tags {
        rows: vec![Some(tag()), None],
        extra: vec!["eni-of-the-record".into()],
    };
    let log = batch(&["srcaddr", "dstaddr", "tcp-flags"], 2);
    let records = with_tags(&log, &tags, &world()).unwrap();
    #[rustfmt::skip]
    let expected = [
        ("path",               Some("via-nat")),
        ("path_basis",         Some("route")),
        ("via",                Some("nat-1")),
        ("exit",               Some("internet-gateway")),
        ("realm",              Some("internet")),
        ("service",            None),
        ("workload",           Some("10.0.0.1")),
        ("workload_interface", Some("eni-of-the-record")),
        ("peer",               Some("2001:db8::1")),
        ("vantage",            Some("workload")),
        ("initiator",          Some("workload")),
    ];
    let order: Vec<String> = names(&records).split_off(3);
    assert_eq!(order, expected.map(|row| row.0));
    for (name, value) in expected {
        assert_eq!(cell(&records, name, 0).as_deref(), value, "{name}");
        assert_eq!(cell(&records, name, 1), None, "{name}");
    }
}

#[test]
fn the_place_of_a_word_is_its_number() {
    for (index, path) in Path::ALL.iter().enumerate() {
        assert_eq!(*path as usize, index);
    }
    for (index, exit) in Exit::ALL.iter().enumerate() {
        assert_eq!(*exit as usize, index);
    }
    for path in Path::ALL {
        let tags = Tags {
            rows: vec![Some(Tag {
                path: *path,
                via: Sym::NONE,
                workload_interface: Sym::NONE,
                ..tag()
            })],
            extra: Vec::new(),
        };
        let records = with_tags(&batch(&["action"], 1), &tags, &world()).unwrap();
        assert_eq!(cell(&records, "path", 0).as_deref(), Some(path.as_str()));
    }
}

#[test]
fn what_is_not_known_is_null() {
    let unknown = Tag {
        via: Sym::NONE,
        realm: None,
        workload: None,
        workload_interface: Sym::NONE,
        peer: None,
        ..tag()
    };
    let tags = Tags {
        rows: vec![Some(unknown)],
        extra: Vec::new(),
    };
    let records = with_tags(&batch(&["action"], 1), &tags, &world()).unwrap();
    for name in ["via", "realm", "workload", "workload_interface", "peer"] {
        assert_eq!(cell(&records, name, 0), None, "{name}");
    }
}

#[test]
fn a_field_of_the_log_never_loses_its_column_to_a_tag() {
    #[rustfmt::skip]
    let cases: &[(&str, &[&str], &[&str])] = &[
        ("a tag's name",           &["path", "action"],   &["log_path", "action"]),
        ("another case",           &["Path"],             &["log_Path"]),
        ("the spare name is used", &["path", "log_path"], &["log_log_path", "log_path"]),
        ("told by a hyphen alone", &["x-y", "x_y"],       &["x_y", "log_x_y"]),
    ];
    for (title, fields, expected) in cases {
        let tags = Tags {
            rows: vec![None],
            extra: Vec::new(),
        };
        let records = with_tags(&batch(fields, 1), &tags, &world()).unwrap();
        assert_eq!(names(&records)[..expected.len()], **expected, "{title}");
        assert_eq!(cell(&records, expected[0], 0).as_deref(), Some("x"));
    }
}

#[test]
fn the_schema_is_known_before_the_first_record() {
    let fields = ["srcaddr", "bytes", "path", "action"];
    let format = Format::from_names(fields).unwrap();
    let tags = Tags {
        rows: vec![None; 3],
        extra: Vec::new(),
    };
    let records = with_tags(&batch(&fields, 3), &tags, &world()).unwrap();
    assert_eq!(schema(&format, FieldSet::ALL).unwrap(), records.schema());
    let added: Vec<ArrowField> = output_fields();
    let schema = records.schema();
    let last = schema.fields()[fields.len()..]
        .iter()
        .map(|f| (**f).clone());
    assert_eq!(last.collect::<Vec<_>>(), added);
}

#[test]
fn tags_that_do_not_fit_are_refused() {
    let one = batch(&["action"], 1);
    assert!(with_tags(&one, &Tags::default(), &world()).is_err());
    let strange = Tags {
        rows: vec![Some(tag())],
        extra: Vec::new(),
    };
    assert!(with_tags(&one, &strange, &world()).is_err());
}
