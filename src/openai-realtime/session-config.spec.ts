import { RealtimeDouble } from '../../simulator/realtime/index.js';
import { WebSocket } from 'ws';
import { type Config } from '../config/config.js';
import { loadConfig } from '../config/load-config.js';
import { inputFormatUpdate, modelTakesTurns, sessionConfig } from './session-config.js';

function assistant(env: Record<string, string> = {}): Config['assistant'] {
  return loadConfig({ OPENAI_API_KEY: 'sk-test', TELNYX_API_KEY: 'KEY-test', WEBHOOK_SIGNATURE: 'off', ...env }).config
    .assistant;
}

/** Has the double take the configuration; it refuses what the service refuses. @returns the session it echoes. */
async function echoed(config: object): Promise<Record<string, unknown>> {
  const double = await RealtimeDouble.start();
  const socket = new WebSocket(`${double.url}?model=gpt-realtime-2.1`, {
    headers: { Authorization: 'Bearer sk-double' },
  });
  try {
    return await new Promise((resolve, reject) => {
      socket.on('error', reject);
      socket.on('message', (message: Buffer) => {
        const event = JSON.parse(message.toString()) as { type: string; session: Record<string, unknown> };
        if (event.type === 'session.created') socket.send(JSON.stringify({ type: 'session.update', session: config }));
        else if (event.type === 'session.updated') resolve(event.session);
        else reject(new Error(message.toString()));
      });
    });
  } finally {
    socket.terminate();
    await double.close();
  }
}

describe('sessionConfig', () => {
  it('leaves nothing to the defaults of the service', () => {
    const config = sessionConfig(assistant(), 'pcmu');
    expect(config).toMatchObject({
      type: 'realtime',
      output_modalities: ['audio'],
      instructions: expect.any(String) as string,
      audio: {
        input: {
          format: { type: 'audio/pcmu' },
          turn_detection: {
            type: 'server_vad',
            threshold: expect.any(Number) as number,
            prefix_padding_ms: expect.any(Number) as number,
            silence_duration_ms: expect.any(Number) as number,
            create_response: true,
            interrupt_response: true,
          },
        },
        output: { format: { type: 'audio/pcmu' }, voice: 'marin', speed: 1 },
      },
      tools: [],
      tracing: null,
    });
    // G.711 has no rate in this API, and the model was named when the socket was opened.
    expect(config).not.toHaveProperty('audio.input.format.rate');
    expect(config).not.toHaveProperty('model');
  });

  it('is the same bytes for every call, so that the prompt cache holds', () => {
    expect(JSON.stringify(sessionConfig(assistant(), 'pcmu'))).toBe(JSON.stringify(sessionConfig(assistant(), 'pcmu')));
  });

  it.each<[string, Record<string, string>]>([
    ['as it is by default', {}],
    ['with semantic turn detection', { VAD: 'semantic_vad' }],
    ['with a protected greeting', { GREETING_PROTECTED: 'on' }],
    ['with a custom voice', { VOICE: 'voice_1234' }],
  ])('is taken by the service %s, and echoed', async (_case, env) => {
    const config = sessionConfig(assistant(env), 'pcma');
    const session = await echoed(config);
    expect(session).toMatchObject({
      audio: { input: { format: { type: 'audio/pcma' } }, output: { format: { type: 'audio/pcmu' } } },
    });
  });

  it('keeps the way to the caller mu-law whatever the caller speaks', () => {
    expect(sessionConfig(assistant(), 'pcma')).toMatchObject({
      audio: { input: { format: { type: 'audio/pcma' } }, output: { format: { type: 'audio/pcmu' } } },
    });
    expect(inputFormatUpdate('pcma')).toEqual({
      type: 'realtime',
      audio: { input: { format: { type: 'audio/pcma' } } },
    });
  });

  it.each([
    [{}, true],
    [{ GREETING_PROTECTED: 'on' }, false],
    [{ INTERRUPT_MIN_SPEECH_MS: '300' }, false],
  ])('has the model take turns by itself unless something must be judged first: %j', (env: object, itself) => {
    const config = assistant(env as Record<string, string>);
    expect(modelTakesTurns(config)).toBe(itself);
    expect(sessionConfig(config, 'pcmu')).toMatchObject({
      audio: { input: { turn_detection: { create_response: itself, interrupt_response: itself } } },
    });
  });
});
