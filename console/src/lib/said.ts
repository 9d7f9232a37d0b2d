// Sentences that the server says in English alone, in the reader's language where they have a form.
import { zh } from '../i18n/zh';
import { reasonForms, reasonParts, reasonValues, rejectForms, rejectParts } from '../i18n/zh/said';
import { turner } from './forms';
import type { Formula } from './formula';

const expected = turner(rejectForms, rejectParts);
const named = Object.entries(zh).flatMap(([key, words]) => (key.startsWith('rfm.') ? [{ en: key.slice('rfm.'.length), zh: words }] : []));
const reason = turner(reasonForms, reasonParts, [...named, ...reasonValues]);

/** What a row that was put aside should have been; `said` is what the server says in Chinese, English where it knows none. */
export function expectedIn(lang: 'en' | 'zh', text: string, said = ''): Formula {
  if (lang === 'en') return { text, lang };
  const turned = expected(text) ?? (/[\u4e00-\u9fff]/.test(said) ? said : null);
  return turned === null ? { text, lang: 'en' } : { text: turned, lang };
}

/** A line of why a shopper is in a segment, and how deep it stands below the first. */
export interface Reason extends Formula {
  depth: number;
}

/**
 * Why a shopper is in a segment, a line a statement. The server joins the lines by `; ` and sets those that belong to another two
 * blanks in; the first alone says that all of the others hold, which is why the shopper is in it at all.
 */
export function reasonsIn(lang: 'en' | 'zh', why: string): Reason[] {
  const lines = why.split('; ').map((line) => ({ text: line.trim(), depth: (/^ */.exec(line)?.[0].length ?? 0) / 2 }));
  const rest = lines.length > 1 && lines[0]?.text === 'all of: true' ? lines.slice(1).map((line) => ({ ...line, depth: Math.max(0, line.depth - 1) })) : lines;
  return rest.map(({ text, depth }) => {
    const turned = lang === 'zh' ? reason(text) : null;
    return turned === null ? { text, depth, lang: 'en' } : { text: turned, depth, lang: 'zh' };
  });
}
