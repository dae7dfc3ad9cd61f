import { type Refused } from './support/refused.js';
import { REFUSED_AROUND, REFUSED_WITHOUT_SCHEMA } from './support/refused-outer-values.js';
import { REFUSED_PODS } from './support/refused-pod-values.js';
import { CI_VALUES, LEAST, rendering, template } from './support/render.js';
import { sentencePatterns, sentencesOf } from './support/sentences.js';
import { describeWithHelm } from './support/tools.js';

/** Patterns of sentences that a case has shown. */
const shown = new Set<string>();

async function refusal({ values }: Refused, args: readonly string[] = []): Promise<string[]> {
  const { ok, output } = await template({ values, args });
  expect(ok).toBe(false);
  const sentences = sentencesOf(output);
  for (const sentence of sentences) {
    // The most particular of those that it could come from.
    const [pattern] = sentencePatterns()
      .filter((one) => one.test(sentence))
      .sort((one, other) => other.source.length - one.source.length);
    // Every line is a whole sentence of the chart's.
    expect([sentence, pattern]).toEqual([sentence, expect.any(RegExp)]);
    shown.add(pattern?.source ?? '');
  }
  return sentences;
}

describeWithHelm('values that cannot work are refused', () => {
  it.each([...REFUSED_PODS, ...REFUSED_AROUND])('$what: with a sentence that names $names', async (refused) => {
    const sentences = await refusal(refused);
    const about = sentences.filter((sentence) => sentence.includes(refused.says));
    expect(about).toHaveLength(1);
    expect(about[0]).toContain(refused.names);
    // One mistake is one sentence, but where nothing at all is said.
    expect(sentences).toHaveLength(refused.sentences ?? 1);
    expect(about[0]).toMatch(/\S.*[.)]$/);
  });

  it.each(REFUSED_WITHOUT_SCHEMA)('$what, by the schema, and by a sentence where that is off', async (refused) => {
    const { ok, output } = await template({ values: refused.values });
    expect(ok).toBe(false);
    expect(output).toContain('preset');
    expect(sentencesOf(output)).toEqual([]);
    const sentences = await refusal(refused, ['--skip-schema-validation']);
    expect(sentences.join('\n')).toContain(refused.says);
    expect(sentences.join('\n')).toContain(refused.names);
  });

  it('all at once, so that nobody mends one only to hear of the next', async () => {
    const values = { replicaCount: 3, ports: { public: 8081 }, ingress: { enabled: true, preset: 'traefik' } };
    const { output } = await template({ values });
    expect(sentencesOf(output)).toHaveLength(5);
  });

  it('and no sentence of the chart is without a case here', () => {
    const missing = sentencePatterns().filter(({ source }) => !shown.has(source));
    expect(missing.map(({ source }) => source)).toEqual([]);
    expect(shown.size).toBeGreaterThan(40);
  });

  it('never with a secret in the sentence', async () => {
    const keys = { OPENAI_API_KEY: 'sk-hush', TELNYX_API_KEY: 'KEY-hush' };
    const redis = { url: 'redis://user:hush@redis:6379' };
    const { ok, output } = await template({
      values: { redis, secret: { values: keys }, config: { REDIS_PASSWORD: 'hush' } },
    });
    expect(ok).toBe(false);
    expect(sentencesOf(output).length).toBeGreaterThan(2);
    expect(output).not.toContain('hush');
  });

  it.each([
    ['a setting that Parley does not have', { ...LEAST, config: { MAX_CALL: 5 } }, /MAX_CALL/],
    ['a value that the chart does not have', { ...LEAST, replicas: 3 }, /replicas/],
    ['a value of another kind', { ...LEAST, replicaCount: 'two' }, /replicaCount/],
    ['a key below a value', { ...LEAST, drain: { deadline: 5 } }, /deadline/],
    ['a secret that Parley does not have', { secret: { values: { OPENAI_KEY: 'sk' } } }, /OPENAI_KEY/],
    [
      'a peer that Kubernetes does not have',
      { ...LEAST, networkPolicy: { publicFrom: [{ cidr: '10.0.0.0/8' }] } },
      /cidr/,
    ],
  ])('%s, by the schema', async (_what, values, name) => {
    const { ok, output } = await template({ values });
    expect(ok).toBe(false);
    expect(output).toMatch(/schema/);
    expect(output).toMatch(name);
  });
});

describeWithHelm('Kubernetes', () => {
  it.each(['1.30.0', '1.31.4', '1.32.0', '1.33.2-gke.100', '1.34.0', '1.35.2', '1.36.0'])(
    '%s is good enough, and gets the same objects',
    async (version) => {
      const { ok, output } = await template({ file: 'default-values.yaml', args: ['--kube-version', version] });
      expect(output).toMatch(/kind: Deployment/);
      expect(ok).toBe(true);
    },
  );

  it('1.29 is too old: it may not know how to sleep before a pod stops', async () => {
    const { ok, output } = await template({ file: 'default-values.yaml', args: ['--kube-version', '1.29.9'] });
    expect(ok).toBe(false);
    expect(output).toMatch(/incompatible with Kubernetes v?1\.29\.9/);
  });

  it('decides nothing of what is rendered', async () => {
    const [oldest, newest] = await Promise.all(
      ['1.30.0', '1.36.0'].map((version) =>
        template({ file: 'production-values.yaml', args: ['--kube-version', version] }),
      ),
    );
    expect(oldest).toEqual(newest);
    expect(CI_VALUES.length).toBeGreaterThan(15);
    expect((await rendering('production-values.yaml')).all.length).toBeGreaterThan(10);
  });
});
