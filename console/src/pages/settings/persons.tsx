// Rights of a person: all that is kept about them, and erasing it.
import { useState, type FormEvent } from 'react';
import { api } from '../../api/client';
import type { PersonErasure, PersonExport } from '../../api/wire';
import { useWords } from '../../i18n';
import { forget, useAct } from '../../lib/load';
import { problemsIn } from '../../lib/problem-words';
import { download } from '../../lib/table';
import { Button, Card, Confirm, Empty, Field, Trouble } from '../../ui/basic';
import { NamedTables } from '../../ui/figure';
import { ConsentsOf } from './consents';

export function Persons() {
  const { t, f, lang } = useWords();
  const [id, setId] = useState('');
  const [found, setFound] = useState<PersonExport | null>(null);
  const [erased, setErased] = useState<PersonErasure | null>(null);
  const next = erased?.next ? problemsIn(lang, erased.next) : null;
  const [asking, ask] = useState(false);
  const find = useAct(async () => {
    setErased(null);
    setFound(null);
    setFound(await api.person(id.trim()));
  });
  const erase = useAct(async () => {
    if (!found) return;
    setErased(await api.erasePerson(found.id));
    setFound(null);
    ask(false);
    forget();
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void find.run();
  };
  const rows = found?.tables.reduce((sum, table) => sum + table.table.total, 0) ?? 0;
  return (
    <Card title={t('persons.title')} hint={t('persons.hint')}>
      <form className="form-row" onSubmit={submit}>
        <Field label={t('persons.id')} help={t('persons.id.help')}>{(ids) => <input {...ids} required value={id} autoComplete="off" onChange={(e) => setId(e.target.value)} />}</Field>
        <div className="row">
          <Button kind="primary" type="submit" icon="search" busy={find.busy}>{t('persons.find')}</Button>
        </div>
      </form>
      {find.problem ? <Trouble problem={find.problem} /> : null}
      {found ? (
        <>
          <div className="row">
            <strong>{t('persons.found', { rows: f.count(rows), tables: f.count(found.tables.length) })}</strong>
            <span className="grow" />
            <Button icon="export" onClick={() => download(`person-${found.id}.json`, JSON.stringify(found, null, 2), 'application/json')}>{t('persons.export')}</Button>
            <Button kind="danger" icon="trash" onClick={() => ask(true)}>{t('persons.erase')}</Button>
          </div>
          {found.tables.length ? <NamedTables tables={found.tables} /> : <Empty title={t('persons.nothing')} />}
          <ConsentsOf id={found.id} />
        </>
      ) : null}
      {erased ? (
        <div className="stack" role="status">
          <p>
            <strong>{t('persons.erased')}</strong>
          </p>
          <ul className="rows">
            {erased.erased.map((e) => (
              <li key={e.place}>
                <code>{e.place}</code>
                <span className="grow" />
                <span>{t('home.fresh.rows', { n: f.count(e.rows) })}</span>
              </li>
            ))}
          </ul>
          {next ? <p className="next" lang={next.lang === 'zh' ? 'zh-CN' : 'en'}>{next.text}</p> : null}
        </div>
      ) : null}
      <Confirm open={asking} title={t('persons.erase')} text={t('persons.erase.text', { id: found?.id ?? '' })} yes={t('persons.erase')} busy={erase.busy} problem={erase.problem} onYes={() => void erase.run()} onClose={() => { ask(false); erase.clear(); }} />
    </Card>
  );
}
