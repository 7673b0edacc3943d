// The service that starts programs, which a plugin never does by itself. See blockhost/svc/launch.h.
#pragma once

#include "plugin-api/documents/launch.hpp"
#include "plugin-api/sdk/cpp/kernel.hpp"

namespace bh::sdk {

class Launch : Service<bh_svc_launch> {
public:
    explicit Launch(const bh_kernel& kernel) : Service{kernel, BH_SVC_LAUNCH} {}

    // `fds` stay the caller's.
    [[nodiscard]] Result<Unit> start(std::string_view unit, const UnitSpec& spec,
                                     const std::vector<std::int32_t>& fds = {}) const {
        const std::string text = to_json(spec);
        return document(parse_unit, [&](auto& t, bh_sink out, bh_error* err) {
            return t.start(kernel(), str(unit), str(text), fds.data(), static_cast<std::uint32_t>(fds.size()), out,
                           err);
        });
    }
    [[nodiscard]] Result<Unit> status(std::string_view unit) const {
        return document(parse_unit,
                        [&](auto& t, bh_sink out, bh_error* err) { return t.status(kernel(), str(unit), out, err); });
    }
    [[nodiscard]] Status signal(std::string_view unit, int number) const {
        return use([&](auto& t, bh_error* err) { return t.signal(kernel(), str(unit), number, err); });
    }
    [[nodiscard]] Result<UnitPage> list(std::string_view page = {}) const {
        return document(parse_unit_page,
                        [&](auto& t, bh_sink out, bh_error* err) { return t.list(kernel(), str(page), out, err); });
    }
    [[nodiscard]] Result<RunResult> run(const RunRequest& request, std::uint64_t deadline_ns) const {
        const std::string text = to_json(request);
        return document(parse_run_result, [&](auto& t, bh_sink out, bh_error* err) {
            return t.run(kernel(), str(text), deadline_ns, out, err);
        });
    }

private:
    template <class P, class F>
    auto document(P parse, F&& body) const -> decltype(parse(std::string_view{})) {
        Collector out;
        const Status status = use([&](auto& t, bh_error* err) { return body(t, out.sink(), err); });
        if (!status) return status.failure();
        return parse(out.text());
    }
};

inline Launch Kernel::launch() const { return Launch{*kernel_}; }

}  // namespace bh::sdk
