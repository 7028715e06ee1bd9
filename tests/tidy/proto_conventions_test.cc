// SPDX-License-Identifier: Apache-2.0
// Holds the contract in proto/ to the shape of buf's STANDARD rules and to ours: every method says who may call it.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "google/protobuf/compiler/importer.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "gtest/gtest.h"
#include "meguri/api/v1/callers.pb.h"

namespace meguri {
namespace {

namespace pb = google::protobuf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr absl::string_view kOurs = "meguri/";

// "PublishStream" -> "PUBLISH_STREAM".
std::string ToScreamingCase(absl::string_view camel) {
  std::string out;
  for (size_t i = 0; i < camel.size(); ++i) {
    const bool starts_word = absl::ascii_isupper(static_cast<unsigned char>(camel[i])) && i > 0 &&
                             (!absl::ascii_isupper(static_cast<unsigned char>(camel[i - 1])) ||
                              (i + 1 < camel.size() && absl::ascii_islower(static_cast<unsigned char>(camel[i + 1]))));
    absl::StrAppend(&out, starts_word ? "_" : "",
                    std::string(1, absl::ascii_toupper(static_cast<unsigned char>(camel[i]))));
  }
  return out;
}

bool IsCamelCase(absl::string_view name) {
  return !name.empty() && absl::ascii_isupper(static_cast<unsigned char>(name[0])) && !absl::StrContains(name, "_");
}

bool IsSnakeCase(absl::string_view name) {
  return absl::c_all_of(name, [](char c) {
    return c == '_' || absl::ascii_islower(static_cast<unsigned char>(c)) ||
           absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
}

bool EndsInVersion(absl::string_view package) {
  const std::vector<absl::string_view> parts = absl::StrSplit(package, '.');
  const absl::string_view last = parts.back();
  return last.size() >= 2 && last[0] == 'v' &&
         absl::c_all_of(last.substr(1), [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); });
}

// Collects offences, each as "<file>: <full name> <what is wrong>".
class Conventions {
 public:
  void CheckFile(const pb::FileDescriptor& file) {
    file_ = file.name();
    const std::string folder = std::filesystem::path(file_).parent_path().string();
    Require(file.package() == absl::StrReplaceAll(folder, {{"/", "."}}), file.package(),
            "is not named after its folder");
    Require(EndsInVersion(file.package()), file.package(), "does not end in a version such as v1");
    Require(IsSnakeCase(std::filesystem::path(file_).stem().string()), file_, "is not lower_snake_case");
    const bool is_service_file = absl::EndsWith(file_, "_service.proto");
    Require(is_service_file || file.service_count() == 0, file_, "has a service but is not called *_service.proto");
    for (int i = 0; i < file.dependency_count(); ++i) {
      Require(is_service_file || !absl::EndsWith(file.dependency(i)->name(), "_service.proto"), file_,
              "has messages only and may not import a service");
    }
    for (int i = 0; i < file.message_type_count(); ++i) CheckMessage(*file.message_type(i));
    for (int i = 0; i < file.enum_type_count(); ++i) CheckEnum(*file.enum_type(i));
    for (int i = 0; i < file.service_count(); ++i) CheckService(*file.service(i));
  }

  const std::vector<std::string>& offences() const { return offences_; }
  int method_count() const { return method_count_; }

 private:
  void Require(bool holds, absl::string_view name, absl::string_view offence) {
    if (!holds) {
      offences_.push_back(absl::StrCat(file_, ": ", name, " ", offence));
    }
  }

  void CheckMessage(const pb::Descriptor& message) {
    Require(IsCamelCase(message.name()) || message.options().map_entry(), message.full_name(), "is not CamelCase");
    for (int i = 0; i < message.field_count(); ++i) {
      Require(IsSnakeCase(message.field(i)->name()), message.field(i)->full_name(), "is not lower_snake_case");
    }
    for (int i = 0; i < message.nested_type_count(); ++i) CheckMessage(*message.nested_type(i));
    for (int i = 0; i < message.enum_type_count(); ++i) CheckEnum(*message.enum_type(i));
  }

  void CheckEnum(const pb::EnumDescriptor& descriptor) {
    Require(IsCamelCase(descriptor.name()), descriptor.full_name(), "is not CamelCase");
    const std::string prefix = absl::StrCat(ToScreamingCase(descriptor.name()), "_");
    for (int i = 0; i < descriptor.value_count(); ++i) {
      const pb::EnumValueDescriptor& value = *descriptor.value(i);
      Require(absl::StartsWith(value.name(), prefix), value.full_name(), absl::StrCat("does not start with ", prefix));
      Require((value.number() == 0) == (value.name() == absl::StrCat(prefix, "UNSPECIFIED")), value.full_name(),
              "breaks the rule that zero, and only zero, is UNSPECIFIED");
    }
  }

  void CheckService(const pb::ServiceDescriptor& service) {
    Require(absl::EndsWith(service.name(), "Service"), service.full_name(), "does not end in Service");
    for (int i = 0; i < service.method_count(); ++i) CheckMethod(*service.method(i));
  }

  void CheckMethod(const pb::MethodDescriptor& method) {
    ++method_count_;
    Require(IsCamelCase(method.name()), method.full_name(), "is not CamelCase");
    for (const auto& [type, suffix] :
         {std::pair(method.input_type(), "Request"), std::pair(method.output_type(), "Response")}) {
      Require(type->name() == absl::StrCat(method.name(), suffix), method.full_name(),
              absl::StrCat("does not use a message of its own called ", method.name(), suffix));
      Require(type->file() == method.file(), method.full_name(), absl::StrCat("has its ", suffix, " in another file"));
      const auto [user, is_new] = users_.emplace(type->full_name(), method.full_name());
      Require(is_new, method.full_name(), absl::StrCat("shares ", type->full_name(), " with ", user->second));
    }
    CheckCallers(method);
  }

  void CheckCallers(const pb::MethodDescriptor& method) {
    if (!method.options().HasExtension(api::v1::callers)) {
      return Require(false, method.full_name(), "does not say who may call it (option meguri.api.v1.callers)");
    }
    const api::v1::Callers& callers = method.options().GetExtension(api::v1::callers);
    const bool node = absl::c_linear_search(callers.classes(), api::v1::CALLER_CLASS_NODE);
    const bool client = absl::c_linear_search(callers.classes(), api::v1::CALLER_CLASS_CLIENT);
    Require(node || client, method.full_name(), "names no class of callers");
    Require(!absl::c_linear_search(callers.classes(), api::v1::CALLER_CLASS_UNSPECIFIED), method.full_name(),
            "names CALLER_CLASS_UNSPECIFIED");
    const auto role = callers.client_role();
    Require(client == (role != api::v1::CLIENT_ROLE_UNSPECIFIED), method.full_name(),
            "needs a client role if clients may call it, and none if they may not");
    Require(!node || !client || role == api::v1::CLIENT_ROLE_READ, method.full_name(),
            "lets a peer do what of a client needs more than the read role");
    Require(node || !callers.unregistered_allowed(), method.full_name(), "lets unregistered nodes in, but no nodes");
  }

  std::string file_;
  std::vector<std::string> offences_;
  std::map<std::string, std::string> users_;  // request or response type -> the method that has it
  int method_count_ = 0;
};

// What is planted first, then the files on disk.
class PlantedSourceTree final : public pb::compiler::SourceTree {
 public:
  PlantedSourceTree() {
    disk_.MapPath("", MEGURI_SOURCE_DIR "/proto");
    disk_.MapPath("", "/usr/include");
  }
  void Plant(const std::string& name, std::string text) { planted_[name] = std::move(text); }

  pb::io::ZeroCopyInputStream* Open(const std::string& name) override {
    const auto it = planted_.find(name);
    return it == planted_.end() ? disk_.Open(name)
                                : new pb::io::ArrayInputStream(it->second.data(), static_cast<int>(it->second.size()));
  }

 private:
  pb::compiler::DiskSourceTree disk_;
  std::map<std::string, std::string> planted_;
};

class ErrorLog final : public pb::compiler::MultiFileErrorCollector {
 public:
  void AddError(const std::string& file, int line, int /*column*/, const std::string& message) override {
    ADD_FAILURE() << file << ":" << line + 1 << ": " << message;
  }
};

// The offences of one planted file `meguri/test/v1/<name>`.
std::vector<std::string> OffencesOf(const std::string& body, const std::string& name = "test_service.proto",
                                    const std::string& package = "meguri.test.v1") {
  PlantedSourceTree sources;
  const std::string path = absl::StrCat("meguri/test/v1/", name);
  sources.Plant(
      path, absl::StrCat("syntax = \"proto3\"; package ", package, "; import \"meguri/api/v1/callers.proto\";", body));
  ErrorLog log;
  pb::compiler::Importer importer(&sources, &log);
  const pb::FileDescriptor* file = importer.Import(path);
  Conventions conventions;
  if (file != nullptr) {
    conventions.CheckFile(*file);
  }
  return conventions.offences();
}

constexpr absl::string_view kMessages = "message GetRequest {} message GetResponse {}";

std::vector<std::string> OffencesOfMethod(absl::string_view callers) {
  return OffencesOf(
      absl::StrCat("service TestService { rpc Get(GetRequest) returns (GetResponse) {", callers, "} }", kMessages));
}

TEST(ProtoConventions, HoldInTheTree) {
  const std::filesystem::path root = MEGURI_SOURCE_DIR "/proto";
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    const std::string name = entry.path().lexically_relative(root).string();
    if (entry.path().extension() == ".proto" && absl::StartsWith(name, std::string(kOurs))) {
      names.push_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  PlantedSourceTree sources;
  ErrorLog log;
  pb::compiler::Importer importer(&sources, &log);
  Conventions conventions;
  for (const std::string& name : names) {
    const pb::FileDescriptor* file = importer.Import(name);
    ASSERT_NE(file, nullptr) << name;
    conventions.CheckFile(*file);
  }
  EXPECT_THAT(conventions.offences(), IsEmpty()) << absl::StrJoin(conventions.offences(), "\n");
  EXPECT_GT(conventions.method_count(), 0) << "no method was seen: is this the tree?";
}

// A message that carries the bytes of another has its fields, name by name and number by number; a message may be
// bytes.
std::vector<std::string> DifferencesOfCarried(const pb::Descriptor& carried, const pb::Descriptor& original) {
  std::vector<std::string> differences;
  for (int i = 0; i < original.field_count(); ++i) {
    const pb::FieldDescriptor* field = original.field(i);
    const pb::FieldDescriptor* same = carried.FindFieldByNumber(field->number());
    const bool fits = same != nullptr && same->name() == field->name() && same->label() == field->label() &&
                      (same->type() == field->type() || (same->type() == pb::FieldDescriptor::TYPE_BYTES &&
                                                         field->type() == pb::FieldDescriptor::TYPE_MESSAGE));
    if (!fits) {
      differences.push_back(field->full_name());
    }
  }
  if (carried.field_count() != original.field_count()) {
    differences.push_back(carried.full_name());
  }
  return differences;
}

TEST(ProtoConventions, CarriedMessagesHaveTheBytesOfTheirOriginals) {
  PlantedSourceTree sources;
  ErrorLog log;
  pb::compiler::Importer importer(&sources, &log);
  for (const std::string package : {"record", "feed"}) {
    const pb::FileDescriptor* carried = importer.Import(absl::StrCat("meguri/", package, "/v1/carried.proto"));
    ASSERT_NE(carried, nullptr);
    ASSERT_NE(importer.Import(absl::StrCat("meguri/", package, "/v1/", package, "_service.proto")), nullptr);
    ASSERT_GT(carried->message_type_count(), 0);
    for (int i = 0; i < carried->message_type_count(); ++i) {
      const pb::Descriptor& message = *carried->message_type(i);
      const std::string name = absl::StrReplaceAll(message.full_name(), {{"Carried", ""}});
      const pb::Descriptor* original = importer.pool()->FindMessageTypeByName(name);
      ASSERT_NE(original, nullptr) << name;
      EXPECT_THAT(DifferencesOfCarried(message, *original), IsEmpty());
      EXPECT_THAT(DifferencesOfCarried(*original->file()->message_type(0), message), Not(IsEmpty()));
    }
  }
}

TEST(ProtoConventions, AcceptAGoodMethod) {
  EXPECT_THAT(OffencesOfMethod("option (meguri.api.v1.callers) = {classes: [CALLER_CLASS_NODE, CALLER_CLASS_CLIENT], "
                               "client_role: CLIENT_ROLE_READ};"),
              IsEmpty());
}

TEST(ProtoConventions, RefuseAMethodThatDoesNotSayWhoMayCallIt) {
  EXPECT_THAT(OffencesOfMethod(""), ElementsAre(HasSubstr("does not say who may call it")));
  EXPECT_THAT(OffencesOfMethod("option (meguri.api.v1.callers) = {};"),
              ElementsAre(HasSubstr("names no class of callers")));
  EXPECT_THAT(OffencesOfMethod("option (meguri.api.v1.callers) = {classes: [CALLER_CLASS_CLIENT]};"),
              ElementsAre(HasSubstr("needs a client role")));
}

TEST(ProtoConventions, RefuseAMethodByWhichAPeerCouldPublish) {
  EXPECT_THAT(OffencesOfMethod("option (meguri.api.v1.callers) = {classes: [CALLER_CLASS_NODE, CALLER_CLASS_CLIENT], "
                               "client_role: CLIENT_ROLE_PUBLISH};"),
              ElementsAre(HasSubstr("lets a peer do")));
}

TEST(ProtoConventions, RefuseSharedOrMisnamedMessages) {
  const std::string callers = "{option (meguri.api.v1.callers) = {classes: [CALLER_CLASS_NODE]};}";
  EXPECT_THAT(OffencesOf(absl::StrCat("service TestService { rpc Get(GetRequest) returns (GetRequest)", callers, " }",
                                      kMessages)),
              ElementsAre(HasSubstr("called GetResponse"), HasSubstr("shares meguri.test.v1.GetRequest")));
}

TEST(ProtoConventions, RefuseBadEnums) {
  EXPECT_THAT(OffencesOf("enum KeyUse { KEY_USE_UNSPECIFIED = 0; SIGN = 1; }"),
              ElementsAre(HasSubstr("does not start with KEY_USE_")));
  EXPECT_THAT(OffencesOf("enum KeyUse { KEY_USE_SIGN = 0; }"), ElementsAre(HasSubstr("only zero, is UNSPECIFIED")));
}

TEST(ProtoConventions, RefuseBadNames) {
  EXPECT_THAT(OffencesOf("service Tests {}"), ElementsAre(HasSubstr("does not end in Service")));
  EXPECT_THAT(OffencesOf("message get_request {}"), ElementsAre(HasSubstr("is not CamelCase")));
  EXPECT_THAT(OffencesOf("message Get { string RecordId = 1; }"), ElementsAre(HasSubstr("is not lower_snake_case")));
  EXPECT_THAT(OffencesOf("", "test_service.proto", "meguri.other.v1"),
              ElementsAre(HasSubstr("is not named after its folder")));
  EXPECT_THAT(OffencesOf("", "TestThings.proto"), ElementsAre(HasSubstr("is not lower_snake_case")));
}

TEST(ProtoConventions, RefuseServicesInMessageFiles) {
  EXPECT_THAT(OffencesOf("service TestService {}", "test.proto"), ElementsAre(HasSubstr("not called *_service.proto")));
}

TEST(ProtoConventions, RefuseAPackageWithoutVersion) {
  PlantedSourceTree sources;
  sources.Plant("meguri/test/test.proto", "syntax = \"proto3\"; package meguri.test;");
  ErrorLog log;
  pb::compiler::Importer importer(&sources, &log);
  Conventions conventions;
  conventions.CheckFile(*importer.Import("meguri/test/test.proto"));
  EXPECT_THAT(conventions.offences(), ElementsAre(HasSubstr("does not end in a version")));
}

}  // namespace
}  // namespace meguri
