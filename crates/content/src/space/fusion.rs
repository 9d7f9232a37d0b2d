//! One vector of several modalities, learnt for a purpose.
//!
//! Every modality is standardised, mapped to the common width and joined in one of three ways ([`Join`]); a
//! modality that is missing takes no part, and while it learns whole modalities are dropped now and then, so that it
//! can do without. The purpose ([`Goal`]) is a class, such as the kind of product, or a vector to be near to, such as
//! that of what is bought together: then a product is compared with the others of the step, as in Oord, Li and
//! Vinyals, "Representation learning with contrastive predictive coding", 2018; or numbers to be told, such as the demand of the
//! weeks ahead. The fused vector is what stands before the last map.
//!
//! Sources: gates: Arevalo et al., "Gated multimodal units for information fusion", ICLR workshop 2017; attention:
//! Vaswani et al., "Attention is all you need", NIPS 2017, one question token over the modalities that are there;
//! dropping modalities: Neverova et al., "ModDrop", TPAMI 38(8), 2016. Cost: the maps, `Σ width_m · width` a row.

use super::network::{Lessons, Shape};
use crate::Vectors;
use domain::Seed;
use learn::LearnError;
use learn::container::{ContainerError, Fingerprint, Reader, Writer};
use learn::net::{AdamParams, Mode, Pool, Stop, Tape, TrainParams, Trainer, Watch, Weights};

/// How modalities become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// Side by side, zeros for what is missing, through a layer.
    Concatenated,
    /// A sum whose weights, one for each modality and number, are learnt from all modalities.
    Gated,
    /// A question that attends to the modalities that are there.
    Attention,
}

impl Join {
    /// All ways.
    pub const ALL: [Self; 3] = [Self::Concatenated, Self::Gated, Self::Attention];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Concatenated => "concatenated",
            Self::Gated => "gated sum",
            Self::Attention => "attention",
        }
    }
}

/// How to learn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FusionParams {
    /// How modalities become one.
    pub join: Join,
    /// Length of the fused vector, a positive multiple of 4.
    pub width: usize,
    /// How often a modality is dropped while learning, in 0..1.
    pub drop_modality: f32,
    /// Share of cells set to 0 while learning, in 0..1.
    pub dropout: f32,
    /// What products are divided by where the goal is a vector, above 0.
    pub temperature: f32,
    /// Passes over the rows at most, at least 1.
    pub n_epochs: usize,
    /// Epochs without a smaller loss on a tenth of the rows kept aside before it stops; 0 keeps nothing aside.
    pub patience: usize,
    /// Rows a step, at least 1.
    pub batch: usize,
    /// Step length of Adam, above 0.
    pub rate: f32,
}

impl Default for FusionParams {
    fn default() -> Self {
        Self {
            join: Join::Gated,
            width: 64,
            drop_modality: 0.15,
            dropout: 0.2,
            temperature: 0.1,
            n_epochs: 40,
            patience: 5,
            batch: 256,
            rate: 2e-3,
        }
    }
}

