//! The sentences of the four parts. Each is made from one figure; where that is not shown, the reason joins what is not known.

use super::facts::{Counted, Facts, Group, Shared};
use super::languages::language_words;
use super::page::{Entry, PersonaParams, Said};
use super::words::{part_of_day, shown, weekday};
use crate::figures::{count, share};
use crate::needs::quotes::Quote;
use crate::needs::rank::Need;
use crate::needs::voice::Source;
use crate::usage::Dimension;
use domain::{Figure, FigureValue};
use learn::two_by_two::two_shares;

/// How a statement of a need begins.
pub(super) const NEED: &str = "a need: ";

pub(super) fn entry(group: Group, figure: &Figure, en: String, zh: String) -> Entry {
    Entry { statement: Said::new(en, zh), figure: figure.clone(), group, quotes: Vec::new() }
}

/// Says why something is not known.
pub(super) fn missing(unknown: &mut Vec<Said>, what: (&str, &str), figure: Option<&Figure>) {
    let (en, zh) = match figure.map(|f| f.value) {
        Some(FigureValue::TooLittleData { have, need }) => (
            format!("{}: {have} observations, {need} are needed", what.0),
            format!("{}：只有 {have} 个观测，需要 {need} 个", what.1),
        ),
        Some(FigureValue::Undefined) => {
            (format!("{}: cannot be computed here", what.0), format!("{}：此处无法计算", what.1))
        }
        _ => (format!("{}: no data", what.0), format!("{}：没有数据", what.1)),
    };
    unknown.push(Said::new(en, zh));
}

/// A figure of a profile by the end of its key.
fn of<'a>(profile: &'a [Figure], end: &str) -> Option<&'a Figure> {
    profile.iter().find(|f| f.key.rsplit('.').next() == Some(end))
}

/// Says a figure of the profile, beside home's where that is known.
fn from_profile(
    facts: &Facts,
    end: &str,
    what: (&str, &str),
    sentence: fn(&str) -> (String, String),
    out: &mut Vec<Entry>,
    unknown: &mut Vec<Said>,
) {
    let figure = of(&facts.profile, end);
    match figure.and_then(|f| Some((f, shown(f)?))) {
        Some((figure, value)) => {
            let home = of(&facts.home_profile, end).and_then(shown);
            let (mut en, mut zh) = sentence(&value);
            if let Some(home) = home {
                en.push_str(&format!("; at home {home}"));
                zh.push_str(&format!("；本土 {home}"));
            }
            out.push(entry(Group::Profile, figure, en, zh));
        }
        None => missing(unknown, what, figure),
    }
}

/// The largest of a list, with those that too few share left out; says how many these were.
fn largest<'a>(
    params: &PersonaParams,
    counted: Counted,
    list: &'a [Shared],
    what: (&str, &str),
    unknown: &mut Vec<Said>,
) -> Vec<&'a Shared> {
    let (kept, small): (Vec<&Shared>, Vec<&Shared>) = list.iter().partition(|s| s.n_shoppers >= params.privacy_floor);
    if !small.is_empty() {
        let (n, floor) = (small.len(), params.privacy_floor);
        let (en, zh) = counted.words();
        unknown.push(Said::new(
            format!("{}: {n} with fewer than {floor} {en} are not named", what.0),
            format!("{}：{n} 项不足 {floor} {zh}，不予列出", what.1),
        ));
    }
    kept
}

