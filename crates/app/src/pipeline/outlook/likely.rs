//! Who will probably buy: anything, or of one category, within some days. Learnt when it is asked for, by the stage's recipe.

use super::facts::Facts;
use super::{MOST_LEARNT, kinds_of_the_stage};
use anyhow::Result;
use audience::AudienceError;
use audience::predict::{PredictParams, Quality, ShopperFacts, ShopperPrediction, Target};
use domain::{Currency, Day, Language, Market, Seed};
use lake::Engine;

/// The answer.
pub(crate) struct Likely {
    /// First day that was not seen.
    pub(crate) cutoff: Day,
    /// The kind of model that was chosen.
    pub(crate) model: &'static str,
    /// Marks on a period that it had not seen.
    pub(crate) quality: Quality,
    /// Shoppers of the asked market, the likeliest first.
    pub(crate) shoppers: Vec<One>,
}

/// One shopper.
pub(crate) struct One {
    pub(crate) foreseen: ShopperPrediction,
    /// Whether it agreed to marketing, as far as files say; `None` where nobody asked.
    pub(crate) consent: Option<bool>,
}

impl One {
    /// What speaks for and against, the largest first.
    pub(crate) fn reasons(&self, language: Language) -> Vec<String> {
        self.foreseen.reasons.iter().map(|r| r.text(language)).collect()
    }
}

/// Why there is no answer.
pub(crate) enum Why {
    /// No such category; those there are.
    Category(Vec<String>),
    /// Too little to learn from.
    TooLittle(String),
}

/// Learns and asks; the first `explained` have their reasons, which take longer than all the rest. A category is the first part of the path in `clean.products`.
pub(crate) async fn likely(
    engine: &Engine,
    currency: Option<Currency>,
    seed: Seed,
    category: Option<&str>,
    market: Option<Market>,
    horizon_days: i32,
    explained: usize,
) -> Result<std::result::Result<Likely, Why>> {
    let facts = Facts::load(engine, currency).await?;
    let target = match category {
        None => Target::NextPurchase { horizon_days },
        Some(name) => match facts.departments.iter().position(|d| d.to_lowercase() == name.to_lowercase()) {
            Some(at) => Target::Category { category: at as u32, horizon_days },
            None => return Ok(Err(Why::Category(facts.departments))),
        },
    };
    let step = facts.shoppers.len().div_ceil(MOST_LEARNT).max(1);
    let learnt: Vec<ShopperFacts> = facts.shoppers.iter().step_by(step).cloned().collect();
    let params = PredictParams { kinds: kinds_of_the_stage(), ..PredictParams::new(target) };
    let model = match params.fit(&learnt, facts.cutoff, seed) {
        Ok(model) => model,
        Err(error @ (AudienceError::TooLittleData { .. } | AudienceError::Learn(_))) => {
            return Ok(Err(Why::TooLittle(error.to_string())));
        }
        Err(other) => return Err(other.into()),
    };
    let home = |p: &ShopperPrediction| facts.home.get(&p.shopper).copied();
    let mut shoppers: Vec<One> = model
        .predict_all(&facts.shoppers, facts.cutoff, 0)
        .into_iter()
        .filter(|p| market.is_none() || home(p) == market)
        .map(|foreseen| One { consent: facts.consent.get(&foreseen.shopper).copied(), foreseen })
        .collect();
    let by_chance = |a: &One, b: &One| {
        b.foreseen
            .probability
            .total_cmp(&a.foreseen.probability)
            .then_with(|| a.foreseen.shopper.cmp(&b.foreseen.shopper))
    };
    shoppers.sort_by(by_chance);
    for one in shoppers.iter_mut().take(explained) {
        let known = facts.shoppers.binary_search_by(|s| s.shopper.cmp(&one.foreseen.shopper));
        let again = known.ok().and_then(|at| model.predict(&facts.shoppers[at], facts.cutoff, 3));
        one.foreseen = again.unwrap_or_else(|| one.foreseen.clone());
    }
    let model_name = model.chosen().setting.kind().name();
    Ok(Ok(Likely { cutoff: facts.cutoff, model: model_name, quality: model.quality().clone(), shoppers }))
}
