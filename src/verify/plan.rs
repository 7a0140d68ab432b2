//! The policy, resolved against the topology once, so that judging a flow compares integers.

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Location, Severity, did_you_mean, show};
use crate::model::address::Block;
use crate::model::field::{Field, FieldSet};
use crate::model::metrics::Metrics;
use crate::model::path::{Exit, Path};
use crate::model::question::Questions;
use crate::model::symbol::Sym;
use crate::model::window::Window;
use crate::policy::{Claim, From, Policy, To};
use crate::topology::World;
use crate::topology::describe::MissingCall;
use crate::topology::snapshot::{Interface, PrefixList};
use crate::verify::metrics::Metering;
use crate::verify::tri::Tri;

/// ip-ranges.json may be this much older than the window, and no more (contract, `services-known`).
const RANGES_AGE_MAX_S: i64 = 30 * 86_400;

/// Fields that weighing reads, beside those that classifying reads.
#[rustfmt::skip]
pub const COLUMNS: &[Field] = &[
    Field::InterfaceId, Field::SrcAddr, Field::DstAddr, Field::Action, Field::LogStatus, Field::Start, Field::End, Field::Bytes,
    Field::Packets, Field::Protocol, Field::SrcPort, Field::DstPort, Field::VpcId, Field::ResourceId, Field::TgwId, Field::ResourceType,
    Field::FlowDirection,
];

/// A term of `to`, resolved.
#[derive(Clone, Debug)]
pub(super) enum Term {
    /// A service.
    Service(Service),
    /// Any service.
    AnyService,
    /// Anybody's public addresses.
    Internet,
    /// Everything.
    Any,
    /// Private addresses.
    Private,
    /// Addresses.
    Block(Block),
    /// The prefix lists with an id: one a Region, none if the topology has none.
    Lists(Vec<List>),
}

impl Term {
    /// Lists of blocks that it asks for.
    fn blocks(&self) -> Vec<Vec<Block>> {
        match self {
            Term::Block(block) => vec![vec![*block]],
            Term::Lists(lists) => lists
                .iter()
                .filter_map(|list| list.blocks.clone())
                .collect(),
            Term::Service(_) | Term::AnyService | Term::Internet | Term::Any | Term::Private => {
                Vec::new()
            }
        }
    }
}

/// Services all of whose public addresses carry their own code in ip-ranges.json. A code of another service may name its hosts and
/// not its API (EC2, CODEBUILD), or a part of it (facts 1.4).
const CODED: &[&str] = &["dynamodb", "s3"];

/// A service that a policy names.
#[derive(Clone, Debug)]
pub(super) struct Service {
    /// Without hyphens and dots, as codes of AWS's lists are compared with it.
    squashed: String,
    /// Whether it is one of [`CODED`].
    pub(super) coded: bool,
    /// By symbol: it, or a part of it after a dot.
    pub(super) is: Vec<bool>,
}

impl Service {
    /// Whether a code may be another name of it: `AMAZON_APPFLOW` of `appflow`, `KINESIS_VIDEO_STREAMS` of `kinesisvideo`.
    pub(super) fn may_be(&self, code: &str) -> bool {
        squash(code).contains(&self.squashed)
    }
}

fn squash(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// A prefix list in one Region.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct List {
    pub(super) region: Option<String>,
    /// `None` if the topology does not give them.
    pub(super) blocks: Option<Vec<Block>>,
}

/// Whose traffic, resolved: subnets and interfaces by symbol, else by address.
#[derive(Clone, Debug, Default)]
pub(super) struct Whose {
    pub(super) subjects: Vec<Sym>,
    pub(super) blocks: Vec<Block>,
}

impl Whose {
    pub(super) fn new(from: &[From], world: &World) -> Whose {
        let mut whose = Whose::default();
        for term in from {
            match term {
                From::Cidr(block) => whose.blocks.push(*block),
                // A name that the topology lacks is nobody's; `unresolved` has said so.
                From::Subnet(id) | From::Interface(id) => {
                    whose.subjects.extend(world.symbols.find(id))
                }
            }
        }
        whose
    }
}

