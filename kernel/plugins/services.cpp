#include "kernel/plugins/services.hpp"

#include "kernel/plugins/service_boundary.hpp"
#include "kernel/plugins/verb.hpp"
#include "plugin-api/documents/json.hpp"

#include <blockhost/svc/launch.h>
#include <blockhost/svc/log.h>
#include <blockhost/svc/secrets.h>
#include <blockhost/svc/signer.h>
#include <blockhost/svc/store.h>
#include <blockhost/svc/wake.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>

namespace bh::plugins {
namespace {

constexpr std::size_t kMaxKey = 128;
constexpr std::size_t kMaxSecret = std::size_t{64} << 10;
constexpr std::uint32_t kMaxPassedFds = 16;

std::uint64_t monotonic_ns() {
    return static_cast<std::uint64_t>(
        std::chrono::nanoseconds{std::chrono::steady_clock::now().time_since_epoch()}.count());
}

void log_write(const bh_kernel* kernel, std::uint32_t level, bh_str trace_id, bh_str message) noexcept {
    try {
        auto& state = state_of(kernel);
        const auto verdict = state.log_limit.admit(monotonic_ns());
        if (verdict.first_left_out) {
            state.backends.log->write(BH_LOG_WARN, state.instance, {},
                                      "logs more than " + std::to_string(LogLimit::kPerSecond) +
                                          " lines a second: the rest is left out and counted");
        }
        if (verdict.left_out != 0) {
            state.backends.log->write(BH_LOG_WARN, state.instance, {},
                                      std::to_string(verdict.left_out) + " lines were left out");
        }
        if (verdict.admitted) state.backends.log->write(level, state.instance, string_of(trace_id), string_of(message));
    } catch (const std::exception&) {
        return;  // a log line that can't be written must not take the plugin down
    }
}

Result<std::string> store_key(bh_str text) {
    std::string key = string_of(text);
    const bool good = !key.empty() && key.size() <= kMaxKey && std::all_of(key.begin(), key.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '/' || c == '-';
    });
    if (!good) return invalid("bad_key", "a key of the store is 1 to 128 bytes of a-z, 0-9 and ._/-");
    return key;
}

bh_status store_get(const bh_kernel* kernel, bh_str key, bh_sink value, bh_error* err) noexcept {
    return guarded(kernel, "store.get", err, [&]() -> Status {
        const auto& state = state_of(kernel);
        auto name = store_key(key);
        if (!name) return name.failure();
        auto stored = state.backends.store->get(state.instance, *name);
        if (!stored) return stored.failure();
        return put_out(value, stored->data(), stored->size());
    });
}

bh_status store_put(const bh_kernel* kernel, const bh_str* keys, const bh_bytes* values, std::uint32_t count,
                    bh_error* err) noexcept {
    return guarded(kernel, "store.put", err, [&]() -> Status {
        const auto& state = state_of(kernel);
        std::vector<std::pair<std::string, Bytes>> changes;
        std::set<std::string> seen;
        for (std::uint32_t i = 0; i < count; ++i) {
            auto name = store_key(keys[i]);
            if (!name) return name.failure();
            if (!seen.insert(*name).second)
                return invalid("key_twice", "one put names the key \"" + *name + "\" twice");
            changes.emplace_back(std::move(*name), bytes_of(values[i]));
        }
        return state.backends.store->put(state.instance, changes);
    });
}

bh_status store_list(const bh_kernel* kernel, bh_str prefix, bh_str page, bh_sink out, bh_error* err) noexcept {
    return guarded(kernel, "store.list", err, [&]() -> Status {
        const auto& state = state_of(kernel);
        auto page_of_keys = state.backends.store->list(state.instance, string_of(prefix), string_of(page));
        if (!page_of_keys) return page_of_keys.failure();
        return put_out(out, nlohmann::json{{"keys", page_of_keys->keys}, {"next", page_of_keys->next}}.dump());
    });
}

// Reads a secret of at most 64 KiB from a file that nobody but its owner and root may touch.
Result<Bytes> read_secret(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return Failure{BH_E_DENIED, "secret_file",
                       "cannot read the secret's file " + path + ": " + std::strerror(errno)};
    struct stat info{};
    Bytes secret(kMaxSecret + 1);
    const bool safe = ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && (info.st_mode & 077) == 0;
    const ssize_t size = safe ? ::read(fd, secret.data(), secret.size()) : -1;
    ::close(fd);
    if (!safe)
        return Failure{BH_E_DENIED, "secret_file", "the secret's file " + path + " must be a plain file of mode 0600"};
    if (size < 0 || static_cast<std::size_t>(size) > kMaxSecret) {
        return Failure{BH_E_DENIED, "secret_file",
                       "the secret's file " + path + " can't be read or is larger than 64 KiB"};
    }
    secret.resize(static_cast<std::size_t>(size));
    return secret;
}

bh_status secrets_with(const bh_kernel* kernel, const char* name,
                       bh_status (*use)(void* user, bh_bytes secret) BH_NOEXCEPT, void* user, bh_error* err) noexcept {
    return guarded(kernel, "secrets.with", err, [&]() -> Status {
        const auto& state = state_of(kernel);
        const auto granted = state.grants.secrets.find(name);
        if (granted == state.grants.secrets.end()) {
            return Failure{BH_E_DENIED, "not_granted",
                           "the secret \"" + std::string{name} + "\" is not granted to instance " + state.instance};
        }
        auto secret = read_secret(granted->second);
        if (!secret) return secret.failure();
        const bh_status status = use(user, {secret->data(), secret->size()});
        OPENSSL_cleanse(secret->data(), secret->size());
        if (status == BH_OK) return {};
        return Failure{status, "use", "the plugin could not use the secret \"" + std::string{name} + "\""};
    });
}

Result<std::string> granted_key(const Services::State& state, const char* key) {
    if (state.grants.keys.contains(key)) return std::string{key};
    return Failure{BH_E_DENIED, "not_granted",
                   "the key \"" + std::string{key} + "\" is not granted to instance " + state.instance};
}

bh_status signer_sign(const bh_kernel* kernel, const char* key, const char* scheme, bh_bytes payload, bh_sink signature,
                      bh_error* err) noexcept {
    return guarded(kernel, "signer.sign", err, [&]() -> Status {
        const auto& state = state_of(kernel);
        auto name = granted_key(state, key);
        if (!name) return name.failure();
        auto signed_bytes = state.backends.signer->sign(state.instance, *name, scheme, bytes_of(payload));
        if (!signed_bytes) return signed_bytes.failure();
        return put_out(signature, signed_bytes->data(), signed_bytes->size());
    });
}

bh_status signer_public_key(const bh_kernel* kernel, const char* key, bh_sink out, bh_error* err) noexcept {
    return guarded(kernel, "signer.public_key", err, [&]() -> Status {
        const auto& state = state_of(kernel);
        auto name = granted_key(state, key);
        if (!name) return name.failure();
        auto point = state.backends.signer->public_key(*name);
        if (!point) return point.failure();
        return put_out(out, point->data(), point->size());
    });
}

// Requests are opened by the kernel alone: no plugin of this kernel may have anything unsealed.
bh_status signer_unseal(const bh_kernel* kernel, const char*, const char*, bh_bytes, bh_bytes, bh_sink,
                        bh_error* err) noexcept {
    return guarded(kernel, "signer.unseal", err, [&]() -> Status {
        return Failure{BH_E_DENIED, "not_granted",
                       "no seal format is granted to instance " + state_of(kernel).instance};
    });
}

bh_status launch_start(const bh_kernel* kernel, bh_str unit, bh_str spec, const std::int32_t* fds,
                       std::uint32_t fd_count, bh_sink out, bh_error* err) noexcept {
    return guarded(kernel, "launch.start", err, [&]() -> Status {
        const auto& state = state_of(kernel);
        if (fd_count > kMaxPassedFds) return invalid("too_many_fds", "a unit may be passed at most 16 descriptors");
        auto parsed = parse_unit_spec(string_of(spec));
        if (!parsed) return parsed.failure();
        auto started = state.backends.launch->start(state.instance, string_of(unit), *parsed, {fds, fds + fd_count});
        if (!started) return started.failure();
        return put_out(out, to_json(*started));
    });
}

bh_status launch_status(const bh_kernel* kernel, bh_str unit, bh_sink out, bh_error* err) noexcept {
    return guarded(kernel, "launch.status", err, [&]() -> Status {
        const auto& state = state_of(kernel);
        auto found = state.backends.launch->status(state.instance, string_of(unit));
        if (!found) return found.failure();
        return put_out(out, to_json(*found));
    });
}

bh_status launch_signal(const bh_kernel* kernel, bh_str unit, std::int32_t number, bh_error* err) noexcept {
    return guarded(kernel, "launch.signal", err, [&]() -> Status {
        const auto& state = state_of(kernel);
        return state.backends.launch->signal(state.instance, string_of(unit), number);
    });
}

bh_status launch_list(const bh_kernel* kernel, bh_str page, bh_sink out, bh_error* err) noexcept {
    return guarded(kernel, "launch.list", err, [&]() -> Status {
        const auto& state = state_of(kernel);
        auto units = state.backends.launch->list(state.instance, string_of(page));
        if (!units) return units.failure();
        return put_out(out, to_json(*units));
    });
}

bh_status launch_run(const bh_kernel* kernel, bh_str request, std::uint64_t deadline_ns, bh_sink out,
                     bh_error* err) noexcept {
    return guarded(kernel, "launch.run", err, [&]() -> Status {
        const auto& state = state_of(kernel);
        auto parsed = parse_run_request(string_of(request));
        if (!parsed) return parsed.failure();
        auto result = state.backends.launch->run(state.instance, *parsed, deadline_ns);
        if (!result) return result.failure();
        return put_out(out, to_json(*result));
    });
}

void wake_poll_now(const bh_kernel* kernel) noexcept {
    try {
        const auto& state = state_of(kernel);
        state.backends.wake(state.instance);
    } catch (const std::exception&) {
        return;  // the next poll comes by itself
    }
}

constexpr bh_svc_wake kWake{sizeof(bh_svc_wake), 0, wake_poll_now};
constexpr bh_svc_store kStore{sizeof(bh_svc_store), 0, store_get, store_put, store_list};
constexpr bh_svc_secrets kSecrets{sizeof(bh_svc_secrets), 0, secrets_with};
constexpr bh_svc_signer kSigner{sizeof(bh_svc_signer), 0, signer_sign, signer_public_key, signer_unseal};
constexpr bh_svc_launch kLaunch{sizeof(bh_svc_launch), 0,           launch_start, launch_status,
                                launch_signal,         launch_list, launch_run};

const void* service(const bh_kernel* kernel, const char* id) noexcept {
    const auto& state = state_of(kernel);
    const std::string_view name{id};
    if (name == BH_SVC_LOG) return &state.log_vtable;
    if (name == BH_SVC_STORE) return &kStore;
    if (name == BH_SVC_WAKE) return &kWake;
    if (!state.grants.services.contains(std::string{name})) return nullptr;
    if (name == BH_SVC_SECRETS) return &kSecrets;
    if (name == BH_SVC_SIGNER && state.backends.signer != nullptr) return &kSigner;
    if (name == BH_SVC_LAUNCH && state.backends.launch != nullptr) return &kLaunch;
    if (name == BH_SVC_CONNECT && state.backends.connect != nullptr) return &kConnectService;
    if (name == BH_SVC_CHAIN && state.backends.chain != nullptr) return &kChainService;
    return nullptr;
}

}  // namespace

void log_refusal(const bh_kernel* kernel, std::string_view verb, const Failure& failure) {
    const std::string words = "was refused \"" + std::string{verb} + "\" (" + failure.reason + "): " + failure.message;
    log_write(kernel, BH_LOG_WARN, {nullptr, 0}, {words.data(), words.size()});
}

Services::Services(std::string instance, ServiceGrants grants, ServiceBackends backends)
    : state_{std::make_unique<State>()} {
    state_->instance = std::move(instance);
    state_->grants = std::move(grants);
    state_->backends = backends;
    state_->log_vtable = {sizeof(bh_svc_log), backends.log->min_level(), log_write};
    state_->kernel.struct_size = sizeof(bh_kernel);
    state_->kernel.abi_minor = BH_ABI_MINOR;
    state_->kernel.ctx = state_.get();
    state_->kernel.instance = text(state_->instance);
    state_->kernel.service = service;
}

Services::~Services() = default;

const bh_kernel* Services::kernel() const noexcept { return &state_->kernel; }

}  // namespace bh::plugins
