//! What customers of a merchant do, from exported tables: sequences, timing, retention, levers, loyalty, habits, paths, needs, and
//! the persona of one market, as JSON.
//!
//! `cargo run --release -p audience --example habits FOLDER MARKET HOME [TRUTH]`. FOLDER holds `lines.json`, `reviews.json` and
//! `events.json` as `portolan sql --json` prints them (columns: the structs below), TRUTH a folder that `portolan simulate` wrote:
//! its `truth_reviews.csv` stands in for a reader of texts, its `truth.json` says which next purchases were planted.

use audience::levers::{FirstOrders, Lever, LeverParams};
use audience::loyalty::{Experience, LoyaltyParams, mood, stars};
use audience::market_profile::{MarketCounts, Subject};
use audience::needs::aspects::{Quarter, histories};
use audience::needs::rank::NeedParams;
use audience::needs::voice::{Source, Stance, Voice};
use audience::paths::{Step, Visit, paths};
use audience::persona::facts::{Facts, Group, Shared, Together, Whose};
use audience::persona::page::PersonaParams;
use audience::price::deals::deal_shares;
use audience::price::grid::Sale;
use audience::price::hidden::HiddenParams;
use audience::price::response::{beside, market as respond};
use audience::retention::{RetentionParams, ShopperDays, returned_within};
use audience::sequences::{Purchase, SequenceParams};
use audience::timing::TimingParams;
use audience::usage::{OrderHabit, usage};
use domain::{Amount, Currency, Day, Figure, Market, Seed};
use learn::shrinkage::Estimate;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

type Failure = Box<dyn std::error::Error>;

#[derive(Deserialize)]
struct Line {
    market: Market,
    shopper_id: Option<String>,
    order_key: String,
    day: String,
    at: String,
    product_id: Option<String>,
    category: Option<String>,
    brand: Option<String>,
    quantity: i64,
    list: f64,
    paid: f64,
    channel: Option<String>,
    returned_quantity: i64,
    base: f64,
}

#[derive(Deserialize)]
struct Review {
    market: Market,
    shopper_id: Option<String>,
    product_id: String,
    at: Option<String>,
    rating: Option<f64>,
    sentiment: Option<f64>,
    text: Option<String>,
    language: Option<String>,
    review_id: String,
    junk: Option<String>,
}

#[derive(Deserialize)]
struct Event {
    visitor: Option<String>,
    market: Option<Market>,
    at: String,
    name: Option<String>,
    product_id: Option<String>,
}

/// Hours of local time ahead of UTC: what `app` has to take from a table of countries.
const AHEAD: [(&str, i64); 6] = [("CN", 8), ("VN", 7), ("TH", 7), ("SA", 3), ("DE", 1), ("US", -6)];

/// Numbers for names, in the order of their text.
struct Names(Vec<String>);

impl Names {
    fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        Self(names.collect::<BTreeSet<_>>().into_iter().map(str::to_owned).collect())
    }

    fn number(&self, name: &str) -> u32 {
        self.0.binary_search_by(|n| n.as_str().cmp(name)).unwrap_or(0) as u32
    }
}

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().collect();
    let [_, folder, market, home, truth @ ..] = args.as_slice() else {
        return Err("give FOLDER MARKET HOME [TRUTH]".into());
    };
    let (folder, market, home): (&Path, Market, Market) = (Path::new(folder), market.parse()?, home.parse()?);
    let read = |name: &str| std::fs::read(folder.join(name));
    let lines: Vec<Line> = serde_json::from_slice(&read("lines.json")?)?;
    let reviews: Vec<Review> = serde_json::from_slice(&read("reviews.json")?)?;
    let events: Vec<Event> = serde_json::from_slice(&read("events.json")?)?;
    let truth = truth.first().map(Path::new);
    let end = Day::from_ymd(2026, 1, 1).ok_or("a day")?;
    let shop = Shop::new(&lines, &reviews, end)?;
    let mut facts = shop.facts(market, home)?;
    let started = cpu_seconds()?;
    let mut report = json!({
        "sequences": shop.sequences(market, truth, &mut facts)?,
        "timing": shop.timing(market, &mut facts)?,
        "retention": shop.retention(market, &mut facts)?,
        "levers": shop.levers(market, &mut facts)?,
        "loyalty": shop.loyalty(market, &mut facts)?,
        "usage": shop.usage(market, home, &mut facts)?,
        "price": shop.price(market, home, &mut facts)?,
        "paths": visits(&events, market)?,
    });
    if let Some(truth) = truth {
        report["needs"] = shop.voices(market, home, truth, &mut facts)?;
    }
    let page = PersonaParams::default().page(Whose { market, segment: None }, &facts)?;
    report["persona"] = serde_json::to_value(&page)?;
    report["cpu_s"] = json!(cpu_seconds()? - started);
    use std::io::Write;
    Ok(writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(&report)?)?)
}

