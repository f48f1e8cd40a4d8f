#include "server/sources/redis/redis_watch.h"

#include <list>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "server/sources/redis/greetings.h"
#include "server/sources/redis/resp_reader.h"
#include "server/sources/redis/stored_key.h"
#include "server/sources/redis/subscriber.h"

namespace frontrunner {
namespace {

using Changed = absl::AnyInvocable<void()>;

RedisSubscriber::Settings SubscriberSettings(const RedisSettings& settings) {
  RedisSubscriber::Settings subscriber;
  subscriber.watch = settings.watch;
  subscriber.connection = settings.connection;
  subscriber.connection.address = settings.address;
  subscriber.connection.greetings = RedisGreetings(settings);
  // Nothing that comes in good faith is longer than a channel.
  subscriber.connection.new_reader = [longest = settings.key_prefix.size() +
                                                kChannelOverhead] {
    return std::make_unique<RespReader>(longest, longest);
  };
  return subscriber;
}

/// Who watches what. Shared by the KeyWatch, which callers see, and by their
/// attempts, so that each of them may go first.
class Watchers : public std::enable_shared_from_this<Watchers> {
 public:
  class Watcher;

  Watchers(EventLoop& loop, const RedisSettings& settings)
      : loop_(loop),
        settings_(settings.watch),
        key_prefix_(settings.key_prefix),
        subscriber_(loop, SubscriberSettings(settings),
                    [this](const std::string& channel) { OnHeard(channel); }) {}

  std::unique_ptr<Attempt> Add(const CallContext& call, Changed changed);
  void Remove(Watcher& watcher);

 private:
  using List = std::list<Watcher*>;

  void OnHeard(const std::string& channel);
  void TellLater(Watcher& watcher);
  void Tell();

  EventLoop& loop_;
  const RedisWatchSettings settings_;
  const std::string key_prefix_;
  /// No list is empty.
  absl::flat_hash_map<std::string, List> channels_;
  RedisSubscriber subscriber_;
  /// To be told to look again, first come first served.
  List due_;
  bool tell_is_posted_ = false;
};

class Watchers::Watcher final : public Attempt {
 public:
  Watcher(std::shared_ptr<Watchers> watchers, Changed told)
      : changed(std::make_shared<Changed>(std::move(told))),
        watchers_(std::move(watchers)) {}
  ~Watcher() override {
    if (watched) watchers_->Remove(*this);
  }
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  /// Held by who runs it, since it may destroy this.
  const std::shared_ptr<Changed> changed;
  bool watched = false;
  std::string channel;
  List::iterator place;
  bool due = false;
  List::iterator due_place;

 private:
  const std::shared_ptr<Watchers> watchers_;
};

std::unique_ptr<Attempt> Watchers::Add(const CallContext& call,
                                       Changed changed) {
  auto watcher =
      std::make_unique<Watcher>(shared_from_this(), std::move(changed));
  std::string channel = ChannelOf(key_prefix_, call);
  auto found = channels_.find(channel);
  if (found == channels_.end()) {
    if (channels_.size() >= settings_.max_keys) {
      settings_.counters->refused.fetch_add(1, std::memory_order_relaxed);
      return watcher;
    }
    subscriber_.Subscribe(channel);
    found = channels_.try_emplace(channel).first;
  }
  watcher->watched = true;
  watcher->channel = std::move(channel);
  watcher->place = found->second.insert(found->second.end(), watcher.get());
  if (subscriber_.confirmed(watcher->channel)) TellLater(*watcher);
  return watcher;
}

void Watchers::Remove(Watcher& watcher) {
  if (watcher.due) due_.erase(watcher.due_place);
  const auto found = channels_.find(watcher.channel);
  found->second.erase(watcher.place);
  if (!found->second.empty()) return;
  channels_.erase(found);
  subscriber_.Unsubscribe(watcher.channel);
}

void Watchers::OnHeard(const std::string& channel) {
  const auto found = channels_.find(channel);
  if (found == channels_.end()) return;
  for (Watcher* watcher : found->second) TellLater(*watcher);
}

void Watchers::TellLater(Watcher& watcher) {
  if (watcher.due) return;
  watcher.due = true;
  watcher.due_place = due_.insert(due_.end(), &watcher);
  if (tell_is_posted_) return;
  tell_is_posted_ = true;
  loop_.Post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Tell();
  });
}

void Watchers::Tell() {
  tell_is_posted_ = false;
  // Those who become due meanwhile are told in a later turn, unless as many
  // leave.
  for (size_t left = due_.size(); left > 0 && !due_.empty(); --left) {
    Watcher& watcher = *due_.front();
    due_.pop_front();
    watcher.due = false;
    const std::shared_ptr<Changed> changed = watcher.changed;
    (*changed)();
  }
}

class RedisWatch final : public KeyWatch {
 public:
  RedisWatch(EventLoop& loop, const RedisSettings& settings)
      : watchers_(std::make_shared<Watchers>(loop, settings)) {}

  std::unique_ptr<Attempt> Watch(std::shared_ptr<const CallContext> call,
                                 Changed changed) override {
    return watchers_->Add(*call, std::move(changed));
  }

 private:
  const std::shared_ptr<Watchers> watchers_;
};

}  // namespace

std::shared_ptr<KeyWatch> MakeRedisWatch(EventLoop& loop,
                                         const RedisSettings& settings) {
  return std::make_shared<RedisWatch>(loop, settings);
}

}  // namespace frontrunner
