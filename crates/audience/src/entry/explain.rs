//! "Why not Saudi Arabia?": what holds a market back, what would have to change, and what is not known.
//!
//! - *Holds back*: the criteria by what they cost against the market that is first (for the first, against the second),
//!   `weight · (its filled score there − its filled score here)`, and in each the facts that cost most. A criterion
//!   is filled with what stands for its unknown measures ([`super::attractiveness`]). A
//!   market's score is the weighted sum of its filled criteria, so the costs add up to the gap between the two markets.
//! - *Would have to change*: for every known fact that can change within years (no people, places, languages), alone, the
//!   nearest value at which the market scores as much as the first
//!   one. The score runs one way in every fact, so the value is found by bisection towards the better end of its range.
//!   "Smallest" is measured on the fact's own scale: the part of the way between its anchors. Of the facts that the seller
//!   can move, the smallest is named, too. Where no single fact does it, that is said, with how far the best one would reach.
//! - *Not known*: the unknown measures by how far the score moves between their worst and best value.

use super::EntryError;
use super::attractiveness::{Criterion, Measure, Quantity};
use super::facts::{Fact, Lever, N_FACTS};
use super::ranking::{MarketRanking, RankedMarket};
use super::words::{Words, number, percent};
use domain::{Language, Market, country};

/// A change of one fact that would make a market as good as another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// Which fact.
    pub fact: Fact,
    /// As it is.
    pub from: f64,
    /// As it would have to be; where the goal cannot be reached, the best it can be.
    pub to: f64,
    /// Part of the way between the fact's anchors that this is.
    pub way: f64,
    /// Score after it.
    pub score: f64,
}

/// An unknown measure and what it could do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unknown {
    /// Which criterion.
    pub criterion: Criterion,
    /// What is unknown.
    pub quantity: Quantity,
    /// Score with its best value less score with its worst.
    pub swing: f64,
}

/// What is said of one market.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// Which market.
    pub market: Market,
    /// The market it is compared with: the first, or for that one the second; `None` where it is alone.
    pub against: Option<Market>,
    /// Criteria by what they cost against it, most first, all of them: weight · difference of filled scores. They add up
    /// to the gap between the two markets' scores.
    pub costs: Vec<(Criterion, f64)>,
    /// The smallest single change that reaches the first place; `None` for the first and where none does it.
    pub smallest: Option<Change>,
    /// The smallest of those that the seller can move.
    pub smallest_own: Option<Change>,
    /// Where no single change does it: the one that comes nearest.
    pub nearest: Option<Change>,
    /// Unknown measures, most important first.
    pub unknown: Vec<Unknown>,
    /// All of it in sentences.
    pub sentences: Vec<Words>,
}

impl MarketRanking {
    /// Explains a market's place.
    ///
    /// # Errors
    /// [`EntryError::NotRanked`].
    pub fn explain(&self, market: Market) -> Result<Explanation, EntryError> {
        let own = self.market(market)?;
        let other = self.markets().iter().find(|m| m.candidate.market() != market);
        let costs = other.map(|o| self.costs(own, o)).unwrap_or_default();
        let goal = other.filter(|_| own.rank > 1).map(|o| o.score.value);
        let mut changes: Vec<Change> =
            goal.map(|goal| Fact::all().filter_map(|f| self.change(own, f, goal)).collect()).unwrap_or_default();
        changes.sort_by(|a, b| a.way.total_cmp(&b.way).then(a.fact.cmp(&b.fact)));
        let goal = goal.unwrap_or(0.0);
        let reaches = |c: &&Change| c.score >= goal - 1e-9;
        let smallest = changes.iter().find(reaches).copied();
        let by_seller = |c: &&Change| c.fact.spec().lever == Lever::Seller;
        let smallest_own = changes.iter().filter(by_seller).find(reaches).copied();
        let nearest = if smallest.is_some() {
            None
        } else {
            changes.iter().max_by(|a, b| a.score.total_cmp(&b.score).then(b.fact.cmp(&a.fact))).copied()
        };
        let unknown = self.unknown(own);
        let against = other.map(|o| o.candidate.market());
        let mut explanation =
            Explanation { market, against, costs, smallest, smallest_own, nearest, unknown, sentences: Vec::new() };
        explanation.sentences = self.sentences(own, other, &explanation);
        Ok(explanation)
    }

