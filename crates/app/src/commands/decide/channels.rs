//! `portolan decide channels`: what an order costs on each advertising platform of a market, from facts that say where they come from
//! and from the seller's own results, what pays, where a budget goes, and which partners to work with.

use crate::commands::Opened;
use crate::exit::{Exit, Stop};
use crate::pipeline::decisions::{CHANNELS, channel_facts, rates};
use crate::pipeline::rows::Rows;
use crate::{cli, output};
use anyhow::Result;
use decide::channel::{
    ChannelFacts, OutlookParams, OwnResults, PartnerParams, PlatformFacts, PlatformRow, Ranked, RankedPartner, choose,
};
use domain::{Currency, Decimal, Figure, Market, Money, Rounding};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Units of the reporting currency for one of another.
type Rate<'a> = &'a (dyn Fn(Currency) -> Option<f64> + Sync);

/// What the seller's own advertising did on a platform.
#[derive(Clone, Copy, Default)]
struct Seen {
    impressions: u64,
    clicks: u64,
    spend: f64,
    /// Orders that the media mix ascribes to it, where it can tell.
    orders: Option<f64>,
}

pub(super) async fn channels(opened: &Opened, args: &cli::Channels) -> Result<()> {
    let base: Currency = opened.snapshot.currency.ok_or_else(|| {
        Stop::error(Exit::Missing, "the lake was cleaned by an earlier release", "`portolan run` cleans it again")
    })?;
    let budget = args.budget.map(|b| amount(b, base, "--budget")).transpose()?;
    if let Some(x) = args.order_margin.filter(|x| !(*x > 0.0 && x.is_finite())) {
        return Err(Stop::error(Exit::Usage, format!("--order-margin {x}"), "an amount above 0"));
    }
    let market = args.market;
    let facts = channel_facts(&opened.workspace.root)?;
    let rates = rates(&opened.engine).await?;
    let rate = |from: Currency| (from == base).then_some(1.0).or_else(|| Some(rates.get(&from)? / rates.get(&base)?));
    let basket = basket(opened, market).await?;
    let margin = match args.order_margin {
        Some(x) => Some((x, "--order-margin".to_owned())),
        None => order_margin(opened, market, basket).await?,
    };
    let seen = seen(opened, market, basket, &rate).await?;
    let audience = facts.audience(market);
    let mut rows: Vec<(PlatformFacts, OwnResults)> = Vec::new();
    let (mut used, mut verify): (Vec<String>, BTreeMap<String, bool>) = (Vec::new(), BTreeMap::new());
    for row in facts.platforms(market) {
        let cpm = row.cpm.map(|m| {
            let x = m.to_decimal().to_string().parse::<f64>().unwrap_or(f64::NAN);
            rate(m.currency).map(|r| x * r).ok_or_else(|| no_rate(m.currency, base))
        });
        let own = own(&facts, row, market, &seen, &rate, &mut used);
        verify.insert(row.name.clone(), row.confidence.verify());
        let facts = PlatformFacts {
            platform: row.name.clone(),
            market,
            audience,
            reach: row.reach,
            cpm: cpm.transpose()?,
            click_rate: row.click_rate,
            order_rate: row.order_rate,
            source: row.source.clone(),
        };
        rows.push((facts, own));
    }
    if rows.is_empty() || audience.is_none() {
        return Err(Stop::error(
            Exit::Missing,
            format!("nothing is known of advertising platforms of {market}"),
            format!(
                "state rows `[[platform]]` and `[[audience]]` for it in {CHANNELS} beside portolan.toml; docs/decide.md has an example"
            ),
        ));
    }
    let stop = |e: decide::SpendError| Stop::error(Exit::Usage, e.to_string(), format!("mend that row in {CHANNELS}"));
    let outlooks = OutlookParams::default().outlook(&rows).map_err(stop)?;
    let ranked = choose(outlooks, margin.as_ref().map(|m| m.0), budget).map_err(stop)?;
    let partners: Vec<_> = facts.partners.iter().filter(|(m, _)| *m == market).map(|(_, p)| p.clone()).collect();
    let partners =
        if partners.is_empty() { Vec::new() } else { PartnerParams::default().rank(&partners).map_err(stop)? };
    let planned = planned(opened, market, &facts).await?;
    let unknown: Vec<&String> = seen.keys().filter(|channel| !used.contains(channel)).collect();
    if args.json {
        let platforms: Vec<Value> = ranked.iter().map(|r| platform_json(r, verify[&r.outlook.platform])).collect();
        let partners: Vec<Value> = partners.iter().map(partner_json).collect();
        return output::json(&json!({
            "market": market, "currency": base, "order_margin": margin.as_ref().map(|m| m.0),
            "order_margin_source": margin.as_ref().map(|m| &m.1), "budget": args.budget, "platforms": platforms,
            "partners": partners, "channels_without_a_platform": unknown, "plan": planned,
        }));
    }
    tell(&ranked, &verify, margin.as_ref(), base, budget.is_some());
    tell_plan(&planned, &ranked, base);
    if !partners.is_empty() {
        tell_partners(&partners);
    }
    for channel in unknown {
        output::note(&format!(
            "note: no platform of {market} is called `{channel}`; add it to `channels` of one in {CHANNELS} and its results count"
        ));
    }
    Ok(())
}

