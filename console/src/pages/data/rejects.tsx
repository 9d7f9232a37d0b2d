// Rows that were put aside, each with its reason.
import { useMemo, useState } from 'react';
import { api } from '../../api/client';
import { useWords } from '../../i18n';
import { useLoad, useStill } from '../../lib/load';
import { expectedIn } from '../../lib/said';
import { rowsOf, str } from '../../lib/wire-table';
import { Answer, Card, Empty, Field } from '../../ui/basic';
import { LongText, TableView } from '../../ui/figure';
import { Pager } from '../audience/members';

export function Rejects() {
  const { t } = useWords();
  const [source, setSource] = useState('');
  const [rule, setRule] = useState('');
  const [page, setPage] = useState(1);
  const by = useStill(`${source.trim()}\n${rule.trim()}`, 300);
  const [stillSource = '', stillRule = ''] = by.split('\n');
  const rejects = useLoad(`rejects ${by} ${page}`, (signal) => api.rejects({ source: stillSource, rule: stillRule, page }, signal));
  const sources = useLoad('sources', api.sources);
  const files = useMemo(() => new Map(rowsOf(sources.data).map((row) => [str(row['source']), str(row['name'])])), [sources.data]);
  return (
    <Card title={t('data.rejects')} hint={t('data.rejects.hint')}>
      <div className="form-row no-print">
        <Field label={t('data.source')}>{(ids) => <input {...ids} value={source} onChange={(e) => { setSource(e.target.value); setPage(1); }} />}</Field>
        <Field label={t('data.rule')}>{(ids) => <input {...ids} value={rule} onChange={(e) => { setRule(e.target.value); setPage(1); }} />}</Field>
      </div>
      <Answer of={rejects} empty={{ when: (d) => d.rows.length === 0, show: <Empty icon="check" title={t('data.rejects.none')}>{t('data.rejects.none.text')}</Empty> }}>
        {(data) => (
          <>
            <TableView
              table={data}
              caption={t('data.rejects')}
              exportName="rejects"
              pageSize={100}
              inFile={['table_name', 'column', 'stage']}
              render={{
                source: (row) => <File source={str(row.source)} name={files.get(str(row.source))} />,
                value: (row) => <Value column={str(row.column)} value={str(row.value)} />,
                expected: (row) => <Expected text={str(row.expected)} said={str(row.expected_zh)} />,
              }}
            />
            <Pager page={page} total={data.total} perPage={100} onPage={setPage} />
          </>
        )}
      </Answer>
    </Card>
  );
}

/** The file that a row came from by its name; its number where the list of files has none. */
function File({ source, name }: { source: string; name: string | undefined }) {
  return name ? <span title={source}>{name}</span> : <code>{source}</code>;
}

/** What stood there, under the column that it stood in. */
function Value({ column, value }: { column: string; value: string }) {
  return (
    <span className="two-lines">
      {value ? <LongText text={value} /> : <span className="faint">–</span>}
      {column ? <code className="hint">{column}</code> : null}
    </span>
  );
}

/** What the row should have been; marked as English where a Chinese page has no other words for it. */
function Expected({ text, said }: { text: string; said: string }) {
  const { lang } = useWords();
  const shown = expectedIn(lang, text, said);
  return (
    <span lang={shown.lang === 'zh' ? 'zh-CN' : 'en'}>
      <LongText text={shown.text} />
    </span>
  );
}
