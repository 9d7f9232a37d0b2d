//! A persona as a brief: for an agency that makes the advertising, or for those who make the product.
//!
//! Nothing is computed here. A brief puts statements of the page, themes of reviews, reasons of returns and the segments to
//! reach first into the order in which its reader works, every one with the count it rests on; what is not known is a section
//! of its own, so that nobody fills it with a guess. Where there is no material for a section it says so instead of going away.

use super::facts::{Counted, Group};
use super::page::{Entry, Persona, Said};
use super::parts::NEED;
use domain::Market;
use serde::Serialize;

/// Who works with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Those who make the advertising.
    Agency,
    /// Those who make the product.
    Product,
}

/// In which voice a theme is spoken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// It is complained of.
    Complaint,
    /// It is praised.
    Praise,
    /// It is wished for.
    Wish,
}

/// A theme of a market's reviews.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    /// In which voice.
    pub voice: Voice,
    /// Words that make it.
    pub terms: String,
    /// Reviews that say so.
    pub n: u64,
    /// Reviews that could be judged.
    pub of: u64,
    /// In the shoppers' own words.
    pub quotes: Vec<String>,
    /// Products that it is said of most, by name, with how many reviews say it.
    pub products: Vec<(String, u64)>,
}

/// Why things came back.
#[derive(Clone, Debug, PartialEq)]
pub struct Returned {
    /// The reason; empty for none given.
    pub reason: String,
    /// Units.
    pub units: u64,
}

/// A segment to reach.
#[derive(Clone, Debug, PartialEq)]
pub struct Reached {
    /// Its name in both languages.
    pub segment: Said,
    /// Shoppers.
    pub n: u64,
    /// Of these, who agreed to marketing; `None` where nobody was asked.
    pub contactable: Option<u64>,
}

/// What a brief is made from.
#[derive(Clone, Debug)]
pub struct Material<'a> {
    /// The market.
    pub market: Market,
    /// Its persona.
    pub persona: &'a Persona,
    /// Themes of its reviews, most telling first.
    pub themes: &'a [Theme],
    /// Why things came back, most units first.
    pub returned: &'a [Returned],
    /// Segments in the order in which to reach them.
    pub reach: &'a [Reached],
}

/// A line with what it rests on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// What it says.
    pub said: Said,
    /// Key of the figure that carries it, where it is one of the persona.
    pub figure: Option<String>,
    /// The query that gives the figure again.
    pub source: Option<String>,
    /// In the shoppers' own words.
    pub quotes: Vec<String>,
}

/// A section.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Section {
    /// Its heading.
    pub title: Said,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// The brief.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Brief {
    /// For whom.
    pub purpose: Purpose,
    /// Its heading.
    pub title: Said,
    /// Sections in order.
    pub sections: Vec<Section>,
}

/// Most themes of a voice, reasons of returns and segments.
const MOST: usize = 5;
/// Most quotes a line.
const QUOTES: usize = 2;

