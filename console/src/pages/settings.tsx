// Keys, people, audit, rights of persons, and how the console looks.
import { useWords } from '../i18n';
import { navigate, useRoute } from '../lib/router';
import { useSession } from '../lib/session';
import { Empty, Page, Panel, Tabs } from '../ui/basic';
import { Audit } from './settings/audit';
import { Keys } from './settings/keys';
import { Looks } from './settings/looks';
import { Persons } from './settings/persons';
import { Users } from './settings/users';

const shown = { keys: Keys, users: Users, audit: Audit, persons: Persons, looks: Looks };
type TabId = keyof typeof shown;

export default function Settings() {
  const { t } = useWords();
  const { may } = useSession();
  const part = useRoute().parts[1];
  const ids = (Object.keys(shown) as TabId[]).filter((id) => may('admin') || id === 'looks');
  const tab = ids.find((id) => id === part) ?? ids[0] ?? 'looks';
  const Shown = shown[tab];
  return (
    <Page title={t('settings.title')} lead={t('settings.lead')}>
      <Tabs label={t('settings.title')} current={tab} onChange={(id) => navigate(`/settings/${id}`)} tabs={ids.map((id) => ({ id, label: t(`settings.tab.${id}`) }))} />
      <Panel id={tab}>{part && part !== tab ? <Empty title={t('error.forbidden')}>{t('settings.admin')}</Empty> : <Shown />}</Panel>
    </Page>
  );
}
