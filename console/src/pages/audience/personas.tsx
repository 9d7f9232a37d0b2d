// Who buys in a market, with the numbers behind each statement and words of the shoppers.
import { api } from '../../api/client';
import type { Persona } from '../../api/wire';
import { useWords } from '../../i18n';
import { useLoad } from '../../lib/load';
import { setQuery, useRoute } from '../../lib/router';
import { groupBy } from '../../lib/wire-table';
import { Answer, Badge, Card, Empty, Select } from '../../ui/basic';
import { Figures, FormulaText, Notes, useFigureText } from '../../ui/figure';

/** A choice of market that lives in the address, so that it can be shared. */
export function MarketChoice({ all = true }: { all?: boolean }) {
  const { t, f } = useWords();
  const overview = useLoad('overview', api.overview);
  const market = useRoute().query.get('market') ?? '';
  const options = [...(all ? [{ value: '', label: t('word.allmarkets') }] : []), ...(overview.data?.markets ?? []).map((m) => ({ value: m, label: f.market(m) }))];
  if (market && !options.some((o) => o.value === market)) options.push({ value: market, label: f.market(market) });
  return <Select compact label={t('word.market')} value={market} onChange={(value) => setQuery({ market: value || null })} options={options} />;
}

export function Personas() {
  const { t } = useWords();
  const market = useRoute().query.get('market');
  const personas = useLoad(`personas ${market ?? ''}`, (signal) => api.personas(market, signal));
  return (
    <>
      <div className="row no-print">
        <MarketChoice />
      </div>
      <Answer
        of={personas}
        lines={10}
        empty={{
          when: (d) => d.personas.length === 0,
          show: (
            <Card>
              <Empty title={t('personas.none')} icon="people">
                <p>{t('personas.none.text')}</p>
              </Empty>
              <Notes notes={personas.data?.notes} />
            </Card>
          ),
        }}
      >
        {(data) => (
          <>
            {data.personas.map((persona) => (
              <PersonaCard key={persona.id} persona={persona} />
            ))}
            <Notes notes={data.notes} />
          </>
        )}
      </Answer>
    </>
  );
}

function PersonaCard({ persona }: { persona: Persona }) {
  const { f, spoken, code, t } = useWords();
  const text = useFigureText();
  const sections = [...groupBy(persona.claims, (c) => c.section)];
  return (
    <Card
      title={spoken(persona.title)}
      hint={spoken(persona.summary)}
      actions={
        <>
          <Badge tone="accent">{f.market(persona.market)}</Badge>
          {persona.segment && persona.segment !== 'all' ? <Badge>{code('rfm', persona.segment)}</Badge> : null}
        </>
      }
    >
      <Figures figures={persona.figures} />
      <div className="persona">
        {sections.map(([section, claims]) => (
          <section key={section}>
            <h3>{code('section', section)}</h3>
            <ul>
              {claims.map((claim, i) => {
                const figure = claim.figure ? text(claim.figure) : null;
                return (
                  <li key={i}>
                    <p>{spoken(claim.text)}</p>
                    {claim.figure && figure ? (
                      <details className="proof no-print">
                        <summary>
                          {t('figure.how')}
                          <span className="sr-only"> {spoken(claim.text)}</span>
                        </summary>
                        <div className="proof-body">
                          <p>
                            {figure.why ?? figure.value} {figure.interval}
                          </p>
                          <FormulaText of={claim.figure.key} formula={claim.figure.formula} />
                          <code className="wrap">{claim.figure.source}</code>
                        </div>
                      </details>
                    ) : null}
                    {claim.quotes.map((quote) => (
                      <blockquote key={quote.source + quote.text} lang={quote.language ?? undefined}>
                        <p dir="auto">{quote.text}</p>
                        <footer className="hint">{[quote.language ? f.language(quote.language) : '', quote.product_id ?? ''].filter(Boolean).join(' · ')}</footer>
                      </blockquote>
                    ))}
                  </li>
                );
              })}
            </ul>
          </section>
        ))}
      </div>
    </Card>
  );
}
