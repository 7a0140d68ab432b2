//! All snapshots together, and the published ranges.

use crate::diag::{Diagnostic, Location, Severity, show};
use crate::model::format::Format;
use crate::model::map::{Map, Set};
use crate::model::symbol::{Sym, Symbols};
use crate::topology::compile::compile;
use crate::topology::describe::MissingCall;
use crate::topology::load::{Document, load};
use crate::topology::ranges::Ranges;
use crate::topology::snapshot::{FlowLog, Snapshot};

/// Everything that is known of the network, at all times that snapshots were taken.
#[derive(Clone, Debug)]
pub struct World {
    /// Names of everything.
    pub symbols: Symbols,
    /// By time, undated ones first.
    pub snapshots: Vec<Snapshot>,
    /// AWS's published ranges.
    pub ranges: Ranges,
    /// What was wrong with the topology; errors among them weigh on `topology-fits`.
    pub diagnostics: Vec<Diagnostic>,
    of_vpc: Map<Sym, Vec<usize>>,
    of_interface: Map<Sym, Vec<usize>>,
    /// Pairs of snapshots of one VPC, one after the other in time, that do not say the same.
    changes: Set<(usize, usize)>,
}

impl World {
    /// Reads topologies, and the ip-ranges.json given or built in.
    ///
    /// # Errors
    /// Everything that keeps a document from being read, or an empty topology.
    pub fn load(
        documents: &[Document],
        ranges: Option<(&str, &[u8])>,
    ) -> Result<World, Vec<Diagnostic>> {
        let mut symbols = Symbols::default();
        let ranges = match ranges {
            Some((source, bytes)) => Ranges::parse(source, bytes, &mut symbols),
            None => Ranges::built_in(&mut symbols),
        }
        .map_err(|diagnostic| vec![*diagnostic])?;
        let (mut parcels, mut diagnostics) = load(documents)?;
        parcels.sort_by(|a, b| (a.captured_s, &a.report).cmp(&(b.captured_s, &b.report)));
        let mut snapshots = Vec::new();
        for parcel in parcels {
            let (snapshot, complaints) = compile(
                parcel.answers,
                parcel.told_flow_logs,
                parcel.captured_s,
                parcel.report,
                &mut symbols,
            );
            diagnostics.extend(complaints);
            snapshots.push(snapshot);
        }
        let (mut of_vpc, mut of_interface): (Map<Sym, Vec<usize>>, Map<Sym, Vec<usize>>) =
            Default::default();
        for (index, snapshot) in snapshots.iter().enumerate() {
            for vpc in snapshot.vpcs.keys() {
                of_vpc.entry(*vpc).or_default().push(index);
            }
            for interface in snapshot.interfaces.iter().filter(|one| one.id.is_some()) {
                of_interface.entry(interface.id).or_default().push(index);
            }
        }
        let mut changes = Set::default();
        for pair in of_vpc.values().flat_map(|indexes| indexes.windows(2)) {
            if !snapshots[pair[0]].same_network(&snapshots[pair[1]]) {
                changes.insert((pair[0], pair[1]));
            }
        }
        let mut world = World {
            symbols,
            snapshots,
            ranges,
            diagnostics,
            of_vpc,
            of_interface,
            changes,
        };
        world.check()?;
        Ok(world)
    }

    fn check(&mut self) -> Result<(), Vec<Diagnostic>> {
        if self.of_vpc.is_empty() {
            let places = self
                .snapshots
                .iter()
                .map(|snapshot| Location::source(&snapshot.report.source))
                .collect();
            let mut diagnostic = Diagnostic::new(
                Severity::Error,
                "topology-empty",
                "the topology has no VPC",
                "without one nothing can be told from the internet, so there is no verdict at all",
                "give a folder with the answers of `aws ec2 describe-vpcs`, describe-subnets, describe-route-tables and so on",
            );
            diagnostic.at = places;
            return Err(vec![diagnostic]);
        }
        let mut found = Vec::new();
        for (vpc, indexes) in &self.of_vpc {
            let undated = indexes
                .iter()
                .filter(|index| self.snapshots[**index].captured_s.is_none())
                .count();
            if undated > 0 && indexes.len() > 1 {
                found.push(
                    Diagnostic::new(
                        Severity::Error,
                        "topology-duplicate",
                        format!(
                            "{} is in {} topologies, and not all say when they were taken",
                            show(self.symbols.name(*vpc)),
                            indexes.len()
                        ),
                        "it cannot be told which of them is valid at a flow's time",
                        "add `captured_at` to each, or give one",
                    )
                    .at(Location::source(&self.snapshots[indexes[0]].report.source)),
                );
            }
        }
        let mut pairs: Vec<(usize, usize)> = self.changes.iter().copied().collect();
        pairs.sort_unstable();
        for (earlier, later) in pairs {
            let (earlier, later) = (&self.snapshots[earlier], &self.snapshots[later]);
            if earlier.captured_s == later.captured_s && earlier.captured_s.is_some() {
                found.push(
                    Diagnostic::new(
                        Severity::Error,
                        "topology-duplicate",
                        "two topologies of the same time say different things of one VPC",
                        "it cannot be told which of them is right",
                        "give one topology for each time",
                    )
                    .at(Location::source(&earlier.report.source))
                    .at(Location::source(&later.report.source)),
                );
            }
        }
        for snapshot in &self.snapshots {
            if snapshot.captured_s.is_none() {
                found.push(
                    Diagnostic::new(
                        Severity::Warning,
                        "topology-undated",
                        "this topology does not say when it was taken",
                        "it is taken as valid for the whole window; if routes changed since, paths decided by it are wrong",
                        "add a file {\"captured_at\": \"2026-08-01T12:00:00Z\"} to its folder, or that key to its file",
                    )
                    .at(Location::source(&snapshot.report.source)),
                );
            }
            if snapshot.flow_logs.is_none()
                && snapshot.missing_for("interfaces-logged").next().is_none()
            {
                found.push(
                    Diagnostic::new(
                        Severity::Warning,
                        "topology-no-flow-logs",
                        "this topology does not tell the flow logs",
                        "whether everything is logged cannot be shown, so nothing in it can be proven",
                        "add the answer of `aws ec2 describe-flow-logs`",
                    )
                    .at(Location::source(&snapshot.report.source)),
                );
            }
            // A warning: an error would fail `topology-fits`, whatever the call.
            found.extend(snapshot.answers.missing.iter().filter_map(|call| {
                let obligation = call.obligation()?;
                let permission = show(&call.permission);
                let diagnostic = Diagnostic::new(
                    Severity::Warning,
                    "topology-missing-right",
                    format!("when this topology was taken {}", call.told()),
                    format!(
                        "what the call tells is not known, so the obligation `{obligation}` fails"
                    ),
                    format!(
                        "grant `{permission}` to whoever takes the topology, and take it again"
                    ),
                );
                Some(diagnostic.at(Location::source(&snapshot.report.source)))
            }));
        }
        self.diagnostics.extend(found);
        self.diagnostics.sort();
        Ok(())
    }

