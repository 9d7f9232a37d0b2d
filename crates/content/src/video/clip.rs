//! A clip as one vector: its frames' vectors pooled over time, and its motion.
//!
//! Mean and deviation of each number of an encoder of pictures over all frames, then mean and deviation of each number of
//! [`Motion`] over all pairs of neighbouring frames. Frames are taken one after the other and forgotten, so a clip needs
//! no more memory than some frames. Source: the average pooling over time of Ng et al., "Beyond short snippets", CVPR
//! 2015. Cost: the encoder's a frame, and a search for motion.

use super::motion::{Motion, shades};
use crate::picture::Picture;
use crate::{Encode, Vectors};

/// Numbers of motion of a vector.
const MOTION: usize = 12;

/// Frames that are encoded together.
const TOGETHER: usize = 16;

/// Clips as vectors, with an encoder for their frames.
#[derive(Clone, Copy, Debug)]
pub struct ClipShape<E> {
    frames: E,
}

/// Mean and deviation of numbers that come one after the other (Welford).
struct Pooled {
    n: f64,
    means: Vec<f64>,
    squares: Vec<f64>,
}

impl Pooled {
    fn new(width: usize) -> Self {
        Self { n: 0.0, means: vec![0.0; width], squares: vec![0.0; width] }
    }

    fn add(&mut self, row: &[f32]) {
        self.n += 1.0;
        for ((mean, square), x) in self.means.iter_mut().zip(&mut self.squares).zip(row) {
            let off = f64::from(*x) - *mean;
            *mean += off / self.n;
            *square += off * (f64::from(*x) - *mean);
        }
    }

    fn numbers(&self) -> impl Iterator<Item = f32> {
        let deviation = |square: &f64| (square / self.n.max(1.0)).max(0.0).sqrt() as f32;
        self.means.iter().map(|m| *m as f32).chain(self.squares.iter().map(deviation))
    }
}

impl<E: Encode<Item = Picture>> ClipShape<E> {
    /// With this encoder for frames.
    pub const fn new(frames: E) -> Self {
        Self { frames }
    }

    /// The vector of frames in their order; `None` where no frame has one.
    pub fn of(&self, frames: impl IntoIterator<Item = Picture>) -> Option<Vec<f32>> {
        let mut seen = Pooled::new(self.frames.width());
        let mut moved = Pooled::new(MOTION / 2);
        let mut before: Option<Vec<f32>> = None;
        let mut frames = frames.into_iter();
        loop {
            let some: Vec<Picture> = frames.by_ref().take(TOGETHER).collect();
            if some.is_empty() {
                break;
            }
            for frame in &some {
                let now = shades(frame);
                if let Some(before) = &before {
                    moved.add(&Motion::of(before, &now).numbers());
                }
                before = Some(now);
            }
            let all: Vec<Option<&Picture>> = some.iter().map(Some).collect();
            self.frames.encode(&all).rows().flatten().for_each(|row| seen.add(row));
        }
        (seen.n > 0.0).then(|| seen.numbers().chain(moved.numbers()).collect())
    }
}

impl<E: Encode<Item = Picture>> Encode for ClipShape<E> {
    type Item = [Picture];

    fn width(&self) -> usize {
        2 * self.frames.width() + MOTION
    }

    fn encode(&self, items: &[Option<&[Picture]>]) -> Vectors {
        let mut out = Vectors::new(self.width());
        for clip in items {
            let row = clip.and_then(|clip| self.of(clip.iter().cloned()));
            if row.is_none_or(|row| out.push(&row).is_err()) {
                out.push_missing();
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::super::motion::tests::frame;
    use super::*;
    use crate::picture::Colours;

    #[test]
    fn clips_that_move_lie_apart_from_clips_that_do_not() {
        let clip = |speed: u32, place: u32, seed: u64| -> Vec<Picture> {
            (0..8).map(|t| frame(10 + place + speed * t, 20, 4.0, seed * 100 + u64::from(t))).collect()
        };
        let moving: Vec<Vec<Picture>> = (0..4).map(|i| clip(3 + i as u32 % 2, i as u32, i)).collect();
        let still: Vec<Vec<Picture>> = (0..4).map(|i| clip(0, 8 + i as u32 * 4, 10 + i)).collect();
        let all: Vec<Option<&[Picture]>> = moving.iter().chain(&still).map(|c| Some(c.as_slice())).collect();
        let shape = ClipShape::new(Colours);
        let v = shape.encode(&all);
        assert_eq!((v.len(), v.n_present(), v.width()), (8, 8, shape.width()));
        let share = |row: usize| v.row(row).unwrap()[2 * Colours.width() + 1];
        let (least, most) = ((0..4).map(share).fold(1.0, f32::min), (4..8).map(share).fold(0.0, f32::max));
        assert!(least > most + 0.2, "moving {least}, still {most}");
    }

    #[test] // Frames of one grey and a missing clip; the deviation over equal frames is 0.
    fn equal_frames_do_not_vary_and_nothing_is_missing() {
        let grey = Picture::from_rgb(2, 2, vec![90; 12]).unwrap();
        let shape = ClipShape::new(Colours);
        let clip = vec![grey; 20];
        let v = shape.encode(&[Some(&clip), None, Some(&[])]);
        assert_eq!((v.n_present(), v.is_present(0)), (1, true));
        let row = v.row(0).unwrap();
        assert!(row[Colours.width()..].iter().all(|x| *x == 0.0));
    }
}
