// Segments there are, and a builder whose rule is counted while it is written.
import { useMemo, useRef, useState } from 'react';
import { api } from '../../api/client';
import type { Segments as SegmentsWire, SegmentPreview } from '../../api/wire';
import { Chart, type ChartOption, type Palette } from '../../charts/chart';
import { useWords } from '../../i18n';
import { forget, useAct, useLoad, useStill } from '../../lib/load';
import { ruleMistakes } from '../../lib/problem-words';
import { Link } from '../../lib/router';
import { useSession } from '../../lib/session';
import { num, rowsOf, str } from '../../lib/wire-table';
import { Answer, Badge, Button, Card, Confirm, Empty, Field, IconButton, ProblemText, Select, Trouble } from '../../ui/basic';
import { DataTable, type Column } from '../../ui/data-table';
import { TableView } from '../../ui/figure';
import { HeatChip, Meter } from '../../ui/marks';

type Segment = SegmentsWire['segments'][number];

export function Segments() {
  const segments = useLoad('segments', api.segments);
  const [draft, setDraft] = useState<{ name: string; title: string; rule: string } | null>(null);
  return (
    <Answer of={segments} lines={8}>
      {(data) => (
        <>
          <Builder
            key={draft?.name ?? ''}
            data={data}
            draft={draft}
            done={() => {
              setDraft(null);
              forget('segments');
              segments.reload();
            }}
          />
          <List data={data} edit={setDraft} reload={segments.reload} />
          <Flows data={data} />
        </>
      )}
    </Answer>
  );
}

const EXAMPLES = ['orders.count(180d) >= 2 and not returned_last', 'm >= 4 and days_since_last_order >= 90', 'bought(category "Coffee", 90d) and accepts_marketing'];

function Builder({ data, draft, done }: { data: SegmentsWire; draft: { name: string; title: string; rule: string } | null; done: () => void }) {
  const { lang, t, f } = useWords();
  const { may } = useSession();
  const [rule, setRule] = useState(draft?.rule ?? '');
  const [name, setName] = useState(draft?.name ?? '');
  const [title, setTitle] = useState(draft?.title ?? '');
  const area = useRef<HTMLTextAreaElement>(null);
  const still = useStill(rule.trim(), 350);
  const preview = useLoad(still ? `preview ${still}` : null, (signal) => api.previewSegment(still, signal));
  const save = useAct(async () => {
    await api.saveSegment(name.trim(), { rule: rule.trim(), title: title.trim() || name.trim() });
    done();
    setRule('');
    setName('');
    setTitle('');
  });
  const result = rule.trim() === still ? preview.data : undefined;
  const mistakes = result ? ruleMistakes(result) : [];
  const wrong = mistakes.length > 0;

  const insert = (text: string) => {
    const box = area.current;
    const at = box?.selectionStart ?? rule.length;
    const before = rule.slice(0, at);
    const gap = before && !/\s$/.test(before) ? ' ' : '';
    setRule(before + gap + text + rule.slice(box?.selectionEnd ?? at));
    requestAnimationFrame(() => {
      const place = at + gap.length + text.length;
      box?.focus();
      box?.setSelectionRange(place, place);
    });
  };

  return (
    <div className="columns two-one">
      <Card title={draft ? t('segments.edit', { name: draft.name }) : t('segments.build')} hint={t('segments.build.hint')}>
        <Field label={t('segments.rule')} error={wrong ? <RuleErrors rule={rule} errors={mistakes} /> : undefined}>
          {(ids) => (
            <textarea
              {...ids}
              ref={area}
              className="code"
              rows={4}
              spellCheck={false}
              autoCapitalize="off"
              maxLength={10_000}
              placeholder={EXAMPLES[0]}
              value={rule}
              onChange={(e) => setRule(e.target.value)}
            />
          )}
        </Field>
        <div className="row">
          <span className="hint">{t('segments.examples')}</span>
          {EXAMPLES.map((example) => (
            <button key={example} type="button" className="chip" onClick={() => setRule(example)}>
              <code>{example}</code>
            </button>
          ))}
        </div>
        {may('marketer') ? (
          <div className="form-row">
            <Field label={t('segments.name')} help={t('segments.name.help')}>
              {(ids) => <input {...ids} value={name} maxLength={100} onChange={(e) => setName(e.target.value)} disabled={draft !== null} />}
            </Field>
            <Field label={t('segments.purpose')}>
              {(ids) => <input {...ids} value={title} maxLength={200} onChange={(e) => setTitle(e.target.value)} />}
            </Field>
            <div className="row">
              <Button kind="primary" icon="check" busy={save.busy} disabled={!name.trim() || !rule.trim() || wrong} onClick={() => void save.run()}>
                {t('action.save')}
              </Button>
              {draft ? <Button onClick={done}>{t('action.cancel')}</Button> : null}
            </div>
          </div>
        ) : (
          <p className="hint">{t('segments.viewer')}</p>
        )}
        {save.problem ? <Trouble problem={save.problem} /> : null}
        <details className="proof" open={rule === ''}>
          <summary>{t('segments.fields')}</summary>
          <p className="hint">{t('segments.language')}</p>
          <ul className="fields">
            {data.fields.map((field) => (
              <li key={field.name}>
                <button type="button" className="chip" onClick={() => insert(field.name)}>
                  <code>{field.name}</code>
                </button>
                <span className="hint">{lang === 'zh' ? field.meaning_zh ?? '' : field.meaning}</span>
              </li>
            ))}
          </ul>
        </details>
      </Card>
      <Card title={t('segments.size')} className="live-size">
        <div role="status" aria-live="polite">
          {!rule.trim() ? (
            <p className="hint">{t('segments.size.empty')}</p>
          ) : preview.error ? (
            <Trouble problem={preview.error} retry={preview.reload} />
          ) : !result ? (
            <p className="hint">{t('segments.size.counting')}</p>
          ) : result.size == null ? (
            <p className="hint">{wrong ? t('segments.size.wrong') : result.errors[0] ? <ProblemText text={result.errors[0].problem} /> : t('segments.size.masked')}</p>
          ) : (
            <p>
              <span className="big-number">{f.count(result.size)}</span>
              <span className="hint"> {t('segments.size.of', { of: f.count(result.of), share: f.share(result.share) })}</span>
            </p>
          )}
        </div>
        {result && !wrong && result.by_market.length ? <ByMarket rows={result.by_market} /> : null}
      </Card>
    </div>
  );
}

