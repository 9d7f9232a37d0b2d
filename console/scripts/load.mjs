// How long the home page takes to be usable in a cold browser: prints one JSON object.
//   node scripts/load.mjs [TIMES]        the mock, or the server that CONSOLE_URL names
// scripts/with-server.sh scripts/first-load.sh [TIMES] asks a real server on a simulated merchant.
import { enter, startBrowser, startServer } from '../tests/e2e/browser.mjs';

const times = Number(process.argv[2] ?? 5);
const server = await startServer();
const { browser, close } = await startBrowser();
const runs = [];
try {
  for (let i = 0; i < times; i += 1) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } }); // an empty cache each time
    const page = await context.newPage();
    await enter(page, server);
    await page.goto(server.url);
    await page.locator('.todo, .empty').first().waitFor();
    runs.push(
      await page.evaluate(() => {
        const [navigation] = performance.getEntriesByType('navigation');
        const paint = performance.getEntriesByName('first-contentful-paint')[0];
        const scripts = performance.getEntriesByType('resource').filter((r) => r.name.endsWith('.js'));
        return {
          first_paint_ms: Math.round(paint?.startTime ?? 0),
          dom_interactive_ms: Math.round(navigation?.domInteractive ?? 0),
          usable_ms: Math.round(performance.now()),
          script_files: scripts.length,
          script_bytes: scripts.reduce((sum, r) => sum + r.transferSize, 0),
        };
      }),
    );
    await context.close();
  }
} finally {
  await close();
  await server.close();
}
const middle = (key) => runs.map((r) => r[key]).sort((a, b) => a - b)[Math.floor(runs.length / 2)];
console.log(JSON.stringify({ times, median: Object.fromEntries(Object.keys(runs[0] ?? {}).map((key) => [key, middle(key)])), runs }));