/// Who they are.
pub(super) fn basics(params: &PersonaParams, facts: &Facts, unknown: &mut Vec<Said>) -> Vec<Entry> {
    let mut out = Vec::new();
    let n = match facts.counted {
        Counted::Shoppers => count("persona.shoppers", facts.n_shoppers).formula("shoppers with a settled order"),
        Counted::Orders => count("persona.orders", facts.n_shoppers).formula("settled orders; none says who bought"),
    };
    let text = shown(&n).unwrap_or_default();
    let (en, zh) = facts.counted.words();
    let hidden = facts.counted == Counted::Orders;
    let said = |en: String, zh: String| {
        if hidden {
            (format!("{en}; the marketplace does not say who bought"), format!("{zh}；平台不说明买家是谁"))
        } else {
            (en, zh)
        }
    };
    let (en, zh) = said(format!("{text} {en}"), format!("{text} {zh}"));
    out.push(entry(Group::Profile, &n, en, zh));
    let places = largest(params, facts.counted, &facts.places, ("places", "地区"), unknown);
    let total: u64 = facts.places.iter().map(|p| p.n).sum();
    for place in places.iter().take(2) {
        let formula = if hidden {
            "orders to the place / orders whose place is known"
        } else {
            "shoppers of the place / shoppers whose place is known"
        };
        let figure = share("persona.place", place.n, total).formula(formula);
        if let Some(value) = shown(&figure) {
            let zh = place.name_zh.as_deref().unwrap_or(&place.name);
            let (en, zh) = if hidden {
                (format!("{value} of the orders go to {}", place.name), format!("{value} 的订单寄往{zh}"))
            } else {
                (format!("{value} live in {}", place.name), format!("{value} 住在{zh}"))
            };
            out.push(entry(Group::Places, &figure, en, zh));
        }
    }
    if places.is_empty() {
        missing(unknown, ("place of living", "居住地"), None);
    }
    let total: u64 = facts.languages.iter().map(|l| l.n).sum();
    for language in facts.languages.iter().take(2) {
        let figure = share("persona.language", language.n, total)
            .formula("texts in the language / texts whose language is known");
        if let Some(value) = shown(&figure) {
            let (en, zh) = language_words(&language.name);
            out.push(entry(
                Group::Languages,
                &figure,
                format!("{value} of what they write is in {en}"),
                format!("{value} 的文字用{zh}写成"),
            ));
        }
    }
    if facts.languages.is_empty() {
        missing(unknown, ("language", "语言"), None);
    }
    // Records may say these; a guess from orders and events would be a prejudice with a percent sign.
    for what in [("age", "年龄"), ("sex", "性别"), ("income", "收入"), ("household", "家庭")] {
        let people = facts.people.iter().find(|p| p.of == what.0);
        let largest = people.and_then(|p| Some((p, p.values.first().filter(|v| v.1 >= params.privacy_floor)?)));
        let figure = largest.map(|(p, (value, n))| {
            let figure = share(&format!("persona.{}", what.0), *n, p.known);
            (value, figure.formula("shoppers with the value / shoppers whose record says it"))
        });
        match figure.as_ref().and_then(|(value, figure)| Some((value, figure, shown(figure)?))) {
            Some((value, figure, text)) => {
                let (en, zh) = trait_value(what.0, value);
                out.push(entry(Group::People, figure, format!("{text} {en}"), format!("{text} {zh}")));
            }
            None => missing(unknown, what, figure.as_ref().map(|(_, f)| f)),
        }
    }
    out
}

/// A value of age, sex or income as the end of "61 % …".
fn trait_value(of: &str, value: &str) -> (String, String) {
    match (of, value) {
        ("age", "under 25") => ("are under 25".into(), "不到 25 岁".into()),
        ("age", "65 and over") => ("are 65 or older".into(), "65 岁及以上".into()),
        ("age", band) => (format!("are {band} years old"), format!("年龄 {} 岁", band.replace(" to ", "–"))),
        ("sex", "female") => ("are women".into(), "为女性".into()),
        ("sex", "male") => ("are men".into(), "为男性".into()),
        ("sex", other) => (format!("say of their sex: {other}"), format!("性别为 {other}")),
        (of, other) => (format!("state as {of}: {other}"), format!("收入为 {other}")),
    }
}

