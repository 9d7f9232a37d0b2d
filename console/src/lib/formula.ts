// How a figure is computed, in the reader's language where that is known.
import { formulaForms, formulaParts } from '../i18n/zh/forms';
import { formulas, others } from '../i18n/zh/formulas';
import { turner } from './forms';

export interface Formula {
  text: string;
  /** The language it is in. */
  lang: 'en' | 'zh';
}

const turn = turner(formulaForms, formulaParts);

/**
 * The formula of a figure by its key (`market.revenue`, `DE.market.revenue`, `segment.basket[loyal]`): in Chinese where the
 * server's words are those of the dictionary or have a form, as it came where whoever made the figure wrote something else.
 */
export function formulaIn(lang: 'en' | 'zh', key: string, formula: string): Formula {
  if (lang === 'en') return { text: formula, lang };
  const [, base = key] = /^(?:[A-Z]{2}\.)?([^[]*)/.exec(key) ?? [];
  const known = Object.hasOwn(formulas, base) ? formulas[base] : undefined;
  const words = known?.en === formula ? known : others.find((other) => other.en === formula);
  const text = words?.zh ?? turn(formula);
  return text === null ? { text: formula, lang: 'en' } : { text, lang: 'zh' };
}

/** The formula for a hint that appears at the pointer: none where it is not known in the reader's language. */
export function formulaHint(lang: 'en' | 'zh', key: string, formula: string | undefined): string | undefined {
  const said = formulaIn(lang, key, formula ?? '');
  return said.lang === lang && said.text ? said.text : undefined;
}
