import { EventLog } from './event-log.js';

describe('EventLog', () => {
  it('hands out each event once, whether it came before or comes after', async () => {
    const log = new EventLog('event');
    log.push({ type: 'a', n: 1 });
    log.push({ type: 'b', n: 2 });
    log.push({ type: 'a', n: 3 });
    expect(await log.next('a')).toMatchObject({ n: 1 });
    expect(await log.next('a')).toMatchObject({ n: 3 });
    const coming = log.next('a');
    log.push({ type: 'a', n: 4 });
    expect(await coming).toMatchObject({ n: 4 });
    expect(await log.next('b')).toMatchObject({ n: 2 });
  });

  it('gives two waiters two events', async () => {
    const log = new EventLog('event');
    const waiting = [log.next('a'), log.next('a')];
    log.push({ type: 'a', n: 1 });
    log.push({ type: 'a', n: 2 });
    expect(await Promise.all(waiting)).toMatchObject([{ n: 1 }, { n: 2 }]);
  });

  it('passes over what the predicate does not want', async () => {
    const log = new EventLog('event');
    log.push({ type: 'a', n: 1 });
    log.push({ type: 'a', n: 2 });
    expect(await log.next('a', ({ n }) => n === 2)).toMatchObject({ n: 2 });
  });

  it('says what was seen when nothing came in time', async () => {
    const log = new EventLog('server event');
    log.push({ type: 'other' });
    await expect(log.next('a', undefined, 5)).rejects.toThrow('no server event a within 5 ms; seen: other x1');
  });

  it('stays bounded and keeps its place when old events fall out', async () => {
    const log = new EventLog('event');
    for (let n = 0; n < 10_500; n++) log.push({ type: 'a', n });
    expect(log.events).toHaveLength(10_000);
    expect(log.count('a')).toBe(10_500);
    expect(await log.next('a')).toMatchObject({ n: 500 });
    expect(await log.next('a')).toMatchObject({ n: 501 });
  });
});
