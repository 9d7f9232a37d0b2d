// Who came back: shoppers by the month of their first order, months along.
import { useMemo, useState } from 'react';
import { api } from '../../api/client';
import { axis, Chart, frame, type ChartOption, type Palette } from '../../charts/chart';
import { useWords } from '../../i18n';
import { cohortGrid, pooled } from '../../lib/cohorts';
import { useLoad } from '../../lib/load';
import { useRoute } from '../../lib/router';
import { rowsOf } from '../../lib/wire-table';
import { Answer, Card, Empty, Select } from '../../ui/basic';
import { TableView } from '../../ui/figure';
import { HeatMap } from '../../ui/marks';
import { MarketChoice } from './personas';
import type { Table } from '../../api/wire';

export function Cohorts() {
  const { t } = useWords();
  const market = useRoute().query.get('market');
  const cohorts = useLoad(`cohorts ${market ?? ''}`, (signal) => api.cohorts(market, signal));
  return (
    <>
      <div className="row no-print">
        <MarketChoice />
      </div>
      <Answer of={cohorts} lines={10} empty={{ when: (d) => d.rows.length === 0, show: <Card><Empty title={t('cohorts.none')}>{t('cohorts.none.text')}</Empty></Card> }}>
        {(data) => <Grid table={data} />}
      </Answer>
    </>
  );
}

function Grid({ table }: { table: Table }) {
  const { t, f } = useWords();
  const [measure, setMeasure] = useState<'shoppers' | 'revenue'>('shoppers');
  const grid = useMemo(() => cohortGrid(rowsOf(table), measure), [table, measure]);
  const curve = useMemo(() => pooled(grid), [grid]);
  const highest = Math.max(0.01, ...grid.rows.flatMap((r) => r.shares.slice(1).map((s) => s ?? 0)));
  const option = useMemo(
    () =>
      (c: Palette): ChartOption => ({
        ...frame(c, { top: 12, bottom: 26 }),
        legend: { show: false },
        xAxis: axis(c, { type: 'category', data: curve.map((p) => f.count(p.month)), name: t('cohorts.months'), nameLocation: 'middle', nameGap: 28, splitLine: { show: false } }),
        yAxis: axis(c, { type: 'value', min: 0, axisLine: { show: false }, axisLabel: { color: c.muted, formatter: (v: number) => f.share(v, 0) } }),
        series: [{ type: 'line', name: t('cohorts.pooled'), data: curve.map((p) => p.share), symbolSize: 6, areaStyle: { opacity: 0.12 }, tooltip: { valueFormatter: (v: number) => f.share(v) } }],
      }),
    [curve, f, t],
  );
  return (
    <>
      <Card title={t('cohorts.pooled')} hint={t('cohorts.pooled.hint')}>
        <Chart label={t('cohorts.label')} option={option} height={220} />
      </Card>
      <Card
        title={t('cohorts.title')}
        hint={t('cohorts.hint')}
        actions={
          <Select
            compact
            label={t('word.measure')}
            value={measure}
            onChange={(v) => setMeasure(v === 'revenue' ? 'revenue' : 'shoppers')}
            options={[
              { value: 'shoppers', label: t('cohorts.shoppers') },
              { value: 'revenue', label: t('cohorts.revenue') },
            ]}
          />
        }
      >
        <HeatMap
          caption={t('cohorts.title')}
          corner={t('cohorts.first')}
          columns={grid.months.map((m) => (m === 0 ? t('cohorts.zero') : `+${m}`))}
          max={highest}
          rows={grid.rows.map((row) => ({
            key: row.cohort,
            head: f.month(row.cohort),
            side: f.compact(row.size),
            cells: row.shares.map((share, i) =>
              share === null
                ? null
                : { value: i === 0 ? 0 : share, text: f.share(share, 0), title: t('cohorts.cell', { cohort: f.month(row.cohort), n: f.count(row.counts[i] ?? 0), of: f.count(row.size), months: grid.months[i] ?? 0 }) },
            ),
          }))}
        />
        <details className="proof no-print">
          <summary>{t('chart.numbers')}</summary>
          <TableView table={table} caption={t('cohorts.title')} exportName="cohorts" />
        </details>
      </Card>
    </>
  );
}
