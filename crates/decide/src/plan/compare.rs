//! Markets side by side with what is decided for each: how large they are, what may be sold at which price, what to expect of it
//! with its interval, what it costs to advertise, and the first risk and action. One page, and the same figures as JSON.

use super::charts::{At, Canvas, Ink, Width, chart, cut};
use super::decided::{Decided, May};
use super::html::{Cell, Column, Figures, Table, brand, document, escape};
use super::index::OverviewRow;
use super::launch::LaunchPlan;
use super::metric::Metric;
use super::number;
use super::sentence::fill;
use super::words::{Lang, Text};
use crate::Said;
use domain::{Figure, FigureValue, Market, Money};
use serde::Serialize;

/// What a market is, in the order of the table.
const SIZE: [Metric; 5] = [Metric::Revenue, Metric::Orders, Metric::Shoppers, Metric::RepeatRate, Metric::Growth];
/// What is decided for it. All in one table would be too wide for any page.
const DECIDED: [Metric; 4] = [Metric::SellableShare, Metric::MedianFloor, Metric::MedianPrice, Metric::PriceOverFloor];
/// What to expect of that.
const EXPECTED: [Metric; 5] =
    [Metric::ExpectedSales, Metric::ExpectedMargin, Metric::MarginShare, Metric::LossRisk, Metric::WeeklyBudget];

/// One market of the comparison.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Row {
    market: Market,
    verdict: Said,
    /// What is known, in the order of the tables; each under its metric's key with the market behind it.
    figures: Vec<Figure>,
    /// First risk and first action.
    risk: Option<Said>,
    action: Option<Said>,
}

#[derive(Serialize)]
struct Document {
    schema: &'static str,
    schema_version: u32,
    markets: Vec<Row>,
}

impl Row {
    fn new(plan: &LaunchPlan) -> Self {
        let glance = &plan.glance;
        let size = [&glance.revenue, &glance.orders, &glance.shoppers, &glance.repeat_rate, &glance.growth];
        let size = size.into_iter().flatten().cloned();
        let decided = plan.decided.as_ref();
        let figures = size.chain(decided.into_iter().flat_map(|d| of_decided(plan, d)));
        let keyed = |f: Figure| {
            let base = f.key.split_once('[').map_or(f.key.as_str(), |(base, _)| base);
            Figure { key: format!("{base}[{}]", plan.market), ..f }
        };
        let said = |lang| plan.verdict(lang).to_owned();
        Self {
            market: plan.market,
            verdict: Said::new(said(Lang::En), said(Lang::Zh)),
            figures: figures.map(keyed).collect(),
            risk: decided.and_then(|d| d.risks.first().cloned()),
            action: decided.and_then(|d| d.actions.first().cloned()),
        }
    }

    fn figure(&self, metric: Metric) -> Option<&Figure> {
        self.figures.iter().find(|f| Metric::of_key(&f.key) == Some(metric))
    }

    fn value(&self, metric: Metric) -> Option<f64> {
        self.figure(metric).and_then(Figure::as_f64)
    }
}

fn of_decided(plan: &LaunchPlan, decided: &Decided) -> Vec<Figure> {
    let mut all: Vec<Figure> = Vec::new();
    let count = |may: May| May::ALL.iter().zip(&decided.may).find(|(m, _)| **m == may).and_then(|(_, f)| f.as_f64());
    let judged: f64 = decided.may.iter().filter_map(Figure::as_f64).sum();
    if let (Some(plain), Some(changed)) = (count(May::Sell), count(May::SellWithChange))
        && judged > 0.0
    {
        let source = decided.may.first().map_or("", |f| f.source.as_str());
        all.push(Metric::SellableShare.number((plain + changed) / judged, judged as u64, source));
    }
    all.extend(decided.medians.iter().chain(&decided.expected).cloned());
    let spends: Vec<Money> = decided
        .channels
        .iter()
        .filter_map(|c| match c.advised.value {
            FigureValue::Money(money) if money.currency == plan.currency => Some(money),
            _ => None,
        })
        .collect();
    if let Some(first) = decided.channels.first().filter(|_| !spends.is_empty()) {
        let minor = spends.iter().map(|m| m.minor).sum();
        let total = Money { minor, currency: plan.currency };
        all.push(Metric::WeeklyBudget.money(total, first.advised.n, &first.advised.source));
    }
    all
}

/// Rows by expected sales, largest first; those without one by revenue behind them. Any order of the plans gives the same rows.
fn rows<'a>(plans: impl IntoIterator<Item = &'a LaunchPlan>) -> Vec<Row> {
    let mut rows: Vec<Row> = plans.into_iter().map(Row::new).collect();
    let key = |row: &Row, metric| row.value(metric).unwrap_or(f64::NEG_INFINITY);
    rows.sort_by(|a, b| {
        let by = |metric| key(b, metric).total_cmp(&key(a, metric));
        by(Metric::ExpectedSales).then(by(Metric::Revenue)).then(a.market.cmp(&b.market))
    });
    rows
}

/// The comparison as JSON: the figures of the page, with formulas and sources.
///
/// # Panics
/// Never: every key is a string and every number is finite or null.
pub fn compare_json<'a>(plans: impl IntoIterator<Item = &'a LaunchPlan>) -> String {
    let document =
        Document { schema: "portolan.market_comparison", schema_version: super::SCHEMA_VERSION, markets: rows(plans) };
    serde_json::to_string_pretty(&document).expect("a comparison has string keys only")
}

