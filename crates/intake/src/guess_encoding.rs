//! Which of the older encodings a block of bytes is in.
//!
//! Every byte sequence is valid Windows-1252 and most are valid GBK, so validity says little.
//! What tells them apart is plausibility, a mean over the non-ASCII characters:
//! - GBK: characters of GB 2312's first level (the 3,755 common ones) count 1, its second level and
//!   its punctuation less, the GBK extension next to nothing;
//! - Big5: the 5,401 frequent characters count 1, punctuation less, the rest next to nothing;
//! - Windows-1252: accented letters beside letters and the usual signs count 1, long runs of
//!   non-ASCII nothing;
//! - a Chinese character alone between Latin letters counts a fifth (`M黮er` is `Müller`).
//!
//! The thresholds were set on product titles, names and addresses in de, fr, es, zh-CN and zh-TW.

use encoding_rs::{BIG5, Encoding, GBK, UTF_8, WINDOWS_1252};

/// What a block of bytes is.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// This, because.
    Sure(&'static Encoding, String),
    /// UTF-8 but for a few bytes.
    BrokenUtf8 { at: usize, bytes: Vec<u8> },
    /// Several fit.
    Ambiguous { candidates: String, example: String },
}

/// Least lead over the second candidate, when the detector agrees and when it does not.
const LEAD_AGREED: f64 = 0.12;
const LEAD_ALONE: f64 = 0.35;
/// Least plausibility of a candidate.
const FLOOR: f64 = 0.4;

/// Judges a block that holds at least one byte above 127.
pub(crate) fn judge(block: &[u8]) -> Verdict {
    // A block may end inside a character; a line end is no part of one.
    let block = match memchr::memrchr(b'\n', block) {
        Some(end) if !block[..end].is_ascii() => &block[..=end],
        _ => block,
    };
    let (good, bad) = utf8_sequences(block);
    if bad.is_none() {
        return Verdict::Sure(UTF_8, format!("{good} sequences, all valid UTF-8"));
    }
    if let Some((at, count)) = bad
        && good >= 4 * count
    {
        return Verdict::BrokenUtf8 { at, bytes: block[at..(at + 3).min(block.len())].to_vec() };
    }
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(block, true);
    let detected = detector.guess(None, chardetng::Utf8Detection::Deny);
    let mut scored: Vec<(&'static Encoding, f64)> = [
        (
            GBK,
            chinese(block, |lead, trail| match (lead, trail) {
                (0xb0..=0xd7, 0xa1..) => 1.0,
                (0xa1..=0xa3, 0xa1..) => 0.8,
                (0xd8..=0xf7, 0xa1..) => 0.5,
                _ => 0.05,
            }),
        ),
        (
            BIG5,
            chinese(block, |lead, _| match lead {
                0xa4..=0xc6 => 1.0,
                0xa1..=0xa3 => 0.8,
                0xc9..=0xf9 => 0.15,
                _ => 0.02,
            }),
        ),
        (WINDOWS_1252, latin(block)),
    ]
    .into_iter()
    .filter(|(encoding, _)| encoding.decode_without_bom_handling_and_without_replacement(block).is_some())
    .collect();
    scored.sort_by(|a, b| b.1.total_cmp(&a.1));
    let (best, score) = scored[0];
    let second = scored.get(1).map_or(0.0, |s| s.1);
    let same_text = |a: &'static Encoding, b: &'static Encoding| {
        a.decode_without_bom_handling(block).0 == b.decode_without_bom_handling(block).0
    };
    let agreed = detected == best || same_text(detected, best);
    let known = [GBK, BIG5, WINDOWS_1252].contains(&detected);
    let lead = if agreed { LEAD_AGREED } else { LEAD_ALONE };
    if score >= FLOOR && score - second >= lead && (agreed || known) {
        let reason = format!("not UTF-8; plausibility {score:.2} as {}, next {second:.2}", best.name());
        return Verdict::Sure(best, reason);
    }
    let mut candidates: Vec<&'static Encoding> =
        scored.iter().filter(|(_, s)| *s >= 0.1 || scored.len() == 1).map(|(e, _)| *e).collect();
    if !candidates.contains(&detected) {
        candidates.push(detected);
    }
    let list = candidates
        .iter()
        .map(|e| format!("{}: `{}`", e.name().to_ascii_lowercase(), sample(block, e)))
        .collect::<Vec<_>>();
    Verdict::Ambiguous { candidates: list.join(", "), example: candidates[0].name().to_ascii_lowercase() }
}

