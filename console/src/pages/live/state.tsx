// Counters as tiles, carts and searches as tables.
import type { LiveCounters, Table } from '../../api/wire';
import { useWords } from '../../i18n';
import { Empty } from '../../ui/basic';
import { TableView } from '../../ui/figure';
import { VisitorName } from './visitor';

const shown = ['accepted', 'last_minute', 'visitors', 'repeated', 'rejected'] as const;

export function Counters({ data }: { data: LiveCounters }) {
  const { f, code, t } = useWords();
  const top = (counts: Record<string, number>) =>
    Object.entries(counts)
      .sort((a, b) => b[1] - a[1])
      .slice(0, 8);
  const groups = [
    { title: t('live.byname'), rows: top(data.by_name), name: (key: string) => key },
    { title: t('live.bymarket'), rows: top(data.by_market), name: (key: string) => f.market(key) },
  ].filter((group) => group.rows.length > 0);
  return (
    <>
      <div className="tiles stats">
        {shown.map((name) => (
          <div className="tile" key={name}>
            <div className="tile-label">{code('counter', name)}</div>
            <div className="tile-value">{f.count(data[name])}</div>
          </div>
        ))}
        <div className="tile">
          <div className="tile-label">{code('counter', 'revenue')}</div>
          <div className="tile-value">{data.revenue.length > 0 ? data.revenue.map((sum) => f.money(Number(sum.decimal), sum.currency)).join(' + ') : '–'}</div>
        </div>
        <div className="tile">
          <div className="tile-label">{code('counter', 'longest_delay')}</div>
          <div className="tile-value">{t('live.seconds', { n: f.decimal(data.longest_delay_ms / 1_000, 1) })}</div>
        </div>
      </div>
      {groups.map((group) => (
        <p key={group.title} className="row">
          <span className="hint">{group.title}</span>
          {group.rows.map(([key, n]) => (
            <span key={key} className="badge">
              {group.name(key)} <strong>{f.count(n)}</strong>
            </span>
          ))}
        </p>
      ))}
    </>
  );
}

export function Carts({ data, open }: { data: Table; open: (who: string) => void }) {
  const { t } = useWords();
  return (
    <TableView
      table={data}
      caption={t('live.carts')}
      exportName="carts"
      render={{ who: (row) => <VisitorName who={String(row['who'] ?? '')} open={open} /> }}
      empty={<Empty title={t('live.carts.none')} icon="cart">{t('live.carts.none.text')}</Empty>}
    />
  );
}

export function Queries({ data }: { data: Table }) {
  const { t } = useWords();
  return <TableView table={data} caption={t('live.queries')} exportName="queries" empty={<Empty title={t('live.queries.none')} icon="search">{t('live.queries.none.text')}</Empty>} />;
}

export function Channels({ data }: { data: Table }) {
  const { t } = useWords();
  return <TableView table={data} caption={t('live.channels')} exportName="channels" empty={<Empty title={t('live.channels.none')} icon="info">{t('live.channels.none.text')}</Empty>} />;
}
