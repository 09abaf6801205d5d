#include "object.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "error.h"
#include "log.h"

namespace bpfcast {

Napi::Function BpfObject::Define(Napi::Env env) {
  return DefineClass(env, "BpfObject",
                     {
                         InstanceMethod<&BpfObject::Programs>("programs"),
                         InstanceMethod<&BpfObject::SetAutoload>("setAutoload"),
                         InstanceMethod<&BpfObject::SetExpectedAttachType>("setExpectedAttachType"),
                         InstanceMethod<&BpfObject::SetMaxEntries>("setMaxEntries"),
                         InstanceMethod<&BpfObject::Load>("load"),
                         InstanceMethod<&BpfObject::ProgramInfo>("programInfo"),
                         InstanceMethod<&BpfObject::TestRun>("testRun"),
                         InstanceMethod<&BpfObject::StartRing>("startRing"),
                         InstanceMethod<&BpfObject::DrainRing>("drainRing"),
                         InstanceMethod<&BpfObject::PauseRing>("pauseRing"),
                         InstanceMethod<&BpfObject::AttachTracepoint>("attachTracepoint"),
                         InstanceMethod<&BpfObject::AttachKprobe>("attachKprobe"),
                         InstanceMethod<&BpfObject::AttachKprobeAddress>("attachKprobeAddress"),
                         InstanceMethod<&BpfObject::AttachKprobeMulti>("attachKprobeMulti"),
                         InstanceMethod<&BpfObject::AttachTracing>("attachTracing"),
                         InstanceMethod<&BpfObject::SetAttachTarget>("setAttachTarget"),
                         InstanceMethod<&BpfObject::KeepVerifierLogs>("keepVerifierLogs"),
                         InstanceMethod<&BpfObject::VerifierLogs>("verifierLogs"),
                         InstanceMethod<&BpfObject::Messages>("messages"),
                         InstanceMethod<&BpfObject::AttachRawTracepoint>("attachRawTracepoint"),
                         InstanceMethod<&BpfObject::AttachUprobe>("attachUprobe"),
                         InstanceMethod<&BpfObject::AttachPerfEvent>("attachPerfEvent"),
                         InstanceMethod<&BpfObject::AttachBreakpoint>("attachBreakpoint"),
                         InstanceMethod<&BpfObject::AttachIterator>("attachIterator"),
                         InstanceMethod<&BpfObject::ReadIterator>("readIterator"),
                         InstanceMethod<&BpfObject::Detach>("detach"),
                         InstanceMethod<&BpfObject::ReadMap>("readMap"),
                         InstanceMethod<&BpfObject::ClearMap>("clearMap"),
                         InstanceMethod<&BpfObject::ZeroMap>("zeroMap"),
                         InstanceMethod<&BpfObject::Close>("close"),
                     });
}

// new BpfObject(bytes: Uint8Array, verbose: boolean, btf: string): `btf` names a file with the kernel's types, "" for its own.
BpfObject::BpfObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<BpfObject>(info) {
  Napi::Env env = info.Env();
  if (info.Length() < 3 || !info[0].IsTypedArray() || !info[2].IsString()) {
    Napi::TypeError::New(env, "BpfObject: expected (Uint8Array, boolean, string)").ThrowAsJavaScriptException();
    return;
  }
  Napi::Uint8Array bytes = info[0].As<Napi::Uint8Array>();
  verbose_ = info[1].ToBoolean();
  LogCapture log(verbose_);
  std::string btf = info[2].ToString();
  LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "bpfcast");
  if (!btf.empty()) options.btf_custom_path = btf.c_str();
  bpf_object* object = bpf_object__open_mem(bytes.Data(), bytes.ByteLength(), &options);
  if (object == nullptr) {
    ThrowErrno(env, errno, "libbpf cannot open the object", log.text());
    return;
  }
  object_.reset(object);
  messages_ = log.text();
}

bpf_program* BpfObject::FindProgram(Napi::Env env, const Napi::Value& name) {
  std::string text = name.ToString();
  bpf_program* program = object_ ? bpf_object__find_program_by_name(object_.get(), text.c_str()) : nullptr;
  if (program == nullptr) ThrowErrno(env, ENOENT, "program '" + text + "'");
  return program;
}

