/* Functions that wait in the kernel, one for each way that a signal may end with EINTR. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int64_t now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static struct timespec duration(int64_t us)
{
	return (struct timespec){us / 1000000, us % 1000000 * 1000};
}

static struct timespec deadline(clockid_t clock, int64_t us)
{
	struct timespec t;
	clock_gettime(clock, &t);
	us += (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
	return duration(us);
}

/* A thread that does something after a while, for waits without a time-out. */
struct waker {
	pthread_t thread;
	int64_t us;
	void (*wake)(struct waker *);
	int fd, id;
	uint32_t word;
};

static void *wake_later(void *arg)
{
	struct waker *w = arg;
	sigset_t all;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	int64_t end = now_us() + w->us;
	struct timespec t = {end / 1000000, end % 1000000 * 1000};
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
	w->wake(w);
	return NULL;
}

static int start(struct waker *w, int64_t us, void (*wake)(struct waker *))
{
	w->us = us;
	w->wake = wake;
	return pthread_create(&w->thread, NULL, wake_later, w);
}

static int ended(int failed)
{
	return failed ? errno : 0;
}

static int wait_poll(int64_t us)
{
	return ended(poll(NULL, 0, (int)((us + 999) / 1000)) < 0);
}

static int wait_ppoll(int64_t us)
{
	struct timespec t = duration(us);
	return ended(ppoll(NULL, 0, &t, NULL) < 0);
}

static int wait_select(int64_t us)
{
	struct timeval t = {us / 1000000, us % 1000000};
	return ended(select(0, NULL, NULL, NULL, &t) < 0);
}

static int wait_pselect(int64_t us)
{
	struct timespec t = duration(us);
	return ended(pselect(0, NULL, NULL, NULL, &t, NULL) < 0);
}

static int epolled(int64_t us, const sigset_t *mask)
{
	struct epoll_event event;
	int fd = epoll_create1(EPOLL_CLOEXEC);
	int err = ended(fd < 0 || epoll_pwait(fd, &event, 1, (int)((us + 999) / 1000), mask) < 0);
	close(fd);
	return err;
}

static int wait_epoll(int64_t us)
{
	struct epoll_event event;
	int fd = epoll_create1(EPOLL_CLOEXEC);
	int err = ended(fd < 0 || epoll_wait(fd, &event, 1, (int)((us + 999) / 1000)) < 0);
	close(fd);
	return err;
}

static int wait_epoll_masked(int64_t us)
{
	sigset_t mask;
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	return epolled(us, &mask);
}

static int wait_nanosleep(int64_t us)
{
	struct timespec t = duration(us);
	return ended(nanosleep(&t, NULL) < 0);
}

static int wait_usleep(int64_t us)
{
	return ended(usleep((useconds_t)us) < 0);
}

static int wait_clock(int64_t us)
{
	struct timespec t = deadline(CLOCK_MONOTONIC, us);
	return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static int wait_futex_timed(int64_t us)
{
	struct timespec t = duration(us);
	uint32_t word = 0;
	int err = ended(syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &t, NULL, 0) < 0);
	return err == ETIMEDOUT ? 0 : err;
}

