import { RealtimeFaults } from '../realtime/index.js';
import { TelnyxFaults } from '../telnyx/index.js';
import { armRealtimeFaults, armTelnyxFaults } from './faults.js';

describe('faults on the command line', () => {
  it('hit the REST command or the webhook that they name, as often as they say', () => {
    const faults = new TelnyxFaults();
    armTelnyxFaults(faults, [
      'rest:answer:error,status=503,code=10007,times=2',
      'webhook:call.hangup:duplicate,copies=3',
      'webhook:*:reorder,times=all',
    ]);
    const error = { kind: 'error', status: 503, code: '10007' };
    expect([1, 2, 3].map(() => faults.rest.take('answer'))).toEqual([error, error, undefined]);
    expect(faults.webhooks.take('call.hangup')).toEqual({ kind: 'duplicate', copies: 3 });
    expect([1, 2].map(() => faults.webhooks.take('call.answered'))).toEqual([{ kind: 'reorder' }, { kind: 'reorder' }]);
  });

  it('lie in wait in the Realtime double', () => {
    const faults = new RealtimeFaults();
    armRealtimeFaults(faults, ['refuseUpgrade,status=503,times=2', 'drop,type=response.done,nth=2']);
    expect(faults.pending).toEqual(['refuseUpgrade', 'drop']);
    expect(faults.take('drop')).toEqual({ type: 'response.done', nth: 2 });
    expect(faults.take('refuseUpgrade')).toEqual({ status: 503 });
    expect(faults.take('refuseUpgrade')).toEqual({ status: 503 });
    expect(faults.pending).toEqual([]);
  });

  it.each([
    ['answer:error', 'is neither rest:ACTION:FAULT nor webhook:EVENT:FAULT'],
    ['rest:answer:eror', 'there is no fault "eror" (did you mean "error"?)'],
    ['rest:answer:error,status=503', '--fault error: code must be given'],
    ['rest:answer:error,status=many,code=1', '--fault error: status: "many" is not a whole number from 400'],
    ['rest:answer:delay,delayMs=5,copies=2', '--fault delay: copies: it takes delayMs and times'],
    ['webhook:call.hangup:drop,times=0', '--fault drop: times: "0" is not a whole number from 1'],
    ['webhook:call.hangup:drop,now', '--fault drop: "now" is not name=value'],
  ])('are refused with what would be right: %s', (text, message) => {
    expect(() => armTelnyxFaults(new TelnyxFaults(), [text])).toThrow(message);
  });
});
