/* main() of the fuzzer for compilers without libFuzzer, with the little of libFuzzer that this one
   needs:

       fuzz_signature [-seconds=N] [-seed=S] [-keep=DIRECTORY] [FILE | DIRECTORY]...

   runs the files; then, for N seconds, texts made of them and of those that reached new code, which
   are also written to the directory to keep them in. What gcc's -fsanitize-coverage=trace-pc tells
   is all the guidance there is. A text that ends the
   process is written to ./finding-HASH; the seed replays a run as long as its speed plays no part,
   the file always. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

enum { MAX_TEXT = 16384, MAX_TEXTS = 20000, HANG = 60 /* seconds */ };

struct input {
	uint8_t *data;
	size_t size;
};
static struct input inputs[MAX_TEXTS];
static size_t ninputs;
static struct input current;

/* ---- A finding ---- */

/* Writes a text to the file prefix-HASH, whose name it leaves in name. */
static bool write_text(char name[4096], const char *prefix, const uint8_t *data, size_t size)
{
	uint64_t hash = 14695981039346656037u;
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ data[i]) * 1099511628211u;
	snprintf(name, 4096, "%s-%016llx", prefix, (unsigned long long)hash);
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	bool ok = fd >= 0 && write(fd, data, size) == (ssize_t)size;
	if (fd >= 0)
		close(fd);
	return ok;
}

static void write_finding(void)
{
	static bool written;
	static char name[4096];
	if (written || current.data == NULL)
		return;
	written = true;
	if (write_text(name, "finding", current.data, current.size))
		dprintf(2, "fuzz: the text is in %s\n", name);
	else
		dprintf(2, "fuzz: the finding cannot be written\n");
	dprintf(2, "fuzz: \"%.*s\"\n", current.size < 2000 ? (int)current.size : 2000,
		(const char *)current.data);
}

static void on_signal(int number)
{
	dprintf(2, "fuzz: %s\n",
		number == SIGALRM ? "no end: the same texts for a minute" : strsignal(number));
	write_finding();
	_exit(1);
}

/* AddressSanitizer's end; and UndefinedBehaviorSanitizer's, which gcc has in a library of its own.
 */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));
const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
	return "abort_on_error=1:print_stacktrace=1";
}

static void watch(void)
{
	static const int signals[] = {SIGABRT, SIGALRM, SIGTRAP, SIGILL};
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		signal(signals[i], on_signal);
	if (__sanitizer_set_death_callback != NULL)
		__sanitizer_set_death_callback(write_finding);
}

/* ---- Coverage: pairs of places, one after the other ---- */

static uint8_t seen[1 << 16];
static unsigned long nseen;
static uintptr_t last;

void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void)
{
	uintptr_t pc = (uintptr_t)__builtin_return_address(0);
	uint16_t at = (uint16_t)(pc ^ pc >> 16 ^ last);
	last = (pc << 5 ^ pc >> 3) & 0xffff;
	nseen += seen[at] == 0;
	seen[at] = 1;
}

/* ---- Inputs ---- */

static void keep(const uint8_t *data, size_t size)
{
	if (ninputs == MAX_TEXTS)
		return;
	uint8_t *copy = malloc(size + 1);
	memcpy(copy, data, size);
	inputs[ninputs++] = (struct input){copy, size};
}

/* -keep=DIRECTORY: for the corpus, once somebody has chosen among them. */
static const char *keep_in;

static void write_kept(const uint8_t *data, size_t size)
{
	char prefix[4000];
	static char name[4096];
	if (keep_in == NULL)
		return;
	snprintf(prefix, sizeof prefix, "%s/kept", keep_in);
	if (!write_text(name, prefix, data, size)) {
		perror(name);
		exit(2);
	}
}

static void run(const uint8_t *data, size_t size)
{
	current = (struct input){(uint8_t *)data, size};
	LLVMFuzzerTestOneInput(data, size);
	current.data = NULL;
}

