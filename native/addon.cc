// The addon: mechanism over libbpf for the runner. `runner/host/addon.ts` declares its types.

#include <cerrno>
#include <ctime>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <napi.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "child.h"
#include "error.h"
#include "log.h"
#include "object.h"
#include "probe.h"
#include "types.h"

namespace bpfcast {

namespace {

// possibleCpus(): how many CPUs this kernel can ever have; per-CPU values come for all of them.
Napi::Value PossibleCpus(const Napi::CallbackInfo& info) {
  int count = libbpf_num_possible_cpus();
  if (count < 0) {
    ThrowErrno(info.Env(), -count, "reading the number of CPUs");
    return info.Env().Undefined();
  }
  return Napi::Number::New(info.Env(), count);
}

// clockTime(clock): nanoseconds of a clock of clock_gettime(2), by its number.
Napi::Value ClockTime(const Napi::CallbackInfo& info) {
  timespec time = {};
  if (clock_gettime(info[0].As<Napi::Number>().Int32Value(), &time) != 0) {
    ThrowErrno(info.Env(), errno, "reading a clock");
    return info.Env().Undefined();
  }
  return Napi::BigInt::New(info.Env(), static_cast<int64_t>(time.tv_sec) * 1000000000 + time.tv_nsec);
}

// raiseMemoryLimit(): kernels before 5.11 charge BPF memory to RLIMIT_MEMLOCK. Returns false when it may not be raised, which
// later kernels do not mind.
Napi::Value RaiseMemoryLimit(const Napi::CallbackInfo& info) {
  rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
  return Napi::Boolean::New(info.Env(), setrlimit(RLIMIT_MEMLOCK, &unlimited) == 0);
}

// raiseFileLimit(): every attachment is a descriptor; the soft limit goes up to the hard one.
Napi::Value RaiseFileLimit(const Napi::CallbackInfo& info) {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  return Napi::Number::New(info.Env(), static_cast<double>(limit.rlim_cur));
}

// hasKprobeMulti(): whether one link can attach a kprobe program to many functions (5.18, with CONFIG_FPROBE). Tried for real,
// since distributions backport it.
Napi::Value HasKprobeMulti(const Napi::CallbackInfo& info) {
  constexpr auto kTraceKprobeMulti = static_cast<bpf_attach_type>(42);
  const bpf_insn code[] = {
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
      {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
  };
  LIBBPF_OPTS(bpf_prog_load_opts, load);
  load.expected_attach_type = kTraceKprobeMulti;
  Descriptor program(bpf_prog_load(BPF_PROG_TYPE_KPROBE, "probe", "GPL", code, 2, &load));
  if (!program.valid()) return Napi::Boolean::New(info.Env(), false);
  const char* symbols[] = {"ksys_read"};
  LIBBPF_OPTS(bpf_link_create_opts, create);
  create.kprobe_multi.syms = symbols;
  create.kprobe_multi.cnt = 1;
  Descriptor link(bpf_link_create(program.get(), 0, kTraceKprobeMulti, &create));
  return Napi::Boolean::New(info.Env(), link.valid());
}

}  // namespace

}  // namespace bpfcast

static Napi::Object InitializeAddon(Napi::Env env, Napi::Object exports) {
  bpfcast::InstallLogSink();
  exports.Set("BpfObject", bpfcast::BpfObject::Define(env));
  exports.Set("Child", bpfcast::Child::Define(env));
  exports.Set("possibleCpus", Napi::Function::New(env, bpfcast::PossibleCpus));
  exports.Set("clockTime", Napi::Function::New(env, bpfcast::ClockTime));
  exports.Set("raiseMemoryLimit", Napi::Function::New(env, bpfcast::RaiseMemoryLimit));
  exports.Set("raiseFileLimit", Napi::Function::New(env, bpfcast::RaiseFileLimit));
  exports.Set("hasHelper", Napi::Function::New(env, bpfcast::HasHelper));
  exports.Set("mayCallFunction", Napi::Function::New(env, bpfcast::MayCallFunction));
  exports.Set("hasMapType", Napi::Function::New(env, bpfcast::HasMapType));
  exports.Set("hasProbeType", Napi::Function::New(env, bpfcast::HasProbeType));
  exports.Set("dumpTypes", Napi::Function::New(env, bpfcast::DumpTypes));
  exports.Set("hasKprobeMulti", Napi::Function::New(env, bpfcast::HasKprobeMulti));
  return exports;
}

NODE_API_MODULE(bpfcast, InitializeAddon)
