//! Noise: what comes into a shop's exports and is no shopper's doing. Files of their own, so that the rest of
//! the exports does not move with them: a day log of the web shop with machines among its visitors, and a batch of reviews
//! with texts that say nothing. `truth_noise.csv` says what each message and review is.
//!
//! Machines come in four kinds. A *crawler* says so in its user agent; a *scraper* is faster than a person;
//! a *clock* looks in at even times; a *patient* one hides its name and waits at random like people, so that nothing in one
//! visit gives it away.

use super::table::Table;
use super::{Encoding, Facts, FileFacts, Sink, push_digits, push_instant};
use crate::part::{Part, seed_of};
use crate::{Merchant, SimError};
use domain::Rng;
use serde::Serialize;

/// How much noise there is.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct NoiseRules {
    /// Visits of each kind of machine, and of people beside them.
    visits: [(Visitor, usize); 5],
    /// Reviews of each kind of text.
    reviews_a_kind: usize,
}

pub(crate) const NOISE: NoiseRules = NoiseRules {
    visits: [
        (Visitor::Person, 120),
        (Visitor::Crawler, 6),
        (Visitor::Scraper, 6),
        (Visitor::Clock, 6),
        (Visitor::Patient, 2),
    ],
    reviews_a_kind: 8,
};

/// Who visits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Visitor {
    Person,
    Crawler,
    Scraper,
    Clock,
    Patient,
}

impl Visitor {
    const fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Crawler => "crawler",
            Self::Scraper => "scraper",
            Self::Clock => "clock",
            Self::Patient => "patient",
        }
    }

    /// Views of a visit, least and how many more.
    const fn views(self) -> (usize, usize) {
        match self {
            Self::Person => (1, 30),
            Self::Crawler => (10, 40),
            Self::Scraper => (90, 200),
            Self::Clock => (30, 60),
            Self::Patient => (80, 80),
        }
    }

    /// Seconds until the next view.
    fn pause(self, rng: &mut Rng) -> f64 {
        match self {
            Self::Person => 3.0 + 25.0 * rng.exponential(),
            Self::Crawler => 5.0 + 20.0 * rng.exponential(),
            Self::Scraper => 0.2 + 0.4 * rng.uniform(),
            Self::Clock => 45.0,
            Self::Patient => 4.0 + 15.0 * rng.exponential(),
        }
    }

    fn agent(self, rng: &mut Rng) -> &'static str {
        let all: &[&str] = if self == Self::Crawler { &CRAWLERS } else { &BROWSERS };
        all[rng.below(all.len())]
    }
}

const CRAWLERS: [&str; 4] = [
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
    "python-requests/2.32.3",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 Safari/537.36",
];

/// The last is of a telephone whose maker's name ends in `bot`.
const BROWSERS: [&str; 4] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
    "Mozilla/5.0 (Linux; Android 12; CUBOT P50) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
];

/// Texts by what is wrong with them, in `truth_noise.csv`; the last kind is right, and short.
const TEXTS: [(&str, [&str; 8]); 5] = [
    (
        "keyboard_mash",
        [
            "asdfghjkl",
            "qwertyuiop",
            "sdfsdfsdf",
            "asjdhaksjdh aksjdhakjsd",
            "jkljkljkl sdfsdf",
            "sdkfjhwk",
            "asdasdasd qweqweqwe",
            "zxcvbnm",
        ],
    ),
    (
        "repeated",
        [
            "aaaaaaaaaaaaaaa",
            "哈哈哈哈哈哈哈哈哈哈哈哈",
            "good good good good good good",
            "!!!zzzzzzzzzzzz!!!",
            "ดีดีดีดี ดีดีดีดี ดีดีดีดี ดีดีดีดี ดีดีดีดี",
            "11111111111111",
            "ok ok ok ok ok ok ok",
            "wwwwwwwwwwww",
        ],
    ),
    (
        "no_words",
        [
            "!!!!!!!!",
            "......",
            "https://win.example/abc",
            "。。。。。。",
            "?!?!?!",
            "www.cheap.example http://more.example",
            "-----",
            "~~~",
        ],
    ),
    (
        "broken_encoding",
        [
            "Sehr sch\u{fffd}n und g\u{fffd}nstig",
            "锟斤拷锟斤拷锟斤拷",
            "\u{fffd}\u{fffd}\u{fffd}\u{fffd}",
            "tr\u{fffd}s bien",
            "质量锟斤拷好",
            "烫烫烫烫烫烫",
            "ch\u{fffd}t l\u{fffd}\u{fffd}ng t\u{fffd}t",
            "屯屯屯屯",
        ],
    ),
    ("none", ["很好", "不错！", "ดีมาก", "ممتاز", "Top!", "rất tốt", "ok", "👍👍👍"]),
];

/// What is what, as it is written.
struct Truth<'a> {
    rows: Vec<(&'a str, String, &'static str)>,
}

/// Writes the two files of noise and its truth. The truth is no file to ingest.
///
/// # Errors
/// [`SimError::Write`] naming the file that could not be written.
pub(super) fn noise(merchant: &Merchant, sink: &mut dyn Sink) -> Result<Vec<FileFacts>, SimError> {
    let mut truth = Truth { rows: Vec::new() };
    let files = vec![visits(merchant, &mut truth, sink)?, reviews(merchant, &mut truth, sink)?];
    Ok(files)
}

