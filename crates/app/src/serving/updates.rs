//! Stock, prices and products that a shop sends over HTTP: in force at once, in the lake with the next run.
//!
//! A write is appended to `updates/pending.jsonl` and synced before it is answered. What is pending lies over what the
//! lake says: stock and prices of an answer are those of the last write. A run takes what is pending into the lake as
//! files of the canonical formats (see [`Updates::fold`]) and only then are the lines taken away, so a crash between the
//! two takes the same file in once more, which the lake notices.
//!
//! The lake has one list price a product and none a market: prices stay pending, and in force, until they are replaced.

use crate::models::put;
use anyhow::{Context, Result};
use domain::{Currency, Day, Market, Money, Rounding};
use serde::{Deserialize, Serialize};
use serve::wire::catalogue::{PriceWrite, ProductWrite, StockLevel};
use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};

const FOLDER: &str = "updates";
const PENDING: &str = "pending.jsonl";
/// What a run takes into the lake.
const PRODUCTS: &str = "products.csv";
const STOCK: &str = "stock.csv";

/// One line of the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Update {
    Stock { product: String, market: Market, place: String, quantity: i64, day: Day },
    Price { product: String, market: Market, minor: i64, currency: Currency },
    Product { product: String, write: ProductWrite },
}

/// Units by market and warehouse, with the day of the count.
type Counted = BTreeMap<(Market, String), (i64, Day)>;

#[derive(Default)]
struct State {
    /// Units by product in capitals, market and place; [`Market::UNKNOWN`] serves all markets.
    stock: HashMap<String, Counted>,
    prices: HashMap<(String, Market), Money>,
    /// What was written of each product, by the code in capitals.
    products: BTreeMap<String, Sent>,
}

/// What was written of a product: one write a locale, the latest last. What a write leaves out stays as it was.
#[derive(Clone, Default)]
struct Sent {
    /// The code as it was written first.
    id: String,
    writes: Vec<ProductWrite>,
}

impl Sent {
    fn take(&mut self, mut write: ProductWrite) {
        // Tags that mean the same are one; what is none stays as it came and is refused by the lake.
        write.language = write.language.map(|text| locale_tag(&text).unwrap_or(text));
        let before = self.writes.iter().position(|known| known.language == write.language);
        if let Some(before) = before.map(|at| self.writes.remove(at)) {
            write.description = write.description.or(before.description);
        }
        if let Some(last) = self.writes.last() {
            write.category = write.category.or_else(|| last.category.clone());
            write.brand = write.brand.or_else(|| last.brand.clone());
            write.image_url = write.image_url.or_else(|| last.image_url.clone());
        }
        self.writes.push(write);
    }

    /// The latest of each field.
    fn latest(&self) -> ProductWrite {
        self.writes.last().cloned().unwrap_or_default()
    }
}

/// The tag of a locale as BCP 47 writes it.
pub(crate) fn locale_tag(text: &str) -> Option<String> {
    text.parse::<domain::Locale>().ok().map(|locale| locale.to_string())
}

/// What was sent since the last run.
pub(crate) struct Updates {
    folder: PathBuf,
    /// Whether stock or prices are pending at all: without any, an answer looks no further.
    any: AtomicBool,
    state: RwLock<State>,
    file: Mutex<()>,
}

impl State {
    fn take(&mut self, update: Update) {
        match update {
            Update::Stock { product, market, place, quantity, day } => {
                self.stock.entry(product.to_uppercase()).or_default().insert((market, place), (quantity, day));
            }
            Update::Price { product, market, minor, currency } => {
                self.prices.insert((product.to_uppercase(), market), Money { minor, currency });
            }
            Update::Product { product, write } => {
                let sent = self.products.entry(product.to_uppercase()).or_default();
                if sent.id.is_empty() {
                    sent.id = product;
                }
                sent.take(write);
            }
        }
    }

