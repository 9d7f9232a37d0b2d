// Models, gates, measures and other codes by their names; the code by which settings and files know one stands beside.
import type { ReactNode } from 'react';
import { isKey, useWords } from '../i18n';

/** Columns of codes that have names of their own: under which prefix, and whether settings or files ask for the code. */
const PREFIXES: Record<string, { prefixes: readonly string[]; coded: boolean }> = {
  model: { prefixes: ['model', 'classifier'], coded: true },
  gate: { prefixes: ['gatename'], coded: true },
  metric: { prefixes: ['figure'], coded: false },
  table_name: { prefixes: ['tablename'], coded: false },
  table: { prefixes: ['tablename'], coded: false },
  stance: { prefixes: ['mood'], coded: false },
  voice: { prefixes: ['mood'], coded: false },
  curve: { prefixes: ['curve'], coded: false },
  concern: { prefixes: ['concern'], coded: false },
  favourite_weekday: { prefixes: ['weekday'], coded: false },
  lever: { prefixes: ['lever'], coded: false },
  input: { prefixes: ['input'], coded: false },
  part: { prefixes: ['part'], coded: false },
};

export function useNamed(): (column: string, code: string) => ReactNode {
  const { code: words } = useWords();
  return (column, code) => {
    const known = PREFIXES[column];
    const prefix = known?.prefixes.find((p) => isKey(`${p}.${code}`));
    if (!known || !prefix) return null;
    return known.coded ? <Named name={words(prefix, code)} code={code} /> : words(prefix, code);
  };
}

function Named({ name, code }: { name: string; code: string }) {
  return (
    <span className="two-lines">
      <span>{name}</span>
      <code className="hint">{code}</code>
    </span>
  );
}

/** A model of recommendations by its name. */
export function ModelName({ model }: { model: string }) {
  const { code } = useWords();
  return isKey(`model.${model}`) ? <Named name={code('model', model)} code={model} /> : <code>{model}</code>;
}

/** How good a list is: `ndcg@10` is a measure and the length of the list. */
export function useMeasure(): (metric: string) => string {
  const { t } = useWords();
  return (metric) => {
    const [name = '', at] = metric.split('@');
    const key = `measure.${name}`;
    return isKey(key) ? t(key, { at: at ? `@${at}` : '' }) : metric;
  };
}
