// The rest of the invented workspace: overview, segments, data, models, plan.
import type { Cell, Models, Overview, Recommendations, Report, SegmentPreview, Schedule, Segments, Shopper, Table } from '../../src/api/wire';
import { cards } from './catalogue';
import { seeded, table, words } from './figures';
import { HOME, SERVED } from './markets';
import { decided, planFigure, planMoney, reach } from './plan-parts';

export function overview(rejects: number): Overview {
  const random = seeded(2);
  const months: Cell[][] = SERVED.flatMap((market, m) =>
    Array.from({ length: 20 }, (_, i): Cell[] => {
      const season = 1 + 0.5 * Math.exp(-(((i % 12) - 5) ** 2) / 3);
      const orders = Math.round((140 / (1 + m * 0.7)) * season * (0.85 + random() * 0.3) * (1 + i * 0.012));
      return [market, new Date(Date.UTC(2025, 2 + i, 1)).toISOString().slice(0, 10), orders, Math.round(orders * 0.86), (orders * (142 - m * 9)).toFixed(2)];
    }),
  );
  return {
    workspace: 'harbour-and-pine',
    base_currency: 'EUR',
    home_market: HOME,
    markets: SERVED,
    snapshot: '41',
    counts: { orders: 12_408, shoppers: 8_131, products: cards.length, events: 418_220, reviews: 3_904, rejects },
    freshness: [
      { table: 'clean.orders', last_day: '2026-11-25', rows: 12_408 },
      { table: 'clean.events', last_day: '2026-11-26', rows: 418_220 },
      { table: 'clean.competitor_prices', last_day: '2026-11-22', rows: 1_120 },
      { table: 'clean.reviews', last_day: '2026-11-19', rows: 3_904 },
      { table: 'clean.stock', last_day: '2026-11-24', rows: 96 },
      { table: 'clean.fx_rates', last_day: '2026-11-25', rows: 4_270 },
    ],
    gates: [
      { name: 'order_lines_rejected', passed: true, result: 'pass', detail: words('24 of 31,220 order lines (0.1 %) were put aside; at most 20 % may', '31,220 条订单行中有 24 条(0.1 %)被搁置;上限为 20 %') },
      { name: 'order_lines_product', passed: true, result: 'pass', detail: words('none of 31,196 order lines have no product', '31,196 条订单行中没有一条没有商品') },
      { name: 'stock_fresh', passed: false, result: 'warn', detail: words('the newest row of stock is 2 days old; at most 1 day may pass', '最新的库存记录已有 2 天;上限为 1 天') },
      { name: 'order_lines_shopper', passed: true, result: 'pass', detail: words('1,811 of 31,196 order lines (5.8 %) have no shopper; at most 90 % may', '31,196 条订单行中有 1,811 条(5.8 %)没有顾客;上限为 90 %') },
      { name: 'orders_unique', passed: true, result: 'pass', detail: words('no order stands twice', '没有重复的订单') },
      { name: 'reviews_product', passed: true, result: 'pass', detail: words('all 3,904 reviews name a product of the catalogue', '全部 3,904 条评论所指商品均在目录中') },
    ],
    actions: [
      { en: 'Stock is two days old: take in a new file, or offers may be sold out.', zh: '库存已有两天未更新：请导入新文件，否则推荐可能已售罄。', link: '/data/sources' },
      { en: 'Germany is ready for a small test: read its launch plan.', zh: '德国已可进行小规模测试：请阅读其上市计划。', link: '/plan/DE' },
      { en: '151 big spenders have been silent for three months.', zh: '151 位高消费顾客已沉默三个月。', link: '/audience/segments/big%20spenders%20asleep' },
    ],
    months: table([['market', 'text', 'market'], ['month', 'date', 'month'], ['n_orders', 'integer', 'orders'], ['n_shoppers', 'integer', 'shoppers'], ['revenue', 'decimal', 'sales in EUR']], months),
  };
}