/// How they buy.
pub(super) fn consumption(params: &PersonaParams, facts: &Facts, unknown: &mut Vec<Said>) -> Vec<Entry> {
    let mut out = Vec::new();
    from_profile(
        facts,
        "basket_value",
        ("value of an order", "客单价"),
        |v| (format!("an order is worth {v}"), format!("客单价 {v}")),
        &mut out,
        unknown,
    );
    from_profile(
        facts,
        "repeat_rate",
        ("repeat rate", "复购率"),
        |v| (format!("{v} have ordered again"), format!("{v} 再次下单")),
        &mut out,
        unknown,
    );
    from_profile(
        facts,
        "return_rate",
        ("return rate", "退货率"),
        |v| (format!("{v} of the value comes back"), format!("{v} 的金额被退回")),
        &mut out,
        unknown,
    );
    match facts.returned.as_ref().and_then(|f| Some((f, shown(f)?))) {
        Some((figure, value)) => {
            let (mut en, mut zh) = (
                format!("{value} order a second time, late ones counted in"),
                format!("{value} 会第二次下单（已计入尚未到期者）"),
            );
            if let Some((from, to)) = facts.due_window {
                en.push_str(&format!("; half of these between day {from:.0} and day {to:.0}"));
                zh.push_str(&format!("；其中一半在第 {from:.0} 至 {to:.0} 天之间"));
            }
            out.push(entry(Group::Timing, figure, en, zh));
        }
        None => missing(unknown, ("time until they return", "回购时间"), facts.returned.as_ref()),
    }
    match facts.sensitivity.as_ref().and_then(|(f, home)| Some((f, home, shown(f)?))) {
        Some((figure, home, value)) => {
            let (mut en, mut zh) = (
                format!("when a price moves by 1 %, demand moves by {value} % the other way"),
                format!("价格变动 1 %，需求反向变动 {value} %"),
            );
            if let Some(home) = home.as_ref().and_then(shown) {
                en.push_str(&format!("; at home {home}"));
                zh.push_str(&format!("；本土 {home}"));
            }
            en.push_str(&format!(" ({})", crate::price::response::NOTE.0));
            zh.push_str(&format!("（{}）", crate::price::response::NOTE.1));
            out.push(entry(Group::Price, figure, en, zh));
        }
        None => missing(unknown, ("response to price", "价格敏感度"), facts.sensitivity.as_ref().map(|s| &s.0)),
    }
    match facts.deal_share.as_ref().and_then(|(f, home)| Some((f, home, shown(f)?))) {
        Some((figure, home, value)) => {
            let home = home.map(|h| format!("{:.0} %", h * 100.0));
            let tail = |word: &str| home.as_ref().map(|h| format!("{word}{h}")).unwrap_or_default();
            let (en, zh) = (
                format!("{value} of the lines are bought on a deal{}", tail("; at home ")),
                format!("{value} 的商品行在优惠价购买{}", tail("；本土 ")),
            );
            out.push(entry(Group::Price, figure, en, zh));
        }
        None => missing(unknown, ("share bought on a deal", "优惠购买比例"), facts.deal_share.as_ref().map(|s| &s.0)),
    }
    for dimension in Dimension::ALL {
        let favourite = facts.usage.as_ref().and_then(|u| u.favourite(dimension));
        match favourite.and_then(|p| Some((p, shown(&p.share)?))) {
            Some((preference, value)) => {
                let (en, zh) = habit(dimension, &preference.value);
                let home = preference.at_home.filter(|_| preference.q_value <= params.max_q);
                let tail = |word: &str| home.map(|h| format!("{word}{:.0} %", h * 100.0)).unwrap_or_default();
                out.push(entry(
                    Group::Usage,
                    &preference.share,
                    format!("{value} of the orders {en}{}", tail("; at home ")),
                    format!("{value} 的订单{zh}{}", tail("；本土 ")),
                ));
            }
            None => missing(unknown, dimension.words(), None),
        }
    }
    out
}

fn habit(dimension: Dimension, value: &str) -> (String, String) {
    match dimension {
        Dimension::Channel => (format!("come by {value}"), format!("来自渠道 {value}")),
        Dimension::Payment => (format!("are paid by {value}"), format!("用 {value} 支付")),
        Dimension::Delivery => (format!("are delivered by {value}"), format!("用 {value} 配送")),
        Dimension::Hour => {
            let (en, zh) = part_of_day(value).unwrap_or((value, value));
            (format!("come between {value} o'clock ({en})"), format!("在 {value} 点（{zh}）"))
        }
        Dimension::Weekday => {
            let (en, zh) = weekday(value).unwrap_or((value, value));
            (format!("come on a {en}"), format!("在{zh}"))
        }
    }
}

/// Lift over home and its p-value, of a list's value.
pub(super) fn over_home(item: &Shared, total: u64) -> Option<(f64, f64)> {
    let (hits, all) = item.at_home.filter(|h| h.0 > 0 && h.1 > 0)?;
    let lift = (item.n as f64 / total as f64) / (hits as f64 / all as f64);
    Some((lift, two_shares(item.n, total, hits, all)))
}

