//! Products as the rows show them: codes merged, titles and prices counted, catalogue records
//! combined.
//!
//! Prices are counted in an exact histogram a product and currency, quantities a product. Of
//! catalogue records the latest value of each field holds (records arrive in order of source and
//! line). Memory grows with distinct products, titles and prices, never with lines.

use crate::columns::Reader;
use crate::hash::{FastMap, Interner, NONE, Texts};
use crate::identity::Proof;
use crate::rules::junk_text::{self, Junk};
use crate::rules::outlier::Bounds;
use crate::rules::product_code_case::{product_id, product_id_of_title};
use crate::rules::{broken_encoding, fuzzy_product, service_line, text};
use crate::{CleanError, CleanParams};
use domain::{Currency, Day};
use std::collections::BTreeMap;

/// Text fields of a catalogue record, in the order of `TEXT_FIELDS`.
pub(crate) const TEXT_FIELDS: [&str; 18] = [
    "name",
    "description",
    "category",
    "brand",
    "colour",
    "plug",
    "image",
    "texts",
    "gtin",
    "language",
    "currency",
    "cost_currency",
    "hs_code",
    "voltage_range",
    "marks",
    "label_languages",
    "battery",
    "liquid",
];
/// Measures of a catalogue record.
pub(crate) const MEASURES: [&str; 8] =
    ["voltage_v", "wattage_w", "length_cm", "width_cm", "height_cm", "weight_kg", "temperature_c", "battery_wh"];
/// Amounts of a catalogue record, in millionths of its `currency` and `cost_currency`.
pub(crate) const AMOUNTS: [&str; 2] = ["price", "cost"];

/// What catalogues say about a product: the latest value of each field.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Record {
    pub(crate) texts: [Option<Box<str>>; TEXT_FIELDS.len()],
    pub(crate) measures: [Option<f64>; MEASURES.len()],
    pub(crate) amounts: [Option<i64>; AMOUNTS.len()],
    pub(crate) stock: Option<i64>,
    /// Titles and descriptions of the records, by their language: the latest of each.
    spoken: BTreeMap<Box<str>, [Option<Box<str>>; 2]>,
}

impl Record {
    /// Keeps what a record says in its language, and makes one JSON of it where there are several languages. A product
    /// has one row in the catalogue, however many translations of it came in rows of their own.
    fn say(&mut self, language: Option<&str>, said: [Option<&str>; 2], texts: Option<&str>) {
        let others = texts.and_then(|t| serde_json::from_str::<serde_json::Value>(t).ok());
        for (language, texts) in others.as_ref().and_then(serde_json::Value::as_object).into_iter().flatten() {
            self.keep(language, ["name", "description"].map(|what| texts[what].as_str()));
        }
        if let (Some(language), [Some(_), _] | [_, Some(_)]) = (language, said) {
            self.keep(language, said);
        }
        if self.spoken.len() > 1 {
            let texts = self.spoken.iter().map(|(language, said)| {
                let told = ["name", "description"].into_iter().zip(said);
                let told = told.filter_map(|(what, text)| Some((what.to_owned(), text.as_deref()?.into())));
                (language.to_string(), serde_json::Value::Object(told.collect()))
            });
            let all = serde_json::Value::Object(texts.collect()).to_string();
            self.texts[TEXTS] = Some(all.into());
        }
    }

    fn keep(&mut self, language: &str, said: [Option<&str>; 2]) {
        let kept = self.spoken.entry(language.into()).or_default();
        for (kept, said) in kept.iter_mut().zip(said) {
            if let Some(said) = said {
                *kept = Some(said.into());
            }
        }
    }
}

/// Place of `texts` in [`TEXT_FIELDS`].
const TEXTS: usize = 7;

#[derive(Clone, Copy, Debug, Default)]
struct TitleCount {
    /// Lines that sold the product.
    sold: u64,
    /// All lines.
    all: u64,
}

/// Product and code numbers of spellings.
#[derive(Debug, Default)]
pub(crate) struct Codes {
    spellings: Interner,
    product: Vec<u32>,
    first: Vec<Proof>,
    ids: Interner,
    names: Texts,
    scratch: Vec<u8>,
}

impl Codes {
    fn spelling(scratch: &mut Vec<u8>, code: Option<&str>, title: Option<&str>) -> bool {
        scratch.clear();
        if let Some(code) = code {
            scratch.push(b'c');
            scratch.extend_from_slice(code.as_bytes());
        } else if let Some(title) = title {
            scratch.push(b't');
            scratch.extend_from_slice(title.as_bytes());
        }
        scratch.len() > 1
    }

