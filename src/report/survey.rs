//! A topology looked over, for people and for machines: findings first, then where traffic would go, then what that means for claims.

use crate::model::document::json_of;
use crate::model::path::{Exit, Path};
use crate::model::survey::{
    ClaimSurvey, Finding, Level, Permit, Prospect, ProspectOfTable, ProspectWay, SubnetShown,
    Survey, TableSurvey, VpcSurvey,
};
use crate::report::shown::{columns, safe, wrap};

/// Columns of what traffic is for; the way stands beside it.
const TO: usize = 24;

/// What a reader must not take it for.
const NOTE: &str = "Routes alone, before any traffic: what they permit may never happen, and a log may show what they did not foresee. It is no verdict. `s3 elsewhere`: addresses of S3 that this Region's prefix list does not hold, so other Regions'. Left out: addresses of a VPC that no interface has, ports, security groups and network ACLs of workloads.";

/// The machine's form, with a newline at the end.
///
/// # Errors
/// serde_json's, which memory gives no cause for.
pub fn json(survey: &Survey) -> Result<Vec<u8>, serde_json::Error> {
    json_of(survey)
}

/// The form for people, in lines of at most `width` columns.
pub fn text(survey: &Survey, width: usize) -> String {
    let mut page = Page {
        width: width.clamp(60, 120),
        text: String::new(),
    };
    for vpc in &survey.vpcs {
        page.vpc(vpc);
    }
    page.wrapped(0, NOTE);
    page.text
}

struct Page {
    width: usize,
    text: String,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// Words that are fit to be shown, in lines that begin `indent` columns in.
    fn wrapped(&mut self, indent: usize, text: &str) {
        self.hanging(indent, indent, text);
    }

    /// The same, with another indent from the second line on.
    fn hanging(&mut self, first: usize, rest: usize, text: &str) {
        for (i, line) in wrap(text, self.width - first.max(rest)).iter().enumerate() {
            let indent = if i == 0 { first } else { rest };
            self.line(&format!("{}{line}", " ".repeat(indent)));
        }
    }

    fn vpc(&mut self, vpc: &VpcSurvey) {
        let mut title = named(&vpc.vpc, vpc.name.as_deref());
        for part in [&vpc.region, &vpc.captured_at].into_iter().flatten() {
            title += &format!(", {}", safe(part));
        }
        self.wrapped(0, &title);
        self.line("");
        self.line("  FINDINGS");
        if vpc.findings.is_empty() {
            self.line("    none");
        }
        for finding in &vpc.findings {
            self.finding(finding);
        }
        self.line("");
        self.line("  WHERE TRAFFIC WOULD GO");
        for table in &vpc.tables {
            self.table(table);
        }
        self.line("");
        self.line("  WHAT THAT MEANS FOR CLAIMS");
        for claim in &vpc.claims {
            self.claim(claim);
        }
        self.line("");
    }

    fn finding(&mut self, finding: &Finding) {
        let level = match finding.level {
            Level::Problem => "problem",
            Level::Advice => "advice",
            Level::NotKnown => "not known",
        };
        let title = format!("{level}: {}  {}", finding.id, safe(&finding.resource));
        self.hanging(4, 6, &title);
        self.wrapped(8, &sentence(&finding.message));
        self.wrapped(8, &sentence(finding.why));
        self.hanging(8, 10, &format!("→ {}", each_safe(&finding.help)));
    }

    fn table(&mut self, table: &TableSurvey) {
        self.wrapped(4, &named(&table.table, table.name.as_deref()));
        for subnet in &table.subnets {
            self.hanging(6, 8, &subnet_line(subnet));
        }
        // Traffic that goes one way stands in one row.
        let mut rows: Vec<(String, Vec<String>)> = Vec::new();
        let without_ipv6 = shut(&table.permits, |permit| permit.to.contains("IPv6"));
        for permit in &table.permits {
            let way = way_of(permit);
            let ipv6 = without_ipv6 && permit.to.contains("IPv6");
            let twins = table.permits.iter().filter(|one| one.to == permit.to);
            let to = match (ipv6, twins.count()) {
                (true, _) => "all IPv6".to_owned(),
                (false, 1) => permit.to.clone(),
                // One sort of traffic goes several ways: an address tells which part of it.
                (false, _) => format!("{} ({})", permit.to, permit.example),
            };
            match rows.iter_mut().find(|(known, _)| *known == way) {
                Some((_, known)) if known.contains(&to) => {}
                Some((_, known)) => known.push(to),
                None => rows.push((way, vec![to])),
            }
        }
        for (way, to) in rows {
            self.row(&each_safe(&to.join(", ")), &way);
        }
    }

