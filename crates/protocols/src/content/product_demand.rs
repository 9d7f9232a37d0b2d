//! Demand of the four weeks ahead, told from a product's own weeks, its text and what it is bought with, fused.
//!
//! A real shop's order lines become weekly units of each product; a row is a product at an origin: what was sold in the weeks
//! before, and how products that are like it sold of late: like it by title, and by the baskets before the origin.
//! A [`content::space::Fusion`] learns `ln(1 + units of the next four weeks)` less the same of the last four. Origins to learn from end where the
//! weeks that choose begin, those end where the test begins; joining and passes are chosen on the former, the test is asked
//! once. Beside it stand simple forecasts and the automatic choice of [`learn::series`] from the product's own weeks.
//!
//! Titles and baskets say which products are alike; their vectors themselves stay out of the rows. A product comes back at every
//! origin, and a network that sees its title learns how that product grew, not how products like it grow.

use super::joining::Joining;
use super::labelled::csv_columns;
use super::report::mean;
use super::{Asked, ContentGoal, ContentReport, ContentRow, Measure};
use crate::ProtocolError;
use content::space::ablation;
use content::text::{Features, LsaParams, TfIdfParams};
use content::{Encode, Vectors};
use domain::{Day, Seed};
use eval::forecast::wape;
use eval::{Bootstrap, paired_difference};
use learn::low_rank::{LowRankParams, low_rank};
use learn::series::{AutoParams, LeadingZeros};
use learn::{Csr, LearnError, Panels};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const TASK: &str = "product_demand";
const MODALITIES: [&str; 3] = ["own weeks", "title", "baskets"];
/// Weeks that are forecast together.
const AHEAD: usize = 4;
/// Weeks before the first origin.
const FIRST: usize = 12;
/// Origins from the last back: two for the test, one that chooses.
const N_TEST: usize = 2;
/// Alike products whose weeks are looked at.
const NEAR: usize = 20;
/// Weeks since the first sale below which a product counts as young.
const YOUNG: usize = 8;
const OF_YOUNG: &str = "of young products";
/// Passes over the rows that are tried.
const PASSES: [usize; 2] = [5, 15];

/// A line that was sold.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    basket: u32,
    pub(super) product: u32,
    week: usize,
    pub(super) units: f64,
    pub(super) price: f64,
}

/// A shop's products by week.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Shop {
    pub(super) titles: Vec<String>,
    /// Week of the first sale.
    first: Vec<usize>,
    /// Units of each product and week.
    units: Vec<Vec<f64>>,
    pub(super) lines: Vec<Line>,
    pub(super) n_weeks: usize,
}

/// The Monday on or before a day.
fn monday(day: Day) -> i32 {
    day.0 - (day.0 + 3).rem_euclid(7)
}