export const FIELDS: [string, string, string, string][] = [
  ['market', 'text', 'home market, ISO 3166-1', '本土市场'],
  ['city', 'text', 'city', '城市'],
  ['language', 'text', 'language, ISO 639-1', '语言'],
  ['accepts_marketing', 'boolean', 'agreed to marketing mail', '同意接收营销'],
  ['age', 'integer', 'age in years', '年龄'],
  ['days_since_last_order', 'integer', 'days since the last order', '距末单天数'],
  ['days_since_first_order', 'integer', 'days since the first order', '距首单天数'],
  ['returned_last', 'boolean', 'something of the last order day came back', '末单日有退货'],
  ['orders.count', 'integer', 'orders; orders.count(180d): in the last 180 days', '订单数；orders.count(180d) 为最近 180 天'],
  ['orders.revenue', 'decimal', 'sales', '销售额'],
  ['returns.share', 'float', 'share of orders of which something came back', '有退货的订单占比'],
  ['bought(category "…", 90d)', 'boolean', 'bought of a category; also brand "…" and product "…"', '购买过某品类；也可用 brand "…" 与 product "…"'],
  ['r', 'integer', 'recency score, 1 to 5', '近度分，1 至 5'],
  ['f', 'integer', 'frequency score, 1 to 5', '频度分，1 至 5'],
  ['m', 'integer', 'monetary score, 1 to 5', '金额分，1 至 5'],
  ['churn_risk', 'float', 'probability of not ordering within the horizon, 0 to 1', '期限内不下单的概率，0 至 1'],
];

const TOTAL = 8_131;

export function segments(own: Map<string, { rule: string; title: string; size: number | null }>): Segments {
  const rfm: [string, number][] = [['champions', 612], ['loyal', 941], ['new', 1_204], ['potential', 1_388], ['need_attention', 1_611], ['at_risk', 730], ['hibernating', 1_645]];
  const names = rfm.map(([n]) => n);
  const flows: Cell[][] = [];
  const random = seeded(9);
  for (const [from, to] of [['2026-09-01', '2026-10-01'], ['2026-10-01', '2026-11-01']] as const) {
    for (const a of ['', ...names]) {
      for (const b of names) {
        const stay = a === b ? 420 : 0;
        const n = Math.round(stay + random() * (a === '' ? (b === 'new' ? 300 : 0) : 70));
        if (n > 8) flows.push(['rfm', from, to, a, b, n]);
      }
    }
  }
  return {
    segments: [
      ...rfm.map(([name, size]) => ({ name, title: words('', ''), kind: 'rfm', rule: null, size, share: size / TOTAL })),
      ...[...own].map(([name, s]) => ({ name, title: words(s.title, s.title), kind: 'own', rule: s.rule, size: s.size, share: s.size === null ? null : s.size / TOTAL })),
    ],
    fields: FIELDS.map(([name, type, meaning, meaning_zh]) => ({ name, type, meaning, meaning_zh })),
    flows: table([['kind', 'text', ''], ['from_day', 'date', ''], ['to_day', 'date', ''], ['from_segment', 'text', ''], ['to_segment', 'text', ''], ['n_shoppers', 'integer', '']], flows),
  };
}

/** Knows words of the language only as far as the tests need: the real parser is the server's. */
export function preview(rule: string): SegmentPreview {
  const known = new Set(['and', 'or', 'not', 'in', 'between', 'is', 'missing', 'd', 'category', 'brand', 'product', 'bought', 'count', 'revenue', 'share', 'orders', 'returns', ...FIELDS.map(([n]) => n)]);
  const bare = rule.replace(/"[^"]*"/g, (s) => ' '.repeat(s.length)).replace(/\[[^\]]*\]/g, (s) => ' '.repeat(s.length));
  for (const match of bare.matchAll(/[a-z_]{2,}/g)) {
    const word = match[0];
    if (!known.has(word)) {
      return { size: null, of: TOTAL, share: null, by_market: [], errors: [{ at: match.index, len: word.length, problem: `no field "${word}"`, next: 'perhaps "orders.count"?' }] };
    }
  }
  let hash = 7;
  for (const c of rule) hash = (hash * 31 + c.charCodeAt(0)) % 9_973;
  const share = 0.02 + (hash % 400) / 1000;
  const sizes = SERVED.map((market, i) => ({ market, size: Math.round((share * TOTAL) / (1.6 + i * 1.4)), share: share * (1 - i * 0.06) }));
  const size = sizes.reduce((sum, s) => sum + s.size, 0);
  return { size, of: TOTAL, share: size / TOTAL, by_market: sizes, errors: [] };
}

