// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "meguri/passport/v1/access.pb.h"
#include "meguri/passport/v1/bill_of_materials.pb.h"
#include "meguri/passport/v1/carbon_footprint.pb.h"
#include "meguri/passport/v1/certification.pb.h"
#include "meguri/passport/v1/chain_of_custody.pb.h"
#include "meguri/passport/v1/composition.pb.h"
#include "meguri/passport/v1/composition_summary.pb.h"
#include "meguri/passport/v1/critical_raw_materials.pb.h"
#include "meguri/passport/v1/dismantling.pb.h"
#include "meguri/passport/v1/durability.pb.h"
#include "meguri/passport/v1/enquiry.pb.h"
#include "meguri/passport/v1/hazard_summary.pb.h"
#include "meguri/passport/v1/identity.pb.h"
#include "meguri/passport/v1/item_state.pb.h"
#include "meguri/passport/v1/material_identity.pb.h"
#include "meguri/passport/v1/material_properties.pb.h"
#include "meguri/passport/v1/recycled_content.pb.h"
#include "meguri/passport/v1/substance_declaration.pb.h"
#include "passport/rules/rule.h"
#include "record/header.h"

namespace meguri::passport {

// The sections of one record that rules compare. Null where the record has none, or none that decodes.
struct RecordContent {
  const v1::Identity* identity = nullptr;
  const v1::MaterialIdentity* material_identity = nullptr;
  const v1::Composition* composition = nullptr;
  const v1::CompositionSummary* composition_summary = nullptr;
  const v1::BillOfMaterials* bill_of_materials = nullptr;
  const v1::Dismantling* dismantling = nullptr;
  const v1::RecycledContent* recycled_content = nullptr;
  const v1::ChainOfCustody* chain_of_custody = nullptr;
  const v1::CarbonFootprint* carbon_footprint = nullptr;
  const v1::Durability* durability = nullptr;
  const v1::ItemState* item_state = nullptr;
  const v1::HazardSummary* hazard_summary = nullptr;
  const v1::SubstanceDeclaration* substance_declaration = nullptr;
  const v1::CriticalRawMaterials* critical_raw_materials = nullptr;
  const v1::MaterialProperties* material_properties = nullptr;
  const v1::CertificationList* certification = nullptr;
  const v1::Enquiry* enquiry = nullptr;
  const v1::EnquiryAnswer* enquiry_answer = nullptr;
  const v1::Offer* offer = nullptr;
  const v1::AccessRequest* access_request = nullptr;
  const v1::Grant* grant = nullptr;
  const v1::Agreement* agreement = nullptr;
};

// A rule between sections, or between the header and a section. It depends on its arguments only.
using RecordRule = void (*)(const record::Header& header, const RecordContent& content, Findings& findings);

}  // namespace meguri::passport
