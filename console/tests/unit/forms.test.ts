// What the server says in English alone has a Chinese form: its sources are read, and each string there stands beside its form.
import { describe, expect, it } from 'vitest';
import { formulaForms, formulaParts } from '../../src/i18n/zh/forms';
import { problemForms, problemParts } from '../../src/i18n/zh/problems';
import { ruleForms, ruleParts } from '../../src/i18n/zh/rule-problems';
import { reasonForms, reasonParts, reasonValues, rejectForms, rejectParts } from '../../src/i18n/zh/said';
import { formulaIn } from '../../src/lib/formula';
import { turner, type Form } from '../../src/lib/forms';
import { expectedIn, reasonsIn } from '../../src/lib/said';
import { behind, closing, english, form, said, sources, within, type Rust } from './rust';

const all = sources('audience/src', 'decide/src', 'app/src', 'serve/src', 'domain/src', 'learn/src', 'intake/src', 'clean/src', 'schema/src');
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
  return form.en.replaceAll('{}', () => (next++ === 0 && form.after ? '<a>' : `<${next}>`));
};

describe('forms', () => {
  it('take what is inserted over, in either order', () => {
    const turn = turner([{ en: '{} of {}', zh: '{1} 的 {0}' }, { en: '{} and {}', zh: '{} 与 {}' }], [{ en: 'sales', zh: '销售额' }]);
    expect(turn('sales of DE')).toBe('DE 的 销售额');
    expect(turn('sales and sales of DE')).toBe('DE 的 销售额 与 销售额');
    // A part is no sentence, and what is not known stays as it came.
    expect([turn('sales'), turn('a sentence'), turn('profits of DE')]).toEqual([null, null, 'DE 的 profits']);
  });

  it.each([
    ['formulas', formulaForms, formulaParts, []],
    ['rejects', rejectForms, rejectParts, []],
    ['reasons', reasonForms, reasonParts, reasonValues],
    ['problems', [...problemForms, ...ruleForms], [...ruleParts, ...problemParts], []],
  ] as const)('of %s have as many holes in Chinese, are Chinese and are reached', (_, forms: readonly Form[], parts: readonly Form[], values: readonly Form[]) => {
    const turn = turner(forms, parts, values);
    const inside = turner([...forms, ...parts], [], values);
    // What begins a form that takes nearly any sentence is known here.
    const known = { en: '<a>', zh: '甲' };
    const after = turner(forms, [known, ...parts], values);
    for (const form of [...forms, ...parts]) {
      const n = form.en.split('{}').length - 1;
      const places = [...form.zh.matchAll(/\{(\d?)\}/g)].map((m, at) => Number(m[1] || at));
      expect(places.sort(), form.en).toEqual(Array.from({ length: n }, (_, at) => at));
      if (/[a-z]{2}/.test(form.en.replaceAll('{}', ''))) expect(form.zh).toMatch(/[\u4e00-\u9fff]/);
      // A form before it that takes its sentences would hide it.
      const text = filled(form);
      expect((form.after ? after : parts.includes(form) ? inside : turn)(text), form.en).toBe(turner([form], [known])(text));
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

/** What each of several lists has that the other lacks. */
const differ = (here: readonly string[], there: readonly string[]) => [here.filter((text) => !there.includes(text)), there.filter((text) => !here.includes(text))];
const texts = (...lists: (readonly Form[])[]) => [...new Set(lists.flat().map((form) => form.en))];

describe('what a row that was put aside should have been, in Chinese,', () => {
  const readers = all.filter((rust) => /^(intake|clean)\/src/.test(rust.file));
  // Mistakes of a mapping file, a provenance and a workbook's sheet stop a file; no row is put aside for them.
  const files = ['intake/src/mapping.rs', 'intake/src/provenance.rs', 'intake/src/xlsx.rs', 'clean/src/columns.rs', 'clean/src/error.rs'];
  const written = english([
    ...readers.filter((rust) => !files.includes(rust.file)).flatMap((rust) => said(rust, 'expected').concat(behind(rust, /\b(?:fault|missing_key::missing)\(/g, ''))),
    // Events of Segment: rule, column, what stood there and what would be right, in a row.
    ...behind(of('intake/src/connect/segment_events.rs'), /\b(?:Err|ok_or)\(\(/g, ''),
    ...behind(of('intake/src/date.rs'), /\bfn expected\(self\) -> &'static str (?=\{)/g, ';'),
    ...behind(of('intake/src/number.rs'), /\bconst (?:AMOUNT|LARGEST): &(?:'static )?str =/g, ';'),
    ...behind(of('intake/src/plan.rs'), /\bconst (?:AMOUNT|LARGEST): &(?:'static )?str =/g, ';'),
  ]).filter((text) => !/^[a-z_]+$/.test(text));
  const [rate = '', ...tails] = english(behind(of('clean/src/rates.rs'), /#\[error\(/g, ''));
  written.push(...tails.map((tail) => rate.replace('{}{}', `{}${tail}`)));

  /** Meanings of columns that have to have a value, in tables that files are read into. */
  const schema = of('schema/src/raw.rs');
  const needed = [...schema.code.matchAll(/\braw\((?=\s*")/g)].flatMap((m) => {
    const open = m.index + 'raw'.length;
    const table = { ...schema, code: schema.code.slice(0, closing(schema.code, open)).replace(/[^\n]/g, (c, at: number) => (at < open ? ' ' : c)) };
    const [name] = behind(schema, /\braw\((?=\s*")/g, ',').length ? within(schema, open, open + 40) : [];
    return ['sources', 'media', 'rejects'].includes(name ?? '') ? [] : behind(table, /\bmust\(\s*"[^"]*",\s*\w+,/g, '');
  });

  it('is all that readers and rules write', () => {
    expect(written.length).toBeGreaterThan(55);
    const types = behind(of('schema/src/column.rs'), /\bfn word\(self\) -> &'static str (?=\{)/g, ';').map((word) => `{} (${word})`);
    const glue = ['{}, {}', '{} (float)', '{} (boolean)'];
    const other = ['the file has no such column; it has {}', '{} views of the visitor in a minute', '{} views of the visitor, one every {} s'];
    const [missing, stale] = differ([...written, ...needed, ...types], [...texts(rejectForms, rejectParts), ...other, ...glue]);
    expect([missing, stale?.filter((text) => !glue.includes(text) && !other.includes(text))]).toEqual([[], []]);
  });

  it('is turned with what is inserted, and falls back on the words of the server', () => {
    expect(expectedIn('zh', 'units, negative for a reversal (integer)').text).toBe('件数，冲销为负（整数）');
    expect(expectedIn('zh', 'one of comment, reply, like').text).toBe('其中之一：comment、reply、like');
    expect(expectedIn('zh', 'a quantity from -50 to 50').text).toBe('-50 至 50 之间的数量');
    const rate = 'ingest a rate file that covers the days before it, such as the history of reference rates of the European Central Bank (eurofxref-hist.csv)';
    expect(expectedIn('zh', `no exchange rate from VND to EUR for 2026-01-05, VND is in no rate file: ${rate}`).text).toBe(
      '2026-01-05 没有 VND 到 EUR 的汇率，任何汇率文件都不包含 VND：请导入覆盖此前各日的汇率文件，例如欧洲央行参考汇率历史（eurofxref-hist.csv）',
    );
    expect(expectedIn('zh', 'some thing', '某物')).toEqual({ text: '某物', lang: 'zh' });
    expect(expectedIn('zh', 'some thing', 'some thing')).toEqual({ text: 'some thing', lang: 'en' });
    expect(expectedIn('en', 'a day up to 2026-01-01', '不晚于')).toEqual({ text: 'a day up to 2026-01-01', lang: 'en' });
  });
});

describe('why a shopper is in a segment, in Chinese,', () => {
  const segments = (file: string) => of(`audience/src/segments/${file}.rs`);
  const block = (file: string, begin: RegExp): string[] => english(behind(segments(file), begin, ';'));

  it('is all that segments write', () => {
    const names = (type: string) => block('ast', new RegExp(`\\bimpl ${type} \\{[\\s\\S]*?fn name\\(self\\) -> &'static str (?=\\{)`, 'g'));
    const fields = [...segments('field').code.matchAll(/^ {4}\w+, (?=")/gm)].map((m) => within(segments('field'), m.index, m.index + 60)[0] ?? '');
    const [measures, deeds, by] = [names('Measure'), names('Deed'), names('ProductBy')];
    expect([fields.length, measures.length, deeds.length, by.length]).toEqual([31, 7, 2, 3]);
    // Terms as they are printed: a name of somebody's in quotes, and a window where there is one.
    expect(block('print', /\bimpl Display for Term (?=\{)/g)).toEqual(
      ['searched({}{})', 'cart_abandoned', 'cart_abandoned({}d)', 'tag({})', 'segment({})', 'interest({})', 'value({})', 'group({})'],
    );
    const products = deeds.flatMap((deed) => by.flatMap((kind) => [`${deed}(${kind} "{}")`, `${deed}(${kind} "{}", {}d)`]));
    const terms = [
      ...fields, ...measures, ...measures.map((name) => `${name}({}d)`), ...products, 'searched("{}")', 'searched("{}", {}d)', 'cart_abandoned', 'cart_abandoned({}d)',
      ...['tag', 'segment', 'interest', 'value', 'group'].map((name) => `${name}("{}")`),
    ];
    // Statements: what is asked follows the shopper's value.
    const words = block('evaluate', /\blet word = match \(op, days\) (?=\{)/g);
    expect(words.length).toBe(10);
    const statement = block('evaluate', /\bfn statement\([^{]*(?=\{)/g).filter((text) => !words.includes(text));
    expect(statement).toEqual(['missing', 'yes', 'no', ', one of {}', ', between {} and {}', '{} is {}, missing is asked for', '{} is {}{}']);
    const statements = ['{} is {}', '{} is yes', '{} is no', '{} is {}, missing is asked for', '{} is {}, one of {}', '{} is {}, between {} and {}', ...words.map((word) => `{} is {}, ${word} {}`)];
    const verdicts = block('evaluate', /\bfn verdict\([^{]*(?=\{)/g).map((verdict) => `{}: ${verdict}`);
    const joins = block('evaluate', /\blet word = match \(join, zh\) (?=\{)/g);
    const beside = block('groups', /\bpub fn line\(&self, language: Language\) -> String (?=\{)/g).filter((text) => text !== 'missing');
    const rfm = behind(of('app/src/serving/answers/audience.rs'), /\bwhy: format!\(/g, '').map(form);
    const days = within(segments('field'), 0, segments('field').code.length).filter((text) => /^[a-z]+day$/.test(text));
    expect([verdicts.length, joins.length, beside.length, rfm.length]).toEqual([3, 3, 1, 1]);
    expect(differ([...terms, ...statements, ...joins], texts(reasonParts))).toEqual([[], []]);
    expect(differ([...verdicts, ...beside, ...rfm], texts(reasonForms))).toEqual([[], []]);
    expect(differ([...days, 'missing', '{}d ago'], texts(reasonValues))).toEqual([[], ['{}, {}']]);
  });

  it('is a line a statement, with what somebody wrote left alone', () => {
    const said = (why: string) => reasonsIn('zh', why).map((line) => `${' '.repeat(line.depth)}${line.text}${line.lang === 'en' ? ' (en)' : ''}`);
    expect(said('orders.count(180d) is 3, at least 2: true')).toEqual(['近 180 天订单数为 3，要求至少 2：符合']);
    expect(said('all of: true;   last_order is 2026-01-05, on or after 30d ago: true;   any of: true;     sex is m, one of f, m: true;     accepts_marketing is no: false')).toEqual([
      '最近一单日期为 2026-01-05，要求不早于 30 天前：符合', '任一满足：符合', ' 性别为 m，要求属于 f、m：符合', ' 同意接收营销邮件：否：不符合',
    ]);
    expect(said('rfm is loyal, exactly loyal: true')).toEqual(['RFM 分群为 忠诚顾客，要求等于 忠诚顾客：符合']);
    expect(said('bought(category "Shoes, high", 90d) is yes: true')).toEqual(['近 90 天购买品类“Shoes, high”：是：符合']);
    expect(said('last order 3 days ago, 4 orders, 120.50 in all')).toEqual(['最近一单在 3 天前，共 4 单，累计消费 120.50（报告货币）']);
    expect(said('orders.count is 5, typical of the group is 4')).toEqual(['订单数为 5，该组典型值为 4']);
    expect(said('a sentence: true')).toEqual(['a sentence: true (en)']);
    expect(reasonsIn('en', 'all of: true;   age is 30, at least 20: true')).toEqual([{ text: 'age is 30, at least 20: true', depth: 0, lang: 'en' }]);
  });
});
