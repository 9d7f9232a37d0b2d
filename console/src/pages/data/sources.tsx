// Files that were taken in, and what became of their rows.
import { api } from '../../api/client';
import { useWords } from '../../i18n';
import { useLoad } from '../../lib/load';
import { Answer, Card, Empty } from '../../ui/basic';
import { TableView } from '../../ui/figure';

export function Sources() {
  const { t } = useWords();
  const sources = useLoad('sources', api.sources);
  return (
    <Card title={t('data.sources')} hint={t('data.sources.hint')}>
      <Answer
        of={sources}
        empty={{
          when: (d) => d.rows.length === 0,
          show: (
            <Empty title={t('data.sources.none')} icon="data">
              <p>{t('data.sources.none.text')}</p>
              <pre>portolan ingest YOUR_FILES</pre>
            </Empty>
          ),
        }}
      >
        {(data) => <TableView table={data} caption={t('data.sources')} exportName="sources" hide={['sha256']} />}
      </Answer>
    </Card>
  );
}
