// Loads an object whose CO-RE relocations are resolved against a given BTF, not the running kernel's, and runs its raw_tp programs:
// `core-load OBJECT BTF` prints `program NAME RETURNED` for each.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>

int main(int count, char **words) {
  if (count != 3) return 2;
  LIBBPF_OPTS(bpf_object_open_opts, options, .btf_custom_path = words[2]);
  struct bpf_object *object = bpf_object__open_file(words[1], &options);
  if (!object || bpf_object__load(object)) return 1;
  struct bpf_program *program;
  bpf_object__for_each_program(program, object) {
    __u64 context[12] = {0};
    LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = context, .ctx_size_in = sizeof(context));
    if (bpf_prog_test_run_opts(bpf_program__fd(program), &run)) return 1;
    printf("program %s %d\n", bpf_program__name(program), (int)run.retval);
  }
  bpf_object__close(object);
  return 0;
}
