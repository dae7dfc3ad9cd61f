import { judgeAnyNumber, judgeNumber } from './number.js';

const mine = { phone_number: '+15550100002', status: 'active', connection_id: 'app' };

describe('the phone number', () => {
  it('is any active one of the application', () => {
    expect(judgeAnyNumber([mine])).toEqual({ status: 'ok', detail: '+15550100002 leads to the application' });
    expect(judgeAnyNumber([mine, mine, mine, mine, mine]).detail).toMatch(/and 2 more/);
    expect(judgeAnyNumber([])).toMatchObject({ status: 'fail' });
    expect(judgeAnyNumber([{ ...mine, status: 'port-pending' }])).toMatchObject({ status: 'fail' });
  });

  it.each([
    ['found among longer ones', [{ phone_number: '+155501000021' }, mine], 'ok', /leads to the application/],
    ['of another account', [{ phone_number: '+155501000021' }], 'fail', /not a number of this account/],
    ['without a connection', [{ ...mine, connection_id: null }], 'fail', /leads nowhere/],
    ['with another connection', [{ ...mine, connection_id: 'x', connection_name: 'sip' }], 'fail', /"sip"/],
    ['that is not active', [{ ...mine, status: 'ported-out' }], 'fail', /ported-out/],
  ])('that was asked for, %s', (_, numbers, status, detail) => {
    const result = judgeNumber(numbers, '+15550100002', 'app');
    expect(result.status).toBe(status);
    expect(result.detail).toMatch(detail);
  });

  it('is not called right while the application is unknown', () => {
    expect(judgeNumber([mine], '+15550100002')).toMatchObject({ status: 'warn' });
  });
});
