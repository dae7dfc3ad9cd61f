/**
 * A Lua script: Redis runs it in one go, so what it reads is still true when it writes. All its keys share a hash slot,
 * or Redis Cluster refuses it.
 */
export interface Script {
  /** Of the command that it becomes with ioredis (EVALSHA, and EVAL where Redis does not have it yet). */
  name: string;
  keys: number;
  lua: string;
}

export function onOneKey(name: string, lua: string): Script {
  return { name, keys: 1, lua };
}

/** Redis' own time in milliseconds: the clocks of pods need not agree. */
export const NOW = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
`;

/** A number as text with all its digits; Lua would write a large one as 1.7e+12. */
export const DIGITS = `
local function digits(number) return string.format('%.0f', number) end
`;
