/** The bare relay as a process of its own. Usage: node dist/bench/bare-relay-main.js PORT MODEL_URL */
import { startBareRelay } from './bare-relay.js';

const [port = '0', modelUrl = ''] = process.argv.slice(2);
await startBareRelay(Number(port), modelUrl);
console.log('listening');
