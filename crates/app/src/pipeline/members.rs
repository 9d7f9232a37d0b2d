//! Stage `members`: who is in which segment of `segments.toml`, since when, and who went from one to another.
//!
//! The past is not remembered from run to run, it is asked again: the same rules are put to the same orders at the first of
//! each of the last twelve months and at the cutoff. So the history is there from the first run on, is the same however
//! often the program ran, and a new rule has one at once. A rule that uses what is only known of today (scores,
//! clusters, tags, forecasts, interests) has no past and is not followed. Returns have no day of their own in
//! `clean.order_lines`: a rule about them sees today's.

use super::batch::Columns as Batch;
use super::rows::Rows;
use super::{Stage, Tables};
use anyhow::Result;
use audience::rfm::{RfmParams, ScoreMethod};
use audience::segments::membership::{Flow, Memberships};
use audience::segments::{Definition, SegmentBook};
use audience::{Segment, ShopperSummary};
use domain::{Amount, Day, Market, ShopperId};
use lake::Engine;
use std::collections::{BTreeMap, BTreeSet};

/// Looks into the past.
const MONTHS: i32 = 12;
/// Days between the two looks of the flows between named segments.
const RFM_BACK: i32 = 90;

type Found = BTreeMap<String, BTreeSet<ShopperId>>;

pub(super) async fn compute(stage: &Stage<'_>) -> Result<Tables> {
    let definitions = crate::segments::definitions(&stage.workspace.root)?;
    let book = crate::segments::book(&stage.workspace.root)?;
    let homes = Homes::load(&stage.engine).await?;
    let as_of = homes.cutoff;
    let past: BTreeSet<&str> = book.entries().filter(|e| book.has_a_past(e.name())).map(|e| e.name()).collect();
    let followed = SegmentBook::with_groupings(
        &definitions.iter().filter(|d| past.contains(d.name.as_str())).cloned().collect::<Vec<Definition>>(),
        book.groupings().cloned().collect(),
    )?;
    let mut looks = Vec::new();
    for (at, day) in cutoffs(as_of).into_iter().enumerate() {
        stage.bar.step("looking at", "segments in the past", at as u64, MONTHS as u64);
        looks.push((day, members(stage, &followed, day, false).await?));
    }
    let mut history = Memberships::default();
    let mut flows: Vec<(Day, Day, Flow)> = Vec::new();
    for (day, found) in looks {
        let next = history.advance(&followed, &found, day)?;
        if let Some(before) = history.as_of() {
            flows.extend(next.flows_since(&history).into_iter().map(|flow| (before, day, flow)));
        }
        history = next;
    }
    let today = members(stage, &book, as_of, true).await?;
    let now = history.advance(&followed, &only(&today, &past), as_of)?;
    if let Some(before) = history.as_of().filter(|before| *before < as_of) {
        flows.extend(now.flows_since(&history).into_iter().map(|flow| (before, as_of, flow)));
    }
    let rfm = rfm_flows(&stage.engine, as_of).await?;
    Ok(vec![
        ("segment_members", vec![member_rows(&book, &today, &now, &homes)?]),
        ("segment_book", vec![book_rows(&book, &today, &past, &homes)?]),
        ("segment_flows", vec![flow_rows(&rfm, &flows, as_of)?]),
    ])
}

/// The first of each of the last months before the cutoff, the earliest first.
fn cutoffs(as_of: Day) -> Vec<Day> {
    let (year, month) = as_of.year_month();
    let months = year * 12 + month as i32 - 1;
    let first = |months: i32| Day::from_ymd(months.div_euclid(12), months.rem_euclid(12) as u32 + 1, 1);
    (0..MONTHS).rev().filter_map(|back| first(months - back)).filter(|day| *day < as_of).collect()
}

fn only(found: &Found, names: &BTreeSet<&str>) -> Found {
    found.iter().filter(|(name, _)| names.contains(name.as_str())).map(|(n, m)| (n.clone(), m.clone())).collect()
}