    fn lines(&self) -> Vec<Update> {
        let stock = self.stock.iter().flat_map(|(product, places)| {
            places.iter().map(|((market, place), (quantity, day))| Update::Stock {
                product: product.clone(),
                market: *market,
                place: place.clone(),
                quantity: *quantity,
                day: *day,
            })
        });
        let price = |((product, market), money): (&(String, Market), &Money)| Update::Price {
            product: product.clone(),
            market: *market,
            minor: money.minor,
            currency: money.currency,
        };
        let product = |sent: &Sent| {
            let one = |write: &ProductWrite| Update::Product { product: sent.id.clone(), write: write.clone() };
            sent.writes.iter().map(one).collect::<Vec<_>>()
        };
        stock.chain(self.prices.iter().map(price)).chain(self.products.values().flat_map(product)).collect()
    }
}

/// A file's bytes; none where there is no file.
fn read(path: &Path) -> Result<Vec<u8>> {
    match std::fs::read(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        other => other.with_context(|| format!("reading {}", path.display())),
    }
}

/// A market, or a place that serves all of them.
fn place(location: Option<&str>) -> (Market, String) {
    match location.map(str::trim).filter(|l| !l.is_empty()) {
        None => (Market::UNKNOWN, "main".to_owned()),
        Some(location) => match location.parse::<Market>() {
            Ok(market) if location.len() == 2 => (market, "main".to_owned()),
            _ => (Market::UNKNOWN, location.to_owned()),
        },
    }
}

/// What a price has to be.
fn money(write: &PriceWrite) -> Result<(Market, Money), String> {
    let market = write.market.parse::<Market>().map_err(|e| e.to_string())?;
    let currency = write.currency.parse::<Currency>().map_err(|e| e.to_string())?;
    let decimal: domain::Decimal =
        write.price.trim().parse().map_err(|_| format!("`{}` is no price; write 19.90", write.price))?;
    if decimal.is_sign_negative() {
        return Err(format!("`{}` is below 0", write.price));
    }
    let money = Money::from_decimal(decimal, currency, Rounding::HalfEven).map_err(|e| e.to_string())?;
    if money.to_decimal() != decimal.normalize() {
        return Err(format!("`{}` has digits beyond the minor unit of {currency}", write.price));
    }
    Ok((market, money))
}

impl Updates {
    /// Reads what is pending in a workspace.
    pub(crate) fn open(root: &Path) -> Result<Self> {
        let folder = root.join(FOLDER);
        let path = folder.join(PENDING);
        let mut state = State::default();
        match std::fs::read_to_string(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(e).with_context(|| format!("reading {}", path.display())),
            Ok(text) => {
                // A last line that was cut was never answered.
                let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
                for (at, line) in whole.lines().enumerate() {
                    let update = serde_json::from_str(line);
                    state.take(update.with_context(|| format!("{}, line {}", path.display(), at + 1))?);
                }
                if whole.len() + 1 < text.len() {
                    put(&path, format!("{whole}\n").trim_start().as_bytes())?;
                }
            }
        }
        let any = AtomicBool::new(!state.stock.is_empty() || !state.prices.is_empty());
        Ok(Self { folder, any, state: RwLock::new(state), file: Mutex::new(()) })
    }

