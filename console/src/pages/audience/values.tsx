// What shoppers are expected to be worth.
import { api } from '../../api/client';
import { useWords } from '../../i18n';
import { useLoad } from '../../lib/load';
import { useRoute } from '../../lib/router';
import { Answer, Card, Empty } from '../../ui/basic';
import { Figures, Notes, TableView } from '../../ui/figure';
import { ShopperLink } from './members';
import { MarketChoice } from './personas';

export function Values() {
  const { t, spoken } = useWords();
  const market = useRoute().query.get('market');
  const values = useLoad(`values ${market ?? ''}`, (signal) => api.values(market, signal));
  return (
    <>
      <div className="row no-print">
        <MarketChoice />
      </div>
      <Answer of={values} lines={8} empty={{ when: (d) => !d.figures.length && !d.tables.length, show: <Card><Empty title={t('values.none')}>{t('values.none.text')}</Empty><Notes notes={values.data?.notes} /></Card> }}>
        {(data) => (
          <>
            <Card title={spoken(data.title) || t('values.title')} hint={t('values.hint')}>
              <Figures figures={data.figures} />
              <Notes notes={data.notes} />
            </Card>
            {data.tables.map((named) => (
              <Card key={named.name} title={spoken(named.title)}>
                <TableView table={named.table} caption={spoken(named.title)} exportName={named.name} render={{ shopper_id: (row) => <ShopperLink id={String(row['shopper_id'])} /> }} />
              </Card>
            ))}
          </>
        )}
      </Answer>
    </>
  );
}
