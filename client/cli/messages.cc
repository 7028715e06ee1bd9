// SPDX-License-Identifier: Apache-2.0
#include "client/cli/messages.h"

#include <array>
#include <cstddef>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

namespace meguri::client {
namespace {

struct Row {
  Message message;
  const char* ja;
  const char* en;
};

constexpr Row kRows[] = {
    {Message::kAboutProgram, "巡り(Meguri): 資源循環のためのパスポートを公開・取得・検証します",
     "Meguri: publish, read and verify passports for a circular economy"},
    {Message::kAboutHome, "クライアントフォルダー(環境変数 MEGURI_HOME でも指定可)",
     "client folder (also MEGURI_HOME in the environment)"},
    {Message::kAboutOutput, "出力形式: table、json、jsonl(1 行 1 件)",
     "form of the answer: table, json, or jsonl (one item a line)"},
    {Message::kAboutLanguage, "メッセージの言語: ja、en", "language of messages: ja or en"},
    {Message::kAboutTimeout, "ノードの応答を待つ時間(例 10s、2m)",
     "how long to wait for the node, for example 10s or 2m"},
    {Message::kAboutQuiet, "経過や補足を表示しない", "show no progress and no notes"},
    {Message::kAboutNoColor, "色を付けない(環境変数 NO_COLOR でも指定可)",
     "no colours (also NO_COLOR in the environment)"},
    {Message::kAboutProgress, "進捗の表示: auto、bar、plain、json、none", "progress as auto, bar, plain, json or none"},
    {Message::kAboutInit, "既定のクライアントフォルダーを設定します",
     "choose the client folder that is used from now on"},
    {Message::kAboutFolder, "`meguri-node client add` が作ったフォルダー", "folder that `meguri-node client add` made"},
    {Message::kAboutRecord, "記録(パスポートなど)を扱います", "records: passports and whatever else is published"},
    {Message::kAboutRecordPublish, "新しい記録を署名して公開します", "sign and publish new records"},
    {Message::kAboutRecordFiles, "記録ファイル(JSON)。- は標準入力", "record files (JSON); - is standard input"},
    {Message::kAboutDryRun, "検査だけを行い、公開しない", "check everything, publish nothing"},
    {Message::kAboutRecordGet, "記録を表示します", "show a record"},
    {Message::kAboutRecordId, "記録 ID(16 進数 32 桁)", "record ID (32 hexadecimal digits)"},
    {Message::kAboutVersionNumber, "版の番号(省略時は最新)", "version number; the newest if left out"},
    {Message::kAboutPublisherOption, "公開者の参加者 ID", "participant ID of the publisher"},
    {Message::kAboutSave, "検証済みの記録をファイルに保存する(`meguri verify` で検証可)",
     "save the record, once verified, as a file for `meguri verify`"},
    {Message::kAboutRecordList, "閲覧できる記録を一覧します", "list the records that you may see"},
    {Message::kAboutFilter,
     "条件(例 'product_group = \"battery\" AND recycled_fraction >= 0.3'、'substance(\"117-81-7\") > 0.001')",
     "condition, for example 'product_group = \"battery\" AND recycled_fraction >= 0.3', or 'substance(\"117-81-7\") > "
     "0.001'"},
    {Message::kAboutPageSize, "1 ページの件数(1-1000)", "records a page (1-1000)"},
    {Message::kAboutPageToken, "続きを取得するための文字列", "where an earlier page ended"},
    {Message::kAboutAll, "すべてのページを取得する", "fetch every page"},
    {Message::kAboutRecordHistory, "記録の版を古い順に一覧します", "list the versions of a record, oldest first"},
    {Message::kAboutRecordResolve, "読み取った識別子から記録を探します",
     "find the record that a scanned identifier names"},
    {Message::kAboutIdentifier, "GS1 Digital Link、GTIN、GTIN/シリアル番号、または記録 ID",
     "GS1 Digital Link, GTIN, GTIN/serial, or record ID"},
    {Message::kAboutRecordUpdate, "記録の次の版を公開します", "publish the next version of a record"},
    {Message::kAboutRecordFile, "記録ファイル(JSON)。- は標準入力", "record file (JSON); - is standard input"},
    {Message::kAboutRecordWithdraw, "記録を終了します(最後の版を公開)", "end a record by a last version"},
    {Message::kAboutSupersededBy, "後継となる記録の ID", "ID of the record that replaces it"},
    {Message::kAboutImport, "`record publish` と同じ", "the same as `record publish`"},
    {Message::kAboutVerify, "保存した記録をオフラインで検証します", "verify a saved record, offline"},
    {Message::kAboutSavedFile, "`record get --save` で保存したファイル", "file that `record get --save` wrote"},
    {Message::kAboutTrustBundle, "トラストバンドル(省略時はクライアントフォルダーのもの)",
     "trust bundle; that of the client folder if left out"},
    {Message::kAboutFeed, "フィード(検証可能な公開履歴)を扱います", "feeds: verifiable logs of what was published"},
    {Message::kAboutFeedCheckpoint, "フィードの署名付きチェックポイントを検証して表示します",
     "show and verify the signed head of a feed"},
    {Message::kAboutPublisher, "公開者の参加者 ID(例 0188:7123456789012)",
     "participant ID of the publisher, for example 0188:7123456789012"},
    {Message::kAboutFeedName, "フィード名(例 public、recyclers/battery)",
     "feed, for example public or recyclers/battery"},
    {Message::kAboutEpoch, "エポック番号", "epoch of the feed"},
    {Message::kAboutFeedFollow, "フィードの追従を始めます", "start to follow feeds of a publisher"},
    {Message::kAboutFeedNames, "フィード名(複数可)", "feeds, one or more"},
    {Message::kAboutFeedUnfollow, "フィードの追従をやめます(受信済みのものは残る)",
     "stop following; what was received stays"},
    {Message::kAboutFeedUnfollowNames, "フィード名(省略時は公開者のすべて)",
     "feeds; all of the publisher's if left out"},
    {Message::kAboutFeedList, "追従中のフィードと状態を一覧します", "list followed feeds and how far they are"},
    {Message::kAboutPeer, "他のノードを調べます", "other nodes"},
    {Message::kAboutPeerList, "メンバーとそのノードを一覧します", "list members and their nodes"},
    {Message::kAboutMember, "連合のメンバーを扱います", "members of the federation"},
    {Message::kAboutMemberEnrol, "加入申請を承認し、登録証を発行します(運営者)",
     "accept a request to join and issue the enrolment (operator)"},
    {Message::kAboutEnrolmentRequest, "`meguri-node init` が作った加入申請ファイル",
     "enrolment request that `meguri-node init` made"},
    {Message::kAboutEnrolmentOut, "登録証の書き出し先(省略時は申請ファイルと同じ場所の enrolment)",
     "where to write the enrolment; `enrolment` beside the request if left out"},
    {Message::kAboutEnrolAgain, "登録済みのメンバーの登録内容を申請どおりに置き換え、証明書を再発行する(変更点を表示)",
     "the member is enrolled already: replace its entry by the request (showing what changes) and issue a new "
     "certificate"},
    {Message::kAboutYes, "確認せずに実行する", "do it without asking"},
    {Message::kAboutMemberList, "メンバーを一覧します", "list the members"},
    {Message::kAboutMemberShow, "メンバーの登録内容を検証して表示します", "show and verify the entry of a member"},
    {Message::kAboutMemberId, "参加者 ID(例 0188:7123456789012)", "participant ID, for example 0188:7123456789012"},
    {Message::kAboutMemberSuspend, "メンバーを停止します(運営者)", "suspend a member (operator)"},
    {Message::kAboutMemberActivate, "停止中のメンバーを再開します(運営者)", "activate a suspended member (operator)"},
    {Message::kAboutMemberLeave, "メンバーを脱退済みにします(運営者)", "record that a member has left (operator)"},
    {Message::kAboutMemberUpdate,
     "メンバーの登録内容を変更します。変更申請ファイルを適用するか、項目を指定します(運営者)",
     "change the entry of a member: by its change request, or field by field (operator)"},
    {Message::kAboutMemberOrRequest,
     "参加者 ID、または `meguri-node request-change` や `rotate-key` が作った変更申請ファイル",
     "participant ID, or the file that `meguri-node request-change` or `rotate-key` made"},
    {Message::kAboutNameJa, "日本語の名称", "name in Japanese"},
    {Message::kAboutNameEn, "英語の名称", "name in English"},
    {Message::kAboutNameKana, "名称のかな", "name in kana"},
    {Message::kAboutMemberKind, "区分(例 company-large)", "kind, for example company-large"},
    {Message::kAboutPermit, "リサイクラーの許可: 種類|番号|発行者", "permit of the recycler role: type|number|issuer"},
    {Message::kAboutRoles, "役割: 種類[:範囲,…](例 recycler:battery)。全体を置き換える。空文字列で空にする",
     "role: kind[:scope,…], for example recycler:battery; replaces them all, an empty text empties the list"},
    {Message::kAboutAddresses, "ノードの接続先 host:port。全体を置き換える",
     "host:port of the node; replaces them all"},
    {Message::kAboutPrefixes, "GS1 事業者コード。全体を置き換える", "GS1 company prefix; replaces them all"},
    {Message::kAboutLinkDomains, "このメンバーが発行する Digital Link のホスト名。全体を置き換える",
     "host name of Digital Links that the member issues; replaces them all"},
    {Message::kAboutNameSpaces, "このメンバーが発行する識別子の URI の先頭部分。全体を置き換える",
     "URI prefix of identifiers that the member issues; replaces them all"},
    {Message::kAboutMemberRevokeKey, "メンバーの鍵を失効させます(運営者)", "revoke a key of a member (operator)"},
    {Message::kAboutKeyId, "鍵 ID(先頭 8 桁以上)。`member show` で表示できます",
     "key ID, or its first 8 digits or more; `member show` lists them"},
    {Message::kAboutRevokedAt, "失効の時刻(例 2026-04-01T09:00:00+09:00)。省略時は今",
     "since when, for example 2026-04-01T09:00:00+09:00; now if left out"},
    {Message::kAboutKey, "記録に署名する鍵を扱います", "keys that sign records"},
    {Message::kAboutKeyShow, "使用中の鍵を表示します", "show the key in use"},
    {Message::kAboutKeyGenerate, "新しい鍵を作ります", "make a new key"},
    {Message::kAboutKeyFile, "新しく作る鍵ファイル", "key file to make"},
    {Message::kAboutAlgorithm, "アルゴリズム: ed25519、ecdsa-p256", "algorithm: ed25519 or ecdsa-p256"},
    {Message::kAboutDismantle, "解体カードを自ノードの写しから作ります(危険の表示が最初)",
     "make dismantling cards from what the own node holds, hazards first"},
    {Message::kAboutFromList, "識別子を 1 行に 1 つ書いたファイル", "a file with one identifier a line"},
    {Message::kAboutHtml, "印刷用の HTML をこのフォルダーに 1 製品 1 枚で書きます",
     "write a printable HTML sheet per product into this folder"},
    {Message::kAboutSubstance, "物質を含む製品を調べます", "substances, and the products that contain them"},
    {Message::kAboutSubstanceWatch, "物質を含む自社の製品と、どの部品を通じて含むかを示します",
     "show which own products contain a substance, and through which parts"},
    {Message::kAboutSubstanceArgument, "CAS番号またはEC番号", "CAS or EC number"},
    {Message::kAboutAbove, "質量分率がこれを超えるものだけ(例 0.001)",
     "only above this mass fraction, for example 0.001"},
    {Message::kAboutWatchAll, "閲覧できる他社の記録も示します", "also records of others that you may read"},
    {Message::kAboutNode, "自分のノードを調べます", "the node itself"},
    {Message::kAboutNodeStatus, "ノードの状態を表示します", "show how the node is doing"},
    {Message::kAboutAccess, "閲覧権限を調べます", "who may see what"},
    {Message::kAboutAccessExplain, "記録のどの部分を誰が読めるか、その理由を説明します",
     "say which sections of a record a member may read, and why"},
    {Message::kAboutReader, "閲覧者の参加者 ID(省略時は一般の人)",
     "participant ID of the reader; someone who is no member if left out"},
    {Message::kAboutVersion, "プログラムの版を表示します", "show the version of the program"},
    {Message::kAboutCompletion, "シェル補完スクリプトを出力します", "print a completion script for a shell"},
    {Message::kAboutShell, "シェル: bash", "shell: bash"},

    {Message::kRecord, "記録 ID", "RECORD"},
    {Message::kVersion, "版", "VERSION"},
    {Message::kRecordType, "種別", "TYPE"},
    {Message::kPublisher, "公開者", "PUBLISHER"},
    {Message::kIssued, "発行日時", "ISSUED"},
    {Message::kSections, "セクション", "SECTIONS"},
    {Message::kSource, "所在", "SOURCE"},
    {Message::kHeaderHash, "ヘッダーハッシュ", "HEADER HASH"},
    {Message::kFile, "ファイル", "FILE"},
    {Message::kResult, "結果", "RESULT"},
    {Message::kSection, "セクション", "SECTION"},
    {Message::kAudiences, "公開範囲", "AUDIENCES"},
    {Message::kReadable, "閲覧可", "READABLE"},
    {Message::kRule, "規則", "RULE"},
    {Message::kReason, "理由", "WHY"},
    {Message::kFeed, "フィード", "FEED"},
    {Message::kState, "状態", "STATE"},
    {Message::kSize, "件数", "SIZE"},
    {Message::kTarget, "目標", "TARGET"},
    {Message::kTrouble, "直近のエラー", "LAST ERROR"},
    {Message::kMember, "メンバー", "MEMBER"},
    {Message::kName, "名称", "NAME"},
    {Message::kKind, "区分", "KIND"},
    {Message::kRoles, "役割", "ROLES"},
    {Message::kPermit, "許可", "PERMIT"},
    {Message::kStatus, "状態", "STATUS"},
    {Message::kNode, "ノード", "NODE"},
    {Message::kAddresses, "接続先", "ADDRESSES"},
    {Message::kKeys, "鍵", "KEY"},
    {Message::kPrefixes, "GS1 事業者コード", "GS1 PREFIXES"},
    {Message::kLinkDomains, "リンクドメイン", "LINK DOMAINS"},
    {Message::kNameSpaces, "名前空間", "NAME SPACES"},
    {Message::kFederation, "連合", "FEDERATION"},
    {Message::kAlgorithm, "アルゴリズム", "ALGORITHM"},
    {Message::kKeyId, "鍵 ID", "KEY ID"},
    {Message::kPublicKey, "公開鍵", "PUBLIC KEY"},
    {Message::kHostedMembers, "収容メンバー", "HOSTED MEMBERS"},
    {Message::kProgramVersion, "プログラムの版", "PROGRAM VERSION"},
    {Message::kRegistrySize, "登録簿の件数", "REGISTRY SIZE"},
    {Message::kRegistryAge, "登録簿の鮮度", "REGISTRY AGE"},
    {Message::kCertificateExpires, "証明書の期限", "CERTIFICATE EXPIRES"},
    {Message::kRecordCount, "記録数", "RECORDS"},
    {Message::kRoot, "ルートハッシュ", "ROOT"},
    {Message::kOrigin, "起点名", "ORIGIN"},
    {Message::kSignature, "署名", "SIGNATURE"},
    {Message::kVerdict, "判定", "VERDICT"},
    {Message::kEnded, "終了", "ended"},
    {Message::kSuccessor, "後継の記録", "SUCCESSOR"},
    {Message::kYes, "可", "yes"},
    {Message::kNo, "不可", "no"},

    {Message::kContextSet, "今後は $0 を使います($1 として $2 に接続)", "From now on $0 is used: acts for $1 at $2"},
    {Message::kPublished, "公開しました", "published"},
    {Message::kAlreadyThere, "公開済みでした", "was there already"},
    {Message::kWouldPublish, "公開できます", "may be published"},
    {Message::kCheckedHereOnly, "$0 件に問題はありません。鍵がないため、ノードでの検査は行っていません",
     "$0 records are fine here. There is no key to sign with, so the node was not asked"},
    {Message::kSaved, "検証して $0 に保存しました", "verified and saved as $0"},
    {Message::kIdentifier, "識別子", "IDENTIFIER"},
    {Message::kHazards, "危険", "HAZARDS"},
    {Message::kSteps, "手順数", "STEPS"},
    {Message::kMinutes, "分", "MINUTES"},
    {Message::kSomeNotFound, "$1 件のうち $0 件は見つかりません", "$0 of $1 identifiers were not found"},
    {Message::kThrough, "経路", "THROUGH"},
    {Message::kDeclaresItself, "(自ら申告)", "(declares it itself)"},
    {Message::kNothingFound, "該当するものはありません", "nothing found"},
    {Message::kMoreRecords, "続きがあります: --page-token $0 または --all",
     "there are more: --page-token $0, or --all"},
    {Message::kIssuedBy, "この識別子の発行者: $0 $1($2)", "such identifiers are issued by $0 $1 ($2)"},
    {Message::kUnknownIdentifier, "この識別子の記録も発行者も見つかりません",
     "neither a record nor an issuer is known for this identifier"},
    {Message::kFollowing, "$0 のフィードを追従します: $1", "following $0: $1"},
    {Message::kNotFollowing, "$0 のフィードの追従をやめました: $1", "no longer following $0: $1"},
    {Message::kEnrolmentAsks, "次の組織が加入を申請しています。", "This organisation asks to join:"},
    {Message::kEnrolmentQuestion, "登録しますか?", "Enrol it?"},
    {Message::kEnrolled, "$0 を登録しました", "$0 is enrolled"},
    {Message::kEnrolmentWritten, "登録証を $0 に書き出しました。申請者に渡してください",
     "the enrolment is in $0: send it to the applicant"},
    {Message::kEnrolledAgain, "$0 を登録し直しました", "$0 is enrolled again"},
    {Message::kAlreadyEnrolled, "$0 は登録済みです", "$0 is enrolled already"},
    {Message::kEnrolledButNotActive, "$0 は登録済みで、状態は $1 です。加入申請では再開できません",
     "$0 is enrolled and is $1: a request to join does not make it active again"},
    {Message::kOnlyACertificate, "$0 の登録内容は変わりません。ノード証明書だけを発行します",
     "nothing changes in the entry of $0: it gets a new node certificate"},
    {Message::kIsARecovery,
     "注意: 登録済みの有効な鍵による署名がありません(鍵の復旧)。本人であることを別の手段で確かめてください",
     "take care: no record key that is in force signed this (a recovery). Make sure by other means that it is really "
     "the member"},
    {Message::kEntryChanges, "$0 の登録内容の変更点:", "this changes in the entry of $0:"},
    {Message::kChangeQuestion, "変更しますか?", "Change it?"},
    {Message::kEntryChanged, "$0 の登録内容を変更しました", "the entry of $0 is changed"},
    {Message::kNothingChanges, "$0 の登録内容に変更はありません", "nothing changes in the entry of $0"},
    {Message::kNoKeyLeft,
     "注意: $0 にはこの用途の有効な鍵がなくなります。新しい鍵が登録されるまで公開や配信ができません",
     "take care: this leaves $0 without a key for that purpose; until another is registered it cannot publish, or "
     "cannot be followed"},
    {Message::kStatusSet, "$0 の状態: $1", "$0 is $1"},
    {Message::kKeyWritten, "鍵を $0 に作りました。公開鍵: $1", "the key is in $0; public key: $1"},
    {Message::kCheckpointVerified, "検証済み", "verified"},
    {Message::kVerdictValid, "有効", "VALID"},
    {Message::kVerdictIndeterminate, "判定不能", "INDETERMINATE"},
    {Message::kPublishing, "公開中", "publishing"},
    {Message::kVisibleToReader, "この閲覧者には次のフィードで届きます: $0", "reaches that reader by: $0"},
    {Message::kNotVisibleToReader, "この閲覧者に届くフィードはありません", "no feed brings it to that reader"},

    {Message::kError, "エラー", "error"},
    {Message::kFound, "問題", "found"},
    {Message::kExpected, "期待", "expected"},
    {Message::kDo, "対処", "do"},
    {Message::kProblems, "$0 件の問題があります", "$0 problems"},
    {Message::kUsage, "使い方が正しくありません: $0", "wrong usage: $0"},
    {Message::kSeeHelp, "`meguri --help` または `meguri <コマンド> --help` を見てください",
     "see `meguri --help` or `meguri <command> --help`"},
    {Message::kNoContext, "クライアントフォルダーが指定されていません", "no client folder is chosen"},
    {Message::kNoRecordKey, "$0 の client.toml に record_key がないため、署名できません",
     "client.toml in $0 names no record_key, so nothing can be signed"},
    {Message::kNotVerified, "$0 は検証できません: $1 [$2]", "$0 does not verify: $1 [$2]"},
    {Message::kIndeterminateDoubt, "署名は正しいものの、有効な時期の署名か判定できません: $0",
     "the signature holds, but nothing proves that it was made in time: $0"},
    {Message::kDeclined, "取り消しました", "nothing was done"},
    {Message::kNeedsYes, "端末がないため確認できません。--yes を付けてください", "there is nobody to ask: add --yes"},
    {Message::kBadTimeout, "--timeout の値 $0 は使えません(例 10s、最大 1h)",
     "--timeout $0 is no duration such as 10s, at most 1h"},
    {Message::kCannotPrint, "結果を書き出せません", "the answer could not be written"},
    {Message::kWrongFederation, "トラストバンドルは $0 のもので、client.toml の連合 $1 と異なります",
     "the trust bundle is that of $0, but client.toml says $1"},
    {Message::kNotOneMember, "$0 を尋ねましたが、ノードは $1 の登録を返しました",
     "asked for $0, but the node returned the entry of $1"},
    {Message::kBadTime, "--at の値 $0 は過去の時刻ではありません(例 2026-04-01T09:00:00+09:00)",
     "--at $0 is no time in the past such as 2026-04-01T09:00:00+09:00"},
    {Message::kNotOneKey,
     "$0 で始まる $1 の鍵は 1 つではありません。`member show` で鍵 ID を確かめ、先頭 8 桁以上を指定してください",
     "$0 does not name one key of $1: look with `member show`, and give at least 8 digits"},
    {Message::kPinnedKey, "この鍵はトラストバンドルで定められています。次のトラストバンドルでのみ変更できます",
     "the trust bundle pins this key: only the next bundle can change it"},

    {Message::kCureContext, "`meguri init フォルダー` か --home でクライアントフォルダーを指定してください",
     "choose a client folder with `meguri init FOLDER` or --home"},
    {Message::kCureAlreadyEnrolled,
     "変更は `member update`、証明書の再発行や申請どおりの置き換えは `member enrol --again` を使ってください",
     "to change it use `member update`; `member enrol --again` replaces its entry by the request and issues a new "
     "certificate"},
    {Message::kCureNotActive,
     "再開は運営者の `member activate` です。状態を変えずに証明書を再発行するには `member enrol --again` "
     "を使ってください",
     "`member activate` (operator) makes it active again; `member enrol --again` issues a certificate and keeps the "
     "status"},
    {Message::kCureStale, "メンバーに、変更申請を作り直すよう依頼してください",
     "ask the member to make the change request anew"},
    {Message::kCureData, "上の問題を直して、もう一度実行してください", "mend the above and try again"},
    {Message::kCureUnreachable,
     "ノードが動いているか、client.toml の address が正しいか、この証明書が受け入れられているかを確かめてください",
     "see that the node runs, that address in client.toml is right, and that the node still accepts this client"},
    {Message::kCureDeadline,
     "反映されたかどうかは不明です。`meguri record list` で確かめてください。--timeout で待ち時間を延ばせます",
     "whether it took effect is unknown: look with `meguri record list`; --timeout waits longer"},
    {Message::kCureIdentity, "client.toml の address と node_identity が同じノードを指すか確かめてください",
     "see that address and node_identity in client.toml mean the same node"},
    {Message::kCureCertificate, "ノードの証明書の期限と、クライアントフォルダーの roots.crt を確かめてください",
     "see that the node's certificate has not expired and that roots.crt is that of the federation"},
    {Message::kCureDenied, "このクライアントの権限(read、publish、approve、admin)を確かめてください",
     "see which role this client has: read, publish, approve or admin"},
    {Message::kCureNotFound, "名前や ID を確かめてください。閲覧権限のないものも、ないものとして扱われます",
     "check the name or ID; what you may not see looks as if it were not there"},
    {Message::kCureBusy, "しばらく待って、もう一度実行してください", "wait a little and try again"},
    {Message::kCureNotVerified, "このファイルの内容は信用しないでください。公開者から取り直してください",
     "do not rely on what the file says: get it again from its publisher"},
    {Message::kCureInternal, "ノードのログを確かめてください", "look into the log of the node"},
};

constexpr size_t kMessages = static_cast<size_t>(Message::kCount);

constexpr bool StandInOrder() {
  for (size_t i = 0; i < std::size(kRows); ++i) {
    if (static_cast<size_t>(kRows[i].message) != i) {
      return false;
    }
  }
  return std::size(kRows) == kMessages;
}
static_assert(StandInOrder(), "one row for every message, in the order of the enum");

}  // namespace

std::string Text(Language language, Message message, std::initializer_list<absl::string_view> values) {
  const Row& row = kRows[static_cast<size_t>(message)];
  std::vector<std::pair<std::string, absl::string_view>> replacements;
  for (const absl::string_view value : values) {
    replacements.emplace_back(absl::StrCat("$", replacements.size()), value);
  }
  return absl::StrReplaceAll(language == Language::kJapanese ? row.ja : row.en, replacements);
}

Language LanguageOf(const std::vector<std::string>& arguments, const std::map<std::string, std::string>& environment) {
  std::string choice;
  for (const char* name : {"LANG", "LC_MESSAGES", "LC_ALL"}) {
    const auto found = environment.find(name);
    choice = found != environment.end() && !found->second.empty() ? found->second : choice;
  }
  for (size_t i = 0; i < arguments.size(); ++i) {
    absl::string_view argument = arguments[i];
    if (argument == "--lang" && i + 1 < arguments.size()) {
      choice = arguments[i + 1];
    } else if (absl::ConsumePrefix(&argument, "--lang=")) {
      choice = std::string(argument);
    }
  }
  return absl::StartsWith(choice, "ja") ? Language::kJapanese : Language::kEnglish;
}

}  // namespace meguri::client
