// What the server says in English alone has a Chinese form: its sources are read, and each string there stands beside its form.
import { describe, expect, it } from 'vitest';
import { formulaForms, formulaParts } from '../../src/i18n/zh/forms';
import { formulaIn } from '../../src/lib/formula';
import { turner, type Form } from '../../src/lib/forms';
import { behind, english, said, sources, type Rust } from './rust';

const all = sources('audience/src', 'decide/src', 'app/src', 'serve/src', 'domain/src', 'learn/src');
const of = (file: string): Rust => {
  const found = all.find((rust) => rust.file === file);
  if (!found) throw new Error(`${file} is not there`);
  return found;
};
const zh = (formula: string): string => {
  const found = formulaIn('zh', '', formula);
  expect(found.lang, formula).toBe('zh');
  return found.text;
};

/** A form with something in its holes. */
const filled = (form: Form): string => {
  let next = 0;
  return form.en.replaceAll('{}', () => (next++ === 0 && form.after ? 'revenue / orders' : `<${next}>`));
};

describe('forms', () => {
  it('take what is inserted over, in either order', () => {
    const turn = turner([{ en: '{} of {}', zh: '{1} 的 {0}' }, { en: '{} and {}', zh: '{} 与 {}' }], [{ en: 'sales', zh: '销售额' }]);
    expect(turn('sales of DE')).toBe('DE 的 销售额');
    expect(turn('sales and sales of DE')).toBe('DE 的 销售额 与 销售额');
    // A part is no sentence, and what is not known stays as it came.
    expect([turn('sales'), turn('a sentence'), turn('profits of DE')]).toEqual([null, null, 'DE 的 profits']);
  });

  it.each([['formulas', formulaForms, formulaParts]] as const)('of %s have as many holes in Chinese, are Chinese and are reached', (_, forms, parts) => {
    const turn = turner(forms, parts);
    const inside = turner([...forms, ...parts]);
    for (const form of [...forms, ...parts]) {
      const n = form.en.split('{}').length - 1;
      const places = [...form.zh.matchAll(/\{(\d?)\}/g)].map((m, at) => Number(m[1] || at));
      expect(places.sort(), form.en).toEqual(Array.from({ length: n }, (_, at) => at));
      if (/[a-z]{2}/.test(form.en.replaceAll('{}', ''))) expect(form.zh).toMatch(/[\u4e00-\u9fff]/);
      // A form before it that takes its sentences would hide it.
      const other = filled(form);
      const own = turner([form])(form.after ? other.replace('revenue / orders', '') : other);
      if (!form.after) expect((parts.includes(form) ? inside : turn)(other), form.en).toBe(own);
      else expect(turn(other), form.en).toContain('销售额 ÷ 订单数');
    }
    expect(new Set([...forms, ...parts].map((form) => form.en)).size).toBe(forms.length + parts.length);
  });
});

