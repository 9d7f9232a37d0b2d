// Buttons, cards, fields, messages: the small parts every page is made of.
import {
  useEffect,
  useId,
  useRef,
  useState,
  type ButtonHTMLAttributes,
  type ComponentProps,
  type ReactNode,
} from 'react';
import type { Problem } from '../api/problem';
import { useWords } from '../i18n';
import { problemIn, titleIn } from '../lib/problem-words';
import { Link } from '../lib/router';
import { Icon, type IconName } from './icons';

type Kind = 'primary' | 'plain' | 'quiet' | 'danger';

export function Button({
  kind = 'plain',
  icon,
  busy = false,
  children,
  className = '',
  ...rest
}: { kind?: Kind; icon?: IconName; busy?: boolean } & ButtonHTMLAttributes<HTMLButtonElement>) {
  return (
    <button type="button" {...rest} className={`button ${kind} ${className}`} aria-busy={busy || undefined} disabled={rest.disabled || busy}>
      {busy ? <span className="spinner" aria-hidden="true" /> : icon ? <Icon name={icon} size={16} /> : null}
      {children ? <span>{children}</span> : null}
    </button>
  );
}

/** A button that is only a picture: its label is what a screen reader says and what hovering shows. */
export function IconButton({ label, icon, ...rest }: { label: string; icon: IconName } & ButtonHTMLAttributes<HTMLButtonElement>) {
  return (
    <button type="button" {...rest} className={`icon-button ${rest.className ?? ''}`} aria-label={label} title={label}>
      <Icon name={icon} />
    </button>
  );
}

export function LinkButton({ to, icon, kind = 'plain', children }: { to: string; icon?: IconName; kind?: Kind; children: ReactNode }) {
  return (
    <Link to={to} className={`button ${kind}`}>
      {icon ? <Icon name={icon} size={16} /> : null}
      <span>{children}</span>
    </Link>
  );
}

export function Card({
  title,
  hint,
  actions,
  children,
  className = '',
  flush = false,
}: {
  title?: ReactNode;
  hint?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  className?: string;
  flush?: boolean;
}) {
  const id = useId();
  return (
    <section className={`card ${flush ? 'flush' : ''} ${className}`} aria-labelledby={title ? id : undefined}>
      {title || actions ? (
        <header className="card-head">
          <div>
            {title ? <h2 id={id}>{title}</h2> : null}
            {hint ? <p className="hint">{hint}</p> : null}
          </div>
          {actions ? <div className="actions">{actions}</div> : null}
        </header>
      ) : null}
      <div className="card-body">{children}</div>
    </section>
  );
}

