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

/**
 * By column: what its amounts are in. Amounts are decimals; beside a column `currency` they are in that one, and where the
 * column's meaning says so in the reporting currency, `base`. Null for a column of no amounts.
 */
export function rowCurrencies(table: Table, base: string | null): (RowCurrency | null)[] {
  const place = (name: string) => table.columns.findIndex((c) => c.name === name);
  return table.columns.map(({ name, type, meaning }) => {
    if (isNumeric(type) && !/int/i.test(type) && /\breporting currency\b/.test(meaning)) return base ? () => base : null;
    if (!/dec/i.test(type)) return null;
    const column = name.endsWith('_cost') && place('cost_currency') >= 0 ? 'cost_currency' : 'currency';
    const at = place(column);
    if (at < 0) return null;
    return Object.assign((row: Table['rows'][number]) => (/^[A-Z]{3}$/.test(str(row[at])) ? str(row[at]) : null), { column });
  });
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