/** Words that formulas are put together from: the source, where in it they stand, and how they stand in a form. */
const PARTS: [file: string, begin: RegExp, ends: string, put?: (text: string) => string][] = [
  ['audience/src/market_profile.rs', /\blet basis =/g, ';'],
  ['audience/src/entry/attractiveness.rs', /\bfn key\(self\) -> &'static str (?=\{\s*match self \{\s*Self::Demand)/g, ';', (key) => `${key} {}`],
  ['audience/src/entry/platform.rs', /\blet weights =/g, ';', (key) => `${key} {}`],
  ['audience/src/entry/platform.rs', /\blet words =/g, ';'],
  ['audience/src/entry/capacity.rs', /\bFactor::(?:plain|share)\(/g, '', (factor) => `${factor} {} ({} to {})`],
  ['audience/src/entry/capacity.rs', /\bconst (?:LANGUAGE|SELLABLE): &'static str =/g, ';', (factor) => `${factor} {} ({} to {})`],
  ['audience/src/entry/capacity.rs', /\bconst (?:LANGUAGE|SELLABLE): &'static str =/g, ';'],
  ['audience/src/entry/capacity.rs', /\blet som_words = if starts_from_sam/g, ';'],
  ['audience/src/entry/capacity.rs', /\bfn not_weighed\(&self\) -> String (?=\{)/g, ';', (tail) => `{}${tail}`],
  ['audience/src/entry/capacity.rs', /\bSome\(\(years, later\)\) = self\.later (?=\{)/g, ';'],
  ['audience/src/loyalty.rs', /\bfn words\(self\) -> \(&'static str, &'static str\) (?=\{)/g, ';', (part) => `{} ${part}`],
  ['audience/src/usage.rs', /\bfn words\(self\) -> \(&'static str, &'static str\) (?=\{)/g, ';'],
  ['audience/src/needs/voice.rs', /\bfn words\(self\) -> \(&'static str, &'static str\) (?=\{)/g, ';'],
  ['audience/src/persona/parts.rs', /\(&facts\.(?:categories|brands), /g, ''],
  ['audience/src/value/market_value.rs', /\blet worth =/g, ';'],
  ['audience/src/price/response.rs', /\blet shown = match/g, ';'],
  ['audience/src/predict/target.rs', /\bfn label\(self, language: Language\) -> String (?=\{)/g, ';'],
  ['learn/src/classify/classifier.rs', /\bfn label\(self\) -> &'static str (?=\{)/g, ';'],
  ['decide/src/calendar/season.rs', /\blet once =/g, ';'],
  ['decide/src/calendar/advice.rs', /\blet note =/g, ';', (tail) => `{}${tail}`],
  ['decide/src/landed/bill.rs', /\blet (?:by|duty|returns) =/g, ';'],
  ['app/src/pipeline/decisions/costs.rs', /\blet how = format!\(/g, ''],
  ['app/src/pipeline/decisions/costs.rs', /\bfn tariff\([^{]*(?=\{)/g, ';', (tariff) => `{}; ${tariff}`],
];
/** What only joins others, and what a name of its own has beside a formula. */
const JOINS = ['{}; {}', '{} × {}', '{} / {}', '{} + {}', '{}, {}', '{} to {}'];
const NAMES = ['click rate', 'return on cost', 'margin a shopper', 'stock', 'SAM', 'TAM'];

describe('formulas in Chinese', () => {
  // Those of plans stand in formulas.ts, a dictionary of their own; the fake answers for tests of the wire alone.
  const apart = ['decide/src/plan/metric.rs', 'serve/src/fake.rs'];
  const written = all.filter((rust) => !apart.includes(rust.file)).flatMap((rust) => said(rust, 'formula').map((text) => [text, rust.file] as const));
  const parts = PARTS.flatMap(([file, begin, ends, put = (text) => text]) => {
    const found = english(behind(of(file), begin, ends)).filter((text) => !/^[a-z_]+\.[a-z_.]+$|^TAM$|^SAM$/.test(text) && !NAMES.includes(text));
    if (!found.length) throw new Error(`nothing at ${begin.source} of ${file}`);
    return found.map((text) => [put(text), file] as const);
  });
  const there = [...written, ...parts].filter(([text]) => !NAMES.includes(text));

  it('are all that the sources write', () => {
    expect(written.length).toBeGreaterThan(120);
    const known = new Set([...formulaForms, ...formulaParts].map((form) => form.en));
    expect(there.filter(([text]) => !known.has(text))).toEqual([]);
  });

  it('are none that no source writes', () => {
    const texts = new Set([...there.map(([text]) => text), ...JOINS]);
    expect([...formulaForms, ...formulaParts].map((form) => form.en).filter((text) => !texts.has(text))).toEqual([]);
  });

  it('are put together as the sources put them together', () => {
    expect(zh('mean over shoppers of Σ months 1 to 12: expected margin of the month / (1 + 0.01)^month; 90 % interval')).toBe(
      '各顾客的均值：Σ 第 1 至 12 个月 当月预期毛利 ÷（1 + 0.01）^月数；区间为 90 % 区间',
    );
    const tam = 'population 84,000,000 (83,000,000 to 85,000,000) × share of adults 0.830 (0.820 to 0.840) × spending per head 120 (90 to 160)';
    const inChinese = '人口 84,000,000（83,000,000 至 85,000,000） × 成年人占比 0.830（0.820 至 0.840） × 人均支出 120（90 至 160）';
    expect(zh(`${tam}; interval: middle 95 % of 2000 draws`)).toBe(`${inChinese}；区间为 2000 次抽样中间的 95 %`);
    expect(zh(`${tam}; at 7.8 CNY for one EUR of 2026-11-24; interval: middle 95 % of 2000 draws; shown to three digits`)).toBe(
      `${inChinese}；按 2026-11-24 汇率 1 EUR = 7.8 CNY；区间为 2000 次抽样中间的 95 %；显示三位有效数字`,
    );
    expect(zh('TAM × share of the channel 0.200 (0.100 to 0.300), not weighed: share that reads the language, share sellable; interval: middle 95 % of 500 draws')).toBe(
      'TAM × 渠道占比 0.200（0.100 至 0.300），未计入：通晓所售语言的占比、可售商品占比；区间为 500 次抽样中间的 95 %',
    );
    expect(zh('SAM × own sales elsewhere 5,000 (4,000 to 6,000) / SAM there 90,000 (80,000 to 100,000); interval: middle 95 % of 500 draws')).toBe(
      'SAM × 自身在可比市场的销售额 5,000（4,000 至 6,000） ÷ 可比市场的 SAM 90,000（80,000 至 100,000）；区间为 500 次抽样中间的 95 %',
    );
    expect(zh('weighted mean of the criteria, weights demand 0.30, size 0.20; what is not known counts as what is, 0.5 at most; interval: middle 95 % of 2000 draws of weights and facts')).toBe(
      '各项标准的加权平均，权重：需求 0.30、规模与增长 0.20；未知项按已知项计，至多 0.5；区间为对权重与事实 2000 次抽样中间的 95 %',
    );
    expect(zh('100 × (0.25 rating + 0.75 kept); weights are a convention; 95 % bootstrap interval over shoppers')).toBe(
      '100 ×（0.25 × 评分 + 0.75 × 未退货）；权重为约定值；区间为按顾客重抽样的 95 % 自助法区间',
    );
    expect(zh("calibrated gradient-boosted trees of orders before the day, plus the market's shift; no order in the next 180 days (churn)")).toBe(
      '以该日之前的订单训练并校准的梯度提升树，加上市场偏移；预测目标：未来 180 天内不再下单（流失）',
    );
    expect(zh('revenue of 2026-08 to 2026-10 / revenue of 2025-08 to 2025-10; same months of the year before')).toBe(
      '2026-08 至 2026-10 的销售额 ÷ 2025-08 至 2025-10 的销售额；与上年同月相比',
    );
    expect(zh("units a day on the event's days / the same weekdays of the weeks beside it; one occurrence: years may differ more")).toBe(
      '活动日的日均件数 ÷ 前后各周同星期的日均件数；仅出现过一次：各年差异可能更大',
    );
    expect(zh('mean of the uplifts of the same event in other markets (logarithms); one market: how markets differ is not in the interval')).toBe(
      '其他市场同一活动提升倍数的均值（取对数）；仅一个市场：区间未含市场间差异',
    );
    expect(zh('6.5 % × net / (1 + 6.5 %); HS 611020 is usual for sweaters, verify')).toBe('6.5 % × 不含税价 ÷（1 + 6.5 %）；sweaters 通常归入 HS 编码 611020，请核实');
    expect(zh('orders of this channel / orders whose channel is known; 95 % Wilson interval')).toBe('该渠道的订单数 ÷ 渠道已知的订单数；区间为 95 % Wilson 区间');
  });

  it('are not made of what they do not say', () => {
    for (const text of ['sales of one day; interval: middle 95 % of 10 draws', 'a; b', 'revenue', 'a / b', '']) expect(formulaIn('zh', '', text)).toEqual({ text, lang: 'en' });
  });
});
