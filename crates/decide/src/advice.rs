//! From decisions to the few sentences that a person acts on: the next three actions, what can go wrong, and what would change
//! our mind.
//!
//! Every candidate for an action has the money at stake in the weeks ahead, in the reporting currency: what would be lost by
//! leaving it. Actions are those with most at stake, one of a kind; a ban comes before everything else, because selling on may be
//! no option. Nothing is said without a figure behind it.

use crate::Said;
use crate::rehearsal::Input;
use domain::{Currency, Day, Figure, Market, Money};

/// What a sentence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// To be done next.
    Action,
    /// What can go wrong.
    Risk,
    /// What would change our mind.
    Change,
}

impl Kind {
    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::Risk => "risk",
            Self::Change => "change",
        }
    }
}

/// A sentence and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// What it is.
    pub kind: Kind,
    /// The sentence.
    pub said: Said,
}

/// Actions that are shown.
const ACTIONS: usize = 3;

/// What is known of a market, with the money at stake in the weeks ahead.
#[derive(Clone, Debug, PartialEq)]
pub struct Situation {
    /// Which.
    pub market: Market,
    /// Currency of every plain amount.
    pub currency: Currency,
    /// Products that must not be sold, with their expected sales, most first.
    pub blocked: Vec<(String, f64)>,
    /// Products whose verdict waits for an attribute, likewise.
    pub unknown: Vec<(String, f64)>,
    /// The attribute that most of them lack.
    pub missing: Option<Said>,
    /// Products that need another voltage, frequency or plug, likewise.
    pub to_change: Vec<(String, f64)>,
    /// The mark or registration that most products need, and of how many.
    pub proof: Option<(Said, usize)>,
    /// Products sold below the floor: name, price now, floor, margin missing over the weeks ahead; most first.
    pub below_floor: Vec<(String, Money, Money, f64)>,
    /// Whether freight, duties or fees are the program's round figures, not the seller's own.
    pub assumed_costs: bool,
    /// Products that run short: name, units to send, sales at stake; most first.
    pub short: Vec<(String, i64, f64)>,
    /// Products that pile up: name, weeks that they last; longest first.
    pub piled: Vec<(String, f64)>,
    /// Channels whose weekly spend should move: name, now, advised.
    pub moved: Vec<(String, f64, f64)>,
    /// Channels whose effect cannot be told.
    pub untold: Vec<String>,
    /// The occasion with the largest proven lift: name, day, last day to order for it, lift.
    pub occasion: Option<(Said, Day, Option<Day>, Figure)>,
    /// Products that sell and whose landed cost is not known.
    pub without_cost: usize,
    /// Products that sell.
    pub foreseen: usize,
    /// Share of rehearsed worlds with a loss.
    pub chance_of_loss: Option<f64>,
    /// Inputs by what they move: mean margin at their low and high end, most first.
    pub tornado: Vec<(Input, f64, f64)>,
    /// Units of the next four weeks: lower end, expected.
    pub first_month: Option<(f64, f64)>,
}

