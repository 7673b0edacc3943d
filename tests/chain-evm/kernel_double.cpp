#include "tests/chain-evm/kernel_double.hpp"

#include "plugin-api/crypto/keccak.hpp"
#include "plugin-api/documents/store.hpp"

#include <cstring>

namespace bh::evm::test {
namespace {

KernelDouble& self(const bh_kernel* kernel) { return *static_cast<KernelDouble*>(kernel->ctx); }
std::string text(bh_str s) { return {s.ptr, s.len}; }

bh_status sign(const bh_kernel* kernel, const char* key, const char* scheme, bh_bytes payload, bh_sink out,
               bh_error* err) noexcept {
    KernelDouble& double_ = self(kernel);
    const std::lock_guard lock{double_.mutex};
    const bool known = std::strcmp(key, "agent") == 0 && std::strcmp(scheme, "eip1559-tx") == 0;
    if (!known || double_.signer_refuses) {
        std::strcpy(err->reason, "policy");
        std::strcpy(err->message, "the policy does not allow this");
        return BH_E_DENIED;
    }
    double_.signed_payloads.emplace_back(payload.ptr, payload.ptr + payload.len);
    const auto signature = crypto::sign(double_.key(), crypto::keccak256({payload.ptr, payload.len}));
    const Bytes encoded = signature->encoded();
    return out.write(out.ctx, encoded.data(), encoded.size());
}

bh_status public_key(const bh_kernel* kernel, const char*, bh_sink out, bh_error*) noexcept {
    const auto key = crypto::PublicKey::of(self(kernel).key());
    return out.write(out.ctx, key->point().data(), key->point().size());
}

bh_status unseal(const bh_kernel*, const char*, const char*, bh_bytes, bh_bytes, bh_sink, bh_error*) noexcept {
    return BH_E_DENIED;
}

bh_status get(const bh_kernel* kernel, bh_str key, bh_sink out, bh_error*) noexcept {
    KernelDouble& double_ = self(kernel);
    const std::lock_guard lock{double_.mutex};
    const auto found = double_.store.find(text(key));
    if (found == double_.store.end()) return BH_E_NOT_FOUND;
    return out.write(out.ctx, found->second.data(), found->second.size());
}

bh_status put(const bh_kernel* kernel, const bh_str* keys, const bh_bytes* values, std::uint32_t count,
              bh_error*) noexcept {
    KernelDouble& double_ = self(kernel);
    const std::lock_guard lock{double_.mutex};
    for (std::uint32_t i = 0; i < count; ++i) {
        if (values[i].len == 0) {
            double_.store.erase(text(keys[i]));
        } else {
            double_.store[text(keys[i])] = Bytes{values[i].ptr, values[i].ptr + values[i].len};
        }
    }
    return BH_OK;
}

bh_status list(const bh_kernel* kernel, bh_str prefix, bh_str, bh_sink out, bh_error*) noexcept {
    KernelDouble& double_ = self(kernel);
    const std::lock_guard lock{double_.mutex};
    KeyPage page;
    for (const auto& [key, value] : double_.store) {
        if (key.starts_with(text(prefix))) page.keys.push_back(key);
    }
    const std::string json = to_json(page);
    return out.write(out.ctx, json.data(), json.size());
}

bh_status lend(const bh_kernel* kernel, const char* name, bh_status (*use)(void*, bh_bytes) noexcept, void* user,
               bh_error*) noexcept {
    KernelDouble& double_ = self(kernel);
    const auto found = double_.secrets.find(name);
    if (found == double_.secrets.end()) return BH_E_DENIED;
    return use(user, {reinterpret_cast<const std::uint8_t*>(found->second.data()), found->second.size()});
}

void write_log(const bh_kernel* kernel, std::uint32_t, bh_str, bh_str message) noexcept {
    KernelDouble& double_ = self(kernel);
    const std::lock_guard lock{double_.mutex};
    double_.log.push_back(text(message));
}

constexpr bh_svc_signer kSigner{sizeof(bh_svc_signer), 0, sign, public_key, unseal};
constexpr bh_svc_store kStore{sizeof(bh_svc_store), 0, get, put, list};
constexpr bh_svc_secrets kSecrets{sizeof(bh_svc_secrets), 0, lend};
constexpr bh_svc_log kLog{sizeof(bh_svc_log), BH_LOG_DEBUG, write_log};

void poll_now(const bh_kernel* kernel) noexcept {
    KernelDouble& double_ = self(kernel);
    ++double_.wakes;
    const std::lock_guard lock{double_.mutex};
    if (double_.on_wake) double_.on_wake();
}
constexpr bh_svc_wake kWake{sizeof(bh_svc_wake), 0, poll_now};

const void* service(const bh_kernel*, const char* id) noexcept {
    const std::string_view wanted{id};
    if (wanted == BH_SVC_SIGNER) return &kSigner;
    if (wanted == BH_SVC_STORE) return &kStore;
    if (wanted == BH_SVC_SECRETS) return &kSecrets;
    if (wanted == BH_SVC_LOG) return &kLog;
    if (wanted == BH_SVC_WAKE) return &kWake;
    return nullptr;
}

}  // namespace

KernelDouble::KernelDouble(std::uint8_t key_byte)
    : key_{crypto::Secret::copy_of(Bytes(crypto::kSecretKeySize, key_byte))},
      agent_{crypto::Address::of(*crypto::PublicKey::of(key_))} {
    kernel_.struct_size = sizeof kernel_;
    kernel_.abi_minor = BH_ABI_MINOR;
    kernel_.ctx = this;
    kernel_.instance = {"test", 4};
    kernel_.service = service;
}

}  // namespace bh::evm::test
