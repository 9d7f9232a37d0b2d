//! What is known of each market, from three sources: rows of `market_facts`, own data, other parts of the program.
//!
//! [`FactParams::read`] takes the rows that were true and known on a day: of several, the one about the latest day, and of
//! several versions of it the last published, as `clean.market_facts` itself does. A row that cannot be used is kept with
//! the reason; it is not an error. An old figure is less certain: its spread grows by the square root of one plus half its
//! age in years.
//!
//! [`Candidate`] then joins the rest: own counts are Poisson (their uncertainty is a gamma posterior with half an event
//! added, Jeffreys' prior) and win over those of a table, what other parts estimated comes with its interval, and distances are computed.
//!
//! Cost: one sort of the rows.

use super::facts::{Fact, FactRefusal, N_FACTS, Origin, Reading};
use super::{EntryError, Estimate, geography, language};
use domain::{Currency, Day, Market, Rng};
use learn::variates::{beta, gamma};
use std::collections::BTreeMap;

/// One row of `clean.market_facts`.
#[derive(Clone, Debug, PartialEq)]
pub struct FactRow {
    /// Which market.
    pub market: Market,
    /// Name of the fact.
    pub fact: String,
    /// First day that it is about.
    pub day: Day,
    /// Day on which it became known.
    pub known_on: Day,
    /// Number.
    pub value: Option<f64>,
    /// Words, for `languages`.
    pub text: Option<String>,
    /// Unit of the number.
    pub unit: Option<String>,
}

/// How rows are read.
#[derive(Clone, Debug, PartialEq)]
pub struct FactParams {
    /// The day on which it has to be known: later rows are not seen.
    pub as_of: Day,
    /// US dollars for one unit of a currency, for facts in money.
    pub dollars: BTreeMap<Currency, f64>,
    /// Uncertainty of fresh figures where it is not that of [`super::facts::FACTS`].
    pub spreads: BTreeMap<Fact, f64>,
}

/// How a value is uncertain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Law {
    /// Not at all.
    Exact,
    /// Normal with this standard deviation.
    Normal(f64),
    /// The logarithm is normal with this standard deviation.
    LogNormal(f64),
    /// Events seen in so many months.
    Events {
        /// Seen.
        n: u64,
        /// Months in which they were seen.
        months: f64,
    },
    /// A share: hits of trials, drawn from Beta(hits + 1/2, misses + 1/2).
    Hits {
        /// Hits.
        hits: f64,
        /// Misses.
        misses: f64,
    },
}

/// A fact that is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Known {
    /// In the fact's unit.
    pub value: f64,
    /// Its uncertainty.
    pub law: Law,
    /// Money as it was given.
    pub given: Option<(f64, Currency)>,
    /// First day that a published figure is about.
    pub day: Option<Day>,
}

/// The facts of one market as they were read.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Indicators {
    /// Figures.
    pub values: BTreeMap<Fact, Known>,
    /// Languages by ISO 639-1, the most read first; empty where no row says.
    pub languages: Vec<String>,
}

/// A row that was not used.
#[derive(Clone, Debug, PartialEq)]
pub struct RefusedRow {
    /// Position among the rows given.
    pub row: usize,
    /// Whose.
    pub market: Market,
    /// Why.
    pub refusal: FactRefusal,
}

/// All facts that are known.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct FactTable {
    /// By market.
    pub markets: BTreeMap<Market, Indicators>,
    /// Rows that could not be used, in their order.
    pub refused: Vec<RefusedRow>,
    /// Rows about later days or published later.
    pub not_yet_known: usize,
}

/// How far the seller is in a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarketStatus {
    /// Where the seller is at home.
    Home,
    /// Sold to already.
    Served,
    /// Not yet.
    Candidate,
}

/// What the seller's own data say of a market. `None` is "not measured", zero is "measured, and there was none".
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct OwnEvidence {
    /// Months in which it was measured, above 0 where anything is.
    pub months: f64,
    /// Visits from there.
    pub visits: Option<u64>,
    /// Searches from there.
    pub searches: Option<u64>,
    /// Orders from there; leave it out where the seller does not deliver: nobody could order.
    pub orders: Option<u64>,
    /// Settled sales and what of them was refunded, both positive, in the reporting currency.
    pub revenue_and_refunds: Option<(f64, f64)>,
}

