//! How long the survey and the cleaning of order lines take, one thread, in processor time.
//!
//! `cargo run --release -p clean --example clean_speed [ROWS]`: rows like those of a wholesaler's year
//! (4,000 products with a title, 22 lines an order, a quarter guests, 2 % reversals), built outside
//! the timed part, seed 7.

use arrow_array::builder::{Decimal128Builder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use clean::{CleanParams, Rates, Survey, order_lines};
use domain::{Currency, Rng, Seed};
use schema::{Kind, Zone};
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let n_rows = std::env::args().nth(1).map_or(Ok(541_909), |n| n.parse())?;
    let params = CleanParams { base: Currency::new(*b"GBP"), ..CleanParams::default() };
    let batches = build(n_rows);

    let clock = Clock::new();
    let mut survey = Survey::new(&params);
    for batch in &batches {
        survey.order_lines(batch)?;
    }
    let streamed = clock.elapsed();
    let surveyed = survey.finish();
    let finished = clock.elapsed();
    let out = order_lines(&batches, &surveyed, &Rates::default(), &params)?;
    let cleaned = clock.elapsed();
    let products = surveyed.products(&Rates::default())?;
    writeln!(
        std::io::stdout(),
        "{} rows, {} products: survey {:.3} s + {:.3} s, order_lines {:.3} s, all {:.3} s",
        out.order_lines.num_rows(),
        products.num_rows(),
        streamed.as_secs_f64(),
        (finished - streamed).as_secs_f64(),
        (cleaned - finished).as_secs_f64(),
        cleaned.as_secs_f64(),
    )?;
    Ok(())
}

/// Time on the processor where the system tells it (Linux), so that other work on the machine does
/// not count; else wall time.
struct Clock {
    wall: Instant,
    on_cpu: Option<Duration>,
}

impl Clock {
    fn new() -> Self {
        Self { wall: Instant::now(), on_cpu: on_cpu() }
    }

    fn elapsed(&self) -> Duration {
        match (self.on_cpu, on_cpu()) {
            (Some(start), Some(now)) => now - start,
            _ => self.wall.elapsed(),
        }
    }
}

fn on_cpu() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(text.split(' ').next()?.parse().ok()?))
}

fn build(n_rows: usize) -> Vec<RecordBatch> {
    let mut rng = Seed(7).stream(0);
    let words = ["WHITE", "HANGING", "HEART", "T-LIGHT", "HOLDER", "METAL", "LANTERN", "CAKESTAND", "RETRO", "SPOT"];
    let products: Vec<(String, String, i64)> = (0..4_000)
        .map(|p| {
            let title: Vec<&str> = (0..4).map(|_| words[rng.below(words.len())]).collect();
            (format!("{}", 20_000 + p), format!("{} {p}", title.join(" ")), 100_000 * (1 + rng.below(150) as i64))
        })
        .collect();
    let mut order = 536_365;
    let mut shopper = 0;
    let mut reversal = false;
    (0..n_rows)
        .step_by(65_536)
        .map(|from| {
            let rows = 65_536.min(n_rows - from);
            let lines: Vec<Row> = (0..rows)
                .map(|i| {
                    if rng.below(22) == 0 {
                        order += 1;
                        shopper = rng.below(n_rows / 95 + 4);
                        reversal = rng.below(50) == 0;
                    }
                    row(&mut rng, &products, from + i, order, shopper, reversal)
                })
                .collect();
            batch(&lines)
        })
        .collect()
}

struct Row {
    line: usize,
    order: String,
    code: String,
    title: String,
    quantity: i64,
    price: i64,
    at: i64,
    shopper: Option<String>,
}

fn row(
    rng: &mut Rng,
    products: &[(String, String, i64)],
    line: usize,
    order: usize,
    shopper: usize,
    reversal: bool,
) -> Row {
    let (code, title, price) = &products[(rng.uniform() * rng.uniform() * products.len() as f64) as usize];
    let quantity = 1 + rng.below(12) as i64;
    Row {
        line,
        order: if reversal { format!("C{order}") } else { order.to_string() },
        code: code.clone(),
        title: title.clone(),
        quantity: if reversal { -quantity } else { quantity },
        price: price + 10_000 * rng.below(5) as i64,
        at: 1_291_000_000_000_000 + order as i64 * 600_000_000,
        shopper: (!shopper.is_multiple_of(4)).then(|| (12_000 + shopper).to_string()),
    }
}

fn batch(rows: &[Row]) -> RecordBatch {
    let table = schema::table(Zone::Raw, "order_lines").expect("raw.order_lines is defined");
    let text = |f: &dyn Fn(&Row) -> Option<String>| -> ArrayRef {
        let mut out = StringBuilder::new();
        rows.iter().for_each(|r| out.append_option(f(r)));
        Arc::new(out.finish())
    };
    let int = |f: &dyn Fn(&Row) -> i64| -> ArrayRef {
        let mut out = Int64Builder::new();
        rows.iter().for_each(|r| out.append_value(f(r)));
        Arc::new(out.finish())
    };
    let columns = table
        .columns
        .iter()
        .map(|c| match c.name {
            "source" => text(&|_| Some("0123456789abcdef".to_owned())),
            "line" => int(&|r| r.line as i64 + 2),
            "order_id" => text(&|r| Some(r.order.clone())),
            "product_code" => text(&|r| Some(r.code.clone())),
            "product_name" => text(&|r| Some(r.title.clone())),
            "quantity" => int(&|r| r.quantity),
            "unit_price" => {
                let mut out = Decimal128Builder::new().with_data_type(Kind::Amount.arrow());
                rows.iter().for_each(|r| out.append_value(i128::from(r.price)));
                Arc::new(out.finish()) as ArrayRef
            }
            "currency" => text(&|_| Some("GBP".to_owned())),
            "ordered_at" => {
                let mut out = TimestampMicrosecondBuilder::new();
                rows.iter().for_each(|r| out.append_value(r.at));
                Arc::new(out.finish().with_timezone("UTC"))
            }
            "shopper_key" => text(&|r| r.shopper.clone()),
            "country" => text(&|_| Some("United Kingdom".to_owned())),
            _ => arrow_array::new_null_array(&c.kind.arrow(), rows.len()),
        })
        .collect();
    RecordBatch::try_new(table.arrow_schema(), columns).expect("the columns follow the table")
}
