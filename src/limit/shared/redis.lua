-- See redis.rs. All times are milliseconds of this server's clock.
local known, quiet, members, all, rate, busy, pause = unpack(KEYS)
local member, lease, per_second, concurrent = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local over_all, wanted, first, is_returning = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8] == '1'
local SECOND, QUIET, SOON, WEEK = 1000, 1100, 20, 7 * 24 * 3600 * 1000

local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000

-- Redis lost its data, or a process has sent requests without permits.
if redis.call('EXISTS', known) == 0 or is_returning then
  redis.call('SET', quiet, '1', 'PX', QUIET)
end
redis.call('SET', known, '1', 'PX', WEEK)

for at = 9, #ARGV, 3 do
  local permit, what, value = member .. ':' .. ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
  if what == 'pending' then
    redis.call('ZADD', rate, 'XX', now + lease + SECOND, permit)
  elseif what == 'received' then
    redis.call('ZADD', rate, 'XX', now + value, permit)
  elseif what == 'unused' then
    redis.call('ZREM', rate, permit)
  elseif what == 'refused' then
    if value > redis.call('PTTL', pause) then
      redis.call('SET', pause, '1', 'PX', math.max(1, math.ceil(value)))
    end
  end
  if what == 'pending' or what == 'open' then
    redis.call('ZADD', busy, 'XX', now + lease, permit)
    redis.call('ZADD', all, 'XX', now + lease, permit)
  elseif what == 'finished' or what == 'unused' then
    redis.call('ZREM', busy, permit)
    redis.call('ZREM', all, permit)
  elseif what == 'given up' then
    redis.call('ZADD', busy, 'XX', now + value, permit)
    redis.call('ZADD', all, 'XX', now + value, permit)
  end
end

for _, key in ipairs({ rate, busy, all, members }) do
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
end
redis.call('ZADD', members, now + lease, member)

-- When more permits can be granted, by what the processes have reported so far.
local wait = redis.call('PTTL', quiet)
wait = math.max(wait, redis.call('PTTL', pause))
local granted = 0
while wait < 0 and granted < wanted do
  local taken = redis.call('ZCARD', rate)
  if taken >= per_second then
    local next = redis.call('ZRANGE', rate, taken - per_second, taken - per_second, 'WITHSCORES')
    wait = math.max(0, next[2] - now)
    if wait > 2 * SECOND then wait = SOON end
  elseif redis.call('ZCARD', busy) >= concurrent or redis.call('ZCARD', all) >= over_all then
    wait = SOON
  else
    local permit = member .. ':' .. string.format('%.0f', first + granted)
    redis.call('ZADD', rate, now + lease + SECOND, permit)
    redis.call('ZADD', busy, now + lease, permit)
    redis.call('ZADD', all, now + lease, permit)
    granted = granted + 1
  end
end
for _, key in ipairs({ rate, busy, all, members }) do
  redis.call('PEXPIRE', key, 2 * lease + SECOND)
end
return { granted, math.ceil(math.max(0, wait) * 1000), redis.call('ZCARD', members) }
