//! The facts about a market that the program understands: name, unit, possible range, and how far they can be trusted.
//!
//! A fact that the seller brings is a row of `market_facts` with one of these names (or an alias). A name that nobody
//! knows is refused with the nearest one that is known; so is a unit that does not fit and a number out of range: a
//! share of 45 without `percent` would otherwise become the best market on earth. Three facts are never read from a
//! table because the program computes them (distances, the gap in incomes). The own ones come from own data; visits and
//! searches may also come from a table, as a report of web analytics by country, since a market that is not entered often
//! leaves no events behind. Where events are there, they win.
//!
//! `spread` is how uncertain a fresh published figure is: the standard deviation of its logarithm for quantities, of
//! the figure itself for shares, growth and indices. It is a judgement of ours, not an estimate: national statistics of
//! population are good to a percent, market research on spending in a category is good to a quarter.

use domain::Currency;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A fact about a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is described in the table below, in both languages")]
pub enum Fact {
    Population,
    PopulationGrowth,
    AdultPopulationShare,
    Households,
    IncomePerHead,
    IncomeGrowth,
    InternetShare,
    UrbanShare,
    EcommerceShare,
    CategorySpendPerHead,
    CategoryGrowth,
    OwnershipShare,
    CardShare,
    WalletShare,
    LogisticsIndex,
    CustomsDays,
    ImportDuty,
    VatRate,
    DaysByAir,
    ShippingCostPerKg,
    CompetitorCount,
    TopThreeShare,
    AdCostIndex,
    ReturnRate,
    EaseOfEntry,
    PoliticalRisk,
    OwnVisits,
    OwnSearches,
    OwnOrders,
    OwnRefundShare,
    TransferGain,
    SellableShare,
    LandedCostShare,
    DistanceKm,
    LanguageDistance,
    IncomeGap,
}

/// Who says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A published indicator: a row of `market_facts`.
    Public,
    /// Own visits, searches, orders.
    Own,
    /// Another part of the program: transfer, sellability, costs.
    Part,
    /// Computed from other facts and tables of the program.
    Computed,
}

/// In what a fact is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FactUnit {
    /// Persons or households.
    Count,
    /// A share in [0, 1].
    Share,
    /// Relative change in a year: 0.03 is 3 %.
    Growth,
    /// Money of one currency, in the tables of the program US dollars.
    Money,
    /// Days.
    Days,
    /// 0 to 100.
    Index100,
    /// 1 to 5.
    Index5,
    /// A ratio to home or to another stated base; 1 is as there.
    Ratio,
    /// Events in a month.
    PerMonth,
    /// Kilometres.
    Kilometres,
}

/// Whether the seller can move it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lever {
    /// By other carriers, prices, adverts or assortment.
    Seller,
    /// The world's affair, and it changes.
    Given,
    /// Not within the years of a plan: people, places, languages.
    Fixed,
}

/// What is fixed about a fact.
#[derive(Clone, Copy, Debug)]
pub struct FactSpec {
    /// Which.
    pub fact: Fact,
    /// Its name in tables.
    pub name: &'static str,
    /// Other names that are read.
    pub aliases: &'static [&'static str],
    /// Who says it.
    pub origin: Origin,
    /// Its unit.
    pub unit: FactUnit,
    /// Least possible value.
    pub low: f64,
    /// Largest possible value.
    pub high: f64,
    /// Uncertainty of a fresh figure, see the module.
    pub spread: f64,
    /// Whether the seller can move it.
    pub lever: Lever,
    /// In words, English.
    pub en: &'static str,
    /// In words, Chinese.
    pub zh: &'static str,
}

use Fact::*;
use FactUnit as U;
use Lever::{Fixed, Given, Seller};
use Origin::{Computed, Own, Part, Public};

#[expect(clippy::too_many_arguments, reason = "one row of the table below")]
const fn f(
    fact: Fact,
    name: &'static str,
    aliases: &'static [&'static str],
    origin: Origin,
    unit: FactUnit,
    (low, high): (f64, f64),
    spread: f64,
    lever: Lever,
    (en, zh): (&'static str, &'static str),
) -> FactSpec {
    FactSpec { fact, name, aliases, origin, unit, low, high, spread, lever, en, zh }
}

const SHARE: (f64, f64) = (0.0, 1.0);

