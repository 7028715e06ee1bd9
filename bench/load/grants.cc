// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "CLI/App.hpp"
#include "CLI/Validators.hpp"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "bench/load/figures.h"
#include "bench/load/granting.h"
#include "record/record_id.h"
#include "record/system_random.h"

namespace meguri::bench {
namespace {

struct Arguments {
  std::string home;
  std::string reader_home;
  size_t offers = 1'000;
  size_t grants_of_each = 10;
};

// The first offer selects the lots that RecordSet makes, every other a record that is not there.
absl::StatusOr<Figures> GrantMany(const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<Side> owner, Side::Make(arguments.home));
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<Side> reader, Side::Make(arguments.reader_home));
  const absl::Time begin = absl::Now();
  record::SystemRandom random;
  std::vector<passport::RecordDraft> contents;
  for (size_t i = 0; i < arguments.offers; ++i) {
    passport::v1::Selector selector;
    if (i == 0) {
      selector.add_product_groups("plastic-lot");
    } else {
      selector.add_record_ids(record::RecordId::Make(random).ToHex());
    }
    contents.push_back(OfferOf(selector));
  }
  MEGURI_ASSIGN_OR_RETURN(const std::vector<record::v1::Publication> offers, owner->Publish(std::move(contents)));
  MEGURI_ASSIGN_OR_RETURN(const std::vector<record::v1::Publication> grants,
                          GrantAndAgree(*owner, *reader, offers, arguments.grants_of_each));
  return Figures{{"grants", static_cast<double>(grants.size())},
                 {"seconds", absl::ToDoubleSeconds(absl::Now() - begin)}};
}

}  // namespace

void AddGrants(CLI::App& app, Chosen& chosen) {
  CLI::App& command =
      *app.add_subcommand("grants", "Offers, grants and agreements of two members, of which those of one offer match");
  const auto arguments = std::make_shared<Arguments>();
  command.add_option("--home", arguments->home, "Client folder of the owner, with the role admin")->required();
  command.add_option("--reader-home", arguments->reader_home, "Client folder of the reader")->required();
  command.add_option("--offers", arguments->offers, "Offers")->check(CLI::PositiveNumber);
  command.add_option("--grants", arguments->grants_of_each, "Grants of each offer")->check(CLI::PositiveNumber);
  command.callback([arguments, &chosen] { chosen = [arguments] { return GrantMany(*arguments); }; });
}

}  // namespace meguri::bench
