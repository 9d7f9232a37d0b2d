//! Files that this test draws itself, as they are and damaged.

use super::*;
use domain::Rng;
use image::codecs::gif::GifEncoder;
use image::{Frame, ImageBuffer, Luma, LumaA, Rgb, Rgba, RgbaImage};
use proptest::prelude::*;

const FORMATS: [ImageFormat; 6] =
    [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif, ImageFormat::Bmp, ImageFormat::Tiff];

fn file(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut to = Cursor::new(Vec::new());
    image.into().write_to(&mut to, format).unwrap();
    to.into_inner()
}

/// A slope of colours with a dark square, 24 × 16.
fn sample() -> ImageBuffer<Rgb<u8>, Vec<u8>> {
    ImageBuffer::from_fn(24, 16, |x, y| {
        if x > 8 && x < 14 && y > 4 && y < 10 { Rgb([20, 30, 40]) } else { Rgb([200, (x * 8) as u8, (y * 12) as u8]) }
    })
}

fn read(bytes: &[u8]) -> Picture {
    decode(bytes, &PictureParams::default()).unwrap()
}

fn refused(bytes: &[u8]) -> PictureError {
    decode(bytes, &PictureParams::default()).unwrap_err()
}

#[test]
fn every_format_gives_back_what_was_drawn() {
    let drawn = sample();
    for format in FORMATS {
        let picture = read(&file(drawn.clone(), format));
        assert_eq!((picture.width(), picture.height()), (24, 16), "{format:?}");
        // JPEG loses a little, GIF has a palette; the others keep every bit.
        let most = match format {
            ImageFormat::Jpeg | ImageFormat::Gif => 60,
            _ => 0,
        };
        let apart = picture.rgb().iter().zip(drawn.as_raw()).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(apart <= Some(most), "{format:?}: {apart:?}");
    }
}

#[test]
fn grey_sixteen_bits_and_what_is_transparent_become_rgb_on_white() {
    let grey = ImageBuffer::from_pixel(2, 2, Luma([100_u8]));
    assert_eq!(read(&file(grey, ImageFormat::Png)).pixels()[0], [100; 3]);
    let deep = ImageBuffer::from_pixel(2, 2, Rgb([65_535_u16, 32_896, 0]));
    assert_eq!(read(&file(deep, ImageFormat::Png)).pixels()[0], [255, 128, 0]);
    let clear = ImageBuffer::from_pixel(2, 2, Rgba([200_u8, 0, 0, 0]));
    assert_eq!(read(&file(clear, ImageFormat::Png)).pixels()[0], [255; 3]);
    // 100 · 0.2 + 255 · 0.8 = 224.
    let half = ImageBuffer::from_pixel(2, 2, LumaA([100_u8, 51]));
    assert_eq!(read(&file(half, ImageFormat::Png)).pixels()[0], [224; 3]);
    let deep = ImageBuffer::from_pixel(2, 2, LumaA([0_u16, 0]));
    assert_eq!(read(&file(deep, ImageFormat::Png)).pixels()[0], [255; 3]);
}

#[test]
fn inks_become_light() {
    let cyan: Vec<u8> = [255, 0, 0, 0].repeat(16 * 16);
    let mut bytes = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut bytes, 95);
    encoder.encode(&cyan, 16, 16, jpeg_encoder::ColorType::Cmyk).unwrap();
    let [r, g, b] = read(&bytes).pixels()[100];
    assert!(r < 40 && g > 150 && b > 150, "{r} {g} {b}");
}

#[test]
fn of_an_animation_the_first_frame_is_taken() {
    let mut bytes = Vec::new();
    let mut to = GifEncoder::new(&mut bytes);
    for colour in [[250, 0, 0, 255], [0, 250, 0, 255]] {
        to.encode_frame(Frame::new(RgbaImage::from_pixel(4, 4, Rgba(colour)))).unwrap();
    }
    drop(to);
    let [r, g, _] = read(&bytes).pixels()[0];
    assert!(r > 200 && g < 50);
}

/// The data of a PNG's only `IDAT`.
fn idat(png: &[u8]) -> Vec<u8> {
    let mut at = 8;
    loop {
        let n = u32::from_be_bytes(png[at..at + 4].try_into().unwrap()) as usize;
        if &png[at + 4..at + 8] == b"IDAT" {
            return png[at + 8..at + 8 + n].to_vec();
        }
        at += n + 12;
    }
}

