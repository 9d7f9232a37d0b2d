//! Answers of an invented workspace, in memory: for tests of whoever speaks to the server, and for work on the
//! console without data. Two markets, three products, one shopper. It knows which ids exist, so that refusals can be
//! tried, and counts writes, so that doing one twice is seen.

use crate::answers::{
    Answer, AnswerError, AudienceAnswers, CatalogueAnswers, DataAnswers, Document, MarketAnswers, OverviewAnswers,
    PersonAnswers, RecommendAnswers,
};
use crate::wire::audience::{
    Claim, MarketSize, MembersQuery, Persona, Personas, Quote, RuleProblem, Segment, SegmentDraft, SegmentPreview,
    SegmentRule, Segments, Shopper, ShopperSegment, ShopperSegments,
};
use crate::wire::catalogue::{
    PricesWrite, Product, ProductCard, ProductQuery, ProductWrite, Products, ReaderQuery, StockWrite, Written,
};
use crate::wire::data::{
    RejectQuery, Run, RunQuery, RunStatus, RunTrigger, Runs, Schedule, ScheduledTask, SqlQuestion,
};
use crate::wire::figure::{Amount, Figure, Words};
use crate::wire::markets::{Criterion, Lang, MarketPage, MarketRanking, MarketReason, RankedMarket, TransferReport};
use crate::wire::overview::{Action, Counts, Freshness, Gate, Overview};
use crate::wire::persons::{ErasedFrom, PersonErasure, PersonExport};
use crate::wire::recommend::{
    ChainStep, Feedback, ItemReason, Models, NextQuery, RecommendQuery, Recommendations, RecommendedItem, Rerank,
    SimilarQuery, TrendingQuery,
};
use crate::wire::table::{Cell, Column, NamedTable, Report, Table};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// The invented workspace.
#[derive(Debug, Default)]
pub struct FakeAnswers {
    writes: AtomicU64,
}

const MARKETS: [(&str, &str, &str); 2] = [("DE", "Germany", "德国"), ("VN", "Vietnam", "越南")];
const PRODUCTS: [(&str, &str, i64); 3] =
    [("P1", "Air fryer 4 l", 7_990), ("P2", "Kettle", 2_490), ("P3", "Rice cooker", 4_990)];

impl FakeAnswers {
    /// How many writes were done.
    pub fn writes(&self) -> u64 {
        self.writes.load(Ordering::SeqCst)
    }

    fn wrote(&self) -> u64 {
        self.writes.fetch_add(1, Ordering::SeqCst) + 1
    }
}

fn ready<'a, T: Send + 'a>(answer: Result<T, AnswerError>) -> Answer<'a, T> {
    Box::pin(std::future::ready(answer))
}

fn table<const N: usize>(columns: [(&str, &str, &str); N], rows: Vec<[Cell; N]>) -> Table {
    let columns = columns.iter().map(|(name, kind, meaning)| Column::new(name, kind, meaning)).collect();
    let total = rows.len() as u64;
    Table { columns, rows: rows.into_iter().map(Vec::from).collect(), total }
}

fn figure(key: &str, unit: &str, value: f64) -> Figure {
    Figure {
        key: key.to_owned(),
        value: Some(value),
        amount: None,
        why_not: None,
        unit: unit.to_owned(),
        low: Some(value * 0.9),
        high: Some(value * 1.1),
        level: Some(0.95),
        n: 120,
        formula: "count / all".to_owned(),
        source: "marts.market_summary".to_owned(),
    }
}

fn euro(minor: i64) -> Amount {
    Amount { minor, currency: "EUR".to_owned(), decimal: format!("{}.{:02}", minor / 100, minor % 100) }
}

fn known_market(market: &str) -> Result<(&'static str, Words), AnswerError> {
    let found = MARKETS.iter().find(|(code, ..)| *code == market);
    found.map(|(code, en, zh)| (*code, Words::new(*en, *zh))).ok_or_else(|| {
        AnswerError::not_found(format!("no market {market:?} in this workspace"), "see GET /api/v1/markets")
    })
}

