// Kernel errors on their way to JavaScript: every failure becomes an Error with `code` and `errno` and a sentence.
#pragma once

#include <napi.h>

#include <string>

namespace bpfcast {

// Symbolic name of an errno value, as "EPERM"; "E<number>" where it has none.
std::string ErrnoName(int number);

// One sentence for an errno value of a BPF operation.
std::string ErrnoSentence(int number);

// Throws `what: sentence` into JavaScript with `code`, `errno` and, when not empty, `log`. `number` is a positive errno.
void ThrowErrno(Napi::Env env, int number, const std::string& what, const std::string& log = "");

}  // namespace bpfcast