    /// Calls that could not be made, in any snapshot, and that this obligation rests on.
    pub fn missing_for(&self, obligation: &str) -> impl Iterator<Item = (&Snapshot, &MissingCall)> {
        let snapshots = self.snapshots.iter();
        snapshots.flat_map(move |snapshot| {
            let calls = snapshot.missing_for(obligation);
            calls.map(move |call| (snapshot, call))
        })
    }

    /// The snapshots that know a VPC, by time.
    pub fn of_vpc(&self, vpc: Sym) -> &[usize] {
        self.of_vpc.get(&vpc).map_or(&[], Vec::as_slice)
    }

    /// The snapshots that know an interface, by time.
    pub fn of_interface(&self, interface: Sym) -> &[usize] {
        self.of_interface.get(&interface).map_or(&[], Vec::as_slice)
    }

    /// The subnet of an interface, as the latest snapshot that knows it tells; an interface keeps its subnet for life.
    pub fn subnet_of(&self, interface: Sym) -> Sym {
        let latest = self.of_interface(interface).last();
        latest
            .and_then(|index| self.snapshots[*index].interface(interface))
            .map_or(Sym::NONE, |interface| interface.subnet)
    }

    /// The snapshot of a VPC that is valid at a time: the latest before it, else the earliest after.
    pub fn vpc_at(&self, vpc: Sym, time_s: i64) -> Option<&Snapshot> {
        self.valid_at(self.of_vpc(vpc), time_s)
            .map(|index| &self.snapshots[index])
    }

    /// Of snapshots by time, the one that is valid at a time: the latest before it, else the earliest after.
    pub fn valid_at(&self, indexes: &[usize], time_s: i64) -> Option<usize> {
        let captured = |place: usize| self.snapshots[indexes[place]].captured_s;
        let before = indexes.partition_point(|index| {
            self.snapshots[*index]
                .captured_s
                .is_none_or(|captured| captured <= time_s)
        });
        let mut place = before.saturating_sub(1);
        // Of several at the same time the first: the next one then contests it.
        while place > 0 && captured(place - 1) == captured(place) {
            place -= 1;
        }
        indexes.get(place).copied()
    }

    /// The snapshot after `index` in `indexes`, if a flow at this time lies between the two and they do not say the same.
    pub fn contested_at(&self, indexes: &[usize], index: usize, time_s: i64) -> Option<usize> {
        let place = indexes.iter().position(|known| *known == index)?;
        let next = *indexes.get(place + 1)?;
        let captured = |index: usize| self.snapshots[index].captured_s;
        let between = captured(index).is_some_and(|captured| captured <= time_s)
            || captured(index) == captured(next);
        (between && self.changes.contains(&(index, next))).then_some(next)
    }

    /// Whether two snapshots that follow each other say the same of the network.
    pub fn unchanged(&self, earlier: usize, later: usize) -> bool {
        !self.changes.contains(&(earlier, later))
    }

    /// All flow logs, of all snapshots.
    pub fn flow_logs(&self) -> impl Iterator<Item = &FlowLog> {
        self.described_logs().map(|(_, log)| log)
    }

    /// What DescribeFlowLogs tells of flow logs, with the snapshot that tells it.
    pub fn described_logs(&self) -> impl Iterator<Item = (&Snapshot, &FlowLog)> {
        self.snapshots.iter().flat_map(|snapshot| {
            snapshot
                .flow_logs
                .iter()
                .flatten()
                .map(move |log| (snapshot, log))
        })
    }

    /// The formats that DescribeFlowLogs gives, by flow log.
    pub fn described_formats(&self) -> Vec<(String, Format)> {
        let mut formats: Vec<(String, Format)> = Vec::new();
        for log in self.flow_logs() {
            if let Some(format) = &log.format
                && !formats.iter().any(|(id, _)| *id == log.id)
            {
                formats.push((log.id.clone(), format.clone()));
            }
        }
        formats
    }
}
