// Products as pictures with name, price and verdict.
import { useState, type ReactNode } from 'react';
import type { ProductCard, Sellable } from '../../api/wire';
import { useWords } from '../../i18n';
import { Link } from '../../lib/router';
import { Badge } from '../../ui/basic';

/** The server's picture, or a square of the product's own colour with its first letters. */
export function Picture({ path, name }: { path: string | null | undefined; name: string }) {
  const [failed, setFailed] = useState(false);
  if (path && !failed) return <img className="picture" src={path} alt="" loading="lazy" decoding="async" onError={() => setFailed(true)} />;
  let hue = 7;
  for (const char of name) hue = (hue * 31 + (char.codePointAt(0) ?? 0)) % 5;
  const words = name.split(/\s+/).filter((w) => /\p{L}/u.test(w));
  return (
    <span className={`picture blank tone${hue}`} aria-hidden="true">
      {words
        .slice(0, 2)
        .map((w) => [...w][0])
        .join('')}
    </span>
  );
}

export function SellableBadge({ sellable }: { sellable: Sellable }) {
  const { code, spoken, f } = useWords();
  const tone = { sell: 'good', sell_with_change: 'warn', blocked: 'bad' }[sellable.verdict] ?? 'neutral';
  return (
    <Badge tone={tone as 'good' | 'warn' | 'bad' | 'neutral'} title={`${f.market(sellable.market)}: ${spoken(sellable.why)}`}>
      {code('sellable', sellable.verdict)}
    </Badge>
  );
}

export function usePrice(): (price: ProductCard['price']) => string {
  const { f } = useWords();
  return (price) => (price ? f.money(Number(price.decimal), price.currency, true) : '');
}

export function ProductGrid({ products, extra }: { products: readonly ProductCard[]; extra?: (product: ProductCard) => ReactNode }) {
  const price = usePrice();
  return (
    <ul className="products">
      {products.map((p) => (
        <li key={p.product_id} className="product">
          <Link to={`/catalogue/${encodeURIComponent(p.product_id)}`}>
            <Picture path={p.picture} name={p.name} />
            <span className="product-name" dir="auto">
              {p.name || p.product_id}
            </span>
          </Link>
          <span className="product-line">
            <span className="product-price">{price(p.price)}</span>
            {p.sellable ? <SellableBadge sellable={p.sellable} /> : null}
          </span>
          <span className="hint product-id">{[p.brand, p.category?.split('>').pop()?.trim()].filter(Boolean).join(' · ') || p.product_id}</span>
          {extra?.(p)}
        </li>
      ))}
    </ul>
  );
}
