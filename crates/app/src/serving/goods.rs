//! The catalogue as answers show it: names in every language, price, category, picture, what is left.
//!
//! Products have the numbers of the models: first those that shoppers bought, by code, then the others.

use super::answers::reader::{Reader, Title};
use crate::pipeline::rates::Rates;
use crate::pipeline::rows::Rows;
use crate::pipeline::shelves::{STALE_DAYS, Stock};
use anyhow::Result;
use domain::{Amount, Currency, Day, ItemIdx, Market, Money, Rounding};
use lake::Engine;
use recommend::serving::{Out, Popular};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// All products, sold or not.
pub(crate) struct Goods {
    ids: Vec<String>,
    /// Number by code in capitals.
    numbers: HashMap<String, ItemIdx>,
    /// All numbers, by code.
    sorted: Vec<ItemIdx>,
    names: Vec<String>,
    /// Locale of the name; empty where the catalogue does not say.
    tongues: Vec<String>,
    /// Titles and descriptions by language, JSON.
    texts: Vec<String>,
    categories: Vec<String>,
    /// Numbers of the parts of the category path, `["A", "A > B"]`.
    paths: Vec<Vec<u32>>,
    brands: Vec<String>,
    /// List price, else the median of what was paid.
    prices: Vec<Option<Money>>,
    /// What was paid last in a market.
    paid: BTreeMap<Market, HashMap<ItemIdx, Money>>,
    /// What a market asks now, in its own currency.
    here: BTreeMap<Market, HashMap<ItemIdx, Money>>,
    /// Below what a market must not sell it, in its own currency.
    floors: BTreeMap<Market, HashMap<ItemIdx, Money>>,
    /// Products that sell below their floor at the prices of the last run.
    below: BTreeMap<Market, usize>,
    pictured: Vec<bool>,
    /// Services and what was not sold for long.
    gone: Vec<bool>,
    stock: Stock,
    rates: Rates,
    /// Newest first; a product without a sale is newer than any other.
    newest: Popular,
}

/// A price, and the day of the rate where it was converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Priced {
    pub(crate) money: Money,
    pub(crate) rate_day: Option<Day>,
}

/// What a title is read from; everything else of a product's texts is skipped, not built.
#[derive(Default, Deserialize)]
struct Text<'a> {
    #[serde(borrow, default)]
    name: Option<Cow<'a, str>>,
}

/// Row of a product that the catalogue does not know.
#[derive(Clone, Default)]
struct Row {
    name: String,
    tongue: String,
    texts: String,
    category: String,
    brand: String,
    price: Option<Money>,
    pictured: bool,
    service: bool,
}

fn money(amount: Option<Amount>, currency: Option<Currency>) -> Option<Money> {
    // An amount beyond what the minor units reach is shown as no price rather than as a wrong one.
    Money::from_decimal(amount?.to_decimal(), currency?, Rounding::HalfEven).ok()
}

