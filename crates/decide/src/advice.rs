//! From decisions to the few sentences that a person acts on: the next three actions, what can go wrong, and what would change
//! our mind.
//!
//! Every candidate for an action has the money at stake in the weeks ahead, in the reporting currency: what would be lost by
//! leaving it. Actions are those with most at stake, one of a kind; a ban comes before everything else, because selling on may be
//! no option. Nothing is said without a figure behind it.

use crate::Said;
use crate::rehearsal::Input;
use crate::said::{amount, grouped};
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
/// Least money at stake that an action is for, in units of the reporting currency: below it the sentence would speak of 0.
const LEAST_STAKE: f64 = 1.0;

/// An occasion to prepare.
#[derive(Clone, Debug, PartialEq)]
pub struct Occasion {
    /// What it is.
    pub name: Said,
    /// Its first day.
    pub day: Day,
    /// Last day on which a shopper's order still comes in time; `None` where it is past or not known.
    pub order_by: Option<Day>,
    /// Last day to ship stock in bulk; `None` where it is past, not known, or every order comes on its own.
    pub ship_by: Option<Day>,
    /// Sales of past years around it over what was usual.
    pub lift: Figure,
    /// Whether its date is an assumption.
    pub verify: bool,
}

impl Occasion {
    /// Until when what has to be done for it.
    fn last_days(&self) -> Said {
        let mut said = Said::default();
        if let Some(day) = self.ship_by {
            said.en.push_str(&format!("; stock must leave by {day}"));
            said.zh.push_str(&format!("；备货最迟 {day} 发出"));
        }
        if let Some(day) = self.order_by {
            said.en.push_str(&format!("; shoppers must have ordered by {day}"));
            said.zh.push_str(&format!("；顾客最迟须在 {day} 下单"));
        }
        said
    }
}

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
    /// Whether a verdict rests on a rule that is general knowledge, not the seller's own.
    pub general_rules: bool,
    /// Products that run short: name, units to send, sales at stake; most first.
    pub short: Vec<(String, i64, f64)>,
    /// Products that pile up: name, weeks that they last; longest first.
    pub piled: Vec<(String, f64)>,
    /// Channels whose weekly spend should move: name, now, advised.
    pub moved: Vec<(String, f64, f64)>,
    /// Channels whose effect cannot be told.
    pub untold: Vec<String>,
    /// The occasion with the largest proven lift.
    pub occasion: Option<Occasion>,
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
    /// Nothing was ever sold there.
    pub entering: Option<Entry>,
}

/// A market to be entered.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The market that everything is taken from.
    pub source: Market,
    /// Units of the first order, and of how many products.
    pub units: u64,
    /// Products with at least one unit to send.
    pub products: usize,
    /// What the size rests on.
    pub rests_on: Said,
}

fn whole(x: f64) -> String {
    let out = grouped(&format!("{:.0}", x.abs()));
    if x < 0.0 { format!("−{out}") } else { out }
}

/// A number of things: `1 product does`, `41 products do`.
fn many(n: usize, one: &str, more: &str) -> String {
    format!("{} {}", whole(n as f64), if n == 1 { one } else { more })
}

impl Situation {
    fn money(&self, x: f64) -> String {
        format!("{} {}", self.currency, whole(x))
    }

