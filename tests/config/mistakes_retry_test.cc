// Each mistake in retries, queues and what outlives a call has its message, its
// line and its column.

#include <gtest/gtest.h>

#include <string>

#include "tests/config/mistake_case.h"

namespace frontrunner {
namespace {

std::string Source(const std::string& fields) {
  return "sources:\n  s:\n    " + fields + "\n    grpc: {target: 'g:1'}\n" +
         Tables();
}

std::string Delays(int count) {
  std::string delays = "0s";
  for (int i = 1; i < count; ++i) delays += ", 0s";
  return delays;
}

INSTANTIATE_TEST_SUITE_P(
    Retry, Mistakes,
    testing::Values(
        Case{"RetryIsEmpty", Source("retry:"),
             "f:3:5: sources.s.retry is empty; allowed: a mapping of backoff, "
             "initial, multiplier, max, attempts, jitter, codes, at_most, "
             "budget\n"},
        Case{"BackoffAndAttempts",
             Source("retry: {backoff: [0s], attempts: 2}"),
             "f:3:13: sources.s.retry has backoff and attempts at once; "
             "allowed: backoff, or a schedule of initial, multiplier, max, "
             "attempts, jitter\n"},
        Case{"BackoffAndAllOfASchedule",
             Source("retry: {initial: 2s, multiplier: 3, max: 1s, attempts: 2, "
                    "jitter: 0%, backoff: [0s]}"),
             "f:3:75: sources.s.retry has backoff and initial and multiplier "
             "and max and attempts and jitter at once; allowed: backoff, or a "
             "schedule of initial, multiplier, max, attempts, jitter\n"},
        Case{"BackoffAndCodes",
             Source("retry: {backoff: [0s], codes: [ABORTED], budget: 0%}"),
             ""},
        Case{"BackoffOfNothing", Source("retry: {backoff: []}"),
             "f:3:13: sources.s.retry.backoff has 0 items; allowed: at least "
             "1\n"},
        Case{"BackoffTooLong",
             Source("retry: {backoff: [" + Delays(101) + "]}"),
             "f:3:13: sources.s.retry.backoff has 101 items; allowed: at most "
             "100\n"},
        Case{"BackoffAsLongAsCanBe",
             Source("retry: {backoff: [" + Delays(100) + "]}"), ""},
        Case{"BackoffWithoutUnit", Source("retry: {backoff: [0s, 1]}"),
             "f:3:27: sources.s.retry.backoff[1] is \"1\"; allowed: a duration "
             "such as 250ms or 1h30m, from 0s to 1h\n"},
        Case{"ScheduleThatBeginsAboveItsLimit",
             Source("retry: {initial: 250ms, max: 100ms}"),
             "f:3:34: sources.s.retry.max is 100ms; allowed: at least initial, "
             "which is 250ms\n"},
        Case{"InitialAboveTheDefaultLimit", Source("retry: {initial: 1s1us}"),
             "f:3:5: sources.s.retry.max is 1s; allowed: at least initial, "
             "which is 1s1us\n"},
        Case{"LimitBelowTheDefaultInitial", Source("retry: {max: 0s}"),
             "f:3:18: sources.s.retry.max is 0s; allowed: at least initial, "
             "which is 10ms\n"},
        Case{"LimitThatIsTheInitial", Source("retry: {initial: 2s, max: 2s}"),
             ""},
        Case{"MultiplierBelowOne", Source("retry: {multiplier: 0.9}"),
             "f:3:25: sources.s.retry.multiplier is \"0.9\"; allowed: a number "
             "such as 0.5 or 200, from 1 to 100\n"},
        Case{"MultiplierInPercent", Source("retry: {multiplier: 200%}"),
             "f:3:25: sources.s.retry.multiplier is \"200%\"; allowed: a "
             "number such as 0.5 or 200, from 1 to 100\n"},
        Case{"NoAttempts", Source("retry: {attempts: 0}"),
             "f:3:23: sources.s.retry.attempts is \"0\"; allowed: a whole "
             "number, from 1 to 100\n"},
        Case{"RetryJitter", Source("retry: {jitter: 0.5}"),
             "f:3:21: sources.s.retry.jitter is \"0.5\"; allowed: a part such "
             "as 10%, from 0% to 100%\n"},
        Case{"BudgetTooLarge", Source("retry: {budget: 1001%}"),
             "f:3:21: sources.s.retry.budget is \"1001%\"; allowed: a part "
             "such as 10%, from 0% to 1000%\n"},
        Case{"OkIsNoCodeToRetry", Source("retry: {codes: [OK]}"),
             "f:3:21: sources.s.retry.codes[0] is \"OK\"; allowed: CANCELLED, "
             "UNKNOWN, INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND, "
             "ALREADY_EXISTS, PERMISSION_DENIED, RESOURCE_EXHAUSTED, "
             "FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE, UNIMPLEMENTED, "
             "INTERNAL, UNAVAILABLE, DATA_LOSS, UNAUTHENTICATED\n"},
        Case{"CodeTwice", Source("retry: {codes: [ABORTED, ABORTED]}"),
             "f:3:30: sources.s.retry.codes has \"ABORTED\" twice; allowed: "
             "each once\n"},
        Case{
            "AtMostOfOk", Source("retry: {at_most: {OK: 1}}"),
            "f:3:23: sources.s.retry.at_most has the name \"OK\"; allowed: "
            "CANCELLED, UNKNOWN, INVALID_ARGUMENT, DEADLINE_EXCEEDED, "
            "NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, RESOURCE_EXHAUSTED, "
            "FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE, UNIMPLEMENTED, "
            "INTERNAL, UNAVAILABLE, DATA_LOSS, UNAUTHENTICATED\n"},
        Case{"AtMostOfNoCode", Source("retry: {at_most: {UNAVAILBLE: 1}}"),
             "f:3:23: sources.s.retry.at_most has the name \"UNAVAILBLE\"; "
             "allowed: CANCELLED, UNKNOWN, INVALID_ARGUMENT, "
             "DEADLINE_EXCEEDED, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, "
             "RESOURCE_EXHAUSTED, FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE, "
             "UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS, "
             "UNAUTHENTICATED; did you mean \"UNAVAILABLE\"?\n"},
        Case{
            "AtMostOfNothing", Source("retry: {at_most: {'': 1}}"),
            "f:3:23: sources.s.retry.at_most has the name \"\"; allowed: "
            "CANCELLED, UNKNOWN, INVALID_ARGUMENT, DEADLINE_EXCEEDED, "
            "NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, RESOURCE_EXHAUSTED, "
            "FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE, UNIMPLEMENTED, "
            "INTERNAL, UNAVAILABLE, DATA_LOSS, UNAUTHENTICATED\n"},
        Case{"AtMostTwice",
             Source("retry: {at_most: {ABORTED: 1, ABORTED: 2}}"),
             "f:3:35: sources.s.retry.at_most has \"ABORTED\" twice, first in "
             "line 3; allowed: each once\n"},
        Case{"AtMostZero", Source("retry: {at_most: {ABORTED: 0}}"),
             "f:3:32: sources.s.retry.at_most.ABORTED is \"0\"; allowed: a "
             "whole number, from 1 to 100\n"},
        Case{"AtMostOfMany", Source("retry: {at_most: {ABORTED: 101}}"),
             "f:3:32: sources.s.retry.at_most.ABORTED is \"101\"; allowed: a "
             "whole number, from 1 to 100\n"},
        Case{"AtMostAsAList", Source("retry: {at_most: [ABORTED]}"),
             "f:3:13: sources.s.retry.at_most is a list; allowed: a mapping of "
             "names\n"},
        Case{"AtMostOfAList", Source("retry: {at_most: {ABORTED: [1]}}"),
             "f:3:23: sources.s.retry.at_most.ABORTED is a list; allowed: a "
             "whole number, from 1 to 100\n"},
        Case{"RetryOfMemory",
             "sources:\n  s: {memory: {}, retry: {}}\n" + Tables(),
             "f:2:19: sources.s.retry is of a memory source, which never "
             "fails; allowed: a retry of any other kind\n"}),
    Name);

INSTANTIATE_TEST_SUITE_P(
    Limit, Mistakes,
    testing::Values(
        Case{"LimitWithoutWidth", Source("limit: {}"),
             "f:3:5: sources.s.limit has no width; it is required\n"},
        Case{"WidthThatIsNegative", Source("limit: {width: -1}"),
             "f:3:20: sources.s.limit.width is \"-1\"; allowed: a whole "
             "number, at most 1000000\n"},
        Case{"WidthZero", Source("limit: {width: 0}"), ""},
        Case{"BurstWithoutARate", Source("limit: {width: 1, burst: 5}"),
             "f:3:30: sources.s.limit.burst is there, but no per_second; "
             "allowed: both, or per_second alone\n"},
        Case{"BurstOfARate",
             Source("limit: {width: 1, burst: 5, per_second: 0.5}"), ""},
        Case{"BurstOfABadRateIsReportedOnce",
             Source("limit: {width: 1, burst: 5, per_second: 0}"),
             "f:3:45: sources.s.limit.per_second is \"0\"; allowed: a number "
             "such as 0.5 or 200, from 0.001 to 1000000\n"},
        Case{"RateWithAnExponent", Source("limit: {width: 1, per_second: 1e3}"),
             "f:3:35: sources.s.limit.per_second is \"1e3\"; allowed: a number "
             "such as 0.5 or 200, from 0.001 to 1000000\n"},
        Case{"LimitOfMemory",
             "sources:\n  s: {memory: {}, limit: {width: 1}}\n" + Tables(),
             "f:2:19: sources.s.limit is of a memory source, which never "
             "waits; allowed: a limit of any other kind\n"}),
    Name);

INSTANTIATE_TEST_SUITE_P(
    State, Mistakes,
    testing::Values(
        Case{"LowAboveHigh", "outstanding: {high: 5, low: 6}\n" + Rest(),
             "f:1:29: outstanding.low is 6; allowed: at most outstanding.high, "
             "which is 5\n"},
        Case{"LowAboveTheDefaultHigh", "outstanding: {low: 10001}\n" + Rest(),
             "f:1:20: outstanding.low is 10001; allowed: at most "
             "outstanding.high, which is 10000\n"},
        Case{"LowWithABadHighIsReportedOnce",
             "outstanding: {high: 0, low: 6}\n" + Rest(),
             "f:1:21: outstanding.high is \"0\"; allowed: a whole number, from "
             "1 to 1000000\n"},
        Case{"LowZero", "outstanding: {low: 0}\n" + Rest(),
             "f:1:20: outstanding.low is \"0\"; allowed: a whole number, from "
             "1 to 1000000\n"},
        Case{"HighAboveTheCallsInFlight",
             "outstanding: {high: 30000}\n" + Rest(), ""},
        Case{"RelativeStateDir", "state_dir: state\n" + Rest(),
             "f:1:12: state_dir is \"state\"; allowed: a path that begins with "
             "\"/\"\n"},
        Case{"EmptyStateDir", "state_dir: ''\n" + Rest(),
             "f:1:12: state_dir is \"\"; allowed: a path that begins with "
             "\"/\"\n"},
        Case{"StateDirWithAZero", "state_dir: \"/a\\0\"\n" + Rest(),
             "f:1:12: state_dir is \"/a\\000\"; allowed: a path that begins "
             "with \"/\"\n"},
        Case{"PrefetchOfNone", "prefetch: {concurrency: 0}\n" + Rest(),
             "f:1:25: prefetch.concurrency is \"0\"; allowed: a whole number, "
             "from 1 to 10000\n"}),
    Name);

}  // namespace
}  // namespace frontrunner
