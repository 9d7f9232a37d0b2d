import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isKey, translate } from '../../src/i18n';
import { en } from '../../src/i18n/en';
import { zh } from '../../src/i18n/zh';

const holes = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();

describe('dictionaries', () => {
  it('have the same keys', () => {
    expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
  });

  it('have the same holes and no empty text', () => {
    for (const key of Object.keys(en) as (keyof typeof en)[]) {
      expect(en[key].trim(), key).not.toBe('');
      expect(zh[key].trim(), key).not.toBe('');
      expect(holes(zh[key]), key).toEqual(holes(en[key]));
    }
  });

  it('are Chinese where they are Chinese', () => {
    const same = (Object.keys(en) as (keyof typeof en)[]).filter((key) => zh[key] === en[key] && /[a-z]{4}/i.test(en[key]));
    // Names of calls are the wire's words in both, and the name of a measure is the field's.
    expect(same.filter((key) => !key.startsWith('call.') && key !== 'figure.transfer.ndcg')).toEqual([]);
  });

  it('call a shopper by one word, and so do the meanings of columns', () => {
    const meanings = readFileSync(join(import.meta.dirname, '../../../crates/app/src/serving/meanings.tsv'), 'utf8');
    expect([...Object.values<string>(zh), ...meanings.split('\n')].filter((text) => text.includes('购物者'))).toEqual([]);
  });

  it('fill holes and leave unknown ones', () => {
    expect(translate('en', 'pager.at', { page: 2, pages: 9 })).toBe('Page 2 of 9');
    expect(translate('zh', 'pager.at', { page: 2 })).toBe('第 2 / {pages} 页');
    expect([isKey('pager.at'), isKey('toString')]).toEqual([true, false]);
  });

  it('name every column of the tables that a run makes, in words', () => {
    const pages = readFileSync(join(import.meta.dirname, '../../../docs/tables.md'), 'utf8').split(/^### /m);
    const marts = pages.filter((page) => page.startsWith('marts.'));
    expect(marts.length).toBeGreaterThan(50);
    const names = marts.flatMap((page) => [...page.matchAll(/^\| `(\w+)` \|/gm)].map((m) => m[1] ?? ''));
    // The Chinese text of a column stands under the column's own name.
    const unnamed = names.filter((name) => name !== 'zh' && !name.endsWith('_zh') && !isKey(`column.${name}`));
    expect([...new Set(unnamed)]).toEqual([]);
    const columns = Object.entries(en).filter(([key]) => key.startsWith('column.'));
    expect(columns.filter(([, label]) => /^(N|P) [a-z]|_| (se|sd)$/.test(label))).toEqual([]);
  });

  it('name every way to learn from other markets', () => {
    const source = readFileSync(join(import.meta.dirname, '../../../crates/recommend/src/transfer/adaptation.rs'), 'utf8');
    const names = [...(/pub const fn name[\s\S]*?\n {4}\}/.exec(source)?.[0] ?? '').matchAll(/=> "([^"]+)"/g)].map((m) => m[1]);
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name) => !isKey(`method.${name}`))).toEqual([]);
  });

  it('are all used: a word that no page says is dead', () => {
    const files = (folder: string): string[] =>
      readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
        entry.isDirectory() ? (entry.name === 'i18n' ? [] : files(join(folder, entry.name))) : [readFileSync(join(folder, entry.name), 'utf8')],
      );
    const source = files(join(import.meta.dirname, '../../src')).join('\n');
    // Keys that are put together: code('prefix', …) and t(`prefix.${…}`).
    const prefixes = [...source.matchAll(/code\(\s*'([a-z]+)'/g)].map((m) => `${m[1]}.`).concat([...source.matchAll(/`([a-z.]+\.)\$\{/g)].map((m) => m[1] ?? ''))
      // Columns of codes that have names.
      .concat([...source.matchAll(/\bprefixes: \[([^\]]*)\]/g)].flatMap((m) => [...(m[1] ?? '').matchAll(/'(\w+)'/g)].map((name) => `${name[1]}.`)));
    const unused = Object.keys(en).filter((key) => !source.includes(`'${key}'`) && !prefixes.some((p) => key.startsWith(p)));
    expect(unused).toEqual([]);
  });
});
