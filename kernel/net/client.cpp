#include "kernel/net/client.hpp"

namespace bh::net {
namespace {

using nlohmann::json;

Failure strange(const std::string& what) {
    return {BH_E_INTERNAL, "netd_answer",
            "blockhost-netd sent an answer that is not in the contract (" + what + "); are both of the same release?"};
}

// Reads an answer with a function that throws on anything unexpected.
template <class F>
auto read(F&& reader) -> Result<decltype(reader())> {
    try {
        return reader();
    } catch (const json::exception& e) {
        return strange(e.what());
    }
}

json tap_args(const std::string& tap, const std::string& owner) { return {{"tap", tap}, {"owner", owner}}; }

VmOnSystem read_vm(const json& j) {
    VmOnSystem vm;
    vm.network = {j.at("tap"), j.at("owner"), j.at("address"), j.at("mac"), j.at("mode"), j.at("uplink"), j.at("uid")};
    vm.blocked = j.at("blocked");
    vm.missing = j.at("missing");
    return vm;
}

NetStatus read_status(const json& j) {
    NetStatus status;
    status.table = j.at("table");
    status.forwarding = j.at("forwarding");
    status.uplinks = j.at("uplinks");
    for (const auto& c : j.at("changed")) status.changed.push_back({c.at("key"), c.at("from"), c.at("to")});
    for (const auto& f : j.at("findings")) {
        status.findings.push_back({f.at("field"), f.at("severity"), f.at("message"), f.at("remedy")});
    }
    return status;
}

}  // namespace

Status NetClient::vm_apply(const VmNetwork& n) {
    auto answer = client_.call("vm_apply", {{"tap", n.tap},
                                            {"owner", n.owner},
                                            {"address", n.address},
                                            {"mac", n.mac},
                                            {"mode", n.mode},
                                            {"uplink", n.uplink},
                                            {"uid", n.uid}});
    return answer ? Status{} : answer.failure();
}

Status NetClient::vm_block(const std::string& tap, const std::string& owner) {
    auto answer = client_.call("vm_block", tap_args(tap, owner));
    return answer ? Status{} : answer.failure();
}

Status NetClient::vm_remove(const std::string& tap, const std::string& owner) {
    auto answer = client_.call("vm_remove", tap_args(tap, owner));
    return answer ? Status{} : answer.failure();
}

Result<std::vector<VmOnSystem>> NetClient::vm_list() {
    auto answer = client_.call("vm_list", json::object());
    if (!answer) return answer.failure();
    return read([&] {
        std::vector<VmOnSystem> vms;
        for (const auto& vm : answer->ok.at("vms")) vms.push_back(read_vm(vm));
        return vms;
    });
}

Result<Fd> NetClient::tap_open(const std::string& tap, const std::string& owner) {
    auto answer = client_.call("tap_open", tap_args(tap, owner));
    if (!answer) return answer.failure();
    if (answer->fds.size() != 1) return strange("it holds " + std::to_string(answer->fds.size()) + " descriptors");
    return std::move(answer->fds[0]);
}

Result<NetStatus> NetClient::status() {
    auto answer = client_.call("status", json::object());
    if (!answer) return answer.failure();
    return read([&] { return read_status(answer->ok); });
}

}  // namespace bh::net
