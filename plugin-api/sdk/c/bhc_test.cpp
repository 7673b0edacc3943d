// The helpers for plugins in C, from outside: what a plugin's author relies on.
extern "C" {
#include "plugin-api/sdk/c/bhc.h"
#include "plugin-api/sdk/c/json.h"
}

#include <catch2/catch_test_macros.hpp>

#include <cstring>
#include <map>
#include <string>

namespace {

json_value parsed(const std::string& text) { return json_parse(text.data(), text.size()); }
bool is_document(const std::string& text) { return parsed(text).size != 0; }

std::string text_of(json_value value) {
    char out[64];
    return json_text(value, out, sizeof out) != 0 ? out : "(none)";
}

std::string id_in(const std::string& given) {
    char id[BHC_ID_SIZE];
    bhc_id({given.data(), given.size()}, "vm", &id);
    return id;
}

// A kernel whose store is a map, and that gives two keys a page.
struct Store {
    bh_svc_store table{sizeof(bh_svc_store), 0, get, put, list};
    bh_kernel kernel{sizeof(bh_kernel), BH_ABI_MINOR, this, {"test", 4}, service};
    std::map<std::string, std::string> rows;
    bool granted = true;
    bh_status answer = BH_OK;

    static Store& of(const bh_kernel* kernel) { return *static_cast<Store*>(kernel->ctx); }
    static const void* service(const bh_kernel* kernel, const char* id) noexcept {
        return of(kernel).granted && std::strcmp(id, BH_SVC_STORE) == 0 ? &of(kernel).table : nullptr;
    }
    static bh_status get(const bh_kernel* kernel, bh_str key, bh_sink value, bh_error*) noexcept {
        if (of(kernel).answer != BH_OK) return of(kernel).answer;
        const auto row = of(kernel).rows.find({key.ptr, key.len});
        if (row == of(kernel).rows.end()) return BH_E_NOT_FOUND;
        return value.write(value.ctx, row->second.data(), row->second.size());
    }
    static bh_status put(const bh_kernel* kernel, const bh_str* keys, const bh_bytes* values, std::uint32_t count,
                         bh_error*) noexcept {
        if (of(kernel).answer != BH_OK) return of(kernel).answer;
        for (std::uint32_t i = 0; i < count; ++i) {
            const std::string key{keys[i].ptr, keys[i].len};
            if (values[i].len == 0) of(kernel).rows.erase(key);
            if (values[i].len != 0) of(kernel).rows[key].assign(values[i].ptr, values[i].ptr + values[i].len);
        }
        return BH_OK;
    }
    static bh_status list(const bh_kernel* kernel, bh_str prefix, bh_str page, bh_sink out, bh_error*) noexcept {
        std::string keys, next;
        int count = 0;
        for (auto row = of(kernel).rows.upper_bound({page.ptr, page.len}); row != of(kernel).rows.end(); ++row) {
            if (row->first.compare(0, prefix.len, prefix.ptr, prefix.len) != 0) continue;
            if (count++ == 2) {
                next = keys.substr(keys.rfind(",\"") + 2);
                next.pop_back();
                break;
            }
            keys += ",\"" + row->first + "\"";
        }
        const std::string text = "{\"keys\":[" + keys.substr(keys.empty() ? 0 : 1) + "],\"next\":\"" + next + "\"}";
        return out.write(out.ctx, text.data(), text.size());
    }
};

bh_status note(void* ctx, const char* id, char* row, bh_error*) {
    *static_cast<std::string*>(ctx) += std::string{id} + "=" + row + ";";
    return std::strcmp(row, "stop") == 0 ? BH_E_BUSY : BH_OK;
}

}  // namespace

TEST_CASE("the C helpers: documents are as strict as the ABI") {
    for (const char* good : {"{}", R"({"a":[1,-2.5e3,true,null,"\u00e4\n"]})", " [ ] ", "\"\xc3\xa4\""})
        CHECK(is_document(good));
    for (const char* bad : {"", "{", R"({"a":1,"a":2})", R"(["\u0000"])", "{\"a\":\"\xc3\x28\"}", "[1,]", "01", "{} {}",
                            "\"\xed\xa0\x80\"", R"({"a" 1})", "nul"})
        CHECK_FALSE(is_document(bad));
    CHECK(is_document(std::string(16, '[') + std::string(16, ']')));
    CHECK_FALSE(is_document(std::string(17, '[') + std::string(17, ']')));
    CHECK_FALSE(is_document("\"" + std::string(1 << 20, 'a') + "\""));
}

