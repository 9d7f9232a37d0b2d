//! The overview over markets: a link to each plan, and how well each model ranks in each market.

use super::findings::shown;
use super::html::{Cell, Column, Figures, Table, brand, document, escape, models_by_market};
use super::launch::LaunchPlan;
use super::metric::Metric;
use super::number;
use super::sentence::{Piece, Sentence, fill};
use super::words::{Lang, Text};
use domain::Figure;

/// One market of the overview.
#[derive(Clone, Copy, Debug)]
pub struct OverviewRow<'a> {
    /// Its plan.
    pub plan: &'a LaunchPlan,
    /// Where its page is, relative to the overview: `DE.html`.
    pub href: &'a str,
}

/// The overview as one page, largest revenue first (markets without revenue last, by code). The
/// same rows in any order give the same bytes.
pub fn overview_html(rows: &[OverviewRow<'_>], lang: Lang) -> String {
    let revenue = |row: &OverviewRow<'_>| row.plan.glance.revenue.as_ref().and_then(Figure::as_f64).unwrap_or(f64::MIN);
    let mut rows = rows.to_vec();
    rows.sort_by(|a, b| revenue(b).total_cmp(&revenue(a)).then(a.plan.market.cmp(&b.plan.market)));

    let mut figures = Figures::new(lang);
    let mut table = Table::new(vec![
        Column::Text(Text::Market.get(lang)),
        Column::Number(Metric::Revenue.label(lang)),
        Column::Number(Metric::Orders.label(lang)),
        Column::Number(Metric::Shoppers.label(lang)),
        Column::Text(Text::Verdict.get(lang)),
        Column::Text(Text::TopFinding.get(lang)),
    ]);
    for OverviewRow { plan, href } in &rows {
        let market = number::market(plan.market, lang);
        // Each plan has its own `market.revenue`; here they stand side by side.
        let ours = |f: &Figure| Figure { key: format!("{}[{}]", f.key, plan.market), ..f.clone() };
        let mut cell = |figure: &Option<Figure>| {
            figure.as_ref().map_or(Cell::Empty, |f| Cell::Value(figures.value_of(&ours(f), &market)))
        };
        let numbers = [cell(&plan.glance.revenue), cell(&plan.glance.orders), cell(&plan.glance.shoppers)];
        // The size is in the columns already: the first finding after it is the news.
        let finding = plan.finding_sentences(lang).into_iter().find(|(topic, sentence)| {
            *topic != super::Topic::Size && sentence.figures().next().is_some() && sentence.figures().all(shown)
        });
        let finding = finding.map_or(Cell::Empty, |(_, sentence)| {
            let ours = sentence.0.into_iter().map(|piece| match piece {
                Piece::Figure(figure) => Piece::from(&ours(&figure)),
                Piece::Text(_) | Piece::Name(_) => piece,
            });
            Cell::Value(figures.sentence(&Sentence(ours.collect())))
        });
        let head = format!(
            "<a class=\"tag\" href=\"{}\">{}</a>\u{a0}<span class=\"rank\">{}</span>",
            escape(href),
            escape(&market),
            plan.market.code()
        );
        let verdict =
            Cell::Value(format!("<span class=\"tag tone-{}\">{}</span>", plan.stance.tone(), plan.verdict(lang)));
        table.row([Cell::Head(head)].into_iter().chain(numbers).chain([verdict, finding]));
    }

    let title = Text::OverviewTitle.get(lang);
    let intro = fill(Text::OverviewIntro.get(lang), &[&rows.len().to_string()]);
    let window = rows.first().map_or_else(String::new, |r| format!("<li>{}</li>", number::window(r.plan.window, lang)));
    let head = format!(
        "{}<h1>{title}</h1>\n<ul class=\"meta\">{window}<li>{}</li></ul>\n",
        brand(Text::LaunchPlan.get(lang)),
        escape(&intro)
    );
    let models = models_by_market(&rows, &mut figures, lang);
    let body = format!("<section><h2 class=\"skip\">{title}</h2>{}</section>\n{models}", table.html(title));
    document(lang, title, &head, &body, &format!("<p>{}</p>", Text::MadeBy.get(lang)), &figures)
}
