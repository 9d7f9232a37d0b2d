//! Tags: short true statements about a shopper, each with its reason and the day since when it holds.
//!
//! | tag | holds when | since |
//! |---|---|---|
//! | `new` | one order, at most `new_days` before the snapshot | the first order |
//! | `repeat` | at least two orders | the second order |
//! | `high_value` | revenue at least the threshold | the last order at the latest |
//! | `lapsing` | no order for `lapsing_days`, not yet `lost_days` | last order + `lapsing_days` |
//! | `lost` | no order for `lost_days` | last order + `lost_days` |
//! | `returner` | goods worth at least `returner_share` of the revenue came back | the last return at the latest |
//!
//! A tag depends on one shopper's facts, the fixed rules and the snapshot, on nothing else. So a run
//! may tag only whose facts changed, plus whom the calendar moves (a shopper lapses by doing
//! nothing): [`TagTable::due`] lists these. Tagging them alone equals tagging everybody again,
//! which is tested as a property. The value threshold is learnt once, by
//! [`TagParams::rules`], and stays until it is learnt again.

use crate::shopper::{checked, id_order};
use crate::{AudienceError, ShopperSummary};
use domain::{Amount, Day, Language, ShopperId};
use learn::quantile::quantiles;
use serde::{Serialize, Serializer};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// What a tag says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tag {
    /// First order not long ago.
    New,
    /// Has come back.
    Repeat,
    /// Among those who spend most.
    HighValue,
    /// Silent for longer than usual.
    Lapsing,
    /// Silent for so long that a return is not expected.
    Lost,
    /// Sends much back.
    Returner,
}

/// The day since when a tag holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Since {
    /// On this day.
    On(Day),
    /// On this day or before: the facts do not say exactly.
    AtTheLatest(Day),
}

/// A tag on a shopper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tagged {
    /// What it says.
    pub tag: Tag,
    /// Since when.
    pub since: Since,
    /// Why, with the numbers that decided.
    pub reason: String,
}

/// What tagging looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagFacts {
    /// Orders and revenue up to the snapshot.
    pub summary: ShopperSummary,
    /// Day of the second order, where it is known.
    pub second_day: Option<Day>,
    /// Value of cancellations and returns, zero or negative as the lake keeps it.
    pub returned: Amount,
    /// Day of the last return, where it is known.
    pub last_return_day: Option<Day>,
}

impl From<ShopperSummary> for TagFacts {
    fn from(summary: ShopperSummary) -> Self {
        Self { summary, second_day: None, returned: Amount::ZERO, last_return_day: None }
    }
}

/// From which the rules are learnt.
#[derive(Clone, Debug, PartialEq)]
pub struct TagParams {
    /// Days after the first order for which a shopper is new, at least 1.
    pub new_days: i32,
    /// Days of silence after which a shopper lapses, at least 1.
    pub lapsing_days: i32,
    /// Days of silence after which a shopper is lost, more than `lapsing_days`.
    pub lost_days: i32,
    /// Share of shoppers below the value threshold, in [0, 1].
    pub high_value_quantile: f64,
    /// Share of the revenue that has to come back for `returner`, in (0, 1].
    pub returner_share: f64,
}

impl Default for TagParams {
    fn default() -> Self {
        Self { new_days: 60, lapsing_days: 90, lost_days: 365, high_value_quantile: 0.9, returner_share: 0.3 }
    }
}

/// Rules with their thresholds as amounts and days: the same for every run until learnt again.
#[derive(Clone, Debug, PartialEq)]
pub struct TagRules {
    params: TagParams,
    high_value: Amount,
}

/// The tags of all shoppers at one snapshot.
#[derive(Clone, Debug, PartialEq)]
pub struct TagTable {
    rules: TagRules,
    snapshot: Day,
    shoppers: BTreeMap<Key, Entry>,
}

#[derive(Clone, Debug, PartialEq)]
struct Entry {
    tags: Vec<Tagged>,
    /// First snapshot at which the passing of days alone changes the tags.
    next_change: Option<Day>,
}