/// All facts, in the order of [`Fact`].
#[rustfmt::skip]
pub static FACTS: &[FactSpec] = &[
    f(Population, "population", &["inhabitants", "people"], Public, U::Count, (1e3, 2e9), 0.01, Fixed, ("population", "人口")),
    f(PopulationGrowth, "population_growth", &[], Public, U::Growth, (-0.1, 0.2), 0.002, Given, ("growth of the population a year", "人口年增长率")),
    f(AdultPopulationShare, "adult_population_share", &["adult_share", "adults"], Public, U::Share, SHARE, 0.01, Fixed, ("share of adults", "成年人口占比")),
    f(Households, "households", &[], Public, U::Count, (100.0, 1e9), 0.03, Fixed, ("households", "家庭户数")),
    f(IncomePerHead, "income_per_head", &["gni_per_head", "gdp_per_head", "gdp_per_capita", "gni_per_capita", "income_per_capita"], Public, U::Money, (100.0, 500_000.0), 0.05, Given, ("income per head a year", "人均年收入")),
    f(IncomeGrowth, "income_growth", &["gdp_growth"], Public, U::Growth, (-0.3, 0.5), 0.01, Given, ("growth of income a year", "收入年增长率")),
    f(InternetShare, "internet_share", &["internet_penetration", "online_share"], Public, U::Share, SHARE, 0.03, Given, ("share of people online", "互联网普及率")),
    f(UrbanShare, "urban_share", &["urbanisation", "urbanization"], Public, U::Share, SHARE, 0.02, Fixed, ("share living in towns", "城镇人口占比")),
    f(EcommerceShare, "ecommerce_share", &["online_retail_share", "e_commerce_share"], Public, U::Share, SHARE, 0.02, Given, ("online share of retail", "电商占零售比重")),
    f(CategorySpendPerHead, "category_spend_per_head", &["category_spend", "category_spend_per_capita"], Public, U::Money, (0.01, 50_000.0), 0.25, Given, ("spending on the category per head a year", "品类人均年支出")),
    f(CategoryGrowth, "category_growth", &[], Public, U::Growth, (-0.5, 2.0), 0.03, Given, ("growth of the category a year", "品类年增长率")),
    f(OwnershipShare, "ownership_share", &["ownership", "household_ownership"], Public, U::Share, SHARE, 0.05, Given, ("share of households that own the product", "家庭拥有率")),
    f(CardShare, "card_share", &["card_payment_share"], Public, U::Share, SHARE, 0.05, Given, ("share of online payments by card", "银行卡支付占比")),
    f(WalletShare, "wallet_share", &["wallet_payment_share", "e_wallet_share"], Public, U::Share, SHARE, 0.05, Given, ("share of online payments by wallet", "电子钱包支付占比")),
    f(LogisticsIndex, "logistics_index", &["lpi", "logistics_performance"], Public, U::Index5, (1.0, 5.0), 0.1, Given, ("logistics index, 1 to 5", "物流指数（1至5）")),
    f(CustomsDays, "customs_days", &["customs_clearance_days"], Public, U::Days, (0.0, 120.0), 0.3, Given, ("days at customs", "清关天数")),
    f(ImportDuty, "import_duty", &["duty_rate", "tariff"], Public, U::Share, (0.0, 3.0), 0.01, Given, ("import duty", "进口关税")),
    f(VatRate, "vat_rate", &["vat", "gst_rate", "sales_tax"], Public, U::Share, (0.0, 0.5), 0.002, Given, ("value added tax", "增值税率")),
    f(DaysByAir, "days_by_air", &["air_days", "delivery_days"], Public, U::Days, (0.2, 120.0), 0.2, Seller, ("days to the door by air", "空运到门天数")),
    f(ShippingCostPerKg, "shipping_cost_per_kg", &["freight_per_kg", "air_cost_per_kg"], Public, U::Money, (0.01, 500.0), 0.15, Seller, ("shipping cost per kilogram", "每公斤运费")),
    f(CompetitorCount, "competitor_count", &["competitors"], Public, U::Count, (0.0, 1e6), 0.2, Given, ("serious competitors", "主要竞争对手数")),
    f(TopThreeShare, "top3_share", &["top_three_share", "concentration"], Public, U::Share, SHARE, 0.05, Given, ("share of the three largest sellers", "前三名市场份额")),
    f(AdCostIndex, "ad_cost_index", &["cpm_index", "ad_cost"], Public, U::Ratio, (0.01, 50.0), 0.15, Seller, ("price of advertising against home", "广告价格（相对本国）")),
    f(ReturnRate, "return_rate", &["returns"], Public, U::Share, SHARE, 0.03, Given, ("share of orders sent back in the trade", "行业退货率")),
    f(EaseOfEntry, "ease_of_entry", &["ease", "ease_of_doing_business"], Public, U::Index100, (0.0, 100.0), 5.0, Given, ("ease of doing business, 0 to 100", "营商便利度（0至100）")),
    f(PoliticalRisk, "political_risk", &["country_risk"], Public, U::Index100, (0.0, 100.0), 5.0, Given, ("political risk, 0 to 100", "政治风险（0至100）")),
    f(OwnVisits, "own_visits", &[], Own, U::PerMonth, (0.0, 1e10), 0.1, Seller, ("own visits from there a month", "来自当地的月访问量")),
    f(OwnSearches, "own_searches", &[], Own, U::PerMonth, (0.0, 1e10), 0.1, Seller, ("own searches from there a month", "来自当地的月搜索量")),
    f(OwnOrders, "own_orders", &[], Own, U::PerMonth, (0.0, 1e10), 0.0, Seller, ("own orders from there a month", "来自当地的月订单量")),
    f(OwnRefundShare, "own_refund_share", &[], Own, U::Share, SHARE, 0.0, Seller, ("share of own revenue refunded there", "当地自营退款占比")),
    f(TransferGain, "transfer_gain", &[], Part, U::Growth, (-1.0, 5.0), 0.05, Given, ("gain expected from what other markets taught", "跨市场迁移的预期增益")),
    f(SellableShare, "sellable_share", &[], Part, U::Share, SHARE, 0.05, Seller, ("share of the catalogue that may be sold there", "可售商品占比")),
    f(LandedCostShare, "landed_cost_share", &[], Part, U::Ratio, (0.0, 10.0), 0.08, Seller, ("landed cost over price", "到岸成本占售价比")),
    f(DistanceKm, "distance_km", &[], Computed, U::Kilometres, (0.0, 20_100.0), 0.0, Fixed, ("kilometres from home", "与本国距离（公里）")),
    f(LanguageDistance, "language_distance", &[], Computed, U::Share, SHARE, 0.1, Fixed, ("distance of languages, 0 to 1", "语言距离（0至1）")),
    f(IncomeGap, "income_gap", &[], Computed, U::Ratio, (0.0, 10.0), 0.07, Fixed, ("gap of incomes to home, in logarithms", "与本国收入差距（对数）")),
];

