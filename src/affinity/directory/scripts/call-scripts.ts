import { DIGITS, NOW, onOneKey, type Script } from './script.js';

// A call is a hash (KEYS[1]): `call` and `sealed` (what was written down), `epoch`, `owner` (for readers) and `who` (the
// same, for comparing), `until` (end of the lease, by Redis' clock), `attempt`, `moving`.
// KEYS[2] is what is left of a call that was removed: its epoch, for a while, so that a later one is greater.

/** The record as a reply: see `recordFrom`. */
const RECORD = `
local function record()
  local f = redis.call('HMGET', KEYS[1], 'call', 'sealed', 'epoch', 'owner', 'until', 'attempt', 'moving')
  if not f[1] then return false end
  local left = math.max((tonumber(f[5]) or 0) - now, 0)
  return { f[1], f[2] or '', tonumber(f[3]), f[4] or '', left, tonumber(f[6] or 0), tonumber(f[7] or 0) }
end
`;

/** How somebody with an epoch stands to the call: see `Renewal`. */
const STANDING = `
local function standing(mine)
  local stored = redis.call('HGET', KEYS[1], 'epoch')
  local last = tonumber(stored or redis.call('GET', KEYS[2]) or 0)
  if last > mine then return 'lost' end
  if not stored or last < mine then return 'missing' end
  return 'kept'
end
`;

/** Whether the call has another owner, or is on its way to one. */
const ELSEWHERE = `
local function elsewhere(who)
  local f = redis.call('HMGET', KEYS[1], 'who', 'moving')
  return (f[1] and f[1] ~= who) or f[2] == '1'
end
`;

/** ARGV: call, sealed, TTL. */
export const PUT: Script = {
  name: 'parleyPut',
  keys: 2,
  lua: `
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
local epoch = redis.call('GET', KEYS[2]) or '0'
redis.call('HSET', KEYS[1], 'call', ARGV[1], 'sealed', ARGV[2], 'epoch', epoch)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
`,
};

export const FIND = onOneKey('parleyFind', `${NOW}${RECORD}return record()`);

/**
 * ARGV: who, owner, above, who is dead, call, sealed, lease, TTL.
 * Gives {1, epoch, the record before} or {0, epoch, owner}.
 */
export const CLAIM: Script = {
  name: 'parleyClaim',
  keys: 2,
  lua: `${NOW}${DIGITS}${RECORD}
local before = record()
local above = tonumber(ARGV[3])
local ends = digits(now + tonumber(ARGV[7]))
local epoch
if before then
  epoch = before[3]
  local holder = redis.call('HGET', KEYS[1], 'who')
  if holder == ARGV[1] and above <= epoch then
    redis.call('HSET', KEYS[1], 'owner', ARGV[2], 'until', ends)
    return { 1, epoch, before }
  end
  if holder and holder ~= ARGV[1] and holder ~= ARGV[4] and before[5] > 0 then return { 0, epoch, before[4] } end
else
  epoch = tonumber(redis.call('GET', KEYS[2]) or 0)
  redis.call('HSET', KEYS[1], 'call', ARGV[5], 'sealed', ARGV[6])
  redis.call('PEXPIRE', KEYS[1], ARGV[8])
end
epoch = math.max(epoch, above) + 1
redis.call('HSET', KEYS[1], 'epoch', digits(epoch), 'who', ARGV[1], 'owner', ARGV[2], 'until', ends, 'moving', '0')
return { 1, epoch, before }
`,
};

/** ARGV: who, epoch, lease. Another holder of the same epoch can only be there after Redis forgot: the one written down stays. */
export const RENEW: Script = {
  name: 'parleyRenew',
  keys: 2,
  lua: `${NOW}${DIGITS}${STANDING}${ELSEWHERE}
local said = standing(tonumber(ARGV[2]))
if said ~= 'kept' then return said end
if elsewhere(ARGV[1]) then return 'lost' end
if redis.call('HEXISTS', KEYS[1], 'who') == 0 then return 'missing' end
redis.call('HSET', KEYS[1], 'until', digits(now + tonumber(ARGV[3])))
return 'kept'
`,
};

