//! Who buys in a market: the persona in four parts with quotes, what its shoppers will be worth, who stays how long, and
//! who moved between segments.

use super::super::html::{Cell, Column, Figures, Table, brand, document, escape, name};
use super::super::number;
use super::super::words::Lang;
use super::charts::{self, CurvePoint};
use super::maps::{self, CohortMonth, RfmField};
use domain::{Figure, Market};

/// A statement of the persona, in the language of the page.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonaStatement {
    /// What it says.
    pub text: String,
    /// What carries it, with its query.
    pub figure: Figure,
    /// In the shoppers' own words.
    pub quotes: Vec<String>,
}

/// One of the four parts.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonaPart {
    /// Its heading.
    pub title: String,
    /// Its statements.
    pub statements: Vec<PersonaStatement>,
}

/// Shoppers who went from one segment to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Left.
    pub from: String,
    /// Entered.
    pub to: String,
    /// How many.
    pub n: u64,
}

/// The page of one market.
#[derive(Clone, Debug, PartialEq)]
pub struct PeoplePage {
    /// Which.
    pub market: Market,
    /// What its shoppers are called.
    pub name: String,
    /// By which rules.
    pub rules: Vec<String>,
    /// The four parts; empty where there is no persona.
    pub parts: Vec<PersonaPart>,
    /// What is not known.
    pub unknown: Vec<String>,
    /// What is expected of the market's shoppers, with a label each.
    pub outlook: Vec<(String, Figure)>,
    /// Share of the shoppers without a second order, by days.
    pub not_returned: Vec<CurvePoint>,
    /// Lifetime value of every shopper, in the reporting currency.
    pub values: Vec<f64>,
    /// Shoppers by scores of recency and frequency.
    pub rfm: Vec<RfmField>,
    /// Months of first orders, the earliest first.
    pub cohorts: Vec<CohortMonth>,
    /// Moves between named segments, most first.
    pub flows: Vec<Flow>,
}

/// The page as HTML.
pub fn people_html(page: &PeoplePage, lang: Lang) -> String {
    let say = |en: &'static str, zh: &'static str| if lang == Lang::Zh { zh } else { en };
    let place = number::market(page.market, lang);
    let title = format!("{}: {place}", say("Who buys", "谁在购买"));
    let mut figures = Figures::new(lang);
    let rules: String = page.rules.iter().map(|rule| format!("<li>{}</li>", escape(rule))).collect();
    let head = format!(
        "{}<h1>{}</h1>\n<ul class=\"meta\"><li>{}</li>{rules}</ul>\n",
        brand(say("Who buys", "谁在购买")),
        escape(&title),
        escape(&page.name)
    );
    let mut body = String::new();
    for part in page.parts.iter().filter(|part| !part.statements.is_empty()) {
        body.push_str(&format!("<section><h2>{}</h2><ul>", escape(&part.title)));
        for statement in &part.statements {
            let dot = figures.dot(&statement.figure, &statement.text);
            let quotes: String =
                statement.quotes.iter().map(|q| format!("<blockquote>{}</blockquote>", name(q))).collect();
            body.push_str(&format!("<li>{} {dot}{quotes}</li>", escape(&statement.text)));
        }
        body.push_str("</ul></section>\n");
    }
    if !page.outlook.is_empty() {
        let mut table = Table::new(vec![Column::Text(say("what", "内容")), Column::Number(say("expected", "预期"))]);
        for (label, figure) in &page.outlook {
            let shown = figures.show_of(figure, label);
            table.row([Cell::Head(escape(label)), Cell::Value(shown)]);
        }
        let heading = say("What they will be worth", "他们将带来多少价值");
        body.push_str(&format!("<section><h2>{heading}</h2>{}", table.html(heading)));
        body.extend(charts::values(
            &page.values,
            say("shoppers by lifetime value, reporting currency", "按客户终身价值的顾客人数（报告货币）"),
        ));
        body.push_str("</section>\n");
    }
    let curve = charts::survival(
        &page.not_returned,
        say("share without a second order, with its 95 % interval", "尚无第二单的比例及其 95 % 区间"),
        say("days since the first order", "距首单天数"),
    );
    if let Some(curve) = curve {
        body.push_str(&format!(
            "<section><h2>{}</h2>{curve}</section>\n",
            say("Who comes back, and when", "谁会回来，何时回来")
        ));
    }
    let cohorts = maps::cohorts(
        &page.cohorts,
        say("share of a month's new shoppers who bought again in a later month", "各月新客在之后各月再次购买的比例"),
        say("months since the first order; before them the shoppers", "距首单的月数；左侧为新客人数"),
    );
    if let Some(cohorts) = cohorts {
        let heading = say("Months of first orders, and who bought again", "按首单月份看复购");
        body.push_str(&format!("<section><h2>{heading}</h2>{cohorts}</section>\n"));
    }
    let map = maps::rfm_map(
        &page.rfm,
        say("shoppers by recency and frequency", "按最近购买与购买频率的顾客人数"),
        [say("bought lately, score →", "最近购买得分 →"), say("↑ buys often, score", "↑ 购买频率得分")],
    );
    if let Some(map) = map {
        body.push_str(&format!("<section><h2>{}</h2>{map}</section>\n", say("How lately, how often", "多近、多频繁")));
    }
    if !page.flows.is_empty() {
        let mut table = Table::new(vec![
            Column::Text(say("from", "从")),
            Column::Text(say("to", "到")),
            Column::Number(say("shoppers", "人数")),
        ]);
        for flow in &page.flows {
            table.row([Cell::Head(escape(&flow.from)), Cell::Value(escape(&flow.to)), Cell::Value(flow.n.to_string())]);
        }
        let heading = say("Who moved between segments in 90 days, all markets", "90 天内的分群流动（所有市场）");
        let bands = maps::flows(&page.flows, say("moves between segments, with shoppers", "分群之间的流动及人数"));
        body.push_str(&format!(
            "<section><h2>{heading}</h2>{}{}</section>\n",
            bands.unwrap_or_default(),
            table.html(heading)
        ));
    }
    if !page.unknown.is_empty() {
        let lines: String = page.unknown.iter().map(|line| format!("<li>{}</li>", escape(line))).collect();
        body.push_str(&format!("<section><h2>{}</h2><ul>{lines}</ul></section>\n", say("Not known", "未知")));
    }
    document(lang, &title, &head, &body, "<p>Portolan</p>", &figures)
}

