//! Who buys: segments, personas, cohorts, values, one shopper.

use super::super::Serving;
use super::super::snapshot::Snapshot;
use super::markets::not_computed;
use super::tables::{self, quoted};
use super::{market, refused, wrong};
use crate::commands::segments::{facts, no_segment};
use crate::people_pages;
use crate::pipeline::rows::Rows;
use crate::pipeline::said;
use crate::segments::{self, PRIVACY_FLOOR, shown};
use anyhow::{Context, Result};
use audience::persona::facts::Counted;
use audience::persona::page::{Entry, Persona as Sheet, Said};
use audience::segments::{BookError, Definition, Field};
use domain::{Language, Market};
use serve::answers::{Answer, AnswerError, AudienceAnswers};
use serve::consents::MARKETING;
use serve::wire::audience::{
    Claim, MarketSize, MembersQuery, Persona, Personas, Quote, RuleProblem, Segment, SegmentDraft, SegmentPreview,
    SegmentRule, Segments, Shopper, ShopperSegment, ShopperSegments,
};
use serve::wire::figure::Words;
use serve::wire::table::{Column, NamedTable, Report, Table};

fn of_market(code: Option<&str>) -> Result<Option<Market>, AnswerError> {
    code.map(market).transpose()
}

fn only(of: Option<Market>) -> String {
    of.map_or_else(String::new, |market| format!(" where market = '{market}'"))
}

/// A named segment in words.
fn named(key: &str) -> Words {
    let known = audience::Segment::ALL.iter().find(|s| s.key() == key);
    known.map_or_else(|| Words::same(key), |s| Words::new(s.name(Language::EN), s.name(Language::ZH)))
}

async fn all_segments(now: &Snapshot) -> Result<Segments> {
    let engine = &now.engine;
    let rows = Rows::query(
        engine,
        "select segment, count(*) as n from marts.segments group by segment order by n desc, segment",
    )
    .await?;
    let (keys, n) = (rows.texts("segment")?, rows.ints("n")?);
    let total: i64 = n.iter().sum();
    let share = |n: i64| if total > 0 { Some(n as f64 / total as f64) } else { None };
    let rfm = (0..keys.len()).map(|at| Segment {
        name: keys[at].clone(),
        title: named(&keys[at]),
        kind: "rfm".to_owned(),
        rule: None,
        size: Some(n[at].unsigned_abs()),
        share: share(n[at]),
    });
    let book = segments::book(&now.workspace.root)?;
    let rows = Rows::query(engine, "select segment, version, n_shoppers from marts.segment_book").await?;
    let (names, versions, sizes) = (rows.texts("segment")?, rows.texts("version")?, rows.ints("n_shoppers")?);
    let own = book.entries().map(|entry| {
        // A rule that was changed since the run has no size yet.
        let at = (0..names.len()).find(|at| names[*at] == entry.name() && versions[*at] == entry.version());
        let size = at.and_then(|at| shown(&book, entry.name(), sizes[at]));
        let what = if entry.description().is_empty() { entry.name() } else { entry.description() };
        Segment {
            name: entry.name().to_owned(),
            title: Words::new(what, said::zh(what)),
            kind: "own".to_owned(),
            rule: Some(entry.text()),
            size: size.map(i64::unsigned_abs),
            share: size.and_then(share),
        }
    });
    let field = |field: &Field| {
        use audience::segments::field::Kind;
        let kind = match field.kind() {
            Kind::Text | Kind::Word => "text",
            Kind::Number => "float",
            Kind::Day => "date",
            Kind::Yes => "boolean",
        };
        Column::new(field.name(), kind, field.meaning(Language::EN)).in_chinese(Some(field.meaning(Language::ZH)))
    };
    let flows = "kind, from_day, to_day, from_segment, to_segment";
    Ok(Segments {
        segments: rfm.chain(own).collect(),
        fields: Field::ALL.iter().map(field).collect(),
        flows: Some(tables::all(now, "segment_flows", flows).await?),
    })
}

/// What is wrong with a rule, where it stands in its text.
fn problem(error: &BookError, rule: &str) -> RuleProblem {
    let next = "GET /api/v1/segments lists the fields that a rule can ask".to_owned();
    let BookError::Rule { error, .. } = error else {
        let len = rule.chars().count() as u32;
        return RuleProblem { at: 0, len, problem: error.to_string(), next };
    };
    let before: usize =
        rule.lines().take(error.at.line.saturating_sub(1) as usize).map(|l| l.chars().count() + 1).sum();
    RuleProblem {
        at: before as u32 + error.at.column.saturating_sub(1),
        len: error.word.chars().count() as u32,
        problem: error.what.clone(),
        next: error.instead.clone().unwrap_or(next),
    }
}

