// What markets learn from each other: the promise before training, ways and their gains, curves.
import { useMemo, useState } from 'react';
import { api } from '../../api/client';
import type { TransferReport } from '../../api/wire';
import { axis, Chart, frame, type ChartOption, type Palette } from '../../charts/chart';
import { useWords } from '../../i18n';
import { useLoad } from '../../lib/load';
import { cellIn } from '../../lib/cells';
import { groupBy, num, rowsOf, str, type Row } from '../../lib/wire-table';
import { Answer, Badge, Card, Empty, Select } from '../../ui/basic';
import { DataTable, type Column } from '../../ui/data-table';
import { Notes, TableView } from '../../ui/figure';
import { HeatMap, RangeBar, type HeatCell } from '../../ui/marks';

export function Transfer() {
  const report = useLoad('transfer', api.transfer);
  return (
    <Answer of={report} lines={10}>
      {(data) => (
        <>
          <Sources data={data} />
          <Curves data={data} />
          <Methods data={data} />
          {data.notes.length ? (
            <Card>
              <Notes notes={data.notes} />
            </Card>
          ) : null}
        </>
      )}
    </Answer>
  );
}

function Nothing() {
  const { t } = useWords();
  return <Empty title={t('transfer.empty')}>{t('transfer.empty.text')}</Empty>;
}

function Sources({ data }: { data: TransferReport }) {
  const { t, f, code } = useWords();
  const { targets, sources, cells, max } = useMemo(() => {
    const rows = rowsOf(data.sources);
    const by = groupBy(rows, (r) => `${str(r['market'])} ${str(r['source'])}`);
    const sourceNames = [...new Set(rows.map((r) => str(r['source'])))];
    const scores = rows.filter((r) => r['part'] === 'score').map((r) => Math.abs(num(r['value']) ?? 0));
    return { targets: [...new Set(rows.map((r) => str(r['market'])))], sources: sourceNames, cells: by, max: Math.max(0.001, ...scores) };
  }, [data.sources]);
  const nameOf = (source: string) => (source === 'others' ? t('transfer.others') : source.split('+').map((s) => (s === 'others' ? t('transfer.others') : f.market(s))).join(' + '));
  const cell = (market: string, source: string): HeatCell | null => {
    const parts = cells.get(`${market} ${source}`);
    const score = parts?.find((r) => r['part'] === 'score');
    if (!parts || !score) return null;
    const value = num(score['value']);
    const why = parts.filter((r) => r['part'] !== 'score' && num(r['adds'])).map((r) => `${code('part', str(r['part']))} ${f.signed(num(r['adds']), 3)}`);
    return { value, text: value === null ? '–' : f.signed(value, 3), title: why.join('\n') };
  };
  return (
    <Card title={t('transfer.sources')} hint={t('transfer.sources.hint')}>
      {targets.length === 0 ? (
        <Nothing />
      ) : (
        <>
          <HeatMap
            caption={t('transfer.sources')}
            corner={t('transfer.target')}
            columns={sources.map(nameOf)}
            max={max}
            diverging
            rows={targets.map((market) => ({ key: market, head: f.market(market), cells: sources.map((source) => cell(market, source)) }))}
          />
          <details className="proof no-print">
            <summary>{t('transfer.parts')}</summary>
            <TableView table={data.sources} caption={t('transfer.parts')} exportName="transfer-sources" />
          </details>
        </>
      )}
    </Card>
  );
}

