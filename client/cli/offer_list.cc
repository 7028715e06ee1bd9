// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "client/cli/access_view.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/json.h"
#include "client/cli/passport_view.h"
#include "client/cli/publishing.h"
#include "client/cli/record_view.h"
#include "client/sign.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

struct ListArguments {
  bool own = false;
};

absl::Status List(Session& session, const ListArguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  MEGURI_ASSIGN_OR_RETURN(const std::vector<SeenOffer> offers, ListOffers(*node, ""));
  Table table({{session.Say(Message::kOffer)},
               {session.Say(Message::kOwner)},
               {session.Say(Message::kTitle)},
               {session.Say(Message::kSelects)},
               {session.Say(Message::kExpires)}});
  nlohmann::ordered_json json = {{"offers", nlohmann::ordered_json::array()}};
  for (const SeenOffer& seen : offers) {
    if (arguments.own && seen.header.publisher() != context->settings.member) {
      continue;
    }
    json["offers"].push_back({{"record_id", seen.header.record_id().ToHex()}, {"offer", ToJson(seen.view)}});
    table.Add({seen.header.record_id().ToHex(), seen.header.publisher().text(),
               TextIn(session.language(), seen.offer.title()), SelectorInWords(seen.offer.selector(), session),
               seen.offer.expires()});
  }
  if (table.size() == 0) {
    session.Note(session.Say(Message::kNothingFound));
  }
  return session.Answer(table.Layout(), json, "offers");
}

struct ShowArguments {
  std::string offer;
};

absl::Status Show(Session& session, const ShowArguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const record::RecordId id, ParseRecordIdArgument(arguments.offer));
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  MEGURI_ASSIGN_OR_RETURN(const SeenOffer seen, GetOffer(*node, id, ""));
  return session.Answer(TableOf(seen, session).Layout(), ToJson(seen.view));
}

absl::Status End(Session& session, const ShowArguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const record::RecordId id, ParseRecordIdArgument(arguments.offer));
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  // That it is an offer: what this command ends stays ended.
  MEGURI_RETURN_IF_ERROR(GetOffer(*node, id, context->settings.member.text()).status());
  MEGURI_ASSIGN_OR_RETURN(const record::Header newest, GetNewestOwn(session, id));
  record::v1::Tombstone tombstone;
  tombstone.set_reason(record::v1::TOMBSTONE_REASON_WITHDRAWN);
  MEGURI_ASSIGN_OR_RETURN(const VersionDraft version, LastVersion(std::move(tombstone), newest));
  MEGURI_ASSIGN_OR_RETURN(record::v1::Publication publication,
                          Seal(version, context->settings.member, session.clock().Now(), session.random()));
  std::vector<NamedPublication> publications;
  publications.push_back({arguments.offer, std::move(publication)});
  const PublishOutcome outcome = SignAndPublish(session, std::move(publications), /*validate_only=*/false);
  return AnswerPublished(session, {arguments.offer}, outcome, /*validate_only=*/false);
}

}  // namespace

void AddOfferList(Command parent, Session& session) {
  const auto arguments = std::make_shared<ListArguments>();
  const Command command = AddVerb(parent, "list", Message::kAboutOfferList, session);
  command.Flag("--own", arguments->own, session.Say(Message::kAboutOwnOffers));
  OnCall(command, session, arguments, &List);
}

void AddOfferShow(Command parent, Session& session) {
  const auto arguments = std::make_shared<ShowArguments>();
  const Command command = AddVerb(parent, "show", Message::kAboutOfferShow, session);
  command.Option("OFFER", arguments->offer, session.Say(Message::kAboutOfferId)).Required();
  OnCall(command, session, arguments, &Show);
}

void AddOfferEnd(Command parent, Session& session) {
  const auto arguments = std::make_shared<ShowArguments>();
  const Command command = AddVerb(parent, "end", Message::kAboutOfferEnd, session);
  command.Option("OFFER", arguments->offer, session.Say(Message::kAboutOfferId)).Required();
  OnCall(command, session, arguments, &End);
}

}  // namespace meguri::client
