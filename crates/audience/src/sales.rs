//! Order lines put together by shopper.
//!
//! Exports list the lines of an order one after the other, and orders in the order of their numbers. Both are used and neither is
//! needed: lines stand column by column, those that repeat order, shopper, day and market of the line before are found many at a
//! time and added up without a look-up, and an order whose name is larger than all before it is new without one. Other orders
//! are looked for among those that rose, then in a set.

mod runs;

use crate::ShopperSummary;
use domain::{Amount, Day, Market, ShopperId};
use foldhash::fast::RandomState;
use runs::{Repeated, Texts};
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};

/// One settled order line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sale<'a> {
    /// Who bought.
    pub shopper: &'a str,
    /// Order that it belongs to.
    pub order: &'a str,
    /// Where.
    pub market: Market,
    /// When.
    pub day: Day,
    /// For how much, in the reporting currency.
    pub amount: Amount,
}

/// Order lines column by column, in the order in which they were given.
#[derive(Clone, Debug, Default)]
pub struct Sales {
    shoppers: Texts,
    orders: Texts,
    markets: Repeated<Market>,
    days: Repeated<Day>,
    amounts: Vec<Amount>,
}

impl Sales {
    /// Adds one line.
    pub fn push(&mut self, sale: Sale<'_>) {
        self.shoppers.push(sale.shopper);
        self.orders.push(sale.order);
        self.markets.push(sale.market);
        self.days.push(sale.day);
        self.amounts.push(sale.amount);
    }

    /// How many lines.
    pub fn len(&self) -> usize {
        self.amounts.len()
    }

    /// Whether there is no line.
    pub fn is_empty(&self) -> bool {
        self.amounts.is_empty()
    }

    /// Neighbouring lines of one order, shopper, day and market as one line of their sum.
    ///
    /// Cost: linear, with every column compared once, many lines at a time.
    pub fn runs(&self) -> impl Iterator<Item = Sale<'_>> {
        let (mut orders, mut shoppers) = (self.orders.runs(), self.shoppers.runs());
        let (mut days, mut markets) = (self.days.runs(), self.markets.runs());
        let mut line = 0;
        std::iter::from_fn(move || {
            if line == self.len() {
                return None;
            }
            let ((order, a), (shopper, b)) = (orders(line), shoppers(line));
            let ((day, c), (market, d)) = (days(line), markets(line));
            let lines = line..a.min(b).min(c).min(d);
            line = lines.end;
            Some(Sale { shopper, order, market, day, amount: self.amounts[lines].iter().copied().sum() })
        })
    }
}

impl<'a> FromIterator<Sale<'a>> for Sales {
    fn from_iter<I: IntoIterator<Item = Sale<'a>>>(sales: I) -> Self {
        let mut all = Self::default();
        sales.into_iter().for_each(|sale| all.push(sale));
        all
    }
}

/// Lines of parts, one part after the other, put together by shopper, in the order in which they are met; the home market is that of
/// the latest line, on a tie of the last one given. Orders of the same name of two shoppers are two.
///
/// Cost: linear. Of lines of an order that stand together one look-up for its shopper and, where names of orders do not rise,
/// one for the order, after a binary search among those that rose.
pub fn summaries(parts: &[Sales]) -> Vec<ShopperSummary> {
    let mut ledger = Ledger::for_lines(parts.iter().map(Sales::len).sum());
    let mut runs = Vec::with_capacity(RUNS);
    // From inside, because the iterator then becomes one loop with the body.
    parts.iter().flat_map(Sales::runs).for_each(|run| {
        if runs.len() == RUNS {
            ledger.take(&mut runs);
        }
        runs.push(run);
    });
    ledger.take(&mut runs);
    ledger.all
}

/// Runs of lines that are looked up together: enough for one's look-up to wait on memory beside the next one's, few enough for the
/// nearest cache.
const RUNS: usize = 256;

