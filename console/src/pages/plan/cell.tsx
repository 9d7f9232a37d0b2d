// A column of figures in a table of the plan: value over interval, or why there is none.
import { useWords } from '../../i18n';
import type { Figure } from '../../api/wire';
import { formulaHint } from '../../lib/formula';
import type { Column } from '../../ui/data-table';
import { useFigureText } from '../../ui/figure';

export function useFigureColumn(): <R>(key: string, label: string, pick: (row: R) => Figure | null) => Column<R> {
  const { lang } = useWords();
  const text = useFigureText();
  return (key, label, pick) => ({
    key,
    label,
    numeric: true,
    value: (row) => pick(row)?.value ?? null,
    render: (row) => {
      const figure = pick(row);
      if (!figure) return <span className="faint">–</span>;
      const shown = text(figure);
      if (shown.why) return <span className="faint small-why">{shown.why}</span>;
      return (
        <span title={formulaHint(lang, figure.key, figure.formula)} className="two-lines">
          <span>{shown.value}</span>
          {shown.interval ? <span className="hint">{shown.interval}</span> : null}
        </span>
      );
    },
  });
}