/// What other parts of the program say of a market.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct PartEvidence {
    /// Expected relative gain of ranking there from what other markets taught.
    pub transfer_gain: Option<Estimate>,
    /// Share of the catalogue that may be sold there.
    pub sellable_share: Option<Estimate>,
    /// Landed cost over price.
    pub landed_cost_share: Option<Estimate>,
}

/// A market with everything that is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    market: Market,
    status: MarketStatus,
    values: [Option<Known>; N_FACTS],
    languages: Vec<String>,
    own: OwnEvidence,
}

impl FactParams {
    /// With the table's own spreads and no rates.
    pub fn as_of(as_of: Day) -> Self {
        Self { as_of, dollars: BTreeMap::new(), spreads: BTreeMap::new() }
    }

    /// Reads rows in any order.
    pub fn read(&self, rows: &[FactRow]) -> FactTable {
        let mut table = FactTable::default();
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by_key(|&i| (rows[i].market, &rows[i].fact, rows[i].day, rows[i].known_on, i));
        // What names one fact twice (an alias) is settled by day and publication, too.
        let mut taken: BTreeMap<(Market, Fact), (Day, Day)> = BTreeMap::new();
        for i in order {
            let row = &rows[i];
            if row.day > self.as_of || row.known_on > self.as_of {
                table.not_yet_known += 1;
                continue;
            }
            if matches!(row.fact.trim().to_lowercase().as_str(), "languages" | "language") {
                let words = row.text.as_deref().unwrap_or_default().to_lowercase();
                let codes = words.split(|c: char| !c.is_ascii_alphanumeric()).filter(|c| c.len() == 2);
                table.markets.entry(row.market).or_default().languages = codes.map(str::to_owned).collect();
                continue;
            }
            let read = Fact::from_table(&row.fact)
                .and_then(|fact| Ok((fact, fact.read(row.value, row.unit.as_deref(), &self.dollars)?)));
            match read {
                Ok((fact, reading)) => {
                    let age = (row.day, row.known_on);
                    let newest = taken.entry((row.market, fact)).or_insert(age);
                    if age >= *newest {
                        *newest = age;
                        let known = self.known(fact, reading, row.day);
                        table.markets.entry(row.market).or_default().values.insert(fact, known);
                    }
                }
                Err(refusal) => table.refused.push(RefusedRow { row: i, market: row.market, refusal }),
            }
        }
        table.refused.sort_by_key(|r| r.row);
        table
    }

    fn known(&self, fact: Fact, reading: Reading, day: Day) -> Known {
        let years = f64::from(self.as_of.since(day)) / 365.25;
        let spread = self.spreads.get(&fact).copied().unwrap_or(fact.spec().spread) * (1.0 + years / 2.0).sqrt();
        let law = if fact.is_relative() { Law::LogNormal(spread) } else { Law::Normal(spread) };
        Known { value: reading.value, law, given: reading.given, day: Some(day) }
    }
}

impl Law {
    /// One draw around `value`.
    pub fn draw(self, value: f64, rng: &mut Rng) -> f64 {
        match self {
            Self::Exact => value,
            Self::Normal(sd) => value + sd * rng.normal(),
            Self::LogNormal(sd) => value * (sd * rng.normal()).exp(),
            Self::Events { n, months } => gamma(rng, n as f64 + 0.5) / months,
            Self::Hits { hits, misses } => beta(rng, hits + 0.5, misses + 0.5),
        }
    }

    fn of(estimate: Estimate, relative: bool) -> Self {
        match estimate.sd_log() {
            Some(sd) if relative && sd > 0.0 => Self::LogNormal(sd),
            _ if estimate.high > estimate.low => {
                Self::Normal((estimate.high - estimate.low) / (2.0 * super::estimate::Z95))
            }
            _ => Self::Exact,
        }
    }
}