/** ARGV: who, owner, epoch, attempt, call, sealed, lease, TTL. */
export const RESTORE: Script = {
  name: 'parleyRestore',
  keys: 2,
  lua: `${NOW}${DIGITS}${STANDING}${ELSEWHERE}
local mine = tonumber(ARGV[3])
local said = standing(mine)
if said == 'lost' or (said == 'kept' and elsewhere(ARGV[1])) then return 'lost' end
local attempt = math.max(tonumber(redis.call('HGET', KEYS[1], 'attempt') or 0), tonumber(ARGV[4]))
if ARGV[6] ~= '' or redis.call('EXISTS', KEYS[1]) == 0 then redis.call('HSET', KEYS[1], 'sealed', ARGV[6]) end
redis.call('HSET', KEYS[1], 'call', ARGV[5], 'epoch', digits(mine), 'who', ARGV[1], 'owner', ARGV[2],
  'until', digits(now + tonumber(ARGV[7])), 'attempt', digits(attempt), 'moving', '0')
redis.call('PEXPIRE', KEYS[1], ARGV[8])
return 'kept'
`,
};

/** ARGV: the epoch that the mover saw. Gives {1, epoch, attempt} or {0, the record}. */
export const MOVE: Script = {
  name: 'parleyMove',
  keys: 1,
  lua: `${NOW}${DIGITS}${RECORD}
local found = record()
if not found or found[3] ~= tonumber(ARGV[1]) then return { 0, found } end
local epoch = found[3] + 1
local attempt = found[6] + 1
redis.call('HDEL', KEYS[1], 'who', 'owner', 'until')
redis.call('HSET', KEYS[1], 'epoch', digits(epoch), 'attempt', digits(attempt), 'moving', '1')
return { 1, epoch, attempt }
`,
};

/** ARGV: epoch. */
export const ATTEMPT: Script = {
  name: 'parleyAttempt',
  keys: 2,
  lua: `${STANDING}
local said = standing(tonumber(ARGV[1]))
if said ~= 'kept' then return said end
return redis.call('HINCRBY', KEYS[1], 'attempt', 1)
`,
};

/** ARGV: epoch, sealed. */
export const SEAL: Script = {
  name: 'parleySeal',
  keys: 2,
  lua: `${STANDING}
local said = standing(tonumber(ARGV[1]))
if said ~= 'lost' and redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'sealed', ARGV[2]) end
return said
`,
};

/** ARGV: epoch, how long it is remembered. Gives {1, call, owner}, or {0} to who has been overtaken. */
export const REMOVE: Script = {
  name: 'parleyRemove',
  keys: 3,
  lua: `${DIGITS}${STANDING}
local mine = tonumber(ARGV[1])
if standing(mine) == 'lost' then return { 0 } end
local f = redis.call('HMGET', KEYS[1], 'call', 'owner')
redis.call('DEL', KEYS[1], KEYS[3])
redis.call('SET', KEYS[2], digits(mine), 'PX', ARGV[2])
return { 1, f[1] or '', f[2] or '' }
`,
};

/** ARGV: epoch, TTL, how many parts are written, name and value of each; then the names of those removed. */
export const SAVE_TALK: Script = {
  name: 'parleySaveTalk',
  keys: 3,
  lua: `${STANDING}
local said = standing(tonumber(ARGV[1]))
if said ~= 'kept' then return said end
local last = 3 + 2 * tonumber(ARGV[3])
for i = 4, last, 2 do redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1]) end
for i = last + 1, #ARGV do redis.call('HDEL', KEYS[3], ARGV[i]) end
redis.call('PEXPIRE', KEYS[3], ARGV[2])
return 'kept'
`,
};

export const READ_TALK = onOneKey('parleyReadTalk', `return redis.call('HGETALL', KEYS[1])`);
