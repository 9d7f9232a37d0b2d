//! Against numbers that librosa 0.11.0 (numpy 2.4.6, scipy 1.17.1) gave for the sound of [`chirp`]:
//! `melspectrogram(sr=16000, n_fft=512, hop_length=160, win_length=400, window='hann', center=True,
//! pad_mode='constant', power=2, n_mels=64, fmin=0, fmax=8000)`, `power_to_db(ref=1, amin=1e-10, top_db=None)`,
//! `mfcc(S=…, n_mfcc=20)`. Tolerance: 0.01 decibels.

use super::*;

/// Half a second from 300 Hz upwards with a hum of 120 Hz.
fn chirp() -> Sound {
    let sample = |t: usize| {
        let s = t as f64 / 16_000.0;
        let turn = |cycles: f64| (2.0 * std::f64::consts::PI * cycles).sin();
        (0.5 * turn(300.0 * s + 3_000.0 * s * s) + 0.1 * turn(120.0 * s)) as f32
    };
    Sound::from_samples((0..8_000).map(sample).collect()).unwrap()
}

fn check(frames: &Frames, frame: usize, want: &[(usize, f32)]) {
    let row = frames.rows().nth(frame).unwrap();
    for (at, want) in want {
        assert!((row[*at] - want).abs() < 0.01, "frame {frame}, number {at}: {} and not {want}", row[*at]);
    }
}

#[test]
fn the_spectrum_is_librosas() {
    let frames = MelParams::default().spectrum(&chirp()).unwrap();
    assert_eq!((frames.width(), frames.rows().count()), (64, 51));
    check(&frames, 0, &[(0, 2.2449), (7, 10.4805), (20, -21.0979), (41, -38.731), (63, -50.8526)]);
    check(&frames, 10, &[(0, -12.1149), (7, -51.8609), (20, 8.3713)]);
    check(&frames, 50, &[(0, -4.1967), (7, -36.1045), (20, -24.373), (41, -14.4703), (63, -29.2673)]);
}

#[test]
fn the_cepstrum_is_librosas() {
    let frames = MelParams::default().cepstrum(&chirp()).unwrap();
    assert_eq!((frames.width(), frames.rows().count()), (20, 51));
    check(&frames, 0, &[(0, -222.8417), (1, 138.8907), (2, 26.8908), (7, -6.0545), (19, 4.4805)]);
    check(&frames, 50, &[(0, -164.7416), (1, -12.1621), (2, -10.0586), (7, 2.248), (19, -3.4058)]);
}

#[test]
fn a_tone_is_loudest_in_its_band_and_silence_lies_on_the_floor() {
    let tone = |t: usize| (2.0 * std::f64::consts::PI * 1_000.0 * t as f64 / 16_000.0).sin() as f32;
    let frames = MelParams::default().spectrum(&Sound::from_samples((0..4_000).map(tone).collect()).unwrap()).unwrap();
    let row = frames.rows().nth(10).unwrap();
    let loudest = (0..64).max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap();
    let middle = hertz(mel(8_000.0) * (loudest + 1) as f64 / 65.0);
    assert!((middle - 1_000.0).abs() < 60.0, "{middle}");
    let still = MelParams::default().spectrum(&Sound::from_samples(vec![0.0; 500]).unwrap()).unwrap();
    assert!(still.rows().flatten().all(|v| *v == -100.0));
}

#[test]
fn parameters_outside_their_range_are_named() {
    let wrong = |n_mels, n_cepstra| MelParams { n_mels, n_cepstra }.spectrum(&chirp()).unwrap_err().to_string();
    assert_eq!(wrong(4, 4), "n_mels is 4, it has to be 8 to 128");
    assert_eq!(wrong(16, 17), "n_cepstra is 17, it has to be 2 to n_mels");
}
