/* Functions that take time: asleep, awake, and until told; and what errno is afterwards. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>
#include <sys/syscall.h>

static int64_t now_us(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Sleeps for us microseconds, whatever signals arrive. 0 returns at once. */
void gt_sleep(uint32_t us)
{
	if (us == 0)
		return;
	int64_t end = now_us(CLOCK_MONOTONIC) + us;
	struct timespec t = {end / 1000000, end % 1000000 * 1000};
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

/* Runs for us microseconds without a system call. Returns something. */
uint64_t gt_spin(uint32_t us)
{
	uint64_t x = 1;
	if (us == 0)
		return x;
	int64_t end = now_us(CLOCK_MONOTONIC) + us;
	do {
		for (int i = 0; i < 100; i++)
			x = x * 6364136223846793005u + 1442695040888963407u;
	} while (now_us(CLOCK_MONOTONIC) < end);
	return x;
}

/* n jumps by RCX to the instruction behind the jump, as a switch makes them: RCX - RIP is 2 at most of its
   instructions, as it is at a system call that a signal has stopped. */
void gt_jump(uint64_t n)
{
	while (n-- > 0)
		__asm__ volatile("lea 1f(%%rip), %%rcx\n\tjmp *%%rcx\n1:" : : : "rcx");
}

/* Uses ms milliseconds of this thread's processor time. */
__attribute__((noinline)) uint64_t gt_burn(uint32_t ms)
{
	uint64_t x = 1;
	int64_t end = now_us(CLOCK_THREAD_CPUTIME_ID) + 1000 * (int64_t)ms;
	do {
		for (int i = 0; i < 20000; i++)
			x = x * 6364136223846793005u + 1442695040888963407u;
	} while (now_us(CLOCK_THREAD_CPUTIME_ID) < end);
	return x;
}

/* A gate holds calls until it is opened. All members are atomic words that Go reads and writes too.
 */
struct gate {
	int32_t inside; /* calls that are waiting */
	int32_t open;
};

/* Counts a call without waiting. */
void gt_gate_mark(struct gate *g)
{
	__atomic_add_fetch(&g->inside, 1, __ATOMIC_SEQ_CST);
}

/* Waits awake, without a system call. Returns how many were inside, itself included, when it came.
 */
int32_t gt_gate_spin(struct gate *g)
{
	int32_t n = __atomic_add_fetch(&g->inside, 1, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&g->open, __ATOMIC_SEQ_CST))
		__builtin_ia32_pause();
	__atomic_sub_fetch(&g->inside, 1, __ATOMIC_SEQ_CST);
	return n;
}

/* Waits asleep. */
int32_t gt_gate_sleep(struct gate *g)
{
	int32_t n = __atomic_add_fetch(&g->inside, 1, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&g->open, __ATOMIC_SEQ_CST))
		usleep(500);
	__atomic_sub_fetch(&g->inside, 1, __ATOMIC_SEQ_CST);
	return n;
}

/* Waits at g, then returns what p points to, -1 if that is not what it was before. */
int64_t gt_gate_read(struct gate *g, const volatile int64_t *p)
{
	int64_t before = *p;
	gt_gate_sleep(g);
	return *p == before ? before : -1;
}

/* The same with p as the eighth integer argument, on the stack. */
int64_t gt_gate_read8(struct gate *g, int64_t a, int64_t b, int64_t c, int64_t d, int64_t e,
		      int64_t f, const volatile int64_t *p)
{
	return gt_gate_read(g, p) + a + b + c + d + e + f;
}

/* Sets errno and returns n. */
int64_t gt_errno_set(int32_t err, int64_t n)
{
	errno = err;
	return n;
}

/* Returns n and leaves errno alone. */
int64_t gt_errno_keep(int64_t n)
{
	return n;
}

double gt_errno_double(double x, int32_t err)
{
	errno = err;
	return x;
}

void gt_errno_void(int32_t err)
{
	errno = err;
}

/* Sets errno first, and returns n after us microseconds without touching it. */
int64_t gt_errno_sleep(int32_t err, uint32_t us, int64_t n)
{
	struct timespec t = {us / 1000000, us % 1000000 * 1000};
	errno = err;
	/* The system call itself, so that libc does not store an EINTR. */
	long r;
	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "0"(SYS_nanosleep), "D"(&t), "S"(0)
			 : "rcx", "r11", "memory");
	(void)r;
	return n;
}

int64_t gt_errno_spin(int32_t err, uint32_t us, int64_t n)
{
	errno = err;
	gt_spin(us);
	return n;
}

int32_t gt_thread_id(void)
{
	return (int32_t)syscall(SYS_gettid);
}

/* Where a debugger stops. */
int64_t gt_stop_direct(int64_t x)
{
	return x;
}
