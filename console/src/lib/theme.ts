// Light, dark, or what the system says.
import { useSyncExternalStore } from 'react';

export type Theme = 'system' | 'light' | 'dark';

const listeners = new Set<() => void>();

function current(): Theme {
  const theme = document.documentElement.dataset['theme'];
  return theme === 'light' || theme === 'dark' ? theme : 'system';
}

export function setTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
  try {
    if (theme === 'system') localStorage.removeItem('portolan.theme');
    else localStorage.setItem('portolan.theme', theme);
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
  listeners.forEach((listen) => listen());
}

export function useTheme(): Theme {
  return useSyncExternalStore((listen) => {
    listeners.add(listen);
    return () => listeners.delete(listen);
  }, current);
}
