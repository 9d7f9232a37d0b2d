//! Where to advertise in a market: what a platform can be expected to bring, from published facts and own results together.
//!
//! Facts are a row a platform and market: audience, part of the target that it reaches, price per thousand impressions, click and
//! order rates; own results are impressions, clicks, orders and spend there. Each rate is the fact's, worth `prior_*`
//! observations, updated by the own counts (a beta posterior): with no results it is the fact, with many the facts no longer
//! matter, and the part that is own is told. A fact that is not known is replaced by the mean of the other platforms in
//! the market and marked.
//!
//! The response to a spend a period is `orders = M · x / (x + M · c)`: at first an order costs `c = cpm / 1000 / (ctr · cvr)`, and no more
//! than `M = audience · reach · exposures · ctr · cvr` orders can come. So it enters [`crate::budget`] as a Hill curve.
//! Cost: linear in the rows.

use crate::budget::Response;
use crate::said::{Said, percent};
use crate::spend_error::SpendError;
use domain::{Figure, Interval, Market, Unit};
use learn::gamma_family::beta_quantile;

/// Published facts of an advertising platform in a market; `None` is "not known".
#[derive(Clone, Debug, PartialEq)]
pub struct PlatformFacts {
    /// Its name.
    pub platform: String,
    /// Where.
    pub market: Market,
    /// Shoppers in the target group of the market.
    pub audience: Option<f64>,
    /// Part of them that it reaches in a period, in [0, 1].
    pub reach: Option<f64>,
    /// Price of a thousand impressions, major units.
    pub cpm: Option<f64>,
    /// Click rate, in [0, 1].
    pub click_rate: Option<f64>,
    /// Orders of a click, in [0, 1].
    pub order_rate: Option<f64>,
    /// Where the facts come from, told with every figure.
    pub source: String,
}

/// Own results on it.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct OwnResults {
    /// Impressions.
    pub impressions: u64,
    /// Clicks.
    pub clicks: u64,
    /// Orders that came of them; `None` where nobody counted, and then clicks say nothing about orders.
    pub orders: Option<u64>,
    /// Spent, major units.
    pub spend: f64,
}

/// How facts and results are joined.
#[derive(Clone, Debug, PartialEq)]
pub struct OutlookParams {
    /// Impressions that a published click rate is worth, above 0.
    pub prior_impressions: f64,
    /// Clicks that a published order rate is worth, above 0.
    pub prior_clicks: f64,
    /// Times that a shopper can be shown an advert in a period, above 0.
    pub exposures: f64,
    /// Coverage of the intervals, in (0, 1).
    pub level: f64,
}

impl Default for OutlookParams {
    fn default() -> Self {
        Self { prior_impressions: 5_000.0, prior_clicks: 200.0, exposures: 4.0, level: 0.9 }
    }
}

/// What a platform can be expected to bring.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook {
    /// Its name.
    pub platform: String,
    /// Where.
    pub market: Market,
    /// Price of a thousand impressions.
    pub cpm: f64,
    /// Click rate and its interval.
    pub click_rate: (f64, Interval),
    /// Orders of a click and their interval.
    pub order_rate: (f64, Interval),
    /// Cost of the first order, and its interval.
    pub cost: (f64, Interval),
    /// Most orders of a period.
    pub most_orders: f64,
    /// Part of the order rate that rests on own results, in [0, 1].
    pub own: f64,
    /// Facts that were not known and were taken from the other platforms.
    pub guessed: Vec<&'static str>,
    /// Where the facts come from.
    pub source: String,
}

impl OutlookParams {
    /// Every platform of one market, in the order given.
    ///
    /// # Errors
    /// [`SpendError`] for facts out of range, counts that do not nest, or a fact that no platform of the market has.
    pub fn outlook(&self, rows: &[(PlatformFacts, OwnResults)]) -> Result<Vec<Outlook>, SpendError> {
        for (name, x) in [
            ("prior_impressions", self.prior_impressions),
            ("prior_clicks", self.prior_clicks),
            ("exposures", self.exposures),
        ] {
            if !(x > 0.0 && x.is_finite()) {
                return Err(SpendError::param(name, "above 0", x));
            }
        }
        if learn::interval::two_sided(self.level).is_none() {
            return Err(SpendError::param("level", "between 0 and 1", self.level));
        }
        rows.iter().try_for_each(|(facts, own)| check(facts, own))?;
        rows.iter().map(|(facts, own)| self.one(facts, own, rows)).collect()
    }

