//! Stage `personas`: one page a market on who buys there, how, what they like and why, every figure with its query; and
//! what it is made from: what is bought next, who returns after how long, what goes with returning, the response to
//! prices, satisfaction and loyalty.

mod loaded;
mod queries;
mod shared;
mod tables;
mod voices;

use super::concerns::Followed;
use super::{Stage, Tables};
use anyhow::Result;
use audience::levers::{Lever, LeverParams, Levers};
use audience::loyalty::{Experience, LoyaltyIndex, LoyaltyParams, mood, stars};
use audience::needs::aspects::{AspectHistory, histories};
use audience::needs::rank::{NeedParams, Needs};
use audience::persona::facts::{Counted, Facts, Group, Whose};
use audience::persona::page::{Persona, PersonaParams};
use audience::price::deals::{DealShare, deal_shares};
use audience::price::hidden::HiddenParams;
use audience::price::response::{Sensitivity, beside, market as respond};
use audience::repeat::Replenishment;
use audience::retention::{RetentionCurves, RetentionParams, returned_within};
use audience::sequences::{Purchase, SequenceParams, Sequences};
use audience::usage::{Usage, usage};
use audience::{AudienceError, levers::FirstOrders};
use content::reviews::Concern;
use domain::{Day, Figure, Market};
use learn::shrinkage::Estimate;
use loaded::{Loaded, MAX_Q};
use std::collections::BTreeMap;

/// Days within which a second order counts as coming back.
const BACK: i32 = 180;
/// Below the usual price by this share is a deal.
const DEAL: f64 = 0.05;

/// What is found of all markets before pages are made.
struct Findings {
    usage: BTreeMap<Market, Usage>,
    retention: BTreeMap<Market, RetentionCurves>,
    sequences: BTreeMap<Market, Sequences>,
    levers: BTreeMap<Market, Levers>,
    deals: BTreeMap<Market, DealShare>,
    sensitivity: BTreeMap<Market, Sensitivity>,
    loyalty: BTreeMap<Market, LoyaltyIndex>,
    needs: BTreeMap<Market, Needs>,
    aspects: BTreeMap<Market, Vec<AspectHistory>>,
    concerns: Followed,
}

pub(super) async fn compute(stage: &Stage<'_>) -> Result<Tables> {
    let loaded = Loaded::load(stage).await?;
    let mut found = findings(stage, &loaded)?;
    found.concerns = Followed::load(stage, &loaded.voices.quarters, loaded.home).await?;
    let mut pages: Vec<Persona> = Vec::new();
    for &market in &loaded.markets {
        let facts = facts(&loaded, &found, market)?;
        let whose = Whose { market, segment: None };
        match PersonaParams::default().page(whose, &facts) {
            Ok(page) => pages.push(page),
            Err(error @ AudienceError::TooLittleData { .. }) => {
                stage.not_computed(market, "the persona of the market", &error.to_string());
            }
            Err(other) => return Err(other.into()),
        }
    }
    tables::all(&loaded, &found, &pages)
}

/// Too little data, and data that a method has no answer for, is told and no error.
fn told<T>(stage: &Stage<'_>, market: Market, what: &str, result: Result<T, AudienceError>) -> Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error @ (AudienceError::TooLittleData { .. } | AudienceError::Learn(_))) => {
            stage.not_computed(market, what, &error.to_string());
            Ok(None)
        }
        Err(other) => Err(other.into()),
    }
}

/// Steps to the next product; chains of three too, where there are not too many of them.
fn mined(purchases: &[Purchase], end: Day) -> Result<Sequences, AudienceError> {
    let params = SequenceParams::default();
    match params.mine(purchases, end) {
        Err(AudienceError::Learn(_)) => SequenceParams { max_len: 2, ..params }.mine(purchases, end),
        found => found,
    }
}

/// Needs by their names: what questions are about has one in Chinese.
fn need_params() -> NeedParams {
    let names_zh = Concern::ALL.into_iter().map(|c| (c.name().to_owned(), c.words().1.to_owned())).collect();
    NeedParams { names_zh, ..NeedParams::default() }
}

