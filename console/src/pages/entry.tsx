// Signing in, and making the first admin with the one-time link.
import { useState, type FormEvent } from 'react';
import { api } from '../api/client';
import { Problem } from '../api/problem';
import { useWords } from '../i18n';
import { useAct } from '../lib/load';
import { navigate, useRoute } from '../lib/router';
import { useSession } from '../lib/session';
import { ThemeAndLanguage } from '../shell';
import { Button, Field, Trouble } from '../ui/basic';
import { Compass } from '../ui/icons';
import type { ReactNode } from 'react';

function EntryFrame({ title, lead, children }: { title: string; lead: string; children: ReactNode }) {
  return (
    <div className="entry">
      <main className="entry-card" id="main">
        <div className="entry-brand">
          <Compass size={40} />
          <span className="entry-name">Portolan</span>
          <span className="grow" />
          <ThemeAndLanguage />
        </div>
        <h1>{title}</h1>
        <p className="lead">{lead}</p>
        {children}
      </main>
    </div>
  );
}

export function SignIn() {
  const { t } = useWords();
  const { reload } = useSession();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const enter = useAct(async () => {
    await api.signIn({ name: name.trim(), password });
    await reload();
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void enter.run();
  };
  return (
    <EntryFrame title={t('signin.title')} lead={t('signin.lead')}>
      <form onSubmit={submit} className="stack">
        <Field label={t('signin.name')}>
          {(ids) => <input {...ids} autoComplete="username" required value={name} onChange={(e) => setName(e.target.value)} autoFocus />}
        </Field>
        <Field label={t('signin.password')}>
          {(ids) => <input {...ids} type="password" autoComplete="current-password" required value={password} onChange={(e) => setPassword(e.target.value)} />}
        </Field>
        {enter.problem ? <Trouble problem={enter.problem} /> : null}
        <Button kind="primary" type="submit" busy={enter.busy}>
          {t('signin.button')}
        </Button>
      </form>
    </EntryFrame>
  );
}

export function SetUp() {
  const { t } = useWords();
  const { reload } = useSession();
  const route = useRoute();
  // The link carries the token behind #, so that it is in no server's or proxy's log.
  const fromLink = window.location.hash.slice(1) || route.query.get('token') || '';
  const [token, setToken] = useState(fromLink);
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const make = useAct(async () => {
    if (password !== again) throw new Problem({ title: t('setup.title'), detail: t('setup.differ') }, 400);
    await api.setUp({ token: token.trim(), name: name.trim(), password });
    await reload();
    navigate('/', 'replace');
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void make.run();
  };
  const strength = Math.min(1, password.length / 16);
  return (
    <EntryFrame title={t('setup.title')} lead={t('setup.lead')}>
      <form onSubmit={submit} className="stack">
        {fromLink ? null : (
          <Field label={t('setup.token')} help={t('setup.token.help')}>
            {(ids) => <input {...ids} required value={token} onChange={(e) => setToken(e.target.value)} autoComplete="off" />}
          </Field>
        )}
        <Field label={t('setup.name')}>
          {(ids) => <input {...ids} autoComplete="username" required maxLength={100} value={name} onChange={(e) => setName(e.target.value)} autoFocus />}
        </Field>
        <Field label={t('setup.password')} help={t('setup.password.help')}>
          {(ids) => (
            <input {...ids} type="password" autoComplete="new-password" required minLength={12} maxLength={200} value={password} onChange={(e) => setPassword(e.target.value)} />
          )}
        </Field>
        <span className="meter" aria-hidden="true">
          <span style={{ width: `${strength * 100}%` }} />
        </span>
        <Field label={t('setup.again')} error={again && again !== password ? t('setup.differ') : undefined}>
          {(ids) => <input {...ids} type="password" autoComplete="new-password" required value={again} onChange={(e) => setAgain(e.target.value)} />}
        </Field>
        {make.problem ? <Trouble problem={make.problem} /> : null}
        <Button kind="primary" type="submit" busy={make.busy}>
          {t('setup.button')}
        </Button>
      </form>
    </EntryFrame>
  );
}
