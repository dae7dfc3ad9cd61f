import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type ClusterReport } from '../simulator/cluster/scenario/report.js';
import { eventually } from './support/calls.js';

const SIMULATE = resolve('dist/simulator/cli/main.js');

interface Run {
  child: ChildProcess;
  ended: Promise<number | null>;
  text: { out: string; err: string };
}

function cluster(args: readonly string[]): Run {
  const child = spawn(process.execPath, [SIMULATE, 'cluster', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (text.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text.err += chunk.toString()));
  return { child, text, ended: once(child, 'close').then(([code]) => code as number | null) };
}

/** Ids of the processes that a process has started, and that run. */
function childrenOf(pid: number): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return new RegExp(`^PPid:\\s+${pid}$`, 'm').test(readFileSync(`/proc/${name}/status`, 'latin1'));
    } catch {
      return false;
    }
  });
}

function runs(pid: string): boolean {
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch {
    return false;
  }
}

describe('npm run simulate -- cluster', () => {
  it('kills a pod, keeps its calls, and reports the silence that the callers heard', async () => {
    const { ended, text } = cluster(['kill', '--calls', '3', '--pods', '2', '--json', '-']);
    expect([await ended, text.err]).toEqual([0, expect.stringContaining('kill -9 of pod 1')]);
    const report = JSON.parse(text.out) as ClusterReport;
    expect(report).toMatchObject({ ok: true, scenario: 'kill', callsKept: 3, callsLost: 0, problems: [] });
    expect(report.lost).toEqual({ answers: 0, turns: 0, unanswered: 0 });
    expect(report.calls.map(({ moves }) => moves)).toEqual([1, 1, 1]);
    expect(report.gapMs?.count).toBe(3);
    expect(report.commands['answer']).toBe(3);
    expect(report.commands['hangup']).toBeUndefined();
  }, 60_000);

  it('exits with 1 and says which calls were lost, when no pod has room for them', async () => {
    const { ended, text } = cluster(['kill', '--calls', '3', '--pods', '2', '--gateway-env', 'MAX_CALLS=1', '--quiet']);
    expect(await ended).toBe(1);
    expect(text.out).toMatch(/problem: lost: calls? \d/);
    expect(text.out).not.toContain('3 of 3 calls kept');
  }, 90_000);

  it('leaves no process behind when Ctrl-C ends it', async () => {
    const { child, ended, text } = cluster(['drain', '--calls', '2', '--pods', '2']);
    await eventually(() => text.err.includes('calls begin') || undefined, 'the calls', 30_000);
    const children = childrenOf(child.pid ?? 0);
    // Two gateways and a Redis.
    expect(children).toHaveLength(3);
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(children.filter(runs)).toEqual([]);
  }, 60_000);
});
