//! Lines of a file in the Online Retail layout, read for `bench rfm` by code of its own.
//!
//! Records are cut from a window of the unpacked bytes and split at the commas outside quotes. Where a text that is needed has
//! quotes of its own the record goes through the `csv` crate.

use anyhow::{Context, Result, ensure};
use audience::Sale;
use domain::{Amount, Day, Decimal, Market};
use memchr::{memchr, memchr_iter, memchr2_iter};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country.
const COLUMNS: usize = 8;
/// Bytes read at once: less than a core's cache.
const WINDOW: usize = 256 << 10;

/// Texts one after the other, with their lengths in bytes.
#[derive(Default)]
struct Texts {
    text: String,
    lengths: Vec<u32>,
}

impl Texts {
    fn push(&mut self, text: &str) -> Result<()> {
        self.text.push_str(text);
        self.lengths.push(text.len().try_into().context("a text of more than 4 GiB")?);
        Ok(())
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        let mut rest = self.text.as_str();
        self.lengths.iter().map(move |&length| {
            let (text, after) = rest.split_at(length as usize);
            rest = after;
            text
        })
    }
}

/// Lines that count, column by column.
#[derive(Default)]
pub(crate) struct Lines {
    orders: Texts,
    shoppers: Texts,
    days: Vec<Day>,
    amounts: Vec<Amount>,
    /// The day of the line before as the file writes it: lines of a day stand together.
    written: ([u8; 10], Option<Day>),
}

impl Lines {
    /// Those of a file, packed by gzip where its name ends in `.gz`: of a known customer, with a quantity and a price above 0,
    /// no cancellation.
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let opened = File::open(file).with_context(|| format!("opening {}", file.display()))?;
        let packed = file.extension().is_some_and(|e| e == "gz");
        let input: Box<dyn Read> =
            if packed { Box::new(flate2::read::GzDecoder::new(opened)) } else { Box::new(opened) };
        Self::of(input)
    }

    fn of(mut input: impl Read) -> Result<Self> {
        let mut lines = Self::default();
        let mut window = vec![0; WINDOW];
        let (mut filled, mut header) = (0, true);
        loop {
            if filled == window.len() {
                window.resize(2 * filled, 0);
            }
            let n = input.read(&mut window[filled..])?;
            filled += n;
            let mut from = 0;
            while let Some((length, quoted)) = record(&window[from..filled], n == 0) {
                if !std::mem::take(&mut header) {
                    lines.take(&window[from..from + length], quoted)?;
                }
                from += length;
            }
            if n == 0 {
                return Ok(lines);
            }
            window.copy_within(from..filled, 0);
            filled -= from;
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.days.len()
    }

    /// The day after the last one.
    pub(crate) fn snapshot(&self) -> Result<Day> {
        Ok(Day(self.days.iter().map(|day| day.0).max().context("no line that counts")?).plus(1))
    }

    /// As order lines, of one market.
    pub(crate) fn sales(&self) -> impl Iterator<Item = Sale<'_>> {
        let texts = self.orders.iter().zip(self.shoppers.iter());
        texts.zip(&self.days).zip(&self.amounts).map(|(((order, shopper), day), amount)| Sale {
            shopper,
            order,
            market: Market::UNKNOWN,
            day: *day,
            amount: *amount,
        })
    }

    fn take(&mut self, record: &[u8], quoted: bool) -> Result<()> {
        let record = record.strip_suffix(b"\n").unwrap_or(record);
        let record = record.strip_suffix(b"\r").unwrap_or(record);
        if record.is_empty() {
            return Ok(());
        }
        let (mut ends, mut n) = ([0; COLUMNS - 1], 0);
        let mut end_at = |at: usize| {
            if let Some(end) = ends.get_mut(n) {
                *end = at;
            }
            n += 1;
        };
        if quoted {
            let mut inside = false;
            memchr2_iter(b',', b'"', record).for_each(|at| {
                if record[at] == b'"' {
                    inside = !inside;
                } else if !inside {
                    end_at(at);
                }
            });
        } else {
            memchr_iter(b',', record).for_each(end_at);
        }
        ensure!(n == ends.len(), "{} columns in `{}`", n + 1, String::from_utf8_lossy(record));
        let between = |i: usize| &record[ends[i - 1] + 1..ends[i]];
        let fields = [&record[..ends[0]], between(3), between(4), between(5), between(6)];
        if quoted && fields.iter().any(|field| field.contains(&b'"')) {
            let mut fields = csv::ByteRecord::new();
            csv::ReaderBuilder::new().has_headers(false).from_reader(record).read_byte_record(&mut fields)?;
            ensure!(fields.len() == COLUMNS, "{} columns in `{}`", fields.len(), String::from_utf8_lossy(record));
            return self.push([&fields[0], &fields[3], &fields[4], &fields[5], &fields[6]]);
        }
        self.push(fields)
    }

    /// Takes invoice, quantity, time, price and customer, where the line counts.
    fn push(&mut self, [invoice, quantity, time, price, customer]: [&[u8]; 5]) -> Result<()> {
        if invoice.starts_with(b"C") || customer.is_empty() || quantity.starts_with(b"-") {
            return Ok(());
        }
        let quantity = text(quantity)?;
        let quantity: i64 = quantity.parse().with_context(|| format!("quantity `{quantity}`"))?;
        let price = amount(price)?;
        if quantity > 0 && price > Amount::ZERO {
            self.orders.push(text(invoice)?)?;
            self.shoppers.push(text(customer)?)?;
            let day = self.day(time)?;
            self.days.push(day);
            self.amounts.push(price.times(quantity).context("an amount that is too large")?);
        }
        Ok(())
    }

    fn day(&mut self, time: &[u8]) -> Result<Day> {
        let written = time.first_chunk::<10>().with_context(|| format!("day `{}`", String::from_utf8_lossy(time)))?;
        if let (before, Some(day)) = &self.written
            && before == written
        {
            return Ok(*day);
        }
        let day: Day = text(written)?.parse().with_context(|| format!("day `{}`", String::from_utf8_lossy(time)))?;
        self.written = (*written, Some(day));
        Ok(day)
    }
}

