// Loads a BPF object and runs each program once by BPF_PROG_TEST_RUN, then prints .data.counters.
//
//   program NAME RETURNED     (decimal, 32 bits)
//   counter VALUE             (hexadecimal, one line per u64)
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int print(enum libbpf_print_level level, const char *format, va_list arguments) {
  return level == LIBBPF_WARN ? vfprintf(stderr, format, arguments) : 0;
}

int main(int count, char **words) {
  uint64_t context[12];
  if (count != 2) return 2;
  for (int i = 0; i < 12; i++) context[i] = i * 0x0101010101010101ull + i;
  libbpf_set_print(print);
  struct bpf_object *object = bpf_object__open_file(words[1], NULL);
  if (!object || bpf_object__load(object)) return 1;

  struct bpf_program *program;
  bpf_object__for_each_program(program, object) {
    LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = context, .ctx_size_in = sizeof context - 8);
    int error = bpf_prog_test_run_opts(bpf_program__fd(program), &options);
    if (error) {
      fprintf(stderr, "%s: %s\n", bpf_program__name(program), strerror(-error));
      return 1;
    }
    printf("program %s %u\n", bpf_program__name(program), options.retval);
  }

  struct bpf_map *map;
  bpf_object__for_each_map(map, object) {
    if (!strstr(bpf_map__name(map), ".data.counters")) continue;
    uint32_t key = 0;
    size_t size = bpf_map__value_size(map);
    uint64_t *values = malloc(size);
    if (bpf_map_lookup_elem(bpf_map__fd(map), &key, values)) return 1;
    for (size_t i = 0; i < size / 8; i++) printf("counter %" PRIx64 "\n", values[i]);
    free(values);
  }
  bpf_object__close(object);
  return 0;
}