fn amount(x: f64, base: Currency, option: &str) -> Result<Money> {
    let wrong = || Stop::error(Exit::Usage, format!("{option} {x}"), "an amount of 0 or more");
    let money = Decimal::try_from(x).ok().and_then(|d| Money::from_decimal(d, base, Rounding::HalfEven).ok());
    money.filter(|m| x >= 0.0 && m.minor >= 0).ok_or_else(wrong)
}

fn no_rate(from: Currency, base: Currency) -> anyhow::Error {
    Stop::error(
        Exit::Missing,
        format!("there is no exchange rate from {from} to {base} for the prices of impressions"),
        format!("`portolan ingest` takes a table of exchange rates; or state `cpm` in {base} in {CHANNELS}"),
    )
}

/// Mean value of an order of the market, else of all.
async fn basket(opened: &Opened, market: Market) -> Result<Option<f64>> {
    let sql = format!(
        "select order_mean from marts.market_summary where n_orders >= 30 order by case when market = '{market}' then 0 else 1 end, \
         n_orders desc limit 1"
    );
    Ok(Rows::query(&opened.engine, &sql).await?.floats("order_mean")?.first().copied().flatten())
}

/// What an order leaves: its mean value times the share of sales that is margin, as the last run has it.
async fn order_margin(opened: &Opened, market: Market, basket: Option<f64>) -> Result<Option<(f64, String)>> {
    let sql = format!(
        "select value from marts.decision_figures where market = '{market}' and figure = 'decide.margin_share'"
    );
    let share = Rows::query(&opened.engine, &sql).await?.floats("value")?.first().copied().flatten();
    let margin = share.zip(basket).map(|(share, basket)| (share * basket, share, basket)).filter(|m| m.0 > 0.0);
    Ok(margin.map(|(m, share, basket)| (m, format!("mean order {basket:.2} × margin {:.1} %", 100.0 * share))))
}

/// Own advertising by channel of the table of spend.
async fn seen(opened: &Opened, market: Market, basket: Option<f64>, rate: Rate<'_>) -> Result<BTreeMap<String, Seen>> {
    let sql = format!(
        "select a.channel, a.currency, sum(cast(a.spend as double)) as spend, coalesce(sum(a.impressions), 0) as impressions, \
         coalesce(sum(a.clicks), 0) as clicks from clean.ad_spend a where a.market = '{market}' group by a.channel, a.currency \
         order by a.channel, a.currency"
    );
    let rows = Rows::query(&opened.engine, &sql).await?;
    let (channels, currencies, spend) = (rows.texts("channel")?, rows.texts("currency")?, rows.floats("spend")?);
    let (impressions, clicks) = (rows.ints("impressions")?, rows.ints("clicks")?);
    let mut all: BTreeMap<String, Seen> = BTreeMap::new();
    for i in 0..channels.len() {
        let Some(rate) = currencies[i].parse().ok().and_then(rate) else { continue };
        let one = all.entry(channels[i].clone()).or_default();
        one.impressions += impressions[i].unsigned_abs();
        one.clicks += clicks[i].unsigned_abs();
        one.spend += rate * spend[i].unwrap_or(0.0);
    }
    let sql =
        format!("select channel, contribution from marts.media where market = '{market}' and contribution is not null");
    let rows = Rows::query(&opened.engine, &sql).await?;
    for (channel, sales) in rows.texts("channel")?.into_iter().zip(rows.floats("contribution")?) {
        if let (Some(one), Some(sales), Some(basket)) = (all.get_mut(&channel), sales, basket.filter(|b| *b > 0.0)) {
            one.orders = Some((sales / basket).max(0.0));
        }
    }
    Ok(all)
}