struct Shop<'a> {
    lines: &'a [Line],
    reviews: &'a [Review],
    shoppers: Names,
    products: Names,
    end: Day,
}

fn day(text: &str) -> Result<Day, Failure> {
    Ok(text.get(..10).ok_or("a time")?.parse()?)
}

/// Last part of a category path.
fn leaf(category: &str) -> &str {
    category.rsplit(" > ").next().unwrap_or(category)
}

impl<'a> Shop<'a> {
    fn new(lines: &'a [Line], reviews: &'a [Review], end: Day) -> Result<Self, Failure> {
        let shoppers = lines.iter().filter_map(|l| l.shopper_id.as_deref());
        let shoppers = Names::new(shoppers.chain(reviews.iter().filter_map(|r| r.shopper_id.as_deref())));
        let products = Names::new(lines.iter().filter_map(|l| l.product_id.as_deref()));
        Ok(Self { lines, reviews, shoppers, products, end })
    }

    fn of(&self, market: Market) -> impl Iterator<Item = &'a Line> {
        let end = self.end;
        self.lines.iter().filter(move |l| l.market == market && day(&l.day).is_ok_and(|d| d < end))
    }

    fn purchases(&self, market: Market, thing: impl Fn(&Line) -> Option<u32>) -> Result<Vec<Purchase>, Failure> {
        let known = self.of(market).filter_map(|l| Some((l, l.shopper_id.as_deref()?, thing(l)?)));
        known.map(|(l, s, thing)| Ok(Purchase { shopper: self.shoppers.number(s), day: day(&l.day)?, thing })).collect()
    }

    /// Order days of each shopper of a market.
    fn days(&self, market: Market) -> Result<BTreeMap<u32, Vec<Day>>, Failure> {
        let mut days: BTreeMap<u32, BTreeSet<Day>> = BTreeMap::new();
        for line in self.of(market) {
            if let Some(shopper) = &line.shopper_id {
                days.entry(self.shoppers.number(shopper)).or_default().insert(day(&line.day)?);
            }
        }
        Ok(days.into_iter().map(|(s, d)| (s, d.into_iter().collect())).collect())
    }

    fn facts(&self, market: Market, home: Market) -> Result<Facts, Failure> {
        let profile = |market: Market| -> Result<Vec<Figure>, Failure> {
            let mut orders: BTreeMap<&str, f64> = BTreeMap::new();
            self.of(market).for_each(|l| *orders.entry(&l.order_key).or_default() += l.base);
            let days = self.days(market)?;
            let gross: f64 = orders.values().sum();
            let back: f64 = self.of(market).map(|l| l.base * l.returned_quantity as f64 / l.quantity as f64).sum();
            let n = orders.len() as f64;
            let sd = (orders.values().map(|v| (v - gross / n) * (v - gross / n)).sum::<f64>() / (n - 1.0)).sqrt();
            let counts = MarketCounts {
                market,
                currency: Currency::new(*b"CNY"),
                n_orders: orders.len() as u64,
                n_shoppers: days.len() as u64,
                n_repeat_shoppers: days.values().filter(|d| d.len() > 1).count() as u64,
                n_lines: self.of(market).count() as u64,
                n_units: self.of(market).map(|l| l.quantity as u64).sum(),
                revenue_gross: Amount::from_micros((gross * 1e6) as i64),
                revenue_returned: Amount::from_micros(-(back * 1e6) as i64),
                order_value_sd: Some(sd),
                months: Vec::new(),
            };
            Ok(counts.profile(Subject::Market)?)
        };
        let shared = |name: fn(&Line) -> Option<&str>| -> Vec<Shared> {
            let count = |market: Market| {
                let mut counts: BTreeMap<&str, (u64, BTreeSet<&str>)> = BTreeMap::new();
                for line in self.of(market) {
                    if let Some(name) = name(line) {
                        let entry = counts.entry(name).or_default();
                        entry.0 += 1;
                        entry.1.insert(line.shopper_id.as_deref().unwrap_or(&line.order_key));
                    }
                }
                counts
            };
            let (here, there) = (count(market), count(home));
            let total: u64 = there.values().map(|c| c.0).sum();
            let one = |(name, (n, who)): (&str, (u64, BTreeSet<&str>))| Shared {
                name: name.to_owned(),
                name_zh: None,
                n_shoppers: who.len() as u64,
                n,
                at_home: (market != home).then(|| (there.get(name).map_or(0, |c| c.0), total)),
            };
            let mut list: Vec<Shared> = here.into_iter().map(one).collect();
            list.sort_by(|a, b| b.n.cmp(&a.n).then_with(|| a.name.cmp(&b.name)));
            list
        };
        let mut languages: BTreeMap<&str, u64> = BTreeMap::new();
        let texts = self.reviews.iter().filter(|r| r.market == market);
        texts.filter_map(|r| r.language.as_deref()).for_each(|l| *languages.entry(l).or_default() += 1);
        let mut languages: Vec<Shared> = languages
            .into_iter()
            .map(|(name, n)| Shared { name: name.to_owned(), name_zh: None, n_shoppers: n, n, at_home: None })
            .collect();
        languages.sort_by_key(|l| std::cmp::Reverse(l.n));
        let queries = [
            (Group::Profile, "select * from marts.market_summary where market = '{m}'"),
            (Group::Places, "select region, n_shoppers from marts.geography where market = '{m}'"),
            (Group::Languages, "select language, count(*) from clean.reviews where market = '{m}' group by language"),
            (Group::Usage, "select channel, ordered_at from clean.order_lines where market = '{m}' and settled"),
            (
                Group::Price,
                "select product_id, day, unit_price, amount, quantity from clean.order_lines where market = '{m}' and settled",
            ),
            (Group::Timing, "select shopper_id, day from clean.order_lines where market = '{m}' and settled"),
            (
                Group::Interests,
                "select shopper_id, day, product_id from clean.order_lines where market = '{m}' and settled",
            ),
            (Group::Voices, "select * from clean.reviews where market = '{m}'"),
            (Group::Loyalty, "select rating, sentiment from clean.reviews where market = '{m}'"),
            (
                Group::Levers,
                "select shopper_id, min(day) from clean.order_lines where market = '{m}' and settled group by shopper_id",
            ),
        ];
        Ok(Facts {
            n_shoppers: self.days(market)?.len() as u64,
            profile: profile(market)?,
            home_profile: if market == home { Vec::new() } else { profile(home)? },
            languages,
            categories: shared(|l| l.category.as_deref().map(leaf)),
            brands: shared(|l| l.brand.as_deref()),
            queries: queries.map(|(g, q)| (g, q.replace("{m}", market.code()))).into(),
            ..Facts::default()
        })
    }

    fn sequences(&self, market: Market, truth: Option<&Path>, facts: &mut Facts) -> Result<Value, Failure> {
        let all = self.purchases(market, |l| Some(self.products.number(l.product_id.as_deref()?)))?;
        let started = cpu_seconds()?;
        let found = SequenceParams { max_len: 2, ..SequenceParams::default() }.mine(&all, self.end)?;
        let cpu = cpu_seconds()? - started;
        let name = |n: u32| self.products.0[n as usize].clone();
        let telling: Vec<_> = found.telling(0.05).collect();
        let planted: BTreeSet<(String, String)> = match truth {
            Some(folder) => {
                let truth: Value = serde_json::from_slice(&std::fs::read(folder.join("truth.json"))?)?;
                let text = |v: &Value, key: &str| v[key].as_str().unwrap_or_default().to_owned();
                let all = truth["bundles"].as_array().into_iter().flatten();
                all.filter(|b| b["next_order"].as_f64() > Some(0.0))
                    .map(|b| (text(b, "trigger"), text(b, "partner")))
                    .collect()
            }
            None => BTreeSet::new(),
        };
        let hit = |s: &&&audience::sequences::NextThing| planted.contains(&(name(s.from), name(s.to)));
        let could =
            planted.iter().filter(|(a, b)| found.next().iter().any(|s| name(s.from) == *a && name(s.to) == *b)).count();
        facts.together = telling
            .iter()
            .take(3)
            .map(|s| Together {
                first: name(s.from),
                second: name(s.to),
                share: s.share.clone(),
                lift: s.lift,
                days: Some(s.days.clone()),
            })
            .collect();
        let top: Vec<Value> = telling
            .iter()
            .take(8)
            .map(|s| {
                json!({"from": name(s.from), "to": name(s.to), "n": s.n_both, "of": s.n_from, "share": s.share.as_f64(), "base": s.base,
                       "lift": s.lift, "lift_low": s.lift_low, "days": s.days.as_f64(), "quartiles": s.quartiles, "q": s.q_value,
                       "planted": hit(&s)})
            })
            .collect();
        Ok(
            json!({"shoppers": found.n_shoppers(), "tested": found.next().len(), "telling": telling.len(), "planted": planted.len(),
                  "planted_tested": could, "telling_planted": telling.iter().filter(hit).count(), "top": top, "cpu_s": cpu}),
        )
    }

    fn timing(&self, market: Market, facts: &mut Facts) -> Result<Value, Failure> {
        let categories = Names::new(self.lines.iter().filter_map(|l| l.category.as_deref()));
        let all = self.purchases(market, |l| Some(categories.number(l.category.as_deref()?)))?;
        let params = TimingParams::default();
        let test = params.backtest(&all, Day::from_ymd(2025, 5, 1).ok_or("a day")?, self.end)?;
        let things: Vec<Value> = params
            .fit(&all, self.end)?
            .iter()
            .map(|t| json!({"thing": categories.0[t.thing as usize], "n": t.curve.n(), "share": t.by_horizon.as_f64(), "days": t.due_days.as_f64(), "window": t.due_window}))
            .collect();
        if let Some(pooled) = params.pooled(&self.purchases(market, |_| Some(0))?, self.end)? {
            facts.due_days = Some(pooled.due_days.clone());
            facts.due_window = pooled.due_window;
        }
        let test = test.map(|t| json!({"things": t.n_things, "spells": t.n_spells, "foretold": t.foretold, "naive": t.naive, "came": t.came.as_f64(), "came_interval": t.came.interval.map(|i| [i.low, i.high]), "error": t.error.0, "naive_error": t.error.1}));
        Ok(
            json!({"categories": things, "backtest": test, "due_days": facts.due_days.as_ref().and_then(Figure::as_f64), "window": facts.due_window}),
        )
    }

    fn retention(&self, market: Market, facts: &mut Facts) -> Result<Value, Failure> {
        let quarter = |d: Day| {
            let q = Quarter::of(d);
            (q.year * 4 + q.quarter as i32) as u32
        };
        let shoppers: Vec<ShopperDays> =
            self.days(market)?.into_values().map(|days| ShopperDays { cohort: quarter(days[0]), days }).collect();
        let curves = RetentionParams::default().fit(&shoppers, self.end)?;
        facts.returned = Some(curves.returned_within(180));
        let cohorts: Vec<Value> = curves
            .cohorts()
            .iter()
            .map(|c| json!({"cohort": c.cohort, "n": c.not_returned.n(), "by_90": returned_within(&c.not_returned, 90).as_f64(), "active_180": c.active.at(180.0)}))
            .collect();
        let plan: BTreeMap<String, u64> =
            curves.plan().counts.iter().fold(BTreeMap::new(), |mut all, ((_, action), n)| {
                *all.entry(action.words().0.to_owned()).or_default() += n;
                all
            });
        let by = |days| {
            (curves.returned_within(days).as_f64(), curves.returned_within(days).interval.map(|i| [i.low, i.high]))
        };
        Ok(
            json!({"by_90": by(90), "by_180": by(180), "by_365": by(365), "cohorts_differ_p": curves.differ(), "begins": curves.plan().begins, "actions": plan, "cohorts": cohorts}),
        )
    }

    fn levers(&self, market: Market, facts: &mut Facts) -> Result<Value, Failure> {
        let horizon = 120;
        let mut first: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
        for line in self.of(market) {
            let Some(shopper) = line.shopper_id.as_deref() else { continue };
            let own = first.entry(shopper).or_default();
            match own.first().map(|f| f.day.cmp(&line.day)) {
                Some(std::cmp::Ordering::Less) => {}
                Some(std::cmp::Ordering::Greater) => *own = vec![line],
                Some(std::cmp::Ordering::Equal) | None => own.push(line),
            }
        }
        let days = self.days(market)?;
        let mut rated: BTreeMap<&str, f64> = BTreeMap::new();
        for r in self.reviews.iter().filter(|r| r.market == market) {
            if let (Some(s), Some(rating)) = (r.shopper_id.as_deref(), r.rating) {
                rated.entry(s).or_insert(rating);
            }
        }
        let (mut back, mut channel, mut category, mut deal) = (vec![], vec![], vec![], vec![]);
        let (mut size, mut value, mut returned, mut rating) = (vec![], vec![], vec![], vec![]);
        for (shopper, lines) in &first {
            let own = &days[&self.shoppers.number(shopper)];
            if own[0].plus(horizon) >= self.end {
                continue;
            }
            back.push(own.get(1).is_some_and(|d| d.since(own[0]) <= horizon));
            channel.push(lines[0].channel.clone().unwrap_or_default());
            category.push(lines[0].category.as_deref().map(leaf).unwrap_or_default().to_owned());
            deal.push(if lines.iter().any(|l| l.paid < 0.97 * l.list) { "yes" } else { "no" }.to_owned());
            size.push(Some(lines.len() as f64));
            value.push(Some(lines.iter().map(|l| l.base).sum::<f64>().max(1.0).ln()));
            returned.push(if lines.iter().any(|l| l.returned_quantity > 0) { "yes" } else { "no" }.to_owned());
            rating.push(rated.get(shopper).copied());
        }
        let choice = |name: &str, values| Lever::Choice { name: name.to_owned(), values };
        let amount = |name: &str, values| Lever::Amount { name: name.to_owned(), values };
        let levers = vec![
            choice("channel", channel),
            choice("category", category),
            choice("on a deal", deal),
            choice("sent back", returned),
            amount("lines in the basket", size),
            amount("ln value", value),
            amount("stars given", rating),
        ];
        let ranked = match LeverParams::default().rank(&FirstOrders { came_back: back, levers }) {
            Ok(ranked) => ranked,
            Err(error) => return Ok(json!({"error": error.to_string()})),
        };
        facts.levers = ranked.levers().to_vec();
        let top: Vec<Value> = ranked
            .levers()
            .iter()
            .take(6)
            .map(|l| json!({"name": l.name, "value": l.value, "against": l.against, "n": l.n, "odds": l.odds.as_f64(), "interval": l.odds.interval.map(|i| [i.low, i.high]), "gain": l.gain.as_f64(), "q": l.q_value, "found": l.found}))
            .collect();
        Ok(
            json!({"base": ranked.base().as_f64(), "n": ranked.base().n, "found": ranked.levers().iter().filter(|l| l.found).count(), "top": top}),
        )
    }

    fn experiences(&self, market: Market, before: Day) -> Result<Vec<Experience>, Failure> {
        let mut all = Vec::new();
        for r in self.reviews.iter().filter(|r| r.market == market && r.junk.is_none()) {
            let (Some(shopper), Some(at)) = (&r.shopper_id, &r.at) else { continue };
            let parts = [r.rating.and_then(stars), r.sentiment.and_then(mood), None, None, None];
            all.push(Experience { shopper: self.shoppers.number(shopper), day: day(at)?, parts });
        }
        for l in self.of(market) {
            let Some(shopper) = &l.shopper_id else { continue };
            let kept = f64::from(u8::from(l.returned_quantity == 0));
            all.push(Experience {
                shopper: self.shoppers.number(shopper),
                day: day(&l.day)?,
                parts: [None, None, Some(kept), None, None],
            });
        }
        for (shopper, days) in self.days(market)? {
            for (i, d) in days.iter().enumerate().filter(|(_, d)| d.plus(120) < before) {
                let again = days.get(i + 1).is_some_and(|n| n.since(*d) <= 120);
                all.push(Experience {
                    shopper,
                    day: *d,
                    parts: [None, None, None, Some(f64::from(u8::from(again))), None],
                });
            }
        }
        all.retain(|e| e.day < before);
        Ok(all)
    }

    fn loyalty(&self, market: Market, facts: &mut Facts) -> Result<Value, Failure> {
        let params = LoyaltyParams::default();
        let index = params.index(&self.experiences(market, self.end)?, Seed(1))?;
        let cutoff = self.end.plus(-120);
        let days = self.days(market)?;
        let before = days.iter().filter(|(_, d)| d[0] < cutoff);
        let back = before.map(|(s, d)| (*s, d.iter().any(|d| *d >= cutoff))).collect();
        let test = params.backtest(&self.experiences(market, cutoff)?, &back, cutoff)?;
        let area = |f: &Figure| json!([f.as_f64(), f.interval.map(|i| [i.low, i.high])]);
        let parts: Vec<Value> = index.parts.iter().map(|(p, f)| json!([p, f.as_f64(), f.n])).collect();
        let tests: Vec<Value> = test.parts.iter().map(|(p, f)| json!([p, area(f)])).collect();
        let shown = json!({"index": area(&index.index), "parts": parts, "weights": index.weights, "auc": area(&test.index),
                           "auc_without_repeat": area(&test.without_repeat), "auc_parts": tests, "n": test.n});
        facts.loyalty = Some(index);
        Ok(shown)
    }

    fn usage(&self, market: Market, home: Market, facts: &mut Facts) -> Result<Value, Failure> {
        let mut orders: BTreeMap<&str, OrderHabit> = BTreeMap::new();
        for line in self.lines {
            let ahead = AHEAD.iter().find(|a| a.0 == line.market.code()).map_or(0, |a| a.1);
            let hour: i64 = line.at.get(11..13).ok_or("a time")?.parse()?;
            let local = day(&line.at)?.plus((hour + ahead).div_euclid(24) as i32);
            let habit = OrderHabit {
                market: line.market,
                channel: line.channel.clone(),
                payment: None,
                delivery: None,
                hour: Some((hour + ahead).rem_euclid(24) as u8),
                weekday: Some((local.0 + 3).rem_euclid(7) as u8 + 1),
            };
            orders.entry(&line.order_key).or_insert(habit);
        }
        let all = usage(&orders.into_values().collect::<Vec<_>>(), Some(home));
        let own = all.into_iter().find(|u| u.market == market);
        let shown = own
            .iter()
            .flat_map(|u| &u.preferences)
            .map(|p| json!([p.dimension, p.value, p.share.as_f64(), p.at_home, p.q_value]));
        let shown: Vec<Value> = shown.collect();
        facts.usage = own;
        Ok(json!(shown))
    }

    fn sales(&self, market: Market) -> Result<Vec<Sale>, Failure> {
        let known = self.of(market).filter(|l| l.product_id.is_some() && l.list > 0.0 && l.paid > 0.0);
        let one = |l: &Line| -> Result<Sale, Failure> {
            let product = self.products.number(l.product_id.as_deref().unwrap_or_default());
            Ok(Sale { product, day: day(&l.day)?, segment: 0, units: l.quantity as u32, list: l.list, paid: l.paid })
        };
        known.map(one).collect()
    }

    fn price(&self, market: Market, home: Market, facts: &mut Facts) -> Result<Value, Failure> {
        let markets: BTreeSet<Market> = self.lines.iter().map(|l| l.market).collect();
        let mut own = Vec::new();
        for m in &markets {
            let sales = self.sales(*m)?;
            let fit = respond(&sales, &HiddenParams::default()).ok();
            own.push((fit.as_ref().map(|f| Estimate { value: f.elasticity(), se: f.se() }), sales.len() as u64));
        }
        let all: Vec<(Market, Figure)> = markets.into_iter().zip(beside(&own)).map(|(m, s)| (m, s.figure)).collect();
        let of = |m: Market| all.iter().find(|a| a.0 == m).map(|a| a.1.clone());
        facts.sensitivity = of(market).map(|f| (f, of(home).filter(|_| home != market)));
        let deal = |m: Market| -> Result<Option<Figure>, Failure> {
            Ok(deal_shares(&self.sales(m)?, 0.05)?.pop().map(|d| d.lines))
        };
        let at_home = if home == market { None } else { deal(home)?.and_then(|f| f.as_f64()) };
        facts.deal_share = deal(market)?.map(|f| (f, at_home));
        Ok(all.iter().map(|(m, f)| json!([m, f.as_f64(), f.interval.map(|i| [i.low, i.high])])).collect())
    }

    fn voices(&self, market: Market, home: Market, truth: &Path, facts: &mut Facts) -> Result<Value, Failure> {
        let texts: BTreeMap<&str, &Review> = self.reviews.iter().map(|r| (r.review_id.as_str(), r)).collect();
        let mut voices = Vec::new();
        let mut rows = csv::Reader::from_path(truth.join("truth_reviews.csv"))?;
        // review_id, order_id, line_no, product_id, shopper_key, stars, satisfaction, defect, liked, disliked
        for row in rows.records() {
            let row = row?;
            let Some(review) = texts.get(&row[0]).filter(|r| r.junk.is_none()) else { continue };
            let Some(at) = &review.at else { continue };
            for (column, stance) in [(8, Stance::Praise), (9, Stance::Blame)] {
                for aspect in row[column].split_whitespace() {
                    voices.push(Voice {
                        market: review.market,
                        language: review.language.as_deref().and_then(|l| l.parse().ok()),
                        day: day(at)?,
                        product: Some(review.product_id.clone()),
                        aspect: aspect.to_owned(),
                        stance,
                        source: Source::Review,
                        text_id: review.review_id.clone(),
                        snippet: review.text.clone().unwrap_or_default(),
                    });
                }
            }
        }
        let (mut all, mut quarters) = (BTreeMap::new(), BTreeMap::new());
        for review in self.reviews.iter().filter(|r| r.junk.is_none()) {
            if let Some(at) = &review.at {
                *all.entry((review.market, Source::Review)).or_insert(0_u64) += 1;
                *quarters.entry((review.market, Quarter::of(day(at)?))).or_insert(0_u64) += 1;
            }
        }
        let needs = NeedParams::default().rank(&voices, &all, Some(home))?.into_iter().find(|n| n.market == market);
        facts.aspects = histories(&voices, &quarters, Some(home)).into_iter().filter(|a| a.market == market).collect();
        let trends: Vec<Value> = facts
            .aspects
            .iter()
            .map(|a| json!([a.aspect, a.blame.as_f64(), a.at_home, a.home_q, a.trend, a.trend_q]))
            .collect();
        let shown = serde_json::to_value(&needs)?;
        facts.needs = needs;
        Ok(json!({"needs": shown, "aspects": trends}))
    }
}

