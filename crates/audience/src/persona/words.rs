//! How figures are written inside a sentence: the value, and its interval where it has one.

use domain::{Figure, FigureValue, Unit};

/// A share in whole per cents, a number of days whole, money with its currency, other numbers with two digits; `None` where the
/// figure is not shown.
pub(super) fn shown(figure: &Figure) -> Option<String> {
    let value = figure.as_f64()?;
    let one = |x: f64| match figure.unit {
        Unit::Share => format!("{:.0}", x * 100.0),
        Unit::Count | Unit::Days => grouped(x),
        Unit::Money | Unit::Ratio => format!("{x:.2}"),
        Unit::Score => format!("{x:.1}"),
    };
    let unit = match (figure.unit, figure.value) {
        (Unit::Share, _) => " %".to_owned(),
        (Unit::Money, FigureValue::Money(m)) => format!(" {}", m.currency),
        _ => String::new(),
    };
    let around = figure.interval.map(|i| format!(" ({}–{})", one(i.low), one(i.high))).unwrap_or_default();
    Some(format!("{}{unit}{around}", one(value)))
}

/// A whole number in groups of three.
fn grouped(x: f64) -> String {
    let digits = format!("{:.0}", x.abs());
    let mut text = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            text.push(',');
        }
        text.push(c);
    }
    if x < 0.0 { format!("-{text}") } else { text }
}

/// Weekday by its number, Monday is 1.
pub(super) fn weekday(number: &str) -> Option<(&'static str, &'static str)> {
    const DAYS: [(&str, &str); 7] = [
        ("Monday", "星期一"),
        ("Tuesday", "星期二"),
        ("Wednesday", "星期三"),
        ("Thursday", "星期四"),
        ("Friday", "星期五"),
        ("Saturday", "星期六"),
        ("Sunday", "星期日"),
    ];
    DAYS.get(number.parse::<usize>().ok()?.checked_sub(1)?).copied()
}

/// Part of the day of a four-hour band.
pub(super) fn part_of_day(band: &str) -> Option<(&'static str, &'static str)> {
    Some(match band {
        "00-04" => ("night", "深夜"),
        "04-08" => ("early-morning", "清晨"),
        "08-12" => ("morning", "上午"),
        "12-16" => ("midday", "午间"),
        "16-20" => ("afternoon", "傍晚"),
        "20-24" => ("evening", "夜间"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_in_words() {
        let share = Figure::number("s", Unit::Share, 0.4321, 100, 30).interval(0.35, 0.52, 0.95);
        assert_eq!(shown(&share).unwrap(), "43 % (35–52)");
        assert_eq!(shown(&Figure::number("n", Unit::Count, 1_234_567.0, 100, 0)).unwrap(), "1,234,567");
        assert_eq!(shown(&Figure::number("n", Unit::Days, 12.0, 3, 30)), None);
        let money = Figure::money("m", domain::Money { minor: 12_345, currency: domain::Currency::new(*b"EUR") }, 3);
        assert_eq!(shown(&money).unwrap(), "123.45 EUR");
        assert_eq!((weekday("7"), weekday("0"), weekday("x")), (Some(("Sunday", "星期日")), None, None));
        assert_eq!(part_of_day("20-24").unwrap().0, "evening");
    }
}