fn card(i: usize) -> ProductCard {
    let (id, name, minor) = PRODUCTS[i % PRODUCTS.len()];
    ProductCard {
        product_id: id.to_owned(),
        name: name.to_owned(),
        category: Some("Kitchen".to_owned()),
        brand: None,
        price: Some(euro(minor)),
        name_fit: "catalogue".to_owned(),
        picture: (i == 0).then(|| format!("/api/v1/products/{id}/picture")),
        ..ProductCard::default()
    }
}

fn product_at(id: &str) -> Result<usize, AnswerError> {
    PRODUCTS.iter().position(|(known, ..)| *known == id).ok_or_else(|| {
        AnswerError::not_found(format!("no product {id:?}"), "search for it with GET /api/v1/products?q=")
    })
}

fn products(which: Vec<usize>, found_by: &str) -> Products {
    let products: Vec<_> = which.into_iter().map(card).collect();
    Products {
        total: products.len() as u64,
        products,
        found_by: found_by.to_owned(),
        bucket: 7,
        bucket_of: "answer".to_owned(),
        exposure_id: "exposure-1".to_owned(),
        ..Products::default()
    }
}

fn ranked(i: usize) -> RankedMarket {
    let (code, en, zh) = MARKETS[i % MARKETS.len()];
    let score = 0.8 - 0.2 * i as f64;
    RankedMarket {
        market: code.to_owned(),
        name: Words::new(en, zh),
        rank: u32::try_from(i + 1).ok(),
        status: "present".to_owned(),
        score: Some(score),
        low: Some(score - 0.05),
        high: Some(score + 0.05),
        rank_low: Some(1),
        rank_high: Some(2),
        criteria: BTreeMap::from([("size".to_owned(), Some(score)), ("distance".to_owned(), None)]),
    }
}

fn recommendations(n: Option<u32>, explain: bool) -> Recommendations {
    let n = n.unwrap_or(10).min(PRODUCTS.len() as u32) as usize;
    let items = (0..n).map(|i| RecommendedItem {
        product_id: PRODUCTS[i].0.to_owned(),
        name: PRODUCTS[i].1.to_owned(),
        score: 1.0 / (i + 1) as f64,
        price: Some(euro(PRODUCTS[i].2)),
        name_fit: "catalogue".to_owned(),
        picture: card(i).picture,
        reasons: if explain {
            let text = Words::new("bought by many in this market", "该市场很多人购买");
            vec![ItemReason { term: "popularity".to_owned(), product_id: None, part: 1.0 / (i + 1) as f64, text }]
        } else {
            Vec::new()
        },
        ..RecommendedItem::default()
    });
    let step = |step: &str, answered, en: &str, zh: &str| ChainStep {
        step: step.to_owned(),
        answered,
        why: Words::new(en, zh),
    };
    Recommendations {
        items: items.collect(),
        answered_by: "market".to_owned(),
        chain: vec![
            step("history", false, "no shopper was named", "未指明顾客"),
            step("market", true, "120 orders", "120 个订单"),
        ],
        model_version: "fake-1".to_owned(),
        bucket: 7,
        bucket_of: "answer".to_owned(),
        exposure_id: "exposure-1".to_owned(),
        ..Recommendations::default()
    }
}

fn the_run(id: &str) -> Result<Run, AnswerError> {
    if id != "run-1" {
        return Err(AnswerError::not_found(format!("no run {id:?}"), "see GET /api/v1/runs"));
    }
    Ok(Run {
        id: id.to_owned(),
        status: RunStatus::Done,
        trigger: RunTrigger::Request,
        started: "2026-11-01T08:00:00Z".to_owned(),
        ended: Some("2026-11-01T08:03:00Z".to_owned()),
        exit_code: Some(0),
        progress: Some(1.0),
        stage: None,
        lines: vec![Words::new("clean: 240 rows", "清洗:240 行")],
        next: None,
    })
}

