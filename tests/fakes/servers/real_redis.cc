#include "tests/fakes/servers/real_redis.h"

#include <gtest/gtest.h>
#include <hiredis/hiredis.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <thread>

#include "tests/fakes/servers/scripted_server.h"

namespace frontrunner {
namespace {

std::string TemporaryDirectory() {
  std::string name =
      (std::filesystem::temp_directory_path() / "frontrunner-redis-XXXXXX")
          .string();
  EXPECT_NE(mkdtemp(name.data()), nullptr);
  return name;
}

}  // namespace

RealRedis::RealRedis(std::vector<std::string> arguments)
    : port_(FreePort()),
      arguments_(std::move(arguments)),
      directory_(TemporaryDirectory()) {
  Start();
}

RealRedis::~RealRedis() {
  process_.Kill();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::string RealRedis::address() const {
  return "127.0.0.1:" + std::to_string(port_);
}

void RealRedis::Start() {
  std::vector<std::string> argv = {"redis-server",
                                   "--port",
                                   std::to_string(port_),
                                   "--bind",
                                   "127.0.0.1",
                                   "--unixsocket",
                                   path(),
                                   "--dir",
                                   directory_,
                                   "--save",
                                   "",
                                   "--appendonly",
                                   "no",
                                   "--enable-debug-command",
                                   "yes"};
  argv.insert(argv.end(), arguments_.begin(), arguments_.end());
  process_.Start(argv, directory_ + "/log");
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (Call({"PING"}).starts_with("(no connection)")) {
    ASSERT_LT(std::chrono::steady_clock::now(), until)
        << "redis-server does not come up";
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

std::string RealRedis::Call(std::initializer_list<std::string_view> arguments) {
  const timeval patience{5, 0};
  std::unique_ptr<redisContext, decltype(&redisFree)> context(
      redisConnectWithTimeout("127.0.0.1", port_, patience), redisFree);
  if (context == nullptr || context->err != 0) return "(no connection)";
  redisSetTimeout(context.get(), patience);
  std::vector<const char*> argv;
  std::vector<size_t> sizes;
  for (std::string_view argument : arguments) {
    argv.push_back(argument.data());
    sizes.push_back(argument.size());
  }
  std::unique_ptr<redisReply, decltype(&freeReplyObject)> reply(
      static_cast<redisReply*>(redisCommandArgv(context.get(),
                                                static_cast<int>(argv.size()),
                                                argv.data(), sizes.data())),
      freeReplyObject);
  if (reply == nullptr) return "(no connection)";
  switch (reply->type) {
    case REDIS_REPLY_NIL:
      return "(nil)";
    case REDIS_REPLY_INTEGER:
      return std::to_string(reply->integer);
    case REDIS_REPLY_ERROR:
      return "(error) " + std::string(reply->str, reply->len);
    case REDIS_REPLY_ARRAY:
      return "(array of " + std::to_string(reply->elements) + ")";
    default:
      return std::string(reply->str, reply->len);
  }
}

}  // namespace frontrunner
