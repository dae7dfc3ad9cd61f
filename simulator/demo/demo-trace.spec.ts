import pc from 'picocolors';
import { CALL_SPANS } from '../trace/testing/call-spans.js';
import { type DemoOutcome, outcomeJson, outcomeText } from './demo-report.js';
import { demoCommand, type DemoFlags } from './options.js';

const OUTCOME: DemoOutcome = {
  ok: true,
  problems: [],
  remarks: [],
  live: false,
  startUpMs: 1,
  call: { endedBy: 'never answered', problems: [], turns: [], greetingMs: undefined } as unknown as DemoOutcome['call'],
  interruption: undefined,
  toolMs: undefined,
  loss: undefined,
  gatewayAnsweredAfterMs: [],
  costUsd: undefined,
  trace: { id: CALL_SPANS[0]?.traceId ?? '', spans: CALL_SPANS.length },
  wav: undefined,
};
const URL = 'http://localhost:4318/v1/traces';

const text = (more: Partial<DemoOutcome>): string => outcomeText({ ...OUTCOME, ...more }, pc.createColors(false));

describe('the trace of the demo', () => {
  it('is named at the end, with where it was sent', () => {
    expect(text({})).toContain('Trace of the call: 7 spans, id 0af7651916cd43dd8448eb211c80319c.');
    expect(text({ otlp: { url: URL } })).toContain(`It is at ${URL} too.`);
    expect(JSON.parse(outcomeJson(OUTCOME))).toMatchObject({ trace: OUTCOME.trace });
  });

  it('that could not be sent says why, and the call went as it should all the same', () => {
    const told = text({ otlp: { url: URL, problem: `${URL}: nobody listens there` } });
    expect(told).toContain(`It could not be sent on. ${URL}: nobody listens there.`);
    expect(told).toContain('The call went as it should.');
  });

  it('that never came is missed', () => {
    expect(text({ trace: undefined })).toContain('The gateway sent no trace of the call.');
  });
});

describe('--otlp', () => {
  const flags = (...args: string[]): DemoFlags =>
    demoCommand()
      .configureOutput({ writeErr: () => undefined })
      .parse(args, { from: 'user' })
      .opts<DemoFlags>();

  it('is the URL of a collector', () => {
    expect(flags('--otlp', 'http://localhost:4318').otlp?.href).toBe(URL);
    expect(flags().otlp).toBeUndefined();
  });

  it.each(['localhost:4318', 'grpc://localhost:4317', 'http://user:word@localhost'])('is not %s', (wrong) => {
    expect(() => flags('--otlp', wrong)).toThrow(/otlp/);
  });
});
