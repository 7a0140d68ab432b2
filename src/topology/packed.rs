//! The built-in ip-ranges.json, compiled when it was fetched and not at each start.
//!
//! In: `assets/ip-ranges.packed`, which a test makes of `assets/ip-ranges.json.gz` and compares with it. Out: the same [`Ranges`] that
//! parsing would give. Little-endian: created_s, sha256 of the JSON; names in order of appearance; sets of places in the names; starts
//! below, in and above the IPv4 block, each list with its values (places in the sets). To unzip and parse the JSON takes 20 ms, this less than one.

use crate::model::name::hex;
use crate::model::symbol::{Sym, Symbols};
use crate::topology::intervals::Intervals;
use crate::topology::ranges::{LabelSet, Ranges, label_set};

const PACKED: &[u8] = include_bytes!("../../assets/ip-ranges.packed");

/// Reads the built-in ranges; `None` if the asset is not what the test made.
pub(super) fn built_in(symbols: &mut Symbols) -> Option<Ranges> {
    unpack(PACKED, symbols)
}

fn unpack(packed: &[u8], symbols: &mut Symbols) -> Option<Ranges> {
    let mut rest = packed;
    let created_s = i64::from_le_bytes(take(&mut rest)?);
    let sha256 = hex(&take::<32>(&mut rest)?);
    let mut names = Vec::new();
    for _ in 0..count(&mut rest)? {
        let len = usize::from(take::<1>(&mut rest)?[0]);
        let (name, after) = rest.split_at_checked(len)?;
        rest = after;
        names.push(symbols.intern(std::str::from_utf8(name).ok()?));
    }
    let mut sets = vec![LabelSet::default()];
    for _ in 0..count(&mut rest)? {
        let len = count(&mut rest)?;
        let service = |_| names.get(count(&mut rest)?).copied();
        let services: Option<Vec<Sym>> = (0..len).map(service).collect();
        sets.push(label_set(services?, symbols));
    }
    let (mut starts, mut values) = (Vec::new(), Vec::new());
    while !rest.is_empty() {
        starts.push(u128::from_le_bytes(take(&mut rest)?));
        let value = u16::from_le_bytes(take(&mut rest)?);
        (usize::from(value) < sets.len()).then_some(())?;
        values.push(value);
    }
    Some(Ranges {
        source: "built-in".to_owned(),
        created_s,
        sha256,
        sets,
        pieces: Intervals::of_pieces(starts, values)?,
    })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*head)
}

fn count(rest: &mut &[u8]) -> Option<usize> {
    take(rest).map(|bytes| usize::from(u16::from_le_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::topology::ranges::built_in_json;

    /// The asset that fits ranges which were parsed; `names` in the order in which parsing meets them.
    fn pack(ranges: &Ranges, names: &[Sym], symbols: &Symbols) -> Vec<u8> {
        let number = |count: usize| u16::try_from(count).unwrap().to_le_bytes();
        let mut packed = ranges.created_s.to_le_bytes().to_vec();
        let digest = (0..64)
            .step_by(2)
            .map(|at| u8::from_str_radix(&ranges.sha256[at..at + 2], 16).unwrap());
        packed.extend(digest);
        packed.extend(number(names.len()));
        for name in names.iter().map(|sym| symbols.name(*sym)) {
            packed.push(u8::try_from(name.len()).unwrap());
            packed.extend(name.as_bytes());
        }
        packed.extend(number(ranges.sets.len() - 1));
        for set in &ranges.sets[1..] {
            packed.extend(number(set.services.len()));
            for service in &set.services {
                packed.extend(number(
                    names.iter().position(|name| name == service).unwrap(),
                ));
            }
        }
        for (start, value) in ranges.pieces.pieces() {
            packed.extend(start.to_le_bytes());
            packed.extend(value.to_le_bytes());
        }
        packed
    }

    #[test]
    fn the_packed_ranges_are_those_of_the_json() {
        let (mut parsed, mut unpacked) = (Symbols::default(), Symbols::default());
        let json = built_in_json().unwrap();
        let ranges = Ranges::parse("built-in", &json, &mut parsed).unwrap();
        let names: Vec<Sym> = (0..parsed.len())
            .map(|n| Sym(u32::try_from(n).unwrap()))
            .collect();
        let packed = pack(&ranges, &names, &parsed);
        if std::env::var_os("FLOWPROOF_BLESS").is_some() {
            let asset = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/ip-ranges.packed");
            std::fs::write(asset, &packed).unwrap();
        } else {
            assert!(
                packed == PACKED,
                "run it again with FLOWPROOF_BLESS=1 after assets/renew-ip-ranges"
            );
        }
        assert_eq!(unpack(&packed, &mut unpacked), Some(ranges));
        // The same numbers for the same names, so that nothing else can tell which way they came.
        assert_eq!(unpacked.len(), parsed.len());
        assert!(
            names
                .iter()
                .all(|sym| unpacked.name(*sym) == parsed.name(*sym))
        );
        for len in [0, 7, 39, 41, 60, packed.len() - 1] {
            assert_eq!(
                unpack(&packed[..len], &mut Symbols::default()),
                None,
                "{len} bytes"
            );
        }
    }
}
