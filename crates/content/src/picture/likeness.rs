//! Which pictures look like one: first those that are the same picture saved again, then by shapes and colours.
//!
//! A copy is told by its print. Everything else is ordered by the mean of two cosines, that of the edges and that of
//! the colours: neither is learnt, so it works on the first ten pictures of a shop. On 44,000 product pictures edges
//! alone name the kind of article as often as a network trained on them (docs/content.md). Cost: one pass over the vectors
//! a question; some 13 KB a picture.

use super::{Colours, Edges, Picture, PicturePrint};
use crate::{Encode, Vectors, VectorsError};
use learn::container::{ContainerError, Reader, Writer};

/// Bits of a print within which two pictures are one saved twice, and how far their colours may be apart.
const SAME: (u32, u8) = (10, 40);
const KIND: &str = "picture_likeness";

/// The pictures of a catalogue, ready to be compared with one.
#[derive(Clone, Debug, PartialEq)]
pub struct Likeness {
    prints: Vec<Option<PicturePrint>>,
    edges: Vectors,
    colours: Vectors,
}

/// A picture that looks like the one asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alike {
    /// Its row.
    pub row: usize,
    /// Mean cosine of edges and colours, −1 to 1; 1 for the same picture.
    pub likeness: f32,
    /// Whether it is the same picture, saved again or scaled.
    pub same: bool,
}

impl Likeness {
    /// From pictures in their order, `None` where there is none.
    pub fn of(pictures: &[Option<&Picture>]) -> Self {
        Self {
            prints: pictures.iter().map(|p| p.map(PicturePrint::of)).collect(),
            edges: Edges.encode(pictures).unit(),
            colours: Colours.encode(pictures).unit(),
        }
    }

    /// Pictures after those that are there: memory stays bounded where a catalogue is read in parts.
    ///
    /// # Errors
    /// [`VectorsError`] for numbers that are not finite, which no encoder gives.
    pub fn extend(&mut self, more: Self) -> Result<(), VectorsError> {
        self.prints.extend(more.prints);
        for (into, from) in [(&mut self.edges, &more.edges), (&mut self.colours, &more.colours)] {
            for row in from.rows() {
                match row {
                    Some(row) => into.push(row)?,
                    None => into.push_missing(),
                }
            }
        }
        Ok(())
    }

    /// Pictures, the missing ones among them.
    pub fn len(&self) -> usize {
        self.prints.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.prints.is_empty()
    }

    /// Pictures that are there.
    pub fn n_present(&self) -> usize {
        self.edges.n_present()
    }

    /// The `n` rows among the allowed that look most like a picture, the same picture first.
    pub fn like(&self, picture: &Picture, n: usize, allowed: &[bool]) -> Vec<Alike> {
        let one = Self::of(&[Some(picture)]);
        self.nearest(&one, 0, n, |row| allowed.get(row).copied().unwrap_or(false))
    }

    /// As [`Self::like`] for a picture of the catalogue, which is not among the answers.
    pub fn like_row(&self, row: usize, n: usize, allowed: &[bool]) -> Vec<Alike> {
        self.nearest(self, row, n, |other| other != row && allowed.get(other).copied().unwrap_or(false))
    }

    fn nearest(&self, of: &Self, at: usize, n: usize, allowed: impl Fn(usize) -> bool) -> Vec<Alike> {
        let (Some(edges), Some(colours)) = (of.edges.row(at), of.colours.row(at)) else { return Vec::new() };
        let cosine = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let mut found: Vec<Alike> = (0..self.len())
            .filter(|&row| allowed(row))
            .filter_map(|row| {
                let likeness = (cosine(edges, self.edges.row(row)?) + cosine(colours, self.colours.row(row)?)) / 2.0;
                let same = of.prints[at].zip(self.prints[row]).is_some_and(|(a, b)| is_same(&a, &b));
                Some(Alike { row, likeness, same })
            })
            .collect();
        found.sort_by(|a, b| b.same.cmp(&a.same).then(b.likeness.total_cmp(&a.likeness)).then(a.row.cmp(&b.row)));
        found.truncate(n);
        found
    }

    /// Groups of rows whose pictures are one saved several times, each of two or more, in the order of their rows.
    pub fn repeats(&self) -> Vec<Vec<usize>> {
        let rows: Vec<usize> = (0..self.len()).filter(|&row| self.prints[row].is_some()).collect();
        let index = super::PrintIndex::new(rows.iter().filter_map(|&row| self.prints[row]).collect());
        let groups = index.groups(SAME.0, SAME.1).into_iter().filter(|group| group.len() > 1);
        groups.map(|group| group.into_iter().map(|at| rows[at as usize]).collect()).collect()
    }

