//! What the next bits of a compressed block stand for, looked up at once: the codes of a block go in, a table of [`Token`]s comes out.
//!
//! A token is one literal or two, a literal and a match, a match, or the length of one; a flow log has some 18 of them a line, and 27 symbols.
//! So they are looked up and written without asking which they are: what is not there has the length 0.

use crate::ingest::gunzip::code::{Code, Coded};

/// Bits that are looked up at once: with one more, the table would leave the first-level cache too little for text.
const TOKEN_BITS: usize = 11;
const TOKENS: usize = 1 << TOKEN_BITS;

/// Distances are looked up by so many.
const DISTANCE_BITS: usize = 9;
const DISTANCES: usize = 1 << DISTANCE_BITS;

/// Literals and lengths.
pub(super) type Symbols = Code<TOKENS>;
/// Distances.
pub(super) type Distances = Code<DISTANCES>;

/// The symbol that ends a block.
pub(super) const END: usize = 256;
/// The first symbol that stands for a length.
pub(super) const LENGTH_FIRST: usize = 257;

/// A number that is written as a symbol and bits behind it.
#[derive(Clone, Copy)]
pub(super) struct Number {
    /// The number, if those bits are zeros.
    pub(super) base: u16,
    /// How many bits.
    pub(super) bits: u8,
}

/// Lengths of matches by symbol from [`LENGTH_FIRST`] on (RFC 1951, 3.2.5).
pub(super) const LENGTH_NUMBERS: [Number; 29] = {
    let mut numbers = numbers::<29>(3, 8, 4);
    numbers[28] = Number { base: 258, bits: 0 };
    numbers
};

/// Distances by symbol (RFC 1951, 3.2.5).
pub(super) const DISTANCE_NUMBERS: [Number; 30] = numbers::<30>(1, 4, 2);

/// Numbers from `base` on: so many without bits, then `group` with one each, as many with two, and so on.
const fn numbers<const N: usize>(mut base: u16, plain: usize, group: usize) -> [Number; N] {
    let mut numbers = [Number { base: 0, bits: 0 }; N];
    let (mut symbol, mut bits) = (0, 0);
    while symbol < N {
        if symbol >= plain && (symbol - plain).is_multiple_of(group) {
            bits += 1;
        }
        numbers[symbol] = Number { base, bits };
        base = base.wrapping_add(1 << bits);
        symbol += 1;
    }
    numbers
}

/// What some bits stand for.
#[derive(Clone, Copy)]
pub(super) struct Token {
    /// All its bits.
    pub(super) bits: u8,
    /// Those that come before the bits of a number, in the lower six; above them, how many literals there are.
    pub(super) before: u8,
    pub(super) literals: [u8; 2],
    /// How long the match is.
    pub(super) length: u16,
    /// How far back it begins, but for the bits behind `before`. 0 if that is not known, and the bits belong to the length.
    pub(super) distance: u16,
}

impl Token {
    /// Must be read otherwise: a long code, the end of the block, or none at all. No match is as long, and this one is longer than its distance,
    /// so that nobody has to ask for it.
    const NONE: Token = Token {
        length: u16::MAX,
        distance: 1,
        ..Token::NO_DISTANCE
    };

    /// The same for a distance: no other is 0.
    const NO_DISTANCE: Token = Token {
        bits: 0,
        before: 0,
        literals: [0; 2],
        length: 0,
        distance: 0,
    };

    /// The distance of a token without a match, of which nothing counts: far enough that what is looked at there has long been written.
    const SOMEWHERE: u16 = 1024;

    /// One literal, in `before`.
    const ONE_LITERAL: u8 = 1 << 6;

    #[inline(always)]
    pub(super) fn literal_count(self) -> usize {
        usize::from(self.before / Token::ONE_LITERAL)
    }

    /// Bits of its codes.
    #[inline(always)]
    fn code_bits(self) -> usize {
        usize::from(self.before % Token::ONE_LITERAL)
    }
}

/// The tokens of a block.
pub(super) struct Tokens {
    tokens: [Token; TOKENS],
    distances: [Token; DISTANCES],
}

impl Default for Tokens {
    fn default() -> Tokens {
        Tokens {
            tokens: [Token::NONE; TOKENS],
            distances: [Token::NO_DISTANCE; DISTANCES],
        }
    }
}

impl Tokens {
    /// What the next bits stand for; as many of them as the longest token looks at must be there.
    #[inline(always)]
    pub(super) fn token(&self, bits: usize) -> Token {
        self.tokens[bits % TOKENS]
    }

