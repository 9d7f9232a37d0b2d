// What arrives now: an event debugger, counters and carts.
import { useEffect, useMemo, useRef, useState } from 'react';
import { api } from '../api/client';
import { useWords } from '../i18n';
import { useLoad } from '../lib/load';
import { keep, matches, readEvent, type LiveEvent } from '../lib/live';
import { Answer, Badge, Button, Card, Check, Empty, Page, Panel, Tabs } from '../ui/basic';
import { navigate, useRoute } from '../lib/router';
import { Icon } from '../ui/icons';
import { MarketChoice } from './audience/personas';
import { Carts, Channels, Counters, Queries } from './live/state';
import { VisitorName, VisitorPanel } from './live/visitor';

const KEPT = 500;

export default function Live() {
  const { t } = useWords();
  const part = useRoute().parts[1];
  const tab = part === 'carts' || part === 'queries' || part === 'channels' ? part : 'events';
  return (
    <Page title={t('live.title')} lead={t('live.lead')}>
      <LiveCounters />
      <Tabs
        label={t('live.title')}
        current={tab}
        onChange={(id) => navigate(id === 'events' ? '/live' : `/live/${id}`)}
        tabs={[
          { id: 'events', label: t('live.tab.events') },
          { id: 'carts', label: t('live.tab.carts') },
          { id: 'queries', label: t('live.tab.queries') },
          { id: 'channels', label: t('live.tab.channels') },
        ]}
      />
      <Panel id={tab}>{tab === 'events' ? <Debugger /> : tab === 'carts' ? <LiveCarts /> : tab === 'channels' ? <ChannelVisitors /> : <LiveQueries />}</Panel>
    </Page>
  );
}

function usePolled<T>(key: string, ask: (signal: AbortSignal) => Promise<T>, every: number) {
  const loaded = useLoad(key, ask);
  const { reload } = loaded;
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') reload();
    }, every);
    return () => clearInterval(timer);
  }, [reload, every]);
  return loaded;
}

function LiveCounters() {
  const counters = usePolled('counters', api.counters, 2_000);
  return (
    <Answer of={counters} lines={1}>
      {(data) => <Counters data={data} />}
    </Answer>
  );
}

function LiveCarts() {
  const { t } = useWords();
  const carts = usePolled('carts', api.carts, 3_000);
  const [who, open] = useState<string | null>(null);
  return (
    <Card title={t('live.carts')} hint={t('live.carts.hint')}>
      <Answer of={carts}>{(data) => <Carts data={data} open={open} />}</Answer>
      <VisitorPanel who={who} close={() => open(null)} />
    </Card>
  );
}

function LiveQueries() {
  const { t } = useWords();
  const market = useRoute().query.get('market') ?? undefined;
  const [without, only] = useState(false);
  const queries = usePolled(
    `queries ${market ?? ''} ${String(without)}`,
    (signal) => api.queries({ market, without_results: without || undefined, n: 200 }, signal),
    5_000,
  );
  return (
    <Card title={t('live.queries')} hint={t('live.queries.hint')}>
      <div className="row">
        <MarketChoice />
        <Check label={t('live.queries.without')} checked={without} onChange={only} />
      </div>
      <Answer of={queries}>{(data) => <Queries data={data} />}</Answer>
    </Card>
  );
}

/** Visitors of site and app, as the last run counted them. */
function ChannelVisitors() {
  const { t } = useWords();
  const channels = useLoad('channels', (signal) => api.channels(null, signal));
  return (
    <Card title={t('live.channels')} hint={t('live.channels.hint')}>
      <Answer of={channels}>{(data) => <Channels data={data} />}</Answer>
    </Card>
  );
}

