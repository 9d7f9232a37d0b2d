//! What the merchant sells: products, their words in six languages, their titles.

mod product;
mod texts;
mod words;

pub(crate) use product::{CATALOGUE, CatalogueRules};
pub use product::{Catalogue, Power, Product, TYPES, TypeSpec};
pub use texts::{category, description, title};
pub use words::{COLOURS, Colour, FEATURES, LANGUAGES, Words, language_index};