    fn write(&self, updates: Vec<Update>) -> Result<()> {
        if updates.is_empty() {
            return Ok(());
        }
        let _one_at_a_time = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        for update in &updates {
            text.push_str(&serde_json::to_string(update)?);
            text.push('\n');
        }
        let path = self.folder.join(PENDING);
        let telling = || format!("writing {}", path.display());
        std::fs::create_dir_all(&self.folder).with_context(telling)?;
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&path).with_context(telling)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_data()).with_context(telling)?;
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        updates.into_iter().for_each(|update| state.take(update));
        self.any.store(!state.stock.is_empty() || !state.prices.is_empty(), Ordering::Release);
        Ok(())
    }

    /// Takes stock; gives what is wrong with the rows that were not taken.
    pub(crate) fn put_stock(&self, levels: &[StockLevel], day: Day) -> Result<Vec<(usize, String)>> {
        let mut wrong = Vec::new();
        let mut fine = Vec::new();
        for (at, level) in levels.iter().enumerate() {
            if level.product_id.trim().is_empty() || level.quantity < 0 {
                wrong.push((at, "a product and 0 or more units are wanted".to_owned()));
                continue;
            }
            let (market, place) = place(level.location.as_deref());
            let (product, quantity) = (level.product_id.trim().to_owned(), level.quantity);
            fine.push(Update::Stock { product, market, place, quantity, day });
        }
        self.write(fine)?;
        Ok(wrong)
    }

    /// Takes prices; gives what is wrong with the rows that were not taken.
    pub(crate) fn put_prices(&self, prices: &[PriceWrite]) -> Result<Vec<(usize, String)>> {
        let mut wrong = Vec::new();
        let mut fine = Vec::new();
        for (at, write) in prices.iter().enumerate() {
            match money(write) {
                Ok((market, money)) => fine.push(Update::Price {
                    product: write.product_id.trim().to_owned(),
                    market,
                    minor: money.minor,
                    currency: money.currency,
                }),
                Err(why) => wrong.push((at, why)),
            }
        }
        self.write(fine)?;
        Ok(wrong)
    }

    /// Takes a product.
    pub(crate) fn put_product(&self, product: &str, write: &ProductWrite) -> Result<()> {
        self.write(vec![Update::Product { product: product.trim().to_owned(), write: write.clone() }])
    }

    /// Units that were written for a market and for all markets together; `None` where nobody wrote any.
    pub(crate) fn stock(&self, product: &str, market: Market) -> Option<i64> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let places = state.stock.get(&product.to_uppercase())?;
        let here = places.iter().filter(|((of, _), _)| *of == market || *of == Market::UNKNOWN);
        here.map(|(_, (quantity, _))| *quantity).reduce(|a, b| a.saturating_add(b))
    }

    /// The price that was written for a market.
    pub(crate) fn price(&self, product: &str, market: Market) -> Option<Money> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.prices.get(&(product.to_uppercase(), market)).copied()
    }

    /// A product that was written and is not in the lake yet.
    pub(crate) fn product(&self, product: &str) -> Option<ProductWrite> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        if state.products.is_empty() {
            return None;
        }
        state.products.get(&product.to_uppercase()).map(Sent::latest)
    }

    /// Titles that were written since the last run, each with the tag of its locale; an empty one where none was said.
    pub(crate) fn titles(&self, product: &str) -> Vec<(String, String)> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        if state.products.is_empty() {
            return Vec::new();
        }
        let writes = state.products.get(&product.to_uppercase()).into_iter().flat_map(|sent| &sent.writes);
        writes.map(|write| (write.language.clone().unwrap_or_default(), write.name.clone())).collect()
    }

    /// Codes of the products that were written, are not in the lake yet, and have all these words in their texts.
    pub(crate) fn products_with(&self, words: &str) -> Vec<String> {
        let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let has = |sent: &&Sent| {
            let of = |w: &ProductWrite| {
                let more = [&w.description, &w.brand, &w.category].into_iter().flatten().cloned();
                more.chain([w.name.clone()]).collect::<Vec<_>>()
            };
            let texts = sent.writes.iter().flat_map(of).chain([sent.id.clone()]).map(|t| t.to_lowercase());
            let texts: Vec<String> = texts.collect();
            words.iter().all(|word| texts.iter().any(|text| text.contains(word.as_str())))
        };
        state.products.values().filter(has).map(|sent| sent.id.clone()).collect()
    }

    /// What was sent and names a person: pending writes, and lines of the files that an earlier run took in.
    pub(crate) fn about(&self, names: &dyn Fn(&[u8]) -> bool) -> Result<Vec<String>> {
        let _one_at_a_time = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = Vec::new();
        for update in self.state.read().unwrap_or_else(PoisonError::into_inner).lines() {
            let line = serde_json::to_string(&update)?;
            if names(line.as_bytes()) {
                found.push(line);
            }
        }
        for path in [PRODUCTS, STOCK].map(|name| self.folder.join(name)) {
            let text = String::from_utf8_lossy(&read(&path)?).into_owned();
            found.extend(text.lines().filter(|line| names(line.as_bytes())).map(str::to_owned));
        }
        Ok(found)
    }

    /// Takes out what names a person: pending lines, and files that an earlier run took in. Gives how many.
    pub(crate) fn forget(&self, names: &dyn Fn(&[u8]) -> bool) -> Result<u64> {
        let _one_at_a_time = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let mut gone = 0;
        for path in [PRODUCTS, STOCK].map(|name| self.folder.join(name)) {
            if names(&read(&path)?) {
                std::fs::remove_file(&path).with_context(|| format!("deleting {}", path.display()))?;
                gone += 1;
            }
        }
        let path = self.folder.join(PENDING);
        if !names(&read(&path)?) {
            return Ok(gone);
        }
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let (mut left, mut text) = (State::default(), String::new());
        for update in state.lines() {
            let line = serde_json::to_string(&update)?;
            if names(line.as_bytes()) {
                gone += 1;
                continue;
            }
            text.push_str(&line);
            text.push('\n');
            left.take(update);
        }
        put(&path, text.as_bytes())?;
        self.any.store(!left.stock.is_empty() || !left.prices.is_empty(), Ordering::Release);
        *state = left;
        Ok(gone)
    }

    /// Writes what is pending as files that `portolan ingest` takes; none where nothing is. [`Updates::folded`] comes
    /// after the lake has them.
    pub(crate) fn fold(&self) -> Result<Vec<PathBuf>> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let mut files = Vec::new();
        if !state.products.is_empty() {
            let mut text = "product_id,name,description,language,category,brand,image\n".to_owned();
            for (product, w) in state.products.values().flat_map(|sent| sent.writes.iter().map(|w| (&sent.id, w))) {
                let cells = [
                    product.as_str(),
                    &w.name,
                    w.description.as_deref().unwrap_or_default(),
                    w.language.as_deref().unwrap_or_default(),
                    w.category.as_deref().unwrap_or_default(),
                    w.brand.as_deref().unwrap_or_default(),
                    w.image_url.as_deref().unwrap_or_default(),
                ];
                text.push_str(&cells.map(cell).join(","));
                text.push('\n');
            }
            files.push(self.file(PRODUCTS, &text)?);
        }
        if !state.stock.is_empty() {
            let mut rows: Vec<String> = Vec::new();
            for (product, places) in &state.stock {
                for ((market, place), (quantity, day)) in places {
                    let market = if *market == Market::UNKNOWN { "" } else { market.code() };
                    rows.push(format!("{},{},{market},{quantity},{day}\n", cell(product), cell(place)));
                }
            }
            rows.sort();
            let text = format!("product_id,warehouse,market,quantity,as_of\n{}", rows.concat());
            files.push(self.file(STOCK, &text)?);
        }
        Ok(files)
    }

    fn file(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.folder.join(name);
        put(&path, text.as_bytes())?;
        Ok(path)
    }

    /// Takes away what the lake has now: the products and stock that were folded, but for what was written since.
    pub(crate) fn folded(&self, files: &[PathBuf]) -> Result<()> {
        let _one_at_a_time = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let before: Vec<String> = files.iter().filter_map(|file| std::fs::read_to_string(file).ok()).collect();
        let has = |line: &str| before.iter().any(|text| text.contains(line));
        state.products.retain(|_, sent| {
            let id = cell(&sent.id);
            sent.writes.retain(|write| !has(&format!("{id},{},", cell(&write.name))));
            !sent.writes.is_empty()
        });
        for (product, places) in &mut state.stock {
            places.retain(|(market, place), (quantity, day)| {
                let market = if *market == Market::UNKNOWN { "" } else { market.code() };
                !has(&format!("{},{},{market},{quantity},{day}\n", cell(product), cell(place)))
            });
        }
        state.stock.retain(|_, places| !places.is_empty());
        let mut text = String::new();
        for update in state.lines() {
            text.push_str(&serde_json::to_string(&update)?);
            text.push('\n');
        }
        put(&self.folder.join(PENDING), text.as_bytes())?;
        self.any.store(!state.stock.is_empty() || !state.prices.is_empty(), Ordering::Release);
        Ok(())
    }
}

