//! The first pass over all raw tables: who is who, what is what, what is usual.
//!
//! Nothing can be said about one row alone: whether two customer numbers are one shopper, whether
//! a price is unusual or a code a misspelling shows only in all of them. [`Survey`] streams over the
//! raw tables in order of source and line and keeps what is distinct (identities, products, titles,
//! prices); [`Surveyed`] answers from it.

use crate::catalogue::{Catalogue, Collector, Line};
use crate::columns::Reader;
use crate::counts::{Counter, RuleCounts};
use crate::hash::{FastMap, Interner, NONE, Texts, hash_bytes};
use crate::identity::{Evidence, Identity, Proof, RowKeys};
use crate::rates::Rates;
use crate::raw_lines::RawLines;
use crate::rules::cancellation::{self, Said};
use crate::rules::country::{Place, Places};
use crate::rules::currency::Currencies;
use crate::rules::impossible::{self, Sign, Zero};
use crate::rules::{Rule, future_date, text};
use crate::shoppers::{CustomerRecord, PersonColumns, ShopperTally};
use crate::tables::Authors;
use crate::{CleanError, CleanParams, products};
use arrow_array::{Array, RecordBatch};
use domain::{Amount, Day, Market};

/// Collects in one streaming pass; see the module's description.
#[derive(Debug)]
pub struct Survey {
    params: CleanParams,
    sources: Sources,
    evidence: Evidence,
    collector: Collector,
    customers: Vec<(u32, CustomerRecord, Proof)>,
    /// Regions, cities, occupations and the like of customer records.
    places: Interner,
    counter: Counter,
    returns: Returns,
}

/// Orders of goods that came back by a row without any identity, which an export of returns often has:
/// the order's other rows say whose it is.
#[derive(Debug, Default)]
struct Returns {
    /// System and order.
    orders: Interner,
    /// An identity of the order's other rows, by number of order; [`NONE`] while none is known.
    keys: Vec<u32>,
    scratch: Vec<u8>,
}

impl Returns {
    fn name<'s>(scratch: &'s mut Vec<u8>, system: u32, order: &str) -> &'s [u8] {
        scratch.clear();
        scratch.extend_from_slice(&system.to_be_bytes());
        scratch.extend_from_slice(order.trim().as_bytes());
        scratch
    }
}

/// Source files and the systems they come from.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    named: FastMap<String, String>,
    pub(crate) fingerprints: Interner,
    system: Vec<u32>,
    pub(crate) systems: Interner,
    last: u32,
}

/// System of sources that the caller did not name.
pub(crate) const UNNAMED_SYSTEM: &str = "shop";

impl Sources {
    /// Number of a source.
    pub(crate) fn intern(&mut self, source: &str) -> u32 {
        if (self.last as usize) < self.fingerprints.len() && self.fingerprints.bytes(self.last) == source.as_bytes() {
            return self.last;
        }
        let id = self.fingerprints.intern(source.as_bytes());
        if id as usize == self.system.len() {
            let system = self.named.get(source).map_or(UNNAMED_SYSTEM, String::as_str);
            self.system.push(self.systems.intern(system.as_bytes()));
        }
        self.last = id;
        id
    }

    /// System of a source by number.
    pub(crate) fn system(&self, source: u32) -> u32 {
        self.system[source as usize]
    }

    /// System of a source by fingerprint, [`NONE`] when it was never met.
    pub(crate) fn system_of(&self, source: &str) -> u32 {
        self.fingerprints.get(source.as_bytes()).map_or(NONE, |s| self.system[s as usize])
    }
}

/// The system whose customer numbers and order numbers a connector's files use: `uci` for
/// `uci-retail` and `uci-retail-ii`, `shopify` for `shopify-orders` and `shopify-customers`.
///
/// ```
/// assert_eq!(clean::system_of_format("shopify-customers"), "shopify");
/// assert_eq!(clean::system_of_format("canonical"), "canonical");
/// ```
pub fn system_of_format(format: &str) -> &str {
    format.split(['-', '_', ':', '(']).next().filter(|s| !s.is_empty()).unwrap_or(UNNAMED_SYSTEM)
}

