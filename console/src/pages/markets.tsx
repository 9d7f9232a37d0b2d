// Where to sell next: `/markets`, `/markets/transfer`, and one market at `/markets/DE`.
import { useWords } from '../i18n';
import { navigate, useRoute } from '../lib/router';
import { Page, Panel, Tabs } from '../ui/basic';
import { MarketPage } from './markets/market';
import { Ranking } from './markets/ranking';
import { Transfer } from './markets/transfer';

export default function Markets() {
  const { t } = useWords();
  const part = useRoute().parts[1] ?? '';
  if (/^[A-Z]{2}$/.test(part)) return <MarketPage market={part} />;
  const tab = part === 'transfer' ? 'transfer' : 'ranking';
  return (
    <Page title={t('markets.title')} lead={t('markets.lead')}>
      <Tabs
        label={t('markets.title')}
        current={tab}
        onChange={(id) => navigate(id === 'ranking' ? '/markets' : `/markets/${id}`)}
        tabs={[
          { id: 'ranking', label: t('markets.tab.ranking') },
          { id: 'transfer', label: t('markets.tab.transfer') },
        ]}
      />
      <Panel id={tab}>{tab === 'ranking' ? <Ranking /> : <Transfer />}</Panel>
    </Page>
  );
}
