// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/document_formats.h"

#include "passport/formats/battery_pass.h"
#include "passport/formats/catena_x.h"
#include "passport/formats/iec62474.h"
#include "passport/formats/open_epcis.h"

namespace meguri::passport {
namespace {

constexpr DocumentFormat kFormats[] = {
    {"iec62474", DocumentSyntax::kXml, &IsIec62474, &ReadIec62474},
    {"catena-x-passport", DocumentSyntax::kJson, &IsCatenaXPassport, &ReadCatenaXPassport},
    {"catena-x-pcf", DocumentSyntax::kJson, &IsCatenaXFootprint, &ReadCatenaXFootprint},
    {"catena-x-dismantling", DocumentSyntax::kJson, &IsCatenaXDismantling, &ReadCatenaXDismantling},
    {"catena-x-secondary-material", DocumentSyntax::kJson, &IsCatenaXSecondaryMaterial, &ReadCatenaXSecondaryMaterial},
    {"catena-x-recycling-batch", DocumentSyntax::kJson, &IsCatenaXRecyclingBatch, &ReadCatenaXRecyclingBatch},
    {"catena-x-bom", DocumentSyntax::kJson, &IsCatenaXBill, &ReadCatenaXBill},
    {"catena-x-twins", DocumentSyntax::kJson, &IsCatenaXTwins, &ReadCatenaXTwins},
    {"openepcis", DocumentSyntax::kJson, &IsOpenEpcis, &ReadOpenEpcis},
    {"battery-pass-1.2", DocumentSyntax::kJson, &IsBatteryPass, &ReadBatteryPass},
};

}  // namespace

absl::Span<const DocumentFormat> DocumentFormats() { return kFormats; }

}  // namespace meguri::passport
