// All Chinese words; a missing or an unknown key does not compile.
import type { Key } from './en';
import { codes } from './zh/codes';
import { columns } from './zh/columns';
import { pages } from './zh/pages';
import { plan } from './zh/plan';

export const zh: Record<Key, string> = { ...pages, ...plan, ...codes, ...columns };