impl TagParams {
    /// Learns the value threshold from the shoppers of today.
    ///
    /// # Errors
    /// [`AudienceError::Param`] for a parameter outside its range, [`AudienceError::TooLittleData`]
    /// without a shopper.
    pub fn rules(&self, shoppers: &[ShopperSummary]) -> Result<TagRules, AudienceError> {
        let param = |name, rule, got: f64| Err(AudienceError::Param { name, rule, got });
        if self.new_days < 1 {
            return param("new_days", "at least 1", f64::from(self.new_days));
        }
        if self.lapsing_days < 1 {
            return param("lapsing_days", "at least 1", f64::from(self.lapsing_days));
        }
        if self.lost_days <= self.lapsing_days {
            return param("lost_days", "more than lapsing_days", f64::from(self.lost_days));
        }
        if !(0.0..=1.0).contains(&self.high_value_quantile) {
            return param("high_value_quantile", "between 0 and 1", self.high_value_quantile);
        }
        if !(self.returner_share > 0.0 && self.returner_share <= 1.0) {
            return param("returner_share", "above 0 and at most 1", self.returner_share);
        }
        let micros: Vec<f64> = shoppers.iter().map(|s| s.revenue.micros() as f64).collect();
        let threshold = quantiles(&micros, &[self.high_value_quantile]);
        let threshold = threshold.ok_or(AudienceError::TooLittleData { what: "shoppers", have: 0, need: 1 })?;
        Ok(TagRules { params: self.clone(), high_value: Amount::from_micros(threshold[0].round() as i64) })
    }
}

impl TagRules {
    /// Revenue from which a shopper is of high value.
    pub fn high_value(&self) -> Amount {
        self.high_value
    }

    /// Tags all shoppers.
    ///
    /// # Errors
    /// As [`checked`].
    pub fn tag(&self, facts: &[TagFacts], snapshot: Day) -> Result<TagTable, AudienceError> {
        let empty = TagTable { rules: self.clone(), snapshot, shoppers: BTreeMap::new() };
        empty.update(facts, snapshot)
    }

    fn entry(&self, facts: &TagFacts, snapshot: Day) -> Entry {
        let (s, p) = (&facts.summary, &self.params);
        let mut tags = Vec::new();
        let mut add = |tag, since, reason| tags.push(Tagged { tag, since, reason });
        let silent = snapshot.since(s.last_day);
        if s.n_orders == 1 && snapshot.since(s.first_day) <= p.new_days {
            add(
                Tag::New,
                Since::On(s.first_day),
                format!("first order on {}, within {} days", s.first_day, p.new_days),
            );
        }
        if s.n_orders >= 2 {
            let since = match facts.second_day {
                Some(day) => Since::On(day),
                None if s.n_orders == 2 => Since::On(s.last_day),
                None => Since::AtTheLatest(s.last_day),
            };
            add(Tag::Repeat, since, format!("{} orders since {}", s.n_orders, s.first_day));
        }
        if s.revenue >= self.high_value {
            let since = if s.first_day == s.last_day { Since::On(s.first_day) } else { Since::AtTheLatest(s.last_day) };
            add(Tag::HighValue, since, format!("revenue {}, at least {}", s.revenue, self.high_value));
        }
        let last = s.last_day;
        if silent >= p.lost_days {
            let reason = format!("no order since {last}, {} days or more", p.lost_days);
            add(Tag::Lost, Since::On(last.plus(p.lost_days)), reason);
        } else if silent >= p.lapsing_days {
            let reason = format!("no order since {last}, {} days or more", p.lapsing_days);
            add(Tag::Lapsing, Since::On(last.plus(p.lapsing_days)), reason);
        }
        // In whole millionths and against a rounded threshold: the same answer on every machine.
        let limit = (s.revenue.micros() as f64 * p.returner_share).round() as i64;
        if facts.returned < Amount::ZERO && -facts.returned.micros() >= limit {
            let since = Since::AtTheLatest(facts.last_return_day.unwrap_or(snapshot.plus(-1)));
            let reason = format!("goods worth {} of {} came back", -facts.returned, s.revenue);
            add(Tag::Returner, since, reason);
        }
        let turning = [
            (s.n_orders == 1).then(|| s.first_day.plus(p.new_days + 1)),
            Some(last.plus(p.lapsing_days)),
            Some(last.plus(p.lost_days)),
        ];
        let next_change = turning.into_iter().flatten().filter(|&day| day > snapshot).min();
        Entry { tags, next_change }
    }
}

impl TagTable {
    /// The tags of one shopper; `None` for a shopper who was never tagged.
    pub fn of(&self, shopper: &ShopperId) -> Option<&[Tagged]> {
        self.shoppers.get(&Key(shopper.clone())).map(|entry| entry.tags.as_slice())
    }

    /// All shoppers with their tags, in the order of [`id_order`].
    pub fn iter(&self) -> impl Iterator<Item = (&ShopperId, &[Tagged])> {
        self.shoppers.iter().map(|(key, entry)| (&key.0, entry.tags.as_slice()))
    }

    /// Cutoff of the table.
    pub fn snapshot(&self) -> Day {
        self.snapshot
    }

