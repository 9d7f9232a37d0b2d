//! Files as pictures: JPEG, PNG, WebP, GIF, BMP, TIFF, animations among them. What comes out keeps the limits and can be described.
#![no_main]

use content::media::{HEAD, kind_of};
use content::picture::{Colours, Edges, Picture, PictureParams, PicturePrint, decode, thumbnail};
use content::{Encode, Vectors};
use libfuzzer_sys::fuzz_target;
use portolan_fuzz::watch;

const LIMITS: PictureParams =
    PictureParams { max_bytes: 1 << 20, max_side: 4_096, max_pixels: 1 << 20, max_memory: 16 << 20 };

fn finite(vectors: &Vectors) -> bool {
    vectors.values().iter().all(|x| x.is_finite())
}

fuzz_target!(init: watch::start(), |bytes: &[u8]| {
    let _ = kind_of(&bytes[..bytes.len().min(HEAD)], "a.jpg");
    // The decoder's memory, and a few bytes a pixel for what it gives.
    let Ok(picture) = watch::within(32, || decode(bytes, &LIMITS)) else { return };
    let pixels = u64::from(picture.width()) * u64::from(picture.height());
    assert!(pixels > 0 && pixels <= LIMITS.max_pixels && picture.width().max(picture.height()) <= LIMITS.max_side);
    if pixels <= 1 << 14 {
        let one: [Option<&Picture>; 1] = [Some(&picture)];
        assert!(finite(&Colours.encode(&one)) && finite(&Edges.encode(&one)));
        let print = PicturePrint::of(&picture);
        assert_eq!(PicturePrint::from_bytes(&print.to_bytes()), print);
        thumbnail(&picture, 32);
    }
});
