// API keys: made, copied once, turned over, taken away.
import { useState, type FormEvent } from 'react';
import { api } from '../../api/client';
import type { ApiKey, KeyKind, KeyWithSecret } from '../../api/wire';
import { useWords } from '../../i18n';
import { useAct, useLoad } from '../../lib/load';
import { Answer, Badge, Button, Card, Confirm, CopyButton, Dialog, Empty, Field, Select, Trouble } from '../../ui/basic';
import { DataTable, type Column } from '../../ui/data-table';

export function Keys() {
  const { t, f, code } = useWords();
  const keys = useLoad('keys', api.keys);
  const [making, make] = useState(false);
  const [secret, show] = useState<KeyWithSecret | null>(null);
  const [asking, ask] = useState<{ key: ApiKey; what: 'rotate' | 'revoke' } | null>(null);
  const act = useAct(async (key: ApiKey, what: 'rotate' | 'revoke') => {
    if (what === 'rotate') show(await api.rotateKey(key.id));
    else await api.revokeKey(key.id);
    ask(null);
    keys.reload();
  });
  const columns: Column<ApiKey>[] = [
    { key: 'name', label: t('keys.name'), value: (k) => k.name },
    { key: 'kind', label: t('word.kind'), value: (k) => k.kind, render: (k) => <Badge tone={k.kind === 'admin' ? 'warn' : 'accent'}>{code('keykind', k.kind)}</Badge> },
    { key: 'prefix', label: t('keys.prefix'), value: (k) => k.prefix, render: (k) => <code>{k.prefix}…</code> },
    { key: 'scope', label: t('keys.scope'), value: (k) => [k.market, ...k.origins].filter(Boolean).join(' '), render: (k) => <span className="two-lines"><span>{k.market ? f.market(k.market) : t('word.allmarkets')}</span>{k.origins.length ? <span className="hint">{k.origins.join(', ')}</span> : null}</span> },
    { key: 'created', label: t('keys.created'), value: (k) => k.created, render: (k) => f.dateTime(k.rotated ?? k.created) },
    { key: 'used', label: t('keys.used'), value: (k) => k.last_used, render: (k) => (k.last_used ? f.ago(k.last_used) : <span className="faint">{t('keys.never')}</span>) },
    {
      key: 'do',
      label: t('word.actions'),
      sortable: false,
      value: () => null,
      render: (k) =>
        k.revoked ? (
          <Badge tone="bad">{t('keys.revoked')}</Badge>
        ) : (
          <span className="row nowrap">
            <Button kind="quiet" onClick={() => ask({ key: k, what: 'rotate' })}>
              {t('keys.rotate')}
            </Button>
            <Button kind="quiet" onClick={() => ask({ key: k, what: 'revoke' })}>
              {t('keys.revoke')}
            </Button>
          </span>
        ),
    },
  ];
  return (
    <Card title={t('keys.title')} hint={t('keys.hint')} actions={<Button kind="primary" icon="plus" onClick={() => make(true)}>{t('keys.make')}</Button>}>
      <Answer of={keys} empty={{ when: (d) => d.keys.length === 0, show: <Empty title={t('keys.none')} icon="key">{t('keys.none.text')}</Empty> }}>
        {(data) => <DataTable caption={t('keys.title')} columns={columns} rows={data.keys} rowKey={(k) => k.id} />}
      </Answer>
      <NewKey open={making} onClose={() => make(false)} onMade={(made) => { make(false); show(made); keys.reload(); }} />
      <Dialog open={secret !== null} title={t('keys.secret')} onClose={() => show(null)} footer={<Button kind="primary" onClick={() => show(null)}>{t('keys.done')}</Button>}>
        <p>{t('keys.secret.text')}</p>
        <div className="secret">
          <code className="wrap">{secret?.secret}</code>
          <CopyButton text={secret?.secret ?? ''} label={t('action.copy')} />
        </div>
      </Dialog>
      <Confirm
        open={asking !== null}
        title={t(asking?.what === 'rotate' ? 'keys.rotate.title' : 'keys.revoke.title', { name: asking?.key.name ?? '' })}
        text={t(asking?.what === 'rotate' ? 'keys.rotate.text' : 'keys.revoke.text')}
        yes={t(asking?.what === 'rotate' ? 'keys.rotate' : 'keys.revoke')}
        busy={act.busy}
        problem={act.problem}
        onYes={() => asking && void act.run(asking.key, asking.what)}
        onClose={() => { ask(null); act.clear(); }}
      />
    </Card>
  );
}

function NewKey({ open, onClose, onMade }: { open: boolean; onClose: () => void; onMade: (made: KeyWithSecret) => void }) {
  const { t, f, code } = useWords();
  const overview = useLoad(open ? 'overview' : null, api.overview);
  const [name, setName] = useState('');
  const [kind, setKind] = useState<KeyKind>('write');
  const [market, setMarket] = useState('');
  const [origins, setOrigins] = useState('');
  const make = useAct(async () => {
    onMade(await api.addKey({ name: name.trim(), kind, market: market || null, origins: origins.split(/[\s,]+/).filter(Boolean) }));
    setName('');
    setOrigins('');
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void make.run();
  };
  return (
    <Dialog open={open} title={t('keys.make')} onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        <Field label={t('keys.name')} help={t('keys.name.help')}>{(ids) => <input {...ids} required maxLength={100} value={name} onChange={(e) => setName(e.target.value)} />}</Field>
        <Select label={t('word.kind')} value={kind} onChange={(k) => setKind(k as KeyKind)} options={(['write', 'read', 'admin'] as const).map((k) => ({ value: k, label: `${code('keykind', k)} — ${t(`keykind.${k}.text`)}` }))} />
        <Select label={t('word.market')} value={market} onChange={setMarket} options={[{ value: '', label: t('word.allmarkets') }, ...(overview.data?.markets ?? []).map((m) => ({ value: m, label: f.market(m) }))]} />
        <Field label={t('keys.origins')} help={t('keys.origins.help')}>{(ids) => <input {...ids} value={origins} placeholder="https://shop.example" onChange={(e) => setOrigins(e.target.value)} />}</Field>
        {make.problem ? <Trouble problem={make.problem} /> : null}
        <div className="row">
          <Button kind="primary" type="submit" busy={make.busy}>{t('keys.make')}</Button>
          <Button onClick={onClose}>{t('action.cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}
