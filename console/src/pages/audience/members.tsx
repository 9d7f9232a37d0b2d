// The shoppers of one segment, page by page.
import { useState } from 'react';
import { api } from '../../api/client';
import type { Table } from '../../api/wire';
import { useWords } from '../../i18n';
import { useLoad } from '../../lib/load';
import { Link } from '../../lib/router';
import { Answer, Button, Card, Check, Empty, Page } from '../../ui/basic';
import { TableView } from '../../ui/figure';

const PER_PAGE = 100;
/** Rows that the server gives at once. */
const MOST = 500;

export function Pager({ page, total, perPage, onPage }: { page: number; total: number; perPage: number; onPage: (page: number) => void }) {
  const { t, f } = useWords();
  const pages = Math.max(1, Math.ceil(total / perPage));
  if (pages === 1) return null;
  return (
    <nav className="pager no-print" aria-label={t('pager.label')}>
      <Button icon="left" disabled={page <= 1} onClick={() => onPage(page - 1)}>
        {t('pager.before')}
      </Button>
      <span className="hint">{t('pager.at', { page: f.count(page), pages: f.count(pages) })}</span>
      <Button disabled={page >= pages} onClick={() => onPage(page + 1)}>
        {t('pager.next')}
      </Button>
    </nav>
  );
}

export function ShopperLink({ id }: { id: string }) {
  return (
    <Link to={`/audience/shoppers/${encodeURIComponent(id)}`}>
      <code>{id}</code>
    </Link>
  );
}

export function Members({ name }: { name: string }) {
  const { t, code } = useWords();
  const [page, setPage] = useState(1);
  const [contactable, setContactable] = useState(false);
  const who = contactable ? { contactable } : {};
  const members = useLoad(`members ${name} ${page} ${contactable}`, (signal) => api.members(name, { page, per_page: PER_PAGE, ...who }, signal));
  // A file has everybody, not the page that is shown.
  const everybody = async () => {
    const rows: Table['rows'] = [];
    for (let at = 1; ; at += 1) {
      const part = await api.members(name, { page: at, per_page: MOST, ...who });
      rows.push(...part.rows);
      if (part.rows.length < MOST || rows.length >= part.total) return rows;
    }
  };
  return (
    <Page title={code('rfm', name)} lead={<Link to="/audience/segments">← {t('segments.back')}</Link>}>
      <Card title={t('segments.members')} hint={t('segments.members.hint')}>
        <Check
          label={t('segments.members.contactable')}
          checked={contactable}
          onChange={(on) => {
            setContactable(on);
            setPage(1);
          }}
        />
        <Answer of={members} empty={{ when: (d) => d.rows.length === 0, show: <Empty title={t('segments.members.none')}>{t(contactable ? 'segments.members.none.contactable' : 'segments.members.none.text')}</Empty> }}>
          {(data) => (
            <>
              <TableView
                table={data}
                caption={t('segments.members')}
                exportName={`segment-${name}`}
                pageSize={PER_PAGE}
                all={everybody}
                hide={['version']}
                render={{ shopper_id: (row) => <ShopperLink id={String(row['shopper_id'])} /> }}
              />
              <Pager page={page} total={data.total} perPage={PER_PAGE} onPage={setPage} />
            </>
          )}
        </Answer>
      </Card>
    </Page>
  );
}
