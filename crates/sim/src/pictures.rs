//! Product pictures: a silhouette that tells the type, filled with the product's colour, on a
//! light ground with the brand's stripe; bigger products fill more of the frame.
//!
//! Shapes are unions of boxes and ellipses in a unit square, tested at each pixel's centre, so
//! that the bytes are the same everywhere. Cost: about 2 ms a picture with its compression.

use crate::catalogue::{COLOURS, Product};
use crate::png_file::encode_rgb;

/// Width and height of a picture, pixels.
pub const SIDE: usize = 128;

/// A part of a silhouette; `x` to the right, `y` down, both in [0, 1].
#[derive(Clone, Copy)]
enum Shape {
    /// Left, top, right, bottom.
    Block(f64, f64, f64, f64),
    /// Centre and radii.
    Round(f64, f64, f64, f64),
    /// Centre and radii, with a hole of half the radii.
    Ring(f64, f64, f64, f64),
}

use Shape::{Block, Ring, Round};

impl Shape {
    fn covers(self, x: f64, y: f64) -> bool {
        let reach = |cx: f64, cy: f64, rx: f64, ry: f64| ((x - cx) / rx).powi(2) + ((y - cy) / ry).powi(2);
        match self {
            Block(left, top, right, bottom) => (left..right).contains(&x) && (top..bottom).contains(&y),
            Round(cx, cy, rx, ry) => reach(cx, cy, rx, ry) < 1.0,
            Ring(cx, cy, rx, ry) => (0.25..1.0).contains(&reach(cx, cy, rx, ry)),
        }
    }
}

/// Body and accent of a type: the body takes the product's colour, the accent a dark or light one.
fn silhouette(kind: &str) -> (&'static [Shape], &'static [Shape]) {
    match kind {
        "air_fryer" => (
            &[Round(0.5, 0.35, 0.3, 0.25), Block(0.2, 0.35, 0.8, 0.85)],
            &[Block(0.3, 0.55, 0.7, 0.6), Round(0.5, 0.35, 0.08, 0.08)],
        ),
        "kettle" => (
            &[Round(0.45, 0.6, 0.27, 0.28), Block(0.3, 0.25, 0.6, 0.6), Block(0.15, 0.35, 0.35, 0.45)],
            &[Ring(0.76, 0.5, 0.13, 0.22), Block(0.25, 0.86, 0.66, 0.92)],
        ),
        "rice_cooker" => (&[Round(0.5, 0.6, 0.38, 0.28)], &[Block(0.15, 0.5, 0.85, 0.53), Round(0.5, 0.7, 0.1, 0.06)]),
        "blender" => (
            &[Block(0.33, 0.12, 0.67, 0.6), Block(0.28, 0.65, 0.72, 0.9)],
            &[Block(0.3, 0.08, 0.7, 0.13), Round(0.5, 0.78, 0.06, 0.06), Block(0.3, 0.6, 0.7, 0.65)],
        ),
        "toaster" => (
            &[Block(0.15, 0.42, 0.85, 0.82), Round(0.5, 0.44, 0.35, 0.1)],
            &[Block(0.27, 0.25, 0.47, 0.42), Block(0.53, 0.25, 0.73, 0.42)],
        ),
        "coffee_maker" => (
            &[Block(0.2, 0.12, 0.45, 0.9), Block(0.2, 0.12, 0.8, 0.3), Block(0.2, 0.82, 0.8, 0.9)],
            &[Round(0.63, 0.64, 0.13, 0.16), Block(0.58, 0.3, 0.68, 0.4)],
        ),
        "coffee_grinder" => {
            (&[Block(0.36, 0.4, 0.64, 0.9), Round(0.5, 0.35, 0.2, 0.15)], &[Block(0.36, 0.58, 0.64, 0.62)])
        }
        "vacuum" => (
            &[Block(0.46, 0.1, 0.54, 0.75), Block(0.3, 0.75, 0.7, 0.88), Round(0.5, 0.3, 0.13, 0.17)],
            &[Ring(0.5, 0.12, 0.12, 0.08)],
        ),
        "fan" => (
            &[Ring(0.5, 0.36, 0.32, 0.32), Block(0.47, 0.6, 0.53, 0.9), Round(0.5, 0.9, 0.22, 0.05)],
            &[Round(0.5, 0.36, 0.07, 0.07), Block(0.48, 0.1, 0.52, 0.62), Block(0.2, 0.34, 0.8, 0.38)],
        ),
        "heater" => (
            &[Block(0.28, 0.15, 0.72, 0.88)],
            &[Block(0.34, 0.25, 0.66, 0.3), Block(0.34, 0.4, 0.66, 0.45), Block(0.34, 0.55, 0.66, 0.6)],
        ),
        "humidifier" => (
            &[Round(0.5, 0.65, 0.25, 0.27), Block(0.44, 0.3, 0.56, 0.5)],
            &[Round(0.5, 0.2, 0.08, 0.05), Round(0.6, 0.13, 0.05, 0.04)],
        ),
        "air_purifier" => (
            &[Block(0.27, 0.12, 0.73, 0.9)],
            &[Ring(0.5, 0.35, 0.16, 0.16), Block(0.33, 0.62, 0.67, 0.64), Block(0.33, 0.7, 0.67, 0.72)],
        ),
        "hair_dryer" => (
            &[Round(0.45, 0.35, 0.27, 0.17), Block(0.5, 0.28, 0.88, 0.42), Block(0.38, 0.45, 0.52, 0.9)],
            &[Round(0.32, 0.35, 0.08, 0.08)],
        ),
        "hair_straightener" => {
            (&[Block(0.1, 0.36, 0.9, 0.45), Block(0.1, 0.53, 0.9, 0.62)], &[Round(0.12, 0.49, 0.07, 0.13)])
        }
        "iron" => (
            &[Block(0.12, 0.62, 0.88, 0.8), Round(0.6, 0.62, 0.28, 0.16)],
            &[Ring(0.5, 0.45, 0.26, 0.16), Block(0.12, 0.8, 0.9, 0.83)],
        ),
        "garment_steamer" => {
            (&[Block(0.4, 0.35, 0.62, 0.9), Round(0.5, 0.25, 0.28, 0.14)], &[Block(0.26, 0.22, 0.74, 0.26)])
        }
        "filter_set" => (
            &[Block(0.2, 0.25, 0.48, 0.8), Block(0.52, 0.25, 0.8, 0.8)],
            &[Block(0.26, 0.3, 0.3, 0.75), Block(0.38, 0.3, 0.42, 0.75), Block(0.6, 0.3, 0.64, 0.75)],
        ),
        _ => (
            &[Block(0.34, 0.3, 0.66, 0.88), Block(0.43, 0.15, 0.57, 0.3)],
            &[Block(0.34, 0.48, 0.66, 0.66), Block(0.42, 0.1, 0.58, 0.16)],
        ),
    }
}