    /// What for, and which way: two columns, each as long as it must be.
    fn row(&mut self, to: &str, way: &str) {
        const INDENT: usize = 8;
        let (left, right) = (wrap(to, TO), wrap(way, self.width - INDENT - TO - 2));
        for i in 0..left.len().max(right.len()) {
            let to = left.get(i).map_or("", String::as_str);
            let gap = TO + 2 - columns(to).min(TO);
            let way = right.get(i).map_or("", String::as_str);
            let line = format!("{}{to}{}{way}", " ".repeat(INDENT), " ".repeat(gap));
            self.line(&line);
        }
    }

    fn claim(&mut self, claim: &ClaimSurvey) {
        let title = format!("{}  {}", safe(&claim.id), each_safe(&claim.title));
        self.hanging(4, 6, &title);
        if claim.tables.is_empty() {
            self.line("      is about no subnet of this VPC");
        }
        let mut tables: Vec<&ProspectOfTable> = claim.tables.iter().collect();
        tables.sort_by_key(|table| table.prospect);
        for table in tables {
            for subnet in &table.subnets {
                self.hanging(6, 8, &subnet_line(subnet));
            }
            let heading = match table.prospect {
                Prospect::CanBeBroken => "can be broken:",
                Prospect::MayBeBroken => "may be broken, which the topology alone does not decide:",
                Prospect::NotKnown => "not known, for the way is not:",
                Prospect::AllowedWaysOnly => "allowed ways only:",
                Prospect::NoRoute => "no route, cannot leak",
            };
            self.line(&format!("        {heading}"));
            let told = table
                .ways
                .iter()
                .filter(|way| way.prospect == table.prospect);
            for way in told {
                self.hanging(10, 12, &way_line(way));
            }
        }
    }
}

/// Whether there is no route for any of these.
fn shut(permits: &[Permit], of: impl Fn(&Permit) -> bool) -> bool {
    let mut of = permits.iter().filter(|permit| of(permit));
    of.all(|permit| permit.basis == "route-none")
}

/// `would take via-nat nat-… → internet-gateway: s3, for example 3.5.0.1`
fn way_line(way: &ProspectWay) -> String {
    let verb = match way.prospect {
        Prospect::CanBeBroken => "would take ",
        Prospect::MayBeBroken => "could take ",
        Prospect::NotKnown | Prospect::AllowedWaysOnly | Prospect::NoRoute => "",
    };
    let named = way_text(way.path, way.basis, &way.via, way.exit);
    let (to, example) = (each_safe(&way.to.join(", ")), safe(&way.example));
    format!("{verb}{named}: {to}, for example {example}")
}

fn way_of(permit: &Permit) -> String {
    way_text(permit.path, permit.basis, &permit.via, permit.exit)
}

/// The way, its gateway, and where it leaves if that does not follow from the way.
fn way_text(path: Path, basis: &str, via: &str, exit: Exit) -> String {
    let implied = match path {
        Path::InternetBound => Some(Exit::InternetGateway),
        Path::ViaGatewayEndpoint => Some(Exit::GatewayEndpoint),
        Path::ViaEndpointEni => Some(Exit::Endpoint),
        Path::ViaVpn => Some(Exit::Vpn),
        Path::IntraVpc => Some(Exit::None),
        Path::Undetermined => {
            return match basis {
                "route-none" => "no route".to_owned(),
                "route-blackhole" => "dropped: blackhole".to_owned(),
                basis => format!("not known: {basis}"),
            };
        }
        _ => None,
    };
    let mut text = path.to_string();
    if via != "-" {
        text += &format!(" {}", safe(via));
    }
    if implied != Some(exit) {
        text += &format!(" → {exit}");
    }
    text
}

fn subnet_line(subnet: &SubnetShown) -> String {
    let workloads = match subnet.workloads {
        0 => "no workload there now".to_owned(),
        1 => "1 workload".to_owned(),
        many => format!("{many} workloads"),
    };
    format!("{}, {workloads}", named(&subnet.id, subnet.name.as_deref()))
}

fn named(id: &str, name: Option<&str>) -> String {
    match name.filter(|name| !name.is_empty()) {
        Some(name) => format!("{} ({})", safe(id), safe(name)),
        None => safe(id),
    }
}

/// Every word made safe, and none cut away.
fn each_safe(text: &str) -> String {
    let words: Vec<String> = text.split(' ').map(safe).collect();
    words.join(" ")
}

/// A sentence: a capital first letter and a full stop.
fn sentence(text: &str) -> String {
    let text = each_safe(text);
    let mut letters = text.chars();
    let first = letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    });
    format!("{first}.")
}