/// What they like.
pub(super) fn interests(params: &PersonaParams, facts: &Facts, unknown: &mut Vec<Said>) -> Vec<Entry> {
    let mut out = Vec::new();
    for (list, what, group) in [
        (&facts.categories, ("category", "品类"), "persona.category"),
        (&facts.brands, ("brand", "品牌"), "persona.brand"),
    ] {
        let total: u64 = list.iter().map(|s| s.n).sum();
        let kept = largest(params, facts.counted, list, what, unknown);
        for item in kept.iter().take(if group == "persona.category" { 4 } else { 1 }) {
            let figure = share(group, item.n, total)
                .formula(format!("order lines of the {} / order lines whose {0} is known", what.0));
            let Some(value) = shown(&figure) else { continue };
            let zh = item.name_zh.as_deref().unwrap_or(&item.name);
            let (mut en, mut zh) =
                (format!("{value} of what they buy is {}", item.name), format!("{value} 的购买是{zh}"));
            if let Some((lift, _)) = over_home(item, total).filter(|o| o.1 <= params.max_q) {
                en.push_str(&format!(", {lift:.1} times home's share"));
                zh.push_str(&format!("，是本土份额的 {lift:.1} 倍"));
            }
            out.push(entry(Group::Interests, &figure, en, zh));
        }
        if kept.is_empty() {
            missing(unknown, what, None);
        }
    }
    for pair in facts.together.iter().take(3) {
        let Some(value) = shown(&pair.share) else { continue };
        let (en, zh) = match pair.days.as_ref().and_then(shown) {
            Some(days) => (
                format!(
                    "after {}, {value} buy {} later, half of them within {days} days: {:.1} times as often as others",
                    pair.first, pair.second, pair.lift
                ),
                format!(
                    "买了{}之后，{value} 会再买{}，一半在 {days} 天内：是其他人的 {:.1} 倍",
                    pair.first, pair.second, pair.lift
                ),
            ),
            None => (
                format!(
                    "{value} of the baskets with {} hold {} too: {:.1} times its usual share",
                    pair.first, pair.second, pair.lift
                ),
                format!("含{}的购物篮中 {value} 也有{}：是其平常份额的 {:.1} 倍", pair.first, pair.second, pair.lift),
            ),
        };
        out.push(entry(Group::Interests, &pair.share, en, zh));
    }
    if facts.together.is_empty() {
        missing(unknown, ("what goes together", "搭配购买"), None);
    }
    out
}

/// Why they buy, and what hurts.
pub(super) fn motives(params: &PersonaParams, facts: &Facts, unknown: &mut Vec<Said>) -> Vec<Entry> {
    let mut out = Vec::new();
    let quoted = |need: &Need, en: String, zh: String, out: &mut Vec<Entry>| {
        let Some(first) = need.evidence.first() else { return };
        let quotes: Vec<Quote> = need.quotes.clone();
        out.push(Entry { quotes, ..entry(Group::Voices, &first.share, en, zh) });
    };
    match &facts.needs {
        Some(needs) => {
            for need in
                needs.motives.iter().filter(|n| n.evidence.first().is_some_and(|e| e.share.as_f64().is_some())).take(2)
            {
                let value = need.evidence.first().and_then(|e| shown(&e.share)).unwrap_or_default();
                let (en, zh) = beside_home(params, need);
                quoted(
                    need,
                    format!("{value} of the texts praise {}{en}", need.aspect),
                    format!("{value} 的文字称赞“{}”{zh}", need.aspect),
                    &mut out,
                );
            }
            for need in told_needs(&needs.needs) {
                let all: Vec<(String, String)> = need
                    .evidence
                    .iter()
                    .filter_map(|e| {
                        let value = shown(&e.share)?;
                        let (en, zh) = e.source.words();
                        Some((format!("{value} of the {en}"), format!("{value} 的{zh}")))
                    })
                    .collect();
                let join =
                    |pick: fn(&(String, String)) -> &str, by: &str| all.iter().map(pick).collect::<Vec<_>>().join(by);
                let (en, zh) = beside_home(params, need);
                let (what, what_zh) = named(need);
                quoted(
                    need,
                    format!("{NEED}{what} ({}){en}", join(|t| &t.0, ", ")),
                    format!("需求：{what_zh}（{}）{zh}", join(|t| &t.1, "，")),
                    &mut out,
                );
            }
        }
        None => missing(unknown, ("needs and motives", "需求与动机"), None),
    }
    for aspect in facts.aspects.iter().filter(|a| a.trend_q <= params.max_q).take(2) {
        let Some(value) = shown(&aspect.blame) else { continue };
        let (en, zh) = if aspect.trend > 0.0 { ("growing", "上升") } else { ("falling", "下降") };
        out.push(entry(
            Group::Voices,
            &aspect.blame,
            format!("{value} of what is said of {} is blame, and it is {en}", aspect.aspect),
            format!("关于“{}”的评价中 {value} 是不满，且在{zh}", aspect.aspect),
        ));
    }
    match facts.loyalty.as_ref().and_then(|l| Some((l, shown(&l.index)?))) {
        Some((loyalty, value)) => out.push(entry(
            Group::Loyalty,
            &loyalty.index,
            format!("satisfaction and loyalty {value} of 100"),
            format!("满意与忠诚指数 {value}（满分 100）"),
        )),
        None => missing(unknown, ("satisfaction and loyalty", "满意与忠诚"), facts.loyalty.as_ref().map(|l| &l.index)),
    }
    for lever in facts.levers.iter().filter(|l| l.found).take(1) {
        let Some(value) = shown(&lever.odds) else { continue };
        let what = if lever.value.is_empty() {
            format!("{} {}", lever.name, lever.against)
        } else {
            format!("{} {}", lever.name, lever.value)
        };
        out.push(entry(
            Group::Levers,
            &lever.odds,
            format!("{what} goes with {value} times the odds of a second order; {}", crate::levers::NOTE.0),
            format!("{what}：再次下单的几率为 {value} 倍；{}", crate::levers::NOTE.1),
        ));
    }
    if facts.levers.is_empty() {
        missing(unknown, ("what goes with coming back", "与回购相关的因素"), None);
    }
    out
}

