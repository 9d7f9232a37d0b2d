//! Lines of a file in the Online Retail layout, read for `bench rfm` by code of its own.
//!
//! Every thread in turn fills its own block with whole records of the unpacked bytes and splits it while the next one fills. Most records
//! have no quotes: their first columns are looked for from the front and the last ones from the back, so that the bytes of the
//! description are passed over. Where a text that is needed has quotes of its own the record goes through the `csv` crate.

use anyhow::{Context, Result, bail, ensure};
use audience::{Sale, Sales};
use domain::{Amount, Day, Decimal, Market};
use memchr::{memchr, memchr_iter, memchr2_iter, memrchr};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country.
const COLUMNS: usize = 8;
/// Bytes of a block: less than a core's cache.
const BLOCK: usize = 256 << 10;

/// Lines that count of a file, packed by gzip where its name ends in `.gz`, in parts in the order of the file and of one
/// market: of a known customer, with a quantity and a price above 0, no cancellation. On so many threads, which are at least one.
pub(crate) fn read(file: &Path, threads: usize) -> Result<Vec<Sales>> {
    let opened = File::open(file).with_context(|| format!("opening {}", file.display()))?;
    let packed = file.extension().is_some_and(|e| e == "gz");
    if packed { lines(flate2::read::GzDecoder::new(opened), threads) } else { lines(opened, threads) }
}

fn lines(input: impl Read + Send, threads: usize) -> Result<Vec<Sales>> {
    let source = Mutex::new(Source { input, rest: Vec::new(), n_blocks: 0, ended: false });
    let work = || -> Result<Vec<(usize, Sales)>> {
        let (mut block, mut done) = (Vec::new(), Vec::new());
        loop {
            // Whoever panicked with the lock has told why.
            let next = source.lock().unwrap_or_else(PoisonError::into_inner).next(&mut block)?;
            let Some((at, filled)) = next else { return Ok(done) };
            done.push((at, Splitter::default().split(&block[..filled], at == 0)?));
        }
    };
    let mut parts = std::thread::scope(|scope| -> Result<Vec<_>> {
        let others: Vec<_> = (1..threads.max(1)).map(|_| scope.spawn(work)).collect();
        let mut parts = work()?;
        for other in others {
            parts.extend(other.join().map_err(|_| anyhow::anyhow!("a thread that splits lines panicked"))??);
        }
        Ok(parts)
    })?;
    parts.sort_unstable_by_key(|(at, _)| *at);
    Ok(parts.into_iter().map(|(_, part)| part).collect())
}

/// Where blocks come from.
struct Source<R> {
    input: R,
    /// The beginning of a record that the block before had no end of.
    rest: Vec<u8>,
    n_blocks: usize,
    ended: bool,
}

impl<R: Read> Source<R> {
    /// Fills a block with whole records: its number and bytes. A record that is longer than the block makes it longer.
    fn next(&mut self, block: &mut Vec<u8>) -> Result<Option<(usize, usize)>> {
        if block.len() < BLOCK {
            block.resize(BLOCK, 0);
        }
        if block.len() < self.rest.len() {
            block.resize(self.rest.len(), 0);
        }
        let mut filled = self.rest.len();
        block[..filled].copy_from_slice(&self.rest);
        loop {
            while !self.ended && filled < block.len() {
                let n = self.input.read(&mut block[filled..])?;
                (filled, self.ended) = (filled + n, n == 0);
            }
            let end = if self.ended { filled } else { last_end(&block[..filled]) };
            if end > 0 || self.ended {
                self.rest.clear();
                self.rest.extend_from_slice(&block[end..filled]);
                self.n_blocks += 1;
                return Ok((end > 0).then_some((self.n_blocks - 1, end)));
            }
            block.resize(2 * filled, 0);
        }
    }
}

/// Where the last whole record of bytes ends that begin with one: behind the last line end outside quotes. 0 where there is none.
fn last_end(bytes: &[u8]) -> usize {
    let mut before = bytes.len();
    let mut quotes = memchr_iter(b'"', bytes).count();
    while let Some(at) = memrchr(b'\n', &bytes[..before]) {
        quotes -= memchr_iter(b'"', &bytes[at..before]).count();
        if quotes.is_multiple_of(2) {
            return at + 1;
        }
        before = at;
    }
    0
}

