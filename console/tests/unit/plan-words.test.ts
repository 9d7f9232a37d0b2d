// The console says what the self-contained page of a plan says in that page's words: both are read beside each other.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { en } from '../../src/i18n/en';
import { zh } from '../../src/i18n/zh';

const source = (file: string): string => readFileSync(join(import.meta.dirname, '../../../crates/decide/src/plan', file), 'utf8');
type Key = keyof typeof en;

/** Keys of the console, and the names of the same words in words.rs. */
const WORDS: [key: Key, name: string][] = [
  ['plan.reach', 'ReachFirst'],
  ['plan.reach.segments', 'ReachSegments'],
  ['plan.reach.areas', 'ReachAreas'],
  ['plan.reach.area', 'ReachArea'],
  ['plan.reach.persona', 'ReachPersona'],
  ['plan.reach.basis', 'ReachBasis'],
  ['plan.reach.open', 'ReachOpen'],
  ['plan.reach.lost', 'ReachLost'],
  ['plan.prices.test', 'PriceTestSaid'],
  ['plan.paid', 'PaidBySegment'],
  ['plan.paid.apart', 'PaidApart'],
  ['plan.paid.alike', 'PaidAlike'],
];

describe('words of the plan', () => {
  const bare = (text: string) => text.replace(/\{\w*\}/g, '{}');

  it.each(WORDS)('%s is %s', (key, name) => {
    const [, english, chinese] = new RegExp(`^    ${name}: "([^"]*)", "([^"]*)";`, 'm').exec(source('words.rs')) ?? [];
    expect([bare(en[key]), bare(zh[key])]).toEqual([bare(english ?? 'not there'), bare(chinese ?? 'not there')]);
  });

  it('calls the rules of cleaning as the plan does', () => {
    const rules = [...(source('vocabulary.rs').split('static RULES')[1] ?? '').matchAll(/ e\(\s*"(\w+)",\s*"([^"]*)",\s*"([^"]*)",\s*"([^"]*)",\s*"([^"]*)",?\s*\)/g)];
    expect(rules.length).toBeGreaterThan(50);
    const said = (words: Record<string, string>) => rules.map((rule) => [rule[1], words[`rule.${rule[1]}`], words[`rulemeans.${rule[1]}`]]);
    expect(said(en)).toEqual(rules.map((rule) => [rule[1], rule[2], rule[4]]));
    expect(said(zh)).toEqual(rules.map((rule) => [rule[1], rule[3], rule[5]]));
  });

  it('calls segments and what they are worth as the plan does', () => {
    const segments = [...source('vocabulary.rs').split('static SCORERS')[0]!.matchAll(/e\(\s*"(\w+)",\s*"([^"]*)",\s*"([^"]*)"/g)];
    expect(segments.length).toBe(7);
    for (const [, key, english, chinese] of segments) expect([en[`rfm.${key}` as Key], zh[`rfm.${key}` as Key]], key).toEqual([english, chinese]);
    const worth = [...source('metric.rs').matchAll(/^    \w+ "(reach\.\w+|bundle\.\w+|decide\.segment_paid)" \w+ \w+; "([^"]*)", "([^"]*)";/gm)];
    expect(worth.length).toBe(12);
    for (const [, key, english, chinese] of worth) expect([en[`figure.${key}` as Key], zh[`figure.${key}` as Key]], key).toEqual([english, chinese]);
  });
});
