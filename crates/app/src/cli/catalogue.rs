//! Options of the commands about what the catalogue says and shows.

use clap::{Args, Subcommand, ValueEnum, ValueHint};
use domain::{Day, Market};
use std::path::PathBuf;

/// `portolan search`.
#[derive(Debug, Args)]
pub(crate) struct Search {
    /// What to look for.
    #[arg(required_unless_present = "image", conflicts_with = "image")]
    pub(crate) query: Option<String>,
    /// A picture instead of words: as `portolan similar --image`.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) image: Option<PathBuf>,
    /// Look for what pictures show instead of what texts say; needs an encoder of texts and pictures (`portolan models add`).
    #[arg(long, conflicts_with = "image")]
    pub(crate) pictures: bool,
    /// Market: titles in its language, and nothing that is out of stock there.
    #[arg(long)]
    pub(crate) market: Option<Market>,
    /// How many products.
    #[arg(short = 'n', long = "number", default_value_t = 10)]
    pub(crate) n: usize,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `portolan similar`.
#[derive(Debug, Args)]
pub(crate) struct Similar {
    /// Code of the product.
    #[arg(required_unless_present = "image", conflicts_with = "image")]
    pub(crate) product: Option<String>,
    /// A picture instead of a product: what in the catalogue looks like it.
    #[arg(long, value_name = "FILE")]
    pub(crate) image: Option<PathBuf>,
    /// What is compared. Both looks for another one of the same sort; bought and all for what the same shoppers buy.
    #[arg(long, value_enum, default_value_t = Like::Both, conflicts_with = "image")]
    pub(crate) by: Like,
    /// Market: titles in its language, and nothing that is out of stock there.
    #[arg(long)]
    pub(crate) market: Option<Market>,
    /// How many products.
    #[arg(short = 'n', long = "number", default_value_t = 10)]
    pub(crate) n: usize,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// In what products are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Like {
    /// Titles, brands, categories, descriptions.
    Text,
    /// Shapes and colours of their pictures.
    Picture,
    /// What they are bought with.
    Bought,
    /// The ranks of texts and pictures together.
    Both,
    /// Texts, pictures and purchases, as your orders weigh them (`portolan catalogue views`); as both where they do not.
    All,
}

/// `portolan catalogue`.
#[derive(Debug, Args)]
pub(crate) struct Catalogue {
    /// What to do.
    #[command(subcommand)]
    pub(crate) what: CatalogueWhat,
}

/// What to do with the catalogue.
#[derive(Debug, Subcommand)]
pub(crate) enum CatalogueWhat {
    /// Pictures that several products share, that are missing, or that look like another category's.
    Pictures {
        /// Also learn from the catalogue what titles and pictures go together, and name the pairs that do not; some minutes.
        #[arg(long)]
        titles: bool,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Sounds and the sound of videos: what is said in them, and which are alike.
    Sounds {
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// What texts, pictures and purchases each say of what is bought next, and whether they are joined.
    Views {
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Translated texts held against their originals: placeholders, numbers and units, claims, a glossary; drafts what is missing.
    Copy(CopyArgs),
    /// Which offers of another shop are products of yours.
    Match(MatchArgs),
    /// The category of a public taxonomy that each product belongs in, from its titles alone.
    Categories(CategoriesArgs),
}

/// `portolan catalogue copy`.
#[derive(Debug, Args)]
pub(crate) struct CopyArgs {
    /// CSV: source, target, language (of the target, such as de or vi), maybe id and source_language. An empty target is drafted.
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) texts: PathBuf,
    /// CSV of words: source, target, language, kind (term, claim or keep; without it, term).
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) glossary: Option<PathBuf>,
    /// Write the texts with their drafts and what was found as CSV.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) out: Option<PathBuf>,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `portolan catalogue match`.
#[derive(Debug, Args)]
pub(crate) struct MatchArgs {
    /// CSV of the other shop: a column `title`, and where there are any `offer_id`, `brand`, `model`, `description`, `gtin`,
    /// `price`, `currency`.
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) offers: PathBuf,
    /// CSV of pairs that somebody judged: product_id,offer_id,same with yes or no.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) labels: Option<PathBuf>,
    /// Write the pairs that are most worth judging, to be filled and given as --labels.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) draft: Option<PathBuf>,
    /// How many pairs the draft holds.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(20..=5_000))]
    pub(crate) pairs: u16,
    /// Write the other shop's prices of your products as a table that `portolan ingest` takes; needs --market and --competitor.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "market", requires = "competitor")]
    pub(crate) prices: Option<PathBuf>,
    /// The market that the other shop's prices are for.
    #[arg(long)]
    pub(crate) market: Option<Market>,
    /// The other shop's name.
    #[arg(long)]
    pub(crate) competitor: Option<String>,
    /// The day of its prices; without it, today.
    #[arg(long)]
    pub(crate) day: Option<Day>,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `portolan catalogue categories`.
#[derive(Debug, Args)]
pub(crate) struct CategoriesArgs {
    /// The taxonomy: lines `ID - A > B > C` in a file whose name holds its language (taxonomy.de-DE.txt), one file a language; or
    /// a CSV with the ids in its first column and a column for each locale.
    #[arg(long, value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
    pub(crate) taxonomy: Vec<PathBuf>,
    /// Write all products with their category as CSV.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) out: Option<PathBuf>,
    /// How many products are shown.
    #[arg(short = 'n', long = "number", default_value_t = 20)]
    pub(crate) n: usize,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}
