//! Sixteen bytes looked at together: what a byte is compared with goes in, a bit a byte comes out.

use wide::u8x16;

/// Sixteen bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sixteen(u8x16);

impl Sixteen {
    /// These.
    #[inline(always)]
    pub const fn new(bytes: [u8; 16]) -> Sixteen {
        Sixteen(u8x16::new(bytes))
    }

    /// Which bytes are this one; the first is the lowest bit.
    #[inline(always)]
    pub fn equal(self, byte: u8) -> u32 {
        self.0.simd_eq(u8x16::splat(byte)).to_bitmask()
    }

    /// Which bytes are at most this one.
    #[inline(always)]
    pub fn at_most(self, byte: u8) -> u32 {
        self.0.min(u8x16::splat(byte)).simd_eq(self.0).to_bitmask()
    }

    /// Those of its bits that another has too.
    #[inline(always)]
    pub fn and(self, other: Sixteen) -> Sixteen {
        Sixteen(self.0 & other.0)
    }

    /// Whether two pairs are the same, asked once.
    #[inline(always)]
    pub fn same(these: [Sixteen; 2], those: [Sixteen; 2]) -> bool {
        let [a, b] = [0, 1].map(|half| these[half].0 ^ those[half].0);
        (a | b).simd_eq(u8x16::ZERO).to_bitmask() == 0xffff
    }

    /// Which bytes are none of ASCII's.
    #[inline(always)]
    pub fn beyond_ascii(self) -> u32 {
        self.0.to_bitmask()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]
        #[test]
        fn sixteen_bytes_say_what_each_byte_says(bytes in any::<[u8; 16]>(), byte in any::<u8>()) {
            let bits = |is: &dyn Fn(u8) -> bool| (0..16).map(|at| u32::from(is(bytes[at])) << at).sum::<u32>();
            let sixteen = Sixteen::new(bytes);
            prop_assert_eq!(sixteen.equal(bytes[3]), bits(&|b| b == bytes[3]));
            prop_assert_eq!(sixteen.at_most(byte), bits(&|b| b <= byte));
            prop_assert_eq!(sixteen.beyond_ascii(), bits(&|b| b >= 0x80));
            prop_assert_eq!(sixteen.and(Sixteen::new([byte; 16])), Sixteen::new(bytes.map(|b| b & byte)));
            let mut others = bytes;
            others[usize::from(byte) % 16] = byte;
            let pair = [Sixteen::new(bytes); 2];
            prop_assert!(Sixteen::same(pair, pair));
            for other in [[pair[0], Sixteen::new(others)], [Sixteen::new(others), pair[1]]] {
                prop_assert_eq!(Sixteen::same(pair, other), others == bytes);
            }
        }
    }
}
