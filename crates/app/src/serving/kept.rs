//! Histories and what sells lately, kept in a file so that a start reads no order line.
//!
//! A cache like that of [`crate::search`], in `models/serving`: three files named after what they were made from, written
//! beside their place and renamed. Without them, or where one cannot be read, they are made from the lake.

use crate::models::put;
use crate::output;
use crate::pipeline::offers::Used;
use crate::pipeline::purchases::Purchases;
use crate::pipeline::rows::Rows;
use anyhow::Result;
use domain::{Day, ItemIdx, Market, ShopperIdx};
use lake::{Engine, Snapshot};
use learn::container::{ContainerError, Reader, Writer};
use recommend::serving::{Histories, Popular};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// Days that the sales of lately are looked for in, and after which a sale counts half.
const LATELY_DAYS: i32 = 60;
const HALF_LIFE_DAYS: f64 = 14.0;
/// Products of a market's list of what sells lately.
const LATELY: usize = 500;
const KIND: &str = "lately";

/// What is kept.
pub(crate) struct Kept {
    /// Codes of the products that shoppers bought, ascending: the first numbers of the catalogue.
    pub(crate) products: Vec<String>,
    pub(crate) histories: Histories,
    /// Other names of shoppers, of customers and of visitors, where one shopper alone has the name.
    pub(crate) aliases: HashMap<String, String>,
    /// What sells lately, by market.
    pub(crate) lately: BTreeMap<Market, Popular>,
    /// Whether it came from the files.
    pub(crate) from_file: bool,
}

/// Names what is kept by what it follows from: the clean tables, and what the last run decided about signals.
fn key(snapshot: &Snapshot) -> (String, u128) {
    let stage = |name: &str| snapshot.stages.get(name).map_or("", String::as_str);
    let hash = Sha256::digest(format!("{}\n{}\n{}\n2", stage("clean"), stage("offers"), env!("CARGO_PKG_VERSION")));
    let print = hash[..16].iter().fold(0_u128, |all, byte| all << 8 | u128::from(*byte));
    (hash[..8].iter().map(|b| format!("{b:02x}")).collect(), print)
}

impl Kept {
    /// From the files, else from the lake, and then into the files.
    pub(crate) async fn load(root: &Path, engine: &Engine, snapshot: &Snapshot) -> Result<Self> {
        let (key, print) = key(snapshot);
        let folder = root.join("models/serving");
        let (shoppers, lists) = (folder.join(format!("{key}.shoppers")), folder.join(format!("{key}.lists")));
        match tokio::task::block_in_place(|| read(&shoppers, &lists, print)) {
            Ok(Some(kept)) => return Ok(kept),
            Ok(None) => {}
            Err(why) => output::note(&format!("{}: {why}; it is made again", folder.display())),
        }
        let kept = Self::make(engine).await?;
        tokio::task::block_in_place(|| {
            put(&shoppers, &kept.histories.to_bytes(print))?;
            put(&lists, &kept.lists(print))
        })?;
        crate::caches::remove_others(&folder, &[&shoppers, &lists]);
        Ok(kept)
    }

    async fn make(engine: &Engine) -> Result<Self> {
        let purchases = Purchases::load(engine).await?;
        let used = Used::load(engine, &purchases).await?;
        let histories = tokio::task::block_in_place(|| -> Result<Histories> {
            let signals = used.signals();
            let mut histories = Histories::default();
            for (at, name) in purchases.shoppers.iter().enumerate() {
                let shopper = ShopperIdx(at as u32);
                let context = recommend::Context::of(shopper, &signals);
                let seen: Vec<(ItemIdx, f32)> = context.joined(domain::History::EMPTY).into_pairs();
                let market = purchases.interactions.markets()[at];
                histories.push(name.as_str(), market, &purchases.history(shopper), &seen)?;
            }
            Ok(histories)
        })?;
        let products: Vec<String> = purchases.products.iter().map(ToString::to_string).collect();
        let lately = lately(engine, &products).await?;
        let aliases = aliases(engine, &histories).await?;
        Ok(Self { products, histories, aliases, lately, from_file: false })
    }

