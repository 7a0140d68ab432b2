//! The network's shape through the EC2 query API: one describe call after the other goes out, one JSON document comes back, as a
//! folder of `aws ec2 describe-… --output json` answers would have it.
//!
//! To ask one more call: 1. a row in [`WANTS`]; 2. its name in `assets/renew-ec2-shapes`, and run that; 3. what reads it, in `topology`;
//! 4. the right in `docs/iam/topology.json`.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::aws::fault::{Call, Fault, Kind};
use crate::aws::query::{self, EC2, STS};
use crate::aws::session::Session;
use crate::aws::shapes::Shapes;
use crate::aws::xml;
use crate::model::window::rfc3339;

/// What to take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SnapshotAsk {
    /// Only these VPCs, where a call can be narrowed; all, if empty.
    pub vpcs: Vec<String>,
    /// Now, in Unix seconds: the first call begins.
    pub captured_s: i64,
}

/// What was taken.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Whose.
    pub account_id: String,
    /// Where.
    pub region: String,
    /// The document, pretty-printed.
    pub json: Vec<u8>,
    /// Calls that the caller has no right to, in the order of the calls: their keys are absent.
    pub missing: Vec<Fault>,
    /// Keys, and how many resources stand there.
    pub counts: Vec<(&'static str, usize)>,
}

