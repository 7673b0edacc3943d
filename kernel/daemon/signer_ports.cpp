#include "kernel/daemon/signer_ports.hpp"

#include "kernel/seal/seal.hpp"
#include "kernel/seal/seal1.hpp"

#include <algorithm>

namespace bh::daemon {
namespace {

using signer::SignerClient;

std::uint64_t seconds(UnixTime time) { return static_cast<std::uint64_t>(std::max<std::int64_t>(time.seconds, 0)); }

Result<crypto::Hash256> digest_of(const std::string& text) {
    constexpr std::string_view kPrefix = "sha256:";
    const auto bytes = text.rfind(kPrefix, 0) == 0 ? bytes_from_hex("0x" + text.substr(kPrefix.size()))
                                                   : invalid("bad_digest", "no sha256: digest");
    crypto::Hash256 digest{};
    if (!bytes || bytes->size() != digest.size())
        return invalid("bad_digest", "the image digest \"" + text.substr(0, 80) + "\" is no sha256:<64 hex digits>");
    std::copy(bytes->begin(), bytes->end(), digest.begin());
    return digest;
}

class Vault final : public life::VaultPort {
public:
    explicit Vault(SignerClient& signer) : signer_{signer} {}

    Result<Bytes> sign_statement(const life::OwnerStatement& statement) override {
        return signer_.sign_statement({statement.scheme, statement.owner, statement.user, statement.chain,
                                       statement.contract, statement.token, statement.vm_id, statement.position.height,
                                       statement.position.id, statement.sequence, statement.issued.seconds,
                                       statement.expires.seconds});
    }

    Result<life::SignedAttestation> sign_attestation(const life::Attestation& attestation) override {
        const auto digest = digest_of(attestation.image_digest);
        if (!digest) return digest.failure();
        auto answer = signer_.sign_attestation({attestation.chain, attestation.contract, attestation.subscription,
                                                attestation.vm_id, *digest, attestation.host_key_fingerprint,
                                                seconds(attestation.mined), seconds(attestation.seen),
                                                seconds(attestation.final), seconds(attestation.volume),
                                                seconds(attestation.started), seconds(attestation.reachable)});
        if (!answer) return answer.failure();
        return life::SignedAttestation{std::move(answer->signature), std::move(answer->hash)};
    }

    Status anchor(const life::AuditAnchor& anchor) override {
        return signer_.anchor_put(anchor.journal, anchor.row, anchor.hash);
    }
    Result<std::optional<life::AuditAnchor>> newest_anchor(const std::string& journal) override {
        auto newest = signer_.anchor_newest(journal);
        if (!newest) return newest.failure();
        if (!*newest) return std::optional<life::AuditAnchor>{};
        return std::optional{of(**newest)};
    }
    Result<std::vector<life::AuditAnchor>> anchors(const std::string& journal) override {
        std::vector<life::AuditAnchor> all;
        for (;;) {
            const auto part = signer_.anchor_list(journal, all.empty() ? 0 : all.back().row);
            if (!part) return part.failure();
            for (const auto& each : *part) all.push_back(of(each));
            if (part->size() < signer::kAnchorsPerAnswer) return all;
        }
    }

private:
    static life::AuditAnchor of(const signer::Anchor& anchor) {
        return {anchor.journal, anchor.row, anchor.hash, {anchor.time}};
    }
    SignerClient& signer_;
};

class Seal final : public life::SealPort {
public:
    Seal(SignerClient& signer, std::string seal_text) : signer_{signer}, seal_text_{std::move(seal_text)} {}

    Status check_request(const life::RequestContext& context, const Bytes& sealed_request) override {
        auto opened = open(context, sealed_request);
        if (!opened) return opened.failure();
        // seal-2 is bound to its buyer by its additional data; seal-1 by whose signature it carries.
        if (opened->format == seal::kSeal1Request)
            return seal::check_signature1(opened->content, seal_text_, context.buyer);
        return {};
    }

    Result<Bytes> seal_credential(const life::RequestContext& context, const Bytes& sealed_request,
                                  const life::ConnectionDetails& details) override {
        auto opened = open(context, sealed_request);
        if (!opened) return opened.failure();
        return seal::seal_credential(opened->format, opened->content,
                                     {context.chain, context.contract, context.subscription, context.buyer},
                                     {details.hostname, details.port, details.username, details.host_key}, seal_text_);
    }

private:
    struct Opened {
        std::string_view format;
        crypto::Secret content;
    };
    Result<Opened> open(const life::RequestContext& context, const Bytes& sealed_request) {
        const auto format = seal::request_format(sealed_request);
        if (!format) return format.failure();
        auto content = signer_.unseal(*format, {context.chain, context.contract, context.buyer}, sealed_request);
        if (!content) return content.failure();
        return Opened{*format, std::move(*content)};
    }

    SignerClient& signer_;
    std::string seal_text_;
};

class SignerBackend final : public plugins::SignerBackend {
public:
    explicit SignerBackend(SignerClient& signer) : signer_{signer} {}

    Result<Bytes> sign(const std::string& instance, const std::string& key, const std::string& scheme,
                       const Bytes& payload) override {
        auto answer = signer_.sign(instance, key, scheme, payload);
        if (!answer) return answer.failure();
        return std::move(answer->signature);
    }
    Result<Bytes> public_key(const std::string& key) override {
        auto answer = signer_.public_key(key);
        if (!answer) return answer.failure();
        return std::move(answer->key);
    }

private:
    SignerClient& signer_;
};

}  // namespace

std::unique_ptr<life::VaultPort> make_vault(SignerClient& signer) { return std::make_unique<Vault>(signer); }
std::unique_ptr<life::SealPort> make_seal(SignerClient& signer, std::string seal_text) {
    return std::make_unique<Seal>(signer, std::move(seal_text));
}
std::unique_ptr<plugins::SignerBackend> make_signer_backend(SignerClient& signer) {
    return std::make_unique<SignerBackend>(signer);
}

}  // namespace bh::daemon
