//! How shoppers buy beyond recency, frequency and money: channel, brand loyalty, price, returns, hour,
//! weekday, basket; and groups of shoppers with like habits.
//!
//! | column | what |
//! |---|---|
//! | channel | share of the orders by the most used channel |
//! | brand | share of the units of the most bought brand |
//! | price | 1 − mean percentile of the prices paid among the goods of their category: 1 buys the cheapest |
//! | returns | share of the orders of which something came back |
//! | basket | `ln` of units an order |
//! | evening | `Σ cos` and `Σ sin` of the hour's angle over the orders: the day is a circle, 23 lies beside 0 |
//! | weekend | share of the orders on Saturday and Sunday |
//!
//! A share of one order is always 0 or 1 and says nothing of a habit, so only shoppers with `min_orders`
//! are grouped. Groups are the components of a mixture of multinomials whose number BIC chooses
//! ([`learn::count_mixture`]), over what can be counted: categories of goods, two-hour parts of the day, weekdays and
//! weekends, sizes of orders, orders that came back. Counts, because a share of four orders is far less sure than one of
//! forty, and because most shares are exactly 0 or 1: a mixture of normal distributions makes groups of such
//! spikes. Price and brand name a group, they form none: they follow income and a single taste. Largest first, named by
//! what sets them apart.

use crate::AudienceError;
use crate::figures::MIN_OBSERVATIONS;
use domain::{Language, Seed, ShopperId};
use learn::count_mixture::{CountCandidate, CountMixture, CountMixtureParams};
use learn::standardize::ZScore;
use learn::{Csr, LearnError, Points};

/// What one shopper's orders show.
#[derive(Clone, Debug, PartialEq)]
pub struct ShopperHabits {
    /// Who.
    pub shopper: ShopperId,
    /// Orders, at least 1.
    pub n_orders: u32,
    /// Units, at least 1.
    pub n_units: u32,
    /// Orders of which something came back.
    pub n_returned: u32,
    /// As `marts.shopper_traits`.
    pub channel_share: Option<f64>,
    /// As `marts.shopper_traits`.
    pub brand_share: Option<f64>,
    /// Mean percentile of the prices paid among the goods of their category, 0 to 1.
    pub price_rank: Option<f64>,
    /// Orders by hour of the day in the market's time.
    pub hours: [u32; 24],
    /// Orders by weekday, Monday first.
    pub weekdays: [u32; 7],
    /// Orders of one unit, of two, of three or four, of more.
    pub baskets: [u32; 4],
    /// Order lines by category; the numbers of categories are the caller's, few and without large gaps.
    pub goods: Vec<(u32, u32)>,
}

impl ShopperHabits {
    /// The hour of most orders, the earlier on a tie; `None` without an order.
    pub fn favourite_hour(&self) -> Option<u8> {
        most(&self.hours)
    }

    /// The weekday of most orders, Monday is 0, the earlier on a tie; `None` without an order.
    pub fn favourite_weekday(&self) -> Option<u8> {
        most(&self.weekdays)
    }

    /// 1 for who always buys the cheapest of a category, 0 for the dearest.
    pub fn price_sensitivity(&self) -> Option<f64> {
        self.price_rank.map(|rank| 1.0 - rank)
    }

    /// What of the habits can be counted, each under its column, with the attribute that it is a value of in [`attributes`].
    fn counts(&self) -> Vec<(u32, f32)> {
        let back = self.n_returned.min(self.n_orders);
        let weekend = self.weekdays[5] + self.weekdays[6];
        let week: u32 = self.weekdays[..5].iter().sum();
        let day = self.hours.chunks(2).map(|pair| pair.iter().sum::<u32>());
        let before = day.chain([week, weekend]).chain(self.baskets).chain([back, self.n_orders - back]);
        let goods = self.goods.iter().map(|(category, n)| (N_COUNTS + category, *n as f32));
        (0..).zip(before).map(|(column, n): (u32, u32)| (column, n as f32)).chain(goods).filter(|c| c.1 > 0.0).collect()
    }

