#include "kernel/signer/client.hpp"

#include "kernel/ipc/args.hpp"
#include "kernel/signer/limits.hpp"

namespace blockhost::signer {

namespace {

using bh::crypto::hex0x;
using nlohmann::json;

bh::Failure strange(const bh::Failure& failure) {
    return {BH_E_INTERNAL, "bad_answer",
            "blockhost-signer answered something else than it promises: " + failure.message};
}

bh::Result<SignerClient::Signature> signature_in(bh::Result<ipc::Answer> answer) {
    if (!answer) return answer.failure();
    ipc::Args args{answer->ok};
    SignerClient::Signature signature{args.hex("signature", kMaxPayload), args.hex("hash", kMaxPayload)};
    if (auto fine = args.finish(); !fine) return strange(fine.failure());
    return signature;
}

}  // namespace

bh::Result<SignerClient::PublicKey> SignerClient::public_key(std::string_view key) {
    auto answer = client_.call("public_key", {{"key", key}});
    if (!answer) return answer.failure();
    ipc::Args args{answer->ok};
    PublicKey part{args.hex("public_key", kMaxPayload), args.text_or("address", kMaxTextArg, "")};
    if (auto fine = args.finish(); !fine) return strange(fine.failure());
    return part;
}

bh::Result<SignerClient::Signature> SignerClient::sign(std::string_view caller, std::string_view key,
                                                       std::string_view scheme, bh::crypto::ByteView payload) {
    return signature_in(
        client_.call("sign", {{"caller", caller}, {"key", key}, {"scheme", scheme}, {"payload", hex0x(payload)}}));
}

bh::Result<bh::Bytes> SignerClient::sign_statement(const bh::formats::OwnerStatement& s) {
    auto answer = client_.call("sign_statement", {{"scheme", s.scheme},
                                                  {"owner", s.owner},
                                                  {"user", s.user},
                                                  {"chain", s.chain},
                                                  {"contract", s.contract},
                                                  {"token", s.token},
                                                  {"vm", s.vm},
                                                  {"height", s.height},
                                                  {"position", s.position},
                                                  {"sequence", s.sequence},
                                                  {"issued", s.issued},
                                                  {"expires", s.expires}});
    if (!answer) return answer.failure();
    ipc::Args args{answer->ok};
    bh::Bytes text = args.hex("statement", kMaxPayload);
    if (auto fine = args.finish(); !fine) return strange(fine.failure());
    return text;
}

bh::Result<SignerClient::Signature> SignerClient::sign_attestation(const bh::formats::DeliveryAttestation& a) {
    return signature_in(client_.call("sign_attestation", {{"chain", a.chain},
                                                          {"contract", a.contract},
                                                          {"subscription", a.subscription},
                                                          {"vm", a.vm},
                                                          {"image_digest", hex0x(a.image_digest)},
                                                          {"host_key", a.host_key},
                                                          {"mined", a.mined},
                                                          {"seen", a.seen},
                                                          {"finalized", a.finalized},
                                                          {"volume", a.volume},
                                                          {"started", a.started},
                                                          {"reachable", a.reachable}}));
}

bh::Result<bh::crypto::Secret> SignerClient::unseal(std::string_view format, const seal::RequestContext& context,
                                                    bh::crypto::ByteView sealed) {
    auto answer = client_.call(
        "unseal", {{"key", "server"},
                   {"format", format},
                   {"sealed", hex0x(sealed)},
                   {"context", {{"chain", context.chain}, {"contract", context.contract}, {"buyer", context.buyer}}}});
    if (!answer) return answer.failure();
    ipc::Args args{answer->ok};
    bh::Bytes plaintext = args.hex("plaintext", kMaxPayload);
    if (auto fine = args.finish(); !fine) return strange(fine.failure());
    bh::crypto::Secret secret = bh::crypto::Secret::copy_of(plaintext);
    bh::crypto::wipe(plaintext);
    return secret;
}

}  // namespace blockhost::signer
