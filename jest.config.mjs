/** ESM mode: NestJS 12 has no CommonJS build, so jest needs `node --experimental-vm-modules` (see package.json). */
const shared = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.cache/'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        sourceMaps: 'inline',
        module: { type: 'es6' },
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
      },
    ],
  },
};

export default {
  // Three, on machines with two cores too: end-to-end tests wait for real time to pass more than they compute, and of the tests
  // of clusters one waits for the other.
  maxWorkers: 3,
  testTimeout: 20_000,
  projects: [
    { ...shared, displayName: 'unit', testMatch: ['<rootDir>/{src,simulator,bench}/**/*.spec.ts'] },
    {
      ...shared,
      displayName: 'e2e',
      testMatch: ['<rootDir>/test/**/*.spec.ts'],
      testPathIgnorePatterns: ['<rootDir>/test/cluster/', '<rootDir>/test/chart/', '<rootDir>/test/jaeger/'],
      setupFilesAfterEnv: ['<rootDir>/test/support/tried-twice.ts'],
    },
    { ...shared, displayName: 'chart', testMatch: ['<rootDir>/test/chart/*.spec.ts'] },
    {
      ...shared,
      displayName: 'cluster',
      testMatch: ['<rootDir>/test/cluster/*.spec.ts'],
      setupFilesAfterEnv: ['<rootDir>/test/support/one-cluster-at-a-time.ts', '<rootDir>/test/support/tried-twice.ts'],
    },
  ],
};
