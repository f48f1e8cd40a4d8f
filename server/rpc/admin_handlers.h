#pragma once

#include "server/rpc/admin_view.h"
#include "server/rpc/errors.h"
#include "server/rpc/transport.h"

namespace frontrunner {

/// AdminService.ListTables.
class ListTablesHandler final : public Handler {
 public:
  /// Both outlive the handler.
  ListTablesHandler(const AdminView& view, const Errors& errors)
      : view_(view), errors_(errors) {}
  void Handle(ServerCall& call) override;

 private:
  const AdminView& view_;
  const Errors& errors_;
};

/// AdminService.ListSources.
class ListSourcesHandler final : public Handler {
 public:
  /// Both outlive the handler.
  ListSourcesHandler(const AdminView& view, const Errors& errors)
      : view_(view), errors_(errors) {}
  void Handle(ServerCall& call) override;

 private:
  const AdminView& view_;
  const Errors& errors_;
};

}  // namespace frontrunner
