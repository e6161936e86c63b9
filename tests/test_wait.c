/* Which system call code makes, and what becomes of one that SIGURG has ended (bridge/decode.c,
   bridge/wait.c). */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "../bridge/wait.h"

/* Two pages of code and one that cannot be read, before and behind. */
enum { PAGE = 4096 };
static unsigned char *code;

static int start(void **state)
{
	(void)state;
	unsigned char *area = mmap(NULL, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED || mprotect(area + PAGE, 2 * PAGE, PROT_READ | PROT_WRITE) != 0)
		return -1;
	code = area + PAGE;
	return 0;
}

/* Puts bytes of code, each two hexadecimal digits, at p; returns the end. */
static unsigned char *put(unsigned char *p, const char *hex)
{
	unsigned byte;
	int used;
	for (; sscanf(hex, "%2x%n", &byte, &used) == 1; hex += used)
		*p++ = (unsigned char)byte;
	return p;
}

static const uintptr_t numbers[4] = {100, 101, 102, 103};

/* What the bytes before a SYSCALL instruction say, wherever they lie: behind a page that cannot be
   read, across the end of one, before one. */
static long said(const char *hex)
{
	static const int places[] = {0, PAGE - 3, 2 * PAGE - 20};
	long all = 0;
	for (int i = 0; i < 3; i++) {
		memset(code, 0xcc, 2 * PAGE);
		long nr = gw_decode_syscall(put(put(code + places[i], hex), "0f05"), numbers);
		if (i > 0)
			assert_int_equal(nr, all);
		all = nr;
	}
	return all;
}

static void decode_constant_is_the_number(void **state)
{
	(void)state;
	assert_int_equal(said("b8 e8 00 00 00"), 232);
	assert_int_equal(said("b8 1d 00 00 00 48 8b 54 24 10 48 8b 74 24 08"), 29);
	assert_int_equal(said("41 b9 08 00 00 00 b8 19 01 00 00 8b 7c 24 04"), 281);
	assert_int_equal(said("48 c7 c0 07 00 00 00"), 7);
	assert_int_equal(said("b8 07 00 00 00 b8 08 00 00 00"), 8);
}

static void decode_stack_slot_is_the_number(void **state)
{
	(void)state;
	assert_int_equal(said("48 8b 44 24 10"), 102);
	assert_int_equal(said("48 8b 04 24 4c 89 c7"), 100);
}

static void decode_unknown_code_says_nothing(void **state)
{
	(void)state;
	assert_int_equal(said(""), -1);
	assert_int_equal(said("b8 e8 00 00 00 31 c0"), -1);          /* xor %eax, %eax */
	assert_int_equal(said("b8 e8 00 00 00 89 d8"), -1);          /* mov %ebx, %eax */
	assert_int_equal(said("b8 e8 00 00 00 75 02"), -1);          /* jne */
	assert_int_equal(said("b8 e8 00 00 00 0f b6 00"), -1);       /* movzbl (%rax), %eax */
	assert_int_equal(said("41 b8 e8 00 00 00"), -1);             /* mov $232, %r8d */
	assert_int_equal(said("c7 44 24 b8 e8 00 00 00"), -1);       /* movl $232, -72(%rsp) */
	assert_int_equal(said("8b b8 e8 00 00 00"), -1);             /* mov 232(%rax), %edi */
	assert_int_equal(said("48 8b 44 24 10 53"), -1);             /* the slot, then push */
	assert_int_equal(said("8b 44 24 10"), -1);                   /* half of a slot */
	assert_int_equal(said("48 b8 e8 00 00 00 00 00 00 00"), -1); /* movabs */
	assert_int_equal(said("b8 ff ff ff ff"), -1);
	assert_int_equal(gw_decode_syscall(put(put(code, "b8 e8 00 00 00"), "90 90"), numbers), -1);
}

/* What the code says about the SYSCALL instruction that stands at `at` in it. */
static long said_at(const char *hex, size_t at)
{
	memset(code, 0xcc, 2 * PAGE);
	put(code + PAGE - 16, hex);
	return gw_decode_syscall(code + PAGE - 16 + at + 2, numbers);
}

