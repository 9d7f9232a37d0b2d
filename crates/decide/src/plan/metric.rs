//! The dictionary of figures: key, unit, what it rests on, and name and formula in both languages.
//!
//! A figure's key is the metric's key, and `[row]` behind it where there are many:
//! `market.revenue`, `segment.revenue_share[champions]`, `product.uptake[22423]`. Build figures
//! with [`Metric::number`] and [`Metric::money`], so that key, unit and formula agree with the page.

use super::evidence::Against;
use super::minimums::Rests;
use super::words::{Lang, Words};
use domain::{Figure, FigureValue, Money, Unit};

macro_rules! metrics {
    ($($name:ident $key:literal $unit:ident $rests:ident; $en:literal, $zh:literal; $formula_en:literal, $formula_zh:literal;)*) => {
        /// Everything the plan measures.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Metric {
            $(#[doc = concat!($en, ": ", $formula_en, ".")] $name,)*
        }

        impl Metric {
            /// All metrics, in the order of the page.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The stable key.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$name => $key,)* }
            }

            /// The unit.
            pub const fn unit(self) -> Unit {
                match self { $(Self::$name => Unit::$unit,)* }
            }

            /// What `n` counts.
            pub const fn rests(self) -> Rests {
                match self { $(Self::$name => Rests::$rests,)* }
            }

            pub(crate) const fn label_words(self) -> Words {
                match self { $(Self::$name => Words { en: $en, zh: $zh },)* }
            }

            pub(crate) const fn formula_words(self) -> Words {
                match self { $(Self::$name => Words { en: $formula_en, zh: $formula_zh },)* }
            }
        }
    };
}

