import { createServer } from 'node:net';

/** Below what the system hands out for connections: a port must still be free when its process comes back to it. */
const LOWEST = 20_000;
const HIGHEST = 32_000;

/** Ports of 127.0.0.1 that nothing listens on, for processes that are stopped and started again at the same address. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (!ports.includes(port) && (await isFree(port))) ports.push(port);
  }
  return ports;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
