//! A shopper as of a cutoff, in numbers. Only what lies strictly before the cutoff is looked at.
//!
//! Amounts enter as logarithms, so that a wholesale buyer does not hide everybody else. What cannot be
//! computed (a mean gap with one order) is NaN, which models treat as missing, never as 0.
//! The space is fixed once: which markets and channels have a column of their own is learnt from facts before
//! the last training cutoff, and shoppers of other markets have 0 in all of these.
//! Cost: linear in the orders of the shopper.

use super::facts::ShopperFacts;
use super::target::Target;
use crate::figures::MIN_OBSERVATIONS;
use domain::{Day, Language, Market};
use learn::LearnError;
use learn::trees::Features;
use std::collections::{BTreeMap, BTreeSet};

/// One column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feature {
    /// Days since the last order.
    Recency,
    /// Days since the first order.
    Tenure,
    /// Orders.
    Orders,
    /// Logarithm of 1 + revenue.
    Revenue,
    /// Logarithm of 1 + mean revenue of an order.
    OrderValue,
    /// Logarithm of 1 + revenue of the last order.
    LastOrderValue,
    /// Mean days between visits.
    GapMean,
    /// Deviation of the days between visits.
    GapSpread,
    /// Days since the last order over the mean gap: above 1 the shopper is late.
    Lateness,
    /// Mean units of an order.
    Units,
    /// Mean distinct products of an order.
    Basket,
    /// Logarithm of 1 + distinct products bought.
    Products,
    /// Distinct categories bought.
    Categories,
    /// Value that came back over revenue.
    ReturnShare,
    /// Returns.
    Returns,
    /// Revenue share of the last 90 days.
    RecentShare,
    /// Orders of the last 30 days.
    Orders30,
    /// Orders of the last 90 days.
    Orders90,
    /// Sine of the season: highest in spring.
    SeasonSine,
    /// Cosine of the season: highest in winter.
    SeasonCosine,
    /// Days since the category was last bought, where one is asked for.
    CategoryRecency,
    /// Orders with the category, where one is asked for.
    CategoryOrders,
    /// 1 where most orders came from this market.
    Market(Market),
    /// Share of orders with this channel among those with a known one.
    Channel(u32),
}

/// Markets or channels with a column of their own at most.
const MOST: usize = 12;

impl Feature {
    /// Columns that every space begins with.
    const BASIC: [Self; 20] = [
        Self::Recency,
        Self::Tenure,
        Self::Orders,
        Self::Revenue,
        Self::OrderValue,
        Self::LastOrderValue,
        Self::GapMean,
        Self::GapSpread,
        Self::Lateness,
        Self::Units,
        Self::Basket,
        Self::Products,
        Self::Categories,
        Self::ReturnShare,
        Self::Returns,
        Self::RecentShare,
        Self::Orders30,
        Self::Orders90,
        Self::SeasonSine,
        Self::SeasonCosine,
    ];

    /// What it is, for a page.
    pub fn label(self, language: Language) -> String {
        let (english, chinese) = match self {
            Self::Recency => ("days since the last order", "距上次下单天数"),
            Self::Tenure => ("days since the first order", "距首次下单天数"),
            Self::Orders => ("number of orders", "订单数"),
            Self::Revenue => ("revenue so far", "累计消费额"),
            Self::OrderValue => ("mean order value", "平均客单价"),
            Self::LastOrderValue => ("value of the last order", "最近一单金额"),
            Self::GapMean => ("mean days between orders", "平均下单间隔天数"),
            Self::GapSpread => ("irregularity of the days between orders", "下单间隔的波动"),
            Self::Lateness => ("time since the last order against the usual gap", "距上次下单与平均间隔之比"),
            Self::Units => ("units per order", "每单件数"),
            Self::Basket => ("different products per order", "每单商品种类数"),
            Self::Products => ("different products bought", "购买过的商品种类数"),
            Self::Categories => ("different categories bought", "购买过的类目数"),
            Self::ReturnShare => ("share of value sent back", "退货金额占比"),
            Self::Returns => ("number of returns", "退货次数"),
            Self::RecentShare => ("share of revenue from the last 90 days", "近 90 天消费占比"),
            Self::Orders30 => ("orders in the last 30 days", "近 30 天订单数"),
            Self::Orders90 => ("orders in the last 90 days", "近 90 天订单数"),
            Self::SeasonSine => ("season (spring against autumn)", "季节（春对秋）"),
            Self::SeasonCosine => ("season (winter against summer)", "季节（冬对夏）"),
            Self::CategoryRecency => ("days since the category was last bought", "距上次购买该类目天数"),
            Self::CategoryOrders => ("orders with the category", "含该类目的订单数"),
            Self::Market(market) => {
                let zh = language == Language::ZH;
                return if zh { format!("市场：{}", market.code()) } else { format!("market {}", market.code()) };
            }
            Self::Channel(channel) => {
                let zh = language == Language::ZH;
                return if zh {
                    format!("渠道 {channel} 的订单占比")
                } else {
                    format!("share of orders by channel {channel}")
                };
            }
        };
        if language == Language::ZH { chinese.to_owned() } else { english.to_owned() }
    }
}

