#include "plugin-api/check/kernel.hpp"

#include "plugin-api/check/services.hpp"
#include "plugin-api/crypto/address.hpp"
#include "plugin-api/crypto/digest.hpp"
#include "plugin-api/crypto/keccak.hpp"
#include "plugin-api/documents/store.hpp"
#include "plugin-api/documents/strict_json.hpp"
#include "plugin-api/sdk/cpp/boundary.hpp"
#include "plugin-api/sdk/cpp/durable_file.hpp"

#include <algorithm>
#include <fstream>

namespace bh::check {
namespace {

using nlohmann::json;
using sdk::guarded;
using sdk::view;

constexpr std::size_t kStoreLimit = std::size_t{1} << 20;
constexpr std::size_t kPage = 100;

// A test key: known to everybody, the same in each run.
crypto::Secret key_named(const std::string& name) {
    return crypto::Secret::copy_of(
        crypto::to_bytes(crypto::sha256(crypto::bytes_of("blockhost-plugin-check test key " + name))));
}

bool granted(const std::vector<std::string>& list, std::string_view name) {
    return std::find(list.begin(), list.end(), name) != list.end();
}
Failure denied(const std::string& what) {
    return {BH_E_DENIED, "not_granted", what + " is not in the manifest, so it is not granted"};
}

void log_write(const bh_kernel* kernel, std::uint32_t level, bh_str, bh_str message) noexcept {
    Kernel& self = kernel_of(kernel);
    const std::lock_guard lock{self.mutex()};
    std::ofstream{self.log_path(), std::ios::app} << level << ' ' << view(message) << '\n';
}

bh_status secret_with(const bh_kernel* kernel, const char* name, bh_status (*use)(void*, bh_bytes) noexcept, void* user,
                      bh_error* err) noexcept {
    Kernel& self = kernel_of(kernel);
    const auto found = self.setup().secrets.find(name);
    if (!granted(self.setup().manifest->secrets, name) || found == self.setup().secrets.end())
        return guarded(err, [&]() -> Status { return denied(std::string{"the secret "} + name); });
    return use(user, sdk::raw(found->second));
}

json read_store(Kernel& self) {
    const auto text = sdk::read_file(self.store_path());
    if (!text || !*text) return json::object();
    return json::parse(**text);
}
bh_status store_get(const bh_kernel* kernel, bh_str key, bh_sink value, bh_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        Kernel& self = kernel_of(kernel);
        const std::lock_guard lock{self.mutex()};
        const json all = read_store(self);
        const auto found = all.find(std::string{view(key)});
        if (found == all.end()) return Failure{BH_E_NOT_FOUND, "no_key", "there is no such key"};
        const auto bytes = bytes_from_hex(found->get<std::string>());
        return sdk::write(value, {reinterpret_cast<const char*>(bytes->data()), bytes->size()});
    });
}
bool good_key(std::string_view key) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               std::string_view{"._/-"}.find(c) != std::string::npos;
    };
    return !key.empty() && key.size() <= 128 && std::all_of(key.begin(), key.end(), allowed);
}
bh_status store_put(const bh_kernel* kernel, const bh_str* keys, const bh_bytes* values, std::uint32_t count,
                    bh_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        Kernel& self = kernel_of(kernel);
        const std::lock_guard lock{self.mutex()};
        self.setup().boundary("store.put");
        json all = read_store(self);
        for (std::uint32_t i = 0; i < count; ++i) {
            const std::string key{view(keys[i])};
            if (!good_key(key)) return invalid("bad_key", "a key is 1 to 128 bytes of a-z, 0-9 and ._/-");
            if (values[i].len == 0)
                all.erase(key);
            else
                all[key] = hex_from_bytes(sdk::bytes(values[i]));
        }
        if (all.dump().size() / 2 > kStoreLimit) return Failure{BH_E_EXHAUSTED, "store_full", "the store holds 1 MiB"};
        const Status put = sdk::write_durably(self.setup().directory, "store.json", all.dump(), 0600);
        self.setup().boundary("store.put done");
        return put;
    });
}
bh_status store_list(const bh_kernel* kernel, bh_str prefix, bh_str page, bh_sink out, bh_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        Kernel& self = kernel_of(kernel);
        const std::lock_guard lock{self.mutex()};
        KeyPage answer;
        const json all = read_store(self);
        for (const auto& [key, value] : all.items()) {
            if (!key.starts_with(view(prefix)) || key <= view(page)) continue;
            if (answer.keys.size() == kPage) {
                answer.next = answer.keys.back();
                break;
            }
            answer.keys.push_back(key);
        }
        return sdk::write(out, to_json(answer));
    });
}

