// People who may sign in, and what they may do.
import { useState, type FormEvent } from 'react';
import { api } from '../../api/client';
import type { Role, User } from '../../api/wire';
import { useWords } from '../../i18n';
import { useAct, useLoad } from '../../lib/load';
import { useSession } from '../../lib/session';
import { Answer, Badge, Button, Card, Confirm, Dialog, Field, IconButton, Select, Trouble } from '../../ui/basic';
import { DataTable, type Column } from '../../ui/data-table';

const roles: Role[] = ['viewer', 'marketer', 'admin'];

export function Users() {
  const { t, f } = useWords();
  const { info } = useSession();
  const users = useLoad('users', api.users);
  const [adding, add] = useState(false);
  const [going, setGoing] = useState<User | null>(null);
  const change = useAct(async (user: User, what: { role?: Role; unlock?: boolean }) => {
    await api.changeUser(user.id, what);
    users.reload();
  });
  const remove = useAct(async (user: User) => {
    await api.removeUser(user.id);
    setGoing(null);
    users.reload();
  });
  const columns: Column<User>[] = [
    { key: 'name', label: t('signin.name'), value: (u) => u.name, render: (u) => <span className="row nowrap">{u.name}{u.name === info?.user?.name ? <Badge>{t('users.you')}</Badge> : null}</span> },
    {
      key: 'role',
      label: t('users.role'),
      value: (u) => roles.indexOf(u.role),
      render: (u) => (
        <select aria-label={t('users.role.of', { name: u.name })} value={u.role} disabled={u.name === info?.user?.name || change.busy} onChange={(e) => void change.run(u, { role: e.target.value as Role })}>
          {roles.map((r) => (
            <option key={r} value={r}>
              {t(`role.${r}`)}
            </option>
          ))}
        </select>
      ),
    },
    { key: 'created', label: t('keys.created'), value: (u) => u.created, render: (u) => f.dateTime(u.created) },
    { key: 'seen', label: t('users.seen'), value: (u) => u.last_seen, render: (u) => (u.last_seen ? f.ago(u.last_seen) : <span className="faint">{t('keys.never')}</span>) },
    {
      key: 'do',
      label: t('word.actions'),
      sortable: false,
      value: () => null,
      render: (u) => (
        <span className="row nowrap">
          {u.locked_until ? (
            <Button kind="quiet" onClick={() => void change.run(u, { unlock: true })}>
              {t('users.unlock')}
            </Button>
          ) : null}
          {u.name === info?.user?.name ? null : <IconButton icon="trash" label={t('users.remove', { name: u.name })} onClick={() => setGoing(u)} />}
        </span>
      ),
    },
  ];
  return (
    <Card title={t('users.title')} hint={t('users.hint')} actions={<Button kind="primary" icon="plus" onClick={() => add(true)}>{t('users.add')}</Button>}>
      {change.problem ? <Trouble problem={change.problem} /> : null}
      <Answer of={users}>{(data) => <DataTable caption={t('users.title')} columns={columns} rows={data.users} rowKey={(u) => u.id} />}</Answer>
      <dl className="facts roles">
        {roles.map((r) => (
          <div key={r}>
            <dt>{t(`role.${r}`)}</dt>
            <dd>{t(`role.${r}.text`)}</dd>
          </div>
        ))}
      </dl>
      <NewUser open={adding} onClose={() => add(false)} onMade={() => { add(false); users.reload(); }} />
      <Confirm open={going !== null} title={t('users.remove', { name: going?.name ?? '' })} text={t('users.remove.text')} yes={t('action.remove')} busy={remove.busy} problem={remove.problem} onYes={() => going && void remove.run(going)} onClose={() => { setGoing(null); remove.clear(); }} />
    </Card>
  );
}

function NewUser({ open, onClose, onMade }: { open: boolean; onClose: () => void; onMade: () => void }) {
  const { t } = useWords();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [password, setPassword] = useState('');
  const make = useAct(async () => {
    await api.addUser({ name: name.trim(), role, password });
    setName('');
    setPassword('');
    onMade();
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void make.run();
  };
  return (
    <Dialog open={open} title={t('users.add')} onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        <Field label={t('signin.name')}>{(ids) => <input {...ids} required maxLength={100} autoComplete="off" value={name} onChange={(e) => setName(e.target.value)} />}</Field>
        <Select label={t('users.role')} value={role} onChange={(r) => setRole(r as Role)} options={roles.map((r) => ({ value: r, label: `${t(`role.${r}`)} — ${t(`role.${r}.text`)}` }))} />
        <Field label={t('setup.password')} help={t('setup.password.help')}>{(ids) => <input {...ids} type="password" required minLength={12} maxLength={200} autoComplete="new-password" value={password} onChange={(e) => setPassword(e.target.value)} />}</Field>
        {make.problem ? <Trouble problem={make.problem} /> : null}
        <div className="row">
          <Button kind="primary" type="submit" busy={make.busy}>{t('users.add')}</Button>
          <Button onClick={onClose}>{t('action.cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}
