/* Whether everything that a thread has in registers, and the red zone of its stack, stays as it is
   while C runs or waits and signals arrive. */
#define _GNU_SOURCE
#include <cpuid.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	WAIT = 1,     /* in poll, instead of running */
	NO_STACK = 2, /* the thread has no signal stack */
	HANDLER = 4,  /* a handler of C's stands before SIGURG's and goes on to it */
	SEND = 8,     /* another thread sends SIGURG all the time */
	RAISE = 16,   /* this one sends it, instead of running, and HANDLER has no SA_ONSTACK */
	OPEN = 32     /* HANDLER blocks no signals, and SIGUSR2 arrives all the time, too */
};

/* Components of the extended state (XCR0): x87, SSE, AVX, and the three of AVX-512. */
#define COMPONENTS ((uint64_t)0xe7)

/* Offsets are known to the assembly. */
struct hold {
	const void *in; /* XSAVE images */
	void *out;
	uint64_t loops; /* how long to run */
	int64_t nr;     /* or a system call, which returns 0; negative: none */
	int64_t a, b, c;
};

/* uint64_t gt_xstate_hold(const struct hold *h)

   Loads the registers from h->in, fills the red zone and the general registers, runs or makes the
   system call, and stores the registers to h->out. Returns how many of the other registers and
   words of the red zone have changed. */
uint64_t gt_xstate_hold(const struct hold *h);
__asm__(".text\n"
	".type gt_xstate_hold, @function\n"
	"gt_xstate_hold:\n"
	"	push	%rbp\n"
	"	push	%rbx\n"
	"	push	%r12\n"
	"	push	%r13\n"
	"	push	%r14\n"
	"	push	%r15\n"
	"	mov	%rdi, %r12\n"
	"	mov	0(%r12), %rdi\n"
	"	mov	$-1, %eax\n"
	"	mov	$-1, %edx\n"
	"	xrstor64 (%rdi)\n"
	"	mov	$-16, %rcx\n"
	"1:	mov	%rcx, (%rsp,%rcx,8)\n" /* the red zone: each word holds its index */
	"	inc	%rcx\n"
	"	jnz	1b\n"
	"	mov	$0x1008, %r8d\n"
	"	mov	$0x1009, %r9d\n"
	"	mov	$0x100a, %r10d\n"
	"	mov	$0x100b, %r11d\n"
	"	mov	$0x100d, %r13d\n"
	"	mov	$0x100e, %r14d\n"
	"	mov	$0x100f, %r15d\n"
	"	mov	$0x1003, %ebx\n"
	"	mov	$0x1005, %ebp\n"
	"	mov	32(%r12), %rdi\n"
	"	mov	40(%r12), %rsi\n"
	"	mov	48(%r12), %rdx\n"
	"	mov	24(%r12), %rax\n"
	"	test	%rax, %rax\n"
	"	jns	2f\n"
	"	mov	16(%r12), %rcx\n"
	"3:	dec	%rcx\n"
	"	jnz	3b\n"
	"	inc	%rax\n" /* -1 */
	"	jmp	4f\n"
	"2:	cmp	$7, %rax\n" /* the number stands in the code, as compilers write it */
	"	je	7f\n"
	"	syscall\n"
	"	jmp	8f\n"
	"7:	mov	$7, %eax\n"
	"	syscall\n"
	"8:	mov	$0x100b, %r11d\n" /* its own */
	"4:	sub	32(%r12), %rdi\n"
	"	sub	40(%r12), %rsi\n"
	"	sub	48(%r12), %rdx\n"
	"	sub	$0x1008, %r8\n"
	"	sub	$0x1009, %r9\n"
	"	sub	$0x100a, %r10\n"
	"	sub	$0x100b, %r11\n"
	"	sub	$0x100d, %r13\n"
	"	sub	$0x100e, %r14\n"
	"	sub	$0x100f, %r15\n"
	"	sub	$0x1003, %rbx\n"
	"	sub	$0x1005, %rbp\n"
	"	xor	%ecx, %ecx\n"
	"	.irp	reg, rax, rdi, rsi, rdx, r8, r9, r10, r11, r13, r14, r15, rbx, rbp\n"
	"	neg	%\\reg\n" /* carry: it was not 0 */
	"	adc	$0, %rcx\n"
	"	.endr\n"
	"	mov	%rcx, %rbx\n"
	"	mov	$-16, %rcx\n"
	"5:	cmp	%rcx, (%rsp,%rcx,8)\n"
	"	je	6f\n"
	"	inc	%rbx\n"
	"6:	inc	%rcx\n"
	"	jnz	5b\n"
	"	mov	8(%r12), %r12\n"
	"	mov	$-1, %eax\n"
	"	mov	$-1, %edx\n"
	"	xsave64	(%r12)\n"
	"	mov	%rbx, %rax\n"
	"	fninit\n"
	"	pop	%r15\n"
	"	pop	%r14\n"
	"	pop	%r13\n"
	"	pop	%r12\n"
	"	pop	%rbx\n"
	"	pop	%rbp\n"
	"	ret\n"
	".size gt_xstate_hold, .-gt_xstate_hold\n");