    /// The distance of a match whose length is known.
    #[inline(always)]
    pub(super) fn distance(&self, bits: usize) -> Token {
        self.distances[bits % DISTANCES]
    }

    /// Makes the table of a block.
    pub(super) fn fill(&mut self, symbols: &Symbols, distances: &Distances) {
        distances.spread(&mut self.distances, Token::NO_DISTANCE, |code| {
            let number = DISTANCE_NUMBERS.get(usize::from(code.symbol));
            number.map_or(Token::NO_DISTANCE, |number| Token {
                bits: code.bits + number.bits,
                before: code.bits,
                distance: number.base,
                ..Token::NO_DISTANCE
            })
        });
        self.tokens.fill(Token::NONE);
        let codes = || {
            let codes = symbols.codes().iter();
            codes.take_while(|code| usize::from(code.bits) <= TOKEN_BITS)
        };
        for code in codes() {
            let length = usize::from(code.symbol).checked_sub(LENGTH_FIRST);
            if let Some(number) = length.and_then(|length| LENGTH_NUMBERS.get(length)) {
                self.fill_match(*code, *number);
            }
        }
        // What may stand behind a literal is there now. It is the same behind all whose codes are as long.
        let mut behind = [Token::NONE; TOKENS];
        let mut bits = 0;
        for code in codes() {
            let Ok(literal) = u8::try_from(code.symbol) else {
                continue;
            };
            if bits != code.bits {
                bits = code.bits;
                let left = TOKEN_BITS - usize::from(bits);
                for (place, token) in behind.iter_mut().enumerate().take(1 << left) {
                    *token = self.behind_literal(place, left, bits, symbols);
                }
            }
            for (token, behind) in code.places(&mut self.tokens[..]).zip(&behind) {
                *token = *behind;
                token.literals[0] = literal;
            }
        }
    }

    /// The places where a code is what comes first, and by what bits behind it.
    fn fill_match(&mut self, code: Coded, number: Number) {
        let extra = usize::from(number.bits);
        let alone = Token {
            bits: code.bits + number.bits,
            before: code.bits,
            length: number.base,
            ..Token::NO_DISTANCE
        };
        let left = (TOKEN_BITS - usize::from(code.bits)).saturating_sub(extra);
        for (behind, token) in (0_u16..).zip(code.places(&mut self.tokens[..])) {
            let distance = self.distances[usize::from(behind >> extra) % DISTANCES];
            let fits = distance.bits > 0 && distance.code_bits() <= left;
            *token = if fits {
                Token {
                    bits: alone.bits + distance.bits,
                    before: alone.bits + distance.before,
                    length: number.base + behind % (1 << extra),
                    distance: distance.distance,
                    literals: [0; 2],
                }
            } else {
                alone
            };
        }
    }

    /// The token of a literal whose code has `bits`, and whatever stands behind it in the `left` bits that are looked up. It has the second
    /// literal; the first is not known.
    fn behind_literal(&self, place: usize, left: usize, bits: u8, symbols: &Symbols) -> Token {
        let (leaf, next) = (symbols.leaf(place), self.token(place));
        let one = Token {
            bits,
            before: bits + Token::ONE_LITERAL,
            literals: [0; 2],
            length: 0,
            distance: Token::SOMEWHERE,
        };
        let is_literal = usize::from(leaf.symbol) < END;
        if is_literal && leaf.bits > 0 && usize::from(leaf.bits) <= left {
            return Token {
                bits: bits + leaf.bits,
                before: bits + leaf.bits + 2 * Token::ONE_LITERAL,
                literals: [0, leaf.symbol.to_le_bytes()[0]],
                ..one
            };
        }
        if next.bits > 0 && next.distance > 0 && !is_literal && next.code_bits() <= left {
            return Token {
                bits: bits + next.bits,
                before: one.before + next.before,
                ..next
            };
        }
        one
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_distances_reach_as_far_as_the_standard_says() {
        let last = |numbers: &[Number], symbol: usize| {
            let Number { base, bits } = numbers[symbol];
            (base, base + (1 << bits) - 1)
        };
        assert_eq!(last(&LENGTH_NUMBERS, 7), (10, 10));
        assert_eq!(last(&LENGTH_NUMBERS, 8), (11, 12));
        assert_eq!(last(&LENGTH_NUMBERS, 27), (227, 258));
        assert_eq!(last(&LENGTH_NUMBERS, 28), (258, 258));
        assert_eq!(last(&DISTANCE_NUMBERS, 3), (4, 4));
        assert_eq!(last(&DISTANCE_NUMBERS, 4), (5, 6));
        assert_eq!(last(&DISTANCE_NUMBERS, 29), (24_577, 32_768));
    }
}
