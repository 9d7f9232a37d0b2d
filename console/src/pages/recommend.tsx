// A playground: who, where and with what in hand, and what would be offered, why, by which step.
import { useMemo, useState, type FormEvent } from 'react';
import { api, type NextQuery, type RecommendQuery, type SimilarQuery, type TrendingQuery } from '../api/client';
import type { Recommendations } from '../api/wire';
import { useWords } from '../i18n';
import { useLoad } from '../lib/load';
import { punctuated } from '../lib/chinese';
import { modelIn } from '../lib/cells';
import { Link, setQuery, useRoute } from '../lib/router';
import { sortRows } from '../lib/table';
import { groupBy, num, rowsOf, str, type Row } from '../lib/wire-table';
import { Answer, Badge, Button, Card, Check, Empty, Field, Page, Select } from '../ui/basic';
import { DataTable } from '../ui/data-table';
import { qualityColumns } from './recommend/quality';
import { Icon } from '../ui/icons';
import { Meter } from '../ui/marks';
import { ModelName, useMeasure } from '../ui/names';
import { Picture, usePrice } from './catalogue/grid';

const ways = ['foryou', 'similar', 'next', 'trending'] as const;
type Way = (typeof ways)[number];

interface Form {
  way: Way;
  market: string;
  shopper: string;
  session: string;
  product: string;
  products: string;
  n: string;
  category: string;
  min: string;
  max: string;
  stock: boolean;
  bought: boolean;
  diversity: string;
}

type Question =
  | { way: 'foryou'; query: RecommendQuery }
  | { way: 'similar'; query: SimilarQuery }
  | { way: 'next'; query: NextQuery }
  | { way: 'trending'; query: TrendingQuery };

function put(question: Question, signal: AbortSignal): Promise<Recommendations> {
  switch (question.way) {
    case 'foryou':
      return api.recommend(question.query, signal);
    case 'similar':
      return api.similar(question.query, signal);
    case 'next':
      return api.next(question.query, signal);
    case 'trending':
      return api.trending(question.query, signal);
  }
}

export default function Recommend() {
  const { t } = useWords();
  return (
    <Page title={t('recommend.title')} lead={t('recommend.lead')}>
      <Playground />
      <Quality />
    </Page>
  );
}

