//! What the pages are made from, read once.

use super::shared::Counts;
use super::voices::Voices;
use super::{BACK, experience, first_orders, queries};
use crate::pipeline::lines::{Line, Lines, Product};
use crate::pipeline::rows::Rows;
use crate::pipeline::{Stage, clocks, home};
use anyhow::Result;
use audience::levers::FirstOrders;
use audience::loyalty::Experience;
use audience::market_profile::{MarketCounts, Subject};
use audience::persona::facts::{People, Together};
use audience::price::grid::Sale;
use audience::retention::ShopperDays;
use audience::sequences::{Purchase, Sequences};
use audience::usage::OrderHabit;
use domain::{Amount, Day, Figure, Market, Unit};
use lake::Engine;
use std::collections::BTreeMap;

/// Steps to the next product that a page can show, at a false discovery rate of one in twenty.
pub(super) const MAX_Q: f64 = 0.05;
const MOST_STEPS: usize = 20;

/// A first order.
pub(super) struct FirstOrder {
    pub(super) came_back: bool,
    pub(super) channel: String,
    pub(super) category: String,
    pub(super) deal: bool,
    pub(super) units: f64,
    pub(super) value: f64,
    pub(super) stars: Option<f64>,
}

pub(super) struct Loaded {
    pub(super) home: Market,
    /// Markets with a settled sale.
    pub(super) markets: Vec<Market>,
    pub(super) shoppers: BTreeMap<Market, u64>,
    /// Settled orders of the markets of which no order says who bought.
    pub(super) hidden: BTreeMap<Market, u64>,
    /// First day without data.
    pub(super) end: Day,
    pub(super) orders: Vec<OrderHabit>,
    pub(super) profiles: BTreeMap<Market, Vec<Figure>>,
    pub(super) people: BTreeMap<Market, Vec<People>>,
    pub(super) places: Counts,
    pub(super) languages: Counts,
    pub(super) categories: Counts,
    pub(super) brands: Counts,
    /// Products bought together, by the association rules.
    pub(super) together: BTreeMap<Market, Vec<Together>>,
    pub(super) gaps: BTreeMap<Market, Vec<u32>>,
    pub(super) days: BTreeMap<Market, Vec<ShopperDays>>,
    pub(super) purchases: BTreeMap<Market, Vec<Purchase>>,
    pub(super) first: BTreeMap<Market, FirstOrders>,
    pub(super) sales: BTreeMap<Market, Vec<Sale>>,
    pub(super) experiences: BTreeMap<Market, Vec<Experience>>,
    pub(super) voices: Voices,
    /// By the numbers of purchases.
    pub(super) products: Vec<Product>,
}

impl Loaded {
    pub(super) async fn load(stage: &Stage<'_>) -> Result<Self> {
        let engine = &stage.engine;
        let Profiles { figures: profiles, shoppers, hidden, end } = profiles(stage).await?;
        let places = places(engine, &hidden).await?;
        let mut all = Lines::load(engine).await?;
        // What names no product says nothing of what is liked.
        all.lines.retain(|line| line.product.is_some());
        let people: BTreeMap<&str, u32> = all.shoppers.iter().map(String::as_str).zip(0..).collect();
        let names: BTreeMap<&str, &str> = all.products.iter().map(|p| (p.id.as_str(), p.name.as_str())).collect();
        let reviews = Reviews::load(engine, &people).await?;
        let mut languages = Counts::default();
        reviews.0.iter().for_each(|r| languages.add(r.market, &r.language, r.shopper, None));
        let (mut categories, mut brands) = (Counts::default(), Counts::default());
        for line in &all.lines {
            categories.add(line.market, all.of(line).kind(), line.shopper, Some(line.order));
            brands.add(line.market, &all.of(line).brand, line.shopper, Some(line.order));
        }
        Ok(Self {
            home: home(engine, stage.workspace).await?,
            markets: profiles.keys().copied().collect(),
            shoppers,
            hidden,
            end,
            orders: orders(engine).await?,
            profiles,
            people: records(engine).await?,
            places,
            languages,
            categories,
            brands,
            together: together(engine, &names).await?,
            gaps: gaps(engine).await?,
            days: days(&all.lines),
            purchases: purchases(&all.lines),
            first: first(&all, &reviews, end),
            sales: sales(&all.lines),
            experiences: experiences(&all.lines, &reviews, end),
            voices: Voices::load(engine).await?,
            products: all.products,
        })
    }

