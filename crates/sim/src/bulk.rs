//! One big flat file in the layout of UCI Online Retail, for load tests.
//!
//! Invoices of about twenty lines, times rising, some 4,000 stock codes with Zipf-like demand,
//! customers that grow with the file, a quarter of the lines without one, 38 country names as the
//! original spells them, postage and other services, cancellations of earlier sales, one line in a
//! hundred twice. Cost: more than a million lines a second on one core, in constant memory.

use crate::SimError;
use crate::export::{push_digits, push_instant, push_int, push_minor};
use crate::part::{Part, seed_of};
use crate::sampling::AliasTables;
use domain::{Rng, Seed};
use std::collections::VecDeque;
use std::io::Write;

/// Countries as the original file writes them, in order of their share here.
const COUNTRIES: [&str; 38] = [
    "United Kingdom",
    "Germany",
    "France",
    "EIRE",
    "Spain",
    "Netherlands",
    "Belgium",
    "Switzerland",
    "Portugal",
    "Australia",
    "Norway",
    "Italy",
    "Channel Islands",
    "Finland",
    "Cyprus",
    "Sweden",
    "Unspecified",
    "Austria",
    "Denmark",
    "Japan",
    "Poland",
    "Israel",
    "USA",
    "Hong Kong",
    "Singapore",
    "Iceland",
    "Canada",
    "Greece",
    "Malta",
    "United Arab Emirates",
    "European Community",
    "RSA",
    "Lebanon",
    "Lithuania",
    "Brazil",
    "Czech Republic",
    "Bahrain",
    "Saudi Arabia",
];
/// Lines that are no products: code, description, price in pence.
const SERVICES: [(&str, &str, i64); 5] = [
    ("POST", "POSTAGE", 1800),
    ("D", "Discount", 500),
    ("M", "Manual", 1250),
    ("DOT", "DOTCOM POSTAGE", 4200),
    ("BANK CHARGES", "Bank Charges", 1500),
];
const SHAPES: [&str; 10] = ["HOLDER", "LANTERN", "MUG", "CUSHION", "CLOCK", "BAG", "BOX", "TRAY", "CANDLE", "FRAME"];
const PATTERNS: [&str; 12] = [
    "HEART",
    "STAR",
    "UNION FLAG",
    "POLKADOT",
    "RETROSPOT",
    "PAISLEY",
    "BIRD",
    "ROSE",
    "SPACEBOY",
    "SKULL",
    "STRAWBERRY",
    "ALPHABET",
];
const TINTS: [&str; 8] = ["WHITE", "RED", "BLUE", "PINK", "CREAM", "BLACK", "VINTAGE", "GREEN"];
/// Bytes kept before they are handed on.
const BLOCK: usize = 1 << 20;
/// Sales remembered for cancellations.
const MEMORY: usize = 4096;

/// What a bulk file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkSummary {
    /// Lines without the header: exactly as many as asked for.
    pub lines: u64,
    /// Invoices, cancellations among them.
    pub invoices: u64,
    /// Lines that cancel an earlier one.
    pub cancelled_lines: u64,
    /// Lines equal to the one before.
    pub duplicates: u64,
    /// Lines without a customer.
    pub missing_customers: u64,
    /// Service lines.
    pub services: u64,
    /// Sum of quantity × price over all lines, pence.
    pub revenue_pence: i128,
}

/// A line that was sold, for a later cancellation.
#[derive(Clone, Copy)]
struct Sale {
    product: usize,
    quantity: i64,
    price: i64,
    customer: u64,
    country: usize,
}

/// Writes `n_lines` lines.
///
/// # Errors
/// [`SimError::Write`] when `out` refuses.
pub fn write_bulk_retail(out: &mut dyn Write, n_lines: u64, seed: Seed) -> Result<BulkSummary, SimError> {
    let failed = || SimError::write("the bulk file");
    let mut rng = seed_of(seed, Part::Bulk).stream(0);
    let shop = Shop::new(n_lines, &mut rng);
    let mut text = String::with_capacity(BLOCK + (1 << 14));
    text.push_str("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n");
    let mut sum = BulkSummary {
        lines: 0,
        invoices: 0,
        cancelled_lines: 0,
        duplicates: 0,
        missing_customers: 0,
        services: 0,
        revenue_pence: 0,
    };
    let mut sold: VecDeque<Sale> = VecDeque::with_capacity(MEMORY);
    let mut invoice = 536_365_u64;
    // 373 days as in the original, from 2010-12-01 08:26, whatever the number of lines.
    let (start, span) = (1_291_191_960.0, 373.0 * 86_400.0);
    let mut line_text = String::new();
    while sum.lines < n_lines {
        let at = start + span * sum.lines as f64 / n_lines as f64;
        let at = (at / 60.0) as i64 * 60;
        let cancels = rng.uniform() < 0.12 && sold.len() > 200;
        let length = if cancels { 1 + rng.below(4) } else { 1 + (20.0 * rng.exponential()) as usize };
        // Of four lines one has no customer: of invoices too, as lengths do not depend on it.
        let customer = if rng.uniform() < 0.25 { 0 } else { 12_346 + rng.below(shop.n_customers) as u64 };
        let country = if customer == 0 { 0 } else { shop.country_of(customer) };
        sum.invoices += 1;
        for k in 0..length {
            if sum.lines == n_lines {
                break;
            }
            let sale = if cancels {
                let Some(sale) = sold.remove(rng.below(sold.len())) else { break };
                sum.cancelled_lines += 1;
                let whole = sale.quantity == 1 || rng.uniform() < 0.7;
                let quantity = if whole { sale.quantity } else { 1 + rng.below(sale.quantity as usize - 1) as i64 };
                Sale { quantity: -quantity, ..sale }
            } else {
                shop.sell(customer, country, k, &mut rng)
            };
            if sale.product >= shop.products.len() {
                sum.services += 1;
            } else if !cancels {
                if sold.len() == MEMORY {
                    sold.pop_front();
                }
                sold.push_back(sale);
            }
            line_text.clear();
            shop.print(&mut line_text, if cancels { "C" } else { "" }, invoice, at, &sale);
            let times = if rng.uniform() < 0.01 && sum.lines + 1 < n_lines { 2 } else { 1 };
            for _ in 0..times {
                text.push_str(&line_text);
            }
            sum.lines += times;
            sum.duplicates += times - 1;
            sum.cancelled_lines += if cancels { times - 1 } else { 0 };
            sum.services += if sale.product >= shop.products.len() { times - 1 } else { 0 };
            sum.missing_customers += if sale.customer == 0 { times } else { 0 };
            sum.revenue_pence += i128::from(sale.quantity) * i128::from(sale.price) * i128::from(times);
        }
        invoice += 1;
        if text.len() > BLOCK {
            out.write_all(text.as_bytes()).map_err(failed())?;
            text.clear();
        }
    }
    out.write_all(text.as_bytes()).map_err(failed())?;
    Ok(sum)
}

