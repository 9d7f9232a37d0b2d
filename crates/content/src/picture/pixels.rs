//! A decoded picture, and the same one in another size.

/// Red, green and blue of every pixel, row by row, 0 to 255. At least one pixel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
}

impl Picture {
    /// From three bytes a pixel; `None` where their number is another one, or there is no pixel.
    pub fn from_rgb(width: u32, height: u32, rgb: Vec<u8>) -> Option<Self> {
        let need = (width as usize).checked_mul(height as usize)?.checked_mul(3)?;
        (need > 0 && rgb.len() == need).then_some(Self { width, height, rgb })
    }

    /// Pixels of a row.
    pub const fn width(&self) -> u32 {
        self.width
    }

    /// Rows.
    pub const fn height(&self) -> u32 {
        self.height
    }

    /// Three bytes a pixel.
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// Every pixel.
    pub fn pixels(&self) -> &[[u8; 3]] {
        self.rgb.as_chunks().0
    }

    /// The picture in another size, each pixel the mean of what it covers, numbers in 0..=1. Distorts
    /// where the sides have another ratio. Cost: one pass over the larger of both.
    ///
    /// # Panics
    /// For a size of 0.
    pub fn scaled(&self, width: u32, height: u32) -> Vec<f32> {
        assert!(width > 0 && height > 0, "a picture of {width} × {height}");
        let (across, down) = (shares(self.width, width), shares(self.height, height));
        let wide = self.width as usize * 3;
        let mut line = vec![0.0_f32; wide];
        let mut out = Vec::with_capacity((width * height) as usize * 3);
        for (from, weights) in &down {
            line.fill(0.0);
            for (y, weight) in (*from..).zip(weights) {
                let row = &self.rgb[y * wide..(y + 1) * wide];
                line.iter_mut().zip(row).for_each(|(l, p)| *l += weight * f32::from(*p));
            }
            for (from, weights) in &across {
                let mut pixel = [0.0_f32; 3];
                for (p, weight) in line.as_chunks::<3>().0[*from..].iter().zip(weights) {
                    (0..3).for_each(|c| pixel[c] += weight * p[c]);
                }
                out.extend(pixel.map(|p| p / 255.0));
            }
        }
        out
    }

    /// The picture as large as fits into a canvas of this size, the rest white.
    ///
    /// # Panics
    /// For a size of 0.
    pub fn fitted(&self, width: u32, height: u32) -> Self {
        if (self.width, self.height) == (width, height) {
            return self.clone();
        }
        let ratio = f64::min(f64::from(width) / f64::from(self.width), f64::from(height) / f64::from(self.height));
        let side = |n: u32, most: u32| ((f64::from(n) * ratio).round() as u32).clamp(1, most);
        let (w, h) = (side(self.width, width), side(self.height, height));
        let inner = self.scaled(w, h);
        let mut rgb = vec![255; (width * height) as usize * 3];
        let (left, top) = (((width - w) / 2) as usize, ((height - h) / 2) as usize);
        for (y, row) in inner.chunks_exact(w as usize * 3).enumerate() {
            let to = ((top + y) * width as usize + left) * 3;
            rgb[to..to + row.len()].iter_mut().zip(row).for_each(|(t, v)| *t = (v * 255.0).round() as u8);
        }
        Self { width, height, rgb }
    }

    /// Left and right exchanged.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        let mut rgb = Vec::with_capacity(self.rgb.len());
        for row in self.pixels().chunks_exact(self.width as usize) {
            rgb.extend(row.iter().rev().flatten());
        }
        Self { width: self.width, height: self.height, rgb }
    }

    /// How light it is in another size, 0..=1.
    ///
    /// # Panics
    /// For a size of 0.
    pub fn grey(&self, width: u32, height: u32) -> Vec<f32> {
        self.scaled(width, height).as_chunks().0.iter().map(|p| luma(*p)).collect()
    }
}

/// How light red, green and blue look together (ITU-R BT.601).
pub(crate) fn luma([r, g, b]: [f32; 3]) -> f32 {
    0.299 * r + 0.587 * g + 0.114 * b
}

/// For each of `to` parts of a line of `from` pixels: its first pixel, and the share of each in its mean.
fn shares(from: u32, to: u32) -> Vec<(usize, Vec<f32>)> {
    let step = f64::from(from) / f64::from(to);
    let part = |i: u32| {
        let (start, end) = (f64::from(i) * step, f64::from(i + 1) * step);
        let first = (start.floor() as u32).min(from - 1);
        let last = (end.ceil() as u32).clamp(first + 1, from);
        let covered = |p: u32| (end.min(f64::from(p + 1)) - start.max(f64::from(p))).max(0.0);
        let total: f64 = (first..last).map(covered).sum();
        (first as usize, (first..last).map(|p| (covered(p) / total.max(1e-12)) as f32).collect())
    };
    (0..to).map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test] // 3 pixels 0, 30, 60 in two: (0 + 15) / 1.5 = 10 and (15 + 60) / 1.5 = 50.
    fn a_smaller_picture_is_the_mean_of_what_it_covers() {
        let p = Picture::from_rgb(3, 1, vec![0, 0, 0, 30, 30, 30, 60, 60, 60]).unwrap();
        let small = p.scaled(2, 1);
        assert!((small[0] * 255.0 - 10.0).abs() < 1e-3 && (small[3] * 255.0 - 50.0).abs() < 1e-3, "{small:?}");
        assert_eq!(p.mirrored().rgb()[..3], [60; 3]);
    }

    #[test]
    fn a_wide_picture_is_fitted_between_white() {
        let p = Picture::from_rgb(4, 2, vec![0; 24]).unwrap().fitted(4, 4);
        let lines: Vec<u8> = p.rgb().chunks(12).map(|row| row[0]).collect();
        assert_eq!(lines, [255, 0, 0, 255]);
    }

    #[test]
    fn bytes_that_are_no_pixels_are_refused() {
        assert!(Picture::from_rgb(0, 1, vec![]).is_none() && Picture::from_rgb(2, 1, vec![0; 3]).is_none());
        assert!(Picture::from_rgb(u32::MAX, u32::MAX, vec![0; 3]).is_none());
    }

    proptest! {
        #[test]
        fn the_mean_stays_in_any_size(w in 1_u32..20, h in 1_u32..20, to in (1_u32..30, 1_u32..30), seed in 0_u64..99) {
            let mut rng = domain::Rng::new(seed);
            let rgb: Vec<u8> = (0..w * h * 3).map(|_| rng.below(256) as u8).collect();
            let p = Picture::from_rgb(w, h, rgb).unwrap();
            let mean = |v: &[f32]| v.iter().map(|x| f64::from(*x)).sum::<f64>() / v.len() as f64;
            let (was, is) = (mean(&p.scaled(w, h)), mean(&p.scaled(to.0, to.1)));
            prop_assert!((was - is).abs() < 1e-4, "{} {}", was, is);
            let f = p.fitted(to.0, to.1);
            prop_assert_eq!((f.width(), f.height()), to);
        }
    }
}