/// Bytes of the first record with its line end, which is the first one outside quotes, and whether it has quotes; `None` where it
/// is not whole yet. The last record of a file needs no line end.
fn record(bytes: &[u8], last: bool) -> Option<(usize, bool)> {
    let (mut from, mut quotes) = (0, 0);
    while let Some(end) = memchr(b'\n', &bytes[from..]) {
        let line = &bytes[from..from + end];
        if memchr(b'"', line).is_some() {
            quotes += memchr_iter(b'"', line).count();
        }
        from += end + 1;
        if quotes % 2 == 0 {
            return Some((from, quotes > 0));
        }
    }
    (last && !bytes.is_empty()).then_some((bytes.len(), true))
}

fn text(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).with_context(|| format!("`{}` is no UTF-8", String::from_utf8_lossy(bytes)))
}

/// A decimal of at most six places.
fn amount(bytes: &[u8]) -> Result<Amount> {
    if let Some(micros) = plain(bytes) {
        return Ok(Amount::from_micros(micros));
    }
    let text = text(bytes)?;
    let value: Option<Decimal> = text.parse().ok();
    value.and_then(Amount::from_decimal).with_context(|| format!("price `{text}`"))
}

/// Millionths of a decimal that is digits with at most one point, twelve of them at most and six behind the point.
fn plain(bytes: &[u8]) -> Option<i64> {
    if bytes.is_empty() || bytes.len() > 13 {
        return None;
    }
    let (mut value, mut behind) = (0_i64, None);
    for byte in bytes {
        match byte {
            b'0'..=b'9' => {
                value = 10 * value + i64::from(byte - b'0');
                behind = behind.map(|places: u32| places + 1);
            }
            b'.' if behind.is_none() => behind = Some(0),
            _ => return None,
        }
    }
    let missing = Amount::SCALE.checked_sub(behind.unwrap_or(0))?;
    (bytes.len() > usize::from(behind.is_some())).then(|| value.checked_mul(10_i64.pow(missing))).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_as_they_are_written() {
        let micros = |text: &str| amount(text.as_bytes()).ok().map(Amount::micros);
        assert_eq!(micros("2.55"), Some(2_550_000));
        assert_eq!(micros("38970"), Some(38_970_000_000));
        assert_eq!(micros("0.000001"), Some(1));
        assert_eq!(micros("-11062.06"), Some(-11_062_060_000));
        assert_eq!([micros("0.0000001"), micros("1.2.3"), micros("."), micros(""), micros("x")], [None; 5]);
    }

    // The window is smaller than what a reader gives at a time here, and a text has a comma, a quote and a line end.
    #[test]
    fn quoted_texts_and_records_over_windows_are_read() {
        let text = "a,b,c,d,e,f,g,h\r\n1,x,\"X, \"\"10\n inches\"\"\",2,2011-01-01 08:00:00,1.50,A,GB\r\n\
            2,y,Y,1,2011-01-02 08:00:00,3,\"B, jr\",GB";
        struct Bytewise<'a>(&'a [u8]);
        impl Read for Bytewise<'_> {
            fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
                let n = into.len().min(1);
                self.0.read(&mut into[..n])
            }
        }
        for lines in [Lines::of(text.as_bytes()).expect("lines"), Lines::of(Bytewise(text.as_bytes())).expect("lines")]
        {
            let sales: Vec<(&str, &str, i64)> =
                lines.sales().map(|s| (s.order, s.shopper, s.amount.micros())).collect();
            assert_eq!(sales, [("1", "A", 3_000_000), ("2", "B, jr", 3_000_000)]);
            assert_eq!(lines.snapshot().expect("a day"), Day::from_ymd(2011, 1, 3).expect("a day"));
        }
        let wrong = Lines::of("a\n1,2,3\n".as_bytes());
        assert!(wrong.err().expect("refused").to_string().contains("3 columns"));
    }
}
