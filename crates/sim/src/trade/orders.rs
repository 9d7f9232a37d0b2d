//! Orders of a market, shopper by shopper: when, what, how many, at what price, and what came back.
//!
//! Beyond the choice model of [`crate::plan`]: a shopper rarely buys a second durable of a type, now
//! and then holds out for the preferred brand, adds the complement of what is in the basket, and
//! comes back for it. Cost: linear in the lines; a line is one to three draws from an alias table.

use super::habits::Habit;
use super::{HabitRules, Shopper};
use crate::catalogue::Catalogue;
use crate::part::{Part, market_seed};
use crate::plan::{ChoiceTables, PriceBook};
use crate::world::{HOME, Profile, demand_multiplier};
use crate::{MarketParams, SimParams};
use domain::{Day, Rng};
use rayon::prelude::*;
use serde::Serialize;

/// Seconds of a day.
pub(crate) const DAY: i64 = 86_400;

/// An order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order {
    /// Number of its shopper.
    pub shopper: u32,
    /// Seconds since 1970, UTC.
    pub at: i64,
    /// Seconds since 1970 when it reached the shopper.
    pub delivered_at: i64,
    /// Position of its first line among the market's lines.
    pub first_line: u32,
    /// Number of lines, at least 1.
    pub n_lines: u32,
    /// Shipping charged, minor units.
    pub shipping: i64,
}

/// An order line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Row of the catalogue.
    pub product: u16,
    /// Units bought, at least 1.
    pub quantity: i32,
    /// List price of a unit, minor units.
    pub unit_price: i64,
    /// Reduction of the line, minor units.
    pub discount: i64,
    /// Tax of the line, minor units: contained in the price, or on top in the United States.
    pub tax: i64,
    /// Units sent back.
    pub returned: i32,
    /// When, seconds since 1970; 0 without a return.
    pub returned_at: i64,
    /// From the bad lot and broken.
    pub defect: bool,
    /// How happy the shopper is with it; 0 is usual.
    pub satisfaction: f32,
}

impl Line {
    /// What was paid for it without tax on top and shipping, minor units.
    pub fn revenue(&self) -> i64 {
        self.unit_price * i64::from(self.quantity) - self.discount
    }

    /// What was paid back: the returned units' share of the price and of the discount, the
    /// discount's share rounded down.
    pub fn refund(&self) -> i64 {
        self.unit_price * i64::from(self.returned) - self.returned_discount()
    }

    /// The returned units' share of the discount, minor units.
    pub fn returned_discount(&self) -> i64 {
        self.discount * i64::from(self.returned) / i64::from(self.quantity)
    }

    /// The returned units' share of the tax, minor units, rounded down.
    pub fn returned_tax(&self) -> i64 {
        self.tax * i64::from(self.returned) / i64::from(self.quantity)
    }
}

/// Habits of shoppers that hold in every market.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Rules {
    /// Probability of passing over a durable of a type already owned.
    pub(crate) skip_owned_type: f64,
    /// Probability of passing over a product of another than the preferred brand.
    pub(crate) brand_loyalty: f64,
    /// Probability that a basket goes on after a line that was chosen freely.
    pub(crate) another_line: f64,
    /// Probability that an order is a trader's, of 20 to 120 units of its first product.
    pub(crate) trader: f64,
    /// Mean of satisfaction's noise-free log-odds of a return, and its slope.
    pub(crate) return_logit: (f64, f64),
    /// Added to the log-odds of a return when the unit is broken.
    pub(crate) return_logit_defect: f64,
    /// Effects on satisfaction: quality, quietness, ease, plug that does not fit, break-down, and
    /// each mean delivery time of delay.
    pub(crate) satisfaction: [f64; 6],
    /// Deviation of what else makes a shopper happy.
    pub(crate) satisfaction_noise: f64,
    /// Units of a trader's line, least and most.
    pub(crate) trader_units: (i32, i32),
    /// Lines from which a basket takes no more that is chosen freely.
    pub(crate) most_lines: usize,
    /// Deviation of log delivery time around the market's mean days.
    pub(crate) delivery_noise: f64,
    /// Share of late deliveries, and how many times longer they take.
    pub(crate) late: (f64, f64),
    /// Days from delivery to a return, least and most, each as likely.
    pub(crate) return_days: (f64, f64),
    /// Probability that of several units only one comes back.
    pub(crate) part_return: f64,
    /// Euros from which shipping is free, and what it costs at home and abroad below that.
    pub(crate) shipping_euros: (f64, f64, f64),
    /// Hours of the local day between which orders come that keep to no time, the more the later.
    pub(crate) hours: (f64, f64),
    /// What differs by kind of shopper: time of the day, quantities, returns.
    pub(crate) habits: HabitRules,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            skip_owned_type: 0.85,
            brand_loyalty: 0.3,
            another_line: 0.38,
            trader: 0.0008,
            return_logit: (-3.7, -1.2),
            return_logit_defect: 1.5,
            satisfaction: [0.45, 0.2, 0.2, -0.9, -3.0, -0.6],
            satisfaction_noise: 0.5,
            trader_units: (20, 120),
            most_lines: 12,
            delivery_noise: 0.25,
            late: (0.06, 2.0),
            return_days: (2.0, 20.0),
            part_return: 0.4,
            shipping_euros: (60.0, 1.3, 5.0),
            hours: (7.0, 25.0),
            habits: HabitRules::default(),
        }
    }
}

