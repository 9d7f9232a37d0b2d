//! How numbers, amounts, intervals, months and days are written in each language.
//!
//! Digits and separators are the same in both (12,345.67); what differs is words, brackets and
//! the order of a date. A displayed number is rounded, the popover and the JSON have it exactly.

use super::Metric;
use super::sentence::fill;
use super::words::{Lang, Text};
use crate::said::grouped;
use domain::{Currency, Day, Figure, FigureValue, Interval, Market, Money, Unit, Window};

const NO_BREAK_SPACE: char = '\u{a0}';
const MINUS: char = '\u{2212}';

/// A figure with its interval, as a sentence or a table would write it:
/// `12.3 % (10.1 to 14.9)`.
pub fn figure_text(figure: &Figure, lang: Lang) -> String {
    let value = value_text(figure, lang);
    match figure.interval {
        Some(interval) => format!("{value}{}", interval_text(figure, interval, lang)),
        None => value,
    }
}

/// The value without its interval, rounded for reading.
pub(crate) fn value_text(figure: &Figure, lang: Lang) -> String {
    match figure.value {
        FigureValue::Number(x) if figure.unit == Unit::Share => {
            percent(x * 100.0, share_digits(figure), signed(figure))
        }
        FigureValue::Number(x) if metric(figure) == Some(Metric::ClusterFrequency) => fixed(x, 1),
        FigureValue::Number(x) => number(x, figure.unit, signed(figure), lang),
        FigureValue::Money(money) => money_short(money, lang),
        FigureValue::TooLittleData { .. } => Text::TooLittle.get(lang).to_owned(),
        FigureValue::Undefined => Text::Undefined.get(lang).to_owned(),
    }
}

/// The interval in brackets, with a blank before where the language wants one.
pub(crate) fn interval_text(figure: &Figure, interval: Interval, lang: Lang) -> String {
    let end = |x: f64| match (figure.unit, figure.value) {
        (Unit::Money, FigureValue::Money(m)) => major(x, m.currency, lang),
        (Unit::Share, _) => with_sign(x, fixed(x * 100.0, share_digits(figure)), signed(figure)),
        (unit, _) => number(x, unit, signed(figure), lang),
    };
    match lang {
        Lang::En => format!(" ({} to {})", end(interval.low), end(interval.high)),
        Lang::Zh => format!("（{} 至 {}）", end(interval.low), end(interval.high)),
    }
}

/// The value in full: minor units of money, four decimals of a score.
pub(crate) fn exact_text(figure: &Figure, lang: Lang) -> String {
    match (figure.value, figure.unit) {
        (FigureValue::Money(money), _) => money_exact(money, lang),
        (FigureValue::Number(x), Unit::Share) => percent(x * 100.0, 2, signed(figure)),
        (FigureValue::Number(x), Unit::Score | Unit::Ratio) => with_sign(x, fixed(x, 4), signed(figure)),
        (FigureValue::Number(_), Unit::Count | Unit::Money | Unit::Days)
        | (FigureValue::TooLittleData { .. } | FigureValue::Undefined, _) => value_text(figure, lang),
    }
}

/// The value for machines: a plain decimal number, or empty where there is none.
pub(crate) fn machine_text(figure: &Figure) -> String {
    match figure.value {
        FigureValue::Number(x) => format!("{x}"),
        FigureValue::Money(money) => money.to_decimal().to_string(),
        FigureValue::TooLittleData { .. } | FigureValue::Undefined => String::new(),
    }
}

/// Differences carry their sign, so that a gain is seen to be one.
fn signed(figure: &Figure) -> bool {
    matches!(metric(figure), Some(Metric::Growth | Metric::TransferGain | Metric::TransferDecided))
}

