// Who buys: segments, personas, cohorts, values, one shopper.
import { useWords } from '../i18n';
import { navigate, useRoute } from '../lib/router';
import { Page, Panel, Tabs } from '../ui/basic';
import { Cohorts } from './audience/cohorts';
import { Members } from './audience/members';
import { Personas } from './audience/personas';
import { Segments } from './audience/segments';
import { ShopperPage } from './audience/shopper';
import { Values } from './audience/values';

const tabs = ['segments', 'personas', 'cohorts', 'values'] as const;
type TabId = (typeof tabs)[number];

export default function Audience() {
  const { t } = useWords();
  const { parts } = useRoute();
  const [, first = 'segments', second] = parts;
  if (first === 'segments' && second) return <Members name={second} />;
  if (first === 'shoppers' && second) return <ShopperPage id={second} />;
  const tab: TabId = tabs.find((id) => id === first) ?? 'segments';
  const shown = { segments: Segments, personas: Personas, cohorts: Cohorts, values: Values };
  const Shown = shown[tab];
  return (
    <Page title={t('audience.title')} lead={t('audience.lead')}>
      <Tabs
        label={t('audience.title')}
        current={tab}
        onChange={(id) => navigate(`/audience/${id}`)}
        tabs={tabs.map((id) => ({ id, label: t(`audience.tab.${id}`) }))}
      />
      <Panel id={tab}>
        <Shown />
      </Panel>
    </Page>
  );
}
