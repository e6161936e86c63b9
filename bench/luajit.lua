-- Implementation "luajit": LuaJIT's FFI, whose compiled traces call C directly: the outside reference. The protocol
-- is that of bench/child/child.go. Usage: luajit luajit.lua LIBBENCH CORE [ROW...] Left out is what LuaJIT's FFI does
-- not do: callbacks with structs, and from threads that Lua does not know.
local ffi = require("ffi")
local bit = require("bit")

ffi.cdef [[
struct timespec { long tv_sec, tv_nsec; };
int clock_gettime(int clock, struct timespec *t);
int sched_setaffinity(int pid, size_t size, const void *mask);
void qsort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *));

struct bench_in { int64_t a; double b; int32_t c, d; };
struct bench_out { int64_t a; double b; };
typedef int64_t bench_callback(int64_t);
typedef int64_t bench_callback3(int64_t, int32_t, void *);
int64_t bench_call0(void);
int64_t bench_steady(void);
int bench_call2(int a, int b);
double bench_call3(double a, double b, double c);
int bench_call6(int a, int b, int c, int d, int e, int f);
double bench_call14(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j, double k, double l, double m,
		    double n);
struct bench_out bench_structs(struct bench_in in);
size_t bench_strlen(const char *s);
int bench_errno(int code);
int64_t bench_option(void *handle, int option, ...);
int64_t bench_callbacks0(int64_t (*cb)(void), int64_t n);
int64_t bench_callback1(bench_callback *cb, int64_t x);
int64_t bench_callbacks(bench_callback *cb, int64_t n);
int64_t bench_callbacks3(bench_callback3 *cb, int64_t n);
]]
local arg_counts = {1, 2, 4, 6, 8, 9, 12, 14, 16, 24, 32} -- at most 38 can be passed
for _, count in ipairs(arg_counts) do
	ffi.cdef("int64_t bench_args" .. count .. "(" .. string.rep("int64_t", count, ", ") .. ");")
end
local sizes = {8, 16, 24, 32, 64, 128, 256}
for _, size in ipairs(sizes) do
	ffi.cdef((string.gsub("struct bench_bytesN { int64_t v[" .. size / 8 .. "]; };" ..
		"struct bench_bytesN bench_bytesN(struct bench_bytesN);", "N", size)))
end

local C, lib = ffi.C, ffi.load(arg[1])
local impl, check_n = "luajit", 100

local function fail(what)
	io.stderr:write("luajit: ", what, "\n")
	os.exit(1)
end

local function check(row, right)
	if not right then fail(row .. ": wrong result") end
end

local time = ffi.new("struct timespec")
local function now()
	C.clock_gettime(1, time)
	return tonumber(time.tv_sec) * 1e9 + tonumber(time.tv_nsec)
end

local function xorshift(x)
	x = bit.bxor(x, bit.lshift(x, 13))
	x = bit.bxor(x, bit.rshift(x, 17))
	return bit.bxor(x, bit.lshift(x, 5))
end

-- Fixed work, by which disturbances show. Its time is compared with none but its own. Six chains side by side take
-- all that the core can do: one alone would leave room for whoever shares the core's units, and not see them.
local function calibrate()
	local a, b, c, d, e, f, from = 1, 2, 3, 4, 5, 6, now()
	for _ = 1, 8192 do
		a, b, c, d, e, f = xorshift(a), xorshift(b), xorshift(c), xorshift(d), xorshift(e), xorshift(f)
	end
	local ns = now() - from
	check("calibration", a ~= 0 and b ~= 0 and c ~= 0 and d ~= 0 and e ~= 0 and f ~= 0)
	return ns
end

-- For how long the thread was ready to run and did not.
local function delayed()
	local file = io.open("/proc/thread-self/schedstat")
	if not file then return 0 end
	local waited = string.match(file:read("*l") or "", "^%d+ (%d+)")
	file:close()
	return tonumber(waited) or 0
end

-- The sum of (i % 1024) + rest for i below n, for which the first arguments below are i % 1024.
local function sum_of(n, rest)
	local whole = math.floor(n / 1024)
	local left = n - whole * 1024
	return whole * 1023 * 512 + left * (left - 1) / 2 + n * rest
end