fn findings(stage: &Stage<'_>, loaded: &Loaded) -> Result<Findings> {
    let home = Some(loaded.home);
    let mut found = Findings {
        usage: usage(&loaded.orders, home).into_iter().map(|u| (u.market, u)).collect(),
        retention: BTreeMap::new(),
        sequences: BTreeMap::new(),
        levers: BTreeMap::new(),
        deals: BTreeMap::new(),
        sensitivity: BTreeMap::new(),
        loyalty: BTreeMap::new(),
        // Themes are words of the market's own language: home's are other words, so a share there would say nothing.
        needs: need_params()
            .rank(&loaded.voices.rows, &loaded.voices.texts, None)?
            .into_iter()
            .map(|n| (n.market, n))
            .collect(),
        aspects: BTreeMap::new(),
        concerns: Followed::default(),
    };
    for history in histories(&loaded.voices.rows, &loaded.voices.quarters, None) {
        found.aspects.entry(history.market).or_default().push(history);
    }
    let mut responses: Vec<(Market, Option<Estimate>, u64)> = Vec::new();
    for (at, &market) in loaded.markets.iter().enumerate() {
        stage.bar.step("understanding", market.code(), at as u64, loaded.markets.len() as u64);
        if let Some(days) = loaded.days.get(&market) {
            let curves = RetentionParams::default().fit(days, loaded.end);
            found.retention.extend(told(stage, market, "who returns after how long", curves)?.map(|c| (market, c)));
        }
        if let Some(purchases) = loaded.purchases.get(&market) {
            let mined = mined(purchases, loaded.end);
            found.sequences.extend(told(stage, market, "what is bought next", mined)?.map(|s| (market, s)));
        }
        if let Some(first) = loaded.first.get(&market) {
            let ranked = LeverParams::default().rank(first);
            found.levers.extend(told(stage, market, "what goes with returning", ranked)?.map(|l| (market, l)));
        }
        let sales = loaded.sales.get(&market).map_or(&[][..], Vec::as_slice);
        found.deals.extend(deal_shares(sales, DEAL)?.into_iter().next().map(|d| (market, d)));
        // A filter is bought for its machine, whatever it costs: such lines say nothing of the response to prices.
        let followers = found.sequences.get(&market).map(|s| s.followers(MAX_Q)).unwrap_or_default();
        let own: Vec<_> = sales.iter().filter(|sale| !followers.contains(&sale.product)).copied().collect();
        let response = told(stage, market, "the response to prices", respond(&own, &HiddenParams::default()))?;
        let own_lines = own.len() as u64;
        let own = response.as_ref().map(|r| Estimate { value: r.elasticity(), se: r.se() });
        responses.push((market, own, response.map_or(own_lines, |r| r.n_lines())));
        if let Some(experiences) = loaded.experiences.get(&market) {
            let index = LoyaltyParams::default().index(experiences, stage.seed);
            found.loyalty.extend(told(stage, market, "satisfaction and loyalty", index)?.map(|i| (market, i)));
        }
    }
    let own: Vec<(Option<Estimate>, u64)> = responses.iter().map(|(_, own, n)| (*own, *n)).collect();
    found.sensitivity = responses.iter().map(|(market, _, _)| *market).zip(beside(&own)).collect();
    Ok(found)
}

fn facts(loaded: &Loaded, found: &Findings, market: Market) -> Result<Facts> {
    let home = (market != loaded.home).then_some(loaded.home);
    let profile = |m: Market| loaded.profiles.get(&m).cloned().unwrap_or_default();
    let gaps = loaded.gaps.get(&market).map(|gaps| Replenishment::new(gaps));
    let deal = |m: Market| found.deals.get(&m).map(|d| d.lines.clone());
    let response = |m: Market| found.sensitivity.get(&m).map(|s| s.figure.clone());
    let returned = found.retention.get(&market).map(|curves| returned_within(&curves.pooled().not_returned, 365));
    let mut together = loaded.together.get(&market).cloned().unwrap_or_default();
    together.extend(found.sequences.get(&market).into_iter().flat_map(|s| loaded.next(s)));
    let (counted, n_shoppers) = match loaded.hidden.get(&market) {
        Some(orders) => (Counted::Orders, *orders),
        None => (Counted::Shoppers, loaded.shoppers.get(&market).copied().unwrap_or(0)),
    };
    Ok(Facts {
        counted,
        n_shoppers,
        profile: profile(market),
        home_profile: home.map(profile).unwrap_or_default(),
        people: loaded.people.get(&market).cloned().unwrap_or_default(),
        places: loaded.places.of(market, None, counted),
        languages: loaded.languages.of(market, None, counted),
        usage: found.usage.get(&market).cloned(),
        deal_share: deal(market).map(|d| (d, home.and_then(deal).and_then(|f: Figure| f.as_f64()))),
        sensitivity: response(market).map(|r| (r, home.and_then(response))),
        returned,
        due_days: gaps.as_ref().map(Replenishment::median),
        due_window: gaps.as_ref().and_then(Replenishment::due_window),
        categories: loaded.categories.of(market, home, counted),
        brands: loaded.brands.of(market, home, counted),
        together,
        needs: found.needs.get(&market).cloned(),
        aspects: found.aspects.get(&market).cloned().unwrap_or_default(),
        concerns: found.concerns.of(market),
        agreement: found.concerns.agreement(market),
        loyalty: found.loyalty.get(&market).cloned(),
        levers: found.levers.get(&market).map(|l| l.levers().to_vec()).unwrap_or_default(),
        queries: queries_of(market),
    })
}

