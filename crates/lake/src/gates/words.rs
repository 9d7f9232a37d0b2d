//! What gates say, in Chinese: what their rows are, what is wrong with those that fail, and the sentence of both.

/// Rows in English and in Chinese.
const ROWS: &[(&str, &str)] = &[
    ("order lines", "订单行"),
    ("orders", "订单"),
    ("products", "商品"),
    ("shoppers", "顾客"),
    ("events", "事件"),
    ("reviews", "评论"),
    ("questions", "提问"),
    ("counts of stock", "库存记录"),
    ("costs", "成本记录"),
    ("days of advertising", "广告日记录"),
    ("competitors' prices", "竞品价格"),
    ("facts about countries", "国家事实"),
    ("exchange rates", "汇率"),
];

/// Faults in English and in Chinese.
const FAULTS: &[(&str, &str)] = &[
    ("were put aside", "被搁置"),
    ("repeat the key of another", "与另一条的主键重复"),
    ("have no product", "没有商品"),
    ("have no shopper", "没有顾客"),
    ("are of no known country", "国家未知"),
    ("are of a day before 1990", "日期早于 1990 年"),
    ("have a price far from the usual one of their product", "价格与该商品的常见价格相差很远"),
    ("are exact copies inside their file", "是同一文件内的完全重复"),
    ("name a product that clean.products does not have", "所指商品不在 clean.products 中"),
    ("name a shopper whom clean.shoppers does not have", "所指顾客不在 clean.shoppers 中"),
    ("have no name", "没有名称"),
    (
        "have a weight outside 0 to 5,000 kg or a side outside 0 to 2,000 cm",
        "重量不在 0–5,000 kg 内或边长不在 0–2,000 cm 内",
    ),
    ("have neither a shopper nor a visitor", "既没有顾客也没有访客"),
    ("have no text", "没有文字"),
    ("have stars outside 1 to 5", "评分不在 1–5 之间"),
    ("say nothing", "没有实际内容"),
    ("are below zero", "小于零"),
    ("are zero", "为零"),
    ("have more clicks than times shown", "点击数多于展示数"),
    ("are zero, negative or above ten million", "为零、为负或超过一千万"),
];

fn of(pairs: &[(&'static str, &'static str)], en: &'static str) -> &'static str {
    // A test sees to it that each is there.
    pairs.iter().find(|(known, _)| *known == en).map_or(en, |(_, zh)| zh)
}

/// What rows are called.
pub(super) fn rows(en: &'static str) -> &'static str {
    of(ROWS, en)
}

/// What is wrong with those that fail.
pub(super) fn fault(en: &'static str) -> &'static str {
    of(FAULTS, en)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gates::{BUILT_IN, GateKind};

    #[test]
    fn every_gate_speaks_chinese() {
        for gate in BUILT_IN {
            assert_ne!(rows(gate.rows), gate.rows, "{}", gate.name);
            if gate.kind != GateKind::Freshness {
                assert_ne!(fault(gate.fault), gate.fault, "{}", gate.name);
            }
        }
    }
}
