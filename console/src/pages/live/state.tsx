// Counters as tiles, carts as a table.
import type { LiveCounters, Table } from '../../api/wire';
import { useWords } from '../../i18n';
import { Empty } from '../../ui/basic';
import { TableView } from '../../ui/figure';

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

export function Carts({ data }: { data: Table }) {
  const { t } = useWords();
  return <TableView table={data} caption={t('live.carts')} exportName="carts" empty={<Empty title={t('live.carts.none')} icon="cart">{t('live.carts.none.text')}</Empty>} />;
}