metrics! {
    Revenue "market.revenue" Money Itself; "Revenue", "销售额";
        "sum of quantity × unit price over clean order lines, cancellations subtracted", "清洗后订单行的 数量 × 单价 之和，已扣除取消";
    Orders "market.orders" Count Itself; "Orders", "订单数";
        "number of distinct orders with at least one product line", "至少含一个商品行的不同订单数";
    Shoppers "market.shoppers" Count Itself; "Shoppers", "顾客数";
        "number of distinct identified shoppers; guests are not counted", "可识别的不同顾客数，不含游客";
    Basket "market.basket" Money Orders; "Average basket", "客单价";
        "settled sales before cancellations / orders; interval: Student's t", "扣除取消前的成交额 ÷ 订单数；区间为学生 t 区间";
    RepeatRate "market.repeat_rate" Share Shoppers; "Repeat rate", "复购率";
        "shoppers with at least two orders / shoppers; interval: Wilson", "至少下过两单的顾客数 ÷ 顾客数；区间为 Wilson 区间";
    ReturnRate "market.return_rate" Share Orders; "Return rate", "退货率";
        "value of cancelled and returned lines / value of sold lines", "取消和退货的金额 ÷ 售出金额";
    Growth "market.growth" Share Orders; "Growth", "增长率";
        "revenue of the last three whole months / revenue of the months just before, minus 1, so the season is part of it; interval: delta method on the log ratio; n is the orders of the weaker period", "最近三个整月销售额 ÷ 紧邻之前同样多整月的销售额 − 1，因此含季节影响；区间为对数比的 delta 法；n 为较弱一期的订单数";
    SalesShare "market.sales_share" Share Itself; "Share of all sales", "占全部销售额";
        "revenue of this market / revenue of all markets", "本市场销售额 ÷ 全部市场销售额";
    SeasonPeak "market.season_peak" Ratio Months; "Strongest month", "最旺月份";
        "revenue of the strongest whole month / mean revenue of the whole months", "最旺整月销售额 ÷ 各整月平均销售额";
    SeasonIndex "market.season" Ratio Itself; "Against an average month", "相对月均";
        "mean revenue of the calendar month / mean over the twelve calendar months; whole months only", "该日历月的平均销售额 ÷ 十二个日历月的平均；仅计整月";
    MonthRevenue "month.revenue" Money Itself; "Revenue of the month", "当月销售额";
        "sum of quantity × unit price over the month's clean order lines, cancellations subtracted", "当月清洗后订单行的 数量 × 单价 之和，已扣除取消";
    MonthOrders "month.orders" Count Itself; "Orders of the month", "当月订单数";
        "number of distinct orders of the month", "当月不同订单数";
    SegmentShoppers "segment.shoppers" Count Itself; "Shoppers", "顾客数";
        "number of shoppers in the segment at the cutoff", "截止日属于该分群的顾客数";
    SegmentShopperShare "segment.shopper_share" Share Shoppers; "Share of shoppers", "顾客占比";
        "shoppers in the segment / shoppers in all segments", "该分群顾客数 ÷ 全部分群顾客数";
    SegmentRevenue "segment.revenue" Money Itself; "Revenue", "销售额";
        "revenue of the segment's shoppers in the window", "该分群顾客在数据期内的销售额";
    SegmentRevenueShare "segment.revenue_share" Share Shoppers; "Share of revenue", "销售额占比";
        "revenue of the segment's shoppers / revenue of all segmented shoppers", "该分群销售额 ÷ 全部已分群顾客销售额";
    SegmentOrders "segment.orders" Count Itself; "Orders", "订单数";
        "number of distinct orders by the segment's shoppers", "该分群顾客的不同订单数";
    SegmentBasket "segment.basket" Money Orders; "Average basket", "客单价";
        "settled sales of the segment before cancellations / its orders; interval: Student's t", "该分群扣除取消前的成交额 ÷ 其订单数；区间为学生 t 区间";
    SegmentRepeatRate "segment.repeat_rate" Share Shoppers; "Repeat rate", "复购率";
        "shoppers of the segment with at least two orders / shoppers of the segment; interval: Wilson", "该分群至少下过两单的顾客数 ÷ 该分群顾客数；区间为 Wilson 区间";
    SegmentReturnRate "segment.return_rate" Share Orders; "Return rate", "退货率";
        "value of cancelled and returned lines of the segment / value of its sold lines; n is its orders", "该分群取消和退货的金额 ÷ 售出金额；n 为其订单数";
    SegmentRetention "segment.retention" Share Shoppers; "Came back", "回购率";
        "shoppers of the segment with an order so many months after their first one / those whose first order is at least that old; interval: Wilson", "该分群中首单后第若干月再次下单的顾客数 ÷ 首单至少已满该月数的顾客数；区间为 Wilson 区间";
    ReachShoppers "reach.shoppers" Count Itself; "Shoppers", "顾客数";
        "number of shoppers of the segment at the cutoff", "截止日属于该分群的顾客数";
    ReachContactable "reach.contactable" Count Itself; "Agreed to marketing", "同意营销";
        "shoppers of the segment who agreed to marketing", "该分群中同意接收营销的顾客数";
    ReachListed "reach.listed" Count Itself; "On the list", "在优先名单中";
        "shoppers of the segment among those to address first in this market (marts.shortlist)", "该分群中位列本市场优先联系名单的顾客数（marts.shortlist）";
    ReachValue "reach.value" Money Itself; "Worth a shopper", "人均终身价值";
        "mean expected lifetime value of a shopper of the segment, discounted; margin where costs are known, else sales; BG/NBD and Gamma-Gamma of all markets together; 90 % interval of that mean", "该分群每位顾客的平均预期终身价值（已折现）；成本已知时为毛利，否则为销售额；采用全部市场合并的 BG/NBD 与 Gamma-Gamma；区间为该均值的 90 % 区间";
    ReachOrders "reach.orders" Count Itself; "Orders", "订单数";
        "number of orders to the area", "寄往该区域的订单数";
    ReachOrderValue "reach.order_value" Money Orders; "An order", "客单价";
        "sales of the area / its orders", "该区域销售额 ÷ 订单数";
    ReachAhead "reach.next_90_days" Money Orders; "Expected in 90 days", "未来 90 天预期";
        "sales of the area at the pace of the last 180 days, without season or trend; 95 % interval by compound Poisson; n is the orders of those days", "按最近 180 天的速度推算的该区域销售额，不含季节与趋势；区间为复合泊松 95 % 区间；n 为这些天的订单数";
    ReachGrowth "reach.growth" Ratio Orders; "Later half / earlier", "后半期 ÷ 前半期";
        "revenue of the later half of the whole months / of the earlier half; 95 % interval by compound Poisson; n is the orders of the weaker half", "整月后半期销售额 ÷ 前半期销售额；区间为复合泊松 95 % 区间；n 为较弱半期的订单数";
    ClusterShoppers "cluster.shoppers" Count Itself; "Shoppers", "顾客数";
        "number of shoppers nearest to this centre (k-means on standardised log recency, frequency, money)", "距该中心最近的顾客数（对数标准化 RFM 的 k 均值）";
    ClusterRecency "cluster.recency" Days Shoppers; "Days since last order", "距上次下单天数";
        "median days from the last order to the cutoff", "上次下单至截止日的天数中位数";
    ClusterFrequency "cluster.frequency" Ratio Shoppers; "Orders a shopper", "人均订单数";
        "median number of orders a shopper", "每位顾客订单数的中位数";
    ClusterSpend "cluster.spend" Money Shoppers; "Spend a shopper", "人均消费";
        "median revenue a shopper", "每位顾客消费额的中位数";
    ClusterStability "cluster.stability" Score Shoppers; "Stability of the clusters", "聚类稳定性";
        "mean adjusted Rand index between clusterings of resampled shoppers (1 is identical, 0 is chance)", "重抽样聚类之间调整兰德指数的均值（1 为完全一致，0 为随机）";
    ClusterSilhouette "cluster.silhouette" Score Shoppers; "Separation", "分离度";
        "mean silhouette: how much closer shoppers are to their own group than to the next one (1 is far apart, 0 is touching)", "平均轮廓系数：顾客与本群相比邻群的接近程度（1 为完全分开，0 为相接）";
    ClusterSmallest "cluster.smallest" Count Itself; "Smallest group", "最小的群";
        "number of shoppers in the smallest group", "最小群的顾客数";
    ProductBuyersHere "product.buyers" Count Itself; "Buyers here", "本市场买家";
        "number of distinct shoppers of this market who bought the product", "本市场购买过该商品的不同顾客数";
    ProductOrdersHere "product.orders" Count Itself; "Orders here", "本市场订单";
        "number of orders of this market that hold the product, where none says who bought", "本市场包含该商品的订单数（订单不说明买家）";
    ProductBuyersHome "product.buyers_home" Count Itself; "Buyers at home", "主场买家";
        "number of distinct shoppers of the home market who bought the product", "主场市场购买过该商品的不同顾客数";
    ProductScore "product.score" Score Itself; "Score", "得分";
        "mean score of the model over n shoppers of the market, 0 for a shopper who has the product; only the order matters", "模型对本市场 n 位顾客的平均得分，已购买者计 0；仅用于排序";
    ProductReason "product.reason" Score Itself; "Part of the score", "得分构成";
        "the named part of the product's score, over the same shoppers and in the same unit; the parts add up to the score", "该理由在商品得分中的部分，顾客与单位均与得分相同；各部分之和即为得分";
    ProductUptake "product.uptake" Share Shoppers; "Expected uptake", "预期购买率";
        "share of shoppers who buy the product in a period as long as the data's: (buyers here + k × rate at home) / (shoppers here + k), rate at home = (buyers at home + 1) / (shoppers at home + 2); interval: quantiles of the Beta posterior", "在与数据期等长的时间内购买该商品的顾客占比：（本市场买家 + k × 主场购买率）÷（本市场顾客 + k），主场购买率 =（主场买家 + 1）÷（主场顾客 + 2）；区间为 Beta 后验分位数";
    ProductPrice "product.price" Money Itself; "Price", "价格";
        "mean unit price paid on the last day it sold in this market (at home where it never sold here)", "在本市场最后一个有成交日的平均成交单价（本市场从未售出时取主场）";
    ProductStock "product.stock" Count Itself; "In stock", "库存";
        "units on hand in the latest stock table", "最新库存表中的可用件数";
    ProductMargin "product.margin" Share Itself; "Margin", "毛利率";
        "(price − landed cost) / price", "（价格 − 到岸成本）÷ 价格";
    BundleBaskets "bundle.baskets" Count Itself; "Baskets with both", "同单次数";
        "number of baskets of this market that hold both sides", "本市场同时包含两侧商品的订单数";
    BundleConfidence "bundle.confidence" Share Baskets; "Also bought", "同时购买率";
        "baskets with both sides / baskets with the first side", "同时含两侧的订单数 ÷ 含前项的订单数";
    BundleLift "bundle.lift" Ratio Baskets; "Lift", "提升度";
        "confidence / share of baskets with the second side; 1 is chance", "同时购买率 ÷ 含后项的订单占比；1 为随机水平";
    TransferNdcg "transfer.ndcg" Score TestShoppers; "nDCG@10", "nDCG@10";
        "mean over held-out shoppers of DCG@10 / ideal DCG@10, gain 1 a product bought in the test days that is new to the shopper; interval: bootstrap over shoppers", "留出顾客 DCG@10 ÷ 理想 DCG@10 的均值，测试期内每购买一件对该顾客而言的新商品计 1；区间为按顾客自助法";
    TransferRecall "transfer.recall" Score TestShoppers; "recall@20", "召回率@20";
        "mean over held-out shoppers of the share of the new products they bought in the test days that is among the first 20 of the list; interval: bootstrap over shoppers", "留出顾客在测试期内所购新商品中位于列表前 20 的比例之均值；区间为按顾客自助法";
    TestShoppers "transfer.test_shoppers" Count Itself; "Test shoppers", "测试顾客";
        "shoppers with an order before the test days who bought at least one product new to them in the test days", "测试期之前已有订单、并在测试期内至少购买一件新商品的顾客数";
    SourceWeight "transfer.source_weight" Ratio Itself; "Weight of other markets", "其他市场权重";
        "what an order of another market counts in training, chosen on held-out shoppers of the validation days; 1 is as much as an own order", "训练时其他市场一笔订单的权重，在验证期留出顾客上选定；1 表示与本市场订单相同";
    TransferDecided "transfer.decided" Score TestShoppers; "Gain when it was decided", "决策时的增益";
        "nDCG@10 with the other markets' data − nDCG@10 of the market alone, on the same held-out shoppers of the validation days, each marked by what would be chosen (model and weight, on both sides) without that shopper's fold; interval: paired bootstrap, widened for few shoppers", "验证期同一批留出顾客上：加入其他市场数据的 nDCG@10 − 仅用本市场的 nDCG@10，两侧的模型与权重均在不含该顾客所在折的数据上选定；区间为配对自助法，并按小样本加宽";
    TransferGain "transfer.gain" Score TestShoppers; "Gain on later orders", "后续订单上的增益";
        "nDCG@10 with the other markets' data − nDCG@10 of the best model of the market alone, on the same held-out shoppers of the test days, in which nothing was chosen; interval: paired bootstrap", "测试期同一批留出顾客上（该期间不做任何选择）：加入其他市场数据的 nDCG@10 − 仅用本市场的最佳模型的 nDCG@10；区间为配对自助法";
    CurveAlone "transfer.curve_alone" Score TestShoppers; "This market alone", "仅本市场";
        "nDCG@10 on held-out shoppers of the test days, trained on so many purchases of this market, drawn by shopper: the best model of the market alone, chosen on these very shoppers", "测试期留出顾客上的 nDCG@10：按顾客抽取本市场这么多条购买记录训练，取仅用本市场的最佳模型（即在这些顾客上选出）";
    CurveTransferred "transfer.curve_transferred" Score TestShoppers; "With the other markets", "加入其他市场";
        "nDCG@10 on the same shoppers, trained on the same purchases and those of all other markets before the test days, by one way that was fixed beforehand; interval of the gain: paired bootstrap", "同一批顾客上的 nDCG@10：相同的购买记录再加上其他市场在测试期之前的全部记录，方法事先固定；增益区间为配对自助法";
    CurveSaved "transfer.saved" Count TestShoppers; "Purchases saved", "节省的购买记录";
        "purchases that the market alone would need to rank as well, read off its own line over ln(1 + purchases), less those it has; where it never ranks as well, at least that many", "仅用本市场要达到同等排序质量所需的购买记录数（按其曲线在 ln(1 + 记录数) 上插值）减去已有记录数；若始终达不到，则为下限";
    CohortShoppers "cohort.shoppers" Count Itself; "New shoppers", "首单顾客";
        "number of shoppers whose first order in the window falls into the month", "数据期内首单落在该月的顾客数";
    CohortRetention "cohort.retention" Share Cohort; "Came back", "回购率";
        "shoppers of the cohort with an order in that month / shoppers of the cohort", "该批顾客中当月再次下单的人数 ÷ 该批顾客数";
    Retention "retention.pooled" Share Shoppers; "Came back", "回购率";
        "shoppers with an order so many months after the month of their first one / shoppers whose first order is at least that old, all starting months together; interval: Wilson", "首单月之后第若干月再次下单的顾客数 ÷ 首单至少已满该月数的顾客数，全部首单月合并；区间为 Wilson 区间";
    RepeatGap "repeat.gap_days" Days Orders; "Days between orders", "两次下单间隔";
        "median of the days between consecutive orders of one shopper; interval between two order statistics; n is the pairs of orders", "同一顾客相邻两次下单间隔天数的中位数；区间为两个次序统计量之间；n 为相邻订单对数";
    RepeatDueFrom "repeat.due_from" Days Orders; "Next order from", "下次下单最早";
        "lower quartile of the days between consecutive orders", "相邻两次下单间隔天数的下四分位数";
    RepeatDueTo "repeat.due_to" Days Orders; "Next order up to", "下次下单最晚";
        "upper quartile of the days between consecutive orders", "相邻两次下单间隔天数的上四分位数";
    RepeatDueHit "repeat.due_hit" Share Orders; "Fell into the window", "落入区间";
        "later gaps between the quartiles of the earlier ones / later gaps; the window is learnt on the first three quarters of the data, one half is expected; interval: Wilson", "后期间隔中落在前期上下四分位数之间的比例；区间由前四分之三数据得出，预期为一半；区间为 Wilson 区间";
    MayBeSold "decide.products" Count Itself; "Products", "商品数";
        "number of products of the catalogue with this verdict of the rules on the day of the plan", "在计划当日按规则得出该结论的目录商品数";
    ExpectedUnits "decide.units" Count Itself; "Units expected", "预计件数";
        "sum of the expected units of the weeks ahead, by the method that was best on earlier weeks, at the prices advised where it is known how demand answers; interval: conformal, from the errors of earlier sums", "未来各周预计件数之和，采用在以往各周表现最好的方法，需求反应已知时按建议价；区间由以往各期合计的误差按共形方法得出";
    ExpectedSales "decide.sales" Money Itself; "Sales expected", "预计销售额";
        "sum of the expected sales of the weeks ahead, by the method that was best on earlier weeks, at the prices advised where it is known how demand answers, and what moved advertising brings by the response curves; interval: conformal, from the errors of earlier sums", "未来各周预计销售额之和，采用在以往各周表现最好的方法，需求反应已知时按建议价，并计入广告调整按响应曲线带来的变化；区间由以往各期合计的误差按共形方法得出";
    ExpectedMargin "decide.margin" Money Itself; "Margin expected", "预计毛利";
        "expected units × (price − landed cost) − advertising, all products whose cost is known, best sellers one by one and the rest as one, at the prices advised where it is known how demand answers; less advertising by their share of sales, with what moved advertising brings by the response curves; interval: quantiles of the draws of the rehearsal, or that of the units expected where it is wider", "全部成本已知商品的 预计件数 ×（价格 − 到岸成本）− 广告支出：畅销品逐个、其余合并计算，需求反应已知时按建议价；广告按其销售占比计入；区间为预演抽样的分位数，预计件数的区间更宽时取后者";
    LossRisk "decide.loss" Share Itself; "Probability of a loss", "亏损概率";
        "share of the draws of the rehearsal in which the margin is below zero, the draws as far apart as the interval of the margin", "预演抽样中毛利为负的比例，抽样的离散程度与毛利区间一致";
    StockOut "decide.out_of_stock" Share Itself; "Weeks of products out of stock", "缺货商品周占比";
        "rehearsal with the stock that was counted and what is advised to be sent: product weeks in which something was asked for and not there / all product weeks of the draws", "按已盘点库存与建议发货预演：有需求而无货的商品周 ÷ 全部商品周";
    UnitsLost "decide.units_lost" Count Itself; "Units lost to empty shelves", "缺货损失件数";
        "mean over the draws of the rehearsal of the units asked for and not there; interval: quantiles of the draws", "预演抽样中有需求而无货件数的均值；区间为抽样分位数";
    MoneyNeeded "decide.money_needed" Money Itself; "Money that has to be there", "所需资金";
        "mean over the draws of the deepest point of income less stock and advertising paid; interval: quantiles of the draws", "预演抽样中 收入 − 库存与广告支出 累计最低点的均值；区间为抽样分位数";
    Regret "decide.regret" Money Itself; "Regret", "后悔值";
        "mean over the draws of the margin of the best of nine plans (prices × .95, 1, 1.05, stock × .7, 1, 1.4) in that draw less that of this plan; interval: from 0 to the 90 % quantile", "各抽样中九个方案（价格 ×0.95、1、1.05，库存 ×0.7、1、1.4）里最优者的毛利减去本方案毛利的均值；区间为 0 至 90 % 分位数";
    PricesOwn "decide.prices_own" Count Itself; "Rest on own weeks", "依据自身各周";
        "number of advised prices that follow the product's own answer to price", "依据商品自身价格反应得出的建议价个数";
    PricesRaised "decide.prices_raised" Count Itself; "Raised by other products' answer", "依据其他商品上调";
        "number of advised prices that were raised to the lower end of the 90 % interval in which the market's other products put the largest profit", "上调至本市场其他商品所示利润最大区间（90 %）下限的建议价个数";
    PricesHeld "decide.prices_held" Count Itself; "Held at today's", "维持现价";
        "number of advised prices that stay as they are, because nothing says that another price earns more, or because a cut may take from other products what it wins", "没有证据表明其他价格收益更高、或降价可能只是夺取店内其他商品的销量，因而维持不变的建议价个数";
    PricesBound "decide.prices_bound" Count Itself; "Set by floor or competitors", "取决于底价或竞争价";
        "number of advised prices that the floor or the competitors' band sets", "由底价或竞争价区间决定的建议价个数";
    SegmentPaid "decide.segment_paid" Share Itself; "Paid beside the usual price", "实付与通常价格之比";
        "mean over the segment's lines of the price paid over the median of the same product and month; interval: normal", "该分群各订单行的实付单价 ÷ 同商品同月中位价 的均值；区间为正态区间";
    PriceTest "decide.price_test_weeks" Count Itself; "Weeks of a price test", "试价周数";
        "weeks until a test of prices a tenth dearer, asked in every other week of all products whose answer is not known, tells the fall of units at which they earn the same from none, 5 % two-sided, seen four times in five", "对所有反应未知的商品隔周试行高一成的价格，能够分辨“件数降至收益相同”与“没有下降”所需的周数（双侧 5 %，五次中见到四次）";
    DemandWeek "decide.week" Count Itself; "Units of the week", "当周件数";
        "expected units of all products in the week, by the method that was best on earlier weeks; interval: conformal, from its errors there", "当周全部商品的预计件数，采用在以往各周表现最好的方法；区间由其历史误差按共形方法得出";
    PlannedNow "decide.planned_now" Count Itself; "Units at the prices of now", "现价下的件数";
        "sum of the expected units of the weeks ahead at the prices of now, by the method that was best on earlier weeks; interval: conformal", "现价下未来各周预计件数之和，采用在以往各周表现最好的方法；区间按共形方法得出";
    PlannedUnits "decide.planned_units" Count Itself; "As planned", "按计划";
        "units at the prices of now × (1 + the part sold of late of the products that move × their change): (1 − s) × (planned price / price now)^e + s × lift × (list price / price now)^e in the weeks with promoted share s, elasticity e; interval: of the forecast and, in quadrature, of elasticity and lift", "现价下件数 ×（1 + 变动商品近期销量占比 × 其变化）：促销占比为 s 的周取（1 − s）×（计划价 ÷ 现价）^e + s × 提升倍数 ×（原价 ÷ 现价）^e，e 为价格弹性；区间由预测误差与弹性、提升倍数的不确定性平方合成";
    PlannedByPrice "decide.planned_by_price" Count Itself; "By new prices", "因新价格";
        "units × ((planned price / price now)^elasticity − 1), where the elasticity is known", "件数 ×（（计划价 ÷ 现价）^弹性 − 1），仅限弹性已知的商品";
    PlannedByPromotion "decide.planned_by_promotion" Count Itself; "By promotions", "因促销";
        "units that promotions known to pay bring beyond the planned price", "已知划算的促销在计划价之外带来的件数";
    PlannedSales "decide.planned_sales" Money Itself; "Sales as planned", "按计划销售额";
        "expected sales at the plan's prices, with its promotions, before what moved advertising brings; interval as of the units", "按计划价格与促销的预计销售额，未计广告调整；区间同件数";
    PlannedMargin "decide.planned_margin" Money Itself; "Margin before advertising", "未计广告的毛利";
        "planned sales of what has a known cost × kept part of the price − planned units × landed cost; interval as of the units", "成本已知商品的 计划销售额 × 实得比例 − 计划件数 × 到岸成本；区间同件数";
    PriceNow "decide.price_now" Money Itself; "Price now", "现价";
        "median price of a unit in the last eight weeks with sales", "最近八个有成交周的单价中位数";
    PriceFloor "decide.price_floor" Money Itself; "Floor", "底价";
        "lowest price at which (price − landed cost) / price is at least the asked margin", "使（价格 − 到岸成本）÷ 价格 不低于目标利润率的最低价格";
    PriceOptimum "decide.price_optimum" Money Itself; "Best margin at", "毛利最大价";
        "landed cost × e / (1 + e) with the elasticity e, where e is below −1 and identified", "到岸成本 × e ÷（1 + e），e 为价格弹性，仅在 e 小于 −1 且可识别时给出";
    PriceRivals "decide.price_rivals" Money Itself; "Competitors", "竞品价";
        "median of the competitors' latest prices; interval: their quartiles", "竞品最新价格的中位数；区间为四分位数";
    PriceAdvised "decide.price" Money Itself; "Price advised", "建议价";
        "inside the corridor of floor, best margin and competitors, with an ending that is usual in the currency", "在底价、毛利最大价与竞品价构成的区间内，取该货币常用的尾数";
    PromoPrice "decide.promo_price" Money Itself; "Promoted price", "促销价";
        "price of a unit or of the whole bundle, with a usual ending, at or above the floor of every product whatever else is announced", "单件或整套的价格，取常用尾数，无论叠加何种促销均不低于各商品底价";
    PromoList "decide.promo_list" Money Itself; "Instead of", "原售价";
        "price now, or the advised one where that is lower; of a bundle the sum", "现价与建议价中较低者；捆绑取合计";
    PromoPrior "decide.promo_prior" Money Itself; "Prior price to show", "须标示的原价";
        "lowest own price of the 30 days before the reduction (EU rule)", "降价前 30 天内自身的最低售价（欧盟规定）";
    ParityPrice "decide.parity_price" Money Itself; "Price there", "该处价格";
        "median price paid on the channel, or where the goods are bought", "该渠道的成交价中位数；窜货路线取购入处价格";
    ParityReference "decide.parity_reference" Money Itself; "Compared with", "对比价格";
        "price of the own shop in the same weeks, or where the goods go", "同期自有店铺价格；窜货路线取流入处价格";
    ParityGap "decide.parity_gap" Share Itself; "Gap", "差距";
        "price there / compared with, minus 1; of a route: gain of a unit / what it costs there with freight, duty and tax", "该处价格 ÷ 对比价格 − 1；窜货路线为 单件获利 ÷ 含运费、关税和税费的到手成本";
    ParityCloses "decide.parity_closes" Money Itself; "Ends at", "终止价格";
        "price where the goods are bought from which on bringing them no longer pays", "购入处价格达到该值后窜货不再有利";
    ClearOnHand "decide.clear_on_hand" Count Itself; "On hand", "现有件数";
        "units on hand in the latest stock table", "最新库存表中的现有件数";
    ClearFirst "decide.clear_first" Money Itself; "First price", "第一级价格";
        "price of the first step, the pair of steps that brings the largest expected revenue until the stock has to be gone, none below the floor", "两级降价中第一级的价格：不低于底价，且在库存须清完前预期收入最高";
    ClearThen "decide.clear_then" Money Itself; "Then", "第二级价格";
        "price of the second step", "第二级价格";
    ClearLeft "decide.clear_left" Count Itself; "Left", "预计剩余";
        "units expected to be left after both steps, by the elasticity", "按价格弹性，两级之后预计剩余件数";
    ClearGain "decide.clear_gain" Money Itself; "Gains", "增收";
        "expected revenue of the steps less that of the present price", "两级降价的预期收入减去现价的预期收入";
    FirstSend "decide.first_send" Count Itself; "Send", "发货件数";
        "newsvendor: the smallest number that is enough with probability margin / (margin + loss on one left over), less what is on hand", "报童模型：以 毛利 ÷（毛利 + 滞销损失）为概率足够的最小件数，减去现有件数";
    FirstDemand "decide.first_demand" Count Itself; "Asked for", "预计需求";
        "expected units asked for while the order has to last; interval: 5 % of the cases ask for less, 5 % for more", "该批货须支撑期间的预计需求；区间：5 % 的情形更低，5 % 更高";
    FirstEnough "decide.first_enough" Share Itself; "Enough in", "足够概率";
        "margin of a unit / (margin of a unit + loss on one left over)", "单件毛利 ÷（单件毛利 + 单件滞销损失）";
    FirstMargin "decide.first_margin" Money Itself; "Margin of the order", "该批毛利";
        "expected margin of the units sold less the loss on those left over", "预计售出件数的毛利减去剩余件数的损失";
    FirstAll "decide.first_all" Count Itself; "Units of the whole order", "整批件数";
        "sum of the units to send over all products", "全部商品发货件数之和";
    WeekSpend "decide.week_spend" Money Itself; "Spend of the week", "当周支出";
        "thirteen times the advised weekly spend × expected sales of the week / expected sales of the thirteen weeks, to the cent", "13 × 建议周支出 × 当周预计销售额 ÷ 13 周预计销售额，精确到分";
    CodesCanPay "decide.codes_can_pay" Count Itself; "Shoppers for whom a code can pay", "发码可能划算的顾客";
        "shoppers with an expected order whose margin exceeds what the code gives away", "预计订单毛利高于优惠码让利的顾客数";
    CodesFirst "decide.codes_first" Count Itself; "Send it first to", "优先发放";
        "shoppers for whom the code pays when at least 5 of 100 who would not have come do come because of it", "在本不会下单的人中每 100 人至少有 5 人因码下单即划算的顾客数";
    CodesNeeded "decide.codes_needed" Share Itself; "Has to bring, of those who would not come", "须带来的比例";
        "median over the shoppers of: chance of an order anyway × given away / (chance of none × (margin − given away))", "各顾客的中位数：本来会下单的概率 × 让利 ÷（本不会下单的概率 ×（毛利 − 让利））";
    PromoAdded "decide.promo_added" Money Itself; "Margin added", "增加的毛利";
        "units of the days at the list price × (lift × margin at the promoted price − margin at the list price); interval: over the ends of demand and lift", "活动期间按原价的件数 ×（提升倍数 × 促销价毛利 − 原价毛利）；区间取需求与提升倍数两端";
    LandedPart "decide.landed" Money Itself; "Cost", "成本";
        "a part of what one unit costs until it is sold", "每件商品售出前成本的一部分";
    SpendNow "decide.spend_now" Money Itself; "Spend now", "当前支出";
        "mean spend a week in the last eight weeks", "最近八周的周均支出";
    SpendAdvised "decide.spend" Money Itself; "Spend advised", "建议支出";
        "weekly spend at which the next unit of money brings the same margin in every channel, within the bounds; interval: draws of the response curves", "在约束内使各渠道最后一单位支出带来相同毛利的周支出；区间为响应曲线的抽样";
    Contribution "decide.contribution" Money Itself; "Sales it brought", "带来的销售额";
        "sales of the period that the fitted response of the channel explains; interval: moving-block bootstrap", "数据期内由该渠道的拟合响应所解释的销售额；区间为移动块自助法";
    Roas "decide.roas" Ratio Itself; "Sales for 1 spent", "每单位支出带来的销售额";
        "sales of the period that the fitted response of the channel explains / its spend of the period (ROAS); interval: of those sales", "数据期内由该渠道的拟合响应所解释的销售额 ÷ 同期支出（ROAS）；区间同该销售额";
    MarginalNow "decide.marginal_now" Ratio Itself; "Next unit brings now", "当前边际销售额";
        "sales that one more unit of spend brings at the present spend: slope of the response curve there; interval: resamples of the fit", "在当前支出处每多投入一单位所带来的销售额，即响应曲线在该处的斜率；区间为拟合的重抽样";
    ResponseSales "decide.response" Money Itself; "Sales a week", "周销售额";
        "sales that this spend brings in the end if it is spent every week: coefficient × Hill(carried-over spend); interval: resamples of the fit", "每周投入该支出最终带来的销售额：系数 × Hill（累积支出）；区间为拟合的重抽样";
    SensitivityLow "decide.margin_low" Money Itself; "Margin at its low end", "取低端时的毛利";
        "mean margin over the draws of the rehearsal with this input at its 5 % quantile (of what many products have each for themselves, the sum)", "该因素取 5 % 分位数时，预演抽样毛利的均值";
    SensitivityHigh "decide.margin_high" Money Itself; "Margin at its high end", "取高端时的毛利";
        "mean margin over the draws of the rehearsal with this input at its 95 % quantile (of what many products have each for themselves, the sum)", "该因素取 95 % 分位数时，预演抽样毛利的均值";
    MarginShare "decide.margin_share" Share Itself; "Margin share at the prices of now, before advertising", "现价毛利率（未计广告）";
        "sum of expected units × margin at the price now / sum of expected units × price now, products whose cost is known; before advertising", "成本已知商品的 预计件数 × 现价毛利 之和 ÷ 预计件数 × 现价 之和，未扣广告";
    SellableShare "decide.sellable" Share Itself; "May be sold, some after a change", "可售占比（含调整后）";
        "products whose verdict is sell, as they are or after a change / products judged", "结论为可售（含修改后可售）的商品数 ÷ 已判定商品数";
    MedianFloor "decide.median_floor" Money Itself; "Median floor", "底价中位数";
        "median of the floors of all products with one", "全部有底价商品的底价中位数";
    MedianPrice "decide.median_price" Money Itself; "Median price advised", "建议价中位数";
        "median of the advised prices of the products with a floor", "有底价商品的建议价中位数";
    PriceOverFloor "decide.price_over_floor" Ratio Itself; "Price now over floor", "现价与底价之比";
        "median of price now / floor over the products with both; below 1 the usual product is sold under its floor", "同时有现价与底价的商品的 现价 ÷ 底价 中位数；低于 1 表示多数商品售价低于底价";
    WeeklyBudget "decide.budget" Money Itself; "Advertising a week", "周广告预算";
        "sum of the advised weekly spend of the market's channels", "本市场各渠道建议周支出之和";
    MarginalReturn "decide.marginal" Ratio Itself; "Next unit brings", "边际回报";
        "margin that one more unit of spend brings at the advised spend", "在建议支出处每多投入一单位所带来的毛利";
    OccasionLift "decide.lift" Ratio Itself; "Against usual", "相对平常";
        "sales of the days around the occasion in past years / sales of the weeks before and after", "往年该事件前后数日的销售额 ÷ 其前后各周的销售额";
    StockCover "decide.cover" Days Itself; "Days of stock", "库存天数";
        "units on hand / expected units a day", "现有件数 ÷ 预计日均件数";
    StockSend "decide.send" Count Itself; "Units to send", "建议补货件数";
        "expected demand until the next delivery plus safety stock for the asked service level, less what is on hand", "至下次到货的预计需求加上目标服务水平的安全库存，减去现有件数";
    CaveatRowsHere "quality.rows_here" Count Itself; "Rows here", "本市场行数";
        "number of order lines of this market that the cleaning rule touched", "该清洗规则涉及的本市场订单行数";
    CaveatRows "quality.rows" Count Itself; "Rows in all data", "全部数据行数";
        "number of rows of the whole data that the cleaning rule touched", "该清洗规则在全部数据中涉及的行数";
}

