// What the rules found, and the gates.
import { api } from '../../api/client';
import { useWords } from '../../i18n';
import { useLoad } from '../../lib/load';
import { Answer, Card } from '../../ui/basic';
import { ReportView } from '../../ui/figure';

export function Quality() {
  const { t, spoken } = useWords();
  const quality = useLoad('quality', api.quality);
  return (
    <Card title={(quality.data && spoken(quality.data.title)) || t('data.quality')} hint={t('data.quality.hint')}>
      <Answer of={quality}>{(data) => <ReportView report={data} />}</Answer>
    </Card>
  );
}
