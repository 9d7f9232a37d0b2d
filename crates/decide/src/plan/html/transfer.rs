//! What the other markets taught: what was decided when, what later orders showed, and every model
//! that was measured. On the overview the same models side by side, market by market.

use super::super::charts;
use super::super::curve_chart;
use super::super::evidence::{Periods, TrainedOn, TransferVerdict};
use super::super::findings::shown;
use super::super::index::OverviewRow;
use super::super::launch::{CurvePoint, Measured, Transfer};
use super::super::metric::Metric;
use super::super::number;
use super::super::sentence::{Piece, fill};
use super::super::vocabulary;
use super::super::words::{Lang, Text};
use super::{Cell, Column, Figures, Page, Table, escape, name};
use domain::{Figure, Window};
use std::collections::BTreeSet;

impl Page<'_> {
    pub(super) fn transfer(&mut self) -> String {
        let (plan, lang) = (self.plan, self.lang);
        let Some(transfer) = &plan.transfer else {
            return format!("<p class=\"muted\">{}</p>\n", self.text(Text::TransferNone));
        };
        let mut out = format!("<p class=\"muted\">{}</p>\n", self.text(Text::TransferIntro));
        let tone = match transfer.verdict {
            TransferVerdict::Accepted => "ready",
            TransferVerdict::Refused => "gather",
            TransferVerdict::TooLittleData => "test",
            TransferVerdict::Home => "home",
        };
        let together = transfer.together.as_deref();
        let said = match transfer.verdict {
            TransferVerdict::Accepted => self.decided(transfer, Text::TransferAccepted),
            TransferVerdict::Refused => self.decided(transfer, Text::TransferRefused),
            TransferVerdict::TooLittleData => {
                let all = together.map(|all| match all.verdict {
                    TransferVerdict::Accepted => self.decided(all, Text::TransferTogetherAccepted),
                    TransferVerdict::Refused => self.decided(all, Text::TransferTogetherRefused),
                    TransferVerdict::TooLittleData | TransferVerdict::Home => String::new(),
                });
                format!("{} {}", self.text(Text::TransferOpen), all.unwrap_or_default())
            }
            TransferVerdict::Home => self.text(Text::TransferHome).to_owned(),
        };
        let later = match transfer.verdict {
            TransferVerdict::Accepted | TransferVerdict::Refused => self.later(transfer),
            TransferVerdict::TooLittleData => together.map(|all| self.later(all)).unwrap_or_default(),
            TransferVerdict::Home => String::new(),
        };
        out.push_str(&format!("<p class=\"said tone-{tone}\">{} {later}</p>\n", said.trim()));
        if let Some(chart) = charts::transfer(&transfer.rows, lang) {
            out.push_str(&format!("<div class=\"figure\">{chart}</div>\n"));
        }
        out.push_str(&self.models(&transfer.rows, self.text(Text::TransferTitle)));
        out.push_str(&self.curve(&transfer.curve));
        if let Some(all) = together {
            let title = self.text(Text::AllTargets);
            let table = self.models(&all.rows, title);
            out.push_str(&format!("<details><summary>{title}</summary>{table}</details>\n"));
        }
        out
    }

    /// The learning curve, as a picture and as a table.
    fn curve(&mut self, points: &[CurvePoint]) -> String {
        let lang = self.lang;
        if points.is_empty() {
            return String::new();
        }
        let title = self.text(Text::CurveTitle);
        let mut out = format!("<h3>{title}</h3>\n<p class=\"muted\">{}</p>\n", self.text(Text::CurveIntro));
        if let Some(chart) = curve_chart::curve(points, lang) {
            out.push_str(&format!("<div class=\"figure\">{chart}</div>\n"));
        }
        let mut table = Table::new(vec![
            Column::Text(self.text(Text::CurvePurchases)),
            Column::Number(Metric::CurveAlone.label(lang)),
            Column::Number(Metric::CurveTransferred.label(lang)),
            Column::Number(Metric::CurveSaved.label(lang)),
        ]);
        for point in points {
            let purchases = number::fixed(point.purchases as f64, 0);
            let mut cell = |figure: &Figure| self.figures.show_of(figure, &purchases);
            let alone = Cell::Value(cell(&point.alone));
            let transferred = Cell::Value(cell(&point.transferred));
            let saved = cell(&point.saved);
            let saved = Cell::Value(if point.at_least && shown(&point.saved) { format!("≥ {saved}") } else { saved });
            table.row([Cell::Head(purchases.clone()), alone, transferred, saved]);
        }
        out.push_str(&table.html(title));
        out
    }

    fn decided(&mut self, transfer: &Transfer, text: Text) -> String {
        let days = days(transfer.periods.map(|p| p.validation), self.lang);
        let figure = transfer.decided.as_ref();
        figure.map_or_else(String::new, |gain| self.say(text, &[Piece::from(gain), Piece::Text(days)]))
    }

    /// What the days after the decision showed, in words that say no more than the interval does.
    fn later(&mut self, transfer: &Transfer) -> String {
        let days = days(transfer.periods.map(|p: Periods| p.test), self.lang);
        let Some(gain) = transfer.gain.as_ref() else { return String::new() };
        let text = match (gain.as_f64(), gain.interval) {
            (Some(_), Some(range)) if range.low <= 0.0 && range.high >= 0.0 => Text::TransferLaterUnsure,
            (Some(x), _) if x > 0.0 => Text::TransferLaterBetter,
            (Some(x), _) if x < 0.0 => Text::TransferLaterWorse,
            (Some(_), _) => Text::TransferLaterUnsure,
            (None, _) => return fill(&escape(self.text(Text::TransferLaterThin)), &[&escape(&days)]),
        };
        self.say(text, &[Piece::from(gain), Piece::Text(days)])
    }

    fn models(&mut self, rows: &[Measured], caption: &str) -> String {
        let lang = self.lang;
        if rows.is_empty() {
            return String::new();
        }
        let mut table = Table::new(vec![
            Column::Text(self.text(Text::Model)),
            Column::Text(self.text(Text::TrainedOn)),
            Column::Number(Metric::SourceWeight.label(lang)),
            Column::Number(Metric::TransferNdcg.label(lang)),
            Column::Number(Metric::TransferRecall.label(lang)),
            Column::Number(Metric::TestShoppers.label(lang)),
        ]);
        for row in rows {
            let model = vocabulary::scorer(&row.model, lang);
            let data = charts::trained_on(row.trained_on, lang);
            let about = format!("{model} · {data}");
            let mut cell = |figure: &Figure| Cell::Value(self.figures.show_of(figure, &about));
            let weight = row.source_weight.as_ref().map_or(Cell::Empty, &mut cell);
            let ndcg = cell(&row.ndcg);
            let recall = row.recall.as_ref().map_or(Cell::Empty, &mut cell);
            let shoppers = cell(&row.test_shoppers);
            table.row([Cell::Head(name(&model)), Cell::Value(data.to_owned()), weight, ndcg, recall, shoppers]);
        }
        table.html(caption)
    }
}