#[cfg(test)]
mod tests {
    use super::super::markets::{MarketPlace, MarketsPage, markets_html};
    use super::*;
    use domain::Unit;

    fn page() -> PeoplePage {
        let figure = Figure::number("repeat", Unit::Share, 0.61, 616, 30).interval(0.57, 0.64, 0.95);
        let figure = figure.formula("again / all").source("select 1");
        let point = |days: f64, share: f64| CurvePoint { days, share, low: share - 0.1, high: share + 0.1 };
        PeoplePage {
            market: "DE".parse().unwrap(),
            name: "The shopper".into(),
            rules: vec!["no rule".into()],
            parts: vec![PersonaPart {
                title: "Basics".into(),
                statements: vec![PersonaStatement {
                    text: "61 % came again".into(),
                    figure: figure.clone(),
                    quotes: vec!["Zu laut & <zu> teuer".into()],
                }],
            }],
            unknown: vec!["age: no data".into()],
            outlook: vec![("repeat".into(), figure)],
            not_returned: vec![point(0.0, 1.0), point(30.0, 0.6), point(90.0, 0.4)],
            values: (0..40).map(f64::from).collect(),
            rfm: vec![RfmField { r: 5, f: 1, n: 30 }],
            cohorts: vec![CohortMonth { month: "2025-01".into(), n: 40, back: vec![Some(0.2), None] }],
            flows: vec![Flow { from: "loyal".into(), to: "at risk".into(), n: 7 }],
        }
    }

    #[test]
    fn every_statement_carries_its_figure_and_quotes_cannot_break_the_page() {
        for lang in Lang::ALL {
            let html = people_html(&page(), lang);
            assert!(html.contains("Zu laut &amp; &lt;zu&gt; teuer") && !html.contains("<zu>"));
            assert!(
                html.contains("data-figure=\"repeat\"") && html.contains("again / all") && html.contains("select 1")
            );
            assert_eq!(html.matches("<svg class=\"chart").count(), 10, "five charts at two widths");
            assert!(!html.contains("src=") && !html.contains("href=\"http"), "nothing from outside");
        }
    }

    #[test]
    fn a_market_without_anything_still_has_a_page() {
        let empty = PeoplePage {
            parts: Vec::new(),
            outlook: Vec::new(),
            not_returned: Vec::new(),
            values: Vec::new(),
            flows: Vec::new(),
            rfm: Vec::new(),
            cohorts: Vec::new(),
            ..page()
        };
        assert!(people_html(&empty, Lang::En).contains("age: no data"));
    }

    #[test]
    fn markets_stand_in_their_order_with_their_reasons() {
        let place = |market: &str, rank, score: f64| MarketPlace {
            market: market.parse().unwrap(),
            rank,
            served: rank == 2,
            score,
            low: score - 0.1,
            high: score + 0.1,
            within: (1, 2),
            first: 0.6,
            known: 0.5,
            size: Some(score),
            cost: Some(0.4),
            sizes: Vec::new(),
            why: vec![format!("{market} because")],
        };
        let page = MarketsPage {
            places: vec![place("KR", 1, 0.7), place("DE", 2, 0.5)],
            weights: vec![("size".into(), 0.25)],
        };
        let html = markets_html(&page, Lang::En);
        assert!(html.find("KR because").unwrap() < html.find("DE because").unwrap());
        assert_eq!(html.matches("<svg class=\"chart").count(), 6, "scores, ranks and bubbles");
        assert!(markets_html(&page, Lang::Zh).contains("下一个市场"));
    }
}