    /// What each criterion costs against another market, with what stands for the unknown.
    fn costs(&self, own: &RankedMarket, other: &RankedMarket) -> Vec<(Criterion, f64)> {
        let cost = |c: Criterion| (c, self.weights()[c as usize] * (filled(other, c) - filled(own, c)));
        let mut costs: Vec<(Criterion, f64)> = Criterion::ALL.into_iter().map(cost).collect();
        costs.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        costs
    }

    fn score_with(&self, values: &[Option<f64>; N_FACTS], fact: Fact, value: f64) -> f64 {
        let mut tried = *values;
        tried[fact as usize] = Some(value);
        self.params().score(self.weights(), &tried).score.unwrap_or(0.0)
    }

    /// The change of one fact that reaches `goal`, or goes as far as it can; `None` where it does not help.
    fn change(&self, own: &RankedMarket, fact: Fact, goal: f64) -> Option<Change> {
        let values = own.candidate.values();
        let from = values[fact as usize].filter(|_| fact.spec().lever != Lever::Fixed)?;
        let measures = self.params().measures.iter().filter(|m| m.weight > 0.0 && m.quantity.facts().contains(&fact));
        let single = measures.clone().find(|m| m.quantity == Quantity::Fact(fact));
        let first: &Measure = single.or_else(|| measures.clone().next())?;
        // As far as the anchor for the fact's own measure; a factor of a product as far as is possible at all.
        let spec = fact.spec();
        let best = match single {
            Some(m) if measures.clone().count() == 1 => m.best.clamp(spec.low, spec.high),
            _ if first.best > first.worst => spec.high,
            _ => spec.low,
        };
        let score = |value: f64| self.score_with(&values, fact, value);
        let (before, most) = (own.score.value, score(best));
        if most <= before + 1e-12 {
            return None;
        }
        // Where the goal is out of reach: the nearest value that is as good as any.
        let wanted = goal.min(most - 1e-12);
        let (mut far, mut near) = (best, from);
        for _ in 0..80 {
            let middle = (far + near) / 2.0;
            if score(middle) >= wanted { far = middle } else { near = middle }
        }
        // The way on the scale of the measure that the fact is in.
        let on_scale = |value: f64| {
            let mut tried = values;
            tried[fact as usize] = Some(value);
            first.quantity.of(&tried).map_or(0.0, |v| first.score(v))
        };
        let way = (on_scale(far) - on_scale(from)).abs();
        Some(Change { fact, from, to: far, way, score: score(far) })
    }

    fn unknown(&self, own: &RankedMarket) -> Vec<Unknown> {
        let values = own.candidate.values();
        let missing = self.params().measures.iter().filter(|m| m.weight > 0.0 && m.quantity.of(&values).is_none());
        let mut unknown: Vec<Unknown> = missing
            .map(|m| {
                let c = m.criterion as usize;
                let all: f64 =
                    self.params().measures.iter().filter(|o| o.criterion == m.criterion).map(|o| o.weight).sum();
                // What it would weigh were all of it known: that is what finding out is worth.
                Unknown { criterion: m.criterion, quantity: m.quantity, swing: self.weights()[c] * m.weight / all }
            })
            .filter(|u| u.swing > 0.0)
            .collect();
        unknown.sort_by(|a, b| b.swing.total_cmp(&a.swing).then(a.criterion.cmp(&b.criterion)));
        unknown
    }

