// Columns of the table of model quality: value with its interval on a scale common to the rows.
import type { useWords } from '../../i18n';
import { num, str, type Row } from '../../lib/wire-table';
import type { Column } from '../../ui/data-table';
import { RangeBar } from '../../ui/marks';
import { ModelName } from '../../ui/names';

export function qualityColumns(rows: readonly Row[], { t, f, code }: Pick<ReturnType<typeof useWords>, 't' | 'f' | 'code'>): Column<Row>[] {
  const ends = rows.flatMap((r) => [num(r['value']), num(r['high'])]).filter((x): x is number => x !== null);
  const most = Math.max(1e-6, ...ends);
  return [
    { key: 'market', label: t('word.market'), value: (r) => (str(r['market']) === 'all' ? t('word.alltargets') : f.market(str(r['market']))) },
    { key: 'model', label: t('models.model'), value: (r) => `${code('model', str(r['model']))} ${str(r['model'])}`, render: (r) => <ModelName model={str(r['model'])} /> },
    { key: 'training', label: t('models.training'), value: (r) => code('training', str(r['training'])) },
    { key: 'value', label: t('word.value'), numeric: true, value: (r) => num(r['value']), render: (r) => f.decimal(num(r['value']), 4) },
    {
      key: 'range',
      label: t('markets.interval'),
      sortable: false,
      value: (r) => `${str(r['low'])}–${str(r['high'])}`,
      render: (r) => (
        <RangeBar
          value={num(r['value'])}
          low={num(r['low'])}
          high={num(r['high'])}
          to={most}
          label={t('markets.interval.label', { low: f.decimal(num(r['low']), 3), high: f.decimal(num(r['high']), 3) })}
        />
      ),
    },
    { key: 'n', label: t('transfer.n'), numeric: true, value: (r) => num(r['n']) },
  ];
}