impl Survey {
    /// An empty survey.
    pub fn new(params: &CleanParams) -> Self {
        Self {
            params: params.clone(),
            sources: Sources::default(),
            evidence: Evidence::default(),
            collector: Collector::default(),
            customers: Vec::new(),
            places: Interner::default(),
            counter: Counter::default(),
            returns: Returns::default(),
        }
    }

    /// Says which system each source (by fingerprint) comes from; see [`system_of_format`]. A customer
    /// number means the same shopper within one system only. Sources that are not named share one
    /// system. Has to be called before the first batch.
    #[must_use]
    pub fn with_systems<S: Into<String>, T: Into<String>>(mut self, systems: impl IntoIterator<Item = (S, T)>) -> Self {
        self.sources.named.extend(systems.into_iter().map(|(source, system)| (source.into(), system.into())));
        self
    }

    /// Takes in rows of raw.order_lines.
    ///
    /// # Errors
    /// [`CleanError`] for a batch of another layout.
    pub fn order_lines(&mut self, batch: &RecordBatch) -> Result<(), CleanError> {
        let rows = RawLines::new(batch)?;
        let proofs: Vec<Proof> = (0..batch.num_rows())
            .map(|row| {
                let source = self.sources.intern(rows.source.get(row).unwrap_or_default());
                Proof { source, line: rows.line.get(row).unwrap_or(0) }
            })
            .collect();
        let Self { params, sources, evidence, collector, counter, returns, .. } = self;
        // Who bought and what was bought are noted apart, so both can be noted at the same time.
        let who = || {
            let mut last = NONE;
            for (row, &proof) in proofs.iter().enumerate() {
                if proof.source != last {
                    counter.source(rows.source.get(row).unwrap_or_default());
                    last = proof.source;
                }
                counter.row();
                let (code, title) = (rows.product_code.get(row), rows.product_name.get(row));
                if !code.is_none_or(text::is_normal) || !title.is_none_or(text::is_normal) {
                    counter.touch(Rule::Text, proof.line, || {
                        format!("`{}` `{}`", code.unwrap_or_default(), title.unwrap_or_default())
                    });
                }
                let system = sources.system(proof.source);
                let key = evidence.row(rows.keys(row), system, proof);
                let back = rows.quantity.get(row).is_some_and(|q| q < 0);
                if key == NONE && back && cancellation::said(rows.status.get(row)) == Said::Returned {
                    let order = rows.order_id.get(row).unwrap_or_default();
                    let known = returns.orders.intern(Returns::name(&mut returns.scratch, system, order));
                    returns.keys.resize(returns.keys.len().max(known as usize + 1), NONE);
                }
            }
        };
        let what = || {
            let mut currencies = Currencies::default();
            for (row, &proof) in proofs.iter().enumerate() {
                let quantity = rows.quantity.get(row).unwrap_or(0);
                let price = rows.unit_price.get(row).and_then(|p| i64::try_from(p).ok()).unwrap_or(0);
                let day = Day::of_micros(rows.ordered_at.get(row).unwrap_or(0));
                // A row that will be put aside says nothing about usual prices, and its day may have no rate.
                let usable = future_date::check(day, params.as_of, "ordered_at").is_none()
                    && impossible::check(quantity, Amount::from_micros(price), Zero::Fine, Sign::Any, params).is_none();
                let currency = rows.currency.get(row).filter(|_| usable).and_then(|c| currencies.get(c));
                let (code, title) = (rows.product_code.get(row), rows.product_name.get(row));
                let paid = rows.is_paid(row);
                collector.line(Line { code, title, quantity, price, currency, day, paid }, proof);
            }
        };
        rayon::join(who, what);
        Ok(())
    }

    /// Whether there are returns whose shopper only the rows of their orders tell: then
    /// [`Self::owners_of_returns`] wants to see raw.order_lines once more.
    pub fn has_nameless_returns(&self) -> bool {
        !self.returns.keys.is_empty()
    }

