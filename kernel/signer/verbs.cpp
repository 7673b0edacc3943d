#include "kernel/signer/verbs.hpp"

#include "kernel/ipc/args.hpp"
#include "kernel/signer/limits.hpp"

#include <algorithm>

namespace bh::signer {

namespace {

using crypto::hex0x;
using nlohmann::json;

constexpr std::int64_t kMaxTime = INT64_C(1) << 53;
constexpr std::size_t kJournalDigits = 32, kHashDigits = 64;

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

json anchor_json(const Anchor& anchor) {
    return {{"journal", anchor.journal}, {"row", anchor.row}, {"hash", anchor.hash}, {"time", anchor.time}};
}

std::string journal_of(ipc::Args& args, bool may_be_empty) {
    std::string journal = args.text("journal", kMaxNameArg);
    const bool is_one =
        journal.size() == kJournalDigits && journal.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!is_one && !(may_be_empty && journal.empty())) args.refuse("journal", "must be 32 hex digits");
    return journal;
}

Result<ipc::Reply> anchor_put(AnchorLog& anchors, const json& object) {
    ipc::Args args{object};
    const std::string journal = journal_of(args, false);
    const std::int64_t row = args.integer("row", 1, kMaxTime);
    const std::string hash = args.text("hash", kMaxNameArg);
    if (hash.size() != kHashDigits || hash.find_first_not_of("0123456789abcdef") != std::string::npos)
        args.refuse("hash", "must be 64 hex digits");
    if (auto fine = args.finish(); !fine) return fine.failure();
    if (auto kept = anchors.put(journal, row, hash); !kept) return kept.failure();
    return reply(json::object());
}

Result<ipc::Reply> anchor_newest(AnchorLog& anchors, const json& object) {
    ipc::Args args{object};
    const std::string journal = journal_of(args, true);
    if (auto fine = args.finish(); !fine) return fine.failure();
    const auto newest = anchors.newest(journal);
    if (!newest) return Failure{BH_E_NOT_FOUND, "no_anchor", "this journal was never anchored"};
    return reply(anchor_json(*newest));
}

Result<ipc::Reply> anchor_list(AnchorLog& anchors, const json& object) {
    ipc::Args args{object};
    const std::string journal = journal_of(args, false);
    const std::int64_t after = args.integer("after", 0, kMaxTime);
    if (auto fine = args.finish(); !fine) return fine.failure();
    const auto found = anchors.list(journal, after);
    if (!found) return found.failure();
    json list = json::array();
    for (const auto& anchor : *found) list.push_back(anchor_json(anchor));
    return reply({{"anchors", std::move(list)}});
}

}  // namespace

std::map<std::string, ipc::Verb> anchor_verbs(AnchorLog& anchors) {
    const auto verb = [&anchors](Result<ipc::Reply> (*function)(AnchorLog&, const json&)) {
        return ipc::Verb{[&anchors, function](ipc::Request& request) { return function(anchors, request.args); }, {}};
    };
    return {
        {"anchor_put", verb(anchor_put)}, {"anchor_newest", verb(anchor_newest)}, {"anchor_list", verb(anchor_list)}};
}

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
