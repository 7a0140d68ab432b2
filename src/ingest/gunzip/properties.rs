//! What holds of any bytes: what somebody zipped is unzipped to the byte, however it is cut, and what is damaged ends where zlib-rs ends.

use std::io::{self, Read, Write};

use flate2::bufread::MultiGzDecoder;
use flate2::{Compression, GzBuilder};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::ingest::gunzip::Gunzip;
use crate::ingest::gunzip::block::Run;

/// Gives at most so many bytes a read.
struct Sips<'a> {
    bytes: &'a [u8],
    sip: usize,
}

impl Read for Sips<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = buffer.len().min(self.sip);
        self.bytes.read(&mut buffer[..len])
    }
}

type Unzipped = (Vec<u8>, Result<(), io::ErrorKind>);

fn by(run: Run, bytes: &[u8], sip: usize) -> Unzipped {
    let mut gunzip = Gunzip::by(run, Sips { bytes, sip });
    let mut text = Vec::new();
    loop {
        let (piece, error) = gunzip.next_piece();
        text.extend_from_slice(&gunzip.held()[piece.clone()]);
        match error {
            Some(why) => return (text, Err(why.kind())),
            None if gunzip.is_at_end() => return (text, Ok(())),
            None => {}
        }
    }
}

/// By [`Read`], to the end.
fn by_reads(bytes: &[u8]) -> Unzipped {
    let mut text = Vec::new();
    let end = Gunzip::new(bytes).read_to_end(&mut text);
    (text, end.map(drop).map_err(|why| why.kind()))
}

/// Every way of ours, which must agree.
fn ours(bytes: &[u8]) -> Unzipped {
    let unzipped = by(Run::best(), bytes, usize::MAX);
    assert!(unzipped == by_reads(bytes));
    assert!(unzipped == by(Run::Anywhere, bytes, 1000));
    assert!(unzipped == by(Run::best(), bytes, 1));
    unzipped
}

/// zlib-rs's.
fn theirs(bytes: &[u8]) -> Unzipped {
    let (mut text, mut piece) = (Vec::new(), [0; 1 << 12]);
    let mut decoder = MultiGzDecoder::new(bytes);
    loop {
        match decoder.read(&mut piece) {
            Ok(0) => return (text, Ok(())),
            Ok(len) => text.extend_from_slice(&piece[..len]),
            Err(why) => return (text, Err(why.kind())),
        }
    }
}

/// Text that is repeated from near and far, in parts of all lengths, among bytes that are not.
fn any_text() -> impl Strategy<Value = Vec<u8>> {
    #[derive(Clone, Debug)]
    enum Part {
        New(Vec<u8>),
        Again { back: usize, len: usize },
    }
    let bytes = prop_oneof![
        3 => vec(b'0'..=b'9', 1..40),
        2 => vec(any::<u8>(), 1..300),
        1 => (any::<u8>(), 1..70_000_usize).prop_map(|(byte, len)| vec![byte; len]),
    ];
    let back = prop_oneof![1..9_usize, 1..300_usize, 1..40_000_usize];
    let part = prop_oneof![
        1 => bytes.prop_map(Part::New),
        4 => (back, prop_oneof![3..12_usize, 3..400_usize]).prop_map(|(back, len)| Part::Again { back, len }),
    ];
    vec(part, 0..400).prop_map(|parts| {
        let mut text = Vec::new();
        for part in parts {
            match part {
                Part::New(bytes) => text.extend(bytes),
                Part::Again { back, len } => {
                    let back = back.min(text.len());
                    for _ in 0..if back > 0 { len } else { 0 } {
                        text.push(text[text.len() - back]);
                    }
                }
            }
        }
        text
    })
}

