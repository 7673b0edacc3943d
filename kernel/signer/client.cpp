#include "kernel/signer/client.hpp"

#include "kernel/ipc/args.hpp"
#include "kernel/signer/limits.hpp"

namespace bh::signer {

namespace {

using crypto::hex0x;
using nlohmann::json;

Failure strange(const Failure& failure) {
    return {BH_E_INTERNAL, "bad_answer",
            "blockhost-signer answered something else than it promises: " + failure.message};
}

Result<SignerClient::Signature> signature_in(Result<ipc::Answer> answer) {
    if (!answer) return answer.failure();
    ipc::Args args{answer->ok};
    SignerClient::Signature signature{args.hex("signature", kMaxPayload), args.hex("hash", kMaxPayload)};
    if (auto fine = args.finish(); !fine) return strange(fine.failure());
    return signature;
}

Result<Anchor> anchor_in(const json& object) {
    ipc::Args args{object};
    Anchor anchor{args.text("journal", kMaxNameArg), args.integer("row", 1, INT64_MAX), args.text("hash", kMaxNameArg),
                  args.integer("time", 0, INT64_MAX)};
    if (auto fine = args.finish(); !fine) return strange(fine.failure());
    return anchor;
}

}  // namespace

Result<SignerClient::PublicKey> SignerClient::public_key(std::string_view key) {
    auto answer = client_.call("public_key", {{"key", key}});
    if (!answer) return answer.failure();
    ipc::Args args{answer->ok};
    PublicKey part{args.hex("public_key", kMaxPayload), args.text_or("address", kMaxTextArg, "")};
    if (auto fine = args.finish(); !fine) return strange(fine.failure());
    return part;
}

Result<SignerClient::Signature> SignerClient::sign(std::string_view caller, std::string_view key,
                                                   std::string_view scheme, crypto::ByteView payload) {
    return signature_in(
        client_.call("sign", {{"caller", caller}, {"key", key}, {"scheme", scheme}, {"payload", hex0x(payload)}}));
}

Result<Bytes> SignerClient::sign_statement(const formats::OwnerStatement& s) {
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
    Bytes text = args.hex("statement", kMaxPayload);
    if (auto fine = args.finish(); !fine) return strange(fine.failure());
    return text;
}

Result<SignerClient::Signature> SignerClient::sign_attestation(const formats::DeliveryAttestation& a) {
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

Result<crypto::Secret> SignerClient::unseal(std::string_view format, const seal::RequestContext& context,
                                            crypto::ByteView sealed) {
    auto answer = client_.call(
        "unseal", {{"key", "server"},
                   {"format", format},
                   {"sealed", hex0x(sealed)},
                   {"context", {{"chain", context.chain}, {"contract", context.contract}, {"buyer", context.buyer}}}});
    if (!answer) return answer.failure();
    ipc::Args args{answer->ok};
    Bytes plaintext = args.hex("plaintext", kMaxPayload);
    if (auto fine = args.finish(); !fine) return strange(fine.failure());
    crypto::Secret secret = crypto::Secret::copy_of(plaintext);
    crypto::wipe(plaintext);
    return secret;
}

Status SignerClient::anchor_put(const std::string& journal, std::int64_t row, const std::string& hash) {
    auto answer = client_.call("anchor_put", {{"journal", journal}, {"row", row}, {"hash", hash}});
    if (!answer) return answer.failure();
    return {};
}

Result<std::optional<Anchor>> SignerClient::anchor_newest(const std::string& journal) {
    auto answer = client_.call("anchor_newest", {{"journal", journal}});
    if (!answer && answer.failure().reason == "no_anchor") return std::optional<Anchor>{};
    if (!answer) return answer.failure();
    auto anchor = anchor_in(answer->ok);
    if (!anchor) return anchor.failure();
    return std::optional<Anchor>{std::move(*anchor)};
}

Result<std::vector<Anchor>> SignerClient::anchor_list(const std::string& journal, std::int64_t after) {
    auto answer = client_.call("anchor_list", {{"journal", journal}, {"after", after}});
    if (!answer) return answer.failure();
    ipc::Args args{answer->ok};
    const auto& list = args.list_or_empty("anchors", kAnchorsPerAnswer);
    if (auto fine = args.finish(); !fine) return strange(fine.failure());
    std::vector<Anchor> all;
    for (const auto& one : list) {
        auto anchor = anchor_in(one);
        if (!anchor) return anchor.failure();
        all.push_back(std::move(*anchor));
    }
    return all;
}

}  // namespace bh::signer
