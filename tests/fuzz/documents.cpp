// Strict JSON and every document of the plugin contract: what parses, writes itself so that it parses to the same text.
#include "plugin-api/documents/chain.hpp"
#include "plugin-api/documents/common.hpp"
#include "plugin-api/documents/hypervisor.hpp"
#include "plugin-api/documents/ipv6.hpp"
#include "plugin-api/documents/launch.hpp"
#include "plugin-api/documents/storage.hpp"
#include "plugin-api/documents/store.hpp"
#include "plugin-api/documents/strict_json.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace bh;

namespace {

template <class Parse>
void round_trip(Parse parse, std::string_view input) {
    const auto first = parse(input);
    if (!first) return;
    const std::string written = to_json(*first);
    const auto second = parse(written);
    fuzz::must(second.ok(), "a written document parses");
    fuzz::must(to_json(*second) == written, "a document survives writing and parsing");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = fuzz::text(data, size);
    const auto json = read_strict_json(input);
    if (!json) return 0;
    const auto again = read_strict_json(json->dump());
    fuzz::must(again.ok() && *again == *json, "strict JSON survives writing and reading");
    round_trip(parse_chain_description, input);
    round_trip(parse_chain_events, input);
    round_trip(parse_intent, input);
    round_trip(parse_receipt, input);
    round_trip(parse_owner, input);
    round_trip(parse_balances, input);
    round_trip(parse_verification, input);
    round_trip(parse_findings, input);
    round_trip(parse_position, input);
    round_trip(parse_hypervisor_description, input);
    round_trip(parse_vm_spec, input);
    round_trip(parse_vm_page, input);
    round_trip(parse_vm, input);
    round_trip(parse_console, input);
    round_trip(parse_ipv6_description, input);
    round_trip(parse_delegation_request, input);
    round_trip(parse_delegation, input);
    round_trip(parse_delegation_page, input);
    round_trip(parse_storage_description, input);
    round_trip(parse_pools, input);
    round_trip(parse_image, input);
    round_trip(parse_volume_spec, input);
    round_trip(parse_volume, input);
    round_trip(parse_volume_page, input);
    round_trip(parse_unit_spec, input);
    round_trip(parse_unit, input);
    round_trip(parse_unit_page, input);
    round_trip(parse_run_request, input);
    round_trip(parse_run_result, input);
    round_trip(parse_key_page, input);
    return 0;
}
