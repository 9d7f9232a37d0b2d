// Language and colours, kept in this browser.
import { useWords, type Lang } from '../../i18n';
import { setTheme, useTheme, type Theme } from '../../lib/theme';
import { Card, Select } from '../../ui/basic';

export function Looks() {
  const { t, lang, setLang } = useWords();
  const theme = useTheme();
  return (
    <Card title={t('looks.title')} hint={t('looks.hint')}>
      <div className="form-row">
        <Select label={t('looks.language')} value={lang} onChange={(l) => setLang(l as Lang)} options={[{ value: 'en', label: 'English' }, { value: 'zh', label: '中文' }]} />
        <Select label={t('looks.theme')} value={theme} onChange={(x) => setTheme(x as Theme)} options={(['system', 'light', 'dark'] as const).map((x) => ({ value: x, label: t(`theme.${x}`) }))} />
      </div>
    </Card>
  );
}