/// A claim, resolved.
#[derive(Clone, Debug)]
pub(super) struct ClaimPlan {
    pub(super) to: Vec<Term>,
    pub(super) from: Option<Whose>,
    pub(super) allow: [bool; Path::ALL.len()],
    pub(super) exits: Option<[bool; Exit::ALL.len()]>,
    pub(super) through: Option<Vec<Sym>>,
    pub(super) ports: Option<Vec<u16>>,
    /// Indexes of its exceptions.
    pub(super) exceptions: Vec<usize>,
    /// Names in it that the topology does not have: what they stand for cannot be shown to be logged.
    pub(super) unresolved: Vec<String>,
    /// Interfaces that must be logged for it: indexes into [`Plan::interfaces`].
    pub(super) interfaces: Vec<usize>,
}

/// An exception, resolved.
#[derive(Clone, Debug)]
pub(super) struct ExceptionPlan {
    pub(super) to: Vec<Term>,
    pub(super) from: Option<Whose>,
    pub(super) ports: Option<Vec<u16>>,
    pub(super) last_s: Option<i64>,
}

/// An interface in scope.
#[derive(Clone, Debug)]
pub(super) struct ScopeInterface {
    pub(super) id: Sym,
    /// As the latest snapshot has it.
    pub(super) known: Interface,
    /// Flow logs that cover it: id, and what is wrong with each.
    pub(super) flow_logs: Vec<CoveringLog>,
    /// Whether every snapshot that knows it tells the flow logs.
    pub(super) flow_logs_told: bool,
    /// The right that kept a snapshot from telling them.
    pub(super) flow_logs_missing: Option<String>,
    /// Longest time without a record that is no silence.
    pub(super) max_silence_s: i64,
}

/// A flow log over an interface.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct CoveringLog {
    pub(super) id: String,
    pub(super) defects: Vec<String>,
    pub(super) created_s: Option<i64>,
    pub(super) aggregation_s: i64,
}

/// Everything that judging needs, made once.
#[derive(Clone, Debug)]
pub struct Plan<'w> {
    pub(super) world: &'w World,
    pub(super) policy: &'w Policy,
    pub(super) window: Window,
    pub(super) claims: Vec<ClaimPlan>,
    pub(super) exceptions: Vec<ExceptionPlan>,
    /// Interfaces in scope, by id.
    pub(super) interfaces: Vec<ScopeInterface>,
    /// By symbol: index into [`Plan::interfaces`] plus one; 0 is none.
    pub(super) scope_index: Vec<u32>,
    /// By symbol: whether the interface is in scope.
    pub(super) in_scope: Vec<Tri>,
    pub(super) scope_subjects: ScopeSubjects,
    /// CloudWatch's counters, if any were given.
    pub(super) metering: Option<Metering<'w>>,
    /// Whether ip-ranges.json is young enough for the window; judged at the window's asked end, else at each record's time.
    pub(super) ranges_good_until_s: i64,
    /// What was said while resolving.
    pub diagnostics: Vec<Diagnostic>,
}

/// The scope's keys, resolved; an empty one narrows nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct ScopeSubjects {
    pub(super) default: bool,
    pub(super) vpcs: Vec<Sym>,
    pub(super) unresolved: Vec<String>,
}

