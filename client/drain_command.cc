#include "client/drain_command.h"

#include <chrono>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/failure.h"
#include "client/json.h"

namespace frontrunner {
namespace {

constexpr Duration kBetweenLooks = std::chrono::milliseconds(200);
constexpr Duration kLongestWait = std::chrono::minutes(5);
// More such failures in a row mean that nobody is there, also where it is a
// proxy that says so.
constexpr int kAwayLooks = 2;

std::string Lookups(int count) {
  return absl::StrCat(count, count == 1 ? " lookup" : " lookups");
}

class DrainRunner {
 public:
  explicit DrainRunner(AdminSession& session) : session_(session) {}

  ExitCode Run() {
    const auto response = session_.client.Drain();
    if (!response.ok()) {
      return TellFailure(session_.output, Json(), response.status());
    }
    Tell(Json() ? ToJson(*response)
                : absl::StrCat("draining: ", Lookups(response->outstanding()),
                               " outstanding"));
    return session_.options.admin.wait ? Wait(response->outstanding()) : kFound;
  }

 private:
  ExitCode Wait(int last) {
    const TimePoint until = std::chrono::steady_clock::now() +
                            session_.options.deadline.value_or(kLongestWait);
    v1::ListOutstandingRequest request;
    request.set_max_lookups(1);
    int away = 0;
    // Seen to drain, or away. Before that, a server that does not drain is no
    // new one: it has yet to begin.
    bool leaving = false;
    while (session_.interrupt.SleepFor(kBetweenLooks)) {
      auto left = session_.client.ListOutstanding(request);
      if (session_.interrupt.happened()) break;
      if (left.ok()) {
        away = 0;
        if (leaving && !left->draining()) return Gone();
        leaving = left->draining();
        if (left->outstanding() != last) {
          last = left->outstanding();
          left->clear_lookups();
          Tell(Json() ? ToJson(*left) : Lookups(last) + " left");
        }
      } else if (absl::IsUnavailable(left.status()) &&
                 FailureOf(left.status()).reason.empty()) {
        leaving = true;
        if (++away == kAwayLooks) return Gone();
      } else if (!absl::IsUnavailable(left.status()) &&
                 !absl::IsDeadlineExceeded(left.status()) &&
                 !absl::IsCancelled(left.status())) {
        return TellFailure(session_.output, Json(), left.status());
      }
      if (std::chrono::steady_clock::now() >= until) {
        TellFailure(session_.output, Json(),
                    absl::DeadlineExceededError("it is still there"));
        return kFailed;
      }
    }
    TellFailure(session_.output, Json(),
                absl::CancelledError("interrupted; the server goes on "
                                     "draining"));
    return kFailed;
  }

  ExitCode Gone() {
    Tell(Json() ? R"({"gone":true})" : "the server is gone");
    return kFound;
  }

  void Tell(const std::string& line) {
    session_.output.out << line << "\n";
    session_.output.out.flush();
  }

  bool Json() const { return session_.options.json; }

  AdminSession& session_;
};

}  // namespace

ExitCode RunDrain(AdminSession& session) { return DrainRunner(session).Run(); }

}  // namespace frontrunner
