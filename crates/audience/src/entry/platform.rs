//! Where to sell: platforms compared by reach, trust, fees, settlement, services and data.
//!
//! The facts are a table that the seller keeps, one row a platform and market; [`PlatformFacts::from_cells`] reads a row by
//! the names of [`COLUMNS`]. Fees are compared as the expected cost of one order: `percent × order value + fixed fee +
//! monthly fee / orders a month`, as a share of the order's value. As in [`super::attractiveness`] every criterion has a
//! fixed scale, so that another platform moves no score, and an unknown cell's weight goes to the known ones, with the
//! known share beside the score. A platform with a requirement that the seller does not meet, or that takes the order's
//! whole value, is listed after those that can be used.
//!
//! [`template`] is a table to fill in: names, markets and requirements are general knowledge and marked to be verified;
//! its numbers are empty on purpose, because fees change several times a year. Cost: linear in the rows.

use super::EntryError;
use super::words::{Words, number, percent};
use domain::{Decimal, Figure, Market, Money, Rounding, Unit};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Columns of the table. Amounts are in the market's currency.
pub const COLUMNS: [&str; 12] = [
    "platform",
    "market",
    "reach",
    "trust",
    "fee_percent",
    "fixed_fee",
    "monthly_fee",
    "settlement_days",
    "services",
    "data_access",
    "requirements",
    "note",
];

/// What is known of a platform in a market. `None` is "not known".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlatformFacts {
    /// Its name.
    pub platform: String,
    /// Where.
    pub market: Market,
    /// Share of the market's online shoppers that it reaches, 0 to 1.
    pub reach: Option<f64>,
    /// How far shoppers trust it, 0 to 5.
    pub trust: Option<f64>,
    /// Commission, percent of the order's value, 0 to 100.
    pub fee_percent: Option<f64>,
    /// Fee for every order, major units of the market's currency.
    pub fixed_fee: Option<Decimal>,
    /// Fee for a month, likewise.
    pub monthly_fee: Option<Decimal>,
    /// Days from sale to money.
    pub settlement_days: Option<f64>,
    /// Fulfilment, service, returns: 0 to 5.
    pub services: Option<f64>,
    /// What the seller learns of shoppers: 0 (nothing) to 5 (all that they allow).
    pub data_access: Option<f64>,
    /// What it asks for, by short keys: `local_entity`, `tax_number`.
    pub requirements: Vec<String>,
    /// Free words, such as `verify`.
    pub note: String,
}

/// Weights, and the seller's order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlatformParams {
    /// Weight of reach, 0 or more, like all the others.
    pub reach: f64,
    /// Of trust.
    pub trust: f64,
    /// Of the expected fee.
    pub fee: f64,
    /// Of days to the money.
    pub settlement: f64,
    /// Of services.
    pub services: f64,
    /// Of access to data.
    pub data: f64,
    /// The fee, as a share of the order's value, that scores 0; nothing scores 1.
    pub worst_fee: f64,
    /// Days to the money that score 0; at once scores 1.
    pub worst_settlement_days: f64,
    /// Orders a month that the monthly fee is spread over, above 0.
    pub orders_a_month: f64,
    /// What the seller has: keys of requirements.
    pub has: BTreeSet<String>,
}

impl Default for PlatformParams {
    fn default() -> Self {
        Self {
            reach: 0.3,
            trust: 0.15,
            fee: 0.25,
            settlement: 0.08,
            services: 0.12,
            data: 0.1,
            worst_fee: 0.4,
            worst_settlement_days: 45.0,
            orders_a_month: 100.0,
            has: BTreeSet::new(),
        }
    }
}

/// A platform with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct RankedPlatform {
    /// What is known of it.
    pub facts: PlatformFacts,
    /// From 1, those that can be used first.
    pub rank: usize,
    /// In [0, 1]; `None` where nothing is known.
    pub score: Option<f64>,
    /// Share of the weight that is known.
    pub known: f64,
    /// Weighted part of each known criterion; they add up to the score.
    pub parts: Vec<(&'static str, f64)>,
    /// Expected fee of an order; `None` where commission or fixed fee is not known. An unknown monthly fee counts nothing.
    pub fee: Option<Money>,
    /// Requirements that the seller does not meet.
    pub unmet: Vec<String>,
}

/// Platforms of one market, best first.
#[derive(Clone, Debug, PartialEq)]
pub struct PlatformChoice {
    ranked: Vec<RankedPlatform>,
    order: Money,
}

