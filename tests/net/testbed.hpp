// A small world: `outside` -- uplink -- `host`, with the real blockhost-netd in the host, run as a user of its own.
//
//     outside   2001:db8:b10c:1::1/64, 198.51.100.1/24    routes 2001:db8:b10c:2::/64 to the host
//     host      2001:db8:b10c:1::2/64, 198.51.100.2/24    uplink `up0`, default route to outside
//     guests    A on-link: 2001:db8:b10c:1::a             B routed: 2001:db8:b10c:2::b
#pragma once

#include "kernel/net/client.hpp"
#include "plugin-api/documents/json.hpp"
#include "tests/net/guest.hpp"
#include "tests/net/space.hpp"

#include <memory>
#include <string>

namespace bh::nettest {

inline constexpr uid_t kKernel = 3900, kNetd = 3902, kStranger = 3950, kVmProcess = 3960;
inline constexpr std::uint16_t kOpenPort = 443, kClosedPort = 22;

inline const std::string kOutside = "2001:db8:b10c:1::1", kHost = "2001:db8:b10c:1::2";
inline const std::string kHostMac = "fe:62:68:00:00:01";  // the host's side of each tap
inline const net::VmNetwork kVmA{"bhaaaaaaaaaaaa", "op-a", "2001:db8:b10c:1::a", "52:54:00:00:00:0a", "on-link", "",
                                 kVmProcess};
inline const net::VmNetwork kVmB{"bhbbbbbbbbbbbb", "op-b", "2001:db8:b10c:2::b", "52:54:00:00:00:0b", "routed", "up0",
                                 kVmProcess};
inline const std::string kLinkLocalA = "fe80::5054:ff:fe00:a";

enum class Start { as_root_with_user, as_user_with_capability };

class Testbed {
public:
    explicit Testbed(Start start = Start::as_root_with_user);
    Testbed(const Testbed&) = delete;
    Testbed& operator=(const Testbed&) = delete;
    ~Testbed();

    [[nodiscard]] const Space& outside() const { return *outside_; }
    [[nodiscard]] const Space& host() const { return *host_; }
    [[nodiscard]] pid_t netd() const { return netd_; }
    [[nodiscard]] std::string socket() const { return directory_ + "/netd/netd.sock"; }

    // netd's verbs as the kernel's user. Throws what went wrong.
    void apply(const net::VmNetwork& network);
    void block(const net::VmNetwork& network);
    void remove(const net::VmNetwork& network);
    std::vector<net::VmOnSystem> list();
    net::NetStatus status();
    // apply, tap_open as the launcher, and a guest on the other end.
    std::unique_ptr<Guest> boot(const net::VmNetwork& network);

    void kill_netd();   // -9
    void start_netd();  // and wait until it is ready
    int stop_netd();    // SIGTERM; the exit status
    // The host goes away with all its links, and comes back as after a boot. netd is not started.
    void reboot();
    // A new uplink with its addresses and routes; there is none now.
    void plug_uplink();

    // Everything that a guest may leave behind: links, addresses, routes, permanent neighbours, neighbour proxies,
    // group memberships of the uplink, and the whole rule set without handles and counters.
    [[nodiscard]] std::string footprint() const;
    // Packets that the rule at `position` (from 0) of our chain dropped.
    [[nodiscard]] std::uint64_t drops(const std::string& chain, std::size_t position) const;

private:
    void wire_host();

    Start start_;
    std::string directory_;
    std::unique_ptr<Space> outside_, host_;
    pid_t netd_ = -1;
    std::unique_ptr<net::NetClient> kernel_;
};

// Echoes UDP and accepts TCP on `port` of any address in `space` for as long as it lives.
class Services {
public:
    Services(const Space& space, std::uint16_t port);
    Services(const Services&) = delete;
    Services& operator=(const Services&) = delete;
    ~Services();
    // Texts that came by UDP so far; waits until `last` is one of them (false: ten seconds passed).
    bool heard_until(const std::string& last);
    std::vector<std::string> heard();

private:
    void serve();

    Fd udp_, tcp_, stop_;
    std::mutex mutex_;
    std::condition_variable more_;
    std::vector<std::string> heard_;
    std::thread thread_;
};

// Sends `text` by UDP from inside `space` and waits for its echo; sends again when it is lost, as the first packet to a
// link that is just coming up may be.
bool echoes(const Space& space, const std::string& address, std::uint16_t port, const std::string& text);
// The same with a single packet.
bool echoes_at_once(const Space& space, const std::string& address, std::uint16_t port, const std::string& text);
void send_text(const Space& space, const std::string& address, std::uint16_t port, const std::string& text);

// A TCP connection being made from inside `space`. Does not wait.
class Attempt {
public:
    Attempt(const Space& space, const std::string& address, std::uint16_t port);
    bool succeeds();                        // waits up to ten seconds
    [[nodiscard]] bool unanswered() const;  // neither connected nor refused so far

private:
    Fd socket_;
};

}  // namespace bh::nettest
