//! Names that come from other parts of the program, in words a seller reads: segments with what
//! to do about them, models, reasons, cleaning rules. An unknown name is shown as it came, with
//! its underscores as blanks, so that a new rule never breaks a page.

use super::words::{Lang, Words};

struct Entry {
    key: &'static str,
    name: Words,
    /// What to do (segments) or what it means (rules).
    advice: Words,
}

const fn e(key: &'static str, en: &'static str, zh: &'static str, what: &'static str, what_zh: &'static str) -> Entry {
    Entry { key, name: Words { en, zh }, advice: Words { en: what, zh: what_zh } }
}

static SEGMENTS: &[Entry] = &[
    e(
        "champions",
        "Champions",
        "核心顾客",
        "Show new products first, ask for reviews; no discount needed.",
        "优先展示新品，邀请评价，无需打折。",
    ),
    e("loyal", "Loyal", "忠诚顾客", "Offer bundles and larger baskets.", "推荐搭配与更大的订单。"),
    e(
        "potential",
        "Potential",
        "潜力顾客",
        "Win the next order soon, with what goes with the last one.",
        "以上次商品的搭配品尽快促成下一单。",
    ),
    e("new", "New", "新顾客", "Welcome, and follow up before the first month ends.", "欢迎并在首月内跟进。"),
    e(
        "at_risk",
        "At risk",
        "流失风险顾客",
        "Reach out now: they bought often and have stopped.",
        "立即联系：他们曾频繁购买，如今停了下来。",
    ),
    e(
        "need_attention",
        "Need attention",
        "待关注顾客",
        "Remind them of what they bought before.",
        "提醒他们曾购买的商品。",
    ),
    e(
        "hibernating",
        "Hibernating",
        "沉睡顾客",
        "Spend little here; one seasonal message is enough.",
        "少投入，一次季节性消息即可。",
    ),
];

static SCORERS: &[Entry] = &[
    e("popularity", "popularity", "热销度", "", ""),
    e("popularity_market", "popularity in this market", "本市场热销度", "", ""),
    e("popularity_global", "popularity everywhere", "全局热销度", "", ""),
    e("popularity_decayed", "recent popularity", "近期热销度", "", ""),
    e("item_knn", "similar products (item-kNN)", "相似商品 (item-kNN)", "", ""),
    e("user_knn", "similar shoppers (user-kNN)", "相似顾客 (user-kNN)", "", ""),
    e("ials", "latent taste (iALS)", "潜在偏好 (iALS)", "", ""),
    e("swing", "pairs of like shoppers (Swing)", "相似顾客对 (Swing)", "", ""),
    e("rp3beta", "a walk over shoppers (RP3beta)", "顾客随机游走 (RP3beta)", "", ""),
    e("item_graph", "a walk over the graph of products", "商品图游走", "", ""),
    e("transitions", "what is bought next (transitions)", "购买先后关系", "", ""),
    e("ease", "products predicted from products (EASE)", "商品互相预测 (EASE)", "", ""),
    e("ease_sparse", "products predicted from products (EASE, sparse)", "商品互相预测 (EASE 稀疏)", "", ""),
    e("slim", "products predicted from few products (SLIM)", "少量商品预测 (SLIM)", "", ""),
    e("gf_cf", "a filter on the graph of products (GF-CF)", "商品图滤波 (GF-CF)", "", ""),
    e("bpr", "latent taste from pairs (BPR)", "成对学习的潜在偏好 (BPR)", "", ""),
    e("warp", "latent taste for the top of the list (WARP)", "面向榜首的潜在偏好 (WARP)", "", ""),
    e("logistic", "latent taste as odds (logistic)", "对数几率潜在偏好 (logistic)", "", ""),
    e("content", "likeness of words and attributes", "文字与属性相似度", "", ""),
    e("zero_overlap", "habits of home carried by what products say", "凭商品描述迁移主场习惯", "", ""),
    e("item2vec", "products in the same company (item2vec)", "同购商品向量 (item2vec)", "", ""),
    e("softmax_factors", "products that point to each other (softmax factors)", "商品互指向量 (softmax)", "", ""),
    e("light_gcn", "taste smoothed along purchases (LightGCN)", "购买图平滑偏好 (LightGCN)", "", ""),
    e("sasrec", "what comes next, by attention (SASRec)", "注意力序列预测 (SASRec)", "", ""),
    e("gru4rec", "what comes next, by a running state (GRU4Rec)", "循环网络序列预测 (GRU4Rec)", "", ""),
    e("neu_mf", "taste through layers (NeuMF)", "神经矩阵分解 (NeuMF)", "", ""),
    e("wide_deep", "remembered pairs and layers (Wide & Deep)", "记忆与泛化结合 (Wide & Deep)", "", ""),
    e(
        "shared_bottom",
        "looks, carts and purchases together (shared bottom)",
        "浏览加购购买共同学习 (共享底层)",
        "",
        "",
    ),
    e("mmoe", "looks, carts and purchases together (experts)", "浏览加购购买共同学习 (MMoE 多专家)", "", ""),
    e("two_tower", "shopper and product in one space (two towers)", "顾客与商品双塔", "", ""),
    e("hybrid_weighted", "neighbours and taste together (weighted)", "邻居与偏好混合 (加权)", "", ""),
    e("hybrid_ranks", "neighbours and taste together (fused ranks)", "邻居与偏好混合 (名次融合)", "", ""),
    e("hybrid_stacked", "neighbours and taste together (learnt weights)", "邻居与偏好混合 (学习权重)", "", ""),
];