/// How a call is narrowed to VPCs.
#[derive(Clone, Copy)]
enum Narrow {
    /// Not at all.
    Whole,
    /// By their ids: one that is not there is an error of AWS's.
    Ids,
    /// By a filter of that name.
    Filter(&'static str),
}

/// A call, and where its answer goes.
struct Want {
    call: Call,
    /// In the answer.
    answered: &'static str,
    /// In the document.
    key: &'static str,
    /// By which resources are sorted.
    id: &'static str,
    /// The most resources of a page that AWS takes; 0: no paging.
    page_max: u16,
    narrow: Narrow,
    /// What else to ask.
    flag: Option<(&'static str, &'static str)>,
}

macro_rules! wants {
    ($($call:literal $answered:literal as $key:literal by $id:literal pages $page_max:literal, $narrow:expr, $flag:expr;)*) => {
        &[$(Want {
            call: Call { name: $call, permission: concat!("ec2:", $call) },
            answered: $answered,
            key: $key,
            id: $id,
            page_max: $page_max,
            narrow: $narrow,
            flag: $flag,
        },)*]
    };
}

/// In the order of the document. A page's limit: the EC2 API model of August 2026, and 100 where it names none for prefix lists.
/// Peerings have two sides, and filters of two names are joined by AND, so they are asked whole.
#[rustfmt::skip]
const WANTS: &[Want] = wants! {
    "DescribeVpcs" "Vpcs" as "Vpcs" by "VpcId" pages 1000, Narrow::Ids, None;
    "DescribeSubnets" "Subnets" as "Subnets" by "SubnetId" pages 1000, Narrow::Filter("vpc-id"), None;
    "DescribeRouteTables" "RouteTables" as "RouteTables" by "RouteTableId" pages 100, Narrow::Filter("vpc-id"), None;
    "DescribeNetworkInterfaces" "NetworkInterfaces" as "NetworkInterfaces" by "NetworkInterfaceId" pages 1000, Narrow::Filter("vpc-id"), Some(("IncludeManagedResources", "true"));
    "DescribeVpcEndpoints" "VpcEndpoints" as "VpcEndpoints" by "VpcEndpointId" pages 1000, Narrow::Filter("vpc-id"), None;
    "DescribeNatGateways" "NatGateways" as "NatGateways" by "NatGatewayId" pages 1000, Narrow::Filter("vpc-id"), None;
    "DescribeInternetGateways" "InternetGateways" as "InternetGateways" by "InternetGatewayId" pages 1000, Narrow::Filter("attachment.vpc-id"), None;
    "DescribeEgressOnlyInternetGateways" "EgressOnlyInternetGateways" as "EgressOnlyInternetGateways" by "EgressOnlyInternetGatewayId" pages 255, Narrow::Whole, None;
    "DescribeVpnGateways" "VpnGateways" as "VpnGateways" by "VpnGatewayId" pages 0, Narrow::Filter("attachment.vpc-id"), None;
    "DescribeTransitGatewayVpcAttachments" "TransitGatewayVpcAttachments" as "TransitGatewayVpcAttachments" by "TransitGatewayAttachmentId" pages 1000, Narrow::Filter("vpc-id"), None;
    "DescribeVpcPeeringConnections" "VpcPeeringConnections" as "VpcPeeringConnections" by "VpcPeeringConnectionId" pages 1000, Narrow::Whole, None;
    "DescribePrefixLists" "PrefixLists" as "PrefixLists" by "PrefixListId" pages 100, Narrow::Whole, None;
    "DescribeManagedPrefixLists" "PrefixLists" as "ManagedPrefixLists" by "PrefixListId" pages 100, Narrow::Whole, None;
    "DescribeFlowLogs" "FlowLogs" as "FlowLogs" by "FlowLogId" pages 1000, Narrow::Whole, None;
    "DescribeSecurityGroups" "SecurityGroups" as "SecurityGroups" by "GroupId" pages 1000, Narrow::Filter("vpc-id"), None;
};

/// What a managed prefix list holds; entries come in AWS's order.
const ENTRIES: Call = Call {
    name: "GetManagedPrefixListEntries",
    permission: "ec2:GetManagedPrefixListEntries",
};
const ENTRIES_PAGE_MAX: u16 = 100;

const IDENTITY: Call = Call {
    name: "GetCallerIdentity",
    permission: "sts:GetCallerIdentity",
};

/// Calls under way at one time: EC2's smallest buckets of tokens for describe calls refill at 5 to 20 a second.
const AT_ONCE: usize = 4;

/// Takes a snapshot of the session's account and Region.
///
/// # Errors
/// The first call that failed otherwise than for a missing right: half a topology could hide the way out.
pub fn snapshot(session: &Session, ask: &SnapshotAsk) -> Result<Snapshot, Box<Fault>> {
    session.aws().block_on(taken(session, ask))
}

/// What became of a call: its resources, or the right that it lacks.
type Told = Result<Vec<Value>, Fault>;

async fn taken(session: &Session, ask: &SnapshotAsk) -> Result<Snapshot, Box<Fault>> {
    let shapes = Arc::new(Shapes::new());
    let account_id = account(session).await?;
    let jobs = WANTS
        .iter()
        .map(|want| (want.call, want.answered, want.parameters(&ask.vpcs)));
    let mut told = all(session, &shapes, jobs.collect()).await?;
    for (want, told) in WANTS.iter().zip(&mut told) {
        if let Ok(resources) = told {
            resources.sort_by(|a, b| text(a, want.id).cmp(text(b, want.id)));
        }
    }
    let mut missing: Vec<Fault> = told.iter().filter_map(|told| told.clone().err()).collect();
    missing.extend(entries(session, &shapes, &mut told).await?);

    let mut document = Map::new();
    document.insert("captured_at".to_owned(), rfc3339(ask.captured_s).into());
    document.insert("account_id".to_owned(), account_id.clone().into());
    document.insert("region".to_owned(), session.region().into());
    let mut counts = Vec::new();
    for (want, told) in WANTS.iter().zip(told) {
        if let Ok(resources) = told {
            counts.push((want.key, resources.len()));
            document.insert(want.key.to_owned(), resources.into());
        }
    }
    if !missing.is_empty() {
        let rows = missing.iter().filter_map(row);
        document.insert("Missing".to_owned(), rows.collect());
    }
    let mut json = serde_json::to_vec_pretty(&document)
        .map_err(|why| Box::new(Fault::local(&why.to_string())))?;
    json.push(b'\n');
    Ok(Snapshot {
        account_id,
        region: session.region().to_owned(),
        json,
        missing,
        counts,
    })
}

/// A missing right, as the document has it.
fn row(fault: &Fault) -> Option<Value> {
    let call = fault.call?;
    Some(json!({"Call": call.name, "Permission": call.permission, "Error": fault.code}))
}

/// Puts the entries of managed prefix lists into them, but of those that DescribePrefixLists gave with their CIDRs.
async fn entries(
    session: &Session,
    shapes: &Arc<Shapes>,
    told: &mut [Told],
) -> Result<Option<Fault>, Box<Fault>> {
    let place = |key: &str| WANTS.iter().position(|want| want.key == key);
    let (Some(given), Some(managed)) = (place("PrefixLists"), place("ManagedPrefixLists")) else {
        return Ok(None);
    };
    let has_cidrs = |list: &&Value| {
        list.get("Cidrs")
            .and_then(Value::as_array)
            .is_some_and(|cidrs| !cidrs.is_empty())
    };
    let given: HashSet<String> = match &told[given] {
        Ok(lists) => lists
            .iter()
            .filter(has_cidrs)
            .map(|list| text(list, "PrefixListId").to_owned())
            .collect(),
        Err(_) => HashSet::new(),
    };
    let Ok(lists) = &mut told[managed] else {
        return Ok(None);
    };
    let asked: Vec<&mut Value> = lists
        .iter_mut()
        .filter(|list| !given.contains(text(list, "PrefixListId")))
        .collect();
    let jobs = asked.iter().map(|list| {
        let id = text(list, "PrefixListId").to_owned();
        let parameters = vec![
            ("PrefixListId".to_owned(), id),
            ("MaxResults".to_owned(), ENTRIES_PAGE_MAX.to_string()),
        ];
        (ENTRIES, "Entries", parameters)
    });
    let answers = all(session, shapes, jobs.collect()).await?;
    let mut denied = None;
    for (list, answer) in asked.into_iter().zip(answers) {
        match answer {
            Ok(entries) => list["Entries"] = Value::Array(entries),
            Err(fault) => denied = denied.or(Some(fault)),
        }
    }
    Ok(denied)
}

type Job = (Call, &'static str, Vec<(String, String)>);

/// Makes calls, a few at a time; their answers in the order of the calls.
async fn all(
    session: &Session,
    shapes: &Arc<Shapes>,
    jobs: Vec<Job>,
) -> Result<Vec<Told>, Box<Fault>> {
    let limit = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    let count = jobs.len();
    for (place, (call, answered, parameters)) in jobs.into_iter().enumerate() {
        let (session, shapes, limit) = (session.clone(), Arc::clone(shapes), Arc::clone(&limit));
        tasks.spawn(async move {
            // The semaphore is never closed.
            let _permit = limit.acquire().await;
            let told = pages(&session, &shapes, call, answered, &parameters).await;
            (place, told)
        });
    }
    let mut answers: Vec<Option<Told>> = (0..count).map(|_| None).collect();
    // Dropped at an error, the set ends the calls that are still under way.
    while let Some(done) = tasks.join_next().await {
        let (place, told) = done.map_err(|why| Box::new(Fault::local(&why.to_string())))?;
        answers[place] = Some(match told {
            Ok(resources) => Ok(resources),
            Err(fault) if lacks_right(&fault) => Err(*fault),
            Err(fault) => return Err(fault),
        });
    }
    Ok(answers.into_iter().flatten().collect())
}

/// Whether AWS itself says that a right is missing. A proxy's 403, or a Region that is not enabled, says nothing of rights.
fn lacks_right(fault: &Fault) -> bool {
    let codes = [
        "UnauthorizedOperation",
        "AccessDenied",
        "AccessDeniedException",
    ];
    let code = fault.code.as_deref();
    fault.kind == Kind::Denied && code.is_some_and(|code| codes.contains(&code))
}

/// Every page of one call.
async fn pages(
    session: &Session,
    shapes: &Shapes,
    call: Call,
    answered: &str,
    parameters: &[(String, String)],
) -> Result<Vec<Value>, Box<Fault>> {
    let about = subject(parameters);
    let bad = |message: &str| {
        let fault = Fault::new(Kind::Other, call, &about, session.region(), message);
        Box::new(fault)
    };
    let (mut resources, mut tokens) = (Vec::new(), HashSet::new());
    let mut asked = parameters.to_vec();
    loop {
        let xml = query::call(session, EC2, call, &asked)
            .await
            .map_err(|fault| Box::new(fault.on(&about)))?;
        let root = xml::parse(&xml).map_err(|why| bad(&format!("its answer is no XML: {why}")))?;
        if root.name != format!("{}Response", call.name) {
            return Err(bad(&format!("it was answered by a `{}`", root.name)));
        }
        let mut page = shapes.answer(call.name, &root).map_err(|why| bad(&why))?;
        match page.remove(answered) {
            Some(Value::Array(found)) => resources.extend(found),
            Some(_) | None => return Err(bad(&format!("its answer has no `{answered}`"))),
        }
        let token = match page.remove("NextToken") {
            Some(Value::String(token)) if !token.is_empty() => token,
            Some(_) | None => return Ok(resources),
        };
        if !tokens.insert(token.clone()) {
            return Err(bad(
                "a page names a page that was read before, so the rest cannot be had",
            ));
        }
        asked.retain(|(name, _)| name != "NextToken");
        asked.push(("NextToken".to_owned(), token));
    }
}

/// On what, for complaints: the ids that a call names.
fn subject(parameters: &[(String, String)]) -> String {
    let ids = parameters
        .iter()
        .filter(|(name, _)| name.starts_with("VpcId") || name.starts_with("PrefixListId"));
    let ids: Vec<&str> = ids.map(|(_, value)| value.as_str()).collect();
    if ids.is_empty() {
        "EC2".to_owned()
    } else {
        ids.join(", ")
    }
}

impl Want {
    fn parameters(&self, vpcs: &[String]) -> Vec<(String, String)> {
        let mut parameters = Vec::new();
        let numbered = |prefix: &str| -> Vec<(String, String)> {
            let vpcs = vpcs.iter().enumerate();
            vpcs.map(|(place, vpc)| (format!("{prefix}.{}", place + 1), vpc.clone()))
                .collect()
        };
        let mut paged = self.page_max > 0;
        match self.narrow {
            _ if vpcs.is_empty() => {}
            Narrow::Whole => {}
            Narrow::Ids => {
                parameters.extend(numbered("VpcId"));
                // AWS takes ids or a page's length, and not both.
                paged = false;
            }
            Narrow::Filter(name) => {
                parameters.push(("Filter.1.Name".to_owned(), name.to_owned()));
                parameters.extend(numbered("Filter.1.Value"));
            }
        }
        if paged {
            parameters.push(("MaxResults".to_owned(), self.page_max.to_string()));
        }
        parameters.extend(
            self.flag
                .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        parameters
    }
}

/// The account's number.
async fn account(session: &Session) -> Result<String, Box<Fault>> {
    let xml = query::call(session, STS, IDENTITY, &[])
        .await
        .map_err(|fault| Box::new(fault.on("STS")))?;
    let root = xml::parse(&xml).ok();
    let number = root
        .as_ref()
        .and_then(|root| root.child("GetCallerIdentityResult"))
        .and_then(|result| result.text_of("Account"))
        // It becomes a part of a file's name.
        .filter(|number| number.len() == 12 && number.bytes().all(|byte| byte.is_ascii_digit()));
    number.map(str::to_owned).ok_or_else(|| {
        let message = "its answer names no account";
        Box::new(Fault::new(
            Kind::Other,
            IDENTITY,
            "STS",
            session.region(),
            message,
        ))
    })
}

fn text<'v>(resource: &'v Value, key: &str) -> &'v str {
    resource.get(key).and_then(Value::as_str).unwrap_or("")
}
