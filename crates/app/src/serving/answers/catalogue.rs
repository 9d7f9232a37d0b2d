//! What is sold: search, a product's page, its picture, and what shops write.

use super::super::Serving;
use super::super::goods::Priced;
use super::super::snapshot::Snapshot;
use super::limits::price;
use super::reader::{Reader, Title};
use super::recommend::no_product;
use super::tables::{self, quoted};
use super::{market, picture_path, refused, wrong};
use crate::commands::today;
use crate::pipeline::rows::Rows;
use crate::search::Found;
use crate::views::{self, Near};
use anyhow::{Context, Result};
use bytes::Bytes;
use content::picture::{Picture, PictureParams, decode};
use domain::{ItemIdx, Market};
use recommend::serving::Out;
use serve::answers::{Answer, AnswerError, CatalogueAnswers, Document};
use serve::wire::catalogue::{
    PricesWrite, Product, ProductCard, ProductQuery, ProductWrite, Products, ReaderQuery, Sellable, StockWrite, Written,
};
use serve::wire::figure::Words;
use serve::wire::problem::ProblemAt;
use serve::wire::table::{NamedTable, Page, Report};
use std::collections::BTreeMap;

/// Products that are found at most for one question.
const DEEP: usize = 1_000;
/// Products that are like another one.
const ALIKE: usize = 20;

impl Serving {
    fn card(&self, now: &Snapshot, item: ItemIdx, read: Read<'_>, score: Option<f64>) -> ProductCard {
        let (goods, of) = (&now.goods, read.market);
        let id = goods.id(item);
        let at = of.unwrap_or(Market::UNKNOWN);
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        // What was written since the last run lies over what the lake says.
        let sent = self.updates.product(id).unwrap_or_default();
        let title = goods.title(item, read.reader, &self.updates.titles(id));
        let price = price(now, &self.updates, item, at);
        ProductCard {
            product_id: id.to_owned(),
            name: title.text,
            name_locale: title.locale,
            name_fit: title.fit.to_owned(),
            category: sent.category.or_else(|| some(goods.category(item))),
            brand: sent.brand.or_else(|| some(goods.brand(item))),
            price_text: price.map(|price| read.reader.price(&price)),
            price_rate_day: price.and_then(|price| price.rate_day).map(|day| day.to_string()),
            price: price.map(|price| price.money.into()),
            picture: goods.is_pictured(item).then(|| picture_path(id)),
            score,
            sellable: of.map(|market| sellable(now, item, market)),
        }
    }

    /// The card of a product that was written and is not in the lake yet.
    fn new_card(&self, id: &str, read: Read<'_>) -> Option<ProductCard> {
        let sent = self.updates.product(id)?;
        let price = read.market.and_then(|market| self.updates.price(id, market));
        let titles = self.updates.titles(id);
        let title = read.reader.pick(titles.iter().map(|(tag, name)| (tag.as_str(), name.as_str())));
        let title = title.unwrap_or(Title {
            text: sent.name,
            locale: sent.language.filter(|l| !l.is_empty()),
            fit: "catalogue",
        });
        Some(ProductCard {
            product_id: id.to_owned(),
            name: title.text,
            name_locale: title.locale,
            name_fit: title.fit.to_owned(),
            category: sent.category,
            brand: sent.brand,
            price_text: price.map(|money| read.reader.price(&Priced { money, rate_day: None })),
            price: price.map(Into::into),
            ..ProductCard::default()
        })
    }

