import { defineConfig } from 'vitest/config';

const NODE_MIN = 24;
const [major = '0'] = process.versions.node.split('.');
if (Number(major) < NODE_MIN) {
  throw new Error(`Node ${process.version} is too old for the tests: run them with npm, which brings its own Node.`);
}

// Under CI each run also writes its counts for `.ci/run`; `npm test` runs vitest twice and the whole suite comes last.
const reporters: ['default', ['json', { outputFile: string }]] | ['default'] = process.env.CI
  ? ['default', ['json', { outputFile: '.vitest.json' }]]
  : ['default'];

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/everyAnswer.ts'],
    // For hangs: a test of real processes that takes ten seconds takes a minute on a machine with much else to do.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters,
  },
});
