//! The command line, a contract: commands and options are only added.

mod audience;
mod bench;
mod catalogue;
mod decide;
mod ingest;
mod plan;
mod results;
mod rules;
mod server;
mod spend;

pub(crate) use audience::{
    AreaBy, BriefFor, GroupBy, Markets, MarketsWhat, Personas, ReplenishBy, Segments, SegmentsWhat, Shoppers,
    ShoppersWhat,
};
pub(crate) use bench::{Bench, BenchContent, BenchRecommend, BenchTasks, BenchWhat};
pub(crate) use catalogue::{Catalogue, CatalogueWhat, CategoriesArgs, CopyArgs, Like, MatchArgs, Search, Similar};
pub(crate) use decide::{
    AnyMarket, Changes, Checklist, Coupons, Decide, DecideWhat, Demand, Posts, Rivals, Trend, Watch,
};
pub(crate) use ingest::{AccessLog, DateOrder, Ingest, Sync};
pub(crate) use plan::Plan;
pub(crate) use results::{Ab, Campaigns, Faces, Shift};
pub(crate) use rules::{Rules, RulesList, RulesWhat};
pub(crate) use server::{Keys, KeysWhat, Serve};
pub(crate) use spend::{Bids, Budget, Channels, Target, TargetMetric};

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use domain::{Currency, Day, Market};
use std::path::PathBuf;

/// Carries what a known market taught into a new one.
///
/// Portolan reads orders, catalogues, reviews and costs as your shop exports them, cleans them into
/// one view, finds out who buys and what to offer whom, and writes a launch plan for each market.
#[derive(Debug, Parser)]
#[command(name = "portolan", version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Cli {
    /// Workspace folder; without it, the current folder or the nearest one above with portolan.toml.
    #[arg(long, short = 'w', global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) workspace: Option<PathBuf>,

    /// No progress bars.
    #[arg(long, short = 'q', global = true)]
    pub(crate) quiet: bool,

    /// More log lines on standard error; twice for debugging.
    #[arg(long, short = 'v', global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a workspace: a folder with portolan.toml and an empty lake.
    Init(Init),
    /// Take files into the lake and clean them.
    Ingest(Ingest),
    /// Ask the systems of sync.toml for orders and other records that changed, and clean.
    Sync(Sync),
    /// Encrypt the files as they came for a key that lies elsewhere, or open them again; says how it stands.
    Seal(Seal),
    /// Take a file's rows out of the lake again; earlier snapshots keep them.
    Forget(Forget),
    /// Write the tables as files that `ingest` reads back to the same rows.
    Export(Export),
    /// Compute segments, rules, recommendations and their evidence from what is in the lake.
    Run(Run),
    /// Write the launch plan of a market.
    Plan(Plan),
    /// Products for one shopper, with the reasons.
    Recommend(Recommend),
    /// Find products by words of any language.
    Search(Search),
    /// Products like a product, or like a picture.
    Similar(Similar),
    /// The catalogue looked through: pictures, offers of other shops, categories of a public taxonomy.
    Catalogue(Catalogue),
    /// Segments of one's own: define, count, explain, compare, follow, export.
    Segments(Segments),
    /// Who buys in a market, on one page.
    Personas(Personas),
    /// What is known and expected of a shopper, and whom to address first.
    Shoppers(Shoppers),
    /// Which market to enter next, why not another, and how large each is.
    Markets(Markets),
    /// What may be sold, at which price, when, with which budget, what to send, what to expect.
    Decide(Decide),
    /// The rules of what may be sold where: list them, look at one, check your own.
    Rules(Rules),
    /// What other markets, platforms or categories bring to one: scored, proved or refused, with the orders saved.
    Transfer(Transfer),
    /// List the saved models, teach them what came since they were fitted, or go back to earlier ones.
    Models(Models),
    /// Every model on the purchases of the lake: quality, time, size.
    Compare(Compare),
    /// Ask the lake a question in SQL.
    Sql(Sql),
    /// List the tables with the meaning of their columns.
    Tables(Tables),
    /// Quality gates, what came, what was put aside, what each rule touched.
    Quality(Quality),
    /// Make up a merchant with markets, shoppers, orders and a known truth.
    Simulate(Simulate),
    /// Measure the models on published tasks, beside what others reach.
    Bench(Bench),
    /// Compare every file of the lake with the hash it was written under.
    Doctor(Doctor),
    /// Write the whole workspace into one file, while a server may run.
    Backup(Backup),
    /// Make a workspace from such a file.
    Restore(Restore),
    /// Answer over HTTP: recommendations, the console, and everything the commands say.
    Serve(Serve),
    /// Keys for programs that send to the server or ask it.
    Keys(Keys),
    /// Print the OpenAPI document of the server.
    Openapi,
    /// Print shell completions.
    Completions {
        /// Shell to write them for.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man,
}