impl<'w> Plan<'w> {
    /// Resolves a policy against the topology for a window.
    pub fn new(world: &'w World, policy: &'w Policy, window: Window) -> Plan<'w> {
        let mut plan = Plan {
            world,
            policy,
            window,
            claims: Vec::new(),
            exceptions: Vec::new(),
            interfaces: Vec::new(),
            scope_index: vec![0; world.symbols.len()],
            in_scope: vec![Tri::No; world.symbols.len()],
            scope_subjects: ScopeSubjects::default(),
            metering: None,
            ranges_good_until_s: world.ranges.created_s.saturating_add(RANGES_AGE_MAX_S),
            diagnostics: Vec::new(),
        };
        plan.resolve_scope();
        for claim in &policy.claims {
            let resolved = plan.claim(claim);
            plan.claims.push(resolved);
        }
        for (index, exception) in policy.exceptions.iter().enumerate() {
            let to = exception
                .to
                .iter()
                .map(|term| plan.term(term, &exception.at))
                .collect();
            let from = (!exception.from.is_empty()).then(|| Whose::new(&exception.from, world));
            let last_s = exception.expires.as_ref().map(|expiry| expiry.last_s);
            plan.exceptions.push(ExceptionPlan {
                to,
                from,
                ports: exception.ports.clone(),
                last_s,
            });
            if let Some(claim) = plan.claims.get_mut(exception.claim) {
                claim.exceptions.push(index);
            }
        }
        plan
    }

    /// The same, with CloudWatch's counters to be compared with the records: `metrics-agree` is then asked.
    #[must_use]
    pub fn metered(mut self, metrics: &'w Metrics) -> Plan<'w> {
        self.metering = Some(Metering::new(self.world, metrics));
        self
    }

    /// What weighing asks of a record beside what classifying asks.
    ///
    /// Whatever of an address, a port or a time a verdict may depend on must be here: records of one class are judged once.
    pub fn questions(&self) -> Questions {
        let mut questions = Questions {
            blocks: vec![self.policy.scope.cidrs.clone()],
            ports: Vec::new(),
            // ip-ranges.json is good for records from second 1 on (0 is no time) to its last good one.
            times_s: vec![1, self.ranges_good_until_s.saturating_add(1)],
        };
        let mut ask = |to: &[Term], from: Option<&Whose>, ports: Option<&[u16]>| {
            questions.blocks.extend(to.iter().flat_map(Term::blocks));
            questions
                .blocks
                .extend(from.map(|whose| whose.blocks.clone()));
            questions.ports.extend(ports.unwrap_or_default());
        };
        for claim in &self.claims {
            ask(&claim.to, claim.from.as_ref(), claim.ports.as_deref());
        }
        for exception in &self.exceptions {
            let (from, ports) = (exception.from.as_ref(), exception.ports.as_deref());
            ask(&exception.to, from, ports);
        }
        let ends = self
            .exceptions
            .iter()
            .filter_map(|exception| exception.last_s);
        questions
            .times_s
            .extend(ends.map(|last| last.saturating_add(1)));
        questions.blocks.extend(self.scope_blocks());
        questions.ports.sort_unstable();
        questions.ports.dedup();
        questions
    }

    /// The addresses of the interfaces in scope, by VPC.
    fn scope_blocks(&self) -> impl Iterator<Item = Vec<Block>> {
        let mut by_vpc: BTreeMap<Sym, Vec<Block>> = BTreeMap::new();
        for interface in &self.interfaces {
            let known = &interface.known;
            let own = known
                .addresses
                .iter()
                .map(|address| Block::single(*address));
            let blocks = by_vpc.entry(known.vpc).or_default();
            blocks.extend(own.chain(known.prefixes.iter().copied()));
        }
        by_vpc.into_values()
    }

    /// The fields that weighing reads.
    pub fn columns() -> FieldSet {
        FieldSet::of(COLUMNS)
    }

    /// Complains about a part of the policy that nothing can match.
    fn matches_nothing(&mut self, message: &str, why: &str, help: &str, at: &Location) {
        let (severity, code) = (Severity::Warning, "policy-claim-matches-nothing");
        self.diagnostics
            .push(Diagnostic::new(severity, code, message, why, help).at(at.clone()));
    }

    /// Complains about a name that the topology does not have.
    fn resolve(&mut self, id: &str, at: &Location, known: &[Sym]) -> Option<Sym> {
        let sym = self
            .world
            .symbols
            .find(id)
            .filter(|sym| known.contains(sym));
        if sym.is_none() {
            let near = did_you_mean(id, known.iter().map(|sym| self.world.symbols.name(*sym)));
            let help = near.map_or_else(
                || "give the topology that has it, or take the name out".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            let message = format!("`{}` is not in the topology", show(id));
            let why = "what it stands for cannot be shown to be logged, so no claim about it can be proven";
            self.matches_nothing(&message, why, &help, at);
        }
        sym
    }

    /// Interfaces in scope, by id.
    pub fn scope_interfaces(&self) -> impl Iterator<Item = Sym> {
        self.interfaces.iter().map(|interface| interface.id)
    }

    fn resolve_scope(&mut self) {
        let (scope, world) = (&self.policy.scope, self.world);
        let at = Location::source(&self.policy.source).named("[scope]");
        let vpcs: Vec<Sym> = world
            .snapshots
            .iter()
            .flat_map(|snapshot| snapshot.vpcs.keys().copied())
            .collect();
        let subnets: Vec<Sym> = world
            .snapshots
            .iter()
            .flat_map(|snapshot| snapshot.subnets.keys().copied())
            .collect();
        let ids: Vec<Sym> = world
            .snapshots
            .iter()
            .flat_map(|snapshot| snapshot.interface_by_id.keys().copied())
            .collect();
        let mut unresolved = Vec::new();
        let mut of = |plan: &mut Self, names: &[String], known: &[Sym]| -> Vec<Sym> {
            let mut found = Vec::new();
            for name in names {
                match plan.resolve(name, &at, known) {
                    Some(sym) => found.push(sym),
                    None => unresolved.push(name.clone()),
                }
            }
            found
        };
        let (vpcs, subnets, ids) = (
            of(self, &scope.vpcs, &vpcs),
            of(self, &scope.subnets, &subnets),
            of(self, &scope.interfaces, &ids),
        );
        let mut known: BTreeMap<&str, Vec<&Interface>> = BTreeMap::new();
        for interface in world
            .snapshots
            .iter()
            .flat_map(|snapshot| &snapshot.interfaces)
        {
            known
                .entry(world.symbols.name(interface.id))
                .or_default()
                .push(interface);
        }
        let within = |interface: &Interface| {
            let tagged = |(key, values): &(String, Vec<String>)| {
                interface
                    .tags
                    .iter()
                    .any(|(k, v)| k == key && values.contains(v))
            };
            let addressed = || {
                interface
                    .addresses
                    .iter()
                    .any(|address| scope.cidrs.iter().any(|block| block.contains(*address)))
                    || interface.prefixes.iter().any(|prefix| {
                        scope
                            .cidrs
                            .iter()
                            .any(|block| block.covers(prefix) || prefix.covers(block))
                    })
            };
            (scope.vpcs.is_empty() || vpcs.contains(&interface.vpc))
                && (scope.subnets.is_empty() || subnets.contains(&interface.subnet))
                && (scope.interfaces.is_empty() || ids.contains(&interface.id))
                && (scope.cidrs.is_empty() || addressed())
                && scope.tags.iter().all(tagged)
        };
        // Tags and addresses change: where snapshots differ, an interface is logged as one in scope, and judged as one that may be.
        for interfaces in known.into_values() {
            let inside = interfaces
                .iter()
                .filter(|interface| within(interface))
                .count();
            if let (1.., Some(latest)) = (inside, interfaces.last()) {
                let certain = if inside == interfaces.len() {
                    Tri::Yes
                } else {
                    Tri::Maybe
                };
                self.add_interface(latest, certain);
            }
        }
        self.scope_subjects = ScopeSubjects {
            default: scope.is_default(),
            vpcs,
            unresolved,
        };
        if self.interfaces.is_empty() {
            let why = "a claim about nothing would hold by itself, so nothing can be proven";
            let help = "widen [scope], or give the topology with describe-network-interfaces";
            self.matches_nothing("no interface of the topology is in scope", why, help, &at);
        }
    }

    fn add_interface(&mut self, interface: &Interface, certain: Tri) {
        let mut flow_logs: Vec<CoveringLog> = Vec::new();
        let (mut told, mut missing) = (true, None);
        for index in self.world.of_interface(interface.id) {
            let snapshot = &self.world.snapshots[*index];
            let call = snapshot.missing_for("interfaces-logged").next();
            told &= snapshot.flow_logs.is_some() && call.is_none();
            missing = missing.or(call.map(MissingCall::told));
            for log in snapshot.flow_logs.iter().flatten() {
                if [interface.id, interface.subnet, interface.vpc].contains(&log.resource) {
                    let covering = CoveringLog {
                        id: log.id.clone(),
                        defects: log.defects.clone(),
                        created_s: log.created_s,
                        aggregation_s: log.aggregation_s,
                    };
                    if !flow_logs.contains(&covering) {
                        flow_logs.push(covering);
                    }
                }
            }
        }
        flow_logs.sort_by(|a, b| (&a.id, &a.defects).cmp(&(&b.id, &b.defects)));
        // A faulty log beside a sound one must not loosen what the sound one owes.
        let mut slowest = flow_logs
            .iter()
            .filter(|log| log.defects.is_empty())
            .map(|log| log.aggregation_s)
            .max();
        slowest = slowest.or(flow_logs.iter().map(|log| log.aggregation_s).max());
        let slowest = slowest.unwrap_or(600);
        let max_silence_s = self
            .policy
            .max_silence_s
            .unwrap_or(slowest.saturating_mul(2));
        let index = interface.id.0 as usize;
        self.in_scope[index] = certain;
        self.interfaces.push(ScopeInterface {
            id: interface.id,
            known: interface.clone(),
            flow_logs,
            flow_logs_told: told,
            flow_logs_missing: missing,
            max_silence_s,
        });
        self.scope_index[index] = u32::try_from(self.interfaces.len()).unwrap_or(u32::MAX);
    }

    fn claim(&mut self, claim: &Claim) -> ClaimPlan {
        let world = self.world;
        let mut unresolved = self.scope_subjects.unresolved.clone();
        let known: Vec<Sym> = world
            .snapshots
            .iter()
            .flat_map(|snapshot| {
                snapshot
                    .subnets
                    .keys()
                    .chain(snapshot.interface_by_id.keys())
                    .copied()
            })
            .collect();
        for term in &claim.from {
            if let From::Subnet(id) | From::Interface(id) = term
                && self.resolve(id, &claim.at, &known).is_none()
            {
                unresolved.push(id.clone());
            }
        }
        let through = claim.through.as_ref().map(|ids| {
            for id in ids.iter().filter(|id| world.symbols.find(id).is_none()) {
                let why = "nothing can go through it, so the claim allows less than it says";
                let message = format!("`{}` in `through` is not in the topology", show(id));
                self.matches_nothing(
                    &message,
                    why,
                    "check the id against `aws ec2 describe-vpc-endpoints`",
                    &claim.at,
                );
            }
            ids.iter().filter_map(|id| world.symbols.find(id)).collect()
        });
        let from = (!claim.from.is_empty()).then(|| Whose::new(&claim.from, world));
        let interfaces = self.claim_interfaces(from.as_ref());
        ClaimPlan {
            to: claim
                .to
                .iter()
                .map(|term| self.term(term, &claim.at))
                .collect(),
            allow: Path::ALL
                .iter()
                .map(|path| claim.allow.contains(path))
                .collect::<Vec<_>>()
                .try_into()
                .unwrap_or([false; Path::ALL.len()]),
            exits: claim.exits.as_ref().map(|exits| {
                Exit::ALL
                    .iter()
                    .map(|exit| exits.contains(exit))
                    .collect::<Vec<_>>()
                    .try_into()
                    .unwrap_or([false; Exit::ALL.len()])
            }),
            from,
            through,
            ports: claim.ports.clone(),
            exceptions: Vec::new(),
            unresolved,
            interfaces,
        }
    }

    /// Which interfaces must be logged for a claim: those of its workloads. Where workloads may be outside the topology
    /// (on-premises clients), every interface in scope may be on their way.
    fn claim_interfaces(&self, from: Option<&Whose>) -> Vec<usize> {
        let all = || (0..self.interfaces.len()).collect();
        let Some(from) = from else { return all() };
        let vpc_blocks: Vec<Block> = self
            .world
            .snapshots
            .iter()
            .flat_map(|snapshot| {
                snapshot
                    .vpcs
                    .values()
                    .flat_map(|vpc| vpc.blocks.iter().copied())
            })
            .collect();
        if from
            .blocks
            .iter()
            .any(|block| !vpc_blocks.iter().any(|vpc| vpc.covers(block)))
        {
            return all();
        }
        let addressed = |interface: &Interface| {
            interface
                .addresses
                .iter()
                .any(|address| from.blocks.iter().any(|block| block.contains(*address)))
                || interface.prefixes.iter().any(|prefix| {
                    from.blocks
                        .iter()
                        .any(|block| block.covers(prefix) || prefix.covers(block))
                })
        };
        let mine = |interface: &ScopeInterface| {
            let known = &interface.known;
            from.subjects.contains(&known.id)
                || from.subjects.contains(&known.subnet)
                || addressed(known)
        };
        (0..self.interfaces.len())
            .filter(|index| mine(&self.interfaces[*index]))
            .collect()
    }

    fn term(&mut self, term: &To, at: &Location) -> Term {
        match term {
            To::Service(name) => self.service(name, at),
            To::AnyService => Term::AnyService,
            To::Internet => Term::Internet,
            To::Any => Term::Any,
            To::Private => Term::Private,
            To::Cidr(block) => Term::Block(*block),
            To::PrefixList(id) => {
                let sym = self.world.symbols.find(id);
                let lists: Vec<_> = self
                    .world
                    .snapshots
                    .iter()
                    .flat_map(|snapshot| &snapshot.prefix_lists)
                    .filter(|list| Some(list.id) == sym)
                    .collect();
                let known = !lists.is_empty() && lists.iter().all(|list| list.blocks.is_some());
                if !known {
                    let message = format!("`{}` is not in the topology with its CIDRs", show(id));
                    let why = "any public address may be in it, so flows to them cannot be judged";
                    self.matches_nothing(
                        &message,
                        why,
                        "add the answer of `aws ec2 describe-prefix-lists`",
                        at,
                    );
                }
                let mut regions: Vec<&Option<String>> =
                    lists.iter().map(|list| &list.region).collect();
                regions.dedup();
                if regions.len() > 1 {
                    let message = format!(
                        "`{}` is another list in each of {} Regions",
                        show(id),
                        regions.len()
                    );
                    let why = "each flow is judged by the list of its own VPC's Region, which may hold another service's addresses";
                    let help =
                        "name the service (`service:s3`) or the CIDRs, or narrow with `from`";
                    self.diagnostics.push(
                        Diagnostic::new(
                            Severity::Warning,
                            "policy-ambiguous-list",
                            message,
                            why,
                            help,
                        )
                        .at(at.clone()),
                    );
                }
                let list = |list: &PrefixList| List {
                    region: list.region.clone(),
                    blocks: list.blocks.clone(),
                };
                Term::Lists(lists.into_iter().map(list).collect())
            }
        }
    }

    fn service(&mut self, name: &str, at: &Location) -> Term {
        let symbols = &self.world.symbols;
        let named = |other: &str| {
            other == name
                || other
                    .strip_prefix(name)
                    .is_some_and(|rest| rest.starts_with('.'))
        };
        let is: Vec<bool> = (0..symbols.len())
            .map(|index| named(symbols.name(Sym(u32::try_from(index).unwrap_or(u32::MAX)))))
            .collect();
        let endpoints = self
            .world
            .snapshots
            .iter()
            .flat_map(|snapshot| snapshot.endpoints.values().map(|endpoint| endpoint.service));
        let lists = self
            .world
            .snapshots
            .iter()
            .flat_map(|snapshot| snapshot.prefix_lists.iter().map(|list| list.service));
        let known: Vec<Sym> = endpoints
            .chain(lists)
            .chain(
                self.world
                    .ranges
                    .sets
                    .iter()
                    .flat_map(|set| set.services.iter().copied()),
            )
            .filter(|sym| sym.is_some())
            .collect();
        if !known.iter().any(|sym| is[sym.0 as usize]) {
            let near = did_you_mean(name, known.iter().map(|sym| symbols.name(*sym)));
            let help = near.map_or_else(|| "this is right if the service has no endpoint here; then traffic to AMAZON and EC2 ranges may be it".to_owned(), |near| format!("did you mean `service:{near}`?"));
            let message = format!(
                "no endpoint, prefix list or published range names the service `{}`",
                show(name)
            );
            let why = "it cannot be told from other public addresses of AWS, so such traffic leaves the claim unproven";
            self.diagnostics.push(
                Diagnostic::new(
                    Severity::Warning,
                    "policy-unknown-service",
                    message,
                    why,
                    help,
                )
                .at(at.clone()),
            );
        }
        Term::Service(Service {
            squashed: squash(name),
            coded: CODED.contains(&name),
            is,
        })
    }
}
