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

/// The length that a code's symbol stands for, if it is one.
fn length_of(code: Coded) -> Option<&'static Number> {
    LENGTH_NUMBERS.get(usize::from(code.symbol).checked_sub(LENGTH_FIRST)?)
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

    /// A literal, a match whose distance is not known, or none.
    fn of_symbol(code: Coded) -> Token {
        if let Ok(literal) = u8::try_from(code.symbol) {
            return Token {
                literals: [literal, 0],
                ..Token::one_literal(code.bits)
            };
        }
        length_of(code).map_or(Token::NONE, |number| Token {
            length: number.base,
            ..Token::of_number(code, number)
        })
    }

    fn of_distance(code: Coded) -> Token {
        let number = DISTANCE_NUMBERS.get(usize::from(code.symbol));
        number.map_or(Token::NO_DISTANCE, |number| Token {
            distance: number.base,
            ..Token::of_number(code, number)
        })
    }

    /// The bits of a code, and of the number behind it; not what the number is.
    fn of_number(code: Coded, number: &Number) -> Token {
        Token {
            bits: code.bits + number.bits,
            before: code.bits,
            ..Token::NO_DISTANCE
        }
    }

    /// A literal whose code has so many bits; which it is, is not known.
    fn one_literal(bits: u8) -> Token {
        Token {
            bits,
            before: bits + Token::ONE_LITERAL,
            distance: Token::SOMEWHERE,
            ..Token::NO_DISTANCE
        }
    }

    /// A literal whose code has so many bits, and behind it this literal or match, if it is one whose codes fit in the bits that are `left`.
    fn behind_literal(self, bits: u8, left: usize) -> Token {
        let one = Token::one_literal(bits);
        if self.bits == 0 || self.distance == 0 || self.code_bits() > left {
            return one;
        }
        Token {
            bits: bits + self.bits,
            before: one.before + self.before,
            literals: [0, self.literals[0]],
            ..self
        }
    }

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
    /// Of tables in the making.
    scratch: [Token; TOKENS],
}

impl Default for Tokens {
    fn default() -> Tokens {
        Tokens {
            tokens: [Token::NONE; TOKENS],
            distances: [Token::NO_DISTANCE; DISTANCES],
            scratch: [Token::NONE; TOKENS],
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
    pub(super) fn fill(&mut self, symbols: &Code, distances: &Code) {
        distances.spread(&mut self.distances, Token::NO_DISTANCE, Token::of_distance);
        symbols.spread(&mut self.tokens, Token::NONE, Token::of_symbol);
        // Every symbol stands there alone. Those that are met most have short codes, and room for another behind them.
        self.add_distances(symbols.codes(), distances.codes());
        self.add_seconds(symbols.codes());
    }

    /// Adds to each match its distance, where the codes of both fit in the bits that are looked up, and the bits of the length too.
    fn add_distances(&mut self, codes: &[Coded], distances: &[Coded]) {
        let (Some(first), Some(nearest)) = (codes.first(), distances.first()) else {
            return;
        };
        let least = usize::from(nearest.bits);
        // What fits in so many bits is the same behind all matches: it stands from the place on that is that power of two.
        for left in least..=TOKEN_BITS.saturating_sub(first.bits.into()) {
            let fitting = self
                .scratch
                .get_mut(1 << left..2 << left)
                .unwrap_or_default();
            let distances = self.distances.iter().cycle();
            for (token, distance) in fitting.iter_mut().zip(distances) {
                let fits = distance.code_bits() <= left;
                *token = if fits { *distance } else { Token::NO_DISTANCE };
            }
        }
        for code in codes {
            let Some(number) = length_of(*code) else {
                continue;
            };
            let bits = code.bits + number.bits;
            let left = TOKEN_BITS.checked_sub(usize::from(bits));
            let Some(left) = left.filter(|left| *left >= least) else {
                continue;
            };
            for (behind, token) in (0_u16..).zip(code.places(&mut self.tokens[..])) {
                let place = 1 << left | usize::from(behind >> number.bits);
                let distance = self.scratch[place % TOKENS];
                *token = Token {
                    bits: bits + distance.bits,
                    before: bits + distance.before,
                    literals: [0; 2],
                    length: number.base + behind % (1 << number.bits),
                    distance: distance.distance,
                };
            }
        }
    }

    /// Adds to each literal what stands behind it, which is the same behind all whose codes are as long.
    fn add_seconds(&mut self, codes: &[Coded]) {
        let least = codes.first().map_or(TOKEN_BITS, |code| code.bits.into());
        let (alone, behind) = self.scratch.split_at_mut(TOKENS / 2);
        alone.copy_from_slice(&self.tokens[..TOKENS / 2]);
        let mut bits = 0;
        for code in codes {
            let left = TOKEN_BITS.saturating_sub(usize::from(code.bits));
            if left < least {
                return;
            }
            let Ok(literal) = u8::try_from(code.symbol) else {
                continue;
            };
            if bits != code.bits {
                bits = code.bits;
                for (behind, next) in behind.iter_mut().zip(&*alone).take(1 << left) {
                    *behind = next.behind_literal(bits, left);
                }
            }
            for (token, behind) in code.places(&mut self.tokens[..]).zip(&*behind) {
                *token = *behind;
                token.literals[0] = literal;
            }
        }
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