impl OverviewAnswers for FakeAnswers {
    fn overview(&self) -> Answer<'_, Overview> {
        let months = table(
            [
                ("market", "text", "ISO 3166-1 alpha-2"),
                ("month", "date", "first day of the month"),
                ("revenue", "decimal", "settled sales, EUR"),
            ],
            vec![
                ["DE".into(), "2026-09-01".into(), "1204.50".into()],
                ["DE".into(), "2026-10-01".into(), "1410.00".into()],
            ],
        );
        ready(Ok(Overview {
            workspace: "demo".to_owned(),
            base_currency: "EUR".to_owned(),
            home_market: "DE".to_owned(),
            markets: MARKETS.iter().map(|(code, ..)| (*code).to_owned()).collect(),
            snapshot: Some("12".to_owned()),
            counts: Counts { orders: 120, shoppers: 80, products: 3, events: 900, reviews: 14, rejects: 2 },
            freshness: vec![Freshness {
                table: "clean.orders".to_owned(),
                last_day: Some("2026-10-31".to_owned()),
                rows: 120,
            }],
            gates: vec![Gate {
                name: "orders have a market".to_owned(),
                passed: true,
                result: "pass".to_owned(),
                detail: Words::new("0 of 120 rows fail", "120 行中没有一行不符"),
            }],
            actions: vec![Action {
                en: "Look at 2 rejected rows".to_owned(),
                zh: "查看 2 条被拒绝的行".to_owned(),
                link: "/data/rejects".to_owned(),
            }],
            months,
        }))
    }

    fn ready(&self) -> Answer<'_, ()> {
        ready(Ok(()))
    }
}

impl MarketAnswers for FakeAnswers {
    fn markets(&self) -> Answer<'_, MarketRanking> {
        let criteria = vec![
            Criterion {
                name: "size".to_owned(), weight: 0.6, meaning: Words::new("how much is bought", "购买规模")
            },
            Criterion {
                name: "distance".to_owned(), weight: 0.4, meaning: Words::new("how near it is", "距离远近")
            },
        ];
        let text = Words::new("large and growing", "规模大且在增长");
        let reasons = vec![MarketReason { market: "DE".to_owned(), side: "for".to_owned(), text }];
        ready(Ok(MarketRanking { ranking: vec![ranked(0), ranked(1)], reasons, criteria, notes: Vec::new() }))
    }

    fn market<'a>(&'a self, market: &'a str) -> Answer<'a, MarketPage> {
        ready(known_market(market).map(|(code, name)| MarketPage {
            market: code.to_owned(),
            ranked: Some(ranked(usize::from(code != "DE"))),
            reasons: Vec::new(),
            report: Report {
                title: name.clone(),
                figures: vec![figure("market.repeat", "share", 0.31)],
                ..Report::default()
            },
            has_plan: true,
            name,
        }))
    }

    fn plan<'a>(&'a self, market: &'a str) -> Answer<'a, serde_json::Value> {
        ready(known_market(market).map(|(code, _)| serde_json::json!({ "market": code, "sections": [] })))
    }

    fn plan_page<'a>(&'a self, market: &'a str, lang: Lang) -> Answer<'a, Document> {
        ready(known_market(market).map(|(code, _)| {
            let lang = if lang == Lang::Zh { "zh" } else { "en" };
            let page = format!("<!doctype html><html lang=\"{lang}\"><title>{code}</title><h1>{code}</h1></html>");
            Document { content_type: "text/html; charset=utf-8".to_owned(), bytes: page.into() }
        }))
    }

    fn transfer(&self) -> Answer<'_, TransferReport> {
        ready(Ok(TransferReport::default()))
    }
}

