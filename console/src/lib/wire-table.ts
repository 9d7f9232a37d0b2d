// Reading the server's tables by column name.
import type { Cell, Table } from '../api/wire';

export type Row = Record<string, Cell>;

/** Rows as objects by column name. */
export function rowsOf(table: Table | null | undefined): Row[] {
  if (!table) return [];
  return table.rows.map((row) => Object.fromEntries(table.columns.map((c, i) => [c.name, row[i] ?? null])));
}

/** A cell as a number; decimals come as texts so that no digit is lost on the way. */
export function num(cell: Cell | undefined): number | null {
  if (typeof cell === 'number') return Number.isFinite(cell) ? cell : null;
  if (typeof cell === 'string' && cell.trim() !== '') {
    const value = Number(cell);
    return Number.isFinite(value) ? value : null;
  }
  return null;
}

export const str = (cell: Cell | undefined): string => (cell === null || cell === undefined ? '' : String(cell));

export const isNumeric = (type: string): boolean => /int|float|double|decimal|number|share|money/i.test(type);

/** What each row's numbers are measured in, where a column `unit` says it in words that can be shown with the number. */
export function rowUnits(table: Table): ((row: Table['rows'][number]) => string) | null {
  const at = table.columns.findIndex((c) => c.name === 'unit');
  if (at < 0 || !table.rows.every((row) => /^(count|share|days|ratio|score|[A-Z]{3})$/.test(str(row[at])))) return null;
  return (row) => str(row[at]);
}

/** The currency of a column's amounts in a row, and the column that says it. */
export type RowCurrency = ((row: Table['rows'][number]) => string | null) & { column?: string };

/** In the reporting currency whatever currency stands beside them: what orders come to, and what is told of a week's sales. */
const REPORTED = /^(gross|services|taxes|reversed|regret)$|_base$/;
/** Floats that are amounts in the `currency` beside them: no part of a name says so but the whole of it. */
const AMOUNTS = /^(sales|margin|revenue|spend|amount)(_now)?$/;

/**
 * By column: what its amounts are in. A column's meaning says "reporting currency", which is `base`, or "in `currency`", the column
 * that names it; amounts, which are decimals, are otherwise in the `currency` beside them, and without one in the reporting
 * currency. The ends of an interval and a deviation are in what their middle is in. Null for a column of no amounts.
 */
export function rowCurrencies(table: Table, base: string | null): (RowCurrency | null)[] {
  const place = (name: string) => table.columns.findIndex((c) => c.name === name);
  const reported: RowCurrency | null = base ? () => base : null;
  const beside = (column: string): RowCurrency => {
    const at = place(column);
    return Object.assign((row: Table['rows'][number]) => (/^[A-Z]{3}$/.test(str(row[at])) ? str(row[at]) : null), { column });
  };
  const found: (RowCurrency | null)[] = [];
  table.columns.forEach(({ name, type, meaning }, at) => {
    const last = found[at - 1] ?? null;
    const one = (): RowCurrency | null => {
      if (!isNumeric(type) || /int/i.test(type) || name === 'rate') return null;
      const exact = /dec/i.test(type);
      const named = [...meaning.matchAll(/\bin `(\w+)`/g)].map((m) => m[1] ?? '').find((column) => /currency$/.test(column) && place(column) >= 0);
      if (/\breporting currency\b|\ba week's sales\b/.test(meaning) || REPORTED.test(name)) return reported;
      if (named) return beside(named);
      const end = /^(?:(.+)_)?(?:low|mid|high|mad|sd)$/.exec(name);
      if (end && last && (!exact || /mad$/.test(name))) {
        const middle = end[1] ? [end[1], `${end[1]}_mean`].map(place).find((i) => i >= 0) : undefined;
        return middle === undefined || middle >= at ? last : (found[middle] ?? null);
      }
      if (/\blikewise\b/.test(meaning)) return last;
      const own = [`${name}_currency`, name.endsWith('_cost') ? 'cost_currency' : ''].find((column) => place(column) >= 0);
      if (exact && own) return beside(own);
      if ((exact || AMOUNTS.test(name)) && place('currency') >= 0) return beside('currency');
      return exact && !table.columns.some((c) => c.name.endsWith('currency')) ? reported : null;
    };
    found.push(one());
  });
  return found;
}

/** Groups in the order in which their keys first appear. */
export function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = key(item);
    const group = groups.get(name);
    if (group) group.push(item);
    else groups.set(name, [item]);
  }
  return groups;
}

/** Which columns are shown in a language, and under which name: the Chinese text of a column stands behind it as `zh` or `…_zh`. */
export function inLanguage(names: readonly string[], lang: 'en' | 'zh'): { name: string; at: number }[] {
  const shown: { name: string; at: number }[] = [];
  names.forEach((name, at) => {
    if (at > 0 && (name === 'zh' || name.endsWith('_zh'))) {
      const before = shown.at(-1);
      if (lang === 'zh' && before) before.at = at;
    } else shown.push({ name, at });
  });
  return shown;
}
