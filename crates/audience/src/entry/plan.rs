//! The skeleton of an entry plan: which evidence there is for a market or category, and which steps come next.
//!
//! Each step rests on a piece of evidence and waits for others; from what is there follows what is done, what comes next
//! (nothing it waits for is missing) and what has to wait. What a step is depends on how far the seller is: at home the
//! evidence of other markets is built, a served market is deepened, a candidate is tried small before it is entered.
//! Nothing is estimated here.

use super::capacity::Capacity;
use super::facts::Fact;
use super::market_facts::{Candidate, MarketStatus};
use super::platform::PlatformChoice;
use super::ranking::MarketRanking;
use super::words::{Words, number, percent};
use serde::Serialize;

/// What is entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The market as a whole.
    Market,
    /// One category in it, by its name.
    Category(String),
}

/// Pieces of evidence, in the order in which they are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// Published facts.
    Facts,
    /// Own visits, searches or orders from there.
    OwnDemand,
    /// A place in the ranking.
    Rank,
    /// The size in money.
    Size,
    /// What may be sold.
    Sellable,
    /// What it costs at the door.
    LandedCost,
    /// What transfers.
    Transfer,
    /// Platforms with their fees.
    Platform,
    /// Orders from there.
    Orders,
}

/// Where a step stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Its evidence is there.
    Done,
    /// To be done now.
    Next,
    /// Waits for these.
    Waits(Vec<Evidence>),
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Stable name.
    pub key: &'static str,
    /// What to do.
    pub what: Words,
    /// Where it stands.
    pub state: StepState,
}

/// What is known so far besides the market's facts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Findings<'a> {
    /// The ranking, where the market is in one.
    pub ranking: Option<&'a MarketRanking>,
    /// Its size.
    pub capacity: Option<&'a Capacity>,
    /// The platforms compared.
    pub platforms: Option<&'a PlatformChoice>,
}

/// The skeleton.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EntryPlan {
    /// How far the seller is.
    pub status: MarketStatus,
    /// Evidence that is there, with its number in words.
    pub evidence: Vec<(Evidence, Words)>,
    /// Evidence that is not.
    pub missing: Vec<Evidence>,
    /// Steps in order.
    pub steps: Vec<Step>,
}

/// Share of the public facts that has to be there for the evidence to count.
const ENOUGH_FACTS: f64 = 0.5;

/// What the seller can do, what shows that it is done, what it waits for.
struct Draft {
    key: &'static str,
    en: &'static str,
    zh: &'static str,
    shows: Option<Evidence>,
    waits: &'static [Evidence],
}

const fn draft(
    key: &'static str,
    (en, zh): (&'static str, &'static str),
    shows: Option<Evidence>,
    waits: &'static [Evidence],
) -> Draft {
    Draft { key, en, zh, shows, waits }
}

use Evidence::{Facts, LandedCost, Orders, OwnDemand, Platform, Rank, Sellable, Size, Transfer};

const CANDIDATE: &[Draft] = &[
    draft(
        "facts",
        (
            "Collect the published facts that are missing, the ones that matter most first",
            "补齐缺失的公开指标，先补影响最大的",
        ),
        Some(Facts),
        &[],
    ),
    draft(
        "demand",
        (
            "Count visits and searches from there; let the shop be seen there for a month",
            "统计来自当地的访问和搜索；让店铺在当地可见一个月",
        ),
        Some(OwnDemand),
        &[],
    ),
    draft(
        "sellable",
        ("Check which products may be sold there: sockets, certificates, bans", "核查可售商品：插头、认证、禁限"),
        Some(Sellable),
        &[],
    ),
    draft(
        "landed_cost",
        ("Compute the landed cost of the products that may be sold", "计算可售商品的到岸成本"),
        Some(LandedCost),
        &[Sellable],
    ),
    draft(
        "transfer",
        ("Score what other markets' data promise there", "评估其他市场数据的可迁移性"),
        Some(Transfer),
        &[],
    ),
    draft(
        "rank",
        ("Rank the candidates and see how stable the place is", "为候选市场排名并检查稳定性"),
        Some(Rank),
        &[Facts],
    ),
    draft(
        "size",
        ("Size the market: all, reachable, winnable", "估算市场容量：总量、可触达、可获得"),
        Some(Size),
        &[Facts],
    ),
    draft(
        "platform",
        ("Fill in the platform table and choose where to sell", "填写平台事实表并选择平台"),
        Some(Platform),
        &[],
    ),
    draft(
        "listings",
        ("Write titles and texts in the market's language for the first products", "用当地语言撰写首批商品标题与文案"),
        None,
        &[Sellable, Rank],
    ),
    draft(
        "pilot",
        (
            "Offer a few products that transfer promises most of, with a budget that may be lost",
            "用可承受的预算试销迁移预期最好的少量商品",
        ),
        Some(Orders),
        &[Sellable, LandedCost, Rank, Platform],
    ),
    draft(
        "decide",
        (
            "Compare the pilot with the size and the place; go on, wait or stop",
            "将试销结果与容量、排名比较；继续、等待或停止",
        ),
        None,
        &[Orders, Size],
    ),
];

