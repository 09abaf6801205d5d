// Gives programs of a file to the kernel's verifier, one line of answer each: "ok", or the last line of its log.
//
// A program: u32 number of instructions, then they. A wide load of a map names one of the maps below by its number, from 1.
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char log_text[1 << 20];

static int last_line(const char *fallback) {
  char *line = NULL, *next = strtok(log_text, "\n");
  for (; next; next = strtok(NULL, "\n"))
    if (strncmp(next, "processed ", 10) && strncmp(next, "verification time", 17) && strncmp(next, "stack depth", 11)) line = next;
  return printf("%s\n", line ? line : fallback);
}

static struct bpf_func_info functions[64];

// Where functions start, in their order: callbacks need to be described.
static uint32_t find_functions(const struct bpf_insn *code, uint32_t length, int type) {
  uint32_t count = 0;
  for (uint32_t start = 0; start < length && count < 64; start++) {
    int is_start = start == 0;
    for (uint32_t i = 0; i < length; i++) {
      int is_call = code[i].code == (BPF_JMP | BPF_CALL) && code[i].src_reg == BPF_PSEUDO_CALL;
      int is_load = code[i].code == (BPF_LD | BPF_DW | BPF_IMM) && code[i].src_reg == BPF_PSEUDO_FUNC;
      if ((is_call || is_load) && (int64_t)i + 1 + code[i].imm == start) is_start = 1;
    }
    if (is_start) functions[count++] = (struct bpf_func_info){.insn_off = start, .type_id = type};
  }
  return count;
}

int main(int count, char **words) {
  if (count != 2) return 2;
  FILE *file = fopen(words[1], "rb");
  if (!file) return 2;
  LIBBPF_OPTS(bpf_map_create_opts, read_only, .map_flags = BPF_F_RDONLY_PROG);
  int maps[] = {
      bpf_map_create(BPF_MAP_TYPE_HASH, "hash", 8, 8, 4, NULL),
      bpf_map_create(BPF_MAP_TYPE_ARRAY, "array", 4, 16, 1, NULL),
      bpf_map_create(BPF_MAP_TYPE_ARRAY, "constants", 4, 16, 1, &read_only),
      bpf_map_create(BPF_MAP_TYPE_RINGBUF, "ring", 0, 0, 4096, NULL),
      bpf_map_create(BPF_MAP_TYPE_PERCPU_HASH, "percpu", 8, 8, 4, NULL),
  };
  int map_count = sizeof maps / sizeof *maps;
  for (int i = 0; i < map_count; i++)
    if (maps[i] < 0) return 3;
  uint32_t key = 0;
  char zeros[16] = {0};
  if (bpf_map_update_elem(maps[2], &key, zeros, 0) || bpf_map_freeze(maps[2])) return 3;

  struct btf *types = btf__new_empty();
  int number = btf__add_int(types, "int", 4, BTF_INT_SIGNED);
  int prototype = btf__add_func_proto(types, number);
  int function = btf__add_func(types, "function", BTF_FUNC_STATIC, prototype);
  if (function < 0 || btf__load_into_kernel(types)) return 3;

  uint32_t length;
  while (fread(&length, 4, 1, file) == 1) {
    struct bpf_insn *code = calloc(length + 1, sizeof *code);
    if (fread(code, sizeof *code, length, file) != length) return 2;
    for (uint32_t i = 0; i < length; i++) {
      if (code[i].code != (BPF_LD | BPF_DW | BPF_IMM)) continue;
      int is_map = code[i].src_reg == BPF_PSEUDO_MAP_FD || code[i].src_reg == BPF_PSEUDO_MAP_VALUE;
      if (is_map && code[i].imm >= 1 && code[i].imm <= map_count) code[i].imm = maps[code[i].imm - 1];
      else if (is_map) code[i].imm = 9999;
      i++;
    }
    *log_text = 0;
    LIBBPF_OPTS(bpf_prog_load_opts, options, .prog_btf_fd = btf__fd(types), .func_info = functions,
                .func_info_cnt = find_functions(code, length, function), .func_info_rec_size = sizeof *functions, .log_buf = log_text, .log_size = sizeof log_text, .log_level = 1);
    int program = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "test", "GPL", code, length, &options);
    if (program >= 0) puts("ok");
    else last_line(strerror(-program));
    free(code);
  }
  return 0;
}