impl AudienceAnswers for FakeAnswers {
    fn segments(&self) -> Answer<'_, Segments> {
        let segment = |name: &str, kind: &str, rule: Option<&str>, size| Segment {
            name: name.to_owned(),
            title: Words::same(name),
            kind: kind.to_owned(),
            rule: rule.map(str::to_owned),
            size: Some(size),
            share: Some(size as f64 / 80.0),
        };
        let segments = vec![segment("champions", "rfm", None, 12), segment("twice", "own", Some("n_orders >= 2"), 20)];
        let fields = vec![Column::new("n_orders", "integer", "orders with a settled sale")];
        ready(Ok(Segments { segments, fields, flows: None }))
    }

    fn preview_segment<'a>(&'a self, rule: &'a SegmentRule) -> Answer<'a, SegmentPreview> {
        if !rule.rule.contains("n_orders") {
            let problem = RuleProblem {
                at: 0,
                len: u32::try_from(rule.rule.chars().count()).unwrap_or(u32::MAX),
                problem: "no field is asked for".to_owned(),
                next: "write n_orders >= 2".to_owned(),
            };
            return ready(Ok(SegmentPreview { of: 80, errors: vec![problem], ..SegmentPreview::default() }));
        }
        let by_market = vec![MarketSize { market: "DE".to_owned(), size: 20, share: 0.25 }];
        ready(Ok(SegmentPreview { size: Some(20), of: 80, share: Some(0.25), by_market, errors: Vec::new() }))
    }

    fn save_segment<'a>(&'a self, _name: &'a str, draft: &'a SegmentDraft) -> Answer<'a, SegmentPreview> {
        self.wrote();
        let found = draft.rule.contains("n_orders").then_some(20);
        ready(Ok(SegmentPreview { size: found, of: 80, ..SegmentPreview::default() }))
    }

    fn delete_segment<'a>(&'a self, name: &'a str) -> Answer<'a, ()> {
        if name != "twice" {
            let next = "see GET /api/v1/segments";
            return ready(Err(AnswerError::not_found(format!("no own segment {name:?}"), next)));
        }
        self.wrote();
        ready(Ok(()))
    }

    fn segment_members<'a>(&'a self, name: &'a str, query: &'a MembersQuery) -> Answer<'a, Table> {
        if !matches!(name, "champions" | "twice") {
            let next = "see GET /api/v1/segments";
            return ready(Err(AnswerError::not_found(format!("no segment {name:?}"), next)));
        }
        let (skip, n) = query.page().range();
        let rows: Vec<[Cell; 1]> = (0..12).map(|i| [format!("s{i}").into()]).skip(skip).take(n).collect();
        let mut table = table([("shopper_id", "text", "shopper")], rows);
        table.total = 12;
        ready(Ok(table))
    }

    fn personas<'a>(&'a self, market: Option<&'a str>) -> Answer<'a, Personas> {
        if let Some(market) = market
            && let Err(why) = known_market(market)
        {
            return ready(Err(why));
        }
        let quote = Quote { text: "Leise und schnell".to_owned(), language: Some("de".to_owned()), ..Quote::default() };
        let claim = Claim {
            section: "wants".to_owned(),
            text: Words::new("likes quiet machines", "喜欢安静的机器"),
            figure: Some(figure("persona.quiet", "share", 0.4)),
            quotes: vec![quote],
        };
        let persona = Persona {
            id: "DE-champions".to_owned(),
            market: "DE".to_owned(),
            segment: "champions".to_owned(),
            title: Words::new("Best customers", "最佳客户"),
            summary: Words::new("They come back every other month.", "他们每隔一个月回购。"),
            figures: vec![figure("persona.size", "count", 12.0)],
            claims: vec![claim],
        };
        ready(Ok(Personas { personas: vec![persona], notes: Vec::new() }))
    }

    fn channels<'a>(&'a self, _market: Option<&'a str>) -> Answer<'a, Table> {
        let columns = [("market", "text", "market"), ("visitors", "integer", "visitors of site or app")];
        ready(Ok(table(columns, vec![["DE".into(), 40.into()]])))
    }

    fn cohorts<'a>(&'a self, _market: Option<&'a str>) -> Answer<'a, Table> {
        let columns = [
            ("market", "text", "ISO 3166-1 alpha-2"),
            ("cohort", "date", "first day of the month of the first order"),
            ("months_since", "integer", "months since then"),
            ("n_shoppers", "integer", "shoppers active in that month"),
        ];
        let rows = vec![
            ["DE".into(), "2026-09-01".into(), 0.into(), 30.into()],
            ["DE".into(), "2026-09-01".into(), 1.into(), 9.into()],
        ];
        ready(Ok(table(columns, rows)))
    }

    fn values<'a>(&'a self, _market: Option<&'a str>) -> Answer<'a, Report> {
        let title = Words::new("What shoppers are worth", "客户价值");
        ready(Ok(Report { title, figures: vec![figure("value.orders", "count", 1.4)], ..Report::default() }))
    }

    fn shopper<'a>(&'a self, id: &'a str) -> Answer<'a, Shopper> {
        if id != "s1" {
            let next = "see GET /api/v1/segments/{name}/members";
            return ready(Err(AnswerError::not_found(format!("no shopper {id:?}"), next)));
        }
        let report = Report { title: Words::same("s1"), ..Report::default() };
        ready(Ok(Shopper { shopper_id: id.to_owned(), market: "DE".to_owned(), report }))
    }

    fn shopper_segments<'a>(&'a self, id: &'a str) -> Answer<'a, ShopperSegments> {
        if id != "s1" {
            let next = "see GET /api/v1/segments/{name}/members";
            return ready(Err(AnswerError::not_found(format!("no shopper {id:?}"), next)));
        }
        let why = "last order 3 days ago".to_owned();
        let segment = ShopperSegment { name: "champions".to_owned(), kind: "rfm".to_owned(), why };
        ready(Ok(ShopperSegments { shopper_id: id.to_owned(), segments: vec![segment] }))
    }
}

