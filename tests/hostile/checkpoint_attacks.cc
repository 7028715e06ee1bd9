// SPDX-License-Identifier: Apache-2.0
// What the publisher signed about its whole feed, broken or contradicted; and what else a stream can bring.
#include <utility>

#include "absl/strings/str_cat.h"
#include "certs/registry.h"
#include "record/checkpoint.h"
#include "record/merkle.h"
#include "tests/hostile/attack.h"
#include "tests/testing/fakes.h"

namespace meguri::hostile {
namespace {

using feed::v1::FeedItem;
using feed::v1::FollowResponse;

constexpr size_t kPromised = 2;  // entries beyond what the follower has
constexpr int kUnavailable = 14;
constexpr int kPermissionDenied = 7;

// The follower gets one checkpoint and nothing else.
Attack OnCheckpoint(std::string name, std::function<std::string(const Scene&)> make) {
  return {std::move(name), [make = std::move(make)](const Scene& scene) {
            Script script;
            script.responses.push_back(TargetOf(scene, make(scene)));
            return script;
          }};
}

Feed LongerFeed(const Scene& scene) { return Feed(scene.publisher, scene.feed, HonestItems(scene, kPromised)); }

// The same feed, but for its second entry.
Feed ForkedFeed(const Scene& scene, size_t more) {
  std::vector<FeedItem> items = HonestItems(scene, more);
  items[1] = scene.publisher.MakeItems(/*seed=*/5, 1)[0];
  return Feed(scene.publisher, scene.feed, std::move(items));
}

// As long as LongerFeed and one entry more, and another history from the first unseen entry on.
Feed OtherFuture(const Scene& scene) {
  std::vector<FeedItem> items = HonestItems(scene);
  for (FeedItem& item : scene.publisher.MakeItems(/*seed=*/6, kPromised + 1)) {
    items.push_back(std::move(item));
  }
  return Feed(scene.publisher, scene.feed, std::move(items));
}

std::string SignOrigin(const Scene& scene, const std::string& origin, const record::Signer& key) {
  const Feed feed = LongerFeed(scene);
  return Must(record::SignCheckpoint({origin, feed.size(), feed.Root(feed.size())}, key));
}

std::string TamperedCheckpoint(const Scene& scene) {
  const Feed feed = LongerFeed(scene);
  std::string note = feed.Checkpoint(feed.size());
  const size_t digit = note.find('\n') + 1;
  Invariant(note[digit] == '5', "the second line is the size");
  note[digit] = '6';
  return note;
}

// The first connection gets a promise, and the stream ends before it is kept; the next ones get `later`.
Attack AfterPromise(std::string name, std::function<Script(const Scene&)> later) {
  return {std::move(name), [later = std::move(later)](const Scene& scene) {
            if (scene.connection > 1) {
              return later(scene);
            }
            const Feed feed = LongerFeed(scene);
            Script script;
            script.responses.push_back(TargetOf(scene, feed.Checkpoint(feed.size())));
            script.end = StreamEnd{kUnavailable, "back in a moment", "NODE_STOPPING"};
            return script;
          }};
}

Script RollBackMidstream(const Scene& scene) {
  const Feed feed = LongerFeed(scene);
  Script script;
  script.responses.push_back(TargetOf(scene, feed.Checkpoint(feed.size())));
  script.responses.push_back(TargetOf(scene, feed.Checkpoint(feed.size() - 1)));
  return script;
}

// A head that was never reached is replaced by a larger one of another history, whose entries come.
Script ReplacePromise(const Scene& scene) {
  const Feed feed = LongerFeed(scene);
  Script script;
  script.responses.push_back(TargetOf(scene, feed.Checkpoint(feed.size())));
  for (FollowResponse& response : Serve(scene, OtherFuture(scene)).responses) {
    script.responses.push_back(std::move(response));
  }
  return script;
}

Attack OnDenial(std::string name, std::string feed, std::string reason) {
  return {std::move(name), [feed = std::move(feed), reason = std::move(reason)](const Scene& scene) {
            Script script;
            feed::v1::FeedDenial& denial = *script.responses.emplace_back().mutable_denial();
            denial.set_feed(feed.empty() ? scene.feed : feed);
            denial.set_reason(reason);
            denial.set_message("\x1b[31mnot for you");
            return script;
          }};
}

Script FalseHeartbeat(const Scene& scene, bool claims_to_be_operator) {
  const certs::TrustBundle& bundle = scene.publisher.bundle();
  const int64_t now_ms = absl::ToUnixMillis(SystemClock().Now());
  registry::v1::Heartbeat heartbeat;
  heartbeat.set_origin(bundle.message().registry_origin());
  heartbeat.set_size(1000);
  heartbeat.set_root(record::Sha256("another registry").ToString());
  heartbeat.set_time_ms(static_cast<uint64_t>(now_ms));
  heartbeat.set_next_update_ms(static_cast<uint64_t>(now_ms + 60'000));
  const record::ParticipantId& signer = claims_to_be_operator ? bundle.operator_id() : scene.publisher.participant();
  record::v1::SignedBody body =
      Must(certs::SignHeartbeat(heartbeat, bundle.federation(), signer, scene.publisher.feed_key()));
  if (claims_to_be_operator) {
    const std::string& spki = bundle.registry_feed_key().spki();
    body.mutable_signatures(0)->set_key_id(record::KeyId(bundle.federation(), bundle.operator_id(), spki).ToString());
  }
  Script script;
  *script.responses.emplace_back().mutable_heartbeat()->mutable_registry_heartbeat() = std::move(body);
  return script;
}

// After the honest head, the word that the feed is another one, or the right word by another key.
Script FalseFeedHeartbeat(const Scene& scene, bool is_of_another_head) {
  const Feed feed(scene.publisher, scene.feed, HonestItems(scene));
  const int64_t now_ms = absl::ToUnixMillis(SystemClock().Now());
  registry::v1::Heartbeat heartbeat;
  heartbeat.set_origin(scene.publisher.OriginOf(scene.feed));
  heartbeat.set_size(feed.size());
  heartbeat.set_root(is_of_another_head ? record::Sha256("another feed").ToString()
                                        : feed.Root(feed.size()).ToString());
  heartbeat.set_time_ms(static_cast<uint64_t>(now_ms));
  heartbeat.set_next_update_ms(static_cast<uint64_t>(now_ms + 3'600'000));
  Script script;
  script.responses.push_back(TargetOf(scene, feed.Checkpoint(feed.size())));
  feed::v1::FeedHeartbeat& sent = *script.responses.emplace_back().mutable_heartbeat()->mutable_feed_heartbeat();
  sent.set_feed(scene.feed);
  *sent.mutable_heartbeat() =
      Must(certs::SignFeedHeartbeat(heartbeat, scene.publisher.bundle().federation(), scene.publisher.participant(),
                                    is_of_another_head ? scene.publisher.feed_key() : scene.publisher.record_key()));
  return script;
}

Attack OnEnd(std::string name, std::string message, std::string reason) {
  return {std::move(name), [end = StreamEnd{kPermissionDenied, std::move(message), std::move(reason)}](const Scene&) {
            Script script;
            script.end = end;
            return script;
          }};
}

std::vector<Attack> FormAttacks() {
  return {
      OnCheckpoint("foreign-origin",
                   [](const Scene& scene) {
                     return SignOrigin(scene, scene.publisher.bundle().message().registry_origin(),
                                       scene.publisher.feed_key());
                   }),
      OnCheckpoint("other-feed",
                   [](const Scene& scene) {
                     return SignOrigin(scene, scene.publisher.OriginOf("owner"), scene.publisher.feed_key());
                   }),
      OnCheckpoint("other-signer",
                   [](const Scene& scene) {
                     return SignOrigin(scene, scene.publisher.OriginOf(scene.feed), scene.publisher.record_key());
                   }),
      OnCheckpoint("tampered-checkpoint", &TamperedCheckpoint),
      OnCheckpoint("garbage-checkpoint", [](const Scene&) { return std::string("\xff\x00garbage\n\n", 11); }),
      OnCheckpoint("huge-checkpoint", [](const Scene&) { return std::string(size_t{1} << 20, '\n'); }),
  };
}

std::vector<Attack> HistoryAttacks() {
  return {
      OnCheckpoint("rolled-back",
                   [](const Scene& scene) {
                     return Feed(scene.publisher, scene.feed, HonestItems(scene)).Checkpoint(kHonestSize - 1);
                   }),
      OnCheckpoint("emptied", [](const Scene& scene) { return Feed(scene.publisher, scene.feed, {}).Checkpoint(0); }),
      OnCheckpoint("forked", [](const Scene& scene) { return ForkedFeed(scene, 0).Checkpoint(kHonestSize); }),
      {"forked-growth", [](const Scene& scene) { return Serve(scene, ForkedFeed(scene, kPromised)); }},
      {"rolled-back-midstream", &RollBackMidstream},
      {"replaced-promise", &ReplacePromise},
      AfterPromise("broken-promise", [](const Scene& scene) { return Serve(scene, OtherFuture(scene)); }),
      AfterPromise("rolled-back-promise",
                   [](const Scene& scene) {
                     const Feed feed = LongerFeed(scene);
                     Script script;
                     script.responses.push_back(TargetOf(scene, feed.Checkpoint(feed.size() - 1)));
                     return script;
                   }),
      AfterPromise("forked-promise",
                   [](const Scene& scene) {
                     const Feed feed = ForkedFeed(scene, kPromised);
                     Script script;
                     script.responses.push_back(TargetOf(scene, feed.Checkpoint(feed.size())));
                     return script;
                   }),
  };
}

}  // namespace

std::vector<Attack> CheckpointAttacks() {
  std::vector<Attack> attacks = FormAttacks();
  for (Attack& attack : HistoryAttacks()) {
    attacks.push_back(std::move(attack));
  }
  attacks.push_back({"false-heartbeat", [](const Scene& scene) { return FalseHeartbeat(scene, false); }});
  attacks.push_back({"forged-heartbeat", [](const Scene& scene) { return FalseHeartbeat(scene, true); }});
  attacks.push_back({"feed-heartbeat-other-head", [](const Scene& scene) { return FalseFeedHeartbeat(scene, true); }});
  attacks.push_back({"feed-heartbeat-other-key", [](const Scene& scene) { return FalseFeedHeartbeat(scene, false); }});
  attacks.push_back({"hang-up", [](const Scene&) { return Script{{}, StreamEnd{}}; }});
  attacks.push_back(OnDenial("denied", "", "FEED_NOT_READABLE"));
  attacks.push_back(OnDenial("denied-garbled", "", "\x1b[31mALL IS WELL"));
  attacks.push_back(OnDenial("denied-other-feed", "owner", "FEED_NOT_READABLE"));
  attacks.push_back(OnEnd("garbled-end", absl::StrCat(std::string(299, 'x'), "\xe5\xb7\xa1\xff\x1b[31m"), "GARBLED"));
  attacks.push_back(OnEnd("garbled-reason", "no", absl::StrCat("\x1b[31mEVERYTHING IS FINE\n", std::string(400, 'x'))));
  return attacks;
}

}  // namespace meguri::hostile
