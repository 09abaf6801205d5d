// A BPF ring buffer read from the event loop, without a thread.
#pragma once

#include <napi.h>
#include <uv.h>

#include <cstdint>
#include <memory>

#include "descriptor.h"

namespace bpfcast {

// Reads the ring's memory itself: a batch is one copy of everything that is committed, in the ring's own record format
// (u32 length with bit 30 for "discarded", u32 unused, data, padding to 8). Room is given back to the producers before the
// batch is handled. The first event after a pause is handled at once; while events keep coming the ring is looked at every other
// millisecond, so that a flood costs few wake-ups and large batches.
class RingReader : public std::enable_shared_from_this<RingReader> {
 public:
  // Maps the ring of `map_fd`, of `size` bytes. Returns a positive errno and leaves `out` empty on failure.
  static int Open(int map_fd, size_t size, std::shared_ptr<RingReader>* out);
  ~RingReader();
  RingReader(const RingReader&) = delete;
  RingReader& operator=(const RingReader&) = delete;

  // Allocates the batch buffer, which is reused for every batch, and returns it. `handler` is called with the batch's length.
  // Of a record larger than the buffer only the header arrives.
  Napi::Value Prepare(Napi::Env env, size_t capacity, Napi::Function handler);
  // Handles batches from the event loop until `Pause`.
  int Start(Napi::Env env);
  void Pause();
  // Handles everything that is in the ring now. Returns the number of bytes handled.
  double Drain(Napi::Env env);

 private:
  RingReader() = default;
  // Copies the next batch; 0 when there is none.
  size_t TakeBatch();
  // Handles what is there, up to a bound; false when there was nothing.
  bool HandleBatches();
  static void OnReadable(uv_poll_t* poll, int status, int events);
  static void OnTimer(uv_timer_t* timer);

  int map_fd_ = -1;
  size_t size_ = 0;
  Mapping consumer_;
  Mapping producer_;
  uv_poll_t* poll_ = nullptr;
  uv_timer_t* timer_ = nullptr;
  Napi::FunctionReference handler_;
  Napi::Reference<Napi::ArrayBuffer> batch_;
  char* batch_data_ = nullptr;
  size_t batch_capacity_ = 0;
  std::unique_ptr<Napi::AsyncContext> context_;
};

}  // namespace bpfcast
