// The ranking with weights to play with, the map, and why each market stands where it stands.
import { useMemo, useState } from 'react';
import { api } from '../../api/client';
import type { MarketRanking } from '../../api/wire';
import { useWords } from '../../i18n';
import { useLoad } from '../../lib/load';
import { rankMarkets } from '../../lib/ranking';
import { Link } from '../../lib/router';
import { Answer, Badge, Button, Card, Empty } from '../../ui/basic';
import { DataTable, type Column } from '../../ui/data-table';
import { Notes } from '../../ui/figure';
import { HeatChip, RangeBar, TileMap } from '../../ui/marks';

export function Ranking() {
  const { t } = useWords();
  const ranking = useLoad('markets', api.markets);
  return (
    <Answer
      of={ranking}
      lines={10}
      empty={{
        when: (d) => d.ranking.length === 0,
        show: (
          <Card>
            <Empty title={t('markets.empty')} icon="map">
              <p>{t('markets.empty.text')}</p>
              <pre>portolan markets template --out facts.csv --markets KR,JP</pre>
            </Empty>
          </Card>
        ),
      }}
    >
      {(data) => <Ranked data={data} />}
    </Answer>
  );
}

interface Line {
  market: string;
  name: string;
  status: string;
  rank: number | null;
  before: number | null;
  score: number | null;
  low: number | null;
  high: number | null;
  rankLow: number | null;
  rankHigh: number | null;
  criteria: Record<string, number | null>;
}

function Ranked({ data }: { data: MarketRanking }) {
  const { t, f, spoken, code } = useWords();
  const standard = useMemo(() => Object.fromEntries(data.criteria.map((c) => [c.name, c.weight])), [data.criteria]);
  const [weights, setWeights] = useState(standard);
  const changed = data.criteria.some((c) => Math.abs((weights[c.name] ?? 0) - c.weight) > 1e-9);
  const total = Object.values(weights).reduce((a, b) => a + b, 0) || 1;

  const lines = useMemo<Line[]>(() => {
    const mine = changed ? new Map(rankMarkets(data.ranking.filter((m) => m.rank != null), weights).map((m) => [m.market, m])) : null;
    return data.ranking
      .map((m) => {
        const own = mine?.get(m.market);
        return {
          market: m.market,
          name: spoken(m.name) || f.market(m.market),
          status: m.status,
          rank: own ? own.rank : (m.rank ?? null),
          before: m.rank ?? null,
          score: own ? own.score : (m.score ?? null),
          low: own ? null : (m.low ?? null),
          high: own ? null : (m.high ?? null),
          rankLow: own ? own.rankLow : (m.rank_low ?? null),
          rankHigh: own ? own.rankHigh : (m.rank_high ?? null),
          criteria: m.criteria,
        };
      })
      .sort((a, b) => (a.rank ?? 1e9) - (b.rank ?? 1e9));
  }, [data.ranking, weights, changed, spoken, f]);

  const ends = lines.flatMap((l) => [l.low ?? l.score, l.high ?? l.score]).filter((x): x is number => x !== null);
  const [from, to] = [Math.min(...ends), Math.max(...ends)];

  const range = (line: Line) => (line.rankLow === null || line.rankHigh === null ? '' : line.rankLow === line.rankHigh ? f.count(line.rankLow) : `${line.rankLow}–${line.rankHigh}`);

  const columns: Column<Line>[] = [
    { key: 'rank', label: t('markets.rank'), numeric: true, value: (r) => r.rank, render: (r) => <Rank line={r} changed={changed} /> },
    {
      key: 'market',
      label: t('word.market'),
      value: (r) => `${r.name} ${r.market}`,
      render: (r) => (
        <span className="row nowrap market-name">
          <Link to={`/markets/${r.market}`}>{r.name}</Link>
          {/* Most are candidates: a mark on every row marks none. */}
          {r.status === 'candidate' ? null : <StatusBadge status={r.status} />}
        </span>
      ),
    },
    { key: 'score', label: t('markets.score'), numeric: true, value: (r) => r.score, render: (r) => f.decimal(r.score, 3) },
    {
      key: 'interval',
      label: t('markets.interval'),
      sortable: false,
      value: (r) => (r.low === null ? '' : `${r.low}–${r.high}`),
      render: (r) => (
        <RangeBar
          value={r.score}
          low={r.low}
          high={r.high}
          from={from}
          to={to}
          label={r.low === null ? f.decimal(r.score, 3) : t('markets.interval.label', { low: f.decimal(r.low, 2), high: f.decimal(r.high, 2) })}
        />
      ),
    },
    { key: 'places', label: t('markets.places'), hint: t('markets.places.hint'), value: (r) => r.rankLow, numeric: true, render: (r) => range(r) },
    ...data.criteria.map<Column<Line>>((c) => ({
      key: c.name,
      label: code('criterion', c.name),
      hint: spoken(c.meaning),
      numeric: true,
      value: (r) => r.criteria[c.name] ?? null,
      render: (r) => {
        const value = r.criteria[c.name];
        return value === null || value === undefined ? <span className="faint" title={t('word.unknown')}>–</span> : <HeatChip value={value} text={f.decimal(value, 2)} />;
      },
    })),
  ];

  return (
    <>
      <div className="columns two-one">
        <Card title={t('markets.map')} hint={t('markets.map.hint')}>
          <TileMap
            markets={lines.map((l) => ({
              market: l.market,
              score: l.score,
              status: l.status,
              label: t('markets.map.tile', { code: l.market, market: l.name, rank: l.rank ?? '–', score: l.score === null ? '·' : f.decimal(l.score, 2), status: code('status', l.status) }),
            }))}
          />
        </Card>
        <Card
          title={t('markets.weights')}
          hint={t('markets.weights.hint')}
          actions={
            <Button kind="quiet" icon="refresh" disabled={!changed} onClick={() => setWeights(standard)}>
              {t('action.reset')}
            </Button>
          }
        >
          <div className="sliders">
            {data.criteria.map((c) => (
              <label key={c.name} title={spoken(c.meaning)}>
                <span className="slider-head">
                  <span>{code('criterion', c.name)}</span>
                  <span className="slider-value">{f.share((weights[c.name] ?? 0) / total, 0)}</span>
                </span>
                <input
                  type="range"
                  min={0}
                  max={0.6}
                  step={0.01}
                  aria-valuetext={f.share((weights[c.name] ?? 0) / total, 0)}
                  value={weights[c.name] ?? 0}
                  onChange={(e) => setWeights({ ...weights, [c.name]: Number(e.target.value) })}
                />
              </label>
            ))}
          </div>
          <p className="hint" role="status">
            {changed ? t('markets.weights.changed') : t('markets.weights.standard')}
          </p>
        </Card>
      </div>
      <Card title={t('markets.ranking')} hint={t('markets.ranking.hint')}>
        <DataTable caption={t('markets.ranking')} columns={columns} rows={lines} rowKey={(r) => r.market} exportName="markets" pageSize={40} />
        <Notes notes={data.notes} />
      </Card>
      <Card title={t('markets.why')} hint={t('markets.why.hint')}>
        <div className="why-grid">
          {lines.slice(0, 9).map((line) => {
            const reasons = data.reasons.filter((r) => r.market === line.market);
            if (!reasons.length) return null;
            return (
              <section key={line.market}>
                <h3>
                  <Link to={`/markets/${line.market}`}>{line.name}</Link>
                </h3>
                <Reasons reasons={reasons.slice(0, 4)} />
              </section>
            );
          })}
        </div>
      </Card>
    </>
  );
}

