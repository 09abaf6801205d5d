// Types of BTF as C, by libbpf's printer.

#include "types.h"

#include <bpf/btf.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <memory>
#include <string>

#include "error.h"
#include "log.h"

namespace bpfcast {

namespace {

struct BtfDeleter {
  void operator()(btf* types) const { btf__free(types); }
  void operator()(btf_dump* dump) const { btf_dump__free(dump); }
};

void Append(void* context, const char* format, va_list arguments) {
  va_list measured;
  va_copy(measured, arguments);
  int length = vsnprintf(nullptr, 0, format, measured);
  va_end(measured);
  if (length <= 0) return;
  auto* text = static_cast<std::string*>(context);
  size_t start = text->size();
  text->resize(start + length + 1);
  vsnprintf(&(*text)[start], length + 1, format, arguments);
  text->resize(start + length);
}

}  // namespace

// dumpTypes(file, base, ids): C definitions of the types and of all that they need, a blank line behind each. `base` names the file
// that a module's BTF goes on from, or "".
Napi::Value DumpTypes(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  std::string file = info[0].ToString();
  std::string base_file = info[1].ToString();
  Napi::Array ids = info[2].As<Napi::Array>();
  LogCapture log(false);
  std::unique_ptr<btf, BtfDeleter> base;
  if (!base_file.empty()) {
    base.reset(btf__parse(base_file.c_str(), nullptr));
    if (!base) {
      ThrowErrno(env, errno, "reading " + base_file, log.text());
      return env.Undefined();
    }
  }
  std::unique_ptr<btf, BtfDeleter> types(base ? btf__parse_split(file.c_str(), base.get()) : btf__parse(file.c_str(), nullptr));
  if (!types) {
    ThrowErrno(env, errno, "reading " + file, log.text());
    return env.Undefined();
  }
  std::string text;
  std::unique_ptr<btf_dump, BtfDeleter> dump(btf_dump__new(types.get(), Append, &text, nullptr));
  if (!dump) {
    ThrowErrno(env, errno, "printing types", log.text());
    return env.Undefined();
  }
  for (uint32_t index = 0; index < ids.Length(); index++) {
    int error = btf_dump__dump_type(dump.get(), Napi::Value(ids[index]).ToNumber().Uint32Value());
    if (error != 0) {
      ThrowErrno(env, -error, "printing types", log.text());
      return env.Undefined();
    }
  }
  return Napi::String::New(env, text);
}

}  // namespace bpfcast