export function members(name: string): Table {
  const random = seeded(name.length);
  return table(
    [['shopper_id', 'text', 'shopper'], ['market', 'text', 'home market'], ['since', 'date', 'first look from which on without a gap'], ['version', 'text', 'version of the rule']],
    Array.from({ length: 240 }, (_, i): Cell[] => [`s-${Math.floor(random() * 1e9).toString(16)}`, SERVED[i % SERVED.length] ?? HOME, `2026-0${1 + (i % 9)}-01`, 'b134946f']),
  );
}

export function shopper(id: string): Shopper {
  return {
    shopper_id: id,
    market: 'DE',
    report: {
      title: words('Shopper', '顾客'),
      figures: [],
      tables: [
        {
          name: 'summary',
          title: words('What was bought', '购买概况'),
          table: table(
            [['shopper_id', 'text', 'shopper'], ['market', 'text', 'home market'], ['first_day', 'date', ''], ['second_day', 'date', ''], ['last_day', 'date', ''], ['n_orders', 'integer', ''], ['revenue', 'decimal', 'in the reporting currency'], ['returned', 'decimal', 'negative or 0, in the reporting currency']],
            [[id, 'DE', '2025-08-11', '2026-02-11', '2026-10-03', 4, '412.30', '-25.50']],
          ),
        },
        {
          name: 'outlook',
          title: words('What is expected', '预期'),
          table: table(
            [['shopper_id', 'text', 'shopper'], ['market', 'text', ''], ['p_alive', 'float', ''], ['expected_orders', 'float', ''], ['expected_revenue', 'float', 'sales of the next 90 days, reporting currency'], ['lifetime_value', 'float', 'discounted value of the next years: margin where costs are known, else sales; reporting currency'], ['value_basis', 'text', ''], ['churn_risk', 'float', ''], ['churn_low', 'float', ''], ['churn_high', 'float', ''], ['churn_reasons', 'text', ''], ['next_order', 'date', '']],
            [[id, 'DE', 0.72, 0.64, 61.9, 188.2, 'pooled', 0.41, 0.33, 0.5, JSON.stringify({ en: ['the last order is 55 days ago: less', 'something came back: more'], zh: ['距上次下单 55 天：风险较低', '曾退货：风险较高'] }), '2026-12-28']],
          ),
        },
        {
          name: 'segment',
          title: words('Segment and tags', '分群与标签'),
          table: table(
            [['shopper_id', 'text', ''], ['recency_days', 'integer', ''], ['frequency', 'integer', ''], ['monetary', 'decimal', 'settled sales, in the reporting currency'], ['r', 'integer', ''], ['f', 'integer', ''], ['m', 'integer', ''], ['segment', 'text', ''], ['cluster', 'integer', ''], ['tags', 'text', '']],
            [[id, 55, 4, '412.30', 3, 4, 4, 'loyal', null, JSON.stringify([{ tag: 'repeat', since: { on: '2026-02-11' }, reason: '4 orders' }, { tag: 'high_value', since: { at_the_latest: '2026-10-03' }, reason: '412.30 of at least 300.00' }])]],
          ),
        },
        {
          name: 'orders',
          title: words('Orders', '订单'),
          table: table(
            [['order_id', 'text', ''], ['day', 'date', 'day'], ['kind', 'text', ''], ['n_lines', 'integer', ''], ['units', 'integer', ''], ['gross', 'decimal', ''], ['reversed', 'decimal', ''], ['total', 'decimal', ''], ['currency', 'text', '']],
            [['417-0055450', '2026-10-03', 'sale', 1, 1, '74.00', '0.00', '74.00', 'EUR'], ['411-0712727', '2026-06-21', 'sale', 1, 3, '25.50', '-25.50', '25.50', 'EUR'], ['411-0713001', '2026-02-11', 'sale', 1, 1, '42.50', '0.00', '42.50', 'EUR']],
          ),
        },
      ],
      notes: [],
    },
  };
}

const steps = ['history', 'session', 'segment', 'market', 'home', 'alike', 'newest'];

