// The browser script's limits are those of servers and browsers, which count bytes.
import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';

const script = readFileSync(new URL('../../../crates/serve/assets/t.js', import.meta.url), 'utf8');

interface Api {
  track(event: string, properties: unknown): void;
}

/** The script on an empty page, and what it sent on the way out. */
function page() {
  const sent: string[] = [];
  const listeners: Record<string, () => void> = {};
  const listen = (kind: string, heard: () => void) => (listeners[kind] = heard);
  const window: Record<string, unknown> = {
    navigator: { language: 'th', userAgent: 'x', sendBeacon: (_: string, text: string) => sent.push(text) },
    location: { href: 'https://shop.example/', pathname: '/' },
    screen: { width: 1, height: 1 },
    localStorage: { getItem: () => null, setItem: () => undefined },
    addEventListener: listen,
  };
  const document = {
    currentScript: { dataset: { key: 'k', host: 'https://events.example', consent: 'given', auto: 'off' } },
    title: '',
    referrer: '',
    visibilityState: 'visible',
    addEventListener: () => undefined,
  };
  const never = () => 0;
  const fetch = () => ({ then: () => undefined });
  runInNewContext(script, { window, document, Blob, URL, Intl, fetch, setTimeout: never, setInterval: never });
  return { api: window['portolan'] as Api, leave: () => listeners['pagehide']?.(), sent };
}

const bytes = (text: string) => new TextEncoder().encode(text).length;
const batch = (text: string) => (JSON.parse(text) as { batch: unknown[] }).batch;

describe('t.js', () => {
  it('leaves out a call of more than 30,000 bytes, however few its letters', () => {
    const { api, leave, sent } = page();
    api.track('thai', { text: 'ก'.repeat(11_000) });
    api.track('latin', { text: 'a'.repeat(11_000) });
    leave();
    expect(sent.map((text) => batch(text).length)).toEqual([1]);
    expect(sent[0]).toContain('latin');
  });

  it('sends at most 60,000 bytes on the way out', () => {
    const { api, leave, sent } = page();
    // 9,000 letters are 27,000 bytes: three are below 60,000 letters and above 60,000 bytes.
    for (const event of ['一', '二', '三']) api.track(event, { text: '水'.repeat(9_000) });
    leave();
    expect(sent).toHaveLength(1);
    expect(bytes(sent[0] ?? '')).toBeLessThanOrEqual(60_000);
    expect(batch(sent[0] ?? '')).toHaveLength(1);
  });
});
