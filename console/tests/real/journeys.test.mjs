// The console on a real server with a simulated merchant: the first set-up by the link that the server prints, then what
// people do, then every page with real data. SHOTS=FOLDER keeps a picture of each page at three widths.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serious, watch } from '../e2e/axe.mjs';
import { NAME, PASSWORD, startBrowser } from '../e2e/browser.mjs';
import { english, namesOf } from './foreign.mjs';

const url = (process.env.CONSOLE_URL ?? '').replace(/\/$/, '');
const link = process.env.CONSOLE_SETUP_LINK ?? '';
const writeKey = process.env.CONSOLE_WRITE_KEY ?? '';
const shots = process.env.SHOTS;

let chrome;
let context;
let page;
let complaints;
/** What the workspace has: asked once, by the page's own visit. */
let has;

const ask = async (path) => {
  const answer = await page.request.get(`${url}/api/v1${path}`);
  expect(answer.status(), `${path}: ${await answer.text()}`).toBe(200);
  return answer.json();
};

beforeAll(async () => {
  expect(url && link, 'scripts/console.sh real names the server and its link').toBeTruthy();
  chrome = await startBrowser();
  context = await chrome.browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-GB', acceptDownloads: true });
  page = await context.newPage();
  complaints = await watch(page);
});

afterAll(async () => {
  await chrome?.close();
});

