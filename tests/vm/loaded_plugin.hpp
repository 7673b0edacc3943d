// A plugin as the kernel sees it: loaded from its .so, called through the C ABI. For tests.
#pragma once

#include "plugin-api/sdk/cpp/plugin.hpp"

#include <catch2/catch_test_macros.hpp>

#include <dlfcn.h>

#include <string>

namespace vm_test {

// A call of one op_id.
class Call {
public:
    explicit Call(std::string op_id, std::string checkpoint = {})
        : op_id_{std::move(op_id)}, saved{std::move(checkpoint)} {
        call_.op_id = bh::sdk::str(op_id_);
        call_.checkpoint = bh::sdk::raw(saved);
    }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    [[nodiscard]] const bh_call* c() const { return &call_; }

private:
    std::string op_id_;

public:
    std::string saved;

private:
    static bh_status save(const bh_call* call, bh_bytes checkpoint, bh_error*) noexcept {
        static_cast<Call*>(call->ctx)->saved.assign(reinterpret_cast<const char*>(checkpoint.ptr), checkpoint.len);
        return BH_OK;
    }
    bh_call call_{sizeof(bh_call),
                  1,
                  {},
                  {"t", 1},
                  {},
                  0,
                  -1,
                  0,
                  this,
                  [](const bh_call*) noexcept -> std::int32_t { return 0; },
                  [](const bh_call*) noexcept -> std::uint32_t { return BH_CANCEL_NONE; },
                  [](const bh_call*, std::uint32_t, bh_str) noexcept {},
                  save};
};

// An instance of a plugin; the destructor quiesces and destroys it.
class Instance {
public:
    Instance(const std::string& library, const bh_kernel& kernel, const std::string& config) {
        void* handle = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (handle == nullptr) FAIL(::dlerror());
        const auto entry = reinterpret_cast<const bh_plugin* (*)(const bh_entry_args*, bh_error*)>(
            ::dlsym(handle, "bh_plugin_entry_v0"));
        REQUIRE(entry != nullptr);
        bh::sdk::Error error;
        const bh_entry_args args{sizeof args, BH_ABI_MINOR, BH_ABI_DRAFT, 0, bh::sdk::str("test")};
        plugin_ = entry(&args, error.out());
        REQUIRE(plugin_ != nullptr);
        const bh_status status = plugin_->create(&kernel, bh::sdk::str(config), &instance_, error.out());
        if (status != BH_OK) FAIL(error.failure(status).message);
    }
    ~Instance() {
        plugin_->quiesce(instance_, 0, nullptr);
        plugin_->destroy(instance_);
    }
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    template <class Table>
    [[nodiscard]] const Table& table(const char* id) const {
        const void* found = plugin_->query(id);
        REQUIRE(found != nullptr);
        return *static_cast<const Table*>(found);
    }

    // `body(instance, error)`.
    template <class F>
    bh::Status verb(F&& body) const {
        bh::sdk::Error error;
        return error.status(body(instance_, error.out()));
    }
    // `body(instance, sink, error)`, and the document that it wrote.
    template <class D, class F>
    bh::Result<D> document(bh::Result<D> (*parse)(std::string_view), F&& body) const {
        bh::sdk::Error error;
        bh::sdk::Collector out;
        const bh_status status = body(instance_, out.sink(), error.out());
        if (status != BH_OK) return error.failure(status);
        return parse(out.text());
    }

private:
    const bh_plugin* plugin_ = nullptr;
    bh_instance* instance_ = nullptr;
};

}  // namespace vm_test