/// Which columns there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeatureSpace {
    columns: Vec<Feature>,
    category: Option<u32>,
}

impl FeatureSpace {
    /// Learns which markets and channels have a column, from what lies before a day: those with at least
    /// [`MIN_OBSERVATIONS`] shoppers, the twelve largest of each.
    pub fn learn(shoppers: &[&ShopperFacts], before: Day, target: Target) -> Self {
        let (mut markets, mut channels) = (BTreeMap::<Market, u64>::new(), BTreeMap::<u32, u64>::new());
        for facts in shoppers {
            if let Some(market) = facts.market_at(before) {
                *markets.entry(market).or_default() += 1;
            }
            let used: BTreeSet<u32> = facts.orders_before(before).iter().filter_map(|order| order.channel).collect();
            used.into_iter().for_each(|channel| *channels.entry(channel).or_default() += 1);
        }
        let category = match target {
            Target::Category { category, .. } => Some(category),
            Target::Churn { .. } | Target::NextPurchase { .. } | Target::SecondOrder { .. } => None,
        };
        let mut columns = Feature::BASIC.to_vec();
        if category.is_some() {
            columns.extend([Feature::CategoryRecency, Feature::CategoryOrders]);
        }
        columns.extend(largest(markets).map(Feature::Market));
        columns.extend(largest(channels).map(Feature::Channel));
        Self { columns, category }
    }

    /// The columns in their order.
    pub fn columns(&self) -> &[Feature] {
        &self.columns
    }

    /// The numbers of a shopper as of a day; `None` without an order before it.
    pub fn row(&self, facts: &ShopperFacts, cutoff: Day) -> Option<Vec<f32>> {
        let view = View::new(facts, cutoff, self.category)?;
        Some(self.columns.iter().map(|column| view.value(*column) as f32).collect())
    }

    /// A table of rows of this space.
    ///
    /// # Errors
    /// [`LearnError::Shape`] when a row is of another space.
    pub fn table(&self, rows: &[Vec<f32>]) -> Result<Features, LearnError> {
        if let Some(wrong) = rows.iter().find(|row| row.len() != self.columns.len()) {
            return Err(LearnError::Shape { what: "a row", got: wrong.len(), need: self.columns.len() });
        }
        Features::new(rows.concat(), self.columns.len())
    }
}

/// Those with enough shoppers, the largest first, ties in their own order.
fn largest<T: Ord + Copy>(counts: BTreeMap<T, u64>) -> impl Iterator<Item = T> {
    let mut counts: Vec<(T, u64)> = counts.into_iter().filter(|(_, n)| *n >= MIN_OBSERVATIONS).collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    counts.into_iter().take(MOST).map(|(what, _)| what)
}

/// What lies before the cutoff, summed up once.
struct View<'a> {
    facts: &'a ShopperFacts,
    cutoff: Day,
    days: Vec<Day>,
    n_orders: f64,
    revenue: f64,
    gap_mean: f64,
    gap_sd: f64,
    category: Option<u32>,
}

impl<'a> View<'a> {
    fn new(facts: &'a ShopperFacts, cutoff: Day, category: Option<u32>) -> Option<Self> {
        let days = facts.order_days(cutoff);
        let orders = facts.orders_before(cutoff);
        days.first()?;
        let gaps: Vec<f64> = days.windows(2).map(|pair| f64::from(pair[1].since(pair[0]))).collect();
        let n = gaps.len() as f64;
        let gap_mean = if gaps.is_empty() { f64::NAN } else { gaps.iter().sum::<f64>() / n };
        let squares: f64 = gaps.iter().map(|gap| (gap - gap_mean) * (gap - gap_mean)).sum();
        let gap_sd = if gaps.len() < 2 { f64::NAN } else { (squares / (n - 1.0)).sqrt() };
        let revenue = orders.iter().map(|order| order.revenue.to_f64()).sum();
        Some(Self { facts, cutoff, days, n_orders: orders.len() as f64, revenue, gap_mean, gap_sd, category })
    }