async fn preview(now: &Snapshot, rule: &str) -> Result<SegmentPreview> {
    let root = &now.workspace.root;
    if let Err(error) = segments::tried(root, rule)? {
        return Ok(SegmentPreview { errors: vec![problem(&error, rule)], ..SegmentPreview::default() });
    }
    let counted = segments::count(&now.engine, root, rule).await?;
    let of: i64 = counted.by_market.iter().map(|(_, _, all)| *all).sum();
    let size = counted.shown(counted.n).map(i64::unsigned_abs);
    let by_market = counted.by_market.iter().filter(|(_, n, _)| *n > 0).filter_map(|(market, n, all)| {
        let size = counted.shown(*n)?.unsigned_abs();
        Some(MarketSize { market: market.clone(), size, share: size as f64 / (*all).max(1) as f64 })
    });
    // Nothing is wrong with a rule that finds few, but how few is not said: see the privacy floor.
    let few = RuleProblem {
        at: 0,
        len: 0,
        problem: format!("it finds fewer than {PRIVACY_FLOOR} people by what their records say of them"),
        next: "ask for a larger group: small ones are not counted out".to_owned(),
    };
    Ok(SegmentPreview {
        size,
        of: of.unsigned_abs(),
        share: size.filter(|_| of > 0).map(|n| n as f64 / of as f64),
        by_market: by_market.collect(),
        errors: if size.is_none() { vec![few] } else { Vec::new() },
    })
}

fn words(said: &Said) -> Words {
    Words::new(&said.en, &said.zh)
}

fn persona(of: Market, page: &Sheet) -> Persona {
    let claim = |section: &str, entry: &Entry| Claim {
        section: section.to_owned(),
        text: words(&entry.statement),
        figure: Some((&entry.figure).into()),
        quotes: entry
            .quotes
            .iter()
            .map(|q| Quote {
                text: q.text.clone(),
                language: q.language.map(|l| l.to_string()),
                product_id: q.product.clone(),
                source: q.text_id.clone(),
            })
            .collect(),
    };
    let parts = [
        ("who", &page.basics),
        ("buys", &page.consumption),
        ("likes", &page.interests),
        ("wants", &page.motives),
        ("voice", &page.concerns),
    ];
    let mut claims: Vec<Claim> =
        parts.iter().flat_map(|(section, entries)| entries.iter().map(|e| claim(section, e))).collect();
    claims.extend(page.unknown.iter().map(|said| Claim {
        section: "unknown".to_owned(),
        text: words(said),
        ..Claim::default()
    }));
    let join = |texts: Vec<String>, between: &str| texts.join(between);
    let summary = Words::new(
        join(page.name_rules.iter().map(|r| r.en.clone()).collect(), " "),
        join(page.name_rules.iter().map(|r| r.zh.clone()).collect(), ""),
    );
    let (key, formula) = match page.counted {
        Counted::Shoppers => ("persona.shoppers", "shoppers with a settled sale"),
        Counted::Orders => ("persona.orders", "settled orders; none says who bought"),
    };
    let size = domain::Figure::number(key, domain::Unit::Count, page.n_shoppers as f64, page.n_shoppers, 0)
        .formula(formula)
        .source(format!("select n_shoppers from marts.personas where market = '{of}'"));
    let segment = page.whose.segment.map_or("all", |s| s.key());
    Persona {
        id: format!("{of}-{segment}"),
        market: of.code().to_owned(),
        segment: segment.to_owned(),
        title: words(&page.name),
        summary,
        figures: vec![(&size).into()],
        claims,
    }
}

async fn personas(now: &Snapshot, of: Option<Market>) -> Result<Personas> {
    let sql = format!("select market, page from marts.personas{} order by n_shoppers desc, market", only(of));
    let rows = Rows::query(&now.engine, &sql).await?;
    let mut personas = Vec::new();
    for (of, page) in rows.markets("market")?.into_iter().zip(rows.texts("page")?) {
        personas.push(persona(of, &serde_json::from_str(&page).context("a persona as JSON")?));
    }
    Ok(Personas { personas, notes: not_computed(now, "personas", of).await? })
}