    /// The same cards with the verdicts of the rules where the last run decided them.
    async fn judged(&self, of: Option<&str>, mut found: Products) -> Result<Products, AnswerError> {
        let Some(of) = of.map(market).transpose()? else { return Ok(found) };
        let now = self.current.get();
        let ids: Vec<String> = found.products.iter().map(|p| quoted(&p.product_id)).collect();
        if ids.is_empty() {
            return Ok(found);
        }
        let sql = format!("market = '{of}' and product_id in ({})", ids.join(", "));
        let verdicts = verdicts(&now, &sql).await.map_err(refused)?;
        for card in &mut found.products {
            let verdict = verdicts.iter().find(|(id, _)| *id == card.product_id);
            // What the shelf refuses, a service or a product long gone, stays refused whatever the rules say.
            let blocked = card.sellable.as_ref().is_some_and(|s| s.verdict == "blocked");
            if let Some((_, verdict)) = verdict.filter(|(_, v)| !blocked || v.verdict == "blocked") {
                card.sellable = Some(verdict.clone());
            }
        }
        Ok(found)
    }

    fn search(&self, query: &ProductQuery) -> Result<Products, AnswerError> {
        let of = query.market.as_deref().map(market).transpose()?;
        let reader = Reader::new(query.locale.as_deref(), query.accept_language.as_deref(), of)?;
        let read = Read { market: of, reader: &reader };
        let now = self.current.get();
        let (from, n) = Page { page: query.page, per_page: query.per_page }.range();
        let there = |item: ItemIdx| of.is_none_or(|market| now.goods.is_sold_in(item, market));
        let asked = query.q.as_deref().map(str::trim).filter(|q| !q.is_empty());
        let Some(words) = asked else {
            let all: Vec<ItemIdx> = now.goods.by_code().filter(|item| there(*item)).collect();
            // New products come last: the lake does not know yet where they are sold.
            let new: Vec<String> = if of.is_none() { self.new_products(&now, "") } else { Vec::new() };
            let cards = all.iter().map(Some).chain(new.iter().map(|_| None)).enumerate().skip(from).take(n);
            let products = cards.filter_map(|(at, item)| match item {
                Some(item) => Some(self.card(&now, *item, read, None)),
                None => self.new_card(new.get(at.checked_sub(all.len())?)?, read),
            });
            return Ok(Products {
                products: products.collect(),
                total: (all.len() + new.len()) as u64,
                found_by: "catalogue".to_owned(),
                locale: reader.told(),
                ..Products::default()
            });
        };
        let found = found(&now)?;
        let allowed: Vec<bool> = found.ids.iter().map(|id| now.goods.find(id).is_some_and(there)).collect();
        let answer = found.find(words, (from + n).min(DEEP), &allowed).map_err(refused)?;
        let hits: Vec<(ItemIdx, f64)> = answer
            .hits
            .iter()
            .filter_map(|hit| Some((now.goods.find(found.ids.get(hit.row as usize)?)?, hit.score)))
            .collect();
        let mut notes = Vec::new();
        for word in &answer.words {
            use content::search::Reading;
            let (en, zh) = match word.reading {
                Reading::Exact => continue,
                Reading::Near => ("words that differ in one letter were taken", "已采用相差一个字母的词"),
                Reading::Unknown => ("no product has this word", "没有商品含有该词"),
            };
            notes.push(Words::new(format!("`{}`: {en}", word.word), format!("`{}`:{zh}", word.word)));
        }
        // What was written a moment ago is in no index; it is found by its words, ahead of all others.
        let new = self.new_products(&now, words);
        let cards = new.iter().filter_map(|id| self.new_card(id, read));
        let known = hits.iter().map(|(item, score)| self.card(&now, *item, read, Some(*score)));
        let products = cards.chain(known).skip(from).take(n).collect();
        Ok(Products {
            products,
            total: (hits.len() + new.len()) as u64,
            found_by: "words".to_owned(),
            notes,
            locale: reader.told(),
            ..Products::default()
        })
    }

    /// Codes of products with these words that were written and that the lake does not know yet.
    fn new_products(&self, now: &Snapshot, words: &str) -> Vec<String> {
        let mut all = self.updates.products_with(words);
        all.retain(|id| now.goods.find(id).is_none());
        all
    }