/// Puts a brief together.
pub fn brief(purpose: Purpose, from: &Material<'_>) -> Brief {
    let persona = from.persona;
    let title = match purpose {
        Purpose::Agency => Said::new(
            format!("Advertising brief {}: {}", from.market, persona.name.en),
            format!("{} 广告简报：{}", from.market, persona.name.zh),
        ),
        Purpose::Product => Said::new(
            format!("Product brief {}: {}", from.market, persona.name.en),
            format!("{} 产品简报：{}", from.market, persona.name.zh),
        ),
    };
    let whom = section(("Whom it is for", "面向谁"), whom(persona), ("no statement", "暂无内容"));
    let sections = match purpose {
        Purpose::Agency => vec![
            whom,
            section(
                ("What they buy, at which price", "他们买什么、以什么价格"),
                entries(persona.interests.iter().chain(of(persona, &[Group::Profile, Group::Price]))),
                ("nothing can be said of it yet", "目前还无法说明"),
            ),
            section(
                ("When and by which channel they come", "何时、通过哪个渠道来"),
                entries(of(persona, &[Group::Usage])),
                ("no order says it", "订单中没有记录"),
            ),
            section(
                ("What to speak of: their own reasons", "可以讲什么：他们自己的理由"),
                voiced(from, Voice::Praise),
                (
                    "no review praises anything; ask shoppers before a claim is made",
                    "没有评价称赞任何方面；提出卖点之前请先询问顾客",
                ),
            ),
            section(
                ("What not to promise: they complain of it or send it back", "不要承诺什么：他们抱怨或因此退货"),
                [voiced(from, Voice::Complaint), returned(from)].concat(),
                ("no complaint and no return with a reason is known", "没有已知的抱怨或有原因的退货"),
            ),
            concerns(persona),
            section(
                ("Whom to reach first", "先触达谁"),
                reached(from),
                ("no segment has a value yet", "尚无有价值估计的分群"),
            ),
            unknown(persona),
        ],
        Purpose::Product => vec![
            whom,
            section(
                ("What to mend", "要改进什么"),
                [voiced(from, Voice::Complaint), returned(from)].concat(),
                ("no complaint and no return with a reason is known", "没有已知的抱怨或有原因的退货"),
            ),
            section(
                ("What is wished for", "他们希望有什么"),
                voiced(from, Voice::Wish),
                ("no review wishes for anything", "没有评价提出愿望"),
            ),
            section(
                ("What to keep", "要保留什么"),
                voiced(from, Voice::Praise),
                ("no review praises anything", "没有评价称赞任何方面"),
            ),
            section(
                ("What they need", "他们的需求"),
                entries(persona.motives.iter().filter(|e| e.statement.en.starts_with(NEED))),
                ("nothing can be said of it yet", "目前还无法说明"),
            ),
            section(
                ("What they buy", "他们买什么"),
                entries(persona.interests.iter()),
                ("nothing can be said of it yet", "目前还无法说明"),
            ),
            concerns(persona),
            unknown(persona),
        ],
    };
    Brief { purpose, title, sections }
}

fn section(title: (&str, &str), lines: Vec<Line>, none: (&str, &str)) -> Section {
    let lines = if lines.is_empty() { vec![plain(Said::new(none.0, none.1))] } else { lines };
    Section { title: Said::new(title.0, title.1), lines }
}

fn plain(said: Said) -> Line {
    Line { said, figure: None, source: None, quotes: Vec::new() }
}

fn of<'a>(persona: &'a Persona, groups: &'a [Group]) -> impl Iterator<Item = &'a Entry> {
    persona.consumption.iter().filter(move |entry| groups.contains(&entry.group))
}

fn entries<'a>(from: impl Iterator<Item = &'a Entry>) -> Vec<Line> {
    from.map(|entry| Line {
        said: entry.statement.clone(),
        figure: Some(entry.figure.key.clone()),
        source: Some(entry.figure.source.clone()),
        quotes: entry.quotes.iter().take(QUOTES).map(|quote| quote.text.clone()).collect(),
    })
    .collect()
}

fn whom(persona: &Persona) -> Vec<Line> {
    let mut lines: Vec<Line> = persona.name_rules.iter().cloned().map(plain).collect();
    lines.extend(entries(persona.basics.iter()));
    lines
}

fn voiced(from: &Material<'_>, voice: Voice) -> Vec<Line> {
    let line = |theme: &Theme| {
        let (mut en, mut zh) = (
            format!("{}: {} of {} reviews", theme.terms, theme.n, theme.of),
            format!("{}：{} 条评价中的 {} 条", theme.terms, theme.of, theme.n),
        );
        if !theme.products.is_empty() {
            let named: Vec<String> = theme.products.iter().map(|(name, n)| format!("{name} ({n})")).collect();
            en.push_str(&format!("; most of {}", named.join(", ")));
            zh.push_str(&format!("；多见于 {}", named.join("、")));
        }
        Line { quotes: theme.quotes.iter().take(QUOTES).cloned().collect(), ..plain(Said::new(en, zh)) }
    };
    from.themes.iter().filter(|theme| theme.voice == voice).take(MOST).map(line).collect()
}

