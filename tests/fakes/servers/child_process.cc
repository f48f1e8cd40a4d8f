#include "tests/fakes/servers/child_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

namespace frontrunner {

ChildProcess::~ChildProcess() { Kill(); }

void ChildProcess::Start(const std::vector<std::string>& argv,
                         const std::string& output) {
  ASSERT_FALSE(running());
  // Everything that allocates is done before the fork.
  std::vector<char*> arguments;
  arguments.reserve(argv.size() + 1);
  for (const std::string& argument : argv) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  const pid_t parent = getpid();
  pid_ = fork();
  ASSERT_GE(pid_, 0) << std::strerror(errno);
  if (pid_ > 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(126);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int in = open("/dev/null", O_RDONLY);
  const int out = open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (in < 0 || out < 0) _exit(126);
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  // Nothing of the test's own sockets shall live on in it.
  for (int fd = 3; fd < 1024; ++fd) close(fd);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

void ChildProcess::Stop(std::chrono::milliseconds patience) {
  if (!running()) return;
  Signal(SIGTERM);
  Signal(SIGCONT);
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!Reap(/*wait=*/false)) {
    if (std::chrono::steady_clock::now() >= until) return Kill();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

void ChildProcess::Kill() {
  if (!running()) return;
  Signal(SIGKILL);
  Reap(/*wait=*/true);
}

void ChildProcess::Pause() {
  Signal(SIGSTOP);
  // It is stopped only when the kernel says so.
  int status = 0;
  ASSERT_EQ(waitpid(pid_, &status, WUNTRACED), pid_);
  ASSERT_TRUE(WIFSTOPPED(status));
}

void ChildProcess::Continue() { Signal(SIGCONT); }

void ChildProcess::Signal(int signal) {
  ASSERT_TRUE(running());
  kill(pid_, signal);
}

bool ChildProcess::Reap(bool wait) {
  int status = 0;
  const pid_t gone = waitpid(pid_, &status, wait ? 0 : WNOHANG);
  if (gone == 0) return false;
  pid_ = -1;
  return true;
}

}  // namespace frontrunner
