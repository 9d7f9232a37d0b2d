//! All texts of the page, in English and Chinese. A text exists in both languages or does not
//! compile. `{0}`, `{1}` are places that [`super::sentence`] fills.

/// A language of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Chinese, simplified.
    Zh,
}

impl Lang {
    /// Both.
    pub const ALL: [Self; 2] = [Self::En, Self::Zh];

    /// What stands between two sentences: Chinese has its space in the full stop.
    pub(crate) const fn between_sentences(self) -> &'static str {
        match self {
            Self::En => " ",
            Self::Zh => "",
        }
    }

    /// BCP 47 tag for the page's `lang` attribute.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh-Hans",
        }
    }

    /// The short code: `en`, `zh`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }

    /// The page's language for a language code; `None` where the page is not written in it.
    pub fn from_language(language: domain::Language) -> Option<Self> {
        Self::ALL.into_iter().find(|lang| lang.code() == language.code())
    }
}

/// One text in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) en: &'static str,
    pub(crate) zh: &'static str,
}

impl Words {
    pub(crate) const fn get(self, lang: Lang) -> &'static str {
        match lang {
            Lang::En => self.en,
            Lang::Zh => self.zh,
        }
    }
}

macro_rules! texts {
    ($($name:ident: $en:literal, $zh:literal;)*) => {
        /// Every text of the page.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Text { $($name,)* }

        impl Text {
            #[cfg(test)]
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name),*];

            pub(crate) const fn words(self) -> Words {
                match self { $(Self::$name => Words { en: $en, zh: $zh },)* }
            }

            pub(crate) const fn get(self, lang: Lang) -> &'static str {
                self.words().get(lang)
            }
        }
    };
}

