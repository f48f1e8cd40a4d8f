// Each mistake has its message, its line and its column.

#include <gtest/gtest.h>

#include <string>

#include "server/config/config.h"
#include "tests/config/mistake_case.h"

namespace frontrunner {
namespace {

std::string Table(const std::string& fields) {
  return "sources: {s: {memory: {}}, near: {memory: {}}}\ntables:\n  t:\n" +
         fields;
}

TEST_P(Mistakes, AreExplained) {
  const LoadedConfig loaded = ParseConfig(GetParam().text, "f");
  EXPECT_EQ(loaded.Explain(), GetParam().mistakes);
  EXPECT_EQ(loaded.ok(), GetParam().mistakes.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Yaml, Mistakes,
    testing::Values(
        Case{"Empty", "",
             "f:1:1: the file is empty; allowed: a mapping with tables in "
             "it\n"},
        Case{"OnlyAComment", "# nothing\n",
             "f:1:1: the file is empty; allowed: a mapping with tables in "
             "it\n"},
        Case{"NotAMapping", "- a\n",
             "f:1:1: the configuration is a list; allowed: a mapping of "
             "listen, http_listen, admin_listen, sources, tables, limits, "
             "drain, server, outstanding, state_dir, prefetch\n"},
        Case{"UnclosedBracket", "listen: [a\ntables: {}\n",
             "f:2:7: this is not YAML: end of sequence flow not found\n"},
        Case{"Tab", "tables:\n\tt: {}\n",
             "f:2:3: this is not YAML: illegal map value\n"},
        Case{"UnknownEscape", "tables: \"\\q\"\n",
             "f:1:12: this is not YAML: unknown escape character: q\n"},
        Case{"EscapeAtTheEnd", "tables: \"\\",
             "f:1:11: this is not YAML: unknown escape character: \\004\n"},
        Case{"UnknownAlias", "tables: *a\n",
             "f:1:9: this is not YAML: the referenced anchor is not "
             "defined\n"},
        Case{"TwoDocuments", Rest() + "---\n{a: b}\n",
             "f:3:1: the document is over, but the file goes on; allowed: one "
             "document\n"},
        Case{"MoreBehindTheDocument", "a: 1\n b: 2\n",
             "f:2:3: this is not YAML: illegal map value\n"},
        Case{"LessIndentedThanTheDocument", "  a: 1\n b: 2\n",
             "f:2:2: the document is over, but the file goes on; allowed: one "
             "document\n"},
        Case{"NotUtf8", "tables:\n  \xC3\xA4\xFF: 1\n",
             "f:2:4: the byte 0xFF; allowed: UTF-8 without control "
             "characters\n"},
        Case{"EndOfTextCharacter", "a: \x04 b\n",
             "f:1:4: the byte 0x04; allowed: UTF-8 without control "
             "characters\n"},
        Case{"ANameThatIsAList", "? [a]\n: b\n" + Rest(),
             "f:1:3: the configuration has a name that is not a text; "
             "allowed: a text\n"}),
    Name);

INSTANTIATE_TEST_SUITE_P(
    Names, Mistakes,
    testing::Values(
        Case{"UnknownField", "lisen: [a]\n" + Rest(),
             "f:1:1: the configuration has no field \"lisen\"; allowed: "
             "listen, http_listen, admin_listen, sources, tables, limits, "
             "drain, server, outstanding, state_dir, prefetch; "
             "did you mean \"listen\"?\n"},
        Case{"UnknownFieldFarFromAll", "drain: {speed: 1}\n" + Rest(),
             "f:1:9: drain has no field \"speed\"; allowed: grace, "
             "lame_duck\n"},
        Case{"NoTables", "listen: ['a:1']\n",
             "f:1:1: the configuration has no tables; it is required\n"},
        Case{"MisspeltTablesAreReportedOnce", "table: {}\n",
             "f:1:1: the configuration has no field \"table\"; allowed: "
             "listen, http_listen, admin_listen, sources, tables, limits, "
             "drain, server, outstanding, state_dir, prefetch; "
             "did you mean \"tables\"?\n"},
        Case{"EmptyTables", "tables: {}\n",
             "f:1:1: tables has 0 entries; allowed: at least 1\n"},
        Case{"TablesAsAList", "tables: [t]\n",
             "f:1:1: tables is a list; allowed: a mapping of names\n"},
        Case{"FieldTwice", "drain: {grace: 1s}\ndrain: {grace: 2s}\n" + Rest(),
             "f:2:1: the configuration has \"drain\" twice, first in line 1; "
             "allowed: each once\n"},
        Case{"SourceTwice",
             "sources:\n  s: {memory: {}}\n  s: {memory: {}}\n" + Tables(),
             "f:3:3: sources has \"s\" twice, first in line 2; allowed: each "
             "once\n"},
        Case{"NameWithASpace",
             "sources: {s: {memory: {}}, 'a b': {memory: "
             "{}}}\n" +
                 Tables(),
             "f:1:28: sources has the name \"a b\"; allowed: a name of "
             "letters, digits, \"_\", \".\" and \"-\"\n"},
        Case{"NameWithALineEndIsShownEscaped",
             "sources: {s: {memory: {}}}\ntables: {t: {race: [x]}, "
             "\"a\\nb\": {race: [s], x: 1}}\n",
             "f:2:21: tables.t.race[0] is the source \"x\", which is not "
             "there; allowed: s\n"
             "f:2:26: tables has the name \"a\\nb\"; allowed: a name of "
             "letters, digits, \"_\", \".\" and \"-\"\n"
             "f:2:46: tables.a\\nb has no field \"x\"; allowed: race, "
             "deadline, max_wait, version, write_back, coalesce, "
             "open_writes\n"},
        Case{"ColumnsAreCharacters",
             "sources: {s: {memory: {}}}\ntables: {t: {race: [s]}, "
             "'m\xC3\xBCnze': {race: [s], x: 1}}\n",
             "f:2:26: tables has the name \"m\xC3\xBCnze\"; allowed: a name "
             "of letters, digits, \"_\", \".\" and \"-\"\n"
             "f:2:47: tables.m\xC3\xBCnze has no field \"x\"; allowed: race, "
             "deadline, max_wait, version, write_back, coalesce, "
             "open_writes\n"}),
    Name);

INSTANTIATE_TEST_SUITE_P(
    Sources, Mistakes,
    testing::Values(
        Case{"NoKind", "sources:\n  s: {timeout: 1s}\n" + Tables(),
             "f:2:3: sources.s has no kind; allowed: one of memory, redis, "
             "memcached, grpc, computation, http\n"},
        Case{"EmptySource", "sources:\n  s:\n" + Tables(),
             "f:2:3: sources.s is empty; allowed: a mapping of memory, redis, "
             "memcached, grpc, computation, http, timeout, retry, limit\n"},
        Case{"TwoKinds",
             "sources:\n  s:\n    memory: {}\n    grpc: {target: 'a:1'}\n" +
                 Tables(),
             "f:4:5: sources.s is memory and grpc at once; allowed: one of "
             "memory, redis, memcached, grpc, computation, http\n"},
        Case{"MisspeltKindIsReportedOnce",
             "sources:\n  s: {memroy: {}}\n" + Tables(),
             "f:2:7: sources.s has no field \"memroy\"; allowed: memory, "
             "redis, memcached, grpc, computation, http, timeout, retry, "
             "limit; did you mean "
             "\"memory\"?\n"},
        Case{"NoSuchKind", "sources:\n  s: {sql: {}}\n" + Tables(),
             "f:2:3: sources.s has no kind; allowed: one of memory, redis, "
             "memcached, grpc, computation, http\n"
             "f:2:7: sources.s has no field \"sql\"; allowed: memory, redis, "
             "memcached, grpc, computation, http, timeout, retry, limit\n"},
        Case{"CapacityTooSmall",
             "sources:\n  s: {memory: {capacity: 1KiB}}\n" + Tables(),
             "f:2:26: sources.s.memory.capacity is \"1KiB\"; allowed: a size "
             "such as 4KiB or 64MiB, from 64KiB to 1TiB\n"},
        Case{"TimeoutWithoutUnit",
             "sources:\n  s: {memory: {}, timeout: 50}\n" + Tables(),
             "f:2:28: sources.s.timeout is \"50\"; allowed: a duration such "
             "as 250ms or 1h30m, from 1us to 1h\n"},
        Case{"TimeoutZero",
             "sources:\n  s: {memory: {}, timeout: 0s}\n" + Tables(),
             "f:2:28: sources.s.timeout is \"0s\"; allowed: a duration such "
             "as 250ms or 1h30m, from 1us to 1h\n"},
        Case{"RedisWithoutAddress", "sources:\n  s: {redis: {}}\n" + Tables(),
             "f:2:7: sources.s.redis has no address; it is required\n"},
        Case{"RedisAtPortZero",
             "sources:\n  s: {redis: {address: 'r:0'}}\n" + Tables(),
             "f:2:24: sources.s.redis.address is \"r:0\"; allowed: host:port, "
             "[IPv6]:port or unix:/path\n"},
        Case{"TooManyConnections",
             "sources:\n  s: {redis: {address: 'r:1', connections: 65}}\n" +
                 Tables(),
             "f:2:44: sources.s.redis.connections is \"65\"; allowed: a whole "
             "number, from 1 to 64\n"},
        Case{"NumberBeyondItsType",
             "sources: {s: {memory: {}}}\n"
             "tables: {t: {race: [s], version: 4294967296}}\n",
             "f:2:34: tables.t.version is \"4294967296\"; allowed: a whole "
             "number\n"},
        Case{"MemcachedWithoutServers",
             "sources:\n  s: {memcached: {servers: []}}\n" + Tables(),
             "f:2:19: sources.s.memcached.servers has 0 items; allowed: at "
             "least 1\n"},
        Case{"MemcachedServerTwice",
             "sources:\n  s: {memcached: {servers: ['m:1', 'm:1']}}\n" +
                 Tables(),
             "f:2:36: sources.s.memcached.servers has \"m:1\" twice; allowed: "
             "each once\n"},
        Case{"ServersAsAText",
             "sources:\n  s: {memcached: {servers: 'm:1'}}\n" + Tables(),
             "f:2:28: sources.s.memcached.servers is \"m:1\"; allowed: a "
             "list\n"},
        Case{"TargetWithoutPort",
             "sources:\n  s: {grpc: {target: names}}\n" + Tables(),
             "f:2:22: sources.s.grpc.target is \"names\"; allowed: host:port, "
             "dns:///host:port or unix:/path\n"},
        Case{"FunctionWithoutName",
             "sources:\n  s: {computation: {function: ''}}\n" + Tables(),
             "f:2:31: sources.s.computation.function is \"\"; allowed: a text "
             "that is not empty\n"},
        Case{"ATextThatIsAMapping",
             "sources:\n  s: {redis: {address: {host: r}}}\n" + Tables(),
             "f:2:15: sources.s.redis.address is a mapping; allowed: "
             "host:port, [IPv6]:port or unix:/path\n"}),
    Name);

INSTANTIATE_TEST_SUITE_P(
    Tables, Mistakes,
    testing::Values(
        Case{"NoRace", Table("    deadline: 1s\n"),
             "f:3:3: tables.t has no race; it is required\n"},
        Case{"NoEntrants", Table("    race: []\n"),
             "f:4:5: tables.t.race has 0 items; allowed: at least 1\n"},
        Case{"UnknownSource", Table("    race: [s, naer]\n"),
             "f:4:15: tables.t.race[1] is the source \"naer\", which is not "
             "there; allowed: near, s; did you mean \"near\"?\n"},
        Case{"UnknownSourceInAMapping",
             Table("    race:\n    - {source: elsewhere}\n"),
             "f:5:16: tables.t.race[0] is the source \"elsewhere\", which is "
             "not there; allowed: near, s\n"},
        Case{"NoSourcesAtAll", "tables: {t: {race: [s]}}\n",
             "f:1:21: tables.t.race[0] is the source \"s\", which is not "
             "there; allowed: none, since sources is empty\n"},
        Case{"SourceTwiceInARace", Table("    race: [s, near, {source: s}]\n"),
             "f:4:30: tables.t.race has \"s\" twice; allowed: each once\n"},
        Case{"EntryWithoutSource", Table("    race: [{start_after: 1s}]\n"),
             "f:4:12: tables.t.race[0] has no source; it is required\n"},
        Case{"EntryAsAList", Table("    race: [[s]]\n"),
             "f:4:12: tables.t.race[0] is a list; allowed: a mapping of "
             "source, start_after, final_codes\n"},
        Case{"StartAfter",
             Table("    race: [{source: s, start_after: other_fails}]\n"),
             "f:4:37: tables.t.race[0].start_after is \"other_fails\"; "
             "allowed: a duration such as 250ms or 1h30m, from 0s to 24h, or "
             "others_fail; did you mean \"others_fail\"?\n"},
        Case{"FinalCode",
             Table("    race: [{source: s, final_codes: [NOTFOUND]}]\n"),
             "f:4:38: tables.t.race[0].final_codes[0] is \"NOTFOUND\"; "
             "allowed: CANCELLED, UNKNOWN, INVALID_ARGUMENT, "
             "DEADLINE_EXCEEDED, NOT_FOUND, ALREADY_EXISTS, "
             "PERMISSION_DENIED, RESOURCE_EXHAUSTED, FAILED_PRECONDITION, "
             "ABORTED, OUT_OF_RANGE, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, "
             "DATA_LOSS, UNAUTHENTICATED; did you mean \"NOT_FOUND\"?\n"},
        Case{"OkIsNoFinalCode",
             Table("    race: [{source: s, final_codes: [OK]}]\n"),
             "f:4:38: tables.t.race[0].final_codes[0] is \"OK\"; "
             "allowed: CANCELLED, UNKNOWN, INVALID_ARGUMENT, "
             "DEADLINE_EXCEEDED, NOT_FOUND, ALREADY_EXISTS, "
             "PERMISSION_DENIED, RESOURCE_EXHAUSTED, FAILED_PRECONDITION, "
             "ABORTED, OUT_OF_RANGE, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, "
             "DATA_LOSS, UNAUTHENTICATED\n"},
        Case{
            "FinalCodeTwice",
            Table("    race: [{source: s, final_codes: [ABORTED, ABORTED]}]\n"),
            "f:4:47: tables.t.race[0].final_codes has \"ABORTED\" twice; "
            "allowed: each once\n"},
        Case{"DeadlineZero", Table("    race: [s]\n    deadline: 0s\n"),
             "f:5:15: tables.t.deadline is \"0s\"; allowed: a duration such "
             "as 250ms or 1h30m, from 1ms to 24h\n"},
        Case{"EmptyDeadline", Table("    race: [s]\n    deadline:\n"),
             "f:5:5: tables.t.deadline is empty; allowed: a duration such "
             "as 250ms or 1h30m, from 1ms to 24h\n"},
        Case{"WriteBackWithoutTtl",
             Table("    race: [s]\n    write_back: {}\n"),
             "f:5:5: tables.t.write_back has no ttl; it is required\n"},
        Case{"Jitter",
             Table("    race: [s]\n    write_back: {ttl: 1s, jitter: 101%}\n"),
             "f:5:35: tables.t.write_back.jitter is \"101%\"; allowed: a part "
             "such as 10%, from 0% to 100%\n"},
        Case{"CoalesceYes", Table("    race: [s]\n    coalesce: yes\n"),
             "f:5:15: tables.t.coalesce is \"yes\"; allowed: true or "
             "false\n"}),
    Name);

INSTANTIATE_TEST_SUITE_P(
    Server, Mistakes,
    testing::Values(
        Case{"ListenIsEmpty", "listen: []\n" + Rest(),
             "f:1:1: listen has 0 items; allowed: at least 1\n"},
        Case{"ListenWithoutPort", "listen: [localhost]\n" + Rest(),
             "f:1:10: listen[0] is \"localhost\"; allowed: host:port, "
             "[IPv6]:port or unix:/path\n"},
        Case{"ListenAtAnyPort", "listen: ['0.0.0.0:0']\n" + Rest(), ""},
        Case{"PublicAdmin", "admin_listen: 0.0.0.0:7981\n" + Rest(),
             "f:1:15: admin_listen is \"0.0.0.0:7981\"; allowed: "
             "127.0.0.1:port, [::1]:port, localhost:port or unix:/path, since "
             "callers are not authenticated\n"},
        Case{"AdminOnIpv6Loopback", "admin_listen: '[::1]:7981'\n" + Rest(),
             ""},
        Case{"AdminWhereLookupsAre",
             "listen: ['127.0.0.1:1']\nadmin_listen: 127.0.0.1:1\n" + Rest(),
             "f:2:15: admin_listen is \"127.0.0.1:1\", which listen has too; "
             "allowed: an address of its own\n"},
        Case{"HttpWhereLookupsAre",
             "listen: ['127.0.0.1:1']\nhttp_listen: 127.0.0.1:1\n" + Rest(),
             "f:2:14: http_listen is \"127.0.0.1:1\", which listen has too; "
             "allowed: an address of its own\n"},
        Case{"HttpWhereAdminIs",
             "admin_listen: 'unix:/a'\nhttp_listen: 'unix:/a'\n" + Rest(),
             "f:2:14: http_listen is \"unix:/a\", which admin_listen has too; "
             "allowed: an address of its own\n"},
        Case{"ListenWhereHttpIsByDefault",
             "listen: ['127.0.0.1:7980']\n" + Rest(),
             "f:1:1: http_listen is \"127.0.0.1:7980\", which listen has too; "
             "allowed: an address of its own\n"},
        Case{"PublicHttp", "http_listen: 0.0.0.0:7980\n" + Rest(), ""},
        Case{"HttpWithoutPort", "http_listen: localhost\n" + Rest(),
             "f:1:14: http_listen is \"localhost\"; allowed: host:port, "
             "[IPv6]:port or unix:/path\n"},
        Case{"AllAtAnyPort",
             "listen: ['127.0.0.1:0']\nadmin_listen: 127.0.0.1:0\n"
             "http_listen: 127.0.0.1:0\n" +
                 Rest(),
             ""},
        Case{"ListenWhereAdminIsByDefault",
             "listen: ['127.0.0.1:7981']\n" + Rest(),
             "f:1:1: admin_listen is \"127.0.0.1:7981\", which listen has "
             "too; allowed: an address of its own\n"},
        Case{"MessageTooSmallForAValue", "limits: {max_value: 4MiB}\n" + Rest(),
             "f:1:1: limits.max_message is 4194304 bytes; allowed: at least "
             "4260864, which is max_key, max_value and 1KiB around them\n"},
        Case{"SizeWithoutMeaning", "limits: {max_key: 64K}\n" + Rest(),
             "f:1:19: limits.max_key is \"64K\"; allowed: a size such as 4KiB "
             "or 64MiB, from 1 to 16MiB\n"},
        Case{"TooManyThreads", "server: {edge_threads: 257}\n" + Rest(),
             "f:1:24: server.edge_threads is \"257\"; allowed: a whole "
             "number, at most 256\n"},
        Case{"DrainAsAList", "drain: [1s]\n" + Rest(),
             "f:1:1: drain is a list; allowed: a mapping of grace, "
             "lame_duck\n"}),
    Name);

}  // namespace
}  // namespace frontrunner
