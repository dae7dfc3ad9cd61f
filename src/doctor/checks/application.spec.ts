import { chooseApplication, judgeApplication } from './application.js';

const publicUrl = new URL('wss://h.example/');
const ours = {
  id: '1',
  application_name: 'ours',
  webhook_event_url: 'https://h.example/webhooks',
  webhook_api_version: '2' as const,
};
const other = {
  id: '2',
  application_name: 'other',
  webhook_event_url: 'https://o.example/hook',
  webhook_api_version: '2' as const,
};

describe('the Call Control application', () => {
  it('is the one whose webhooks go to the public address', () => {
    expect(chooseApplication([other, ours], publicUrl)).toEqual({ application: ours });
  });

  it('is the active one of two with the same address', () => {
    const off = { ...ours, id: '3', active: false };
    expect(chooseApplication([off, ours], publicUrl)).toEqual({ application: ours });
  });

  it('is missing by name of what there is, and the address that is wanted', () => {
    expect(chooseApplication([other], publicUrl)).toMatchObject({
      result: {
        status: 'fail',
        detail: expect.stringContaining('"other" → https://o.example/hook') as string,
        fix: expect.stringContaining('https://h.example/webhooks/') as string,
      },
    });
    expect(chooseApplication([], publicUrl)).toMatchObject({ result: { status: 'fail', detail: 'there is none' } });
  });

  it('is guessed without PUBLIC_URL, but only when there is one guess', () => {
    expect(chooseApplication([other, ours], undefined)).toEqual({ application: ours });
    const second = { ...ours, application_name: 'second', webhook_event_url: 'https://s.example/webhooks/' };
    expect(chooseApplication([ours, second], undefined)).toMatchObject({ result: { status: 'warn' } });
    expect(chooseApplication([other], undefined)).toMatchObject({ result: { status: 'fail' } });
  });

  it.each([
    [{ webhook_api_version: '1' as const }, 'fail', /API version 1/],
    [{ webhook_api_version: undefined }, 'fail', /API version 1/],
    [{ active: false }, 'fail', /switched off/],
    [{ webhook_event_url: 'http://h.example/webhooks' }, 'warn', /unencrypted/],
    [{ webhook_event_url: 'http://127.0.0.1:6000/webhooks' }, 'ok', /version 2/],
    [{}, 'ok', /version 2/],
  ])('with %j is judged %s', (change, status, detail) => {
    const result = judgeApplication({ ...ours, ...change });
    expect(result.status).toBe(status);
    expect(result.detail).toMatch(detail);
  });
});