export function recommend(query: URLSearchParams, recent: string[]): Recommendations {
  const market = query.get('market') ?? 'DE';
  const who = query.get('shopper');
  const at = who ? 0 : recent.length ? 1 : 3;
  const n = Math.min(50, Number(query.get('n') ?? 10));
  const list = [...cards].sort((a, b) => Number(recent.includes(b.product_id)) - Number(recent.includes(a.product_id)));
  return {
    items: list.slice(0, n).map((card, i) => ({
      product_id: card.product_id,
      name: card.name,
      score: 0.412 / (1 + i * 0.21),
      name_locale: card.name_locale,
      name_fit: card.name_fit,
      price: card.price,
      price_text: card.price_text,
      price_rate_day: card.price_rate_day,
      picture: card.picture,
      reasons:
        query.get('explain') === 'true'
          ? [
              { term: 'predicted from', product_id: 'CG-0009', part: 0.3 / (1 + i * 0.21), text: words('because of Burr Coffee Grinder, 30 steps', '依据：锥刀磨豆机 30 档') },
              { term: 'bought lately by others', product_id: null, part: 0.112 / (1 + i * 0.21), text: words(`bought lately by others in ${market}`, '近期其他顾客购买') },
            ]
          : [],
    })),
    answered_by: steps[at] ?? 'market',
    chain: steps.map((step, i) => ({
      step,
      answered: i === at,
      why: i < at ? (step === 'history' ? words('no order of this shopper is known', '没有该顾客的订单') : step === 'session' ? words('no event in this visit', '本次访问没有事件') : words('the shopper is in no segment', '该顾客不属于任何分群')) : i === at ? words(`${n} products`, `${n} 件商品`) : words('not needed', '不需要'),
    })),
    model_version: 'v17 · snapshot 41',
    bucket: 412,
    bucket_of: who ? 'shopper' : 'answer',
    locale: { used: 'en-GB', from: 'accept_language', chain: ['en-GB', 'en', 'catalogue'] },
    exposure_id: 'x-8f20c1',
  };
}

export function models(): Models {
  const list = ['popularity-decayed', 'item-knn', 'ease-sparse', 'ials'];
  const evidence: Cell[][] = SERVED.slice(0, 4).flatMap((market, m) =>
    list.flatMap((model, i) =>
      ['ndcg@10', 'recall@20', 'coverage@10'].map((metric, k): Cell[] => {
        const value = 0.09 + i * 0.018 - m * 0.008 + k * 0.09;
        return [market, model, i === 3 ? 'pooled' : 'market', i === 3 ? 1 : 0, 'test', '2026-09-01', '2026-10-31', metric, value, value - 0.024, value + 0.026, 214 - m * 40, ''];
      }),
    ),
  );
  return {
    serving: table(
      [['market', 'text', ''], ['model', 'text', ''], ['parameters', 'text', ''], ['training', 'text', ''], ['source_weight', 'float', ''], ['basis', 'text', ''], ['why', 'text', ''], ['why_zh', 'text', '']],
      SERVED.map((market, i): Cell[] => [market, i === 0 ? 'ease-sparse' : i < 3 ? 'ials' : 'popularity-decayed', '{}', i === 0 ? 'market' : i < 3 ? 'pooled' : 'market', i < 3 && i > 0 ? 1 : 0, i === 0 ? 'home' : i < 3 ? 'own_evidence' : 'not_shown', i === 0 ? 'the home market learns from its own purchases' : i < 3 ? 'gain +0.0311, 95 % between +0.0062 and +0.0544, 214 shoppers' : 'too few held-out shoppers here; over all target markets together, no evidence of a gain above 0', i === 0 ? '本土市场从自身购买中学习' : i < 3 ? '增益 +0.0311，95 % 区间 +0.0062 至 +0.0544，214 位顾客' : '留出顾客太少；全部目标市场合计未见大于 0 的增益']),
    ),
    evidence: table([['market', 'text', ''], ['model', 'text', ''], ['training', 'text', ''], ['source_weight', 'float', ''], ['period', 'text', ''], ['from_day', 'date', ''], ['to_day', 'date', ''], ['metric', 'text', ''], ['value', 'float', ''], ['low', 'float', ''], ['high', 'float', ''], ['n', 'integer', ''], ['verdict', 'text', '']], evidence),
  };
}