/// Shoppers met so far, and their orders.
struct Ledger<'a> {
    all: Vec<ShopperSummary>,
    places: HashMap<Name<'a>, usize, RandomState>,
    /// Orders whose names were larger than all before, ascending, each with the place of its shopper.
    rising: Vec<(&'a str, usize)>,
    /// Orders that are not among those.
    apart: HashSet<(usize, &'a str), RandomState>,
}

impl<'a> Ledger<'a> {
    /// With room for what so many lines usually hold, so that little is moved while it grows.
    fn for_lines(lines: usize) -> Self {
        let (shoppers, orders) = (lines / 64, lines / 16);
        Self {
            all: Vec::with_capacity(shoppers),
            places: HashMap::with_capacity_and_hasher(shoppers, RandomState::default()),
            rising: Vec::with_capacity(orders),
            apart: HashSet::default(),
        }
    }

    /// Adds runs of lines to their shoppers. Out of the loop over lines, so that it keeps its lines in registers.
    #[inline(never)]
    fn take(&mut self, runs: &mut Vec<Sale<'a>>) {
        for run in runs.drain(..) {
            let at = self.open(&run);
            self.all[at].add(&run);
        }
    }

    /// The place of a sale's shopper, whose orders have this one from now on. Nothing is added but that.
    fn open(&mut self, sale: &Sale<'a>) -> usize {
        let all = &mut self.all;
        let at = *self.places.entry(Name::of(sale.shopper)).or_insert_with(|| {
            all.push(ShopperSummary {
                shopper: ShopperId::from(sale.shopper),
                market: sale.market,
                first_day: sale.day,
                last_day: sale.day,
                n_orders: 0,
                revenue: Amount::ZERO,
            });
            all.len() - 1
        });
        let new = self.is_new(sale.order, at);
        self.all[at].n_orders += u32::from(new);
        at
    }

    fn is_new(&mut self, order: &'a str, at: usize) -> bool {
        if self.rising.last().is_none_or(|(last, _)| name_order(last, order).is_lt()) {
            self.rising.push((order, at));
            return true;
        }
        let found = self.rising.binary_search_by(|(name, _)| name_order(name, order));
        found.map_or(true, |i| self.rising[i].1 != at) && self.apart.insert((at, order))
    }
}

impl ShopperSummary {
    fn add(&mut self, sale: &Sale<'_>) {
        if sale.day >= self.last_day {
            (self.last_day, self.market) = (sale.day, sale.market);
        }
        self.first_day = self.first_day.min(sale.day);
        self.revenue += sale.amount;
    }
}

/// Shorter names first, so that 99999 comes before 100000.
fn name_order(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// First and last `N` bytes: the whole of a text of `N` to `2 N` bytes.
#[inline(always)]
fn ends<const N: usize>(bytes: &[u8]) -> Option<([u8; N], [u8; N])> {
    Some((*bytes.first_chunk()?, *bytes.last_chunk()?))
}

/// A text as the key of a table: of 4 to 16 bytes it is held in the key, so that a look-up reads no text elsewhere.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Name<'a> {
    /// Bytes, the first eight (or four) and the last.
    Held(usize, u64, u64),
    Elsewhere(&'a str),
}

impl<'a> Name<'a> {
    fn of(text: &'a str) -> Self {
        let bytes = text.as_bytes();
        let held = match bytes.len() {
            4..8 => ends(bytes).map(|(a, b)| (u32::from_le_bytes(a).into(), u32::from_le_bytes(b).into())),
            8..=16 => ends(bytes).map(|(a, b)| (u64::from_le_bytes(a), u64::from_le_bytes(b))),
            _ => None,
        };
        held.map_or(Self::Elsewhere(text), |(first, last)| Self::Held(bytes.len(), first, last))
    }
}

impl Hash for Name<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            // The length tells few names apart and costs a turn of the hash; equal names are of equal ends.
            Self::Held(_, first, last) => {
                state.write_u64(*first);
                state.write_u64(*last);
            }
            Self::Elsewhere(text) => text.hash(state),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shopper::tests::shopper;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test] // Order 1 has two lines apart; orders of the same name of two shoppers are two. 5 + 2 + 4 = 11 for a.
    fn lines_are_put_together_by_shopper_and_order() {
        let sale = |shopper, order, day, euros: i64| Sale {
            shopper,
            order,
            market: if day > 5 { "DE".parse().unwrap() } else { Market::UNKNOWN },
            day: Day(day),
            amount: Amount::from_micros(euros * 1_000_000),
        };
        let sales = [sale("a", "1", 3, 5), sale("b", "1", 4, 7), sale("a", "1", 3, 2), sale("a", "2", 9, 4)];
        let mut a = shopper("a", (3, 9), 2, 11);
        a.market = "DE".parse().unwrap();
        assert_eq!(of(sales), [a, shopper("b", (4, 4), 1, 7)]);
    }

    fn of<'a>(sales: impl IntoIterator<Item = Sale<'a>>) -> Vec<ShopperSummary> {
        summaries(&[sales.into_iter().collect()])
    }

    /// The same by the words of the documentation.
    fn naive(sales: &[Sale<'_>]) -> Vec<ShopperSummary> {
        let mut met: Vec<&str> = Vec::new();
        sales.iter().for_each(|s| {
            if !met.contains(&s.shopper) {
                met.push(s.shopper)
            }
        });
        let of = |who: &str| {
            let own: Vec<&Sale<'_>> = sales.iter().filter(|s| s.shopper == who).collect();
            let last_day = own.iter().map(|s| s.day).max().unwrap();
            ShopperSummary {
                shopper: who.into(),
                market: own.iter().rfind(|s| s.day == last_day).unwrap().market,
                first_day: own.iter().map(|s| s.day).min().unwrap(),
                last_day,
                n_orders: own.iter().map(|s| s.order).collect::<BTreeSet<_>>().len() as u32,
                revenue: own.iter().map(|s| s.amount).sum(),
            }
        };
        met.into_iter().map(of).collect()
    }

    proptest! {
        // Few names, so that orders go on, come back, fall, and are named alike by several shoppers; of every length that
        // a name tells apart. Each line stands up to three times, as lines of an order do, with a day or market of its own at times.
        #[test]
        fn lines_in_any_order_give_what_a_naive_sum_gives(
            lines in prop::collection::vec((0_usize..6, 0_usize..9, 0_i32..4, 0_usize..3, -500_i64..900, 1_usize..4), 0..60),
            sorted: bool,
        ) {
            let shoppers = ["", "7", "007", "12346", "12347", "a shopper of more than sixteen bytes"];
            let orders = ["", "1", "99", "100", "5363", "5364", "order-0001", "order-0002", "an order of more than 16 bytes"];
            let markets: [Market; 3] = ["DE", "FR", "ZZ"].map(|m| m.parse().unwrap());
            let mut lines = lines;
            if sorted {
                lines.sort_by(|a, b| name_order(orders[a.1], orders[b.1]));
            }
            let sales: Vec<Sale<'_>> = lines
                .iter()
                .flat_map(|&(s, o, day, m, cents, times)| {
                    let amount = Amount::from_micros(cents * 10_000);
                    let sale = Sale { shopper: shoppers[s], order: orders[o], market: markets[m], day: Day(day), amount };
                    std::iter::repeat_n(sale, times)
                })
                .collect();
            prop_assert_eq!(of(sales.iter().copied()), naive(&sales));
        }

        #[test]
        fn names_are_equal_where_their_bytes_are(a in "[ab]{0,20}", b in "[ab]{0,20}", turn in 0_usize..20) {
            prop_assert_eq!(Name::of(&a) == Name::of(&b), a == b);
            let mut other = a.clone().into_bytes();
            if let Some(byte) = other.get_mut(turn) {
                *byte = b'c';
                let other = std::str::from_utf8(&other).unwrap();
                prop_assert!(Name::of(&a) != Name::of(other));
            }
        }
    }

    #[test]
    fn no_line_is_no_shopper() {
        assert_eq!(of([]), []);
    }
}
