//! `portolan segments alike`: who is like a segment's members; groups of like habits are in [`habits`].

mod defining;
mod habits;

pub(super) use habits::behaviour;

use super::{Environment, Opened};
use crate::exit::{Exit, Stop};
use crate::pipeline::rows::Rows;
use crate::{output, pipeline, segments};
use anyhow::{Context, Result};
use audience::AudienceError;
use audience::segments::lookalike::LookalikeParams;
use domain::{Day, Figure, Market, Seed};
use learn::Points;
use serde_json::json;
use serve::consents::MARKETING;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What shoppers are compared by, in the order of the columns of [`Everybody`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Trait {
    LastOrder,
    FirstOrder,
    Orders,
    Revenue,
    CameBack,
    Channel,
    Brand,
    Categories,
    Market,
}

impl Trait {
    const ALL: [Self; 9] = [
        Self::LastOrder,
        Self::FirstOrder,
        Self::Orders,
        Self::Revenue,
        Self::CameBack,
        Self::Channel,
        Self::Brand,
        Self::Categories,
        Self::Market,
    ];

    const fn words(self) -> &'static str {
        match self {
            Self::LastOrder => "days since the last order",
            Self::FirstOrder => "days since the first order",
            Self::Orders => "orders",
            Self::Revenue => "revenue",
            Self::CameBack => "share that came back",
            Self::Channel => "true to one channel",
            Self::Brand => "true to one brand",
            Self::Categories => "categories bought",
            Self::Market => "lives in the segment's main market",
        }
    }
}

/// Amounts and counts as logarithms: what sets 1 order apart from 2 matters as much as 10 from 20.
const COMPARED: &str = "\
with b as (
  select l.shopper_id, count(distinct split_part(coalesce(p.category, ''), ' > ', 1)) as categories
  from clean.order_lines l left join clean.products p on p.product_id = l.product_id
  where l.settled and l.shopper_id is not null group by l.shopper_id
)
select s.shopper_id, s.market, s.first_day, s.last_day, s.n_orders, cast(s.revenue as double) as revenue,
  cast(s.returned as double) as returned, t.channel_share, t.brand_share, b.categories, c.accepts_marketing
from marts.shopper_summary s
join marts.shopper_traits t on t.shopper_id = s.shopper_id
join b on b.shopper_id = s.shopper_id
join clean.shoppers c on c.shopper_id = s.shopper_id
order by s.shopper_id";

/// Everybody, as a row of numbers each.
struct Everybody {
    ids: Vec<String>,
    markets: Vec<Market>,
    consents: Vec<bool>,
    values: Vec<f64>,
}

impl Everybody {
    /// The columns are those of `traits`, in their order.
    async fn load(opened: &Opened, members: &BTreeSet<String>, traits: &[Trait]) -> Result<Self> {
        let rows = Rows::query(&opened.engine, COMPARED).await?;
        let (ids, markets) = (rows.texts("shopper_id")?, rows.markets("market")?);
        let (first, last) = (rows.days("first_day")?, rows.days("last_day")?);
        let (orders, categories) = (rows.ints("n_orders")?, rows.ints("categories")?);
        let [revenue, returned, channel, brand] =
            ["revenue", "returned", "channel_share", "brand_share"].map(|name| rows.floats(name));
        let (revenue, returned, channel, brand) = (revenue?, returned?, channel?, brand?);
        let end = last.iter().max().copied().unwrap_or(Day(0)).plus(1);
        let mut of_members: BTreeMap<Market, usize> = BTreeMap::new();
        for (id, market) in ids.iter().zip(&markets) {
            *of_members.entry(*market).or_default() += usize::from(members.contains(id));
        }
        let main = of_members.into_iter().max_by_key(|(market, n)| (*n, std::cmp::Reverse(*market))).map(|(m, _)| m);
        let mean = |column: &[Option<f64>]| {
            let known: Vec<f64> = column.iter().flatten().copied().collect();
            known.iter().sum::<f64>() / known.len().max(1) as f64
        };
        let (usual_channel, usual_brand) = (mean(&channel), mean(&brand));
        let mut values = Vec::with_capacity(ids.len() * traits.len());
        for i in 0..ids.len() {
            let sold = revenue[i].unwrap_or(0.0).max(0.0);
            values.extend(traits.iter().map(|of| match of {
                Trait::LastOrder => f64::from(end.since(last[i])).max(0.0).ln_1p(),
                Trait::FirstOrder => f64::from(end.since(first[i])).max(0.0).ln_1p(),
                Trait::Orders => (orders[i] as f64).ln_1p(),
                Trait::Revenue => sold.ln_1p(),
                Trait::CameBack if sold > 0.0 => (-returned[i].unwrap_or(0.0) / sold).clamp(0.0, 1.0),
                Trait::CameBack => 0.0,
                Trait::Channel => channel[i].unwrap_or(usual_channel),
                Trait::Brand => brand[i].unwrap_or(usual_brand),
                Trait::Categories => (categories[i] as f64).ln_1p(),
                Trait::Market => f64::from(u8::from(Some(markets[i]) == main)),
            }));
        }
        // What a person decided over HTTP counts more than what a file said.
        let decided = super::serve::consents(&opened.workspace.root).await?;
        let said = ids.iter().zip(rows.truths("accepts_marketing")?);
        let consents = said.map(|(id, said)| decided.of(id, MARKETING).unwrap_or(said)).collect();
        Ok(Self { ids, markets, consents, values })
    }
}

