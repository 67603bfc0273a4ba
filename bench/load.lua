-- The load: forms from a file, one body a line, sent in turn to one path. BENCH_CLOSE=1 asks for a new connection for
-- each request; BENCH_VARY=1 gives each a header of its own, so that no two have the same bytes; BENCH_LOOK=1 looks at every answer (which costs
-- the load, so it is done in a run that is not timed).
local path, file = os.getenv("BENCH_PATH"), os.getenv("BENCH_BODIES")
local requests, turn, count = {}, 0, 0
local varies = os.getenv("BENCH_VARY")
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  -- By hand: wrk.format would put the headers in another order in each run.
  local head = "POST " .. path .. " HTTP/1.1\r\nHost: " .. wrk.headers["Host"]
    .. "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n"
    .. (os.getenv("BENCH_CLOSE") and "Connection: close\r\n" or "")
    .. (varies and "X-Request-Id: ##########\r\n" or "") .. "\r\n"
  for body in io.lines(file) do
    local whole = string.format(head, #body) .. body
    local first, last = string.find(whole, "##########", 1, true)
    requests[#requests + 1] = varies and { string.sub(whole, 1, first - 1), string.sub(whole, last + 1) } or whole
  end
  seen = {}
end

function request()
  turn = turn % #requests + 1
  if not varies then return requests[turn] end
  count = count + 1
  return requests[turn][1] .. string.format("%010d", count) .. requests[turn][2]
end

if os.getenv("BENCH_LOOK") then
  function response(status, headers, body)
    local word = string.match(body, '"error"%s*:%s*"([%w_]+)"') or ""
    local key = status .. " " .. word
    seen[key] = (seen[key] or 0) + 1
    local lines = {}
    for name, count in pairs(seen) do lines[#lines + 1] = string.format('"%s": %d', name, count) end
    told = table.concat(lines, ", ")
  end
end

function done(summary, latency, requests)
  local told = threads[1]:get("told") or ""
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests": %d, "us": %d, "p50": %.0f, "p99": %.0f, "above_399": %d, "lost": %d, "seen": {%s}}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), errors.status,
    errors.connect + errors.read + errors.write + errors.timeout, told))
end
