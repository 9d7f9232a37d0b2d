// What shoppers are expected to be worth, one market or all side by side.
import { useMemo } from 'react';
import { api } from '../../api/client';
import type { Figure, Report, Table } from '../../api/wire';
import { axis, Chart, frame, type ChartOption, type Palette } from '../../charts/chart';
import { useWords } from '../../i18n';
import { useBaseCurrency } from '../../lib/base-currency';
import { formulaHint } from '../../lib/formula';
import { useLoad } from '../../lib/load';
import { useRoute } from '../../lib/router';
import { spread } from '../../lib/spread';
import { groupBy } from '../../lib/wire-table';
import { Answer, Card, Empty } from '../../ui/basic';
import { DataTable, type Column } from '../../ui/data-table';
import { Figures, Notes, TableView, useFigureName, useFigureText } from '../../ui/figure';
import { ShopperLink } from './members';
import { MarketChoice } from './personas';

export function Values() {
  const { t } = useWords();
  const market = useRoute().query.get('market');
  const values = useLoad(`values ${market ?? ''}`, (signal) => api.values(market, signal));
  return (
    <>
      <div className="row no-print">
        <MarketChoice />
      </div>
      <Answer
        of={values}
        lines={8}
        empty={{
          when: (d) => !d.figures.length && !d.tables.some((named) => named.table.rows.length),
          show: (
            <Card>
              <Empty title={t('values.none')}>{t('values.none.text')}</Empty>
              <Notes notes={values.data?.notes} />
            </Card>
          ),
        }}
      >
        {(data) => <Worth data={data} />}
      </Answer>
    </>
  );
}

function Worth({ data }: { data: Report }) {
  const { t, spoken } = useWords();
  const byMarket = data.figures.some((figure) => /^[A-Z]{2}\./.test(figure.key));
  const distribution = data.tables.find((named) => named.name === 'spread');
  return (
    <>
      <Card title={spoken(data.title) || t('values.title')} hint={t('values.hint')}>
        {byMarket ? <SideBySide figures={data.figures} /> : <Figures figures={data.figures} />}
        <Notes notes={data.notes} />
      </Card>
      {distribution?.table.rows.length ? <Spread table={distribution.table} /> : null}
      {data.tables
        .filter((named) => named !== distribution && named.table.rows.length > 0)
        .map((named) => (
          <Card key={named.name} title={spoken(named.title)}>
            <TableView
              table={named.table}
              caption={spoken(named.title)}
              exportName={named.name}
              pageSize={10}
              render={{ shopper_id: (row) => <ShopperLink id={String(row['shopper_id'])} /> }}
            />
          </Card>
        ))}
    </>
  );
}

/** One row a market, one column a figure. */
function SideBySide({ figures }: { figures: readonly Figure[] }) {
  const { lang, t, f } = useWords();
  const text = useFigureText();
  const name = useFigureName();
  const rows = [...groupBy(figures, (figure) => figure.key.slice(0, 2))].map(([market, list]) => ({
    market,
    by: new Map(list.map((figure) => [figure.key.slice(3), figure])),
  }));
  // What one market alone has stands in the table of all figures below.
  const keys = [...new Set(figures.map((figure) => figure.key.slice(3)))].filter((key) => rows.length < 3 || rows.filter((r) => r.by.get(key)?.value != null).length > 1);
  const columns: Column<(typeof rows)[number]>[] = [
    { key: 'market', label: t('word.market'), value: (r) => f.market(r.market) },
    ...keys.map<Column<(typeof rows)[number]>>((key) => ({
      key,
      label: name(key),
      hint: formulaHint(lang, key, rows.find((r) => r.by.has(key))?.by.get(key)?.formula),
      numeric: true,
      value: (r) => r.by.get(key)?.value ?? null,
      render: (r) => {
        const figure = r.by.get(key);
        if (!figure) return <span className="faint">–</span>;
        const shown = text(figure);
        if (shown.why) return <span className="faint small-why">{shown.why}</span>;
        return (
          <span className="two-lines">
            <span>{shown.value}</span>
            {shown.interval ? <span className="hint narrow">{shown.interval}</span> : null}
          </span>
        );
      },
    })),
  ];
  return <DataTable caption={t('values.title')} columns={columns} rows={rows} rowKey={(r) => r.market} exportName="values" filter={false} />;
}

function Spread({ table }: { table: Table }) {
  const { t, f } = useWords();
  const bars = useMemo(() => spread(table), [table]);
  const currency = useBaseCurrency();
  const option = useMemo(
    () =>
      (c: Palette): ChartOption => ({
        ...frame(c, { top: 14 }),
        legend: { show: false },
        xAxis: axis(c, { type: 'category', data: bars.map((b) => (currency ? f.moneyCompact(b.from, currency) : f.compact(b.from))), splitLine: { show: false } }),
        yAxis: axis(c, { type: 'value', axisLine: { show: false }, axisLabel: { color: c.muted, formatter: (v: number) => f.compact(v) } }),
        series: [{ type: 'bar', name: t('word.shoppers'), data: bars.map((b) => b.n), barCategoryGap: '12%', tooltip: { valueFormatter: (v: number) => f.count(v) } }],
      }),
    [bars, currency, f, t],
  );
  return (
    <Card title={t('values.spread')} hint={t('values.spread.hint')}>
      <Chart label={t('values.spread')} option={option} height={220} numbers={<TableView table={table} caption={t('values.spread')} exportName="values-spread" />} />
    </Card>
  );
}
