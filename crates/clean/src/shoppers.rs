//! The table clean.shoppers, and the tally of orders that its markets and days come from.

use crate::CleanError;
use crate::columns::{
    Ints, Reader, Text, batch, bool_array, clean_table, day_array, int_array, must_ints, must_texts, shopper_numbers,
    text_array,
};
use crate::counts::Counter;
use crate::hash::Interner;
use crate::rules::person::{self, Sex};
use crate::rules::{Rule, text};
use crate::survey::Surveyed;
use arrow_array::RecordBatch;
use domain::{Day, Language, Market};

/// What customer records say about a shopper: the latest known value of each.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct CustomerRecord {
    pub(crate) market: Option<Market>,
    /// Region and city, by number in the survey's places.
    pub(crate) region: Option<u32>,
    pub(crate) city: Option<u32>,
    pub(crate) language: Option<Language>,
    pub(crate) accepts_marketing: Option<bool>,
    pub(crate) person: Person,
}

/// Demographic facts of a customer record; the texts by number in the survey's places.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Person {
    pub(crate) birth_year: Option<i64>,
    pub(crate) sex: Option<Sex>,
    pub(crate) education: Option<u32>,
    pub(crate) job: Option<u32>,
    pub(crate) income: Option<u32>,
}

/// The columns of raw.customers that are about the person. A lake of an earlier release lacks them.
pub(crate) struct PersonColumns<'a> {
    birth_year: Ints<'a>,
    sex: Text<'a>,
    education: Text<'a>,
    job: Text<'a>,
    income: Text<'a>,
}

impl<'a> PersonColumns<'a> {
    pub(crate) fn of(r: Reader<'a>) -> Result<Self, CleanError> {
        Ok(Self {
            birth_year: r.later_ints("birth_year")?,
            sex: r.later_text("sex")?,
            education: r.later_text("education")?,
            job: r.later_text("job")?,
            income: r.later_text("income")?,
        })
    }

    /// The facts of one row; what cannot be true is left out and counted.
    pub(crate) fn row(&self, row: usize, year: i64, line: i64, words: &mut Interner, counter: &mut Counter) -> Person {
        counter.checked(&[Rule::BirthYear, Rule::Sex]);
        let born = self.birth_year.get(row);
        let birth_year = born.filter(|&born| person::can_order(born, year));
        if let (Some(born), None) = (born, birth_year) {
            counter.touch(Rule::BirthYear, line, || born.to_string());
        }
        let written = self.sex.get(row);
        let sex = written.and_then(Sex::of);
        if let (Some(written), None) = (written, sex) {
            counter.touch(Rule::Sex, line, || written.to_owned());
        }
        let mut word = |text: Option<&str>| {
            let text = text::normalize(text?).to_lowercase();
            (!text.is_empty()).then(|| words.intern(text.as_bytes()))
        };
        let (education, job) = (word(self.education.get(row)), word(self.job.get(row)));
        Person { birth_year, sex, education, job, income: word(self.income.get(row)) }
    }
}

impl Person {
    fn update(&mut self, later: Self) {
        self.birth_year = later.birth_year.or(self.birth_year);
        self.sex = later.sex.or(self.sex);
        self.education = later.education.or(self.education);
        self.job = later.job.or(self.job);
        self.income = later.income.or(self.income);
    }
}

impl CustomerRecord {
    /// Takes over what a later record knows.
    pub(crate) fn update(&mut self, later: Self) {
        self.market = later.market.or(self.market);
        // An address is one thing: a city of one record never stands beside the region of another.
        if later.region.or(later.city).is_some() {
            (self.region, self.city) = (later.region, later.city);
        }
        self.language = later.language.or(self.language);
        self.accepts_marketing = later.accepts_marketing.or(self.accepts_marketing);
        self.person.update(later.person);
    }
}

