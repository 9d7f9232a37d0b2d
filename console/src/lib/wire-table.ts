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
