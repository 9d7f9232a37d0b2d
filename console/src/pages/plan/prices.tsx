// What the advised prices rest on, the test where nobody knows, and whether segments pay differently for the same things.
import { useWords } from '../../i18n';
import type { Figure } from '../../api/wire';
import type { PlanPage } from '../../lib/plan';
import { Card } from '../../ui/basic';
import { DataTable, type Column } from '../../ui/data-table';
import { Figures, useFigureName, useFigureText } from '../../ui/figure';
import { useFigureColumn } from './cell';

const TEST = 'decide.price_test_weeks';

export function Prices({ rests, paid }: { rests: readonly Figure[]; paid: PlanPage['paid'] }) {
  const { t } = useWords();
  const text = useFigureText();
  const kinds = rests.filter((figure) => figure.key !== TEST);
  const weeks = rests.find((figure) => figure.key === TEST);
  if (!kinds.length && !paid.length) return null;
  return (
    <Card title={t('plan.prices')} hint={t('plan.prices.hint')}>
      <Figures figures={kinds} />
      {kinds.length && weeks ? <p className="prose">{t('plan.prices.test', { weeks: text(weeks).value || text(weeks).why || '' })}</p> : null}
      <Paid paid={paid} />
    </Card>
  );
}

function Paid({ paid }: { paid: PlanPage['paid'] }) {
  const { t, code } = useWords();
  const cell = useFigureColumn();
  const name = useFigureName();
  const [most, least] = [paid[0], paid.at(-1)];
  if (!most || !least) return null;
  // Intervals that touch say nothing about who pays more.
  const [from, to] = [most.figure.low, least.figure.high];
  const apart = typeof from === 'number' && typeof to === 'number' && from > to;
  const columns: Column<PlanPage['paid'][number]>[] = [
    { key: 'segment', label: t('segments.segment'), value: (r) => code('rfm', r.key) },
    cell('paid', name('decide.segment_paid'), (r) => r.figure),
  ];
  return (
    <section className="subsection">
      <h3>{t('plan.paid')}</h3>
      <p className="prose">{apart ? t('plan.paid.apart', { most: code('rfm', most.key), least: code('rfm', least.key) }) : t('plan.paid.alike')}</p>
      <DataTable caption={t('plan.paid')} columns={columns} rows={paid} rowKey={(r) => r.key} filter={false} />
    </section>
  );
}
