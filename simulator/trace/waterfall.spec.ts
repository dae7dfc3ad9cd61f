import pc from 'picocolors';
import { CALL_SPANS, spanOf } from './testing/call-spans.js';
import { waterfallSvg } from './waterfall-svg.js';
import { axisLabel, axisStepMs, waterfallOf } from './waterfall-rows.js';
import { waterfallText } from './waterfall.js';

const plain = pc.createColors(false);
const colourful = pc.createColors(true);

describe('a waterfall', () => {
  it('has children below their parents, in the order of their beginnings, with offsets and lengths', () => {
    const { rows, lengthMs, orphans } = waterfallOf(CALL_SPANS);
    expect(rows.map(({ label, depth, offsetMs, durationMs }) => [label, depth, offsetMs, durationMs])).toEqual([
      ['call', 0, 0, 150],
      ['telnyx answer', 1, 20, 120],
      ['turn 1', 1, 2_000, 6_000],
      ['user_speech', 2, 2_000, 1_500],
      ['realtime_inference gpt-realtime', 2, 4_000, 700],
      ['playout', 2, 4_600, 3_400],
      ['call.summary', 1, 10_000, 0],
    ]);
    expect(lengthMs).toBe(10_000);
    expect(orphans).toEqual([]);
  });

  it('can be of one span and what is below it, measured from its beginning', () => {
    const { rows, lengthMs } = waterfallOf(CALL_SPANS, 'turn');
    expect(rows.map(({ label, depth, offsetMs }) => [label, depth, offsetMs])).toEqual([
      ['turn 1', 0, 0],
      ['user_speech', 1, 0],
      ['realtime_inference gpt-realtime', 1, 2_000],
      ['playout', 1, 2_600],
    ]);
    expect(lengthMs).toBe(6_000);
    expect(waterfallOf(CALL_SPANS, 'missing').rows).toEqual([]);
  });

  it('shows spans without their parent, and says that they are orphans', () => {
    const lost = spanOf('playout', [5, 6], { id: 'lost', below: 'gone' });
    const { rows, orphans } = waterfallOf([...CALL_SPANS, lost]);
    expect(rows.at(-1)).toMatchObject({ label: 'playout', depth: 0 });
    expect(orphans).toEqual([lost]);
  });

  it('tells of errors, of turns that were not heard, and of pods where there are several', () => {
    const failed = spanOf('resume', [5, 6], {
      below: 'call',
      status: 'error',
      attributes: { 'error.type': 'no-session' },
      resource: { 'k8s.pod.name': 'pod-2' },
    });
    const notes = waterfallOf([...CALL_SPANS, failed]).rows.map(({ label, note }) => [label, note]);
    expect(notes).toContainEqual(['resume', '✗ no-session, pod-2']);
    expect(notes).toContainEqual(['turn 1', 'interrupted, one']);
    expect(
      waterfallOf(CALL_SPANS)
        .rows.map(({ note }) => note)
        .filter(Boolean),
    ).toEqual(['interrupted', 'caller-hung-up']);
  });

  it('of nothing is nothing', () => {
    expect(waterfallOf([])).toEqual({ rows: [], lengthMs: 0, orphans: [] });
    expect(waterfallText([], { columns: 80, colors: plain })).toBe('no spans');
    expect(waterfallSvg([], { title: 'Nothing' })).toContain('</svg>');
  });
});

describe('a waterfall as text', () => {
  it('can be read at a glance', () => {
    expect(waterfallText(CALL_SPANS, { columns: 100, colors: plain })).toBe(
      [
        '                                    |0 s           |5 s               at ms       ms',
        'call                                ▏                                     0      150',
        '├ telnyx answer                     ▏                                    20      120',
        '├ turn 1                                  ━━━━━━━━━━━━━━━━━━           2000     6000  interrupted',
        '│ ├ user_speech                           ▒▒▒▒▒                        2000     1500',
        '│ ├ realtime_inference gpt-realtime             ██                     4000      700',
        '│ └ playout                                      ███████████           4600     3400',
        '└ call.summary                                                   ▏    10000        0  caller-hung-up',
      ].join('\n'),
    );
  });

  it.each([40, 60, 80, 100, 140, 200])('fits into %d columns', (columns) => {
    for (const line of waterfallText(CALL_SPANS, { columns, colors: plain }).split('\n'))
      expect(line.length).toBeLessThanOrEqual(columns);
  });

  it('keeps names and numbers where there is no room for bars', () => {
    const text = waterfallText(CALL_SPANS, { columns: 44, colors: plain });
    expect(text).not.toMatch(/[█━▒]/);
    expect(text).toMatch(/turn 1 +2000 +6000/);
  });

  it('has colours only where they are wanted', () => {
    // eslint-disable-next-line no-control-regex
    const escapes = /\x1b\[/;
    expect(waterfallText(CALL_SPANS, { columns: 100, colors: colourful })).toMatch(escapes);
    expect(waterfallText(CALL_SPANS, { columns: 100, colors: plain })).not.toMatch(escapes);
  });
});

describe('a waterfall as a picture', () => {
  it('names every span, with its length, and escapes what they are called', () => {
    const svg = waterfallSvg([...CALL_SPANS, spanOf('execute_tool <a&b>', [5, 6], { below: 'turn' })], {
      title: 'A "call"',
    });
    for (const name of ['call', 'telnyx answer', 'turn 1', 'user_speech', 'playout', 'call.summary'])
      expect(svg).toContain(`>${name}</text>`);
    expect(svg).toContain('<title>A &quot;call&quot;</title>');
    expect(svg).toContain('execute_tool &lt;a&amp;b&gt;');
    expect(svg).toContain('>6000</text>');
    expect(svg).not.toMatch(/NaN|Infinity|undefined|<script|href/);
  });

  it('has every bar within its frame', () => {
    const svg = waterfallSvg(CALL_SPANS, { title: 'A call' });
    const bars = [...svg.matchAll(/<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)" height="[\d.]+" rx="2"/g)];
    expect(bars).toHaveLength(CALL_SPANS.length);
    for (const [, x, width] of bars) {
      expect(Number(x)).toBeGreaterThanOrEqual(290);
      expect(Number(x) + Number(width)).toBeLessThanOrEqual(1_040 - 132 + 2);
    }
  });
});

describe('the time axis', () => {
  it('has steps that people count in, with room between the marks', () => {
    expect(axisStepMs(40_000, 60, 10)).toBe(10_000);
    expect(axisStepMs(2_000, 60, 10)).toBe(500);
    expect(axisStepMs(90, 60, 10)).toBe(20);
    expect(axisStepMs(1, 60, 10)).toBe(1);
    expect(axisStepMs(86_400_000, 10, 10)).toBe(1_000_000);
  });

  it('names moments in the unit of its steps', () => {
    expect([axisLabel(20, 20), axisLabel(1_500, 500), axisLabel(30_000, 10_000)]).toEqual(['20 ms', '1.5 s', '30 s']);
  });
});