    /// Looks in rows of raw.order_lines, which [`Self::order_lines`] has seen, for the orders of returns
    /// that name no shopper.
    ///
    /// # Errors
    /// [`CleanError`] for a batch of another layout.
    pub fn owners_of_returns(&mut self, batch: &RecordBatch) -> Result<(), CleanError> {
        let rows = RawLines::new(batch)?;
        for row in 0..batch.num_rows() {
            let proof = Proof {
                source: self.sources.intern(rows.source.get(row).unwrap_or_default()),
                line: rows.line.get(row).unwrap_or(0),
            };
            let system = self.sources.system(proof.source);
            let order = rows.order_id.get(row).unwrap_or_default();
            let known = self.returns.orders.get(Returns::name(&mut self.returns.scratch, system, order));
            let Some(place) = known.map(|k| k as usize).filter(|k| self.returns.keys[*k] == NONE) else { continue };
            // Seen before, so that this adds no evidence.
            self.returns.keys[place] = self.evidence.row(rows.keys(row), system, proof);
        }
        Ok(())
    }

    /// Takes in rows of raw.customers.
    ///
    /// # Errors
    /// [`CleanError`] for a batch of another layout.
    pub fn customers(&mut self, batch: &RecordBatch) -> Result<(), CleanError> {
        let r = Reader::new("customers", batch);
        let (source, line) = (r.text("source")?, r.ints("line")?);
        let (customer, email, phone) = (r.text("shopper_key")?, r.text("email_hash")?, r.text("phone_hash")?);
        let (region, city) = (r.text("region")?, r.text("city")?);
        let person = PersonColumns::of(r)?;
        let this_year = self.params.as_of.year_month().0;
        let (country, language, marketing) = (r.text("country")?, r.text("language")?, r.bools("accepts_marketing")?);
        let mut places = Places::default();
        for row in 0..batch.num_rows() {
            let proof = self.row(source.get(row), line.get(row));
            self.counter.checked(&[Rule::MissingShopper, Rule::Country]);
            let keys = RowKeys {
                customer: customer.get(row),
                email: email.get(row),
                phone: phone.get(row),
                ..RowKeys::default()
            };
            let key = self.evidence.row(keys, self.sources.system(proof.source), proof);
            if key == NONE {
                self.counter
                    .touch(Rule::MissingShopper, proof.line, || "a customer record without identity".to_owned());
                continue;
            }
            let place = places.get(country.get(row));
            if place == Place::Unknown {
                self.counter.touch(Rule::Country, proof.line, || country.get(row).unwrap_or_default().to_owned());
            }
            let market = Some(place.market()).filter(|m| *m != Market::UNKNOWN);
            let mut named = |text: Option<&str>| text.map(|t| self.places.intern(text::normalize(t).as_bytes()));
            let record = CustomerRecord {
                market,
                region: named(region.get(row)),
                city: named(city.get(row)),
                language: language.get(row).and_then(|l| l.parse().ok()),
                accepts_marketing: (!marketing.is_null(row)).then(|| marketing.value(row)),
                person: person.row(row, i64::from(this_year), proof.line, &mut self.places, &mut self.counter),
            };
            self.customers.push((key, record, proof));
        }
        Ok(())
    }

    /// Takes in rows of raw.products.
    ///
    /// # Errors
    /// [`CleanError`] for a batch of another layout.
    pub fn products(&mut self, batch: &RecordBatch) -> Result<(), CleanError> {
        let r = Reader::new("products", batch);
        let (source, line) = (r.text("source")?, r.ints("line")?);
        for row in 0..batch.num_rows() {
            let proof = self.row(source.get(row), line.get(row));
            self.collector.records(r, row, proof)?;
        }
        Ok(())
    }

    /// Takes in rows of raw.events.
    ///
    /// # Errors
    /// [`CleanError`] for a batch of another layout.
    pub fn events(&mut self, batch: &RecordBatch) -> Result<(), CleanError> {
        let r = Reader::new("events", batch);
        let (source, line) = (r.text("source")?, r.ints("line")?);
        let (customer, email, phone, anonymous) =
            (r.text("shopper_key")?, r.text("email_hash")?, r.text("phone_hash")?, r.text("anonymous_id")?);
        for row in 0..batch.num_rows() {
            let proof = self.row(source.get(row), line.get(row));
            let keys = RowKeys {
                customer: customer.get(row),
                email: email.get(row),
                phone: phone.get(row),
                anonymous: anonymous.get(row),
                handle: None,
            };
            self.evidence.row(keys, self.sources.system(proof.source), proof);
        }
        Ok(())
    }