    fn value(&self, column: Feature) -> f64 {
        let orders = self.facts.orders_before(self.cutoff);
        let mean = |of: &dyn Fn(&super::facts::OrderFact) -> f64| orders.iter().map(of).sum::<f64>() / self.n_orders;
        let since = |days: i32| self.facts.orders_within(self.cutoff.plus(-days), self.cutoff);
        let recency = f64::from(self.cutoff.since(self.days[self.days.len() - 1]));
        let (returns, no_revenue) = (self.facts.returns_before(self.cutoff), self.revenue <= 0.0);
        let has = |order: &super::facts::OrderFact| self.category.is_some_and(|c| order.categories.contains(&c));
        // The middle of the northern summer is a half turn from that of the winter.
        let season = f64::from(self.cutoff.0) / 365.2425 * std::f64::consts::TAU;
        match column {
            Feature::Recency => recency,
            Feature::Tenure => f64::from(self.cutoff.since(self.days[0])),
            Feature::Orders => self.n_orders,
            Feature::Revenue => log(self.revenue),
            Feature::OrderValue => log(self.revenue / self.n_orders),
            Feature::LastOrderValue => log(orders[orders.len() - 1].revenue.to_f64()),
            Feature::GapMean => self.gap_mean,
            Feature::GapSpread => self.gap_sd,
            Feature::Lateness => recency / self.gap_mean,
            Feature::Units => mean(&|order| f64::from(order.n_units)),
            Feature::Basket => mean(&|order| distinct(order.products.iter()) as f64),
            Feature::Products => log(distinct(orders.iter().flat_map(|order| &order.products)) as f64),
            Feature::Categories => distinct(orders.iter().flat_map(|order| &order.categories)) as f64,
            Feature::ReturnShare if no_revenue => f64::NAN,
            Feature::ReturnShare => returns.iter().map(|back| back.value.to_f64().abs()).sum::<f64>() / self.revenue,
            Feature::Returns => returns.len() as f64,
            Feature::RecentShare if no_revenue => f64::NAN,
            Feature::RecentShare => since(90).iter().map(|order| order.revenue.to_f64()).sum::<f64>() / self.revenue,
            Feature::Orders30 => since(30).len() as f64,
            Feature::Orders90 => since(90).len() as f64,
            Feature::SeasonSine => season.sin(),
            Feature::SeasonCosine => season.cos(),
            Feature::CategoryRecency => {
                let last = orders.iter().rev().find(|order| has(order));
                last.map_or(f64::NAN, |order| f64::from(self.cutoff.since(order.day)))
            }
            Feature::CategoryOrders => orders.iter().filter(|order| has(order)).count() as f64,
            Feature::Market(market) => f64::from(u8::from(self.facts.market_at(self.cutoff) == Some(market))),
            Feature::Channel(channel) => {
                let known = orders.iter().filter(|order| order.channel.is_some()).count() as f64;
                let with = orders.iter().filter(|order| order.channel == Some(channel)).count() as f64;
                if known > 0.0 { with / known } else { f64::NAN }
            }
        }
    }
}

/// `ln(1 + x)`, 0 for a sum that returns have made negative.
fn log(x: f64) -> f64 {
    x.max(0.0).ln_1p()
}

fn distinct<'a>(items: impl Iterator<Item = &'a u32>) -> usize {
    items.collect::<BTreeSet<_>>().len()
}

#[cfg(test)]
mod tests {
    use super::super::facts::tests::{order, shopper};
    use super::super::facts::{OrderFact, ReturnFact};
    use super::*;
    use domain::Amount;
    use proptest::prelude::*;

    const TARGET: Target = Target::Category { category: 7, horizon_days: 30 };

    fn space(shoppers: &[ShopperFacts], before: i32) -> FeatureSpace {
        FeatureSpace::learn(&shoppers.iter().collect::<Vec<_>>(), Day(before), TARGET)
    }

