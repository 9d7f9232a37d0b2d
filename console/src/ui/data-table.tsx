// A table that sorts, filters, pages and exports. On a phone a table of more than three columns stands as one card a
// row, each value behind its column's label, with a choice for the order; narrower ones stay tables.
import { useId, useMemo, useState, type ReactNode } from 'react';
import { useWords } from '../i18n';
import { download, filterRows, nextSort, sortRows, toCsv, type Cell, type Sort } from '../lib/table';
import { useAct } from '../lib/load';
import { Button, Empty, Select, Trouble } from './basic';
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
  /** In the file that is saved, not on the page: what another column shows with its numbers. */
  fileOnly?: boolean;
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
  const shownColumns = columns.filter((c) => !c.fileOnly);
  const stacks = shownColumns.length > 3;
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
  const orders = stacks && rows.length > 1;
  const wantsTools = (filter && rows.length > 8) || exportName || tools || orders;
  return (
    <div className={`table-block${shownColumns.length <= 4 ? ` cols-${shownColumns.length}` : ''}`}>
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
          {orders ? <Order columns={shownColumns} sort={sort} onChange={setSort} /> : null}
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
      <div className={stacks ? 'table-frame stacks' : 'table-frame'} role="region" aria-labelledby={id} tabIndex={0}>
        {/* Roles are named because the cards' layout would take them away. */}
        <table role="table" className={shownColumns.length > 9 ? 'dense' : undefined}>
          <caption id={id} className="sr-only">
            {caption}
          </caption>
          <thead role="rowgroup">
            <tr role="row">
              {shownColumns.map((c) => {
                const active = sort?.key === c.key ? sort.direction : undefined;
                return (
                  <th key={c.key} role="columnheader" scope="col" className={c.numeric ? 'num' : undefined} aria-sort={active ? (active === 'asc' ? 'ascending' : 'descending') : undefined}>
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
          <tbody role="rowgroup">
            {visible.slice(0, shown).map((row, index) => (
              <tr key={rowKey(row, index)} role="row">
                {shownColumns.map((c, at) => {
                  const content = c.render ? c.render(row) : show(c.value(row), c.numeric ?? false, f);
                  return at === 0 ? (
                    <th key={c.key} role="rowheader" scope="row" className={c.numeric ? 'num' : undefined}>
                      {content}
                    </th>
                  ) : (
                    <td key={c.key} role="cell" data-label={c.label} className={c.numeric ? 'num' : undefined}>
                      <div className="cell">{content}</div>
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

/** The order of the rows where no headers are shown to press. */
function Order<R>({ columns, sort, onChange }: { columns: readonly Column<R>[]; sort: Sort | null; onChange: (sort: Sort | null) => void }) {
  const { t } = useWords();
  const options = columns
    .filter((c) => c.sortable !== false)
    .flatMap((c) => [
      { value: `${c.key} asc`, label: `${c.label} ↑` },
      { value: `${c.key} desc`, label: `${c.label} ↓` },
    ]);
  const chosen = (value: string): Sort | null => {
    const at = value.lastIndexOf(' ');
    return at < 0 ? null : { key: value.slice(0, at), direction: value.endsWith('desc') ? 'desc' : 'asc' };
  };
  return (
    <div className="phone-only">
      <Select
        compact
        label={t('table.order')}
        value={sort ? `${sort.key} ${sort.direction}` : ''}
        onChange={(value) => onChange(chosen(value))}
        options={[{ value: '', label: '–' }, ...options]}
      />
    </div>
  );
}

function show(cell: Cell, numeric: boolean, f: ReturnType<typeof useWords>['f']): ReactNode {
  if (cell === null || cell === undefined || cell === '') return <span className="faint">–</span>;
  if (typeof cell === 'number' && numeric) return Number.isInteger(cell) ? f.count(cell) : f.decimal(cell, 3);
  return String(cell);
}
