#include "server/net/connect_attempt.h"

#include <array>
#include <utility>

#include "absl/status/status.h"

namespace frontrunner {

ConnectAttempt::ConnectAttempt(EventLoop& loop,
                               const ConnectionSettings& settings,
                               Resolver& resolver, size_t number, Done done)
    : loop_(loop),
      settings_(settings),
      resolver_(resolver),
      done_(std::move(done)) {
  timeout_ = loop_.At(loop_.Now() + settings_.connect_timeout, [this] {
    Finish(absl::UnavailableError("connecting timed out"));
  });
  resolver_.Resolve(
      [this, number](absl::StatusOr<std::vector<SocketAddress>> found) {
        if (!found.ok()) return Finish(found.status());
        dialer_ = std::make_unique<Dialer>(
            loop_, *std::move(found), number,
            [this](absl::StatusOr<std::unique_ptr<ByteStream>> stream) {
              if (!stream.ok()) return Finish(stream.status());
              OnConnected(*std::move(stream));
            });
      });
}

ConnectAttempt::~ConnectAttempt() { resolver_.Cancel(); }

void ConnectAttempt::OnConnected(std::unique_ptr<ByteStream> stream) {
  opened_.stream = std::move(stream);
  opened_.reader = settings_.new_reader();
  const int fd = opened_.stream->fd();
  readable_ =
      NewEvent<&ConnectAttempt::Greet>(loop_.base(), fd, EV_READ, *this);
  writable_ =
      NewEvent<&ConnectAttempt::Greet>(loop_.base(), fd, EV_WRITE, *this);
  if (readable_ == nullptr || writable_ == nullptr) {
    return Finish(absl::UnavailableError("out of memory"));
  }
  Greet();
}

void ConnectAttempt::Greet() {
  while (greeting_ < settings_.greetings.size()) {
    if (!WriteGreeting() || !ReadReply()) return;
    ++greeting_;
    written_ = 0;
  }
  readable_.reset();
  writable_.reset();
  Finish(std::move(opened_));
}

bool ConnectAttempt::WriteGreeting() {
  const std::string& command = settings_.greetings[greeting_].command;
  while (written_ < command.size()) {
    const IoResult result = opened_.stream->Write(command.data() + written_,
                                                  command.size() - written_);
    if (result.kind != IoResult::kDone) {
      Wait(result);
      return false;
    }
    written_ += result.bytes;
  }
  return true;
}

bool ConnectAttempt::ReadReply() {
  for (;;) {
    absl::StatusOr<std::optional<CacheReply>> reply = opened_.reader->Next();
    if (!reply.ok()) {
      Finish(reply.status());
      return false;
    }
    if (reply->has_value()) {
      const absl::Status checked =
          settings_.greetings[greeting_].check(**reply);
      if (!checked.ok()) Finish(checked);
      return checked.ok();
    }
    std::array<char, 4096> buffer;
    const IoResult result = opened_.stream->Read(buffer.data(), buffer.size());
    if (result.kind != IoResult::kDone) {
      Wait(result);
      return false;
    }
    opened_.reader->Feed({buffer.data(), result.bytes});
  }
}

void ConnectAttempt::Wait(const IoResult& result) {
  switch (result.kind) {
    case IoResult::kWantRead:
      event_add(readable_.get(), nullptr);
      return;
    case IoResult::kWantWrite:
      event_add(writable_.get(), nullptr);
      return;
    default:
      return Finish(WhyLost(result));
  }
}

void ConnectAttempt::Finish(absl::StatusOr<Opened> result) {
  timeout_.reset();
  // It may be destroyed in there; nothing is touched afterwards.
  std::exchange(done_, nullptr)(std::move(result));
}

}  // namespace frontrunner
