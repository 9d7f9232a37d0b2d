//! `channels.toml`: platforms to advertise on, how many buy online, own results, and partners, as a seller writes them; and the table
//! of platforms compiled in.
//!
//! ```toml
//! [[platform]]
//! id = "my-search"
//! name = "search"
//! markets = ["DE"]
//! channels = ["google"]
//! reach = 0.7
//! cpm = "14 EUR"
//! click_rate = 0.028
//! order_rate = 0.03
//! source = "our account, last quarter"
//!
//! [[own]]
//! platform = "search"
//! market = "DE"
//! impressions = 120000
//! clicks = 3100
//! orders = 84
//! spend = "1700 EUR"
//! ```
//!
//! A row for the market wins over one for everybody, a later row over an earlier one; an equal id replaces ours.

use super::partner::PartnerFacts;
use crate::own_file::{Confidence, FileError, Source, markets, money};
use domain::{Market, Money};
use serde::Deserialize;

/// A platform as the table has it.
#[derive(Clone, Debug, PartialEq)]
pub struct PlatformRow {
    /// Name of the row.
    pub id: String,
    /// The platform.
    pub name: String,
    /// Where; empty for everywhere.
    pub markets: Vec<Market>,
    /// Names that the seller's table of spend may have for it, besides its own.
    pub channels: Vec<String>,
    /// Part of those who buy online that it reaches in a week.
    pub reach: Option<f64>,
    /// Price of a thousand impressions.
    pub cpm: Option<Money>,
    /// Clicks of an impression.
    pub click_rate: Option<f64>,
    /// Orders of a click.
    pub order_rate: Option<f64>,
    /// Where that comes from.
    pub source: String,
    /// How sure it is.
    pub confidence: Confidence,
}

impl PlatformRow {
    /// Whether a channel of the table of spend is this platform.
    pub fn is(&self, channel: &str) -> bool {
        let plain = |text: &str| text.trim().to_lowercase().replace([' ', '-'], "_");
        let asked = plain(channel);
        plain(&self.name) == asked || self.channels.iter().any(|c| plain(c) == asked)
    }
}

/// Results that the seller states.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnRow {
    /// Name of the platform.
    pub platform: String,
    /// Where.
    pub market: Market,
    /// Impressions, clicks, orders.
    pub counts: (u64, u64, u64),
    /// Spent.
    pub spend: Money,
}

