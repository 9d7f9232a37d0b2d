//! A training as bytes, to be taken up again where it was.
//!
//! Little-endian: the mark `PNETCKP1`, counters and sums, then for the weights and for the best ones each
//! matrix with name, shape, values and moments; last a checksum. Reading and writing files is the caller's.

use super::weights::Dense;
use super::{Trainer, Weights};

const MARK: &[u8; 8] = b"PNETCKP1";

/// Why bytes are no checkpoint of this training.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not the bytes that were written.
    #[error("the checkpoint is damaged or of another version: {0}")]
    Damaged(&'static str),
    /// Of a training with other matrices.
    #[error("the checkpoint holds `{found}`, this training has `{expected}` there")]
    Other {
        /// Name and shape in the checkpoint.
        found: String,
        /// Name and shape wanted.
        expected: String,
    },
}

/// FNV-1a, 64 bits.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01B3))
}

fn label(d: &Dense) -> String {
    format!("{} {} × {}", d.name, d.rows, d.cols)
}

fn write_weights(out: &mut Vec<u8>, weights: &Weights) {
    for d in weights.each() {
        let name = label(d);
        out.extend((name.len() as u64).to_le_bytes());
        out.extend(name.as_bytes());
        for part in [&d.values, &d.m, &d.v] {
            out.extend(part.iter().flat_map(|v| v.to_le_bytes()));
        }
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn bytes(&mut self, n: usize) -> Result<&'a [u8], CheckpointError> {
        let (head, rest) = self.rest.split_at_checked(n).ok_or(CheckpointError::Damaged("it ends too early"))?;
        self.rest = rest;
        Ok(head)
    }

    fn word(&mut self) -> Result<u64, CheckpointError> {
        let mut word = [0; 8];
        word.copy_from_slice(self.bytes(8)?);
        Ok(u64::from_le_bytes(word))
    }

    fn weights(&mut self, into: &mut Weights) -> Result<(), CheckpointError> {
        for d in into.each_mut() {
            let len = self.word()? as usize;
            let found = String::from_utf8_lossy(self.bytes(len)?).into_owned();
            let expected = label(d);
            if found != expected {
                return Err(CheckpointError::Other { found, expected });
            }
            for part in [&mut d.values, &mut d.m, &mut d.v] {
                let bytes = self.bytes(4 * part.len())?;
                for (value, bytes) in part.iter_mut().zip(bytes.as_chunks::<4>().0) {
                    *value = f32::from_le_bytes(*bytes);
                }
            }
        }
        Ok(())
    }
}

impl Trainer {
    /// Everything that is needed to go on.
    pub fn checkpoint(&self) -> Vec<u8> {
        let mut out = MARK.to_vec();
        let words = [
            self.seed.0,
            self.epoch as u64,
            self.step_in_epoch as u64,
            self.n_updates,
            self.worse as u64,
            self.sums.0.to_bits(),
            self.sums.1.to_bits(),
            u64::from(self.best.is_some()),
            self.best.as_ref().map_or(0, |(metric, _)| metric.to_bits()),
        ];
        words.iter().for_each(|w| out.extend(w.to_le_bytes()));
        write_weights(&mut out, &self.weights);
        if let Some((_, best)) = &self.best {
            write_weights(&mut out, best);
        }
        let sum = checksum(&out);
        out.extend(sum.to_le_bytes());
        out
    }

    /// Takes a training up. `self` is a new one with the same parameters and matrices; data and seed have to be
    /// those of before as well, the seed is compared.
    ///
    /// # Errors
    /// [`CheckpointError`]; the training is then as it was.
    pub fn resume(&mut self, bytes: &[u8]) -> Result<(), CheckpointError> {
        let (body, sum) = bytes.split_last_chunk::<8>().ok_or(CheckpointError::Damaged("it is too short"))?;
        let mut reader = Reader { rest: body };
        if reader.bytes(MARK.len())? != MARK {
            return Err(CheckpointError::Damaged("the first eight bytes are not PNETCKP1"));
        }
        if checksum(body) != u64::from_le_bytes(*sum) {
            return Err(CheckpointError::Damaged("the checksum is wrong"));
        }
        let mut words = [0; 9];
        for word in &mut words {
            *word = reader.word()?;
        }
        let [seed, epoch, step, n_updates, worse, loss, weight, has_best, metric] = words;
        if seed != self.seed.0 {
            let text = |seed: u64| format!("seed {seed}");
            return Err(CheckpointError::Other { found: text(seed), expected: text(self.seed.0) });
        }
        let mut weights = self.weights.clone();
        reader.weights(&mut weights)?;
        let mut best = None;
        if has_best == 1 {
            let mut kept = self.weights.clone();
            reader.weights(&mut kept)?;
            best = Some((f64::from_bits(metric), kept));
        }
        (self.weights, self.best, self.worse) = (weights, best, worse as usize);
        (self.epoch, self.step_in_epoch, self.n_updates) = (epoch as usize, step as usize, n_updates);
        self.sums = (f64::from_bits(loss), f64::from_bits(weight));
        Ok(())
    }
}
