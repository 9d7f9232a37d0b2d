//! Another size of a picture, to the bit as Pillow makes it, since that is what the encoders have learnt from.
//!
//! Each pixel is a weighted sum of those under a filter that is widened where the picture shrinks; first along rows, then
//! along columns, with a rounding to whole numbers after each and weights of 22 binary digits.
//! Sources: Keys, "Cubic convolution interpolation for digital image processing", IEEE Trans. ASSP 29(6), 1981 (a = −1/2);
//! Duchon, "Lanczos filtering in one and two dimensions", J. Applied Meteorology 18, 1979.

use serde::{Deserialize, Serialize};

const BITS: u32 = 22;

/// The weight of a neighbour by its distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Filter {
    /// A triangle.
    Bilinear,
    /// Keys' cubic.
    Bicubic,
    /// Three lobes of a windowed sine.
    Lanczos,
}

impl Filter {
    fn reach(self) -> f64 {
        match self {
            Self::Bilinear => 1.0,
            Self::Bicubic => 2.0,
            Self::Lanczos => 3.0,
        }
    }

    fn weight(self, x: f64) -> f64 {
        let x = x.abs();
        let wave = |x: f64| {
            let x = x * std::f64::consts::PI;
            if x == 0.0 { 1.0 } else { x.sin() / x }
        };
        match self {
            Self::Bilinear => (1.0 - x).max(0.0),
            Self::Bicubic if x < 1.0 => (1.5 * x - 2.5) * x * x + 1.0,
            Self::Bicubic if x < 2.0 => -0.5 * (((x - 5.0) * x + 8.0) * x - 4.0),
            Self::Lanczos if x < 3.0 => wave(x) * wave(x / 3.0),
            Self::Bicubic | Self::Lanczos => 0.0,
        }
    }
}

/// For each of `to` places its first neighbour and their weights.
fn weights(from: usize, to: usize, filter: Filter) -> Vec<(usize, Vec<i64>)> {
    let step = from as f64 / to as f64;
    let wide = step.max(1.0);
    let reach = filter.reach() * wide;
    let of = |i: usize| {
        let middle = (i as f64 + 0.5) * step;
        let first = (middle - reach + 0.5).max(0.0) as usize;
        let last = ((middle + reach + 0.5) as usize).min(from).max(first + 1);
        let raw: Vec<f64> = (first..last).map(|x| filter.weight((x as f64 - middle + 0.5) / wide)).collect();
        let total: f64 = raw.iter().sum();
        let scaled = |w: &f64| {
            let w = w / total * f64::from(1_u32 << BITS);
            (w + 0.5_f64.copysign(w)) as i64
        };
        (first, raw.iter().map(scaled).collect())
    };
    (0..to).map(of).collect()
}

fn rounded(sum: i64) -> u8 {
    ((sum + (1 << (BITS - 1))) >> BITS).clamp(0, 255) as u8
}

/// Bytes of red, green and blue in another size.
pub(super) fn resample(rgb: &[u8], from: (usize, usize), to: (usize, usize), filter: Filter) -> Vec<u8> {
    let (wide, high) = from;
    let mut across = Vec::with_capacity(to.0 * high * 3);
    if to.0 == wide {
        across.extend_from_slice(rgb);
    } else {
        let places = weights(wide, to.0, filter);
        for row in rgb.chunks_exact(wide * 3) {
            for (first, weights) in &places {
                let near = row[first * 3..].as_chunks::<3>().0;
                for c in 0..3 {
                    across.push(rounded(weights.iter().zip(near).map(|(w, p)| w * i64::from(p[c])).sum()));
                }
            }
        }
    }
    if to.1 == high {
        return across;
    }
    let line = to.0 * 3;
    let mut out = Vec::with_capacity(line * to.1);
    for (first, weights) in weights(high, to.1, filter) {
        for x in 0..line {
            let of = |(y, w): (usize, &i64)| w * i64::from(across[(first + y) * line + x]);
            out.push(rounded(weights.iter().enumerate().map(of).sum()));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // 0, 30, 60, 90 in two by triangles of reach 2: around 1 the weights .75 .75 .25 (of 1.75) give 0 + 22.5 + 15 = 37.5 / 1.75 = 21.4.
    fn four_pixels_in_two_by_hand() {
        let rgb: Vec<u8> = [0, 30, 60, 90].iter().flat_map(|v| [*v; 3]).collect();
        let got = resample(&rgb, (4, 1), (2, 1), Filter::Bilinear);
        assert_eq!(got, [21, 21, 21, 69, 69, 69]);
    }

    #[test]
    fn a_plain_picture_stays_plain_in_any_size() {
        for filter in [Filter::Bilinear, Filter::Bicubic, Filter::Lanczos] {
            let got = resample(&[200; 7 * 5 * 3], (7, 5), (3, 11), filter);
            assert!(got.len() == 99 && got.iter().all(|v| *v == 200), "{filter:?}");
        }
    }
}