const SERVED: &[Draft] = &[
    draft("facts", ("Keep the published facts fresh", "保持公开指标更新"), Some(Facts), &[]),
    draft(
        "size",
        ("Size the market and compare own sales with what is winnable", "估算容量并与自身销售比较"),
        Some(Size),
        &[Facts],
    ),
    draft(
        "transfer",
        ("Prove on held-out shoppers whether other markets' data help here", "用留出的买家验证其他市场数据是否有帮助"),
        Some(Transfer),
        &[Orders],
    ),
    draft(
        "landed_cost",
        ("Check landed cost and price of what sells", "核查在售商品的到岸成本与价格"),
        Some(LandedCost),
        &[Orders],
    ),
    draft(
        "platform",
        ("Compare further platforms by fee on the usual order", "按常见订单的费用比较更多平台"),
        Some(Platform),
        &[Orders],
    ),
    draft(
        "expand",
        (
            "Add the category or the products that shoppers here search for and do not find",
            "增加当地买家搜索却找不到的品类或商品",
        ),
        None,
        &[OwnDemand, Sellable],
    ),
    draft(
        "measure",
        ("Measure with a holdout whether what was changed brought sales", "用对照组衡量改动是否带来销售"),
        None,
        &[Orders],
    ),
];

const HOME: &[Draft] = &[
    draft(
        "orders",
        (
            "Keep orders, returns and events complete: they are what other markets learn from",
            "保持订单、退货和事件完整：其他市场要向其学习",
        ),
        Some(Orders),
        &[],
    ),
    draft(
        "demand",
        ("Look at visits from abroad: they are the first sign of a market", "查看境外访问：它是新市场的第一个信号"),
        Some(OwnDemand),
        &[],
    ),
    draft(
        "categories",
        ("Name the products that carry the shop and could travel", "找出支撑店铺且适合出海的商品"),
        None,
        &[Orders],
    ),
    draft("candidates", ("List candidate markets and collect their facts", "列出候选市场并收集指标"), Some(Rank), &[]),
];

impl EntryPlan {
    /// The skeleton for one market and target.
    pub fn of(candidate: &Candidate, target: &Target, findings: &Findings<'_>) -> Self {
        let evidence = found(candidate, findings);
        let has = |e: Evidence| evidence.iter().any(|(found, _)| *found == e);
        let drafts = match candidate.status() {
            MarketStatus::Candidate => CANDIDATE,
            MarketStatus::Served => SERVED,
            MarketStatus::Home => HOME,
        };
        let step = |d: &Draft| {
            let waits: Vec<Evidence> = d.waits.iter().copied().filter(|e| !has(*e)).collect();
            let state = if d.shows.is_some_and(has) {
                StepState::Done
            } else if waits.is_empty() {
                StepState::Next
            } else {
                StepState::Waits(waits)
            };
            let what = match target {
                Target::Market => Words::new(d.en, d.zh),
                Target::Category(name) => Words::new(format!("{name}: {}", d.en), format!("{name}：{}", d.zh)),
            };
            Step { key: d.key, what, state }
        };
        let steps = drafts.iter().map(step).collect();
        let asked: Vec<Evidence> = drafts.iter().flat_map(|d| d.shows.iter().chain(d.waits).copied()).collect();
        let mut missing: Vec<Evidence> = asked.into_iter().filter(|e| !has(*e)).collect();
        missing.sort_unstable();
        missing.dedup();
        Self { status: candidate.status(), evidence, missing, steps }
    }

    /// Steps to be done now.
    pub fn next(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|s| s.state == StepState::Next)
    }
}

