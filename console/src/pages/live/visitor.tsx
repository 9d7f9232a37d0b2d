// What one shopper or visitor did: sessions with their path, cart and wish list.
import { api } from '../../api/client';
import { useState } from 'react';
import { Problem } from '../../api/problem';
import type { LiveVisitor, VisitorLink, VisitorSession } from '../../api/wire';
import { useWords } from '../../i18n';
import { useLoad } from '../../lib/load';
import { Link } from '../../lib/router';
import { useSession } from '../../lib/session';
import { Answer, Badge, Button, Dialog, ProblemText } from '../../ui/basic';
import { DataTable } from '../../ui/data-table';

/** A name that opens what its owner did; a plain name for whoever may not see that. */
export function VisitorName({ who, open }: { who: string; open: (who: string) => void }) {
  const { t } = useWords();
  const { may } = useSession();
  if (!who || !may('marketer')) return <>{who || '–'}</>;
  return (
    <Button kind="quiet" aria-label={t('live.visitor.show', { who })} onClick={() => open(who)}>
      {who}
    </Button>
  );
}

export function VisitorPanel({ who, close }: { who: string | null; close: () => void }) {
  const { t } = useWords();
  return (
    <Dialog open={who !== null} wide title={t('live.visitor.show', { who: who ?? '' })} onClose={close}>
      {who === null ? null : <Visitor who={who} />}
    </Dialog>
  );
}

function Visitor({ who }: { who: string }) {
  const visitor = useLoad(`visitor ${who}`, (signal) => api.visitor(who, signal));
  return <Answer of={visitor}>{(data) => <Shown data={data} changed={visitor.reload} />}</Answer>;
}

function Shown({ data, changed }: { data: LiveVisitor; changed: () => void }) {
  const { t, f, code } = useWords();
  const others = data.ids.filter((id) => id !== data.id);
  return (
    <div className="stack">
      <p className="row">
        <Badge tone={data.known ? 'accent' : 'neutral'}>{t(data.known ? 'live.visitor.known' : 'live.visitor.unknown')}</Badge>
        {data.known ? <Link to={`/audience/shoppers/${encodeURIComponent(data.id)}`}>{data.id}</Link> : <span>{data.id}</span>}
        {others.length > 0 ? <span className="hint">{t('live.visitor.ids', { ids: f.list(others) })}</span> : null}
      </p>
      {data.sessions.map((session) => (
        <Session key={session.first} session={session} />
      ))}
      <section>
        <h3>{t('live.visitor.cart', { state: code('code', data.cart_state) })}</h3>
        {data.cart.length > 0 ? (
          <DataTable
            caption={t('live.visitor.cart', { state: code('code', data.cart_state) })}
            filter={false}
            rows={data.cart}
            rowKey={(line) => line.product_id}
            columns={[
              { key: 'product', label: t('live.visitor.product'), value: (line) => line.product_id },
              { key: 'units', label: t('live.visitor.units'), numeric: true, value: (line) => line.quantity },
              { key: 'price', label: t('live.visitor.price'), numeric: true, value: (line) => line.price ?? null, render: (line) => (line.price && line.currency ? f.money(Number(line.price), line.currency, true) : '–') },
            ]}
          />
        ) : null}
      </section>
      {data.wishes.length > 0 ? (
        <section>
          <h3>{t('live.visitor.wishes')}</h3>
          <DataTable
            caption={t('live.visitor.wishes')}
            filter={false}
            rows={data.wishes}
            rowKey={(wish) => wish.product_id}
            columns={[
              { key: 'product', label: t('live.visitor.product'), value: (wish) => wish.product_id },
              { key: 'since', label: t('live.visitor.since'), value: (wish) => wish.since, render: (wish) => f.dateTime(wish.since) },
            ]}
          />
        </section>
      ) : null}
      {data.links.length > 0 ? <Links links={data.links} changed={changed} /> : null}
    </div>
  );
}

/** Why these names are one person; who may can take a link back, after being asked once. */
function Links({ links, changed }: { links: VisitorLink[]; changed: () => void }) {
  const { t, f } = useWords();
  const { may } = useSession();
  const [asked, ask] = useState<string | null>(null);
  const [error, fail] = useState<Problem | null>(null);
  const undo = async (link: VisitorLink) => {
    try {
      await api.undoLink(link.visitor, link.link);
      fail(null);
      changed();
    } catch (cause) {
      fail(Problem.from(cause));
    }
    ask(null);
  };
  const button = (link: VisitorLink) => {
    if (link.undone) return t('live.visitor.undone', { at: f.dateTime(link.undone) });
    if (!may('admin')) return '–';
    return asked === link.link ? (
      <Button kind="danger" onClick={() => void undo(link)}>
        {t('live.visitor.undo.sure')}
      </Button>
    ) : (
      <Button kind="quiet" onClick={() => ask(link.link)}>
        {t('live.visitor.undo')}
      </Button>
    );
  };
  return (
    <section>
      <h3>{t('live.visitor.links')}</h3>
      <p className="hint">{t('live.visitor.links.hint')}</p>
      {error ? <p className="field-error" role="alert"><ProblemText text={error.message} /></p> : null}
      <DataTable
        caption={t('live.visitor.links')}
        filter={false}
        rows={links}
        rowKey={(link) => link.link}
        columns={[
          { key: 'visitor', label: t('live.visitor.unknown'), value: (link) => link.visitor },
          { key: 'shopper', label: t('live.visitor.known'), value: (link) => link.shopper },
          { key: 'since', label: t('live.visitor.since'), value: (link) => link.since, render: (link) => f.dateTime(link.since) },
          { key: 'undone', label: t('live.visitor.undo'), sortable: false, value: (link) => link.undone ?? null, render: button },
        ]}
      />
    </section>
  );
}

function Session({ session }: { session: VisitorSession }) {
  const { t, f } = useWords();
  return (
    <section>
      <h3 className="row">
        <span>{t('live.visitor.session', { first: f.dateTime(session.first), last: f.time(session.last) })}</span>
        <span className="hint">{t('live.visitor.steps', { n: f.count(session.steps) })}</span>
        {session.bounced ? <Badge tone="warn">{t('live.visitor.bounced')}</Badge> : null}
      </h3>
      {session.pages.length > 0 ? (
        <DataTable
          caption={t('live.visitor.path')}
          filter={false}
          rows={session.pages}
          rowKey={(_, i) => String(i)}
          columns={[
            { key: 'page', label: t('live.visitor.page'), sortable: false, value: (page) => page.url ?? '–' },
            { key: 'opened', label: t('live.visitor.opened'), sortable: false, value: (page) => page.at, render: (page) => f.time(page.at) },
            {
              key: 'dwell',
              label: t('live.visitor.dwell'),
              numeric: true,
              sortable: false,
              value: (page) => page.dwell_ms ?? null,
              render: (page) => (page.dwell_ms === null || page.dwell_ms === undefined ? '–' : f.count(Math.round(page.dwell_ms / 1_000))),
            },
          ]}
        />
      ) : null}
    </section>
  );
}
