//! How large a market is: all of it (TAM), what can be reached (SAM), what can be won (SOM), each with an interval.
//!
//! ```text
//! TAM = population × share of adults × share online × spending on the category per head          (by spending)
//!     = households × share that owns it / years that it lasts × price                            (by ownership)
//! SAM = TAM × share bought through the channel × share that reads the language × share sellable
//! SOM = SAM × share that can be won                                                             (by share)
//!     = SAM × own sales elsewhere / SAM there                                                   (by a comparable market)
//!     = own sales there, at most SAM                                                            (where it is served)
//!     = budget / cost of a visit × conversion × order value, at most SAM                        (by budget)
//! ```
//! A share of the reach that is not known is left out, and the formula says that it is not weighed.
//!
//! The value is the product of the inputs' values. The interval is the middle 95 % of draws: every input is log-normal
//! (shares are cut at 1) and independent of the others unless `correlation` says that all share a part: with `ρ`, each
//! normal draw is `√ρ · common + √(1 − ρ) · own`, so that errors add up instead of cancelling. Without shares at the cut
//! and with `ρ = 0`, the logarithms' variances add up: the worked example in the tests is recomputed by hand.
//!
//! Cost: draws × inputs.

use super::estimate::middle95;
use super::facts::Fact;
use super::market_facts::{Candidate, Law};
use super::{EntryError, Estimate};
use domain::{Currency, Decimal, Figure, FxRate, Market, Money, Rounding, Seed, Unit};
use serde::{Deserialize, Serialize};

/// What the whole market is computed from. Money is in the market's currency.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whole {
    /// By what is spent.
    Spending {
        /// Inhabitants.
        population: Estimate,
        /// Share of adults.
        adults: Estimate,
        /// Share of people online.
        online: Estimate,
        /// Spending on the category per head and year.
        per_head: Estimate,
    },
    /// By what is owned and replaced.
    Ownership {
        /// Households.
        households: Estimate,
        /// Share that owns the product.
        owning: Estimate,
        /// Years until it is replaced.
        lasts_years: Estimate,
        /// Price of one.
        price: Estimate,
    },
}

/// What of it can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reach {
    /// Share of the category that is bought through the channel: online retail's share, or that of a platform.
    pub channel: Estimate,
    /// Share of shoppers who read a language that is offered; `None` where it is not weighed.
    pub language: Option<Estimate>,
    /// Share of the catalogue's value that may be sold there; `None` where it is not weighed.
    pub sellable: Option<Estimate>,
}

/// What of that can be won.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Win {
    /// A share, stated.
    Share(Estimate),
    /// What is sold there already: its own share of its SAM.
    Held {
        /// Own yearly sales there, in the market's currency.
        own_sales: Estimate,
    },
    /// As much as in a market that is served.
    Comparable {
        /// Own yearly sales there, in any currency.
        own_sales: Estimate,
        /// Its SAM in the same currency.
        its_sam: Estimate,
    },
    /// What a budget buys, in the market's currency.
    Budget {
        /// For a year.
        budget: Estimate,
        /// Of one visit.
        cost_per_visit: Estimate,
        /// Orders a visit.
        conversion: Estimate,
        /// Value of an order.
        order_value: Estimate,
    },
}

/// How it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CapacityParams {
    /// Draws, at least 100.
    pub n_draws: usize,
    /// Part of every input's variance that is common to all, in [0, 1].
    pub correlation: f64,
    /// Growth of the category a year, for the figure after `years`; `None` where it is not known.
    pub growth: Option<Estimate>,
    /// Years ahead.
    pub years: u32,
}

impl Default for CapacityParams {
    fn default() -> Self {
        Self { n_draws: 4_000, correlation: 0.0, growth: None, years: 3 }
    }
}

/// A market's size.
#[derive(Clone, Debug, PartialEq)]
pub struct Capacity {
    market: Market,
    currency: Currency,
    tam: Estimate,
    sam: Estimate,
    som: Estimate,
    later: Option<(u32, Estimate)>,
    formulas: [String; 3],
    n_draws: usize,
}

impl Whole {
    /// By spending, from a market's facts; the currency is that in which the spending was given.
    ///
    /// # Errors
    /// [`EntryError::Missing`] naming the fact.
    pub fn spending(candidate: &Candidate) -> Result<(Self, Currency), EntryError> {
        let market = candidate.market();
        let get = |fact: Fact| candidate.estimate(fact).ok_or(EntryError::Missing { market, fact: fact.name() });
        let missing = EntryError::Missing { market, fact: Fact::CategorySpendPerHead.name() };
        let known = candidate.known(Fact::CategorySpendPerHead).ok_or(missing)?;
        let (value, currency) = known.given.unwrap_or((known.value, Currency::new(*b"USD")));
        let sd = if let Law::LogNormal(sd) = known.law { sd } else { 0.0 };
        let whole = Self::Spending {
            population: get(Fact::Population)?,
            adults: get(Fact::AdultPopulationShare)?,
            online: get(Fact::InternetShare)?,
            per_head: Estimate::relative(value, sd),
        };
        Ok((whole, currency))
    }

