// What went wrong has a Chinese form: every sentence that a refusal, its next step or a mistake in a rule can be made of is read from
// the server's sources and stands beside its form.
import { describe, expect, it } from 'vitest';
import { problemForms, problemParts, problemTitles } from '../../src/i18n/zh/problems';
import { ruleForms, ruleParts } from '../../src/i18n/zh/rule-problems';
import type { Form } from '../../src/lib/forms';
import { problemIn, problemsIn, ruleMistakes } from '../../src/lib/problem-words';
import { behind, closing, english, said, sources, within, type Rust } from './rust';

const all = sources('serve/src', 'app/src', 'state/src', 'audience/src/segments', 'content/src/picture', 'domain/src', 'lake/src');
const of = (file: string): Rust => {
  const found = all.find((rust) => rust.file === file);
  if (!found) throw new Error(`${file} is not there`);
  return found;
};
const texts = (...lists: (readonly Form[])[]) => [...new Set(lists.flat().map((form) => form.en))];
const differ = (here: readonly string[], there: readonly string[]) => [here.filter((text) => !there.includes(text)), there.filter((text) => !here.includes(text))];
/** A sentence or a value of several words: keys and codes have neither blank nor mark. */
const spoken = (found: string[]) => [...new Set(found)].filter((text) => /[^\w.{}/-]/.test(text.trim()));