impl CatalogueAnswers for FakeAnswers {
    fn products<'a>(&'a self, query: &'a ProductQuery) -> Answer<'a, Products> {
        let (all, asked) = (0..PRODUCTS.len(), query.q.as_deref().unwrap_or_default().to_lowercase());
        let found = all.filter(|i| PRODUCTS[*i].1.to_lowercase().contains(&asked)).collect();
        ready(Ok(products(found, if asked.is_empty() { "catalogue" } else { "words" })))
    }

    fn product<'a>(&'a self, id: &'a str, _reader: &'a ReaderQuery) -> Answer<'a, Product> {
        ready(product_at(id).map(|i| Product {
            card: card(i),
            names: BTreeMap::from([("en".to_owned(), PRODUCTS[i].1.to_owned())]),
            stock: Some(4),
            ..Product::default()
        }))
    }

    fn similar_products<'a>(&'a self, id: &'a str, _reader: &'a ReaderQuery) -> Answer<'a, Products> {
        ready(product_at(id).map(|i| products(vec![i + 1, i + 2], "similar")))
    }

    fn picture<'a>(&'a self, id: &'a str) -> Answer<'a, Document> {
        // The smallest picture there is: one transparent point.
        const GIF: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";
        ready(product_at(id).and_then(|i| match i {
            0 => Ok(Document { content_type: "image/gif".to_owned(), bytes: Bytes::from_static(GIF) }),
            _ => Err(AnswerError::not_found(format!("{id} has no picture"), "add its image_url")),
        }))
    }

    fn search_by_picture<'a>(&'a self, picture: Bytes, _reader: &'a ReaderQuery) -> Answer<'a, Products> {
        if picture.starts_with(b"GIF8") || picture.starts_with(b"\x89PNG") || picture.starts_with(b"\xff\xd8") {
            return ready(Ok(products(vec![0], "picture")));
        }
        let detail = "the body is not a picture".to_owned();
        let next = "send JPEG, PNG, WebP, GIF, BMP or TIFF".to_owned();
        ready(Err(AnswerError::Invalid { detail, next, errors: Vec::new() }))
    }

    fn put_product<'a>(&'a self, _id: &'a str, _product: &'a ProductWrite) -> Answer<'a, Written> {
        self.wrote();
        ready(Ok(Written { accepted: 1, rejected: Vec::new(), seen: "next_run".to_owned() }))
    }

    fn put_stock<'a>(&'a self, stock: &'a StockWrite) -> Answer<'a, Written> {
        self.wrote();
        ready(Ok(Written { accepted: stock.levels.len() as u64, rejected: Vec::new(), seen: "now".to_owned() }))
    }

    fn put_prices<'a>(&'a self, prices: &'a PricesWrite) -> Answer<'a, Written> {
        self.wrote();
        ready(Ok(Written { accepted: prices.prices.len() as u64, rejected: Vec::new(), seen: "now".to_owned() }))
    }
}

impl RecommendAnswers for FakeAnswers {
    fn recommend<'a>(&'a self, query: &'a RecommendQuery) -> Answer<'a, Recommendations> {
        let explain = query.explain == Some(true);
        ready(known_market(&query.market).map(|_| recommendations(query.n, explain)))
    }

    fn similar<'a>(&'a self, query: &'a SimilarQuery) -> Answer<'a, Recommendations> {
        ready(product_at(&query.product).map(|_| recommendations(query.n, false)))
    }

    fn next<'a>(&'a self, query: &'a NextQuery) -> Answer<'a, Recommendations> {
        ready(known_market(&query.market).map(|_| recommendations(query.n, false)))
    }

