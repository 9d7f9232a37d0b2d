//! A text becomes numbers of pieces, by the `tokenizer.json` of its model.

use crate::PretrainedError;
use crate::folder::Settings;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use tokenizers::{PostProcessor, Tokenizer, TruncationParams};

/// Bytes of a tokenizer at most.
const MOST_BYTES: u64 = 128 << 20;
/// Characters of a text that are looked at for each piece that may be kept: no piece of a known vocabulary is longer, so a
/// megabyte of text costs no more than what is used of it.
const CHARACTERS_A_PIECE: usize = 64;

/// Cuts texts as a model has learnt them.
pub(crate) struct Tokens {
    tokenizer: Tokenizer,
    max: usize,
    lower: bool,
    /// Length that shorter texts are filled up to, and with what.
    fill: Option<(usize, u32)>,
}

impl Tokens {
    /// Reads the tokenizer of a folder. `n_words` is what the weights have a row for, `max` what a text is cut to.
    pub(crate) fn load(folder: &Path, n_words: usize, max: usize) -> Result<Self, PretrainedError> {
        let path = folder.join("tokenizer.json");
        let wrong = |why: String| PretrainedError::Tokenizer { path: path.clone(), why };
        let bytes = crate::folder::read(&path, MOST_BYTES)?.ok_or_else(|| PretrainedError::FileMissing {
            folder: folder.to_path_buf(),
            file: "tokenizer.json".to_owned(),
            wanted: "how texts are cut; where there is only a vocabulary, \
                     `AutoTokenizer.from_pretrained(folder).save_pretrained(folder)` of transformers writes it",
        })?;
        let read = || Tokenizer::from_bytes(&bytes).map_err(|e| wrong(e.to_string()));
        let mut tokenizer = unbroken(read).ok_or_else(|| wrong("its reader broke down over it".to_owned()))??;
        let largest = tokenizer.get_vocab(true).into_values().max();
        let largest = largest.ok_or_else(|| wrong("its vocabulary is empty".to_owned()))? as usize;
        if largest >= n_words {
            return Err(wrong(format!("it has a piece of number {largest}, the weights have {n_words} rows")));
        }
        let n_marks = tokenizer.get_post_processor().map_or(0, |p| p.added_tokens(false));
        if n_marks >= max {
            return Err(wrong(format!("it adds {n_marks} marks to a text, which may have {max} pieces")));
        }
        let cut = TruncationParams { max_length: max, ..TruncationParams::default() };
        tokenizer.with_padding(None).with_truncation(Some(cut)).map_err(|e| wrong(e.to_string()))?;
        let out = Self { tokenizer, max, lower: false, fill: None };
        if out.cut("a").is_none() {
            return Err(wrong("it makes nothing of the text `a`".to_owned()));
        }
        Ok(out)
    }

    /// Whether texts are put in lower case first.
    #[must_use]
    pub(crate) fn lowered(mut self, lower: bool) -> Self {
        self.lower = lower;
        self
    }

    /// Fills every text up to a length.
    #[must_use]
    pub(crate) fn filled(mut self, length: usize, with: u32) -> Self {
        self.fill = Some((length, with));
        self
    }

    /// The most pieces that a text is cut to, marks of start and end among them.
    pub(crate) const fn max(&self) -> usize {
        self.max
    }

    /// The number of a piece.
    pub(crate) fn number(&self, piece: &str) -> Option<u32> {
        self.tokenizer.token_to_id(piece)
    }

    /// The text of numbers, without marks.
    pub(crate) fn text(&self, numbers: &[u32]) -> Option<String> {
        self.tokenizer.decode(numbers, true).ok()
    }

    /// Numbers of a text's pieces; `None` where the tokenizer fails over it or finds nothing.
    pub(crate) fn cut(&self, text: &str) -> Option<Vec<u32>> {
        let end = text.char_indices().nth(self.max.saturating_mul(CHARACTERS_A_PIECE)).map_or(text.len(), |(at, _)| at);
        let text = &text[..end];
        let lower;
        let text = if self.lower {
            lower = text.to_lowercase();
            lower.as_str()
        } else {
            text
        };
        let mut numbers = unbroken(|| self.tokenizer.encode_fast(text, true))?.ok()?.get_ids().to_vec();
        numbers.truncate(self.max);
        if let Some((length, with)) = self.fill {
            numbers.resize(length, with);
        }
        (!numbers.is_empty()).then_some(numbers)
    }
}

/// What others' code gives, `None` where it panics: a tokenizer that names marks it does not have brings it to that.
fn unbroken<T>(work: impl FnOnce() -> T) -> Option<T> {
    std::panic::catch_unwind(AssertUnwindSafe(work)).ok()
}

/// Pieces that a text may have: what the folder says, at most what the weights have places for.
pub(crate) fn max_pieces(folder: &Path, n_places: usize) -> Result<usize, PretrainedError> {
    if let Some(s) = Settings::read(&folder.join("sentence_bert_config.json"))?
        && let Some(n) = s.get("max_seq_length").and_then(serde_json::Value::as_u64)
    {
        return Ok((n as usize).clamp(3, n_places));
    }
    // A tokenizer without a limit says 10³⁰.
    let said = Settings::read(&folder.join("tokenizer_config.json"))?;
    let said = said.and_then(|s| s.get("model_max_length").and_then(serde_json::Value::as_f64));
    Ok(said.filter(|n| *n >= 3.0 && *n < n_places as f64).map_or(n_places, |n| n as usize))
}