/// What is known of a platform by oneself: what the seller states, else the table of spend under any of its names.
fn own(
    facts: &ChannelFacts,
    row: &PlatformRow,
    market: Market,
    seen: &BTreeMap<String, Seen>,
    rate: Rate<'_>,
    used: &mut Vec<String>,
) -> OwnResults {
    let mut sums = OwnResults::default();
    let mut orders = None;
    for (channel, one) in seen.iter().filter(|(channel, _)| row.is(channel)) {
        used.push(channel.clone());
        sums.impressions += one.impressions;
        sums.clicks += one.clicks.min(one.impressions);
        sums.spend += one.spend;
        orders = one.orders.map(|n| orders.unwrap_or(0.0) + n).or(orders);
    }
    sums.orders = orders.map(|n: f64| (n.round() as u64).min(sums.clicks)).filter(|_| sums.clicks > 0);
    let stated = facts.own.iter().filter(|o| o.platform == row.name && o.market == market);
    let stated: Vec<_> = stated.filter_map(|o| Some((o, rate(o.spend.currency)?))).collect();
    if stated.is_empty() {
        return sums;
    }
    let mut sums = OwnResults { orders: Some(0), ..OwnResults::default() };
    for (o, rate) in stated {
        sums.impressions += o.counts.0;
        sums.clicks += o.counts.1;
        sums.orders = sums.orders.map(|n| n + o.counts.2);
        sums.spend += rate * o.spend.to_decimal().to_string().parse::<f64>().unwrap_or(0.0);
    }
    sums
}

/// What the plan of the last run gives each channel, and the platform that it is.
async fn planned(opened: &Opened, market: Market, facts: &ChannelFacts) -> Result<Vec<Value>> {
    let sql = format!(
        "select b.channel, b.now, b.advised, m.refused from marts.budget b left join marts.media m on m.market = b.market \
         and m.channel = b.channel where b.market = '{market}' order by b.channel"
    );
    let mut rows = super::objects(opened, &sql).await?;
    for row in &mut rows {
        let channel = row["channel"].as_str().unwrap_or_default().to_owned();
        let platform = facts.platforms(market).into_iter().find(|p| p.is(&channel)).map(|p| p.name.clone());
        row["platform"] = platform.map_or(Value::Null, Value::from);
    }
    Ok(rows)
}

/// The plan's split beside this table: both speak of the same money and do not rest on the same.
fn tell_plan(planned: &[Value], ranked: &[Ranked], base: Currency) {
    if planned.is_empty() {
        return;
    }
    output::line(
        "the plan's split of the channels that run now: it rests on what they brought together (response curves), the table above on \
         what a single order costs; for channels that run the plan counts, the table says where else to look",
    );
    let number = |v: &Value| v.as_f64().map_or_else(String::new, |x| format!("{x:.0}"));
    let cells = planned.iter().map(|row| {
        let platform = row["platform"].as_str().unwrap_or_default();
        let here = ranked.iter().find(|r| r.outlook.platform == platform);
        let pays = here.map_or_else(|| "not in the table".to_owned(), |r| format!("{:?}", r.pays).to_lowercase());
        let note = match (row["refused"].as_str(), pays.as_str()) {
            (Some(_), _) => "its effect cannot be told, so it stays; the table is all there is",
            (None, "no") => "the plan sees it beside the others: try it with an experiment before cutting",
            (None, _) => "",
        };
        vec![
            row["channel"].as_str().unwrap_or_default().to_owned(),
            platform.to_owned(),
            number(&row["now"]),
            number(&row["advised"]),
            pays,
            note.to_owned(),
        ]
    });
    let (now, advised) = (format!("{base} a week now"), format!("{base} in the plan"));
    output::table(&["channel", "platform", &now, &advised, "pays, by the table", ""], &[2, 3], cells.collect());
}