    fn row(&self) -> [Option<f64>; N_HABITS] {
        let n = f64::from(self.n_orders);
        let timed = f64::from(self.hours.iter().sum::<u32>());
        let dated = f64::from(self.weekdays.iter().sum::<u32>());
        let turn = |part: fn(f64) -> f64| {
            let angles = self
                .hours
                .iter()
                .enumerate()
                .map(|(hour, n)| f64::from(*n) * part((hour as f64 + 0.5) / 24.0 * std::f64::consts::TAU));
            (timed > 0.0).then(|| angles.sum::<f64>() / timed)
        };
        let weekend = f64::from(self.weekdays[5] + self.weekdays[6]);
        [
            self.channel_share,
            self.brand_share,
            self.price_sensitivity(),
            Some(f64::from(self.n_returned) / n),
            Some((f64::from(self.n_units) / n).ln()),
            turn(f64::cos),
            turn(f64::sin),
            (dated > 0.0).then(|| weekend / dated),
        ]
    }
}

fn most(counts: &[u32]) -> Option<u8> {
    let best = (0..counts.len()).fold(0, |best, at| if counts[at] > counts[best] { at } else { best });
    (counts[best] > 0).then_some(best as u8)
}

/// Columns of counts before those of the goods: parts of the day, week and weekend, sizes of orders, came back or not.
const N_COUNTS: u32 = 12 + 2 + 4 + 2;

/// The attribute of each column of counts.
fn attributes(n_columns: usize) -> Vec<usize> {
    let of = |column| match column {
        0..12 => 0,
        12..14 => 1,
        14..18 => 2,
        18..20 => 3,
        _ => 4,
    };
    (0..n_columns).map(of).collect()
}

const N_HABITS: usize = 8;

/// What a high and a low mean of a column is called, in English and Chinese.
const WORDS: [[(&str, &str); 2]; N_HABITS] = [
    [("true to one channel", "渠道单一"), ("many channels", "多渠道")],
    [("true to one brand", "品牌忠诚"), ("many brands", "多品牌")],
    [("buys cheap", "偏好低价"), ("buys dear", "偏好高价")],
    [("returns much", "退货多"), ("returns little", "退货少")],
    [("large baskets", "大单"), ("small baskets", "小单")],
    [("orders at night", "夜间下单"), ("orders by day", "日间下单")],
    [("orders in the morning", "上午下单"), ("orders in the evening", "晚间下单")],
    [("orders at weekends", "周末下单"), ("orders on weekdays", "工作日下单")],
];

/// How to group.
#[derive(Clone, Debug, PartialEq)]
pub struct HabitParams {
    /// Orders from which a habit shows, at least 1.
    pub min_orders: u32,
    /// Largest number of groups tried.
    pub max_groups: usize,
    /// The mixture; its number of components is chosen.
    pub mixture: CountMixtureParams,
}

impl Default for HabitParams {
    fn default() -> Self {
        // The likelihood is flat near its top: passes beyond these move no shopper.
        let mixture = CountMixtureParams { tol: 1e-4, max_iter: 100, n_starts: 3, ..CountMixtureParams::default() };
        Self { min_orders: 4, max_groups: 8, mixture }
    }
}

/// One group.
#[derive(Clone, Debug, PartialEq)]
pub struct HabitGroup {
    /// Shoppers in it.
    pub n_shoppers: usize,
    /// Mean of each column, in deviations from the mean of all: what the name rests on.
    pub apart: Vec<f64>,
}

/// The grouping.
#[derive(Clone, Debug, PartialEq)]
pub struct HabitGroups {
    model: CountMixture,
    candidates: Vec<CountCandidate>,
    groups: Vec<HabitGroup>,
    labels: Vec<Option<u32>>,
}