impl Shop {
    /// Products sold in whole weeks; cancellations, services and corrections are no sales.
    pub(super) fn read(asked: &Asked<'_>) -> Result<Self, ProtocolError> {
        let path = asked.dir.join("online_retail.csv");
        let names = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice"];
        let wrong = |line: usize, found: &str, wanted: &'static str| ProtocolError::Line {
            path: path.clone(),
            line,
            found: found.chars().take(60).collect(),
            wanted,
        };
        let mut raw = Vec::new();
        for (line, [order, product, title, units, at, price]) in csv_columns(&path, names)? {
            let units: f64 = units.parse().map_err(|_| wrong(line, &units, "a number of units"))?;
            let price: f64 = price.parse().map_err(|_| wrong(line, &price, "a price"))?;
            let day = at.get(..10).and_then(|day| day.parse::<Day>().ok());
            let day = day.ok_or_else(|| wrong(line, &at, "a day, year first"))?;
            let digit = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
            if digit(&order) && digit(&product) && units > 0.0 && price > 0.0 {
                raw.push((order, product.to_uppercase(), title, units, price, day));
            }
        }
        let (first, last) = (raw.iter().map(|l| l.5).min(), raw.iter().map(|l| l.5).max());
        let (Some(first), Some(last)) = (first, last) else {
            return Err(wrong(1, "", "at least one sale"));
        };
        // Weeks of which both ends were seen.
        let start = if monday(first) == first.0 { first.0 } else { monday(first) + 7 };
        let n_weeks = usize::try_from((monday(last) - start) / 7).unwrap_or(0);
        let (mut products, mut baskets) = (BTreeMap::new(), BTreeMap::new());
        let mut titles: Vec<BTreeMap<String, usize>> = Vec::new();
        let mut shop = Self { n_weeks, ..Self::default() };
        for (order, product, title, units, price, day) in raw {
            let Ok(week) = usize::try_from((day.0 - start).div_euclid(7)) else { continue };
            if week >= n_weeks {
                continue;
            }
            let n = baskets.len() as u32;
            let basket = *baskets.entry(order).or_insert(n);
            let product = *products.entry(product).or_insert_with(|| {
                titles.push(BTreeMap::new());
                shop.first.push(week);
                shop.units.push(vec![0.0; n_weeks]);
                titles.len() as u32 - 1
            });
            let at = product as usize;
            *titles[at].entry(title).or_default() += 1;
            shop.first[at] = shop.first[at].min(week);
            shop.units[at][week] += units;
            shop.lines.push(Line { basket, product, week, units, price });
        }
        // Of titles that are as frequent, the first of the alphabet.
        let most = |of: &BTreeMap<String, usize>| {
            of.iter().max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0))).map(|(title, _)| title.clone()).unwrap_or_default()
        };
        shop.titles = titles.iter().map(most).collect();
        Ok(shop)
    }

    /// Units of some weeks, those before the first sale none.
    fn sum(&self, product: usize, weeks: std::ops::Range<usize>) -> f64 {
        self.units[product][weeks].iter().sum()
    }

    /// Products that were sold before a week.
    fn sold_before(&self, week: usize) -> Vec<usize> {
        (0..self.first.len()).filter(|p| self.first[*p] < week).collect()
    }

    /// What a product's own weeks before the origin say.
    fn own(&self, product: usize, origin: usize, price: f64) -> Vec<f32> {
        let back = |n: usize| self.sum(product, origin.saturating_sub(n)..origin);
        let age = origin - self.first[product];
        let each = (1..=8).map(|n| self.units[product][origin - n].ln_1p());
        let recent = &self.units[product][origin.saturating_sub(13)..origin];
        let sold = recent.iter().filter(|units| **units > 0.0).count() as f64 / recent.len() as f64;
        let level = [back(4) / 4.0, (back(8) - back(4)) / 4.0, back(13) / age.min(13) as f64].map(f64::ln_1p);
        each.chain(level).chain([(age as f64).ln(), sold, price.ln()]).map(|x| x as f32).collect()
    }

    /// How it sold of late: level, growth, level of a quarter.
    fn late(&self, product: usize, origin: usize) -> [f64; 3] {
        let last = self.sum(product, origin - 4..origin);
        let before = self.sum(product, origin - 8..origin - 4);
        let quarter = self.sum(product, origin.saturating_sub(13)..origin);
        [(last / 4.0).ln_1p(), last.ln_1p() - before.ln_1p(), (quarter / 13.0).ln_1p()]
    }

    /// Means of [`Self::late`] over the products that are nearest and old enough to have a growth, and how near they are; none
    /// for a product without a vector.
    fn near(&self, vectors: &Vectors, products: &[usize], origin: usize) -> Vec<Option<[f32; 4]>> {
        let old: Vec<usize> =
            products.iter().copied().filter(|p| self.first[*p] + 8 <= origin && vectors.is_present(*p)).collect();
        if old.is_empty() {
            return vec![None; products.len()];
        }
        let rows = |of: &[usize]| of.iter().flat_map(|p| vectors.row(*p).unwrap_or(&[]).to_vec()).collect::<Vec<f32>>();
        let asked: Vec<usize> = products.iter().copied().filter(|p| vectors.is_present(*p)).collect();
        let found = Panels::pack(&rows(&old), vectors.width()).top(&rows(&asked), NEAR + 1, |_| &[]);
        let mut found = asked.iter().zip(found);
        let mean = |own: usize, found: Vec<(u32, f32)>| {
            let others: Vec<_> = found
                .into_iter()
                .map(|(at, near)| (old[at as usize], near))
                .filter(|f| f.0 != own)
                .take(NEAR)
                .collect();
            let n = others.len().max(1) as f64;
            let mut out = [0.0_f64; 4];
            for (product, near) in &others {
                let [level, growth, quarter] = self.late(*product, origin);
                let of = [level, growth, quarter, f64::from(*near)];
                out.iter_mut().zip(of).for_each(|(sum, x)| *sum += x / n);
            }
            out.map(|x| x as f32)
        };
        let one =
            |product: &usize| vectors.is_present(*product).then(|| found.next()).flatten().map(|(p, f)| mean(*p, f));
        products.iter().map(one).collect()
    }

    /// A vector a product by the baskets before a week; none for products in fewer than two.
    pub(super) fn basket_vectors(&self, week: usize, seed: Seed) -> Result<Vectors, LearnError> {
        let mut baskets: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        for line in self.lines.iter().filter(|line| line.week < week) {
            baskets.entry(line.basket).or_default().insert(line.product);
        }
        let n = self.first.len();
        let mut counts = vec![0_u32; n];
        baskets.values().flatten().for_each(|p| counts[*p as usize] += 1);
        let row = |products: &BTreeSet<u32>| {
            let short = 1.0 / (products.len() as f32).sqrt();
            let cell = |p: &u32| (*p, short / (counts[*p as usize] as f32).sqrt());
            products.iter().map(cell).collect::<Vec<_>>()
        };
        let by_row = Csr::from_rows(n, baskets.values().map(row));
        let params = LowRankParams { rank: 32, n_iterations: 3, ..LowRankParams::default() };
        let found = low_rank(&by_row, &by_row.transpose(), &params, seed)?;
        let mut out = Vectors::new(found.rank);
        for (product, row) in found.vectors.chunks_exact(found.rank.max(1)).enumerate() {
            if counts[product] < 2 || out.push(row).is_err() {
                out.push_missing();
            }
        }
        Ok(out.unit())
    }
}

