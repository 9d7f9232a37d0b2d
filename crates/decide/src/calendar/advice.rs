//! What to promote when: for each event ahead and each category, what own history of the event lets expect, else that of
//! other markets, else the month's index, else nothing; and by when an order has to come in.

use super::delivery::{closures, last_day_to_send};
use super::events::{Calendar, Event, EventKind};
use super::season::{MonthIndex, SeasonParams, event_uplift, is_south, months_of};
use crate::own_file::Said;
use domain::{Day, Figure, Market, Unit, Window};
use learn::special::student_t_quantile;

/// Daily units of a category in a market.
#[derive(Clone, Debug, PartialEq)]
pub struct CategoryHistory {
    /// Category.
    pub category: String,
    /// Where.
    pub market: Market,
    /// Day of the first entry.
    pub first: Day,
    /// Units a day, days without sales as 0.
    pub daily: Vec<u32>,
    /// Whether demand follows the weather: then a market of the other hemisphere counts half a year later.
    pub follows_weather: bool,
}

/// What an expectation rests on.
#[derive(Clone, Debug, PartialEq)]
pub enum Basis {
    /// Own history of the same event in the market.
    OwnEvent {
        /// Occurrences.
        occurrences: u64,
    },
    /// The same event in other markets.
    OtherMarkets(Vec<Market>),
    /// The month's index in the market.
    OwnMonth,
    /// The month's index in other markets.
    OtherMonths(Vec<Market>),
    /// Nothing: no number is given.
    NoHistory,
}

/// A category at an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    /// When and why.
    pub event: Event,
    /// What.
    pub category: String,
    /// Units a day against usual days; `TooLittleData` without history. Key `calendar.uplift`.
    pub expected: Figure,
    /// What it rests on.
    pub basis: Basis,
    /// Last day on which a shopper's order is still delivered in time; `None` where it is past.
    pub order_by: Option<Day>,
    /// Last day on which stock may leave the origin in bulk to be sold and delivered in time; `None` where it is past or
    /// every order comes on its own.
    pub ship_by: Option<Day>,
    /// In words.
    pub said: Said,
}

/// How goods reach the buyers of a market, in days of which nine in ten deliveries need no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// From an order to the door.
    pub days_p90: u16,
    /// Of stock that goes in bulk from the origin to the market, before that.
    pub bulk_days_p90: Option<u16>,
    /// Between an order, or a decision to send, and the hand-over to the carrier.
    pub handling_days: u16,
    /// Where goods start.
    pub origin: Market,
}

impl Delivery {
    /// Last days to order and to ship stock for what begins on a day.
    fn last_days(&self, day: Day, closed: &[Window]) -> (Day, Option<Day>) {
        let before = |days| last_day_to_send(day, days, self.handling_days, closed);
        (before(self.days_p90), self.bulk_days_p90.map(|bulk| before(bulk.saturating_add(self.days_p90))))
    }
}

/// Every category at every event of the window but pay days, soonest first, then by expected uplift. The window begins
/// today: last days before it are left out, for nobody can act on them any more.
pub fn suggest(
    calendar: &Calendar,
    market: Market,
    window: Window,
    histories: &[CategoryHistory],
    delivery: Option<Delivery>,
    params: &SeasonParams,
) -> Vec<Suggestion> {
    let events: Vec<Event> =
        calendar.events(market, window).into_iter().filter(|e| e.kind != EventKind::PayDay).collect();
    let mut categories: Vec<&str> = histories.iter().map(|h| h.category.as_str()).collect();
    categories.sort_unstable();
    categories.dedup();
    let closed = delivery.map(|d| closures(calendar, d.origin, window)).unwrap_or_default();
    let mut suggestions = Vec::new();
    for category in categories {
        let known: Vec<Known> =
            histories.iter().filter(|h| h.category == category).map(|h| Known::of(h, calendar, params)).collect();
        for event in &events {
            let (expected, basis) = expect(&known, market, event, params);
            let last = delivery.map(|d| d.last_days(event.window.from, &closed));
            let ahead = |day: &Day| *day >= window.from;
            let (order_by, ship_by) = (last.map(|l| l.0).filter(ahead), last.and_then(|l| l.1).filter(ahead));
            let said = sentence(category, event, &expected, &basis, order_by);
            suggestions.push(Suggestion {
                event: event.clone(),
                category: category.to_owned(),
                expected,
                basis,
                order_by,
                ship_by,
                said,
            });
        }
    }
    suggestions.sort_by(|a, b| {
        let uplift = |s: &Suggestion| s.expected.as_f64().unwrap_or(f64::NEG_INFINITY);
        let when = a.event.window.from.cmp(&b.event.window.from).then_with(|| a.event.id.cmp(&b.event.id));
        when.then_with(|| uplift(b).total_cmp(&uplift(a))).then_with(|| a.category.cmp(&b.category))
    });
    suggestions
}