/// Takes the lines of a block that count.
#[derive(Default)]
struct Splitter {
    taken: Sales,
    /// The day of the line before as the file writes it: lines of a day stand together.
    written: ([u8; 10], Option<Day>),
}

/// `2011-01-31 08:26:00`.
const TIME: usize = 19;

impl Splitter {
    /// Lines of whole records, without the first one where that is the header.
    fn split(mut self, block: &[u8], header: bool) -> Result<Sales> {
        let (mut from, mut header) = (0, header);
        // Where the next quote is; few records have any.
        let mut quote = memchr(b'"', block).unwrap_or(block.len());
        while from < block.len() {
            let end = memchr(b'\n', &block[from..]).map_or(block.len(), |at| from + at + 1);
            let end = if quote < end { record_end(block, from) } else { end };
            if !std::mem::take(&mut header) {
                let record = &block[from..end];
                let record = record.strip_suffix(b"\n").unwrap_or(record);
                let record = record.strip_suffix(b"\r").unwrap_or(record);
                match fields(record).filter(|_| quote >= end) {
                    Some(fields) => self.push(fields)?,
                    None if record.is_empty() => {}
                    None => self.quoted(record)?,
                }
            }
            from = end;
            if quote < end {
                quote = memchr(b'"', &block[end..]).map_or(block.len(), |at| end + at);
            }
        }
        Ok(self.taken)
    }

    /// Takes a record with quotes, or without them where [`fields`] finds none.
    fn quoted(&mut self, record: &[u8]) -> Result<()> {
        let (mut ends, mut n) = ([0; COLUMNS - 1], 0);
        let mut inside = false;
        for at in memchr2_iter(b',', b'"', record) {
            if record[at] == b'"' {
                inside = !inside;
            } else if !inside {
                if let Some(end) = ends.get_mut(n) {
                    *end = at;
                }
                n += 1;
            }
        }
        ensure!(n == ends.len(), "{} columns in `{}`", n + 1, String::from_utf8_lossy(record));
        let between = |i: usize| &record[ends[i - 1] + 1..ends[i]];
        let fields = [&record[..ends[0]], between(3), between(4), between(5), between(6)];
        if fields.iter().any(|field| field.contains(&b'"')) {
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
        let quantity = match whole(quantity) {
            Some(quantity) => quantity,
            None => text(quantity)?.parse().with_context(|| format!("quantity `{}`", quantity.escape_ascii()))?,
        };
        let price = amount(price)?;
        if quantity > 0 && price > Amount::ZERO {
            let Some(amount) = price.times(quantity) else {
                bail!("{quantity} times {price:?} is too large");
            };
            let (shopper, order, day) = (text(customer)?, text(invoice)?, self.day(time)?);
            self.taken.push(Sale { shopper, order, market: Market::UNKNOWN, day, amount });
        }
        Ok(())
    }

    fn day(&mut self, time: &[u8]) -> Result<Day> {
        if let (Some(written), (before, Some(day))) = (time.first_chunk::<10>(), &self.written)
            && before == written
        {
            return Ok(*day);
        }
        let wrong = || format!("day `{}`", time.escape_ascii());
        let written = time.first_chunk::<10>().with_context(wrong)?;
        let day: Day = text(written)?.parse().with_context(wrong)?;
        self.written = (*written, Some(day));
        Ok(day)
    }
}

/// Invoice, quantity, time, price and customer of a record without quotes; `None` where it has other columns or another form of
/// time than usual.
fn fields(record: &[u8]) -> Option<[&[u8]; 5]> {
    let comma = |bytes: &[u8]| bytes.iter().position(|byte| *byte == b',');
    let last_comma = |bytes: &[u8]| bytes.iter().rposition(|byte| *byte == b',');
    let code = comma(record)? + 1;
    let description = code + comma(&record[code..])? + 1;
    let country = last_comma(record)?;
    let customer = last_comma(&record[..country])?;
    let price = last_comma(&record[..customer])?;
    let (before, time) = record[..price].split_last_chunk::<TIME>()?;
    let before = before.strip_suffix(b",")?;
    let quantity = last_comma(before)?;
    let usual = (time[10], time[13], time[16]) == (b' ', b':', b':') && time.iter().all(|byte| *byte != b',');
    let between = record.get(description..quantity)?;
    (usual && memchr(b',', between).is_none()).then(|| {
        let column = |from: usize, to: usize| &record[from + 1..to];
        [&record[..code - 1], &before[quantity + 1..], &time[..], column(price, customer), column(customer, country)]
    })
}

/// A number of at most nine digits.
fn whole(bytes: &[u8]) -> Option<i64> {
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| i64::from(byte - b'0'));
    let usual = (1..=9).contains(&bytes.len());
    bytes.iter().try_fold(0, |value, byte| Some(10 * value + digit(byte)?)).filter(|_| usual)
}