static TERMS: &[Entry] = &[
    e("goes_elsewhere_with_products_like", "goes elsewhere with products like", "在其他市场常与此类商品同购", "", ""),
    e("bought_together_with", "bought together with", "常一起购买", "", ""),
    e("often_follows", "often follows", "常在其后购买", "", ""),
    e("close_in_taste_to", "close in taste to", "偏好相近", "", ""),
    e("bought_by_others", "bought by many", "热销", "", ""),
    e("bought_by_others_in_this_market", "popular in this market", "本市场热销", "", ""),
    e("bought_lately_by_others", "bought by many lately", "近期热销", "", ""),
    e("liked_everywhere", "liked everywhere", "各市场都喜欢", "", ""),
    e("predicted_from", "predicted from", "由以下商品推断", "", ""),
    e(
        "bought_by_the_same_pairs_of_shoppers_as",
        "bought by the same pairs of shoppers as",
        "被相同的顾客对共同购买",
        "",
        "",
    ),
    e("reached_over_shoppers_who_bought", "reached over shoppers who bought", "经由购买以下商品的顾客关联", "", ""),
    e("reached_over_the_graph_from", "reached over the graph of products from", "经商品关系图关联", "", ""),
    e("of_the_same_broad_taste_as", "of the same broad taste as", "大类偏好相同", "", ""),
    e("apart_from_what_was_not_bought", "apart from what was not bought", "与未购买商品的差异", "", ""),
    e("bought_in_the_same_company_as", "bought in the same company as", "常与相同商品同购", "", ""),
    e("described_in_the_same_words_as", "described in the same words as", "描述用词相同", "", ""),
    e("described_alike", "described alike", "描述相似", "", ""),
    e("in_the_same_category_as", "in the same category as", "同类商品", "", ""),
    e("of_the_same_brand_as", "of the same brand as", "同品牌商品", "", ""),
    e("of_the_same_colour_as", "of the same colour as", "同颜色商品", "", ""),
    e("shares_an_attribute_with", "shares an attribute with", "属性相同", "", ""),
    e("bought_next_after", "bought next after", "常在购买以下商品后购买", "", ""),
    e("the_order_of_what_was_bought", "the order of what was bought", "购买顺序", "", ""),
    e("liked_in_general", "liked in general", "普遍受欢迎", "", ""),
    e("own_average", "the shoppers' own average", "顾客自身平均", "", ""),
    e("popular_in_the_market", "popular in this market", "本市场热销", "", ""),
    e("bought_by_shoppers_who_also_bought", "bought by shoppers who also bought", "购买以下商品的顾客也买", "", ""),
    e("popular_at_home", "popular at home", "主场热销", "", ""),
    e("further_reasons", "further reasons", "其他理由合计", "", ""),
];

