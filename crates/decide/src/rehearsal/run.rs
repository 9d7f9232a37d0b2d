//! A plan in one world, week by week: asked for, sold, lost, paid.
//!
//! Each week deliveries arrive, then `demand · (price / reference)^elasticity · (1 + advertising / base revenue)` is asked for and
//! sold while there is stock; in the promoted part of a week `lift · (list / reference)^elasticity` stands in the place of the
//! price's own factor, and the promoted price is paid. What comes back for a unit is `kept · price`; a unit costs its landed cost when it comes in, so the
//! deepest point of the running sum is the money that has to be there. What is left at the end is worth its salvage.
//! Cost: `O(products · weeks)`.

use super::draw::Draw;
use super::input::{Plan, Product, World};

/// What became of a plan in one world. Amounts in major units.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Outcome {
    /// Revenue after taxes and fees.
    pub revenue: f64,
    /// `revenue - cost of what came in + salvage - advertising - fixed cost`.
    pub margin: f64,
    /// Units sold.
    pub sold: f64,
    /// Units asked for and not there.
    pub lost: f64,
    /// Product weeks in which something was asked for and not there.
    pub out_of_stock_weeks: f64,
    /// Units left at the end.
    pub left: f64,
    /// Spent on advertising.
    pub advertising: f64,
    /// Most money that was out at once: stock, advertising and fixed cost before their return, 0 or more.
    pub deepest: f64,
}

/// Whether a week has the price of the one before it.
fn as_before(product: &Product, week: usize) -> bool {
    let share = |week: usize| product.promoted.as_ref().map_or(0.0, |p| p.share[week]);
    product.price[week] == product.price[week - 1] && share(week) == share(week - 1)
}

/// Resamples of each channel from the weakest to the strongest at its mean spend.
pub(super) fn ranked(plan: &Plan) -> Vec<Vec<usize>> {
    let rank = |channel: &super::input::AdChannel| {
        let mean = channel.spend.iter().sum::<f64>() / channel.spend.len().max(1) as f64;
        let mut order: Vec<usize> = (0..channel.draws.len()).collect();
        order.sort_by(|&a, &b| channel.draws[a].at(mean).total_cmp(&channel.draws[b].at(mean)).then(a.cmp(&b)));
        order
    };
    plan.channels.iter().map(rank).collect()
}

/// `demand` is that of the draw, every week of every product in turn.
pub(super) fn run(plan: &Plan, world: &World, ranked: &[Vec<usize>], draw: &Draw, demand: &[f64]) -> Outcome {
    let weeks = plan.n_weeks();
    let mut moved = vec![(1.0, 0.0); plan.products.len()];
    let mut out = Outcome::default();
    let mut arriving = vec![vec![0.0; plan.products.len()]; weeks];
    for (at, product) in plan.products.iter().enumerate() {
        arriving[0][at] += product.stock;
        for (delivery, late) in product.deliveries.iter().zip(draw.late(plan, at)) {
            // What comes after the end is not paid within the plan either.
            if let Some(week) = arriving.get_mut(delivery.week + late.round() as usize) {
                week[at] += delivery.units;
            }
        }
    }
    let mut stock = vec![0.0; plan.products.len()];
    let mut cash = -plan.fixed_cost;
    out.deepest = plan.fixed_cost;
    for (week, arrived) in arriving.iter().enumerate() {
        let base: f64 = plan.products.iter().map(|p| p.demand[week].mean * p.reference_price).sum();
        let brought = draw.advertising(plan, ranked, week);
        let pull = if base > 0.0 { 1.0 + brought / base } else { 1.0 };
        let spend: f64 = plan.channels.iter().map(|c| c.spend[week]).sum();
        out.advertising += spend;
        cash -= spend;
        let mut income = 0.0;
        for (at, product) in plan.products.iter().enumerate() {
            stock[at] += arrived[at];
            cash -= arrived[at] * product.landed_cost * draw.cost;
            // Most prices stand for weeks, and a power is what takes longest here.
            if week == 0 || !as_before(product, week) {
                moved[at] = draw.at_planned(product, at, week);
            }
            let (times, paid) = moved[at];
            let mean = demand[at * weeks + week] * times * pull;
            let asked = draw.count(world, at, week, mean);
            let sold = asked.min(stock[at]);
            stock[at] -= sold;
            out.sold += sold;
            out.lost += asked - sold;
            out.out_of_stock_weeks += f64::from(u8::from(asked > sold));
            income += sold * paid * product.kept;
        }
        out.deepest = out.deepest.max(-cash);
        cash += income;
        out.revenue += income;
    }
    out.left = stock.iter().sum();
    let salvage: f64 =
        plan.products.iter().zip(&stock).map(|(p, left)| left * p.landed_cost * draw.cost * p.salvage).sum();
    out.margin = cash + salvage;
    out
}
