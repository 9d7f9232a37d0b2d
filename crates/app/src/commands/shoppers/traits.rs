//! What a first order says of later ones: the part of `portolan shoppers quality` about traits.

use crate::commands::Opened;
use crate::output;
use crate::pipeline::rows::Rows;
use anyhow::Result;
use serde_json::{Value, json};

/// Kind, value, against, factor, ends of its interval, shoppers.
type Row = (String, String, String, [Option<f64>; 3], i64);

/// The traits with what they go with, and whether they are used.
pub(super) struct First {
    rows: Vec<Row>,
    used: bool,
    /// Gain and ends of its interval on the period that decides, then on the one that does not.
    gains: Vec<[Option<f64>; 3]>,
}

impl First {
    pub(super) async fn load(opened: &Opened) -> Result<Self> {
        let rows =
            Rows::query(&opened.engine, "select * from marts.value_traits order by kind, factor desc, value").await?;
        let (kinds, values, against) = (rows.texts("kind")?, rows.texts("value")?, rows.texts("against")?);
        let [factor, low, high] = ["factor", "low", "high"].map(|name| rows.floats(name));
        let (factor, low, high, n) = (factor?, low?, high?, rows.ints("n_shoppers")?);
        let used = rows.truths("used")?.first().copied().unwrap_or(false);
        let one =
            |i: usize| (kinds[i].clone(), values[i].clone(), against[i].clone(), [factor[i], low[i], high[i]], n[i]);
        let gains = Rows::query(
            &opened.engine,
            "select * from marts.market_outlook where figure in ('value.traits_validation', 'value.traits_test') \
             order by figure desc",
        )
        .await?;
        let [value, from, to] = ["value", "low", "high"].map(|name| gains.floats(name));
        let (value, from, to) = (value?, from?, to?);
        Ok(Self {
            rows: (0..kinds.len()).map(one).collect(),
            used,
            gains: (0..value.len()).map(|i| [value[i], from[i], to[i]]).collect(),
        })
    }

    pub(super) fn json(&self) -> Value {
        let traits: Vec<Value> = self
            .rows
            .iter()
            .map(|(kind, value, against, [factor, low, high], n)| {
                json!({"kind": kind, "value": value, "against": against, "factor": factor, "low": low, "high": high,
                    "shoppers": n})
            })
            .collect();
        let gain =
            |at: usize| self.gains.get(at).map(|[value, low, high]| json!({"value": value, "low": low, "high": high}));
        json!({"used": self.used, "validation": gain(0), "test": gain(1), "traits": traits})
    }

    pub(super) fn tell(&self) {
        if self.rows.is_empty() {
            return;
        }
        let number = |x: Option<f64>, digits: usize| x.map_or_else(|| "–".to_owned(), |x| format!("{x:.digits$}"));
        let cells = self.rows.iter().map(|(kind, value, against, [factor, low, high], n)| {
            let what =
                if value.is_empty() { format!("{kind}, doubled") } else { format!("{kind}: {value}, not {against}") };
            let within = low.zip(*high).map_or_else(String::new, |(low, high)| format!("{low:.2}–{high:.2}"));
            vec![what, number(*factor, 2), within, output::count(*n)]
        });
        output::line("");
        output::table(&["first order", "times as often", "95 %", "shoppers"], &[1, 3], cells.collect());
        let told = |at: usize| {
            self.gains.get(at).map_or_else(String::new, |[value, low, high]| {
                format!("{} ({} to {})", number(*value, 4), number(*low, 4), number(*high, 4))
            })
        };
        output::hint(&format!(
            "log probability gained a shopper on hidden days: {} on those that decide, {} on later ones; {}",
            told(0),
            told(1),
            if self.used { "lifetime values use it" } else { "lifetime values do not use it" }
        ));
    }
}
