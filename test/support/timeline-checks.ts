import { type TurnResponse, type TurnTimeline, type TurnTool } from '../../src/conversation/observer.port.js';

/** @returns what cannot be true of these turns of one call, whatever happened in it. */
export function wrongTimes(turns: readonly TurnTimeline[]): string[] {
  const ids = turns.flatMap(({ responses }) => responses.map(({ responseId }) => responseId));
  const tools = turns.flatMap((turn) => turn.tools.map(({ toolCallId }) => toolCallId));
  return [
    ...twice(turns.map(({ number }) => `turn ${number}`)),
    ...twice(ids),
    ...twice(tools),
    ...turns.flatMap((turn) => wrongIn(turn).map((what) => `${what} in turn ${turn.number}, ${turn.outcome}`)),
  ];
}

function twice(things: readonly string[]): string[] {
  return things.filter((thing, at) => things.indexOf(thing) !== at).map((thing) => `${thing} is told twice`);
}

function wrongIn(turn: TurnTimeline): string[] {
  const { number, cause, startedAtMs, endedAtMs, callerSpeech, responses, tools, playout, outcome, cut } = turn;
  const within = (what: string, ...times: (number | undefined)[]): string[] => {
    const known = [startedAtMs, ...times.filter((time) => time !== undefined), endedAtMs];
    return known.every((time, at) => time >= (known[at - 1] ?? time)) ? [] : [`the times of ${what}`];
  };
  const inOrder = (response: TurnResponse): string[] => {
    const { responseId, askedAtMs, createdAtMs, firstAudioAtMs, doneAtMs, audioMs } = response;
    const wrong = within(responseId, askedAtMs, createdAtMs, firstAudioAtMs, doneAtMs);
    if (audioMs > 0 !== (firstAudioAtMs !== undefined)) wrong.push(`the audio of ${responseId}`);
    return wrong;
  };
  const ran = ({ toolCallId, startedAtMs: begun, endedAtMs: ended, late }: TurnTool): string[] => {
    if (!late) return within(toolCallId, begun, ended);
    return begun <= ended && ended <= endedAtMs ? [] : [`the times of ${toolCallId}`];
  };
  const wrong = [
    ...within('the turn'),
    ...(callerSpeech ? within('the speech', callerSpeech.startedAtMs, callerSpeech.endedAtMs) : []),
    ...responses.flatMap(inOrder),
    ...tools.flatMap(ran),
    ...(playout ? within('the playout', playout.firstSentAtMs, playout.firstHeardAtMs, playout.endedAtMs) : []),
  ];
  if (number === 0 && cause !== 'greeting') wrong.push(`the cause, ${cause},`);
  if (outcome === 'heard' && !playout) wrong.push('no playout');
  if (outcome === 'skipped' && playout) wrong.push('a playout');
  if (cut && (cut.heardMs > cut.ofMs || outcome === 'heard')) wrong.push('the cut');
  return wrong;
}
