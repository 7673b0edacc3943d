// The service connect: exactly the granted endpoints, byte for byte after normalising, and nothing else.
#include "kernel/plugins/service_boundary.hpp"

namespace bh::plugins {
namespace {

bh_status tcp(const bh_kernel* kernel, bh_str host, std::uint16_t port, std::uint64_t deadline_ns, std::int32_t* fd,
              bh_error* err) noexcept {
    return guarded(kernel, "connect.tcp", err, [&]() -> Status {
        const auto& state = state_of(kernel);
        auto endpoint = make_endpoint(string_of(host), port);
        if (!endpoint) return endpoint.failure();
        if (!state.grants.connect.contains(*endpoint)) {
            return Failure{BH_E_DENIED, "not_granted",
                           endpoint->text() + " is not granted to instance " + state.instance +
                               "; the operator lists what it may reach under grants.connect of its file"};
        }
        auto socket = state.backends.connect->tcp(*endpoint, deadline_ns);
        if (!socket) return socket.failure();
        *fd = socket->release();
        return {};
    });
}

}  // namespace

constexpr bh_svc_connect kConnect{sizeof(bh_svc_connect), 0, tcp};
const bh_svc_connect kConnectService = kConnect;

}  // namespace bh::plugins
