import { Keyring } from '../common/keyring.js';
import { FakeClock } from '../common/fake-clock.js';
import { Seal } from '../common/seal.js';
import { Secret } from '../config/secret.js';
import { INITIAL_CALL_STATE } from './call-events.js';
import { type CallPapers, openPapers, sealPapers } from './call-papers.js';

describe('The papers of a call', () => {
  const sealer = new Seal(new Keyring(new Secret('a secret of the deployment'), new FakeClock()), 'call papers');
  const papers: CallPapers = {
    facts: { callControlId: 'call', callSessionId: 'session', from: '+15550100', to: '+15550111' },
    state: {
      ...INITIAL_CALL_STATE,
      phase: 'transferring',
      attempt: 3,
      transfers: 2,
      secondLeg: 'dialled',
      streamed: true,
    },
    startedAtMs: 1_700_000_000_000,
  };

  it('are read as they were written', () => {
    expect(openPapers('call', sealPapers(papers, sealer), sealer)).toEqual(papers);
  });

  it('carry the context of the trace, and are read without one too', () => {
    const traced = { ...papers, traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00' };
    expect(openPapers('call', sealPapers(traced, sealer), sealer)).toEqual(traced);
    expect(openPapers('call', sealPapers(papers, sealer), sealer)?.traceparent).toBeUndefined();
  });

  it('show nobody who calls', () => {
    expect(sealPapers(papers, sealer).toString('latin1')).not.toContain('1555');
  });

  it('open for their own call only', () => {
    expect(openPapers('another', sealPapers(papers, sealer), sealer)).toBeUndefined();
  });

  it.each([
    ['nothing', undefined],
    ['what was not sealed', Buffer.from('{}')],
    ['no JSON', sealer.seal(Buffer.from('{'), 'call')],
    ['another shape', sealer.seal(Buffer.from('{"facts":{}}'), 'call')],
    [
      'a phase that does not exist',
      sealer.seal(Buffer.from(JSON.stringify({ ...papers, state: { ...papers.state, phase: 'dreaming' } })), 'call'),
    ],
    [
      'a number of another kind',
      sealer.seal(Buffer.from(JSON.stringify({ ...papers, state: { ...papers.state, attempt: -1 } })), 'call'),
    ],
  ])('are passed over where they are %s', (_what, sealed) => {
    expect(openPapers('call', sealed, sealer)).toBeUndefined();
  });

  it('of a later version are read as far as they are known', () => {
    const later = { ...papers, state: { ...papers.state, mood: 'good' }, more: true };
    expect(openPapers('call', sealer.seal(Buffer.from(JSON.stringify(later)), 'call'), sealer)).toEqual(papers);
  });
});
