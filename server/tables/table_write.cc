#include "server/tables/table_write.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/base/strings.h"
#include "server/race/guarded_start.h"

namespace frontrunner {

/// One Put or Forget on its way to every cache.
struct TableWrites::Write {
  CallPtr call;
  std::shared_ptr<const ToStore> to_store;
  /// Null: whoever asked has gone.
  Asker* asker = nullptr;
  /// One per cache. A cache that says nothing until the deadline has exceeded
  /// it.
  std::vector<absl::StatusCode> codes;
  std::vector<std::unique_ptr<Attempt>> attempts;
  size_t outstanding = 0;
  std::unique_ptr<Timer> deadline;
  Writes::iterator place;
};

/// Whoever asked for a write. May outlive the writes.
class TableWrites::Asker final : public Attempt {
 public:
  explicit Asker(WriteDone done) : done_(std::move(done)) {}
  ~Asker() override {
    if (writes) writes->Forsake(*write);
  }
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;

  /// May destroy this.
  void Answer(absl::Status status) {
    writes = nullptr;
    WriteDone done = std::move(done_);
    std::move(done)(std::move(status));
  }

  void AnswerLater(Loop& loop, absl::Status status) {
    later_ = loop.At(loop.Now(), [this, status = std::move(status)]() mutable {
      Answer(std::move(status));
    });
  }

  /// Both or neither; neither once it has been answered.
  TableWrites* writes = nullptr;
  Write* write = nullptr;

 private:
  WriteDone done_;
  std::unique_ptr<Timer> later_;
};

TableWrites::TableWrites(Loop& loop, const std::vector<TableCache>& caches,
                         Settings settings)
    : loop_(loop), caches_(caches), settings_(std::move(settings)) {}

TableWrites::~TableWrites() {
  for (auto& [call, of_key] : by_key_) {
    for (const auto& write : of_key.writes) {
      if (write->asker) write->asker->writes = nullptr;
    }
  }
}

std::unique_ptr<Attempt> TableWrites::Begin(
    CallPtr call, std::shared_ptr<const ToStore> to_store, TimePoint deadline,
    WriteDone done) {
  auto write = std::make_shared<Write>();
  write->call = std::move(call);
  write->to_store = std::move(to_store);
  auto asker = std::make_unique<Asker>(std::move(done));
  asker->writes = this;
  asker->write = write.get();
  write->asker = asker.get();

  OfKey& of_key = by_key_[write->call];
  of_key.latest.put = write->to_store;
  write->place = of_key.writes.insert(of_key.writes.end(), write);
  StartAll(write, deadline);
  return asker;
}

void TableWrites::StartAll(const std::shared_ptr<Write>& write,
                           TimePoint deadline) {
  write->outstanding = caches_.size();
  write->codes.assign(caches_.size(), absl::StatusCode::kDeadlineExceeded);
  write->attempts.resize(caches_.size());
  // Without caches there is nothing to wait for but the next turn.
  write->deadline = loop_.At(caches_.empty() ? loop_.Now() : deadline,
                             [this, w = write.get()] { End(*w); });
  Query query;
  query.call = write->call;
  query.to_store = write->to_store;
  query.deadline = deadline;
  for (size_t i = 0; i < caches_.size(); ++i) {
    const Cache& cache = caches_[i].cache;
    Source& source = write->to_store ? *cache.store : *cache.erase;
    write->attempts[i] =
        StartGuarded(loop_, source, query,
                     [this, w = write.get(), i](const Outcome& outcome) {
                       OnCache(*w, i, outcome);
                     });
  }
}

std::unique_ptr<Attempt> TableWrites::TooLate(WriteDone done) {
  auto asker = std::make_unique<Asker>(std::move(done));
  asker->AnswerLater(
      loop_, absl::UnavailableError("the deadline was over before anything was "
                                    "written"));
  return asker;
}

const TableWrites::Latest* TableWrites::Find(const CallContext& call) const {
  const auto found = by_key_.find(call);
  return found == by_key_.end() ? nullptr : &found->second.latest;
}

void TableWrites::OnCache(Write& write, size_t cache, const Outcome& outcome) {
  write.codes[cache] = outcome.status().code();
  write.attempts[cache] = nullptr;
  if (--write.outstanding == 0) End(write);
}

void TableWrites::Forsake(Write& write) {
  write.asker = nullptr;
  if (++unattended_ > settings_.max_unattended) End(write);
}

void TableWrites::End(Write& write) {
  const auto found = by_key_.find(*write.call);
  const std::shared_ptr<Write> keep = *write.place;
  found->second.writes.erase(write.place);
  if (found->second.writes.empty()) by_key_.erase(found);
  Asker* asker = write.asker;
  if (!asker) --unattended_;
  const absl::Status verdict = Verdict(write);
  write.attempts.clear();
  write.deadline = nullptr;
  settings_.ended(*write.call);
  if (asker) asker->Answer(verdict);
}

absl::Status TableWrites::Verdict(const Write& write) const {
  std::string missing;
  for (size_t i = 0; i < caches_.size(); ++i) {
    if (write.codes[i] == absl::StatusCode::kOk) continue;
    absl::StrAppend(&missing, missing.empty() ? "" : ", ", caches_[i].name, " ",
                    Absl(CodeName(write.codes[i])));
  }
  if (missing.empty()) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("not confirmed by every cache: ", missing));
}

}  // namespace frontrunner
