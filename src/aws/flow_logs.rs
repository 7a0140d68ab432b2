//! Which flow logs write to a log group: DescribeFlowLogs by the group's name.

use std::collections::HashSet;

use crate::aws::fault::{Call, Fault, Kind};
use crate::aws::query::{self, EC2};
use crate::aws::session::Session;
use crate::aws::xml;
use crate::model::format::Format;

const DESCRIBE: Call = Call {
    name: "DescribeFlowLogs",
    permission: "ec2:DescribeFlowLogs",
};

/// A flow log, as far as its log group is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writer {
    /// `fl-…`
    pub id: String,
    /// Its format, where it is told and can be read.
    pub format: Option<Format>,
    /// The account of the log group, where its ARN is told.
    pub account: Option<String>,
}

/// The flow logs of the session's account and Region that write to a log group of this name.
///
/// # Errors
/// What AWS says after the last attempt; an answer that is not whole.
pub async fn of_group(session: &Session, group: &str) -> Result<Vec<Writer>, Box<Fault>> {
    let bad = |what: &str| {
        let fault = Fault::new(Kind::Other, DESCRIBE, group, session.region(), what);
        Box::new(fault)
    };
    let mut found = Vec::new();
    let mut token: Option<String> = None;
    let mut seen = HashSet::new();
    loop {
        let mut parameters = vec![
            ("Filter.1.Name".to_owned(), "log-group-name".to_owned()),
            ("Filter.1.Value.1".to_owned(), group.to_owned()),
        ];
        parameters.extend(token.clone().map(|token| ("NextToken".to_owned(), token)));
        let answer = query::call(session, EC2, DESCRIBE, &parameters).await?;
        let (mut logs, next) = read(&answer).map_err(|what| bad(&what))?;
        found.append(&mut logs);
        if next.is_none() {
            return Ok(found);
        }
        if next.as_ref().is_some_and(|next| !seen.insert(next.clone())) {
            return Err(bad("it gave a token for the second time"));
        }
        token = next;
    }
}

type Page = (Vec<Writer>, Option<String>);

fn read(answer: &str) -> Result<Page, String> {
    let root = xml::parse(answer)?;
    let set = root.child("flowLogSet").ok_or("it has no flowLogSet")?;
    let logs = set.children.iter().map(|log| {
        let id = log.text_of("flowLogId").ok_or("a flow log has no id")?;
        let format = log.text_of("logFormat");
        let format = format.and_then(|text| Format::parse(text).ok());
        // arn:aws:logs:REGION:ACCOUNT:log-group:NAME
        let account = log
            .text_of("logDestination")
            .and_then(|arn| arn.split(':').nth(4))
            .filter(|account| !account.is_empty());
        Ok::<_, String>(Writer {
            id: id.to_owned(),
            format,
            account: account.map(str::to_owned),
        })
    });
    let next = root.text_of("nextToken").filter(|token| !token.is_empty());
    Ok((logs.collect::<Result<_, _>>()?, next.map(str::to_owned)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_tells_ids_formats_and_whether_there_is_more() {
        let (logs, next) = read(
            "<DescribeFlowLogsResponse><requestId>r</requestId><flowLogSet><item><flowLogId>fl-1</flowLogId>\
             <logDestination>arn:aws:logs:eu-west-1:111122223333:log-group:g</logDestination>\
             <logFormat>${srcaddr} ${dstaddr}</logFormat></item><item><flowLogId>fl-2</flowLogId></item></flowLogSet>\
             <nextToken>n</nextToken></DescribeFlowLogsResponse>",
        )
        .unwrap();
        assert_eq!(logs[0].id, "fl-1");
        assert_eq!(logs[0].format, Format::parse("${srcaddr} ${dstaddr}").ok());
        assert_eq!(logs[0].account.as_deref(), Some("111122223333"));
        assert_eq!(
            (logs[1].id.as_str(), &logs[1].format, &logs[1].account),
            ("fl-2", &None, &None)
        );
        assert_eq!(next.as_deref(), Some("n"));
        let empty = "<R><flowLogSet/><nextToken/></R>";
        assert_eq!(read(empty), Ok((Vec::new(), None)));
        assert!(read("<R/>").is_err());
    }
}
