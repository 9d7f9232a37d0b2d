// Small makers of what the wire carries, and a seeded generator: the mock is the same on every start.
import type { Amount, Cell, Figure, Table, Words } from '../../src/api/wire';

export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export const words = (en: string, zh: string): Words => ({ en, zh });

export function amount(major: number, currency: string): Amount {
  const digits = ['JPY', 'VND', 'KRW'].includes(currency) ? 0 : 2;
  return { minor: Math.round(major * 10 ** digits), currency, decimal: major.toFixed(digits) };
}

export function figure(key: string, unit: string, value: number | null, more: Partial<Figure> = {}): Figure {
  return {
    key,
    unit,
    value,
    amount: null,
    why_not: null,
    low: null,
    high: null,
    level: null,
    n: 420,
    formula: 'number of distinct orders with at least one product line',
    source: "select * from marts.market_summary where market = 'DE'",
    ...more,
  };
}

export const interval = (low: number, high: number, level = 0.95) => ({ low, high, level });

type ColumnSpec = [name: string, type: string, meaning: string];

export function table(columns: ColumnSpec[], rows: Cell[][], total = rows.length): Table {
  return { columns: columns.map(([name, type, meaning]) => ({ name, type, meaning })), rows, total };
}

export const page = (all: Table, number: number, size: number): Table => ({
  ...all,
  rows: all.rows.slice((number - 1) * size, number * size),
  total: all.rows.length,
});
