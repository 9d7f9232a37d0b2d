// What surrounds every page: menu, language, theme, who is signed in.
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useWords, type Key } from './i18n';
import { Link, useRoute } from './lib/router';
import { useSession } from './lib/session';
import { setTheme, useTheme, type Theme } from './lib/theme';
import { IconButton } from './ui/basic';
import { Compass, Icon, type IconName } from './ui/icons';

const menu: { path: string; label: Key; icon: IconName }[] = [
  { path: '', label: 'nav.home', icon: 'home' },
  { path: 'markets', label: 'nav.markets', icon: 'map' },
  { path: 'audience', label: 'nav.audience', icon: 'people' },
  { path: 'catalogue', label: 'nav.catalogue', icon: 'box' },
  { path: 'recommend', label: 'nav.recommend', icon: 'star' },
  { path: 'plan', label: 'nav.plan', icon: 'plan' },
  { path: 'data', label: 'nav.data', icon: 'data' },
  { path: 'live', label: 'nav.live', icon: 'live' },
  { path: 'settings', label: 'nav.settings', icon: 'settings' },
];

const nextTheme: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' };
const themeIcon: Record<Theme, IconName> = { system: 'auto', light: 'sun', dark: 'moon' };

export function ThemeAndLanguage() {
  const { t, lang, setLang } = useWords();
  const theme = useTheme();
  return (
    <div className="prefs">
      <IconButton label={t('theme.switch', { now: t(`theme.${theme}`) })} icon={themeIcon[theme]} onClick={() => setTheme(nextTheme[theme])} />
      <button
        type="button"
        className="lang-button"
        lang={lang === 'en' ? 'zh-CN' : 'en'}
        aria-label={lang === 'en' ? '中文：切换语言' : 'EN: switch the language'}
        onClick={() => setLang(lang === 'en' ? 'zh' : 'en')}
      >
        {lang === 'en' ? '中文' : 'EN'}
      </button>
    </div>
  );
}

export function Shell({ current, children }: { current: string; children: ReactNode }) {
  const { t } = useWords();
  const { info, signOut } = useSession();
  const { path } = useRoute();
  const [open, setOpen] = useState(false);
  const first = useRef(true);
  const menuButton = useRef<HTMLDivElement>(null);

  // A new page: the drawer closes, and the heading is where reading goes on.
  useEffect(() => {
    setOpen(false);
    if (first.current) {
      first.current = false;
      return;
    }
    // Not when the focus is on something that stays, such as a tab that was reached by arrows.
    const main = document.getElementById('main');
    if (main && !main.contains(document.activeElement)) main.focus({ preventScroll: true });
  }, [path]);

  useEffect(() => {
    if (!open) return;
    const close = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      setOpen(false);
      menuButton.current?.querySelector('button')?.focus();
    };
    window.addEventListener('keydown', close);
    return () => window.removeEventListener('keydown', close);
  }, [open]);

  return (
    <div className={`shell ${open ? 'menu-open' : ''}`}>
      <a className="skip" href="#main">
        {t('nav.skip')}
      </a>
      <header className="top-bar no-print">
        <div ref={menuButton}>
          <IconButton label={t(open ? 'nav.close' : 'nav.open')} icon={open ? 'close' : 'menu'} aria-expanded={open} aria-controls="menu" onClick={() => setOpen(!open)} />
        </div>
        <Link to="/" className="brand">
          <Compass size={26} />
          <span>Portolan</span>
        </Link>
        <span className="grow" />
        <ThemeAndLanguage />
      </header>
      <nav id="menu" className="side no-print" aria-label={t('nav.label')}>
        <Link to="/" className="brand wide-only">
          <Compass />
          <span>Portolan</span>
        </Link>
        <ul>
          {menu.map((item) => (
            <li key={item.path}>
              <Link to={`/${item.path}`} aria-current={item.path === current ? 'page' : undefined}>
                <Icon name={item.icon} />
                <span>{t(item.label)}</span>
              </Link>
            </li>
          ))}
        </ul>
        <div className="side-foot">
          <div className="who">
            <Icon name="user" />
            <span>
              <strong>{info?.user?.name}</strong>
              <small>{info?.user ? t(`role.${info.user.role}`) : ''}</small>
            </span>
            <IconButton label={t('nav.signout')} icon="out" onClick={() => void signOut()} />
          </div>
          <div className="wide-only">
            <ThemeAndLanguage />
          </div>
        </div>
      </nav>
      {open ? <div className="scrim" onClick={() => setOpen(false)} aria-hidden="true" /> : null}
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}