/// A cell of a CSV file.
fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(product: &str, location: Option<&str>, quantity: i64) -> StockLevel {
        StockLevel { product_id: product.to_owned(), location: location.map(str::to_owned), quantity }
    }

    fn price(price: &str, currency: &str) -> PriceWrite {
        PriceWrite { product_id: "cup".into(), market: "DE".into(), price: price.into(), currency: currency.into() }
    }

    #[test]
    fn what_was_written_is_in_force_and_survives_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let [de, fr] = ["DE", "FR"].map(|m| m.parse::<Market>().unwrap());
        let updates = Updates::open(folder.path()).unwrap();
        assert_eq!((updates.stock("CUP", de), updates.price("CUP", de)), (None, None));
        let levels =
            [level("cup", Some("DE"), 3), level("cup", None, 2), level("cup", Some("Leipzig"), 1), level("", None, 1)];
        let wrong = updates.put_stock(&levels, Day(20_000)).unwrap();
        assert_eq!(wrong.len(), 1);
        assert_eq!(wrong[0].0, 3);
        let wrong =
            updates.put_prices(&[price("19.90", "EUR"), price("1.999", "EUR"), price("x", "EUR"), price("-1", "EUR")]);
        assert_eq!(wrong.unwrap().iter().map(|w| w.0).collect::<Vec<_>>(), [1, 2, 3]);
        drop(updates);
        // A line that was cut by a crash was never answered.
        let path = folder.path().join(FOLDER).join(PENDING);
        let mut text = std::fs::read_to_string(&path).unwrap();
        text.push_str("{\"kind\":\"sto");
        std::fs::write(&path, text).unwrap();
        let updates = Updates::open(folder.path()).unwrap();
        assert_eq!((updates.stock("Cup", de), updates.stock("CUP", fr)), (Some(6), Some(3)));
        assert_eq!(updates.price("cup", de).map(|m| m.minor), Some(1_990));
        assert_eq!(updates.price("cup", fr), None);
    }

    #[test]
    fn a_product_is_found_at_once_and_a_person_is_taken_out() {
        let folder = tempfile::tempdir().unwrap();
        let updates = Updates::open(folder.path()).unwrap();
        let gift = ProductWrite { name: "A cup for Quillfeather".into(), ..ProductWrite::default() };
        let pot = ProductWrite { name: "Pot".into(), brand: Some("Brown".into()), ..ProductWrite::default() };
        updates.put_product("GIFT", &gift).unwrap();
        updates.put_product("POT", &pot).unwrap();
        assert_eq!(updates.product("pot"), Some(pot));
        assert_eq!(
            (updates.products_with("brown POT"), updates.products_with("brown cup")),
            (vec!["POT".into()], vec![])
        );
        updates.fold().unwrap();
        let named = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains("Quillfeather");
        // One pending line and the file of products.
        assert_eq!((updates.forget(&named).unwrap(), updates.forget(&named).unwrap()), (2, 0));
        assert_eq!((updates.product("GIFT"), updates.product("POT").is_some()), (None, true));
        assert!(Updates::open(folder.path()).unwrap().product("GIFT").is_none());
    }

    #[test]
    fn what_the_lake_has_is_taken_away_but_not_what_came_since() {
        let folder = tempfile::tempdir().unwrap();
        let updates = Updates::open(folder.path()).unwrap();
        assert!(updates.fold().unwrap().is_empty());
        let product = ProductWrite { name: "A cup, blue".into(), ..ProductWrite::default() };
        updates.put_product("cup", &product).unwrap();
        updates.put_stock(&[level("cup", None, 2), level("pot", None, 5)], Day(0)).unwrap();
        let files = updates.fold().unwrap();
        let products = std::fs::read_to_string(&files[0]).unwrap();
        assert_eq!(products, "product_id,name,description,language,category,brand,image\ncup,\"A cup, blue\",,,,,\n");
        let stock = std::fs::read_to_string(&files[1]).unwrap();
        assert_eq!(stock.lines().nth(1), Some("CUP,main,,2,1970-01-01"));
        updates.put_stock(&[level("pot", None, 4)], Day(0)).unwrap();
        updates.folded(&files).unwrap();
        let all = Market::UNKNOWN;
        assert_eq!((updates.stock("cup", all), updates.stock("pot", all)), (None, Some(4)));
        let again = Updates::open(folder.path()).unwrap();
        assert_eq!((again.stock("cup", all), again.stock("pot", all)), (None, Some(4)));
    }
}
