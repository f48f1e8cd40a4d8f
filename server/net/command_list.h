#pragma once

#include <cstddef>

#include "server/net/connection.h"

namespace frontrunner {

/// Commands in order, linked through themselves, so that one can leave from
/// anywhere at once. Owns none. When it is destroyed, its commands have no
/// place any more.
class CommandList {
 public:
  CommandList() { ends_.previous_ = ends_.next_ = &ends_; }
  ~CommandList() {
    while (!empty()) Detach(PopFront());
  }
  CommandList(const CommandList&) = delete;
  CommandList& operator=(const CommandList&) = delete;

  bool empty() const { return ends_.next_ == &ends_; }

  void PushBack(Command& command) {
    CommandLink& link = command;
    link.previous_ = ends_.previous_;
    link.next_ = &ends_;
    link.previous_->next_ = &link;
    ends_.previous_ = &link;
  }

  /// Not on an empty list.
  Command& PopFront() {
    auto& command = static_cast<Command&>(*ends_.next_);
    Remove(command);
    return command;
  }

  /// It is in whatever list.
  static void Remove(Command& command) {
    CommandLink& link = command;
    link.previous_->next_ = link.next_;
    link.next_->previous_ = link.previous_;
    link.previous_ = link.next_ = nullptr;
  }

  /// Appends all of `other`, which is empty then.
  void TakeAll(CommandList& other) {
    while (!other.empty()) PushBack(other.PopFront());
  }

  /// The command has no place, and nothing will be called.
  static void Detach(Command& command) {
    command.place_ = Command::Place::kNone;
    command.connection_ = nullptr;
  }

 private:
  CommandLink ends_;
};

}  // namespace frontrunner