/// A PNG of two frames (`acTL`, `fcTL`, `fdAT` of APNG 1.0). The picture that a program without animations shows is the first frame, or,
/// where no `fcTL` stands before it, one that belongs to no frame: shops put "please update" there, and it is what is read.
fn apng(first: [u8; 4], second: [u8; 4], first_is_a_frame: bool) -> Vec<u8> {
    let [first, second] =
        [first, second].map(|colour| file(RgbaImage::from_pixel(4, 4, Rgba(colour)), ImageFormat::Png));
    let control = |number: u32| {
        chunk(b"fcTL", &[&[number, 4, 4, 0, 0].map(u32::to_be_bytes).concat()[..], &[0, 10, 0, 100, 0, 0]].concat())
    };
    let n_frames = 1 + u8::from(first_is_a_frame);
    let mut bytes = [&first[..33], &chunk(b"acTL", &[0, 0, 0, n_frames, 0, 0, 0, 0])].concat();
    let mut number = 0;
    if first_is_a_frame {
        bytes.extend(control(0));
        number = 1;
    }
    bytes.extend(chunk(b"IDAT", &idat(&first)));
    bytes.extend(control(number));
    bytes.extend(chunk(b"fdAT", &[&(number + 1).to_be_bytes()[..], &idat(&second)].concat()));
    bytes.extend(chunk(b"IEND", b""));
    bytes
}

#[test]
fn of_an_animated_png_the_first_picture_is_taken() {
    let (red, green) = ([250, 0, 0, 255], [0, 250, 0, 255]);
    for first_is_a_frame in [true, false] {
        let picture = read(&apng(red, green, first_is_a_frame));
        assert_eq!((picture.width(), picture.pixels()[0]), (4, [250, 0, 0]), "{first_is_a_frame}");
    }
    // What comes after the first picture is not looked at: a second frame that is broken costs nothing.
    let mut bytes = apng(red, green, true);
    let at = bytes.len() - 30;
    bytes[at] ^= 0xFF;
    assert_eq!(read(&bytes).pixels()[0], [250, 0, 0]);
}

/// A piece of a RIFF file, of even length.
fn piece(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    [&kind[..], &(data.len() as u32).to_le_bytes(), data, &[0][..data.len() % 2]].concat()
}

/// A WebP of frames of 4 × 4 pixels (`VP8X`, `ANIM`, `ANMF`), each coded without loss.
fn animated_webp(colours: &[[u8; 4]]) -> Vec<u8> {
    let three = |n: u32| n.to_le_bytes()[..3].to_vec();
    let frame = |colour: &[u8; 4]| {
        let whole = file(RgbaImage::from_pixel(4, 4, Rgba(*colour)), ImageFormat::WebP);
        let head = [three(0), three(0), three(3), three(3), three(100), vec![0b10]].concat();
        piece(b"ANMF", &[&head[..], &whole[12..]].concat())
    };
    let canvas = piece(b"VP8X", &[vec![0b0001_0010, 0, 0, 0], three(3), three(3)].concat());
    let frames = colours.iter().map(frame).collect::<Vec<_>>().concat();
    piece(b"RIFF", &[&b"WEBP"[..], &canvas, &piece(b"ANIM", &[0; 6]), &frames].concat())
}

#[test]
fn of_an_animated_webp_the_first_frame_is_taken_and_one_without_frames_is_refused() {
    let moving = animated_webp(&[[250, 0, 0, 255], [0, 250, 0, 255]]);
    let picture = read(&moving);
    assert_eq!((picture.width(), picture.height(), picture.pixels()[0]), (4, 4, [250, 0, 0]));
    // What is transparent lies on white here too.
    assert_eq!(read(&animated_webp(&[[250, 0, 0, 0], [0, 250, 0, 255]])).pixels()[0], [255; 3]);
    assert!(matches!(refused(&animated_webp(&[])), PictureError::Broken { format: "WebP", .. }));
    assert!(matches!(refused(&moving[..60]), PictureError::Broken { format: "WebP", .. }));
}

/// A note of EXIF that says how the camera was held: one entry, tag 0x0112.
fn held(jpeg: &[u8], how: u8) -> Vec<u8> {
    let mut note = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    note.extend([how, 0, 0, 0, 0, 0, 0, 0]);
    let mut out = jpeg[..2].to_vec();
    out.extend([0xFF, 0xE1, 0, note.len() as u8 + 2]);
    out.extend(note);
    out.extend(&jpeg[2..]);
    out
}

#[test]
fn a_turned_camera_is_turned_back() {
    let jpeg = file(sample(), ImageFormat::Jpeg);
    let (plain, turned) = (read(&jpeg), read(&held(&jpeg, 6)));
    assert_eq!((turned.width(), turned.height()), (16, 24));
    // Turned a quarter to the right: the left lower corner comes to the left upper one.
    assert_eq!(turned.pixels()[0], plain.pixels()[15 * 24]);
    assert_eq!(read(&held(&jpeg, 99)), plain, "a note without a meaning turns nothing");
}

