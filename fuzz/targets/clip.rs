//! Frames of a video: two bytes of size and then the pixels, frame after frame.
#![no_main]

use content::picture::{Colours, Picture};
use content::video::{ClipShape, Motion};
use libfuzzer_sys::fuzz_target;
use portolan_fuzz::watch;

fn frames(mut bytes: &[u8]) -> Vec<Picture> {
    let mut found = Vec::new();
    while let [wide, high, rest @ ..] = bytes {
        let (wide, high) = (u32::from(*wide % 48) + 1, u32::from(*high % 48) + 1);
        let Some((pixels, rest)) = rest.split_at_checked((wide * high * 3) as usize) else { break };
        found.extend(Picture::from_rgb(wide, high, pixels.to_vec()));
        bytes = rest;
    }
    found
}

fuzz_target!(init: watch::start(), |bytes: &[u8]| {
    let frames = frames(bytes);
    for pair in frames.windows(2) {
        let motion = Motion::between(&pair[0], &pair[1]);
        assert!([motion.change, motion.moving, motion.length].iter().all(|x| x.is_finite()));
    }
    let n = frames.len();
    let clip = watch::within(32, || ClipShape::new(Colours).of(frames));
    assert_eq!(clip.is_some(), n > 0);
    assert!(clip.is_none_or(|row| row.iter().all(|x| x.is_finite())));
});