    fn one(
        &self,
        facts: &PlatformFacts,
        own: &OwnResults,
        rows: &[(PlatformFacts, OwnResults)],
    ) -> Result<Outlook, SpendError> {
        let mut guessed = Vec::new();
        let mut of = |name: &'static str, get: fn(&PlatformFacts) -> Option<f64>| -> Result<f64, SpendError> {
            if let Some(x) = get(facts) {
                return Ok(x);
            }
            let known: Vec<f64> = rows.iter().filter_map(|(f, _)| get(f)).collect();
            if known.is_empty() {
                return Err(SpendError::TooLittle { what: name, have: 0, need: 1 });
            }
            guessed.push(name);
            Ok(known.iter().sum::<f64>() / known.len() as f64)
        };
        let audience = of("audience", |f| f.audience)?;
        let reach = of("reach", |f| f.reach)?;
        let cpm = if own.impressions as f64 >= self.prior_impressions && own.spend > 0.0 {
            own.spend / own.impressions as f64 * 1000.0
        } else {
            of("cpm", |f| f.cpm)?
        };
        let click = of("click_rate", |f| f.click_rate)?;
        let order = of("order_rate", |f| f.order_rate)?;
        let click_rate = self.rate(click, self.prior_impressions, own.clicks, own.impressions);
        // Clicks whose orders nobody counted are no evidence that none came.
        let counted = own.orders.map_or((0, 0), |orders| (orders, own.clicks));
        let order_rate = self.rate(order, self.prior_clicks, counted.0, counted.1);
        let cost = |click: f64, order: f64| cpm / 1000.0 / (click * order);
        let mean = cost(click_rate.0, order_rate.0);
        // Relative errors of independent rates add in squares; each is half the width of its interval.
        let part = |(rate, i): (f64, Interval)| (i.high - i.low) / (2.0 * rate);
        let spread = part(click_rate).hypot(part(order_rate));
        Ok(Outlook {
            platform: facts.platform.clone(),
            market: facts.market,
            cpm,
            click_rate,
            order_rate,
            cost: (mean, Interval { low: mean * (-spread).exp(), high: mean * spread.exp(), level: self.level }),
            most_orders: audience * reach * self.exposures * click_rate.0 * order_rate.0,
            own: counted.1 as f64 / (counted.1 as f64 + self.prior_clicks),
            guessed,
            source: facts.source.clone(),
        })
    }

    /// Mean and interval of the beta posterior.
    fn rate(&self, prior: f64, weight: f64, hits: u64, n: u64) -> (f64, Interval) {
        let a = prior * weight + hits as f64;
        let b = (1.0 - prior) * weight + (n - hits) as f64;
        let tail = (1.0 - self.level) / 2.0;
        let at = |p: f64| beta_quantile(p, a.max(1e-9), b.max(1e-9));
        (a / (a + b), Interval { low: at(tail), high: at(1.0 - tail), level: self.level })
    }
}

fn check(facts: &PlatformFacts, own: &OwnResults) -> Result<(), SpendError> {
    let name = &facts.platform;
    let shares = [("reach", facts.reach), ("click_rate", facts.click_rate), ("order_rate", facts.order_rate)];
    for (what, x) in shares {
        if let Some(x) = x.filter(|x| !(*x > 0.0 && *x <= 1.0)) {
            return Err(SpendError::param(format!("{what} of {name}"), "in (0, 1]", x));
        }
    }
    for (what, x) in [("audience", facts.audience), ("cpm", facts.cpm)] {
        if let Some(x) = x.filter(|x| !(*x > 0.0 && x.is_finite())) {
            return Err(SpendError::param(format!("{what} of {name}"), "above 0", x));
        }
    }
    if own.clicks > own.impressions
        || own.orders.is_some_and(|n| n > own.clicks)
        || !(own.spend >= 0.0 && own.spend.is_finite())
    {
        let rule = "orders within clicks within impressions, spend of 0 or more";
        return Err(SpendError::param(format!("own results on {name}"), rule, own.clicks as f64));
    }
    Ok(())
}

impl Outlook {
    /// What a spend a period brings, for an order of this margin before advertising.
    pub fn response(&self, margin: f64) -> Response {
        let most = self.most_orders.max(f64::MIN_POSITIVE);
        Response::Hill { coefficient: most * margin.max(0.0), alpha: 1.0, gamma: 1.0, scale: most * self.cost.0 }
    }

    /// `channel.cost`, `channel.click_rate`, `channel.order_rate` and `channel.most_orders`.
    pub fn figures(&self) -> Vec<Figure> {
        let n = 1;
        let source = if self.guessed.is_empty() {
            self.source.clone()
        } else {
            format!("{}; mean of the other platforms for {}", self.source, self.guessed.join(", "))
        };
        let figure = |key: &str, unit, value: f64, formula: &str| {
            Figure::number(key, unit, value, n, 0).formula(formula).source(source.clone())
        };
        let with = |f: Figure, i: Interval| f.interval(i.low, i.high, i.level);
        vec![
            with(
                figure("channel.cost", Unit::Ratio, self.cost.0, "cpm / 1000 / (click rate · order rate)"),
                self.cost.1,
            ),
            with(
                figure(
                    "channel.click_rate",
                    Unit::Share,
                    self.click_rate.0,
                    "(fact · weight + clicks) / (weight + impressions)",
                ),
                self.click_rate.1,
            ),
            with(
                figure(
                    "channel.order_rate",
                    Unit::Share,
                    self.order_rate.0,
                    "(fact · weight + orders) / (weight + clicks)",
                ),
                self.order_rate.1,
            ),
            figure(
                "channel.most_orders",
                Unit::Count,
                self.most_orders,
                "audience · reach · exposures · click rate · order rate",
            ),
        ]
    }

