package dev.wireproof.simulator;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What was wrong against what was said. A run of which no diagnosis came counts as not exact. An over-claim is a verdict that is neither exact nor {@code inconclusive}: it blames something that is
 * not at fault.
 */
final class DrillMatrix {
    static final double EXACT_ENOUGH = 0.99;

    enum Way {
        DIRECT,
        PROXY
    }

    /** @param detail to find it again: the diagnosis, its rule, its observations */
    record Outcome(String fault, Way way, Set<String> expected, String verdict, String detail) {
        private static final String NOT_RUN = "not-run";

        /** No diagnosis came of it: nothing was claimed, and nothing is shown. */
        static Outcome notRun(String fault, Way way, Set<String> expected, String why) {
            return new Outcome(fault, way, expected, NOT_RUN, why);
        }

        boolean exact() {
            return expected.contains(verdict);
        }

        boolean overClaim() {
            return !exact() && !verdict.equals("inconclusive") && !verdict.equals(NOT_RUN);
        }
    }

    private final long seed;
    private final List<Outcome> outcomes = new ArrayList<>();

    DrillMatrix(long seed) {
        this.seed = seed;
    }

    void add(Outcome outcome) {
        outcomes.add(outcome);
    }

    int size() {
        return outcomes.size();
    }

    long exact() {
        return outcomes.stream().filter(Outcome::exact).count();
    }

    List<Outcome> overClaims() {
        return outcomes.stream().filter(Outcome::overClaim).toList();
    }

    List<Outcome> inexact() {
        return outcomes.stream().filter(outcome -> !outcome.exact()).toList();
    }

    double exactShare() {
        return outcomes.isEmpty() ? 0 : (double) exact() / outcomes.size();
    }

    /** A table in Markdown, with the seed and the shares. */
    String render() {
        Map<String, Map<String, Integer>> rows = new TreeMap<>();
        for (Outcome outcome : outcomes) {
            String way = outcome.way().name().toLowerCase(Locale.ROOT);
            rows.computeIfAbsent(outcome.fault() + " | " + way, _ -> new TreeMap<>())
                    .merge(
                            outcome.verdict()
                                    + (outcome.exact() ? "" : outcome.overClaim() ? " (OVER-CLAIM)" : " (too little)"),
                            1,
                            Integer::sum);
        }
        StringBuilder text = new StringBuilder("| fault | way | verdicts |\n|---|---|---|\n");
        rows.forEach((row, verdicts) -> {
            text.append("| ").append(row).append(" | ");
            text.append(String.join(
                    ", ",
                    verdicts.entrySet().stream()
                            .sorted(Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder()))
                            .map(e -> e.getKey() + " " + e.getValue())
                            .toList()));
            text.append(" |\n");
        });
        text.append(String.format(
                Locale.ROOT,
                "%nseed %d: %d diagnoses, %d exact (%.2f %%), %d inconclusive or not run, %d claimed too much%n",
                seed,
                outcomes.size(),
                exact(),
                100 * exactShare(),
                inexact().size() - overClaims().size(),
                overClaims().size()));
        inexact()
                .forEach(outcome -> text.append("not exact: %s, %s: %s, expected %s; %s%n"
                        .formatted(
                                outcome.fault(),
                                outcome.way(),
                                outcome.verdict(),
                                outcome.expected(),
                                outcome.detail())));
        return text.toString();
    }
}