    fn sentences(&self, own: &RankedMarket, other: Option<&RankedMarket>, e: &Explanation) -> Vec<Words> {
        let n = self.markets().len();
        let (en, zh) = (name(e.market, Language::EN), name(e.market, Language::ZH));
        let mut said = vec![Words::new(
            format!(
                "{en} is number {} of {n} with a score of {:.3} ({:.3} to {:.3}); it is first in {} of the draws and among \
                 the first three in {}.",
                own.rank,
                own.score.value,
                own.score.low,
                own.score.high,
                percent(own.first),
                percent(own.top_three)
            ),
            format!(
                "{zh}在 {n} 个市场中排第 {}，得分 {:.3}（{:.3} 至 {:.3}）；在 {} 的抽样中居首，在 {} 的抽样中进入前三。",
                own.rank,
                own.score.value,
                own.score.low,
                own.score.high,
                percent(own.first),
                percent(own.top_three)
            ),
        )];
        if let Some(other) = other {
            let against = other.candidate.market();
            let (oen, ozh) = (name(against, Language::EN), name(against, Language::ZH));
            for (criterion, cost) in e.costs.iter().filter(|c| c.1 > 0.005).take(3) {
                let (a, b) = (filled(own, *criterion), filled(other, *criterion));
                let (cen, czh) = criterion.words();
                let (fen, fzh) = match not_known(*criterion, own, other, self.params().unknown_score) {
                    Some(words) => (words.en, words.zh),
                    None => self.facts_behind(*criterion, own, other),
                };
                said.push(Words::new(
                    format!("Against {oen}, {cen} costs it {cost:.3}: {a:.2} to {b:.2}{fen}."),
                    format!("与{ozh}相比，{czh}使其少得 {cost:.3}：{a:.2} 对 {b:.2}{fzh}。"),
                ));
            }
            if own.rank == 1 {
                let above = self.probability_above(e.market, against).unwrap_or(0.5);
                said.push(Words::new(
                    format!("It scores above {oen}, the second, in {} of the draws.", percent(above)),
                    format!("在 {} 的抽样中，它的得分高于第二名{ozh}。", percent(above)),
                ));
            }
        }
        let critical = self.critical_weights().first().and_then(|c| Some((c, c.flips_at?)));
        if let (true, Some((c, at))) = (own.rank <= 2, critical) {
            let (cen, czh) = c.criterion.words();
            said.push(Words::new(
                format!("The first two change places where {cen} weighs {at:.2} instead of {:.2}.", c.now),
                format!("若{czh}的权重由 {:.2} 变为 {at:.2}，前两名将互换。", c.now),
            ));
        }
        let change = |c: &Change| {
            let spec = c.fact.spec();
            (
                format!("{} from {} to {}", spec.en, c.fact.shown(c.from), c.fact.shown(c.to)),
                format!("{}从 {} 变为 {}", spec.zh, c.fact.shown(c.from), c.fact.shown(c.to)),
            )
        };
        if let Some(c) = &e.smallest {
            let (cen, czh) = change(c);
            said.push(Words::new(
                format!("The smallest single change that would make it first: {cen}."),
                format!("使其升至第一的最小单项变化：{czh}。"),
            ));
        }
        if let Some(c) = e.smallest_own.as_ref().filter(|c| e.smallest.as_ref() != Some(*c)) {
            let (cen, czh) = change(c);
            said.push(Words::new(
                format!("The smallest that the seller can bring about: {cen}."),
                format!("卖家自己能做到的最小变化：{czh}。"),
            ));
        }
        if own.rank > 1 && e.smallest.is_none() {
            let (cen, czh) = e.nearest.as_ref().map(change).unwrap_or_default();
            let score = e.nearest.map_or(own.score.value, |c| c.score);
            said.push(Words::new(
                format!("No single change makes it first; the one that comes nearest, {cen}, reaches {score:.3}."),
                format!("没有任何单项变化能使其升至第一；最接近的一项（{czh}）可达 {score:.3}。"),
            ));
        }
        let known = percent(own.scored.known);
        if e.unknown.is_empty() {
            said.push(Words::new("Everything that is weighed is known.", "所有计入权重的信息均已知。"));
        } else {
            let top = e.unknown.iter().take(3);
            let list = |zh: bool, join: &str| {
                let of = |u: &Unknown| format!("{} (±{:.3})", quantity_words(&u.quantity, zh), u.swing / 2.0);
                top.clone().map(of).collect::<Vec<_>>().join(join)
            };
            said.push(Words::new(
                format!(
                    "{known} of the weight is known. What is not known and would matter most: {}.",
                    list(false, ", ")
                ),
                format!("已知信息占权重的 {known}。未知且影响最大的是：{}。", list(true, "、")),
            ));
        }
        said
    }

