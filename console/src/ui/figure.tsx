// A number with what is needed to check it: interval, observations, formula, source.
import { isKey, useWords } from '../i18n';
import type { Figure, NamedTable, Report, Table, Words } from '../api/wire';
import { Link } from '../lib/router';
import { useBaseCurrency } from '../lib/base-currency';
import { CELLS } from '../i18n/zh/tables';
import { cellIn } from '../lib/cells';
import { punctuated } from '../lib/chinese';
import { formulaIn } from '../lib/formula';
import { listed, type Listed } from '../lib/listed';
import { inLanguage, isNumeric, num, rowCurrencies, rowUnits, str } from '../lib/wire-table';
import { DataTable, type Column } from './data-table';
import { Icon } from './icons';
import { useNamed } from './names';
import type { ReactNode } from 'react';

/** The currency a figure speaks of, where it is money. */
const currencyOf = (figure: Figure): string | null =>
  figure.amount?.currency ?? (/^[A-Z]{3}$/.test(figure.unit) ? figure.unit : null);

export function useFigureText(): (figure: Figure) => { value: string; interval: string | null; why: string | null } {
  const { f, spoken, t } = useWords();
  return (figure) => {
    const currency = currencyOf(figure);
    // Ten digits are no easier to read than three; the formula's query has them all.
    const show = (value: number) => (currency && Math.abs(value) >= 1e7 ? f.moneyCompact(value, currency) : f.unit(value, figure.unit, currency));
    const value = figure.value ?? (figure.amount ? Number(figure.amount.decimal) : null);
    const interval =
      figure.low !== null && figure.low !== undefined && figure.high !== null && figure.high !== undefined
        ? t('figure.interval', { low: show(figure.low), high: show(figure.high), level: f.share(figure.level ?? 0.95, 0) })
        : null;
    return {
      value: value === null ? '' : show(value),
      interval,
      why: value === null ? (spoken(figure.why_not) || t('figure.none')) : null,
    };
  };
}

