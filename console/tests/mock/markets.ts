// Markets with scores, what they learn from each other, and who buys there.
import type { Cell, MarketPage, MarketRanking, Personas, RankedMarket, Report, TransferReport } from '../../src/api/wire';
import { amount, figure, interval, seeded, table, words } from './figures';

export const HOME = 'CN';
export const SERVED = ['CN', 'US', 'DE', 'VN', 'TH', 'SA'];
const names = new Intl.DisplayNames(['en'], { type: 'region' });
const namesZh = new Intl.DisplayNames(['zh'], { type: 'region' });
export const nameOf = (market: string) => words(names.of(market) ?? market, namesZh.of(market) ?? market);

const weights = { demand: 0.28, size: 0.2, competition: 0.12, distance: 0.12, cost: 0.16, transfer: 0.12 };
const meanings: Record<keyof typeof weights, [string, string]> = {
  demand: ['own visits, searches and orders from there', '来自当地的访问、搜索与订单'],
  size: ['size and growth of the category', '品类规模与增长'],
  competition: ['1 is little competition', '1 表示竞争很少'],
  distance: ['kilometres, language and income; 1 is near', '距离、语言与收入；1 表示接近'],
  cost: ['cost to serve; 1 is cheap', '服务成本；1 表示低'],
  transfer: ['what the other markets promise it', '其他市场的预期帮助'],
};

const order = ['DE', 'JP', 'US', 'GB', 'KR', 'ID', 'FR', 'NL', 'VN', 'TH', 'AU', 'PL', 'MY', 'CA', 'SA', 'MX', 'BR', 'AE', 'IT', 'PH', 'IN', 'ES'];

function ranked(): RankedMarket[] {
  const random = seeded(11);
  const list = order.map((market, i) => {
    const base = 0.72 - i * 0.017;
    const served = SERVED.includes(market);
    const part = () => Math.min(0.98, Math.max(0.04, base + (random() - 0.5) * 0.5));
    const criteria: Record<string, number | null> = {
      demand: served || random() > 0.5 ? part() : null,
      size: part(),
      competition: part(),
      distance: part(),
      cost: part(),
      transfer: served ? part() : null,
    };
    let sum = 0;
    let total = 0;
    for (const [name, weight] of Object.entries(weights)) {
      const value = criteria[name];
      if (value != null) {
        sum += weight * value;
        total += weight;
      }
    }
    const score = sum / total;
    return { market, score, criteria, served };
  });
  list.sort((a, b) => b.score - a.score);
  return list.map(({ market, score, criteria, served }, i) => ({
    market,
    name: nameOf(market),
    rank: i + 1,
    status: served ? 'served' : 'candidate',
    score,
    low: score - 0.05 - (i % 4) * 0.012,
    high: score + 0.045 + (i % 3) * 0.015,
    rank_low: Math.max(1, i - 2 - (i % 3)),
    rank_high: Math.min(order.length, i + 4 + (i % 4)),
    criteria,
  }));
}

const reasonsOf = (m: RankedMarket, first: RankedMarket) => [
  {
    market: m.market,
    side: 'note',
    text: words(
      `${m.name.en} is number ${m.rank} of ${order.length} with a score of ${m.score?.toFixed(3)} (${m.low?.toFixed(3)} to ${m.high?.toFixed(3)}).`,
      `${m.name.zh}在 ${order.length} 个市场中排第 ${m.rank}，得分 ${m.score?.toFixed(3)}（${m.low?.toFixed(3)} 至 ${m.high?.toFixed(3)}）。`,
    ),
  },
  {
    market: m.market,
    side: 'for',
    text: words('Low cost to serve: parcels arrive in 6 days for 7.20 EUR on average.', '服务成本低：包裹平均 6 天送达，费用 7.20 欧元。'),
  },
  {
    market: m.market,
    side: 'against',
    text: words(
      `Against ${first.name.en}, competition costs it 0.031: price of advertising against home 1.34 against 0.36.`,
      `与${first.name.zh}相比，竞争使其少得 0.031：广告价格（相对本国）1.34 对 0.36。`,
    ),
  },
];

