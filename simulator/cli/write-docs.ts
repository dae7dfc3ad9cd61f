import { readFileSync, writeFileSync } from 'node:fs';
import { withCatalogue } from './catalogue-text.js';

// Run from the repository's root: node dist/simulator/cli/write-docs.js
const PAGE = 'docs/simulator.md';
writeFileSync(PAGE, withCatalogue(readFileSync(PAGE, 'utf8')));
