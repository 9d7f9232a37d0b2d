// Counters as tiles, carts as a table.
import type { Table } from '../../api/wire';
import { useWords } from '../../i18n';
import { num, rowsOf, str } from '../../lib/wire-table';
import { Empty } from '../../ui/basic';
import { TableView } from '../../ui/figure';

export function Counters({ data }: { data: Table }) {
  const { f, code } = useWords();
  const rows = rowsOf(data);
  if (!rows.length) return null;
  return (
    <div className="tiles stats">
      {rows.map((row) => (
        <div className="tile" key={str(row['name'])}>
          <div className="tile-label">{code('counter', str(row['name']))}</div>
          <div className="tile-value">{f.count(num(row['value']))}</div>
        </div>
      ))}
    </div>
  );
}

export function Carts({ data }: { data: Table }) {
  const { t } = useWords();
  return <TableView table={data} caption={t('live.carts')} exportName="carts" empty={<Empty title={t('live.carts.none')} icon="cart">{t('live.carts.none.text')}</Empty>} />;
}