/// Orders of shoppers by market. Tallies of parts of the data are put together by
/// [`ShopperTally::merge`] in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShopperTally(Vec<Orders>);

/// A shopper's orders in one market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Orders {
    pub(crate) shopper: u32,
    pub(crate) market: Market,
    /// Orders that sold something.
    pub(crate) sales: u32,
    /// Orders of any kind, returns too.
    pub(crate) any: u32,
    /// Time of the latest, microseconds.
    pub(crate) last_at: i64,
    /// Days of the first and the last sale.
    pub(crate) days: Option<(Day, Day)>,
}

impl ShopperTally {
    /// Adds the tally of another part.
    pub fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub(crate) fn push(&mut self, orders: Orders) {
        self.0.push(orders);
    }

    /// By shopper and market, each once.
    fn combined(&self) -> Vec<Orders> {
        let mut all = self.0.clone();
        all.sort_unstable();
        let mut combined: Vec<Orders> = Vec::new();
        for o in all {
            match combined.last_mut() {
                Some(c) if (c.shopper, c.market) == (o.shopper, o.market) => {
                    c.sales += o.sales;
                    c.any += o.any;
                    c.last_at = c.last_at.max(o.last_at);
                    c.days = match (c.days, o.days) {
                        (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
                        (a, b) => a.or(b),
                    };
                }
                _ => combined.push(o),
            }
        }
        combined
    }
}

/// The table clean.shoppers, by shopper.
pub(crate) fn shoppers(surveyed: &Surveyed, tally: &ShopperTally) -> RecordBatch {
    let identity = &surveyed.identity;
    let n = identity.n_shoppers();
    let mut market: Vec<Option<(u32, u32, i64, Market)>> = vec![None; n];
    let mut days: Vec<Option<(Day, Day)>> = vec![None; n];
    for o in tally.combined() {
        let at = o.shopper as usize;
        // Most sales, then most orders of any kind, then the latest.
        market[at] = market[at].max(Some((o.sales, o.any, o.last_at, o.market)));
        days[at] = match (days[at], o.days) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (a, b) => a.or(b),
        };
    }
    let mut order: Vec<u32> = (0..n as u32).collect();
    order.sort_unstable_by_key(|&s| identity.name_of(s));
    let at = |s: &u32| *s as usize;
    let record = |s: &u32| surveyed.records[*s as usize];
    batch(
        clean_table("shoppers"),
        vec![
            must_texts(order.iter().map(|&s| identity.name_of(s))),
            must_texts(order.iter().map(|s| {
                let market = market[at(s)].map(|m| m.3).or(record(s).market).unwrap_or(Market::UNKNOWN);
                market.code().to_owned()
            })),
            text_array(order.iter().map(|s| record(s).market.map(|m| m.code().to_owned()))),
            text_array(order.iter().map(|s| record(s).region.map(|r| surveyed.places.get(r)))),
            text_array(order.iter().map(|s| record(s).city.map(|c| surveyed.places.get(c)))),
            text_array(order.iter().map(|s| record(s).language.map(|l| l.code().to_owned()))),
            bool_array(order.iter().map(|s| record(s).accepts_marketing)),
            day_array(order.iter().map(|s| days[at(s)].map(|d| d.0.0))),
            day_array(order.iter().map(|s| days[at(s)].map(|d| d.1.0))),
            must_ints(order.iter().map(|&s| i64::from(identity.n_keys(s)))),
            int_array(order.iter().map(|s| record(s).person.birth_year)),
            text_array(order.iter().map(|s| record(s).person.sex.map(Sex::word))),
            text_array(order.iter().map(|s| record(s).person.education.map(|e| surveyed.places.get(e)))),
            text_array(order.iter().map(|s| record(s).person.job.map(|j| surveyed.places.get(j)))),
            text_array(order.iter().map(|s| record(s).person.income.map(|i| surveyed.places.get(i)))),
            shopper_numbers(order.iter().copied()),
        ],
    )
}
