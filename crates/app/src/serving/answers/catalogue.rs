//! What is sold: search, a product's page, its picture, and what shops write.

use super::super::Serving;
use super::super::snapshot::Snapshot;
use super::recommend::no_product;
use super::tables::{self, quoted};
use super::{languages, market, picture_path, refused, wrong};
use crate::commands::today;
use crate::pipeline::rows::Rows;
use crate::search::Found;
use anyhow::{Context, Result};
use bytes::Bytes;
use content::picture::{Picture, PictureParams, decode};
use content::search::fuse;
use domain::{ItemIdx, Market};
use recommend::serving::Out;
use serve::answers::{Answer, AnswerError, CatalogueAnswers, Document};
use serve::wire::catalogue::{
    PricesWrite, Product, ProductCard, ProductQuery, ProductWrite, Products, Sellable, StockWrite, Written,
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
    fn card(&self, now: &Snapshot, item: ItemIdx, of: Option<Market>, score: Option<f64>) -> ProductCard {
        let goods = &now.goods;
        let id = goods.id(item);
        let at = of.unwrap_or(Market::UNKNOWN);
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let price = self.updates.price(id, at).or_else(|| goods.price(item, at));
        ProductCard {
            product_id: id.to_owned(),
            name: goods.title(item, &languages(of)),
            category: some(goods.category(item)),
            brand: some(goods.brand(item)),
            price: price.map(Into::into),
            picture: goods.is_pictured(item).then(|| picture_path(id)),
            score,
            sellable: of.map(|market| sellable(now, item, market)),
        }
    }

    fn search(&self, query: &ProductQuery) -> Result<Products, AnswerError> {
        let of = query.market.as_deref().map(market).transpose()?;
        let now = self.current.get();
        let (from, n) = Page { page: query.page, per_page: query.per_page }.range();
        let there = |item: ItemIdx| of.is_none_or(|market| now.goods.is_sold_in(item, market));
        let asked = query.q.as_deref().map(str::trim).filter(|q| !q.is_empty());
        let Some(words) = asked else {
            let all: Vec<ItemIdx> = now.goods.by_code().filter(|item| there(*item)).collect();
            let products = all.iter().skip(from).take(n).map(|item| self.card(&now, *item, of, None)).collect();
            return Ok(Products {
                products,
                total: all.len() as u64,
                found_by: "catalogue".to_owned(),
                notes: Vec::new(),
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
        let products = hits.iter().skip(from).take(n).map(|(item, score)| self.card(&now, *item, of, Some(*score)));
        Ok(Products { products: products.collect(), total: hits.len() as u64, found_by: "words".to_owned(), notes })
    }

    fn like(&self, now: &Snapshot, near: Vec<(u32, f64)>, found: &Found, by: &str, notes: Vec<Words>) -> Products {
        let item = |row: u32| now.goods.find(found.ids.get(row as usize)?);
        let products: Vec<ProductCard> =
            near.into_iter().filter_map(|(row, score)| Some(self.card(now, item(row)?, None, Some(score)))).collect();
        Products { total: products.len() as u64, products, found_by: by.to_owned(), notes }
    }

    fn similar_to(&self, id: &str) -> Result<Products, AnswerError> {
        let now = self.current.get();
        let of = now.goods.find(id).ok_or_else(|| no_product(id))?;
        let found = found(&now)?;
        let row = found.row(now.goods.id(of)).ok_or_else(|| no_product(id))?;
        let allowed = vec![true; found.ids.len()];
        let texts = found.search().similar(row, 200, &allowed);
        let pictures = now.looks().map_or_else(Vec::new, |l| l.likeness.like_row(row as usize, 200, &allowed));
        let lists: Vec<Vec<u32>> =
            vec![texts.iter().map(|(row, _)| *row).collect(), pictures.iter().map(|a| a.row as u32).collect()];
        let lists: Vec<Vec<u32>> = lists.into_iter().filter(|list| !list.is_empty()).collect();
        let by = match (texts.is_empty(), pictures.is_empty()) {
            (false, false) => "words and pictures",
            (true, false) => "picture",
            (_, true) => "words",
        };
        let near: Vec<(u32, f64)> = fuse(&lists).into_iter().filter(|(other, _)| *other != row).take(ALIKE).collect();
        Ok(self.like(&now, near, found, by, Vec::new()))
    }

    fn like_picture(&self, bytes: &[u8]) -> Result<Products, AnswerError> {
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
        let near = looks.likeness.like(&picture, ALIKE, &vec![true; found.ids.len()]);
        let near = near.into_iter().map(|alike| (alike.row as u32, f64::from(alike.likeness))).collect();
        Ok(self.like(&now, near, found, "picture", Vec::new()))
    }

    async fn page(&self, id: &str) -> Result<Product, AnswerError> {
        let now = self.current.get();
        let item = now.goods.find(id).ok_or_else(|| no_product(id))?;
        let card = self.card(&now, item, None, None);
        let (texts, description) = texts(&now, now.goods.id(item)).await.map_err(refused)?;
        let pending = self.updates.stock(now.goods.id(item), Market::UNKNOWN);
        let sellable = now.markets.keys().map(|market| sellable(&now, item, *market)).collect();
        Ok(Product {
            names: texts,
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
        let path = now.workspace.lake().map_err(refused)?.root().join("raw/files").join(hash);
        let bytes = std::fs::read(&path).with_context(|| format!("reading {}", path.display())).map_err(refused)?;
        Ok(Document { content_type: format!("image/{format}"), bytes: Bytes::from(bytes) })
    }
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
                "select colour, voltage_v, plug, wattage_w, length_cm, width_cm, height_cm, weight_kg, gtin, list_price, currency, unit_cost, cost_currency from clean.products where product_id = {who}"
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
        Box::pin(async move { tokio::task::block_in_place(|| self.search(query)) })
    }

    fn product<'a>(&'a self, id: &'a str) -> Answer<'a, Product> {
        Box::pin(self.page(id))
    }

    fn similar_products<'a>(&'a self, id: &'a str) -> Answer<'a, Products> {
        Box::pin(async move { tokio::task::block_in_place(|| self.similar_to(id)) })
    }

    fn picture<'a>(&'a self, id: &'a str) -> Answer<'a, Document> {
        Box::pin(self.picture_of(id))
    }

    fn search_by_picture(&self, picture: Bytes) -> Answer<'_, Products> {
        Box::pin(async move { tokio::task::block_in_place(|| self.like_picture(&picture)) })
    }

    fn put_product<'a>(&'a self, id: &'a str, product: &'a ProductWrite) -> Answer<'a, Written> {
        Box::pin(async move {
            if id.trim().is_empty() || product.name.trim().is_empty() {
                return Err(wrong("name", "a product needs a code and a name"));
            }
            self.updates.put_product(id, product).map_err(refused)?;
            Ok(written(1, Vec::new(), "product", "next_run"))
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
