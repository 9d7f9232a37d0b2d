//! How much moves between two frames and where to.
//!
//! Both frames in shades of grey, 48 × 36. The mean difference says how much changes; for blocks of 6 × 6 with something to
//! see the shift of at most 4 pixels is looked for that leaves the least difference (full search). Blocks that do not
//! move have to be beaten clearly, so that noise is no motion. A difference over most of the picture that no shift
//! explains is a cut. Source: Jain and Jain, "Displacement measurement and its application in interframe image coding", IEEE
//! Trans. Communications 29(12), 1981. Cost: 81 shifts of 1,728 pixels a pair of frames.

use crate::picture::Picture;

const WIDE: usize = 48;
const HIGH: usize = 36;
const BLOCK: usize = 6;
const REACH: i32 = 4;

/// What happens between two frames.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Motion {
    /// Mean difference of light, 0..=1.
    pub change: f32,
    /// Share of blocks that move, of those that have something to see.
    pub moving: f32,
    /// Mean shift of moving blocks to the right, as a share of the width.
    pub right: f32,
    /// Mean shift of moving blocks downwards, as a share of the height.
    pub down: f32,
    /// Mean length of these shifts, in pixels of 48 × 36.
    pub length: f32,
    /// 1 where the scene is another one, else 0.
    pub cut: f32,
}

/// A frame as motion is looked for in.
pub(super) fn shades(frame: &Picture) -> Vec<f32> {
    frame.grey(WIDE as u32, HIGH as u32)
}

impl Motion {
    /// From one frame to the next.
    pub fn between(before: &Picture, after: &Picture) -> Self {
        Self::of(&shades(before), &shades(after))
    }

    pub(super) fn of(before: &[f32], after: &[f32]) -> Self {
        let change = before.iter().zip(after).map(|(a, b)| (a - b).abs()).sum::<f32>() / (WIDE * HIGH) as f32;
        let (mut seen, mut moving, mut left_over) = (0, 0, 0.0);
        let (mut right, mut down, mut length) = (0.0, 0.0, 0.0);
        for (top, left) in (0..HIGH / BLOCK).flat_map(|y| (0..WIDE / BLOCK).map(move |x| (y * BLOCK, x * BLOCK))) {
            let cells = || (0..BLOCK).flat_map(move |v| (0..BLOCK).map(move |u| (top + v, left + u)));
            let mean = cells().map(|(y, x)| after[y * WIDE + x]).sum::<f32>() / (BLOCK * BLOCK) as f32;
            let spread = cells().map(|(y, x)| (after[y * WIDE + x] - mean).abs()).sum::<f32>();
            // How unlike the block is to what lay `(dy, dx)` away before.
            let apart = |dy: i32, dx: i32| -> Option<f32> {
                let mut sum = 0.0;
                for (y, x) in cells() {
                    let (v, u) = (y as i32 - dy, x as i32 - dx);
                    if v < 0 || u < 0 || v >= HIGH as i32 || u >= WIDE as i32 {
                        return None;
                    }
                    sum += (after[y * WIDE + x] - before[v as usize * WIDE + u as usize]).abs();
                }
                Some(sum)
            };
            let still = apart(0, 0).unwrap_or(0.0);
            // One grey after another is nothing to follow.
            if spread < 0.02 * (BLOCK * BLOCK) as f32 {
                left_over += still;
                continue;
            }
            seen += 1;
            let (mut best, mut to) = (0.7 * still - 0.01 * (BLOCK * BLOCK) as f32, (0, 0));
            for (dy, dx) in (-REACH..=REACH).flat_map(|dy| (-REACH..=REACH).map(move |dx| (dy, dx))) {
                if let Some(found) = apart(dy, dx).filter(|found| *found < best) {
                    (best, to) = (found, (dy, dx));
                }
            }
            left_over += if to == (0, 0) { still } else { best };
            if to != (0, 0) {
                moving += 1;
                (right, down) = (right + to.1 as f32, down + to.0 as f32);
                length += (to.0 as f32).hypot(to.1 as f32);
            }
        }
        let n = moving.max(1) as f32;
        Self {
            change,
            moving: moving as f32 / seen.max(1) as f32,
            right: right / n / WIDE as f32,
            down: down / n / HIGH as f32,
            length: length / n,
            cut: f32::from(u8::from(left_over / (WIDE * HIGH) as f32 > 0.12)),
        }
    }

    /// The numbers in the order of the fields.
    pub(super) const fn numbers(&self) -> [f32; 6] {
        [self.change, self.moving, self.right, self.down, self.length, self.cut]
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use domain::Rng;

    /// A dark square of patches at a place, noise all over.
    pub(crate) fn frame(x: u32, y: u32, noise: f64, seed: u64) -> Picture {
        let mut rng = Rng::new(seed);
        let pixels = (0..72).flat_map(|v| (0..96).map(move |u| (u, v)));
        let rgb = pixels.flat_map(|(u, v)| {
            let inside = (x..x + 32).contains(&u) && (y..y + 32).contains(&v);
            // No two patches near to each other are alike: a pattern that repeats could have moved either way.
            let light = if inside { f64::from(((u - x) / 6 + (v - y) / 6 * 2) % 7 * 28 + 20) } else { 230.0 };
            [(light + noise * rng.normal()).clamp(0.0, 255.0) as u8; 3]
        });
        Picture::from_rgb(96, 72, rgb.collect()).unwrap()
    }

    #[test] // 4 pixels of 96 are 2 of 48 to the right, 1/24 of the width.
    fn a_square_that_moves_to_the_right_is_followed() {
        let m = Motion::between(&frame(20, 20, 2.0, 1), &frame(24, 20, 2.0, 2));
        assert!(m.moving > 0.4 && (m.right - 2.0 / 48.0).abs() < 0.015 && m.down.abs() < 0.015, "{m:?}");
        let m = Motion::between(&frame(20, 20, 2.0, 1), &frame(20, 14, 2.0, 2));
        assert!(m.down < -0.05 && m.right.abs() < 0.02 && m.cut == 0.0, "{m:?}");
    }

    #[test]
    fn noise_is_no_motion_and_another_scene_is_a_cut() {
        let still = Motion::between(&frame(20, 20, 6.0, 1), &frame(20, 20, 6.0, 2));
        assert!(still.moving < 0.05 && still.cut == 0.0, "{still:?}");
        let dark = Picture::from_rgb(4, 4, vec![15; 48]).unwrap();
        assert_eq!(Motion::between(&frame(20, 20, 6.0, 1), &dark).cut, 1.0);
    }
}
