/* A hypervisor in C whose machines are rows in the kernel's store; nothing boots. README.md walks through it.
 *
 * Row "vm/OP_ID" -> "STATE STARTED STOPPED_BY\n RESETS \nSPEC": running or stopped, since when in seconds since 1970 or
 * 0, who stopped it or -, the op_ids of the resets that happened, and the specification as it came. */
#include "bhc.h"
#include "json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_VMS = 1000 };

struct bh_instance {
    bhc_gate gate; /* first, for bhc_quiesce(); a VM is looked for and changed by one verb at a time */
    bhc_rows rows;
    unsigned long max_vms;
};

typedef struct machine {
    char id[BHC_ID_SIZE];
    int running;
    long long started;
    char stopped_by[8];
    const char *resets, *spec; /* in the row's text */
} machine;

/* Cuts the row in place; the machine is good as long as it. */
static bh_status read_machine(const char* id, char* row, machine* vm, bh_error* err) {
    char state[8];
    char* resets = strchr(row, '\n');
    char* spec = resets != NULL ? strchr(resets + 1, '\n') : NULL;
    if (spec == NULL || sscanf(row, "%7s %lld %7s", state, &vm->started, vm->stopped_by) != 3)
        return bhc_fail(err, BH_E_CORRUPT, "row", "the row of a VM in the store is damaged");
    *spec = '\0';
    snprintf(vm->id, sizeof vm->id, "%s", id);
    vm->running = strcmp(state, "running") == 0;
    vm->resets = resets + 1;
    vm->spec = spec + 1;
    return BH_OK;
}

/* With one more reset, if `reset` is not "". */
static bh_status write_machine(const bh_instance* self, const machine* vm, const char* reset, bh_error* err) {
    bhc_text row = {NULL, 0, 0, 0};
    bhc_add(&row, "%s %lld %s\n%s%s%s\n%s", vm->running ? "running" : "stopped", vm->started, vm->stopped_by,
            vm->resets, reset, reset[0] != '\0' ? " " : "", vm->spec);
    const bh_status status = row.failed ? bhc_fail(err, BH_E_INTERNAL, "no_memory", "out of memory")
                                        : bhc_row_put(&self->rows, vm->id, row.data, err);
    bhc_free(&row);
    return status;
}

static void start(machine* vm) {
    if (vm->running) return;
    vm->running = 1;
    vm->started = (long long)time(NULL);
    strcpy(vm->stopped_by, "-");
}
static void stop(machine* vm) {
    if (!vm->running) return;
    vm->running = 0;
    vm->started = 0;
    strcpy(vm->stopped_by, "host");
}

static void add_member(bhc_text* to, const char* name, json_value value) {
    if (value.size != 0) bhc_add(to, ",\"%s\":%.*s", name, (int)value.size, value.text);
}

/* vm.json. created_by, instance and tags let the kernel recognise what is its own, also after its disk was lost. */
static void add_vm(bhc_text* to, const bh_instance* self, const machine* vm) {
    const json_value spec = json_parse(vm->spec, strlen(vm->spec)), network = json_get(spec, "network");
    const bh_str instance = self->rows.kernel->instance;
    json_value volume;
    bhc_add(to, "{\"vm\":\"%s\",\"created_by\":\"%s\",\"instance\":\"%.*s\",\"state\":\"%s\"", vm->id, vm->id,
            (int)instance.len, instance.ptr, vm->running ? "running" : "stopped");
    if (vm->running) {
        const time_t seconds = (time_t)vm->started;
        struct tm parts;
        char text[32] = "";
        if (gmtime_r(&seconds, &parts) != NULL) strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
        bhc_add(to, ",\"started_at\":\"%s\"", text);
    } else if (strcmp(vm->stopped_by, "-") != 0) {
        bhc_add(to, ",\"stopped_by\":\"%s\"", vm->stopped_by);
    }
    bhc_add(to, ",\"volumes\":[");
    for (size_t i = 0; json_at(json_get(spec, "volumes"), i, &volume); ++i) {
        const json_value id = json_get(volume, "volume");
        bhc_add(to, "%s%.*s", i > 0 ? "," : "", (int)id.size, id.text);
    }
    bhc_add(to, "]");
    add_member(to, "name", json_get(spec, "name"));
    add_member(to, "tap", json_get(network, "tap"));
    add_member(to, "mac", json_get(network, "mac"));
    add_member(to, "address", json_get(network, "address"));
    add_member(to, "tags", json_get(spec, "tags"));
    bhc_add(to, "}");
}

