#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

#include "server/rpc/listen_address.h"
#include "server/rpc/peer.h"
#include "tests/rpc/edge_server.h"
#include "tests/rpc/raw_client.h"

namespace frontrunner {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kMethod[] = "/test.Service/Unary";

class GrpcEdgeListen : public ::testing::Test {
 protected:
  std::unique_ptr<GrpcServer> Make(std::vector<std::string> listen) {
    GrpcServer::Settings settings;
    settings.listen = std::move(listen);
    return std::make_unique<GrpcServer>(std::move(settings));
  }
  absl::Status Start(GrpcServer& server) {
    return server.Start({{.method = kMethod, .handler = &handler_}});
  }

  // A socket file as a server that was killed leaves it; listening or not.
  int LeaveSocket(const std::string& path, bool listening) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::memcpy(name.sun_path, path.c_str(), path.size() + 1);
    EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&name), sizeof(name)), 0);
    if (listening) {
      EXPECT_EQ(::listen(fd, 1), 0);
    }
    return fd;
  }

  static bool Exists(const std::string& path) {
    struct stat file {};
    return ::lstat(path.c_str(), &file) == 0;
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.path() + "/edge.sock";
  Peer peer_ = Peer::kElsewhere;
  FunctionHandler handler_{[this](ServerCall& call) {
    peer_ = call.peer();
    call.Finish({.response = "here"});
  }};
};

TEST_F(GrpcEdgeListen, ServesTcpInBothFamiliesAndAUnixSocketAtOnce) {
  auto server = Make({"127.0.0.1:0", "[::1]:0", "unix:" + path_});
  ASSERT_TRUE(Start(*server).ok());
  ASSERT_EQ(server->ports().size(), 3U);
  EXPECT_GT(server->ports()[0], 0);
  EXPECT_GT(server->ports()[1], 0);
  EXPECT_EQ(server->ports()[2], 0);
  RawClient four(absl::StrCat("127.0.0.1:", server->ports()[0]));
  EXPECT_EQ(four.Call(kMethod, "").response, "here");
  EXPECT_EQ(peer_, Peer::kLoopback);
  peer_ = Peer::kElsewhere;
  RawClient six(absl::StrCat("[::1]:", server->ports()[1]));
  EXPECT_EQ(six.Call(kMethod, "").response, "here");
  EXPECT_EQ(peer_, Peer::kLoopback);
  RawClient local("unix:" + path_);
  EXPECT_EQ(local.Call(kMethod, "").response, "here");
  EXPECT_EQ(peer_, Peer::kUnixSocket);
}

TEST_F(GrpcEdgeListen, APercentEncodedAuthorityOverAUnixSocketIsTolerated) {
  auto server = Make({"unix:" + path_});
  ASSERT_TRUE(Start(*server).ok());
  grpc::ChannelArguments arguments;
  // What clients from 1.57 on send.
  arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, "%2Frun%2Fedge.sock");
  RawClient client("unix:" + path_, arguments);
  EXPECT_EQ(client.Call(kMethod, "").response, "here");
}

TEST_F(GrpcEdgeListen, TheSocketFileIsRemovedAtTheEnd) {
  auto server = Make({"unix:" + path_});
  ASSERT_TRUE(Start(*server).ok());
  EXPECT_TRUE(Exists(path_));
  EXPECT_TRUE(server->Shutdown(kNever).ok());
  EXPECT_FALSE(Exists(path_));
}

TEST_F(GrpcEdgeListen, Fault60_AStaleSocketFileIsReplaced) {
  ::close(LeaveSocket(path_, true));
  ASSERT_TRUE(Exists(path_));
  auto server = Make({"unix://" + path_});
  const absl::Status status = Start(*server);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(RawClient("unix:" + path_).Call(kMethod, "").response, "here");
}

TEST_F(GrpcEdgeListen, Fault60_ASocketThatSomebodyListensOnIsLeftAlone) {
  auto first = Make({"unix:" + path_});
  ASSERT_TRUE(Start(*first).ok());
  auto second = Make({"unix:" + path_});
  const absl::Status status = Start(*second);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(path_), HasSubstr("already listening")));
  second.reset();
  EXPECT_EQ(RawClient("unix:" + path_).Call(kMethod, "").response, "here");
}

