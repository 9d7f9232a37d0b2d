//! Which pictures look like one: first those that are the same picture saved again, then by shapes and colours.
//!
//! A copy is told by its print. Everything else is ordered by the mean of two cosines, that of the edges and that of
//! the colours: neither is learnt, so it works on the first ten pictures of a shop. On 44,000 product pictures edges
//! alone name the kind of article as often as a network trained on them (docs/content.md). Vectors of an encoder that others
//! trained take their place where they are [given](Likeness::judged_by). Cost: one pass over the vectors a question; some 13 KB a
//! picture.

use super::{Colours, Edges, Picture, PicturePrint};
use crate::space::View;
use crate::{Encode, Vectors, VectorsError};
use learn::container::{ContainerError, Reader, Writer};

/// Bits of a print within which two pictures may be one saved twice, and how far their colours may be apart.
const SAME: (u32, u8) = (10, 40);
/// Side of the small pictures that decide, and how far apart two are at most, as the root of the mean square of 0 to 255. On drawings
/// of one seed of the simulator copies of 64 to 200 pixels are at most 1.3 apart and other pictures at least 5.0; prints alone
/// take a shape in another colour for a copy.
const SMALL: usize = 16;
const SAME_APART: f64 = 4.0;
const KIND: &str = "picture_likeness";

/// The pictures of a catalogue, ready to be compared with one.
#[derive(Clone, Debug, PartialEq)]
pub struct Likeness {
    prints: Vec<Option<PicturePrint>>,
    /// Each picture on [`SMALL`] pixels a side, RGB one after the other; zeros for a missing one.
    small: Vec<u8>,
    edges: Vectors,
    colours: Vectors,
    /// What likeness is in the place of edges and colours.
    learnt: Option<Vectors>,
}

/// A picture that looks like the one asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alike {
    /// Its row.
    pub row: usize,
    /// Mean cosine of edges and colours, or that of the vectors they were judged by, −1 to 1; 1 for the same picture.
    pub likeness: f32,
    /// Whether it is the same picture, saved again or scaled.
    pub same: bool,
}

impl Likeness {
    /// From pictures in their order, `None` where there is none.
    pub fn of(pictures: &[Option<&Picture>]) -> Self {
        Self {
            prints: pictures.iter().map(|p| p.map(PicturePrint::of)).collect(),
            small: pictures.iter().flat_map(|p| p.map_or_else(|| vec![0; N_SMALL], small)).collect(),
            edges: Edges.encode(pictures).unit(),
            colours: Colours.encode(pictures).unit(),
            learnt: None,
        }
    }

    /// The same pictures, alike by these vectors, one for each of them. Copies are told by their prints still.
    ///
    /// # Errors
    /// [`VectorsError::Rows`] for another number of vectors.
    pub fn judged_by(self, vectors: Vectors) -> Result<Self, VectorsError> {
        if vectors.len() != self.len() {
            return Err(VectorsError::Rows { rows: self.len(), found: vectors.len() });
        }
        Ok(Self { learnt: Some(vectors.unit()), ..self })
    }

    /// The vectors it is judged by, where some were given.
    pub const fn learnt(&self) -> Option<&Vectors> {
        self.learnt.as_ref()
    }

    /// Pictures after those that are there: memory stays bounded where a catalogue is read in parts.
    ///
    /// # Errors
    /// [`VectorsError`] for numbers that are not finite, which no encoder gives.
    pub fn extend(&mut self, more: Self) -> Result<(), VectorsError> {
        self.prints.extend(more.prints);
        self.small.extend(more.small);
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
        self.like_with(picture, None, n, allowed)
    }

    /// As [`Self::like`], with the picture's vector where the others were [judged](Self::judged_by) by theirs. Without it edges
    /// and colours decide.
    pub fn like_with(&self, picture: &Picture, vector: Option<&[f32]>, n: usize, allowed: &[bool]) -> Vec<Alike> {
        let mut one = Self::of(&[Some(picture)]);
        one.learnt = vector.and_then(|row| Vectors::from_rows(row.len(), [Some(row)]).ok()).map(Vectors::unit);
        self.nearest(&one, 0, n, |row| allowed.get(row).copied().unwrap_or(false))
    }