texts! {
    // The head.
    Title: "Launch plan: {0}", "{0}市场启动计划";
    LaunchPlan: "Launch plan", "市场启动计划";
    DataWindow: "Data from {0} to {1}", "数据期：{0} 至 {1}";
    HomeMarket: "Home market: {0}", "主场市场：{0}";
    AmountsIn: "Amounts in {0}", "金额单位：{0}";
    HowToRead: "Every underlined number opens its formula and its source.", "带下划线的数字均可点开，查看公式与数据来源。";
    HowToReadPrint: "The small number behind a figure leads to its formula and source on the last pages.", "数字后的小号编号对应文末的公式与数据来源。";
    Contents: "Contents", "目录";
    // Verdicts.
    StanceReady: "Ready to launch", "可以启动";
    StanceReadyWhy: "{0} has enough shoppers to plan with, and what the other markets taught is proven to help here.", "{0}的顾客数量足以制定计划，并且其他市场的经验已被证明在此有效。";
    StanceReadyUnconfirmed: "{0} has enough shoppers to plan with, and what the other markets taught helped when that was decided; later orders do not prove it again, so watch the first weeks.", "{0}的顾客数量足以制定计划，其他市场的经验在决策时有效；后续订单未能再次证明，请关注最初几周。";
    StanceTest: "Start with a small test", "先做小规模测试";
    StanceTestUnproven: "{0} is a real market with {1} shoppers, but it is not yet proven here that what the other markets taught helps.", "{0}已有 {1} 位真实顾客，但其他市场的经验在此能否奏效尚未得到证明。";
    StanceTestRefused: "{0} is a real market with {1} shoppers, but data of the other markets does not improve the offer here: the plan goes by the market's own buyers.", "{0}已有 {1} 位真实顾客，但其他市场的数据并未改善此处的推荐，因此计划以本市场买家为准。";
    StanceGather: "Gather data first", "先积累数据";
    StanceGatherWhy: "There are {1} known shoppers in {0}; rates need at least {2}.", "{0}目前只有 {1} 位可识别顾客，计算比率至少需要 {2} 位。";
    StanceHome: "Home market", "主场市场";
    StanceHomeWhy: "{0} is the home market: the plan shows what to deepen here, nothing is transferred.", "{0}是主场市场：本计划说明可深耕之处，不涉及迁移。";
    StanceRule: "How this verdict is made", "结论如何得出";
    StanceTestHidden: "{0} is a real market with {1} orders, but its marketplace does not say who bought: act by area, product and price; nobody there can be addressed or followed.", "{0}是真实市场，已有 {1} 笔订单，但平台不说明买家：请按区域、商品和价格行动；无法触达或追踪任何买家。";
    StanceRuleSaid: "Below {0} known shoppers: gather data; where no order says who bought, orders count in their place and a small test is the most. Otherwise ready when the use of the other markets' data was accepted on held-out shoppers of this market, and a small test when it was not.", "可识别顾客少于 {0} 位：先积累数据；若订单均不说明买家，则以订单数代替，且最多为小规模测试。否则，若使用其他市场数据在本市场留出顾客上通过检验则可以启动，未通过则先做小规模测试。";
    // Findings.
    Findings: "The five findings that matter", "五条关键发现";
    FindSize: "{0} brought {1} from {2} orders by {3} shoppers.", "{0}带来 {1} 销售额，共 {2} 单、{3} 位顾客。";
    FindSizeHidden: "{0} brought {1} from {2} orders; the marketplace does not say who bought.", "{0}带来 {1} 销售额，共 {2} 单；平台不说明买家是谁。";
    FindReach: "Reach {0} first: {1} shoppers, each expected to be worth {2}.", "优先触达“{0}”：{1} 位顾客，每位预期价值 {2}。";
    FindReachArea: "By area, {0} comes first: {1} orders so far, {2} expected in the next 90 days.", "按区域，{0}居首：迄今 {1} 单，未来 90 天预期 {2}。";
    FindOfferOrders: "Offer {0} first: {1} orders here hold it; who bought them is not known.", "首推 {0}：本市场已有 {1} 笔订单包含该商品；买家未知。";
    FindWho: "{0} are {1} of shoppers and bring {2} of revenue.", "“{0}”占顾客的 {1}，贡献 {2} 的销售额。";
    FindWhoNone: "Who buys in {0} cannot be said yet: there are no segments with enough shoppers.", "尚无法判断{0}的购买人群：没有顾客数足够的分群。";
    FindOffer: "Offer {0} first: expected uptake {1}, going by who has bought it so far.", "首推 {0}：按目前的购买情况，预期购买率为 {1}。";
    FindOfferThin: "Offer {0} first: {1} shoppers bought it here; expected uptake needs more data.", "首推 {0}：本市场已有 {1} 位顾客购买，预期购买率仍需更多数据。";
    FindOfferNone: "What to offer first in {0} cannot be said yet: no product could be scored.", "尚无法判断{0}应首推什么：没有可评分的商品。";
    FindTransferAccepted: "Data of the other markets helps: it changed ranking quality (nDCG@10) by {0} when that was decided, and by {1} on later orders.", "其他市场的数据有帮助：排序质量（nDCG@10）在决策时变化 {0}，在后续订单上变化 {1}。";
    FindTransferRefused: "Data of the other markets is not used: on held-out shoppers it changed ranking quality (nDCG@10) by {0}, which is no proven gain.", "不采用其他市场的数据：在留出顾客上排序质量（nDCG@10）变化 {0}，不构成可信的提升。";
    FindTransferOpen: "Whether data of the other markets helps here is not proven yet.", "其他市场的数据在此是否有帮助，尚未得到证明。";
    FindTransferTogether: "This market has too few held-out shoppers to tell and follows all target markets together: there, data of the other markets changed ranking quality (nDCG@10) by {0}, so it is used.", "本市场留出顾客太少，无法单独判断，因此按全部目标市场的合并结果处理：在那里其他市场的数据使排序质量（nDCG@10）变化 {0}，故予以采用。";
    FindTransferUnconfirmed: "Data of the other markets was taken in because it helped when that was decided (nDCG@10 changed by {0}); later orders do not prove it again: {1}.", "采用其他市场的数据，因为在决策时有帮助（nDCG@10 变化 {0}）；后续订单未能再次证明：{1}。";
    FindTransferAcceptedOnly: "Data of the other markets helps: on held-out shoppers it changed ranking quality (nDCG@10) by {0}.", "其他市场的数据有帮助：在留出顾客上排序质量（nDCG@10）变化 {0}。";
    FindRepeatHome: "{0} of shoppers ordered again, against {1} at home.", "{0} 的顾客再次下单，主场为 {1}。";
    FindRepeat: "{0} of shoppers ordered again.", "{0} 的顾客再次下单。";
    FindBundle: "Offer {0} with {1}: {2} of baskets with the first hold the second too, {3} times what chance gives.", "将 {0} 与 {1} 搭配：含前者的订单中 {2} 也含后者，是随机水平的 {3} 倍。";
    FindSeason: "The strongest month is {0}, with {1} times an average month.", "最旺的月份是{0}，为月均的 {1} 倍。";
    FindUnknown: "{0} questions are open; the first: {1}.", "尚有 {0} 个问题未解，首先是：{1}。";
    FindUnknownNext: "Open as well: {0}.", "同样未解：{0}。";
    // Sections.
    Glance: "The market at a glance", "市场概览";
    RevenueByMonth: "Revenue by month", "月度销售额";
    RevenueChart: "Bar chart of revenue by month. Strongest whole month: {0}.", "月度销售额柱状图。最旺整月：{0}。";
    PartialMonth: "faded: the data covers only part of the month", "淡色：数据只覆盖该月的一部分";
    Month: "Month", "月份";
    ChartFigures: "The figures behind this chart", "图中数字";
    AtHome: "{0} in {1}", "{1}为 {0}";
    GrowthAgainst: "against the period before", "与前一时期相比";
    GrowthAgainstYear: "against the same months a year before", "与上年同月相比";
    GrowthTimes: "times the period before", "倍，与前一时期相比";
    TimesAverage: "times an average month", "倍，与月均相比";
    SeasonByMonth: "The year in months", "一年中的各月";
    SeasonSaid: "1 is an average month; the fuller the colour, the stronger.", "1 为月均水平，颜色越浓越旺。";
    SeasonOneYear: "With less than two years of data, season and growth cannot be told apart.", "数据不足两年，季节性与增长无法区分。";
    WhoBuys: "Who buys", "谁在购买";
    WhoIntro: "Shoppers grouped by how recently, how often and for how much they bought.", "按最近购买时间、购买次数和金额对顾客分群。";
    SegmentChart: "Bar chart: each segment's share of shoppers and of revenue.", "柱状图：各分群的顾客占比与销售额占比。";
    SegmentShopperShareShort: "share of shoppers", "顾客占比";
    SegmentRevenueShareShort: "share of revenue", "销售额占比";
    Segment: "Segment", "分群";
    WhatToDo: "What to do", "建议";
    Habits: "How each segment buys", "各分群的购买习惯";
    HabitsSaid: "Segments are made from the same orders: that regular shoppers come back more is part of how they are defined. What compares freely is basket and returns.", "分群由同一批订单得出，常客回购更多是定义使然；客单价与退货率可自由比较。";
    BackAfter: "Back in month {0}", "第 {0} 月回购";
    Clusters: "Groups found by clustering", "聚类得到的顾客群";
    Cluster: "Group", "顾客群";
    ClustersSaid: "Found over the shoppers of all markets, named by where each group's middle lies among them; the medians below are this market's.", "在全部市场的顾客上得出，名称表示该群在其中的位置；下方中位数属于本市场。";
    ClustersOrientation: "For orientation only: no number of groups passed all conditions, so the borders between these groups could fall elsewhere with other shoppers.", "仅供参考：没有任何群数通过全部条件，换一批顾客，群的边界可能不同。";
    ClusterRule: "How the number of groups was chosen", "群数如何选定";
    ClusterRuleSaid: "The largest number of groups that is separated (at least 0.25), stable when shoppers are drawn anew (lower end at least 0.8) and has no group of fewer than 30 shoppers. Where none passes, the best separated one is shown.", "取满足以下条件的最大群数：分离度至少 0.25，重抽样稳定性区间下限至少 0.8，且每群不少于 30 位顾客。若均不满足，则显示分离度最高者。";
    ClusterCount: "Groups", "群数";
    ClusterPassed: "Passed", "是否通过";
    Yes: "yes", "是";
    No: "no", "否";
    CameBack: "Who came back", "谁回来购买";
    CameBackIntro: "Share of shoppers with another order in the months after their first one.", "首单之后各月再次下单的顾客占比。";
    AllTogether: "All together", "全部合计";
    RetentionChart: "Line with intervals: share of shoppers who ordered again in each month after their first order.", "带区间的折线：首单之后各月再次下单的顾客占比。";
    RetentionAxis: "months after the first order", "首单后的月数";
    RetentionDrop: "After the first step down, the curve falls most into month {0}, from {1} to {2}: write to new shoppers before it begins.", "首次下降之后，曲线在第 {0} 个月降幅最大，由 {1} 降至 {2}：请在此之前联系新顾客。";
    RetentionFlat: "After the first month no fall of the curve is larger than its intervals: no single month calls for a message of its own.", "首月之后，曲线的任何下降都未超出其区间：没有哪个月份需要专门联系。";
    NextAction: "When to write", "何时联系";
    DueSaid: "Half of all next orders come {0} to {1} after the last one; the middle is {2}. A reminder fits just before.", "一半的下一单出现在上一单之后 {0} 至 {1} 之间，中位数为 {2}。提醒宜稍早于此。";
    DueThin: "When the next order is due cannot be said yet: {0} between orders.", "尚无法判断下次下单的时间：下单间隔{0}。";
    DueHitSaid: "Checked on the last quarter of the data: {0} of its gaps fell between the quartiles of the earlier ones; one half would mean that the rhythm holds.", "以最后四分之一数据检验：其中 {0} 的间隔落在此前的上下四分位数之间；一半即表示节奏稳定。";
    FirstOrderIn: "First order in", "首单月份";
    CohortThin: "A dot stands for a starting month with fewer than {0} shoppers: too little data for a rate.", "圆点表示该月首单顾客少于 {0} 位，数据太少，不计算比率。";
    CohortNone: "No starting month has {0} shoppers, so no rate is shown.", "没有任何月份的首单顾客达到 {0} 位，因此不显示比率。";
    OfferFirst: "What to offer first", "首推商品";
    OfferIntro: "In the order of {0}, trained on {1}; what it cannot tell follows in the order of what sells here.", "按{0}模型排序，训练数据为{1}；该模型无法判断的商品按本市场销量排在其后。";
    OfferBar: "The bar is the expected uptake, the thin line its interval.", "色条为预期购买率，细线为其区间。";
    OfferLocal: "the orders of this market alone", "仅本市场的订单";
    OfferHome: "the orders of the home market", "主场市场的订单";
    OfferPooled: "the orders of all markets", "全部市场的订单";
    OfferWeight: "An order of another market counts {0} times an own one.", "其他市场的一笔订单按本市场订单的 {0} 倍计。";
    BasisOwn: "Held-out shoppers of this market showed that the other markets' orders help.", "本市场的留出顾客表明其他市场的订单有帮助。";
    BasisAllTargets: "This market has too few held-out shoppers to tell. The other markets' orders are used because they help over all target markets together: a policy, not evidence of this market.", "本市场留出顾客太少，无法判断。采用其他市场的订单，是因为它们在全部目标市场合并来看有帮助：这是一项规则，而非来自本市场的证据。";
    BasisRefused: "Held-out shoppers of this market showed no proven gain from the other markets' orders.", "本市场的留出顾客未显示其他市场的订单带来可信的提升。";
    BasisNotShown: "This market has too few held-out shoppers to tell, and over all target markets together the other markets' orders showed no proven gain.", "本市场留出顾客太少，无法判断；全部目标市场合并来看，其他市场的订单也未显示可信的提升。";
    BasisSource: "This market shares no product with the others, so what home learnt reaches it through what products say of themselves; that this is better than what sells was proved on held-out shoppers of home, not of this market.", "本市场与其他市场没有共同商品，主场所学只能通过商品自身的描述传到这里；其优于按销量排序，是在主场的留出顾客上证明的，而非在本市场。";
    BasisHome: "The home market learns from itself; the kind of model is the one that did best on held-out shoppers of the other markets.", "主场市场只从自身学习；模型种类取在其他市场留出顾客上表现最好的一种。";
    BasisNotMeasured: "No model could be measured: too few shoppers came back after a cutoff.", "无法评估任何模型：截止日之后回来购买的顾客太少。";
    UptakeSaid: "Expected uptake is the share of shoppers who buy the product in a period as long as this data, estimated from those who did so far. It is no forecast of what an advertisement brings.", "预期购买率指在与数据期等长的时间内购买该商品的顾客占比，由目前的购买情况估计，并非对广告效果的预测。";
    Product: "Product", "商品";
    Why: "Why", "理由";
    ScoredBy: "{0}, score {1}", "{0}，得分 {1}";
    NoReason: "no single reason stands out", "没有突出的单一理由";
    StockUnknown: "Stock is not in the data: check it before promising delivery.", "数据中没有库存：承诺交期前请先核实。";
    PriceUnknown: "Prices are not in the data.", "数据中没有价格。";
    Bundles: "Bundles", "搭配销售";
    BundleIntro: "Products that end up in the same basket more often than chance.", "比随机更常出现在同一订单中的商品。";
    IfBought: "In the basket", "订单中有";
    ThenAlso: "Offer with it", "推荐搭配";
    TransferTitle: "What the other markets taught", "其他市场带来的经验";
    TransferIntro: "Ranking quality on shoppers held out by time, for products new to them: trained on this market alone, and with the orders of all other markets.", "在按时间留出的顾客上、针对其未买过的商品衡量的排序质量：仅用本市场训练，与加入所有其他市场的订单训练。";
    TransferChart: "Dots with intervals: nDCG@10 of each model.", "点与区间：各模型的 nDCG@10。";
    TransferAccepted: "Accepted: on held-out shoppers ({1}) data of the other markets improves nDCG@10 by {0}.", "采用：在留出顾客上（{1}），其他市场的数据使 nDCG@10 提高 {0}。";
    TransferRefused: "Refused: on held-out shoppers ({1}) data of the other markets changes nDCG@10 by {0}, which is no proven gain.", "不采用：在留出顾客上（{1}），其他市场的数据使 nDCG@10 变化 {0}，不构成可信的提升。";
    TransferOpen: "Not proven here: too few held-out shoppers to tell whether data of the other markets helps.", "在此尚未证明：留出顾客太少，无法判断其他市场的数据是否有帮助。";
    TransferHome: "Nothing is transferred to the home market. The table shows how well each model ranks here.", "主场市场不涉及迁移。下表显示各模型在此的排序质量。";
    TransferTogetherAccepted: "Over all target markets together ({1}) data of the other markets improves nDCG@10 by {0}: a proven gain.", "全部目标市场合并来看（{1}），其他市场的数据使 nDCG@10 提高 {0}：可信的提升。";
    TransferTogetherRefused: "Over all target markets together ({1}) data of the other markets changes nDCG@10 by {0}: no proven gain.", "全部目标市场合并来看（{1}），其他市场的数据使 nDCG@10 变化 {0}：不构成可信的提升。";
    TransferLaterBetter: "Measured again on later orders ({1}), after everything was chosen, the ranking is better: {0}.", "在一切选定之后，用后续订单（{1}）再次衡量，排序更好：{0}。";
    TransferLaterWorse: "Measured again on later orders ({1}), after everything was chosen, the ranking is worse: {0}.", "在一切选定之后，用后续订单（{1}）再次衡量，排序更差：{0}。";
    TransferLaterUnsure: "Measured again on later orders ({1}), after everything was chosen, no difference is proven: {0}.", "在一切选定之后，用后续订单（{1}）再次衡量，差异不显著：{0}。";
    TransferLaterThin: "Later orders ({0}) have too few held-out shoppers to check it.", "后续订单（{0}）的留出顾客太少，无法复核。";
    AllTargets: "All target markets together", "全部目标市场合并";
    Days: "{0} to {1}", "{0} 至 {1}";
    DaysUnknown: "days not stated", "未注明日期";
    CurveTitle: "How many of its own purchases the other markets replace", "其他市场可替代多少本市场购买记录";
    CurveIntro: "Ranking quality if this market had only so many purchases, alone and with the other markets. The last row has all of them.", "若本市场只有这么多购买记录时的排序质量：单独使用与加入其他市场。最后一行为全部记录。";
    CurveChart: "Lines: nDCG@10 by purchases of this market, alone and with the other markets.", "折线：按本市场购买记录数的 nDCG@10，单独使用与加入其他市场。";
    CurvePurchases: "Purchases of this market", "本市场购买记录";
    TransferNone: "The models have not been measured.", "尚未评估各模型。";
    Model: "Model", "模型";
    TrainedOn: "Trained on", "训练数据";
    Local: "this market", "本市场";
    HomeOnly: "home market", "主场市场";
    Pooled: "all markets", "全部市场";
    Weighted: "all markets, others weighted", "全部市场（其他市场加权）";
    Unknowns: "What is not known yet", "尚不清楚的事";
    UnknownIntro: "Each with what to bring to settle it.", "每一项都注明需要提供什么来解决。";
    NothingUnknown: "Every input that the plan asks for is there.", "计划所需的输入均已具备。";
    Caveats: "Data quality", "数据质量";
    CaveatIntro: "What cleaning found. Nothing was dropped silently; rejected rows are kept in the rejects tables.", "清洗时的发现。没有任何行被静默丢弃，被拒绝的行保存在拒绝表中。";
    CaveatHere: "Rows here are this market's order lines. Findings about products, links and rejected rows have no market, so they stand for the whole data only.", "“本市场行数”为本市场的订单行。关于商品、身份合并与被拒绝行的发现不区分市场，仅列全部数据。";
    CaveatNone: "Cleaning changed, marked or put aside no row.", "清洗没有更改、标记或搁置任何行。";
    Sources: "Where the data come from", "数据来源";
    SourcesIntro: "Every row of every table names its file by the fingerprint below, and every figure its query. Licence, origin and day are shown as stated when the file was taken in; nothing is assumed.", "每张表的每一行都以下列指纹标明来源文件，每个数字都注明其查询。许可、来源与日期按导入时的说明显示，不作任何推断。";
    SourceFile: "File", "文件";
    SourceHolds: "What it holds", "内容";
    Licence: "Licence", "许可";
    Origin: "Origin", "来源方";
    Obtained: "Obtained", "取得日期";
    NotStated: "not stated", "未注明";
    OtherMarkets: "orders of other markets", "其他市场的订单";
    SourcesMore: "{0} more files are in the JSON of this plan and in raw.sources.", "另有 {0} 个文件，见本计划的 JSON 与 raw.sources。";
    LogSegments: "{0} files of events that the server took in; the last one", "服务器接收的事件文件 {0} 个；此处为最近一个";
    Rule: "Finding", "发现";
    Example: "Example", "示例";
    NoProducts: "No product could be scored for this market.", "本市场没有可评分的商品。";
    ReachFirst: "Whom to reach first", "优先触达谁";
    ReachSegments: "Segments by what one shopper of them is expected to be worth: by the lower end of the interval, so that a guess does not come before a sure thing; those of fewer than five shoppers last, without a value.", "按每位顾客的预期价值排列的分群：按区间下限排序，不让猜测排在确定的前面；不足五位顾客的分群排在最后，不显示价值。";
    ReachAreas: "No order says who bought: areas stand in for segments. Those of enough orders come first, by the lower end of what is expected of them. Advertising and offers can be aimed at an area, nobody in it can be addressed.", "订单均不说明买家：以区域代替分群。订单足够者在前，按预期的下限排序。广告和优惠可按区域投放，但无法触达其中任何人。";
    ReachArea: "Area", "区域";
    ReachPersona: "The persona of this market: {0}.", "本市场画像：{0}。";
    ReachBasis: "The values rest on {0}.", "价值依据：{0}。";
    ReachOpen: "What is not sure", "不确定之处";
    ReachLost: "What is lost without knowing who bought", "不知道买家而失去的信息";
    NoSegments: "There are no segments for this market.", "本市场没有分群。";
    NoMonths: "There is no month with orders.", "没有任何月份有订单。";
    NoBundles: "No two products were bought together often enough to state a rule.", "没有商品组合的同单次数足以形成规则。";
    // Figures.
    TooLittle: "too little data", "数据太少";
    TooLittleWhy: "{0} observations; at least {1} are needed for a number.", "仅 {0} 个观测值，至少需要 {1} 个才显示数字。";
    Undefined: "not defined", "无定义";
    UndefinedWhy: "The quantity has no meaning here, for example growth without an earlier period.", "该数值在此没有意义，例如没有前期可比的增长率。";
    Interval: "Interval ({0})", "区间（{0}）";
    Observations: "Observations", "观测数";
    Formula: "Formula", "公式";
    Source: "Source", "来源";
    FigureKey: "Key", "键";
    Close: "Close", "关闭";
    NoFormula: "not stated", "未说明";
    NoteAt: "Formula and source of these numbers: {0}.", "这些数字的公式与来源：见编号 {0}。";
    Notes: "Formulas and sources", "公式与来源";
    NotesIntro: "Numbers refer to the small figures behind the values.", "编号对应数值后的小号数字。";
    MinimumsTitle: "Minimum of data", "最低数据量";
    MinimumsSaid: "Rates need {0} shoppers, averages and growth {1} orders, a season {2} whole months, a cohort {3} shoppers, a bundle {4} baskets, a measured ranking {5} held-out shoppers.", "比率至少需要 {0} 位顾客，均值与增长 {1} 单，季节性 {2} 个整月，同期群 {3} 位顾客，搭配 {4} 单，排序评估 {5} 位留出顾客。";
    MadeBy: "Made by Portolan from the seller's own data. The same figures are in the JSON file of this plan.", "由 Portolan 根据卖家自有数据生成，同样的数字见本计划的 JSON 文件。";
    // What is decided.
    Decide: "What to do here", "在此该做什么";
    NextActions: "The next three actions", "接下来的三件事";
    Risks: "What can go wrong", "可能出错之处";
    WouldChange: "What would change our mind", "什么会改变我们的判断";
    ExpectedIn: "What to expect: {0}", "预期：{0}";
    DemandSaid: "Units a week: what was sold, then what will be asked for, with its interval.", "每周件数：已售出部分，以及预计需求及其区间。";
    DemandAhead: "Demand ahead", "未来需求";
    Week: "Week of", "周起始日";
    Planned: "What the plan's prices and promotions change", "计划的价格与促销带来的变化";
    PlannedSaid: "Categories have forecasts of their own, drawn to that of the market. Where nobody knows how demand answers to a price, the forecast stays as it was.", "各品类单独预测，并按市场合计校准。需求对价格的反应未知时，预测维持不变。";
    PlannedWhat: "Of what", "对象";
    PlannedAll: "All products", "全部商品";
    PlannedMore: "{0} more categories", "另有 {0} 个品类";
    PlannedProducts: "Products that move most", "变化最大的商品";
    MaySell: "May we sell it", "能否销售";
    MaySellYes: "may be sold", "可以销售";
    MaySellChange: "after a change", "修改后可售";
    MaySellNo: "may not be sold", "不得销售";
    MaySellUnknown: "not known", "无法判断";
    AndAlike: "and {0} more", "及另外 {0} 个";
    Verify: "(general knowledge: verify before acting)", "（一般性知识，行动前请核实）";
    Prices: "Prices", "价格";
    PaidBySegment: "Prices by segment", "按分群看价格";
    PaidApart: "Shoppers pay differently for the same things: {} pay most beside the usual price, {} least. Reductions reach the latter; the former need none.", "同样的商品，各分群实付不同：{}相对最高，{}相对最低。降价主要被后者享用，前者并不需要。";
    PaidAlike: "All segments pay about the same for the same things: nothing speaks for prices by segment.", "同样的商品，各分群实付相近：没有依据按分群定价。";
    PriceTestSaid: "Where nobody knows how demand answers, a test tells: ask about a tenth more for half of those products, the week after for the other half, and so on. Together that takes so many weeks: {}.", "需求反应未知时，用试价来判断：一半商品提价约一成，次周换另一半，交替进行。合计所需周数：{}。";
    PricesSaid: "The floor is the lowest price that leaves the asked margin after everything that a sale costs. The advised price never lies below it.", "底价是扣除一切销售成本后仍能保留目标利润率的最低价格，建议价格绝不低于底价。";
    PriceChart: "Bars: from the floor to the competitors' upper quartile. Dots: price now and price advised.", "横条：从底价到竞品上四分位价。圆点：现价与建议价。";
    LandedOf: "What one {0} costs until it is sold", "每件{0}售出前的全部成本";
    LandedChart: "The parts of the landed cost, one upon the other.", "到岸成本的各组成部分，逐项累加。";
    SentBy: "Sent by {0}.", "发运方式：{0}。";
    Part: "Part", "组成部分";
    MoreRows: "{0} more products", "另有 {0} 个商品";
    Channel: "Channel", "渠道";
    ChannelBudget: "Budget by channel", "各渠道预算";
    ChannelSaid: "A week's spend. Where the data cannot tell what a channel brings, its spend stays as it is.", "按周支出。数据无法判断某渠道效果时，其支出保持不变。";
    CalendarAhead: "The calendar ahead", "未来日历";
    When: "When", "时间";
    Occasion: "Occasion", "事件";
    OrderBy: "Shoppers order by", "顾客最晚下单日";
    ShipBy: "Stock leaves by", "备货最晚发出日";
    StockAdvice: "Stock", "库存";
    DemandChart: "Units sold by week and units expected, with an interval that widens.", "每周已售件数与预计件数，区间逐渐变宽。";
    Promotions: "What to offer and to bundle", "促销与捆绑";
    PromotionsSaid: "No promoted price lies below the floor, whatever else is announced. Where nobody can tell whether an offer pays it is named as a test, with what it would take.", "无论叠加何种促销，促销价都不低于底价。无法判断是否划算的优惠列为试验，并注明所需条件。";
    Parity: "Prices that do not fit together", "价格不一致与窜货";
    ParitySaid: "Channels more than 3 % away from the own shop, price wars, and routes on which it pays to bring goods from one market to another, freight, duty and tax included.", "与自有店铺价差超过 3 % 的渠道、价格战，以及计入运费、关税和税费后仍有利可图的跨市场窜货路线。";
    Between: "Where", "何处";
    ParityChannel: "channel out of line", "渠道价格不一致";
    ParityFloor: "below the channel's floor", "低于渠道底价";
    ParityWar: "price war", "价格战";
    ParityRoute: "grey route", "窜货路线";
    Clearance: "Stock to clear", "清仓";
    ClearanceSaid: "Up to two price steps above the floor that earn most until the stock has to be gone.", "在库存须清完之前收益最高的、不低于底价的最多两级降价。";
    FirstOrder: "First order to send", "首批发货";
    FirstOrderSaid: "So many units that one more would lose as much when left over as it earns when sold.", "多发一件时，滞销的预期损失恰与售出的预期收益相当的件数。";
    BudgetWeeks: "The budget week by week", "按周分配预算";
    Codes: "Who gets a code", "优惠码发给谁";
    Offer: "Offer", "优惠";
    OfferLimited: "Discount for some days", "限时折扣";
    OfferBundle: "Bundle", "捆绑";
    OfferThreshold: "Off from a sum on", "满减";
    OfferCode: "Code", "优惠码";
    OfferOwn: "Announced by you", "您已公布的促销";
    OfferPays: "pays", "划算";
    OfferTest: "test it", "建议试验";
    OfferFine: "keeps every floor", "不低于底价";
    OfferRefused: "refused", "拒绝";
    NProducts: "{0} products", "{0} 个商品";
    ResponseSaid: "What a week's spend brings in the end, with its interval. Ring: spend now, with the slope there; dot: spend advised.", "每周支出最终带来的销售额及其区间。圆环：当前支出及其斜率；圆点：建议支出。";
    ResponseChart: "One curve a channel: sales a week by spend a week, the spend now with the return of its next unit, and the spend advised.", "每个渠道一条曲线：周支出对应的周销售额，当前支出及其边际回报，以及建议支出。";
    ResponseSlope: "+1 brings {0}", "每 +1 带来 {0}";
    SpendAWeek: "Spend a week", "周支出";
    Sensitivity: "What the margin hangs on", "毛利取决于什么";
    SensitivitySaid: "Mean margin of the weeks ahead with one input at its low and its high end, the others as they are drawn.", "其他因素照常抽样，仅将某一因素取低端与高端时，未来各周的平均毛利。";
    SensitivityChart: "A bar an input: the margin at its low and its high end, the input that moves most first.", "每个因素一条横条：其取低端与高端时的毛利，影响最大者在前。";
    Input: "Input", "因素";
    CalendarSaid: "A line from the last day on which shoppers may order to the day itself; the number is what past years sold against usual.", "线段从顾客最晚下单日到当日；数字为往年相对平常的销量。";
    CalendarChart: "The occasions ahead on a line of time, each with its last day to order and what past years sold against usual.", "未来各事件的时间轴，标出最晚下单日与往年相对平常的销量。";
    CompareTitle: "Markets side by side", "市场并列比较";
    CompareIntro: "{0} markets with what is decided for each, largest expected sales first. A market without a decision has empty cells.", "共 {0} 个市场及其决策，按预计销售额从高到低排列。未作决策的市场为空。";
    CompareSize: "What is there", "现状";
    CompareDecided: "What is decided", "决策";
    CompareExpected: "What to expect", "预期";
    CompareRisk: "What can go wrong first", "首要风险";
    CompareNext: "What to do first", "首要行动";
    CompareChart: "Expected margin of each market with its interval.", "各市场预计毛利及其区间。";
    // The overview of markets.
    OverviewTitle: "Launch plans", "市场启动计划总览";
    OverviewIntro: "{0} markets, largest first. Open a market for its plan.", "共 {0} 个市场，按销售额从高到低排列。点击市场查看计划。";
    OverviewModels: "How well the models rank", "各模型的排序质量";
    OverviewModelsIntro: "nDCG@10 on shoppers held out by time, with interval: each model trained on the market alone and with the orders of all markets.", "在按时间留出的顾客上的 nDCG@10 及其区间：每个模型分别仅用本市场、与加入全部市场的订单训练。";
    OverviewThin: "{0} more markets have too few held-out shoppers for a number; their plans have what there is.", "另有 {0} 个市场的留出顾客太少，不显示数字；详见各市场计划。";
    OverviewRecall: "The same as recall@20", "以召回率@20 衡量的同一比较";
    ModelOn: "{0}, {1}", "{0}（{1}训练）";
    AtHomeTag: "home", "主场";
    Market: "Market", "市场";
    Verdict: "Verdict", "结论";
    TopFinding: "First to know", "首要发现";
}

/// All places `{n}` that a text has, for the check that both languages use the same.
#[cfg(test)]
fn places(text: &str) -> std::collections::BTreeSet<&str> {
    text.match_indices('{').filter_map(|(i, _)| text[i..].split_once('}').map(|(place, _)| place)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_chinese_text_is_empty_or_english_and_both_have_the_same_places() {
        for &text in Text::ALL {
            let Words { en, zh } = text.words();
            assert!(!en.is_empty() && !zh.is_empty(), "{text:?}");
            assert_ne!(en, zh, "{text:?}");
            assert!(zh.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{text:?} has no Chinese character");
            assert_eq!(places(en), places(zh), "{text:?}");
        }
    }

    #[test]
    fn a_page_language_is_found_by_its_code() {
        assert_eq!(Lang::from_language(domain::Language::ZH), Some(Lang::Zh));
        assert_eq!("de".parse().ok().and_then(Lang::from_language), None);
    }
}
