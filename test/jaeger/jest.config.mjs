import { fileURLToPath, URL } from 'node:url';
import repository from '../../jest.config.mjs';

/** Tests that need a real Jaeger, which takes minutes to build: `npm run test:jaeger` runs them, `npm test` does not. */
const rootDir = fileURLToPath(new URL('../..', import.meta.url));
const like = repository.projects.find(({ displayName }) => displayName === 'e2e');

export default {
  ...like,
  rootDir,
  displayName: 'jaeger',
  testMatch: ['<rootDir>/test/jaeger/**/*.spec.ts'],
  testPathIgnorePatterns: [],
  testTimeout: 30_000,
  // One Jaeger and one gateway at a time.
  maxWorkers: 1,
};
