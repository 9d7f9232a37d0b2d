//! A sentence in both languages that decisions speak.

use domain::Language;
use serde::{Deserialize, Serialize};

/// The same sentence in English and in Chinese.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Said {
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

impl Said {
    /// Both at once.
    pub fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { en: en.into(), zh: zh.into() }
    }

    /// In the language of a page.
    pub fn get(&self, lang: crate::plan::Lang) -> &str {
        match lang {
            crate::plan::Lang::En => &self.en,
            crate::plan::Lang::Zh => &self.zh,
        }
    }

    /// The sentence; English where the language is not Chinese.
    pub fn in_language(&self, language: Language) -> &str {
        if language == Language::ZH { &self.zh } else { &self.en }
    }
}

/// A share as a percentage with at most one decimal.
pub(crate) fn percent(share: f64) -> String {
    let text = format!("{:.1}", share * 100.0);
    format!("{} %", text.trim_end_matches(".0"))
}
