// English sentences of the server in Chinese, by their forms: `{}` in a form is what was inserted, a number or a name.

/**
 * A sentence in both languages. `{}` in the Chinese is what was inserted, in the order in which it came; `{0}`, `{1}` name it
 * by its place where the order changes.
 */
export interface Form {
  en: string;
  zh: string;
  /** For forms that would take nearly any sentence: what begins it has to be known itself. */
  after?: 'known';
  /** Only what begins it is turned by parts; what follows are values, which may be any text (`m` is a score and a sex). */
  then?: 'values';
}

interface Ready extends Form {
  match: RegExp;
}

const ready = (forms: readonly Form[]): Ready[] =>
  forms.map((form) => ({
    ...form,
    match: new RegExp(`^${form.en.split('{}').map((piece) => piece.replace(/[.*+?^$()|[\]{}\\]/g, '\\$&')).join('(.*?)')}$`, 's'),
  }));

/**
 * What turns a sentence: null where it has no form. What is inserted is turned too where it is a sentence itself or one of the
 * `parts`, which stand for nothing alone; of several forms the first is taken, so the longer ones stand before the shorter.
 */
export function turner(forms: readonly Form[], parts: readonly Form[] = [], values: readonly Form[] = []): (text: string) => string | null {
  const whole = ready(forms);
  const inside = [...whole, ...ready(parts)];
  const alone = ready(values);
  const by = (known: readonly Ready[], text: string, next: readonly Ready[]): string | null => {
    for (const form of known) {
      const found = form.match.exec(text);
      if (!found) continue;
      const holes = found.slice(1);
      const turned = holes.map((hole, at) => {
        const of = form.then === 'values' && at > 0 ? alone : next;
        return by(of, hole, of);
      });
      if (form.after === 'known' && turned[0] === null) continue;
      let filled = 0;
      return form.zh.replace(/\{(\d?)\}/g, (_, place: string) => {
        const at = place ? Number(place) : filled++;
        return turned[at] ?? holes[at] ?? '';
      });
    }
    return null;
  };
  return (text) => by(whole, text, inside);
}
