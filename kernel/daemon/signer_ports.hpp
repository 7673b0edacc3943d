// What the kernel asks of blockhost-signer: statements, attestations, opened requests, and transactions for plugins.
#pragma once

#include "kernel/lifecycle/seams.hpp"
#include "kernel/plugins/services.hpp"
#include "kernel/signer/client.hpp"

#include <memory>
#include <string>

namespace bh::daemon {

// Each keeps a reference to the client, which must outlive it.
std::unique_ptr<life::VaultPort> make_vault(signer::SignerClient& signer);
std::unique_ptr<life::SealPort> make_seal(signer::SignerClient& signer, std::string seal_text);
std::unique_ptr<plugins::SignerBackend> make_signer_backend(signer::SignerClient& signer);

}  // namespace bh::daemon