    /// Factors with their words, and whether each is a share, multiplies or divides.
    fn factors(&self) -> Vec<Factor> {
        match *self {
            Self::Spending { population, adults, online, per_head } => vec![
                Factor::plain("population", population),
                Factor::share("share of adults", adults),
                Factor::share("share online", online),
                Factor::plain("spending per head", per_head),
            ],
            Self::Ownership { households, owning, lasts_years, price } => vec![
                Factor::plain("households", households),
                Factor::share("share that owns it", owning),
                Factor { divides: true, ..Factor::plain("years that it lasts", lasts_years) },
                Factor::plain("price", price),
            ],
        }
    }
}

impl Reach {
    const LANGUAGE: &'static str = "share that reads the language";
    const SELLABLE: &'static str = "share sellable";

    /// The shares that are known.
    fn factors(&self) -> Vec<Factor> {
        let known = [(Self::LANGUAGE, self.language), (Self::SELLABLE, self.sellable)];
        let known = known.into_iter().filter_map(|(what, share)| Some(Factor::share(what, share?)));
        std::iter::once(Factor::share("share of the channel", self.channel)).chain(known).collect()
    }

    /// What the formula says of the shares that are left out; empty where none is.
    fn not_weighed(&self) -> String {
        let left_out = [(Self::LANGUAGE, self.language), (Self::SELLABLE, self.sellable)];
        let left_out: Vec<&str> =
            left_out.into_iter().filter(|(_, share)| share.is_none()).map(|(what, _)| what).collect();
        if left_out.is_empty() { String::new() } else { format!(", not weighed: {}", left_out.join(", ")) }
    }
}

#[derive(Clone, Copy)]
struct Factor {
    what: &'static str,
    estimate: Estimate,
    share: bool,
    divides: bool,
}

impl Factor {
    fn plain(what: &'static str, estimate: Estimate) -> Self {
        Self { what, estimate, share: false, divides: false }
    }

    fn share(what: &'static str, estimate: Estimate) -> Self {
        Self { share: true, ..Self::plain(what, estimate) }
    }

    fn checked(&self) -> Result<(), EntryError> {
        let e = self.estimate.checked(self.what)?;
        let name = || self.what.to_owned();
        if e.low <= 0.0 && e.value != 0.0 || e.value < 0.0 {
            return Err(EntryError::Param { name: name(), rule: "above 0, its interval too", got: e.low });
        }
        if self.share && e.value > 1.0 {
            return Err(EntryError::Param { name: name(), rule: "a share, at most 1", got: e.value });
        }
        Ok(())
    }

    fn at(&self, z: f64) -> f64 {
        let drawn = self.estimate.at(z).max(0.0);
        let drawn = if self.share { drawn.min(1.0) } else { drawn };
        if self.divides { 1.0 / drawn } else { drawn }
    }

    fn words(&self) -> String {
        let e = &self.estimate;
        let join = if self.divides { "/" } else { "×" };
        format!("{join} {} {} ({} to {})", self.what, show(e.value), show(e.low), show(e.high))
    }
}

fn show(x: f64) -> String {
    super::words::number(x)
}

fn formula(factors: &[Factor], start: &str) -> String {
    let words: Vec<String> = factors.iter().map(Factor::words).collect();
    let words = words.join(" ");
    if start.is_empty() { words.trim_start_matches(['×', ' ']).to_owned() } else { format!("{start} {words}") }
}