fn platform_json(r: &Ranked, verify: bool) -> Value {
    let figures: Vec<Figure> = r.outlook.figures();
    json!({"platform": r.outlook.platform, "pays": r.pays, "cpm": r.outlook.cpm, "figures": figures,
        "own_share": r.outlook.own, "guessed": r.outlook.guessed, "first_unit_brings": r.back,
        "spend": r.spend.map(|m| m.to_decimal().to_string()), "orders": r.orders, "source": r.outlook.source, "verify": verify,
        "said": r.said(), "why": r.outlook.said()})
}

fn partner_json(p: &RankedPartner) -> Value {
    let parts: BTreeMap<&str, f64> = p.parts.iter().copied().collect();
    let said: Vec<_> = p.suspicions.iter().map(|s| s.said(&p.name)).collect();
    json!({"name": p.name, "fit": p.fit, "parts": parts, "known": p.known, "suspicions": said, "counted_on": p.counted_on,
        "price_per_thousand_engaged": p.price_per_thousand})
}

fn tell(
    ranked: &[Ranked],
    verify: &BTreeMap<String, bool>,
    margin: Option<&(f64, String)>,
    base: Currency,
    split: bool,
) {
    match margin {
        Some((x, from)) => output::line(&format!("an order leaves {x:.2} {base} before advertising ({from})")),
        None => output::line(
            "what an order leaves is not known: `portolan decide missing` drafts what to supply, or --order-margin states it",
        ),
    }
    let cells = ranked.iter().map(|r| {
        let o = &r.outlook;
        let range = |(x, i): (f64, domain::Interval)| format!("{x:.2} ({:.2}–{:.2})", i.low, i.high);
        let pays = format!("{:?}", r.pays).to_lowercase();
        let mut row = vec![
            o.platform.clone(),
            range(o.cost),
            pays,
            r.back.map_or_else(String::new, |x| format!("{x:.2}")),
            output::count(o.most_orders.round() as u64),
            format!("{:.0} %", 100.0 * o.own),
        ];
        if split {
            row.push(r.spend.map_or_else(String::new, |m| m.to_string()));
            row.push(r.orders.map_or_else(String::new, |x| format!("{x:.1}")));
        }
        row.push(if verify.get(&o.platform) == Some(&true) { "verify".to_owned() } else { String::new() });
        row
    });
    let mut head = vec!["platform", "an order costs", "pays", "first unit brings", "orders at most", "own experience"];
    if split {
        head.extend(["spend a week", "orders"]);
    }
    head.push("");
    let right: Vec<usize> = (1..head.len() - 1).filter(|i| *i != 2).collect();
    output::table(&head, &right, cells.collect());
    if verify.values().any(|v| *v) {
        output::hint(&format!("figures marked \"verify\" are round general knowledge: put your own into {CHANNELS}"));
    }
}

fn tell_partners(partners: &[RankedPartner]) {
    let cells = partners.iter().map(|p| {
        let number = |x: Option<f64>, digits: usize| x.map_or_else(String::new, |x| format!("{x:.digits$}"));
        let doubts = p.suspicions.iter().map(|s| s.said(&p.name).en).collect::<Vec<_>>().join(" ");
        vec![
            p.name.clone(),
            number(p.fit, 2),
            format!("{:.0} %", 100.0 * p.known),
            number(p.counted_on, 0),
            number(p.price_per_thousand, 2),
            doubts,
        ]
    });
    output::table(
        &["partner", "fit", "known", "followers counted on", "price a thousand engaged", "doubts"],
        &[1, 2, 3, 4],
        cells.collect(),
    );
}
