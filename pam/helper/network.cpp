#include "pam/helper/network.hpp"

#include "pam/guest/files.hpp"
#include "pam/helper/process.hpp"

#include <filesystem>
#include <fstream>

namespace bh::guest {
namespace {

Result<std::string> device_with(const std::string& mac) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator{"/sys/class/net", error}) {
        const Result<std::string> address = read_file(entry.path().string() + "/address", 64);
        if (address && *address == mac + "\n") return entry.path().filename().string();
    }
    return Failure{BH_E_NOT_FOUND, "no_network_device",
                   "no network device has the address " + mac + " of the first-boot data"};
}

}  // namespace

std::string networkd_file(const FirstBoot& first_boot) {
    return "# Written by blockhost-guest from the first-boot data.\n[Match]\nMACAddress=" + first_boot.mac +
           "\n\n[Network]\nIPv6AcceptRA=no\nDHCP=no\nIPv6DuplicateAddressDetection=0\nKeepConfiguration=yes\n\n["
           "Address]\nAddress=" +
           first_boot.address + "/128\nDuplicateAddressDetection=none\n\n[Route]\nGateway=" + first_boot.gateway +
           "\nGatewayOnLink=yes\n";
}

std::string resolv_conf(const FirstBoot& first_boot) {
    std::string out = "# Written by blockhost-guest from the first-boot data.\n";
    std::string_view rest = first_boot.resolvers;
    while (!rest.empty()) {
        const std::string_view word = rest.substr(0, rest.find(' '));
        out.append("nameserver ").append(word).append("\n");
        rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    }
    return out;
}

std::string ip_batch(const FirstBoot& first_boot, const std::string& device) {
    return "link set dev lo up\nlink set dev " + device + " up\naddress replace " + first_boot.address + "/128 dev " +
           device + " nodad\nroute replace default via " + first_boot.gateway + " dev " + device + " onlink\n";
}

Status write_network_files(const FirstBoot& first_boot) {
    if (Status made = make_directory("/etc/systemd/network", 0755); !made) return made;
    if (Status written = replace_file("/etc/systemd/network/10-blockhost.network", networkd_file(first_boot), 0644);
        !written)
        return written;
    return replace_file("/etc/resolv.conf", resolv_conf(first_boot), 0644);
}

Status bring_up_network(const FirstBoot& first_boot) {
    const Result<std::string> device = device_with(first_boot.mac);
    if (!device) return device.failure();
    std::ofstream{"/proc/sys/net/ipv6/conf/" + *device + "/accept_dad"} << "0\n";
    return run({"/usr/sbin/ip", "-6", "-force", "-batch", "-"}, ip_batch(first_boot, *device));
}

}  // namespace bh::guest
