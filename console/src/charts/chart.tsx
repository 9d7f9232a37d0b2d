// A chart with a name, an alternative in numbers, and the colours of the theme in force.
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useWords } from '../i18n';

export interface Palette {
  text: string;
  muted: string;
  line: string;
  surface: string;
  accent: string;
  series: string[];
  font: string;
}

// The options of ECharts are a wide union; pages build plain objects.
export type ChartOption = Record<string, unknown>;

function palette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string) => style.getPropertyValue(name).trim();
  return {
    text: color('--text'),
    muted: color('--muted'),
    line: color('--line'),
    surface: color('--surface'),
    accent: color('--accent'),
    series: [1, 2, 3, 4, 5, 6, 7, 8].map((n) => color(`--series-${n}`)),
    font: style.fontFamily,
  };
}

/** Changes whenever the colours may have: by the switch or by the system. */
export function useThemeTick(): number {
  const [tick, set] = useState(0);
  useEffect(() => {
    const bump = () => set((n) => n + 1);
    const watch = new MutationObserver(bump);
    watch.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    const system = window.matchMedia('(prefers-color-scheme: dark)');
    system.addEventListener('change', bump);
    return () => {
      watch.disconnect();
      system.removeEventListener('change', bump);
    };
  }, []);
  return tick;
}

export function Chart({
  label,
  option,
  height = 280,
  numbers,
}: {
  /** What the chart says, for those who do not see it. */
  label: string;
  option: (palette: Palette) => ChartOption;
  height?: number;
  /** The same as a table. */
  numbers?: ReactNode;
}) {
  const { t } = useWords();
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<{ setOption: (o: ChartOption, all: boolean) => void; resize: () => void; dispose: () => void }>(null);
  const [state, setState] = useState<'loading' | 'ready' | 'failed'>('loading');
  const tick = useThemeTick();

  useEffect(() => {
    let gone = false;
    let watch: ResizeObserver | undefined;
    import('./echarts').then(
      ({ init }) => {
        if (gone || !box.current) return;
        const made = init(box.current, undefined, { renderer: 'canvas' });
        chart.current = made as unknown as typeof chart.current;
        watch = new ResizeObserver(() => made.resize());
        watch.observe(box.current);
        setState('ready');
      },
      () => setState('failed'),
    );
    return () => {
      gone = true;
      watch?.disconnect();
      chart.current?.dispose();
      chart.current = null;
    };
  }, []);

  useEffect(() => {
    if (state !== 'ready' || !chart.current) return;
    const colors = palette();
    const still = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
    chart.current.setOption(
      {
        animation: !still,
        animationDuration: 350,
        color: colors.series,
        textStyle: { fontFamily: colors.font, color: colors.text },
        ...option(colors),
      },
      true,
    );
  }, [option, state, tick]);

  return (
    <figure className="chart">
      <div ref={box} className="chart-box" role="img" aria-label={label} style={{ height }} />
      {state === 'failed' ? <p className="hint">{t('chart.failed')}</p> : null}
      {numbers ? (
        <details className="proof chart-numbers no-print">
          <summary>
            {t('chart.numbers')}
            <span className="sr-only"> {label}</span>
          </summary>
          {numbers}
        </details>
      ) : null}
    </figure>
  );
}

/** Axes, grid and tooltip as every chart of ours has them. */
export function frame(c: Palette, extra: { left?: number; bottom?: number; top?: number; right?: number } = {}): ChartOption {
  return {
    grid: { left: 8, right: 12, top: 36, bottom: 8, containLabel: true, ...extra },
    tooltip: {
      trigger: 'axis',
      renderMode: 'richText',
      backgroundColor: c.surface,
      borderColor: c.line,
      textStyle: { color: c.text, fontSize: 12 },
      axisPointer: { lineStyle: { color: c.muted }, crossStyle: { color: c.muted } },
    },
    legend: { type: 'scroll', top: 0, left: 0, icon: 'roundRect', itemWidth: 10, itemHeight: 10, textStyle: { color: c.muted }, pageTextStyle: { color: c.muted }, pageIconColor: c.muted },
  };
}

export function axis(c: Palette, extra: ChartOption = {}): ChartOption {
  return {
    axisLine: { lineStyle: { color: c.line } },
    axisTick: { show: false },
    axisLabel: { color: c.muted, hideOverlap: true },
    splitLine: { lineStyle: { color: c.line, opacity: 0.6 } },
    nameTextStyle: { color: c.muted },
    ...extra,
  };
}