bpf_map* BpfObject::FindMap(Napi::Env env, const Napi::Value& name) {
  std::string text = name.ToString();
  bpf_map* map = object_ ? bpf_object__find_map_by_name(object_.get(), text.c_str()) : nullptr;
  if (map == nullptr) ThrowErrno(env, ENOENT, "map '" + text + "'");
  return map;
}

// programs(): { name, section, instructions }[]
Napi::Value BpfObject::Programs(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Napi::Array result = Napi::Array::New(env);
  if (!object_) return result;
  uint32_t count = 0;
  bpf_program* program;
  bpf_object__for_each_program(program, object_.get()) {
    Napi::Object row = Napi::Object::New(env);
    row.Set("name", bpf_program__name(program));
    row.Set("section", bpf_program__section_name(program));
    row.Set("instructions", Napi::Number::New(env, static_cast<double>(bpf_program__insn_cnt(program))));
    result.Set(count++, row);
  }
  return result;
}

// setAutoload(program, load)
void BpfObject::SetAutoload(const Napi::CallbackInfo& info) {
  bpf_program* program = FindProgram(info.Env(), info[0]);
  if (program == nullptr) return;
  int error = bpf_program__set_autoload(program, info[1].ToBoolean());
  if (error != 0) ThrowErrno(info.Env(), -error, "choosing the programs to load");
}

// setExpectedAttachType(program, type): before load.
void BpfObject::SetExpectedAttachType(const Napi::CallbackInfo& info) {
  bpf_program* program = FindProgram(info.Env(), info[0]);
  if (program == nullptr) return;
  auto type = static_cast<bpf_attach_type>(info[1].ToNumber().Int32Value());
  int error = bpf_program__set_expected_attach_type(program, type);
  if (error != 0) ThrowErrno(info.Env(), -error, "setting the attach type");
}

// setAttachTarget(program, function): before load, for programs that are verified against one function.
void BpfObject::SetAttachTarget(const Napi::CallbackInfo& info) {
  bpf_program* program = FindProgram(info.Env(), info[0]);
  if (program == nullptr) return;
  std::string function = info[1].ToString();
  LogCapture log(verbose_);
  int error = bpf_program__set_attach_target(program, 0, function.c_str());
  if (error != 0) ThrowErrno(info.Env(), -error, "finding the types of " + function, log.text());
}

// keepVerifierLogs(program, size): before load; `verifierLogs` has at most `size` bytes of what the verifier says of it.
void BpfObject::KeepVerifierLogs(const Napi::CallbackInfo& info) {
  bpf_program* program = FindProgram(info.Env(), info[0]);
  if (program == nullptr) return;
  auto buffer = std::make_unique<std::vector<char>>(std::max<size_t>(info[1].ToNumber().Uint32Value(), 128));
  int error = bpf_program__set_log_buf(program, buffer->data(), buffer->size());
  if (error == 0) error = bpf_program__set_log_level(program, 2);
  if (error != 0) {
    ThrowErrno(info.Env(), -error, "keeping the verifier's log");
    return;
  }
  verifier_logs_.emplace_back(program, std::move(buffer));
}

// verifierLogs(): { program, log }[]
Napi::Value BpfObject::VerifierLogs(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Napi::Array result = Napi::Array::New(env);
  uint32_t count = 0;
  for (const auto& [program, buffer] : verifier_logs_) {
    Napi::Object row = Napi::Object::New(env);
    row.Set("program", bpf_program__name(program));
    row.Set("log", std::string(buffer->data(), strnlen(buffer->data(), buffer->size())));
    result.Set(count++, row);
  }
  return result;
}

// setMaxEntries(map, count): before load.
void BpfObject::SetMaxEntries(const Napi::CallbackInfo& info) {
  bpf_map* map = FindMap(info.Env(), info[0]);
  if (map == nullptr) return;
  int error = bpf_map__set_max_entries(map, info[1].ToNumber().Uint32Value());
  if (error != 0) ThrowErrno(info.Env(), -error, "sizing a map");
}