export function sources(): Table {
  const files: [string, string, string, number, number][] = [
    ['orders_DE.csv', 'order_lines', 'shopify-orders', 4_812, 3],
    ['orders_US.csv.gz', 'order_lines', 'shopify-orders', 9_904, 11],
    ['flat-file-VN.txt', 'order_lines', 'amazon-orders', 2_118, 10],
    ['products.xlsx', 'products', 'canonical', 16, 0],
    ['reviews.jsonl', 'reviews', 'canonical', 3_904, 0],
    ['stock_2026-11-24.csv', 'stock', 'canonical', 96, 0],
    ['ecb-rates.csv', 'fx_rates', 'canonical', 4_270, 0],
    ['events-2026-11.parquet', 'events', 'canonical', 418_220, 0],
    ['customers.csv', 'customers', 'shopify-customers', 7_705, 0],
  ];
  return table(
    [['source', 'text', 'first 16 hex digits of the SHA-256'], ['name', 'text', 'name of the file'], ['table_name', 'text', 'table it fills'], ['format', 'text', 'how it was read'], ['n_rows', 'integer', 'rows read'], ['rejected', 'integer', 'rows put aside'], ['obtained', 'date', 'day on which it was obtained']],
    files.map(([name, tableName, format, rows, bad], i): Cell[] => [(0x93518c46 + i * 77_213).toString(16).padStart(16, '0'), name, tableName, format, rows, bad, '2026-11-24']),
  );
}

export function rejects(): Table {
  const rules = ['not_a_date', 'currency', 'impossible_price', 'bot_traffic'];
  const [first = '', second = ''] = [1, 2].map((at) => String(sources().rows[at]?.[0] ?? ''));
  const value = ['31/02/2026', 'EURO', '-12.00', 'Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)'];
  const expected = ['a day of the calendar and a time of the day', 'a code of ISO 4217, such as EUR', 'a price from 0 to 1000000; below 0 only for discounts, fees and bad debt', "a person's browser or application; `baiduspider` names a machine"];
  return table(
    [
      ['source', 'text', 'fingerprint of the source file'], ['line', 'integer', 'line in the source'], ['table_name', 'text', 'table it was meant for'], ['rule', 'text', 'rule it broke'],
      ['column', 'text', 'column'], ['value', 'text', 'offending value'], ['expected', 'text', 'what would be right'], ['stage', 'text', 'read or clean'],
    ],
    Array.from({ length: 24 }, (_, i): Cell[] => [i % 2 ? first : second, 88 + i * 41, i % 4 < 3 ? 'order_lines' : 'events', rules[i % 4] ?? '', ['Created at', 'Currency', 'Price', 'user_agent'][i % 4] ?? '', value[i % 4] ?? '', expected[i % 4] ?? '', i % 2 ? 'read' : 'clean']),
  );
}

export function quality(): Report {
  return {
    title: words('Quality report', '质量报告'),
    figures: [],
    tables: [
      {
        name: 'gates',
        title: words('Quality gates', '质量检查'),
        table: table(
          [['gate', 'text', ''], ['result', 'text', ''], ['severity', 'text', ''], ['kind', 'text', ''], ['unit', 'text', 'of measured and at_most'], ['measured', 'float', ''], ['at_most', 'float', ''], ['checked', 'integer', ''], ['failing', 'integer', ''], ['example', 'text', ''], ['says', 'text', ''], ['says_zh', 'text', '']],
          overview(24).gates.map((g, i): Cell[] => [g.name, g.result, i === 2 ? 'warn' : 'fail', ['rejects', 'not_null', 'freshness', 'not_null', 'uniqueness', 'referential'][i] ?? '', i === 2 ? 'days' : 'share', i === 2 ? 2 : 0.001 * i, i === 2 ? 1 : 0.2, 31_196, i * 31, i % 2 ? `order 417-00554${i}0, line 2 of orders_US.csv.gz` : null, g.detail.en, g.detail.zh]),
        ),
      },
      {
        name: 'rules',
        title: words('What the rules found', '规则发现'),
        table: table([['rule', 'text', ''], ['policy', 'text', ''], ['checked', 'integer', ''], ['touched', 'integer', ''], ['sample', 'text', '']], [['service_line', 'mark', 31_220, 812, 'order 417-0055450, SHIPPING, 1 × 20'], ['exact_repeat', 'merge', 31_220, 318, 'order 411-0712727, AF-0041'], ['gift', 'mark', 31_220, 41, 'order 411-0713001, FP-0044, 1 × 0'], ['price_outlier', 'mark', 31_220, 12, 'order 420-1188204, KT-0017, 1 × 4250']]),
      },
      {
        name: 'rejects',
        title: words('What was put aside', '被搁置的数据'),
        table: table(
          [['table', 'text', ''], ['rule', 'text', ''], ['rows', 'integer', ''], ['first', 'text', '']],
          ['bot_traffic', 'currency', 'impossible_price', 'not_a_date'].map((rule, i): Cell[] => [i ? 'order_lines' : 'events', rule, 6, 'flat-file-VN.txt line 129, column Currency, value `EURO`: a code of ISO 4217, such as EUR']),
        ),
      },
    ],
    notes: [words('All totals tie out with the files to the cent.', '所有合计与文件逐分相符。')],
  };
}

