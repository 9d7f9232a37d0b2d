//! A rate of each market, with the help of the others: repeat rate, conversion rate, any share of a count.
//!
//! A market's own share of five shoppers says little, and Wilson's interval around it is honest but useless. Rates
//! of markets are alike, and how alike is learnt from all of them ([`learn::pooled_rates`]); each market's
//! figure is the mean of its rate with an interval that holds the doubt about the markets too. A market without a
//! trial gets what the others say of a market not yet seen.
//!
//! Cost: about 10 ms, and 10 ms a market for the interval.

use super::ValueError;
use crate::figures::MIN_OBSERVATIONS;
use domain::{Figure, Market, Unit};
use learn::pooled_rates::{PooledRates, Trials};
use rayon::prelude::*;

/// Hits and trials of one market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarketTrials {
    /// Where.
    pub market: Market,
    /// How many came back, bought, opened.
    pub hits: u64,
    /// Of how many.
    pub n: u64,
}

/// One figure a market, in the order of the markets. `what` says what is counted: "shoppers with a second order /
/// shoppers". All markets together need as many trials as a figure does; then no market has too few.
///
/// # Errors
/// [`ValueError::Learn`] for more hits than trials, [`ValueError::Param`] for a level outside (0, 1).
pub fn market_rates(key: &str, what: &str, markets: &[MarketTrials], level: f64) -> Result<Vec<Figure>, ValueError> {
    if !(level > 0.0 && level < 1.0) {
        return Err(ValueError::Param { name: "level", rule: "between 0 and 1", got: level });
    }
    let trials: Vec<Trials> = markets.iter().map(|m| Trials { hits: m.hits, n: m.n }).collect();
    let rates = PooledRates::fit(&trials)?;
    let all: u64 = trials.iter().map(|t| t.n).sum();
    let figure = |t: &Trials| {
        let rate = rates.group(*t);
        let mut figure = Figure::number(key, Unit::Share, rate.mean(), all, MIN_OBSERVATIONS)
            .formula(format!("{what}, partially pooled over markets (beta-binomial); {} % interval", level * 100.0))
            .source(format!("{} of {} here, {all} in {} markets", t.hits, t.n, markets.len()));
        figure.n = t.n;
        match rate.interval(level) {
            Some(i) => figure.interval(i.low, i.high, i.level),
            None => figure,
        }
    };
    Ok(trials.par_iter().map(figure).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::FigureValue;

    fn trials(code: &str, hits: u64, n: u64) -> MarketTrials {
        MarketTrials { market: code.parse().unwrap(), hits, n }
    }

    #[test]
    fn five_shoppers_get_a_figure_between_their_own_share_and_the_others() {
        let markets = [
            trials("GB", 300, 1_000),
            trials("DE", 60, 220),
            trials("FR", 25, 90),
            trials("MY", 4, 5),
            trials("SG", 0, 0),
        ];
        let figures = market_rates("value.repeat_rate", "came back / shoppers", &markets, 0.9).unwrap();
        let (gb, my, sg) = (&figures[0], &figures[3], &figures[4]);
        assert!((gb.as_f64().unwrap() - 0.3).abs() < 0.01);
        let five = my.as_f64().unwrap();
        assert!(five > 0.3 && five < 0.7, "{five}");
        assert!((sg.as_f64().unwrap() - 0.32).abs() < 0.1 && sg.n == 0);
        let width = |f: &Figure| f.interval.map(|i| i.high - i.low).unwrap();
        assert!(width(gb) < width(my) && width(my) < 0.7);
        assert_eq!(my.source, "4 of 5 here, 1315 in 5 markets");
    }

    #[test]
    fn too_few_everywhere_is_said_and_nonsense_refused() {
        let few = market_rates("r", "x", &[trials("MY", 1, 5)], 0.9).unwrap();
        assert_eq!(few[0].value, FigureValue::TooLittleData { have: 5, need: 30 });
        assert!(market_rates("r", "x", &[trials("MY", 6, 5)], 0.9).is_err());
        assert!(market_rates("r", "x", &[], 1.0).is_err());
    }
}
