package dev.wireproof.diagnosis;

import java.util.List;

/**
 * A verdict with everything it rests on.
 *
 * @param rule which rule set the confidence
 * @param excluded the hypotheses that the observations contradict
 * @param missing observations that would have told more, and how to get them
 */
record Judgement(
        Verdict verdict,
        Confidence confidence,
        String rule,
        List<Statement> evidence,
        List<Exclusion> excluded,
        List<String> missing) {
    Judgement {
        evidence = List.copyOf(evidence);
        excluded = List.copyOf(excluded);
        missing = List.copyOf(missing);
    }

    /** @param supports whether it speaks for the verdict; otherwise against it */
    record Statement(String text, long value, boolean supports, Exhibit exhibit) {}

    record Exclusion(Verdict hypothesis, String because) {}
}