describe('what people do', () => {
  it('sets up the first admin by the one-time link, which works once', async () => {
    await page.goto(link);
    await page.getByRole('heading', { name: 'Set up Portolan' }).waitFor();
    expect(await serious(page)).toEqual([]);
    await page.getByLabel('Your name').fill(NAME);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByLabel('Password once more').fill(PASSWORD);
    await page.getByRole('button', { name: 'Create the admin' }).click();
    await page.getByRole('heading', { level: 1, name: 'Home' }).waitFor();
    const again = await page.request.post(`${url}/api/v1/setup`, { data: { token: link.split('#')[1], name: 'eve', password: PASSWORD } });
    expect(again.status()).toBeGreaterThanOrEqual(400);
    const overview = await ask('/overview');
    const market = overview.markets.find((m) => m !== overview.home_market) ?? overview.markets[0];
    const products = (await ask(`/products?market=${market}&per_page=100`)).products;
    const segments = (await ask('/segments')).segments;
    has = { names: await namesOf(ask), market, product: products.find((p) => p.picture) ?? products[0], segment: segments.find((s) => s.size > 100) ?? segments[0] };
    const members = await ask(`/segments/${has.segment.name}/members?per_page=1`);
    has.shopper = members.rows[0][members.columns.findIndex((c) => c.name === 'shopper_id')];
  });

  it('builds a segment with its size at once, keeps it and takes it away', async () => {
    await page.goto(`${url}/audience`);
    const rule = page.getByRole('textbox', { name: 'Rule' });
    await rule.fill('orders.coumt >= 2');
    await page.locator('.rule-error mark').waitFor();
    await rule.fill(`orders.count >= 1 and market = ${has.market}`);
    await page.locator('.big-number').waitFor();
    const preview = await page.request.post(`${url}/api/v1/segments/preview`, {
      headers: { 'x-csrf-token': (await ask('/session')).csrf },
      data: { rule: `orders.count >= 1 and market = ${has.market}` },
    });
    const size = (await preview.json()).size;
    expect(size).toBeGreaterThan(0);
    expect((await page.locator('.big-number').textContent()).replace(/\D/g, '')).toBe(String(size));
    await page.getByRole('textbox', { name: 'Name' }).fill('bought once');
    await page.getByRole('button', { name: 'Save' }).click();
    const row = page.getByRole('row', { name: /bought once/ });
    await row.waitFor();
    await row.getByRole('button', { name: /Delete/ }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await row.waitFor({ state: 'detached' });
  });

  it('exports everybody of a segment, not the page that is shown', async () => {
    const total = (await ask(`/segments/${has.segment.name}/members?per_page=1`)).total;
    await page.goto(`${url}/audience/segments/${has.segment.name}`);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'CSV' }).click();
    const text = readFileSync(await (await download).path(), 'utf8');
    expect(text.split('\r\n').filter(Boolean).length - 1).toBe(total);
    await page.getByRole('checkbox', { name: /written to/ }).check();
    await page.waitForFunction(() => document.querySelector('.skeleton') === null);
    const few = (await ask(`/segments/${has.segment.name}/members?per_page=1&contactable=true`)).total;
    expect(few).toBeLessThanOrEqual(total);
  });

  it('finds a product by its words and by its picture', async () => {
    await page.goto(`${url}/catalogue`);
    await page.locator('.product').first().waitFor();
    await page.getByRole('searchbox').fill(has.product.name);
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await page.getByText('found by words').waitFor();
    await expect.poll(() => page.locator('.product').first().textContent()).toContain(has.product.name);
    if (!has.product.picture) return; // a merchant without pictures is searched by words
    const picture = await (await page.request.get(url + has.product.picture)).body();
    await page.getByLabel('Search by picture').setInputFiles({ name: 'photo.png', mimeType: 'image/png', buffer: picture });
    await page.getByText('Products that look like this').waitFor();
    const best = page.locator('.product').first();
    await best.waitFor();
    expect(await best.getByRole('link').getAttribute('href')).toContain(encodeURIComponent(has.product.product_id));
  });

  it('shows prices with their currency and whether a product may be sold', async () => {
    await page.goto(`${url}/catalogue?market=${has.market}&view=table`);
    await page.getByRole('columnheader', { name: /sold/i }).waitFor();
    await page.locator('tbody .badge').first().waitFor();
    await page.goto(`${url}/catalogue/${encodeURIComponent(has.product.product_id)}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.getByRole('heading', { name: /May be sold|sold in/i }).first().waitFor();
  });

  it('sees an event arrive live', async () => {
    await page.goto(`${url}/live`);
    await page.locator('.pulse.open').waitFor();
    const started = Date.now();
    const sent = await page.request.post(`${url}/v1/track`, {
      headers: { authorization: `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}` },
      data: { userId: 'u-live', event: 'Product Viewed', properties: { product_id: has.product.product_id, price: 74, currency: 'EUR' } },
    });
    expect((await sent.json()).accepted).toBe(1);
    await page.getByRole('button', { name: /Product Viewed/ }).first().waitFor();
    expect(Date.now() - started).toBeLessThan(5_000);
    expect(await page.getByRole('region', { name: 'The event as it came' }).textContent()).toContain(has.product.product_id);
  });

  it('prints a plan, with what was decided for the market', async () => {
    await page.addInitScript(() => {
      window.print = () => (window.printed = (window.printed ?? 0) + 1);
    });
    await page.goto(`${url}/plan/${has.market}`);
    await page.locator('.verdict-text').waitFor();
    await page.getByRole('heading', { name: 'What was decided' }).waitFor();
    await page.getByRole('button', { name: 'Print' }).click();
    expect(await page.evaluate(() => window.printed)).toBe(1);
    await page.emulateMedia({ media: 'print' });
    expect(await page.getByRole('navigation', { name: 'Main menu' }).isVisible()).toBe(false);
    const paper = await page.pdf({ format: 'A4' });
    expect(paper.subarray(0, 5).toString()).toBe('%PDF-');
    await page.emulateMedia({ media: 'screen' });
  });

  it('asks for recommendations, takes a refusal down, and the next answer is not personal', async () => {
    await page.goto(`${url}/settings/persons`);
    await page.getByRole('textbox', { name: /Shopper, or id/ }).fill(has.shopper);
    await page.getByRole('button', { name: 'Find' }).click();
    await page.getByRole('heading', { name: 'Consent' }).waitFor();
    const before = await ask(`/recommendations?market=${has.market}&shopper=${encodeURIComponent(has.shopper)}`);
    expect(before.bucket_of).toBe('shopper');
    await page.getByRole('combobox', { name: 'Purpose' }).selectOption('personalisation');
    await page.getByRole('combobox', { name: 'Decision' }).selectOption('denied');
    await page.getByRole('button', { name: 'Take it down' }).click();
    await page.getByRole('table', { name: 'Every decision' }).waitFor();
    const after = await ask(`/recommendations?market=${has.market}&shopper=${encodeURIComponent(has.shopper)}`);
    expect(after.bucket_of).toBe('answer');
  });

  it('said nothing on the error console', async () => {
    expect((await complaints()).filter((text) => !text.startsWith('Failed to load resource'))).toEqual([]);
  });
});

const paths = () => [
  ['home', '/'],
  ['markets', '/markets'],
  ['transfer', '/markets/transfer'],
  ['market', `/markets/${has.market}`],
  ['segments', '/audience/segments'],
  ['members', `/audience/segments/${has.segment.name}`],
  ['personas', `/audience/personas?market=${has.market}`],
  ['cohorts', '/audience/cohorts'],
  ['values', '/audience/values'],
  ['shopper', `/audience/shoppers/${encodeURIComponent(has.shopper)}`],
  ['catalogue', `/catalogue?market=${has.market}`],
  ['catalogue-table', `/catalogue?market=${has.market}&view=table`],
  ['product', `/catalogue/${encodeURIComponent(has.product.product_id)}`],
  ['recommend', `/recommend?market=${has.market}`],
  ['plans', '/plan'],
  ['plan', `/plan/${has.market}`],
  ['sources', '/data/sources'],
  ['runs', '/data/runs'],
  ['quality', '/data/quality'],
  ['rejects', '/data/rejects'],
  ['sql', '/data/sql'],
  ['live', '/live'],
  ['carts', '/live/carts'],
  ['keys', '/settings/keys'],
  ['users', '/settings/users'],
  ['audit', '/settings/audit'],
  ['persons', '/settings/persons'],
  ['looks', '/settings/looks'],
];

const looks = [
  { name: '1280-light-en', viewport: { width: 1280, height: 900 }, colorScheme: 'light', locale: 'en-GB' },
  { name: '390-dark-zh', viewport: { width: 390, height: 844 }, colorScheme: 'dark', locale: 'zh-CN' },
  ...(shots
    ? [
        { name: '1920-dark-en', viewport: { width: 1920, height: 1080 }, colorScheme: 'dark', locale: 'en-GB' },
        { name: '390-light-en', viewport: { width: 390, height: 844 }, colorScheme: 'light', locale: 'en-GB' },
        { name: '1280-light-zh', viewport: { width: 1280, height: 900 }, colorScheme: 'light', locale: 'zh-CN' },
      ]
    : []),
];

describe.each(looks)('every page: $name', (look) => {
  it('has no serious finding, no complaint and is no wider than the screen', async () => {
    const one = await chrome.browser.newContext(look);
    const at = await one.newPage();
    const said = await watch(at);
    await at.request.post(`${url}/api/v1/session`, { data: { name: NAME, password: PASSWORD } });
    const found = [];
    if (shots) mkdirSync(join(shots, look.name), { recursive: true });
    for (const [name, path] of paths()) {
      await at.goto(url + path);
      await at.getByRole('heading', { level: 1 }).waitFor();
      await at.waitForFunction(() => document.querySelector('.skeleton') === null, null, { timeout: 30_000 });
      await at.waitForTimeout(shots ? 700 : 100);
      if (name === 'recommend') {
        await at.getByRole('button', { name: /^(Recommend|推荐)$/ }).click();
        await at.locator('.offers > li').first().waitFor();
      }
      for (const problem of await serious(at)) found.push(`${name}: ${problem}`);
      if (look.locale === 'zh-CN') for (const text of await english(at, has.names)) found.push(`${name} speaks English: ${text}`);
      const wider = await at.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (wider > 0) found.push(`${name}: ${wider} px wider than the screen`);
      if (shots) await at.screenshot({ path: join(shots, look.name, `${name}.png`), fullPage: true });
    }
    expect(found).toEqual([]);
    expect((await said()).filter((text) => !text.startsWith('Failed to load resource'))).toEqual([]);
    await one.close();
  }, 240_000);
});
