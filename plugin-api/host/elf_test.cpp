#include "plugin-api/host/inspect.hpp"

#include "plugin-api/host/fixtures/files.hpp"

#include <catch2/catch_test_macros.hpp>

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <random>

using namespace bh::host;
using namespace bh::host::test;

namespace {

std::span<const std::uint8_t> span(const std::string& text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

template <class T>
T get(const std::string& file, std::size_t offset) {
    T value;
    std::memcpy(&value, file.data() + offset, sizeof value);
    return value;
}
template <class T>
void put(std::string& file, std::size_t offset, const T& value) {
    std::memcpy(file.data() + offset, &value, sizeof value);
}

std::size_t segment_at(const std::string& file, std::size_t index) {
    return get<Elf64_Ehdr>(file, 0).e_phoff + index * sizeof(Elf64_Phdr);
}

// Where the last loadable segment ends in the file: what lies behind is for tools, not for the loader.
std::size_t loaded_size(const std::string& file) {
    std::size_t end = 0;
    for (std::size_t i = 0; i < get<Elf64_Ehdr>(file, 0).e_phnum; ++i) {
        const auto segment = get<Elf64_Phdr>(file, segment_at(file, i));
        if (segment.p_type == PT_LOAD) end = std::max<std::size_t>(end, segment.p_offset + segment.p_filesz);
    }
    return end;
}

const std::vector<std::string> kEntryOnly{"bh_plugin_entry_v0"};

}  // namespace

TEST_CASE("the exported symbols and the linkage of good plugins are read") {
    for (const char* name : {"good", "stripped", "sysv-hash"}) {
        CAPTURE(name);
        const auto facts = read_elf(span(fixture(name)));
        REQUIRE(facts);
        CHECK(facts->exported == kEntryOnly);
        CHECK(facts->binds_now);
        CHECK(facts->never_unmapped);
    }
    CHECK_FALSE(read_elf(span(fixture("deletable")))->never_unmapped);
    CHECK(read_elf(span(fixture("two-symbols")))->exported ==
          std::vector<std::string>{"another_symbol", "bh_plugin_entry_v0"});
    CHECK(read_elf(span(fixture("no-entry")))->exported == std::vector<std::string>{"bh_plugin_entry_v9"});
}

TEST_CASE("a file cut at any length is refused as long as something loaded is missing") {
    const std::string whole = fixture("good");
    const std::size_t needed = loaded_size(whole);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto facts = read_elf(span(whole).first(size));
        if (facts.ok() == (size < needed)) FAIL("cut at " << size << " of " << whole.size() << ", needed " << needed);
    }
    CHECK(read_elf(span(whole)));
}

TEST_CASE("another machine is named") {
    std::string file = fixture("good");
    put<std::uint16_t>(file, offsetof(Elf64_Ehdr, e_machine), EM_PPC64);
    CHECK(read_elf(span(file)).failure().reason == "wrong_machine");
    file = fixture("good");
    file[EI_CLASS] = ELFCLASS32;
    CHECK(read_elf(span(file)).failure().reason == "wrong_machine");
    CHECK(read_elf(span("#!/bin/sh\n")).failure().reason == "not_elf");
    file = fixture("good");
    put<std::uint16_t>(file, offsetof(Elf64_Ehdr, e_type), ET_EXEC);
    CHECK(read_elf(span(file)).failure().reason == "not_elf");
}

TEST_CASE("section headers are not believed") {
    std::string file = fixture("two-symbols");
    put<std::uint64_t>(file, offsetof(Elf64_Ehdr, e_shoff), UINT64_MAX - 7);
    put<std::uint16_t>(file, offsetof(Elf64_Ehdr, e_shnum), 0xfffe);
    put<std::uint16_t>(file, offsetof(Elf64_Ehdr, e_shstrndx), 0xfffd);
    CHECK(read_elf(span(file))->exported.size() == 2);
}

TEST_CASE("a second dynamic segment and overlapping segments are refused") {
    std::string file = fixture("good");
    std::size_t load = 0, dynamic = 0;
    for (std::size_t i = 0; i < get<Elf64_Ehdr>(file, 0).e_phnum; ++i) {
        const auto segment = get<Elf64_Phdr>(file, segment_at(file, i));
        if (segment.p_type == PT_LOAD) load = i;
        if (segment.p_type == PT_DYNAMIC) dynamic = i;
    }
    std::string two = file;
    auto other = get<Elf64_Phdr>(file, segment_at(file, dynamic));
    put(two, segment_at(file, dynamic + 1), other);
    CHECK(read_elf(span(two)).failure().reason == "crafted_elf");
    std::string overlap = file;
    auto moved = get<Elf64_Phdr>(file, segment_at(file, load));
    moved.p_vaddr = 0;
    put(overlap, segment_at(file, load), moved);
    CHECK(read_elf(span(overlap)).failure().reason == "crafted_elf");
}

TEST_CASE("no change of bytes makes the reader read outside the file") {
    const std::string whole = fixture("good");
    const std::size_t headers = segment_at(whole, get<Elf64_Ehdr>(whole, 0).e_phnum);
    std::mt19937_64 random{20261124};
    std::size_t refused = 0;
    constexpr std::size_t kRounds = 20000;
    for (std::size_t round = 0; round < kRounds; ++round) {
        std::string file = whole;
        for (int change = 0; change < 4; ++change) {
            // Half of the changes hit the headers, where each byte matters.
            const std::size_t at = random() % (change % 2 == 0 ? headers : file.size());
            file[at] = static_cast<char>(random());
        }
        if (!read_elf(span(file))) ++refused;
    }
    CHECK(refused > kRounds / 4);
    CHECK(refused < kRounds);
}

TEST_CASE("the child tells what the reader found") {
    const auto facts = inspect_elf(span(fixture("two-symbols")));
    REQUIRE(facts);
    CHECK(facts->exported.size() == 2);
    CHECK(facts->never_unmapped);
    CHECK(inspect_elf(span("garbage")).failure().reason == "not_elf");
}

TEST_CASE("a child that takes too long is ended and its file refused") {
    const auto facts = inspect_elf(span(fixture("good")), std::chrono::milliseconds{0});
    REQUIRE_FALSE(facts);
    CHECK(facts.failure().reason == "crafted_elf");
}