    /// Shoppers whose tags change by `snapshot` although nothing happened: they have to be part of
    /// the next [`Self::update`].
    pub fn due(&self, snapshot: Day) -> Vec<&ShopperId> {
        let moved = |entry: &Entry| entry.next_change.is_some_and(|day| day <= snapshot);
        self.shoppers.iter().filter(|(_, entry)| moved(entry)).map(|(key, _)| &key.0).collect()
    }

    /// The table at a later (or the same) snapshot, tagging only the shoppers given: those whose
    /// facts changed, new ones, and those that are [`Self::due`]. A new table; this one stays.
    ///
    /// # Errors
    /// As [`checked`]; [`AudienceError::Param`] for a snapshot before this one and
    /// [`AudienceError::Summary`] when a shopper that is due is not given.
    pub fn update(&self, facts: &[TagFacts], snapshot: Day) -> Result<Self, AudienceError> {
        if snapshot < self.snapshot {
            let rule = "on or after the table's own";
            return Err(AudienceError::Param { name: "snapshot", rule, got: f64::from(snapshot.0) });
        }
        checked(&facts.iter().map(|f| f.summary.clone()).collect::<Vec<_>>(), snapshot)?;
        let mut shoppers = self.shoppers.clone();
        for f in facts {
            shoppers.insert(Key(f.summary.shopper.clone()), self.rules.entry(f, snapshot));
        }
        let next = Self { rules: self.rules.clone(), snapshot, shoppers };
        match next.due(snapshot).first() {
            Some(shopper) => {
                let what = "the days passed change its tags, so its facts have to be given";
                Err(AudienceError::Summary { shopper: (*shopper).clone(), what })
            }
            None => Ok(next),
        }
    }
}

impl Tag {
    /// All of them, in the order of the table above.
    pub const ALL: [Self; 6] = [Self::New, Self::Repeat, Self::HighValue, Self::Lapsing, Self::Lost, Self::Returner];

    /// Stable name for tables and rules, as it is serialised.
    pub const fn key(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Repeat => "repeat",
            Self::HighValue => "high_value",
            Self::Lapsing => "lapsing",
            Self::Lost => "lost",
            Self::Returner => "returner",
        }
    }

    /// Name for people; English where the language is not Chinese.
    pub fn name(self, language: Language) -> &'static str {
        let (en, zh) = match self {
            Self::New => ("New", "新客"),
            Self::Repeat => ("Repeat buyer", "复购客户"),
            Self::HighValue => ("High value", "高价值"),
            Self::Lapsing => ("Lapsing", "即将流失"),
            Self::Lost => ("Lost", "已流失"),
            Self::Returner => ("Returns much", "高退货"),
        };
        if language == Language::ZH { zh } else { en }
    }
}

impl Serialize for TagTable {
    /// A map from shopper to tags.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(shopper, tags)| (shopper.as_str(), tags)))
    }
}