    /// The product of a code, else of a title; [`NONE`] without either.
    fn note(&mut self, code: Option<&str>, title: Option<&str>, proof: Proof) -> u32 {
        if !Self::spelling(&mut self.scratch, code, title) {
            return NONE;
        }
        let spelling = self.spellings.intern(&self.scratch);
        if spelling as usize == self.product.len() {
            let id = match code {
                Some(code) => product_id(code),
                None => product_id_of_title(title.unwrap_or_default()),
            };
            // A code of blanks only names nothing.
            self.product.push(if id.is_empty() || id == "TITLE:" { NONE } else { self.ids.intern(id.as_bytes()) });
            self.first.push(proof);
        }
        self.product[spelling as usize]
    }

    /// As [`Self::note`] for what was noted before.
    pub(crate) fn product(&self, code: Option<&str>, title: Option<&str>, scratch: &mut Vec<u8>) -> u32 {
        if !Self::spelling(scratch, code, title) {
            return NONE;
        }
        self.spellings.get(scratch).map_or(NONE, |s| self.product[s as usize])
    }

    /// The product's identifier.
    pub(crate) fn id(&self, product: u32) -> &str {
        self.names.get(product)
    }

    /// Makes identifiers ready to be read; nothing is noted afterwards.
    fn seal(&mut self) {
        self.names = Texts::of(&self.ids);
    }

    /// How many products there are.
    pub(crate) fn n_products(&self) -> usize {
        self.ids.len()
    }

    /// Spellings of codes (not of titles), with their product and first row.
    pub(crate) fn codes(&self) -> impl Iterator<Item = (&str, u32, Proof)> {
        (0..self.spellings.len() as u32).filter_map(|s| {
            let code = self.spellings.text(s).strip_prefix('c')?;
            Some((code, self.product[s as usize], self.first[s as usize])).filter(|(_, product, _)| *product != NONE)
        })
    }
}

/// One line, as far as the catalogue looks at it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    pub(crate) code: Option<&'a str>,
    pub(crate) title: Option<&'a str>,
    pub(crate) quantity: i64,
    pub(crate) price: i64,
    pub(crate) currency: Option<Currency>,
    pub(crate) day: Day,
    /// Neither tried, called off nor waiting for its money.
    pub(crate) paid: bool,
}

/// The catalogue while it is collected.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    codes: Codes,
    titles: Interner,
    title_counts: FastMap<(u32, u32), TitleCount>,
    series: FastMap<(u32, Currency), u32>,
    last_day: Vec<Day>,
    prices: FastMap<(u32, i64), u64>,
    quantities: FastMap<(u32, i64), u64>,
    records: FastMap<u32, Record>,
    /// Where the last record of each product stood, and the earlier ones that it followed.
    last_record: FastMap<u32, Proof>,
    replaced: Vec<(u32, Proof)>,
    /// Words of records that were looked at, how many were put right, and the first.
    n_texts: u64,
    mended: (u64, Option<String>),
}

impl Collector {
    /// Takes in a line of an order.
    pub(crate) fn line(&mut self, line: Line<'_>, proof: Proof) {
        let product = self.codes.note(line.code, line.title, proof);
        if product == NONE {
            return;
        }
        let sale = line.paid && line.quantity > 0 && line.price > 0;
        if let Some(title) = line.title {
            let title = self.titles.intern(title.as_bytes());
            let count = self.title_counts.entry((product, title)).or_default();
            count.all += 1;
            count.sold += u64::from(sale);
        }
        if let (true, Some(currency)) = (sale, line.currency) {
            let next = self.last_day.len() as u32;
            let series = *self.series.entry((product, currency)).or_insert(next);
            if series == next {
                self.last_day.push(line.day);
            }
            let last = &mut self.last_day[series as usize];
            *last = line.day.max(*last);
            *self.prices.entry((series, line.price)).or_default() += 1;
            *self.quantities.entry((product, line.quantity)).or_default() += 1;
        }
    }

