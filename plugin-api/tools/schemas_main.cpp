// bh-schemas DIR: writes the JSON Schema of every document into DIR, from the tables that the parsers read.
// The stored ones are made by `bh-schemas plugin-api/schemas`; a test compares them.
#include "plugin-api/documents/samples.hpp"
#include "plugin-api/documents/schema.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: bh-schemas DIR\n");
        return 2;
    }
    bool good = true;
    bh::samples::each([&](const std::string& kind, const std::string& name, const std::string& title,
                          const auto& filled, const auto&, auto) {
        const auto folder = std::filesystem::path{argv[1]} / kind / "1";
        std::filesystem::create_directories(folder);
        std::ofstream file{folder / (name + ".json"), std::ios::trunc};
        file << bh::codec::schema_file(title, bh::samples::table_of(filled));
        good = good && file.flush().good();
    });
    if (!good) std::fprintf(stderr, "bh-schemas: can't write into %s\n", argv[1]);
    return good ? 0 : 1;
}
