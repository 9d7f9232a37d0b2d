//! A sentence encoder: texts become vectors.
//!
//! Texts are cut into pieces and sorted by length, so that those of one length go through the layers together and nothing
//! is padded. Deterministic: the same texts give the same bits on one machine, and a text alone differs from the same
//! text among others by rounding alone. Cost: about `2 · (parameters without the vocabulary) · pieces` operations a text.

use super::net::{Family, TextNet};
use super::steps::{Pooling, Steps};
use super::tokens::{Tokens, max_pieces};
use crate::PretrainedError;
use crate::folder::{Settings, Weights};
use candle_core::{Result as Computed, Tensor};
use content::{Encode, Vectors};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;

/// Pieces that go through the layers together, about.
const BATCH: usize = 1024;

/// What a sentence encoder says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextSettings {
    /// Pieces that a text is cut to, marks of start and end among them.
    pub max_pieces: usize,
    /// How pieces become one vector.
    pub pooling: Pooling,
    /// Whether the folder did not say so and the mean was taken.
    pub pooling_assumed: bool,
    /// Whether vectors have length 1.
    pub unit: bool,
    /// What stands before a query, as E5 was trained; empty for most.
    pub query_prefix: String,
    /// What stands before a text that is searched.
    pub passage_prefix: String,
}

struct Parts {
    tokens: Tokens,
    net: TextNet,
    steps: Steps,
    /// The number of the mark of a text's end, for [`Pooling::End`].
    end: u32,
    settings: TextSettings,
}

/// Texts to vectors. Cheap to copy: the weights are shared.
#[derive(Clone)]
pub struct TextEncoder {
    parts: Arc<Parts>,
    prefix: String,
}

impl std::fmt::Debug for TextEncoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TextEncoder").field("settings", &self.parts.settings).field("prefix", &self.prefix).finish()
    }
}

/// `query: ` and `passage: ` of E5, what sentence-transformers calls prompts, or nothing.
fn prefixes(folder: &Path, s: &Settings) -> Result<(String, String), PretrainedError> {
    let st = Settings::read(&folder.join("config_sentence_transformers.json"))?;
    let prompts = st.map(|s| s.sub("prompts"));
    let of = |keys: &[&str]| {
        let found = prompts.as_ref().and_then(|p| keys.iter().find_map(|k| p.text(k)));
        found.filter(|p| p.len() <= 4096).map(str::to_owned)
    };
    let (query, passage) = (of(&["query", "s2p_query"]), of(&["passage", "document", "corpus"]));
    if query.as_ref().or(passage.as_ref()).is_some_and(|p| !p.is_empty()) {
        return Ok((query.unwrap_or_default(), passage.unwrap_or_default()));
    }
    let folder = folder.file_name().map(|n| n.to_string_lossy().into_owned());
    let names = [s.text("_name_or_path").map(str::to_owned), folder];
    let is_e5 = |name: &String| {
        let name = name.rsplit('/').next().unwrap_or(name).to_lowercase();
        name.split(['-', '_', '.']).any(|part| part == "e5") && !name.contains("instruct")
    };
    let e5 = names.iter().flatten().any(is_e5);
    Ok(if e5 { ("query: ".to_owned(), "passage: ".to_owned()) } else { (String::new(), String::new()) })
}

impl TextEncoder {
    pub(crate) fn load(
        folder: &Path,
        family: Family,
        s: &Settings,
        weights: Weights,
    ) -> Result<(Self, Vec<String>), PretrainedError> {
        let net = TextNet::load(family, s, weights)?;
        let steps = Steps::read(folder, net.width())?;
        let max = max_pieces(folder, net.n_places())?;
        let lower = Settings::read(&folder.join("sentence_bert_config.json"))?.and_then(|s| s.flag("do_lower_case"));
        let tokens = Tokens::load(folder, net.n_words(), max)?.lowered(lower == Some(true));
        let (query_prefix, passage_prefix) = prefixes(folder, s)?;
        let files = steps.files.clone();
        Ok((Self::of(tokens, net, steps, 0, query_prefix, passage_prefix)?, files))
    }

    /// From its parts; runs one text through them, so that what cannot work fails here.
    pub(crate) fn of(
        tokens: Tokens,
        net: TextNet,
        steps: Steps,
        end: u32,
        query_prefix: String,
        passage_prefix: String,
    ) -> Result<Self, PretrainedError> {
        let settings = TextSettings {
            max_pieces: tokens.max(),
            pooling: steps.pooling,
            pooling_assumed: steps.assumed,
            unit: steps.unit,
            query_prefix,
            passage_prefix: passage_prefix.clone(),
        };
        let out = Self { parts: Arc::new(Parts { tokens, net, steps, end, settings }), prefix: passage_prefix };
        out.try_encode(&[Some("a")])?;
        Ok(out)
    }

    /// What it says of itself.
    pub fn settings(&self) -> &TextSettings {
        &self.parts.settings
    }

    /// The same encoder for what shoppers ask, with the prefix of queries where it has one.
    #[must_use]
    pub fn for_queries(&self) -> Self {
        Self { parts: Arc::clone(&self.parts), prefix: self.parts.settings.query_prefix.clone() }
    }

    /// The same encoder for what is searched or compared; how it comes.
    #[must_use]
    pub fn for_passages(&self) -> Self {
        Self { parts: Arc::clone(&self.parts), prefix: self.parts.settings.passage_prefix.clone() }
    }