impl CapacityParams {
    /// Sizes a market in its currency.
    ///
    /// # Errors
    /// [`EntryError::Param`] or [`EntryError::Estimate`] naming the input.
    pub fn size(
        &self,
        (market, currency): (Market, Currency),
        whole: &Whole,
        reach: &Reach,
        win: &Win,
        seed: Seed,
    ) -> Result<Capacity, EntryError> {
        if self.n_draws < 100 {
            return Err(EntryError::Param { name: "n_draws".into(), rule: "at least 100", got: self.n_draws as f64 });
        }
        if !(0.0..=1.0).contains(&self.correlation) {
            return Err(EntryError::Param {
                name: "correlation".into(),
                rule: "between 0 and 1",
                got: self.correlation,
            });
        }
        let tam = whole.factors();
        let sam = reach.factors();
        let (som, starts_from_sam) = match *win {
            Win::Share(share) => (vec![Factor::share("share won", share)], true),
            Win::Held { own_sales } => (vec![Factor::plain("own sales there", own_sales)], false),
            Win::Comparable { own_sales, its_sam } => {
                let there = Factor { divides: true, ..Factor::plain("SAM there", its_sam) };
                (vec![Factor::plain("own sales elsewhere", own_sales), there], true)
            }
            Win::Budget { budget, cost_per_visit, conversion, order_value } => {
                let visit = Factor { divides: true, ..Factor::plain("cost of a visit", cost_per_visit) };
                let rest = [Factor::share("conversion", conversion), Factor::plain("order value", order_value)];
                ([vec![Factor::plain("budget", budget), visit], rest.to_vec()].concat(), false)
            }
        };
        for factor in tam.iter().chain(&sam).chain(&som) {
            factor.checked()?;
        }
        let growth = self.growth.map(|g| g.checked("growth")).transpose()?;
        let product =
            |factors: &[Factor], z: &mut dyn FnMut() -> f64| factors.iter().map(|f| f.at(z())).product::<f64>();
        let at = |z: &mut dyn FnMut() -> f64| {
            let whole = product(&tam, z);
            let reached = whole * product(&sam, z);
            let won = product(&som, z) * if starts_from_sam { reached } else { 1.0 };
            let years = self.years as f64;
            let grown = growth.map(|g| whole * (1.0 + g.at(z())).max(0.0).powf(years));
            [whole, reached, won.min(reached), grown.unwrap_or(f64::NAN)]
        };
        let middle = at(&mut || 0.0);
        let mut draws: [Vec<f64>; 4] = std::array::from_fn(|_| Vec::with_capacity(self.n_draws));
        let (shared, own) = (self.correlation.sqrt(), (1.0 - self.correlation).sqrt());
        for b in 0..self.n_draws {
            let mut rng = seed.stream(b as u64);
            let common = rng.normal();
            let drawn = at(&mut || shared * common + own * rng.normal());
            draws.iter_mut().zip(drawn).for_each(|(all, x)| all.push(x));
        }
        let estimate = |i: usize| {
            let (low, high) = middle95(&draws[i]).unwrap_or((middle[i], middle[i]));
            Estimate { value: middle[i], low: low.min(middle[i]), high: high.max(middle[i]) }
        };
        let som_words = formula(&som, if starts_from_sam { "SAM" } else { "" });
        let som_words = if starts_from_sam { som_words } else { format!("{som_words}, at most SAM") };
        Ok(Capacity {
            market,
            currency,
            tam: estimate(0),
            sam: estimate(1),
            som: estimate(2),
            later: growth.map(|_| (self.years, estimate(3))),
            formulas: [formula(&tam, ""), format!("{}{}", formula(&sam, "TAM"), reach.not_weighed()), som_words],
            n_draws: self.n_draws,
        })
    }
}

impl Capacity {
    /// Which market.
    pub fn market(&self) -> Market {
        self.market
    }

    /// The currency of the estimates.
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// The whole market a year.
    pub fn tam(&self) -> &Estimate {
        &self.tam
    }

    /// What of it can be reached.
    pub fn sam(&self) -> &Estimate {
        &self.sam
    }

    /// What of that can be won.
    pub fn som(&self) -> &Estimate {
        &self.som
    }

    /// Figures `market.tam`, `market.sam`, `market.som` and, where growth is known, `market.tam_later`, in the market's
    /// currency; with a rate to the seller's currency the same again with `_base` at the end of the key.
    ///
    /// # Errors
    /// [`EntryError::Money`] for an amount that does not fit, [`EntryError::Rate`] for a rate from another currency.
    pub fn figures(&self, base: Option<&FxRate>) -> Result<Vec<Figure>, EntryError> {
        let mut all = vec![
            ("market.tam", self.tam, self.formulas[0].clone()),
            ("market.sam", self.sam, self.formulas[1].clone()),
            ("market.som", self.som, self.formulas[2].clone()),
        ];
        if let Some((years, later)) = self.later {
            all.push(("market.tam_later", later, format!("TAM × (1 + growth of the category)^{years}")));
        }
        let mut figures = Vec::new();
        for (key, estimate, formula) in &all {
            figures.push(self.figure(key, estimate, formula, None)?);
        }
        if let Some(rate) = base {
            if rate.from != self.currency {
                return Err(EntryError::Rate { needed: self.currency, given: rate.from });
            }
            for (key, estimate, formula) in &all {
                let key = format!("{key}_base");
                let formula = format!("{formula}; at {} {} for one {} of {}", rate.rate, rate.to, rate.from, rate.day);
                figures.push(self.figure(&key, estimate, &formula, Some(rate))?);
            }
        }
        Ok(figures)
    }

