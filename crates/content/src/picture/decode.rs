//! Bytes of a file become a picture, or a reason why not.
//!
//! The format is told by the first bytes, never by a name. Width, height and memory are read from the header and
//! compared with the limits before a pixel is unpacked, so that a small file cannot ask for much memory. Turned pictures
//! (EXIF) are turned back, what is transparent lies on white as in a shop, sixteen bits become eight, inks (CMYK) and
//! palettes become red, green and blue, of an animation the first frame is taken. A decoder that breaks down over a file
//! costs that file and nothing else. Cost: that of the decoder; memory at most `max_memory` and the result.

use super::Picture;
use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use std::io::Cursor;
use std::panic::AssertUnwindSafe;

/// What is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureParams {
    /// Bytes of a file at most.
    pub max_bytes: usize,
    /// Pixels of a side at most.
    pub max_side: u32,
    /// Pixels at most.
    pub max_pixels: u64,
    /// Bytes a decoder may ask for at most.
    pub max_memory: u64,
}

impl Default for PictureParams {
    fn default() -> Self {
        Self { max_bytes: 64 << 20, max_side: 20_000, max_pixels: 64_000_000, max_memory: 512 << 20 }
    }
}

/// Why bytes are no picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// No bytes at all.
    #[error("the file is empty")]
    Empty,
    /// A file larger than is let in.
    #[error("a file of {bytes} bytes, at most {most} are read")]
    TooManyBytes {
        /// Its size.
        bytes: usize,
        /// The limit.
        most: usize,
    },
    /// First bytes of no format that is read.
    #[error("the file begins with {first}, which is none of JPEG, PNG, WebP, GIF, BMP or TIFF")]
    Format {
        /// Its first bytes.
        first: String,
    },
    /// A picture without pixels.
    #[error("a picture of {width} × {height} pixels")]
    NoPixels {
        /// Pixels of a row.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// More pixels than are let in.
    #[error("a picture of {width} × {height} pixels, at most {max_side} a side and {max_pixels} in all are read")]
    TooLarge {
        /// Pixels of a row.
        width: u32,
        /// Rows.
        height: u32,
        /// The limit of a side.
        max_side: u32,
        /// The limit of all.
        max_pixels: u64,
    },
    /// Unpacking would take more memory than it may.
    #[error("the {format} needs more than {most} bytes of memory")]
    Memory {
        /// What it is.
        format: &'static str,
        /// The limit.
        most: u64,
    },
    /// A feature of the format that is not read.
    #[error("the {format} has something that is not read: {why}")]
    Unsupported {
        /// What it is.
        format: &'static str,
        /// What the decoder said.
        why: String,
    },
    /// Not what its format says it has to be, or cut off.
    #[error("the {format} is broken: {why}")]
    Broken {
        /// What it is.
        format: &'static str,
        /// What the decoder said.
        why: String,
    },
}

const fn name(format: ImageFormat) -> Option<&'static str> {
    match format {
        ImageFormat::Jpeg => Some("JPEG"),
        ImageFormat::Png => Some("PNG"),
        ImageFormat::WebP => Some("WebP"),
        ImageFormat::Gif => Some("GIF"),
        ImageFormat::Bmp => Some("BMP"),
        ImageFormat::Tiff => Some("TIFF"),
        _ => None,
    }
}

/// Reads a picture.
///
/// # Errors
/// [`PictureError`] says why it is none, or none that is let in.
pub fn decode(bytes: &[u8], params: &PictureParams) -> Result<Picture, PictureError> {
    if bytes.is_empty() {
        return Err(PictureError::Empty);
    }
    if bytes.len() > params.max_bytes {
        return Err(PictureError::TooManyBytes { bytes: bytes.len(), most: params.max_bytes });
    }
    let guessed = image::guess_format(bytes).ok().and_then(|format| Some((format, name(format)?)));
    let Some((format, name)) = guessed else {
        let first: Vec<String> = bytes.iter().take(4).map(|b| format!("{b:02x}")).collect();
        return Err(PictureError::Format { first: first.join(" ") });
    };
    // Decoders are others' code over bytes from anywhere: one that panics has met a broken file.
    std::panic::catch_unwind(AssertUnwindSafe(|| unpack(bytes, format, name, params))).unwrap_or_else(|_| {
        Err(PictureError::Broken { format: name, why: "the decoder broke down over it".to_owned() })
    })
}

