//! From order lines to scores, clusters and rules on a small appliance shop of our own, worked by
//! hand: the same path as `golden_segmentation.rs`, without any file.

use audience::clusters::features;
use audience::rfm::{RfmParams, ScoreMethod};
use audience::rules::{RuleParams, set_text};
use audience::{Segment, ShopperSummary};
use domain::{Amount, Day, Market};
use learn::cluster_quality::{adjusted_rand_index, silhouette};
use learn::kmeans::KMeansParams;
use learn::standardize::ZScore;
use std::collections::{BTreeMap, BTreeSet};

/// (shopper, order, day, item, cents)
type Line = (&'static str, u32, i32, &'static str, i64);

/// Ten shoppers before day 100; order 21 of shopper 3 lies on the cutoff and must not be seen.
const LINES: &[Line] = &[
    ("1", 1, 99, "kettle", 3000),
    ("1", 1, 99, "descaler", 500),
    ("1", 2, 90, "filter", 700),
    ("1", 3, 50, "kettle", 3000),
    ("1", 3, 50, "descaler", 500),
    ("2", 4, 98, "kettle", 3000),
    ("2", 4, 98, "descaler", 500),
    ("2", 5, 60, "toaster", 4500),
    ("3", 6, 97, "toaster", 4500),
    ("4", 7, 96, "cup", 400),
    ("5", 8, 70, "kettle", 2500),
    ("5", 9, 65, "kettle", 2500),
    ("5", 10, 64, "descaler", 500),
    ("5", 10, 64, "kettle", 2500),
    ("6", 11, 60, "filter", 700),
    ("7", 12, 40, "toaster", 4500),
    ("7", 12, 40, "cup", 400),
    ("8", 13, 20, "kettle", 3000),
    ("8", 14, 19, "filter", 700),
    ("8", 15, 18, "filter", 700),
    ("8", 16, 17, "filter", 700),
    ("9", 17, 10, "cup", 400),
    ("10", 18, 5, "cup", 400),
    ("3", 21, 100, "mixer", 9900),
];

const CUTOFF: Day = Day(100);

fn summaries() -> Vec<ShopperSummary> {
    let mut orders: BTreeMap<&str, BTreeSet<(i32, u32)>> = BTreeMap::new();
    let mut cents: BTreeMap<&str, i64> = BTreeMap::new();
    for &(shopper, order, day, _, price) in LINES.iter().filter(|line| Day(line.2) < CUTOFF) {
        orders.entry(shopper).or_default().insert((day, order));
        *cents.entry(shopper).or_default() += price;
    }
    let summary = |(shopper, orders): (&&str, &BTreeSet<(i32, u32)>)| ShopperSummary {
        shopper: (*shopper).into(),
        market: Market::UNKNOWN,
        first_day: Day(orders.first().unwrap().0),
        last_day: Day(orders.last().unwrap().0),
        n_orders: orders.len() as u32,
        revenue: Amount::from_micros(cents[shopper] * 10_000),
    };
    orders.iter().map(summary).collect()
}

// R      1: 1   2: 2   3: 3   4: 4   5: 30  6: 40  7: 60  8: 80  9: 90  10: 95
// ranks of -R, two a score:         5 5 4 4 3 3 2 2 1 1 for shoppers 1 to 10.
// F      1: 3   2: 2   3: 1   4: 1   5: 3   6: 1   7: 1   8: 4   9: 1   10: 1
// ascending, ties by number: 3 4 | 6 7 | 9 10 | 2 1 | 5 8.
// M (€)  1: 77  2: 80  3: 45  4: 4   5: 80  6: 7   7: 49  8: 51  9: 4   10: 4
// ascending: 4 9 | 10 6 | 3 7 | 8 1 | 2 5.
#[test]
fn rank_quintiles_and_segments_of_ten_shoppers() {
    let rfm = RfmParams { snapshot: CUTOFF, method: ScoreMethod::RankQuintiles }.score(&summaries()).unwrap();
    let codes: Vec<String> = rfm.rows().iter().map(|row| format!("{} {}", row.shopper, row.code())).collect();
    let hand = ["1 544", "2 545", "3 413", "4 411", "5 355", "6 322", "7 223", "8 254", "9 131", "10 132"];
    assert_eq!(codes, hand);
    let of: BTreeMap<Segment, u64> = rfm.totals(None).into_iter().map(|t| (t.segment, t.n_shoppers)).collect();
    use Segment::{AtRisk, Champions, Hibernating, Loyal, NeedAttention, New, Potential};
    let expected =
        [(Champions, 2), (Loyal, 1), (New, 2), (Potential, 0), (AtRisk, 3), (Hibernating, 1), (NeedAttention, 1)];
    assert_eq!(of, BTreeMap::from(expected));
    let champions = rfm.totals(None)[0];
    assert_eq!((champions.n_orders, champions.revenue), (5, Amount::from_micros(157_000_000)));
}

