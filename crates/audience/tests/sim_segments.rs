//! Are the kinds of shoppers that the simulator plants found by how they order? Orders go in; the truth is only looked at to
//! judge, and by the oracle: what somebody would find who knew the habits of every kind (naive Bayes with the counts of the true kinds).

use audience::segments::behaviour::{HabitParams, ShopperHabits};
use domain::{Market, Seed};
use learn::cluster_quality::adjusted_rand_index;
use sim::{Book, Merchant, SimParams};
use std::collections::BTreeMap;

/// Habits of the shoppers of a market who have ordered, and their true kinds.
fn habits(merchant: &Merchant, book: &Book) -> (Vec<ShopperHabits>, Vec<u32>) {
    let mut all: BTreeMap<u32, ShopperHabits> = BTreeMap::new();
    for order in &book.orders {
        let habits = all.entry(order.shopper).or_insert_with(|| ShopperHabits {
            shopper: format!("{:06}", order.shopper).into(),
            n_orders: 0,
            n_units: 0,
            n_returned: 0,
            channel_share: None,
            brand_share: None,
            price_rank: None,
            hours: [0; 24],
            weekdays: [0; 7],
            baskets: [0; 4],
            goods: Vec::new(),
        });
        let local = order.at + i64::from(book.profile.utc_offset) * 60;
        let lines = book.lines_of(order);
        let units = lines.iter().map(|l| l.quantity.unsigned_abs()).sum::<u32>();
        habits.n_orders += 1;
        habits.n_units += units;
        habits.n_returned += u32::from(lines.iter().any(|l| l.returned > 0));
        habits.hours[(local.rem_euclid(86_400) / 3600) as usize] += 1;
        habits.weekdays[(local.div_euclid(86_400) + 3).rem_euclid(7) as usize] += 1;
        habits.baskets[[1, 2, 4].iter().position(|most| units <= *most).unwrap_or(3)] += 1;
        let kind = |l: &sim::trade::Line| (merchant.catalogue.products[usize::from(l.product)].kind as u32, 1);
        habits.goods.extend(lines.iter().map(kind));
    }
    let truth = all.keys().map(|s| u32::from(book.shoppers[*s as usize].cluster)).collect();
    (all.into_values().collect(), truth)
}

/// What is counted of a shopper: attribute, value, times.
fn counted(h: &ShopperHabits) -> Vec<(usize, usize, u32)> {
    let list = |attribute, counts: &[u32]| -> Vec<(usize, usize, u32)> {
        counts.iter().enumerate().map(|(value, n)| (attribute, value, *n)).collect()
    };
    let hours: Vec<u32> = h.hours.chunks(2).map(|pair| pair.iter().sum()).collect();
    let back = [h.n_returned, h.n_orders - h.n_returned];
    let goods = h.goods.iter().map(|(kind, n)| (3, *kind as usize, *n)).collect();
    [list(0, &hours), list(1, &h.baskets), list(2, &back), goods].concat()
}

/// The most probable kind of each shopper for somebody who knows how often each kind does what.
fn oracle(shoppers: &[ShopperHabits], truth: &[u32]) -> Vec<u32> {
    const VALUES: usize = 64;
    let n_kinds = truth.iter().max().map_or(0, |k| *k as usize + 1);
    let mut sums = vec![[[0.5_f64; VALUES]; 4]; n_kinds];
    let mut sizes = vec![0.0_f64; n_kinds];
    for (shopper, kind) in shoppers.iter().zip(truth) {
        sizes[*kind as usize] += 1.0;
        counted(shopper).iter().for_each(|(a, v, n)| sums[*kind as usize][*a][*v] += f64::from(*n));
    }
    let likelihood = |shopper: &ShopperHabits, kind: usize| {
        let of = |(a, v, n): &(usize, usize, u32)| {
            f64::from(*n) * (sums[kind][*a][*v] / sums[kind][*a].iter().sum::<f64>()).ln()
        };
        sizes[kind].ln() + counted(shopper).iter().map(of).sum::<f64>()
    };
    let best = |shopper: &ShopperHabits| {
        let all: Vec<f64> = (0..n_kinds).map(|kind| likelihood(shopper, kind)).collect();
        (0..n_kinds).fold(0, |best, k| if all[k] > all[best] { k } else { best }) as u32
    };
    shoppers.iter().map(best).collect()
}

/// Groups found, our index and the oracle's, over the shoppers with four orders or more.
fn found(seed: u64) -> (usize, f64, f64) {
    let home: Market = "CN".parse().unwrap();
    let params = SimParams::at(0.3, Seed(seed)).with_markets(&[home]).unwrap();
    let merchant = Merchant::generate(&params).unwrap();
    let (shoppers, truth) = habits(&merchant, merchant.book(home).unwrap());
    let groups = HabitParams { max_groups: 7, ..HabitParams::default() }.fit(&shoppers, Seed(1)).unwrap();
    let kept: Vec<usize> = (0..shoppers.len()).filter(|i| groups.labels()[*i].is_some()).collect();
    let of = |labels: &[u32]| kept.iter().map(|i| labels[*i]).collect::<Vec<u32>>();
    let ours: Vec<u32> = kept.iter().filter_map(|i| groups.labels()[*i]).collect();
    let index = |labels: &[u32]| adjusted_rand_index(&of(&truth), labels).unwrap();
    (groups.groups().len(), index(&ours), index(&of(&oracle(&shoppers, &truth))))
}

#[test]
fn planted_kinds_of_shoppers_are_found_by_how_they_order() {
    let all: Vec<(usize, f64, f64)> = (1..=2).map(found).collect();
    assert!(all.iter().all(|(_, ours, _)| *ours >= 0.8), "groups, adjusted Rand, the oracle's by seed: {all:?}");
}
