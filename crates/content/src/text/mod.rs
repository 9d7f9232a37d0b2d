//! Texts: their spelling, words and language, encoders that make vectors of them, and what brings two
//! languages together.

mod bridge;
mod category_finder;
mod copy;
mod features;
mod hashed;
mod language;
mod language_samples;
mod lsa;
mod measures;
mod normal;
mod opinions;
mod path_bridge;
mod script;
mod segment;
mod tf_idf;
mod topic_model;
mod word_vectors;

pub use bridge::{Closeness, TextBridge, TextBridgeParams};
pub use category_finder::{Category, CategoryFinder, CategoryFinderParams, Place};
pub use copy::{Drafted, Fault, Glossary, Term, TermKind};
pub use features::Features;
pub use hashed::{Hashed, HashedParams};
pub use language::{Guess, Language, LanguageModel};
pub use lsa::{Lsa, LsaParams};
pub use normal::normal;
pub use opinions::{Opinion, OpinionModel, OpinionParams, Polarity, micro_f1};
pub use path_bridge::{LEVEL, PathBridge, PathBridgeParams};
pub use script::Script;
pub use segment::{words, words_of_normal};
pub use tf_idf::{TfIdf, TfIdfParams};
pub use topic_model::{NamedTopic, TopicModel, TopicModelParams};
pub use word_vectors::{WordVectors, WordVectorsParams};
