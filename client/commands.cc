#include "client/commands.h"

#include <algorithm>

#include "client/admin_commands.h"
#include "client/client.h"
#include "client/durations.h"
#include "client/json.h"
#include "client/report_picture.h"
#include "client/text.h"

namespace frontrunner {
namespace {

constexpr Duration kDeadline = std::chrono::seconds(10);
constexpr Duration kBatchDeadline = std::chrono::minutes(1);
// A server lets a caller wait for a minute, after a race.
constexpr Duration kWaitDeadline = std::chrono::seconds(70);

class Runner {
 public:
  Runner(const Options& options, const Output& output)
      : options_(options), output_(output) {}

  ExitCode Run() {
    switch (options_.command) {
      case Options::Command::kLookup:
        return options_.keys.size() > 1 && !options_.report && !options_.wait
                   ? LookupBatch()
                   : LookupEach();
      case Options::Command::kPut:
        return Written(Put());
      case Options::Command::kForget:
        return Written(Forget());
      default:
        return RunAdmin(options_, output_);
    }
  }

 private:
  Client MakeClient(Duration deadline) const {
    return Client({.address = options_.address,
                   .deadline = options_.deadline.value_or(deadline)});
  }

  ExitCode LookupEach() {
    Client client = MakeClient(options_.wait ? kWaitDeadline : kDeadline);
    ExitCode worst = kFound;
    for (const std::string& key : options_.keys) {
      v1::LookupRequest request;
      request.set_table(options_.table);
      request.set_key(key);
      request.set_wait_for_value(options_.wait);
      request.set_priority(options_.priority);
      request.set_include_report(options_.report);
      request.set_cache_policy(options_.cache_policy);
      const auto answer = client.Lookup(request);
      Show(key, answer);
      worst = std::max(worst, CodeOf(answer.status()));
    }
    return worst;
  }

  ExitCode LookupBatch() {
    Client client = MakeClient(kBatchDeadline);
    v1::BatchLookupRequest request;
    request.set_table(options_.table);
    request.set_priority(options_.priority);
    request.set_cache_policy(options_.cache_policy);
    for (const std::string& key : options_.keys) request.add_keys(key);
    ExitCode worst = kFound;
    const auto status =
        client.BatchLookup(request, [&](const BatchAnswer& answer) {
          Show(answer.key, answer.found);
          worst = std::max(worst, CodeOf(answer.found.status()));
        });
    if (status.ok()) return worst;
    if (options_.json) {
      output_.out << FailureToJson(status) << "\n";
    } else {
      Tell("", status);
    }
    // Whatever ended a batch, keys went unanswered.
    return kFailed;
  }

  absl::Status Put() const {
    v1::PutRequest request;
    request.set_table(options_.table);
    request.set_key(options_.keys.front());
    request.set_value(options_.value);
    if (options_.ttl) *request.mutable_ttl() = ToProto(*options_.ttl);
    return MakeClient(kDeadline).Put(request);
  }

  absl::Status Forget() const {
    v1::ForgetRequest request;
    request.set_table(options_.table);
    request.set_key(options_.keys.front());
    return MakeClient(kDeadline).Forget(request);
  }

  // One key's answer. Flushed each, since further ones may take a while.
  void Show(const std::string& key,
            const absl::StatusOr<v1::LookupResponse>& answer) {
    if (options_.json) {
      output_.out << AnswerToJson(key, answer) << "\n";
    } else if (options_.report) {
      output_.out << DrawReport(options_.table, key, answer,
                                {.ascii = options_.ascii,
                                 .colour = Coloured(),
                                 .columns = output_.columns});
    } else if (!answer.ok()) {
      Tell(key, answer.status());
    } else if (options_.keys.size() > 1) {
      output_.out << Safe(key) << "\t" << Safe(answer->value()) << "\n";
    } else if (options_.raw) {
      output_.out << answer->value();
    } else {
      output_.out << (output_.terminal || options_.ascii ? Safe(answer->value())
                                                         : answer->value())
                  << "\n";
    }
    output_.out.flush();
  }

  bool Coloured() const {
    return options_.colour == Options::Colour::kOn ||
           (options_.colour == Options::Colour::kAuto && output_.colour);
  }

  ExitCode Written(const absl::Status& status) {
    if (options_.json) {
      output_.out << (status.ok() ? "{}" : FailureToJson(status)) << "\n";
    } else if (!status.ok()) {
      Tell(options_.keys.front(), status);
    }
    return CodeOf(status);
  }

  void Tell(const std::string& key, const absl::Status& status) {
    output_.err << FailureText(key, status, options_.ascii) << "\n";
  }

  std::string Safe(const std::string& text) const {
    return Printable(text, {.unicode = !options_.ascii});
  }

  const Options& options_;
  const Output& output_;
};

}  // namespace

ExitCode RunCommand(const Options& options, const Output& output) {
  return Runner(options, output).Run();
}

}  // namespace frontrunner
