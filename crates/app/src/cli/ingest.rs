//! Options of `portolan ingest`.

use clap::{Args, ValueEnum, ValueHint};
use domain::{Currency, Day};
use std::path::PathBuf;

/// Which number of a date is the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DateOrder {
    /// 1 May.
    DayFirst,
    /// 5 January.
    MonthFirst,
}

/// `portolan sync`.
#[derive(Debug, Args)]
pub(crate) struct Sync {
    /// Sources by their names in sync.toml; without any, all of them.
    pub(crate) sources: Vec<String>,
    /// Day that counts as today. Without it, the day of the clock.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) as_of: Option<Day>,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `portolan ingest`.
#[derive(Debug, Args)]
pub(crate) struct Ingest {
    /// Files or folders; .gz, .zst and .zip are opened. In a folder, what is no table is passed over.
    #[arg(required = true, value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,
    /// Format, when it should not be detected: uci-retail, shopify-orders, amazon-orders …
    /// `access-log` is what a web server wrote down.
    #[arg(long, value_name = "NAME")]
    pub(crate) format: Option<String>,
    /// Mapping file for a table that no format fits; `--guess` drafts one.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "format")]
    pub(crate) map: Option<PathBuf>,
    /// Only draft a mapping for the first file, with reasons, on standard output.
    #[arg(long, conflicts_with_all = ["map", "format"])]
    pub(crate) guess: bool,
    /// Character encoding, when it should not be detected: utf-8, gbk, big5, windows-1252 …
    #[arg(long, value_name = "NAME")]
    pub(crate) encoding: Option<String>,
    /// Which number of 1/5/2011 is the day. Without it, the other dates of the file decide.
    #[arg(long, value_enum, value_name = "ORDER")]
    pub(crate) date_order: Option<DateOrder>,
    /// Currency of files that name none.
    #[arg(long)]
    pub(crate) currency: Option<Currency>,
    /// Whose customer and order numbers the files use; one number is one shopper within a system only.
    /// Without it, the family of the format: shopify, amazon, canonical …
    #[arg(long, value_name = "NAME")]
    pub(crate) system: Option<String>,
    /// Read files that the lake has already once more, with other options or another mapping; the new
    /// rows take the place of the old ones.
    #[arg(long)]
    pub(crate) again: bool,
    /// Day that counts as today: later orders are put aside. Without it, the day of the clock.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) as_of: Option<Day>,
    /// Terms of use of the files, such as "CC BY 4.0"; kept in raw.sources and shown in plans.
    #[arg(long, value_name = "TEXT")]
    pub(crate) licence: Option<String>,
    /// Who gave the files or where they were fetched; kept likewise.
    #[arg(long, value_name = "TEXT")]
    pub(crate) origin: Option<String>,
    /// Day on which they were obtained; kept likewise.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) obtained: Option<Day>,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) access_log: AccessLog,
}

/// What is told of the site whose access log is read.
#[derive(Debug, Args)]
#[command(next_help_heading = "Access logs (--format access-log)")]
pub(crate) struct AccessLog {
    /// Address of the site, put before the paths: `https://shop.example`.
    #[arg(long, value_name = "URL", default_value = "")]
    pub(crate) site: String,
    /// What paths of product pages begin with, such as `/products/`; the next part is the product's code.
    #[arg(long, value_name = "PATH")]
    pub(crate) product_prefix: Option<String>,
    /// Parameter that holds the words of a search, such as `q`.
    #[arg(long, value_name = "NAME")]
    pub(crate) search_parameter: Option<String>,
}