/// Rows: products at origins.
struct Rows {
    at: Vec<(usize, usize)>,
    parts: Vec<Vectors>,
}

/// What was sold and what is made of it.
struct Lesson<'a> {
    shop: &'a Shop,
    titles: Vectors,
    seed: Seed,
}

fn wrong(why: impl ToString) -> ProtocolError {
    ProtocolError::Recipe { config: "fused".to_owned(), task: TASK.to_owned(), why: why.to_string() }
}

impl Lesson<'_> {
    fn rows(&self, origins: &[usize]) -> Result<Rows, ProtocolError> {
        let mut parts = vec![Vectors::new(14), Vectors::new(4), Vectors::new(4)];
        let mut at = Vec::new();
        for &origin in origins {
            let products = self.shop.sold_before(origin);
            let mut prices = vec![0.0; self.shop.first.len()];
            self.shop.lines.iter().filter(|l| l.week < origin).for_each(|l| prices[l.product as usize] = l.price);
            let baskets = self.shop.basket_vectors(origin, self.seed.derive(origin as u64)).map_err(wrong)?;
            let by_title = self.shop.near(&self.titles, &products, origin);
            let by_basket = self.shop.near(&baskets, &products, origin);
            for ((product, title), basket) in products.iter().zip(by_title).zip(by_basket) {
                parts[0].push(&self.shop.own(*product, origin, prices[*product])).map_err(wrong)?;
                for (part, near) in parts[1..].iter_mut().zip([title, basket]) {
                    match near {
                        Some(near) => part.push(&near).map_err(wrong)?,
                        None => part.push_missing(),
                    }
                }
                at.push((*product, origin));
            }
        }
        Ok(Rows { at, parts })
    }

    /// Units of the weeks ahead.
    fn actual(&self, rows: &Rows) -> Vec<f64> {
        rows.at.iter().map(|(p, o)| self.shop.sum(*p, *o..*o + AHEAD)).collect()
    }

    /// Units of as many weeks before.
    fn last(&self, rows: &Rows) -> Vec<f64> {
        rows.at.iter().map(|(p, o)| self.shop.sum(*p, *o - AHEAD..*o)).collect()
    }

    /// Forecasts of rows, learnt from others.
    fn fused(&self, how: Joining, train: &Rows, asked: &Rows, set: &[usize]) -> Result<Vec<f64>, ProtocolError> {
        let growth: Vec<f64> =
            self.actual(train).iter().zip(self.last(train)).map(|(a, b)| a.ln_1p() - b.ln_1p()).collect();
        let parts = |rows: &'_ Rows| set.iter().map(|m| rows.parts[*m].clone()).collect::<Vec<Vectors>>();
        let (from, to) = (parts(train), parts(asked));
        let (from, to): (Vec<&Vectors>, Vec<&Vectors>) = (from.iter().collect(), to.iter().collect());
        let told = how.told(0.1, (&from, &growth), &to, self.seed).map_err(wrong)?;
        let one = |(growth, last): (f64, &f64)| (growth + last.ln_1p()).exp_m1().max(0.0);
        Ok(told.into_iter().zip(&self.last(asked)).map(one).collect())
    }

    /// Sums of each product's own automatic forecast.
    fn automatic(&self, rows: &Rows) -> Vec<f64> {
        let series: Vec<&[f64]> = rows.at.iter().map(|(p, o)| &self.shop.units[*p][self.shop.first[*p]..*o]).collect();
        let params = AutoParams { zeros: LeadingZeros::Keep, ..AutoParams::new(AHEAD, &[]) };
        params.forecast(&series).iter().map(|answer| answer.mean.iter().sum::<f64>().max(0.0)).collect()
    }

    fn errors(&self, rows: &Rows, forecast: &[f64]) -> Vec<f64> {
        self.actual(rows).iter().zip(forecast).map(|(a, f)| (a.ln_1p() - f.ln_1p()).abs()).collect()
    }

    fn is_young(&self, (product, origin): &(usize, usize)) -> bool {
        origin - self.shop.first[*product] < YOUNG
    }

    fn measures(&self, rows: &Rows, forecast: &[f64]) -> Result<Vec<Measure>, ProtocolError> {
        let errors = self.errors(rows, forecast);
        let young: Vec<f64> =
            errors.iter().zip(&rows.at).filter(|(_, at)| self.is_young(at)).map(|(e, _)| *e).collect();
        let share = wape(&self.actual(rows), forecast);
        Ok(vec![
            Measure::mean("mean |ln error|", &errors, self.seed)?,
            match young.is_empty() {
                true => Measure::none(OF_YOUNG),
                false => Measure::mean(OF_YOUNG, &young, self.seed)?,
            },
            share.map_or_else(|| Measure::none("WAPE"), |v| Measure::new("WAPE", v)),
        ])
    }
}