fn returned(from: &Material<'_>) -> Vec<Line> {
    let told = from.returned.iter().filter(|back| !back.reason.is_empty());
    let line = |back: &Returned| {
        plain(Said::new(
            format!("sent back as “{}”: {} units", back.reason, back.units),
            format!("因“{}”退回：{} 件", back.reason, back.units),
        ))
    };
    told.take(MOST).map(line).collect()
}

fn concerns(persona: &Persona) -> Section {
    section(
        ("Trust, security, satisfaction, in whatever language", "信任、安全与满意：不论用何种语言"),
        entries(persona.concerns.iter()),
        ("too few texts speak of it", "提到的文字太少"),
    )
}

fn reached(from: &Material<'_>) -> Vec<Line> {
    let line = |reached: &Reached| {
        let (mut en, mut zh) = (
            format!("{}: {} shoppers", reached.segment.en, reached.n),
            format!("{}：{} 位顾客", reached.segment.zh, reached.n),
        );
        match reached.contactable {
            Some(n) => {
                en.push_str(&format!(", {n} agreed to marketing"));
                zh.push_str(&format!("，{n} 位同意接收营销"));
            }
            None => {
                en.push_str(", nobody was asked whether marketing is welcome");
                zh.push_str("，尚未询问是否愿意接收营销");
            }
        }
        plain(Said::new(en, zh))
    };
    from.reach.iter().take(MOST).map(line).collect()
}

fn unknown(persona: &Persona) -> Section {
    let n = persona.n_shoppers;
    let (en, zh) = match persona.counted {
        Counted::Shoppers => (format!("everything above rests on {n} shoppers"), format!("以上内容基于 {n} 位顾客")),
        Counted::Orders => (
            format!("everything above rests on {n} orders; the marketplace does not say who bought"),
            format!("以上内容基于 {n} 笔订单；平台不说明买家是谁"),
        ),
    };
    let mut lines = vec![plain(Said::new(en, zh))];
    lines.extend(persona.unknown.iter().cloned().map(plain));
    section(("What is not known: do not fill it in", "未知之处：请勿自行补充"), lines, ("", ""))
}

