import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo } from 'node:net';
import { randomNumbers } from '../../simulator/audio/signals.js';
import { readCertificate } from '../tls/certificate.js';
import { type AppendedFrame, ModelSession } from './model-session.js';
import { type LoadPlan } from './plan.js';
import { acceptRaw } from './raw-websocket.js';

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** The Realtime API of the benchmark: takes every session, whatever key it brings. */
export class ModelServer {
  readonly sessions: ModelSession[] = [];

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(plan: LoadPlan, onFrame: AppendedFrame): Promise<ModelServer> {
    const server = plan.tls ? createHttpsServer(readCertificate()) : createHttpServer();
    const port = await listening(server);
    const model = new ModelServer(server, `${plan.tls ? 'wss' : 'ws'}://127.0.0.1:${port}/v1/realtime`);
    acceptRaw(server, (socket) => {
      const index = model.sessions.length;
      // Seeded by the session's number: both relays get the same answers.
      model.sessions.push(new ModelSession(index, socket, plan.profile, randomNumbers(index + 1), onFrame));
    });
    return model;
  }

  close(): void {
    for (const session of this.sessions) session.close();
    this.server.close();
    this.server.closeAllConnections();
  }
}

/** A REST API that says "ok" to every command. */
export async function startRestServer(): Promise<{ url: string; close: () => void }> {
  const server = createHttpServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/json');
    response.end('{"data":{"result":"ok"}}');
  });
  const port = await listening(server);
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${port}/v2`, close };
}
