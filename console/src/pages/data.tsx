// The data side: sources, runs and the schedule, quality, rejects, questions in SQL.
import { useWords } from '../i18n';
import { navigate, useRoute } from '../lib/router';
import { Page, Panel, Tabs } from '../ui/basic';
import { Quality } from './data/quality';
import { Rejects } from './data/rejects';
import { Runs } from './data/runs';
import { Schedule } from './data/schedule';
import { Sources } from './data/sources';
import { Sql } from './data/sql';

function Work() {
  return (
    <>
      <Schedule />
      <Runs />
    </>
  );
}

const shown = { sources: Sources, runs: Work, quality: Quality, rejects: Rejects, sql: Sql };
type TabId = keyof typeof shown;
const ids = Object.keys(shown) as TabId[];

export default function Data() {
  const { t } = useWords();
  const part = useRoute().parts[1] ?? 'sources';
  const tab = ids.find((id) => id === part) ?? 'sources';
  const Shown = shown[tab];
  return (
    <Page title={t('data.title')} lead={t('data.lead')}>
      <Tabs label={t('data.title')} current={tab} onChange={(id) => navigate(`/data/${id}`)} tabs={ids.map((id) => ({ id, label: t(`data.tab.${id}`) }))} />
      <Panel id={tab}>
        <Shown />
      </Panel>
    </Page>
  );
}