impl HabitParams {
    /// Groups the shoppers who have `min_orders`.
    ///
    /// # Errors
    /// [`AudienceError::TooLittleData`] for fewer of them than a figure needs in each of two groups, and what
    /// [`learn::count_mixture`] refuses.
    pub fn fit(&self, shoppers: &[ShopperHabits], seed: Seed) -> Result<HabitGroups, AudienceError> {
        let kept: Vec<usize> =
            (0..shoppers.len()).filter(|i| shoppers[*i].n_orders >= self.min_orders.max(1)).collect();
        let need = 2 * MIN_OBSERVATIONS as usize;
        if kept.len() < need {
            return Err(AudienceError::TooLittleData { what: "shoppers with enough orders", have: kept.len(), need });
        }
        let rows: Vec<[Option<f64>; N_HABITS]> = kept.iter().map(|i| shoppers[*i].row()).collect();
        let points = filled(&rows)?;
        let points = ZScore::fit(&points)?.apply(&points)?;
        let goods = kept.iter().flat_map(|i| shoppers[*i].goods.iter().map(|g| g.0 + 1)).max().unwrap_or(0);
        let counts = Csr::from_rows((N_COUNTS + goods) as usize, kept.iter().map(|i| shoppers[*i].counts()));
        let attributes = attributes(counts.n_cols());
        let (model, candidates) = self.mixture.choose(&counts, &attributes, 1..=self.max_groups.max(1), seed)?;
        let found = model.assign(&counts)?;
        let mut groups: Vec<(u32, HabitGroup)> = (0..model.n_components() as u32)
            .map(|c| {
                let own: Vec<usize> = (0..found.len()).filter(|i| found[*i] == c).collect();
                let mean = |j: usize| own.iter().map(|i| points.row(*i)[j]).sum::<f64>() / own.len().max(1) as f64;
                (c, HabitGroup { n_shoppers: own.len(), apart: (0..N_HABITS).map(mean).collect() })
            })
            .collect();
        groups.sort_by(|a, b| b.1.n_shoppers.cmp(&a.1.n_shoppers).then(a.0.cmp(&b.0)));
        let mut labels = vec![None; shoppers.len()];
        for (i, c) in kept.iter().zip(&found) {
            labels[*i] = groups.iter().position(|g| g.0 == *c).map(|at| at as u32);
        }
        Ok(HabitGroups { model, candidates, groups: groups.into_iter().map(|g| g.1).collect(), labels })
    }
}

/// Missing values become the mean of their column; a column without any is 0.
fn filled(rows: &[[Option<f64>; N_HABITS]]) -> Result<Points, LearnError> {
    let mean = |j: usize| {
        let known: Vec<f64> = rows.iter().filter_map(|r| r[j]).collect();
        known.iter().sum::<f64>() / known.len().max(1) as f64
    };
    let means: Vec<f64> = (0..N_HABITS).map(mean).collect();
    Points::new(rows.iter().flat_map(|r| (0..N_HABITS).map(|j| r[j].unwrap_or(means[j]))).collect(), N_HABITS)
}

impl HabitGroups {
    /// The groups, largest first.
    pub fn groups(&self) -> &[HabitGroup] {
        &self.groups
    }

    /// Position of each shopper's group, in the order given; `None` for too few orders.
    pub fn labels(&self) -> &[Option<u32>] {
        &self.labels
    }

    /// What was tried.
    pub fn candidates(&self) -> &[CountCandidate] {
        &self.candidates
    }

    /// The mixture, components in its own order.
    pub fn model(&self) -> &CountMixture {
        &self.model
    }
}

