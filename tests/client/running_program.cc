#include "tests/client/running_program.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

#include <array>
#include <chrono>
#include <cstdlib>

namespace frontrunner {
namespace {

constexpr auto kLongest = std::chrono::seconds(10);

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

RunningProgram::RunningProgram(const std::vector<std::string>& argv,
                               const Settings& settings) {
  std::vector<std::string> arguments = argv;
  std::vector<std::string> variables = settings.environment;
  const char* path = std::getenv("PATH");
  variables.push_back(std::string("PATH=") + (path == nullptr ? "" : path));
  variables.emplace_back("TERM=xterm");
  const auto argument_pointers = Pointers(arguments);
  const auto variable_pointers = Pointers(variables);
  std::array<int, 2> in = {-1, -1};
  std::array<int, 2> out = {-1, -1};
  if (settings.terminal) {
    winsize size{.ws_row = 20, .ws_col = 100};
    if (openpty(&in[1], &in[0], nullptr, nullptr, &size) != 0) std::abort();
    fcntl(in[1], F_SETFD, FD_CLOEXEC);
    out = {in[1], in[0]};
  } else if (pipe2(in.data(), O_CLOEXEC) != 0 ||
             pipe2(out.data(), O_CLOEXEC) != 0) {
    std::abort();
  }
  pid_ = fork();
  if (pid_ == 0) {
    // Ctrl-C goes to those whose controlling terminal it is.
    if (settings.terminal) login_tty(in[0]);
    if (!settings.terminal) {
      dup2(in[0], STDIN_FILENO);
      dup2(out[1], STDOUT_FILENO);
    }
    execve(argument_pointers[0], argument_pointers.data(),
           variable_pointers.data());
    _exit(127);
  }
  close(in[0]);
  if (out[1] != in[0]) close(out[1]);
  in_ = in[1];
  from_ = out[0];
}

RunningProgram::~RunningProgram() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (from_ != in_) close(from_);
  if (in_ >= 0) close(in_);
}

bool RunningProgram::WaitFor(const std::string& text) {
  const auto until = std::chrono::steady_clock::now() + kLongest;
  while (out_.find(text) == std::string::npos) {
    if (std::chrono::steady_clock::now() > until || !Read(10'000)) return false;
  }
  return true;
}

void RunningProgram::Type(const std::string& text) {
  if (write(in_, text.data(), text.size()) !=
      static_cast<ssize_t>(text.size())) {
    std::abort();
  }
}

void RunningProgram::CloseInput() {
  close(in_);
  in_ = -1;
}

void RunningProgram::Signal(int signal) { kill(pid_, signal); }

int RunningProgram::Wait() {
  while (Read(10'000)) {
  }
  int status = 0;
  for (int i = 0; i < 1000; ++i) {
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    usleep(10'000);
  }
  return -1;
}

bool RunningProgram::Read(int milliseconds) {
  pollfd poller{.fd = from_, .events = POLLIN, .revents = 0};
  if (poll(&poller, 1, milliseconds) <= 0) return false;
  std::array<char, 4096> piece;
  const ssize_t count = read(from_, piece.data(), piece.size());
  if (count <= 0) return false;
  out_.append(piece.data(), static_cast<size_t>(count));
  return true;
}

}  // namespace frontrunner
