#include "kernel/daemon/network_port.hpp"

#include "kernel/net/client.hpp"

namespace bh::daemon {
namespace {

// Who may attach to a tap by name: nobody. netd opens it for the launcher, which hands the descriptor to the VM's
// process.
constexpr std::uint32_t kNoProcessHasIt = 4294967293;

class NetworkPort final : public life::NetworkPort {
public:
    explicit NetworkPort(std::string socket) : client_{std::move(socket)} {}

    Status vm_apply(const life::NetworkBinding& binding) override {
        return client_.vm_apply(
            {binding.tap, binding.owner, binding.address, binding.mac, binding.mode, binding.uplink, kNoProcessHasIt});
    }
    Status vm_block(const std::string& tap, const std::string& owner) override { return client_.vm_block(tap, owner); }
    Status vm_remove(const std::string& tap, const std::string& owner) override {
        return client_.vm_remove(tap, owner);
    }

    Result<std::vector<life::NetworkBinding>> vm_list() override {
        auto vms = client_.vm_list();
        if (!vms) return vms.failure();
        std::vector<life::NetworkBinding> bindings;
        for (const auto& vm : *vms) {
            const auto& network = vm.network;
            bindings.push_back({network.tap, network.owner, network.address, network.mac, network.mode, network.uplink,
                                vm.blocked, vm.missing});
        }
        return bindings;
    }

private:
    net::NetClient client_;
};

}  // namespace

std::unique_ptr<life::NetworkPort> make_network_port(std::string netd_socket) {
    return std::make_unique<NetworkPort>(std::move(netd_socket));
}

}  // namespace bh::daemon