static void wake_futex(struct waker *w)
{
	__atomic_store_n(&w->word, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &w->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static int wait_futex(int64_t us)
{
	struct waker w = {.word = 0};
	int err = start(&w, us, wake_futex);
	if (err != 0)
		return err;
	while (err == 0 && __atomic_load_n(&w.word, __ATOMIC_ACQUIRE) == 0)
		if (syscall(SYS_futex, &w.word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0) < 0 &&
		    errno != EAGAIN)
			err = errno;
	pthread_join(w.thread, NULL);
	return err;
}

static int wait_semaphore(int64_t us)
{
	sem_t sem;
	struct timespec t = deadline(CLOCK_REALTIME, us);
	sem_init(&sem, 0, 0);
	int err = ended(sem_timedwait(&sem, &t) < 0);
	sem_destroy(&sem);
	return err == ETIMEDOUT ? 0 : err;
}

static void write_byte(struct waker *w)
{
	while (write(w->fd, "", 1) != 1)
		;
}

static int wait_read(int64_t us)
{
	int fds[2];
	char byte;
	if (pipe(fds) < 0)
		return errno;
	struct waker w = {.fd = fds[1]};
	int err = start(&w, us, write_byte);
	if (err == 0) {
		err = ended(read(fds[0], &byte, 1) < 0);
		pthread_join(w.thread, NULL);
	}
	close(fds[0]);
	close(fds[1]);
	return err;
}

static int wait_recv(int64_t us)
{
	int fds[2];
	char byte;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
		return errno;
	struct waker w = {.fd = fds[1]};
	int err = start(&w, us, write_byte);
	if (err == 0) {
		err = ended(recv(fds[0], &byte, 1, 0) < 0);
		pthread_join(w.thread, NULL);
	}
	close(fds[0]);
	close(fds[1]);
	return err;
}

static int timed(int fd, int option, int64_t us)
{
	struct timeval t = {us / 1000000, us % 1000000};
	return setsockopt(fd, SOL_SOCKET, option, &t, sizeof t);
}

static int wait_recv_timed(int64_t us)
{
	int fds[2];
	char byte;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
		return errno;
	int err = ended(timed(fds[0], SO_RCVTIMEO, us) < 0 || recv(fds[0], &byte, 1, 0) < 0);
	close(fds[0]);
	close(fds[1]);
	return err == EAGAIN ? 0 : err;
}

/* A socket that listens at a name which the kernel chooses. */
static int listener(struct sockaddr_un *name, socklen_t *length)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	name->sun_family = AF_UNIX;
	*length = sizeof *name;
	if (bind(fd, (struct sockaddr *)name, sizeof name->sun_family) < 0 || listen(fd, 0) < 0 ||
	    getsockname(fd, (struct sockaddr *)name, length) < 0)
		return -1;
	return fd;
}

static int wait_accept(int64_t us)
{
	struct sockaddr_un name;
	socklen_t length;
	int fd = listener(&name, &length);
	int err = ended(fd < 0 || timed(fd, SO_RCVTIMEO, us) < 0 || accept(fd, NULL, NULL) < 0);
	close(fd);
	return err == EAGAIN ? 0 : err;
}

static void accept_one(struct waker *w)
{
	close(accept(w->fd, NULL, NULL));
}

/* The second connection waits until the first has been accepted. */
static int wait_connect(int64_t us)
{
	struct sockaddr_un name;
	socklen_t length;
	struct waker w = {.fd = listener(&name, &length)};
	int first = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int second = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int err = ended(w.fd < 0 || connect(first, (struct sockaddr *)&name, length) < 0);
	if (err == 0)
		err = start(&w, us, accept_one);
	if (err == 0) {
		err = ended(connect(second, (struct sockaddr *)&name, length) < 0);
		pthread_join(w.thread, NULL);
	}
	close(second);
	close(first);
	close(w.fd);
	return err;
}

static void post(struct waker *w)
{
	struct sembuf one = {0, 1, 0};
	semop(w->id, &one, 1);
}

static int wait_semop(int64_t us)
{
	struct sembuf minus = {0, -1, 0};
	struct waker w = {.id = semget(IPC_PRIVATE, 1, 0600)};
	if (w.id < 0)
		return errno;
	int err = start(&w, us, post);
	if (err == 0) {
		err = ended(semop(w.id, &minus, 1) < 0);
		pthread_join(w.thread, NULL);
	}
	semctl(w.id, 0, IPC_RMID);
	return err;
}

static int wait_semtimedop(int64_t us)
{
	struct sembuf minus = {0, -1, 0};
	struct timespec t = duration(us);
	int id = semget(IPC_PRIVATE, 1, 0600);
	if (id < 0)
		return errno;
	int err = ended(semtimedop(id, &minus, 1, &t) < 0);
	semctl(id, 0, IPC_RMID);
	return err == EAGAIN ? 0 : err;
}

static void send_message(struct waker *w)
{
	struct {
		long type;
		char text[1];
	} message = {1, ""};
	msgsnd(w->id, &message, 1, 0);
}

static int wait_msgrcv(int64_t us)
{
	struct {
		long type;
		char text[1];
	} message;
	struct waker w = {.id = msgget(IPC_PRIVATE, 0600)};
	if (w.id < 0)
		return errno;
	int err = start(&w, us, send_message);
	if (err == 0) {
		err = ended(msgrcv(w.id, &message, 1, 0, 0) < 0);
		pthread_join(w.thread, NULL);
	}
	msgctl(w.id, IPC_RMID, NULL);
	return err;
}

static int wait_sigtimedwait(int64_t us)
{
	struct timespec t = duration(us);
	sigset_t none;
	sigemptyset(&none);
	int err = ended(sigtimedwait(&none, NULL, &t) < 0);
	return err == EAGAIN ? 0 : err;
}

/* relative: a time-out that starts anew when the call is made again. ticks: it ends with a tick of
   the kernel's clock, which may come at once. */
static const struct {
	const char *name;
	int (*wait)(int64_t us);
	int relative, ticks;
} kinds[] = {
	{"poll", wait_poll, 0, 0},
	{"ppoll", wait_ppoll, 0, 0},
	{"select", wait_select, 0, 0},
	{"pselect", wait_pselect, 0, 0},
	{"epoll_wait", wait_epoll, 1, 0},
	{"epoll_pwait", wait_epoll_masked, 1, 0},
	{"nanosleep", wait_nanosleep, 0, 0},
	{"usleep", wait_usleep, 0, 0},
	{"clock_nanosleep, absolute", wait_clock, 0, 0},
	{"futex with a time-out", wait_futex_timed, 0, 0},
	{"futex", wait_futex, 0, 0},
	{"sem_timedwait", wait_semaphore, 0, 0},
	{"read", wait_read, 0, 0},
	{"recv", wait_recv, 0, 0},
	{"recv with SO_RCVTIMEO", wait_recv_timed, 1, 1},
	{"accept with SO_RCVTIMEO", wait_accept, 1, 1},
	{"connect", wait_connect, 0, 0},
	{"semop", wait_semop, 0, 0},
	{"semtimedop", wait_semtimedop, 1, 0},
	{"msgrcv", wait_msgrcv, 0, 0},
	{"sigtimedwait", wait_sigtimedwait, 1, 0},
};

/* The name of a kind, NULL behind the last; whether it is relative; whether it may end early. */
const char *gt_wait_name(uint32_t kind)
{
	return kind < sizeof kinds / sizeof *kinds ? kinds[kind].name : NULL;
}

int32_t gt_wait_relative(uint32_t kind)
{
	return kinds[kind].relative;
}

int32_t gt_wait_ticks(uint32_t kind)
{
	return kinds[kind].ticks;
}

/* Waits for us microseconds and returns 0, or the error that ended it. 0 returns at once. */
int32_t gt_wait(uint32_t kind, uint32_t us)
{
	return us == 0 ? 0 : kinds[kind].wait(us);
}
