import { request } from 'node:http';
import { type AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { loadClip } from '../audio/clips.js';
import { decodeG711, encodeG711 } from '../audio/g711.js';
import { locateClip } from '../audio/locate.js';
import { type SimulatedCall, TelnyxDouble } from '../telnyx/index.js';
import { StubApp } from '../telnyx/stub-app.js';
import { prepareScript } from './caller-script.js';
import { runCallerScript, type ScriptedCall } from './run-caller-script.js';

/** Compiles only while the call of the double has all that the runner needs. */
const asScripted = (call: SimulatedCall): ScriptedCall => call;

function post(url: string, apiKey: string, body: object): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(
      url,
      { method: 'POST', headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' } },
      (response) => {
        response.resume();
        resolve(response.statusCode);
      },
    )
      .on('error', reject)
      .end(JSON.stringify(body));
  });
}

describe('a scripted caller on the Telnyx double', () => {
  const greeting = loadClip('assistant-goodbye');
  let app: StubApp;
  let double: TelnyxDouble;
  let line: WebSocketServer;
  let heardByApp: Buffer[];
  let digits: string[];

  beforeEach(async () => {
    heardByApp = [];
    digits = [];
    app = await StubApp.start();
    double = await TelnyxDouble.start({ webhookUrl: app.webhookUrl });
    // The assistant: greets as soon as the stream starts, then listens.
    line = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await new Promise((resolve) => line.once('listening', resolve));
    line.on('connection', (socket) => {
      socket.on('error', () => undefined);
      socket.on('message', (data: Buffer) => {
        const frame = JSON.parse(data.toString()) as {
          event: string;
          media?: { payload: string };
          dtmf?: { digit: string };
        };
        if (frame.event === 'media') heardByApp.push(Buffer.from(frame.media?.payload ?? '', 'base64'));
        if (frame.event === 'dtmf') digits.push(frame.dtmf?.digit ?? '');
        if (frame.event !== 'start') return;
        const payload = encodeG711('PCMU', greeting).toString('base64');
        socket.send(JSON.stringify({ event: 'media', media: { payload } }));
      });
    });
  });

  afterEach(async () => {
    await double.close();
    await app.close();
    for (const socket of line.clients) socket.terminate();
    await new Promise((resolve) => line.close(resolve));
  });

  it('hears the greeting to its end, answers, presses a key and hangs up', async () => {
    const call = double.placeCall();
    const script = prepareScript({
      assistantPauseMs: 500,
      steps: [
        { say: 'caller-interruption', after: 'assistant-finished' },
        { press: '1' },
        { hangUp: true, after: 200 },
      ],
    });
    const running = runCallerScript(asScripted(call), script);
    const status = await post(
      `${double.restUrl}/calls/${encodeURIComponent(call.callControlId)}/actions/answer`,
      double.apiKey,
      {
        stream_url: `ws://127.0.0.1:${(line.address() as AddressInfo).port}/`,
        stream_bidirectional_mode: 'rtp',
        stream_bidirectional_target_legs: 'self',
      },
    );
    const report = await running;

    expect(status).toBe(200);
    expect(report.problems).toEqual([]);
    expect(report.endedBy).toBe('caller');
    expect(call.state).toBe('ended');
    // The caller spoke after all of the greeting, plus the pause, and not before.
    const [turn] = report.turns;
    const greetingEndMs = (report.greetingMs ?? 0) + greeting.length / 8;
    expect(turn?.fromMs).toBeGreaterThan(greetingEndMs + 300);
    const heard = decodeG711('PCMU', Buffer.concat(heardByApp));
    expect(locateClip(heard, loadClip('caller-interruption'))?.score).toBeGreaterThan(0.98);
    expect(digits).toEqual(['1']);
  });
});