/// Writes `truth_noise.csv`: each message and review of the files of noise, and what it is.
pub(super) fn noise_truth(merchant: &Merchant, sink: &mut dyn Sink) -> Result<FileFacts, SimError> {
    let mut truth = Truth { rows: Vec::new() };
    // The files are drawn once more, into nothing: they are small, and the truth stays one with them.
    let mut nowhere = super::Memory::default();
    visits(merchant, &mut truth, &mut nowhere)?;
    reviews(merchant, &mut truth, &mut nowhere)?;
    let name = "truth_noise.csv";
    let facts = Facts::new(name.to_owned(), "truth of noise", Encoding::Utf8);
    let mut out = sink.create(name).map_err(SimError::write(name))?;
    let mut table = Table::new(&mut *out, name, Encoding::Utf8, ',', &["what", "id", "noise"])?;
    for (what, id, noise) in &truth.rows {
        table.cell(what);
        table.cell(id);
        table.cell(noise);
        table.end_row()?;
    }
    Ok(facts.finish(table.finish()?))
}

/// The log of the last week's visits, in order of visits.
fn visits(merchant: &Merchant, truth: &mut Truth<'_>, sink: &mut dyn Sink) -> Result<FileFacts, SimError> {
    let mut facts = Facts::new("exports/events_log.jsonl".to_owned(), "segment events", Encoding::Utf8);
    let name = facts.name();
    let seed = seed_of(merchant.params.seed, Part::Noise);
    let end = i64::from(merchant.params.end().0) * 86_400;
    let mut text = String::new();
    let (mut rows, mut number) = (0, 0_u64);
    for (visitor, n) in NOISE.visits {
        for _ in 0..n {
            number += 1;
            let mut rng = seed.stream(number);
            let agent = visitor.agent(&mut rng);
            let (least, more) = visitor.views();
            let views = least + rng.below(more + 1);
            // Within the last week and over before its end: the longest visit takes two hours.
            let mut at = (end - 7 * 86_400) as f64 + rng.uniform() * (6.5 * 86_400.0);
            for view in 0..views {
                let mut id = "log-".to_owned();
                push_digits(&mut id, number, 4);
                id.push('-');
                push_digits(&mut id, view as u64, 4);
                let product = &merchant.catalogue.products[rng.below(merchant.catalogue.len())].id;
                let mut time = String::new();
                push_instant(&mut time, at as i64, 'T');
                let millis = ((at - at.floor()) * 1000.0) as u32;
                text.push_str(&format!(
                    "{{\"messageId\":\"{id}\",\"type\":\"track\",\"event\":\"Product Viewed\",\"anonymousId\":\"log-visitor-{number:04}\",\
                     \"timestamp\":\"{time}.{millis:03}Z\",\"context\":{{\"userAgent\":\"{agent}\"}},\
                     \"properties\":{{\"product_id\":\"{product}\"}}}}\n"
                ));
                if visitor != Visitor::Person {
                    facts.not_business(id.clone(), super::Dirt::BotEvent);
                }
                truth.rows.push(("event", id, visitor.word()));
                at += visitor.pause(&mut rng);
                rows += 1;
            }
        }
    }
    let mut out = sink.create(&name).map_err(SimError::write(&name))?;
    out.write_all(text.as_bytes()).map_err(SimError::write(&name))?;
    Ok(facts.finish(rows))
}

/// A batch of reviews that somebody imported from elsewhere: without shoppers, half of them worthless.
fn reviews(merchant: &Merchant, truth: &mut Truth<'_>, sink: &mut dyn Sink) -> Result<FileFacts, SimError> {
    let mut facts = Facts::new("exports/reviews_imported.csv".to_owned(), "canonical reviews", Encoding::Utf8);
    let name = facts.name();
    let mut rng = seed_of(merchant.params.seed, Part::Noise).stream(0);
    let mut out = sink.create(&name).map_err(SimError::write(&name))?;
    let header = ["review_id", "product_id", "market", "rating", "text", "reviewed_at"];
    let mut table = Table::new(&mut *out, &name, Encoding::Utf8, ',', &header)?;
    let last = i64::from(merchant.params.end().0) * 86_400 - 1;
    let markets: Vec<&str> = merchant.books.iter().map(|b| b.profile.market.code()).collect();
    for (noise, texts) in TEXTS {
        for (k, text) in texts.into_iter().take(NOISE.reviews_a_kind).enumerate() {
            let id = format!("R-IMPORT-{noise}-{k}");
            table.cell(&id);
            table.cell(&merchant.catalogue.products[rng.below(merchant.catalogue.len())].id);
            table.cell(markets[rng.below(markets.len())]);
            table.int(1 + rng.below(5) as i64);
            table.cell(text);
            table.instant(last - rng.below(30 * 86_400) as i64, 0, 'T', "Z");
            table.end_row()?;
            if noise != "none" {
                facts.count(super::Dirt::JunkReview);
            }
            truth.rows.push(("review", id, noise));
        }
    }
    Ok(facts.finish(table.finish()?))
}
