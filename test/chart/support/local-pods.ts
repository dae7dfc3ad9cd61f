import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type V1Container } from '@kubernetes/client-node';
import { freePorts } from '../../../simulator/cluster/free-ports.js';
import { environmentOf, filesOf } from './kubelet.js';
import { type Manifests, type PodTemplate, selects } from './manifests.js';

/** The image's own command, after its entry point, Node.js. */
const IMAGE_COMMAND = ['--import', './dist/src/telemetry/preload.js', 'dist/src/main.js'];
const URL_OF_SERVICE = /\b(https?|wss?|redis):\/\/([a-z0-9-]+)(?::(\d+))?(?=[/\s]|$)/g;
const DEFAULT_PORTS: Record<string, number> = { http: 80, ws: 80, https: 443, wss: 443, redis: 6379 };

/** A pod of the rendering as a process of this machine. */
export class LocalPod {
  output = '';
  readonly ended: Promise<number | null>;
  private readonly watchers = new Set<() => void>();

  constructor(readonly process: ChildProcess) {
    for (const stream of [process.stdout, process.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString();
        for (const look of [...this.watchers]) look();
      });
    }
    this.ended = once(process, 'close').then(([code]) => code as number | null);
  }

  /** Resolves once it has written the text; rejects when it ends without. */
  async says(text: string): Promise<void> {
    const said = new Promise<void>((resolve) => {
      const look = (): void => {
        if (this.output.includes(text)) resolve();
      };
      this.watchers.add(look);
      look();
    });
    const over = this.ended.then((code) => {
      throw new Error(`ended with ${code} without "${text}":\n${this.output}`);
    });
    await Promise.race([said, over]);
  }

  async stop(signal: NodeJS.Signals): Promise<number | null> {
    if (this.process.exitCode === null) this.process.kill(signal);
    return this.ended;
  }
}

/**
 * Runs pods of a rendering on 127.0.0.1 with exactly their arguments, variables and files: only names of Services, ports
 * and paths of mounts are put where they are on this machine.
 */
export class LocalPods {
  private readonly folder = mkdtempSync(join(tmpdir(), 'parley-pods-'));
  private readonly running: LocalPod[] = [];
  private readonly balancers: Server[] = [];
  /** Where a container's port is, by `component/port`. */
  private readonly ports = new Map<string, number>();

  constructor(private readonly manifests: Manifests) {}

  /** Gives every port of every pod a free one of this machine. */
  async choosePorts(): Promise<void> {
    const wanted = new Set(
      this.manifests.pods.flatMap((pod) =>
        pod.spec.containers.flatMap(({ ports = [] }) => ports.map(({ containerPort }) => key(pod, containerPort))),
      ),
    );
    const free = await freePorts(wanted.size);
    [...wanted].forEach((name, index) => this.ports.set(name, free[index] ?? 0));
  }

  /** Where a port of a component is. */
  port(component: string, containerPort: number): number {
    const found = this.ports.get(`${component}/${containerPort}`);
    if (found === undefined) throw new Error(`no port ${containerPort} of ${component}`);
    return found;
  }

  /** What a Service does: connections go to one after the other. */
  async balance(component: string, containerPort: number, targets: readonly number[]): Promise<void> {
    let next = 0;
    const server = createServer((incoming) => {
      const outgoing = connect(targets[next++ % targets.length] ?? 0, '127.0.0.1');
      flow(incoming, outgoing);
      flow(outgoing, incoming);
    });
    this.balancers.push(server.listen(this.port(component, containerPort), '127.0.0.1'));
    await once(server, 'listening');
  }

