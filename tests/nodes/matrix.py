#!/usr/bin/env python3
"""Which scenario runs on which node, and why the others can't: the one list that the tests and the page are made of.

    python3 tests/nodes/matrix.py            prints matrix.md
    python3 tests/nodes/matrix.py --check    fails when matrix.md, the tests or what ctest runs is not what is listed here
"""
import os
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
NODES = {
    "anvil": "anvil 1.7.1", "hardhat": "Hardhat 2.22.19 (2, because 3 needs Node 22, which neither Debian has)", "ethereumjs": "EthereumJS client 0.10.5 under consensus.mjs",
}
RUN = "run"
BY_SNAPSHOT = "run, by snapshot"  # for the host the same: a head that went back, and then another branch
SCENARIOS = {
    "life": "A purchase is served, expires, is extended, resumed, cancelled, and nothing is left",
    "proven": "The same order with every log proven by its block's receipts",
    "mined_again": "A purchase whose block is replaced before it is final, and which is mined again: one VM, one credential",
    "vanished": "A purchase that is on no branch any more: nothing is made",
    "below_final": "A branch replaced below what was final, with all of its transactions mined again: parked, nothing destroyed, after accept-reorg all is as before",
    "final_tag": "The rule `finalized`: nothing is made before the chain says so, all of it afterwards",
    "away_and_back": "A branch is left and chosen again, and the node has lost its receipts: its empty answers are not believed, the host says so and does nothing",
}
CELLS = {
    "life": {"anvil": RUN, "hardhat": RUN, "ethereumjs": "run, with every log proven: it answers with none, and without an error, before it has stored a block's receipts"},
    "proven": {"anvil": RUN, "hardhat": "run, with each transaction's own receipt: it has no eth_getBlockReceipts", "ethereumjs": RUN},
    "mined_again": {"anvil": RUN, "hardhat": BY_SNAPSHOT, "ethereumjs": RUN},
    "vanished": {"anvil": RUN, "hardhat": BY_SNAPSHOT, "ethereumjs": RUN},
    "below_final": {"anvil": RUN, "hardhat": BY_SNAPSHOT, "ethereumjs": RUN},
    "final_tag": {"anvil": RUN, "hardhat": "impossible: its `finalized` is its head, so the rule is `latest`", "ethereumjs": RUN},
    "away_and_back": {"anvil": "impossible: anvil_reorg throws away the branch that it leaves",
                      "hardhat": "impossible: a snapshot is used up by going back to it, and what came after it is gone", "ethereumjs": RUN},
}


def runs(scenario: str, node: str) -> bool:
    return CELLS[scenario][node].startswith(RUN)


def page() -> str:
    lines = ["# Scenarios and nodes", "",
             "Made by `python3 tests/nodes/matrix.py`, checked by the test `nodes_matrix`. Each pair runs or is impossible; nothing else is left out.", "",
             "| scenario | " + " | ".join(NODES.values()) + " |", "|---|" + "---|" * len(NODES)]
    lines += [f"| {text} (`{name}`) | " + " | ".join(CELLS[name][node] for node in NODES) + " |" for name, text in SCENARIOS.items()]
    return "\n".join(lines) + "\n"


def wrong() -> list[str]:
    import scenarios_test
    found = []
    if list(CELLS) != list(SCENARIOS) or any(list(cells) != list(NODES) for cells in CELLS.values()):
        found.append("a scenario or a node has no cell")
    if list(scenarios_test.KINDS) != list(SCENARIOS) or list(scenarios_test.CHAINS) != list(NODES):
        found.append("the tests know other scenarios or nodes than this list")
    for name, kind in scenarios_test.KINDS.items():
        if [test for test in dir(kind) if test.startswith("test")] != [f"test_{name}"]:
            found.append(f"{kind.__name__} does not hold the test of {name} and nothing else")
    for name, cells in CELLS.items():
        for node, text in cells.items():
            if not text.startswith(RUN) and not (text.startswith("impossible: ") and len(text.split()) > 4):
                found.append(f"{name} on {node}: neither run nor impossible for a reason")
    for node in NODES:
        ran = [case._testMethodName for case in unittest_cases(scenarios_test.suite(node, []))]
        if ran != [f"test_{name}" for name in SCENARIOS if runs(name, node)]:
            found.append(f"on {node} other tests run than are listed: {ran}")
    with open(os.path.join(HERE, "matrix.md")) as file:
        if file.read() != page():
            found.append("matrix.md is not what matrix.py prints: write it anew")
    return found


def unittest_cases(suite) -> list:
    return [case for part in suite for case in (unittest_cases(part) if hasattr(part, "__iter__") else [part])]


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        problems = wrong()
        print("\n".join(problems) or f"{sum(runs(name, node) for name in SCENARIOS for node in NODES)} pairs run, the others are impossible")
        sys.exit(1 if problems else 0)
    print(page(), end="")
