import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app';
import { WordsProvider } from './i18n';
import { SessionProvider } from './lib/session';
import './styles/index.css';

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <WordsProvider>
        <SessionProvider>
          <App />
        </SessionProvider>
      </WordsProvider>
    </StrictMode>,
  );
}
