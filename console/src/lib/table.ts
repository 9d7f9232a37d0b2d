// What a table does with rows: sort, filter, write as CSV. No markup here, so that it is tested alone.

export type Cell = string | number | boolean | null | undefined;
export type Direction = 'asc' | 'desc';
export interface Sort {
  key: string;
  direction: Direction;
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** Order of two cells; what is absent comes last in both directions, because it is no extreme. */
export function compareCells(a: Cell, b: Cell, direction: Direction): number {
  const none = (x: Cell) => x === null || x === undefined || x === '' || (typeof x === 'number' && Number.isNaN(x));
  if (none(a) || none(b)) return Number(none(a)) - Number(none(b));
  const order =
    typeof a === 'number' && typeof b === 'number' ? a - b : collator.compare(String(a), String(b));
  return direction === 'asc' ? order : -order;
}

/** Sorted copy; equal rows keep their order. */
export function sortRows<R>(rows: readonly R[], value: (row: R) => Cell, direction: Direction): R[] {
  return rows
    .map((row, place) => ({ row, place, cell: value(row) }))
    .sort((a, b) => compareCells(a.cell, b.cell, direction) || a.place - b.place)
    .map(({ row }) => row);
}

/** Rows in which every word of the query occurs in some cell, whatever the case. */
export function filterRows<R>(rows: readonly R[], cells: (row: R) => Cell[], query: string): R[] {
  const words = query.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...rows];
  return rows.filter((row) => {
    const text = cells(row)
      .map((cell) => (cell === null || cell === undefined ? '' : String(cell)))
      .join('\u0000')
      .toLocaleLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** The direction a click on a header asks for: numbers best first, texts from A. */
export function nextSort(current: Sort | null, key: string, numeric: boolean): Sort {
  if (current?.key === key) return { key, direction: current.direction === 'asc' ? 'desc' : 'asc' };
  return { key, direction: numeric ? 'desc' : 'asc' };
}

/**
 * RFC 4180 text with a byte order mark, which spreadsheets need to read UTF-8. A text that a
 * spreadsheet would run as a formula gets an apostrophe in front: names come from shops' customers.
 */
export function toCsv(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const field = (cell: Cell): string => {
    if (cell === null || cell === undefined) return '';
    if (typeof cell === 'number') return Number.isFinite(cell) ? String(cell) : '';
    let text = String(cell);
    if (/^[=+\-@\t\r]/.test(text)) text = `'${text}`;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [header, ...rows].map((row) => row.map(field).join(','));
  return `\uFEFF${lines.join('\r\n')}\r\n`;
}

/** Hands a text to the browser as a file. */
export function download(name: string, text: string, type = 'text/csv;charset=utf-8'): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download starts in a later task; releasing the address now would stop it.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