    fn trending<'a>(&'a self, query: &'a TrendingQuery) -> Answer<'a, Recommendations> {
        ready(known_market(&query.market).map(|_| recommendations(query.n, false)))
    }

    fn rerank<'a>(&'a self, rerank: &'a Rerank) -> Answer<'a, Recommendations> {
        let explain = rerank.explain == Some(true);
        ready(known_market(&rerank.market).map(|_| recommendations(None, explain)))
    }

    fn feedback<'a>(&'a self, _feedback: &'a Feedback) -> Answer<'a, ()> {
        self.wrote();
        ready(Ok(()))
    }

    fn models(&self) -> Answer<'_, Models> {
        ready(Ok(Models::default()))
    }
}

impl DataAnswers for FakeAnswers {
    fn sources(&self) -> Answer<'_, Table> {
        let columns = [("source", "text", "file"), ("rows", "integer", "rows taken in")];
        ready(Ok(table(columns, vec![["orders.csv".into(), 120.into()]])))
    }

    fn quality(&self) -> Answer<'_, Report> {
        let rules =
            table([("rule", "text", "rule"), ("n", "integer", "rows")], vec![["repeated_line".into(), 2.into()]]);
        let tables = vec![NamedTable { name: "rules".to_owned(), title: Words::new("Rules", "规则"), table: rules }];
        ready(Ok(Report { title: Words::new("Quality", "质量"), tables, ..Report::default() }))
    }

    fn rejects<'a>(&'a self, _query: &'a RejectQuery) -> Answer<'a, Table> {
        let columns = [("source", "text", "file"), ("line", "integer", "line"), ("rule", "text", "why")];
        ready(Ok(table(columns, vec![["orders.csv".into(), 7.into(), "bad_date".into()]])))
    }

    fn runs(&self) -> Answer<'_, Runs> {
        ready(the_run("run-1").map(|run| Runs { runs: vec![run] }))
    }

    fn start_run<'a>(&'a self, _: &'a RunQuery) -> Answer<'a, Run> {
        self.wrote();
        ready(the_run("run-1"))
    }

    fn run<'a>(&'a self, id: &'a str) -> Answer<'a, Run> {
        ready(the_run(id))
    }

    fn cancel_run<'a>(&'a self, id: &'a str) -> Answer<'a, Run> {
        ready(the_run(id))
    }

    fn schedule(&self) -> Answer<'_, Schedule> {
        let source = Some("shop".to_owned());
        let when = Some(Words::new("every 30 minutes", "每 30 分钟"));
        ready(Ok(Schedule { tasks: vec![ScheduledTask { source, when, ..ScheduledTask::default() }], problem: None }))
    }

    fn sql<'a>(&'a self, question: &'a SqlQuestion) -> Answer<'a, Table> {
        if !question.query.trim_start().to_lowercase().starts_with("select") {
            let detail = "only SELECT can be asked".to_owned();
            let next = "write SELECT … FROM clean.orders".to_owned();
            return ready(Err(AnswerError::Invalid { detail, next, errors: Vec::new() }));
        }
        ready(Ok(table([("one", "integer", "1")], vec![[1.into()]])))
    }
}

impl PersonAnswers for FakeAnswers {
    fn export_person<'a>(&'a self, id: &'a str) -> Answer<'a, PersonExport> {
        if id != "s1" {
            return ready(Err(AnswerError::not_found("nobody has this id", "check the id")));
        }
        let shopper_ids = vec!["s1".to_owned()];
        ready(Ok(PersonExport { id: id.to_owned(), shopper_ids, tables: Vec::new() }))
    }

    fn person_names<'a>(&'a self, id: &'a str) -> Answer<'a, Vec<String>> {
        ready(Ok(if id == "s1" { vec!["s1".to_owned(), "visitor-1".to_owned()] } else { vec![id.to_owned()] }))
    }

    fn erase_person<'a>(&'a self, id: &'a str) -> Answer<'a, PersonErasure> {
        if id != "s1" {
            return ready(Err(AnswerError::not_found("nobody has this id", "check the id")));
        }
        self.wrote();
        let erased = vec![ErasedFrom { place: "raw.order_lines".to_owned(), rows: 3 }];
        ready(Ok(PersonErasure { id: id.to_owned(), erased, next: Some("portolan run".to_owned()) }))
    }
}
