#include "client/watching.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/json.h"

namespace frontrunner {
namespace {

// The server may come back.
bool Passing(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsCancelled(status);
}

class Watching {
 public:
  explicit Watching(AdminSession& session) : session_(session) {}

  void Seen(const std::string& text) {
    const Output& output = session_.output;
    if (session_.options.json) {
      output.out << text;
    } else if (output.redraw) {
      output.out << (seen_ ? "" : "\x1b[2J") << Frame(text, output.rows);
    } else {
      output.out << (seen_ ? "\n" : "") << text;
    }
    seen_ = true;
    away_ = false;
  }

  // Whether to go on.
  bool Failed(const absl::Status& status) {
    if (!seen_ || !Passing(status)) return false;
    const Output& output = session_.output;
    if (session_.options.json) {
      output.out << FailureToJson(status) << "\n";
    } else if (output.redraw) {
      output.out << Frame(FailureText("", status) + "\n", output.rows);
    } else if (!away_) {
      output.err << FailureText("", status) << "\n";
    }
    away_ = true;
    return true;
  }

 private:
  AdminSession& session_;
  bool seen_ = false;
  bool away_ = false;
};

}  // namespace

std::string Frame(const std::string& text, size_t rows) {
  // Wrapping is off for no longer than this is written.
  std::string frame = "\x1b[?7l\x1b[H";
  size_t lines = 0;
  for (size_t begin = 0; begin < text.size() && lines + 1 < rows; ++lines) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    frame.append(text, begin, end - begin).append("\x1b[K\n");
    begin = end + 1;
  }
  return frame.append("\x1b[J\x1b[?7h");
}

ExitCode Show(AdminSession& session,
              absl::FunctionRef<absl::StatusOr<std::string>()> look) {
  const Options& options = session.options;
  if (!options.watch) {
    const auto text = look();
    if (!text.ok()) {
      return TellFailure(session.output, options.json, text.status());
    }
    session.output.out << *text;
    return kFound;
  }
  Watching watching(session);
  do {
    const auto text = look();
    // What an interrupted call says does not matter.
    if (session.interrupt.happened()) return kFound;
    if (text.ok()) {
      watching.Seen(*text);
    } else if (!watching.Failed(text.status())) {
      return TellFailure(session.output, options.json, text.status());
    }
    if (!session.output.out.flush()) return kFailed;
  } while (session.interrupt.SleepFor(*options.watch));
  return kFound;
}

}  // namespace frontrunner