async fn values(now: &Snapshot, of: Option<Market>) -> Result<Report> {
    let engine = &now.engine;
    let sql = format!("select * from marts.market_outlook{}", only(of));
    let figures = people_pages::figures(engine, &sql).await?;
    // With all markets asked for, figures of one name are told apart by their market.
    let figure = |(market, figure): &(Market, domain::Figure)| {
        let mut wire: serve::wire::figure::Figure = figure.into();
        if of.is_none() {
            wire.key = format!("{market}.{}", wire.key);
        }
        wire
    };
    let mut all = Vec::new();
    for (name, mart, order, en, zh) in [
        ("first", "shortlist", "market, rank", "Whom to address first", "优先联系的顾客"),
        ("outlook", "market_outlook", "market, figure", "What is expected", "预期"),
    ] {
        let sql = format!("select * from marts.{mart}{} order by {order} limit 500", only(of));
        let table = tables::query(engine, tables::mart(mart), &sql).await?;
        all.push(NamedTable { name: name.to_owned(), title: Words::new(en, zh), table });
    }
    let sql = format!(
        "select market, floor(lifetime_value / w.width) * w.width as from_value, count(*) as n_shoppers \
         from marts.shopper_outlook cross join (select greatest(max(lifetime_value) / 40, 0.01) as width \
         from marts.shopper_outlook) w where lifetime_value is not null{} group by market, from_value order by market, from_value",
        of.map_or_else(String::new, |m| format!(" and market = '{m}'"))
    );
    let table = tables::query(engine, None, &sql).await?;
    let title = Words::new("Lifetime values, by how many shoppers", "终身价值分布");
    all.push(NamedTable { name: "spread".to_owned(), title, table });
    for (name, mart, order, en, zh) in [
        ("predictors", "predictors", "target, metric", "How good the forecasts were on held-out days", "预测质量"),
        ("calibration", "calibration", "target, bin", "What was promised and what happened", "预测与实际"),
    ] {
        let table = tables::in_chinese(tables::all(now, mart, order).await?, "target");
        all.push(NamedTable { name: name.to_owned(), title: Words::new(en, zh), table });
    }
    Ok(Report {
        title: Words::new("What shoppers are expected to be worth", "顾客预期价值"),
        figures: figures.iter().map(figure).collect(),
        tables: all,
        notes: not_computed(now, "outlook", of).await?,
    })
}

/// A shopper's page; `None` for a shopper that is not known.
async fn shopper(now: &Snapshot, id: &str) -> Result<Option<Shopper>> {
    let (engine, who) = (&now.engine, quoted(id));
    let known = Rows::query(engine, &format!("select market from clean.shoppers where shopper_id = {who}")).await?;
    let Some(market) = known.texts("market")?.into_iter().next() else { return Ok(None) };
    let parts = [
        (
            "summary",
            format!("select * from marts.shopper_summary where shopper_id = {who}"),
            "shopper_summary",
            "What was bought",
            "购买概况",
        ),
        (
            "outlook",
            format!("select * from marts.shopper_outlook where shopper_id = {who}"),
            "shopper_outlook",
            "What is expected",
            "预期",
        ),
        (
            "segment",
            format!("select * from marts.segments where shopper_id = {who}"),
            "segments",
            "Segment and tags",
            "分群与标签",
        ),
        (
            "traits",
            format!("select * from marts.shopper_traits where shopper_id = {who}"),
            "shopper_traits",
            "Traits",
            "特征",
        ),
        (
            "orders",
            format!(
                "select order_id, day, kind, n_lines, units, gross, reversed, total, currency from clean.orders where shopper_id = {who} order by day desc, order_key limit 200"
            ),
            "",
            "Orders",
            "订单",
        ),
        (
            "products",
            format!(
                "select l.product_id, max(p.name) as name, sum(l.quantity) as units, sum(l.amount_base) as amount, max(l.day) as last_day \
                 from clean.order_lines l left join clean.products p on p.product_id = l.product_id \
                 where l.settled and l.shopper_id = {who} and l.product_id is not null group by l.product_id order by last_day desc, l.product_id limit 200"
            ),
            "",
            "Products",
            "商品",
        ),
    ];
    let mut all = Vec::new();
    for (name, sql, mart, en, zh) in parts {
        let table = tables::query(engine, tables::mart(mart), &sql).await?;
        if !table.rows.is_empty() {
            all.push(NamedTable { name: name.to_owned(), title: Words::new(en, zh), table });
        }
    }
    let report = Report { title: Words::same(id), tables: all, ..Report::default() };
    Ok(Some(Shopper { shopper_id: id.to_owned(), market, report }))
}

