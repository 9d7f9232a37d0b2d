//! Options of `portolan plan`.

use super::Lang;
use clap::{Args, ValueHint};
use domain::Market;
use std::path::PathBuf;

/// `portolan plan`.
#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// Market, two letters.
    #[arg(long, required_unless_present_any = ["all", "compare"], conflicts_with = "all")]
    pub(crate) market: Option<Market>,
    /// Every market with enough orders.
    #[arg(long)]
    pub(crate) all: bool,
    /// The markets side by side on one page, with what is decided for each.
    #[arg(long, conflicts_with_all = ["market", "budget", "fx", "no_transfer"])]
    pub(crate) compare: bool,
    /// What the plan of the last run would change to with so much advertising a week, reporting currency. No page is written.
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true)]
    pub(crate) budget: Option<f64>,
    /// … with the reporting currency worth so many per cent more against all others; -10 makes it weaker.
    #[arg(long, value_name = "PERCENT", allow_hyphen_values = true)]
    pub(crate) fx: Option<f64>,
    /// … without what the other markets taught: recommendations, forecasts and price responses from its own orders alone.
    #[arg(long)]
    pub(crate) no_transfer: bool,
    /// Folder for the pages; without it, `plans` in the workspace.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) out: Option<PathBuf>,
    /// Language of the page.
    #[arg(long, value_enum, default_value_t = Lang::En)]
    pub(crate) lang: Lang,
    /// The plan as JSON on standard output instead of a page; with `--out`, the pages too.
    #[arg(long)]
    pub(crate) json: bool,
    /// Print so many of the most important findings.
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) findings: usize,
}
