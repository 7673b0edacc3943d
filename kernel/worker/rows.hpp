// The table of everything that passes between kernel and worker: one row per verb, service and callback.
//
// A row is a member of an ABI struct and its name. What travels follows from the member's type (codec.hpp), so a verb
// that is added to a header needs one row here and nothing else; a forgotten row does not compile.
#pragma once

#include <blockhost/blockhost.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace bh::worker {

template <std::size_t N>
struct Name {
    char text[N];
    constexpr Name(const char (&from)[N]) { std::copy_n(from, N, text); }  // NOLINT: implicit on purpose
};

enum class Promise : std::uint8_t { none, no_block };  // of the member, as its header says it

template <auto M, Name N, Promise P = Promise::none>
struct Verb {
    static constexpr auto member = M;
    static constexpr std::string_view name{N.text, sizeof N.text - 1};
    static constexpr bool no_block = P == Promise::no_block;
};

template <class... V>
struct Verbs {
    static constexpr std::uint16_t count = sizeof...(V);
};

// Rows of one struct. `first` is fixed for ever within a release: number = first + place in the list. kFixed bytes of
// the struct are no functions.
template <class Table>
struct Rows;

template <>
struct Rows<bh_plugin> {  // create and destroy are the worker's own beginning and end, query is answered by the kernel
    static constexpr std::uint16_t first = 0;
    using verbs = Verbs<Verb<&bh_plugin::check, "check">, Verb<&bh_plugin::quiesce, "quiesce">,
                        Verb<&bh_plugin::health, "health">>;
};

template <>
struct Rows<bh_chain> {
    static constexpr const char* id = BH_CHAIN;
    static constexpr std::uint16_t first = 32;
    using verbs =
        Verbs<Verb<&bh_chain::describe, "describe">, Verb<&bh_chain::poll, "poll">, Verb<&bh_chain::submit, "submit">,
              Verb<&bh_chain::owner_of, "owner_of">, Verb<&bh_chain::subscription_state, "subscription_state">,
              Verb<&bh_chain::balances, "balances">, Verb<&bh_chain::verify_signature, "verify_signature">,
              Verb<&bh_chain::recover_signer, "recover_signer", Promise::no_block>,
              Verb<&bh_chain::parse_address, "parse_address", Promise::no_block>>;
};

template <>
struct Rows<bh_hypervisor> {
    static constexpr const char* id = BH_HYPERVISOR;
    static constexpr std::uint16_t first = 64;
    using verbs = Verbs<Verb<&bh_hypervisor::describe, "describe">, Verb<&bh_hypervisor::vm_create, "vm_create">,
                        Verb<&bh_hypervisor::vm_destroy, "vm_destroy">, Verb<&bh_hypervisor::vm_power, "vm_power">,
                        Verb<&bh_hypervisor::vm_get, "vm_get">, Verb<&bh_hypervisor::vm_list, "vm_list">,
                        Verb<&bh_hypervisor::vm_stats, "vm_stats">>;
};

template <>
struct Rows<bh_storage> {
    static constexpr const char* id = BH_STORAGE;
    static constexpr std::uint16_t first = 96;
    using verbs =
        Verbs<Verb<&bh_storage::describe, "describe">, Verb<&bh_storage::pools, "pools">,
              Verb<&bh_storage::image_import, "image_import">, Verb<&bh_storage::volume_create, "volume_create">,
              Verb<&bh_storage::volume_resize, "volume_resize">, Verb<&bh_storage::volume_delete, "volume_delete">,
              Verb<&bh_storage::volume_list, "volume_list">>;
};

template <>
struct Rows<bh_ipv6> {
    static constexpr const char* id = BH_IPV6;
    static constexpr std::uint16_t first = 128;
    using verbs = Verbs<Verb<&bh_ipv6::describe, "describe">, Verb<&bh_ipv6::delegation_acquire, "delegation_acquire">,
                        Verb<&bh_ipv6::delegation_renew, "delegation_renew">,
                        Verb<&bh_ipv6::delegation_release, "delegation_release">,
                        Verb<&bh_ipv6::delegation_list, "delegation_list">>;
};

template <>
struct Rows<bh_chain_contract> {
    static constexpr const char* id = BH_CHAIN_CONTRACT;
    static constexpr std::uint16_t first = 160;
    using verbs = Verbs<Verb<&bh_chain_contract::read, "read">, Verb<&bh_chain_contract::logs, "logs">>;
};

template <>
struct Rows<bh_hypervisor_console> {
    static constexpr const char* id = BH_HYPERVISOR_CONSOLE;
    static constexpr std::uint16_t first = 164;
    using verbs = Verbs<Verb<&bh_hypervisor_console::console_open, "console_open">>;
};

template <>
struct Rows<bh_hypervisor_guest> {
    static constexpr const char* id = BH_HYPERVISOR_GUEST;
    static constexpr std::uint16_t first = 168;
    using verbs = Verbs<Verb<&bh_hypervisor_guest::guest_exchange, "guest_exchange">>;
};

template <>
struct Rows<bh_hypervisor_reinstall> {
    static constexpr const char* id = BH_HYPERVISOR_REINSTALL;
    static constexpr std::uint16_t first = 172;
    using verbs = Verbs<Verb<&bh_hypervisor_reinstall::vm_reinstall, "vm_reinstall">>;
};