    /// Cards of what was found near something.
    fn like(&self, now: &Snapshot, near: Vec<(u32, f64)>, found: &Found, by: &str, reader: &Reader) -> Products {
        let read = Read { market: None, reader };
        let item = |row: u32| now.goods.find(found.ids.get(row as usize)?);
        let products: Vec<ProductCard> =
            near.into_iter().filter_map(|(row, score)| Some(self.card(now, item(row)?, read, Some(score)))).collect();
        let total = products.len() as u64;
        Products { total, products, found_by: by.to_owned(), locale: reader.told(), ..Products::default() }
    }

    /// Names an answer and takes it down.
    fn shown(
        &self,
        kind: &'static str,
        market: Option<Market>,
        names: [Option<&str>; 2],
        mut found: Products,
    ) -> Products {
        let now = self.current.get();
        let whom = self.whom(&now, kind, market, names);
        self.expose_products(&now, whom, &mut found);
        found
    }

    fn similar_to(&self, id: &str, asked: &ReaderQuery) -> Result<Products, AnswerError> {
        let reader = reader(asked)?;
        let now = self.current.get();
        let of = now.goods.find(id).ok_or_else(|| no_product(id))?;
        let found = found(&now)?;
        let row = found.row(now.goods.id(of)).ok_or_else(|| no_product(id))?;
        let allowed = vec![true; found.ids.len()];
        let near = views::ranked(found, now.looks(), row as usize, ALIKE, &allowed).near;
        let is_any = |of: &dyn Fn(&Near) -> bool| near.iter().any(of);
        let by = match (is_any(&|n| n.text.is_some()), is_any(&|n| n.picture.is_some())) {
            (true, true) => "words and pictures",
            (false, true) => "picture",
            (_, false) => "words",
        };
        let near = near.into_iter().map(|near| (near.row as u32, near.score)).collect();
        Ok(self.like(&now, near, found, by, &reader))
    }

    fn like_picture(&self, bytes: &[u8], asked: &ReaderQuery) -> Result<Products, AnswerError> {
        let reader = reader(asked)?;
        let now = self.current.get();
        let picture: Picture = decode(bytes, &PictureParams::default()).map_err(|why| AnswerError::Invalid {
            detail: format!("this is no picture that can be read: {why}"),
            next: "send the bytes of a JPEG, PNG, WebP, GIF, BMP or TIFF file".to_owned(),
            errors: Vec::new(),
        })?;
        let found = found(&now)?;
        let looks = now.looks().ok_or_else(being_made)?;
        if looks.likeness.n_present() == 0 {
            return Err(AnswerError::NotYet {
                what: "no product has a picture in the lake".to_owned(),
                next: "`portolan ingest FOLDER` takes pictures whose names stand in the catalogue's column `image`"
                    .to_owned(),
            });
        }
        let near = looks.like(&picture, ALIKE, &vec![true; found.ids.len()]).map_err(refused)?;
        let near = near.into_iter().map(|alike| (alike.row as u32, f64::from(alike.likeness))).collect();
        Ok(self.like(&now, near, found, "picture", &reader))
    }