/// A small share keeps two decimals: 0.4 % and 0.04 % are not the same news.
fn share_digits(figure: &Figure) -> usize {
    match figure.value {
        // A cohort is a handful of shoppers: a decimal would promise what they cannot hold.
        FigureValue::Number(_) if matches!(metric(figure), Some(Metric::CohortRetention | Metric::Retention)) => 0,
        FigureValue::Number(x) if x != 0.0 && x.abs() < 0.001 => 2,
        FigureValue::Number(_) | FigureValue::Money(_) | FigureValue::TooLittleData { .. } | FigureValue::Undefined => {
            1
        }
    }
}

fn metric(figure: &Figure) -> Option<Metric> {
    Metric::of_key(&figure.key)
}

fn number(x: f64, unit: Unit, sign: bool, lang: Lang) -> String {
    match unit {
        Unit::Count => fixed(x, if x.fract().abs() < 1e-9 { 0 } else { 1 }),
        Unit::Share => percent(x * 100.0, if x != 0.0 && x.abs() < 0.001 { 2 } else { 1 }, sign),
        Unit::Money => fixed(x, 2),
        Unit::Days => match lang {
            Lang::En => format!("{}{NO_BREAK_SPACE}days", fixed(x, 0)),
            Lang::Zh => format!("{}{NO_BREAK_SPACE}天", fixed(x, 0)),
        },
        Unit::Ratio => fixed(x, if x.abs() < 10.0 { 2 } else { 1 }),
        // A popularity counts buyers, a similarity lies below 1: both are scores.
        Unit::Score => {
            let digits = match x.abs() {
                a if a < 10.0 => 3,
                a if (a - a.round()).abs() < 1e-9 => 0,
                _ => 1,
            };
            with_sign(x, fixed(x, digits), sign)
        }
    }
}

fn with_sign(x: f64, text: String, sign: bool) -> String {
    if sign && x > 0.0 { format!("+{text}") } else { text }
}

fn percent(x: f64, digits: usize, sign: bool) -> String {
    format!("{}{NO_BREAK_SPACE}%", with_sign(x, fixed(x, digits), sign))
}

/// `x` with `digits` decimals and a comma every three digits.
pub(crate) fn fixed(x: f64, digits: usize) -> String {
    let text = format!("{:.digits$}", x.abs());
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(w, f)| (w, Some(f)));
    let mut out = String::new();
    // A value that rounds to zero has no sign: "-0.0" is noise.
    if x < 0.0 && text.bytes().any(|b| (b'1'..=b'9').contains(&b)) {
        out.push(MINUS);
    }
    out.push_str(&grouped(whole));
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// The sign that nobody can mistake, or the code where the sign is shared by several currencies.
fn currency_sign(currency: Currency) -> String {
    match currency.code() {
        "EUR" => "€".to_owned(),
        "GBP" => "£".to_owned(),
        "USD" => "US$".to_owned(),
        "CNY" => "CN¥".to_owned(),
        "JPY" => "JP¥".to_owned(),
        code => format!("{code}{NO_BREAK_SPACE}"),
    }
}

fn amount(negative: bool, digits: String, currency: Currency) -> String {
    let sign = if negative { MINUS.to_string() } else { String::new() };
    format!("{sign}{}{digits}", currency_sign(currency))
}

/// Every minor unit. The digits are moved as text: no amount passes through a float.
pub(crate) fn money_exact(money: Money, _: Lang) -> String {
    let text = money.to_decimal().abs().to_string();
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), ""), |(w, f)| (w, f));
    let places = money.currency.exponent() as usize;
    let digits = if places == 0 { grouped(whole) } else { format!("{}.{fraction:0<places$}", grouped(whole)) };
    amount(money.minor < 0, digits, money.currency)
}

/// Whole units from 1,000 on, where cents are noise.
pub(crate) fn money_short(money: Money, lang: Lang) -> String {
    let unit = 10_u64.pow(money.currency.exponent());
    let minor = money.minor.unsigned_abs();
    if minor < 1000 * unit {
        return money_exact(money, lang);
    }
    let whole = minor / unit + u64::from(minor % unit * 2 >= unit);
    amount(money.minor < 0, grouped(&whole.to_string()), money.currency)
}

