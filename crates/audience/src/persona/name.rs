//! A name from stated rules, the same for the same figures; where no rule holds it is just "the shopper".
//!
//! | word | when |
//! |---|---|
//! | evening, morning … | the favourite four-hour band has more than a third of the orders (lower end of its interval), where an even day has a sixth |
//! | deal-seeking | share bought on a deal above home's (lower end of the interval) |
//! | price-minded | response to price above home's with intervals apart (where not already deal-seeking) |
//! | returning | repeat rate above home's with intervals apart |
//! | … buyer | a category with at least a tenth of the lines, 1.3 times home's share and a difference beyond chance; the largest lift |
//!
//! At most two words before the noun. Cost: nothing.

use super::facts::Facts;
use super::page::{PersonaParams, Said};
use super::parts::over_home;
use super::words::part_of_day;
use crate::usage::Dimension;
use domain::Figure;

/// The name and the rules that made it.
pub(super) fn name(params: &PersonaParams, facts: &Facts) -> (Said, Vec<Said>) {
    let mut words: Vec<(&str, &str, Said)> = Vec::new();
    let favourite = facts.usage.as_ref().and_then(|u| u.favourite(Dimension::Hour));
    if let Some((hour, low)) = favourite.and_then(|p| Some((p, p.share.interval?.low)))
        && let Some((en, zh)) = part_of_day(&hour.value).filter(|_| low > 1.0 / 3.0)
    {
        let why = Said::new(
            format!("{en}: at least {:.0} % of the orders come between {}", low * 100.0, hour.value),
            format!("{zh}：至少 {:.0} % 的订单在 {} 点", low * 100.0, hour.value),
        );
        words.push((en, zh, why));
    }
    let deal = facts.deal_share.as_ref().and_then(|(f, home)| Some((f.interval?.low, (*home)?)));
    let price = facts.sensitivity.as_ref().and_then(|(f, home)| apart(f, home.as_ref()?));
    if let Some((low, home)) = deal.filter(|(low, home)| low > home) {
        words.push((
            "deal-seeking",
            "爱优惠的",
            Said::new(
                format!("deal-seeking: at least {:.0} % bought on a deal, {:.0} % at home", low * 100.0, home * 100.0),
                format!("爱优惠：至少 {:.0} % 在优惠价购买，本土 {:.0} %", low * 100.0, home * 100.0),
            ),
        ));
    } else if let Some((low, home)) = price {
        words.push((
            "price-minded",
            "看重价格的",
            Said::new(
                format!("price-minded: response to price at least {low:.1}, at home at most {home:.1}"),
                format!("看重价格：价格敏感度至少 {low:.1}，本土至多 {home:.1}"),
            ),
        ));
    }
    let repeat = |profile: &'_ [Figure]| profile.iter().find(|f| f.key.ends_with(".repeat_rate")).cloned();
    if let Some((low, home)) = repeat(&facts.profile).zip(repeat(&facts.home_profile)).and_then(|(a, b)| apart(&a, &b))
    {
        words.push((
            "returning",
            "常回头的",
            Said::new(
                format!(
                    "returning: at least {:.0} % ordered again, at home at most {:.0} %",
                    low * 100.0,
                    home * 100.0
                ),
                format!("常回头：至少 {:.0} % 再次下单，本土至多 {:.0} %", low * 100.0, home * 100.0),
            ),
        ));
    }
    words.truncate(2);
    let total: u64 = facts.categories.iter().map(|c| c.n).sum();
    let stands_out = facts.categories.iter().filter(|c| c.n_shoppers >= params.privacy_floor && c.n * 10 >= total);
    let lifted = stands_out
        .filter_map(|c| Some((c, over_home(c, total)?)))
        .filter(|(_, (lift, p))| *lift >= 1.3 && *p <= params.max_q);
    let noun = lifted.max_by(|a, b| a.1.0.total_cmp(&b.1.0).then_with(|| b.0.name.cmp(&a.0.name)));
    let mut rules: Vec<Said> = words.iter().map(|w| w.2.clone()).collect();
    let (noun_en, noun_zh) = match noun {
        Some((category, (lift, _))) => {
            let zh = category.name_zh.as_deref().unwrap_or(&category.name);
            rules.push(Said::new(
                format!("{} buyer: {lift:.1} times home's share of the category", category.name),
                format!("{zh}买家：品类份额是本土的 {lift:.1} 倍"),
            ));
            (format!("{} buyer", category.name), format!("{zh}买家"))
        }
        None => ("shopper".to_owned(), "顾客".to_owned()),
    };
    if rules.is_empty() {
        rules.push(Said::new("no rule for a name holds", "没有命名规则成立"));
    }
    let en: Vec<&str> = words.iter().map(|w| w.0).collect();
    let zh: String = words.iter().map(|w| w.1).collect();
    let en = if en.is_empty() { format!("The {noun_en}") } else { format!("The {} {noun_en}", en.join(", ")) };
    (Said::new(en, format!("{zh}{noun_zh}")), rules)
}

/// Lower end of the one and upper end of the other where the first lies wholly above.
fn apart(figure: &Figure, other: &Figure) -> Option<(f64, f64)> {
    let (low, high) = (figure.interval?.low, other.interval?.high);
    (low > high).then_some((low, high))
}