    async fn page(&self, id: &str, asked: &ReaderQuery) -> Result<Product, AnswerError> {
        let reader = reader(asked)?;
        let read = Read { market: None, reader: &reader };
        let now = self.current.get();
        let Some(item) = now.goods.find(id) else {
            // Written a moment ago: what was written is all that is known of it.
            let card = self.new_card(id.trim(), read).ok_or_else(|| no_product(id))?;
            let sent = self.updates.product(id.trim()).unwrap_or_default();
            let names = self.updates.titles(id.trim()).into_iter().filter(|(tag, _)| !tag.is_empty()).collect();
            let stock = self.updates.stock(id.trim(), Market::UNKNOWN);
            return Ok(Product { card, names, description: sent.description, stock, ..Product::default() });
        };
        let card = self.card(&now, item, read, None);
        let (texts, description) = texts(&now, now.goods.id(item)).await.map_err(refused)?;
        let pending = self.updates.stock(now.goods.id(item), Market::UNKNOWN);
        let judged = verdicts(&now, &format!("product_id = {}", quoted(now.goods.id(item)))).await.map_err(refused)?;
        let mut sellable: Vec<Sellable> = now.markets.keys().map(|market| sellable(&now, item, *market)).collect();
        for (_, verdict) in judged {
            match sellable.iter_mut().find(|s| s.market == verdict.market) {
                Some(known) if known.verdict == "blocked" && verdict.verdict != "blocked" => {}
                Some(known) => *known = verdict,
                None => sellable.push(verdict),
            }
        }
        sellable.sort_by(|a, b| a.market.cmp(&b.market));
        let mut names = texts;
        names.extend(self.updates.titles(now.goods.id(item)).into_iter().filter(|(tag, _)| !tag.is_empty()));
        Ok(Product {
            names,
            description,
            stock: pending.or_else(|| now.goods.stock(item, Market::UNKNOWN)),
            sellable,
            report: report(&now, now.goods.id(item)).await.map_err(refused)?,
            card,
        })
    }

    async fn picture_of(&self, id: &str) -> Result<Document, AnswerError> {
        let now = self.current.get();
        let item = now.goods.find(id).ok_or_else(|| no_product(id))?;
        let none =
            || AnswerError::not_found(format!("`{id}` has no picture"), "`portolan ingest FOLDER` takes pictures");
        if !now.goods.is_pictured(item) {
            return Err(none());
        }
        let sql = format!(
            "select m.format, s.sha256 from clean.media m join raw.sources s on s.source = m.source \
             where m.kind = 'picture' and m.product_id = {} order by m.path, s.sha256 limit 1",
            quoted(now.goods.id(item))
        );
        let found = async {
            let rows = Rows::query(&now.engine, &sql).await?;
            anyhow::Ok(rows.texts("format")?.into_iter().zip(rows.texts("sha256")?).next())
        };
        let (format, hash) = found.await.map_err(refused)?.ok_or_else(none)?;
        let kept = now.workspace.kept_files().map_err(refused)?;
        let telling = || format!("reading the picture {hash}");
        let bytes = kept.bytes(&hash, PictureParams::default().max_bytes).with_context(telling).map_err(refused)?;
        Ok(Document { content_type: format!("image/{format}"), bytes: Bytes::from(bytes) })
    }
}

/// For whom cards are made.
#[derive(Clone, Copy)]
struct Read<'a> {
    market: Option<Market>,
    reader: &'a Reader,
}

fn reader(asked: &ReaderQuery) -> Result<Reader, AnswerError> {
    Reader::new(asked.locale.as_deref(), asked.accept_language.as_deref(), None)
}

fn found(now: &Snapshot) -> Result<&Found, AnswerError> {
    now.found().ok_or_else(being_made)
}

fn being_made() -> AnswerError {
    AnswerError::Unavailable {
        detail: "the index of products is still being made".to_owned(),
        next: "try again in a moment".to_owned(),
        retry_after: 5,
    }
}

fn sellable(now: &Snapshot, item: ItemIdx, market: Market) -> Sellable {
    let (verdict, why) = match now.barred(item, market) {
        Some(Out::OutOfStock) => ("sell", Words::new("nothing is left in stock", "无库存")),
        Some(_) => (
            "blocked",
            Words::new("a service, not sold for half a year, or not allowed there", "服务、半年未售出或当地不允许"),
        ),
        None => ("unknown", Words::new("nothing speaks against it in what is known", "已知信息中没有不可售的理由")),
    };
    Sellable { market: market.code().to_owned(), verdict: verdict.to_owned(), why }
}

