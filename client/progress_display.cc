#include "client/progress_display.h"

#include "absl/strings/str_cat.h"
#include "client/json.h"
#include "client/progress_bar.h"

namespace frontrunner {

void ProgressDisplay::Sending(uint64_t read, uint64_t accepted) {
  if (json_) return;
  Line(absl::StrCat("sending: ", read, " read, ", accepted, " accepted"));
}

void ProgressDisplay::Show(const v1::PrefetchProgress& progress) {
  if (json_) {
    output_.out << ToJson(progress) << "\n";
    output_.out.flush();
    return;
  }
  Line(ProgressLine(progress,
                    {.bar = output_.redraw, .columns = output_.columns}));
}

void ProgressDisplay::Finish(const v1::PrefetchProgress& progress) {
  if (json_) {
    Show(progress);
    return;
  }
  // The full bar stays.
  last_.reset();
  Show(progress);
  if (drawn_) output_.out << "\n";
  drawn_ = false;
  output_.out << PrefetchSummary(progress);
  output_.out.flush();
}

void ProgressDisplay::Note(const std::string& line) {
  Clear();
  output_.err << line << "\n";
  output_.err.flush();
}

void ProgressDisplay::Clear() {
  if (drawn_) output_.out << "\r\x1b[K";
  drawn_ = false;
  output_.out.flush();
}

void ProgressDisplay::Line(const std::string& line) {
  if (output_.redraw) {
    output_.out << "\r" << line << "\x1b[K";
    drawn_ = true;
  } else {
    const TimePoint now = std::chrono::steady_clock::now();
    if (last_ && now - *last_ < kBetweenLines) return;
    last_ = now;
    output_.out << line << "\n";
  }
  output_.out.flush();
}

}  // namespace frontrunner