impl Goods {
    /// `bought` are the products that the models were fitted on, by code.
    pub(crate) async fn load(engine: &Engine, base: Option<Currency>, bought: Vec<String>) -> Result<Self> {
        let rows = Rows::query(
            engine,
            "select p.product_id, p.name, p.language, p.texts, p.category, p.brand, p.list_price, p.currency, p.median_price, \
             p.list_price is not null as listed, p.median_price is not null as paid, p.service, m.product_id is not null as pictured \
             from clean.products p left join (select distinct product_id from clean.media \
             where kind = 'picture' and product_id is not null) m on m.product_id = p.product_id order by p.product_id",
        )
        .await?;
        let text = |name: &str| rows.texts(name);
        let (codes, names, texts) = (text("product_id")?, text("name")?, text("texts")?);
        let tongues: Vec<String> =
            rows.optional_texts("language")?.into_iter().map(Option::unwrap_or_default).collect();
        let (categories, brands, currencies) = (text("category")?, text("brand")?, text("currency")?);
        let (list, median) = (rows.amounts("list_price")?, rows.amounts("median_price")?);
        let (listed, paid) = (rows.truths("listed")?, rows.truths("paid")?);
        let (service, pictured) = (rows.truths("service")?, rows.truths("pictured")?);
        let row = |at: usize| Row {
            name: names[at].clone(),
            tongue: tongues[at].clone(),
            texts: texts[at].clone(),
            category: categories[at].clone(),
            brand: brands[at].clone(),
            price: money(listed[at].then_some(list[at]), currencies[at].parse().ok())
                .or_else(|| money(paid[at].then_some(median[at]), base)),
            pictured: pictured[at],
            service: service[at],
        };
        let known: HashMap<&str, usize> = codes.iter().enumerate().map(|(at, code)| (code.as_str(), at)).collect();
        let sold: BTreeSet<&str> = bought.iter().map(String::as_str).collect();
        let new = codes.iter().filter(|code| !sold.contains(code.as_str())).cloned().collect::<Vec<_>>();
        let ids: Vec<String> = bought.iter().cloned().chain(new).collect();
        let mut goods = Self {
            numbers: ids.iter().zip(0..).map(|(id, at)| (id.to_uppercase(), ItemIdx(at))).collect(),
            sorted: {
                let mut sorted: Vec<ItemIdx> = (0..ids.len() as u32).map(ItemIdx).collect();
                sorted.sort_unstable_by(|a, b| ids[a.at()].cmp(&ids[b.at()]));
                sorted
            },
            ids,
            names: Vec::new(),
            tongues: Vec::new(),
            texts: Vec::new(),
            categories: Vec::new(),
            paths: Vec::new(),
            brands: Vec::new(),
            prices: Vec::new(),
            paid: BTreeMap::new(),
            here: BTreeMap::new(),
            floors: BTreeMap::new(),
            below: BTreeMap::new(),
            pictured: Vec::new(),
            gone: Vec::new(),
            stock: Stock::load(engine).await?,
            rates: Rates::load(engine).await?,
            newest: Popular::default(),
        };
        let mut parts: HashMap<String, u32> = HashMap::new();
        for id in &goods.ids {
            let row = known.get(id.as_str()).map_or_else(Row::default, |at| row(*at));
            goods.paths.push(path(&row.category, &mut parts));
            goods.names.push(row.name);
            goods.tongues.push(row.tongue);
            goods.texts.push(row.texts);
            goods.categories.push(row.category);
            goods.brands.push(row.brand);
            goods.prices.push(row.price);
            goods.pictured.push(row.pictured);
            goods.gone.push(row.service);
        }
        goods.load_sales(engine, base).await?;
        Ok(goods)
    }

    /// Prices in the markets, what was not sold for long, what is new.
    async fn load_sales(&mut self, engine: &Engine, base: Option<Currency>) -> Result<()> {
        let sql = "select product_id, market, last_price, first_day, last_day from marts.product_market";
        let rows = Rows::query(engine, sql).await?;
        let (ids, markets, prices) = (rows.texts("product_id")?, rows.markets("market")?, rows.amounts("last_price")?);
        let (firsts, lasts) = (rows.days("first_day")?, rows.days("last_day")?);
        let mut days: HashMap<ItemIdx, (Day, Day)> = HashMap::new();
        for at in 0..rows.len() {
            let Some(item) = self.find(&ids[at]) else { continue };
            if let Some(price) = money(Some(prices[at]), base) {
                self.paid.entry(markets[at]).or_default().insert(item, price);
            }
            let seen = days.entry(item).or_insert((firsts[at], lasts[at]));
            *seen = (seen.0.min(firsts[at]), seen.1.max(lasts[at]));
        }
        // What a market's own price is now, in its own currency, says more than what was paid last.
        let sql = "select market, product_id, currency, price from marts.prices where price is not null";
        let rows = Rows::query(engine, sql).await?;
        let (markets, ids) = (rows.markets("market")?, rows.texts("product_id")?);
        for ((market, id), (currency, price)) in
            markets.into_iter().zip(ids).zip(rows.texts("currency")?.into_iter().zip(rows.amounts("price")?))
        {
            if let (Some(item), Some(price)) = (self.find(&id), money(Some(price), currency.parse().ok())) {
                self.here.entry(market).or_default().insert(item, price);
            }
        }
        let sql = "select market, product_id, currency, floor from marts.prices where floor is not null";
        let rows = Rows::query(engine, sql).await?;
        let (markets, ids) = (rows.markets("market")?, rows.texts("product_id")?);
        for ((market, id), (currency, floor)) in
            markets.into_iter().zip(ids).zip(rows.texts("currency")?.into_iter().zip(rows.amounts("floor")?))
        {
            if let (Some(item), Some(floor)) = (self.find(&id), money(Some(floor), currency.parse().ok())) {
                self.floors.entry(market).or_default().insert(item, floor);
            }
        }
        let below = |market: &Market| {
            let known = self.floors.get(market).into_iter().flat_map(HashMap::keys);
            known.filter(|item| self.is_below_floor(**item, *market, self.price(**item, *market))).count()
        };
        self.below = self.floors.keys().map(|market| (*market, below(market))).collect();
        let last = lasts.iter().max().copied().unwrap_or(Day(0));
        for (item, (_, last_sold)) in &days {
            self.gone[item.at()] |= last.since(*last_sold) > STALE_DAYS;
        }
        let age = |item: ItemIdx| days.get(&item).map_or(last.plus(1), |(first, _)| *first);
        self.newest = Popular::new((0..self.ids.len() as u32).map(ItemIdx).map(|item| (item, age(item).0 as f32)));
        Ok(())
    }

