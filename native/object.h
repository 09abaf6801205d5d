// A BPF object as JavaScript sees it: opened from memory, loaded, attached, read, closed.
#pragma once

#include <napi.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "descriptor.h"
#include "ring.h"

namespace bpfcast {

// The methods are thin: each does one libbpf or bpf(2) operation, checks its argument types and throws on an errno.
class BpfObject : public Napi::ObjectWrap<BpfObject> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit BpfObject(const Napi::CallbackInfo& info);

 private:
  // object.cc
  Napi::Value Programs(const Napi::CallbackInfo& info);
  void SetAutoload(const Napi::CallbackInfo& info);
  void SetExpectedAttachType(const Napi::CallbackInfo& info);
  void SetMaxEntries(const Napi::CallbackInfo& info);
  void SetAttachTarget(const Napi::CallbackInfo& info);
  void KeepVerifierLogs(const Napi::CallbackInfo& info);
  Napi::Value VerifierLogs(const Napi::CallbackInfo& info);
  Napi::Value Messages(const Napi::CallbackInfo& info);
  void Load(const Napi::CallbackInfo& info);
  Napi::Value ProgramInfo(const Napi::CallbackInfo& info);
  Napi::Value TestRun(const Napi::CallbackInfo& info);
  Napi::Value StartRing(const Napi::CallbackInfo& info);
  Napi::Value DrainRing(const Napi::CallbackInfo& info);
  void PauseRing(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  // attach.cc
  void AttachTracepoint(const Napi::CallbackInfo& info);
  void AttachKprobe(const Napi::CallbackInfo& info);
  void AttachKprobeAddress(const Napi::CallbackInfo& info);
  void AttachKprobeMulti(const Napi::CallbackInfo& info);
  void AttachTracing(const Napi::CallbackInfo& info);
  void AttachRawTracepoint(const Napi::CallbackInfo& info);
  void AttachUprobe(const Napi::CallbackInfo& info);
  void AttachPerfEvent(const Napi::CallbackInfo& info);
  void AttachBreakpoint(const Napi::CallbackInfo& info);
  void AttachIterator(const Napi::CallbackInfo& info);
  Napi::Value ReadIterator(const Napi::CallbackInfo& info);
  void Detach(const Napi::CallbackInfo& info);
  void KeepLink(Napi::Env env, bpf_link* link, const std::string& what, const std::string& log);

  // maps.cc
  Napi::Value ReadMap(const Napi::CallbackInfo& info);
  void ClearMap(const Napi::CallbackInfo& info);
  void ZeroMap(const Napi::CallbackInfo& info);

  // Both throw into JavaScript and return null when there is none of that name.
  bpf_program* FindProgram(Napi::Env env, const Napi::Value& name);
  bpf_map* FindMap(Napi::Env env, const Napi::Value& name);

  bool verbose_ = false;
  // What libbpf said while the object was opened and loaded, with `verbose_`.
  std::string messages_;
  // libbpf writes into them for as long as the object lives.
  std::vector<std::pair<bpf_program*, std::unique_ptr<std::vector<char>>>> verifier_logs_;
  ObjectHandle object_;
  std::vector<LinkHandle> links_;
  // Links made by the system call itself, not through a libbpf object.
  std::vector<Descriptor> link_descriptors_;
  // Links of iterators, and once they are read the files of their output.
  struct Iterator {
    Descriptor link;
    Descriptor file;
  };
  std::map<std::string, Iterator> iterators_;
  std::shared_ptr<RingReader> ring_;
};

}  // namespace bpfcast