    /// Numbers of a text's pieces as the layers see them; `None` where there is nothing to encode.
    pub fn pieces(&self, text: &str) -> Option<Vec<u32>> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        self.parts.tokens.cut(&format!("{}{text}", self.prefix))
    }

    /// As [`Encode::encode`], and what went wrong where something did.
    ///
    /// # Errors
    /// [`PretrainedError::Compute`], which a folder that could be opened should not reach.
    pub fn try_encode(&self, items: &[Option<&str>]) -> Result<Vectors, PretrainedError> {
        let cut: Vec<Option<Vec<u32>>> = items.par_iter().map(|text| self.pieces(text.as_ref()?)).collect();
        let mut order: Vec<usize> = (0..items.len()).filter(|i| cut[*i].is_some()).collect();
        let length = |i: &usize| cut[*i].as_ref().map_or(0, Vec::len);
        order.sort_by_key(|i| (length(i), *i));
        let mut batches: Vec<&[usize]> = Vec::new();
        let mut rest = order.as_slice();
        while let Some(first) = rest.first() {
            // Ascending: the last text is the longest of the batch.
            let most = (BATCH / length(first).max(1)).max(1);
            let fits = |n: &usize| *n == 1 || n * length(&rest[n - 1]) <= BATCH.max(length(first));
            let n = (1..=most.min(rest.len())).rev().find(fits).unwrap_or(1);
            let (batch, after) = rest.split_at(n);
            batches.push(batch);
            rest = after;
        }
        let texts = |batch: &[usize]| -> Vec<&[u32]> { batch.iter().filter_map(|i| cut[*i].as_deref()).collect() };
        let encoded: Vec<Vec<f32>> =
            batches.par_iter().map(|batch| self.vectors(&texts(batch))).collect::<Computed<_>>()?;
        let width = self.width();
        let mut rows: Vec<Option<&[f32]>> = vec![None; items.len()];
        for (batch, values) in batches.iter().zip(&encoded) {
            for (i, row) in batch.iter().zip(values.chunks_exact(width)) {
                rows[*i] = Some(row);
            }
        }
        let mut out = Vectors::new(width);
        for row in rows {
            // A vector that is not finite says nothing.
            if row.is_none_or(|row| out.push(row).is_err()) {
                out.push_missing();
            }
        }
        Ok(out)
    }

    /// Vectors of texts in ascending order of length, one after the other.
    fn vectors(&self, texts: &[&[u32]]) -> Computed<Vec<f32>> {
        let rows = self.parts.net.run(texts)?;
        let width = self.parts.net.width();
        let values: Vec<f32> = rows.flatten_all()?.to_vec1()?;
        let mut pooled = Vec::with_capacity(texts.len() * width);
        let mut from = 0;
        for text in texts {
            let rows = &values[from * width..(from + text.len()) * width];
            pool(self.parts.steps.pooling, rows, width, text, self.parts.end, &mut pooled);
            from += text.len();
        }
        if !self.parts.steps.dense.is_empty() {
            let mut x = Tensor::from_vec(pooled, (texts.len(), width), &candle_core::Device::Cpu)?;
            for layer in &self.parts.steps.dense {
                x = layer.run(&x)?;
            }
            pooled = x.flatten_all()?.to_vec1()?;
        }
        if self.parts.steps.unit {
            unit_rows(&mut pooled, self.width());
        }
        Ok(pooled)
    }
}

/// Rows to length 1; a row of zeros stays.
pub(crate) fn unit_rows(values: &mut [f32], width: usize) {
    for row in values.chunks_exact_mut(width) {
        let length = row.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>().sqrt();
        if length > 0.0 {
            row.iter_mut().for_each(|x| *x = (f64::from(*x) / length) as f32);
        }
    }
}

/// Adds the one row that stands for `rows` to `out`.
fn pool(how: Pooling, rows: &[f32], width: usize, text: &[u32], end: u32, out: &mut Vec<f32>) {
    let n = text.len();
    let row = |i: usize| &rows[i * width..(i + 1) * width];
    match how {
        Pooling::First => out.extend_from_slice(row(0)),
        Pooling::Last => out.extend_from_slice(row(n - 1)),
        Pooling::End => out.extend_from_slice(row(text.iter().position(|p| *p == end).unwrap_or(n - 1))),
        Pooling::Max => {
            out.extend((0..width).map(|c| (0..n).map(|r| rows[r * width + c]).fold(f32::NEG_INFINITY, f32::max)));
        }
        Pooling::Mean | Pooling::MeanSqrt => {
            let mut total = vec![0.0_f64; width];
            rows.chunks_exact(width).for_each(|row| total.iter_mut().zip(row).for_each(|(t, x)| *t += f64::from(*x)));
            let by = if how == Pooling::Mean { n as f64 } else { (n as f64).sqrt() };
            out.extend(total.iter().map(|t| (t / by) as f32));
        }
    }
}

impl Encode for TextEncoder {
    type Item = str;

    fn width(&self) -> usize {
        self.parts.steps.width
    }

    /// A text that has nothing but space is missing.
    fn encode(&self, items: &[Option<&str>]) -> Vectors {
        self.try_encode(items).unwrap_or_else(|_| {
            let mut none = Vectors::new(self.width());
            items.iter().for_each(|_| none.push_missing());
            none
        })
    }
}
