// The signer's verbs as docs/contracts.md names them: typed arguments in, JSON out.
#pragma once

#include "kernel/ipc/server.hpp"
#include "kernel/signer/signer.hpp"

namespace bh::signer {

// The verbs borrow `signer`.
std::map<std::string, ipc::Verb> signer_verbs(Signer& signer);

}  // namespace bh::signer
