// What a storage owes besides the job rules.
#include "plugin-api/check/jobs.hpp"
#include "plugin-api/crypto/digest.hpp"
#include "plugin-api/documents/storage.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

namespace bh::check {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

std::string contents(const fs::path& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

// A file that is not the storage's, in each folder and under each ending that the storage uses.
std::map<std::string, std::string> plant_foreign_files(const std::string& root) {
    std::set<std::string> folders{root}, endings{"", ".txt"};
    for (const auto& entry : fs::recursive_directory_iterator{root}) {
        if (entry.is_directory()) folders.insert(entry.path());
        if (entry.is_regular_file()) endings.insert(entry.path().extension());
    }
    std::map<std::string, std::string> planted;
    for (const std::string& folder : folders) {
        for (const std::string& ending : endings) {
            const std::string path = folder + "/Foreign file" + ending;
            std::ofstream{path} << "somebody else's " << path;
            planted[path] = contents(path);
        }
    }
    return planted;
}

void foreign(Stage& stage) {
    const Maker maker = *storage_kind().maker;
    const std::string request = maker.request(stage, 0), root = stage.directory + "/check";
    // One that stays, so that the places and endings that are used exist.
    const Attempt first = attempt(stage, maker.make, "own-1", 1, request);
    require(first.ok(), "volume_create: " + first.said);
    const auto planted = plant_foreign_files(root);
    const Attempt second = attempt(stage, maker.make, "own-2", 1, request);
    require(second.ok(), "volume_create beside files of others: " + second.said);
    for (const Thing& thing : list_all(stage, maker))
        require(thing.id.find("oreign") == std::string::npos,
                "volume_list lists " + thing.id + ", which it did not make");
    // Whatever it answers: the files must be there afterwards.
    stage.apart([&]() -> json {
        const Session session{stage};
        int number = 0;
        for (const auto& [path, text] : planted) {
            const fs::path name = fs::path{path}.filename();
            for (const std::string& id : {path, name.string(), name.stem().string(), "../" + name.string(),
                                          fs::path{path}.lexically_relative(root).string()}) {
                const Job job{stage, "foreign-" + std::to_string(number++), 1};
                session.ask("volume_delete of " + id,
                            [&](bh_sink o, bh_error* e) { return maker.remove(session, job.c(), sdk::str(id), o, e); });
                require(fs::exists(path), "volume_delete of " + id + " removed " + path + ", which it did not make");
            }
        }
        return {};
    });
    const std::string own = require_ok(maker.parse(second.text), "volume_create").id;
    require(attempt(stage, maker.remove, "own-remove", 1, own).ok(), "volume_delete beside files of others fails");
    for (const auto& [path, text] : planted)
        require(fs::exists(path) && contents(path) == text, "it changed " + path + ", which it did not make");
}

std::uint64_t size_of(Stage& stage, const std::string& op_id) {
    const json size = stage.apart([&]() -> json {
        const Session session{stage};
        const Answer answer = session.ask("volume_list", [&](bh_sink o, bh_error* e) {
            return session.table<bh_storage>(BH_STORAGE).volume_list(session.self, {}, o, e);
        });
        const auto page = require_ok(parse_volume_page(answer.text), "volume_list");
        for (const Volume& volume : page.volumes)
            if (volume.created_by == op_id) return volume.size_bytes;
        throw Wrong{"volume_list does not list the volume"};
    });
    return size.get<std::uint64_t>();
}

void resize(Stage& stage) {
    const Maker maker = *storage_kind().maker;
    const Attempt made = attempt(stage, maker.make, "resize-1", 1, maker.request(stage, 0));
    require(made.ok(), "volume_create: " + made.said);
    const std::string id = require_ok(maker.parse(made.text), "volume_create").id;
    const std::uint64_t before = size_of(stage, "resize-1");
    int number = 2;
    for (const std::uint64_t wanted : {before * 2, before * 2, before}) {
        const JobVerb grow = [wanted](const Session& s, const bh_call* c, bh_str volume, bh_sink, bh_error* e) {
            return s.table<bh_storage>(BH_STORAGE).volume_resize(s.self, c, volume, wanted, e);
        };
        const std::string what = "volume_resize to " + std::to_string(wanted / kMiB) + " MiB";
        const Attempt grown = attempt(stage, grow, "resize-" + std::to_string(number++), 1, id);
        require(grown.ok(), what + ": " + grown.said);
        require(size_of(stage, "resize-1") >= before * 2, what + " left the volume smaller than it was to be");
    }
}

// A raw file of 1 MiB as an image; -> its document.
Image make_image(Stage& stage) {
    const std::string text = "image" + std::string(kMiB - 5, '\0');
    Image image;
    image.name = "check-image";
    image.path = stage.directory + "/image.raw";
    image.format = "raw";
    image.size_bytes = kMiB;
    image.digest = "sha256:" + crypto::hex(crypto::sha256(crypto::bytes_of(text)));
    std::ofstream{image.path, std::ios::binary} << text;
    fs::permissions(image.path, fs::perms{0644});
    return require_ok(parse_image(merged(to_json(image), stage.fill(stage.subject.setup.image))),
                      "image of check.json");
}

void image(Stage& stage) {
    const Image image = make_image(stage);
    const Kind kind = storage_kind();
    const JobVerb import = kind.takers.at(1).call;
    for (const char* op_id : {"image-1", "image-1", "image-2"}) {
        const Attempt imported = attempt(stage, import, op_id, 1, to_json(image));
        require(imported.ok(), "image_import: " + imported.said);
        const Image answer = require_ok(parse_image(imported.text), "image_import");
        require(answer.digest == image.digest, "image_import answers another digest than it was asked for");
    }
    const json more{{"image_digest", image.digest}};
    const Attempt cloned = attempt(stage, kind.maker->make, "clone-1", 1, merged(kind.maker->request(stage, 0), more));
    require(cloned.ok(), "volume_create from an imported image: " + cloned.said);
    const json unknown{{"image_digest", "sha256:" + std::string(64, '1')}};
    const Attempt none = attempt(stage, kind.maker->make, "clone-2", 1, merged(kind.maker->request(stage, 0), unknown));
    require(!none.ok() && !made_by(stage, *kind.maker, "clone-2"),
            "volume_create from an image that was never imported "
            "answers " +
                none.said);
}

void image_digest(Stage& stage) {
    Image lying = make_image(stage);
    lying.digest = "sha256:" + std::string(64, '2');
    const Attempt lied = attempt(stage, storage_kind().takers.at(1).call, "image-1", 1, to_json(lying));
    require(!lied.ok(), "image_import takes a file whose SHA-256 is another than its document says");
}

void pools(Stage& stage) {
    const Session session{stage};
    const Answer answer = session.ask("pools", [&](bh_sink o, bh_error* e) {
        return session.table<bh_storage>(BH_STORAGE).pools(session.self, o, e);
    });
    const auto found = require_ok(parse_pools(answer.text), "pools");
    std::set<std::string> ids;
    for (const Pool& pool : found) {
        require(ids.insert(pool.id).second, "pools: the id " + pool.id + " stands there twice");
        require(pool.free_bytes <= pool.size_bytes, "pools: " + pool.id + " has more free bytes than it is large");
        require(!pool.erases || !pool.warning.empty(),
                "pools: " + pool.id + " would be erased, and no warning says what");
    }
}

}  // namespace

std::vector<Test> storage_tests() {
    return {
        {"storage.foreign", "It never lists, changes or deletes what it did not make, whatever id it is given.",
         BH_STORAGE, anywhere(), foreign},
        {"storage.resize", "A volume grows; being large enough already is BH_OK.", BH_STORAGE, anywhere(), resize},
        {"storage.image", "An image is imported once and cloned; what was not imported can't be.", BH_STORAGE,
         anywhere(), image},
        {"storage.image_digest", "A file whose digest is another than its document says is refused.", BH_STORAGE,
         anywhere(), image_digest},
        {"storage.pools", "Pools have one id each, and say what using them would erase.", BH_STORAGE, anywhere(),
         pools},
    };
}

}  // namespace bh::check
