export { AssistantEar } from './assistant-ear.js';
export { type CallReport, type TurnReport, type Utterance } from './call-report.js';
export {
  type CallerScript,
  CallerScriptError,
  loadCallerScript,
  parseCallerScript,
  type PreparedScript,
  prepareScript,
} from './caller-script.js';
export { type CallerEvent, type RunOptions, runCallerScript, type ScriptedCall } from './run-caller-script.js';
export { BOOKING_CALL, BOOKING_KEYS } from './scripts.js';
