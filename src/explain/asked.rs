//! Which flow is meant: `SRC DST [PORT]` as words, and whether a record is of it.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::diag::show;
use crate::model::address::{Address, Block};
use crate::model::batch::{AddressColumn, FlowBatch, NumberColumn, Status, TextColumn};
use crate::model::field::Field;
use crate::topology::World;

/// Why words do not name a flow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskedError {
    /// Not two or three words.
    #[error(
        "it has {0} words, expected two ends and perhaps a port: \"10.0.2.10 52.217.14.22 443\""
    )]
    Words(usize),
    /// A word that is no end.
    #[error("`{0}` is neither an address, a CIDR, `eni-…`, `i-…` nor `any`")]
    End(String),
    /// An interface that has no address in the topology.
    #[error("`{0}` is not in the topology, so its addresses are not known")]
    Interface(String),
    /// A word that is no port.
    #[error("`{0}` is not a port, 0 to 65535")]
    Port(String),
    /// Both ends are `any`.
    #[error("one end at least must be named")]
    Anything,
}

/// A flow that was asked for, in both directions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The two ends.
    pub ends: [End; 2],
    /// A port at either end.
    pub port: Option<u16>,
}

/// One end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// As it was written.
    pub word: String,
    what: What,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Any,
    Blocks(Vec<Block>),
    /// The instance whose interface logged the record.
    Instance(String),
}

impl End {
    fn parse(word: &str, world: &World) -> Result<End, AskedError> {
        let bad = || AskedError::End(show(word));
        let end = |what, port| End {
            word: word.to_owned(),
            what,
            port,
        };
        if matches!(word, "any" | "*") {
            return Ok(end(What::Any, None));
        }
        if word.starts_with("i-") {
            return Ok(end(What::Instance(word.to_owned()), None));
        }
        if word.starts_with("eni-") {
            let blocks = interface_blocks(word, world);
            if blocks.is_empty() {
                return Err(AskedError::Interface(show(word)));
            }
            return Ok(end(What::Blocks(blocks), None));
        }
        if let Ok(net) = word.parse::<IpNet>() {
            return Ok(end(What::Blocks(vec![net.into()]), None));
        }
        if let Ok(ip) = word.parse::<IpAddr>() {
            return Ok(end(What::Blocks(vec![IpNet::from(ip).into()]), None));
        }
        // As reports write an end: `10.0.0.1:443`, `[2600:1f18::11]:443`.
        let (address, port) = word.rsplit_once(':').ok_or_else(bad)?;
        let address = address
            .strip_prefix('[')
            .map_or(Some(address), |rest| rest.strip_suffix(']'));
        let ip: IpAddr = address.and_then(|text| text.parse().ok()).ok_or_else(bad)?;
        let port = port.parse().map_err(|_| bad())?;
        Ok(end(What::Blocks(vec![IpNet::from(ip).into()]), Some(port)))
    }

    /// The one address that it is, if it is one.
    pub fn address(&self) -> Option<Address> {
        match &self.what {
            What::Blocks(blocks) => match blocks.as_slice() {
                [block] if block.first == block.last => Some(block.first),
                _ => None,
            },
            What::Any | What::Instance(_) => None,
        }
    }

    fn is_at(&self, side: &[Option<Address>; 2], instance: Option<&str>) -> bool {
        match &self.what {
            What::Any => true,
            What::Blocks(blocks) => side
                .iter()
                .flatten()
                .any(|address| blocks.iter().any(|block| block.contains(*address))),
            What::Instance(id) => instance == Some(id),
        }
    }

    fn has_port(&self, port: Option<i64>) -> bool {
        self.port.is_none_or(|asked| port == Some(i64::from(asked)))
    }
}

fn interface_blocks(id: &str, world: &World) -> Vec<Block> {
    let Some(sym) = world.symbols.find(id) else {
        return Vec::new();
    };
    let known = world.of_interface(sym).iter();
    let known = known.filter_map(|index| world.snapshots[*index].interface(sym));
    let mut blocks: Vec<Block> = Vec::new();
    for interface in known {
        let own = interface
            .addresses
            .iter()
            .map(|address| IpNet::from(address.to_ip()).into());
        blocks.extend(own.chain(interface.prefixes.iter().copied()));
    }
    blocks.sort_unstable();
    blocks.dedup();
    blocks
}