/// `portolan init`.
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Folder to make.
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) dir: PathBuf,
    /// Home market, two letters; without it, the market with the largest revenue.
    #[arg(long)]
    pub(crate) home: Option<Market>,
    /// Reporting currency; without it, the one of most order lines.
    #[arg(long)]
    pub(crate) currency: Option<Currency>,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `portolan forget`.
#[derive(Debug, Args)]
pub(crate) struct Forget {
    /// The file, by its name or by its fingerprint (or the first digits of it) in raw.sources.
    pub(crate) source: String,
    /// Day that counts as today. Without it, the day of the clock.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) as_of: Option<Day>,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What exported files look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportShape {
    /// Comma-separated text.
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// Parquet.
    Parquet,
}

/// How exported files are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportPacking {
    /// Not at all.
    None,
    /// As .gz.
    Gzip,
    /// As .zst.
    Zstd,
}

/// `portolan export`.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Tables, such as raw.order_lines or clean.orders; without it, every table of zone raw.
    pub(crate) tables: Vec<String>,
    /// Folder for the files; it must be new or empty.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) out: PathBuf,
    /// What the files look like.
    #[arg(long, value_enum, value_name = "SHAPE", default_value_t = ExportShape::Csv)]
    pub(crate) shape: ExportShape,
    /// How the files are packed; Parquet is packed inside.
    #[arg(long, value_enum, value_name = "HOW", default_value_t = ExportPacking::None)]
    pub(crate) pack: ExportPacking,
    /// An earlier snapshot of the whole lake.
    #[arg(long, value_name = "N")]
    pub(crate) snapshot: Option<u64>,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `portolan run`.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// Seed of everything random.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Compute again even where nothing changed, and even where a quality gate fails.
    #[arg(long)]
    pub(crate) force: bool,
    /// Go on where a quality gate fails; marts.gates records that it was allowed.
    #[arg(long)]
    pub(crate) allow_failed_gates: bool,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// A language of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lang {
    /// English.
    En,
    /// Chinese.
    Zh,
}

/// `portolan recommend`.
#[derive(Debug, Args)]
pub(crate) struct Recommend {
    /// Shopper; an unknown one is treated as new.
    #[arg(long)]
    pub(crate) shopper: String,
    /// Market; without it, the shopper's own.
    #[arg(long)]
    pub(crate) market: Option<Market>,
    /// How many products.
    #[arg(short = 'n', long = "number", default_value_t = 10)]
    pub(crate) n: usize,
    /// Say why.
    #[arg(long)]
    pub(crate) explain: bool,
    /// Also products that the shopper has bought already.
    #[arg(long)]
    pub(crate) again: bool,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What rows are cut by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum By {
    /// The home market of the shopper.
    Market,
    /// The sales channel of the order.
    Platform,
    /// The first part of the product's category path.
    Category,
}

impl By {
    /// As it is written.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Platform => "platform",
            Self::Category => "category",
        }
    }
}

