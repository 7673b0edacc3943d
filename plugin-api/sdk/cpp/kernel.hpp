// What the kernel offers to an instance, typed: log, store, secrets, connect, wake. Signer and launch have headers of
// their own. All of it may be used from any thread, as long as the instance lives.
#pragma once

#include "plugin-api/documents/store.hpp"
#include "plugin-api/sdk/cpp/boundary.hpp"

#include <functional>

namespace bh::sdk {

class Signer;
class Launch;

// The vtable of one service, or why it can't be used.
template <class S>
class Service {
public:
    Service(const bh_kernel& kernel, const char* id)
        : kernel_{&kernel}, id_{id}, table_{static_cast<const S*>(kernel.service(&kernel, id))} {}

protected:
    // Calls `body(table, error)`, which returns a bh_status.
    template <class F>
    Status use(F&& body) const {
        if (table_ == nullptr)
            return Failure{
                BH_E_DENIED, "not_granted",
                std::string{"the service "} + id_ +
                    " is not granted; list it under \"services\" of the manifest and in the instance's grants"};
        Error error;
        return error.status(std::forward<F>(body)(*table_, error.out()));
    }
    [[nodiscard]] const S* table() const noexcept { return table_; }
    [[nodiscard]] const bh_kernel* kernel() const noexcept { return kernel_; }

private:
    const bh_kernel* kernel_;
    const char* id_;
    const S* table_;
};

class Log : Service<bh_svc_log> {
public:
    explicit Log(const bh_kernel& kernel) : Service{kernel, BH_SVC_LOG} {}

    // `message` without a newline, and never a secret. Nothing happens without the service.
    void write(std::uint32_t level, std::string_view message, std::string_view trace_id = {}) const noexcept {
        if (table() != nullptr && level >= table()->min_level)
            table()->write(kernel(), level, str(trace_id), str(message));
    }
    void info(std::string_view message) const noexcept { write(BH_LOG_INFO, message); }
    void warn(std::string_view message) const noexcept { write(BH_LOG_WARN, message); }
    void error(std::string_view message) const noexcept { write(BH_LOG_ERROR, message); }
};

class Store : Service<bh_svc_store> {
public:
    explicit Store(const bh_kernel& kernel) : Service{kernel, BH_SVC_STORE} {}

    // BH_E_NOT_FOUND when there is no such key.
    [[nodiscard]] Result<Bytes> get(std::string_view key) const {
        Collector value;
        const Status status = use([&](auto& t, bh_error* err) { return t.get(kernel(), str(key), value.sink(), err); });
        if (!status) return status.failure();
        return value.bytes();
    }
    // All of them or none; an empty value removes its key. Durable once it is ok.
    [[nodiscard]] Status put(const std::vector<std::pair<std::string, Bytes>>& pairs) const {
        std::vector<bh_str> keys;
        std::vector<bh_bytes> values;
        for (const auto& [key, value] : pairs) {
            keys.push_back(str(key));
            values.push_back(raw(value));
        }
        return use([&](auto& t, bh_error* err) {
            return t.put(kernel(), keys.data(), values.data(), static_cast<std::uint32_t>(keys.size()), err);
        });
    }
    [[nodiscard]] Status put(std::string key, Bytes value) const { return put({{std::move(key), std::move(value)}}); }
    [[nodiscard]] Status remove(std::string key) const { return put({{std::move(key), Bytes{}}}); }
    [[nodiscard]] Result<KeyPage> list(std::string_view prefix, std::string_view page = {}) const {
        Collector out;
        const Status status =
            use([&](auto& t, bh_error* err) { return t.list(kernel(), str(prefix), str(page), out.sink(), err); });
        if (!status) return status.failure();
        return parse_key_page(out.text());
    }
};

class Secrets : Service<bh_svc_secrets> {
public:
    explicit Secrets(const bh_kernel& kernel) : Service{kernel, BH_SVC_SECRETS} {}

    // Lends the secret to `body(std::string_view) -> Status` on this thread. It keeps no copy.
    [[nodiscard]] Status with(const std::string& name, const std::function<Status(std::string_view)>& body) const {
        struct Loan {
            const std::function<Status(std::string_view)>* body;
            Status status;
        } loan{&body, {}};
        const auto lend = [](void* user, bh_bytes secret) noexcept -> bh_status {
            auto& loan = *static_cast<Loan*>(user);
            Error error;
            const bh_status code = guarded(error.out(), [&] {
                return (*loan.body)(view({reinterpret_cast<const char*>(secret.ptr), secret.len}));
            });
            loan.status = error.status(code);
            return code;
        };
        const Status status =
            use([&](auto& t, bh_error* err) { return t.with(kernel(), name.c_str(), lend, &loan, err); });
        return loan.status ? status : loan.status;
    }
};

class Connect : Service<bh_svc_connect> {
public:
    explicit Connect(const bh_kernel& kernel) : Service{kernel, BH_SVC_CONNECT} {}

    // -> a connected, non-blocking, CLOEXEC descriptor, the caller's to close. `deadline_ns`: CLOCK_MONOTONIC, 0 =
    // none.
    [[nodiscard]] Result<int> tcp(std::string_view host, std::uint16_t port, std::uint64_t deadline_ns) const {
        std::int32_t fd = -1;
        const Status status =
            use([&](auto& t, bh_error* err) { return t.tcp(kernel(), str(host), port, deadline_ns, &fd, err); });
        if (!status) return status.failure();
        return int{fd};
    }
};

class Wake : Service<bh_svc_wake> {
public:
    explicit Wake(const bh_kernel& kernel) : Service{kernel, BH_SVC_WAKE} {}

    // There is something new: poll() is called as soon as may be. For every piece of news; nothing happens without the
    // service.
    void poll_now() const noexcept {
        if (table() != nullptr) table()->poll_now(kernel());
    }
};

// What create() and check() are given. Copy it freely; it must not outlive the instance.
class Kernel {
public:
    explicit Kernel(const bh_kernel& kernel) noexcept : kernel_{&kernel} {}
    [[nodiscard]] std::string instance() const { return std::string{view(kernel_->instance)}; }
    [[nodiscard]] Log log() const { return Log{*kernel_}; }
    [[nodiscard]] Store store() const { return Store{*kernel_}; }
    [[nodiscard]] Secrets secrets() const { return Secrets{*kernel_}; }
    [[nodiscard]] Connect connect() const { return Connect{*kernel_}; }
    [[nodiscard]] Wake wake() const { return Wake{*kernel_}; }
    [[nodiscard]] Signer signer() const;  // signer.hpp
    [[nodiscard]] Launch launch() const;  // launch.hpp
    [[nodiscard]] const bh_kernel& c() const noexcept { return *kernel_; }

private:
    const bh_kernel* kernel_;
};

}  // namespace bh::sdk
