//! Rows of a list of returns, which rarely repeat what the bill said: the price may be missing or be what
//! was refunded, and the country is left out. Both are taken from the sale that came back. What names its
//! order comes from that order, whatever the shopper bought later.

use crate::hash::{FastMap, NONE};
use crate::lines::{Draft, LineKind, OTHER_FILE};
use domain::Market;

/// Matches returns to the sales of the order that they name, and gives each return without a price that of
/// the latest sale before it of the same shopper. A return without an amount gets its share of the
/// sale's; a stated one stays. Returns how many units of which returns found their sale.
pub(crate) fn settle(drafts: &mut [Draft]) -> FastMap<u32, i64> {
    let mut placed: FastMap<u32, i64> = FastMap::default();
    let mut wanted: Vec<usize> = (0..drafts.len()).filter(|&i| asks(&drafts[i])).collect();
    if wanted.is_empty() {
        return placed;
    }
    wanted.sort_by_key(|&i| (drafts[i].at, i));
    let mut sales: FastMap<(u64, u32), Vec<u32>> = FastMap::default();
    for &i in &wanted {
        sales.entry(of(&drafts[i])).or_default();
    }
    for (i, d) in drafts.iter().enumerate().filter(|(_, d)| d.kind == LineKind::Sale && d.flags & OTHER_FILE == 0) {
        if let Some(rows) = sales.get_mut(&of(d)) {
            rows.push(i as u32);
        }
    }
    // Latest first.
    sales.values_mut().for_each(|rows| rows.sort_by_key(|&s| (std::cmp::Reverse(drafts[s as usize].at), s)));
    for i in wanted {
        let back = &drafts[i];
        let unstated = back.amount == 0;
        // A refund in another currency than the sale's is no part of its price.
        let fits = |s: &&u32| {
            let sale = &drafts[**s as usize];
            sale.at <= back.at && (unstated || sale.currency == back.currency)
        };
        let candidates: Vec<u32> = sales[&of(back)].iter().filter(fits).copied().collect();
        let same_order: Vec<u32> =
            candidates.iter().copied().filter(|&s| drafts[s as usize].order == back.order).collect();
        let left = |s: u32| drafts[s as usize].quantity - drafts[s as usize].returned;
        let (mut open, mut taken) = (-back.quantity, Vec::new());
        for &s in &same_order {
            let units = left(s).clamp(0, open);
            if units > 0 {
                taken.push((s, units));
                open -= units;
            }
        }
        let source = match taken.first() {
            Some((first, _)) if open == 0 => *first,
            // Without an order of its own: by price where it has one, which is for the rule of cancellations.
            _ if back.price == 0 => match candidates.first() {
                Some(latest) => *latest,
                None => continue,
            },
            _ => continue,
        };
        let sale = &drafts[source as usize];
        let share = |whole: i64| -> i64 {
            let exact = i128::from(whole) * i128::from(back.quantity) / i128::from(sale.quantity);
            i64::try_from(exact).unwrap_or(0)
        };
        let (price, currency) = (sale.price, sale.currency);
        let (amount, base) = if unstated { (share(sale.amount), share(sale.base)) } else { (back.amount, back.base) };
        if open == 0 {
            placed.insert(i as u32, -back.quantity);
            for &(s, units) in &taken {
                drafts[s as usize].returned += units;
            }
            drafts[i].reverses = source;
        }
        let back = &mut drafts[i];
        (back.price, back.currency, back.amount, back.base) = (price, currency, amount, base);
    }
    placed
}

/// Gives each matched return without a market that of its sale.
pub(crate) fn place(drafts: &mut [Draft]) {
    for i in 0..drafts.len() {
        let d = &drafts[i];
        if d.by_status && d.market == Market::UNKNOWN && d.reverses != NONE {
            drafts[i].market = drafts[d.reverses as usize].market;
        }
    }
}

fn asks(d: &Draft) -> bool {
    d.by_status && d.product != NONE && d.flags & OTHER_FILE == 0 && d.quantity < 0
}

/// Whose and what.
fn of(d: &Draft) -> (u64, u32) {
    (if d.shopper == NONE { 1 << 32 | u64::from(d.order) } else { u64::from(d.shopper) }, d.product)
}