    /// As checked bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut to = Writer::default();
        let prints: Vec<u8> = self.prints.iter().flat_map(|p| p.map_or([0; 28], |p| p.to_bytes())).collect();
        let there: Vec<u8> = self.prints.iter().map(|p| u8::from(p.is_some())).collect();
        to.bytes("prints", &prints);
        to.bytes("there", &there);
        to.f32s("edges", self.edges.values());
        to.f32s("colours", self.colours.values());
        to.finish(KIND, 0)
    }

    /// From what [`Self::to_bytes`] gave.
    ///
    /// # Errors
    /// [`ContainerError`] for bytes that were cut, changed, or are something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ContainerError> {
        let from = Reader::open(bytes)?;
        if from.kind() != KIND {
            return Err(ContainerError::Kind { got: from.kind().to_owned(), want: KIND.to_owned() });
        }
        let there = from.bytes("there")?;
        let prints = from.bytes("prints")?;
        if prints.len() != there.len() * 28 {
            return Err(ContainerError::content("prints", "28 bytes a picture"));
        }
        let rows = |name: &str, width: usize| -> Result<Vectors, ContainerError> {
            let values = from.f32s(name)?;
            if values.len() != there.len() * width {
                return Err(ContainerError::content(name, format!("{width} numbers a picture")));
            }
            let rows = values.chunks_exact(width).zip(there).map(|(row, there)| (*there == 1).then_some(row));
            Vectors::from_rows(width, rows).map_err(|why| ContainerError::content(name, why.to_string()))
        };
        let prints = prints.as_chunks::<28>().0.iter().zip(there);
        Ok(Self {
            edges: rows("edges", Edges.width())?,
            colours: rows("colours", Colours.width())?,
            prints: prints.map(|(print, there)| (*there == 1).then(|| PicturePrint::from_bytes(print))).collect(),
        })
    }
}

fn is_same(a: &PicturePrint, b: &PicturePrint) -> bool {
    a.distance(b) <= SAME.0 && a.colour_distance(b) <= SAME.1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disc or a bar of a colour on white.
    fn drawn(disc: bool, colour: [u8; 3], side: u32) -> Picture {
        let rgb = (0..side * side).flat_map(|at| {
            let (x, y) = ((at % side) as f32 / side as f32 - 0.5, (at / side) as f32 / side as f32 - 0.5);
            let inside = if disc { x.hypot(y) < 0.35 } else { x.abs() < 0.12 && y.abs() < 0.45 };
            if inside { colour } else { [255; 3] }
        });
        Picture::from_rgb(side, side, rgb.collect()).unwrap()
    }

    fn four() -> Likeness {
        let (red, blue) = ([200, 30, 30], [30, 30, 200]);
        let pictures = [drawn(true, red, 96), drawn(true, blue, 96), drawn(false, red, 96), drawn(true, red, 160)];
        let mut likeness = Likeness::of(&pictures.each_ref().map(Some));
        likeness.extend(Likeness::of(&[None])).unwrap();
        likeness
    }

    #[test]
    fn the_same_picture_comes_first_and_a_missing_one_never() {
        let likeness = four();
        assert_eq!((likeness.len(), likeness.n_present()), (5, 4));
        let found = likeness.like(&drawn(true, [200, 30, 30], 120), 9, &[true; 5]);
        assert_eq!(found.iter().map(|a| a.row).collect::<Vec<_>>()[2..].len(), 2);
        assert!(found[0].same && found[1].same && !found[2].same);
        let mut first = [found[0].row, found[1].row];
        first.sort_unstable();
        assert_eq!(first, [0, 3], "the red disc in two sizes");
        assert!(likeness.like_row(0, 9, &[true; 5]).iter().all(|a| a.row != 0));
        assert_eq!(likeness.like(&drawn(true, [200, 30, 30], 96), 9, &[false, true, false, false, true]).len(), 1);
    }

    #[test]
    fn one_picture_in_two_sizes_is_a_repeat() {
        assert_eq!(four().repeats(), [[0, 3]]);
    }

    #[test]
    fn bytes_come_back_and_cut_ones_do_not() {
        let likeness = four();
        let bytes = likeness.to_bytes();
        assert_eq!(Likeness::from_bytes(&bytes).unwrap(), likeness);
        assert!(Likeness::from_bytes(&bytes[..bytes.len() - 3]).is_err());
    }
}
