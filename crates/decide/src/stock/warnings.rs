//! What runs out and what piles up, from stock, what is on the way, and a forecast with its uncertainty.
//!
//! Demand up to week `h` has mean `Σ m` and deviation `√((1 − ρ) Σ s² + ρ (Σ s)²)`: errors of weeks hang together, by `ρ`
//! ([`WarningParams::hang_together`]); a forecast that is too low this week is so next week. It is log-normal, so never
//! negative. *Runs out*: the first week whose chance of demand above what has arrived by then reaches a limit. *Piles up*:
//! units that are left at the end of the horizon with at least a stated chance. Beyond the forecast its last week goes on.
//! Cost: weeks.

use super::newsvendor::Demand;
use crate::price::{PriceError, Said};
use domain::Money;

/// What a warning looks at.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    /// Units on hand at the start of week 0.
    pub on_hand: u64,
    /// Units that arrive at the start of a week.
    pub arriving: Vec<(usize, u64)>,
    /// Mean demand of each week, at least 0.
    pub mean: Vec<f64>,
    /// Its standard deviation.
    pub deviation: Vec<f64>,
    /// Weeks until an order placed now is there.
    pub lead_weeks: usize,
    /// What a unit cost to get there.
    pub unit_cost: Money,
}

/// Limits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WarningParams {
    /// Chance of running out that is worth a warning.
    pub risk: f64,
    /// Chance with which units have to be left over to be called excess.
    pub sure: f64,
    /// Weeks within which stock should be sold.
    pub horizon: usize,
    /// Correlation of the weeks' errors, 0 to 1.
    pub hang_together: f64,
}

impl Default for WarningParams {
    fn default() -> Self {
        Self { risk: 0.2, sure: 0.8, horizon: 26, hang_together: 0.5 }
    }
}

/// How urgent running out is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// An order placed now is there in time.
    Order,
    /// Even an order placed now comes too late.
    TooLate,
    /// Later: order within so many weeks.
    Within(usize),
}

/// It runs out.
#[derive(Clone, Debug, PartialEq)]
pub struct RunsOut {
    /// First week at risk, from 0.
    pub week: usize,
    /// The chance in that week.
    pub chance: f64,
    /// What to do.
    pub urgency: Urgency,
    /// For people.
    pub said: Said,
}

/// It piles up.
#[derive(Clone, Debug, PartialEq)]
pub struct PilesUp {
    /// Units left at the end of the horizon with at least the stated chance.
    pub excess: u64,
    /// What they cost.
    pub bound: Money,
    /// Expected units left.
    pub expected_left: f64,
    /// Weeks that stock lasts at mean demand; `None` for more than ten years.
    pub lasts_weeks: Option<f64>,
    /// For people.
    pub said: Said,
}

/// Both looked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Warnings {
    /// Running out.
    pub runs_out: Option<RunsOut>,
    /// Piling up.
    pub piles_up: Option<PilesUp>,
}

/// Looks ahead.
///
/// # Errors
/// [`PriceError::Param`] for a forecast that is empty, negative, no number, or of two lengths, or a limit outside 0 to 1.
pub fn warnings(position: &Position, params: &WarningParams) -> Result<Warnings, PriceError> {
    check(position, params)?;
    let mut have = position.on_hand as f64;
    let (mut mean, mut squares, mut sum) = (0.0, 0.0, 0.0);
    let mut runs_out = None;
    let last = position.mean.len() - 1;
    let mut at_end = None;
    let weeks = params.horizon.max(1);
    for week in 0..weeks {
        have += position.arriving.iter().filter(|a| a.0 == week).map(|a| a.1 as f64).sum::<f64>();
        let at = week.min(last);
        mean += position.mean[at];
        squares += position.deviation[at].powi(2);
        sum += position.deviation[at];
        let sd = ((1.0 - params.hang_together) * squares + params.hang_together * sum * sum).sqrt();
        if mean <= 0.0 {
            continue;
        }
        let demand = Demand::LogNormal { mean, sd };
        // Until a first arrival an order may still come; without stock and with demand the shelf is empty now.
        let chance = 1.0 - demand.chance_of_at_most(have);
        if runs_out.is_none() && chance >= params.risk {
            runs_out = Some(out_of_stock(week, chance, position.lead_weeks));
        }
        if week + 1 == weeks {
            at_end = Some((demand, have));
        }
    }
    let piles_up = match at_end {
        Some((demand, have)) => excess(position, params, &demand, have, mean / weeks as f64),
        // Nobody wants any.
        None if have > 0.0 => Some(pile(position, params, have as u64, have, None)),
        None => None,
    };
    Ok(Warnings { runs_out, piles_up })
}