    /// Takes in rows of raw.reviews.
    ///
    /// # Errors
    /// [`CleanError`] for a batch of another layout.
    pub fn reviews(&mut self, batch: &RecordBatch) -> Result<(), CleanError> {
        let r = Reader::new("reviews", batch);
        let (source, line, customer) = (r.text("source")?, r.ints("line")?, r.text("shopper_key")?);
        for row in 0..batch.num_rows() {
            let proof = self.row(source.get(row), line.get(row));
            let keys = RowKeys { customer: customer.get(row), ..RowKeys::default() };
            self.evidence.row(keys, self.sources.system(proof.source), proof);
        }
        Ok(())
    }

    /// Takes in rows of raw.interactions: they tell what belongs together, and make nobody a shopper.
    ///
    /// # Errors
    /// [`CleanError`] for a batch of another layout.
    pub fn interactions(&mut self, batch: &RecordBatch) -> Result<(), CleanError> {
        let r = Reader::new("interactions", batch);
        self.hints(r, batch.num_rows(), &Authors::of(r)?)
    }

    /// Takes in rows of raw.questions, which make nobody a shopper either: who asks has bought nothing yet.
    ///
    /// # Errors
    /// [`CleanError`] for a batch of another layout.
    pub fn questions(&mut self, batch: &RecordBatch) -> Result<(), CleanError> {
        let r = Reader::new("questions", batch);
        self.hints(r, batch.num_rows(), &Authors::without_handles(r)?)
    }

    fn hints(&mut self, r: Reader<'_>, n: usize, authors: &Authors<'_>) -> Result<(), CleanError> {
        let (source, line) = (r.text("source")?, r.ints("line")?);
        for row in 0..n {
            let proof = self.row(source.get(row), line.get(row));
            self.evidence.hint(authors.keys(row), self.sources.system(proof.source), proof);
        }
        Ok(())
    }

    fn row(&mut self, source: Option<&str>, line: Option<i64>) -> Proof {
        let source = source.unwrap_or_default();
        self.counter.source(source);
        Proof { source: self.sources.intern(source), line: line.unwrap_or(0) }
    }

