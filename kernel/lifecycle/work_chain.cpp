// Worker: the steps that end in a transaction, and the sealing before the first.
#include "kernel/lifecycle/fingerprint.hpp"
#include "kernel/lifecycle/worker.hpp"
#include "plugin-api/documents/json.hpp"

namespace bh::life {
namespace {

constexpr std::int64_t kMsPerSecond = 1000;
constexpr std::size_t kMaxDeclineReason = 64;
constexpr std::uint16_t kSshPort = 22;

}  // namespace

RequestContext Worker::context() const { return {in_.chain.chain, in_.chain.contract, in_.row.buyer, in_.row.id}; }

UnixTime Worker::stage(const char* name) const {
    const auto found = in_.stages.find(name);
    return {found == in_.stages.end() ? 0 : found->second / kMsPerSecond};
}

Status Worker::seal() {
    if (!in_.vm) return Failure{BH_E_INTERNAL, "no_vm", "nothing to seal: there is no VM", 0};
    auto print = ssh_fingerprint(in_.vm->host_key);
    if (!print) return print.failure();
    const Attestation attestation{
        in_.chain.chain, in_.chain.contract, in_.row.id,     in_.vm->name,    in_.vm->image_digest, *print,
        stage("mined"),  stage("seen"),      stage("final"), stage("volume"), stage("started"),     stage("reachable")};
    auto signed_one = ports_.vault.sign_attestation(attestation);
    if (!signed_one) return signed_one.failure();
    auto sealed = ports_.seal.seal_credential(context(), in_.row.sealed_request,
                                              {in_.vm->address, kSshPort, config_.login_user, in_.vm->host_key});
    if (!sealed) return sealed.failure();
    const nlohmann::json text{{"chain", attestation.chain},
                              {"contract", attestation.contract},
                              {"subscription", attestation.subscription},
                              {"vm", attestation.vm_id},
                              {"image_digest", attestation.image_digest},
                              {"host_key_fingerprint", attestation.host_key_fingerprint},
                              {"mined", time_to_text(attestation.mined)},
                              {"seen", time_to_text(attestation.seen)},
                              {"final", time_to_text(attestation.final)},
                              {"volume", time_to_text(attestation.volume)},
                              {"started", time_to_text(attestation.started)},
                              {"reachable", time_to_text(attestation.reachable)}};
    out_.credential = CredentialRow{
        in_.row.row, in_.row.id, std::move(*sealed), std::move(signed_one->hash), std::move(signed_one->signature),
        text.dump(), ""};
    return {};
}

Status Worker::submit(const Intent& intent) {
    auto chain = port_of(ports_.chains, in_.row.instance);
    if (!chain) return chain.failure();
    auto receipt = (*chain)->submit(call_, intent, in_.final_block.position);
    if (!receipt) return receipt.failure();
    out_.receipt = std::move(*receipt);
    return {};
}

Status Worker::submit_simple(const char* action) {
    Intent intent;
    intent.action = action, intent.subscription = in_.row.id;
    return submit(intent);
}

Status Worker::deliver() {
    if (!in_.credential) return Failure{BH_E_INTERNAL, "no_credential", "nothing is sealed", 0};
    Intent intent;
    intent.action = "deliver", intent.subscription = in_.row.id, intent.order = in_.row.order;
    intent.deadline = in_.row.window_ends;
    intent.sealed = in_.credential->sealed, intent.attestation_hash = in_.credential->attestation_hash;
    return submit(intent);
}

Status Worker::decline() {
    Intent intent;
    intent.action = "decline", intent.subscription = in_.row.id, intent.order = in_.row.order;
    intent.reason = in_.row.reason.substr(0, kMaxDeclineReason);
    return submit(intent);
}

}  // namespace bh::life
