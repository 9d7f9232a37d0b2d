//! What reviews say: whether they praise, what they wish for, which parts of a product they are about.
//!
//! [`Judge`] answers one question about a text, in any language it was shown: praise or complaint, wish or report.
//! [`Aspects`] says what a sentence is about and in which mood, [`concerns`] the same without anything learnt, in one vocabulary
//! over nine languages; [`asked_about`] says what a question is about. [`themes`] gathers, market by market, what is
//! complained of, praised and wished for, with counts and quotes.

mod asked;
mod aspects;
mod concerns;
mod judge;
mod phrases;
mod sentences;
mod themes;
mod wishes;

pub use asked::{asked_about, is_question};
pub use aspects::{Aspect, Aspects, AspectsParams, Marks, Mood};
pub use concerns::{CONCERN_LANGUAGES, Concern, Spoken, concerns};
pub use judge::{Aim, Judge, JudgeParams, Judged, Tried, Weights, best_f1};
pub use sentences::sentences;
pub use themes::{MarketReview, MarketVoice, Quote, Theme, ThemesParams, Voice, themes, voices};
pub use wishes::is_wish;
