import { Writable } from 'node:stream';
import pc from 'picocolors';
import { NoRedisServer } from '../cluster/redis-server.js';
import { type ClusterReport, reportOf } from '../cluster/scenario/report.js';
import { type ScenarioPlan } from '../cluster/scenario/run-scenario.js';
import { clusterCommand } from './cluster-command.js';
import { type Terminal } from './terminal.js';

const CALL = {
  ...{ number: 1, kept: true, moves: 1, gapMs: 812, usualWaitsMs: [500], resumedMs: 900 },
  ...{ streamGapsMs: [210], turns: 3, unanswered: 0, lost: { answers: 0, turns: 0 } },
};

function report(kept = true): ClusterReport {
  const facts = { scenario: 'kill', pods: 3, seed: 1, commands: { answer: 1 }, generatorLateMs: 3 } as const;
  return reportOf(facts, [{ ...CALL, kept }]);
}

/** Runs the command with a scenario that only notes its plan. */
async function clusterWith(args: readonly string[], outcome: ClusterReport | Error = report()) {
  const written = { out: '', err: '' };
  const stream = (name: 'out' | 'err'): NodeJS.WriteStream =>
    new Writable({
      write: (chunk: Buffer, _, done) => {
        written[name] += chunk.toString();
        done();
      },
    }) as NodeJS.WriteStream;
  const plain = pc.createColors(false);
  const terminal: Terminal = { out: stream('out'), err: stream('err'), outColors: plain, errColors: plain };
  const plans: ScenarioPlan[] = [];
  const codes: number[] = [];
  const command = clusterCommand(
    terminal,
    (code) => codes.push(code),
    async (plan) => {
      plans.push(plan);
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
  );
  command.exitOverride().configureOutput({ writeErr: (text) => (written.err += text) });
  await command.parseAsync(args, { from: 'user' });
  return { plan: plans[0], code: codes[0], ...written };
}

describe('npm run simulate -- cluster', () => {
  it('takes a scenario, and has a default for all else', async () => {
    const { plan, code, out } = await clusterWith(['kill']);
    expect(plan).toMatchObject({ scenario: 'kill', pods: 3, calls: 10, notice: 'redial', seed: 1 });
    expect(code).toBe(0);
    expect(out).toMatch(/silence after the kill +1 +812 ms/);
    expect(out).toContain('asked of Telnyx: answer 1, hangup 0');
    expect(out).toContain('1 of 1 calls kept');
  });

  it('takes what is given instead', async () => {
    const { plan } = await clusterWith(['rollout', '--pods', '4', '--calls', '20', '--seed', '7']);
    expect(plan).toMatchObject({ scenario: 'rollout', pods: 4, calls: 20, seed: 7 });
    expect((await clusterWith(['kill', '--notice', 'nothing'])).plan?.notice).toBe('nothing');
    const settings = ['--gateway-env', 'MAX_CALLS=2', '--gateway-env', 'VOICE=a=b'];
    expect((await clusterWith(['drain', ...settings])).plan?.env).toEqual({ MAX_CALLS: '2', VOICE: 'a=b' });
  });

  it.each([
    [['flood'], 'Allowed choices are kill, drain, rollout, redis'],
    [['kill', '--notice', 'late'], 'Allowed choices are redial, failed, nothing'],
    [['kill', '--pods', '1'], 'Give 2 to 9.'],
    [['kill', '--calls', '1000'], 'Give 1 to 60.'],
    [['kill', '--gateway-env', 'MAX_CALLS'], 'Give NAME=VALUE.'],
    [[], "missing required argument 'scenario'"],
  ])('refuses %j', async (args, message) => {
    await expect(clusterWith(args)).rejects.toThrow(message);
  });

  it('exits with 1 when a call was lost, and says which', async () => {
    const { code, out } = await clusterWith(['kill'], report(false));
    expect(code).toBe(1);
    expect(out).toContain('problem: lost: call 1');
  });

  it('writes the report as JSON instead of the text', async () => {
    const { out } = await clusterWith(['kill', '--json', '-']);
    expect(JSON.parse(out)).toEqual(JSON.parse(JSON.stringify(report())));
  });

  it('says what to do where there is no Redis', async () => {
    const { code, err } = await clusterWith(['kill'], new NoRedisServer('No redis-server: install one'));
    expect(code).toBe(1);
    expect(err).toBe('error: No redis-server: install one\n');
  });
});