static uint64_t xcr0(void)
{
	uint32_t low, high;
	__asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return low | (uint64_t)high << 32;
}

/* Where component i of an XSAVE image lies. x87 and SSE share the first 512 bytes: MXCSR among the
   control words of the x87 part, then eight registers of 16 bytes, then sixteen. */
static void place(unsigned i, size_t *offset, size_t *size)
{
	uint32_t a, b, c, d;
	switch (i) {
	case 0:
		*offset = 32, *size = 128;
		return;
	case 1:
		*offset = 160, *size = 256;
		return;
	default:
		__cpuid_count(0xd, i, a, b, c, d);
		*offset = b, *size = a;
	}
}

static size_t image_size(void)
{
	uint32_t a, b, c, d;
	__cpuid_count(0xd, 0, a, b, c, d);
	return (b + 63) & ~(size_t)63;
}

static void fill(unsigned char *image, uint64_t components)
{
	size_t offset, size;
	uint64_t bits = components & COMPONENTS & xcr0();
	uint16_t control = 0x027f; /* 53 bits of precision */
	uint32_t mxcsr = 0x7f80;   /* round towards zero */
	for (unsigned i = 0; i < 8; i++) {
		if (!(bits >> i & 1))
			continue;
		place(i, &offset, &size);
		for (size_t k = 0; k < size; k++)
			image[offset + k] = (unsigned char)(0x11 * (i + 1) + k * 7);
		for (size_t k = 0; i == 0 && k < 8; k++)
			memset(image + offset + 16 * k + 10, 0, 6); /* 80 bits each */
	}
	memcpy(image, &control, sizeof control);
	image[4] = 0xff; /* all eight in use */
	memcpy(image + 24, &mxcsr, sizeof mxcsr);
	memcpy(image + 512, &bits, sizeof bits);
}

static int64_t differences(const unsigned char *in, const unsigned char *out, uint64_t components)
{
	size_t offset, size;
	uint64_t bits = components & COMPONENTS & xcr0(), stored;
	int64_t n = memcmp(in, out, 2) != 0 || memcmp(in + 24, out + 24, 4) != 0;
	memcpy(&stored, out + 512, sizeof stored);
	n += (bits & ~stored) != 0;
	for (unsigned i = 0; i < 8; i++) {
		if (!(bits >> i & 1))
			continue;
		place(i, &offset, &size);
		for (size_t k = 0; k < size; k++)
			n += in[offset + k] != out[offset + k];
	}
	return n;
}

struct sender {
	pthread_t thread;
	int tid, stop;
	int sig;
	long pause;
};

static void *send_all_the_time(void *arg)
{
	struct sender *s = arg;
	const struct timespec pause = {0, s->pause};
	while (!__atomic_load_n(&s->stop, __ATOMIC_ACQUIRE)) {
		syscall(SYS_tgkill, getpid(), s->tid, s->sig);
		if (s->pause != 0)
			nanosleep(&pause, NULL);
	}
	return NULL;
}

static struct sigaction before;
static int gone_on;

