import { encodeG711 } from '../../simulator/audio/g711.js';
import { babble } from '../../simulator/audio/signals.js';
import { FakeClock } from '../common/fake-clock.js';
import { type G711Law } from '../conversation/line.port.js';
import { SpeechEndWatch } from './speech-end-watch.js';

const FRAME_MS = 20;
const SPEECH = babble(1_000, -26);
const LAWS = { pcmu: 'PCMU', pcma: 'PCMA' } as const;

function setUp(law: G711Law = 'pcmu') {
  const clock = new FakeClock();
  let missed = 0;
  const watch = new SpeechEndWatch(clock, () => missed++);
  const send = (audio: Int16Array): void => {
    for (let at = 0; at + 160 <= audio.length; at += 160) {
      const frame = encodeG711(LAWS[law], audio.subarray(at, at + 160));
      watch.audio(Buffer.from(frame.toString('base64')), law);
      clock.advance(FRAME_MS);
    }
  };
  return {
    ...{ clock, watch },
    speak: (seconds: number) => Array.from({ length: seconds }).forEach(() => send(SPEECH)),
    beSilent: (seconds: number) => send(new Int16Array(seconds * 8_000)),
    missed: () => missed,
  };
}

describe('SpeechEndWatch', () => {
  it.each(['pcmu', 'pcma'] as const)('notices in %s that the caller is silent and the service does not', (law) => {
    const { watch, speak, beSilent, missed } = setUp(law);
    watch.speechStarted();
    speak(3);
    beSilent(11);
    expect(missed()).toBe(0);
    beSilent(2);
    expect(missed()).toBe(1);
    beSilent(60);
    expect(missed()).toBe(1);
  });

  it('leaves a caller alone who speaks, with pauses as long as turn detection allows', () => {
    const { watch, speak, beSilent, missed } = setUp();
    watch.speechStarted();
    for (let turn = 0; turn < 15; turn++) {
      speak(2);
      beSilent(8);
    }
    expect(missed()).toBe(0);
  });

  it('does not take endless noise for speech', () => {
    const { watch, speak, missed } = setUp();
    watch.speechStarted();
    speak(181);
    expect(missed()).toBe(0);
    speak(2);
    expect(missed()).toBe(1);
  });

  it('looks only while the service says that the caller speaks', () => {
    const { watch, beSilent, missed } = setUp();
    beSilent(20);
    watch.speechStarted();
    beSilent(9);
    watch.speechStopped();
    beSilent(20);
    watch.speechStarted();
    beSilent(9);
    expect(missed()).toBe(0);
  });

  it('waits a moment for the word of the service, which may be on its way', () => {
    const { clock, watch, beSilent, missed } = setUp();
    watch.speechStarted();
    beSilent(11);
    watch.speechStopped();
    clock.advance(10_000);
    expect(missed()).toBe(0);
  });

  it('says nothing of a session that is over', () => {
    const { clock, watch, beSilent, missed } = setUp();
    watch.speechStarted();
    beSilent(11);
    watch.stop();
    clock.advance(10_000);
    expect(missed()).toBe(0);
  });
});