function Curves({ data }: { data: TransferReport }) {
  const { t, f } = useWords();
  const groups = useMemo(() => groupBy(rowsOf(data.curve), (r) => str(r['market'])), [data.curve]);
  const markets = [...groups.keys()];
  const [picked, pick] = useState('');
  const market = groups.has(picked) ? picked : (markets[0] ?? '');
  const rows = groups.get(market);

  const option = useMemo(() => {
    const points = (rows ?? []).map((r) => ({ x: num(r['purchases']) ?? 0, alone: num(r['alone']), with: num(r['transferred']) }));
    return (c: Palette): ChartOption => ({
      ...frame(c),
      xAxis: axis(c, { type: 'category', data: points.map((p) => f.count(p.x)), name: t('transfer.purchases'), nameLocation: 'middle', nameGap: 30, boundaryGap: false, splitLine: { show: false } }),
      grid: { left: 8, right: 20, top: 36, bottom: 28, containLabel: true },
      yAxis: axis(c, { type: 'value', min: 0, axisLine: { show: false } }),
      series: [
        { type: 'line', name: t('transfer.alone'), data: points.map((p) => p.alone), symbolSize: 7, lineStyle: { width: 2, type: 'dashed' }, color: c.series[1] },
        { type: 'line', name: t('transfer.with'), data: points.map((p) => p.with), symbolSize: 7, lineStyle: { width: 2.5 }, color: c.series[0] },
      ].map((s) => ({ ...s, tooltip: { valueFormatter: (v: number) => f.decimal(v, 4) } })),
    });
  }, [rows, f, t]);

  const gains: Column<Row>[] = [
    { key: 'purchases', label: t('transfer.purchases'), numeric: true, value: (r) => num(r['purchases']) },
    { key: 'gain', label: t('transfer.gain'), numeric: true, value: (r) => num(r['gain']), render: (r) => f.signed(num(r['gain']), 4) },
    { key: 'range', label: t('markets.interval'), sortable: false, value: (r) => `${str(r['low'])}–${str(r['high'])}`, render: (r) => <GainBar row={r} gain="gain" low="low" high="high" rows={rows ?? []} /> },
    {
      key: 'saved',
      label: t('transfer.saved'),
      hint: t('transfer.saved.hint'),
      numeric: true,
      value: (r) => num(r['saved']),
      render: (r) => `${r['at_least'] === true ? '≥ ' : ''}${f.count(num(r['saved']))}`,
    },
    { key: 'n', label: t('transfer.n'), numeric: true, value: (r) => num(r['n']) },
  ];
  return (
    <Card
      title={t('transfer.curves')}
      hint={t('transfer.curves.hint')}
      actions={markets.length > 1 ? <Select compact label={t('word.market')} value={market} onChange={pick} options={markets.map((m) => ({ value: m, label: f.market(m) }))} /> : null}
    >
      {!rows ? (
        <Nothing />
      ) : (
        <div className="columns curves">
          <Chart label={t('transfer.curves.label', { market: f.market(market) })} option={option} height={300} />
          <DataTable caption={t('transfer.curves')} columns={gains} rows={rows} rowKey={(_, i) => String(i)} exportName={`transfer-curve-${market}`} filter={false} />
        </div>
      )}
    </Card>
  );
}

function GainBar({ row, rows, gain, low, high }: { row: Row; rows: readonly Row[]; gain: string; low: string; high: string }) {
  const { t, f } = useWords();
  const ends = rows.flatMap((r) => [num(r[low]), num(r[high]), num(r[gain])]).filter((x): x is number => x !== null);
  const bound = Math.max(0.001, ...ends.map(Math.abs));
  return (
    <RangeBar
      value={num(row[gain])}
      low={num(row[low])}
      high={num(row[high])}
      from={-bound}
      to={bound}
      zero
      label={t('markets.interval.label', { low: f.signed(num(row[low]), 3), high: f.signed(num(row[high]), 3) })}
    />
  );
}

/** What was chosen for a way, in a few words. */
function Chosen({ text }: { text: string }) {
  const { lang } = useWords();
  const said = cellIn(lang, 'chosen', text);
  return <span className="hint" lang={said.lang === 'zh' ? 'zh-CN' : 'en'} translate="no">{said.text}</span>;
}

function Methods({ data }: { data: TransferReport }) {
  const { t, f, code } = useWords();
  const rows = useMemo(() => rowsOf(data.methods), [data.methods]);
  const columns: Column<Row>[] = [
    { key: 'market', label: t('word.market'), value: (r) => f.market(str(r['market'])) },
    {
      key: 'method',
      label: t('transfer.method'),
      value: (r) => `${code('method', str(r['method']))} ${str(r['chosen'])}`,
      render: (r) => (
        <span className="two-lines">
          {code('method', str(r['method']))}
          <Chosen text={str(r['chosen'])} />
        </span>
      ),
    },
    {
      key: 'verdict',
      label: t('transfer.verdict'),
      value: (r) => str(r['verdict']),
      render: (r) => {
        const verdict = str(r['verdict']);
        if (!verdict) return <span className="faint">–</span>;
        return <Badge tone={verdict === 'accepted' ? 'good' : verdict === 'refused' ? 'bad' : 'neutral'}>{code('verdict', verdict)}</Badge>;
      },
    },
    { key: 'decided', label: t('transfer.decided'), hint: t('transfer.decided.hint'), numeric: true, value: (r) => num(r['decided']), render: (r) => f.signed(num(r['decided']), 4) },
    { key: 'gain', label: t('transfer.later'), hint: t('transfer.later.hint'), numeric: true, value: (r) => num(r['gain']), render: (r) => f.signed(num(r['gain']), 4) },
    { key: 'range', label: t('markets.interval'), sortable: false, value: (r) => `${str(r['gain_low'])}–${str(r['gain_high'])}`, render: (r) => <GainBar row={r} rows={rows} gain="gain" low="gain_low" high="gain_high" /> },
    { key: 'value', label: 'nDCG@10', numeric: true, value: (r) => num(r['value']), render: (r) => f.decimal(num(r['value']), 4) },
    { key: 'n_test', label: t('transfer.n'), numeric: true, value: (r) => num(r['n_test']) },
  ];
  return (
    <Card title={t('transfer.methods')} hint={t('transfer.methods.hint')}>
      {rows.length ? <DataTable caption={t('transfer.methods')} columns={columns} rows={rows} rowKey={(_, i) => String(i)} exportName="transfer-methods" /> : <Nothing />}
    </Card>
  );
}