/* What is used of a specification has its type. */
static bh_status read_spec(bh_str text, json_value* spec, bh_error* err) {
    static const struct {
        const char* name;
        char first;
    } members[] = {{"name", '"'}, {"cpus", '0'}, {"volumes", '['}, {"network", '{'}, {"first_boot", '{'}};
    char message[64];
    json_value volume;
    *spec = json_parse(text.ptr, text.len);
    if (!json_is_object(*spec))
        return bhc_fail(err, BH_E_INVALID, "bad_document", "spec: is not a JSON object of depth 16 and 1 MiB at most");
    for (size_t i = 0; i < sizeof members / sizeof *members; ++i) {
        if (json_has(*spec, members[i].name, members[i].first)) continue;
        snprintf(message, sizeof message, "spec: /%s is missing, or has another type", members[i].name);
        return bhc_fail(err, BH_E_INVALID, "bad_document", message);
    }
    for (size_t i = 0; json_at(json_get(*spec, "volumes"), i, &volume); ++i)
        if (!json_has(volume, "volume", '"'))
            return bhc_fail(err, BH_E_INVALID, "bad_document", "spec: each of /volumes has an id in \"volume\"");
    if (!json_has(json_get(*spec, "network"), "mac", '"') || !json_has(json_get(*spec, "network"), "address", '"'))
        return bhc_fail(err, BH_E_INVALID, "bad_document", "spec: /network has a mac and an address");
    return BH_OK;
}

/* ---- the verbs of bh.hypervisor/1 ---- */

static bh_status describe(bh_instance* self, bh_sink out, bh_error* err) {
    bhc_text text = {NULL, 0, 0, 0};
    const bh_status status = bhc_enter(&self->gate, err);
    if (status != BH_OK) return status;
    bhc_add(&text, "{\"volume_kinds\":[\"file\"],\"net_filter\":\"kernel\",\"max_vms\":%lu}", self->max_vms);
    return bhc_leave(&self->gate, bhc_give(out, &text, err));
}

static bh_status count_one(void* ctx, const char* id, char* row, bh_error* err) {
    (void)id, (void)row, (void)err;
    ++*(unsigned long*)ctx;
    return BH_OK;
}

static bh_status make(bh_instance* self, const bh_call* call, const char* id, json_value spec, bhc_text* answer,
                      bh_error* err) {
    machine vm = {"", 0, 0, "-", " ", NULL};
    bhc_text text = {NULL, 0, 0, 0};
    unsigned long count = 0;
    bh_status status = bhc_stopped(call, err);
    if (status == BH_OK) status = bhc_rows_each(&self->rows, count_one, &count, err);
    if (status == BH_OK && count >= self->max_vms)
        status =
            bhc_fail(err, BH_E_EXHAUSTED, "max_vms", "there are as many VMs as max_vms of the configuration allows");
    if (status != BH_OK) return status;
    bhc_add(&text, "%.*s", (int)spec.size, spec.text);
    snprintf(vm.id, sizeof vm.id, "%s", id);
    vm.spec = text.data;
    status =
        text.failed ? bhc_fail(err, BH_E_INTERNAL, "no_memory", "out of memory") : write_machine(self, &vm, "", err);
    if (status == BH_OK) add_vm(answer, self, &vm);
    bhc_free(&text);
    return status;
}

/* The id of a VM is the op_id that made it, so a second attempt finds what a first one made: there is nothing else to
 * remember, and nothing to save() before the one effect that this verb has. */
