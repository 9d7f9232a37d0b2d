//! Which colours a picture has: histograms as a vector, and the largest ones with their names.
//!
//! A shop's picture is a product on a plain ground. The ground's colour is the median of the edge; how far a pixel is from
//! it (10 units of Lab count whole) is the pixel's weight, half that outside the middle. [`Colours`] counts weights in
//! bins of hue by saturation (greys by lightness), for the upper and the lower half and the whole, each pixel shared
//! between neighbouring bins, and in coarse bins of Lab; the square root of shares makes a product of two vectors
//! the agreement of two histograms (Bhattacharyya). Sources: Swain and Ballard, "Color indexing", IJCV 7(1), 1991;
//! Arandjelović and Zisserman, CVPR 2012 (roots). Cost: one pass over 48 × 64 pixels.

use super::Picture;
use super::lab::{hsv, lab};
use crate::{Encode, Vectors};
use rayon::prelude::*;

const HUES: usize = 12;
const SATURATIONS: usize = 2;
const GREYS: usize = 6;
const BINS: usize = HUES * SATURATIONS + GREYS;
/// Lightness, and both axes of colour.
const LAB: [usize; 3] = [4, 5, 5];
const LAB_BINS: usize = LAB[0] * LAB[1] * LAB[2];
/// Size that pictures are looked at in.
const SIDES: (u32, u32) = (48, 64);

/// Histograms of colours as an encoder; nothing is learnt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Colours;

/// A colour of a picture and how much of what is not ground has it.
#[derive(Clone, Debug, PartialEq)]
pub struct ColourShare {
    /// Its name, one of the catalogue words such as `navy blue`.
    pub name: &'static str,
    /// The mean of the pixels that have it.
    pub rgb: [u8; 3],
    /// Its share, 0..=1.
    pub share: f32,
}

/// Names that shops use, with the colours they stand for.
const NAMES: [(&str, [u8; 3]); 30] = [
    ("black", [15, 15, 17]),
    ("charcoal", [62, 64, 70]),
    ("grey", [130, 130, 130]),
    ("silver", [192, 192, 196]),
    ("white", [248, 248, 248]),
    ("cream", [250, 240, 205]),
    ("beige", [222, 200, 165]),
    ("khaki", [165, 150, 110]),
    ("tan", [196, 145, 92]),
    ("brown", [98, 60, 35]),
    ("rust", [165, 65, 25]),
    ("maroon", [110, 15, 35]),
    ("red", [205, 25, 35]),
    ("coral", [250, 115, 95]),
    ("orange", [250, 130, 25]),
    ("gold", [205, 165, 60]),
    ("mustard", [215, 165, 20]),
    ("yellow", [250, 220, 40]),
    ("lime", [165, 215, 50]),
    ("olive", [100, 105, 45]),
    ("green", [35, 130, 60]),
    ("teal", [15, 115, 120]),
    ("turquoise", [60, 200, 195]),
    ("light blue", [150, 195, 230]),
    ("blue", [35, 90, 190]),
    ("navy blue", [25, 35, 80]),
    ("purple", [105, 50, 135]),
    ("lavender", [185, 165, 215]),
    ("magenta", [205, 30, 130]),
    ("pink", [245, 165, 190]),
];

/// Pixels with their weights, upper rows first.
fn weighed(picture: &Picture) -> Vec<([f32; 3], [f32; 3], f32)> {
    let (w, h) = (SIDES.0 as usize, SIDES.1 as usize);
    let values = picture.scaled(SIDES.0, SIDES.1);
    let pixels: Vec<[f32; 3]> = values.as_chunks::<3>().0.iter().map(|p| p.map(|c| c * 255.0)).collect();
    let edge = (0..h)
        .flat_map(|y| (0..w).map(move |x| (x, y)))
        .filter(|(x, y)| *x == 0 || *y == 0 || *x == w - 1 || *y == h - 1);
    let edge: Vec<[f32; 3]> = edge.map(|(x, y)| pixels[y * w + x]).collect();
    let ground = lab([0, 1, 2].map(|c| {
        let mut values: Vec<f32> = edge.iter().map(|p| p[c]).collect();
        let middle = values.len() / 2;
        *values.select_nth_unstable_by(middle, f32::total_cmp).1
    }));
    let mut out: Vec<([f32; 3], [f32; 3], f32)> = Vec::with_capacity(w * h);
    for (at, rgb) in pixels.into_iter().enumerate() {
        let colour = lab(rgb);
        let away = colour.iter().zip(ground).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt();
        let aside = |at: usize, side: usize| at * 6 < side || at * 6 >= 5 * side;
        let near = if aside(at % w, w) || aside(at / w, h) { 0.5 } else { 1.0 };
        out.push((rgb, colour, near * (away / 10.0).min(1.0)));
    }
    // A product in the colour of its ground: all of it counts.
    if out.iter().map(|p| p.2).sum::<f32>() < 0.01 * (w * h) as f32 {
        out.iter_mut().for_each(|p| p.2 = 1.0);
    }
    out
}

/// The bins of a pixel with its shares in them.
fn bins([hue, saturation, value]: [f32; 3]) -> [(usize, f32); 3] {
    // Dark or pale pixels have a hue that means nothing.
    let coloured = (saturation * value / 0.25).min(1.0).powi(2);
    let grey = ((value * GREYS as f32) as usize).min(GREYS - 1);
    let level = usize::from(saturation > 0.55);
    let place = hue * HUES as f32;
    let (first, part) = (place.floor() as usize % HUES, place.fract());
    let bin = |h: usize| h % HUES * SATURATIONS + level;
    [
        (bin(first), coloured * (1.0 - part)),
        (bin(first + 1), coloured * part),
        (HUES * SATURATIONS + grey, 1.0 - coloured),
    ]
}