    /// Takes in records of raw.products.
    pub(crate) fn records(&mut self, batch: Reader<'_>, row: usize, proof: Proof) -> Result<(), CleanError> {
        let product = self.codes.note(batch.text("product_code")?.get(row), None, proof);
        if product == NONE {
            return Ok(());
        }
        if let Some(earlier) = self.last_record.insert(product, proof) {
            self.replaced.push((product, earlier));
        }
        let record = self.records.entry(product).or_default();
        for (field, name) in record.texts.iter_mut().zip(TEXT_FIELDS) {
            if let Some(value) = batch.text(name)?.get(row) {
                // JSON and paths stay as they are; words are put in normal form.
                let exact = matches!(name, "texts" | "image");
                let mended = if exact { None } else { broken_encoding::repair(value) };
                self.n_texts += u64::from(!exact);
                if mended.is_some() {
                    self.mended.0 += 1;
                    self.mended.1.get_or_insert_with(|| value.chars().take(40).collect());
                }
                let value = mended.as_deref().unwrap_or(value);
                *field = Some(if exact { value.into() } else { text::normalize(value).into() });
            }
        }
        for (field, name) in record.measures.iter_mut().zip(MEASURES) {
            if let Some(value) = batch.floats(name)?.get(row).filter(|v| v.is_finite()) {
                *field = Some(value);
            }
        }
        for (field, name) in record.amounts.iter_mut().zip(AMOUNTS) {
            if let Some(value) = batch.amounts(name)?.get(row).and_then(|v| i64::try_from(v).ok()) {
                *field = Some(value);
            }
        }
        let said = |at: usize| Ok::<_, CleanError>(batch.text(TEXT_FIELDS[at])?.get(row).and(record.texts[at].clone()));
        let [name, description] = [said(0)?, said(1)?];
        let (language, texts) = (batch.text("language")?.get(row), batch.text("texts")?.get(row));
        record.say(language, [name.as_deref(), description.as_deref()], texts);
        if let Some(stock) = batch.ints("stock")?.get(row) {
            record.stock = Some(stock);
        }
        if let Some(name) = &record.texts[0] {
            let title = self.titles.intern(name.as_bytes());
            self.title_counts.entry((product, title)).or_default().all += 1;
        }
        Ok(())
    }

    /// Decides names, services, bounds and likely repeats.
    pub(crate) fn finish(mut self, params: &CleanParams) -> Catalogue {
        self.codes.seal();
        let n = self.codes.n_products();
        let mut titles: Vec<Vec<(String, TitleCount, u32)>> = vec![Vec::new(); n];
        let mut counted: Vec<((u32, u32), TitleCount)> = self.title_counts.into_iter().collect();
        counted.sort_unstable_by_key(|(key, _)| *key);
        for ((product, title), count) in counted {
            let key = text::case_key(self.titles.text(title));
            if key.is_empty() {
                continue;
            }
            let of_product = &mut titles[product as usize];
            match of_product.iter_mut().find(|t| t.0 == key) {
                Some(known) => {
                    // The spelling that is met most often stands for the title; the smaller one on a tie.
                    known.1.sold += count.sold;
                    known.1.all += count.all;
                }
                None => of_product.push((key, count, title)),
            }
        }
        let mut names = Vec::with_capacity(n);
        let mut n_names = Vec::with_capacity(n);
        let mut service = Vec::with_capacity(n);
        let mut sold_titles = Vec::with_capacity(n);
        for (product, of_product) in titles.iter().enumerate() {
            let best = of_product
                .iter()
                .max_by(|a, b| (a.1.sold, a.1.all).cmp(&(b.1.sold, b.1.all)).then_with(|| b.0.cmp(&a.0)));
            let title = best.map(|(_, _, title)| text::normalize(self.titles.text(*title)).into_owned());
            let record = self.records.get(&(product as u32));
            let catalogue_name = record.and_then(|r| r.texts[0].as_deref()).map(str::to_owned);
            let is_service =
                service_line::is(self.codes.id(product as u32), catalogue_name.as_deref().or(title.as_deref()), params);
            sold_titles.push(match best {
                Some((key, count, _)) if !is_service && (count.sold > 0 || record.is_some()) => {
                    (key.clone(), count.sold)
                }
                _ => (String::new(), 0),
            });
            names.push(catalogue_name.or(title));
            n_names.push(of_product.len() as u32);
            service.push(is_service);
        }
        let likely_same = fuzzy_product::likely_same(&sold_titles, params);

        let mut prices: Vec<((u32, i64), u64)> = self.prices.into_iter().collect();
        prices.sort_unstable();
        let mut quantities: Vec<((u32, i64), u64)> = self.quantities.into_iter().collect();
        quantities.sort_unstable();
        let mut price_bounds = vec![Bounds::NONE; self.last_day.len()];
        for_each_histogram(&prices, |series, histogram| price_bounds[series as usize] = Bounds::of(histogram, params));
        let mut quantity_bounds = vec![Bounds::NONE; n];
        for_each_histogram(&quantities, |product, histogram| {
            quantity_bounds[product as usize] = Bounds::of(histogram, params);
        });
        let mut first_series: Vec<Option<(Currency, u32)>> = vec![None; n];
        for (&(product, currency), &series) in &self.series {
            let first = &mut first_series[product as usize];
            if first.is_none_or(|(_, known)| series < known) {
                *first = Some((currency, series));
            }
        }
        let mut n_codes = vec![0_u32; n];
        for (_, product, _) in self.codes.codes() {
            n_codes[product as usize] += 1;
        }
        Catalogue {
            codes: self.codes,
            names,
            n_names,
            n_codes,
            service,
            likely_same,
            series: self.series,
            last_day: self.last_day,
            first_series,
            prices,
            price_bounds,
            quantity_bounds,
            replaced: self.replaced,
            records: self.records,
            n_texts: self.n_texts,
            mended: self.mended,
        }
    }
}

