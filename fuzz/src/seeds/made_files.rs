//! Sounds and frames.

use super::Seed;

const TONES: [(&str, &[u8]); 3] = [
    ("tone.mp3", include_bytes!("../../../crates/content/tests/data/tone.mp3")),
    ("tone.ogg", include_bytes!("../../../crates/content/tests/data/tone.ogg")),
    ("tone.flac", include_bytes!("../../../crates/content/tests/data/tone.flac")),
];

/// A WAV of this coding (1 whole numbers, 3 floats), bits a sample and channels.
fn wav(coding: u16, bits: u16, channels: u16, rate: u32) -> Vec<u8> {
    let width = usize::from(bits / 8);
    let sample = |i: usize| ((i as f64 / 5.0).sin() * 1e9) as i32;
    let data: Vec<u8> = (0..400).flat_map(|i| sample(i).to_le_bytes()[4 - width.min(4)..].to_vec()).collect();
    let block = channels * bits / 8;
    let mut format = [coding, channels].map(u16::to_le_bytes).concat();
    format.extend(rate.to_le_bytes());
    format.extend((rate * u32::from(block)).to_le_bytes());
    format.extend([block, bits].map(u16::to_le_bytes).concat());
    let chunk = |kind: &[u8; 4], data: &[u8]| [&kind[..], &(data.len() as u32).to_le_bytes(), data].concat();
    chunk(b"RIFF", &[&b"WAVE"[..], &chunk(b"fmt ", &format), &chunk(b"data", &data)].concat())
}

pub(super) fn sounds() -> Vec<Seed> {
    let mut seeds: Vec<Seed> = TONES.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect();
    for (coding, bits, channels, rate) in
        [(1, 16, 1, 16_000), (1, 16, 2, 44_100), (1, 24, 1, 8_000), (3, 32, 1, 48_000), (1, 8, 3, 96_000)]
    {
        seeds.push((format!("{coding}_{bits}_{channels}_{rate}.wav"), wav(coding, bits, channels, rate)));
    }
    seeds
}

pub(super) fn clips() -> Vec<Seed> {
    let frame = |side: u8, grey: u8| [vec![side - 1; 2], vec![grey; usize::from(side).pow(2) * 3]].concat();
    let clip = |sides: &[u8]| sides.iter().map(|side| frame(*side, side * 9)).collect::<Vec<_>>().concat();
    vec![("still".into(), clip(&[8, 8, 8])), ("sizes".into(), clip(&[3, 16, 1])), ("one".into(), clip(&[20]))]
}