/// An end of an interval or a tick of an axis, which are floats by nature.
pub(crate) fn major(x: f64, currency: Currency, _: Lang) -> String {
    let digits = if x.abs() >= 1000.0 || x == 0.0 { 0 } else { currency.exponent() as usize };
    amount(x < 0.0, fixed(x.abs(), digits), currency)
}

/// A day: `9 Dec 2011`, `2011年12月9日`.
pub(crate) fn day(day: Day, lang: Lang) -> String {
    match lang {
        Lang::En => day.date().format("%-d %b %Y").to_string(),
        Lang::Zh => day.date().format("%Y年%-m月%-d日").to_string(),
    }
}

/// A month of any year: `Dec`, `12月`.
pub(crate) fn month_of_year(month: u32, lang: Lang) -> String {
    let day = Day::from_ymd(2001, month, 1);
    day.map_or_else(String::new, |day| match lang {
        Lang::En => day.date().format("%b").to_string(),
        Lang::Zh => day.date().format("%-m月").to_string(),
    })
}

/// A month: `Dec 2011`, `2011年12月`.
pub(crate) fn month(day: Day, lang: Lang) -> String {
    match lang {
        Lang::En => day.date().format("%b %Y").to_string(),
        Lang::Zh => day.date().format("%Y年%-m月").to_string(),
    }
}

/// A window with its last day inside, as people count.
pub(crate) fn window(window: Window, lang: Lang) -> String {
    fill(Text::DataWindow.get(lang), &[&day(window.from, lang), &day(window.to.plus(-1), lang)])
}

/// The market's name.
pub(crate) fn market(market: Market, lang: Lang) -> String {
    let special = [
        (Market::UNKNOWN, "Unspecified country", "未注明国家"),
        (Market::EUROPEAN_UNION, "European Union (country not given)", "欧盟（未注明国家）"),
        (Market::CHANNEL_ISLANDS, "Channel Islands", "海峡群岛"),
    ];
    let (en, zh) = match (special.iter().find(|s| s.0 == market), domain::country(market)) {
        (Some(&(_, en, zh)), _) => (en, zh),
        (None, Some(country)) => (country.name, country.name_zh),
        (None, None) => (market.code(), market.code()),
    };
    match lang {
        Lang::En => en.to_owned(),
        Lang::Zh => zh.to_owned(),
    }
}

