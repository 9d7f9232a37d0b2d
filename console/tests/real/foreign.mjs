// English sentences that a reader of the Chinese console meets: visible words of the page, three in a row or more,
// that are neither a name of the seller's own data nor something to be typed.

/** What is no language: code, what a person types, and what is marked as a name (`translate="no"`) or as another language. */
const LEFT_ALONE = 'code, kbd, script, style, textarea, [translate="no"], [lang]:not([lang|="zh"])';

/** The sentences on a page, without those that contain one of `names` and nothing more. */
export async function english(page, names = []) {
  const texts = await page.evaluate((leftAlone) => {
    const found = new Set();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const at = node.parentElement;
      const text = node.textContent.replace(/\s+/g, ' ').trim();
      if (!text || !at || at.closest(leftAlone) || !at.checkVisibility()) continue;
      found.add(text);
    }
    for (const at of document.querySelectorAll('[title], [aria-label], [placeholder], [alt]')) {
      if (at.closest(leftAlone)) continue;
      for (const name of ['title', 'aria-label', 'placeholder', 'alt']) if (at.getAttribute(name)) found.add(at.getAttribute(name));
    }
    return [...found];
  }, LEFT_ALONE);
  const sorted = [...names].filter((name) => name.length > 3).sort((a, b) => b.length - a.length);
  // What stands in quotation marks are shoppers' own words.
  const bare = (text) => sorted.reduce((rest, name) => rest.replaceAll(name, ' · '), text.replace(/“[^”]*”/g, ' · '));
  return texts.filter((text) => /[A-Za-z]{2,} [A-Za-z’'-]+(?:[,;:]? [A-Za-z’'-]+)+/.test(bare(text)));
}

/** Names of the seller's own data: products in every language, categories, brands, segments, channels, campaigns. */
export async function namesOf(ask) {
  // The language of segments is one.
  const names = new Set(['between A and B']);
  for (const locale of ['en', 'zh', 'de', 'vi', 'th', 'ar', 'fr']) {
    for (const product of (await ask(`/products?per_page=500&locale=${locale}`)).products) {
      names.add(product.name);
      if (product.brand) names.add(product.brand);
      for (const part of (product.category ?? '').split('>')) names.add(part.trim());
      if (product.category) names.add(product.category);
    }
  }
  for (const segment of (await ask('/segments')).segments) {
    names.add(segment.name);
    if (segment.rule) names.add(segment.rule);
  }
  return [...names];
}
