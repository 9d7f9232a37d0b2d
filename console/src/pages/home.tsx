// What happened, what to do next, how fresh and how good the data is.
import { useMemo, useState } from 'react';
import { api } from '../api/client';
import type { Overview } from '../api/wire';
import { axis, Chart, frame, type ChartOption, type Palette } from '../charts/chart';
import { useWords } from '../i18n';
import { useLoad } from '../lib/load';
import { Link } from '../lib/router';
import { groupBy, num, rowsOf, str } from '../lib/wire-table';
import { Answer, Badge, Card, Empty, LinkButton, Page, Select } from '../ui/basic';
import { TableView } from '../ui/figure';
import { Icon } from '../ui/icons';

export default function Home() {
  const { t } = useWords();
  const overview = useLoad('overview', api.overview);
  const name = overview.data?.workspace;
  return (
    <Page title={t('home.title')} lead={name ? t('home.lead', { name }) : undefined}>
      <Answer of={overview} lines={8}>
        {(data) => (data.counts.orders === 0 && data.snapshot == null ? <Nothing /> : <Glance data={data} />)}
      </Answer>
    </Page>
  );
}

function Nothing() {
  const { t } = useWords();
  return (
    <Card>
      <Empty title={t('home.empty.title')} icon="data" action={<LinkButton kind="primary" to="/data">{t('home.empty.action')}</LinkButton>}>
        <p>{t('home.empty.text')}</p>
        <pre>
          <code>portolan ingest YOUR_FILES{'\n'}portolan run</code>
        </pre>
      </Empty>
    </Card>
  );
}

function Glance({ data }: { data: Overview }) {
  const { t, f, spoken, code } = useWords();
  const { counts } = data;
  const tiles: [string, number, string][] = [
    [t('home.orders'), counts.orders, '/data'],
    [t('home.shoppers'), counts.shoppers, '/audience'],
    [t('home.products'), counts.products, '/catalogue'],
    [t('home.events'), counts.events, '/live'],
    [t('home.reviews'), counts.reviews, '/audience/personas'],
    [t('home.rejects'), counts.rejects, '/data/rejects'],
  ];
  const bad = data.gates.filter((g) => !g.passed);
  return (
    <>
      <div className="tiles stats">
        {tiles.map(([label, value, link]) => (
          <Link key={label} to={link} className="tile link-tile">
            <div className="tile-label">{label}</div>
            <div className="tile-value">{f.count(value)}</div>
          </Link>
        ))}
      </div>
      <div className="columns two-one">
        <Months data={data} />
        <Card title={t('home.next')}>
          {data.actions.length === 0 ? (
            <Empty title={t('home.next.none')} icon="check" />
          ) : (
            <ol className="todo">
              {data.actions.map((action, i) => (
                <li key={action.en}>
                  <Link to={action.link || '/'}>
                    <span className="todo-n" aria-hidden="true">
                      {i + 1}
                    </span>
                    <span>{spoken(action)}</span>
                    <Icon name="right" size={16} />
                  </Link>
                </li>
              ))}
            </ol>
          )}
        </Card>
      </div>
      <div className="columns">
        <Card title={t('home.fresh')} hint={t('home.fresh.hint')}>
          <ul className="rows fresh">
            {data.freshness.map((row) => (
              <li key={row.table}>
                <span title={row.table}>{code('fresh', row.table.replace('clean.', ''))}</span>
                <span className="grow" />
                <span className="hint">{t('home.fresh.rows', { n: f.count(row.rows) })}</span>
                <span className="when">{row.last_day ? f.day(row.last_day) : t('home.fresh.none')}</span>
              </li>
            ))}
          </ul>
        </Card>
        <Card
          title={t('home.gates')}
          hint={bad.length ? t('home.gates.bad', { n: bad.length, of: data.gates.length }) : t('home.gates.good', { of: data.gates.length })}
          actions={<LinkButton kind="quiet" to="/data/quality">{t('home.gates.all')}</LinkButton>}
        >
          <ul className="rows">
            {[...data.gates]
              .sort((a, b) => Number(a.passed) - Number(b.passed))
              .slice(0, 7)
              .map((gate) => (
                <li key={gate.name}>
                  <GateBadge result={gate.result} passed={gate.passed} />
                  <span className="gate">{spoken(gate.detail)}</span>
                </li>
              ))}
          </ul>
        </Card>
      </div>
    </>
  );
}