export function Page({ title, lead, actions, children }: { title: string; lead?: ReactNode; actions?: ReactNode; children: ReactNode }) {
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Portolan`;
  }, [title]);
  return (
    <div className="page">
      <header className="page-head">
        <div>
          <h1 ref={head} tabIndex={-1} id="page-title">
            {title}
          </h1>
          {lead ? <p className="lead">{lead}</p> : null}
        </div>
        {actions ? <div className="actions no-print">{actions}</div> : null}
      </header>
      {children}
    </div>
  );
}

export function Badge({ tone = 'neutral', children, title }: { tone?: 'neutral' | 'good' | 'warn' | 'bad' | 'accent'; children: ReactNode; title?: string }) {
  return (
    <span className={`badge ${tone}`} title={title}>
      {children}
    </span>
  );
}

export function Field({
  label,
  help,
  error,
  children,
}: {
  label: ReactNode;
  help?: ReactNode;
  error?: ReactNode;
  children: (ids: { id: string; 'aria-describedby': string | undefined; 'aria-invalid': true | undefined }) => ReactNode;
}) {
  const id = useId();
  const described = [help ? `${id}-help` : '', error ? `${id}-error` : ''].filter(Boolean).join(' ') || undefined;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, 'aria-describedby': described, 'aria-invalid': error ? true : undefined })}
      {help ? (
        <p className="hint" id={`${id}-help`}>
          {help}
        </p>
      ) : null}
      {error ? (
        <p className="field-error" id={`${id}-error`}>
          {error}
        </p>
      ) : null}
    </div>
  );
}

export function Select({
  label,
  value,
  options,
  onChange,
  compact = false,
}: {
  label: string;
  value: string;
  options: readonly { value: string; label: string }[];
  onChange: (value: string) => void;
  compact?: boolean;
}) {
  const id = useId();
  return (
    <div className={compact ? 'select compact' : 'select field'}>
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={(e) => onChange(e.target.value)}>
        {options.map((o) => (
          <option key={o.value} value={o.value}>
            {o.label}
          </option>
        ))}
      </select>
    </div>
  );
}

export function Check({ label, checked, onChange }: { label: ReactNode; checked: boolean; onChange: (on: boolean) => void }) {
  return (
    <label className="check">
      <input type="checkbox" checked={checked} onChange={(e) => onChange(e.target.checked)} />
      <span>{label}</span>
    </label>
  );
}

/** What to do when there is nothing to show. */
export function Empty({ title, children, action, icon = 'info' }: { title: string; children?: ReactNode; action?: ReactNode; icon?: IconName }) {
  return (
    <div className="empty">
      <Icon name={icon} size={26} />
      <p className="empty-title">{title}</p>
      {children ? <div className="empty-text">{children}</div> : null}
      {action ? <div className="actions">{action}</div> : null}
    </div>
  );
}

/** What the server says of a problem, in the reader's language where it has a form. */
export function ProblemText({ text }: { text: string }) {
  const { lang } = useWords();
  const said = problemIn(lang, text);
  return <span lang={said.lang === 'zh' ? 'zh-CN' : 'en'}>{said.text}</span>;
}

/** A problem in the server's words, its next step, and a way to try again. */
export function Trouble({ problem, retry }: { problem: Problem; retry?: () => void }) {
  const { t, lang } = useWords();
  const title =
    problem.status === 0 ? t('error.offline') : problem.status === 403 ? t('error.forbidden') : titleIn(lang, problem.title) || t('error.title');
  return (
    <div className="trouble" role="alert">
      <Icon name="warn" size={20} />
      <div>
        <p className="trouble-title">{title}</p>
        {problem.status === 0 ? <p>{t('error.offline.detail')}</p> : <p><ProblemText text={problem.message} /></p>}
        {problem.errors.length ? (
          <ul>
            {problem.errors.map((e) => (
              <li key={`${e.at} ${e.problem}`}>
                {e.at ? <code>{e.at}</code> : null} <ProblemText text={e.problem} />
              </li>
            ))}
          </ul>
        ) : null}
        {problem.retryAfter ? <p>{t('error.wait', { seconds: problem.retryAfter })}</p> : null}
        {problem.next ? (
          <p className="next">
            <strong>{t('error.next')}</strong> <ProblemText text={problem.next} />
          </p>
        ) : null}
        {retry ? (
          <Button icon="refresh" onClick={retry}>
            {t('action.retry')}
          </Button>
        ) : null}
      </div>
    </div>
  );
}

export function Skeleton({ lines = 4, label }: { lines?: number; label?: string }) {
  const { t } = useWords();
  return (
    <div className="skeleton" role="status">
      <span className="sr-only">{label ?? t('state.loading')}</span>
      {Array.from({ length: lines }, (_, i) => (
        <span key={i} className={`bar w${(i % 4) + 1}`} aria-hidden="true" />
      ))}
    </div>
  );
}

/** The four states of an answer: waiting, problem, nothing, something. */
export function Answer<T>({
  of,
  empty,
  children,
  lines,
}: {
  of: { data: T | undefined; error: Problem | undefined; loading: boolean; reload: () => void };
  empty?: { when: (data: T) => boolean; show: ReactNode };
  children: (data: T) => ReactNode;
  lines?: number;
}) {
  if (of.error && of.data === undefined) return <Trouble problem={of.error} retry={of.reload} />;
  if (of.data === undefined) return <Skeleton lines={lines ?? 4} />;
  return (
    <>
      {of.error ? <Trouble problem={of.error} retry={of.reload} /> : null}
      {empty?.when(of.data) ? empty.show : children(of.data)}
    </>
  );
}

export function Dialog({
  open,
  title,
  onClose,
  children,
  footer,
  wide = false,
}: {
  open: boolean;
  title: string;
  onClose: () => void;
  children: ReactNode;
  footer?: ReactNode;
  wide?: boolean;
}) {
  const { t } = useWords();
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (!dialog) return;
    if (open && !dialog.open) dialog.showModal(); // the browser keeps the focus inside
    if (!open && dialog.open) dialog.close();
  }, [open]);
  return (
    <dialog ref={ref} className={wide ? 'dialog wide' : 'dialog'} aria-labelledby={id} onClose={onClose} onCancel={onClose}>
      {open ? (
        <>
          <header className="dialog-head">
            <h2 id={id}>{title}</h2>
            <IconButton label={t('action.close')} icon="close" onClick={onClose} />
          </header>
          <div className="dialog-body">{children}</div>
          {footer ? <footer className="dialog-foot">{footer}</footer> : null}
        </>
      ) : null}
    </dialog>
  );
}

/** Asks before something that cannot be taken back. */
export function Confirm({
  open,
  title,
  text,
  yes,
  onYes,
  onClose,
  busy = false,
  problem,
}: {
  open: boolean;
  title: string;
  text: ReactNode;
  yes: string;
  onYes: () => void;
  onClose: () => void;
  busy?: boolean;
  problem?: Problem | undefined;
}) {
  const { t } = useWords();
  return (
    <Dialog
      open={open}
      title={title}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{t('action.cancel')}</Button>
          <Button kind="danger" busy={busy} onClick={onYes}>
            {yes}
          </Button>
        </>
      }
    >
      <p>{text}</p>
      {problem ? <Trouble problem={problem} /> : null}
    </Dialog>
  );
}

export interface Tab {
  id: string;
  label: string;
  count?: number | undefined;
}

/** Tabs by the ARIA pattern: arrows move, one stop for the Tab key. */
export function Tabs({ tabs, current, onChange, label }: { tabs: readonly Tab[]; current: string; onChange: (id: string) => void; label: string }) {
  const list = useRef<HTMLDivElement>(null);
  const move = (event: React.KeyboardEvent) => {
    const at = tabs.findIndex((tab) => tab.id === current);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = tabs[(to + tabs.length) % tabs.length];
    if (!next) return;
    onChange(next.id);
    list.current?.querySelector<HTMLElement>(`[data-tab="${next.id}"]`)?.focus();
  };
  return (
    <div className="tabs no-print" role="tablist" aria-label={label} ref={list} onKeyDown={move}>
      {tabs.map((tab) => (
        <button
          key={tab.id}
          type="button"
          role="tab"
          id={`tab-${tab.id}`}
          data-tab={tab.id}
          aria-selected={tab.id === current}
          aria-controls={`panel-${tab.id}`}
          tabIndex={tab.id === current ? 0 : -1}
          onClick={() => onChange(tab.id)}
        >
          {tab.label}
          {tab.count !== undefined ? <span className="tab-count">{tab.count}</span> : null}
        </button>
      ))}
    </div>
  );
}

export function Panel({ id, children }: { id: string; children: ReactNode }) {
  return (
    <div role="tabpanel" id={`panel-${id}`} aria-labelledby={`tab-${id}`} className="panel">
      {children}
    </div>
  );
}

export function CopyButton({ text, label, ...rest }: { text: string; label: string } & Partial<ComponentProps<typeof Button>>) {
  const { t } = useWords();
  const [done, setDone] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without a secure context there is no clipboard; the text stays selectable beside the button.
      return;
    }
    setDone(true);
    setTimeout(() => setDone(false), 2_000);
  };
  return (
    <Button icon={done ? 'check' : 'copy'} onClick={() => void copy()} {...rest}>
      <span aria-live="polite">{done ? t('action.copied') : label}</span>
    </Button>
  );
}
