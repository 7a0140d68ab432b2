//! Answers in both forms.

use pretty_assertions::assert_eq;
use serde_json::json;

use super::*;
use crate::aws::xml::parse;

fn answer(call: &str, xml: &str) -> Value {
    let root = parse(xml).unwrap();
    Value::Object(Shapes::new().answer(call, &root).unwrap())
}

#[test]
fn every_structure_that_the_table_names_is_in_it() {
    fn innermost(kind: Type<'_>) -> Option<String> {
        match kind {
            Type::List(item) => innermost(Type::parse(item)),
            Type::Structure(name) => Some(name.to_owned()),
            Type::Text | Type::Boolean | Type::Integer | Type::Double | Type::Timestamp => None,
        }
    }
    let shapes = Shapes::new();
    assert!(shapes.structures.len() > 70);
    for members in shapes.structures.values() {
        for member in members {
            if let Some(name) = innermost(member.kind) {
                assert!(shapes.structures.contains_key(name.as_str()), "{name}");
            }
        }
    }
}

#[test]
fn types_names_and_order_are_the_models() {
    let xml = "<DescribeFlowLogsResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>r</requestId><flowLogSet><item>
        <flowLogId>fl-1</flowLogId><creationTime>2024-01-01T00:00:00.120Z</creationTime><maxAggregationInterval>600</maxAggregationInterval>
        <destinationOptions><fileFormat>parquet</fileFormat><hiveCompatiblePartitions>false</hiveCompatiblePartitions></destinationOptions>
        <logDestination/><tagSet/></item></flowLogSet></DescribeFlowLogsResponse>";
    let text = answer("DescribeFlowLogs", xml).to_string();
    assert_eq!(
        text,
        r#"{"FlowLogs":[{"CreationTime":"2024-01-01T00:00:00.120000+00:00","FlowLogId":"fl-1","LogDestination":"","Tags":[],"MaxAggregationInterval":600,"DestinationOptions":{"FileFormat":"parquet","HiveCompatiblePartitions":false}}]}"#
    );
}

#[test]
fn what_the_table_does_not_know_is_kept_by_its_form() {
    let xml = "<R><vpcSet><item><vpcId>vpc-1</vpcId><newText>a</newText><newSet><item>1</item><item><deepNew>2</deepNew></item></newSet>
        <newThing><isSo>true</isSo></newThing><newEmpty/><isDefault>perhaps</isDefault></item></vpcSet><newTop>t</newTop></R>";
    let expected = json!({"Vpcs": [{"IsDefault": "perhaps", "VpcId": "vpc-1", "NewText": "a", "NewSet": ["1", {"DeepNew": "2"}], "NewThing": {"IsSo": "true"}, "NewEmpty": ""}], "NewTop": "t"});
    assert_eq!(answer("DescribeVpcs", xml), expected);
}

#[test]
fn a_member_that_stands_twice_is_an_error() {
    let root =
        parse("<R><vpcSet><item><vpcId>a</vpcId><vpcId>b</vpcId></item></vpcSet></R>").unwrap();
    assert!(Shapes::new().answer("DescribeVpcs", &root).is_err());
}

/// `tests/aws/ec2/*.xml` beside what the AWS CLI printed of the same answer.
#[test]
fn answers_are_what_the_cli_prints_of_them() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/aws/ec2");
    let mut compared = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_some_and(|ending| ending == "xml") {
            let call = file
                .file_stem()
                .unwrap()
                .to_str()
                .unwrap()
                .split('.')
                .next()
                .unwrap();
            let xml = std::fs::read_to_string(&file).unwrap();
            let printed = std::fs::read_to_string(file.with_extension("json")).unwrap();
            let printed: Value = serde_json::from_str(&printed).unwrap();
            assert_eq!(answer(call, &xml), printed, "{}", file.display());
            compared += 1;
        }
    }
    assert!(compared >= 6, "{compared}");
}
