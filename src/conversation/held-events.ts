import { type ModelListener } from './model.port.js';
import { type Ledger } from './record/ledger.js';
import { type Standstill } from './standstill.js';

/**
 * Hears what a session tells while its conversation stands still: what is only written down is written down at once, the
 * rest is held.
 *
 * @param listener hears it then.
 */
export function heldEvents(listener: ModelListener, standstill: Standstill, ledger: Ledger): ModelListener {
  /** The words of a turn that is itself held come after it. */
  const record = (event: () => void): void => (standstill.nothingTold ? event() : standstill.run(event));
  const hold = (event: () => void): void => standstill.run(event);
  return {
    callerTranscript: (...told) => record(() => listener.callerTranscript(...told)),
    callerTranscriptFailed: (...told) => record(() => listener.callerTranscriptFailed(...told)),
    responseDone: (outcome) => {
      // It has its cost, whoever goes on with the call.
      if (outcome.usage) ledger.response(outcome.usage, outcome.costUsd);
      hold(() => listener.responseDone({ ...outcome, usage: undefined }));
    },
    speechStarted: (...told) => hold(() => listener.speechStarted(...told)),
    speechStopped: (...told) => hold(() => listener.speechStopped(...told)),
    turnCommitted: (...told) => hold(() => listener.turnCommitted(...told)),
    responseCreated: (...told) => hold(() => listener.responseCreated(...told)),
    audio: (...told) => hold(() => listener.audio(...told)),
    audioDone: (...told) => hold(() => listener.audioDone(...told)),
    assistantTranscript: (...told) => hold(() => listener.assistantTranscript(...told)),
    toolCalled: (...told) => hold(() => listener.toolCalled(...told)),
    remoteToolBegun: (...told) => hold(() => listener.remoteToolBegun(...told)),
    remoteToolDone: (...told) => hold(() => listener.remoteToolDone(...told)),
    refused: (...told) => hold(() => listener.refused(...told)),
    lost: (...told) => hold(() => listener.lost(...told)),
  };
}
