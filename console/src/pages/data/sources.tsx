// Files that were taken in, and what became of their rows. Pictures, sounds and videos come by the hundred and say nothing one
// by one: they are counted, and listed for who asks.
import { api } from '../../api/client';
import type { Table } from '../../api/wire';
import { useWords } from '../../i18n';
import { useLoad } from '../../lib/load';
import { punctuated } from '../../lib/chinese';
import { groupBy, num, str } from '../../lib/wire-table';
import { Answer, Card, Empty } from '../../ui/basic';
import { TableView } from '../../ui/figure';

/** What somebody looks for first; everything else follows, and the fingerprint last. */
const FIRST = ['name', 'table_name', 'format', 'rows', 'rejected', 'bytes', 'notes', 'notes_zh'];

function inOrder(data: Table): Table {
  const place = (name: string) => (name === 'source' ? 99 : FIRST.includes(name) ? FIRST.indexOf(name) : 50);
  const order = data.columns.map((_, i) => i).sort((a, b) => place(data.columns[a]?.name ?? '') - place(data.columns[b]?.name ?? '') || a - b);
  return {
    ...data,
    columns: order.flatMap((i) => data.columns[i] ?? []),
    rows: data.rows.map((row) => order.map((i) => row[i] ?? null)),
  };
}

/** How a file was read, in the file that is saved: nobody looks for it on the page. */
const IN_FILE = ['source', 'sequence', 'encoding', 'compression', 'system', 'converted'];

/** More files of a kind than this stand in one line. */
const MANY = 5;

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
              <pre>
                <code>portolan ingest YOUR_FILES</code>
              </pre>
            </Empty>
          ),
        }}
      >
        {(data) => <Files data={inOrder(data)} />}
      </Answer>
    </Card>
  );
}

/** What the reader of a file found odd: a JSON list of sentences. */
function Notes({ text }: { text: string }) {
  let notes: string[] = [];
  try {
    notes = (JSON.parse(text) as unknown[]).map(String);
  } catch {
    notes = text ? [text] : [];
  }
  return notes.length ? <span className="file-notes">{notes.map(punctuated).join(' · ')}</span> : <span className="faint">–</span>;
}

function Files({ data }: { data: Table }) {
  const { t, f, code, lang } = useWords();
  const notes = { notes: (row: Record<string, unknown>) => <Notes text={String(row[lang === 'zh' ? 'notes_zh' : 'notes'] ?? '')} /> };
  // Terms and places of origin are stated of few files: without any, their columns would push the rest out of sight.
  const inFile = [...IN_FILE, ...['licence', 'origin', 'obtained'].filter((name) => data.rows.every((row) => !row[data.columns.findIndex((c) => c.name === name)]))];
  const at = (name: string) => data.columns.findIndex((c) => c.name === name);
  const [table, format, bytes] = [at('table_name'), at('format'), at('bytes')];
  const isMedia = (row: Table['rows'][number]) => str(row[table]) === 'media';
  const groups = [...groupBy(data.rows.filter(isMedia), (row) => str(row[format]))].filter(([, rows]) => rows.length > MANY);
  const grouped = new Set(groups.flatMap(([, rows]) => rows));
  const rest = data.rows.filter((row) => !grouped.has(row));
  return (
    <>
      <TableView table={{ ...data, rows: rest, total: rest.length }} caption={t('data.sources')} exportName="sources" hide={['sha256']} inFile={inFile} render={notes} />
      {groups.map(([kind, rows]) => (
        <details key={kind} className="file-group">
          <summary>
            {t('data.sources.group', { n: f.count(rows.length), kind: code('media', kind), bytes: f.bytes(rows.reduce((sum, row) => sum + (num(row[bytes]) ?? 0), 0)) })}
          </summary>
          <TableView table={{ ...data, rows, total: rows.length }} caption={code('media', kind)} exportName={`sources-${kind}`} hide={['sha256']} inFile={inFile} render={notes} />
        </details>
      ))}
    </>
  );
}
