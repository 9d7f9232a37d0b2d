// Small drawings that need no chart library: bars with intervals, the tile map, heat maps, meters.
import type { ReactNode } from 'react';
import { useWords } from '../i18n';
import { COLUMNS, layout } from '../lib/tiles';
import { navigate } from '../lib/router';

/** A point with its interval on a scale that the caller fixes for all rows. */
export function RangeBar({
  value,
  low,
  high,
  from = 0,
  to = 1,
  label,
  zero = false,
}: {
  value: number | null | undefined;
  low?: number | null | undefined;
  high?: number | null | undefined;
  from?: number;
  to?: number;
  label: string;
  zero?: boolean;
}) {
  if (value === null || value === undefined) return <span className="faint">–</span>;
  const width = 160;
  const at = (x: number) => 3 + (width - 6) * Math.min(1, Math.max(0, (x - from) / (to - from || 1)));
  const has = low !== null && low !== undefined && high !== null && high !== undefined;
  return (
    <svg className="range" viewBox={`0 0 ${width} 16`} role="img" aria-label={label} preserveAspectRatio="none">
      <line className="range-track" x1="3" x2={width - 3} y1="8" y2="8" />
      {zero && from < 0 && to > 0 ? <line className="range-zero" x1={at(0)} x2={at(0)} y1="1" y2="15" /> : null}
      {has ? <rect className="range-band" x={at(low)} y="5" width={Math.max(1, at(high) - at(low))} height="6" rx="3" /> : null}
      <circle className="range-point" cx={at(value)} cy="8" r="4" />
    </svg>
  );
}

export function Meter({ value, label }: { value: number | null | undefined; label: string }) {
  if (value === null || value === undefined) return <span className="faint">–</span>;
  const share = Math.min(1, Math.max(0, value));
  return (
    <span className="meter" role="img" aria-label={label} title={label}>
      <span style={{ width: `${share * 100}%` }} />
    </span>
  );
}

/** A score on a tint of its size. */
export function HeatChip({ value, max = 1, text }: { value: number; max?: number; text: string }) {
  const step = Math.min(7, Math.max(1, Math.ceil((7 * value) / (max || 1))));
  return <span className={`heat-chip heat${step}`}>{text}</span>;
}

export function Progress({ value, label }: { value: number | null | undefined; label: string }) {
  return <progress className="progress" aria-label={label} max={1} {...(value === null || value === undefined ? {} : { value })} />;
}

export interface MapMarket {
  market: string;
  score: number | null;
  status: string;
  label: string;
}

/** Five steps of colour from low to high; the number stands on the tile too. */
export function TileMap({ markets, home, current }: { markets: readonly MapMarket[]; home?: string; current?: string | null }) {
  const { t, f } = useWords();
  const known = new Map(markets.map((m) => [m.market, m]));
  const { tiles, rows } = layout(markets.map((m) => m.market));
  const scores = markets.flatMap((m) => (m.score === null ? [] : [m.score]));
  const [min, max] = [Math.min(...scores), Math.max(...scores)];
  const step = (score: number | null) =>
    score === null ? 'none' : `s${Math.min(5, 1 + Math.floor((5 * (score - min)) / (max - min || 1)))}`;
  // What has data is drawn last, so that the focus ring lies above its neighbours.
  const ordered = [...tiles].sort((a, b) => Number(known.has(a.market)) - Number(known.has(b.market)));
  return (
    <figure className="tile-map">
      <div className="tile-map-frame">
      <svg viewBox={`-4 -4 ${COLUMNS * 40 + 8} ${rows * 40 + 8}`} role="group" aria-label={t('markets.map.label')}>
        {ordered.map(({ market, column, row }) => {
          const here = known.get(market);
          const shape = (
            <>
              <rect x={column * 40 + 1.5} y={row * 40 + 1.5} width="37" height="37" rx="7" />
              <text x={column * 40 + 20} y={row * 40 + (here ? 18 : 24)} textAnchor="middle">
                {market}
              </text>
              {here ? (
                <text className="tile-score" x={column * 40 + 20} y={row * 40 + 31} textAnchor="middle">
                  {here.score === null ? '·' : f.decimal(here.score, 2)}
                </text>
              ) : null}
            </>
          );
          if (!here) {
            return (
              <g key={market} className="map-tile empty" aria-hidden="true">
                {shape}
              </g>
            );
          }
          const state = `${step(here.score)} ${here.status} ${market === home ? 'home' : ''} ${market === current ? 'current' : ''}`;
          return (
            <a
              key={market}
              className={`map-tile ${state}`}
              href={`/markets/${market}`}
              onClick={(event) => {
                if (event.metaKey || event.ctrlKey || event.shiftKey) return;
                event.preventDefault();
                navigate(`/markets/${market}`);
              }}
            >
              <title>{here.label}</title>
              {shape}
            </a>
          );
        })}
      </svg>
      </div>
      <figcaption className="legend">
        <span>{t('markets.map.low')}</span>
        {[1, 2, 3, 4, 5].map((n) => (
          <span key={n} className={`swatch s${n}`} />
        ))}
        <span>{t('markets.map.high')}</span>
        <span className="key">
          <span className="swatch served" />
          {t('markets.map.served')}
        </span>
        <span className="key">
          <span className="swatch none" />
          {t('markets.map.unknown')}
        </span>
      </figcaption>
    </figure>
  );
}

export interface HeatCell {
  value: number | null;
  text: string;
  title?: string;
}

/** A table whose cells are tinted; the numbers stay readable, selectable and printable. */
export function HeatMap({
  caption,
  corner,
  columns,
  rows,
  max,
  diverging = false,
}: {
  caption: string;
  corner: string;
  columns: readonly string[];
  rows: readonly { head: ReactNode; key: string; side?: ReactNode; cells: readonly (HeatCell | null)[] }[];
  max: number;
  diverging?: boolean;
}) {
  const tone = (value: number | null): string => {
    if (value === null) return '';
    const strength = Math.min(7, Math.ceil((7 * Math.abs(value)) / (max || 1)));
    return diverging && value < 0 ? `cold${strength}` : `heat${strength}`;
  };
  return (
    <div className="table-frame heat-frame" role="region" aria-label={caption} tabIndex={0}>
      <table className={columns.length <= 6 ? 'heat few' : 'heat'}>
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">{corner}</th>
            {columns.map((c) => (
              <th scope="col" className="num" key={c}>
                {c}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key}>
              <th scope="row">
                {row.head}
                {row.side ? <span className="heat-side">{row.side}</span> : null}
              </th>
              {row.cells.map((cell, i) => (
                <td key={columns[i]} className={`num ${cell ? tone(cell.value) : 'void'}`} title={cell?.title}>
                  {cell?.text ?? ''}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
