//! Sums of gradients by bin, in whole numbers.
//!
//! A [`Cell`] holds `Σ g` scaled to 62 bits, and in one word `Σ h` scaled to 38 bits above a count
//! of 26 bits: 128 bits that are added as a pair. The scales follow from `Σ |g|` and `Σ h` over all
//! rows, so that no sum can run over; a single row keeps the precision of `f32` (of `h` about 18 bits
//! of the mean at a million rows, far below the noise of any leaf). Whole numbers make sums exact:
//! no order of rows, split into tasks or subtraction of a sibling changes a bit.
//!
//! Cost: `n_rows × n_columns` additions of 16 bytes. Eight columns of 256 cells are 32 KB, which
//! stays in the first cache level while a block of rows passes.
//! Source: integer histograms as in Shi et al., "Quantized training of gradient boosting decision
//! trees", NeurIPS 2022, with many more bits than there.

use super::bins::{Bins, WIDTH};
use rayon::prelude::*;

const COUNT_BITS: u32 = 26;

/// Most rows that the count has room for.
pub(super) const MAX_ROWS: usize = (1 << COUNT_BITS) - 1;

/// Rows summed by one task, at least.
const TASK: usize = 32_768;

/// Gradient and curvature of a row, or sums of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    gradient: i64,
    /// Curvature above, count below.
    mass: u64,
}

impl Cell {
    #[inline(always)]
    pub(super) fn add(&mut self, other: Self) {
        // Cannot run over, by the choice of scales; wrapping spares the check in the hottest loop.
        self.gradient = self.gradient.wrapping_add(other.gradient);
        self.mass = self.mass.wrapping_add(other.mass);
    }

    #[inline(always)]
    pub(super) fn subtract(&mut self, other: Self) {
        self.gradient = self.gradient.wrapping_sub(other.gradient);
        self.mass = self.mass.wrapping_sub(other.mass);
    }

    #[inline(always)]
    pub(super) fn count(self) -> u32 {
        (self.mass & MAX_ROWS as u64) as u32
    }
}

/// How gradients become whole numbers and back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    gradient: f64,
    curvature: f64,
    per_gradient: f64,
    per_curvature: f64,
}

impl Scale {
    /// For rows whose absolute gradients and curvatures add up to at most these.
    pub(super) fn new(sum_gradient: f64, sum_curvature: f64) -> Self {
        // Half a unit of rounding a row is at most 2^25, far below the bit that is left free.
        let of = |bits: i32, sum: f64| if sum > 0.0 { 2_f64.powi(bits) / sum } else { 1.0 };
        let (gradient, curvature) = (of(60, sum_gradient), of(37, sum_curvature));
        Self { gradient, curvature, per_gradient: 1.0 / gradient, per_curvature: 1.0 / curvature }
    }

    #[inline]
    pub(super) fn cell(&self, gradient: f32, curvature: f32) -> Cell {
        let gradient = (f64::from(gradient) * self.gradient) as i64;
        let curvature = (f64::from(curvature) * self.curvature + 0.5) as i64;
        Cell { gradient, mass: ((curvature as u64) << COUNT_BITS) | 1 }
    }

    #[inline(always)]
    pub(super) fn gradient(&self, cell: Cell) -> f64 {
        cell.gradient as f64 * self.per_gradient
    }

    #[inline(always)]
    pub(super) fn curvature(&self, cell: Cell) -> f64 {
        (cell.mass >> COUNT_BITS) as i64 as f64 * self.per_curvature
    }
}

/// The cells of one column by bin.
pub(super) type Column = [Cell; 256];

/// The cells of eight columns.
pub(super) type Block = [Column; WIDTH];

/// The rows of a node: all there are, or a list.
#[derive(Clone, Copy)]
pub(super) enum Rows<'a> {
    All,
    Listed(&'a [u32]),
}

/// Sums by bin for all columns.
pub(super) struct Histogram {
    blocks: Vec<Block>,
}

impl Histogram {
    pub(super) fn column(&self, column: usize) -> &Column {
        &self.blocks[column / WIDTH][column % WIDTH]
    }

    /// Sums the rows; `spare` lends its memory, `ordered` is room for the cells of listed rows.
    pub(super) fn build(
        bins: &Bins,
        cells: &[Cell],
        rows: Rows<'_>,
        spare: Option<Self>,
        ordered: &mut Vec<Cell>,
    ) -> Self {
        let mut blocks = spare.map_or_else(Vec::new, |spare| spare.blocks);
        blocks.resize_with(bins.n_blocks(), || [[Cell::default(); 256]; WIDTH]);
        // The cells of the rows side by side: they are fetched once and read by every block.
        let (list, cells) = match rows {
            Rows::All => (None, cells),
            Rows::Listed(list) => {
                ordered.clear();
                ordered.extend(list.iter().map(|&row| cells[row as usize]));
                (Some(list), ordered.as_slice())
            }
        };
        let n_tasks = (rayon::current_num_threads() * 2).div_ceil(blocks.len()).min(cells.len() / TASK);
        let sum_block = |(b, block): (usize, &mut Block)| {
            block.as_flattened_mut().fill(Cell::default());
            let (steps, width) = (bins.block(b), bins.width(b));
            if n_tasks <= 1 {
                return sum(width, steps, list, cells, block);
            }
            let length = cells.len().div_ceil(n_tasks);
            let parts: Vec<Box<Block>> = (0..n_tasks)
                .into_par_iter()
                .map(|task| {
                    let range = (task * length).min(cells.len())..((task + 1) * length).min(cells.len());
                    let steps = if list.is_some() { steps } else { &steps[range.clone()] };
                    let mut part = Box::new([[Cell::default(); 256]; WIDTH]);
                    sum(width, steps, list.map(|list| &list[range.clone()]), &cells[range], &mut part);
                    part
                })
                .collect();
            for part in &parts {
                block.iter_mut().flatten().zip(part.iter().flatten()).for_each(|(sum, cell)| sum.add(*cell));
            }
        };
        if cells.len() * blocks.len() < 4096 {
            blocks.iter_mut().enumerate().for_each(sum_block);
        } else {
            blocks.par_iter_mut().enumerate().for_each(sum_block);
        }
        Self { blocks }
    }