    /// How many products there are.
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The codes, in the order of the numbers.
    pub(crate) fn ids(&self) -> &[String] {
        &self.ids
    }

    pub(crate) fn id(&self, item: ItemIdx) -> &str {
        &self.ids[item.at()]
    }

    /// The number of a product, whatever the case of its letters.
    pub(crate) fn find(&self, code: &str) -> Option<ItemIdx> {
        self.numbers.get(&code.to_uppercase()).copied()
    }

    pub(crate) fn category(&self, item: ItemIdx) -> &str {
        &self.categories[item.at()]
    }

    pub(crate) fn brand(&self, item: ItemIdx) -> &str {
        &self.brands[item.at()]
    }

    pub(crate) fn is_pictured(&self, item: ItemIdx) -> bool {
        self.pictured[item.at()]
    }

    /// The title for a reader, else the name, else the code. `sent` are titles that were sent since, by the tag of their
    /// locale: they lie over what the lake says, and an empty tag stands for the name.
    pub(crate) fn title(&self, item: ItemIdx, reader: &Reader, sent: &[(String, String)]) -> Title {
        let (texts, own) = (&self.texts[item.at()], (&self.names[item.at()], &self.tongues[item.at()]));
        let all: HashMap<Cow<'_, str>, Text<'_>> = match texts.is_empty() {
            true => HashMap::new(),
            false => serde_json::from_str(texts).unwrap_or_default(),
        };
        let is_sent = |tag: &str| sent.iter().any(|(other, _)| other == tag);
        let kept = all.iter().filter_map(|(tag, text)| Some((&**tag, text.name.as_deref()?)));
        let kept = kept.chain([(own.1.as_str(), own.0.as_str())]).filter(|(tag, _)| !is_sent(tag));
        let sent_too = sent.iter().map(|(tag, name)| (tag.as_str(), name.as_str()));
        if let Some(title) = reader.pick(kept.chain(sent_too)) {
            return title;
        }
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let plain = sent.iter().find(|(tag, _)| tag.is_empty() || tag == own.1).map(|(_, name)| name.as_str());
        let (name, tongue) = match (plain, own.0.as_str()) {
            (Some(name), _) => (name, some(own.1)),
            (None, "") => (self.id(item), None),
            (None, name) => (name, some(own.1)),
        };
        Title { text: name.to_owned(), locale: tongue, fit: "catalogue" }
    }

    /// A price in a market's own currency, at the newest rate that is known; as it is where none is.
    pub(crate) fn in_currency_of(&self, money: Money, market: Market) -> Priced {
        let own = domain::country(market).map(|country| country.currency).filter(|own| *own != money.currency);
        let rate = own.and_then(|own| self.rates.newest(money.currency, own));
        let there = rate.and_then(|rate| Some((rate.convert(money, Rounding::HalfEven).ok()?, rate.day)));
        there.map_or(Priced { money, rate_day: None }, |(money, day)| Priced { money, rate_day: Some(day) })
    }

