// Products as pictures with name, price and verdict.
import { useState, type ReactNode } from 'react';
import type { ProductCard, Sellable } from '../../api/wire';
import { useWords } from '../../i18n';
import { Link } from '../../lib/router';
import { Badge, Card } from '../../ui/basic';
import { DataTable } from '../../ui/data-table';
import { LongText } from '../../ui/figure';

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

/** The same products as a table: what the eye compares goes in columns. */
export function ProductTable({ products, market }: { products: readonly ProductCard[]; market: string }) {
  const { t, spoken, code } = useWords();
  const price = usePrice();
  return (
    <Card>
      <DataTable
        caption={t('catalogue.title')}
        rows={products}
        rowKey={(p) => p.product_id}
        exportName="products"
        pageSize={products.length}
        columns={[
          {
            key: 'product',
            label: t('plan.product'),
            value: (p) => p.name || p.product_id,
            render: (p) => (
              <span className="two-lines">
                <Link to={`/catalogue/${encodeURIComponent(p.product_id)}`}>{p.name || p.product_id}</Link>
                <span className="hint">{p.product_id}</span>
              </span>
            ),
          },
          { key: 'category', label: t('catalogue.category'), value: (p) => p.category ?? null },
          { key: 'brand', label: t('catalogue.brand'), value: (p) => p.brand ?? null },
          { key: 'price', label: t('catalogue.price'), numeric: true, value: (p) => (p.price ? Number(p.price.decimal) : null), render: (p) => price(p.price) || <span className="faint">–</span> },
          ...(market
            ? [
                {
                  key: 'sellable',
                  label: t('catalogue.sellable'),
                  value: (p: ProductCard) => (p.sellable ? code('sellable', p.sellable.verdict) : null),
                  render: (p: ProductCard) => (p.sellable ? <SellableBadge sellable={p.sellable} /> : <span className="faint">–</span>),
                },
                { key: 'why', label: t('catalogue.why'), value: (p: ProductCard) => (p.sellable ? spoken(p.sellable.why) : null), render: (p: ProductCard) => (p.sellable ? <LongText text={spoken(p.sellable.why)} /> : null) },
              ]
            : []),
        ]}
      />
    </Card>
  );
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
