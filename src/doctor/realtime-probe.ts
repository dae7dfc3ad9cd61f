import { WebSocket } from 'ws';
import { z } from 'zod';
import { type Config } from '../config/config.js';

/** What came of opening one realtime session and setting it up as a call would. */
export type RealtimeOutcome =
  | { kind: 'ready'; inputFormat: string; outputFormat: string; tookMs: number }
  | { kind: 'error'; code: string | null; message: string; param: string | null; at: Stage }
  | { kind: 'closed'; code: number; reason: string; at: Stage }
  | { kind: 'http'; status: number }
  | { kind: 'timeout'; at: Stage }
  | { kind: 'network'; error: unknown };

/** How far it got: no socket yet, no `session.created` yet, no `session.updated` yet. */
export type Stage = 'connect' | 'created' | 'updated';

const format = z.object({ type: z.string() });
const serverEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('session.created') }),
  z.object({
    type: z.literal('session.updated'),
    session: z.object({ audio: z.object({ input: z.object({ format }), output: z.object({ format }) }) }),
  }),
  z.object({
    type: z.literal('error'),
    error: z.object({
      code: z.string().nullish(),
      message: z.string().default(''),
      param: z.string().nullish(),
    }),
  }),
]);

/** The `session.update` of a G.711 mu-law phone call, with everything that the configuration decides. */
export function sessionUpdate({ assistant, openai }: Pick<Config, 'assistant' | 'openai'>): object {
  const { vad, transcription } = assistant;
  return {
    type: 'session.update',
    event_id: 'doctor_1',
    session: {
      type: 'realtime',
      model: openai.model,
      output_modalities: ['audio'],
      instructions: assistant.instructions,
      audio: {
        input: {
          format: { type: 'audio/pcmu' },
          noise_reduction: assistant.noiseReduction === undefined ? null : { type: assistant.noiseReduction },
          transcription:
            transcription === undefined
              ? null
              : {
                  model: transcription.model,
                  ...(transcription.languages.length > 0 ? { languages: transcription.languages } : {}),
                },
          turn_detection:
            vad.type === 'server_vad'
              ? {
                  type: 'server_vad',
                  threshold: vad.threshold,
                  prefix_padding_ms: vad.prefixPaddingMs,
                  silence_duration_ms: vad.silenceMs,
                }
              : { type: 'semantic_vad', eagerness: vad.eagerness },
        },
        output: {
          format: { type: 'audio/pcmu' },
          voice: assistant.voice.startsWith('voice_') ? { id: assistant.voice } : assistant.voice,
          speed: assistant.speed,
        },
      },
      ...(assistant.reasoningEffort === undefined ? {} : { reasoning: { effort: assistant.reasoningEffort } }),
      max_output_tokens: assistant.maxOutputTokens,
    },
  };
}

/** The session's URL and headers. No beta header: the beta API is refused with it. */
export function sessionRequest({ openai }: Pick<Config, 'openai'>): { url: URL; headers: Record<string, string> } {
  const url = new URL(openai.url);
  url.searchParams.set('model', openai.model);
  const key = openai.apiKey.value;
  return {
    url,
    headers: {
      ...(openai.authHeader === 'api-key' ? { 'api-key': key } : { Authorization: `Bearer ${key}` }),
      ...(openai.organization === undefined ? {} : { 'OpenAI-Organization': openai.organization }),
      ...(openai.project === undefined ? {} : { 'OpenAI-Project': openai.project }),
    },
  };
}

/**
 * Opens a session, sets it up, closes it. Costs nothing: no response is asked for. Never rejects.
 * A wrong key is told by an `error` event and a close after the upgrade succeeded, so the first error decides; the close
 * that follows says the same in its reason.
 */
export function probeRealtime(
  config: Pick<Config, 'assistant' | 'openai'>,
  timeoutMs: number,
): Promise<RealtimeOutcome> {
  const { url, headers } = sessionRequest(config);
  const startedAtMs = performance.now();
  return new Promise((resolve) => {
    let at: Stage = 'connect';
    let finished = false;
    const socket = new WebSocket(url, { headers, perMessageDeflate: false, followRedirects: false });
    const timer = setTimeout(() => finish({ kind: 'timeout', at }), timeoutMs);
    const finish = (outcome: RealtimeOutcome): void => {
      if (finished) return;
      finished = true;
      clearTimeout(timer);
      resolve(outcome);
      if (socket.readyState === WebSocket.OPEN) socket.close(1000);
      // A peer that does not answer the close must not hold the process; `close` itself would wait 30 s.
      const last = setTimeout(() => socket.terminate(), socket.readyState === WebSocket.CLOSING ? 1000 : 0);
      socket.once('close', () => clearTimeout(last));
    };
    // Stays attached: `terminate` while connecting is reported as an error, too.
    socket.on('error', (error) => finish({ kind: 'network', error }));
    socket.on('unexpected-response', (_request, response) => {
      response.resume();
      finish({ kind: 'http', status: response.statusCode ?? 0 });
    });
    socket.on('open', () => (at = 'created'));
    socket.on('close', (code, reason) => finish({ kind: 'closed', code, reason: reason.toString('utf8'), at }));
    socket.on('message', (data: Buffer) => {
      const event = parseEvent(data);
      if (event === undefined) return;
      if (event.type === 'session.created' && at === 'created') {
        at = 'updated';
        socket.send(JSON.stringify(sessionUpdate(config)));
      } else if (event.type === 'session.updated') {
        const { input, output } = event.session.audio;
        const tookMs = Math.round(performance.now() - startedAtMs);
        finish({ kind: 'ready', inputFormat: input.format.type, outputFormat: output.format.type, tookMs });
      } else if (event.type === 'error') {
        const { code, message, param } = event.error;
        finish({ kind: 'error', code: code ?? null, message, param: param ?? null, at });
      }
    });
  });
}

/** One server event of the three kinds that matter here; others, and what is no JSON, are undefined. */
function parseEvent(data: Buffer): z.output<typeof serverEvent> | undefined {
  try {
    return serverEvent.safeParse(JSON.parse(data.toString('utf8'))).data;
  } catch {
    return undefined;
  }
}
