// The signer's verbs as docs/contracts.md names them: typed arguments in, JSON out.
#pragma once

#include "kernel/ipc/server.hpp"
#include "kernel/signer/anchors.hpp"
#include "kernel/signer/signer.hpp"

namespace bh::signer {

// The verbs borrow `signer`.
std::map<std::string, ipc::Verb> signer_verbs(Signer& signer);
// anchor_put, anchor_newest, anchor_list. The verbs borrow `anchors`.
std::map<std::string, ipc::Verb> anchor_verbs(AnchorLog& anchors);

}  // namespace bh::signer