/// Verdicts of the rules with their reasons, by product, as the last run decided them.
async fn verdicts(now: &Snapshot, only: &str) -> Result<Vec<(String, Sellable)>> {
    let sql = format!(
        "select market, product_id, verdict, en, zh from marts.sellability where {only} order by market, product_id"
    );
    let rows = Rows::query(&now.engine, &sql).await?;
    let (ids, markets, verdicts) = (rows.texts("product_id")?, rows.texts("market")?, rows.texts("verdict")?);
    let (en, zh) = (rows.texts("en")?, rows.texts("zh")?);
    let verdict = |at: usize| Sellable {
        market: markets[at].clone(),
        verdict: verdicts[at].clone(),
        why: Words::new(&en[at], &zh[at]),
    };
    Ok((0..ids.len()).map(|at| (ids[at].clone(), verdict(at))).collect())
}

async fn texts(now: &Snapshot, id: &str) -> Result<(BTreeMap<String, String>, Option<String>)> {
    let sql =
        format!("select name, description, texts, language from clean.products where product_id = {}", quoted(id));
    let rows = Rows::query(&now.engine, &sql).await?;
    let first = |name: &str| -> Result<Option<String>> { Ok(rows.optional_texts(name)?.into_iter().flatten().next()) };
    let mut names = BTreeMap::new();
    if let (Some(name), Some(language)) = (first("name")?, first("language")?) {
        names.insert(language, name);
    }
    let all: serde_json::Value =
        first("texts")?.and_then(|texts| serde_json::from_str(&texts).ok()).unwrap_or_default();
    for (language, texts) in all.as_object().into_iter().flatten() {
        if let Some(name) = texts["name"].as_str() {
            names.insert(language.clone(), name.to_owned());
        }
    }
    Ok((names, first("description")?))
}

async fn report(now: &Snapshot, id: &str) -> Result<Report> {
    let who = quoted(id);
    let parts = [
        (
            "sales",
            "product_market",
            format!("select * from marts.product_market where product_id = {who} order by revenue desc, market"),
            "Sales by market",
            "各市场销售",
        ),
        (
            "prices",
            "prices",
            format!("select * from marts.prices where product_id = {who} order by market"),
            "Prices: corridor and advice",
            "价格区间与建议",
        ),
        (
            "landed",
            "landed_costs",
            format!("select * from marts.landed_costs where product_id = {who} order by market, place"),
            "What a unit costs until it is sold",
            "到岸成本",
        ),
        (
            "advice",
            "stock_advice",
            format!("select * from marts.stock_advice where product_id = {who} order by market"),
            "What to do about its stock",
            "库存建议",
        ),
        (
            "demand",
            "demand",
            format!("select * from marts.demand where product_id = {who} order by market, week limit 200"),
            "Expected demand by week",
            "每周预期需求",
        ),
        (
            "planned",
            "planned",
            format!("select * from marts.planned where subject = {} order by market", quoted(&format!("product:{id}"))),
            "What the plan makes of the forecast",
            "计划对预测的影响",
        ),
        (
            "next",
            "next_products",
            format!(
                "select * from marts.next_products where product_id = {who} order by market, share desc, next_id limit 50"
            ),
            "Bought within 90 days after it",
            "90 天内后续购买",
        ),
        (
            "returns",
            "return_reasons",
            format!(
                "select * from marts.return_reasons where product_id = {who} order by market, n_units desc, reason limit 50"
            ),
            "What comes back",
            "退货",
        ),
        (
            "reviews",
            "",
            format!(
                "select market, day, language, stance, theme, sentence from marts.voices where product_id = {who} order by day desc, review_id limit 50"
            ),
            "What reviews say",
            "评论",
        ),
        (
            "stock",
            "",
            format!(
                "select warehouse, market, quantity, as_of from clean.stock where product_id = {who} order by warehouse, market"
            ),
            "Stock",
            "库存",
        ),
        (
            "attributes",
            "",
            format!(
                "select colour, voltage_v, voltage_range, plug, marks, label_languages, battery, battery_wh, liquid, wattage_w, length_cm, width_cm, height_cm, weight_kg, gtin, list_price, currency, unit_cost, cost_currency from clean.products where product_id = {who}"
            ),
            "Attributes",
            "属性",
        ),
    ];
    let mut all = Vec::new();
    for (name, mart, sql, en, zh) in parts {
        let table = tables::query(&now.engine, tables::mart(mart), &sql).await?;
        if !table.rows.is_empty() {
            all.push(NamedTable { name: name.to_owned(), title: Words::new(en, zh), table });
        }
    }
    Ok(Report { title: Words::same(id), tables: all, ..Report::default() })
}

