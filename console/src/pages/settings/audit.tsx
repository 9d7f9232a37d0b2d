// The audit log, and whether its chain of hashes is whole.
import { useState } from 'react';
import { api } from '../../api/client';
import type { AuditEntry } from '../../api/wire';
import { useWords } from '../../i18n';
import { useLoad } from '../../lib/load';
import { Answer, Badge, Card, Empty } from '../../ui/basic';
import { DataTable, type Column } from '../../ui/data-table';
import { Pager } from '../audience/members';

export function Audit() {
  const { t, f } = useWords();
  const [page, setPage] = useState(1);
  const audit = useLoad(`audit ${page}`, (signal) => api.audit(page, signal));
  const columns: Column<AuditEntry>[] = [
    { key: 'number', label: t('audit.number'), numeric: true, value: (e) => e.number },
    { key: 'at', label: t('audit.at'), value: (e) => e.at, render: (e) => f.dateTime(e.at) },
    { key: 'actor', label: t('audit.actor'), value: (e) => e.actor },
    { key: 'action', label: t('audit.action'), value: (e) => e.action, render: (e) => <code>{e.action}</code> },
    { key: 'subject', label: t('audit.subject'), value: (e) => e.subject },
    { key: 'detail', label: t('audit.detail'), value: (e) => e.detail },
    { key: 'hash', label: t('audit.hash'), value: (e) => e.hash, render: (e) => <code title={e.hash}>{e.hash.slice(0, 10)}…</code> },
  ];
  return (
    <Card
      title={t('audit.title')}
      hint={t('audit.hint')}
      actions={audit.data ? audit.data.intact ? <Badge tone="good">{t('audit.intact')}</Badge> : <Badge tone="bad">{t('audit.broken', { at: audit.data.broken_at ?? '?' })}</Badge> : null}
    >
      <Answer of={audit} empty={{ when: (d) => d.entries.length === 0, show: <Empty title={t('audit.none')} /> }}>
        {(data) => (
          <>
            <DataTable caption={t('audit.title')} columns={columns} rows={data.entries} rowKey={(e) => String(e.number)} exportName="audit" pageSize={100} total={data.total} />
            <Pager page={page} total={data.total} perPage={100} onPage={setPage} />
          </>
        )}
      </Answer>
    </Card>
  );
}