static RULES: &[Entry] = &[
    e(
        "exact_repeat",
        "Repeated rows",
        "重复行",
        "equal to an earlier row of the same file; kept and marked",
        "与同一文件中较早的行完全相同，保留并标记",
    ),
    e(
        "other_file_repeat",
        "Rows from two files",
        "跨文件重复行",
        "an earlier file gave them already; not counted again",
        "较早的文件已包含，不再计入",
    ),
    e(
        "event_repeat",
        "Repeated events",
        "重复事件",
        "the same message twice; counted once",
        "同一消息出现两次，只计一次",
    ),
    e(
        "interaction_repeat",
        "Repeated interactions",
        "重复互动",
        "the same comment or like in two exports; counted once",
        "同一评论或点赞出现在两份导出中，只计一次",
    ),
    e(
        "interaction_kind",
        "Interactions of an unknown kind",
        "类型未知的互动",
        "no comment, reply, like, share, save, follow or mention; put aside",
        "不属于评论、回复、点赞、分享、收藏、关注或提及，已搁置",
    ),
    e(
        "record_repeat",
        "Replaced records",
        "被替换的记录",
        "a later record with the same key took their place",
        "由键相同的较新记录取代",
    ),
    e(
        "tracked_order_repeat",
        "Orders told twice",
        "重复上报的订单",
        "a tracked purchase that an export has, too; the export's lines count",
        "追踪事件与导出文件中的同一订单，以导出文件为准",
    ),
    e(
        "bot_traffic",
        "Machines among the visitors",
        "机器人访问",
        "crawlers, and visits faster or more regular than a person's; put aside",
        "爬虫，以及比真人更快或更规律的访问，已搁置",
    ),
    e(
        "junk_text",
        "Texts that say nothing",
        "无意义文本",
        "no words, one sign or word over and over, or keys struck at random; marked, stars stay",
        "没有词语、单一字符或词反复出现、或随意敲击的按键；已标记，评分保留",
    ),
    e(
        "broken_encoding",
        "Broken words put right",
        "乱码修复",
        "an earlier converter had broken them; only what has one reading was mended",
        "此前的转换损坏了文字，仅修复只有一种读法的内容",
    ),
    e(
        "fuzzy_product",
        "Products that look alike",
        "疑似重复商品",
        "nearly the same title under two codes; nothing is merged",
        "标题几乎相同但编码不同，未合并",
    ),
    e(
        "product_code_case",
        "Spellings of product codes",
        "商品编码写法",
        "differ in case or blanks only; one product",
        "仅大小写或空格不同，视为同一商品",
    ),
    e("cancellation", "Cancellations", "取消订单", "matched to the sale they take back", "已与原销售匹配"),
    e(
        "unmatched_cancellation",
        "Cancellations without a sale",
        "找不到原单的取消",
        "the sale may lie before the data",
        "原单可能早于数据期",
    ),
    e("pending_order", "Pending orders", "待付款订单", "not paid yet, and no sale yet", "尚未付款，不计为成交"),
    e("void_order", "Void orders", "作废订单", "cancelled before they became a sale", "在成交之前已取消"),
    e(
        "service_line",
        "Service lines",
        "服务类行",
        "postage, fees, discounts, vouchers: not products",
        "邮费、手续费、折扣、代金券等，不是商品",
    ),
    e("bad_debt", "Bad debt", "坏账", "written off; in no revenue figure", "已核销，不计入任何销售额"),
    e("gift", "Gifts and samples", "赠品与样品", "price zero; no revenue and no taste", "价格为零，不计销售额与偏好"),
    e(
        "stock_adjustment",
        "Stock adjustments",
        "库存调整",
        "units that left without a sale; kept out of sales",
        "非销售出库，不计入销售",
    ),
    e("test_order", "Test orders", "测试订单", "somebody tried the shop; never a sale", "试用店铺所下，不是销售"),
    e(
        "missing_shopper",
        "Orders without a shopper",
        "无顾客信息的订单行",
        "kept as guests: in revenue, not in rates",
        "按游客保留：计入销售额，不计入比率",
    ),
    e("missing_code", "Lines without a product code", "无商品编码的行", "known by their title instead", "改按标题识别"),
    e("missing_value", "Missing values", "缺失值", "rows that cannot do without it; rejected", "必需值缺失，已拒绝"),
    e(
        "impossible_price",
        "Impossible prices",
        "异常价格",
        "negative or beyond all bounds; rejected",
        "为负或超出界限，已拒绝",
    ),
    e("impossible_quantity", "Impossible quantities", "异常数量", "beyond all bounds; rejected", "超出界限，已拒绝"),
    e(
        "price_outlier",
        "Unusual prices",
        "价格离群值",
        "far from the product's median; flagged, kept",
        "远离该商品中位数，仅标记",
    ),
    e(
        "quantity_outlier",
        "Unusual quantities",
        "数量离群值",
        "far from the product's median; flagged, kept",
        "远离该商品中位数，仅标记",
    ),
    e(
        "country",
        "Country names",
        "国家名称",
        "written as ISO codes; unknown names become ZZ",
        "转为 ISO 代码，未知名称记为 ZZ",
    ),
    e("currency", "Unknown currencies", "未知币种", "not an ISO 4217 code; rejected", "不是 ISO 4217 代码，已拒绝"),
    e(
        "currency_rate",
        "Converted amounts",
        "换算金额",
        "at the last rate published before the order's day",
        "按下单日之前最近公布的汇率",
    ),
    e("future_date", "Future dates", "未来日期", "cannot have happened yet; rejected", "尚未发生，已拒绝"),
    e(
        "several_timestamps",
        "Orders with several times",
        "含多个时间的订单",
        "the time of the first line holds",
        "以首行时间为准",
    ),
    e(
        "stated_amount",
        "Stated amounts",
        "注明金额",
        "differ from price × quantity; the stated one holds",
        "与单价 × 数量不符，以注明金额为准",
    ),
    e(
        "identity_merge",
        "Joined identities",
        "合并的身份",
        "one shopper under several numbers, with proof",
        "同一顾客的多个标识，附证据",
    ),
    e(
        "shared_key",
        "Shared contacts",
        "共用联系方式",
        "one e-mail or phone of too many; joins nobody",
        "过多顾客共用，不用于合并",
    ),
    e("undone_link", "Undone links", "撤销的合并", "an operator took them back", "已由操作员撤销"),
    e(
        "buyers_exceed_shoppers",
        "Products with more buyers than shoppers",
        "买家多于顾客的商品",
        "the counts contradict each other, as when two shops number their orders alike; no uptake is shown for them",
        "统计互相矛盾，例如两家店铺订单号相同；这些商品不显示购买率",
    ),
    e(
        "ragged_row",
        "Rows with cells missing or too many",
        "列数不符的行",
        "could not be read; in the rejects",
        "无法读取，保存在拒绝表中",
    ),
    e(
        "not_json",
        "Lines that are no JSON",
        "非 JSON 的行",
        "could not be read; in the rejects",
        "无法读取，保存在拒绝表中",
    ),
    e(
        "nul_byte",
        "Rows with a zero byte",
        "含空字节的行",
        "could not be read; in the rejects",
        "无法读取，保存在拒绝表中",
    ),
    e(
        "record_too_long",
        "Endless records",
        "过长的记录",
        "could not be read; in the rejects",
        "无法读取，保存在拒绝表中",
    ),
    e(
        "unclosed_quote",
        "Quotes that never close",
        "未闭合的引号",
        "could not be read; in the rejects",
        "无法读取，保存在拒绝表中",
    ),
    e("not_a_date", "Texts in place of a date", "日期位置的文字", "rejected", "已拒绝"),
    e("impossible_date", "Days that do not exist", "不存在的日期", "rejected", "已拒绝"),
    e(
        "date_format",
        "Dates of another format",
        "格式不一的日期",
        "two ways to read them; rejected",
        "存在两种读法，已拒绝",
    ),
    e("not_a_number", "Texts in place of a number", "数字位置的文字", "rejected", "已拒绝"),
    e("not_a_whole_number", "Fractions in place of a count", "数量不是整数", "rejected", "已拒绝"),
    e("not_an_amount", "Texts in place of an amount", "金额位置的文字", "rejected", "已拒绝"),
    e("amount_too_large", "Amounts beyond all bounds", "超出界限的金额", "rejected", "已拒绝"),
    e("not_a_rate", "Texts in place of a rate", "汇率位置的文字", "rejected", "已拒绝"),
    e("not_yes_or_no", "Neither yes nor no", "非是非否的值", "rejected", "已拒绝"),
    e("unknown_unit", "Unknown units", "未知单位", "rejected", "已拒绝"),
    e("unit", "Converted units", "换算的单位", "brought to kg, cm and °C", "统一为千克、厘米与摄氏度"),
    e("filled_value", "Filled gaps", "填补的缺失值", "by the policy in portolan.toml", "按 portolan.toml 中的策略"),
    e("text", "Normalised texts", "文本规范化", "blanks and character forms made equal", "统一空格与字符形式"),
];