    /// The `n` rows among the allowed whose vectors have the largest cosine with one: what a picture shows, asked in words, where
    /// both were made by two towers. Nothing without vectors or for one of another length.
    pub fn by_vector(&self, vector: &[f32], n: usize, allowed: &[bool]) -> Vec<(u32, f32)> {
        let Some(learnt) = self.learnt.as_ref().filter(|learnt| learnt.width() == vector.len()) else {
            return Vec::new();
        };
        let length = vector.iter().map(|v| v * v).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        let mut found: Vec<(u32, f32)> = (0..self.len())
            .filter(|&row| allowed.get(row).copied().unwrap_or(false))
            .filter_map(|row| Some((row as u32, cosine(learnt.row(row)?, vector) / length)))
            .collect();
        found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        found.truncate(n);
        found
    }

    /// As [`Self::like`] for a picture of the catalogue, which is not among the answers.
    pub fn like_row(&self, row: usize, n: usize, allowed: &[bool]) -> Vec<Alike> {
        self.nearest(self, row, n, |other| other != row && allowed.get(other).copied().unwrap_or(false))
    }

    fn nearest(&self, of: &Self, at: usize, n: usize, allowed: impl Fn(usize) -> bool) -> Vec<Alike> {
        let (Some(edges), Some(colours)) = (of.edges.row(at), of.colours.row(at)) else { return Vec::new() };
        let learnt = of.learnt.as_ref().zip(self.learnt.as_ref()).filter(|(a, b)| a.width() == b.width());
        let learnt = learnt.and_then(|(a, b)| Some((a.row(at)?, b)));
        let mut found: Vec<Alike> = (0..self.len())
            .filter(|&row| allowed(row))
            .filter_map(|row| {
                let likeness = match learnt {
                    Some((own, all)) => cosine(own, all.row(row)?),
                    None => (cosine(edges, self.edges.row(row)?) + cosine(colours, self.colours.row(row)?)) / 2.0,
                };
                let same = of.is_same(at, self, row);
                Some(Alike { row, likeness, same })
            })
            .collect();
        found.sort_by(|a, b| b.same.cmp(&a.same).then(b.likeness.total_cmp(&a.likeness)).then(a.row.cmp(&b.row)));
        found.truncate(n);
        found
    }

    /// How alike two of them are, and whether they are copies; `None` where one is missing.
    pub fn pair(&self, a: usize, b: usize) -> Option<Alike> {
        Some(Alike { row: b, likeness: self.alike(a, b)?, same: self.is_same(a, self, b) })
    }

    /// Whether two pictures are one saved twice: near by their prints, and pixel by pixel when both are small.
    fn is_same(&self, at: usize, other: &Self, row: usize) -> bool {
        let near = |(a, b): (PicturePrint, PicturePrint)| a.distance(&b) <= SAME.0 && a.colour_distance(&b) <= SAME.1;
        self.prints[at].zip(other.prints[row]).is_some_and(near)
            && apart(self.small(at), other.small(row)) <= SAME_APART
    }

    fn small(&self, row: usize) -> &[u8] {
        &self.small[row * N_SMALL..(row + 1) * N_SMALL]
    }

    /// Groups of rows whose pictures are one saved several times, each of two or more, in the order of their rows.
    pub fn repeats(&self) -> Vec<Vec<usize>> {
        let rows: Vec<usize> = (0..self.len()).filter(|&row| self.prints[row].is_some()).collect();
        let index = super::PrintIndex::new(rows.iter().filter_map(|&row| self.prints[row]).collect());
        let same = |a: u32, b: u32| self.is_same(rows[a as usize], self, rows[b as usize]);
        let groups = index.groups(SAME.0, SAME.1, same).into_iter().filter(|group| group.len() > 1);
        groups.map(|group| group.into_iter().map(|at| rows[at as usize]).collect()).collect()
    }

    /// As checked bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut to = Writer::default();
        let prints: Vec<u8> = self.prints.iter().flat_map(|p| p.map_or([0; 28], |p| p.to_bytes())).collect();
        let there: Vec<u8> = self.prints.iter().map(|p| u8::from(p.is_some())).collect();
        to.bytes("prints", &prints);
        to.bytes("there", &there);
        to.bytes("small", &self.small);
        to.f32s("edges", self.edges.values());
        to.f32s("colours", self.colours.values());
        if let Some(learnt) = &self.learnt {
            to.u64s("learnt width", &[learnt.width() as u64]);
            to.f32s("learnt", learnt.values());
        }
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
        let small = from.bytes("small")?.to_vec();
        if small.len() != there.len() * N_SMALL {
            return Err(ContainerError::content("small", format!("{N_SMALL} bytes a picture")));
        }
        let rows = |name: &str, width: usize| -> Result<Vectors, ContainerError> {
            let values = from.f32s(name)?;
            if values.len() != there.len() * width {
                return Err(ContainerError::content(name, format!("{width} numbers a picture")));
            }
            let rows = values.chunks_exact(width).zip(there).map(|(row, there)| (*there == 1).then_some(row));
            Vectors::from_rows(width, rows).map_err(|why| ContainerError::content(name, why.to_string()))
        };
        let learnt = if from.has("learnt") {
            let [width] = from.sizes("learnt width", 1 << 16)?;
            Some(rows("learnt", width)?)
        } else {
            None
        };
        let prints = prints.as_chunks::<28>().0.iter().zip(there);
        Ok(Self {
            small,
            edges: rows("edges", Edges.width())?,
            colours: rows("colours", Colours.width())?,
            learnt,
            prints: prints.map(|(print, there)| (*there == 1).then(|| PicturePrint::from_bytes(print))).collect(),
        })
    }
}

