// From rows (market, cohort, months since, shoppers, revenue) to a grid of shares. A month that the
// data do not cover stays empty: only months up to the last one seen in any cohort are zero.
import { num, str, type Row } from './wire-table';

export interface CohortRow {
  cohort: string;
  size: number;
  counts: (number | null)[];
  shares: (number | null)[];
}
export interface CohortGrid {
  months: number[];
  rows: CohortRow[];
}

const index = (month: string): number => Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7));

export function cohortGrid(rows: readonly Row[], measure: 'shoppers' | 'revenue'): CohortGrid {
  const column = measure === 'shoppers' ? 'n_shoppers' : 'revenue';
  const by = new Map<string, Map<number, number>>();
  let last = -Infinity;
  for (const row of rows) {
    const cohort = str(row['cohort']).slice(0, 10);
    const since = num(row['months_since']);
    if (!cohort || since === null) continue;
    const cells = by.get(cohort) ?? new Map<number, number>();
    cells.set(since, (cells.get(since) ?? 0) + (num(row[column]) ?? 0)); // markets add up
    by.set(cohort, cells);
    last = Math.max(last, index(cohort) + since);
  }
  const cohorts = [...by.keys()].sort();
  const first = cohorts[0];
  const width = first ? last - index(first) + 1 : 0;
  const months = Array.from({ length: width }, (_, i) => i);
  return {
    months,
    rows: cohorts.map((cohort) => {
      const cells = by.get(cohort) ?? new Map<number, number>();
      const size = cells.get(0) ?? 0;
      const counts = months.map((m) => (index(cohort) + m > last ? null : (cells.get(m) ?? 0)));
      return { cohort, size, counts, shares: counts.map((n) => (n === null || size <= 0 ? null : n / size)) };
    }),
  };
}

/** Shares of all cohorts that are old enough for the month together, weighted by size. */
export function pooled(grid: CohortGrid): { month: number; share: number }[] {
  return grid.months.flatMap((month) => {
    let came = 0;
    let of = 0;
    for (const row of grid.rows) {
      const count = row.counts[month];
      if (count === null || count === undefined) continue;
      came += count;
      of += row.size;
    }
    return month > 0 && of > 0 ? [{ month, share: came / of }] : [];
  });
}