impl Candidate {
    /// Joins the three sources; `home` and its facts give the distances.
    ///
    /// # Errors
    /// [`EntryError::Estimate`] or [`EntryError::Fact`] for what cannot be, [`EntryError::Param`] for counts without months.
    pub fn new(
        market: Market,
        status: MarketStatus,
        table: &FactTable,
        own: OwnEvidence,
        parts: PartEvidence,
        home: Market,
    ) -> Result<Self, EntryError> {
        let mut values = [None; N_FACTS];
        let none = Indicators::default();
        let of = |m: Market| table.markets.get(&m).unwrap_or(&none);
        let indicators = of(market);
        for (fact, known) in &indicators.values {
            values[*fact as usize] = Some(*known);
        }
        let mut set = |fact: Fact, value: f64, law: Law| {
            fact.in_range(value).map_err(|refusal| EntryError::Fact { market, refusal })?;
            values[fact as usize] = Some(Known { value, law, given: None, day: None });
            Ok::<(), EntryError>(())
        };
        let counts = [(Fact::OwnVisits, own.visits), (Fact::OwnSearches, own.searches), (Fact::OwnOrders, own.orders)];
        for (fact, n) in counts.into_iter().filter_map(|(fact, n)| Some((fact, n?))) {
            if !(own.months > 0.0 && own.months.is_finite()) {
                let name = format!("{market}.months");
                return Err(EntryError::Param { name, rule: "above 0 where counts are given", got: own.months });
            }
            set(fact, n as f64 / own.months, Law::Events { n, months: own.months })?;
        }
        if let Some((revenue, refunds)) = own.revenue_and_refunds.filter(|(revenue, _)| *revenue > 0.0) {
            let share = refunds / revenue;
            // Money is no count: the orders are what the share rests on.
            let n = own.orders.unwrap_or(1).max(1) as f64;
            set(Fact::OwnRefundShare, share, Law::Hits { hits: share * n, misses: (1.0 - share) * n })?;
        }
        let estimates = [
            (Fact::TransferGain, parts.transfer_gain),
            (Fact::SellableShare, parts.sellable_share),
            (Fact::LandedCostShare, parts.landed_cost_share),
        ];
        for (fact, estimate) in estimates.into_iter().filter_map(|(fact, e)| Some((fact, e?))) {
            let estimate = estimate.checked(fact.name())?;
            set(fact, estimate.value, Law::of(estimate, fact.is_relative()))?;
        }
        if let Some(km) = geography::kilometres(home, market) {
            set(Fact::DistanceKm, km, Law::Exact)?;
        }
        let read = |m: Market| -> Vec<String> {
            let own = &of(m).languages;
            if own.is_empty() { domain::languages(m).map(str::to_owned).collect() } else { own.clone() }
        };
        let (here, there) = (read(home), read(market));
        if let Some(distance) = language::nearest(&here, &there) {
            let law = if distance == 0.0 { Law::Exact } else { Law::Normal(Fact::LanguageDistance.spec().spread) };
            set(Fact::LanguageDistance, distance, law)?;
        }
        let income = |m: Market| of(m).values.get(&Fact::IncomePerHead).map(|k| k.value);
        if let Some((ours, theirs)) = income(home).zip(income(market)) {
            let law = if market == home { Law::Exact } else { Law::Normal(Fact::IncomeGap.spec().spread) };
            set(Fact::IncomeGap, (theirs / ours).ln().abs(), law)?;
        }
        Ok(Self { market, status, values, languages: there, own })
    }

    /// Which market.
    pub fn market(&self) -> Market {
        self.market
    }

    /// Its two letters.
    pub fn market_code(&self) -> &str {
        self.market.code()
    }

    /// How far the seller is there.
    pub fn status(&self) -> MarketStatus {
        self.status
    }

    /// Languages read there, the most read first.
    pub fn languages(&self) -> &[String] {
        &self.languages
    }

    /// Own data.
    pub fn own(&self) -> &OwnEvidence {
        &self.own
    }

    /// A fact, `None` where it is not known.
    pub fn known(&self, fact: Fact) -> Option<&Known> {
        self.values[fact as usize].as_ref()
    }

