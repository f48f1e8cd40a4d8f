// Each mistake in an http source has its message, its line and its column.

#include <gtest/gtest.h>

#include <string>

#include "tests/config/mistake_case.h"

namespace frontrunner {
namespace {

std::string Http(const std::string& fields) {
  return "sources:\n  s:\n    http:\n      " + fields + "\n" + Tables();
}

INSTANTIATE_TEST_SUITE_P(
    Url, Mistakes,
    testing::Values(
        Case{"UrlWithoutScheme", Http("url: 'h/{key}'"),
             "f:4:12: sources.s.http.url is \"h/{key}\"; allowed: http:// or "
             "https:// with a host and no {key} in it, maybe a port, and no "
             "spaces and no \"#\"\n"},
        Case{"UrlOfAnotherScheme", Http("url: 'ftp://h/{key}'"),
             "f:4:12: sources.s.http.url is \"ftp://h/{key}\"; allowed: "
             "http:// or https:// with a host and no {key} in it, maybe a "
             "port, and no spaces and no \"#\"\n"},
        Case{"UrlWithoutHost", Http("url: 'http:///{key}'"),
             "f:4:12: sources.s.http.url is \"http:///{key}\"; allowed: "
             "http:// or https:// with a host and no {key} in it, maybe a "
             "port, and no spaces and no \"#\"\n"},
        Case{"UrlAtPortZero", Http("url: 'http://h:0/{key}'"),
             "f:4:12: sources.s.http.url is \"http://h:0/{key}\"; allowed: "
             "http:// or https:// with a host and no {key} in it, maybe a "
             "port, and no spaces and no \"#\"\n"},
        Case{"UrlWithAnEmptyPort", Http("url: 'http://h:/{key}'"),
             "f:4:12: sources.s.http.url is \"http://h:/{key}\"; allowed: "
             "http:// or https:// with a host and no {key} in it, maybe a "
             "port, and no spaces and no \"#\"\n"},
        Case{"UrlWithTheKeyAsItsHost", Http("url: 'http://{key}/a'"),
             "f:4:12: sources.s.http.url is \"http://{key}/a\"; allowed: "
             "http:// or https:// with a host and no {key} in it, maybe a "
             "port, and no spaces and no \"#\"\n"},
        Case{"UrlWithASpace", Http("url: 'http://h/a b{key}'"),
             "f:4:12: sources.s.http.url is \"http://h/a b{key}\"; allowed: "
             "http:// or https:// with a host and no {key} in it, maybe a "
             "port, and no spaces and no \"#\"\n"},
        Case{"UrlWithAFragment", Http("url: 'http://h/#{key}'"),
             "f:4:12: sources.s.http.url is \"http://h/#{key}\"; allowed: "
             "http:// or https:// with a host and no {key} in it, maybe a "
             "port, and no spaces and no \"#\"\n"},
        Case{"UrlAtAUnixSocket", Http("url: 'http://unix:/s/{key}'"),
             "f:4:12: sources.s.http.url is \"http://unix:/s/{key}\"; allowed: "
             "http:// or https:// with a host and no {key} in it, maybe a "
             "port, and no spaces and no \"#\"\n"},
        Case{"UrlWithABadIpv6Address", Http("url: 'http://[::x]/{key}'"),
             "f:4:12: sources.s.http.url is \"http://[::x]/{key}\"; allowed: "
             "http:// or https:// with a host and no {key} in it, maybe a "
             "port, and no spaces and no \"#\"\n"},
        Case{"NoUrl", "sources:\n  s:\n    http: {}\n" + Tables(),
             "f:3:5: sources.s.http has no url; it is required\n"},
        Case{"UrlWithoutTheKey", Http("url: 'http://h/{kye}'"),
             "f:4:12: sources.s.http has no {key} in url or body, so that "
             "every key would have the same answer; allowed: {key} in one of "
             "them at least\n"},
        Case{"KeyInNeitherOfBoth",
             Http("url: 'http://h/'\n      method: POST\n      body: x"),
             "f:4:12: sources.s.http has no {key} in url or body, so that "
             "every key would have the same answer; allowed: {key} in one of "
             "them at least\n"},
        Case{
            "KeyInABody",
            Http("url: 'http://h/'\n      method: POST\n      body: 'x={key}'"),
            ""},
        Case{"UrlWithAPasswordWhichIsNotShown",
             Http("url: 'https://me:pw@h/{key}'"),
             "f:4:12: sources.s.http.url has a user before its host; allowed: "
             "none, but headers may have Authorization\n"},
        Case{"AnAtSignInAPath", Http("url: 'https://h/me:pw@{key}'"), ""},
        Case{"UrlWithPortAndQuery", Http("url: 'https://[::1]:8443?k={key}'"),
             ""},
        Case{"UrlOfAnIpv6Host", Http("url: 'https://[::1]/{key}'"), ""}),
    Name);

INSTANTIATE_TEST_SUITE_P(
    Request, Mistakes,
    testing::Values(
        Case{"Method", Http("url: 'http://h/{key}'\n      method: get"),
             "f:5:15: sources.s.http.method is \"get\"; allowed: GET, POST; "
             "did you mean \"GET\"?\n"},
        Case{
            "MethodOfValueZero",
            Http(
                "url: 'http://h/{key}'\n      method: HTTP_METHOD_UNSPECIFIED"),
            "f:5:15: sources.s.http.method is \"HTTP_METHOD_UNSPECIFIED\"; "
            "allowed: GET, POST\n"},
        Case{"BodyWithGet", Http("url: 'http://h/{key}'\n      body: x"),
             "f:5:13: sources.s.http.body is there, but method is GET, which "
             "sends none; allowed: a body with POST\n"},
        Case{"BodyWithPost",
             Http("url: 'http://h/{key}'\n      body: x\n      method: POST"),
             ""},
        Case{"HeadersAsAList",
             Http("url: 'http://h/{key}'\n      headers: [A]"),
             "f:5:7: sources.s.http.headers is a list; allowed: a mapping of "
             "names\n"},
        Case{"HeaderThatIsNoToken",
             Http("url: 'http://h/{key}'\n      headers: {'A b': c}"),
             "f:5:17: sources.s.http.headers has the name \"***\"; allowed: a "
             "header's name, but not Host, Content-Length, Connection or "
             "Transfer-Encoding, which HTTP says itself\n"},
        Case{"HeaderWithoutName",
             Http("url: 'http://h/{key}'\n      headers: {'': c}"),
             "f:5:17: sources.s.http.headers has the name \"\"; allowed: a "
             "header's name, but not Host, Content-Length, Connection or "
             "Transfer-Encoding, which HTTP says itself\n"},
        Case{"HeaderWithALineEndInItsName",
             Http("url: 'http://h/{key}'\n      headers: {\"A\\nb\": c}"),
             "f:5:17: sources.s.http.headers has the name \"***\"; allowed: "
             "a header's name, but not Host, Content-Length, Connection or "
             "Transfer-Encoding, which HTTP says itself\n"},
        Case{"HeaderHost",
             Http("url: 'http://h/{key}'\n      headers: {host: c}"),
             "f:5:17: sources.s.http.headers has the name \"host\"; allowed: a "
             "header's name, but not Host, Content-Length, Connection or "
             "Transfer-Encoding, which HTTP says itself\n"},
        Case{"HeaderContentLength",
             Http("url: 'http://h/{key}'\n      headers: {Content-Length: c}"),
             "f:5:17: sources.s.http.headers has the name \"Content-Length\"; "
             "allowed: a header's name, but not Host, Content-Length, "
             "Connection or Transfer-Encoding, which HTTP says itself\n"},
        Case{"HeaderConnection",
             Http("url: 'http://h/{key}'\n      headers: {connection: c}"),
             "f:5:17: sources.s.http.headers has the name \"connection\"; "
             "allowed: a header's name, but not Host, Content-Length, "
             "Connection or Transfer-Encoding, which HTTP says itself\n"},
        Case{
            "HeaderTransferEncoding",
            Http(
                "url: 'http://h/{key}'\n      headers: {Transfer-Encoding: c}"),
            "f:5:17: sources.s.http.headers has the name "
            "\"Transfer-Encoding\"; allowed: a header's name, but not Host, "
            "Content-Length, Connection or Transfer-Encoding, which HTTP says "
            "itself\n"},
        Case{
            "HeaderValueWithALineEndIsNotShown",
            Http("url: 'http://h/{key}'\n      headers: {A: \"s3cret\\r\\nB: "
                 "c\"}"),
            "f:5:20: sources.s.http.headers.A is a text that is not shown; "
            "allowed: a text without control characters, line ends included\n"},
        Case{
            "HeaderValueWithAZeroIsNotShown",
            Http("url: 'http://h/{key}'\n      headers: {A: \"s3cret\\0\"}"),
            "f:5:20: sources.s.http.headers.A is a text that is not shown; "
            "allowed: a text without control characters, line ends included\n"},
        Case{
            "HeaderValueWithAEscapeIsNotShown",
            Http("url: 'http://h/{key}'\n      headers: {A: \"s3cret\\e\"}"),
            "f:5:20: sources.s.http.headers.A is a text that is not shown; "
            "allowed: a text without control characters, line ends included\n"},
        Case{"HeaderValueWithATab",
             Http("url: 'http://h/{key}'\n      headers: {A: \"b\\tc\"}"), ""},
        Case{"HeaderTwice",
             Http("url: 'http://h/{key}'\n      headers: {A: b, A: c}"),
             "f:5:23: sources.s.http.headers has \"A\" twice, first in line 5; "
             "allowed: each once\n"},
        Case{"HeaderTwiceInAnotherCase",
             Http("url: 'http://h/{key}'\n      headers: {Accept: &a b, B: c, "
                  "accept: *a}"),
             "f:5:37: sources.s.http.headers has \"accept\" twice, first in "
             "line 5; allowed: each once\n"},
        Case{"BytesZero", Http("url: 'http://h/{key}'\n      max_bytes: 0"),
             "f:5:18: sources.s.http.max_bytes is \"0\"; allowed: a size such "
             "as 4KiB or 64MiB, from 1 to 512MiB\n"},
        Case{"StatusThatIsNone",
             Http("url: 'http://h/{key}'\n      success_statuses: [200, 600]"),
             "f:5:31: sources.s.http.success_statuses[1] is \"600\"; allowed: "
             "a whole number, from 200 to 599\n"},
        Case{"NoSuccess",
             Http("url: 'http://h/{key}'\n      success_statuses: []"),
             "f:5:7: sources.s.http.success_statuses has 0 items; allowed: at "
             "least 1\n"},
        Case{"StatusThatIsBoth",
             Http("url: 'http://h/{key}'\n      miss_statuses: [204]\n      "
                  "success_statuses: [200, 204]"),
             "f:6:7: sources.s.http.success_statuses has 204, which is among "
             "miss_statuses too; allowed: one of them\n"},
        Case{"StatusThatIsARedirect",
             Http("url: 'http://h/{key}'\n      miss_statuses: [404, 302]"),
             "f:5:7: sources.s.http.miss_statuses has 302, which is a "
             "redirect; allowed: 200 to 299 and 400 to 599\n"},
        Case{"NoMisses",
             Http("url: 'http://h/{key}'\n      miss_statuses: []\n      "
                  "success_statuses: [404]"),
             ""},
        Case{"TooManyRedirects",
             Http("url: 'http://h/{key}'\n      max_redirects: 21"),
             "f:5:22: sources.s.http.max_redirects is \"21\"; allowed: a whole "
             "number, at most 20\n"}),
    Name);

INSTANTIATE_TEST_SUITE_P(
    Answer, Mistakes,
    testing::Values(
        Case{"ValueThatIsNoPointer",
             Http("url: 'http://h/{key}'\n      value: 'a/b'"),
             "f:5:14: sources.s.http.value is \"a/b\"; allowed: a JSON pointer "
             "such as /data/0/name, with ~0 for \"~\" and ~1 for \"/\" in a "
             "name\n"},
        Case{"ValueWithABadEscape",
             Http("url: 'http://h/{key}'\n      value: '/a~2'"),
             "f:5:14: sources.s.http.value is \"/a~2\"; allowed: a JSON "
             "pointer such as /data/0/name, with ~0 for \"~\" and ~1 for \"/\" "
             "in a name\n"},
        Case{"ValueWithHalfAnEscape",
             Http("url: 'http://h/{key}'\n      value: '/a~'"),
             "f:5:14: sources.s.http.value is \"/a~\"; allowed: a JSON pointer "
             "such as /data/0/name, with ~0 for \"~\" and ~1 for \"/\" in a "
             "name\n"},
        Case{"ValueWithEscapes",
             Http("url: 'http://h/{key}'\n      value: '/a~0b/c~1d//0'"), ""},
        Case{"PagesWithoutAnything",
             Http("url: 'http://h/{key}'\n      pages: {}"),
             "f:5:7: sources.s.http.pages has no parameter; it is "
             "required\nf:5:7: sources.s.http.pages has no next; it is "
             "required\nf:5:7: sources.s.http.pages has no items; it is "
             "required\n"},
        Case{"PagesWithAnEmptyPointer",
             Http("url: 'http://h/{key}'\n      pages: {parameter: p, next: "
                  "'', items: /i}"),
             "f:5:35: sources.s.http.pages.next is \"\"; allowed: a JSON "
             "pointer such as /data/0/name, with ~0 for \"~\" and ~1 for \"/\" "
             "in a name\n"},
        Case{"PagesWithNoPointers",
             Http("url: 'http://h/{key}'\n      pages: {parameter: p, next: n, "
                  "items: i, id: d}"),
             "f:5:35: sources.s.http.pages.next is \"n\"; allowed: a JSON "
             "pointer such as /data/0/name, with ~0 for \"~\" and ~1 for \"/\" "
             "in a name\nf:5:45: sources.s.http.pages.items is \"i\"; allowed: "
             "a JSON pointer such as /data/0/name, with ~0 for \"~\" and ~1 "
             "for \"/\" in a name\nf:5:52: sources.s.http.pages.id is \"d\"; "
             "allowed: a JSON pointer such as /data/0/name, with ~0 for \"~\" "
             "and ~1 for \"/\" in a name\n"},
        Case{"PagesAndValue",
             Http("url: 'http://h/{key}'\n      value: /v\n      pages: "
                  "{parameter: p, next: /n, items: /i}"),
             "f:5:14: sources.s.http has value and pages at once; allowed: one "
             "of them, since the items of all pages are the value\n"},
        Case{"PagesByPost",
             Http("url: 'http://h/{key}'\n      method: POST\n      pages: "
                  "{parameter: p, next: /n, items: /i, id: ''}"),
             ""}),
    Name);

}  // namespace
}  // namespace frontrunner