    /// The surest steps to a next product, for a page.
    pub(super) fn next(&self, sequences: &Sequences) -> Vec<Together> {
        let name = |thing: u32| self.products.get(thing as usize).map(|p| p.name.clone()).unwrap_or_default();
        let steps =
            sequences.telling(MAX_Q).filter(|step| step.lift.is_finite() && step.lift_low > 1.0).take(MOST_STEPS);
        steps
            .map(|step| Together {
                first: name(step.from),
                second: name(step.to),
                share: step.share.clone(),
                lift: step.lift,
                days: Some(step.days.clone()),
            })
            .collect()
    }
}

/// Figures of every market, its shoppers, the orders of those without any, and the first day without data.
struct Profiles {
    figures: BTreeMap<Market, Vec<Figure>>,
    shoppers: BTreeMap<Market, u64>,
    hidden: BTreeMap<Market, u64>,
    end: Day,
}

async fn profiles(stage: &Stage<'_>) -> Result<Profiles> {
    let rows = Rows::query(&stage.engine, "select * from marts.market_summary order by market").await?;
    let (markets, orders, shoppers) = (rows.markets("market")?, rows.ints("n_orders")?, rows.ints("n_shoppers")?);
    let (repeat, lines, units) = (rows.ints("n_repeat_shoppers")?, rows.ints("n_lines")?, rows.ints("n_units")?);
    let (revenue, returned) = (rows.amounts("revenue")?, rows.amounts("returned")?);
    let (deviation, last) = (rows.floats("order_sd")?, rows.days("last_day")?);
    let mut profiles = BTreeMap::new();
    for i in 0..markets.len() {
        let Some(currency) = stage.currency else { continue };
        let counts = MarketCounts {
            market: markets[i],
            currency,
            n_orders: orders[i].unsigned_abs(),
            n_shoppers: shoppers[i].unsigned_abs(),
            n_repeat_shoppers: repeat[i].unsigned_abs(),
            n_lines: lines[i].unsigned_abs(),
            n_units: units[i].unsigned_abs(),
            revenue_gross: revenue[i],
            revenue_returned: returned[i].min(Amount::ZERO),
            order_value_sd: deviation[i],
            months: Vec::new(),
        };
        profiles.insert(markets[i], counts.profile(Subject::Market)?);
    }
    let end = last.iter().max().map_or(Day(0), |day| day.plus(1));
    let nobody = (0..markets.len()).filter(|&i| shoppers[i] == 0 && orders[i] > 0 && markets[i] != Market::UNKNOWN);
    let hidden = nobody.map(|i| (markets[i], orders[i].unsigned_abs())).collect();
    let shoppers = markets.into_iter().zip(shoppers.into_iter().map(i64::unsigned_abs)).collect();
    Ok(Profiles { figures: profiles, shoppers, hidden, end })
}

async fn orders(engine: &Engine) -> Result<Vec<OrderHabit>> {
    let rows = Rows::query(engine, queries::ORDERS).await?;
    let (markets, channels, days) = (rows.markets("market")?, rows.optional_texts("channel")?, rows.days("day")?);
    let seconds = rows.optional_ints("second")?;
    // 1970-01-01 was a Thursday.
    let weekday = |day: Day| (day.0 + 3).rem_euclid(7) as u8 + 1;
    let habit = |i: usize| OrderHabit {
        market: markets[i],
        channel: channels[i].clone(),
        payment: None,
        delivery: None,
        hour: seconds[i].and_then(|second| clocks::hour(markets[i], second)),
        weekday: Some(weekday(days[i])),
    };
    Ok((0..markets.len()).map(habit).collect())
}

/// Age, sex and income of a market's shoppers, as far as they are known; those whose value stands with others are left out
/// of the list and counted among the known.
async fn records(engine: &Engine) -> Result<BTreeMap<Market, Vec<People>>> {
    let rows = Rows::query(engine, queries::PEOPLE).await?;
    let (traits, values, n) = (rows.texts("trait")?, rows.texts("value")?, rows.ints("n_shoppers")?);
    let mut all: BTreeMap<Market, Vec<People>> = BTreeMap::new();
    for (i, market) in rows.markets("market")?.into_iter().enumerate().filter(|(i, _)| !values[*i].is_empty()) {
        let kinds = all.entry(market).or_default();
        let at = kinds.iter().position(|p| p.of == traits[i]).unwrap_or(kinds.len());
        if at == kinds.len() {
            kinds.push(People { of: traits[i].clone(), known: 0, values: Vec::new() });
        }
        let n = n[i].unsigned_abs();
        kinds[at].known += n;
        if values[i] != "*" {
            kinds[at].values.push((values[i].clone(), n));
        }
    }
    Ok(all)
}