impl HabitGroup {
    /// The two habits that lie farthest from the mean of all, at least half a deviation; English where the
    /// language is not Chinese.
    pub fn label(&self, language: Language) -> String {
        let zh = language == Language::ZH;
        let mut order: Vec<usize> = (0..self.apart.len()).filter(|j| self.apart[*j].abs() >= 0.5).collect();
        order.sort_by(|a, b| self.apart[*b].abs().total_cmp(&self.apart[*a].abs()).then(a.cmp(b)));
        let word = |j: &usize| {
            let (en, cn) = WORDS[*j][usize::from(self.apart[*j] < 0.0)];
            if zh { cn } else { en }
        };
        let words: Vec<&str> = order.iter().take(2).map(word).collect();
        match (words.is_empty(), zh) {
            (true, false) => "like most".to_owned(),
            (true, true) => "与多数客户相似".to_owned(),
            (false, _) => words.join(if zh { "、" } else { ", " }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use learn::cluster_quality::adjusted_rand_index;

    /// Two kinds: loyal night buyers of cheap single goods, and weekend buyers of large baskets by day.
    fn planted(n: usize) -> (Vec<ShopperHabits>, Vec<u32>) {
        let shopper = |i: usize| {
            let rng = &mut Seed(9).stream(i as u64);
            let second = i.is_multiple_of(3);
            let n_orders = 4 + rng.below(6) as u32;
            let (mut hours, mut weekdays, mut baskets, mut goods) = ([0; 24], [0; 7], [0; 4], Vec::new());
            for _ in 0..n_orders {
                goods.push((rng.below(3) as u32, 1));
                baskets[if second { 2 } else { 0 }] += 1;
                hours[if second { 10 + rng.below(6) } else { (22 + rng.below(5)) % 24 }] += 1;
                weekdays[if second && rng.uniform() < 0.8 { 5 + rng.below(2) } else { rng.below(7) }] += 1;
            }
            ShopperHabits {
                shopper: ShopperId::from(format!("s{i}")),
                n_orders,
                n_units: n_orders * if second { 4 } else { 1 } + rng.below(3) as u32,
                n_returned: u32::from(rng.uniform() < 0.3),
                channel_share: (rng.uniform() < 0.9).then_some(0.5 + rng.uniform() / 2.0),
                brand_share: Some(if second { 0.2 } else { 0.6 } + 0.3 * rng.uniform()),
                price_rank: Some(if second { 0.5 } else { 0.1 } + 0.4 * rng.uniform()),
                hours,
                weekdays,
                baskets,
                goods,
            }
        };
        ((0..n).map(shopper).collect(), (0..n).map(|i| u32::from(i % 3 == 0)).collect())
    }

    #[test]
    fn planted_habits_are_found_and_named() {
        let (mut shoppers, truth) = planted(600);
        let params = HabitParams::default();
        let fitted = params.fit(&shoppers, Seed(1)).unwrap();
        assert_eq!((fitted.groups().len(), fitted.candidates().len()), (2, 8), "{:?}", fitted.candidates());
        let labels: Vec<u32> = fitted.labels().iter().map(|l| l.unwrap()).collect();
        assert!(adjusted_rand_index(&truth, &labels).unwrap() > 0.95);
        assert_eq!(fitted.groups()[0].n_shoppers + fitted.groups()[1].n_shoppers, 600);
        let names: Vec<String> = fitted.groups().iter().map(|g| g.label(Language::EN)).collect();
        assert!(names[1].contains("large baskets") || names[1].contains("orders by day"), "{names:?}");
        assert_ne!(fitted.groups()[1].label(Language::ZH), names[1]);
        shoppers[7].n_orders = 3;
        assert_eq!(params.fit(&shoppers, Seed(1)).unwrap().labels()[7], None);
        let few = HabitParams::default().fit(&shoppers[..50], Seed(1)).unwrap_err();
        assert!(matches!(few, AudienceError::TooLittleData { need: 60, .. }));
    }

    #[test] // Four orders at 23, 23, 0 and 9 hours, one on a Sunday, one back; 1, 1, 3 and 9 units; two lines of category 1.
    fn counts_by_hand() {
        let (mut shoppers, _) = planted(1);
        let s = &mut shoppers[0];
        (s.n_orders, s.n_returned) = (4, 1);
        (s.hours, s.weekdays, s.baskets) = ([0; 24], [3, 0, 0, 0, 0, 0, 1], [2, 0, 1, 1]);
        (s.hours[23], s.hours[0], s.hours[9]) = (2, 1, 1);
        s.goods = vec![(1, 2)];
        let expected =
            [(0, 1), (4, 1), (11, 2), (12, 3), (13, 1), (14, 2), (16, 1), (17, 1), (18, 1), (19, 3), (21, 2)];
        assert_eq!(s.counts(), expected.map(|(column, n)| (column, n as f32)).to_vec());
        assert_eq!(attributes(22), [vec![0; 12], vec![1; 2], vec![2; 4], vec![3; 2], vec![4; 2]].concat());
    }

    #[test]
    fn favourites_take_the_earlier_on_a_tie_and_midnight_lies_beside_eleven() {
        let (mut shoppers, _) = planted(1);
        let s = &mut shoppers[0];
        (s.hours, s.weekdays) = ([0; 24], [0; 7]);
        assert_eq!((s.favourite_hour(), s.favourite_weekday()), (None, None));
        (s.hours[23], s.hours[0]) = (2, 2);
        s.weekdays[6] = 1;
        assert_eq!((s.favourite_hour(), s.favourite_weekday()), (Some(0), Some(6)));
        let row = s.row();
        assert!(row[5].unwrap() > 0.98 && row[6].unwrap().abs() < 1e-9, "{row:?}");
        assert_eq!(row[7], Some(1.0));
    }
}
