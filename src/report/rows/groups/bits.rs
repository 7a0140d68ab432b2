//! Parquet's hybrid of runs and packed bits: one run where all values are one, else all packed.
//!
//! Runs within are left to the compressor that comes behind: it finds them in packed bits as well.

/// Bits that hold the numbers below `count`.
pub fn width_bits(count: usize) -> u32 {
    usize::BITS - count.saturating_sub(1).leading_zeros()
}

/// Numbers of `width` bits each, below 2^32.
pub fn push_hybrid(out: &mut Vec<u8>, numbers: &[u32], width: u32) {
    match numbers.first() {
        Some(first) if numbers.iter().all(|number| number == first) => {
            push_run(out, numbers.len(), *first, width);
        }
        _ => {
            push_packed_header(out, numbers.len());
            push_packed(out, numbers, width);
        }
    }
}

/// One number, so many times.
pub fn push_run(out: &mut Vec<u8>, len: usize, number: u32, width: u32) {
    push_varint(out, (len as u64) << 1);
    let bytes = number.to_le_bytes();
    let width_bytes = usize::try_from(width.div_ceil(8)).unwrap_or(bytes.len());
    out.extend_from_slice(&bytes[..width_bytes.min(bytes.len())]);
}

/// What stands before `len` packed numbers: in groups of eight, the last filled with zeros.
pub fn push_packed_header(out: &mut Vec<u8>, len: usize) {
    push_varint(out, (len.div_ceil(8) as u64) << 1 | 1);
}

fn push_varint(out: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

/// Least significant bits first; whole groups of eight.
fn push_packed(out: &mut Vec<u8>, numbers: &[u32], width: u32) {
    let width_bytes = usize::try_from(width).unwrap_or(0);
    let (start, len) = (out.len(), numbers.len().div_ceil(8) * width_bytes);
    // Words of eight bytes are stored whole, the last ones beyond the end.
    out.resize(start + len + 8, 0);
    let packed = &mut out[start..];
    if width <= 8 {
        pack_narrow(packed, numbers, width, width_bytes);
    } else {
        pack_wide(packed, numbers, width);
    }
    out.truncate(start + len);
}

/// Eight numbers fit a word.
fn pack_narrow(packed: &mut [u8], numbers: &[u32], width: u32, width_bytes: usize) {
    let mut at = 0;
    let mut eights = numbers.chunks_exact(8);
    let mut put = |word: u64| {
        packed[at..at + 8].copy_from_slice(&word.to_le_bytes());
        at += width_bytes;
    };
    for eight in &mut eights {
        let (mut word, mut shift) = (0, 0);
        for number in eight {
            word |= u64::from(*number) << shift;
            shift += width;
        }
        put(word);
    }
    let rest = eights.remainder();
    if !rest.is_empty() {
        let last = rest
            .iter()
            .rev()
            .fold(0, |word, number| word << width | u64::from(*number));
        put(last);
    }
}

/// A number at a time: what is full of the word goes out by whole bytes.
fn pack_wide(packed: &mut [u8], numbers: &[u32], width: u32) {
    let (mut word, mut filled, mut at) = (0u64, 0u32, 0);
    for number in numbers {
        word |= u64::from(*number) << filled;
        filled += width;
        packed[at..at + 8].copy_from_slice(&word.to_le_bytes());
        at += (filled / 8) as usize;
        word >>= filled & !7;
        filled &= 7;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As the specification says it, bit by bit.
    fn bit(packed: &[u8], at: usize) -> u32 {
        u32::from(packed[at / 8] >> (at % 8) & 1)
    }

    proptest! {
        #[test]
        fn packed_numbers_stand_where_the_specification_says(width in 1u32..=32, numbers in prop::collection::vec(any::<u32>(), 0..50)) {
            let numbers: Vec<u32> = numbers.iter().map(|number| number >> (32 - width)).collect();
            let mut packed = vec![7];
            push_packed(&mut packed, &numbers, width);
            let width = width as usize;
            prop_assert_eq!(packed.len(), 1 + numbers.len().div_ceil(8) * width);
            for (place, number) in numbers.iter().enumerate() {
                let read = (0..width).rev().fold(0, |read, at| read << 1 | bit(&packed[1..], place * width + at));
                prop_assert_eq!(read, *number);
            }
            let padding = numbers.len() * width..(packed.len() - 1) * 8;
            prop_assert!(padding.into_iter().all(|at| bit(&packed[1..], at) == 0));
        }
    }

    #[test]
    fn one_number_is_a_run_and_several_are_packed() {
        let hybrid = |numbers: &[u32], width| {
            let mut out = Vec::new();
            push_hybrid(&mut out, numbers, width);
            out
        };
        // The length, shifted by one, in sevens of bits; then the number in as many bytes as it needs.
        assert_eq!(hybrid(&[5; 100], 3), [0xc8, 0x01, 5]);
        assert_eq!(hybrid(&[0x1_0203; 2], 17), [4, 3, 2, 1]);
        assert_eq!(hybrid(&[0; 3], 0), [6]);
        // The specification's own example.
        assert_eq!(hybrid(&[0, 1, 2, 3, 4, 5, 6, 7], 3), [3, 0x88, 0xc6, 0xfa]);
    }

    #[test]
    fn as_many_bits_as_the_greatest_needs() {
        let widths = [0, 1, 2, 3, 4, 5, 256, 257].map(width_bits);
        assert_eq!(widths, [0, 0, 1, 2, 2, 3, 8, 9]);
    }
}
