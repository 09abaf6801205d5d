// A program with static tracepoints, as <sys/sdt.h> makes them, a variable that they watch, and others that scripts read by name.
#include <stdio.h>
#include <stdlib.h>

#define NOTE(name, args, semaphore)                                                                             \
  ".pushsection .note.stapsdt,\"\",\"note\"\n.balign 4\n.4byte 992f-991f, 994f-993f, 3\n991: .asciz \"stapsdt\"\n" \
  "992: .balign 4\n993: .8byte 990b\n.8byte _.stapsdt.base\n.8byte " semaphore                                   \
  "\n.asciz \"demo\"\n.asciz \"" name "\"\n.asciz \"" args "\"\n994: .balign 4\n.popsection\n"
#define BASE                                                                                                   \
  ".ifndef _.stapsdt.base\n.pushsection .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat\n"              \
  ".weak _.stapsdt.base\n.hidden _.stapsdt.base\n_.stapsdt.base: .space 1\n.size _.stapsdt.base,1\n.popsection\n.endif\n"
#define SEMAPHORE "demo_guarded_semaphore"

unsigned short demo_guarded_semaphore __attribute__((section(".probes")));
int counter = 41;
long total = 1000;
int table[8] = {10, 11, 12, 13, 14, 15, 16, 17};

__attribute__((noinline)) void arguments(long a, int b, const char *text, signed char c) {
  volatile long local = a * 3;
  asm volatile("990: nop\n" NOTE("arguments", "8@%[a] -4@%[b] 8@%[text] -1@%[c] -4@$-7 8@%[local]", "0") BASE ::[a] "r"(a),
               [b] "r"(b), [text] "r"(text), [c] "r"(c), [local] "m"(local));
}

// Operands with the name of a variable and with an index.
__attribute__((noinline)) void indexed(long i) {
  asm volatile("990: nop\n" NOTE("indexed", "-4@counter(%%rip) -4@(%[table],%[i],4) 4@4(%[table])", "0") BASE ::[i] "r"(i),
               [table] "r"(table));
}

__attribute__((noinline)) void guarded(long a) {
  if (demo_guarded_semaphore > 0) asm volatile("990: nop\n" NOTE("guarded", "8@%[a]", SEMAPHORE) BASE ::[a] "r"(a));
}

// One tracepoint at two places, which keep their argument in different ones.
__attribute__((noinline)) void twice(int a) {
  asm volatile("990: nop\n" NOTE("twice", "-4@%[a]", "0") BASE ::[a] "r"(a));
  asm volatile("990: nop\n" NOTE("twice", "-4@$5", "0") BASE ::);
}

// An argument where no program can read it.
__attribute__((noinline)) void high(void) {
  asm volatile("990: nop\n" NOTE("high", "8@%%rax 1@%%ah", "0") BASE ::);
}

__attribute__((noinline)) int work(int n) {
  counter += n;
  total += n;
  asm volatile("" ::: "memory");
  return counter;
}

int main(int argc, char **argv) {
  static char text[] = "hello";
  text[0] = argc > 1 ? 'j' : 'h';
  // With an argument it waits for a line, so that it can be traced from outside.
  if (argc > 1 && getchar() == EOF) return 2;
  for (int k = 0; k < 3; k++) {
    arguments(k + 0x100000000L, -k, text, -3);
    indexed(k + 2);
    guarded(k + 40);
    twice(k);
    high();
    work(k);
  }
  return total == 1003 ? 0 : 1;
}