static bh_status vm_create(bh_instance* self, const bh_call* call, bh_str spec, bh_sink out, bh_error* err) {
    char id[BHC_ID_SIZE];
    bhc_text row = {NULL, 0, 0, 0}, answer = {NULL, 0, 0, 0};
    json_value wanted;
    machine known;
    bh_status status = read_spec(spec, &wanted, err);
    if (status == BH_OK) status = bhc_enter(&self->gate, err);
    if (status != BH_OK) return status;
    bhc_id(call->op_id, "vm", &id);
    status = bhc_row_get(&self->rows, id, &row, err);
    if (status == BH_E_NOT_FOUND) {
        status = make(self, call, id, wanted, &answer, err);
    } else if (status == BH_OK) {
        status = read_machine(id, row.data, &known, err);
        if (status == BH_OK && (strlen(known.spec) != wanted.size || memcmp(known.spec, wanted.text, wanted.size) != 0))
            status = bhc_fail(err, BH_E_CONFLICT, "other_spec", "this op_id has a VM of another specification");
        if (status == BH_OK) add_vm(&answer, self, &known);
    }
    if (status == BH_OK) status = bhc_give(out, &answer, err);
    bhc_free(&row);
    bhc_free(&answer);
    return bhc_leave(&self->gate, status);
}

static bh_status vm_destroy(bh_instance* self, const bh_call* call, bh_str vm, bh_error* err) {
    char id[BHC_ID_SIZE];
    (void)call;
    const bh_status status = bhc_enter(&self->gate, err);
    if (status != BH_OK) return status;
    bhc_id(vm, "vm", &id);
    return bhc_leave(&self->gate, bhc_row_remove(&self->rows, id, err));
}

/* The machine of what a verb is given. On success the caller holds the gate, and frees the row. */
static bh_status find(bh_instance* self, bh_str vm, machine* out, bhc_text* row, bh_error* err) {
    char id[BHC_ID_SIZE];
    bh_status status = bhc_enter(&self->gate, err);
    if (status != BH_OK) return status;
    bhc_id(vm, "vm", &id);
    status = bhc_row_get(&self->rows, id, row, err);
    if (status == BH_OK) status = read_machine(id, row->data, out, err);
    if (status == BH_OK) return BH_OK;
    bhc_free(row);
    return bhc_leave(&self->gate, status);
}

/* At most once for an op_id. Here the effect and the note of it are one write; where they are two, save() comes first,
 * and an attempt that finds the save and no effect is BH_E_UNKNOWN_OUTCOME. */
static bh_status reset(const bh_instance* self, machine* vm, const char* op_id, bh_error* err) {
    char word[BHC_ID_SIZE + 2];
    snprintf(word, sizeof word, " %s ", op_id);
    if (strstr(vm->resets, word) != NULL) return BH_OK;
    stop(vm);
    start(vm);
    return write_machine(self, vm, op_id, err);
}

static bh_status vm_power(bh_instance* self, const bh_call* call, bh_str vm, uint32_t action, bh_error* err) {
    char op_id[BHC_ID_SIZE];
    bhc_text row = {NULL, 0, 0, 0};
    machine found;
    bh_status status = find(self, vm, &found, &row, err);
    if (status != BH_OK) return status;
    bhc_id(call->op_id, "vm", &op_id);
    switch (action) {
        case BH_POWER_START:
            start(&found);
            status = write_machine(self, &found, "", err);
            break;
        case BH_POWER_SHUTDOWN:
        case BH_POWER_OFF:
            stop(&found);
            status = write_machine(self, &found, "", err);
            break;
        case BH_POWER_RESET:
            status = reset(self, &found, op_id, err);
            break;
        default:
            status = bhc_fail(err, BH_E_UNSUPPORTED, "power_action", "this power action is not known here");
    }
    bhc_free(&row);
    return bhc_leave(&self->gate, status);
}

static bh_status vm_get(bh_instance* self, bh_str vm, bh_sink out, bh_error* err) {
    bhc_text row = {NULL, 0, 0, 0}, answer = {NULL, 0, 0, 0};
    machine found;
    bh_status status = find(self, vm, &found, &row, err);
    if (status != BH_OK) return status;
    add_vm(&answer, self, &found);
    status = bhc_give(out, &answer, err);
    bhc_free(&row);
    return bhc_leave(&self->gate, status);
}

struct listing {
    const bh_instance* self;
    bhc_text text;
};
static bh_status list_one(void* ctx, const char* id, char* row, bh_error* err) {
    struct listing* list = (struct listing*)ctx;
    machine vm;
    const bh_status status = read_machine(id, row, &vm, err);
    if (status != BH_OK) return status;
    bhc_add(&list->text, list->text.size == 0 ? "{\"vms\":[" : ",");
    add_vm(&list->text, list->self, &vm);
    return BH_OK;
}