template <>
struct Rows<bh_hypervisor_resize> {
    static constexpr const char* id = BH_HYPERVISOR_RESIZE;
    static constexpr std::uint16_t first = 176;
    using verbs = Verbs<Verb<&bh_hypervisor_resize::vm_resize, "vm_resize">>;
};

template <>
struct Rows<bh_hypervisor_snapshot> {
    static constexpr const char* id = BH_HYPERVISOR_SNAPSHOT;
    static constexpr std::uint16_t first = 180;
    using verbs = Verbs<Verb<&bh_hypervisor_snapshot::snapshot_create, "snapshot_create">,
                        Verb<&bh_hypervisor_snapshot::snapshot_revert, "snapshot_revert">,
                        Verb<&bh_hypervisor_snapshot::snapshot_delete, "snapshot_delete">,
                        Verb<&bh_hypervisor_snapshot::snapshot_list, "snapshot_list">>;
};

// Services, and the one callback of a call that asks for something: the other way round.

template <>
struct Rows<bh_call> {
    static constexpr std::uint16_t first = 256;
    using verbs = Verbs<Verb<&bh_call::save, "save">, Verb<&bh_call::progress, "progress">>;
};

template <>
struct Rows<bh_svc_log> {
    static constexpr const char* id = BH_SVC_LOG;
    static constexpr std::uint16_t first = 260;
    using verbs = Verbs<Verb<&bh_svc_log::write, "log">>;
};

template <>
struct Rows<bh_svc_store> {
    static constexpr const char* id = BH_SVC_STORE;
    static constexpr std::uint16_t first = 264;
    using verbs = Verbs<Verb<&bh_svc_store::get, "store.get">, Verb<&bh_svc_store::put, "store.put">,
                        Verb<&bh_svc_store::list, "store.list">>;
};

template <>
struct Rows<bh_svc_secrets> {
    static constexpr const char* id = BH_SVC_SECRETS;
    static constexpr std::uint16_t first = 268;
    using verbs = Verbs<Verb<&bh_svc_secrets::with, "secrets.with">>;
};

template <>
struct Rows<bh_svc_signer> {
    static constexpr const char* id = BH_SVC_SIGNER;
    static constexpr std::uint16_t first = 272;
    using verbs =
        Verbs<Verb<&bh_svc_signer::sign, "signer.sign">, Verb<&bh_svc_signer::public_key, "signer.public_key">,
              Verb<&bh_svc_signer::unseal, "signer.unseal">>;
};

template <>
struct Rows<bh_svc_launch> {
    static constexpr const char* id = BH_SVC_LAUNCH;
    static constexpr std::uint16_t first = 276;
    using verbs = Verbs<Verb<&bh_svc_launch::start, "launch.start">, Verb<&bh_svc_launch::status, "launch.status">,
                        Verb<&bh_svc_launch::signal, "launch.signal">, Verb<&bh_svc_launch::list, "launch.list">,
                        Verb<&bh_svc_launch::run, "launch.run">>;
};

template <>
struct Rows<bh_svc_connect> {
    static constexpr const char* id = BH_SVC_CONNECT;
    static constexpr std::uint16_t first = 284;
    using verbs = Verbs<Verb<&bh_svc_connect::tcp, "connect.tcp">>;
};

template <>
struct Rows<bh_svc_chain> {
    static constexpr const char* id = BH_SVC_CHAIN;
    static constexpr std::uint16_t first = 288;
    using verbs = Verbs<Verb<&bh_svc_chain::read, "chain.read">, Verb<&bh_svc_chain::logs, "chain.logs">,
                        Verb<&bh_svc_chain::submit, "chain.submit">>;
};

template <>
struct Rows<bh_svc_wake> {
    static constexpr const char* id = BH_SVC_WAKE;
    static constexpr std::uint16_t first = 292;
    using verbs = Verbs<Verb<&bh_svc_wake::poll_now, "wake.poll_now">>;
};

// Of bh_plugin, too: no frame asks for it, the worker does by itself.
inline constexpr std::string_view kQueryName = "query";

template <class... Table>
struct Tables {};
using Interfaces = Tables<bh_chain, bh_hypervisor, bh_storage, bh_ipv6, bh_chain_contract, bh_hypervisor_console,
                          bh_hypervisor_guest, bh_hypervisor_reinstall, bh_hypervisor_resize, bh_hypervisor_snapshot>;
using Services = Tables<bh_svc_log, bh_svc_store, bh_svc_secrets, bh_svc_signer, bh_svc_launch, bh_svc_connect,
                        bh_svc_chain, bh_svc_wake>;

// Every function of these structs has its row: they hold two numbers, and pointers to functions.
template <class... Table>
constexpr bool all_rows_there(Tables<Table...>) {
    return ((sizeof(Table) == 2 * sizeof(std::uint32_t) + Rows<Table>::verbs::count * sizeof(void*)) && ...);
}
static_assert(all_rows_there(Interfaces{}) && all_rows_there(Services{}),
              "a function of the ABI has no row: add it above");

}  // namespace bh::worker
