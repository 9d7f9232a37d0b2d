//! What holds for any rows.

mod support;

use clean::{Rates, Rule, Survey, order_lines};
use proptest::prelude::*;
use std::collections::BTreeMap;
use support::*;

/// Lines of two files with few shoppers, products and prices, so that everything collides.
fn any_lines() -> impl Strategy<Value = Vec<Line>> {
    let one = (
        0..2_u8,
        0..6_u8,
        0..4_u8,
        -4_i64..6,
        0..3_i64,
        prop::option::of(0..3_u8),
        0..4_i64,
        prop::option::of(prop::sample::select(vec!["completed", "returned", "cancelled", "refunded", "test"])),
    );
    prop::collection::vec(one, 1..60).prop_map(|rows| {
        let mut lines: Vec<Line> = rows
            .into_iter()
            .enumerate()
            .map(|(i, (source, order, code, quantity, price, shopper, day, status))| {
                let name = if quantity < 0 && order % 2 == 0 { format!("C{order}") } else { order.to_string() };
                let code = ["MUG-1", "mug-1", "MUG-2", "POST"][usize::from(code)];
                let mut l = line(i as i64, &name, code, quantity, "1");
                l.source = ["aa", "bb"][usize::from(source)].to_owned();
                l.price = price * 1_500_000;
                l.shopper = shopper.map(|s| s.to_string());
                l.at = (100 + day) * DAY;
                l.status = status.map(str::to_owned);
                l
            })
            .collect();
        lines.sort_by(|a, b| (&a.source, a.line).cmp(&(&b.source, b.line)));
        lines
    })
}

/// A settled line by what it says, without where it stood.
fn settled(out: &clean::OrderLinesOut) -> BTreeMap<String, usize> {
    let t = &out.order_lines;
    let (settled, order, product) = (bool_column(t, "settled"), words(t, "order_id"), words(t, "product_id"));
    let (shopper, quantity, amount) = (words(t, "shopper_id"), int_column(t, "quantity"), amount_column(t, "amount"));
    let mut all = BTreeMap::new();
    for i in (0..t.num_rows()).filter(|&i| settled[i]) {
        let key = format!("{} {} {} {} {:?}", order[i], product[i], shopper[i], quantity[i], amount[i]);
        *all.entry(key).or_insert(0) += 1;
    }
    all
}

