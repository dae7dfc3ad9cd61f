import { type HttpTool } from '../config/tools-setting.js';
import { type ToolOutcome } from '../conversation/tools/tool.port.js';

/** Some 2,000 tokens: they stay in the conversation and are paid for with every answer. */
const MOST_OUTPUT_CHARACTERS = 8000;
const MOST_ERROR_CHARACTERS = 500;
const CUT_NOTE = '\n[The rest of the answer was left out, because it is too long.]';

/** Why a tool brought nothing. `words` is what its endpoint itself says to that. */
export type ToolFailure =
  | { code: 'bad-arguments'; detail: string }
  | { code: 'timeout' | 'network' | 'unreachable' | 'too-large' | 'not-text' | 'not-json' | 'call-over' | 'failed' }
  | { code: 'http'; status: number; words: string | undefined };

/** What a tool's answer is to the model. */
export function success(text: string): ToolOutcome {
  const output =
    text.length > MOST_OUTPUT_CHARACTERS ? wellFormed(text.slice(0, MOST_OUTPUT_CHARACTERS)) + CUT_NOTE : text;
  return { ok: true, output: output === '' ? '{"ok":true}' : output, error: undefined };
}

/** What a failure is to the model: something it can say, and nothing about addresses, headers or keys. */
export function failure(method: HttpTool['method'], why: ToolFailure): ToolOutcome {
  const code = why.code === 'http' ? `http-${why.status}` : why.code;
  return { ok: false, output: JSON.stringify({ error: sentence(method, why) }), error: code };
}

function sentence(method: HttpTool['method'], why: ToolFailure): string {
  // A GET changes nothing, so there is nothing to be unsure of.
  const unsure = method === 'GET' ? '' : ' It is not known whether it did what was asked.';
  switch (why.code) {
    case 'bad-arguments':
      return `The tool was not run, because of its arguments: ${why.detail}`;
    case 'timeout':
      return `The tool did not answer in time.${unsure}`;
    case 'network':
      return `The connection to the tool broke.${unsure}`;
    case 'unreachable':
      return 'The tool cannot be reached at the moment. It was not run.';
    case 'too-large':
    case 'not-text':
    case 'not-json':
      return `The tool answered, but its answer cannot be read.${method === 'GET' ? '' : ' It has probably done what was asked.'}`;
    case 'http':
      return statusSentence(why, unsure);
    case 'call-over':
      return `The call was over before the tool answered.${unsure}`;
    case 'failed':
      return `The tool failed.${unsure}`;
  }
}

function statusSentence({ status, words }: ToolFailure & { code: 'http' }, unsure: string): string {
  if (words !== undefined) return words;
  if (status >= 500) return `The tool failed (status ${status}).${unsure}`;
  if (status >= 400) return `The tool refused the request (status ${status}).`;
  return `The tool is not set up properly (status ${status}).${unsure}`;
}

/**
 * The sentence that an endpoint may give with a 4xx: `{"error": "…"}`. It is the one place where what it writes about a
 * failure is passed on; anything else might be a stack trace.
 */
export function refusalWords(json: string): string | undefined {
  const value: unknown = JSON.parse(json);
  const words = typeof value === 'object' && value !== null && 'error' in value ? value.error : undefined;
  return typeof words === 'string' && words.trim() !== ''
    ? wellFormed(words.trim().slice(0, MOST_ERROR_CHARACTERS))
    : undefined;
}

/** Without half a surrogate pair at the end of a cut. */
function wellFormed(text: string): string {
  return text.replace(/[\ud800-\udbff]$/, '');
}
