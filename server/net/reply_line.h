#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

namespace frontrunner {

class Command;

/// The commands whose replies are awaited, in the order of their replies. One
/// that was given up leaves a null pointer behind, and that is all it costs.
class ReplyLine {
 public:
  bool empty() const { return places_.empty(); }
  size_t size() const { return places_.size(); }

  /// Its ticket.
  uint64_t Join(Command& command) {
    places_.push_back(&command);
    return first_ticket_ + places_.size() - 1;
  }

  /// The ticket's command leaves; its place stays.
  void Abandon(uint64_t ticket) { places_[ticket - first_ticket_] = nullptr; }

  /// Whose reply has come; null if it was given up. Not on an empty line.
  Command* Next() {
    Command* const command = places_.front();
    places_.pop_front();
    ++first_ticket_;
    return command;
  }

 private:
  std::deque<Command*> places_;
  uint64_t first_ticket_ = 0;
};

}  // namespace frontrunner
