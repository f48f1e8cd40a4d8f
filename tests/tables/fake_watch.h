#pragma once

#include <list>
#include <memory>
#include <string>
#include <utility>

#include "server/race/source.h"
#include "tests/fakes/fake_source.h"

namespace frontrunner {

/// A KeyWatch whose keys change when the test says so. Logs "watch KEY" and
/// "unwatch KEY".
class FakeWatch final : public KeyWatch {
 public:
  explicit FakeWatch(EventLog* log) : log_(*log) {}

  std::unique_ptr<Attempt> Watch(std::shared_ptr<const CallContext> call,
                                 absl::AnyInvocable<void()> changed) override {
    log_.push_back("watch " + call->key);
    return std::make_unique<Watcher>(*this, call->key, std::move(changed));
  }

  /// Tells those who watch the key.
  void Change(const std::string& key) {
    const std::list<Watcher*> watchers = watchers_;
    for (Watcher* watcher : watchers) {
      if (watcher->key == key) watcher->changed();
    }
  }

  size_t watched() const { return watchers_.size(); }

 private:
  struct Watcher final : Attempt {
    Watcher(FakeWatch& its_owner, std::string its_key,
            absl::AnyInvocable<void()> told)
        : owner(its_owner),
          key(std::move(its_key)),
          changed(std::move(told)),
          place(owner.watchers_.insert(owner.watchers_.end(), this)) {}
    ~Watcher() override {
      owner.log_.push_back("unwatch " + key);
      owner.watchers_.erase(place);
    }
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;

    FakeWatch& owner;
    const std::string key;
    absl::AnyInvocable<void()> changed;
    const std::list<Watcher*>::iterator place;
  };

  EventLog& log_;
  std::list<Watcher*> watchers_;
};

}  // namespace frontrunner