local text = string.rep("0123456789abcdef", 2)
local function strlen_of(s)
	return function(n)
		local sum, from = 0, now()
		for _ = 1, n do sum = sum + tonumber(lib.bench_strlen(s)) end
		local ns = now() - from
		check("strlen", sum == n * #s)
		return ns
	end
end

local ins = ffi.new("struct bench_in[1024]")
for i = 0, 1023 do ins[i] = ffi.new("struct bench_in", i, 2.5, 3, 4) end

-- A function that calls a C function which calls back must not be compiled.
local function interpreted(f)
	jit.off(f, true)
	return f
end
local callback_type = ffi.typeof("bench_callback *")
local successor = callback_type(function(x) return x + 1 end)
local forty_two = ffi.cast("int64_t (*)(void)", function() return 42 end)
local scaled = ffi.cast("bench_callback3 *", function(x, y, p) return x + y * ffi.cast("int64_t *", p)[0] end)
local compare = ffi.cast("int (*)(const void *, const void *)", function(a, b)
	local x, y = ffi.cast("const int32_t *", a)[0], ffi.cast("const int32_t *", b)[0]
	return x < y and -1 or x > y and 1 or 0
end)
local function successor_sum(n) return n * (n + 1) / 2 end

local function sort_of(length)
	local unsorted, sorted = ffi.new("int32_t[?]", length), ffi.new("int32_t[?]", length)
	local x = 1
	for i = 0, length - 1 do
		x = bit.bxor(x, bit.lshift(x, 13))
		x = bit.bxor(x, bit.rshift(x, 17))
		x = bit.bxor(x, bit.lshift(x, 5))
		unsorted[i] = x
	end
	return interpreted(function(n)
		local ns = 0
		for _ = 1, n do
			ffi.copy(sorted, unsorted, 4 * length)
			local from = now()
			C.qsort(sorted, length, 4, compare)
			ns = ns + now() - from
			for i = 1, length - 1 do check("qsort", sorted[i - 1] <= sorted[i]) end
		end
		return ns
	end)
end

local benches = {}
local function bench(row, run, n)
	local wanted = #arg == 2
	for i = 3, #arg do wanted = wanted or arg[i] == row end
	if wanted then benches[#benches + 1] = {row = row, run = run, n = n or check_n} end
end

local function call0(n)
	local sum, from = 0LL, now()
	for _ = 1, n do sum = sum + lib.bench_call0() end
	local ns = now() - from
	check("call0", sum == n * 42LL)
	return ns
end
bench("call0", call0)
bench("args/0", call0)
bench("steady", function(n)
	local sum, from = 0LL, now()
	for _ = 1, n do sum = sum + lib.bench_steady() end
	local ns = now() - from
	check("steady", sum == n * 43LL)
	return ns
end)
bench("call2", function(n)
	local sum, from = 0, now()
	for i = 0, n - 1 do sum = sum + lib.bench_call2(bit.band(i, 1023), 7) end
	local ns = now() - from
	check("call2", sum == sum_of(n, 7))
	return ns
end)
bench("call3", function(n)
	local sum, from = 0, now()
	for _ = 1, n do sum = sum + lib.bench_call3(2, 3, 4) end
	local ns = now() - from
	check("call3", sum == n * 10)
	return ns
end)
bench("call6", function(n)
	local sum, from = 0, now()
	for i = 0, n - 1 do sum = sum + lib.bench_call6(bit.band(i, 1023), 2, 3, 4, 5, 6) end
	local ns = now() - from
	check("call6", sum == sum_of(n, 90))
	return ns
end)
bench("call14", function(n)
	local sum, from = 0, now()
	for i = 0, n - 1 do
		sum = sum + lib.bench_call14(bit.band(i, 1023), 2, 3, 4, 5, 6, 7, 8, 9, 10, 0.5, 1.5, 2.5, 3.5)
	end
	local ns = now() - from
	check("call14", sum == sum_of(n, 409))
	return ns
end)
bench("structs", function(n)
	local a, b, from = 0LL, 0, now()
	for i = 0, n - 1 do
		local out = lib.bench_structs(ins[bit.band(i, 1023)])
		a = a + out.a
		b = b + out.b
	end
	local ns = now() - from
	check("structs", a == sum_of(n, 3) and b == n * 10)
	return ns
end)
bench("strlen", strlen_of(text))
bench("errno", function(n)
	local sum, errors, want, from = 0, 0, 0, now()
	for i = 0, n - 1 do
		sum = sum + lib.bench_errno(bit.band(i, 31) + 1)
		errors = errors + ffi.errno()
	end
	local ns = now() - from
	for i = 0, n - 1 do want = want + bit.band(i, 31) + 1 end
	check("errno", sum == want and errors == want)
	return ns
end)
bench("callback1", interpreted(function(n)
	local sum, from = 0LL, now()
	for _ = 1, n do sum = sum + lib.bench_callback1(successor, 1) end
	local ns = now() - from
	check("callback1", sum == n * 3)
	return ns
end))
bench("callbacks", interpreted(function(n)
	local from = now()
	local sum = lib.bench_callbacks(successor, n)
	local ns = now() - from
	check("callbacks", sum == successor_sum(n))
	return ns
end))
bench("variadic", function(n)
	local sum, from = 0LL, now()
	local seven = ffi.new("int64_t", 7)
	for i = 0, n - 1 do sum = sum + lib.bench_option(nil, ffi.cast("int", bit.band(i, 1023)), seven) end
	local ns = now() - from
	check("variadic", sum == sum_of(n, 7))
	return ns
end)
bench("callback0", interpreted(function(n)
	local from = now()
	local sum = lib.bench_callbacks0(forty_two, n)
	local ns = now() - from
	check("callback0", sum == 42 * n)
	return ns
end))
bench("callback3", interpreted(function(n)
	local from = now()
	local sum = lib.bench_callbacks3(scaled, n)
	local ns = now() - from
	check("callback3", sum == successor_sum(n) + 20 * n)
	return ns
end))
bench("newcallback", interpreted(function(n)
	local function f(x) return x + 1 end
	local from = now()
	for _ = 1, n do callback_type(f):free() end
	return now() - from
end))
bench("qsort", sort_of(100000), 1)
bench("sort", sort_of(1000000), 1)
for _, size in ipairs {8, 64, 512, 4096, 16384, 65536} do bench("strlen/" .. size, strlen_of(string.rep("x", size))) end
for _, count in ipairs(arg_counts) do
	local values, want = {}, 0
	for i = 1, count do values[i], want = i, want + i * i end
	-- A source for each, as the arguments have to stand in the call.
	local run = assert(loadstring([[
		local lib, now = ...
		return function(n)
			local sum, from = 0LL, now()
			for _ = 1, n do sum = sum + lib.bench_args]] .. count .. "(" .. table.concat(values, ", ") .. [[) end
			return now() - from, sum
		end]]))(lib, now)
	bench("args/" .. count, function(n)
		local ns, sum = run(n)
		check("args", sum == n * want)
		return ns
	end)
end
for _, size in ipairs(sizes) do
	local run = assert(loadstring([[
		local lib, now, given, last = ...
		return function(n)
			local sum, from = 0LL, now()
			for _ = 1, n do sum = sum + lib.bench_bytes]] .. size .. [[(given).v[last] end
			return now() - from, sum
		end]]))
	local given = ffi.new("struct bench_bytes" .. size)
	given.v[size / 8 - 1] = 5
	run = run(lib, now, given, size / 8 - 1)
	bench("structs/" .. size, function(n)
		local ns, sum = run(n)
		check("structs", sum == n * 5)
		return ns
	end)
end

local mask = ffi.new("uint8_t[1024]")
local core = tonumber(arg[2])
mask[math.floor(core / 8)] = bit.lshift(1, core % 8)
if C.sched_setaffinity(0, 1024, mask) ~= 0 then fail("sched_setaffinity fails") end

io.stdout:write("version LuaJIT ", string.match(jit.version, "%S+$"), "\n")
for _, b in ipairs(benches) do
	b.run(b.n)
	io.stdout:write("bench ", b.row, " ", impl, " single -\n")
end
io.stdout:write("ready\n")
io.stdout:flush()
for line in io.lines() do
	local index, n = string.match(line, "^run (%d+) (%d+)$")
	local b = benches[tonumber(index) + 1]
	n = tonumber(n)
	local before, waited = calibrate(), delayed()
	local ns = b.run(n)
	waited = delayed() - waited
	io.stdout:write(string.format("%.0f %.0f %.0f %.0f\n", ns, before, calibrate(), waited))
	io.stdout:flush()
end
