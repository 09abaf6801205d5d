#include "log.h"

#include <bpf/libbpf.h>

#include <cstdarg>
#include <cstdio>

namespace bpfcast {

struct LogSink {
  static LogCapture* current;

  static int Print(enum libbpf_print_level level, const char* format, va_list arguments) {
    if (current == nullptr || (level != LIBBPF_WARN && !current->verbose_)) return 0;
    va_list measured;
    va_copy(measured, arguments);
    int length = vsnprintf(nullptr, 0, format, measured);
    va_end(measured);
    if (length <= 0) return 0;
    // Verifier logs come through here as one message of up to many megabytes.
    std::string& text = current->text_;
    size_t start = text.size();
    text.resize(start + length + 1);
    vsnprintf(&text[start], length + 1, format, arguments);
    text.resize(start + length);
    return length;
  }
};

LogCapture* LogSink::current = nullptr;

LogCapture::LogCapture(bool verbose) : verbose_(verbose) { LogSink::current = this; }

LogCapture::~LogCapture() { LogSink::current = nullptr; }

void InstallLogSink() { libbpf_set_print(LogSink::Print); }

}  // namespace bpfcast
