-- The load: forms from a file, one body a line, sent in turn to one path. BENCH_CLOSE=1 asks for a new connection for
-- each request; BENCH_LOOK=1 looks at every answer (which costs the load, so it is done in a run that is not timed).
local path, file = os.getenv("BENCH_PATH"), os.getenv("BENCH_BODIES")
local requests, turn = {}, 0
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  local headers = { ["Content-Type"] = "application/x-www-form-urlencoded" }
  if os.getenv("BENCH_CLOSE") then headers["Connection"] = "close" end
  for body in io.lines(file) do
    requests[#requests + 1] = wrk.format("POST", path, headers, body)
  end
  seen = {}
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
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