  /**
   * Starts a pod's container.
   * In: kind and name, and what is other than in the rendering: variables, and ports in place of those that were chosen.
   */
  start(where: string, env: Record<string, string> = {}, args?: readonly string[]): LocalPod {
    const pod = this.manifests.pods.find((one) => one.where === where);
    const container = pod?.spec.containers[0];
    if (!pod || !container) throw new Error(`no ${where}`);
    const folder = mkdtempSync(join(this.folder, 'pod-'));
    const local = (text: string): string => this.localPaths(this.localUrls(text), container, folder);
    for (const [path, text] of Object.entries(filesOf(pod.spec, container, this.manifests))) {
      const file = local(path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      chmodSync(file, 0o440);
    }
    const variables = Object.entries(environmentOf(container, FIELDS)).map(([name, value]) => [name, local(value)]);
    const localArgs = (container.args ?? IMAGE_COMMAND).map((arg, index, all) =>
      this.localArgument(all[index - 1], arg, pod),
    );
    const child = spawn(process.execPath, args ? [...args] : localArgs.map(local), {
      env: {
        PATH: process.env['PATH'],
        BIND_ADDRESS: '127.0.0.1',
        ...(Object.fromEntries(variables) as Record<string, string>),
        ...this.portVariables(pod, container),
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const started = new LocalPod(child);
    this.running.push(started);
    return started;
  }

  /** The arguments that a pod would be started with. */
  argumentsOf(where: string): string[] {
    const args = this.manifests.pods.find((pod) => pod.where === where)?.spec.containers[0]?.args ?? [];
    return args.map((arg) => this.localUrls(arg));
  }

  async close(): Promise<void> {
    await Promise.all(this.running.map((pod) => pod.stop('SIGKILL')));
    for (const server of this.balancers) server.close();
    rmSync(this.folder, { recursive: true });
  }

  private localUrls(text: string): string {
    return text.replace(URL_OF_SERVICE, (all, scheme: string, name: string, port?: string) => {
      const spec = this.manifests.of('Service').find(({ metadata }) => metadata.name === name)?.spec;
      if (!spec) return all;
      const number = Number(port ?? DEFAULT_PORTS[scheme]);
      const target = spec.ports?.find((one) => one.port === number)?.targetPort;
      const pod = this.manifests.pods.find(({ labels }) => selects(spec.selector, labels));
      const container = pod?.spec.containers.flatMap(({ ports = [] }) => ports).find((one) => one.name === target);
      if (!pod || !container) throw new Error(`${all}: the Service has no such port`);
      return `${scheme}://127.0.0.1:${this.port(componentOf(pod), container.containerPort)}`;
    });
  }

  private localPaths(text: string, { volumeMounts = [] }: V1Container, folder: string): string {
    const mount = volumeMounts.find(({ mountPath }) => text.startsWith(`${mountPath}/`));
    return mount ? join(folder, text) : text;
  }

  private localArgument(option: string | undefined, arg: string, pod: PodTemplate): string {
    if (option === '--port') return String(this.port(componentOf(pod), Number(arg)));
    return option === '--host' ? '127.0.0.1' : arg;
  }

  /** The gateway listens where its variables say. */
  private portVariables(pod: PodTemplate, { env = [], ports = [] }: V1Container): Record<string, string> {
    const listens = ports.map(({ containerPort }) => String(containerPort));
    const own = env.filter(({ name, value }) => /(^|_)PORT$/.test(name) && listens.includes(value ?? ''));
    return Object.fromEntries(own.map(({ name, value }) => [name, String(this.port(componentOf(pod), Number(value)))]));
  }
}

/** On one machine. */
const FIELDS = {
  'metadata.name': 'parley-0',
  'metadata.uid': 'uid-0',
  'metadata.namespace': 'parley',
  'status.podIP': '127.0.0.1',
  'spec.nodeName': 'here',
};

const componentOf = ({ labels }: PodTemplate): string => labels['app.kubernetes.io/component'] ?? '';
const key = (pod: PodTemplate, port: number): string => `${componentOf(pod)}/${port}`;

function flow(from: Socket, to: Socket): void {
  from.on('error', () => to.destroy());
  from.pipe(to);
}
