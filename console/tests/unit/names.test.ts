// Codes that the server's tables hold have a name in both languages, and cells that it says in English alone have a Chinese form: the
// sources that make them are read.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isKey } from '../../src/i18n';
import { en } from '../../src/i18n/en';
import { names } from '../../src/i18n/en/names';
import { cellForms, cellParts } from '../../src/i18n/zh/tables';
import { rejectForms, rejectParts } from '../../src/i18n/zh/said';
import { cellIn, modelIn } from '../../src/lib/cells';
import { punctuated } from '../../src/lib/chinese';
import { behind, closing, english, form, sources, within, type Rust } from './rust';

const all = sources('recommend/src', 'lake/src', 'learn/src/classify', 'content/src/reviews', 'eval/src', 'decide/src', 'app/src', 'clean/src', 'serve/src/ingest', 'audience/src');
const of = (file: string): Rust => {
  const found = all.find((rust) => rust.file === file);
  if (!found) throw new Error(`${file} is not there`);
  return found;
};
const block = (file: string, begin: RegExp): string[] => behind(of(file), begin, ';');
const NAME = /\bfn name\(&?self\) -> &'static str (?=\{)/g;

/** Prefix: the names under it, as the sources have them. */
const CODES: Record<string, () => string[]> = {
  model: () => [...block('recommend/src/registry.rs', NAME), ...block('recommend/src/registry.rs', /\bconst ZERO_OVERLAP: &'static str =/g), 'content'],
  classifier: () => block('learn/src/classify/classifier.rs', NAME),
  gatename: () => {
    const rust = of('lake/src/gates/built_in.rs');
    return within(rust, rust.code.indexOf('BUILT_IN'), rust.code.length).filter((text, at, list) => /^[a-z]+(_[a-z]+)+$/.test(text) && isGate(rust, text) && list.indexOf(text) === at);
  },
  concern: () => block('content/src/reviews/concerns.rs', /\bfn words\(self\) -> \(&'static str, &'static str\) (?=\{)/g).filter((text) => /^[a-z]+$/.test(text)),
  tablename: () => [...readFileSync(join(import.meta.dirname, '../../../docs/tables.md'), 'utf8').matchAll(/^### (?:raw\.(?!sources|rejects)|clean\.(?=orders|shoppers))(\w+)/gm)].map((m) => m[1] ?? ''),
  mood: () => behind(of('app/src/pipeline/concerns.rs'), /\bmatch f\.2 (?=\{)/g, ';').filter((text) => /^[a-z]+$/.test(text)),
  curve: () => behind(of('app/src/pipeline/personas/tables.rs'), /\bof\(/g, ','),
  lever: () => behind(of('app/src/pipeline/personas/mod.rs'), /\b(?:choice|amount)\(/g, ',').filter((text) => !/^(on|at) /.test(text)),
  input: () => block('decide/src/rehearsal/draw.rs', NAME),
  measure: () => [
    ...english(behind(of('eval/src/ranking.rs'), /\bimpl fmt::Display for Metric (?=\{)/g, '')).map((text) => text.replace('@{}', '').toLowerCase()),
    ...behind(of('app/src/pipeline/measured.rs'), /\blet beyond =/g, ';').map((text) => text.replace(/@\d+/, '')),
  ],
  part: () => [...behind(of('recommend/src/transfer/source_score.rs'), /\bPARTS: \[&str; N_PARTS\] =/g, ';'), 'score', ...block('audience/src/loyalty.rs', /\bfn words\(self\) -> \(&'static str, &'static str\) (?=\{)/g).filter((text) => /^[a-z]+$/.test(text)), 'index'],
  basis: () => [...block('app/src/pipeline/decisions/planned.rs', /\bfn name\(basis: Basis\) -> &'static str (?=\{)/g), 'analogy', 'lent'],
  weekday: () => ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'],
};
/** A gate's name is the first argument of what makes one. */
function isGate(rust: Rust, name: string): boolean {
  return rust.strings.some((s) => s.text === name && /\b(?:gate|empty|range|known|once|fresh|rejected)\(\s*$/.test(rust.code.slice(0, s.at)));
}

describe('codes of the server', () => {
  it.each(Object.entries(CODES))('under %s have a name each', (prefix, read) => {
    const codes = [...new Set(read())];
    expect(codes.length).toBeGreaterThan(1);
    expect(codes.filter((code) => !isKey(`${prefix}.${code}`))).toEqual([]);
    // What no source has any longer is dead; figures, bases and parts have names elsewhere, too.
    if (prefix !== 'basis') expect(Object.keys(names).filter((key) => key.startsWith(`${prefix}.`)).filter((key) => !codes.includes(key.slice(prefix.length + 1)))).toEqual([]);
  });

  it('count as many as there are', () => {
    expect(new Set(CODES['model']?.()).size).toBe(32);
    expect(CODES['gatename']?.().length).toBe(49);
  });

  it('that are figures of forecasts have a name', () => {
    const keys = all.filter((rust) => /^audience\/src\/(predict|value)\//.test(rust.file)).flatMap((rust) => rust.strings.map((s) => s.text)).filter((text) => /^(predict|value)\.[a-z_]+$/.test(text));
    expect(keys.length).toBeGreaterThan(10);
    expect([...new Set(keys)].filter((key) => !isKey(`figure.${key}`))).toEqual([]);
  });

  it('that are columns of what the server puts together have a name', () => {
    const files = all.filter((rust) => /^(app\/src\/serving\/answers|serve\/src\/ingest)\//.test(rust.file));
    const columns = files.flatMap((rust) => [...rust.code.matchAll(/\((?="[ ]*", "[ ]*", "[ ]*"\))/g)].flatMap((m) => within(rust, m.index, closing(rust.code, m.index)))).filter((_, at) => at % 3 === 0);
    expect(columns.length).toBeGreaterThan(40);
    expect([...new Set(columns)].filter((name) => !name.endsWith('_zh') && !isKey(`column.${name}`))).toEqual([]);
  });
});

describe('cells of the server, in Chinese,', () => {
  const pairs = (file: string): [string, string][] => {
    const rust = of(file);
    return [...rust.code.matchAll(/\bSaid::new\((?=\s*(?:format!\(\s*)?")/g)].flatMap((m) => {
      const open = m.index + 'Said::new'.length;
      const [enText = '', zhText = ''] = within(rust, open, closing(rust.code, open)).map(form);
      return [[enText, zhText]] as [string, string][];
    });
  };
  const told = (zh: string) => zh.replace(/\{\d?\}/g, '{}');
  const zhOf = new Map(cellForms.map((f) => [f.en, told(f.zh)]));

  it.each([
    ['decide/src/demand/forecast.rs', 7],
    ['decide/src/price/identify.rs', 10],
    ['decide/src/media/verdict.rs', 6],
    ['app/src/pipeline/decisions/entering.rs', 3],
  ])('are those of %s', (file, n) => {
    const found = pairs(file);
    expect(found.length).toBe(n);
    // What advertising cannot be told of may go on with another reason.
    const more = file.includes('media/') ? '{}' : '';
    expect(found.filter(([e, z]) => zhOf.get(e + more) !== z + more)).toEqual([]);
  });

  it('are those of what a unit costs, of ways to learn from others, and of what reviews say', () => {
    const parts = block('decide/src/landed/bill.rs', /\bpub fn said\(self\) -> Said (?=\{)/g);
    expect(parts.length).toBe(28);
    for (let at = 0; at < parts.length; at += 2) expect(zhOf.get(parts[at] ?? ''), parts[at]).toBe(parts[at + 1]);
    const carriers = [...readFileSync(join(import.meta.dirname, '../../../crates/decide/src/landed/data/lanes.toml'), 'utf8').matchAll(/^carrier = "([^"]+)"/gm)].map((m) => m[1] ?? '');
    const chosen = english(behind(of('recommend/src/transfer/adaptation.rs'), /\bimpl std::fmt::Display for Adaptation (?=\{)/g, '')).filter((text) => text !== '{} {}');
    const why = english(behind(of('clean/src/sentiment.rs'), /\bfn why\([^{]*(?=\{)/g, ';'));
    expect([new Set(carriers).size, chosen.length, why.length]).toEqual([5, 12, 5]);
    const known = [...cellForms, ...cellParts].map((f) => f.en);
    expect([...carriers, ...chosen, ...why].filter((text) => !known.includes(text))).toEqual([]);
  });

  it('are turned with what is inserted, in their own columns alone', () => {
    const zh = (column: string, text: string) => cellIn('zh', column, text).text;
    expect(zh('lane', 'sea freight in bulk, 14–24 d; then parcel, 3–6 d')).toBe('海运大货，14–24 天；再转小包，3–6 天');
    expect(zh('chosen', 'item-knn of all, sources at 1')).toBe('用全部市场训练的同购商品近邻，来源权重 1');
    expect(zh('chosen', '0.5 ease of all + 0.5 popularity')).toBe('0.5 × 用全部市场训练的线性模型（EASE） + 0.5 × 全市场畅销品');
    expect(zh('target', 'a second order in the next 90 days')).toBe('首购顾客在未来 90 天内再次下单');
    expect(zh('first', 'orders_VN.csv line 1965, column quantity, value `9999999`: a quantity from -1000000 to 1000000')).toBe('orders_VN.csv 第 1965 行，列 quantity，值 `9999999`：应为-1000000 至 1000000 之间的数量');
    expect(zh('why', 'words count: 352 reviews of 1 or 2 stars and 2039 of 4 or 5, held out, are told apart')).toBe('采信词语：1–2 星 352 条、4–5 星 2039 条，留出检验可以区分');
    const [saved, wide] = ['On weeks that it has not seen, the model with media saves 6.7 % of the squared error of one without: too little to speak of search. An experiment would tell.', 'search brought between 0 % and 71 % of what all media brought: too wide to decide on. An experiment would narrow it.'];
    expect(zh('refused', `${saved} ${wide}`)).toBe('在未见过的周里，含广告的模型只比不含广告的模型减少 6.7 % 的平方误差，不足以判断 search。需要做实验。search 占全部广告贡献的 0 % 到 71 %，区间过宽，无法据此决策。可用实验缩小。');
    expect(cellIn('zh', 'name', 'other')).toEqual({ text: 'other', lang: 'en' });
    expect(modelIn('3 件商品(模型 ials,训练数据:该市场的订单);x', () => 'M')).toBe('3 件商品(模型 M,训练数据:该市场的订单);x');
    // As it is on the page: with the marks of Chinese.
    expect(modelIn(punctuated('3 件商品(模型 ials,训练数据:该市场的订单);x'), () => 'M')).toBe('3 件商品（模型 M，训练数据：该市场的订单）；x');
    expect(modelIn('3 products by ials trained on the orders; x', () => 'M')).toBe('3 products by M trained on the orders; x');
  });

  it('have forms that differ and are as many as in Chinese', () => {
    const own = cellParts.filter((f) => !rejectForms.includes(f) && !rejectParts.includes(f));
    for (const f of [...cellForms, ...own]) expect(f.zh.match(/\{\d?\}/g)?.length ?? 0, f.en).toBe(f.en.match(/\{\}/g)?.length ?? 0);
    expect(new Set(cellForms.map((f) => f.en)).size).toBe(cellForms.length);
    expect(Object.keys(en).length).toBeGreaterThan(Object.keys(names).length);
  });
});
