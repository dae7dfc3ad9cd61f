import { type TurnTimeline } from '../../conversation/observer.port.js';

/**
 * How long the caller waited, in milliseconds from the moment the answer was due: the end of their words, or the turn's
 * beginning where there are none. Undefined: it did not come, or came before it was due.
 */
export interface TurnLatencies {
  responseCreatedMs: number | undefined;
  /** The first audio that came from the model. */
  modelAudioMs: number | undefined;
  /** The first audio on its way to the caller. */
  audioSentMs: number | undefined;
  audioHeardMs: number | undefined;
}

export function turnLatencies({ callerSpeech, startedAtMs, responses, playout }: TurnTimeline): TurnLatencies {
  const dueAtMs = callerSpeech?.endedAtMs ?? startedAtMs;
  const since = (atMs: number | undefined): number | undefined =>
    atMs === undefined || atMs < dueAtMs ? undefined : atMs - dueAtMs;
  // An answer to words that went on after all was given up; what counts is the one that the caller got.
  const answers = responses.filter(({ dropped, createdAtMs }) => !dropped && createdAtMs >= dueAtMs);
  return {
    responseCreatedMs: since(earliest(answers.map(({ createdAtMs }) => createdAtMs))),
    modelAudioMs: since(earliest(answers.map(({ firstAudioAtMs }) => firstAudioAtMs))),
    audioSentMs: since(playout?.firstSentAtMs),
    audioHeardMs: since(playout?.firstHeardAtMs),
  };
}

function earliest(times: (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