TEST_CASE("the C helpers: members have the type that is asked for") {
    const std::string text = R"({"t":"a\"b\\","n":4294967296,"o":{},"l":["x","y"],"e":"\u0041"})";
    const json_value object = parsed(text);
    CHECK(text_of(json_get(object, "t")) == "a\"b\\");
    CHECK(text_of(json_get(object, "e")) == "(none)");
    CHECK(text_of(json_get(object, "n")) == "(none)");
    std::uint64_t number = 1;
    CHECK(json_number(json_get(object, "n"), &number) != 0);
    CHECK(number == 4294967296);
    CHECK(json_number(json_get(object, "absent"), &number) != 0);
    CHECK(number == 0);
    const std::string large = "1000000000000000000";
    CHECK(json_number(parsed(large), &number) == 0);
    CHECK(json_has(object, "o", '{') != 0);
    CHECK(json_has(object, "o", '0') == 0);
    CHECK(json_has(object, "n", '0') != 0);
    CHECK(json_has(object, "absent", '"') == 0);
    json_value second;
    CHECK(json_at(json_get(object, "l"), 1, &second) != 0);
    CHECK(text_of(second) == "y");
    CHECK(json_at(json_get(object, "l"), 2, &second) == 0);
    char small[3];
    CHECK(json_text(json_get(object, "t"), small, sizeof small) == 0);
}

TEST_CASE("the C helpers: an id is an op_id, alone or in its document") {
    CHECK(id_in("vm-1") == "vm-1");
    CHECK(id_in(R"({"vm":"vm-1","name":"x"})") == "vm-1");
    CHECK(id_in(std::string(64, 'a')) == std::string(64, 'a'));
    for (const std::string& bad : {std::string{}, std::string(65, 'a'), std::string{"../x"}, std::string{"A"},
                                   std::string{R"({"vm":"../x"})"}, std::string{"{\"vm\":"}, std::string{"a\0b", 3}})
        CHECK(id_in(bad).empty());
}

TEST_CASE("the C helpers: a text grows, and says when a sink refuses") {
    bhc_text text{};
    for (int i = 0; i < 1000; ++i) bhc_add(&text, "%d,", i);
    CHECK(text.size == 3890);
    CHECK(std::string{text.data + text.size - 4} == "999,");
    const bh_sink full{nullptr, [](void*, const void*, std::size_t) noexcept -> bh_status { return BH_E_EXHAUSTED; }};
    CHECK(bhc_give(full, &text, nullptr) == BH_E_EXHAUSTED);
    CHECK(text.data == nullptr);
    bh_error error{};
    CHECK(bhc_give(full, &text, &error) == BH_E_INTERNAL);
    CHECK(std::string{error.reason} == "no_memory");
}

TEST_CASE("the C helpers: rows are found, listed page by page, and removed") {
    Store store;
    bhc_rows rows{};
    bh_error error{};
    REQUIRE(bhc_rows_open(&rows, &store.kernel, "vm", &error) == BH_OK);
    for (const char* id : {"a", "b", "c", "d", "e"}) REQUIRE(bhc_row_put(&rows, id, id, &error) == BH_OK);
    store.rows["vmx/f"] = "another kind's";
    std::string seen;
    CHECK(bhc_rows_each(&rows, note, &seen, &error) == BH_OK);
    CHECK(seen == "a=a;b=b;c=c;d=d;e=e;");
    CHECK(bhc_row_remove(&rows, "c", &error) == BH_OK);
    CHECK(bhc_row_remove(&rows, "c", &error) == BH_OK);
    CHECK(bhc_row_remove(&rows, "../c", &error) == BH_OK);
    bhc_text row{};
    CHECK(bhc_row_get(&rows, "c", &row, &error) == BH_E_NOT_FOUND);
    CHECK(std::string{error.message} == "there is no vm of that id");
    CHECK(bhc_row_get(&rows, "Not an id", &row, &error) == BH_E_NOT_FOUND);
    CHECK(bhc_row_get(&rows, "d", &row, &error) == BH_OK);
    CHECK(std::string{row.data} == "d");
    bhc_free(&row);
    CHECK(bhc_row_put(&rows, "Not an id", "x", &error) == BH_E_INVALID);
    // The visitor's status ends it, and so does the store's.
    REQUIRE(bhc_row_put(&rows, "b", "stop", &error) == BH_OK);
    seen.clear();
    CHECK(bhc_rows_each(&rows, note, &seen, &error) == BH_E_BUSY);
    CHECK(seen == "a=a;b=stop;");
    store.answer = BH_E_UNAVAILABLE;
    CHECK(bhc_rows_each(&rows, note, &seen, &error) == BH_E_UNAVAILABLE);
    store.granted = false;
    CHECK(bhc_rows_open(&rows, &store.kernel, "vm", &error) == BH_E_DENIED);
}

TEST_CASE("the C helpers: a stopped gate lets nobody in") {
    bhc_gate gate{};
    bhc_gate_open(&gate);
    CHECK(bhc_enter(&gate, nullptr) == BH_OK);
    CHECK(bhc_leave(&gate, BH_E_BUSY) == BH_E_BUSY);
    bhc_stop(&gate);
    bh_error error{};
    CHECK(bhc_enter(&gate, &error) == BH_E_INTERRUPTED);
    CHECK(std::string{error.reason} == "quiesced");
    bhc_gate_close(&gate);
}
