import { METER_FRAME_MS } from './level-meter.js';
import { EnergyVad, speechRmsOf, type VadEvent, vadSettingsOf } from './vad.js';

const settings = { speechRms: 300, prefixPaddingMs: 100, silenceDurationMs: 200, minSpeechMs: 60 };

function hear(vad: EnergyVad, rms: number, ms: number): VadEvent[] {
  const events: VadEvent[] = [];
  for (let at = 0; at < ms; at += METER_FRAME_MS) {
    const event = vad.push(rms);
    if (event) events.push(event);
  }
  return events;
}

describe('EnergyVad', () => {
  it('reports where speech began, less the prefix padding, and where the silence after it was long enough', () => {
    const vad = new EnergyVad(settings);
    expect(hear(vad, 10, 1000)).toEqual([]);
    expect(hear(vad, 2000, 500)).toEqual([{ kind: 'started', audioStartMs: 900 }]);
    expect(hear(vad, 10, 180)).toEqual([]);
    expect(hear(vad, 10, 20)).toEqual([{ kind: 'stopped', audioEndMs: 1700 }]);
  });

  it('never starts a turn before the beginning, nor inside the turn before', () => {
    const vad = new EnergyVad(settings);
    expect(hear(vad, 2000, 100)).toEqual([{ kind: 'started', audioStartMs: 0 }]);
    expect(hear(vad, 0, 200)).toEqual([{ kind: 'stopped', audioEndMs: 300 }]);
    expect(hear(vad, 2000, 100)).toEqual([{ kind: 'started', audioStartMs: 300 }]);
  });

  it('ignores a click that is shorter than the least speech', () => {
    const vad = new EnergyVad(settings);
    for (let i = 0; i < 5; i++) {
      expect(hear(vad, 20_000, 40)).toEqual([]);
      expect(hear(vad, 0, 100)).toEqual([]);
    }
  });

  it('takes a burst of noise for speech, as the real one does', () => {
    const vad = new EnergyVad(settings);
    expect(hear(vad, 1500, 120)).toHaveLength(1);
  });

  it('holds a turn open through pauses shorter than the silence duration', () => {
    const vad = new EnergyVad(settings);
    hear(vad, 2000, 200);
    for (let i = 0; i < 5; i++) {
      expect(hear(vad, 0, 160)).toEqual([]);
      expect(hear(vad, 2000, 60)).toEqual([]);
    }
    expect(vad.speaking).toBe(true);
  });

  it('does not end a turn as long as no audio comes, because it counts audio and not time', () => {
    const vad = new EnergyVad(settings);
    hear(vad, 2000, 200);
    expect(hear(vad, 0, 100)).toEqual([]);
    expect(vad.speaking).toBe(true);
  });

  it('counts from the audio time at which it began to listen', () => {
    const vad = new EnergyVad(settings, 5000);
    expect(hear(vad, 2000, 60)).toEqual([{ kind: 'started', audioStartMs: 5000 }]);
  });
});

describe('the threshold of turn detection', () => {
  it('asks for louder speech the higher it is', () => {
    expect(speechRmsOf(0)).toBeCloseTo(32.8, 0);
    expect(speechRmsOf(0.5)).toBeCloseTo(327.7, 0);
    expect(speechRmsOf(1)).toBeCloseTo(3276.8, 0);
  });

  it('waits longer the less eager semantic_vad is', () => {
    const silence = (eagerness: 'low' | 'medium' | 'high' | 'auto') =>
      vadSettingsOf({ type: 'semantic_vad', eagerness, create_response: true, interrupt_response: true }, 60)
        .silenceDurationMs;
    expect(silence('low')).toBeGreaterThan(silence('medium'));
    expect(silence('medium')).toBeGreaterThan(silence('high'));
    expect(silence('auto')).toBe(silence('medium'));
  });
});