TEST_F(GrpcEdgeListen, Fault60_AListenerWithAFullBacklogIsAListener) {
  const int listener = LeaveSocket(path_, true);
  std::vector<int> waiting;
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, path_.c_str(), path_.size() + 1);
  for (int i = 0; i < 8; ++i) {
    waiting.push_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
    static_cast<void>(::connect(
        waiting.back(), reinterpret_cast<sockaddr*>(&name), sizeof(name)));
  }
  auto server = Make({"unix:" + path_});
  EXPECT_THAT(std::string(Start(*server).message()),
              HasSubstr("already listening"));
  for (const int one : waiting) ::close(one);
  ::close(listener);
}

TEST_F(GrpcEdgeListen, Fault60_AFileThatIsNoSocketIsNeverDeleted) {
  std::ofstream(path_) << "precious";
  auto server = Make({"unix:" + path_});
  const absl::Status status = Start(*server);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(path_), HasSubstr("not a socket")));
  server.reset();
  std::string content;
  std::ifstream(path_) >> content;
  EXPECT_EQ(content, "precious");
}

TEST_F(GrpcEdgeListen, ASocketThatCannotBeMadeIsAClearError) {
  auto nowhere = Make({"unix:" + folder_.path() + "/none/edge.sock"});
  EXPECT_THAT(std::string(Start(*nowhere).message()),
              AllOf(HasSubstr("/none/edge.sock"), HasSubstr("No such file")));
  auto lengthy = Make({"unix:/" + std::string(200, 'x')});
  EXPECT_THAT(std::string(Start(*lengthy).message()), HasSubstr("107"));
}

TEST_F(GrpcEdgeListen, Fault61_ATakenPortIsAClearError) {
  auto first = Make({"127.0.0.1:0"});
  ASSERT_TRUE(Start(*first).ok());
  const std::string address = TargetOf(*first);
  auto second = Make({"[::1]:0", address});
  const absl::Status status = Start(*second);
  EXPECT_EQ(
      std::string(status.message()),
      absl::StrCat("cannot listen on ", address, ": Address already in use"));
  second.reset();
  EXPECT_EQ(RawClient(address).Call(kMethod, "").response, "here");
}

TEST_F(GrpcEdgeListen, AnAddressOfAnotherMachineIsAClearError) {
  auto server = Make({"192.0.2.1:7979"});
  EXPECT_EQ(std::string(Start(*server).message()),
            "cannot listen on 192.0.2.1:7979: Cannot assign requested address");
}

TEST(UnixSocketFile, RemovesItsOwnFileAndNotASuccessors) {
  TemporaryFolder folder;
  const std::string path = folder.path() + "/edge.sock";
  std::ofstream(path) << "somebody else's";
  UnixSocketFile(path).Remove();
  EXPECT_EQ(::access(path.c_str(), F_OK), 0) << "it is not a socket";
}

TEST(Peer, IsReadFromTheNamesThatGrpcGives) {
  EXPECT_EQ(PeerFromUri("ipv4:127.0.0.1:4711"), Peer::kLoopback);
  EXPECT_EQ(PeerFromUri("ipv4:127.1.2.3:4711"), Peer::kLoopback);
  EXPECT_EQ(PeerFromUri("ipv6:%5B::1%5D:4711"), Peer::kLoopback);
  EXPECT_EQ(PeerFromUri("ipv6:[::1]:4711"), Peer::kLoopback);
  EXPECT_EQ(PeerFromUri("ipv6:%5B::ffff:127.0.0.1%5D:1"), Peer::kLoopback);
  EXPECT_EQ(PeerFromUri("unix:/run/edge.sock"), Peer::kUnixSocket);
  EXPECT_EQ(PeerFromUri("unix:"), Peer::kUnixSocket);
  EXPECT_EQ(PeerFromUri("ipv4:10.0.0.1:127"), Peer::kElsewhere);
  EXPECT_EQ(PeerFromUri("ipv4:127.evil.example:1"), Peer::kElsewhere);
  EXPECT_EQ(PeerFromUri("ipv6:%5B::1:2%5D:4711"), Peer::kElsewhere);
  EXPECT_EQ(PeerFromUri("ipv6:%5B::12%5D:4711"), Peer::kElsewhere);
  EXPECT_EQ(PeerFromUri("ipv6:%5B2001:db8::1%5D:1"), Peer::kElsewhere);
  EXPECT_EQ(PeerFromUri("unknown"), Peer::kElsewhere);
  EXPECT_EQ(PeerFromUri(""), Peer::kElsewhere);
}

}  // namespace
}  // namespace frontrunner
