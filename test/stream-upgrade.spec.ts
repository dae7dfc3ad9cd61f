import { babble } from '../simulator/audio/signals.js';
import { connectCall, eventually, hangUp, requestOf, requestsFor } from './support/calls.js';
import { setStage, type Stage } from './support/gateway.js';
import { MediaSocket, upgradeStatus } from './support/media-socket.js';
import { givenPath, STREAM_SECRET, streamPath } from './support/stream-tokens.js';

const WORDS = babble(700, -12);

describe('the upgrade of a media stream', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await setStage({ env: { WARM_SESSIONS: '0', STREAM_TOKEN_SECRET: STREAM_SECRET } });
  });
  afterAll(() => stage.close());
  afterEach(async () => {
    for (const call of stage.telnyx.calls) if (call.state !== 'ended') call.hangUp();
    await stage.gateway.waitForStatus(({ heldCalls }) => heldCalls === 0);
    expect(stage.gateway.alive).toBe(true);
  });

  it.each([
    ['no token', () => '/media-stream'],
    ['no token and a slash', () => '/media-stream/'],
    ['something else for a token', () => '/media-stream/let-me-in'],
    ['a token of another deployment', () => streamPath('v3:someone', 0, 'the-secret-of-someone-else')],
    ['a token from the future', () => streamPath('v3:early', -90)],
    ['a token with a path behind it', () => `${streamPath('v3:more')}/more`],
  ])('is refused with 401 for %s', async (_, path) => {
    expect(await upgradeStatus(stage.gateway.port, path())).toBe(401);
  });

  it('is served for an old token of a call that is not known here only if Telnyx says that it goes on', async () => {
    const socket = await MediaSocket.open(stage.gateway.port, streamPath('v3:late', 125));
    socket.start('v3:late');
    expect(await socket.closed).toMatchObject({ code: 1000 });
    expect(stage.realtime.sessions.filter(({ appendCount }) => appendCount > 0)).toEqual([]);
    await stage.gateway.waitForLine((line) => line.msg.startsWith('media stream is not served'));
  });

  it('is refused with 401 whichever character of its token was changed', async () => {
    const path = streamPath('v3:changed');
    for (const at of [15, Math.floor(path.length / 2), path.length - 10]) {
      const other = path[at] === 'A' ? 'B' : 'A';
      const changed = path.slice(0, at) + other + path.slice(at + 1);
      expect(await upgradeStatus(stage.gateway.port, changed)).toBe(401);
    }
  });

  it.each(['/', '/webhooks/', '/media-streams/x', '/nowhere'])('is refused with 404 at %s', async (path) => {
    expect(await upgradeStatus(stage.gateway.port, path)).toBe(404);
  });

  it('is let in for a later socket of a living call, however old the token, and for none once the call is over', async () => {
    const { call } = await connectCall(stage);
    const old = streamPath(call.callControlId, 3_600);
    expect(await upgradeStatus(stage.gateway.port, old)).toBe(101);
    const path = givenPath(stage, call);
    await hangUp(stage, call);
    expect(await upgradeStatus(stage.gateway.port, old)).toBe(401);
    expect(await upgradeStatus(stage.gateway.port, path)).toBe(401);
  });

  it("does not let a socket serve another call than its token's", async () => {
    const [first, second] = [await connectCall(stage), await connectCall(stage)];
    const intruder = await MediaSocket.open(stage.gateway.port, givenPath(stage, first.call));
    intruder.start(second.call.callControlId);
    expect(await intruder.closed).toMatchObject({ code: 1008 });
    await stage.gateway.waitForLine(({ msg }) => msg.includes('made for another call'));
    for (const { call, session } of [first, second]) {
      await call.say(WORDS);
      await session.waitFor('speech_stopped');
      expect(call.streams).toHaveLength(1);
      expect(call.streams[0]?.isOpen).toBe(true);
    }
  });

  it('with stream authentication off needs no token', async () => {
    const open = await setStage({ env: { STREAM_AUTH: 'off' } });
    try {
      expect(await upgradeStatus(open.gateway.port, '/media-stream')).toBe(101);
      const call = open.telnyx.placeCall();
      await call.waitFor('heard-audio');
      expect(requestsFor(open, call, 'answer')[0]?.body['stream_url']).toBe(
        `wss://127.0.0.1:${open.gateway.port}/media-stream`,
      );
    } finally {
      await open.close();
    }
  });

  it('serves answered calls above the limit of the pod, up to half as many again; then says so and hangs up', async () => {
    const full = await setStage({
      env: { MAX_CALLS: '2', STREAM_TOKEN_SECRET: STREAM_SECRET },
      telnyx: { switches: { speakMsPerCharacter: 1 } },
    });
    try {
      // Answered by pods that are no more: their tokens lead here.
      const sockets: MediaSocket[] = [];
      for (let index = 0; index < 4; index++) {
        full.telnyx.faults.webhooks.next('call.initiated', { kind: 'drop' });
        const { callControlId } = full.telnyx.placeCall();
        const socket = await MediaSocket.open(full.gateway.port, streamPath(callControlId));
        socket.start(callControlId);
        sockets.push(socket);
        if (index < 3) await eventually(() => (socket.mediaFrames > 0 ? true : undefined), 'the greeting');
      }
      await full.gateway.waitForLine(({ msg, level }) => level >= 50 && msg.includes('more media streams'));
      const [, , , last] = full.telnyx.calls;
      if (last) await requestOf(full, last, 'speak');
      expect(requestsFor(full, full.telnyx.calls[2] ?? { callControlId: '' })).toEqual([]);
      for (const socket of sockets) socket.terminate();
    } finally {
      await full.close();
    }
  });
});
