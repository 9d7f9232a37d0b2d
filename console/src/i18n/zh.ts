// All Chinese words; a missing or an unknown key does not compile.
import type { Key } from './en';
import { codes } from './zh/codes';
import { columns } from './zh/columns';
import { names } from './zh/names';
import { pages } from './zh/pages';
import { plan } from './zh/plan';
import { rules } from './zh/rules';

export const zh: Record<Key, string> = { ...pages, ...plan, ...rules, ...codes, ...columns, ...names };
