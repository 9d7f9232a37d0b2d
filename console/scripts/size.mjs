// First load: the page's own scripts and what they import at once, gzipped. Fails above the budget;
// charts and pages are loaded later and are listed beside it.
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const BUDGET = 300_000;
const dist = new URL('../dist/', import.meta.url);
const size = (name) => gzipSync(readFileSync(new URL(name, dist))).length;
const html = readFileSync(new URL('index.html', dist), 'utf8');
const first = [...html.matchAll(/(?:src|href)="\/([^"]+\.js)"/g)].map((m) => m[1]);
const all = readdirSync(new URL('assets/', dist)).filter((name) => name.endsWith('.js')).map((name) => `assets/${name}`);
const kb = (n) => `${(n / 1000).toFixed(1)} kB`;
let total = 0;
for (const name of first) {
  total += size(name);
  console.log(`first  ${kb(size(name)).padStart(9)}  ${name}`);
}
for (const name of all.filter((n) => !first.includes(n))) console.log(`later  ${kb(size(name)).padStart(9)}  ${name}`);
console.log(`first load ${kb(total)} gzip of ${kb(BUDGET)}`);
if (first.length === 0 || total > BUDGET) {
  console.error('error: the first load is over its budget, or no script was found');
  process.exit(1);
}