impl Metric {
    /// The metric of a figure's key, with or without a row in brackets.
    pub fn of_key(key: &str) -> Option<Self> {
        let base = key.split_once('[').map_or(key, |(base, _)| base);
        Self::ALL.iter().copied().find(|metric| metric.key() == base)
    }

    /// A number that rests on `n` observations and comes from `source`. The minimum of data is
    /// applied later, by [`super::LaunchPlan::build`].
    pub fn number(self, value: f64, n: u64, source: &str) -> Figure {
        Figure::number(self.key(), self.unit(), value, n, 0).formula(self.formula_words().en).source(source)
    }

    /// An exact amount.
    pub fn money(self, value: Money, n: u64, source: &str) -> Figure {
        Figure::money(self.key(), value, n).formula(self.formula_words().en).source(source)
    }

    /// A figure that another crate has computed, under this metric's key, unit and formula: its value
    /// (or why there is none), interval and `n` stay.
    pub fn adopt(self, figure: Figure, source: &str) -> Figure {
        let formula = self.formula_words().en.to_owned();
        Figure { key: self.key().to_owned(), unit: self.unit(), formula, source: source.to_owned(), ..figure }
    }

    /// [`Self::Growth`] as a change, from the ratio of the later period to the earlier one.
    pub fn growth(ratio: Figure, against: Against, source: &str) -> Figure {
        let mut figure = Self::Growth.adopt(ratio, source);
        if let FigureValue::Number(x) = &mut figure.value {
            *x -= 1.0;
        }
        if let Some(interval) = &mut figure.interval {
            interval.low -= 1.0;
            interval.high -= 1.0;
        }
        match against {
            Against::YearBefore => figure.formula(Other::GROWTH_YEAR.en),
            Against::MonthsBefore => figure,
        }
    }

