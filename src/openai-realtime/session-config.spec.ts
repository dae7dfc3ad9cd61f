import { RealtimeDouble } from '../../simulator/realtime/index.js';
import { WebSocket } from 'ws';
import { type Config } from '../config/config.js';
import { loadConfig } from '../config/load-config.js';
import { Secret } from '../config/secret.js';
import { SecretTemplate } from '../config/secret-template.js';
import { type McpServer } from '../config/tools-setting.js';
import { type ToolDeclaration } from '../conversation/tools/tool.port.js';
import { inputFormatUpdate, modelTakesTurns, sessionConfig, type SessionParts } from './session-config.js';

function assistant(env: Record<string, string> = {}): Config['assistant'] {
  return loadConfig({ OPENAI_API_KEY: 'sk-test', TELNYX_API_KEY: 'KEY-test', WEBHOOK_SIGNATURE: 'off', ...env }).config
    .assistant;
}

function parts(env: Record<string, string> = {}): SessionParts {
  return { assistant: assistant(env), declarations: [], mcp: [] };
}

const HANG_UP: ToolDeclaration = {
  name: 'hang_up',
  description: 'Ends the call.',
  parameters: { type: 'object', properties: {} },
};
const CRM: McpServer = {
  label: 'crm',
  url: 'https://crm.example/mcp',
  description: 'Customers and their appointments.',
  authorization: new SecretTemplate('token-1'),
  headers: {
    'X-Tenant': new SecretTemplate('${TOOL_SECRET_TENANT}', new Map([['TOOL_SECRET_TENANT', new Secret('7')]])),
  },
  allowedTools: ['find'],
  essential: true,
  listTimeoutMs: 5_000,
  approval: { ask: true, approve: ['find'] },
};
const PLAIN: McpServer = {
  label: 'weather',
  url: 'https://weather.example/mcp',
  description: undefined,
  authorization: undefined,
  headers: {},
  allowedTools: undefined,
  essential: false,
  listTimeoutMs: 5_000,
  approval: { ask: false },
};

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
    const config = sessionConfig(parts(), 'pcmu');
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
    expect(JSON.stringify(sessionConfig(parts(), 'pcmu'))).toBe(JSON.stringify(sessionConfig(parts(), 'pcmu')));
  });

  it.each<[string, Record<string, string>]>([
    ['as it is by default', {}],
    ['with semantic turn detection', { VAD: 'semantic_vad' }],
    ['with a protected greeting', { GREETING_PROTECTED: 'on' }],
    ['with a custom voice', { VOICE: 'voice_1234' }],
  ])('is taken by the service %s, and echoed', async (_case, env) => {
    const config = sessionConfig(parts(env), 'pcma');
    const session = await echoed(config);
    expect(session).toMatchObject({
      audio: { input: { format: { type: 'audio/pcma' } }, output: { format: { type: 'audio/pcmu' } } },
    });
  });

  it('names the tools that run here, then the servers of those that run there', async () => {
    const config = sessionConfig({ assistant: assistant(), declarations: [HANG_UP], mcp: [CRM, PLAIN] }, 'pcmu');
    const tools = [
      { type: 'function', ...HANG_UP },
      {
        type: 'mcp',
        server_label: 'crm',
        server_url: 'https://crm.example/mcp',
        server_description: 'Customers and their appointments.',
        authorization: 'token-1',
        headers: { 'X-Tenant': '7' },
        allowed_tools: ['find'],
        require_approval: 'always',
      },
      { type: 'mcp', server_label: 'weather', server_url: 'https://weather.example/mcp', require_approval: 'never' },
    ];
    expect(config).toMatchObject({ tools, tool_choice: 'auto' });
    expect(config).not.toHaveProperty('parallel_tool_calls');
    await expect(echoed(config)).resolves.toMatchObject({ tools });
  });

  it('keeps the way to the caller mu-law whatever the caller speaks', () => {
    expect(sessionConfig(parts(), 'pcma')).toMatchObject({
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
    expect(sessionConfig({ ...parts(), assistant: config }, 'pcmu')).toMatchObject({
      audio: { input: { turn_detection: { create_response: itself, interrupt_response: itself } } },
    });
  });
});
