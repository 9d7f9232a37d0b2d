//! `rules.toml`: rules as data, ours and the seller's.
//!
//! ```toml
//! [[rule]]
//! id = "mark-eu-ce"            # the id of one of ours replaces it
//! markets = ["EU", "NO"]       # codes or groups; left out: everywhere
//! families = ["appliance"]     # left out: all
//! with = ["mains"]             # traits it has; `without` those it must not have
//! from = "2016-04-20"
//! mark = ["CE"]                # or: mains = {…}, languages = [], one_language = [], change = true, blocked = true, note = true
//! cost = ["300 USD", "2500 USD"]
//! en = "CE marking: low voltage, EMC, RoHS"
//! zh = "CE 标志：低电压、电磁兼容、RoHS"
//! source = "Directive 2014/35/EU"
//! confidence = "general"       # left out: stated
//!
//! [[remove]]
//! id = "label-de"
//! reason = "sold to firms only"
//! ```

use super::facts::Plugs;
use super::kind::{Family, Kinds, trait_names};
use super::rule::{Condition, Demand, Measure, Rule};
use crate::own_file::{Confidence, FileError, Said, Source, day, markets, money};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    rule: Vec<RawRule>,
    #[serde(default)]
    remove: Vec<RawRemove>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRemove {
    id: String,
    reason: String,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    id: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    markets: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    families: Vec<Family>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    kinds: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    not_kinds: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    with: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    without: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    over: BTreeMap<Measure, f64>,
    from: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mains: Option<RawMains>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mark: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    languages: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    one_language: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocked: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<[String; 2]>,
    en: String,
    zh: String,
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<Confidence>,
}

/// A file of one rule, as it is written.
#[derive(Serialize)]
struct OneRule {
    rule: [RawRule; 1],
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RawMains {
    volts: Vec<f64>,
    hertz: f64,
    sockets: String,
}

/// A file of rules: what it adds or replaces, and what it removes with the reason.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct RulesFile {
    pub(crate) rules: Vec<Rule>,
    pub(crate) removed: Vec<(String, String)>,
}

type Wrong = (&'static str, String);

impl RulesFile {
    /// Reads a file; `known` are the ids that may be removed, `None` for tables of ours.
    pub(crate) fn parse(source: Source<'_>, kinds: &Kinds, known: Option<&[Rule]>) -> Result<Self, FileError> {
        let raw: RawFile = source.read()?;
        let mut file = Self::default();
        for (n, raw) in raw.rule.into_iter().enumerate() {
            let rule = read(raw, kinds, known.is_some()).map_err(|(key, right)| source.wrong("rule", n, key, right))?;
            if file.rules.iter().any(|r| r.id == rule.id) {
                return Err(source.wrong("rule", n, "id", "an id that no other rule of the file has"));
            }
            file.rules.push(rule);
        }
        for (n, raw) in raw.remove.into_iter().enumerate() {
            if known.is_none_or(|rules| rules.iter().all(|r| r.id != raw.id)) {
                let right = "the id of a rule that there is; `portolan rules` lists them";
                return Err(source.wrong("remove", n, "id", right));
            }
            if raw.reason.trim().is_empty() {
                return Err(source.wrong("remove", n, "reason", "why it does not hold for you: it is cited"));
            }
            file.removed.push((raw.id, raw.reason));
        }
        Ok(file)
    }
}

impl Rule {
    /// Every field under the name that `rules.toml` has for it; those that do not count are left out.
    ///
    /// # Errors
    /// Never for a rule that was read from a file: all its fields are texts, numbers and lists.
    pub fn fields(&self, kinds: &Kinds) -> Result<serde_json::Value, serde_json::Error> {
        serde_json::to_value(written(self, kinds))
    }

    /// The rule as a `[[rule]]` of `rules.toml`, to start an own one from. It says `confidence = "stated"` once a person has checked
    /// it, so that key is left out.
    ///
    /// # Errors
    /// Never for a rule that was read from a file.
    pub fn to_toml(&self, kinds: &Kinds) -> Result<String, toml::ser::Error> {
        toml::to_string(&OneRule { rule: [RawRule { confidence: None, ..written(self, kinds) }] })
    }
}

fn written(rule: &Rule, kinds: &Kinds) -> RawRule {
    let kind_ids = |of: &[super::kind::KindIdx]| of.iter().filter_map(|k| Some(kinds.get(*k)?.id.clone())).collect();
    let traits = |of: &[super::traits::Trait]| of.iter().map(|t| t.name().to_owned()).collect();
    let when = &rule.when;
    let mut raw = RawRule {
        id: rule.id.clone(),
        markets: rule.markets.iter().map(|m| m.code().to_owned()).collect(),
        families: when.families.clone(),
        kinds: kind_ids(&when.kinds),
        not_kinds: kind_ids(&when.not_kinds),
        with: traits(&when.with),
        without: traits(&when.without),
        over: when.over.iter().copied().collect(),
        from: rule.from.to_string(),
        until: rule.until.map(|day| day.to_string()),
        cost: rule.cost.map(|(low, high)| [low, high].map(|m| m.to_string())),
        en: rule.said.en.clone(),
        zh: rule.said.zh.clone(),
        source: rule.source.clone(),
        confidence: Some(rule.confidence),
        ..RawRule::default()
    };
    match &rule.demand {
        Demand::Mains { volts, hertz, sockets } => {
            raw.mains = Some(RawMains { volts: volts.clone(), hertz: *hertz, sockets: sockets.letters() });
        }
        Demand::Mark(any) => raw.mark = Some(any.clone()),
        Demand::Languages(all) => raw.languages = Some(all.clone()),
        Demand::OneLanguage(any) => raw.one_language = Some(any.clone()),
        Demand::Change => raw.change = Some(true),
        Demand::Blocked => raw.blocked = Some(true),
        Demand::Note => raw.note = Some(true),
    }
    raw
}

fn read(raw: RawRule, kinds: &Kinds, own: bool) -> Result<Rule, Wrong> {
    let demand = demand(&raw)?;
    let kind_list = |key: &'static str, ids: &[String]| {
        let one = |id: &String| {
            kinds.find(id).ok_or_else(|| {
                let all: Vec<&str> = kinds.iter().map(|k| k.id.as_str()).collect();
                (key, format!("`{id}` is no kind: {}", all.join(", ")))
            })
        };
        ids.iter().map(one).collect::<Result<Vec<_>, Wrong>>()
    };
    if let Some((_, x)) = raw.over.iter().find(|(_, x)| !x.is_finite() || **x < 0.0) {
        return Err(("over", format!("{x} is no limit: a number of at least 0 is")));
    }
    let from = day(&raw.from).map_err(|e| ("from", e))?;
    let until = raw.until.as_deref().map(day).transpose().map_err(|e| ("until", e))?;
    if until.is_some_and(|end| end <= from) {
        return Err(("until", format!("a day after `from`, which is {from}")));
    }
    let cost = match &raw.cost {
        None => None,
        Some([low, high]) => {
            let (low, high) = (money(low).map_err(|e| ("cost", e))?, money(high).map_err(|e| ("cost", e))?);
            if low.currency != high.currency || low.minor < 0 || low.minor > high.minor {
                let right = "lowest and highest in one currency, such as [\"200 USD\", \"1500 USD\"]";
                return Err(("cost", right.to_owned()));
            }
            Some((low, high))
        }
    };
    for (key, text) in [("en", &raw.en), ("zh", &raw.zh), ("source", &raw.source), ("id", &raw.id)] {
        if text.trim().is_empty() {
            return Err((key, "a text".to_owned()));
        }
    }
    Ok(Rule {
        markets: if raw.markets.is_empty() { Vec::new() } else { markets(&raw.markets).map_err(|e| ("markets", e))? },
        when: Condition {
            families: raw.families,
            kinds: kind_list("kinds", &raw.kinds)?,
            not_kinds: kind_list("not_kinds", &raw.not_kinds)?,
            with: trait_names(&raw.with).map_err(|e| ("with", e))?,
            without: trait_names(&raw.without).map_err(|e| ("without", e))?,
            over: raw.over.into_iter().collect(),
        },
        id: raw.id,
        demand,
        said: Said::new(raw.en, raw.zh),
        cost,
        from,
        until,
        source: raw.source,
        confidence: raw.confidence.unwrap_or(if own { Confidence::Stated } else { Confidence::General }),
        own,
    })
}

