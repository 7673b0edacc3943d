#include "kernel/signer/signer.hpp"

#include "kernel/seal/seal.hpp"
#include "kernel/signer/intent.hpp"
#include "kernel/signer/policy.hpp"
#include "kernel/signer/transaction.hpp"
#include "kernel/signer/typed_data.hpp"
#include "plugin-api/crypto/digest.hpp"
#include "plugin-api/crypto/keccak.hpp"
#include "plugin-api/documents/json.hpp"

#include <algorithm>

namespace bh::signer {

namespace {

using crypto::ByteView;
using nlohmann::json;

constexpr std::size_t kMaxMessage = std::size_t{64} * 1024;
constexpr std::int64_t kClockSkew = 300;

Failure denied(const char* reason, std::string message) { return {BH_E_DENIED, reason, std::move(message)}; }

Failure no_key(std::string_view key, const char* use) {
    return denied("key_purpose", "the key \"" + std::string{key.substr(0, 32)} + "\" is not for this; " + use);
}

// The beginning of a message or of arguments, for the log.
std::string excerpt(ByteView message) {
    constexpr std::size_t kExcerpt = 120;
    return std::string{crypto::text_of(message.first(std::min(message.size(), kExcerpt)))};
}

json in_clear(const Intent& intent) {
    return {{"action", intent.function},        {"chain", intent.chain},
            {"contract", intent.contract},      {"args", excerpt(crypto::bytes_of(intent.args))},
            {"args_bytes", intent.args.size()}, {"fee", decimal(intent.fee)},
            {"value", decimal(intent.value)},   {"nonce", intent.nonce}};
}

}  // namespace

Signer::Signer(SignerConfig config, Keyring keys, AuditLog log, std::function<std::int64_t()> now,
               std::vector<Codec> codecs)
    : config_{std::move(config)},
      keys_{std::move(keys)},
      log_{std::move(log)},
      now_{std::move(now)},
      codecs_{std::move(codecs)} {}

Result<PublicPart> Signer::public_key(std::string_view key) const {
    const auto of_point = [](const Keyring::Point& point) {
        return PublicPart{crypto::to_bytes(point.public_key.point()), point.address.text()};
    };
    if (key == "agent") return of_point(keys_.agent);
    if (key == "server") return of_point(keys_.server);
    if (key == "statement") return PublicPart{crypto::to_bytes(keys_.statement_public), {}};
    if (const auto codec = keys_.codecs.find(key); codec != keys_.codecs.end()) return of_point(codec->second);
    return Failure{BH_E_NOT_FOUND, "unknown_key",
                   "the signer has the keys agent, server and statement, and one for each of its codecs"};
}

Result<SignedHash> Signer::sign_hash(const crypto::Hash256& hash) { return sign_with(keys_.agent, hash); }

Result<SignedHash> Signer::sign_with(const Keyring::Point& key, const crypto::Hash256& hash) {
    const auto signature = crypto::sign(key.secret, hash);
    if (!signature) return signature.failure();
    return SignedHash{signature->encoded(), hash};
}

Result<SignedHash> Signer::sign(std::string_view caller, std::string_view key, std::string_view scheme,
                                ByteView payload) {
    for (const Codec& codec : codecs_) {
        if (scheme != codec.config().scheme) continue;
        if (key != scheme) return no_key(key, "this scheme has a key of its own name");
        return sign_decoded(caller, codec, payload);
    }
    if (key != "agent") return no_key(key, "sign with agent");
    if (scheme == "eip1559-tx") return sign_transaction(caller, payload);
    if (scheme == "eip191") return sign_message(caller, payload);
    if (scheme == "eip712") return sign_typed_data(caller, payload);
    if (scheme == "bh-intent-1") return sign_intent(caller, payload);
    return Failure{
        BH_E_UNSUPPORTED, "unknown_scheme",
        "the signer has the schemes eip1559-tx, eip191, eip712 and bh-intent-1, and those of its codecs; a bare digest "
        "is never signed"};
}

Result<SignedHash> Signer::sign_transaction(std::string_view caller, ByteView payload) {
    const auto tx = decode_transaction(payload);
    if (!tx) return tx.failure();
    if (const auto fine = check_granted(config_, caller, *tx); !fine) return fine.failure();
    const auto action = check_transaction(config_, *tx, keys_.agent.address);
    if (!action) return action.failure();
    const auto hash = crypto::keccak256(payload);
    const json what{
        {"action", *action}, {"chain_id", tx->chain_id},       {"nonce", tx->nonce},           {"to", tx->to->text()},
        {"gas", tx->gas},    {"max_fee_per_gas", tx->max_fee}, {"data_bytes", tx->data.size()}};
    if (const auto fine = log_.append({std::string{caller}, "agent", "eip1559-tx", hash}, what, now_()); !fine) {
        return fine.failure();
    }
    return sign_hash(hash);
}

Result<SignedHash> Signer::sign_message(std::string_view caller, ByteView payload) {
    if (payload.size() > kMaxMessage) return invalid("bad_message", "the message is longer than 64 KiB");
    if (const auto fine = check_message(config_, caller, payload); !fine) return fine.failure();
    const auto hash = crypto::eip191_hash(payload);
    const json what{{"begins", excerpt(payload)}, {"bytes", payload.size()}};
    if (const auto fine = log_.append({std::string{caller}, "agent", "eip191", hash}, what, now_()); !fine) {
        return fine.failure();
    }
    return sign_hash(hash);
}

Result<SignedHash> Signer::sign_typed_data(std::string_view caller, ByteView payload) {
    const auto data = decode_typed_data(payload);
    if (!data) return data.failure();
    const bool granted = std::any_of(config_.grants.begin(), config_.grants.end(), [&](const Grant& grant) {
        const ChainPolicy* chain = grant.chain.empty() ? nullptr : config_.chain(grant.chain);
        return grant.scheme == "eip712" && grant.caller == caller && chain != nullptr &&
               chain->chain_id == data->chain_id && grant.name == data->name && grant.version == data->version &&
               grant.verifying_contract == data->verifying_contract && grant.primary_type == data->primary_type;
    });
    if (!granted) {
        return denied("not_granted",
                      "policy.grants of the signer's configuration has no eip712 domain and type like "
                      "these for " +
                          std::string{caller});
    }
    const json what{{"domain", data->name},
                    {"version", data->version},
                    {"chain_id", data->chain_id},
                    {"contract", data->verifying_contract.text()},
                    {"type", data->primary_type}};
    if (const auto fine = log_.append({std::string{caller}, "agent", "eip712", data->digest}, what, now_()); !fine) {
        return fine.failure();
    }
    return sign_hash(data->digest);
}

Result<SignedHash> Signer::sign_intent(std::string_view caller, ByteView payload) {
    const auto intent = decode_intent(payload);
    if (!intent) return intent.failure();
    if (const auto fine = check_intent_granted(config_, caller, "bh-intent-1", *intent); !fine) return fine.failure();
    if (const auto fine = check_intent(config_, *intent); !fine) return fine.failure();
    const auto hash = intent_hash(payload);
    if (const auto fine = log_.append({std::string{caller}, "agent", "bh-intent-1", hash}, in_clear(*intent), now_());
        !fine) {
        return fine.failure();
    }
    return sign_hash(hash);
}

// What the codec says is judged like an intent, and what it gave to be hashed is signed with the key that is its alone.
Result<SignedHash> Signer::sign_decoded(std::string_view caller, const Codec& codec, ByteView payload) {
    const std::string& scheme = codec.config().scheme;
    const bool granted = std::any_of(config_.grants.begin(), config_.grants.end(), [&](const Grant& grant) {
        return grant.scheme == scheme && grant.caller == caller;
    });
    // Nobody else may have its code run.
    if (!granted) {
        return denied("not_granted",
                      "policy.grants of the signer's configuration lets " + std::string{caller} + " sign no " + scheme);
    }
    const auto decoded = codec.decode(payload);
    if (!decoded) return decoded.failure();
    const auto intent = decode_intent(decoded->intent);
    if (!intent) return intent.failure().within("what the codec of " + scheme + " says");
    if (const auto fine = check_intent_granted(config_, caller, scheme, *intent); !fine) return fine.failure();
    if (const auto fine = check_intent(config_, *intent); !fine) return fine.failure();
    const auto hash = codec.hash(decoded->preimage);
    json what = in_clear(*intent);
    what["codec"] = codec.config().sha256;
    what["payload"] = crypto::hex0x(crypto::sha256(payload));
    what["preimage_bytes"] = decoded->preimage.size();
    if (const auto fine = log_.append({std::string{caller}, scheme, scheme, hash}, what, now_()); !fine) {
        return fine.failure();
    }
    return sign_with(keys_.codecs.find(scheme)->second, hash);
}

Result<std::string> Signer::sign_statement(const formats::OwnerStatement& statement) {
    if (const auto chain = check_contract(config_, statement.chain, statement.contract); !chain) return chain.failure();
    if (statement.issued > now_() + kClockSkew) {
        return denied("issued_later", "issued is more than 5 minutes ahead of the signer's clock");
    }
    if (statement.expires - statement.issued > config_.statement_lifetime_s) {
        return denied("lifetime", "the statement would live longer than policy.statement_lifetime_s, " +
                                      std::to_string(config_.statement_lifetime_s) + " s");
    }
    const auto body = formats::owner_statement_body(statement);
    if (!body) return body.failure();
    const auto bytes = formats::owner_statement_signed_bytes(*body);
    const json what{{"vm", statement.vm},
                    {"token", statement.token},
                    {"owner", statement.owner},
                    {"user", statement.user},
                    {"sequence", statement.sequence},
                    {"expires", statement.expires},
                    {"position", statement.position}};
    const AuditRow row{"kernel", "statement", "owner-statement-1", crypto::sha256(bytes)};
    if (const auto fine = log_.append(row, what, now_()); !fine) return fine.failure();
    const auto signature = crypto::ed25519_sign(keys_.statement_seed, bytes);
    if (!signature) return signature.failure();
    return formats::owner_statement_text(*body, *signature);
}

Result<SignedHash> Signer::sign_attestation(const formats::DeliveryAttestation& attestation) {
    if (const auto chain = check_contract(config_, attestation.chain, attestation.contract); !chain) {
        return chain.failure();
    }
    const auto digest = formats::delivery_attestation_digest(attestation);
    if (!digest) return digest.failure();
    const json what{{"vm", attestation.vm}, {"subscription", attestation.subscription}};
    const AuditRow row{"kernel", "agent", "delivery-attestation-1", *digest};
    if (const auto fine = log_.append(row, what, now_()); !fine) return fine.failure();
    return sign_hash(*digest);
}

Result<crypto::Secret> Signer::unseal(std::string_view key, std::string_view format,
                                      const seal::RequestContext& context, ByteView sealed) {
    if (key != "server") return no_key(key, "seals are opened with server");
    if (std::find(config_.seals.begin(), config_.seals.end(), format) == config_.seals.end()) {
        return denied("seal_format", "policy.seals of the signer's configuration does not have this format");
    }
    if (const auto chain = check_contract(config_, context.chain, context.contract); !chain) return chain.failure();
    auto opened = seal::open_request(format, keys_.server.secret, context, sealed);
    if (!opened) return opened.failure();
    const AuditRow row{"kernel", "server", std::string{format}, crypto::sha256(sealed)};
    const json what{{"chain", context.chain}, {"buyer", context.buyer}};
    if (const auto fine = log_.append(row, what, now_()); !fine) return fine.failure();
    return opened;
}

}  // namespace bh::signer
