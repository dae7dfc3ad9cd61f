import { FrameSchedule } from './frame-schedule.js';

describe('the schedule of frames', () => {
  it('spreads the lines over the period, and gives each its frame once in it', () => {
    const schedule = new FrameSchedule(1000, 4, 20);
    const sent: number[] = [];
    for (let nowMs = 1000; nowMs < 1040; nowMs++) schedule.run(nowMs, (line) => sent.push(line));
    expect(sent).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
  });

  it('makes up for a stall and says how late each frame was; the next ones are on time again', () => {
    const schedule = new FrameSchedule(0, 1, 20);
    const lateMs: number[] = [];
    schedule.run(0, (_, late) => lateMs.push(late));
    schedule.run(65, (_, late) => lateMs.push(late));
    schedule.run(80, (_, late) => lateMs.push(late));
    expect(lateMs).toEqual([0, 45, 25, 5, 0]);
  });

  it('has sent exactly what an hour holds after an hour of late ticks', () => {
    const schedule = new FrameSchedule(0, 3, 20);
    let sent = 0;
    for (let nowMs = 0; nowMs < 3_600_000; nowMs += 7.3) schedule.run(nowMs, () => sent++);
    schedule.run(3_600_000 - 0.001, () => sent++);
    expect(sent).toBe(540_000);
  });
});
