import { readFileSync, writeFileSync } from 'node:fs';
import { withForm } from './docs.js';

// Run from the repository's root: node dist/src/report/write-docs.js
writeFileSync('docs/report.md', withForm(readFileSync('docs/report.md', 'utf8')));
