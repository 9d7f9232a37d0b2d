//! A seller's log of auctions, learnt from and replayed: what impressions are worth, and what every rule would have won with the
//! same money.
//!
//! The log's beginning teaches click and order rates by placement ([`super::value`]) and the distribution of market prices, lost
//! auctions taken as censored ([`super::prices`]); its end is replayed ([`super::replay`]) in episodes that share the budget
//! evenly. An auction that was lost and whose price nobody told cannot be won in the replay either, whatever is bid, so rules are
//! judged too low rather than too high, and how many such auctions there are is told. Where an earlier period is given instead ([`Before`]),
//! prices and click rate are its, and the whole log is replayed. A chance of a click that the log states goes before a placement's rate. Clicks are those of impressions that were
//! really shown; for the others the estimated chance stands in, so `expected` counts both and compares best.
//! Cost: linear in the log, times rules.

use super::bidder::{Form, Pace, Rule, Standing};
use super::feedback::{Feedback, FeedbackParams};
use super::learning::{Learning, LearningParams};
use super::lookahead::LookaheadParams;
use super::prices::{MarketPrices, Seen};
use super::replay::{Auction, Clicked, Outcome, replay};
use super::value::{Funnel, ImpressionValue, ValueParams};
use crate::spend_error::SpendError;
use std::collections::BTreeMap;

/// One line of the log. Prices are whole units per thousand impressions, say cents.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedAuction {
    /// Where it was shown; may be empty.
    pub placement: String,
    /// What was bid.
    pub bid: u32,
    /// What it cleared at: of a won auction what was paid, of a lost one what the market told, if it did.
    pub price: Option<u32>,
    /// What became of it.
    pub fate: Fate,
    /// Chance of a click as it was estimated before the auction; `None`: that of the placement.
    pub chance: Option<f64>,
}

/// An earlier period, summed up.
#[derive(Clone, Debug, PartialEq)]
pub struct Before {
    /// `counts[k]` auctions cleared at `k`.
    pub counts: Vec<u64>,
    /// Clicks of an impression then, in (0, 1).
    pub click_rate: f64,
}

impl Before {
    /// What an auction cost on average, all of them won.
    pub fn mean_price(&self) -> f64 {
        let (mut n, mut paid) = (0.0, 0.0);
        for (price, count) in self.counts.iter().enumerate() {
            n += *count as f64;
            paid += price as f64 * *count as f64;
        }
        if n > 0.0 { paid / n } else { 0.0 }
    }
}

/// What became of an auction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Lost.
    Lost,
    /// Won and not clicked.
    Shown,
    /// Clicked.
    Clicked,
    /// Clicked and ordered.
    Ordered,
}

/// How it is tried.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportParams {
    /// Share of the log that is learnt from, in (0, 1).
    pub learn: f64,
    /// Auctions of an episode, at least 1.
    pub episode: u32,
    /// Money for the replayed part, in units of a price, that is per thousand impressions; `None`: what was paid there.
    pub budget: Option<u64>,
    /// The earlier period that is learnt from instead of the log's beginning.
    pub before: Option<Before>,
    /// Money as a part of what as many auctions cost in the earlier period, above 0; goes before `budget`.
    pub share: Option<f64>,
    /// Margin of an order and its standard error, in units of a price times a thousand.
    pub order_value: Option<(f64, f64)>,
    /// Priors of the rates.
    pub value: ValueParams,
}

impl Default for ReportParams {
    fn default() -> Self {
        Self {
            learn: 0.5,
            episode: 1_000,
            budget: None,
            before: None,
            share: None,
            order_value: None,
            value: ValueParams::default(),
        }
    }
}

/// What is known of a placement.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacementValue {
    /// Its name.
    pub placement: String,
    /// What it showed in the part that is learnt from.
    pub seen: Funnel,
    /// Click rate drawn to that of all.
    pub click_rate: f64,
    /// Value of an impression; `None` without orders or without the value of one.
    pub value: Option<ImpressionValue>,
}

/// A rule and what it came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Tried {
    /// Name of the rule.
    pub rule: String,
    /// Its sums.
    pub outcome: Outcome,
}

/// The whole report.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Auctions learnt from.
    pub learnt: usize,
    /// Auctions replayed.
    pub replayed: usize,
    /// Replayed auctions that were lost at a price nobody told.
    pub untold: usize,
    /// Auctions and money of an episode.
    pub whole: Standing,
    /// Mean chance of a click.
    pub average: f64,
    /// Placements by impressions, most first.
    pub placements: Vec<PlacementValue>,
    /// What was really bought in the replayed part.
    pub logged: Outcome,
    /// Rules, most expected clicks first.
    pub rules: Vec<Tried>,
}