/// What is sold, to how many.
struct Shop {
    /// `code,description,` as printed, and the usual price in pence.
    products: Vec<(String, i64)>,
    demand: AliasTables,
    n_customers: usize,
}

impl Shop {
    fn new(n_lines: u64, rng: &mut Rng) -> Self {
        // As the original: about 4,000 codes and 4,400 customers at 542,000 lines; codes grow with
        // the fifth root, customers with the lines.
        let n_products = (4000.0 * (n_lines.max(1) as f64 / 541_909.0).powf(0.2)).clamp(300.0, 20_000.0) as usize;
        let n_customers = (n_lines / 123).max(20) as usize;
        let product = |i: usize| {
            let suffix = if i % 4 == 3 { char::from(b'A' + (i % 6) as u8).to_string() } else { String::new() };
            let (tint, pattern) = (TINTS[i % 8], PATTERNS[i / 8 % 12]);
            let shape = SHAPES[i / 96 % 10];
            let set = match i / 960 {
                0 => String::new(),
                n => format!(" SET OF {}", n + 1),
            };
            // Multiplying by a number without a common factor scatters the codes and repeats none.
            let code = 10_000 + (i * 7919) % 80_000;
            (format!("{code}{suffix},{tint} {pattern} {shape}{set},"), 0)
        };
        let mut products: Vec<(String, i64)> = (0..n_products).map(product).collect();
        for (_, price) in &mut products {
            *price = ((2.5 * (0.8 * rng.normal()).exp() * 100.0) as i64).clamp(19, 20_000);
        }
        let mut demand = AliasTables::new(n_products);
        let mut weights: Vec<f64> = (0..n_products).map(|rank| 1.0 / (rank as f64 + 20.0).powf(0.9)).collect();
        rng.shuffle(&mut weights);
        demand.push(&weights);
        Self { products, demand, n_customers }
    }

    /// Always the same for a customer: nine of ten in the United Kingdom, the others falling.
    fn country_of(&self, customer: u64) -> usize {
        let spin = (customer.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as f64 / f64::from(u32::MAX);
        if spin < 0.9 { 0 } else { 1 + (((spin - 0.9) * 10.0).powi(2) * 36.999) as usize }
    }

    fn sell(&self, customer: u64, country: usize, k: usize, rng: &mut Rng) -> Sale {
        if k > 0 && rng.uniform() < 0.005 {
            let service = rng.below(SERVICES.len());
            let quantity = if SERVICES[service].0 == "D" { -1 } else { 1 };
            let product = self.products.len() + service;
            return Sale { product, quantity, price: SERVICES[service].2, customer, country };
        }
        let product = self.demand.sample(0, rng);
        let quantity = [1, 1, 1, 2, 2, 3, 4, 6, 6, 8, 10, 12, 12, 24, 48, 96][rng.below(16)];
        let usual = self.products[product].1;
        let price = if quantity >= 24 { usual * 85 / 100 } else { usual };
        Sale { product, quantity, price, customer, country }
    }

    fn print(&self, text: &mut String, prefix: &str, invoice: u64, at: i64, sale: &Sale) {
        text.push_str(prefix);
        push_digits(text, invoice, 6);
        text.push(',');
        match self.products.get(sale.product) {
            Some((printed, _)) => text.push_str(printed),
            None => {
                let (code, description, _) = SERVICES[sale.product - self.products.len()];
                text.extend([code, ",", description, ","]);
            }
        }
        push_int(text, sale.quantity);
        text.push(',');
        push_instant(text, at, ' ');
        text.push(',');
        push_minor(text, sale.price, 2);
        text.push(',');
        if sale.customer > 0 {
            push_digits(text, sale.customer, 5);
        }
        text.push(',');
        text.push_str(COUNTRIES[sale.country]);
        text.push('\n');
    }
}