const errors = (file: string) => english(behind(of(file), /#\[error\(/g, ''));
/** What a refusal is made of, however it is made. */
const refusals = (rust: Rust): string[] => [
  ...['detail', 'next', 'what', 'problem'].flatMap((name) => said(rust, name)),
  ...english([
    ...behind(rust, /\b(?:Refusal|AnswerError)::(?!internal\b|Internal\b)\w+(?=\()\(/g, ''),
    ...behind(rust, /\bAnswerError::\w+ (?=\{)/g, ''),
    ...behind(rust, /\b(?:wrong|Stop::error|no_such)\(/g, ''),
    ...behind(rust, /\.(?:at|next)\(/g, ''),
  ]),
];

describe('headings of what went wrong, in Chinese,', () => {
  it('are all that the server has', () => {
    const titles = english(behind(of('serve/src/problem.rs'), /\bSelf::new\(/g, '')).filter((text) => /^[A-Z]/.test(text));
    expect(differ(titles, texts(problemTitles))).toEqual([[], []]);
    expect(titles.length).toBeGreaterThan(10);
  });
});

/** The string that begins where `begin` ends, of each match. */
const behindEach = (rust: Rust, begin: RegExp): string[] => [...rust.code.matchAll(begin)].flatMap((m) => rust.strings.filter((s) => s.at === m.index + m[0].length).map((s) => s.text));

describe('what went wrong, in Chinese,', () => {
  // The fake answers for tests of the wire; what goes to the log is told nobody, and what a run tells it tells in both languages.
  const elsewhere = ['serve/src/fake.rs', 'serve/src/problem.rs', 'serve/src/frame.rs', 'app/src/serving/runs.rs', 'app/src/serving/schedule.rs', 'app/src/serving/intake.rs', 'app/src/serving/tastes.rs'];
  const log = [
    'a document of the kind {}', 'keeping that a link was taken back: {}', 'the person does not allow `analytics`: nothing is kept', 'all markets', 'Bearer realm="portolan"', 'urn:portolan:problem:{}', 'application/problem+json',
    'the state database {} cannot be opened: {}', 'the state database: {}', 'no randomness from the operating system: {}', 'a password cannot be hashed: {}',
  ];
  const server = all.filter((rust) => /^(serve\/src|app\/src\/serving)\//.test(rust.file) && !elsewhere.includes(rust.file));
  const problem = of('serve/src/problem.rs');
  const titles = texts(problemTitles);
  // The state refuses a value with what would be right, and a thing that there is not.
  const state = all.filter((rust) => rust.file.startsWith('state/src/'));
  const rules = spoken([...state.flatMap((rust) => said(rust, 'rule')), ...english(behind(of('state/src/password.rs'), /\binvalid\(/g, ''))]);
  const values = state.flatMap((rust) => [
    ...behindEach(rust, /\bStateError::Invalid \{\s*what: /g),
    ...behindEach(rust, /\bchecked_name\(/g),
    ...[...rust.code.matchAll(/\bfor \(what, value\) in \[/g)].flatMap((m) => within(rust, m.index, closing(rust.code, m.index + m[0].length - 1))),
  ]);
  const things = state.flatMap((rust) => behindEach(rust, /\bStateError::NotFound \{\s*what: /g));
  const answers = (file: string) => of(`app/src/serving/answers/${file}.rs`);

  const written = spoken([
    ...server.flatMap(refusals),
    ...english(within(problem, 0, problem.code.length)).filter((text) => !titles.includes(text)),
    ...errors('state/src/error.rs').filter((text) => text !== 'there is no {} {}'),
    ...rules,
    // What was typed as a password is not said again.
    ...values.map((what) => (what === 'password' ? `${what} "": {}` : `${what} {}: {}`)),
    ...things.map((what) => `there is no ${what} {}`),
    ...english(behind(answers('mod'), /\blet busy =/g, ';')),
    ...english(behind(answers('people'), /\bnext\.push\(/g, '')),
    ...english(behind(of('app/src/segments.rs'), /\blast\.map\([^;]*?Stop::error\(/g, '')),
    ...errors('lake/src/error.rs').filter((text) => text.includes('query')),
    ...errors('content/src/picture/decode.rs'),
    ...errors('domain/src/market.rs').filter((text) => text.includes('market')),
    ...errors('domain/src/locale.rs'),
    ...behindEach(of('domain/src/locale.rs'), /\bwrong\(/g),
  ]).filter((text) => !log.includes(text));
  const names = [...['guard', 'auth'].flatMap((file) => behind(of(`serve/src/${file}.rs`), /\blet needed = match needed (?=\{)/g, ';')), ...behind(of('state/src/keys.rs'), /\bpub fn name\(self\) -> &'static str (?=\{)/g, ';')];
  // `{}` is where several follow each other; a name that is near is said behind one that there is not.
  const joined = ['{} or {}', 'there is no segment `{}`; did you mean `{}`?'];

  it('is all that the server writes', () => {
    expect([written.length > 160, rules.length, new Set(values).size, new Set(things).size]).toEqual([true, 10, 10, 2]);
    expect(english(behind(of('app/src/commands/segments.rs'), /\bfn no_segment\([^{]*(?=\{)/g, ';'))).toEqual(expect.arrayContaining(['; did you mean `{}`?', 'the segments are: {}']));
    expect(differ([...written, 'the segments are: {}', ...names], texts(problemForms, problemParts).filter((text) => !joined.includes(text)))).toEqual([[], []]);
  });
});

describe('what is wrong with a rule, in Chinese,', () => {
  const segments = (file: string) => of(`audience/src/segments/${file}.rs`);
  const made = [segments('parser'), segments('lexer')].flatMap((rust) =>
    spoken([
      ...['what', 'instead', 'text'].flatMap((name) => said(rust, name)),
      ...english([...behind(rust, /\b(?:SegmentError::new|wrong|unexpected)\(/g, ''), ...behind(rust, /\.instead\(/g, ''), ...behind(rust, /\bfn unknown\([^{]*(?=\{)/g, ';')]),
    ]),
  );
  // What has to come: given to `unexpected`, or one of the values. A word of the language is the same in both.
  const want = [segments('parser')].flatMap((rust) => spoken(english([...behind(rust, /\bunexpected\(/g, ''), ...behind(rust, /\blet want =/g, ';')]))).filter((text) => !/^`[^`]*`$/.test(text));
  const pieces = ['{}{} are measured', 'did you mean `{}`? '];
  const whole = ['did you mean `{}`? {} are measured', '{} are measured'];
  const suggested = english(behind(segments('error'), /\bpub\(super\) fn suggest[^{]*(?=\{)/g, ';')).filter((text) => / /.test(text) && text !== ', ');
  const book = errors('audience/src/segments/book.rs');
  const near = 'segment `{}` refers to `{}`, which is not defined';
  const there = english(behind(segments('book'), /\bfn check_groups\([^{]*(?=\{)/g, ';')).filter((text) => /[a-z] [a-z]/.test(text));
  const place = english(behind(segments('error'), /\bimpl fmt::Display for Place (?=\{)/g, ''));
  const file = of('app/src/segments.rs');
  const kept = spoken(english([...behind(file, /\bStop::error\(/g, ''), ...said(file, 'next'), ...said(file, 'what')])).filter((text) => !texts(problemForms).includes(text) && text !== '{}: {}');
  const checks = english(behind(segments('groups'), /\b(?:Err|place)\(/g, '')).filter((text) => / /.test(text));

  it('is all that segments write', () => {
    expect([made.length > 40, suggested.length, book.length, there.length, place, want.length > 10]).toEqual([true, 2, 7, 4, ['column {}', 'line {}, column {}'], true]);
    const written = new Set([
      ...made.filter((text) => !pieces.includes(text) && !/^`[^`]*`$/.test(text)), ...want, ...whole, ...suggested, ...there, ...kept, ...checks,
      ...book.filter((text) => !text.startsWith(near) && !text.startsWith(';')), near, `${near}; did you mean \`{}\`?`,
      ...place.flatMap((at) => [`${at}: {}`, `${at}: {}; {}`]), '{}.toml: {}', '{}.json: {}',
    ]);
    expect(differ([...written], texts(ruleForms, ruleParts))).toEqual([[], []]);
  });
});

describe('a problem in Chinese', () => {
  it('is turned with what is inserted, and stays as it came where a library speaks', () => {
    const zh = (text: string) => problemIn('zh', text).text;
    expect(zh('this needs the role marketer')).toBe('需要“营销人员”角色');
    expect(zh('use a key of the kind write or admin')).toBe('请使用以下类型的密钥：写入或管理员');
    expect(zh('password "": 12 to 200 characters')).toBe('密码：须为 12 至 200 个字符');
    expect(zh('GET is not possible on /api/v1/runs')).toBe('/api/v1/runs 不支持 GET');
    expect(zh('there is no segment `loyl`; did you mean `loyal`?')).toBe('没有分群 `loyl`；您是否指 `loyal`？');
    expect(zh('the query cannot run: No field named x')).toBe('查询无法执行：No field named x');
    expect(zh('this is no picture that can be read: the file is empty')).toBe('无法读取该图片：文件为空');
    expect(zh('`)` has to come')).toBe('此处须为`)`');
    expect(zh('a comparison such as `age >= 2` has to come')).toBe('此处须为比较，例如 `age >= 2`');
    expect(zh('a number is')).toBe('须为数字');
    expect(zh('did you mean `orders`? orders.count, orders.total are measured')).toBe('您是否指 `orders`？可用：orders.count, orders.total');
    expect(zh('/w/segments.toml: segment `due` refers to `buyers`, which is not defined')).toBe('文件 /w/segments.toml：分群 `due` 引用了未定义的 `buyers`');
    expect(problemIn('zh', 'missing field `rule` at line 1 column 2')).toEqual({ text: 'missing field `rule` at line 1 column 2', lang: 'en' });
    expect(problemIn('en', 'a number is')).toEqual({ text: 'a number is', lang: 'en' });
    expect(problemsIn('zh', "start a run: figures and models were made with the person's data; files that the program did not write have the name still: a.csv").text).toBe(
      '请开始一次运行：现有指标与模型由此人的数据得出；以下文件并非本程序所写，仍含有该名称：a.csv',
    );
  });

  it('of a rule that ends too early is a mistake, and a group too small is none', () => {
    const [end, few] = [{ at: 9, len: 0, problem: 'the rule ends too early', next: '' }, { at: 0, len: 0, problem: 'it finds fewer than 10 people', next: '' }];
    const tried = { size: null, share: null, by_market: [] };
    expect([ruleMistakes({ ...tried, of: 0, errors: [end] }), ruleMistakes({ ...tried, of: 900, errors: [few] })]).toEqual([[end], []]);
  });
});
