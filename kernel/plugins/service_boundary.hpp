// What the files of the services share: an instance's state, and the boundary to the plugin. Only they include this.
#pragma once

#include "kernel/plugins/log_limit.hpp"
#include "kernel/plugins/services.hpp"

#include <blockhost/svc/chain.h>
#include <blockhost/svc/connect.h>
#include <blockhost/svc/log.h>

#include <cstdio>
#include <exception>

namespace bh::plugins {

struct Services::State {
    std::string instance;
    ServiceGrants grants;
    ServiceBackends backends;
    LogLimit log_limit;
    bh_svc_log log_vtable{};
    bh_kernel kernel{};
};

inline Services::State& state_of(const bh_kernel* kernel) { return *static_cast<Services::State*>(kernel->ctx); }

inline bh_status report(bh_error* err, const Failure& failure) noexcept {
    if (err != nullptr) {
        err->code = failure.code;
        err->retry_after_ms = failure.retry_after_ms;
        std::snprintf(err->reason, sizeof err->reason, "%s", failure.reason.c_str());
        std::snprintf(err->message, sizeof err->message, "%s", failure.message.c_str());
    }
    return failure.code;
}

// A plugin that asks for what it was not granted is badly set up, or hostile: the operator hears of it. services.cpp
void log_refusal(const bh_kernel* kernel, std::string_view verb, const Failure& failure);

// The boundary of every service: nothing unwinds into the plugin. `verb` is its name in the log: "signer.sign".
template <class F>
bh_status guarded(const bh_kernel* kernel, std::string_view verb, bh_error* err, F&& body) noexcept {
    try {
        const Status status = body();
        if (status) return BH_OK;
        if (status.failure().code == BH_E_DENIED) log_refusal(kernel, verb, status.failure());
        return report(err, status.failure());
    } catch (const std::exception& error) {
        return report(err, {BH_E_INTERNAL, "exception", error.what()});
    }
}

inline std::string string_of(bh_str value) {
    return value.len == 0 ? std::string{} : std::string{value.ptr, value.len};
}
inline Bytes bytes_of(bh_bytes value) { return value.len == 0 ? Bytes{} : Bytes{value.ptr, value.ptr + value.len}; }

inline Status put_out(bh_sink out, const void* data, std::size_t size) {
    const bh_status status = out.write(out.ctx, data, size);
    if (status == BH_OK) return {};
    return Failure{status, "sink", "the caller refused the output"};
}
inline Status put_out(bh_sink out, const std::string& text) { return put_out(out, text.data(), text.size()); }

// connect_service.cpp
extern const bh_svc_connect kConnectService;
// chain_service.cpp
extern const bh_svc_chain kChainService;

}  // namespace bh::plugins
