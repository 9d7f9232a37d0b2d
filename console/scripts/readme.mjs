// The pictures of the README, as WebP of at most 150 kB each, from the server that scripts/with-server.sh started:
//   node scripts/readme.mjs FOLDER
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { enter, startBrowser } from '../tests/e2e/browser.mjs';

const [out] = process.argv.slice(2);
const url = process.env.CONSOLE_URL;
if (!out || !url) throw new Error('scripts/screenshots.sh calls this with a folder and a server');
const MOST = 150_000;

const { browser, close } = await startBrowser();
mkdirSync(out, { recursive: true });
try {
  const shoot = async (name, path, look, ready) => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', ...look });
    const page = await context.newPage();
    await enter(page, { url });
    const overview = await (await page.request.get(`${url}/api/v1/overview`)).json();
    const market = overview.markets.find((m) => m !== overview.home_market) ?? overview.markets[0];
    await page.goto(url + path.replace('{market}', market));
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.waitForFunction(() => document.querySelector('.skeleton') === null);
    if (ready) await ready(page);
    // A chart comes with a script of its own and draws itself in.
    if (await page.locator('figure.chart, .chart').count()) await page.locator('canvas').first().waitFor();
    await page.waitForTimeout(2_000);
    const cdp = await context.newCDPSession(page);
    for (let quality = 82; ; quality -= 12) {
      const shot = await cdp.send('Page.captureScreenshot', { format: 'webp', quality });
      const bytes = Buffer.from(shot.data, 'base64');
      if (bytes.length > MOST && quality > 20) continue;
      writeFileSync(join(out, `${name}.webp`), bytes);
      console.log(`${name}.webp ${Math.round(bytes.length / 1000)} kB`);
      break;
    }
    await context.close();
  };
  await shoot('home', '/', {});
  await shoot('markets', '/markets', {});
  await shoot('catalogue', '/catalogue?market={market}', { colorScheme: 'dark' }, (page) => page.locator('.product').first().waitFor());
  await shoot('plan-zh', '/plan/{market}', { locale: 'zh-CN' }, (page) => page.locator('.verdict-text').waitFor());
} finally {
  await close();
}
