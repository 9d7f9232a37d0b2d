//! What a run says of itself in Chinese: why something was not computed, and why a model serves a market.
//!
//! These sentences are made in many places, most of them errors of pure crates with one form, the English one. Here each form
//! stands once with its Chinese: `{}` in a form is a number or a name that is taken over, in the order in which it came; what
//! is itself a form is turned too. A sentence without a form stays as it is, and a test that reads what a run on a merchant
//! says finds it.

/// Forms in English and Chinese, whole sentences before parts of them.
const FORMS: &[(&str, &str)] = &[
    // Lines of a run.
    ("note: {}: not computed: {}", "说明:{}:未计算:{}"),
    ("next: portolan plan --all writes the launch plans", "下一步:portolan plan --all 生成上市计划"),
    ("events of the last minutes are not in this run: {}", "最近几分钟的事件未纳入本次运行:{}"),
    ("not every system could be asked; the run goes on with what came", "部分系统无法访问;运行将使用已获取的数据继续"),
    ("{}: {} records on {} pages, {} new or changed", "{}:{} 条记录,{} 页,{} 条为新增或有变化"),
    ("cleaned: {} order lines", "已清洗:{} 条订单明细"),
    ("{} cannot be asked: {}", "无法访问 {}:{}"),
    ("it answers {}", "返回 {}"),
    ("a page is no JSON: {}", "返回的页面不是 JSON:{}"),
    ("see the token of the source in sync.toml, and what it may read", "请检查 sync.toml 中该来源的令牌及其读取权限"),
    ("see `url` of the source in sync.toml", "请检查 sync.toml 中该来源的 `url`"),
    (
        "ask again later: what came is kept, and the next round goes on from there",
        "稍后会再次访问:已获取的内容已保存,下次从该处继续",
    ),
    ("the environment has no {}", "环境变量中没有 {}"),
    ("set it to the token; it is written nowhere", "请将其设为令牌;令牌不会写入任何地方"),
    ("a page has no list at `{}`", "页面中 `{}` 处没有列表"),
    ("`items` names the list, such as data.orders", "`items` 指明列表位置,例如 data.orders"),
    ("a record has no `{}`: {}", "某条记录没有 `{}`:{}"),
    ("`id` names what tells records apart", "`id` 指明区分记录的字段"),
    ("it did not end: the program was stopped", "未完成:程序被中途停止"),
    ("it goes on where it was", "将从中断处继续"),
    ("warning: {}", "警告:{}"),
    ("{} (failed, and allowed)", "{}(未通过,已放行)"),
    // Segments that a workspace begins with.
    ("came back at least once", "至少回购过一次"),
    ("one order, not long ago: the next step is the second", "下过一单且时间不久:下一步是第二单"),
    ("spent much and has been silent for three months", "消费高但已沉默三个月"),
    ("at least two orders in half a year, nothing of the last came back", "半年内至少两单,且最后一单无退货"),
    ("things came back from a third of the orders or more", "三分之一或以上的订单有退货"),
    ("agreed to mail and ordered within a year", "同意接收邮件且一年内下过单"),
    // What is foreseen.
    ("no order in the next {} days (churn)", "未来 {} 天内不再下单（流失）"),
    ("a second order in the next {} days", "首购顾客在未来 {} 天内再次下单"),
    ("an order in the next {} days", "未来 {} 天内下单"),
    // What.
    ("its place among the markets", "市场排名"),
    ("which market to enter", "应进入哪个市场"),
    ("a fact about the market", "市场事实"),
    ("the size of the market", "市场规模"),
    ("what can be won of a market", "可争取的市场份额"),
    ("what shoppers will be worth, exactly", "顾客价值的精确区间"),
    ("what shoppers will be worth", "顾客价值"),
    ("what a first order says of later ones", "首单对后续订单的提示"),
    ("margins of shoppers", "顾客毛利"),
    ("{}, as probabilities to act on", "{}(作为可据以行动的概率)"),
    ("who will order a second time", "谁会再次下单"),
    ("who will not order again", "谁不会再下单"),
    ("who will stay away", "谁会流失"),
    ("when the next order is due", "下次下单时间"),
    ("what an order is worth", "单笔订单价值"),
    ("`{}` of segments", "人群字段 `{}`"),
    ("the persona of the market", "市场画像"),
    ("who returns after how long", "顾客多久后回购"),
    ("what is bought next", "接下来购买什么"),
    ("what goes with returning", "与回购相关的因素"),
    ("the response to prices", "对价格的反应"),
    ("satisfaction and loyalty", "满意度与忠诚度"),
    ("the group of some shoppers", "部分顾客的群组"),
    ("groups of similar shoppers", "相似顾客群组"),
    ("segments of shoppers", "顾客分群"),
    ("rarer bundles", "较少见的组合"),
    ("bundles", "商品组合"),
    ("the landed cost of products", "商品到岸成本"),
    ("calibration by an experiment", "用实验校准"),
    ("first orders of products that were never sold there", "从未在当地销售的商品的首批订货"),
    ("transfer", "迁移学习"),
    ("what reviews in `{}` say of trust, security and satisfaction", "`{}` 评论关于信任、安全与满意的说法"),
    ("what reviews in `{}` complain of and praise", "`{}` 评论中的抱怨与称赞"),
    // Why a model serves.
    (
        "it shares no product with others; what home knows of habits, by what products say, is proved at home against {}, {}",
        "该市场与其他市场没有共同商品;本土市场的购买习惯按商品内容推及,已在本土留出顾客上得到证明,相比{}:{}",
    ),
    (
        "{}; it shares no product with others, and by what products say: {}",
        "{};该市场与其他市场没有共同商品,按商品内容推及:{}",
    ),
    ("not proved at home against {}, {}", "在本土未得到证明,相比{}:{}"),
    (
        "it shares no product with others; what home knows of habits, by what products say, helps here: {}",
        "该市场与其他市场没有共同商品;本土市场的购买习惯按商品内容推及,在本市场有效:{}",
    ),
    ("the home market learns from its own purchases", "本土市场从自身购买中学习"),
    ("nothing could be measured ({}); the market's own purchases", "无法度量({});采用该市场自身的购买"),
    (
        "too few held-out shoppers here; over all target markets together, {}",
        "本市场留出顾客太少;全部目标市场合并来看,{}",
    ),
    ("what sells", "热销排行"),
    ("neighbourhoods of its own few shoppers", "其少数自有顾客的邻域模型"),
    ("likeness", "内容相似度"),
    ("no evidence of a gain above {}: {}", "没有提升超过 {} 的证据:{}"),
    ("the whole interval lies above {}: {}", "整个区间高于 {}:{}"),
    ("the transfer hurts: {}", "迁移有害:{}"),
    ("fewer than {} held-out shoppers: {}", "留出顾客不足 {} 位:{}"),
    ("no held-out shopper", "没有留出顾客"),
    ("gain {}, {} % between {} and {}, {} shoppers", "提升 {},{} % 区间为 {} 至 {},{} 位顾客"),
    // Why.
    (
        "{} reviews in the language `{}`: too few rated ones to learn its words from, or words that say little (clean.sentiment_quality has the figures)",
        "{} 条 `{}` 语言的评论:带评分的太少而无法学习其用词,或用词区分度低(数字见 clean.sentiment_quality)",
    ),
    (
        "{} review in the language `{}`: too few rated ones to learn its words from, or words that say little (clean.sentiment_quality has the figures)",
        "{} 条 `{}` 语言的评论:带评分的太少而无法学习其用词,或用词区分度低(数字见 clean.sentiment_quality)",
    ),
    ("{}; `portolan markets template` drafts the table to fill", "{};`portolan markets template` 可生成待填写的表格"),
    ("only {} % of the weight is known, {} % are needed", "仅知道权重的 {} %,至少需要 {} %"),
    ("{} ({} rows)", "{}({} 行)"),
    ("{} (1 row)", "{}(1 行)"),
    (
        "no served market has sales, facts about its size and an exchange rate to compare with",
        "没有一个在售市场同时具备销售、规模事实与汇率可供比较",
    ),
    (
        "own sales of a year are more than what can be reached (SAM), so a fact about its size is too low",
        "自身一年的销售额超过可触达市场(SAM),说明某项规模事实偏低",
    ),
    ("no order says who bought: every one is a guest's", "没有订单说明买家:全部为游客订单"),
    ("no order says who bought", "没有订单说明买家"),
    ("costs of too few of its sales are known; values are sales", "已知成本的销售太少;价值按销售额计"),
    (
        "its chains disagree (R-hat {}, above {}): read its intervals as too narrow",
        "采样链不一致(R-hat {},高于 {}):其区间应视为偏窄",
    ),
    (
        "on the test period its log loss is {}, that of always saying the average {}: the order of shoppers may help, the probabilities do not",
        "在测试期其对数损失为 {},始终取平均值则为 {}:顾客排序可能有用,概率则不可用",
    ),
    (
        "no table of the lake has it: for every shopper it counts as missing",
        "数据湖中没有任何表含有该字段:对每位顾客均视为缺失",
    ),
    ("{} shoppers have spent less than nothing after discounts", "{} 位顾客折后消费为负"),
    ("too many products are bought together too often to list the sets", "同时购买的商品过多过频,无法列出组合"),
    (
        "its large baskets repeat: only sets of at most {} products in at least {} % of the orders were looked at",
        "大购物篮重复出现:仅考察至多 {} 件商品、且出现在至少 {} % 订单中的组合",
    ),
    (
        "too few products sell both there and in another market to compare them",
        "同时在当地和其他市场销售的商品太少,无法比较",
    ),
    (
        "{} and {} held-out shoppers in the two windows, 20 are needed in each",
        "两个时间窗的留出顾客分别为 {} 和 {} 位,每个至少需要 20 位",
    ),
    ("{} products: {}", "{} 件商品:{}"),
    ("1 product: {}", "1 件商品:{}"),
    ("its cost is not known", "成本未知"),
    ("the size of {} needs `{}`, which is not known", "{} 的规模需要 `{}`,该值未知"),
    ("no exchange rate from {} to {}: load rates for that day", "没有 {} 到 {} 的汇率:请导入当日汇率"),
    (
        "no consumption tax is known for {} on {}: add a [[tax]] row to costs.toml",
        "{} 在 {} 的消费税未知:请在 costs.toml 增加一行 [[tax]]",
    ),
    (
        "no price earns it: fees, taxes and the asked margin take {} % of each further unit of price",
        "没有价格能达到:费用、税与要求的毛利占每增加一单位价格的 {} %",
    ),
    ("lane `{}` does not take this parcel: {}", "线路 `{}` 不接受该包裹:{}"),
    ("there is no channel `{}` here: {} are", "此处没有渠道 `{}`:已有 {}"),
    ("there is no exchange rate from {}", "没有 {} 的汇率"),
    ("{} to {} does not lie within the weeks with spend, which begin {}", "{} 至 {} 不在有支出的周内,该区间自 {} 开始"),
    ("unknown fact `{}`, did you mean `{}`?", "未知事实 `{}`,是否指 `{}`?"),
    ("unknown fact `{}`", "未知事实 `{}`"),
    ("`{}` is computed by the program and not read from a table", "`{}` 由程序计算,不从表中读取"),
    (
        "on hidden days it does not help: {} of log probability a shopper, where more than chance was asked",
        "在留出期内没有帮助:每位顾客的对数概率变化 {},需显著高于随机水平",
    ),
    ("{} of its reviews: the vocabulary of concerns has {} and not `{}`", "其中 {} 条评论:关注点词表包含 {},不含 `{}`"),
    ("`{}` has no number", "`{}` 没有数值"),
    ("`{}` in `{}`: {} is right", "`{}` 的单位为 `{}`:应为 {}"),
    ("`{}` is {}, it has to be within {} and {}", "`{}` 为 {},应在 {} 与 {} 之间"),
    ("`{}` is in {} and no rate of it is known", "`{}` 以 {} 计,其汇率未知"),
    ("{} cannot be estimated: {}", "{} 无法估计:{}"),
    ("{}, at least {} are needed", "{},至少需要 {}"),
    ("{} shoppers of a persona", "画像所含顾客 {} 位"),
    ("{} shoppers of a hidden period", "留出期顾客 {} 位"),
    ("{} traits of first orders", "首单特征 {} 个"),
    ("{} lines with a known price", "价格已知的行 {} 条"),
    ("{} first orders of the rarer outcome", "较少见结果的首单 {} 个"),
    ("{} rows of the rarer outcome", "较少见结果的行 {} 条"),
    ("{} gaps between orders", "下单间隔 {} 个"),
    ("{} shoppers and cutoffs to learn from", "可供学习的顾客与截止日 {} 组"),
    ("{} training rows in which it happened", "发生过该事件的训练行 {} 条"),
    ("{} shoppers with a paid repeat purchase", "有付费复购的顾客 {} 位"),
    ("{} shoppers with enough orders", "订单足够的顾客 {} 位"),
    ("{} shoppers with an order", "有订单的顾客 {} 位"),
    ("{} products with sales in three weeks", "在三周内有销售的商品 {} 件"),
    ("{} distinct points", "不同的点 {} 个"),
    ("{} days of facts", "有事实的天数 {}"),
    ("{} markets", "市场 {} 个"),
    ("{} shoppers", "顾客 {} 位"),
    ("{} orders", "订单 {} 个"),
    ("{} reviews", "评论 {} 条"),
    ("{} members", "成员 {} 个"),
    ("{} points", "点 {} 个"),
    ("{} rows", "行 {} 条"),
    ("{} baskets", "购物篮 {} 个"),
    ("{} starts", "起点 {} 个"),
    // What would be right in a row that was put aside.
    ("an amount such as 12.75, at most six decimals", "金额,例如 12.75,最多六位小数"),
    ("at most 999999999999.999999", "不超过 999999999999.999999"),
    ("a number such as 12.5", "数字,例如 12.5"),
    ("a positive number with at most 12 decimals", "正数,最多 12 位小数"),
    ("a whole number such as 6", "整数,例如 6"),
    ("yes or no, true or false, 1 or 0", "是或否、true 或 false、1 或 0"),
    ("a measure such as 2.5 or 2.5 lb", "量值,例如 2.5 或 2.5 lb"),
    ("a closing quote before the end of the file", "文件结束前应有右引号"),
    ("a code of ISO 4217, such as EUR", "ISO 4217 代码,例如 EUR"),
    ("a country by name or ISO 3166 code", "国家名称或 ISO 3166 代码"),
    ("a positive rate", "正的汇率"),
    ("a quantity other than 0; 0 only on a cancelled line", "非 0 的数量;仅取消的行可为 0"),
    ("a quantity from {} to {}", "数量在 {} 至 {} 之间"),
    (
        "a price from {} to {}; below 0 only for discounts, fees and bad debt",
        "价格在 {} 至 {} 之间;仅折扣、费用与坏账可小于 0",
    ),
    ("an amount below 10^12 in its own and in the reporting currency", "以原币与报告货币计均小于 10^12 的金额"),
    ("an amount of 0 or more", "0 或以上的金额"),
    ("one JSON object on the line", "该行应为一个 JSON 对象"),
    ("stars from 1 to 5", "1 至 5 星"),
    ("text without NUL bytes", "不含 NUL 字节的文本"),
    ("at most {} views in a minute", "每分钟最多 {} 次浏览"),
    ("pauses that differ, as those of people do", "停顿长短不一,如真人一般"),
    ("a person's browser or application; {} names a machine", "真人的浏览器或应用;{} 是机器"),
    // What a reader of files notes.
    ("{} orders: the prices hold the taxes, by the order's total", "{} 个订单:按订单总额判断,价格含税"),
    ("{} order: the prices hold the taxes, by the order's total", "{} 个订单:按订单总额判断,价格含税"),
    (
        "{} refunds match no line of their order and became lines without a product",
        "{} 笔退款与其订单的任何行都不匹配,成为没有商品的行",
    ),
    (
        "{} refund matches no line of its order and became a line without a product",
        "{} 笔退款与其订单的任何行都不匹配,成为没有商品的行",
    ),
];

