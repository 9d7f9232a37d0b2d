// One market: its place, what speaks for and against it, its figures.
import { api } from '../../api/client';
import { useWords } from '../../i18n';
import { useLoad } from '../../lib/load';
import { Link } from '../../lib/router';
import { Answer, Card, LinkButton, Page } from '../../ui/basic';
import { Figures, NamedTables, Notes } from '../../ui/figure';
import { Meter } from '../../ui/marks';
import { Reasons, StatusBadge } from './ranking';

export function MarketPage({ market }: { market: string }) {
  const { t, f, spoken, code } = useWords();
  const page = useLoad(`market ${market}`, (signal) => api.market(market, signal));
  const data = page.data;
  return (
    <Page
      title={data ? spoken(data.name) || f.market(market) : f.market(market)}
      lead={<Link to="/markets">← {t('markets.back')}</Link>}
      actions={
        data ? (
          <>
            <LinkButton to={`/audience/personas?market=${market}`} icon="people">
              {t('markets.people')}
            </LinkButton>
            {data.has_plan ? (
              <LinkButton kind="primary" to={`/plan/${market}`} icon="plan">
                {t('markets.plan')}
              </LinkButton>
            ) : null}
          </>
        ) : null
      }
    >
      <Answer of={page} lines={10}>
        {(d) => (
          <>
            <div className="columns">
              <Card title={t('markets.place')}>
                {d.ranked ? (
                  <>
                    <div className="place">
                      <span className="place-rank">{d.ranked.rank != null ? `#${d.ranked.rank}` : '–'}</span>
                      <div>
                        <StatusBadge status={d.ranked.status} />
                        <p>
                          {t('markets.place.score', { score: f.decimal(d.ranked.score, 3) })}
                          {d.ranked.low != null ? ` (${f.decimal(d.ranked.low, 2)}–${f.decimal(d.ranked.high, 2)})` : ''}
                        </p>
                        {d.ranked.rank_low != null ? <p className="hint">{t('markets.place.range', { low: d.ranked.rank_low, high: d.ranked.rank_high ?? '–' })}</p> : null}
                      </div>
                    </div>
                    <dl className="criteria">
                      {Object.entries(d.ranked.criteria).map(([name, value]) => (
                        <div key={name}>
                          <dt>{code('criterion', name)}</dt>
                          <dd>
                            {value === null ? (
                              <span className="faint">{t('word.unknown')}</span>
                            ) : (
                              <>
                                <Meter value={value} label={f.decimal(value, 2)} /> {f.decimal(value, 2)}
                              </>
                            )}
                          </dd>
                        </div>
                      ))}
                    </dl>
                  </>
                ) : (
                  <p className="hint">{t('markets.unranked')}</p>
                )}
              </Card>
              <Card title={t('markets.reasons')}>
                {d.reasons.length ? <Reasons reasons={d.reasons} /> : <p className="hint">{t('state.empty')}</p>}
              </Card>
            </div>
            <Card title={t('markets.figures')} hint={t('markets.figures.hint')}>
              {d.report.figures.length ? <Figures figures={d.report.figures} /> : <p className="hint">{t('state.empty')}</p>}
              <Notes notes={d.report.notes} />
            </Card>
            {d.report.tables.length ? (
              <Card title={t('word.tables')}>
                <NamedTables tables={d.report.tables} hide={['market', 'reasons', 'quotes', 'place']} />
              </Card>
            ) : null}
          </>
        )}
      </Answer>
    </Page>
  );
}
