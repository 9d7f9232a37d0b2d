// Questions to the lake in SQL, read only; the question stands in the address and can be shared.
import { useRef, useState, type FormEvent, type KeyboardEvent } from 'react';
import { api } from '../../api/client';
import { Problem } from '../../api/problem';
import type { Table } from '../../api/wire';
import { useWords } from '../../i18n';
import { setQuery, useRoute } from '../../lib/router';
import { Button, Card, Empty, Field, Select, Trouble } from '../../ui/basic';
import { TableView } from '../../ui/figure';

const EXAMPLES = [
  'select market, n_shoppers, n_orders, revenue from marts.market_summary order by revenue desc',
  'select date_trunc(\'month\', day) as month, count(*) as orders from clean.orders group by 1 order by 1',
  'select table_name, table_schema from information_schema.tables order by 2, 1',
];

export function Sql() {
  const { t, f } = useWords();
  const asked = useRoute().query.get('q');
  const [query, setText] = useState(asked ?? EXAMPLES[0] ?? '');
  const [limit, setLimit] = useState('1000');
  const [state, set] = useState<{ table?: Table; problem?: Problem; busy: boolean; ms?: number }>({ busy: false });
  const running = useRef<AbortController>(null);

  const ask = async (event?: FormEvent) => {
    event?.preventDefault();
    if (!query.trim()) return;
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    set((before) => ({ ...before, problem: undefined, busy: true }));
    setQuery({ q: query.trim() });
    const start = performance.now();
    try {
      const table = await api.sql(query, Number(limit), controller.signal);
      if (!controller.signal.aborted) set({ table, busy: false, ms: performance.now() - start });
    } catch (cause) {
      if (!controller.signal.aborted) set({ problem: Problem.from(cause), busy: false });
    }
  };
  const stop = () => {
    running.current?.abort();
    set((before) => ({ ...before, busy: false }));
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) {
      event.preventDefault();
      void ask();
    }
  };
  return (
    <>
      <Card title={t('sql.title')} hint={t('sql.hint')}>
        <form className="stack" onSubmit={(e) => void ask(e)}>
          <Field label={t('sql.question')} help={t('sql.keys')}>
            {(ids) => <textarea {...ids} className="code" rows={6} spellCheck={false} value={query} maxLength={50_000} onChange={(e) => setText(e.target.value)} onKeyDown={keys} />}
          </Field>
          <div className="row">
            <span className="hint">{t('segments.examples')}</span>
            {EXAMPLES.map((example, i) => (
              <button key={example} type="button" className="chip" translate="no" title={example} onClick={() => setText(example)}>
                {t(`sql.example.${i as 0 | 1 | 2}`)}
              </button>
            ))}
          </div>
          <div className="row">
            <Button kind="primary" type="submit" icon="play" busy={state.busy}>
              {t('sql.ask')}
            </Button>
            {state.busy ? (
              <Button icon="stop" onClick={stop}>
                {t('action.stop')}
              </Button>
            ) : null}
            <Select compact label={t('sql.limit')} value={limit} onChange={setLimit} options={['100', '1000', '10000'].map((n) => ({ value: n, label: f.count(Number(n)) }))} />
          </div>
        </form>
      </Card>
      {state.problem ? <Trouble problem={state.problem} /> : null}
      {state.table ? (
        <Card title={t('sql.result')} hint={t('sql.took', { rows: f.count(state.table.rows.length), ms: f.count(state.ms ?? 0) })}>
          <TableView table={state.table} caption={t('sql.result')} exportName="query" pageSize={50} plain empty={<Empty title={t('sql.none')} />} />
        </Card>
      ) : null}
    </>
  );
}
