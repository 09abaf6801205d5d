// Whole maps at once: keys in one buffer, values in another.

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "error.h"
#include "object.h"

namespace bpfcast {

namespace {

// Keys asked for by the first batch call; the kernel refuses (ENOSPC) a batch smaller than one hash bucket.
constexpr uint32_t kFirstBatch = 4096;
// Of the kernel: "operation not supported" of bpf(2).
constexpr int kKernelNotSupported = 524;

struct MapShape {
  explicit MapShape(const bpf_map* map)
      : descriptor(bpf_map__fd(map)),
        type(bpf_map__type(map)),
        key_size(bpf_map__key_size(map)),
        value_size(bpf_map__value_size(map)),
        max_entries(bpf_map__max_entries(map)) {
    bool per_cpu = type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
    if (per_cpu) value_size = ((value_size + 7) & ~static_cast<size_t>(7)) * static_cast<size_t>(libbpf_num_possible_cpus());
  }
  bool is_array() const { return type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_PERCPU_ARRAY; }

  int descriptor;
  bpf_map_type type;
  size_t key_size;
  // What a look-up returns: of a per-CPU map, the values of all possible CPUs, each rounded up to 8 bytes.
  size_t value_size;
  size_t max_entries;
};

struct MapContents {
  std::vector<char> keys;
  std::vector<char> values;
  size_t count = 0;
};

// A key at a time, for kernels and map types without batches. A key deleted meanwhile may make the walk start again; the
// bound keeps it finite.
int ReadSingly(const MapShape& shape, MapContents* contents) {
  std::vector<char> key(shape.key_size), next(shape.key_size), value(shape.value_size);
  contents->count = 0;
  contents->keys.clear();
  contents->values.clear();
  void* previous = nullptr;
  while (contents->count < shape.max_entries && bpf_map_get_next_key(shape.descriptor, previous, next.data()) == 0) {
    key = next;
    previous = key.data();
    if (bpf_map_lookup_elem(shape.descriptor, key.data(), value.data()) != 0) {
      if (errno == ENOENT) continue;
      return errno;
    }
    contents->keys.insert(contents->keys.end(), key.begin(), key.end());
    contents->values.insert(contents->values.end(), value.begin(), value.end());
    contents->count++;
  }
  return 0;
}

int ReadBatches(const MapShape& shape, MapContents* contents) {
  size_t room = std::min<size_t>(shape.max_entries, kFirstBatch);
  // The kernel's position: a bucket number, or a key of an array map.
  std::vector<char> position(std::max<size_t>(shape.key_size, 8));
  bool started = false;
  for (;;) {
    contents->keys.resize((contents->count + room) * shape.key_size);
    contents->values.resize((contents->count + room) * shape.value_size);
    auto count = static_cast<uint32_t>(room);
    int error = bpf_map_lookup_batch(shape.descriptor, started ? position.data() : nullptr, position.data(),
                                     contents->keys.data() + contents->count * shape.key_size,
                                     contents->values.data() + contents->count * shape.value_size, &count, nullptr);
    if (error != 0 && errno == ENOSPC && room < 64 * shape.max_entries) {
      room *= 2;
      continue;
    }
    if (error != 0 && errno != ENOENT) return errno;
    contents->count += count;
    started = true;
    if (error != 0) return 0;  // ENOENT: that was the last batch
  }
}

int ReadContents(const MapShape& shape, MapContents* contents) {
  int error = ReadBatches(shape, contents);
  if (error == EINVAL || error == EOPNOTSUPP || error == kKernelNotSupported) error = ReadSingly(shape, contents);
  return error;
}

Napi::ArrayBuffer CopyOut(Napi::Env env, const std::vector<char>& bytes, size_t length) {
  Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(env, length);
  if (length > 0) memcpy(buffer.Data(), bytes.data(), length);
  return buffer;
}

}  // namespace

// readMap(map): { count, keySize, valueSize, keys, values }; see MapShape about per-CPU values.
Napi::Value BpfObject::ReadMap(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  bpf_map* map = FindMap(env, info[0]);
  if (map == nullptr) return env.Undefined();
  MapShape shape(map);
  MapContents contents;
  int error = ReadContents(shape, &contents);
  if (error != 0) {
    ThrowErrno(env, error, std::string("reading map '") + bpf_map__name(map) + "'");
    return env.Undefined();
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("count", Napi::Number::New(env, static_cast<double>(contents.count)));
  result.Set("keySize", Napi::Number::New(env, static_cast<double>(shape.key_size)));
  result.Set("valueSize", Napi::Number::New(env, static_cast<double>(shape.value_size)));
  result.Set("keys", CopyOut(env, contents.keys, contents.count * shape.key_size));
  result.Set("values", CopyOut(env, contents.values, contents.count * shape.value_size));
  return result;
}

// clearMap(map): deletes every key; the entries of an array, which cannot be deleted, become zero.
void BpfObject::ClearMap(const Napi::CallbackInfo& info) {
  bpf_map* map = FindMap(info.Env(), info[0]);
  if (map == nullptr) return;
  MapShape shape(map);
  if (shape.is_array()) {
    ZeroMap(info);
    return;
  }
  MapContents contents;
  int error = ReadContents(shape, &contents);
  for (size_t index = 0; error == 0 && index < contents.count; index++) {
    int failed = bpf_map_delete_elem(shape.descriptor, contents.keys.data() + index * shape.key_size);
    // A script may delete keys at the same time.
    if (failed != 0 && errno != ENOENT) error = errno;
  }
  if (error != 0) ThrowErrno(info.Env(), error, std::string("clearing map '") + bpf_map__name(map) + "'");
}

// zeroMap(map): sets the value of every existing key to zero, on all CPUs.
void BpfObject::ZeroMap(const Napi::CallbackInfo& info) {
  bpf_map* map = FindMap(info.Env(), info[0]);
  if (map == nullptr) return;
  MapShape shape(map);
  MapContents contents;
  int error = ReadContents(shape, &contents);
  std::vector<char> zeroes(shape.value_size);
  for (size_t index = 0; error == 0 && index < contents.count; index++) {
    const char* key = contents.keys.data() + index * shape.key_size;
    // A script may delete keys at the same time.
    if (bpf_map_update_elem(shape.descriptor, key, zeroes.data(), BPF_EXIST) != 0 && errno != ENOENT) error = errno;
  }
  if (error != 0) ThrowErrno(info.Env(), error, std::string("zeroing map '") + bpf_map__name(map) + "'");
}

}  // namespace bpfcast
