// Attaching programs. Every attachment is kept as a link until `detach` or `close`.

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "error.h"
#include "log.h"
#include "object.h"

namespace bpfcast {

namespace {

// From uapi/linux/bpf.h since 5.18; Debian 12's headers may lack the names.
constexpr auto kTraceKprobeMulti = static_cast<bpf_attach_type>(42);
constexpr uint32_t kKprobeMultiReturn = 1;

}  // namespace

void BpfObject::KeepLink(Napi::Env env, bpf_link* link, const std::string& what, const std::string& log) {
  if (link == nullptr) {
    ThrowErrno(env, errno, what, log);
    return;
  }
  links_.emplace_back(link);
}

// attachTracepoint(program, category, event)
void BpfObject::AttachTracepoint(const Napi::CallbackInfo& info) {
  bpf_program* program = FindProgram(info.Env(), info[0]);
  if (program == nullptr) return;
  std::string category = info[1].ToString();
  std::string event = info[2].ToString();
  LogCapture log(verbose_);
  bpf_link* link = bpf_program__attach_tracepoint(program, category.c_str(), event.c_str());
  KeepLink(info.Env(), link, "attaching to tracepoint:" + category + ":" + event, log.text());
}

// attachKprobe(program, function, offset, isReturn)
void BpfObject::AttachKprobe(const Napi::CallbackInfo& info) {
  bpf_program* program = FindProgram(info.Env(), info[0]);
  if (program == nullptr) return;
  std::string function = info[1].ToString();
  LIBBPF_OPTS(bpf_kprobe_opts, options);
  options.offset = static_cast<size_t>(info[2].ToNumber().Int64Value());
  options.retprobe = info[3].ToBoolean();
  LogCapture log(verbose_);
  bpf_link* link = bpf_program__attach_kprobe_opts(program, function.c_str(), &options);
  KeepLink(info.Env(), link, "attaching to " + std::string(options.retprobe ? "kretprobe:" : "kprobe:") + function, log.text());
}

// attachKprobeAddress(program, address as decimal text, isReturn): at an address of the kernel, which libbpf has no way to say.
void BpfObject::AttachKprobeAddress(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  bpf_program* program = FindProgram(env, info[0]);
  if (program == nullptr) return;
  std::string address = info[1].ToString();
  const std::string what = "attaching to address " + address;
  FILE* file = fopen("/sys/bus/event_source/devices/kprobe/type", "re");
  int type = -1;
  const bool known = file != nullptr && fscanf(file, "%d", &type) == 1;
  if (file != nullptr) fclose(file);
  if (!known) {
    ThrowErrno(env, ENOENT, what);
    return;
  }
  perf_event_attr attributes = {};
  attributes.size = sizeof(attributes);
  attributes.type = static_cast<uint32_t>(type);
  attributes.config = info[2].ToBoolean() ? 1 : 0;
  attributes.config2 = strtoull(address.c_str(), nullptr, 10);
  Descriptor event(static_cast<int>(syscall(__NR_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC)));
  if (!event.valid()) {
    ThrowErrno(env, errno, what);
    return;
  }
  LogCapture log(verbose_);
  bpf_link* link = bpf_program__attach_perf_event(program, event.get());
  if (link != nullptr) event.Release();
  KeepLink(env, link, what, log.text());
}

// attachTracing(program): to the function that the program was loaded for.
void BpfObject::AttachTracing(const Napi::CallbackInfo& info) {
  bpf_program* program = FindProgram(info.Env(), info[0]);
  if (program == nullptr) return;
  LogCapture log(verbose_);
  KeepLink(info.Env(), bpf_program__attach_trace(program), "attaching to a function", log.text());
}

// attachKprobeMulti(program, functions, isReturn): one link for all of them; the program needs attach type 42.
void BpfObject::AttachKprobeMulti(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  bpf_program* program = FindProgram(env, info[0]);
  if (program == nullptr) return;
  Napi::Array names = info[1].As<Napi::Array>();
  std::vector<std::string> texts;
  std::vector<const char*> symbols;
  texts.reserve(names.Length());
  symbols.reserve(names.Length());
  for (uint32_t index = 0; index < names.Length(); index++) {
    Napi::Value name = names[index];
    texts.push_back(name.ToString());
    symbols.push_back(texts.back().c_str());
  }
  LIBBPF_OPTS(bpf_link_create_opts, options);
  options.kprobe_multi.flags = info[2].ToBoolean() ? kKprobeMultiReturn : 0;
  options.kprobe_multi.cnt = static_cast<uint32_t>(symbols.size());
  options.kprobe_multi.syms = symbols.data();
  int descriptor = bpf_link_create(bpf_program__fd(program), 0, kTraceKprobeMulti, &options);
  if (descriptor < 0) {
    ThrowErrno(env, errno, "attaching to " + std::to_string(symbols.size()) + " kernel functions at once");
    return;
  }
  link_descriptors_.emplace_back(descriptor);
}

// attachRawTracepoint(program, event)
void BpfObject::AttachRawTracepoint(const Napi::CallbackInfo& info) {
  bpf_program* program = FindProgram(info.Env(), info[0]);
  if (program == nullptr) return;
  std::string event = info[1].ToString();
  LogCapture log(verbose_);
  KeepLink(info.Env(), bpf_program__attach_raw_tracepoint(program, event.c_str()), "attaching to rawtracepoint:" + event,
           log.text());
}

// attachUprobe(program, binary, function, offset, isReturn, pid, semaphore): in one process, or all with pid -1; without a function
// name, `offset` counts from the start of the file. `semaphore`: where the file has a counter of those who watch, or 0.
void BpfObject::AttachUprobe(const Napi::CallbackInfo& info) {
  bpf_program* program = FindProgram(info.Env(), info[0]);
  if (program == nullptr) return;
  std::string binary = info[1].ToString();
  std::string function = info[2].ToString();
  auto offset = static_cast<size_t>(info[3].ToNumber().Int64Value());
  LIBBPF_OPTS(bpf_uprobe_opts, options);
  options.retprobe = info[4].ToBoolean();
  options.ref_ctr_offset = static_cast<size_t>(info[6].ToNumber().Int64Value());
  if (!function.empty()) options.func_name = function.c_str();
  LogCapture log(verbose_);
  bpf_link* link = bpf_program__attach_uprobe_opts(program, info[5].ToNumber().Int32Value(), binary.c_str(), offset, &options);
  KeepLink(info.Env(), link, "attaching to " + std::string(options.retprobe ? "uretprobe:" : "uprobe:") + binary + ":" + function,
           log.text());
}

// attachPerfEvent(program, type, config, sample, isFrequency, cpu, thread): samples every `sample` units of the event (nanoseconds of
// a clock), or `sample` times a second, on one CPU (-1: all) of one thread and those that it starts (-1: all).
void BpfObject::AttachPerfEvent(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  bpf_program* program = FindProgram(env, info[0]);
  if (program == nullptr) return;
  perf_event_attr attributes = {};
  attributes.size = sizeof(attributes);
  attributes.type = info[1].ToNumber().Uint32Value();
  attributes.config = static_cast<uint64_t>(info[2].ToNumber().Int64Value());
  bool frequency = info[4].ToBoolean();
  attributes.freq = frequency ? 1 : 0;
  if (frequency) {
    attributes.sample_freq = static_cast<uint64_t>(info[3].ToNumber().Int64Value());
  } else {
    attributes.sample_period = static_cast<uint64_t>(info[3].ToNumber().Int64Value());
  }
  int cpu = info[5].ToNumber().Int32Value();
  int thread = info[6].ToNumber().Int32Value();
  attributes.inherit = thread >= 0 ? 1 : 0;
  Descriptor event(
      static_cast<int>(syscall(__NR_perf_event_open, &attributes, thread, cpu, -1, PERF_FLAG_FD_CLOEXEC)));
  if (!event.valid()) {
    ThrowErrno(env, errno, "opening a timer event on CPU " + std::to_string(cpu));
    return;
  }
  LogCapture log(verbose_);
  bpf_link* link = bpf_program__attach_perf_event(program, event.get());
  // The link owns the descriptor only once it exists.
  if (link != nullptr) event.Release();
  KeepLink(env, link, "attaching a timer on CPU " + std::to_string(cpu), log.text());
}

// attachBreakpoint(program, address as decimal text, length, type, cpu, thread): at every access of the kinds that `type` has bits for.
void BpfObject::AttachBreakpoint(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  bpf_program* program = FindProgram(env, info[0]);
  if (program == nullptr) return;
  std::string address = info[1].ToString();
  perf_event_attr attributes = {};
  attributes.size = sizeof(attributes);
  attributes.type = PERF_TYPE_BREAKPOINT;
  attributes.bp_addr = strtoull(address.c_str(), nullptr, 10);
  attributes.bp_len = info[2].ToNumber().Uint32Value();
  attributes.bp_type = info[3].ToNumber().Uint32Value();
  attributes.sample_period = 1;
  attributes.wakeup_events = 1;
  int cpu = info[4].ToNumber().Int32Value();
  int thread = info[5].ToNumber().Int32Value();
  const std::string what = "watching address " + address;
  attributes.inherit = thread >= 0 ? 1 : 0;
  Descriptor event(static_cast<int>(syscall(__NR_perf_event_open, &attributes, thread, cpu, -1, PERF_FLAG_FD_CLOEXEC)));
  if (!event.valid()) {
    ThrowErrno(env, errno, what);
    return;
  }
  LogCapture log(verbose_);
  bpf_link* link = bpf_program__attach_perf_event(program, event.get());
  if (link != nullptr) event.Release();
  KeepLink(env, link, what, log.text());
}

// attachIterator(program, pid): to the objects of one process, or of all with 0. Only its link is made: `readIterator` runs it.
void BpfObject::AttachIterator(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  bpf_program* program = FindProgram(env, info[0]);
  if (program == nullptr) return;
  LIBBPF_OPTS(bpf_link_create_opts, options);
  bpf_iter_link_info target = {};
  const uint32_t pid = info[1].ToNumber().Uint32Value();
  if (pid != 0) {
    target.task.pid = pid;
    options.iter_info = &target;
    options.iter_info_len = sizeof(target);
  }
  int descriptor = bpf_link_create(bpf_program__fd(program), 0, BPF_TRACE_ITER, &options);
  if (descriptor < 0) {
    ThrowErrno(env, errno, "attaching an iterator");
    return;
  }
  iterators_[bpf_program__name(program)].link = Descriptor(descriptor);
}

// readIterator(program, size): ArrayBuffer with the next bytes of its output, empty at the end.
Napi::Value BpfObject::ReadIterator(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  std::string name = info[0].ToString();
  auto found = iterators_.find(name);
  if (found == iterators_.end()) {
    ThrowErrno(env, ENOENT, "iterator '" + name + "'");
    return env.Undefined();
  }
  Iterator& iterator = found->second;
  if (!iterator.file.valid()) iterator.file = Descriptor(bpf_iter_create(iterator.link.get()));
  if (!iterator.file.valid()) {
    ThrowErrno(env, errno, "starting an iterator");
    return env.Undefined();
  }
  std::vector<char> bytes(info[1].ToNumber().Uint32Value());
  ssize_t count = -1;
  do {
    count = read(iterator.file.get(), bytes.data(), bytes.size());
  } while (count < 0 && (errno == EAGAIN || errno == EINTR));
  if (count < 0) {
    ThrowErrno(env, errno, "reading an iterator");
    return env.Undefined();
  }
  Napi::ArrayBuffer result = Napi::ArrayBuffer::New(env, static_cast<size_t>(count));
  if (count > 0) memcpy(result.Data(), bytes.data(), static_cast<size_t>(count));
  return result;
}

// detach(): ends every attachment; programs and maps stay.
void BpfObject::Detach(const Napi::CallbackInfo&) {
  links_.clear();
  link_descriptors_.clear();
  iterators_.clear();
}

}  // namespace bpfcast