/// What became of rows, those at `wrong` places not taken.
fn written(n: usize, wrong: Vec<(usize, String)>, list: &str, seen: &str) -> Written {
    Written {
        accepted: (n - wrong.len()) as u64,
        rejected: wrong.into_iter().map(|(at, problem)| ProblemAt { at: format!("{list}[{at}]"), problem }).collect(),
        seen: seen.to_owned(),
    }
}

impl CatalogueAnswers for Serving {
    fn products<'a>(&'a self, query: &'a ProductQuery) -> Answer<'a, Products> {
        Box::pin(async move {
            let found = tokio::task::block_in_place(|| self.search(query))?;
            let found = self.judged(query.market.as_deref(), found).await?;
            let kind = if found.found_by == "words" { "search" } else { "catalogue" };
            let of = query.market.as_deref().map(market).transpose()?;
            Ok(self.shown(kind, of, [query.shopper.as_deref(), query.session.as_deref()], found))
        })
    }

    fn product<'a>(&'a self, id: &'a str, reader: &'a ReaderQuery) -> Answer<'a, Product> {
        Box::pin(self.page(id, reader))
    }

    fn similar_products<'a>(&'a self, id: &'a str, reader: &'a ReaderQuery) -> Answer<'a, Products> {
        Box::pin(async move {
            let found = tokio::task::block_in_place(|| self.similar_to(id, reader))?;
            Ok(self.shown("alike", None, [reader.shopper.as_deref(), reader.session.as_deref()], found))
        })
    }

    fn picture<'a>(&'a self, id: &'a str) -> Answer<'a, Document> {
        Box::pin(self.picture_of(id))
    }

    fn search_by_picture<'a>(&'a self, picture: Bytes, reader: &'a ReaderQuery) -> Answer<'a, Products> {
        Box::pin(async move {
            let found = tokio::task::block_in_place(|| self.like_picture(&picture, reader))?;
            Ok(self.shown("picture", None, [reader.shopper.as_deref(), reader.session.as_deref()], found))
        })
    }

    fn put_product<'a>(&'a self, id: &'a str, product: &'a ProductWrite) -> Answer<'a, Written> {
        Box::pin(async move {
            if id.trim().is_empty() || product.name.trim().is_empty() {
                return Err(wrong("name", "a product needs a code and a name"));
            }
            if let Some(Err(why)) = product.language.as_deref().map(str::parse::<domain::Locale>) {
                return Err(wrong("language", why.to_string()));
            }
            self.updates.put_product(id, product).map_err(refused)?;
            Ok(written(1, Vec::new(), "product", "now"))
        })
    }

    fn put_stock<'a>(&'a self, stock: &'a StockWrite) -> Answer<'a, Written> {
        Box::pin(async move {
            let wrong = self.updates.put_stock(&stock.levels, today()).map_err(refused)?;
            Ok(written(stock.levels.len(), wrong, "levels", "now"))
        })
    }

    fn put_prices<'a>(&'a self, prices: &'a PricesWrite) -> Answer<'a, Written> {
        Box::pin(async move {
            let wrong = self.updates.put_prices(&prices.prices).map_err(refused)?;
            Ok(written(prices.prices.len(), wrong, "prices", "now"))
        })
    }
}
