#!/usr/bin/env python3
"""Writes a copy of a kernel source with a rule broken.

    mutants.py NAME SOURCE OUT

Each mutant is, for each source that it breaks, a text of it and what is put in its place. The text must be there
exactly once: a mutant that does not apply any more is an error, not a test that passes.
"""
import pathlib
import sys

MUTANTS = {
    # The decision counts, without fresh reads immediately before the verb.
    "no-fresh-read": {
        "work": ("    if (guard == Guard::none) return true;\n", "    if (guard != Guard::open) return true;\n"),
    },
    # One answer is enough to switch something off.
    "guard-one-check": {
        "guard": ("    if (guard == Guard::none || guard == Guard::open) return true;\n",
                  "    if (guard == Guard::none || guard == Guard::open || progress) return true;\n"),
    },
    # The head's word is taken for the final one.
    "not-final": {
        "standing": ("    return {view.final_state ? standing_of(*view.final_state, order, can) : Standing::unknown,\n",
                     "    return {standing_of(view.head_state, order, can),\n"),
    },
    # The end of an earlier run of the same step answers for the new one.
    "old-done-answers": {
        "machine": ("    job.state = JobState::queued;\n    job.consumed = false;\n",
                    "    if (job.state != JobState::done) job.state = JobState::queued;\n    job.consumed = false;\n"),
    },
    # A lost answer is taken for a refusal.
    "lost-is-failed": {
        "table": ("    {BH_E_UNKNOWN_OUTCOME, JobState::uncertain},\n",
                  "    {BH_E_UNKNOWN_OUTCOME, JobState::failed},\n"),
    },
    # A verb that ran when the process died is forgotten.
    "dead-jobs-stay": {
        "engine": ("        for (JobRow job : jobs_in_state(tx, JobState::running)) {\n",
                   "        for (JobRow job : jobs_in_state(tx, JobState::held)) {\n"),
    },
    # A rollback below a final position leaves what the guard has counted, and jobs that have passed it run. Two rules:
    # each of them alone keeps what the invariant asks for.
    "parked-jobs-go-on": {
        "poll": ("    if ((*taken)->below_final) guard_.forget_all();\n", ""),
        "jobs": ("    if (waits_for_operator(job)) {\n", "    if (false) {\n"),
    },
}


def main() -> int:
    name, source, out = sys.argv[1:4]
    old, new = MUTANTS[name][pathlib.Path(source).stem]
    with open(source, encoding="utf-8") as file:
        text = file.read()
    if text.count(old) != 1:
        print(f"{source}: the text that the mutant '{name}' breaks is there {text.count(old)} times: write it anew",
              file=sys.stderr)
        return 1
    with open(out, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new))
    return 0


if __name__ == "__main__":
    sys.exit(main())
