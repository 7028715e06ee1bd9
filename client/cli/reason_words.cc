// SPDX-License-Identifier: Apache-2.0
#include "client/cli/reason_words.h"

#include <algorithm>
#include <iterator>

namespace meguri::client {
namespace {

struct Row {
  absl::string_view reason;
  absl::string_view ja;
};

// In the order of their names.
constexpr Row kRows[] = {
    {"ALREADY_ENROLLED", "この会員は既に登録されています。"},
    {"AMBIGUOUS_MODEL", "該当が複数あります。メーカーまたはシリアル番号を加えてください。"},
    {"AUDIT_CHANGED", "監査記録の行が、以前のものから削除または変更されています。"},
    {"AUDIT_FILE", "監査記録のファイルとして読み取れません。"},
    {"AUDIT_FILTER", "監査記録の絞り込み条件が正しくありません。"},
    {"AUDIT_NOT_CONNECTED", "以前のファイルとのつながりを確かめられません。--since を付けて保存し直してください。"},
    {"AUDIT_OTHER_FEED", "別の会員の監査記録です。"},
    {"AUDIT_ROW", "監査記録の行として読み取れません。"},
    {"AUDIT_SHORTER", "監査記録が、以前に署名されたものより短くなっています。"},
    {"BUNDLE_EXPIRED", "信頼バンドルの有効期限が切れています。"},
    {"BUNDLE_FORM", "信頼バンドルとして読み取れません。"},
    {"BUNDLE_ROLLBACK", "手元のものより古い信頼バンドルです。"},
    {"BUNDLE_SIGNATURE", "信頼バンドルの署名が足りないか、正しくありません。"},
    {"BUSY", "ノードが混み合っています。"},
    {"CERTIFICATE_CHAIN", "証明書が信頼する認証局のものではありません。"},
    {"CERTIFICATE_EXPIRED", "証明書の有効期間外です。"},
    {"CERTIFICATE_FORM", "証明書として読み取れません。"},
    {"CHANGE_STALE", "読み取った後に登録が変更されました。"},
    {"CLIENT_REVOKED", "このクライアントは失効しています。"},
    {"CLIENT_ROLE", "このクライアントにはその操作の権限がありません。"},
    {"COMMIT_QUEUE_FULL", "ノードの書き込み待ちが上限に達しています。"},
    {"CONTEXT", "クライアントのフォルダーの設定が合いません。"},
    {"CSV_SYNTAX", "CSV として読み取れません。"},
    {"DEADLINE", "時間内に応答がありませんでした。"},
    {"DECLINED", "確認されなかったため、中止しました。"},
    {"EXPORT_MIXED", "種類の異なるレコードは一つの表に書き出せません。"},
    {"FEED_NAME", "フィードの名前が正しくありません。"},
    {"FEED_NOT_READABLE", "そのフィードを読む権限がありません。"},
    {"FIELD_PATH", "その名前の項目はありません。"},
    {"FILE_EXISTS", "同じ名前のファイルが既にあります。"},
    {"FILE_IO", "ファイルを読み書きできません。"},
    {"FILE_NOT_FOUND", "ファイルがありません。"},
    {"FILE_TOO_LARGE", "ファイルが大きすぎます。"},
    {"FILTER", "検索条件が正しくありません。"},
    {"FOLDER", "フォルダーを作成または使用できません。"},
    {"FOLDER_IN_USE", "そのフォルダーは既に使われています。"},
    {"FORK", "発行者が同じフィードについて食い違う署名をしています。"},
    {"GRANT_OVER", "この許諾は終了しています。"},
    {"IDENTIFIER", "識別子として読み取れません。"},
    {"IMPORT_BROKEN_OFF", "このファイルの取り込みは途中で中断しています。--resume で続けられます。"},
    {"IMPORT_CHANGED", "取り込み済みの内容が入力から変わったか、なくなっています。"},
    {"IMPORT_DONE", "このファイルは取り込み済みです。"},
    {"IMPORT_FORMAT", "対応している形式のファイルではありません。"},
    {"IMPORT_RUNNING", "このファイルの取り込みが別に実行中です。"},
    {"IMPORT_SIZE", "ファイルが取り込みの上限より大きいため、分割してください。"},
    {"IMPORT_STATE", "取り込み状態のファイルを読み取れません。"},
    {"JSON_SIZE", "JSON が大きすぎます。"},
    {"JSON_SYNTAX", "JSON として読み取れません。"},
    {"KEY_FILE_MODE", "鍵ファイルが他人にも読める状態です。権限を 0600 にしてください。"},
    {"KEY_NOT_ENDORSED", "会員の前の鍵が署名していない、復旧の印もない鍵です。"},
    {"KEY_NOT_NAMED", "加入申請は、この鍵のためのものではありません。"},
    {"KEY_RECOVERY", "前の鍵の署名がない鍵です(復旧)。本人であることを確かめてから --recovery を付けてください。"},
    {"MAPPING_KEY", "対応表に不明な項目があります。"},
    {"MAPPING_NEEDED", "見出しから項目を判断できません。--mapping を指定するか、ひな型を使ってください。"},
    {"MAPPING_SYNTAX", "対応表(TOML)として読み取れません。"},
    {"MEMBER_LEFT", "その会員は退会しています。"},
    {"MEMBER_NOT_ACTIVE", "会員が有効ではありません。"},
    {"MEMBER_NOT_FOUND", "その会員は登録されていません。"},
    {"MEMBER_SUSPENDED", "その会員は資格を停止されています。"},
    {"MESSAGE_SIZE", "一度に送れる大きさを超えています。"},
    {"NEWER_FORMAT", "このプログラムより新しい形式です。プログラムを更新してください。"},
    {"NODE_CERTIFICATE", "ノードの証明書を確認できません。"},
    {"NODE_IDENTITY", "接続先は期待したノードではありません。"},
    {"NODE_STOPPING", "ノードは停止処理中です。"},
    {"NODE_UNREACHABLE", "ノードに接続できません。"},
    {"NOTHING_CHANGES", "変更点がありません。"},
    {"NOT_AN_ENQUIRY", "そのレコードは引き合いではありません。"},
    {"NOT_ENROLLED", "この会員はまだ登録されていません。"},
    {"NOT_FOLLOWED", "そのフィードはフォローしていません。"},
    {"NOT_HOSTED", "その会員のフィードは、このノードが発行しておらず、写しも渡していません。"},
    {"NOT_HOSTED_HERE", "その会員は、このノードでホストされていません。"},
    {"NOT_NEWEST", "元にした版の後に、新しい版が公開されています。"},
    {"NOT_OF_THAT_KIND", "その記録は指定した種類ではないか、終了しています。"},
    {"NOT_THE_GRANTEE", "この許諾は他の会員へのものです。"},
    {"NOT_THE_OWNER", "この申請は他の会員宛てです。"},
    {"NO_RECORDS", "対象となるレコードがありません。"},
    {"NO_RECORD_KEY", "このクライアントには記録鍵がありません。"},
    {"NO_ROWS", "見出しの下に行がありません。"},
    {"OFFER_ENDED", "そのオファーは終了しています。"},
    {"OFFER_UNKNOWN", "そのオファーは終了しているか、見えません。"},
    {"ONWARD_REFUSED",
     "そのオファーは、この会員への再提供を認めていません。利用目的が必要な場合は --purpose で示してください。"},
    {"OUTPUT", "結果を出力できません。"},
    {"PAGE_TOKEN", "このページトークンは別の質問のものか、壊れています。"},
    {"PARTICIPANT_ID", "参加者IDの形式(ICD:識別子)ではありません。"},
    {"PARTS_RECORDS", "一つのレコードの部分となるファイルではありません。"},
    {"PUBLISHER_NODE", "発行者のノードに問い合わせできません。"},
    {"PUBLISHER_SUSPENDED", "発行者は資格を停止されています。"},
    {"RECEIPT_FEED", "この種類のフィードには受領証がありません。"},
    {"RECEIPT_FORM", "受領証として読み取れません。"},
    {"RECEIPT_FUTURE", "受領証の時刻が未来です。時計を確かめてください。"},
    {"RECEIPT_KEY", "受領証の鍵は、その会員のフィード鍵ではありません。"},
    {"RECEIPT_KEY_REVOKED", "受領証の鍵は失効しています。"},
    {"RECEIPT_KEY_TIME", "受領証の時刻に、その鍵は有効ではありませんでした。"},
    {"RECEIPT_NOT_ACTIVE", "受領証を出した会員は、停止中か退会済みです。"},
    {"RECEIPT_NOT_INDEPENDENT", "受領証を出した会員は、公開者から独立していません。"},
    {"RECEIPT_SIGNATURE", "受領証の署名が、このヘッドのものではありません。"},
    {"RECORD_ENDED", "このレコードは終了しています。"},
    {"RECORD_EXISTS", "既にあるレコードです。更新には record update を使ってください。"},
    {"RECORD_ID", "レコードIDではありません。"},
    {"RECORD_ID_AMBIGUOUS", "同じIDのレコードを複数の会員が公開しています。発行者を指定してください。"},
    {"RECORD_NOT_FOUND", "閲覧できるレコードはありません。"},
    {"RECORD_TYPE_CHANGED", "レコードの種類は変更できません。"},
    {"ROLLBACK", "発行者が以前より短いフィードに署名しました。"},
    {"SECTION_SIZE", "セクションが大きすぎます。"},
    {"STORE_FAILED", "ノードがディスクに書き込めません。"},
    {"STORE_LOCKED", "そのデータフォルダーは別のプログラムが使用中です。"},
    {"TEXT_ENCODING", "文字コードを判別または変換できません。"},
    {"TOO_MANY_FEEDS", "一度に指定できるフィードの数を超えています。"},
    {"TOO_MANY_RECORDS", "対象のレコードが多すぎます。条件を絞ってください。"},
    {"USAGE", "コマンドの使い方が正しくありません。"},
    {"VERSION_EXISTS", "その版は既に公開されています。"},
    {"XLSX_SHEET_MISSING", "その名前のシートはありません。"},
    {"XLSX_SYNTAX", "Excel ブックとして読み取れません。"},
    {"XML_DOCTYPE", "DOCTYPE を含む XML は受け付けません。"},
    {"XML_SYNTAX", "XML として読み取れません。"},
    {"ZIP_ENCRYPTED", "暗号化された ZIP は読み取れません。"},
    {"ZIP_RATIO", "圧縮率が異常なため、展開しません。"},
    {"ZIP_SYNTAX", "ZIP として読み取れません。"},
    {"ZIP_UNPACKED_SIZE", "展開後の大きさが上限を超えています。"},
};

constexpr bool StandInOrder() {
  for (size_t i = 1; i < std::size(kRows); ++i) {
    if (!(kRows[i - 1].reason < kRows[i].reason)) {
      return false;
    }
  }
  return true;
}
static_assert(StandInOrder(), "rows are found by their order");

}  // namespace

absl::string_view ReasonInJapanese(absl::string_view reason) {
  const Row* row = std::lower_bound(std::begin(kRows), std::end(kRows), reason,
                                    [](const Row& each, absl::string_view wanted) { return each.reason < wanted; });
  return row != std::end(kRows) && row->reason == reason ? row->ja : "";
}

}  // namespace meguri::client
