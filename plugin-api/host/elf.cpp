#include "plugin-api/host/elf.hpp"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <optional>

namespace bh::host {
namespace {

constexpr std::uint16_t kMaxSegments = 64;
constexpr std::uint64_t kMaxDynamic = 512;
constexpr std::uint64_t kMaxSymbols = 1u << 20;
constexpr std::uint64_t kMaxName = 4096;
constexpr std::uint64_t kPage = 4096;

#if defined(__x86_64__)
constexpr std::uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr std::uint16_t kMachine = EM_AARCH64;
#else
#error "the number of this machine in an ELF header is not known"
#endif

Failure damaged(const std::string& what) { return invalid("damaged_elf", what + "; install the plugin again"); }
Failure crafted(const std::string& what) {
    return invalid("crafted_elf",
                   what + ": no linker writes this; do not use this file, install the plugin from its author again");
}

using Bytes = std::span<const std::uint8_t>;

template <class T>
std::optional<T> at(Bytes bytes, std::uint64_t offset) {
    if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

class Reader {
public:
    explicit Reader(Bytes file) : file_{file} {}

    Result<ElfFacts> read() {
        if (auto failure = header()) return *failure;
        if (auto failure = segments()) return *failure;
        if (auto failure = dynamic()) return *failure;
        if (auto failure = count_symbols()) return *failure;
        if (auto failure = symbols()) return *failure;
        return facts_;
    }

private:
    std::optional<Failure> header() {
        if (file_.size() < SELFMAG || std::memcmp(file_.data(), ELFMAG, SELFMAG) != 0)
            return invalid("not_elf", "it is not a shared library (no ELF header); install the plugin again");
        const auto found = at<Elf64_Ehdr>(file_, 0);
        if (!found) return damaged("it ends inside its ELF header");
        header_ = *found;
        if (header_.e_ident[EI_CLASS] != ELFCLASS64 || header_.e_ident[EI_DATA] != ELFDATA2LSB ||
            header_.e_machine != kMachine)
            return invalid("wrong_machine", "it is built for another machine (ELF machine " +
                                                std::to_string(header_.e_machine) + ", this one is " +
                                                std::to_string(kMachine) + "); install the package for this machine");
        if (header_.e_type != ET_DYN)
            return invalid("not_elf", "it is not a shared library (ELF type); install the plugin again");
        if (header_.e_phentsize != sizeof(Elf64_Phdr)) return damaged("its program headers have another size");
        if (header_.e_phnum == 0 || header_.e_phnum > kMaxSegments)
            return damaged("its program headers are too many or none");
        return std::nullopt;
    }

    std::optional<Failure> segments() {
        bool has_dynamic = false;
        facts_.executable_stack = true;  // what the dynamic loader takes silence for
        std::uint64_t mapped_to = 0;
        for (std::uint16_t i = 0; i < header_.e_phnum; ++i) {
            const auto segment = at<Elf64_Phdr>(file_, header_.e_phoff + std::uint64_t{i} * sizeof(Elf64_Phdr));
            if (!segment || header_.e_phoff > file_.size()) return damaged("it ends inside its program headers");
            if (segment->p_type == PT_LOAD) {
                if (segment->p_offset > file_.size() || file_.size() - segment->p_offset < segment->p_filesz)
                    return damaged("it ends inside a segment");
                if (segment->p_vaddr > UINT64_MAX / 2 || segment->p_memsz > UINT64_MAX / 4 ||
                    segment->p_memsz < segment->p_filesz)
                    return crafted("a segment has an impossible size");
                // The loader maps whole pages, a later segment over an earlier one: where they share a page, what is
                // read here would not be what is used.
                if (!loads_.empty() && segment->p_vaddr / kPage * kPage < mapped_to)
                    return crafted("segments overlap or are out of order");
                mapped_to = (segment->p_vaddr + segment->p_memsz + kPage - 1) / kPage * kPage;
                loads_.push_back(*segment);
            } else if (segment->p_type == PT_DYNAMIC) {
                if (has_dynamic) return crafted("there are two dynamic segments");
                has_dynamic = true;
                dynamic_ = *segment;
            } else if (segment->p_type == PT_GNU_RELRO) {
                facts_.relro = true;
            } else if (segment->p_type == PT_GNU_STACK) {
                facts_.executable_stack = (segment->p_flags & PF_X) != 0;
            }
        }
        if (!has_dynamic) return damaged("it has no dynamic segment");
        return std::nullopt;
    }

    // The file's bytes from a virtual address on, to the end of its segment.
    [[nodiscard]] Bytes memory(std::uint64_t address) const {
        for (const Elf64_Phdr& load : loads_) {
            if (address < load.p_vaddr || address - load.p_vaddr >= load.p_filesz) continue;
            const std::uint64_t inside = address - load.p_vaddr;
            return file_.subspan(load.p_offset + inside, load.p_filesz - inside);
        }
        return {};
    }

    std::optional<Failure> dynamic() {
        const Bytes table = memory(dynamic_.p_vaddr);
        for (std::uint64_t i = 0;; ++i) {
            const auto entry = at<Elf64_Dyn>(table, i * sizeof(Elf64_Dyn));
            if (!entry || i >= kMaxDynamic) return damaged("its dynamic segment has no end");
            const std::uint64_t value = entry->d_un.d_val;
            switch (entry->d_tag) {
                case DT_NULL:
                    return complete();
                case DT_SYMTAB:
                    symbols_at_ = value;
                    break;
                case DT_STRTAB:
                    names_at_ = value;
                    break;
                case DT_STRSZ:
                    names_size_ = value;
                    break;
                case DT_SYMENT:
                    symbol_size_ = value;
                    break;
                case DT_HASH:
                    hash_at_ = value;
                    break;
                case DT_GNU_HASH:
                    gnu_hash_at_ = value;
                    break;
                case DT_BIND_NOW:
                    facts_.binds_now = true;
                    break;
                case DT_RPATH:
                case DT_RUNPATH:
                    facts_.run_path = true;
                    break;
                case DT_TEXTREL:
                    facts_.text_relocations = true;
                    break;
                case DT_FLAGS:
                    facts_.binds_now |= (value & DF_BIND_NOW) != 0;
                    facts_.text_relocations |= (value & DF_TEXTREL) != 0;
                    break;
                case DT_FLAGS_1:
                    facts_.binds_now |= (value & DF_1_NOW) != 0;
                    facts_.never_unmapped |= (value & DF_1_NODELETE) != 0;
                    break;
                default:
                    break;
            }
        }
    }

    std::optional<Failure> complete() {
        if (symbol_size_ != sizeof(Elf64_Sym)) return damaged("its symbols have another size");
        if (!symbols_at_ || !names_at_) return damaged("it has no dynamic symbol table");
        if (!hash_at_ && !gnu_hash_at_) return damaged("it has no symbol hash table");
        names_ = memory(*names_at_);
        if (names_size_ > names_.size()) return damaged("it ends inside its symbol names");
        names_ = names_.first(names_size_);
        return std::nullopt;
    }

    // The number of symbols stands in neither header: it follows from the hash tables.
    std::optional<Failure> count_symbols() {
        if (hash_at_) {
            const auto chains = at<std::uint32_t>(memory(*hash_at_), sizeof(std::uint32_t));
            if (!chains) return damaged("it ends inside its hash table");
            symbol_count_ = *chains;
        }
        if (gnu_hash_at_) {
            if (auto failure = count_gnu(memory(*gnu_hash_at_))) return failure;
        }
        if (symbol_count_ > kMaxSymbols) return damaged("it has more than a million symbols");
        return std::nullopt;
    }

    std::optional<Failure> count_gnu(Bytes table) {
        const auto buckets = at<std::uint32_t>(table, 0);
        const auto first = at<std::uint32_t>(table, 4);
        const auto bloom = at<std::uint32_t>(table, 8);
        if (!buckets || !first || !bloom || *buckets > kMaxSymbols || *bloom > kMaxSymbols)
            return damaged("it ends inside its hash table");
        const std::uint64_t buckets_at = 16 + std::uint64_t{*bloom} * sizeof(std::uint64_t);
        const std::uint64_t chains_at = buckets_at + std::uint64_t{*buckets} * sizeof(std::uint32_t);
        std::uint64_t last = 0;
        for (std::uint32_t i = 0; i < *buckets; ++i) {
            const auto bucket = at<std::uint32_t>(table, buckets_at + std::uint64_t{i} * sizeof(std::uint32_t));
            if (!bucket) return damaged("it ends inside its hash table");
            last = std::max<std::uint64_t>(last, *bucket);
        }
        std::uint64_t count = *first;
        // The chain of the last bucket ends at the last symbol; its last entry is odd.
        for (std::uint64_t symbol = last; last >= *first && last != 0; ++symbol) {
            const auto hash = at<std::uint32_t>(table, chains_at + (symbol - *first) * sizeof(std::uint32_t));
            if (!hash || symbol > kMaxSymbols) return damaged("it ends inside its hash table");
            count = symbol + 1;
            if ((*hash & 1) != 0) break;
        }
        symbol_count_ = std::max(symbol_count_, count);
        return std::nullopt;
    }

    std::optional<Failure> symbols() {
        const Bytes table = memory(*symbols_at_);
        for (std::uint64_t i = 1; i < symbol_count_; ++i) {
            const auto symbol = at<Elf64_Sym>(table, i * sizeof(Elf64_Sym));
            if (!symbol) return damaged("it ends inside its symbol table");
            const unsigned binding = ELF64_ST_BIND(symbol->st_info);
            const unsigned visibility = ELF64_ST_VISIBILITY(symbol->st_other);
            if (symbol->st_shndx == SHN_UNDEF || binding == STB_LOCAL || visibility == STV_HIDDEN ||
                visibility == STV_INTERNAL)
                continue;
            const std::optional<std::string> name = name_at(symbol->st_name);
            if (!name) return damaged("it ends inside its symbol names");
            facts_.exported.push_back(*name);
        }
        std::sort(facts_.exported.begin(), facts_.exported.end());
        return std::nullopt;
    }

    [[nodiscard]] std::optional<std::string> name_at(std::uint64_t offset) const {
        if (offset >= names_.size()) return std::nullopt;
        const Bytes rest = names_.subspan(offset, std::min<std::uint64_t>(names_.size() - offset, kMaxName));
        const auto end = std::find(rest.begin(), rest.end(), 0);
        if (end == rest.end()) return std::nullopt;
        return std::string{rest.begin(), end};
    }

    Bytes file_;
    Elf64_Ehdr header_{};
    std::vector<Elf64_Phdr> loads_;
    Elf64_Phdr dynamic_{};
    std::optional<std::uint64_t> symbols_at_, names_at_, hash_at_, gnu_hash_at_;
    std::uint64_t names_size_ = 0, symbol_size_ = 0, symbol_count_ = 0;
    Bytes names_;
    ElfFacts facts_;
};

}  // namespace

Result<ElfFacts> read_elf(std::span<const std::uint8_t> file) { return Reader{file}.read(); }

}  // namespace bh::host
