//! Cancellations: a sale that was taken back, wholly or in part.
//!
//! A line with a negative quantity is a reversal when its invoice is numbered `C…`, when its
//! status says so, or when the same shopper bought that many of the product at that price before.
//! Each reversal takes units from the *latest* earlier sales first (same owner, product, price and
//! currency) and may spread over several. Latest first, because people cancel what they just
//! ordered: in the Online Retail file the two largest orders are reversed 12 and 16 minutes later,
//! and a right of return runs for weeks, not years. First-in-first-out is an accountant's rule for
//! the value of stock, where units have no owner.
//!
//! What a reversal cannot be matched with stays a cancellation and is flagged: its sale lies before
//! the data begins, or the price was changed. Cost: a sort of the lines whose key was ever reversed.

use super::{Policy, RuleDoc};

pub(crate) const DOC: RuleDoc = RuleDoc {
    name: "cancellation",
    policy: Policy::Mark,
    doc: "a reversal (invoice C…, status returned, or a negative copy of an earlier sale) is matched to the latest \
          earlier sales of the same shopper, product and price; the sale keeps how many units came back",
};

pub(crate) const UNMATCHED: RuleDoc = RuleDoc {
    name: "unmatched_cancellation",
    policy: Policy::Mark,
    doc: "a reversal for which no earlier sale of the same shopper, product and price has units left is flagged",
};

pub(crate) const VOID: RuleDoc = RuleDoc {
    name: "void_order",
    policy: Policy::Mark,
    doc: "a line with units whose status says cancelled never became a sale: kept as kind adjustment, flag void",
};

pub(crate) const PENDING: RuleDoc = RuleDoc {
    name: "pending_order",
    policy: Policy::Mark,
    doc: "a line with units whose status says that it is not paid yet is no sale yet: kept as kind adjustment, flag pending",
};

/// What a source's status says about a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// Nothing that matters here.
    Nothing,
    /// It was called off before it was a sale.
    Cancelled,
    /// It was sold and came back.
    Returned,
    /// It is not paid yet.
    Pending,
}

/// Reads a status.
pub(crate) fn said(status: Option<&str>) -> Said {
    let Some(status) = status else { return Said::Nothing };
    match status.trim().to_lowercase().as_str() {
        "cancelled" | "canceled" | "void" | "voided" | "storniert" | "annulé" | "annulée" | "cancelado"
        | "annullato" | "geannuleerd" | "已取消" | "取消" => Said::Cancelled,
        // `cancellation` is our own word: a table of zone clean that is read again means the same.
        "returned" | "refunded" | "return" | "refund" | "cancellation" | "chargeback" | "retourniert" | "retoure"
        | "erstattet" | "retourné" | "remboursé" | "devuelto" | "reembolsado" | "reso" | "rimborsato" | "已退款"
        | "已退货" => Said::Returned,
        "pending" | "authorized" | "partially_paid" | "unpaid" | "awaiting payment" | "offen" | "unbezahlt"
        | "en attente" | "pendiente" | "in attesa" | "待付款" | "未付款" | "chờ thanh toán" => Said::Pending,
        _ => Said::Nothing,
    }
}

/// Whether an order's name is `C` and a number, as cancelling invoices are named.
pub(crate) fn named_so(order_id: &str) -> bool {
    order_id.strip_prefix(['C', 'c']).is_some_and(is_number)
}

/// At least one digit and nothing else.
pub(crate) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whose, what, at which price: sales and reversals that can belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    /// Shopper; for a guest the order.
    pub(crate) owner: u64,
    pub(crate) product: u32,
    pub(crate) price: i64,
    pub(crate) currency: u32,
}

/// A line that takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) key: Key,
    /// Time, microseconds.
    pub(crate) at: i64,
    pub(crate) side: Side,
    /// Row number of the caller; later rows are later among equal times.
    pub(crate) row: u32,
    /// Units, positive.
    pub(crate) units: i64,
}

/// Which way the goods went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Sale,
    /// Known to be a reversal.
    Reversal,
    /// A negative line that is one only if it is matched in full.
    Perhaps,
}

/// What a reversal took from a sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) reversal: u32,
    pub(crate) sale: u32,
    pub(crate) units: i64,
}

