//! The part about what is said in whatever language: how far the languages agree, then trust, security, satisfaction, then what
//! most texts speak of. Each statement has its counts and original quotes.

use super::facts::{Concern, Facts, Group};
use super::languages::language_words;
use super::page::{Entry, PersonaParams, Said};
use super::parts::{entry, missing};
use super::words::shown;
use crate::needs::aspects::AspectHistory;

pub(super) fn concerns(params: &PersonaParams, facts: &Facts, unknown: &mut Vec<Said>) -> Vec<Entry> {
    let mut out: Vec<Entry> = agreement(facts).into_iter().collect();
    for concern in &facts.concerns {
        let history = concern.history.as_ref();
        match history.and_then(|h| Some((h, shown(&h.mentions)?, shown(&h.blame)?))) {
            Some((history, mentions, blame)) => out.push(told(params, concern, history, &mentions, &blame)),
            None if concern.psychology => {
                let (en, zh) =
                    (format!("what is said of {}", concern.words.0), format!("关于{}的评价", concern.words.1));
                missing(unknown, (&en, &zh), history.map(|h| &h.blame));
            }
            None => {}
        }
    }
    out
}

fn agreement(facts: &Facts) -> Option<Entry> {
    let found = facts.agreement.as_ref()?;
    let value = shown(&found.score)?;
    let words = || found.languages.iter().map(|(language, _)| language_words(language.code()));
    let (en, zh): (Vec<&str>, Vec<&str>) = words().unzip();
    let chance = format!("{:.2}", found.by_chance);
    Some(entry(
        Group::Concerns,
        &found.score,
        format!(
            "texts in {} agree to {value} of 1 on what they praise and blame; dealt out at random they would to {chance}",
            en.join(", ")
        ),
        format!("{} 文字在褒贬上的一致度为 {value}（满分 1）；若随机分配语言则为 {chance}", zh.join("、")),
    ))
}

fn told(params: &PersonaParams, concern: &Concern, history: &AspectHistory, mentions: &str, blame: &str) -> Entry {
    let (name, name_zh) = (&concern.words.0, &concern.words.1);
    let mut en = format!("{mentions} of the texts speak of {name}; of those that judge it {blame} blame it");
    let mut zh = format!("{mentions} 的文字谈到{name_zh}；其中作出评价的有 {blame} 表示不满");
    if history.trend_q <= params.max_q {
        let (grows, moves) = if history.trend > 0.0 {
            ("and it is growing", "且在上升")
        } else {
            ("and it is falling", "且在下降")
        };
        en.push_str(&format!(", {grows}"));
        zh.push_str(&format!("，{moves}"));
    }
    if let Some(home) = history.at_home.filter(|_| history.home_q <= params.max_q) {
        en.push_str(&format!("; at home {:.0} %", home * 100.0));
        zh.push_str(&format!("；本土 {:.0} %", home * 100.0));
    }
    Entry { quotes: concern.quotes.clone(), ..entry(Group::Concerns, &history.blame, en, zh) }
}