/** What a figure is called: from the dictionary, else its key in readable form. */
export function useFigureName(): (key: string) => string {
  const { code, f } = useWords();
  return (key) => {
    // `DE.value.orders` and `product.buyers[AF-0041]`: a market in front, a subject in brackets.
    const [, front, base = key, back] = /^(?:([A-Z]{2})\.)?([^[]*)(?:\[(.*)\])?$/.exec(key) ?? [];
    const inside = front ?? back;
    const known = code('figure', base);
    const name = known === base.replaceAll('_', ' ') ? (base.split('.').pop() ?? base).replaceAll('_', ' ') : known;
    const label = sentence(name);
    if (!inside) return label;
    return `${label} · ${/^[A-Z]{2}$/.test(inside) ? f.market(inside) : inside}`;
  };
}

export function FigureTile({ figure, label }: { figure: Figure; label?: string }) {
  const { t, f } = useWords();
  const text = useFigureText()(figure);
  const name = useFigureName();
  return (
    <div className="tile">
      <div className="tile-label">{label ?? name(figure.key)}</div>
      {text.why ? <div className="tile-none">{text.why}</div> : <div className="tile-value">{text.value}</div>}
      {text.interval ? <div className="tile-range">{text.interval}</div> : null}
      {figure.formula || figure.source ? (
        <details className="proof no-print">
          <summary>
            {t('figure.how')}
            <span className="sr-only"> {label ?? name(figure.key)}</span>
          </summary>
          <div className="proof-body">
            {figure.formula ? <FormulaText of={figure.key} formula={figure.formula} /> : null}
            {figure.source ? <Source source={figure.source} /> : null}
            {figure.n ? <p className="hint">{t('figure.n', { n: f.count(figure.n) })}</p> : null}
          </div>
        </details>
      ) : null}
    </div>
  );
}

/** How it is computed; marked as English where a Chinese page has no other words for it. */
export function FormulaText({ of, formula }: { of: string; formula: string }) {
  const { lang } = useWords();
  const said = formulaIn(lang, of, formula);
  return <p lang={said.lang === 'zh' ? 'zh-CN' : 'en'}>{said.text}</p>;
}

function Source({ source }: { source: string }) {
  const { t } = useWords();
  const query = /^\s*(select|with)\b/i.test(source);
  return (
    <p>
      <code className="wrap">{source}</code>
      {query ? (
        <>
          {' '}
          <Link to={`/data/sql?q=${encodeURIComponent(source)}`}>{t('figure.ask')}</Link>
        </>
      ) : null}
    </p>
  );
}

export function Figures({ figures }: { figures: readonly Figure[] }) {
  if (figures.length === 0) return null;
  return (
    <div className="tiles">
      {figures.map((figure, i) => (
        <FigureTile key={`${figure.key} ${i}`} figure={figure} />
      ))}
    </div>
  );
}

export function Notes({ notes }: { notes: readonly Words[] | undefined }) {
  const { spoken } = useWords();
  if (!notes?.length) return null;
  return (
    <ul className="notes">
      {notes.map((note) => (
        <li key={note.en}>
          <Icon name="info" size={15} />
          <span>{spoken(note)}</span>
        </li>
      ))}
    </ul>
  );
}

/** Columns of floats from 0 to 1 that are chances or parts of a whole: 81 % is read at a glance, 0.8100 is not. */
const SHARES = new Set([
  'probability', 'p_alive', 'churn_risk', 'churn_low', 'churn_high', 'support', 'confidence', 'promised', 'happened', 'rate', 'base', 'at_home', 'first', 'top_three',
  'known', 'best', 'enough', 'anyway', 'deal_low', 'deal_high', 'accuracy', 'majority', 'gap', 'level',
]);
/** Columns that are measured in what the row names as its `unit`. */
const MEASURED = new Set(['value', 'low', 'high', 'measured', 'at_most']);

/** How cells of a column are shown, by its type and name. */
export function useCell(): (type: string, name: string, cell: string | number | boolean | null) => ReactNode {
  const { f, t, code, lang } = useWords();
  const named = useNamed();
  return (type, name, cell) => {
    if (cell === null || cell === '') return <span className="faint">–</span>;
    if (typeof cell === 'boolean') return cell ? t('word.yes') : t('word.no');
    if (type === 'date') return name === 'month' || name === 'cohort' ? f.month(String(cell)) : f.day(String(cell));
    if (type === 'time' || type === 'timestamp') return f.dateTime(String(cell));
    if (name === 'product_id' || name === 'next_id') return <Link to={`/catalogue/${encodeURIComponent(String(cell))}`}>{String(cell)}</Link>;
    if (/(^|_)market$|^(other|source)$/.test(name) && /^[A-Z]{2}$/.test(String(cell))) return f.market(String(cell));
    if (name === 'example') return <span className="breaks">{cellIn(lang, name, String(cell)).text}</span>;
    if (name === 'language' && /^[a-z]{2}$/.test(String(cell))) return f.language(String(cell));
    if (name === 'share' || name.endsWith('_share')) return f.share(num(cell));
    if (isNumeric(type)) {
      const value = num(cell);
      if (value === null) return String(cell);
      if (/dec/i.test(type)) return f.decimal(value, 2); // amounts keep their cents
      if (name === 'orders' || name === 'expected_orders') return f.unit(value, 'count');
      if (/int/i.test(type) || Number.isInteger(value)) return f.count(value);
      return f.decimal(value, Math.abs(value) < 1 ? 4 : 2);
    }
    if (name === 'severity') return <span className="one-line">{code('severity', String(cell))}</span>;
    if (name === 'verdict' && isKey(`sellable.${String(cell)}`)) return code('sellable', String(cell));
    if (['verdict', 'status', 'state', 'result', 'kind', 'how'].includes(name)) return <span className="one-line">{code('code', String(cell))}</span>;
    if (name === 'segment' || name.endsWith('_segment')) return code('rfm', String(cell));
    if (name === 'basis' || name === 'value_basis') return code('basis', String(cell));
    if (name === 'policy') return code('policy', String(cell));
    if (name === 'training') return code('training', String(cell));
    if (name === 'rule') return <RuleName rule={String(cell)} />;
    const known = named(name, String(cell));
    if (known) return known;
    if (name === 'figure' && isKey(`figure.${String(cell)}`)) return code('figure', String(cell));
    const list = listed(String(cell), lang);
    if (list) return list.length ? <EntryList entries={list} /> : <span className="faint">–</span>;
    const said = cellIn(lang, name, String(cell));
    return said.lang === lang ? <LongText text={said.text} /> : <span lang={CELLS.has(name) ? 'en' : undefined}><LongText text={said.text} /></span>;
  };
}

/** A rule of cleaning by its name, with the code by which files and settings know it. */
export function RuleName({ rule }: { rule: string }) {
  const { code } = useWords();
  if (!isKey(`rule.${rule}`)) return <code>{rule}</code>;
  return (
    <span className="two-lines" title={code('rulemeans', rule)}>
      <span>{code('rule', rule)}</span>
      <code className="hint">{rule}</code>
    </span>
  );
}

function EntryList({ entries }: { entries: readonly Listed[] }) {
  const { code } = useWords();
  return (
    <ul className="entries">
      {entries.map((entry, i) => (
        <li key={i} title={entry.why || undefined}>
          {entry.tag ? code('tag', entry.tag) : entry.text}
        </li>
      ))}
    </ul>
  );
}

/** Characters of a text in a table before the rest has to be asked for. */
const LONG = 180;

/** A text that is cut where it would make a row as high as the screen; the whole of it opens. */
export function LongText({ text }: { text: string }) {
  // A Chinese character is as wide as two letters.
  const width = [...text].reduce((sum, c) => sum + (c > "\u2e80" ? 2 : 1), 0);
  if (width <= 60) return <>{text}</>;
  if (text.length <= LONG) return <span className="long-text">{text}</span>;
  const end = text.lastIndexOf(' ', LONG - 20);
  return (
    <details className="long-text">
      <summary>{text.slice(0, end > 60 ? end : LONG - 20)} …</summary>
      {text}
    </details>
  );
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

type Cells = (string | number | boolean | null)[];
type Render = Record<string, (row: Record<string, string | number | boolean | null>) => ReactNode>;

/** The columns of a server's table: named, measured and said in the reader's language. */
function useColumns(): (table: Table, how: { hide?: readonly string[]; inFile?: readonly string[]; render?: Render; plain?: boolean }) => Column<Cells>[] {
  const { code, lang, f } = useWords();
  const base = useBaseCurrency();
  const cell = useCell();
  return (table, { hide = [], inFile = [], render = {}, plain = false }) => {
    const unit = plain ? null : rowUnits(table);
    // The ends of a share's interval are shares too.
    const shares = table.columns.some((c) => c.name === 'share');
    const currencies = plain ? null : rowCurrencies(table, base);
    // What stands with every number itself is only in the file, and so is what a gate looks at: its sentence says it.
    const gates = table.columns.some((c) => c.name === 'gate') && table.columns.some((c) => c.name === 'says');
    // A lever that is a choice has its values in words.
    const levers = table.columns.some((c) => c.name === 'lever');
    const told = (name: string): boolean => inFile.includes(name) || (gates && name === 'kind') || (name === 'unit' ? unit !== null : (currencies?.some((c) => c?.column === name) ?? false));
    const shown = (name: string, type: string, row: Cells, at: number): ReactNode => {
      const value = num(row[at]);
      if (plain || value === null) return cell(type, name, row[at] ?? null);
      const currency = currencies?.[at]?.(row);
      if (currency) return f.money(value, currency, true);
      if (unit && MEASURED.has(name)) return f.unit(value, unit(row));
      if (shares && (name === 'low' || name === 'high')) return f.share(value);
      if (SHARES.has(name) && /float/i.test(type)) return f.share(value);
      return cell(type, name, row[at] ?? null);
    };
    const figureAt = table.columns.findIndex((c) => c.name === 'figure');
    const formula = (key: string, text: string): ReactNode => {
      const said = formulaIn(lang, key, text);
      return <span lang={said.lang === 'zh' ? 'zh-CN' : 'en'}><LongText text={said.text} /></span>;
    };
    return inLanguage(table.columns.map((c) => c.name), lang)
      .flatMap(({ name, at }) => (table.columns[at] ? [{ column: { ...table.columns[at], name }, at }] : []))
      .filter(({ column }) => !hide.includes(column.name))
      .map(({ column, at }) => {
        // The Chinese of a column stands behind it.
        const chinese = lang === 'zh' && table.columns[at]?.name !== column.name;
        const written = (cell: Cells[number]): Cells[number] => (chinese && typeof cell === 'string' ? punctuated(cell) : cell);
        const numeric = isNumeric(column.type);
        const own = render[column.name];
        return {
          key: column.name,
          label: sentence(code('column', column.name)),
          hint: lang === 'zh' ? column.meaning_zh || undefined : column.meaning,
          numeric,
          fileOnly: told(column.name),
          value: (row) => (numeric ? (num(row[at]) ?? str(row[at])) : written(row[at] ?? null)),
          render: (row) =>
            own
              ? own(Object.fromEntries(table.columns.map((c, i) => [c.name, row[i] ?? null])))
              : column.name === 'value' && levers
                ? shown('against', column.type, row, at)
              : column.name === 'formula' || (column.name === 'how' && !isKey(`code.${str(row[at])}`))
                ? formula(figureAt < 0 ? '' : str(row[figureAt]), str(row[at]))
                : shown(column.name, column.type, row.map((c, i) => (i === at ? written(c) : c)), at),
        };
      });
  };
}

export function TableView({
  table,
  caption,
  exportName,
  empty,
  hide = [],
  inFile = [],
  render = {},
  tools,
  pageSize,
  all,
  plain = false,
}: {
  table: Table;
  caption: string;
  exportName?: string;
  empty?: ReactNode;
  hide?: readonly string[];
  /** Columns that another shows with its own cells: they are in the file alone. */
  inFile?: readonly string[];
  render?: Render;
  tools?: ReactNode;
  pageSize?: number;
  /** Every row there is, where the table has one page of them. */
  all?: () => Promise<Table['rows']>;
  /** Numbers as they came: a column that somebody named in a question may be called like one of ours and be something else. */
  plain?: boolean;
}) {
  const columns = useColumns()(table, { hide, inFile, render, plain });
  return (
    <DataTable
      caption={caption}
      columns={columns}
      rows={table.rows}
      rowKey={(_, i) => String(i)}
      total={table.total}
      exportName={exportName ?? 'table'}
      empty={empty}
      tools={tools}
      {...(pageSize ? { pageSize } : {})}
      {...(all ? { all } : {})}
    />
  );
}

/** Tables of one row and many columns are no tables: each value stands behind its name, and what is not known is left out. */
function Facts({ table, hide }: { table: Table; hide: readonly string[] }) {
  const columns = useColumns()(table, { hide });
  const row = table.rows[0];
  if (!row) return null;
  return (
    <dl className="fact-grid">
      {columns
        .filter((column) => !column.fileOnly && column.value(row) !== null && column.value(row) !== '')
        .map((column) => (
          <div key={column.key}>
            <dt title={column.hint}>{column.label}</dt>
            <dd>{column.render?.(row)}</dd>
          </div>
        ))}
    </dl>
  );
}

const isFacts = ({ table }: NamedTable): boolean => table.rows.length === 1 && table.total <= 1 && table.columns.length > 4;

/** Tables under their headings; of many, the first is open and the rest open when asked. */
export function NamedTables({ tables, hide = [] }: { tables: readonly NamedTable[]; hide?: readonly string[] }) {
  const { spoken, t, f, code } = useWords();
  const one = (named: NamedTable) =>
    isFacts(named) ? (
      <Facts table={named.table} hide={hide} />
    ) : (
      <TableView table={named.table} caption={spoken(named.title) || named.name} exportName={named.name} hide={hide} empty={<p className="hint">{t('state.empty')}</p>} />
    );
  const few = tables.length <= 2;
  return (
    <>
      {tables.map((named, i) => {
        const title = <h3>{spoken(named.title) || code('column', named.name)}</h3>;
        if (few || isFacts(named)) {
          return (
            <section className="subsection" key={named.name}>
              {title}
              {one(named)}
            </section>
          );
        }
        return (
          <details className="subsection fold" key={named.name} open={i === 0 || tables.slice(0, i).every(isFacts)}>
            <summary>
              {title}
              <span className="tab-count">{f.count(named.table.total || named.table.rows.length)}</span>
            </summary>
            {one(named)}
          </details>
        );
      })}
    </>
  );
}

export function ReportView({ report, hide = [] }: { report: Report; hide?: readonly string[] }) {
  return (
    <>
      <Figures figures={report.figures} />
      <Notes notes={report.notes} />
      <NamedTables tables={report.tables} hide={hide} />
    </>
  );
}