/// Where the record ends that begins at `from`: behind the first line end outside quotes, or with the bytes.
fn record_end(bytes: &[u8], from: usize) -> usize {
    let (mut line, mut quotes) = (from, 0);
    while let Some(at) = memchr(b'\n', &bytes[line..]) {
        quotes += memchr_iter(b'"', &bytes[line..line + at]).count();
        line += at + 1;
        if quotes.is_multiple_of(2) {
            return line;
        }
    }
    bytes.len()
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

    /// Gives one byte at a time.
    struct Bytewise<'a>(&'a [u8]);

    impl Read for Bytewise<'_> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let n = into.len().min(1);
            self.0.read(&mut into[..n])
        }
    }

    // A text has a comma, a quote and a line end.
    #[test]
    fn quoted_texts_are_read() {
        let text = "a,b,c,d,e,f,g,h\r\n1,x,\"X, \"\"10\n inches\"\"\",2,2011-01-01 08:00:00,1.50,A,GB\r\n\
            2,y,Y,1,2011-01-02 08:00:00,3,\"B, jr\",GB";
        for read in [lines(text.as_bytes(), 1), lines(Bytewise(text.as_bytes()), 2)] {
            let read = read.expect("lines");
            let sales: Vec<(&str, &str, i64)> =
                read.iter().flat_map(Sales::runs).map(|s| (s.order, s.shopper, s.amount.micros())).collect();
            assert_eq!(sales, [("1", "A", 3_000_000), ("2", "B, jr", 3_000_000)]);
            let days =
                audience::summaries(&read).iter().map(|shopper| shopper.last_day.to_string()).collect::<Vec<_>>();
            assert_eq!(days, ["2011-01-01", "2011-01-02"]);
        }
    }

    #[test]
    fn other_numbers_of_columns_are_refused() {
        for (record, n) in [("1,2,3", 3), ("1,2,3,4,5,6,7,8,9", 9), ("1", 1), ("1,\"2\",3", 3)] {
            let wrong = lines(format!("header\n{record}\n").as_bytes(), 1);
            let said = wrong.expect_err("refused").to_string();
            assert!(said.contains(&format!("{n} columns in `{record}`")), "{said}");
        }
    }

    // Descriptions are of many lengths, some longer than a block, some with line ends and quotes, so that blocks end everywhere.
    #[test]
    fn records_over_blocks_come_in_the_order_of_the_file() {
        let mut text = String::from("a,b,c,d,e,f,g,h\n");
        for n in 0..9_000_usize {
            let long = if n == 4_000 { "x\n".repeat(BLOCK) } else { "y".repeat(n % 90) };
            let description = if n % 7 == 0 || n == 4_000 { format!("\"{long}\n \"\"\"") } else { long };
            text += &format!("{n},x,{description},1,2011-01-01 08:00:00,2,A{n},GB\n");
        }
        let expected: Vec<String> = (0..9_000).map(|n| n.to_string()).collect();
        for threads in [1, 2, 3] {
            let read = lines(text.as_bytes(), threads).expect("lines");
            let orders: Vec<&str> = read.iter().flat_map(Sales::runs).map(|sale| sale.order).collect();
            assert_eq!(orders, expected, "{threads} threads");
        }
    }
}
