// What a person decided, purpose by purpose, with the history, and taking a new decision down.
import { useState, type FormEvent } from 'react';
import { api } from '../../api/client';
import type { ConsentChoice } from '../../api/wire';
import { useWords } from '../../i18n';
import { useAct, useLoad } from '../../lib/load';
import { Answer, Badge, Button, Field, Select, Trouble } from '../../ui/basic';
import { DataTable } from '../../ui/data-table';

const PURPOSES = ['analytics', 'personalisation', 'marketing'] as const;
const CHOICES: readonly ConsentChoice[] = ['granted', 'denied', 'withdrawn'];

export function ConsentsOf({ id }: { id: string }) {
  const { t, f, code } = useWords();
  const consents = useLoad(`consents ${id}`, (signal) => api.consents(id, signal));
  const [purpose, setPurpose] = useState<string>('marketing');
  const [choice, setChoice] = useState<ConsentChoice>('granted');
  const [source, setSource] = useState('');
  const save = useAct(async () => {
    await api.setConsent(id, { purpose, state: choice, source: source.trim() });
    setSource('');
    consents.reload();
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void save.run();
  };
  return (
    <section className="subsection stack">
      <h3>{t('consents.title')}</h3>
      <Answer of={consents} lines={3}>
        {(data) => (
          <>
            <ul className="rows">
              {PURPOSES.map((p) => {
                const last = data.now.find((c) => c.purpose === p);
                return (
                  <li key={p}>
                    <span>{code('purpose', p)}</span>
                    <span className="grow" />
                    {last ? <span className="hint">{f.dateTime(last.at)}</span> : null}
                    <Badge tone={!last ? 'neutral' : last.state === 'granted' ? 'good' : 'warn'}>{last ? code('consent', last.state) : t('consents.never')}</Badge>
                  </li>
                );
              })}
            </ul>
            {data.history.length ? (
              <DataTable
                caption={t('consents.history')}
                rows={data.history}
                rowKey={(r, i) => `${r.at} ${i}`}
                exportName="consents"
                columns={[
                  { key: 'at', label: t('consents.at'), value: (r) => r.at, render: (r) => f.dateTime(r.at) },
                  { key: 'purpose', label: t('consents.purpose'), value: (r) => code('purpose', r.purpose) },
                  { key: 'state', label: t('consents.state'), value: (r) => code('consent', r.state) },
                  { key: 'source', label: t('consents.source'), value: (r) => r.source },
                ]}
              />
            ) : null}
          </>
        )}
      </Answer>
      <form className="form-row" onSubmit={submit}>
        <Select label={t('consents.purpose')} value={purpose} onChange={setPurpose} options={PURPOSES.map((p) => ({ value: p, label: code('purpose', p) }))} />
        <Select label={t('consents.state')} value={choice} onChange={(c) => setChoice(c as ConsentChoice)} options={CHOICES.map((c) => ({ value: c, label: code('consent', c) }))} />
        <Field label={t('consents.source')} help={t('consents.source.help')}>
          {(ids) => <input {...ids} value={source} maxLength={200} onChange={(e) => setSource(e.target.value)} />}
        </Field>
        <div className="row">
          <Button type="submit" busy={save.busy}>
            {t('consents.save')}
          </Button>
        </div>
      </form>
      {save.problem ? <Trouble problem={save.problem} /> : null}
    </section>
  );
}