/// Origins to learn from while something is chosen, those that choose, those of the test.
fn origins(n_weeks: usize) -> Option<[Vec<usize>; 3]> {
    let last = n_weeks.checked_sub(AHEAD)?;
    let first_test = last.checked_sub((N_TEST - 1) * AHEAD)?;
    let chooses = first_test.checked_sub(AHEAD)?;
    let learn: Vec<usize> = (FIRST..=chooses.checked_sub(AHEAD)?).rev().step_by(2).collect();
    let test = (first_test..=last).step_by(AHEAD).collect();
    (!learn.is_empty()).then_some([learn, vec![chooses], test])
}

pub(super) fn run(asked: &mut Asked<'_>) -> Result<Vec<ContentReport>, ProtocolError> {
    let (clock, seed) = (asked.cpu_s, asked.seed);
    let shop = Shop::read(asked)?;
    let [learn, choose, test] =
        origins(shop.n_weeks).ok_or_else(|| wrong(format!("{} weeks are too few", shop.n_weeks)))?;
    (asked.step)("titles and baskets become numbers", 0, 1);
    let known: Vec<&str> = shop.sold_before(choose[0]).into_iter().map(|p| shop.titles[p].as_str()).collect();
    let tf_idf = TfIdfParams { features: Features::default(), min_texts: 2, ..TfIdfParams::default() };
    let lsa = LsaParams { tf_idf, width: 48, whitening: 0.5 }.fit(&known, seed).map_err(wrong)?;
    let titles = lsa.encode(&shop.titles.iter().map(|t| Some(t.as_str())).collect::<Vec<_>>()).unit();
    let lesson = Lesson { shop: &shop, titles, seed };
    let final_origins: Vec<usize> = learn.iter().copied().chain(learn.iter().map(|o| o + AHEAD)).collect();
    let final_origins: Vec<usize> = final_origins.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    let [train, held, all, test_rows] = [&learn, &choose, &final_origins, &test].map(|o| lesson.rows(o));
    let (train, held, all, test_rows) = (train?, held?, all?, test_rows?);
    let every: Vec<usize> = (0..MODALITIES.len()).collect();
    let (how, on_held) = Joining::chosen(asked, &PASSES, |how| {
        Ok(mean(&lesson.errors(&held, &lesson.fused(how, &train, &held, &every)?)))
    })?;
    let mut rows = Vec::new();
    let mut add = |config: &str, start: f64, forecast: &[f64]| {
        let fit_cpu_s = clock() - start;
        let measures = lesson.measures(&test_rows, forecast)?;
        rows.push(ContentRow { config: config.to_owned(), measures, fit_cpu_s, score_cpu_s: 0.0 });
        Ok::<(), ProtocolError>(())
    };
    let start = clock();
    add("the last four weeks again", start, &lesson.last(&test_rows))?;
    let quarter = |(p, o): &(usize, usize)| {
        let n = (o - shop.first[*p]).min(13);
        shop.sum(*p, o - n..*o) / n as f64 * AHEAD as f64
    };
    add("mean of the last 13 weeks", start, &test_rows.at.iter().map(quarter).collect::<Vec<_>>())?;
    (asked.step)("own weeks, automatic choice", 0, 1);
    let start = clock();
    add("own weeks, automatic choice of a method", start, &lesson.automatic(&test_rows))?;
    let mut done = 0;
    let table = ablation(MODALITIES.len(), |set| {
        let name = set.iter().map(|m| MODALITIES[*m]).collect::<Vec<_>>().join(" + ");
        (asked.step)(&name, done, 2 * MODALITIES.len() as u64 + 1);
        done += 1;
        let start = clock();
        let forecast = lesson.fused(how, &all, &test_rows, set)?;
        add(&format!("{name} ({})", how.join.name()), start, &forecast)?;
        Ok::<_, ProtocolError>(lesson.errors(&test_rows, &forecast))
    })?;
    let (own, fused) = (&table[0].mark, &table[table.len() - 1].mark);
    let gain = paired_difference(own, fused, &Bootstrap::default(), seed)?.difference;
    let about = format!(
        "{} products, {} whole weeks; {} rows to learn from, {} that chose {} with {} passes (error {:.4}), {} of the test ({} young), \
         the next {AHEAD} weeks from week {} and {}; error that title and baskets take off that of own weeks alone {:+.4} [{:+.4}, {:+.4}]",
        shop.first.len(),
        shop.n_weeks,
        all.at.len(),
        held.at.len(),
        how.join.name(),
        how.n_epochs,
        on_held,
        test_rows.at.len(),
        test_rows.at.iter().filter(|at| lesson.is_young(at)).count(),
        test[0],
        test[test.len() - 1],
        gain.mean,
        gain.interval.low,
        gain.interval.high,
    );
    let what = "lower end of the error that title and baskets take off that of own weeks";
    let goals = vec![ContentGoal::new(what, 1e-9, gain.interval.low)];
    Ok(vec![ContentReport { task: "product demand".to_owned(), about, rows, goals, references: &[] }])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Weeks of Monday 2011-01-03 to Sunday 2011-01-16; the days before and after are parts of weeks.
    const FILE: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
1,A,B,1,2011-01-01 10:00:00,1.0,7,UK
1,10,OLD BOX,9,2011-01-02 10:00:00,1.0,7,UK
2,10,RED BOX,2,2011-01-03 10:00:00,1.0,7,UK
2,11b,BLUE BOX,3,2011-01-03 10:00:00,2.0,7,UK
C3,10,RED BOX,-2,2011-01-04 10:00:00,1.0,7,UK
4,10,RED BOX,5,2011-01-16 10:00:00,1.5,7,UK
5,11B,BLUE BOX,1,2011-01-18 10:00:00,2.0,7,UK
";

    #[test]
    fn whole_weeks_of_sales_are_laid_out() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("online_retail.csv");
        std::fs::write(&path, FILE).unwrap();
        let mut step = |_: &str, _: u64, _: u64| {};
        let asked = Asked { dir: dir.path(), seed: Seed(1), cpu_s: &|| 0.0, step: &mut step, encoder: None };
        let shop = Shop::read(&asked).unwrap();
        assert_eq!((shop.n_weeks, &shop.first), (2, &vec![0, 0]));
        assert_eq!(shop.units, [[2.0, 5.0], [3.0, 0.0]]);
        assert_eq!(shop.titles, ["RED BOX", "BLUE BOX"]);
        assert_eq!(shop.lines.iter().map(|l| l.basket).collect::<Vec<_>>(), [0, 0, 1]);
        std::fs::write(&path, FILE.replace("2011-01-16", "16.1.2011")).unwrap();
        assert!(matches!(Shop::read(&asked), Err(ProtocolError::Line { line: 7, .. })));
    }

    #[test]
    fn nothing_of_the_test_is_learnt_or_chosen_from() {
        let [learn, choose, test] = origins(52).unwrap();
        assert_eq!((choose, test), (vec![40], vec![44, 48]));
        assert_eq!((learn[0], learn.len()), (36, 13));
        assert!(learn.iter().all(|o| o + AHEAD <= 40));
        assert!(origins(20).is_none());
    }

    /// Three products over 12 weeks, one unit a week more each; the nearest of the first is the second.
    #[test]
    fn what_is_alike_tells_how_it_sold_of_late() {
        let units: Vec<Vec<f64>> = vec![vec![1.0; 12], [vec![1.0; 8], vec![2.0; 4]].concat(), vec![4.0; 12]];
        let shop = Shop { first: vec![0; 3], units, n_weeks: 12, ..Shop::default() };
        let vectors = Vectors::from_rows(2, [Some([1.0, 0.0]), Some([0.9, 0.1]), None]).unwrap();
        let near = shop.near(&vectors, &[0, 1, 2], 12);
        let [level, growth, quarter, nearness] = near[0].unwrap();
        assert!((level - 3.0_f32.ln()).abs() < 1e-6 && (growth - (9.0_f32 / 5.0).ln()).abs() < 1e-6);
        assert!((quarter - (1.0_f32 + 16.0 / 13.0).ln()).abs() < 1e-6 && (nearness - 0.9).abs() < 1e-6);
        assert_eq!(near[2], None);
    }
}
