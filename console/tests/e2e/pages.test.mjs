// Every page, light and dark, wide and narrow: it has its heading, says nothing on the error console,
// the policy refuses nothing, it is no wider than the screen, and axe has no serious finding.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serious, watch } from './axe.mjs';
import { enter, startBrowser, startServer } from './browser.mjs';

const pages = [
  ['/', 'Home', '首页'],
  ['/markets', 'Markets', '市场'],
  ['/markets/transfer', 'Markets', '市场'],
  ['/markets/DE', 'Germany', '德国'],
  ['/audience', 'Audience', '受众'],
  ['/audience/segments/repeat%20buyers', 'repeat buyers', 'repeat buyers'],
  ['/audience/personas', 'Audience', '受众'],
  ['/audience/cohorts', 'Audience', '受众'],
  ['/audience/values', 'Audience', '受众'],
  ['/audience/shoppers/s-1000', 'Shopper s-1000', '顾客 s-1000'],
  ['/catalogue', 'Catalogue', '商品目录'],
  ['/catalogue/CG-0009', /Grinder|CG-0009/, /Grinder|CG-0009/],
  ['/recommend', 'Recommend', '推荐'],
  ['/plan', 'Launch plans', '上市计划'],
  ['/plan/DE', /Germany/, /德国/],
  ['/data', 'Data', '数据'],
  ['/data/runs', 'Data', '数据'],
  ['/data/quality', 'Data', '数据'],
  ['/data/rejects', 'Data', '数据'],
  ['/data/sql', 'Data', '数据'],
  ['/live', 'Live', '实时'],
  ['/live/carts', 'Live', '实时'],
  ['/live/queries', 'Live', '实时'],
  ['/settings/keys', 'Settings', '设置'],
  ['/settings/users', 'Settings', '设置'],
  ['/settings/audit', 'Settings', '设置'],
  ['/settings/persons', 'Settings', '设置'],
  ['/settings/looks', 'Settings', '设置'],
  ['/nowhere', 'Page not found', '页面不存在'],
];

const looks = [
  { name: 'laptop, light, English', viewport: { width: 1280, height: 900 }, colorScheme: 'light', locale: 'en-GB', heading: 1 },
  { name: 'phone, dark, Chinese', viewport: { width: 390, height: 844 }, colorScheme: 'dark', locale: 'zh-CN', heading: 2 },
];

let server;
let chrome;

beforeAll(async () => {
  server = await startServer();
  chrome = await startBrowser();
});

afterAll(async () => {
  await chrome?.close();
  await server?.close();
});

describe.each(looks)('$name', (look) => {
  let context;
  beforeAll(async () => {
    context = await chrome.browser.newContext(look);
    await enter(await context.newPage(), server);
  });
  afterAll(() => context.close());

  it.each(pages)('%s', async (path, ...headings) => {
    const page = await context.newPage();
    const complaints = await watch(page);
    await page.goto(server.url + path);
    await page.getByRole('heading', { level: 1, name: headings[look.heading - 1] }).waitFor();
    await page.waitForFunction(() => document.querySelector('.skeleton') === null);
    await page.waitForTimeout(path === '/' || path === '/markets/transfer' ? 600 : 150); // charts draw themselves in
    expect(await serious(page)).toEqual([]);
    expect(await complaints()).toEqual([]);
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(wider, 'wider than the screen').toBeLessThanOrEqual(0);
    await page.close();
  });
});

describe('a table of many columns on a phone', () => {
  it('shows every value in sight, behind its label, in the order asked for', async () => {
    const context = await chrome.browser.newContext(looks[1]);
    const page = await context.newPage();
    await enter(page, server);
    await page.goto(`${server.url}/data`);
    const table = page.getByRole('table').first();
    await table.waitFor();
    const outside = await table.locator('td .cell').evaluateAll((cells) =>
      cells.filter((cell) => cell.getBoundingClientRect().right > innerWidth || cell.getBoundingClientRect().left < 0).length);
    expect(outside).toBe(0);
    const cell = table.getByRole('cell').first();
    const label = await cell.getAttribute('data-label');
    expect(label).toBeTruthy();
    expect(await cell.evaluate((node) => getComputedStyle(node, '::before').content)).toBe(JSON.stringify(label));
    const order = page.getByLabel('排序');
    const rows = (await order.locator('option').allTextContents()).findIndex((text) => text.startsWith('行') && text.endsWith('↓'));
    expect(rows).toBeGreaterThan(0);
    await order.selectOption({ index: rows });
    const counts = await table.locator('td[data-label^="行"] .cell').allTextContents();
    const numbers = counts.map((text) => Number(text.replaceAll(',', '')));
    expect(numbers.length).toBeGreaterThan(2);
    expect(numbers).toEqual([...numbers].sort((a, b) => b - a));
    await context.close();
  });
});
