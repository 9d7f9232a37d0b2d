//! Pixels brought together: the mean over a picture, and the largest of squares.
//!
//! Sources: Lin, Chen and Yan, "Network in network", ICLR 2014 (means over whole pictures); Ranzato et al., CVPR 2007
//! (largest ones). Cost: one pass each way.

use crate::net::{Tape, Var, math};

impl Tape<'_> {
    /// The mean over the pixels of each of `images` pictures: `(images · pixels) × c` becomes `images × c`.
    ///
    /// # Panics
    /// If the rows are not those of so many pictures.
    pub fn mean_pixels(&mut self, x: Var, images: usize) -> Var {
        let (rows, c) = self.shape(x);
        assert!(images > 0 && rows > 0 && rows.is_multiple_of(images), "{rows} rows of {images} pictures");
        let pixels = rows / images;
        let share = 1.0 / pixels as f32;
        let mut out = self.nodes.pool.zeros(images * c);
        for (out, x) in out.chunks_exact_mut(c).zip(self.nodes.value(x).chunks_exact(pixels * c)) {
            math::add_rows_to(out, x);
            out.iter_mut().for_each(|o| *o *= share);
        }
        self.push(out, (images, c), &[x], move |nodes, d| {
            if let Some(mut dx) = nodes.grad(x) {
                for (dx, d) in dx.chunks_exact_mut(pixels * c).zip(d.chunks_exact(c)) {
                    dx.chunks_exact_mut(c).for_each(|dx| math::add_scaled_to(dx, share, d));
                }
                nodes.put(x, dx);
            }
        })
    }

    /// The largest number of each `side × side` square of pixels, channel by channel; pixels at the right and lower edge
    /// that fill no square are left out. `x` holds pictures of `height × width`.
    ///
    /// # Panics
    /// If the rows are not those of such pictures, or no square fits.
    pub fn max_squares(&mut self, x: Var, (height, width): (usize, usize), side: usize) -> Var {
        let (rows, c) = self.shape(x);
        assert!(side > 0 && side <= height.min(width), "squares of {side} in {height} × {width}");
        assert!(rows.is_multiple_of(height * width), "{rows} rows of pictures of {height} × {width}");
        let (images, high, wide) = (rows / (height * width), height / side, width / side);
        let mut out = self.buffer(images * high * wide * c);
        let mut from = vec![0_u32; out.len()];
        let data = self.value(x);
        let targets = out.chunks_exact_mut(c).zip(from.chunks_exact_mut(c));
        for (at, (out, from)) in targets.enumerate() {
            let (image, y, z) = (at / (high * wide), at / wide % high, at % wide);
            out.fill(f32::NEG_INFINITY);
            for (v, u) in (0..side).flat_map(|v| (0..side).map(move |u| (v, u))) {
                let pixel = (image * height + y * side + v) * width + z * side + u;
                for (j, value) in data[pixel * c..(pixel + 1) * c].iter().enumerate() {
                    if *value > out[j] {
                        (out[j], from[j]) = (*value, (pixel * c + j) as u32);
                    }
                }
            }
        }
        self.push(out, (images * high * wide, c), &[x], move |nodes, d| {
            if let Some(mut dx) = nodes.grad(x) {
                d.iter().zip(&from).for_each(|(d, from)| dx[*from as usize] += d);
                nodes.put(x, dx);
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::net::{Mode, Pool, Tape};

    #[test] // Two pictures of 2 × 2 pixels, one channel: means 2.5 and 5, largest 4 and 9.
    fn pools_by_hand() {
        let x = [1.0, 2.0, 3.0, 4.0, 9.0, 1.0, 4.0, 6.0];
        let mut tape = Tape::new(Pool::default(), Mode::Train);
        let x = tape.leaf(&x, 8, 1);
        let mean = tape.mean_pixels(x, 2);
        assert_eq!(tape.value(mean), [2.5, 5.0]);
        let largest = tape.max_squares(x, (2, 2), 2);
        assert_eq!(tape.value(largest), [4.0, 9.0]);
        tape.backward(largest);
        assert_eq!(tape.gradient(x), Some(vec![0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0]));
    }
}