/// Number of facts.
pub const N_FACTS: usize = 36;

/// Why a row of facts is not used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FactRefusal {
    /// A name nobody knows.
    #[error("unknown fact `{name}`{}", suggest(*.suggestion))]
    Unknown {
        /// As given.
        name: String,
        /// The nearest known name, where one is near.
        suggestion: Option<&'static str>,
    },
    /// A fact that is computed, not read.
    #[error("`{0}` is computed by the program and not read from a table")]
    NotRead(&'static str),
    /// Words where a number is needed.
    #[error("`{0}` has no number")]
    NoNumber(&'static str),
    /// A unit that does not fit.
    #[error("`{fact}` in `{unit}`: {right} is right")]
    Unit {
        /// Which fact.
        fact: &'static str,
        /// As given, empty for none.
        unit: String,
        /// What would be right.
        right: &'static str,
    },
    /// Out of the possible.
    #[error("`{fact}` is {value}, it has to be within {low} and {high}")]
    Range {
        /// Which fact.
        fact: &'static str,
        /// As given, in the fact's unit.
        value: f64,
        /// Least possible.
        low: f64,
        /// Largest possible.
        high: f64,
    },
    /// Money of a currency without a rate.
    #[error("`{fact}` is in {currency} and no rate of it is known")]
    NoRate {
        /// Which fact.
        fact: &'static str,
        /// Its currency.
        currency: Currency,
    },
}

fn suggest(name: Option<&'static str>) -> String {
    name.map_or_else(String::new, |name| format!(", did you mean `{name}`?"))
}

/// A number read: in the fact's unit, and as it was given where it is money.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// In the fact's unit; money in US dollars.
    pub value: f64,
    /// Money as it was given.
    pub given: Option<(f64, Currency)>,
}

impl Fact {
    /// Whether only orders of the market's own shoppers can tell it: where nothing was sold its absence says nothing.
    pub fn of_sales(self) -> bool {
        matches!(self, Self::OwnOrders | Self::OwnRefundShare | Self::TransferGain)
    }

