import { renewalTimeMs, type SessionAge } from './session-age.js';

const EPOCH_MS = 1_790_000_000_000;
const HOUR: SessionAge = {
  openedMs: 1_000,
  renewAfterMs: 3_000_000,
  nowMs: 2_000,
  epochNowMs: EPOCH_MS,
  expiresAtS: EPOCH_MS / 1_000 + 3_600,
};

describe('renewalTimeMs', () => {
  it('is the age from the settings, where the service leaves enough time', () => {
    expect(renewalTimeMs(HOUR)).toBe(3_001_000);
  });

  it('is two minutes before the end, where the service ends the session earlier', () => {
    expect(renewalTimeMs({ ...HOUR, expiresAtS: EPOCH_MS / 1_000 + 1_800 })).toBe(2_000 + 1_680_000);
    expect(renewalTimeMs({ ...HOUR, renewAfterMs: 3_500_000 })).toBe(2_000 + 3_480_000);
  });

  it.each([undefined, null, NaN, 0, -1, Infinity, 5, EPOCH_MS / 1_000 + 60, EPOCH_MS])(
    'goes by the age alone when the service says that it ends at %p',
    (expiresAtS) => {
      expect(renewalTimeMs({ ...HOUR, expiresAtS })).toBe(3_001_000);
    },
  );
});
