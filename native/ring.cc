#include "ring.h"

#include <linux/bpf.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace bpfcast {

namespace {

constexpr size_t kHeaderSize = 8;
// Batches handled per wake-up, so that a flood of events leaves room for signals and timers.
constexpr int kBatchesPerWakeup = 16;
// Milliseconds between two looks at a busy ring.
constexpr uint64_t kBusyInterval = 2;

}  // namespace

int RingReader::Open(int map_fd, size_t size, std::shared_ptr<RingReader>* out) {
  std::shared_ptr<RingReader> reader(new RingReader());
  size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  void* consumer = mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
  if (consumer == MAP_FAILED) return errno;
  reader->consumer_ = Mapping(consumer, page);
  // The kernel would map the data pages twice in a row, so that no record wraps; once is enough for copying, and every mapped
  // page counts as memory of this process.
  size_t length = page + size;
  void* producer = mmap(nullptr, length, PROT_READ, MAP_SHARED, map_fd, static_cast<off_t>(page));
  if (producer == MAP_FAILED) return errno;
  reader->producer_ = Mapping(producer, length);
  reader->map_fd_ = map_fd;
  reader->size_ = size;
  *out = std::move(reader);
  return 0;
}

RingReader::~RingReader() { Pause(); }

Napi::Value RingReader::Prepare(Napi::Env env, size_t capacity, Napi::Function handler) {
  batch_capacity_ = std::max(std::min(size_, capacity), kHeaderSize);
  Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(env, batch_capacity_);
  batch_data_ = static_cast<char*>(buffer.Data());
  batch_ = Napi::Reference<Napi::ArrayBuffer>::New(buffer, 1);
  handler_ = Napi::Persistent(handler);
  context_ = std::make_unique<Napi::AsyncContext>(env, "bpfcast:ring");
  return buffer;
}

size_t RingReader::TakeBatch() {
  size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  auto* consumer_position = reinterpret_cast<unsigned long*>(consumer_.get());
  auto* producer_position = reinterpret_cast<unsigned long*>(producer_.get());
  const char* data = producer_.get() + page;
  size_t mask = size_ - 1;

  unsigned long start = __atomic_load_n(consumer_position, __ATOMIC_RELAXED);
  unsigned long end = __atomic_load_n(producer_position, __ATOMIC_ACQUIRE);
  unsigned long position = start;
  while (position < end) {
    auto* header = reinterpret_cast<const uint32_t*>(data + (position & mask));
    uint32_t word = __atomic_load_n(header, __ATOMIC_ACQUIRE);
    if ((word & BPF_RINGBUF_BUSY_BIT) != 0) break;  // reserved, not yet submitted: order is kept
    size_t length = word & ~BPF_RINGBUF_DISCARD_BIT;
    size_t record = (kHeaderSize + length + 7) & ~static_cast<size_t>(7);
    size_t taken = position - start;
    if (taken > 0 && taken + record > batch_capacity_) break;
    position += record;
  }
  size_t taken = position - start;
  if (taken == 0) return 0;
  size_t copied = taken <= batch_capacity_ ? taken : kHeaderSize;
  size_t until_end = std::min(copied, size_ - (start & mask));
  memcpy(batch_data_, data + (start & mask), until_end);
  memcpy(batch_data_ + until_end, data, copied - until_end);
  __atomic_store_n(consumer_position, position, __ATOMIC_RELEASE);
  return copied;
}

int RingReader::Start(Napi::Env env) {
  if (poll_ != nullptr) return 0;
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return EINVAL;
  auto* poll = new uv_poll_t();
  // The ring's own descriptor is pollable and level-triggered: no epoll set of our own is needed. libuv may close its
  // descriptor late, so it gets a copy.
  int descriptor = dup(map_fd_);
  if (descriptor < 0) {
    int number = errno;
    delete poll;
    return number;
  }
  int status = uv_poll_init(loop, poll, descriptor);
  if (status != 0) {
    close(descriptor);
    delete poll;
    return -status;
  }
  poll->data = this;
  poll_ = poll;
  timer_ = new uv_timer_t();
  uv_timer_init(loop, timer_);
  timer_->data = this;
  return -uv_poll_start(poll, UV_READABLE, OnReadable);
}

void RingReader::Pause() {
  if (poll_ == nullptr) return;
  uv_poll_t* poll = poll_;
  poll_ = nullptr;
  uv_os_fd_t descriptor = -1;
  uv_fileno(reinterpret_cast<uv_handle_t*>(poll), &descriptor);
  uv_poll_stop(poll);
  poll->data = reinterpret_cast<void*>(static_cast<intptr_t>(descriptor));
  uv_close(reinterpret_cast<uv_handle_t*>(poll), [](uv_handle_t* handle) {
    close(static_cast<int>(reinterpret_cast<intptr_t>(handle->data)));
    delete reinterpret_cast<uv_poll_t*>(handle);
  });
  uv_close(reinterpret_cast<uv_handle_t*>(timer_),
           [](uv_handle_t* handle) { delete reinterpret_cast<uv_timer_t*>(handle); });
  timer_ = nullptr;
}

bool RingReader::HandleBatches() {
  Napi::Env env = handler_.Env();
  bool any = false;
  for (int batch = 0; batch < kBatchesPerWakeup; batch++) {
    Napi::HandleScope scope(env);
    // The handler may have paused the reader.
    if (poll_ == nullptr) return any;
    size_t length = TakeBatch();
    if (length == 0) return any;
    any = true;
    napi_value argument = Napi::Number::New(env, static_cast<double>(length));
    handler_.MakeCallback(env.Global(), {argument}, *context_);
    if (env.IsExceptionPending()) {
      napi_value error = nullptr;
      napi_get_and_clear_last_exception(env, &error);
      napi_fatal_exception(env, error);
      return any;
    }
  }
  return any;
}

void RingReader::OnReadable(uv_poll_t* poll, int, int) {
  // The handler may close the object, and with it this reader: it must last until we are back.
  std::shared_ptr<RingReader> reader = static_cast<RingReader*>(poll->data)->shared_from_this();
  Napi::HandleScope scope(reader->handler_.Env());
  bool any = reader->HandleBatches();
  if (!any || reader->poll_ == nullptr) return;
  uv_poll_stop(poll);
  uv_timer_start(reader->timer_, OnTimer, kBusyInterval, 0);
}

void RingReader::OnTimer(uv_timer_t* timer) {
  std::shared_ptr<RingReader> reader = static_cast<RingReader*>(timer->data)->shared_from_this();
  Napi::HandleScope scope(reader->handler_.Env());
  bool any = reader->HandleBatches();
  if (reader->poll_ == nullptr) return;
  if (any) {
    uv_timer_start(timer, OnTimer, kBusyInterval, 0);
  } else {
    uv_poll_start(reader->poll_, UV_READABLE, OnReadable);
  }
}

double RingReader::Drain(Napi::Env env) {
  std::shared_ptr<RingReader> keep = shared_from_this();
  double total = 0;
  for (;;) {
    Napi::HandleScope scope(env);
    size_t length = TakeBatch();
    if (length == 0) return total;
    total += static_cast<double>(length);
    handler_.Call({Napi::Number::New(env, static_cast<double>(length))});
    if (env.IsExceptionPending()) return total;
  }
}

}  // namespace bpfcast
