// Words in English and Chinese. A key that one dictionary lacks does not compile.
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import { punctuated } from '../lib/chinese';
import { makeFormat, type Format, type Lang } from '../lib/format';
import { en, type Key } from './en';
import { zh } from './zh';

export type { Key } from './en';
export type { Lang } from '../lib/format';

const dictionaries = { en, zh } as const;

export type Values = Record<string, string | number>;

/** The words of a key with `{name}` filled in; `{n|row|rows}` is the first where `n` is 1. */
export function translate(lang: Lang, key: Key, values?: Values): string {
  const text: string = dictionaries[lang][key];
  if (!values) return text;
  const counted = text.replace(/\{(\w+)\|([^|}]*)\|([^}]*)\}/g, (_, name: string, one: string, many: string) => (String(values[name]) === '1' ? one : many));
  return counted.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Whether a text is a key: codes of the server are looked up as `status.` + code and shown as they are otherwise. */
export function isKey(text: string): text is Key {
  return Object.hasOwn(en, text);
}

interface Words {
  lang: Lang;
  setLang: (lang: Lang) => void;
  t: (key: Key, values?: Values) => string;
  /** The words for a code under a prefix, or the code itself. */
  code: (prefix: string, code: string) => string;
  /** What the server says in both languages. */
  spoken: (text: { en: string; zh: string } | null | undefined) => string;
  f: Format;
}

const Context = createContext<Words | null>(null);

function initial(): Lang {
  return document.documentElement.lang.startsWith('zh') ? 'zh' : 'en';
}

export function WordsProvider({ children }: { children: ReactNode }) {
  const [lang, setLang] = useState<Lang>(initial);
  useEffect(() => {
    document.documentElement.lang = lang === 'zh' ? 'zh-CN' : 'en';
    try {
      localStorage.setItem('portolan.lang', lang);
    } catch {
      // Storage may be forbidden; the choice then lasts as long as the page.
    }
  }, [lang]);
  const words = useMemo<Words>(
    () => ({
      lang,
      setLang,
      t: (key, values) => translate(lang, key, values),
      code: (prefix, code) => {
        const key = `${prefix}.${code}`;
        return isKey(key) ? translate(lang, key) : code.replaceAll('_', ' ');
      },
      spoken: (text) => (text ? (lang === 'zh' && text.zh ? punctuated(text.zh) : text.en) : ''),
      f: makeFormat(lang),
    }),
    [lang],
  );
  return <Context value={words}>{children}</Context>;
}

export function useWords(): Words {
  const words = useContext(Context);
  if (!words) throw new Error('useWords outside of WordsProvider');
  return words;
}
