//! `flowproof topology check`: what is configured and what that permits, before any traffic.

use flowproof::classify::permits::{Prober, Site, sites, snapshot_of};
use flowproof::diag::{Diagnostic, Severity};
use flowproof::model::address::Block;
use flowproof::model::survey::{SCHEMA, SubnetShown, Survey, TableSurvey, VpcSurvey};
use flowproof::model::symbol::Sym;
use flowproof::model::window::{Window, rfc3339};
use flowproof::policy::{Policy, To};
use flowproof::report::survey;
use flowproof::topology::World;
use flowproof::topology::facts::{Facts, name_of};
use flowproof::topology::health::{findings, subnet_shown};
use flowproof::topology::snapshot::Snapshot;
use flowproof::verify::Plan;
use flowproof::verify::prospects::{Prospects, claims};

use super::args::{Check, SurveyFormat};
use super::console::Console;
use super::deliver::style_of;
use super::exit::Outcome;
use super::remote::Live;
use super::values::Target;
use super::{load, remote, shell};

/// Runs the command: 0, or 2 if the topology or policy cannot be read or is not whole.
pub fn run(asked: &Check, now_s: i64) -> Outcome {
    let console = Console::new(asked.speech);
    let loaded = live(asked, now_s).and_then(|live| {
        let world = load::world(&asked.topologies, &asked.ranges, &live.documents)?;
        let (policy, warnings) = load::policy(asked.policy.as_deref())?;
        Ok((world, policy, [live.notes, warnings].concat()))
    });
    let (world, policy, warnings) = match loaded {
        Ok(loaded) => loaded,
        Err(problems) => {
            console.say_all(&problems);
            return Outcome::NoVerdict;
        }
    };
    let plan = Plan::new(&world, &policy, Window::ALL);
    console.say_all(
        warnings
            .iter()
            .chain(&plan.diagnostics)
            .chain(&world.diagnostics),
    );
    let found = survey_of(&world, &plan, &policy);
    let bytes = match asked.output_format {
        SurveyFormat::Text => {
            let style = style_of(asked.speech, &Target::Stdout);
            survey::text(&found, style.width).into_bytes()
        }
        SurveyFormat::Json => match survey::json(&found) {
            Ok(bytes) => bytes,
            Err(error) => return shell::failed(&std::io::Error::other(error)),
        },
    };
    match shell::written(&bytes) {
        Outcome::Done if !found.whole => Outcome::NoVerdict,
        outcome => outcome,
    }
}

/// What the EC2 API says now, if it is to be asked.
fn live(asked: &Check, now_s: i64) -> Result<Live, Vec<Diagnostic>> {
    if !asked.topologies.live() {
        return Ok(Live::default());
    }
    remote::live(&asked.aws, None, &remote::aws(&asked.aws)?, now_s)
}

fn survey_of(world: &World, plan: &Plan<'_>, policy: &Policy) -> Survey {
    let mut vpcs: Vec<Sym> = world
        .snapshots
        .iter()
        .flat_map(|snapshot| snapshot.vpcs.keys().copied())
        .collect();
    vpcs.sort_by_key(|vpc| world.symbols.name(*vpc));
    vpcs.dedup();
    let named = named(policy);
    let vpcs = vpcs.into_iter().filter_map(|vpc| {
        let snapshot = snapshot_of(world, vpc)?;
        Some(vpc_survey(world, plan, snapshot, vpc, &named))
    });
    Survey {
        schema: SCHEMA,
        ip_ranges_created_at: rfc3339(world.ranges.created_s),
        topologies: world
            .snapshots
            .iter()
            .map(|snapshot| snapshot.report.clone())
            .collect(),
        whole: world
            .diagnostics
            .iter()
            .all(|diagnostic| diagnostic.severity != Severity::Error),
        vpcs: vpcs.collect(),
    }
}

/// Blocks and services that the policy names: what it treats apart is looked at apart.
fn named(policy: &Policy) -> (Vec<Block>, Vec<String>) {
    let (mut blocks, mut services) = (Vec::new(), Vec::new());
    let of_claims = policy.claims.iter().flat_map(|claim| &claim.to);
    let of_exceptions = policy.exceptions.iter().flat_map(|one| &one.to);
    for term in of_claims.chain(of_exceptions) {
        match term {
            To::Cidr(block) => blocks.push(*block),
            To::Service(name) => services.push(name.clone()),
            To::AnyService | To::Internet | To::Any | To::Private | To::PrefixList(_) => {}
        }
    }
    (blocks, services)
}

fn vpc_survey(
    world: &World,
    plan: &Plan<'_>,
    snapshot: &Snapshot,
    vpc: Sym,
    (blocks, services): &(Vec<Block>, Vec<String>),
) -> VpcSurvey {
    let facts = Facts::of(snapshot);
    let prober = Prober::new(world, snapshot, vpc, (blocks, services));
    let (mut tables, mut prospects) = (Vec::new(), Vec::new());
    for site in sites(world, snapshot, vpc) {
        let mut seen = Prospects::new(plan, snapshot.captured_s);
        let permits = prober.permits(&site, |to, tag| seen.see(to, tag));
        let (table, name, subnets) = shown(world, snapshot, &facts, &site);
        prospects.push(seen.found(&table, &subnets));
        tables.push(TableSurvey {
            table,
            name,
            subnets,
            permits,
        });
    }
    let known = snapshot.answers.vpcs.iter();
    let id = world.symbols.name(vpc);
    let tags = known
        .filter(|known| known.vpc_id == id)
        .flat_map(|known| &known.tags);
    VpcSurvey {
        vpc: id.to_owned(),
        name: tags
            .filter(|tag| tag.key == "Name")
            .map(|tag| tag.value.clone())
            .next(),
        region: snapshot.vpcs.get(&vpc).and_then(|vpc| vpc.region.clone()),
        captured_at: snapshot.captured_s.map(rfc3339),
        findings: findings(&world.symbols, snapshot, &facts, vpc),
        tables,
        claims: claims(plan, prospects),
    }
}

fn shown(
    world: &World,
    snapshot: &Snapshot,
    facts: &Facts,
    site: &Site,
) -> (String, Option<String>, Vec<SubnetShown>) {
    let id = match world.symbols.name(site.table) {
        "" => "-",
        id => id,
    };
    let table = facts.route_table(id);
    let name = table.and_then(|table| name_of(&table.tags));
    let subnets = site
        .subnets
        .iter()
        .map(|subnet| subnet_shown(&world.symbols, snapshot, facts, *subnet));
    (id.to_owned(), name.map(str::to_owned), subnets.collect())
}
