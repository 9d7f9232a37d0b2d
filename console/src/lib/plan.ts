// The plan's JSON (`portolan plan --json`, schema 1) as far as the page shows it. Everything is
// read with care: a plan of a newer program may lack or add parts.
import type { Figure, Words } from '../api/wire';
import { minorDigits } from './format';

type Any = unknown;
const object = (x: Any): Record<string, Any> => (typeof x === 'object' && x !== null && !Array.isArray(x) ? (x as Record<string, Any>) : {});
const list = (x: Any): Any[] => (Array.isArray(x) ? x : []);
const text = (x: Any): string => (typeof x === 'string' ? x : '');
const number = (x: Any): number | null => (typeof x === 'number' && Number.isFinite(x) ? x : null);
const words = (x: Any): Words => ({ en: text(object(x)['en']), zh: text(object(x)['zh']) });

/** The day before one; a window of the plan ends before its last day. */
function dayBefore(day: string): string {
  const at = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(at.getTime())) return day;
  at.setUTCDate(at.getUTCDate() - 1);
  return at.toISOString().slice(0, 10);
}

/** A figure of the plan, whose value is `{number}`, `{money}`, `{too_little_data}` or `"undefined"`. */
export function planFigure(raw: Any): Figure | null {
  const f = object(raw);
  if (!f['key']) return null;
  const value = f['value'];
  const v = object(value);
  const money = object(v['money']);
  const currency = text(money['currency']);
  const minor = number(money['minor']);
  const little = object(v['too_little_data']);
  const interval = object(f['interval']);
  const decimal = minor !== null && currency ? minor / 10 ** minorDigits(currency) : null;
  const shown = number(v['number']) ?? decimal;
  return {
    key: text(f['key']),
    value: shown,
    amount: decimal !== null && minor !== null ? { minor, currency, decimal: String(decimal) } : null,
    why_not:
      shown !== null
        ? null
        : 'have' in little
          ? {
              en: `too little data: ${String(little['have'])} of at least ${String(little['need'])}`,
              zh: `数据太少：${String(little['have'])} 条，至少需要 ${String(little['need'])} 条`,
            }
          : { en: 'not defined here', zh: '此处无定义' },
    unit: text(f['unit']),
    low: number(interval['low']),
    high: number(interval['high']),
    level: number(interval['level']),
    n: number(f['n']) ?? 0,
    formula: text(f['formula']),
    source: text(f['source']),
  };
}

export interface PlanProduct {
  id: string;
  name: string;
  buyers: Figure | null;
  uptake: Figure | null;
  price: Figure | null;
  stock: Figure | null;
  reasons: { term: string; text: string }[];
}
export interface PlanSegment {
  key: string;
  shoppers: Figure | null;
  share: Figure | null;
  revenue: Figure | null;
  basket: Figure | null;
  repeat: Figure | null;
}
/** A part of the market, and what one of it, or all of it, is expected to be worth. */
export interface PlanReachRow {
  key: string;
  /** What an area is called; a segment has its words. */
  label: string;
  size: Figure | null;
  value: Figure | null;
  contactable: Figure | null;
  listed: Figure | null;
  orderValue: Figure | null;
  growth: Figure | null;
}
export interface PlanReach {
  whom: 'segments' | 'areas';
  rows: PlanReachRow[];
  persona: Words | null;
  basis: Words | null;
  open: Words[];
}
export interface PlanPage {
  verdict: Words;
  findings: { topic: string; text: Words }[];
  stance: string;
  currency: string;
  /** First and last day of the data. */
  from: string;
  to: string;
  glance: Figure[];
  months: { month: string; whole: boolean; revenue: number | null; orders: number | null }[];
  /** Whom to reach first; null before a run says it. */
  reach: PlanReach | null;
  /** How many advised prices rest on what, and the weeks of a price test. */
  rests: Figure[];
  /** What segments pay beside the usual price, those who pay most first. */
  paid: { key: string; figure: Figure }[];
  segments: PlanSegment[];
  products: PlanProduct[];
  bundles: { left: string; right: string; baskets: Figure | null; confidence: Figure | null; lift: Figure | null }[];
  serving: { model: string; training: string; basis: string; why: string; whyZh: string };
  unknowns: { key: string; have: string }[];
  caveats: { rule: string; rows: Figure | null; sample: string }[];
  sources: { name: string; table: string; licence: string; origin: string }[];
}

