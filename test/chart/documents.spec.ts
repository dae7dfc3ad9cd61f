import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { CHART, CI_VALUES, helm, NAMESPACE, render } from './support/render.js';
import { describeWithHelm, describeWithHelm4 } from './support/tools.js';

describe('what is written of the values', () => {
  it('README and schema are up to date with values.yaml', () => {
    expect(() => execFileSync(process.execPath, ['scripts/chart/generate.mjs', '--check'])).not.toThrow();
  });

  it('every preset is explained', () => {
    const readme = readFileSync(`${CHART}/README.md`, 'utf8');
    const presets = /define "parley.presets" -}}\n(.+)\n/.exec(
      readFileSync(`${CHART}/templates/_ingress.tpl`, 'utf8'),
    )?.[1];
    const names = (presets ?? '').split(' ').filter((name) => name !== 'none');
    expect(names.length).toBeGreaterThan(7);
    expect(names.filter((name) => !readme.includes(`| \`${name}\``))).toEqual([]);
  });
});

describeWithHelm('the values that are shown', () => {
  it.each(['README.md', `${CHART}/README.md`])('of %s: are taken as they are', async (file) => {
    const [, sample] = /^```yaml\n(# my-values\.yaml\n[\s\S]+?)^```$/m.exec(readFileSync(file, 'utf8')) ?? [];
    const values = parse(sample ?? '') as { replicaCount: number };
    const manifests = await render({ values });
    expect(manifests.get('Deployment', 'parley').spec?.replicas).toBe(values.replicaCount);
    expect(manifests.names).toEqual(expect.arrayContaining([expect.stringContaining('Ingress parley')]));
  });
});

describeWithHelm4('the notes', (binary) => {
  /** The notes of an installation. Only Helm 4 writes them without a cluster. */
  async function notesOf(file: string, set: readonly string[] = []): Promise<string> {
    const args = [
      'install',
      'parley',
      CHART,
      '--namespace',
      NAMESPACE,
      '--dry-run=client',
      '--values',
      `${CHART}/ci/${file}`,
    ];
    const { ok, output } = await helm([...args, ...set.flatMap((one) => ['--set', one])], binary);
    expect(ok).toBe(true);
    return output.split('\nNOTES:\n')[1] ?? '';
  }

  it.each(CI_VALUES)('%s: say how to look at it and how to try it', async (file) => {
    const notes = await notesOf(file);
    expect(notes).toContain('helm test parley -n parley --logs');
    expect(notes).toContain('rollout status deployment/parley');
    expect(notes).not.toMatch(/<no value>|%!/);
  });

  it('name the webhook URL to paste into Telnyx’ portal', async () => {
    expect(await notesOf('production-values.yaml')).toContain('\n     https://voice.example.com/webhooks/\n');
    expect(await notesOf('gateway-istio-values.yaml')).toContain('\n     https://voice.example.com/webhooks/\n');
    expect(await notesOf('load-balancer-values.yaml')).toContain('https://YOUR-HOST/webhooks/');
  });

  it('wait for a simulated call before they ask for its log', async () => {
    const notes = await notesOf('try-out-values.yaml');
    // Without it kubectl refuses, while the container is being made.
    expect(notes).toMatch(/wait --for=jsonpath='\{\.status\.ready\}'=1 job\/call-1 .*\n.* logs -f job\/call-1$/m);
  });

  it('say how to see a call, wherever traces go', async () => {
    expect(await notesOf('try-out-values.yaml')).toContain('service/parley-jaeger 16686');
    expect(await notesOf('production-values.yaml')).toContain('sent to your collector');
    expect(await notesOf('default-values.yaml')).toContain('Traces go nowhere yet');
  });

  it.each([
    [
      'what the network closes',
      'default-values.yaml',
      ['config.REPORT_URL=http://crm:8080', 'secret.keys.REPORT_SECRET=r'],
      'config.REPORT_URL is not at port 443',
    ],
    ['routes without TLS', 'ingress-traefik-insecure-values.yaml', [], 'ingress.allowInsecure is on'],
    ['a controller without fixes', 'ingress-ingress-nginx-values.yaml', [], 'ingress-nginx gets no security fixes'],
    [
      'webhooks from anyone',
      'default-values.yaml',
      ['config.WEBHOOK_SIGNATURE=off'],
      'config.WEBHOOK_SIGNATURE is off',
    ],
    ['keys that everybody knows', 'try-out-values.yaml', [], 'keys are known to everybody'],
  ])('warn of %s', async (_what, file, set, warning) => {
    expect(await notesOf(file, set)).toContain(warning);
    if (file === 'default-values.yaml') expect(await notesOf(file)).not.toContain(warning);
  });
});