    // Orders of 10 on days 0, 10 and 40, one of 30 on day 40 too; cutoff 100; 6 came back on day 50.
    // Visits 0, 10, 40: gaps 10 and 30, mean 20, deviation sqrt(200); recency 60, three times the gap.
    #[test]
    fn a_shopper_by_hand() {
        let mut facts = shopper("a", "DE", &[0, 10, 40]);
        facts.orders.push(OrderFact {
            products: vec![1, 2, 2],
            categories: vec![7],
            n_units: 5,
            ..order(40, "DE", 30)
        });
        facts.returns.push(ReturnFact { day: Day(50), value: Amount::from_micros(-6_000_000) });
        let space = space(&[], 0);
        let row = space.row(&facts, Day(100)).unwrap();
        let at = |feature| f64::from(row[space.columns().iter().position(|c| *c == feature).unwrap()]);
        let wanted = [
            (Feature::Recency, 60.0),
            (Feature::Tenure, 100.0),
            (Feature::Orders, 4.0),
            (Feature::Revenue, 61.0_f64.ln()),
            (Feature::OrderValue, 16.0_f64.ln()),
            (Feature::LastOrderValue, 31.0_f64.ln()),
            (Feature::GapMean, 20.0),
            (Feature::GapSpread, 200.0_f64.sqrt()),
            (Feature::Lateness, 3.0),
            (Feature::Units, 2.0),
            (Feature::Basket, 1.25),
            (Feature::Products, 3.0_f64.ln()),
            (Feature::Categories, 2.0),
            (Feature::ReturnShare, 0.1),
            (Feature::Returns, 1.0),
            (Feature::RecentShare, 50.0 / 60.0),
            (Feature::Orders30, 0.0),
            (Feature::Orders90, 3.0),
            (Feature::CategoryRecency, 60.0),
            (Feature::CategoryOrders, 1.0),
        ];
        for (feature, want) in wanted {
            assert!((at(feature) - want).abs() < 1e-5, "{feature:?} {}", at(feature));
        }
        let first = space.row(&facts, Day(1)).unwrap();
        assert!(first[6].is_nan() && first[8].is_nan(), "one order has no gap");
        assert_eq!(space.row(&facts, Day(0)), None);
    }

    #[test]
    fn markets_of_thirty_shoppers_have_a_column() {
        let mut shoppers: Vec<ShopperFacts> = (0..30).map(|i| shopper(&format!("a{i}"), "DE", &[1])).collect();
        shoppers.extend((0..29).map(|i| shopper(&format!("b{i}"), "FR", &[1])));
        let space = space(&shoppers, 2);
        let markets: Vec<_> = space.columns().iter().filter(|c| matches!(c, Feature::Market(_))).collect();
        assert_eq!(markets, [&Feature::Market("DE".parse().unwrap())]);
        assert!(space.columns().iter().all(|c| !c.label(Language::ZH).is_empty() && !c.label(Language::EN).is_empty()));
    }

    prop_compose! {
        fn any_order()(day in 0_i32..200, euros in 0_i64..500, units in 1_u32..9, product in 0_u32..9, market in 0_usize..2, channel in 0_u32..3) -> OrderFact {
            OrderFact {
                n_units: units,
                products: vec![product],
                categories: vec![product % 3 + 6],
                channel: (channel > 0).then_some(channel),
                ..order(day, ["DE", "FR"][market], euros)
            }
        }
    }

    proptest! {
        /// Nothing on or after the cutoff changes a row or the space, whatever happens there.
        #[test]
        fn a_feature_never_sees_past_its_cutoff(
            past in prop::collection::vec(any_order(), 1..8),
            other in prop::collection::vec(any_order(), 0..8),
            returns in prop::collection::vec((0_i32..400, 1_i64..50), 0..4),
        ) {
            let facts = |orders: Vec<OrderFact>, returns: &[(i32, i64)]| ShopperFacts {
                shopper: "a".into(),
                orders,
                returns: returns.iter().map(|r| ReturnFact { day: Day(r.0), value: Amount::from_micros(r.1) }).collect(),
            }.sorted();
            let cutoff = 200;
            let late = other.into_iter().map(|o| OrderFact { day: Day(o.day.0 + cutoff), ..o });
            let early: Vec<_> = returns.iter().copied().filter(|r| r.0 < cutoff).collect();
            let (with, without) = (facts(past.iter().cloned().chain(late).collect(), &returns), facts(past, &early));
            let (a, b) = (space(&vec![with.clone(); 40], cutoff), space(&vec![without.clone(); 40], cutoff));
            prop_assert_eq!(&a, &b);
            let bits = |facts| a.row(facts, Day(cutoff)).unwrap().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&with), bits(&without));
        }
    }
}