    /// All values; `None` where not known.
    pub fn values(&self) -> [Option<f64>; N_FACTS] {
        self.values.map(|known| known.map(|k| k.value))
    }

    /// One draw of everything that is known, each within what is possible.
    pub fn draw(&self, rng: &mut Rng) -> [Option<f64>; N_FACTS] {
        let mut drawn = [None; N_FACTS];
        for fact in Fact::all() {
            let spec = fact.spec();
            drawn[fact as usize] = self.known(fact).map(|k| k.law.draw(k.value, rng).clamp(spec.low, spec.high));
        }
        drawn
    }

    /// An estimate of a known fact: its value and the middle 95 % of its law.
    pub fn estimate(&self, fact: Fact) -> Option<Estimate> {
        let Known { value, law, .. } = *self.known(fact)?;
        let z = super::estimate::Z95;
        let spec = fact.spec();
        let within = |x: f64| x.clamp(spec.low, spec.high);
        let (low, high) = match law {
            Law::Exact => (value, value),
            Law::Normal(sd) => (value - z * sd, value + z * sd),
            Law::LogNormal(sd) => (value * (-z * sd).exp(), value * (z * sd).exp()),
            Law::Events { n, months } => {
                let i = learn::interval::poisson(n, 0.95)?;
                (i.low / months, i.high / months)
            }
            Law::Hits { hits, misses } => {
                let n = hits + misses;
                let sd = ((hits + 0.5) * (misses + 0.5) / (n + 1.0).powi(2) / (n + 2.0)).sqrt();
                (value - z * sd, value + z * sd)
            }
        };
        Some(Estimate { value, low: within(low).min(value), high: within(high).max(value) })
    }

    /// Facts from a table that nobody gave, in the order of the table.
    pub fn missing_public(&self) -> impl Iterator<Item = Fact> + '_ {
        Fact::all().filter(|f| f.spec().origin == Origin::Public && self.known(*f).is_none())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use domain::Seed;

    pub(crate) fn market(code: &str) -> Market {
        code.parse().unwrap()
    }

    pub(crate) fn row(code: &str, fact: &str, value: f64, unit: &str) -> FactRow {
        let day = Day::from_ymd(2025, 1, 1).unwrap();
        let unit = Some(unit.to_owned());
        FactRow {
            market: market(code),
            fact: fact.to_owned(),
            day,
            known_on: day,
            value: Some(value),
            text: None,
            unit,
        }
    }

    pub(crate) fn params() -> FactParams {
        FactParams::as_of(Day::from_ymd(2025, 1, 1).unwrap())
    }

    pub(crate) fn candidate(code: &str, rows: &[FactRow]) -> Candidate {
        let table = params().read(rows);
        let (own, parts) = (OwnEvidence::default(), PartEvidence::default());
        Candidate::new(market(code), MarketStatus::Candidate, &table, own, parts, market("CN")).unwrap()
    }

    #[test] // Known by January 2025: the figure of 2023 in its second version; that of 2024 is out in February only.
    fn the_figure_of_the_day_is_taken_and_what_comes_later_is_not_seen() {
        let at = |day: i32, known: i32, value: f64| {
            let (day, known_on) = (Day::from_ymd(day, 1, 1).unwrap(), Day::from_ymd(known, 2, 1).unwrap());
            FactRow { day, known_on, ..row("DE", "population", value, "") }
        };
        let rows = [at(2024, 2025, 84.0e6), at(2023, 2024, 83.3e6), at(2022, 2024, 83.1e6), at(2023, 2023, 83.0e6)];
        let table = params().read(&rows);
        assert_eq!(table.not_yet_known, 1);
        let known = table.markets[&market("DE")].values[&Fact::Population];
        assert_eq!(known.value, 83.3e6);
        // Two years old: 0.01 · sqrt(1 + 2/2).
        let Law::LogNormal(sd) = known.law else { panic!("{known:?}") };
        assert!((sd - 0.01 * 2.0_f64.sqrt()).abs() < 1e-4, "{sd}");
    }