/// Least lines and clicks that are learnt from.
const LEAST: usize = 100;

fn funnel<'a>(log: impl Iterator<Item = &'a LoggedAuction>) -> Funnel {
    let mut f = Funnel { impressions: 0, clicks: 0, orders: 0 };
    for a in log {
        f.impressions += u64::from(a.fate != Fate::Lost);
        f.clicks += u64::from(matches!(a.fate, Fate::Clicked | Fate::Ordered));
        f.orders += u64::from(a.fate == Fate::Ordered);
    }
    f
}

impl ReportParams {
    /// Learns from the beginning of the log and replays its end.
    ///
    /// # Errors
    /// [`SpendError`] for parameters out of range, a log with too few auctions or without a click, or a won auction without a price.
    pub fn report(&self, log: &[LoggedAuction]) -> Result<Report, SpendError> {
        if !(self.learn > 0.0 && self.learn < 1.0) {
            return Err(SpendError::param("learn", "a share between 0 and 1", self.learn));
        }
        if self.episode == 0 {
            return Err(SpendError::param("episode", "at least 1 auction", 0.0));
        }
        if let Some(share) = self.share.filter(|s| !(*s > 0.0 && *s < 1e6)) {
            return Err(SpendError::param("share", "above 0", share));
        }
        let learnt = if self.before.is_some() { 0.0 } else { self.learn };
        let (first, last) = log.split_at((learnt * log.len() as f64) as usize);
        let have = if self.before.is_some() { last.len() } else { first.len().min(last.len()) };
        if have < LEAST {
            return Err(SpendError::TooLittle { what: "auctions in a part of the log", have, need: LEAST });
        }
        if let Some(at) = log.iter().position(|a| a.fate != Fate::Lost && a.price.is_none()) {
            let rule = "what was paid, for every auction that was won";
            return Err(SpendError::Value { what: "price".to_owned(), at, value: f64::NAN, rule });
        }
        let all = funnel(first.iter());
        let (market, average) = self.learnt(first, all)?;
        let placements = if self.before.is_some() { Vec::new() } else { self.placements(first, all)? };
        let chance: BTreeMap<&str, f64> = placements.iter().map(|p| (p.placement.as_str(), p.click_rate)).collect();
        let out_of_reach = market.highest().saturating_add(1);
        let auctions: Vec<Auction> = last
            .iter()
            .map(|a| Auction {
                price: a.price.unwrap_or(out_of_reach),
                chance: a.chance.or_else(|| chance.get(a.placement.as_str()).copied()).unwrap_or(average),
                clicked: if matches!(a.fate, Fate::Clicked | Fate::Ordered) { Clicked::Yes } else { Clicked::No },
            })
            .collect();
        let paid: u64 = last.iter().filter(|a| a.fate != Fate::Lost).filter_map(|a| a.price).map(u64::from).sum();
        let total = self.budget.unwrap_or(paid);
        let episodes = auctions.len().div_ceil(self.episode as usize) as u64;
        // Rounded down, so that the episodes together never pass the whole.
        let each = match (&self.before, self.share) {
            (Some(before), Some(share)) => (before.mean_price() * f64::from(self.episode) * share) as u64,
            _ => total / episodes,
        };
        let whole = Standing { auctions: self.episode, budget: each };
        let rules = self.rules(&market, &auctions, average, whole)?;
        let logged = Outcome {
            auctions: last.len() as u64,
            won: last.iter().filter(|a| a.fate != Fate::Lost).count() as u64,
            clicks: funnel(last.iter()).clicks,
            expected_clicks: last
                .iter()
                .zip(&auctions)
                .filter(|(a, _)| a.fate != Fate::Lost)
                .map(|(_, auction)| auction.chance)
                .sum(),
            paid,
            most_paid: last.chunks(self.episode as usize).map(paid_in).max().unwrap_or(0),
            budget: paid,
        };
        Ok(Report {
            learnt: first.len(),
            replayed: last.len(),
            untold: last.iter().filter(|a| a.price.is_none()).count(),
            whole,
            average,
            placements,
            logged,
            rules,
        })
    }