    /// Joins identities, decides names, services and what is unusual.
    pub fn finish(self) -> Surveyed {
        let Self { params, sources, evidence, collector, customers, places, counter, returns } = self;
        let (identity, catalogue) =
            rayon::join(|| evidence.resolve(&sources.systems, &params), || collector.finish(&params));
        let mut counts = counter.finish(&[Rule::Text]);
        count_findings(&mut counts, &identity, &catalogue, &sources);
        let mut records: Vec<CustomerRecord> = vec![CustomerRecord::default(); identity.n_shoppers()];
        let mut last: FastMap<u32, Proof> = FastMap::default();
        let of_products =
            catalogue.replaced.iter().map(|(p, earlier)| (catalogue.codes.id(*p).to_owned(), "product", *earlier));
        let mut replaced: Vec<(String, &'static str, Proof)> = of_products.collect();
        for (key, record, proof) in customers {
            let shopper = identity.shopper_of_key(key);
            if shopper != NONE {
                records[shopper as usize].update(record);
                if let Some(earlier) = last.insert(shopper, proof) {
                    replaced.push((identity.name_of(shopper).to_owned(), "shopper", earlier));
                }
            }
        }
        replaced.sort_unstable_by(|a, b| (a.1, &a.0, a.2).cmp(&(b.1, &b.0, b.2)));
        for (kept, what, earlier) in &replaced {
            let sample = (earlier.line, format!("{what} {kept}"));
            counts.add(Rule::RecordRepeat, sources.fingerprints.text(earlier.source), 0, 1, Some(sample));
        }
        let of_key = |key: u32| if key == NONE { NONE } else { identity.shopper_of_key(key) };
        let return_shoppers = returns.keys.iter().map(|k| of_key(*k)).collect();
        let return_orders = returns.orders;
        let places = Texts::of(&places);
        Surveyed {
            params,
            sources,
            identity,
            catalogue,
            records,
            places,
            counts,
            return_orders,
            return_shoppers,
            replaced,
        }
    }
}

/// Findings about products and identities, which belong to no single row.
fn count_findings(counts: &mut RuleCounts, identity: &Identity, catalogue: &Catalogue, sources: &Sources) {
    let mut merges: FastMap<u32, (u64, Option<(i64, String)>)> = FastMap::default();
    for (kept, merged, proof) in products::code_merges(&catalogue.codes) {
        let entry = merges.entry(proof.source).or_default();
        entry.0 += 1;
        let sample = (proof.line, format!("`{merged}` is {kept}"));
        entry.1 = Some(entry.1.take().map_or(sample.clone(), |s| s.min(sample)));
    }
    let mut codes: FastMap<u32, u64> = FastMap::default();
    for (_, _, proof) in catalogue.codes.codes() {
        *codes.entry(proof.source).or_default() += 1;
    }
    for (source, checked) in codes {
        let (touched, sample) = merges.remove(&source).unwrap_or_default();
        counts.add(Rule::ProductCodeCase, sources.fingerprints.text(source), checked, touched, sample);
    }
    let likely = catalogue.likely_same.iter().filter(|l| **l != NONE).count();
    let sample = catalogue.likely_same.iter().position(|l| *l != NONE).map(|p| {
        let ids = (catalogue.codes.id(p as u32), catalogue.codes.id(catalogue.likely_same[p]));
        (0, format!("{} is likely {}", ids.0, ids.1))
    });
    // Products and identities belong to no single file: their counts stand under an empty source.
    counts.add(Rule::FuzzyProduct, "", catalogue.names.len() as u64, likely as u64, sample);
    let mended = catalogue.mended.1.clone().map(|text| (0, text));
    counts.add(Rule::BrokenEncoding, "", catalogue.n_texts, catalogue.mended.0, mended);
    let junk: Vec<u32> = (0..catalogue.names.len() as u32).filter(|p| catalogue.junk(*p).is_some()).collect();
    let sample = junk.iter().map(|p| (0, format!("product {}", catalogue.codes.id(*p)))).min();
    counts.add(Rule::JunkText, "", catalogue.names.len() as u64, junk.len() as u64, sample);
    let (n, joined) = identity.n_identities();
    let sample = identity.sample().map(|(proof, text)| (proof.line, text));
    counts.add(Rule::IdentityMerge, "", n as u64, joined as u64, sample);
    counts.add(Rule::SharedKey, "", n as u64, identity.n_shared() as u64, None);
    counts.add(Rule::UndoneLink, "", n as u64, identity.n_undone() as u64, None);
}

/// What the survey found.
#[derive(Debug)]
pub struct Surveyed {
    pub(crate) params: CleanParams,
    pub(crate) sources: Sources,
    pub(crate) identity: Identity,
    pub(crate) catalogue: Catalogue,
    pub(crate) records: Vec<CustomerRecord>,
    /// Regions and cities of customer records, by number.
    pub(crate) places: Texts,
    counts: RuleCounts,
    /// Orders of returns that name no shopper, and the shoppers that the orders' other rows name.
    return_orders: Interner,
    return_shoppers: Vec<u32>,
    /// Records of products and customers that a later one filled up or replaced: of what, and where.
    replaced: Vec<(String, &'static str, Proof)>,
}

impl Surveyed {
    /// Products with the picture that their record names.
    pub(crate) fn pictures(&self) -> Vec<(&str, &str)> {
        self.catalogue.pictures()
    }

    /// The table clean.products. Its median prices need the rates of the currencies sold in.
    ///
    /// # Errors
    /// [`CleanError::MissingRate`] when a currency cannot be converted.
    pub fn products(&self, rates: &Rates) -> Result<RecordBatch, CleanError> {
        Ok(products::products(&self.catalogue, rates, self.params.base)?)
    }

    /// The table clean.identity_links.
    pub fn identity_links(&self) -> RecordBatch {
        self.identity.links(&self.sources.fingerprints)
    }

    /// Product codes that were merged, and records of products and customers that a later record filled up
    /// or replaced: a part of the table clean.merges.
    pub fn merges(&self) -> RecordBatch {
        products::merges(&self.catalogue.codes, &self.replaced, &self.sources.fingerprints)
    }

    /// The table clean.shoppers; `tally` is merged from all calls of [`crate::order_lines`].
    pub fn shoppers(&self, tally: &ShopperTally) -> RecordBatch {
        crate::shoppers::shoppers(self, tally)
    }

    /// What the rules of the survey touched.
    pub fn counts(&self) -> RuleCounts {
        self.counts.clone()
    }