/// How much is ordered on each day, and from it when a shopper orders.
pub(crate) struct Demand {
    from: Day,
    end: Day,
    utc_offset: i64,
    by_day: Vec<f64>,
    highest: f64,
}

impl Demand {
    pub(crate) fn new(params: &SimParams, profile: &Profile) -> Self {
        let festivals = profile.festivals_between(params.from, params.end());
        let of = |i| demand_multiplier(&festivals, params.from, params.from.plus(i));
        let by_day: Vec<f64> = (0..params.days as i32).map(of).collect();
        let highest = by_day.iter().copied().fold(0.0, f64::max);
        Self { from: params.from, end: params.end(), utc_offset: i64::from(profile.utc_offset) * 60, by_day, highest }
    }

    /// Days of a shopper's orders, the first on arrival, and whether the shopper has left for good
    /// rather than the period ended. Later orders are proposed at the highest
    /// demand and kept by the day's share of it (thinning: Lewis and Shedler, "Simulation of
    /// nonhomogeneous Poisson processes by thinning", Naval Research Logistics 26(3), 1979).
    pub(crate) fn order_days(&self, shopper: &Shopper, rng: &mut Rng) -> (Vec<Day>, bool) {
        let mut days = vec![shopper.arrived];
        let mut time = f64::from(shopper.arrived.0) + 1.0;
        while rng.uniform() >= f64::from(shopper.dropout) {
            let day = loop {
                time += rng.exponential() / (f64::from(shopper.rate) * self.highest);
                if time >= f64::from(self.end.0) {
                    return (days, false);
                }
                let day = Day(time.floor() as i32);
                if rng.uniform() * self.highest < self.by_day[day.since(self.from) as usize] {
                    break day;
                }
            };
            days.push(day);
        }
        (days, true)
    }

    /// A time of the day in seconds UTC, mostly the kind's own; nobody orders from 1 to 7.
    fn instant(&self, rules: &Rules, cluster: u8, day: Day, rng: &mut Rng) -> i64 {
        let random = [rng.uniform(), rng.uniform()];
        let hour = rules.habits.hour(rules.habits.of(cluster), rules.hours, random);
        i64::from(day.0) * DAY + (hour * 3600.0) as i64 - self.utc_offset
    }
}

/// What the simulation of one market looks at.
pub(crate) struct Scene<'a> {
    pub(crate) params: &'a SimParams,
    pub(crate) market: &'a MarketParams,
    pub(crate) profile: &'static Profile,
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) prices: &'a PriceBook,
    pub(crate) choice: &'a ChoiceTables,
    pub(crate) rules: Rules,
    /// The product whose lot is bad.
    pub(crate) bad_product: usize,
}

/// Orders by time, and their lines.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    pub(crate) orders: Vec<Order>,
    pub(crate) lines: Vec<Line>,
    /// By shopper: left for good before the end.
    pub(crate) left: Vec<bool>,
}