impl PlatformFacts {
    /// A row of the table by column; missing and empty cells are not known. Requirements are separated by `;` or blanks.
    ///
    /// # Errors
    /// [`EntryError::Platform`] naming platform, column and value.
    pub fn from_cells(cells: &BTreeMap<&str, &str>) -> Result<Self, EntryError> {
        let cell = |column: &str| cells.get(column).map(|c| c.trim()).filter(|c| !c.is_empty());
        let platform = cell("platform").unwrap_or_default().to_owned();
        let wrong = |column: &str, value: &str, rule: &str| EntryError::Platform {
            platform: platform.clone(),
            column: column.to_owned(),
            value: value.to_owned(),
            rule: rule.to_owned(),
        };
        if platform.is_empty() {
            return Err(wrong("platform", "", "a name"));
        }
        if let Some(unknown) = cells.keys().find(|c| !COLUMNS.contains(c)) {
            return Err(wrong(unknown, "", &format!("a column: {} are", COLUMNS.join(", "))));
        }
        let market = cell("market").unwrap_or_default();
        let market = market.parse().map_err(|_| wrong("market", market, "a market, such as DE"))?;
        let number = |column: &str| -> Result<Option<f64>, EntryError> {
            let read = |c: &str| c.trim_end_matches(['%', ' ']).parse().map_err(|_| wrong(column, c, "a number"));
            cell(column).map(read).transpose()
        };
        let amount = |column: &str| -> Result<Option<Decimal>, EntryError> {
            cell(column).map(|c| c.parse().map_err(|_| wrong(column, c, "an amount, such as 0.30"))).transpose()
        };
        let facts = Self {
            market,
            reach: number("reach")?,
            trust: number("trust")?,
            fee_percent: number("fee_percent")?,
            fixed_fee: amount("fixed_fee")?,
            monthly_fee: amount("monthly_fee")?,
            settlement_days: number("settlement_days")?,
            services: number("services")?,
            data_access: number("data_access")?,
            requirements: cell("requirements").map(keys).unwrap_or_default(),
            note: cell("note").unwrap_or_default().to_owned(),
            platform,
        };
        facts.check()?;
        Ok(facts)
    }

    fn check(&self) -> Result<(), EntryError> {
        let numbers = [
            ("reach", self.reach, 1.0, "a share from 0 to 1"),
            ("trust", self.trust, 5.0, "from 0 to 5"),
            ("fee_percent", self.fee_percent, 100.0, "a percentage from 0 to 100"),
            ("settlement_days", self.settlement_days, 365.0, "from 0 to 365 days"),
            ("services", self.services, 5.0, "from 0 to 5"),
            ("data_access", self.data_access, 5.0, "from 0 to 5"),
        ];
        let wrong = |column: &str, value: String, rule: &str| EntryError::Platform {
            platform: self.platform.clone(),
            column: column.to_owned(),
            value,
            rule: rule.to_owned(),
        };
        for (column, value, most, rule) in numbers {
            if let Some(value) = value.filter(|v| !(0.0..=most).contains(v)) {
                return Err(wrong(column, value.to_string(), rule));
            }
        }
        for (column, value) in [("fixed_fee", self.fixed_fee), ("monthly_fee", self.monthly_fee)] {
            if let Some(value) = value.filter(|v| *v < Decimal::ZERO) {
                return Err(wrong(column, value.to_string(), "0 or more"));
            }
        }
        Ok(())
    }

    /// Expected fee of one order of this value, rounded once; `None` where commission or fixed fee is not known.
    ///
    /// # Errors
    /// [`EntryError::Money`] for an amount that does not fit.
    pub fn fee(&self, order: Money, orders_a_month: f64) -> Result<Option<Money>, EntryError> {
        let Some((percent, fixed)) = self.fee_percent.zip(self.fixed_fee) else { return Ok(None) };
        let decimal = |x: f64| Decimal::try_from(x).unwrap_or_default();
        let monthly = self.monthly_fee.unwrap_or_default().checked_div(decimal(orders_a_month)).unwrap_or_default();
        let fee = order.to_decimal() * decimal(percent) / Decimal::ONE_HUNDRED + fixed + monthly;
        Ok(Some(Money::from_decimal(fee, order.currency, Rounding::HalfEven)?))
    }
}

fn keys(text: &str) -> Vec<String> {
    text.split([';', ' ', '|']).map(str::trim).filter(|k| !k.is_empty()).map(str::to_owned).collect()
}