/// Valid multi-byte sequences, and where the first invalid byte is and how many there are.
fn utf8_sequences(block: &[u8]) -> (usize, Option<(usize, usize)>) {
    let (mut good, mut bad, mut at) = (0, None, 0);
    for chunk in block.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        at += chunk.valid().len();
        if !chunk.invalid().is_empty() {
            let cut_at_end = at + chunk.invalid().len() == block.len()
                && std::str::from_utf8(&block[at..]).is_err_and(|e| e.error_len().is_none());
            if !(cut_at_end && good > 0) {
                let (_, count) = bad.get_or_insert((at, 0));
                *count += 1;
            }
        }
        at += chunk.invalid().len();
    }
    (good, bad)
}

/// Mean plausibility of two-byte characters.
fn chinese(block: &[u8], weight: impl Fn(u8, u8) -> f64) -> f64 {
    let (mut sum, mut n, mut i) = (0.0, 0, 0);
    while i < block.len() {
        if block[i] < 0x80 {
            i += 1;
            continue;
        }
        let trail = block.get(i + 1).copied().unwrap_or(0);
        let letter_before = i > 0 && block[i - 1].is_ascii_alphabetic();
        let letter_after = block.get(i + 2).is_some_and(u8::is_ascii_alphabetic);
        let alone = if letter_before && letter_after { 0.2 } else { 1.0 };
        sum += weight(block[i], trail) * alone;
        n += 1;
        i += 2;
    }
    if n == 0 { 0.0 } else { sum / f64::from(n) }
}

/// Mean plausibility of single-byte Western characters.
fn latin(block: &[u8]) -> f64 {
    let (mut sum, mut n, mut i) = (0.0, 0, 0);
    while i < block.len() {
        if block[i] < 0x80 {
            i += 1;
            continue;
        }
        let run = block[i..].iter().take_while(|b| **b >= 0x80).count();
        let beside =
            (i > 0 && block[i - 1].is_ascii_alphabetic()) || block.get(i + run).is_some_and(u8::is_ascii_alphabetic);
        for &b in &block[i..i + run] {
            let plain = match b {
                0xc0..=0xd6 | 0xd8..=0xf6 | 0xf8..=0xff | 0x8a | 0x8c | 0x8e | 0x9a | 0x9c | 0x9e | 0x9f => {
                    if beside {
                        1.0
                    } else {
                        0.45
                    }
                }
                0xa3
                | 0x80
                | 0xa9
                | 0xae
                | 0xb0
                | 0x91..=0x97
                | 0x99
                | 0x85
                | 0xa0
                | 0xab
                | 0xbb
                | 0xbf
                | 0xa1
                | 0xbd
                | 0xbc
                | 0xb2
                | 0xb3
                | 0xb4
                | 0xa7 => 0.9,
                0x81 | 0x8d | 0x8f | 0x90 | 0x9d => 0.0,
                _ => 0.2,
            };
            sum += if run > 2 { plain * 0.1 } else { plain };
            n += 1;
        }
        i += run;
    }
    if n == 0 { 0.0 } else { sum / f64::from(n) }
}

/// A piece of the text around its first non-ASCII character, read in this encoding.
fn sample(block: &[u8], encoding: &'static Encoding) -> String {
    let first = block.iter().position(|b| *b >= 0x80).unwrap_or(0);
    let start =
        block[..first].iter().rposition(|b| matches!(b, b'\n' | b'\r' | b',' | b';' | b'\t')).map_or(0, |i| i + 1);
    let end = block[first..].iter().position(|b| matches!(b, b'\n' | b'\r')).map_or(block.len(), |i| first + i);
    let text = encoding.decode_without_bom_handling(&block[start..end]).0;
    crate::csv::visible(crate::error::cut(&text, 30))
}
