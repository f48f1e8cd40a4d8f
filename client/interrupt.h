#pragma once

#include <atomic>
#include <functional>
#include <thread>

#include "server/base/time.h"

namespace frontrunner {

/// SIGINT and SIGTERM as a wish to end, for commands that look on. The first
/// one is noted and told; a second one ends the process as if this were not
/// there. To be made before any other thread is, so that every thread inherits
/// the signals' being blocked. The destructor gives them back.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  bool happened() const { return happened_; }

  /// False where it was interrupted, before or meanwhile. Any thread.
  bool SleepFor(Duration duration) const;

  /// Waits until `fd` can be read (or has ended); false where it was
  /// interrupted, before or meanwhile. Any thread.
  bool WaitToRead(int fd) const;

  /// Runs `then` on a thread of its own at the interruption, at once where it
  /// has happened; until the OnInterrupt is destroyed, which waits for `then`.
  class OnInterrupt {
   public:
    OnInterrupt(const Interrupt& interrupt, std::function<void()> then);
    ~OnInterrupt();
    OnInterrupt(const OnInterrupt&) = delete;
    OnInterrupt& operator=(const OnInterrupt&) = delete;

   private:
    int over_;
    std::thread thread_;
  };

 private:
  void Watch();

  std::atomic<bool> happened_{false};
  int signals_;
  // Readable from the interruption on.
  int told_;
  // Readable when the destructor has begun.
  int over_;
  std::thread thread_;
};

}  // namespace frontrunner
