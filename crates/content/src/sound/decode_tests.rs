//! Files that this test writes itself or that lie in `tests/data`, as they are and damaged.

use super::*;
use domain::Rng;
use proptest::prelude::*;

const MP3: &[u8] = include_bytes!("../../tests/data/tone.mp3");
const OGG: &[u8] = include_bytes!("../../tests/data/tone.ogg");
const FLAC: &[u8] = include_bytes!("../../tests/data/tone.flac");

/// Interleaved samples as a WAV of 16 bits.
fn wav(rate: u32, channels: u16, samples: &[f32]) -> Vec<u8> {
    let data: Vec<u8> = samples.iter().flat_map(|s| ((s * 32_767.0) as i16).to_le_bytes()).collect();
    let mut out = b"RIFF".to_vec();
    out.extend((36 + data.len() as u32).to_le_bytes());
    out.extend(b"WAVEfmt \x10\0\0\0\x01\0");
    out.extend(channels.to_le_bytes());
    out.extend(rate.to_le_bytes());
    out.extend((rate * u32::from(channels) * 2).to_le_bytes());
    out.extend((channels * 2).to_le_bytes());
    out.extend(b"\x10\0data");
    out.extend((data.len() as u32).to_le_bytes());
    out.extend(data);
    out
}

fn tone(rate: u32, pitch: f64, n: usize) -> Vec<f32> {
    let turn = |t: usize| 2.0 * std::f64::consts::PI * pitch * t as f64 / f64::from(rate);
    (0..n).map(|t| (0.5 * turn(t).sin()) as f32).collect()
}

fn read(bytes: &[u8]) -> Sound {
    decode(bytes, &SoundParams::default()).unwrap()
}

/// The strength of a pitch in the middle of a sound, 1 for a wave of height 1.
fn strength(sound: &Sound, pitch: f64) -> f64 {
    let middle = &sound.samples()[sound.samples().len() / 4..sound.samples().len() * 3 / 4];
    let (mut re, mut im) = (0.0, 0.0);
    for (t, s) in middle.iter().enumerate() {
        let turn = 2.0 * std::f64::consts::PI * pitch * t as f64 / 16_000.0;
        (re, im) = (re + f64::from(*s) * turn.cos(), im + f64::from(*s) * turn.sin());
    }
    2.0 * re.hypot(im) / middle.len() as f64
}

#[test]
fn a_wav_at_the_common_rate_is_read_as_it_is() {
    let samples = tone(16_000, 440.0, 1_600);
    let sound = read(&wav(16_000, 1, &samples));
    assert_eq!(sound.samples().len(), 1_600);
    assert!(sound.samples().iter().zip(&samples).all(|(a, b)| (a - b).abs() < 1e-4));
    assert_eq!((sound.seconds(), sound.n_broken()), (0.1, 0));
}

#[test] // Left 0.5, right −0.1: 0.2.
fn channels_are_averaged() {
    let sound = read(&wav(16_000, 2, &[0.5, -0.1].repeat(500)));
    assert_eq!(sound.samples().len(), 500);
    assert!(sound.samples().iter().all(|s| (s - 0.2).abs() < 1e-3));
}

#[test]
fn another_rate_keeps_the_pitch_and_leaves_out_what_it_cannot_hold() {
    for rate in [8_000, 11_025, 44_100, 48_000] {
        let sound = read(&wav(rate, 1, &tone(rate, 1_000.0, rate as usize / 2)));
        assert!((sound.seconds() - 0.5).abs() < 1e-3, "{rate}");
        assert!((strength(&sound, 1_000.0) - 0.5).abs() < 0.005, "{rate}: {}", strength(&sound, 1_000.0));
    }
    // 11,000 Hz would come back as 5,000 Hz.
    let high = read(&wav(44_100, 1, &tone(44_100, 11_000.0, 22_050)));
    assert!(strength(&high, 5_000.0) < 1e-3, "{}", strength(&high, 5_000.0));
}

#[test]
fn every_coding_gives_the_tone_that_was_written() {
    for (name, bytes) in [("mp3", MP3), ("ogg", OGG), ("flac", FLAC)] {
        let sound = read(bytes);
        assert!((0.28..0.42).contains(&sound.seconds()), "{name}: {}", sound.seconds());
        assert!((strength(&sound, 440.0) - 0.5).abs() < 0.05, "{name}: {}", strength(&sound, 440.0));
    }
}

#[test]
fn a_long_sound_is_read_as_far_as_is_asked() {
    let params = SoundParams { max_seconds: 0.25, ..SoundParams::default() };
    assert_eq!(decode(&wav(16_000, 1, &vec![0.1; 16_000]), &params).unwrap().samples().len(), 4_000);
}

#[test]
fn what_is_no_sound_says_so() {
    let refused = |bytes: &[u8]| decode(bytes, &SoundParams::default()).unwrap_err();
    assert_eq!(refused(b""), SoundError::Empty);
    assert!(matches!(refused(b"<html>nothing to hear</html>"), SoundError::Format { .. }));
    assert!(matches!(refused(&wav(16_000, 1, &[])), SoundError::Silent | SoundError::Broken { .. }));
    let none = wav(16_000, 1, &[0.1; 100]);
    assert!(matches!(refused(&none[..30]), SoundError::Format { .. }));
    let small = SoundParams { max_bytes: 10, ..SoundParams::default() };
    assert_eq!(decode(&none, &small), Err(SoundError::TooManyBytes { bytes: none.len(), most: 10 }));
    assert!(matches!(refused(&wav(10, 1, &[0.1; 100])), SoundError::Rate { rate: 10 }));
    // A header that promises more than there is: what is there is read.
    let cut = &none[..none.len() - 100];
    assert!(decode(cut, &SoundParams::default()).map_or(true, |s| s.samples().len() <= 50));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn damaged_files_end_in_a_sound_or_a_reason(which in 0_usize..4, seed in 0_u64..1_000_000, n in 1_usize..12) {
        let own = wav(22_050, 2, &tone(22_050, 440.0, 2_000));
        let mut bytes = [MP3, OGG, FLAC, &own][which].to_vec();
        let mut rng = Rng::new(seed);
        for _ in 0..n {
            let within = if rng.uniform() < 0.5 { bytes.len().min(80) } else { bytes.len() };
            match (rng.below(4), within) {
                (_, 0) => {}
                (0, _) => bytes[rng.below(within)] = [0, 0xFF, 0x7F, 0x80][rng.below(4)],
                (1, _) => bytes[rng.below(within)] ^= 1 << rng.below(8),
                (2, _) => { bytes.truncate(bytes.len() - rng.below(bytes.len().min(200))); }
                _ => { let at = rng.below(within); bytes.insert(at, rng.below(256) as u8); }
            }
        }
        let params = SoundParams { max_seconds: 2.0, ..SoundParams::default() };
        if let Ok(sound) = decode(&bytes, &params) {
            prop_assert!(sound.seconds() <= 2.01 && sound.samples().iter().all(|s| s.is_finite()));
        }
    }
}
