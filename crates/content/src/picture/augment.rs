//! A picture as it could have been taken as well: mirrored, nearer, further, aside, lighter, warmer.
//!
//! One bilinear pass draws a part of the canvas in the canvas's size; beyond the edge it is white, as shops' pictures are.
//! Colours move little: they are what titles speak of. What is drawn follows from the generator given.

use super::Picture;
use domain::Rng;

/// How far a picture may be from the one that is there; all 0 is the picture itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AugmentParams {
    /// How often it is mirrored, 0..=1.
    pub mirror: f32,
    /// How much larger or smaller at most, as a share, below 1.
    pub zoom: f32,
    /// How far aside at most, as a share of a side.
    pub shift: f32,
    /// How much lighter or darker at most, and each of red, green and blue by a third of it, as a share.
    pub light: f32,
}

impl Default for AugmentParams {
    fn default() -> Self {
        Self { mirror: 0.5, zoom: 0.12, shift: 0.06, light: 0.12 }
    }
}

impl AugmentParams {
    /// Nothing is changed.
    pub const NONE: Self = Self { mirror: 0.0, zoom: 0.0, shift: 0.0, light: 0.0 };

    /// Writes the picture's numbers, −1..=1 but for light, where 1 is white.
    pub(super) fn draw(&self, picture: &Picture, rng: &mut Rng, out: &mut Vec<f32>) {
        let any = |rng: &mut Rng, most: f32| (2.0 * rng.uniform() as f32 - 1.0) * most;
        let (w, h) = (picture.width() as usize, picture.height() as usize);
        let mirrored = (rng.uniform() as f32) < self.mirror;
        let zoom = [0; 2].map(|_| 1.0 + any(rng, self.zoom) * 0.4);
        let both = 1.0 + any(rng, self.zoom);
        let shift = [w, h].map(|side| any(rng, self.shift) * side as f32);
        let light = any(rng, self.light);
        let gains = [0; 3].map(|_| 1.0 + light + any(rng, self.light / 3.0));
        let pixels = picture.pixels();
        let still = !mirrored && self.zoom == 0.0 && self.shift == 0.0;
        let colour = |p: [f32; 3]| {
            let mut i = 0;
            p.map(|v| {
                i += 1;
                (v * gains[i - 1]).min(255.0) / 127.5 - 1.0
            })
        };
        if still {
            pixels.iter().for_each(|p| out.extend(colour(p.map(f32::from))));
            return;
        }
        let middle = [w, h].map(|side| (side as f32 - 1.0) / 2.0);
        let source =
            |at: usize, axis: usize| (at as f32 - middle[axis]) * zoom[axis] * both + middle[axis] + shift[axis];
        let columns: Vec<f32> = (0..w).map(|x| source(if mirrored { w - 1 - x } else { x }, 0)).collect();
        let white = [255_u8; 3];
        for y in 0..h {
            let sy = source(y, 1);
            let (top, down) = (sy.floor(), sy - sy.floor());
            for sx in &columns {
                let (left, right) = (sx.floor(), sx - sx.floor());
                let pixel = |x: f32, y: f32| {
                    let there = x >= 0.0 && y >= 0.0 && (x as usize) < w && (y as usize) < h;
                    if there { pixels[y as usize * w + x as usize] } else { white }
                };
                let (a, b) = (pixel(left, top), pixel(left + 1.0, top));
                let (c, d) = (pixel(left, top + 1.0), pixel(left + 1.0, top + 1.0));
                let mut mixed = [0.0; 3];
                for (i, m) in mixed.iter_mut().enumerate() {
                    let upper = f32::from(a[i]) * (1.0 - right) + f32::from(b[i]) * right;
                    let lower = f32::from(c[i]) * (1.0 - right) + f32::from(d[i]) * right;
                    *m = upper * (1.0 - down) + lower * down;
                }
                out.extend(colour(mixed));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_asked_for_is_the_picture_and_a_mirror_is_a_mirror() {
        let picture = Picture::from_rgb(2, 1, vec![0, 0, 0, 255, 255, 255]).unwrap();
        let draw = |params: AugmentParams| {
            let mut out = Vec::new();
            params.draw(&picture, &mut Rng::new(1), &mut out);
            out
        };
        assert_eq!(draw(AugmentParams::NONE), [-1.0, -1.0, -1.0, 1.0, 1.0, 1.0]);
        assert_eq!(draw(AugmentParams { mirror: 1.0, ..AugmentParams::NONE }), [1.0, 1.0, 1.0, -1.0, -1.0, -1.0]);
    }

    #[test]
    fn what_is_drawn_stays_near() {
        let picture = Picture::from_rgb(12, 16, vec![100; 12 * 16 * 3]).unwrap();
        let mut rng = Rng::new(3);
        for _ in 0..20 {
            let mut out = Vec::new();
            AugmentParams { zoom: 0.0, shift: 0.0, ..AugmentParams::default() }.draw(&picture, &mut rng, &mut out);
            let bound = 100.0 * 0.17 / 127.5;
            assert!(out.iter().all(|v| (v - (100.0 / 127.5 - 1.0)).abs() < bound), "{:?}", &out[..3]);
        }
    }
}