/// A history with what is computed of it once.
struct Known<'a> {
    history: &'a CategoryHistory,
    past: Vec<Event>,
    months: Option<[MonthIndex; 12]>,
}

impl<'a> Known<'a> {
    fn of(history: &'a CategoryHistory, calendar: &Calendar, params: &SeasonParams) -> Self {
        let end = history.first.plus(i32::try_from(history.daily.len()).unwrap_or(i32::MAX / 2));
        let span = Window { from: history.first, to: end };
        let past = calendar.events(history.market, span).into_iter().filter(|e| e.kind != EventKind::PayDay).collect();
        let months = params.month_indexes(&months_of(history.first, &history.daily)).ok();
        Self { history, past, months }
    }

    /// Logarithm of the event's uplift with its variance and occurrences.
    fn uplift(&self, id: &str, params: &SeasonParams) -> Option<(Figure, u64)> {
        let windows = |same: bool| self.past.iter().filter(move |e| (e.id == id) == same).map(|e| e.window);
        // A sale of a month would leave no usual day: only short events are left out of the comparison.
        let others: Vec<Window> = windows(false).filter(|w| w.days() <= 10).collect();
        let own: Vec<Window> = windows(true).collect();
        let data = (self.history.first, self.history.daily.as_slice());
        event_uplift(params, data, &own, &others).ok().map(|u| (u.figure, u.occurrences))
    }
}

