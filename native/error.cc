#include "error.h"

#include <bpf/libbpf.h>

#include <cerrno>
#include <cstring>

namespace bpfcast {

namespace {

// ENOTSUPP of the kernel's own headers: bpf(2) lets it through although user space has no name for it.
constexpr int kKernelNotSupported = 524;

struct ErrnoRow {
  int number;
  const char* name;
  const char* sentence;
};

// What each errno means when bpf(2), perf_event_open(2) or libbpf returns it.
const ErrnoRow kRows[] = {
    {EPERM, "EPERM", "the kernel refused it: missing privilege, lockdown, or a locked-memory limit"},
    {EACCES, "EACCES", "the kernel refused it: access is not allowed, or the program reads beyond the event's record"},
    {EINVAL, "EINVAL", "the kernel found an argument or an instruction invalid"},
    {ENOENT, "ENOENT", "no such probe, type or object in this kernel"},
    {ENOMEM, "ENOMEM", "the kernel is out of memory"},
    {E2BIG, "E2BIG", "too big: a map, a value or the program exceeds a kernel limit"},
    {ENOSPC, "ENOSPC", "no room left: a map is full, or the verifier's log did not fit"},
    {EBUSY, "EBUSY", "it is in use by somebody else"},
    {EEXIST, "EEXIST", "it exists already"},
    {EOPNOTSUPP, "EOPNOTSUPP", "this kernel does not support it"},
    {ENOSYS, "ENOSYS", "this kernel lacks the system call"},
    {EMFILE, "EMFILE", "too many open files: raise the limit with `ulimit -n`"},
    {ENFILE, "ENFILE", "too many open files on this system"},
    {ERANGE, "ERANGE", "a value is out of the range that the kernel accepts"},
    {ESRCH, "ESRCH", "no such process or kernel symbol"},
    {EILSEQ, "EILSEQ", "the kernel could not place the probe there"},
    {EADDRNOTAVAIL, "EADDRNOTAVAIL", "the address cannot be probed"},
    {ENODEV, "ENODEV", "no such device or event source"},
    {EFAULT, "EFAULT", "the kernel met a bad address"},
    {EINTR, "EINTR", "interrupted by a signal"},
    {EAGAIN, "EAGAIN", "the resource is temporarily exhausted"},
    {EBADF, "EBADF", "the descriptor is not open"},
    {kKernelNotSupported, "ENOTSUPP", "this kernel does not support it"},
    {LIBBPF_ERRNO__FORMAT, "LIBBPF_FORMAT", "the file is damaged, or has several functions of that name"},
};

const ErrnoRow* FindRow(int number) {
  for (const ErrnoRow& row : kRows) {
    if (row.number == number) return &row;
  }
  return nullptr;
}

}  // namespace

std::string ErrnoName(int number) {
  const ErrnoRow* row = FindRow(number);
  return row != nullptr ? row->name : "E" + std::to_string(number);
}

std::string ErrnoSentence(int number) {
  const ErrnoRow* row = FindRow(number);
  return row != nullptr ? row->sentence : strerror(number);
}

void ThrowErrno(Napi::Env env, int number, const std::string& what, const std::string& log) {
  Napi::Error error = Napi::Error::New(env, what + ": " + ErrnoSentence(number) + " (" + ErrnoName(number) + ")");
  error.Set("code", Napi::String::New(env, ErrnoName(number)));
  error.Set("errno", Napi::Number::New(env, number));
  if (!log.empty()) error.Set("log", Napi::String::New(env, log));
  error.ThrowAsJavaScriptException();
}

}  // namespace bpfcast