export function sql(query: string): Table | { problem: string } {
  if (!/^\s*(select|with|explain)\b/i.test(query)) return { problem: 'only one SELECT may be asked here' };
  if (/marts\.nothing/.test(query)) return { problem: 'there is no table marts.nothing' };
  return table([['market', 'text', 'market'], ['n_shoppers', 'integer', 'shoppers'], ['n_orders', 'integer', 'orders'], ['revenue', 'decimal', 'sales in EUR']], SERVED.map((m, i): Cell[] => [m, 3_100 - i * 480, 5_200 - i * 790, (740_210.5 - i * 121_004.25).toFixed(2)]));
}

export function plan(market: string): unknown {
  return {
    schema: 'portolan.launch_plan',
    schema_version: 1,
    verdict: { en: 'Start with a small test: Germany is a real market with 911 shoppers, and the models of the other markets help there.', zh: '先做小规模测试：德国已有 911 位真实顾客，其他市场的经验在此有帮助。' },
    findings: [
      { topic: 'size', en: 'Germany brought €207,751 from 1,328 orders by 911 shoppers.', zh: '德国带来 €207,751 销售额，共 1,328 单、911 位顾客。', figures: ['market.revenue'] },
      { topic: 'repeat', en: '31 % (28–34) buy again; the median gap is 62 days.', zh: '31 %（28–34）会再次购买；间隔中位数为 62 天。', figures: ['market.repeat_rate'] },
      { topic: 'offer', en: 'Burr Coffee Grinder leads the list; filters follow within weeks.', zh: '锥刀磨豆机居首；数周内会购买滤纸。', figures: [] },
      { topic: 'season', en: 'November sells 1.6 times the average month.', zh: '十一月销量是平均月份的 1.6 倍。', figures: [] },
    ],
    plan: {
      market,
      home: HOME,
      currency: 'EUR',
      window: { from: '2025-03-02', to: '2026-11-25' },
      stance: market === HOME ? 'home' : 'test_small',
      glance: {
        revenue: planFigure('market.revenue', planMoney(207_751.4), 'money'),
        orders: planFigure('market.orders', { number: 1_328 }, 'count'),
        shoppers: planFigure('market.shoppers', { number: 911 }, 'count'),
        basket: planFigure('market.basket', planMoney(156.44), 'money', [149.1, 163.8]),
        repeat_rate: planFigure('market.repeat_rate', { number: 0.312 }, 'share', [0.283, 0.343]),
        return_rate: planFigure('market.return_rate', { number: 0.067 }, 'share'),
        growth: planFigure('market.growth', { too_little_data: { have: 9, need: 12 } }, 'share'),
        growth_against: 'year_before',
      },
      reach: reach(market),
      decided: decided(),
      months: Array.from({ length: 20 }, (_, i) => ({
        month: new Date(Date.UTC(2025, 2 + i, 1)).toISOString().slice(0, 10),
        span: i === 0 || i === 19 ? 'partial' : 'whole',
        revenue: planFigure('month.revenue', planMoney(8_000 + i * 240 + (i % 12 === 8 ? 6_000 : 0)), 'money'),
        orders: planFigure('month.orders', { number: 55 + i }, 'count'),
      })),
      segments: ['champions', 'loyal', 'new', 'potential', 'need_attention', 'at_risk', 'hibernating'].map((key, i) => ({
        key,
        shoppers: planFigure('segment.shoppers', { number: 40 + i * 31 }, 'count'),
        shopper_share: planFigure('segment.shopper_share', { number: 0.05 + i * 0.03 }, 'share'),
        revenue: planFigure('segment.revenue', planMoney(61_000 - i * 7_000), 'money'),
        revenue_share: planFigure('segment.revenue_share', { number: 0.3 - i * 0.04 }, 'share'),
        habits: { basket: planFigure('segment.basket', planMoney(182 - i * 9), 'money', [170 - i * 9, 194 - i * 9]), repeat_rate: i === 2 ? planFigure('segment.repeat_rate', { too_little_data: { have: 12, need: 30 } }, 'share') : planFigure('segment.repeat_rate', { number: 0.8 - i * 0.1 }, 'share', [0.7 - i * 0.1, 0.88 - i * 0.1]) },
      })),
      products: cards.slice(0, 10).map((card, i) => ({
        id: card.product_id,
        name: card.name,
        buyers: planFigure('product.buyers', { number: 61 - i * 5 }, 'count'),
        uptake: planFigure('product.uptake', { number: 0.067 - i * 0.005 }, 'share', [0.05 - i * 0.004, 0.086 - i * 0.005]),
        price: planFigure('product.price', { money: { minor: card.price?.minor ?? 0, currency: 'EUR' } }, 'money'),
        stock: i === 3 ? null : planFigure('product.stock', { number: 210 - i * 11 }, 'count'),
        reasons: [{ term: 'predicted from', text: 'Gooseneck Kettle 1.0 L, matte white', part: 0.3 }],
      })),
      bundles: [{ antecedent: ['Burr Coffee Grinder, 30 steps'], consequent: ['Paper filters, cone, 100 pieces'], baskets: planFigure('bundle.baskets', { number: 44 }, 'count'), confidence: planFigure('bundle.confidence', { number: 0.41 }, 'share'), lift: planFigure('bundle.lift', { number: 3.2 }, 'ratio') }],
      serving: { model: 'ials', trained_on: 'pooled', basis: 'own_evidence', why: 'gain +0.0311, 95 % between +0.0062 and +0.0544, 214 shoppers', why_zh: '增益 +0.0311，95 % 区间 +0.0062 至 +0.0544，214 位顾客' },
      unknowns: [{ key: 'margin', have: 'unused' }, { key: 'competitor_prices', have: 'nothing' }, { key: 'ad_spend', have: 'nothing' }],
      caveats: [{ rule: 'service_line', rows: planFigure('quality.rows', { number: 812 }, 'count'), sample: '' }, { rule: 'exact_repeat', rows: planFigure('quality.rows', { number: 318 }, 'count'), sample: '' }],
      sources: [{ name: 'orders_DE.csv', table: 'order_lines', licence: null, origin: 'Shopify export' }, { name: 'reviews.jsonl', table: 'reviews', licence: null, origin: null }],
    },
  };
}