/// Runs all shoppers of a market; each has an own stream, so threads change nothing.
pub(crate) fn simulate(scene: &Scene<'_>, shoppers: &[Shopper]) -> History {
    let seed = market_seed(scene.params.seed, Part::Orders, scene.market.market);
    let demand = Demand::new(scene.params, scene.profile);
    let one = |(i, shopper): (usize, &Shopper)| shopper_orders(scene, &demand, i, shopper, &mut seed.stream(i as u64));
    let parts: Vec<History> = shoppers.par_iter().enumerate().map(one).collect();
    let mut order_of: Vec<(i64, usize, usize)> = parts
        .iter()
        .enumerate()
        .flat_map(|(s, h)| h.orders.iter().enumerate().map(move |(o, order)| (order.at, s, o)))
        .collect();
    order_of.par_sort_unstable();
    let left = parts.iter().flat_map(|h| h.left.iter().copied()).collect();
    let mut all = History { left, ..History::default() };
    all.orders.reserve(order_of.len());
    all.lines.reserve(parts.iter().map(|h| h.lines.len()).sum());
    for (_, s, o) in order_of {
        let order = parts[s].orders[o];
        let first = order.first_line as usize;
        all.orders.push(Order { first_line: all.lines.len() as u32, ..order });
        all.lines.extend_from_slice(&parts[s].lines[first..first + order.n_lines as usize]);
    }
    all
}

fn shopper_orders(scene: &Scene<'_>, demand: &Demand, number: usize, shopper: &Shopper, rng: &mut Rng) -> History {
    let (days, left) = demand.order_days(shopper, rng);
    let mut history = History { left: vec![left], ..History::default() };
    let mut owned = 0_u32;
    let mut pending = None;
    let mut basket: Vec<usize> = Vec::new();
    let rules = &scene.rules;
    let habit = rules.habits.of(shopper.cluster);
    for day in days {
        let week = (day.since(scene.params.from) / 7) as usize;
        basket.clear();
        fill(scene, shopper, week, owned, pending.take(), &mut basket, rng);
        let at = demand.instant(rules, shopper.cluster, day, rng);
        let usual = scene.profile.delivery_days;
        let noise = (rules.delivery_noise * rng.normal()).exp();
        let delivery = usual * noise * if rng.uniform() < rules.late.0 { rules.late.1 } else { 1.0 };
        let order = Order {
            shopper: number as u32,
            at,
            delivered_at: at + (delivery * DAY as f64) as i64,
            first_line: history.lines.len() as u32,
            n_lines: basket.len() as u32,
            shipping: 0,
        };
        let trader = rng.uniform() < rules.trader;
        for (i, &product) in basket.iter().enumerate() {
            let (least, most) = rules.trader_units;
            let bulk = trader && i == 0;
            let quantity = if bulk { least + rng.below((most - least + 1) as usize) as i32 } else { units(habit, rng) };
            history.lines.push(line(scene, &order, week, product, (quantity, habit), delivery / usual, rng));
            let chosen = &scene.catalogue.products[product];
            owned |= 1 << chosen.kind;
            if pending.is_none() && rng.uniform() < chosen.spec().next_order {
                pending = chosen.partner.map(usize::from);
            }
        }
        let paid: i64 = history.lines[order.first_line as usize..].iter().map(Line::revenue).sum();
        history.orders.push(Order { shipping: shipping(rules, scene.profile, paid), ..order });
    }
    history
}

/// Chooses the products of a basket, all different: first what the last order still wants.
fn fill(
    scene: &Scene<'_>,
    shopper: &Shopper,
    week: usize,
    owned: u32,
    pending: Option<usize>,
    basket: &mut Vec<usize>,
    rng: &mut Rng,
) {
    let products = &scene.catalogue.products;
    let mut wanted = pending;
    loop {
        let product = wanted.take().unwrap_or_else(|| {
            let mut pick = 0;
            for _ in 0..8 {
                pick = scene.choice.pick(week, usize::from(shopper.cluster), usize::from(shopper.tier), rng);
                let p = &products[pick];
                let has = !p.spec().consumable && owned & (1 << p.kind) != 0;
                let other_brand = p.brand != usize::from(shopper.brand);
                let skip = has && rng.uniform() < scene.rules.skip_owned_type
                    || other_brand && rng.uniform() < scene.rules.brand_loyalty;
                if !skip && !basket.contains(&pick) {
                    break;
                }
            }
            pick
        });
        if !basket.contains(&product) {
            basket.push(product);
        }
        let chosen = &products[product];
        let joins = rng.uniform() < chosen.spec().same_basket;
        match chosen.partner.map(usize::from) {
            Some(partner) if joins && !basket.contains(&partner) => wanted = Some(partner),
            _ if basket.len() < scene.rules.most_lines && rng.uniform() < scene.rules.another_line => {}
            _ => break,
        }
    }
}

fn units(habit: &Habit, rng: &mut Rng) -> i32 {
    let (two, more) = habit.several_units;
    match rng.uniform() {
        u if u < more => 3 + rng.below(2) as i32,
        u if u < more + two => 2,
        _ => 1,
    }
}