function ByMarket({ rows }: { rows: SegmentPreview['by_market'] }) {
  const { t, f } = useWords();
  const columns: Column<SegmentPreview['by_market'][number]>[] = [
    { key: 'market', label: t('word.market'), value: (r) => f.market(r.market) },
    { key: 'size', label: t('word.shoppers'), numeric: true, value: (r) => r.size },
    { key: 'share', label: t('word.share'), hint: t('segments.share.hint'), numeric: true, value: (r) => r.share, render: (r) => <HeatChip value={r.share} text={f.share(r.share)} /> },
  ];
  return <DataTable caption={t('segments.bymarket')} columns={columns} rows={rows} rowKey={(r) => r.market} filter={false} initialSort={{ key: 'size', direction: 'desc' }} />;
}

/** The rule with the wrong words marked, and what would be right. */
function RuleErrors({ rule, errors }: { rule: string; errors: SegmentPreview['errors'] }) {
  return (
    <span className="rule-errors">
      {errors.map((error) => {
        const chars = [...rule.trim()]; // by characters, as the server counts
        const at = Math.min(error.at, chars.length);
        const end = Math.min(chars.length, at + Math.max(1, error.len));
        return (
          <span key={`${error.at} ${error.problem}`} className="rule-error">
            <code>
              {chars.slice(Math.max(0, at - 24), at).join('')}
              <mark>{chars.slice(at, end).join('') || '␣'}</mark>
              {chars.slice(end, end + 24).join('')}
            </code>
            <span>
              <ProblemText text={error.problem} />
              {error.next ? <> — <ProblemText text={error.next} /></> : null}
            </span>
          </span>
        );
      })}
    </span>
  );
}

function List({ data, edit, reload }: { data: SegmentsWire; edit: (draft: { name: string; title: string; rule: string }) => void; reload: () => void }) {
  const { t, f, spoken, code } = useWords();
  const { may } = useSession();
  const [going, setGoing] = useState<Segment | null>(null);
  const remove = useAct(async (name: string) => {
    await api.deleteSegment(name);
    forget('segments');
    setGoing(null);
    reload();
  });
  const columns: Column<Segment>[] = [
    {
      key: 'name',
      label: t('segments.segment'),
      value: (s) => `${spoken(s.title)} ${s.name}`,
      render: (s) => (
        <span className="two-lines">
          <Link to={`/audience/segments/${encodeURIComponent(s.name)}`}>{code('rfm', s.name)}</Link>
          {s.kind === 'own' && spoken(s.title) && spoken(s.title) !== s.name ? <span className="hint">{spoken(s.title)}</span> : null}
        </span>
      ),
    },
    { key: 'kind', label: t('word.kind'), value: (s) => code('segment', s.kind), render: (s) => <Badge tone={s.kind === 'own' ? 'accent' : 'neutral'}>{code('segment', s.kind)}</Badge> },
    { key: 'size', label: t('word.shoppers'), numeric: true, value: (s) => s.size, render: (s) => (s.size == null ? <span className="faint">{t('segments.nextrun')}</span> : f.count(s.size)) },
    { key: 'share', label: t('word.share'), numeric: true, value: (s) => s.share, render: (s) => (s.share == null ? <span className="faint">–</span> : <span className="score-cell"><Meter value={s.share} label={f.share(s.share)} /> {f.share(s.share)}</span>) },
    { key: 'rule', label: t('segments.rule'), value: (s) => s.rule, render: (s) => (s.rule ? <code className="wrap">{s.rule}</code> : <span className="faint">–</span>) },
    {
      key: 'do',
      label: t('word.actions'),
      sortable: false,
      value: () => null,
      render: (s) =>
        s.kind === 'own' && may('marketer') ? (
          <span className="row nowrap">
            <Button kind="quiet" onClick={() => { edit({ name: s.name, title: s.title.en, rule: s.rule ?? '' }); window.scrollTo({ top: 0 }); }}>
              {t('action.edit')}
            </Button>
            <IconButton icon="trash" label={t('segments.delete', { name: s.name })} onClick={() => setGoing(s)} />
          </span>
        ) : null,
    },
  ];
  return (
    <Card title={t('segments.list')} hint={t('segments.list.hint')}>
      <DataTable caption={t('segments.list')} columns={columns} rows={data.segments} rowKey={(s) => `${s.kind} ${s.name}`} exportName="segments" empty={<Empty title={t('segments.none')}>{t('segments.none.text')}</Empty>} />
      <Confirm
        open={going !== null}
        title={t('segments.delete', { name: going?.name ?? '' })}
        text={t('segments.delete.text')}
        yes={t('action.delete')}
        busy={remove.busy}
        problem={remove.problem}
        onYes={() => going && void remove.run(going.name)}
        onClose={() => { setGoing(null); remove.clear(); }}
      />
    </Card>
  );
}

