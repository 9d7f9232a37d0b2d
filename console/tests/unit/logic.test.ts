import { describe, expect, it } from 'vitest';
import { cohortGrid, pooled } from '../../src/lib/cohorts';
import { keep, matches, readEvent } from '../../src/lib/live';
import { planFigure, readPlan } from '../../src/lib/plan';
import { generator, rankMarkets, weightedScore } from '../../src/lib/ranking';
import { parseRoute } from '../../src/lib/router';
import { spread } from '../../src/lib/spread';
import { COLUMNS, layout, ROWS, TILES } from '../../src/lib/tiles';
import { listed } from '../../src/lib/listed';
import { groupBy, inLanguage, num, rowCurrencies, rowsOf, rowUnits } from '../../src/lib/wire-table';
import { plan } from '../mock/workspace';

describe('ranking', () => {
  it('is the weighted mean of what is known', () => {
    // (0.5 · 0.8 + 0.25 · 0.4) / 0.75 = 0.5 / 0.75; b is not known and its weight is left out.
    expect(weightedScore({ a: 0.8, b: null, c: 0.4 }, { a: 0.5, b: 0.25, c: 0.25 })).toBeCloseTo(2 / 3, 12);
    expect(weightedScore({ a: null }, { a: 1 })).toBeNull();
    expect(weightedScore({ a: 0.8 }, { a: 0 })).toBeNull();
  });

  const markets = [
    { market: 'X', criteria: { a: 0.9, b: 0.1 } },
    { market: 'Y', criteria: { a: 0.1, b: 0.9 } },
    { market: 'Z', criteria: { a: 0.05, b: 0.05 } },
  ];

  it('follows the weights', () => {
    expect(rankMarkets(markets, { a: 0.9, b: 0.1 }).map((m) => m.market)).toEqual(['X', 'Y', 'Z']);
    expect(rankMarkets(markets, { a: 0.1, b: 0.9 }).map((m) => m.market)).toEqual(['Y', 'X', 'Z']);
  });

  it('is unsure where weights are even, and sure of who is worse in everything', () => {
    const [first, second, last] = rankMarkets(markets, { a: 0.5, b: 0.5 });
    expect([first?.rankLow, first?.rankHigh]).toEqual([1, 2]);
    expect([second?.rankLow, second?.rankHigh]).toEqual([1, 2]);
    expect([last?.rankLow, last?.rankHigh]).toEqual([3, 3]);
  });

  it('gives the same ranges for the same seed, and its generator is even', () => {
    const weights = { a: 0.5, b: 0.5 };
    expect(rankMarkets(markets, weights, { seed: 7 })).toEqual(rankMarkets(markets, weights, { seed: 7 }));
    const random = generator(1);
    const mean = Array.from({ length: 20_000 }, random).reduce((s, x) => s + x, 0) / 20_000;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.01); // standard error 0.002
  });
});

describe('cohorts', () => {
  const rows = [
    { market: 'DE', cohort: '2026-01-01', months_since: 0, n_shoppers: 10, revenue: '100.00' },
    { market: 'US', cohort: '2026-01-01', months_since: 0, n_shoppers: 30, revenue: '300.00' },
    { market: 'DE', cohort: '2026-01-01', months_since: 2, n_shoppers: 4, revenue: '20.00' },
    { market: 'DE', cohort: '2026-02-01', months_since: 0, n_shoppers: 20, revenue: '200.00' },
    { market: 'DE', cohort: '2026-02-01', months_since: 1, n_shoppers: 5, revenue: '50.00' },
  ];

  it('adds markets up, and tells a zero from a month that has not come', () => {
    const grid = cohortGrid(rows, 'shoppers');
    expect(grid.months).toEqual([0, 1, 2]);
    // January: 40 shoppers, nobody after one month, 4 after two. February: two months later is still to come.
    expect(grid.rows.map((r) => r.counts)).toEqual([[40, 0, 4], [20, 5, null]]);
    expect(grid.rows[0]?.shares).toEqual([1, 0, 0.1]);
  });

  it('pools only cohorts that are old enough', () => {
    // One month: (0 + 5) / (40 + 20); two months: 4 / 40, February is too young.
    expect(pooled(cohortGrid(rows, 'shoppers'))).toEqual([{ month: 1, share: 5 / 60 }, { month: 2, share: 0.1 }]);
  });

  it('counts money the same way', () => {
    expect(cohortGrid(rows, 'revenue').rows[0]?.shares[2]).toBeCloseTo(0.05, 12);
  });
});

