// Which page an address shows. Each page is a chunk of its own, loaded when it is first asked for.
import { Component, lazy, Suspense, type ReactNode } from 'react';
import { Problem } from './api/problem';
import { useWords } from './i18n';
import { useRoute } from './lib/router';
import { useSession } from './lib/session';
import { SetUp, SignIn } from './pages/entry';
import { Shell } from './shell';
import { Empty, LinkButton, Page, Skeleton, Trouble } from './ui/basic';

const pages = {
  '': lazy(() => import('./pages/home')),
  markets: lazy(() => import('./pages/markets')),
  audience: lazy(() => import('./pages/audience')),
  catalogue: lazy(() => import('./pages/catalogue')),
  recommend: lazy(() => import('./pages/recommend')),
  plan: lazy(() => import('./pages/plan')),
  data: lazy(() => import('./pages/data')),
  live: lazy(() => import('./pages/live')),
  settings: lazy(() => import('./pages/settings')),
};

const isPage = (name: string): name is keyof typeof pages => Object.hasOwn(pages, name);

export function App() {
  const { info, problem, reload } = useSession();
  const route = useRoute();
  if (!info) {
    return (
      <main className="entry">
        {problem ? <Trouble problem={problem} retry={() => void reload()} /> : <Skeleton lines={3} />}
      </main>
    );
  }
  if (info.setup_needed || (route.parts[0] === 'setup' && !info.user)) return <SetUp />;
  if (!info.user) return <SignIn />;
  const name = route.parts[0] ?? '';
  const Shown = isPage(name) ? pages[name] : name === 'setup' ? pages[''] : null;
  return (
    <Shell current={name}>
      <Guard key={name}>
        <Suspense fallback={<Skeleton lines={6} />}>{Shown ? <Shown /> : <NotFound />}</Suspense>
      </Guard>
    </Shell>
  );
}

function NotFound() {
  const { t } = useWords();
  return (
    <Page title={t('notfound.title')}>
      <Empty title={t('notfound.text')} action={<LinkButton to="/">{t('nav.home')}</LinkButton>} />
    </Page>
  );
}

/** A fault in one page leaves the menu usable. */
class Guard extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };
  static getDerivedStateFromError(error: Error) {
    return { error };
  }
  override render() {
    if (!this.state.error) return this.props.children;
    return <Trouble problem={Problem.from(this.state.error)} retry={() => window.location.reload()} />;
  }
}
