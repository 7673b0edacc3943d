#include "tests/model/oracle.hpp"

#include "tests/model/world.hpp"

#include <array>

namespace bh::life::model {

std::string to_text(Verb verb) {
    constexpr std::array<const char*, 24> kNames{"poll",
                                                 "subscription_state(final)",
                                                 "subscription_state(head)",
                                                 "owner_of",
                                                 "submit",
                                                 "vm_create",
                                                 "vm_destroy",
                                                 "vm_power start",
                                                 "vm_power stop",
                                                 "vm_get",
                                                 "vm_list",
                                                 "guest hello",
                                                 "guest statement",
                                                 "volume_create",
                                                 "volume_delete",
                                                 "volume_list",
                                                 "delegation",
                                                 "net apply",
                                                 "net block",
                                                 "net remove",
                                                 "net list",
                                                 "check_request",
                                                 "seal_credential",
                                                 "image_import"};
    return kNames[static_cast<std::size_t>(verb)];
}

std::string to_text(What what) {
    constexpr std::array<const char*, 25> kNames{"nothing",
                                                 "refused",
                                                 "done, answer lost",
                                                 "answer lost, done later",
                                                 "refused for good",
                                                 "denied",
                                                 "says there is none",
                                                 "says: no such order",
                                                 "says: open",
                                                 "says: paid",
                                                 "says: expired",
                                                 "says: closed",
                                                 "says: refunded",
                                                 "crash",
                                                 "crash, down for five blocks",
                                                 "disk full",
                                                 "a block in between",
                                                 "reorganisation, mined again",
                                                 "reorganisation, never happened",
                                                 "a user",
                                                 "the mempool is lost",
                                                 "the VM stops by itself",
                                                 "the host is rebooted",
                                                 "the clock jumps forward by a day",
                                                 "the clock jumps back by an hour"};
    if (what == What::restore) return "crash, an older journal";
    return kNames[static_cast<std::size_t>(what)];
}

bool is_transient(What what) {
    switch (what) {
        case What::refused:
        case What::lost:
        case What::late:
        case What::denied:
        case What::crash:
        case What::crash_long:
        case What::disk_full:
        case What::block:
        case What::drop_mempool:
        case What::vm_stops:
        case What::reboot:
        case What::clock_forward:
        case What::clock_back:
            return true;
        default:
            return false;
    }
}

std::string to_text(const Deviation& d) {
    if (d.what == What::nothing) return "goes on";
    std::string text = to_text(d.what);
    switch (d.what) {
        case What::user:
            return text + ": " + to_text(static_cast<Act>(d.place)) + " " + std::to_string(d.subject);
        case What::reorg_again:
        case What::reorg_drop:
            return text + ", depth " + std::to_string(d.place);
        case What::restore:
            return d.place < 0 ? "crash, and the journal is lost"
                               : text + ", " + std::to_string(d.place) + " steps back";
        case What::crash:
        case What::crash_long:
            return d.place < 0 ? text + " before anything" : text + " after effect " + std::to_string(d.place + 1);
        case What::disk_full:
            return text + " at commit " + std::to_string(d.place + 1);
        default:
            return d.what < What::crash ? "call " + std::to_string(d.place + 1) + " " + text : text;
    }
}

}  // namespace bh::life::model
