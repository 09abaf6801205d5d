// What this kernel can do.
#pragma once

#include <napi.h>
#include <sys/syscall.h>

namespace bpfcast {

Napi::Value HasHelper(const Napi::CallbackInfo& info);
Napi::Value MayCallFunction(const Napi::CallbackInfo& info);
Napi::Value HasMapType(const Napi::CallbackInfo& info);
Napi::Value HasProbeType(const Napi::CallbackInfo& info);

}  // namespace bpfcast
