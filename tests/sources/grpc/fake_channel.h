#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/sources/grpc/channel.h"

namespace frontrunner {

/// A channel whose calls the test answers.
class FakeChannel final : public ClientChannel {
 public:
  /// What the test keeps when the channel has been given away.
  struct State {
    std::vector<ClientRequest> requests;
    std::vector<ClientDone> done;
    std::vector<absl::AnyInvocable<void() &&>> opened;
    int cancelled = 0;
    Connectivity connectivity = Connectivity::kConnected;

    void Answer(size_t call, ClientReply reply) {
      std::exchange(done.at(call), nullptr)(std::move(reply));
    }
  };

  explicit FakeChannel(std::shared_ptr<State> state)
      : state_(std::move(state)) {}

  std::string_view target() const override { return "names:50051"; }

  std::unique_ptr<ClientCall> Start(ClientRequest request,
                                    ClientDone done) override {
    state_->requests.push_back(std::move(request));
    state_->done.push_back(std::move(done));
    return std::make_unique<Call>(state_, state_->done.size() - 1);
  }
  Connectivity connectivity() const override { return state_->connectivity; }
  void WhenOpened(absl::AnyInvocable<void() &&> opened) override {
    state_->opened.push_back(std::move(opened));
  }

 private:
  class Call final : public ClientCall {
   public:
    Call(std::shared_ptr<State> state, size_t index)
        : state_(std::move(state)), index_(index) {}
    ~Call() override {
      if (state_->done[index_] == nullptr) return;
      state_->done[index_] = nullptr;
      ++state_->cancelled;
    }

   private:
    const std::shared_ptr<State> state_;
    const size_t index_;
  };

  const std::shared_ptr<State> state_;
};

}  // namespace frontrunner