async fn shopper_segments(now: &Snapshot, id: &str) -> Result<Option<ShopperSegments>> {
    let Some(facts) = facts(&now.engine, id).await? else { return Ok(None) };
    let sql = format!(
        "select segment, recency_days, frequency, monetary from marts.segments where shopper_id = {}",
        quoted(id)
    );
    let rows = Rows::query(&now.engine, &sql).await?;
    let (keys, days) = (rows.texts("segment")?, rows.ints("recency_days")?);
    let (n, spent) = (rows.ints("frequency")?, rows.floats("monetary")?);
    let mut found: Vec<ShopperSegment> = (0..keys.len())
        .map(|at| ShopperSegment {
            name: keys[at].clone(),
            kind: "rfm".to_owned(),
            why: format!("last order {} days ago, {} orders, {:.2} in all", days[at], n[at], spent[at].unwrap_or(0.0)),
        })
        .collect();
    let book = segments::book(&now.workspace.root)?;
    let as_of = segments::cutoff(&now.engine).await?;
    for entry in book.entries() {
        if let Some(why) = book.explain(entry.name(), &facts, as_of).filter(|e| e.answer() == Some(true)) {
            let why = why.lines(Language::EN).join("; ");
            found.push(ShopperSegment { name: entry.name().to_owned(), kind: "own".to_owned(), why });
        }
    }
    Ok(Some(ShopperSegments { shopper_id: id.to_owned(), segments: found }))
}

fn no_shopper(id: &str) -> AnswerError {
    AnswerError::not_found(format!("there is no shopper `{id}`"), "clean.shoppers lists them: POST /api/v1/sql")
}

impl Serving {
    async fn save(&self, name: &str, draft: &SegmentDraft) -> Result<SegmentPreview, AnswerError> {
        let now = self.current.get();
        let root = &now.workspace.root;
        if let Err(error) = segments::tried(root, &draft.rule).map_err(refused)? {
            return Ok(SegmentPreview { errors: vec![problem(&error, &draft.rule)], ..SegmentPreview::default() });
        }
        {
            // Two who save at once would lose one of the two.
            let _one_at_a_time = self.segments.lock().await;
            let mut definitions = segments::definitions(root).map_err(refused)?;
            let new = Definition { name: name.to_owned(), rule: draft.rule.clone(), description: draft.title.clone() };
            match definitions.iter_mut().find(|d| d.name == name) {
                Some(old) => *old = new,
                None => definitions.push(new),
            }
            segments::write(root, definitions).map_err(refused)?;
        }
        preview(&now, &draft.rule).await.map_err(refused)
    }

    async fn remove(&self, name: &str) -> Result<(), AnswerError> {
        let now = self.current.get();
        let root = &now.workspace.root;
        let _one_at_a_time = self.segments.lock().await;
        let mut definitions = segments::definitions(root).map_err(refused)?;
        let before = definitions.len();
        definitions.retain(|d| d.name != name);
        if definitions.len() == before {
            return Err(self.unknown_segment(name));
        }
        segments::write(root, definitions).map(drop).map_err(refused)
    }

    fn unknown_segment(&self, name: &str) -> AnswerError {
        match segments::book(&self.root) {
            Ok(book) => {
                let stop = no_segment(&book, name);
                AnswerError::not_found(stop.to_string(), "GET /api/v1/segments lists them")
            }
            Err(error) => refused(error),
        }
    }

    async fn members(&self, name: &str, query: &MembersQuery) -> Result<Table, AnswerError> {
        let now = self.current.get();
        let is_named = audience::Segment::ALL.iter().any(|s| s.key() == name);
        let book = segments::book(&now.workspace.root).map_err(refused)?;
        if !is_named && book.get(name).is_none() {
            return Err(self.unknown_segment(name));
        }
        let (mart, order) =
            if is_named { ("segments", "monetary desc, shopper_id") } else { ("segment_members", "shopper_id") };
        let sql = format!("select * from marts.{mart} where segment = {}", quoted(name));
        let range = query.page().range();
        let mut found = tables::page(&now.engine, tables::mart(mart), &sql, order, range).await.map_err(refused)?;
        if !is_named && shown(&book, name, i64::try_from(found.total).unwrap_or(i64::MAX)).is_none() {
            let problem = format!("`{name}` finds fewer than {PRIVACY_FLOOR} people by what their records say of them");
            return Err(wrong("name", problem));
        }
        if query.contactable == Some(true) {
            found = self.contactable(&now, mart, &sql, order, range).await.map_err(refused)?;
        }
        Ok(found)
    }