fn whole(x: f64) -> String {
    let text = format!("{:.0}", x.abs());
    let mut out = String::new();
    for (i, c) in text.chars().enumerate() {
        if i > 0 && (text.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    if x < 0.0 { format!("−{out}") } else { out }
}

impl Situation {
    fn money(&self, x: f64) -> String {
        format!("{} {}", self.currency, whole(x))
    }

    /// Everything worth saying: actions, then risks, then what would change our mind.
    pub fn advice(&self) -> Vec<Advice> {
        let mut actions = self.actions();
        actions.sort_by(|a, b| b.0.total_cmp(&a.0));
        let actions = actions.into_iter().take(ACTIONS).map(|(_, said)| Advice { kind: Kind::Action, said });
        let risks = self.risks().into_iter().map(|said| Advice { kind: Kind::Risk, said });
        let changes = self.changes().into_iter().map(|said| Advice { kind: Kind::Change, said });
        actions.chain(risks).chain(changes).collect()
    }

    /// Candidates with what is at stake, one of each kind.
    fn actions(&self) -> Vec<(f64, Said)> {
        let mut all = Vec::new();
        let at_stake = |list: &[(String, f64)]| list.iter().map(|p| p.1).sum::<f64>();
        // What does not sell need not be taken off sale.
        if let Some((name, _)) = self.blocked.first().filter(|(_, sales)| *sales >= 1.0) {
            let (n, sales) = (self.blocked.len(), at_stake(&self.blocked));
            let said = Said::new(
                format!(
                    "Settle whether {name} may be sold: the rules say that it must not be here, and they are general knowledge until yours replace them. {n} products are blocked, with expected sales of {}.",
                    self.money(sales)
                ),
                format!(
                    "核实 {name} 能否销售：规则显示在此禁售，而规则在您替换之前仅为一般性知识。共有 {n} 个商品被禁售，涉及预计销售额 {}。",
                    self.money(sales)
                ),
            );
            // What may be forbidden comes first whatever it brings.
            all.push((f64::INFINITY, said));
        }
        if let Some((name, now, floor, _)) = self.below_floor.first() {
            let (n, lost) = (self.below_floor.len(), self.below_floor.iter().map(|p| p.3).sum::<f64>());
            let said = Said::new(
                format!(
                    "Raise {name} from {now} to at least {floor}: it sells below what leaves the asked margin. {n} products do, which costs {} over the weeks ahead.",
                    self.money(lost)
                ),
                format!(
                    "将 {name} 从 {now} 提至不低于 {floor}：现价低于目标毛利。共有 {n} 个商品如此，未来数周损失 {}。",
                    self.money(lost)
                ),
            );
            all.push((lost, said));
        }
        if let Some((name, units, _)) = self.short.first() {
            let (n, lost) = (self.short.len(), self.short.iter().map(|p| p.2).sum::<f64>());
            let said = Said::new(
                format!(
                    "Send {} units of {name}: it runs short before the next delivery. {n} products do, with {} of sales a month at stake.",
                    whole(*units as f64),
                    self.money(lost)
                ),
                format!(
                    "补发 {} 件 {name}：下次到货前将断货。共有 {n} 个商品如此，每月涉及销售额 {}。",
                    whole(*units as f64),
                    self.money(lost)
                ),
            );
            all.push((lost, said));
        }
        if let Some((name, _)) = self.unknown.first() {
            let (n, sales) = (self.unknown.len(), at_stake(&self.unknown));
            let lacks = self.missing.clone().unwrap_or_else(|| Said::new("an attribute", "某项属性"));
            let said = Said::new(
                format!(
                    "Complete the catalogue of {name}: whether it may be sold here cannot be told yet. {n} products wait, most for this: {}; expected sales {}.",
                    lacks.en,
                    self.money(sales)
                ),
                format!(
                    "补全 {name} 的目录信息：目前无法判断能否在此销售。共有 {n} 个商品待定，多数缺少：{}；涉及预计销售额 {}。",
                    lacks.zh,
                    self.money(sales)
                ),
            );
            all.push((0.5 * sales, said));
        }
        if let Some((name, _)) = self.to_change.first() {
            let (n, sales) = (self.to_change.len(), at_stake(&self.to_change));
            let said = Said::new(
                format!(
                    "Order {name} for the mains of this market: another voltage, frequency or plug. {n} products need it, with expected sales of {}.",
                    self.money(sales)
                ),
                format!(
                    "按本市场电网订制 {name}：更换电压、频率或插头。共有 {n} 个商品需要，涉及预计销售额 {}。",
                    self.money(sales)
                ),
            );
            all.push((0.8 * sales, said));
        }
        let most = |a: &&(String, f64, f64), b: &&(String, f64, f64)| (a.2 - a.1).total_cmp(&(b.2 - b.1));
        if let (Some(up), Some(down)) = (self.moved.iter().max_by(most), self.moved.iter().min_by(most)) {
            let moved = self.moved.iter().map(|m| (m.2 - m.1).abs()).sum::<f64>() / 2.0;
            let said = if up.2 > up.1 && down.2 < down.1 {
                Said::new(
                    format!(
                        "Move spend from {} ({} a week now, {} advised) to {} ({} now, {} advised).",
                        down.0,
                        self.money(down.1),
                        self.money(down.2),
                        up.0,
                        self.money(up.1),
                        self.money(up.2)
                    ),
                    format!(
                        "将预算从 {}（每周现为 {}，建议 {}）移至 {}（现为 {}，建议 {}）。",
                        down.0,
                        self.money(down.1),
                        self.money(down.2),
                        up.0,
                        self.money(up.1),
                        self.money(up.2)
                    ),
                )
            } else {
                let one = if up.2 > up.1 { up } else { down };
                Said::new(
                    format!("Set the weekly spend of {} to {} ({} now).", one.0, self.money(one.2), self.money(one.1)),
                    format!("将 {} 的周支出设为 {}（现为 {}）。", one.0, self.money(one.2), self.money(one.1)),
                )
            };
            all.push((moved, said));
        }
        if let Some((name, day, order, lift)) = &self.occasion
            && let Some(x) = lift.as_f64()
        {
            let (by, by_zh) = order.map_or((String::new(), String::new()), |d| {
                (format!("; what is ordered by {d} is there in time"), format!("；{d} 前下单可及时送达"))
            });
            let said = Said::new(
                format!("Prepare {} on {day}: past years sold {x:.1} times the usual{by}.", name.en),
                format!("为 {day} 的{}备货：往年销量为平时的 {x:.1} 倍{by_zh}。", name.zh),
            );
            let stake = self.first_month.map_or(0.0, |m| m.1 * (x - 1.0).max(0.0) / 28.0);
            all.push((stake, said));
        }
        if self.without_cost > 0 {
            let said = Said::new(
                format!(
                    "Supply cost, weight and size of {} of {} products: without them no floor and no margin can be told.",
                    self.without_cost, self.foreseen
                ),
                format!(
                    "补充 {} 个商品（共 {} 个）的成本、重量与尺寸，否则无法计算底价与毛利。",
                    self.without_cost, self.foreseen
                ),
            );
            all.push((f64::from(u8::from(self.without_cost * 2 > self.foreseen)), said));
        }
        all
    }

    fn risks(&self) -> Vec<Said> {
        let mut all = Vec::new();
        if self.assumed_costs {
            all.push(Said::new(
                "Floors and margins rest on round figures for freight, duty and fees: put your own into lanes.toml and costs.toml before acting on them.",
                "底价与毛利基于运费、关税与平台费用的粗略假设：行动前请在 lanes.toml 与 costs.toml 中填入自己的数据。",
            ));
        }
        if let Some(p) = self.chance_of_loss.filter(|p| *p >= 0.01) {
            all.push(Said::new(
                format!("In {:.0} % of the rehearsed worlds the weeks ahead lose money.", 100.0 * p),
                format!("在预演的情形中，有 {:.0} % 会亏损。", 100.0 * p),
            ));
        }
        if let Some((input, low, high)) = self.tornado.first() {
            let Said { en, zh } = input.said();
            all.push(Said::new(
                format!(
                    "{en} matters most: between its low and its high end the margin goes from {} to {}.",
                    self.money(*low),
                    self.money(*high)
                ),
                format!("{zh}影响最大：在其高低两端之间，毛利从 {} 变到 {}。", self.money(*low), self.money(*high)),
            ));
        }
        if let Some((name, weeks)) = self.piled.first() {
            let n = self.piled.len();
            all.push(Said::new(
                format!("{n} products have more stock than will sell; {name} lasts {weeks:.0} weeks."),
                format!("{n} 个商品库存过多；{name} 可售 {weeks:.0} 周。"),
            ));
        }
        if let Some((proof, n)) = &self.proof {
            all.push(Said::new(
                format!("{n} products need this here, and nobody has stated that it is at hand: {}.", proof.en),
                format!("{n} 个商品在此需要以下证明，但尚未说明已具备：{}。", proof.zh),
            ));
        }
        if !self.untold.is_empty() {
            let names = self.untold.join(", ");
            all.push(Said::new(
                format!("What {names} brings cannot be told from the data: its spend rests on habit."),
                format!("数据无法判断 {names} 的效果：其支出只是沿袭惯例。"),
            ));
        }
        all
    }

    fn changes(&self) -> Vec<Said> {
        let mut all = Vec::new();
        if let Some((low, mean)) = self.first_month.filter(|m| m.0 >= 1.0) {
            all.push(Said::new(
                format!("Fewer than {} units in the next four weeks, where {} are expected: then the forecast is wrong, not the week.", whole(low), whole(mean)),
                format!("未来四周销量低于 {} 件（预计 {} 件）：那说明预测有误，而非偶然。", whole(low), whole(mean)),
            ));
        }
        if let Some((name, _, floor, _)) = self.below_floor.first() {
            all.push(Said::new(
                format!("A cheaper lane or cost that brings the floor of {name} below {floor}."),
                format!("若更便宜的物流或成本使 {name} 的底价低于 {floor}。"),
            ));
        }
        if !self.untold.is_empty() {
            all.push(Said::new(
                format!("An experiment: {} switched off in a part of the market for four weeks.", self.untold[0]),
                format!("一次实验：在部分区域停投 {} 四周。", self.untold[0]),
            ));
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quiet() -> Situation {
        Situation {
            market: "VN".parse().unwrap(),
            currency: Currency::new(*b"EUR"),
            blocked: Vec::new(),
            unknown: Vec::new(),
            missing: None,
            to_change: Vec::new(),
            proof: None,
            below_floor: Vec::new(),
            assumed_costs: false,
            short: Vec::new(),
            piled: Vec::new(),
            moved: Vec::new(),
            untold: Vec::new(),
            occasion: None,
            without_cost: 0,
            foreseen: 10,
            chance_of_loss: None,
            tornado: Vec::new(),
            first_month: None,
        }
    }

    fn money(minor: i64) -> Money {
        Money { minor, currency: Currency::new(*b"VND") }
    }

    #[test]
    fn where_nothing_is_known_nothing_is_said() {
        assert_eq!(quiet().advice(), Vec::new());
    }

    #[test] // 900 lost below the floor, 400 of sales short: the ban first, then 900, then 400; the fourth is left out.
    fn actions_go_by_what_is_at_stake_and_a_ban_comes_first() {
        let situation = Situation {
            blocked: vec![("aerosol".to_owned(), 1.0)],
            below_floor: vec![("kettle".to_owned(), money(500), money(650), 900.0)],
            short: vec![("mixer".to_owned(), 1_200, 400.0)],
            moved: vec![("search".to_owned(), 100.0, 130.0), ("social".to_owned(), 100.0, 70.0)],
            ..quiet()
        };
        let advice = situation.advice();
        let actions: Vec<&str> = advice.iter().filter(|a| a.kind == Kind::Action).map(|a| a.said.en.as_str()).collect();
        assert_eq!(actions.len(), 3);
        assert!(actions[0].starts_with("Settle whether aerosol may be sold"), "{}", actions[0]);
        assert!(actions[1].starts_with("Raise kettle") && actions[1].contains("EUR 900"), "{}", actions[1]);
        assert!(actions[2].starts_with("Send 1,200 units of mixer"), "{}", actions[2]);
        assert!(advice.iter().all(|a| !a.said.zh.is_empty() && a.said.zh != a.said.en));
    }

    #[test]
    fn money_is_moved_from_the_channel_that_loses_most_to_the_one_that_gains_most() {
        let moved = vec![("a".to_owned(), 50.0, 40.0), ("b".to_owned(), 50.0, 80.0), ("c".to_owned(), 50.0, 30.0)];
        let situation = Situation { moved, ..quiet() };
        assert!(
            situation.advice()[0].said.en.starts_with("Move spend from c (EUR 50 a week now, EUR 30 advised) to b")
        );
    }

    #[test]
    fn a_forecast_says_what_would_prove_it_wrong() {
        let situation = Situation { first_month: Some((1_234.4, 2_000.0)), ..quiet() };
        assert!(situation.advice()[0].said.en.contains("Fewer than 1,234 units"));
        assert_eq!(situation.advice()[0].kind, Kind::Change);
    }
}