/// The comparison as a page, each market linked to its plan.
pub fn compare_html(plans: &[OverviewRow<'_>], lang: Lang) -> String {
    let rows = rows(plans.iter().map(|r| r.plan));
    let mut figures = Figures::new(lang);
    let name = |row: &Row| {
        let href = plans.iter().find(|p| p.plan.market == row.market).map_or("", |p| p.href);
        let market = number::market(row.market, lang);
        format!("<a class=\"tag\" href=\"{}\">{}</a>", escape(href), escape(&market))
    };
    let mut of = |metrics: &[Metric], title: Text| {
        let numbers = metrics.iter().map(|m| Column::Number(m.label(lang)));
        let head = [Column::Text(Text::Market.get(lang)), Column::Text(Text::Verdict.get(lang))];
        let mut table = Table::new(head.into_iter().chain(numbers).collect());
        for row in &rows {
            let about = number::market(row.market, lang);
            let cells =
                metrics.iter().map(|m| row.figure(*m).map_or(Cell::Empty, |f| Cell::Value(figures.show_of(f, &about))));
            let verdict = Cell::Value(escape(row.verdict.get(lang)));
            table.row([Cell::Head(name(row)), verdict].into_iter().chain(cells.collect::<Vec<_>>()));
        }
        format!("<h3>{}</h3>\n{}", title.get(lang), table.html(title.get(lang)))
    };
    let (decided, size) = (of(&DECIDED, Text::CompareDecided), of(&SIZE, Text::CompareSize));
    let expected = of(&EXPECTED, Text::CompareExpected);
    let mut said = Table::new(vec![
        Column::Text(Text::Market.get(lang)),
        Column::Text(Text::CompareNext.get(lang)),
        Column::Text(Text::CompareRisk.get(lang)),
    ]);
    for row in &rows {
        let cell = |said: &Option<Said>| said.as_ref().map_or(Cell::Empty, |s| Cell::Value(escape(s.get(lang))));
        said.row([Cell::Head(name(row)), cell(&row.action), cell(&row.risk)]);
    }
    let chart = margins(&rows, lang).map_or_else(String::new, |svg| format!("<div class=\"figure\">{svg}</div>\n"));
    let title = Text::CompareTitle.get(lang);
    let intro = fill(Text::CompareIntro.get(lang), &[&rows.len().to_string()]);
    let window =
        plans.first().map_or_else(String::new, |r| format!("<li>{}</li>", number::window(r.plan.window, lang)));
    let head = format!(
        "{}<h1>{title}</h1>\n<ul class=\"meta\">{window}<li>{}</li></ul>\n",
        brand(Text::LaunchPlan.get(lang)),
        escape(&intro)
    );
    let next = Text::CompareNext.get(lang);
    let body = format!(
        "<section><h2 class=\"skip\">{title}</h2>{chart}{expected}{decided}<h3>{next}</h3>\n{}{size}</section>\n",
        said.html(next)
    );
    document(lang, title, &head, &body, &format!("<p>{}</p>", Text::MadeBy.get(lang)), &figures)
}

/// Expected margin with its interval, a line a market. `None` below two markets with one.
fn margins(rows: &[Row], lang: Lang) -> Option<String> {
    let known = |row| -> Option<(&Row, f64, f64, f64)> {
        let row: &Row = row;
        let figure = row.figure(Metric::ExpectedMargin)?;
        let value = figure.as_f64()?;
        let (low, high) = figure.interval.map_or((value, value), |i| (i.low, i.high));
        Some((row, value, low, high))
    };
    let known: Vec<_> = rows.iter().filter_map(known).collect();
    if known.len() < 2 {
        return None;
    }
    let low = known.iter().map(|r| r.2).fold(0.0, f64::min);
    let high = known.iter().map(|r| r.3).fold(0.0, f64::max);
    let line = 30;
    let height = |_| 8 + line * known.len() as i32 + 8;
    let draw = |c: &Canvas<'_>, width: Width| {
        let (left, right) = if width == Width::Wide { (220, 860) } else { (110, 276) };
        let x = |v: f64| left + ((v - low) / (high - low).max(1e-9) * f64::from(right - left)).round() as i32;
        c.line((x(0.0), 4), (x(0.0), height(width) - 4), Ink::Muted, 1)?;
        for (i, (row, value, from, to)) in known.iter().enumerate() {
            let y = 8 + line * i as i32 + line / 2;
            c.text(&cut(&number::market(row.market, lang), left - 16), (left - 12, y), At::End, Ink::Text, 13)?;
            c.line((x(*from), y), (x(*to), y), Ink::Accent, 2)?;
            for end in [*from, *to] {
                c.line((x(end), y - 5), (x(end), y + 5), Ink::Accent, 2)?;
            }
            c.dot((x(*value), y), 5, Ink::Accent)?;
            c.text(&number::fixed(*value, 0), (x(*to) + 8, y), At::Start, Ink::Muted, 12)?;
        }
        Ok(())
    };
    Some(chart(Text::CompareChart.get(lang), height, draw))
}
