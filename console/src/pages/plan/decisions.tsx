// What was decided for the market beside the plan: what to do next, prices and which of them do not fit together, offers, budget,
// what may be sold, stock to send and to clear, the calendar.
import { api } from '../../api/client';
import { useWords } from '../../i18n';
import { useLoad } from '../../lib/load';
import { Card } from '../../ui/basic';
import { NamedTables } from '../../ui/figure';

const TABLES = [
  'actions', 'prices', 'parity', 'promotions', 'budget', 'budget_weeks', 'media', 'sellable', 'stock', 'clearance', 'first_send', 'calendar', 'sensitivity',
];

export function Decisions({ market }: { market: string }) {
  const { t } = useWords();
  const page = useLoad(`market ${market}`, (signal) => api.market(market, signal));
  const tables = TABLES.flatMap((name) => page.data?.report.tables.find((table) => table.name === name) ?? []);
  // Nothing was decided before the first run with prices; the plan above says what is missing.
  if (!tables.length) return null;
  return (
    <Card title={t('plan.decisions')} hint={t('plan.decisions.hint')}>
      <NamedTables tables={tables} hide={['market', 'place']} />
    </Card>
  );
}