/* One page holds all. */
static bh_status vm_list(bh_instance* self, bh_str page, bh_sink out, bh_error* err) {
    struct listing list = {self, {NULL, 0, 0, 0}};
    if (page.len != 0) return bhc_fail(err, BH_E_INVALID, "bad_page", "there is one page only: its token is empty");
    bh_status status = bhc_enter(&self->gate, err);
    if (status != BH_OK) return status;
    status = bhc_rows_each(&self->rows, list_one, &list, err);
    bhc_add(&list.text, list.text.size == 0 ? "{\"vms\":[]}" : "]}");
    if (status == BH_OK) status = bhc_give(out, &list.text, err);
    bhc_free(&list.text);
    return bhc_leave(&self->gate, status);
}

static bh_status vm_stats(bh_instance* self, bh_str vm, bh_vm_stats* out, bh_error* err) {
    bh_vm_stats stats = {sizeof stats, BH_VM_STOPPED, -1, -1, -1, -1, -1, -1, -1};
    bhc_text row = {NULL, 0, 0, 0};
    machine found;
    const bh_status status = find(self, vm, &found, &row, err);
    if (status != BH_OK) return status;
    if (found.running) {
        const long long uptime = (long long)time(NULL) - found.started;
        stats.state = BH_VM_RUNNING;
        stats.uptime_s = uptime > 0 ? uptime : 0;
    }
    /* An older kernel has a shorter struct; a newer one must not take what is behind ours for filled in. */
    if (out->struct_size < stats.struct_size) stats.struct_size = out->struct_size;
    memcpy(out, &stats, stats.struct_size);
    bhc_free(&row);
    return bhc_leave(&self->gate, BH_OK);
}

/* ---- the plugin ---- */

static bh_status read_config(bh_str config, unsigned long* max_vms, bh_error* err) {
    const json_value object = json_parse(config.ptr, config.len), given = json_get(object, "max_vms");
    uint64_t number = 0;
    if (!json_is_object(object) || !json_number(given, &number) || number > MAX_VMS || (given.size != 0 && number == 0))
        return bhc_fail(err, BH_E_INVALID, "max_vms", "/max_vms: must be a number from 1 to 1000");
    *max_vms = number != 0 ? (unsigned long)number : 100;
    return BH_OK;
}

static bh_status check(const bh_kernel* kernel, bh_str config, uint64_t deadline_ns, bh_sink findings, bh_error* err) {
    unsigned long max_vms = 0;
    (void)kernel, (void)deadline_ns;
    const bh_status status = read_config(config, &max_vms, err);
    return status == BH_OK ? bhc_put(findings, "{\"findings\":[]}") : status;
}

static bh_status create(const bh_kernel* kernel, bh_str config, bh_instance** out, bh_error* err) {
    bhc_rows rows;
    unsigned long max_vms = 0;
    bh_status status = bhc_rows_open(&rows, kernel, "vm", err);
    if (status == BH_OK) status = read_config(config, &max_vms, err);
    if (status != BH_OK) return status;
    bh_instance* self = (bh_instance*)calloc(1, sizeof *self);
    if (self == NULL) return bhc_fail(err, BH_E_INTERNAL, "no_memory", "out of memory");
    self->rows = rows;
    self->max_vms = max_vms;
    bhc_gate_open(&self->gate);
    *out = self;
    return BH_OK;
}

static const bh_hypervisor hypervisor = {sizeof hypervisor, 0,      describe, vm_create, vm_destroy,
                                         vm_power,          vm_get, vm_list,  vm_stats};

static const void* query(const char* id) { return strcmp(id, BH_HYPERVISOR) == 0 ? &hypervisor : NULL; }

static const bh_plugin plugin = {
    sizeof plugin, BH_ABI_MINOR, BH_ABI_DRAFT, 0,    BHC_TEXT("org.example.vm-table"), BHC_TEXT("1.0.0"), check, create,
    bhc_quiesce,   bhc_destroy,  bhc_healthy,  query};

BHC_ENTRY(plugin)
