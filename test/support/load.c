// A load of exactly known size: `load CALLS` names itself "load" and then makes CALLS times each of: getppid, openat of a file that
// does not exist, read of 100 bytes and read of 5 bytes from /dev/zero. `load CALLS DEVICE` reads CALLS blocks from a device, past
// the page cache, instead. Prints its parent's process id.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int count, char **words) {
  long calls = count > 1 ? atol(words[1]) : 1;
  char bytes[100];
  /* The tracer that started the load may be bound to one CPU. */
  cpu_set_t all;
  memset(&all, 255, sizeof all);
  sched_setaffinity(0, sizeof all, &all);
  printf("parent %ld\n", (long)getppid());
  fflush(stdout);
  int zero = open(count > 2 ? words[2] : "/dev/zero", count > 2 ? O_RDONLY | O_DIRECT : O_RDONLY);
  if (zero < 0) return 1;
  void *block;
  if (posix_memalign(&block, 4096, 4096)) return 1;
  prctl(PR_SET_NAME, "load");
  for (long i = 0; i < calls; i++) {
    if (count > 2) {
      if (pread(zero, block, 4096, i * 4096) != 4096) return 1;
      continue;
    }
    syscall(SYS_getppid);
    syscall(SYS_openat, AT_FDCWD, "/no/such/file", O_RDONLY);
    if (read(zero, bytes, 100) != 100 || read(zero, bytes, 5) != 5) return 1;
  }
  prctl(PR_SET_NAME, "done");
  return 0;
}
