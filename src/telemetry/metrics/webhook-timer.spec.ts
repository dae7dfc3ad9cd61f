import { type CallHandler, type ExecutionContext, UnauthorizedException } from '@nestjs/common';
import { lastValueFrom, of, throwError } from 'rxjs';
import { Meters } from './meters.js';
import { Metered } from './testing/metered.js';
import { WebhookTimer } from './webhook-timer.js';

describe('WebhookTimer', () => {
  let metered: Metered;
  beforeEach(() => (metered = new Metered()));
  afterEach(() => metered.close());

  const answer = (method: string, handler: CallHandler): Promise<unknown> => {
    const context = { switchToHttp: () => ({ getRequest: () => ({ method }) }) } as unknown as ExecutionContext;
    return lastValueFrom(new WebhookTimer(new Meters()).intercept(context, handler)).catch(() => undefined);
  };
  const counts = async (): Promise<unknown[][]> =>
    [...(await metered.samples())]
      .filter(([key]) => key.includes('_count'))
      .map(([key, value]) => [/status_code="(\d+)"/.exec(key)?.[1], value]);

  it('counts an answer by its status', async () => {
    await answer('POST', { handle: () => of({}) });
    await answer('POST', { handle: () => of({}) });
    await answer('POST', { handle: () => throwError(() => new UnauthorizedException()) });
    await answer('POST', { handle: () => throwError(() => new Error('a mistake')) });
    expect(await counts()).toEqual([
      ['200', 2],
      ['401', 1],
      ['500', 1],
    ]);
  });

  it('passes over methods that nobody sends webhooks with', async () => {
    await answer('BREW', { handle: () => throwError(() => new Error('405')) });
    expect(await counts()).toEqual([]);
  });
});
