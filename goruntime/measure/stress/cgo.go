//go:build linux && cgo

package main

/*
#cgo LDFLAGS: -lpthread
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

extern void goCallback(void);

enum { workers = 4 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t met = PTHREAD_COND_INITIALIZER;
static int arrived, meetings;

// meet waits for the other workers.
static void meet(void) {
	pthread_mutex_lock(&mutex);
	int meeting = meetings;
	if (++arrived == workers) {
		arrived = 0;
		meetings++;
		pthread_cond_broadcast(&met);
	} else {
		while (meeting == meetings) pthread_cond_wait(&met, &mutex);
	}
	pthread_mutex_unlock(&mutex);
}

// A thread that C makes: it allocates, so that malloc needs a second arena, takes
// a lock the others want, waits for them, and calls into Go.
static void *worker(void *arg) {
	for (int i = 0; i < 50; i++) {
		pthread_mutex_lock(&mutex);
		char *p = malloc(40000);
		if (p != NULL) memset(p, i, 40000);
		pthread_mutex_unlock(&mutex);
		free(p);
	}
	meet();
	goCallback();
	return arg;
}

static int threads(void) {
	pthread_t t[workers];
	for (int i = 0; i < workers; i++)
		if (pthread_create(&t[i], NULL, worker, NULL) != 0) return 1;
	for (int i = 0; i < workers; i++)
		if (pthread_join(t[i], NULL) != 0) return 1;
	return 0;
}

// One arena of malloc's grows and shrinks: the first one on the main thread, that
// of the thread on others.
static void heap(void) {
	void *p[200];
	for (int i = 0; i < 200; i++) p[i] = malloc(100000);
	for (int i = 0; i < 200; i++) free(p[i]);
}
*/
import "C"

import (
	"fmt"
	"runtime"
)

func init() { runtime.LockOSThread() } // the main goroutine has the main thread

//export goCallback
func goCallback() {
	_ = fmt.Sprint(make([]byte, 100))
}

// newCThreads makes threads in C and calls between the languages.
func newCThreads() run {
	return each(func() {
		if C.threads() != 0 {
			fail(fmt.Errorf("pthread_create or pthread_join failed"))
		}
		C.heap()
		done := make(chan struct{})
		onMain <- func() {
			C.heap()
			close(done)
		}
		<-done
	})
}