/// The header of a PNG with another size; its checksum is made right.
fn sized(png: &[u8], width: u32, height: u32) -> Vec<u8> {
    let mut out = png.to_vec();
    out[16..20].copy_from_slice(&width.to_be_bytes());
    out[20..24].copy_from_slice(&height.to_be_bytes());
    let crc = out[12..29].iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| if c & 1 == 1 { c >> 1 ^ 0xEDB8_8320 } else { c >> 1 })
    });
    out[29..33].copy_from_slice(&(!crc).to_be_bytes());
    out
}

#[test]
fn bombs_are_refused_by_their_header() {
    let png = file(sample(), ImageFormat::Png);
    assert_eq!(sized(&png, 24, 16), png);
    let params = PictureParams::default();
    let huge = refused(&sized(&png, 60_000, 60_000));
    let (max_side, max_pixels) = (params.max_side, params.max_pixels);
    assert_eq!(huge, PictureError::TooLarge { width: 60_000, height: 60_000, max_side, max_pixels });
    assert!(matches!(refused(&sized(&png, 19_000, 19_000)), PictureError::TooLarge { .. }));
    assert!(decode(&sized(&png, u32::MAX, u32::MAX), &params).is_err());
    assert!(decode(&sized(&png, 0, 16), &params).is_err());
    let tight = PictureParams { max_memory: 1_000, ..params };
    assert!(matches!(decode(&png, &tight), Err(PictureError::Memory { format: "PNG", .. })));
    let small = PictureParams { max_bytes: 50, ..params };
    assert_eq!(decode(&png, &small), Err(PictureError::TooManyBytes { bytes: png.len(), most: 50 }));
}

/// The decoder makes room for as many values as a directory says: found by fuzzing, where a file of 589 bytes took 118 MB.
#[test]
fn a_tiff_that_says_it_has_more_values_than_bytes_is_refused() {
    let tiff = file(sample(), ImageFormat::Tiff);
    let first = u32::from_le_bytes(tiff[4..8].try_into().unwrap()) as usize;
    let n = usize::from(u16::from_le_bytes(tiff[first..first + 2].try_into().unwrap()));
    assert!(tiff.starts_with(b"II") && n > 8);
    for entry in (0..n).map(|entry| first + 2 + 12 * entry) {
        let mut bytes = tiff.clone();
        bytes[entry + 4..entry + 8].copy_from_slice(&3_866_625_u32.to_le_bytes());
        assert!(matches!(refused(&bytes), PictureError::Broken { format: "TIFF", .. }));
    }
    // As many as the file has bytes are let through, but not past the limit of memory.
    let mut bytes = tiff.clone();
    bytes[first + 2 + 4..first + 2 + 8].copy_from_slice(&(tiff.len() as u32 / 4).to_le_bytes());
    let tight = PictureParams { max_memory: 4_000, ..PictureParams::default() };
    assert_eq!(decode(&bytes, &tight), Err(PictureError::Memory { format: "TIFF", most: 4_000 }));
    for cut in 2..tiff.len().min(400) {
        let _ = decode(&tiff[..cut], &PictureParams::default());
    }
}

/// A chunk of a PNG with its checksum.
fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [&kind[..], data].concat();
    let crc = body.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| if c & 1 == 1 { c >> 1 ^ 0xEDB8_8320 } else { c >> 1 })
    });
    [&(data.len() as u32).to_be_bytes()[..], &body, &(!crc).to_be_bytes()].concat()
}

/// 256 MB of zeros as 250 KB, where a colour profile, a note, and the pixels themselves belong: what a picture of 24 × 16 needs is
/// read, and no more.
#[test]
fn bombs_behind_an_honest_header_are_not_unpacked() {
    let mut zipped = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    (0..256).for_each(|_| std::io::Write::write_all(&mut zipped, &[0; 1 << 20]).unwrap());
    let zipped = zipped.finish().unwrap();
    let png = file(sample(), ImageFormat::Png);
    let (head, rest) = png.split_at(33);
    let params = PictureParams { max_memory: 1 << 22, ..PictureParams::default() };
    for kind in [b"iCCP", b"zTXt"] {
        let note = chunk(kind, &[b"x\0\0", &zipped[..]].concat());
        match decode(&[head, &note, rest].concat(), &params) {
            Ok(picture) => assert_eq!(picture, read(&png), "the note is passed over"),
            Err(why) => assert!(!why.to_string().is_empty()),
        }
    }
    let pixels = [head, &chunk(b"IDAT", &zipped), &chunk(b"IEND", b"")].concat();
    assert!(decode(&pixels, &params).is_ok_and(|picture| picture.rgb().iter().all(|byte| *byte == 0)));
}

