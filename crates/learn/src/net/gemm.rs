//! Products of row-major matrices, parts of wider ones included.
//!
//! On `faer`, one thread: threads work on different shards, so that a product has the same bits at
//! any number of them. Cost: `2 m k n` operations.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

/// What happens to what the target holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Into {
    /// It is overwritten.
    Replace,
    /// The product is added to it.
    Add,
}

/// A matrix to read: `rows × cols` numbers whose rows start `stride` apart.
pub(crate) type View<'a> = MatRef<'a, f32>;

/// All of a row-major matrix.
pub(crate) fn view(data: &[f32], rows: usize, cols: usize) -> View<'_> {
    MatRef::from_row_major_slice(&data[..rows * cols], rows, cols)
}

/// A block of a wider row-major matrix: `data` starts at the block's first number.
pub(crate) fn block(data: &[f32], rows: usize, cols: usize, stride: usize) -> View<'_> {
    if rows == 0 {
        return MatRef::from_row_major_slice(&[], 0, cols);
    }
    MatRef::from_row_major_slice_with_stride(&data[..(rows - 1) * stride + cols], rows, cols, stride)
}

/// `target = scale · a · b`, or added to it; the target's rows start `stride` apart.
pub(crate) fn product(target: &mut [f32], stride: usize, into: Into, scale: f32, a: View<'_>, b: View<'_>) {
    let (rows, cols) = (a.nrows(), b.ncols());
    if rows == 0 || cols == 0 {
        return;
    }
    let accum = match into {
        Into::Replace => Accum::Replace,
        Into::Add => Accum::Add,
    };
    // As the transpose of columns: faer 0.24's own constructor for rows with a stride takes them for columns.
    let target = &mut target[..(rows - 1) * stride + cols];
    let target = MatMut::from_column_major_slice_with_stride_mut(target, cols, rows, stride).transpose_mut();
    matmul(target, accum, a, b, scale, Par::Seq);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // (1 2; 3 4) · (5; 6) = (17; 39), into the second column of a matrix of three.
    fn a_product_goes_into_a_column_by_hand() {
        let mut target = vec![1.0; 6];
        product(&mut target[1..], 3, Into::Replace, 1.0, view(&[1.0, 2.0, 3.0, 4.0], 2, 2), view(&[5.0, 6.0], 2, 1));
        assert_eq!(target, [1.0, 17.0, 1.0, 1.0, 39.0, 1.0]);
        let wide = [1.0, 9.0, 2.0, 9.0];
        product(&mut target[1..], 3, Into::Add, 2.0, block(&wide, 2, 1, 2), view(&[1.0], 1, 1));
        assert_eq!(target, [1.0, 19.0, 1.0, 1.0, 43.0, 1.0]);
    }
}
