#include "server/config/config.h"

#include <cerrno>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <sstream>
#include <system_error>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "server/base/strings.h"
#include "server/config/checks.h"
#include "server/config/defaults.h"
#include "server/config/lines.h"
#include "server/config/mistakes.h"
#include "server/config/reader.h"
#include "yaml-cpp/eventhandler.h"
#include "yaml-cpp/yaml.h"

namespace frontrunner {
namespace {

using config::Findings;
using config::Lines;
using config::Place;

constexpr size_t kMaxFile = 8U << 20;

/// Notes where a document begins.
class WhereItBegins final : public YAML::EventHandler {
 public:
  const YAML::Mark& mark() const { return mark_; }

  void OnDocumentStart(const YAML::Mark& mark) override { mark_ = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
  void OnAlias(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {
  }
  void OnScalar(const YAML::Mark& /*mark*/, const std::string& /*tag*/,
                YAML::anchor_t /*anchor*/,
                const std::string& /*value*/) override {}
  void OnSequenceStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/,
                       YAML::anchor_t /*anchor*/,
                       YAML::EmitterStyle::value /*style*/) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/,
                  YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {}
  void OnMapEnd() override {}

 private:
  YAML::Mark mark_;
};

/// Where something follows the first document. YAML::Load would pass over it
/// in silence, and YAML::LoadAll never ends where it is no document at all.
std::optional<YAML::Mark> SecondDocument(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  WhereItBegins document;
  if (!parser.HandleNextDocument(document)) return std::nullopt;
  if (!parser.HandleNextDocument(document)) return std::nullopt;
  return document.mark();
}

/// The one document of the text; nullopt, and a mistake, where there is not
/// exactly one.
std::optional<YAML::Node> OneDocument(const std::string& text,
                                      const Lines& lines, Findings& findings) {
  if (const auto bad = config::FirstBadByte(text)) {
    findings.Add(lines.AtOffset(*bad),
                 absl::StrFormat("the byte 0x%02X; allowed: UTF-8 without "
                                 "control characters",
                                 static_cast<unsigned char>(text[*bad])));
    return std::nullopt;
  }
  if (const auto mark = SecondDocument(text)) {
    findings.Add(lines.At(mark->line, mark->column),
                 "the document is over, but the file goes on; allowed: one "
                 "document");
    return std::nullopt;
  }
  YAML::Node document = YAML::Load(text);
  if (document.IsNull()) {
    findings.Add(Place{.line = 1, .column = 1},
                 "the file is empty; allowed: a mapping with tables in it");
    return std::nullopt;
  }
  return document;
}

void Read(std::string_view text, const Lines& lines, Findings& findings,
          config::v1::Config& message) {
  const auto document = OneDocument(std::string(text), lines, findings);
  if (!document) return;
  config::Reader(lines, findings).Read(*document, message);
  config::FillDefaults(message);
  config::CheckRaces(message, findings);
  config::CheckListens(message, findings);
  config::CheckLimits(message, findings);
  config::CheckOutstanding(message, findings);
  config::CheckRetries(message, findings);
  config::CheckQueues(message, findings);
  config::CheckConnectionAge(message, findings);
  config::CheckHttp(message, findings);
}

LoadedConfig Unreadable(const std::string& path, std::string_view why) {
  LoadedConfig loaded{.file_name = path};
  loaded.mistakes.push_back(
      Mistake{.text = absl::StrCat("the file can't be read: ", Absl(why))});
  return loaded;
}

std::string Reason(int error) { return std::generic_category().message(error); }

}  // namespace

std::string LoadedConfig::Explain() const {
  std::string text;
  for (const Mistake& mistake : mistakes) {
    absl::StrAppend(&text, file_name, ":");
    if (mistake.line > 0) {
      absl::StrAppend(&text, mistake.line, ":", mistake.column, ":");
    }
    absl::StrAppend(&text, " ", mistake.text, "\n");
  }
  return text;
}

LoadedConfig LoadConfig(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(
      std::fopen(path.c_str(), "re"), &std::fclose);
  if (file == nullptr) return Unreadable(path, Reason(errno));
  std::string text;
  std::string block(64U << 10, '\0');
  while (text.size() <= kMaxFile) {
    errno = 0;
    const size_t got = std::fread(block.data(), 1, block.size(), file.get());
    text.append(block, 0, got);
    if (got < block.size()) break;
  }
  if (std::ferror(file.get()) != 0) return Unreadable(path, Reason(errno));
  if (text.size() > kMaxFile) return Unreadable(path, "larger than 8 MiB");
  return ParseConfig(text, path);
}

LoadedConfig ParseConfig(std::string_view text, std::string file_name) {
  LoadedConfig loaded{.file_name = std::move(file_name)};
  // A byte order mark is no part of the first line.
  text = Std(absl::StripPrefix(Absl(text), "\xEF\xBB\xBF"));
  const Lines lines(text);
  Findings findings;
  // yaml-cpp reports by throwing; nothing of it leaves this function.
  try {
    Read(text, lines, findings, loaded.config);
  } catch (const YAML::Exception& wrong) {
    // Its message may end in any byte of the file.
    findings.Add(lines.At(wrong.mark.line, wrong.mark.column),
                 absl::StrCat("this is not YAML: ", absl::CEscape(wrong.msg)));
  } catch (const std::exception& wrong) {
    findings.Add(Place{},
                 absl::StrCat("the file can't be read: ", wrong.what()));
  }
  loaded.mistakes = findings.Take();
  return loaded;
}

}  // namespace frontrunner
