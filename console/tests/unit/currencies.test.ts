// Every amount of a run's tables has its currency in the console: the document that describes the tables is read.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rowCurrencies } from '../../src/lib/wire-table';
import type { Table } from '../../src/api/wire';

const pages = readFileSync(join(import.meta.dirname, '../../../docs/tables.md'), 'utf8').split(/^### /m);
const beside: Record<string, string> = { currency: 'VND', reference_currency: 'CNY', cost_currency: 'USD', unit: 'ratio' };

const tables = pages
  .filter((page) => /^(marts|clean)\./.test(page))
  .map((page) => {
    const columns = [...page.matchAll(/^\| `(\w+)` \| ([^|]+) \| (.*) \|$/gm)].map((m) => ({ name: m[1] ?? '', type: (m[2] ?? '').trim(), meaning: m[3] ?? '' }));
    const row = columns.map(({ name, type }) => beside[name] ?? (/text/.test(type) ? 'x' : 1));
    const table: Table = { columns, rows: [row], total: 1 };
    const found = rowCurrencies(table, 'EUR').map((of) => of?.(row) ?? null);
    return { name: page.split('\n')[0] ?? '', columns: columns.map((column, at) => ({ ...column, currency: found[at] })) };
  });

const shown = (currency: string): string[] => tables.flatMap((t) => t.columns.filter((c) => c.currency === currency).map((c) => `${t.name}.${c.name}`));

describe('the currency of amounts', () => {
  it('is what the table says', () => {
    expect(tables.length).toBeGreaterThan(60);
    const decimals = tables.flatMap((t) => t.columns.filter((c) => /^dec/.test(c.type) && !c.currency).map((c) => `${t.name}.${c.name}`));
    expect(decimals).toEqual(['clean.fx_rates.rate']);
    expect(shown('CNY')).toEqual(['marts.parity.reference', 'marts.parity.gain']);
    expect(shown('USD')).toEqual(['clean.products.unit_cost']);
    const planned = ['sales_now', 'sales', 'sales_low', 'sales_high', 'margin_now', 'margin', 'margin_low', 'margin_high'];
    expect(shown('VND').filter((name) => name.startsWith('marts.planned'))).toEqual(planned.map((name) => `marts.planned.${name}`));
    for (const column of ['shopper_outlook.local_value', 'promotions.margin_high', 'promotions.spend', 'clearance.gain', 'first_send.margin', 'prices.rivals_mid', 'parity.closes_at']) expect(shown('VND')).toContain(`marts.${column}`);
    for (const column of ['segment_summary.returned', 'segment_summary.order_sd', 'market_summary.services', 'areas.next_high', 'reach.low', 'budget.high', 'sensitivity.high', 'media.low', 'rehearsal.regret', 'media_forms.rmse']) expect(shown('EUR')).toContain(`marts.${column}`);
    expect(shown('EUR')).toContain('clean.products.price_mad');
  });

  it('is none where a number is no amount', () => {
    for (const { name, columns } of tables) {
      const wrong = columns.filter((c) => c.currency && (/int|text|date|bool|time/.test(c.type) || /^(per cent|share|score|probability|chance|units|expected units|number)\b/.test(c.meaning)));
      expect(wrong.map((c) => `${name}.${c.name}`)).toEqual([]);
    }
    // What has no currency and speaks of money all the same: ratios, scores, and numbers whose row names their unit.
    const speaks = /\b(sales|margin|revenue|price|spend|cost|money)\b/;
    const bare = tables.flatMap((t) => t.columns.filter((c) => c.type === 'float' && !c.currency && speaks.test(`${c.name} ${c.meaning}`)).map((c) => `${t.name}.${c.name}`));
    expect(bare.map((name) => name.slice('marts.'.length))).toEqual([
      'areas.growth', 'market_outlook.value', 'market_ranking.cost', 'market_figures.value', 'price_response.sensitivity', 'price_response.deal_share', 'elasticities.elasticity',
      'planned.units_low', 'planned.by_price', 'parity.gap', 'clearance.left_kept', 'first_send.enough', 'calendar.lift', 'media.roas', 'media.marginal', 'media_forms.roas',
      'media_forms.marginal', 'budget.marginal', 'budget_weeks.season', 'decision_figures.value',
    ]);
  });
});