/** Two systems, one of which is away, and the run at night. */
export function schedule(): Schedule {
  const task = { task: 'sync' as const, source: null, when: null, status: 'fine' as const, began: null, ended: null, succeeded: null, failures: 0, due: null, records: null, changed: null, rejected: null, why: null, next: null };
  return {
    problem: null,
    tasks: [
      { ...task, source: 'shop', when: words('every 30 minutes', '每 30 分钟'), began: '2026-11-26T08:00:00Z', ended: '2026-11-26T08:00:09Z', succeeded: '2026-11-26T08:00:09Z', due: '2026-11-26T08:30:00Z', records: 41, changed: 12, rejected: 0 },
      { ...task, source: 'erp', status: 'failing', when: words('every 6 hours', '每 6 小时'), began: '2026-11-26T08:02:00Z', ended: '2026-11-26T08:02:01Z', succeeded: '2026-11-26T01:58:10Z', failures: 2, due: '2026-11-26T08:04:00Z', records: 0, changed: 0, rejected: 0, why: words('erp answers 401 Unauthorized', 'erp 返回 401 Unauthorized'), next: words('see the token of the source in sync.toml, and what it may read', '请检查 sync.toml 中该来源的令牌及其读取权限') },
      { ...task, task: 'run', when: words('daily at 03:00 (Europe/Berlin)', '每天 03:00(Europe/Berlin)'), began: '2026-11-26T02:00:00Z', ended: '2026-11-26T02:00:41Z', succeeded: '2026-11-26T02:00:41Z', due: '2026-11-27T02:00:00Z' },
    ],
  };
}