// -R ascending: -95 -90 -80 -60 -40 -30 -4 -3 -2 -1, positions 1.8 3.6 5.4 7.2: -82, -48, -19.6, -2.8.
// F ascending 1 1 1 1 1 1 2 3 3 4: 1, 1, 1.4, 3. M ascending 4 4 4 7 45 49 51 77 80 80: 4, 29.8, 49.8, 77.6.
#[test]
fn quantile_edges_of_ten_shoppers() {
    let rfm = RfmParams { snapshot: CUTOFF, method: ScoreMethod::QuantileEdges }.score(&summaries()).unwrap();
    let codes: Vec<String> = rfm.rows().iter().map(|row| format!("{} {}", row.shopper, row.code())).collect();
    let hand = ["1 544", "2 545", "3 413", "4 411", "5 345", "6 312", "7 213", "8 254", "9 111", "10 111"];
    assert_eq!(codes, hand);
    let near = |got: [f64; 4], want: [f64; 4]| got.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-9);
    assert!(near(rfm.edges().days, [2.8, 19.6, 48.0, 82.0]), "{:?}", rfm.edges());
    assert!(near(rfm.edges().orders, [1.0, 1.0, 1.4, 3.0]));
    assert!(near(rfm.edges().revenue, [4.0, 29.8, 49.8, 77.6]));
}

// Every way to split ten shoppers into two and three clusters is tried: the best of many starts reaches the exact
// minimum, and Lloyd's from given rows ends at it or above.
#[test]
fn the_best_of_many_starts_is_the_minimum_over_all_partitions() {
    let rfm = RfmParams { snapshot: CUTOFF, method: ScoreMethod::RankQuintiles }.score(&summaries()).unwrap();
    let raw = features(rfm.rows()).unwrap();
    assert_eq!(raw.row(2), [4.0_f64.ln(), 2.0_f64.ln(), 46.0_f64.ln()]); // shopper 3: 1 + 3 days, 1 + 1 orders, 1 + 45
    let points = ZScore::fit(&raw).unwrap().apply(&raw).unwrap();
    let inertia = |labels: &[u32], k: u32| -> f64 {
        let of = |c: u32| (0..10).filter(|&row| labels[row] == c).collect::<Vec<_>>();
        (0..k)
            .map(|c| {
                let rows = points.select(&of(c));
                let n = rows.n_rows() as f64;
                (0..3)
                    .map(|j| {
                        let mean = rows.column(j).sum::<f64>() / n;
                        rows.column(j).map(|x| (x - mean) * (x - mean)).sum::<f64>()
                    })
                    .sum::<f64>()
            })
            .sum()
    };
    for k in [2_u32, 3] {
        let all = (0..k.pow(10)).map(|code| (0..10).map(|row| code / k.pow(row) % k).collect::<Vec<u32>>());
        let full = all.filter(|labels| (0..k).all(|c| labels.contains(&c)));
        let (least, best) =
            full.map(|labels| (inertia(&labels, k), labels)).min_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
        let params = KMeansParams { k: k as usize, ..KMeansParams::default() };
        let model = params.fit(&points, domain::Seed(1)).unwrap();
        assert!((model.inertia() - least).abs() < 1e-9, "{} is not {least}", model.inertia());
        assert_eq!(adjusted_rand_index(model.labels(), &best).unwrap(), 1.0);
        assert!(silhouette(&points, model.labels()).unwrap() > 0.3);
        let first = points.select(&(0..k as usize).map(|i| i * 9 / (k as usize - 1)).collect::<Vec<_>>());
        let lloyd = params.lloyd_from(&points, first).unwrap();
        assert!(lloyd.inertia() >= least - 1e-9 && lloyd.converged());
    }
}

// 18 baskets before the cutoff. kettle in 7 (orders 1 3 4 8 9 10 13), descaler in 4 (1 3 4 10), both in 4.
// descaler -> kettle: confidence 1, lift 18 / 7, leverage 4/18 - 4/18 · 7/18. kettle -> descaler: confidence 4/7.
#[test]
fn rules_of_eighteen_baskets() {
    let mut baskets: BTreeMap<u32, BTreeSet<&str>> = BTreeMap::new();
    for line in LINES.iter().filter(|line| Day(line.2) < CUTOFF) {
        baskets.entry(line.1).or_default().insert(line.3);
    }
    let names: Vec<String> = ["cup", "descaler", "filter", "kettle", "toaster"].map(String::from).to_vec();
    let id = |item: &&str| names.iter().position(|name| name == item).unwrap() as u32;
    let baskets: Vec<Vec<u32>> = baskets.values().map(|items| items.iter().map(id).collect()).collect();
    let params = RuleParams { min_support: 0.1, min_count: 1, min_confidence: 0.5, ..RuleParams::default() };
    let set = params.mine(&baskets, &names).unwrap();
    assert_eq!((set.n_baskets(), set.itemsets().len()), (18, 6)); // five items and one pair
    let [first, second] = set.rules() else { panic!("two rules, not {:?}", set.rules()) };
    let text = |items: &[u32]| set_text(items, &names);
    assert_eq!((text(&first.antecedent), text(&first.consequent)), ("descaler".into(), "kettle".into()));
    assert_eq!((first.support_count, first.confidence), (4, 1.0));
    assert!((first.lift - 18.0 / 7.0).abs() < 1e-12 && (second.confidence - 4.0 / 7.0).abs() < 1e-12);
    assert!((first.leverage - 4.0 / 18.0 * (1.0 - 7.0 / 18.0)).abs() < 1e-12);
}