/// `portolan transfer`.
#[derive(Debug, Args)]
pub(crate) struct Transfer {
    /// Sources, such as CN,US; without it, all others.
    #[arg(long, value_delimiter = ',', value_name = "XX,YY")]
    pub(crate) from: Vec<String>,
    /// Target.
    #[arg(long, value_name = "XX")]
    pub(crate) to: String,
    /// What sources and target are.
    #[arg(long, value_enum, default_value_t = By::Market)]
    pub(crate) by: By,
    /// Neighbourhoods only and a short curve, as a run computes it.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Seed of everything random.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `portolan compare`.
#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// Market whose shoppers are asked about, two letters; without it, all.
    #[arg(long, value_name = "XX")]
    pub(crate) market: Option<Market>,
    /// Learn from that market's purchases alone.
    #[arg(long, requires = "market")]
    pub(crate) alone: bool,
    /// Models, such as ease,item-knn; without it, all but the neural ones, which take minutes.
    #[arg(long, value_delimiter = ',', value_name = "NAME,NAME")]
    pub(crate) models: Vec<String>,
    /// Last days, which are held out.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) days: u16,
    /// Try N settings of each model on as many days before those, and ask the best of them about the held-out days.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..=500))]
    pub(crate) tune: Option<u16>,
    /// Seed of everything random.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `portolan models`.
#[derive(Debug, Args)]
pub(crate) struct Models {
    #[command(subcommand)]
    pub(crate) what: ModelsWhat,
}

/// What to do with the saved models.
#[derive(Debug, Subcommand)]
pub(crate) enum ModelsWhat {
    /// The versions, and which markets each serves with what.
    List {
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Teach the models in force what was bought since they were fitted, in seconds and without a run. Before a model
    /// learns a purchase it is asked about it, so the figures say whether learning on helps.
    Learn {
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Take in an encoder that others trained, from a folder of safetensors with its configuration.
    Add {
        /// The folder.
        folder: PathBuf,
        /// Its name here; without it, that of the folder.
        #[arg(long)]
        name: Option<String>,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// The encoders that were taken in, with their files.
    Pretrained {
        /// Compare every file with its hash.
        #[arg(long)]
        check: bool,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Take out an encoder that others trained.
    Remove {
        /// Its name.
        name: String,
    },
    /// Serve with an earlier version from now on, until a run makes new models.
    Rollback {
        /// Number of the version, as `portolan models list` shows it.
        number: u64,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
}

/// `portolan sql`.
#[derive(Debug, Args)]
pub(crate) struct Sql {
    /// A query that reads, such as "select market, sum(amount_base) from order_lines group by market".
    pub(crate) query: String,
    /// Rows as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Ask an earlier snapshot of the whole lake.
    #[arg(long, value_name = "N")]
    pub(crate) snapshot: Option<u64>,
    /// Ask one table at an earlier version of its own, such as clean.orders=3; may be repeated.
    #[arg(long = "at", value_name = "TABLE=VERSION")]
    pub(crate) at: Vec<String>,
}

/// `portolan tables`.
#[derive(Debug, Args)]
pub(crate) struct Tables {
    /// Only this table, with its columns.
    pub(crate) name: Option<String>,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `portolan quality`.
#[derive(Debug, Args)]
pub(crate) struct Quality {
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `portolan simulate`.
#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// 1 is about 50,000 orders; 0.0001 to 10,000.
    #[arg(long, default_value_t = 1.0)]
    pub(crate) scale: f64,
    /// Seed; the same seed gives the same bytes on the same platform.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Folder for the files.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) out: PathBuf,
    /// Markets besides the home market CN: US, DE, VN, TH, SA, GB, FR, JP, MX, BR, AE; without it, the first five.
    #[arg(long, value_delimiter = ',', value_name = "XX,YY")]
    pub(crate) markets: Vec<Market>,
    /// Write one file of so many order lines instead, in the layout of a retail export.
    #[arg(long, value_name = "LINES")]
    pub(crate) bulk_lines: Option<u64>,
    /// Write a log of so many advertising auctions instead, with what the best bids would have brought.
    #[arg(long, value_name = "AUCTIONS", conflicts_with = "bulk_lines")]
    pub(crate) auctions: Option<u64>,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `portolan doctor`.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Also print a hash of every table's rows, to compare two lakes.
    #[arg(long)]
    pub(crate) digest: bool,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `portolan backup`.
#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// File to write, or to look at.
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Write nothing: read a backup and compare every byte of it.
    #[arg(long)]
    pub(crate) check: bool,
    /// Key of a sealed backup to look at; else PORTOLAN_SEAL_KEY names it.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "check")]
    pub(crate) key: Option<PathBuf>,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `portolan restore`.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The backup.
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Folder to make; it must not be there yet, or be empty.
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) dir: PathBuf,
    /// Key of a sealed backup; else PORTOLAN_SEAL_KEY names it.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) key: Option<PathBuf>,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `portolan seal`.
#[derive(Debug, Args)]
pub(crate) struct Seal {
    /// Seal every file for the key in this file, and new ones from now on; a new key is made where the file is not there.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "off")]
    pub(crate) key: Option<PathBuf>,
    /// Open every file again, and keep new ones in clear.
    #[arg(long)]
    pub(crate) off: bool,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