function Playground() {
  const { t, f } = useWords();
  const { query } = useRoute();
  const overview = useLoad('overview', api.overview);
  const markets = overview.data?.markets ?? [];
  const first = query.get('market') ?? overview.data?.home_market ?? '';
  const [form, set] = useState<Form>({
    way: ways.find((w) => w === query.get('way')) ?? 'foryou',
    market: query.get('market') ?? '',
    shopper: query.get('shopper') ?? '',
    session: '',
    product: query.get('product') ?? '',
    products: query.get('product') ?? '',
    n: '10',
    category: '',
    min: '',
    max: '',
    stock: false,
    bought: true,
    diversity: '0',
  });
  const market = form.market || first;
  const [asked, ask] = useState<Question | null>(null);
  const change = (part: Partial<Form>) => set({ ...form, ...part });

  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    const n = Number(form.n);
    const price = (text: string) => (text.trim() === '' ? undefined : Number(text));
    const questions: Record<Way, () => Question> = {
      foryou: () => ({
        way: 'foryou',
        query: {
          market,
          shopper: form.shopper.trim(),
          session: form.session.trim(),
          n,
          category: form.category.trim(),
          min_price: price(form.min),
          max_price: price(form.max),
          in_stock: form.stock,
          exclude_bought: form.bought,
          diversity: Number(form.diversity),
          explain: true,
        },
      }),
      similar: () => ({ way: 'similar', query: { product: form.product.trim(), market, n } }),
      next: () => ({ way: 'next', query: { products: form.products.split(/[\s,，]+/).filter(Boolean).join(','), market, n } }),
      trending: () => ({ way: 'trending', query: { market, n } }),
    };
    ask(questions[form.way]());
    setQuery({ way: form.way === 'foryou' ? null : form.way, market, shopper: form.way === 'foryou' ? form.shopper.trim() || null : null, product: form.way === 'similar' ? form.product.trim() || null : null });
  };

  const key = asked ? `recommend ${JSON.stringify(asked)}` : null;
  const answer = useLoad(key, (signal) => put(asked ?? { way: 'trending', query: { market } }, signal));

  const needs = form.way === 'similar' ? form.product.trim() : form.way === 'next' ? form.products.trim() : 'nothing';
  return (
    <div className="columns one-two">
      <Card title={t('recommend.ask')}>
        <form className="stack" onSubmit={submit}>
          <fieldset className="segmented">
            <legend className="sr-only">{t('recommend.way')}</legend>
            {ways.map((way) => (
              <label key={way}>
                <input type="radio" name="way" value={way} checked={form.way === way} onChange={() => change({ way })} />
                <span>{t(`recommend.way.${way}`)}</span>
              </label>
            ))}
          </fieldset>
          <Select label={t('word.market')} value={market} onChange={(m) => change({ market: m })} options={(markets.length ? markets : [market]).filter(Boolean).map((m) => ({ value: m, label: f.market(m) }))} />
          {form.way === 'foryou' ? (
            <>
              <Field label={t('recommend.shopper')} help={t('recommend.shopper.help')}>
                {(ids) => <input {...ids} value={form.shopper} onChange={(e) => change({ shopper: e.target.value })} maxLength={200} autoComplete="off" />}
              </Field>
              <Field label={t('recommend.session')} help={t('recommend.session.help')}>
                {(ids) => <input {...ids} value={form.session} onChange={(e) => change({ session: e.target.value })} maxLength={200} autoComplete="off" />}
              </Field>
            </>
          ) : null}
          {form.way === 'similar' ? (
            <Field label={t('recommend.product')}>{(ids) => <input {...ids} required value={form.product} onChange={(e) => change({ product: e.target.value })} maxLength={200} />}</Field>
          ) : null}
          {form.way === 'next' ? (
            <Field label={t('recommend.basket')} help={t('recommend.basket.help')}>
              {(ids) => <input {...ids} required value={form.products} onChange={(e) => change({ products: e.target.value })} maxLength={5000} />}
            </Field>
          ) : null}
          <Select label={t('recommend.n')} value={form.n} onChange={(n) => change({ n })} options={['5', '10', '20', '50'].map((n) => ({ value: n, label: n }))} />
          {form.way === 'foryou' ? (
            <details className="proof">
              <summary>{t('recommend.filters')}</summary>
              <div className="stack filters">
                <Field label={t('recommend.category')}>{(ids) => <input {...ids} value={form.category} onChange={(e) => change({ category: e.target.value })} maxLength={500} />}</Field>
                <div className="pair">
                  <Field label={t('recommend.min')}>{(ids) => <input {...ids} type="number" min="0" step="any" value={form.min} onChange={(e) => change({ min: e.target.value })} />}</Field>
                  <Field label={t('recommend.max')}>{(ids) => <input {...ids} type="number" min="0" step="any" value={form.max} onChange={(e) => change({ max: e.target.value })} />}</Field>
                </div>
                <Check label={t('recommend.stock')} checked={form.stock} onChange={(stock) => change({ stock })} />
                <Check label={t('recommend.bought')} checked={form.bought} onChange={(bought) => change({ bought })} />
                <Field label={t('recommend.diversity', { value: f.decimal(Number(form.diversity), 1) })}>
                  {(ids) => <input {...ids} type="range" min="0" max="1" step="0.1" value={form.diversity} onChange={(e) => change({ diversity: e.target.value })} />}
                </Field>
              </div>
            </details>
          ) : null}
          <Button kind="primary" type="submit" icon="star" busy={asked !== null && answer.loading} disabled={!market || !needs}>
            {t('recommend.button')}
          </Button>
        </form>
      </Card>
      <Card title={t('recommend.answer')} hint={answer.data ? <Version version={answer.data.model_version} /> : undefined}>
        {asked === null ? <Empty title={t('recommend.none')} icon="star">{t('recommend.none.text')}</Empty> : <Answer of={answer} lines={8}>{(data) => <List data={data} />}</Answer>}
      </Card>
    </div>
  );
}

/** Which version answered: `models 1 of lake 15`. */
function Version({ version }: { version: string }) {
  const { t } = useWords();
  const [, models, lake] = /^models (\d+) of lake (\d+)$/.exec(version) ?? [];
  return <>{models && lake ? t('recommend.versions', { models, lake }) : t('recommend.version', { version })}</>;
}