/// The members of every segment before a day, by one query. What no table of the lake has is told once.
async fn members(stage: &Stage<'_>, book: &SegmentBook, as_of: Day, telling: bool) -> Result<Found> {
    // The stages before this one have just seen to it that both marts are of these clean tables.
    let columns = crate::segments::columns_of(&stage.engine).await?;
    let columns = columns.in_step(&["marts.shopper_traits", "marts.segments"]);
    let compiled = book.compile(&columns, as_of);
    if compiled.columns.is_empty() {
        return Ok(Found::new());
    }
    for field in compiled.absent.iter().filter(|_| telling) {
        let why = "no table of the lake has it: for every shopper it counts as missing";
        stage.not_computed(Market::UNKNOWN, &format!("`{}` of segments", field.name()), why);
    }
    let rows = crate::segments::answer(&stage.engine, &compiled).await?;
    let shoppers = rows.texts("shopper_id")?;
    let mut found = Found::new();
    for (name, column) in &compiled.columns {
        let inside = rows.truths(column)?;
        let members = shoppers.iter().zip(inside).filter(|(_, inside)| *inside);
        found.insert(name.clone(), members.map(|(id, _)| ShopperId::new(id.clone())).collect());
    }
    Ok(found)
}

/// Home market and consent of every shopper.
struct Homes {
    of: BTreeMap<ShopperId, (Market, bool)>,
    cutoff: Day,
}

impl Homes {
    async fn load(engine: &Engine) -> Result<Self> {
        let sql = "select shopper_id, market, coalesce(accepts_marketing, false) as consent from clean.shoppers";
        let rows = Rows::query(engine, sql).await?;
        let (ids, markets, consents) = (rows.texts("shopper_id")?, rows.markets("market")?, rows.truths("consent")?);
        let of = ids.into_iter().zip(markets).zip(consents);
        let last = Rows::query(engine, "select max(last_day) as day from marts.shopper_summary").await?;
        let cutoff = last.optional_days("day")?.into_iter().flatten().next().map_or(Day(0), |day| day.plus(1));
        Ok(Self { of: of.map(|((id, market), consent)| (ShopperId::new(id), (market, consent))).collect(), cutoff })
    }

    fn market(&self, shopper: &ShopperId) -> Market {
        self.of.get(shopper).map_or(Market::UNKNOWN, |(market, _)| *market)
    }

    fn consents(&self, shopper: &ShopperId) -> bool {
        self.of.get(shopper).is_some_and(|(_, consent)| *consent)
    }
}

fn member_rows(
    book: &SegmentBook,
    today: &Found,
    now: &Memberships,
    homes: &Homes,
) -> Result<arrow::array::RecordBatch> {
    let since = |name: &str, shopper: &ShopperId| {
        now.of(name).and_then(|members| members.get(shopper)).map_or(homes.cutoff, |held| held.since)
    };
    let version = |name: &str| book.get(name).map(|entry| entry.version().to_owned()).unwrap_or_default();
    let rows: Vec<(&str, &ShopperId)> =
        today.iter().flat_map(|(name, members)| members.iter().map(move |m| (name.as_str(), m))).collect();
    Batch::default()
        .text("segment", rows.iter().map(|(name, _)| *name))
        .text("shopper_id", rows.iter().map(|(_, shopper)| shopper.as_str()))
        .text("market", rows.iter().map(|(_, shopper)| homes.market(shopper).code().to_owned()))
        .day("since", rows.iter().map(|(name, shopper)| since(name, shopper)))
        .text("version", rows.iter().map(|(name, _)| version(name)))
        .batch()
}

fn book_rows(
    book: &SegmentBook,
    today: &Found,
    past: &BTreeSet<&str>,
    homes: &Homes,
) -> Result<arrow::array::RecordBatch> {
    let empty = BTreeSet::new();
    let members = |name: &str| today.get(name).unwrap_or(&empty);
    let rows: Vec<_> = book.entries().collect();
    Batch::default()
        .text("segment", rows.iter().map(|e| e.name()))
        .text("rule", rows.iter().map(|e| e.text()))
        .text("description", rows.iter().map(|e| e.description()))
        .text("version", rows.iter().map(|e| e.version()))
        .truth("followed", rows.iter().map(|e| past.contains(e.name())))
        .int("n_shoppers", rows.iter().map(|e| members(e.name()).len() as i64))
        .int("n_consent", rows.iter().map(|e| members(e.name()).iter().filter(|s| homes.consents(s)).count() as i64))
        .day("as_of", rows.iter().map(|_| homes.cutoff))
        .batch()
}

