// Chinese sentences that are put together with half-width marks, with the marks that Chinese is written with.

const HAN = /[\u3400-\u9fff\u3000-\u303f\uff00-\uffef]/;
const near = (text: string, at: number): boolean => HAN.test(text[at - 1] ?? '') || HAN.test(text[at + 1] ?? '');

/** Marks of one stretch outside of what is quoted as code. */
function marked(text: string): string {
  const pairs = text.replace(/\(([^()]*)\)/g, (whole, inside: string, at: number) => (HAN.test(inside) || (HAN.test(text[at - 1] ?? '') && !/^[A-Z]{2}$/.test(inside)) ? `（${inside}）` : whole));
  return [...pairs]
    .map((c, at, all) => {
      if (c === ';') return '；';
      if (c === ':') return near(pairs, at) ? '：' : c;
      if (c !== ',') return c;
      const [before = '', after = ''] = [all[at - 1], all[at + 1]];
      // `1,234` stays a number; `0.5,95 %` is two of them.
      const thousands = /\d/.test(before) && /^\d{3}(?!\d)/.test(pairs.slice(at + 1)) && /(^|[^\d.])\d{1,3}(,\d{3})*$/.test(pairs.slice(0, at));
      return near(pairs, at) || (/[\d%)）]/.test(before) && /[\d+−-]/.test(after) && !thousands) ? '，' : c;
    })
    .join('')
    .replace(/([，；：]) +/g, '$1'); // a full-width mark has its room in it
}

/** A Chinese sentence with full-width marks; names, numbers and what stands in back quotes stay as they are. */
export function punctuated(text: string): string {
  if (!/[\u4e00-\u9fff]/.test(text) || !/[,;:(]/.test(text)) return text;
  return text
    .split(/(`[^`]*`)/)
    .map((piece, at) => (at % 2 ? piece : marked(piece)))
    .join('');
}
