// What is sold: the list with search by words and by picture, and one product's page.
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { api } from '../api/client';
import { Problem } from '../api/problem';
import type { Products } from '../api/wire';
import { useWords } from '../i18n';
import { useLoad } from '../lib/load';
import { setQuery, useRoute } from '../lib/router';
import { Answer, Button, Card, Empty, IconButton, Page, Select, Trouble } from '../ui/basic';
import { Notes } from '../ui/figure';
import { Icon } from '../ui/icons';
import { MarketChoice } from './audience/personas';
import { Pager } from './audience/members';
import { ProductGrid, ProductTable } from './catalogue/grid';
import { ProductPage } from './catalogue/product';

const PER_PAGE = 48;
const LARGEST = 10_000_000;

export default function Catalogue() {
  const { parts } = useRoute();
  return parts[1] ? <ProductPage id={parts[1]} /> : <Search />;
}

function Search() {
  const { t } = useWords();
  const { query } = useRoute();
  const words = query.get('q') ?? '';
  const market = query.get('market') ?? '';
  const view = query.get('view') === 'table' ? 'table' : 'pictures';
  const page = Math.max(1, Number(query.get('page') ?? '1') || 1);
  const [text, setText] = useState(words);
  const [picture, setPicture] = useState<File | null>(null);
  const products = useLoad(picture ? null : `products ${words} ${market} ${page}`, (signal) =>
    api.products({ q: words, market, page, per_page: PER_PAGE }, signal),
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setPicture(null);
    setQuery({ q: text.trim() || null, page: null });
  };
  return (
    <Page title={t('catalogue.title')} lead={t('catalogue.lead')}>
      <div className="search-bar no-print">
        <form onSubmit={submit} role="search" className="search-form">
          <div className="filter wide">
            <Icon name="search" size={16} />
            <input type="search" aria-label={t('catalogue.search')} placeholder={t('catalogue.search.hint')} value={text} maxLength={500} onChange={(e) => setText(e.target.value)} />
          </div>
          <Button kind="primary" type="submit">
            {t('catalogue.search')}
          </Button>
        </form>
        <PictureInput onPicture={setPicture} />
        <MarketChoice />
        <Select
          compact
          label={t('catalogue.view')}
          value={view}
          onChange={(v) => setQuery({ view: v === 'table' ? v : null })}
          options={[
            { value: 'pictures', label: t('catalogue.view.pictures') },
            { value: 'table', label: t('catalogue.view.table') },
          ]}
        />
      </div>
      {picture ? (
        <ByPicture key={`${picture.name} ${picture.size} ${picture.lastModified}`} picture={picture} done={() => setPicture(null)} />
      ) : (
        <Answer
          of={products}
          lines={10}
          empty={{
            when: (d) => d.products.length === 0,
            show: (
              <Card>
                <Empty title={words ? t('catalogue.nothing', { words }) : t('catalogue.empty')} icon="search">
                  <p>{t(words ? 'catalogue.nothing.text' : 'catalogue.empty.text')}</p>
                </Empty>
                <Notes notes={products.data?.notes} />
              </Card>
            ),
          }}
        >
          {(data) => (
            <>
              <Found data={data} />
              {view === 'table' ? <ProductTable products={data.products} market={market} /> : <ProductGrid products={data.products} />}
              <Pager page={page} total={data.total} perPage={PER_PAGE} onPage={(p) => setQuery({ page: p === 1 ? null : String(p) })} />
            </>
          )}
        </Answer>
      )}
    </Page>
  );
}

function Found({ data }: { data: Products }) {
  const { t, f, code } = useWords();
  return (
    <>
      <p className="hint" role="status">
        {t('catalogue.found', { n: f.count(data.total) })} · {code('found', data.found_by)}
      </p>
      <Notes notes={data.notes} />
    </>
  );
}

/** A button and a place to drop or paste a picture. */
function PictureInput({ onPicture }: { onPicture: (file: File) => void }) {
  const { t } = useWords();
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  useEffect(() => {
    const paste = (event: ClipboardEvent) => {
      const file = [...(event.clipboardData?.files ?? [])].find((f) => f.type.startsWith('image/'));
      if (file) onPicture(file);
    };
    window.addEventListener('paste', paste);
    return () => window.removeEventListener('paste', paste);
  }, [onPicture]);
  return (
    <div
      className={`drop ${over ? 'over' : ''}`}
      onDragOver={(e) => {
        e.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(e) => {
        e.preventDefault();
        setOver(false);
        const file = e.dataTransfer.files[0];
        if (file) onPicture(file);
      }}
    >
      <input
        ref={input}
        type="file"
        className="sr-only"
        accept="image/*"
        aria-label={t('catalogue.picture')}
        onChange={(e) => {
          const file = e.target.files?.[0];
          if (file) onPicture(file);
          e.target.value = ''; // the same file may be chosen again
        }}
      />
      <Button icon="camera" onClick={() => input.current?.click()} aria-hidden="true" tabIndex={-1}>
        {t('catalogue.picture')}
      </Button>
    </div>
  );
}

function ByPicture({ picture, done }: { picture: File; done: () => void }) {
  const { t } = useWords();
  const [address, setAddress] = useState<string>();
  useEffect(() => {
    const url = URL.createObjectURL(picture);
    setAddress(url);
    return () => URL.revokeObjectURL(url);
  }, [picture]);
  const wrong = picture.size > LARGEST ? t('catalogue.picture.large') : picture.type.startsWith('image/') ? null : t('catalogue.picture.kind');
  const found = useLoad(wrong ? null : `picture ${picture.name} ${picture.size} ${picture.lastModified}`, (signal) => api.searchByPicture(picture, signal));
  return (
    <>
      <div className="by-picture card">
        {address ? <img src={address} alt={t('catalogue.picture.yours')} /> : null}
        <p>
          <strong>{t('catalogue.picture.like')}</strong>
          <span className="hint">{picture.name}</span>
        </p>
        <span className="grow" />
        <IconButton icon="close" label={t('catalogue.picture.end')} onClick={done} />
      </div>
      {wrong ? (
        <Trouble problem={new Problem({ title: t('catalogue.picture.wrong'), detail: wrong }, 400)} />
      ) : (
        <Answer of={found} lines={8} empty={{ when: (d) => d.products.length === 0, show: <Card><Empty title={t('catalogue.picture.none')}>{t('catalogue.picture.none.text')}</Empty><Notes notes={found.data?.notes} /></Card> }}>
          {(data) => (
            <>
              <Found data={data} />
              <ProductGrid products={data.products} />
            </>
          )}
        </Answer>
      )}
    </>
  );
}