const STRIPES: [[u8; 3]; 6] =
    [[18, 98, 120], [210, 150, 30], [70, 150, 200], [150, 40, 90], [90, 120, 50], [60, 60, 110]];

/// Pixels of a product's picture: `SIDE × SIDE` times red, green, blue.
pub fn pixels(product: &Product) -> Vec<u8> {
    let (body, accent) = silhouette(product.spec().name);
    let colour = COLOURS[product.colour].rgb;
    let dark = colour.iter().map(|c| u32::from(*c)).sum::<u32>() < 300;
    let accent_colour = if dark { [200, 200, 205] } else { [58, 60, 66] };
    // Typical size is drawn at 0.9 of the frame; the catalogue's sizes reach from 0.6 to 1.6 of it.
    let zoom = 0.9 * product.relative_size().mul_add(0.35, 0.0).exp();
    let mut rgb = Vec::with_capacity(SIDE * SIDE * 3);
    for row in 0..SIDE {
        for column in 0..SIDE {
            let at = |i: usize| (i as f64 + 0.5) / SIDE as f64;
            let (x, y) = ((at(column) - 0.5) / zoom + 0.5, (at(row) - 0.5) / zoom + 0.5);
            let pixel = if accent.iter().any(|s| s.covers(x, y)) {
                accent_colour
            } else if body.iter().any(|s| s.covers(x, y)) {
                // Light falls from the left: a fifth darker at the right edge.
                colour.map(|c| (f64::from(c) * (1.08 - 0.2 * x).min(1.0)) as u8)
            } else if row >= SIDE - 6 {
                STRIPES[product.brand % STRIPES.len()]
            } else {
                [244 - (row / 16) as u8, 244 - (row / 16) as u8, 247]
            };
            rgb.extend_from_slice(&pixel);
        }
    }
    rgb
}

/// A product's picture as a PNG file, 8-bit RGB.
///
/// # Errors
/// Whatever the encoder says; writing to memory gives it no reason.
pub fn png(product: &Product) -> std::io::Result<Vec<u8>> {
    encode_rgb(SIDE as u32, SIDE as u32, &pixels(product))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{Catalogue, TYPES};
    use crate::png_file::tests::decode_rgb;
    use domain::Seed;

    #[test]
    fn a_picture_decodes_to_the_pixels_it_was_made_of() {
        let product = &Catalogue::generate(60, Seed(1)).products[3];
        let file = png(product).unwrap();
        assert_eq!(decode_rgb(&file), (SIDE as u32, SIDE as u32, pixels(product)));
    }

    #[test]
    fn types_colours_and_sizes_can_be_seen() {
        let base = Catalogue::generate(60, Seed(1)).products[0].clone();
        let differs = |change: &dyn Fn(&mut Product)| {
            let mut other = base.clone();
            change(&mut other);
            let (a, b) = (pixels(&base), pixels(&other));
            a.chunks(3).zip(b.chunks(3)).filter(|(p, q)| p != q).count()
        };
        for kind in 1..TYPES.len() {
            assert!(differs(&|p| p.kind = kind) > 400, "type {kind}");
        }
        assert!(differs(&|p| p.colour = (p.colour + 1) % COLOURS.len()) > 2000);
        assert!(differs(&|p| p.size_mm[0] = p.size_mm[0] * 3 / 2) > 300);
    }
}
