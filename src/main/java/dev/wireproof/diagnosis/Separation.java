package dev.wireproof.diagnosis;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.hipparchus.distribution.discrete.HypergeometricDistribution;

/**
 * What sets a group of failing agents apart from the healthy ones. For each attribute, the value that most of the group have is fixed without
 * a look at the healthy; Fisher's exact test, one-sided, then says how likely the group has it that often by chance, and Holm's correction
 * pays for having asked about several attributes. Pure.
 */
final class Separation {
    static final double LEVEL = 0.05;

    /**
     * One attribute's answer.
     *
     * @param inGroup agents of the group with that value, of {@code group}
     * @param p by Fisher's exact test
     * @param corrected by Holm's correction for the number of attributes
     */
    record Test(
            String attribute,
            String value,
            int inGroup,
            int group,
            int inHealthy,
            int healthy,
            double p,
            double corrected) {
        boolean separates() {
            return corrected < LEVEL;
        }
    }

    /** @param tooFew whether not even a perfect split could be told from chance with these numbers */
    record Finding(List<Test> tests, boolean tooFew) {
        Finding {
            tests = List.copyOf(tests);
        }
    }

    private Separation() {}

    /** @param group attributes of each agent by name; all agents have the same names */
    static Finding of(List<Map<String, String>> group, List<Map<String, String>> healthy) {
        List<Test> raw = new ArrayList<>();
        TreeSet<String> attributes =
                group.stream().flatMap(agent -> agent.keySet().stream()).collect(Collectors.toCollection(TreeSet::new));
        for (String attribute : attributes) {
            String value = mostCommon(group, attribute);
            int inGroup = count(group, attribute, value);
            int inHealthy = count(healthy, attribute, value);
            raw.add(new Test(
                    attribute,
                    value,
                    inGroup,
                    group.size(),
                    inHealthy,
                    healthy.size(),
                    fisher(inGroup, group.size(), inHealthy, healthy.size()),
                    1));
        }
        double best = fisher(group.size(), group.size(), 0, healthy.size());
        boolean tooFew = healthy.isEmpty() || group.isEmpty() || best * Math.max(1, raw.size()) >= LEVEL;
        return new Finding(holm(raw), tooFew);
    }

    /** The chance that at least so many of the group have the value, if having it and failing had nothing to do with each other. */
    static double fisher(int inGroup, int group, int inHealthy, int healthy) {
        int all = group + healthy;
        if (group == 0 || healthy == 0) {
            return 1;
        }
        return new HypergeometricDistribution(all, inGroup + inHealthy, group).upperCumulativeProbability(inGroup);
    }

    private static String mostCommon(List<Map<String, String>> group, String attribute) {
        Map<String, Long> counts = group.stream()
                .map(agent -> agent.getOrDefault(attribute, "unknown"))
                .collect(Collectors.groupingBy(value -> value, TreeMap::new, Collectors.counting()));
        return counts.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .orElse("unknown");
    }

    private static int count(List<Map<String, String>> agents, String attribute, String value) {
        return (int) agents.stream()
                .filter(agent -> agent.getOrDefault(attribute, "unknown").equals(value))
                .count();
    }

    /** Holm's step-down correction, strongest first. */
    static List<Test> holm(List<Test> raw) {
        List<Test> sorted =
                raw.stream().sorted(Comparator.comparingDouble(Test::p)).toList();
        List<Test> corrected = new ArrayList<>();
        double highest = 0;
        for (int i = 0; i < sorted.size(); i++) {
            Test test = sorted.get(i);
            highest = Math.max(highest, Math.min(1, test.p() * (sorted.size() - i)));
            corrected.add(new Test(
                    test.attribute(),
                    test.value(),
                    test.inGroup(),
                    test.group(),
                    test.inHealthy(),
                    test.healthy(),
                    test.p(),
                    highest));
        }
        return corrected;
    }
}