proptest! {
    #[test]
    fn nothing_is_lost_and_amounts_add_up(lines in any_lines()) {
        let out = clean(&lines);
        prop_assert_eq!(out.order_lines.num_rows() + out.rejects.num_rows(), lines.len());
        let rejected: Vec<(String, i64)> =
            words(&out.rejects, "source").into_iter().zip(int_column(&out.rejects, "line")).collect();
        // A return without a price is worth what its sale was, and no more than was sold comes back.
        let unpriced = |l: &&Line| {
            l.price == 0 && l.quantity < 0 && matches!(l.status.as_deref(), Some("returned" | "refunded"))
        };
        let apart: Vec<(String, i64)> = lines.iter().filter(unpriced).map(|l| (l.source.clone(), l.line)).collect();
        let kept_in: i64 = lines
            .iter()
            .filter(|l| !rejected.contains(&(l.source.clone(), l.line)) && !unpriced(l))
            .map(|l| l.quantity * l.price)
            .sum();
        let places = words(&out.order_lines, "source").into_iter().zip(int_column(&out.order_lines, "line"));
        let amounts = places.zip(amount_column(&out.order_lines, "amount"));
        let kept_out: i64 = amounts.filter(|(place, _)| !apart.contains(place)).filter_map(|(_, a)| a).sum();
        prop_assert_eq!(kept_in, kept_out);
        let of_orders: i64 = ["gross", "services", "reversed"]
            .iter()
            .flat_map(|c| amount_column(&out.orders, c))
            .flatten()
            .sum();
        let kinds = words(&out.order_lines, "kind");
        let flags = words(&out.order_lines, "flags");
        let of_lines: i64 = amount_column(&out.order_lines, "amount_base")
            .into_iter()
            .enumerate()
            .filter(|(i, _)| ["sale", "service", "cancellation"].contains(&kinds[*i].as_str()))
            .filter(|(i, _)| !flags[*i].contains("other_file_repeat"))
            .filter_map(|(_, a)| a)
            .sum();
        prop_assert_eq!(of_orders, of_lines);
    }

    #[test]
    fn no_more_comes_back_than_was_sold_and_every_reversal_points_at_an_earlier_sale(lines in any_lines()) {
        let out = clean(&lines);
        let t = &out.order_lines;
        let (kind, quantity, returned) = (words(t, "kind"), int_column(t, "quantity"), int_column(t, "returned_quantity"));
        let (source, number, at) = (words(t, "source"), int_column(t, "line"), day_column(t, "day"));
        let (to_source, to_line) = (words(t, "reverses_source"), int_column(t, "reverses_line"));
        for i in 0..t.num_rows() {
            prop_assert!(returned[i] >= 0);
            prop_assert!(returned[i] == 0 || (kind[i] == "sale" && returned[i] <= quantity[i]));
            if to_line[i] != i64::MIN {
                prop_assert_eq!(&kind[i], "cancellation");
                let sale = (0..t.num_rows()).find(|&s| source[s] == to_source[i] && number[s] == to_line[i]).unwrap();
                prop_assert_eq!(&kind[sale], "sale");
                prop_assert!(at[sale] <= at[i] && returned[sale] > 0);
            }
        }
    }

    #[test]
    fn the_order_of_the_files_does_not_change_what_is_settled(lines in any_lines()) {
        let mut swapped = lines.clone();
        swapped.sort_by(|a, b| (&b.source, a.line).cmp(&(&a.source, b.line)));
        prop_assert_eq!(settled(&clean(&lines)), settled(&clean(&swapped)));
    }

    #[test]
    fn the_same_file_again_settles_nothing_new(lines in any_lines()) {
        let once: Vec<Line> = lines.iter().filter(|l| l.source == "aa").cloned().collect();
        let mut twice = once.clone();
        twice.extend(once.iter().map(|l| Line { source: "copy".to_owned(), ..l.clone() }));
        prop_assert_eq!(settled(&clean(&once)), settled(&clean(&twice)));
        let returned = |lines: &[Line]| int_column(&clean(lines).order_lines, "returned_quantity").iter().sum::<i64>();
        prop_assert!(returned(&twice) >= returned(&once));
    }

    #[test]
    fn parts_put_together_are_the_whole(lines in any_lines(), n_parts in 1_u32..5) {
        let p = params();
        let mut survey = Survey::new(&p);
        let batch = order_lines_batch(&lines);
        survey.order_lines(&batch).unwrap();
        let surveyed = survey.finish();
        let whole = order_lines(std::slice::from_ref(&batch), &surveyed, &Rates::default(), &p).unwrap();
        let parts = surveyed.partition(&batch, n_parts).unwrap();
        let mut counts = clean::RuleCounts::default();
        let mut tally = clean::ShopperTally::default();
        let mut rows = Vec::new();
        for part in 0..n_parts {
            let mine: Vec<Line> =
                lines.iter().zip(&parts).filter(|(_, p)| **p == part).map(|(l, _)| l.clone()).collect();
            let out = order_lines(&[order_lines_batch(&mine)], &surveyed, &Rates::default(), &p).unwrap();
            counts.merge(out.counts);
            tally.merge(out.shoppers);
            rows.extend(fingerprints(&out.order_lines));
        }
        rows.sort_unstable();
        let mut expected = fingerprints(&whole.order_lines);
        expected.sort_unstable();
        prop_assert_eq!(rows, expected);
        prop_assert_eq!(counts.touched(Rule::Cancellation), whole.counts.touched(Rule::Cancellation));
        prop_assert_eq!(counts.touched(Rule::ExactRepeat), whole.counts.touched(Rule::ExactRepeat));
        prop_assert_eq!(
            words(&surveyed.shoppers(&tally), "market"),
            words(&surveyed.shoppers(&whole.shoppers), "market")
        );
    }
}

fn fingerprints(t: &arrow_array::RecordBatch) -> Vec<String> {
    let (source, number, kind, flags) =
        (words(t, "source"), int_column(t, "line"), words(t, "kind"), words(t, "flags"));
    let (returned, repeat, shopper) =
        (int_column(t, "returned_quantity"), bool_column(t, "repeat"), words(t, "shopper_id"));
    (0..t.num_rows())
        .map(|i| {
            format!("{} {} {} {} {} {} {}", source[i], number[i], kind[i], flags[i], returned[i], repeat[i], shopper[i])
        })
        .collect()
}