    fn lists(&self, print: u128) -> Vec<u8> {
        let mut to = Writer::default();
        to.lines("products", &self.products);
        // Names of people may hold anything.
        let aliases: BTreeMap<&String, &String> = self.aliases.iter().collect();
        to.text("aliases", &serde_json::to_string(&aliases).unwrap_or_default());
        to.lines("markets", &self.lately.keys().map(Market::code).collect::<Vec<_>>());
        for (market, list) in &self.lately {
            let (items, scores): (Vec<u32>, Vec<f32>) = list.ranked().iter().map(|(i, s)| (i.0, *s)).unzip();
            to.u32s(&format!("items of {market}"), &items);
            to.f32s(&format!("scores of {market}"), &scores);
        }
        to.finish(KIND, print)
    }
}

trait IntoPairs {
    fn into_pairs(self) -> Vec<(ItemIdx, f32)>;
}

impl IntoPairs for (Vec<ItemIdx>, Vec<f32>) {
    fn into_pairs(self) -> Vec<(ItemIdx, f32)> {
        self.0.into_iter().zip(self.1).collect()
    }
}

/// `None` where there are no files, or those of something else.
fn read(shoppers: &Path, lists: &Path, print: u128) -> Result<Option<Kept>> {
    if !shoppers.is_file() || !lists.is_file() {
        return Ok(None);
    }
    let (histories, of) = Histories::from_bytes(&std::fs::read(shoppers)?)?;
    let bytes = std::fs::read(lists)?;
    let from = Reader::open(&bytes)?;
    if of != print || from.fingerprint() != print || from.kind() != KIND {
        return Ok(None);
    }
    let products: Vec<String> = from.lines("products")?.into_iter().map(str::to_owned).collect();
    let mut lately = BTreeMap::new();
    for code in from.lines("markets")? {
        let (items, scores) = (from.u32s(&format!("items of {code}"))?, from.f32s(&format!("scores of {code}"))?);
        if items.len() != scores.len() || items.iter().any(|i| *i as usize >= products.len()) {
            return Err(ContainerError::content("items", "products of the catalogue, each with a score").into());
        }
        lately.insert(code.parse()?, Popular::new(items.into_iter().map(ItemIdx).zip(scores)));
    }
    let aliases = serde_json::from_str(from.text("aliases")?)?;
    Ok(Some(Kept { products, histories, aliases, lately, from_file: true }))
}

/// Numbers of customers and visitors whose shopper bears another name. A number that two systems use is no name.
async fn aliases(engine: &Engine, histories: &Histories) -> Result<HashMap<String, String>> {
    let sql = "select number, min(shopper_id) as shopper_id from ( \
           select case key_kind when 'customer_id' then substr(key, strpos(key, ':') + 1) else key end as number, shopper_id \
           from clean.identity_links where not undone and key_kind in ('customer_id', 'anonymous')) l \
         where number <> shopper_id group by number having count(distinct shopper_id) = 1";
    let rows = Rows::query(engine, sql).await?;
    let all = rows.texts("number")?.into_iter().zip(rows.texts("shopper_id")?);
    Ok(all.filter(|(number, shopper)| histories.find(number).is_none() && histories.find(shopper).is_some()).collect())
}

/// Orders of the last weeks with each product, `Σ 2^(−age / half-life)`, by market.
async fn lately(engine: &Engine, products: &[String]) -> Result<BTreeMap<Market, Popular>> {
    let sql = format!(
        "select market, product_id, day, count(distinct order_key) as n from clean.order_lines \
         where settled and product_id is not null and \
         day > (select max(day) from clean.order_lines where settled) - interval '{LATELY_DAYS} days' \
         group by market, product_id, day order by market, product_id, day"
    );
    let rows = Rows::query(engine, &sql).await?;
    let (markets, ids, days, n) =
        (rows.markets("market")?, rows.texts("product_id")?, rows.days("day")?, rows.ints("n")?);
    let last = days.iter().max().copied().unwrap_or(Day(0));
    let mut sums: BTreeMap<Market, BTreeMap<ItemIdx, f64>> = BTreeMap::new();
    for at in 0..rows.len() {
        let Ok(item) = products.binary_search(&ids[at]) else { continue };
        let age = f64::from(last.since(days[at]));
        let sum = sums.entry(markets[at]).or_default().entry(ItemIdx(item as u32)).or_default();
        *sum += n[at] as f64 * (-age / HALF_LIFE_DAYS).exp2();
    }
    let list = |sums: BTreeMap<ItemIdx, f64>| {
        let all = Popular::new(sums.into_iter().map(|(item, sum)| (item, sum as f32)));
        Popular::new(all.ranked().iter().copied().take(LATELY))
    };
    Ok(sums.into_iter().map(|(market, sums)| (market, list(sums))).collect())
}