    /// What is left of the parent without one child is the other.
    pub(super) fn subtract(&mut self, child: &Self) {
        for (parent, child) in self.blocks.iter_mut().flatten().zip(child.blocks.iter().flatten()) {
            parent.iter_mut().zip(child).for_each(|(parent, child)| parent.subtract(*child));
        }
    }
}

/// Adds rows to the cells of a block. The width is a constant inside, so that the loop over columns
/// is unrolled and padding costs nothing.
fn sum(width: usize, steps: &[[u8; WIDTH]], list: Option<&[u32]>, cells: &[Cell], block: &mut Block) {
    match width {
        1 => sum_columns::<1>(steps, list, cells, block),
        2 => sum_columns::<2>(steps, list, cells, block),
        3 => sum_columns::<3>(steps, list, cells, block),
        4 => sum_columns::<4>(steps, list, cells, block),
        5 => sum_columns::<5>(steps, list, cells, block),
        6 => sum_columns::<6>(steps, list, cells, block),
        7 => sum_columns::<7>(steps, list, cells, block),
        _ => sum_columns::<8>(steps, list, cells, block),
    }
}

fn sum_columns<const N: usize>(steps: &[[u8; WIDTH]], list: Option<&[u32]>, cells: &[Cell], block: &mut Block) {
    let mut one = |steps: &[u8; WIDTH], cell: Cell| {
        for column in 0..N {
            block[column][usize::from(steps[column])].add(cell);
        }
    };
    match list {
        None => steps.iter().zip(cells).for_each(|(steps, cell)| one(steps, *cell)),
        Some(list) => list.iter().zip(cells).for_each(|(row, cell)| one(&steps[*row as usize], *cell)),
    }
}

/// Sums one column alone, for growers that look at few columns of a node.
pub(super) fn sum_column(bins: &Bins, column: usize, cells: &[Cell], rows: Rows<'_>, into: &mut Column) {
    into.fill(Cell::default());
    let (steps, at) = (bins.block(column / WIDTH), column % WIDTH);
    match rows {
        Rows::All => steps.iter().zip(cells).for_each(|(steps, cell)| into[usize::from(steps[at])].add(*cell)),
        Rows::Listed(list) => {
            for &row in list {
                into[usize::from(steps[row as usize][at])].add(cells[row as usize]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::features::Features;
    use super::*;
    use domain::Seed;

    #[test] // Bin 0 has rows 0 and 2: g = 1 − 3 = −2, h = 0.5 + 1 = 1.5; the missing value is row 3.
    fn a_column_is_summed_by_bin_and_a_sibling_is_the_rest() {
        let table = Features::new(vec![1.0, 2.0, 1.0, f32::NAN], 1).unwrap();
        let bins = Bins::new(&table, 255, Seed(0)).unwrap();
        let scale = Scale::new(16.0, 4.0);
        let rows = [(1.0, 0.5), (2.0, 0.25), (-3.0, 1.0), (7.0, 0.125)];
        let cells: Vec<Cell> = rows.iter().map(|&(g, h)| scale.cell(g, h)).collect();
        let mut all = Histogram::build(&bins, &cells, Rows::All, None, &mut Vec::new());
        let read = |cell: Cell| (scale.gradient(cell), scale.curvature(cell), cell.count());
        assert_eq!(read(all.column(0)[0]), (-2.0, 1.5, 2));
        assert_eq!(read(all.column(0)[255]), (7.0, 0.125, 1));
        assert_eq!(read(all.column(0)[1]), (2.0, 0.25, 1));
        let some = Histogram::build(&bins, &cells, Rows::Listed(&[1, 2]), None, &mut Vec::new());
        all.subtract(&some);
        assert_eq!(read(all.column(0)[0]), (1.0, 0.5, 1));
        let mut alone = [Cell::default(); 256];
        sum_column(&bins, 0, &cells, Rows::Listed(&[0, 3]), &mut alone);
        assert_eq!(&alone, all.column(0));
    }

    #[test] // The parts of many tasks make the same cells as one pass, bit by bit.
    fn the_number_of_tasks_does_not_matter() {
        let mut rng = Seed(3).stream(0);
        let n = 3 * TASK + 17;
        let table = Features::new((0..n).map(|_| rng.below(200) as f32).collect(), 1).unwrap();
        let bins = Bins::new(&table, 255, Seed(0)).unwrap();
        let scale = Scale::new(n as f64, n as f64);
        let cells: Vec<Cell> = (0..n).map(|_| scale.cell(rng.uniform() as f32 - 0.5, rng.uniform() as f32)).collect();
        let rows: Vec<u32> = (0..n as u32).collect();
        let at = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| Histogram::build(&bins, &cells, Rows::All, None, &mut Vec::new()).blocks)
        };
        let listed = Histogram::build(&bins, &cells, Rows::Listed(&rows), None, &mut Vec::new());
        assert!(at(1) == at(3) && at(1) == listed.blocks);
    }
}
