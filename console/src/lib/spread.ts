// The histogram of values: markets add up, and steps without a shopper are bars of height zero.
import type { Table } from '../api/wire';
import { num, rowsOf } from './wire-table';

export function spread(table: Table): { from: number; n: number }[] {
  const by = new Map<number, number>();
  for (const row of rowsOf(table)) {
    const from = num(row['from_value']);
    if (from !== null) by.set(from, (by.get(from) ?? 0) + (num(row['n_shoppers']) ?? 0));
  }
  const starts = [...by.keys()].sort((a, b) => a - b);
  const gaps = starts.slice(1).map((start, i) => start - (starts[i] ?? 0));
  const width = Math.min(...gaps);
  const [first, last] = [starts[0], starts.at(-1)];
  if (first === undefined || last === undefined || !Number.isFinite(width)) return starts.map((from) => ({ from, n: by.get(from) ?? 0 }));
  // Steps are multiples of one width up to rounding: the nearest known start belongs to each.
  const steps = Math.min(200, Math.round((last - first) / width));
  return Array.from({ length: steps + 1 }, (_, i) => {
    const from = first + i * width;
    const known = starts.find((start) => Math.abs(start - from) < width / 2);
    return { from: known ?? from, n: known === undefined ? 0 : (by.get(known) ?? 0) };
  });
}
