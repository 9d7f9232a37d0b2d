//! Files as sounds: WAV, MP3, Ogg Vorbis, FLAC. However long a file says it is, two seconds are read.
#![no_main]

use content::sound::{MelParams, SoundParams, decode};
use libfuzzer_sys::fuzz_target;
use portolan_fuzz::watch;

const LIMITS: SoundParams = SoundParams { max_bytes: 1 << 20, max_seconds: 2.0, max_broken: 64 };

fuzz_target!(init: watch::start(), |bytes: &[u8]| {
    let Ok(sound) = watch::within(64, || decode(bytes, &LIMITS)) else { return };
    assert!(!sound.samples().is_empty() && sound.samples().iter().all(|s| s.is_finite()));
    assert!(sound.seconds() <= LIMITS.max_seconds + 0.01, "{} seconds", sound.seconds());
    let frames = MelParams::default().spectrum(&sound).expect("the usual parameters");
    assert!(frames.rows().flatten().all(|x| x.is_finite()));
});
