// What cells of the server's tables say in English alone, in Chinese, with what is inserted where `{}` stands. A test reads the
// sources that say it. Only columns that `CELLS` names are looked at: elsewhere a text may be anybody's.
import type { Form } from '../../lib/forms';
import { rejectForms, rejectParts } from './said';

/** Columns whose cells have forms. */
export const CELLS = new Set(['method', 'refused', 'part', 'lane', 'why', 'first', 'sample', 'example', 'against', 'chosen', 'candidate', 'who', 'missing']);

/** The longer before the shorter. */
export const cellForms: readonly Form[] = [
  // How units are forecast.
  { en: '{}; {} weeks are too few to say how good it is', zh: '{}；仅有 {} 周数据，无法评估其准确度' },
  { en: '{}; nothing tried was better at {} earlier dates', zh: '{}；在 {} 个历史时点上没有更好的方法' },
  { en: "{}; at {} earlier dates its error was {} % of last year's week", zh: '{}；在 {} 个历史时点上，其误差为去年同周法的 {} %' },
  { en: 'the same week of last year', zh: '去年同周' },
  { en: 'a combination of smoothing methods', zh: '多种平滑方法的组合' },
  { en: 'a boosted model over all series', zh: '跨序列的提升树模型' },
  { en: 'the mean of smoothing methods and a boosted model', zh: '平滑方法与提升树模型的平均' },
  { en: 'never sold here, carried over from {}: {}', zh: '此前未在此销售，由 {} 推算：{}' },
  { en: 'what can be won here a year by its size and the share won elsewhere, {} of the sales in {}', zh: '按市场规模与其他市场所得份额，本市场年销售可达 {1} 的 {0} 倍' },
  {
    en: 'the market could not be sized, so it is taken to sell what the middle of the {} markets served abroad sells, {} of {}',
    zh: '本市场规模未知，按 {0} 个已进入的海外市场的中位水平估计，为 {2} 的 {1} 倍',
  },
  // Why the answer to a price is not known.
  { en: 'sold in {} weeks, {} are needed', zh: '只有 {} 周有销售，至少需要 {} 周' },
  { en: '{} of the weeks had no sale, and their price is not known', zh: '{} 的周没有销售，这些周的价格无从得知' },
  { en: 'the price hardly moved (standard deviation {} %)', zh: '价格几乎没有变化（标准差 {} %）' },
  { en: 'the price moved with the months ({} of its variance), so price and season cannot be told apart', zh: '价格随月份变动（占其方差的 {}），无法区分价格与季节的作用' },
  { en: 'the price moved only with promotions ({} of its variance), so the two cannot be told apart', zh: '价格只随促销变动（占其方差的 {}），无法区分两者的作用' },
  { en: 'an order twice as large pays {} % less a unit: the order sets the price', zh: '订单量翻倍时单价低 {} %：价格由订单量决定' },
  {
    en: '{} of the variation in price lies between orders of the same week: there was no one price to answer to',
    zh: '价格差异的 {} 出现在同一周的订单之间：并不存在一个统一的价格',
  },
  { en: 'units answer with {}, orders with {}: the sizes of orders moved, not the demand', zh: '按件数为 {}，按订单数为 {}：变化的是订单大小而不是需求' },
  { en: 'the first half of the weeks says {}, the second {}', zh: '前一半时间为 {}，后一半为 {}' },
  { en: 'the regression has no answer on these weeks', zh: '这些数据无法拟合回归' },
  // Why what advertising brought cannot be told. Several reasons follow each other; the first takes what follows over.
  {
    en: 'On weeks that it has not seen, the model with media has {} more squared error than one without: nothing can be said of {}. An experiment would tell.{}',
    zh: '在未见过的周里，含广告的模型的平方误差比不含广告的模型多 {}，无法判断 {}。需要做实验。{}',
  },
  {
    en: 'On weeks that it has not seen, the model with media saves {} of the squared error of one without: too little to speak of {}. An experiment would tell.{}',
    zh: '在未见过的周里，含广告的模型只比不含广告的模型减少 {} 的平方误差，不足以判断 {}。需要做实验。{}',
  },
  {
    en: '{} brought between {} and {} of what all media brought: too wide to decide on. An experiment would narrow it.{}',
    zh: '{} 占全部广告贡献的 {} 到 {}，区间过宽，无法据此决策。可用实验缩小。{}',
  },
  { en: '{} never spent in these weeks: a small test would be the first thing to learn from.{}', zh: '{} 在这些周没有任何花费：先做一次小规模测试才有数据可学。{}' },
  {
    en: '{} spent nearly the same every week (it varies by {}): its effect cannot be told from the base. Vary it, or switch it off in some places.{}',
    zh: '{} 每周花费几乎不变（波动 {}），无法与基础销量区分。请改变投放量，或在部分地区暂停。{}',
  },
  { en: '{} moves with {} (variance × {}): the two cannot be told apart. Change one without the other.{}', zh: '{} 与 {} 同步变化（方差放大 {} 倍），无法分开。请单独调整其中一个。{}' },
  { en: '{} weeks with spend, {} are needed to tell what it brings', zh: '仅 {} 周有支出，至少需要 {} 周才能判断其效果' },
  // What a unit costs to land, and on which way.
  { en: 'goods', zh: '货值' },
  { en: 'inland leg and packing', zh: '境内段及包装' },
  { en: 'main leg', zh: '干线运费' },
  { en: 'clearance and handling', zh: '清关及操作费' },
  { en: 'delivery within the market', zh: '目的国境内派送' },
  { en: 'insurance', zh: '保险' },
  { en: 'currency buffer', zh: '汇率缓冲' },
  { en: 'customs duty', zh: '关税' },
  { en: 'consumption tax', zh: '增值税／消费税' },
  { en: 'marketplace fee', zh: '平台佣金' },
  { en: 'payment fee', zh: '支付手续费' },
  { en: 'other shares of the price', zh: '其他按价计费' },
  { en: 'reserve for returns', zh: '退货准备金' },
  { en: 'margin', zh: '毛利' },
  { en: 'price', zh: '售价' },
  { en: '{}; then {}', zh: '{}；再转{}', after: 'known' },
  { en: '{}, {}–{} d', zh: '{}，{}–{} 天', after: 'known' },
  // Ways to learn from other markets, with what was chosen for them.
  { en: '{} of all, sources at {}', zh: '用全部市场训练的{}，来源权重 {}' },
  { en: '{} of all', zh: '用全部市场训练的{}' },
  { en: '{} of sources at {}', zh: '用来源市场训练的{}，来源权重 {}' },
  { en: 'similarity prior of strength {}', zh: '相似度先验，强度 {}' },
  { en: 'popularity prior of strength {}', zh: '热销度先验，强度 {}' },
  { en: 'linear prior of reg {}, trust {}', zh: '线性先验，正则 {}，信任 {}' },
  { en: 'fine-tuned, strength {}', zh: '预训练后微调，强度 {}' },
  { en: 'market-aware, strength {}', zh: '区分市场的向量，强度 {}' },
  { en: 'aligned vectors, strength {}', zh: '对齐的向量，强度 {}' },
  { en: 'market-blind tastes, reversal {}', zh: '不分市场的偏好，反转 {}' },
  { en: 'meta-learnt start, strength {}', zh: '元学习起点，强度 {}' },
  { en: 'forked heads, strength {}', zh: '分支输出，强度 {}' },
  // What goes with coming back.
  { en: 'at the usual price', zh: '原价' },
  { en: 'on a deal', zh: '优惠价' },
  { en: 'other', zh: '其他' },
  { en: '+1 sd ({})', zh: '每增加一个标准差（{}）' },
  // Whether words of reviews count.
  { en: 'words count: {}, held out, are told apart', zh: '采信词语：{}，留出检验可以区分' },
  { en: 'stars alone: {}, held out, are not told apart well enough', zh: '只看星级：{}，留出检验区分不足' },
  { en: 'stars alone: too few rated reviews for a model of words; it needs {}, {} on each side', zh: '只看星级：带评分的评论太少，无法训练词语模型；至少需要 {} 条，正负各 {} 条' },
  { en: 'stars alone: {}; a language needs {}, {} on each side', zh: '只看星级：{}；每种语言至少需要 {} 条，正负各 {} 条' },
  { en: '{} reviews of 1 or 2 stars and {} of 4 or 5', zh: '1–2 星 {} 条、4–5 星 {} 条' },
  // Plans that were rehearsed beside this one, who moves goods, and what is not known of a product.
  { en: 'price × {}, stock × {}, advertising × {}', zh: '价格 × {}，库存 × {}，广告 × {}' },
  { en: 'plan', zh: '本计划' },
  { en: 'trader', zh: '贸易商' },
  { en: 'shopper', zh: '消费者' },
  { en: 'label_languages', zh: '标签语言' },
  { en: 'marks', zh: '认证标志' },
  { en: 'label_languages marks', zh: '标签语言、认证标志' },
  // A row that was put aside or touched.
  { en: '{} line {}, column {}, value `{}`: {}', zh: '{} 第 {} 行，列 {}，值 `{}`：应为{}' },
  { en: '{} line {}, column {}: {}', zh: '{} 第 {} 行，列 {}：应为{}' },
  { en: '{} line {}, value `{}`: {}', zh: '{} 第 {} 行，值 `{}`：应为{}' },
  { en: '{} line {}: {}', zh: '{} 第 {} 行：应为{}' },
  { en: '{} ({} line {})', zh: '{}（{} 第 {} 行）' },
  { en: '{} line {}', zh: '{} 第 {} 行' },
];

/** What cells are put together from. */
export const cellParts: readonly Form[] = [
  { en: 'express', zh: '快递' },
  { en: 'parcel', zh: '小包' },
  { en: 'sea and truck', zh: '海运转卡车' },
  { en: 'sea freight in bulk', zh: '海运大货' },
  { en: 'special line', zh: '专线' },
  ...rejectForms,
  ...rejectParts,
];
