// Asking the server from a component: what was answered before is shown at once and asked again.
import { useCallback, useEffect, useRef, useState } from 'react';
import { Problem } from '../api/problem';

const answers = new Map<string, unknown>();

/** Forgets kept answers whose key begins so: after a write, or when another person signs in. */
export function forget(prefix = ''): void {
  for (const key of answers.keys()) if (key.startsWith(prefix)) answers.delete(key);
}

export interface Loaded<T> {
  data: T | undefined;
  error: Problem | undefined;
  loading: boolean;
  reload: () => void;
}

/**
 * Loads by key; a null key asks nothing. A new key cancels the question before it, and a late answer
 * to an old question is dropped.
 */
export function useLoad<T>(key: string | null, ask: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [state, set] = useState<{ key: string | null; data?: T; error?: Problem; loading: boolean }>({
    key: null,
    loading: true,
  });
  const [round, again] = useState(0);
  const question = useRef(ask);
  question.current = ask;

  useEffect(() => {
    if (key === null) {
      set({ key, loading: false });
      return;
    }
    const controller = new AbortController();
    const kept = answers.get(key) as T | undefined;
    set((before) => ({ key, loading: true, data: kept ?? (before.key === key ? before.data : undefined) }));
    question.current(controller.signal).then(
      (data) => {
        if (controller.signal.aborted) return;
        answers.set(key, data);
        set({ key, data, loading: false });
      },
      (cause: unknown) => {
        if (controller.signal.aborted) return;
        set((before) => ({ key, data: before.data, error: Problem.from(cause), loading: false }));
      },
    );
    return () => controller.abort();
  }, [key, round]);

  const reload = useCallback(() => again((n) => n + 1), []);
  // In the render in which the key changed, the state still speaks of the key before.
  const current = state.key === key;
  return {
    data: current ? state.data : ((key === null ? undefined : answers.get(key)) as T | undefined),
    error: current ? state.error : undefined,
    loading: current ? state.loading : key !== null,
    reload,
  };
}

/** A value that follows another one only after it has been still for a while. */
export function useStill<T>(value: T, milliseconds: number): T {
  const [still, set] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => set(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return still;
}

/** Something the user asked for: busy while it runs, with the problem when it failed. */
export function useAct<A extends unknown[]>(act: (...args: A) => Promise<unknown>): {
  run: (...args: A) => Promise<boolean>;
  busy: boolean;
  problem: Problem | undefined;
  clear: () => void;
} {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const running = useRef(false);
  const latest = useRef(act);
  latest.current = act;
  const run = useCallback(async (...args: A) => {
    if (running.current) return false; // a second click while the first one is under way
    running.current = true;
    setBusy(true);
    setProblem(undefined);
    try {
      await latest.current(...args);
      return true;
    } catch (cause) {
      setProblem(Problem.from(cause));
      return false;
    } finally {
      running.current = false;
      setBusy(false);
    }
  }, []);
  const clear = useCallback(() => setProblem(undefined), []);
  return { run, busy, problem, clear };
}
