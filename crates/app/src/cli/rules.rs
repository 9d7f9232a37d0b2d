//! Options of `portolan rules`.

use clap::{Args, Subcommand};
use decide::sellability::Family;
use domain::Market;

/// The rules of what may be sold where; without a word, all are listed.
#[derive(Debug, Args)]
pub(crate) struct Rules {
    #[command(subcommand)]
    pub(crate) what: Option<RulesWhat>,
}

/// What to do with rules.
#[derive(Debug, Subcommand)]
pub(crate) enum RulesWhat {
    /// List the rules: yours of rules.toml and those of the program, with what each asks for.
    List(RulesList),
    /// A rule with all its fields, where it comes from, and how to replace or remove it.
    Show {
        /// Its id, as lists and verdicts name it.
        id: String,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Read rules.toml; names file, line, key, value and what would be right.
    Check,
}

/// Which rules to list.
#[derive(Debug, Default, Args)]
pub(crate) struct RulesList {
    /// Only rules that hold in this market.
    #[arg(long)]
    pub(crate) market: Option<Market>,
    /// Only rules that may speak of products of this family.
    #[arg(long, value_parser = family)]
    pub(crate) family: Option<Family>,
    /// Only rules with all of these words in id, text or source, in either language.
    #[arg(long, value_name = "WORDS")]
    pub(crate) text: Option<String>,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

fn family(name: &str) -> Result<Family, String> {
    let names = || Family::ALL.map(Family::name).join(", ");
    Family::ALL.into_iter().find(|f| f.name() == name).ok_or_else(|| format!("one of {}", names()))
}
