// Cgo is a program with C linked in: threads that C made, before the seal and
// after it, allocate, take locks and call into Go. It is told what to do as
// goruntime/internal/child is.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/tileseal/tileseal/goruntime/internal/child/stage"
	"github.com/tileseal/tileseal/goruntime/internal/wire"
)

/*
#cgo LDFLAGS: -lpthread
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

extern void intoGo(void);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static volatile int sealed, over;

// busy allocates and frees, in an arena of its own, with a lock the others want,
// and calls into Go.
static void busy(int rounds) {
	for (int i = 0; i < rounds; i++) {
		void *p[20];
		for (int j = 0; j < 20; j++) {
			if ((p[j] = malloc(1000 << j % 8)) == NULL) abort();
			memset(p[j], i, 1000);
		}
		pthread_mutex_lock(&lock);
		for (int j = 0; j < 20; j++) free(p[j]);
		pthread_mutex_unlock(&lock);
		intoGo();
	}
}

static void *early(void *arg) {
	while (!sealed) usleep(1000);
	while (!over) busy(1);
	return arg;
}

static void *late(void *arg) {
	busy(50);
	return arg;
}

static pthread_t threads[4];

static int start(void *(*f)(void *)) {
	for (int i = 0; i < 4; i++)
		if ((errno = pthread_create(&threads[i], NULL, f, NULL)) != 0) return -1;
	return 0;
}

static int startEarly(void) { return start(early); }

// goOn lets the early threads go; rounds of late ones come and end beside them.
static int goOn(void) {
	sealed = 1;
	for (int n = 0; n < 5; n++) {
		if (start(late) != 0) return -1;
		for (int i = 0; i < 4; i++)
			if ((errno = pthread_join(threads[i], NULL)) != 0) return -1;
	}
	return 0;
}

static void finish(void) { over = 1; }

// The main arena grows by brk and by mmap.
static void grow(void) {
	void *p[100];
	for (int i = 0; i < 100; i++) p[i] = malloc(i % 2 ? 200000 : 50000);
	for (int i = 0; i < 100; i++) free(p[i]);
}

static int hasClone3(void) {
	return syscall(SYS_clone3, NULL, 0) == -1 && errno != ENOSYS;
}
*/
import "C"

var calls atomic.Int64

//export intoGo
func intoGo() {
	calls.Add(1)
	if calls.Load()%100 == 0 {
		runtime.GC()
	}
}

func main() {
	stage.Perform(map[string]stage.Act{"nothing": nothing, "threads": threads}, os.Args[2:])
}

// nothing has no more than C's presence.
func nothing([]string, map[string]int) func() { return func() {} }

func threads([]string, map[string]int) func() {
	if C.startEarly() != 0 {
		stage.Fail(fmt.Errorf("pthread_create failed"))
	}
	return func() {
		if C.hasClone3() != 0 {
			stage.Fail(fmt.Errorf("the filter lets clone3 through"))
		}
		if C.goOn() != 0 {
			stage.Fail(fmt.Errorf("pthread_create or pthread_join failed"))
		}
		C.grow()
		stage.Say(wire.Ready)
		time.Sleep(300 * time.Millisecond)
		C.finish()
		if calls.Load() < 1000 {
			stage.Fail(fmt.Errorf("C called %d times", calls.Load()))
		}
	}
}
