// What went wrong and what to do about it, in the reader's language where that is known.
import { problemForms, problemParts, problemTitles } from '../i18n/zh/problems';
import { ruleForms, ruleParts } from '../i18n/zh/rule-problems';
import type { SegmentPreview } from '../api/wire';
import { turner } from './forms';
import type { Formula } from './formula';

const turn = turner([...problemForms, ...ruleForms], [...ruleParts, ...problemParts]);

/** The heading of what went wrong. */
export const titleIn = (lang: 'en' | 'zh', title: string): string => (lang === 'zh' && problemTitles.find((known) => known.en === title)?.zh) || title;

/** What was wrong, or what would be right: as the server says it where it has no form, which holds for the words of libraries. */
export function problemIn(lang: 'en' | 'zh', text: string): Formula {
  const turned = lang === 'zh' ? turn(text) : null;
  return turned === null ? { text, lang: 'en' } : { text: turned, lang: 'zh' };
}

/** Several sentences that the server joined by `; `: each for itself, or all as they came. */
export function problemsIn(lang: 'en' | 'zh', text: string): Formula {
  const turned = text.split('; ').map((one) => problemIn(lang, one));
  return lang === 'zh' && turned.every((one) => one.lang === 'zh') ? { text: turned.map((one) => one.text).join('；'), lang: 'zh' } : { text, lang: 'en' };
}

/**
 * What is wrong with a rule that was tried. A mistake at its end has no length; what has none in a rule that was counted is no
 * mistake: it finds too few to be counted out.
 */
export const ruleMistakes = (tried: SegmentPreview): SegmentPreview['errors'] => (tried.of === 0 ? tried.errors : tried.errors.filter((e) => e.len > 0));