    /// What is fixed about it.
    pub fn spec(self) -> &'static FactSpec {
        &FACTS[self as usize]
    }

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        self.spec().name
    }

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        FACTS.iter().map(|spec| spec.fact)
    }

    /// Whether a table may state it: what is published, and own visits and searches.
    pub fn is_read(self) -> bool {
        self.spec().origin == Public || matches!(self, OwnVisits | OwnSearches)
    }

    /// The fact of a name or alias, in any case, with blanks or hyphens for underscores.
    ///
    /// # Errors
    /// [`FactRefusal::Unknown`] with the nearest name, [`FactRefusal::NotRead`] for one that is computed.
    pub fn from_table(name: &str) -> Result<Self, FactRefusal> {
        let key = key(name);
        let found = FACTS.iter().find(|s| s.name == key || s.aliases.contains(&key.as_str()));
        match found {
            Some(spec) if spec.fact.is_read() => Ok(spec.fact),
            Some(spec) => Err(FactRefusal::NotRead(spec.name)),
            None => {
                let near = read_names().map(|(n, s)| (edits(&key, n), n, s)).min_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
                let suggestion = near.filter(|(d, n, _)| *d <= (n.len() / 3).max(2)).map(|(_, _, spec)| spec.name);
                Err(FactRefusal::Unknown { name: name.to_owned(), suggestion })
            }
        }
    }

    /// A value in its own unit from a number and the unit beside it. `dollars` are US dollars for one unit of a currency.
    ///
    /// # Errors
    /// [`FactRefusal`] for a unit, a currency or a number that does not fit.
    pub fn read(
        self,
        value: Option<f64>,
        unit: Option<&str>,
        dollars: &BTreeMap<Currency, f64>,
    ) -> Result<Reading, FactRefusal> {
        let spec = self.spec();
        let fact = spec.name;
        let value = value.filter(|v| v.is_finite()).ok_or(FactRefusal::NoNumber(fact))?;
        let given_unit = unit.map(key).unwrap_or_default();
        let wrong = |right| FactRefusal::Unit { fact, unit: unit.unwrap_or_default().to_owned(), right };
        let plain = |factor: f64| Reading { value: value * factor, given: None };
        let reading = match (spec.unit, given_unit.as_str()) {
            (U::Count, "" | "people" | "persons" | "households" | "count" | "1") => plain(1.0),
            (U::Count, "thousand" | "thousands") => plain(1e3),
            (U::Count, "million" | "millions") => plain(1e6),
            (U::Count, _) => return Err(wrong("people, households, thousand or million")),
            (U::Share | U::Growth, "share" | "ratio" | "1") => plain(1.0),
            (U::Share | U::Growth, "percent" | "%" | "pct") => plain(0.01),
            (U::Share | U::Growth, _) => return Err(wrong("share (0.45) or percent (45)")),
            (U::Days, "" | "days" | "day") => plain(1.0),
            (U::Days, "hours" | "hour") => plain(1.0 / 24.0),
            (U::Days, _) => return Err(wrong("days or hours")),
            (U::Index100, "" | "index" | "index100" | "points" | "0_100") => plain(1.0),
            (U::Index100, _) => return Err(wrong("index, 0 to 100,")),
            (U::Index5, "" | "index" | "index5" | "points" | "1_5") => plain(1.0),
            (U::Index5, _) => return Err(wrong("index, 1 to 5,")),
            (U::Ratio, "" | "ratio" | "index" | "1") => plain(1.0),
            (U::Ratio, "percent" | "%") => plain(0.01),
            (U::Ratio, _) => return Err(wrong("ratio (1.2) or percent (120)")),
            // Dollars of equal purchasing power are what incomes are compared in: they stand for dollars.
            (U::Money, "usd_ppp" | "intl_usd" | "international_dollars" | "ppp") => plain(1.0),
            (U::Money, code) => {
                let code = code.split(['_', '/']).next().unwrap_or_default();
                let currency: Currency = code.parse().map_err(|_| wrong("a currency, such as EUR, or usd_ppp"))?;
                let usd = Currency::new(*b"USD");
                let rate = if currency == usd { Some(1.0) } else { dollars.get(&currency).copied() };
                let rate = rate.filter(|r| *r > 0.0).ok_or(FactRefusal::NoRate { fact, currency })?;
                Reading { value: value * rate, given: Some((value, currency)) }
            }
            (U::PerMonth, "per_month" | "a_month" | "monthly") if self.is_read() => plain(1.0),
            (U::PerMonth, _) if self.is_read() => return Err(wrong("per month")),
            (U::PerMonth | U::Kilometres, _) => return Err(FactRefusal::NotRead(fact)),
        };
        self.in_range(reading.value)?;
        Ok(reading)
    }

    /// Whether a value in the fact's unit is possible.
    ///
    /// # Errors
    /// [`FactRefusal::Range`].
    pub fn in_range(self, value: f64) -> Result<(), FactRefusal> {
        let FactSpec { name, low, high, .. } = *self.spec();
        if (low..=high).contains(&value) { Ok(()) } else { Err(FactRefusal::Range { fact: name, value, low, high }) }
    }

    /// Whether its uncertainty is relative to its size.
    pub fn is_relative(self) -> bool {
        match self.spec().unit {
            U::Count | U::Money | U::Days | U::Ratio | U::PerMonth | U::Kilometres => true,
            U::Share | U::Growth | U::Index100 | U::Index5 => false,
        }
    }

    /// A value as a sentence shows it.
    pub fn shown(self, value: f64) -> String {
        use super::words::{number, percent};
        match self.spec().unit {
            U::Share | U::Growth => percent(value),
            U::Money => format!("{} USD", number(value)),
            _ => number(value),
        }
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}

