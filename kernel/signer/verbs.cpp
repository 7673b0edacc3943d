#include "kernel/signer/verbs.hpp"

#include "kernel/ipc/args.hpp"
#include "kernel/signer/limits.hpp"

#include <algorithm>

namespace bh::signer {

namespace {

using crypto::hex0x;
using nlohmann::json;

constexpr std::int64_t kMaxTime = INT64_C(1) << 53;

Result<ipc::Reply> reply(json ok) {
    ipc::Reply answer;
    answer.ok = std::move(ok);
    return answer;
}

std::uint64_t unsigned_of(ipc::Args& args, const char* name) {
    return static_cast<std::uint64_t>(args.integer(name, 0, INT64_MAX));
}

Result<ipc::Reply> public_key(Signer& signer, const json& object) {
    ipc::Args args{object};
    const std::string key = args.text("key", kMaxNameArg);
    if (auto fine = args.finish(); !fine) return fine.failure();
    const auto part = signer.public_key(key);
    if (!part) return part.failure();
    json ok{{"public_key", hex0x(part->key)}};
    if (!part->address.empty()) ok["address"] = part->address;
    return reply(std::move(ok));
}

Result<ipc::Reply> sign(Signer& signer, const json& object) {
    ipc::Args args{object};
    const std::string key = args.text("key", kMaxNameArg);
    const std::string scheme = args.text("scheme", kMaxNameArg);
    const std::string caller = args.text("caller", kMaxNameArg);
    const Bytes payload = args.hex("payload", kMaxPayload);
    if (auto fine = args.finish(); !fine) return fine.failure();
    const auto done = signer.sign(caller, key, scheme, payload);
    if (!done) return done.failure();
    return reply({{"signature", hex0x(done->signature)}, {"hash", hex0x(done->hash)}});
}

Result<ipc::Reply> sign_statement(Signer& signer, const json& object) {
    ipc::Args args{object};
    formats::OwnerStatement s;
    s.scheme = args.text("scheme", kMaxTextArg);
    s.owner = args.text("owner", kMaxTextArg);
    s.user = args.text("user", kMaxTextArg);
    s.chain = args.text("chain", kMaxTextArg);
    s.contract = args.text("contract", kMaxTextArg);
    s.token = args.text("token", kMaxTextArg);
    s.vm = args.text("vm", kMaxTextArg);
    s.height = unsigned_of(args, "height");
    s.position = args.text("position", kMaxTextArg);
    s.sequence = unsigned_of(args, "sequence");
    s.issued = args.integer("issued", 0, kMaxTime);
    s.expires = args.integer("expires", 0, kMaxTime);
    if (auto fine = args.finish(); !fine) return fine.failure();
    const auto text = signer.sign_statement(s);
    if (!text) return text.failure();
    return reply({{"statement", hex0x(crypto::bytes_of(*text))}});
}

Result<ipc::Reply> sign_attestation(Signer& signer, const json& object) {
    ipc::Args args{object};
    formats::DeliveryAttestation a;
    a.chain = args.text("chain", kMaxTextArg);
    a.contract = args.text("contract", kMaxTextArg);
    a.subscription = args.text("subscription", kMaxTextArg);
    a.vm = args.text("vm", kMaxTextArg);
    const Bytes digest = args.hex("image_digest", a.image_digest.size());
    a.host_key = args.text("host_key", kMaxTextArg);
    for (const auto& [name, field] : {std::pair<const char*, std::uint64_t*>{"mined", &a.mined},
                                      {"seen", &a.seen},
                                      {"finalized", &a.finalized},
                                      {"volume", &a.volume},
                                      {"started", &a.started},
                                      {"reachable", &a.reachable}}) {
        *field = unsigned_of(args, name);
    }
    if (digest.size() != a.image_digest.size()) args.refuse("image_digest", "must be 32 bytes");
    if (auto fine = args.finish(); !fine) return fine.failure();
    std::copy(digest.begin(), digest.end(), a.image_digest.begin());
    const auto done = signer.sign_attestation(a);
    if (!done) return done.failure();
    return reply({{"signature", hex0x(done->signature)}, {"hash", hex0x(done->hash)}});
}

Result<ipc::Reply> unseal(Signer& signer, const json& object) {
    ipc::Args args{object};
    const std::string key = args.text("key", kMaxNameArg);
    const std::string format = args.text("format", kMaxNameArg);
    const Bytes sealed = args.hex("sealed", kMaxPayload);
    const json& context = args.object("context");
    if (auto fine = args.finish(); !fine) return fine.failure();
    ipc::Args inner{context, "context."};
    const seal::RequestContext bound{inner.text("chain", kMaxTextArg), inner.text("contract", kMaxTextArg),
                                     inner.text("buyer", kMaxTextArg)};
    if (auto fine = inner.finish(); !fine) return fine.failure();
    const auto opened = signer.unseal(key, format, bound, sealed);
    if (!opened) return opened.failure();
    return reply({{"plaintext", hex0x(opened->view())}});
}

}  // namespace

std::map<std::string, ipc::Verb> signer_verbs(Signer& signer) {
    const auto verb = [&signer](Result<ipc::Reply> (*function)(Signer&, const json&)) {
        return ipc::Verb{[&signer, function](ipc::Request& request) { return function(signer, request.args); }, {}};
    };
    return {{"public_key", verb(public_key)},
            {"sign", verb(sign)},
            {"sign_statement", verb(sign_statement)},
            {"sign_attestation", verb(sign_attestation)},
            {"unseal", verb(unseal)}};
}

}  // namespace bh::signer