    /// Market prices and the mean chance of a click, from the earlier period or from the log's beginning.
    fn learnt(&self, first: &[LoggedAuction], all: Funnel) -> Result<(MarketPrices, f64), SpendError> {
        if let Some(before) = &self.before {
            return Ok((MarketPrices::from_counts(&before.counts)?, before.click_rate));
        }
        if all.clicks == 0 {
            return Err(SpendError::TooLittle { what: "clicks in the part that is learnt from", have: 0, need: 1 });
        }
        let seen: Vec<Seen> = first
            .iter()
            .map(|a| match a.price {
                // A lost auction whose price is known tells as much as a won one.
                Some(price) => Seen::Won(price),
                None => Seen::Lost(a.bid),
            })
            .collect();
        Ok((MarketPrices::from_auctions(&seen, None)?, all.clicks as f64 / all.impressions as f64))
    }

    fn placements(&self, log: &[LoggedAuction], all: Funnel) -> Result<Vec<PlacementValue>, SpendError> {
        let mut by: BTreeMap<&str, Vec<&LoggedAuction>> = BTreeMap::new();
        log.iter().for_each(|a| by.entry(a.placement.as_str()).or_default().push(a));
        let mut found = Vec::new();
        for (placement, auctions) in by {
            let seen = funnel(auctions.into_iter());
            let value = match self.order_value {
                Some(value) if all.orders > 0 => Some(self.value.value(seen, all, value)?),
                Some(_) | None => None,
            };
            let prior = self.value.prior_impressions;
            let rate = prior * all.clicks as f64 / all.impressions as f64;
            let click_rate = (seen.clicks as f64 + rate) / (seen.impressions as f64 + prior);
            found.push(PlacementValue { placement: placement.to_owned(), seen, click_rate, value });
        }
        found.sort_by(|a, b| b.seen.impressions.cmp(&a.seen.impressions).then_with(|| a.placement.cmp(&b.placement)));
        Ok(found)
    }

    fn rules(
        &self,
        market: &MarketPrices,
        auctions: &[Auction],
        average: f64,
        whole: Standing,
    ) -> Result<Vec<Tried>, SpendError> {
        // A log in which everything was clicked has no room for a chance below 1.
        let average = average.min(1.0 - 1e-9);
        let mut tried = Vec::new();
        let forms =
            [("constant", Form::Constant), ("linear", Form::Linear), ("ORTB1", Form::Ortb1), ("ORTB2", Form::Ortb2)];
        for (name, form) in forms {
            for (how, pace) in [("fixed", Pace::Fixed), ("paced", Pace::Paced)] {
                let mut rule = Rule::new(market, form, pace, average, whole)?;
                let outcome = replay(auctions, whole, &mut rule)?;
                tried.push(Tried { rule: format!("{name}, {how}"), outcome });
            }
        }
        let linear = Rule::new(market, Form::Linear, Pace::Fixed, average, whole)?;
        let mut feedback = Feedback::new(linear, FeedbackParams::default(), whole)?;
        let outcome = replay(auctions, whole, &mut feedback)?;
        tried.push(Tried { rule: "linear, feedback".to_owned(), outcome });
        let mut learning = Learning::new(LearningParams::default(), market, Form::Linear, average, whole)?;
        let outcome = replay(auctions, whole, &mut learning)?;
        tried.push(Tried { rule: "linear, paced and learning".to_owned(), outcome });
        // A table of that many auctions would take more memory than it is worth.
        if self.episode <= 5_000 {
            let steps = LookaheadParams { max_steps: 1_000, ..LookaheadParams::default() };
            let outcome = replay(auctions, whole, &mut steps.build(market, average, whole)?)?;
            tried.push(Tried { rule: "look-ahead".to_owned(), outcome });
        }
        tried.sort_by(|a, b| {
            let by = b.outcome.expected_clicks.total_cmp(&a.outcome.expected_clicks);
            by.then_with(|| a.rule.cmp(&b.rule))
        });
        Ok(tried)
    }
}

