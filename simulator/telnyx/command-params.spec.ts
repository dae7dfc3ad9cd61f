import { checkCommand } from './command-params.js';

const codeOf = (action: string, body: Record<string, unknown>): string | undefined => checkCommand(action, body)?.code;

describe('checkCommand', () => {
  it('accepts what the documents show', () => {
    expect(
      codeOf('answer', {
        stream_url: 'wss://gw.example.com/media/abc?x=1',
        stream_track: 'both_tracks',
        stream_codec: 'default',
        stream_bidirectional_mode: 'rtp',
        stream_bidirectional_codec: 'AMR-WB',
        stream_bidirectional_target_legs: 'both',
        client_state: 'eyJ2IjoxfQ==',
        command_id: '6f1c',
        preferred_codecs: 'PCMU,PCMA',
      }),
    ).toBeUndefined();
    expect(
      codeOf('dial', { connection_id: '1', from: '+15550100001', to: ['+15550100002', 'sip:a@b.c'] }),
    ).toBeUndefined();
    expect(codeOf('transfer', { to: 'sip:desk@example.com;secure=srtp', timeout_secs: 30 })).toBeUndefined();
    expect(codeOf('hangup', {})).toBeUndefined();
  });

  it.each([
    ['dial', { from: '+15550100001', to: '+15550100002' }, '10004', '/connection_id'],
    ['dial', { connection_id: '1', from: '5550100001', to: '+15550100002' }, '10016', '/from'],
    ['dial', { connection_id: '1', from: '+15550100001', to: [] }, '10016', '/to'],
    [
      'dial',
      { connection_id: '1', from: '+15550100001', to: '+15550100002', timeout_secs: 4 },
      '10033',
      '/timeout_secs',
    ],
    ['answer', { client_state: 'abc' }, '90017', '/client_state'],
    ['answer', { client_state: 'a_-=' }, '90017', '/client_state'],
    ['answer', { stream_track: 'inbound' }, '10032', '/stream_track'],
    ['answer', { stream_url: `wss://x.example/${'a'.repeat(2000)}` }, '10015', '/stream_url'],
    ['answer', { command_id: 7 }, '10015', '/command_id'],
    ['streaming_start', {}, '10004', '/stream_url'],
    [
      'streaming_start',
      { stream_url: 'wss://x.example/', stream_bidirectional_sampling_rate: 44_100 },
      '10032',
      '/stream_bidirectional_sampling_rate',
    ],
    ['reject', { cause: 'BUSY' }, '10032', '/cause'],
    ['speak', { payload: 'Hello' }, '10004', '/voice'],
    ['send_dtmf', { digits: '12x' }, '10015', '/digits'],
    ['send_dtmf', { digits: '12', duration_millis: 50 }, '10033', '/duration_millis'],
  ])('refuses %s %j with %s', (action, body, code, pointer) => {
    expect(checkCommand(action, body)).toMatchObject({ code, pointer });
  });
});
