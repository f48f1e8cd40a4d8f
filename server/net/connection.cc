#include "server/net/connection.h"

#include <utility>

#include "server/net/connection_impl.h"

namespace frontrunner {

Command::~Command() {
  if (connection_ != nullptr) connection_->GiveUp(*this);
}

Connection::Connection(EventLoop& loop, ConnectionSettings settings)
    : impl_(std::make_shared<ConnectionImpl>(loop, std::move(settings))) {
  impl_->Start();
}

Connection::~Connection() { impl_->Shut(); }

void Connection::Send(Command& command, size_t bytes) {
  impl_->Send(command, bytes);
}

Connectivity Connection::connectivity() const { return impl_->connectivity(); }

void Connection::WhenOpened(absl::AnyInvocable<void() &&> opened) {
  impl_->WhenOpened(std::move(opened));
}

size_t Connection::outstanding() const { return impl_->outstanding(); }

const ConnectionCounters& Connection::counters() const {
  return impl_->counters();
}

}  // namespace frontrunner