static void decode_more_than_one_way_says_nothing(void **state)
{
	(void)state;
	/* mov $45, %eax; test %r9d, %r9d; je 1f; addl $1, n(%rip); mov $232, %eax; 1: syscall */
	const char *before =
		"b8 2d 00 00 00 45 85 c9 74 0c 83 05 00 00 00 00 01 b8 e8 00 00 00 0f 05";
	const char *past =
		"b8 2d 00 00 00 45 85 c9 74 0e 83 05 00 00 00 00 01 b8 e8 00 00 00 0f 05";
	assert_int_equal(said_at(before, 22), -1);
	assert_int_equal(said_at(past, 22), 232);
	/* From behind, to the instruction and to one before it; a near jump; one with a prefix. */
	assert_int_equal(said_at("b8 e8 00 00 00 0f 05 b8 2d 00 00 00 eb f7", 5), -1);
	assert_int_equal(said_at("b8 e8 00 00 00 89 df 0f 05 b8 2d 00 00 00 eb f5", 7), -1);
	assert_int_equal(said_at("b8 e8 00 00 00 89 df 0f 05 b8 2d 00 00 00 eb f0", 7), 232);
	assert_int_equal(said_at("b8 e8 00 00 00 0f 05 0f 84 f8 ff ff ff", 5), -1);
	assert_int_equal(said_at("b8 e8 00 00 00 0f 05 f2 e9 f8 ff ff ff", 5), -1);
}

static void decode_inside_of_an_instruction_says_nothing(void **state)
{
	(void)state;
	/* mov $7, %eax; movzwl 232(%r8), %edi; mov %r9, %rsi */
	assert_int_equal(said_at("b8 07 00 00 00 41 0f b7 b8 e8 00 00 00 4c 89 ce 0f 05", 16), -1);
	/* mov $232, %eax; movb $0, 0x7b8(%rbx) */
	assert_int_equal(said_at("b8 e8 00 00 00 c6 83 b8 07 00 00 00 0f 05", 12), -1);
}

/* The common functions: the caller's code lies at 512, the stack holds where it goes on. */
static long called(const char *caller, const char *call, const char *function)
{
	memset(code, 0xcc, 2 * PAGE);
	unsigned char *pc = put(put(code + PAGE, function), "0f05");
	unsigned char *back = put(put(code + 512, caller), call);
	if (back[-5] == 0xe8) {
		int32_t distance = (int32_t)(code + PAGE - back);
		memcpy(back - 4, &distance, 4);
	} else if (back[-5] == 0x15) { /* through a slot right behind the call */
		const unsigned char *to = code + PAGE;
		memset(back - 4, 0, 4);
		memcpy(back, &to, sizeof to);
	}
	const uintptr_t stack[4] = {(uintptr_t)back, 200, 201, 202};
	return gw_decode_syscall(pc, stack);
}

#define SYSCALL3 "4889f84889f74889d64889ca4d89c24d89c84c8b4c2408"
#define CANCEL_ARCH                                                                                \
	"8b07f607080f85d54bffff4989fb4889f04889d74889ce4c89c24d89ca4c8b4424084c8b4c24104c895c2408"
#define CALL "e8 00 00 00 00"
#define CALL_SLOT "ff 15 00 00 00 00"

static void decode_common_functions_caller_tells(void **state)
{
	(void)state;
	assert_int_equal(called("bf ca 00 00 00 31 c0", CALL, SYSCALL3), 202);
	assert_int_equal(called("bf ca 00 00 00 31 c0", CALL, "f30f1efa" SYSCALL3), 202);
	assert_int_equal(called("6a 00 bf ca 00 00 00", CALL_SLOT, SYSCALL3), 202);
	assert_int_equal(called("48 8b 74 24 08 49 89 d0", CALL, CANCEL_ARCH), 201);
	assert_int_equal(called("be e8 00 00 00", CALL, CANCEL_ARCH), 232);
}

