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

// The id of a function in the kernel's types; 0 without it. They are read once: they do not change while the kernel runs.
uint32_t FunctionType(const char* name) {
  static btf* const types = btf__load_vmlinux_btf();
  if (types == nullptr) return 0;
  int id = btf__find_by_name_kind(types, name, BTF_KIND_FUNC);
  return id > 0 ? static_cast<uint32_t>(id) : 0;
}

// The function that task iterators attach to.
uint32_t IteratorType() { return FunctionType("bpf_iter_task"); }

bool KnowsIterators() {
  uint32_t id = IteratorType();
  return id != 0 && LoadNothing(BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, id).valid();
}

// Loads a call of something with nothing in its arguments; a tracing program is an iterator, which needs no ftrace. Whether the kernel
// takes it or not, its log tells whether the program may call that: empty where the kernel has not looked at the code.
struct Trial {
  bool loaded = false;
  char log[4096] = "";
  bool Says(const char* words) const { return strstr(log, words) != nullptr; }
};

Trial TryCall(bpf_prog_type type, uint8_t kind, int32_t callee) {
  const bpf_insn code[] = {
      {.code = BPF_JMP | BPF_CALL, .dst_reg = 0, .src_reg = kind, .off = 0, .imm = callee},
      kNothing[1],
  };
  Trial trial;
  LIBBPF_OPTS(bpf_prog_load_opts, options);
  if (type == BPF_PROG_TYPE_TRACING) {
    static const uint32_t iterator = IteratorType();
    options.expected_attach_type = BPF_TRACE_ITER;
    options.attach_btf_id = iterator;
    if (iterator == 0) return trial;
  }
  options.log_buf = trial.log;
  options.log_size = sizeof(trial.log);
  options.log_level = 1;
  trial.loaded = Descriptor(bpf_prog_load(type, "probe", "GPL", code, 2, &options)).valid();
  return trial;
}

// libbpf 1.1 looks for the words of older kernels only ("invalid func ", "unknown func "), newer ones say "program of this type cannot
// use helper " (since 6.11).
bool KnowsHelper(bpf_prog_type type, int32_t helper) {
  Trial trial = TryCall(type, 0, helper);
  if (trial.loaded || trial.log[0] == '\0') return trial.loaded;
  return !trial.Says("invalid func ") && !trial.Says("unknown func ") && !trial.Says("cannot use helper ");
}

// Whether programs may call a function of the kernel proper. A kernel that refuses the call of any function does so before it walks
// through the code; one that walks names each instruction.
bool MayCall(bpf_prog_type type, const char* name) {
  uint32_t id = FunctionType(name);
  if (id == 0) return false;
  Trial trial = TryCall(type, BPF_PSEUDO_KFUNC_CALL, static_cast<int32_t>(id));
  return trial.loaded || (trial.Says("(85) call ") && !trial.Says("is not allowed"));
}

}  // namespace

// hasHelper(programType, helper): numbers of uapi/linux/bpf.h.
Napi::Value HasHelper(const Napi::CallbackInfo& info) {
  LogCapture quiet(false);
  auto type = static_cast<bpf_prog_type>(info[0].ToNumber().Uint32Value());
  return Napi::Boolean::New(info.Env(), KnowsHelper(type, info[1].ToNumber().Int32Value()));
}

// mayCallFunction(programType, name): of a program type of uapi/linux/bpf.h and a function of the kernel proper.
Napi::Value MayCallFunction(const Napi::CallbackInfo& info) {
  LogCapture quiet(false);
  auto type = static_cast<bpf_prog_type>(info[0].ToNumber().Uint32Value());
  return Napi::Boolean::New(info.Env(), MayCall(type, info[1].ToString().Utf8Value().c_str()));
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
