#include "tests/net/testbed.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace bh::nettest {
namespace {

template <class T>
T need(Result<T> result) {
    if (!result) throw std::runtime_error{result.failure().reason + ": " + result.failure().message};
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// Handles and counters differ from run to run.
void strip(nlohmann::json& value) {
    if (value.is_object()) {
        value.erase("handle");
        if (value.contains("counter")) value["counter"] = nullptr;
    }
    if (value.is_structured()) {
        for (auto& item : value) strip(item);
    }
}

}  // namespace

Testbed::Testbed(Start start) : start_{start}, outside_{std::make_unique<Space>()} {
    char pattern[] = "/tmp/bh-net-XXXXXX";
    directory_ = ::mkdtemp(pattern);
    // netd has no capability that would open another user's files: a device node and a directory that it may use.
    ::chmod(directory_.c_str(), 0755);
    const std::string tun = directory_ + "/tun";
    if (::mknod(tun.c_str(), S_IFCHR | 0600, makedev(10, 200)) != 0 || ::chown(tun.c_str(), kNetd, kNetd) != 0)
        throw std::runtime_error{"no device node can be made; run as root"};
    if (start == Start::as_user_with_capability) {
        ::mkdir((directory_ + "/netd").c_str(), 0750);
        if (::chown((directory_ + "/netd").c_str(), kNetd, kKernel) != 0) throw std::runtime_error{"chown"};
    }
    std::ofstream{directory_ + "/netd.yaml"}
        << "socket: " << socket() << "\nkernel_user: " << kKernel << "\nlauncher_user: 0\nuser: " << kNetd
        << "\ngroup: " << kKernel << "\ntun: " << tun << "\nuplinks: [up0]\nopen_tcp: [" << kOpenPort
        << "]\nopen_udp: [" << kOpenPort << "]\nprefixes: ['2001:db8:b10c:1::/64', '2001:db8:b10c:2::/64']\n";
    wire_host();
    start_netd();
}

Testbed::~Testbed() {
    if (netd_ > 0) kill_netd();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
}

void Testbed::wire_host() {
    host_ = std::make_unique<Space>();
    plug_uplink();
}

void Testbed::plug_uplink() {
    host_->ip("link add up0 type veth peer name out0 netns " + std::to_string(outside_->holder()));
    host_->run({"sh", "-c", "echo 0 > /proc/sys/net/ipv6/conf/up0/accept_dad"});
    host_->ip("link set up0 up");
    host_->ip("-6 address add " + kHost + "/64 dev up0 nodad");
    host_->ip("address add 198.51.100.2/24 dev up0");
    outside_->ip("link set out0 up");
    outside_->ip("-6 address add " + kOutside + "/64 dev out0 nodad");
    outside_->ip("address add 198.51.100.1/24 dev out0");
    outside_->ip("-6 route add 2001:db8:b10c:2::/64 via " + kHost);
    host_->ip("-6 route add default via " + kOutside);
}

void Testbed::start_netd() {
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) throw std::runtime_error{"pipe"};
    const Fd in{pipe[0]};
    Fd out{pipe[1]};
    std::vector<std::string> command{BLOCKHOST_NETD, "--config", directory_ + "/netd.yaml"};
    if (start_ == Start::as_user_with_capability) {
        const std::vector<std::string> wrapper{"setpriv",
                                               "--reuid=" + std::to_string(kNetd),
                                               "--regid=" + std::to_string(kNetd),
                                               "--groups=" + std::to_string(kKernel),
                                               "--inh-caps=-all,+net_admin",
                                               "--ambient-caps=-all,+net_admin"};
        command.insert(command.begin(), wrapper.begin(), wrapper.end());
    }
    netd_ = host_->start(command, out.get());
    out.reset();
    std::array<char, 16> line{};
    if (::read(in.get(), line.data(), line.size()) <= 0) throw std::runtime_error{"netd did not start"};
    kernel_ = std::make_unique<net::NetClient>(socket());
}

