// Lists that tables carry as JSON in a text: reasons in both languages, tags, quotes, notes.

/** One entry: its words, and why it is there where that is said. */
export interface Listed {
  text: string;
  why?: string;
  /** The tag, where it is one. */
  tag?: string;
}

/** The entries of a JSON list as a person reads them; null for any other text and for lists of something unknown. */
export function listed(text: string, lang: 'en' | 'zh'): Listed[] | null {
  if (!/^[[{]/.test(text)) return null;
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return null;
  }
  // One list a language: `{"en": […], "zh": […]}`.
  if (!Array.isArray(raw) && typeof raw === 'object' && raw !== null) {
    const lists = raw as Record<string, unknown>;
    raw = Array.isArray(lists[lang]) ? lists[lang] : lists.en;
  }
  if (!Array.isArray(raw)) return null;
  const entries = raw.map((item) => entry(item, lang));
  return entries.every((x): x is Listed => x !== null) ? entries : null;
}

function entry(item: unknown, lang: 'en' | 'zh'): Listed | null {
  if (typeof item === 'string') return { text: item };
  if (typeof item !== 'object' || item === null) return null;
  const fields = item as Record<string, unknown>;
  const said = (name: string): string => (typeof fields[name] === 'string' ? (fields[name] as string) : '');
  if (said('en')) return { text: (lang === 'zh' && said('zh')) || said('en') };
  if (said('tag')) return { text: said('tag').replaceAll('_', ' '), why: said('reason'), tag: said('tag') };
  if (said('sentence')) return { text: said('sentence') };
  if (said('term')) return { text: [said('term'), said('product')].filter(Boolean).join(' ') };
  return null;
}
