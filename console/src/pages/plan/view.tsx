// A launch plan to read and print, from the same JSON as the command line's page.
import { useMemo } from 'react';
import { axis, Chart, frame, type ChartOption, type Palette } from '../../charts/chart';
import { isKey, useWords } from '../../i18n';
import { punctuated } from '../../lib/chinese';
import { readPlan, type PlanPage, type PlanProduct, type PlanSegment } from '../../lib/plan';
import { Link } from '../../lib/router';
import { download } from '../../lib/table';
import { Badge, Button, Card } from '../../ui/basic';
import { DataTable, type Column } from '../../ui/data-table';
import { Figures, RuleName, useFigureName } from '../../ui/figure';
import { Icon } from '../../ui/icons';
import { useFigureColumn } from './cell';
import { Decisions } from './decisions';
import { Prices } from './prices';
import { Reach } from './reach';

export function PlanActions({ market, plan }: { market: string; plan: unknown }) {
  const { t, lang } = useWords();
  const page = `/api/v1/markets/${market}/plan.html?lang=${lang}`;
  return (
    <>
      <Button icon="export" disabled={plan === undefined} onClick={() => download(`plan-${market}.json`, JSON.stringify(plan, null, 2), 'application/json')}>
        JSON
      </Button>
      <a className="button plain" href={page} target="_blank" rel="noopener">
        <Icon name="external" size={16} />
        <span>{t('plan.page')}</span>
      </a>
      <Button kind="primary" icon="print" disabled={plan === undefined} onClick={() => window.print()}>
        {t('plan.print')}
      </Button>
    </>
  );
}

export function PlanView({ plan, market }: { plan: unknown; market: string }) {
  const { t, f, spoken, code } = useWords();
  const page = useMemo(() => readPlan(plan), [plan]);
  return (
    <div className="plan stack">
      <section className="verdict card" aria-label={t('plan.verdict')}>
        <div className="row">
          <Badge tone="accent">{code('stance', page.stance)}</Badge>
          <span className="hint">{t('plan.window', { from: f.day(page.from), to: f.day(page.to) })}</span>
        </div>
        <p className="verdict-text">{spoken(page.verdict)}</p>
        <ol className="findings">
          {page.findings.map((finding) => (
            <li key={finding.text.en}>
              <span className="finding-topic">{code('topic', finding.topic)}</span>
              <span>{spoken(finding.text)}</span>
            </li>
          ))}
        </ol>
      </section>
      <Card title={t('plan.glance')}>
        <Figures figures={page.glance} />
      </Card>
      <Months page={page} />
      {page.reach ? <Reach reach={page.reach} /> : null}
      <Segments rows={page.segments} />
      <Products rows={page.products} page={page} />
      <Bundles page={page} />
      <Prices rests={page.rests} paid={page.paid} />
      <Decisions market={market} />
      <div className="columns">
        <Card title={t('plan.unknowns')} hint={t('plan.unknowns.hint')}>
          <ul className="rows">
            {page.unknowns.map((u) => (
              <li key={u.key}>
                <Badge tone={u.have === 'nothing' ? 'warn' : 'neutral'}>{code('have', u.have)}</Badge>
                <span>{code('unknown', u.key)}</span>
              </li>
            ))}
          </ul>
        </Card>
        <Card title={t('plan.caveats')} hint={t('plan.caveats.hint')}>
          <DataTable
            caption={t('plan.caveats')}
            rows={page.caveats}
            rowKey={(r) => r.rule}
            filter={false}
            columns={[
              { key: 'rule', label: t('data.rule'), value: (r) => r.rule, render: (r) => <RuleName rule={r.rule} /> },
              { key: 'means', label: t('plan.caveats.means'), value: (r) => (isKey(`rulemeans.${r.rule}`) ? code('rulemeans', r.rule) : null) },
              { key: 'rows', label: t('data.rows'), numeric: true, value: (r) => r.rows?.value ?? null },
            ]}
          />
        </Card>
      </div>
      <Card title={t('plan.sources')} hint={t('plan.sources.hint', { n: f.count(page.sources.length) })}>
        <DataTable
          caption={t('plan.sources')}
          rows={page.sources}
          rowKey={(r, i) => `${r.name} ${i}`}
          pageSize={10}
          columns={[
            { key: 'name', label: t('data.file'), value: (r) => r.name },
            { key: 'table', label: t('word.table'), value: (r) => code('tablename', r.table) },
            { key: 'licence', label: t('data.licence'), value: (r) => r.licence },
            { key: 'origin', label: t('data.origin'), value: (r) => r.origin },
          ]}
        />
      </Card>
    </div>
  );
}

