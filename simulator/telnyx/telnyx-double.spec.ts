import { decodeG711, encodeG711 } from '../audio/g711.js';
import { type AppSocketFrame, StubApp } from './stub-app.js';
import { type CallRequest } from './call-host.js';
import { type SimulatedCall } from './simulated-call.js';
import { type TelnyxSwitches } from './switches.js';
import { TelnyxDouble } from './telnyx-double.js';

interface Media {
  track: string;
  chunk: string;
  timestamp: string;
  payload: string;
}

const mediaOf = (frame: AppSocketFrame): Media => frame['media'] as Media;
const TONE = Buffer.alloc(1600, 0x20);
const STREAM = {
  stream_track: 'inbound_track',
  stream_codec: 'PCMU',
  stream_bidirectional_mode: 'rtp',
  stream_bidirectional_codec: 'PCMU',
  stream_bidirectional_target_legs: 'self',
};

describe('TelnyxDouble', () => {
  let app: StubApp;
  let double: TelnyxDouble;

  async function start(switches: Partial<TelnyxSwitches> = {}): Promise<void> {
    app = await StubApp.start();
    double = await TelnyxDouble.start({
      webhookUrl: app.webhookUrl,
      switches: { webhookRetryDelaysMs: [], reconnectDelayMs: 10, speakMsPerCharacter: 1, ...switches },
    });
  }

  afterEach(async () => {
    await double.close();
    await app.close();
  });

  async function rest(
    call: SimulatedCall,
    action: string,
    body: object = {},
  ): Promise<{ status: number; code?: string }> {
    const response = await fetch(
      `${double.restUrl}/calls/${encodeURIComponent(call.callControlId)}/actions/${action}`,
      {
        method: 'POST',
        headers: { Authorization: `Bearer ${double.apiKey}`, 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      },
    );
    const answer = (await response.json()) as { errors?: { code: string }[] };
    const code = answer.errors?.[0]?.code;
    return code === undefined ? { status: response.status } : { status: response.status, code };
  }

  async function answered(request: CallRequest = {}, stream: object = {}): Promise<SimulatedCall> {
    const call = double.placeCall(request);
    expect(await rest(call, 'answer', { stream_url: app.streamUrl, ...STREAM, ...stream })).toEqual({ status: 200 });
    await call.waitFor('stream-started');
    await app.frame('start');
    return call;
  }

  describe('a call', () => {
    it('is announced, answered, streamed and hung up in the documented order', async () => {
      await start();
      const call = await answered();
      await app.frame('media', 2);
      call.hangUp();
      await app.log.waitFor('close', 5000);
      await double.waitForWebhook('call.hangup');
      expect(app.socket.frames.map(({ event }) => event).filter((event) => event !== 'media')).toEqual([
        'connected',
        'start',
        'stop',
      ]);
      expect(app.socket.closeCode).toBe(1000);
      await double.settled();
      const types = double.webhooks.map(({ event_type }) => event_type);
      expect([...types].sort()).toEqual(
        ['call.initiated', 'call.answered', 'streaming.started', 'streaming.stopped', 'call.hangup'].sort(),
      );
      expect(call.hangup).toMatchObject({ cause: 'normal_clearing', source: 'caller' });
    });

    it('describes itself in start, and has strings for counters', async () => {
      await start();
      const call = await answered({ from: '+4930123', to: '+4930999' }, { client_state: 'eyJ2IjoxfQ==' });
      expect((await app.frame('start'))['start']).toMatchObject({
        call_control_id: call.callControlId,
        call_session_id: call.callSessionId,
        from: '+4930123',
        to: '+4930999',
        client_state: 'eyJ2IjoxfQ==',
        media_format: { encoding: 'PCMU', sample_rate: 8000, channels: 1 },
      });
      const frame = await app.frame('media', 3);
      expect(frame.sequence_number).toBe('6');
      expect(mediaOf(frame)).toMatchObject({ track: 'inbound', chunk: '3', timestamp: '40' });
      expect(Buffer.from(mediaOf(frame).payload, 'base64')).toEqual(Buffer.alloc(160, 0xff));
    });

    it('can be rejected as busy, and then takes no more commands', async () => {
      await start();
      const call = double.placeCall();
      expect(await rest(call, 'reject', { cause: 'USER_BUSY' })).toEqual({ status: 200 });
      await call.waitFor('rejected');
      expect(call.hangup?.cause).toBe('user_busy');
      expect(await rest(call, 'answer')).toEqual({ status: 422, code: '90018' });
    });

    it('stays up when the app closes its socket', async () => {
      await start();
      const call = await answered();
      app.socket.socket.close(1000);
      await call.waitFor('stream-lost');
      expect(call.state).toBe('answered');
      expect(await rest(call, 'streaming_stop')).toEqual({ status: 422, code: '90048' });
      expect(await rest(call, 'streaming_start', { stream_url: app.streamUrl, ...STREAM })).toEqual({ status: 200 });
      await call.waitFor('stream-started', 5000, 2);
    });

    it('tells by streaming.failed that the app refused the socket, and stays up', async () => {
      await start();
      app.upgradeStatus = () => 403;
      const call = double.placeCall();
      await rest(call, 'answer', { stream_url: app.streamUrl, ...STREAM });
      expect((await call.waitFor('stream-failed')).detail).toBe('HTTP 403');
      const { body } = await double.waitForWebhook('streaming.failed');
      const { data } = JSON.parse(body) as { data: { payload: Record<string, unknown> } };
      expect(data.payload).toMatchObject({
        failure_reason: 'connection_failed',
        stream_type: 'websocket',
        stream_params: { stream_url: app.streamUrl, track: 'inbound_track' },
      });
      expect(call.state).toBe('answered');
    });

    it('fails the stream when the upgrade is never answered', async () => {
      await start({ connectTimeoutMs: 50 });
      app.upgradeStatus = () => undefined;
      const call = double.placeCall();
      await rest(call, 'answer', { stream_url: app.streamUrl, ...STREAM });
      await call.waitFor('stream-failed');
    });

    it('is transferred: a second leg is dialled, both are bridged, and end together', async () => {
      await start({ dialRingMs: 5 });
      const call = await answered();
      expect(await rest(call, 'transfer', { to: '+15550100009' })).toEqual({ status: 200 });
      await call.waitFor('bridged');
      const leg = double.calls[1];
      expect(leg).toMatchObject({ direction: 'outgoing', to: '+15550100009', callSessionId: call.callSessionId });
      leg?.hangUp();
      await call.waitFor('ended');
    });

    it('goes on when the transfer is not answered', async () => {
      await start({ dialRingMs: 5, dialOutcome: 'no_answer' });
      const call = await answered();
      await rest(call, 'transfer', { to: '+15550100009' });
      await double.waitForWebhook('call.hangup');
      expect(double.calls[1]?.hangup?.cause).toBe('no_answer');
      expect(call.state).toBe('answered');
    });

    it('stays when its partner hangs up, where it asked to be parked then', async () => {
      await start({ dialRingMs: 5 });
      const call = await answered();
      await rest(call, 'transfer', { to: '+15550100009', park_after_unbridge: 'self' });
      await call.waitFor('bridged');
      const leg = double.calls[1];
      leg?.hangUp();
      await leg?.waitFor('ended');
      expect(call.state).toBe('answered');
      expect(await rest(call, 'transfer', { to: '+15550100009', park_after_unbridge: 'both' })).toMatchObject({
        code: '10032',
      });
    });

    it('hears its new partner instead of an announcement that was still being read', async () => {
      await start({ dialRingMs: 5, speakMsPerCharacter: 1_000 });
      const call = await answered();
      await rest(call, 'speak', { payload: 'A very long story.', voice: 'female' });
      await call.waitFor('spoken');
      await rest(call, 'transfer', { to: '+15550100009' });
      await call.waitFor('bridged');
      expect(call.heard.spoken).toMatchObject([{ status: 'cancelled' }]);
    });

    it('is given up after as long as the transfer may ring', async () => {
      await start({ dialRingMs: 5, dialOutcome: 'manual' });
      const call = await answered();
      await rest(call, 'transfer', { to: '+15550100009', timeout_secs: 5 });
      const hangup = await double.waitForWebhook('call.hangup', 8_000);
      expect(hangup.callControlId).toBe(double.calls[1]?.callControlId);
      expect(double.calls[1]?.hangup?.cause).toBe('timeout');
      expect(call.state).toBe('answered');
    });

    it('is transferred before its answer only where that is so, and answered with the second leg', async () => {
      await start({ dialRingMs: 5 });
      const refused = double.placeCall();
      expect(await rest(refused, 'transfer', { to: '+15550100009' })).toMatchObject({ status: 422, code: '90034' });
      double.switches.transferBeforeAnswer = 'accepted';
      const call = double.placeCall();
      expect(await rest(call, 'transfer', { to: '+15550100009' })).toEqual({ status: 200 });
      await call.waitFor('bridged');
      expect(call.state).toBe('answered');
      expect(call.streams).toEqual([]);
    });

    it('tells a key on the media socket, by webhook, both or neither', async () => {
      await start({ dtmfWebhook: true, dtmfFrame: false });
      const call = await answered();
      call.pressKey('7');
      const { status } = await double.waitForWebhook('call.dtmf.received');
      expect(status).toBe(200);
      await app.frame('media');
      expect(app.sockets[0]?.frames.map(({ event }) => event)).not.toContain('dtmf');
    });

    it('reads a text to the caller and reports its begin and end', async () => {
      await start();
      const call = await answered();
      await rest(call, 'speak', { payload: 'We will call you back.', voice: 'female' });
      await double.waitForWebhook('call.speak.ended');
      expect(call.heard.spoken).toMatchObject([{ text: 'We will call you back.', status: 'completed' }]);
    });

    it('sends its webhooks where the answer said, and again as often as it said', async () => {
      await start();
      const other = await StubApp.start();
      try {
        other.replyStatus = () => 500;
        const call = double.placeCall();
        await rest(call, 'answer', {
          webhook_url: other.webhookUrl,
          webhook_retries_policies: { 'call.hangup': { retries_ms: [5, 5] } },
        });
        await call.waitFor('answered');
        call.hangUp();
        await double.settled();
        expect(other.webhooks.length).toBe(4);
        expect(app.webhooks.length).toBe(1);
      } finally {
        await other.close();
      }
    });

    it('is hung up when no command comes in time', async () => {
      await start({ firstCommandTimeoutMs: 20 });
      const call = double.placeCall();
      await call.waitFor('ended');
      expect(call.hangup?.cause).toBe('timeout');
    });
  });

  describe('what the caller hears', () => {
    it('is what the app sent, in real time, and a mark comes back after it', async () => {
      await start();
      const call = await answered();
      app.sendMedia(TONE);
      app.send({ event: 'mark', mark: { name: 'end' } });
      const sentAtMs = performance.now();
      expect((await app.frame('mark'))['mark']).toEqual({ name: 'end' });
      // 200 ms of audio cannot be over before 200 ms have passed.
      expect(performance.now() - sentAtMs).toBeGreaterThan(190);
      expect(call.heard.playedBytes).toBe(1600);
      expect(call.heard.segments.map(({ bytes }) => bytes)).toEqual([TONE]);
    });

    it('ends at clear, which returns the marks that waited', async () => {
      await start();
      const call = await answered();
      for (let i = 0; i < 10; i++) app.sendMedia(TONE);
      app.send({ event: 'mark', mark: { name: 'a' } });
      app.send({ event: 'mark', mark: { name: 'b' } });
      await call.waitFor('heard-audio');
      app.send({ event: 'clear' });
      await app.frame('mark', 2);
      expect(call.streams[0]?.echoedMarks).toEqual(['a', 'b']);
      const heard = call.heard.playedBytes;
      expect(heard).toBeLessThan(16_000);
      await app.frame('media', app.socket.frames.length + 5);
      expect(call.heard.playedBytes).toBe(heard);
    });

    it.each([
      ['the mode is mp3', { stream_bidirectional_mode: 'mp3' }],
      ['no mode was asked for', { stream_bidirectional_mode: undefined }],
      ['the target leg is the other one', { stream_bidirectional_target_legs: 'opposite' }],
    ])('is nothing when %s', async (_, stream) => {
      await start();
      const call = await answered({}, stream);
      app.sendMedia(TONE);
      app.send({ event: 'mark', mark: { name: 'end' } });
      await app.frame('mark');
      expect(call.heard.playedBytes).toBe(0);
      expect(call.streams[0]?.received.unheard).toBe(1);
    });

    it('ends with the hang-up, whatever is still queued', async () => {
      await start();
      const call = await answered();
      for (let i = 0; i < 10; i++) app.sendMedia(TONE);
      await call.waitFor('heard-audio');
      call.hangUp();
      const heard = call.heard.playedBytes;
      await app.log.waitFor('close', 5000);
      expect(call.heard.playedBytes).toBe(heard);
      expect(call.heard.queuedBytes).toBe(0);
    });

    it('can be waited out', async () => {
      await start();
      const call = await answered();
      app.sendMedia(TONE);
      await call.waitForQuiet(40);
      expect(call.heard.playedBytes).toBe(1600);
    });
  });

  describe('what the app gets wrong', () => {
    it.each([
      ['a chunk below 20 ms', { event: 'media', media: { payload: Buffer.alloc(159).toString('base64') } }, 100_004],
      ['a chunk above 30 s', { event: 'media', media: { payload: Buffer.alloc(240_008).toString('base64') } }, 100_004],
      ['a payload that is not base64', { event: 'media', media: { payload: 'not base64' } }, 100_004],
      ['an unknown event', { event: 'hello' }, 100_003],
    ])('%s is answered with an error frame, and the stream goes on', async (_, frame, code) => {
      await start();
      const call = await answered();
      app.send(frame);
      expect((await app.frame('error'))['payload']).toMatchObject({ code });
      expect(call.heard.playedBytes).toBe(0);
      await app.frame('media', app.socket.frames.length + 2);
    });

    it('binary frames and broken JSON are malformed', async () => {
      await start();
      await answered();
      app.socket.socket.send(Buffer.from([1, 2, 3]));
      app.socket.socket.send('{"event":');
      expect((await app.frame('error', 2))['payload']).toMatchObject({ code: 100_003 });
    });

    it('more than one message a second in mp3 mode is too much', async () => {
      await start();
      await answered({}, { stream_bidirectional_mode: 'mp3' });
      app.sendMedia(TONE);
      app.sendMedia(TONE);
      expect((await app.frame('error'))['payload']).toMatchObject({ code: 100_005 });
    });

    it('a second stream is refused while one lives, or replaces it, as the switch says', async () => {
      await start();
      const call = await answered();
      const again = { stream_url: app.streamUrl, ...STREAM };
      expect(await rest(call, 'streaming_start', again)).toEqual({ status: 422, code: '90045' });
      double.switches.secondStream = 'replaces';
      expect(await rest(call, 'streaming_start', again)).toEqual({ status: 200 });
      await call.waitFor('stream-started', 5000, 2);
      expect(call.log.count('stream-stopped')).toBe(1);
    });

    it('a repeated command_id has no second effect', async () => {
      await start();
      const call = await answered({}, { command_id: '6f1c' });
      expect(await rest(call, 'answer', { command_id: '6f1c' })).toEqual({ status: 200 });
      expect(await rest(call, 'answer', { command_id: 'other' })).toEqual({ status: 422, code: '90061' });
      expect(call.log.count('answered')).toBe(1);
    });
  });

  describe('the line', () => {
    it('carries speech in the law of the leg, then silence of that law', async () => {
      await start();
      const speech = Int16Array.from({ length: 320 }, (_, i) => Math.round(8000 * Math.sin(i / 3)));
      const call = await answered({ codec: 'PCMA' }, { stream_codec: 'default' });
      await call.say(speech);
      const seen = app.socket.frames.filter(({ event }) => event === 'media').length;
      await app.frame('media', seen + 4);
      const line = Buffer.concat(
        app.socket.frames
          .filter(({ event }) => event === 'media')
          .map((frame) => Buffer.from(mediaOf(frame).payload, 'base64')),
      );
      const at = line.indexOf(encodeG711('PCMA', speech));
      expect(at).toBeGreaterThanOrEqual(0);
      expect(decodeG711('PCMA', line.subarray(at, at + 320)).some((sample) => sample > 7000)).toBe(true);
      expect(line.subarray(at + 320)).toEqual(Buffer.alloc(line.length - at - 320, 0xd5));
      expect((await app.frame('start'))['start']).toMatchObject({ media_format: { encoding: 'PCMA' } });
    });

    it.each([
      [792, ['0', '99', '198']],
      [333, ['0', '42', '83']],
    ])('sends frames of %i bytes on their own schedule', async (frameBytes, timestamps) => {
      await start();
      await answered({ frameBytes });
      await app.frame('media', 3);
      const media = app.socket.frames.filter(({ event }) => event === 'media').slice(0, 3);
      expect(media.map((frame) => Buffer.from(mediaOf(frame).payload, 'base64').length)).toEqual([
        frameBytes,
        frameBytes,
        frameBytes,
      ]);
      expect(media.map((frame) => mediaOf(frame).timestamp)).toEqual(timestamps);
    });

    it('swaps and loses chunks, with numbers that betray it', async () => {
      await start();
      const call = await answered();
      await app.frame('media');
      call.swapNextChunks();
      await app.frame('media', 5);
      call.loseChunks(2);
      await app.frame('media', 12);
      const chunks = app.socket.frames
        .filter(({ event }) => event === 'media')
        .map((frame) => Number(mediaOf(frame).chunk));
      const steps = chunks.slice(1).map((chunk, index) => chunk - (chunks[index] ?? 0));
      expect(steps.filter((step) => step === -1).length).toBe(1);
      expect([...chunks].sort((a, b) => a - b)).not.toEqual(chunks);
      const missing = Math.max(...chunks) - chunks.length;
      expect(missing).toBe(2);
    });

    it('sends nothing while the caller is silent, when silence is suppressed', async () => {
      await start({ callerSilence: 'suppressed' });
      const call = await answered();
      await call.say(new Int16Array(800).fill(1000));
      await app.frame('media', 5);
      call.pressKey('5');
      await app.frame('dtmf');
      expect(app.socket.frames.filter(({ event }) => event === 'media').length).toBe(5);
    });

    it('hums at -34.6 dB when the switch wants comfort noise', async () => {
      await start({ callerSilence: 'comfort-noise' });
      await answered();
      const frame = await app.frame('media', 5);
      const pcm = decodeG711('PCMU', Buffer.from(mediaOf(frame).payload, 'base64'));
      const rms = Math.sqrt(pcm.reduce((sum, sample) => sum + sample * sample, 0) / pcm.length);
      expect(20 * Math.log10(rms / 32_768)).toBeCloseTo(-34.6, -1);
    });

    it('plays back what the caller hears on the outbound track', async () => {
      await start();
      await answered({}, { stream_track: 'both_tracks' });
      app.sendMedia(TONE);
      await app.frame('media', 2);
      await app.log.waitUntil(
        () => {
          const heard = app.socket.frames
            .filter((frame) => frame.event === 'media' && mediaOf(frame).track === 'outbound')
            .map((frame) => Buffer.from(mediaOf(frame).payload, 'base64'));
          const tone = Buffer.concat(heard).filter((byte) => byte === 0x20).length;
          return tone === TONE.length ? tone : undefined;
        },
        5000,
        'the tone on the outbound track',
      );
    });

    it('falls silent without a missing number, and time goes on', async () => {
      await start();
      const call = await answered();
      await app.frame('media', 2);
      call.stopFrames(200);
      const media = mediaOf(await app.frame('media', 20));
      expect(media.chunk).toBe('20');
      // 19 frames of 20 ms before it, and 200 ms of nothing, give or take the frame in which it began.
      expect(Number(media.timestamp)).toBeGreaterThanOrEqual(19 * 20 + 180);
      expect(Number(media.timestamp)).toBeLessThanOrEqual(19 * 20 + 220);
    });

    it('holds frames back and delivers all of them at once', async () => {
      await start();
      const call = await answered();
      await app.frame('media');
      call.holdFrames(200);
      const before = app.socket.frames.length;
      await app.frame('media', before + 6);
      const media = app.socket.frames.filter(({ event }) => event === 'media').map((frame) => mediaOf(frame).chunk);
      expect(media).toEqual(media.map((_, index) => String(index + 1)));
    });

    it('does not read while it hangs, and goes on where it was', async () => {
      await start();
      const call = await answered();
      call.stopReading();
      app.send({ event: 'mark', mark: { name: 'late' } });
      await app.frame('media', 5);
      expect(call.streams[0]?.received.mark).toBe(0);
      call.resumeReading();
      expect((await app.frame('mark'))['mark']).toEqual({ name: 'late' });
    });

    it('carries keys, as a frame and by a switch as a webhook', async () => {
      await start({ dtmfWebhook: true });
      const call = await answered();
      call.pressKey('#');
      expect((await app.frame('dtmf'))['dtmf']).toEqual({ digit: '#' });
      await double.waitForWebhook('call.dtmf.received');
    });
  });

  describe('a lost media socket', () => {
    it('breaks without stop, and is dialled again at the same URL', async () => {
      await start();
      const call = await answered();
      call.dropMediaSocket('abrupt', 'redial', 10);
      await call.waitFor('stream-started', 5000, 2);
      await app.frame('media');
      const [first, second] = app.sockets;
      expect(first?.closeCode).toBe(1006);
      expect(first?.frames.some(({ event }) => event === 'stop')).toBe(false);
      expect(second?.path).toBe(first?.path);
      expect(second?.frames.slice(0, 2).map(({ event }) => event)).toEqual(['connected', 'start']);
      expect(second?.frames[1]?.stream_id).toBe(first?.frames[1]?.stream_id);
    });

    it('is reported by a webhook, or by nothing at all', async () => {
      await start();
      const call = await answered();
      call.dropMediaSocket('close', 'webhook');
      await double.waitForWebhook('streaming.failed');
      const other = await answered();
      other.dropMediaSocket('abrupt', 'nothing');
      await app.log.waitFor('close', 5000, 2);
      await double.settled();
      expect(double.webhooks.filter(({ event_type }) => event_type === 'streaming.failed').length).toBe(1);
      expect(other.state).toBe('answered');
    });

    it('is dialled again after the app closed it, when the switch says so', async () => {
      await start({ reconnect: 'redial', reconnectStreamId: 'new' });
      const call = await answered();
      app.socket.socket.close(1012);
      await call.waitFor('stream-started', 5000, 2);
      expect(new Set(call.streams.map(({ streamId }) => streamId)).size).toBe(2);
    });

    it('follows an error frame when the switch says so', async () => {
      await start({ afterErrorFrame: 'closes' });
      const call = await answered();
      app.send({ event: 'hello' });
      await call.waitFor('stream-failed');
      await app.log.waitFor('close', 5000);
      expect(app.socket.frames.map(({ event }) => event)).toContain('error');
      expect(call.state).toBe('answered');
    });

    it('is given up after the last attempt', async () => {
      await start({ reconnect: 'redial', reconnectMaxAttempts: 2 });
      const call = await answered();
      app.upgradeStatus = () => 503;
      app.socket.socket.terminate();
      await call.waitFor('stream-failed');
      expect(call.streams.length).toBe(3);
    });

    it('takes what was queued with it', async () => {
      await start();
      const call = await answered();
      for (let i = 0; i < 10; i++) app.sendMedia(TONE);
      await call.waitFor('heard-audio');
      call.dropMediaSocket('abrupt', 'redial', 10);
      const heard = call.heard.playedBytes;
      await call.waitFor('stream-started', 5000, 2);
      await app.frame('media', 5);
      expect(call.heard.playedBytes).toBe(heard);
    });
  });

  it('keeps two hundred calls in real time in one process', async () => {
    await start();
    const calls = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const call = double.placeCall({ keepAudio: false });
        await rest(call, 'answer', { stream_url: app.streamUrl, ...STREAM });
        await call.waitFor('stream-started');
        return call;
      }),
    );
    await app.log.waitUntil(
      () => (app.sockets.every(({ frames }) => frames.length > 25) ? true : undefined),
      15_000,
      'half a second of audio on every call',
    );
    for (const call of calls) expect(call.streams[0]?.framesSent).toBeGreaterThanOrEqual(20);
    for (const call of calls) call.hangUp();
    await double.settled();
    expect(calls.every(({ state }) => state === 'ended')).toBe(true);
  });
});