    /// Why it is judged as it is.
    pub fn said(&self) -> Said {
        let guessed = if self.guessed.is_empty() {
            (String::new(), String::new())
        } else {
            let names = self.guessed.join(", ");
            (
                format!(" Not known and taken from the other platforms: {names}."),
                format!("未知、取自其他平台平均：{names}。"),
            )
        };
        let own = percent(self.own);
        let (cost, i) = self.cost;
        Said::new(
            format!(
                "{} in {}: an order costs {cost:.2} ({:.2} to {:.2}), {own} of what is known of its orders is own experience.{}",
                self.platform, self.market, i.low, i.high, guessed.0
            ),
            format!(
                "{}（{}）：每单成本 {cost:.2}（{:.2} 至 {:.2}），其中 {own} 来自自有数据。{}",
                self.platform, self.market, i.low, i.high, guessed.1
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(platform: &str) -> PlatformFacts {
        PlatformFacts {
            platform: platform.to_owned(),
            market: "DE".parse().unwrap(),
            audience: Some(1e6),
            reach: Some(0.5),
            cpm: Some(8.0),
            click_rate: Some(0.01),
            order_rate: Some(0.02),
            source: "a table".to_owned(),
        }
    }

    #[test] // 8 / 1000 / (.01 · .02) = 40; most 1e6 · .5 · 4 · .0002 = 400; at 16,000 spent half of them come.
    fn facts_alone_by_hand() {
        let outlook = &OutlookParams::default().outlook(&[(facts("x"), OwnResults::default())]).unwrap()[0];
        assert!((outlook.cost.0 - 40.0).abs() < 1e-9 && (outlook.most_orders - 400.0).abs() < 1e-9);
        assert_eq!(outlook.own, 0.0);
        let curve = outlook.response(50.0);
        assert!((curve.at(16_000.0) - 200.0 * 50.0).abs() < 1e-6 && (curve.marginal(0.0) - 50.0 / 40.0).abs() < 1e-9);
    }

    #[test] // Order rate (.02 · 200 + 60) / (200 + 1000) = 5.33 %; own part 1000/1200.
    fn own_results_take_over_by_hand() {
        let own = OwnResults { impressions: 100_000, clicks: 1_000, orders: Some(60), spend: 500.0 };
        let outlook = &OutlookParams::default().outlook(&[(facts("x"), own)]).unwrap()[0];
        assert!((outlook.order_rate.0 - 64.0 / 1200.0).abs() < 1e-12 && (outlook.cpm - 5.0).abs() < 1e-12);
        assert!((outlook.own - 1000.0 / 1200.0).abs() < 1e-12);
        let i = outlook.order_rate.1;
        assert!(i.low < outlook.order_rate.0 && outlook.order_rate.0 < i.high);
    }

    #[test] // Nobody counted orders: the click rate learns, (.01 · 5000 + 1000) / 105000, the order rate stays.
    fn clicks_without_counted_orders_say_nothing_about_orders() {
        let own = OwnResults { impressions: 100_000, clicks: 1_000, orders: None, spend: 500.0 };
        let outlook = &OutlookParams::default().outlook(&[(facts("x"), own)]).unwrap()[0];
        assert!((outlook.click_rate.0 - 1_050.0 / 105_000.0).abs() < 1e-12);
        assert!((outlook.order_rate.0 - 0.02).abs() < 1e-12);
        assert_eq!(outlook.own, 0.0);
    }

    #[test]
    fn what_is_not_known_is_taken_from_the_others_and_told() {
        let mut unknown = facts("y");
        unknown.click_rate = None;
        let rows = [(facts("x"), OwnResults::default()), (unknown, OwnResults::default())];
        let outlook = &OutlookParams::default().outlook(&rows).unwrap()[1];
        assert_eq!((outlook.guessed.as_slice(), outlook.click_rate.0), (["click_rate"].as_slice(), 0.01));
        assert!(outlook.said().en.contains("click_rate") && outlook.figures()[0].source.contains("click_rate"));
        let alone = OutlookParams::default().outlook(&rows[1..]);
        assert!(alone.unwrap_err().to_string().contains("click_rate"));
        let mut wrong = facts("z");
        wrong.reach = Some(45.0);
        assert!(OutlookParams::default().outlook(&[(wrong, OwnResults::default())]).is_err());
    }
}
