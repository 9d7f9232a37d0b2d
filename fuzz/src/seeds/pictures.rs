//! A drawing in every format, bit depth and sort of animation that is read.

use super::Seed;
use image::codecs::gif::GifEncoder;
use image::{DynamicImage, Frame, ImageBuffer, ImageFormat, Luma, LumaA, Rgb, Rgba, RgbaImage};
use std::io::Cursor;

fn file(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut to = Cursor::new(Vec::new());
    image.into().write_to(&mut to, format).expect("a drawing that every format takes");
    to.into_inner()
}

fn drawing() -> ImageBuffer<Rgb<u8>, Vec<u8>> {
    ImageBuffer::from_fn(24, 16, |x, y| Rgb([200, (x * 8) as u8, (y * 12) as u8]))
}

/// Two frames of one colour each.
fn frames() -> [RgbaImage; 2] {
    [[250, 0, 0, 255], [0, 250, 0, 128]].map(|colour| RgbaImage::from_pixel(12, 8, Rgba(colour)))
}

fn crc(bytes: &[u8]) -> [u8; 4] {
    crc32fast::hash(bytes).to_be_bytes()
}

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [&kind[..], data].concat();
    [&(data.len() as u32).to_be_bytes()[..], &body, &crc(&body)].concat()
}

/// The data of a PNG's only `IDAT`.
fn idat(png: &[u8]) -> Vec<u8> {
    let mut at = 8;
    while let Some(head) = png.get(at..at + 8) {
        let n = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        if &head[4..] == b"IDAT" {
            return png[at + 8..at + 8 + n].to_vec();
        }
        at += n + 12;
    }
    Vec::new()
}

/// A PNG with a second frame (`acTL`, `fcTL`, `fdAT`; the specification of APNG 1.0).
fn apng() -> Vec<u8> {
    let [first, second] = frames().map(|frame| file(frame, ImageFormat::Png));
    let control = |number: u32| {
        let size = [number, 12, 8, 0, 0].map(u32::to_be_bytes).concat();
        chunk(b"fcTL", &[&size[..], &[0, 10, 0, 100, 0, 0]].concat())
    };
    let second = [&2_u32.to_be_bytes()[..], &idat(&second)].concat();
    let parts = [
        first[..33].to_vec(),
        chunk(b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]),
        control(0),
        chunk(b"IDAT", &idat(&first)),
        control(1),
        chunk(b"fdAT", &second),
        chunk(b"IEND", b""),
    ];
    parts.concat()
}

fn riff(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let padding = &[0][..data.len() % 2];
    [&kind[..], &(data.len() as u32).to_le_bytes(), data, padding].concat()
}

/// A WebP of two frames (`VP8X`, `ANIM`, `ANMF`), each coded without loss.
fn animated_webp() -> Vec<u8> {
    let three = |n: u32| n.to_le_bytes()[..3].to_vec();
    let frame = |image: RgbaImage| {
        let whole = file(image, ImageFormat::WebP);
        let head = [three(0), three(0), three(11), three(7), three(100), vec![0]].concat();
        riff(b"ANMF", &[&head[..], &whole[12..]].concat())
    };
    let size = [vec![0b0001_0010, 0, 0, 0], three(11), three(7)].concat();
    let body = [riff(b"VP8X", &size), riff(b"ANIM", &[0; 6]), frames().map(frame).concat()].concat();
    riff(b"RIFF", &[&b"WEBP"[..], &body].concat())
}

fn animated_gif() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut to = GifEncoder::new(&mut bytes);
    for frame in frames() {
        to.encode_frame(Frame::new(frame)).expect("a frame");
    }
    drop(to);
    bytes
}

fn jpeg(progressive: bool, inks: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 80);
    encoder.set_progressive(progressive);
    let (pixels, kind) = if inks {
        ([200, 20, 0, 10].repeat(16 * 16), jpeg_encoder::ColorType::Cmyk)
    } else {
        ([200, 20, 90].repeat(16 * 16), jpeg_encoder::ColorType::Rgb)
    };
    encoder.encode(&pixels, 16, 16, kind).expect("a drawing");
    bytes
}

/// A JPEG that says that the camera was held upright (EXIF, tag 0x0112).
fn turned() -> Vec<u8> {
    let jpeg = file(drawing(), ImageFormat::Jpeg);
    let note = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    [&jpeg[..2], &[0xFF, 0xE1, 0, note.len() as u8 + 2], note, &jpeg[2..]].concat()
}

pub(super) fn all() -> Vec<Seed> {
    let formats = [
        ("plain.jpg", ImageFormat::Jpeg),
        ("plain.png", ImageFormat::Png),
        ("plain.webp", ImageFormat::WebP),
        ("plain.gif", ImageFormat::Gif),
        ("plain.bmp", ImageFormat::Bmp),
        ("plain.tiff", ImageFormat::Tiff),
    ];
    let mut seeds: Vec<(&str, Vec<u8>)> =
        formats.into_iter().map(|(name, format)| (name, file(drawing(), format))).collect();
    let deep = ImageBuffer::from_fn(9, 7, |x, y| Rgb([(x * 7_000) as u16, (y * 9_000) as u16, 40_000]));
    let clear = ImageBuffer::from_fn(9, 7, |x, y| Rgba([200_u8, 10, (y * 30) as u8, (x * 28) as u8]));
    seeds.extend([
        ("deep.png", file(deep.clone(), ImageFormat::Png)),
        ("deep.tiff", file(deep, ImageFormat::Tiff)),
        ("clear.png", file(clear.clone(), ImageFormat::Png)),
        ("clear.webp", file(clear.clone(), ImageFormat::WebP)),
        ("clear.bmp", file(clear, ImageFormat::Bmp)),
        ("grey.png", file(ImageBuffer::from_pixel(9, 7, Luma([90_u8])), ImageFormat::Png)),
        ("grey_clear.png", file(ImageBuffer::from_pixel(9, 7, LumaA([9_000_u16, 50_000])), ImageFormat::Png)),
        ("moving.png", apng()),
        ("moving.webp", animated_webp()),
        ("moving.gif", animated_gif()),
        ("progressive.jpg", jpeg(true, false)),
        ("inks.jpg", jpeg(false, true)),
        ("turned.jpg", turned()),
    ]);
    seeds.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect()
}
