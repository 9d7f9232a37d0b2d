//! The adaptation checklist of a market: what has to change before which products may be sold, what is missing, what is out.
//!
//! Changes of many products that one rule asks for become one line; its rough cost is the sum over the products, a currency at
//! a time, because papers are made out a model. [`Checklist::draft_csv`] is the table to fill in for what is missing, in the
//! columns that a catalogue is read with. Cost: one verdict a product.

use super::facts::ProductFacts;
use super::judge::{MarketRules, Verdict};
use super::rule::{Attribute, ChangeKind};
use super::rulebook::Rulebook;
use crate::own_file::Said;
use domain::{Day, Market, Money, ProductId};
use std::collections::{BTreeMap, BTreeSet};

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub struct ChecklistItem {
    /// Which kind of change.
    pub kind: ChangeKind,
    /// Id of the rule that asks for it.
    pub rule: String,
    /// What it asks for.
    pub said: Said,
    /// For which products.
    pub products: Vec<ProductId>,
    /// Rough cost of all of them, lowest and highest, one entry a currency.
    pub cost: Vec<(Money, Money)>,
}

/// A market's list.
#[derive(Clone, Debug, PartialEq)]
pub struct Checklist {
    /// Where.
    pub market: Market,
    /// The day whose rules hold.
    pub day: Day,
    /// May be sold as they are.
    pub sell: Vec<ProductId>,
    /// May be sold after changes.
    pub change: Vec<ProductId>,
    /// Must not be sold, with the rules that forbid it.
    pub blocked: Vec<(ProductId, Vec<String>)>,
    /// Cannot be told, with what is missing.
    pub unknown: Vec<(ProductId, Vec<Attribute>)>,
    /// What to do, most products first, then by rule.
    pub items: Vec<ChecklistItem>,
}

impl Rulebook {
    /// The checklist of a market for products in the order given.
    pub fn checklist(&self, rules: &MarketRules<'_>, products: &[(ProductId, ProductFacts)], day: Day) -> Checklist {
        let mut list = Checklist {
            market: rules.market(),
            day,
            sell: Vec::new(),
            change: Vec::new(),
            blocked: Vec::new(),
            unknown: Vec::new(),
            items: Vec::new(),
        };
        let mut items: BTreeMap<(usize, ChangeKind), ChecklistItem> = BTreeMap::new();
        for (id, facts) in products {
            let changes = match rules.judge(facts).verdict {
                Verdict::Sell => {
                    list.sell.push(id.clone());
                    continue;
                }
                Verdict::Blocked { why } => {
                    let why = why.iter().map(|&i| self.rules()[i].id.clone()).collect();
                    list.blocked.push((id.clone(), why));
                    continue;
                }
                Verdict::SellWithChange { changes } => {
                    list.change.push(id.clone());
                    changes
                }
                Verdict::Unknown { missing, changes } => {
                    list.unknown.push((id.clone(), missing));
                    changes
                }
            };
            for change in changes {
                let item = items.entry((change.rule, change.kind)).or_insert_with(|| {
                    let explained = self.explain_change(&change);
                    ChecklistItem {
                        kind: change.kind,
                        rule: explained.rule,
                        said: explained.said,
                        products: Vec::new(),
                        cost: Vec::new(),
                    }
                });
                item.products.push(id.clone());
                if let Some((low, high)) = change.cost {
                    match item.cost.iter_mut().find(|c| c.0.currency == low.currency) {
                        Some(sum) => {
                            sum.0.minor = sum.0.minor.saturating_add(low.minor);
                            sum.1.minor = sum.1.minor.saturating_add(high.minor);
                        }
                        None => item.cost.push((low, high)),
                    }
                }
            }
        }
        list.items = items.into_values().collect();
        list.items.sort_by(|a, b| b.products.len().cmp(&a.products.len()).then_with(|| a.rule.cmp(&b.rule)));
        list
    }
}

impl Checklist {
    /// A CSV to fill in: one line for each product that cannot be told, a column for each that is missing of any; `?` marks
    /// what is asked for, the others stay empty. `None` where nothing is missing.
    pub fn draft_csv(&self) -> Option<String> {
        let columns: BTreeSet<&str> = self.unknown.iter().flat_map(|(_, m)| m.iter().map(|a| a.column())).collect();
        if columns.is_empty() {
            return None;
        }
        let mut csv = format!("product_id,{}\n", columns.iter().copied().collect::<Vec<_>>().join(","));
        for (id, missing) in &self.unknown {
            let id = id.to_string();
            let quoted = if id.contains([',', '"', '\n']) { format!("\"{}\"", id.replace('"', "\"\"")) } else { id };
            csv.push_str(&quoted);
            for column in &columns {
                csv.push_str(if missing.iter().any(|a| a.column() == *column) { ",?" } else { "," });
            }
            csv.push('\n');
        }
        Some(csv)
    }
}

#[cfg(test)]
mod tests {
    use super::super::CatalogueRow;
    use super::*;

    fn product(id: &str, name: &str, plug: Option<&str>, book: &Rulebook) -> (ProductId, ProductFacts) {
        let row = CatalogueRow { name, plug, ..CatalogueRow::default() };
        let facts = ProductFacts::from_catalogue(&row, book.kinds())
            .with_marks(["CE", "EU-RP", "WEEE", "LUCID"])
            .with_languages(["de"]);
        (ProductId::new(id), facts)
    }

    #[test]
    fn changes_are_gathered_by_rule_and_what_is_missing_becomes_a_table() {
        let book = Rulebook::built_in();
        let day = "2026-11-01".parse().unwrap();
        let products = [
            product("A", "Electric kettle 230V", Some("F"), &book),
            product("B", "Electric kettle 230V", Some("A"), &book),
            product("C", "Toaster 230V", Some("G"), &book),
            product("D", "Toaster", None, &book),
            product("E", "Disposable vape", None, &book),
        ];
        let list = book.checklist(&book.market("DE".parse().unwrap(), day), &products, day);
        let ids = |list: &[ProductId]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!((ids(&list.sell), ids(&list.change)), (vec!["A".to_owned()], vec!["B".to_owned(), "C".to_owned()]));
        assert_eq!(list.blocked.len(), 1);
        // One line: another plug for B and C, twice 0.50 to 25.00 USD.
        assert_eq!(list.items.len(), 1, "{:?}", list.items);
        assert_eq!((list.items[0].rule.as_str(), list.items[0].kind), ("mains-de", ChangeKind::Plug));
        assert_eq!(list.items[0].cost.iter().map(|c| (c.0.minor, c.1.minor)).collect::<Vec<_>>(), [(100, 5000)]);
        assert_eq!(list.draft_csv().as_deref(), Some("product_id,plug,voltage_v\nD,?,?\n"));
    }
}
