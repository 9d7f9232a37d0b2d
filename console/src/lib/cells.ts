// Cells of the server's tables that it says in English alone, in the reader's language where they have a form.
import { zh } from '../i18n/zh';
import { formulaParts } from '../i18n/zh/forms';
import { CELLS, cellForms, cellParts } from '../i18n/zh/tables';
import type { Formula } from './formula';
import { turner } from './forms';

const models = Object.entries(zh).flatMap(([key, words]) => (key.startsWith('model.') ? [{ en: key.slice('model.'.length), zh: words }] : []));
/** What a model of shoppers foresees; its words stand beside the formulas. */
const targets = turner(formulaParts.filter((form) => / order /.test(form.en)));
const turn = turner([...cellForms, ...models], cellParts);

/** Ways to learn that were added up: `0.5 ease + 0.5 popularity`, each with its weight. */
function sum(text: string): string | null {
  const members = text.split(' + ').map((one) => /^(-?[\d.]+) (.*)$/s.exec(one));
  if (members.length < 2 || members.some((m) => m === null)) return null;
  return members.map((m) => `${m?.[1]} × ${turn(m?.[2] ?? '') ?? m?.[2]}`).join(' + ');
}

/** What a cell of a column says. A reason may follow another behind a blank, and begin with the name of a channel. */
export function cellIn(lang: 'en' | 'zh', column: string, text: string): Formula {
  const turned = lang !== 'zh' ? null : column === 'target' ? targets(text) : CELLS.has(column) ? (column === 'chosen' ? sum(text) : null) ?? turn(text) : null;
  return turned === null ? { text, lang: 'en' } : { text: turned.replace(/。 (?=\S)/g, '。'), lang: 'zh' };
}

/** A step of an answer names the model that gave it by its code: here by its name. */
export const modelIn = (text: string, name: (code: string) => string): string =>
  text.replace(/( by |模型 )([a-z0-9-]+)(?= trained on |[,，]训练数据)/, (_, before: string, code: string) => before + name(code));
