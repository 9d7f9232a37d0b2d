// Events as the stream sends them, read with care: what arrives is what shops sent.

export interface LiveEvent {
  number: number;
  type: string;
  name: string;
  who: string;
  at: string;
  accepted: boolean;
  problem: string | null;
  raw: unknown;
}

const text = (x: unknown): string => (typeof x === 'string' ? x : typeof x === 'number' ? String(x) : '');

export function readEvent(data: string, number: number): LiveEvent | null {
  let raw: unknown;
  try {
    raw = JSON.parse(data);
  } catch {
    return null;
  }
  if (typeof raw !== 'object' || raw === null) return null;
  const wire = raw as Record<string, unknown>;
  // The stream wraps what was sent: {at, accepted, problem, event}; a bare event is shown too.
  const inner = (typeof wire['event'] === 'object' && wire['event'] !== null ? wire['event'] : wire) as Record<string, unknown>;
  const properties = (typeof inner['properties'] === 'object' && inner['properties'] !== null ? inner['properties'] : {}) as Record<string, unknown>;
  const problem = text(wire['problem']) || text(wire['error']) || null;
  return {
    number,
    type: text(inner['type']) || text(wire['kind']) || 'track',
    name: text(inner['event']) || text(wire['name']) || text(inner['name']) || text(properties['path']) || '–',
    who: text(inner['userId']) || text(inner['anonymousId']) || text(wire['shopper']) || text(wire['who']),
    at: text(wire['at']) || text(wire['received_at']) || text(inner['receivedAt']) || text(inner['timestamp']) || new Date().toISOString(),
    accepted: wire['accepted'] !== false && problem === null,
    problem,
    raw,
  };
}

/** Newest first, at most `limit`. */
export function keep(before: readonly LiveEvent[], fresh: readonly LiveEvent[], limit: number): LiveEvent[] {
  return [...fresh].reverse().concat(before).slice(0, limit);
}

export function matches(event: LiveEvent, query: string): boolean {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return true;
  const all = `${event.type} ${event.name} ${event.who} ${JSON.stringify(event.raw)}`.toLowerCase();
  return words.every((word) => all.includes(word));
}