static void decode_other_callers_say_nothing(void **state)
{
	(void)state;
	assert_int_equal(called("89 df", CALL, SYSCALL3), -1);             /* mov %ebx, %edi */
	assert_int_equal(called("bf ca 00 00 00", "ff d0", SYSCALL3), -1); /* call *%rax */
	assert_int_equal(called("bf ca 00 00 00", "e8 00 00 00 00 90", SYSCALL3), -1);
	assert_int_equal(called("48 8b 74 24 08 50", CALL, CANCEL_ARCH), -1);
	/* A call of something else, which has gone on to the function by a jump. */
	assert_int_equal(called("bf ca 00 00 00", CALL, "90 90 90 90 90" SYSCALL3), -1);
	const uintptr_t nowhere[4] = {16};
	unsigned char *pc = put(put(code, SYSCALL3), "0f05");
	assert_int_equal(gw_decode_syscall(pc, nowhere), -1);
}

/* An entry of a procedure linkage table lies at 1024, its slot at 1536. */
static void decode_goes_through_linkage_tables(void **state)
{
	(void)state;
	memset(code, 0xcc, 2 * PAGE);
	unsigned char *pc = put(put(code + PAGE, SYSCALL3), "0f05");
	unsigned char *back = put(code + 512, "bf ca 00 00 00 31 c0 e8 00 00 00 00");
	unsigned char *after = put(code + 1024, "f3 0f 1e fa f2 ff 25 00 00 00 00");
	const unsigned char *to = code + PAGE;
	int32_t entry = (int32_t)(code + 1024 - back), slot = (int32_t)(code + 1536 - after);
	memcpy(back - 4, &entry, 4);
	memcpy(after - 4, &slot, 4);
	memcpy(code + 1536, &to, sizeof to);
	const uintptr_t stack[4] = {(uintptr_t)back};
	assert_int_equal(gw_decode_syscall(pc, stack), 202);
	to++;
	memcpy(code + 1536, &to, sizeof to);
	assert_int_equal(gw_decode_syscall(pc, stack), -1);
}

/* A context as the kernel makes it when a signal ends the system call nr. */
static ucontext_t ended(long nr, siginfo_t *info)
{
	ucontext_t context;
	unsigned char constant[8] = {0xb8, (unsigned char)nr, (unsigned char)(nr >> 8)};
	memset(code, 0xcc, 2 * PAGE);
	memcpy(code, constant, 5);
	memset(&context, 0, sizeof context);
	context.uc_mcontext.gregs[REG_RIP] = (greg_t)put(code + 5, "0f05");
	context.uc_mcontext.gregs[REG_RSP] = (greg_t)numbers;
	context.uc_mcontext.gregs[REG_RAX] = -4;
	*info = (siginfo_t){.si_signo = SIGURG, .si_code = SI_TKILL};
	info->si_pid = getpid();
	return context;
}

static int outcome(long nr, bool direct, long rax)
{
	siginfo_t info;
	ucontext_t context = ended(nr, &info);
	int how = gw_wait_restart(&info, &context, direct, true);
	bool again = how != GW_WAIT_ENDS;
	assert_int_equal(context.uc_mcontext.gregs[REG_RAX], rax);
	assert_int_equal(context.uc_mcontext.gregs[REG_RIP], (greg_t)(code + (again ? 5 : 7)));
	return how;
}

static void wait_restarts_or_resumes_by_system_call(void **state)
{
	(void)state;
	assert_int_equal(outcome(SYS_epoll_wait, true, SYS_epoll_wait), GW_WAIT_RESTARTS);
	assert_int_equal(outcome(SYS_select, false, SYS_select), GW_WAIT_RESTARTS);
	assert_int_equal(outcome(SYS_poll, true, SYS_restart_syscall), GW_WAIT_RESUMES);
	assert_int_equal(outcome(SYS_poll, false, SYS_poll), GW_WAIT_RESTARTS);
	assert_int_equal(outcome(SYS_close, true, -4), GW_WAIT_ENDS);
	assert_int_equal(outcome(SYS_read, true, -4), GW_WAIT_ENDS); /* of standard input */
	assert_int_equal(outcome(SYS_exit, true, -4), GW_WAIT_ENDS);
}

