#pragma once

namespace frontrunner {

/// What every operation on a gRPC completion queue carries as its tag, whoever
/// began it: the queue's thread calls Proceed when the operation is over.
class CompletionTag {
 public:
  /// On the queue's thread; `ok` is what gRPC says of the operation. It may
  /// destroy the tag.
  virtual void Proceed(bool ok) = 0;

 protected:
  CompletionTag() = default;
  CompletionTag(const CompletionTag&) = default;
  CompletionTag& operator=(const CompletionTag&) = default;
  ~CompletionTag() = default;
};

/// A tag as gRPC wants it.
inline void* AsTag(CompletionTag* tag) { return tag; }

/// A tag that is a part of its owner and calls one of its members.
template <typename Owner, void (Owner::*kMember)(bool)>
class MemberTag final : public CompletionTag {
 public:
  explicit MemberTag(Owner* owner) : owner_(owner) {}
  void Proceed(bool ok) override { (owner_->*kMember)(ok); }

 private:
  Owner* const owner_;
};

}  // namespace frontrunner
