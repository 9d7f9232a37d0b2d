// One product: picture, names in all languages, where it may be sold, figures, and what is like it.
import { api } from '../../api/client';
import { useWords } from '../../i18n';
import { useLoad } from '../../lib/load';
import { Link } from '../../lib/router';
import { Answer, Badge, Card, LinkButton, Page } from '../../ui/basic';
import { LongText, Notes, ReportView } from '../../ui/figure';
import { Picture, ProductGrid, SellableBadge, usePrice } from './grid';

export function ProductPage({ id }: { id: string }) {
  const { t, f, spoken } = useWords();
  const price = usePrice();
  const product = useLoad(`product ${id}`, (signal) => api.product(id, signal));
  const similar = useLoad(`similar ${id}`, (signal) => api.similarProducts(id, signal));
  return (
    <Page
      title={product.data?.card.name || id}
      lead={<Link to="/catalogue">← {t('catalogue.back')}</Link>}
      actions={<LinkButton icon="star" to={`/recommend?way=similar&product=${encodeURIComponent(id)}`}>{t('catalogue.offer')}</LinkButton>}
    >
      <Answer of={product} lines={8}>
        {(data) => (
          <>
            <Card>
              <div className="product-page">
                <div className="product-picture">
                  <Picture path={data.card.picture} name={data.card.name} />
                </div>
                <div className="stack">
                  <dl className="facts">
                    <div>
                      <dt>{t('catalogue.id')}</dt>
                      <dd>
                        <code>{data.card.product_id}</code>
                      </dd>
                    </div>
                    {data.card.brand ? (
                      <div>
                        <dt>{t('catalogue.brand')}</dt>
                        <dd>{data.card.brand}</dd>
                      </div>
                    ) : null}
                    {data.card.category ? (
                      <div>
                        <dt>{t('catalogue.category')}</dt>
                        <dd>{data.card.category}</dd>
                      </div>
                    ) : null}
                    <div>
                      <dt>{t('catalogue.price')}</dt>
                      <dd>{price(data.card.price) || <span className="faint">{t('word.unknown')}</span>}</dd>
                    </div>
                    <div>
                      <dt>{t('catalogue.stock')}</dt>
                      <dd>{data.stock == null ? <span className="faint">{t('word.unknown')}</span> : data.stock > 0 ? f.count(data.stock) : <Badge tone="bad">{t('catalogue.sold.out')}</Badge>}</dd>
                    </div>
                  </dl>
                  {data.description ? <p dir="auto" translate="no">{data.description}</p> : null}
                  {Object.keys(data.names).length ? (
                    <div>
                      <h3>{t('catalogue.names')}</h3>
                      <ul className="names">
                        {Object.entries(data.names).map(([lang, name]) => (
                          <li key={lang}>
                            <span className="hint">{f.language(lang)}</span>
                            <span lang={lang} dir="auto">
                              {name}
                            </span>
                          </li>
                        ))}
                      </ul>
                    </div>
                  ) : null}
                </div>
              </div>
            </Card>
            {data.sellable.length ? (
              <Card title={t('catalogue.sellable')}>
                <ul className="rows">
                  {data.sellable.map((s) => (
                    <li key={s.market}>
                      <span className="sellable-market">{f.market(s.market)}</span>
                      <SellableBadge sellable={s} />
                      <span className="hint grow"><LongText text={spoken(s.why)} /></span>
                    </li>
                  ))}
                </ul>
              </Card>
            ) : null}
            <Card title={t('catalogue.figures')}>
              {data.report.figures.length || data.report.tables.length ? <ReportView report={data.report} hide={['product_id']} /> : <p className="hint">{t('state.empty')}</p>}
            </Card>
          </>
        )}
      </Answer>
      <Card title={t('catalogue.similar')}>
        <Answer of={similar}>
          {(data) =>
            data.products.length ? (
              <ProductGrid products={data.products} />
            ) : (
              <>
                <p className="hint">{t('catalogue.similar.none')}</p>
                <Notes notes={data.notes} />
              </>
            )
          }
        </Answer>
      </Card>
    </Page>
  );
}