fn expect(known: &[Known<'_>], market: Market, event: &Event, params: &SeasonParams) -> (Figure, Basis) {
    let own = known.iter().find(|k| k.history.market == market);
    if let Some((figure, occurrences)) = own.and_then(|k| k.uplift(&event.id, params)) {
        return (figure.source(format!("own sales in {market}")), Basis::OwnEvent { occurrences });
    }
    let others: Vec<&Known<'_>> = known.iter().filter(|k| k.history.market != market).collect();
    let lifts: Vec<(Market, f64, f64)> = others
        .iter()
        .filter_map(|k| {
            let (figure, _) = k.uplift(&event.id, params)?;
            let interval = figure.interval?;
            let reach = (interval.high.ln() - interval.low.ln()) / 2.0;
            Some((k.history.market, figure.as_f64()?.ln(), reach))
        })
        .collect();
    if !lifts.is_empty() {
        let formula = "mean of the uplifts of the same event in other markets (logarithms)";
        return (pooled(&lifts, formula, params), Basis::OtherMarkets(lifts.iter().map(|l| l.0).collect()));
    }
    let month = event.window.from.year_month().1;
    let interval = |i: &MonthIndex| {
        let (low, high) = i.interval(params.level);
        (low, high)
    };
    if let Some(index) = own.and_then(|k| k.months.as_ref()).map(|m| &m[month as usize - 1]) {
        let (low, high) = interval(index);
        let figure = Figure::number("calendar.uplift", Unit::Ratio, index.index(), index.years, 1)
            .interval(low, high, params.level)
            .formula("index of the month, growth taken out: the event itself is not in own history")
            .source(format!("own sales in {market}"));
        return (figure, Basis::OwnMonth);
    }
    let months: Vec<(Market, f64, f64)> = others
        .iter()
        .filter_map(|k| {
            let turned = k.history.follows_weather && is_south(k.history.market) != is_south(market);
            let there = if turned { (month + 5) % 12 + 1 } else { month };
            let index = k.months.as_ref()?[there as usize - 1];
            let (low, high) = interval(&index);
            Some((k.history.market, index.log, (high.ln() - low.ln()) / 2.0))
        })
        .collect();
    if months.is_empty() {
        let figure = Figure::number("calendar.uplift", Unit::Ratio, f64::NAN, 0, 1)
            .formula("no history of this category that reaches over the event or over two years");
        return (figure, Basis::NoHistory);
    }
    let formula =
        "mean of the month's indexes in other markets (logarithms), half a year apart where it follows the weather";
    (pooled(&months, formula, params), Basis::OtherMonths(months.iter().map(|m| m.0).collect()))
}

/// Mean of logarithms of other markets; the interval holds what they differ by, and with a single one only its own.
fn pooled(lifts: &[(Market, f64, f64)], formula: &str, params: &SeasonParams) -> Figure {
    let k = lifts.len() as f64;
    let mean = lifts.iter().map(|l| l.1).sum::<f64>() / k;
    let own = lifts.iter().map(|l| l.2 * l.2).sum::<f64>() / k;
    let between = if k > 1.0 {
        let s2 = lifts.iter().map(|l| (l.1 - mean).powi(2)).sum::<f64>() / (k - 1.0);
        student_t_quantile(0.5 + params.level / 2.0, k - 1.0).powi(2) * s2 * (1.0 + 1.0 / k)
    } else {
        0.0
    };
    let reach = (own + between).sqrt();
    let note = if lifts.len() == 1 { "; one market: how markets differ is not in the interval" } else { "" };
    let names = lifts.iter().map(|l| l.0.code().to_owned()).collect::<Vec<_>>().join(", ");
    Figure::number("calendar.uplift", Unit::Ratio, mean.exp(), lifts.len() as u64, 1)
        .interval((mean - reach).exp(), (mean + reach).exp(), params.level)
        .formula(format!("{formula}{note}"))
        .source(format!("own sales in {names}"))
}

fn sentence(category: &str, event: &Event, expected: &Figure, basis: &Basis, order_by: Option<Day>) -> Said {
    let (day, name) = (event.window.from, &event.said);
    let mut said = match (expected.as_f64(), &expected.interval) {
        (Some(x), Some(i)) => Said::new(
            format!("{category}, {} ({day}): {x:.2} times a usual day, {:.2} to {:.2}", name.en, i.low, i.high),
            format!("{category}，{}（{day}）：约为平日的 {x:.2} 倍（{:.2} 至 {:.2}）", name.zh, i.low, i.high),
        ),
        _ => Said::new(
            format!("{category}, {} ({day}): no history, so no number", name.en),
            format!("{category}，{}（{day}）：没有历史数据，不给出数字", name.zh),
        ),
    };
    let codes = |markets: &[Market]| markets.iter().map(|m| m.code().to_owned()).collect::<Vec<_>>().join(", ");
    match basis {
        Basis::OtherMarkets(markets) | Basis::OtherMonths(markets) => {
            said.en.push_str(&format!(", as in {}", codes(markets)));
            said.zh.push_str(&format!("，参照 {}", codes(markets)));
        }
        Basis::OwnMonth => {
            said.en.push_str(", by the month alone");
            said.zh.push_str("，仅按月份推算");
        }
        Basis::OwnEvent { .. } | Basis::NoHistory => {}
    }
    if let Some(order_by) = order_by {
        said.en.push_str(&format!("; shoppers must have ordered by {order_by}: nine of ten parcels arrive in time"));
        said.zh.push_str(&format!("；顾客最迟须在 {order_by} 下单，九成包裹能按时到达"));
    }
    said.en.push('.');
    said.zh.push('。');
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::FigureValue;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    /// Three years of 20 a day, 60 on Black Friday's three days, 40 a day in July.
    fn germany() -> CategoryHistory {
        let (first, market) = (day("2023-01-01"), "DE".parse().unwrap());
        let span = Window { from: first, to: day("2026-01-01") };
        let calendar = Calendar::built_in();
        let sale: Vec<Window> =
            calendar.events(market, span).into_iter().filter(|e| e.id == "black-friday").map(|e| e.window).collect();
        let units = |d: Day| match d.year_month().1 {
            _ if sale.iter().any(|w| w.contains(d)) => 60,
            7 => 40,
            _ => 20,
        };
        let daily = (0..span.days()).map(|i| units(first.plus(i))).collect();
        CategoryHistory { category: "fans".to_owned(), market, first, daily, follows_weather: true }
    }

    fn ask(market: &str, from: &str, to: &str, histories: &[CategoryHistory]) -> Vec<Suggestion> {
        let window = Window { from: day(from), to: day(to) };
        let lane =
            Some(Delivery { days_p90: 12, bulk_days_p90: Some(40), handling_days: 2, origin: "CN".parse().unwrap() });
        suggest(&Calendar::built_in(), market.parse().unwrap(), window, histories, lane, &SeasonParams::default())
    }

    fn one<'a>(all: &'a [Suggestion], id: &str) -> &'a Suggestion {
        all.iter().find(|s| s.event.id == id).unwrap_or_else(|| panic!("no {id}"))
    }

    #[test] // 40 + 12 + 2 days before 27 November 2026, China's National Day (1 to 7 October, 7 days) not counted.
    fn stock_in_bulk_leaves_before_the_last_order() {
        let all = ask("DE", "2026-09-01", "2026-12-01", &[germany()]);
        let s = one(&all, "black-friday");
        let closed = closures(
            &Calendar::built_in(),
            "CN".parse().unwrap(),
            Window { from: day("2026-09-01"), to: day("2026-12-01") },
        );
        assert_eq!(s.ship_by, Some(last_day_to_send(day("2026-11-27"), 52, 2, &closed)));
        assert!(s.ship_by.is_some() && s.ship_by < s.order_by);
        let late = ask("DE", "2026-11-01", "2026-12-01", &[germany()]);
        assert_eq!((one(&late, "black-friday").ship_by, one(&late, "black-friday").order_by), (None, s.order_by));
    }

    #[test] // 60 / 20 = 3, seen three times; 12 + 2 days before 27 November 2026.
    fn own_history_of_the_event_comes_first() {
        let all = ask("DE", "2026-11-01", "2026-12-01", &[germany()]);
        let s = one(&all, "black-friday");
        assert_eq!(s.basis, Basis::OwnEvent { occurrences: 3 });
        let i = s.expected.interval.unwrap();
        assert!((s.expected.as_f64().unwrap() - 3.0).abs() < 0.05 && i.low < 3.0 && i.high > 3.0);
        assert_eq!(s.order_by, Some(day("2026-11-13")));
        let (en, zh) = (&s.said.en, &s.said.zh);
        assert!(en.contains("shoppers must have ordered by 2026-11-13") && zh.contains("黑色星期五"), "{:?}", s.said);
    }

    #[test]
    fn another_market_lends_its_event_or_its_month() {
        let france = ask("FR", "2026-07-01", "2026-12-01", &[germany()]);
        let s = one(&france, "black-friday");
        assert_eq!(s.basis, Basis::OtherMarkets(vec!["DE".parse().unwrap()]));
        assert!(s.expected.formula.contains("one market: how markets differ is not in the interval"));
        // Germany has no 14 July; July sells twice a usual month: exp(ln 2 × 11/12) with the rest at 1 over exp(ln 2 / 12).
        let s = one(&france, "bastille-fr");
        assert_eq!(s.basis, Basis::OtherMonths(vec!["DE".parse().unwrap()]));
        assert!((s.expected.as_f64().unwrap() - 1.8).abs() < 0.15, "{:?}", s.expected.value);
        // South of the equator the German July is January: Australia Day.
        let australia = ask("AU", "2027-01-20", "2027-01-30", &[germany()]);
        let s = one(&australia, "australia-day");
        assert!((s.expected.as_f64().unwrap() - 1.8).abs() < 0.15, "{:?}", s.expected.value);
    }

    #[test]
    fn without_history_there_is_no_number() {
        let mut short = germany();
        short.daily.truncate(200);
        let all = ask("FR", "2026-11-20", "2026-12-01", &[short]);
        let s = one(&all, "black-friday");
        assert_eq!((s.basis.clone(), s.expected.interval), (Basis::NoHistory, None));
        assert!(matches!(s.expected.value, FigureValue::TooLittleData { have: 0, need: 1 }));
        assert!(s.said.en.contains("no history, so no number") && s.said.zh.contains("没有历史数据"));
    }

    #[test]
    fn suggestions_come_in_order_of_time_and_are_the_same_for_any_order_of_histories() {
        let mut other = germany();
        other.category = "heaters".to_owned();
        let one = ask("DE", "2026-11-01", "2027-01-10", &[germany(), other.clone()]);
        let two = ask("DE", "2026-11-01", "2027-01-10", &[other, germany()]);
        assert_eq!(one, two);
        assert!(one.windows(2).all(|w| w[0].event.window.from <= w[1].event.window.from));
        assert!(one.iter().all(|s| s.event.kind != EventKind::PayDay));
    }
}