// What a scheme signs of a payload. Which payloads it would sign is not the check's business.
Result<crypto::Hash256> hash_of(std::string_view scheme, crypto::ByteView payload) {
    if (scheme == "eip1559-tx") return crypto::keccak256(payload);
    if (scheme == "eip191") return crypto::eip191_hash(payload);
    if (scheme == "bh-intent-1") {
        constexpr std::string_view kDomain{"org.blockhost.bh-intent-1", 26};  // with the zero byte behind it
        Bytes bytes{kDomain.begin(), kDomain.end()};
        bytes.insert(bytes.end(), payload.begin(), payload.end());
        return crypto::sha256(bytes);
    }
    return Failure{BH_E_DENIED, "scheme",
                   "the check's signer knows eip1559-tx, eip191 and bh-intent-1, not " + std::string{scheme}};
}

bh_status sign(const bh_kernel* kernel, const char* key, const char* scheme, bh_bytes payload, bh_sink signature,
               bh_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        Kernel& self = kernel_of(kernel);
        if (!granted(self.setup().manifest->keys, key)) return denied(std::string{"the key "} + key);
        const auto hash = hash_of(scheme, {payload.ptr, payload.len});
        if (!hash) return hash.failure();
        self.setup().boundary("sign");
        const auto made = crypto::sign(key_named(key), *hash);
        if (!made) return made.failure();
        return sdk::write(signature, crypto::text_of(made->encoded()));
    });
}
bh_status public_key(const bh_kernel* kernel, const char* key, bh_sink out, bh_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (!granted(kernel_of(kernel).setup().manifest->keys, key)) return denied(std::string{"the key "} + key);
        return sdk::write(out, crypto::text_of(crypto::PublicKey::of(key_named(key))->point()));
    });
}
bh_status unseal(const bh_kernel*, const char*, const char*, bh_bytes, bh_bytes, bh_sink, bh_error* err) noexcept {
    return guarded(err, []() -> Status { return Failure{BH_E_DENIED, "policy", "the check opens no seals"}; });
}

// The check polls when it wants to.
void wake_poll_now(const bh_kernel*) noexcept {}

constexpr bh_svc_wake kWake{sizeof(bh_svc_wake), 0, wake_poll_now};
constexpr bh_svc_log kLog{sizeof(bh_svc_log), BH_LOG_DEBUG, log_write};
constexpr bh_svc_secrets kSecrets{sizeof(bh_svc_secrets), 0, secret_with};
constexpr bh_svc_store kStore{sizeof(bh_svc_store), 0, store_get, store_put, store_list};
constexpr bh_svc_signer kSigner{sizeof(bh_svc_signer), 0, sign, public_key, unseal};

const void* service(const bh_kernel* kernel, const char* id) noexcept {
    if (!granted(kernel_of(kernel).setup().manifest->services, id)) return nullptr;
    const std::string_view wanted{id};
    if (wanted == BH_SVC_LOG) return &kLog;
    if (wanted == BH_SVC_WAKE) return &kWake;
    if (wanted == BH_SVC_SECRETS) return &kSecrets;
    if (wanted == BH_SVC_STORE) return &kStore;
    if (wanted == BH_SVC_SIGNER) return &kSigner;
    if (wanted == BH_SVC_LAUNCH) return &kLaunchService;
    if (wanted == BH_SVC_CONNECT) return &kConnectService;
    return nullptr;
}

}  // namespace

Kernel::Kernel(KernelSetup setup)
    : setup_{std::move(setup)}, kernel_{sizeof(bh_kernel), BH_ABI_MINOR, this, sdk::str(setup_.instance), service} {}

std::string key_address(const std::string& key) {
    return crypto::Address::of(*crypto::PublicKey::of(key_named(key))).text();
}

}  // namespace bh::check