impl View for Likeness {
    fn alike(&self, a: usize, b: usize) -> Option<f32> {
        match &self.learnt {
            Some(learnt) => Some(cosine(learnt.row(a)?, learnt.row(b)?)),
            None => {
                let edges = cosine(self.edges.row(a)?, self.edges.row(b)?);
                Some((edges + cosine(self.colours.row(a)?, self.colours.row(b)?)) / 2.0)
            }
        }
    }
}

/// Bytes of a small picture.
const N_SMALL: usize = SMALL * SMALL * 3;

fn small(picture: &Picture) -> Vec<u8> {
    picture.fitted(SMALL as u32, SMALL as u32).rgb().to_vec()
}

/// Root of the mean square of what bytes differ.
fn apart(a: &[u8], b: &[u8]) -> f64 {
    let squares: u64 = a.iter().zip(b).map(|(x, y)| u64::from(x.abs_diff(*y)).pow(2)).sum();
    (squares as f64 / a.len().max(1) as f64).sqrt()
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
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

    /// Prints see shapes: a disc in a colour a little off has the same one. Bytes tell them apart, and a larger copy from neither.
    #[test]
    fn a_shape_in_another_colour_is_no_copy() {
        let pictures = [[200, 30, 30], [200, 60, 30]].map(|colour| drawn(true, colour, 96));
        let likeness = Likeness::of(&[Some(&pictures[0]), Some(&pictures[1]), Some(&drawn(true, [200, 30, 30], 160))]);
        let prints: Vec<PicturePrint> = pictures.iter().map(PicturePrint::of).collect();
        assert!(prints[0].distance(&prints[1]) <= SAME.0 && prints[0].colour_distance(&prints[1]) <= SAME.1);
        assert!(!likeness.is_same(0, &likeness, 1) && likeness.is_same(0, &likeness, 2));
        assert_eq!(likeness.repeats(), [vec![0, 2]]);
    }

    #[test]
    fn given_vectors_decide_in_the_place_of_edges_and_colours() {
        // By edges and colours the red bar, row 2, is nearer to the red disc than the blue disc; these vectors say the opposite.
        let rows = [Some([1.0, 0.0]), Some([3.0, 1.0]), Some([0.0, 2.0]), Some([1.0, 0.1]), None];
        let likeness = four().judged_by(Vectors::from_rows(2, rows).unwrap()).unwrap();
        let disc = drawn(true, [200, 30, 30], 96);
        let allowed = [false, true, true, false, true];
        let order = |found: Vec<Alike>| found.into_iter().map(|alike| alike.row).collect::<Vec<_>>();
        assert_eq!(order(likeness.like(&disc, 9, &allowed)), [2, 1], "no vector was given for the question");
        assert_eq!(order(likeness.like_with(&disc, Some(&[5.0, 0.0]), 9, &allowed)), [1, 2]);
        assert_eq!(order(likeness.like_row(0, 9, &allowed)), [1, 2]);
        // Cosines with (0, 1): 0, 1/√10, 1.
        let asked = likeness.by_vector(&[0.0, 4.0], 2, &[true, true, true, false, true]);
        assert_eq!((asked[0].0, asked[1].0), (2, 1));
        assert!((asked[0].1 - 1.0).abs() < 1e-6 && (asked[1].1 - 0.1_f32.sqrt()).abs() < 1e-6, "{asked:?}");
        assert!(
            likeness.by_vector(&[1.0], 2, &allowed).is_empty() && four().by_vector(&[1.0, 0.0], 2, &allowed).is_empty()
        );
        assert_eq!(Likeness::from_bytes(&likeness.to_bytes()).unwrap(), likeness);
        let short = Vectors::from_rows(2, [Some([1.0, 0.0])]).unwrap();
        assert_eq!(four().judged_by(short).unwrap_err().to_string(), "1 vectors for 5 rows");
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