function Months({ page }: { page: PlanPage }) {
  const { t, f } = useWords();
  const option = useMemo(
    () =>
      (c: Palette): ChartOption => ({
        ...frame(c, { top: 14 }),
        legend: { show: false },
        xAxis: axis(c, { type: 'category', data: page.months.map((m) => f.month(m.month)), splitLine: { show: false } }),
        yAxis: axis(c, { type: 'value', axisLine: { show: false }, axisLabel: { color: c.muted, formatter: (v: number) => f.moneyCompact(v, page.currency) } }),
        series: [
          {
            type: 'bar',
            name: t('column.revenue'),
            barMaxWidth: 30,
            // A month cut short is paler: it is no fall.
            data: page.months.map((m) => ({ value: m.revenue, itemStyle: { color: c.accent, opacity: m.whole ? 1 : 0.4 } })),
            tooltip: { valueFormatter: (v: number) => f.money(v, page.currency) },
          },
        ],
      }),
    [page, f, t],
  );
  if (!page.months.length) return null;
  return (
    <Card title={t('plan.months')} hint={t('plan.months.hint')}>
      <Chart label={t('plan.months')} option={option} height={220} />
    </Card>
  );
}

function Segments({ rows }: { rows: PlanSegment[] }) {
  const { t, code } = useWords();
  const cell = useFigureColumn();
  if (!rows.length) return null;
  const columns: Column<PlanSegment>[] = [
    { key: 'segment', label: t('segments.segment'), value: (r: PlanSegment) => code('rfm', r.key) },
    cell('shoppers', t('word.shoppers'), (r: PlanSegment) => r.shoppers),
    cell('share', t('word.share'), (r: PlanSegment) => r.share),
    cell('revenue', t('column.revenue'), (r: PlanSegment) => r.revenue),
    cell('basket', t('plan.basket'), (r: PlanSegment) => r.basket),
    cell('repeat', t('plan.repeat'), (r: PlanSegment) => r.repeat),
  ];
  return (
    <Card title={t('plan.segments')}>
      <DataTable caption={t('plan.segments')} columns={columns} rows={rows} rowKey={(r) => r.key} exportName="plan-segments" filter={false} />
    </Card>
  );
}

function Products({ rows, page }: { rows: PlanProduct[]; page: PlanPage }) {
  const { lang, t, code } = useWords();
  const cell = useFigureColumn();
  const columns: Column<PlanProduct>[] = [
    {
      key: 'product',
      label: t('plan.product'),
      value: (r: PlanProduct) => `${r.name} ${r.id}`,
      render: (r: PlanProduct) => (
        <span className="two-lines">
          <Link to={`/catalogue/${encodeURIComponent(r.id)}`}>{r.name || r.id}</Link>
          <span className="hint">{r.reasons.slice(0, 2).map((x) => [code('term', x.term), x.text].filter(Boolean).join(' ')).join(', ')}</span>
        </span>
      ),
    },
    cell('buyers', t('plan.buyers'), (r: PlanProduct) => r.buyers),
    cell('uptake', t('plan.uptake'), (r: PlanProduct) => r.uptake),
    cell('price', t('catalogue.price'), (r: PlanProduct) => r.price),
    cell('stock', t('catalogue.stock'), (r: PlanProduct) => r.stock),
  ];
  return (
    <Card title={t('plan.products')} hint={[t('plan.model', { model: code('model', page.serving.model), training: code('training', page.serving.training) }), lang === 'zh' ? punctuated(page.serving.whyZh) || page.serving.why : page.serving.why].filter(Boolean).join(' · ')}>
      <DataTable caption={t('plan.products')} columns={columns} rows={rows} rowKey={(r) => r.id} exportName="plan-products" />
    </Card>
  );
}

function Bundles({ page }: { page: PlanPage }) {
  const { t } = useWords();
  const cell = useFigureColumn();
  const name = useFigureName();
  type Bundle = PlanPage['bundles'][number];
  if (!page.bundles.length) return null;
  const columns: Column<Bundle>[] = [
    { key: 'left', label: t('plan.bundle.from'), value: (b) => b.left },
    { key: 'right', label: t('plan.bundle.to'), value: (b) => b.right },
    cell('baskets', name('bundle.baskets'), (b) => b.baskets),
    cell('confidence', name('bundle.confidence'), (b) => b.confidence),
    cell('lift', name('bundle.lift'), (b) => b.lift),
  ];
  return (
    <Card title={t('plan.bundles')} hint={t('plan.bundles.hint')}>
      <DataTable caption={t('plan.bundles')} columns={columns} rows={page.bundles} rowKey={(_, i) => String(i)} exportName="plan-bundles" pageSize={10} />
    </Card>
  );
}