describe('plan', () => {
  it('reads money by its currency and says why a number is missing', () => {
    const raw = { key: 'market.revenue', unit: 'money', n: 3, interval: null, formula: '', source: '' };
    expect(planFigure({ ...raw, value: { money: { minor: 1990, currency: 'EUR' } } })?.value).toBe(19.9);
    expect(planFigure({ ...raw, value: { money: { minor: 1990, currency: 'JPY' } } })?.value).toBe(1990);
    const little = planFigure({ ...raw, value: { too_little_data: { have: 4, need: 30 } } });
    expect([little?.value, little?.why_not?.en]).toEqual([null, 'too little data: 4 of at least 30']);
    expect(planFigure({ ...raw, value: 'undefined' })?.why_not?.en).toBe('not defined here');
    expect(planFigure(null)).toBeNull();
  });

  it('reads a whole plan, and an empty one without falling over', () => {
    const page = readPlan(plan('DE'));
    expect([page.glance.length, page.months.length, page.products.length, page.bundles[0]?.right]).toEqual([7, 20, 10, 'Paper filters, cone, 100 pieces']);
    expect(page.months[0]?.whole).toBe(false);
    // The end of a window is the first day that is not in it.
    expect(readPlan({ plan: { window: { from: '2025-01-01', to: '2026-03-01' } } }).to).toBe('2026-02-28');
    expect(readPlan({}).products).toEqual([]);
    expect(readPlan('nonsense').verdict).toEqual({ en: '', zh: '' });
  });
});

describe('live events', () => {
  const wire = { received: '2026-11-26T07:00:00Z', kind: 'track', name: 'Product Viewed', who: 'u1', market: null, key: 'pk_w', accepted: false, problems: ['no product_id'], detail: { product_id: 'CG-0009' } };

  it('are read from the stream, and what is no event is dropped', () => {
    const event = readEvent(JSON.stringify(wire), 1);
    expect([event?.name, event?.accepted, event?.problems]).toEqual(['Product Viewed', false, ['no product_id']]);
    expect(readEvent('{"half', 2)).toBeNull();
    expect(readEvent('null', 3)).toBeNull();
  });

  it('stand newest first, at most so many, and are found by what is inside', () => {
    const make = (n: number) => readEvent(JSON.stringify({ ...wire, name: `e${n}` }), n);
    const [a, b, c] = [make(1), make(2), make(3)];
    if (!a || !b || !c) throw new Error('events');
    expect(keep([a], [b, c], 2).map((e) => e.name)).toEqual(['e3', 'e2']);
    expect([matches(a, 'CG-0009 track'), matches(a, 'CG-0009 page')]).toEqual([true, false]);
  });
});

describe('small parts', () => {
  it('reads addresses, half escapes too', () => {
    expect(parseRoute('/audience/segments/big%20spenders?x=1').parts).toEqual(['audience', 'segments', 'big spenders']);
    expect(parseRoute('/a/%E0%A4%A').parts).toEqual(['a', '%E0%A4%A']);
    expect(parseRoute('/data/sql?q=a%3Fb').query.get('q')).toBe('a?b');
  });

  it('reads tables by column, decimals from texts', () => {
    const table = { columns: [{ name: 'a', type: 'decimal', meaning: '' }], rows: [['1.50'], [null]], total: 2 };
    expect(rowsOf(table).map((r) => num(r['a']))).toEqual([1.5, null]);
    expect([num('x'), num(''), num('  ')]).toEqual([null, null, null]);
    expect([...groupBy(['b1', 'a1', 'b2'], (x) => x.charAt(0)).keys()]).toEqual(['b', 'a']);
  });

  it('draws a histogram with its empty steps, markets added up', () => {
    const columns = ['market', 'from_value', 'n_shoppers'].map((name) => ({ name, type: 'float', meaning: '' }));
    const rows = [['DE', 0, 5], ['US', 0, 7], ['DE', 10, 2], ['US', 30, 1]];
    expect(spread({ columns, rows, total: 4 })).toEqual([{ from: 0, n: 12 }, { from: 10, n: 2 }, { from: 20, n: 0 }, { from: 30, n: 1 }]);
    expect(spread({ columns, rows: [], total: 0 })).toEqual([]);
  });

  it('has a map without two markets on one tile, and room for those it does not know', () => {
    expect(new Set(TILES.map((t) => `${t.column} ${t.row}`)).size).toBe(TILES.length);
    expect(new Set(TILES.map((t) => t.market)).size).toBe(TILES.length);
    expect(TILES.every((t) => /^[A-Z]{2}$/.test(t.market) && t.column < COLUMNS && t.row < ROWS)).toBe(true);
    expect(layout(['DE', 'XK']).tiles.at(-1)).toEqual({ market: 'XK', column: 0, row: ROWS });
    expect(layout(['DE']).rows).toBe(ROWS);
  });
});

