// Rows that were put aside, each with its reason.
import { useMemo, useState } from 'react';
import { api } from '../../api/client';
import { useWords } from '../../i18n';
import { useLoad } from '../../lib/load';
import { expectedIn } from '../../lib/said';
import { rowsOf, str } from '../../lib/wire-table';
import { Answer, Card, Empty, Select } from '../../ui/basic';
import { LongText, TableView } from '../../ui/figure';
import { Pager } from '../audience/members';

export function Rejects() {
  const { t, code } = useWords();
  const [source, setSource] = useState('');
  const [rule, setRule] = useState('');
  const [page, setPage] = useState(1);
  const rejects = useLoad(`rejects ${source} ${rule} ${page}`, (signal) => api.rejects({ source, rule, page }, signal));
  const sources = useLoad('sources', api.sources);
  const files = useMemo(() => new Map(rowsOf(sources.data).map((row) => [str(row['source']), str(row['name'])])), [sources.data]);
  const named = useMemo(
    () => rowsOf(sources.data).filter((row) => str(row['table_name']) !== 'media').map((row) => ({ value: str(row['source']), label: str(row['name']) })),
    [sources.data],
  );
  // Which rules put anything aside stands in the report on quality.
  const quality = useLoad('quality', api.quality);
  const rules = useMemo(() => {
    const found = quality.data?.tables.find((table) => table.name === 'rejects')?.table;
    return [...new Set(rowsOf(found).map((row) => str(row['rule'])))].sort().map((value) => ({ value, label: code('rule', value) }));
  }, [quality.data, code]);
  return (
    <Card title={t('data.rejects')} hint={t('data.rejects.hint')}>
      <div className="form-row no-print">
        <Select label={t('data.source')} value={source} onChange={(value) => { setSource(value); setPage(1); }} options={[{ value: '', label: t('data.source.all') }, ...named]} />
        <Select label={t('data.rule')} value={rule} onChange={(value) => { setRule(value); setPage(1); }} options={[{ value: '', label: t('data.rule.all') }, ...rules]} />
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
