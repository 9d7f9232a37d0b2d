// Paths of the browser's history; the server answers unknown paths with the console's page.
import { useSyncExternalStore, type AnchorHTMLAttributes, type MouseEvent } from 'react';

const listeners = new Set<() => void>();
const notify = () => listeners.forEach((listen) => listen());

function subscribe(listen: () => void): () => void {
  listeners.add(listen);
  window.addEventListener('popstate', listen);
  return () => {
    listeners.delete(listen);
    window.removeEventListener('popstate', listen);
  };
}

const here = () => window.location.pathname + window.location.search;

export interface Route {
  path: string;
  parts: string[];
  query: URLSearchParams;
}

export function parseRoute(address: string): Route {
  const [path = '/', search = ''] = address.split('?', 2);
  const parts = path.split('/').filter(Boolean).map(decodePart);
  return { path, parts, query: new URLSearchParams(search) };
}

// A half-typed %-escape is shown as it is instead of ending the page.
function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function useRoute(): Route {
  return parseRoute(useSyncExternalStore(subscribe, here));
}

export function navigate(to: string, how: 'push' | 'replace' = 'push'): void {
  if (to === here()) return;
  if (how === 'push') {
    window.history.pushState(null, '', to);
    window.scrollTo(0, 0);
  } else {
    window.history.replaceState(null, '', to);
  }
  notify();
}

/** Changes some parameters of the address; null takes one away. */
export function setQuery(changes: Record<string, string | null>): void {
  const query = new URLSearchParams(window.location.search);
  for (const [key, value] of Object.entries(changes)) {
    if (value === null || value === '') query.delete(key);
    else query.set(key, value);
  }
  const text = query.toString();
  navigate(window.location.pathname + (text ? `?${text}` : ''), 'replace');
}

export function Link({ to, onClick, ...rest }: { to: string } & AnchorHTMLAttributes<HTMLAnchorElement>) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    // New tab, new window, download: the browser's own ways stay.
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
      return;
    event.preventDefault();
    navigate(to);
  };
  return <a {...rest} href={to} onClick={follow} />;
}
