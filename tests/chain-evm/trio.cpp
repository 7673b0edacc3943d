#include "tests/chain-evm/trio.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

namespace bh::evm::test {

using nlohmann::json;

Trio::Trio(const json& more, std::vector<bool> votes) {
    json list = json::array();
    for (const bool one : votes) {
        endpoints.push_back(std::make_unique<Endpoint>(world.anvil.url()));
        list.push_back({{"url", endpoints.back()->url()}, {"votes", one}});
    }
    json config{{"endpoints", list}, {"timeout_s", 20}};
    config.update(more);
    instance = std::make_unique<Instance>(world.kernel, world.config(config));
    (void)read();
}

ChainEndpoint Trio::status(std::size_t i) {
    const Result<ChainDescription> description = instance->describe();
    REQUIRE(description.ok());
    REQUIRE(description->endpoints.size() == endpoints.size());
    return description->endpoints[i];
}

std::uint64_t Trio::caught(std::size_t i, const std::string& what) {
    const ChainEndpoint view = status(i);
    const auto row = std::ranges::find(view.caught, what, &ChainEndpoint::Caught::what);
    return row == view.caught.end() ? 0 : row->count;
}

ChainEvents Trio::read() { return world.poll_all(*instance, cursor); }

ChainEvents Trio::read_to_head() {
    ChainEvents all;
    const std::uint64_t head = world.anvil.head();
    wait_for(
        "the head",
        [&] {
            const Result<ChainEvents> part = instance->poll(cursor);
            if (!part) return false;
            cursor = part->cursor;
            all.events.insert(all.events.end(), part->events.begin(), part->events.end());
            all.head = part->head;
            return !part->more && part->head.position.height >= head;
        },
        90);
    return all;
}

ChainEvents Trio::truth() {
    Instance honest{world.kernel, world.config()};
    std::string start;
    return world.poll_all(honest, start);
}

std::vector<std::string> lines(const ChainEvents& events) {
    std::vector<std::string> out;
    for (const ChainEvent& event : events.events) {
        ChainEvents one;
        one.events = {event};
        out.push_back(to_json(one));
    }
    return out;
}

}  // namespace bh::evm::test