    /// The two facts of a criterion that cost most against another market, with both values.
    fn facts_behind(&self, criterion: Criterion, own: &RankedMarket, other: &RankedMarket) -> (String, String) {
        let (a, b) = (own.candidate.values(), other.candidate.values());
        let mut worse: Vec<(f64, Quantity, f64, f64)> = Vec::new();
        for m in self.params().measures.iter().filter(|m| m.criterion == criterion) {
            if let Some((x, y)) = m.quantity.of(&a).zip(m.quantity.of(&b)) {
                let cost = m.weight * (m.score(y) - m.score(x));
                if cost > 0.0 {
                    worse.push((cost, m.quantity, x, y));
                }
            }
        }
        worse.sort_by(|x, y| y.0.total_cmp(&x.0));
        let list = |zh: bool, join: &str| {
            let shown = |q: &Quantity, v: f64| match q {
                Quantity::Fact(fact) => fact.shown(v),
                Quantity::OnlineCategory => format!("{} USD", number(v)),
                Quantity::PaysOnline => percent(v),
            };
            let of = |w: &(f64, Quantity, f64, f64)| {
                let (x, y) = (shown(&w.1, w.2), shown(&w.1, w.3));
                let words = quantity_words(&w.1, zh);
                if zh { format!("{words} {x} 对 {y}") } else { format!("{words} {x} against {y}") }
            };
            worse.iter().take(2).map(of).collect::<Vec<_>>().join(join)
        };
        if worse.is_empty() {
            return (String::new(), String::new());
        }
        (format!(" ({})", list(false, ", ")), format!("（{}）", list(true, "，")))
    }
}

/// What counts of a criterion; where it has no measure that could be known, the market's score, which is what leaving it
/// out of the mean comes to.
fn filled(market: &RankedMarket, criterion: Criterion) -> f64 {
    market.scored.counted[criterion as usize].unwrap_or(market.score.value)
}

/// Of which of two markets nothing of a criterion is known, and what stands for it; `None` where something is of both.
fn not_known(criterion: Criterion, own: &RankedMarket, other: &RankedMarket, most: f64) -> Option<Words> {
    let lacks = |m: &RankedMarket| m.scored.criteria[criterion as usize].is_none();
    let (en, zh) = match (lacks(own), lacks(other)) {
        (false, false) => return None,
        (true, true) => ("either".to_owned(), "两地".to_owned()),
        (mine, _) => {
            let market = if mine { own } else { other }.candidate.market();
            (name(market, Language::EN), name(market, Language::ZH))
        }
    };
    Some(Words::new(
        format!(" (not known of {en}, taken as the rest of what is known there, {most:.2} at most)"),
        format!("（{zh}该项未知，以当地其余已知信息代之，最高 {most:.2}）"),
    ))
}

/// Name of a market in a language.
pub(crate) fn name(market: Market, language: Language) -> String {
    match country(market) {
        Some(c) if language == Language::ZH => c.name_zh.to_owned(),
        Some(c) => c.name.to_owned(),
        None => market.to_string(),
    }
}

