//! Small pictures for lists, as JPEG.

use super::Picture;
use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;

/// Quality of the file, 1 to 100: artefacts do not show at the size of a thumbnail.
const QUALITY: u8 = 82;

/// The picture on a white square of so many pixels a side, as JPEG of some 1 to 4 KB; `None` for a side of 0 or above
/// 1,024.
pub fn thumbnail(picture: &Picture, side: u32) -> Option<Vec<u8>> {
    if !(1..=1_024).contains(&side) {
        return None;
    }
    let small = picture.fitted(side, side);
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, QUALITY);
    image::ImageEncoder::write_image(encoder, small.rgb(), side, side, ExtendedColorType::Rgb8).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::{PictureParams, decode};
    use super::*;

    #[test]
    fn a_wide_picture_stands_on_a_white_square() {
        let wide = Picture::from_rgb(200, 100, [200, 30, 30].repeat(200 * 100)).unwrap();
        let bytes = thumbnail(&wide, 64).unwrap();
        assert!(bytes.len() < 4_000, "{}", bytes.len());
        let back = decode(&bytes, &PictureParams::default()).unwrap();
        assert_eq!((back.width(), back.height()), (64, 64));
        let near = |pixel: [u8; 3], like: [u8; 3]| pixel.iter().zip(like).all(|(a, b)| a.abs_diff(b) < 12);
        assert!(near(back.pixels()[0], [255; 3]), "{:?}", back.pixels()[0]);
        assert!(near(back.pixels()[64 * 32 + 32], [200, 30, 30]), "{:?}", back.pixels()[64 * 32 + 32]);
        assert_eq!(thumbnail(&wide, 0), None);
    }
}
