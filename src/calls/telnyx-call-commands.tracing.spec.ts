import { PinoLogger } from 'nestjs-pino';
import { TelnyxDouble } from '../../simulator/telnyx/index.js';
import { FakeClock } from '../common/fake-clock.js';
import { loadConfig } from '../config/load-config.js';
import { RecordedSpans } from '../telemetry/testing/recorded-spans.js';
import { Meters } from '../telemetry/metrics/meters.js';
import { CallTraces } from '../telemetry/trace/call-traces.js';
import { ATTRS } from '../telemetry/trace/names.js';
import { FencedCommands } from './fenced-commands.js';
import { TelnyxCallCommands } from './telnyx-call-commands.js';

const STREAM = { url: 'wss://gw.example.com/media-stream/token', clientState: 'eyJ2IjoxfQ==' };

function commandsTo(baseUrl: string, traces: CallTraces): TelnyxCallCommands {
  const { config } = loadConfig({
    OPENAI_API_KEY: 'sk-test',
    TELNYX_API_KEY: 'KEY-double',
    WEBHOOK_SIGNATURE: 'off',
    TELNYX_BASE_URL: baseUrl,
    TELNYX_COMMAND_TIMEOUT_MS: '2000',
  });
  return new TelnyxCallCommands(
    config,
    new FakeClock(),
    new PinoLogger({ pinoHttp: { enabled: false } }),
    traces,
    new Meters(),
  );
}

describe('Commands to Telnyx in the trace of their call', () => {
  let spans: RecordedSpans;
  let telnyx: TelnyxDouble;
  let traces: CallTraces;
  let commands: TelnyxCallCommands;

  beforeAll(() => (spans = new RecordedSpans()));
  beforeEach(async () => {
    spans.forget();
    telnyx = await TelnyxDouble.start({ webhookUrl: undefined, switches: { webhookRetryDelaysMs: [] } });
    traces = new CallTraces();
    commands = commandsTo(telnyx.restUrl, traces);
  });
  afterEach(() => telnyx.close());
  afterAll(() => spans.close());

  /** A call that rings, with a trace. */
  function ringing(): string {
    const { callControlId } = telnyx.placeCall();
    traces.begin(callControlId, { kind: 'server' }).end();
    return callControlId;
  }

  it('are spans of a client, with the server and its answer, and give Telnyx no context', async () => {
    const callControlId = ringing();
    await commands.answer(callControlId, STREAM);
    const { hostname, port } = new URL(telnyx.restUrl);
    const root = spans.one('call');
    const span = spans.one('telnyx answer');
    expect(span).toMatchObject({ kind: 'client', failed: false, traceId: root.traceId, parentSpanId: root.spanId });
    expect(span.attributes).toEqual({
      [ATTRS.callId]: callControlId,
      [ATTRS.httpMethod]: 'POST',
      [ATTRS.httpStatus]: 200,
      [ATTRS.serverAddress]: hostname,
      [ATTRS.serverPort]: Number(port),
    });
    expect(JSON.stringify(telnyx.requests)).not.toContain('traceparent');
  });

  it("have Telnyx's error code where it refused", async () => {
    const callControlId = ringing();
    await commands.startStream(callControlId, STREAM, 1);
    const span = spans.one('telnyx streaming_start');
    expect(span).toMatchObject({
      failed: true,
      attributes: { [ATTRS.httpStatus]: 422, [ATTRS.telnyxErrorCode]: '90034' },
    });
    expect(span.attributes['error.type']).toBe('90034');
  });

  it('have not failed where the caller was faster', async () => {
    const callControlId = ringing();
    await commands.answer(callControlId, STREAM);
    await commands.hangUp(callControlId);
    await telnyx.calls[0]?.waitFor('ended');
    await commands.hangUp('v3:unknown');
    await commands.speak(callControlId, 'Sorry.');
    expect(spans.one('telnyx speak')).toMatchObject({
      failed: false,
      attributes: { [ATTRS.telnyxErrorCode]: '90018' },
    });
    // Of the other call nothing is known, and nothing traced.
    expect(spans.named('telnyx hangup')).toHaveLength(1);
  });

  it('tell how often they were sent, and that there was no answer', async () => {
    const nowhere = commandsTo('http://127.0.0.1:9/v2', traces);
    const callControlId = ringing();
    await nowhere.hangUp(callControlId);
    const { attributes, failed } = spans.one('telnyx hangup');
    expect(failed).toBe(true);
    expect(attributes).toMatchObject({
      [ATTRS.httpResends]: 2,
      [ATTRS.serverAddress]: '127.0.0.1',
      [ATTRS.serverPort]: 9,
    });
    expect(attributes[ATTRS.httpStatus]).toBeUndefined();
  });

  it('say nothing of sentences and keys', async () => {
    const callControlId = ringing();
    await commands.answer(callControlId, STREAM);
    await commands.sendKeys(callControlId, '4711', 'cause');
    await commands.speak(callControlId, 'A sentence for the caller alone.');
    expect(spans.names).toEqual(expect.arrayContaining(['telnyx send_dtmf', 'telnyx speak']));
    expect(JSON.stringify(spans.all)).not.toMatch(/4711|alone/);
  });

  it('tell of a fence by whoever put it up', async () => {
    const refused: string[] = [];
    const fenced = new FencedCommands(
      commands,
      () => Promise.resolve(false),
      (callControlId) => (action) => void refused.push(`${action} ${callControlId}`),
    );
    await fenced.hangUp('call');
    await fenced.startStream('call', STREAM, 1);
    await expect(fenced.sayBeside('call', 'One moment.', 'cause')).resolves.toBe(false);
    expect(refused).toEqual(['hangup call', 'streaming_start call', 'speak call']);
    expect(telnyx.requests).toEqual([]);
  });
});
