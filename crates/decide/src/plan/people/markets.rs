//! Which market to enter: places with how sure they are, sizes, and why one stands where it stands.

use super::super::html::{Cell, Column, Figures, Table, brand, document, escape};
use super::super::number;
use super::super::words::Lang;
use super::{charts, maps};
use domain::{Figure, FigureValue, Market, Money};

/// A market's place.
#[derive(Clone, Debug, PartialEq)]
pub struct MarketPlace {
    /// Which.
    pub market: Market,
    /// From 1.
    pub rank: u32,
    /// Whether it is sold to already.
    pub served: bool,
    /// Attractiveness, 0 to 1, with the interval of 95 % of the draws.
    pub score: f64,
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// Best and worst rank of 95 % of the draws.
    pub within: (u32, u32),
    /// Share of the draws in which it is first.
    pub first: f64,
    /// Share of the weight that is known.
    pub known: f64,
    /// Score of its size, 0 to 1.
    pub size: Option<f64>,
    /// Score of the cost to serve it, 1 is cheap.
    pub cost: Option<f64>,
    /// Whole market, reachable, winnable, in the reporting currency; empty where it cannot be sized.
    pub sizes: Vec<Figure>,
    /// Why, in the language of the page.
    pub why: Vec<String>,
}

/// The page.
#[derive(Clone, Debug, PartialEq)]
pub struct MarketsPage {
    /// Best first.
    pub places: Vec<MarketPlace>,
    /// Weights of the criteria, as they are named in the settings.
    pub weights: Vec<(String, f64)>,
}

/// An amount to three digits: the size of a market is not known to the cent, and its page does not pretend so.
fn three_digits(figure: &Figure) -> Figure {
    let FigureValue::Money(money) = figure.value else { return figure.clone() };
    let digits = money.minor.unsigned_abs().checked_ilog10().unwrap_or(0);
    let unit = 10_i64.pow(digits.saturating_sub(2));
    let rounded = money.minor.saturating_add(unit / 2 * money.minor.signum()) / unit * unit;
    let value = FigureValue::Money(Money { minor: rounded, ..money });
    let formula = format!("{}; shown to three digits", figure.formula);
    Figure { value, formula, ..figure.clone() }
}

/// The page as HTML.
pub fn markets_html(page: &MarketsPage, lang: Lang) -> String {
    let say = |en: &'static str, zh: &'static str| if lang == Lang::Zh { zh } else { en };
    let title = say("Which market next", "下一个市场");
    let mut figures = Figures::new(lang);
    let mut table = Table::new(vec![
        Column::Number("#"),
        Column::Text(say("market", "市场")),
        Column::Text(say("status", "状态")),
        Column::Number(say("score", "得分")),
        Column::Text(say("rank holds in", "名次范围")),
        Column::Number(say("first in", "居首比例")),
        Column::Number(say("known", "已知权重")),
        Column::Number("TAM"),
        Column::Number("SAM"),
        Column::Number("SOM"),
    ]);
    for place in &page.places {
        let name = number::market(place.market, lang);
        let percent = |x: f64| format!("{:.0}\u{a0}%", 100.0 * x);
        let mut sizes = ["market.tam_base", "market.sam_base", "market.som_base"].map(|key| {
            place.sizes.iter().find(|f| f.key == key).map_or(Cell::Empty, |f| {
                let ours = three_digits(&Figure { key: format!("{key}[{}]", place.market), ..f.clone() });
                Cell::Value(figures.value_of(&ours, &name))
            })
        });
        let [tam, sam, som] = &mut sizes;
        let take = |cell: &mut Cell| std::mem::replace(cell, Cell::Empty);
        let (low, high) = place.within;
        table.row([
            Cell::Value(place.rank.to_string()),
            Cell::Head(format!("{}\u{a0}<span class=\"rank\">{}</span>", escape(&name), place.market.code())),
            Cell::Value(if place.served { say("served", "已进入") } else { say("candidate", "候选") }.to_owned()),
            Cell::Value(format!("{:.2} ({:.2}–{:.2})", place.score, place.low, place.high)),
            Cell::Value(if low == high { low.to_string() } else { format!("{low}–{high}") }),
            Cell::Value(percent(place.first)),
            Cell::Value(percent(place.known)),
            take(tam),
            take(sam),
            take(som),
        ]);
    }
    let weights: Vec<String> = page.weights.iter().map(|(name, w)| format!("{} {w:.2}", escape(name))).collect();
    let intro = say(
        "Places by attractiveness on fixed scales. Intervals come from drawing the weights and every fact within its \
         uncertainty: a place that holds in few draws is no place to bet on.",
        "按固定尺度计算的吸引力排序。区间来自在不确定范围内反复抽取权重与事实：只在少数抽样中成立的名次不足以下注。",
    );
    let head = format!(
        "{}<h1>{title}</h1>\n<ul class=\"meta\"><li>{}</li><li>{}</li></ul>\n",
        brand(title),
        escape(intro),
        weights.join(" · ")
    );
    let mut body = format!("<section><h2>{}</h2>{}", say("Places", "排序"), table.html(title));
    body.extend(charts::scores(
        &page.places,
        say("scores with the interval of 95 % of the draws", "得分与 95 % 抽样区间"),
    ));
    body.extend(maps::ranks(
        &page.places,
        say("rank with those of 95 % of the draws", "名次及其在 95 % 抽样中的范围"),
        say("first in", "居首比例"),
    ));
    let axes = [say("size and growth →", "规模与增长 →"), say("↑ cheap to serve", "↑ 服务成本低")];
    body.extend(charts::bubbles(
        &page.places,
        say("markets by size and cost to serve", "按规模与服务成本看市场"),
        axes,
    ));
    body.push_str("</section>\n");
    for place in &page.places {
        let lines: String = place.why.iter().map(|line| format!("<li>{}</li>", escape(line))).collect();
        body.push_str(&format!(
            "<section><h2>{}</h2><ul>{lines}</ul></section>\n",
            escape(&number::market(place.market, lang))
        ));
    }
    document(lang, title, &head, &body, "<p>Portolan</p>", &figures)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Currency;

    #[test]
    fn sizes_are_shown_to_three_digits_and_small_ones_as_they_are() {
        let of = |minor: i64| {
            let money = Money { minor, currency: Currency::new(*b"EUR") };
            let FigureValue::Money(shown) = three_digits(&Figure::money("m", money, 1)).value else {
                panic!("an amount")
            };
            shown.minor
        };
        assert_eq!(of(5_170_789_914_812), 5_170_000_000_000);
        assert_eq!(of(77_862_300), 77_900_000);
        assert_eq!((of(999), of(99), of(0), of(-12_345)), (999, 99, 0, -12_300));
    }
}
