/**
 * What the model is told besides the caller's words. Always as items of the conversation: instructions given with a
 * single response would replace the assistant's own, and changed ones would void the prompt cache.
 */

/** The greeting, said in its own words. */
export function openWith(greeting: string): string {
  return `The call has just been answered. Open it now by saying this, in these words: "${greeting}"`;
}

/** Follows what was said so far, in a session that takes the place of a lost one. */
export const RESUMED =
  'The connection to you was renewed in the middle of this phone call. The messages above are what was said so far. ' +
  'Go on with the same conversation in the same language. Do not greet again and do not mention the connection.';

/**
 * Follows what was said so far, where the line itself was silent for some seconds and the assistant has to speak now.
 * @param what.cutOff it was cut off in the middle of its last words.
 * @param what.lostWords the caller spoke, and what they said did not come through, or not all of it.
 * @param what.nothingKnown there is nothing above.
 */
export function lineInterrupted(what: { cutOff: boolean; lostWords: boolean; nothingKnown: boolean }): string {
  const lines = ['The phone line was interrupted for a few seconds in the middle of this call, and is back now.'];
  if (what.nothingKnown) lines.push('What was said before is lost: ask the caller where you were.');
  else
    lines.push('The messages above are what was said so far. Go on with the same conversation in the same language.');
  if (what.cutOff) {
    lines.push(
      'The interruption cut you off: the caller heard you up to the last of your words above. Go on from there.',
    );
  }
  if (what.lostWords && !what.nothingKnown) {
    lines.push('What the caller said last is lost, or a part of it. If it is not clear, ask them to repeat it.');
  }
  lines.push('Excuse the interruption in a few words at most. Do not greet again and do not start over.');
  return lines.join(' ');
}

/** A sentence to be said as it is, and nothing else. */
export function sayExactly(sentence: string): string {
  return `This call has to end now. Say this to the caller, in these words but in the caller's language, and nothing else: "${sentence}"`;
}

/** The answer was stopped by the model's content filter. */
export const FILTERED =
  'Your last answer was stopped by a filter and the caller did not hear it all. Do not try it again. Say in one short ' +
  'sentence that you cannot help with that, and ask what else you can do.';

export const STILL_THERE =
  'The caller has not said anything for a while. Ask in one short sentence whether they are still there.';

export const TOO_LONG =
  'You have been speaking for very long and were stopped. Ask the caller in one short sentence whether you should go on.';

export function timeIsShort(seconds: number): string {
  return `This call can only last ${seconds} seconds more. Tell the caller so in one short sentence, then go on.`;
}

/** The result of a tool that the model did not wait for, or that came after its session had been renewed. */
export function lateResult(name: string, output: string): string {
  return `The result of the tool '${name}' that was called earlier has come: ${output}`;
}

export function transferFailed(name: string, why: string): string {
  return (
    `The transfer to ${name} did not work (${why}), and the caller is back with you. Say so in one short sentence and ask ` +
    'how else you can help.'
  );
}

/** Outcomes of a hang-up or a transfer. */
export const HUNG_UP = '{"status":"done"}';
export const PUT_THROUGH = '{"status":"put through"}';
export const CALLER_CUT_IN =
  '{"status":"not done","reason":"The caller spoke before it was done. Listen to what they want."}';
export const FILTERED_FIRST = '{"status":"not done","reason":"What you said before it was stopped by a filter."}';
export const NOT_DONE_IN_TIME = '{"status":"not done","reason":"It is not possible any more."}';
export const REPLACED = '{"status":"not done","reason":"What you called after it takes its place."}';