fn lab_bin(colour: [f32; 3]) -> usize {
    let place =
        |v: f32, low: f32, high: f32, n: usize| (((v - low) / (high - low) * n as f32).max(0.0) as usize).min(n - 1);
    let l = place(colour[0], 0.0, 100.0, LAB[0]);
    let (a, b) = (place(colour[1], -60.0, 60.0, LAB[1]), place(colour[2], -60.0, 60.0, LAB[2]));
    (l * LAB[1] + a) * LAB[2] + b
}

impl Colours {
    fn row(picture: &Picture) -> Vec<f32> {
        let pixels = weighed(picture);
        let mut row = vec![0.0; 3 * BINS + LAB_BINS];
        for (at, (rgb, colour, weight)) in pixels.iter().enumerate() {
            let half = 1 + usize::from(2 * at >= pixels.len());
            for (bin, share) in bins(hsv(*rgb)) {
                row[bin] += weight * share;
                row[half * BINS + bin] += weight * share;
            }
            row[3 * BINS + lab_bin(*colour)] += weight;
        }
        let parts = [0..BINS, BINS..2 * BINS, 2 * BINS..3 * BINS, 3 * BINS..3 * BINS + LAB_BINS];
        for part in parts {
            let total: f32 = row[part.clone()].iter().sum::<f32>().max(1e-6);
            row[part].iter_mut().for_each(|v| *v = (*v / total).sqrt());
        }
        row
    }
}

impl Encode for Colours {
    type Item = Picture;

    fn width(&self) -> usize {
        3 * BINS + LAB_BINS
    }

    fn encode(&self, items: &[Option<&Picture>]) -> Vectors {
        let rows: Vec<Option<Vec<f32>>> = items.par_iter().map(|p| p.map(Self::row)).collect();
        let mut out = Vectors::new(self.width());
        for row in rows {
            if row.is_none_or(|row| out.push(&row).is_err()) {
                out.push_missing();
            }
        }
        out
    }
}

/// The largest colours of what is not ground, by the name that lies nearest in Lab, largest first, at most `most`.
pub fn dominant(picture: &Picture, most: usize) -> Vec<ColourShare> {
    let known = NAMES.map(|(_, rgb)| lab(rgb.map(f32::from)));
    let mut sums = [([0.0_f32; 3], 0.0_f32); NAMES.len()];
    let mut total = 0.0;
    for (rgb, colour, weight) in weighed(picture) {
        let away = |name: usize| colour.iter().zip(known[name]).map(|(a, b)| (a - b).powi(2)).sum::<f32>();
        let nearest = (0..NAMES.len()).min_by(|a, b| away(*a).total_cmp(&away(*b))).unwrap_or(0);
        (0..3).for_each(|c| sums[nearest].0[c] += weight * rgb[c]);
        sums[nearest].1 += weight;
        total += weight;
    }
    let mut found: Vec<ColourShare> = (NAMES.iter().zip(sums))
        .filter(|(_, (_, weight))| *weight > 0.0)
        .map(|((name, _), (sum, weight))| ColourShare {
            name,
            rgb: sum.map(|s| (s / weight).round() as u8),
            share: weight / total,
        })
        .collect();
    found.sort_by(|a, b| b.share.total_cmp(&a.share).then(a.name.cmp(b.name)));
    found.truncate(most);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A product of one colour in the middle of another.
    fn product(ground: [u8; 3], colour: [u8; 3]) -> Picture {
        let inside = |x: u32, y: u32| (12..36).contains(&x) && (16..48).contains(&y);
        let pixels = (0..64).flat_map(|y| (0..48).map(move |x| (x, y)));
        let rgb = pixels.flat_map(|(x, y)| if inside(x, y) { colour } else { ground }).collect();
        Picture::from_rgb(48, 64, rgb).unwrap()
    }

    #[test]
    fn a_product_is_named_by_its_colour_and_not_by_its_ground() {
        for (colour, name) in [([200, 20, 30], "red"), ([20, 30, 75], "navy blue"), ([10, 10, 10], "black")] {
            let found = dominant(&product([255, 255, 255], colour), 2);
            assert_eq!((found[0].name, found[0].rgb), (name, colour));
            assert!(found[0].share > 0.95, "{found:?}");
        }
        assert_eq!(dominant(&product([255; 3], [255; 3]), 3)[0].name, "white", "white on white is white");
        assert_eq!(dominant(&product([20, 130, 60], [250, 220, 40]), 1)[0].name, "yellow", "on a green ground");
    }

    #[test]
    fn the_same_colour_on_another_ground_is_nearer_than_another_colour() {
        let pictures = [
            product([255; 3], [200, 20, 30]),
            product([235, 235, 240], [190, 25, 40]),
            product([255; 3], [30, 60, 190]),
        ];
        let all: Vec<Option<&Picture>> = pictures.iter().map(Some).chain([None]).collect();
        let v = Colours.encode(&all).unit();
        let product =
            |a: usize, b: usize| -> f32 { v.row(a).unwrap().iter().zip(v.row(b).unwrap()).map(|(x, y)| x * y).sum() };
        assert!(product(0, 1) > 0.7 && product(0, 2) < 0.3, "{} {}", product(0, 1), product(0, 2));
        assert_eq!((v.len(), v.n_present(), v.width()), (4, 3, Colours.width()));
    }
}
