/* A C program that loads two libraries in Go (tests/programs/archive), one after the other, and has
   threads that call both. Usage: two FIRST SECOND [WAIT], WAIT to wait for the first to have started
   before the second is loaded. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct library {
	int32_t (*Work)(int32_t n);
	int32_t (*Taken)(void);
	int32_t (*Preempted)(void);
	int32_t (*Road)(void);
	int32_t (*Faults)(void);
} first, second;

static void expect(const char *what, int32_t got, int32_t want)
{
	if (got != want) {
		printf("%s: %d, not %d\n", what, got, want);
		exit(1);
	}
}

static void find(void *library, const char *name, void *to)
{
	void *symbol = dlsym(library, name);
	if (symbol == NULL) {
		printf("%s\n", dlerror());
		exit(1);
	}
	memcpy(to, &symbol, sizeof symbol);
}

static void load(struct library *l, const char *path)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (library == NULL) {
		printf("%s\n", dlerror());
		exit(1);
	}
	find(library, "Work", &l->Work);
	find(library, "Taken", &l->Taken);
	find(library, "Preempted", &l->Preempted);
	find(library, "Road", &l->Road);
	find(library, "Faults", &l->Faults);
}

static void *run(void *arg)
{
	for (int i = 0; i < 5; i++) {
		expect("Work of the first", first.Work(10 + i), 10 + i);
		expect("Work of the second", second.Work(10 + i), 10 + i);
		expect("Taken, first", first.Taken(), 1);
		expect("Taken, second", second.Taken(), 1);
	}
	return arg;
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 1;
	load(&first, argv[1]);
	if (argc > 3)
		first.Road();
	load(&second, argv[2]);
	printf("roads: %d %d\n", first.Road(), second.Road());
	fflush(stdout);
	expect("Taken, first", first.Taken(), 1);
	expect("Taken, second", second.Taken(), 1);
	/* On other roads, as with cgo, the second library's runtime gets what is for the first. */
	if (first.Road() == 0 && second.Road() == 0) {
		expect("Preempted, first", first.Preempted(), 1);
		expect("Preempted, second", second.Preempted(), 1);
	}
	expect("Faults, first", first.Faults(), 1);
	expect("Faults, second", second.Faults(), 1);
	pthread_t threads[4];
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, run, NULL);
	expect("Taken, first", first.Taken(), 1);
	expect("Taken, second", second.Taken(), 1);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	puts("OK");
	return 0;
}