function useStream(paused: boolean): { events: LiveEvent[]; state: 'connecting' | 'open' | 'lost'; clear: () => void } {
  const [events, setEvents] = useState<LiveEvent[]>([]);
  const [state, setState] = useState<'connecting' | 'open' | 'lost'>('connecting');
  const [round, again] = useState(0);
  const number = useRef(0);
  const held = useRef(paused);
  held.current = paused;
  useEffect(() => {
    const source = new EventSource('/api/v1/live/events');
    let waiting: LiveEvent[] = [];
    let later: ReturnType<typeof setTimeout> | undefined;
    const take = (message: MessageEvent<string>) => {
      if (held.current) return;
      const event = readEvent(message.data, (number.current += 1));
      if (event) waiting.push(event);
    };
    // Many events a second are drawn four times a second.
    const timer = setInterval(() => {
      if (waiting.length === 0) return;
      const fresh = waiting;
      waiting = [];
      setEvents((before) => keep(before, fresh, KEPT));
    }, 250);
    source.onopen = () => setState('open');
    source.onerror = () => {
      setState('lost');
      // The browser connects again after a cut by itself, but not after a refusal.
      if (source.readyState === EventSource.CLOSED) later = setTimeout(() => again((n) => n + 1), 3_000);
    };
    source.onmessage = take;
    source.addEventListener('event', take as EventListener);
    return () => {
      clearInterval(timer);
      clearTimeout(later);
      source.close();
    };
  }, [round]);
  return { events, state, clear: () => setEvents([]) };
}

function Debugger() {
  const { t, f } = useWords();
  const [paused, pause] = useState(false);
  const [query, setQuery] = useState('');
  const [picked, pick] = useState<number | null>(null);
  const [who, open] = useState<string | null>(null);
  const { events, state, clear } = useStream(paused);
  const shown = useMemo(() => events.filter((e) => matches(e, query)), [events, query]);
  const chosen = shown.find((e) => e.number === picked) ?? shown[0];
  return (
    <Card
      title={t('live.events')}
      hint={t('live.events.hint')}
      actions={
        <>
          <span className={`pulse ${paused ? 'paused' : state}`} role="status">
            {t(paused ? 'live.paused' : `live.${state}`)}
          </span>
          <Button icon={paused ? 'play' : 'pause'} onClick={() => pause(!paused)}>
            {t(paused ? 'live.resume' : 'live.pause')}
          </Button>
          <Button icon="trash" onClick={clear}>
            {t('live.clear')}
          </Button>
        </>
      }
    >
      <div className="table-tools">
        <div className="filter">
          <Icon name="search" size={15} />
          <input type="search" aria-label={t('live.filter')} placeholder={t('live.filter')} value={query} onChange={(e) => setQuery(e.target.value)} />
        </div>
        <span className="hint" role="status">
          {t('live.shown', { n: f.count(shown.length) })}
        </span>
      </div>
      {shown.length === 0 ? (
        <Empty title={t('live.none')} icon="live">
          <p>{t('live.none.text')}</p>
          <pre><code>{`curl -u WRITE_KEY: ${window.location.origin}/v1/track \\\n  -H 'content-type: application/json' \\\n  -d '{"userId":"u1","event":"Product Viewed","properties":{"product_id":"P-1"}}'`}</code></pre>
        </Empty>
      ) : (
        <div className="debugger">
          <ul className="stream" aria-label={t('live.events')}>
            {shown.slice(0, 200).map((event) => (
              <li key={event.number}>
                <button type="button" aria-pressed={event.number === chosen?.number} onClick={() => pick(event.number)}>
                  <Badge tone={event.accepted ? 'accent' : 'bad'}>{event.kind}</Badge>
                  <span className="stream-name">{event.name || '–'}</span>
                  <span className="hint stream-who">{[event.market, event.who].filter(Boolean).join(' · ')}</span>
                  <time className="hint">{f.time(event.received)}</time>
                </button>
              </li>
            ))}
          </ul>
          {chosen ? (
            <div className="event-detail">
              {chosen.problems.map((problem) => (
                <p key={problem} className="field-error">
                  {problem}
                </p>
              ))}
              <p className="hint">
                <VisitorName who={chosen.who} open={open} /> {t('live.meta', { key: chosen.key || '–', market: chosen.market ? f.market(chosen.market) : '–' })}
              </p>
              <pre tabIndex={0} role="region" aria-label={t('live.detail')}>
                {JSON.stringify(chosen.detail, null, 2)}
              </pre>
            </div>
          ) : null}
        </div>
      )}
      <VisitorPanel who={who} close={() => open(null)} />
    </Card>
  );
}