    /// The market's price of now, else what was paid there last, else the list price, else the median of what was paid
    /// anywhere.
    pub(crate) fn price(&self, item: ItemIdx, market: Market) -> Option<Money> {
        let here = self.here.get(&market).and_then(|prices| prices.get(&item));
        if let Some(price) = here {
            return Some(*price);
        }
        self.paid.get(&market).and_then(|paid| paid.get(&item)).copied().or(self.prices[item.at()])
    }

    /// Whether a product sells below its floor in a market at this price; what has no floor, or one in another currency, does not.
    pub(crate) fn is_below_floor(&self, item: ItemIdx, market: Market, price: Option<Money>) -> bool {
        let floor = self.floors.get(&market).and_then(|floors| floors.get(&item));
        floor.zip(price).is_some_and(|(floor, price)| floor.currency == price.currency && price.minor < floor.minor)
    }

    /// How many products sold below their floor in a market when this was loaded.
    pub(crate) fn n_below_floor(&self, market: Market) -> usize {
        self.below.get(&market).copied().unwrap_or(0)
    }

    /// Whether a product is of a category, given as a whole path or as its beginning, or as one part of it.
    pub(crate) fn is_of(&self, item: ItemIdx, category: &str) -> bool {
        let own = &self.categories[item.at()];
        let wanted = category.trim();
        let starts = own.get(..wanted.len()).is_some_and(|head| head.eq_ignore_ascii_case(wanted));
        starts && own[wanted.len()..].trim_start().chars().next().is_none_or(|c| c == '>')
            || own.split('>').any(|part| part.trim().eq_ignore_ascii_case(wanted))
    }

    /// How alike two products are: the common beginning of their category paths, as a share of the longer; half for the
    /// same brand at least.
    pub(crate) fn alike(&self, a: ItemIdx, b: ItemIdx) -> f32 {
        let (x, y) = (&self.paths[a.at()], &self.paths[b.at()]);
        let common = x.iter().zip(y).take_while(|(x, y)| x == y).count();
        let longer = x.len().max(y.len()).max(1);
        let brands = (self.brand(a), self.brand(b));
        let brand = if !brands.0.is_empty() && brands.0 == brands.1 { 0.5 } else { 0.0 };
        (common as f32 / longer as f32).max(brand)
    }

    /// Why each product cannot be offered in a market, as far as the lake says.
    pub(crate) fn shelf(&self, market: Market) -> Vec<Option<Out>> {
        let out = |(id, gone): (&String, &bool)| {
            if *gone { Some(Out::Unsellable) } else { self.stock.is_out(id, market).then_some(Out::OutOfStock) }
        };
        self.ids.iter().zip(&self.gone).map(out).collect()
    }

    /// Whether it was ever sold in a market.
    pub(crate) fn is_sold_in(&self, item: ItemIdx, market: Market) -> bool {
        self.paid.get(&market).is_some_and(|paid| paid.contains_key(&item))
    }

    /// All products by code.
    pub(crate) fn by_code(&self) -> impl Iterator<Item = ItemIdx> + '_ {
        self.sorted.iter().copied()
    }

    /// Units on hand for a market; `None` where nobody counted them.
    pub(crate) fn stock(&self, item: ItemIdx, market: Market) -> Option<i64> {
        self.stock.units(self.id(item), market)
    }

    /// Newest first.
    pub(crate) const fn newest(&self) -> &Popular {
        &self.newest
    }
}

/// The numbers of a path's beginnings.
fn path(category: &str, parts: &mut HashMap<String, u32>) -> Vec<u32> {
    let mut whole = String::new();
    let mut numbers = Vec::new();
    for part in category.split('>').map(str::trim).filter(|part| !part.is_empty()) {
        whole.push('>');
        whole.push_str(part);
        let next = parts.len() as u32;
        numbers.push(*parts.entry(whole.clone()).or_insert(next));
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_shares_the_numbers_of_its_beginning() {
        let mut parts = HashMap::new();
        let a = path("Kitchen > Kettles", &mut parts);
        let b = path("Kitchen > Toasters > Large", &mut parts);
        let c = path("Kettles", &mut parts);
        assert_eq!((a.len(), b.len(), c.len()), (2, 3, 1));
        assert!(a[0] == b[0] && a[1] != b[1] && c[0] != a[1], "{a:?} {b:?} {c:?}");
        assert!(path("", &mut parts).is_empty());
    }
}
