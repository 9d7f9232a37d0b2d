//! The live side of the intake, as the console and answers ask for it.

use super::intake::{Intake, market_of};
use crate::answers::Answer;
use crate::live::{Live, LiveCounters, LiveEvent};
use crate::wire::table::{Cell, Column, Table};
use chrono::{DateTime, SecondsFormat, Utc};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;
use tokio::sync::broadcast::error::RecvError;
use tracking::{CartStatus, LiveCart, Micros};

/// Carts that are shown.
const CARTS: usize = 500;
const MINUTE: Micros = 60_000_000;

impl Live for Intake {
    fn events(&self) -> BoxStream<'static, LiveEvent> {
        let watch = self.watch();
        let next = |mut watch: tokio::sync::broadcast::Receiver<std::sync::Arc<LiveEvent>>| async move {
            loop {
                match watch.recv().await {
                    Ok(event) => return Some((LiveEvent::clone(&event), watch)),
                    // Too slow: the missed ones are counted in the counters like all others.
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return None,
                }
            }
        };
        stream::unfold(watch, next).boxed()
    }

    fn counters(&self) -> Answer<'_, LiveCounters> {
        Box::pin(async move {
            let now = self.now().timestamp_micros();
            let view = self.ask(|live| live.counters(now));
            let counts = self.counts();
            let within = |minutes: i64| view.minutes.iter().filter(move |m| m.start > now - minutes * MINUTE);
            let (mut by_name, mut by_market) = (BTreeMap::new(), BTreeMap::new());
            for minute in within(30) {
                for (deed, n) in &minute.by_deed {
                    let name = if deed.name().is_empty() { "other" } else { deed.name() };
                    *by_name.entry(name.to_owned()).or_default() += n;
                }
                for (country, n) in &minute.by_country {
                    let market = market_of(Some(country)).unwrap_or_else(|| country.clone());
                    *by_market.entry(market).or_default() += n;
                }
            }
            Ok(LiveCounters {
                accepted: counts.accepted.load(Relaxed),
                rejected: counts.rejected.load(Relaxed),
                repeated: counts.repeated.load(Relaxed),
                last_minute: within(1).map(|m| m.events).sum(),
                visitors: view.active_visitors as u64,
                by_name,
                by_market,
            })
        })
    }

    fn carts(&self) -> Answer<'_, Table> {
        Box::pin(async move {
            let now = self.now().timestamp_micros();
            let carts = self.ask(|live| live.carts(now, None, CARTS));
            let shown = carts.iter().filter(|c| c.status != CartStatus::Ordered);
            let rows: Vec<Vec<Cell>> = shown.map(row).collect();
            let columns = [
                ("cart", "text", "the shop's number of the cart, where it gives one"),
                ("who", "text", "shopper or visitor, pseudonymous"),
                ("state", "text", "open, checkout or abandoned (nothing for an hour)"),
                ("items", "integer", "units in it"),
                ("products", "text", "codes of the products, with their units"),
                ("value", "decimal", "price times units of what has a price"),
                ("currency", "text", "of the value; several where the cart has several"),
                ("unpriced", "integer", "products without a known price, not in the value"),
                ("last", "time", "when it was touched last"),
            ];
            let columns = columns.map(|(name, kind, meaning)| Column::new(name, kind, meaning)).to_vec();
            Ok(Table { columns, total: rows.len() as u64, rows })
        })
    }
}

fn row(of: &LiveCart) -> Vec<Cell> {
    let (values, unpriced) = of.cart.value();
    let items: i64 = of.cart.lines.iter().fold(0, |sum, line| sum.saturating_add(line.quantity));
    let products: Vec<String> = of.cart.lines.iter().map(|l| format!("{} × {}", l.code, l.quantity)).collect();
    let amounts: Vec<String> = values.iter().map(|m| m.to_decimal().to_string()).collect();
    let currencies: Vec<&str> = values.iter().map(|m| m.currency.code()).collect();
    let last = of.cart.touched.and_then(DateTime::<Utc>::from_timestamp_micros);
    vec![
        of.cart.id.clone().into(),
        of.id.clone().into(),
        of.status.name().into(),
        items.into(),
        products.join(", ").into(),
        amounts.join(" + ").into(),
        currencies.join(" + ").into(),
        (unpriced as u64).into(),
        last.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true)).into(),
    ]
}