impl PlatformParams {
    /// Ranks the platforms of one market for an order of this value, in the market's currency.
    ///
    /// # Errors
    /// [`EntryError::Param`] for a weight, [`EntryError::Platform`] for a row, [`EntryError::TooLittle`] without a row.
    pub fn choose(&self, platforms: &[PlatformFacts], order: Money) -> Result<PlatformChoice, EntryError> {
        let weights = [
            ("reach", self.reach),
            ("trust", self.trust),
            ("fee", self.fee),
            ("settlement", self.settlement),
            ("services", self.services),
            ("data", self.data),
        ];
        let param = |name: &str, rule, got| Err(EntryError::Param { name: name.to_owned(), rule, got });
        if let Some((name, got)) = weights.iter().find(|(_, w)| !(*w >= 0.0 && w.is_finite())) {
            return param(name, "0 or more", *got);
        }
        let sum: f64 = weights.iter().map(|(_, w)| w).sum();
        if sum <= 0.0 {
            return param("weights", "above 0 for one criterion at least", sum);
        }
        for (name, got) in [
            ("worst_fee", self.worst_fee),
            ("worst_settlement_days", self.worst_settlement_days),
            ("orders_a_month", self.orders_a_month),
        ] {
            if !(got > 0.0 && got.is_finite()) {
                return param(name, "above 0", got);
            }
        }
        if order.minor <= 0 {
            return param("order", "above 0", order.minor as f64);
        }
        if platforms.is_empty() {
            return Err(EntryError::TooLittle { what: "platforms", have: 0, need: 1 });
        }
        let mut ranked = Vec::new();
        for facts in platforms {
            facts.check()?;
            let fee = facts.fee(order, self.orders_a_month)?;
            let down = |x: f64, worst: f64| (1.0 - x / worst).clamp(0.0, 1.0);
            let scores = [
                facts.reach,
                facts.trust.map(|t| t / 5.0),
                fee.map(|f| down(f.minor as f64 / order.minor as f64, self.worst_fee)),
                facts.settlement_days.map(|d| down(d, self.worst_settlement_days)),
                facts.services.map(|s| s / 5.0),
                facts.data_access.map(|d| d / 5.0),
            ];
            let known: f64 = weights.iter().zip(scores).filter(|(_, s)| s.is_some()).map(|((_, w), _)| w).sum();
            let part = |((name, weight), score): (&(&'static str, f64), Option<f64>)| {
                Some((*name, weight * score? / known)).filter(|_| known > 0.0)
            };
            let parts: Vec<(&'static str, f64)> = weights.iter().zip(scores).filter_map(part).collect();
            let score = (known > 0.0).then(|| parts.iter().map(|(_, p)| p).sum());
            let unmet = facts.requirements.iter().filter(|r| !self.has.contains(*r)).cloned().collect();
            ranked.push(RankedPlatform { facts: facts.clone(), rank: 0, score, known: known / sum, parts, fee, unmet });
        }
        let usable = |p: &RankedPlatform| p.unmet.is_empty() && p.fee.is_none_or(|f| f.minor < order.minor);
        ranked.sort_by(|a, b| {
            let key = |p: &RankedPlatform| (usable(p), p.score.unwrap_or(-1.0));
            let ((ua, sa), (ub, sb)) = (key(a), key(b));
            ub.cmp(&ua).then(sb.total_cmp(&sa)).then(a.facts.platform.cmp(&b.facts.platform))
        });
        ranked.iter_mut().enumerate().for_each(|(i, p)| p.rank = i + 1);
        Ok(PlatformChoice { ranked, order })
    }
}

impl PlatformChoice {
    /// Platforms, best first.
    pub fn ranked(&self) -> &[RankedPlatform] {
        &self.ranked
    }

    /// The one to take: the first whose requirements are met and of which something is known.
    pub fn recommended(&self) -> Option<&RankedPlatform> {
        self.ranked.first().filter(|p| p.unmet.is_empty() && p.score.is_some())
    }

    /// Figures `platform.score`, `platform.fee` and `platform.known` of one place.
    pub fn figures(&self, at: usize) -> Vec<Figure> {
        let Some(p) = self.ranked.get(at) else { return Vec::new() };
        let parts: Vec<String> = p.parts.iter().map(|(name, part)| format!("{name} {part:.3}")).collect();
        let mut figures = vec![
            Figure::number("platform.score", Unit::Score, p.score.unwrap_or(f64::NAN), 1, 0)
                .formula(format!("{} on fixed scales, weight of what is unknown given to the rest", parts.join(" + "))),
            Figure::number("platform.known", Unit::Share, p.known, 1, 0)
                .formula("weight of what is known / whole weight"),
        ];
        if let Some(fee) = p.fee {
            let words = format!("commission × {} + fee an order + fee a month / orders a month", self.order);
            figures.push(Figure::money("platform.fee", fee, 1).formula(words));
        }
        figures
    }

    /// Why the first is first, and what keeps the others.
    pub fn sentences(&self) -> Vec<Words> {
        let mut said = Vec::new();
        match self.recommended() {
            Some(p) => {
                let best = p.parts.iter().max_by(|a, b| a.1.total_cmp(&b.1)).map_or("", |b| b.0);
                let fee = p
                    .fee
                    .map_or_else(|| ("not known".to_owned(), "未知".to_owned()), |f| (f.to_string(), f.to_string()));
                let (score, known) = (number(p.score.unwrap_or(0.0)), percent(p.known));
                said.push(Words::new(
                    format!(
                        "{}: score {score}, most of it from {best}; expected fee {} on an order of {}; {known} of the weight is \
                         known.",
                        p.facts.platform, fee.0, self.order
                    ),
                    format!(
                        "{}：得分 {score}，主要来自 {best}；一笔 {} 的订单预计费用 {}；已知信息占权重的 {known}。",
                        p.facts.platform, self.order, fee.1
                    ),
                ));
            }
            None => said.push(Words::new(
                "No platform can be recommended: requirements are not met, or nothing is known.",
                "没有可推荐的平台：条件不满足，或信息不足。",
            )),
        }
        for p in self.ranked.iter().filter(|p| !p.unmet.is_empty()) {
            let list = p.unmet.join(", ");
            said.push(Words::new(
                format!("{} asks for what is not there: {list}.", p.facts.platform),
                format!("{} 的条件尚未满足：{list}。", p.facts.platform),
            ));
        }
        said
    }
}

/// A table to fill in: platforms, markets and requirements from general knowledge, to be verified; no number is given.
pub fn template() -> Vec<PlatformFacts> {
    let rows: &[(&str, &str, &str)] = &[
        ("Amazon", "US", "identity_check tax_form"),
        ("Amazon", "DE", "identity_check vat_number packaging_register"),
        ("Amazon", "JP", "identity_check"),
        ("Amazon", "SA", "identity_check"),
        ("Amazon", "AE", "identity_check"),
        ("eBay", "US", "identity_check"),
        ("eBay", "GB", "identity_check vat_number"),
        ("Walmart", "US", "tax_form"),
        ("Otto", "DE", "local_entity vat_number packaging_register"),
        ("Shopee", "VN", "identity_check"),
        ("Shopee", "TH", "identity_check"),
        ("Lazada", "TH", "identity_check"),
        ("Mercado Libre", "MX", "identity_check"),
        ("Mercado Libre", "BR", "identity_check"),
        ("Noon", "SA", "local_entity"),
        ("Rakuten", "JP", "local_entity"),
        ("AliExpress", "BR", "identity_check"),
        ("TikTok Shop", "US", "identity_check"),
        ("own web shop", "US", "payment_provider"),
        ("own web shop", "DE", "payment_provider vat_number packaging_register"),
    ];
    let row = |(platform, market, needs): &(&str, &str, &str)| {
        Some(PlatformFacts {
            platform: (*platform).to_owned(),
            market: market.parse().ok()?,
            reach: None,
            trust: None,
            fee_percent: None,
            fixed_fee: None,
            monthly_fee: None,
            settlement_days: None,
            services: None,
            data_access: None,
            requirements: keys(needs),
            note: "verify".to_owned(),
        })
    };
    rows.iter().filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Currency;

    const ORDER: Money = Money { minor: 5_000, currency: Currency::new(*b"EUR") };

    fn platform<'a>(name: &'a str, percent: &'a str, reach: &'a str) -> BTreeMap<&'a str, &'a str> {
        [
            ("platform", name),
            ("market", "DE"),
            ("fee_percent", percent),
            ("fixed_fee", "0.50"),
            ("monthly_fee", "40"),
            ("reach", reach),
        ]
        .into()
    }

    fn choose(rows: &[BTreeMap<&str, &str>], params: &PlatformParams) -> PlatformChoice {
        let facts: Vec<PlatformFacts> = rows.iter().map(|r| PlatformFacts::from_cells(r).unwrap()).collect();
        params.choose(&facts, ORDER).unwrap()
    }

    // Order 50.00, 100 orders a month. A: 15 % = 7.50 + 0.50 + 40 / 100 = 8.40: 0.168 of the order, score 1 − 0.168 / 0.4
    // = 0.58. B: 8 %: 4.90, 0.098, score 0.755. Reach 0.6 and 0.5. Weights 0.3 and 0.25 of 0.55 known.
    // A (0.3 · 0.6 + 0.25 · 0.58) / 0.55 = 0.590909; B (0.15 + 0.18875) / 0.55 = 0.615909: B first.
    // At 12 % B pays 6.90, 0.138, score 0.655: (0.15 + 0.16375) / 0.55 = 0.570455: A first.
    #[test]
    fn changing_a_fee_changes_the_rank_as_computed_by_hand() {
        let params = PlatformParams::default();
        let before = choose(&[platform("A", "15", "0.6"), platform("B", "8 %", "0.5")], &params);
        let get = |c: &PlatformChoice, i: usize| (c.ranked()[i].facts.platform.clone(), c.ranked()[i].score.unwrap());
        assert_eq!(before.ranked()[0].fee, Some(Money { minor: 490, ..ORDER }));
        assert_eq!(before.ranked()[1].fee, Some(Money { minor: 840, ..ORDER }));
        let (first, second) = (get(&before, 0), get(&before, 1));
        assert!(first.0 == "B" && (first.1 - 0.338_75 / 0.55).abs() < 1e-12, "{first:?}");
        assert!(second.0 == "A" && (second.1 - 0.325 / 0.55).abs() < 1e-12, "{second:?}");
        assert!((before.ranked()[0].known - 0.55).abs() < 1e-12);
        let after = choose(&[platform("A", "15", "0.6"), platform("B", "12", "0.5")], &params);
        assert_eq!(get(&after, 0).0, "A");
        assert!((get(&after, 1).1 - 0.313_75 / 0.55).abs() < 1e-12);
        let sum: f64 = after.ranked()[0].parts.iter().map(|(_, p)| p).sum();
        assert!((sum - get(&after, 0).1).abs() < 1e-12, "the parts add up to the score");
    }

    #[test]
    fn a_requirement_that_is_not_met_comes_last_until_it_is() {
        let mut asks = platform("B", "8", "0.5");
        asks.insert("requirements", "local_entity; vat_number");
        let rows = [platform("A", "15", "0.6"), asks];
        let without = choose(&rows, &PlatformParams::default());
        assert_eq!(without.recommended().unwrap().facts.platform, "A");
        assert_eq!(without.ranked()[1].unmet, ["local_entity", "vat_number"]);
        assert!(without.sentences()[1].en.contains("local_entity, vat_number"));
        let has = ["local_entity".to_owned(), "vat_number".to_owned()].into();
        let with = choose(&rows, &PlatformParams { has, ..PlatformParams::default() });
        assert_eq!(with.recommended().unwrap().facts.platform, "B");
    }

    #[test]
    fn unknown_fees_are_no_fee_of_nothing() {
        let mut silent = platform("A", "15", "0.6");
        silent.remove("fixed_fee");
        let choice = choose(&[silent], &PlatformParams::default());
        assert_eq!(choice.ranked()[0].fee, None);
        assert_eq!(choice.ranked()[0].score, Some(0.6));
        assert!(choice.figures(0).iter().all(|f| f.key != "platform.fee"));
    }

    #[test]
    fn wrong_cells_are_named() {
        let says = |cells: BTreeMap<&str, &str>| PlatformFacts::from_cells(&cells).unwrap_err().to_string();
        let wrong = says(platform("A", "150", "0.6"));
        assert_eq!(wrong, "platform `A`, column `fee_percent`: `150` is not a percentage from 0 to 100");
        assert!(says(platform("A", "x", "0.6")).ends_with("`x` is not a number"));
        let mut odd = platform("A", "1", "0.6");
        odd.insert("fee", "3");
        assert!(says(odd).starts_with("platform `A`, column `fee`: `` is not a column: platform, market"));
    }

    #[test]
    fn the_template_states_no_number() {
        let rows = template();
        assert!(
            rows.len() >= 15 && rows.iter().all(|r| r.note == "verify" && r.fee_percent.is_none() && r.reach.is_none())
        );
        let choice = PlatformParams::default().choose(&rows, ORDER).unwrap();
        assert_eq!(choice.recommended(), None);
    }
}