static void run_file(const char *path)
{
	static uint8_t data[1 << 20];
	FILE *file = fopen(path, "rb");
	if (file == NULL) {
		perror(path);
		exit(2);
	}
	size_t size = fread(data, 1, sizeof data, file);
	fclose(file);
	run(data, size);
	if (size <= MAX_TEXT)
		keep(data, size);
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* In the order of their names: a seed replays. */
static void run_path(const char *path)
{
	struct stat is;
	struct dirent **names;
	if (stat(path, &is) == 0 && !S_ISDIR(is.st_mode)) {
		run_file(path);
		return;
	}
	int n = scandir(path, &names, visible, alphasort);
	if (n < 0) {
		perror(path);
		exit(2);
	}
	for (int i = 0; i < n; i++) {
		char file[4096];
		snprintf(file, sizeof file, "%s/%s", path, names[i]->d_name);
		run_file(file);
		free(names[i]);
	}
	free(names);
}

/* The beginning of one text and the end of another. */
static size_t join(uint8_t *data, size_t size, uint64_t *random)
{
	const struct input *other = &inputs[fuzz_random(random) % ninputs];
	size_t keeps = fuzz_random(random) % (size + 1);
	size_t from = fuzz_random(random) % (other->size + 1), n = other->size - from;
	if (keeps + n > MAX_TEXT)
		n = MAX_TEXT - keeps;
	memcpy(data + keeps, other->data + from, n);
	return keeps + n;
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fuzz(double seconds, uint64_t seed)
{
	static uint8_t data[MAX_TEXT];
	uint64_t random = seed;
	double end = now() + seconds;
	if (ninputs == 0)
		keep((const uint8_t *)"void()", 6);
	for (unsigned long i = 0;; i++) {
		if (i % 64 == 0) {
			if (now() >= end)
				break;
			alarm(HANG);
		}
		const struct input *base = &inputs[fuzz_random(&random) % ninputs];
		size_t size = base->size;
		memcpy(data, base->data, size);
		if (fuzz_random(&random) % 8 == 0)
			size = join(data, size, &random);
		size = LLVMFuzzerCustomMutator(data, size, MAX_TEXT,
					       (unsigned int)fuzz_random(&random));
		unsigned long before = nseen;
		run(data, size);
		if (nseen != before) {
			keep(data, size);
			write_kept(data, size);
		}
	}
	alarm(0);
}

int main(int argc, char **argv)
{
	double seconds = 0;
	uint64_t seed = (uint64_t)time(NULL);
	watch();
	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "-seconds=", 9) == 0)
			seconds = atof(argv[i] + 9);
		else if (strncmp(argv[i], "-seed=", 6) == 0)
			seed = strtoull(argv[i] + 6, NULL, 0);
		else if (strncmp(argv[i], "-keep=", 6) == 0)
			keep_in = argv[i] + 6;
	}
	alarm(HANG);
	for (int i = 1; i < argc; i++)
		if (argv[i][0] != '-')
			run_path(argv[i]);
	alarm(0);
	printf("fuzz: %lu texts of the corpus, seed %llu\n", fuzz_counts.texts,
	       (unsigned long long)seed);
	fflush(stdout);
	if (seconds > 0)
		fuzz(seconds, seed);
	printf("fuzz: %lu executions: %lu signatures, %lu of them called, %lu from C to Go, %lu "
	       "plans with code; %zu texts reached new code, %lu pairs of places\n",
	       fuzz_counts.texts, fuzz_counts.parsed, fuzz_counts.executed, fuzz_counts.called_back,
	       fuzz_counts.coded, ninputs, nseen);
	if (fuzz_counts.texts > 50 && fuzz_counts.executed == 0) {
		fprintf(stderr, "fuzz: nothing was called: this says nothing\n");
		return 1;
	}
	for (size_t i = 0; i < ninputs; i++)
		free(inputs[i].data);
	return 0;
}
