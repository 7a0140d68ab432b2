//! Sixteen bytes looked at together: what a byte is compared with goes in, a bit a byte comes out.

use wide::u8x16;

/// Sixteen bytes.
#[derive(Clone, Copy)]
pub struct Sixteen(u8x16);

impl Sixteen {
    /// These.
    #[inline(always)]
    pub fn new(bytes: [u8; 16]) -> Sixteen {
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
        }
    }
}