/// What a record is to a flow that was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fits {
    /// Both ends, and the port.
    pub flow: bool,
    /// Both ends, and another port: the lower of its two.
    pub other_port: Option<u16>,
    /// Each end that was asked for, at either end of the record.
    pub ends: [bool; 2],
}

impl Asked {
    /// Reads `SRC DST [PORT]`; an arrow between the ends is passed over, so that what a report prints can be pasted.
    ///
    /// # Errors
    /// Words that name no flow.
    pub fn parse(text: &str, world: &World) -> Result<Asked, AskedError> {
        let words = text.split([' ', '\t', ',']);
        let words: Vec<&str> = words
            .filter(|word| !matches!(*word, "" | "→" | "->"))
            .collect();
        let (first, second, port) = match words[..] {
            [first, second] => (first, second, None),
            [first, second, port] => (first, second, Some(port)),
            _ => return Err(AskedError::Words(words.len())),
        };
        let port = port.map(|port| port.parse().map_err(|_| AskedError::Port(show(port))));
        let ends = [End::parse(first, world)?, End::parse(second, world)?];
        if ends.iter().all(|end| end.what == What::Any) {
            return Err(AskedError::Anything);
        }
        Ok(Asked {
            ends,
            port: port.transpose()?,
        })
    }

    /// What each record of a batch is to the flow, in row order; only flows fit.
    pub fn fits<'b>(&'b self, batch: &'b FlowBatch) -> impl Iterator<Item = Fits> + 'b {
        let columns = Columns::new(batch);
        (0..batch.len()).map(move |row| {
            if batch.statuses()[row] == Status::Flow {
                self.fit(&columns, row)
            } else {
                Fits::default()
            }
        })
    }

    fn fit(&self, columns: &Columns<'_>, row: usize) -> Fits {
        let sides = [columns.side(0, row), columns.side(1, row)];
        let instance = columns.instance.and_then(|column| column.get(row));
        let at = |end: usize, side: usize| self.ends[end].is_at(&sides[side], instance);
        let (one, other) = ((at(0, 0), at(1, 1)), (at(0, 1), at(1, 0)));
        let ends = [one.0 || other.0, other.1 || one.1];
        let ports = [columns.port(0, row), columns.port(1, row)];
        let third = self
            .port
            .is_none_or(|asked| ports.contains(&Some(i64::from(asked))));
        let port = |end: usize, side: usize| self.ends[end].has_port(ports[side]);
        let pair = [one, other].map(|(first, second)| first && second);
        let flow = third
            && ((pair[0] && port(0, 0) && port(1, 1)) || (pair[1] && port(0, 1) && port(1, 0)));
        let lower = || {
            ports
                .into_iter()
                .flatten()
                .min()
                .and_then(|port| u16::try_from(port).ok())
        };
        Fits {
            flow,
            other_port: if (pair[0] || pair[1]) && !flow {
                lower()
            } else {
                None
            },
            ends,
        }
    }
}

/// The columns that tell whose a record is.
struct Columns<'b> {
    hop: [Option<AddressColumn<'b>>; 2],
    pkt: [Option<AddressColumn<'b>>; 2],
    port: [Option<NumberColumn<'b>>; 2],
    instance: Option<TextColumn<'b>>,
}

impl<'b> Columns<'b> {
    fn new(batch: &'b FlowBatch) -> Columns<'b> {
        Columns {
            hop: [batch.address(Field::SrcAddr), batch.address(Field::DstAddr)],
            pkt: [
                batch.address(Field::PktSrcAddr),
                batch.address(Field::PktDstAddr),
            ],
            port: [batch.number(Field::SrcPort), batch.number(Field::DstPort)],
            instance: batch.text(Field::InstanceId),
        }
    }

    fn side(&self, side: usize, row: usize) -> [Option<Address>; 2] {
        [&self.hop[side], &self.pkt[side]].map(|column| column.and_then(|column| column.get(row)))
    }

    fn port(&self, side: usize, row: usize) -> Option<i64> {
        self.port[side].and_then(|column| column.get(row))
    }
}
