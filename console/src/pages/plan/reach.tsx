// Whom to reach first: segments by what one shopper is expected to be worth, or areas where nobody is known.
import { useWords } from '../../i18n';
import type { PlanReach, PlanReachRow } from '../../lib/plan';
import { Card } from '../../ui/basic';
import { DataTable, type Column } from '../../ui/data-table';
import { useFigureName } from '../../ui/figure';
import { useFigureColumn } from './cell';

export function Reach({ reach }: { reach: PlanReach }) {
  const { t, spoken, code } = useWords();
  const cell = useFigureColumn();
  const name = useFigureName();
  const areas = reach.whom === 'areas';
  const optional: [key: keyof PlanReachRow & ('contactable' | 'listed' | 'orderValue' | 'growth'), figure: string][] = [
    ['contactable', 'reach.contactable'],
    ['listed', 'reach.listed'],
    ['orderValue', 'reach.order_value'],
    ['growth', 'reach.growth'],
  ];
  const columns: Column<PlanReachRow>[] = [
    { key: 'part', label: areas ? t('plan.reach.area') : t('segments.segment'), value: (r) => r.label || (areas ? r.key : code('rfm', r.key)) },
    cell('size', name(areas ? 'reach.orders' : 'reach.shoppers'), (r) => r.size),
    cell('value', name(areas ? 'reach.next_90_days' : 'reach.value'), (r) => r.value),
    // A column stands where any row has it: consent that was never asked for is no column of dashes.
    ...optional.filter(([key]) => reach.rows.some((r) => r[key])).map(([key, figure]) => cell<PlanReachRow>(key, name(figure), (r) => r[key])),
  ];
  return (
    <Card title={t('plan.reach')} hint={t(areas ? 'plan.reach.areas' : 'plan.reach.segments')}>
      {reach.persona || reach.basis ? (
        <div>
          {reach.persona ? <p>{t('plan.reach.persona', { name: spoken(reach.persona) })}</p> : null}
          {reach.basis ? <p className="hint">{t('plan.reach.basis', { basis: spoken(reach.basis) })}</p> : null}
        </div>
      ) : null}
      {reach.rows.length ? <DataTable caption={t('plan.reach')} columns={columns} rows={reach.rows} rowKey={(r) => r.key} exportName="plan-reach" filter={false} /> : null}
      {reach.open.length ? (
        <section className="subsection">
          <h3>{t(areas ? 'plan.reach.lost' : 'plan.reach.open')}</h3>
          <ul className="bullets">
            {reach.open.map((line) => (
              <li key={line.en}>{spoken(line)}</li>
            ))}
          </ul>
        </section>
      ) : null}
    </Card>
  );
}