    /// Of the rows of a query those of people who may be written to, one page. Whether somebody may is known here and
    /// not to the query engine, so all ids are looked at and the page is asked for by name.
    async fn contactable(
        &self,
        now: &Snapshot,
        mart: &str,
        sql: &str,
        order: &str,
        (from, n): (usize, usize),
    ) -> Result<Table> {
        let ids = format!(
            "select m.shopper_id, coalesce(p.accepts_marketing, false) as agreed from ({sql}) m \
             left join clean.shoppers p on p.shopper_id = m.shopper_id order by {}",
            order.replace("monetary", "m.monetary").replace("shopper_id", "m.shopper_id")
        );
        let rows = Rows::query(&now.engine, &ids).await?;
        let (ids, agreed) = (rows.texts("shopper_id")?, rows.truths("agreed")?);
        let may = |(id, agreed): &(&String, &bool)| self.consents.of(id, MARKETING).unwrap_or(**agreed);
        let all: Vec<&String> = ids.iter().zip(&agreed).filter(may).map(|(id, _)| id).collect();
        let page: Vec<String> = all.iter().skip(from).take(n).map(|id| quoted(id)).collect();
        // An empty list is no SQL; nothing equals this.
        let list = if page.is_empty() { "null".to_owned() } else { page.join(", ") };
        let sql = format!("select * from ({sql}) m where shopper_id in ({list}) order by {order}");
        let mut found = tables::query(&now.engine, tables::mart(mart), &sql).await?;
        found.total = all.len() as u64;
        Ok(found)
    }
}

impl AudienceAnswers for Serving {
    fn segments(&self) -> Answer<'_, Segments> {
        Box::pin(async move { all_segments(&self.current.get()).await.map_err(refused) })
    }

    fn preview_segment<'a>(&'a self, rule: &'a SegmentRule) -> Answer<'a, SegmentPreview> {
        Box::pin(async move { preview(&self.current.get(), &rule.rule).await.map_err(refused) })
    }

    fn save_segment<'a>(&'a self, name: &'a str, draft: &'a SegmentDraft) -> Answer<'a, SegmentPreview> {
        Box::pin(self.save(name, draft))
    }

    fn delete_segment<'a>(&'a self, name: &'a str) -> Answer<'a, ()> {
        Box::pin(self.remove(name))
    }

    fn segment_members<'a>(&'a self, name: &'a str, query: &'a MembersQuery) -> Answer<'a, Table> {
        Box::pin(self.members(name, query))
    }

    fn personas<'a>(&'a self, market: Option<&'a str>) -> Answer<'a, Personas> {
        Box::pin(async move {
            let (now, of) = (self.current.get(), of_market(market)?);
            personas(&now, of).await.map_err(refused)
        })
    }

    fn cohorts<'a>(&'a self, market: Option<&'a str>) -> Answer<'a, Table> {
        Box::pin(async move {
            let (now, of) = (self.current.get(), of_market(market)?);
            let sql = format!("select * from marts.cohorts{} order by market, cohort, months_since", only(of));
            tables::query(&now.engine, tables::mart("cohorts"), &sql).await.map_err(refused)
        })
    }

    fn channels<'a>(&'a self, market: Option<&'a str>) -> Answer<'a, Table> {
        Box::pin(async move {
            let (now, of) = (self.current.get(), of_market(market)?);
            let order = "case when market = 'all' then 0 else 1 end, visitors desc, market";
            let sql = format!("select * from marts.channel_visitors{} order by {order}", only(of));
            tables::query(&now.engine, tables::mart("channel_visitors"), &sql).await.map_err(refused)
        })
    }

    fn values<'a>(&'a self, market: Option<&'a str>) -> Answer<'a, Report> {
        Box::pin(async move {
            let (now, of) = (self.current.get(), of_market(market)?);
            let key = format!("values {of:?}");
            now.remember(&key, || values(&now, of)).await.map_err(refused)
        })
    }

    fn shopper<'a>(&'a self, id: &'a str) -> Answer<'a, Shopper> {
        Box::pin(async move { shopper(&self.current.get(), id).await.map_err(refused)?.ok_or_else(|| no_shopper(id)) })
    }

    fn shopper_segments<'a>(&'a self, id: &'a str) -> Answer<'a, ShopperSegments> {
        Box::pin(async move {
            shopper_segments(&self.current.get(), id).await.map_err(refused)?.ok_or_else(|| no_shopper(id))
        })
    }
}