export function GateBadge({ result, passed }: { result: string; passed: boolean }) {
  const { code } = useWords();
  const tone = result === 'pass' ? 'good' : result === 'warn' || result === 'allowed' ? 'warn' : result === 'no_data' ? 'neutral' : passed ? 'good' : 'bad';
  return <Badge tone={tone}>{code('gate', result)}</Badge>;
}

function Months({ data }: { data: Overview }) {
  const { t, f, code } = useWords();
  const rows = useMemo(() => rowsOf(data.months), [data.months]);
  const measures = data.months.columns.map((c) => c.name).filter((n) => !['market', 'month', 'currency'].includes(n));
  const [measure, setMeasure] = useState('');
  const chosen = measures.includes(measure) ? measure : (measures.find((m) => m === 'revenue') ?? measures[0] ?? '');
  const money = ['revenue', 'returned', 'margin'].includes(chosen);

  const option = useMemo(() => {
    const months = [...new Set(rows.map((r) => str(r['month'])))].sort();
    const groups = [...groupBy(rows, (r) => str(r['market']) || data.home_market)]
      .map(([market, list]) => ({
        market,
        total: list.reduce((sum, r) => sum + Math.abs(num(r[chosen]) ?? 0), 0),
        by: new Map(list.map((r) => [str(r['month']), num(r[chosen])])),
      }))
      .sort((a, b) => b.total - a.total);
    // Eight colours can be told apart; the rest are one.
    const shown = groups.slice(0, 7);
    const rest = groups.slice(7);
    const series = shown.map((g) => ({ name: f.market(g.market), values: months.map((m) => g.by.get(m) ?? 0) }));
    if (rest.length) {
      series.push({
        name: t('home.months.rest', { n: rest.length }),
        values: months.map((m) => rest.reduce((sum, g) => sum + (g.by.get(m) ?? 0), 0)),
      });
    }
    return (c: Palette): ChartOption => {
      const show = (v: number) => (money ? f.moneyCompact(v, data.base_currency) : f.compact(v));
      return {
        ...frame(c),
        xAxis: axis(c, { type: 'category', data: months.map((m) => f.month(m)), splitLine: { show: false } }),
        yAxis: axis(c, { type: 'value', axisLine: { show: false }, axisLabel: { color: c.muted, formatter: show } }),
        series: series.map((s) => ({
          type: 'bar',
          stack: 'all',
          name: s.name,
          data: s.values,
          barMaxWidth: 26,
          tooltip: { valueFormatter: (v: number) => (money ? f.money(v, data.base_currency) : f.count(v)) },
        })),
      };
    };
  }, [rows, chosen, money, f, t, data.base_currency, data.home_market]);

  return (
    <Card
      title={t('home.months')}
      hint={t('home.months.hint', { currency: data.base_currency })}
      actions={
        measures.length > 1 ? (
          <Select compact label={t('home.months.measure')} value={chosen} onChange={setMeasure} options={measures.map((m) => ({ value: m, label: code('column', m) }))} />
        ) : null
      }
    >
      {rows.length === 0 ? (
        <Empty title={t('state.empty')} />
      ) : (
        <Chart
          label={t('home.months.label', { measure: code('column', chosen) })}
          option={option}
          height={320}
          numbers={<TableView table={data.months} caption={t('home.months')} exportName="months" pageSize={12} />}
        />
      )}
    </Card>
  );
}
