//! One thing that one shopper said or did about one aspect: the row that needs are counted from.

use domain::{Day, Language, Market};

/// Where it was said or done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A review.
    Review,
    /// A question.
    Question,
    /// A search without a result.
    EmptySearch,
    /// A reason for a return.
    Return,
}

impl Source {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Review, Self::Question, Self::EmptySearch, Self::Return];

    /// English and Chinese.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Review => ("reviews", "评论"),
            Self::Question => ("questions", "提问"),
            Self::EmptySearch => ("searches", "搜索"),
            Self::Return => ("returns", "退货"),
        }
    }
}

/// What was said about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stance {
    /// Praised.
    Praise,
    /// Blamed, or the reason of a return.
    Blame,
    /// Wished: "I wish it had …".
    Wish,
    /// Asked or searched for.
    Ask,
}

/// The row.
#[derive(Clone, Debug, PartialEq)]
pub struct Voice {
    /// Market of the shopper.
    pub market: Market,
    /// Language of the text.
    pub language: Option<Language>,
    /// When.
    pub day: Day,
    /// Product, where it is about one.
    pub product: Option<String>,
    /// Aspect or theme, in the words of whoever read the texts: `noise`, `delivery`.
    pub aspect: String,
    /// What was said.
    pub stance: Stance,
    /// Where.
    pub source: Source,
    /// Identifier of the text: review, question, message or order line. Several voices may be of one text.
    pub text_id: String,
    /// The words, as they were written; empty where there are none.
    pub snippet: String,
}
