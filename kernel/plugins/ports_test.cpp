// Plugins that answer about something else, or with what is no document, over a table in memory. The same over a built
// plugin, in this process and in a worker: tests/worker/modes_test.cpp.
#include "kernel/plugins/belonging_cases.hpp"

#include <blockhost/kind/hypervisor.h>
#include <blockhost/kind/ipv6.h>
#include <blockhost/kind/storage.h>

using namespace bh;
using namespace bh::plugins;

namespace {

// Every verb of it answers with the same text.
struct Table : plugins::testing::Liar {
    std::string answer;
    Instance told;
    Table() {
        static const bh_plugin plugin = [] {
            bh_plugin table{};
            table.struct_size = sizeof table;
            table.query = query;
            return table;
        }();
        told.name = "machines";
        told.plugin = &plugin;
        told.self = reinterpret_cast<bh_instance*>(this);
    }
    void say(const std::string& text) override { answer = text; }
    Instance& instance() override { return told; }

private:
    static bh_status tell(bh_instance* self, bh_sink out) {
        const std::string& text = reinterpret_cast<Table*>(self)->answer;
        return out.write(out.ctx, text.data(), text.size());
    }
    static bh_status make(bh_instance* self, const bh_call*, bh_str, bh_sink out, bh_error*) noexcept {
        return tell(self, out);
    }
    static bh_status get(bh_instance* self, bh_str, bh_sink out, bh_error*) noexcept { return tell(self, out); }
    static const void* query(const char* id) noexcept {
        static const bh_hypervisor hypervisor{
            sizeof(bh_hypervisor), 0, nullptr, make, nullptr, nullptr, get, get, nullptr};
        static const bh_storage storage{sizeof(bh_storage), 0, nullptr, nullptr, nullptr, make, nullptr, nullptr, get};
        static const bh_ipv6 ipv6{sizeof(bh_ipv6), 0, nullptr, make, make, nullptr, get};
        const std::string_view wanted{id};
        if (wanted == BH_HYPERVISOR) return &hypervisor;
        if (wanted == BH_STORAGE) return &storage;
        return wanted == BH_IPV6 ? &ipv6 : nullptr;
    }
};

}  // namespace

TEST_CASE_METHOD(Table, "a VM of another op_id, id or instance is refused") {
    plugins::testing::check_vms_of_others(*this);
}
TEST_CASE_METHOD(Table, "a volume of another op_id or instance is refused") {
    plugins::testing::check_volumes_of_others(*this);
}
TEST_CASE_METHOD(Table, "a delegation of another op_id, id or instance is refused") {
    plugins::testing::check_delegations_of_others(*this);
}
TEST_CASE_METHOD(Table, "what is too deep, too large, ambiguous or no text is no document") {
    plugins::testing::check_what_is_no_document(*this);
}