    /// [`Self::number`] for one row of many.
    pub fn number_of(self, row: &str, value: f64, n: u64, source: &str) -> Figure {
        Figure { key: self.row_key(row), ..self.number(value, n, source) }
    }

    /// [`Self::money`] for one row of many.
    pub fn money_of(self, row: &str, value: Money, n: u64, source: &str) -> Figure {
        Figure { key: self.row_key(row), ..self.money(value, n, source) }
    }

    /// `key[row]`.
    pub fn row_key(self, row: &str) -> String {
        format!("{}[{row}]", self.key())
    }

    /// Name for a reader.
    pub fn label(self, lang: Lang) -> &'static str {
        self.label_words().get(lang)
    }
}

/// Formulas that a metric has in some markets instead of the dictionary's, so that a Chinese page has
/// them in Chinese too.
pub(crate) struct Other;

impl Other {
    /// [`Metric::Growth`] with a year before to compare with.
    pub(crate) const GROWTH_YEAR: Words = Words {
        en: "revenue of the last three whole months / revenue of the same months of the year before, minus 1; interval: delta method on the log ratio; n is the orders of the weaker period",
        zh: "最近三个整月销售额 ÷ 上年同月销售额 − 1；区间为对数比的 delta 法；n 为较弱一期的订单数",
    };
    /// [`Metric::ProductUptake`] without a home to learn from.
    pub(crate) const UPTAKE_OWN: Words = Words {
        en: "share of shoppers who buy the product in a period as long as the data's: buyers here / shoppers here; interval: Jeffreys, quantiles of Beta(buyers + 1/2, others + 1/2)",
        zh: "在与数据期等长的时间内购买该商品的顾客占比：本市场买家 ÷ 本市场顾客；区间为 Jeffreys 区间，即 Beta(买家 + 1/2, 其余 + 1/2) 的分位数",
    };
    /// [`Metric::ProductUptake`] where the counts contradict each other.
    pub(crate) const UPTAKE_CONTRADICTS: Words = Words {
        en: "not computed: more buyers than shoppers are counted, see the data quality",
        zh: "未计算：统计出的买家多于顾客，见数据质量",
    };
    const ALL: [Words; 3] = [Self::GROWTH_YEAR, Self::UPTAKE_OWN, Self::UPTAKE_CONTRADICTS];
}