fn out_of_stock(week: usize, chance: f64, lead: usize) -> RunsOut {
    let urgency = match week.cmp(&lead) {
        std::cmp::Ordering::Less => Urgency::TooLate,
        std::cmp::Ordering::Equal => Urgency::Order,
        std::cmp::Ordering::Greater => Urgency::Within(week - lead),
    };
    let (en, zh) = match urgency {
        Urgency::TooLate => (
            format!(
                "an order placed now comes {} weeks too late: move stock from elsewhere or slow demand",
                lead - week
            ),
            format!("现在下单将晚到 {} 周：请调拨库存或放缓需求", lead - week),
        ),
        Urgency::Order => ("order now".to_owned(), "请立即下单".to_owned()),
        Urgency::Within(weeks) => (format!("order within {weeks} weeks"), format!("请在 {weeks} 周内下单")),
    };
    let percent = 100.0 * chance;
    let said = Said::new(
        format!("week {} may run out (chance {percent:.0} %): {en}", week + 1),
        format!("第 {} 周可能断货（概率 {percent:.0} %）：{zh}", week + 1),
    );
    RunsOut { week, chance, urgency, said }
}

fn excess(position: &Position, params: &WarningParams, demand: &Demand, have: f64, weekly: f64) -> Option<PilesUp> {
    // Largest whole number of units for which demand stays that far below stock with the stated chance.
    let (mut low, mut high) = (0_u64, have as u64);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if demand.chance_of_at_most(have - middle as f64) >= params.sure {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    let left = have - demand.mean() + demand.lost_beyond(have);
    let lasts = have / weekly;
    (low > 0).then(|| pile(position, params, low, left, (lasts < 520.0).then_some(lasts)))
}

fn pile(position: &Position, params: &WarningParams, units: u64, expected_left: f64, lasts: Option<f64>) -> PilesUp {
    let minor = position.unit_cost.minor.saturating_mul(i64::try_from(units).unwrap_or(i64::MAX));
    let bound = Money { minor, currency: position.unit_cost.currency };
    let percent = 100.0 * params.sure;
    let (en, zh) = lasts.map_or((String::new(), String::new()), |w| {
        (format!("; stock lasts {w:.0} weeks"), format!("；库存可售 {w:.0} 周"))
    });
    let said = Said::new(
        format!(
            "{units} units ({bound}) will be left after {} weeks with a chance of {percent:.0} % or more{en}",
            params.horizon
        ),
        format!("{} 周后有 {percent:.0} % 以上的概率剩余 {units} 件（{bound}）{zh}", params.horizon),
    );
    PilesUp { excess: units, bound, expected_left, lasts_weeks: lasts, said }
}

fn check(position: &Position, params: &WarningParams) -> Result<(), PriceError> {
    if position.mean.is_empty() || position.mean.len() != position.deviation.len() {
        let got = position.mean.len() as f64;
        return Err(PriceError::Param { name: "weeks of a forecast", rule: "at least 1, a deviation each", got });
    }
    if let Some(got) = position.mean.iter().chain(&position.deviation).find(|v| !(**v >= 0.0 && v.is_finite())) {
        return Err(PriceError::Param { name: "a forecast", rule: "a number of at least 0", got: *got });
    }
    for (name, got) in [("risk", params.risk), ("sure", params.sure), ("hang_together", params.hang_together)] {
        if !(0.0..=1.0).contains(&got) {
            return Err(PriceError::Param { name, rule: "0 to 1", got });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Currency, Seed};

    fn position(on_hand: u64, mean: f64, deviation: f64) -> Position {
        Position {
            on_hand,
            arriving: vec![],
            mean: vec![mean; 4],
            deviation: vec![deviation; 4],
            lead_weeks: 6,
            unit_cost: Money { minor: 500, currency: Currency::new(*b"EUR") },
        }
    }

    #[test] // 10 a week for sure, 85 on hand: week 9 (from 1) needs 90. Lead 6: order within 2 weeks; 30 more in week 8 save it until 11.5.
    fn sure_demand_by_hand() {
        let one = position(85, 10.0, 0.0);
        let got = warnings(&one, &WarningParams::default()).unwrap();
        let out = got.runs_out.unwrap();
        assert_eq!((out.week, out.urgency, got.piles_up), (8, Urgency::Within(2), None));
        let more = Position { arriving: vec![(8, 30)], ..one.clone() };
        assert_eq!(warnings(&more, &WarningParams::default()).unwrap().runs_out.unwrap().week, 11);
        let late = Position { lead_weeks: 12, ..one.clone() };
        let out = warnings(&late, &WarningParams::default()).unwrap().runs_out.unwrap();
        assert_eq!(out.urgency, Urgency::TooLate);
        assert!(out.said.en.contains("4 weeks too late") && out.said.zh.contains("4 周"));
        // 300 on hand, 260 sold in 26 weeks: 40 are left, bound 200.00; 30 weeks.
        let got = warnings(&position(300, 10.0, 0.0), &WarningParams::default()).unwrap();
        let up = got.piles_up.unwrap();
        assert_eq!((up.excess, up.bound.minor, up.lasts_weeks, got.runs_out), (40, 20_000, Some(30.0), None));
        assert!((up.expected_left - 40.0).abs() < 1e-9);
    }

    #[test]
    fn without_demand_everything_is_left() {
        let got = warnings(&position(7, 0.0, 0.0), &WarningParams::default()).unwrap();
        assert_eq!((got.piles_up.unwrap().excess, got.runs_out), (7, None));
        assert_eq!(warnings(&position(0, 0.0, 0.0), &WarningParams::default()).unwrap().piles_up, None);
        assert_eq!(warnings(&position(0, 3.0, 1.0), &WarningParams::default()).unwrap().runs_out.unwrap().week, 0);
        assert!(warnings(&position(0, f64::NAN, 1.0), &WarningParams::default()).is_err());
        assert!(warnings(&Position { mean: vec![], ..position(0, 1.0, 1.0) }, &WarningParams::default()).is_err());
    }

    #[test] // 2,000 products with drawn demand: what is called excess at 80 % is left in at least 80 % and not much more.
    fn excess_is_left_as_often_as_promised() {
        let params = WarningParams { hang_together: 0.0, ..WarningParams::default() };
        let (mut left, mut n) = (0, 0);
        for i in 0..2_000 {
            let mut rng = Seed(9).stream(i);
            let (mean, sd) = (20.0, 8.0);
            let on_hand = 500 + rng.below(100) as u64;
            let Some(up) = warnings(&position(on_hand, mean, sd), &params).unwrap().piles_up else { continue };
            let sold: f64 = (0..26).map(|_| (mean + sd * rng.normal()).max(0.0)).sum();
            n += 1;
            left += u32::from(on_hand as f64 - sold >= up.excess as f64);
        }
        let share = f64::from(left) / f64::from(n);
        assert!(n > 500 && (0.77..0.86).contains(&share), "{share} of {n}");
    }
}
