// The schema itself: whatever a later field says of itself has to be something
// that the reader understands.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "frontrunner/config/v1/config.pb.h"
#include "frontrunner/config/v1/options.pb.h"
#include "server/config/config.h"
#include "server/config/rules.h"
#include "server/config/scalar.h"
#include "server/config/units.h"

namespace frontrunner::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

void ForEachMessage(const std::function<void(const Descriptor&)>& visit) {
  const auto& file = *v1::Config::descriptor()->file();
  for (int i = 0; i < file.message_type_count(); ++i) {
    visit(*file.message_type(i));
  }
}

void ForEachField(const std::function<void(const FieldDescriptor&)>& visit) {
  ForEachMessage([&visit](const Descriptor& message) {
    for (int i = 0; i < message.field_count(); ++i) visit(*message.field(i));
  });
}

/// Of a map, what holds its values.
const FieldDescriptor& ValueOf(const FieldDescriptor& field) {
  return field.is_map() ? *field.message_type()->map_value() : field;
}

/// Whether `bound` is written as the field's values are.
bool IsValueOf(const FieldDescriptor& field, const std::string& bound) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_UINT32:
      return ParseNumber(bound).has_value();
    case FieldDescriptor::CPPTYPE_UINT64:
      return RulesOf(field).unit() == v1::SIZE ? ParseSize(bound).has_value()
                                               : ParseNumber(bound).has_value();
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return RulesOf(field).unit() == v1::RATIO
                 ? ParseRatio(bound).has_value()
                 : ParseDecimal(bound).has_value();
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return ParseDuration(bound).has_value();
    default:
      return false;
  }
}

TEST(Schema, EveryFieldHasATypeThatCanBeRead) {
  ForEachField([](const FieldDescriptor& of) {
    const FieldDescriptor& field = ValueOf(of);
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
      case FieldDescriptor::CPPTYPE_UINT32:
      case FieldDescriptor::CPPTYPE_UINT64:
      case FieldDescriptor::CPPTYPE_BOOL:
      case FieldDescriptor::CPPTYPE_ENUM:
      case FieldDescriptor::CPPTYPE_MESSAGE:
        break;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        EXPECT_NE(RulesOf(field).unit(), v1::SIZE) << field.full_name();
        break;
      default:
        ADD_FAILURE() << field.full_name();
    }
  });
}

TEST(Schema, MapsHaveTextKeys) {
  ForEachField([](const FieldDescriptor& field) {
    if (!field.is_map()) return;
    const Descriptor& entry = *field.message_type();
    EXPECT_EQ(entry.map_key()->cpp_type(), FieldDescriptor::CPPTYPE_STRING)
        << field.full_name();
  });
}

TEST(Schema, KeysThatAreOfAnEnumHaveItInTheSameFile) {
  int found = 0;
  ForEachField([&found](const FieldDescriptor& field) {
    const std::string& type = RulesOf(field).key_enum();
    if (type.empty()) return;
    ++found;
    EXPECT_TRUE(field.is_map()) << field.full_name();
    EXPECT_NE(field.file()->FindEnumTypeByName(type), nullptr)
        << field.full_name();
  });
  EXPECT_EQ(found, 1);
}

TEST(Schema, AMapsScalarsGoByTheRulesOfTheMap) {
  const auto& at_most = *v1::Retry::descriptor()->FindFieldByName("at_most");
  EXPECT_EQ(&RulesOf(ValueOf(at_most)), &RulesOf(at_most));
  EXPECT_EQ(RulesOf(ValueOf(at_most)).max(), "100");
  // Messages have rules of their own inside.
  const auto& sources = *v1::Config::descriptor()->FindFieldByName("sources");
  EXPECT_EQ(RulesOf(ValueOf(sources)).key_form(), v1::ANY_TEXT);
}

TEST(Schema, SecretsAreTexts) {
  // The reader and /configz look at a value's own field, and not at those that
  // are around it.
  int found = 0;
  ForEachField([&found](const FieldDescriptor& field) {
    if (!RulesOf(field).secret()) return;
    ++found;
    EXPECT_EQ(ValueOf(field).cpp_type(), FieldDescriptor::CPPTYPE_STRING)
        << field.full_name();
  });
  EXPECT_EQ(found, 2);
}

TEST(Schema, EveryBoundIsWrittenAsTheFieldIs) {
  ForEachField([](const FieldDescriptor& field) {
    const v1::Rules& rules = RulesOf(field);
    for (const std::string& bound : {rules.min(), rules.max()}) {
      if (bound.empty()) continue;
      EXPECT_TRUE(IsValueOf(ValueOf(field), bound))
          << field.full_name() << bound;
    }
  });
}

TEST(Schema, ShorthandsNameAField) {
  ForEachMessage([](const Descriptor& message) {
    const std::string& field = message.options().GetExtension(v1::shorthand);
    if (field.empty()) return;
    ASSERT_NE(message.FindFieldByName(field), nullptr) << message.full_name();
    EXPECT_TRUE(IsScalar(*message.FindFieldByName(field)));
  });
}

TEST(Schema, WhatIsWrittenAsOneScalarHasOneFieldThatIsNoWord) {
  ForEachMessage([](const Descriptor& message) {
    if (!message.options().GetExtension(v1::scalar)) return;
    int others = 0;
    for (int i = 0; i < message.field_count(); ++i) {
      if (message.field(i)->cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
        continue;
      }
      ++others;
      EXPECT_TRUE(IsScalar(*message.field(i))) << message.full_name();
    }
    EXPECT_EQ(others, 1) << message.full_name();
  });
}

TEST(Schema, EveryDefaultIsAllowed) {
  // All messages but those in a oneof are in it, and so are their defaults.
  const auto loaded = ParseConfig(
      "sources:\n"
      "  m: {memory: {}}\n"
      "  r: {redis: {address: 'r:1'}}\n"
      "  c: {memcached: {servers: ['c:1']}}\n"
      "  g: {grpc: {target: 'g:1'}}\n"
      "  f: {computation: {function: f}, limit: {width: 1}, retry: {}}\n"
      "  h: {http: {url: 'http://h/{key}',\n"
      "    pages: {parameter: p, next: /n, items: /i}}}\n"
      "tables: {t: {race: [{source: m}], write_back: {ttl: 1s}}}\n",
      "f");
  EXPECT_EQ(loaded.Explain(), "");
}

}  // namespace
}  // namespace frontrunner::config