/// Prices a line and decides how it ends. `delay`: delivery time over the usual one.
fn line(
    scene: &Scene<'_>,
    order: &Order,
    week: usize,
    j: usize,
    (quantity, habit): (i32, &Habit),
    delay: f64,
    rng: &mut Rng,
) -> Line {
    let (product, rules, lot) = (&scene.catalogue.products[j], &scene.rules, &scene.params.bad_lot);
    let unit_price = scene.prices.list(week, j);
    let discount = scene.prices.discount(week, j, i64::from(quantity));
    let day = Day((order.at.div_euclid(DAY)) as i32).since(scene.params.from);
    let in_lot = j == scene.bad_product
        && lot.markets.contains(&scene.market.market)
        && (i64::from(lot.starts_after)..i64::from(lot.starts_after) + i64::from(lot.lasts)).contains(&i64::from(day));
    let defect = in_lot && rng.uniform() < lot.defect_rate;
    let [quality, quietness, ease, plug, broken, late] = rules.satisfaction;
    let moving = if product.watts > 0 { 1.0 } else { 0.0 };
    let mut happy = quality * product.quality + moving * quietness * product.quietness + ease * product.ease;
    happy += late * (delay - 1.0).max(0.0) + rules.satisfaction_noise * rng.normal();
    happy += if product.plug_fits(scene.profile.plugs) { 0.0 } else { plug };
    happy += if defect { broken } else { 0.0 };
    let logit = rules.return_logit.0
        + rules.return_logit.1 * happy
        + habit.return_logit
        + if defect { rules.return_logit_defect } else { 0.0 };
    let goes_back = rng.uniform() < 1.0 / (1.0 + (-logit).exp());
    let (soonest, latest) = rules.return_days;
    let after = soonest + (latest - soonest) * rng.uniform();
    let returned_at = order.delivered_at + (after * DAY as f64) as i64;
    let goes_back = goes_back && returned_at < i64::from(scene.params.end().0) * DAY;
    let part = quantity > 1 && rng.uniform() < rules.part_return;
    let paid = unit_price * i64::from(quantity) - discount;
    Line {
        product: j as u16,
        quantity,
        unit_price,
        discount,
        tax: tax(scene.profile, paid),
        returned: if !goes_back { 0 } else { if part { 1 } else { quantity } },
        returned_at: if goes_back { returned_at } else { 0 },
        defect,
        satisfaction: happy as f32,
    }
}

/// Tax of an amount, rounded half up: added on top in the United States, contained elsewhere.
pub(crate) fn tax(profile: &Profile, paid: i64) -> i64 {
    let whole = if profile.market.code() == "US" { 1000 } else { 1000 + profile.tax_permille };
    (paid * profile.tax_permille + whole / 2) / whole
}

/// Free from some euros, else a flat amount, in the market's round amounts.
fn shipping(rules: &Rules, profile: &Profile, paid: i64) -> i64 {
    let (free_from, at_home, abroad) = rules.shipping_euros;
    let euro = profile.per_euro * 10_f64.powi(profile.currency.exponent() as i32);
    if paid as f64 >= free_from * euro {
        return 0;
    }
    let flat = if profile.market == HOME { at_home } else { abroad };
    ((flat * euro / profile.price_step as f64).round() as i64).max(1) * profile.price_step
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::profile;
    use domain::Market;

    #[test] // 100.00 USD + 7 % = 7.00 on top; 119.00 EUR contain 19.00; 8.99 EUR contain 1.435 → 1.44.
    fn tax_is_on_top_in_the_united_states_and_contained_elsewhere() {
        let of = |code| profile(Market::from_code(code).unwrap()).unwrap();
        assert_eq!(tax(of(*b"US"), 10_000), 700);
        assert_eq!(tax(of(*b"DE"), 11_900), 1900);
        assert_eq!(tax(of(*b"DE"), 899), 144);
    }

    #[test] // 3 at 9.99 less 1.00 is 28.97; one back is 9.99 − 0.33 (a third of 1.00, rounded down).
    fn a_partial_return_pays_back_its_share() {
        let line = Line {
            product: 0,
            quantity: 3,
            unit_price: 999,
            discount: 100,
            tax: 0,
            returned: 1,
            returned_at: 1,
            defect: false,
            satisfaction: 0.0,
        };
        assert_eq!((line.revenue(), line.refund()), (2897, 966));
        assert_eq!(Line { returned: 3, ..line }.refund(), line.revenue());
    }
}
