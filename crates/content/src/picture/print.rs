//! A picture's print: what stays when it is saved again, scaled, or made a little lighter.
//!
//! 64 bits say which of two neighbouring cells of 9 × 8 is lighter (difference hash), 64 more which of the 64 lowest
//! frequencies of 32 × 32 cells are above their median (cosine hash), and the mean colours of four quarters keep
//! a red shirt from a blue one, which look alike in grey. Sources: Krawetz, "Looks like it", 2011; Zauner,
//! "Implementation and benchmarking of perceptual image hash functions", 2010. Cost: one pass over the pixels.

use super::Picture;

/// A picture's print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PicturePrint {
    differences: u64,
    frequencies: u64,
    quarters: [[u8; 3]; 4],
}

/// Side of the cells that frequencies are taken of.
const SIDE: usize = 32;

impl PicturePrint {
    /// The print of a picture.
    pub fn of(picture: &Picture) -> Self {
        let quarters = picture.scaled(2, 2);
        let quarters = quarters.as_chunks::<3>().0;
        let colour = |q: usize| quarters[q].map(|c| (c * 255.0).round() as u8);
        Self {
            differences: differences(&picture.grey(9, 8)),
            frequencies: frequencies(&picture.grey(SIDE as u32, SIDE as u32)),
            quarters: [0, 1, 2, 3].map(colour),
        }
    }

    /// Bits that differ, 0 to 128: about 64 for pictures of different things, below 12 for one thing saved twice.
    pub const fn distance(&self, other: &Self) -> u32 {
        (self.differences ^ other.differences).count_ones() + (self.frequencies ^ other.frequencies).count_ones()
    }

    /// How far apart the colours of a quarter are at most, 0 to 255.
    pub fn colour_distance(&self, other: &Self) -> u8 {
        let all = self.quarters.as_flattened().iter().zip(other.quarters.as_flattened());
        all.map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0)
    }

    /// The bits in parts of 16.
    pub(super) fn parts(&self) -> [u16; 8] {
        let part = |i: usize| {
            let word = if i < 4 { self.differences } else { self.frequencies };
            (word >> (i % 4 * 16)) as u16
        };
        [0, 1, 2, 3, 4, 5, 6, 7].map(part)
    }

    /// As 28 bytes, for a store.
    pub fn to_bytes(&self) -> [u8; 28] {
        let mut out = [0; 28];
        out[..8].copy_from_slice(&self.differences.to_le_bytes());
        out[8..16].copy_from_slice(&self.frequencies.to_le_bytes());
        out[16..].copy_from_slice(self.quarters.as_flattened());
        out
    }

    /// From what [`Self::to_bytes`] gave.
    pub fn from_bytes(bytes: &[u8; 28]) -> Self {
        let word = |at: usize| (0..8).fold(0, |w, i| w | u64::from(bytes[at + i]) << (8 * i));
        let colour = |q: usize| [0, 1, 2].map(|c| bytes[16 + 3 * q + c]);
        Self { differences: word(0), frequencies: word(8), quarters: [0, 1, 2, 3].map(colour) }
    }
}

fn differences(grey: &[f32]) -> u64 {
    let bits = grey.chunks_exact(9).flat_map(|row| row.windows(2).map(|pair| pair[0] > pair[1] + 1e-3));
    bits.fold(0, |word, bit| word << 1 | u64::from(bit))
}

/// Bits of the cosine transform's 8 × 8 lowest frequencies, the mean left out.
fn frequencies(grey: &[f32]) -> u64 {
    let wave = |k: usize, x: usize| (std::f32::consts::PI / SIDE as f32 * (x as f32 + 0.5) * k as f32).cos();
    let waves: Vec<[f32; SIDE]> = (0..8).map(|k| std::array::from_fn(|x| wave(k, x))).collect();
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let rows: Vec<[f32; SIDE]> =
        waves.iter().map(|w| std::array::from_fn(|y| dot(w, &grey[y * SIDE..(y + 1) * SIDE]))).collect();
    let found: Vec<f32> = rows.iter().flat_map(|row| waves.iter().map(|w| dot(w, row))).collect();
    let mut sorted = found[1..].to_vec();
    let middle = sorted.len() / 2;
    let median = *sorted.select_nth_unstable_by(middle, f32::total_cmp).1;
    // The place of the mean stays 0. What is nearly nothing, as in a picture of one colour, is no frequency.
    let bits = found.iter().enumerate().map(|(i, v)| i > 0 && *v > median + 1e-3);
    bits.fold(0, |word, bit| word << 1 | u64::from(bit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Rng;
    use proptest::prelude::*;

    /// Some soft blobs on white.
    pub(super) fn drawn(seed: u64, width: u32, height: u32, light: f32) -> Picture {
        let mut rng = Rng::new(seed);
        let blobs: Vec<[f32; 6]> = (0..6).map(|_| [0; 6].map(|_| rng.uniform() as f32)).collect();
        let mut rgb = Vec::new();
        for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
            let (u, v) = (x as f32 / width as f32, y as f32 / height as f32);
            let mut pixel = [1.0_f32; 3];
            for [cx, cy, r, colours @ ..] in &blobs {
                let near = (-((u - cx).powi(2) + (v - cy).powi(2)) / (0.01 + 0.05 * r)).exp();
                (0..3).for_each(|c| pixel[c] += near * (colours[c] - pixel[c]));
            }
            rgb.extend(pixel.map(|p| (p * light * 255.0).clamp(0.0, 255.0) as u8));
        }
        Picture::from_rgb(width, height, rgb).unwrap()
    }

    #[test] // Falling lightness from left to right: all 64 neighbours are darker; no frequency but the first of a row.
    fn bits_of_a_slope_by_hand() {
        let slope: Vec<u8> = (0..9 * 8).flat_map(|i| [240 - (i % 9) * 20; 3]).collect();
        let print = PicturePrint::of(&Picture::from_rgb(9, 8, slope).unwrap());
        assert_eq!(print.differences, u64::MAX);
        // The mean is left out; the slope from left to right is number 8, after those that change downwards alone.
        assert_eq!((print.frequencies >> 63, print.frequencies >> 55 & 1), (0, 1));
        let plain = PicturePrint::of(&Picture::from_rgb(1, 1, vec![7; 3]).unwrap());
        assert_eq!((plain.differences, plain.frequencies, plain.quarters[3]), (0, 0, [7; 3]));
        assert_eq!(PicturePrint::from_bytes(&print.to_bytes()), print);
    }

    #[test]
    fn colours_tell_what_grey_does_not() {
        let of = |rgb: [u8; 3]| PicturePrint::of(&Picture::from_rgb(4, 4, rgb.repeat(16)).unwrap());
        let (red, blue) = (of([200, 0, 0]), of([0, 0, 200]));
        assert_eq!((red.distance(&blue), red.colour_distance(&blue)), (0, 200));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn a_picture_in_another_size_and_light_keeps_its_print(seed in 0_u64..500, w in 60_u32..150, light in 0.85_f32..1.0) {
            let print = PicturePrint::of(&drawn(seed, 90, 120, 1.0));
            let again = PicturePrint::of(&drawn(seed, w, w * 4 / 3, light));
            let other = PicturePrint::of(&drawn(seed + 1000, 90, 120, 1.0));
            prop_assert!(print.distance(&again) <= 14, "{}", print.distance(&again));
            prop_assert!(print.distance(&other) > 20, "{}", print.distance(&other));
        }
    }
}