static void wait_ends_when_somebody_else_sent_the_signal(void **state)
{
	(void)state;
	siginfo_t info;
	ucontext_t context = ended(SYS_poll, &info);
	assert_int_equal(gw_wait_restart(&info, &context, true, false), GW_WAIT_ENDS);
	info.si_code = SI_USER;
	assert_int_equal(gw_wait_restart(&info, &context, true, true), GW_WAIT_ENDS);
	info.si_code = SI_TKILL;
	info.si_pid++;
	assert_int_equal(gw_wait_restart(&info, &context, true, true), GW_WAIT_ENDS);
}

static void wait_ends_when_another_signal_is_pending(void **state)
{
	(void)state;
	siginfo_t info;
	sigset_t usr1, old;
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, &old);
	raise(SIGUSR1);
	ucontext_t context = ended(SYS_poll, &info);
	assert_int_equal(gw_wait_restart(&info, &context, true, true), GW_WAIT_ENDS);
	/* One that C has blocked anyway is no reason. */
	context.uc_sigmask = usr1;
	assert_int_equal(gw_wait_restart(&info, &context, true, true), GW_WAIT_RESUMES);
	int sig;
	sigwait(&usr1, &sig);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

static int outcome_masked(long nr, int reg, const void *mask, uint64_t blocked)
{
	siginfo_t info;
	ucontext_t context = ended(nr, &info);
	memcpy(&context.uc_sigmask, &blocked, sizeof blocked);
	context.uc_mcontext.gregs[reg] = (greg_t)mask;
	return gw_wait_restart(&info, &context, true, true);
}

/* The handler of such a signal may have run just before SIGURG's. */
static void wait_ends_when_it_lets_blocked_signals_through(void **state)
{
	(void)state;
	const uint64_t term = (uint64_t)1 << (SIGTERM - 1), none = 0;
	const struct {
		const void *mask;
		size_t size;
	} open = {&none, 8}, same = {&term, 8}, without = {NULL, 8};
	assert_int_equal(outcome_masked(SYS_ppoll, REG_R10, &none, term), GW_WAIT_ENDS);
	assert_int_equal(outcome_masked(SYS_ppoll, REG_R10, &term, term), GW_WAIT_RESTARTS);
	assert_int_equal(outcome_masked(SYS_ppoll, REG_R10, &term, 0), GW_WAIT_RESTARTS);
	assert_int_equal(outcome_masked(SYS_ppoll, REG_R10, NULL, term), GW_WAIT_RESTARTS);
	assert_int_equal(outcome_masked(SYS_epoll_pwait, REG_R8, &none, term), GW_WAIT_ENDS);
	assert_int_equal(outcome_masked(SYS_rt_sigsuspend, REG_RDI, &none, term), GW_WAIT_ENDS);
	assert_int_equal(outcome_masked(SYS_pselect6, REG_R9, &open, term), GW_WAIT_ENDS);
	assert_int_equal(outcome_masked(SYS_pselect6, REG_R9, &same, term), GW_WAIT_RESTARTS);
	assert_int_equal(outcome_masked(SYS_pselect6, REG_R9, &without, term), GW_WAIT_RESTARTS);
	assert_int_equal(outcome_masked(SYS_pselect6, REG_R9, NULL, term), GW_WAIT_RESTARTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decode_constant_is_the_number),
		cmocka_unit_test(decode_stack_slot_is_the_number),
		cmocka_unit_test(decode_unknown_code_says_nothing),
		cmocka_unit_test(decode_more_than_one_way_says_nothing),
		cmocka_unit_test(decode_inside_of_an_instruction_says_nothing),
		cmocka_unit_test(decode_common_functions_caller_tells),
		cmocka_unit_test(decode_other_callers_say_nothing),
		cmocka_unit_test(decode_goes_through_linkage_tables),
		cmocka_unit_test(wait_restarts_or_resumes_by_system_call),
		cmocka_unit_test(wait_ends_when_somebody_else_sent_the_signal),
		cmocka_unit_test(wait_ends_when_another_signal_is_pending),
		cmocka_unit_test(wait_ends_when_it_lets_blocked_signals_through),
	};
	return cmocka_run_group_tests(tests, start, NULL);
}
