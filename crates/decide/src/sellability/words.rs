//! A verdict in words, in English and Chinese, with the rules it rests on.

use super::judge::{Change, Judgement, Verdict};
use super::rule::{ChangeKind, Rule};
use super::rulebook::{RULES_VERSION, Rulebook};
use crate::own_file::{Confidence, Said};
use crate::said::between;
use domain::{Day, Money};

/// A rule as it is cited.
#[derive(Clone, Debug, PartialEq)]
pub struct Cited {
    /// Its id.
    pub id: String,
    /// What it says.
    pub said: Said,
    /// First day.
    pub from: Day,
    /// Who says so.
    pub source: String,
    /// How sure it is.
    pub confidence: Confidence,
    /// Whether it is the seller's.
    pub own: bool,
}

/// A change as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct ExplainedChange {
    /// Which kind.
    pub kind: ChangeKind,
    /// What has to be done.
    pub said: Said,
    /// Rough cost of meeting the rule, lowest and highest: changes that one rule asks for cost this together.
    pub cost: Option<(Money, Money)>,
    /// Id of the rule that asks for it.
    pub rule: String,
}

/// A verdict ready to be shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    /// `sell`, `sell_with_change`, `blocked` or `unknown`.
    pub code: &'static str,
    /// The verdict in a sentence or two.
    pub said: Said,
    /// What has to change.
    pub changes: Vec<ExplainedChange>,
    /// What is missing: the column of the catalogue and what it says.
    pub missing: Vec<(&'static str, Said)>,
    /// Things to know.
    pub notes: Vec<Said>,
    /// Every rule that spoke of the product.
    pub cited: Vec<Cited>,
    /// Whether a rule that was cited is not stated by the seller: then a person has to check.
    pub verify: bool,
    /// Version of the rules compiled in.
    pub version: &'static str,
}

impl Verdict {
    /// `sell`, `sell_with_change`, `blocked`, `unknown`: part of the public contract.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Sell => "sell",
            Self::SellWithChange { .. } => "sell_with_change",
            Self::Blocked { .. } => "blocked",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// In words.
    pub fn said(&self) -> Said {
        let (en, zh) = match self {
            Self::Sell => ("may be sold as it is", "可以直接销售"),
            Self::SellWithChange { .. } => ("may be sold after changes", "整改后可以销售"),
            Self::Blocked { .. } => ("must not be sold", "不可销售"),
            Self::Unknown { .. } => ("cannot be told yet", "尚不能判断"),
        };
        Said::new(en, zh)
    }
}

fn cite(rule: &Rule) -> Cited {
    Cited {
        id: rule.id.clone(),
        said: rule.said.clone(),
        from: rule.from,
        source: rule.source.clone(),
        confidence: rule.confidence,
        own: rule.own,
    }
}

fn joined<'a>(texts: impl Iterator<Item = &'a str>, between: &str) -> String {
    texts.collect::<Vec<_>>().join(between)
}

/// Changes with their rough cost behind each, a rule's cost once: another voltage and another plug are one other version.
fn with_cost(changes: &[ExplainedChange]) -> Vec<Said> {
    let last_of_rule = |i: usize| changes[i + 1..].iter().all(|later| later.rule != changes[i].rule);
    let one = |(i, change): (usize, &ExplainedChange)| match change.cost.filter(|_| last_of_rule(i)) {
        None => change.said.clone(),
        Some(cost) => {
            let cost = between(cost);
            Said::new(
                format!("{}, roughly {}", change.said.en, cost.en),
                format!("{}，费用约 {}", change.said.zh, cost.zh),
            )
        }
    };
    changes.iter().enumerate().map(one).collect()
}

