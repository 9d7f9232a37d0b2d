// Formulas of figures in Chinese are those of the plan: its dictionary is read beside the console's.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isKey } from '../../src/i18n';
import { formulas, others } from '../../src/i18n/zh/formulas';
import { formulaIn } from '../../src/lib/formula';

const source = readFileSync(join(import.meta.dirname, '../../../crates/decide/src/plan/metric.rs'), 'utf8');
const metrics = [...source.matchAll(/^ {4}\w+ "([^"]+)" \w+ \w+; "[^"]*", "[^"]*";\s*"([^"]*)", "([^"]*)";/gm)];

describe('formulas in Chinese', () => {
  it('are all that the plan has, and say what it says', () => {
    // As many as there are names of metrics: none is written in a way that this test does not read.
    expect(metrics.length).toBe([...source.matchAll(/^ {4}\w+ "[a-z_.0-9]+" \w+ \w+;/gm)].length);
    expect(metrics.length).toBeGreaterThan(130);
    expect(formulas).toEqual(Object.fromEntries(metrics.map(([, key, en, zh]) => [key, { en, zh }])));
    const written = [...source.matchAll(/const \w+: Words = Words \{\s*en: "([^"]*)",\s*zh: "([^"]*)",/g)];
    expect(others).toEqual(written.map(([, en, zh]) => ({ en, zh })));
  });

  it('belong to figures that have a name', () => {
    expect(Object.keys(formulas).filter((key) => !isKey(`figure.${key}`))).toEqual([]);
  });

  it('stand for the words of the dictionary alone, whatever stands around the key', () => {
    const { en, zh } = formulas['market.revenue'] ?? { en: '', zh: '' };
    expect(formulaIn('zh', 'market.revenue', en)).toEqual({ text: zh, lang: 'zh' });
    expect(formulaIn('zh', 'DE.market.revenue', en)).toEqual({ text: zh, lang: 'zh' });
    expect(formulaIn('zh', 'market.revenue[2026-01]', en)).toEqual({ text: zh, lang: 'zh' });
    expect(formulaIn('en', 'market.revenue', en)).toEqual({ text: en, lang: 'en' });
    // Another formula under the same key is not translated into what it does not say.
    expect(formulaIn('zh', 'market.revenue', 'sales of one day')).toEqual({ text: 'sales of one day', lang: 'en' });
    expect(formulaIn('zh', 'market.growth', others[0]?.en ?? '').text).toBe(others[0]?.zh);
    expect(formulaIn('zh', 'toString', 'x')).toEqual({ text: 'x', lang: 'en' });
  });
});
