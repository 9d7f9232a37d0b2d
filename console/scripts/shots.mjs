// Screenshots of every page at phone, laptop and wide screen, into a folder:
//   node scripts/shots.mjs OUT [--dark] [--zh] [--only audience] [--width 390]
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { enter, startBrowser, startServer } from '../tests/e2e/browser.mjs';

const [out = 'shots', ...rest] = process.argv.slice(2);
const option = (name) => (rest.includes(name) ? rest[rest.indexOf(name) + 1] : undefined);
const dark = rest.includes('--dark');
const zh = rest.includes('--zh');
const only = option('--only');
const widths = option('--width') ? [Number(option('--width'))] : [390, 1280, 1920];

const pages = [
  ['home', '/'],
  ['markets', '/markets'],
  ['transfer', '/markets/transfer'],
  ['market', '/markets/DE'],
  ['segments', '/audience/segments', async (p) => { await p.getByRole('textbox', { name: /Rule|规则/ }).fill('orders.count(180d) >= 2 and not returned_last'); await p.waitForTimeout(900); }],
  ['personas', '/audience/personas?market=DE'],
  ['cohorts', '/audience/cohorts'],
  ['values', '/audience/values'],
  ['catalogue', '/catalogue?market=TH'],
  ['product', '/catalogue/CG-0009'],
  ['recommend', '/recommend?market=DE', async (p) => { await p.getByRole('button', { name: /^(Recommend|推荐)$/ }).click(); await p.waitForTimeout(700); }],
  ['plan', '/plan/DE'],
  ['plans', '/plan'],
  ['sources', '/data/sources'],
  ['runs', '/data/runs'],
  ['quality', '/data/quality'],
  ['rejects', '/data/rejects'],
  ['sql', '/data/sql', async (p) => { await p.getByRole('button', { name: /^(Ask|运行)$/ }).click(); await p.waitForTimeout(500); }],
  ['live', '/live', async (p, base) => { for (const [event, id] of [['Product Viewed', 'CG-0009'], ['Product Added', 'KT-0017'], ['Order Completed', 'AF-0041']]) await p.request.post(`${base}/v1/track`, { data: { userId: 'u1', event, properties: { product_id: id, price: 74, currency: 'EUR' } } }); await p.waitForTimeout(700); }],
  ['carts', '/live/carts'],
  ['keys', '/settings/keys'],
  ['users', '/settings/users'],
  ['audit', '/settings/audit'],
];

const server = await startServer();
const { browser, close } = await startBrowser();
mkdirSync(out, { recursive: true });
try {
  for (const width of widths) {
    const context = await browser.newContext({ viewport: { width, height: width < 600 ? 844 : 900 }, colorScheme: dark ? 'dark' : 'light', locale: zh ? 'zh-CN' : 'en-GB' });
    const page = await context.newPage();
    page.on('console', (m) => { if (m.type() === 'error') console.log(`console ${page.url()}: ${m.text()}`); });
    page.on('pageerror', (e) => console.log(`error ${page.url()}: ${e.message}`));
    if (!only || only === 'setup') {
      await page.goto(`${server.url}/`);
      await page.waitForTimeout(500);
      await page.screenshot({ path: join(out, `entry-${width}.png`) });
    }
    await enter(page, server);
    for (const [name, path, act] of pages) {
      if (only && !name.startsWith(only)) continue;
      await page.goto(server.url + path);
      await page.waitForTimeout(name === 'home' || name === 'transfer' ? 1200 : 700);
      try {
        if (act) await act(page, server.url);
      } catch (cause) {
        console.log(`${name}: ${cause.message.split('\n')[0]}`);
      }
      await page.screenshot({ path: join(out, `${name}-${width}.png`), fullPage: true });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (wide > 0) console.log(`${name} at ${width}: ${wide} px wider than the screen`);
    }
    await context.close();
  }
} finally {
  await close();
  await server.close();
}
