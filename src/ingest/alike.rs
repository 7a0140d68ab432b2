//! Which lines have the same text in two fields, as `srcaddr` and `pkt-srcaddr` mostly do: lines in, a bit for each that has not.

use crate::ingest::lines::Lines;

/// A bit for each line whose texts in two fields are not the same, or have more than 32 bytes; and for each behind the last line.
#[inline(always)]
pub(super) fn unlike(lines: &Lines<'_>, field: usize, other: usize) -> u64 {
    #[cfg(target_arch = "x86_64")]
    if masked::is_there() {
        #[expect(
            unsafe_code,
            reason = "the compiler may not assume what has been asked; see docs/benchmarks.md"
        )]
        // SAFETY: the processor has just been asked, and has what the function is compiled for. It is safe code.
        return unsafe { masked::unlike(lines, field, other) };
    }
    unlike_anywhere(lines, field, other)
}

#[inline(never)]
fn unlike_anywhere(lines: &Lines<'_>, field: usize, other: usize) -> u64 {
    let mut unlike = u64::MAX;
    lines.each(field, |line, place| {
        let mark = lines.mark(place);
        let same = mark.is_whole() & mark.same(&lines.mark(lines.place(line, other)));
        unlike &= !(u64::from(same) << line);
    });
    unlike
}

/// For processors that compare as many bytes of a vector as a mask says: Intel's since 2019, AMD's since 2022.
#[cfg(target_arch = "x86_64")]
mod masked {
    use std::arch::x86_64::_mm256_mask_cmpneq_epu8_mask;

    use crate::ingest::lines::Lines;

    /// Whether the processor is one.
    #[inline(always)]
    pub(super) fn is_there() -> bool {
        is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("bmi2")
    }

    /// [`unlike`](super::unlike).
    #[target_feature(enable = "avx512bw,avx512vl,bmi2")]
    #[inline(never)]
    pub(super) fn unlike(lines: &Lines<'_>, field: usize, other: usize) -> u64 {
        let mut unlike = u64::MAX;
        lines.each(field, |line, place| {
            let both = [place, lines.place(line, other)];
            let [a, b] = both.map(|(_, end)| bytemuck::cast(*lines.last(end)));
            let [len, other_len] = both.map(|(start, end)| end.wrapping_sub(start));
            // The last of 32 bytes are the text; of one that has none or more, it means nothing.
            let kept = u32::MAX.wrapping_shl(32u32.wrapping_sub(len));
            let differ = _mm256_mask_cmpneq_epu8_mask(kept, a, b) != 0;
            let same = !differ & (len == other_len) & (1..=32).contains(&len);
            unlike &= !(u64::from(same) << line);
        });
        unlike
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::lines::{Cursor, RUN_LINES};
    use crate::ingest::marks::Marks;
    use crate::ingest::window::Window;
    use proptest::prelude::*;

    /// Two texts: often the same, or one that ends as the other does, or is as long.
    fn two() -> impl Strategy<Value = (String, String)> {
        (
            "[0-9.:]{1,45}",
            "[0-9.:]{1,3}",
            any::<prop::sample::Index>(),
            0..4,
        )
            .prop_map(|(text, more, at, how)| {
                let at = at.index(text.len());
                let mut changed = text.clone();
                changed.replace_range(at..=at, &more[..1]);
                let other = match how {
                    0 => text.clone(),
                    1 => format!("{more}{text}"),
                    2 => changed,
                    _ => more,
                };
                (text, other)
            })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]
        #[test]
        fn texts_are_unlike_whose_bytes_are_or_that_are_too_long(pairs in prop::collection::vec(two(), 1..=RUN_LINES)) {
            let text: String = pairs.iter().map(|(a, b)| format!("{a} {b}\n")).collect();
            let mut window = Window::default();
            let bytes = window.on(text.as_bytes(), 0, text.len());
            let mut marks = Marks::default();
            marks.find(bytes, text.len());
            let lines = Lines::next(bytes, &marks, &Cursor::FIRST, 2, RUN_LINES, 1 << 10).unwrap();
            prop_assert_eq!(lines.count(), pairs.len());
            let expected = pairs.iter().enumerate().filter(|(_, (a, b))| a != b || a.len() > 32);
            let expected = expected.fold(!lines.all(), |bits, (line, _)| bits | 1 << line);
            prop_assert_eq!(unlike(&lines, 0, 1), expected);
            prop_assert_eq!(unlike(&lines, 1, 0), expected);
            // Some processors have another way.
            prop_assert_eq!(unlike_anywhere(&lines, 1, 0), expected);
        }
    }
}
