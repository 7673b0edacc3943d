// What the tables of the interfaces must have. One row a member, named as in the headers.
#include "plugin-api/check/kinds.hpp"

namespace bh::check {
namespace {

struct Member {
    const char* name;
    std::size_t offset;
};
struct Table {
    const char* interface;
    std::size_t size;
    std::vector<Member> members;
};

#define BH_MEMBER(type, name) {#name, offsetof(type, name)}

const std::vector<Table>& tables() {
    static const std::vector<Table> all{
        {BH_CHAIN,
         sizeof(bh_chain),
         {BH_MEMBER(bh_chain, describe), BH_MEMBER(bh_chain, poll), BH_MEMBER(bh_chain, submit),
          BH_MEMBER(bh_chain, owner_of), BH_MEMBER(bh_chain, subscription_state), BH_MEMBER(bh_chain, balances),
          BH_MEMBER(bh_chain, verify_signature), BH_MEMBER(bh_chain, recover_signer),
          BH_MEMBER(bh_chain, parse_address)}},
        {BH_HYPERVISOR,
         sizeof(bh_hypervisor),
         {BH_MEMBER(bh_hypervisor, describe), BH_MEMBER(bh_hypervisor, vm_create), BH_MEMBER(bh_hypervisor, vm_destroy),
          BH_MEMBER(bh_hypervisor, vm_power), BH_MEMBER(bh_hypervisor, vm_get), BH_MEMBER(bh_hypervisor, vm_list),
          BH_MEMBER(bh_hypervisor, vm_stats)}},
        {BH_IPV6,
         sizeof(bh_ipv6),
         {BH_MEMBER(bh_ipv6, describe), BH_MEMBER(bh_ipv6, delegation_acquire), BH_MEMBER(bh_ipv6, delegation_renew),
          BH_MEMBER(bh_ipv6, delegation_release), BH_MEMBER(bh_ipv6, delegation_list)}},
        {BH_STORAGE,
         sizeof(bh_storage),
         {BH_MEMBER(bh_storage, describe), BH_MEMBER(bh_storage, pools), BH_MEMBER(bh_storage, image_import),
          BH_MEMBER(bh_storage, volume_create), BH_MEMBER(bh_storage, volume_resize),
          BH_MEMBER(bh_storage, volume_delete), BH_MEMBER(bh_storage, volume_list)}},
        {BH_CHAIN_CONTRACT,
         sizeof(bh_chain_contract),
         {BH_MEMBER(bh_chain_contract, read), BH_MEMBER(bh_chain_contract, logs)}},
        {BH_HYPERVISOR_CONSOLE, sizeof(bh_hypervisor_console), {BH_MEMBER(bh_hypervisor_console, console_open)}},
        {BH_HYPERVISOR_GUEST, sizeof(bh_hypervisor_guest), {BH_MEMBER(bh_hypervisor_guest, guest_exchange)}},
        {BH_HYPERVISOR_REINSTALL, sizeof(bh_hypervisor_reinstall), {BH_MEMBER(bh_hypervisor_reinstall, vm_reinstall)}},
        {BH_HYPERVISOR_RESIZE, sizeof(bh_hypervisor_resize), {BH_MEMBER(bh_hypervisor_resize, vm_resize)}},
        {BH_HYPERVISOR_SNAPSHOT,
         sizeof(bh_hypervisor_snapshot),
         {BH_MEMBER(bh_hypervisor_snapshot, snapshot_create), BH_MEMBER(bh_hypervisor_snapshot, snapshot_revert),
          BH_MEMBER(bh_hypervisor_snapshot, snapshot_delete), BH_MEMBER(bh_hypervisor_snapshot, snapshot_list)}}};
    return all;
}

}  // namespace

std::optional<TableFacts> table_facts(const bh_plugin& plugin, const std::string& interface) {
    for (const Table& table : tables()) {
        if (interface != table.interface) continue;
        const auto* bytes = static_cast<const std::uint8_t*>(plugin.query(table.interface));
        if (bytes == nullptr) return std::nullopt;
        TableFacts facts;
        std::memcpy(&facts.size, bytes, sizeof facts.size);
        facts.known = static_cast<std::uint32_t>(table.size);
        for (const Member& member : table.members) {
            if (member.offset + sizeof(void*) > facts.size) {
                facts.empty.emplace_back(member.name);
                continue;
            }
            const void* value = nullptr;
            std::memcpy(&value, bytes + member.offset, sizeof value);
            if (value == nullptr) facts.empty.emplace_back(member.name);
        }
        return facts;
    }
    return std::nullopt;
}

std::vector<std::string> known_interfaces() {
    std::vector<std::string> names;
    for (const Table& table : tables()) names.emplace_back(table.interface);
    return names;
}

}  // namespace bh::check
