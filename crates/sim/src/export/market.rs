//! What is known about the markets: reviews, advertising spend, competitors' prices.

use super::table::Table;
use super::{Encoding, Facts, FileFacts, Sink};
use crate::part::{Part, market_seed};
use crate::plan::CHANNELS;
use crate::{Book, Merchant, SimError};
use serde::Serialize;

/// What advertising reports and competitors' prices are made from.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct MarketRules {
    /// Euros for a thousand impressions by channel, in the order of [`CHANNELS`].
    euros_a_thousand: [f64; CHANNELS.len()],
    /// Clicks an impression by channel.
    click_rate: [f64; CHANNELS.len()],
    /// Deviation of log impressions.
    impressions_noise: f64,
    /// Deviation of a competitor's log price level against ours for a product.
    competitor_spread: f64,
    /// Deviation of its change in logs from one record to the next.
    competitor_drift: f64,
    /// Weeks between records.
    competitor_weeks: usize,
    /// One product in so many is compared.
    competitor_products: usize,
}

pub(crate) const MARKET: MarketRules = MarketRules {
    euros_a_thousand: [9.0, 5.0, 2.0],
    click_rate: [0.03, 0.012, 0.003],
    impressions_noise: 0.1,
    competitor_spread: 0.12,
    competitor_drift: 0.03,
    competitor_weeks: 4,
    competitor_products: 5,
};

/// Reviews of all markets in one file, Thai ones in another that came as "Unicode text".
pub(super) fn reviews(merchant: &Merchant, sink: &mut dyn Sink) -> Result<Vec<FileFacts>, SimError> {
    let thai = |book: &&Book| book.profile.language == "th";
    let (apart, together): (Vec<&Book>, Vec<&Book>) = merchant.books.iter().partition(thai);
    let mut files = vec![review_file(merchant, &together, "exports/reviews.csv", Encoding::Utf8, sink)?];
    if !apart.is_empty() {
        files.push(review_file(merchant, &apart, "exports/reviews_TH.csv", Encoding::Utf16Le, sink)?);
    }
    Ok(files)
}

fn review_file(
    merchant: &Merchant,
    books: &[&Book],
    name: &str,
    encoding: Encoding,
    sink: &mut dyn Sink,
) -> Result<FileFacts, SimError> {
    let facts = Facts::new(name.to_owned(), "canonical reviews", encoding);
    let mut out = sink.create(name).map_err(SimError::write(name))?;
    let header = ["review_id", "product_id", "shopper_key", "market", "language", "rating", "text", "reviewed_at"];
    let mut table = Table::new(&mut *out, name, encoding, ',', &header)?;
    for book in books {
        for (k, review) in crate::trade::reviews(&merchant.params, &merchant.catalogue.products, book).enumerate() {
            let order = &book.orders[review.order as usize];
            let product = usize::from(book.lines[review.line as usize].product);
            table.cell(&super::truth::review_id(book, k));
            table.cell(&merchant.catalogue.products[product].id);
            // A marketplace abroad shows a review without its writer.
            if book.by_amazon(order) {
                table.empty(1)
            } else {
                table.cell(&book.shopper_key(order.shopper))
            }
            table.cell(book.profile.market.code());
            table.cell(review.language);
            table.int(i64::from(review.stars));
            table.cell(&review.text);
            table.instant(review.at, 0, 'T', "Z");
            table.end_row()?;
        }
    }
    Ok(facts.finish(table.finish()?))
}

/// Spend by day, market and channel, with impressions and clicks at usual prices.
pub(super) fn ad_spend(merchant: &Merchant, sink: &mut dyn Sink) -> Result<FileFacts, SimError> {
    let facts = Facts::new("exports/ad_spend.csv".to_owned(), "canonical ad spend", Encoding::Utf8);
    let name = facts.name();
    let mut out = sink.create(&name).map_err(SimError::write(&name))?;
    let header = ["day", "market", "channel", "campaign", "spend", "currency", "impressions", "clicks"];
    let mut table = Table::new(&mut *out, &name, Encoding::Utf8, ',', &header)?;
    for book in &merchant.books {
        let profile = book.profile;
        let mut rng = market_seed(merchant.params.seed, Part::Ads, profile.market).stream(99);
        let euro = profile.per_euro * 10_f64.powi(profile.currency.exponent() as i32);
        for (i, spend) in book.ads.spend.iter().enumerate() {
            let day = merchant.params.from.plus((book.params.opens_after as usize + i) as i32);
            for (c, channel) in CHANNELS.iter().enumerate().filter(|(c, _)| spend[*c] > 0) {
                let (year, month) = day.year_month();
                let (mille, rate) = (MARKET.euros_a_thousand[c], MARKET.click_rate[c]);
                let impressions =
                    spend[c] as f64 / euro / mille * 1000.0 * (MARKET.impressions_noise * rng.normal()).exp();
                table.day(day);
                table.cell(profile.market.code());
                table.cell(channel);
                table.cell(&format!("{}_{channel}_{year}{month:02}", profile.market.code().to_lowercase()));
                table.minor(spend[c], profile.currency.exponent());
                table.cell(profile.currency.code());
                table.int(impressions as i64);
                table.int(rng.poisson(impressions * rate) as i64);
                table.end_row()?;
            }
        }
    }
    Ok(facts.finish(table.finish()?))
}

/// Every fourth week, two competitors' prices for every fifth product: around ours, wandering.
pub(super) fn competitor_prices(merchant: &Merchant, sink: &mut dyn Sink) -> Result<FileFacts, SimError> {
    let facts = Facts::new("exports/competitor_prices.csv".to_owned(), "canonical competitor prices", Encoding::Utf8);
    let name = facts.name();
    let mut out = sink.create(&name).map_err(SimError::write(&name))?;
    let header = ["day", "market", "product_id", "competitor", "price", "currency"];
    let mut table = Table::new(&mut *out, &name, Encoding::Utf8, ',', &header)?;
    for book in &merchant.books {
        let profile = book.profile;
        let seed = market_seed(merchant.params.seed, Part::Competitors, profile.market);
        for j in (0..merchant.catalogue.len()).step_by(MARKET.competitor_products) {
            for (c, competitor) in profile.competitors.iter().enumerate() {
                let mut rng = seed.stream((2 * j + c) as u64);
                let mut level = (MARKET.competitor_spread * rng.normal()).exp();
                let weeks = book.params.opens_after as usize / 7..book.prices.n_weeks();
                for week in weeks.step_by(MARKET.competitor_weeks) {
                    level *= (MARKET.competitor_drift * rng.normal()).exp();
                    table.day(merchant.params.from.plus(7 * week as i32));
                    table.cell(profile.market.code());
                    table.cell(&merchant.catalogue.products[j].id);
                    table.cell(competitor);
                    let step = (profile.price_step / 10).max(1) as f64;
                    let price = (book.prices.list(week, j) as f64 * level / step).round().max(1.0) * step;
                    table.minor(price as i64, profile.currency.exponent());
                    table.cell(profile.currency.code());
                    table.end_row()?;
                }
            }
        }
    }
    Ok(facts.finish(table.finish()?))
}