fn paid_in(episode: &[LoggedAuction]) -> u64 {
    episode.iter().filter(|a| a.fate != Fate::Lost).filter_map(|a| a.price).map(u64::from).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;

    /// Two placements, the good one clicked five times as often; everything bid 60.
    fn log(n: usize, seed: u64) -> Vec<LoggedAuction> {
        let mut rng = Seed(seed).stream(0);
        (0..n)
            .map(|_| {
                let good = rng.uniform() < 0.5;
                let price = (30.0 * rng.exponential()) as u32 + 1;
                let clicked = rng.uniform() < if good { 0.05 } else { 0.01 };
                let ordered = clicked && rng.uniform() < 0.1;
                let fate = match (price <= 60, clicked, ordered) {
                    (false, ..) => Fate::Lost,
                    (true, false, _) => Fate::Shown,
                    (true, true, false) => Fate::Clicked,
                    (true, true, true) => Fate::Ordered,
                };
                let placement = if good { "good" } else { "bad" }.to_owned();
                LoggedAuction {
                    placement,
                    bid: 60,
                    price: (fate != Fate::Lost || good).then_some(price),
                    fate,
                    chance: None,
                }
            })
            .collect()
    }

    #[test]
    fn no_rule_spends_more_than_its_budget_and_a_good_placement_is_worth_more() {
        let log = log(8_000, 3);
        let params = ReportParams {
            episode: 200,
            budget: Some(20_000),
            order_value: Some((20_000.0, 1_000.0)),
            ..ReportParams::default()
        };
        let report = params.report(&log).unwrap();
        assert_eq!((report.learnt, report.replayed, report.whole.budget), (4_000, 4_000, 1_000));
        assert!(report.untold > 0 && report.rules.len() == 11);
        for tried in &report.rules {
            assert!(tried.outcome.most_paid <= 1_000 && tried.outcome.paid <= 20_000, "{tried:?}");
        }
        let of = |name: &str| report.placements.iter().find(|p| p.placement == name).unwrap();
        // About 1,700 impressions each, drawn to 3 % by the prior's 2,000: near 3.9 and 2.1 %.
        assert!(of("good").click_rate > 1.5 * of("bad").click_rate);
        let value = |name: &str| of(name).value.unwrap().value;
        assert!(value("good") > 1.5 * value("bad"), "{} {}", value("good"), value("bad"));
        let expected = |name: &str| report.rules.iter().find(|t| t.rule == name).unwrap().outcome.expected_clicks;
        assert!(expected("linear, paced") > expected("constant, fixed"), "knowing the placement helps");
    }

    #[test]
    fn without_a_budget_the_money_of_the_log_is_the_budget() {
        let report = ReportParams::default().report(&log(6_000, 4)).unwrap();
        assert_eq!(report.logged.paid / 3, report.whole.budget, "3,000 auctions are three episodes");
        assert!(report.rules.iter().all(|t| t.outcome.paid <= report.logged.paid));
        assert!(report.placements.iter().all(|p| p.value.is_none()), "nobody said what an order is worth");
    }

    #[test] // 100 auctions cleared at 10 and 100 at 30, 20 on average: 200 auctions at a tenth of that are worth 400.
    fn an_earlier_period_is_learnt_from_instead_of_the_logs_beginning() {
        let mut counts = vec![0; 61];
        (counts[10], counts[30]) = (100, 100);
        let before = Before { counts, click_rate: 0.02 };
        let params = ReportParams { episode: 200, before: Some(before), share: Some(0.1), ..ReportParams::default() };
        let mut log = log(1_000, 5);
        log.iter_mut().for_each(|a| a.chance = Some(0.02));
        let report = params.report(&log).unwrap();
        assert_eq!((report.learnt, report.replayed, report.whole.budget, report.average), (0, 1_000, 400, 0.02));
        assert!(report.placements.is_empty() && report.rules.iter().all(|t| t.outcome.most_paid <= 400));
        // Every impression has the same chance, so a linear bid is a constant one.
        let of = |name: &str| report.rules.iter().find(|t| t.rule == name).unwrap().outcome;
        assert_eq!(of("linear, fixed"), of("constant, fixed"));
        assert!(ReportParams { share: Some(0.0), ..params }.report(&log).is_err());
    }

    #[test]
    fn what_cannot_be_learnt_from_is_refused() {
        let params = ReportParams::default();
        assert!(params.report(&log(50, 1)).unwrap_err().to_string().contains("at least 100"));
        let mut log = log(2_000, 1);
        let won = log.iter().position(|a| a.fate != Fate::Lost).unwrap();
        log[won].price = None;
        assert!(params.report(&log).unwrap_err().to_string().contains("every auction that was won"));
        log.iter_mut().for_each(|a| (a.fate, a.price) = (Fate::Lost, Some(5)));
        assert!(params.report(&log).unwrap_err().to_string().contains("clicks"));
        assert!(ReportParams { learn: 1.0, ..params }.report(&log).is_err());
    }
}
