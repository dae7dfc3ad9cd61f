import { NOW, onOneKey, type Script } from './script.js';

/** KEYS: states, last beats. ARGV: who, state, how long a silent pod is kept. Gives state and silence of each, in turn. */
export const BEAT: Script = {
  name: 'parleyBeat',
  keys: 2,
  lua: `${NOW}
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], now, ARGV[1])
for _, old in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now - tonumber(ARGV[3]))) do
  redis.call('HDEL', KEYS[1], old)
  redis.call('ZREM', KEYS[2], old)
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
local pods = {}
local beats = redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES')
for i = 1, #beats, 2 do
  local state = redis.call('HGET', KEYS[1], beats[i])
  if state then
    pods[#pods + 1] = state
    pods[#pods + 1] = math.max(now - tonumber(beats[i + 1]), 0)
  end
end
return pods
`,
};

/** KEYS: states, last beats. ARGV: who. */
export const FORGET_POD: Script = {
  name: 'parleyForgetPod',
  keys: 2,
  lua: `
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
`,
};

/** KEYS: a pod's calls. ARGV: TTL, call. */
export const LIST = onOneKey(
  'parleyList',
  `
redis.call('SADD', KEYS[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
`,
);

/** KEYS: a pod's calls. ARGV: TTL. */
export const KEEP_LIST = onOneKey('parleyKeepList', `return redis.call('PEXPIRE', KEYS[1], ARGV[1])`);

/** KEYS: a pod's calls. */
export const LISTED = onOneKey('parleyListed', `return redis.call('SMEMBERS', KEYS[1])`);

/** KEYS: a pod's calls. ARGV: call. */
export const UNLIST = onOneKey('parleyUnlist', `return redis.call('SREM', KEYS[1], ARGV[1])`);

/** KEYS: a pod's calls. */
export const DROP_LIST = onOneKey('parleyDropList', `return redis.call('DEL', KEYS[1])`);

/** KEYS: a session's calls, in the order they were written down. ARGV: call, TTL. */
export const ADD_LEG = onOneKey(
  'parleyAddLeg',
  `
local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')
redis.call('ZADD', KEYS[1], 'NX', tonumber(last[2] or 0) + 1, ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
`,
);

/** KEYS: a session's calls. */
export const LAST_LEG = onOneKey('parleyLastLeg', `return redis.call('ZREVRANGE', KEYS[1], 0, 0)[1]`);

/** KEYS: a session's calls. ARGV: call. */
export const DROP_LEG = onOneKey('parleyDropLeg', `return redis.call('ZREM', KEYS[1], ARGV[1])`);

/** KEYS: what happens once in a while. ARGV: how long. Gives 1 to the first, 0 to the others. */
export const ONCE = onOneKey('parleyOnce', `return redis.call('SET', KEYS[1], '1', 'PX', ARGV[1], 'NX') and 1 or 0`);

/** KEYS: a counter. ARGV: how long it counts. */
export const COUNT = onOneKey(
  'parleyCount',
  `
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return count
`,
);

/** KEYS: nothing that anybody reads. Whether a write is taken: a replica answers to reads, and to PING. */
export const PROBE = onOneKey(
  'parleyProbe',
  `
redis.call('TIME')
redis.call('SET', KEYS[1], '1', 'PX', 10000)
return 1
`,
);