    /// A sentence that rests on rows of general knowledge says so.
    fn verified(said: Said, general: bool) -> Said {
        if !general {
            return said;
        }
        let (en, zh) = (" Verify first: it rests on general knowledge.", "请先核实：依据为一般常识。");
        Said::new(said.en + en, said.zh + zh)
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
        if let Some(entry) = self.entering.as_ref().filter(|e| e.units > 0) {
            let said = Said::new(
                format!(
                    "Send a first order of {} of {}, no more until the first four weeks have sold: `portolan decide first-send {}` lists them.",
                    many(usize::try_from(entry.units).unwrap_or(usize::MAX), "unit", "units"),
                    many(entry.products, "product", "products"),
                    self.market
                ),
                format!(
                    "首批发货 {} 个商品共 {} 件，头四周售出之前不再追加：`portolan decide first-send {}` 列出明细。",
                    entry.products,
                    whole(entry.units as f64),
                    self.market
                ),
            );
            all.push((
                LEAST_STAKE.max(0.5 * self.first_month.map_or(0.0, |m| m.1)),
                Self::verified(said, self.assumed_costs),
            ));
        }
        // What does not sell need not be taken off sale.
        if let Some((name, _)) = self.blocked.first().filter(|(_, sales)| *sales >= 1.0) {
            let (n, sales) = (self.blocked.len(), at_stake(&self.blocked));
            let said = Said::new(
                format!(
                    "Settle whether {name} may be sold: the rules say that it must not be here, and they are general knowledge until yours replace them. {}, with expected sales of {}.",
                    many(n, "product is blocked", "products are blocked"),
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
        let lost = self.below_floor.iter().map(|p| p.3).sum::<f64>();
        if let Some((name, now, floor, _)) = self.below_floor.first().filter(|_| lost >= LEAST_STAKE) {
            let n = self.below_floor.len();
            let (now, floor) = (amount(*now), amount(*floor));
            let said = Said::new(
                format!(
                    "Raise {name} from {now} to at least {floor}: it sells below what leaves the asked margin. {}, which costs {} over the weeks ahead.",
                    many(n, "product does", "products do"),
                    self.money(lost)
                ),
                format!(
                    "将 {name} 从 {now} 提至不低于 {floor}：现价低于目标毛利。共有 {n} 个商品如此，未来数周损失 {}。",
                    self.money(lost)
                ),
            );
            all.push((lost, Self::verified(said, self.assumed_costs)));
        }
        let lost = self.short.iter().map(|p| p.2).sum::<f64>();
        if let Some((name, units, _)) = self.short.first().filter(|_| lost >= LEAST_STAKE) {
            let n = self.short.len();
            let said = Said::new(
                format!(
                    "Send {} of {name}: it runs short before the next delivery. {}, with {} of sales a month at stake.",
                    many(usize::try_from(*units).unwrap_or(0), "unit", "units"),
                    many(n, "product does", "products do"),
                    self.money(lost)
                ),
                format!(
                    "补发 {} 件 {name}：下次到货前将断货。共有 {n} 个商品如此，每月涉及销售额 {}。",
                    whole(*units as f64),
                    self.money(lost)
                ),
            );
            all.push((lost, Self::verified(said, self.assumed_costs)));
        }
        let sales = at_stake(&self.unknown);
        if let Some((name, _)) = self.unknown.first().filter(|_| sales >= LEAST_STAKE) {
            let n = self.unknown.len();
            let lacks = self.missing.clone().unwrap_or_else(|| Said::new("an attribute", "某项属性"));
            let said = Said::new(
                format!(
                    "Complete the catalogue of {name}: whether it may be sold here cannot be told yet. {}, most for this: {}; expected sales {}.",
                    many(n, "product waits", "products wait"),
                    lacks.en,
                    self.money(sales)
                ),
                format!(
                    "补全 {name} 的目录信息：目前无法判断能否在此销售。共有 {n} 个商品待定，多数缺少：{}；涉及预计销售额 {}。",
                    lacks.zh,
                    self.money(sales)
                ),
            );
            all.push((0.5 * sales, Self::verified(said, self.general_rules)));
        }
        let sales = at_stake(&self.to_change);
        if let Some((name, _)) = self.to_change.first().filter(|_| sales >= LEAST_STAKE) {
            let n = self.to_change.len();
            let said = Said::new(
                format!(
                    "Order {name} for the mains of this market: another voltage, frequency or plug. {}, with expected sales of {}.",
                    many(n, "product needs it", "products need it"),
                    self.money(sales)
                ),
                format!(
                    "按本市场电网订制 {name}：更换电压、频率或插头。共有 {n} 个商品需要，涉及预计销售额 {}。",
                    self.money(sales)
                ),
            );
            all.push((0.8 * sales, Self::verified(said, self.general_rules)));
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
            if moved >= LEAST_STAKE {
                all.push((moved, said));
            }
        }
        if let Some(occasion) = &self.occasion
            && let Some(x) = occasion.lift.as_f64()
        {
            let (name, day, by) = (&occasion.name, occasion.day, occasion.last_days());
            let said = Said::new(
                format!("Prepare {} on {day}: past years sold {x:.1} times the usual{}.", name.en, by.en),
                format!("为 {day} 的{}备货：往年销量为平时的 {x:.1} 倍{}。", name.zh, by.zh),
            );
            let stake = self.first_month.map_or(0.0, |m| m.1 * (x - 1.0).max(0.0) / 28.0);
            all.push((stake, Self::verified(said, occasion.verify || self.assumed_costs)));
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
        if let Some(entry) = &self.entering {
            all.push(Said::new(
                format!(
                    "Nothing was ever sold here: every figure is carried over from {} ({}), so their intervals are wide and no advertising is planned. How likely a loss is, is not known: registrations, marks, first advertising and what stays unsold of the first order are not in the margin.",
                    entry.source, entry.rests_on.en
                ),
                format!("此处从未有过销售：所有数字均由 {} 推算（{}），因此区间很宽，且未安排广告。亏损概率未知：注册、认证、首次广告以及首批未售出的商品均未计入毛利。", entry.source, entry.rests_on.zh),
            ));
        }
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
                format!(
                    "{} more stock than will sell; {name} lasts {weeks:.0} weeks.",
                    many(n, "product has", "products have")
                ),
                format!("{n} 个商品库存过多；{name} 可售 {weeks:.0} 周。"),
            ));
        }
        if let Some((proof, n)) = &self.proof {
            let said = Said::new(
                format!(
                    "{} this here, and nobody has stated that it is at hand: {}.",
                    many(*n, "product needs", "products need"),
                    proof.en
                ),
                format!("{n} 个商品在此需要以下证明，但尚未说明已具备：{}。", proof.zh),
            );
            all.push(Self::verified(said, self.general_rules));
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
        // A market to be entered has its own, below.
        if let Some((low, mean)) = self.first_month.filter(|m| m.0 >= 1.0 && self.entering.is_none()) {
            all.push(Said::new(
                format!("Fewer than {} units in the next four weeks, where {} are expected: then the forecast is wrong, not the week.", whole(low), whole(mean)),
                format!("未来四周销量低于 {} 件（预计 {} 件）：那说明预测有误，而非偶然。", whole(low), whole(mean)),
            ));
        }
        if let (Some(entry), Some((_, mean))) = (&self.entering, self.first_month.filter(|m| m.1 >= 1.0)) {
            let (half, twice) = (whole(mean / 2.0), whole(mean * 2.0));
            all.push(Said::new(
                format!("Fewer than {half} or more than {twice} units in the first four weeks: then it is not {} on a smaller scale, and the second order follows what sold here.", entry.source),
                format!("头四周销量低于 {half} 件或高于 {twice} 件：说明本市场并非 {} 的缩影，第二批应按此处实际销量确定。", entry.source),
            ));
        }
        if let Some((name, _, floor, _)) = self.below_floor.first() {
            let floor = amount(*floor);
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
#[path = "advice_tests.rs"]
mod tests;
