#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "server/race/source.h"

namespace frontrunner {

/// What wrappers have in common: all but Start is the inner source's.
class Wrapped : public Source {
 public:
  explicit Wrapped(std::shared_ptr<Source> inner) : inner_(std::move(inner)) {}

  std::string_view name() const override { return inner_->name(); }
  Connectivity connectivity() const override { return inner_->connectivity(); }
  void WhenOpened(absl::AnyInvocable<void() &&> opened) override {
    inner_->WhenOpened(std::move(opened));
  }
  bool peekable() const override { return inner_->peekable(); }
  std::optional<Value> Peek(const CallContext& call) override {
    return inner_->Peek(call);
  }

 protected:
  Source& inner() { return *inner_; }

 private:
  const std::shared_ptr<Source> inner_;
};

}  // namespace frontrunner