describe('columns in two languages', () => {
  it('show one of the two, under the name of the first', () => {
    const names = ['market', 'part', 'zh', 'amount', 'label', 'label_zh'];
    expect(inLanguage(names, 'en').map((c) => c.name)).toEqual(['market', 'part', 'amount', 'label']);
    expect(inLanguage(names, 'zh')).toEqual([
      { name: 'market', at: 0 },
      { name: 'part', at: 2 },
      { name: 'amount', at: 3 },
      { name: 'label', at: 5 },
    ]);
  });
});

describe('what numbers of a table are measured in', () => {
  const column = (name: string, type: string, meaning = '') => ({ name, type, meaning });
  const of = (columns: ReturnType<typeof column>[], rows: (string | number | null)[][]) => ({ columns, rows, total: rows.length });

  it('is the currency beside them, or the reporting one where the column says so', () => {
    const orders = of(
      [column('total', 'decimal(18,6)'), column('currency', 'text'), column('revenue', 'float', 'sales, in the reporting currency'), column('n', 'integer', 'in the reporting currency'), column('unit_cost', 'decimal'), column('cost_currency', 'text')],
      [['74.00', 'EUR', 80, 1, '210.00', 'CNY'], ['9.00', '', 10, 1, null, null]],
    );
    const said = (base: string | null) => orders.rows.map((row) => rowCurrencies(orders, base).map((currency) => currency?.(row) ?? null));
    expect(said('USD')).toEqual([['EUR', null, 'USD', null, 'CNY', null], [null, null, 'USD', null, null, null]]);
    expect(said(null)[0]).toEqual(['EUR', null, null, null, 'CNY', null]);
  });

  it('is the unit that the row names, if all of them are units that can be shown', () => {
    const gates = of([column('measured', 'float'), column('unit', 'text')], [[0.1, 'share'], [2, 'days']]);
    expect(gates.rows.map((row) => rowUnits(gates)?.(row))).toEqual(['share', 'days']);
    expect(rowUnits(of(gates.columns, [[0.1, 'share'], [40, 'km']]))).toBeNull();
    expect(rowUnits(of([column('measured', 'float')], [[0.1]]))).toBeNull();
  });
});

describe('lists inside a text', () => {
  it('are read in the language asked for, tags with their reasons, and anything else is left alone', () => {
    expect(listed('[{"en":"less","zh":"较低"},{"en":"more"}]', 'zh')).toEqual([{ text: '较低' }, { text: 'more' }]);
    expect(listed('[{"tag":"high_value","since":{"on":"2026-01-02"},"reason":"412 of 300"}]', 'en')).toEqual([{ text: 'high value', why: '412 of 300', tag: 'high_value' }]);
    expect(listed('{"en":["few orders"],"zh":["订单少"]}', 'zh')).toEqual([{ text: '订单少' }]);
    expect(listed('{"en":["few orders"],"zh":["订单少"]}', 'en')).toEqual([{ text: 'few orders' }]);
    expect(listed('["a","b"]', 'en')).toEqual([{ text: 'a' }, { text: 'b' }]);
    expect([listed('plain', 'en'), listed('[1,2]', 'en'), listed('[broken', 'en'), listed('{"en":"x"}', 'en')]).toEqual([null, null, null, null]);
  });
});