fn days(window: Option<Window>, lang: Lang) -> String {
    let Some(window) = window else { return Text::DaysUnknown.get(lang).to_owned() };
    fill(Text::Days.get(lang), &[&number::day(window.from, lang), &number::day(window.to.plus(-1), lang)])
}

/// Every model in every market: a section of the overview, or nothing where nothing was measured.
/// All target markets together come first; `rows` is in the order of the overview. Markets with too
/// few held-out shoppers for any number are counted, not listed: a table of "too little data" hides
/// the rest.
pub(crate) fn models_by_market(rows: &[OverviewRow<'_>], figures: &mut Figures, lang: Lang) -> String {
    let all = rows.iter().filter_map(|row| row.plan.transfer.as_ref()?.together.as_deref()).next();
    let mut n_thin = 0;
    // Key, head of the row, models.
    let mut markets: Vec<(&str, String, &[Measured])> = Vec::new();
    markets.extend(all.map(|all| ("all", escape(Text::AllTargets.get(lang)), all.rows.as_slice())));
    for row in rows {
        let Some(transfer) = row.plan.transfer.as_ref().filter(|t| !t.rows.is_empty()) else { continue };
        if !transfer.rows.iter().any(|m| shown(&m.ndcg)) {
            n_thin += 1;
            continue;
        }
        let market = escape(&number::market(row.plan.market, lang));
        let home = row.plan.market == row.plan.home;
        let tag =
            if home { format!(" <span class=\"rank\">{}</span>", Text::AtHomeTag.get(lang)) } else { String::new() };
        markets.push((row.plan.market.code(), format!("{market}{tag}"), &transfer.rows));
    }
    // Markets choose parameters, not families: popularity lately and popularity ever share a column.
    let column = |m: &Measured| {
        let family = vocabulary::family(&m.model);
        let at = FAMILIES.iter().position(|f| *f == family).unwrap_or(FAMILIES.len());
        (data_order(m.trained_on), at, family)
    };
    let columns: BTreeSet<(u8, usize, String)> =
        markets.iter().flat_map(|(_, _, rows)| rows.iter().map(column)).collect();
    if columns.is_empty() {
        return String::new();
    }
    let heads: Vec<String> = columns
        .iter()
        .map(|(data, _, family)| {
            let data = charts::trained_on(DATA[usize::from(*data)], lang);
            fill(Text::ModelOn.get(lang), &[&vocabulary::scorer(family, lang), data])
        })
        .collect();
    let mut side_by_side = |pick: fn(&Measured) -> Option<&Figure>, caption: &str| {
        let heads = heads.iter().map(|head| Column::Number(head));
        let mut table = Table::new(std::iter::once(Column::Text(Text::Market.get(lang))).chain(heads).collect());
        for (place, market, rows) in &markets {
            let mut cell = |wanted: &(u8, usize, String)| {
                let found = rows.iter().find(|m| column(m) == *wanted);
                let Some((row, figure)) = found.and_then(|row| Some((row, pick(row)?))) else { return Cell::Empty };
                // Each plan has its own `transfer.ndcg[item-knn:local]`; here they stand side by side.
                let ours = Figure { key: format!("{}[{place}]", figure.key), ..figure.clone() };
                Cell::Value(figures.show_of(&ours, &vocabulary::scorer(&row.model, lang)))
            };
            let cells: Vec<Cell> = columns.iter().map(&mut cell).collect();
            table.row(std::iter::once(Cell::Head(market.clone())).chain(cells));
        }
        table.html(caption)
    };
    let title = Text::OverviewModels.get(lang);
    let ndcg = side_by_side(|m| Some(&m.ndcg), title);
    let recall = side_by_side(|m| m.recall.as_ref(), Text::OverviewRecall.get(lang));
    let thin = if n_thin == 0 {
        String::new()
    } else {
        format!("<p class=\"small muted\">{}</p>\n", fill(Text::OverviewThin.get(lang), &[&n_thin.to_string()]))
    };
    format!(
        "<section class=\"models\"><h2>{title}</h2>\n<p class=\"muted\">{}</p>\n{ndcg}{thin}\
         <details><summary>{}</summary>{recall}</details></section>\n",
        Text::OverviewModelsIntro.get(lang),
        Text::OverviewRecall.get(lang),
    )
}

/// Families in the order of the columns, the simplest first; others follow by name.
const FAMILIES: [&str; 3] = ["popularity", "item_knn", "ials"];

const DATA: [TrainedOn; 4] = [TrainedOn::Local, TrainedOn::Home, TrainedOn::Pooled, TrainedOn::Weighted];

fn data_order(data: TrainedOn) -> u8 {
    match data {
        TrainedOn::Local => 0,
        TrainedOn::Home => 1,
        TrainedOn::Pooled => 2,
        TrainedOn::Weighted => 3,
    }
}
