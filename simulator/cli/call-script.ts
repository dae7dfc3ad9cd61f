import { basename, resolve } from 'node:path';
import { type CallerScript, loadCallerScript, type PreparedScript, prepareScript } from '../caller/index.js';
import { CLIP_NAMES } from '../audio/clips.js';
import { ValueError } from './values.js';

export interface ScriptFlags {
  script?: string;
  wav?: string[];
  callerFirst?: true;
  maxLatencyMs?: number;
  maxInterruptionMs?: number;
}

/** What the caller does when nobody says: hears the greeting, asks something, hears the answer, hangs up. */
const DEFAULT_CLIP = 'caller-booking';

/**
 * The script that the flags ask for: a file, or one turn for each WAV file (or clip), each after the assistant has
 * finished. Throws ValueError, or CallerScriptError for what is wrong in a file.
 */
export async function scriptOf(flags: ScriptFlags): Promise<PreparedScript> {
  const { script: path, wav, callerFirst, maxLatencyMs, maxInterruptionMs } = flags;
  if (path !== undefined && (wav !== undefined || callerFirst))
    throw new ValueError('--script says all that the caller does: leave --wav and --caller-first out');
  const script =
    path === undefined ? prepareScript(turns(wav ?? [DEFAULT_CLIP], callerFirst)) : await loadCallerScript(path);
  if (path !== undefined && script.name === undefined) script.name = basename(path);
  if (maxLatencyMs !== undefined) script.limits.answerMs = maxLatencyMs;
  if (maxInterruptionMs !== undefined) script.limits.silenceAfterInterruptionMs = maxInterruptionMs;
  return script;
}

function turns(said: readonly string[], callerFirst: true | undefined): CallerScript {
  const clips: readonly string[] = CLIP_NAMES;
  return {
    name: said.join(', '),
    steps: [
      ...said.map((one, index) => ({
        say: clips.includes(one) ? one : resolve(one),
        after: callerFirst && index === 0 ? 500 : ('assistant-finished' as const),
      })),
      { hangUp: true, after: 'assistant-finished' },
    ],
  };
}
