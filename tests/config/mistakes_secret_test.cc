// What may be a secret is in no message, wherever in the file it has got to.

#include <gtest/gtest.h>

#include <string>

#include "tests/config/mistake_case.h"

namespace frontrunner {
namespace {

std::string Source(const std::string& source) {
  return "sources:\n  s: " + source + "\n" + Tables();
}

std::string Http(const std::string& fields) {
  return Source("{http: {url: 'http://h/{key}', " + fields + "}}");
}

constexpr const char* kHeaderName =
    "; allowed: a header's name, but not Host, Content-Length, Connection or "
    "Transfer-Encoding, which HTTP says itself\n";

constexpr const char* kHttpFields =
    "; allowed: url, method, headers, body, value, max_bytes, max_redirects, "
    "ca_file, connections, pages, success_statuses, miss_statuses\n";

INSTANTIATE_TEST_SUITE_P(
    Secrets, Mistakes,
    testing::Values(
        Case{"HeadersAsATextAreNotShown",
             Http("headers: 'Authorization: Bearer s3cret'"),
             "f:2:46: sources.s.http.headers is a text that is not shown; "
             "allowed: a mapping of names\n"},
        Case{
            "AHeaderWithoutASpaceIsNotShown",
            Http("headers: {Authorization:Bearer s3cret}"),
            std::string("f:2:47: sources.s.http.headers has the name \"***\"") +
                kHeaderName},
        Case{
            "AHeaderWithoutASpaceIsNotShownTheSecondTime",
            Http("headers: {A:s3cret, A:s3cret}"),
            std::string("f:2:47: sources.s.http.headers has the name \"***\"") +
                kHeaderName +
                "f:2:57: sources.s.http.headers has \"***\" twice, first in "
                "line 2; allowed: each once\n"},
        Case{"ABodyWithoutASpaceIsNotShown", Http("body:s3cret"),
             std::string("f:2:37: sources.s.http has no field \"***\"") +
                 kHttpFields},
        Case{"AMappingThatBecameATextIsNotShown",
             Source("\n    http: |\n      headers: {A: s3cret}"),
             "f:3:11: sources.s.http is a text that is not shown; allowed: a "
             "mapping of url, method, headers, body, value, max_bytes, "
             "max_redirects, ca_file, connections, pages, success_statuses, "
             "miss_statuses\n"},
        Case{"SourcesThatBecameATextAreNotShown",
             "sources: |\n  s: {http: {headers: {A: s3cret}}}\n" +
                 std::string("tables: {}\n"),
             "f:1:10: sources is a text that is not shown; allowed: a mapping "
             "of names\nf:3:1: tables has 0 entries; allowed: at least 1\n"}),
    Name);

INSTANTIATE_TEST_SUITE_P(
    User, Mistakes,
    testing::Values(
        Case{"AUrlThatIsWrongIsNotShown",
             Source("{http: {url: 'https://u:s3#cret@h/{key}'}}"),
             "f:2:19: sources.s.http.url is a text that is not shown; allowed: "
             "http:// or https:// with a host and no {key} in it, maybe a "
             "port, and no spaces and no \"#\"\n"},
        Case{"ATargetWithoutASpaceIsNotShown",
             Source("{grpc: {target:u:s3cret@h:1}}"),
             "f:2:7: sources.s.grpc has no target; it is required\n"
             "f:2:14: sources.s.grpc has no field \"***\"; allowed: target, "
             "connections\n"},
        Case{"ATargetIsNotShown", Source("{grpc: {target: 'u:s3cret@h:1'}}"),
             "f:2:22: sources.s.grpc.target is a text that is not shown; "
             "allowed: host:port, dns:///host:port or unix:/path\n"},
        Case{"ATargetInPlaceOfTheSourceIsNotShown",
             Source("{grpc: 'u:s3cret@h:1'}"),
             "f:2:13: sources.s.grpc is a text that is not shown; allowed: a "
             "mapping of target, connections\n"},
        Case{"AnAddressIsNotShown",
             Source("{redis: {address: 'redis://:s3cret@h:1'}}"),
             "f:2:24: sources.s.redis.address is a text that is not shown; "
             "allowed: host:port, [IPv6]:port or unix:/path\n"},
        Case{"ServersAsATextAreNotShown",
             Source("{memcached: {servers: 'u:s3cret@h:1'}}"),
             "f:2:28: sources.s.memcached.servers is a text that is not shown; "
             "allowed: a list\n"},
        Case{"AServerTwiceIsNotShown",
             Source("{memcached: {servers: [&u 'u:s3cret@h:1', *u]}}"),
             "f:2:29: sources.s.memcached.servers[0] is a text that is not "
             "shown; allowed: host:port, [IPv6]:port or unix:/path\n"
             "f:2:29: sources.s.memcached.servers[1] is a text that is not "
             "shown; allowed: host:port, [IPv6]:port or unix:/path\n"
             "f:2:29: sources.s.memcached.servers has \"***\" twice; allowed: "
             "each once\n"}),
    Name);

}  // namespace
}  // namespace frontrunner