function readReach(raw: Any): PlanReach | null {
  const reach = object(raw);
  const said = (x: Any): Words | null => (text(object(x)['en']) ? words(x) : null);
  const rows = list(reach['rows']).map((r) => {
    const row = object(r);
    return {
      key: text(row['key']),
      label: text(row['label']),
      size: planFigure(row['size']),
      value: planFigure(row['value']),
      contactable: planFigure(row['contactable']),
      listed: planFigure(row['listed']),
      orderValue: planFigure(row['order_value']),
      growth: planFigure(row['growth']),
    };
  });
  const open = list(reach['open']).map(words);
  if (rows.length === 0 && open.length === 0) return null;
  return { whom: reach['whom'] === 'areas' ? 'areas' : 'segments', rows, persona: said(reach['persona']), basis: said(reach['basis']), open };
}

export function readPlan(raw: Any): PlanPage {
  const top = object(raw);
  const plan = object(top['plan']);
  const window = object(plan['window']);
  const serving = object(plan['serving']);
  const decided = object(plan['decided']);
  const names = (x: Any): string => list(x).map(text).join(' + ');
  return {
    verdict: words(top['verdict']),
    findings: list(top['findings']).map((f) => ({ topic: text(object(f)['topic']), text: words(f) })),
    stance: text(plan['stance']),
    currency: text(plan['currency']),
    from: text(window['from']),
    to: dayBefore(text(window['to'])),
    glance: Object.values(object(plan['glance'])).flatMap((f) => planFigure(f) ?? []),
    months: list(plan['months']).map((m) => {
      const row = object(m);
      return {
        month: text(row['month']),
        whole: text(row['span']) !== 'partial',
        revenue: planFigure(row['revenue'])?.value ?? null,
        orders: planFigure(row['orders'])?.value ?? null,
      };
    }),
    reach: readReach(plan['reach']),
    rests: list(decided['rests']).flatMap((f) => planFigure(f) ?? []),
    paid: list(decided['paid']).flatMap((pair) => {
      const [key, raw] = list(pair);
      const figure = planFigure(raw);
      return figure ? [{ key: text(key), figure }] : [];
    }),
    segments: list(plan['segments']).map((s) => {
      const row = object(s);
      const habits = object(row['habits']);
      return {
        key: text(row['key']),
        shoppers: planFigure(row['shoppers']),
        share: planFigure(row['shopper_share']),
        revenue: planFigure(row['revenue']),
        basket: planFigure(habits['basket']),
        repeat: planFigure(habits['repeat_rate']),
      };
    }),
    products: list(plan['products']).map((p) => {
      const row = object(p);
      return {
        id: text(row['id']),
        name: text(row['name']),
        buyers: planFigure(row['buyers']),
        uptake: planFigure(row['uptake']),
        price: planFigure(row['price']),
        stock: planFigure(row['stock']),
        reasons: list(row['reasons']).map((r) => ({ term: text(object(r)['term']), text: text(object(r)['text']) })),
      };
    }),
    bundles: list(plan['bundles']).map((b) => {
      const row = object(b);
      return {
        left: names(row['antecedent']),
        right: names(row['consequent']),
        baskets: planFigure(row['baskets']),
        confidence: planFigure(row['confidence']),
        lift: planFigure(row['lift']),
      };
    }),
    serving: { model: text(serving['model']), training: text(serving['trained_on']), basis: text(serving['basis']), why: text(serving['why']), whyZh: text(serving['why_zh']) },
    unknowns: list(plan['unknowns']).map((u) => ({ key: text(object(u)['key']), have: text(object(u)['have']) })),
    caveats: list(plan['caveats']).map((c) => ({ rule: text(object(c)['rule']), rows: planFigure(object(c)['rows']), sample: text(object(c)['sample']) })),
    sources: list(plan['sources']).map((s) => {
      const row = object(s);
      return { name: text(row['name']), table: text(row['table']), licence: text(row['licence']), origin: text(row['origin']) };
    }),
  };
}
