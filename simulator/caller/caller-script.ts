import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { CLIP_NAMES, CLIP_TEXTS, isClipName, loadClip, readTelephoneAudio } from '../audio/clips.js';

const milliseconds = z.number().min(0).max(3_600_000);

/** When a step begins: on something the caller hears, or so many milliseconds after the step before it was over. */
const after = z.union([z.enum(['answered', 'assistant-started', 'assistant-finished']), milliseconds]);

/** How long a step may wait for its moment. */
const timeoutMs = milliseconds.optional();

const say = z
  .strictObject({
    /** A clip's name, or the path of a WAV file (relative to the script's file). */
    say: z.string().min(1),
    after: after.optional(),
    /** Speaks over the assistant, this long after the assistant's first sound. */
    interruptAfterMs: milliseconds.optional(),
    timeoutMs,
  })
  .refine((step) => step.after === undefined || step.interruptAfterMs === undefined, {
    message: 'give "after" or "interruptAfterMs", not both',
  });

const press = z.strictObject({ press: z.string().regex(/^[0-9A-D*#]{1,32}$/), after: after.optional(), timeoutMs });
const wait = z.strictObject({ wait: after, timeoutMs });
/** For the gateway to hang up, which ends the script; with `orHangUp` it may as well be the caller who does in the end. */
const waitForTheEnd = z.strictObject({ wait: z.literal('hung-up'), orHangUp: z.literal(true).optional(), timeoutMs });
const hangUp = z.strictObject({ hangUp: z.literal(true), after: after.optional(), timeoutMs });

const callerScript = z.strictObject({
  name: z.string().optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  /** Quiet for this long, the assistant has finished: longer than the pauses between its sentences. */
  assistantPauseMs: milliseconds.default(1000),
  /** A turn beyond these is a problem in the report. */
  limits: z
    .strictObject({ answerMs: milliseconds.optional(), silenceAfterInterruptionMs: milliseconds.optional() })
    .default({}),
  steps: z
    .array(z.union([say, press, wait, waitForTheEnd, hangUp]))
    .min(1)
    .refine((steps) => !steps.slice(0, -1).some((step) => 'wait' in step && step.wait === 'hung-up'), {
      message: 'nothing can follow { wait: "hung-up" }',
    }),
});

/** What a caller says and does, and when. As JSON in a file, or as a value. */
export type CallerScript = z.input<typeof callerScript>;
export type ParsedCallerScript = z.output<typeof callerScript>;
export type CallerStep = ParsedCallerScript['steps'][number];
export type StepMoment = z.output<typeof after>;

/** A script that cannot be run; the message has one line per fault. */
export class CallerScriptError extends Error {
  override readonly name = 'CallerScriptError';
}

const STEP_FORMS =
  'a step is one of { say, after?, interruptAfterMs? }, { press, after? }, { wait }, { wait: "hung-up", orHangUp? }, ' +
  '{ hangUp: true, after? }';

function faultsOf(error: z.ZodError): string {
  return error.issues
    .map((issue) => {
      const what = issue.code === 'invalid_union' ? STEP_FORMS : issue.message;
      return `${issue.path.join('.') || 'script'}: ${what}`;
    })
    .join('\n');
}

/** Checks a script of unknown shape and fills in its defaults. Throws CallerScriptError. */
export function parseCallerScript(value: unknown): ParsedCallerScript {
  const parsed = callerScript.safeParse(value);
  if (!parsed.success) throw new CallerScriptError(faultsOf(parsed.error));
  return parsed.data;
}

/** A step that is ready to be carried out: the audio is there. */
export interface SpokenAudio {
  samples: Int16Array;
  /** The words where they are known (clips), else the file's name. */
  words: string;
}

/** A script with everything it needs loaded, so that nothing is missing once the call is up. */
export interface PreparedScript extends ParsedCallerScript {
  /** By the step's `say`. */
  audio: ReadonlyMap<string, SpokenAudio>;
}

/** Loads every clip and WAV file that the script names; `folder` is where relative paths start. Throws CallerScriptError. */
export function prepareScript(value: CallerScript, folder = process.cwd()): PreparedScript {
  const script = parseCallerScript(value);
  const audio = new Map<string, SpokenAudio>();
  for (const [index, step] of script.steps.entries()) {
    if (!('say' in step) || audio.has(step.say)) continue;
    try {
      const samples = isClipName(step.say)
        ? loadClip(step.say)
        : readTelephoneAudio(isAbsolute(step.say) ? step.say : join(folder, step.say));
      audio.set(step.say, { samples, words: isClipName(step.say) ? CLIP_TEXTS[step.say] : step.say });
    } catch (error) {
      throw new CallerScriptError(
        `steps.${index}.say: ${step.say} is neither a clip (${CLIP_NAMES.join(', ')}) nor a WAV file that can be read: ` +
          (error instanceof Error ? error.message : String(error)),
      );
    }
  }
  return { ...script, audio };
}

/** Reads and prepares a script file (JSON). Throws CallerScriptError. */
export async function loadCallerScript(path: string): Promise<PreparedScript> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new CallerScriptError(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return prepareScript(value as CallerScript, dirname(path));
}
