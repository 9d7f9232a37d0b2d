// Events of the stream, read with care: a half line or another server's words must not end the page.
import type { LiveEvent as Wire } from '../api/wire';

/** An event with its place in this visit's stream. */
export type LiveEvent = Wire & { number: number };

const text = (x: unknown): string => (typeof x === 'string' ? x : '');

export function readEvent(data: string, number: number): LiveEvent | null {
  let raw: unknown;
  try {
    raw = JSON.parse(data);
  } catch {
    return null;
  }
  if (typeof raw !== 'object' || raw === null) return null;
  const wire = raw as Partial<Record<keyof Wire, unknown>>;
  return {
    number,
    received: text(wire.received),
    kind: text(wire.kind),
    name: text(wire.name),
    who: text(wire.who),
    market: text(wire.market) || null,
    key: text(wire.key),
    accepted: wire.accepted !== false,
    problems: Array.isArray(wire.problems) ? wire.problems.map(String) : [],
    detail: wire.detail ?? null,
  };
}

/** Newest first, at most `limit`. */
export function keep(before: readonly LiveEvent[], fresh: readonly LiveEvent[], limit: number): LiveEvent[] {
  return [...fresh].reverse().concat(before).slice(0, limit);
}

/** Whether every word stands somewhere in the event. */
export function matches(event: LiveEvent, query: string): boolean {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return true;
  const all = JSON.stringify(event).toLowerCase();
  return words.every((word) => all.includes(word));
}