/// The market's name inside a sentence. English wants an article before some names, and the
/// standard's "Korea, Republic of" turned round.
pub(crate) fn market_said(place: Market, lang: Lang) -> String {
    let name = market(place, lang);
    let plural = ["Bahamas", "Comoros", "Congo", "Gambia", "Maldives", "Netherlands", "Philippines"];
    let parts = ["United ", "European ", " Republic", " Islands", "Isle of", "Territor"];
    match lang {
        Lang::Zh => name,
        Lang::En => match name.split_once(", ") {
            Some((head, tail)) if tail.ends_with(" of") || tail.ends_with(" of the") => format!("the {tail} {head}"),
            _ if plural.contains(&name.as_str()) || parts.iter().any(|part| name.contains(part)) => {
                format!("the {name}")
            }
            Some(_) | None => name,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(text: &str) -> String {
        text.replace(NO_BREAK_SPACE, " ")
    }

    #[test]
    fn a_share_reads_as_percent_with_its_interval_in_both_languages() {
        let share = Metric::RepeatRate.number(0.1234, 100, "q").interval(0.101, 0.149, 0.95);
        assert_eq!(plain(&figure_text(&share, Lang::En)), "12.3 % (10.1 to 14.9)");
        assert_eq!(plain(&figure_text(&share, Lang::Zh)), "12.3 %（10.1 至 14.9）");
    }

    #[test]
    fn money_shows_cents_below_a_thousand_and_rounds_above() {
        let gbp = |minor| Money { minor, currency: Currency::new(*b"GBP") };
        assert_eq!(money_short(gbp(99_999), Lang::En), "£999.99");
        assert_eq!(money_short(gbp(2_269_850), Lang::En), "£22,699");
        assert_eq!(money_short(gbp(-2_269_849), Lang::En), "\u{2212}£22,698");
        assert_eq!(money_exact(gbp(5), Lang::En), "£0.05");
        let vnd = Money { minor: 1_234_567, currency: Currency::new(*b"VND") };
        assert_eq!(plain(&money_exact(vnd, Lang::En)), "VND 1,234,567");
        let kwd = Money { minor: 1_500, currency: Currency::new(*b"KWD") };
        assert_eq!(plain(&money_exact(kwd, Lang::En)), "KWD 1.500");
    }

    #[test]
    fn growth_and_gain_carry_their_sign_and_zero_has_none() {
        let growth = |x| plain(&value_text(&Metric::Growth.number(x, 12, "q"), Lang::En));
        assert_eq!(growth(0.25), "+25.0 %");
        assert_eq!(growth(-0.25), "\u{2212}25.0 %");
        assert_eq!(growth(-0.0001), "\u{2212}0.01 %");
        assert_eq!(fixed(-0.0001, 1), "0.0");
        let both = Metric::Growth.number(0.25, 12, "q").interval(-0.05, 0.4, 0.95);
        assert_eq!(plain(&figure_text(&both, Lang::En)), "+25.0 % (\u{2212}5.0 to +40.0)");
    }

    #[test]
    fn a_score_that_counts_has_no_decimals() {
        let score = |x| value_text(&Metric::ProductScore.number(x, 40, "q"), Lang::En);
        assert_eq!([score(0.2044), score(58.0), score(58.25)], ["0.204", "58", "58.2"]);
    }

    #[test]
    fn days_and_months_follow_the_language() {
        let d = Day::from_ymd(2011, 12, 9).unwrap();
        assert_eq!((day(d, Lang::En), day(d, Lang::Zh)), ("9 Dec 2011".to_owned(), "2011年12月9日".to_owned()));
        let span = Window { from: Day::from_ymd(2010, 12, 1).unwrap(), to: d.plus(1) };
        assert_eq!(window(span, Lang::En), "Data from 1 Dec 2010 to 9 Dec 2011");
    }

    #[test]
    fn names_of_markets_fit_into_a_sentence() {
        let said = |code: &str| market_said(code.parse().unwrap(), Lang::En);
        assert_eq!(said("GB"), "the United Kingdom");
        assert_eq!(said("DE"), "Germany");
        assert_eq!(said("NL"), "the Netherlands");
        assert_eq!(said("KR"), "the Republic of Korea");
        assert_eq!(said("XC"), "the Channel Islands");
        assert_eq!(market_said("GB".parse().unwrap(), Lang::Zh), "英国");
    }

    #[test]
    fn a_figure_without_a_number_is_words() {
        let thin = Figure::number("market.repeat_rate", Unit::Share, 0.5, 4, 30);
        assert_eq!(figure_text(&thin, Lang::En), "too little data");
        assert_eq!(figure_text(&thin, Lang::Zh), "数据太少");
        assert_eq!(machine_text(&thin), "");
    }

    proptest! {
        #[test] // Taking the separators out gives the amount back.
        fn separators_do_not_change_an_amount(minor in any::<i32>()) {
            let money = Money { minor: i64::from(minor), currency: Currency::new(*b"GBP") };
            let text = money_exact(money, Lang::En).replace([',', '£', '.'], "").replace(MINUS, "-");
            prop_assert_eq!(text.parse::<i64>().unwrap(), money.minor);
        }

        #[test]
        fn every_group_but_the_first_has_three_digits(x in 0_u64..u64::MAX) {
            let text = grouped(&x.to_string());
            prop_assert!(text.split(',').skip(1).all(|group| group.len() == 3));
            prop_assert!(!text.starts_with(',') && text.split(',').all(|group| !group.is_empty()));
        }
    }
}