    fn figure(&self, key: &str, e: &Estimate, formula: &str, rate: Option<&FxRate>) -> Result<Figure, EntryError> {
        let exact = |x: f64| -> Result<Money, EntryError> {
            // Ten digits carry more than any of this is known to.
            let decimal = Decimal::try_from(x).unwrap_or(Decimal::MAX);
            let money = Money::from_decimal(decimal, self.currency, Rounding::HalfEven)?;
            Ok(match rate {
                Some(rate) => rate.convert(money, Rounding::HalfEven)?,
                None => money,
            })
        };
        let major = |x: f64| Ok::<f64, EntryError>(exact(x)?.to_decimal().try_into().unwrap_or(f64::NAN));
        let mut figure = Figure::money(key, exact(e.value)?, self.n_draws as u64)
            .interval(major(e.low)?, major(e.high)?, 0.95)
            .formula(format!("{formula}; interval: middle 95 % of {} draws", self.n_draws));
        figure.unit = Unit::Money;
        Ok(figure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Day, FigureValue};

    const EUR: Currency = Currency::new(*b"EUR");

    fn de() -> (Market, Currency) {
        ("DE".parse().unwrap(), EUR)
    }

    fn whole() -> Whole {
        Whole::Spending {
            population: Estimate::relative(80e6, 0.01),
            adults: Estimate::exact(0.8),
            online: Estimate::relative(0.5, 0.05),
            per_head: Estimate::relative(50.0, 0.2),
        }
    }

    fn reach() -> Reach {
        Reach {
            channel: Estimate::relative(0.3, 0.1),
            language: Some(Estimate::exact(0.95)),
            sellable: Some(Estimate::exact(0.8)),
        }
    }

    // TAM = 80e6 · 0.8 · 0.5 · 50 = 1.6e9; sd of its logarithm = sqrt(0.01² + 0.05² + 0.2²) = 0.206398:
    // within e^±(1.96 · 0.206398) = 0.66729 and 1.49861 of it: 1.0677e9 to 2.3978e9.
    // SAM = 1.6e9 · 0.3 · 0.95 · 0.8 = 364.8e6; sd sqrt(0.206398² + 0.1²) = 0.229347: 0.63793 to 1.56757.
    // SOM at 1 % ± 0.3 in logs: 3.648e6; sd sqrt(0.229347² + 0.3²) = 0.377624: 0.47706 to 2.09617.
    #[test]
    fn a_market_by_hand() {
        let win = Win::Share(Estimate::relative(0.01, 0.3));
        let params = CapacityParams { n_draws: 40_000, ..CapacityParams::default() };
        let size = params.size(de(), &whole(), &reach(), &win, Seed(1)).unwrap();
        for (got, value, low, high) in [
            (size.tam(), 1.6e9, 0.66729, 1.49861),
            (size.sam(), 364.8e6, 0.63793, 1.56757),
            (size.som(), 3.648e6, 0.47706, 2.09617),
        ] {
            assert!((got.value / value - 1.0).abs() < 1e-9, "{got:?}");
            // The ends of 40,000 draws are known to about one percent.
            assert!((got.low / value / low - 1.0).abs() < 0.02, "{got:?}");
            assert!((got.high / value / high - 1.0).abs() < 0.02, "{got:?}");
        }
    }

    #[test] // All in common: the standard deviations add up instead: 0.01 + 0.05 + 0.2 = 0.26.
    fn what_is_wrong_together_does_not_cancel() {
        let params = CapacityParams { n_draws: 40_000, correlation: 1.0, ..CapacityParams::default() };
        let size = params.size(de(), &whole(), &reach(), &Win::Share(Estimate::exact(0.01)), Seed(1)).unwrap();
        let expected = (1.959_964_f64 * 0.26).exp();
        assert!((size.tam().high / 1.6e9 / expected - 1.0).abs() < 0.02, "{:?}", size.tam());
    }

    #[test] // 100,000 / 0.5 · 0.02 · 40 = 160,000 is won by the budget; a budget of a thousand times is cut at SAM.
    fn a_budget_wins_what_it_buys_and_never_more_than_there_is() {
        let win = |budget: f64| Win::Budget {
            budget: Estimate::exact(budget),
            cost_per_visit: Estimate::exact(0.5),
            conversion: Estimate::exact(0.02),
            order_value: Estimate::exact(40.0),
        };
        let size = |budget| CapacityParams::default().size(de(), &whole(), &reach(), &win(budget), Seed(1)).unwrap();
        assert!((size(1e5).som().value - 160_000.0).abs() < 1e-6);
        assert_eq!(size(1e9).som().value, size(1e9).sam().value);
    }

    #[test] // 2 million of 400 million there is half a percent: 364.8e6 · 0.005. Ownership: 40e6 · 0.5 / 8 · 100 = 250e6.
    fn by_a_comparable_market_and_by_ownership() {
        let win = Win::Comparable { own_sales: Estimate::exact(2e6), its_sam: Estimate::exact(400e6) };
        let size = CapacityParams::default().size(de(), &whole(), &reach(), &win, Seed(1)).unwrap();
        assert!((size.som().value - 1.824e6).abs() < 1e-3);
        let owned = Whole::Ownership {
            households: Estimate::exact(40e6),
            owning: Estimate::exact(0.5),
            lasts_years: Estimate::exact(8.0),
            price: Estimate::exact(100.0),
        };
        let size = CapacityParams::default().size(de(), &owned, &reach(), &win, Seed(1)).unwrap();
        assert!((size.tam().value - 250e6).abs() < 1e-3);
    }

    #[test] // Whatever the SAM, 5 million are sold there; what is not known of the reach is named and leaves 1.6e9 · 0.3.
    fn a_served_market_wins_what_it_sells_and_what_is_not_weighed_is_said() {
        let win = Win::Held { own_sales: Estimate::relative(5e6, 0.1) };
        let reach = Reach { language: None, sellable: None, ..reach() };
        let size = CapacityParams::default().size(de(), &whole(), &reach, &win, Seed(1)).unwrap();
        assert!((size.som().value - 5e6).abs() < 1e-6 && (size.sam().value - 480e6).abs() < 1e-3, "{size:?}");
        let figures = size.figures(None).unwrap();
        let formula = |key: &str| figures.iter().find(|f| f.key == key).unwrap().formula.clone();
        let sam = formula("market.sam");
        assert!(sam.contains(", not weighed: share that reads the language, share sellable;"), "{sam}");
        assert!(!sam.contains("(1 to 1)"), "{sam}");
        assert!(formula("market.som").starts_with("own sales there 5,000,000 ("), "{}", formula("market.som"));
    }

    #[test] // 1.6e9 EUR at 7.8 are 12.48e9 CNY; in three years at 5 %: 1.6e9 · 1.157625 = 1.8522e9.
    fn figures_are_money_in_both_currencies() {
        let params = CapacityParams { growth: Some(Estimate::exact(0.05)), ..CapacityParams::default() };
        let size = params.size(de(), &whole(), &reach(), &Win::Share(Estimate::exact(0.01)), Seed(1)).unwrap();
        let (cny, day) = (Currency::new(*b"CNY"), Day::from_ymd(2025, 1, 1).unwrap());
        let rate = FxRate { from: EUR, to: cny, day, rate: "7.8".parse().unwrap() };
        let figures = size.figures(Some(&rate)).unwrap();
        let get = |key: &str| figures.iter().find(|f| f.key == key).unwrap();
        assert_eq!(get("market.tam").value, FigureValue::Money(Money { minor: 160_000_000_000, currency: EUR }));
        assert_eq!(get("market.tam_base").value, FigureValue::Money(Money { minor: 1_248_000_000_000, currency: cny }));
        assert!((get("market.tam_later").as_f64().unwrap() - 1.8522e9).abs() < 1.0);
        assert!(get("market.tam").interval.unwrap().low < 1.3e9);
        assert!(
            get("market.sam").formula.starts_with("TAM × share of the channel 0.3 ("),
            "{}",
            get("market.sam").formula
        );
        let wrong = FxRate { from: cny, to: EUR, ..rate };
        assert_eq!(
            size.figures(Some(&wrong)).unwrap_err().to_string(),
            "a rate from EUR is needed, the one given is from CNY"
        );
    }

    #[test]
    fn impossible_inputs_are_named() {
        let reach = Reach { channel: Estimate::exact(1.2), ..reach() };
        let win = Win::Share(Estimate::exact(0.01));
        let wrong = CapacityParams::default().size(de(), &whole(), &reach, &win, Seed(1)).unwrap_err();
        assert_eq!(wrong.to_string(), "parameter `share of the channel` is 1.2, it has to be a share, at most 1");
    }
}