/// `At risk`, `at-risk` and `at_risk` are one name; so are `outlier` and `outliers`.
fn normal(key: &str) -> String {
    key.trim().to_lowercase().replace([' ', '-'], "_")
}

fn find(table: &'static [Entry], key: &str) -> Option<&'static Entry> {
    let key = normal(key);
    table.iter().find(|entry| entry.key == key || key.strip_suffix('s') == Some(entry.key))
}

fn name(table: &'static [Entry], key: &str, lang: Lang) -> String {
    match find(table, key) {
        Some(entry) => entry.name.get(lang).to_owned(),
        None => key.trim().replace('_', " "),
    }
}

/// `name: value`, with the colon of the language.
pub(crate) fn labelled(label: &str, value: &str, lang: Lang) -> String {
    match lang {
        Lang::En => format!("{label}: {value}"),
        Lang::Zh => format!("{label}：{value}"),
    }
}

fn advice(table: &'static [Entry], key: &str, lang: Lang) -> &'static str {
    find(table, key).map_or("", |entry| entry.advice.get(lang))
}

/// Name of a named segment.
pub fn segment(key: &str, lang: Lang) -> String {
    name(SEGMENTS, key, lang)
}

pub(crate) fn segment_advice(key: &str, lang: Lang) -> &'static str {
    advice(SEGMENTS, key, lang)
}

/// The name of a model for a reader.
pub fn scorer(key: &str, lang: Lang) -> String {
    name(SCORERS, key, lang)
}

/// The family of a model, by which models of different markets stand in one column.
pub(crate) fn family(key: &str) -> String {
    let key = normal(key);
    if key.starts_with("popularity") { "popularity".to_owned() } else { key }
}

/// The name of a part of a score for a reader.
pub fn term(key: &str, lang: Lang) -> String {
    name(TERMS, key, lang)
}

pub(crate) fn rule(key: &str, lang: Lang) -> String {
    name(RULES, key, lang)
}

pub(crate) fn rule_meaning(key: &str, lang: Lang) -> &'static str {
    advice(RULES, key, lang)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_spelling_and_unknown_names_stay() {
        assert_eq!(segment("At risk", Lang::Zh), "流失风险顾客");
        assert_eq!(segment("at-risk", Lang::En), "At risk");
        assert_eq!(rule("exact_repeats", Lang::En), "Repeated rows");
        assert_eq!(rule("my_new_rule", Lang::Zh), "my new rule");
        assert_eq!(rule_meaning("my_new_rule", Lang::En), "");
    }

    #[test]
    fn every_entry_is_written_in_both_languages() {
        for entry in [SEGMENTS, SCORERS, TERMS, RULES].into_iter().flatten() {
            assert_ne!(entry.name.en, entry.name.zh, "{}", entry.key);
            assert_eq!(entry.advice.en.is_empty(), entry.advice.zh.is_empty(), "{}", entry.key);
            assert!(entry.advice.en.is_empty() || entry.advice.en != entry.advice.zh, "{}", entry.key);
        }
    }
}
