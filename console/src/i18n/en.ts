// All English words; their keys are the keys there are.
import { codes } from './en/codes';
import { columns } from './en/columns';
import { pages } from './en/pages';

export const en = { ...pages, ...codes, ...columns } as const;

export type Key = keyof typeof en;