fn quantity_words(quantity: &Quantity, zh: bool) -> &'static str {
    let (en, chinese) = match quantity {
        Quantity::Fact(fact) => (fact.spec().en, fact.spec().zh),
        Quantity::OnlineCategory => ("what is spent online-reachable on the category a year", "品类线上可及年支出"),
        Quantity::PaysOnline => ("payments by card or wallet", "银行卡或电子钱包支付占比"),
    };
    if zh { chinese } else { en }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::attractiveness::{AttractivenessParams, Scale};
    use crate::entry::market_facts::tests::{candidate, market, row};
    use domain::Seed;

    /// Competition only: competitors 1 to 10 on a straight scale (10 is worst), and duty 0 to 1 under cost, weight 1 each.
    fn params() -> AttractivenessParams {
        let measure = |criterion, fact, worst: f64| Measure {
            criterion,
            quantity: Quantity::Fact(fact),
            weight: 1.0,
            scale: Scale::Linear,
            worst,
            best: 0.0,
        };
        AttractivenessParams {
            weights: [(Criterion::Competition, 0.5), (Criterion::Cost, 0.5)].into(),
            measures: vec![
                measure(Criterion::Competition, Fact::CompetitorCount, 10.0),
                measure(Criterion::Cost, Fact::ImportDuty, 1.0),
                measure(Criterion::Cost, Fact::ShippingCostPerKg, 20.0),
            ],
            n_draws: 200,
            min_known: 0.0,
            ..AttractivenessParams::default()
        }
    }

    // DE: competitors 2 → 0.8, duty 0.1 → 0.9, shipping 5 → 0.75: (0.8 + 0.825) / 2 = 0.8125.
    // SA: competitors 5 → 0.5, duty 0.5 → 0.5, shipping 10 → 0.5: 0.5. Missing 0.3125.
    // Competitors alone: at 0, score 0.5 · 1 + 0.25 = 0.75 < 0.8125. Duty 0: 0.25 + 0.5 · 0.75 = 0.625. So none reaches it;
    // competitors come nearest with 0.75.
    #[test]
    fn what_holds_a_market_back_by_hand() {
        let facts = |code: &str, n: f64, duty: f64, kg: f64| {
            let rows = [
                row(code, "competitor_count", n, ""),
                row(code, "import_duty", duty, "share"),
                row(code, "shipping_cost_per_kg", kg, "USD"),
            ];
            candidate(code, &rows)
        };
        let ranking = params().rank(&[facts("SA", 5.0, 0.5, 10.0), facts("DE", 2.0, 0.1, 5.0)], Seed(1)).unwrap();
        let sa = ranking.explain(market("SA")).unwrap();
        assert_eq!(sa.against, Some(market("DE")));
        assert_eq!(sa.costs[0].0, Criterion::Cost); // 0.5 · (0.825 − 0.5) = 0.1625 against 0.5 · 0.3 = 0.15
        assert!((sa.costs[0].1 - 0.1625).abs() < 1e-12 && (sa.costs[1].1 - 0.15).abs() < 1e-12);
        assert_eq!((sa.smallest, sa.nearest.unwrap().fact), (None, Fact::CompetitorCount));
        assert!((sa.nearest.unwrap().score - 0.75).abs() < 1e-12);
        // Nearer: VN lacks 0.05: competitors from 5 to 4 (0.1 of the way), shipping from 10 to 6 (0.2).
        let ranking = params().rank(&[facts("SA", 5.0, 0.5, 10.0), facts("DE", 4.0, 0.5, 10.0)], Seed(1)).unwrap();
        let sa = ranking.explain(market("SA")).unwrap();
        let (any, own) = (sa.smallest.unwrap(), sa.smallest_own.unwrap());
        assert_eq!((any.fact, own.fact), (Fact::CompetitorCount, Fact::ShippingCostPerKg));
        assert!((any.to - 4.0).abs() < 1e-6 && (any.way - 0.1).abs() < 1e-6, "{any:?}");
        assert!((own.to - 6.0).abs() < 1e-6 && (own.way - 0.2).abs() < 1e-6, "{own:?}");
        let text: Vec<&str> = sa.sentences.iter().map(|s| s.in_language(Language::EN)).collect();
        assert!(text.iter().any(|t| t.contains("shipping cost per kilogram from 10 USD to 6 USD")), "{text:#?}");
        assert!(sa.sentences.iter().any(|s| s.zh.contains("每公斤运费从 10 USD 变为 6 USD")));
        // The first is compared with the second and needs no change.
        let de = ranking.explain(market("DE")).unwrap();
        assert_eq!((de.against, de.smallest, de.nearest), (Some(market("SA")), None, None));
    }

    // SA: competitors 5 → 0.5, nothing of cost: 0.5. DE: competitors 2 → 0.8, duty 0.2 → 0.8, shipping 8 → 0.6: cost 0.7,
    // score 0.75. Competition costs 0.5 · 0.3 = 0.15; cost, taken as 0.5 of SA, 0.5 · 0.2 = 0.1; together the gap, 0.25.
    #[test]
    fn what_is_not_known_of_one_side_is_said_and_the_costs_add_up_to_the_gap() {
        let rows = [
            row("DE", "competitor_count", 2.0, ""),
            row("DE", "import_duty", 0.2, "share"),
            row("DE", "shipping_cost_per_kg", 8.0, "USD"),
        ];
        let sa = candidate("SA", &[row("SA", "competitor_count", 5.0, "")]);
        // Half known inside cost: the known half stands for the whole criterion.
        let vn = candidate("VN", &[row("VN", "competitor_count", 9.0, ""), row("VN", "import_duty", 0.7, "share")]);
        let ranking = params().rank(&[sa, candidate("DE", &rows), vn], Seed(1)).unwrap();
        let sa = ranking.explain(market("SA")).unwrap();
        let known: Vec<(Criterion, f64)> = sa.costs.iter().filter(|c| c.1.abs() > 1e-12).copied().collect();
        assert_eq!((known[0].0, known[1].0, known.len()), (Criterion::Competition, Criterion::Cost, 2));
        assert!((known[0].1 - 0.15).abs() < 1e-12 && (known[1].1 - 0.1).abs() < 1e-12, "{known:?}");
        let text: Vec<&str> = sa.sentences.iter().map(|s| s.in_language(Language::EN)).collect();
        let said = "cost to serve costs it 0.100: 0.50 to 0.70 \
            (not known of Saudi Arabia, taken as the rest of what is known there, 0.50 at most)";
        assert!(text.iter().any(|t| t.contains(said)), "{text:#?}");
        assert!(sa.sentences.iter().any(|s| s.zh.contains("沙特阿拉伯该项未知")), "{:#?}", sa.sentences);
        for own in ranking.markets() {
            let e = ranking.explain(own.candidate.market()).unwrap();
            let gap = ranking.market(e.against.unwrap()).unwrap().score.value - own.score.value;
            let sum: f64 = e.costs.iter().map(|c| c.1).sum();
            assert!((sum - gap).abs() < 1e-12, "{}: {sum} and {gap}", e.market);
        }
    }

    #[test] // Competition weighs 0.5 and is one measure: 0.5. Shipping is one of two under cost: 0.25.
    fn what_is_not_known_is_named_by_what_it_could_do() {
        let ranking = params().rank(&[candidate("SA", &[row("SA", "import_duty", 0.2, "share")])], Seed(1)).unwrap();
        let sa = ranking.explain(market("SA")).unwrap();
        let unknown: Vec<(Quantity, f64)> = sa.unknown.iter().map(|u| (u.quantity, u.swing)).collect();
        assert_eq!(
            unknown,
            [(Quantity::Fact(Fact::CompetitorCount), 0.5), (Quantity::Fact(Fact::ShippingCostPerKg), 0.25)]
        );
        let last = sa.sentences.last().unwrap();
        assert!(last.en.starts_with("25 % of the weight is known."), "{last:?}");
        assert!(last.zh.contains("主要竞争对手数"), "{last:?}");
    }
}