fn read_names() -> impl Iterator<Item = (&'static str, &'static FactSpec)> {
    let read = FACTS.iter().filter(|s| s.fact.is_read());
    read.flat_map(|s| std::iter::once(s.name).chain(s.aliases.iter().copied()).map(move |n| (n, s)))
}

/// A name as tables write it: lower case, underscores.
fn key(name: &str) -> String {
    name.trim().to_lowercase().replace([' ', '-'], "_")
}

/// Levenshtein's distance: letters to put in, take out or change.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_facts_and_names_are_unique() {
        assert_eq!(FACTS.len(), N_FACTS);
        let mut seen = std::collections::BTreeSet::new();
        for (i, spec) in FACTS.iter().enumerate() {
            assert_eq!(spec.fact as usize, i, "{}", spec.name);
            assert!(spec.low < spec.high && spec.spread >= 0.0);
            assert!(std::iter::once(&spec.name).chain(spec.aliases).all(|n| seen.insert(*n)), "{}", spec.name);
            assert!(serde_json::to_value(spec.fact).unwrap().is_string());
        }
    }

    #[test]
    fn a_mistyped_name_gets_the_nearest_and_nonsense_gets_none() {
        assert_eq!(Fact::from_table("GDP per capita"), Ok(Fact::IncomePerHead));
        assert_eq!(Fact::from_table("Top3-share"), Ok(Fact::TopThreeShare));
        let near = Fact::from_table("internet_shar").unwrap_err().to_string();
        assert_eq!(near, "unknown fact `internet_shar`, did you mean `internet_share`?");
        assert_eq!(Fact::from_table("moon phase").unwrap_err().to_string(), "unknown fact `moon phase`");
        assert_eq!(Fact::from_table("distance_km"), Err(FactRefusal::NotRead("distance_km")));
        assert_eq!(Fact::from_table("own searches"), Ok(Fact::OwnSearches));
        assert_eq!((edits("kitten", "sitting"), edits("", "abc")), (3, 3)); // the textbook pair
    }

    #[test]
    fn units_are_converted_and_what_does_not_fit_is_refused() {
        let dollars = BTreeMap::from([(Currency::new(*b"EUR"), 1.1)]);
        let read = |fact: Fact, value: f64, unit: &str| fact.read(Some(value), Some(unit), &dollars);
        assert_eq!(read(Fact::Population, 84.3, "million").unwrap().value, 84_300_000.0);
        assert_eq!(read(Fact::InternetShare, 45.0, "percent").unwrap().value, 0.45);
        let spend = read(Fact::CategorySpendPerHead, 100.0, "EUR").unwrap();
        assert!((spend.value - 110.0).abs() < 1e-9);
        assert_eq!(spend.given, Some((100.0, Currency::new(*b"EUR"))));
        assert_eq!(read(Fact::IncomePerHead, 50_000.0, "usd_ppp").unwrap().value, 50_000.0);
        let says = |r: Result<Reading, FactRefusal>| r.unwrap_err().to_string();
        assert_eq!(
            says(read(Fact::InternetShare, 45.0, "share")),
            "`internet_share` is 45, it has to be within 0 and 1"
        );
        assert_eq!(
            says(read(Fact::InternetShare, 45.0, "")),
            "`internet_share` in ``: share (0.45) or percent (45) is right"
        );
        assert_eq!(
            says(read(Fact::ShippingCostPerKg, 3.0, "CHF")),
            "`shipping_cost_per_kg` is in CHF and no rate of it is known"
        );
        assert_eq!(read(Fact::OwnVisits, 1_200.0, "per month").unwrap().value, 1_200.0);
        assert_eq!(says(read(Fact::OwnVisits, 1_200.0, "")), "`own_visits` in ``: per month is right");
        assert_eq!(says(read(Fact::OwnOrders, 12.0, "per month")), FactRefusal::NotRead("own_orders").to_string());
        assert_eq!(says(Fact::VatRate.read(None, Some("share"), &dollars)), "`vat_rate` has no number");
    }
}
