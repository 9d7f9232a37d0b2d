// Headings of what went wrong in Chinese: the server says them in English. A test reads crates/serve/src/problem.rs.
import type { Form } from '../../lib/forms';

/** Headings of what went wrong; what was wrong and what to do stand below in the server's words. */
export const problemTitles: readonly Form[] = [
  { en: 'The request cannot be understood', zh: '无法理解该请求' },
  { en: 'Who is asking?', zh: '请先登录' },
  { en: 'Not allowed', zh: '没有权限' },
  { en: 'There is no such thing', zh: '找不到该内容' },
  { en: 'Not in this way', zh: '不支持这种方式' },
  { en: 'It took too long', zh: '耗时过长' },
  { en: 'It contradicts what there is', zh: '与现有内容冲突' },
  { en: 'Too large', zh: '内容过大' },
  { en: 'Not JSON', zh: '不是 JSON' },
  { en: 'It cannot be done', zh: '无法完成' },
  { en: 'Too many requests', zh: '请求过于频繁' },
  { en: 'Not at the moment', zh: '暂时无法处理' },
  { en: 'Not computed yet', zh: '尚未计算' },
  { en: 'It takes too long', zh: '耗时过长' },
  { en: 'Not possible here', zh: '此处无法进行' },
  { en: 'Something went wrong here', zh: '服务端出错' },
];

/** The heading of what went wrong. */
export const titleIn = (lang: 'en' | 'zh', title: string): string => (lang === 'zh' && problemTitles.find((known) => known.en === title)?.zh) || title;
