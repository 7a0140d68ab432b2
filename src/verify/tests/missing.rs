//! A snapshot without the answer to a call, because the caller lacked the right.

use super::*;

/// Takes the key out, and says why it is not there, as `topology snapshot` does.
fn without(case: &mut Case, call: &str, key: &str) {
    let document = case.topology.as_object_mut().unwrap();
    document.remove(key);
    let row = json!({"Call": call, "Permission": format!("ec2:{call}"), "Error": "UnauthorizedOperation"});
    document.insert("Missing".to_owned(), json!([row]));
}

#[test]
fn a_missing_right_fails_the_obligation_that_needs_it_and_no_other() {
    #[rustfmt::skip]
    let cases = [
        ("DescribeNatGateways", "NatGateways", "topology-fits"),
        ("DescribeInternetGateways", "InternetGateways", "topology-fits"),
        ("DescribeEgressOnlyInternetGateways", "EgressOnlyInternetGateways", "topology-fits"),
        ("DescribeVpnGateways", "VpnGateways", "topology-fits"),
        ("DescribeTransitGatewayVpcAttachments", "TransitGatewayVpcAttachments", "topology-fits"),
        ("DescribeVpcPeeringConnections", "VpcPeeringConnections", "topology-fits"),
        ("DescribeVpcEndpoints", "VpcEndpoints", "topology-fits"),
        ("a call of a later version", "SomethingElse", "topology-fits"),
        ("DescribePrefixLists", "PrefixLists", "services-known"),
        ("DescribeManagedPrefixLists", "ManagedPrefixLists", "services-known"),
        ("GetManagedPrefixListEntries", "none", "services-known"),
        ("DescribeFlowLogs", "FlowLogs", "interfaces-logged"),
    ];
    for (call, key, obligation) in cases {
        let case = changed(|case| {
            // Nothing here is routed to a list, so nothing but what the call tells is lost with it.
            case.topology["RouteTables"][0]["Routes"]
                .as_array_mut()
                .unwrap()
                .truncate(2);
            if key == "VpcEndpoints" || key == "PrefixLists" {
                case.policy = case.policy.replace("service:s3", "service:dynamodb");
            }
            case.records.retain(|record| record.contains("NODATA"));
            let own: Vec<String> = case
                .records
                .iter()
                .map(|record| record.replace("eni-v", "eni-w"))
                .collect();
            case.records.extend(own);
            without(case, call, key);
        });
        let evidence = case.evidence();
        assert_eq!(
            (evidence.verdict, failed(&evidence)),
            (Verdict::Unproven, vec![obligation]),
            "{call}"
        );
        let claim = &evidence.claims[0];
        let why = claim
            .obligations
            .iter()
            .find(|one| one.id == obligation)
            .unwrap();
        let told = why.why.join("\n");
        assert!(told.contains("UnauthorizedOperation"), "{told}");
        assert!(told.contains(&format!("ec2:{call}")), "{told}");
        let said = evidence
            .diagnostics
            .iter()
            .filter(|one| one.code == "topology-missing-right");
        assert_eq!(said.count(), 1, "{call}");
    }
}

#[test]
fn the_same_snapshot_without_a_missing_right_is_proven() {
    let case = changed(|case| {
        case.records.retain(|record| record.contains("NODATA"));
        let own: Vec<String> = case
            .records
            .iter()
            .map(|record| record.replace("eni-v", "eni-w"))
            .collect();
        case.records.extend(own);
        case.topology["Missing"] = json!([]);
    });
    assert_eq!(case.verdict(), Verdict::Proven);
}

#[test]
fn a_missing_right_beside_the_answer_still_weighs() {
    let case = changed(|case| {
        let logs = case.topology["FlowLogs"].clone();
        without(case, "DescribeFlowLogs", "FlowLogs");
        case.topology["FlowLogs"] = logs;
    });
    assert_eq!(failed(&case.evidence()), ["interfaces-logged"]);
}
