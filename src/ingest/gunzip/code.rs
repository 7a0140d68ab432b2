//! Huffman codes of DEFLATE (RFC 1951, 3.2.2): how long each symbol's code is goes in; which symbol some bits begin with comes out.

/// Codes are no longer.
const BITS_MAX: usize = 15;

/// Symbols of the largest alphabet, the two that mean nothing included.
pub(super) const SYMBOLS_MAX: usize = 288;

/// A code.
pub(super) struct Code {
    /// Codes of each length.
    counts: [u16; BITS_MAX + 1],
    /// All codes: the short ones first, those of one length by symbol.
    codes: [Coded; SYMBOLS_MAX],
}

/// A symbol and its code.
#[derive(Clone, Copy)]
pub(super) struct Coded {
    pub(super) symbol: u16,
    /// The code as it is looked up: its first bit is the lowest.
    pub(super) first: u16,
    /// The length of the code.
    pub(super) bits: u8,
}

impl Coded {
    const NONE: Coded = Coded {
        symbol: 0,
        first: 0,
        bits: 0,
    };

    /// The places, among so many, where the code is what comes first.
    pub(super) fn places<T>(self, all: &mut [T]) -> impl Iterator<Item = &mut T> {
        let from = all.get_mut(usize::from(self.first)..).unwrap_or_default();
        from.iter_mut().step_by(1 << self.bits)
    }
}

impl Code {
    /// A code without symbols.
    pub(super) const EMPTY: Code = Code {
        counts: [0; BITS_MAX + 1],
        codes: [Coded::NONE; SYMBOLS_MAX],
    };

    /// The code whose symbols have codes of these lengths, 0 for those that have none. `None` if there is none: more codes than fit, or
    /// fewer than there should be. `single`: one code of one bit is enough, or none at all (RFC 1951, 3.2.7, on distances).
    pub(super) fn build(&mut self, lengths: &[u8], single: bool) -> Option<()> {
        self.counts = [0; BITS_MAX + 1];
        for length in lengths {
            *self.counts.get_mut(usize::from(*length))? += 1;
        }
        self.counts[0] = 0;
        // Where the codes of each length are put, and which is the next.
        let mut nexts = [(0_usize, 0_u16); BITS_MAX + 1];
        let (mut place, mut code, mut left) = (0, 0_u16, 1_u16);
        for (next, count) in nexts.iter_mut().zip(&self.counts).skip(1) {
            left = (left << 1).checked_sub(*count)?;
            code <<= 1;
            *next = (place, code);
            place += usize::from(*count);
            code = code.wrapping_add(*count);
        }
        if left > 0 && !(single && place == usize::from(self.counts[1])) {
            return None;
        }
        for (symbol, bits) in (0..).zip(lengths).filter(|(_, bits)| **bits > 0) {
            let (place, code) = &mut nexts[usize::from(*bits)];
            let coded = Coded {
                symbol,
                first: code.reverse_bits() >> (16 - *bits),
                bits: *bits,
            };
            *self.codes.get_mut(*place)? = coded;
            (*place, *code) = (*place + 1, code.wrapping_add(1));
        }
        Some(())
    }

    /// Fills a table by the next bits, of which it has a power of two: what is made of a code stands wherever the code comes first, and `none`
    /// where none does that is short enough.
    pub(super) fn spread<T: Copy, const SIZE: usize>(
        &self,
        table: &mut [T; SIZE],
        none: T,
        of: impl Fn(Coded) -> T,
    ) {
        let codes = self.codes().iter();
        table[0] = none;
        // Whatever bits are behind a code: the table of one bit more is the table twice.
        let mut size = 1;
        for code in codes.take_while(|code| 1 << code.bits <= SIZE) {
            while size < 1 << code.bits {
                table.copy_within(..size, size);
                size *= 2;
            }
            table[usize::from(code.first) % SIZE] = of(*code);
        }
        while size < SIZE {
            table.copy_within(..size, size);
            size *= 2;
        }
    }

    /// Symbols and their codes, the short ones first.
    pub(super) fn codes(&self) -> &[Coded] {
        let count: u16 = self.counts.iter().sum();
        self.codes.get(..usize::from(count)).unwrap_or(&[])
    }

    /// The symbol that the bits begin with, and the length of its code, found bit by bit; `None` if there is none.
    pub(super) fn read(&self, bits: u64) -> Option<(usize, u32)> {
        // The codes of a length are numbers in a row, and those of the next begin at twice what comes after the last.
        let (mut code, mut first, mut place) = (0, 0, 0);
        for (length, count) in (1..).zip(self.counts.iter().skip(1)) {
            let count = usize::from(*count);
            code = code << 1 | super::bits::low(bits >> (length - 1) & 1);
            if code < first + count {
                let coded = self.codes.get(place + code - first)?;
                return Some((usize::from(coded.symbol), length));
            }
            place += count;
            first = (first + count) << 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lengths of the example in RFC 1951, 3.2.2.
    const EXAMPLE: [u8; 8] = [3, 3, 3, 3, 3, 2, 4, 4];

    #[test]
    fn the_example_of_the_standard() {
        let mut code = Code::EMPTY;
        code.build(&EXAMPLE, false).unwrap();
        let mut table = [None; 8];
        code.spread(&mut table, None, Some);
        let codes = ["010", "011", "100", "101", "110", "00", "1110", "1111"];
        for (symbol, code_text) in codes.iter().enumerate() {
            // The first bit of a code is the lowest that is read.
            let reversed: String = code_text.chars().rev().collect();
            let bits = u64::from_str_radix(&reversed, 2).unwrap();
            let expected = (symbol, u32::try_from(code_text.len()).unwrap());
            for behind in [0, 0xffff << code_text.len()] {
                assert_eq!(code.read(bits | behind), Some(expected), "{code_text}");
                let spread = table[super::super::bits::low(bits | behind) % 8];
                let found = spread.map(|of: Coded| (usize::from(of.symbol), u32::from(of.bits)));
                let fits = code_text.len() <= 3;
                assert_eq!(found, fits.then_some(expected), "{code_text}");
            }
        }
    }

    #[test]
    fn codes_that_cannot_be() {
        #[rustfmt::skip]
        let cases: [(&str, &[u8], bool, bool); 8] = [
            ("complete",              &[1, 2, 2],     false, true),
            ("one too many",          &[1, 1, 1],     false, false),
            ("one too few",           &[1, 2],        false, false),
            ("one bit of one",        &[1],           false, false),
            ("and that is allowed",   &[1],           true,  true),
            ("two bits of one",       &[2],           true,  false),
            ("none",                  &[0, 0],        false, false),
            ("and that is allowed",   &[0, 0],        true,  true),
        ];
        for (title, lengths, single, good) in cases {
            let mut code = Code::EMPTY;
            assert_eq!(
                code.build(lengths, single).is_some(),
                good,
                "{title} {lengths:?}"
            );
        }
        let mut code = Code::EMPTY;
        code.build(&[1], true).unwrap();
        assert_eq!((code.read(0), code.read(1)), (Some((0, 1)), None));
    }
}
