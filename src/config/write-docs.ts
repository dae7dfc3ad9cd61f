import { writeFileSync } from 'node:fs';
import { configurationPage, sampleEnvironment } from './docs.js';
import { SETTING_GROUPS } from './settings.js';

// Run from the repository's root: node dist/src/config/write-docs.js
writeFileSync('docs/configuration.md', configurationPage(SETTING_GROUPS));
writeFileSync('.env.sample', sampleEnvironment(SETTING_GROUPS));
