// All English words; their keys are the keys there are.
import { codes } from './en/codes';
import { columns } from './en/columns';
import { names } from './en/names';
import { pages } from './en/pages';
import { plan } from './en/plan';
import { rules } from './en/rules';

export const en = { ...pages, ...plan, ...rules, ...codes, ...columns, ...names } as const;

export type Key = keyof typeof en;
