// Numbers, money, days and names of places as a reader of the language writes them.

export type Lang = 'en' | 'zh';

/** What is measured, as `Unit` of the server says it. */
export type Unit = 'count' | 'share' | 'money' | 'days' | 'ratio' | 'score';

const localeOf = (lang: Lang): string => (lang === 'zh' ? 'zh-CN' : 'en-GB');

const numbers = new Map<string, Intl.NumberFormat>();

// Making an Intl formatter costs more than using it a thousand times; a table makes many.
function numberFormat(lang: Lang, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = lang + JSON.stringify(options);
  let format = numbers.get(key);
  if (!format) {
    format = new Intl.NumberFormat(localeOf(lang), options);
    numbers.set(key, format);
  }
  return format;
}

/** Decimal digits of a currency's smallest unit: JPY 0, EUR 2, KWD 3. */
export function minorDigits(currency: string): number {
  try {
    return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
  } catch {
    return 2;
  }
}

/** How this language shows things. Absent values are a dash, never a zero. */
export interface Format {
  lang: Lang;
  count(value: number | null | undefined): string;
  compact(value: number | null | undefined): string;
  decimal(value: number | null | undefined, digits?: number): string;
  share(value: number | null | undefined, digits?: number): string;
  signed(value: number | null | undefined, digits?: number): string;
  /** An amount in major units; whole units from a thousand on unless `exact`. */
  money(value: number | null | undefined, currency: string, exact?: boolean): string;
  moneyCompact(value: number | null | undefined, currency: string): string;
  unit(value: number | null | undefined, unit: Unit | string, currency?: string | null): string;
  day(value: string | null | undefined): string;
  month(value: string | null | undefined): string;
  time(value: string | number | Date | null | undefined): string;
  dateTime(value: string | number | Date | null | undefined): string;
  ago(value: string | number | Date | null | undefined, now?: number): string;
  market(code: string | null | undefined): string;
  language(code: string | null | undefined): string;
  bytes(value: number | null | undefined): string;
  list(items: string[]): string;
}

export const DASH = '–';

const absent = (value: unknown): value is null | undefined =>
  value === null || value === undefined || (typeof value === 'number' && !Number.isFinite(value));

function currencyFormat(lang: Lang, currency: string, extra: Intl.NumberFormatOptions): Intl.NumberFormat {
  try {
    return numberFormat(lang, { style: 'currency', currency, ...extra });
  } catch {
    // A code the browser does not know is still a code a person does.
    return numberFormat(lang, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  }
}

/** `2026-03-01` is that day everywhere: read as UTC, shown as UTC. */
function dayOf(text: string): Date | null {
  const match = /^(\d{4})-(\d{2})(?:-(\d{2}))?/.exec(text);
  if (!match) return null;
  const date = new Date(Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3] ?? '1')));
  return Number.isNaN(date.getTime()) ? null : date;
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

export function makeFormat(lang: Lang): Format {
  const locale = localeOf(lang);
  const regions = new Intl.DisplayNames([locale], { type: 'region' });
  const languages = new Intl.DisplayNames([locale], { type: 'language' });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const days = new Intl.DateTimeFormat(locale, { year: 'numeric', month: 'short', day: 'numeric', timeZone: 'UTC' });
  const months = new Intl.DateTimeFormat(locale, { year: 'numeric', month: 'short', timeZone: 'UTC' });
  const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
  const moment = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
  const lists = new Intl.ListFormat(locale, { type: 'conjunction' });
  const digits = (n: number) => ({ minimumFractionDigits: n, maximumFractionDigits: n });

  const f: Format = {
    lang,
    count: (v) => (absent(v) ? DASH : numberFormat(lang, { maximumFractionDigits: 0 }).format(v)),
    compact: (v) =>
      absent(v) ? DASH : numberFormat(lang, { notation: 'compact', maximumSignificantDigits: 3 }).format(v),
    decimal: (v, n = 2) => (absent(v) ? DASH : numberFormat(lang, digits(n)).format(v)),
    share: (v, n = 1) => (absent(v) ? DASH : numberFormat(lang, { style: 'percent', ...digits(n) }).format(v)),
    signed: (v, n = 2) =>
      absent(v) ? DASH : numberFormat(lang, { ...digits(n), signDisplay: 'exceptZero' }).format(v),
    money: (v, currency, exact = false) => {
      if (absent(v)) return DASH;
      const whole = !exact && Math.abs(v) >= 1000;
      return currencyFormat(lang, currency, whole ? digits(0) : {}).format(v);
    },
    moneyCompact: (v, currency) =>
      absent(v)
        ? DASH
        : currencyFormat(lang, currency, { notation: 'compact', maximumSignificantDigits: 3 }).format(v),
    unit: (v, unit, currency) => {
      if (absent(v)) return DASH;
      switch (unit) {
        case 'count':
          // An expected number of orders is no whole number, and 1.4 is not 1.
          return Number.isInteger(v) || Math.abs(v) >= 100 ? f.count(v) : f.decimal(v, 1);
        case 'share':
          return f.share(v);
        case 'days':
          return numberFormat(lang, {
            style: 'unit',
            unit: 'day',
            unitDisplay: 'long',
            maximumFractionDigits: Math.abs(v) < 10 ? 1 : 0,
          }).format(v);
        case 'ratio':
          return `${f.decimal(v)}×`;
        case 'score':
          return f.decimal(v, 3);
        case 'money':
          return currency ? f.money(v, currency) : f.decimal(v);
        default:
          return /^[A-Z]{3}$/.test(unit) ? f.money(v, unit) : f.decimal(v);
      }
    },
    day: (v) => {
      const date = v ? dayOf(v) : null;
      return date ? days.format(date) : v || DASH;
    },
    month: (v) => {
      const date = v ? dayOf(v) : null;
      return date ? months.format(date) : v || DASH;
    },
    time: (v) => (absent(v) || v === '' ? DASH : clock.format(new Date(v))),
    dateTime: (v) => (absent(v) || v === '' ? DASH : moment.format(new Date(v))),
    ago: (v, now = Date.now()) => {
      if (absent(v) || v === '') return DASH;
      const seconds = (new Date(v).getTime() - now) / 1000;
      const [unit, size] = STEPS.find(([, step]) => Math.abs(seconds) >= step) ?? ['second', 1];
      return relative.format(Math.round(seconds / size), unit);
    },
    market: (code) => {
      if (!code) return DASH;
      try {
        return regions.of(code) ?? code;
      } catch {
        return code;
      }
    },
    language: (code) => {
      if (!code) return DASH;
      try {
        return languages.of(code) ?? code;
      } catch {
        return code;
      }
    },
    bytes: (v) => {
      if (absent(v)) return DASH;
      const step = v >= 1e9 ? 3 : v >= 1e6 ? 2 : v >= 1e3 ? 1 : 0;
      const unit = ['byte', 'kilobyte', 'megabyte', 'gigabyte'][step] ?? 'byte';
      return numberFormat(lang, {
        style: 'unit',
        unit,
        unitDisplay: 'short',
        maximumFractionDigits: step === 0 ? 0 : 1,
      }).format(v / 1000 ** step);
    },
    list: (items) => lists.format(items),
  };
  return f;
}