fn reason(error: &ImageError, format: &'static str, most: u64) -> PictureError {
    match error {
        ImageError::Limits(_) => PictureError::Memory { format, most },
        ImageError::Unsupported(why) => PictureError::Unsupported { format, why: why.to_string() },
        other => PictureError::Broken { format, why: other.to_string() },
    }
}

fn unpack(
    bytes: &[u8],
    format: ImageFormat,
    name: &'static str,
    params: &PictureParams,
) -> Result<Picture, PictureError> {
    let failed = |error: ImageError| reason(&error, name, params.max_memory);
    if format == ImageFormat::Tiff {
        check_directory(bytes, params.max_memory)?;
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(params.max_memory);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder().map_err(failed)?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(PictureError::NoPixels { width, height });
    }
    let PictureParams { max_side, max_pixels, .. } = *params;
    if width.max(height) > max_side || u64::from(width) * u64::from(height) > max_pixels {
        return Err(PictureError::TooLarge { width, height, max_side, max_pixels });
    }
    if decoder.total_bytes() > params.max_memory {
        return Err(PictureError::Memory { format: name, most: params.max_memory });
    }
    decoder.set_limits(limits).map_err(failed)?;
    // A broken note about turning is no reason to refuse the picture.
    let turned = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(failed)?;
    image.apply_orientation(turned);
    let (width, height) = (image.width(), image.height());
    let rgb = if image.color().has_alpha() { on_white(image) } else { image.into_rgb8().into_raw() };
    Picture::from_rgb(width, height, rgb).ok_or(PictureError::NoPixels { width, height })
}

/// Bytes that the decoder takes for one value of a TIFF's directory, whatever its type.
const TIFF_VALUE: u64 = 32;

/// The values of a TIFF's first directory lie inside the file and fit into memory. The decoder makes room for as many as an entry says
/// before it reads one, and counts a byte for what takes thirty-two: 600 bytes could ask for gigabytes (TIFF 6.0, section 2).
fn check_directory(bytes: &[u8], max_memory: u64) -> Result<(), PictureError> {
    let little = bytes.starts_with(b"II");
    let number = |at: usize, width: usize| -> Option<u64> {
        let part = bytes.get(at..at.checked_add(width)?)?;
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        Some(if little { part.iter().rev().fold(0, add) } else { part.iter().fold(0, add) })
    };
    let broken = |why: &str| PictureError::Broken { format: "TIFF", why: why.to_owned() };
    let first = number(4, 4).ok_or_else(|| broken("it ends before its directory"))? as usize;
    let n = number(first, 2).ok_or_else(|| broken("its directory lies outside of it"))? as usize;
    let mut values = 0_u64;
    for entry in (0..n).map(|entry| first + 2 + 12 * entry) {
        // A directory that ends early is the decoder's to refuse.
        let (Some(kind), Some(count)) = (number(entry + 2, 2), number(entry + 4, 4)) else { break };
        let width = match kind {
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 | 16..=18 => 8,
            _ => 1,
        };
        if count * width > bytes.len() as u64 {
            return Err(broken("an entry of its directory has more values than the file has bytes"));
        }
        values += count;
    }
    if values * TIFF_VALUE > max_memory {
        return Err(PictureError::Memory { format: "TIFF", most: max_memory });
    }
    Ok(())
}

/// What is transparent lies on white.
fn on_white(image: DynamicImage) -> Vec<u8> {
    debug_assert!(!matches!(image.color(), ColorType::Rgb8 | ColorType::L8));
    let rgba = image.into_rgba8().into_raw();
    let pixel = |[r, g, b, a]: &[u8; 4]| {
        let (there, white) = (u32::from(*a), 255 * (255 - u32::from(*a)));
        [r, g, b].map(|c| ((u32::from(*c) * there + white + 127) / 255) as u8)
    };
    rgba.as_chunks::<4>().0.iter().flat_map(pixel).collect()
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