// load(): the error of a refused program carries libbpf's messages as `log`. libbpf itself loads without a verifier log first
// and, when refused, once more with a log buffer that it grows until the log fits.
void BpfObject::Load(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  LogCapture log(verbose_);
  if (!object_) {
    ThrowErrno(env, EBADF, "loading the object");
    return;
  }
  int error = bpf_object__load(object_.get());
  messages_ += log.text();
  if (error != 0) ThrowErrno(env, -error, "loading the object into the kernel", log.text());
}

// messages(): what libbpf said while the object was opened and loaded; without `verbose`, its warnings.
Napi::Value BpfObject::Messages(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), messages_); }

// programInfo(program): { translated, jited }: instructions after the verifier's rewriting, and bytes of machine code.
Napi::Value BpfObject::ProgramInfo(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  bpf_program* program = FindProgram(env, info[0]);
  if (program == nullptr) return env.Undefined();
  bpf_prog_info fields = {};
  uint32_t length = sizeof(fields);
  if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &fields, &length) != 0) {
    ThrowErrno(env, errno, "reading a program's size");
    return env.Undefined();
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("translated", Napi::Number::New(env, fields.xlated_prog_len / 8));
  result.Set("jited", Napi::Number::New(env, fields.jited_prog_len));
  return result;
}

// testRun(program, repeat): { value: its 32-bit return value, duration: nanoseconds of one run }. Raw tracepoint programs run once;
// those of packets as often as told, on the smallest packet that there is: an Ethernet header.
Napi::Value BpfObject::TestRun(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  bpf_program* program = FindProgram(env, info[0]);
  if (program == nullptr) return env.Undefined();
  LIBBPF_OPTS(bpf_test_run_opts, options);
  const uint8_t packet[14] = {};
  if (bpf_program__type(program) == BPF_PROG_TYPE_XDP) {
    options.data_in = packet;
    options.data_size_in = sizeof(packet);
    options.repeat = info[1].ToNumber().Int32Value();
  }
  int error = bpf_prog_test_run_opts(bpf_program__fd(program), &options);
  if (error != 0) {
    ThrowErrno(env, errno, std::string("running '") + bpf_program__name(program) + "'");
    return env.Undefined();
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("value", Napi::Number::New(env, static_cast<int32_t>(options.retval)));
  result.Set("duration", Napi::Number::New(env, options.duration));
  return result;
}

// startRing(map, capacity, handler(length)): ArrayBuffer of `capacity` bytes that holds each batch while the handler runs.
Napi::Value BpfObject::StartRing(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  bpf_map* map = FindMap(env, info[0]);
  if (map == nullptr) return env.Undefined();
  int error = RingReader::Open(bpf_map__fd(map), bpf_map__max_entries(map), &ring_);
  if (error != 0) {
    ThrowErrno(env, error, "mapping the ring buffer");
    return env.Undefined();
  }
  Napi::Value buffer = ring_->Prepare(env, info[1].ToNumber().Uint32Value(), info[2].As<Napi::Function>());
  error = ring_->Start(env);
  if (error != 0) {
    ThrowErrno(env, error, "watching the ring buffer");
    return env.Undefined();
  }
  return buffer;
}

// drainRing(): handles what is in the ring now; returns the bytes handled.
Napi::Value BpfObject::DrainRing(const Napi::CallbackInfo& info) {
  double total = ring_ ? ring_->Drain(info.Env()) : 0;
  return Napi::Number::New(info.Env(), total);
}

// pauseRing(): no more batches from the event loop; drainRing still works.
void BpfObject::PauseRing(const Napi::CallbackInfo&) {
  if (ring_) ring_->Pause();
}

// close(): detaches and frees everything; safe to call twice.
void BpfObject::Close(const Napi::CallbackInfo&) {
  ring_.reset();
  links_.clear();
  link_descriptors_.clear();
  iterators_.clear();
  object_.reset();
  verifier_logs_.clear();
}

}  // namespace bpfcast