function List({ data }: { data: Recommendations }) {
  const { t, f, spoken, code } = useWords();
  const price = usePrice();
  const top = Math.max(1e-9, ...data.items.map((i) => i.score));
  return (
    <>
      <Chain data={data} />
      {data.items.length === 0 ? (
        <Empty title={t('recommend.noitems')}>{t('recommend.noitems.text')}</Empty>
      ) : (
        <ol className="offers">
          {data.items.map((item, i) => (
            <li key={item.product_id}>
              <span className="offer-rank">{i + 1}</span>
              <Picture path={item.picture} name={item.name} />
              <span className="offer-text">
                <Link to={`/catalogue/${encodeURIComponent(item.product_id)}`} dir="auto">
                  {item.name || item.product_id}
                </Link>
                <span className="hint">
                  <code>{item.product_id}</code>
                  {item.price ? ` · ${price(item.price)}` : ''}
                </span>
                {item.reasons.length ? (
                  <ul className="offer-reasons">
                    {item.reasons.slice(0, 3).map((r, k) => (
                      <li key={k}>
                        {spoken(r.text) || code('term', r.term)} <span className="faint">{f.signed(r.part, 3)}</span>
                      </li>
                    ))}
                  </ul>
                ) : null}
              </span>
              <span className="offer-score">
                <Meter value={Math.max(0, item.score) / top} label={t('recommend.score', { score: f.decimal(item.score, 3) })} />
                <span className="hint">{f.decimal(item.score, 3)}</span>
              </span>
            </li>
          ))}
        </ol>
      )}
      <p className="hint">
        {t('recommend.bucket', { bucket: data.bucket })} · {t('recommend.locale', { locale: data.locale.used ?? '—' })} ·{' '}
        {t('recommend.exposure')} <code>{data.exposure_id}</code>
      </p>
    </>
  );
}

/** The steps that were tried in order, the one that answered, and why the others did not. */
function Chain({ data }: { data: Recommendations }) {
  const { t, code, spoken } = useWords();
  if (!data.chain.length) return null;
  return (
    <section aria-label={t('recommend.chain')}>
      <ol className="chain">
        {data.chain.map((step, i) => (
          <li key={`${step.step} ${i}`} className={step.answered ? 'answered' : ''}>
            <span className="chain-step">
              <Icon name={step.answered ? 'check' : 'right'} size={14} />
              {code('step', step.step)}
              {step.answered ? <span className="sr-only"> {t('recommend.answered')}</span> : null}
            </span>
            <span className="hint">{modelIn(spoken(step.why), (model) => code('model', model))}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Quality() {
  const { t, f, code, lang } = useWords();
  const measure = useMeasure();
  const models = useLoad('models', api.models);
  const serving = useMemo(() => rowsOf(models.data?.serving), [models.data]);
  const evidence = useMemo(() => rowsOf(models.data?.evidence), [models.data]);
  const [metric, setMetric] = useState('ndcg@10');
  const metrics = [...new Set(evidence.map((r) => str(r['metric'])))].filter((m) => !m.startsWith('gain'));
  const shown = metrics.includes(metric) ? metric : (metrics[0] ?? '');
  // Values compare inside one market, so markets stand together, best value first.
  const rows = useMemo(() => {
    const asked = evidence.filter((r) => str(r['metric']) === shown && (str(r['period']) === 'test' || str(r['period']) === ''));
    const best = sortRows(asked, (r) => num(r['value']), 'desc');
    return [...groupBy(best, (r) => str(r['market'])).values()].flat();
  }, [evidence, shown]);
  return (
    <>
      <Card title={t('models.serving')} hint={t('models.serving.hint')}>
        <Answer of={models} empty={{ when: () => serving.length === 0, show: <Empty title={t('models.none')}>{t('models.none.text')}</Empty> }}>
          {() => (
            <DataTable<Row>
              caption={t('models.serving')}
              rows={serving}
              rowKey={(_, i) => String(i)}
              exportName="serving"
              columns={[
                { key: 'market', label: t('word.market'), value: (r) => f.market(str(r['market'])) },
                { key: 'model', label: t('models.model'), value: (r) => `${code('model', str(r['model']))} ${str(r['model'])}`, render: (r) => <ModelName model={str(r['model'])} /> },
                { key: 'training', label: t('models.training'), value: (r) => code('training', str(r['training'])) },
                { key: 'basis', label: t('models.basis'), value: (r) => code('basis', str(r['basis'])), render: (r) => <Badge tone={str(r['basis']) === 'own_evidence' ? 'good' : 'neutral'}>{code('basis', str(r['basis']))}</Badge> },
                { key: 'why', label: t('models.why'), value: (r) => (lang === 'zh' ? punctuated(str(r['why_zh'])) : str(r['why'])) },
              ]}
            />
          )}
        </Answer>
      </Card>
      {evidence.length ? (
        <Card
          title={t('models.quality')}
          hint={t('models.quality.hint')}
          actions={<Select compact label={t('word.measure')} value={shown} onChange={setMetric} options={metrics.map((m) => ({ value: m, label: measure(m) }))} />}
        >
          <DataTable<Row> caption={t('models.quality')} rows={rows} rowKey={(_, i) => String(i)} exportName="models" columns={qualityColumns(rows, { t, f, code })} />
        </Card>
      ) : null}
    </>
  );
}