#[test]
fn pictures_without_a_row_or_a_column_are_refused() {
    for format in [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::Gif] {
        let mut bytes = file(sample(), format);
        // Where each format keeps the width: 4 bytes from the 16th or the 18th, 2 from the 6th of the canvas.
        match format {
            ImageFormat::Png => bytes = sized(&bytes, 0, 16),
            ImageFormat::Bmp => bytes[18..22].fill(0),
            _ => bytes[6..8].fill(0),
        }
        match decode(&bytes, &PictureParams::default()) {
            // GIF says its size once for the canvas and once for the frame, which is whole.
            Ok(picture) => assert!(picture.width() > 0 && picture.height() > 0, "{format:?}"),
            Err(why) => assert!(!why.to_string().is_empty(), "{format:?}"),
        }
    }
}

#[test]
fn what_is_no_picture_says_so() {
    assert_eq!(refused(b""), PictureError::Empty);
    assert_eq!(refused(b"<html>"), PictureError::Format { first: "3c 68 74 6d".to_owned() });
    let error = refused(b"\x89PNG\r\n\x1a\nnothing more");
    assert!(matches!(error, PictureError::Broken { format: "PNG", .. }), "{error}");
    for format in FORMATS {
        let whole = file(sample(), format);
        for part in [1, 2, 4] {
            // A cut file is refused, or read as far as it goes; never a panic.
            if let Err(error) = decode(&whole[..whole.len() * part / 5], &PictureParams::default()) {
                assert!(!error.to_string().is_empty());
            }
        }
    }
}

/// Half of a file has no whole picture: it is refused by name, but for a JPEG, whose decoder gives the rows that are there and grey
/// below them, as browsers do.
#[test]
fn half_a_file_is_refused_by_its_format() {
    for format in FORMATS {
        let noisy =
            ImageBuffer::from_fn(48, 48, |x, y| Rgb([((x * 37) ^ (y * 91)) as u8, (x * y * 13) as u8, (x * 5) as u8]));
        let whole = file(noisy, format);
        match decode(&whole[..whole.len() / 2], &PictureParams::default()) {
            Ok(picture) => assert_eq!((format, picture.width()), (ImageFormat::Jpeg, 48)),
            Err(PictureError::Broken { format: named, .. }) => assert_eq!(Some(named), name(format)),
            Err(other) => panic!("{format:?}: {other}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]
    #[test]
    fn damaged_files_end_in_a_picture_or_a_reason(which in 0_usize..6, seed in 0_u64..1_000_000, n in 1_usize..12) {
        let mut bytes = file(sample(), FORMATS[which]);
        let mut rng = Rng::new(seed);
        for _ in 0..n {
            // Headers are where damage leads furthest.
            let within = if rng.uniform() < 0.5 { bytes.len().min(64) } else { bytes.len() };
            match (rng.below(4), within) {
                (_, 0) => {}
                (0, _) => bytes[rng.below(within)] = [0, 0xFF, 0x7F, 0x80][rng.below(4)],
                (1, _) => bytes[rng.below(within)] ^= 1 << rng.below(8),
                (2, _) => { bytes.truncate(bytes.len() - rng.below(bytes.len().min(40))); }
                _ => { let at = rng.below(within); bytes.insert(at, rng.below(256) as u8); }
            }
        }
        let params = PictureParams { max_pixels: 1 << 20, max_memory: 1 << 24, ..PictureParams::default() };
        if let Ok(picture) = decode(&bytes, &params) {
            prop_assert!(u64::from(picture.width()) * u64::from(picture.height()) <= params.max_pixels);
        }
    }

    #[test]
    fn bytes_at_random_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..300), which in 0_usize..6) {
        let head = [&b"\xFF\xD8\xFF\xE0"[..], b"\x89PNG\r\n\x1a\n", b"RIFF\x40\0\0\0WEBP", b"GIF89a", b"BM", b"II*\0"][which];
        let all = [head, &bytes].concat();
        let params = PictureParams { max_pixels: 1 << 20, max_memory: 1 << 24, ..PictureParams::default() };
        if let Ok(picture) = decode(&all, &params) {
            prop_assert!(u64::from(picture.width()) * u64::from(picture.height()) <= params.max_pixels);
        }
    }
}