/// A shopper under [`id_order`].
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key(ShopperId);

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        id_order(&self.0, &other.0)
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shopper::tests::shopper;
    use proptest::prelude::*;

    fn rules() -> TagRules {
        TagRules { params: TagParams::default(), high_value: Amount::from_micros(500_000_000) }
    }

    fn tags(facts: TagFacts, snapshot: i32) -> Vec<(Tag, Since)> {
        let id = facts.summary.shopper.clone();
        let table = rules().tag(&[facts], Day(snapshot)).unwrap();
        table.of(&id).unwrap().iter().map(|t| (t.tag, t.since)).collect()
    }

    #[test] // One order on day 100: new to day 160 inclusive, lapsing from 190, lost from 465.
    fn a_shopper_of_one_order_is_new_then_lapsing_then_lost() {
        let one = || TagFacts::from(shopper("7", (100, 100), 1, 20));
        assert_eq!(tags(one(), 160), [(Tag::New, Since::On(Day(100)))]);
        assert_eq!(tags(one(), 161), []);
        assert_eq!(tags(one(), 190), [(Tag::Lapsing, Since::On(Day(190)))]);
        assert_eq!(tags(one(), 464), [(Tag::Lapsing, Since::On(Day(190)))]);
        assert_eq!(tags(one(), 465), [(Tag::Lost, Since::On(Day(465)))]);
    }

    #[test]
    fn the_day_is_exact_where_the_facts_allow_it() {
        let two = TagFacts::from(shopper("7", (100, 120), 2, 20));
        assert_eq!(tags(two, 121), [(Tag::Repeat, Since::On(Day(120)))]);
        let five = TagFacts::from(shopper("7", (100, 120), 5, 500));
        let expected = [(Tag::Repeat, Since::AtTheLatest(Day(120))), (Tag::HighValue, Since::AtTheLatest(Day(120)))];
        assert_eq!(tags(five.clone(), 121), expected);
        let known = TagFacts { second_day: Some(Day(104)), ..five };
        assert_eq!(tags(known, 121)[0], (Tag::Repeat, Since::On(Day(104))));
    }

    #[test] // 30 % of 20 is 6: 6 came back.
    fn a_returner_sent_back_the_share() {
        let back = |euros: i64| TagFacts {
            returned: Amount::from_micros(-euros * 1_000_000),
            last_return_day: Some(Day(130)),
            ..TagFacts::from(shopper("7", (100, 120), 2, 20))
        };
        assert_eq!(tags(back(6), 140)[1], (Tag::Returner, Since::AtTheLatest(Day(130))));
        assert_eq!(tags(back(5), 140).len(), 1);
    }

    #[test] // Revenues 10, 20, …, 100: the 0.9 quantile is 91.
    fn the_threshold_is_learnt_and_bad_params_are_refused() {
        let shoppers: Vec<ShopperSummary> = (1..=10).map(|i| shopper(&i.to_string(), (1, 2), 2, 10 * i)).collect();
        let rules = TagParams::default().rules(&shoppers).unwrap();
        assert_eq!(rules.high_value(), Amount::from_micros(91_000_000));
        assert!(TagParams::default().rules(&[]).is_err());
        assert!(TagParams { lost_days: 90, ..TagParams::default() }.rules(&shoppers).is_err());
    }

    #[test]
    fn keys_are_what_is_serialised() {
        let keys = Tag::ALL.map(|tag| serde_json::to_value(tag).unwrap());
        assert_eq!(keys, Tag::ALL.map(|tag| serde_json::Value::from(tag.key())));
    }

    #[test]
    fn who_lapses_by_doing_nothing_has_to_be_given() {
        let table = rules().tag(&[TagFacts::from(shopper("7", (100, 100), 1, 20))], Day(101)).unwrap();
        assert!(table.due(Day(160)).is_empty());
        assert_eq!(table.due(Day(161)), [&ShopperId::from("7")]);
        assert!(table.update(&[], Day(160)).is_ok());
        assert!(matches!(table.update(&[], Day(161)), Err(AudienceError::Summary { .. })));
        assert!(table.update(&[], Day(100)).is_err());
    }

    #[test]
    fn tables_write_themselves_as_json() {
        let table = rules().tag(&[TagFacts::from(shopper("7", (0, 0), 1, 20))], Day(1)).unwrap();
        let reason = "first order on 1970-01-01, within 60 days";
        let json = serde_json::json!({"7": [{"tag": "new", "since": {"on": "1970-01-01"}, "reason": reason}]});
        assert_eq!(serde_json::to_value(&table).unwrap(), json);
    }

    proptest! {
        #[test]
        fn incremental_equals_full_recompute(
            before in prop::collection::vec((0_i32..400, 0_i32..200, 1_u32..5, 0_i64..900), 1..40),
            changed in prop::collection::vec((0_usize..60, 0_i32..30), 0..20),
            passed in 0_i32..200,
        ) {
            let first = Day(600);
            let facts: Vec<TagFacts> = before
                .iter()
                .enumerate()
                .map(|(i, &(day, span, n, euros))| {
                    let span = if n == 1 { 0 } else { span.min(599 - day) };
                    TagFacts::from(shopper(&i.to_string(), (day, day + span), n, euros))
                })
                .collect();
            let table = rules().tag(&facts, first).unwrap();
            // Some shoppers order again after the first snapshot, and some are seen for the first time.
            let later = first.plus(passed);
            let mut now: BTreeMap<String, TagFacts> =
                facts.into_iter().map(|f| (f.summary.shopper.as_str().to_owned(), f)).collect();
            let mut touched = std::collections::BTreeSet::new();
            for (who, ago) in changed {
                let day = Day((later.0 - 1 - ago).max(first.0).min(later.0 - 1));
                let new = TagFacts::from(shopper(&who.to_string(), (day.0, day.0), 1, 50));
                now.entry(who.to_string())
                    .and_modify(|f| {
                        f.summary.last_day = f.summary.last_day.max(day);
                        f.summary.n_orders += 1;
                        f.summary.revenue += Amount::from_micros(50_000_000);
                    })
                    .or_insert(new);
                touched.insert(who.to_string());
            }
            touched.extend(table.due(later).into_iter().map(|id| id.as_str().to_owned()));
            let subset: Vec<TagFacts> = touched.iter().map(|id| now[id].clone()).collect();
            let incremental = table.update(&subset, later).unwrap();
            let full = rules().tag(&now.into_values().collect::<Vec<_>>(), later).unwrap();
            prop_assert_eq!(incremental, full);
        }
    }
}
