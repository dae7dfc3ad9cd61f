import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { LoadBalancer } from './load-balancer.js';

/** The least thing that a balancer can stand in front of: it says its name to whoever asks. */
class NamedPod {
  ready = true;
  private readonly sockets = new WebSocketServer({ noServer: true });

  private constructor(
    readonly name: string,
    private readonly servers: readonly [Server, Server],
  ) {
    const [front, management] = servers;
    front.on('request', (request, response) => {
      request.resume();
      if (request.url === '/break') request.socket.destroy();
      else response.end(name);
    });
    front.on('upgrade', (request, socket, head) => {
      this.sockets.handleUpgrade(request, socket, head, (webSocket) => {
        webSocket.on('message', (data) => webSocket.send(`${name} ${request.url} ${(data as Buffer).toString()}`));
      });
    });
    management.on('request', (_request, response) => response.writeHead(this.ready ? 200 : 503).end());
  }

  static async start(name: string): Promise<NamedPod> {
    const servers = [createServer(), createServer()] as const;
    for (const server of servers) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new NamedPod(name, servers);
  }

  get port(): number {
    return (this.servers[0].address() as AddressInfo).port;
  }

  get managementPort(): number {
    return (this.servers[1].address() as AddressInfo).port;
  }

  /** @param graceful whether sockets get a close frame. */
  async stop(graceful = false): Promise<void> {
    for (const socket of this.sockets.clients) {
      if (graceful) socket.close(1012);
      else socket.terminate();
    }
    for (const server of this.servers) {
      if (!server.listening) continue;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    }
  }
}

describe('the load balancer', () => {
  let pods: [NamedPod, NamedPod, NamedPod];
  let balancer: LoadBalancer;

  beforeEach(async () => {
    pods = [await NamedPod.start('one'), await NamedPod.start('two'), await NamedPod.start('three')];
    balancer = await LoadBalancer.start(pods);
    await balancer.waitForReady([1, 2, 3]);
  });

  afterEach(async () => {
    await balancer.close();
    for (const pod of pods) await pod.stop();
  });

  const post = async (event: object = {}, path = '/'): Promise<string> => {
    const url = `http://127.0.0.1:${balancer.port}${path}`;
    const reply = await fetch(url, { method: 'POST', body: JSON.stringify(event) });
    return reply.ok ? reply.text() : String(reply.status);
  };

  const open = async (path: string): Promise<WebSocket> => {
    const socket = new WebSocket(`ws://127.0.0.1:${balancer.port}${path}`);
    await once(socket, 'open');
    return socket;
  };

  const ask = async (socket: WebSocket, text: string): Promise<string> => {
    socket.send(text);
    const [data] = (await once(socket, 'message')) as [Buffer];
    return data.toString();
  };

  it('sends one webhook after the other to the pods in turn', async () => {
    const names = [await post(), await post(), await post(), await post()];
    expect(new Set(names.slice(0, 3))).toEqual(new Set(['one', 'two', 'three']));
    expect(names[3]).toBe(names[0]);
  });

  it('sends traffic to the pod that was named, ready or not, and each kind by a policy of its own', async () => {
    balancer.webhooksTo(({ eventType }) => (eventType === 'call.initiated' ? 2 : 3));
    balancer.socketsTo(({ path }) => (path.endsWith('first') ? 1 : 2));
    pods[1].ready = false;
    await balancer.waitForReady([1, 3]);
    expect(await post({ data: { event_type: 'call.initiated' } })).toBe('two');
    expect(await post({ data: { event_type: 'call.hangup', payload: { call_control_id: 'v3:a' } } })).toBe('three');
    expect(balancer.webhooks).toMatchObject([
      { pod: 2, status: 200, eventType: 'call.initiated' },
      { pod: 3, status: 200, eventType: 'call.hangup', callControlId: 'v3:a' },
    ]);
    const sockets = [await open('/first'), await open('/second')] as const;
    expect(await ask(sockets[0], 'hello')).toBe('one /first hello');
    expect(await ask(sockets[1], 'hello')).toBe('two /second hello');
    expect(balancer.openSockets(2)).toMatchObject([{ path: '/second', pod: 2 }]);
    for (const socket of sockets) socket.terminate();
  });

  it('leaves out pods that are not ready', async () => {
    pods[0].ready = false;
    pods[2].ready = false;
    await balancer.waitForReady([2]);
    expect([await post(), await post()]).toEqual(['two', 'two']);
  });

  it('tries the next pod where a connection is refused, and has nothing to say where all are gone', async () => {
    balancer.webhooksTo(1);
    balancer.socketsTo(1);
    await pods[0].stop();
    expect(['two', 'three']).toContain(await post());
    const socket = await open('/a');
    expect(await ask(socket, 'b')).toMatch(/^(two|three) \/a b$/);
    socket.terminate();
    await pods[1].stop();
    await pods[2].stop();
    expect(await post()).toBe('503');
    await expect(open('/a')).rejects.toThrow('503');
  });

  it('does not send a webhook twice that may have been acted on', async () => {
    expect(await post({}, '/break')).toBe('502');
    expect(balancer.webhooks).toMatchObject([{ pod: undefined, status: 502 }]);
  });

  it('breaks the sockets of a pod that dies, and passes on the close of one that does not', async () => {
    balancer.socketsTo(2);
    const socket = await open('/a');
    await pods[1].stop();
    expect((await once(socket, 'close'))[0]).toBe(1006);
    balancer.socketsTo(3);
    const other = await open('/a');
    const closed = once(other, 'close');
    await pods[2].stop(true);
    expect((await closed)[0]).toBe(1012);
    expect(balancer.openSockets()).toEqual([]);
  });
});