fn found(candidate: &Candidate, findings: &Findings<'_>) -> Vec<(Evidence, Words)> {
    let mut found = Vec::new();
    let mut add = |evidence, en: String, zh: String| found.push((evidence, Words::new(en, zh)));
    let public = Fact::all().filter(|f| f.spec().origin == super::facts::Origin::Public).count();
    let given = public - candidate.missing_public().count();
    if given as f64 >= ENOUGH_FACTS * public as f64 {
        add(Facts, format!("{given} of {public} published facts"), format!("{public} 项公开指标中已有 {given} 项"));
    }
    let rate = |fact: Fact| candidate.known(fact).map(|k| k.value).filter(|v| *v > 0.0);
    if let Some(visits) = rate(Fact::OwnVisits).or_else(|| rate(Fact::OwnSearches)) {
        add(
            OwnDemand,
            format!("{} visits or searches a month", number(visits)),
            format!("每月 {} 次访问或搜索", number(visits)),
        );
    }
    if let Some(orders) = rate(Fact::OwnOrders) {
        add(Orders, format!("{} orders a month", number(orders)), format!("每月 {} 单", number(orders)));
    }
    if let Some(m) = findings.ranking.and_then(|r| r.market(candidate.market()).ok()) {
        let (low, high) = m.rank_within;
        add(
            Rank,
            format!("number {} in the ranking, {low} to {high} in 95 % of the draws", m.rank),
            format!("排名第 {}（95 % 抽样在 {low} 至 {high} 之间）", m.rank),
        );
    }
    if let Some(c) = findings.capacity.filter(|c| c.market() == candidate.market()) {
        let (som, currency) = (c.som(), c.currency());
        let (value, low, high) = (number(som.value), number(som.low), number(som.high));
        add(
            Size,
            format!("{value} {currency} a year can be won ({low} to {high})"),
            format!("每年可获得 {value} {currency}（{low} 至 {high}）"),
        );
    }
    let share = |fact: Fact| candidate.known(fact).map(|k| percent(k.value));
    if let Some(s) = share(Fact::SellableShare) {
        add(Sellable, format!("{s} of the catalogue may be sold"), format!("目录中 {s} 可售"));
    }
    if let Some(s) = share(Fact::LandedCostShare) {
        add(LandedCost, format!("landed cost is {s} of the price"), format!("到岸成本为售价的 {s}"));
    }
    if let Some(s) = share(Fact::TransferGain) {
        add(Transfer, format!("other markets promise a gain of {s}"), format!("其他市场预期带来 {s} 的增益"));
    }
    if let Some(p) = findings.platforms.and_then(PlatformChoice::recommended) {
        add(Platform, format!("{} is recommended", p.facts.platform), format!("推荐 {}", p.facts.platform));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Estimate;
    use crate::entry::market_facts::tests::{candidate, market, params, row};
    use crate::entry::market_facts::{OwnEvidence, PartEvidence};

    fn states(plan: &EntryPlan) -> Vec<(&'static str, bool)> {
        plan.steps
            .iter()
            .filter(|s| !matches!(s.state, StepState::Waits(_)))
            .map(|s| (s.key, s.state == StepState::Done))
            .collect()
    }

    #[test]
    fn with_nothing_known_only_what_waits_for_nothing_comes_next() {
        let plan = EntryPlan::of(&candidate("SA", &[]), &Target::Market, &Findings::default());
        assert_eq!(plan.evidence, []);
        let next: Vec<&str> = plan.next().map(|s| s.key).collect();
        assert_eq!(next, ["facts", "demand", "sellable", "transfer", "platform"]);
        let pilot = plan.steps.iter().find(|s| s.key == "pilot").unwrap();
        assert_eq!(pilot.state, StepState::Waits(vec![Sellable, LandedCost, Rank, Platform]));
    }

    #[test]
    fn evidence_closes_steps_and_opens_those_that_waited() {
        let own = OwnEvidence { months: 2.0, visits: Some(90), ..OwnEvidence::default() };
        let parts = PartEvidence { sellable_share: Some(Estimate::exact(0.6)), ..PartEvidence::default() };
        let table = params().read(&[row("SA", "vat_rate", 15.0, "percent")]);
        let sa = Candidate::new(market("SA"), MarketStatus::Candidate, &table, own, parts, market("CN")).unwrap();
        let plan = EntryPlan::of(&sa, &Target::Category("Fans".to_owned()), &Findings::default());
        assert_eq!(
            states(&plan),
            [
                ("facts", false),
                ("demand", true),
                ("sellable", true),
                ("landed_cost", false),
                ("transfer", false),
                ("platform", false)
            ]
        );
        assert_eq!(plan.evidence[0].1.en, "45 visits or searches a month");
        assert!(plan.steps[3].what.en.starts_with("Fans: Compute") && plan.steps[3].what.zh.starts_with("Fans："));
    }

    #[test]
    fn a_served_market_and_home_have_steps_of_their_own() {
        let own = OwnEvidence { months: 1.0, orders: Some(30), ..OwnEvidence::default() };
        let of = |status| {
            let table = params().read(&[]);
            let c = Candidate::new(market("DE"), status, &table, own, PartEvidence::default(), market("CN")).unwrap();
            EntryPlan::of(&c, &Target::Market, &Findings::default())
        };
        let keys = |plan: EntryPlan| plan.next().map(|s| s.key).collect::<Vec<_>>();
        assert_eq!(keys(of(MarketStatus::Served)), ["facts", "transfer", "landed_cost", "platform", "measure"]);
        assert_eq!(keys(of(MarketStatus::Home)), ["demand", "categories", "candidates"]);
    }
}
