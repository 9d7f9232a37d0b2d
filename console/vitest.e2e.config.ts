import { defineConfig } from 'vitest/config';

// One browser for all files, one after the other: two cores are shared with the server.
export default defineConfig({
  test: {
    include: ['tests/e2e/**/*.test.mjs'],
    environment: 'node',
    fileParallelism: false,
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
