#include "tests/vm/kernel_double.hpp"

#include "plugin-api/sdk/cpp/boundary.hpp"

#include <ctime>

namespace vm_test {

using bh::sdk::view;

struct Services {
    static KernelDouble& of(const bh_kernel* kernel) noexcept { return *static_cast<KernelDouble*>(kernel->ctx); }

    template <class D, class F>
    static bh_status answer(bh_sink out, bh_error* err, F&& body) noexcept {
        return bh::sdk::guarded(err, [&]() -> bh::Status {
            const bh::Result<D> result = body();
            if (!result) return result.failure();
            return bh::sdk::write(out, bh::to_json(*result));
        });
    }

    static void log(const bh_kernel* kernel, std::uint32_t, bh_str, bh_str message) noexcept {
        std::fprintf(stderr, "[%s] %.*s\n", of(kernel).instance_.c_str(), static_cast<int>(message.len), message.ptr);
    }
    static bh_status start(const bh_kernel* kernel, bh_str unit, bh_str spec, const std::int32_t* fds,
                           std::uint32_t count, bh_sink out, bh_error* err) noexcept {
        return answer<bh::Unit>(out, err, [&]() -> bh::Result<bh::Unit> {
            const auto parsed = bh::parse_unit_spec(view(spec));
            if (!parsed) return parsed.failure();
            const std::string name{view(unit)}, owner = name.substr(0, name.find('-'));
            return of(kernel).launch_.start(of(kernel).instance_, name, owner, *parsed, owner, {fds, fds + count});
        });
    }
    static bh_status status(const bh_kernel* kernel, bh_str unit, bh_sink out, bh_error* err) noexcept {
        return answer<bh::Unit>(
            out, err, [&] { return of(kernel).launch_.status(of(kernel).instance_, std::string{view(unit)}); });
    }
    static bh_status signal(const bh_kernel* kernel, bh_str unit, std::int32_t number, bh_error* err) noexcept {
        return bh::sdk::guarded(
            err, [&] { return of(kernel).launch_.signal(of(kernel).instance_, std::string{view(unit)}, number); });
    }
    static bh_status list(const bh_kernel* kernel, bh_str page, bh_sink out, bh_error* err) noexcept {
        return answer<bh::UnitPage>(
            out, err, [&] { return of(kernel).launch_.list(of(kernel).instance_, std::string{view(page)}); });
    }
    static bh_status run(const bh_kernel* kernel, bh_str request, std::uint64_t deadline_ns, bh_sink out,
                         bh_error* err) noexcept {
        return answer<bh::RunResult>(out, err, [&]() -> bh::Result<bh::RunResult> {
            const auto parsed = bh::parse_run_request(view(request));
            if (!parsed) return parsed.failure();
            timespec now{};
            ::clock_gettime(CLOCK_MONOTONIC, &now);
            const std::int64_t left =
                static_cast<std::int64_t>(deadline_ns / 1000000) - (now.tv_sec * 1000 + now.tv_nsec / 1000000);
            return of(kernel).launch_.run(of(kernel).instance_, *parsed, std::chrono::milliseconds{left});
        });
    }

    static constexpr bh_svc_log kLog{sizeof(bh_svc_log), BH_LOG_INFO, log};
    static constexpr bh_svc_launch kLaunch{sizeof(bh_svc_launch), 0, start, status, signal, list, run};

    static const void* find(const bh_kernel*, const char* id) noexcept {
        if (std::string_view{id} == BH_SVC_LOG) return &kLog;
        if (std::string_view{id} == BH_SVC_LAUNCH) return &kLaunch;
        return nullptr;
    }
};

KernelDouble::KernelDouble(std::string instance, std::string socket)
    : instance_{std::move(instance)},
      launch_{std::move(socket)},
      kernel_{sizeof(bh_kernel), BH_ABI_MINOR, this, bh::sdk::str(instance_), Services::find} {}

}  // namespace vm_test
