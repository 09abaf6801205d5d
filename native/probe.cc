// What this kernel can do, found out by trying: distributions backport, so versions tell little.

#include "probe.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <cerrno>
#include <cstring>

#include "descriptor.h"
#include "log.h"

namespace bpfcast {

namespace {

// From uapi/linux/bpf.h since 5.18, 6.6 and 6.10; Debian 12's headers lack the later names.
constexpr uint32_t kTraceKprobeMulti = 42;
constexpr uint32_t kTraceUprobeMulti = 48;
constexpr uint32_t kTraceKprobeSession = 56;

// `r0 = 0; exit`
const bpf_insn kNothing[] = {
    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
    {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
};

// The fields of `union bpf_attr` for BPF_LINK_CREATE of an uprobe_multi link, which libbpf 1.1 does not know.
struct UprobeMultiAttributes {
  uint32_t program;
  uint32_t target;
  uint32_t attach_type;
  uint32_t flags;
  uint64_t path;
  uint64_t offsets;
  uint64_t reference_offsets;
  uint64_t cookies;
  uint32_t count;
  uint32_t multi_flags;
  uint32_t pid;
  uint32_t padding;
};

// The fields of `union bpf_attr` for BPF_LINK_CREATE of a kprobe_multi or kprobe_session link; the libbpf of Debian 12 refuses the latter.
struct KprobeMultiAttributes {
  uint32_t program;
  uint32_t target;
  uint32_t attach_type;
  uint32_t flags;
  uint32_t multi_flags;
  uint32_t count;
  uint64_t symbols;
  uint64_t addresses;
  uint64_t cookies;
};

Descriptor LoadNothing(bpf_prog_type type, uint32_t attach_type, uint32_t btf_id) {
  LIBBPF_OPTS(bpf_prog_load_opts, options);
  options.expected_attach_type = static_cast<bpf_attach_type>(attach_type);
  options.attach_btf_id = btf_id;
  return Descriptor(bpf_prog_load(type, "probe", "GPL", kNothing, 2, &options));
}

// A function that cannot exist: a kernel that knows the link type says that it is not there, another that the link is invalid.
bool KnowsKprobeLink(uint32_t attach_type) {
  Descriptor program = LoadNothing(BPF_PROG_TYPE_KPROBE, attach_type, 0);
  if (!program.valid()) return false;
  const char* symbols[] = {"bpfcast_no_such_function"};
  KprobeMultiAttributes attributes = {};
  attributes.program = static_cast<uint32_t>(program.get());
  attributes.attach_type = attach_type;
  attributes.symbols = reinterpret_cast<uint64_t>(symbols);
  attributes.count = 1;
  Descriptor link(static_cast<int>(syscall(__NR_bpf, BPF_LINK_CREATE, &attributes, sizeof(attributes))));
  return link.valid() || errno == ESRCH || errno == ENOENT;
}

// A directory is no regular file: a kernel that knows the link type says so (EBADF), another that the link is invalid.
bool KnowsUprobeLink() {
  Descriptor program = LoadNothing(BPF_PROG_TYPE_KPROBE, kTraceUprobeMulti, 0);
  if (!program.valid()) return false;
  uint64_t offset = 1;
  UprobeMultiAttributes attributes = {};
  attributes.program = static_cast<uint32_t>(program.get());
  attributes.attach_type = kTraceUprobeMulti;
  attributes.path = reinterpret_cast<uint64_t>("/");
  attributes.offsets = reinterpret_cast<uint64_t>(&offset);
  attributes.count = 1;
  Descriptor link(static_cast<int>(syscall(__NR_bpf, BPF_LINK_CREATE, &attributes, sizeof(attributes))));
  return link.valid() || errno == EBADF;
}

// The kernel's type of the function that task iterators attach to; 0 without it.
uint32_t IteratorType() {
  btf* types = btf__load_vmlinux_btf();
  if (types == nullptr) return 0;
  int id = btf__find_by_name_kind(types, "bpf_iter_task", BTF_KIND_FUNC);
  btf__free(types);
  return id > 0 ? static_cast<uint32_t>(id) : 0;
}

bool KnowsIterators() {
  uint32_t id = IteratorType();
  return id != 0 && LoadNothing(BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, id).valid();
}

// A call of one helper with nothing in its arguments; a tracing program is an iterator, which needs no ftrace. Whether the kernel takes it or not, its log tells whether it knows the
// helper: libbpf 1.1 looks for the words of older kernels only ("invalid func ", "unknown func "), newer ones say "program of this
// type cannot use helper " (since 6.11).
bool KnowsHelper(bpf_prog_type type, int32_t helper) {
  const bpf_insn code[] = {
      {.code = BPF_JMP | BPF_CALL, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = helper},
      kNothing[1],
  };
  char log[4096] = "";
  LIBBPF_OPTS(bpf_prog_load_opts, options);
  if (type == BPF_PROG_TYPE_TRACING) {
    static const uint32_t iterator = IteratorType();
    options.expected_attach_type = BPF_TRACE_ITER;
    options.attach_btf_id = iterator;
    if (iterator == 0) return false;
  }
  options.log_buf = log;
  options.log_size = sizeof(log);
  options.log_level = 1;
  Descriptor program(bpf_prog_load(type, "probe", "GPL", code, 2, &options));
  if (program.valid()) return true;
  // Without a log the kernel has not looked at the code.
  if (log[0] == '\0') return false;
  for (const char* words : {"invalid func ", "unknown func ", "cannot use helper "}) {
    if (strstr(log, words) != nullptr) return false;
  }
  return true;
}

}  // namespace

// hasHelper(programType, helper): numbers of uapi/linux/bpf.h.
Napi::Value HasHelper(const Napi::CallbackInfo& info) {
  LogCapture quiet(false);
  auto type = static_cast<bpf_prog_type>(info[0].ToNumber().Uint32Value());
  return Napi::Boolean::New(info.Env(), KnowsHelper(type, info[1].ToNumber().Int32Value()));
}

// hasMapType(type)
Napi::Value HasMapType(const Napi::CallbackInfo& info) {
  LogCapture quiet(false);
  return Napi::Boolean::New(info.Env(), libbpf_probe_bpf_map_type(static_cast<bpf_map_type>(info[0].ToNumber().Uint32Value()), nullptr) == 1);
}

// hasProbeType(name): kprobe_multi, uprobe_multi, kprobe_session or iter.
Napi::Value HasProbeType(const Napi::CallbackInfo& info) {
  LogCapture quiet(false);
  std::string name = info[0].ToString();
  bool found = false;
  if (name == "kprobe_multi") found = KnowsKprobeLink(kTraceKprobeMulti);
  if (name == "kprobe_session") found = KnowsKprobeLink(kTraceKprobeSession);
  if (name == "uprobe_multi") found = KnowsUprobeLink();
  if (name == "iter") found = KnowsIterators();
  return Napi::Boolean::New(info.Env(), found);
}

}  // namespace bpfcast