impl Rulebook {
    /// The judgement in words with what it rests on. Deterministic: rules in the order of their ids.
    pub fn explain(&self, judgement: &Judgement) -> Explained {
        let rule = |i: &usize| &self.rules()[*i];
        let (changes, missing, why): (&[Change], &[_], &[usize]) = match &judgement.verdict {
            Verdict::Sell => (&[], &[], &[]),
            Verdict::SellWithChange { changes } => (changes, &[], &[]),
            Verdict::Unknown { missing, changes } => (changes, missing, &[]),
            Verdict::Blocked { why } => (&[], &[], why),
        };
        let cited: Vec<Cited> = judgement.cited.iter().map(|i| cite(rule(i))).collect();
        let verify = cited.iter().any(|c| c.confidence.verify());
        let changes: Vec<ExplainedChange> = changes.iter().map(|c| self.explain_change(c)).collect();
        let missing: Vec<(&'static str, Said)> = missing.iter().map(|a| (a.column(), a.said())).collect();
        let mut notes: Vec<Said> = judgement.notes.iter().map(|i| rule(i).said.clone()).collect();
        if judgement.kind_not_known {
            notes.push(Said::new(
                "only the family is known, not what it is: rules for single kinds were not asked",
                "只识别出大类，未识别具体品类：未检查针对具体品类的规则",
            ));
        }
        for assumed in &judgement.assumed_without {
            let words = assumed.said();
            notes.push(Said::new(
                format!("taken as not so, because the name does not say it: {}", words.en),
                format!("名称未提及，按“否”处理：{}", words.zh),
            ));
        }
        let place = judgement.market;
        let (place_en, place_zh) = (place.name(), domain::country(place).map_or(place.name(), |c| c.name_zh));
        let head = judgement.verdict.said();
        let mut said = Said::new(format!("{place_en}: {}", head.en), format!("{place_zh}：{}", head.zh));
        let mut tail = |en: String, zh: String| {
            if !en.is_empty() {
                said.en.push_str(&format!(": {en}"));
                said.zh.push_str(&format!("：{zh}"));
            }
        };
        match &judgement.verdict {
            Verdict::Sell => {}
            Verdict::SellWithChange { .. } => {
                let costed = with_cost(&changes);
                tail(
                    joined(costed.iter().map(|c| c.en.as_str()), "; "),
                    joined(costed.iter().map(|c| c.zh.as_str()), "；"),
                );
            }
            Verdict::Blocked { .. } => tail(
                joined(why.iter().map(|i| rule(i).said.en.as_str()), "; "),
                joined(why.iter().map(|i| rule(i).said.zh.as_str()), "；"),
            ),
            Verdict::Unknown { .. } => tail(
                format!("missing {}", joined(missing.iter().map(|(_, s)| s.en.as_str()), ", ")),
                format!("缺少{}", joined(missing.iter().map(|(_, s)| s.zh.as_str()), "、")),
            ),
        }
        said.en.push('.');
        said.zh.push('。');
        if verify {
            said.en.push_str(" Verify before you rely on it: general knowledge, no legal advice.");
            said.zh.push_str("请核实后再依据：属一般常识，非法律意见。");
        }
        let code = judgement.verdict.code();
        Explained { code, said, changes, missing, notes, cited, verify, version: RULES_VERSION }
    }

    /// A change in words.
    pub fn explain_change(&self, change: &Change) -> ExplainedChange {
        let rule = &self.rules()[change.rule];
        let (en, zh) = (&rule.said.en, &rule.said.zh);
        let said = match change.kind {
            ChangeKind::Voltage => {
                Said::new(format!("a version for another voltage ({en})"), format!("更换电压版本（{zh}）"))
            }
            ChangeKind::Frequency => {
                Said::new(format!("a version for another frequency ({en})"), format!("更换频率版本（{zh}）"))
            }
            ChangeKind::Plug => Said::new(format!("another plug or lead ({en})"), format!("更换插头或电源线（{zh}）")),
            ChangeKind::Mark | ChangeKind::Language if change.perhaps_at_hand => {
                Said::new(format!("show that it is at hand, or get it: {en}"), format!("证明已具备，否则办理：{zh}"))
            }
            ChangeKind::Mark => Said::new(format!("get: {en}"), format!("办理：{zh}")),
            ChangeKind::Language => Said::new(format!("translate: {en}"), format!("翻译：{zh}")),
            ChangeKind::Other => rule.said.clone(),
        };
        ExplainedChange { kind: change.kind, said, cost: change.cost, rule: rule.id.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CatalogueRow, ProductFacts};
    use super::*;

    fn judged(name: &str, voltage_v: Option<f64>, plug: Option<&str>, market: &str, marks: &[&str]) -> Explained {
        let book = Rulebook::built_in();
        let row = CatalogueRow { name, voltage_v, plug, ..CatalogueRow::default() };
        let facts = ProductFacts::from_catalogue(&row, book.kinds())
            .with_marks(marks.iter().copied())
            .with_languages(["en", "de"]);
        let day = "2026-11-01".parse().unwrap();
        book.explain(&book.judge(&facts, market.parse().unwrap(), day))
    }

    const ALL_DE: &[&str] = &["CE", "EU-RP", "WEEE", "LUCID"];

    #[test]
    fn a_kettle_with_its_papers_is_sold_in_germany_and_the_output_says_verify() {
        let e = judged("Electric kettle 220-240V", None, Some("F"), "DE", ALL_DE);
        assert_eq!(e.code, "sell", "{:?}", e.said);
        assert!(e.verify && e.said.en.starts_with("Germany: may be sold as it is. Verify"));
        assert!(e.said.zh.starts_with("德国：可以直接销售。请核实"));
        assert!(e.cited.iter().any(|c| c.id == "mains-de" && c.confidence == Confidence::General));
    }

    #[test]
    fn another_mains_needs_another_version_and_another_plug() {
        let e = judged("Electric kettle 220-240V", None, Some("F"), "US", &["UL", "FDA-FCM"]);
        assert_eq!(e.code, "sell_with_change");
        let kinds: Vec<ChangeKind> = e.changes.iter().map(|c| c.kind).collect();
        assert_eq!(kinds, [ChangeKind::Voltage, ChangeKind::Plug]);
        assert!(e.said.en.contains("another plug or lead (mains 120 V, 60 Hz, sockets A/B)"), "{}", e.said.en);
    }

    // The rules: 60 to 400 USD for a label, 300 to 2500 USD for CE; a plug and a voltage are one rule and one cost.
    #[test]
    fn a_change_says_what_it_roughly_costs_and_a_rule_says_it_once() {
        let book = Rulebook::built_in();
        let cost = |id: &str| between(book.find(id).unwrap().cost.unwrap());
        let e = judged("Electric kettle 220-240V", None, Some("F"), "DE", &["EU-RP", "WEEE", "LUCID"]);
        let ce = cost("mark-eu-ce");
        assert!(ce.en.starts_with("USD ") && ce.en.contains(" to "), "{ce:?}");
        assert!(e.said.en.contains(&format!(", roughly {}. Verify", ce.en)), "{}", e.said.en);
        assert!(e.said.zh.contains(&format!("，费用约 {}。请核实", ce.zh)), "{}", e.said.zh);
        let e = judged("Electric kettle 220-240V", None, Some("F"), "US", &["UL", "FDA-FCM"]);
        assert_eq!(e.changes.len(), 2);
        assert_eq!(e.said.en.matches(&cost("mains-us").en).count(), 1, "{}", e.said.en);
    }

    #[test]
    fn what_is_missing_is_named_with_its_column() {
        let e = judged("Electric kettle", None, None, "DE", ALL_DE);
        assert_eq!(e.code, "unknown");
        assert_eq!(e.missing.iter().map(|m| m.0).collect::<Vec<_>>(), ["voltage_v", "plug"]);
        assert!(e.said.zh.contains("缺少额定电压、插头类型"));
        let e = judged("X-100", None, None, "DE", ALL_DE);
        assert!(e.missing.iter().any(|m| m.0 == "category"));
        let e = judged("Electric kettle 230V", None, Some("C"), "FO", ALL_DE);
        assert!(e.missing.iter().any(|m| m.0 == "rules.toml"), "a market without rules is not known");
    }

    #[test]
    fn a_ban_wins_over_everything_and_begins_on_its_day() {
        let e = judged("Disposable vape", None, None, "TH", &[]);
        assert_eq!((e.code, e.cited.iter().any(|c| c.id == "ban-ecig-total")), ("blocked", true));
        let book = Rulebook::built_in();
        let row = CatalogueRow { name: "Vacuum cleaner 1400 W 230V", plug: Some("C"), ..CatalogueRow::default() };
        let facts = ProductFacts::from_catalogue(&row, book.kinds());
        let on = |day: &str| book.judge(&facts, "DE".parse().unwrap(), day.parse().unwrap()).verdict.code();
        assert_eq!(on("2017-09-01"), "blocked");
        assert_ne!(on("2017-08-31"), "blocked");
    }

    #[test]
    fn papers_that_nobody_spoke_of_may_be_at_hand_and_cost_nothing_then() {
        let book = Rulebook::built_in();
        let row = CatalogueRow { name: "Electric kettle 230V", plug: Some("C"), ..CatalogueRow::default() };
        let facts = ProductFacts::from_catalogue(&row, book.kinds());
        let judgement = book.judge(&facts, "DE".parse().unwrap(), "2026-11-01".parse().unwrap());
        let Verdict::SellWithChange { changes } = &judgement.verdict else { panic!("{judgement:?}") };
        assert!(changes.iter().all(|c| c.perhaps_at_hand && c.cost.is_some_and(|(low, _)| low.minor == 0)));
        assert!(book.explain(&judgement).said.en.contains("show that it is at hand, or get it: CE marking"));
    }

    const OWN: &str = r#"
[[rule]]
id = "label-de"
markets = ["DE"]
families = ["appliance"]
from = "2026-01-01"
languages = ["de", "en"]
en = "two languages, our own policy"
zh = "本公司要求双语"
source = "policy 7"

[[rule]]
id = "own-no-kettles-in-fr"
markets = ["FR"]
kinds = ["kettle"]
from = "2026-01-01"
blocked = true
en = "exclusive partner sells kettles in France"
zh = "法国独家代理"
source = "contract of 2025"

[[remove]]
id = "de-x"
reason = "not us"
"#;

    #[test]
    fn a_sellers_rules_replace_add_and_remove_and_stay_citable() {
        let own = OWN.replace("de-x", "mark-de-lucid");
        let book = Rulebook::built_in().with_own("rules.toml", &own).unwrap();
        let row = CatalogueRow { name: "Electric kettle 230V", plug: Some("C"), ..CatalogueRow::default() };
        let facts =
            ProductFacts::from_catalogue(&row, book.kinds()).with_marks(["CE", "EU-RP", "WEEE"]).with_languages(["de"]);
        let day = "2026-11-01".parse().unwrap();
        let e = book.explain(&book.judge(&facts, "DE".parse().unwrap(), day));
        assert_eq!(e.changes.iter().map(|c| c.rule.as_str()).collect::<Vec<_>>(), ["label-de"]);
        assert!(e.cited.iter().any(|c| c.id == "label-de" && c.own && c.source == "policy 7"));
        assert_eq!(book.judge(&facts, "FR".parse().unwrap(), day).verdict.code(), "blocked");
        assert_eq!(book.retired().len(), 2);
        assert_eq!(book.find("mark-de-lucid").map(|r| r.source.as_str()), Some("VerpackG"));
    }

    #[test]
    fn mistakes_in_a_sellers_file_name_line_key_value_and_remedy() {
        let wrong = |from: &str, to: &str| {
            Rulebook::built_in().with_own("rules.toml", &OWN.replace(from, to)).unwrap_err().to_string()
        };
        assert!(wrong("zzz", "zzz").starts_with("rules.toml:23: `id` is \"de-x\": the id of a rule that there is"));
        assert!(
            wrong("[\"FR\"]", "[\"UK\"]").starts_with("rules.toml:14: `markets` is [\"UK\"]: `UK` is not a market")
        );
        assert!(
            wrong("[\"kettle\"]", "[\"kettel\"]")
                .contains(":15: `kinds` is [\"kettel\"]: `kettel` is no kind: air_fryer")
        );
        assert!(
            wrong("blocked = true", "blocked = false")
                .contains(":13: `id` is \"own-no-kettles-in-fr\": exactly one of mains")
        );
        assert!(wrong("blocked = true", "forbidden = true").contains("unknown field `forbidden`"));
        assert!(
            wrong("[\"de\", \"en\"]", "[\"German\"]").contains(":7: `languages` is [\"German\"]: two small letters")
        );
    }
}
