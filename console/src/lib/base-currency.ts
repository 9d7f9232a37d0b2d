// The currency in which the workspace reports: asked for once, whatever shows amounts in it.
import { useEffect, useState } from 'react';
import { api } from '../api/client';

let known: string | null = null;
let asked: Promise<string | null> | null = null;

function ask(): Promise<string | null> {
  asked ??= api.overview(new AbortController().signal).then(
    (overview) => (known = overview.base_currency),
    () => (asked = null),
  );
  return asked;
}

/** Null until it is known; an amount is then a plain number. */
export function useBaseCurrency(): string | null {
  const [currency, set] = useState(known);
  useEffect(() => {
    let here = true;
    if (currency === null) void ask().then((found) => here && set(found));
    return () => {
      here = false;
    };
  }, [currency]);
  return currency;
}