fn for_each_histogram(sorted: &[((u32, i64), u64)], mut f: impl FnMut(u32, &[(i64, u64)])) {
    for group in sorted.chunk_by(|a, b| a.0.0 == b.0.0) {
        let histogram: Vec<(i64, u64)> = group.iter().map(|((_, value), count)| (*value, *count)).collect();
        f(group[0].0.0, &histogram);
    }
}

/// The products, ready to be looked up.
#[derive(Debug)]
pub(crate) struct Catalogue {
    pub(crate) codes: Codes,
    pub(crate) names: Vec<Option<String>>,
    pub(crate) n_names: Vec<u32>,
    pub(crate) n_codes: Vec<u32>,
    pub(crate) service: Vec<bool>,
    pub(crate) likely_same: Vec<u32>,
    pub(crate) series: FastMap<(u32, Currency), u32>,
    pub(crate) last_day: Vec<Day>,
    /// The series of the currency in which each product was first sold: nearly always the one asked for.
    first_series: Vec<Option<(Currency, u32)>>,
    /// Counts by series and price, ascending.
    pub(crate) prices: Vec<((u32, i64), u64)>,
    price_bounds: Vec<Bounds>,
    quantity_bounds: Vec<Bounds>,
    pub(crate) records: FastMap<u32, Record>,
    /// Records that a later one of their product filled up or replaced.
    pub(crate) replaced: Vec<(u32, Proof)>,
    pub(crate) n_texts: u64,
    pub(crate) mended: (u64, Option<String>),
}

impl Catalogue {
    /// Whether the price of a sale is unusual for its product in that currency.
    pub(crate) fn unusual_price(&self, product: u32, currency: Currency, price: i64) -> bool {
        let series = match self.first_series[product as usize] {
            Some((first, series)) if first == currency => Some(series),
            _ => self.series.get(&(product, currency)).copied(),
        };
        series.is_some_and(|s| self.price_bounds[s as usize].unusual(price))
    }

    /// Whether the quantity of a sale is unusual for its product.
    pub(crate) fn unusual_quantity(&self, product: u32, quantity: i64) -> bool {
        self.quantity_bounds[product as usize].unusual(quantity)
    }

    /// Products with the picture that their record names, in the order of their identifiers.
    pub(crate) fn pictures(&self) -> Vec<(&str, &str)> {
        let image = TEXT_FIELDS.iter().position(|f| *f == "image").unwrap_or(0);
        let named = self.records.iter().filter_map(|(p, r)| Some((self.codes.id(*p), r.texts[image].as_deref()?)));
        let mut pictures: Vec<(&str, &str)> = named.collect();
        pictures.sort_unstable();
        pictures
    }

    /// Why the name or the description of a product says nothing.
    pub(crate) fn junk(&self, product: u32) -> Option<Junk> {
        let name = self.names[product as usize].as_deref();
        let description = self.records.get(&product).and_then(|r| r.texts[1].as_deref());
        name.and_then(junk_text::reason).or_else(|| description.and_then(junk_text::reason))
    }

    /// Counts by price of one series.
    pub(crate) fn histogram(&self, series: u32) -> &[((u32, i64), u64)] {
        let from = self.prices.partition_point(|((s, _), _)| *s < series);
        let to = self.prices.partition_point(|((s, _), _)| *s <= series);
        &self.prices[from..to]
    }
}