/// Shoppers by the place where they live; orders by the place they went to, where nobody is known.
async fn places(engine: &Engine, hidden: &BTreeMap<Market, u64>) -> Result<Counts> {
    let rows = Rows::query(engine, queries::PLACES).await?;
    let mut places = Counts::default();
    let (regions, shoppers, n) = (rows.texts("region")?, rows.ints("n_shoppers")?, rows.ints("n")?);
    for (i, market) in rows.markets("market")?.into_iter().enumerate() {
        let n = n[i].unsigned_abs();
        let who = if hidden.contains_key(&market) { n } else { shoppers[i].unsigned_abs() };
        places.put(market, &regions[i], who, n);
    }
    Ok(places)
}

async fn together(engine: &Engine, names: &BTreeMap<&str, &str>) -> Result<BTreeMap<Market, Vec<Together>>> {
    let rows = Rows::query(engine, queries::RULES).await?;
    let (first, second) = (rows.texts("antecedent")?, rows.texts("consequent")?);
    let (support, confidence, lift) = (rows.ints("support_count")?, rows.floats("confidence")?, rows.floats("lift")?);
    let mut all: BTreeMap<Market, Vec<Together>> = BTreeMap::new();
    for (i, market) in rows.markets("market")?.into_iter().enumerate() {
        let pairs = all.entry(market).or_default();
        if pairs.len() < MOST_STEPS {
            let name = |id: &String| names.get(id.as_str()).map_or_else(|| id.clone(), |name| (*name).to_owned());
            let share = confidence[i].unwrap_or(f64::NAN);
            pairs.push(Together {
                first: name(&first[i]),
                second: name(&second[i]),
                share: Figure::number("rule.confidence", Unit::Share, share, support[i].unsigned_abs(), 0)
                    .formula("orders with both / orders with the first"),
                lift: lift[i].unwrap_or(f64::NAN),
                days: None,
            });
        }
    }
    Ok(all)
}

async fn gaps(engine: &Engine) -> Result<BTreeMap<Market, Vec<u32>>> {
    let rows = Rows::query(engine, queries::GAPS).await?;
    let (days, n) = (rows.ints("gap_days")?, rows.ints("n")?);
    let mut all: BTreeMap<Market, Vec<u32>> = BTreeMap::new();
    for (i, market) in rows.markets("market")?.into_iter().enumerate() {
        let gap = u32::try_from(days[i]).unwrap_or(u32::MAX);
        all.entry(market).or_default().extend(std::iter::repeat_n(gap, usize::try_from(n[i]).unwrap_or(0)));
    }
    Ok(all)
}

/// Reviews with the numbers of their shoppers.
struct Reviews(Vec<Review>);

struct Review {
    market: Market,
    shopper: Option<u32>,
    day: Day,
    rating: Option<f64>,
    sentiment: Option<f64>,
    language: String,
}

impl Reviews {
    async fn load(engine: &Engine, people: &BTreeMap<&str, u32>) -> Result<Self> {
        let rows = Rows::query(engine, queries::REVIEWS).await?;
        let (markets, shoppers, days) = (rows.markets("market")?, rows.texts("shopper_id")?, rows.days("day")?);
        let (ratings, moods, languages) = (rows.floats("rating")?, rows.floats("sentiment")?, rows.texts("language")?);
        let review = |i: usize| Review {
            market: markets[i],
            shopper: people.get(shoppers[i].as_str()).copied(),
            day: days[i],
            rating: ratings[i],
            sentiment: moods[i],
            language: languages[i].clone(),
        };
        Ok(Self((0..shoppers.len()).map(review).collect()))
    }
}

/// Days with an order of every shopper of a market; cohorts are months of the first order.
fn days(lines: &[Line]) -> BTreeMap<Market, Vec<ShopperDays>> {
    let mut all: BTreeMap<(Market, u32), Vec<Day>> = BTreeMap::new();
    for line in lines {
        if let Some(shopper) = line.shopper {
            all.entry((line.market, shopper)).or_default().push(line.day);
        }
    }
    let mut markets: BTreeMap<Market, Vec<ShopperDays>> = BTreeMap::new();
    for ((market, _), mut days) in all {
        days.sort_unstable();
        days.dedup();
        let (year, month) = days[0].year_month();
        let cohort = u32::try_from(year).unwrap_or(0) * 100 + month;
        markets.entry(market).or_default().push(ShopperDays { cohort, days });
    }
    markets
}

