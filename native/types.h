// Types of BTF as C.
#pragma once

#include <napi.h>

namespace bpfcast {

Napi::Value DumpTypes(const Napi::CallbackInfo& info);

}  // namespace bpfcast