/// Needs that are told, in their order: at most three of what was written or sent back, two of questions, one of searches. Shares
/// of questions are shares of few texts that all ask something, and would leave no room for a complaint.
fn told_needs(all: &[Need]) -> impl Iterator<Item = &Need> {
    let mut left = [3, 2, 1];
    all.iter().filter(|need| need.evidence.first().is_some_and(|e| e.share.as_f64().is_some())).filter(move |need| {
        let of = &mut left[match need.evidence.first().map(|e| e.source) {
            Some(Source::Question) => 1,
            Some(Source::EmptySearch) => 2,
            _ => 0,
        }];
        let is_told = *of > 0;
        *of -= usize::from(is_told);
        is_told
    })
}

/// What is needed, in English and Chinese. Who asks wants to know; who searches in vain wants what is not there.
fn named(need: &Need) -> (String, String) {
    let (en, zh) = (&need.aspect, &need.aspect_zh);
    let only = |source: Source| need.evidence.iter().all(|e| e.source == source);
    if only(Source::Question) {
        (format!("answers about {en}"), format!("了解“{zh}”"))
    } else if only(Source::EmptySearch) {
        (format!("“{en}”, searched for and not found"), format!("“{zh}”，搜索而未找到"))
    } else {
        (en.clone(), format!("“{zh}”"))
    }
}

fn beside_home(params: &PersonaParams, need: &Need) -> (String, String) {
    match need.at_home.filter(|_| need.q_value <= params.max_q) {
        Some(home) => (format!("; at home {:.0} %", home * 100.0), format!("；本土 {:.0} %", home * 100.0)),
        None => (String::new(), String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::needs::rank::{NeedParams, Texts};
    use crate::needs::voice::{Stance, Voice};
    use domain::{Day, Market};

    // All of forty questions ask about each of four things; 30 of 100 reviews blame each of four, 8 of 100 searches are for each of two.
    #[test]
    fn questions_and_searches_leave_room_for_complaints() {
        let market: Market = "DE".parse().unwrap();
        let voices = |source, stance, n: usize, aspects: &[&str]| -> Vec<Voice> {
            let voice = |aspect: &str, i: usize| Voice {
                market,
                language: None,
                day: Day(20_000),
                product: None,
                aspect: aspect.to_owned(),
                stance,
                source,
                text_id: format!("{source:?}{i}"),
                snippet: String::new(),
            };
            aspects.iter().flat_map(|aspect| (0..n).map(|i| voice(aspect, i)).collect::<Vec<_>>()).collect()
        };
        let all = [
            voices(Source::Question, Stance::Ask, 40, &["q1", "q2", "q3", "q4"]),
            voices(Source::Review, Stance::Blame, 30, &["r1", "r2", "r3", "r4"]),
            voices(Source::EmptySearch, Stance::Ask, 8, &["s1", "s2"]),
        ]
        .concat();
        let texts: Texts = [(Source::Question, 40), (Source::Review, 100), (Source::EmptySearch, 100)]
            .map(|(source, n)| ((market, source), n))
            .into();
        let ranked = NeedParams::default().rank(&all, &texts, None).unwrap();
        let told: Vec<&str> = told_needs(&ranked[0].needs).map(|need| need.aspect.as_str()).collect();
        assert_eq!(told, ["q1", "q2", "r1", "r2", "r3", "s1"]);
    }
}