function Flows({ data }: { data: SegmentsWire }) {
  const { t, f, code } = useWords();
  const rows = useMemo(() => rowsOf(data.flows), [data.flows]);
  const kinds = [...new Set(rows.map((r) => str(r['kind'])))];
  const [kind, setKind] = useState('');
  const shownKind = kinds.includes(kind) ? kind : kinds.includes('rfm') ? 'rfm' : (kinds[0] ?? '');
  const looks = [...new Set(rows.filter((r) => str(r['kind']) === shownKind).map((r) => `${str(r['from_day'])} ${str(r['to_day'])}`))].sort().reverse();
  const [look, setLook] = useState('');
  const shownLook = looks.includes(look) ? look : (looks[0] ?? '');

  const option = useMemo(() => {
    const [from = '', to = ''] = shownLook.split(' ');
    const moves = rows.filter((r) => str(r['kind']) === shownKind && str(r['from_day']) === from && str(r['to_day']) === to);
    const label = (name: string) => (name === '' ? t('flows.none') : code('rfm', name));
    // A node stands on one side only: otherwise somebody who stays would be a circle.
    const links = moves
      .map((r) => ({ source: `a ${str(r['from_segment'])}`, target: `b ${str(r['to_segment'])}`, value: num(r['n_shoppers']) ?? 0 }))
      .filter((l) => l.value > 0);
    const names = [...new Set(links.flatMap((l) => [l.source, l.target]))];
    const plain = [...new Set(names.map((n) => n.slice(2)))];
    return (c: Palette): ChartOption => ({
      tooltip: { trigger: 'item', renderMode: 'richText', backgroundColor: c.surface, borderColor: c.line, textStyle: { color: c.text } },
      series: [
        {
          type: 'sankey',
          left: 4,
          right: 130,
          top: 12,
          bottom: 12,
          nodeGap: 10,
          nodeWidth: 12,
          draggable: false,
          emphasis: { focus: 'adjacency' },
          data: names.map((name) => ({ name, itemStyle: { color: c.series[plain.indexOf(name.slice(2)) % c.series.length] } })),
          links,
          lineStyle: { color: 'source', opacity: 0.28 },
          label: { color: c.text, fontSize: 12, formatter: (p: { name: string }) => label(p.name.slice(2)) },
          tooltip: {
            formatter: (p: { dataType: string; name: string; value: number; data: { source?: string; target?: string } }) =>
              p.dataType === 'edge'
                ? `${label((p.data.source ?? '').slice(2))} → ${label((p.data.target ?? '').slice(2))}: ${f.count(p.value)}`
                : `${label(p.name.slice(2))}: ${f.count(p.value)}`,
          },
        },
      ],
    });
  }, [rows, shownKind, shownLook, t, code, f]);

  if (!data.flows || rows.length === 0) return null;
  return (
    <Card
      title={t('flows.title')}
      hint={t('flows.hint')}
      actions={
        <>
          {kinds.length > 1 ? <Select compact label={t('word.kind')} value={shownKind} onChange={setKind} options={kinds.map((k) => ({ value: k, label: code('segment', k) }))} /> : null}
          <Select
            compact
            label={t('flows.between')}
            value={shownLook}
            onChange={setLook}
            options={looks.map((l) => {
              const [from, to] = l.split(' ');
              return { value: l, label: `${f.day(from)} → ${f.day(to)}` };
            })}
          />
        </>
      }
    >
      <Chart label={t('flows.label')} option={option} height={380} numbers={<TableView table={data.flows} caption={t('flows.title')} exportName="segment-flows" />} />
    </Card>
  );
}

