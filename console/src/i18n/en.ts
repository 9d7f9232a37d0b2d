// All English words; their keys are the keys there are.
import { codes } from './en/codes';
import { pages } from './en/pages';

export const en = { ...pages, ...codes } as const;

export type Key = keyof typeof en;
