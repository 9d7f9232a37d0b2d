// The browser and the server that tests and screenshots share: the built console in Vite's preview
// with the mock behind it, or a real server named by CONSOLE_URL.

import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { preview } from 'vite';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Serves the built console with the mock; `url` is where, `close` ends it. */
export async function startServer() {
  const named = process.env.CONSOLE_URL;
  if (named) return { url: named.replace(/\/$/, ''), mock: false, close: async () => undefined };
  const server = await preview({ root, mode: 'mock', logLevel: 'error', preview: { port: 0, host: '127.0.0.1' } });
  const address = server.httpServer.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, mock: true, close: () => new Promise((done) => server.httpServer.close(() => done()).closeAllConnections()) };
}

/** Debian's Chromium, headless, with no traffic of its own. */
export async function startBrowser() {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  return { browser, close: () => browser.close() };
}

export const PASSWORD = 'seven small boats at dawn';
export const NAME = 'ming';

/** Through the first set-up where it is needed, else signed in. */
export async function enter(page, server) {
  const token = process.env.CONSOLE_SETUP_TOKEN ?? 'mock-setup-token';
  const session = await (await page.request.get(`${server.url}/api/v1/session`)).json();
  if (session.setup_needed) await page.request.post(`${server.url}/api/v1/setup`, { data: { token, name: NAME, password: PASSWORD } });
  else await page.request.post(`${server.url}/api/v1/session`, { data: { name: NAME, password: PASSWORD } });
}