    #[test]
    fn an_alias_does_not_hide_a_newer_figure_and_bad_rows_are_kept_with_their_reason() {
        let old = Day::from_ymd(2020, 1, 1).unwrap();
        let mut rows =
            vec![row("DE", "gdp_per_capita", 50_000.0, "USD"), row("DE", "income_per_head", 40_000.0, "USD")];
        rows[1].day = old;
        rows.push(row("DE", "internet", 0.9, "share"));
        rows.push(row("DE", "vat_rate", 19.0, "share"));
        let table = params().read(&rows);
        assert_eq!(table.markets[&market("DE")].values[&Fact::IncomePerHead].value, 50_000.0);
        let reasons: Vec<(usize, String)> = table.refused.iter().map(|r| (r.row, r.refusal.to_string())).collect();
        assert_eq!(reasons[0], (2, "unknown fact `internet`".to_owned()));
        assert_eq!(reasons[1], (3, "`vat_rate` is 19, it has to be within 0 and 0.5".to_owned()));
    }

    #[test]
    fn the_languages_of_the_table_come_before_our_own() {
        let mut says = row("DE", "languages", 0.0, "");
        (says.value, says.text) = (None, Some("zh, de".to_owned()));
        assert_eq!(candidate("DE", &[says]).known(Fact::LanguageDistance).unwrap().value, 0.0);
        assert_eq!(candidate("DE", &[]).known(Fact::LanguageDistance).unwrap().value, 1.0);
    }

    #[test] // 120 visits in 6 months: 20 a month; Garwood's interval of 120 is 99.5 to 143.5.
    fn own_counts_become_rates_with_poisson_intervals_and_absence_is_not_zero() {
        let own = OwnEvidence { months: 6.0, visits: Some(120), orders: Some(0), ..OwnEvidence::default() };
        let make = |own| {
            Candidate::new(
                market("DE"),
                MarketStatus::Served,
                &FactTable::default(),
                own,
                PartEvidence::default(),
                market("CN"),
            )
        };
        let de = make(own).unwrap();
        let visits = de.estimate(Fact::OwnVisits).unwrap();
        assert_eq!(visits.value, 20.0);
        assert!((visits.low * 6.0 - 99.5).abs() < 0.1 && (visits.high * 6.0 - 143.5).abs() < 0.1, "{visits:?}");
        assert_eq!(de.known(Fact::OwnOrders).unwrap().value, 0.0);
        assert_eq!(de.known(Fact::OwnSearches), None);
        let mut rng = Seed(3).stream(0);
        let mean = (0..4000).map(|_| de.draw(&mut rng)[Fact::OwnVisits as usize].unwrap()).sum::<f64>() / 4000.0;
        assert!((mean - 120.5 / 6.0).abs() < 0.15, "{mean}");
        assert!(make(OwnEvidence { months: 0.0, ..own }).is_err());
    }

    #[test]
    fn visits_of_a_table_are_taken_where_no_events_were_counted() {
        let rows = [row("DE", "own_visits", 900.0, "per month"), row("DE", "own_searches", 90.0, "per month")];
        let told = candidate("DE", &rows);
        assert_eq!(told.known(Fact::OwnVisits).map(|k| (k.value, k.law)), Some((900.0, Law::LogNormal(0.1))));
        let own = OwnEvidence { months: 6.0, visits: Some(120), ..OwnEvidence::default() };
        let (table, parts) = (params().read(&rows), PartEvidence::default());
        let de = Candidate::new(market("DE"), MarketStatus::Candidate, &table, own, parts, market("CN")).unwrap();
        assert_eq!(de.known(Fact::OwnVisits).map(|k| k.value), Some(20.0), "events win over the table");
        assert_eq!(de.known(Fact::OwnSearches).map(|k| k.value), Some(90.0));
    }

    #[test] // ln(54,000 / 18,000) = ln 3.
    fn the_gap_of_incomes_is_in_logarithms() {
        let rows = [row("CN", "income_per_head", 18_000.0, "USD"), row("DE", "income_per_head", 54_000.0, "USD")];
        let gap = candidate("DE", &rows).known(Fact::IncomeGap).unwrap().value;
        assert!((gap - 3.0_f64.ln()).abs() < 1e-12);
    }
}
