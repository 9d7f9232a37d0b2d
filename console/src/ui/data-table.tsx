// A table that sorts, filters, pages and exports. On a narrow screen it scrolls inside its frame.
import { useId, useMemo, useState, type ReactNode } from 'react';
import { useWords } from '../i18n';
import { download, filterRows, nextSort, sortRows, toCsv, type Cell, type Sort } from '../lib/table';
import { useAct } from '../lib/load';
import { Button, Empty, Trouble } from './basic';
import { Icon } from './icons';

export interface Column<R> {
  key: string;
  label: string;
  /** What the column means, shown when hovering and read after the label. */
  hint?: string | undefined;
  numeric?: boolean;
  value: (row: R) => Cell;
  render?: (row: R) => ReactNode;
  sortable?: boolean;
}

export function DataTable<R>({
  caption,
  columns,
  rows,
  rowKey,
  initialSort = null,
  filter = true,
  exportName,
  pageSize = 25,
  empty,
  tools,
  total,
  all,
}: {
  caption: string;
  columns: readonly Column<R>[];
  rows: readonly R[];
  rowKey: (row: R, index: number) => string;
  initialSort?: Sort | null;
  filter?: boolean;
  exportName?: string;
  pageSize?: number;
  empty?: ReactNode;
  tools?: ReactNode;
  /** Rows there are in all, where the server sent only some. */
  total?: number | undefined;
  /** Every row there is, for the file: asked for when somebody exports. */
  all?: () => Promise<readonly R[]>;
}) {
  const { t, f } = useWords();
  const [sort, setSort] = useState<Sort | null>(initialSort);
  const [query, setQuery] = useState('');
  const [shown, setShown] = useState(pageSize);
  const id = useId();

  const visible = useMemo(() => {
    const found = filter ? filterRows(rows, (row) => columns.map((c) => c.value(row)), query) : [...rows];
    const column = sort ? columns.find((c) => c.key === sort.key) : undefined;
    return column && sort ? sortRows(found, column.value, sort.direction) : found;
  }, [rows, columns, query, sort, filter]);

  const save = useAct(async () => {
    const header = columns.map((c) => c.label);
    const whole = all && !query ? await all() : visible;
    download(`${exportName ?? 'table'}.csv`, toCsv(header, whole.map((row) => columns.map((c) => c.value(row)))));
  });

  if (rows.length === 0) return <>{empty ?? <Empty title={t('state.empty')} />}</>;
  const wantsTools = (filter && rows.length > 8) || exportName || tools;
  return (
    <div className="table-block">
      {wantsTools ? (
        <div className="table-tools no-print">
          {filter && rows.length > 8 ? (
            <div className="filter">
              <Icon name="search" size={15} />
              <input
                type="search"
                value={query}
                aria-label={t('table.filter', { table: caption })}
                placeholder={t('table.filter.short')}
                onChange={(e) => {
                  setQuery(e.target.value);
                  setShown(pageSize);
                }}
              />
            </div>
          ) : null}
          {tools}
          <span className="grow" />
          <span className="hint" role="status">
            {query ? t('table.found', { n: f.count(visible.length), of: f.count(rows.length) }) : null}
            {!query && total !== undefined && total > rows.length
              ? t('table.of', { n: f.count(rows.length), of: f.count(total) })
              : null}
          </span>
          {exportName ? (
            <Button kind="quiet" icon="export" busy={save.busy} onClick={() => void save.run()}>
              CSV
            </Button>
          ) : null}
        </div>
      ) : null}
      {save.problem ? <Trouble problem={save.problem} /> : null}
      <div className="table-frame" role="region" aria-labelledby={id} tabIndex={0}>
        <table>
          <caption id={id} className="sr-only">
            {caption}
          </caption>
          <thead>
            <tr>
              {columns.map((c) => {
                const active = sort?.key === c.key ? sort.direction : undefined;
                return (
                  <th key={c.key} scope="col" className={c.numeric ? 'num' : undefined} aria-sort={active ? (active === 'asc' ? 'ascending' : 'descending') : undefined}>
                    {c.sortable === false ? (
                      <span title={c.hint}>{c.label}</span>
                    ) : (
                      <button type="button" title={c.hint} onClick={() => setSort(nextSort(sort, c.key, c.numeric ?? false))}>
                        {c.label}
                        <span className={`sort-mark ${active ?? ''}`} aria-hidden="true">
                          <Icon name={active === 'asc' ? 'up' : 'down'} size={12} />
                        </span>
                      </button>
                    )}
                  </th>
                );
              })}
            </tr>
          </thead>
          <tbody>
            {visible.slice(0, shown).map((row, index) => (
              <tr key={rowKey(row, index)}>
                {columns.map((c, at) => {
                  const content = c.render ? c.render(row) : show(c.value(row), c.numeric ?? false, f);
                  return at === 0 ? (
                    <th key={c.key} scope="row" className={c.numeric ? 'num' : undefined}>
                      {content}
                    </th>
                  ) : (
                    <td key={c.key} className={c.numeric ? 'num' : undefined}>
                      {content}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
        {visible.length === 0 ? <p className="no-rows">{t('table.none')}</p> : null}
      </div>
      {visible.length > shown ? (
        <div className="more no-print">
          <Button onClick={() => setShown(shown + pageSize * 4)}>
            {t('table.more', { n: f.count(Math.min(pageSize * 4, visible.length - shown)), left: f.count(visible.length - shown) })}
          </Button>
        </div>
      ) : null}
    </div>
  );
}

function show(cell: Cell, numeric: boolean, f: ReturnType<typeof useWords>['f']): ReactNode {
  if (cell === null || cell === undefined || cell === '') return <span className="faint">–</span>;
  if (typeof cell === 'number' && numeric) return Number.isInteger(cell) ? f.count(cell) : f.decimal(cell, 3);
  return String(cell);
}
