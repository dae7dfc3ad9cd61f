import { applySessionUpdate, initialSession, type SessionConfig } from './session-config.js';
import { type WireError } from './wire-types.js';

const fresh = initialSession({ id: 'sess_1', model: 'gpt-realtime-2.1', expiresAt: 1, silenceDurationMs: 200 });
const rules = { assistantAudioPresent: false, rejectSameVoiceAfterAudio: false, defaultSilenceDurationMs: 200 };

function accepted(session: unknown, present = fresh, more: Partial<typeof rules> = {}): SessionConfig {
  const applied = applySessionUpdate(present, session, { ...rules, ...more });
  if ('error' in applied) throw new Error(applied.error.message);
  return applied.config;
}

function refused(session: unknown, more: Partial<typeof rules> = {}): WireError {
  const applied = applySessionUpdate(fresh, session, { ...rules, ...more });
  if ('config' in applied) throw new Error('was accepted');
  return applied.error;
}

describe('a new session', () => {
  it('speaks PCM at 24 kHz both ways and detects turns after 200 ms of silence', () => {
    expect(fresh.audio.input.format).toEqual({ type: 'audio/pcm', rate: 24000 });
    expect(fresh.audio.output.format).toEqual({ type: 'audio/pcm', rate: 24000 });
    expect(fresh.audio.input.turn_detection).toMatchObject({ type: 'server_vad', silence_duration_ms: 200 });
  });
});

