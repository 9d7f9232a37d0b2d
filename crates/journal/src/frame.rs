//! How one record lies in a segment.
//!
//! `marker (4) · length of the body (4) · CRC-32 of length and body (4) · body`, the body being
//! `number (8) · time (8) · key (16) · payload`; all integers little-endian. The number runs through the whole log, so a
//! gap says how many records a damage cost. The marker lets a reader find its place again behind a damage: it holds a byte
//! that no JSON text contains, so a payload of JSON cannot pass for a frame.

use crate::seen::Key;
use crate::segment::Entry;

pub(crate) const MARKER: [u8; 4] = [0xb7, b'P', b'J', 0x1d];
const HEAD: usize = 12;
const FIXED: usize = 32;

/// Bytes that a record takes beside its payload.
pub(crate) const OVERHEAD: usize = HEAD + FIXED;

/// Longest payload.
pub const MAX_PAYLOAD: usize = 1 << 20;

/// Writes a frame at the end of the buffer. The payload is at most [`MAX_PAYLOAD`] long.
pub(crate) fn put(out: &mut Vec<u8>, number: u64, at_ms: i64, key: Key, payload: &[u8]) {
    let length = (FIXED + payload.len()) as u32;
    out.extend_from_slice(&MARKER);
    out.extend_from_slice(&length.to_le_bytes());
    let crc_at = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&number.to_le_bytes());
    out.extend_from_slice(&at_ms.to_le_bytes());
    out.extend_from_slice(&key.0.to_le_bytes());
    out.extend_from_slice(payload);
    let crc = checksum(&length.to_le_bytes(), &out[crc_at + 4..]);
    out[crc_at..crc_at + 4].copy_from_slice(&crc.to_le_bytes());
}

fn checksum(length: &[u8], body: &[u8]) -> u32 {
    let mut hash = crc32fast::Hasher::new();
    hash.update(length);
    hash.update(body);
    hash.finalize()
}

/// Reads the frame that starts at the first byte: the record and the length of its frame, `None` where no whole and
/// undamaged frame starts there.
pub(crate) fn get(bytes: &[u8]) -> Option<(Entry<'_>, usize)> {
    let head = bytes.first_chunk::<HEAD>()?;
    if head[..4] != MARKER {
        return None;
    }
    let length = u32::from_le_bytes(*head[4..].first_chunk()?) as usize;
    if !(FIXED..=FIXED + MAX_PAYLOAD).contains(&length) {
        return None;
    }
    let body = bytes.get(HEAD..HEAD + length)?;
    let crc = u32::from_le_bytes(*head[8..].first_chunk()?);
    if checksum(&head[4..8], body) != crc {
        return None;
    }
    let entry = Entry {
        number: u64::from_le_bytes(*body.first_chunk()?),
        at_ms: i64::from_le_bytes(*body[8..].first_chunk()?),
        key: Key(u128::from_le_bytes(*body[16..].first_chunk()?)),
        payload: &body[FIXED..],
    };
    Some((entry, HEAD + length))
}

/// What lies in a segment behind its header.
#[derive(Debug, PartialEq)]
pub(crate) enum Piece<'a> {
    /// A record and where its frame ends.
    Record(Entry<'a>, usize),
    /// Bytes that are no frame, up to the next one or to the end.
    Damage { from: usize, to: usize },
}

/// Walks through records and damages. The time is that of one pass over the bytes.
pub(crate) struct Pieces<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Pieces<'a> {
    pub(crate) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    fn next_frame(&self, from: usize) -> usize {
        let rest = self.bytes.len();
        let candidate = |i: &usize| self.bytes[*i..].starts_with(&MARKER) && get(&self.bytes[*i..]).is_some();
        (from..rest).find(candidate).unwrap_or(rest)
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let rest = self.bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
        if let Some((entry, length)) = get(rest) {
            self.at += length;
            return Some(Piece::Record(entry, self.at));
        }
        let from = self.at;
        self.at = self.next_frame(from + 1);
        Some(Piece::Damage { from, to: self.at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Vec<u8> {
        let mut bytes = Vec::new();
        for (number, payload) in [(1, "one"), (2, ""), (3, "three")] {
            put(&mut bytes, number, -5, Key(u128::MAX - u128::from(number)), payload.as_bytes());
        }
        bytes
    }

    fn numbers(bytes: &[u8]) -> Vec<Result<u64, (usize, usize)>> {
        let piece = |p: Piece<'_>| match p {
            Piece::Record(e, _) => Ok(e.number),
            Piece::Damage { from, to } => Err((from, to)),
        };
        Pieces::new(bytes, 0).map(piece).collect()
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = three();
        assert_eq!(bytes.len(), 3 * OVERHEAD + 8);
        let (entry, length) = get(&bytes).unwrap();
        assert_eq!((entry.number, entry.at_ms, entry.key, entry.payload), (1, -5, Key(u128::MAX - 1), &b"one"[..]));
        assert_eq!(length, OVERHEAD + 3);
        assert_eq!(numbers(&bytes), [Ok(1), Ok(2), Ok(3)]);
    }

    #[test]
    fn any_flipped_bit_costs_one_record_and_no_other() {
        let whole = three();
        let ends = [OVERHEAD + 3, 2 * OVERHEAD + 3, 3 * OVERHEAD + 8];
        for byte in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[byte] ^= 0x10;
            let hit = ends.iter().position(|end| byte < *end).unwrap();
            let from = if hit == 0 { 0 } else { ends[hit - 1] };
            let mut expected: Vec<_> = (1..=3_u64).map(Ok).collect();
            expected[hit] = Err((from, ends[hit]));
            assert_eq!(numbers(&bytes), expected, "byte {byte}");
        }
    }

    #[test]
    fn a_cut_anywhere_keeps_all_whole_records_before_it() {
        let whole = three();
        for cut in 0..whole.len() {
            let n_whole = [OVERHEAD + 3, 2 * OVERHEAD + 3].iter().filter(|end| **end <= cut).count();
            let found = numbers(&whole[..cut]).iter().filter(|p| p.is_ok()).count();
            assert_eq!(found, n_whole, "cut at {cut}");
        }
    }
}