/// The Chinese of a sentence; the sentence itself where no form is known.
pub(crate) fn zh(en: &str) -> String {
    for (form, chinese) in FORMS {
        if let Some(parts) = taken(form, en) {
            let mut parts = parts.into_iter().map(zh);
            let mut out = String::new();
            let mut rest = *chinese;
            while let Some((before, after)) = rest.split_once("{}") {
                out.push_str(before);
                out.push_str(&parts.next().unwrap_or_default());
                rest = after;
            }
            out.push_str(rest);
            return out;
        }
    }
    en.to_owned()
}

/// What stands in the places of a form, where a sentence has it. Each place takes as little as it can.
fn taken<'a>(form: &str, sentence: &'a str) -> Option<Vec<&'a str>> {
    let mut pieces = form.split("{}");
    let mut rest = sentence.strip_prefix(pieces.next()?)?;
    let mut pieces = pieces.peekable();
    let mut found = Vec::new();
    while let Some(piece) = pieces.next() {
        let end = match pieces.peek() {
            // The last piece is the end of the sentence.
            None => rest.len().checked_sub(piece.len()).filter(|at| rest.get(*at..) == Some(piece))?,
            Some(_) => rest.find(piece)?,
        };
        if end == 0 {
            return None;
        }
        found.push(&rest[..end]);
        rest = &rest[end + piece.len()..];
    }
    rest.is_empty().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_of_a_run_are_turned_with_what_they_name() {
        for (en, chinese) in [
            ("47 shoppers of a persona, at least 100 are needed", "画像所含顾客 47 位,至少需要 100"),
            ("1 product: its cost is not known", "1 件商品:成本未知"),
            ("who will order a second time, as probabilities to act on", "谁会再次下单(作为可据以行动的概率)"),
            (
                "too few held-out shoppers here; over all target markets together, no evidence of a gain above 0: gain +0.0332, 95 % between -0.0162 and +0.0938, 30 shoppers",
                "本市场留出顾客太少;全部目标市场合并来看,没有提升超过 0 的证据:提升 +0.0332,95 % 区间为 -0.0162 至 +0.0938,30 位顾客",
            ),
            (
                "too few held-out shoppers here; over all target markets together, no held-out shopper; it shares no product with others, and by what products say: not proved at home against what sells, no evidence of a gain above 0: gain -0.0023, 95 % between -0.0114 and +0.0060, 229 shoppers",
                "本市场留出顾客太少;全部目标市场合并来看,没有留出顾客;该市场与其他市场没有共同商品,按商品内容推及:在本土未得到证明,相比热销排行:没有提升超过 0 的证据:提升 -0.0023,95 % 区间为 -0.0114 至 +0.0060,229 位顾客",
            ),
            ("a sentence that nobody knows", "a sentence that nobody knows"),
        ] {
            assert_eq!(zh(en), chinese);
        }
    }

    #[test]
    fn every_form_has_as_many_places_in_chinese_and_is_reached() {
        for (form, chinese) in FORMS {
            assert_eq!(form.matches("{}").count(), chinese.matches("{}").count(), "{form}");
            assert!(chinese.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{form}");
            // A form before it that takes its sentences would hide it.
            let first = FORMS.iter().find(|(other, _)| taken(other, form).is_some()).map(|(other, _)| *other);
            assert_eq!(first, Some(*form));
        }
    }
}