/// The query behind each group, for this market.
fn queries_of(market: Market) -> BTreeMap<Group, String> {
    let of = |table: &str| format!("select * from {table} where market = '{market}'");
    BTreeMap::from([
        (Group::Profile, of("marts.market_summary")),
        (Group::People, of("marts.demographics")),
        (Group::Places, of("marts.geography")),
        (
            Group::Languages,
            format!("select language, count(*) from clean.reviews where market = '{market}' group by language"),
        ),
        (Group::Usage, of("marts.habits")),
        (Group::Price, of("marts.price_response")),
        (Group::Timing, of("marts.retention")),
        (Group::Interests, of("marts.interests")),
        (Group::Voices, of("marts.voices")),
        (Group::Concerns, of("marts.concern_history")),
        (Group::Loyalty, of("marts.loyalty")),
        (Group::Levers, of("marts.levers")),
    ])
}

/// A value of a part as the index wants it.
fn experience(shopper: u32, day: domain::Day, rating: Option<f64>, sentiment: Option<f64>) -> Experience {
    Experience { shopper, day, parts: [rating.and_then(stars), sentiment.and_then(mood), None, None, None] }
}

/// First orders of a market with what is known of them.
fn first_orders(rows: &[loaded::FirstOrder]) -> FirstOrders {
    let choice = |name: &str, of: &dyn Fn(&loaded::FirstOrder) -> String| Lever::Choice {
        name: name.to_owned(),
        values: rows.iter().map(of).collect(),
    };
    let amount = |name: &str, of: &dyn Fn(&loaded::FirstOrder) -> Option<f64>| Lever::Amount {
        name: name.to_owned(),
        values: rows.iter().map(of).collect(),
    };
    let mut levers = vec![
        choice("channel", &|r| r.channel.clone()),
        choice("category", &|r| r.category.clone()),
        choice("deal", &|r| if r.deal { "on a deal".to_owned() } else { "at the usual price".to_owned() }),
        amount("units", &|r| Some(r.units)),
        amount("order value", &|r| Some(r.value)),
        amount("stars of the first review", &|r| r.stars),
    ];
    // A lever that everybody has alike says nothing.
    levers.retain(|lever| match lever {
        Lever::Choice { values, .. } => values.iter().collect::<std::collections::BTreeSet<_>>().len() > 1,
        Lever::Amount { values, .. } => values.iter().flatten().count() >= 30,
    });
    FirstOrders { came_back: rows.iter().map(|r| r.came_back).collect(), levers }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_that_reviews_are_told_to_be_in_has_a_name() {
        let bare: Vec<&str> = content::text::Language::ALL
            .iter()
            .map(|language| language.code())
            .filter(|code| audience::persona::languages::language_words(code).0 == *code)
            .collect();
        assert_eq!(bare, [""; 0]);
    }

    /// Twelve shoppers who all buy the same 120 things, one a day: 280,840 chains of three, above what is looked for.
    /// A run over a year of a real shop stopped there.
    #[test]
    fn too_many_chains_leave_the_steps() {
        let purchases: Vec<Purchase> = (0..12)
            .flat_map(|shopper| (0..120).map(move |thing| Purchase { shopper, day: Day(thing as i32), thing }))
            .collect();
        let end = Day(400);
        assert!(SequenceParams::default().mine(&purchases, end).is_err());
        let found = mined(&purchases, end).unwrap();
        assert!(!found.next().is_empty() && found.chains().is_empty());
    }
}
