//! Which edges a picture has where: directions of gradients, counted in cells.
//!
//! The picture in shades of grey, 48 × 64 pixels; in each cell of 8 × 8 the lengths of gradients are added by direction
//! without sign, 9 bins, shared between the two nearest; a cell is scaled with each of the four squares of 2 × 2 cells
//! that it is in, cut at 0.2, and the four are averaged. Source: Dalal and Triggs, "Histograms of oriented gradients for
//! human detection", CVPR 2005; the mean of four instead of all four: Felzenszwalb et al., TPAMI 32(9), 2010.
//! Cost: one pass over the pixels.

use super::Picture;
use crate::{Encode, Vectors};
use rayon::prelude::*;

const CELL: usize = 8;
const WIDE: usize = 6;
const HIGH: usize = 8;
const BINS: usize = 9;

/// Directions of edges as an encoder; nothing is learnt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Edges;

impl Edges {
    fn row(picture: &Picture) -> Vec<f32> {
        let (w, h) = (WIDE * CELL, HIGH * CELL);
        let grey = picture.fitted(w as u32, h as u32).grey(w as u32, h as u32);
        let at = |x: usize, y: usize| grey[y * w + x];
        let mut cells = [[0.0_f32; BINS]; WIDE * HIGH];
        for (y, x) in (0..h).flat_map(|y| (0..w).map(move |x| (y, x))) {
            let across = at((x + 1).min(w - 1), y) - at(x.saturating_sub(1), y);
            let down = at(x, (y + 1).min(h - 1)) - at(x, y.saturating_sub(1));
            let length = across.hypot(down);
            let place = down.atan2(across).rem_euclid(std::f32::consts::PI) / std::f32::consts::PI * BINS as f32;
            let (bin, part) = (place.floor() as usize, place.fract());
            let cell = &mut cells[y / CELL * WIDE + x / CELL];
            cell[bin % BINS] += length * (1.0 - part);
            cell[(bin + 1) % BINS] += length * part;
        }
        let energy = cells.map(|cell| cell.iter().map(|v| v * v).sum::<f32>());
        let mut out = Vec::with_capacity(WIDE * HIGH * BINS);
        for (y, x) in (0..HIGH).flat_map(|y| (0..WIDE).map(move |x| (y, x))) {
            let mut sums = [0.0; BINS];
            for (dy, dx) in [(-1, -1), (-1, 1), (1, -1), (1, 1)] {
                let other = |side: usize, d: i64, most: usize| (side as i64 + d).clamp(0, most as i64 - 1) as usize;
                let (v, u) = (other(y, dy, HIGH), other(x, dx, WIDE));
                let block = [(y, x), (v, x), (y, u), (v, u)].map(|(y, x)| energy[y * WIDE + x]);
                // Four cells of faint noise stay faint.
                let scale = 1.0 / (block.iter().sum::<f32>() + 0.25).sqrt();
                let scaled = cells[y * WIDE + x].iter().map(|v| (v * scale).min(0.2));
                sums.iter_mut().zip(scaled).for_each(|(s, v)| *s += v / 4.0);
            }
            out.extend(sums);
        }
        out
    }
}

impl Encode for Edges {
    type Item = Picture;

    fn width(&self) -> usize {
        WIDE * HIGH * BINS
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

#[cfg(test)]
mod tests {
    use super::*;

    fn striped(light: impl Fn(usize, usize) -> u8) -> Picture {
        let pixels = (0..64).flat_map(|y| (0..48).map(move |x| (x, y)));
        Picture::from_rgb(48, 64, pixels.flat_map(|(x, y)| [light(x, y); 3]).collect()).unwrap()
    }

    #[test] // Upright stripes change across (direction 0, bin 0), lying ones down (a right angle, between bins 4 and 5).
    fn directions_of_stripes_fall_into_their_bins() {
        let upright = Edges::row(&striped(|x, _| if x / 4 % 2 == 0 { 30 } else { 220 }));
        let lying = Edges::row(&striped(|_, y| if y / 4 % 2 == 0 { 30 } else { 220 }));
        let share = |row: &[f32], bins: &[usize]| {
            let total: f32 = row.iter().sum();
            row.chunks(BINS).map(|cell| bins.iter().map(|b| cell[*b]).sum::<f32>()).sum::<f32>() / total
        };
        assert!(share(&upright, &[0]) > 0.99 && share(&lying, &[4, 5]) > 0.99);
    }

    #[test]
    fn shape_counts_and_light_does_not() {
        let dark = striped(|x, y| if x > 20 && y > 30 { 40 } else { 140 });
        let light = striped(|x, y| if x > 20 && y > 30 { 130 } else { 230 });
        let other = striped(|x, y| if x < 20 && y < 30 { 40 } else { 140 });
        let v = Edges.encode(&[Some(&dark), Some(&light), Some(&other)]).unit();
        let product =
            |a: usize, b: usize| -> f32 { v.row(a).unwrap().iter().zip(v.row(b).unwrap()).map(|(x, y)| x * y).sum() };
        assert!(product(0, 1) > 0.99 && product(0, 2) < 0.6, "{} {}", product(0, 1), product(0, 2));
    }
}
