// Runs of the pipeline: start one, watch it, stop it.
import { useEffect, useRef, useState } from 'react';
import { api } from '../../api/client';
import type { Run } from '../../api/wire';
import { useWords } from '../../i18n';
import { forget, useAct, useLoad } from '../../lib/load';
import { useSession } from '../../lib/session';
import { Answer, Badge, Button, Card, Confirm, Empty, Trouble } from '../../ui/basic';
import { Progress } from '../../ui/marks';

// Exit status of a run that a quality gate stopped, see docs/exit-codes.md.
const GATE = 6;

export function Runs() {
  const { t } = useWords();
  const { may } = useSession();
  const runs = useLoad('runs', api.runs);
  const start = useAct(async (how: { allow?: boolean; sync?: boolean }) => {
    await api.startRun(how);
    runs.reload();
  });
  const schedule = useLoad('schedule', api.schedule);
  const asks = schedule.data?.tasks.some((task) => task.task === 'sync') ?? false;
  const going = runs.data?.runs.find((r) => r.status === 'running');
  const wasGoing = useRef(false);

  // While one is under way it is asked for every second; afterwards everything computed is new.
  useEffect(() => {
    if (going) {
      wasGoing.current = true;
      const timer = setInterval(runs.reload, 1000);
      return () => clearInterval(timer);
    }
    if (wasGoing.current) {
      wasGoing.current = false;
      forget();
      runs.reload();
    }
    return undefined;
  }, [going, runs.reload]);

  return (
    <Card
      title={t('runs.title')}
      hint={t('runs.hint')}
      actions={
        may('marketer') ? (
          <>
            {asks ? (
              <Button icon="play" busy={start.busy} disabled={going !== undefined} onClick={() => void start.run({ sync: true })}>
                {t('runs.sync')}
              </Button>
            ) : null}
            <Button kind="primary" icon="play" busy={start.busy} disabled={going !== undefined} onClick={() => void start.run({})}>
              {t('runs.start')}
            </Button>
          </>
        ) : null
      }
    >
      {start.problem ? <Trouble problem={start.problem} /> : null}
      <Answer of={runs} empty={{ when: (d) => d.runs.length === 0, show: <Empty title={t('runs.none')} icon="play">{t('runs.none.text')}</Empty> }}>
        {(data) => (
          <ul className="runs">
            {data.runs.map((run, i) => (
              <OneRun key={run.id} run={run} reload={runs.reload} anyway={i === 0 && run.exit_code === GATE ? () => void start.run({ allow: true }) : undefined} />
            ))}
          </ul>
        )}
      </Answer>
    </Card>
  );
}

function OneRun({ run, reload, anyway }: { run: Run; reload: () => void; anyway?: (() => void) | undefined }) {
  const { t, f, spoken, code } = useWords();
  const { may } = useSession();
  const [asking, ask] = useState(false);
  const lines = useRef<HTMLPreElement>(null);
  const cancel = useAct(async () => {
    await api.cancelRun(run.id);
    ask(false);
    reload();
  });
  const running = run.status === 'running';
  // The list comes without lines; those of one run are asked for when it is open.
  const [open, setOpen] = useState(running || run.status === 'failed');
  const detail = useLoad(open ? `run ${run.id}` : null, (signal) => api.run(run.id, signal));
  const said = detail.data?.lines ?? run.lines;
  const reloadLines = detail.reload;
  useEffect(() => {
    if (!open || !running) return undefined;
    const timer = setInterval(reloadLines, 1000);
    return () => {
      clearInterval(timer);
      reloadLines(); // once more at its end
    };
  }, [open, running, reloadLines]);
  useEffect(() => {
    // The newest line stays in sight.
    if (running && lines.current) lines.current.scrollTop = lines.current.scrollHeight;
  }, [said, running]);
  const tone = { running: 'accent', done: 'good', failed: 'bad', cancelled: 'neutral' }[run.status] as 'accent' | 'good' | 'bad' | 'neutral';
  return (
    <li className="run">
      <div className="row">
        <Badge tone={tone}>{code('run', run.status)}</Badge>
        <strong>{f.dateTime(run.started)}</strong>
        {run.ended ? <span className="hint">{t('runs.took', { seconds: f.decimal((Date.parse(run.ended) - Date.parse(run.started)) / 1000, 0) })}</span> : null}
        {run.trigger === 'schedule' ? <span className="hint">{t('runs.scheduled')}</span> : null}
        {running && run.stage ? <span>{t('runs.stage', { stage: code('stage', run.stage) })}</span> : null}
        <span className="grow" />
        {anyway && may('marketer') ? (
          <Button icon="play" onClick={anyway}>
            {t('runs.anyway')}
          </Button>
        ) : null}
        {running && may('marketer') ? (
          <Button kind="danger" icon="stop" onClick={() => ask(true)}>
            {t('runs.cancel')}
          </Button>
        ) : null}
      </div>
      {running ? <Progress value={run.progress} label={t('runs.progress')} /> : null}
      {run.next ? <p className="next">{spoken(run.next)}</p> : null}
      <details open={open} onToggle={(e) => setOpen(e.currentTarget.open)}>
        <summary className="hint">{t('runs.lines')}</summary>
        {detail.error ? <Trouble problem={detail.error} retry={detail.reload} /> : null}
        {/* Scrollable, so it must be reachable by the keyboard. */}
        <pre ref={lines} className="run-lines" tabIndex={0} role="log" aria-label={t('runs.lines')}>
          {said.length ? said.map((line) => spoken(line)).join('\n') : t('runs.nolines')}
        </pre>
      </details>
      <Confirm open={asking} title={t('runs.cancel')} text={t('runs.cancel.text')} yes={t('runs.cancel')} busy={cancel.busy} problem={cancel.problem} onYes={() => void cancel.run()} onClose={() => ask(false)} />
    </li>
  );
}