fn visits(events: &[Event], market: Market) -> Result<Value, Failure> {
    let visitors = Names::new(events.iter().filter_map(|e| e.visitor.as_deref()));
    let products = Names::new(events.iter().filter_map(|e| e.product_id.as_deref()));
    let mut all = Vec::new();
    for event in events {
        let (Some(visitor), Some(market)) = (&event.visitor, event.market) else { continue };
        let step = match event.name.as_deref() {
            Some("Products Searched") => Step::Search,
            Some("Product Viewed") => Step::View,
            Some("Product Added") => Step::Basket,
            Some("Checkout Started") => Step::Checkout,
            Some("Order Completed") => Step::Order,
            _ => continue,
        };
        let part = |from, to| -> Result<i64, Failure> { Ok(event.at.get(from..to).ok_or("a time")?.parse()?) };
        let seconds =
            i64::from(day(&event.at)?.0) * 86_400 + part(11, 13)? * 3_600 + part(14, 16)? * 60 + part(17, 19)?;
        let product = event.product_id.as_deref().map(|p| products.number(p));
        all.push(Visit { market, visitor: visitors.number(visitor), at: seconds * 1_000_000, step, product });
    }
    let own = paths(&all).into_iter().find(|p| p.market == market);
    let shown = own.map(|p| {
        let funnel: Vec<Value> = p.funnel.iter().map(|f| json!([f.key, f.as_f64(), f.interval.map(|i| [i.low, i.high])])).collect();
        json!({"sessions": p.n_sessions, "reached": p.reached, "funnel": funnel, "search": [p.search.usage.as_f64(), p.search.with.as_f64(), p.search.without.as_f64(), p.search.p_value],
               "views": p.views.as_f64(), "decision_days": p.decision.as_f64()})
    });
    Ok(json!(shown))
}

fn cpu_seconds() -> Result<f64, Failure> {
    let Ok(stat) = std::fs::read_to_string("/proc/self/stat") else { return Ok(0.0) };
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: Result<Vec<f64>, _> = after_name.split_whitespace().skip(11).take(2).map(str::parse).collect();
    Ok(ticks?.iter().sum::<f64>() / 100.0)
}
