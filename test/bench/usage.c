// Runs a command and writes what it used as one line of JSON to a file: `usage FILE COMMAND...`. Seconds of CPU (user and system, its
// waited-for children included), wall time, peak memory in KiB (getrusage(2)), and the exit code.
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static double seconds(struct timeval time) { return (double)time.tv_sec + (double)time.tv_usec / 1e6; }

int main(int count, char **words) {
  if (count < 3) return 2;
  struct timeval start, end;
  gettimeofday(&start, 0);
  pid_t child = fork();
  if (child == 0) {
    execvp(words[2], words + 2);
    perror(words[2]);
    _exit(127);
  }
  int status;
  struct rusage usage;
  if (wait4(child, &status, 0, &usage) != child) return 1;
  gettimeofday(&end, 0);
  FILE *file = fopen(words[1], "w");
  if (!file) return 1;
  fprintf(file, "{\"cpu\": %.6f, \"wall\": %.6f, \"memory\": %ld, \"code\": %d}\n", seconds(usage.ru_utime) + seconds(usage.ru_stime),
          seconds(end) - seconds(start), usage.ru_maxrss, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  return fclose(file);
}