impl Brief {
    /// As Markdown, in Chinese or English, with the queries of its figures at the end.
    pub fn markdown(&self, zh: bool) -> String {
        let say = |said: &Said| if zh { said.zh.clone() } else { said.en.clone() };
        let mut text = format!("# {}\n", say(&self.title));
        let mut sources: Vec<(&str, &str)> = Vec::new();
        for section in &self.sections {
            text.push_str(&format!("\n## {}\n\n", say(&section.title)));
            for line in &section.lines {
                text.push_str(&format!("- {}\n", say(&line.said)));
                line.quotes.iter().for_each(|quote| text.push_str(&format!("  > {}\n", quote.replace('\n', " "))));
                sources.extend(line.figure.as_deref().zip(line.source.as_deref()));
            }
        }
        sources.sort_unstable();
        sources.dedup();
        if !sources.is_empty() {
            text.push_str(if zh { "\n## 数字的来源\n\n" } else { "\n## Where the figures come from\n\n" });
            for (key, source) in sources {
                text.push_str(&format!("- `{key}`: `{}`\n", source.split_whitespace().collect::<Vec<_>>().join(" ")));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::persona::facts::Whose;
    use domain::{Figure, Unit};

    fn entry(group: Group, en: &str) -> Entry {
        let figure = Figure::number(&format!("persona.{en}"), Unit::Count, 7.0, 7, 1).source("select 7");
        Entry { statement: Said::new(en, format!("{en}（中）")), figure, group, quotes: Vec::new() }
    }

    fn persona() -> Persona {
        Persona {
            whose: Whose { market: Market::UNKNOWN, segment: None },
            name: Said::new("careful cooks", "谨慎的厨师"),
            name_rules: Vec::new(),
            basics: vec![entry(Group::Profile, "who")],
            consumption: vec![entry(Group::Price, "price"), entry(Group::Usage, "hour"), entry(Group::Timing, "again")],
            interests: vec![entry(Group::Interests, "kettles")],
            motives: vec![
                entry(Group::Voices, "46 % praise it"),
                entry(Group::Voices, "a need: a lid"),
                entry(Group::Loyalty, "loyal"),
            ],
            concerns: vec![entry(Group::Concerns, "12 % blame what is fake")],
            unknown: vec![Said::new("age: no data", "年龄：没有数据")],
            n_shoppers: 240,
            counted: Counted::Shoppers,
        }
    }

    fn theme(voice: Voice, terms: &str) -> Theme {
        Theme {
            voice,
            terms: terms.into(),
            n: 12,
            of: 80,
            quotes: vec!["the lid\nbroke".into(), "two".into(), "three".into()],
            products: vec![("Kettle".into(), 9)],
        }
    }

    fn lines<'a>(brief: &'a Brief, title: &str) -> Vec<&'a str> {
        let section = brief.sections.iter().find(|s| s.title.en.starts_with(title)).unwrap();
        section.lines.iter().map(|l| l.said.en.as_str()).collect()
    }

    #[test]
    fn each_reader_gets_what_concerns_it_and_what_is_not_known() {
        let persona = persona();
        let themes = [theme(Voice::Complaint, "lid"), theme(Voice::Praise, "quiet"), theme(Voice::Wish, "a timer")];
        let returned = [Returned { reason: String::new(), units: 90 }, Returned { reason: "damaged".into(), units: 4 }];
        let reach = [
            Reached { segment: Said::new("loyal", "忠诚"), n: 40, contactable: Some(11) },
            Reached { segment: Said::new("new", "新客"), n: 60, contactable: None },
        ];
        let from = Material {
            market: "DE".parse().unwrap(),
            persona: &persona,
            themes: &themes,
            returned: &returned,
            reach: &reach,
        };
        let agency = brief(Purpose::Agency, &from);
        assert_eq!(lines(&agency, "What they buy"), ["kettles", "price"]);
        assert_eq!(lines(&agency, "When"), ["hour"]);
        assert_eq!(lines(&agency, "What to speak of"), ["quiet: 12 of 80 reviews; most of Kettle (9)"]);
        let promise = lines(&agency, "What not to promise");
        assert_eq!(promise, ["lid: 12 of 80 reviews; most of Kettle (9)", "sent back as “damaged”: 4 units"]);
        assert_eq!(lines(&agency, "Whom to reach")[0], "loyal: 40 shoppers, 11 agreed to marketing");
        assert!(lines(&agency, "Whom to reach")[1].contains("nobody was asked"));
        let product = brief(Purpose::Product, &from);
        assert_eq!(lines(&product, "What is wished for"), ["a timer: 12 of 80 reviews; most of Kettle (9)"]);
        assert_eq!(lines(&product, "What they need"), ["a need: a lid"]);
        assert!(product.sections.iter().all(|s| !s.title.en.contains("reach")), "a product team reaches nobody");
        for one in [&agency, &product] {
            assert_eq!(lines(one, "Trust"), ["12 % blame what is fake"]);
            assert_eq!(lines(one, "What is not known")[1], "age: no data");
        }
        let text = agency.markdown(false);
        assert!(text.contains("  > the lid broke\n  > two\n") && !text.contains("three"), "{text}");
        assert!(text.contains("- `persona.kettles`: `select 7`"), "{text}");
        assert!(agency.markdown(true).starts_with("# DE 广告简报：谨慎的厨师\n"));
    }

    #[test]
    fn a_section_without_material_says_so() {
        let persona = persona();
        let from =
            Material { market: "DE".parse().unwrap(), persona: &persona, themes: &[], returned: &[], reach: &[] };
        let product = brief(Purpose::Product, &from);
        assert_eq!(lines(&product, "What is wished for"), ["no review wishes for anything"]);
        assert_eq!(lines(&product, "What to mend"), ["no complaint and no return with a reason is known"]);
    }
}
