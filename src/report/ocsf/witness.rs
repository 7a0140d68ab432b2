//! A witness as OCSF evidence: both ends, the connection, and the record that it stands in.

use std::net::IpAddr;

use serde_json::{Map, Value, json};

use crate::model::evidence::{ClaimReport, FlowSample};
use crate::model::path::{Exit, Initiator, Path};
use crate::report::cited::{Places, WITNESSES};
use crate::report::shown::visible;

/// One of `evidences`.
pub(super) fn evidence(
    claim: &ClaimReport,
    index: usize,
    flow: &FlowSample,
    places: &Places<'_>,
) -> Value {
    let workload_interface = flow
        .workload_interface
        .as_deref()
        .unwrap_or(&flow.interface);
    let mut workload = end(flow.workload.as_deref(), flow.workload_port);
    workload.insert(
        "interface_uid".to_owned(),
        visible(workload_interface).into(),
    );
    let mut peer = end(flow.peer.as_deref(), flow.peer_port);
    if let Some(service) = &flow.service {
        peer.insert("svc_name".to_owned(), visible(service).into());
    }
    if !peer.contains_key("ip") && !peer.contains_key("svc_name") {
        peer.insert("name".to_owned(), "far end unknown".into());
    }
    let (direction_id, direction) = match flow.initiator {
        Initiator::Workload => (2, "Outbound"),
        Initiator::Peer => (1, "Inbound"),
        Initiator::Unknown => (0, "Unknown"),
    };
    let (src, dst) = match flow.initiator {
        Initiator::Peer => (peer, workload),
        Initiator::Workload | Initiator::Unknown => (workload, peer),
    };
    let (boundary_id, boundary) = boundary(flow);
    let mut connection = json!({
        "direction_id": direction_id, "direction": direction,
        "boundary_id": boundary_id, "boundary": boundary,
    });
    if let Some(protocol) = flow.protocol {
        connection["protocol_num"] = Value::from(protocol);
    }
    let place = places.find(&claim.id, WITNESSES, index);
    let mut out = json!({
        "src_endpoint": src,
        "dst_endpoint": dst,
        "connection_info": connection,
        "data": {
            "bytes": flow.bytes.0, "packets": flow.packets, "start": flow.start, "end": flow.end,
            "action": flow.action.as_deref().map(visible),
            "path": flow.path, "path_basis": visible(&flow.path_basis), "via": flow.via.as_deref().map(visible), "exit": flow.exit,
            "logged_by": visible(&flow.interface), "vantage": flow.vantage, "why": visible(&flow.why),
            "input": place.map(|place| visible(place.uri)), "line": place.map(|place| place.line),
        },
        "verdict_id": 2, "verdict": "True Positive",
    });
    if let Some(place) = place {
        out["uid"] = Value::from(format!("{}:{}", visible(place.uri), place.line));
    }
    out
}

/// Address and port, where they are what OCSF takes for such.
fn end(address: Option<&str>, port: Option<u16>) -> Map<String, Value> {
    let mut out = Map::new();
    if let Some(address) = address.filter(|address| address.parse::<IpAddr>().is_ok()) {
        out.insert("ip".to_owned(), address.into());
    }
    if let Some(port) = port {
        out.insert("port".to_owned(), port.into());
    }
    out
}

/// OCSF's own words, which are those of `traffic-path`; what has none keeps ours under Other.
fn boundary(flow: &FlowSample) -> (i64, &'static str) {
    match (flow.path, flow.exit) {
        (Path::IntraVpc, _) => (4, "Same VPC"),
        (Path::InternetBound, _) | (_, Exit::InternetGateway) => (11, "Internet Gateway"),
        (Path::ViaGatewayEndpoint, _) => (10, "Gateway VPC"),
        (Path::ViaVpn, _) => (6, "Virtual Private Gateway"),
        (Path::ViaLocalGateway, _) => (9, "Local Gateway"),
        (Path::Undetermined, _) => (0, "Unknown"),
        (
            Path::ViaNat
            | Path::ViaEndpointEni
            | Path::ViaAppliance
            | Path::ViaTransitGateway
            | Path::ViaPeering
            | Path::ViaCloudWan,
            _,
        ) => (99, flow.path.as_str()),
    }
}

/// The addresses of the witnesses that are evidences, so that a SIEM finds the finding by them.
pub(super) fn observables(claim: &ClaimReport, most: usize) -> Value {
    let mut seen: Vec<&str> = Vec::new();
    let mut all = Vec::new();
    for (index, flow) in claim.witnesses.sample.iter().take(most).enumerate() {
        let (from, to) = match flow.initiator {
            Initiator::Peer => ("dst", "src"),
            Initiator::Workload | Initiator::Unknown => ("src", "dst"),
        };
        for (end, address) in [(from, &flow.workload), (to, &flow.peer)] {
            let Some(address) = address
                .as_deref()
                .filter(|text| text.parse::<IpAddr>().is_ok())
            else {
                continue;
            };
            if !seen.contains(&address) {
                seen.push(address);
                let name = format!("evidences[{index}].{end}_endpoint.ip");
                all.push(
                    json!({"name": name, "type_id": 2, "type": "IP Address", "value": address}),
                );
            }
        }
    }
    Value::Array(all)
}
