// One shopper as the lake knows it, by a pseudonymous id.
import { api } from '../../api/client';
import { useWords } from '../../i18n';
import { useLoad } from '../../lib/load';
import { Link } from '../../lib/router';
import { reasonsIn } from '../../lib/said';
import { Answer, Badge, Card, LinkButton, Page } from '../../ui/basic';
import { ReportView } from '../../ui/figure';

export function ShopperPage({ id }: { id: string }) {
  const { t, f, code } = useWords();
  const shopper = useLoad(`shopper ${id}`, (signal) => api.shopper(id, signal));
  const segments = useLoad(`shopper segments ${id}`, (signal) => api.shopperSegments(id, signal));
  const market = shopper.data?.market;
  return (
    <Page
      title={t('shopper.title', { id })}
      lead={<Link to="/audience/segments">← {t('segments.back')}</Link>}
      actions={market ? <LinkButton icon="star" to={`/recommend?market=${market}&shopper=${encodeURIComponent(id)}`}>{t('shopper.recommend')}</LinkButton> : null}
    >
      <Card title={t('shopper.segments')}>
        <Answer of={segments} lines={2}>
          {(data) =>
            data.segments.length ? (
              <ul className="rows">
                {data.segments.map((s) => (
                  <li key={`${s.kind} ${s.name}`}>
                    <Badge tone={s.kind === 'own' ? 'accent' : 'neutral'}>{code('rfm', s.name)}</Badge>
                    <Reasons why={s.why} />
                  </li>
                ))}
              </ul>
            ) : (
              <p className="hint">{t('shopper.nosegment')}</p>
            )
          }
        </Answer>
      </Card>
      <Card title={t('shopper.known')} hint={market ? f.market(market) : undefined}>
        <Answer of={shopper}>{(data) => <ReportView report={data.report} hide={['shopper_id', 'shopper_no', 'market']} />}</Answer>
      </Card>
    </Page>
  );
}

/** A line a statement, those that belong to another set in below it. */
function Reasons({ why }: { why: string }) {
  const { lang } = useWords();
  return (
    <ul className="entries hint">
      {reasonsIn(lang, why).map((line, i) => (
        <li key={i} lang={line.lang === 'zh' ? 'zh-CN' : 'en'} style={{ marginInlineStart: `${line.depth}em` }}>
          {line.text}
        </li>
      ))}
    </ul>
  );
}