/// All tables.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChannelFacts {
    /// Platforms.
    pub platforms: Vec<PlatformRow>,
    /// People who buy online.
    pub audiences: Vec<(Market, f64)>,
    /// Own results.
    pub own: Vec<OwnRow>,
    /// Partners, each with its market.
    pub partners: Vec<(Market, PartnerFacts)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    platform: Vec<RawPlatform>,
    #[serde(default)]
    audience: Vec<RawAudience>,
    #[serde(default)]
    own: Vec<RawOwn>,
    #[serde(default)]
    partner: Vec<RawPartner>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPlatform {
    id: String,
    name: String,
    #[serde(default)]
    markets: Vec<String>,
    #[serde(default)]
    channels: Vec<String>,
    reach: Option<f64>,
    cpm: Option<String>,
    click_rate: Option<f64>,
    order_rate: Option<f64>,
    source: String,
    confidence: Option<Confidence>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAudience {
    market: String,
    shoppers: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOwn {
    platform: String,
    market: String,
    impressions: u64,
    clicks: u64,
    orders: u64,
    spend: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPartner {
    name: String,
    market: String,
    followers: u64,
    engagement: Option<f64>,
    comment_share: Option<f64>,
    in_market: Option<f64>,
    on_topic: Option<f64>,
    brand_fit: Option<f64>,
    past_orders: Option<f64>,
    #[serde(default)]
    history: Vec<u64>,
    price: Option<String>,
}

type Wrong = (&'static str, String);

fn of<T>(key: &'static str, read: Result<T, String>) -> Result<T, Wrong> {
    read.map_err(|right| (key, right))
}

fn place(code: &str) -> Result<Market, Wrong> {
    of("market", code.parse::<Market>().map_err(|e| e.to_string()))
}

fn part(key: &'static str, x: Option<f64>) -> Result<Option<f64>, Wrong> {
    match x {
        Some(x) if !(x > 0.0 && x <= 1.0) => Err((key, "a share above 0 and at most 1: 0.02 for 2 %".to_owned())),
        other => Ok(other),
    }
}

fn amount(key: &'static str, text: &str) -> Result<Money, Wrong> {
    let money = of(key, money(text))?;
    if money.minor < 0 { Err((key, "an amount of at least 0 is right".to_owned())) } else { Ok(money) }
}

impl ChannelFacts {
    /// Platforms and audiences of general knowledge: every use says "verify".
    ///
    /// # Panics
    /// Never: a test reads the table that is compiled in.
    pub fn built_in() -> Self {
        let text = include_str!("data/platforms.toml");
        Self::parse("built-in platforms", text).expect("the table compiled in can be read")
    }

    /// A seller's `channels.toml`. Without `confidence` a row counts as stated.
    ///
    /// # Errors
    /// [`FileError`] naming line, key, value and what would be right.
    pub fn parse(file: &str, text: &str) -> Result<Self, FileError> {
        let source = Source { file, text };
        let raw: RawFile = source.read()?;
        let wrong = |header: &'static str, n: usize| move |(key, right): Wrong| source.wrong(header, n, key, right);
        let mut all = Self::default();
        for (n, row) in raw.platform.iter().enumerate() {
            let read = row.read().map_err(wrong("platform", n))?;
            if all.platforms.iter().any(|p| p.id == read.id) {
                return Err(source.wrong("platform", n, "id", "an id that no other row has"));
            }
            all.platforms.push(read);
        }
        for (n, row) in raw.audience.iter().enumerate() {
            let market = place(&row.market).map_err(wrong("audience", n))?;
            if !(row.shoppers >= 1.0 && row.shoppers.is_finite()) {
                return Err(source.wrong("audience", n, "shoppers", "people who buy online, at least 1"));
            }
            all.audiences.push((market, row.shoppers));
        }
        for (n, row) in raw.own.iter().enumerate() {
            all.own.push(row.read().map_err(wrong("own", n))?);
        }
        for (n, row) in raw.partner.iter().enumerate() {
            all.partners.push(row.read().map_err(wrong("partner", n))?);
        }
        Ok(all)
    }

    /// With a seller's rows: an equal id replaces ours, the others are added behind.
    #[must_use]
    pub fn with(mut self, own: Self) -> Self {
        self.platforms.retain(|row| own.platforms.iter().all(|o| o.id != row.id));
        self.platforms.extend(own.platforms);
        self.audiences.extend(own.audiences);
        self.own.extend(own.own);
        self.partners.extend(own.partners);
        self
    }

    /// The platforms of a market by name: a row for the market before one for everybody, the later one among equals.
    pub fn platforms(&self, market: Market) -> Vec<&PlatformRow> {
        let here = self.platforms.iter().filter(|p| p.markets.is_empty() || p.markets.contains(&market));
        let mut best: std::collections::BTreeMap<&str, &PlatformRow> = std::collections::BTreeMap::new();
        for row in here {
            let general = best.get(row.name.as_str()).is_none_or(|b| b.markets.is_empty());
            if general || !row.markets.is_empty() {
                best.insert(&row.name, row);
            }
        }
        best.into_values().collect()
    }

    /// People who buy online there.
    pub fn audience(&self, market: Market) -> Option<f64> {
        self.audiences.iter().rev().find(|(m, _)| *m == market).map(|(_, n)| *n)
    }
}

impl RawPlatform {
    fn read(&self) -> Result<PlatformRow, Wrong> {
        Ok(PlatformRow {
            id: self.id.clone(),
            name: self.name.clone(),
            markets: if self.markets.is_empty() { Vec::new() } else { of("markets", markets(&self.markets))? },
            channels: self.channels.clone(),
            reach: part("reach", self.reach)?,
            cpm: self.cpm.as_deref().map(|text| amount("cpm", text)).transpose()?,
            click_rate: part("click_rate", self.click_rate)?,
            order_rate: part("order_rate", self.order_rate)?,
            source: self.source.clone(),
            confidence: self.confidence.unwrap_or(Confidence::Stated),
        })
    }
}

impl RawOwn {
    fn read(&self) -> Result<OwnRow, Wrong> {
        if self.clicks > self.impressions {
            return Err(("clicks", "no more than `impressions`".to_owned()));
        }
        if self.orders > self.clicks {
            return Err(("orders", "no more than `clicks`".to_owned()));
        }
        Ok(OwnRow {
            platform: self.platform.clone(),
            market: place(&self.market)?,
            counts: (self.impressions, self.clicks, self.orders),
            spend: amount("spend", &self.spend)?,
        })
    }
}

impl RawPartner {
    fn read(&self) -> Result<(Market, PartnerFacts), Wrong> {
        let share = |key: &'static str, x: Option<f64>| match x {
            Some(x) if !(0.0..=1.0).contains(&x) => Err((key, "a share from 0 to 1".to_owned())),
            other => Ok(other),
        };
        if let Some(x) = self.brand_fit.filter(|x| !(0.0..=5.0).contains(x)) {
            return Err(("brand_fit", format!("from 0 to 5, not {x}")));
        }
        let facts = PartnerFacts {
            name: self.name.clone(),
            followers: self.followers,
            engagement: share("engagement", self.engagement)?,
            comment_share: self.comment_share,
            in_market: share("in_market", self.in_market)?,
            on_topic: share("on_topic", self.on_topic)?,
            brand_fit: self.brand_fit,
            past_orders: self.past_orders,
            history: self.history.clone(),
            price: self.price.as_deref().map(|text| amount("price", text)).transpose()?,
        };
        Ok((place(&self.market)?, facts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn market(code: &str) -> Market {
        code.parse().unwrap()
    }

    #[test]
    fn the_table_compiled_in_is_read_and_every_market_has_an_audience_and_platforms() {
        let facts = ChannelFacts::built_in();
        for code in "US CA MX BR GB DE FR IT ES NL PL SE JP KR CN IN SG MY TH VN ID PH AU AE ZA TR".split(' ') {
            assert!(facts.audience(market(code)).is_some(), "{code}");
            assert!(facts.platforms(market(code)).len() >= 6, "{code}");
        }
        assert!(facts.platforms.iter().all(|p| p.confidence.verify()), "ours are general knowledge");
    }

    #[test]
    fn a_row_for_the_market_wins_and_an_equal_id_replaces_ours() {
        let cpm = |facts: &ChannelFacts, code: &str| {
            let rows = facts.platforms(market(code));
            rows.iter().find(|p| p.name == "search").unwrap().cpm.unwrap().minor
        };
        let ours = ChannelFacts::built_in();
        assert_eq!((cpm(&ours, "DE"), cpm(&ours, "US"), cpm(&ours, "VN")), (1_200, 2_000, 400));
        let text = "[[platform]]\nid = \"search\"\nname = \"search\"\ncpm = \"15 EUR\"\nsource = \"own\"\n";
        let own = ours.clone().with(ChannelFacts::parse("channels.toml", text).unwrap());
        assert_eq!((cpm(&own, "DE"), cpm(&own, "US")), (1_500, 2_000), "a general row does not win over a market's");
        assert!(!own.platforms(market("DE")).iter().find(|p| p.name == "search").unwrap().confidence.verify());
        assert!(own.platforms(market("DE"))[0].is(&own.platforms(market("DE"))[0].name.to_uppercase()));
    }

    #[test]
    fn mistakes_name_line_key_value_and_remedy() {
        let said = |text: &str| ChannelFacts::parse("c", text).unwrap_err().to_string();
        let row = "[[platform]]\nid = \"a\"\nname = \"x\"\nreach = 45\nsource = \"y\"\n";
        assert_eq!(said(row), "c:4: `reach` is 45: a share above 0 and at most 1: 0.02 for 2 %");
        let own = "[[own]]\nplatform = \"x\"\nmarket = \"DE\"\nimpressions = 10\nclicks = 20\norders = 1\nspend = \"1 EUR\"\n";
        assert_eq!(said(own), "c:5: `clicks` is 20: no more than `impressions`");
        let partner = "[[partner]]\nname = \"n\"\nmarket = \"XYZ\"\nfollowers = 10\n";
        assert!(said(partner).starts_with("c:3: `market` is \"XYZ\""), "{}", said(partner));
        assert!(said(&row.replace("reach = 45", "rech = 1")).contains("unknown field `rech`"));
    }
}