export function ranking(): MarketRanking {
  const list = ranked();
  const first = list[0];
  return {
    ranking: list,
    reasons: first ? list.flatMap((m) => reasonsOf(m, first)) : [],
    criteria: Object.entries(weights).map(([name, weight]) => ({ name, weight, meaning: words(...(meanings[name as keyof typeof weights] ?? ['', ''])) })),
    notes: [words('Own visits are known for 14 of 22 markets; what is not known is left out of the mean.', '22 个市场中有 14 个已知自有访问量；未知项不计入均值。')],
  };
}

export function marketPage(market: string): MarketPage | null {
  const list = ranked();
  const here = list.find((m) => m.market === market) ?? null;
  const served = SERVED.includes(market);
  if (!here && !served) return null;
  const first = list[0];
  return {
    market,
    name: nameOf(market),
    ranked: here,
    reasons: here && first ? reasonsOf(here, first) : [],
    has_plan: served,
    report: {
      title: words('Figures', '数据'),
      figures: [
        figure('market.revenue', 'money', 207_751.4, { amount: amount(207_751.4, 'EUR'), n: 1_328, formula: 'sum of quantity × unit price over clean order lines, cancellations subtracted' }),
        figure('market.orders', 'count', 1_328),
        figure('market.shoppers', 'count', 911),
        figure('market.basket', 'money', 156.4, { amount: amount(156.4, 'EUR'), ...interval(149.1, 163.8) }),
        figure('market.repeat_rate', 'share', 0.312, interval(0.283, 0.343)),
        figure('market.return_rate', 'share', 0.067, interval(0.055, 0.082)),
        figure('market.growth', 'share', 0.184, interval(0.061, 0.319)),
        figure('market.tam', 'EUR', 4_120_000_000, interval(3_000_000_000, 5_400_000_000)),
        figure('market.som', 'EUR', 1_900_000, interval(700_000, 3_600_000)),
        figure('market.season_peak', 'ratio', null, { why_not: words('too little data: 14 of at least 24', '数据太少：14 条，至少需要 24 条') }),
      ],
      tables: [],
      notes: [words('Sums are in EUR at the rate of each day.', '金额按当日汇率折算为欧元。')],
    },
  };
}

