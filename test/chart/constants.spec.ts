import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { type Setting } from '../../src/config/setting.js';
import { type SettingName, SETTINGS } from '../../src/config/settings.js';

const chartFile = (name: string): string => readFileSync(`charts/parley/${name}`, 'utf8');
const chart = parse(chartFile('Chart.yaml')) as {
  version: string;
  appVersion: string;
  annotations: Record<string, string>;
};
const values = parse(chartFile('values.yaml')) as {
  drain: { handoverAfterSeconds: number; deadlineSeconds: number };
  ports: { public: number; management: number };
  image: Image;
  valkey: { image: Image };
  jaeger: { image: Image };
};
interface Image {
  registry: string;
  repository: string;
  tag: string;
}

const standard = (name: SettingName): number => Number((SETTINGS[name] as Setting).default);
/** A number that a template falls back to. */
const fallback = (file: string, setting: string): number =>
  Number(new RegExp(`config\\.${setting} \\| default (\\d+)`).exec(chartFile(`templates/${file}`))?.[1]);
const nameOf = ({ registry, repository, tag }: Image): string => `${registry}/${repository}:${tag}`;

describe('what the chart and Parley both say is the same', () => {
  it.each<[string, number, SettingName]>([
    ['drain.handoverAfterSeconds', values.drain.handoverAfterSeconds, 'DRAIN_HANDOVER_AFTER'],
    ['drain.deadlineSeconds', values.drain.deadlineSeconds, 'DRAIN_DEADLINE'],
    ['ports.public', values.ports.public, 'PORT'],
    ['ports.management', values.ports.management, 'MANAGEMENT_PORT'],
    ['the scalers’ MAX_CALLS', fallback('_helpers.tpl', 'MAX_CALLS'), 'MAX_CALLS'],
    ['the ingress’ MAX_CALL_DURATION_S', fallback('_validations.tpl', 'MAX_CALL_DURATION_S'), 'MAX_CALL_DURATION_S'],
  ])('%s', (_value, number, setting) => {
    expect(number).toBe(standard(setting));
  });

  it('the version', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(chart.appVersion).toBe(version);
    expect(chart.version).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('the images that the catalogue lists', () => {
    const listed = parse(chart.annotations['artifacthub.io/images'] ?? '') as { name: string; image: string }[];
    expect(Object.fromEntries(listed.map(({ name, image }) => [name, image]))).toEqual({
      parley: nameOf({ ...values.image, tag: chart.appVersion }),
      valkey: nameOf(values.valkey.image),
      jaeger: nameOf(values.jaeger.image),
    });
    expect(parse(chart.annotations['artifacthub.io/links'] ?? '')).toHaveLength(2);
    expect(parse(chart.annotations['artifacthub.io/changes'] ?? '')).not.toHaveLength(0);
  });

  it('where Jaeger’s image comes from, in the documentation', () => {
    const { repository, tag } = values.jaeger.image;
    expect(readFileSync('docs/observability.md', 'utf8')).toContain(`${repository}:${tag}`);
  });
});
