//! Buffers that are used again: every step needs the same ones.

/// Buffers of one thread's tape, kept from step to step.
#[derive(Debug, Default)]
pub struct Pool {
    free: Vec<Vec<f32>>,
}

impl Pool {
    /// A buffer of this length whose contents nobody may rely on: the smallest that fits, else the
    /// largest one, grown.
    pub(crate) fn take(&mut self, len: usize) -> Vec<f32> {
        let fits = (0..self.free.len()).filter(|b| self.free[*b].capacity() >= len);
        let best = fits.min_by_key(|b| self.free[*b].capacity());
        let largest = || (0..self.free.len()).max_by_key(|b| self.free[*b].capacity());
        let mut buffer = best.or_else(largest).map_or_else(Vec::new, |b| self.free.swap_remove(b));
        if buffer.len() < len {
            buffer.resize(len, 0.0);
        }
        buffer.truncate(len);
        buffer
    }

    /// A buffer of zeros.
    pub(crate) fn zeros(&mut self, len: usize) -> Vec<f32> {
        let mut buffer = self.take(len);
        buffer.fill(0.0);
        buffer
    }

    /// Takes a buffer back.
    pub(crate) fn give(&mut self, buffer: Vec<f32>) {
        if buffer.capacity() > 0 {
            self.free.push(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_comes_back_and_the_smallest_that_fits_is_taken() {
        let mut pool = Pool::default();
        pool.give(vec![1.0; 100]);
        pool.give(vec![2.0; 10]);
        assert_eq!(pool.take(8), [2.0; 8]);
        assert_eq!(pool.take(8), [1.0; 8], "the other one is too large, but there");
        pool.give(vec![3.0; 4]);
        assert_eq!((pool.zeros(6), pool.free.len()), (vec![0.0; 6], 0));
    }
}