export function transfer(): TransferReport {
  const targets = ['US', 'DE', 'VN', 'TH'];
  const random = seeded(5);
  const sources: Cell[][] = targets.flatMap((m) =>
    ['CN', 'others', 'CN+others'].flatMap((s, k): Cell[][] => {
      const parts: [string, number][] = [
        ['overlap', 0.4 + random() * 0.5],
        ['volume', 0.02 + random() * 0.05],
        ['thinness', 0.01 + random() * 0.06],
        ['pairs', (random() - 0.45) * 0.12],
      ];
      const total = parts.slice(1).reduce((a, [, v]) => a + v, 0) + k * 0.01;
      return [[m, s, 'score', total, total], ...parts.map(([name, v]): Cell[] => [m, s, name, v, name === 'overlap' ? 0 : v])];
    }),
  );
  const curve: Cell[][] = targets.flatMap((m, t) =>
    [0, 10, 100, 1_000, 4_000].map((n): Cell[] => {
      const alone = 0.05 + 0.028 * Math.log10(1 + n) + t * 0.004;
      const gain = 0.052 / (1 + n / 400) - 0.003;
      return [m, n, alone, alone + gain, gain, gain - 0.021, gain + 0.023, Math.round(900 / (1 + t) / (1 + n / 900)), n === 0, 214 - t * 31];
    }),
  );
  const methods: Cell[][] = targets.flatMap((m, t) =>
    ['target alone', 'pooled', 'similarity prior', 'linear prior'].map((way, i): Cell[] => {
      const gain = 0.019 - t * 0.012 - i * 0.004;
      return i === 0
        ? [m, way, 'ease-sparse', 180, null, null, null, '', 214, 0.131, null, null, null]
        : [m, way, i === 1 ? 'item-knn of all, sources at 1' : `${way} of strength 10`, 180, gain + 0.004, gain - 0.02, gain + 0.03, gain > 0.005 ? 'accepted' : 'refused', 214, 0.131 + gain, gain, gain - 0.018, gain + 0.019];
    }),
  );
  return {
    sources: table([['market', 'text', 'target'], ['source', 'text', 'source'], ['part', 'text', 'part'], ['value', 'float', 'value of the part'], ['adds', 'float', 'what the part adds to the score']], sources),
    methods: table(
      [['market', 'text', 'target'], ['method', 'text', 'way'], ['chosen', 'text', 'what was chosen'], ['n_validation', 'integer', 'held-out shoppers of validation'], ['decided', 'float', 'gain that decided'], ['decided_low', 'float', ''], ['decided_high', 'float', ''], ['verdict', 'text', ''], ['n_test', 'integer', 'held-out shoppers'], ['value', 'float', 'nDCG@10'], ['gain', 'float', 'gain on the test days'], ['gain_low', 'float', ''], ['gain_high', 'float', '']],
      methods,
    ),
    curve: table(
      [['market', 'text', 'target'], ['purchases', 'integer', 'purchases learnt from'], ['alone', 'float', ''], ['transferred', 'float', ''], ['gain', 'float', ''], ['low', 'float', ''], ['high', 'float', ''], ['saved', 'float', ''], ['at_least', 'boolean', ''], ['n', 'integer', '']],
      curve,
    ),
    notes: [words('Saudi Arabia has 41 shoppers with a second order: too few to measure a transfer there.', '沙特阿拉伯只有 41 位再次下单的顾客：不足以衡量迁移。')],
  };
}

export function personas(market: string | null): Personas {
  const list = SERVED.filter((m) => m !== 'SA' && (!market || m === market));
  return {
    personas: list.map((m) => ({
      id: `${m}-1`,
      market: m,
      segment: 'loyal',
      title: words('The weekday coffee maker', '工作日咖啡爱好者'),
      summary: words('Buys small appliances for one or two, mostly in the evening, and comes back for filters.', '购买一两人用的小家电，多在晚上下单，并回购滤纸。'),
      figures: [figure('persona.shoppers', 'count', 911), figure('market.sales_share', 'share', 0.31, interval(0.28, 0.34)), figure('market.basket', 'money', 156.4, { amount: amount(156.4, 'EUR'), ...interval(149.1, 163.8) })],
      claims: [
        { section: 'basics', text: words('75 % (70–79) live in a city of more than 300,000.', '75 %（70–79）居住在三十万人以上的城市。'), figure: figure('persona.place', 'share', 0.747, interval(0.697, 0.791)), quotes: [] },
        { section: 'buys', text: words('Coffee grinders 1.9 times as often as at home.', '购买磨豆机的比例是本土的 1.9 倍。'), figure: figure('persona.lift', 'ratio', 1.9, interval(1.4, 2.5)), quotes: [] },
        {
          section: 'complains',
          text: words('The lid of the kettle is too hot.', '水壶盖过烫。'),
          figure: null,
          quotes: [
            { text: 'Der Deckel wird leider so heiß, dass man ihn nicht anfassen kann.', language: 'de', product_id: 'KT-0020', source: 'review 812' },
            { text: 'The lid burned my fingers twice.', language: 'en', product_id: 'KT-0020', source: 'review 1044' },
          ],
        },
        { section: 'wants', text: words('A longer cable is wished for.', '希望电源线更长。'), figure: null, quotes: [{ text: 'Ein längeres Kabel wäre schön.', language: 'de', product_id: 'AF-0041', source: 'review 77' }] },
      ],
    })),
    notes: market === 'SA' ? [words('Saudi Arabia has 41 shoppers; a persona needs 60.', '沙特阿拉伯有 41 位顾客；画像需要 60 位。')] : [],
  };
}

