#include "server/config/http_form.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace frontrunner::config {
namespace {

TEST(HttpUrl, HasASchemeAndAHost) {
  for (const char* url :
       {"http://h", "https://h", "http://h/", "http://h?q", "http://h:1",
        "https://a.example.com:8443/p/{key}?a=b&c=%20", "http://127.0.0.1/",
        "http://[::1]", "http://[::1]:80/", "http://u:p@h/", "http://h/a@b",
        "http://h/[]:0"}) {
    EXPECT_TRUE(IsHttpUrl(url)) << url;
  }
}

TEST(HttpUrl, IsNothingElse) {
  for (const char* url : {"",
                          "h",
                          "//h",
                          "http:",
                          "http://",
                          "http:///p",
                          "http://?q",
                          "ftp://h",
                          "HTTP://h",
                          "http:h",
                          "http://:80",
                          "http://h:",
                          "http://h:0",
                          "http://h:65536",
                          "http://h:x",
                          "http://::1/",
                          "http://[::1",
                          "http://[h]/",
                          "http://h h/",
                          "http://h/ ",
                          " http://h",
                          "http://h/\n",
                          "http://h/\xC3\xA4",
                          "http://h/#f",
                          "http://{key}",
                          "http://{key}.h/",
                          "http://h\\a/",
                          "http://256.1.1.1/",
                          "http://unix:/s",
                          "http://u@"}) {
    EXPECT_FALSE(IsHttpUrl(url)) << url;
  }
}

TEST(HttpUrl, HasAUserOnlyBeforeItsHost) {
  EXPECT_TRUE(HasUser("http://u@h/"));
  EXPECT_TRUE(HasUser("https://u:p@h?q"));
  EXPECT_TRUE(HasUser("https://@h"));
  EXPECT_FALSE(HasUser("http://h/u@h"));
  EXPECT_FALSE(HasUser("http://h?u@h"));
  EXPECT_FALSE(HasUser("u@h"));
}

TEST(HeaderName, IsATokenThatHttpDoesNotSayItself) {
  for (const char* name : {"A", "x-api-key", "Content-Type", "!#$%&'*+-.^_`|~9",
                           "Hosts", "Accept-Encoding"}) {
    EXPECT_TRUE(IsHeaderName(name)) << name;
  }
  for (const char* name :
       {"", "a b", "a:", "a\n", "a\r\nb", "\xC3\xA4", "(a)", "a/b", "host",
        "HOST", "content-length", "Connection", "transfer-Encoding"}) {
    EXPECT_FALSE(IsHeaderName(name)) << name;
  }
}

TEST(HeaderValue, HasNoControlCharacters) {
  for (const char* value : {"", "a b", "a\tb", "\xC3\xA4", "Bearer x=="}) {
    EXPECT_TRUE(IsHeaderValue(value)) << value;
  }
  EXPECT_FALSE(IsHeaderValue("a\rb"));
  EXPECT_FALSE(IsHeaderValue("a\nb"));
  EXPECT_FALSE(IsHeaderValue("a\x7F"));
  EXPECT_FALSE(IsHeaderValue(std::string_view("a\0b", 3)));
}

TEST(JsonPointer, IsEmptyOrNamesBehindSlashes) {
  for (const char* pointer : {"", "/", "/a", "/a/0", "//", "/a~0b", "/~1",
                              "/~01", "/ ", "/\xC3\xA4", "/a\"b"}) {
    EXPECT_TRUE(IsJsonPointer(pointer)) << pointer;
  }
  for (const char* pointer :
       {"a", "a/b", " /a", "/~", "/~2", "/a~/b", "#/a", "~0"}) {
    EXPECT_FALSE(IsJsonPointer(pointer)) << pointer;
  }
}

}  // namespace
}  // namespace frontrunner::config