static void go_on(int sig, siginfo_t *info, void *context)
{
	__atomic_fetch_add(&gone_on, 1, __ATOMIC_RELAXED);
	before.sa_sigaction(sig, info, context);
}

/* Writes over some of the stack that it runs on. */
static void write_on(int sig)
{
	volatile char room[1024];
	for (size_t i = 0; i < sizeof room; i++)
		room[i] = (char)sig;
}

/* Puts the handler in front while h is held. For a moment only when it has no SA_ONSTACK: a SIGURG
   that hits Go code then would use a goroutine's stack. */
static int64_t hold_once(uint32_t how, const struct hold *h)
{
	struct sigaction sa = {.sa_sigaction = go_on,
			       .sa_flags =
				       SA_SIGINFO | SA_RESTART | (how & RAISE ? 0 : SA_ONSTACK)};
	if (!(how & OPEN))
		sigfillset(&sa.sa_mask);
	if (how & HANDLER && sigaction(SIGURG, &sa, NULL) != 0)
		return -errno;
	int64_t bad = (int64_t)gt_xstate_hold(h);
	if (how & HANDLER)
		sigaction(SIGURG, &before, NULL);
	return bad;
}

static int64_t hold(uint32_t how, uint64_t components, uint32_t ms, unsigned char *in,
		    unsigned char *out)
{
	struct hold h = {.in = in, .out = out, .loops = 100000, .nr = -1};
	struct timespec start, now;
	int64_t bad = 0;
	if (how & WAIT) {
		h.nr = SYS_poll;
		h.c = ms;
	} else if (how & RAISE) {
		h.nr = SYS_tgkill;
		h.a = getpid();
		h.b = syscall(SYS_gettid);
		h.c = SIGURG;
	}
	fill(in, components);
	gone_on = 0;
	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		bad += hold_once(how, &h);
		bad += differences(in, out, components);
		clock_gettime(CLOCK_MONOTONIC, &now);
		/* However long it takes the others to send something. */
	} while ((how & OPEN && __atomic_load_n(&gone_on, __ATOMIC_RELAXED) == 0) ||
		 (!(how & RAISE) &&
		  (now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 <
			  ms));
	return bad;
}

/* Holds the components for ms milliseconds, in the way that `how` says. Returns how many bytes,
   registers and words were not as before; negative on failure. */
int64_t gt_xstate(uint32_t how, uint64_t components, uint32_t ms)
{
	size_t size = image_size();
	unsigned char *in = aligned_alloc(64, size), *out = aligned_alloc(64, size);
	stack_t none = {.ss_flags = SS_DISABLE}, stack;
	int tid = (int)syscall(SYS_gettid);
	struct sender s = {.tid = tid, .sig = SIGURG, .pause = 200000};
	struct sender more = {.tid = tid, .sig = SIGUSR2};
	struct sigaction usr2 = {.sa_handler = write_on, .sa_flags = SA_ONSTACK | SA_RESTART};
	struct sigaction old;
	if (in == NULL || out == NULL)
		return -ENOMEM;
	memset(in, 0, size);
	memset(out, 0, size);
	if (sigaction(SIGURG, NULL, &before) != 0 ||
	    (how & NO_STACK && sigaltstack(&none, &stack) != 0))
		return -errno;
	if (how & SEND && pthread_create(&s.thread, NULL, send_all_the_time, &s) != 0)
		return -EAGAIN;
	if (how & OPEN && (sigaction(SIGUSR2, &usr2, &old) != 0 ||
			   pthread_create(&more.thread, NULL, send_all_the_time, &more) != 0))
		return -EAGAIN;
	int64_t bad = hold(how, components, ms, in, out);
	if (how & SEND) {
		__atomic_store_n(&s.stop, 1, __ATOMIC_RELEASE);
		pthread_join(s.thread, NULL);
	}
	if (how & OPEN) {
		__atomic_store_n(&more.stop, 1, __ATOMIC_RELEASE);
		pthread_join(more.thread, NULL);
		sigaction(SIGUSR2, &old, NULL);
	}
	if (how & NO_STACK)
		sigaltstack(&stack, NULL);
	free(in);
	free(out);
	return bad;
}
