//! A sentence for people, in English and Chinese.

pub use crate::Said;