/// Matches reversals to sales. Of each reversal the result lists the sales it took from, latest
/// first; units that it could not place are not listed.
pub(crate) fn take_back(mut entries: Vec<Entry>) -> Vec<Taken> {
    entries.sort_unstable();
    let mut taken = Vec::new();
    let mut open: Vec<(u32, i64)> = Vec::new();
    let mut key = None;
    for entry in entries {
        if key != Some(entry.key) {
            open.clear();
            key = Some(entry.key);
        }
        let mut left = entry.units;
        match entry.side {
            Side::Sale => {
                open.push((entry.row, left));
                continue;
            }
            Side::Perhaps if open.iter().map(|(_, units)| units).sum::<i64>() < left => continue,
            Side::Perhaps | Side::Reversal => {}
        }
        while left > 0
            && let Some((sale, units)) = open.last_mut()
        {
            let part = left.min(*units);
            taken.push(Taken { reversal: entry.row, sale: *sale, units: part });
            left -= part;
            *units -= part;
            if *units == 0 {
                open.pop();
            }
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(at: i64, side: Side, row: u32, units: i64) -> Entry {
        Entry { key: Key { owner: 1, product: 2, price: 3, currency: 0 }, at, side, row, units }
    }

    #[test] // Bought 5, then 3; 4 come back: 3 of the later sale, 1 of the earlier.
    fn a_return_takes_the_latest_sale_first_and_spreads() {
        let taken =
            take_back(vec![entry(30, Side::Reversal, 2, 4), entry(10, Side::Sale, 0, 5), entry(20, Side::Sale, 1, 3)]);
        assert_eq!(taken, [Taken { reversal: 2, sale: 1, units: 3 }, Taken { reversal: 2, sale: 0, units: 1 }]);
    }

    #[test]
    fn a_later_sale_cannot_be_returned_earlier() {
        assert_eq!(take_back(vec![entry(5, Side::Reversal, 0, 1), entry(6, Side::Sale, 1, 1)]), []);
    }

    #[test]
    fn a_reversal_takes_what_there_is_and_a_mere_suspicion_only_all_or_nothing() {
        let sale = entry(1, Side::Sale, 0, 2);
        assert_eq!(take_back(vec![sale, entry(2, Side::Reversal, 1, 5)]), [Taken { reversal: 1, sale: 0, units: 2 }]);
        assert_eq!(take_back(vec![sale, entry(2, Side::Perhaps, 1, 5)]), []);
        assert_eq!(take_back(vec![sale, entry(2, Side::Perhaps, 1, 2)]), [Taken { reversal: 1, sale: 0, units: 2 }]);
    }

    #[test]
    fn names_and_statuses_are_read() {
        assert!(named_so("C536379") && named_so("c1") && !named_so("C") && !named_so("CUP1") && !named_so("536379"));
        assert_eq!(said(Some(" Refunded ")), Said::Returned);
        assert_eq!(said(Some("Canceled")), Said::Cancelled);
        assert_eq!(said(Some("Pending")), Said::Pending);
        assert_eq!(said(Some("cancellation")), Said::Returned);
    }

    proptest! {
        #[test]
        fn no_more_comes_back_than_was_sold(lines in prop::collection::vec((0_i64..20, 0..3_u8, 1_i64..6, 0..3_u64), 0..60)) {
            let entries: Vec<Entry> = lines.iter().enumerate().map(|(row, &(at, side, units, owner))| Entry {
                key: Key { owner, product: 0, price: 1, currency: 0 },
                at,
                side: [Side::Sale, Side::Reversal, Side::Perhaps][usize::from(side)],
                row: row as u32,
                units,
            }).collect();
            let taken = take_back(entries.clone());
            let mut shuffled = entries.clone();
            shuffled.reverse();
            prop_assert_eq!(&take_back(shuffled), &taken);
            for e in &entries {
                let back: i64 = taken.iter().filter(|t| t.sale == e.row).map(|t| t.units).sum();
                let placed: i64 = taken.iter().filter(|t| t.reversal == e.row).map(|t| t.units).sum();
                let (sold, reversed) = if e.side == Side::Sale { (e.units, 0) } else { (0, e.units) };
                prop_assert!(back <= sold);
                prop_assert!(placed <= reversed);
                prop_assert!(e.side != Side::Perhaps || placed == 0 || placed == e.units);
            }
            for t in &taken {
                prop_assert!(entries[t.sale as usize].at <= entries[t.reversal as usize].at);
                prop_assert_eq!(entries[t.sale as usize].key, entries[t.reversal as usize].key);
            }
        }
    }
}