export function cohorts(market: string | null): ReturnType<typeof table> {
  const random = seeded(3);
  const rows: Cell[][] = [];
  for (const m of SERVED.slice(0, 4)) {
    if (market && m !== market) continue;
    for (let c = 0; c < 18; c += 1) {
      const size = Math.round(30 + random() * 60);
      for (let since = 0; since + c < 18; since += 1) {
        const share = since === 0 ? 1 : (0.24 / (1 + since * 0.22)) * (0.7 + random() * 0.6);
        const n = Math.round(size * share);
        const month = new Date(Date.UTC(2024, 5 + c, 1)).toISOString().slice(0, 10);
        if (n > 0) rows.push([m, month, since, n, (n * 140).toFixed(2)]);
      }
    }
  }
  return table([['market', 'text', ''], ['cohort', 'date', 'month of the first order'], ['months_since', 'integer', ''], ['n_shoppers', 'integer', ''], ['revenue', 'decimal', '']], rows);
}

export function values(market: string | null): Report {
  const m = market ?? 'DE';
  return {
    title: words('What shoppers are expected to be worth', '顾客预期价值'),
    figures: (market ? [''] : SERVED.map((code) => `${code}.`)).flatMap((front, k) => [
      figure(`${front}value.clv_mean`, 'EUR', 61.2 - k * 4, { ...interval(54.8, 68.1, 0.9), formula: 'mean over shoppers of Σ months 1 to 12: expected margin of the month / (1 + 0.01)^month; 90 % interval', source: 'select * from marts.market_outlook' }),
      figure(`${front}value.share_alive`, 'share', 0.58 - k * 0.03, interval(0.52, 0.63, 0.9)),
      figure(`${front}value.orders`, 'count', 1_204 - k * 90, interval(1_090, 1_331, 0.9)),
      figure(`${front}predict.market`, 'share', 0.71, interval(0.66, 0.75)),
    ]),
    tables: [
      {
        name: 'spread',
        title: words('Lifetime values, by how many shoppers', '终身价值分布'),
        table: table([['market', 'text', ''], ['from_value', 'float', ''], ['n_shoppers', 'integer', '']], Array.from({ length: 30 }, (_, i): Cell[] => [m, i * 12.5, Math.round(260 * Math.exp(-i / 6) + (i % 3) * 4)])),
      },
      {
        name: 'shortlist',
        title: words('Whom to address first', '优先联系名单'),
        table: table(
          [['market', 'text', 'market of the list'], ['rank', 'integer', 'from 1'], ['shopper_id', 'text', 'shopper'], ['probability', 'float', 'of an order in the next 90 days'], ['order_value', 'float', 'expected value of an order, reporting currency'], ['score', 'float', 'their product']],
          Array.from({ length: 30 }, (_, i): Cell[] => [m, i + 1, `s-${(4_096 + i * 613).toString(16)}`, 0.81 - i * 0.018, 182 - i * 3.1, (0.81 - i * 0.018) * (182 - i * 3.1)]),
        ),
      },
    ],
    notes: [words('Margins are known for 83 % of sales; the rest is valued at the mean margin of its category.', '83 % 的销售已知利润；其余按品类平均利润估值。')],
  };
}

/** Visitors of site and app: together they are fewer than both sums. */
export function channels(market: string | null): ReturnType<typeof table> {
  const rows: Cell[][] = [['all', 6120, 2405, 811, 7714, 3188], ['DE', 3904, 1711, 602, 5013, 2210], ['FR', 2216, 694, 209, 2701, 978]];
  return table(
    [['market', 'text', 'ISO 3166-1 alpha-2; `all` for everywhere'], ['site', 'integer', 'visitors of the site'], ['app', 'integer', 'visitors of the app'], ['both_channels', 'integer', 'of those, visitors of both'], ['visitors', 'integer', 'visitors of either: site + app - both'], ['known', 'integer', 'of those, known shoppers']],
    rows.filter((row) => !market || row[0] === market),
  );
}
