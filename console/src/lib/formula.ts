// How a figure is computed, in the reader's language where that is known.
import { formulas, others } from '../i18n/zh/formulas';

export interface Formula {
  text: string;
  /** The language it is in. */
  lang: 'en' | 'zh';
}

/**
 * The formula of a figure by its key (`market.revenue`, `DE.market.revenue`, `segment.basket[loyal]`): in Chinese where the
 * server's words are those of the dictionary, as it came where whoever made the figure wrote another one.
 */
export function formulaIn(lang: 'en' | 'zh', key: string, formula: string): Formula {
  if (lang === 'en') return { text: formula, lang };
  const [, base = key] = /^(?:[A-Z]{2}\.)?([^[]*)/.exec(key) ?? [];
  const known = Object.hasOwn(formulas, base) ? formulas[base] : undefined;
  const words = known?.en === formula ? known : others.find((other) => other.en === formula);
  return words ? { text: words.zh, lang: 'zh' } : { text: formula, lang: 'en' };
}

/** The formula for a hint that appears at the pointer: none where it is not known in the reader's language. */
export function formulaHint(lang: 'en' | 'zh', key: string, formula: string | undefined): string | undefined {
  const said = formulaIn(lang, key, formula ?? '');
  return said.lang === lang && said.text ? said.text : undefined;
}
