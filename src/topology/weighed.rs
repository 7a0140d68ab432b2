//! The routes that hold an address, each with why it won or lost. For people: what decides is [`Table::lookup`].
//!
//! In: a table, an address. Out: [`Weighed`]. The winner is the one that the table's own answer names; the reasons are AWS's
//! rules of `routes.rs`.

use std::cmp::Reverse;

use crate::model::address::Address;
use crate::topology::routes::{Entry, Lookup, Rank, Table};

/// A table's answer, and all that it chose from.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighed {
    /// The answer itself.
    pub lookup: Lookup,
    /// Routes that hold the address, best first.
    pub routes: Vec<Candidate>,
}

/// A route that holds the address.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// The route.
    pub entry: Entry,
    /// Won, or why not.
    pub standing: Standing,
}

/// How a route came off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is the answer.
    Won,
    /// It says what the winner says.
    Same,
    /// It would be the answer, and AWS does not say that it is.
    Tied,
    /// A longer prefix won.
    Shorter(u8),
    /// A better sort of route of the same length won.
    Worse(Rank),
    /// Nothing won: a list without CIDRs might hold the address.
    Open,
}

impl Table {
    /// The routes that hold an address, in AWS's order.
    pub fn weigh(&self, address: Address) -> Weighed {
        let lookup = self.lookup(address);
        let mut holding: Vec<Entry> = self
            .entries
            .iter()
            .filter(|entry| entry.block.contains(address))
            .copied()
            .collect();
        holding.sort_by_key(|entry| (Reverse(entry.block.prefix_len), entry.rank));
        let best = holding.first().copied();
        let routes = holding.into_iter().enumerate().map(|(index, entry)| {
            let standing =
                best.map_or(Standing::Open, |best| standing(&lookup, best, entry, index));
            Candidate { entry, standing }
        });
        Weighed {
            lookup,
            routes: routes.collect(),
        }
    }
}

fn standing(lookup: &Lookup, best: Entry, entry: Entry, index: usize) -> Standing {
    match lookup {
        Lookup::UnknownList | Lookup::NoRoute => Standing::Open,
        Lookup::Ambiguous => {
            let level = (entry.block.prefix_len, entry.rank) == (best.block.prefix_len, best.rank);
            let lists = best.rank == Rank::PrefixList && entry.rank == Rank::PrefixList;
            let local = best.rank == Rank::Propagated && entry.rank == Rank::Local;
            if level || lists || local {
                Standing::Tied
            } else {
                beaten(best, entry)
            }
        }
        Lookup::To(_) | Lookup::Blackhole if index == 0 => Standing::Won,
        Lookup::To(_) | Lookup::Blackhole => beaten(best, entry),
    }
}

fn beaten(best: Entry, entry: Entry) -> Standing {
    if entry.block.prefix_len < best.block.prefix_len {
        Standing::Shorter(best.block.prefix_len)
    } else if entry.rank > best.rank {
        Standing::Worse(best.rank)
    } else {
        Standing::Same
    }
}

#[cfg(test)]
mod tests {
    use ipnet::IpNet;

    use super::*;
    use crate::model::symbol::Sym;
    use crate::topology::routes::Target;

    fn entry(net: &str, rank: Rank, target: Target) -> Entry {
        Entry {
            block: net.parse::<IpNet>().unwrap().into(),
            rank,
            target,
            blackhole: false,
        }
    }

    #[test]
    fn the_first_is_the_tables_own_answer_and_the_rest_say_why_they_lost() {
        const IGW: Target = Target::InternetGateway(Sym(1));
        const S3: Target = Target::GatewayEndpoint(Sym(2));
        const S3_TOO: Target = Target::GatewayEndpoint(Sym(3));
        let address = Address::parse(b"52.216.8.9").unwrap();
        let (fixed, list) = (Rank::Static, Rank::PrefixList);
        #[rustfmt::skip]
        let cases = [
            ("longest",  vec![entry("0.0.0.0/0", fixed, IGW), entry("52.216.0.0/15", list, S3)], vec![Standing::Won, Standing::Shorter(15)]),
            ("by sort",  vec![entry("52.216.0.0/15", list, S3), entry("52.216.0.0/15", fixed, IGW)], vec![Standing::Won, Standing::Worse(fixed)]),
            ("a tie",    vec![entry("52.216.0.0/15", list, S3), entry("52.216.0.0/15", list, S3_TOO), entry("0.0.0.0/0", fixed, IGW)], vec![Standing::Tied, Standing::Tied, Standing::Shorter(15)]),
            ("the same", vec![entry("52.216.0.0/15", list, S3), entry("52.216.0.0/15", list, S3)], vec![Standing::Won, Standing::Same]),
            ("none",     vec![entry("10.0.0.0/8", fixed, IGW)], vec![]),
        ];
        for (title, entries, expected) in cases {
            let table = Table::new(Sym(0), entries, false, false);
            let weighed = table.weigh(address);
            let got: Vec<Standing> = weighed.routes.iter().map(|route| route.standing).collect();
            assert_eq!(got, expected, "{title}");
            assert_eq!(weighed.lookup, table.lookup(address), "{title}");
            if expected.first() == Some(&Standing::Won) {
                assert_eq!(
                    weighed.lookup,
                    Lookup::To(weighed.routes[0].entry.target),
                    "{title}"
                );
            }
        }
    }
}
