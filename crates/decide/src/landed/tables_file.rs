//! `costs.toml`: taxes, low-value schemes, duty rates and channels as a seller writes them, and the table compiled in.
//!
//! ```toml
//! [[tax]]
//! id = "vat-de"
//! markets = ["DE"]
//! from = "2021-01-01"
//! rate = 0.19
//! customs = "cif"
//! source = "our accountant"
//!
//! [[duty]]
//! id = "kettles-eu"
//! markets = ["EU"]
//! hs = "851679"
//! from = "2026-01-01"
//! rate = 0.027
//! source = "TARIC"
//! ```

use super::tables::{Channel, Citation, CostTables, CustomsBase, DutyRate, LowValue, MarketTax, SchemeDuty, SchemeTax};
use crate::own_file::{Confidence, FileError, Source, day, decimal, markets, money, share};
use domain::{Day, Market, Money};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    tax: Vec<RawTax>,
    #[serde(default)]
    low_value: Vec<RawLowValue>,
    #[serde(default)]
    duty: Vec<RawDuty>,
    #[serde(default)]
    duties: Vec<RawDuties>,
    #[serde(default)]
    channel: Vec<RawChannel>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTax {
    id: String,
    markets: Vec<String>,
    from: String,
    rate: f64,
    customs: CustomsBase,
    source: String,
    confidence: Option<Confidence>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLowValue {
    id: String,
    markets: Vec<String>,
    #[serde(default)]
    origins: Vec<String>,
    #[serde(default)]
    not_origins: Vec<String>,
    from: String,
    until: Option<String>,
    threshold: String,
    duty: String,
    tax: SchemeTax,
    source: String,
    confidence: Option<Confidence>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDuty {
    id: String,
    markets: Vec<String>,
    #[serde(default)]
    hs: String,
    #[serde(default)]
    origins: Vec<String>,
    from: String,
    until: Option<String>,
    rate: f64,
    source: String,
    confidence: Option<Confidence>,
}

/// Many rates of one market, by the beginning of the code.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDuties {
    id: String,
    markets: Vec<String>,
    #[serde(default)]
    origins: Vec<String>,
    from: String,
    until: Option<String>,
    rates: BTreeMap<String, f64>,
    source: String,
    confidence: Option<Confidence>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawChannel {
    id: String,
    name: String,
    #[serde(default)]
    markets: Vec<String>,
    from: String,
    fee: f64,
    fee_least: Option<String>,
    fee_fixed: Option<String>,
    #[serde(default)]
    payment: f64,
    payment_fixed: Option<String>,
    #[serde(default)]
    other: f64,
    #[serde(default)]
    return_rate: f64,
    #[serde(default)]
    return_loss: f64,
    return_leg: Option<String>,
    source: String,
    confidence: Option<Confidence>,
}

/// Key and what would be right.
type Wrong = (&'static str, String);

/// Puts the key to a reading function's complaint.
fn of<T>(key: &'static str, read: Result<T, String>) -> Result<T, Wrong> {
    read.map_err(|right| (key, right))
}

fn some<T>(key: &'static str, text: Option<&str>, read: fn(&str) -> Result<T, String>) -> Result<Option<T>, Wrong> {
    text.map(|t| of(key, read(t))).transpose()
}

fn any(key: &'static str, codes: &[String]) -> Result<Vec<Market>, Wrong> {
    if codes.is_empty() { Ok(Vec::new()) } else { of(key, markets(codes)) }
}

fn until(from: Day, text: Option<&str>) -> Result<Option<Day>, Wrong> {
    let until = some("until", text, day)?;
    if until.is_some_and(|end| end <= from) {
        return Err(("until", format!("a day after `from`, which is {from}")));
    }
    Ok(until)
}

fn cite(id: &str, from: &str, source: &str, confidence: Option<Confidence>) -> Result<Citation, Wrong> {
    Ok(Citation {
        id: id.to_owned(),
        from: of("from", day(from))?,
        source: source.to_owned(),
        confidence: confidence.unwrap_or(Confidence::Stated),
    })
}

fn amount(text: &str) -> Result<Money, String> {
    let m = money(text)?;
    if m.minor < 0 { Err("an amount of at least 0 is right".to_owned()) } else { Ok(m) }
}

/// A share that may be all of it.
fn part(x: f64) -> Result<domain::Decimal, String> {
    if x == 1.0 { Ok(domain::Decimal::ONE) } else { share(x) }
}

impl RawTax {
    fn read(&self) -> Result<MarketTax, Wrong> {
        let cite = cite(&self.id, &self.from, &self.source, self.confidence)?;
        let markets = of("markets", markets(&self.markets))?;
        Ok(MarketTax { markets, rate: of("rate", share(self.rate))?, customs: self.customs, cite })
    }
}

impl RawLowValue {
    fn read(&self) -> Result<LowValue, Wrong> {
        let cite = cite(&self.id, &self.from, &self.source, self.confidence)?;
        let duty = match self.duty.as_str() {
            "free" => SchemeDuty::Free,
            "usual" => SchemeDuty::Usual,
            text if text.ends_with('%') => {
                let right = || ("duty", "a share such as \"20 %\" is right".to_owned());
                let percent: f64 = text.trim_end_matches('%').trim().parse().map_err(|_| right())?;
                let percent = decimal(percent, 0.0).map_err(|_| right())?;
                SchemeDuty::Share(percent / domain::Decimal::ONE_HUNDRED)
            }
            text => SchemeDuty::Flat(amount(text).map_err(|_| {
                ("duty", "\"free\", \"usual\", a share such as \"20 %\" or an amount such as \"3 EUR\"".to_owned())
            })?),
        };
        Ok(LowValue {
            markets: of("markets", markets(&self.markets))?,
            origins: any("origins", &self.origins)?,
            not_origins: any("not_origins", &self.not_origins)?,
            threshold: of("threshold", amount(&self.threshold))?,
            duty,
            tax: self.tax,
            until: until(cite.from, self.until.as_deref())?,
            cite,
        })
    }
}

impl RawDuties {
    /// One row a rate, its id ending in the beginning of the code.
    fn rows(&self) -> Vec<RawDuty> {
        let row = |(hs, rate): (&String, &f64)| RawDuty {
            id: format!("{}-{}", self.id, if hs.is_empty() { "all" } else { hs }),
            markets: self.markets.clone(),
            hs: hs.clone(),
            origins: self.origins.clone(),
            from: self.from.clone(),
            until: self.until.clone(),
            rate: *rate,
            source: self.source.clone(),
            confidence: self.confidence,
        };
        self.rates.iter().map(row).collect()
    }
}

impl RawDuty {
    fn read(&self) -> Result<DutyRate, Wrong> {
        let cite = cite(&self.id, &self.from, &self.source, self.confidence)?;
        if !self.hs.bytes().all(|b| b.is_ascii_digit()) {
            return Err(("hs", "digits only: \"8516\"; \"\" for all goods".to_owned()));
        }
        Ok(DutyRate {
            markets: of("markets", markets(&self.markets))?,
            hs: self.hs.clone(),
            origins: any("origins", &self.origins)?,
            // Additional duties pass 100 %.
            rate: of("rate", decimal(self.rate, 0.0))?,
            until: until(cite.from, self.until.as_deref())?,
            cite,
        })
    }
}

impl RawChannel {
    fn read(&self) -> Result<Channel, Wrong> {
        let cite = cite(&self.id, &self.from, &self.source, self.confidence)?;
        Ok(Channel {
            name: self.name.clone(),
            markets: any("markets", &self.markets)?,
            fee: of("fee", share(self.fee))?,
            fee_least: some("fee_least", self.fee_least.as_deref(), amount)?,
            fee_fixed: some("fee_fixed", self.fee_fixed.as_deref(), amount)?,
            payment: of("payment", share(self.payment))?,
            payment_fixed: some("payment_fixed", self.payment_fixed.as_deref(), amount)?,
            other: of("other", share(self.other))?,
            return_rate: of("return_rate", share(self.return_rate))?,
            return_loss: of("return_loss", part(self.return_loss))?,
            return_leg: some("return_leg", self.return_leg.as_deref(), amount)?,
            cite,
        })
    }
}

impl CostTables {
    /// Taxes, schemes, duties and fees of general knowledge: every use says "verify".
    ///
    /// # Panics
    /// Never: a test reads the tables that are compiled in.
    pub fn built_in() -> Self {
        let read = |name, text| Self::parse(name, text).expect("the tables compiled in can be read");
        let taxes = read("built-in taxes", include_str!("data/taxes.toml"));
        taxes
            .with(read("built-in duties", include_str!("data/duties.toml")))
            .with(read("built-in channels", include_str!("data/channels.toml")))
    }

    /// A seller's `costs.toml`. Without `confidence` a row counts as stated.
    ///
    /// # Errors
    /// [`FileError`] naming line, key, value and what would be right.
    pub fn parse(file: &str, text: &str) -> Result<Self, FileError> {
        let source = Source { file, text };
        let raw: RawFile = source.read()?;
        let mut seen = BTreeSet::new();
        let mut tables = Self::default();
        for (n, row) in raw.tax.iter().enumerate() {
            tables.taxes.push(checked(source, "tax", n, &row.id, row.read(), &mut seen)?);
        }
        for (n, row) in raw.low_value.iter().enumerate() {
            tables.low_value.push(checked(source, "low_value", n, &row.id, row.read(), &mut seen)?);
        }
        for (n, row) in raw.duty.iter().enumerate() {
            tables.duties.push(checked(source, "duty", n, &row.id, row.read(), &mut seen)?);
        }
        for (n, rates) in raw.duties.iter().enumerate() {
            for row in rates.rows() {
                // In the file the codes and their rates stand in one line.
                let read = row.read().map_err(|(key, right)| match key {
                    "hs" | "rate" => ("rates", format!("{key}: {right}")),
                    _ => (key, right),
                });
                tables.duties.push(checked(source, "duties", n, &row.id, read, &mut seen)?);
            }
        }
        for (n, row) in raw.channel.iter().enumerate() {
            tables.channels.push(checked(source, "channel", n, &row.id, row.read(), &mut seen)?);
        }
        Ok(tables)
    }

    /// With a seller's rows: an equal id replaces ours, the others are added. The more particular row wins anyway (a longer
    /// HS prefix, a later day), so most sellers only add.
    #[must_use]
    pub fn with(mut self, own: Self) -> Self {
        fn join<T>(ours: &mut Vec<T>, own: Vec<T>, id: impl Fn(&T) -> &str) {
            ours.retain(|row| own.iter().all(|o| id(o) != id(row)));
            ours.extend(own);
        }
        join(&mut self.taxes, own.taxes, |r| &r.cite.id);
        join(&mut self.low_value, own.low_value, |r| &r.cite.id);
        join(&mut self.duties, own.duties, |r| &r.cite.id);
        join(&mut self.channels, own.channels, |r| &r.cite.id);
        self
    }
}

fn checked<T>(
    source: Source<'_>,
    header: &str,
    n: usize,
    id: &str,
    row: Result<T, Wrong>,
    seen: &mut BTreeSet<String>,
) -> Result<T, FileError> {
    let row = row.map_err(|(key, right)| source.wrong(header, n, key, right))?;
    if seen.insert(id.to_owned()) { Ok(row) } else { Err(source.wrong(header, n, "id", "an id that no other row has")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Decimal;

    fn market(code: &str) -> Market {
        code.parse().unwrap()
    }

    fn on(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn the_tables_compiled_in_are_read_and_cover_the_markets() {
        let tables = CostTables::built_in();
        let codes =
            "US CA MX BR AR CL CO GB DE FR IT ES NL PL SE NO CH AU NZ JP KR CN IN SG MY TH VN ID PH SA AE ZA TR IL";
        for code in codes.split(' ') {
            let m = market(code);
            assert!(tables.tax(m, on("2026-06-01")).is_some(), "no tax: {code}");
            assert!(tables.duty(m, "851631", market("CN"), on("2026-06-01")).is_some(), "no duty: {code}");
            assert!(tables.channel("own_shop", m, on("2026-06-01")).is_some(), "no channel: {code}");
        }
        assert!(tables.taxes.iter().all(|t| t.cite.confidence.verify()), "ours are general knowledge");
    }

    #[test] // Well-known steps in time.
    fn rates_and_schemes_change_on_their_day() {
        let tables = CostTables::built_in();
        let rate = |code: &str, d: &str| tables.tax(market(code), on(d)).unwrap().rate;
        assert_eq!((rate("FI", "2024-08-31"), rate("FI", "2024-09-01")), (Decimal::new(24, 2), Decimal::new(255, 3)));
        assert_eq!((rate("SG", "2023-12-31"), rate("SG", "2024-01-01")), (Decimal::new(8, 2), Decimal::new(9, 2)));
        let schemes = |code: &str, origin: &str, d: &str| -> Vec<String> {
            let found = tables.schemes(market(code), market(origin), on(d));
            found.map(|s| s.threshold.to_string()).collect()
        };
        assert_eq!(schemes("US", "CN", "2025-05-01"), ["800.00 USD"]);
        assert_eq!(schemes("US", "CN", "2025-05-02"), Vec::<String>::new());
        assert_eq!(schemes("US", "VN", "2025-08-28"), ["800.00 USD"]);
        assert_eq!(schemes("US", "VN", "2025-08-29"), Vec::<String>::new());
        assert_eq!(schemes("DE", "CN", "2026-01-01"), ["150.00 EUR"]);
        assert_eq!(schemes("GB", "CN", "2026-01-01"), ["135.00 GBP"]);
        assert_eq!(schemes("AU", "CN", "2026-01-01"), ["1000.00 AUD"]);
    }

    #[test]
    fn mistakes_name_line_key_value_and_remedy() {
        let text = "[[tax]]\nid = \"a\"\nmarkets = [\"DE\"]\nfrom = \"2021-01-01\"\nrate = 19\ncustoms = \"cif\"\nsource = \"x\"\n";
        let e = CostTables::parse("costs.toml", text).unwrap_err().to_string();
        assert_eq!(e, "costs.toml:5: `rate` is 19: a share from 0 to below 1 is right: 0.19 for 19 %");
        let right = text.replace("= 19", "= 0.19");
        assert!(CostTables::parse("costs.toml", &right).is_ok());
        let e = CostTables::parse("c", &right.replace("2021-01-01", "1.1.2021")).unwrap_err().to_string();
        assert!(e.starts_with("c:4: `from` is \"1.1.2021\": a day such as"), "{e}");
        let e = CostTables::parse("c", &format!("{right}{right}")).unwrap_err().to_string();
        assert!(e.starts_with("c:9: `id` is \"a\": an id that no other row has"), "{e}");
        let e = CostTables::parse("c", &right.replace("\"cif\"", "\"ddp\"")).unwrap_err().to_string();
        assert!(e.starts_with("c:6: `customs` is \"ddp\": unknown variant `ddp`"), "{e}");
    }
}