/// Whoever zips: zlib-rs at any level, 0 included, which stores; libdeflate, whose codes are others.
fn zip(text: &[u8], level: u32, header: u8) -> Vec<u8> {
    if level > 9 {
        let level = libdeflater::CompressionLvl::new(12).unwrap();
        let mut zipper = libdeflater::Compressor::new(level);
        let mut zipped = vec![0; zipper.gzip_compress_bound(text.len())];
        let len = zipper.gzip_compress(text, &mut zipped).unwrap();
        zipped.truncate(len);
        return zipped;
    }
    let mut builder = GzBuilder::new();
    if header & 1 > 0 {
        builder = builder.filename("a.log");
    }
    if header & 2 > 0 {
        builder = builder.comment("by hand");
    }
    if header & 4 > 0 {
        builder = builder.extra(vec![7; 300]);
    }
    let mut zipper = builder.write(Vec::new(), Compression::new(level));
    if header & 8 == 0 {
        zipper.write_all(text).unwrap();
    } else {
        // Each ends a block.
        for part in text.chunks(100 + usize::from(header)) {
            zipper.write_all(part).unwrap();
            zipper.flush().unwrap();
        }
    }
    zipper.finish().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_was_zipped_is_unzipped(members in vec((any_text(), 0..12_u32, any::<u8>()), 1..4)) {
        let zipped: Vec<u8> = members.iter().flat_map(|(text, level, header)| zip(text, *level, *header)).collect();
        let text: Vec<u8> = members.into_iter().flat_map(|(text, ..)| text).collect();
        prop_assert!(ours(&zipped) == (text, Ok(())));
    }

    #[test]
    fn what_is_damaged_ends_where_it_should(
        text in any_text(),
        level in 0..12_u32,
        damages in vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        cut in prop::option::of(any::<prop::sample::Index>()),
        behind in vec(any::<u8>(), 0..24),
    ) {
        let mut bytes = zip(&text, level, 0);
        for (at, with) in &damages {
            *at.get_mut(&mut bytes) ^= with;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len() + 1));
        } else {
            bytes.extend(&behind);
        }
        let ((text, end), (their_text, their_end)) = (ours(&bytes), theirs(&bytes));
        prop_assert_eq!(end.is_ok(), their_end.is_ok());
        if end.is_ok() {
            prop_assert!(text == their_text);
        }
        // Which of two faults is seen first may differ, and how much is given out before; not what.
        let len = text.len().min(their_text.len());
        prop_assert!(text[..len] == their_text[..len]);
        if damages.is_empty() {
            prop_assert_eq!(end, their_end);
        }
    }

    #[test]
    fn any_bits_are_a_block_or_are_refused(bits in vec(any::<u8>(), 0..400), kind in 0..3_u8) {
        // The kinds that the first three bits tell: stored, with the fixed codes, with codes of its own.
        let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
        bytes.extend(bits);
        if let Some(first) = bytes.get_mut(10) {
            *first = *first & !7 | kind << 1;
        }
        let ((text, end), (their_text, their_end)) = (ours(&bytes), theirs(&bytes));
        prop_assert!(end.is_err() && their_end.is_err());
        let len = text.len().min(their_text.len());
        prop_assert!(text[..len] == their_text[..len]);
    }
}

#[test]
fn codes_of_all_lengths() {
    // Each byte nearly twice as often as the one before: its codes are as long as codes may be.
    let mut text = Vec::new();
    let mut counts = (1, 1);
    for byte in 0..24_u8 {
        for place in 0..counts.0 {
            // Spread, so that nothing is repeated.
            text.push((place * 7919 % 65_536, byte));
        }
        counts = (counts.1, counts.0 + counts.1);
    }
    text.sort_unstable();
    let text: Vec<u8> = text.into_iter().map(|(_, byte)| byte).collect();
    for level in 1..12 {
        assert!(
            ours(&zip(&text, level, 0)) == (text.clone(), Ok(())),
            "{level}"
        );
    }
}

#[test]
fn an_early_end_is_seen_wherever_it_is() {
    let text: Vec<u8> = (0..400_u32)
        .flat_map(|n| format!("{} 10.0.0.{} ACCEPT\n", n * 7919, n % 9).into_bytes())
        .collect();
    for level in [0, 1, 6, 11] {
        let whole = zip(&text, level, 7);
        for end in 0..whole.len() {
            let (before, error) = ours(&whole[..end]);
            assert_eq!(
                error,
                Err(io::ErrorKind::UnexpectedEof),
                "level {level}, {end} bytes"
            );
            assert!(text.starts_with(&before), "level {level}, {end} bytes");
        }
    }
}

#[test]
fn thousands_of_empty_members_end_nothing() {
    let empty = zip(b"", 6, 0).repeat(3000);
    let bytes = [&empty[..], &zip(b"2 eni-1 OK\n", 6, 0), &empty].concat();
    assert_eq!(ours(&bytes), (b"2 eni-1 OK\n".to_vec(), Ok(())));
}

#[test]
fn a_header_is_held_against_its_own_checksum() {
    let text = b"2 123456789010 eni-1 OK\n";
    let plain = zip(text, 6, 0);
    let mut head = plain[..10].to_vec();
    head[3] = 2;
    let crc = crc32fast::hash(&head).to_le_bytes();
    for (wrong, expected) in [
        (0, (text.to_vec(), Ok(()))),
        (1, (Vec::new(), Err(io::ErrorKind::InvalidInput))),
    ] {
        let bytes = [&head[..], &[crc[0] ^ wrong, crc[1]], &plain[10..]].concat();
        assert_eq!(ours(&bytes), expected);
    }
}