/// What the fused vector has to be good for.
#[derive(Clone, Copy, Debug)]
pub enum Goal<'a> {
    /// A class of each row, below `n`; rows of `None` teach nothing.
    Classes {
        /// One a row.
        labels: &'a [Option<u32>],
        /// How many there are.
        n: usize,
    },
    /// A vector to be near to; rows that are missing teach nothing.
    Near(&'a Vectors),
    /// Numbers to be told, by squared error; rows that are missing teach nothing. They should be of about unit size: the caller
    /// standardises, and undoes it.
    Values(&'a Vectors),
}

/// Why nothing was learnt.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FusionError {
    /// Modalities or targets that do not fit together.
    #[error("{what}: {got}, wanted are {need}")]
    Shape {
        /// What is counted.
        what: &'static str,
        /// How many there are.
        got: usize,
        /// How many there should be.
        need: usize,
    },
    /// A parameter or training that went wrong.
    #[error(transparent)]
    Learn(#[from] LearnError),
}

/// A fitted fusion.
#[derive(Clone, Debug, PartialEq)]
pub struct Fusion {
    pub(super) shape: Shape,
    /// Mean and inverse deviation of every column of every modality.
    scales: Vec<(Vec<f32>, Vec<f32>)>,
    weights: Weights,
}

/// Mean and inverse deviation of columns over the rows that are there.
fn column_scales(vectors: &Vectors) -> (Vec<f32>, Vec<f32>) {
    let n = vectors.n_present().max(1) as f64;
    let mut sums = vec![(0.0_f64, 0.0_f64); vectors.width()];
    for row in vectors.rows().flatten() {
        for ((sum, squares), x) in sums.iter_mut().zip(row) {
            *sum += f64::from(*x);
            *squares += f64::from(*x) * f64::from(*x);
        }
    }
    let one = |(sum, squares): &(f64, f64)| {
        let mean = sum / n;
        let deviation = (squares / n - mean * mean).max(0.0).sqrt();
        (mean as f32, if deviation > 1e-9 { (1.0 / deviation) as f32 } else { 0.0 })
    };
    sums.iter().map(one).unzip()
}

impl FusionParams {
    /// Learns from rows of several modalities: `parts[m]` is one of them, all with a row for every product.
    ///
    /// # Errors
    /// [`FusionError`] for parameters out of range, modalities or targets of different length, a label that is no
    /// class, and where nothing can be learnt from.
    pub fn fit(&self, parts: &[&Vectors], goal: Goal<'_>, seed: Seed) -> Result<Fusion, FusionError> {
        self.fit_watched(parts, goal, seed, &mut |_: learn::net::Progress| learn::net::Flow::Continue)
    }

    /// As [`Self::fit`], with somebody who hears of the progress and may end it.
    ///
    /// # Errors
    /// As [`Self::fit`].
    pub fn fit_watched(
        &self,
        parts: &[&Vectors],
        goal: Goal<'_>,
        seed: Seed,
        watch: &mut dyn Watch,
    ) -> Result<Fusion, FusionError> {
        self.check()?;
        let n = parts.first().map_or(0, |part| part.len());
        if let Some(other) = parts.iter().find(|part| part.len() != n) {
            return Err(FusionError::Shape { what: "rows of a modality", got: other.len(), need: n });
        }
        let (n_targets, n_out) = match goal {
            Goal::Classes { labels, n } => (labels.len(), n),
            Goal::Near(vectors) | Goal::Values(vectors) => (vectors.len(), vectors.width()),
        };
        if n_targets != n {
            return Err(FusionError::Shape { what: "targets", got: n_targets, need: n });
        }
        if n_out == 0 {
            return Err(FusionError::Shape { what: "classes, or numbers of a target", got: 0, need: 1 });
        }
        if let Goal::Classes { labels, n } = goal
            && let Some(wrong) = labels.iter().flatten().find(|label| **label as usize >= n)
        {
            return Err(FusionError::Shape { what: "class of a row", got: *wrong as usize, need: n - 1 });
        }
        let scales: Vec<_> = parts.iter().map(|part| column_scales(part)).collect();
        let widths = parts.iter().map(|part| part.width()).collect();
        let shape = Shape { join: self.join, widths, width: self.width, n_out, temperature: self.temperature };
        let scaled: Vec<Vectors> = parts.iter().zip(&scales).map(|(part, scale)| scaled(part, scale)).collect();
        let teaches = |row: &u32| {
            let row = *row as usize;
            let aimed = match goal {
                Goal::Classes { labels, .. } => labels[row].is_some(),
                Goal::Near(vectors) | Goal::Values(vectors) => vectors.is_present(row),
            };
            aimed && scaled.iter().any(|part| part.is_present(row))
        };
        let mut rows: Vec<u32> = (0..n as u32).filter(teaches).collect();
        if rows.is_empty() {
            return Err(LearnError::TooLittleData { what: "rows with a target", have: 0, need: 1 }.into());
        }
        seed.stream(1).shuffle(&mut rows);
        let n_held = if self.patience > 0 { rows.len() / 10 } else { 0 };
        let held = rows.split_off(rows.len() - n_held);
        let (mut weights, mut rng) = (Weights::default(), seed.stream(0));
        shape.start(&mut weights, &mut rng);
        let lessons = Lessons { shape: &shape, params: self, parts: &scaled, goal, rows };
        let how = TrainParams {
            n_epochs: self.n_epochs,
            batch: self.batch,
            adam: AdamParams { rate: self.rate, ..AdamParams::default() },
            stop: if n_held > 0 { Stop::After(self.patience) } else { Stop::Never },
            ..TrainParams::default()
        };
        let mut print = Fingerprint::default();
        print.add_text(&format!("{self:?} {n_out} {n}"));
        let mut trainer = Trainer::new(how, weights, seed.derive(1), print.value())?;
        let mut metric = |weights: &Weights| (!held.is_empty()).then(|| -lessons.held_out_loss(weights, &held));
        trainer.run(&lessons, &mut metric, watch)?;
        let weights = trainer.into_weights();
        Ok(Fusion { shape, scales, weights })
    }

    fn check(&self) -> Result<(), LearnError> {
        let share = |v: f32| (0.0..1.0).contains(&v);
        for (name, value, rule, holds) in [
            ("width", self.width as f64, "a positive multiple of 4", self.width > 0 && self.width.is_multiple_of(4)),
            ("drop_modality", f64::from(self.drop_modality), "at least 0 and below 1", share(self.drop_modality)),
            ("dropout", f64::from(self.dropout), "at least 0 and below 1", share(self.dropout)),
            (
                "temperature",
                f64::from(self.temperature),
                "above 0",
                self.temperature > 0.0 && self.temperature.is_finite(),
            ),
        ] {
            if !holds {
                return Err(LearnError::Param { name, rule, got: value });
            }
        }
        Ok(())
    }
}

/// Columns with mean 0 and deviation 1 over the rows learnt from.
fn scaled(part: &Vectors, (mean, inverse): &(Vec<f32>, Vec<f32>)) -> Vectors {
    let mut out = Vectors::new(part.width());
    for row in part.rows() {
        let fits = row.map(|row| {
            let one = |((x, m), s): ((&f32, &f32), &f32)| ((x - m) * s).clamp(-10.0, 10.0);
            row.iter().zip(mean).zip(inverse).map(one).collect::<Vec<f32>>()
        });
        match fits {
            Some(row) if out.push(&row).is_ok() => {}
            _ => out.push_missing(),
        }
    }
    out
}

impl Fusion {
    /// Length of a fused vector.
    pub const fn width(&self) -> usize {
        self.shape.width
    }

    /// Modalities, by their widths.
    pub fn widths(&self) -> &[usize] {
        &self.shape.widths
    }

    fn run(
        &self,
        parts: &[&Vectors],
        out: impl Fn(&mut Tape<'_>, &[learn::net::Var], learn::net::Var) -> learn::net::Var,
        width: usize,
    ) -> Vectors {
        let fit = parts.len() == self.scales.len()
            && parts.iter().zip(&self.shape.widths).all(|(part, width)| part.width() == *width)
            && parts.iter().all(|part| part.len() == parts[0].len());
        assert!(fit, "the modalities that were learnt from, each with a row for every product");
        let scaled: Vec<Vectors> = parts.iter().zip(&self.scales).map(|(part, scale)| scaled(part, scale)).collect();
        let n = parts.first().map_or(0, |part| part.len());
        let (mut result, mut pool) = (Vectors::new(width), Pool::default());
        let rows: Vec<u32> = (0..n as u32).collect();
        for chunk in rows.chunks(1_024) {
            let mut tape = Tape::new(std::mem::take(&mut pool), Mode::Infer);
            let (dense, tables) = tape.lend(&self.weights);
            let there = |row: &u32| scaled.iter().any(|part| part.is_present(*row as usize));
            let known: Vec<u32> = chunk.iter().copied().filter(there).collect();
            let mut values = Vec::new();
            if !known.is_empty() {
                let fused = self.shape.fused(&mut tape, &dense, &tables, &scaled, &known, None);
                let last = out(&mut tape, &dense, fused);
                values.extend_from_slice(tape.value(last));
            }
            let mut made = values.chunks_exact(width);
            for row in chunk {
                let row = if there(row) { made.next() } else { None };
                if row.is_none_or(|row| result.push(row).is_err()) {
                    result.push_missing();
                }
            }
            pool = tape.into_pool();
        }
        result
    }

    /// Fused vectors; a row of which no modality is there is missing.
    ///
    /// # Panics
    /// If these are not the modalities that were learnt from.
    pub fn fuse(&self, parts: &[&Vectors]) -> Vectors {
        self.run(parts, |_, _, fused| fused, self.width())
    }

    /// What the goal was about: logarithmic odds of every class up to a constant, the direction of the vector to be near to, or
    /// the numbers.
    ///
    /// # Panics
    /// As [`Self::fuse`].
    pub fn predict(&self, parts: &[&Vectors]) -> Vectors {
        self.run(parts, |tape, dense, fused| self.shape.last(tape, dense, fused), self.shape.n_out)
    }

    /// The likeliest class of each row, of a fusion that was learnt for classes.
    ///
    /// # Panics
    /// As [`Self::fuse`].
    pub fn classes(&self, parts: &[&Vectors]) -> Vec<Option<u32>> {
        let best = |row: &[f32]| {
            (0..row.len()).max_by(|a, b| row[*a].total_cmp(&row[*b]).then(b.cmp(a))).map(|class| class as u32)
        };
        self.predict(parts).rows().map(|row| row.and_then(best)).collect()
    }

    /// Adds this under `name`.
    pub fn write(&self, name: &str, to: &mut Writer) {
        to.text(&format!("{name}.join"), self.shape.join.name());
        let mut sizes = vec![self.shape.width as u64, self.shape.n_out as u64];
        sizes.extend(self.shape.widths.iter().map(|w| *w as u64));
        to.u64s(&format!("{name}.sizes"), &sizes);
        to.f32s(&format!("{name}.temperature"), &[self.shape.temperature]);
        for (m, (mean, inverse)) in self.scales.iter().enumerate() {
            to.f32s(&format!("{name}.mean {m}"), mean);
            to.f32s(&format!("{name}.inverse {m}"), inverse);
        }
        for (array, _, values) in self.weights.arrays() {
            to.f32s(&format!("{name}.{array}"), values);
        }
    }

    /// What [`Self::write`] added.
    ///
    /// # Errors
    /// [`ContainerError`] for sections that are missing or do not fit together.
    pub fn read(name: &str, from: &Reader<'_>) -> Result<Self, ContainerError> {
        let wrong = |section: &str, why: &str| ContainerError::content(&format!("{name}.{section}"), why);
        let word = from.text(&format!("{name}.join"))?;
        let join = Join::ALL.into_iter().find(|join| join.name() == word);
        let join = join.ok_or_else(|| wrong("join", "no way of joining that is known"))?;
        let sizes = from.u64s(&format!("{name}.sizes"))?;
        // A wrong size must not make room for numbers that are not there.
        let small = |n: u64| usize::try_from(n).ok().filter(|n| (1..=1 << 20).contains(n));
        let sizes: Option<Vec<usize>> = sizes.into_iter().map(small).collect();
        let sizes = sizes.ok_or_else(|| wrong("sizes", "numbers from 1 to 1048576 are wanted"))?;
        let [width, n_out, widths @ ..] = &sizes[..] else { return Err(wrong("sizes", "at least two are wanted")) };
        if !width.is_multiple_of(4) {
            return Err(wrong("sizes", "a width that is a multiple of 4 is wanted"));
        }
        let [temperature] = from.floats::<1>(&format!("{name}.temperature"))?;
        let shape = Shape { join, widths: widths.to_vec(), width: *width, n_out: *n_out, temperature };
        let finite = |section: &str, need: usize| -> Result<Vec<f32>, ContainerError> {
            let values = from.f32s(&format!("{name}.{section}"))?;
            if values.len() != need || values.iter().any(|v| !v.is_finite()) {
                return Err(wrong(section, &format!("{need} finite numbers are wanted, {} are there", values.len())));
            }
            Ok(values)
        };
        let scale = |(m, width): (usize, &usize)| {
            Ok((finite(&format!("mean {m}"), *width)?, finite(&format!("inverse {m}"), *width)?))
        };
        let scales = widths.iter().enumerate().map(scale).collect::<Result<_, ContainerError>>()?;
        let mut weights = Weights::outline();
        shape.start(&mut weights, &mut Seed(0).stream(0));
        let weights = weights.fill(|array, n| finite(array, n))?;
        Ok(Self { shape, scales, weights })
    }
}

#[cfg(test)]
mod tests;