function Rank({ line, changed }: { line: Line; changed: boolean }) {
  const { t } = useWords();
  if (line.rank === null) return <span className="faint">–</span>;
  const moved = changed && line.before !== null ? line.before - line.rank : 0;
  return (
    <span className="rank">
      {moved !== 0 ? (
        <span className={moved > 0 ? 'up' : 'down'} title={t(moved > 0 ? 'markets.moved.up' : 'markets.moved.down', { n: Math.abs(moved) })}>
          {moved > 0 ? '▲' : '▼'}
          {Math.abs(moved)}
        </span>
      ) : null}
      <strong>{line.rank}</strong>
    </span>
  );
}

export function StatusBadge({ status }: { status: string }) {
  const { code } = useWords();
  const tone = status === 'home' ? 'accent' : status === 'served' || status === 'present' ? 'good' : 'neutral';
  return <Badge tone={tone}>{code('status', status)}</Badge>;
}

export function Reasons({ reasons }: { reasons: MarketRanking['reasons'] }) {
  const { spoken, t } = useWords();
  return (
    <ul className="reasons">
      {reasons.map((r, i) => (
        <li key={i} className={r.side}>
          <span aria-hidden="true">{r.side === 'for' ? '+' : r.side === 'against' ? '−' : '·'}</span>
          <span>
            {r.side === 'for' || r.side === 'against' ? <span className="sr-only">{t(`markets.${r.side}`)} </span> : null}
            {spoken(r.text)}
          </span>
        </li>
      ))}
    </ul>
  );
}