fn purchases(lines: &[Line]) -> BTreeMap<Market, Vec<Purchase>> {
    let mut all: BTreeMap<Market, Vec<Purchase>> = BTreeMap::new();
    for line in lines {
        if let (Some(shopper), Some(thing)) = (line.shopper, line.product) {
            all.entry(line.market).or_default().push(Purchase { shopper, day: line.day, thing });
        }
    }
    all
}

fn sales(lines: &[Line]) -> BTreeMap<Market, Vec<Sale>> {
    let mut all: BTreeMap<Market, Vec<Sale>> = BTreeMap::new();
    for line in lines.iter().filter(|l| l.list > 0.0 && l.paid > 0.0 && l.paid <= l.list * 1.000_001) {
        let (Some(product), paid) = (line.product, line.paid.min(line.list)) else { continue };
        let sale = Sale { product, day: line.day, segment: 0, units: line.units, list: line.list, paid };
        all.entry(line.market).or_default().push(sale);
    }
    all
}

/// First orders that could be followed for the whole horizon.
fn first(all: &Lines, reviews: &Reviews, end: Day) -> BTreeMap<Market, FirstOrders> {
    let mut by_shopper: BTreeMap<(Market, u32), Vec<&Line>> = BTreeMap::new();
    for line in &all.lines {
        if let Some(shopper) = line.shopper {
            by_shopper.entry((line.market, shopper)).or_default().push(line);
        }
    }
    let mut stars: BTreeMap<u32, f64> = BTreeMap::new();
    for review in &reviews.0 {
        if let (Some(shopper), Some(rating)) = (review.shopper, review.rating) {
            stars.entry(shopper).or_insert(rating);
        }
    }
    let mut rows: BTreeMap<Market, Vec<FirstOrder>> = BTreeMap::new();
    for ((market, shopper), lines) in by_shopper {
        let Some(start) = lines.iter().map(|l| l.day).min() else { continue };
        if start.plus(BACK) > end {
            continue;
        }
        let order = lines.iter().find(|l| l.day == start).map(|l| l.order);
        let own: Vec<&&Line> = lines.iter().filter(|l| Some(l.order) == order).collect();
        let Some(largest) = own.iter().max_by_key(|line| line.amount) else { continue };
        rows.entry(market).or_default().push(FirstOrder {
            came_back: lines.iter().any(|l| l.day > start && l.day <= start.plus(BACK)),
            channel: largest.channel.map(|c| all.channels[c as usize].clone()).unwrap_or_default(),
            category: all.of(largest).kind().to_owned(),
            deal: own.iter().any(|l| l.paid < 0.95 * l.list),
            units: own.iter().map(|l| f64::from(l.units)).sum(),
            value: own.iter().map(|l| l.amount.to_f64()).sum(),
            stars: stars.get(&shopper).copied(),
        });
    }
    rows.into_iter().map(|(market, rows)| (market, first_orders(&rows))).collect()
}

/// What shoppers felt and did: ratings and moods of reviews, lines kept, and orders followed by another.
fn experiences(lines: &[Line], reviews: &Reviews, end: Day) -> BTreeMap<Market, Vec<Experience>> {
    let mut all: BTreeMap<Market, Vec<Experience>> = BTreeMap::new();
    for review in &reviews.0 {
        if let Some(shopper) = review.shopper {
            let felt = experience(shopper, review.day, review.rating, review.sentiment);
            all.entry(review.market).or_default().push(felt);
        }
    }
    let mut days: BTreeMap<(Market, u32), Vec<Day>> = BTreeMap::new();
    for line in lines {
        let Some(shopper) = line.shopper else { continue };
        let kept = Some(if line.back { 0.0 } else { 1.0 });
        let parts = [None, None, kept, None, None];
        all.entry(line.market).or_default().push(Experience { shopper, day: line.day, parts });
        days.entry((line.market, shopper)).or_default().push(line.day);
    }
    for ((market, shopper), mut days) in days {
        days.sort_unstable();
        days.dedup();
        for (at, day) in days.iter().enumerate().filter(|(_, day)| day.plus(BACK) <= end) {
            let followed = days.get(at + 1).is_some_and(|next| *next <= day.plus(BACK));
            let parts = [None, None, None, Some(if followed { 1.0 } else { 0.0 }), None];
            all.entry(market).or_default().push(Experience { shopper, day: *day, parts });
        }
    }
    all
}
