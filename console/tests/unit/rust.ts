// Reading the server's sources for what they say: string literals outside of tests, as forms with `{}` for what is inserted.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const crates = join(import.meta.dirname, '../../../crates');

/** A string literal and where it begins. */
interface Literal {
  at: number;
  end: number;
  text: string;
}

/** A source without comments and tests: code in which every string and character is blanked, and the strings beside it. */
export interface Rust {
  file: string;
  code: string;
  strings: Literal[];
}

/** What is written in a literal: escapes resolved, a line that goes on behind `\` joined. */
const unescaped = (raw: string): string =>
  raw.replace(/\\(\r?\n\s*|u\{([0-9a-f]+)\}|.)/gi, (_, what: string, point?: string) => {
    if (point) return String.fromCodePoint(parseInt(point, 16));
    if (/^\s*\n/.test(what)) return '';
    return { n: '\n', t: '\t', r: '\r', '0': '\0' }[what] ?? what;
  });

export function parse(file: string, source: string): Rust {
  const strings: Literal[] = [];
  const token = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|r(#*)"([\s\S]*?)"\1|"((?:\\[\s\S]|[^"\\])*)"|'(?:\\u\{[0-9a-f]+\}|\\.|[^'\\])'/g;
  const blank = (text: string): string => text.replace(/[^\n]/g, ' ');
  let code = source.replace(token, (whole, _hashes: string | undefined, raw: string | undefined, plain: string | undefined, at: number) => {
    if (raw !== undefined || plain !== undefined) {
      strings.push({ at, end: at + whole.length, text: raw ?? unescaped(plain ?? '') });
      // Two marks, so that an argument that is a literal is not empty.
      return `"${blank(whole.slice(2))}"`;
    }
    return blank(whole);
  });
  for (let at = code.indexOf('#[cfg(test)]'); at >= 0; at = code.indexOf('#[cfg(test)]', at + 1)) {
    const open = code.slice(at).search(/[{;]/) + at;
    const end = code[open] === ';' ? open + 1 : closing(code, open) + 1;
    code = code.slice(0, at) + blank(code.slice(at, end)) + code.slice(end);
  }
  return { file, code, strings: strings.filter((s) => code[s.at] === '"') };
}

/** Where the bracket that opens at `open` closes. */
export function closing(code: string, open: number): number {
  let depth = 0;
  for (let i = open; i < code.length; i += 1) {
    if ('([{'.includes(code[i] ?? ' ')) depth += 1;
    if (')]}'.includes(code[i] ?? ' ')) depth -= 1;
    if (depth === 0) return i;
  }
  throw new Error('a bracket that does not close');
}

/** Where an expression that begins at `from` ends: at the first of `ends` outside of brackets. */
function endOf(code: string, from: number, ends: string): number {
  for (let i = from; i < code.length; i += 1) {
    const c = code[i] ?? ' ';
    if ('([{'.includes(c)) i = closing(code, i);
    else if (ends.includes(c) || ')]}'.includes(c)) return i;
  }
  return code.length;
}

export const within = (rust: Rust, from: number, to: number): string[] => rust.strings.filter((s) => s.at >= from && s.end <= to).map((s) => s.text);

/** Every source of a crate's folder outside of tests. */
export function sources(...folders: string[]): Rust[] {
  const files = (folder: string): string[] =>
    readdirSync(join(crates, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return entry.name === 'tests' ? [] : files(path);
      return entry.name.endsWith('.rs') && !/(^|_)tests?\.rs$/.test(entry.name) ? [path] : [];
    });
  return folders.flatMap(files).map((path) => parse(path, readFileSync(join(crates, path), 'utf8')));
}

/** `format!` text as a form. */
export const form = (text: string): string => text.replace(/\{\{|\}\}|\{[^{}]*\}/g, (hole) => (hole === '{{' ? '{' : hole === '}}' ? '}' : '{}'));

/** Texts as forms, each once: neither Chinese ones nor those that only join others. */
export const english = (texts: string[]): string[] => [...new Set(texts.map(form))].filter((text) => /[a-z]{2}|_/i.test(text) && !/[\u4e00-\u9fff]/.test(text));

/** Strings of the expression behind each place where `begin` matches, up to one of `ends`; of a block, the block. */
export const behind = (rust: Rust, begin: RegExp, ends: string): string[] =>
  [...rust.code.matchAll(begin)].flatMap((m) => {
    const from = m.index + m[0].length;
    return within(rust, from, rust.code[from] === '{' ? closing(rust.code, from) : endOf(rust.code, from, ends));
  });

/**
 * What a source says under a name: given to `.name(…)`, bound by `let name = …`, written in a field `name: …`, and handed to
 * functions and closures of the file that take a parameter `name`. A text of one word is a key and left out.
 */
export function said(rust: Rust, name: string): string[] {
  const takers = [
    ...rust.code.matchAll(new RegExp(`\\bfn (\\w+)(?:<[^>]*>)?\\([^{;]*\\b${name}: &`, 'g')),
    ...rust.code.matchAll(new RegExp(`\\blet (?:mut )?(\\w+)\\s*=\\s*\\|[^|;]*\\b${name}\\b[^|;]*\\|`, 'g')),
  ].map((m) => m[1] ?? '');
  const found = [
    ...behind(rust, new RegExp(`\\.${name}\\(`, 'g'), ''),
    ...behind(rust, new RegExp(`\\b${name}: (?!&|String|\\[)`, 'g'), ','),
    ...behind(rust, new RegExp(`\\blet [^=;{]*\\b${name}\\b[^=;{]* =(?!\\s*\\|)`, 'g'), ';'),
    ...takers.flatMap((taker) => behind(rust, new RegExp(`(?<!fn )\\b${taker}\\(`, 'g'), '')),
  ];
  return english(found).filter((text) => /[^\w.{}]/.test(text.trim()));
}
