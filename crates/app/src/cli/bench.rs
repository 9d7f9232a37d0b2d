//! `portolan bench`: what can be measured.

use clap::{Args, Subcommand, ValueHint};
use std::path::PathBuf;

/// `portolan bench`.
#[derive(Debug, Args)]
pub(crate) struct Bench {
    #[command(subcommand)]
    pub(crate) what: BenchWhat,
}

/// What to measure.
#[derive(Debug, Subcommand)]
pub(crate) enum BenchWhat {
    /// Recommendation tasks with published figures; data in wsdm_xmrec, xmarket_electronics, amazon_sequences, implicit_feedback.
    Recommend(BenchRecommend),
    /// Texts, pictures and products: matching, languages, sentiment, retrieval; data in product_matching, google_taxonomy and so on.
    Content(BenchContent),
}

/// `portolan bench recommend`.
#[derive(Debug, Args)]
pub(crate) struct BenchRecommend {
    #[command(flatten)]
    pub(crate) tasks: BenchTasks,
    /// One shopper in N of every task: everything runs within minutes, and the figures are not those of the tasks.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) one_in: u32,
    /// Configurations by the names that tables have for them, beside the one that others are compared with; repeat the option for
    /// more. Without it, all.
    #[arg(long = "config", value_name = "NAME", requires = "tasks")]
    pub(crate) configs: Vec<String>,
    /// List the tasks with their data and what they take; run none.
    #[arg(long, conflicts_with = "markdown")]
    pub(crate) list: bool,
}

/// `portolan bench content`.
#[derive(Debug, Args)]
pub(crate) struct BenchContent {
    #[command(flatten)]
    pub(crate) tasks: BenchTasks,
    /// Folder of a sentence encoder that others trained, as `portolan models add` takes it: product_matching and product_questions have further rows with its vectors.
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub(crate) encoder: Option<PathBuf>,
}

/// `portolan bench recommend` and `portolan bench content`.
#[derive(Debug, Args)]
pub(crate) struct BenchTasks {
    /// Folder with a folder for each task's data.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) data: PathBuf,
    /// Tasks, such as cup-t1,transfer-xmarket or product_matching; without it, every reported one whose data is there.
    #[arg(long = "task", value_delimiter = ',', value_name = "NAME,NAME")]
    pub(crate) tasks: Vec<String>,
    /// Seed of models that draw and of the intervals.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Tables as Markdown.
    #[arg(long, conflicts_with = "json")]
    pub(crate) markdown: bool,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}