fn demand(raw: &RawRule) -> Result<Demand, Wrong> {
    let mut demands = Vec::new();
    if let Some(mains) = &raw.mains {
        let range = |x: f64, low: f64, high: f64| x.is_finite() && x >= low && x <= high;
        if mains.volts.is_empty() || !mains.volts.iter().all(|v| range(*v, 90.0, 480.0)) {
            return Err(("mains", "volts = one or more nominal voltages from 90 to 480, such as [230]".to_owned()));
        }
        if !range(mains.hertz, 40.0, 70.0) {
            return Err(("mains", "hertz = 50 or 60".to_owned()));
        }
        let sockets = Plugs::read(&mains.sockets);
        let sockets = sockets.ok_or(("mains", "sockets = letters A to O, such as \"CEF\"".to_owned()))?;
        demands.push(Demand::Mains { volts: mains.volts.clone(), hertz: mains.hertz, sockets });
    }
    if let Some(marks) = &raw.mark {
        if marks.is_empty() || marks.iter().any(|m| m.trim().is_empty()) {
            return Err(("mark", "one or more names, such as [\"CE\"]".to_owned()));
        }
        demands.push(Demand::Mark(marks.iter().map(|m| m.trim().to_ascii_uppercase()).collect()));
    }
    for (key, list, one) in [("languages", &raw.languages, false), ("one_language", &raw.one_language, true)] {
        let Some(list) = list else { continue };
        let code = |l: &String| l.len() == 2 && l.bytes().all(|b| b.is_ascii_lowercase());
        if list.is_empty() || !list.iter().all(code) {
            return Err((key, "two small letters of ISO 639-1 each, such as [\"de\"]".to_owned()));
        }
        demands.push(if one { Demand::OneLanguage(list.clone()) } else { Demand::Languages(list.clone()) });
    }
    for (flag, demand) in [(raw.change, Demand::Change), (raw.blocked, Demand::Blocked), (raw.note, Demand::Note)] {
        if flag == Some(true) {
            demands.push(demand);
        }
    }
    match (demands.pop(), demands.is_empty()) {
        (Some(demand), true) => Ok(demand),
        _ => {
            let right = "exactly one of mains, mark, languages, one_language, change, blocked, note";
            Err(("id", right.to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Rulebook;
    use super::*;

    #[test]
    fn every_rule_of_ours_is_read_back_from_how_it_is_written() {
        let book = Rulebook::built_in();
        for rule in book.rules() {
            let text = rule.to_toml(book.kinds()).unwrap();
            let read = RulesFile::parse(Source { file: "rules.toml", text: &text }, book.kinds(), Some(book.rules()));
            let own = Rule { own: true, confidence: Confidence::Stated, ..rule.clone() };
            assert_eq!(read.unwrap().rules, [own], "{text}");
            let fields = rule.fields(book.kinds()).unwrap();
            assert_eq!((fields["id"].as_str(), fields["source"].as_str()), (Some(&*rule.id), Some(&*rule.source)));
        }
    }
}
