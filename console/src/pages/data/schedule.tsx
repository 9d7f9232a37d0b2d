// What the server does by itself: which systems it asks and when it computes, how that stands, when it is due.
import { useEffect } from 'react';
import { api } from '../../api/client';
import type { ScheduledTask } from '../../api/wire';
import { useWords } from '../../i18n';
import { useLoad } from '../../lib/load';
import { Answer, Badge, Card } from '../../ui/basic';

/** How often it is looked at, milliseconds. */
const EVERY = 5000;

export function Schedule() {
  const { t, spoken } = useWords();
  const schedule = useLoad('schedule', api.schedule);
  const { reload } = schedule;
  const lively = (schedule.data?.tasks.length ?? 0) > 0;
  useEffect(() => {
    if (!lively) return undefined;
    const timer = setInterval(reload, EVERY);
    return () => clearInterval(timer);
  }, [lively, reload]);
  return (
    <Card title={t('schedule.title')} hint={t('schedule.hint')}>
      <Answer of={schedule}>
        {(data) => (
          <>
            {data.problem ? (
              <p className="next" role="alert">
                {t('schedule.problem', { why: spoken(data.problem) })}
              </p>
            ) : null}
            {data.tasks.length === 0 && !data.problem ? <p className="hint">{t('schedule.none')}</p> : null}
            <ul className="runs">
              {data.tasks.map((task) => (
                <Task key={task.source ?? task.task} task={task} />
              ))}
            </ul>
          </>
        )}
      </Answer>
    </Card>
  );
}

const TONE = { never: 'neutral', running: 'accent', fine: 'good', failing: 'bad' } as const;

function Task({ task }: { task: ScheduledTask }) {
  const { t, f, spoken, code } = useWords();
  const came = task.records === null || task.records === undefined ? null : { records: f.count(task.records), changed: f.count(task.changed ?? 0), rejected: f.count(task.rejected ?? 0) };
  return (
    <li className="run">
      <div className="row">
        <Badge tone={TONE[task.status]}>{code('task', task.status)}</Badge>
        <strong>{task.source ? t('schedule.ask', { source: task.source }) : t('schedule.run')}</strong>
        <span>{task.when ? spoken(task.when) : t('schedule.byhand')}</span>
        <span className="grow" />
        {task.due ? <span className="hint">{t('schedule.due', { time: f.dateTime(task.due) })}</span> : null}
      </div>
      <p className="hint">
        {task.succeeded ? t('schedule.succeeded', { time: f.dateTime(task.succeeded) }) : t('schedule.notyet')}
        {came ? ` · ${t(task.rejected ? 'schedule.came.rejected' : 'schedule.came', came)}` : null}
        {task.failures > 0 ? ` · ${t('schedule.failures', { n: f.count(task.failures) })}` : null}
      </p>
      {task.why ? <p>{spoken(task.why)}</p> : null}
      {task.next ? <p className="next">{spoken(task.next)}</p> : null}
    </li>
  );
}
