// A connection that is asked to end leaves its calls the time that they may
// take.

#include <gtest/gtest.h>

#include <string>

#include "tests/config/mistake_case.h"

namespace frontrunner {
namespace {

std::string Aged(const std::string& server, const std::string& tables) {
  return "server: {max_connection_age: 5m" + server +
         "}\nsources: {s: {memory: {}}}\ntables: {" + tables + "}\n";
}

INSTANTIATE_TEST_SUITE_P(
    ConnectionAge, Mistakes,
    testing::Values(
        Case{"GraceOfMaxWaitAlone",
             Aged(", max_connection_age_grace: 1m", "t: {race: [s]}"),
             "f:1:60: server.max_connection_age_grace is 1m; allowed: at least "
             "1m1s, since a call may last for tables.t.deadline, which is 1s, "
             "and then for tables.t.max_wait, which is 1m; write "
             "max_connection_age_grace: 1m1s\n"},
        Case{"GraceShorterThanTheLongestOfAllTables",
             Aged(", max_connection_age_grace: 3m",
                  "a: {race: [s], deadline: 2m}, b: {race: [s], max_wait: 3m}, "
                  "c: {race: [s], deadline: 2500ms, max_wait: 1ms}"),
             "f:1:60: server.max_connection_age_grace is 3m; allowed: at least "
             "3m1s, since a call may last for tables.b.deadline, which is 1s, "
             "and then for tables.b.max_wait, which is 3m; write "
             "max_connection_age_grace: 3m1s\n"},
        Case{"GraceShorterThanTwoTablesAlike",
             Aged(", max_connection_age_grace: 1s",
                  "b: {race: [s]}, a: {race: [s]}"),
             "f:1:60: server.max_connection_age_grace is 1s; allowed: at least "
             "1m1s, since a call may last for tables.a.deadline, which is 1s, "
             "and then for tables.a.max_wait, which is 1m; write "
             "max_connection_age_grace: 1m1s\n"},
        Case{"GraceByDefaultTooShort", Aged("", "t: {race: [s], max_wait: 5m}"),
             "f:1:1: server.max_connection_age_grace is 2m; allowed: at least "
             "5m1s, since a call may last for tables.t.deadline, which is 1s, "
             "and then for tables.t.max_wait, which is 5m; write "
             "max_connection_age_grace: 5m1s\n"},
        Case{"GraceByDefaultIsEnoughForATableByDefault",
             Aged("", "t: {race: [s]}"), ""},
        Case{"GraceAsLongAsTheLongestCall",
             Aged(", max_connection_age_grace: 1m1s", "t: {race: [s]}"), ""},
        Case{"GraceForTheLongestCallThereCanBe",
             Aged(", max_connection_age_grace: 48h",
                  "t: {race: [s], deadline: 24h, max_wait: 24h}"),
             ""},
        Case{"GraceOfConnectionsThatStay",
             "server: {max_connection_age_grace: 1s}\n" + Rest(), ""},
        Case{"GraceThatCannotBeReadIsReportedOnce",
             Aged(", max_connection_age_grace: 0s", "t: {race: [s]}"),
             "f:1:60: server.max_connection_age_grace is \"0s\"; allowed: a "
             "duration such as 250ms or 1h30m, from 1s to 48h\n"},
        Case{"GraceBesideAMaxWaitThatCannotBeRead",
             Aged(", max_connection_age_grace: 1s",
                  "t: {race: [s], max_wait: 0s}"),
             "f:3:35: tables.t.max_wait is \"0s\"; allowed: a duration such "
             "as 250ms or 1h30m, from 1ms to 24h\n"}),
    Name);

}  // namespace
}  // namespace frontrunner