/// The shoppers most like those of a segment, with what the ranking is worth on members that it was not shown.
pub(super) async fn alike(
    env: &Environment,
    name: &str,
    market: Option<Market>,
    n: usize,
    out: Option<&Path>,
    json: bool,
) -> Result<()> {
    let opened = env.opened().await?;
    pipeline::members_computed(&opened.workspace, &opened.snapshot, "segments")?;
    let book = segments::book(&opened.workspace.root)?;
    if book.get(name).is_none() {
        return Err(super::segments::no_segment(&book, name));
    }
    let quoted = name.replace('\'', "''");
    let sql = format!("select shopper_id from marts.segment_members where segment = '{quoted}'");
    let members: BTreeSet<String> = Rows::query(&opened.engine, &sql).await?.texts("shopper_id")?.into_iter().collect();
    let defining = defining::defining(&book, name);
    let traits: Vec<Trait> = Trait::ALL.into_iter().filter(|of| !defining.contains(of)).collect();
    let left_out: Vec<&str> = defining.iter().map(|of| of.words()).collect();
    if traits.is_empty() {
        let why = format!("`{name}` asks for everything that shoppers are compared by");
        return Err(Stop::error(
            Exit::Missing,
            why,
            "a rule of fewer statements has people who are like it in other things",
        ));
    }
    let all = Everybody::load(&opened, &members, &traits).await?;
    let points = Points::new(all.values.clone(), traits.len())?;
    let inside: Vec<bool> = all.ids.iter().map(|id| members.contains(id)).collect();
    let found = LookalikeParams::default().fit(&points, &inside, Seed(1)).map_err(|error| match error {
        AudienceError::TooLittleData { .. } => Stop::error(
            Exit::Missing,
            format!("`{name}`: {error}"),
            "a wider rule: `portolan segments size \"RULE\"` says how many it has",
        ),
        other => other.into(),
    })?;
    let wanted = |row: &usize| market.is_none_or(|m| all.markets[*row] == m);
    let mut listed = Vec::new();
    for (row, score) in found.ranking().iter().filter(|(row, _)| wanted(row)).take(n) {
        let (_, parts) = found.explain(points.row(*row))?;
        let mut order: Vec<usize> = (0..parts.len()).filter(|j| parts[*j] > 0.0).collect();
        order.sort_by(|a, b| parts[*b].total_cmp(&parts[*a]).then(a.cmp(b)));
        let reasons: Vec<&str> = order.iter().take(2).map(|j| traits[*j].words()).collect();
        listed.push((*row, *score, reasons));
    }
    if let Some(path) = out {
        write_consenting(path, name, found.ranking().iter().map(|(row, _)| *row).filter(|r| wanted(r)), n, &all)?;
    }
    let lift = found.lift();
    if json {
        let items: Vec<_> = listed
            .iter()
            .map(|(row, score, reasons)| {
                json!({"shopper": all.ids[*row], "market": all.markets[*row], "score": score,
                    "with_consent": all.consents[*row], "because": reasons})
            })
            .collect();
        return output::json(&json!({"segment": name, "members": members.len(), "lift": lift,
            "left_out": left_out, "alike": items}));
    }
    output::line(&worth(name, members.len(), lift));
    if !left_out.is_empty() {
        output::line(&format!("Not compared by what the rule itself asks for: {}.", left_out.join(", ")));
    }
    let cells = listed.iter().map(|(row, score, reasons)| {
        let consent = if all.consents[*row] { "yes" } else { "no" };
        vec![
            all.ids[*row].clone(),
            all.markets[*row].to_string(),
            format!("{score:+.2}"),
            consent.to_owned(),
            reasons.join(", "),
        ]
    });
    output::table(&["shopper", "market", "score", "consent", "most like them in"], &[2], cells.collect());
    output::hint("--out FILE writes those who agreed to marketing; a score orders and is no probability");
    Ok(())
}

/// What the ranking is worth, in a sentence.
fn worth(name: &str, members: usize, lift: &Figure) -> String {
    let size = output::count(members as u64);
    match (lift.as_f64(), lift.interval) {
        (Some(value), Some(i)) if i.low > 1.0 => format!(
            "`{name}` has {size} members. Of members that the ranking was not shown, {value:.1} times as many as at \
             random are in its first tenth ({:.1}–{:.1}).",
            i.low, i.high
        ),
        (Some(value), _) => format!(
            "`{name}` has {size} members, who are not told apart from the others: {value:.1} times as many as at random \
             in the first tenth, which chance can do as well. The list is worth little."
        ),
        (None, _) => format!("`{name}` has {size} members, too few to say what the ranking is worth."),
    }
}

/// Those who agreed to marketing, in the order of the ranking.
fn write_consenting(
    path: &Path,
    name: &str,
    ranking: impl Iterator<Item = usize>,
    n: usize,
    all: &Everybody,
) -> Result<()> {
    let mut text = String::from("shopper_id,market\n");
    let mut written = 0;
    for row in ranking.filter(|row| all.consents[*row]).take(n) {
        text.push_str(&format!("{},{}\n", segments::csv_cell(&all.ids[row]), all.markets[row].code()));
        written += 1;
    }
    std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))?;
    output::note(&format!("{}: {written} shoppers like those of `{name}`, all with consent", path.display()));
    Ok(())
}
