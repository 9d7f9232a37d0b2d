//! Where to sell next: ranking, reasons, a market's page, what transfers between markets.

use super::figure::Words;
use super::table::{Report, Table};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// Markets in the order in which to enter them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MarketRanking {
    /// Best first; those that are not ranked last, with the reason in their status.
    pub ranking: Vec<RankedMarket>,
    /// What speaks for and against each.
    pub reasons: Vec<MarketReason>,
    /// What the score weighs.
    pub criteria: Vec<Criterion>,
    /// Limits of the ranking.
    pub notes: Vec<Words>,
}

/// A market's place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RankedMarket {
    /// ISO 3166-1 alpha-2.
    pub market: String,
    /// Its name.
    pub name: Words,
    /// From 1; none for a market that is not ranked.
    pub rank: Option<u32>,
    /// `home`, `present`, `candidate`, `too_little_data` and the like.
    pub status: String,
    /// The weighed score, 0 to 1.
    pub score: Option<f64>,
    /// Lower end of its interval.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// Best rank it has when weights and data vary.
    pub rank_low: Option<u32>,
    /// Worst.
    pub rank_high: Option<u32>,
    /// Each criterion's part, 0 to 1, before weighing; `null` where the fact is missing.
    pub criteria: BTreeMap<String, Option<f64>>,
}

/// Something that speaks for or against a market.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MarketReason {
    /// The market.
    pub market: String,
    /// `for` or `against`, or `note`.
    pub side: String,
    /// The reason.
    pub text: Words,
}

/// What a score weighs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Criterion {
    /// Stable name, the key in `criteria`.
    pub name: String,
    /// Its weight; all add up to 1.
    pub weight: f64,
    /// What it means.
    pub meaning: Words,
}

/// One market.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MarketPage {
    /// ISO 3166-1 alpha-2.
    pub market: String,
    /// Its name.
    pub name: Words,
    /// Its place in the ranking, where it has one.
    pub ranked: Option<RankedMarket>,
    /// What speaks for and against it.
    pub reasons: Vec<MarketReason>,
    /// Its figures and tables.
    pub report: Report,
    /// Whether a launch plan can be asked for it.
    pub has_plan: bool,
}

/// What other markets give to each target.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TransferReport {
    /// What each source promises before anything is trained, see `marts.transfer_sources`.
    pub sources: Table,
    /// Ways of transfer and what they gained, see `marts.transfer_methods`.
    pub methods: Table,
    /// Quality by purchases, alone and with the others, see `marts.transfer_curve`.
    pub curve: Table,
    /// What was not measured and why.
    pub notes: Vec<Words>,
}

/// A language of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Chinese.
    Zh,
}

/// In which language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct InLang {
    /// The language of the page, English unless told.
    #[param(inline)]
    pub lang: Option<Lang>,
}

/// For which market.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct InMarket {
    /// ISO 3166-1 alpha-2; all markets unless told.
    #[param(pattern = "^[A-Z]{2}$")]
    pub market: Option<String>,
}