/// The formula as the reader should see it: translated where it is the dictionary's own, as it
/// was written where the maker of the figure has changed it.
pub(crate) fn formula(figure: &Figure, lang: Lang) -> &str {
    match Metric::of_key(&figure.key) {
        Some(metric) if metric.formula_words().en == figure.formula => metric.formula_words().get(lang),
        Some(_) | None => {
            let other = Other::ALL.into_iter().find(|words| words.en == figure.formula);
            other.map_or(&figure.formula, |words| words.get(lang))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn keys_are_unique_and_found_again_with_a_row_behind_them() {
        let keys: BTreeSet<&str> = Metric::ALL.iter().map(|m| m.key()).collect();
        assert_eq!(keys.len(), Metric::ALL.len());
        for &metric in Metric::ALL {
            assert_eq!(Metric::of_key(&metric.row_key("a[b]")), Some(metric));
        }
        assert_eq!(Metric::of_key("market.revenues"), None);
    }

    #[test]
    fn every_metric_has_its_own_words_in_both_languages() {
        for &metric in Metric::ALL {
            let (label, formula) = (metric.label_words(), metric.formula_words());
            assert!(!label.zh.is_empty() && !formula.zh.is_empty(), "{}", metric.key());
            assert_ne!(formula.en, formula.zh, "{}", metric.key());
            // The name of the measure is the same word in both languages.
            assert!(label.en != label.zh || metric == Metric::TransferNdcg, "{}", metric.key());
        }
    }

    #[test] // A ratio of 1.25 (1.1 to 1.4) is +25 % (+10 to +40).
    fn growth_is_the_ratio_less_one_with_its_interval() {
        let ratio = Figure::number("market.growth", Unit::Ratio, 1.25, 40, 30).interval(1.1, 1.4, 0.95);
        let figure = Metric::growth(ratio.clone(), Against::YearBefore, "q");
        let interval = figure.interval.unwrap();
        assert_eq!((figure.as_f64(), figure.unit, figure.n), (Some(0.25), Unit::Share, 40));
        assert!((interval.low - 0.1).abs() < 1e-12 && (interval.high - 0.4).abs() < 1e-12);
        assert_eq!(figure.formula, Other::GROWTH_YEAR.en);
        assert_eq!(Metric::growth(ratio, Against::MonthsBefore, "q").formula, Metric::Growth.formula_words().en);
    }

    #[test]
    fn a_changed_formula_is_not_replaced_by_the_dictionary() {
        let own = Metric::Basket.number(1.0, 40, "q").formula("median, not mean");
        assert_eq!(formula(&own, Lang::Zh), "median, not mean");
        assert!(formula(&Metric::Basket.number(1.0, 40, "q"), Lang::Zh).starts_with("扣除取消前的成交额"));
        let year = Metric::Growth.number(0.1, 40, "q").formula(Other::GROWTH_YEAR.en);
        assert_eq!(formula(&year, Lang::Zh), Other::GROWTH_YEAR.zh);
    }
}
