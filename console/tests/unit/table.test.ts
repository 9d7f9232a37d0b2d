import { describe, expect, it } from 'vitest';
import { filterRows, nextSort, sortRows, toCsv, type Cell } from '../../src/lib/table';

describe('sorting', () => {
  it('compares numbers as numbers and texts by their numbers inside', () => {
    expect(sortRows([10, 9, 100], (x) => x, 'asc')).toEqual([9, 10, 100]);
    expect(sortRows(['k10', 'K9', 'k100'], (x) => x, 'asc')).toEqual(['K9', 'k10', 'k100']);
  });

  it('puts what is absent last in both directions', () => {
    const rows: Cell[] = [2, null, 1, undefined, Number.NaN, 3];
    expect(sortRows(rows, (x) => x, 'asc').slice(0, 3)).toEqual([1, 2, 3]);
    expect(sortRows(rows, (x) => x, 'desc').slice(0, 3)).toEqual([3, 2, 1]);
  });

  it('keeps the order of equals and leaves the rows as they were', () => {
    const rows = [{ k: 1, n: 'a' }, { k: 0, n: 'b' }, { k: 1, n: 'c' }];
    expect(sortRows(rows, (r) => r.k, 'desc').map((r) => r.n)).toEqual(['a', 'c', 'b']);
    expect(rows.map((r) => r.n)).toEqual(['a', 'b', 'c']);
  });

  it('starts numbers at the largest and texts at A, and turns round on the second press', () => {
    expect(nextSort(null, 'n', true)).toEqual({ key: 'n', direction: 'desc' });
    expect(nextSort(null, 's', false)).toEqual({ key: 's', direction: 'asc' });
    expect(nextSort({ key: 's', direction: 'asc' }, 's', false)).toEqual({ key: 's', direction: 'desc' });
  });
});

describe('filtering', () => {
  const rows = ['Germany DE', 'Saudi Arabia SA', 'United States US'];
  it('wants every word somewhere in the row', () => {
    expect(filterRows(rows, (r) => [r], 'SA arab')).toEqual(['Saudi Arabia SA']);
    expect(filterRows(rows, (r) => [r], '  ')).toHaveLength(3);
    expect(filterRows(rows, (r) => [r], 'arab germany')).toEqual([]);
  });

  it('does not find a word across two cells', () => {
    expect(filterRows([['ab', 'cd']], (r) => r, 'bc')).toEqual([]);
  });
});

describe('CSV', () => {
  it('quotes what needs it and writes absent cells as nothing', () => {
    expect(toCsv(['a', 'b'], [['x, "y"', null], ['two\nlines', 1.5]])).toBe('\uFEFFa,b\r\n"x, ""y""",\r\n"two\nlines",1.5\r\n');
  });

  it('disarms what a spreadsheet would run', () => {
    expect(toCsv(['a'], [['=1+1'], ['@x'], ['-2'], [-2]])).toBe("\uFEFFa\r\n'=1+1\r\n'@x\r\n'-2\r\n-2\r\n");
  });
});
