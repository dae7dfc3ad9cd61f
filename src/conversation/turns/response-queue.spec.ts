import fc from 'fast-check';
import { ResponseQueue } from './response-queue.js';

const ACTIVE = 'conversation_already_has_active_response';

function setUp() {
  const asked: string[] = [];
  const queue = new ResponseQueue(() => {
    asked.push(`request-${asked.length + 1}`);
    return asked.at(-1) ?? '';
  });
  return { queue, asked };
}

describe('ResponseQueue', () => {
  it('asks at once when nothing runs', () => {
    const { queue, asked } = setUp();
    queue.request();
    expect(asked).toEqual(['request-1']);
    expect(queue.busy).toBe(true);
    expect(queue.activeId).toBeUndefined();
  });

  it('makes one answer of requests that come while one is on its way or running', () => {
    const { queue, asked } = setUp();
    queue.request();
    queue.request();
    queue.created('a');
    queue.request();
    expect(asked).toHaveLength(1);
    queue.done('a');
    expect(asked).toHaveLength(2);
    queue.created('b');
    queue.done('b');
    expect(asked).toHaveLength(2);
    expect(queue.busy).toBe(false);
  });

  it('does not ask for what was withdrawn', () => {
    const { queue, asked } = setUp();
    queue.request();
    queue.created('a');
    queue.request();
    queue.withdraw();
    queue.done('a');
    expect(asked).toHaveLength(1);
  });

  it("waits for the model's own answer where that was faster, and asks behind it", () => {
    const { queue, asked } = setUp();
    queue.request();
    expect(queue.refused(ACTIVE, 'request-1')).toBe('postponed');
    queue.created('its own');
    expect(asked).toHaveLength(1);
    queue.done('its own');
    expect(asked).toHaveLength(2);
  });

  it("does so too when the model's own answer began before the refusal came", () => {
    const { queue, asked } = setUp();
    queue.request();
    queue.created('its own');
    expect(queue.refused(ACTIVE, 'request-1')).toBe('postponed');
    expect(queue.activeId).toBe('its own');
    queue.done('its own');
    expect(asked).toHaveLength(2);
  });

  it('is free again when its request was refused', () => {
    const { queue, asked } = setUp();
    queue.request();
    expect(queue.refused('invalid_value', 'request-1')).toBe('lost');
    expect(queue.busy).toBe(false);
    queue.request();
    expect(asked).toHaveLength(2);
  });

  it.each([
    ['response_cancel_not_active', undefined],
    ['invalid_request_error', undefined],
    ['item_not_found', 'request-7'],
    ['server_error', 'request-7'],
  ])('knows refusals of other things: %s of %s', (code, requestId) => {
    const { queue } = setUp();
    queue.request();
    expect(queue.refused(code, requestId)).toBe('not-ours');
    expect(queue.busy).toBe(true);
  });

  it("takes the model's own trouble for a refusal of the request on its way, though it names none", () => {
    const { queue } = setUp();
    expect(queue.refused('server_error', undefined)).toBe('not-ours');
    queue.request();
    expect(queue.refused('server_error', undefined)).toBe('lost');
    expect(queue.busy).toBe(false);
  });

  it('forgets everything with a new session', () => {
    const { queue, asked } = setUp();
    queue.request();
    queue.created('a');
    queue.request();
    queue.reset();
    expect(queue.busy).toBe(false);
    queue.done('a');
    expect(asked).toHaveLength(1);
  });

  it('never asks while a response runs or is asked for, and always ends up asking for what is wanted', () => {
    const step = fc.constantFrom('request', 'created', 'done', 'refused', 'active', 'model-trouble');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let running: string | undefined;
        let onItsWay: string | undefined;
        let count = 0;
        let wanted = false;
        const queue = new ResponseQueue(() => {
          expect(running).toBeUndefined();
          expect(onItsWay).toBeUndefined();
          onItsWay = `request-${++count}`;
          wanted = false;
          return onItsWay;
        });
        for (const [index, what] of steps.entries()) {
          if (what === 'request') {
            wanted = true;
            queue.request();
          } else if (what === 'created' && running === undefined) {
            // Ours, or the model's own.
            running = `response-${index}`;
            onItsWay = undefined;
            queue.created(running);
          } else if (what === 'done' && running !== undefined) {
            const over = running;
            running = undefined;
            queue.done(over);
          } else if (what === 'refused' && onItsWay !== undefined) {
            const refused = onItsWay;
            onItsWay = undefined;
            expect(queue.refused('invalid_value', refused)).toBe('lost');
          } else if (what === 'model-trouble') {
            const ours = onItsWay !== undefined;
            onItsWay = undefined;
            expect(queue.refused('server_error', undefined)).toBe(ours ? 'lost' : 'not-ours');
          } else if (what === 'active' && onItsWay !== undefined) {
            const refused = onItsWay;
            onItsWay = undefined;
            wanted = true;
            running = `response-${index}`;
            queue.created(running);
            queue.refused(ACTIVE, refused);
          }
          expect(queue.busy).toBe(running !== undefined || onItsWay !== undefined);
        }
        if (running !== undefined) {
          const over = running;
          running = undefined;
          queue.done(over);
          expect(wanted).toBe(false);
        }
      }),
    );
  });
});
