import { defineConfig } from 'vitest/config';

// Against a real server that scripts/console.sh started; one file, in order: the set-up link works once.
export default defineConfig({
  test: {
    include: ['tests/real/**/*.test.mjs'],
    environment: 'node',
    fileParallelism: false,
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