    /// How many shoppers there are.
    pub fn n_shoppers(&self) -> usize {
        self.identity.n_shoppers()
    }

    /// For each row of a batch of raw.order_lines the part, below `n_parts`, in which
    /// [`crate::order_lines`] has to see it: all rows of a shopper, and all of a guest's order, are
    /// in one part.
    ///
    /// # Errors
    /// [`CleanError`] for a batch of another layout.
    ///
    /// # Panics
    /// If `n_parts` is 0.
    pub fn partition(&self, batch: &RecordBatch, n_parts: u32) -> Result<Vec<u32>, CleanError> {
        assert!(n_parts > 0, "rows need at least one part to go to");
        let part = |hash: u64| ((u128::from(hash) * u128::from(n_parts)) >> 64) as u32;
        Ok(self.owners(batch)?.into_iter().map(part).collect())
    }

    /// Whether a shopper may have more than one customer number, e-mail or phone: then rows of one
    /// shopper cannot be told by those alone.
    pub fn joins_anybody(&self) -> bool {
        self.identity.n_identities().1 > 0 || self.return_shoppers.iter().any(|s| *s != NONE)
    }

    /// For each row of a batch of raw.order_lines a number of its shopper, or of a guest's order:
    /// the same for all rows that belong together, and no two alike but by a chance of 64 bits.
    ///
    /// # Errors
    /// [`CleanError`] for a batch of another layout.
    pub fn owners(&self, batch: &RecordBatch) -> Result<Vec<u64>, CleanError> {
        let rows = RawLines::new(batch)?;
        let mut lookup = Lookup::default();
        Ok((0..batch.num_rows())
            .map(|row| {
                let source = rows.source.get(row).unwrap_or_default();
                let system = lookup.system(self, source);
                let shopper = lookup.shopper_of_line(self, &rows, row, system);
                if shopper == NONE {
                    hash_bytes(1, rows.order_id.get(row).unwrap_or_default().as_bytes())
                } else {
                    hash_bytes(2, self.identity.name_of(shopper).as_bytes())
                }
            })
            .collect())
    }
}

/// Looks up what changes rarely from row to row.
#[derive(Debug, Default)]
pub(crate) struct Lookup {
    scratch: Vec<u8>,
    source: String,
    system: Option<u32>,
    /// Customer number of the last row that had nothing else, and its shopper.
    customer: String,
    shopper: Option<(u32, u32)>,
}

impl Lookup {
    /// The system of a source.
    pub(crate) fn system(&mut self, surveyed: &Surveyed, source: &str) -> u32 {
        match self.system {
            Some(system) if self.source == source => system,
            _ => {
                let system = surveyed.sources.system_of(source);
                source.clone_into(&mut self.source);
                self.system = Some(system);
                system
            }
        }
    }

    /// The shopper of a row.
    pub(crate) fn shopper(&mut self, surveyed: &Surveyed, keys: RowKeys<'_>, system: u32) -> u32 {
        if let Some(customer) = keys.lone_customer() {
            return match self.shopper {
                Some((of, shopper)) if of == system && self.customer == customer => shopper,
                _ => {
                    let shopper = surveyed.identity.shopper(keys, system, &mut self.scratch);
                    customer.clone_into(&mut self.customer);
                    self.shopper = Some((system, shopper));
                    shopper
                }
            };
        }
        surveyed.identity.shopper(keys, system, &mut self.scratch)
    }

    /// The shopper of an order line: its own, else for a return that of the order it came from.
    pub(crate) fn shopper_of_line(&mut self, surveyed: &Surveyed, rows: &RawLines<'_>, row: usize, system: u32) -> u32 {
        let shopper = self.shopper(surveyed, rows.keys(row), system);
        if shopper != NONE || surveyed.return_shoppers.is_empty() {
            return shopper;
        }
        let order = rows.order_id.get(row).unwrap_or_default();
        let known = surveyed.return_orders.get(Returns::name(&mut self.scratch, system, order));
        known.map_or(NONE, |k| surveyed.return_shoppers[k as usize])
    }

    /// The product of a line.
    pub(crate) fn product(&mut self, surveyed: &Surveyed, code: Option<&str>, title: Option<&str>) -> u32 {
        surveyed.catalogue.codes.product(code, title, &mut self.scratch)
    }
}
