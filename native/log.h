// libbpf's own messages, captured while one of its functions runs instead of printed.
#pragma once

#include <string>

namespace bpfcast {

// Collects libbpf's messages for as long as it lives. Captures do not nest; the addon calls libbpf on one thread only.
class LogCapture {
 public:
  // `verbose` also keeps the information and debug lines.
  explicit LogCapture(bool verbose);
  ~LogCapture();
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;

  const std::string& text() const { return text_; }

 private:
  friend struct LogSink;
  bool verbose_;
  std::string text_;
};

// Routes libbpf's messages to the current capture, or to nowhere. Called once.
void InstallLogSink();

}  // namespace bpfcast
