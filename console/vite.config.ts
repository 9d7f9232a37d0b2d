import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { mockServer } from './tests/mock/plugin';

// `--mode mock` answers /api from invented data, so that pages can be worked on and tested without a
// workspace; otherwise the development server passes /api on to a running `portolan serve`.
const engine = process.env['PORTOLAN_URL'] ?? 'http://127.0.0.1:8787';

export default defineConfig(({ mode }) => ({
  plugins: [react(), ...(mode === 'mock' ? [mockServer()] : [])],
  server: mode === 'mock' ? {} : { proxy: { '/api': engine, '/v1': engine, '/t.js': engine } },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0, // data: addresses would need a looser policy
    cssCodeSplit: false,
    chunkSizeWarningLimit: 700,
    rollupOptions: {
      output: {
        // React changes less often than we do: a file of its own stays in the browser's cache.
        manualChunks: (id: string) => (/node_modules\/(react|react-dom|scheduler)\//.test(id) ? 'react' : undefined),
      },
    },
  },
}));