/// Named segments at the cutoff and some time before, counted by pairs; nobody is in none after the first order.
async fn rfm_flows(engine: &Engine, as_of: Day) -> Result<BTreeMap<(String, String), i64>> {
    let (before, after) = (rfm(engine, as_of.plus(-RFM_BACK)).await?, rfm(engine, as_of).await?);
    let key = |segment: Option<&Segment>| segment.map_or_else(String::new, |s| s.key().to_owned());
    let mut flows = BTreeMap::new();
    for (shopper, is) in &after {
        *flows.entry((key(before.get(shopper)), key(Some(is)))).or_default() += 1;
    }
    Ok(flows)
}

async fn rfm(engine: &Engine, as_of: Day) -> Result<BTreeMap<ShopperId, Segment>> {
    let sql = format!(
        "select l.shopper_id, min(s.market) as market, min(l.day) as first_day, max(l.day) as last_day, \
         count(distinct l.order_key) as n_orders, sum(l.amount_base) as revenue \
         from clean.order_lines l join clean.shoppers s on s.shopper_id = l.shopper_id \
         where l.settled and l.day < cast('{as_of}' as date) group by l.shopper_id order by l.shopper_id"
    );
    let rows = Rows::query(engine, &sql).await?;
    let (ids, markets, orders) = (rows.texts("shopper_id")?, rows.markets("market")?, rows.ints("n_orders")?);
    let (first, last, revenue) = (rows.days("first_day")?, rows.days("last_day")?, rows.amounts("revenue")?);
    let shoppers: Vec<ShopperSummary> = (0..ids.len())
        .map(|i| ShopperSummary {
            shopper: ShopperId::new(ids[i].clone()),
            market: markets[i],
            first_day: first[i],
            last_day: last[i],
            n_orders: u32::try_from(orders[i]).unwrap_or(u32::MAX),
            revenue: revenue[i],
        })
        .filter(|s| s.revenue >= Amount::ZERO)
        .collect();
    if shoppers.is_empty() {
        return Ok(BTreeMap::new());
    }
    let scored = RfmParams { snapshot: as_of, method: ScoreMethod::RankQuintiles }.score(&shoppers)?;
    Ok(scored.rows().iter().map(|row| (row.shopper.clone(), row.segment)).collect())
}

fn flow_rows(
    rfm: &BTreeMap<(String, String), i64>,
    own: &[(Day, Day, Flow)],
    as_of: Day,
) -> Result<arrow::array::RecordBatch> {
    type Row<'a> = (&'static str, Day, Day, &'a str, &'a str, i64);
    let rfm = rfm.iter().map(|((from, to), n)| -> Row<'_> { ("rfm", as_of.plus(-RFM_BACK), as_of, from, to, *n) });
    let name = |segment: &'_ Option<String>| -> String { segment.clone().unwrap_or_default() };
    let own: Vec<(Day, Day, String, String, i64)> = own
        .iter()
        .map(|(from, to, flow)| {
            (*from, *to, name(&flow.from), name(&flow.to), i64::try_from(flow.n).unwrap_or(i64::MAX))
        })
        .collect();
    let mut rows: Vec<Row<'_>> = rfm.collect();
    rows.extend(
        own.iter().map(|(from, to, left, entered, n)| -> Row<'_> {
            ("own", *from, *to, left.as_str(), entered.as_str(), *n)
        }),
    );
    rows.sort();
    Batch::default()
        .text("kind", rows.iter().map(|r| r.0))
        .day("from_day", rows.iter().map(|r| r.1))
        .day("to_day", rows.iter().map(|r| r.2))
        .text("from_segment", rows.iter().map(|r| r.3))
        .text("to_segment", rows.iter().map(|r| r.4))
        .int("n_shoppers", rows.iter().map(|r| r.5))
        .batch()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // 2025-03-10: the first of twelve months from April 2024 to March 2025.
    fn looks_are_the_firsts_of_twelve_months() {
        let looks = cutoffs("2025-03-10".parse().unwrap());
        assert_eq!(looks.len(), 12);
        assert_eq!((looks[0].to_string(), looks[11].to_string()), ("2024-04-01".into(), "2025-03-01".into()));
        assert_eq!(cutoffs("2025-03-01".parse().unwrap()).len(), 11, "the cutoff itself is the last look");
    }
}