void Testbed::kill_netd() {
    ::kill(netd_, SIGKILL);
    ::waitpid(netd_, nullptr, 0);
    netd_ = -1;
}

int Testbed::stop_netd() {
    int status = 0;
    ::kill(netd_, SIGTERM);
    ::waitpid(netd_, &status, 0);
    netd_ = -1;
    return status;
}

void Testbed::reboot() {
    if (netd_ > 0) kill_netd();
    host_.reset();
    // The namespace ends a moment after its last process; its end of the cable takes the other one with it.
    if (!eventually([&] { return outside_->output({"ip", "link"}).find("out0") == std::string::npos; }))
        throw std::runtime_error{"the old host does not go away"};
    wire_host();
}

void Testbed::apply(const net::VmNetwork& network) {
    as_user(kKernel, kKernel, [&] { need(kernel_->vm_apply(network)); });
}

void Testbed::block(const net::VmNetwork& network) {
    as_user(kKernel, kKernel, [&] { need(kernel_->vm_block(network.tap, network.owner)); });
}

void Testbed::remove(const net::VmNetwork& network) {
    as_user(kKernel, kKernel, [&] { need(kernel_->vm_remove(network.tap, network.owner)); });
}

std::vector<net::VmOnSystem> Testbed::list() {
    std::vector<net::VmOnSystem> vms;
    as_user(kKernel, kKernel, [&] { vms = need(kernel_->vm_list()); });
    return vms;
}

net::NetStatus Testbed::status() {
    net::NetStatus status;
    as_user(kKernel, kKernel, [&] { status = need(kernel_->status()); });
    return status;
}

std::unique_ptr<Guest> Testbed::boot(const net::VmNetwork& network) {
    apply(network);
    net::NetClient launcher{socket()};
    auto guest =
        std::make_unique<Guest>(need(launcher.tap_open(network.tap, network.owner)), network.mac, network.address);
    const auto carrier = [&] {
        return host_->output({"ip", "link", "show", network.tap}).find("LOWER_UP") != std::string::npos;
    };
    if (!eventually(carrier)) throw std::runtime_error{"the tap has no carrier"};
    return guest;
}

std::string Testbed::footprint() const {
    auto rules = nlohmann::json::parse(host_->output({"nft", "-j", "list", "ruleset"}));
    strip(rules);
    std::string text = rules.dump(1);
    // Not the operational state, nor "linkdown": both follow a moment later.
    for (const auto& link : nlohmann::json::parse(host_->output({"ip", "-j", "link"}))) {
        const auto flags = link.at("flags").get<std::vector<std::string>>();
        const bool up = std::find(flags.begin(), flags.end(), "UP") != flags.end();
        text += "\n" + link.at("ifname").get<std::string>() + " " + link.value("address", "") + " " +
                link.value("ifalias", "") + " group " + link.value("group", "") + (up ? " up" : " down");
    }
    for (const char* what : {"ip -o address", "ip -6 route show table all", "ip -6 neigh show nud permanent",
                             "ip -6 neigh show proxy", "ip -6 maddress show dev up0"}) {
        text += std::string{"\n"} + what + "\n" +
                host_->output({"sh", "-c", std::string{what} + " | sed 's/ linkdown//; s/^[0-9]*: //' | sort"});
    }
    return text;
}

std::uint64_t Testbed::drops(const std::string& chain, std::size_t position) const {
    const auto answer =
        nlohmann::json::parse(host_->output({"nft", "-j", "list", "chain", "inet", "blockhost", chain}));
    std::vector<nlohmann::json> rules;
    for (const auto& object : answer.at("nftables")) {
        if (object.contains("rule")) rules.push_back(object.at("rule").at("expr"));
    }
    for (const auto& expression : rules.at(position)) {
        if (expression.contains("counter")) return expression.at("counter").at("packets").get<std::uint64_t>();
    }
    throw std::runtime_error{"that rule of " + chain + " has no counter"};
}

}  // namespace bh::nettest
