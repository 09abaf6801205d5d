// A child process that waits before its exec until the probes are attached.
#pragma once

#include <napi.h>
#include <sys/types.h>
#include <uv.h>

#include <memory>

#include "descriptor.h"

namespace bpfcast {

class Child : public Napi::ObjectWrap<Child> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit Child(const Napi::CallbackInfo& info);
  ~Child() override;

 private:
  Napi::Value Pid(const Napi::CallbackInfo& info);
  void Release(const Napi::CallbackInfo& info);
  void Signal(const Napi::CallbackInfo& info);
  Napi::Value Poll(const Napi::CallbackInfo& info);

  // Collects the status if the child has ended.
  bool Reap();
  bool Start(Napi::Env env, const Napi::Array& words);
  void Watch(Napi::Env env, const char* what);
  void StopWatching();
  static void OnExit(uv_poll_t* poll, int status, int events);

  pid_t pid_ = -1;
  // Not our child: only its end is of interest.
  bool foreign_ = false;
  bool ended_ = false;
  int status_ = 0;
  Descriptor gate_;
  Descriptor exec_status_;
  Descriptor process_;
  uv_poll_t* poll_ = nullptr;
  Napi::FunctionReference on_exit_;
  std::unique_ptr<Napi::AsyncContext> context_;
};

}  // namespace bpfcast