describe('session.update', () => {
  const crm = { type: 'mcp', server_label: 'crm', server_url: 'https://crm.example/mcp' };
  const pcmu = { audio: { input: { format: { type: 'audio/pcmu' } }, output: { format: { type: 'audio/pcmu' } } } };

  it('changes only the fields that are present', () => {
    const once = accepted({ type: 'realtime', instructions: 'Be brief.', ...pcmu });
    const twice = accepted({ type: 'realtime', audio: { output: { speed: 1.2 } } }, once);
    expect(twice.instructions).toBe('Be brief.');
    expect(twice.audio.input.format).toEqual({ type: 'audio/pcmu' });
    expect(twice.audio.output).toEqual({ format: { type: 'audio/pcmu' }, voice: 'marin', speed: 1.2 });
  });

  it('leaves the configuration it started from as it was', () => {
    const before = structuredClone(fresh);
    accepted({ type: 'realtime', instructions: 'Other', ...pcmu });
    expect(fresh).toEqual(before);
  });

  it('overlays turn detection of the same type, and starts from the defaults for another type', () => {
    const raised = accepted({
      type: 'realtime',
      audio: { input: { turn_detection: { type: 'server_vad', threshold: 0.8, silence_duration_ms: 500 } } },
    });
    const padded = accepted(
      { type: 'realtime', audio: { input: { turn_detection: { type: 'server_vad', prefix_padding_ms: 100 } } } },
      raised,
    );
    expect(padded.audio.input.turn_detection).toMatchObject({
      threshold: 0.8,
      silence_duration_ms: 500,
      prefix_padding_ms: 100,
    });
    const semantic = accepted(
      { type: 'realtime', audio: { input: { turn_detection: { type: 'semantic_vad' } } } },
      padded,
    );
    expect(semantic.audio.input.turn_detection).toEqual({
      type: 'semantic_vad',
      eagerness: 'auto',
      create_response: true,
      interrupt_response: true,
    });
  });

  it('clears with null what can be cleared', () => {
    const set = accepted({
      type: 'realtime',
      audio: { input: { transcription: { model: 'gpt-transcribe' }, noise_reduction: { type: 'near_field' } } },
    });
    const cleared = accepted(
      { type: 'realtime', audio: { input: { transcription: null, noise_reduction: null, turn_detection: null } } },
      set,
    );
    expect(cleared.audio.input).toMatchObject({ transcription: null, noise_reduction: null, turn_detection: null });
  });

  it.each([
    [{ instructions: 'x' }, 'missing_required_parameter', 'session.type'],
    [{ type: 'transcription' }, 'invalid_value', 'session.type'],
    [{ type: 'realtime', modalities: ['audio'] }, 'unknown_parameter', 'session.modalities'],
    [{ type: 'realtime', voice: 'marin' }, 'unknown_parameter', 'session.voice'],
    [{ type: 'realtime', temperature: 0.8 }, 'unknown_parameter', 'session.temperature'],
    [{ type: 'realtime', input_audio_format: 'g711_ulaw' }, 'unknown_parameter', 'session.input_audio_format'],
    [{ type: 'realtime', turn_detection: null }, 'unknown_parameter', 'session.turn_detection'],
    [{ type: 'realtime', audio: { input: { formt: {} } } }, 'unknown_parameter', 'session.audio.input.formt'],
    [{ type: 'realtime', audio: { output: { voice: 'nova' } } }, 'invalid_value', 'session.audio.output.voice'],
    [
      { type: 'realtime', audio: { input: { format: { type: 'g711' } } } },
      'invalid_value',
      'session.audio.input.format.type',
    ],
    [
      { type: 'realtime', audio: { input: { format: { type: 'audio/pcmu', rate: 8000 } } } },
      'unknown_parameter',
      'session.audio.input.format.rate',
    ],
    [{ type: 'realtime', audio: { output: { speed: 2 } } }, 'invalid_value', 'session.audio.output.speed'],
    [{ type: 'realtime', max_output_tokens: 5000 }, 'invalid_value', 'session.max_output_tokens'],
    [{ type: 'realtime', instructions: 5 }, 'invalid_type', 'session.instructions'],
    [{ type: 'realtime', output_modalities: ['audio', 'text'] }, 'invalid_value', 'session.output_modalities'],
    [{ type: 'realtime', tools: [{ type: 'function' }] }, 'missing_required_parameter', 'session.tools[0].name'],
    [
      { type: 'realtime', tools: [{ type: 'mcp', server_label: 'crm' }] },
      'missing_required_parameter',
      'session.tools[0].server_url',
    ],
    [
      { type: 'realtime', tools: [{ type: 'mcp', server_url: 'https://crm.example/mcp' }] },
      'missing_required_parameter',
      'session.tools[0].server_label',
    ],
    [
      { type: 'realtime', tools: [{ ...crm, require_approval: 'sometimes' }] },
      'invalid_value',
      'session.tools[0].require_approval',
    ],
    [{ type: 'realtime', tools: [{ ...crm, token: 'x' }] }, 'unknown_parameter', 'session.tools[0].token'],
    [{ type: 'realtime', model: 'gpt-realtime-2' }, 'invalid_value', 'session.model'],
    [
      { type: 'realtime', audio: { input: { turn_detection: { type: 'server_vad', idle_timeout_ms: 100 } } } },
      'invalid_value',
      'session.audio.input.turn_detection.idle_timeout_ms',
    ],
  ])('refuses %j with %s', (session, code, param) => {
    expect(refused(session)).toMatchObject({ type: 'invalid_request_error', code, param });
  });

  it('takes MCP servers with everything that can be said of them', () => {
    const tool = {
      ...crm,
      server_description: 'Customers',
      authorization: 'token',
      headers: { 'x-tenant': '7' },
      allowed_tools: { tool_names: ['find'], read_only: true },
      require_approval: { never: { tool_names: ['find'] } },
    };
    expect(accepted({ type: 'realtime', tools: [tool] }).tools).toEqual([tool]);
  });

  it('names the voices when a voice of the speech API is asked for', () => {
    const { message } = refused({ type: 'realtime', audio: { output: { voice: 'onyx' } } });
    expect(message).toContain("'onyx'");
    expect(message).toContain("'marin'");
    expect(message).toContain("'cedar'");
  });

  it('does not change the voice once the assistant has been heard', () => {
    const other = { type: 'realtime', audio: { output: { voice: 'cedar' } } };
    const same = { type: 'realtime', audio: { output: { voice: 'marin' } } };
    expect(refused(other, { assistantAudioPresent: true }).code).toBe('cannot_update_voice');
    expect(accepted(same, fresh, { assistantAudioPresent: true }).audio.output.voice).toBe('marin');
    expect(refused(same, { assistantAudioPresent: true, rejectSameVoiceAfterAudio: true }).code).toBe(
      'cannot_update_voice',
    );
  });
});
