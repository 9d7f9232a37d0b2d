// The launch plan of a market: `/plan` to choose, `/plan/DE` to read, print and export.
import { api } from '../api/client';
import { useWords } from '../i18n';
import { useLoad } from '../lib/load';
import { Link, navigate, useRoute } from '../lib/router';
import { Answer, Card, Empty, Page, Select } from '../ui/basic';
import { Icon } from '../ui/icons';
import { PlanActions, PlanView } from './plan/view';

export default function Plan() {
  const { t, f } = useWords();
  const market = useRoute().parts[1];
  const overview = useLoad('overview', api.overview);
  if (market && /^[A-Z]{2}$/.test(market)) {
    return <OnePlan market={market} markets={overview.data?.markets ?? [market]} />;
  }
  return (
    <Page title={t('plan.title')} lead={t('plan.lead')}>
      <Answer of={overview} empty={{ when: (d) => d.markets.length === 0, show: <Card><Empty title={t('plan.none')} icon="plan">{t('plan.none.text')}</Empty></Card> }}>
        {(data) => (
          <ul className="market-list">
            {data.markets.map((m) => (
              <li key={m}>
                <Link to={`/plan/${m}`} className="card market-card">
                  <span className="market-code">{m}</span>
                  <span>
                    <strong>{f.market(m)}</strong>
                    <span className="hint">{m === data.home_market ? t('plan.home') : t('plan.open')}</span>
                  </span>
                  <Icon name="right" />
                </Link>
              </li>
            ))}
          </ul>
        )}
      </Answer>
    </Page>
  );
}

function OnePlan({ market, markets }: { market: string; markets: string[] }) {
  const { t, f } = useWords();
  const plan = useLoad(`plan ${market}`, (signal) => api.plan(market, signal));
  const options = (markets.includes(market) ? markets : [market, ...markets]).map((m) => ({ value: m, label: f.market(m) }));
  return (
    <Page
      title={t('plan.of', { market: f.market(market) })}
      lead={<span className="no-print"><Link to="/plan">← {t('plan.back')}</Link></span>}
      actions={
        <>
          <Select compact label={t('word.market')} value={market} onChange={(m) => navigate(`/plan/${m}`)} options={options} />
          <PlanActions market={market} plan={plan.data} />
        </>
      }
    >
      <Answer of={plan} lines={14}>{(data) => <PlanView plan={data} market={market} />}</Answer>
    </Page>
  );
}
