//! What shoppers seem to value: the words that speak for it, and how they are looked for in goods and reviews.
//!
//! The words are those of `values.toml` beside portolan.toml where it is there (`quiet = ["silent", "leise", "静音"]`), else a
//! list in four languages.

use crate::exit::{Exit, Stop};
use crate::pipeline::rows::Rows;
use anyhow::{Context, Result};
use audience::AudienceError;
use audience::segments::interests::{Lexicon, ValueScore, Values};
use lake::Engine;
use std::path::Path;

/// Name of the list of words.
pub(crate) const FILE: &str = "values.toml";
/// Usual goods that each shopper is taken to have bought besides its own.
const PRIOR: f64 = 5.0;

/// Values with words of English, German, Spanish and Chinese.
const WORDS: [(&str, &[&str]); 8] = [
    ("quiet", &["quiet*", "silent*", "noiseless", "leise*", "geräuscharm*", "silencios*", "静音", "低噪"]),
    ("saving energy", &["energy sav*", "low power", "energiespar*", "ahorr*", "节能", "省电"]),
    ("natural", &["organic*", "natural*", "bamboo", "bio", "bambus", "orgánic*", "有机", "天然", "竹"]),
    (
        "compact",
        &["compact*", "foldable", "portable", "mini", "kompakt*", "faltbar*", "plegable", "便携", "折叠", "迷你"],
    ),
    ("for children", &["kids", "child*", "baby*", "kinder*", "niñ*", "儿童", "宝宝", "婴儿"]),
    ("smart", &["smart*", "wifi", "wi-fi", "bluetooth", "app", "智能", "蓝牙"]),
    ("for professionals", &["professional*", "commercial", "profi*", "gewerblich*", "profesional*", "专业", "商用"]),
    ("design", &["design*", "elegant*", "vintage", "retro", "stylish", "diseño*", "设计", "复古", "时尚"]),
];

pub(crate) fn lexicon(root: &Path) -> Result<Lexicon> {
    let path = root.join(FILE);
    if !path.exists() {
        let of =
            |(value, words): &(&str, &[&str])| ((*value).to_owned(), words.iter().map(|w| (*w).to_owned()).collect());
        return Ok(WORDS.iter().map(of).collect());
    }
    let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    toml::from_str(&text).map_err(|e| {
        let next = "a line is a value and its words in small letters: quiet = [\"silent\", \"leise\", \"静音\"]";
        Stop::error(Exit::Usage, format!("{}: {}", path.display(), e.to_string().trim_end()), next)
    })
}

/// The words of all goods and of all reviews, searched once.
pub(crate) struct Searched {
    goods: Option<Values>,
    reviews: Option<Values>,
}

impl Searched {
    pub(crate) async fn load(engine: &Engine, root: &Path) -> Result<Self> {
        let lexicon = lexicon(root)?;
        let goods = "select product_id as id, concat(coalesce(name, ''), '. ', coalesce(description, '')) as words \
                     from clean.products order by product_id";
        let reviews = "select review_id as id, text as words from clean.reviews \
                       where text is not null and junk is null and shopper_id is not null order by source, line";
        Ok(Self { goods: values(engine, goods, &lexicon).await?, reviews: values(engine, reviews, &lexicon).await? })
    }

    /// What a shopper's goods and reviews speak for, the largest lift first; nothing where there is no text of goods.
    pub(crate) fn of(&self, bought: &[&str], written: &[&str]) -> Vec<ValueScore> {
        let Some(goods) = &self.goods else { return Vec::new() };
        goods.with_words(bought.iter().copied(), self.reviews.as_ref().map(|words| (words, written)))
    }
}

async fn values(engine: &Engine, sql: &str, lexicon: &Lexicon) -> Result<Option<Values>> {
    let rows = Rows::query(engine, sql).await?;
    let (ids, words) = (rows.texts("id")?, rows.texts("words")?);
    let texts = ids.iter().zip(&words).filter(|(_, w)| w.len() > 2).map(|(id, w)| (id.as_str(), w.as_str()));
    match Values::learn(texts, lexicon, PRIOR) {
        Ok(values) => Ok(Some(values)),
        Err(AudienceError::TooLittleData { .. }) => Ok(None),
        Err(other) => Err(other.into()),
    }
}
