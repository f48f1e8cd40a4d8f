#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "server/base/time.h"
#include "server/race/value.h"

namespace frontrunner::memory {

/// A cached key as it is looked for: views and a hash made beforehand, so that
/// looking builds no string.
struct Name {
  std::string_view table;
  uint32_t version = 0;
  std::string_view key;
  uint64_t hash = 0;
};

/// What malloc takes from the heap for a block of `bytes`: glibc on 64 bits
/// adds a word of its own, rounds up to 16 and never gives less than 32.
constexpr size_t HeapCost(size_t bytes) {
  const size_t rounded = (bytes + sizeof(size_t) + 15) / 16 * 16;
  return rounded < 32 ? 32 : rounded;
}

/// What a string holds outside itself.
inline size_t HeapCostOf(const std::string& text) {
  // A string of this capacity or less keeps its characters in itself.
  static const size_t kInside = std::string().capacity();
  return text.capacity() <= kInside ? 0 : HeapCost(text.capacity() + 1);
}

/// One cached value with its places in the index and in a queue. Belongs to
/// one shard and is guarded by that shard's mutex.
struct Entry {
  Entry(const Name& entry_name, Bytes entry_bytes, TimePoint when_produced,
        TimePoint when_expires)
      : hash(entry_name.hash),
        version(entry_name.version),
        table_size(static_cast<uint32_t>(entry_name.table.size())),
        bytes(std::move(entry_bytes)),
        produced(when_produced),
        expires(when_expires) {
    name.reserve(entry_name.table.size() + entry_name.key.size());
    name.append(entry_name.table).append(entry_name.key);
    // make_shared puts two counts, a vtable pointer and the string in one
    // block.
    constexpr size_t kSharedString = 2 * sizeof(void*) + sizeof(std::string);
    cost = HeapCost(sizeof(Entry)) + HeapCostOf(name) +
           HeapCost(kSharedString) + HeapCostOf(*bytes);
  }

  bool Matches(const Name& wanted) const {
    const std::string_view both = name;
    return hash == wanted.hash && version == wanted.version &&
           both.substr(0, table_size) == wanted.table &&
           both.substr(table_size) == wanted.key;
  }

  const uint64_t hash;
  const uint32_t version;
  const uint32_t table_size;
  /// The table, then the key, in one string.
  std::string name;
  const Bytes bytes;
  /// Monotonic; before the process began, for what was produced before that.
  const TimePoint produced;
  /// kNever: it does not expire.
  const TimePoint expires;
  /// All the memory that goes when the entry goes, in bytes.
  size_t cost = 0;

  /// The next in its bucket of the index, or in a Graveyard.
  std::unique_ptr<Entry> next;
  /// Its neighbours in the queue.
  Entry* older = nullptr;
  Entry* newer = nullptr;
  /// Which queue that is.
  bool in_main = false;
  /// Hits since it came into its queue, up to kMaxUses.
  uint8_t uses = 0;
};

/// Entries on their way out, so that their memory is given back after the
/// mutex.
class Graveyard {
 public:
  Graveyard() = default;
  Graveyard(const Graveyard&) = delete;
  Graveyard& operator=(const Graveyard&) = delete;
  /// One by one: a chain of unique_ptr would recurse as deep as it is long.
  ~Graveyard() {
    while (first_) first_ = std::move(first_->next);
  }

  void Bury(std::unique_ptr<Entry> entry) {
    entry->next = std::move(first_);
    first_ = std::move(entry);
  }

 private:
  std::unique_ptr<Entry> first_;
};

}  // namespace frontrunner::memory
