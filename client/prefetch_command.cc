#include "client/prefetch_command.h"

#include <algorithm>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/json.h"
#include "client/key_reader.h"
#include "client/patience.h"
#include "client/prefetch_sender.h"
#include "client/prefetch_watch.h"
#include "client/progress_bar.h"
#include "client/progress_display.h"
#include "client/watching.h"
#include "server/base/strings.h"

namespace frontrunner {
namespace {

class PrefetchRunner {
 public:
  explicit PrefetchRunner(AdminSession& session)
      : session_(session),
        options_(session.options.prefetch),
        id_(options_.id.empty() ? RandomPrefetchId() : options_.id) {}

  ExitCode Run() {
    switch (options_.verb) {
      case PrefetchOptions::Verb::kBegin:
        return Begin();
      case PrefetchOptions::Verb::kList:
        return frontrunner::Show(session_, [this] { return List(); });
      case PrefetchOptions::Verb::kShow:
        return Told(LookAtPrefetch(session_.client, id_));
      case PrefetchOptions::Verb::kWatch:
        return Follow();
      case PrefetchOptions::Verb::kCancel: {
        v1::CancelPrefetchRequest request;
        request.set_id(id_);
        return Told(session_.client.CancelPrefetch(request));
      }
    }
    return kUsage;
  }

 private:
  ExitCode Begin() {
    KeyReader::Settings settings{.separator = options_.null ? '\0' : '\n'};
    if (options_.chunk) {
      settings.max_keys = static_cast<size_t>(*options_.chunk);
    }
    const auto keys =
        KeyReader::Open(options_.file, settings, session_.interrupt);
    if (!keys.ok()) {
      if (Json()) {
        TellFailure(session_.output, Json(), keys.status());
      } else {
        session_.output.err << "frontrunner: " << Std(keys.status().message())
                            << "\n";
      }
      return kUsage;
    }
    if (!Json()) {
      session_.output.out << "prefetch " << id_ << "\n";
      session_.output.out.flush();
    }
    PrefetchSender sender(
        {.id = id_,
         .table = options_.table,
         .priority = options_.priority
                         ? std::optional(static_cast<int>(*options_.priority))
                         : std::nullopt,
         .progress =
             [this](uint64_t read, uint64_t accepted) {
               display_.Sending(read, accepted);
             }},
        session_.client, **keys, patience_);
    const auto accepted = sender.Send();
    display_.Clear();
    if (!accepted.ok()) {
      TellFailure(session_.output, Json(), accepted.status());
      // One that is complete takes no more keys.
      if (!absl::IsFailedPrecondition(accepted.status())) {
        Hint(absl::StrCat("accepted so far: ", sender.accepted(),
                          "; to go on, run the same command with --id ", id_));
      }
      return kFailed;
    }
    TellAccepted(*accepted, (*keys)->skipped());
    // The server knows no prefetch without keys.
    if (options_.detach || (*keys)->keys() == 0) return kFound;
    return Follow();
  }

  void TellAccepted(uint64_t accepted, uint64_t skipped) {
    if (Json()) {
      // 64-bit numbers are strings, as elsewhere. The id needs no escapes.
      session_.output.out << "{\"id\":\"" << id_ << "\",\"accepted\":\""
                          << accepted << "\",\"skipped\":\"" << skipped
                          << "\"}\n";
    } else {
      session_.output.out << accepted << (accepted == 1 ? " key" : " keys")
                          << " accepted";
      if (skipped > 0) {
        session_.output.out << ", " << skipped << " empty "
                            << (skipped == 1 ? "line" : "lines") << " left out";
      }
      session_.output.out << "\n";
    }
    session_.output.out.flush();
  }

  ExitCode Follow() {
    const auto last =
        FollowPrefetch(session_.client, id_, patience_, deadline_,
                       [this](const v1::PrefetchProgress& progress) {
                         display_.Show(progress);
                       });
    if (last.ok()) {
      display_.Finish(*last);
      return ExitCodeOf(*last);
    }
    display_.Clear();
    const ExitCode code = TellFailure(session_.output, Json(), last.status());
    if (!absl::IsNotFound(last.status())) {
      Hint(
          "the server goes on with it; to look on: frontrunner prefetches "
          "watch " +
          id_);
    }
    // Not found is only the answer where that was the question.
    return options_.verb == PrefetchOptions::Verb::kWatch ? code : kFailed;
  }

  absl::StatusOr<std::string> List() {
    const auto prefetches = session_.client.ListPrefetches();
    if (!prefetches.ok()) return prefetches.status();
    return Json() ? ToJson(*prefetches) + "\n"
                  : ListPrefetchesText(*prefetches);
  }

  ExitCode Told(const absl::StatusOr<v1::PrefetchProgress>& progress) {
    if (!progress.ok()) {
      return TellFailure(session_.output, Json(), progress.status());
    }
    session_.output.out << (Json() ? ToJson(*progress) + "\n"
                                   : PrefetchSummary(*progress));
    return kFound;
  }

  void Hint(const std::string& hint) {
    if (!Json()) display_.Note("frontrunner: " + hint);
  }

  bool Json() const { return session_.options.json; }

  AdminSession& session_;
  const PrefetchOptions& options_;
  const std::string id_;
  const TimePoint deadline_ =
      session_.options.deadline
          ? std::chrono::steady_clock::now() + *session_.options.deadline
          : kNever;
  ProgressDisplay display_{session_.output, session_.options.json};
  Patience patience_{
      {.away = options_.patience.value_or(Patience::Settings().away),
       .deadline = deadline_,
       .lost =
           [this](const absl::Status& failure) {
             display_.Note(FailureText("", failure) + "; trying again");
           }},
      session_.interrupt};
};

}  // namespace

ExitCode ExitCodeOf(const v1::PrefetchProgress& progress) {
  // Whatever is not stored must be explained by the failures.
  uint64_t missed = 0;
  for (const auto& failure : progress.failures()) {
    if (failure.code() == static_cast<int>(absl::StatusCode::kNotFound)) {
      missed += failure.count();
    }
  }
  if (progress.stored() + missed < progress.accepted()) return kFailed;
  return missed > 0 ? kNotFound : kFound;
}

std::string RandomPrefetchId() {
  std::random_device random;
  return absl::StrCat(
      absl::FormatTime("%Y%m%d-%H%M%S", absl::Now(), absl::UTCTimeZone()),
      absl::StrFormat("-%06x", random() & 0xFFFFFFU));
}

ExitCode RunPrefetch(AdminSession& session) {
  return PrefetchRunner(session).Run();
}

}  // namespace frontrunner
